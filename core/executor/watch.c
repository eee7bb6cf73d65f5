/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's `watch`, beside the lane's other operations, as long as the resource is started. */
#include "executor/lane.h"

#include "base/mutant.h"

#include <string.h>

enum { FIRST_PAUSE_MS = 100, LONGEST_PAUSE_SECONDS = 60, GRACE_SECONDS = 1, CHECK_PAUSE_MS = 100, FOUND_MS = 1000 };

static void forget(struct hy_lane_watch *watch)
{
    hy_operation_free(&watch->operation);
    watch->ending = false;
    watch->anew = false;
    watch->pause = 0;
}

static bool own_check_is_on_its_way(const struct hy_lane *lane)
{
    if (lane->current && lane->current->own)
        return true;
    for (size_t i = 0; i < lane->items.count; i++)
        if (lane->items.items[i]->own)
            return true;
    return false;
}

/* ---- changed() */

static void check(void *context)
{
    struct hy_lane *lane = context;
    struct hy_queue *queue = lane->queue;
    lane->checked = hy_loop_now();
    char *why = lane->check_why;
    lane->check_why = NULL;
    if (why) {
        struct hy_outcome event = {.rsc = lane->rsc, .op = lane->watch.operation.op, .reason = why};
        if (lane->watch.operation.rsc)
            queue->spec.event(queue->spec.context, &event);
        free(why);
    }
    if (!lane->watch.operation.rsc || lane->watch.ending || hy_lane_state_is_changing(lane) || lane->release)
        return;
    if (!hy_recurring_check_now(lane) && !own_check_is_on_its_way(lane)) {
        struct hy_operation monitor = hy_operation_copy(&lane->watch.operation);
        free(monitor.op);
        monitor.op = hy_strdup("monitor");
        hy_lane_add(lane, &monitor, NULL)->own = true;
    }
    hy_queue_pump(queue);
}

/* An agent that cries without end gets ten checks a second, and the latest of its words. */
static void changed(void *context, const char *why)
{
    struct hy_lane *lane = context;
    if (lane->watch.ending || lane->queue->ending)
        return;
    free(lane->check_why);
    lane->check_why = hy_strdup(why);
    hy_time soonest = lane->checked + CHECK_PAUSE_MS * HY_MS;
    if (!lane->check.place)
        hy_loop_at(lane->queue->spec.loop, &lane->check, soonest, check, lane);
}

/* ---- its life */

static void start(void *context);

static void ended(void *context, const struct hy_run_result *result)
{
    struct hy_lane *lane = context;
    struct hy_lane_watch *watch = &lane->watch;
    struct hy_queue *queue = lane->queue;
    watch->run = NULL;
    queue->watches--;
    if (watch->anew && !watch->ending) {
        watch->anew = false;
        start(lane);
        return;
    }
    if (watch->ending) {
        forget(watch);
        hy_queue_pump(queue);
        hy_queue_check_idle(queue);
        return;
    }
    hy_time now = hy_loop_now();
    hy_time longest = LONGEST_PAUSE_SECONDS * HY_SECOND;
    if (!watch->pause || now - watch->started > longest)
        watch->pause = FIRST_PAUSE_MS * HY_MS;
    else
        watch->pause = watch->pause * 2 < longest ? watch->pause * 2 : longest;
    hy_warning(queue->spec.env->log, "%s watch: ended (%s); starting it again in %lld ms", lane->rsc,
               result->reason ? result->reason : "without a reason", (long long)(watch->pause / HY_MS));
    hy_loop_at(queue->spec.loop, &watch->restart, now + watch->pause, start, lane);
}

/* An instance goes by the name of what it is an instance of. */
static bool is_hands_off(const struct hy_lane *lane)
{
    const struct hy_map *names = &lane->queue->hands_off;
    const char *colon = strrchr(lane->rsc, ':');
    char *name = colon ? hy_strndup(lane->rsc, (size_t)(colon - lane->rsc)) : hy_strdup(lane->rsc);
    bool off = hy_map_get(names, "*") || hy_map_get(names, name) || hy_map_get(names, lane->rsc);
    free(name);
    return off;
}

static void start(void *context)
{
    struct hy_lane *lane = context;
    struct hy_lane_watch *watch = &lane->watch;
    struct hy_queue *queue = lane->queue;
    watch->started = hy_loop_now();
    watch->off = is_hands_off(lane);
    hy_attrs_set(&watch->operation.meta, "managed", watch->off ? "false" : "true");
    struct hy_run_spec spec = {.env = queue->spec.env,
                               .operation = &watch->operation,
                               .deadline = HY_NEVER,
                               .changed = changed,
                               .ended = ended,
                               .context = lane};
    struct hy_err err;
    queue->watches++;
    if (hy_run_start(queue->spec.loop, &spec, &watch->run, &err))
        ended(lane, &(struct hy_run_result){.exec = HY_EXEC_ERROR, .reason = err.text});
}

static bool shows_running(const struct hy_operation *operation, const struct hy_run_result *result)
{
    if (result->exec != HY_EXEC_DONE || strcmp(operation->op, "stop") == 0)
        return false;
    return result->rc == HALYARD_OK || result->rc == HALYARD_RUNNING_PROMOTED || result->rc == HALYARD_DEGRADED ||
           result->rc == HALYARD_DEGRADED_PROMOTED;
}

/*
 * What a probe has found here and nobody watches was, it may be, left behind when all were killed: somebody else may run it
 * by now, and a watch would put back the guard that keeps its address quiet here. Who has ordered the probe decides first; that it
 * is to go on shows by its recurring monitor, or, where it has none, by no stop that comes.
 */
static bool is_only_found(const struct hy_operation *operation)
{
    return strcmp(operation->op, "monitor") == 0 && !operation->interval && !HY_MUTANT(FOUND_IS_WATCHED);
}

static bool awaits_decision(const struct hy_lane_watch *watch)
{
    return watch->restart.place && !watch->pause;
}

void hy_lane_watch_follow(struct hy_lane *lane, const struct hy_operation *operation,
                          const struct hy_run_result *result)
{
    const struct hy_active_entry *entry = hy_actives_get(lane->queue->spec.actives, lane->rsc);
    if (!entry) {
        hy_lane_watch_end(lane, false);
        return;
    }
    bool found = is_only_found(operation);
    if (awaits_decision(&lane->watch) && !found && !entry->pending && shows_running(operation, result)) {
        hy_loop_unset(lane->queue->spec.loop, &lane->watch.restart);
        start(lane);
        return;
    }
    /* One that is still ending is followed by the next at the next monitor. */
    if (lane->watch.operation.rsc || !entry->has_watch || entry->pending || lane->release || lane->queue->ending ||
        !shows_running(operation, result))
        return;
    lane->watch.operation = hy_operation_copy(&entry->kept);
    free(lane->watch.operation.op);
    lane->watch.operation.op = hy_strdup("watch");
    lane->watch.operation.interval = 0;
    lane->watch.operation.id = 0;
    if (found)
        hy_loop_at(lane->queue->spec.loop, &lane->watch.restart, hy_loop_now() + FOUND_MS * HY_MS, start, lane);
    else
        start(lane);
}

void hy_lane_watch_look(struct hy_lane *lane)
{
    struct hy_lane_watch *watch = &lane->watch;
    if (!watch->run || watch->ending || watch->anew || watch->off == is_hands_off(lane))
        return;
    watch->anew = true;
    hy_info(lane->queue->spec.env->log,
            watch->off ? "%s is managed again: its watch looks after it"
                       : "%s is not managed: its watch tells, and touches nothing",
            lane->rsc);
    hy_run_terminate(watch->run, GRACE_SECONDS * HY_SECOND);
}

bool hy_lane_watch_end(struct hy_lane *lane, bool at_once)
{
    struct hy_lane_watch *watch = &lane->watch;
    hy_loop_unset(lane->queue->spec.loop, &watch->restart);
    if (!watch->run) {
        forget(watch);
        return false;
    }
    if (at_once)
        hy_run_kill(watch->run, "the resource is released");
    else if (!watch->ending)
        hy_run_terminate(watch->run, GRACE_SECONDS * HY_SECOND);
    watch->ending = true;
    return true;
}
