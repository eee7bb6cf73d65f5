/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An executor: queue, lanes, table of what is active, recurring monitors, watch, lease and release are the real ones
 * (core/executor), on our own loop (loop.c) and children (run.c). What is here is what its main, its socket, the guard
 * and the core's parent do.
 */
#include "sim/internal.h"

#include <errno.h>

static const hy_time SETTLED = 10 * HY_SECOND, FIRST_PAUSE = 50 * HY_MS, LONGEST_PAUSE = 5 * HY_SECOND;

/* The real one loads plug-ins; ours says what it can with each result (run.c). */
const char *hy_agent_table_find(const struct hy_agent_table *table, const char *agent, uint32_t *caps, bool *has_watch)
{
    (void)table;
    (void)agent;
    if (caps)
        *caps = 0;
    if (has_watch)
        *has_watch = false;
    return NULL;
}

void sim_executor_due_moved(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_executor *executor = &host->executor;
    if (!executor->up || host->host_frozen || !executor->loop.heap.count)
        world->due[node].timer = HY_NEVER;
    else
        world->due[node].timer = sim_clock_true(&host->clock, executor->loop.heap.items[0]->at) + 15;
}

static struct sim_executor *enter(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = &world->hosts[node].executor;
    sim_loop_enter(&executor->loop);
    return executor;
}

/* ---- its socket to the core */

static void send_news(struct sim_executor *executor, enum hy_executor_news_type type, const struct hy_outcome *outcome,
                      bool clean)
{
    struct sim_world *world = executor->loop.world;
    struct sim_host *host = &world->hosts[executor->loop.node];
    if (!host->core.cluster)
        return;
    hy_time at = world->now + sim_draw_time(&world->hosts_stream, 20, 80);
    executor->last_news = at > executor->last_news ? at : executor->last_news + 1;
    struct sim_event *event = sim_agenda_add(world, executor->last_news, SIM_EV_NEWS, executor->loop.node);
    event->generation = host->core.generation;
    event->news = hy_alloc(sizeof *event->news);
    *event->news = (struct hy_executor_news){.type = type, .clean = clean};
    if (!outcome)
        return;
    event->news->outcome = hy_outcome_copy(outcome);
}

static void outcome(void *context, const struct hy_outcome *outcome)
{
    send_news(context, HY_EXECUTOR_OUTCOME, outcome, false);
}

static void event(void *context, const struct hy_outcome *event)
{
    send_news(context, HY_EXECUTOR_EVENT, event, false);
}

static void released(void *context, bool clean, const char *report)
{
    struct sim_executor *executor = context;
    sim_note(executor->loop.world, "%s: the lease had ended: %s", executor->loop.world->hosts[executor->loop.node].name,
             report);
    send_news(executor, HY_EXECUTOR_RELEASED, NULL, clean);
}

static bool lease_holds(void *context, uint32_t epoch)
{
    struct sim_executor *executor = context;
    return hy_lease_holds(&executor->lease, epoch);
}

static int actives_changed(void *context, const struct hy_actives *actives)
{
    (void)actives;
    struct sim_executor *executor = context;
    hy_lease_look(&executor->lease);
    return 0;
}

void sim_executor_order(struct sim_world *world, size_t node, struct hy_operation *operation)
{
    struct sim_executor *executor = enter(world, node);
    hy_queue_order(executor->queue, operation);
    *operation = (struct hy_operation){0};
    sim_executor_due_moved(world, node);
}

static void active(void *context, const struct hy_outcome *active)
{
    send_news(context, HY_EXECUTOR_ACTIVE, active, false);
}

void sim_executor_query(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = enter(world, node);
    hy_queue_report(executor->queue, active, executor);
    send_news(executor, HY_EXECUTOR_ACTIVE_END, NULL, false);
}

void sim_executor_look(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = enter(world, node);
    hy_lease_look(&executor->lease);
    sim_executor_due_moved(world, node);
}

/* hy_executor_set_lease(): the page is shared memory; a word goes with it only when the lease becomes shorter. */
void sim_executor_set_lease(struct sim_world *world, size_t node, hy_time deadline, uint32_t since)
{
    struct sim_executor *executor = &world->hosts[node].executor;
    bool new_life = atomic_exchange(&executor->page.since, since) != since;
    hy_time before = atomic_exchange(&executor->page.deadline, deadline);
    SIM_OBSERVE_OFTEN(world, lease, (seer, node, deadline, since))
    if (deadline >= before && !new_life)
        return;
    hy_time at = world->now + sim_draw_time(&world->hosts_stream, 20, 80);
    executor->last_order = at > executor->last_order ? at : executor->last_order + 1;
    sim_agenda_add(world, executor->last_order, SIM_EV_LOOK, node)->generation = executor->generation;
}

void sim_executor_run_due(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = enter(world, node);
    hy_time now = hy_loop_now();
    while (executor->loop.heap.count && executor->loop.heap.items[0]->at <= now) {
        struct hy_timer *timer = executor->loop.heap.items[0];
        hy_loop_unset(&executor->loop, timer);
        timer->due(timer->context);
    }
    sim_executor_due_moved(world, node);
}

/* ---- the core's parent */

static void start_core(struct sim_world *world, size_t node, hy_time after)
{
    struct sim_executor *executor = &world->hosts[node].executor;
    after += sim_draw_time(&world->hosts_stream, 10 * HY_MS, 60 * HY_MS); /* exec, configuration, disk, sockets */
    sim_agenda_add(world, world->now + after, SIM_EV_CORE_START, node)->generation = executor->generation;
}

void sim_executor_core_begun(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = enter(world, node);
    executor->core_started = world->now;
    hy_queue_forget_orders(executor->queue);
    sim_executor_due_moved(world, node);
}

static void ended(void *context, bool clean, const char *report)
{
    (void)clean;
    (void)report;
    struct sim_executor *executor = context;
    executor->released = true;
}

void sim_executor_core_died(struct sim_world *world, size_t node, bool for_good)
{
    struct sim_executor *executor = enter(world, node);
    if (for_good) {
        /* What is still active under the lease is stopped; then the executor ends. */
        hy_queue_forget_orders(executor->queue);
        executor->asked = true;
        hy_queue_release(executor->queue, "the executor is ending", ended, executor);
        sim_executor_due_moved(world, node);
        return; /* sim_executor_check_end() */
    }
    hy_time pause = world->now - executor->core_started >= SETTLED ? 0 : executor->core_pause;
    hy_time next = pause ? pause * 2 : FIRST_PAUSE;
    executor->core_pause = next < LONGEST_PAUSE ? next : LONGEST_PAUSE;
    start_core(world, node, pause);
}

/* ---- its life */

void sim_executor_start(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_executor *executor = &host->executor;
    if (executor->up || !host->powered)
        return;
    *executor = (struct sim_executor){.up = true, .generation = executor->generation + 1};
    executor->loop = (struct hy_loop){.world = world, .node = (uint8_t)node};
    executor->env = (struct hy_exec_env){.node = host->name, .log = &world->trace.log, .page = &executor->page};
    executor->actives.changed = actives_changed;
    executor->actives.context = executor;
    const struct hy_queue_spec spec = {.loop = &executor->loop,
                                       .env = &executor->env,
                                       .actives = &executor->actives,
                                       .outcome = outcome,
                                       .event = event,
                                       .lease_holds = lease_holds,
                                       .context = executor};
    executor->queue = hy_queue_new(&spec);
    executor->lease = (struct hy_lease){.loop = &executor->loop,
                                        .log = &world->trace.log,
                                        .page = &executor->page,
                                        .page_fd = -1,
                                        .actives = &executor->actives,
                                        .queue = executor->queue,
                                        .released = released,
                                        .context = executor};
    world->due[node].timer = HY_NEVER;
    start_core(world, node, 0);
}

static void note_will(struct sim_world *world, size_t node)
{
    struct sim_executor *executor = &world->hosts[node].executor;
    struct sim_will *will = &world->hosts[node].will;
    size_t at = 0;
    void *value;
    for (size_t i = will->at; i < will->count; i++)
        hy_operation_free(&will->operations[i]);
    free(will->operations);
    *will =
        (struct sim_will){.operations = hy_alloc_array(executor->actives.entries.count + 1, sizeof *will->operations)};
    while (hy_map_next(&executor->actives.entries, &at, NULL, &value)) {
        const struct hy_active_entry *entry = value;
        if (entry->kept.lease)
            will->operations[will->count++] = hy_active_stop_order(entry);
    }
    if (will->count)
        sim_agenda_add(world, world->now + sim_draw_time(&world->hosts_stream, 200, HY_MS), SIM_EV_WILL, node)
            ->generation = world->hosts[node].life;
}

/* The guard's stops: they begin at once, side by side, and take some milliseconds. */
void sim_executor_will(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_will *will = &host->will;
    while (will->at < will->count) {
        struct hy_operation *stop = &will->operations[will->at];
        struct sim_service *service = sim_service_get(world, node, stop->rsc);
        if (service->state == SIM_RUNNING || service->state == SIM_STARTING) {
            service->releasing = true;
            sim_service_set(world, node, service, SIM_STOPPING);
            sim_agenda_add(world, world->now + sim_draw_time(&world->services, 2 * HY_MS, 8 * HY_MS), SIM_EV_WILL, node)
                ->generation = host->life;
            return;
        }
        sim_service_set(world, node, service, SIM_STOPPED);
        hy_operation_free(stop);
        will->at++;
    }
}

static void free_lanes(struct sim_executor *executor)
{
    size_t at = 0;
    void *value;
    while (hy_map_next(&executor->queue->lanes, &at, NULL, &value)) {
        struct hy_lane *lane = value;
        if (lane->current)
            hy_item_free(lane->current);
        lane->current = NULL; /* a recurring one is not running any more: it can be let go */
        hy_loop_unset(&executor->loop, &lane->check);
        hy_loop_unset(&executor->loop, &lane->watch.restart);
    }
}

/* SIGKILL, or the end of the host. The core has a death signal, and goes with it. */
void sim_executor_kill(struct sim_world *world, size_t node, bool guard)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->executor.up)
        return;
    struct sim_executor *executor = enter(world, node);
    sim_kernel_executor_dies(world, node, false);
    executor->up = false;
    executor->generation++;
    sim_core_end(world, node, "its executor is gone", !host->powered);
    sim_runs_drop(world, node);
    if (guard)
        note_will(world, node);
    free_lanes(executor);
    hy_loop_unset(&executor->loop, &executor->lease.timer);
    hy_queue_free(&executor->queue);
    executor->actives.changed = NULL;
    hy_actives_free(&executor->actives);
    hy_vec_free(&executor->loop.heap);
    world->due[node].timer = HY_NEVER;
}

/* What its children had begun is as it is by then: known before it is said to be nobody's. */
void sim_executor_kill_all(struct sim_world *world, size_t node)
{
    if (!world->hosts[node].executor.up)
        return;
    sim_executor_kill(world, node, false);
    sim_kernel_executor_dies(world, node, true);
}

void sim_executor_check_end(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_executor *executor = &host->executor;
    if (!executor->up || !executor->asked || host->core.cluster)
        return;
    if (!executor->released) {
        /* The lease may have ended just then: when that release is through, ours finds what it has left. */
        enter(world, node);
        if (!executor->queue->release.under_way)
            hy_queue_release(executor->queue, "the executor is ending", ended, executor);
        sim_executor_due_moved(world, node);
    }
    if (!executor->released)
        return;
    sim_note(world, "%s: halyardd has ended", host->name);
    sim_executor_kill(world, node, false);
    if (host->wanted)
        sim_agenda_add(world, world->now + 100 * HY_MS, SIM_EV_START, node)->generation = host->life;
}
