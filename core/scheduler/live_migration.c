/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live migration: what can be moved without a stop is, if nothing else is to happen to it on the way. The start becomes a
 * pretence, which migrate_from has done already; the stop clears up on the node that it has left.
 */
#include "scheduler/graph.h"

bool hy_graph_is_half_way(const struct hy_srsc *leaf)
{
    return leaf->migrate_to != HY_NO_NODE && leaf->node == leaf->migrate_to && leaf->active.count == 2 &&
           hy_sched_is_active_on(leaf, leaf->migrate_from) && hy_sched_is_active_on(leaf, leaf->migrate_to);
}

/* Of one that is half way elsewhere nothing can be made: it is stopped on both, and started. Instances of anonymous clones do
 * not migrate: of which one the history told could not be said (see hy_sched_migrated()). */
static bool can_migrate(const struct hy_graph *g, const struct hy_srsc *leaf, uint32_t from)
{
    return leaf->allow_migrate && !leaf->unit->anonymous && !leaf->failed && !leaf->start_pending &&
           !leaf->unit->past[from].arriving && !g->s->nodes[from].unclean &&
           (hy_graph_is_half_way(leaf) ||
            (leaf->active.count == 1 && leaf->migrate_to == HY_NO_NODE && !leaf->dangling.count));
}

static uint32_t add(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task, uint32_t node, bool pending)
{
    uint32_t marks = HY_OPTIONAL | HY_MIGRATABLE;
    if (g->s->nodes[node].member && !g->s->nodes[node].pending)
        marks |= HY_RUNNABLE;
    if (pending)
        marks = (marks & ~(uint32_t)HY_OPTIONAL) | HY_PENDING | HY_RUNNABLE;
    uint32_t step = hy_graph_step(g, leaf, task, node, marks);
    hy_step_at(g, step)->sop =
        hy_sched_op(leaf->unit->prim, task == HY_TASK_MIGRATE_TO ? "migrate_to" : "migrate_from", 0);
    return step;
}

static void tell_nodes(struct hy_graph *g, uint32_t number, uint32_t from, uint32_t to)
{
    if (number == HY_NO_ACTION)
        return;
    struct hy_step *step = hy_step_at(g, number);
    step->meta = hy_arena_array(&g->s->decision->arena, 2, sizeof *step->meta);
    step->meta[0] = (struct hy_attr){.name = "migrate_source", .value = (char *)(uintptr_t)g->s->nodes[from].name};
    step->meta[1] = (struct hy_attr){.name = "migrate_target", .value = (char *)(uintptr_t)g->s->nodes[to].name};
    step->meta_count = 2;
}

void hy_graph_migration(struct hy_graph *g, struct hy_srsc *leaf)
{
    bool half_way = hy_graph_is_half_way(leaf);
    uint32_t from = half_way ? leaf->migrate_from : leaf->active.items[0], to = leaf->node;
    uint32_t stop = hy_graph_find(g, leaf, HY_TASK_STOP, from), start = hy_graph_find(g, leaf, HY_TASK_START, to);
    if (!can_migrate(g, leaf, from) || stop == HY_NO_ACTION || start == HY_NO_ACTION ||
        hy_step_is(g, stop, HY_PENDING) || hy_step_is(g, start, HY_PENDING))
        return;
    hy_step_at(g, start)->marks |= HY_MIGRATABLE | HY_PSEUDO;
    hy_step_at(g, stop)->marks |= HY_MIGRATABLE;
    uint32_t go = HY_NO_ACTION, come = add(g, leaf, HY_TASK_MIGRATE_FROM, to, leaf->unit->past[to].migrating_from);
    if (!half_way) {
        go = add(g, leaf, HY_TASK_MIGRATE_TO, from, leaf->unit->past[from].migrating_to);
        hy_graph_link(g, go, come, HY_LINK_MIGRATION);
    }
    hy_graph_link(g, come, stop, HY_LINK_MIGRATION);
    hy_graph_link(g, come, start, HY_LINK_MIGRATION | HY_LINK_PRETENCE);
    tell_nodes(g, go, from, to);
    tell_nodes(g, come, from, to);
}

/* ---------------------------------------------------------------- orders */

static void link_unless_first_migrates(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task,
                                       struct hy_srsc *then, enum hy_task then_task)
{
    for (uint32_t f = hy_graph_first(g, first, first_task); f != HY_NO_ACTION; f = hy_graph_next(g, f))
        for (uint32_t t = hy_graph_first(g, then, then_task); t != HY_NO_ACTION; t = hy_graph_next(g, t))
            if (!hy_step_is(g, f, HY_PSEUDO))
                hy_graph_link(g, f, t, HY_LINK_ORDER);
}

/* What goes for starts and stops, goes for the migration that they become. */
void hy_graph_migration_orders(struct hy_graph *g, struct hy_srsc *first, enum hy_task first_task, struct hy_srsc *then,
                               enum hy_task then_task)
{
    if (hy_graph_first(g, then, HY_TASK_MIGRATE_FROM) == HY_NO_ACTION || (first_task & 1u) != (then_task & 1u))
        return;
    if (then_task != HY_TASK_START && then_task != HY_TASK_STOP)
        return;
    hy_graph_link_all(g, first, HY_TASK_MIGRATE_TO, then, HY_TASK_MIGRATE_TO, HY_LINK_ORDER);
    link_unless_first_migrates(g, first, first_task, then, HY_TASK_MIGRATE_TO);
    if (hy_graph_is_half_way(then))
        link_unless_first_migrates(g, first, first_task, then, HY_TASK_MIGRATE_FROM);
}
