/* SPDX-License-Identifier: Apache-2.0 */
/* What a human calls an action: one word for all that is done to an instance. */
#include "scheduler/graph.h"

const char *hy_change_word(enum hy_change_kind kind)
{
    static const char *const words[] = {"leave",   "start",  "stop",    "move",   "migrate",   "restart",
                                        "recover", "reload", "promote", "demote", "repromote", "fence"};
    return (size_t)kind < sizeof words / sizeof *words ? words[kind] : "?";
}

/* The steps of one primitive that tell what happens to it. */
struct course_of_events {
    uint32_t from, to; /* nodes */
    uint32_t start, stop, promote, demote, migrate;
    int level, next;
    bool moving;
};

static bool is_needed(const struct hy_graph *g, uint32_t step)
{
    return step != HY_NO_ACTION && !(hy_step_at(g, step)->marks & (HY_OPTIONAL | HY_PENDING));
}

static bool is_runnable(const struct hy_graph *g, uint32_t step)
{
    return step != HY_NO_ACTION && hy_step_is(g, step, HY_RUNNABLE);
}

static struct course_of_events events_of(const struct hy_graph *g, const struct hy_srsc *leaf)
{
    struct course_of_events e = {.from = leaf->active.count ? leaf->active.items[0] : HY_NO_NODE, .to = leaf->node};
    if (hy_graph_is_half_way(leaf))
        e.from = leaf->migrate_from;
    if (e.from != HY_NO_NODE && leaf->active.count == 1 && leaf->unit->past[e.from].leaving)
        e.from = HY_NO_NODE; /* as good as stopped */
    e.start = e.promote = e.demote = e.migrate = HY_NO_ACTION;
    if (e.to != HY_NO_NODE) {
        e.start = hy_graph_find(g, leaf, HY_TASK_START, e.to);
        e.promote = hy_graph_find(g, leaf, HY_TASK_PROMOTE, e.to);
        e.demote = hy_graph_find(g, leaf, HY_TASK_DEMOTE, e.to);
        e.migrate = hy_graph_find(g, leaf, HY_TASK_MIGRATE_FROM, e.to);
    }
    e.stop = hy_graph_find(g, leaf, HY_TASK_STOP, is_runnable(g, e.start) ? e.from : HY_NO_NODE);
    e.level = e.from != HY_NO_NODE ? hy_level_of(leaf->role) : 0;
    e.next = leaf->node == HY_NO_NODE ? 0 : hy_level_of(leaf->next);
    e.moving = e.from != HY_NO_NODE && e.to != HY_NO_NODE && e.from != e.to;
    return e;
}

/* ---------------------------------------------------------------- which word */

/* Of several the one that was expected stays (multiple-active=stop_unexpected). */
static bool stops_elsewhere(const struct hy_graph *g, const struct hy_srsc *leaf)
{
    for (uint32_t stop = hy_graph_first(g, leaf, HY_TASK_STOP); stop != HY_NO_ACTION; stop = hy_graph_next(g, stop))
        if (is_needed(g, stop) && hy_step_at(g, stop)->node != leaf->node && leaf->active.count > 1)
            return true;
    return false;
}

/* Its stop is under way already: what is left to be done is a start. */
static bool is_being_stopped(const struct hy_graph *g, const struct course_of_events *e)
{
    return e->from == e->to && e->stop != HY_NO_ACTION && hy_step_is(g, e->stop, HY_PENDING);
}

/* Its start is under way, and would not be begun now. */
static bool is_undone(const struct hy_graph *g, const struct course_of_events *e)
{
    return e->start != HY_NO_ACTION && hy_step_is(g, e->start, HY_PENDING) && !is_runnable(g, e->start) &&
           is_needed(g, e->stop);
}

/* It is to be in the role that it has. `decisive`: the step that says whether it can be done. */
static enum hy_change_kind in_role(const struct hy_graph *g, const struct hy_srsc *leaf,
                                   const struct course_of_events *e, uint32_t *decisive)
{
    *decisive = e->start;
    if (is_undone(g, e)) {
        *decisive = e->stop;
        return HY_CHANGE_STOP;
    }
    if (is_needed(g, e->migrate) && is_runnable(g, e->migrate))
        return HY_CHANGE_MIGRATE;
    if (hy_course_of(g, leaf)->reload)
        return HY_CHANGE_RELOAD;
    if (!is_needed(g, e->start)) {
        if (stops_elsewhere(g, leaf))
            return e->moving ? HY_CHANGE_MOVE : HY_CHANGE_RESTART;
        *decisive = e->promote;
        return is_needed(g, e->demote) && is_needed(g, e->promote) ? HY_CHANGE_REPROMOTE : HY_CHANGE_LEAVE;
    }
    bool starts = is_runnable(g, e->start);
    if (!starts || e->moving || leaf->failed)
        *decisive = e->stop;
    if (!starts)
        return HY_CHANGE_STOP;
    if (leaf->failed)
        return HY_CHANGE_RECOVER;
    if (is_being_stopped(g, e))
        return HY_CHANGE_START;
    return e->moving ? HY_CHANGE_MOVE : HY_CHANGE_RESTART;
}

static enum hy_change_kind to_role(const struct hy_graph *g, const struct hy_srsc *leaf,
                                   const struct course_of_events *e, uint32_t *decisive)
{
    *decisive = e->stop;
    bool stopped_already = e->level == 0 && e->stop != HY_NO_ACTION && hy_step_is(g, e->stop, HY_PENDING);
    if (e->stop != HY_NO_ACTION && !stopped_already &&
        (e->next == 0 || (e->start != HY_NO_ACTION && !is_runnable(g, e->start))))
        return HY_CHANGE_STOP;
    if (e->stop != HY_NO_ACTION && leaf->must_stop)
        return HY_CHANGE_RECOVER;
    if (e->moving)
        return HY_CHANGE_MOVE;
    *decisive = e->start;
    if (hy_course_of(g, leaf)->reload)
        return HY_CHANGE_RELOAD;
    if (is_needed(g, e->stop))
        return HY_CHANGE_RESTART;
    if (e->level == 2) {
        *decisive = e->demote;
        return HY_CHANGE_DEMOTE;
    }
    if (e->next == 2) {
        *decisive = e->promote;
        return HY_CHANGE_PROMOTE;
    }
    return e->level == 0 && e->next > 0 ? HY_CHANGE_START : HY_CHANGE_LEAVE;
}

/* ---------------------------------------------------------------- telling */

static const char *node_name(const struct hy_graph *g, uint32_t node)
{
    return node == HY_NO_NODE ? NULL : g->s->nodes[node].name;
}

static enum hy_role shown_role(const struct hy_srsc *leaf, int level)
{
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    if (level == 0)
        return HY_ROLE_STOPPED;
    if (level == 2)
        return HY_ROLE_PROMOTED;
    return clone && clone->promotable ? HY_ROLE_UNPROMOTED : HY_ROLE_STARTED;
}

static struct hy_change *add(struct hy_graph *g, struct hy_srsc *leaf, enum hy_change_kind kind,
                             const struct course_of_events *e, uint32_t decisive)
{
    struct hy_decision *decision = g->s->decision;
    struct hy_change *change = &decision->changes[decision->change_count++];
    *change =
        (struct hy_change){.kind = kind,
                           .rsc = hy_sched_instance_name(g->s, leaf),
                           .primitive = leaf->unit->prim->id,
                           .from = kind == HY_CHANGE_START ? NULL : node_name(g, e->from),
                           .to = kind == HY_CHANGE_STOP ? NULL : node_name(g, e->to),
                           .role = shown_role(leaf, e->level),
                           .next = shown_role(leaf, kind == HY_CHANGE_STOP ? 0 : e->next),
                           .blocked = kind != HY_CHANGE_LEAVE && decisive != HY_NO_ACTION && !is_runnable(g, decisive)};
    if (kind == HY_CHANGE_LEAVE)
        return change;
    if (kind == HY_CHANGE_DEMOTE)
        change->reason = hy_sched_why_demote(g->s, leaf, e->from);
    else if ((kind == HY_CHANGE_STOP || kind == HY_CHANGE_MOVE) && e->from != HY_NO_NODE)
        change->reason = hy_sched_why_stop(g->s, leaf, e->from);
    else if (kind == HY_CHANGE_PROMOTE && leaf->final == 2)
        change->reason = hy_sched_why_promote(g->s, leaf);
    else
        change->reason = hy_sched_why_start(g->s, leaf);
    return change;
}

/* What stops altogether is told of each node where it is. */
static void add_stops(struct hy_graph *g, struct hy_srsc *leaf, struct course_of_events e)
{
    for (size_t i = 0; i < leaf->active.count; i++) {
        e.from = leaf->active.items[i];
        uint32_t stop = hy_graph_find(g, leaf, HY_TASK_STOP, e.from);
        if (stop != HY_NO_ACTION)
            add(g, leaf, HY_CHANGE_STOP, &e, stop);
    }
}

static void change_of(struct hy_graph *g, struct hy_srsc *leaf)
{
    struct course_of_events e = events_of(g, leaf);
    uint32_t decisive = HY_NO_ACTION;
    if (!leaf->active.count && leaf->orphan)
        return;
    if (!leaf->managed || (e.from == HY_NO_NODE && e.to == HY_NO_NODE)) {
        add(g, leaf, HY_CHANGE_LEAVE, &e, decisive);
        return;
    }
    bool same = e.level == e.next;
    enum hy_change_kind kind = same ? in_role(g, leaf, &e, &decisive) : to_role(g, leaf, &e, &decisive);
    if (kind == HY_CHANGE_STOP && !same)
        add_stops(g, leaf, e);
    else
        add(g, leaf, kind, &e, decisive);
}

static void changes_below(struct hy_graph *g, struct hy_srsc *rsc)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        change_of(g, rsc);
    for (size_t i = 0; i < rsc->children.count; i++)
        changes_below(g, rsc->children.items[i]);
}

static void fence_changes(struct hy_graph *g)
{
    struct hy_decision *decision = g->s->decision;
    for (uint32_t i = 0; i < g->steps.count; i++) {
        const struct hy_step *step = hy_step_at(g, i);
        if (step->task == HY_TASK_FENCE && !(step->marks & HY_OPTIONAL))
            decision->changes[decision->change_count++] = (struct hy_change){
                .kind = HY_CHANGE_FENCE, .to = g->s->nodes[step->node].name, .op = step->op, .reason = step->reason};
    }
}

void hy_graph_changes(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    size_t most = 2 * s->node_count;
    for (size_t i = 0; i < s->leaves.count; i++)
        most += 1 + s->leaves.items[i]->active.count;
    s->decision->changes = hy_arena_array(&s->decision->arena, most, sizeof *s->decision->changes);
    fence_changes(g);
    for (size_t i = 0; i < s->tops.count; i++)
        changes_below(g, s->tops.items[i]);
}
