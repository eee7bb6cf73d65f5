/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and clones: which member or instance goes where. */
#include "scheduler/model.h"

/* ---------------------------------------------------------------- groups */

uint32_t hy_sched_assign_group(struct hy_sched *s, struct hy_srsc *group, uint32_t prefer, bool firmly)
{
    group->assigning = true;
    for (size_t i = 0; i < group->children.count; i++) {
        uint32_t node = hy_sched_assign(s, group->children.items[i], prefer, firmly);
        if (group->node == HY_NO_NODE)
            group->node = node;
    }
    group->assigning = false;
    group->assigned = true;
    return group->node;
}

/* ---------------------------------------------------------------- the order of instances */

static bool any_failed(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (any_failed(rsc->children.items[i]))
            return true;
    return rsc->failed;
}

static int by_flag(bool a, bool b)
{
    return a == b ? 0 : a ? -1 : 1;
}

struct turn {
    struct hy_sched *s;
    struct hy_srsc *clone, *instance;
    size_t active;
    uint32_t node; /* where it runs, if it may run there */
    bool allowed;
    bool failed;
    bool has_worth;
    int worth;
};

static int worth(struct turn *turn)
{
    if (!turn->has_worth)
        turn->worth = hy_sched_worth_here(turn->s, turn->clone, turn->node);
    turn->has_worth = true;
    return turn->worth;
}

static int compare_active(struct turn *a, struct turn *b)
{
    int order = by_flag(a->s->nodes[a->node].usable, b->s->nodes[b->node].usable);
    if (!order)
        order = by_flag(!a->failed, !b->failed);
    if (!order && a->node != b->node && worth(a) != worth(b))
        order = worth(a) > worth(b) ? -1 : 1;
    return order;
}

/* Those that are best left alone come first; what runs in several places behind what runs in one. The peer asks for the
 * latter before all else, of two that run: then three of them could each come before the next one, and what comes of that
 * is the library's to choose. */
static int compare_turns(const void *one, const void *other)
{
    struct turn *a = (struct turn *)(uintptr_t)one, *b = (struct turn *)(uintptr_t)other;
    int order = by_flag(a->allowed, b->allowed);
    if (!order && a->instance->priority != b->instance->priority)
        order = a->instance->priority > b->instance->priority ? -1 : 1;
    if (!order)
        order = by_flag(a->node != HY_NO_NODE, b->node != HY_NO_NODE);
    if (!order && a->active != b->active)
        order = a->active < b->active ? -1 : 1;
    if (!order && a->node != HY_NO_NODE)
        order = compare_active(a, b);
    return order ? order : a->instance->instance < b->instance->instance ? -1 : 1;
}

static void sort_instances(struct hy_sched *s, struct hy_srsc *clone)
{
    size_t count = clone->children.count;
    struct turn *turns = hy_arena_array(&s->scratch, count, sizeof *turns);
    clone->sorted = hy_arena_array(&s->scratch, count, sizeof(struct hy_srsc *));
    for (size_t i = 0; i < count; i++) {
        struct hy_srsc *instance = clone->children.items[i];
        uint32_t node = hy_sched_current(s, instance);
        bool allowed = node == HY_NO_NODE || (instance->score[node] != HY_ABSENT && instance->score[node] >= 0);
        turns[i] = (struct turn){.s = s,
                                 .clone = clone,
                                 .instance = instance,
                                 .active = instance->active.count,
                                 .node = allowed ? node : HY_NO_NODE,
                                 .allowed = allowed,
                                 .failed = any_failed(instance)};
    }
    if (count > 1)
        qsort(turns, count, sizeof *turns, compare_turns);
    for (size_t i = 0; i < count; i++)
        clone->sorted[i] = turns[i].instance;
}

/* ---------------------------------------------------------------- one instance */

static bool may_take(const struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *instance, uint32_t n)
{
    return !instance->orphan && s->nodes[n].usable && clone->score[n] != HY_ABSENT && clone->score[n] >= 0 &&
           clone->count[n] < clone->clone_node_max;
}

static void forbid(struct hy_srsc *rsc, uint32_t n)
{
    if (rsc->score[n] != HY_ABSENT)
        rsc->score[n] = -HY_INFINITY;
    for (size_t i = 0; i < rsc->children.count; i++)
        forbid(rsc->children.items[i], n);
}

static uint32_t assign_instance(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance, uint32_t prefer)
{
    if (instance->assigning)
        return HY_NO_NODE;
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (may_take(s, clone, instance, n))
            continue;
        forbid(instance, n);
        if (clone->count[n] >= clone->clone_node_max)
            hy_sched_cause(s, instance, HY_CAUSE_CLONE_NODE_MAX, n, -HY_INFINITY)->other = instance;
    }
    uint32_t node = hy_sched_assign(s, instance, prefer, prefer == HY_NO_NODE);
    if (node != HY_NO_NODE)
        clone->count[node]++;
    return node;
}

/* What an attempt changes: the scores of an instance and of what is below it. */
struct saved {
    int *scores;
    struct hy_cause *causes;
};

static size_t save(const struct hy_sched *s, const struct hy_srsc *rsc, int *into, bool back)
{
    size_t done = s->node_count;
    if (back)
        memcpy(rsc->score, into, s->node_count * sizeof *into);
    else
        memcpy(into, rsc->score, s->node_count * sizeof *into);
    for (size_t i = 0; i < rsc->children.count; i++)
        done += save(s, rsc->children.items[i], into + done, back);
    return done;
}

static bool is_whole(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!is_whole(rsc->children.items[i]))
            return false;
    return rsc->kind != HY_RSC_PRIMITIVE || rsc->node != HY_NO_NODE;
}

/* Tries to leave an active instance where it is. When it would rather go elsewhere, a place is kept free there, and it is
 * tried again: so each node gets as many instances as it is worth, and as few as possible of them move. */
static bool keep_in_place(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance, uint32_t current,
                          uint32_t available)
{
    int *saved = hy_arena_array(&s->scratch, (instance->children.count + 1) * s->node_count, sizeof *saved);
    uint32_t *counts = hy_arena_array(&s->scratch, s->node_count, sizeof *counts);
    struct hy_cause *causes = instance->causes;
    uint32_t mark = hy_sched_ledger_mark(s);
    memcpy(counts, clone->count, s->node_count * sizeof *counts);
    save(s, instance, saved, false);
    uint32_t node = HY_NO_NODE;
    for (uint32_t reserved = 0; reserved < available; reserved++) {
        node = assign_instance(s, clone, instance, current);
        /* Instances that are told apart may be whole elsewhere, with another one in this place. */
        bool torn = reserved && clone->unique && !is_whole(instance);
        if (node == current && !torn)
            break;
        hy_sched_unassign(s, instance);
        save(s, instance, saved, true);
        instance->causes = causes;
        hy_sched_ledger_undo(s, instance, mark);
        bool open = node != HY_NO_NODE && !torn;
        node = HY_NO_NODE;
        if (!open)
            break;
    }
    memcpy(clone->count, counts, s->node_count * sizeof *counts);
    if (node == HY_NO_NODE)
        return false;
    clone->count[node]++;
    hy_sched_settle_rest(s, instance);
    return true;
}

/* ---------------------------------------------------------------- all instances */

static uint32_t optimal_per_node(const struct hy_sched *s, struct hy_srsc *clone)
{
    uint32_t available = 0;
    for (uint32_t n = 0; n < s->node_count; n++)
        available += s->nodes[n].usable && clone->score[n] != HY_ABSENT;
    clone->everywhere = clone->clone_max >= available;
    uint32_t optimal = available ? clone->clone_max / available : 0;
    return optimal < 1 ? 1 : optimal;
}

/* Where it may stay in the first round; HY_NO_NODE: it has to wait. What it is worth there is known when what must be with
 * it has been heard. */
static uint32_t place_kept(const struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *instance,
                           uint32_t per_node)
{
    uint32_t current = hy_sched_current(s, instance);
    if (current == HY_NO_NODE || instance->assigned || instance->failed || !s->nodes[current].usable ||
        clone->count[current] >= per_node)
        return HY_NO_NODE;
    return instance->score[current] == HY_ABSENT ? HY_NO_NODE : current;
}

static void assign_instances(struct hy_sched *s, struct hy_srsc *clone)
{
    uint32_t placed = 0;
    uint32_t per_node = optimal_per_node(s, clone);
    for (size_t i = 0; i < clone->children.count && placed < clone->clone_max; i++) {
        uint32_t current = place_kept(s, clone, clone->sorted[i], per_node);
        if (current != HY_NO_NODE && keep_in_place(s, clone, clone->sorted[i], current, clone->clone_max - placed))
            placed++;
    }
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *instance = clone->sorted[i];
        if (instance->assigned)
            continue;
        if (placed >= clone->clone_max) {
            for (uint32_t n = 0; n < s->node_count; n++)
                hy_sched_add_score(s, instance, n, -HY_INFINITY);
            hy_sched_cause(s, instance, HY_CAUSE_CLONE_MAX, HY_NO_NODE, -HY_INFINITY);
            hy_sched_assign(s, instance, HY_NO_NODE, true);
        } else if (assign_instance(s, clone, instance, HY_NO_NODE) != HY_NO_NODE) {
            placed++;
        }
    }
}

static void swap(struct hy_srsc *a, struct hy_srsc *b)
{
    const struct hy_srsc before = *a;
    a->node = b->node, a->next = b->next, a->halt = b->halt, a->score = b->score, a->causes = b->causes;
    a->closed = b->closed, a->closing = b->closing;
    b->node = before.node, b->next = before.next, b->halt = before.halt;
    b->score = before.score, b->causes = before.causes;
    b->closed = before.closed, b->closing = before.closing;
}

/* Members that come where their like of another instance runs, which is to go, are that. */
static void swap_members(struct hy_srsc *active, struct hy_srsc *comer, uint32_t node)
{
    active->node = comer->node = HY_NO_NODE;
    for (size_t i = 0; i < active->children.count && i < comer->children.count; i++) {
        struct hy_srsc *a = active->children.items[i], *b = comer->children.items[i];
        bool comes = b->node == node && !hy_sched_is_active_on(b, node);
        if (a->managed && b->managed && comes && a->node == HY_NO_NODE && hy_sched_is_active_on(a, node))
            swap(a, b);
        active->node = active->node == HY_NO_NODE ? a->node : active->node;
        comer->node = comer->node == HY_NO_NODE ? b->node : comer->node;
    }
}

/* Of a group's instance that is left alone in part on one node the rest may be given to another: there it would be started
 * in the place of what runs there as another instance, is surplus, and so is stopped; in every decision anew. */
static void join_parts(struct hy_srsc *clone)
{
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *comer = clone->sorted[i];
        if (comer->kind != HY_RSC_GROUP || comer->node == HY_NO_NODE || !comer->active.count ||
            hy_sched_is_active_on(comer, comer->node))
            continue;
        bool left = false;
        for (size_t m = 0; m < comer->children.count; m++)
            left = left || !comer->children.items[m]->managed;
        for (size_t k = 0; k < clone->children.count && left; k++) {
            struct hy_srsc *active = clone->sorted[k];
            if (active->node == HY_NO_NODE && hy_sched_is_active_on(active, comer->node)) {
                swap_members(active, comer, comer->node);
                break;
            }
        }
    }
}

static void index_instances(struct hy_sched *s, struct hy_srsc *clone)
{
    for (size_t i = clone->children.count; i > 0; i--) {
        struct hy_srsc *instance = clone->sorted[i - 1];
        if (instance->node == HY_NO_NODE)
            continue;
        instance->next_at = clone->first_at[instance->node];
        clone->first_at[instance->node] = instance;
    }
    (void)s;
}

uint32_t hy_sched_assign_clone(struct hy_sched *s, struct hy_srsc *clone)
{
    clone->assigning = true;
    if (clone->promotable)
        hy_sched_add_promotion_scores(s, clone);
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++)
        hy_sched_assign(s, with->items[i]->primary, HY_NO_NODE, true);
    const hy_scoloc_list *dependents = hy_sched_dependents(s, clone);
    for (size_t i = 0; i < dependents->count; i++)
        hy_sched_pull(s, clone, dependents->items[i]);
    sort_instances(s, clone);
    assign_instances(s, clone);
    clone->first_at = hy_arena_array(&s->scratch, s->node_count, sizeof(struct hy_srsc *));
    if (!clone->unique)
        join_parts(clone);
    index_instances(s, clone);
    clone->assigning = false;
    clone->assigned = true;
    if (clone->promotable)
        hy_sched_set_roles(s, clone);
    return HY_NO_NODE;
}
