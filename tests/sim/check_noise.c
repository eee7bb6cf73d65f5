/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under noise within the stated bounds (sim/noise.h, docs/decisions/noise-bounds.md), with one link at least between any two nodes
 * that carries on within them, and an operator who moves nothing, from when the cluster has come up:
 *
 *   noise-suspected  nobody is suspected
 *   noise-verdict    no member is declared gone
 *   noise-lease      no lease ends
 *   noise-stop       no resource is stopped
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "membership/internal.h"

#include <stdlib.h>

static const hy_time COMES_UP = 20 * HY_SECOND;

struct noise {
    struct sim_world *world;
    hy_time deadline[SIM_MAX_NODES]; /* local; 0: it never had a lease */
};

static void *open_check(struct sim_world *world)
{
    struct noise *noise = hy_alloc(sizeof *noise);
    noise->world = world;
    return noise;
}

static bool is_on(const struct noise *noise)
{
    return sim_settings(noise->world)->noise && sim_now(noise->world) > COMES_UP;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    (void)effects;
    struct noise *noise = context;
    if (!sim_settings(noise->world)->noise || !sim_says(noise->world, HY_CLUSTER_SEND_HEARTBEAT))
        return;
    const struct hy_membership *m = sim_cluster(noise->world, node)->pulse->membership;
    for (size_t i = 0; i < m->count; i++) {
        if (m->nodes[i].turned)
            sim_violation(noise->world, "noise-suspected", "%s turns on test%u", sim_name(noise->world, node),
                          m->nodes[i].id);
        if (m->nodes[i].applied.epoch && !m->nodes[i].applied.in)
            sim_violation(noise->world, "noise-verdict", "%s has applied that test%u is gone",
                          sim_name(noise->world, node), m->nodes[i].id);
    }
}

static void ended(const struct noise *noise, size_t node)
{
    hy_time ago = sim_local(noise->world, node) - noise->deadline[node];
    if (is_on(noise) && noise->deadline[node] && ago > 0)
        sim_violation(noise->world, "noise-lease", "%s had no lease for %lld us", sim_name(noise->world, node),
                      (long long)ago);
}

static void lease(void *context, size_t node, hy_time local_deadline, uint32_t since)
{
    (void)since;
    struct noise *noise = context;
    ended(noise, node);
    if (is_on(noise) && local_deadline <= sim_local(noise->world, node) && noise->deadline[node])
        sim_violation(noise->world, "noise-lease", "%s has lost its lease", sim_name(noise->world, node));
    noise->deadline[node] = local_deadline;
}

static void service(void *context, size_t node, const struct sim_service *changed)
{
    struct noise *noise = context;
    if (is_on(noise) && (changed->state == SIM_STOPPING || changed->state == SIM_STOPPED))
        sim_violation(noise->world, "noise-stop", "%s is stopped on %s", changed->rsc, sim_name(noise->world, node));
}

static void healed(void *context)
{
    struct noise *noise = context;
    for (size_t node = 0; node < sim_node_count(noise->world); node++)
        ended(noise, node);
}

const struct sim_observer sim_check_noise = {.name = "noise",
                                             .open = open_check,
                                             .close = free,
                                             .stepped = stepped,
                                             .lease = lease,
                                             .service = service,
                                             .healed = healed};
