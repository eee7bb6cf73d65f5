/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the results of operations say: each resource's role on each node, found by going through the results in the order of
 * their calls. The CIB keeps the last result of each operation only, so a failed start stays known behind the stop that
 * followed it.
 */
#include "scheduler/model.h"

#include <stdio.h>

static bool is_op(const struct hy_result *result, const char *op)
{
    return !strcmp(result->op, op);
}

static bool is_probe(const struct hy_result *result)
{
    return is_op(result, "monitor") && result->interval == 0;
}

/* A name that is not configured: either an instance number beyond clone-max, or something removed. */
static struct hy_unit *orphan_unit(struct hy_sched *s, const char *name)
{
    char base[512];
    snprintf(base, sizeof base, "%s", name);
    char *colon = strrchr(base, ':');
    if (colon)
        *colon = '\0';
    struct hy_prim *prim = hy_map_get(&s->prim_index, base);
    if (!prim) {
        prim = hy_arena_alloc(&s->scratch, sizeof *prim);
        prim->id = hy_arena_strdup(&s->decision->arena, base);
        prim->meta = (struct hy_meta){.managed = true, .migration_threshold = HY_INFINITY};
        hy_sched_read_ops(s, prim);
    }
    return hy_sched_unit(s, name, prim);
}

static struct hy_unit *unit_of(struct hy_sched *s, const char *name, struct hy_unit **last)
{
    if (*last && !strcmp((*last)->name, name))
        return *last;
    struct hy_unit *unit = hy_map_get(&s->unit_index, name);
    return *last = unit ? unit : orphan_unit(s, name);
}

static void note_flight(struct hy_sched *s, struct hy_past *past, const char *op, hy_time interval)
{
    struct hy_flight *flight = hy_arena_alloc(&s->scratch, sizeof *flight);
    *flight = (struct hy_flight){.op = op, .interval = interval, .next = past->flights};
    past->flights = flight;
    past->starting = past->starting || !strcmp(op, "start");
    past->stopping = past->stopping || !strcmp(op, "stop");
    past->promoting = past->promoting || !strcmp(op, "promote");
    past->demoting = past->demoting || !strcmp(op, "demote");
    past->probing = past->probing || (!strcmp(op, "monitor") && !interval);
}

bool hy_sched_inflight(const struct hy_past *past, const char *op, hy_time interval)
{
    for (const struct hy_flight *at = past->flights; at; at = at->next)
        if (at->interval == interval && !strcmp(at->op, op))
            return true;
    return false;
}

static void insert(struct hy_sched *s, struct hy_trace **list, const struct hy_result *result)
{
    struct hy_trace *trace = hy_arena_alloc(&s->scratch, sizeof *trace);
    trace->result = result;
    while (*list && (*list)->result->call <= result->call)
        list = &(*list)->next;
    trace->next = *list;
    *list = trace;
}

static void collect_results(struct hy_sched *s, const struct hy_snode *node)
{
    struct hy_unit *last = NULL;
    const struct hy_node_status *status = node->status;
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        struct hy_past *past = &unit_of(s, result->rsc, &last)->past[node->number];
        if (result->exec == HY_EXEC_CANCELLED)
            continue;
        if (result->exec == HY_EXEC_PENDING) {
            note_flight(s, past, result->op, result->interval);
            continue;
        }
        insert(s, &past->trace, result);
    }
    for (size_t i = 0; i < status->failures.count; i++) {
        const struct hy_result *result = &status->failures.items[i];
        insert(s, &unit_of(s, result->rsc, &last)->past[node->number].failures, result);
    }
    for (size_t i = 0; i < status->failcounts.count; i++) {
        const struct hy_failcount *count = &status->failcounts.items[i];
        struct hy_past *past = &unit_of(s, count->rsc, &last)->past[node->number];
        past->fail_count = hy_score_add(past->fail_count, count->count);
        if (count->last > past->fail_last)
            past->fail_last = count->last;
    }
}

/* ---------------------------------------------------------------- one result */

static enum hy_role answered_role(const struct hy_result *result)
{
    return result->rc == 7                                           ? HY_ROLE_STOPPED
           : result->rc == 8 || result->rc == 9 || result->rc == 191 ? HY_ROLE_PROMOTED
                                                                     : HY_ROLE_STARTED;
}

static void take_success(struct hy_past *past, const struct hy_result *result)
{
    past->known = true;
    if (is_op(result, "stop")) {
        past->role = HY_ROLE_STOPPED;
        past->failed = past->blocked = false;
    } else if (is_op(result, "start") || is_op(result, "demote") || is_op(result, "migrate_from")) {
        past->role = HY_ROLE_STARTED;
    } else if (is_op(result, "promote")) {
        past->role = HY_ROLE_PROMOTED;
    } else if (is_probe(result)) {
        past->role = answered_role(result);
        past->failed = past->failed && past->role != HY_ROLE_STOPPED;
        past->blocked = past->blocked && past->failed;
    } else if (is_op(result, "monitor") && result->rc != 7 && !past->failed) {
        past->role =
            result->rc == 8 || result->rc == 191 || past->role == HY_ROLE_PROMOTED ? HY_ROLE_PROMOTED : HY_ROLE_STARTED;
    }
    if (!is_op(result, "monitor"))
        past->since = result->call;
}

/* Whether the answer says that this node, or (6) every node, is no place for it. HY_EXEC_ERROR: it could not be run. */
static bool is_hard(const struct hy_result *result)
{
    if (result->exec == HY_EXEC_ERROR)
        return true;
    if (result->exec != HY_EXEC_DONE || is_op(result, "stop"))
        return false;
    return result->rc == 2 || result->rc == 4 || result->rc == 5 || result->rc == 6 ||
           (result->rc == 3 && result->interval == 0);
}

static void take_failed_role(struct hy_past *past, const struct hy_result *result)
{
    bool not_run = result->exec == HY_EXEC_ERROR || (result->rc == 5 && is_probe(result));
    if (not_run && past->role == HY_ROLE_STOPPED)
        return; /* there is nothing here to be cleaned up */
    if (result->exec == HY_EXEC_DONE && result->rc == 9 && is_op(result, "monitor"))
        past->role = HY_ROLE_PROMOTED;
    else if (past->role == HY_ROLE_STOPPED)
        past->role = HY_ROLE_STARTED;
    past->failed = true;
}

/* What lasts until somebody cleans up, whatever was done since: the recurring monitor that failed is forgotten with the
 * stop that followed. */
static void take_lasting(struct hy_past *past, struct hy_snode *node, const struct hy_prim *prim,
                         const struct hy_result *result)
{
    enum hy_on_fail on_fail = hy_sched_on_fail(prim, result);
    if (on_fail == HY_ONFAIL_IGNORE)
        return;
    past->failure = result;
    if (is_hard(result))
        past->hard = result;
    if (on_fail == HY_ONFAIL_STOP)
        past->stop_here = result;
    if (on_fail == HY_ONFAIL_STANDBY)
        node->standby_onfail = result;
}

static void take_failure(struct hy_past *past, struct hy_snode *node, const struct hy_prim *prim,
                         const struct hy_result *result)
{
    past->known = true;
    if (!is_op(result, "monitor"))
        past->since = result->call;
    take_failed_role(past, result);
    take_lasting(past, node, prim, result);
    enum hy_on_fail on_fail = hy_sched_on_fail(prim, result);
    if (on_fail == HY_ONFAIL_BLOCK || on_fail == HY_ONFAIL_FENCE)
        past->blocked = past->failed;
}

static void replay(struct hy_sched *s, struct hy_unit *unit, struct hy_snode *node)
{
    struct hy_past *past = &unit->past[node->number];
    hy_sched_expire(s, unit, node->number);
    for (const struct hy_trace *at = past->failures; at && !past->expired; at = at->next)
        take_lasting(past, node, unit->prim, at->result);
    for (const struct hy_trace *at = past->trace; at; at = at->next) {
        const struct hy_result *result = at->result;
        bool failure = hy_sched_is_failure(unit->prim, result, past->role);
        past->gone = result->exec == HY_EXEC_DONE && result->rc == 7 && is_op(result, "monitor") && result->interval;
        if (!failure || hy_sched_on_fail(unit->prim, result) == HY_ONFAIL_IGNORE)
            take_success(past, result);
        else if (!past->expired)
            take_failure(past, node, unit->prim, result);
    }
    if (past->role == HY_ROLE_STOPPED)
        past->failed = past->blocked = false;
    for (const struct hy_trace *at = past->trace; at && past->role != HY_ROLE_STOPPED && unit->prim->object;
         at = at->next)
        if (at->result->digest && at->result->call >= past->since && strcmp(at->result->digest, unit->prim->digest))
            past->changed = true;
    /* A start under way may have done its work already, and a stop not yet. */
    past->arriving = past->starting && past->role == HY_ROLE_STOPPED;
    if (past->arriving || (past->stopping && past->role == HY_ROLE_STOPPED))
        past->role = HY_ROLE_STARTED;
}

void hy_sched_read_history(struct hy_sched *s)
{
    struct hy_map by_name = {0};
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (!s->nodes[n].member)
            continue;
        hy_map_put(&by_name, s->nodes[n].name, &s->nodes[n]);
        collect_results(s, &s->nodes[n]);
    }
    for (size_t i = 0; i < s->input->inflight_count; i++) {
        const struct hy_inflight *flight = &s->input->inflight[i];
        const struct hy_snode *node = hy_map_get(&by_name, flight->node);
        struct hy_unit *last = NULL;
        if (node)
            note_flight(s, &unit_of(s, flight->rsc, &last)->past[node->number], flight->op, flight->interval);
    }
    hy_map_free(&by_name);
    for (size_t u = 0; u < s->units.count; u++)
        for (uint32_t n = 0; n < s->node_count; n++) {
            const struct hy_past *past = &s->units.items[u]->past[n];
            if (past->trace || past->failures || past->flights || past->fail_count)
                replay(s, s->units.items[u], &s->nodes[n]);
        }
}
