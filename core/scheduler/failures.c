/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as a failure, what follows from it, and when it is forgotten. */
#include "scheduler/model.h"

enum hy_on_fail hy_sched_on_fail(const struct hy_prim *prim, const struct hy_result *result)
{
    return hy_sched_op(prim, result->op, result->interval)->on_fail;
}

/* `role`: before the operation answered. */
bool hy_sched_is_failure(const struct hy_prim *prim, const struct hy_result *result, enum hy_role role)
{
    if (result->exec != HY_EXEC_DONE)
        return true;
    int rc = result->rc;
    if (strcmp(result->op, "monitor"))
        return rc != 0;
    if (result->interval == 0)
        return rc != 0 && rc != 7 && rc != 8 && rc != 190 && rc != 191;
    const struct hy_sop *op = hy_sched_op(prim, "monitor", result->interval);
    if (op->role == HY_ROLE_STOPPED)
        return rc != 7;
    if (op->role == HY_ROLE_PROMOTED)
        return rc != 8 && rc != 191;
    if (rc == 8 || rc == 191)
        return role != HY_ROLE_PROMOTED;
    return rc != 0 && rc != 190;
}

static void latest(const struct hy_trace *list, const struct hy_prim *prim, bool *any, hy_wall *last)
{
    for (const struct hy_trace *at = list; at; at = at->next)
        if (hy_sched_is_failure(prim, at->result, HY_ROLE_STARTED)) {
            *any = true;
            if (at->result->at > *last)
                *last = at->result->at;
        }
}

static bool is_blocked(const struct hy_past *past, const struct hy_prim *prim)
{
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        enum hy_on_fail on_fail = hy_sched_on_fail(prim, at->result);
        if ((on_fail == HY_ONFAIL_BLOCK || on_fail == HY_ONFAIL_FENCE) &&
            hy_sched_is_failure(prim, at->result, HY_ROLE_STARTED))
            return true;
    }
    return false;
}

static bool is_op(const struct hy_result *result, const char *op)
{
    return !strcmp(result->op, op);
}

/* Something may be running that nobody has stopped or started afresh since it failed. Were the failure forgotten, it would look
 * stopped, or well; and by clocks that differ a failure may be old as soon as it is known. */
static bool is_unresolved(const struct hy_past *past, const struct hy_prim *prim)
{
    bool failed = false, promoted = false;
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        bool probe = is_op(result, "monitor") && !result->interval;
        bool not_run = result->exec == HY_EXEC_ERROR || (result->rc == 5 && probe);
        if (not_run || hy_sched_on_fail(prim, result) == HY_ONFAIL_IGNORE)
            continue;
        if (hy_sched_is_failure(prim, result, promoted ? HY_ROLE_PROMOTED : HY_ROLE_STARTED)) {
            failed = true;
        } else if (probe || !is_op(result, "monitor")) {
            failed = false;
            promoted = is_op(result, "promote") || (probe && result->rc == 8);
        }
    }
    return failed;
}

/* A failure that blocks waits for an operator: it is not forgotten by time. */
void hy_sched_expire(struct hy_sched *s, struct hy_unit *unit, uint32_t node)
{
    struct hy_past *past = &unit->past[node];
    hy_time timeout = unit->prim->meta.failure_timeout;
    bool any = past->fail_count > 0;
    hy_wall last = past->fail_last;
    if (timeout) {
        latest(past->trace, unit->prim, &any, &last);
        latest(past->failures, unit->prim, &any, &last);
    }
    if (!timeout || !any || is_blocked(past, unit->prim) || is_unresolved(past, unit->prim))
        return;
    hy_wall end = last + timeout;
    if (end > s->input->now) {
        if (end < s->decision->recheck)
            s->decision->recheck = end;
        return;
    }
    past->expired = true;
    past->fail_count = 0;
    struct hy_arena *arena = &s->decision->arena;
    struct hy_expired *expired = hy_arena_vec_add(arena, &s->decision->expired);
    *expired = (struct hy_expired){.rsc = hy_arena_strdup(arena, unit->name),
                                   .node = hy_arena_strdup(arena, s->nodes[node].name)};
}

static void ban(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, enum hy_cause_kind kind,
                const struct hy_result *result)
{
    struct hy_cause *cause = hy_sched_cause(s, rsc, kind, node, -HY_INFINITY);
    cause->result = result;
    cause->other = rsc;
    for (uint32_t n = 0; n < s->node_count; n++)
        if (n == node || node == HY_NO_NODE)
            hy_sched_add_score(s, rsc, n, -HY_INFINITY);
}

/* What fails on a node fails there for every instance of an anonymous clone. */
static void apply_to(struct hy_sched *s, const struct hy_srsc *leaf, struct hy_srsc *banned)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        const struct hy_past *past = &leaf->unit->past[n];
        int threshold = leaf->meta.migration_threshold;
        if (threshold > 0 && past->fail_count >= threshold)
            ban(s, banned, n, HY_CAUSE_FAILCOUNT, past->failure);
        if (past->hard && past->hard->exec == HY_EXEC_DONE && past->hard->rc == 6)
            ban(s, banned, HY_NO_NODE, HY_CAUSE_HARD, past->hard);
        else if (past->hard)
            ban(s, banned, n, HY_CAUSE_HARD, past->hard);
    }
}

void hy_sched_apply_failures(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->unit->anonymous && leaf->instance > 0)
            continue;
        apply_to(s, leaf, leaf->unit->anonymous ? hy_sched_top(leaf) : leaf);
    }
}
