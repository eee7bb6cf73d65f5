/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes can carry and resources take ("Pacemaker Explained", chapter "Utilization and placement strategy"). */
#include "scheduler/model.h"

#include <errno.h>

/* ---------------------------------------------------------------- reading */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct hy_amount *)a)->name, ((const struct hy_amount *)b)->name);
}

static int read_amount(const char *text)
{
    errno = 0;
    long value = strtol(text, NULL, 10);
    return value > INT_MAX ? INT_MAX : value < INT_MIN ? INT_MIN : (int)value;
}

static struct hy_amount *keep(struct hy_sched *s, size_t *count)
{
    *count = s->values.list.count;
    struct hy_amount *list = hy_arena_array(&s->scratch, *count, sizeof *list);
    for (size_t i = 0; i < *count; i++) {
        list[i].name = s->values.list.items[i].name;
        list[i].value = read_amount(s->values.list.items[i].value);
    }
    if (*count > 1)
        qsort(list, *count, sizeof *list, by_name);
    return list;
}

void hy_sched_read_capacity(struct hy_sched *s, struct hy_snode *node)
{
    struct hy_rule_context context = hy_sched_context(s, node);
    s->values.list.count = 0;
    hy_values_collect(&node->config->u.node.utilization, &context, &s->values);
    node->free = keep(s, &node->free_count);
}

void hy_sched_read_utilization(struct hy_sched *s, struct hy_prim *prim)
{
    struct hy_rule_context context = hy_sched_context(s, NULL);
    s->values.list.count = 0;
    hy_values_collect_primitive(&prim->object->u.primitive, HY_PART_UTILIZATION, &context, &s->values);
    prim->utilization = keep(s, &prim->utilization_count);
}

/* ---------------------------------------------------------------- taking and giving back */

static struct hy_amount *find(struct hy_amount *list, size_t count, const char *name)
{
    struct hy_amount wanted = {.name = name};
    return count ? bsearch(&wanted, list, count, sizeof *list, by_name) : NULL;
}

static int sum(int a, int b)
{
    int64_t total = (int64_t)a + b;
    return total > INT_MAX ? INT_MAX : total < INT_MIN ? INT_MIN : (int)total;
}

void hy_sched_consume(struct hy_sched *s, const struct hy_srsc *leaf, uint32_t n, bool back)
{
    struct hy_snode *node = &s->nodes[n];
    const struct hy_prim *prim = leaf->unit->prim;
    for (size_t i = 0; i < prim->utilization_count; i++) {
        struct hy_amount *left = find(node->free, node->free_count, prim->utilization[i].name);
        if (left)
            left->value = sum(left->value, back ? prim->utilization[i].value : -prim->utilization[i].value);
    }
}

/* Below 0: `a` has more left. What only one of them has counts against the other's nothing. */
int hy_sched_compare_free(const struct hy_snode *a, const struct hy_snode *b)
{
    int result = 0;
    for (size_t i = 0; i < a->free_count; i++) {
        const struct hy_amount *other = find(b->free, b->free_count, a->free[i].name);
        int x = a->free[i].value, y = other ? other->value : 0;
        result += x > y ? -1 : x < y;
    }
    for (size_t i = 0; i < b->free_count; i++)
        if (!find(a->free, a->free_count, b->free[i].name))
            result += b->free[i].value < 0 ? -1 : b->free[i].value > 0;
    return result;
}

/* ---------------------------------------------------------------- where there is room */

struct needs {
    struct hy_amount *list;
    size_t count, capacity;
};

static void add_need(struct hy_sched *s, struct needs *needs, const struct hy_amount *amount)
{
    for (size_t i = 0; i < needs->count; i++)
        if (!strcmp(needs->list[i].name, amount->name)) {
            needs->list[i].value = sum(needs->list[i].value, amount->value);
            return;
        }
    if (needs->count == needs->capacity)
        needs->list = hy_sched_grow(&s->scratch, needs->list, needs->count, &needs->capacity, sizeof *needs->list);
    needs->list[needs->count++] = *amount;
}

static void add_needs_of(struct hy_sched *s, struct needs *needs, const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        add_needs_of(s, needs, rsc->children.items[i]);
    if (rsc->kind != HY_RSC_PRIMITIVE || rsc->assigned)
        return;
    for (size_t i = 0; i < rsc->unit->prim->utilization_count; i++)
        add_need(s, needs, &rsc->unit->prim->utilization[i]);
}

static bool has_room(const struct hy_snode *node, const struct hy_amount *needs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct hy_amount *left = find(node->free, node->free_count, needs[i].name);
        if (needs[i].value > (left ? left->value : 0))
            return false;
    }
    return true;
}

/* All that must be where it is. */
static void gather(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_srsc *origin, uint32_t stamp,
                   struct needs *needs);

static void gather_all(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_srsc *origin, uint32_t stamp,
                       struct needs *needs)
{
    const hy_scoloc_list *with = hy_sched_with(s, rsc);
    for (size_t i = 0; i < with->count; i++)
        if (with->items[i]->score >= HY_INFINITY && with->items[i]->dependent_role == HY_ROLE_ANY &&
            with->items[i]->primary_role == HY_ROLE_ANY)
            gather(s, with->items[i]->primary, origin, stamp, needs);
    const hy_scoloc_list *dependents = hy_sched_dependents(s, rsc);
    for (size_t i = 0; i < dependents->count; i++) {
        struct hy_srsc *dependent = dependents->items[i]->dependent;
        if (rsc->kind == HY_RSC_CLONE && dependent->kind != HY_RSC_CLONE)
            continue; /* which instance it will be with is not known */
        if (dependents->items[i]->score >= HY_INFINITY && dependents->items[i]->dependent_role == HY_ROLE_ANY &&
            dependents->items[i]->primary_role == HY_ROLE_ANY)
            gather(s, dependent, origin, stamp, needs);
    }
}

static void gather(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_srsc *origin, uint32_t stamp,
                   struct needs *needs)
{
    if (rsc->stamp == stamp || (rsc == origin && rsc->stamp == stamp))
        return;
    rsc->stamp = stamp;
    if (rsc->kind == HY_RSC_PRIMITIVE)
        add_needs_of(s, needs, rsc);
    /* At least one instance of a clone is to be where it is, or none can run. */
    if (rsc->kind == HY_RSC_CLONE && rsc->children.count && !rsc->assigned && hy_sched_clone_of(origin) != rsc)
        add_needs_of(s, needs, rsc->children.items[0]);
    if (rsc->kind == HY_RSC_GROUP)
        for (size_t i = 0; i < rsc->children.count; i++)
            gather(s, rsc->children.items[i], origin, stamp, needs);
    gather_all(s, rsc, origin, stamp, needs);
}

static bool is_open(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t n)
{
    return s->nodes[n].usable && rsc->score[n] != HY_ABSENT && rsc->score[n] >= 0;
}

/* "capacity (4096 of memory is needed, and 1024 is left)" */
static const char *what_lacks(struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_snode *node,
                              const struct hy_amount *needs, size_t count)
{
    size_t i = 0;
    while (i + 1 < count && has_room(node, &needs[i], 1))
        i++;
    const struct hy_amount *left = find(node->free, node->free_count, needs[i].name);
    bool alone = count == leaf->unit->prim->utilization_count && needs[i].value <= 0;
    const struct hy_amount *own =
        find(leaf->unit->prim->utilization, leaf->unit->prim->utilization_count, needs[i].name);
    alone = alone || (own && own->value == needs[i].value);
    return hy_arena_printf(&s->decision->arena, "capacity (%s%d of %s is needed, and %d is left)",
                           alone ? "" : "with all that must be with it ", needs[i].value, needs[i].name,
                           left ? left->value : 0);
}

static void ban_full(struct hy_sched *s, struct hy_srsc *leaf, const struct hy_amount *needs, size_t count)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (!is_open(s, leaf, n) || has_room(&s->nodes[n], needs, count))
            continue;
        hy_sched_add_score(s, leaf, n, -HY_INFINITY);
        hy_sched_cause(s, leaf, HY_CAUSE_OTHER, n, -HY_INFINITY)->id = what_lacks(s, leaf, &s->nodes[n], needs, count);
    }
}

/* Forbids the nodes that have not got the room. When none has it for all that must be together: those without room for
 * it alone, and the one with the most is answered. */
uint32_t hy_sched_ban_full(struct hy_sched *s, struct hy_srsc *leaf)
{
    if (s->properties.placement == HY_PLACE_DEFAULT)
        return HY_NO_NODE;
    struct needs needs = {0};
    gather(s, leaf, leaf, ++s->stamp, &needs);
    uint32_t most = HY_NO_NODE;
    bool any = false;
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (!is_open(s, leaf, n))
            continue;
        any = any || has_room(&s->nodes[n], needs.list, needs.count);
        if (most == HY_NO_NODE || hy_sched_compare_free(&s->nodes[n], &s->nodes[most]) < 0)
            most = n;
    }
    if (any) {
        ban_full(s, leaf, needs.list, needs.count);
        return HY_NO_NODE;
    }
    ban_full(s, leaf, leaf->unit->prim->utilization, leaf->unit->prim->utilization_count);
    return most;
}
