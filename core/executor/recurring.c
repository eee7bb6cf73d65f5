/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations with an interval. The first run is in the lane's order; the next is `interval` after the end of the last one.
 * Only the second is spread, by a hash of resource and operation, so that what was started together is not checked together
 * for ever.
 */
#include "executor/lane.h"

#include <string.h>

enum { SPREAD_SECONDS = 10 };

static hy_time spread(const struct hy_operation *operation)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *p = operation->rsc; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    for (const char *p = operation->op; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    hy_time within =
        operation->interval < SPREAD_SECONDS * HY_SECOND ? operation->interval : SPREAD_SECONDS * HY_SECOND;
    return (hy_time)(hash % (uint64_t)within);
}

static void free_recurring(struct hy_recurring *recurring)
{
    struct hy_lane *lane = recurring->lane;
    hy_loop_unset(lane->queue->spec.loop, &recurring->timer);
    for (size_t i = lane->recurring.count; i-- > 0;)
        if (lane->recurring.items[i] == recurring)
            hy_vec_remove(&lane->recurring, i);
    hy_operation_free(&recurring->operation);
    hy_operation_free(&recurring->cancel);
    hy_outcome_free(&recurring->last);
    free(recurring);
}

static struct hy_recurring *find(const struct hy_lane *lane, const char *op, hy_time interval)
{
    for (size_t i = 0; i < lane->recurring.count; i++) {
        struct hy_recurring *recurring = lane->recurring.items[i];
        if (!recurring->cancelled && recurring->operation.interval == interval &&
            strcmp(recurring->operation.op, op) == 0)
            return recurring;
    }
    return NULL;
}

static bool is_running(const struct hy_recurring *recurring)
{
    return recurring->lane->current && recurring->lane->current->recurring == recurring;
}

/* Monitors give way to what changes the state: its end is followed by a fresh look in any case. */
static void due(void *context)
{
    struct hy_recurring *recurring = context;
    struct hy_lane *lane = recurring->lane;
    if (recurring->queued)
        return;
    if (recurring->ran && (hy_lane_state_is_changing(lane) || lane->release)) {
        hy_loop_at(lane->queue->spec.loop, &recurring->timer, hy_loop_now() + recurring->operation.interval, due,
                   recurring);
        return;
    }
    hy_lane_add(lane, NULL, recurring);
    hy_queue_pump(lane->queue);
}

/* Ends one that does not run now. `why` NULL: without a word. */
static void end_idle(struct hy_recurring *recurring, const char *why)
{
    struct hy_lane *lane = recurring->lane;
    bool unheard = why && !recurring->reported && !recurring->queued;
    hy_lane_drop_items(lane, recurring, why);
    if (unheard) { /* its start-delay was not over yet */
        struct hy_item item = {.recurring = recurring, .lane = lane};
        hy_lane_answer(lane, &item,
                       &(struct hy_run_result){.exec = HY_EXEC_CANCELLED, .rc = HALYARD_ERR_GENERIC, .reason = why});
    }
    free_recurring(recurring);
}

static void end(struct hy_recurring *recurring, const char *why)
{
    if (!is_running(recurring)) {
        end_idle(recurring, why);
        return;
    }
    recurring->cancelled = true;
    if (!why)
        recurring->reported = true; /* whoever wanted to hear of it is gone */
}

void hy_recurring_end_all(struct hy_lane *lane, const char *why)
{
    for (size_t i = lane->recurring.count; i-- > 0;)
        end(lane->recurring.items[i], why);
}

void hy_recurring_order(struct hy_lane *lane, struct hy_operation *operation)
{
    struct hy_recurring *before = find(lane, operation->op, operation->interval);
    if (before)
        end(before, "replaced by a later order");
    struct hy_recurring *recurring = hy_alloc(sizeof *recurring);
    recurring->lane = lane;
    recurring->operation = *operation;
    hy_vec_push(&lane->recurring, recurring);
    if (operation->start_delay)
        hy_loop_at(lane->queue->spec.loop, &recurring->timer, hy_loop_now() + operation->start_delay, due, recurring);
    else
        hy_lane_add(lane, NULL, recurring);
}

static void answer_cancel(struct hy_lane *lane, struct hy_operation *cancel)
{
    struct hy_item item = {.operation = *cancel, .lane = lane};
    hy_lane_answer(lane, &item, &(struct hy_run_result){.exec = HY_EXEC_DONE, .rc = HALYARD_OK});
    hy_operation_free(cancel);
}

void hy_recurring_cancel(struct hy_lane *lane, struct hy_operation *cancel)
{
    struct hy_recurring *recurring = find(lane, cancel->cancels, cancel->interval);
    if (recurring && is_running(recurring)) {
        recurring->cancelled = true;
        recurring->cancel = *cancel;
        return;
    }
    if (recurring)
        end_idle(recurring, "cancelled");
    answer_cancel(lane, cancel);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void report_change(struct hy_recurring *recurring, struct hy_item *item, const struct hy_run_result *result)
{
    struct hy_outcome *last = &recurring->last;
    if (recurring->reported && last->exec == result->exec && last->rc == result->rc &&
        same_text(last->reason, result->reason))
        return;
    hy_outcome_free(last);
    *last = (struct hy_outcome){.id = recurring->operation.id,
                                .rsc = hy_strdup(recurring->operation.rsc),
                                .op = hy_strdup(recurring->operation.op),
                                .interval = recurring->operation.interval,
                                .exec = result->exec,
                                .rc = result->rc,
                                .took = result->took,
                                .queued = item->queued,
                                .reason = hy_strdup(result->reason),
                                .output = hy_strdup(result->output),
                                .agent = hy_strdup(recurring->operation.agent),
                                .digest = hy_strdup(recurring->operation.digest)};
    recurring->reported = true;
    hy_lane_answer(recurring->lane, item, result);
}

void hy_recurring_ended(struct hy_item *item, const struct hy_run_result *result)
{
    struct hy_recurring *recurring = item->recurring;
    struct hy_lane *lane = recurring->lane;
    recurring->queued = false;
    if (recurring->cancelled) {
        if (!recurring->reported)
            hy_lane_answer(lane, item, result);
        struct hy_operation cancel = recurring->cancel;
        recurring->cancel = (struct hy_operation){0};
        free_recurring(recurring);
        if (cancel.rsc)
            answer_cancel(lane, &cancel);
        return;
    }
    report_change(recurring, item, result);
    hy_time next = hy_loop_now() + recurring->operation.interval;
    if (!recurring->ran)
        next -= spread(&recurring->operation);
    recurring->ran = true;
    hy_loop_at(lane->queue->spec.loop, &recurring->timer, next, due, recurring);
}

bool hy_recurring_check_now(struct hy_lane *lane)
{
    struct hy_recurring *soonest = NULL;
    for (size_t i = 0; i < lane->recurring.count; i++) {
        struct hy_recurring *recurring = lane->recurring.items[i];
        if (recurring->cancelled || strcmp(recurring->operation.op, "monitor") != 0)
            continue;
        if (!soonest || recurring->operation.interval < soonest->operation.interval)
            soonest = recurring;
    }
    if (!soonest)
        return false;
    if (is_running(soonest)) /* it may have looked before the change: once more, when it is done */
        hy_loop_at(lane->queue->spec.loop, &lane->check, hy_loop_now() + 100 * HY_MS, lane->check.due, lane);
    else if (!soonest->queued) {
        hy_loop_unset(lane->queue->spec.loop, &soonest->timer);
        hy_lane_add(lane, NULL, soonest);
    }
    return true;
}
