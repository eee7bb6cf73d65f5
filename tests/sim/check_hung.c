/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A core whose main thread hangs must not look alive:
 *
 *   hung-looks-alive   it sends heartbeats, though its main thread has stood still for longer than the others have patience
 *
 * That one which stands still for less harms nobody is not looked for here: check_lease.c and check_liveness.c would see it.
 */
#include "sim/checks.h"

#include "cluster/pulse.h"

struct hung {
    struct sim_world *world;
};

static void *open_check(struct sim_world *world)
{
    struct hung *hung = hy_alloc(sizeof *hung);
    hung->world = world;
    return hung;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    (void)effects;
    const struct hung *hung = context;
    const struct sim_world *world = hung->world;
    if (!sim_says(world, HY_CLUSTER_SEND_HEARTBEAT))
        return;
    hy_time since = sim_main_stands_since(world, node);
    /* Its own lateness it does not count, and its clock may be slow. */
    hy_time patience = hy_pulse_patience(sim_settings(world)->dead_after_max) * 5 / 4;
    if (since != HY_NEVER && sim_now(world) - since > patience)
        sim_violation(hung->world, "hung-looks-alive", "%s sends heartbeats, and its main thread hangs for %lld ms now",
                      sim_name(world, node), (long long)((sim_now(world) - since) / HY_MS));
}

const struct sim_observer sim_check_hung = {.name = "hung", .open = open_check, .close = free, .stepped = stepped};
