/* SPDX-License-Identifier: Apache-2.0 */
/* Which action comes after which: within a resource, within groups and clones, by orders, and by colocations. */
#include "scheduler/model.h"

#include "base/mutant.h"

void hy_sched_after(struct hy_sched *s, uint32_t then, uint32_t first)
{
    if (then == HY_NO_ACTION || first == HY_NO_ACTION || then == first)
        return;
    struct hy_draft *draft = &s->drafts.items[then];
    for (size_t i = 0; i < draft->after.count; i++)
        if (draft->after.items[i] == first)
            return;
    hy_arena_vec_push(&s->scratch, &draft->after, first);
}

/* ---------------------------------------------------------------- within a resource */

static void order_within(struct hy_sched *s, struct hy_srsc *leaf)
{
    if (HY_MUTANT(START_BEFORE_STOP))
        return;
    uint32_t begin = leaf->start_action != HY_NO_ACTION ? leaf->start_action : leaf->promote_action;
    for (size_t i = 0; i < leaf->stop_actions.count; i++)
        hy_sched_after(s, begin, leaf->stop_actions.items[i]);
    hy_sched_after(s, leaf->promote_action, leaf->start_action);
    hy_sched_after(s, leaf->promote_action, leaf->demote_action);
    const struct hy_unit *unit = leaf->unit;
    for (uint32_t n = 0; n < s->node_count && leaf->start_action != HY_NO_ACTION; n++)
        if (!unit->everywhere || n == leaf->node)
            hy_sched_after(s, leaf->start_action, unit->past[n].probe_action);
}

/* ---------------------------------------------------------------- between two */

/* Calls for each action of a kind that the leaf is to do. */
static size_t actions_of(const struct hy_srsc *leaf, enum hy_action_kind kind, const uint32_t **list)
{
    const uint32_t *one = NULL;
    if (kind == HY_ACT_STOP) {
        *list = leaf->stop_actions.items;
        return leaf->stop_actions.count;
    }
    if (kind == HY_ACT_START)
        one = &leaf->start_action;
    else if (kind == HY_ACT_PROMOTE)
        one = &leaf->promote_action;
    else
        one = &leaf->demote_action;
    *list = one;
    return *one == HY_NO_ACTION ? 0 : 1;
}

struct link {
    enum hy_action_kind first, then;
    bool same_node;  /* interleaved */
    bool optional;   /* what cannot be done is not waited for */
    bool no_circles; /* leave it out where it would close one */
    bool under_way;  /* only behind what is under way already */
};

static bool reaches(const struct hy_sched *s, uint32_t from, uint32_t to, uint8_t *seen)
{
    if (from == to)
        return true;
    if (seen[from])
        return false;
    seen[from] = 1;
    const struct hy_draft *draft = &s->drafts.items[from];
    for (size_t i = 0; i < draft->after.count; i++)
        if (reaches(s, draft->after.items[i], to, seen))
            return true;
    return false;
}

static void link_leaves(struct hy_sched *s, const struct hy_srsc *first, const struct hy_srsc *then, struct link link)
{
    const uint32_t *firsts, *thens;
    size_t first_count = actions_of(first, link.first, &firsts);
    size_t then_count = actions_of(then, link.then, &thens);
    for (size_t t = 0; t < then_count; t++)
        for (size_t f = 0; f < first_count; f++) {
            const struct hy_draft *one = &s->drafts.items[firsts[f]];
            if (s->drafts.items[thens[t]].out.pending || (link.under_way && !one->out.pending))
                continue; /* what is under way waits for nothing any more */
            if (link.same_node && one->node != s->drafts.items[thens[t]].node)
                continue;
            if (link.optional && one->out.blocked)
                continue;
            if (link.no_circles && reaches(s, firsts[f], thens[t], hy_arena_array(&s->scratch, s->drafts.count, 1)))
                continue;
            hy_sched_after(s, thens[t], firsts[f]);
        }
}

static void link_trees(struct hy_sched *s, const struct hy_srsc *first, const struct hy_srsc *then, struct link link)
{
    if (first->kind != HY_RSC_PRIMITIVE) {
        for (size_t i = 0; i < first->children.count; i++)
            link_trees(s, first->children.items[i], then, link);
        return;
    }
    if (then->kind != HY_RSC_PRIMITIVE) {
        for (size_t i = 0; i < then->children.count; i++)
            link_trees(s, first, then->children.items[i], link);
        return;
    }
    link_leaves(s, first, then, link);
}

/* ---------------------------------------------------------------- orders */

static enum hy_action_kind inverse(enum hy_action_kind kind)
{
    switch (kind) {
    case HY_ACT_STOP:
        return HY_ACT_START;
    case HY_ACT_PROMOTE:
        return HY_ACT_DEMOTE;
    case HY_ACT_DEMOTE:
        return HY_ACT_PROMOTE;
    default:
        return HY_ACT_STOP;
    }
}

static void serialize(struct hy_sched *s, const struct hy_sorder *order)
{
    static const enum hy_action_kind kinds[] = {HY_ACT_START, HY_ACT_STOP, HY_ACT_PROMOTE, HY_ACT_DEMOTE};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            link_trees(s, order->first, order->then,
                       (struct link){.first = kinds[i], .then = kinds[j], .optional = true, .no_circles = true});
    /* Where a circle forbade one way round, the other one holds. */
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++)
            link_trees(s, order->then, order->first,
                       (struct link){.first = kinds[i], .then = kinds[j], .optional = true, .no_circles = true});
}

/* A start under way makes active what is to be stopped first: it is waited for, and the next decision sees to the stop. */
static void wait_for_arrival(struct hy_sched *s, const struct hy_srsc *first, const struct hy_srsc *then,
                             struct link link)
{
    link.under_way = true;
    link_trees(s, then, first, link);
}

static void apply_order(struct hy_sched *s, const struct hy_sorder *order)
{
    if (order->kind == HY_ORDER_SERIALIZE || HY_MUTANT(ORDERS_IGNORED))
        return;
    bool optional = order->kind == HY_ORDER_OPTIONAL;
    bool same_node = order->then->interleave && order->first->kind == HY_RSC_CLONE && order->then->kind == HY_RSC_CLONE;
    link_trees(
        s, order->first, order->then,
        (struct link){
            .first = order->first_action, .then = order->then_action, .same_node = same_node, .optional = optional});
    if (!order->symmetrical)
        return;
    link_trees(s, order->then, order->first,
               (struct link){.first = inverse(order->then_action),
                             .then = inverse(order->first_action),
                             .same_node = same_node,
                             .optional = optional});
    if (optional)
        return;
    wait_for_arrival(
        s, order->first, order->then,
        (struct link){.first = order->then_action, .then = inverse(order->first_action), .same_node = same_node});
    /* What had to stop for the first's sake has stopped before that one begins. */
    link_trees(s, order->then, order->first,
               (struct link){.first = inverse(order->then_action),
                             .then = order->first_action,
                             .same_node = same_node,
                             .no_circles = true});
}

/* ---------------------------------------------------------------- groups, ordered clones */

static void chain(struct hy_sched *s, const struct hy_srsc *first, const struct hy_srsc *then)
{
    link_trees(s, first, then, (struct link){.first = HY_ACT_START, .then = HY_ACT_START});
    link_trees(s, first, then, (struct link){.first = HY_ACT_PROMOTE, .then = HY_ACT_PROMOTE});
    link_trees(s, then, first, (struct link){.first = HY_ACT_STOP, .then = HY_ACT_STOP});
    link_trees(s, then, first, (struct link){.first = HY_ACT_DEMOTE, .then = HY_ACT_DEMOTE});
    wait_for_arrival(s, first, then, (struct link){.first = HY_ACT_START, .then = HY_ACT_STOP});
    link_trees(s, then, first, (struct link){.first = HY_ACT_STOP, .then = HY_ACT_START, .no_circles = true});
}

static void order_children(struct hy_sched *s, const struct hy_srsc *rsc)
{
    bool in_order = rsc->kind == HY_RSC_GROUP || (rsc->kind == HY_RSC_CLONE && rsc->ordered);
    for (size_t i = 1; in_order && i < rsc->children.count; i++)
        chain(s, rsc->children.items[i - 1], rsc->children.items[i]);
}

/* ---------------------------------------------------------------- colocations */

/* Who may not be beside another comes when that one has gone. */
static void keep_apart(struct hy_sched *s, const struct hy_scoloc *colocation)
{
    if (colocation->score > -HY_INFINITY || colocation->attribute)
        return;
    struct link link = {.first = HY_ACT_STOP, .then = HY_ACT_START, .same_node = true, .no_circles = true};
    link_trees(s, colocation->primary, colocation->dependent, link);
    link_trees(s, colocation->dependent, colocation->primary, link);
}

void hy_sched_order_actions(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++)
        order_within(s, s->leaves.items[i]);
    for (size_t i = 0; i < s->rscs.count; i++)
        order_children(s, s->rscs.items[i]);
    for (size_t i = 0; i < s->orders.count; i++)
        apply_order(s, s->orders.items[i]);
    for (size_t i = 0; i < s->colocations.count; i++)
        keep_apart(s, s->colocations.items[i]);
    for (size_t i = 0; i < s->orders.count; i++)
        if (s->orders.items[i]->kind == HY_ORDER_SERIALIZE)
            serialize(s, s->orders.items[i]);
}
