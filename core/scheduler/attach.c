/* SPDX-License-Identifier: Apache-2.0 */
/* Which instance is active where. */
#include "scheduler/model.h"

static void block(struct hy_srsc *rsc)
{
    rsc->blocked = true;
    rsc->managed = false;
    for (size_t i = 0; i < rsc->children.count; i++)
        block(rsc->children.items[i]);
}

static void note_active(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    for (struct hy_srsc *at = rsc; at; at = at->parent)
        if (!hy_sched_is_active_on(at, node))
            hy_arena_vec_push(&s->scratch, &at->active, node);
}

/* What runs where it may not be touched stays there. */
static void add_running(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    if (hy_sched_is_active_on(leaf, node))
        return;
    note_active(s, leaf, node);
    if (s->nodes[node].maintenance) {
        leaf->managed = false;
        leaf->maintenance = true;
    }
    if (leaf->managed)
        return;
    hy_sched_add_score(s, leaf, node, HY_INFINITY);
    hy_sched_book_word(s, leaf, "it is left where it is");
}

static void take_role(struct hy_srsc *leaf, enum hy_role role)
{
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    if (role == HY_ROLE_STARTED && clone && clone->promotable)
        role = HY_ROLE_UNPROMOTED;
    if (role > leaf->role)
        leaf->role = role;
}

static void take_failures(struct hy_srsc *leaf, const struct hy_past *past, bool active)
{
    if (past->blocked)
        block(leaf);
    if (past->stop_all)
        leaf->next = HY_ROLE_STOPPED;
    if (past->migration_failed) {
        leaf->failed = leaf->must_stop = true;
        leaf->allow_migrate = false;
    }
    if (past->unpromoted && leaf->next == HY_ROLE_ANY)
        leaf->next = HY_ROLE_UNPROMOTED;
    if (!active || past->on_fail == HY_ONFAIL_IGNORE)
        return;
    leaf->failed = true;
    if (past->on_fail == HY_ONFAIL_DEMOTE)
        leaf->must_demote = true;
    else if (past->on_fail != HY_ONFAIL_BLOCK)
        leaf->must_stop = true;
}

static void take_migration(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node, struct hy_past *past)
{
    if (past->dangling)
        hy_arena_vec_push(&s->scratch, &leaf->dangling, node);
    if (past->stop_on_target != HY_NO_NODE)
        hy_arena_vec_push(&s->scratch, &leaf->dangling, past->stop_on_target);
    if (past->adds == HY_NO_NODE)
        return;
    struct hy_past *there = &leaf->unit->past[past->adds];
    there->presumed = there->role == HY_ROLE_STOPPED && past->role == HY_ROLE_STOPPED && !past->partial;
    if (there->role == HY_ROLE_STOPPED)
        there->role = HY_ROLE_STARTED;
    add_running(s, leaf, past->adds);
    take_role(leaf, HY_ROLE_STARTED);
    if (past->partial) {
        leaf->migrate_from = node;
        leaf->migrate_to = past->adds;
    }
}

static void attach_leaf(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    struct hy_past *past = &leaf->unit->past[node];
    bool active = past->role != HY_ROLE_STOPPED;
    if (past->came_from && active)
        add_running(s, leaf, node);
    take_migration(s, leaf, node, past);
    take_failures(leaf, past, active);
    if (!active)
        return;
    add_running(s, leaf, node);
    take_role(leaf, past->role);
    leaf->known_somewhere = true;
    leaf->known_as = past->known_as;
    leaf->start_pending = leaf->start_pending || past->arriving;
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

/* ---------------------------------------------------------------- anonymous clones */

static bool anything_on(const struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return rsc->unit->past[node].role != HY_ROLE_STOPPED;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (anything_on(rsc->children.items[i], node))
            return true;
    return false;
}

static bool anything_known(const struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return rsc->unit->past[node].known;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (anything_known(rsc->children.items[i], node))
            return true;
    return false;
}

static void mark_known(struct hy_srsc *rsc)
{
    rsc->known_somewhere = true;
    for (size_t i = 0; i < rsc->children.count; i++)
        mark_known(rsc->children.items[i]);
}

static enum hy_requires most_required(const struct hy_srsc *rsc)
{
    enum hy_requires most = rsc->kind == HY_RSC_PRIMITIVE ? rsc->meta.requires : HY_REQUIRES_NOTHING;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (most_required(rsc->children.items[i]) > most)
            most = most_required(rsc->children.items[i]);
    return most;
}

/* What is on a node that is lost, and does not ask for fencing, may start elsewhere at once: it takes no number. */
static bool takes_no_number(const struct hy_sched *s, const struct hy_srsc *clone, uint32_t node)
{
    const struct hy_snode *on = &s->nodes[node];
    return (!on->member || on->unclean) && most_required(clone) < HY_REQUIRES_FENCING &&
           clone->clone_max < s->runner_count;
}

static void attach_anonymous_on(struct hy_sched *s, struct hy_srsc *clone, uint32_t node, size_t *next)
{
    struct hy_srsc *first = clone->children.count ? clone->children.items[0] : hy_sched_add_instance(s, clone);
    if (!anything_on(first, node)) {
        if (anything_known(first, node) && *next < clone->clone_max)
            mark_known(clone->children.items[*next]);
        return;
    }
    if (*next < clone->clone_max && !takes_no_number(s, clone, node))
        attach_on(s, clone->children.items[(*next)++], node);
    else if (first->orphan && !first->active.count)
        attach_on(s, first, node);
    else
        attach_on(s, hy_sched_add_instance(s, clone), node);
}

/* The instances of an anonymous clone have no names of their own: they are given to the nodes in turn. What runs on more
 * nodes than there are instances gets further ones, to be stopped. */
static void attach_anonymous(struct hy_sched *s, struct hy_srsc *clone)
{
    size_t next = 0;
    for (int members = 1; members >= 0; members--)
        for (uint32_t n = 0; n < s->node_count; n++)
            if (s->nodes[n].member == members)
                attach_anonymous_on(s, clone, n, &next);
}

/* ---------------------------------------------------------------- all of them */

static void attach_orphans(struct hy_sched *s)
{
    uint8_t *taken = hy_arena_array(&s->scratch, s->units.count, 1);
    for (size_t i = 0; i < s->leaves.count; i++)
        taken[s->leaves.items[i]->unit->number] = 1;
    for (size_t u = 0; u < s->units.count; u++) {
        struct hy_unit *unit = s->units.items[u];
        struct hy_srsc *orphan = NULL;
        for (uint32_t n = 0; n < s->node_count && !taken[u]; n++) {
            const struct hy_past *past = &unit->past[n];
            if (past->role == HY_ROLE_STOPPED && !past->dangling && past->adds == HY_NO_NODE)
                continue;
            if (!orphan) {
                orphan = hy_sched_add_orphan(s, unit);
                for (uint32_t m = 0; m < s->node_count && s->properties.stop_orphans; m++)
                    hy_sched_add_score(s, orphan, m, -HY_INFINITY);
            }
            attach_leaf(s, orphan, n);
        }
    }
}

/* What runs on several nodes at once and may not be touched then is as good as blocked. One that migrates is on two. */
static void judge_multiple(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->active.count < 2 || !leaf->managed)
            continue;
        if (leaf->meta.multiple_active == HY_MULTIPLE_BLOCK) {
            struct hy_srsc *group = hy_sched_group_of(leaf);
            block(group && group->meta.multiple_active == HY_MULTIPLE_BLOCK ? group : leaf);
        } else if (leaf->meta.multiple_active == HY_MULTIPLE_STOP_ONLY) {
            for (uint32_t n = 0; n < s->node_count; n++)
                hy_sched_add_score(s, leaf, n, -HY_INFINITY);
            hy_sched_book_word(s, leaf, "it runs on more than one node, and multiple-active=stop_only");
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
        for (int members = 1; members >= 0; members--)
            for (uint32_t n = 0; n < s->node_count; n++)
                if (s->nodes[n].member == members)
                    attach_on(s, top, n);
    }
    attach_orphans(s);
    judge_multiple(s);
}
