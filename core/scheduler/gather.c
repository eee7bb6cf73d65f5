/* SPDX-License-Identifier: Apache-2.0 */
/* Which colocations bear on a resource, and in which order they are looked at. */
#include "scheduler/model.h"

static int compare_numbers(const struct hy_scoloc *a, const struct hy_scoloc *b)
{
    return (a->number > b->number) - (a->number < b->number);
}

/* By the other one's priority, then clones, groups, primitives, then the constraint's id; of the pairs of one constraint
 * the first one first, the other way round the last one. */
static int weigh(const struct hy_scoloc *a, const struct hy_scoloc *b, bool as_dependent)
{
    const struct hy_srsc *x = as_dependent ? a->primary : a->dependent;
    const struct hy_srsc *y = as_dependent ? b->primary : b->dependent;
    if (x->meta.priority != y->meta.priority)
        return x->meta.priority > y->meta.priority ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind > y->kind ? -1 : 1;
    if (x->promotable != y->promotable)
        return x->promotable ? -1 : 1;
    int order = a->key == b->key ? 0 : strcmp(a->key, b->key);
    if (!order)
        order = as_dependent ? compare_numbers(a, b) : compare_numbers(b, a);
    return order;
}

static int by_primary(const void *a, const void *b)
{
    return weigh(*(struct hy_scoloc *const *)a, *(struct hy_scoloc *const *)b, true);
}

static int by_dependent(const void *a, const void *b)
{
    return weigh(*(struct hy_scoloc *const *)a, *(struct hy_scoloc *const *)b, false);
}

struct gathering {
    struct hy_sched *s;
    const struct hy_srsc *asker;
    hy_scoloc_list *list;
    uint32_t stamp; /* what is in the list already has it */
    bool as_dependent;
};

static void add_own(struct gathering *g, const struct hy_srsc *rsc, bool internal)
{
    const hy_scoloc_list *own = g->as_dependent ? &rsc->with : &rsc->dependents;
    for (size_t i = 0; i < own->count; i++) {
        if (own->items[i]->stamp == g->stamp || (!internal && own->items[i]->internal))
            continue;
        own->items[i]->stamp = g->stamp;
        hy_arena_vec_push(&g->s->scratch, g->list, own->items[i]);
    }
}

/* A group follows others through its first member, and is followed through its last: the chain inside does the rest. But it
 * does not go through a member that stays where it is whatever is said: then the next one is asked, too. */
static bool is_end(const struct gathering *g, const struct hy_srsc *group)
{
    size_t count = group->children.count;
    for (size_t i = 0; i < count; i++) {
        const struct hy_srsc *member = group->children.items[g->as_dependent ? i : count - 1 - i];
        if (member == g->asker)
            return true;
        if (member->managed || !member->active.count)
            return false;
    }
    return false;
}

static void gather(struct gathering *g, const struct hy_srsc *rsc)
{
    if (rsc->kind != HY_RSC_GROUP) {
        add_own(g, rsc, true);
        if (rsc->parent)
            gather(g, rsc->parent);
        return;
    }
    if (!rsc->children.count)
        return;
    if (g->asker != rsc && !is_end(g, rsc))
        return;
    add_own(g, rsc, true);
    if (rsc->parent)
        gather(g, rsc->parent);
    for (size_t i = 0; i < rsc->children.count; i++)
        if (rsc->children.items[i] != g->asker)
            add_own(g, rsc->children.items[i], false);
}

static hy_scoloc_list *gathered(struct hy_sched *s, struct hy_srsc *rsc, bool as_dependent)
{
    hy_scoloc_list *list = hy_arena_alloc(&s->scratch, sizeof *list);
    struct gathering g = {.s = s, .asker = rsc, .list = list, .stamp = ++s->stamp, .as_dependent = as_dependent};
    gather(&g, rsc);
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(struct hy_scoloc *), as_dependent ? by_primary : by_dependent);
    return list;
}

/* The instances of a clone have its colocations and no other. */
static struct hy_srsc *same_as(struct hy_srsc *rsc)
{
    return rsc->kind == HY_RSC_PRIMITIVE && rsc->parent && rsc->parent->kind == HY_RSC_CLONE && !rsc->with.count &&
                   !rsc->dependents.count
               ? rsc->parent
               : rsc;
}

const hy_scoloc_list *hy_sched_with(struct hy_sched *s, struct hy_srsc *rsc)
{
    rsc = same_as(rsc);
    if (!rsc->all_with)
        rsc->all_with = gathered(s, rsc, true);
    return rsc->all_with;
}

const hy_scoloc_list *hy_sched_dependents(struct hy_sched *s, struct hy_srsc *rsc)
{
    rsc = same_as(rsc);
    if (!rsc->all_dependents)
        rsc->all_dependents = gathered(s, rsc, false);
    return rsc->all_dependents;
}
