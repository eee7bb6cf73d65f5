/* SPDX-License-Identifier: Apache-2.0 */
/* A host: power, what stands still, and halyardd as its service manager starts and stops it. */
#include "sim/internal.h"

#include "cluster/pulse.h"

enum { BACKLOG_DATAGRAMS = 200, MAX_PPM = 200 };

static const hy_wall EPOCH = INT64_C(1484018696000000);
static const hy_time STOP_TIMEOUT = 60 * HY_SECOND;

void sim_host_init(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    snprintf(host->name, sizeof host->name, "test%zu", node + 1);
    snprintf(host->address, sizeof host->address, "10.0.0.%zu", node + 1);
    host->next_wall = EPOCH + world->now + sim_draw_time(&world->hosts_stream, -HY_SECOND, HY_SECOND);
    world->due[node] = (struct sim_due){HY_NEVER, HY_NEVER, HY_NEVER};
    host->core.due_local = host->core.pulse_due_local = -1;
    host->backlog_end = &host->backlog;
    host->frozen_since = -1;
    host->installed = true;
    for (size_t peer = 0; peer < SIM_MAX_NODES; peer++)
        world->pipes[node][peer].stalled_end = &world->pipes[node][peer].stalled;
}

void sim_host_power_on(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    if (host->powered || host->retired)
        return;
    host->powered = true;
    host->wanted = true;
    host->life++;
    host->boots++;
    host->base_ppm = sim_draw_time(&world->hosts_stream, -MAX_PPM, MAX_PPM);
    hy_time local = sim_draw_time(&world->hosts_stream, 5 * HY_SECOND, 90 * HY_SECOND);
    /* The clock chip has kept the time while it was off. */
    host->clock = (struct sim_clock){.true_base = world->now,
                                     .local_base = local,
                                     .ppm = host->base_ppm,
                                     .wall_offset = host->next_wall + world->now - local};
    sim_note(world, "%s: power is on", host->name);
    SIM_OBSERVE(world, power, (seer, node, true));
    sim_agenda_add(world, world->now + sim_draw_time(&world->hosts_stream, 10 * HY_MS, 500 * HY_MS), SIM_EV_START, node)
        ->generation = host->life;
}

static void drop_backlog(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    while (host->backlog) {
        struct sim_event *event = host->backlog;
        host->backlog = event->next;
        if (event->kind == SIM_EV_CALL)
            sim_call_lost(world, event->call);
        sim_agenda_free_event(world, event);
    }
    host->backlog_end = &host->backlog;
    host->backlog_datagrams = 0;
}

void sim_host_power_off(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->powered)
        return;
    sim_note(world, "%s: power is off", host->name);
    host->next_wall = sim_wall(world, node) - world->now;
    host->powered = false;
    host->life++;
    sim_disk_crash(world, node, true);
    sim_executor_kill(world, node, false);
    sim_services_power_off(world, node);
    drop_backlog(world, node);
    for (size_t i = host->will.at; i < host->will.count; i++)
        hy_operation_free(&host->will.operations[i]);
    host->will.count = host->will.at = 0;
    SIM_OBSERVE(world, power, (seer, node, false));
}

/* ---- halyardd */

void sim_host_stop(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    host->wanted = false;
    if (!host->executor.up || host->executor.asked)
        return;
    sim_note(world, "%s: halyardd is asked to end", host->name);
    host->executor.asked = true;
    if (!host->core.cluster) {
        sim_executor_core_died(world, node, true);
        return;
    }
    sim_agenda_add(world, world->now + STOP_TIMEOUT, SIM_EV_STOP_LATE, node)->generation = host->executor.generation;
    if (host->core_frozen || host->host_frozen || host->main_frozen)
        sim_agenda_add(world, world->now, SIM_EV_STOP, node)->generation = host->core.generation;
    else
        sim_core_ask_to_end(world, node);
}

void sim_host_want(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    host->wanted = true;
    if (host->powered && !host->executor.up)
        sim_agenda_add(world, world->now, SIM_EV_START, node)->generation = host->life;
}

/* ---- standing still */

void sim_host_freeze(struct sim_world *world, size_t node, bool whole)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->host_frozen && !host->core_frozen)
        host->frozen_since = world->now;
    if (whole && !host->host_frozen)
        host->stands_since = world->now;
    if (whole)
        host->host_frozen++;
    else
        host->core_frozen++;
    sim_core_tick_moved(world, node);
    sim_executor_due_moved(world, node);
    sim_bus_frozen(world, node);
}

void sim_host_freeze_main(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->main_frozen++)
        host->main_frozen_at = host->main_away_since = world->now;
    sim_core_tick_moved(world, node);
}

/* Its clock may be slow or fast, and what it was late itself it does not count. */
bool sim_host_may_be_silent(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    hy_time patience = hy_pulse_patience(world->settings.dead_after_max);
    return host->main_frozen && world->now - host->main_away_since > patience * 3 / 4;
}

static bool stands_still(const struct sim_host *host, enum sim_event_kind kind)
{
    switch (kind) {
    case SIM_EV_DATAGRAM:
        return host->core_frozen || host->host_frozen;
    case SIM_EV_BUS:
    case SIM_EV_DISK:
    case SIM_EV_NEWS:
    case SIM_EV_PULSE:
    case SIM_EV_STOP:
    case SIM_EV_CALL:
        return host->core_frozen || host->host_frozen || host->main_frozen;
    case SIM_EV_ORDER:
    case SIM_EV_LOOK:
    case SIM_EV_RUN:
    case SIM_EV_CORE_START:
    case SIM_EV_START:
    case SIM_EV_STOP_LATE:
    case SIM_EV_WILL:
        return host->host_frozen;
    default:
        return false;
    }
}

bool sim_host_holds_back(struct sim_world *world, struct sim_event *event)
{
    struct sim_host *host = &world->hosts[event->node];
    if (!stands_still(host, event->kind))
        return false;
    if (event->kind == SIM_EV_DATAGRAM && ++host->backlog_datagrams > BACKLOG_DATAGRAMS) {
        sim_agenda_free_event(world, event); /* the socket's buffer is full */
        return true;
    }
    event->next = NULL;
    *host->backlog_end = event;
    host->backlog_end = &event->next;
    return true;
}

static void give_back(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_event *event = host->backlog;
    host->backlog = NULL;
    host->backlog_end = &host->backlog;
    host->backlog_datagrams = 0;
    hy_time at = world->now + sim_draw_time(&world->hosts_stream, 0, 150);
    while (event) {
        struct sim_event *next = event->next;
        sim_agenda_again(world, event, at++);
        event = next;
    }
    sim_executor_due_moved(world, node);
    if (world->due[node].timer != HY_NEVER && world->due[node].timer < world->now)
        world->due[node].timer = world->now + sim_draw_time(&world->hosts_stream, 5, 60);
    if (!host->core_frozen && !host->host_frozen && !host->main_frozen)
        sim_core_thawed(world, node);
    else
        sim_core_tick_moved(world, node); /* the thread of heartbeats goes on */
}

void sim_host_thaw(struct sim_world *world, size_t node, bool whole)
{
    struct sim_host *host = &world->hosts[node];
    unsigned *frozen = whole ? &host->host_frozen : &host->core_frozen;
    if (whole && *frozen == 1)
        sim_kernel_thawed(world, node);
    if (!*frozen || --*frozen)
        return;
    if (whole)
        host->thawed_at = world->now;
    if (!host->core_frozen && !host->host_frozen)
        host->steady_since = world->now;
    host->main_frozen_at = world->now;
    sim_note(world, "%s: goes on", host->name);
    give_back(world, node);
}

void sim_host_thaw_main(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    bool silent = sim_host_may_be_silent(world, node);
    if (!host->main_frozen || --host->main_frozen)
        return;
    if (silent)
        host->steady_since = world->now;
    sim_note(world, "%s: its main thread goes on", host->name);
    give_back(world, node);
}

void sim_host_free(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    host->powered = false;
    sim_executor_kill(world, node, false);
    sim_core_end(world, node, "the run is over", true);
    drop_backlog(world, node);
    sim_disk_free(world, node);
    for (size_t i = host->will.at; i < host->will.count; i++)
        hy_operation_free(&host->will.operations[i]);
    free(host->will.operations);
    for (size_t i = 0; i < host->services.count; i++)
        free((char *)(uintptr_t)host->services.items[i].rsc);
    hy_vec_free(&host->services);
    hy_vec_free(&host->runs);
    for (size_t peer = 0; peer < SIM_MAX_NODES; peer++)
        while (world->pipes[node][peer].stalled) {
            struct sim_event *event = world->pipes[node][peer].stalled;
            world->pipes[node][peer].stalled = event->next;
            sim_agenda_free_event(world, event);
        }
}
