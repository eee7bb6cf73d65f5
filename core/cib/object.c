/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/object.h"

#include "cib/grammar.h"

struct hy_object *hy_object_new(enum hy_kind kind)
{
    struct hy_object *object = hy_alloc(sizeof *object);
    object->kind = kind;
    return object;
}

void hy_rule_free(struct hy_rule *rule)
{
    free(rule->id);
    free(rule->score_attribute);
    for (size_t i = 0; i < rule->expressions.count; i++) {
        free(rule->expressions.items[i].attribute);
        free(rule->expressions.items[i].type);
        free(rule->expressions.items[i].value);
    }
    hy_vec_free(&rule->expressions);
}

void hy_ref_free(struct hy_ref *ref)
{
    free(ref->rsc);
    free(ref->action);
}

static void free_primitive(struct hy_primitive *primitive)
{
    free(primitive->cls);
    free(primitive->provider);
    free(primitive->type);
    free(primitive->operations_id);
    hy_attrs_free(&primitive->params);
    hy_attrs_free(&primitive->meta);
    hy_attrs_free(&primitive->utilization);
    for (size_t i = 0; i < primitive->ops.count; i++) {
        free(primitive->ops.items[i].name);
        hy_attrs_free(&primitive->ops.items[i].attrs);
    }
    hy_vec_free(&primitive->ops);
}

static void free_group(struct hy_group *group)
{
    for (size_t i = 0; i < group->members.count; i++)
        free(group->members.items[i]);
    hy_vec_free(&group->members);
    hy_attrs_free(&group->params);
    hy_attrs_free(&group->meta);
}

static void free_location(struct hy_location *location)
{
    free(location->rsc);
    free(location->node);
    for (size_t i = 0; i < location->rules.count; i++)
        hy_rule_free(&location->rules.items[i]);
    hy_vec_free(&location->rules);
    hy_attrs_free(&location->options);
}

static void free_content(struct hy_object *object)
{
    switch (object->kind) {
    case HY_NODE:
        free(object->u.node.nodeid);
        hy_attrs_free(&object->u.node.attributes);
        hy_attrs_free(&object->u.node.utilization);
        break;
    case HY_PRIMITIVE:
        free_primitive(&object->u.primitive);
        break;
    case HY_GROUP:
        free_group(&object->u.group);
        break;
    case HY_CLONE:
        free(object->u.clone.child);
        hy_attrs_free(&object->u.clone.params);
        hy_attrs_free(&object->u.clone.meta);
        break;
    case HY_LOCATION:
        free_location(&object->u.location);
        break;
    case HY_COLOCATION:
        hy_ref_free(&object->u.colocation.rsc);
        hy_ref_free(&object->u.colocation.with);
        hy_attrs_free(&object->u.colocation.options);
        break;
    case HY_ORDER:
        hy_ref_free(&object->u.order.first);
        hy_ref_free(&object->u.order.then);
        hy_attrs_free(&object->u.order.options);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
    case HY_KIND_COUNT:
        hy_attrs_free(&object->u.set.attrs);
        break;
    }
}

void hy_object_free(struct hy_object **object)
{
    if (!*object)
        return;
    free_content(*object);
    free((*object)->id);
    free(*object);
    *object = NULL;
}

static void copy_primitive(struct hy_primitive *to, const struct hy_primitive *from)
{
    to->cls = hy_strdup(from->cls);
    to->provider = hy_strdup(from->provider);
    to->type = hy_strdup(from->type);
    to->operations_id = hy_strdup(from->operations_id);
    hy_attrs_copy(&to->params, &from->params);
    hy_attrs_copy(&to->meta, &from->meta);
    hy_attrs_copy(&to->utilization, &from->utilization);
    for (size_t i = 0; i < from->ops.count; i++) {
        struct hy_op_config op = {.name = hy_strdup(from->ops.items[i].name), .interval = from->ops.items[i].interval};
        hy_attrs_copy(&op.attrs, &from->ops.items[i].attrs);
        hy_vec_push(&to->ops, op);
    }
}

static void copy_group(struct hy_group *to, const struct hy_group *from)
{
    for (size_t i = 0; i < from->members.count; i++)
        hy_vec_push(&to->members, hy_strdup(from->members.items[i]));
    hy_attrs_copy(&to->params, &from->params);
    hy_attrs_copy(&to->meta, &from->meta);
}

static struct hy_rule copy_rule(const struct hy_rule *from)
{
    struct hy_rule rule = {.id = hy_strdup(from->id),
                           .score = from->score,
                           .score_attribute = hy_strdup(from->score_attribute),
                           .role = from->role,
                           .any = from->any};
    for (size_t i = 0; i < from->expressions.count; i++) {
        const struct hy_expression *e = &from->expressions.items[i];
        struct hy_expression copy = {.attribute = hy_strdup(e->attribute),
                                     .op = e->op,
                                     .type = hy_strdup(e->type),
                                     .value = hy_strdup(e->value)};
        hy_vec_push(&rule.expressions, copy);
    }
    return rule;
}

static void copy_location(struct hy_location *to, const struct hy_location *from)
{
    to->rsc = hy_strdup(from->rsc);
    to->role = from->role;
    to->node = hy_strdup(from->node);
    to->score = from->score;
    for (size_t i = 0; i < from->rules.count; i++)
        hy_vec_push(&to->rules, copy_rule(&from->rules.items[i]));
    hy_attrs_copy(&to->options, &from->options);
}

static struct hy_ref copy_ref(const struct hy_ref *from)
{
    return (struct hy_ref){.rsc = hy_strdup(from->rsc), .role = from->role, .action = hy_strdup(from->action)};
}

static void copy_order(struct hy_order *to, const struct hy_order *from)
{
    to->kind = from->kind;
    to->has_score = from->has_score;
    to->score = from->score;
    to->first = copy_ref(&from->first);
    to->then = copy_ref(&from->then);
    to->has_symmetrical = from->has_symmetrical;
    to->symmetrical = from->symmetrical;
    hy_attrs_copy(&to->options, &from->options);
}

struct hy_object *hy_object_copy(const struct hy_object *object)
{
    struct hy_object *copy = hy_object_new(object->kind);
    copy->id = hy_strdup(object->id);
    copy->version = object->version;
    switch (object->kind) {
    case HY_NODE:
        copy->u.node.nodeid = hy_strdup(object->u.node.nodeid);
        hy_attrs_copy(&copy->u.node.attributes, &object->u.node.attributes);
        hy_attrs_copy(&copy->u.node.utilization, &object->u.node.utilization);
        break;
    case HY_PRIMITIVE:
        copy_primitive(&copy->u.primitive, &object->u.primitive);
        break;
    case HY_GROUP:
        copy_group(&copy->u.group, &object->u.group);
        break;
    case HY_CLONE:
        copy->u.clone.child = hy_strdup(object->u.clone.child);
        copy->u.clone.ms = object->u.clone.ms;
        hy_attrs_copy(&copy->u.clone.params, &object->u.clone.params);
        hy_attrs_copy(&copy->u.clone.meta, &object->u.clone.meta);
        break;
    case HY_LOCATION:
        copy_location(&copy->u.location, &object->u.location);
        break;
    case HY_COLOCATION:
        copy->u.colocation.score = object->u.colocation.score;
        copy->u.colocation.rsc = copy_ref(&object->u.colocation.rsc);
        copy->u.colocation.with = copy_ref(&object->u.colocation.with);
        hy_attrs_copy(&copy->u.colocation.options, &object->u.colocation.options);
        break;
    case HY_ORDER:
        copy_order(&copy->u.order, &object->u.order);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
    case HY_KIND_COUNT:
        hy_attrs_copy(&copy->u.set.attrs, &object->u.set.attrs);
        break;
    }
    return copy;
}
