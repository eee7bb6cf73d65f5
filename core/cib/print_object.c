/* SPDX-License-Identifier: Apache-2.0 */
/* One printer a kind of object: the mirror image of parse_resource.c and parse_constraint.c. */
#include "cib/grammar.h"

#include "cib/kinds.h"
#include "cib/syntax.h"
#include "cib/words.h"

#include <string.h>

static void print_description(const struct hy_object *object, struct hy_buf *out)
{
    if (!object->description)
        return;
    hy_print_continue(out);
    hy_buf_adds(out, "description=");
    hy_value_print(object->description, out);
}

void hy_print_node(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_node_config *node = &object->u.node;
    if (node->nodeid)
        hy_buf_addf(out, "%s: ", node->nodeid);
    hy_buf_adds(out, object->id);
    print_description(object, out);
    hy_attr_sections_print("attributes", &node->attributes, out);
    hy_attr_sections_print("utilization", &node->utilization, out);
}

static void print_agent(const struct hy_primitive *primitive, struct hy_buf *out)
{
    if (primitive->tmpl) {
        hy_buf_addf(out, "@%s", primitive->tmpl);
        return;
    }
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
    hy_buf_adds(out, object->id);
    hy_buf_addc(out, ' ');
    print_agent(primitive, out);
    print_description(object, out);
    hy_attr_sections_print("params", &primitive->params, out);
    if (primitive->operations_id) {
        hy_print_continue(out);
        hy_buf_addf(out, "operations $id=%s", primitive->operations_id);
    }
    if (primitive->operations_ref) {
        hy_print_continue(out);
        hy_buf_addf(out, "operations $id-ref=%s", primitive->operations_ref);
    }
    for (size_t i = 0; i < primitive->ops.count; i++) {
        hy_print_continue(out);
        hy_buf_adds(out, "op ");
        hy_buf_adds(out, primitive->ops.items[i].name);
        hy_attrs_print(&primitive->ops.items[i].attrs, out);
        hy_attr_sections_print("op_params", &primitive->ops.items[i].params, out);
        hy_attr_sections_print("op_meta", &primitive->ops.items[i].meta, out);
    }
    hy_attr_sections_print("meta", &primitive->meta, out);
    hy_attr_sections_print("utilization", &primitive->utilization, out);
}

void hy_print_group(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_group *group = &object->u.group;
    hy_buf_adds(out, object->id);
    for (size_t i = 0; i < group->members.count; i++) {
        hy_buf_addc(out, ' ');
        hy_id_print(group->members.items[i], out);
    }
    print_description(object, out);
    hy_attr_sections_print("params", &group->params, out);
    hy_attr_sections_print("meta", &group->meta, out);
}

void hy_print_clone(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_clone *clone = &object->u.clone;
    hy_buf_addf(out, "%s %s", object->id, clone->child);
    print_description(object, out);
    hy_attr_sections_print("params", &clone->params, out);
    hy_attr_sections_print("meta", &clone->meta, out);
}

static void print_pattern(const char *pattern, struct hy_buf *out)
{
    char *text = hy_asprintf("/%s/", pattern);
    hy_buf_addc(out, ' ');
    hy_word_print(text, out);
    free(text);
}

void hy_print_location(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_location *location = &object->u.location;
    hy_buf_adds(out, object->id);
    if (location->rsc) {
        hy_buf_addc(out, ' ');
        hy_buf_adds(out, location->rsc);
    }
    if (location->pattern)
        print_pattern(location->pattern, out);
    if (location->sets.list.count) {
        hy_buf_adds(out, " {");
        hy_rsc_sets_print(&location->sets, HY_SUFFIX_ROLE, 0, out);
        hy_buf_adds(out, " }");
    }
    if (location->role != HY_ROLE_ANY)
        hy_buf_addf(out, " role=%s", hy_role_word(location->role));
    hy_attrs_print(&location->options, out);
    if (location->node) {
        hy_buf_addc(out, ' ');
        hy_score_print(location->score, out);
        hy_buf_addc(out, ' ');
        hy_buf_adds(out, location->node);
    }
    for (size_t i = 0; i < location->rules.count; i++) {
        hy_print_continue(out);
        hy_rule_print(&location->rules.items[i], true, out);
    }
}

static void print_ref(const struct hy_ref *ref, struct hy_buf *out)
{
    hy_buf_addc(out, ' ');
    hy_id_print(ref->rsc, out);
    if (ref->role != HY_ROLE_ANY)
        hy_buf_addf(out, ":%s", hy_role_word(ref->role));
    if (ref->action)
        hy_buf_addf(out, ":%s", ref->action);
}

void hy_print_colocation(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_colocation *colocation = &object->u.colocation;
    hy_buf_addf(out, "%s ", object->id);
    hy_score_print(colocation->score, out);
    if (colocation->rsc.rsc) {
        print_ref(&colocation->rsc, out);
        print_ref(&colocation->with, out);
    }
    hy_rsc_sets_print(&colocation->sets, HY_SUFFIX_ROLE, 2, out);
    hy_attrs_print(&colocation->options, out);
}

void hy_print_order(const struct hy_object *object, struct hy_buf *out)
{
    static const char *const kinds[] = {"Mandatory:", "Optional:", "Serialize:"};
    const struct hy_order *order = &object->u.order;
    hy_buf_addf(out, "%s ", object->id);
    if (order->has_score)
        hy_score_print(order->score, out);
    else
        hy_buf_adds(out, kinds[order->kind]);
    if (order->first.rsc) {
        print_ref(&order->first, out);
        print_ref(&order->then, out);
    }
    hy_rsc_sets_print(&order->sets, HY_SUFFIX_ACTION, 2, out);
    if (order->has_symmetrical)
        hy_buf_addf(out, " symmetrical=%s", order->symmetrical ? "true" : "false");
    hy_attrs_print(&order->options, out);
}

void hy_print_rsc_ticket(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_rsc_ticket *constraint = &object->u.rsc_ticket;
    hy_buf_addf(out, "%s %s:", object->id, constraint->ticket);
    if (constraint->rsc.rsc)
        print_ref(&constraint->rsc, out);
    hy_rsc_sets_print(&constraint->sets, HY_SUFFIX_ROLE, 1, out);
    if (constraint->loss != HY_LOSS_DEFAULT)
        hy_buf_addf(out, " loss-policy=%s", hy_loss_word(constraint->loss));
}

void hy_print_set(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_attr_set *set = &object->u.set;
    int score;
    bool is_score = hy_score_parse(object->id, &score); /* "INFINITY:" would be read as the set's score */
    hy_buf_addf(out, is_score ? "$id=%s" : "%s:", object->id);
    if (set->score || set->rule) {
        struct hy_buf head = {0};
        hy_attr_set_head_print(set, &head);
        hy_print_continue(out);
        hy_buf_adds(out, hy_buf_text(&head) + 1);
        hy_buf_free(&head);
    }
    bool after_rule = set->rule != NULL;
    for (size_t i = 0; i < set->attrs.list.count; i++) {
        const struct hy_attr *attr = &set->attrs.list.items[i];
        after_rule = after_rule && hy_rule_takes_name(set->rule, attr->name);
        hy_print_continue(out);
        /* A line that begins with '#' would be a comment. */
        const char *quote = attr->name[0] == '#' || after_rule ? "\"" : "";
        hy_buf_adds(out, quote);
        hy_buf_adds(out, attr->name);
        hy_buf_adds(out, quote);
        hy_buf_addc(out, '=');
        hy_value_print(attr->value, out);
    }
}
