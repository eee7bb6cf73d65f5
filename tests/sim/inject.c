/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the schedule, as they begin and end. */
#include "sim/internal.h"

typedef void on_node(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins);

static void links_down(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    const struct sim_host *host = &world->hosts[node];
    const struct hy_cluster_event event = {.type = HY_CLUSTER_LINKS_DOWN};
    if (begins && !host->core_frozen && !host->host_frozen && !sim_net_has_carrier(world, node))
        sim_core_pulse(world, node, &event);
}

static void set_rate(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    struct sim_host *host = &world->hosts[node];
    sim_clock_set_rate(&host->clock, world->now, begins ? fault->v : host->base_ppm);
    host->core.due_local = host->core.pulse_due_local = -1;
    sim_core_tick_moved(world, node);
    sim_executor_due_moved(world, node);
}

static void jump(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)begins;
    struct sim_host *host = &world->hosts[node];
    host->clock.wall_offset += fault->v;
    if (!host->powered)
        host->next_wall += fault->v; /* its battery's clock */
}

static void freeze(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    if (fault->kind == SIM_FAULT_FREEZE_CORE && fault->v)
        (begins ? sim_host_freeze_main : sim_host_thaw_main)(world, node);
    else
        (begins ? sim_host_freeze : sim_host_thaw)(world, node, fault->kind == SIM_FAULT_FREEZE_HOST);
}

static void freeze_step(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    struct sim_host *host = &world->hosts[node];
    bool stands = !host->core.cluster || host->core_frozen || host->host_frozen || host->main_frozen;
    if (begins) {
        host->core.holds_next = !stands;
        host->core.holds_main = fault->v;
    } else if (host->core.holds_next) {
        host->core.holds_next = false;
    } else if (host->step_frozen) {
        host->step_frozen = false;
        sim_host_thaw(world, node, false);
    } else if (host->step_main_frozen) {
        host->step_main_frozen = false;
        sim_host_thaw_main(world, node);
    }
}

static void freeze_order(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    struct sim_host *host = &world->hosts[node];
    host->core.holds_orders =
        begins && host->core.cluster && !host->core_frozen && !host->host_frozen && !host->main_frozen;
    if (!begins && host->order_frozen) {
        host->order_frozen = false;
        sim_host_thaw(world, node, false);
    }
}

void sim_inject_order_held(struct sim_world *world)
{
    for (size_t node = 0; node < world->count; node++)
        world->hosts[node].core.holds_orders = false;
}

static void crash_core(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    (void)begins;
    sim_core_end(world, node, "killed", false);
}

static void crash_executor(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    if (begins)
        sim_executor_kill(world, node, true);
    else if (world->hosts[node].wanted)
        sim_host_want(world, node);
}

static void kill_all(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    if (begins)
        sim_executor_kill_all(world, node);
    else if (world->hosts[node].wanted)
        sim_host_want(world, node);
}

/* Would this set of servers outlive the loss of one more disk? A majority of them must be as it was. */
static bool outlives(const struct sim_world *world, const struct hy_raft_servers *servers, size_t lost)
{
    size_t voters = 0, whole = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct hy_raft_server *server = &servers->list[i];
        size_t node = server->id - 1;
        bool is_whole = node != lost && node < world->count && world->hosts[node].disk.id == server->disk &&
                        world->hosts[node].disk.log.size;
        voters += server->voter || !is_whole; /* a learner may have been given a vote before its loss is known */
        whole += server->voter && is_whole;
    }
    return whole > voters / 2;
}

/* Asked for, or decided: with the node goes a vote that the others may need by then. */
static bool somebody_is_taken_out(const struct sim_world *world)
{
    for (size_t i = 0; i < world->calls.count; i++) {
        const char *statements = world->calls.items[i].statements;
        if (statements && strncmp(statements, "strike ", strlen("strike ")) == 0)
            return true;
    }
    for (size_t node = 0; node < world->count; node++) {
        const struct hy_cluster *cluster = world->hosts[node].core.cluster;
        const struct hy_cib *cib = cluster ? hy_cluster_cib(cluster) : NULL;
        for (size_t i = 0; cib && i < cib->nodes.count; i++)
            if (cib->nodes.items[i]->enrolled.striking)
                return true;
    }
    return false;
}

bool sim_inject_may_lose_disk(const struct sim_world *world, size_t lost)
{
    if (somebody_is_taken_out(world))
        return false;
    for (size_t node = 0; node < world->count; node++) {
        const struct sim_host *host = &world->hosts[node];
        const struct hy_cluster *cluster = host->core.cluster;
        const struct hy_raft_servers *servers = cluster ? hy_raft_servers(hy_cluster_raft(cluster)) : &host->servers;
        if (host->retired)
            continue;
        if (!servers->count || !outlives(world, servers, lost))
            return false;
    }
    return true;
}

static void crash_host(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    if (!begins) {
        sim_host_power_on(world, node);
        return;
    }
    if (fault->kind != SIM_FAULT_CRASH_HOST && !sim_inject_may_lose_disk(world, node)) {
        sim_note(world, "%s: no disk may be lost now", world->hosts[node].name);
        return;
    }
    sim_host_power_off(world, node);
    if (fault->kind == SIM_FAULT_DISK_LOST)
        sim_disk_replace(world, node);
    if (fault->kind == SIM_FAULT_DISK_FLIP)
        sim_disk_flip(world, node, fault->v);
}

static void restart(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    if (begins)
        sim_host_stop(world, node);
    else
        sim_host_want(world, node);
}

static void lie(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)begins;
    world->hosts[node].lies |= 1u << (fault->v & 3);
}

static void die(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)begins;
    struct sim_host *host = &world->hosts[node];
    for (size_t i = 0; i < host->services.count; i++) {
        struct sim_service *service = &host->services.items[i];
        if (service->state != SIM_RUNNING || sim_service_hash(service->rsc) != (unsigned)(fault->v & 3))
            continue;
        sim_service_set(world, node, service, SIM_STOPPED);
        if (host->executor.up && !host->host_frozen) {
            sim_loop_enter(&host->executor.loop);
            sim_run_watch_sees(world, node, service->rsc);
            sim_executor_due_moved(world, node);
        }
    }
}

static void fail_write(struct sim_world *world, size_t node, const struct sim_fault *fault, bool begins)
{
    (void)fault;
    world->hosts[node].write_fails = begins;
}

static on_node *const on_nodes[SIM_FAULT_COUNT] = {[SIM_FAULT_CARRIER] = links_down,
                                                   [SIM_FAULT_RATE] = set_rate,
                                                   [SIM_FAULT_WALL] = jump,
                                                   [SIM_FAULT_FREEZE_CORE] = freeze,
                                                   [SIM_FAULT_FREEZE_HOST] = freeze,
                                                   [SIM_FAULT_FREEZE_STEP] = freeze_step,
                                                   [SIM_FAULT_FREEZE_ORDER] = freeze_order,
                                                   [SIM_FAULT_CRASH_CORE] = crash_core,
                                                   [SIM_FAULT_CRASH_EXECUTOR] = crash_executor,
                                                   [SIM_FAULT_KILL_ALL] = kill_all,
                                                   [SIM_FAULT_CRASH_HOST] = crash_host,
                                                   [SIM_FAULT_DISK_LOST] = crash_host,
                                                   [SIM_FAULT_DISK_FLIP] = crash_host,
                                                   [SIM_FAULT_DISK_ERROR] = fail_write,
                                                   [SIM_FAULT_RESTART] = restart,
                                                   [SIM_FAULT_SERVICE_LIE] = lie,
                                                   [SIM_FAULT_SERVICE_DIE] = die};

bool sim_is_of_network(enum sim_fault_kind kind)
{
    return kind <= SIM_FAULT_SLOW_LINK || kind == SIM_FAULT_CARRIER || kind == SIM_FAULT_NOISE;
}

static void reset(struct sim_world *world, const struct sim_fault *fault)
{
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < a; b++)
            if ((fault->a >> a & 1 && fault->b >> b & 1) || (fault->a >> b & 1 && fault->b >> a & 1))
                sim_bus_reset(world, a, b);
}

void sim_inject(struct sim_world *world, size_t number, bool begins)
{
    const struct sim_fault *fault = &world->schedule->faults.items[number];
    if (world->active.items[number] == begins)
        return;
    world->active.items[number] = begins && sim_fault_lasts(fault->kind);
    if (sim_traced(world)) {
        struct hy_buf text = {0};
        sim_fault_print(fault, &text);
        sim_note(world, "fault %s: %s", begins ? "begins" : "ends", hy_buf_text(&text));
        hy_buf_free(&text);
    }
    if (sim_is_of_network(fault->kind))
        sim_net_compute(world);
    if (fault->kind == SIM_FAULT_RESET)
        reset(world, fault);
    for (size_t node = 0; on_nodes[fault->kind] && node < world->count; node++)
        if (fault->a >> node & 1 && !world->hosts[node].retired)
            on_nodes[fault->kind](world, node, fault, begins);
}

/* ---- what is asked while they are in force */

bool sim_inject_disk_fails(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    if (host->write_fails) {
        host->write_fails = false;
        return true;
    }
    for (size_t i = 0; i < world->active.count; i++)
        if (world->active.items[i] && world->schedule->faults.items[i].kind == SIM_FAULT_DISK_FULL &&
            world->schedule->faults.items[i].a >> node & 1)
            return true;
    return false;
}

hy_time sim_inject_disk_delay(struct sim_world *world, size_t node)
{
    hy_time most = 0;
    for (size_t i = 0; i < world->active.count; i++) {
        const struct sim_fault *fault = &world->schedule->faults.items[i];
        if (world->active.items[i] && fault->kind == SIM_FAULT_DISK_SLOW && fault->a >> node & 1 && fault->v > most)
            most = fault->v;
    }
    return most ? sim_draw_time(&world->hosts_stream, most / 4, most) : 0;
}

/* w: 0 all operations, 1 start, 2 stop, 3 monitor */
static bool is_meant(const struct sim_fault *fault, const struct hy_operation *operation)
{
    static const char *const ops[] = {NULL, "start", "stop", "monitor"};
    const char *op = ops[fault->w & 3];
    return sim_service_hash(operation->rsc) == (unsigned)(fault->v & 3) && (!op || strcmp(op, operation->op) == 0);
}

/* What is under the lease must let go when it is told to: nobody but a fencing device can help with one that does not.
 * So a stop of the executor's own does not fail, and others fail, but at once. */
static bool may_take_long(const struct hy_operation *operation)
{
    return !(operation->lease && strcmp(operation->op, "stop") == 0);
}

static void apply(struct sim_world *world, const struct sim_fault *fault, const struct hy_operation *operation,
                  struct sim_behaviour *behaviour)
{
    switch (fault->kind) {
    case SIM_FAULT_SERVICE_FAIL:
        behaviour->rc = HALYARD_ERR_GENERIC;
        behaviour->has_effect = sim_draw_chance(&world->services, 300);
        break;
    case SIM_FAULT_SERVICE_HANG:
        if (may_take_long(operation))
            behaviour->takes = HY_NEVER;
        break;
    case SIM_FAULT_SERVICE_LATE:
        if (may_take_long(operation) && behaviour->takes != HY_NEVER)
            behaviour->takes += sim_draw_time(&world->services, 0, 5 * HY_SECOND);
        break;
    default: /* not of services */
        break;
    }
}

void sim_inject_behaviour(struct sim_world *world, size_t node, const struct hy_operation *operation,
                          struct sim_behaviour *behaviour)
{
    if (operation->id == 0 && strcmp(operation->op, "stop") == 0)
        return;
    for (size_t i = 0; i < world->active.count; i++) {
        const struct sim_fault *fault = &world->schedule->faults.items[i];
        if (world->active.items[i] && fault->a >> node & 1 && fault->kind >= SIM_FAULT_SERVICE_FAIL &&
            is_meant(fault, operation))
            apply(world, fault, operation, behaviour);
    }
    struct sim_host *host = &world->hosts[node];
    unsigned hash = sim_service_hash(operation->rsc);
    /* A probe that lies is beyond anybody's help. */
    if (host->lies >> hash & 1 && strcmp(operation->op, "monitor") == 0 && operation->interval && behaviour->rc == -1) {
        const struct sim_service *service = sim_service_get(world, node, operation->rsc);
        host->lies &= ~(1u << hash);
        behaviour->rc = service->state == SIM_STOPPED ? HALYARD_OK : HALYARD_NOT_RUNNING;
    }
}

/* ---- the end of all faults */

void sim_heal(struct sim_world *world)
{
    for (size_t i = 0; i < world->active.count; i++)
        if (world->active.items[i])
            sim_inject(world, i, false);
    sim_net_compute(world);
    for (size_t node = 0; node < world->count; node++) {
        struct sim_host *host = &world->hosts[node];
        host->lies = 0;
        host->write_fails = false;
        if (host->retired)
            continue;
        sim_host_power_on(world, node);
        sim_host_want(world, node);
    }
    sim_note(world, "all faults are healed");
    world->quiet = true;
    SIM_OBSERVE(world, healed, (seer));
}
