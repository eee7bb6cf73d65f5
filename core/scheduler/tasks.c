/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The actions of one primitive: down from where it is, up to where it shall be. Those that it takes only if something
 * else calls for them (a restart) are there, too, and optional.
 */
#include "scheduler/graph.h"

#include "base/mutant.h"

/* ---------------------------------------------------------------- one step */

static bool under_way(const struct hy_past *past, enum hy_task task)
{
    switch (task) {
    case HY_TASK_START:
        return past->starting;
    case HY_TASK_STOP:
        return past->stopping;
    case HY_TASK_PROMOTE:
        return past->promoting;
    case HY_TASK_DEMOTE:
        return past->demoting;
    default:
        return false;
    }
}

static const char *op_word(enum hy_task task)
{
    static const char *const words[] = {"start", "stop", "promote", "demote"};
    return words[task];
}

/* Without quorum nothing is begun, but what goes on without one, and what the policy lets run on. */
static bool has_quorum(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    if (leaf->meta.requires == HY_REQUIRES_NOTHING)
        return true;
    switch (s->properties.no_quorum) {
    case HY_NO_QUORUM_STOP:
        return false;
    case HY_NO_QUORUM_FREEZE:
        return leaf->active.count && hy_level_of(leaf->next) <= hy_level_of(leaf->role);
    case HY_NO_QUORUM_DEMOTE:
        return leaf->role == HY_ROLE_PROMOTED || leaf->role == HY_ROLE_UNPROMOTED;
    default:
        return true;
    }
}

/* Somebody must see to what may run on a node that is out of reach. */
static void ask_for_fencing(struct hy_sched *s, uint32_t node)
{
    if (s->nodes[node].unclean)
        return;
    s->nodes[node].unclean = true;
    s->nodes[node].fence_reason = "what runs there cannot be stopped";
}

static bool may_be_done(const struct hy_sched *s, const struct hy_srsc *leaf, enum hy_task task, uint32_t node)
{
    const struct hy_snode *at = &s->nodes[node];
    if (!at->member || at->pending)
        return false;
    if (task == HY_TASK_STOP)
        return leaf->managed;
    return task == HY_TASK_DEMOTE || has_quorum(s, leaf);
}

/* An action under way is beyond all doubt: it is called for, and nothing can forbid it any more. */
static uint32_t add(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task, uint32_t node, bool optional)
{
    uint32_t step = hy_graph_find(g, leaf, task, node);
    if (step == HY_NO_ACTION) {
        uint32_t marks = HY_OPTIONAL;
        if (may_be_done(g->s, leaf, task, node))
            marks |= HY_RUNNABLE;
        if (task == HY_TASK_STOP && leaf->managed && !g->s->nodes[node].member)
            ask_for_fencing(g->s, node);
        step = hy_graph_step(g, leaf, task, node, marks);
        hy_step_at(g, step)->sop = hy_sched_op(leaf->unit->prim, op_word(task), 0);
        if (task == HY_TASK_STOP)
            leaf->unit->past[node].stop_step = step;
    }
    if (!optional && leaf->managed)
        hy_graph_call(g, step);
    return step;
}

static uint32_t add_pending(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task, uint32_t node)
{
    uint32_t step = add(g, leaf, task, node, true);
    hy_step_at(g, step)->marks |= HY_PENDING | HY_RUNNABLE;
    hy_step_at(g, step)->reason = "it is under way";
    hy_graph_call(g, step);
    g->any_flight = true;
    return step;
}

static uint32_t add_or_pending(struct hy_graph *g, struct hy_srsc *leaf, enum hy_task task, uint32_t node,
                               bool optional)
{
    if (under_way(&leaf->unit->past[node], task) && !optional) {
        uint32_t step = add_pending(g, leaf, task, node);
        hy_step_at(g, step)->reason = NULL;
        return step;
    }
    return add(g, leaf, task, node, optional);
}

/* ---------------------------------------------------------------- what it calls for by itself */

/* It is to run there, and there or elsewhere nobody has said yet whether it does: perhaps it has run all the time, as
 * after the restart of a core. What relies on it is not stopped for its start before that is known to be needed. */
static bool is_unheard(const struct hy_srsc *leaf)
{
    return leaf->node != HY_NO_NODE && !leaf->active.count &&
           (leaf->waits_for != HY_NO_NODE || !leaf->unit->past[leaf->node].known);
}

static bool is_lost(const struct hy_snode *node)
{
    return !node->member || node->unclean;
}

/* What needs no fencing may be elsewhere while its node is lost: there it is not counted, nor stopped. */
static bool is_written_off(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    bool elsewhere = false;
    for (size_t i = 0; i < leaf->active.count; i++)
        elsewhere = elsewhere || !is_lost(&s->nodes[leaf->active.items[i]]);
    return elsewhere && leaf->meta.requires < HY_REQUIRES_FENCING && is_lost(&s->nodes[node]);
}

static bool is_on_several(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    size_t count = 0;
    for (size_t i = 0; i < leaf->active.count; i++)
        count += !is_written_off(s, leaf, leaf->active.items[i]);
    return count > 1;
}

static bool is_presumed(const struct hy_srsc *leaf)
{
    return leaf->active.count == 1 && leaf->unit->past[leaf->node].presumed;
}

static bool calls_for_restart(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    if (is_on_several(s, leaf))
        return leaf->meta.multiple_active != HY_MULTIPLE_STOP_UNEXPECTED || leaf->failed;
    bool failed = leaf->must_stop || (past->failed && !leaf->must_demote);
    return failed || past->stopping || (past->changed && !past->arriving);
}

/* At the end of its lease a node stops what is unmanaged, too. */
static bool is_going(const struct hy_srsc *leaf)
{
    for (size_t i = 0; i < leaf->active.count; i++)
        if (!leaf->unit->past[leaf->active.items[i]].stopping)
            return false;
    return leaf->active.count > 0;
}

/* ---------------------------------------------------------------- unmanaged */

/* Nothing is done to it; but its start counts as done for what comes behind. */
static void leave_alone(struct hy_graph *g, struct hy_srsc *leaf)
{
    for (size_t i = 0; i < leaf->active.count; i++) {
        uint32_t node = leaf->active.items[i];
        const struct hy_past *past = &leaf->unit->past[node];
        if (past->role == HY_ROLE_PROMOTED) {
            add(g, leaf, HY_TASK_DEMOTE, node, true);
            add(g, leaf, HY_TASK_PROMOTE, node, true);
        }
        if (past->stopping)
            add_pending(g, leaf, HY_TASK_STOP, node);
        else
            add(g, leaf, HY_TASK_STOP, node, true);
    }
    if (!leaf->active.count || is_going(leaf))
        return;
    uint32_t node = leaf->node != HY_NO_NODE ? leaf->node : leaf->active.items[0];
    bool blocked = leaf->blocked && !HY_MUTANT(BLOCKED_IS_UP);
    for (size_t i = 0; i < leaf->active.count && blocked; i++)
        if (leaf->unit->past[leaf->active.items[i]].arriving)
            add_pending(g, leaf, HY_TASK_START,
                        leaf->active.items[i]); /* it will be up there, whatever else is stuck */
    if (blocked)
        return;
    if (leaf->unit->past[node].arriving) /* ordered before it became unmanaged, and not answered yet */
        add_pending(g, leaf, HY_TASK_START, node);
    else
        add(g, leaf, HY_TASK_START, node, true);
}

/* ---------------------------------------------------------------- down */

static void bring_down(struct hy_graph *g, struct hy_srsc *leaf, uint32_t node, bool optional)
{
    const struct hy_past *past = &leaf->unit->past[node];
    uint32_t before = HY_NO_ACTION, demote = HY_NO_ACTION;
    if (past->promoting)
        before = add_pending(g, leaf, HY_TASK_PROMOTE, node);
    else if (past->starting)
        before = add_pending(g, leaf, HY_TASK_START, node);
    if (past->role == HY_ROLE_PROMOTED || past->promoting || past->demoting) {
        demote = add_or_pending(g, leaf, HY_TASK_DEMOTE, node, optional);
        hy_graph_link(g, before, demote, HY_LINK_ORDER);
    }
    /* What goes down as soon as it is up, and nowhere up again, is nothing to begin behind. */
    if (before != HY_NO_ACTION && (leaf->node == HY_NO_NODE || hy_level_of(leaf->next) == 0))
        hy_step_at(g, before)->marks &= ~(uint32_t)HY_RUNNABLE;
    uint32_t stop = add_or_pending(g, leaf, HY_TASK_STOP, node, optional);
    hy_graph_link(g, demote, stop, HY_LINK_ROLE);
    hy_graph_link(g, before, stop, HY_LINK_ORDER);
}

/* In place: the one that stays need not go down. */
static bool stays_on(const struct hy_srsc *leaf, uint32_t node)
{
    return leaf->node == node && hy_level_of(leaf->next) > 0;
}

static bool bring_all_down(struct hy_graph *g, struct hy_srsc *leaf, bool restart)
{
    bool stays = false;
    for (size_t i = 0; i < leaf->active.count; i++) {
        uint32_t node = leaf->active.items[i];
        bool here = stays_on(leaf, node);
        if (is_written_off(g->s, leaf, node))
            continue;
        if (here && hy_graph_is_half_way(leaf))
            continue; /* it comes to be there as its migration ends */
        bring_down(g, leaf, node, here && !restart);
        stays = stays || here;
    }
    for (size_t i = 0; i < leaf->dangling.count; i++) {
        uint32_t stop = add(g, leaf, HY_TASK_STOP, leaf->dangling.items[i], false);
        hy_step_at(g, stop)->marks |= HY_DANGLING;
    }
    return stays && !restart;
}

/* ---------------------------------------------------------------- up */

static void wait_for_word(struct hy_graph *g, struct hy_srsc *leaf, uint32_t start)
{
    struct hy_course *course = hy_course_of(g, leaf);
    struct hy_step *step = hy_step_at(g, start);
    course->waits_for = leaf->waits_for;
    course->unheard = is_unheard(leaf);
    if (course->unheard)
        step->marks |= HY_UNHEARD;
    if (leaf->waits_for != HY_NO_NODE && !(step->marks & (HY_PENDING | HY_OPTIONAL)))
        step->marks |= HY_WAITING;
}

static void bring_up(struct hy_graph *g, struct hy_srsc *leaf, bool stays)
{
    const struct hy_past *past = &leaf->unit->past[leaf->node];
    uint32_t start;
    uint32_t stop = hy_graph_find(g, leaf, HY_TASK_STOP, leaf->node);
    bool stopped_here = stop != HY_NO_ACTION && !hy_step_is(g, stop, HY_OPTIONAL);
    if (past->starting && stopped_here)
        return; /* it is brought down as soon as it is up; whether to start it again is decided then */
    if (past->starting && !hy_sched_is_active_on(leaf, leaf->node))
        return; /* so it is for another instance of its name */
    start = past->starting ? add_pending(g, leaf, HY_TASK_START, leaf->node)
                           : add(g, leaf, HY_TASK_START, leaf->node, stays && !is_presumed(leaf));
    wait_for_word(g, leaf, start);
    bool promoted_here = stays && past->role == HY_ROLE_PROMOTED && !past->demoting;
    bool again = promoted_here && hy_course_of(g, leaf)->repromote;
    if (hy_level_of(leaf->next) == 2) {
        uint32_t promote = past->promoting && stays
                               ? add_pending(g, leaf, HY_TASK_PROMOTE, leaf->node)
                               : add(g, leaf, HY_TASK_PROMOTE, leaf->node, promoted_here && !again);
        hy_graph_link(g, start, promote, HY_LINK_NEEDS | HY_LINK_CALLS);
        uint32_t demote = hy_graph_find(g, leaf, HY_TASK_DEMOTE, leaf->node);
        hy_graph_link(g, demote, promote, HY_LINK_ORDER);
        if (again || past->demoting)
            add_or_pending(g, leaf, HY_TASK_DEMOTE, leaf->node, false);
    } else if (stays && (past->role == HY_ROLE_PROMOTED || past->promoting)) {
        uint32_t promote = past->promoting ? add_pending(g, leaf, HY_TASK_PROMOTE, leaf->node) : HY_NO_ACTION;
        uint32_t demote = add_or_pending(g, leaf, HY_TASK_DEMOTE, leaf->node, false);
        hy_graph_link(g, promote, demote, HY_LINK_ORDER);
    }
}

/* With multiple-active=stop_unexpected the one that was expected runs on while the others stop. */
static uint32_t marks_of(const struct hy_srsc *leaf, uint32_t node)
{
    bool unexpected = leaf->active.count > 1 && leaf->meta.multiple_active == HY_MULTIPLE_STOP_UNEXPECTED &&
                      hy_sched_is_active_on(leaf, leaf->node) && node != leaf->node;
    return HY_LINK_HOLDS | (unexpected ? 0u : HY_LINK_CALLS | HY_LINK_RESTART);
}

/* The stop of what is promoted calls for its demotion; its stops, wherever, come before its start and call for it. */
static void link_restart(struct hy_graph *g, struct hy_srsc *leaf)
{
    if (HY_MUTANT(START_BEFORE_STOP) || is_presumed(leaf))
        return;
    for (uint32_t start = hy_graph_first(g, leaf, HY_TASK_START); start != HY_NO_ACTION;
         start = hy_graph_next(g, start)) {
        if (hy_step_at(g, start)->node != leaf->node)
            continue; /* under way where it may not stay: it comes before its stop */
        for (uint32_t stop = hy_graph_first(g, leaf, HY_TASK_STOP); stop != HY_NO_ACTION; stop = hy_graph_next(g, stop))
            if (!hy_step_is(g, start, HY_PENDING) || hy_step_at(g, stop)->node != leaf->node)
                hy_graph_link(g, stop, start, marks_of(leaf, hy_step_at(g, stop)->node));
    }
}

void hy_graph_tasks(struct hy_graph *g, struct hy_srsc *leaf)
{
    struct hy_course *course = hy_course_of(g, leaf);
    if (!leaf->managed) {
        leave_alone(g, leaf);
        return;
    }
    bool here = leaf->node != HY_NO_NODE && hy_sched_is_active_on(leaf, leaf->node) && !hy_graph_is_half_way(leaf);
    course->repromote = here && leaf->must_demote && !leaf->must_stop;
    course->restart = here && hy_level_of(leaf->next) > 0 && calls_for_restart(g->s, leaf);
    course->moving = leaf->node != HY_NO_NODE && leaf->active.count && !here;
    bool stays = bring_all_down(g, leaf, course->restart);
    if (leaf->node == HY_NO_NODE || hy_level_of(leaf->next) == 0)
        return;
    bring_up(g, leaf, stays);
    link_restart(g, leaf);
    uint32_t start = hy_graph_find(g, leaf, HY_TASK_START, leaf->node);
    if (start != HY_NO_ACTION && !may_be_done(g->s, leaf, HY_TASK_START, leaf->node) &&
        hy_step_is(g, start, HY_PENDING))
        hy_graph_undo(g, start);
    if (course->moving)
        hy_graph_migration(g, leaf);
}
