/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A witness votes, and runs nothing:
 *
 *   runs-on-witness   nothing is started there, in truth, and its core hands no order to its executor: it is not even asked
 *                     what runs there
 *   witness-unknown   whoever knows of it knows that it is one, as the configuration file or the one who enrolled it says
 */
#include "sim/checks.h"

#include <inttypes.h>
#include <stdlib.h>

struct witnesses {
    struct sim_world *world;
    uint64_t looked[SIM_MAX_NODES]; /* the last index at which the node's state was looked at */
};

static void *open_check(struct sim_world *world)
{
    struct witnesses *witnesses = hy_alloc(sizeof *witnesses);
    witnesses->world = world;
    return witnesses;
}

static void service(void *context, size_t node, const struct sim_service *changed)
{
    struct witnesses *witnesses = context;
    if (sim_is_witness(witnesses->world, node) && changed->state != SIM_STOPPED)
        sim_violation(witnesses->world, "runs-on-witness", "%s on %s, which is a witness", changed->rsc,
                      sim_name(witnesses->world, node));
}

static void check_orders(struct witnesses *witnesses, size_t node, const struct hy_cluster_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_operation *operation = &effects->list.items[i].operation;
        if (effects->list.items[i].type == HY_CLUSTER_EXECUTE)
            sim_violation(witnesses->world, "runs-on-witness", "%s is to %s %s, and is a witness",
                          sim_name(witnesses->world, node), operation->op, operation->rsc);
    }
}

static void check_state(struct witnesses *witnesses, size_t node, const struct hy_cib *cib)
{
    const struct sim_world *world = witnesses->world;
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        if (status->enrolled.address && status->id && status->id <= sim_node_count(world) &&
            status->enrolled.witness != sim_is_witness(world, status->id - 1))
            sim_violation(witnesses->world, "witness-unknown", "%s takes %s as %s at %" PRIu64, sim_name(world, node),
                          status->node, status->enrolled.witness ? "a witness" : "no witness", cib->index);
    }
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct witnesses *witnesses = context;
    const struct hy_cib *cib = hy_cluster_cib(sim_cluster(witnesses->world, node));
    if (sim_says(witnesses->world, HY_CLUSTER_EXECUTE) && sim_is_witness(witnesses->world, node))
        check_orders(witnesses, node, effects);
    if (cib->index != witnesses->looked[node])
        check_state(witnesses, node, cib);
    witnesses->looked[node] = cib->index;
}

const struct sim_observer sim_check_witness = {
    .name = "witness", .open = open_check, .close = free, .stepped = stepped, .service = service};
