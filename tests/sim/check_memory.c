/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node keeps stays within bounds, whatever happens for however long:
 *
 *   memory-bound   the log behind the last snapshot, commands on their way, orders given, sessions, effects of one step
 *   memory-grows   the bytes that the whole process has allocated
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "sim/memory.h"

#include <inttypes.h>
#include <stdlib.h>

static const hy_time LOOK = HY_SECOND;

enum {
    MOST_EFFECTS = 5000,
    MOST_ENTRIES = 8000,  /* 2000 between snapshots, 500 kept behind one, and what comes while a slow disk writes it */
    MOST_COMMANDS = 4000, /* of one node, not applied yet: results of what it runs without quorum, requests */
    MOST_ORDERS = 2000,
    BYTES_AT_REST = 64 << 20,
    BYTES_A_NODE = 32 << 20
};

struct memory {
    struct sim_world *world;
    hy_time next;
};

static void *open_check(struct sim_world *world)
{
    struct memory *memory = hy_alloc(sizeof *memory);
    memory->world = world;
    return memory;
}

static void bound(struct memory *memory, size_t node, const char *what, uint64_t count, uint64_t most)
{
    if (count > most)
        sim_violation(memory->world, "memory-bound", "%s on %s: %" PRIu64 ", at most %" PRIu64, what,
                      sim_name(memory->world, node), count, most);
}

static void look_at(struct memory *memory, size_t node)
{
    const struct hy_cluster *c = sim_cluster(memory->world, node);
    if (!c)
        return;
    const struct hy_raft *raft = c->replica.raft;
    bound(memory, node, "entries of the log", hy_raft_last_index(raft) + 1 - hy_raft_first_index(raft), MOST_ENTRIES);
    bound(memory, node, "commands on their way", c->outbox.queue.count, MOST_COMMANDS);
    bound(memory, node, "orders", c->controller.orders.count, MOST_ORDERS);
    bound(memory, node, "logged changes of members", c->replica.logged.count, MOST_ENTRIES);
    bound(memory, node, "sessions of nodes", c->replica.cib->sessions.count, SIM_MAX_NODES);
    bound(memory, node, "sessions of clients", c->replica.cib->clients.count, HY_CLIENTS_MAX);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct memory *memory = context;
    bound(memory, node, "effects of a step", effects->list.count, MOST_EFFECTS);
    if (sim_now(memory->world) < memory->next)
        return;
    memory->next = sim_now(memory->world) + LOOK;
    for (size_t i = 0; i < sim_node_count(memory->world); i++)
        look_at(memory, i);
    size_t bytes = sim_memory_used();
    if (bytes > BYTES_AT_REST + sim_node_count(memory->world) * (size_t)BYTES_A_NODE)
        sim_violation(memory->world, "memory-grows", "%zu MiB are allocated", bytes >> 20);
}

const struct sim_observer sim_check_memory = {.name = "memory", .open = open_check, .close = free, .stepped = stepped};
