/* SPDX-License-Identifier: Apache-2.0 */
/* The world's clock: what comes next, happens. And what workloads and checks may ask. */
#include "sim/internal.h"
#include "sim/settings.h"

static void log_line(void *context, enum hy_log_level level, const char *line)
{
    struct sim_world *world = context;
    (void)level;
    if (sim_traced(world))
        sim_trace_line(world, "%s   says: %s", world->hosts[world->trace.logging].name, line);
}

static void plan(struct sim_world *world)
{
    const struct sim_schedule *schedule = world->schedule;
    for (size_t i = 0; i < schedule->faults.count; i++) {
        const struct sim_fault *fault = &schedule->faults.items[i];
        hy_vec_push(&world->active, false);
        if (fault->at >= schedule->duration)
            continue;
        sim_agenda_add(world, fault->at, SIM_EV_FAULT, 0)->generation = i;
        if (!sim_fault_lasts(fault->kind) || fault->at + fault->lasts >= schedule->duration)
            continue;
        struct sim_event *end = sim_agenda_add(world, fault->at + fault->lasts, SIM_EV_FAULT, 0);
        end->generation = i;
        end->topic = 1;
    }
    sim_agenda_add(world, schedule->duration, SIM_EV_HEAL, 0);
    sim_agenda_add(world, schedule->duration + schedule->quiet, SIM_EV_END, 0);
    sim_agenda_add(world, HY_SECOND, SIM_EV_CONFIGURE, 0);
}

/* Not all of them, though a schedule that was cut may say so: nobody could run anything. */
static void choose_witnesses(struct sim_world *world)
{
    uint32_t all = (1u << world->count) - 1, witnesses = world->schedule->witnesses & all;
    for (size_t i = 0; i < world->count && witnesses != all; i++)
        world->hosts[i].witness = witnesses >> i & 1;
}

struct sim_world *sim_world_new(struct sim_schedule *schedule)
{
    struct sim_world *world = hy_alloc(sizeof *world);
    world->schedule = schedule;
    sim_settings_of(schedule, &world->settings);
    world->net = sim_stream(schedule->seed, 1);
    world->hosts_stream = sim_stream(schedule->seed, 2);
    world->services = sim_stream(schedule->seed, 3);
    world->workload_stream = sim_stream(schedule->seed, 4);
    world->trace.log = (struct hy_log){.context = world, .level = HY_LOG_DEBUG};
    world->workload_next = HY_NEVER;
    sim_net_init(world);
    world->count = schedule->nodes;
    for (size_t i = 0; i < world->count; i++)
        sim_host_init(world, i);
    choose_witnesses(world);
    plan(world);
    return world;
}

static void open_parts(struct sim_world *world)
{
    if (world->trace.formatted)
        world->trace.log.write = log_line;
    world->workload = sim_the_workload->open(world);
    for (size_t i = 0; sim_observers[i]; i++)
        world->observers[i] = sim_observers[i]->open ? sim_observers[i]->open(world) : NULL;
    world->workload_next = sim_the_workload->next(world->workload);
    for (size_t i = 0; i < world->count; i++) {
        world->hosts[i].config = (1u << world->count) - 1;
        sim_host_power_on(world, i);
    }
}

void sim_world_free(struct sim_world **world)
{
    struct sim_world *w = *world;
    snprintf(w->violation, sizeof w->violation, "%s", "over"); /* nobody observes what is torn down */
    for (size_t i = 0; i < w->count; i++)
        sim_host_free(w, i);
    for (size_t i = 0; sim_observers[i]; i++)
        if (sim_observers[i]->close)
            sim_observers[i]->close(w->observers[i]);
    sim_the_workload->close(w->workload);
    sim_call_free(w);
    hy_vec_free(&w->active);
    hy_cluster_effects_free(&w->spare);
    sim_agenda_free(w);
    free(w->trace.ring);
    free(w);
    *world = NULL;
}

/* ---- what happens */

static void configure(struct sim_world *world)
{
    if (world->configured || world->configuration_call)
        return;
    size_t node = sim_draw_below(&world->net, world->settings.nodes);
    const char *text = sim_the_workload->configuration(world->workload);
    world->configuration_call = sim_request(world, node, text, 0, 0, 0);
}

static void deliver(struct sim_world *world, const struct sim_event *event)
{
    static const enum hy_cluster_event_type types[] = {[SIM_HEARTBEAT] = HY_CLUSTER_HEARTBEAT,
                                                       [SIM_RAFT] = HY_CLUSTER_RAFT,
                                                       [SIM_COMMANDS] = HY_CLUSTER_COMMANDS,
                                                       [SIM_ORDERS] = HY_CLUSTER_ORDERS};
    if (event->kind == SIM_EV_BUS) {
        struct sim_pipe *pipe = &world->pipes[event->from][event->node];
        if (event->generation != pipe->generation)
            return;
        pipe->heard = event->incarnation;
        pipe->fresh_since = 0;
    } else {
        sim_links_take(world, event);
    }
    if (event->topic == SIM_GREETING) {
        sim_bus_greeted(world, event->node, event->from, event->incarnation);
        return;
    }
    const struct hy_cluster_event step = {.type = types[event->topic],
                                          .from = (uint32_t)event->from + 1,
                                          .data = event->packet->data,
                                          .size = event->packet->size};
    if (event->kind == SIM_EV_DATAGRAM)
        sim_core_pulse(world, event->node, &step);
    else
        sim_core_step(world, event->node, &step);
}

static void to_executor(struct sim_world *world, struct sim_event *event)
{
    struct sim_executor *executor = &world->hosts[event->node].executor;
    if (!executor->up || executor->generation != event->generation)
        return;
    switch (event->kind) {
    case SIM_EV_ORDER:
        if (event->operation)
            sim_executor_order(world, event->node, event->operation);
        else
            sim_executor_query(world, event->node);
        break;
    case SIM_EV_LOOK:
        sim_executor_look(world, event->node);
        break;
    case SIM_EV_CORE_START:
        if (!world->hosts[event->node].core.cluster && !executor->asked)
            sim_core_start(world, event->node);
        break;
    case SIM_EV_STOP_LATE:
        sim_core_end(world, event->node, "it did not end within a minute", false);
        break;
    default: /* not for the executor */
        break;
    }
}

static void happen_to_node(struct sim_world *world, struct sim_event *event)
{
    struct sim_host *host = &world->hosts[event->node];
    switch (event->kind) {
    case SIM_EV_DATAGRAM:
    case SIM_EV_BUS:
        deliver(world, event);
        break;
    case SIM_EV_PIPE:
        sim_bus_pipe_event(world, event);
        break;
    case SIM_EV_DISK:
        if (event->generation == host->disk.generation)
            sim_disk_event(world, event->node);
        break;
    case SIM_EV_NEWS:
        if (event->generation == host->core.generation)
            sim_core_news(world, event->node, event->news);
        break;
    case SIM_EV_PULSE:
        if (event->generation == host->core.generation)
            sim_core_step(world, event->node, &(struct hy_cluster_event){.type = HY_CLUSTER_NEWS});
        break;
    case SIM_EV_STOP:
        if (event->generation == host->core.generation)
            sim_core_ask_to_end(world, event->node);
        break;
    case SIM_EV_RUN:
        sim_loop_enter(&host->executor.loop);
        sim_run_event(world, event->run);
        sim_executor_due_moved(world, event->node);
        break;
    case SIM_EV_START:
        if (event->generation == host->life && host->wanted)
            sim_executor_start(world, event->node);
        break;
    case SIM_EV_CALL:
        sim_call_event(world, event->call);
        break;
    case SIM_EV_EXPIRE:
        if (event->generation == host->life)
            sim_kernel_expire(world, event->node);
        break;
    case SIM_EV_WILL:
        if (event->generation == host->life)
            sim_executor_will(world, event->node);
        break;
    default:
        to_executor(world, event);
        break;
    }
    sim_executor_check_end(world, event->node);
}

static void happen(struct sim_world *world, struct sim_event *event)
{
    switch (event->kind) {
    case SIM_EV_FAULT:
        sim_inject(world, event->generation, event->topic == 0);
        break;
    case SIM_EV_CONFIGURE:
        configure(world);
        break;
    case SIM_EV_HEAL:
        sim_heal(world);
        break;
    case SIM_EV_END:
        world->over = true;
        SIM_OBSERVE(world, finished, (seer));
        break;
    default:
        happen_to_node(world, event);
        break;
    }
}

/* Ticks and executors' timers are kept beside the agenda: they move with nearly each step. */
enum { AGENDA, TICK, PULSE, TIMER, WORKLOAD };

static int next(const struct sim_world *world, size_t *node, hy_time *at)
{
    int what = AGENDA;
    *at = world->agenda.heap.items[0].at;
    hy_time first = HY_NEVER;
    for (size_t i = 0; i < world->count; i++) {
        const struct sim_due *due = &world->due[i];
        hy_time sooner = due->tick < due->timer ? due->tick : due->timer;
        sooner = due->pulse < sooner ? due->pulse : sooner;
        first = sooner < first ? sooner : first;
    }
    for (size_t i = 0; first < *at; i++)
        if (world->due[i].pulse == first || world->due[i].tick == first || world->due[i].timer == first) {
            *at = first;
            what = world->due[i].pulse == first ? PULSE : world->due[i].tick == first ? TICK : TIMER;
            *node = i;
        }
    if (world->workload_next < *at) {
        *at = world->workload_next;
        what = WORKLOAD;
    }
    return what;
}

static void advance(struct sim_world *world)
{
    static const struct hy_cluster_event tick = {.type = HY_CLUSTER_TICK};
    size_t node = 0;
    hy_time at = 0;
    int what = next(world, &node, &at);
    world->now = at > world->now ? at : world->now;
    world->trace.events++;
    switch (what) {
    case TICK:
        world->due[node].tick = HY_NEVER;
        world->hosts[node].core.due_local = -1;
        sim_core_step(world, node, &tick);
        break;
    case PULSE:
        world->due[node].pulse = HY_NEVER;
        world->hosts[node].core.pulse_due_local = -1;
        sim_core_pulse(world, node, &tick);
        break;
    case TIMER:
        sim_executor_run_due(world, node);
        sim_executor_check_end(world, node);
        break;
    case WORKLOAD:
        world->workload_next = HY_NEVER;
        sim_the_workload->act(world->workload);
        world->workload_next = sim_the_workload->next(world->workload);
        break;
    default: {
        struct sim_event *event = sim_agenda_take(&world->agenda);
        if (sim_host_holds_back(world, event))
            break;
        world->present = event;
        happen(world, event);
        world->present = NULL;
        sim_agenda_free_event(world, event);
        break;
    }
    }
}

void sim_world_run(struct sim_world *world)
{
    open_parts(world);
    while (!world->over && !world->violation[0])
        advance(world);
    sim_trace_mix(world, (uint64_t)world->now);
}

void sim_violation(struct sim_world *world, const char *invariant, const char *format, ...)
{
    if (world->violation[0] || (world->schedule->only[0] && strcmp(world->schedule->only, invariant) != 0))
        return;
    snprintf(world->violation, sizeof world->violation, "%s", invariant);
    va_list args;
    va_start(args, format);
    vsnprintf(world->violation_text, sizeof world->violation_text, format, args);
    va_end(args);
    world->violation_at = world->now;
    sim_note(world, "VIOLATION %s: %s", invariant, world->violation_text);
}
