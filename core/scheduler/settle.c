/* SPDX-License-Identifier: Apache-2.0 */
/* What came of each resource, once the graph has settled: what it will be, and why it is not what it was to be. */
#include "scheduler/graph.h"

static const struct hy_srsc *cause_of(const struct hy_graph *g, uint32_t step)
{
    if (step == HY_NO_ACTION)
        return NULL;
    return hy_step_at(g, step)->task == HY_TASK_GATE ? hy_step_at(g, step)->gated : hy_step_at(g, step)->rsc;
}

static void settle_unmanaged(const struct hy_graph *g, struct hy_srsc *leaf)
{
    uint32_t stop = hy_graph_first(g, leaf, HY_TASK_STOP);
    bool going = stop != HY_NO_ACTION && hy_step_is(g, stop, HY_PENDING);
    leaf->final = leaf->active.count && !going ? hy_level_of(leaf->role) : 0;
    if (!leaf->active.count && leaf->halt == HY_HALT_NO_NODE)
        leaf->halt = HY_HALT_UNMANAGED;
}

static void settle_start(const struct hy_graph *g, struct hy_srsc *leaf)
{
    uint32_t start = hy_graph_find(g, leaf, HY_TASK_START, leaf->node);
    if (start == HY_NO_ACTION || hy_step_is(g, start, HY_RUNNABLE))
        return;
    leaf->final = 0;
    uint32_t by = hy_step_at(g, start)->forbidden_by;
    const struct hy_srsc *cause = cause_of(g, by);
    leaf->halt_by = cause;
    if (!cause)
        leaf->halt = g->s->properties.no_quorum == HY_NO_QUORUM_FREEZE ? HY_HALT_FREEZE
                     : g->s->properties.no_quorum                      ? HY_HALT_NO_QUORUM
                                                                       : HY_HALT_NO_NODE;
    else if (cause == leaf)
        leaf->halt = HY_HALT_STUCK;
    else
        leaf->halt = hy_step_is(g, start, HY_ALONE) ? HY_HALT_COLOCATION : HY_HALT_ORDER;
}

static enum hy_restart own_restart(const struct hy_srsc *leaf)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    if (leaf->active.count > 1)
        return HY_RESTART_MULTIPLE;
    if (past->failed)
        return HY_RESTART_FAILED;
    return past->stopping ? HY_RESTART_STOPPING : HY_RESTART_CHANGED;
}

static void settle_restart(const struct hy_graph *g, struct hy_srsc *leaf)
{
    uint32_t stop = hy_graph_find(g, leaf, HY_TASK_STOP, leaf->node);
    uint32_t start = hy_graph_find(g, leaf, HY_TASK_START, leaf->node);
    if (stop == HY_NO_ACTION || hy_step_is(g, stop, HY_OPTIONAL) || start == HY_NO_ACTION)
        return;
    if (hy_course_of(g, leaf)->restart) {
        leaf->restart = own_restart(leaf);
        return;
    }
    leaf->restart = HY_RESTART_ORDER;
    const struct hy_srsc *cause = cause_of(g, hy_step_at(g, start)->called_by);
    leaf->restart_by = cause ? cause : leaf;
}

static void settle_leaf(const struct hy_graph *g, struct hy_srsc *leaf)
{
    if (!leaf->managed) {
        settle_unmanaged(g, leaf);
        return;
    }
    leaf->final = leaf->node == HY_NO_NODE ? 0 : hy_level_of(leaf->next);
    if (leaf->final) {
        settle_start(g, leaf);
        settle_restart(g, leaf);
    }
    uint32_t promote = leaf->final == 2 ? hy_graph_find(g, leaf, HY_TASK_PROMOTE, leaf->node) : HY_NO_ACTION;
    if (promote != HY_NO_ACTION && !hy_step_is(g, promote, HY_RUNNABLE))
        leaf->final = 1;
    for (uint32_t stop = hy_graph_first(g, leaf, HY_TASK_STOP); stop != HY_NO_ACTION; stop = hy_graph_next(g, stop))
        if (!(hy_step_at(g, stop)->marks & (HY_OPTIONAL | HY_RUNNABLE | HY_PENDING)))
            leaf->stuck_by = leaf->stuck_by ? leaf->stuck_by : cause_of(g, hy_step_at(g, stop)->forbidden_by);
}

/* ---------------------------------------------------------------- what waits for ever */

static void hold_step(struct hy_graph *g, uint32_t number, uint32_t because)
{
    struct hy_step *step = hy_step_at(g, number);
    if ((step->marks & (HY_OPTIONAL | HY_PENDING)) || !(step->marks & HY_RUNNABLE))
        return;
    step->marks |= HY_HELD;
    step->forbidden_by = because;
}

static void hold(struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task, uint32_t because)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        hold(g, rsc->children.items[i], task, because);
    for (uint32_t at = rsc->kind == HY_RSC_PRIMITIVE ? hy_graph_first(g, rsc, task) : HY_NO_ACTION; at != HY_NO_ACTION;
         at = hy_graph_next(g, at)) {
        hold_step(g, at, because);
    }
}

/* A group of which a member cannot be stopped does not come to have stopped: what must wait for that does. */
static void hold_what_waits(struct hy_graph *g)
{
    for (size_t i = 0; i < g->links.count; i++) {
        const struct hy_link *link = &g->links.items[i];
        const struct hy_step *first = hy_step_at(g, link->first), *then = hy_step_at(g, link->then);
        bool strong = link->marks & (HY_LINK_NEEDS | HY_LINK_CALLS | HY_LINK_HOLDS | HY_LINK_ONE_WAY);
        if (!strong || !first->rsc || first->rsc->kind == HY_RSC_PRIMITIVE || !then->rsc ||
            (hy_graph_view(g, link->first, HY_NO_NODE) & (HY_OPTIONAL | HY_RUNNABLE)))
            continue;
        if (then->rsc->kind != HY_RSC_PRIMITIVE)
            hold(g, then->rsc, then->task, link->first);
        else
            hold_step(g, link->then, link->first);
    }
}

/* ---------------------------------------------------------------- what is left alone */

/* One that is not managed, and runs, though what it comes behind is to stop. */
static const struct hy_srsc *left_alone(const struct hy_graph *g, const struct hy_srsc *then, enum hy_task task,
                                        uint32_t node)
{
    for (size_t i = 0; i < then->children.count; i++) {
        const struct hy_srsc *found = left_alone(g, then->children.items[i], task, node);
        if (found)
            return found;
    }
    if (then->kind != HY_RSC_PRIMITIVE || then->managed || !then->active.count ||
        (node != HY_NO_NODE && !hy_sched_is_active_on(then, node)))
        return NULL;
    uint32_t stop = hy_graph_first(g, then, HY_TASK_STOP);
    bool going = stop != HY_NO_ACTION && hy_step_is(g, stop, HY_PENDING);
    return !going && hy_level_of(then->role) >= (task == HY_TASK_PROMOTE ? 2 : 1) ? then : NULL;
}

/* Its stop is out of the question, and so is all that would come after that. */
static void mark_carrier(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task, const struct hy_sorder *order,
                         enum hy_task then_task, bool pairs)
{
    for (size_t i = 0; i < leaf->children.count; i++)
        mark_carrier(g, leaf->children.items[i], task, order, then_task, pairs);
    if (leaf->kind != HY_RSC_PRIMITIVE)
        return;
    for (uint32_t at = hy_graph_first(g, leaf, task); at != HY_NO_ACTION; at = hy_graph_next(g, at)) {
        struct hy_step *step = hy_step_at(g, at);
        if (step->marks & (HY_PENDING | HY_PSEUDO))
            continue;
        const struct hy_srsc *by = left_alone(g, order->then, then_task, pairs ? step->node : HY_NO_NODE);
        if (!by)
            continue;
        step->marks |= HY_CARRIES;
        step->carried = by;
        for (uint32_t up = hy_graph_first(g, leaf, task ^ 1u); up != HY_NO_ACTION; up = hy_graph_next(g, up))
            hy_step_at(g, up)->marks |= HY_CARRIES;
    }
}

/* What is not managed may not be pulled from under: what it comes behind runs on, until somebody sees to it. The peer
 * stops it. */
void hy_graph_carriers(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->orders.count; i++) {
        const struct hy_sorder *order = s->orders.items[i];
        bool promote = order->first_action == HY_ACT_PROMOTE, start = order->first_action == HY_ACT_START;
        if (order->kind != HY_ORDER_MANDATORY || !order->symmetrical || (!promote && !start))
            continue;
        bool pairs = order->then->interleave && order->first->kind == HY_RSC_CLONE;
        enum hy_task then = order->then_action == HY_ACT_PROMOTE ? HY_TASK_PROMOTE : HY_TASK_START;
        mark_carrier(g, order->first, HY_TASK_STOP, order, then, pairs);
        if (promote)
            mark_carrier(g, order->first, HY_TASK_DEMOTE, order, then, pairs);
    }
}

static void hold_what_carries(struct hy_graph *g)
{
    for (uint32_t i = 0; i < g->steps.count; i++) {
        struct hy_step *step = hy_step_at(g, i);
        if (!step->carried || (step->marks & (HY_OPTIONAL | HY_PENDING | HY_PSEUDO)) || !(step->marks & HY_RUNNABLE))
            continue;
        step->marks &= ~(uint32_t)HY_RUNNABLE;
        step->rsc->stuck_by = step->carried;
    }
}

void hy_graph_settle(struct hy_graph *g)
{
    hold_what_carries(g);
    hold_what_waits(g);
    for (size_t i = 0; i < g->s->leaves.count; i++)
        settle_leaf(g, g->s->leaves.items[i]);
}

/* ---------------------------------------------------------------- reload */

/* New parameters that it can take over while it runs, if it is not to be stopped anyway. */
static void add_reload(struct hy_graph *g, struct hy_srsc *leaf)
{
    if (!leaf->managed || !leaf->final || leaf->failed || leaf->start_pending ||
        !hy_sched_is_active_on(leaf, leaf->node) || !leaf->unit->past[leaf->node].reload)
        return;
    static const enum hy_task others[] = {HY_TASK_STOP, HY_TASK_START};
    for (size_t i = 0; i < 2; i++) {
        uint32_t step = hy_graph_find(g, leaf, others[i], leaf->node);
        if (step != HY_NO_ACTION && !hy_step_is(g, step, HY_OPTIONAL))
            return;
    }
    uint32_t number = hy_graph_step(g, leaf, HY_TASK_RELOAD, leaf->node, HY_RUNNABLE);
    struct hy_step *step = hy_step_at(g, number);
    step->sop = hy_sched_op(leaf->unit->prim, "reload", 0);
    step->reason = "its parameters changed, and it takes them over while it runs";
    if (hy_sched_inflight(&leaf->unit->past[leaf->node], "reload", 0))
        step->marks |= HY_PENDING;
    hy_graph_link(g, number, hy_graph_find(g, leaf, HY_TASK_PROMOTE, leaf->node), HY_LINK_WEAK);
    hy_graph_link(g, number, hy_graph_find(g, leaf, HY_TASK_DEMOTE, leaf->node), HY_LINK_WEAK);
    hy_course_of(g, leaf)->reload = true;
}

static void add_reloads(struct hy_graph *g)
{
    for (size_t i = 0; i < g->s->leaves.count; i++)
        add_reload(g, g->s->leaves.items[i]);
}

void hy_sched_act(struct hy_sched *s)
{
    struct hy_graph g = {.s = s, .arena = &s->scratch};
    hy_graph_begin(&g);
    for (size_t i = 0; i < s->leaves.count; i++)
        hy_graph_tasks(&g, s->leaves.items[i]);
    hy_graph_fencing(&g);
    hy_graph_collectives(&g);
    hy_graph_orders(&g);
    hy_graph_probes(&g);
    hy_graph_answers(&g);
    hy_graph_unfencing(&g);
    hy_graph_carriers(&g);
    hy_graph_propagate(&g);
    hy_graph_doubts(&g);
    hy_graph_settle(&g);
    add_reloads(&g);
    hy_graph_room(&g);
    hy_graph_recurring(&g);
    hy_graph_notices(&g);
    hy_graph_finish(&g);
    hy_graph_changes(&g);
    hy_sched_report(s);
    hy_graph_end(&g);
}
