/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody is suspected without a cause, whatever else happens elsewhere: a verdict needs suspicions first.
 *
 *   suspected-though-well  a voter turns on a node that has run without a stop, while over one link nothing was wrong between the
 *                          two, for as long as it takes to know it: whatever has become of the other links, and though the
 *                          voter itself stood still meanwhile
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "membership/internal.h"

#include <stdlib.h>

struct suspicion {
    struct sim_world *world;
    hy_time window;
    struct {
        uint64_t incarnation;
        uint32_t turned; /* set of nodes */
    } seen[SIM_MAX_NODES];
};

static void *open_check(struct sim_world *world)
{
    struct suspicion *suspicion = hy_alloc(sizeof *suspicion);
    const struct sim_settings *s = sim_settings(world);
    suspicion->world = world;
    /* Within it each is heard, says so, and that is heard in turn. */
    suspicion->window = s->dead_after + 2 * s->heartbeat;
    return suspicion;
}

static bool was_well(const struct suspicion *suspicion, size_t voter, size_t node)
{
    const struct sim_world *world = suspicion->world;
    hy_time now = sim_now(world), frozen = sim_frozen_since(world, voter);
    /* What the voter knew when it stood still is what it goes on from. */
    hy_time known = frozen >= 0 && sim_steady_since(world, voter) > now - suspicion->window ? frozen : now;
    hy_time by = known - suspicion->window;
    if (!sim_knows(world, voter, node) || !sim_knows(world, node, voter) || sim_steady_since(world, node) > by ||
        sim_core_since(world, voter) > by || sim_peers_since(world, voter) > by || sim_peers_since(world, node) > by)
        return false;
    for (size_t link = 0; link < sim_links(world); link++)
        if (sim_way(world, link, voter, node).calm_since <= by && sim_way(world, link, node, voter).calm_since <= by)
            return true;
    return false;
}

static void stepped(void *context, size_t voter, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    (void)effects;
    struct suspicion *suspicion = context;
    struct sim_world *world = suspicion->world;
    const struct hy_membership *m = sim_cluster(world, voter)->pulse->membership;
    if (!sim_says(world, HY_CLUSTER_SEND_HEARTBEAT)) /* who turns says so at once */
        return;
    if (suspicion->seen[voter].incarnation != m->incarnation) {
        suspicion->seen[voter].incarnation = m->incarnation;
        suspicion->seen[voter].turned = 0;
    }
    for (size_t i = 0; i < m->count; i++) {
        size_t node = m->nodes[i].id - 1;
        if (i == m->self || node >= SIM_MAX_NODES)
            continue;
        bool before = suspicion->seen[voter].turned >> node & 1;
        if (m->nodes[i].turned && !before && was_well(suspicion, voter, node))
            sim_violation(world, "suspected-though-well", "%s turns on %s, which runs, and is within reach",
                          sim_name(world, voter), sim_name(world, node));
        suspicion->seen[voter].turned &= ~(1u << node);
        suspicion->seen[voter].turned |= (uint32_t)m->nodes[i].turned << node;
    }
}

const struct sim_observer sim_check_suspicion = {
    .name = "suspicion", .open = open_check, .close = free, .stepped = stepped};
