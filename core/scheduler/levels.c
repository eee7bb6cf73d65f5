/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must stop, and what may not start, because of something else. Each primitive has a level: 0 stopped, 1 started, 2
 * promoted; the one it has now, the one it will have in the end, and the lowest on the way there. Orders and mandatory colocations say
 * that one's level holds another's down; that is carried on until nothing changes. Levels only ever fall, so it ends.
 */
#include "scheduler/model.h"

#include "base/mutant.h"

static int level_of(enum hy_role role)
{
    return role == HY_ROLE_PROMOTED ? 2 : role == HY_ROLE_STOPPED ? 0 : 1;
}

bool hy_sched_is_active_on(const struct hy_srsc *rsc, uint32_t node)
{
    for (size_t i = 0; i < rsc->active.count; i++)
        if (rsc->active.items[i] == node)
            return true;
    return false;
}

/* ---------------------------------------------------------------- by itself */

static enum hy_restart own_restart(const struct hy_srsc *leaf)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    if (leaf->active.count > 1)
        return leaf->meta.multiple_active == HY_MULTIPLE_STOP_UNEXPECTED && !leaf->failed ? HY_RESTART_NONE
                                                                                          : HY_RESTART_MULTIPLE;
    if (past->failed)
        return HY_RESTART_FAILED;
    if (past->stopping)
        return HY_RESTART_STOPPING;
    return past->changed && !past->arriving ? HY_RESTART_CHANGED : HY_RESTART_NONE;
}

/* At the end of its lease a node stops what is unmanaged, too. */
static bool is_going(const struct hy_srsc *leaf)
{
    for (size_t i = 0; i < leaf->active.count; i++)
        if (!leaf->unit->past[leaf->active.items[i]].stopping)
            return false;
    return leaf->active.count > 0;
}

/* It is to run there, and there or elsewhere nobody has said yet whether it does: perhaps it has run all the time, as after
 * the restart of a core. What relies on it is not stopped for its start before that is known to be needed. */
static bool is_unheard(const struct hy_srsc *leaf)
{
    return leaf->final > 0 && !leaf->active.count &&
           (leaf->waits_for != HY_NO_NODE || !leaf->unit->past[leaf->node].known);
}

static void set_own(struct hy_srsc *leaf)
{
    leaf->level = leaf->active.count ? level_of(leaf->role) : 0;
    if (!leaf->managed) {
        leaf->low = leaf->final = is_going(leaf) ? 0 : leaf->level;
        if (!leaf->level && leaf->halt == HY_HALT_NO_NODE)
            leaf->halt = HY_HALT_UNMANAGED;
        return;
    }
    leaf->final = leaf->node == HY_NO_NODE ? 0 : level_of(leaf->next);
    leaf->low = 0;
    leaf->unheard = is_unheard(leaf);
    if (leaf->node == HY_NO_NODE || !hy_sched_is_active_on(leaf, leaf->node))
        return;
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    if (past->arriving)
        leaf->level = 0;
    leaf->restart = own_restart(leaf);
    if (leaf->restart == HY_RESTART_NONE)
        leaf->low = leaf->level < leaf->final ? leaf->level : leaf->final;
    if (past->demoting && leaf->low > 1)
        leaf->low = 1;
}

/* ---------------------------------------------------------------- the needs */

static void need(struct hy_sched *s, struct hy_need need)
{
    hy_arena_vec_push(&s->scratch, &s->needs, need);
}

static int action_level(enum hy_action_kind kind)
{
    return kind == HY_ACT_PROMOTE ? 2 : kind == HY_ACT_START ? 1 : 0;
}

static bool has_leaf_on(const struct hy_srsc *rsc, uint32_t node, bool now)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return now ? hy_sched_is_active_on(rsc, node) : rsc->node == node;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (has_leaf_on(rsc->children.items[i], node, now))
            return true;
    return false;
}

static struct hy_srsc *instance_on(const struct hy_srsc *clone, uint32_t node, bool now)
{
    for (size_t i = 0; i < clone->children.count && node != HY_NO_NODE; i++)
        if (has_leaf_on(clone->children.items[i], node, now))
            return clone->children.items[i];
    return NULL;
}

/* Interleaved: only the instance on the same node counts; where there is none, there is nothing to run after. */
static void need_interleaved(struct hy_sched *s, struct hy_need base, struct hy_srsc *clone, struct hy_srsc *then)
{
    base.then = then;
    if (base.low && then->active.count) {
        struct hy_need now = base;
        now.final = false;
        now.first = instance_on(clone, then->active.items[0], true);
        if (now.first)
            need(s, now);
    }
    base.low = false;
    base.first = instance_on(clone, then->node, false);
    if (then->node != HY_NO_NODE)
        need(s, base);
}

static void need_of_leaves(struct hy_sched *s, struct hy_need base, struct hy_srsc *then, bool interleave)
{
    for (size_t i = 0; i < then->children.count; i++)
        need_of_leaves(s, base, then->children.items[i], interleave);
    if (then->kind != HY_RSC_PRIMITIVE)
        return;
    if (!base.low && then->level >= base.then_level)
        return; /* without symmetry what runs already is let be */
    base.then = then;
    if (interleave)
        need_interleaved(s, base, base.first, then);
    else
        need(s, base);
}

static void needs_of_orders(struct hy_sched *s)
{
    for (size_t i = 0; i < s->orders.count; i++) {
        const struct hy_sorder *order = s->orders.items[i];
        int first = action_level(order->first_action), then = action_level(order->then_action);
        if (order->kind != HY_ORDER_MANDATORY || !first || !then)
            continue;
        struct hy_need base = {.first = order->first,
                               .named = order->first,
                               .first_level = first,
                               .then_level = then,
                               .low = order->symmetrical,
                               .final = true,
                               .ordered = true,
                               .halt = HY_HALT_ORDER};
        bool interleave =
            order->then->interleave && order->first->kind == HY_RSC_CLONE && order->then->kind == HY_RSC_CLONE;
        need_of_leaves(s, base, order->then, interleave);
    }
}

static void need_of_colocation(struct hy_sched *s, const struct hy_scoloc *colocation, struct hy_srsc *dependent)
{
    for (size_t i = 0; i < dependent->children.count; i++)
        need_of_colocation(s, colocation, dependent->children.items[i]);
    if (dependent->kind != HY_RSC_PRIMITIVE || dependent->node == HY_NO_NODE)
        return;
    struct hy_srsc *primary = colocation->primary;
    if (primary->kind == HY_RSC_CLONE)
        primary = colocation->attribute ? primary : instance_on(primary, dependent->node, false);
    need(s, (struct hy_need){.first = primary,
                             .named = colocation->primary,
                             .then = dependent,
                             .first_level = colocation->primary_role == HY_ROLE_PROMOTED ? 2 : 1,
                             .then_level = colocation->dependent_role == HY_ROLE_PROMOTED ? 2 : 1,
                             .final = true,
                             .low = colocation->internal, /* groups are ordered, too */
                             .ordered = colocation->internal,
                             .halt = HY_HALT_COLOCATION});
}

/* ---------------------------------------------------------------- carrying on */

/* What is unmanaged, and was seen not to run, is not started again by us. What has failed in another way may run on. */
static bool is_gone(const struct hy_srsc *leaf)
{
    if (leaf->meta.managed && !leaf->meta.maintenance)
        return false;
    for (size_t i = 0; i < leaf->active.count; i++)
        if (!leaf->unit->past[leaf->active.items[i]].gone)
            return false;
    return leaf->active.count > 0;
}

/* What is blocked is not started any more before somebody has seen to it, whether it runs or not: so nothing that comes after it
 * is. To be beside it is another matter. */
static bool is_left_down(const struct hy_srsc *leaf, const struct hy_need *n)
{
    return (n->ordered && leaf->blocked && !HY_MUTANT(BLOCKED_IS_UP)) || is_gone(leaf);
}

static int least(const struct hy_srsc *rsc, const struct hy_need *n, bool low)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return is_left_down(rsc, n) ? 0 : low && !rsc->unheard ? rsc->low : rsc->final;
    int level = 2;
    for (size_t i = 0; i < rsc->children.count; i++) {
        int one = least(rsc->children.items[i], n, low);
        level = one < level ? one : level;
    }
    return rsc->children.count ? level : 0;
}

static bool has_left_down(const struct hy_srsc *rsc, const struct hy_need *n)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (has_left_down(rsc->children.items[i], n))
            return true;
    return rsc->kind == HY_RSC_PRIMITIVE && is_left_down(rsc, n);
}

static bool has_blocked(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (has_blocked(rsc->children.items[i]))
            return true;
    return rsc->blocked;
}

/* A clone is up while an instance is; but whoever runs beside one goes by that one, unless that is left down. */
static int first_level(const struct hy_need *n, bool low)
{
    if (!n->first)
        return 0;
    if (n->first->kind != HY_RSC_CLONE)
        return least(n->first, n, low);
    if (low && n->then->active.count) {
        const struct hy_srsc *beside = instance_on(n->first, n->then->active.items[0], true);
        if (beside && !has_left_down(beside, n))
            return least(beside, n, true);
    }
    int level = 0;
    for (size_t i = 0; i < n->first->children.count; i++) {
        int one = least(n->first->children.items[i], n, low);
        level = one > level ? one : level;
    }
    return level;
}

static bool hold_down(const struct hy_need *n)
{
    struct hy_srsc *then = n->then;
    bool changed = false;
    if (!then->managed)
        return false;
    if (n->final && then->final >= n->then_level && first_level(n, false) < n->first_level) {
        then->final = n->then_level - 1;
        if (then->final == 0) {
            then->halt = n->ordered && n->first && has_blocked(n->first) ? HY_HALT_BLOCKED : n->halt;
            then->halt_by = n->named;
        }
        changed = true;
    }
    if (then->low > then->final) {
        then->low = then->final;
        changed = true;
    }
    if (n->low && then->low >= n->then_level && first_level(n, true) < n->first_level) {
        then->low = n->then_level - 1;
        if (then->restart == HY_RESTART_NONE) {
            then->restart = HY_RESTART_ORDER;
            then->restart_by = n->named;
        }
        changed = true;
    }
    return changed;
}

static void mark_stuck(struct hy_srsc *first, const struct hy_need *n)
{
    for (size_t i = 0; i < first->children.count; i++)
        mark_stuck(first->children.items[i], n);
    if (first->kind == HY_RSC_PRIMITIVE && first->level >= n->first_level && first->low < n->first_level)
        first->stuck_by = n->then;
}

/* What comes after it runs, and may not be touched: so it cannot be stopped either. */
static void mark_all_stuck(struct hy_sched *s)
{
    for (size_t i = 0; i < s->needs.count; i++) {
        const struct hy_need *n = &s->needs.items[i];
        if (n->low && n->first && !n->then->managed && n->then->level >= n->then_level &&
            first_level(n, true) < n->first_level)
            mark_stuck(n->first, n);
    }
}

void hy_sched_settle_levels(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++)
        set_own(s->leaves.items[i]);
    needs_of_orders(s);
    for (size_t i = 0; i < s->colocations.count; i++)
        if (s->colocations.items[i]->score >= HY_INFINITY)
            need_of_colocation(s, s->colocations.items[i], s->colocations.items[i]->dependent);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < s->needs.count; i++)
            changed = hold_down(&s->needs.items[i]) || changed;
    }
    mark_all_stuck(s);
}
