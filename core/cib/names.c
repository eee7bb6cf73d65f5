/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/names.h"

#include <string.h>

struct visit {
    hy_name_fn *visit;
    void *context;
};

static void one(const struct visit *visit, enum hy_name_kind kind, char **name)
{
    if (*name)
        visit->visit(visit->context, kind, name);
}

static void many(const struct visit *visit, enum hy_name_kind kind, struct hy_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        one(visit, kind, &names->items[i]);
}

static void in_rule(const struct visit *visit, struct hy_rule *rule)
{
    one(visit, HY_NAME_RULE, &rule->ref);
    for (size_t i = 0; i < rule->expressions.count; i++)
        if (rule->expressions.items[i].rule)
            in_rule(visit, rule->expressions.items[i].rule);
}

static void in_attr_set(const struct visit *visit, struct hy_attr_set *set)
{
    one(visit, HY_NAME_ATTR_SET, &set->ref);
    if (set->rule)
        in_rule(visit, set->rule);
}

static void in_attr_sets(const struct visit *visit, struct hy_attr_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++)
        in_attr_set(visit, &sets->list.items[i]);
}

static void in_rsc_sets(const struct visit *visit, struct hy_rsc_sets *sets)
{
    for (size_t i = 0; i < sets->list.count; i++) {
        many(visit, HY_NAME_RSC, &sets->list.items[i].members);
        one(visit, HY_NAME_RSC_SET, &sets->list.items[i].ref);
    }
}

static void in_primitive(const struct visit *visit, struct hy_primitive *primitive)
{
    one(visit, HY_NAME_TEMPLATE, &primitive->tmpl);
    in_attr_sets(visit, &primitive->params);
    one(visit, HY_NAME_OPERATIONS, &primitive->operations_ref);
    for (size_t i = 0; i < primitive->ops.count; i++) {
        in_attr_sets(visit, &primitive->ops.items[i].params);
        in_attr_sets(visit, &primitive->ops.items[i].meta);
    }
    in_attr_sets(visit, &primitive->meta);
    in_attr_sets(visit, &primitive->utilization);
}

static void in_location(const struct visit *visit, struct hy_location *location)
{
    one(visit, HY_NAME_RSC, &location->rsc);
    in_rsc_sets(visit, &location->sets);
    one(visit, HY_NAME_NODE, &location->node);
    for (size_t i = 0; i < location->rules.count; i++)
        in_rule(visit, &location->rules.items[i]);
}

static void in_constraint(const struct visit *visit, struct hy_object *object)
{
    switch (object->kind) {
    case HY_LOCATION:
        in_location(visit, &object->u.location);
        break;
    case HY_COLOCATION:
        one(visit, HY_NAME_RSC, &object->u.colocation.rsc.rsc);
        one(visit, HY_NAME_RSC, &object->u.colocation.with.rsc);
        in_rsc_sets(visit, &object->u.colocation.sets);
        break;
    case HY_ORDER:
        one(visit, HY_NAME_RSC, &object->u.order.first.rsc);
        one(visit, HY_NAME_RSC, &object->u.order.then.rsc);
        in_rsc_sets(visit, &object->u.order.sets);
        break;
    case HY_RSC_TICKET:
        one(visit, HY_NAME_RSC, &object->u.rsc_ticket.rsc.rsc);
        in_rsc_sets(visit, &object->u.rsc_ticket.sets);
        break;
    default:
        break;
    }
}

void hy_object_visit_names(struct hy_object *object, hy_name_fn *visit_fn, void *context)
{
    const struct visit visit = {visit_fn, context};
    switch (object->kind) {
    case HY_NODE:
        in_attr_sets(&visit, &object->u.node.attributes);
        in_attr_sets(&visit, &object->u.node.utilization);
        break;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        in_primitive(&visit, &object->u.primitive);
        break;
    case HY_GROUP:
        many(&visit, HY_NAME_CHILD, &object->u.group.members);
        in_attr_sets(&visit, &object->u.group.params);
        in_attr_sets(&visit, &object->u.group.meta);
        break;
    case HY_CLONE:
        one(&visit, HY_NAME_CHILD, &object->u.clone.child);
        in_attr_sets(&visit, &object->u.clone.params);
        in_attr_sets(&visit, &object->u.clone.meta);
        break;
    case HY_TAG:
        many(&visit, HY_NAME_TAGGED, &object->u.tag.members);
        break;
    case HY_TOPOLOGY:
        for (size_t i = 0; i < object->u.topology.levels.count; i++)
            many(&visit, HY_NAME_DEVICE, &object->u.topology.levels.items[i].devices);
        break;
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
        in_attr_set(&visit, &object->u.set);
        break;
    case HY_LOCATION:
    case HY_COLOCATION:
    case HY_ORDER:
    case HY_RSC_TICKET:
    case HY_KIND_COUNT:
        in_constraint(&visit, object);
        break;
    }
}

struct search {
    const char *id;
    bool found;
};

static void match(void *context, enum hy_name_kind kind, char **name)
{
    struct search *search = context;
    (void)kind;
    search->found = search->found || strcmp(*name, search->id) == 0;
}

bool hy_object_names(const struct hy_object *object, const char *id)
{
    struct search search = {.id = id};
    /* The walk hands names out to be replaced; this one does not. */
    hy_object_visit_names((struct hy_object *)(uintptr_t)object, match, &search);
    return search.found;
}
