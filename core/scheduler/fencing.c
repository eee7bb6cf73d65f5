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

/* ---------------------------------------------------------------- unfencing */

struct unfencing {
    struct hy_graph *g;
    uint32_t *on; /* by node: the step that lets it in again; HY_NO_ACTION */
};

static bool is_let_in(const struct hy_snode *node)
{
    const char *since = hy_sched_node_attr(node, "#node-unfenced");
    return since && strcmp(since, "0");
}

static uint32_t let_in(struct unfencing *u, uint32_t node)
{
    if (u->on[node] != HY_NO_ACTION)
        return u->on[node];
    uint32_t number = hy_graph_step(u->g, NULL, HY_TASK_FENCE, node, HY_RUNNABLE | HY_OPTIONAL);
    hy_step_at(u->g, number)->op = "on";
    return u->on[node] = number;
}

static void require(struct unfencing *u, uint32_t node, const char *reason)
{
    const struct hy_snode *at = &u->g->s->nodes[node];
    if (!at->member || at->unclean || at->shutdown)
        return;
    struct hy_step *step = hy_step_at(u->g, let_in(u, node));
    step->marks &= ~(uint32_t)HY_OPTIONAL;
    if (!step->reason)
        step->reason = reason;
}

/* Before it is started there, or asked whether it runs there, the node has been let in; whoever is let in anew starts
 * afresh what needs it. */
static void let_in_before(struct unfencing *u, struct hy_srsc *leaf)
{
    struct hy_graph *g = u->g;
    for (uint32_t at = hy_course_of(g, leaf)->steps; at != HY_NO_ACTION; at = hy_step_at(g, at)->next_of_rsc) {
        uint32_t node = hy_step_at(g, at)->node;
        enum hy_task task = hy_step_at(g, at)->task;
        if (node == HY_NO_NODE || (task != HY_TASK_START && task != HY_TASK_STOP))
            continue;
        if (task == HY_TASK_STOP)
            hy_graph_link(g, at, let_in(u, node), HY_LINK_ORDER);
        else
            hy_graph_link(g, let_in(u, node), at, HY_LINK_CALLS);
        if (task == HY_TASK_START && !is_let_in(&g->s->nodes[node]))
            require(u, node, hy_arena_printf(&g->s->decision->arena, "the start of %s needs it", leaf->id));
    }
    for (uint32_t n = 0; n < g->s->node_count; n++) {
        if (leaf->unit->past[n].probe_action == HY_NO_ACTION)
            continue;
        hy_graph_link(g, let_in(u, n), leaf->unit->past[n].probe_action, HY_LINK_ORDER);
        if (!is_let_in(&g->s->nodes[n]))
            require(u, n, hy_arena_printf(&g->s->decision->arena, "the probe of %s needs it", leaf->id));
    }
}

void hy_graph_unfencing(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    if (!s->unfencing || !s->properties.fencing)
        return;
    struct unfencing u = {.g = g, .on = hy_arena_array(g->arena, s->node_count, sizeof *u.on)};
    for (uint32_t n = 0; n < s->node_count; n++)
        u.on[n] = HY_NO_ACTION;
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        bool device = leaf->unit->prim->unfences;
        if (!device && leaf->meta.requires != HY_REQUIRES_UNFENCING)
            continue;
        let_in_before(&u, leaf);
        for (size_t a = 0; a < leaf->active.count && device; a++)
            if (leaf->unit->past[leaf->active.items[a]].changed)
                require(&u, leaf->active.items[a], "the device changed");
    }
}
