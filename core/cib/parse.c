/* SPDX-License-Identifier: Apache-2.0 */
/* Statements to objects, and whole configurations. */
#include "cib/grammar.h"

#include "cib/kinds.h"
#include "cib/object.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <errno.h>
#include <string.h>

static const struct hy_kind_row rows[] = {
    {"node", HY_NODE, hy_parse_node},
    {"rsc_template", HY_TEMPLATE, hy_parse_template},
    {"primitive", HY_PRIMITIVE, hy_parse_primitive},
    {"group", HY_GROUP, hy_parse_group},
    {"clone", HY_CLONE, hy_parse_clone},
    {"ms", HY_CLONE, hy_parse_ms},
    {"master", HY_CLONE, hy_parse_ms},
    {"tag", HY_TAG, hy_parse_tag},
    {"location", HY_LOCATION, hy_parse_location},
    {"colocation", HY_COLOCATION, hy_parse_colocation},
    {"collocation", HY_COLOCATION, hy_parse_colocation},
    {"order", HY_ORDER, hy_parse_order},
    {"rsc_ticket", HY_RSC_TICKET, hy_parse_rsc_ticket},
    {"fencing_topology", HY_TOPOLOGY, hy_parse_topology},
    {"fencing-topology", HY_TOPOLOGY, hy_parse_topology},
    {"property", HY_PROPERTY, hy_parse_set},
    {"rsc_defaults", HY_RSC_DEFAULTS, hy_parse_set},
    {"op_defaults", HY_OP_DEFAULTS, hy_parse_set},
};

#define KEYWORDS                                                                                                       \
    "node, primitive, rsc_template, group, clone, ms, tag, location, colocation, order, rsc_ticket, "                  \
    "fencing_topology, "                                                                                               \
    "property, rsc_defaults or op_defaults"

const struct hy_kind_row *hy_kind_row(const char *keyword)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].keyword, keyword) == 0)
            return &rows[i];
    return NULL;
}

static bool among(const struct hy_word *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hy_word_is(word, list[i]))
            return true;
    return false;
}

static int fail_keyword(const struct hy_cursor *cursor, const struct hy_word *word)
{
    static const char *const later[] = {"bundle", "rsc_set", "monitor", "acl_target", "acl_group",
                                        "role",   "user",    "alert",   "xml",        "modgroup"};
    static const char *const inner[] = {"params",     "meta",        "op",         "op_params", "op_meta",
                                        "operations", "utilization", "attributes", "rule"};
    if (among(word, later, sizeof later / sizeof *later))
        return hy_word_fail(cursor, word, "this statement of crmsh's is not supported: expected " KEYWORDS);
    if (among(word, inner, sizeof inner / sizeof *inner))
        return hy_word_fail(
            cursor, word,
            "begins no statement: expected a backslash at the end of the line before, if it belongs there");
    return hy_word_fail(cursor, word, "expected " KEYWORDS);
}

int hy_statement_parse(struct hy_cursor *cursor, struct hy_object **object)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    const struct hy_kind_row *row = word && !word->quoted ? hy_kind_row(word->text) : NULL;
    if (!row)
        return fail_keyword(cursor, word);
    struct hy_object *fresh = hy_object_new(row->kind);
    int rc = row->parse(cursor, fresh);
    if (rc)
        hy_object_free(&fresh);
    else
        *object = fresh;
    return rc;
}

int hy_object_parse(const char *text, size_t size, struct hy_object **object, struct hy_err *err)
{
    struct hy_words words;
    int rc = hy_words_read(&words, text, size, HY_TEXT_MAX, err);
    if (rc)
        return rc;
    if (words.statements.count == 0) {
        rc = hy_fail(err, EINVAL, "nothing was given: expected a statement, such as 'primitive ID TYPE'");
    } else if (words.statements.count > 1) {
        const struct hy_word *second = &words.words.items[words.statements.items[1].first];
        rc = hy_fail(err, EINVAL, "line %u: a second statement begins with '%.64s': expected one statement",
                     second->line, second->text);
    } else {
        struct hy_cursor cursor = hy_cursor_on(&words, 0, err);
        rc = hy_statement_parse(&cursor, object);
    }
    hy_words_free(&words);
    return rc;
}

/* What a configuration holds, before any of it goes into the CIB. */
struct load {
    struct hy_cib *cib;
    HY_VEC(struct hy_object *) objects;
    struct hy_map by_id;
    size_t fresh; /* of those, which will be new in the CIB */
};

static void merge_set(struct hy_object *into, const struct hy_object *from)
{
    for (size_t i = 0; i < from->u.set.attrs.list.count; i++)
        hy_attrs_set(&into->u.set.attrs, from->u.set.attrs.list.items[i].name, from->u.set.attrs.list.items[i].value);
}

static bool same_head(const struct hy_attr_set *a, const struct hy_attr_set *b)
{
    struct hy_buf left = {0}, right = {0};
    hy_attr_set_head_print(a, &left);
    hy_attr_set_head_print(b, &right);
    bool same = strcmp(hy_buf_text(&left), hy_buf_text(&right)) == 0;
    hy_buf_free(&left);
    hy_buf_free(&right);
    return same;
}

/* What is written again adds to the set, but does not put another rule over what is there. */
static bool may_merge(const struct hy_object *into, const struct hy_object *from)
{
    return hy_kind_is_set(from->kind) && into->kind == from->kind &&
           ((!from->u.set.rule && !from->u.set.score) || same_head(&into->u.set, &from->u.set));
}

/* The load owns the object, in any case. */
static int load_object(struct load *load, struct hy_object *object, const struct hy_cursor *cursor)
{
    struct hy_object *here = hy_map_get(&load->by_id, object->id);
    struct hy_object *before = hy_cib_find(load->cib, object->id);
    struct hy_object *same = here ? here : before;
    if (same && !may_merge(same, object)) {
        hy_fail(cursor->err, EEXIST, "line %u: there is a %s '%s' already: expected an id that is not taken",
                cursor->words[0].line, hy_kind_word(same->kind), object->id);
        hy_object_free(&object);
        return -EEXIST;
    }
    if (here) {
        merge_set(here, object);
        hy_object_free(&object);
        return 0;
    }
    hy_vec_push(&load->objects, object);
    hy_map_put(&load->by_id, object->id, object);
    load->fresh += before == NULL;
    if (load->cib->objects.count + load->fresh > HY_OBJECTS_MAX)
        return hy_fail(cursor->err, EINVAL, "line %u: expected at most %d objects", cursor->words[0].line,
                       HY_OBJECTS_MAX);
    return 0;
}

static void load_commit(struct load *load)
{
    for (size_t i = 0; i < load->objects.count; i++) {
        struct hy_object *object = load->objects.items[i];
        struct hy_object *before = hy_cib_find(load->cib, object->id);
        if (before) {
            merge_set(before, object);
        } else {
            hy_cib_add(load->cib, object);
            load->objects.items[i] = NULL;
        }
    }
}

int hy_cib_parse(struct hy_cib *cib, const char *text, size_t size, struct hy_err *err)
{
    struct hy_words words;
    int rc = hy_words_read(&words, text, size, HY_TEXT_MAX, err);
    if (rc)
        return rc;
    struct load load = {.cib = cib};
    for (size_t i = 0; !rc && i < words.statements.count; i++) {
        struct hy_cursor cursor = hy_cursor_on(&words, i, err);
        struct hy_object *object = NULL;
        rc = hy_statement_parse(&cursor, &object);
        if (!rc)
            rc = load_object(&load, object, &cursor);
    }
    if (!rc)
        load_commit(&load);
    for (size_t i = 0; i < load.objects.count; i++)
        hy_object_free(&load.objects.items[i]);
    hy_vec_free(&load.objects);
    hy_map_free(&load.by_id);
    hy_words_free(&words);
    return rc;
}
