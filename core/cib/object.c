/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/object.h"

#include "cib/grammar.h"

struct hy_object *hy_object_new(enum hy_kind kind)
{
    struct hy_object *object = hy_alloc(sizeof *object);
    object->kind = kind;
    return object;
}

static void free_primitive(struct hy_primitive *primitive)
{
    free(primitive->tmpl);
    free(primitive->cls);
    free(primitive->provider);
    free(primitive->type);
    free(primitive->operations_id);
    free(primitive->operations_ref);
    hy_sets_free(&primitive->params);
    hy_sets_free(&primitive->meta);
    hy_sets_free(&primitive->utilization);
    for (size_t i = 0; i < primitive->ops.count; i++) {
        free(primitive->ops.items[i].name);
        hy_attrs_free(&primitive->ops.items[i].attrs);
        hy_sets_free(&primitive->ops.items[i].params);
        hy_sets_free(&primitive->ops.items[i].meta);
    }
    hy_vec_free(&primitive->ops);
}

static void free_location(struct hy_location *location)
{
    free(location->rsc);
    free(location->pattern);
    hy_rsc_sets_free(&location->sets);
    free(location->node);
    for (size_t i = 0; i < location->rules.count; i++)
        hy_rule_free(&location->rules.items[i]);
    hy_vec_free(&location->rules);
    hy_attrs_free(&location->options);
}

static void free_topology(struct hy_topology *topology)
{
    for (size_t i = 0; i < topology->levels.count; i++) {
        free(topology->levels.items[i].target);
        free(topology->levels.items[i].value);
        hy_names_free(&topology->levels.items[i].devices);
    }
    hy_vec_free(&topology->levels);
}

static void free_content(struct hy_object *object)
{
    switch (object->kind) {
    case HY_NODE:
        free(object->u.node.nodeid);
        hy_sets_free(&object->u.node.attributes);
        hy_sets_free(&object->u.node.utilization);
        break;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        free_primitive(&object->u.primitive);
        break;
    case HY_GROUP:
        hy_names_free(&object->u.group.members);
        hy_sets_free(&object->u.group.params);
        hy_sets_free(&object->u.group.meta);
        break;
    case HY_CLONE:
        free(object->u.clone.child);
        hy_sets_free(&object->u.clone.params);
        hy_sets_free(&object->u.clone.meta);
        break;
    case HY_TAG:
        hy_names_free(&object->u.tag.members);
        break;
    case HY_LOCATION:
        free_location(&object->u.location);
        break;
    case HY_COLOCATION:
        hy_ref_free(&object->u.colocation.rsc);
        hy_ref_free(&object->u.colocation.with);
        hy_rsc_sets_free(&object->u.colocation.sets);
        hy_attrs_free(&object->u.colocation.options);
        break;
    case HY_ORDER:
        hy_ref_free(&object->u.order.first);
        hy_ref_free(&object->u.order.then);
        hy_rsc_sets_free(&object->u.order.sets);
        hy_attrs_free(&object->u.order.options);
        break;
    case HY_RSC_TICKET:
        free(object->u.rsc_ticket.ticket);
        hy_ref_free(&object->u.rsc_ticket.rsc);
        hy_rsc_sets_free(&object->u.rsc_ticket.sets);
        break;
    case HY_TOPOLOGY:
        free_topology(&object->u.topology);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
    case HY_KIND_COUNT:
        hy_attr_set_free(&object->u.set);
        break;
    }
}

void hy_object_free(struct hy_object **object)
{
    if (!*object)
        return;
    free_content(*object);
    free((*object)->id);
    free((*object)->description);
    free(*object);
    *object = NULL;
}

static void copy_primitive(struct hy_primitive *to, const struct hy_primitive *from)
{
    to->tmpl = hy_strdup(from->tmpl);
    to->cls = hy_strdup(from->cls);
    to->provider = hy_strdup(from->provider);
    to->type = hy_strdup(from->type);
    to->operations_id = hy_strdup(from->operations_id);
    to->operations_ref = hy_strdup(from->operations_ref);
    hy_sets_copy(&to->params, &from->params);
    hy_sets_copy(&to->meta, &from->meta);
    hy_sets_copy(&to->utilization, &from->utilization);
    for (size_t i = 0; i < from->ops.count; i++) {
        const struct hy_op_config *op = &from->ops.items[i];
        struct hy_op_config *copy = hy_vec_add(&to->ops);
        *copy = (struct hy_op_config){.name = hy_strdup(op->name), .interval = op->interval};
        hy_attrs_copy(&copy->attrs, &op->attrs);
        hy_sets_copy(&copy->params, &op->params);
        hy_sets_copy(&copy->meta, &op->meta);
    }
}

static void copy_location(struct hy_location *to, const struct hy_location *from)
{
    to->rsc = hy_strdup(from->rsc);
    to->pattern = hy_strdup(from->pattern);
    hy_rsc_sets_copy(&to->sets, &from->sets);
    to->role = from->role;
    to->node = hy_strdup(from->node);
    to->score = from->score;
    for (size_t i = 0; i < from->rules.count; i++)
        hy_rule_copy(hy_vec_add(&to->rules), &from->rules.items[i]);
    hy_attrs_copy(&to->options, &from->options);
}

static void copy_colocation(struct hy_colocation *to, const struct hy_colocation *from)
{
    to->score = from->score;
    hy_ref_copy(&to->rsc, &from->rsc);
    hy_ref_copy(&to->with, &from->with);
    hy_rsc_sets_copy(&to->sets, &from->sets);
    hy_attrs_copy(&to->options, &from->options);
}

static void copy_order(struct hy_order *to, const struct hy_order *from)
{
    to->kind = from->kind;
    to->has_score = from->has_score;
    to->score = from->score;
    hy_ref_copy(&to->first, &from->first);
    hy_ref_copy(&to->then, &from->then);
    hy_rsc_sets_copy(&to->sets, &from->sets);
    to->has_symmetrical = from->has_symmetrical;
    to->symmetrical = from->symmetrical;
    hy_attrs_copy(&to->options, &from->options);
}

static void copy_topology(struct hy_topology *to, const struct hy_topology *from)
{
    for (size_t i = 0; i < from->levels.count; i++) {
        const struct hy_level *level = &from->levels.items[i];
        struct hy_level *copy = hy_vec_add(&to->levels);
        *copy = (struct hy_level){.kind = level->kind,
                                  .target = hy_strdup(level->target),
                                  .value = hy_strdup(level->value),
                                  .index = level->index};
        hy_names_copy(&copy->devices, &level->devices);
    }
}

static void copy_content(struct hy_object *to, const struct hy_object *from)
{
    switch (from->kind) {
    case HY_NODE:
        to->u.node.nodeid = hy_strdup(from->u.node.nodeid);
        hy_sets_copy(&to->u.node.attributes, &from->u.node.attributes);
        hy_sets_copy(&to->u.node.utilization, &from->u.node.utilization);
        break;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        copy_primitive(&to->u.primitive, &from->u.primitive);
        break;
    case HY_GROUP:
        hy_names_copy(&to->u.group.members, &from->u.group.members);
        hy_sets_copy(&to->u.group.params, &from->u.group.params);
        hy_sets_copy(&to->u.group.meta, &from->u.group.meta);
        break;
    case HY_CLONE:
        to->u.clone.child = hy_strdup(from->u.clone.child);
        to->u.clone.ms = from->u.clone.ms;
        hy_sets_copy(&to->u.clone.params, &from->u.clone.params);
        hy_sets_copy(&to->u.clone.meta, &from->u.clone.meta);
        break;
    case HY_TAG:
        hy_names_copy(&to->u.tag.members, &from->u.tag.members);
        break;
    case HY_LOCATION:
        copy_location(&to->u.location, &from->u.location);
        break;
    case HY_COLOCATION:
        copy_colocation(&to->u.colocation, &from->u.colocation);
        break;
    case HY_ORDER:
        copy_order(&to->u.order, &from->u.order);
        break;
    case HY_RSC_TICKET:
        to->u.rsc_ticket.ticket = hy_strdup(from->u.rsc_ticket.ticket);
        hy_ref_copy(&to->u.rsc_ticket.rsc, &from->u.rsc_ticket.rsc);
        hy_rsc_sets_copy(&to->u.rsc_ticket.sets, &from->u.rsc_ticket.sets);
        to->u.rsc_ticket.loss = from->u.rsc_ticket.loss;
        break;
    case HY_TOPOLOGY:
        copy_topology(&to->u.topology, &from->u.topology);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
    case HY_KIND_COUNT:
        hy_attr_set_copy(&to->u.set, &from->u.set);
        break;
    }
}

struct hy_object *hy_object_copy(const struct hy_object *object)
{
    struct hy_object *copy = hy_object_new(object->kind);
    copy->id = hy_strdup(object->id);
    copy->description = hy_strdup(object->description);
    copy->version = object->version;
    copy_content(copy, object);
    return copy;
}
