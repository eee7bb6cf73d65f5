/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Letting go of what is under the lease, without asking anybody: those agents first that do it in an instant. What runs in
 * these lanes is killed, but for a stop that is under way; its end, or its kill, is followed by our own stop.
 */
#include "executor/lane.h"

#include <string.h>

enum { FAST_FIRST_MS = 100 }; /* a fast one that is not may hold up the others for so long */

static bool is_fast(const struct hy_queue *queue, const struct hy_active_entry *entry)
{
    uint32_t caps = entry->caps;
    if (!caps && queue->spec.env->agents)
        hy_agent_table_find(queue->spec.env->agents, entry->kept.agent, &caps, NULL);
    return caps & HALYARD_CAP_FAST_RELEASE;
}

static void begin_stop(struct hy_lane *lane)
{
    const struct hy_active_entry *entry = hy_actives_get(lane->queue->spec.actives, lane->rsc);
    struct hy_item *item = hy_alloc(sizeof *item);
    *item = (struct hy_item){
        .lane = lane, .operation = hy_active_stop_order(entry), .since = hy_loop_now(), .release = true};
    hy_lane_begin(lane, item);
}

static size_t count(const struct hy_queue *queue, int kind)
{
    size_t at = 0, number = 0;
    void *value;
    while (hy_map_next(&queue->lanes, &at, NULL, &value))
        number += (int)((struct hy_lane *)value)->release == kind;
    return number;
}

static void begin_all(struct hy_queue *queue, int kind)
{
    size_t at = 0;
    void *value;
    hy_actives_hold(queue->spec.actives);
    while (hy_map_next(&queue->lanes, &at, NULL, &value)) {
        struct hy_lane *lane = value;
        if ((int)lane->release == kind && !lane->run)
            begin_stop(lane);
    }
    hy_actives_let_go(queue->spec.actives);
}

static void begin_slow(void *context)
{
    struct hy_queue *queue = context;
    if (queue->release.slow_begun)
        return;
    queue->release.slow_begun = true;
    hy_loop_unset(queue->spec.loop, &queue->release.slow);
    begin_all(queue, HY_RELEASE_SLOW);
}

static void conclude(struct hy_queue *queue)
{
    struct hy_release *release = &queue->release;
    if (!release->under_way || count(queue, HY_RELEASE_FAST) || count(queue, HY_RELEASE_SLOW))
        return;
    release->under_way = false;
    hy_loop_unset(queue->spec.loop, &release->slow);
    char *report = hy_buf_take(&release->report);
    release->done(release->context, release->clean, report);
    free(report);
    hy_queue_pump(queue);
}

/* "Cancelled" tells the cluster that it never ran: true of a start that was killed only once its stop has followed. */
bool hy_release_holds_back(struct hy_lane *lane, struct hy_item *item, const struct hy_run_result *result)
{
    const char *op = hy_item_operation(item)->op;
    if (!lane->release || result->exec != HY_EXEC_CANCELLED || !result->called || !hy_changes_state(op) ||
        strcmp(op, "stop") == 0 || lane->killed)
        return false;
    lane->killed = item;
    lane->killed_why = hy_strdup(result->reason);
    return true;
}

static void answer_killed(struct hy_lane *lane)
{
    struct hy_item *item = lane->killed;
    char *why = lane->killed_why;
    lane->killed = NULL;
    lane->killed_why = NULL;
    if (!item)
        return;
    const struct hy_run_result result = {.exec = HY_EXEC_CANCELLED, .rc = HALYARD_ERR_GENERIC, .reason = why};
    hy_lane_answer(lane, item, &result);
    hy_item_free(item);
    free(why);
}

static void lane_done(struct hy_lane *lane, const char *problem)
{
    struct hy_queue *queue = lane->queue;
    struct hy_release *release = &queue->release;
    lane->release = HY_KEEP;
    answer_killed(lane);
    hy_buf_addf(&release->report, "%s%s %s", release->report.size ? ", " : "", lane->rsc,
                problem ? "not stopped" : "stopped");
    if (problem) {
        release->clean = false;
        hy_buf_addf(&release->report, " (%s)", problem);
    }
    if (!release->slow_begun && !count(queue, HY_RELEASE_FAST))
        begin_slow(queue);
    conclude(queue);
}

void hy_release_lane_idle(struct hy_lane *lane, bool was_release, const struct hy_run_result *result)
{
    if (!hy_actives_get(lane->queue->spec.actives, lane->rsc))
        lane_done(lane, NULL);
    else if (was_release)
        lane_done(lane, result->reason ? result->reason : "no reason given");
    else if (lane->release == HY_RELEASE_FAST || lane->queue->release.slow_begun)
        begin_stop(lane);
}

static void clear_lane(struct hy_lane *lane, const char *why)
{
    hy_loop_unset(lane->queue->spec.loop, &lane->check);
    hy_recurring_end_all(lane, why);
    hy_lane_drop_items(lane, NULL, why);
    if (lane->run && strcmp(hy_item_operation(lane->current)->op, "stop") != 0)
        hy_run_kill(lane->run, why);
}

struct taken {
    HY_VEC(struct hy_lane *) lanes;
};

/* Everything under the lease that is not being released already. */
static void take_in(struct hy_queue *queue, struct taken *taken)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&queue->spec.actives->entries, &at, NULL, &value)) {
        const struct hy_active_entry *entry = value;
        struct hy_lane *lane = entry->kept.lease ? hy_queue_lane(queue, entry->kept.rsc) : NULL;
        if (!lane || lane->release)
            continue;
        lane->release = is_fast(queue, entry) ? HY_RELEASE_FAST : HY_RELEASE_SLOW;
        clear_lane(lane, queue->release.why);
        hy_vec_push(&taken->lanes, lane);
    }
}

/* A watch does nothing without a lease; that it ends (and closes what it had open) must not hold up a stop. */
static void end_watches(struct taken *taken)
{
    for (size_t i = 0; i < taken->lanes.count; i++)
        hy_lane_watch_end(taken->lanes.items[i], true);
    hy_vec_free(&taken->lanes);
}

/* A slow stop may outlast the next lease, and that one's end: what was started in between must not wait for the slow one. */
bool hy_queue_release(struct hy_queue *queue, const char *why, hy_released_fn *done, void *context)
{
    struct hy_release *release = &queue->release;
    bool more = release->under_way;
    if (more && release->done != done)
        return false;
    if (!more) {
        hy_buf_clear(&release->report);
        *release = (struct hy_release){
            .under_way = true, .why = why, .clean = true, .done = done, .context = context, .report = release->report};
    }
    struct taken taken = {.lanes = {0}};
    take_in(queue, &taken);
    begin_all(queue, HY_RELEASE_FAST);
    end_watches(&taken);
    if (more && release->slow_begun)
        begin_all(queue, HY_RELEASE_SLOW);
    else if (!count(queue, HY_RELEASE_FAST))
        begin_slow(queue);
    else if (!release->slow_begun && !more)
        hy_loop_at(queue->spec.loop, &release->slow, hy_loop_now() + FAST_FIRST_MS * HY_MS, begin_slow, queue);
    conclude(queue);
    return true;
}

bool hy_queue_is_releasing(const struct hy_queue *queue)
{
    return queue->release.under_way;
}
