/* SPDX-License-Identifier: Apache-2.0 */
/* Recurring operations: begun where a resource runs, ended when they are not configured any more. */
#include "scheduler/graph.h"

/* An operation without a role belongs to a resource that is started and not promoted. */
static bool fits_role(const struct hy_sop *op, int level)
{
    if (level == 2)
        return op->role == HY_ROLE_PROMOTED;
    return level == 1 && op->role != HY_ROLE_PROMOTED && op->role != HY_ROLE_STOPPED;
}

static bool in_maintenance(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    return leaf->meta.maintenance || s->properties.maintenance || s->nodes[node].maintenance;
}

static bool is_wanted(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node, const char *name,
                      hy_time interval)
{
    const struct hy_prim *prim = leaf->unit->prim;
    for (size_t i = 0; i < prim->op_count && !in_maintenance(s, leaf, node); i++) {
        const struct hy_sop *op = &prim->ops[i];
        if (op->enabled && op->config && op->config->interval == interval && !strcmp(op->config->name, name) &&
            fits_role(op, leaf->final))
            return true;
    }
    return false;
}

/* What nothing is said of any more goes on all the same with stop-orphan-actions=false. */
static bool goes_on(const struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_result *result)
{
    const struct hy_prim *prim = leaf->unit->prim;
    for (size_t i = 0; i < prim->op_count; i++)
        if (prim->ops[i].config && prim->ops[i].enabled && prim->ops[i].config->interval == result->interval &&
            !strcmp(prim->ops[i].config->name, result->op))
            return false;
    return !s->properties.stop_orphan_actions;
}

static bool has_answered(const struct hy_past *past, const struct hy_sop *op)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next)
        if (at->result->interval == op->config->interval && at->result->call >= past->since && !at->stale &&
            !strcmp(at->result->op, op->config->name))
            return true;
    return false;
}

/* The steps of one primitive that it comes behind. */
static void link_behind(struct hy_graph *g, const struct hy_srsc *leaf, uint32_t step)
{
    static const enum hy_task tasks[] = {HY_TASK_START, HY_TASK_PROMOTE, HY_TASK_DEMOTE, HY_TASK_RELOAD,
                                         HY_TASK_MIGRATE_FROM};
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        hy_graph_link(g, hy_graph_find(g, leaf, tasks[i], leaf->node), step, HY_LINK_NEEDS);
}

static bool happens(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task, uint32_t node)
{
    uint32_t step = hy_graph_find(g, leaf, task, node);
    return step != HY_NO_ACTION && hy_graph_happens(g, step);
}

static bool comes_up(const struct hy_graph *g, const struct hy_srsc *leaf)
{
    return happens(g, leaf, HY_TASK_START, leaf->node) || happens(g, leaf, HY_TASK_MIGRATE_FROM, leaf->node);
}

static void begin(struct hy_graph *g, struct hy_srsc *leaf, const struct hy_sop *op)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    bool anew = comes_up(g, leaf) && !past->arriving;
    if (!anew && has_answered(past, op))
        return;
    uint32_t number = hy_graph_step(g, leaf, HY_TASK_MONITOR, leaf->node, HY_RUNNABLE);
    struct hy_step *step = hy_step_at(g, number);
    step->sop = op;
    step->op = hy_arena_strdup(&g->s->decision->arena, op->config->name);
    step->interval = op->config->interval;
    step->reason = "it is watched while it runs";
    if (op->role != HY_ROLE_ANY) {
        step->meta = hy_arena_alloc(&g->s->decision->arena, sizeof *step->meta);
        *step->meta =
            (struct hy_attr){.name = (char *)(uintptr_t) "role", .value = (char *)(uintptr_t)hy_role_word(op->role)};
        step->meta_count = 1;
    }
    if (!anew && hy_sched_inflight(past, op->config->name, op->config->interval))
        step->marks |= HY_PENDING;
    link_behind(g, leaf, number);
}

static void begin_all(struct hy_graph *g, struct hy_srsc *leaf)
{
    const struct hy_sched *s = g->s;
    const struct hy_prim *prim = leaf->unit->prim;
    if (leaf->final == 0 || leaf->node == HY_NO_NODE || leaf->blocked || in_maintenance(s, leaf, leaf->node) ||
        !s->nodes[leaf->node].member)
        return;
    for (size_t i = 0; i < prim->op_count; i++)
        if (prim->ops[i].config && prim->ops[i].config->interval > 0 && prim->ops[i].enabled &&
            fits_role(&prim->ops[i], leaf->final))
            begin(g, leaf, &prim->ops[i]);
}

static void end_some(struct hy_graph *g, struct hy_srsc *leaf, uint32_t node)
{
    struct hy_sched *s = g->s;
    const struct hy_past *past = &leaf->unit->past[node];
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        if (!result->interval || result->call < past->since || is_wanted(s, leaf, node, result->op, result->interval) ||
            goes_on(s, leaf, result))
            continue;
        uint32_t number = hy_graph_step(g, leaf, HY_TASK_CANCEL, node, HY_RUNNABLE);
        struct hy_step *step = hy_step_at(g, number);
        step->op = hy_arena_strdup(&s->decision->arena, result->op);
        step->interval = result->interval;
        step->reason =
            in_maintenance(s, leaf, node) ? "nothing is checked in maintenance" : "it is not configured like this now";
        hy_graph_link(g, number, hy_graph_find(g, leaf, HY_TASK_PROMOTE, node), HY_LINK_ORDER);
        hy_graph_link(g, number, hy_graph_find(g, leaf, HY_TASK_DEMOTE, node), HY_LINK_ORDER);
    }
}

/* A stop ends what recurs; so there is something to end only where it stays. */
void hy_graph_recurring(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->orphan || !leaf->unit->prim->object)
            continue;
        for (size_t a = 0; a < leaf->active.count; a++)
            if (!happens(g, leaf, HY_TASK_STOP, leaf->active.items[a]))
                end_some(g, leaf, leaf->active.items[a]);
        begin_all(g, leaf);
    }
}
