/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on its way back. A decision that stops something to start it again is carried out in steps, and each step is
 * decided upon afresh: without this, what was stopped would count nowhere. It would no longer hold those that stay with
 * it, or pull those that it goes with, so that the next decision takes back what the first one stopped it for, and
 * starts it; and so on without an end.
 */
#include "scheduler/scheduler.h"

#include <stdlib.h>

static void forget(struct hy_returns *returns, const char *rsc)
{
    free(hy_map_remove(&returns->nodes, rsc));
}

void hy_returns_free(struct hy_returns *returns)
{
    const char *rsc;
    for (size_t at = 0; hy_map_next(&returns->nodes, &at, &rsc, NULL);)
        forget(returns, rsc);
    hy_map_free(&returns->nodes);
    hy_map_free(&returns->starts);
}

void hy_returns_decided(struct hy_returns *returns, const struct hy_decision *decision)
{
    hy_map_free(&returns->starts);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (action->kind == HY_ACT_START && !action->blocked)
            hy_map_put(&returns->starts, action->rsc, returns);
    }
    const char *rsc;
    for (size_t at = 0; hy_map_next(&returns->nodes, &at, &rsc, NULL);)
        if (!hy_map_get(&returns->starts, rsc))
            forget(returns, rsc);
}

void hy_returns_ordered(struct hy_returns *returns, const struct hy_action *action)
{
    if (action->kind == HY_ACT_START)
        forget(returns, action->rsc);
    else if (action->kind == HY_ACT_STOP && hy_map_get(&returns->starts, action->rsc))
        free(hy_map_put(&returns->nodes, action->rsc, hy_strdup(action->node)));
}
