/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as a failure, what follows from it, and when it is forgotten. */
#include "scheduler/model.h"

enum hy_on_fail hy_sched_on_fail(const struct hy_prim *prim, const struct hy_result *result)
{
    return hy_sched_op(prim, result->op, result->interval)->on_fail;
}

/* `role`: before the operation answered. Who ordered it may have said what answer was right. */
bool hy_sched_is_failure(const struct hy_prim *prim, const struct hy_result *result, enum hy_role role)
{
    if (result->exec != HY_EXEC_DONE)
        return true;
    int rc = result->rc;
    bool monitor = !strcmp(result->op, "monitor");
    if (monitor && result->interval == 0)
        return rc != 0 && rc != 7 && rc != 8 && rc != 190 && rc != 191;
    if (monitor)
        rc = rc == 190 ? 0 : rc == 191 ? 8 : rc;
    if (result->has_expected)
        return rc != result->expected;
    if (!monitor)
        return rc != 0;
    const struct hy_sop *op = hy_sched_op(prim, "monitor", result->interval);
    if (op->role == HY_ROLE_STOPPED)
        return rc != 7;
    if (op->role == HY_ROLE_PROMOTED)
        return rc != 8;
    if (rc == 8)
        return role != HY_ROLE_PROMOTED;
    return rc != 0;
}

/* ---------------------------------------------------------------- what time heals */

static bool is_failure(const struct hy_prim *prim, const struct hy_result *result)
{
    return hy_sched_is_failure(prim, result, HY_ROLE_STARTED);
}

/* By the operation's own words: what blocks for want of another means, or by op_defaults, is forgotten like the rest. */
static bool asks_for_block(const struct hy_prim *prim, const struct hy_result *result)
{
    const struct hy_sop *op = hy_sched_op(prim, result->op, result->interval);
    const char *on_fail = op->config ? hy_attrs_get(&op->config->attrs, "on-fail") : NULL;
    return on_fail && !strcmp(on_fail, "block");
}

static bool is_blocked(const struct hy_trace *list, const struct hy_prim *prim)
{
    for (const struct hy_trace *at = list; at; at = at->next)
        if (asks_for_block(prim, at->result) && is_failure(prim, at->result))
            return true;
    return false;
}

static void tell_expired(struct hy_sched *s, const struct hy_unit *unit, uint32_t node, bool redefined)
{
    struct hy_arena *arena = &s->decision->arena;
    struct hy_expired *expired = hy_arena_vec_add(arena, &s->decision->expired);
    *expired = (struct hy_expired){
        .rsc = hy_arena_strdup(arena, unit->name), .node = s->nodes[node].name, .redefined = redefined};
}

static void tell_expiring(struct hy_sched *s, const struct hy_unit *unit, uint32_t node, hy_wall at)
{
    struct hy_arena *arena = &s->decision->arena;
    struct hy_expiring *expiring = hy_arena_vec_add(arena, &s->decision->expiring);
    *expiring = (struct hy_expiring){.rsc = hy_arena_strdup(arena, unit->name), .node = s->nodes[node].name, .at = at};
}

/* Something may be running that nobody has stopped, started afresh or asked since its start or stop failed: with the
 * failure taken out of the history it would look as it was before. */
static bool is_unresolved(const struct hy_past *past, const struct hy_prim *prim)
{
    bool failed = false;
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        if (hy_result_is(result, "monitor") && result->interval)
            continue;
        failed = !hy_result_is_probe(result) && result->exec != HY_EXEC_ERROR &&
                 hy_sched_on_fail(prim, result) != HY_ONFAIL_IGNORE && is_failure(prim, result);
    }
    return failed;
}

static void latest(const struct hy_trace *list, const struct hy_prim *prim, hy_wall *last)
{
    for (const struct hy_trace *at = list; at; at = at->next)
        if (is_failure(prim, at->result) && at->result->at > *last)
            *last = at->result->at;
}

/* Whether the count of failures is still to be counted. A failure that blocks waits for an operator: it is not forgotten
 * by time. */
void hy_sched_expire(struct hy_sched *s, struct hy_unit *unit, uint32_t node)
{
    struct hy_past *past = &unit->past[node];
    hy_time timeout = unit->prim->meta.failure_timeout;
    if (!timeout)
        return;
    hy_wall last = past->fail_last;
    latest(past->trace, unit->prim, &last);
    latest(past->failures, unit->prim, &last);
    if (!last || is_blocked(past->trace, unit->prim) || is_blocked(past->failures, unit->prim)) {
        past->no_expiry = true;
        return;
    }
    hy_wall end = last + timeout;
    if (end > s->input->now) {
        if (end < s->decision->recheck)
            s->decision->recheck = end;
        if (s->input->explain)
            tell_expiring(s, unit, node, end);
        past->no_expiry = past->fail_count && past->fail_last + timeout > s->input->now;
        return;
    }
    past->expired = true;
    past->fail_count = 0;
    if (!is_unresolved(past, unit->prim))
        tell_expired(s, unit, node, false);
}

/* What failed as it was defined before may succeed as it is defined now. What is not known to have stopped is left in the
 * history until it has; it counts no more all the same. */
void hy_sched_forget(struct hy_sched *s, struct hy_unit *unit, uint32_t node)
{
    struct hy_past *past = &unit->past[node];
    if (past->expired || past->on_fail >= HY_ONFAIL_BLOCK)
        return;
    past->fail_count = 0;
    if (past->role == HY_ROLE_STOPPED && !is_unresolved(past, unit->prim))
        tell_expired(s, unit, node, true);
}

/* One failure among several. What a probe has found running is not unfound by time. */
bool hy_sched_has_expired(const struct hy_sched *s, const struct hy_unit *unit, uint32_t node,
                          const struct hy_result *result)
{
    hy_time timeout = unit->prim->meta.failure_timeout;
    const struct hy_past *past = &unit->past[node];
    return timeout && !past->no_expiry && result->at && result->at + timeout <= s->input->now;
}

/* ---------------------------------------------------------------- where it may not run */

struct failing {
    struct hy_srsc *leaf;
    uint32_t node;
};

static void ban(struct hy_sched *s, struct hy_srsc *rsc, const struct failing *what, enum hy_cause_kind kind,
                const struct hy_result *result, bool everywhere)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (n == what->node || everywhere)
            hy_sched_add_score(s, rsc, n, -HY_INFINITY);
    struct hy_cause *cause = hy_sched_cause(s, rsc, kind, everywhere ? HY_NO_NODE : what->node, -HY_INFINITY);
    cause->result = result;
    cause->failed_on = what->node;
    cause->other = what->leaf;
}

/* A group goes elsewhere as a whole: its members follow the one that is banned. What fails on a node fails there for
 * every instance of an anonymous clone. */
static void apply_to(struct hy_sched *s, struct hy_srsc *leaf, struct hy_srsc *banned, uint32_t n)
{
    const struct hy_past *past = &leaf->unit->past[n];
    const struct failing what = {.leaf = leaf, .node = n};
    int threshold = leaf->meta.migration_threshold;
    if (threshold > 0 && past->fail_count >= threshold && !past->ignored)
        ban(s, banned, &what, HY_CAUSE_FAILCOUNT, past->failure, false);
    if (past->hard)
        ban(s, banned, &what, HY_CAUSE_HARD, past->hard, past->hard->exec == HY_EXEC_DONE && past->hard->rc == 6);
    if (past->stop_failed && hy_sched_is_active_on(leaf, n))
        ban(s, leaf, &what, HY_CAUSE_STOP_FAILED, past->failure, false);
    if (past->on_fail == HY_ONFAIL_MIGRATE)
        ban(s, leaf, &what, HY_CAUSE_ONFAIL_MIGRATE, past->failure, false);
    if (past->stop_here)
        ban(s, banned, &what, HY_CAUSE_ONFAIL_STOP, past->stop_here, true);
}

static bool has_trouble(const struct hy_past *past)
{
    return past->fail_count || past->hard || past->stop_failed || past->stop_here || past->on_fail == HY_ONFAIL_MIGRATE;
}

void hy_sched_apply_failures(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->unit->anonymous && leaf->instance > 0)
            continue;
        for (uint32_t n = 0; n < s->node_count; n++)
            if (has_trouble(&leaf->unit->past[n]))
                apply_to(s, leaf, leaf->unit->anonymous ? hy_sched_top(leaf) : leaf, n);
    }
}
