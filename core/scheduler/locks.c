/* SPDX-License-Identifier: Apache-2.0 */
/* shutdown-lock: what ran on a node that was shut down waits for it, and is not recovered elsewhere. */
#include "scheduler/model.h"

static const struct hy_rsc_lock *find_lock(const struct hy_node_status *status, const char *rsc)
{
    for (size_t i = 0; status && i < status->locks.count; i++)
        if (!strcmp(status->locks.items[i].rsc, rsc))
            return &status->locks.items[i];
    return NULL;
}

/* A lock that ran out by time is none. */
static bool is_held(struct hy_sched *s, hy_wall since)
{
    hy_time limit = s->properties.shutdown_lock_limit;
    if (!limit || !since)
        return true;
    hy_wall end = since + limit;
    if (end <= s->input->now)
        return false;
    if (end < s->decision->recheck)
        s->decision->recheck = end;
    return true;
}

static hy_wall shutdown_since(const struct hy_snode *node)
{
    const char *text = hy_sched_node_attr(node, "shutdown");
    return text ? (hy_wall)strtoll(text, NULL, 10) * HY_SECOND : 0;
}

static uint32_t lock_of(struct hy_sched *s, const struct hy_srsc *leaf)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        const struct hy_rsc_lock *lock = find_lock(s->nodes[n].status, leaf->unit->name);
        if (lock && is_held(s, lock->since))
            return leaf->active.count ? HY_NO_NODE : n; /* it runs elsewhere, in spite of the lock: let it */
    }
    if (leaf->active.count != 1)
        return HY_NO_NODE;
    const struct hy_snode *node = &s->nodes[leaf->active.items[0]];
    return node->shutdown && !node->unclean && is_held(s, shutdown_since(node)) ? node->number : HY_NO_NODE;
}

/* Clones run elsewhere, too; devices must be there for all. */
void hy_sched_apply_locks(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count && s->properties.shutdown_lock; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->in_clone || leaf->orphan || leaf->is_fencing)
            continue;
        leaf->lock_node = lock_of(s, leaf);
        for (uint32_t n = 0; n < s->node_count && leaf->lock_node != HY_NO_NODE; n++) {
            if (n == leaf->lock_node || leaf->score[n] == HY_ABSENT)
                continue;
            hy_sched_add_score(s, leaf, n, -HY_INFINITY);
            hy_sched_cause(s, leaf, HY_CAUSE_OTHER, n, -HY_INFINITY)->id = hy_arena_printf(
                &s->decision->arena, "its lock to %s, which was shut down", s->nodes[leaf->lock_node].name);
        }
    }
}
