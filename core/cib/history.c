/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/history.h"

#include "cib/object.h"

#include <halyard/agent.h>
#include <string.h>

enum outcome {
    FINE,
    FAILED,         /* shown, but does not count: a probe */
    FAILED_COUNTS,  /* one more failure */
    FAILED_FOR_GOOD /* as many as can be: not here again */
};

bool hy_rsc_is_instance_of(const char *rsc, const char *id)
{
    size_t length = strlen(id);
    return strncmp(rsc, id, length) == 0 && (rsc[length] == '\0' || rsc[length] == ':');
}

bool hy_op_is_notice(const char *op, bool *post, const char **task)
{
    static const char before[] = "pre_notify_", after[] = "post_notify_";
    bool is_after = strncmp(op, after, sizeof after - 1) == 0;
    if (!is_after && strncmp(op, before, sizeof before - 1) != 0)
        return false;
    if (post)
        *post = is_after;
    if (task)
        *task = op + (is_after ? sizeof after : sizeof before) - 1;
    return true;
}

static bool same_operation(const struct hy_result *a, const char *rsc, const char *op, hy_time interval)
{
    return a->interval == interval && strcmp(a->op, op) == 0 && strcmp(a->rsc, rsc) == 0;
}

static bool is_success(const struct hy_result *result)
{
    return result->exec == HY_EXEC_DONE && result->rc == HALYARD_OK;
}

/* Is it one that tells whether the resource runs, and in which role? */
static bool tells_state(const struct hy_result *result)
{
    static const char *const ops[] = {"start", "stop", "promote", "demote"};
    if (result->interval || result->exec != HY_EXEC_DONE)
        return false;
    if (strcmp(result->op, "monitor") == 0)
        return true;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (strcmp(result->op, ops[i]) == 0)
            return result->rc == HALYARD_OK;
    return false;
}

/* The latest result that tells the state of the instance; NULL: nothing is known. */
static const struct hy_result *last_state(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = NULL;
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        if (strcmp(result->rsc, rsc) == 0 && tells_state(result) && (!last || result->call >= last->call))
            last = result;
    }
    return last;
}

static bool is_promoted(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = last_state(status, rsc);
    if (!last)
        return false;
    return strcmp(last->op, "promote") == 0 ||
           (strcmp(last->op, "monitor") == 0 && last->rc == HALYARD_RUNNING_PROMOTED);
}

static bool start_failure_is_fatal(const struct hy_cib *cib)
{
    const char *text = hy_cib_property(cib, "start-failure-is-fatal");
    bool fatal = true;
    if (text)
        (void)hy_parse_bool(text, &fatal);
    return fatal;
}

static bool probe_is_fine(int rc)
{
    return rc == HALYARD_OK || rc == HALYARD_NOT_RUNNING || rc == HALYARD_RUNNING_PROMOTED ||
           rc == HALYARD_FAILED_PROMOTED;
}

static bool monitor_is_fine(int rc, bool promoted)
{
    return rc == HALYARD_OK || rc == HALYARD_DEGRADED ||
           (promoted && (rc == HALYARD_RUNNING_PROMOTED || rc == HALYARD_DEGRADED_PROMOTED));
}

static enum outcome judge(const struct hy_cib *cib, const struct hy_node_status *status, const struct hy_result *result)
{
    if (result->exec == HY_EXEC_PENDING || result->exec == HY_EXEC_CANCELLED)
        return FINE;
    if (hy_op_is_notice(result->op, NULL, NULL) || strcmp(result->op, "notify") == 0)
        return FINE; /* whatever it answered: that it was told is all that counts */
    bool monitor = strcmp(result->op, "monitor") == 0, done = result->exec == HY_EXEC_DONE;
    if (monitor && !result->interval)
        return done && probe_is_fine(result->rc) ? FINE : FAILED;
    if (done && (monitor ? monitor_is_fine(result->rc, is_promoted(status, result->rsc)) : result->rc == HALYARD_OK))
        return FINE;
    if (strcmp(result->op, "stop") == 0)
        return FAILED_FOR_GOOD;
    return strcmp(result->op, "start") == 0 && start_failure_is_fatal(cib) ? FAILED_FOR_GOOD : FAILED_COUNTS;
}

static void count_failure(struct hy_node_status *status, const struct hy_result *result, int by, hy_wall at)
{
    struct hy_failcount *count = NULL;
    for (size_t i = 0; i < status->failcounts.count && !count; i++) {
        struct hy_failcount *known = &status->failcounts.items[i];
        if (known->interval == result->interval && strcmp(known->rsc, result->rsc) == 0 &&
            strcmp(known->op, result->op) == 0)
            count = known;
    }
    if (!count) {
        count = hy_vec_add(&status->failcounts);
        *count = (struct hy_failcount){
            .rsc = hy_strdup(result->rsc), .op = hy_strdup(result->op), .interval = result->interval};
    }
    count->count = hy_score_add(count->count, by);
    count->last = at;
}

static void keep_failure(struct hy_node_status *status, const struct hy_result *result)
{
    struct hy_result copy = hy_result_copy(result);
    for (size_t i = 0; i < status->failures.count; i++) {
        struct hy_result *known = &status->failures.items[i];
        if (same_operation(known, result->rsc, result->op, result->interval)) {
            hy_result_free(known);
            *known = copy;
            return;
        }
    }
    hy_vec_push(&status->failures, copy);
}

static void drop_result(struct hy_node_status *status, size_t at)
{
    hy_result_free(&status->results.items[at]);
    hy_vec_remove(&status->results, at);
}

/* A stop ends the recurring operations with the resource, and a start finds none: they are set up again. */
static void drop_recurring(struct hy_node_status *status, const struct hy_result *by)
{
    for (size_t i = status->results.count; i > 0; i--) {
        const struct hy_result *result = &status->results.items[i - 1];
        if (result->interval && result->call < by->call && strcmp(result->rsc, by->rsc) == 0)
            drop_result(status, i - 1);
    }
}

/* Fresh: "db" of "db:1". */
static char *base_of(const char *rsc)
{
    return hy_strndup(rsc, strcspn(rsc, ":"));
}

/* Which of the entries of a node go. */
struct dropping {
    const char *id;       /* the instances of this one; NULL: */
    struct hy_map listed; /* those that are among these, or instances of them */
    bool results;         /* all their results; else the failed ones */
};

static bool is_dropped(const struct dropping *dropping, const char *rsc)
{
    if (dropping->id)
        return hy_rsc_is_instance_of(rsc, dropping->id);
    if (hy_map_get(&dropping->listed, rsc))
        return true;
    char *base = strchr(rsc, ':') ? base_of(rsc) : NULL;
    bool is = base && hy_map_get(&dropping->listed, base);
    free(base);
    return is;
}

static void drop(struct hy_node_status *status, const struct dropping *dropping)
{
    size_t kept = 0;
    for (size_t i = 0; i < status->results.count; i++) {
        struct hy_result *result = &status->results.items[i];
        if ((dropping->results || result->failed) && is_dropped(dropping, result->rsc))
            hy_result_free(result);
        else
            status->results.items[kept++] = *result;
    }
    status->results.count = kept;
    kept = 0;
    for (size_t i = 0; i < status->failures.count; i++) {
        if (is_dropped(dropping, status->failures.items[i].rsc))
            hy_result_free(&status->failures.items[i]);
        else
            status->failures.items[kept++] = status->failures.items[i];
    }
    status->failures.count = kept;
    kept = 0;
    for (size_t i = 0; i < status->failcounts.count; i++) {
        struct hy_failcount *count = &status->failcounts.items[i];
        if (is_dropped(dropping, count->rsc)) {
            free(count->rsc);
            free(count->op);
        } else {
            status->failcounts.items[kept++] = *count;
        }
    }
    status->failcounts.count = kept;
}

static void drop_all_of(struct hy_node_status *status, const char *id, bool results)
{
    drop(status, &(struct dropping){.id = id, .results = results});
}

static void drop_listed(struct hy_node_status *status, char *const *ids, size_t count)
{
    struct dropping dropping = {.results = true};
    for (size_t i = 0; i < count; i++)
        hy_map_put(&dropping.listed, ids[i], ids[i]);
    if (count)
        drop(status, &dropping);
    hy_map_free(&dropping.listed);
}

/* The latest of what was done once to an instance and has been answered; NULL: nothing was. */
static const struct hy_result *last_once(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = NULL;
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        if (!result->interval && result->exec != HY_EXEC_PENDING && strcmp(result->rsc, rsc) == 0 &&
            !hy_op_is_notice(result->op, NULL, NULL) && (!last || result->call >= last->call))
            last = result;
    }
    return last;
}

static bool has_results(const struct hy_node_status *status, const char *rsc)
{
    for (size_t i = 0; i < status->results.count; i++)
        if (strcmp(status->results.items[i].rsc, rsc) == 0)
            return true;
    return false;
}

static bool is_configured(const struct hy_cib *cib, const char *rsc)
{
    char *base = strchr(rsc, ':') ? base_of(rsc) : NULL;
    bool configured = hy_cib_find_kind(cib, HY_PRIMITIVE, base ? base : rsc) != NULL;
    free(base);
    return configured;
}

/* Is an instance known not to run? `last`: as last_once() has it; `any`: there are results of it. */
static bool is_down(const struct hy_result *last, bool any)
{
    if (!last)
        return !any;
    if (strcmp(last->op, "stop") == 0)
        return is_success(last);
    bool absent =
        last->exec == HY_EXEC_ERROR ||
        (last->exec == HY_EXEC_DONE && (last->rc == HALYARD_NOT_RUNNING || last->rc == HALYARD_ERR_INSTALLED));
    return strcmp(last->op, "monitor") == 0 && absent;
}

static void prune_resource(const struct hy_cib *cib, struct hy_node_status *status, const char *rsc)
{
    if (is_configured(cib, rsc) || !is_down(last_once(status, rsc), has_results(status, rsc)))
        return;
    char *id = hy_strdup(rsc);
    drop_all_of(status, id, true);
    free(id);
}

/* What is known of one that is not configured any more. */
struct orphan {
    const struct hy_result *last; /* as last_once() has it */
    bool any;                     /* there are results of it */
};

static struct orphan *orphan_of(struct hy_map *orphans, const struct hy_cib *cib, const char *rsc)
{
    struct orphan *orphan = hy_map_get(orphans, rsc);
    if (orphan || is_configured(cib, rsc))
        return orphan;
    orphan = hy_alloc(sizeof *orphan);
    hy_map_put(orphans, rsc, orphan);
    return orphan;
}

static void find_orphans(const struct hy_cib *cib, const struct hy_node_status *status, struct hy_map *orphans)
{
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        struct orphan *orphan = orphan_of(orphans, cib, result->rsc);
        if (!orphan)
            continue;
        orphan->any = true;
        if (!result->interval && result->exec != HY_EXEC_PENDING &&
            (!orphan->last || result->call >= orphan->last->call))
            orphan->last = result;
    }
    for (size_t i = 0; i < status->failures.count; i++)
        (void)orphan_of(orphans, cib, status->failures.items[i].rsc);
    for (size_t i = 0; i < status->failcounts.count; i++)
        (void)orphan_of(orphans, cib, status->failcounts.items[i].rsc);
}

/* All at once: with thousands of them each on its own would take minutes. */
static void prune_node(const struct hy_cib *cib, struct hy_node_status *status)
{
    struct hy_map orphans = {0};
    HY_VEC(char *) spent = {0};
    const char *rsc;
    void *value;
    find_orphans(cib, status, &orphans);
    for (size_t at = 0; hy_map_next(&orphans, &at, &rsc, &value);) {
        const struct orphan *orphan = value;
        if (is_down(orphan->last, orphan->any))
            hy_vec_push(&spent, hy_strdup(rsc));
        free(value);
    }
    drop_listed(status, spent.items, spent.count);
    for (size_t i = 0; i < spent.count; i++)
        free(spent.items[i]);
    hy_vec_free(&spent);
    hy_map_free(&orphans);
}

void hy_history_prune(struct hy_cib *cib)
{
    for (size_t n = 0; n < cib->nodes.count; n++)
        prune_node(cib, cib->nodes.items[n]);
}

static bool has_seen_it(const struct hy_result *result, const char *rsc, uint64_t since)
{
    return result->call > since && strcmp(result->rsc, rsc) == 0 && strcmp(result->op, "monitor") == 0 &&
           result->exec != HY_EXEC_CANCELLED && (result->exec != HY_EXEC_DONE || result->rc != HALYARD_NOT_RUNNING);
}

/* A monitor has found it, whole or broken, after the operation of that number. */
static bool was_seen(const struct hy_node_status *status, const char *rsc, uint64_t since)
{
    for (size_t i = 0; i < status->results.count; i++)
        if (has_seen_it(&status->results.items[i], rsc, since))
            return true;
    for (size_t i = 0; i < status->failures.count; i++)
        if (has_seen_it(&status->failures.items[i], rsc, since))
            return true;
    return false;
}

/* Not running, as is to be expected: it has been stopped since the monitor was ordered, as a node does whose lease ended. */
static bool is_late_monitor(const struct hy_node_status *status, const struct hy_result *result)
{
    if (strcmp(result->op, "monitor") != 0 || !result->interval || result->exec != HY_EXEC_DONE ||
        result->rc != HALYARD_NOT_RUNNING)
        return false;
    const struct hy_result *last = last_state(status, result->rsc);
    return last && strcmp(last->op, "stop") == 0 && !was_seen(status, result->rsc, last->call);
}

void hy_history_record(const struct hy_cib *cib, struct hy_node_status *status, const struct hy_result *result,
                       hy_wall at)
{
    struct hy_result *before = hy_cib_result(status, result->rsc, result->op, result->interval);
    if (before && before->call > result->call)
        return;
    if (result->exec == HY_EXEC_CANCELLED) {
        /* It never ran, so nothing is known by it. */
        if (before && before->exec == HY_EXEC_PENDING)
            drop_result(status, (size_t)(before - status->results.items));
        return;
    }
    if (is_late_monitor(status, result))
        return;
    enum outcome outcome = judge(cib, status, result);
    struct hy_result fresh = *result;
    fresh.failed = outcome != FINE;
    fresh.at = at;
    if (before && result->interval && before->exec == result->exec && before->rc == result->rc)
        fresh.at = before->at;
    fresh = hy_result_copy(&fresh);
    if (before) {
        hy_result_free(before);
        *before = fresh;
    } else {
        hy_vec_push(&status->results, fresh);
    }
    if (outcome != FINE)
        keep_failure(status, &fresh);
    if (outcome == FAILED_COUNTS || outcome == FAILED_FOR_GOOD)
        count_failure(status, &fresh, outcome == FAILED_COUNTS ? 1 : HY_INFINITY, at);
    bool stop = strcmp(fresh.op, "stop") == 0;
    if (is_success(&fresh) && (stop || strcmp(fresh.op, "start") == 0))
        drop_recurring(status, &fresh);
    prune_resource(cib, status, result->rsc);
}

void hy_history_forget(struct hy_node_status *status, const char *rsc, const char *op, hy_time interval)
{
    struct hy_result *result = hy_cib_result(status, rsc, op, interval);
    if (result)
        drop_result(status, (size_t)(result - status->results.items));
}

/* The first resource that matches and has failed here; NULL: none. */
static const char *first_failed(const struct hy_node_status *status, hy_history_match_fn *match, const void *context)
{
    for (size_t i = 0; i < status->failcounts.count; i++)
        if (match(context, status->failcounts.items[i].rsc))
            return status->failcounts.items[i].rsc;
    for (size_t i = 0; i < status->failures.count; i++)
        if (match(context, status->failures.items[i].rsc))
            return status->failures.items[i].rsc;
    for (size_t i = 0; i < status->results.count; i++)
        if (status->results.items[i].failed && match(context, status->results.items[i].rsc))
            return status->results.items[i].rsc;
    return NULL;
}

static bool drop_failed(struct hy_node_status *status, hy_history_match_fn *match, const void *context, bool results)
{
    bool any = false;
    for (const char *rsc; (rsc = first_failed(status, match, context)); any = true) {
        char *base = base_of(rsc);
        drop_all_of(status, base, results);
        free(base);
    }
    return any;
}

bool hy_history_cleanup(struct hy_node_status *status, hy_history_match_fn *match, const void *context)
{
    return drop_failed(status, match, context, true);
}

bool hy_history_expire(struct hy_node_status *status, hy_history_match_fn *match, const void *context)
{
    return drop_failed(status, match, context, false);
}
