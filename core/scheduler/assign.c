/* SPDX-License-Identifier: Apache-2.0 */
/* A node for each primitive, in order of priority and then of configuration. */
#include "scheduler/model.h"

void *hy_sched_grow(struct hy_arena *arena, const void *old, size_t count, size_t *capacity, size_t size)
{
    *capacity = *capacity ? *capacity * 2 : 4;
    void *items = hy_arena_array(arena, *capacity, size);
    if (count)
        memcpy(items, old, count * size);
    return items;
}

/* ---------------------------------------------------------------- settling */

static void halt(struct hy_srsc *rsc, enum hy_halt why)
{
    if (rsc->halt == HY_HALT_NONE)
        rsc->halt = why;
}

/* Answers where: `node`, if it may run there (or has to, with `force`), else nowhere. */
void hy_sched_settle(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, bool force)
{
    rsc->assigned = true;
    if (node != HY_NO_NODE && !force &&
        (rsc->score[node] == HY_ABSENT || rsc->score[node] < 0 || !s->nodes[node].usable))
        node = HY_NO_NODE;
    rsc->node = node;
    rsc->next = node == HY_NO_NODE ? HY_ROLE_STOPPED : HY_ROLE_STARTED;
    if (node == HY_NO_NODE)
        halt(rsc, HY_HALT_NO_NODE);
    else
        s->nodes[node].load++;
}

void hy_sched_unassign(struct hy_sched *s, struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_unassign(s, rsc->children.items[i]);
    if (rsc->assigned && rsc->node != HY_NO_NODE && rsc->kind == HY_RSC_PRIMITIVE)
        s->nodes[rsc->node].load--;
    rsc->assigned = false;
    rsc->node = HY_NO_NODE;
    rsc->next = HY_ROLE_STOPPED;
    rsc->halt = HY_HALT_NONE;
}

/* ---------------------------------------------------------------- the best node */

static int effective(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t node)
{
    return s->nodes[node].usable ? rsc->score[node] : -HY_INFINITY;
}

/* Score; then the fewest resources assigned so far; then where it is; then the name. */
static bool better(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t a, uint32_t b)
{
    int x = effective(s, rsc, a), y = effective(s, rsc, b);
    if (x != y)
        return x > y;
    if (s->nodes[a].load != s->nodes[b].load)
        return s->nodes[a].load < s->nodes[b].load;
    uint32_t current = rsc->active.count ? rsc->active.items[0] : HY_NO_NODE;
    if (a == current || b == current)
        return a == current;
    return strcmp(s->nodes[a].name, s->nodes[b].name) < 0;
}

static uint32_t best_node(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t prefer)
{
    uint32_t best = HY_NO_NODE;
    for (uint32_t n = 0; n < s->node_count; n++)
        if (rsc->score[n] != HY_ABSENT && (best == HY_NO_NODE || better(s, rsc, n, best)))
            best = n;
    if (best == HY_NO_NODE)
        return best;
    if (prefer != HY_NO_NODE && rsc->score[prefer] != HY_ABSENT && rsc->score[prefer] >= rsc->score[best] &&
        rsc->score[prefer] >= 0 && s->nodes[prefer].usable)
        return prefer;
    /* With a score above 0 a tie is decided for the place it has, however busy that is. */
    bool numbered = rsc->in_clone && rsc->unique;
    if (!numbered && rsc->active.count && rsc->score[best] > 0 && s->nodes[best].usable) {
        uint32_t current = rsc->active.items[0];
        if (s->nodes[current].usable && rsc->score[current] == rsc->score[best])
            return current;
    }
    return best;
}

/* ---------------------------------------------------------------- one primitive */

static void apply_this_with(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_scoloc *colocation)
{
    if (colocation->dependent_role == HY_ROLE_PROMOTED)
        return; /* it bears on which instance is promoted, not on where they are */
    hy_sched_assign(s, colocation->primary, HY_NO_NODE);
    hy_sched_apply_colocation(s, rsc, colocation->primary, colocation);
}

static bool is_mandatory(const struct hy_scoloc *colocation)
{
    return colocation->score >= HY_INFINITY || colocation->score <= -HY_INFINITY;
}

static void apply_colocations(struct hy_sched *s, struct hy_srsc *rsc, bool mandatory)
{
    const hy_scoloc_list *list = hy_sched_with(s, rsc);
    for (size_t i = 0; i < list->count; i++)
        if (is_mandatory(list->items[i]) == mandatory)
            apply_this_with(s, rsc, list->items[i]);
    list = hy_sched_dependents(s, rsc);
    for (size_t i = 0; i < list->count; i++)
        if (is_mandatory(list->items[i]) == mandatory)
            hy_sched_pull(s, rsc, list->items[i]);
}

static bool stopped_by_failure(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (rsc->unit->past[n].stop_here)
            return true;
    return false;
}

static enum hy_halt why_nowhere(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    if (rsc->orphan)
        return HY_HALT_ORPHAN;
    if (s->properties.stop_all)
        return HY_HALT_STOP_ALL;
    if (s->properties.no_quorum_stop)
        return HY_HALT_NO_QUORUM;
    if (rsc->meta.target_role == HY_ROLE_STOPPED)
        return HY_HALT_TARGET_ROLE;
    if (stopped_by_failure(s, rsc))
        return HY_HALT_ONFAIL_STOP;
    if (rsc->active.count > 1 && rsc->meta.multiple_active == HY_MULTIPLE_STOP_ONLY)
        return HY_HALT_MULTIPLE;
    if (s->properties.no_quorum_freeze && !rsc->active.count)
        return HY_HALT_FREEZE;
    return HY_HALT_NONE;
}

static void assign_unmanaged(struct hy_sched *s, struct hy_srsc *rsc)
{
    hy_sched_settle(s, rsc, rsc->active.count ? rsc->active.items[0] : HY_NO_NODE, true);
    if (rsc->node != HY_NO_NODE)
        rsc->next = rsc->role;
}

static uint32_t assign_primitive(struct hy_sched *s, struct hy_srsc *rsc, uint32_t prefer)
{
    rsc->assigning = true;
    apply_colocations(s, rsc, true);
    apply_colocations(s, rsc, false);
    rsc->assigning = false;
    if (rsc->assigned)
        return rsc->node; /* a loop of colocations has come here meanwhile */
    enum hy_halt why = why_nowhere(s, rsc);
    if (!rsc->managed) {
        assign_unmanaged(s, rsc);
    } else if (why != HY_HALT_NONE) {
        rsc->halt = why;
        hy_sched_settle(s, rsc, HY_NO_NODE, false);
    } else {
        hy_sched_settle(s, rsc, best_node(s, rsc, prefer), false);
    }
    return rsc->node;
}

uint32_t hy_sched_assign(struct hy_sched *s, struct hy_srsc *rsc, uint32_t prefer)
{
    if (rsc->assigned)
        return rsc->node;
    if (rsc->assigning)
        return HY_NO_NODE; /* a loop of colocations: somebody has to be the first */
    if (rsc->parent && !rsc->parent->assigned && !rsc->parent->assigning) {
        hy_sched_assign(s, rsc->parent, prefer);
        return rsc->node;
    }
    switch (rsc->kind) {
    case HY_RSC_GROUP:
        return hy_sched_assign_group(s, rsc, prefer);
    case HY_RSC_CLONE:
        return hy_sched_assign_clone(s, rsc);
    default:
        return assign_primitive(s, rsc, prefer);
    }
}

/* ---------------------------------------------------------------- all of them */

static void sort_by_priority(struct hy_sched *s, struct hy_srsc **list)
{
    for (size_t i = 0; i < s->tops.count; i++)
        list[i] = s->tops.items[i];
    for (size_t i = 1; i < s->tops.count; i++) {
        struct hy_srsc *rsc = list[i];
        size_t at = i;
        for (; at > 0 && list[at - 1]->meta.priority < rsc->meta.priority; at--)
            list[at] = list[at - 1];
        list[at] = rsc;
    }
}

void hy_sched_assign_all(struct hy_sched *s)
{
    struct hy_srsc **list = hy_arena_array(&s->scratch, s->tops.count, sizeof(struct hy_srsc *));
    sort_by_priority(s, list);
    for (size_t i = 0; i < s->tops.count; i++)
        hy_sched_assign(s, list[i], HY_NO_NODE);
}
