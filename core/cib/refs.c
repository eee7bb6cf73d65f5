/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/refs.h"

struct check {
    const struct hy_cib *cib;
    struct hy_map parents; /* child -> the group or clone it was met in first */
    void (*report)(void *context, const struct hy_ref_problem *problem);
    void *context;
};

static void report(struct check *check, enum hy_ref_fault fault, const struct hy_object *object, const char *id,
                   const struct hy_object *other)
{
    const struct hy_ref_problem problem = {.fault = fault, .object = object, .id = id, .other = other};
    check->report(check->context, &problem);
}

static const struct hy_object *resource(struct check *check, const struct hy_object *object, const char *id)
{
    const struct hy_object *found = hy_cib_find(check->cib, id);
    if (found && hy_kind_is_resource(found->kind))
        return found;
    report(check, HY_REF_NO_RESOURCE, object, id, NULL);
    return NULL;
}

static void check_child(struct check *check, struct hy_object *parent, const char *id)
{
    const struct hy_object *child = resource(check, parent, id);
    if (!child)
        return;
    if (parent->kind == HY_GROUP && child->kind != HY_PRIMITIVE)
        report(check, HY_REF_BAD_MEMBER, parent, id, child);
    if (parent->kind == HY_CLONE && child->kind == HY_CLONE)
        report(check, HY_REF_BAD_CHILD, parent, id, child);
    const struct hy_object *first = hy_map_get(&check->parents, id);
    if (first)
        report(check, HY_REF_TWO_PARENTS, parent, id, first);
    else
        hy_map_put(&check->parents, id, parent);
}

static void check_object(struct check *check, struct hy_object *object)
{
    switch (object->kind) {
    case HY_GROUP:
        for (size_t i = 0; i < object->u.group.members.count; i++)
            check_child(check, object, object->u.group.members.items[i]);
        break;
    case HY_CLONE:
        check_child(check, object, object->u.clone.child);
        break;
    case HY_LOCATION:
        (void)resource(check, object, object->u.location.rsc);
        if (object->u.location.node && !hy_cib_find_kind(check->cib, HY_NODE, object->u.location.node))
            report(check, HY_REF_NO_NODE, object, object->u.location.node, NULL);
        break;
    case HY_COLOCATION:
        (void)resource(check, object, object->u.colocation.rsc.rsc);
        (void)resource(check, object, object->u.colocation.with.rsc);
        break;
    case HY_ORDER:
        (void)resource(check, object, object->u.order.first.rsc);
        (void)resource(check, object, object->u.order.then.rsc);
        break;
    case HY_NODE:
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
    case HY_TAG:
    case HY_RSC_TICKET:
    case HY_TOPOLOGY:
    case HY_PROPERTY:
    case HY_RSC_DEFAULTS:
    case HY_OP_DEFAULTS:
    case HY_KIND_COUNT:
        break;
    }
}

void hy_refs_check(const struct hy_cib *cib, void (*report_fn)(void *context, const struct hy_ref_problem *problem),
                   void *context)
{
    struct check check = {.cib = cib, .report = report_fn, .context = context};
    for (size_t i = 0; i < cib->objects.count; i++)
        check_object(&check, cib->objects.items[i]);
    hy_map_free(&check.parents);
}

void hy_ref_problem_print(const struct hy_ref_problem *problem, struct hy_buf *out)
{
    const char *kind = hy_kind_word(problem->object->kind), *id = problem->object->id;
    switch (problem->fault) {
    case HY_REF_NO_RESOURCE:
        hy_buf_addf(out, "%s %s: there is no resource '%s'", kind, id, problem->id);
        break;
    case HY_REF_NO_NODE:
        hy_buf_addf(out, "%s %s: there is no node '%s'", kind, id, problem->id);
        break;
    case HY_REF_TWO_PARENTS:
        hy_buf_addf(out, "%s %s: '%s' is in %s %s already: a resource can be in one group or clone only", kind, id,
                    problem->id, hy_kind_word(problem->other->kind), problem->other->id);
        break;
    case HY_REF_BAD_MEMBER:
        hy_buf_addf(out, "%s %s: '%s' is a %s: a group holds primitives only", kind, id, problem->id,
                    hy_kind_word(problem->other->kind));
        break;
    case HY_REF_BAD_CHILD:
        hy_buf_addf(out, "%s %s: '%s' is a clone: only a primitive or a group can be cloned", kind, id, problem->id);
        break;
    }
}
