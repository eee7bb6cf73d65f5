/* SPDX-License-Identifier: Apache-2.0 */
/* Which instance is active where. */
#include "scheduler/model.h"

static void attach_leaf(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    const struct hy_past *past = &leaf->unit->past[node];
    if (past->role == HY_ROLE_STOPPED)
        return;
    hy_arena_vec_push(&s->scratch, &leaf->active, node);
    if (leaf->role != HY_ROLE_PROMOTED)
        leaf->role = past->role;
    leaf->failed = leaf->failed || past->failed;
    leaf->blocked = leaf->blocked || past->blocked;
    leaf->managed = leaf->managed && !past->blocked && !s->nodes[node].maintenance;
}

static void attach_on(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->kind == HY_RSC_PRIMITIVE) {
        attach_leaf(s, rsc, node);
        return;
    }
    for (size_t i = 0; i < rsc->children.count; i++)
        attach_on(s, rsc->children.items[i], node);
}

static bool anything_on(const struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return rsc->unit->past[node].role != HY_ROLE_STOPPED;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (anything_on(rsc->children.items[i], node))
            return true;
    return false;
}

/* The instances of an anonymous clone have no names of their own: they are given to the nodes in turn. What runs on more nodes than
 * there are instances gets further ones, to be stopped. */
static void attach_anonymous(struct hy_sched *s, struct hy_srsc *clone)
{
    size_t next = 0;
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (!clone->children.count || !anything_on(clone->children.items[0], n))
            continue;
        if (next == clone->children.count)
            hy_sched_add_instance(s, clone);
        attach_on(s, clone->children.items[next++], n);
    }
}

static void attach_orphans(struct hy_sched *s)
{
    uint8_t *taken = hy_arena_array(&s->scratch, s->units.count, 1);
    for (size_t i = 0; i < s->leaves.count; i++)
        taken[s->leaves.items[i]->unit->number] = 1;
    for (size_t u = 0; u < s->units.count; u++) {
        struct hy_unit *unit = s->units.items[u];
        struct hy_srsc *orphan = NULL;
        for (uint32_t n = 0; n < s->node_count && !taken[u]; n++) {
            if (unit->past[n].role == HY_ROLE_STOPPED)
                continue;
            if (!orphan)
                orphan = hy_sched_add_orphan(s, unit);
            attach_leaf(s, orphan, n);
        }
    }
}

/* What runs on several nodes at once and may not be touched then is as good as blocked. */
static void judge_multiple(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->active.count > 1 && leaf->meta.multiple_active == HY_MULTIPLE_BLOCK) {
            leaf->blocked = true;
            leaf->managed = false;
        }
    }
}

void hy_sched_attach(struct hy_sched *s)
{
    for (size_t i = 0; i < s->tops.count; i++) {
        struct hy_srsc *top = s->tops.items[i];
        if (top->kind == HY_RSC_CLONE && !top->unique) {
            attach_anonymous(s, top);
            continue;
        }
        for (uint32_t n = 0; n < s->node_count; n++)
            attach_on(s, top, n);
    }
    attach_orphans(s);
    judge_multiple(s);
}
