/* SPDX-License-Identifier: Apache-2.0 */
/* The orders of the configuration, and what must not be on one node with another, become links. */
#include "scheduler/graph.h"

#include "base/mutant.h"

static enum hy_task task_of(enum hy_action_kind kind)
{
    switch (kind) {
    case HY_ACT_STOP:
        return HY_TASK_STOP;
    case HY_ACT_PROMOTE:
        return HY_TASK_PROMOTE;
    case HY_ACT_DEMOTE:
        return HY_TASK_DEMOTE;
    default:
        return HY_TASK_START;
    }
}

static enum hy_task opposite(enum hy_task task)
{
    return task ^ 1u;
}

static bool begins(enum hy_task task)
{
    return task == HY_TASK_START || task == HY_TASK_PROMOTE;
}

/* ---------------------------------------------------------------- two resources */

static void link_to_all(struct hy_graph *g, uint32_t first, struct hy_srsc *then, enum hy_task task, uint32_t marks)
{
    if (then->kind != HY_RSC_PRIMITIVE) {
        hy_graph_link(g, first, hy_course_of(g, then)->begin[task], marks);
        return;
    }
    for (uint32_t t = hy_graph_first(g, then, task); t != HY_NO_ACTION; t = hy_graph_next(g, t))
        hy_graph_link(g, first, t, marks);
}

/* From the end of one to the beginning of the other. */
static void link_two(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                     enum hy_task then_task, uint32_t marks)
{
    if (first->kind != HY_RSC_PRIMITIVE) {
        link_to_all(g, hy_course_of(g, first)->done[first_task], then, then_task, marks);
        return;
    }
    if (begins(first_task) && (marks & (HY_LINK_NEEDS | HY_LINK_ONE_WAY)))
        hy_graph_ensure(g, first, first_task);
    for (uint32_t f = hy_graph_first(g, first, first_task); f != HY_NO_ACTION; f = hy_graph_next(g, f))
        link_to_all(g, f, then, then_task, marks);
    if (then->kind == HY_RSC_PRIMITIVE && !(marks & (HY_LINK_WEAK | HY_LINK_SERIAL)))
        hy_graph_migration_orders(g, first, first_task, then, then_task);
}

/* ---------------------------------------------------------------- interleaved clones */

static uint32_t place_of(const struct hy_srsc *rsc, bool now)
{
    if (rsc->kind != HY_RSC_PRIMITIVE) {
        uint32_t node = HY_NO_NODE;
        for (size_t i = 0; i < rsc->children.count && node == HY_NO_NODE; i++)
            node = place_of(rsc->children.items[i], now);
        return node;
    }
    if (now)
        return rsc->active.count ? rsc->active.items[0] : HY_NO_NODE;
    return rsc->node;
}

/* Its start, and what goes with it, cannot be; so it stops, if it runs. */
static void forbid_start(struct hy_graph *g, struct hy_srsc *rsc, enum hy_task task)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        forbid_start(g, rsc->children.items[i], task);
    if (rsc->kind != HY_RSC_PRIMITIVE)
        return;
    for (uint32_t at = hy_graph_first(g, rsc, task); at != HY_NO_ACTION; at = hy_graph_next(g, at))
        if (hy_step_is(g, at, HY_PENDING))
            hy_graph_undo(g, at);
        else
            hy_step_at(g, at)->marks &= ~(uint32_t)HY_RUNNABLE;
}

/* Only what is on the same node counts, by pairs. */
static void link_pairs(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                       enum hy_task then_task, uint32_t marks)
{
    struct hy_sched *s = g->s;
    bool now = !begins(then_task);
    struct hy_srsc **on = hy_arena_array(g->arena, s->node_count, sizeof(struct hy_srsc *));
    for (size_t i = first->children.count; i-- > 0;) {
        uint32_t node = place_of(first->children.items[i], !begins(first_task));
        if (node != HY_NO_NODE)
            on[node] = first->children.items[i];
    }
    for (size_t i = 0; i < then->children.count; i++) {
        uint32_t node = place_of(then->children.items[i], now);
        if (node == HY_NO_NODE)
            continue;
        if (on[node])
            link_two(g, on[node], first_task, then->children.items[i], then_task, marks);
        else if (!now && begins(first_task) && (marks & (HY_LINK_NEEDS | HY_LINK_CALLS)))
            forbid_start(g, then->children.items[i], then_task);
    }
}

/* The one that comes behind says whether it goes by its neighbour alone. */
static void link_rscs(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                      enum hy_task then_task, uint32_t marks, bool pairs)
{
    if (pairs)
        link_pairs(g, first, first_task, then, then_task, marks);
    else
        link_two(g, first, first_task, then, then_task, marks);
}

/* ---------------------------------------------------------------- one order */

static void wait_for_arrival(struct hy_graph *g, struct hy_srsc *arriving, enum hy_task task, struct hy_srsc *first,
                             enum hy_task first_task)
{
    for (size_t i = 0; i < arriving->children.count; i++)
        wait_for_arrival(g, arriving->children.items[i], task, first, first_task);
    if (arriving->kind != HY_RSC_PRIMITIVE)
        return;
    for (uint32_t at = hy_graph_first(g, arriving, task); at != HY_NO_ACTION; at = hy_graph_next(g, at))
        if (hy_step_is(g, at, HY_PENDING))
            link_to_all(g, at, first, first_task, HY_LINK_ORDER);
}

static void serialize(struct hy_graph *g, const struct hy_sorder *order)
{
    for (enum hy_task f = HY_TASK_START; f <= HY_TASK_DEMOTE; f++)
        for (enum hy_task t = HY_TASK_START; t <= HY_TASK_DEMOTE; t++)
            link_two(g, order->first, f, order->then, t, HY_LINK_SERIAL);
}

/* ---------------------------------------------------------------- as many as it takes */

static uint32_t new_gate(struct hy_graph *g, uint32_t required, const struct hy_srsc *of)
{
    uint32_t gate = hy_graph_step(g, NULL, HY_TASK_GATE, HY_NO_NODE, HY_OPTIONAL | HY_RUNNABLE | HY_PSEUDO);
    hy_step_at(g, gate)->required = required;
    hy_step_at(g, gate)->gated = of;
    return gate;
}

static void link_to_gate(struct hy_graph *g, struct hy_srsc *rsc, enum hy_task task, uint32_t gate)
{
    if (rsc->kind != HY_RSC_PRIMITIVE) {
        hy_graph_link(g, hy_course_of(g, rsc)->done[task], gate, HY_LINK_ORDER);
        return;
    }
    for (uint32_t f = hy_graph_first(g, rsc, task); f != HY_NO_ACTION; f = hy_graph_next(g, f))
        hy_graph_link(g, f, gate, HY_LINK_ORDER);
}

/* How many of a clone's instances must be up; 0: each for the one beside it, or all. */
static uint32_t enough(const struct hy_sorder *order)
{
    const char *text = order->object ? hy_attrs_get(&order->object->u.order.options, "require-all") : NULL;
    bool all = true;
    if (text)
        hy_parse_bool(text, &all);
    return order->first->clone_min ? order->first->clone_min : order->first->kind == HY_RSC_CLONE && !all;
}

/* clone-min: so many instances must be up, whichever, and whatever kind of order it is (as the peer has it). */
static void link_enough(struct hy_graph *g, const struct hy_sorder *order, enum hy_task first, enum hy_task then)
{
    uint32_t gate = new_gate(g, enough(order), order->first);
    for (size_t i = 0; i < order->first->children.count; i++)
        link_to_gate(g, order->first->children.items[i], first, gate);
    link_to_all(g, gate, order->then, then, HY_LINK_NEEDS);
}

/* require-all=false: one of them must be up. */
static void apply_gate(struct hy_graph *g, const struct hy_sgate *sets)
{
    uint32_t gate = new_gate(g, 1, sets->firsts.count ? sets->firsts.items[0] : NULL);
    for (size_t i = 0; i < sets->firsts.count; i++)
        link_to_gate(g, sets->firsts.items[i], task_of(sets->first_action), gate);
    for (size_t i = 0; i < sets->thens.count; i++)
        link_to_all(g, gate, sets->thens.items[i], task_of(sets->then_action),
                    sets->kind == HY_ORDER_MANDATORY ? HY_LINK_NEEDS : HY_LINK_ORDER);
}

static bool goes_in_pairs(const struct hy_sorder *order)
{
    return order->then->interleave && order->first->kind == HY_RSC_CLONE && order->then->kind == HY_RSC_CLONE;
}

static void apply_order(struct hy_graph *g, const struct hy_sorder *order)
{
    enum hy_task first = task_of(order->first_action), then = task_of(order->then_action);
    bool pairs = goes_in_pairs(order);
    if (enough(order) && begins(first))
        link_enough(g, order, first, then);
    if (order->kind == HY_ORDER_SERIALIZE) {
        serialize(g, order);
        return;
    }
    uint32_t marks = HY_LINK_ORDER;
    if (order->kind == HY_ORDER_MANDATORY && !order->symmetrical)
        marks = HY_LINK_ONE_WAY;
    else if (order->kind == HY_ORDER_MANDATORY)
        marks = HY_LINK_CALLS | HY_LINK_HOLDS | (begins(first) ? HY_LINK_NEEDS : 0);
    if (!enough(order) || !begins(first))
        link_rscs(g, order->first, first, order->then, then, marks, pairs);
    if (!order->symmetrical)
        return;
    bool mandatory = order->kind == HY_ORDER_MANDATORY;
    link_rscs(g, order->then, opposite(then), order->first, opposite(first),
              mandatory ? HY_LINK_HOLDS | HY_LINK_INVERSE : HY_LINK_ORDER, pairs);
    if (!mandatory)
        return;
    if (g->any_flight)
        wait_for_arrival(g, order->then, then, order->first, opposite(first));
    /* What had to stop for the first's sake has stopped before that one begins. */
    if (begins(first) && begins(then))
        link_rscs(g, order->then, opposite(then), order->first, first, HY_LINK_WEAK | HY_LINK_PART, pairs);
}

/* ---------------------------------------------------------------- apart */

/* Who may not be beside another comes when that one has gone. */
static void link_apart(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                       enum hy_task then_task)
{
    if (first->kind != HY_RSC_PRIMITIVE) {
        for (size_t i = 0; i < first->children.count; i++)
            link_apart(g, first->children.items[i], first_task, then, then_task);
        return;
    }
    if (then->kind != HY_RSC_PRIMITIVE) {
        for (size_t i = 0; i < then->children.count; i++)
            link_apart(g, first, first_task, then->children.items[i], then_task);
        return;
    }
    for (uint32_t f = hy_graph_first(g, first, first_task); f != HY_NO_ACTION; f = hy_graph_next(g, f))
        for (uint32_t t = hy_graph_first(g, then, then_task); t != HY_NO_ACTION; t = hy_graph_next(g, t))
            if (hy_step_at(g, f)->node == hy_step_at(g, t)->node)
                hy_graph_link(g, f, t, HY_LINK_WEAK | HY_LINK_PART);
}

static void keep_apart(struct hy_graph *g, const struct hy_scoloc *colocation)
{
    if (colocation->score > -HY_INFINITY || colocation->attribute)
        return;
    bool p = colocation->primary_role == HY_ROLE_PROMOTED, d = colocation->dependent_role == HY_ROLE_PROMOTED;
    enum hy_task primary = p ? HY_TASK_PROMOTE : HY_TASK_START, dependent = d ? HY_TASK_PROMOTE : HY_TASK_START;
    link_apart(g, colocation->primary, opposite(primary), colocation->dependent, dependent);
    link_apart(g, colocation->dependent, opposite(dependent), colocation->primary, primary);
}

void hy_graph_orders(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->orders.count && !HY_MUTANT(ORDERS_IGNORED); i++)
        apply_order(g, s->orders.items[i]);
    for (size_t i = 0; i < s->gates.count && !HY_MUTANT(ORDERS_IGNORED); i++)
        apply_gate(g, s->gates.items[i]);
    for (size_t i = 0; i < s->colocations.count; i++)
        keep_apart(g, s->colocations.items[i]);
}

/* ---------------------------------------------------------------- what is asked first */

/* `task`: a stop or demotion. `pairs`: only on the node that is asked. */
static void wait_for_answer(struct hy_graph *g, uint32_t probe, struct hy_srsc *first, enum hy_task task, bool pairs)
{
    for (size_t i = 0; i < first->children.count; i++)
        wait_for_answer(g, probe, first->children.items[i], task, pairs);
    if (first->kind != HY_RSC_PRIMITIVE)
        return;
    for (uint32_t at = hy_graph_first(g, first, task); at != HY_NO_ACTION; at = hy_graph_next(g, at))
        if (!pairs || hy_step_at(g, at)->node == hy_step_at(g, probe)->node)
            hy_graph_link(g, probe, at, HY_LINK_ORDER);
}

static bool may_end(const struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (may_end(g, rsc->children.items[i], task))
            return true;
    return rsc->kind == HY_RSC_PRIMITIVE && hy_graph_first(g, rsc, task) != HY_NO_ACTION;
}

static void ask_before(struct hy_graph *g, const struct hy_srsc *then, struct hy_srsc *first, enum hy_task task,
                       bool pairs)
{
    for (size_t i = 0; i < then->children.count; i++)
        ask_before(g, then->children.items[i], first, task, pairs);
    if (then->kind != HY_RSC_PRIMITIVE || !hy_course_of(g, then)->asked)
        return;
    for (uint32_t n = 0; n < g->s->node_count; n++)
        if (then->unit->past[n].probe_action != HY_NO_ACTION)
            wait_for_answer(g, then->unit->past[n].probe_action, first, task, pairs);
}

/* What comes behind may run where nobody has asked yet: what is before it is not stopped until the answer is there. */
void hy_graph_answers(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->orders.count && !HY_MUTANT(ORDERS_IGNORED); i++) {
        const struct hy_sorder *order = s->orders.items[i];
        enum hy_task first = task_of(order->first_action);
        if (order->kind == HY_ORDER_MANDATORY && order->symmetrical && begins(first) &&
            may_end(g, order->first, opposite(first)))
            ask_before(g, order->then, order->first, opposite(first), goes_in_pairs(order));
    }
    for (size_t i = 0; i < s->rscs.count; i++) {
        const struct hy_srsc *group = s->rscs.items[i];
        for (size_t m = 1; m < group->children.count && group->kind == HY_RSC_GROUP && group->meta.chained; m++)
            if (may_end(g, group->children.items[m - 1], HY_TASK_STOP))
                ask_before(g, group->children.items[m], group->children.items[m - 1], HY_TASK_STOP, true);
    }
}
