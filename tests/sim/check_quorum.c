/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Without quorum nothing runs (no-quorum-policy=stop, the default):
 *
 *   lease-without-quorum   who has taken in nothing from a majority of the voters for longer than any promise lasts holds no
 *                          lease
 *   runs-without-lease     what was started under the lease is being stopped a moment after it has ended, unless the host is
 *                          frozen, or has no executor
 */
#include "sim/checks.h"

#include "cluster/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const hy_time LOOK = 50 * HY_MS;
static const hy_time TO_BEGIN = 100 * HY_MS; /* from the lease's end to the beginning of the release, or a thaw's */

struct quorum {
    struct sim_world *world;
    hy_time next;
    hy_time heard[SIM_MAX_NODES][SIM_MAX_NODES]; /* when a node last took a heartbeat of another */
    /* The set that a core has applied, and the one in its log, or had when it died. */
    struct hy_raft_servers applied[SIM_MAX_NODES], in_force[SIM_MAX_NODES];
    hy_time ended[SIM_MAX_NODES]; /* when its lease was first seen not to hold; 0: it does */
};

static void *open_check(struct sim_world *world)
{
    struct quorum *quorum = hy_alloc(sizeof *quorum);
    quorum->world = world;
    return quorum;
}

/* Of the voters of one set of servers, so many have spoken to the node since `from`. */
static bool majority_of(const struct quorum *quorum, size_t node, const struct hy_raft_servers *servers, hy_time from)
{
    size_t heard = 0, count = 0;
    for (size_t i = 0; i < servers->count; i++) {
        size_t other = servers->list[i].id - 1;
        if (!servers->list[i].voter || other >= SIM_MAX_NODES)
            continue;
        count++;
        heard += other == node || quorum->heard[node][other] >= from;
    }
    return 2 * heard > count;
}

/* By any of the sets: while the voters change, neighbouring ones count side by side. */
static bool has_majority(const struct quorum *quorum, size_t node, hy_time from)
{
    for (size_t other = 0; other < sim_node_count(quorum->world); other++)
        if (majority_of(quorum, node, &quorum->applied[other], from) ||
            majority_of(quorum, node, &quorum->in_force[other], from))
            return true;
    return false;
}

static void note_sets(struct quorum *quorum)
{
    for (size_t node = 0; node < sim_node_count(quorum->world); node++) {
        const struct hy_cluster *cluster = sim_cluster(quorum->world, node);
        if (!cluster)
            continue;
        quorum->applied[node] = cluster->replica.servers;
        quorum->in_force[node] = *hy_raft_servers(cluster->replica.raft);
    }
}

static bool is_waived(const struct sim_world *world, size_t node)
{
    uint32_t since;
    return sim_lease(world, node, &since) == HY_NEVER;
}

static void look_at_services(struct quorum *quorum, size_t node)
{
    const struct sim_world *world = quorum->world;
    const struct sim_service *list;
    size_t count = sim_services(world, node, &list);
    hy_time now = sim_now(world);
    for (size_t i = 0; i < count; i++)
        if (list[i].lease && !list[i].releasing && !list[i].abandoned &&
            (list[i].state == SIM_RUNNING || list[i].state == SIM_STARTING) && now - quorum->ended[node] > TO_BEGIN &&
            now - sim_thawed_at(world, node) > TO_BEGIN)
            sim_violation(quorum->world, "runs-without-lease", "%s on %s, whose lease ended %lld ms ago", list[i].rsc,
                          sim_name(world, node), (long long)((now - quorum->ended[node]) / HY_MS));
}

static void look_at(struct quorum *quorum, size_t node)
{
    const struct sim_world *world = quorum->world;
    hy_time now = sim_now(world);
    bool holds = sim_lease_holds(world, node);
    if (!sim_executor_is_up(world, node) || sim_host_is_frozen(world, node)) {
        quorum->ended[node] = 0;
        return;
    }
    /* A promise counts from when the heartbeat was sent that it answers, so it was taken in no longer ago than it lasts. */
    hy_time longest = sim_settings(world)->dead_after_max + sim_settings(world)->dead_after_max / 100;
    if (holds && !is_waived(world, node) && !has_majority(quorum, node, now - longest))
        sim_violation(quorum->world, "lease-without-quorum",
                      "%s has a lease, and no majority has spoken to it for %lld ms", sim_name(world, node),
                      (long long)(longest / HY_MS));
    if (holds)
        quorum->ended[node] = 0;
    else if (!quorum->ended[node])
        quorum->ended[node] = now;
    else
        look_at_services(quorum, node);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)rc;
    (void)effects;
    struct quorum *quorum = context;
    if (event->type == HY_CLUSTER_HEARTBEAT && event->from - 1 < SIM_MAX_NODES)
        quorum->heard[node][event->from - 1] = sim_now(quorum->world);
    if (sim_now(quorum->world) < quorum->next)
        return;
    quorum->next = sim_now(quorum->world) + LOOK;
    note_sets(quorum);
    for (size_t i = 0; i < sim_node_count(quorum->world); i++)
        if (!sim_is_retired(quorum->world, i))
            look_at(quorum, i);
}

static void power(void *context, size_t node, bool on)
{
    (void)on;
    struct quorum *quorum = context;
    quorum->ended[node] = 0;
}

/* A lease may come and go between two looks. */
static void lease(void *context, size_t node, hy_time local_deadline, uint32_t since)
{
    (void)since;
    struct quorum *quorum = context;
    if (local_deadline > sim_local(quorum->world, node))
        quorum->ended[node] = 0;
}

const struct sim_observer sim_check_quorum = {
    .name = "quorum", .open = open_check, .close = free, .stepped = stepped, .lease = lease, .power = power};
