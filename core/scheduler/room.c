/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where capacities count (placement-strategy is not "default"), a node's room is taken only when it is there: what starts
 * there, or migrates there, comes after what stops there (Pacemaker's "load_stopped"). Between two that change places
 * nothing can come first: such an order is left out. It calls for nothing and forbids nothing, so it is seen to once all
 * has been settled.
 */
#include "scheduler/graph.h"

static uint32_t left(struct hy_graph *g, uint32_t *steps, uint32_t node)
{
    if (steps[node] == HY_NO_ACTION)
        steps[node] = hy_graph_step(g, NULL, HY_TASK_LEFT, node, HY_OPTIONAL | HY_RUNNABLE | HY_PSEUDO);
    return steps[node];
}

static void link_stops(struct hy_graph *g, const struct hy_srsc *leaf, uint32_t *steps)
{
    for (uint32_t at = hy_graph_first(g, leaf, HY_TASK_STOP); at != HY_NO_ACTION; at = hy_graph_next(g, at))
        if (!hy_step_is(g, at, HY_OPTIONAL))
            hy_graph_link(g, at, left(g, steps, hy_step_at(g, at)->node), HY_LINK_WEAK);
}

static void link_starts(struct hy_graph *g, const struct hy_srsc *leaf, const uint32_t *steps)
{
    for (uint32_t at = hy_graph_first(g, leaf, HY_TASK_START); at != HY_NO_ACTION; at = hy_graph_next(g, at))
        if (hy_step_at(g, at)->node != HY_NO_NODE)
            hy_graph_link(g, steps[hy_step_at(g, at)->node], at, HY_LINK_WEAK);
    uint32_t go = hy_graph_first(g, leaf, HY_TASK_MIGRATE_TO);
    if (go != HY_NO_ACTION && leaf->node != HY_NO_NODE)
        hy_graph_link(g, steps[leaf->node], go, HY_LINK_WEAK);
}

void hy_graph_room(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    if (s->properties.placement == HY_PLACE_DEFAULT)
        return;
    uint32_t *steps = hy_arena_array(g->arena, s->node_count, sizeof *steps);
    for (uint32_t n = 0; n < s->node_count; n++)
        steps[n] = HY_NO_ACTION;
    for (size_t i = 0; i < s->leaves.count; i++)
        if (s->leaves.items[i]->unit->prim->utilization_count)
            link_stops(g, s->leaves.items[i], steps);
    for (size_t i = 0; i < s->leaves.count; i++)
        if (s->leaves.items[i]->unit->prim->utilization_count)
            link_starts(g, s->leaves.items[i], steps);
}
