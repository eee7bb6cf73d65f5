/* SPDX-License-Identifier: Apache-2.0 */
/* What the results of one resource on one node say together: its role there, and what is to be done about failures. */
#include "scheduler/model.h"

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
    if (!hy_result_is(result, "monitor"))
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
    bool probe = hy_result_is_probe(result);
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
        if (probe || expected || !hy_result_is(result, "stop"))
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
    } else if (hy_result_is(result, "monitor")) {
        clears = is_same_op(r->last_failure, result);
        set_active(r);
    } else if (hy_result_is(result, "start") || hy_result_is(result, "migrate_from")) {
        r->role = HY_ROLE_STARTED;
    } else if (hy_result_is(result, "stop")) {
        r->role = HY_ROLE_STOPPED;
    } else if (hy_result_is(result, "promote")) {
        r->role = HY_ROLE_PROMOTED;
    } else if (hy_result_is(result, "demote")) {
        clears = r->on_fail == HY_ONFAIL_DEMOTE;
        r->role = HY_ROLE_STARTED;
    } else if (hy_result_is(result, "migrate_to")) {
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
    if (hy_result_is(result, "stop"))
        past->stop_failed = true;
    else if (hy_result_is(result, "migrate_to") || hy_result_is(result, "migrate_from"))
        hy_sched_migration_failed(r->s, r->unit, r->node->number, result);
    if (hy_result_is(result, "migrate_to") || hy_result_is(result, "migrate_from"))
        r->role = HY_ROLE_STARTED;
    if (hy_result_is(result, "promote"))
        r->role = HY_ROLE_PROMOTED; /* it may be, or half so: it is to be demoted */
    if (hy_result_is(result, "demote")) {
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
        bool nothing = result->has_expected ? result->expected == 7 : !is_active(r->role);
        if (hy_result_is_probe(result) && nothing) {
            r->role = HY_ROLE_STOPPED; /* as if it had found what it was expected to find */
            clear_failures(r);
            return;
        }
        take_success(r, result, hy_result_is(result, "monitor") ? 0 : result->rc == 7 ? 0 : result->rc);
        return;
    }
    r->last_failure = past->failure = result;
    r->unpromoted = r->unpromoted || hy_result_is(result, "promote");
    if (on_fail > r->on_fail)
        r->on_fail = on_fail;
    take_failed_role(r, result, on_fail);
    if (on_fail == HY_ONFAIL_STOP) {
        r->stop_all = true;
        past->stop_here = result;
    }
    if (verdict == FAILED_HERE || verdict == FAILED_EVERYWHERE)
        past->hard = result;
    if (verdict == FAILED_HERE && hy_result_is(result, "stop") && !r->s->properties.fencing)
        r->on_fail = HY_ONFAIL_BLOCK;
}

/* A probe that found that it cannot run here has found that it does not run here. */
static bool is_masked(const struct hy_result *result)
{
    return hy_result_is_probe(result) && result->exec == HY_EXEC_DONE && (result->rc == 2 || result->rc == 5);
}

static void read_result(struct reading *r, const struct hy_result *result)
{
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
        if (hy_result_is(result, "monitor") && result->exec == HY_EXEC_DONE && result->rc == 7)
            r->role = HY_ROLE_STOPPED; /* the failure is forgotten; that it does not run is not */
        else if (!result->interval)
            r->role = HY_ROLE_ANY; /* what it was is forgotten, too, and what it left is not known: it is to be asked */
        return;
    }
    if (!hy_result_is(result, "monitor"))
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

static void read_all(struct reading *r)
{
    struct hy_trace *result = r->past->trace, *failure = r->past->failures;
    while (result || failure) {
        if (failure && is_known(r->past->trace, failure->result)) {
            failure = failure->next;
        } else if (failure && (!result || is_before(failure->result, result->result))) {
            uint64_t since = r->past->since;
            enum hy_role role = r->role;
            read_result(r, failure->result);
            r->past->since = since;
            if (failure->result->former)
                r->role = role;
            failure = failure->next;
        } else {
            read_result(r, result->result);
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
        at->stale = changed == HY_CHANGED_AGAIN;
    }
    past->changed = restart;
    past->reload = reload && !restart;
    for (const struct hy_trace *at = past->failures; at && past->fail_count && !past->forget; at = at->next)
        if (hy_result_is(at->result, "start") || hy_result_is(at->result, "monitor"))
            past->forget = hy_sched_changed(r->s, r->unit->prim, r->node->number, at->result);
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
    if (past->promoting && r->role != HY_ROLE_STOPPED)
        r->role = HY_ROLE_PROMOTED; /* it may be by now: it is to be demoted if it is not to be */
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

void hy_sched_replay(struct hy_sched *s, struct hy_unit *unit, struct hy_snode *node)
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
    if (r.past->forget)
        hy_sched_forget(s, unit, node->number);
}
