/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/refs.h"

#include "cib/names.h"
#include "cib/object.h"
#include "cib/rule_eval.h"

#include <string.h>

struct check {
    const struct hy_cib *cib;
    struct hy_map parents; /* child -> the group or clone it was met in first */
    struct hy_map inner;   /* the id of a set or rule -> the object it was met in first */
    void (*report)(void *context, const struct hy_ref_problem *problem);
    void *context;
};

static void report(struct check *check, enum hy_ref_fault fault, const struct hy_object *object, const char *id,
                   const struct hy_object *other)
{
    const struct hy_ref_problem problem = {.fault = fault, .object = object, .id = id, .other = other};
    check->report(check->context, &problem);
}

static void check_child(struct check *check, struct hy_object *parent, const char *id)
{
    const struct hy_object *child = hy_cib_find(check->cib, id);
    if (!child || !hy_kind_is_resource(child->kind)) {
        report(check, HY_REF_NO_RESOURCE, parent, id, NULL);
        return;
    }
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

static bool may_be_constrained(enum hy_kind kind)
{
    return hy_kind_is_resource(kind) || kind == HY_TEMPLATE || kind == HY_TAG;
}

struct found {
    bool rule, rsc_set;
    const char *id;
};

static void match_rule(void *context, const struct hy_rule *rule)
{
    struct found *found = context;
    found->rule = found->rule || (rule->id && strcmp(rule->id, found->id) == 0);
    for (size_t i = 0; i < rule->expressions.count; i++)
        if (rule->expressions.items[i].rule)
            match_rule(context, rule->expressions.items[i].rule);
}

/* Is it the id of a rule, or of a set of resources? */
static struct found find_inner(const struct hy_cib *cib, const char *id)
{
    struct found found = {.id = id};
    const struct hy_object *object = hy_map_get(&cib->by_inner, id);
    if (!object)
        return found;
    hy_object_visit_rules(object, match_rule, &found);
    const struct hy_rsc_sets *sets = hy_object_rsc_sets(object);
    for (size_t i = 0; sets && i < sets->list.count; i++)
        found.rsc_set = found.rsc_set || (sets->list.items[i].id && strcmp(sets->list.items[i].id, id) == 0);
    return found;
}

static bool has_operations(const struct hy_cib *cib, const char *id)
{
    const struct hy_object *object = hy_map_get(&cib->by_inner, id);
    if (!object)
        object = hy_cib_find(cib, id);
    return object && (object->kind == HY_PRIMITIVE || object->kind == HY_TEMPLATE);
}

struct walk {
    struct check *check;
    struct hy_object *object;
};

static void check_name(void *context, enum hy_name_kind kind, char **name)
{
    const struct walk *walk = context;
    struct check *check = walk->check;
    const struct hy_cib *cib = check->cib;
    const struct hy_object *there = hy_cib_find(cib, *name);
    bool fine = true;
    enum hy_ref_fault fault = HY_REF_NO_RESOURCE;
    switch (kind) {
    case HY_NAME_CHILD:
        check_child(check, walk->object, *name);
        break;
    case HY_NAME_RSC:
        fine = there && may_be_constrained(there->kind);
        break;
    case HY_NAME_NODE:
        fine = there && there->kind == HY_NODE;
        fault = HY_REF_NO_NODE;
        break;
    case HY_NAME_TEMPLATE:
        fine = there && there->kind == HY_TEMPLATE;
        fault = HY_REF_NO_TEMPLATE;
        break;
    case HY_NAME_TAGGED:
        fine = there && there != walk->object;
        fault = HY_REF_NO_OBJECT;
        break;
    case HY_NAME_DEVICE:
        fine = there && there->kind == HY_PRIMITIVE;
        break;
    case HY_NAME_ATTR_SET:
        fine = hy_cib_find_set(cib, *name) != NULL;
        fault = HY_REF_NO_SET;
        break;
    case HY_NAME_RULE:
        fine = find_inner(cib, *name).rule;
        fault = HY_REF_NO_RULE;
        break;
    case HY_NAME_RSC_SET:
        fine = find_inner(cib, *name).rsc_set;
        fault = HY_REF_NO_SET;
        break;
    case HY_NAME_OPERATIONS:
        fine = has_operations(cib, *name);
        fault = HY_REF_NO_OPERATIONS;
        break;
    case HY_NAME_KIND_COUNT:
        break;
    }
    if (!fine)
        report(check, fault, walk->object, *name, NULL);
}

/* An inner id names one thing in the whole configuration, and no object has it. */
static void check_inner(void *context, const char *id)
{
    const struct walk *walk = context;
    const struct hy_object *first = hy_map_get(&walk->check->inner, id);
    if (!first)
        first = hy_cib_find(walk->check->cib, id);
    if (first)
        report(walk->check, HY_REF_TWO_IDS, walk->object, id, first);
    else
        hy_map_put(&walk->check->inner, id, walk->object);
}

static void check_rule(void *context, const struct hy_rule *rule)
{
    const struct walk *walk = context;
    if (!hy_rule_is_bounded(walk->check->cib, rule))
        report(walk->check, HY_REF_ENDLESS, walk->object, NULL, NULL);
}

void hy_refs_check(const struct hy_cib *cib, void (*report_fn)(void *context, const struct hy_ref_problem *problem),
                   void *context)
{
    struct check check = {.cib = cib, .report = report_fn, .context = context};
    for (size_t i = 0; i < cib->objects.count; i++) {
        struct walk walk = {&check, cib->objects.items[i]};
        hy_object_visit_names(walk.object, check_name, &walk);
        hy_object_visit_inner(walk.object, check_inner, &walk);
        hy_object_visit_rules(walk.object, check_rule, &walk);
    }
    hy_map_free(&check.parents);
    hy_map_free(&check.inner);
}

void hy_ref_problem_print(const struct hy_ref_problem *problem, struct hy_buf *out)
{
    char *who = problem->object->kind == HY_TOPOLOGY /* whose id is no choice of anybody's */
                    ? hy_strdup("fencing_topology")
                    : hy_asprintf("%s %s", hy_kind_word(problem->object->kind), problem->object->id);
    switch (problem->fault) {
    case HY_REF_NO_RESOURCE:
        hy_buf_addf(out, "%s: there is no resource '%s'", who, problem->id);
        break;
    case HY_REF_NO_OBJECT:
        hy_buf_addf(out, "%s: there is no object '%s'", who, problem->id);
        break;
    case HY_REF_NO_TEMPLATE:
        hy_buf_addf(out, "%s: there is no template '%s'", who, problem->id);
        break;
    case HY_REF_NO_SET:
        hy_buf_addf(out,
                    "%s: there is no set '%s': expected its id (a resource's plain ones are called "
                    "ID-instance_attributes, ID-meta_attributes, ID-utilization)",
                    who, problem->id);
        break;
    case HY_REF_NO_RULE:
        hy_buf_addf(out, "%s: there is no rule '%s'", who, problem->id);
        break;
    case HY_REF_NO_OPERATIONS:
        hy_buf_addf(out, "%s: there are no operations '%s'", who, problem->id);
        break;
    case HY_REF_TWO_IDS:
        hy_buf_addf(out, "%s: the id '%s' is in %s %s already: expected an id that is not taken", who, problem->id,
                    hy_kind_word(problem->other->kind), problem->other->id);
        break;
    case HY_REF_ENDLESS:
        hy_buf_addf(out, "%s: a rule is made of itself, or of more than %d expressions: expected fewer references", who,
                    HY_RULE_MAX);
        break;
    case HY_REF_NO_NODE:
        hy_buf_addf(out, "%s: there is no node '%s'", who, problem->id);
        break;
    case HY_REF_TWO_PARENTS:
        hy_buf_addf(out, "%s: '%s' is in %s %s already: a resource can be in one group or clone only", who, problem->id,
                    hy_kind_word(problem->other->kind), problem->other->id);
        break;
    case HY_REF_BAD_MEMBER:
        hy_buf_addf(out, "%s: '%s' is a %s: a group holds primitives only", who, problem->id,
                    hy_kind_word(problem->other->kind));
        break;
    case HY_REF_BAD_CHILD:
        hy_buf_addf(out, "%s: '%s' is a clone: only a primitive or a group can be cloned", who, problem->id);
        break;
    }
    free(who);
}
