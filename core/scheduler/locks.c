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

static void change_lock(struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node, bool locked)
{
    struct hy_arena *arena = &s->decision->arena;
    struct hy_lock_change *change = hy_arena_vec_add(arena, &s->decision->locks);
    *change = (struct hy_lock_change){
        .rsc = hy_arena_strdup(arena, leaf->unit->name), .node = s->nodes[node].name, .locked = locked};
}

/* It runs on a node that is being shut down in good order, and comes back. */
static bool is_shutting_down(const struct hy_srsc *leaf, const struct hy_snode *node)
{
    return leaf->active.count == 1 && leaf->active.items[0] == node->number && node->shutdown && !node->unclean &&
           !(node->status && node->status->enrolled.striking);
}

/* A lock ends when the resource runs again, wherever that is, by time, or with the option. */
static uint32_t lock_of(struct hy_sched *s, const struct hy_srsc *leaf)
{
    uint32_t locked = HY_NO_NODE;
    for (uint32_t n = 0; n < s->node_count; n++) {
        const struct hy_snode *node = &s->nodes[n];
        const struct hy_rsc_lock *lock = find_lock(node->status, leaf->unit->name);
        bool leaves = is_shutting_down(leaf, node), held = s->properties.shutdown_lock;
        if (lock)
            held = held && is_held(s, lock->since) && (leaves || !leaf->active.count);
        else
            held = held && leaves && is_held(s, shutdown_since(node));
        if (held && locked == HY_NO_NODE)
            locked = n;
        if (lock ? !held && !leaves : held)
            change_lock(s, leaf, n, held);
    }
    return locked;
}

/* Clones run elsewhere, too; devices must be there for all. */
static bool can_be_locked(const struct hy_srsc *leaf)
{
    return !leaf->in_clone && !leaf->orphan && !leaf->is_fencing;
}

static bool anything_locked(const struct hy_sched *s)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (s->nodes[n].status && s->nodes[n].status->locks.count)
            return true;
    return s->properties.shutdown_lock;
}

void hy_sched_apply_locks(struct hy_sched *s)
{
    bool any = anything_locked(s);
    for (size_t i = 0; any && i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (!can_be_locked(leaf))
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
