/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose results they are that the CIB keeps, by resource and node, in the order of their calls; replay.c goes through them. The CIB keeps the last result of each operation only, so a failed start stays known behind the stop that
 * followed it; and the last failure of each, whatever came after.
 */
#include "scheduler/model.h"

#include <stdio.h>

/* ---------------------------------------------------------------- whose results they are */

/* "db:1", "db"; false: there is no number. */
static bool split_number(const char *name, char *base, size_t size)
{
    snprintf(base, size, "%s", name);
    char *colon = strrchr(base, ':');
    if (!colon)
        return false;
    *colon = '\0';
    return true;
}

/* A name that is not one of the configured instances: an instance number that does not matter, of an anonymous clone;
 * one beyond clone-max; or something removed. */
static struct hy_unit *other_unit(struct hy_sched *s, const char *name)
{
    char base[512];
    bool numbered = split_number(name, base, sizeof base);
    struct hy_prim *prim = hy_map_get(&s->prim_index, base);
    struct hy_unit *of = prim && prim->unit && prim->unit->anonymous && numbered ? prim->unit : NULL;
    if (!prim)
        prim = hy_sched_orphan_prim(s, base);
    struct hy_unit *unit = hy_sched_unit(s, name, prim);
    unit->alias_of = of;
    return unit;
}

static struct hy_unit *unit_of(struct hy_sched *s, const char *name, struct hy_unit **last)
{
    if (*last && !strcmp((*last)->name, name))
        return *last;
    struct hy_unit *guess = *last ? (*last)->next_seen : NULL;
    struct hy_unit *unit = guess && !strcmp(guess->name, name) ? guess : hy_map_get(&s->unit_index, name);
    if (!unit)
        unit = other_unit(s, name);
    if (*last)
        (*last)->next_seen = unit;
    return *last = unit;
}

/* ---------------------------------------------------------------- collecting */

static void note_flight(struct hy_sched *s, struct hy_past *past, const char *op, hy_time interval)
{
    struct hy_flight *flight = hy_arena_alloc(&s->scratch, sizeof *flight);
    *flight = (struct hy_flight){.op = op, .interval = interval, .next = past->flights};
    past->flights = flight;
    past->starting = past->starting || !strcmp(op, "start");
    past->stopping = past->stopping || !strcmp(op, "stop");
    past->promoting = past->promoting || !strcmp(op, "promote");
    past->demoting = past->demoting || !strcmp(op, "demote");
    past->migrating_to = past->migrating_to || !strcmp(op, "migrate_to");
    past->migrating_from = past->migrating_from || !strcmp(op, "migrate_from");
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
        if (result->exec == HY_EXEC_CANCELLED || hy_result_is(result, "notify"))
            continue;
        if (result->exec != HY_EXEC_PENDING && hy_op_is_notice(result->op, NULL, NULL)) {
            insert(s, &past->notices, result);
            continue;
        }
        if (result->exec == HY_EXEC_PENDING) {
            note_flight(s, past, result->op, result->interval);
            if (hy_result_is(result, "migrate_to"))
                past->pending_migration = result;
            continue;
        }
        past->idle = !past->trace && result->rc == 7 && result->exec == HY_EXEC_DONE && hy_result_is_probe(result);
        insert(s, &past->trace, result);
    }
    last = NULL;
    for (size_t i = 0; i < status->failures.count; i++) {
        const struct hy_result *result = &status->failures.items[i];
        insert(s, &unit_of(s, result->rsc, &last)->past[node->number].failures, result);
    }
}

static void collect_counts(struct hy_sched *s, const struct hy_snode *node)
{
    struct hy_unit *last = NULL;
    for (size_t i = 0; i < node->status->failcounts.count; i++) {
        const struct hy_failcount *count = &node->status->failcounts.items[i];
        struct hy_unit *unit = unit_of(s, count->rsc, &last);
        struct hy_past *past = &(unit->alias_of ? unit->alias_of : unit)->past[node->number];
        past->fail_count = hy_score_add(past->fail_count, count->count);
        if (count->last > past->fail_last)
            past->fail_last = count->last;
    }
}

/* ---------------------------------------------------------------- all of them */

static uint64_t last_call(const struct hy_trace *list)
{
    while (list && list->next)
        list = list->next;
    return list ? list->result->call : 0;
}

/* Of several names for the instance of an anonymous clone on a node the active one counts; and the plain name, once
 * anything was done under it after the others. */
static void take_alias(struct hy_unit *alias, uint32_t node)
{
    struct hy_past *past = &alias->past[node], *main = &alias->alias_of->past[node];
    if (!main->known_as && last_call(main->trace) > last_call(past->trace)) {
        past->role = HY_ROLE_STOPPED;
        return;
    }
    bool any = past->trace || past->flights || past->failures;
    if (!any || (main->role != HY_ROLE_STOPPED && past->role != HY_ROLE_STOPPED))
        return;
    if (past->role == HY_ROLE_STOPPED && main->known)
        return;
    past->fail_count = main->fail_count;
    past->fail_last = main->fail_last;
    past->probe_action = main->probe_action;
    *main = *past;
    main->known_as = alias->name;
    past->role = HY_ROLE_STOPPED;
}

static bool has_history(const struct hy_sched *s, const struct hy_snode *node)
{
    return node->status && (node->member || s->properties.fencing);
}

static void read_flights(struct hy_sched *s)
{
    struct hy_map by_name = {0};
    for (uint32_t n = 0; n < s->node_count && s->input->inflight_count; n++)
        if (s->nodes[n].member)
            hy_map_put(&by_name, s->nodes[n].name, &s->nodes[n]);
    for (size_t i = 0; i < s->input->inflight_count; i++) {
        const struct hy_inflight *flight = &s->input->inflight[i];
        const struct hy_snode *node = hy_map_get(&by_name, flight->node);
        struct hy_unit *last = NULL;
        if (node)
            note_flight(s, &unit_of(s, flight->rsc, &last)->past[node->number], flight->op, flight->interval);
    }
    hy_map_free(&by_name);
}

void hy_sched_read_history(struct hy_sched *s)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (has_history(s, &s->nodes[n])) {
            collect_results(s, &s->nodes[n]);
            collect_counts(s, &s->nodes[n]);
        }
    read_flights(s);
    for (size_t u = 0; u < s->units.count; u++)
        for (uint32_t n = 0; n < s->node_count; n++) {
            struct hy_past *past = &s->units.items[u]->past[n];
            bool more = past->failures || past->flights || past->fail_count;
            if (past->idle && !more)
                past->known = true;
            else if (past->trace || more)
                hy_sched_replay(s, s->units.items[u], &s->nodes[n]);
        }
    for (size_t u = 0; u < s->units.count; u++)
        for (uint32_t n = 0; n < s->node_count && s->units.items[u]->alias_of; n++)
            take_alias(s->units.items[u], n);
}
