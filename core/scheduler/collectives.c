/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups and clones: the steps from which all members begin and in which they end, and the order among the members: a
 * group's one behind the other, an ordered clone's instances in the order of their numbers, others side by side.
 */
#include "scheduler/graph.h"

static const enum hy_task tasks[] = {HY_TASK_START, HY_TASK_STOP, HY_TASK_PROMOTE, HY_TASK_DEMOTE};

static bool anything_starts(const struct hy_graph *g, const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (anything_starts(g, rsc->children.items[i]))
            return true;
    uint32_t start = rsc->kind == HY_RSC_PRIMITIVE ? hy_graph_first(g, rsc, HY_TASK_START) : HY_NO_ACTION;
    return start != HY_NO_ACTION && !hy_step_is(g, start, HY_OPTIONAL) && hy_step_is(g, start, HY_RUNNABLE);
}

/* A clone of which instances only stop does not keep from migrating what comes behind it. */
static void add_ends(struct hy_graph *g, struct hy_srsc *rsc)
{
    struct hy_course *course = hy_course_of(g, rsc);
    const uint32_t marks = HY_OPTIONAL | HY_RUNNABLE | HY_PSEUDO;
    for (size_t i = 0; i < 4; i++) {
        course->begin[tasks[i]] = hy_graph_step(g, rsc, tasks[i], HY_NO_NODE, marks);
        course->done[tasks[i]] = hy_graph_step(g, rsc, tasks[i] + HY_TASK_DONE, HY_NO_NODE, marks);
    }
    if (rsc->kind == HY_RSC_CLONE && !anything_starts(g, rsc))
        hy_step_at(g, course->begin[HY_TASK_STOP])->marks |= HY_MIGRATABLE;
}

/* What a link leads to, and where it comes from. */
static void link_member(struct hy_graph *g, struct hy_srsc *rsc, struct hy_srsc *member)
{
    const struct hy_course *course = hy_course_of(g, rsc);
    for (size_t i = 0; i < 4; i++) {
        uint32_t begin = course->begin[tasks[i]], done = course->done[tasks[i]];
        if (member->kind != HY_RSC_PRIMITIVE) {
            hy_graph_link(g, begin, hy_course_of(g, member)->begin[tasks[i]], HY_LINK_PART);
            hy_graph_link(g, hy_course_of(g, member)->done[tasks[i]], done, HY_LINK_PART);
            continue;
        }
        for (uint32_t at = hy_graph_first(g, member, tasks[i]); at != HY_NO_ACTION; at = hy_graph_next(g, at)) {
            hy_graph_link(g, begin, at, HY_LINK_PART);
            hy_graph_link(g, at, done, HY_LINK_PART);
        }
    }
}

/* ---------------------------------------------------------------- members behind one another */

void hy_graph_link_all(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                       enum hy_task then_task, uint32_t marks)
{
    for (uint32_t f = hy_graph_first(g, first, first_task); f != HY_NO_ACTION; f = hy_graph_next(g, f))
        for (uint32_t t = hy_graph_first(g, then, then_task); t != HY_NO_ACTION; t = hy_graph_next(g, t))
            hy_graph_link(g, f, t, marks);
}

/* A start or promotion that is not there forbids what comes behind it. */
void hy_graph_ensure(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task)
{
    if (hy_graph_first(g, leaf, task) == HY_NO_ACTION)
        hy_graph_step(g, leaf, task, HY_NO_NODE, HY_OPTIONAL | HY_ABSENT_ACTION);
}

/* A start under way makes active what is to be stopped first: it is waited for, and the next decision sees to the stop. */
static void wait_for_arrival(struct hy_graph *g, struct hy_srsc *first, struct hy_srsc *then)
{
    for (uint32_t t = hy_graph_first(g, then, HY_TASK_START); t != HY_NO_ACTION; t = hy_graph_next(g, t))
        if (hy_step_is(g, t, HY_PENDING))
            for (uint32_t f = hy_graph_first(g, first, HY_TASK_STOP); f != HY_NO_ACTION; f = hy_graph_next(g, f))
                hy_graph_link(g, t, f, HY_LINK_ORDER);
}

static void chain_members(struct hy_graph *g, struct hy_srsc *first, struct hy_srsc *then)
{
    hy_graph_ensure(g, first, HY_TASK_START);
    hy_graph_link_all(g, first, HY_TASK_START, then, HY_TASK_START, HY_LINK_NEEDS | HY_LINK_CALLS);
    hy_graph_link_all(g, then, HY_TASK_STOP, first, HY_TASK_STOP, HY_LINK_RESTART | HY_LINK_HOLDS);
    if (hy_graph_first(g, then, HY_TASK_PROMOTE) != HY_NO_ACTION) {
        hy_graph_ensure(g, first, HY_TASK_PROMOTE);
        hy_graph_link_all(g, first, HY_TASK_PROMOTE, then, HY_TASK_PROMOTE, HY_LINK_NEEDS | HY_LINK_CALLS);
    }
    hy_graph_link_all(g, then, HY_TASK_DEMOTE, first, HY_TASK_DEMOTE, HY_LINK_ORDER);
    hy_graph_migration_orders(g, first, HY_TASK_START, then, HY_TASK_START);
    hy_graph_migration_orders(g, then, HY_TASK_STOP, first, HY_TASK_STOP);
    /* A member that was put in between comes up when those behind it have gone down; what is stuck never does. */
    if (then->active.count && !first->active.count && !then->blocked)
        hy_graph_link_all(g, then, HY_TASK_STOP, first, HY_TASK_START, HY_LINK_NEEDS | HY_LINK_HOLDS);
    if (g->any_flight)
        wait_for_arrival(g, first, then);
}

static void chain_instances(struct hy_graph *g, struct hy_srsc *first, struct hy_srsc *then)
{
    for (size_t i = 0; i < 4; i++) {
        bool up = tasks[i] == HY_TASK_START || tasks[i] == HY_TASK_PROMOTE;
        struct hy_srsc *a = up ? first : then, *b = up ? then : first;
        if (a->kind == HY_RSC_PRIMITIVE)
            hy_graph_link_all(g, a, tasks[i], b, tasks[i], HY_LINK_ORDER);
        else
            hy_graph_link(g, hy_course_of(g, a)->done[tasks[i]], hy_course_of(g, b)->begin[tasks[i]], HY_LINK_ORDER);
    }
}

/* All that are to be demoted are, before any is promoted. */
static void link_phases(struct hy_graph *g, const struct hy_srsc *clone)
{
    const struct hy_course *course = hy_course_of(g, clone);
    if (clone->promotable)
        hy_graph_link(g, course->done[HY_TASK_DEMOTE], course->begin[HY_TASK_PROMOTE], HY_LINK_WEAK | HY_LINK_PART);
}

static void link_collective(struct hy_graph *g, struct hy_srsc *rsc)
{
    bool chained = rsc->kind == HY_RSC_GROUP && rsc->meta.chained;
    for (size_t i = 0; i < rsc->children.count; i++) {
        link_member(g, rsc, rsc->children.items[i]);
        if (i && chained)
            chain_members(g, rsc->children.items[i - 1], rsc->children.items[i]);
        else if (i && rsc->kind == HY_RSC_CLONE && rsc->ordered)
            chain_instances(g, rsc->children.items[i - 1], rsc->children.items[i]);
    }
    if (rsc->kind == HY_RSC_CLONE)
        link_phases(g, rsc);
}

/* Instances of an anonymous clone have one name: of two that change places, one stops on a node before the other one
 * starts there. */
static void link_namesakes(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->leaves.count; i++) {
        const struct hy_srsc *leaf = s->leaves.items[i];
        uint32_t start = leaf->unit->anonymous ? hy_graph_first(g, leaf, HY_TASK_START) : HY_NO_ACTION;
        uint32_t node = start == HY_NO_ACTION ? HY_NO_NODE : hy_step_at(g, start)->node;
        uint32_t stop = node == HY_NO_NODE ? HY_NO_ACTION : leaf->unit->past[node].stop_step;
        if (stop != HY_NO_ACTION && hy_step_at(g, stop)->rsc != leaf)
            hy_graph_link(g, stop, start, HY_LINK_NEEDS);
    }
}

void hy_graph_collectives(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    link_namesakes(g);
    for (size_t i = 0; i < s->rscs.count; i++)
        if (s->rscs.items[i]->kind != HY_RSC_PRIMITIVE)
            add_ends(g, s->rscs.items[i]);
    for (size_t i = 0; i < s->rscs.count; i++)
        if (s->rscs.items[i]->kind != HY_RSC_PRIMITIVE)
            link_collective(g, s->rscs.items[i]);
}
