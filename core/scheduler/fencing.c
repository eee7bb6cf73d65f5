/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that may run something and cannot be asked, or must not go on, are fenced. What was to be stopped there has
 * stopped with that; what needs to know that the node is gone waits for it.
 */
#include "scheduler/graph.h"

static bool can_fence(const struct hy_sched *s, const struct hy_snode *node)
{
    const struct hy_properties *p = &s->properties;
    return p->fencing && p->fencing_device && (p->no_quorum == HY_QUORUM_THERE || node->member);
}

static bool anything_managed(const struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++)
        if (s->leaves.items[i]->managed)
            return true;
    return false;
}

static uint32_t fence(struct hy_graph *g, uint32_t node)
{
    const struct hy_snode *at = &g->s->nodes[node];
    uint32_t number = hy_graph_step(g, NULL, HY_TASK_FENCE, node, HY_RUNNABLE);
    struct hy_step *step = hy_step_at(g, number);
    step->op = g->s->properties.fence_op;
    step->reason = at->fence_reason ? at->fence_reason : "it may run something, and cannot be asked";
    return number;
}

/* The answer would never come, or does not matter: the fencing stands for it. */
static void stand_for(struct hy_graph *g, struct hy_srsc *leaf, const uint32_t *fences)
{
    bool waits = leaf->node == HY_NO_NODE || leaf->meta.requires >= HY_REQUIRES_FENCING;
    for (uint32_t at = hy_course_of(g, leaf)->steps; at != HY_NO_ACTION; at = hy_step_at(g, at)->next_of_rsc) {
        struct hy_step *step = hy_step_at(g, at);
        bool down = step->task == HY_TASK_STOP || step->task == HY_TASK_DEMOTE;
        if (!down || step->node == HY_NO_NODE || fences[step->node] == HY_NO_ACTION)
            continue;
        step->marks |= HY_PSEUDO | HY_RUNNABLE;
        if (waits)
            hy_graph_link(g, fences[step->node], at, HY_LINK_ORDER);
    }
}

static void wait_for(struct hy_graph *g, struct hy_srsc *leaf, uint32_t fenced)
{
    if (leaf->meta.requires < HY_REQUIRES_FENCING)
        return;
    for (uint32_t at = hy_course_of(g, leaf)->steps; at != HY_NO_ACTION; at = hy_step_at(g, at)->next_of_rsc)
        if (hy_step_at(g, at)->task == HY_TASK_START || hy_step_at(g, at)->task == HY_TASK_PROMOTE)
            hy_graph_link(g, fenced, at, HY_LINK_ORDER);
}

void hy_graph_fencing(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    uint32_t *fences = hy_arena_array(g->arena, s->node_count, sizeof *fences), fenced = HY_NO_ACTION;
    bool managed = anything_managed(s);
    for (uint32_t n = 0; n < s->node_count; n++) {
        fences[n] = s->nodes[n].unclean && managed && can_fence(s, &s->nodes[n]) ? fence(g, n) : HY_NO_ACTION;
        if (fences[n] == HY_NO_ACTION)
            continue;
        if (fenced == HY_NO_ACTION)
            fenced = hy_graph_step(g, NULL, HY_TASK_FENCED, HY_NO_NODE, HY_OPTIONAL | HY_RUNNABLE | HY_PSEUDO);
        hy_graph_link(g, fences[n], fenced, HY_LINK_ORDER);
    }
    if (fenced == HY_NO_ACTION)
        return;
    for (size_t i = 0; i < s->leaves.count; i++) {
        if (!s->leaves.items[i]->managed)
            continue;
        stand_for(g, s->leaves.items[i], fences);
        wait_for(g, s->leaves.items[i], fenced);
    }
}
