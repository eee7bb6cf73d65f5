/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries "called for" and "forbidden" along the links until nothing changes. A step only ever loses HY_OPTIONAL,
 * HY_RUNNABLE and HY_MIGRATABLE, so that each link is looked at a few times at most.
 */
#include "scheduler/graph.h"

/* ---------------------------------------------------------------- what a step is, seen from another */

static bool is_collective(const struct hy_step *step)
{
    return step->rsc && step->rsc->kind != HY_RSC_PRIMITIVE;
}

/* What may run already calls for nothing at first; what will not be done never does. */
static bool calls(const struct hy_graph *g, const struct hy_step *step)
{
    return (g->in_doubt || !(step->marks & HY_UNHEARD)) && (g->settled || !(step->marks & HY_CARRIES));
}

static uint32_t seen_of_leaf(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task, uint32_t node,
                             bool *there)
{
    uint32_t seen = HY_OPTIONAL | HY_RUNNABLE;
    *there = false;
    for (uint32_t at = hy_graph_first(g, leaf, task); at != HY_NO_ACTION; at = hy_graph_next(g, at)) {
        const struct hy_step *step = hy_step_at(g, at);
        if (step->marks & HY_ABSENT_ACTION)
            continue;
        *there = true;
        if (node != HY_NO_NODE && step->node != node)
            continue;
        if (!(step->marks & HY_OPTIONAL) && calls(g, step))
            seen &= ~(uint32_t)HY_OPTIONAL;
        if (!(step->marks & HY_RUNNABLE))
            seen &= ~(uint32_t)HY_RUNNABLE;
    }
    return seen;
}

/* A group is up when all its members are; a clone when an instance is. */
static uint32_t seen_of(const struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task, uint32_t node,
                        bool *there)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return seen_of_leaf(g, rsc, task, node, there);
    bool clone = rsc->kind == HY_RSC_CLONE, any = false, all = true, begins = !(task & 1u);
    uint32_t seen = HY_OPTIONAL;
    for (size_t i = 0; i < rsc->children.count; i++) {
        bool one;
        uint32_t child = seen_of(g, rsc->children.items[i], task, node, &one);
        if (clone && ((begins && !g->clones_call) || ((begins || node != HY_NO_NODE) && !(child & HY_RUNNABLE))))
            child |= HY_OPTIONAL; /* an instance that cannot come up, or go, changes nothing */
        any = any || (one && (child & HY_RUNNABLE));
        all = all && (one ? (child & HY_RUNNABLE) : !begins);
        seen &= child | ~(uint32_t)HY_OPTIONAL;
    }
    *there = clone ? any : rsc->children.count > 0;
    return seen | ((clone ? any : all) ? HY_RUNNABLE : 0u);
}

static uint32_t seen_of_gate(const struct hy_graph *g, uint32_t gate)
{
    uint32_t open = 0;
    for (uint32_t l = hy_step_at(g, gate)->in; l != HY_NO_ACTION; l = g->links.items[l].next_in)
        open += (hy_graph_view(g, g->links.items[l].first, HY_NO_NODE) & HY_RUNNABLE) != 0;
    return HY_OPTIONAL | (open >= hy_step_at(g, gate)->required ? HY_RUNNABLE : 0u);
}

/* It is up now, and not just on its way. */
static bool is_up(const struct hy_srsc *leaf, enum hy_task task)
{
    return leaf->active.count && hy_level_of(leaf->role) >= (task == HY_TASK_PROMOTE ? 2 : 1) &&
           !leaf->unit->past[leaf->active.items[0]].arriving;
}

/* An instance that is up, and stays: none of its members is called down. */
static bool stays(const struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!stays(g, rsc->children.items[i], task))
            return false;
    bool there;
    return rsc->kind != HY_RSC_PRIMITIVE ||
           (is_up(rsc, task) && (seen_of_leaf(g, rsc, task ^ 1u, HY_NO_NODE, &there) & HY_OPTIONAL));
}

static bool any_stays(const struct hy_graph *g, const struct hy_srsc *clone, enum hy_task task)
{
    for (size_t i = 0; i < clone->children.count; i++)
        if (stays(g, clone->children.items[i], task))
            return true;
    return false;
}

/* Who stands beside an instance goes by that one alone, as far as what calls is concerned, while another stays up; to be
 * there at all, any will do. The peer asks for no other. */
uint32_t hy_graph_view(const struct hy_graph *g, uint32_t first, uint32_t node)
{
    const struct hy_step *step = hy_step_at(g, first);
    if (step->task == HY_TASK_GATE)
        return seen_of_gate(g, first);
    if (!is_collective(step)) {
        return calls(g, step) ? step->marks : step->marks | HY_OPTIONAL;
    }
    enum hy_task task = step->task >= HY_TASK_DONE ? step->task - HY_TASK_DONE : step->task;
    bool there;
    uint32_t seen = seen_of(g, step->rsc, task, HY_NO_NODE, &there);
    if (node == HY_NO_NODE || step->rsc->kind != HY_RSC_CLONE)
        return seen;
    uint32_t beside = seen_of(g, step->rsc, task, node, &there);
    /* That the one beside it goes calls, too, though another one is still there. The peer does not mind. */
    if (task == HY_TASK_START && g->clones_call)
        beside &= seen_of(g, step->rsc, HY_TASK_STOP, node, &there);
    uint32_t calls = any_stays(g, step->rsc, task) ? beside : beside & seen;
    return (calls & HY_OPTIONAL) | (seen & ~(uint32_t)HY_OPTIONAL);
}

/* ---------------------------------------------------------------- changing a step */

static void enqueue(struct hy_graph *g, uint32_t number)
{
    struct hy_step *step = hy_step_at(g, number);
    if (step->marks & HY_QUEUED)
        return;
    step->marks |= HY_QUEUED;
    hy_vec_push(&g->queue, number);
}

/* What its group and clone are, is seen from it. */
static void enqueue_above(struct hy_graph *g, const struct hy_step *step)
{
    if (!step->rsc || step->task > HY_TASK_DEMOTE)
        return;
    for (const struct hy_srsc *at = step->rsc->parent; at; at = at->parent)
        enqueue(g, hy_course_of(g, at)->done[step->task]);
    for (const struct hy_srsc *at = step->rsc->parent; at && step->task == HY_TASK_STOP; at = at->parent) {
        enqueue(g, hy_course_of(g, at)->begin[HY_TASK_STOP]);
        enqueue(g, hy_course_of(g, at)->done[HY_TASK_START]);
    }
}

/* What is not managed is not started, whoever calls for it, and so calls for nothing behind it. */
static bool is_nobodys(const struct hy_step *step)
{
    return (step->task == HY_TASK_START || step->task == HY_TASK_PROMOTE) && step->unit && !step->rsc->managed;
}

static void undo(struct hy_graph *g, uint32_t start)
{
    uint32_t stop = hy_graph_undo(g, start);
    if (stop == HY_NO_ACTION)
        return;
    enqueue(g, stop);
    enqueue_above(g, hy_step_at(g, stop));
}

static void lose(struct hy_graph *g, uint32_t number, enum hy_mark mark, uint32_t because)
{
    struct hy_step *step = hy_step_at(g, number);
    if (!(step->marks & mark) || (mark == HY_OPTIONAL && is_nobodys(step)))
        return;
    step->marks &= ~(uint32_t)mark;
    if (mark == HY_OPTIONAL && step->called_by == HY_NO_ACTION)
        step->called_by = because;
    if (mark == HY_OPTIONAL && g->in_doubt)
        step->marks |= HY_DOUBTFUL;
    if (mark == HY_RUNNABLE && step->forbidden_by == HY_NO_ACTION)
        step->forbidden_by = because;
    if (mark == HY_RUNNABLE && (step->marks & HY_PENDING))
        undo(g, number);
    enqueue(g, number);
    enqueue_above(g, step);
}

/* ---------------------------------------------------------------- what must be together */

/* What is to be nowhere, and so has nothing to begin with, does not come to run either; what is left alone may run. */
static bool all_forbidden(const struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task)
{
    if (rsc->kind == HY_RSC_PRIMITIVE) {
        uint32_t at = hy_graph_first(g, rsc, task);
        if (at == HY_NO_ACTION)
            return rsc->managed || !rsc->active.count;
        return !hy_step_is(g, at, HY_RUNNABLE) && !(rsc->active.count && !rsc->managed);
    }
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!all_forbidden(g, rsc->children.items[i], task))
            return false;
    return rsc->children.count > 0;
}

/* `node` HY_NO_NODE: wherever it is to begin; else only there, and what runs there already is not ended by it. */
static void forbid_all(struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task, uint32_t node,
                       uint32_t because)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        forbid_all(g, rsc->children.items[i], task, node, because);
    if (rsc->kind != HY_RSC_PRIMITIVE || (node != HY_NO_NODE && hy_sched_is_active_on(rsc, node)))
        return;
    for (uint32_t at = hy_graph_first(g, rsc, task); at != HY_NO_ACTION; at = hy_graph_next(g, at)) {
        if (node != HY_NO_NODE && hy_step_at(g, at)->node != node)
            continue;
        if (hy_step_is(g, at, HY_RUNNABLE))
            hy_step_at(g, at)->marks |= HY_ALONE;
        lose(g, at, HY_RUNNABLE, because);
    }
}

static bool can_begin_at(const struct hy_graph *g, const struct hy_srsc *rsc, enum hy_task task, uint32_t node)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (can_begin_at(g, rsc->children.items[i], task, node))
            return true;
    uint32_t at = rsc->kind == HY_RSC_PRIMITIVE ? hy_graph_find(g, rsc, task, node) : HY_NO_ACTION;
    return at != HY_NO_ACTION && hy_step_is(g, at, HY_RUNNABLE);
}

/* Who must be with a clone is with the instance on its node, and held back by that one alone. */
static bool is_beside(const struct hy_srsc *top, const struct hy_scoloc *with)
{
    return top->kind == HY_RSC_CLONE && !with->attribute;
}

/* What cannot begin holds back what must be with it. */
static void hold_back_dependents(struct hy_graph *g, uint32_t number)
{
    const struct hy_step *step = hy_step_at(g, number);
    enum hy_task task = step->task;
    uint32_t node = step->node;
    if ((task != HY_TASK_START && task != HY_TASK_PROMOTE) || (step->marks & (HY_RUNNABLE | HY_PSEUDO)))
        return;
    const struct hy_srsc *top = hy_sched_top(step->rsc);
    if (!top->dependents.count)
        return;
    bool nowhere = all_forbidden(g, top, task);
    bool not_here = nowhere || (node != HY_NO_NODE && !can_begin_at(g, top, task, node));
    for (size_t i = 0; i < top->dependents.count; i++) {
        const struct hy_scoloc *with = top->dependents.items[i];
        bool promoted = with->primary_role == HY_ROLE_PROMOTED;
        if (with->score < HY_INFINITY || promoted != (task == HY_TASK_PROMOTE))
            continue;
        if (nowhere || (not_here && is_beside(top, with)))
            forbid_all(g, with->dependent, with->dependent_role == HY_ROLE_PROMOTED ? HY_TASK_PROMOTE : HY_TASK_START,
                       nowhere ? HY_NO_NODE : node, number);
    }
}

static bool is_nowhere(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!is_nowhere(rsc->children.items[i]))
            return false;
    return rsc->kind != HY_RSC_PRIMITIVE || (rsc->node == HY_NO_NODE && (rsc->managed || !rsc->active.count));
}

/* In a circle of colocations one was placed before that was known which it must be with: it has none. */
static void hold_back_loose_ends(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->colocations.count; i++) {
        const struct hy_scoloc *with = s->colocations.items[i];
        if (with->score < HY_INFINITY || with->internal || is_nowhere(with->dependent) || !is_nowhere(with->primary))
            continue;
        struct hy_srsc *leaf = with->primary;
        while (leaf->children.count)
            leaf = leaf->children.items[0];
        enum hy_task task = with->dependent_role == HY_ROLE_PROMOTED ? HY_TASK_PROMOTE : HY_TASK_START;
        if (leaf->kind != HY_RSC_PRIMITIVE)
            continue;
        hy_graph_ensure(g, leaf, task);
        forbid_all(g, with->dependent, task, HY_NO_NODE, hy_graph_first(g, leaf, task));
    }
}

/* ---------------------------------------------------------------- one link */

static void restart(struct hy_graph *g, uint32_t first, uint32_t then)
{
    const struct hy_step *stop = hy_step_at(g, first), *start = hy_step_at(g, then);
    bool needed = !(start->marks & (HY_OPTIONAL | HY_DANGLING));
    /* What runs and could not start again stops all the same. */
    bool cut_off = !(start->marks & HY_RUNNABLE) && start->rsc->managed && start->rsc == stop->rsc;
    if (!needed && !cut_off)
        return;
    if (needed || (stop->marks & HY_RUNNABLE))
        lose(g, first, HY_OPTIONAL, then);
    if (!(start->marks & HY_MIGRATABLE))
        lose(g, first, HY_MIGRATABLE, then);
    stop = hy_step_at(g, first);
    if (!(stop->marks & (HY_OPTIONAL | HY_RUNNABLE)))
        lose(g, then, HY_RUNNABLE, first);
}

/* A migration is what a stop and a start become, if both can be and nothing else is to happen to them. */
static void migration(struct hy_graph *g, uint32_t first, uint32_t then, uint32_t marks)
{
    if (!hy_step_is(g, then, HY_MIGRATABLE | HY_RUNNABLE))
        lose(g, first, HY_RUNNABLE, then);
    if (!hy_step_is(g, then, HY_OPTIONAL))
        lose(g, first, HY_OPTIONAL, then);
    if ((marks & HY_LINK_PRETENCE) && !hy_step_is(g, first, HY_RUNNABLE)) {
        lose(g, then, HY_MIGRATABLE, first);
        lose(g, then, HY_PSEUDO, first);
    }
}

/* What is not symmetrical leaves alone what has come about already, and is not to be done again. */
static bool is_so_already(const struct hy_step *then)
{
    if (then->task == HY_TASK_START)
        return then->rsc->active.count && (then->marks & HY_OPTIONAL);
    return then->task == HY_TASK_STOP && !then->rsc->active.count;
}

static bool is_blocked_stop(const struct hy_step *first, uint32_t seen)
{
    return first->task == HY_TASK_STOP && first->rsc && first->rsc->kind == HY_RSC_PRIMITIVE && first->rsc->blocked &&
           !first->rsc->managed && !(seen & HY_RUNNABLE);
}

static void carry(struct hy_graph *g, const struct hy_link *link, uint32_t number, uint32_t seen)
{
    uint32_t first = link->first, marks = link->marks;
    const struct hy_step *then = hy_step_at(g, number);
    if ((marks & HY_LINK_ONE_WAY) && !(seen & HY_RUNNABLE) && !is_so_already(then)) {
        lose(g, number, HY_OPTIONAL, first);
        lose(g, number, HY_RUNNABLE, first);
    }
    if ((marks & HY_LINK_NEEDS) && !(seen & HY_RUNNABLE)) {
        lose(g, number, HY_RUNNABLE, first);
        lose(g, number, HY_MIGRATABLE, first);
    }
    if ((marks & HY_LINK_CALLS) && !(seen & (HY_OPTIONAL | HY_MIGRATABLE | HY_DANGLING)))
        lose(g, number, HY_OPTIONAL, first);
    if ((marks & HY_LINK_HOLDS) && is_blocked_stop(hy_step_at(g, first), seen))
        lose(g, number, HY_RUNNABLE, first);
    if ((marks & HY_LINK_ROLE) && !hy_step_is(g, number, HY_OPTIONAL))
        lose(g, first, HY_OPTIONAL, number);
    if (marks & HY_LINK_RESTART)
        restart(g, first, number);
    if (marks & HY_LINK_MIGRATION)
        migration(g, first, number, marks);
    if ((marks & HY_LINK_INVERSE) && !(hy_step_at(g, number)->marks & (HY_OPTIONAL | HY_MIGRATABLE)))
        lose(g, first, HY_MIGRATABLE, number);
}

/* What is blocked holds up what it is linked to, and not the members of that. */
static void carry_to_members(struct hy_graph *g, const struct hy_link *link, const struct hy_srsc *rsc,
                             enum hy_task task, uint32_t seen)
{
    struct hy_link below = *link;
    below.marks &= ~(uint32_t)(HY_LINK_HOLDS | HY_LINK_INVERSE);
    for (size_t i = 0; i < rsc->children.count; i++)
        carry_to_members(g, link, rsc->children.items[i], task, seen);
    if (rsc->kind == HY_RSC_PRIMITIVE)
        for (uint32_t at = hy_graph_first(g, rsc, task); at != HY_NO_ACTION; at = hy_graph_next(g, at))
            carry(g, &below, at, seen);
}

/* A primitive and a group stand beside one instance of a clone, a clone beside all of them. */
static uint32_t place_of(const struct hy_step *then)
{
    if (!is_collective(then))
        return then->node;
    return then->rsc->kind == HY_RSC_GROUP && then->task == HY_TASK_START ? then->rsc->node : HY_NO_NODE;
}

static const uint32_t CARRIES = HY_LINK_NEEDS | HY_LINK_CALLS | HY_LINK_HOLDS | HY_LINK_RESTART | HY_LINK_ROLE |
                                HY_LINK_ONE_WAY | HY_LINK_MIGRATION | HY_LINK_INVERSE;
/* Those by which what is behind bears on what is before. */
static const uint32_t CARRIES_BACK =
    HY_LINK_ONE_WAY | HY_LINK_RESTART | HY_LINK_ROLE | HY_LINK_MIGRATION | HY_LINK_INVERSE;

static void follow_to_collective(struct hy_graph *g, const struct hy_link *link)
{
    const struct hy_step *then = hy_step_at(g, link->then);
    uint32_t seen = hy_graph_view(g, link->first, place_of(then));
    if ((link->marks & HY_LINK_INVERSE) && !(then->marks & HY_MIGRATABLE) &&
        !(hy_graph_view(g, link->then, HY_NO_NODE) & HY_OPTIONAL))
        lose(g, link->first, HY_MIGRATABLE, link->then);
    carry_to_members(g, link, then->rsc, then->task, seen);
}

static void follow(struct hy_graph *g, const struct hy_link *link)
{
    const struct hy_step *then = hy_step_at(g, link->then);
    if (then->task == HY_TASK_GATE)
        enqueue(g, link->then);
    else if (!(link->marks & CARRIES))
        return;
    else if (!is_collective(then))
        carry(g, link, link->then, hy_graph_view(g, link->first, place_of(then)));
    else if (then->task < HY_TASK_DONE)
        follow_to_collective(g, link);
}

/* ---------------------------------------------------------------- all of them */

static void look_at(struct hy_graph *g, uint32_t number)
{
    const struct hy_step *step = hy_step_at(g, number);
    for (uint32_t l = step->out; l != HY_NO_ACTION; l = g->links.items[l].next_out)
        follow(g, &g->links.items[l]);
    for (uint32_t l = hy_step_at(g, number)->in; l != HY_NO_ACTION; l = g->links.items[l].next_in)
        if (g->links.items[l].marks & CARRIES_BACK)
            follow(g, &g->links.items[l]);
    hold_back_dependents(g, number);
}

static void work(struct hy_graph *g)
{
    for (size_t at = 0; at < g->queue.count; at++) {
        uint32_t number = g->queue.items[at];
        hy_step_at(g, number)->marks &= ~(uint32_t)HY_QUEUED;
        look_at(g, number);
    }
    g->queue.count = 0;
}

/* What comes behind a clone is called for by the instances that begin; which can is known when all else is. */
static void let_clones_call(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    g->clones_call = true;
    for (size_t i = 0; i < s->rscs.count; i++)
        if (s->rscs.items[i]->kind == HY_RSC_CLONE) {
            enqueue(g, hy_course_of(g, s->rscs.items[i])->done[HY_TASK_START]);
            enqueue(g, hy_course_of(g, s->rscs.items[i])->done[HY_TASK_PROMOTE]);
        }
    work(g);
}

/* At first as if all ran already of which that is not known; then as if it did not. What only that calls for can be told
 * from the rest. */
void hy_graph_propagate(struct hy_graph *g)
{
    hold_back_loose_ends(g);
    for (uint32_t i = 0; i < g->steps.count; i++)
        enqueue(g, i);
    work(g);
    let_clones_call(g);
    g->in_doubt = true;
    for (uint32_t i = 0; i < g->steps.count; i++)
        if (hy_step_is(g, i, HY_UNHEARD)) {
            enqueue(g, i);
            enqueue_above(g, hy_step_at(g, i));
        }
    work(g);
    g->settled = true;
}
