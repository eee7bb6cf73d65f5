/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules hold, and which sets of attributes win. */
#include "cib/rule_eval.h"

#include "base/buf.h"
#include "cib/object.h"
#include "cib/rule_compare.h"

#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------- expressions */

/* The name with %0 to %9 replaced by what a location's pattern matched. Fresh; NULL: there is nothing to replace. */
static char *with_matches(const char *name, const struct hy_rule_context *context)
{
    if (!context->match_count || !strchr(name, '%'))
        return NULL;
    struct hy_buf text = {0};
    for (const char *at = name; *at; at++) {
        size_t number = at[0] == '%' && at[1] >= '0' && at[1] <= '9' ? (size_t)(at[1] - '0') : context->match_count;
        if (number < context->match_count) {
            hy_buf_add(&text, context->matches[number].text, context->matches[number].size);
            at++;
        } else {
            hy_buf_addc(&text, *at);
        }
    }
    char *fresh = hy_strdup(hy_buf_text(&text));
    hy_buf_free(&text);
    return fresh;
}

static const char *node_attr(const char *name, const struct hy_rule_context *context)
{
    if (!context->node_attr)
        return NULL;
    char *fresh = with_matches(name, context);
    const char *value = context->node_attr(context->node, fresh ? fresh : name);
    free(fresh);
    return value;
}

/* What the attribute is compared with. */
static const char *wanted_value(const struct hy_expression *expression, const struct hy_rule_context *context)
{
    hy_lookup_fn *look_up = expression->source == HY_VALUE_PARAM  ? context->param
                            : expression->source == HY_VALUE_META ? context->meta
                                                                  : NULL;
    if (!look_up || !expression->value)
        return expression->value;
    const char *value = look_up(context->rsc, expression->value);
    return value ? value : expression->value;
}

static bool attribute_holds(const struct hy_expression *expression, const struct hy_rule_context *context)
{
    const char *actual = node_attr(expression->attribute, context);
    if (expression->op == HY_DEFINED)
        return actual;
    if (expression->op == HY_NOT_DEFINED)
        return !actual;
    return hy_rule_compare(actual, expression->op, expression->type, wanted_value(expression, context));
}

/* A part that the expression leaves open fits any. */
static bool fits(const char *wanted, const char *actual)
{
    return !wanted || (actual && strcmp(wanted, actual) == 0);
}

static bool rsc_holds(const struct hy_expression *expression, const struct hy_rule_context *context)
{
    return context->cls && fits(expression->cls, context->cls) && fits(expression->provider, context->provider) &&
           fits(expression->agent_type, context->type);
}

static bool op_holds(const struct hy_expression *expression, const struct hy_rule_context *context)
{
    return context->op_name && fits(expression->op_name, context->op_name) &&
           (!expression->has_interval || expression->interval == context->op_interval);
}

static bool rule_holds(const struct hy_rule *rule, const struct hy_rule_context *context, int depth, int *left);

/* `left`: how many may still be asked. Rules may refer to one another, so that a few lines say what would take for ever. */
static bool expression_holds(const struct hy_expression *expression, const struct hy_rule_context *context, int depth,
                             int *left)
{
    if (--*left < 0)
        return false;
    switch (expression->kind) {
    case HY_EXPR_ATTRIBUTE:
        return attribute_holds(expression, context);
    case HY_EXPR_DATE:
        return hy_rule_date_holds(expression, context);
    case HY_EXPR_RSC:
        return rsc_holds(expression, context);
    case HY_EXPR_OP:
        return op_holds(expression, context);
    case HY_EXPR_RULE:
        return rule_holds(expression->rule, context, depth + 1, left);
    }
    return false;
}

/* ------------------------------------------------------------- rules */

static const struct hy_rule *find_rule_in(const struct hy_rule *rule, const char *id)
{
    if (rule->id && strcmp(rule->id, id) == 0)
        return rule;
    const struct hy_rule *found = NULL;
    for (size_t i = 0; i < rule->expressions.count && !found; i++)
        if (rule->expressions.items[i].rule)
            found = find_rule_in(rule->expressions.items[i].rule, id);
    return found;
}

struct search {
    const char *id;
    const struct hy_rule *rule;
};

static void match_rule(void *context, const struct hy_rule *rule)
{
    struct search *search = context;
    if (!search->rule)
        search->rule = find_rule_in(rule, search->id);
}

const struct hy_rule *hy_rule_meant(const struct hy_cib *cib, const struct hy_rule *rule)
{
    if (!rule->ref)
        return rule;
    const struct hy_object *object = cib ? hy_map_get(&cib->by_inner, rule->ref) : NULL;
    struct search search = {.id = rule->ref};
    if (object)
        hy_object_visit_rules(object, match_rule, &search);
    /* A reference to a reference is none: nothing could be meant by a circle of them. */
    return search.rule && !search.rule->ref ? search.rule : NULL;
}

/* Every part is asked, also when the outcome is certain: each may lower `next`. */
static bool rule_holds(const struct hy_rule *rule, const struct hy_rule_context *context, int depth, int *left)
{
    rule = hy_rule_meant(context->cib, rule);
    if (!rule || depth > HY_NESTING_MAX)
        return false;
    bool any = false, all = true;
    for (size_t i = 0; i < rule->expressions.count && *left >= 0; i++) {
        bool holds = expression_holds(&rule->expressions.items[i], context, depth, left);
        any = any || holds;
        all = all && holds;
    }
    return rule->any ? any : all;
}

bool hy_rule_holds(const struct hy_rule *rule, const struct hy_rule_context *context)
{
    int left = HY_RULE_MAX;
    return rule_holds(rule, context, 0, &left) && left >= 0;
}

static bool fits_in(const struct hy_cib *cib, const struct hy_rule *rule, int depth, int *left)
{
    rule = hy_rule_meant(cib, rule);
    if (depth > HY_NESTING_MAX)
        return false;
    for (size_t i = 0; rule && i < rule->expressions.count; i++) {
        const struct hy_rule *inner = rule->expressions.items[i].rule;
        if (--*left < 0 || (inner && !fits_in(cib, inner, depth + 1, left)))
            return false;
    }
    return true;
}

bool hy_rule_is_bounded(const struct hy_cib *cib, const struct hy_rule *rule)
{
    int left = HY_RULE_MAX;
    return fits_in(cib, rule, 0, &left);
}

int hy_rule_score(const struct hy_rule *rule, const struct hy_rule_context *context)
{
    rule = hy_rule_meant(context->cib, rule);
    if (!rule)
        return 0;
    if (!rule->score_attribute)
        return rule->score;
    const char *text = node_attr(rule->score_attribute, context);
    int score = 0;
    if (!text)
        return -HY_INFINITY; /* the reference keeps it off nodes that say nothing */
    (void)hy_score_parse(text, &score);
    return score;
}

/* ------------------------------------------------------------- values */

const char *hy_values_get(const struct hy_values *values, const char *name)
{
    for (size_t i = 0; i < values->list.count; i++)
        if (strcmp(values->list.items[i].name, name) == 0)
            return values->list.items[i].value;
    return NULL;
}

static const struct hy_attr_set *set_meant(const struct hy_attr_set *set, const struct hy_rule_context *context)
{
    if (!set->ref)
        return set;
    const struct hy_attr_set *meant = context->cib ? hy_cib_find_set(context->cib, set->ref) : NULL;
    return meant && !meant->ref ? meant : NULL;
}

static void add_values(const struct hy_attrs *attrs, struct hy_values *out)
{
    for (size_t i = 0; i < attrs->list.count; i++) {
        const struct hy_value value = {attrs->list.items[i].name, attrs->list.items[i].value};
        if (!hy_values_get(out, value.name))
            hy_vec_push(&out->list, value);
    }
}

/* The sets of a source that count now, the winner first. */
struct ranking {
    HY_VEC(const struct hy_attr_set *) sets;
};

/* Of equal score the later goes in front. */
static void rank_set(struct ranking *ranking, const struct hy_attr_set *set, const struct hy_rule_context *context)
{
    set = set_meant(set, context);
    if (!set || (set->rule && !hy_rule_holds(set->rule, context)))
        return;
    size_t at = 0;
    while (at < ranking->sets.count && ranking->sets.items[at]->score > set->score)
        at++;
    (void)hy_vec_add(&ranking->sets);
    memmove(&ranking->sets.items[at + 1], &ranking->sets.items[at],
            (ranking->sets.count - 1 - at) * sizeof *ranking->sets.items);
    ranking->sets.items[at] = set;
}

static void take_ranked(struct ranking *ranking, struct hy_values *out)
{
    for (size_t i = 0; i < ranking->sets.count; i++)
        add_values(&ranking->sets.items[i]->attrs, out);
    hy_vec_free(&ranking->sets);
}

static bool is_plain(const struct hy_attr_sets *sets)
{
    return sets->list.count == 1 && !sets->list.items[0].rule && !sets->list.items[0].ref;
}

void hy_values_collect(const struct hy_attr_sets *sets, const struct hy_rule_context *context, struct hy_values *out)
{
    if (is_plain(sets)) { /* nearly all */
        add_values(&sets->list.items[0].attrs, out);
        return;
    }
    struct ranking ranking = {0};
    for (size_t i = 0; i < sets->list.count; i++)
        rank_set(&ranking, &sets->list.items[i], context);
    take_ranked(&ranking, out);
}

void hy_values_collect_kind(enum hy_kind kind, const struct hy_rule_context *context, struct hy_values *out)
{
    const struct hy_object *first =
        kind == HY_PROPERTY ? hy_cib_find_kind(context->cib, kind, "cib-bootstrap-options") : NULL;
    struct ranking ranking = {0};
    if (first)
        rank_set(&ranking, &first->u.set, context);
    take_ranked(&ranking, out);
    for (size_t i = 0; i < context->cib->objects.count; i++)
        if (context->cib->objects.items[i]->kind == kind && context->cib->objects.items[i] != first)
            rank_set(&ranking, &context->cib->objects.items[i]->u.set, context);
    take_ranked(&ranking, out);
}

static const struct hy_attr_sets *part_of(const struct hy_primitive *primitive, enum hy_part part)
{
    switch (part) {
    case HY_PART_PARAMS:
        return &primitive->params;
    case HY_PART_META:
        return &primitive->meta;
    case HY_PART_UTILIZATION:
        return &primitive->utilization;
    }
    return &primitive->params;
}

void hy_values_collect_primitive(const struct hy_primitive *primitive, enum hy_part part,
                                 const struct hy_rule_context *context, struct hy_values *out)
{
    const struct hy_attr_sets *own = part_of(primitive, part);
    const struct hy_primitive *tmpl = primitive->tmpl ? hy_cib_template(context->cib, primitive) : NULL;
    if (!tmpl) {
        hy_values_collect(own, context, out);
        return;
    }
    /* As if the primitive's sets stood behind the template's. */
    const struct hy_attr_sets *inherited = part_of(tmpl, part);
    struct ranking ranking = {0};
    for (size_t i = 0; i < inherited->list.count; i++)
        rank_set(&ranking, &inherited->list.items[i], context);
    for (size_t i = 0; i < own->list.count; i++)
        rank_set(&ranking, &own->list.items[i], context);
    take_ranked(&ranking, out);
}

/* ------------------------------------------------------------- operations */

static const struct hy_primitive *ops_owner(const struct hy_cib *cib, const struct hy_primitive *primitive)
{
    if (!primitive->operations_ref)
        return primitive;
    const struct hy_object *object = hy_map_get(&cib->by_inner, primitive->operations_ref);
    if (!object)
        object = hy_cib_find(cib, primitive->operations_ref);
    bool has_ops = object && (object->kind == HY_PRIMITIVE || object->kind == HY_TEMPLATE);
    return has_ops && !object->u.primitive.operations_ref ? &object->u.primitive : primitive;
}

/* The role that tells operations of one name apart: what runs in any running role counts as one. */
static enum hy_role op_role(const struct hy_op_config *op)
{
    const char *text = hy_attrs_get(&op->attrs, "role");
    enum hy_role role = HY_ROLE_ANY;
    if (text)
        (void)hy_role_parse(text, &role);
    return role == HY_ROLE_STARTED || role == HY_ROLE_UNPROMOTED ? HY_ROLE_ANY : role;
}

static bool has_op(const struct hy_op_configs *list, size_t count, const struct hy_op_config *op)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list->list.items[i]->name, op->name) == 0 && op_role(list->list.items[i]) == op_role(op))
            return true;
    return false;
}

void hy_ops_collect(const struct hy_cib *cib, const struct hy_primitive *primitive, struct hy_op_configs *out)
{
    const struct hy_primitive *owner = ops_owner(cib, primitive);
    for (size_t i = 0; i < owner->ops.count; i++)
        hy_vec_push(&out->list, &owner->ops.items[i]);
    const struct hy_primitive *tmpl = hy_cib_template(cib, primitive);
    size_t own = out->list.count;
    owner = tmpl ? ops_owner(cib, tmpl) : NULL;
    for (size_t i = 0; owner && i < owner->ops.count; i++)
        if (!has_op(out, own, &owner->ops.items[i]))
            hy_vec_push(&out->list, &owner->ops.items[i]);
}
