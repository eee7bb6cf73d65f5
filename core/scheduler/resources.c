/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of resources: clones, their instances, groups, primitives; and the names under which the executor knows them. */
#include "cib/words.h"
#include "scheduler/model.h"

#include <stdio.h>

struct hy_unit *hy_sched_unit(struct hy_sched *s, const char *name, struct hy_prim *prim)
{
    struct hy_unit *unit = hy_map_get(&s->unit_index, name);
    if (unit)
        return unit;
    unit = hy_arena_alloc(&s->scratch, sizeof *unit);
    unit->number = (uint32_t)s->units.count;
    unit->name = hy_arena_strdup(&s->decision->arena, name);
    unit->prim = prim;
    unit->past = hy_arena_array(&s->scratch, s->node_count, sizeof *unit->past);
    for (uint32_t n = 0; n < s->node_count; n++) {
        unit->past[n].role = HY_ROLE_STOPPED;
        unit->past[n].probe_action = unit->past[n].stop_step = HY_NO_ACTION;
        unit->past[n].adds = unit->past[n].stop_on_target = HY_NO_NODE;
    }
    hy_map_put(&s->unit_index, name, unit);
    hy_arena_vec_push(&s->scratch, &s->units, unit);
    return unit;
}

struct hy_srsc *hy_sched_top(struct hy_srsc *rsc)
{
    while (rsc->parent)
        rsc = rsc->parent;
    return rsc;
}

struct hy_srsc *hy_sched_clone_of(const struct hy_srsc *rsc)
{
    struct hy_srsc *at = rsc->parent;
    while (at && at->kind != HY_RSC_CLONE)
        at = at->parent;
    return at;
}

struct hy_srsc *hy_sched_group_of(const struct hy_srsc *rsc)
{
    return rsc->parent && rsc->parent->kind == HY_RSC_GROUP ? rsc->parent : NULL;
}

const struct hy_srsc *hy_sched_first_leaf(const struct hy_srsc *rsc)
{
    while (rsc->kind != HY_RSC_PRIMITIVE && rsc->children.count)
        rsc = rsc->children.items[0];
    return rsc;
}

/* ---------------------------------------------------------------- primitives */

static const char *agent_name(struct hy_sched *s, const struct hy_primitive *agent)
{
    struct hy_arena *arena = &s->decision->arena;
    if (!agent)
        return "";
    if (agent->provider)
        return hy_arena_printf(arena, "%s:%s:%s", agent->cls, agent->provider, agent->type);
    return hy_arena_printf(arena, "%s:%s", agent->cls, agent->type);
}

static struct hy_prim *prim_of(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct hy_prim *prim = hy_map_get(&s->prim_index, rsc->id);
    if (prim)
        return prim;
    const struct hy_primitive *agent = hy_cib_agent(s->input->cib, &rsc->object->u.primitive);
    prim = hy_arena_alloc(&s->scratch, sizeof *prim);
    prim->object = rsc->object;
    prim->id = hy_arena_strdup(&s->decision->arena, rsc->id);
    prim->agent = agent_name(s, agent);
    prim->is_fencing = rsc->is_fencing = agent && !strcmp(agent->cls, "stonith");
    const struct hy_values *values = hy_sched_collect_meta(s, rsc);
    hy_sched_read_meta(s, rsc, values, &prim->meta);
    const char *provides = prim->is_fencing ? hy_values_get(values, "provides") : NULL;
    prim->unfences = provides && !strcasecmp(provides, "unfencing");
    hy_sched_read_ops(s, prim);
    hy_sched_read_params(s, prim, rsc);
    hy_sched_read_utilization(s, prim);
    hy_map_put(&s->prim_index, rsc->id, prim);
    return prim;
}

static struct hy_srsc *new_rsc(struct hy_sched *s, enum hy_srsc_kind kind, const char *id,
                               const struct hy_object *object, struct hy_srsc *parent)
{
    struct hy_srsc *rsc = hy_arena_alloc(&s->scratch, sizeof *rsc);
    rsc->number = (uint32_t)s->rscs.count;
    rsc->kind = kind;
    rsc->id = id;
    rsc->object = object;
    rsc->parent = parent;
    rsc->node = rsc->waits_for = rsc->lock_node = HY_NO_NODE;
    rsc->migrate_from = rsc->migrate_to = HY_NO_NODE;
    rsc->role = HY_ROLE_STOPPED;
    rsc->promotion = -1;
    rsc->score = hy_arena_array(&s->scratch, s->node_count, sizeof *rsc->score);
    if (!s->properties.symmetric)
        for (uint32_t n = 0; n < s->node_count; n++)
            rsc->score[n] = HY_ABSENT;
    if (parent) {
        rsc->in_clone = parent->in_clone || parent->kind == HY_RSC_CLONE;
        rsc->unique = parent->unique;
        rsc->instance = parent->instance;
        hy_arena_vec_push(&s->scratch, &parent->children, rsc);
    } else {
        hy_arena_vec_push(&s->scratch, &s->tops, rsc);
    }
    hy_arena_vec_push(&s->scratch, &s->rscs, rsc);
    if (!rsc->instance && !hy_map_get(&s->rsc_index, id))
        hy_map_put(&s->rsc_index, id, rsc);
    return rsc;
}

static void take_meta(struct hy_sched *s, struct hy_srsc *rsc)
{
    rsc->next = rsc->meta.target_role;
    rsc->priority = rsc->meta.priority;
    rsc->maintenance = rsc->meta.maintenance || s->properties.maintenance;
    rsc->managed = rsc->meta.managed && !rsc->maintenance;
    rsc->allow_migrate = rsc->meta.allow_migrate;
}

static void build_primitive(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct hy_prim *prim = prim_of(s, rsc);
    rsc->meta = prim->meta;
    rsc->is_fencing = prim->is_fencing;
    take_meta(s, rsc);
    char name[512];
    if (rsc->unique)
        snprintf(name, sizeof name, "%s:%u", rsc->id, rsc->instance);
    struct hy_srsc *clone = hy_sched_clone_of(rsc);
    bool shared = clone && !rsc->unique && rsc->instance;
    rsc->unit = shared && prim->unit ? prim->unit : hy_sched_unit(s, rsc->unique ? name : rsc->id, prim);
    prim->unit = rsc->unit;
    rsc->unit->anonymous = clone && !clone->unique;
    rsc->unit->everywhere = rsc->unit->anonymous && clone->clone_max >= s->runner_count;
    hy_arena_vec_push(&s->scratch, &s->leaves, rsc);
}

/* ---------------------------------------------------------------- groups and clones */

static void build_group(struct hy_sched *s, struct hy_srsc *group)
{
    if (group->instance && group->parent)
        group->meta = group->parent->children.items[0]->meta;
    else
        hy_sched_read_meta(s, group, hy_sched_collect_meta(s, group), &group->meta);
    take_meta(s, group);
    for (size_t i = 0; i < group->object->u.group.members.count; i++) {
        const char *id = group->object->u.group.members.items[i];
        const struct hy_object *member = hy_cib_find_kind(s->input->cib, HY_PRIMITIVE, id);
        if (member)
            build_primitive(s, new_rsc(s, HY_RSC_PRIMITIVE, member->id, member, group));
    }
}

/* Init scripts and units have one name on a node, and so cannot have two instances there. */
static bool may_be_unique(const struct hy_sched *s, const struct hy_object *child)
{
    if (child->kind == HY_PRIMITIVE) {
        const struct hy_primitive *agent = hy_cib_agent(s->input->cib, &child->u.primitive);
        return agent && (hy_agent_class_has_providers(agent->cls) || !strcmp(agent->cls, "stonith"));
    }
    for (size_t i = 0; i < child->u.group.members.count; i++) {
        const struct hy_object *member = hy_cib_find_kind(s->input->cib, HY_PRIMITIVE, child->u.group.members.items[i]);
        if (member && !may_be_unique(s, member))
            return false;
    }
    return true;
}

struct hy_srsc *hy_sched_add_instance(struct hy_sched *s, struct hy_srsc *clone)
{
    const struct hy_object *child = hy_cib_find(s->input->cib, clone->object->u.clone.child);
    uint32_t instance = (uint32_t)clone->children.count;
    bool group = child->kind == HY_GROUP;
    uint32_t before = clone->instance;
    clone->instance = instance; /* children have their parent's number */
    struct hy_srsc *rsc = new_rsc(s, group ? HY_RSC_GROUP : HY_RSC_PRIMITIVE, child->id, child, clone);
    clone->instance = before;
    if (group)
        build_group(s, rsc);
    else
        build_primitive(s, rsc);
    if (instance >= clone->clone_max)
        hy_sched_mark_orphan(rsc);
    return rsc;
}

void hy_sched_mark_orphan(struct hy_srsc *rsc)
{
    rsc->orphan = true;
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_mark_orphan(rsc->children.items[i]);
}

static void build_clone(struct hy_sched *s, struct hy_srsc *clone)
{
    const struct hy_object *child = hy_cib_find(s->input->cib, clone->object->u.clone.child);
    if (!child || (child->kind != HY_PRIMITIVE && child->kind != HY_GROUP))
        return;
    const struct hy_values *values = hy_sched_collect_meta(s, clone);
    hy_sched_read_clone(s, clone, values);
    hy_sched_read_meta(s, clone, values, &clone->meta);
    take_meta(s, clone);
    clone->unique = clone->unique && may_be_unique(s, child);
    if (!clone->unique && clone->clone_node_max > 1)
        clone->clone_node_max = 1;
    clone->count = hy_arena_array(&s->scratch, s->node_count, sizeof *clone->count);
    for (uint32_t i = 0; i < clone->clone_max; i++)
        hy_sched_add_instance(s, clone);
}

/* ---------------------------------------------------------------- all of them */

static void mark_children(const struct hy_cib *cib, struct hy_map *inside)
{
    for (size_t i = 0; i < cib->objects.count; i++) {
        struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_CLONE)
            hy_map_put(inside, object->u.clone.child, object);
        if (object->kind == HY_GROUP)
            for (size_t m = 0; m < object->u.group.members.count; m++)
                hy_map_put(inside, object->u.group.members.items[m], object);
    }
}

/* Devices decide what others may require: they are looked for first. */
static void find_fencing(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    struct hy_rule_context context = hy_sched_context(s, NULL);
    for (size_t i = 0; i < cib->objects.count; i++) {
        if (cib->objects.items[i]->kind != HY_PRIMITIVE)
            continue;
        const struct hy_primitive *primitive = &cib->objects.items[i]->u.primitive;
        const struct hy_primitive *agent = hy_cib_agent(cib, primitive);
        if (!agent || strcmp(agent->cls, "stonith"))
            continue;
        s->properties.fencing_device = true;
        s->values.list.count = 0;
        hy_values_collect_primitive(primitive, HY_PART_META, &context, &s->values);
        const char *provides = hy_values_get(&s->values, "provides");
        s->unfencing = s->unfencing || (provides && !strcasecmp(provides, "unfencing"));
    }
}

void hy_sched_unpack_resources(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    struct hy_map inside = {0};
    find_fencing(s);
    mark_children(cib, &inside);
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (!hy_kind_is_resource(object->kind) || hy_map_get(&inside, object->id))
            continue;
        if (object->kind == HY_CLONE)
            build_clone(s, new_rsc(s, HY_RSC_CLONE, object->id, object, NULL));
        else if (object->kind == HY_GROUP)
            build_group(s, new_rsc(s, HY_RSC_GROUP, object->id, object, NULL));
        else
            build_primitive(s, new_rsc(s, HY_RSC_PRIMITIVE, object->id, object, NULL));
    }
    hy_map_free(&inside);
}

/* Something that is not configured any more, or an instance beyond clone-max of a unique clone, and is still active. */
struct hy_srsc *hy_sched_add_orphan(struct hy_sched *s, struct hy_unit *unit)
{
    struct hy_srsc *rsc = new_rsc(s, HY_RSC_PRIMITIVE, unit->name, NULL, NULL);
    rsc->unit = unit;
    rsc->orphan = true;
    rsc->meta = unit->prim->meta;
    take_meta(s, rsc);
    rsc->managed = rsc->managed && s->properties.stop_orphans;
    unit->orphan = true;
    hy_arena_vec_push(&s->scratch, &s->leaves, rsc);
    return rsc;
}

/* What is not configured has what rsc_defaults give it. */
struct hy_prim *hy_sched_orphan_prim(struct hy_sched *s, const char *id)
{
    struct hy_prim *prim = hy_arena_alloc(&s->scratch, sizeof *prim);
    struct hy_srsc nobody = {.kind = HY_RSC_PRIMITIVE};
    prim->id = hy_arena_strdup(&s->decision->arena, id);
    hy_sched_read_meta(s, &nobody, hy_sched_collect_meta(s, &nobody), &prim->meta);
    hy_sched_read_ops(s, prim);
    return prim;
}
