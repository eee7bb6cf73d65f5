/* SPDX-License-Identifier: Apache-2.0 */
/* Words, name=value pairs, objects and configurations to text, laid out as crmsh does. */
#include "cib/grammar.h"

#include "cib/kinds.h"
#include "cib/lexer.h"
#include "cib/words.h"

#include <string.h>

/* In double quotes. Of backslashes only those are doubled that would be read as an escape: crmsh leaves the rest alone
 * too. What no text may hold is replaced, so that whatever is printed can be read. */
static void print_quoted(const char *word, struct hy_buf *out)
{
    hy_buf_addc(out, '"');
    for (const char *at = word; *at;) {
        size_t length = hy_utf8_length((const unsigned char *)at, strlen(at));
        if (!length) {
            hy_buf_addc(out, '?');
            at++;
            continue;
        }
        unsigned char c = (unsigned char)*at;
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            hy_buf_addc(out, ' ');
        } else {
            if (c == '"' || (c == '\\' && (at[1] == '"' || at[1] == '\\' || !at[1])))
                hy_buf_addc(out, '\\');
            hy_buf_add(out, at, length);
        }
        at += length;
    }
    hy_buf_addc(out, '"');
}

static bool may_be_bare(const char *word)
{
    if (!*word || (*word == '#' && !hy_word_is_builtin_attribute(word, strlen(word))))
        return false;
    for (; *word; word++)
        if (*word <= ' ' || *word > '~' || strchr("\"'\\", *word))
            return false;
    return true;
}

void hy_word_print(const char *word, struct hy_buf *out)
{
    if (may_be_bare(word))
        hy_buf_adds(out, word);
    else
        print_quoted(word, out);
}

void hy_id_print(const char *id, struct hy_buf *out)
{
    static const char *const keywords[] = {"params", "meta", "_rsc_set_"};
    bool taken = false;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        taken = taken || strcmp(keywords[i], id) == 0;
    if (taken)
        print_quoted(id, out);
    else
        hy_buf_adds(out, id);
}

void hy_value_print(const char *value, struct hy_buf *out)
{
    if (hy_word_is_plain(value))
        hy_buf_adds(out, value);
    else
        print_quoted(value, out);
}

void hy_attr_print(const char *name, const char *value, struct hy_buf *out)
{
    hy_buf_addc(out, ' ');
    hy_buf_adds(out, name);
    hy_buf_addc(out, '=');
    hy_value_print(value, out);
}

void hy_attrs_print(const struct hy_attrs *attrs, struct hy_buf *out)
{
    for (size_t i = 0; i < attrs->list.count; i++)
        hy_attr_print(attrs->list.items[i].name, attrs->list.items[i].value, out);
}

void hy_duration_print(hy_time duration, struct hy_buf *out)
{
    bool seconds = duration % HY_SECOND == 0, ms = duration % HY_MS == 0;
    hy_buf_addi(out, duration / (seconds ? HY_SECOND : ms ? HY_MS : 1));
    if (duration)
        hy_buf_adds(out, seconds ? "s" : ms ? "ms" : "us");
}

void hy_wall_print(hy_wall wall, struct hy_buf *out)
{
    char fraction[] = ".000000";
    int64_t left = wall % HY_SECOND;
    for (size_t at = sizeof fraction - 2; left; left /= 10)
        fraction[at--] = (char)('0' + (left < 0 ? -left : left) % 10);
    hy_buf_addi(out, wall / HY_SECOND);
    hy_buf_adds(out, fraction);
}

void hy_print_continue(struct hy_buf *out)
{
    hy_buf_adds(out, " \\\n\t");
}

static const char *keyword_of(const struct hy_object *object)
{
    return object->kind == HY_CLONE && object->u.clone.ms ? "ms" : hy_kind_word(object->kind);
}

void hy_object_print(const struct hy_object *object, struct hy_buf *out)
{
    static hy_print_fn *const printers[HY_KIND_COUNT] = {
        [HY_NODE] = hy_print_node,         [HY_PRIMITIVE] = hy_print_primitive,
        [HY_GROUP] = hy_print_group,       [HY_TEMPLATE] = hy_print_primitive,
        [HY_TAG] = hy_print_tag,           [HY_RSC_TICKET] = hy_print_rsc_ticket,
        [HY_TOPOLOGY] = hy_print_topology, [HY_CLONE] = hy_print_clone,
        [HY_LOCATION] = hy_print_location, [HY_COLOCATION] = hy_print_colocation,
        [HY_ORDER] = hy_print_order,       [HY_PROPERTY] = hy_print_set,
        [HY_RSC_DEFAULTS] = hy_print_set,  [HY_OP_DEFAULTS] = hy_print_set,
    };
    hy_buf_adds(out, keyword_of(object));
    if (object->kind != HY_TOPOLOGY) /* which has no id */
        hy_buf_addc(out, ' ');
    printers[object->kind](object, out);
    hy_buf_addc(out, '\n');
}

/* crmsh's order: ms before clone, and constraints of every kind among each other. */
static int rank(const struct hy_object *object)
{
    static const int ranks[HY_KIND_COUNT] = {
        [HY_NODE] = 0,     [HY_TEMPLATE] = 1,  [HY_PRIMITIVE] = 2,     [HY_GROUP] = 3,        [HY_CLONE] = 5,
        [HY_TAG] = 6,      [HY_LOCATION] = 7,  [HY_COLOCATION] = 7,    [HY_ORDER] = 7,        [HY_RSC_TICKET] = 9,
        [HY_TOPOLOGY] = 8, [HY_PROPERTY] = 10, [HY_RSC_DEFAULTS] = 11, [HY_OP_DEFAULTS] = 12,
    };
    return object->kind == HY_CLONE && object->u.clone.ms ? 4 : ranks[object->kind];
}

static const char *sort_id(const struct hy_object *object)
{
    return object->kind == HY_NODE && object->u.node.nodeid ? object->u.node.nodeid : object->id;
}

static int compare(const void *left, const void *right)
{
    const struct hy_object *a = *(struct hy_object *const *)left, *b = *(struct hy_object *const *)right;
    if (rank(a) != rank(b))
        return rank(a) < rank(b) ? -1 : 1;
    int order = strcmp(sort_id(a), sort_id(b));
    return order ? order : strcmp(a->id, b->id);
}

void hy_cib_print(const struct hy_cib *cib, struct hy_buf *out)
{
    size_t count = cib->objects.count;
    if (!count)
        return;
    struct hy_object **sorted = hy_memdup(cib->objects.items, count * sizeof(struct hy_object *));
    qsort(sorted, count, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++)
        hy_object_print(sorted[i], out);
    free(sorted);
}
