/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked for again is done once:
 *
 *   order-twice   a core hands an order to its executor that it has handed to it before, in the same life. (What is applied
 *                 twice: edits.h.)
 */
#include "sim/checks.h"

#include "sim/table.h"

#include <inttypes.h>

struct once {
    struct sim_world *world;
    struct table orders; /* id, node + 1 -> incarnation of the core that took it */
};

static void *open_check(struct sim_world *world)
{
    struct once *once = hy_alloc(sizeof *once);
    once->world = world;
    return once;
}

static void close_check(void *context)
{
    struct once *once = context;
    table_free(&once->orders);
    free(once);
}

static void taken(struct once *once, size_t node, const struct hy_operation *operation)
{
    bool is_new;
    struct table_row *row = table_row(&once->orders, operation->id, node + 1, &is_new);
    uint64_t incarnation = sim_incarnation(once->world, node);
    if (!is_new && row->value[0] == incarnation)
        sim_violation(once->world, "order-twice", "%s takes the order %" PRIx64 " to %s %s a second time",
                      sim_name(once->world, node), operation->id, operation->op, operation->rsc);
    row->value[0] = incarnation;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct once *once = context;
    for (size_t i = 0; sim_says(once->world, HY_CLUSTER_EXECUTE) && i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_EXECUTE)
            taken(once, node, &effects->list.items[i].operation);
}

const struct sim_observer sim_check_once = {
    .name = "once", .open = open_check, .close = close_check, .stepped = stepped};
