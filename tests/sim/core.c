/* SPDX-License-Identifier: Apache-2.0 */
/* The glue around one core: what core/daemon/node.c does with each event and each effect. */
#include "sim/internal.h"

#include "cluster/message.h"

#include <errno.h>

/* The timer fires, the process is scheduled, the loop comes to it. */
enum { SHORTEST_LATENESS = 20, LONGEST_LATENESS = 150 };
enum { COMES_BETWEEN = 50 }; /* per mille */

/* When a thread comes to what is due at `deadline` on its host's clock. */
static void move(struct sim_world *world, const struct sim_host *host, hy_time deadline, hy_time *due_local,
                 hy_time *due)
{
    if (deadline == *due_local)
        return;
    *due_local = deadline;
    hy_time at = sim_clock_true(&host->clock, deadline);
    if (at < world->now)
        at = world->now;
    if (at != HY_NEVER)
        at += sim_draw_time(&world->hosts_stream, SHORTEST_LATENESS, LONGEST_LATENESS);
    *due = at;
}

static void stop(hy_time *due_local, hy_time *due)
{
    *due = HY_NEVER;
    *due_local = -1;
}

void sim_core_tick_moved(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_core *core = &host->core;
    struct sim_due *due = &world->due[node];
    bool still = !core->cluster || core->outlived || host->core_frozen || host->host_frozen;
    if (still)
        stop(&core->pulse_due_local, &due->pulse);
    else
        move(world, host, hy_pulse_deadline(hy_cluster_pulse(core->cluster)), &core->pulse_due_local, &due->pulse);
    if (still || host->main_frozen)
        stop(&core->due_local, &due->tick);
    else
        move(world, host, hy_cluster_deadline(core->cluster), &core->due_local, &due->tick);
}

/* ---- effects */

static struct sim_packet *take_packet(struct hy_cluster_effect *effect)
{
    struct sim_packet *packet = sim_packet_take(effect->data, effect->size);
    effect->data = NULL;
    return packet;
}

static void send_bus(struct sim_world *world, size_t node, enum sim_topic topic, struct hy_cluster_effect *effect)
{
    struct sim_packet *packet = take_packet(effect);
    sim_bus_send(world, topic, node, effect->to, packet);
    sim_packet_unref(packet);
}

static void send_heartbeat(struct sim_world *world, size_t node, struct hy_cluster_effect *effect)
{
    struct sim_packet *packet = take_packet(effect);
    sim_net_datagram(world, node, effect->to, packet);
    sim_packet_unref(packet);
}

static void tell_executor(struct sim_world *world, size_t node, struct hy_operation *operation)
{
    struct sim_executor *executor = &world->hosts[node].executor;
    hy_time at = world->now + sim_draw_time(&world->hosts_stream, 20, 80);
    executor->last_order = at > executor->last_order ? at : executor->last_order + 1;
    struct sim_event *event = sim_agenda_add(world, executor->last_order, SIM_EV_ORDER, node);
    event->generation = executor->generation;
    if (operation) {
        event->operation = hy_alloc(sizeof *operation);
        *event->operation = *operation;
        *operation = (struct hy_operation){0};
    }
}

/* Whom links and bus of this node reach. */
static void find_peers(struct sim_world *world, size_t node)
{
    const struct hy_cluster_node *list;
    struct sim_core *core = &world->hosts[node].core;
    size_t count = hy_cluster_nodes(core->cluster, &list);
    uint32_t before = core->peers;
    core->peers = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].id != node + 1 && list[i].id <= world->count)
            core->peers |= 1u << (list[i].id - 1);
    sim_links_peers(world, node, before);
    sim_bus_peers_changed(world, node, before);
}

static void carry_out(struct sim_world *world, size_t node, struct hy_cluster_effect *effect)
{
    struct sim_core *core = &world->hosts[node].core;
    switch (effect->type) {
    case HY_CLUSTER_SEND_HEARTBEAT:
        send_heartbeat(world, node, effect);
        break;
    case HY_CLUSTER_SEND_RAFT:
        send_bus(world, node, SIM_RAFT, effect);
        break;
    case HY_CLUSTER_SEND_COMMANDS:
        send_bus(world, node, SIM_COMMANDS, effect);
        break;
    case HY_CLUSTER_SEND_ORDERS:
        send_bus(world, node, SIM_ORDERS, effect);
        break;
    case HY_CLUSTER_PUBLISH_CHANGE:
        break; /* for followers, of which there are none */
    case HY_CLUSTER_PERSIST:
        sim_disk_persist(world, node, &effect->persist);
        break;
    case HY_CLUSTER_SAVE_SNAPSHOT:
        sim_disk_snapshot(world, node, effect);
        break;
    case HY_CLUSTER_EXECUTE:
        tell_executor(world, node, &effect->operation);
        break;
    case HY_CLUSTER_QUERY_ACTIVE:
        tell_executor(world, node, NULL);
        break;
    case HY_CLUSTER_ANSWER:
        sim_call_answer(world, node, effect->client, effect->code, effect->data ? effect->data : "");
        break;
    case HY_CLUSTER_PEER_BACK:
        if (effect->to && effect->to <= world->count)
            sim_bus_reconnect(world, node, effect->to - 1, effect->number);
        break;
    case HY_CLUSTER_NODES_CHANGED:
        find_peers(world, node);
        break;
    case HY_CLUSTER_BROKEN:
        core->broken = true;
        break;
    case HY_CLUSTER_OUTLIVED:
        core->outlived = true; /* what it does from now on is write that, and end: sim_disk_event() */
        sim_disk_begin_above(world, node, effect->number);
        break;
    case HY_CLUSTER_GONE:
        core->gone = true;
        break;
    default:
        sim_violation(world, "unknown-effect", "%s: effect of type %d", world->hosts[node].name, (int)effect->type);
        break;
    }
}

static void carry_out_all(struct sim_world *world, size_t node, struct hy_cluster_effects *effects)
{
    struct sim_core *core = &world->hosts[node].core;
    for (size_t i = 0; i < effects->list.count; i++)
        carry_out(world, node, &effects->list.items[i]);
    hy_cluster_effects_clear(effects);
    hy_cluster_effects_free(&world->spare);
    world->spare = *effects;
    if (core->broken)
        sim_core_end(world, node, "what the DC sent cannot be read", false);
    else if (core->gone)
        sim_core_end(world, node, "it has left in good order", false);
}

/* A node that stood still between its decision and what comes of it. */
void sim_core_thawed(struct sim_world *world, size_t node)
{
    struct hy_cluster_effects held = world->hosts[node].core.held;
    world->hosts[node].core.held = (struct hy_cluster_effects){0};
    carry_out_all(world, node, &held);
    sim_bus_thawed(world, node);
    sim_core_tick_moved(world, node);
}

static bool gives_orders(const struct hy_cluster_effects *effects)
{
    struct hy_message message;
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_cluster_effect *effect = &effects->list.items[i];
        if (effect->type == HY_CLUSTER_SEND_ORDERS && !hy_message_decode(effect->data, effect->size, &message, NULL) &&
            message.kind == HY_MESSAGE_ORDER)
            return true;
    }
    return false;
}

static uint32_t kinds_of(const struct hy_cluster_effects *effects)
{
    uint32_t kinds = 0;
    for (size_t i = 0; i < effects->list.count; i++)
        kinds |= UINT32_C(1) << effects->list.items[i].type;
    return kinds;
}

void sim_core_step(struct sim_world *world, size_t node, const struct hy_cluster_event *event)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->core.cluster || host->core.outlived)
        return;
    struct hy_cluster_effects effects = world->spare;
    struct hy_err err;
    err.text[0] = '\0';
    world->spare = (struct hy_cluster_effects){0};
    world->trace.logging = node;
    host->core.in_step = true;
    int rc = hy_cluster_step(host->core.cluster, event, sim_local(world, node), sim_wall(world, node), &effects, &err);
    host->core.in_step = false;
    sim_trace_step(world, node, event, rc, &effects, err.text);
    world->says = kinds_of(&effects);
    SIM_OBSERVE_OFTEN(world, stepped, (seer, node, event, rc, &effects))
    bool holds_orders = host->core.holds_orders && gives_orders(&effects);
    if (host->core.holds_next || holds_orders) {
        if (holds_orders)
            sim_inject_order_held(world);
        host->core.holds_next = false;
        host->core.held = effects;
        host->order_frozen = holds_orders;
        host->step_frozen = !holds_orders && !host->core.holds_main;
        host->step_main_frozen = !holds_orders && host->core.holds_main;
        if (host->step_main_frozen)
            sim_host_freeze_main(world, node);
        else
            sim_host_freeze(world, node, false);
        return;
    }
    carry_out_all(world, node, &effects);
    if (host->core.cluster)
        hy_pulse_alive(hy_cluster_pulse(host->core.cluster), sim_local(world, node));
    sim_core_tick_moved(world, node);
}

/* The thread of heartbeats: it goes on while the main thread stands still. */
void sim_core_pulse(struct sim_world *world, size_t node, const struct hy_cluster_event *event)
{
    struct sim_host *host = &world->hosts[node];
    if (!host->core.cluster || host->core.outlived)
        return;
    struct hy_pulse *pulse = hy_cluster_pulse(host->core.cluster);
    struct hy_cluster_effects effects = world->spare;
    struct hy_err err;
    err.text[0] = '\0';
    world->spare = (struct hy_cluster_effects){0};
    world->trace.logging = node;
    int rc = hy_pulse_step(pulse, event, sim_local(world, node), &effects, &err);
    sim_trace_step(world, node, event, rc, &effects, err.text);
    world->says = kinds_of(&effects);
    if (host->core.in_step) {
        SIM_OBSERVE_OFTEN(world, between, (seer, node, event, rc, &effects))
    } else {
        SIM_OBSERVE_OFTEN(world, stepped, (seer, node, event, rc, &effects))
    }
    carry_out_all(world, node, &effects);
    if (hy_pulse_wakes(pulse))
        sim_agenda_add(world, world->now + sim_draw_time(&world->hosts_stream, SHORTEST_LATENESS, LONGEST_LATENESS),
                       SIM_EV_PULSE, node)
            ->generation = host->core.generation;
    sim_core_tick_moved(world, node);
}

/* Wherever the main thread leaves the gate in the middle of a step, the other one may come in. */
static void left_gate(void *context)
{
    static const struct hy_cluster_event tick = {.type = HY_CLUSTER_TICK};
    const struct hy_loop *loop = context;
    struct sim_core *core = &loop->world->hosts[loop->node].core;
    if (!core->in_step || core->in_between || !sim_draw_chance(&loop->world->hosts_stream, COMES_BETWEEN))
        return;
    core->in_between = true;
    sim_core_pulse(loop->world, loop->node, &tick);
    core->in_between = false;
}

static void lease_moved(void *context, hy_time at, uint32_t since)
{
    const struct hy_loop *loop = context;
    struct sim_world *world = loop->world;
    sim_executor_set_lease(world, loop->node, at, since);
    sim_trace_mix(world, (uint64_t)at * 31 + since);
    if (sim_traced(world) && world->trace.everything)
        sim_trace_line(world, "%s   lease until %lld (now %lld) since %u", world->hosts[loop->node].name, (long long)at,
                       (long long)sim_local(world, loop->node), since);
}

void sim_core_ask_to_end(struct sim_world *world, size_t node)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_SHUTDOWN};
    sim_core_step(world, node, &event);
}

void sim_core_news(struct sim_world *world, size_t node, struct hy_executor_news *news)
{
    static const enum hy_cluster_event_type types[] = {[HY_EXECUTOR_OUTCOME] = HY_CLUSTER_OUTCOME,
                                                       [HY_EXECUTOR_ACTIVE] = HY_CLUSTER_ACTIVE,
                                                       [HY_EXECUTOR_ACTIVE_END] = HY_CLUSTER_ACTIVE_END,
                                                       [HY_EXECUTOR_RELEASED] = HY_CLUSTER_LEASE_RELEASED};
    if (news->type == HY_EXECUTOR_EVENT)
        return;
    const struct hy_cluster_event event = {.type = types[news->type], .outcome = &news->outcome};
    sim_core_step(world, node, &event);
}

/* ---- its life */

static int make(struct sim_world *world, size_t node, const struct hy_raft_state *loaded, struct hy_err *err)
{
    struct sim_host *host = &world->hosts[node];
    const struct sim_settings *settings = &world->settings;
    struct hy_cluster_node nodes[SIM_MAX_NODES];
    uint32_t self = (uint32_t)node + 1;
    struct hy_cluster_options options = {
        .name = host->name, .disk = host->disk.id, .nodes = nodes, .snapshot_after = 60, .log = &world->trace.log};
    options.raft = (struct hy_raft_options){.self = self,
                                            .disk = host->disk.id,
                                            .seed = host->core.incarnation ^ ((uint64_t)self << 48),
                                            .election_timeout = settings->election_timeout,
                                            .heartbeat = settings->raft_heartbeat};
    options.membership =
        (struct hy_membership_options){.self = self,
                                       .disk = host->disk.id,
                                       .incarnation = host->core.incarnation,
                                       .heartbeat = settings->heartbeat,
                                       .dead_after = settings->dead_after,
                                       .dead_after_max = settings->dead_after_max,
                                       .adapts = true,
                                       .calm = 20 * HY_SECOND, /* many changes in one run */
                                       .release_margin = settings->release_margin,
                                       .gather = world->schedule->gathers ? settings->heartbeat / 2 : 0,
                                       .rho_ppm = 1000};
    options.gate = (struct hy_pulse_gate){.leave = left_gate, .lease = lease_moved, .context = &host->executor.loop};
    for (size_t i = 0; i < world->count; i++)
        if (host->config >> i & 1)
            nodes[options.node_count++] = (struct hy_cluster_node){.id = (uint32_t)i + 1,
                                                                   .name = world->hosts[i].name,
                                                                   .address = world->hosts[i].address,
                                                                   .witness = world->hosts[i].witness};
    return hy_cluster_new(&options, loaded, host->disk.loaded.data.data, host->disk.loaded.data.size,
                          sim_local(world, node), &host->core.cluster, err);
}

void sim_core_start(struct sim_world *world, size_t node)
{
    struct sim_host *host = &world->hosts[node];
    struct hy_raft_state state = {0};
    struct hy_err err = {{0}};
    host->core = (struct sim_core){.generation = host->core.generation + 1, .incarnation = host->core.incarnation};
    host->main_frozen_at = host->main_away_since = world->now;
    world->trace.logging = node;
    int rc = sim_disk_load(world, node, &state, &host->core.incarnation, &err);
    bool loaded = rc == 0;
    if (!rc)
        rc = make(world, node, &state, &err);
    if (loaded)
        sim_disk_loaded_free(world, node);
    if (rc) {
        sim_note(world, "%s: the core does not start: %s", host->name, err.text);
        if (loaded)
            sim_violation(world, "cannot-start", "%s: %s", host->name, err.text);
        sim_executor_core_died(world, node, false);
        return;
    }
    sim_note(world, "%s: core %llu begins, incarnation %llu", host->name, (unsigned long long)host->core.generation,
             (unsigned long long)host->core.incarnation);
    sim_executor_core_begun(world, node);
    host->core.since = world->now;
    if (host->core.incarnation > host->latest)
        host->latest = host->core.incarnation;
    sim_links_begin(world, node);
    sim_bus_core_started(world, node);
    find_peers(world, node);
    SIM_OBSERVE(world, core_started, (seer, node));
    const struct hy_cluster_event tick = {.type = HY_CLUSTER_TICK};
    sim_core_step(world, node, &tick);
}

void sim_core_end(struct sim_world *world, size_t node, const char *why, bool silently)
{
    struct sim_host *host = &world->hosts[node];
    struct sim_core *core = &host->core;
    if (!core->cluster)
        return;
    bool for_good = core->gone || host->executor.asked;
    sim_note(world, "%s: the core ends: %s", host->name, why);
    SIM_OBSERVE(world, core_ended, (seer, node, why));
    host->servers = *hy_raft_servers(hy_cluster_raft(core->cluster));
    hy_cluster_free(&core->cluster);
    hy_cluster_effects_free(&core->held);
    sim_links_end(world, node);
    core->generation++;
    core->gone = core->broken = core->outlived = core->holds_next = core->holds_orders = false;
    sim_core_tick_moved(world, node);
    sim_bus_core_ended(world, node, silently);
    if (!silently)
        sim_disk_crash(world, node, false);
    sim_call_core_ended(world, node);
    if (host->core_frozen) { /* by its end */
        host->core_frozen = 1;
        sim_host_thaw(world, node, false);
    }
    if (host->main_frozen) {
        host->main_frozen = 1;
        sim_host_thaw_main(world, node);
    }
    if (host->executor.up && !silently)
        sim_executor_core_died(world, node, for_good);
}
