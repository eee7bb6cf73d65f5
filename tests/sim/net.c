/* SPDX-License-Identifier: Apache-2.0 */
/* What passes between two nodes now, from the faults in force; and heartbeats, which are datagrams. */
#include "sim/internal.h"

/* Two hosts of a rack, or of two cities: fixed for a pair, to which comes what varies. */
void sim_net_init(struct sim_world *world)
{
    bool wan = strcmp(world->settings.profile, "wan") == 0;
    for (size_t a = 0; a < SIM_MAX_NODES; a++)
        for (size_t b = 0; b < a; b++) {
            hy_time base =
                wan ? sim_draw_time(&world->net, 5 * HY_MS, 40 * HY_MS) : sim_draw_time(&world->net, 40, 200);
            world->paths[a][b].base = world->paths[b][a].base = base;
        }
}

static void add_cut(struct sim_world *world, uint32_t from, uint32_t to)
{
    for (size_t a = 0; a < SIM_MAX_NODES; a++)
        for (size_t b = 0; b < SIM_MAX_NODES; b++)
            if (a != b && from >> a & 1 && to >> b & 1)
                world->paths[a][b].cuts++;
}

static unsigned larger(unsigned a, int64_t b)
{
    return b > (int64_t)a ? (unsigned)b : a;
}

static void add_path(struct sim_path *path, const struct sim_fault *fault)
{
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
    default: /* not of the network */
        break;
    }
}

static void add_fault(struct sim_world *world, const struct sim_fault *fault)
{
    uint32_t others = ~(fault->a | fault->b);
    if (fault->kind == SIM_FAULT_CUT) {
        add_cut(world, fault->a, fault->b);
    } else if (fault->kind == SIM_FAULT_PARTITION) {
        add_cut(world, fault->a, ~fault->a);
        add_cut(world, ~fault->a, fault->a);
        add_cut(world, fault->b, others);
        add_cut(world, others, fault->b);
    } else if (fault->kind == SIM_FAULT_CARRIER) {
        add_cut(world, fault->a, ~0u);
        add_cut(world, ~0u, fault->a);
    } else {
        for (size_t a = 0; a < SIM_MAX_NODES; a++)
            for (size_t b = 0; b < SIM_MAX_NODES; b++)
                if (a != b && fault->a >> a & 1 && fault->b >> b & 1)
                    add_path(&world->paths[a][b], fault);
    }
}

void sim_net_compute(struct sim_world *world)
{
    bool was[SIM_MAX_NODES][SIM_MAX_NODES];
    for (size_t a = 0; a < SIM_MAX_NODES; a++)
        for (size_t b = 0; b < SIM_MAX_NODES; b++) {
            struct sim_path *path = &world->paths[a][b];
            was[a][b] = path->cuts > 0;
            *path = (struct sim_path){.base = path->base, .busy_until = path->busy_until, .cut_since = path->cut_since};
        }
    for (size_t i = 0; i < world->active.count; i++)
        if (world->active.items[i])
            add_fault(world, &world->schedule->faults.items[i]);
    for (size_t a = 0; a < world->count; a++)
        for (size_t b = 0; b < world->count; b++)
            if (was[a][b] != (world->paths[a][b].cuts > 0)) {
                if (!was[a][b])
                    world->paths[a][b].cut_since = world->now;
                sim_bus_path_changed(world, a, b);
            }
}

bool sim_net_is_cut(const struct sim_world *world, size_t from, size_t to)
{
    return world->paths[from][to].cuts > 0;
}

hy_time sim_net_delay(struct sim_world *world, struct sim_path *path, size_t size)
{
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

static void send_one(struct sim_world *world, size_t from, size_t to, struct sim_packet *packet)
{
    struct sim_path *path = &world->paths[from][to];
    if (path->cuts || !world->hosts[to].powered)
        return;
    if (path->loss && sim_draw_chance(&world->net, path->loss))
        return;
    if (path->corrupt && sim_draw_chance(&world->net, path->corrupt)) {
        world->corrupted++; /* the seal does not open: core/bus/seal.c; decoders have fuzz tests of their own */
        return;
    }
    int copies = path->duplicate && sim_draw_chance(&world->net, path->duplicate) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        hy_time delay = sim_net_delay(world, path, packet->size);
        if (delay > 5 * HY_SECOND)
            return; /* a queue that long drops */
        if (path->reorder && sim_draw_chance(&world->net, path->reorder))
            delay += sim_draw_time(&world->net, 0, path->reorder_by);
        struct sim_event *event = sim_agenda_add(world, world->now + delay, SIM_EV_DATAGRAM, to);
        event->from = (uint8_t)from;
        event->packet = packet;
        packet->refs++;
    }
}

void sim_net_datagram(struct sim_world *world, size_t from, uint32_t to, struct sim_packet *packet)
{
    for (size_t node = 0; node < world->count; node++)
        if (world->hosts[from].core.peers >> node & 1 && (!to || to == node + 1))
            send_one(world, from, node, packet);
}
