/* SPDX-License-Identifier: Apache-2.0 */
/* Recurring operations: begun where a resource runs, ended when they are not configured any more. */
#include "scheduler/model.h"

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
        if (op->enabled && op->config->interval == interval && !strcmp(op->config->name, name) &&
            fits_role(op, leaf->final))
            return true;
    }
    return false;
}

static bool has_answered(const struct hy_past *past, const struct hy_sop *op)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next)
        if (at->result->interval == op->config->interval && at->result->call >= past->since &&
            !strcmp(at->result->op, op->config->name))
            return true;
    return false;
}

static void begin(struct hy_sched *s, struct hy_srsc *leaf, const struct hy_sop *op)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    bool anew = leaf->start_action != HY_NO_ACTION && !past->arriving;
    if (!anew && has_answered(past, op))
        return;
    uint32_t action = hy_sched_draft(s, HY_ACT_MONITOR, leaf->unit, leaf, leaf->node, op);
    struct hy_action *out = &s->drafts.items[action].out;
    out->op = hy_arena_strdup(&s->decision->arena, op->config->name);
    out->interval = op->config->interval;
    out->pending = !anew && hy_sched_inflight(past, op->config->name, op->config->interval);
    out->reason = "it is watched while it runs";
    hy_sched_after(s, action, leaf->start_action);
    hy_sched_after(s, action, leaf->promote_action);
    hy_sched_after(s, action, leaf->demote_action);
}

static void begin_all(struct hy_sched *s, struct hy_srsc *leaf)
{
    const struct hy_prim *prim = leaf->unit->prim;
    if (leaf->final == 0 || leaf->node == HY_NO_NODE || leaf->blocked || in_maintenance(s, leaf, leaf->node) ||
        !s->nodes[leaf->node].member)
        return;
    for (size_t i = 0; i < prim->op_count; i++)
        if (prim->ops[i].config->interval > 0 && prim->ops[i].enabled && fits_role(&prim->ops[i], leaf->final))
            begin(s, leaf, &prim->ops[i]);
}

static void end_some(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    const struct hy_past *past = &leaf->unit->past[node];
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        if (!result->interval || result->call < past->since || is_wanted(s, leaf, node, result->op, result->interval))
            continue;
        uint32_t action = hy_sched_draft(s, HY_ACT_CANCEL, leaf->unit, leaf, node, NULL);
        struct hy_action *out = &s->drafts.items[action].out;
        out->op = hy_arena_strdup(&s->decision->arena, result->op);
        out->interval = result->interval;
        out->reason =
            in_maintenance(s, leaf, node) ? "nothing is checked in maintenance" : "it is not configured like this now";
        hy_sched_after(s, leaf->promote_action, action);
        hy_sched_after(s, leaf->demote_action, action);
    }
}

/* A stop ends what recurs; so there is something to end only where it stays. */
static bool is_stopped_on(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    for (size_t i = 0; i < leaf->stop_actions.count; i++)
        if (s->drafts.items[leaf->stop_actions.items[i]].node == node)
            return true;
    return false;
}

void hy_sched_make_recurring(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->orphan || !leaf->unit->prim->object)
            continue;
        for (size_t a = 0; a < leaf->active.count; a++)
            if (!is_stopped_on(s, leaf, leaf->active.items[a]))
                end_some(s, leaf, leaf->active.items[a]);
        begin_all(s, leaf);
    }
}
