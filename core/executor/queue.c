/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/lane.h"

#include "base/mutant.h"
#include "cib/digest.h"

#include <errno.h>
#include <string.h>

enum { DEFAULT_TIMEOUT_SECONDS = 20, DEFAULT_CHILDREN = 64 };

static const char lease_has_ended[] = "this node's lease has ended";

/* ---- items */

const struct hy_operation *hy_item_operation(const struct hy_item *item)
{
    return item->recurring ? &item->recurring->operation : &item->operation;
}

void hy_item_free(struct hy_item *item)
{
    if (!item->recurring)
        hy_operation_free(&item->operation);
    free(item);
}

static void enqueue(struct hy_lane *lane, struct hy_item *item)
{
    hy_vec_push(&lane->items, item);
    if (!lane->in_line)
        hy_vec_push(&lane->queue->line, lane);
    lane->in_line = true;
}

struct hy_item *hy_lane_add(struct hy_lane *lane, struct hy_operation *operation, struct hy_recurring *recurring)
{
    struct hy_item *item = hy_alloc(sizeof *item);
    item->lane = lane;
    item->since = hy_loop_now();
    item->recurring = recurring;
    if (recurring)
        recurring->queued = true;
    else
        item->operation = *operation;
    enqueue(lane, item);
    return item;
}

bool hy_lane_state_is_changing(const struct hy_lane *lane)
{
    if (lane->current && hy_changes_state(hy_item_operation(lane->current)->op))
        return true;
    for (size_t i = 0; i < lane->items.count; i++)
        if (hy_changes_state(hy_item_operation(lane->items.items[i])->op))
            return true;
    return false;
}

static void drop(struct hy_lane *lane, struct hy_item *item, const char *why)
{
    struct hy_run_result result = {.exec = HY_EXEC_CANCELLED, .rc = HALYARD_ERR_GENERIC, .reason = why};
    if (item->recurring)
        item->recurring->queued = false;
    if (why && !item->own && (!item->recurring || !item->recurring->reported))
        hy_lane_answer(lane, item, &result);
    hy_loop_unset(lane->queue->spec.loop, &item->delay);
    hy_item_free(item);
}

void hy_lane_drop_items(struct hy_lane *lane, const struct hy_recurring *of, const char *why)
{
    for (size_t i = lane->items.count; i-- > 0;) {
        struct hy_item *item = lane->items.items[i];
        if (of && item->recurring != of)
            continue;
        hy_vec_remove(&lane->items, i);
        drop(lane, item, why);
    }
    for (size_t i = lane->delayed.count; i-- > 0;) {
        struct hy_item *item = lane->delayed.items[i];
        if (of && item->recurring != of)
            continue;
        hy_vec_remove(&lane->delayed, i);
        drop(lane, item, why);
    }
}

/* A monitor that is ordered once asks how things are, not whether what was started still runs. */
static bool is_probe(const struct hy_item *item)
{
    return !hy_item_operation(item)->interval && !item->own;
}

/* ---- answers */

static void remember(struct hy_lane *lane, const struct hy_outcome *outcome)
{
    struct hy_outcome *kept = &lane->answers[lane->answer_count++ % HY_LANE_REMEMBERED];
    hy_outcome_free(kept);
    *kept = hy_outcome_copy(outcome);
}

/* The structs of an outcome own their texts; here they are lent for the time of a call. */
static char *lend(const char *text)
{
    return (char *)(uintptr_t)text;
}

static bool is_of_notifying_clone(const struct hy_operation *operation)
{
    const char *text = hy_attrs_get(&operation->meta, "notify");
    return text && strcmp(text, "true") == 0;
}

static bool is_named(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
        if (at != names && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* Of the parameters that are named, or of the others. */
static void digest_some(const struct hy_operation *operation, const char *names, bool named, char text[HY_DIGEST_TEXT])
{
    HY_VEC(struct hy_value) values = {0};
    for (size_t i = 0; i < operation->params.list.count; i++) {
        const struct hy_attr *param = &operation->params.list.items[i];
        if (is_named(names, param->name) == named)
            hy_vec_push(&values, ((struct hy_value){param->name, param->value}));
    }
    hy_params_digest(values.items, values.count, text);
    hy_vec_free(&values);
}

/* What a change of parameters is told by, beside the digest of all: what only a restart can change, and what is no
 * secret. It is the agent that knows. */
struct part_digests {
    char restart[HY_DIGEST_TEXT], secure[HY_DIGEST_TEXT];
};

static void add_part_digests(struct part_digests *digests, const struct hy_operation *operation,
                             const struct hy_run_result *result, struct hy_outcome *outcome)
{
    if (operation->interval || !operation->digest || !result->called || !strcmp(operation->op, "stop") ||
        hy_op_is_notice(operation->op, NULL, NULL))
        return;
    if (result->restart_params) {
        digest_some(operation, result->restart_params, true, digests->restart);
        outcome->restart_digest = digests->restart;
        outcome->restart_params = lend(result->restart_params);
    }
    if (result->secret_params && strcmp(result->secret_params, " ") != 0) {
        digest_some(operation, result->secret_params, false, digests->secure);
        outcome->secure_digest = digests->secure;
        outcome->secure_params = lend(result->secret_params);
    }
}

void hy_lane_answer(struct hy_lane *lane, const struct hy_item *item, const struct hy_run_result *result)
{
    const struct hy_operation *operation = hy_item_operation(item);
    struct part_digests digests;
    struct hy_outcome outcome = {.id = operation->id,
                                 .rsc = operation->rsc,
                                 .op = operation->op,
                                 .interval = operation->interval,
                                 .exec = result->exec,
                                 .rc = result->rc,
                                 .took = result->took,
                                 .queued = item->queued,
                                 .reason = lend(result->reason),
                                 .output = lend(result->output),
                                 .agent = operation->agent,
                                 .digest = operation->digest,
                                 .cancels = operation->cancels,
                                 .migrate_from = lend(hy_attrs_get(&operation->meta, "migrate_source")),
                                 .migrate_to = lend(hy_attrs_get(&operation->meta, "migrate_target")),
                                 .notify = is_of_notifying_clone(operation)};
    add_part_digests(&digests, operation, result, &outcome);
    if (!item->recurring)
        remember(lane, &outcome);
    lane->queue->spec.outcome(lane->queue->spec.context, &outcome);
}

/* ---- running an item */

static void note_activity(struct hy_lane *lane, const struct hy_item *item, const struct hy_run_result *result)
{
    struct hy_actives *actives = lane->queue->spec.actives;
    const struct hy_operation *operation = hy_item_operation(item);
    bool changes = hy_changes_state(operation->op);
    if (strcmp(operation->op, "monitor") == 0)
        hy_actives_saw(actives, operation, is_probe(item), result);
    if (changes)
        hy_actives_end(actives, operation, result);
    /* The DC answers a failed start with a stop, and a failed probe too. Where the agent was never called, its parameters
     * wrong or the plug-in missing, a stop would fail for the same reason, and the resource be blocked for nothing. What
     * ran before this executor, under the lease, the guard has stopped. */
    bool tried = changes ? strcmp(operation->op, "stop") != 0 : is_probe(item) && operation->lease;
    if (tried && !result->called && !hy_actives_get(actives, lane->rsc))
        lane->nothing_ran = true;
}

/* With a monitor configured its report says all; the executor's own check has none, and speaks up when something is wrong. */
static void tell_of_own_check(struct hy_lane *lane, const struct hy_operation *operation,
                              const struct hy_run_result *result)
{
    if (result->exec == HY_EXEC_DONE && (result->rc == HALYARD_OK || result->rc == HALYARD_RUNNING_PROMOTED))
        return;
    struct hy_outcome event = {.rsc = lane->rsc,
                               .op = operation->op,
                               .exec = result->exec,
                               .rc = result->rc,
                               .took = result->took,
                               .reason = lend(result->reason),
                               .output = lend(result->output)};
    lane->queue->spec.event(lane->queue->spec.context, &event);
}

static void finish(struct hy_lane *lane, struct hy_item *item, const struct hy_run_result *result)
{
    const struct hy_operation *operation = hy_item_operation(item);
    if (result->called)
        lane->nothing_ran = false;
    note_activity(lane, item, result);
    hy_lane_watch_follow(lane, operation, result);
    if (hy_release_holds_back(lane, item, result)) {
        hy_release_lane_idle(lane, false, result);
        return;
    }
    if (item->recurring)
        hy_recurring_ended(item, result);
    else if (item->own)
        tell_of_own_check(lane, operation, result);
    else
        hy_lane_answer(lane, item, result); /* a stop at the lease's end too: the cluster must know that it is done */
    if (lane->release)
        hy_release_lane_idle(lane, item->release, result);
    hy_item_free(item);
}

static void ended(void *context, const struct hy_run_result *result)
{
    struct hy_lane *lane = context;
    struct hy_queue *queue = lane->queue;
    struct hy_item *item = lane->current;
    lane->current = NULL;
    lane->run = NULL;
    queue->running--;
    finish(lane, item, result);
    hy_queue_pump(queue);
    hy_queue_check_idle(queue);
}

/* It did not come to running: answered as the words say. */
static void refuse(struct hy_lane *lane, struct hy_item *item, enum hy_exec exec, int rc, const char *why)
{
    struct hy_run_result result = {.exec = exec, .rc = rc, .reason = why};
    finish(lane, item, &result);
}

/* A stop works on what was started, not on what the configuration has become since. */
static void use_what_was_started(struct hy_item *item, const struct hy_active_entry *entry)
{
    if (!entry || !*entry->kept.agent)
        return;
    struct hy_operation kept = hy_operation_copy(&entry->kept);
    struct hy_operation *order = &item->operation;
    char *agent = order->agent;
    struct hy_attrs params = order->params;
    order->agent = kept.agent;
    order->params = kept.params;
    kept.agent = agent;
    kept.params = params;
    if (!order->meta.list.count) {
        order->meta = kept.meta;
        kept.meta = (struct hy_attrs){0};
    }
    hy_operation_free(&kept);
}

/* True: it may begin. Else it has been answered. */
static bool prepare(struct hy_lane *lane, struct hy_item *item)
{
    struct hy_queue *queue = lane->queue;
    const struct hy_operation *operation = hy_item_operation(item);
    if (!hy_changes_state(operation->op))
        return true;
    const struct hy_active_entry *entry = hy_actives_get(queue->spec.actives, lane->rsc);
    bool stop = strcmp(operation->op, "stop") == 0;
    if (stop && !item->release)
        use_what_was_started(item, entry);
    if (stop && !entry && lane->nothing_ran) {
        refuse(lane, item, HY_EXEC_DONE, HALYARD_OK, NULL);
        return false;
    }
    if (!*operation->agent) {
        refuse(lane, item, HY_EXEC_ERROR, HALYARD_ERR_GENERIC,
               "nothing is known here of what was started: the order must name the agent");
        return false;
    }
    if (operation->lease && !stop && strcmp(operation->op, "demote") != 0 &&
        !queue->spec.lease_holds(queue->spec.context, operation->epoch)) {
        refuse(lane, item, HY_EXEC_CANCELLED, HALYARD_ERR_GENERIC, lease_has_ended); /* no fault of the resource */
        return false;
    }
    if (hy_actives_begin(queue->spec.actives, operation) && !stop) {
        refuse(lane, item, HY_EXEC_ERROR, HALYARD_ERR_GENERIC,
               "the guard's table is full: too many resources are active on this node");
        return false;
    }
    return true;
}

void hy_lane_begin(struct hy_lane *lane, struct hy_item *item)
{
    struct hy_queue *queue = lane->queue;
    if (!prepare(lane, item))
        return;
    hy_time now = hy_loop_now();
    const struct hy_operation *operation = hy_item_operation(item);
    struct hy_run_spec spec = {.env = queue->spec.env,
                               .operation = operation,
                               .deadline = now + operation->timeout,
                               .probe = is_probe(item),
                               .realtime = lane->release == HY_RELEASE_FAST,
                               .ended = ended,
                               .context = lane};
    struct hy_err err;
    if (hy_run_start(queue->spec.loop, &spec, &lane->run, &err)) {
        refuse(lane, item, HY_EXEC_ERROR, HALYARD_ERR_GENERIC, err.text);
        return;
    }
    lane->current = item;
    queue->running++;
    item->queued = now - item->since;
    if (hy_changes_state(operation->op))
        hy_actives_forked(queue->spec.actives, lane->rsc, hy_run_pid(lane->run));
}

/* ---- the line */

/* True: nothing stands in the way of the lane's next item. */
static bool is_ready(struct hy_lane *lane)
{
    if (lane->run || lane->release || !lane->items.count)
        return false;
    bool stop = strcmp(hy_item_operation(lane->items.items[0])->op, "stop") == 0;
    return !stop || !hy_lane_watch_end(lane, false);
}

/* One turn through the line, so that a lane with much to do does not keep the others waiting. */
void hy_queue_pump(struct hy_queue *queue)
{
    for (size_t i = 0; i < queue->line.count && queue->running < queue->spec.max_children;) {
        struct hy_lane *lane = queue->line.items[i];
        if (!is_ready(lane)) {
            lane->in_line = lane->items.count > 0;
            if (lane->in_line)
                i++;
            else
                hy_vec_remove(&queue->line, i);
            continue;
        }
        struct hy_item *item = lane->items.items[0];
        hy_vec_remove(&lane->items, 0);
        hy_vec_remove(&queue->line, i);
        lane->in_line = lane->items.count > 0;
        if (lane->in_line)
            hy_vec_push(&queue->line, lane);
        hy_lane_begin(lane, item);
    }
}

/* ---- orders */

struct hy_lane *hy_queue_lane(struct hy_queue *queue, const char *rsc)
{
    struct hy_lane *lane = hy_map_get(&queue->lanes, rsc);
    if (lane)
        return lane;
    lane = hy_alloc(sizeof *lane);
    lane->queue = queue;
    lane->rsc = hy_strdup(rsc);
    hy_map_put(&queue->lanes, rsc, lane);
    return lane;
}

static bool is_waiting(const struct hy_lane *lane, uint64_t id)
{
    if (lane->current && hy_item_operation(lane->current)->id == id)
        return true;
    if (lane->killed && hy_item_operation(lane->killed)->id == id)
        return true;
    for (size_t i = 0; i < lane->items.count; i++)
        if (hy_item_operation(lane->items.items[i])->id == id)
            return true;
    for (size_t i = 0; i < lane->delayed.count; i++)
        if (hy_item_operation(lane->delayed.items[i])->id == id)
            return true;
    return false;
}

/* True: the order was here before. What has been answered is answered again: the answer may have been lost. */
static bool was_here(struct hy_lane *lane, uint64_t id)
{
    if (HY_MUTANT(ORDER_TAKEN_TWICE))
        return false;
    if (is_waiting(lane, id))
        return true;
    const struct hy_queue_spec *spec = &lane->queue->spec;
    for (size_t i = 0; i < HY_LANE_REMEMBERED && i < lane->answer_count; i++) {
        if (lane->answers[i].id != id)
            continue;
        spec->outcome(spec->context, &lane->answers[i]);
        return true;
    }
    for (size_t i = 0; i < lane->recurring.count; i++) {
        const struct hy_recurring *recurring = lane->recurring.items[i];
        if (recurring->operation.id != id || recurring->cancelled)
            continue;
        if (recurring->reported)
            spec->outcome(spec->context, &recurring->last);
        return true;
    }
    return false;
}

static void answer_now(struct hy_lane *lane, struct hy_operation *operation, enum hy_exec exec, const char *why)
{
    struct hy_item item = {.operation = *operation, .lane = lane};
    struct hy_run_result result = {
        .exec = exec, .rc = exec == HY_EXEC_DONE ? HALYARD_OK : HALYARD_ERR_GENERIC, .reason = why};
    hy_lane_answer(lane, &item, &result);
    hy_operation_free(operation);
}

static void delay_is_over(void *context)
{
    struct hy_item *item = context;
    struct hy_lane *lane = item->lane;
    for (size_t i = lane->delayed.count; i-- > 0;)
        if (lane->delayed.items[i] == item)
            hy_vec_remove(&lane->delayed, i);
    enqueue(lane, item);
    hy_queue_pump(lane->queue);
}

static void add_once(struct hy_lane *lane, struct hy_operation *operation)
{
    if (!operation->start_delay) {
        hy_lane_add(lane, operation, NULL);
        return;
    }
    struct hy_item *item = hy_alloc(sizeof *item);
    *item = (struct hy_item){.lane = lane, .operation = *operation, .since = hy_loop_now()};
    hy_vec_push(&lane->delayed, item);
    hy_loop_at(lane->queue->spec.loop, &item->delay, item->since + operation->start_delay, delay_is_over, item);
}

static void cancel_once(struct hy_lane *lane, struct hy_operation *cancel)
{
    for (size_t i = lane->items.count; i-- > 0;) {
        struct hy_item *item = lane->items.items[i];
        if (item->recurring || item->own || strcmp(item->operation.op, cancel->cancels) != 0)
            continue;
        hy_vec_remove(&lane->items, i);
        drop(lane, item, "cancelled");
    }
    answer_now(lane, cancel, HY_EXEC_DONE, NULL);
}

static void take(struct hy_lane *lane, struct hy_operation *operation)
{
    bool stop = strcmp(operation->op, "stop") == 0;
    if (strcmp(operation->op, "cancel") == 0 && operation->interval) {
        hy_recurring_cancel(lane, operation);
    } else if (strcmp(operation->op, "cancel") == 0) {
        cancel_once(lane, operation);
    } else if (operation->interval && !hy_changes_state(operation->op)) {
        if (lane->release) /* it was meant for what is being stopped now */
            answer_now(lane, operation, HY_EXEC_CANCELLED, lane->queue->release.why);
        else
            hy_recurring_order(lane, operation);
    } else if (hy_changes_state(operation->op) && operation->id < lane->newest) {
        answer_now(lane, operation, HY_EXEC_CANCELLED, "a later order for this resource has been taken already");
    } else {
        if (hy_changes_state(operation->op))
            lane->newest = operation->id;
        if (stop) /* its monitors would only report what is wanted */
            hy_recurring_end_all(lane, "the resource is to be stopped");
        add_once(lane, operation);
    }
}

void hy_queue_order(struct hy_queue *queue, struct hy_operation *operation)
{
    struct hy_lane *lane = hy_queue_lane(queue, operation->rsc);
    if (queue->ending || was_here(lane, operation->id)) {
        hy_operation_free(operation);
        return;
    }
    if (!operation->timeout)
        operation->timeout = DEFAULT_TIMEOUT_SECONDS * HY_SECOND;
    take(lane, operation);
    hy_queue_pump(queue);
}

/* ---- what there is */

static void report_operation(const struct hy_operation *operation, bool pending, hy_active_fn *report, void *context)
{
    const struct hy_outcome outcome = {.id = operation->id,
                                       .rsc = operation->rsc,
                                       .op = operation->op,
                                       .exec = pending ? HY_EXEC_PENDING : HY_EXEC_DONE,
                                       .agent = operation->agent,
                                       .digest = operation->digest};
    report(context, &outcome);
}

static void report_waiting(struct hy_item *const *items, size_t count, hy_active_fn *report, void *context)
{
    for (size_t i = 0; i < count; i++)
        if (!items[i]->recurring && hy_changes_state(items[i]->operation.op))
            report_operation(&items[i]->operation, true, report, context);
}

void hy_queue_report(const struct hy_queue *queue, hy_active_fn *report, void *context)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&queue->spec.actives->entries, &at, NULL, &value)) {
        const struct hy_active_entry *entry = value;
        report_operation(&entry->kept, entry->pending, report, context);
    }
    for (at = 0; hy_map_next(&queue->lanes, &at, NULL, &value);) {
        const struct hy_lane *lane = value;
        report_waiting(lane->items.items, lane->items.count, report, context);
        report_waiting(lane->delayed.items, lane->delayed.count, report, context);
    }
}

void hy_queue_forget_orders(struct hy_queue *queue)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&queue->lanes, &at, NULL, &value)) {
        struct hy_lane *lane = value;
        hy_recurring_end_all(lane, NULL);
        hy_lane_drop_items(lane, NULL, NULL);
    }
}

/* ---- beginning and end */

struct hy_queue *hy_queue_new(const struct hy_queue_spec *spec)
{
    struct hy_queue *queue = hy_alloc(sizeof *queue);
    queue->spec = *spec;
    if (queue->spec.max_children <= 0)
        queue->spec.max_children = DEFAULT_CHILDREN;
    return queue;
}

void hy_queue_check_idle(struct hy_queue *queue)
{
    if (!queue->ending || queue->running || queue->watches || !queue->idle)
        return;
    void (*idle)(void *context) = queue->idle;
    queue->idle = NULL;
    idle(queue->idle_context);
}

void hy_queue_end(struct hy_queue *queue, hy_time grace, void (*idle)(void *context), void *context)
{
    queue->ending = true;
    queue->idle = idle;
    queue->idle_context = context;
    hy_queue_forget_orders(queue);
    size_t at = 0;
    void *value;
    while (hy_map_next(&queue->lanes, &at, NULL, &value)) {
        struct hy_lane *lane = value;
        hy_lane_watch_end(lane, false);
        hy_loop_unset(queue->spec.loop, &lane->check);
        if (lane->run)
            hy_run_terminate(lane->run, grace);
    }
    hy_queue_check_idle(queue);
}

static void free_lane(struct hy_lane *lane)
{
    for (size_t i = 0; i < HY_LANE_REMEMBERED; i++)
        hy_outcome_free(&lane->answers[i]);
    hy_operation_free(&lane->watch.operation);
    if (lane->killed)
        hy_item_free(lane->killed);
    free(lane->killed_why);
    hy_vec_free(&lane->items);
    hy_vec_free(&lane->delayed);
    hy_vec_free(&lane->recurring);
    free(lane->check_why);
    free(lane->rsc);
    free(lane);
}

void hy_queue_free(struct hy_queue **queue)
{
    if (!*queue)
        return;
    hy_queue_forget_orders(*queue);
    size_t at = 0;
    void *value;
    while (hy_map_next(&(*queue)->lanes, &at, NULL, &value))
        free_lane(value);
    hy_map_free(&(*queue)->lanes);
    hy_vec_free(&(*queue)->line);
    hy_buf_free(&(*queue)->release.report);
    hy_loop_unset((*queue)->spec.loop, &(*queue)->release.slow);
    free(*queue);
    *queue = NULL;
}
