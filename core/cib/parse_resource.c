/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, primitives, groups, clones, and the sets of properties and defaults. */
#include "cib/kinds.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>

/* A keyword and where the name=value pairs behind it go. */
struct section {
    const char *keyword;
    struct hy_attr_sets *attrs;
};

/* Reads one section if the statement is at one: *found says so. */
static int read_section(struct hy_cursor *cursor, const struct section *sections, size_t count, bool *found)
{
    *found = false;
    for (size_t i = 0; i < count; i++) {
        if (!hy_cursor_accept(cursor, sections[i].keyword))
            continue;
        *found = true;
        return hy_read_attr_section(cursor, sections[i].attrs);
    }
    return 0;
}

/* All sections to the end of the statement. name=value pairs without a keyword are taken for the first section, as
 * crmsh takes them, but only in front of any keyword. */
static int read_sections(struct hy_cursor *cursor, const struct section *sections, size_t count, const char *expected)
{
    int rc = 0;
    if (hy_word_is_attr(hy_cursor_peek(cursor)))
        rc = hy_read_attr_section(cursor, sections[0].attrs);
    bool found = true;
    while (!rc && found && hy_cursor_peek(cursor))
        rc = read_section(cursor, sections, count, &found);
    return rc ? rc : hy_cursor_end(cursor, expected);
}

/* In front of any section. */
static void read_description(struct hy_cursor *cursor, struct hy_object *object)
{
    const char *text = hy_cursor_accept_attr(cursor, "description");
    object->description = text ? hy_strdup(text) : NULL;
}

/* The `1:` of `node 1: test1`. */
static char *accept_prefix_id(struct hy_cursor *cursor)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0; /* with the colon */
    if (length < 2 || length > HY_ID_MAX + 1 || word->text[length - 1] != ':')
        return NULL;
    char *id = hy_strndup(word->text, length - 1);
    if (!hy_word_is_plain(id)) {
        free(id);
        return NULL;
    }
    cursor->at++;
    return id;
}

static int read_uname(struct hy_cursor *cursor, char **name)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *colon = word ? strchr(word->text, ':') : NULL;
    if (!colon)
        return hy_cursor_read_node_name(cursor, name);
    if (strcmp(colon, ":normal") != 0 && strcmp(colon, ":member") != 0)
        return hy_word_fail(cursor, word, "nodes of this type are not supported: expected NAME or NAME:member");
    *name = hy_strndup(word->text, (size_t)(colon - word->text));
    if (!hy_node_name_is_valid(*name))
        return hy_word_fail(cursor, word, "expected a node's name: letters, digits, '_', '-', '.', at most %d in all",
                            HY_ID_MAX);
    cursor->at++;
    return 0;
}

int hy_parse_node(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_node_config *node = &object->u.node;
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *id = hy_cursor_accept_attr(cursor, "$id");
    if (id && (!hy_word_is_plain(id) || strlen(id) > HY_ID_MAX))
        return hy_word_fail(cursor, word, "expected $id=NUMBER");
    node->nodeid = id ? hy_strdup(id) : accept_prefix_id(cursor);
    int rc = read_uname(cursor, &object->id);
    if (rc)
        return rc;
    read_description(cursor, object);
    const struct section sections[] = {{"attributes", &node->attributes}, {"utilization", &node->utilization}};
    return read_sections(cursor, sections, sizeof sections / sizeof *sections,
                         "attributes or utilization, then name=value");
}

#define AGENT                                                                                                          \
    "TYPE, ocf:PROVIDER:TYPE, supervisor:PROGRAM or supervisor:GROUP:PROGRAM, or CLASS:TYPE with class lsb, systemd, " \
    "service or stonith"

/* @TEMPLATE */
static int read_template(struct hy_cursor *cursor, struct hy_primitive *primitive)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!hy_id_is_valid(word->text + 1))
        return hy_word_fail(cursor, word, "expected @TEMPLATE with the id of a template");
    primitive->tmpl = hy_strdup(word->text + 1);
    return 0;
}

/* "IPaddr2" and "ocf:IPaddr2" are ocf:heartbeat:IPaddr2. */
static int read_agent(struct hy_cursor *cursor, struct hy_primitive *primitive)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected a resource agent: " AGENT);
    const char *first = strchr(word->text, ':');
    const char *last = strrchr(word->text, ':');
    primitive->cls = first ? hy_strndup(word->text, (size_t)(first - word->text)) : hy_strdup("ocf");
    if (strcmp(primitive->cls, "supervisor") == 0)
        last = first; /* a group is no provider: it is part of supervisord's name of the process */
    primitive->type = hy_strdup(last ? last + 1 : word->text);
    if (first != last)
        primitive->provider = hy_strndup(first + 1, (size_t)(last - first - 1));
    bool ocf = hy_agent_class_has_providers(primitive->cls);
    if (ocf && first == last)
        primitive->provider = hy_strdup("heartbeat");
    if (primitive->provider && !ocf)
        return hy_word_fail(cursor, word, "only the classes ocf and ocf-script have providers: expected " AGENT);
    if (!hy_agent_is_valid(primitive->cls, primitive->provider, primitive->type))
        return hy_word_fail(cursor, word, "expected a resource agent: " AGENT);
    return 0;
}

/* What an operation has by itself; any other name is that of a parameter. */
static bool is_op_attr(const char *name)
{
    static const char *const names[] = {"interval",    "timeout",         "role",     "on-fail",     "enabled",
                                        "start-delay", "interval-origin", "requires", "description", "record-pending"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int read_op_attrs(struct hy_cursor *cursor, struct hy_op_config *op)
{
    struct hy_attrs given = {0};
    int rc = hy_cursor_read_attrs(cursor, &given);
    for (size_t i = 0; i < given.list.count; i++) {
        const struct hy_attr *attr = &given.list.items[i];
        if (is_op_attr(attr->name))
            hy_attrs_set(&op->attrs, attr->name, attr->value);
        else
            hy_sets_set(&op->params, attr->name, attr->value);
    }
    hy_attrs_free(&given);
    return rc;
}

static int read_op(struct hy_cursor *cursor, struct hy_primitive *primitive)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word || !hy_word_is_plain(word->text) || strlen(word->text) > HY_ID_MAX)
        return hy_word_fail(cursor, word, "expected the name of an operation, such as monitor, start or stop");
    struct hy_op_config *op = hy_vec_add(&primitive->ops);
    *op = (struct hy_op_config){.name = hy_strdup(word->text)};
    int rc = read_op_attrs(cursor, op);
    const struct section sections[] = {{"op_params", &op->params}, {"op_meta", &op->meta}};
    for (bool found = true; !rc && found;)
        rc = read_section(cursor, sections, sizeof sections / sizeof *sections, &found);
    const char *interval = hy_attrs_get(&op->attrs, "interval");
    if (!rc && interval)
        (void)hy_parse_duration(interval, &op->interval);
    return rc;
}

static int read_operations(struct hy_cursor *cursor, struct hy_primitive *primitive)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    int rc = hy_read_inner_id(cursor, "$id", &primitive->operations_id);
    if (!rc)
        rc = hy_read_inner_id(cursor, "$id-ref", &primitive->operations_ref);
    if (!rc && word == hy_cursor_peek(cursor))
        rc = hy_word_fail(cursor, word, "expected $id=ID, or $id-ref=ID");
    return rc;
}

static int read_primitive_body(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_primitive *primitive = &object->u.primitive;
    int rc = 0;
    read_description(cursor, object);
    if (!rc && hy_word_is_attr(hy_cursor_peek(cursor)))
        rc = hy_read_attr_section(cursor, &primitive->params);
    const struct section sections[] = {
        {"params", &primitive->params}, {"meta", &primitive->meta}, {"utilization", &primitive->utilization}};
    while (!rc && hy_cursor_peek(cursor)) {
        bool found = true;
        if (hy_cursor_accept(cursor, "op"))
            rc = read_op(cursor, primitive);
        else if (hy_cursor_accept(cursor, "operations"))
            rc = read_operations(cursor, primitive);
        else
            rc = read_section(cursor, sections, sizeof sections / sizeof *sections, &found);
        if (!found)
            return hy_cursor_fail(cursor, "expected name=value, params, op, meta, utilization or operations");
    }
    return rc;
}

int hy_parse_primitive(struct hy_cursor *cursor, struct hy_object *object)
{
    int rc = hy_cursor_read_id(cursor, "the id of the primitive", &object->id);
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!rc)
        rc = word && word->text[0] == '@' ? read_template(cursor, &object->u.primitive)
                                          : read_agent(cursor, &object->u.primitive);
    return rc ? rc : read_primitive_body(cursor, object);
}

int hy_parse_template(struct hy_cursor *cursor, struct hy_object *object)
{
    int rc = hy_cursor_read_id(cursor, "the id of the template", &object->id);
    if (!rc)
        rc = read_agent(cursor, &object->u.primitive);
    return rc ? rc : read_primitive_body(cursor, object);
}

int hy_parse_group(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_group *group = &object->u.group;
    int rc = hy_cursor_read_id(cursor, "the id of the group", &object->id);
    while (!rc && (group->members.count == 0 || hy_cursor_peek(cursor))) {
        if (group->members.count &&
            (hy_cursor_at(cursor, "params") || hy_cursor_at(cursor, "meta") || hy_word_is_attr(hy_cursor_peek(cursor))))
            break;
        char *member = NULL;
        const struct hy_word *word = hy_cursor_peek(cursor);
        rc = group->members.count < HY_OBJECTS_MAX
                 ? hy_cursor_read_id(cursor, "the id of a member", &member)
                 : hy_word_fail(cursor, word, "is one too many: expected at most %d members", HY_OBJECTS_MAX);
        for (size_t i = 0; !rc && i < group->members.count; i++)
            if (strcmp(group->members.items[i], member) == 0)
                rc = hy_word_fail(cursor, word, "is in the group twice: expected it once");
        if (rc)
            free(member);
        else
            hy_vec_push(&group->members, member);
    }
    if (!rc)
        read_description(cursor, object);
    const struct section sections[] = {{"params", &group->params}, {"meta", &group->meta}};
    return rc ? rc
              : read_sections(cursor, sections, sizeof sections / sizeof *sections, "params or meta, then name=value");
}

int hy_parse_clone(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_clone *clone = &object->u.clone;
    int rc = hy_cursor_read_id(cursor, "the id of the clone", &object->id);
    if (!rc)
        rc = hy_cursor_read_id(cursor, "the id of the primitive or group to clone", &clone->child);
    if (!rc)
        read_description(cursor, object);
    const struct section sections[] = {{"params", &clone->params}, {"meta", &clone->meta}};
    return rc ? rc
              : read_sections(cursor, sections, sizeof sections / sizeof *sections, "params or meta, then name=value");
}

int hy_parse_ms(struct hy_cursor *cursor, struct hy_object *object)
{
    object->u.clone.ms = true;
    return hy_parse_clone(cursor, object);
}

/* A set with a rule is one of its own: the rule must not come over what is set for good. */
static const char *default_set_id(enum hy_kind kind, bool has_rule)
{
    if (has_rule)
        return kind == HY_PROPERTY       ? "cib-rule-options"
               : kind == HY_RSC_DEFAULTS ? "rsc-rule-options"
                                         : "op-rule-options";
    return kind == HY_PROPERTY ? "cib-bootstrap-options" : kind == HY_RSC_DEFAULTS ? "rsc-options" : "op-options";
}

int hy_parse_set(struct hy_cursor *cursor, struct hy_object *object)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *id = hy_cursor_accept_attr(cursor, "$id");
    int score;
    struct hy_cursor ahead = *cursor; /* "10:" is the set's score */
    object->id = id ? hy_strdup(id) : hy_accept_score(&ahead, &score) ? NULL : accept_prefix_id(cursor);
    if (object->id && !hy_id_is_valid(object->id))
        return hy_word_fail(cursor, word,
                            "expected the id of the set: a letter or '_', then letters, digits, '_', '-', '.'");
    int rc = hy_read_attr_set(cursor, &object->u.set);
    if (!object->id)
        object->id = hy_strdup(default_set_id(object->kind, object->u.set.rule || object->u.set.score));
    if (!rc && (object->u.set.ref || object->u.set.id))
        rc = hy_word_fail(cursor, word, "expected $id=ID once, in front, and no reference");
    return rc ? rc : hy_cursor_end(cursor, "name=value");
}
