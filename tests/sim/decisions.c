/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/decisions.h"

#include "cluster/internal.h"

static bool is_new(struct decisions *decisions, size_t dc, size_t target, uint64_t id)
{
    uint64_t *last = &decisions->last[dc][target];
    if (target >= SIM_MAX_NODES || id <= *last)
        return false;
    *last = id;
    return true;
}

static void see_message(struct decisions *decisions, size_t dc, const struct hy_cluster_effect *effect,
                        decided_fn *decided, void *context)
{
    struct hy_message message;
    struct hy_operation operation;
    size_t target = effect->to - 1;
    if (hy_message_decode(effect->data, effect->size, &message, NULL) || message.kind != HY_MESSAGE_ORDER ||
        hy_operation_decode(message.data, message.size, &operation, NULL))
        return;
    if (is_new(decisions, dc, target, operation.id))
        decided(context, dc, target, &operation);
    hy_operation_free(&operation);
}

void decisions_see(struct decisions *decisions, const struct sim_world *world, size_t node,
                   const struct hy_cluster_effects *effects, decided_fn *decided, void *context)
{
    if (!sim_says(world, HY_CLUSTER_SEND_ORDERS) && !sim_says(world, HY_CLUSTER_EXECUTE))
        return;
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_cluster_effect *effect = &effects->list.items[i];
        if (effect->type == HY_CLUSTER_SEND_ORDERS)
            see_message(decisions, node, effect, decided, context);
        else if (effect->type == HY_CLUSTER_EXECUTE &&
                 effect->operation.id >> 32 == sim_cluster(world, node)->controller.term &&
                 is_new(decisions, node, node, effect->operation.id))
            decided(context, node, node, &effect->operation);
    }
}
