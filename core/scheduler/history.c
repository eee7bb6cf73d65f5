/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the results of operations say: each resource's role on each node, found by going through the results in the order of
 * their calls. The CIB keeps the last result of each operation only, so a failed start stays known behind the stop that
 * followed it; and the last failure of each, whatever came after.
 */
#include "scheduler/model.h"

#include <stdio.h>

static bool is_op(const struct hy_result *result, const char *op)
{
    return result->op[0] == op[0] && !strcmp(result->op, op);
}

static bool is_probe(const struct hy_result *result)
{
    return result->interval == 0 && is_op(result, "monitor");
}

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
        if (result->exec == HY_EXEC_CANCELLED || is_op(result, "notify"))
            continue;
        if (result->exec == HY_EXEC_PENDING) {
            note_flight(s, past, result->op, result->interval);
            if (is_op(result, "migrate_to"))
                past->pending_migration = result;
            continue;
        }
        past->idle = !past->trace && result->rc == 7 && result->exec == HY_EXEC_DONE && is_probe(result);
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

/* ---------------------------------------------------------------- one result */

struct reading {
    struct hy_sched *s;
    struct hy_unit *unit;
    struct hy_snode *node;
    struct hy_past *past;
    const struct hy_result *last_failure;
    enum hy_role role; /* ANY: nothing has been said yet */
    enum hy_on_fail on_fail;
    bool stop_all;   /* a failure with on-fail=stop: it runs nowhere */
    bool unpromoted; /* its promotion has failed */
    bool is_managed;
};

enum verdict { GOOD, FAILED, FAILED_HERE, FAILED_EVERYWHERE };

/* Only a monitor may find it degraded. */
static int plain_rc(const struct hy_result *result)
{
    if (!is_op(result, "monitor"))
        return result->rc;
    return result->rc == 190 ? 0 : result->rc == 191 ? 8 : result->rc;
}

static bool is_active(enum hy_role role)
{
    return role != HY_ROLE_ANY && role != HY_ROLE_STOPPED;
}

/* Whether the answer says that this node, or (6) every node, is no place for it. */
static enum verdict judge_rc(struct reading *r, const struct hy_result *result, int rc, bool expected)
{
    bool probe = is_probe(result);
    switch (rc) {
    case 7:
        if (probe || expected || !r->is_managed) {
            r->role = HY_ROLE_STOPPED;
            r->on_fail = HY_ONFAIL_IGNORE;
            r->stop_all = false;
            return GOOD;
        }
        return FAILED;
    case 8:
        if (probe || expected || !is_op(result, "stop"))
            r->role = HY_ROLE_PROMOTED;
        return probe || expected ? GOOD : FAILED;
    case 9:
        r->role = HY_ROLE_PROMOTED;
        return FAILED;
    case 6:
        return FAILED_EVERYWHERE;
    case 3:
        if (result->interval)
            return expected ? GOOD : FAILED;
        return FAILED_HERE;
    case 2:
    case 4:
    case 5:
        return FAILED_HERE;
    default:
        return expected || (probe && rc == 0) ? GOOD : FAILED;
    }
}

static enum verdict judge(struct reading *r, const struct hy_result *result)
{
    if (result->exec == HY_EXEC_ERROR)
        return FAILED_HERE;
    if (result->exec != HY_EXEC_DONE)
        return FAILED;
    bool expected = !hy_sched_is_failure(r->unit->prim, result, r->role);
    return judge_rc(r, result, plain_rc(result), expected);
}

static void set_active(struct reading *r)
{
    if (!is_active(r->role))
        r->role = HY_ROLE_STARTED;
}

/* The graver ones last until somebody cleans up, whatever was done since. */
static void clear_failures(struct reading *r)
{
    switch (r->on_fail) {
    case HY_ONFAIL_STOP:
    case HY_ONFAIL_MIGRATE:
    case HY_ONFAIL_STANDBY:
    case HY_ONFAIL_FENCE:
        return;
    default:
        r->on_fail = HY_ONFAIL_IGNORE;
        r->last_failure = NULL;
        r->unpromoted = false;
    }
}

static bool is_same_op(const struct hy_result *a, const struct hy_result *b)
{
    return a && b && a->interval == b->interval && !strcmp(a->op, b->op);
}

/* `rc`: what it counts as, which may be better than what it was. */
static void take_success(struct reading *r, const struct hy_result *result, int rc)
{
    bool clears = true;
    if (rc == 7) {
        /* the role has been set */
    } else if (is_op(result, "monitor")) {
        clears = is_same_op(r->last_failure, result);
        set_active(r);
    } else if (is_op(result, "start") || is_op(result, "migrate_from")) {
        r->role = HY_ROLE_STARTED;
    } else if (is_op(result, "stop")) {
        r->role = HY_ROLE_STOPPED;
    } else if (is_op(result, "promote")) {
        r->role = HY_ROLE_PROMOTED;
    } else if (is_op(result, "demote")) {
        clears = r->on_fail == HY_ONFAIL_DEMOTE;
        r->role = HY_ROLE_STARTED;
    } else if (is_op(result, "migrate_to")) {
        clears = false;
        r->role = hy_sched_migrated(r->s, r->unit, r->node->number, result, r->role);
    } else {
        clears = false;
        set_active(r);
    }
    if (clears)
        clear_failures(r);
}

static void take_failed_role(struct reading *r, const struct hy_result *result, enum hy_on_fail on_fail)
{
    struct hy_past *past = r->past;
    if (is_op(result, "stop"))
        past->stop_failed = true;
    else if (is_op(result, "migrate_to") || is_op(result, "migrate_from"))
        hy_sched_migration_failed(r->s, r->unit, r->node->number, result);
    if (is_op(result, "migrate_to") || is_op(result, "migrate_from") || is_op(result, "promote"))
        r->role = HY_ROLE_STARTED;
    if (is_op(result, "demote")) {
        bool gone = result->exec == HY_EXEC_DONE && result->rc == 7;
        r->role = on_fail == HY_ONFAIL_BLOCK ? HY_ROLE_PROMOTED : gone ? HY_ROLE_STOPPED : HY_ROLE_STARTED;
        r->stop_all = r->stop_all || on_fail == HY_ONFAIL_BLOCK;
    }
    /* What could not even be run has left nothing to be cleaned up. */
    if (result->exec == HY_EXEC_ERROR && !is_active(r->role))
        r->role = HY_ROLE_STOPPED;
    else
        set_active(r);
}

static void take_failure(struct reading *r, const struct hy_result *result, enum verdict verdict)
{
    struct hy_past *past = r->past;
    enum hy_on_fail on_fail = hy_sched_on_fail(r->unit->prim, result);
    if (on_fail == HY_ONFAIL_IGNORE) {
        past->ignored = true;
        take_success(r, result, is_op(result, "monitor") ? 0 : result->rc == 7 ? 0 : result->rc);
        return;
    }
    r->last_failure = past->failure = result;
    r->unpromoted = r->unpromoted || is_op(result, "promote");
    if (on_fail > r->on_fail)
        r->on_fail = on_fail;
    take_failed_role(r, result, on_fail);
    if (on_fail == HY_ONFAIL_STOP) {
        r->stop_all = true;
        past->stop_here = result;
    }
    if (verdict == FAILED_HERE || verdict == FAILED_EVERYWHERE)
        past->hard = result;
    if (verdict == FAILED_HERE && is_op(result, "stop") && !r->s->properties.fencing)
        r->on_fail = HY_ONFAIL_BLOCK;
}

/* A probe that found that it cannot run here has found that it does not run here. */
static bool is_masked(const struct hy_result *result)
{
    return is_probe(result) && result->exec == HY_EXEC_DONE && (result->rc == 2 || result->rc == 5);
}

static void read_result(struct reading *r, struct hy_trace *trace)
{
    const struct hy_result *result = trace->result;
    bool expired = hy_sched_has_expired(r->s, r->unit, r->node->number, result);
    if (is_masked(result)) {
        r->role = HY_ROLE_STOPPED;
        clear_failures(r);
        r->past->hard = r->past->failure = result;
        return;
    }
    struct reading before = *r;
    enum verdict verdict = judge(r, result);
    if (verdict != GOOD && expired) {
        *r = before;
        trace->stale = result->interval;
        if (!result->interval)
            r->role = HY_ROLE_ANY; /* what it was is forgotten, too, and what it left is not known: it is to be asked */
        return;
    }
    if (!is_op(result, "monitor"))
        r->past->since = result->call;
    if (verdict == GOOD)
        take_success(r, result, plain_rc(result));
    else
        take_failure(r, result, verdict);
}

/* ---------------------------------------------------------------- all of them, of one resource on one node */

/* A failure is known twice while nothing of its kind came after it. */
static bool is_known(const struct hy_trace *list, const struct hy_result *failure)
{
    for (; list && list->result->call <= failure->call; list = list->next)
        if (list->result->call == failure->call && is_same_op(list->result, failure) &&
            list->result->rc == failure->rc && list->result->exec == failure->exec)
            return true;
    return false;
}

/* The answers of a recurring operation have one call, and change with time. */
static bool is_before(const struct hy_result *failure, const struct hy_result *result)
{
    return failure->call != result->call ? failure->call < result->call : failure->at < result->at;
}

/* Before the node was admitted the last time: it lasts, and says nothing of what runs there now. */
static bool is_of_former_life(const struct reading *r, const struct hy_result *failure)
{
    return !r->past->trace && failure->at <= r->node->status->since;
}

static void read_all(struct reading *r)
{
    struct hy_trace *result = r->past->trace, *failure = r->past->failures;
    while (result || failure) {
        if (failure && is_known(r->past->trace, failure->result)) {
            failure = failure->next;
        } else if (failure && (!result || is_before(failure->result, result->result))) {
            uint64_t since = r->past->since;
            enum hy_role role = r->role;
            read_result(r, failure);
            r->past->since = since;
            if (is_of_former_life(r, failure->result))
                r->role = role;
            failure = failure->next;
        } else {
            read_result(r, result);
            result = result->next;
        }
    }
}

static void read_changes(struct reading *r)
{
    struct hy_past *past = r->past;
    bool restart = false, reload = false;
    for (struct hy_trace *at = past->trace; at && is_active(r->role); at = at->next) {
        if (at->result->call < past->since)
            continue;
        enum hy_changed changed = hy_sched_changed(r->s, r->unit->prim, r->node->number, at->result);
        restart = restart || changed == HY_CHANGED_RESTART;
        reload = reload || changed == HY_CHANGED_RELOAD;
        at->stale = at->stale || changed == HY_CHANGED_AGAIN;
    }
    past->changed = restart;
    past->reload = reload && !restart;
    /* What failed as it was defined before may succeed as it is defined now. */
    for (const struct hy_trace *at = past->failures; at && past->fail_count; at = at->next)
        if (is_op(at->result, "start") || is_op(at->result, "monitor"))
            past->forget = past->forget || hy_sched_changed(r->s, r->unit->prim, r->node->number, at->result);
}

/* What failed on a node that is to be fenced anyway has not failed: it starts afresh afterwards. */
static void fence_for(struct reading *r)
{
    struct hy_arena *arena = &r->s->decision->arena;
    struct hy_past *past = r->past;
    /* It may be running where nobody can look. */
    if (is_active(r->role) && !r->node->member && !r->node->maintenance && r->is_managed && r->s->properties.fencing)
        hy_sched_fence(r->s, r->node->number,
                       hy_arena_printf(arena, "%s is thought to be active there", r->unit->name));
    past->on_fail = r->node->unclean ? HY_ONFAIL_IGNORE : r->on_fail;
    if (past->on_fail == HY_ONFAIL_FENCE)
        hy_sched_fence(r->s, r->node->number, hy_arena_printf(arena, "%s failed there", r->unit->name));
}

static void finish(struct reading *r)
{
    struct hy_past *past = r->past;
    past->known = r->role != HY_ROLE_ANY;
    past->had_failed = r->on_fail != HY_ONFAIL_IGNORE;
    if (past->promoting && r->role == HY_ROLE_ANY)
        r->role = HY_ROLE_STARTED;
    fence_for(r);
    past->stop_all = r->stop_all || past->on_fail == HY_ONFAIL_STOP;
    if (past->on_fail == HY_ONFAIL_STANDBY)
        r->node->standby_onfail = past->failure;
    past->role = is_active(r->role) ? r->role : HY_ROLE_STOPPED;
    past->failed = is_active(r->role) && past->on_fail != HY_ONFAIL_IGNORE;
    past->unpromoted = r->unpromoted;
    past->blocked = past->on_fail == HY_ONFAIL_BLOCK && (past->known || past->trace);
    /* A start under way may have done its work already, and a stop not yet. */
    past->arriving = past->starting && past->role == HY_ROLE_STOPPED;
    past->leaving = past->stopping && past->role == HY_ROLE_STOPPED;
    if (past->arriving || past->leaving)
        past->role = HY_ROLE_STARTED;
}

static void replay(struct hy_sched *s, struct hy_unit *unit, struct hy_snode *node)
{
    const struct hy_meta *meta = &unit->prim->meta;
    struct reading r = {.s = s,
                        .unit = unit,
                        .node = node,
                        .past = &unit->past[node->number],
                        .is_managed = meta->managed && !meta->maintenance && !s->properties.maintenance};
    hy_sched_expire(s, unit, node->number);
    read_all(&r);
    if (r.past->pending_migration)
        hy_sched_migration_pending(s, unit, node->number, r.past->pending_migration);
    read_changes(&r);
    finish(&r);
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
                replay(s, s->units.items[u], &s->nodes[n]);
        }
    for (size_t u = 0; u < s->units.count; u++)
        for (uint32_t n = 0; n < s->node_count && s->units.items[u]->alias_of; n++)
            take_alias(s->units.items[u], n);
}
