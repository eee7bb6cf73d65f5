/* SPDX-License-Identifier: Apache-2.0 */
/* One printer a kind of object: the mirror image of parse_resource.c and parse_constraint.c. */
#include "cib/grammar.h"

#include "cib/kinds.h"
#include "cib/words.h"

#include <string.h>

static void print_section(const char *keyword, const struct hy_attr_sets *sets, struct hy_buf *out)
{
    const struct hy_attrs *attrs = hy_sets_plain(sets);
    if (attrs->list.count == 0)
        return;
    hy_print_continue(out);
    hy_buf_adds(out, keyword);
    hy_attrs_print(attrs, out);
}

/* Of an operation, on its line. */
static void print_op_section(const char *keyword, const struct hy_attr_sets *sets, struct hy_buf *out)
{
    const struct hy_attrs *attrs = hy_sets_plain(sets);
    if (attrs->list.count == 0)
        return;
    hy_buf_addf(out, " %s", keyword);
    hy_attrs_print(attrs, out);
}

void hy_print_node(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_node_config *node = &object->u.node;
    if (node->nodeid)
        hy_buf_addf(out, "%s: ", node->nodeid);
    hy_buf_adds(out, object->id);
    print_section("attributes", &node->attributes, out);
    print_section("utilization", &node->utilization, out);
}

static void print_agent(const struct hy_primitive *primitive, struct hy_buf *out)
{
    bool short_form =
        primitive->provider && strcmp(primitive->cls, "ocf") == 0 && strcmp(primitive->provider, "heartbeat") == 0;
    if (!short_form)
        hy_buf_addf(out, "%s:", primitive->cls);
    if (!short_form && primitive->provider)
        hy_buf_addf(out, "%s:", primitive->provider);
    hy_buf_adds(out, primitive->type);
}

void hy_print_primitive(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_primitive *primitive = &object->u.primitive;
    hy_buf_addf(out, "%s ", object->id);
    print_agent(primitive, out);
    print_section("params", &primitive->params, out);
    if (primitive->operations_id) {
        hy_print_continue(out);
        hy_buf_addf(out, "operations $id=%s", primitive->operations_id);
    }
    for (size_t i = 0; i < primitive->ops.count; i++) {
        hy_print_continue(out);
        hy_buf_addf(out, "op %s", primitive->ops.items[i].name);
        hy_attrs_print(&primitive->ops.items[i].attrs, out);
        print_op_section("op_params", &primitive->ops.items[i].params, out);
        print_op_section("op_meta", &primitive->ops.items[i].meta, out);
    }
    print_section("meta", &primitive->meta, out);
    print_section("utilization", &primitive->utilization, out);
}

void hy_print_group(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_group *group = &object->u.group;
    hy_buf_adds(out, object->id);
    for (size_t i = 0; i < group->members.count; i++)
        hy_buf_addf(out, " %s", group->members.items[i]);
    print_section("params", &group->params, out);
    print_section("meta", &group->meta, out);
}

void hy_print_clone(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_clone *clone = &object->u.clone;
    hy_buf_addf(out, "%s %s", object->id, clone->child);
    print_section("params", &clone->params, out);
    print_section("meta", &clone->meta, out);
}

/* crmsh's spelling: inf, -inf. */
static void print_score(int score, struct hy_buf *out)
{
    if (score >= HY_INFINITY)
        hy_buf_adds(out, "inf:");
    else if (score <= -HY_INFINITY)
        hy_buf_adds(out, "-inf:");
    else
        hy_buf_addf(out, "%d:", score);
}

/* An attribute that is named as a keyword of rules stands in quotes, so that it is not read as one. */
static void print_attribute(const char *name, struct hy_buf *out)
{
    if (strcmp(name, "defined") == 0 || strcmp(name, "not_defined") == 0 || strcmp(name, "date") == 0)
        hy_buf_addf(out, "\"%s\"", name);
    else
        hy_word_print(name, out);
}

static void print_expression(const struct hy_expression *expression, struct hy_buf *out)
{
    static const char *const ops[] = {"eq", "ne", "lt", "lte", "gt", "gte", "defined", "not_defined"};
    if (expression->op == HY_DEFINED || expression->op == HY_NOT_DEFINED) {
        hy_buf_addf(out, " %s ", ops[expression->op]);
        print_attribute(expression->attribute, out);
        return;
    }
    hy_buf_addc(out, ' ');
    print_attribute(expression->attribute, out);
    hy_buf_addc(out, ' ');
    if (expression->type)
        hy_buf_addf(out, "%s:", expression->type);
    hy_buf_addf(out, "%s ", ops[expression->op]);
    hy_value_print(expression->value, out);
}

static void print_rule(const struct hy_rule *rule, struct hy_buf *out)
{
    hy_print_continue(out);
    hy_buf_adds(out, "rule ");
    if (rule->id)
        hy_buf_addf(out, "$id=%s ", rule->id);
    if (rule->role != HY_ROLE_ANY)
        hy_buf_addf(out, "$role=%s ", hy_role_word(rule->role));
    if (rule->score_attribute)
        hy_buf_addf(out, "%s:", rule->score_attribute);
    else
        print_score(rule->score, out);
    for (size_t i = 0; i < rule->expressions.count; i++) {
        if (i)
            hy_buf_adds(out, rule->any ? " or" : " and");
        print_expression(&rule->expressions.items[i], out);
    }
}

void hy_print_location(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_location *location = &object->u.location;
    hy_buf_addf(out, "%s %s", object->id, location->rsc);
    if (location->role != HY_ROLE_ANY)
        hy_buf_addf(out, " role=%s", hy_role_word(location->role));
    hy_attrs_print(&location->options, out);
    if (location->node) {
        hy_buf_addc(out, ' ');
        print_score(location->score, out);
        hy_buf_addf(out, " %s", location->node);
    }
    for (size_t i = 0; i < location->rules.count; i++)
        print_rule(&location->rules.items[i], out);
}

static void print_ref(const struct hy_ref *ref, struct hy_buf *out)
{
    hy_buf_addf(out, " %s", ref->rsc);
    if (ref->role != HY_ROLE_ANY)
        hy_buf_addf(out, ":%s", hy_role_word(ref->role));
    if (ref->action)
        hy_buf_addf(out, ":%s", ref->action);
}

void hy_print_colocation(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_colocation *colocation = &object->u.colocation;
    hy_buf_addf(out, "%s ", object->id);
    print_score(colocation->score, out);
    print_ref(&colocation->rsc, out);
    print_ref(&colocation->with, out);
    hy_attrs_print(&colocation->options, out);
}

void hy_print_order(const struct hy_object *object, struct hy_buf *out)
{
    static const char *const kinds[] = {"Mandatory:", "Optional:", "Serialize:"};
    const struct hy_order *order = &object->u.order;
    hy_buf_addf(out, "%s ", object->id);
    if (order->has_score)
        print_score(order->score, out);
    else
        hy_buf_adds(out, kinds[order->kind]);
    print_ref(&order->first, out);
    print_ref(&order->then, out);
    if (order->has_symmetrical)
        hy_buf_addf(out, " symmetrical=%s", order->symmetrical ? "true" : "false");
    hy_attrs_print(&order->options, out);
}

void hy_print_set(const struct hy_object *object, struct hy_buf *out)
{
    hy_buf_addf(out, "%s:", object->id);
    for (size_t i = 0; i < object->u.set.attrs.list.count; i++) {
        const struct hy_attr *attr = &object->u.set.attrs.list.items[i];
        hy_print_continue(out);
        /* A line that begins with '#' would be a comment. */
        const char *quote = attr->name[0] == '#' ? "\"" : "";
        hy_buf_addf(out, "%s%s%s=", quote, attr->name, quote);
        hy_value_print(attr->value, out);
    }
}
