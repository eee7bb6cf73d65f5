/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and clones: which member or instance goes where. */
#include "scheduler/model.h"

/* ---------------------------------------------------------------- groups */

uint32_t hy_sched_assign_group(struct hy_sched *s, struct hy_srsc *group, uint32_t prefer)
{
    group->assigning = true;
    for (size_t i = 0; i < group->children.count; i++) {
        uint32_t node = hy_sched_assign(s, group->children.items[i], prefer);
        if (group->node == HY_NO_NODE)
            group->node = node;
    }
    group->assigning = false;
    group->assigned = true;
    return group->node;
}

/* ---------------------------------------------------------------- the order of instances */

static const struct hy_srsc *first_leaf(const struct hy_srsc *instance)
{
    while (instance->kind != HY_RSC_PRIMITIVE && instance->children.count)
        instance = instance->children.items[0];
    return instance;
}

static size_t active_count(const struct hy_srsc *rsc)
{
    size_t most = rsc->active.count;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (active_count(rsc->children.items[i]) > most)
            most = active_count(rsc->children.items[i]);
    return most;
}

static uint32_t current_node(const struct hy_srsc *rsc)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return rsc->active.count ? rsc->active.items[0] : HY_NO_NODE;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (current_node(rsc->children.items[i]) != HY_NO_NODE)
            return current_node(rsc->children.items[i]);
    return HY_NO_NODE;
}

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

static int compare_scores(const struct hy_sched *s, const struct hy_srsc *a, const struct hy_srsc *b)
{
    uint32_t x = current_node(a), y = current_node(b);
    if (x == HY_NO_NODE || y == HY_NO_NODE)
        return 0;
    int p = first_leaf(a)->score[x], q = first_leaf(b)->score[y];
    (void)s;
    return p == q ? 0 : p > q ? -1 : 1;
}

/* Those that are best left alone come first. */
static int compare_instances(const struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *a,
                             const struct hy_srsc *b)
{
    size_t more_a = active_count(a), more_b = active_count(b);
    if (more_a && more_b && more_a != more_b)
        return more_a < more_b ? -1 : 1;
    uint32_t x = current_node(a), y = current_node(b);
    bool in_a = x != HY_NO_NODE, in_b = y != HY_NO_NODE;
    int order = by_flag(in_a && clone->score[x] >= 0, in_b && clone->score[y] >= 0);
    if (!order && a->meta.priority != b->meta.priority)
        order = a->meta.priority > b->meta.priority ? -1 : 1;
    if (!order)
        order = by_flag(in_a, in_b);
    if (!order && in_a)
        order = by_flag(s->nodes[x].usable, s->nodes[y].usable);
    if (!order && in_a && clone->count[x] != clone->count[y])
        order = clone->count[x] < clone->count[y] ? -1 : 1;
    if (!order)
        order = by_flag(!any_failed(a), !any_failed(b));
    if (!order)
        order = compare_scores(s, a, b);
    return order ? order : a->instance < b->instance ? -1 : 1;
}

static void sort_instances(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc **list)
{
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *instance = clone->children.items[i];
        size_t at = i;
        for (; at > 0 && compare_instances(s, clone, instance, list[at - 1]) < 0; at--)
            list[at] = list[at - 1];
        list[at] = instance;
    }
}

/* ---------------------------------------------------------------- clones */

struct scores {
    int **of; /* by number of the leaf below the instance */
    size_t count;
};

static void each_leaf(struct hy_srsc *rsc, struct hy_srsc **leaves, size_t *count)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        leaves[(*count)++] = rsc;
    for (size_t i = 0; i < rsc->children.count; i++)
        each_leaf(rsc->children.items[i], leaves, count);
}

static void ban_full_nodes(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        bool full = clone->count[n] >= clone->clone_node_max;
        if (full || !s->nodes[n].usable || clone->score[n] == HY_ABSENT)
            hy_sched_add_score(s, instance, n, -HY_INFINITY);
        if (full)
            hy_sched_cause(s, instance, HY_CAUSE_CLONE_NODE_MAX, n, -HY_INFINITY);
    }
}

static uint32_t assign_instance(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance, uint32_t prefer)
{
    ban_full_nodes(s, clone, instance);
    uint32_t node = hy_sched_assign(s, instance, prefer);
    if (node != HY_NO_NODE)
        clone->count[node]++;
    return node;
}

/* Tries to leave an active instance where it is. When it would rather go elsewhere the attempt is undone: it takes its
 * turn with the others. */
static bool keep_in_place(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance, uint32_t current)
{
    struct hy_srsc **leaves = hy_arena_array(&s->scratch, instance->children.count + 1, sizeof(struct hy_srsc *));
    size_t count = 0;
    each_leaf(instance, leaves, &count);
    int *saved = hy_arena_array(&s->scratch, (count + 1) * s->node_count, sizeof *saved);
    for (size_t i = 0; i < count; i++)
        memcpy(&saved[i * s->node_count], leaves[i]->score, s->node_count * sizeof *saved);
    struct hy_cause *causes = instance->causes;
    uint32_t node = assign_instance(s, clone, instance, current);
    if (node == current)
        return true;
    if (node != HY_NO_NODE)
        clone->count[node]--;
    hy_sched_unassign(s, instance);
    for (size_t i = 0; i < count; i++)
        memcpy(leaves[i]->score, &saved[i * s->node_count], s->node_count * sizeof *saved);
    instance->causes = causes;
    return false;
}

static bool stays_first(const struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *instance,
                        uint32_t per_node)
{
    uint32_t current = current_node(instance);
    return current != HY_NO_NODE && !any_failed(instance) && s->nodes[current].usable && clone->score[current] >= 0 &&
           clone->count[current] < per_node;
}

static uint32_t optimal_per_node(const struct hy_sched *s, const struct hy_srsc *clone)
{
    uint32_t available = 0;
    for (uint32_t n = 0; n < s->node_count; n++)
        available += s->nodes[n].usable && clone->score[n] != HY_ABSENT && clone->score[n] >= 0;
    uint32_t optimal = available ? clone->clone_max / available : 0;
    if (optimal < 1)
        optimal = 1;
    return optimal < clone->clone_node_max ? optimal : clone->clone_node_max;
}

static void assign_instances(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc **list)
{
    uint32_t placed = 0;
    uint32_t per_node = optimal_per_node(s, clone);
    for (size_t i = 0; i < clone->children.count && placed < clone->clone_max; i++)
        if (stays_first(s, clone, list[i], per_node) && keep_in_place(s, clone, list[i], current_node(list[i])))
            placed++;
    for (size_t i = 0; i < clone->children.count; i++) {
        if (list[i]->assigned)
            continue;
        if (placed >= clone->clone_max) {
            for (uint32_t n = 0; n < s->node_count; n++)
                hy_sched_add_score(s, list[i], n, -HY_INFINITY);
            hy_sched_cause(s, list[i], HY_CAUSE_CLONE_MAX, HY_NO_NODE, -HY_INFINITY);
            hy_sched_assign(s, list[i], HY_NO_NODE);
        } else if (assign_instance(s, clone, list[i], HY_NO_NODE) != HY_NO_NODE) {
            placed++;
        }
    }
}

static void swap_active(struct hy_srsc *a, struct hy_srsc *b)
{
    if (a->kind == HY_RSC_PRIMITIVE) {
        uint32_t node = a->node;
        enum hy_role next = a->next;
        enum hy_halt halt = a->halt;
        int *score = a->score;
        a->node = b->node, a->next = b->next, a->halt = b->halt, a->score = b->score;
        b->node = node, b->next = next, b->halt = halt, b->score = score;
        return;
    }
    uint32_t node = a->node;
    a->node = b->node;
    b->node = node;
    for (size_t i = 0; i < a->children.count && i < b->children.count; i++)
        swap_active(a->children.items[i], b->children.items[i]);
}

static bool may_swap(const struct hy_srsc *instance)
{
    for (size_t i = 0; i < instance->children.count; i++)
        if (!may_swap(instance->children.items[i]))
            return false;
    return instance->kind != HY_RSC_PRIMITIVE || instance->managed;
}

/* Numbers mean nothing in an anonymous clone: an instance that goes where another one is active is that other one. */
static void rename_instances(struct hy_srsc *clone)
{
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *active = clone->children.items[i];
        uint32_t current = current_node(active);
        if (current == HY_NO_NODE || active->node == current)
            continue;
        for (size_t j = 0; j < clone->children.count; j++) {
            struct hy_srsc *comer = clone->children.items[j];
            if (comer != active && comer->node == current && current_node(comer) != current && may_swap(active) &&
                may_swap(comer)) {
                swap_active(active, comer);
                break;
            }
        }
    }
}

uint32_t hy_sched_assign_clone(struct hy_sched *s, struct hy_srsc *clone)
{
    clone->assigning = true;
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++)
        hy_sched_assign(s, with->items[i]->primary, HY_NO_NODE);
    const hy_scoloc_list *dependents = hy_sched_dependents(s, clone);
    for (size_t i = 0; i < dependents->count; i++)
        hy_sched_pull(s, clone, dependents->items[i]);
    struct hy_srsc **list = hy_arena_array(&s->scratch, clone->children.count, sizeof(struct hy_srsc *));
    for (size_t i = 0; i < clone->children.count; i++) {
        uint32_t node = current_node(clone->children.items[i]);
        if (node != HY_NO_NODE)
            clone->count[node]++;
    }
    sort_instances(s, clone, list);
    memset(clone->count, 0, s->node_count * sizeof *clone->count);
    assign_instances(s, clone, list);
    if (!clone->unique)
        rename_instances(clone);
    clone->assigning = false;
    clone->assigned = true;
    if (clone->promotable)
        hy_sched_set_roles(s, clone);
    return HY_NO_NODE;
}
