/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a decision when all goes well. */
#include "scheduler/model.h"

#include "cib/command.h"

/* The answer of an operation, told in the CIB's own words. */
static void tell(struct hy_cib *cib, const struct hy_action *action, int rc, hy_wall now)
{
    const struct hy_node_status *node = hy_cib_node(cib, action->node);
    uint64_t call = 0;
    for (size_t i = 0; i < node->results.count; i++)
        if (node->results.items[i].call > call)
            call = node->results.items[i].call;
    struct hy_result result = {.rsc = (char *)(uintptr_t)action->rsc,
                               .op = (char *)(uintptr_t)action->op,
                               .interval = action->interval,
                               .rc = rc,
                               .call = call + 1,
                               .digest = (char *)(uintptr_t)action->digest};
    struct hy_buf text = {0};
    hy_command_begin(&text, &(struct hy_command_head){.at = now});
    hy_command_result(&text, action->node, node->epoch, &result);
    struct hy_answer answer;
    hy_cib_apply(cib, cib->index + 1, text.data, text.size, &answer);
    hy_buf_free(&text);
}

void hy_foresee(struct hy_cib *cib, const struct hy_decision *decision, hy_wall now)
{
    bool *held = hy_alloc_array(decision->action_count, sizeof *held);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        held[i] = action->blocked;
        for (size_t a = 0; a < action->after_count; a++)
            held[i] = held[i] || held[action->after[a]];
        if (held[i] || action->kind == HY_ACT_CANCEL || action->kind == HY_ACT_NOTIFY || action->kind == HY_ACT_FENCE)
            continue;
        if (action->kind != HY_ACT_MONITOR)
            tell(cib, action, action->kind == HY_ACT_PROBE ? 7 : 0, now);
    }
    free(held);
}
