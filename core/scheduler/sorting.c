/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order in which the actions could be done one by one, and for each the ones that must have been done before it. Steps
 * that nobody executes are gone through.
 */
#include "scheduler/graph.h"

struct arrow {
    uint32_t first, then;
    uint32_t marks;
};

struct sorter {
    struct hy_graph *g;
    uint8_t *in;                 /* by step: it takes part */
    HY_VEC(struct arrow) arrows; /* what is left of the links */
    uint32_t *from;              /* by step: where its arrows begin in `outs`; one more at the end */
    uint32_t *outs;              /* numbers of arrows, by `first` */
    uint32_t *missing;
    uint8_t *taken;
    uint32_t *order;
    uint32_t done, total;
};

/* ---------------------------------------------------------------- which links count */

static bool cannot_be_done(const struct hy_step *step)
{
    return !(step->marks & (HY_PSEUDO | HY_PENDING)) && ((step->marks & HY_WAITING) || !(step->marks & HY_RUNNABLE));
}

/* What is merely in order does not wait for what cannot be done. */
static bool is_strong(uint32_t marks)
{
    return marks & ~(uint32_t)(HY_LINK_WEAK | HY_LINK_SERIAL);
}

static bool counts(const struct sorter *sorter, const struct hy_link *link)
{
    const struct hy_step *first = hy_step_at(sorter->g, link->first), *then = hy_step_at(sorter->g, link->then);
    if (!sorter->in[link->first] || !sorter->in[link->then])
        return false;
    if ((then->marks & HY_PENDING) && !(link->marks & HY_LINK_ROLE))
        return false; /* what is under way waits for nothing any more */
    return is_strong(link->marks) || !cannot_be_done(first);
}

static void gather(struct sorter *sorter, bool serial)
{
    const struct hy_graph *g = sorter->g;
    for (size_t i = 0; i < g->links.count; i++) {
        const struct hy_link *link = &g->links.items[i];
        if (((link->marks & HY_LINK_SERIAL) != 0) == serial && counts(sorter, link))
            hy_vec_push(&sorter->arrows, ((struct arrow){link->first, link->then, link->marks}));
    }
}

/* ---------------------------------------------------------------- the order */

static void index_arrows(struct sorter *sorter)
{
    size_t steps = sorter->g->steps.count;
    memset(sorter->from, 0, (steps + 2) * sizeof *sorter->from);
    memset(sorter->missing, 0, steps * sizeof *sorter->missing);
    for (size_t i = 0; i < sorter->arrows.count; i++) {
        sorter->from[sorter->arrows.items[i].first + 2]++;
        sorter->missing[sorter->arrows.items[i].then]++;
    }
    for (size_t i = 2; i < steps + 2; i++)
        sorter->from[i] += sorter->from[i - 1];
    free(sorter->outs);
    sorter->outs = hy_alloc_array(sorter->arrows.count, sizeof *sorter->outs);
    for (uint32_t i = 0; i < sorter->arrows.count; i++)
        sorter->outs[sorter->from[sorter->arrows.items[i].first + 1]++] = i;
}

static void take(struct sorter *sorter, uint32_t step)
{
    sorter->taken[step] = 1;
    sorter->order[sorter->done++] = step;
}

static void release_successors(struct sorter *sorter, uint32_t step)
{
    for (uint32_t i = sorter->from[step]; i < sorter->from[step + 1]; i++) {
        uint32_t then = sorter->arrows.items[sorter->outs[i]].then;
        if (--sorter->missing[then] == 0 && !sorter->taken[then])
            take(sorter, then);
    }
}

static bool sort(struct sorter *sorter)
{
    index_arrows(sorter);
    sorter->done = 0;
    memset(sorter->taken, 0, sorter->g->steps.count);
    for (uint32_t i = 0; i < sorter->g->steps.count; i++)
        if (sorter->in[i] && !sorter->missing[i])
            take(sorter, i);
    for (uint32_t at = 0; at < sorter->done; at++)
        release_successors(sorter, sorter->order[at]);
    return sorter->done == sorter->total;
}

/* ---------------------------------------------------------------- circles */

/* Those that nothing in a circle waits for are taken off from behind, so that only circles are left, and what is between
 * two. */
static void peel(struct sorter *sorter)
{
    size_t steps = sorter->g->steps.count, count = 0;
    uint32_t *waiting = hy_alloc_array(steps, sizeof *waiting), *queue = hy_alloc_array(steps, sizeof *queue);
    uint32_t *ins = hy_alloc_array(sorter->arrows.count, sizeof *ins), *to = hy_alloc_array(steps + 2, sizeof *to);
    for (size_t i = 0; i < sorter->arrows.count; i++) {
        waiting[sorter->arrows.items[i].first]++;
        to[sorter->arrows.items[i].then + 2]++;
    }
    for (size_t i = 2; i < steps + 2; i++)
        to[i] += to[i - 1];
    for (uint32_t i = 0; i < sorter->arrows.count; i++)
        ins[to[sorter->arrows.items[i].then + 1]++] = i;
    for (uint32_t i = 0; i < steps; i++)
        if (sorter->in[i] && !waiting[i])
            queue[count++] = i;
    for (size_t at = 0; at < count; at++) {
        sorter->taken[queue[at]] = 1;
        for (uint32_t i = to[queue[at]]; i < to[queue[at] + 1]; i++)
            if (--waiting[sorter->arrows.items[ins[i]].first] == 0)
                queue[count++] = sorter->arrows.items[ins[i]].first;
    }
    free(waiting);
    free(queue);
    free(ins);
    free(to);
}

static bool drop_weak(struct sorter *sorter)
{
    size_t kept = 0, count = sorter->arrows.count;
    peel(sorter);
    for (size_t i = 0; i < count; i++) {
        const struct arrow arrow = sorter->arrows.items[i];
        bool inside = !sorter->taken[arrow.first] && !sorter->taken[arrow.then];
        if (!inside || !(arrow.marks & HY_LINK_WEAK))
            sorter->arrows.items[kept++] = arrow;
    }
    sorter->arrows.count = kept;
    return kept < count;
}

/* Orders that contradict each other close a circle. It is cut before the first of its actions that are left, so that all
 * get done, in the same way on every node. */
static void cut_circle(struct sorter *sorter)
{
    peel(sorter);
    uint32_t lowest = 0;
    while (!sorter->in[lowest] || sorter->taken[lowest])
        lowest++;
    size_t kept = 0;
    for (size_t i = 0; i < sorter->arrows.count; i++) {
        const struct arrow arrow = sorter->arrows.items[i];
        if (arrow.then != lowest || sorter->taken[arrow.first])
            sorter->arrows.items[kept++] = arrow;
    }
    sorter->arrows.count = kept;
}

/* What must not be done at the same time is done in the order that has come about. */
static void serialize(struct sorter *sorter)
{
    size_t before = sorter->arrows.count;
    gather(sorter, true);
    if (sorter->arrows.count == before)
        return;
    uint32_t *place = hy_alloc_array(sorter->g->steps.count, sizeof *place);
    for (uint32_t i = 0; i < sorter->done; i++)
        place[sorter->order[i]] = i;
    for (size_t i = before; i < sorter->arrows.count; i++) {
        struct arrow *arrow = &sorter->arrows.items[i];
        if (place[arrow->first] > place[arrow->then])
            *arrow = (struct arrow){arrow->then, arrow->first, arrow->marks};
    }
    free(place);
    sort(sorter);
}

/* ---------------------------------------------------------------- what comes before each */

struct collector {
    const struct sorter *sorter;
    const uint32_t *place; /* among those that are done; by step */
    uint32_t *ins, *to;
    uint32_t *seen; /* by step: for which it was seen last, and whether by links that are strong all the way */
    HY_VEC(uint32_t) found;
};

static void collect(struct collector *c, uint32_t step, uint32_t mark, bool strong)
{
    for (uint32_t i = c->to[step]; i < c->to[step + 1]; i++) {
        const struct arrow *arrow = &c->sorter->arrows.items[c->ins[i]];
        const struct hy_step *first = hy_step_at(c->sorter->g, arrow->first);
        bool all = strong && is_strong(arrow->marks);
        uint32_t *seen = &c->seen[arrow->first];
        if (*seen == mark + 1 || (*seen == mark && !all))
            continue;
        *seen = mark + all;
        if (first->marks & HY_PSEUDO) {
            collect(c, arrow->first, mark, all);
        } else if (all || !cannot_be_done(first)) {
            *seen = mark + 1;
            hy_vec_push(&c->found, c->place[arrow->first]);
        }
    }
}

static void index_backwards(struct collector *c)
{
    const struct sorter *sorter = c->sorter;
    size_t steps = sorter->g->steps.count;
    c->ins = hy_alloc_array(sorter->arrows.count, sizeof *c->ins);
    c->to = hy_alloc_array(steps + 2, sizeof *c->to);
    c->seen = hy_alloc_array(steps, sizeof *c->seen);
    for (size_t i = 0; i < sorter->arrows.count; i++)
        c->to[sorter->arrows.items[i].then + 2]++;
    for (size_t i = 2; i < steps + 2; i++)
        c->to[i] += c->to[i - 1];
    for (uint32_t i = 0; i < sorter->arrows.count; i++)
        c->ins[c->to[sorter->arrows.items[i].then + 1]++] = i;
}

static struct hy_order_of_work list_them(struct sorter *sorter)
{
    struct hy_graph *g = sorter->g;
    struct hy_arena *arena = &g->s->decision->arena;
    uint32_t *place = hy_alloc_array(g->steps.count, sizeof *place);
    struct collector c = {.sorter = sorter, .place = place};
    index_backwards(&c);
    uint32_t *steps = hy_arena_array(g->arena, sorter->done, sizeof *steps);
    struct hy_predecessors *after = hy_arena_array(g->arena, sorter->done, sizeof *after);
    uint32_t count = 0;
    for (uint32_t i = 0; i < sorter->done; i++) {
        uint32_t step = sorter->order[i];
        if (hy_step_is(g, step, HY_PSEUDO))
            continue;
        c.found.count = 0;
        collect(&c, step, 2 * (step + 1), true);
        uint32_t *list = hy_arena_array(arena, c.found.count, sizeof *list);
        for (size_t f = 0; f < c.found.count; f++)
            list[f] = c.found.items[f];
        after[count] = (struct hy_predecessors){list, c.found.count};
        place[step] = count;
        steps[count++] = step;
    }
    hy_vec_free(&c.found);
    free(c.ins);
    free(c.to);
    free(c.seen);
    free(place);
    return (struct hy_order_of_work){steps, after, count};
}

struct hy_order_of_work hy_graph_sort(struct hy_graph *g)
{
    size_t steps = g->steps.count;
    struct sorter sorter = {.g = g};
    sorter.in = hy_alloc_array(steps, 1);
    sorter.taken = hy_alloc_array(steps, 1);
    sorter.from = hy_alloc_array(steps + 2, sizeof *sorter.from);
    sorter.missing = hy_alloc_array(steps, sizeof *sorter.missing);
    sorter.order = hy_alloc_array(steps, sizeof *sorter.order);
    for (uint32_t i = 0; i < steps; i++) {
        sorter.in[i] = hy_step_is(g, i, HY_PSEUDO) || hy_graph_happens(g, i);
        sorter.total += sorter.in[i];
    }
    gather(&sorter, false);
    bool sorted = sort(&sorter);
    if (!sorted && drop_weak(&sorter))
        sorted = sort(&sorter);
    while (!sorted) {
        cut_circle(&sorter);
        sorted = sort(&sorter);
    }
    serialize(&sorter);
    struct hy_order_of_work work = list_them(&sorter);
    free(sorter.in);
    free(sorter.taken);
    free(sorter.from);
    free(sorter.outs);
    free(sorter.missing);
    free(sorter.order);
    hy_vec_free(&sorter.arrows);
    return work;
}
