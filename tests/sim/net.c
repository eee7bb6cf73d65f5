/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between two nodes now, link by link, from the faults in force; and heartbeats, which are datagrams. */
#include "sim/internal.h"
#include "sim/settings.h"

#include "base/mutant.h"

/* Fixed for a pair and a link; to it comes what varies. */
void sim_net_init(struct sim_world *world)
{
    const char *profile = world->settings.profile;
    world->links = world->schedule->links ? world->schedule->links : 1;
    for (size_t link = 0; link < world->links; link++)
        for (size_t a = 0; a < SIM_MAX_NODES; a++)
            for (size_t b = 0; b < a; b++) {
                hy_time base =
                    sim_draw_time(&world->net, sim_settings_nearest(profile), sim_settings_farthest(profile));
                world->paths[link][a][b].base = world->paths[link][b][a].base = base;
                world->longest_base = base > world->longest_base ? base : world->longest_base;
            }
}

static bool concerns(const struct sim_fault *fault, size_t link)
{
    return !fault->links || fault->links >> link & 1;
}

static void add_cut(struct sim_world *world, size_t link, uint32_t from, uint32_t to)
{
    for (size_t a = 0; a < SIM_MAX_NODES; a++)
        for (size_t b = 0; b < SIM_MAX_NODES; b++)
            if (a != b && from >> a & 1 && to >> b & 1)
                world->paths[link][a][b].cuts++;
}

static unsigned larger(unsigned a, int64_t b)
{
    return b > (int64_t)a ? (unsigned)b : a;
}

static void add_path(struct sim_path *path, const struct sim_fault *fault)
{
    path->rough |= fault->kind != SIM_FAULT_DUPLICATE && fault->kind != SIM_FAULT_NOISE;
    switch (fault->kind) {
    case SIM_FAULT_LOSS:
        path->loss = larger(path->loss, fault->v);
        break;
    case SIM_FAULT_DELAY:
        path->delay = fault->v > path->delay ? fault->v : path->delay;
        break;
    case SIM_FAULT_REORDER:
        path->reorder = larger(path->reorder, fault->v);
        path->reorder_by = fault->w > path->reorder_by ? fault->w : path->reorder_by;
        break;
    case SIM_FAULT_DUPLICATE:
        path->duplicate = larger(path->duplicate, fault->v);
        break;
    case SIM_FAULT_CORRUPT:
        path->corrupt = larger(path->corrupt, fault->v);
        break;
    case SIM_FAULT_SLOW_LINK:
        if (fault->v > 0 && (!path->bytes_per_ms || fault->v < path->bytes_per_ms))
            path->bytes_per_ms = fault->v;
        break;
    case SIM_FAULT_NOISE:
        path->noisy = true;
        path->noise_most = fault->w;
        path->noise_lost = (unsigned)fault->v;
        break;
    default: /* not of the network */
        break;
    }
}

static void add_fault(struct sim_world *world, size_t link, const struct sim_fault *fault)
{
    uint32_t others = ~(fault->a | fault->b);
    if (fault->kind == SIM_FAULT_CUT) {
        add_cut(world, link, fault->a, fault->b);
    } else if (fault->kind == SIM_FAULT_PARTITION) {
        add_cut(world, link, fault->a, ~fault->a);
        add_cut(world, link, ~fault->a, fault->a);
        add_cut(world, link, fault->b, others);
        add_cut(world, link, others, fault->b);
    } else if (fault->kind == SIM_FAULT_CARRIER) {
        add_cut(world, link, fault->a, ~0u);
        add_cut(world, link, ~0u, fault->a);
    } else if (sim_is_of_network(fault->kind)) {
        for (size_t a = 0; a < SIM_MAX_NODES; a++)
            for (size_t b = 0; b < SIM_MAX_NODES; b++)
                if (a != b && fault->a >> a & 1 && fault->b >> b & 1)
                    add_path(&world->paths[link][a][b], fault);
    }
}

static void compute_link(struct sim_world *world, size_t link)
{
    bool was[SIM_MAX_NODES][SIM_MAX_NODES];
    for (size_t a = 0; a < SIM_MAX_NODES; a++)
        for (size_t b = 0; b < SIM_MAX_NODES; b++) {
            struct sim_path *path = &world->paths[link][a][b];
            was[a][b] = path->cuts > 0;
            *path = (struct sim_path){.base = path->base,
                                      .busy_until = path->busy_until,
                                      .cut_since = path->cut_since,
                                      .calm_since = path->calm_since};
        }
    for (size_t i = 0; i < world->active.count; i++)
        if (world->active.items[i] && concerns(&world->schedule->faults.items[i], link))
            add_fault(world, link, &world->schedule->faults.items[i]);
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < world->count; b++) {
            struct sim_path *path = &world->paths[link][a][b];
            if (path->rough || path->cuts)
                path->calm_since = HY_NEVER;
            else if (path->calm_since == HY_NEVER)
                path->calm_since = world->now;
            if (was[a][b] == (path->cuts > 0))
                continue;
            if (!was[a][b])
                path->cut_since = world->now;
            sim_bus_path_changed(world, link, a, b);
        }
}

void sim_net_compute(struct sim_world *world)
{
    for (size_t link = 0; link < world->links; link++)
        compute_link(world, link);
}

bool sim_net_is_cut(const struct sim_world *world, size_t link, size_t from, size_t to)
{
    return world->paths[link][from][to].cuts > 0;
}

bool sim_net_works(const struct sim_world *world, size_t link, size_t a, size_t b)
{
    return !sim_net_is_cut(world, link, a, b) && !sim_net_is_cut(world, link, b, a);
}

bool sim_net_has_carrier(const struct sim_world *world, size_t node)
{
    uint32_t without = 0, all = (1u << world->links) - 1;
    for (size_t i = 0; i < world->active.count; i++) {
        const struct sim_fault *fault = &world->schedule->faults.items[i];
        if (world->active.items[i] && fault->kind == SIM_FAULT_CARRIER && fault->a >> node & 1)
            without |= fault->links ? fault->links : all;
    }
    return (without & all) != all;
}

/* As often as may be at one of the bounds: what is in between shows little. */
static hy_time noise_delay(struct sim_world *world, const struct sim_path *path)
{
    hy_time least = path->base < path->noise_most ? path->base : path->noise_most;
    switch (sim_draw_below(&world->net, 4)) {
    case 0:
        return least;
    case 1:
        return path->noise_most;
    default:
        return sim_draw_time(&world->net, least, path->noise_most);
    }
}

hy_time sim_net_delay(struct sim_world *world, struct sim_path *path, size_t size)
{
    if (path->noisy && !path->rough)
        return noise_delay(world, path);
    hy_time delay = path->base + (hy_time)sim_draw_below(&world->net, (uint64_t)(path->base + 60));
    if (path->delay)
        delay += sim_draw_time(&world->net, 0, path->delay);
    if (path->bytes_per_ms) {
        hy_time from = path->busy_until > world->now ? path->busy_until : world->now;
        path->busy_until = from + (hy_time)size * HY_MS / path->bytes_per_ms;
        delay += path->busy_until - world->now;
    }
    return delay;
}

/* Whenever one may be lost, it is not unlikely that it is: so bursts of what is allowed are seen. */
static bool noise_loses(struct sim_world *world, size_t link, size_t from, size_t to, const struct sim_path *path)
{
    enum { PER_MILLE = 200 };
    struct sim_noise_lost *lost = &world->noise_lost[link][from < to ? from : to][from < to ? to : from];
    unsigned most = path->noise_lost < SIM_NOISE_LOST ? path->noise_lost : SIM_NOISE_LOST;
    if (!path->noisy || !most || !sim_draw_chance(&world->net, PER_MILLE))
        return false;
    if (lost->at[most - 1] && world->now - lost->at[most - 1] <= world->settings.dead_after)
        return false;
    memmove(lost->at + 1, lost->at, sizeof lost->at - sizeof *lost->at);
    lost->at[0] = world->now;
    return true;
}

static void send_one(struct sim_world *world, size_t link, size_t from, size_t to, struct sim_packet *packet)
{
    struct sim_path *path = &world->paths[link][from][to];
    if (path->cuts || !world->hosts[to].powered)
        return;
    if (path->loss && sim_draw_chance(&world->net, path->loss))
        return;
    if (path->corrupt && sim_draw_chance(&world->net, path->corrupt)) {
        world->corrupted++; /* the seal does not open: core/bus/seal.c; decoders have fuzz tests of their own */
        return;
    }
    if (noise_loses(world, link, from, to, path))
        return;
    int copies = path->duplicate && sim_draw_chance(&world->net, path->duplicate) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        hy_time delay = sim_net_delay(world, path, packet->size);
        if (delay > 5 * HY_SECOND)
            return; /* a queue that long drops */
        if (path->reorder && sim_draw_chance(&world->net, path->reorder))
            delay += sim_draw_time(&world->net, 0, path->reorder_by);
        struct sim_event *event = sim_agenda_add(world, world->now + delay, SIM_EV_DATAGRAM, to);
        event->from = (uint8_t)from;
        event->link = (uint8_t)link;
        event->packet = packet;
        packet->refs++;
    }
}

void sim_net_datagram(struct sim_world *world, size_t from, uint32_t to, struct sim_packet *packet)
{
    if (!to)
        packet->marks = sim_links_write(world, from);
    size_t links = HY_MUTANT(HEARTBEATS_ON_ONE_LINK) ? 1 : world->links;
    for (size_t link = 0; link < links; link++)
        for (size_t node = 0; node < world->count; node++)
            if (world->hosts[from].core.peers >> node & 1 && (!to || to == node + 1))
                send_one(world, link, from, node, packet);
    if (!to)
        sim_links_step(world, from);
}
