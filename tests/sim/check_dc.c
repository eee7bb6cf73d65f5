/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may give orders:
 *
 *   orders-without-lease  a DC decides on an order when its own lease is over, by the page that its executor looks at
 *   orders-unheard        a DC decides on an order, and there is a member of which it has not heard in its own term what
 *                         runs there: one that has just been admitted, and has not said so in the state either, is excused
 *   orders-unreleased     a DC decides on an order, and there is a node that is gone and has not let go
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "cluster/message.h"
#include "sim/decisions.h"

#include <inttypes.h>

struct heard {
    uint64_t term;
    uint32_t epoch;
};

struct dc_check {
    struct sim_world *world;
    struct decisions decisions;
    struct heard heard[SIM_MAX_NODES][SIM_MAX_NODES]; /* DC, member */
};

static void *open_check(struct sim_world *world)
{
    struct dc_check *check = hy_alloc(sizeof *check);
    check->world = world;
    return check;
}

static void check_heard(struct dc_check *check, size_t dc, const struct hy_cluster *c)
{
    for (size_t i = 0; i < c->replica.cib->nodes.count; i++) {
        const struct hy_node_status *status = c->replica.cib->nodes.items[i];
        size_t node = status->id - 1;
        if (node == dc || node >= SIM_MAX_NODES || status->state != HY_MEMBER_IN || !status->synced)
            continue;
        const struct heard *heard = &check->heard[dc][node];
        if (heard->term != c->controller.term || heard->epoch != status->epoch)
            sim_violation(check->world, "orders-unheard",
                          "%s gives orders in term %" PRIu64 ", and has not heard in it what runs on %s",
                          sim_name(check->world, dc), c->controller.term, status->node);
    }
}

static void check_gone(struct dc_check *check, size_t dc, const struct hy_cluster *c)
{
    for (size_t i = 0; i < c->replica.cib->nodes.count; i++) {
        const struct hy_node_status *status = c->replica.cib->nodes.items[i];
        if (status->state == HY_MEMBER_GONE && !hy_controller_has_let_go(c, status))
            sim_violation(check->world, "orders-unreleased", "%s gives orders, and %s may hold a lease still",
                          sim_name(check->world, dc), status->node);
    }
}

static void decided(void *context, size_t dc, size_t target, const struct hy_operation *operation)
{
    struct dc_check *check = context;
    const struct hy_cluster *c = sim_cluster(check->world, dc);
    if (sim_lease(check->world, dc, NULL) <= sim_local(check->world, dc))
        sim_violation(check->world, "orders-without-lease", "%s gives %s the order to %s %s, and has no lease",
                      sim_name(check->world, dc), sim_name(check->world, target), operation->op, operation->rsc);
    check_heard(check, dc, c);
    check_gone(check, dc, c);
}

static void hear(struct dc_check *check, size_t node, const struct hy_cluster_event *event)
{
    struct hy_message message;
    if (event->type == HY_CLUSTER_ORDERS && event->from && event->from <= SIM_MAX_NODES &&
        !hy_message_decode(event->data, event->size, &message, NULL) && message.kind == HY_MESSAGE_SYNC_DONE &&
        message.term >= check->heard[node][event->from - 1].term)
        check->heard[node][event->from - 1] = (struct heard){.term = message.term, .epoch = message.epoch};
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    struct dc_check *check = context;
    if (!rc)
        hear(check, node, event);
    decisions_see(&check->decisions, check->world, node, effects, decided, check);
}

const struct sim_observer sim_check_dc = {.name = "dc", .open = open_check, .close = free, .stepped = stepped};
