/* SPDX-License-Identifier: Apache-2.0 */
/* Rules, and the expressions in them. */
#include "hactl/import.h"

#include "cib/words.h"

#include <string.h>

/* A lifetime puts a rule into another, twice at most. */
enum { DEEPEST = HY_NESTING_MAX - 3 };

static bool read_op(const char *text, enum hy_rule_op *op)
{
    static const struct {
        const char *word;
        enum hy_rule_op op;
    } words[] = {{"eq", HY_EQ},  {"ne", HY_NE},   {"lt", HY_LT},           {"lte", HY_LTE},
                 {"gt", HY_GT},  {"gte", HY_GTE}, {"defined", HY_DEFINED}, {"not_defined", HY_NOT_DEFINED},
                 {"neq", HY_NE}, {"le", HY_LTE},  {"ge", HY_GTE}};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(words[i].word, text) == 0) {
            *op = words[i].op;
            return true;
        }
    }
    return false;
}

static enum hy_value_source read_source(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *text = hactl_xml_get(at, "value-source");
    if (!text || strcasecmp(text, "literal") == 0)
        return HY_VALUE_LITERAL;
    if (strcasecmp(text, "param") == 0)
        return HY_VALUE_PARAM;
    if (strcasecmp(text, "meta") == 0)
        return HY_VALUE_META;
    hactl_import_note(import, at, "value-source='%.100s' is unknown: read as literal", text);
    return HY_VALUE_LITERAL;
}

static const char *read_type(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const types[] = {"string", "integer", "number", "version"};
    const char *text = hactl_xml_get(at, "type");
    for (size_t i = 0; text && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(types[i], text) == 0)
            return types[i];
    if (text)
        hactl_import_note(import, at, "type='%.100s' is unknown: read as if it was not there", text);
    return NULL;
}

static bool read_attribute(struct hactl_import *import, const struct hactl_xml *at, struct hy_expression *e)
{
    const char *attribute = hactl_xml_get(at, "attribute");
    const char *value = hactl_xml_get(at, "value");
    e->kind = HY_EXPR_ATTRIBUTE;
    if (!attribute || !hactl_import_is_attribute(attribute) || !read_op(hactl_xml_get(at, "operation"), &e->op)) {
        hactl_import_note(import, at, "has no attribute, or an unknown operation: it never holds");
        return false;
    }
    bool unary = e->op == HY_DEFINED || e->op == HY_NOT_DEFINED;
    if (!unary && !value) {
        hactl_import_note(import, at, "has no value: it never holds");
        return false;
    }
    e->attribute = hy_strdup(attribute);
    e->type = unary ? NULL : hy_strdup(read_type(import, at));
    e->value = unary ? NULL : hy_strdup(value);
    e->source = unary ? HY_VALUE_LITERAL : read_source(import, at);
    return true;
}

static const char *const duration_parts[] = {"years", "months", "weeks", "days", "hours", "minutes", "seconds", NULL};
static const char *const spec_parts[] = {"years",     "months",   "weeks",    "hours",     "minutes", "seconds",
                                         "monthdays", "weekdays", "yeardays", "weekyears", NULL};

/* The attributes of a duration or date_spec that are among its parts, as they are. */
static void read_parts(struct hactl_import *import, const struct hactl_xml *at, const char *const *parts,
                       struct hy_attrs *attrs)
{
    for (size_t i = 0; i < at->attr_count; i++) {
        const char *name = at->attrs[i].name;
        const char *const *part = parts;
        while (*part && strcmp(*part, name) != 0)
            part++;
        if (*part)
            hy_attrs_set(attrs, name, at->attrs[i].value);
        else if (strcmp(name, "id") != 0)
            hactl_import_note(import, at, "%.100s='%.100s' has no counterpart: left out", name, at->attrs[i].value);
    }
}

static bool read_date(struct hactl_import *import, const struct hactl_xml *at, struct hy_expression *e)
{
    static const struct {
        const char *word;
        enum hy_date_op op;
    } words[] = {{"gt", HY_DATE_GT},
                 {"lt", HY_DATE_LT},
                 {"in_range", HY_DATE_IN_RANGE},
                 {"in-range", HY_DATE_IN_RANGE},
                 {"date_spec", HY_DATE_SPEC},
                 {"date-spec", HY_DATE_SPEC}};
    const char *operation = hactl_xml_get(at, "operation");
    const char *start = hactl_xml_get(at, "start"), *end = hactl_xml_get(at, "end");
    const struct hactl_xml *duration = hactl_xml_child(at, "duration"), *spec = hactl_xml_child(at, "date_spec");
    e->kind = HY_EXPR_DATE;
    e->date_op = HY_DATE_IN_RANGE;
    size_t i = 0, count = sizeof words / sizeof *words;
    while (operation && i < count && strcasecmp(words[i].word, operation) != 0)
        i++;
    if (operation && i < count)
        e->date_op = words[i].op;
    bool sound = (!operation || i < count) && (e->date_op != HY_DATE_GT || start) &&
                 (e->date_op != HY_DATE_LT || end) && (e->date_op != HY_DATE_IN_RANGE || start || end) &&
                 (e->date_op != HY_DATE_SPEC || spec);
    if (!sound) {
        hactl_import_note(import, at, "is not complete, or has an unknown operation: it never holds");
        return false;
    }
    if (start && e->date_op != HY_DATE_LT && e->date_op != HY_DATE_SPEC)
        e->start = hy_strdup(start);
    if (end && e->date_op != HY_DATE_GT && e->date_op != HY_DATE_SPEC)
        e->end = hy_strdup(end);
    if (duration && e->date_op == HY_DATE_IN_RANGE && !e->end)
        read_parts(import, duration, duration_parts, &e->duration);
    if (e->date_op == HY_DATE_SPEC)
        read_parts(import, spec, spec_parts, &e->spec);
    if (e->date_op == HY_DATE_SPEC && !e->spec.list.count) {
        hactl_import_note(import, spec, "says nothing: it never holds");
        return false;
    }
    return true;
}

/* NULL: any. */
static bool is_agent_part(const char *name)
{
    if (!name)
        return true;
    size_t plain = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@");
    return *name && !name[plain] && strlen(name) < HY_ID_MAX / 3;
}

static bool read_rsc(struct hactl_import *import, const struct hactl_xml *at, struct hy_expression *e)
{
    const char *cls = hactl_xml_get(at, "class"), *provider = hactl_xml_get(at, "provider");
    const char *type = hactl_xml_get(at, "type");
    e->kind = HY_EXPR_RSC;
    if ((!cls && !provider && !type) || !is_agent_part(cls) || !is_agent_part(provider) || !is_agent_part(type)) {
        hactl_import_note(import, at, "names no agent: it never holds");
        return false;
    }
    e->cls = hy_strdup(cls);
    e->provider = hy_strdup(provider);
    e->agent_type = hy_strdup(type);
    return true;
}

static bool read_operation(struct hactl_import *import, const struct hactl_xml *at, struct hy_expression *e)
{
    const char *name = hactl_xml_get(at, "name"), *interval = hactl_xml_get(at, "interval");
    e->kind = HY_EXPR_OP;
    if (!name || !hy_word_is_plain(name) || strlen(name) > HY_ID_MAX) {
        hactl_import_note(import, at, "names no operation: it never holds");
        return false;
    }
    e->op_name = hy_strdup(name);
    e->has_interval = interval && hy_parse_duration(interval, &e->interval);
    return true;
}

/* What can never be true, as an attribute that cannot have two values. */
static struct hy_expression never(void)
{
    return (struct hy_expression){.kind = HY_EXPR_ATTRIBUTE, .attribute = hy_strdup("#uname"), .op = HY_NOT_DEFINED};
}

static struct hy_expression read_expression(struct hactl_import *import, const struct hactl_xml *at)
{
    struct hy_expression e = {0};
    bool sound = true;
    if (hactl_xml_is(at, "expression")) {
        sound = read_attribute(import, at, &e);
    } else if (hactl_xml_is(at, "date_expression")) {
        sound = read_date(import, at, &e);
    } else if (hactl_xml_is(at, "rsc_expression")) {
        sound = read_rsc(import, at, &e);
    } else if (hactl_xml_is(at, "op_expression")) {
        sound = read_operation(import, at, &e);
    } else if (hactl_xml_is(at, "rule")) {
        e.kind = HY_EXPR_RULE;
        e.rule = hy_alloc(sizeof *e.rule);
        *e.rule = hactl_import_rule(import, at);
    } else {
        hactl_import_note(import, at, "is no expression that is known: it never holds");
        sound = false;
    }
    return sound ? e : never();
}

static int depth_of(const struct hactl_xml *at)
{
    int deepest = 0;
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        int depth = hactl_xml_is(child, "rule") ? 1 + depth_of(child) : 0;
        if (depth > deepest)
            deepest = depth;
    }
    return deepest;
}

struct hy_rule hactl_import_rule(struct hactl_import *import, const struct hactl_xml *at)
{
    struct hy_rule rule = {0};
    const char *ref = hactl_xml_get(at, "id-ref");
    if (ref) {
        if (hactl_import_id(import, at, ref))
            rule.ref = hy_strdup(ref);
        return rule;
    }
    if (depth_of(at) >= DEEPEST) {
        hactl_import_refuse(import, at, "rules are nested deeper than %d", DEEPEST);
        return rule;
    }
    const char *id = hactl_xml_get(at, "id");
    const char *attribute = hactl_xml_get(at, "score-attribute");
    const char *join = hactl_xml_get(at, "boolean-op");
    if (id && hy_map_get(&import->wanted, id) && hactl_import_id(import, at, id))
        rule.id = hy_strdup(id);
    rule.score = hactl_import_score(import, at, "score", 0);
    int score; /* in front of a colon it would be read as one */
    if (attribute && hactl_import_is_attribute(attribute) && !hy_score_parse(attribute, &score))
        rule.score_attribute = hy_strdup(attribute);
    else if (attribute)
        hactl_import_note(import, at,
                          "score-attribute='%.100s' is no name that an attribute may have here: read as score 0",
                          attribute);
    rule.role = hactl_import_role(import, at, "role");
    rule.any = join && strcasecmp(join, "or") == 0;
    if (join && !rule.any && strcasecmp(join, "and") != 0)
        hactl_import_note(import, at, "boolean-op='%.100s' is unknown: read as and", join);
    for (const struct hactl_xml *child = at->child; child; child = child->next)
        hy_vec_push(&rule.expressions, read_expression(import, child));
    if (!rule.expressions.count) {
        hactl_import_note(import, at, "has no expression: it never holds");
        hy_vec_push(&rule.expressions, never());
    }
    return rule;
}
