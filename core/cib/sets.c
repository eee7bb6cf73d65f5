/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of attributes with their rules, and sets of resources: finding, copying, releasing. */
#include "cib/object.h"

#include <string.h>

/* ------------------------------------------------------------- names */

void hy_names_copy(struct hy_names *to, const struct hy_names *from)
{
    *to = (struct hy_names){0};
    for (size_t i = 0; i < from->count; i++)
        hy_vec_push(to, hy_strdup(from->items[i]));
}

void hy_names_free(struct hy_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    hy_vec_free(names);
}

/* ------------------------------------------------------------- rules */

static void free_expression(struct hy_expression *expression)
{
    free(expression->attribute);
    free(expression->type);
    free(expression->value);
    free(expression->start);
    free(expression->end);
    hy_attrs_free(&expression->duration);
    hy_attrs_free(&expression->spec);
    free(expression->cls);
    free(expression->provider);
    free(expression->agent_type);
    free(expression->op_name);
    if (expression->rule)
        hy_rule_free(expression->rule);
    free(expression->rule);
}

void hy_rule_free(struct hy_rule *rule)
{
    free(rule->id);
    free(rule->ref);
    free(rule->score_attribute);
    for (size_t i = 0; i < rule->expressions.count; i++)
        free_expression(&rule->expressions.items[i]);
    hy_vec_free(&rule->expressions);
    *rule = (struct hy_rule){0};
}

static struct hy_rule *copy_of_rule(const struct hy_rule *from)
{
    if (!from)
        return NULL;
    struct hy_rule *rule = hy_alloc(sizeof *rule);
    hy_rule_copy(rule, from);
    return rule;
}

static struct hy_expression copy_expression(const struct hy_expression *from)
{
    struct hy_expression copy = *from;
    copy.attribute = hy_strdup(from->attribute);
    copy.type = hy_strdup(from->type);
    copy.value = hy_strdup(from->value);
    copy.start = hy_strdup(from->start);
    copy.end = hy_strdup(from->end);
    hy_attrs_copy(&copy.duration, &from->duration);
    hy_attrs_copy(&copy.spec, &from->spec);
    copy.cls = hy_strdup(from->cls);
    copy.provider = hy_strdup(from->provider);
    copy.agent_type = hy_strdup(from->agent_type);
    copy.op_name = hy_strdup(from->op_name);
    copy.rule = copy_of_rule(from->rule);
    return copy;
}

void hy_rule_copy(struct hy_rule *to, const struct hy_rule *from)
{
    *to = (struct hy_rule){.id = hy_strdup(from->id),
                           .ref = hy_strdup(from->ref),
                           .score = from->score,
                           .score_attribute = hy_strdup(from->score_attribute),
                           .role = from->role,
                           .any = from->any};
    for (size_t i = 0; i < from->expressions.count; i++)
        hy_vec_push(&to->expressions, copy_expression(&from->expressions.items[i]));
}

/* ------------------------------------------------------------- sets of attributes */

void hy_attr_set_copy(struct hy_attr_set *to, const struct hy_attr_set *from)
{
    *to = (struct hy_attr_set){
        .id = hy_strdup(from->id), .ref = hy_strdup(from->ref), .score = from->score, .rule = copy_of_rule(from->rule)};
    hy_attrs_copy(&to->attrs, &from->attrs);
}

void hy_attr_set_free(struct hy_attr_set *set)
{
    free(set->id);
    free(set->ref);
    if (set->rule)
        hy_rule_free(set->rule);
    free(set->rule);
    hy_attrs_free(&set->attrs);
    *set = (struct hy_attr_set){0};
}

void hy_sets_copy(struct hy_attr_sets *to, const struct hy_attr_sets *from)
{
    *to = (struct hy_attr_sets){0};
    for (size_t i = 0; i < from->list.count; i++)
        hy_attr_set_copy(hy_vec_add(&to->list), &from->list.items[i]);
}

void hy_sets_free(struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        hy_attr_set_free(&sets->list.items[i]);
    hy_vec_free(&sets->list);
}

static struct hy_attr_set *plain_of(const struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        if (!sets->list.items[i].rule && !sets->list.items[i].ref)
            return &sets->list.items[i];
    return NULL;
}

const struct hy_attrs *hy_sets_plain(const struct hy_attr_sets *sets)
{
    static const struct hy_attrs none;
    const struct hy_attr_set *plain = plain_of(sets);
    return plain ? &plain->attrs : &none;
}

struct hy_attrs *hy_sets_edit(struct hy_attr_sets *sets)
{
    struct hy_attr_set *plain = plain_of(sets);
    if (!plain) {
        (void)hy_vec_add(&sets->list);
        memmove(&sets->list.items[1], &sets->list.items[0], (sets->list.count - 1) * sizeof *sets->list.items);
        plain = &sets->list.items[0];
        *plain = (struct hy_attr_set){0};
    }
    return &plain->attrs;
}

const char *hy_sets_get(const struct hy_attr_sets *sets, const char *name)
{
    return hy_attrs_get(hy_sets_plain(sets), name);
}

void hy_sets_set(struct hy_attr_sets *sets, const char *name, const char *value)
{
    hy_attrs_set(hy_sets_edit(sets), name, value);
}

bool hy_sets_remove(struct hy_attr_sets *sets, const char *name)
{
    bool any = false;
    for (size_t i = sets->list.count; i > 0; i--) {
        struct hy_attr_set *set = &sets->list.items[i - 1];
        if (!hy_attrs_remove(&set->attrs, name))
            continue;
        any = true;
        if (!set->attrs.list.count) {
            hy_attr_set_free(set);
            hy_vec_remove(&sets->list, i - 1);
        }
    }
    return any;
}

/* ------------------------------------------------------------- sets of resources */

void hy_rsc_sets_copy(struct hy_rsc_sets *to, const struct hy_rsc_sets *from)
{
    *to = (struct hy_rsc_sets){0};
    for (size_t i = 0; i < from->list.count; i++) {
        const struct hy_rsc_set *set = &from->list.items[i];
        struct hy_rsc_set *copy = hy_vec_add(&to->list);
        *copy = *set;
        copy->id = hy_strdup(set->id);
        copy->ref = hy_strdup(set->ref);
        copy->action = hy_strdup(set->action);
        hy_names_copy(&copy->members, &set->members);
        hy_attrs_copy(&copy->options, &set->options);
    }
}

void hy_rsc_set_free(struct hy_rsc_set *set)
{
    free(set->id);
    free(set->ref);
    free(set->action);
    hy_names_free(&set->members);
    hy_attrs_free(&set->options);
    *set = (struct hy_rsc_set){0};
}

void hy_rsc_sets_free(struct hy_rsc_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        hy_rsc_set_free(&sets->list.items[i]);
    hy_vec_free(&sets->list);
}

void hy_ref_copy(struct hy_ref *to, const struct hy_ref *from)
{
    *to = (struct hy_ref){.rsc = hy_strdup(from->rsc), .role = from->role, .action = hy_strdup(from->action)};
}

void hy_ref_free(struct hy_ref *ref)
{
    free(ref->rsc);
    free(ref->action);
    *ref = (struct hy_ref){0};
}

/* ------------------------------------------------------------- walks */

struct set_visit {
    void (*visit)(void *context, const struct hy_attr_set *set);
    void *context;
};

static void visit_sets(const struct set_visit *visit, const struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        visit->visit(visit->context, &sets->list.items[i]);
}

static void visit_primitive(const struct set_visit *visit, const struct hy_primitive *primitive)
{
    visit_sets(visit, &primitive->params);
    visit_sets(visit, &primitive->meta);
    visit_sets(visit, &primitive->utilization);
    for (size_t i = 0; i < primitive->ops.count; i++) {
        visit_sets(visit, &primitive->ops.items[i].params);
        visit_sets(visit, &primitive->ops.items[i].meta);
    }
}

void hy_object_visit_sets(const struct hy_object *object,
                          void (*visit_fn)(void *context, const struct hy_attr_set *set), void *context)
{
    const struct set_visit visit = {visit_fn, context};
    switch (object->kind) {
    case HY_NODE:
        visit_sets(&visit, &object->u.node.attributes);
        visit_sets(&visit, &object->u.node.utilization);
        break;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        visit_primitive(&visit, &object->u.primitive);
        break;
    case HY_GROUP:
        visit_sets(&visit, &object->u.group.params);
        visit_sets(&visit, &object->u.group.meta);
        break;
    case HY_CLONE:
        visit_sets(&visit, &object->u.clone.params);
        visit_sets(&visit, &object->u.clone.meta);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
        visit_fn(context, &object->u.set);
        break;
    case HY_TAG:
    case HY_LOCATION:
    case HY_COLOCATION:
    case HY_ORDER:
    case HY_RSC_TICKET:
    case HY_TOPOLOGY:
    case HY_KIND_COUNT:
        break;
    }
}

struct rule_visit {
    void (*visit)(void *context, const struct hy_rule *rule);
    void *context;
};

static void visit_rule_of(void *context, const struct hy_attr_set *set)
{
    const struct rule_visit *visit = context;
    if (set->rule)
        visit->visit(visit->context, set->rule);
}

void hy_object_visit_rules(const struct hy_object *object, void (*visit_fn)(void *context, const struct hy_rule *rule),
                           void *context)
{
    struct rule_visit visit = {visit_fn, context};
    hy_object_visit_sets(object, visit_rule_of, &visit);
    for (size_t i = 0; object->kind == HY_LOCATION && i < object->u.location.rules.count; i++)
        visit_fn(context, &object->u.location.rules.items[i]);
}

struct hy_rsc_sets *hy_object_edit_rsc_sets(struct hy_object *object)
{
    switch (object->kind) {
    case HY_LOCATION:
        return &object->u.location.sets;
    case HY_COLOCATION:
        return &object->u.colocation.sets;
    case HY_ORDER:
        return &object->u.order.sets;
    case HY_RSC_TICKET:
        return &object->u.rsc_ticket.sets;
    default:
        return NULL;
    }
}

const struct hy_rsc_sets *hy_object_rsc_sets(const struct hy_object *object)
{
    return hy_object_edit_rsc_sets((struct hy_object *)(uintptr_t)object);
}

struct id_visit {
    void (*visit)(void *context, const char *id);
    void *context;
};

static void visit_id(const struct id_visit *visit, const char *id)
{
    if (id)
        visit->visit(visit->context, id);
}

static void visit_set_id(void *context, const struct hy_attr_set *set)
{
    visit_id(context, set->id);
}

static void visit_rule_ids(void *context, const struct hy_rule *rule)
{
    visit_id(context, rule->id);
    for (size_t i = 0; i < rule->expressions.count; i++)
        if (rule->expressions.items[i].rule)
            visit_rule_ids(context, rule->expressions.items[i].rule);
}

void hy_object_visit_inner(const struct hy_object *object, void (*visit_fn)(void *context, const char *id),
                           void *context)
{
    struct id_visit visit = {visit_fn, context};
    hy_object_visit_sets(object, visit_set_id, &visit);
    hy_object_visit_rules(object, visit_rule_ids, &visit);
    const struct hy_rsc_sets *sets = hy_object_rsc_sets(object);
    for (size_t i = 0; sets && i < sets->list.count; i++)
        visit_id(&visit, sets->list.items[i].id);
    if (object->kind == HY_PRIMITIVE || object->kind == HY_TEMPLATE)
        visit_id(&visit, object->u.primitive.operations_id);
}
