/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order is worth nothing once its DC was replaced, or the life of the node that it is for is over:
 *
 *   stale-order   a core hands an order to its executor whose term is older than one it has heard a DC speak in, or whose
 *                 epoch is not the one it is in
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "cluster/message.h"

#include <inttypes.h>

struct stale {
    struct sim_world *world;
    struct {
        uint64_t incarnation;
        uint64_t term; /* the newest that a DC has spoken in, in this life of the core */
    } heard[SIM_MAX_NODES];
};

static void *open_check(struct sim_world *world)
{
    struct stale *stale = hy_alloc(sizeof *stale);
    stale->world = world;
    return stale;
}

static bool is_executed(const struct hy_cluster_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_EXECUTE)
            return true;
    return false;
}

static void check_order(struct stale *stale, size_t node, const struct hy_message *message)
{
    const struct hy_cluster *c = sim_cluster(stale->world, node);
    const struct hy_node_status *own = hy_cib_node(c->replica.cib, c->name);
    if (message->term < stale->heard[node].term)
        sim_violation(stale->world, "stale-order",
                      "%s obeys a DC of term %" PRIu64 ", and has heard one of term %" PRIu64,
                      sim_name(stale->world, node), message->term, stale->heard[node].term);
    if (!own || own->epoch != message->epoch)
        sim_violation(stale->world, "stale-order", "%s obeys an order for its epoch %" PRIu32 ", which is over",
                      sim_name(stale->world, node), message->epoch);
}

static bool is_for_this_life(const struct stale *stale, size_t node, const struct hy_message *message)
{
    const struct hy_cluster *c = sim_cluster(stale->world, node);
    const struct hy_node_status *own = hy_cib_node(c->replica.cib, c->name);
    return message->kind == HY_MESSAGE_SYNC && own && own->state == HY_MEMBER_IN && own->epoch == message->epoch;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    struct stale *stale = context;
    struct hy_message message;
    if (event->type != HY_CLUSTER_ORDERS || rc || hy_message_decode(event->data, event->size, &message, NULL) ||
        (message.kind != HY_MESSAGE_ORDER && message.kind != HY_MESSAGE_SYNC))
        return;
    if (stale->heard[node].incarnation != sim_incarnation(stale->world, node)) {
        stale->heard[node].incarnation = sim_incarnation(stale->world, node);
        stale->heard[node].term = 0;
    }
    bool executed = message.kind == HY_MESSAGE_ORDER && is_executed(effects);
    if (executed)
        check_order(stale, node, &message);
    if ((executed || is_for_this_life(stale, node, &message)) && message.term > stale->heard[node].term)
        stale->heard[node].term = message.term;
}

const struct sim_observer sim_check_stale = {.name = "stale", .open = open_check, .close = free, .stepped = stepped};
