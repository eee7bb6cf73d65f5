/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the instances of a clone with notify=true are told of each other ("Pacemaker Explained", chapter "Clones", section
 * "Clone notifications"): before and after some of them are demoted, stopped, started or promoted, all that run are called with
 * lists of who is what and who becomes what. Nobody is told before what came earlier has been told of: demotion, stop,
 * start, promotion.
 *
 * A decision knows nothing of the one before it, so what was told already is read from the history. Of such clones it
 * keeps the orders (hy_result.order), which grow over all nodes: an instance has heard of what was ordered before its
 * last call "post_notify_..."; and it has been told beforehand when its last "pre_notify_..." was of the same (the digest)
 * and is not of something that is over.
 */
#include "scheduler/graph.h"

enum { TASKS = 4, LISTS = 8 };

static const char *const words[TASKS] = {"start", "stop", "promote", "demote"};
/* In the order in which they are done. */
static const enum hy_task sequence[TASKS] = {HY_TASK_DEMOTE, HY_TASK_STOP, HY_TASK_START, HY_TASK_PROMOTE};

/* Something that is done to an instance. */
struct event {
    struct hy_srsc *leaf;
    uint32_t node;
    bool done; /* and not all have heard of it; else it is to be done, or under way */
};

/* All of one kind that happens to a clone at a time. */
struct affair {
    enum hy_task task;
    struct {
        struct event *items;
        size_t count, capacity;
    } events;
    bool due;        /* something is still to be begun */
    bool open;       /* ... or under way */
    uint64_t closed; /* the last order of those that are over: everyone has heard of it, or it failed */
    const char *digest;
    struct hy_attr *meta[2]; /* of the calls before and after it */
    uint32_t told;           /* the step in which it ends */
};

struct circle {
    struct hy_graph *g;
    struct hy_srsc *clone;
    hy_srsc_list leaves;
    HY_VEC(const struct hy_unit *) units; /* of the leaves, each once */
    struct affair affairs[TASKS];         /* by task */
    struct hy_attr *lists;                /* of all calls */
    size_t list_count;
};

/* ---------------------------------------------------------------- what the history says */

static const struct hy_result *last_of(const struct hy_trace *list, const char *op)
{
    const struct hy_result *last = NULL;
    for (const struct hy_trace *at = list; at; at = at->next)
        if (at->result->notify && at->result->order && !at->result->interval && !strcmp(at->result->op, op))
            last = at->result;
    return last;
}

static bool has_succeeded(const struct hy_result *result)
{
    return result->exec == HY_EXEC_DONE && result->rc == 0;
}

static const char *notice_word(enum hy_task task, bool post)
{
    static const char *const all[2][TASKS] = {
        {"pre_notify_start", "pre_notify_stop", "pre_notify_promote", "pre_notify_demote"},
        {"post_notify_start", "post_notify_stop", "post_notify_promote", "post_notify_demote"}};
    return all[post][task];
}

static uint64_t order_of(const struct hy_result *result)
{
    return result ? result->order : 0;
}

static uint64_t heard_until(const struct hy_past *past, enum hy_task task)
{
    return order_of(last_of(past->notices, notice_word(task, true)));
}

/* Since when it listens: its start; or, where a probe has found it, the first call that is known. 0: it does not yet. */
static uint64_t listens_since(const struct hy_past *past)
{
    uint64_t since = order_of(last_of(past->trace, "start"));
    if (since)
        return since;
    for (const struct hy_trace *at = past->notices; at; at = at->next)
        if (at->result->order && (!since || at->result->order < since))
            since = at->result->order;
    return since;
}

/* What was there before it is no news to it. */
static bool is_news(const struct hy_past *past, enum hy_task task, uint64_t order)
{
    uint64_t since = listens_since(past);
    return since && order >= since && order > heard_until(past, task);
}

/* ---------------------------------------------------------------- who listens */

static bool is_happening(const struct affair *affair, const struct hy_srsc *leaf, uint32_t node)
{
    for (size_t i = 0; i < affair->events.count; i++)
        if (affair->events.items[i].leaf == leaf && affair->events.items[i].node == node &&
            !affair->events.items[i].done)
            return true;
    return false;
}

/* What is not managed is left alone in this, too. */
static bool can_hear(const struct circle *c, const struct hy_srsc *leaf, uint32_t node)
{
    const struct hy_snode *at = &c->g->s->nodes[node];
    const struct hy_past *past = &leaf->unit->past[node];
    return leaf->managed && at->member && !at->pending && !at->unclean && hy_sched_is_active_on(leaf, node) &&
           !past->arriving && !past->stopping;
}

static bool stays(const struct circle *c, const struct hy_srsc *leaf, uint32_t node)
{
    return can_hear(c, leaf, node) && !is_happening(&c->affairs[HY_TASK_STOP], leaf, node);
}

static bool comes(const struct circle *c, const struct hy_srsc *leaf, uint32_t node)
{
    return is_happening(&c->affairs[HY_TASK_START], leaf, node);
}

/* What stops is told of it beforehand, what starts afterwards. */
static bool listens(const struct circle *c, const struct hy_srsc *leaf, uint32_t node, enum hy_task task, bool post)
{
    switch (task) {
    case HY_TASK_START:
        return stays(c, leaf, node) || (post && comes(c, leaf, node));
    case HY_TASK_PROMOTE:
        return stays(c, leaf, node) || comes(c, leaf, node);
    case HY_TASK_STOP:
        return post ? stays(c, leaf, node) : can_hear(c, leaf, node);
    default:
        return can_hear(c, leaf, node);
    }
}

/* ---------------------------------------------------------------- what happens */

static void add_leaves(struct circle *c, struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        add_leaves(c, rsc->children.items[i]);
    if (rsc->kind == HY_RSC_PRIMITIVE)
        hy_arena_vec_push(c->g->arena, &c->leaves, rsc);
}

static void add_units(struct circle *c)
{
    size_t count = c->leaves.count;
    if (!c->clone->unique && c->clone->children.count)
        count /= c->clone->children.count; /* the others bear the same names */
    for (size_t i = 0; i < count; i++)
        if (!i || c->leaves.items[i]->unit != c->leaves.items[i - 1]->unit)
            hy_arena_vec_push(c->g->arena, &c->units, c->leaves.items[i]->unit);
}

static void add_event(struct circle *c, struct affair *affair, struct hy_srsc *leaf, uint32_t node, bool done)
{
    hy_arena_vec_push(c->g->arena, &affair->events, ((struct event){leaf, node, done}));
}

/* What waits for a node to speak, or for ever, is not announced; nor is a start under way that is to be undone. */
static bool goes_on(const struct hy_step *step)
{
    const uint32_t never = HY_OPTIONAL | HY_WAITING | HY_HELD | HY_ABSENT_ACTION;
    if (step->task == HY_TASK_START && (!step->rsc->final || step->node != step->rsc->node))
        return false;
    return (step->marks & HY_PENDING) ||
           (step->node != HY_NO_NODE && step->rsc->managed && (step->marks & HY_RUNNABLE) && !(step->marks & never));
}

static void gather_steps(struct circle *c, struct affair *affair)
{
    for (size_t i = 0; i < c->leaves.count; i++) {
        struct hy_srsc *leaf = c->leaves.items[i];
        for (uint32_t at = hy_graph_first(c->g, leaf, affair->task); at != HY_NO_ACTION; at = hy_graph_next(c->g, at)) {
            const struct hy_step *step = hy_step_at(c->g, at);
            if (!goes_on(step))
                continue;
            affair->open = true;
            affair->due = affair->due || !(step->marks & HY_PENDING);
            add_event(c, affair, leaf, step->node, false);
        }
    }
}

static bool is_news_to_any(const struct circle *c, enum hy_task task, uint64_t order)
{
    for (size_t i = 0; i < c->leaves.count; i++) {
        const struct hy_srsc *leaf = c->leaves.items[i];
        for (size_t a = 0; a < leaf->active.count; a++)
            if (can_hear(c, leaf, leaf->active.items[a]) &&
                is_news(&leaf->unit->past[leaf->active.items[a]], task, order))
                return true;
    }
    return false;
}

/* The instance that it was done to: of an anonymous clone the one that is there now, or any that is nowhere. */
static struct hy_srsc *instance_at(const struct circle *c, const struct hy_unit *unit, uint32_t node)
{
    struct hy_srsc *best = NULL;
    for (size_t i = 0; i < c->leaves.count; i++) {
        struct hy_srsc *leaf = c->leaves.items[i];
        if (leaf->unit != unit)
            continue;
        if (hy_sched_is_active_on(leaf, node))
            return leaf;
        if (!best || (best->active.count && !leaf->active.count))
            best = leaf;
    }
    return best;
}

/* It has not come undone since, as by a stop. */
static bool still_holds(const struct hy_past *past, enum hy_task task)
{
    int level = hy_level_of(past->role);
    return task == HY_TASK_START     ? level > 0
           : task == HY_TASK_STOP    ? level == 0
           : task == HY_TASK_PROMOTE ? level == 2
                                     : level == 1;
}

static void gather_done_at(struct circle *c, struct affair *affair, const struct hy_unit *unit, uint32_t node)
{
    const struct hy_past *past = &unit->past[node];
    const struct hy_result *result = last_of(past->trace, words[affair->task]);
    if (!result)
        return;
    struct hy_srsc *leaf = instance_at(c, unit, node);
    if (!has_succeeded(result) || !still_holds(past, affair->task) || !is_news_to_any(c, affair->task, result->order))
        affair->closed = result->order > affair->closed ? result->order : affair->closed;
    else if (!is_happening(affair, leaf, node))
        add_event(c, affair, leaf, node, true);
}

static void gather_done(struct circle *c, struct affair *affair)
{
    for (size_t i = 0; i < c->units.count; i++)
        for (uint32_t n = 0; n < c->g->s->node_count; n++)
            gather_done_at(c, affair, c->units.items[i], n);
}

/* ---------------------------------------------------------------- what is told */

static bool was_done(const struct affair *affair, const struct hy_srsc *leaf, uint32_t node)
{
    for (size_t i = 0; i < affair->events.count; i++)
        if (affair->events.items[i].done && affair->events.items[i].leaf == leaf &&
            affair->events.items[i].node == node)
            return true;
    return false;
}

/* The pair of one of the lists: resources, and, in the same order, nodes. */
struct list {
    struct hy_buf names, nodes;
};

static void add_to_list(const struct circle *c, struct list *list, struct hy_srsc *leaf, uint32_t node)
{
    hy_buf_addf(&list->names, "%s%s", list->names.size ? " " : "", hy_sched_instance_name(c->g->s, leaf));
    if (node != HY_NO_NODE)
        hy_buf_addf(&list->nodes, "%s%s", list->nodes.size ? " " : "", c->g->s->nodes[node].name);
}

static void put(struct circle *c, const char *name, const char *value)
{
    c->lists[c->list_count++] =
        (struct hy_attr){.name = (char *)(uintptr_t)name, .value = hy_arena_strdup(&c->g->s->decision->arena, value)};
}

enum { ACTIVE, INACTIVE, PROMOTED, UNPROMOTED, ROLES };

/* As it was before all that is being told of. */
static void list_roles_of(const struct circle *c, struct hy_srsc *leaf, struct list lists[ROLES])
{
    bool any = false;
    for (size_t a = 0; a < leaf->active.count; a++) {
        uint32_t node = leaf->active.items[a];
        const struct hy_past *past = &leaf->unit->past[node];
        if (past->arriving || was_done(&c->affairs[HY_TASK_START], leaf, node))
            continue;
        bool promoted = (past->role == HY_ROLE_PROMOTED && !was_done(&c->affairs[HY_TASK_PROMOTE], leaf, node)) ||
                        was_done(&c->affairs[HY_TASK_DEMOTE], leaf, node);
        any = true;
        add_to_list(c, &lists[ACTIVE], leaf, node);
        if (c->clone->promotable)
            add_to_list(c, &lists[promoted ? PROMOTED : UNPROMOTED], leaf, node);
    }
    const struct affair *stopped = &c->affairs[HY_TASK_STOP];
    for (size_t i = 0; i < stopped->events.count; i++) {
        const struct event *event = &stopped->events.items[i];
        if (!event->done || event->leaf != leaf || hy_sched_is_active_on(leaf, event->node))
            continue;
        any = true;
        add_to_list(c, &lists[ACTIVE], leaf, event->node);
        if (c->clone->promotable)
            add_to_list(c, &lists[UNPROMOTED], leaf, event->node);
    }
    if (!any)
        add_to_list(c, &lists[INACTIVE], leaf, HY_NO_NODE);
}

static void put_list(struct circle *c, const char *rscs, const char *nodes, struct list *list)
{
    put(c, rscs, hy_buf_text(&list->names));
    if (nodes)
        put(c, nodes, hy_buf_text(&list->nodes));
    hy_buf_free(&list->names);
    hy_buf_free(&list->nodes);
}

static void make_lists(struct circle *c)
{
    static const char *const names[TASKS][2] = {{"notify_start_resource", "notify_start_uname"},
                                                {"notify_stop_resource", "notify_stop_uname"},
                                                {"notify_promote_resource", "notify_promote_uname"},
                                                {"notify_demote_resource", "notify_demote_uname"}};
    static const char *const roles[ROLES][2] = {{"notify_active_resource", "notify_active_uname"},
                                                {"notify_inactive_resource", NULL},
                                                {"notify_promoted_resource", "notify_promoted_uname"},
                                                {"notify_unpromoted_resource", "notify_unpromoted_uname"}};
    c->lists = hy_arena_array(&c->g->s->decision->arena, 2 * LISTS + 1, sizeof *c->lists);
    put(c, "notify", "true");
    for (size_t t = 0; t < TASKS; t++) {
        struct list list = {0};
        for (size_t i = 0; i < c->affairs[t].events.count; i++)
            add_to_list(c, &list, c->affairs[t].events.items[i].leaf, c->affairs[t].events.items[i].node);
        put_list(c, names[t][0], names[t][1], &list);
    }
    struct list lists[ROLES] = {0};
    for (size_t i = 0; i < c->leaves.count; i++)
        list_roles_of(c, c->leaves.items[i], lists);
    for (size_t r = 0; r < ROLES; r++)
        put_list(c, roles[r][0], roles[r][1], &lists[r]);
}

static void make_meta(struct circle *c, struct affair *affair, bool post)
{
    struct hy_attr *meta = hy_arena_array(&c->g->s->decision->arena, c->list_count + 2, sizeof *meta);
    memcpy(meta, c->lists, c->list_count * sizeof *meta);
    meta[c->list_count] = (struct hy_attr){.name = (char *)(uintptr_t) "notify_type",
                                           .value = (char *)(uintptr_t)(post ? "post" : "pre")};
    meta[c->list_count + 1] = (struct hy_attr){.name = (char *)(uintptr_t) "notify_operation",
                                               .value = (char *)(uintptr_t)words[affair->task]};
    affair->meta[post] = meta;
}

/* By names that stay, whichever number an instance has at the moment. */
static void make_digest(struct circle *c, struct affair *affair)
{
    struct hy_sched *s = c->g->s;
    s->values.list.count = 0;
    for (size_t i = 0; i < affair->events.count; i++) {
        const struct event *event = &affair->events.items[i];
        hy_vec_push(&s->values.list, ((struct hy_value){hy_arena_printf(c->g->arena, "%s@%s", event->leaf->unit->name,
                                                                        s->nodes[event->node].name),
                                                        ""}));
    }
    char *digest = hy_arena_alloc(&s->decision->arena, HY_DIGEST_TEXT);
    hy_params_digest(s->values.list.items, s->values.list.count, digest);
    affair->digest = digest;
}

static const char *reason_of(struct circle *c, const struct affair *affair, bool post)
{
    struct hy_buf text = {0};
    hy_buf_addf(&text, "%s the %s of ", post ? "after" : "before", words[affair->task]);
    for (size_t i = 0; i < affair->events.count; i++)
        hy_buf_addf(&text, "%s%s on %s", i ? ", " : "", hy_sched_instance_name(c->g->s, affair->events.items[i].leaf),
                    c->g->s->nodes[affair->events.items[i].node].name);
    const char *reason = hy_arena_strdup(&c->g->s->decision->arena, hy_buf_text(&text));
    hy_buf_free(&text);
    return reason;
}

/* ---------------------------------------------------------------- whom is told what */

/* It has been called before something of this kind that is not over. */
static const struct hy_result *standing_notice(const struct affair *affair, const struct hy_past *past)
{
    const struct hy_result *notice = last_of(past->notices, notice_word(affair->task, false));
    uint64_t since = order_of(last_of(past->trace, "start")), heard = heard_until(past, affair->task);
    bool stands = notice && notice->order > affair->closed && notice->order > heard && notice->order > since;
    return stands ? notice : NULL;
}

static bool is_called(const struct affair *affair, const struct hy_past *past, bool post)
{
    if (!post) {
        const struct hy_result *notice = standing_notice(affair, past);
        bool calling = hy_sched_inflight(past, notice_word(affair->task, false), 0);
        return affair->due && !calling && !(notice && notice->digest && !strcmp(notice->digest, affair->digest));
    }
    if (affair->open)
        return true;
    for (size_t i = 0; i < affair->events.count; i++) {
        const struct event *event = &affair->events.items[i];
        const struct hy_result *result = last_of(event->leaf->unit->past[event->node].trace, words[affair->task]);
        if (is_news(past, affair->task, order_of(result)))
            return true;
    }
    return false;
}

/* Between what, and why. */
struct way {
    uint32_t first, then;
    const char *reason;
};

/* An instance that perhaps runs already is not announced before that is known. */
static void wait_for_probes(struct circle *c, const struct affair *affair, uint32_t number)
{
    for (size_t i = 0; i < affair->events.count && affair->task == HY_TASK_START; i++) {
        const struct event *event = &affair->events.items[i];
        hy_graph_link(c->g, event->leaf->unit->past[event->node].probe_action, number, HY_LINK_WEAK);
    }
}

static void call(struct circle *c, const struct affair *affair, struct hy_srsc *leaf, uint32_t node, bool post,
                 const struct way *way)
{
    struct hy_graph *g = c->g;
    uint32_t number = hy_graph_step(g, leaf, HY_TASK_NOTIFY, node, HY_RUNNABLE);
    struct hy_step *step = hy_step_at(g, number);
    step->sop = hy_sched_op(leaf->unit->prim, "notify", 0);
    step->op = notice_word(affair->task, post);
    step->reason = way->reason;
    step->digest = affair->digest;
    step->meta = affair->meta[post];
    step->meta_count = c->list_count + 2;
    if (hy_sched_inflight(&leaf->unit->past[node], step->op, 0))
        step->marks |= HY_PENDING;
    else if (!post)
        wait_for_probes(c, affair, number);
    hy_graph_link(g, way->first, number, HY_LINK_WEAK);
    hy_graph_link(g, number, way->then, HY_LINK_WEAK);
}

static void call_at(struct circle *c, const struct affair *affair, struct hy_srsc *leaf, uint32_t node, bool post,
                    const struct way *way)
{
    if (listens(c, leaf, node, affair->task, post) && is_called(affair, &leaf->unit->past[node], post))
        call(c, affair, leaf, node, post, way);
}

static void call_all(struct circle *c, const struct affair *affair, bool post, uint32_t first, uint32_t then)
{
    const struct way way = {first, then, reason_of(c, affair, post)};
    for (size_t i = 0; i < c->leaves.count; i++) {
        struct hy_srsc *leaf = c->leaves.items[i];
        for (size_t a = 0; a < leaf->active.count; a++)
            call_at(c, affair, leaf, leaf->active.items[a], post, &way);
        if (leaf->node != HY_NO_NODE && !hy_sched_is_active_on(leaf, leaf->node))
            call_at(c, affair, leaf, leaf->node, post, &way);
    }
}

/* A call under way is waited for, be it of what has changed since, or to an instance that is down by now: it is heard of
 * before anything is done, and what it was told is put right then. */
static void wait_for_calls(struct circle *c, const struct affair *affair, uint32_t then)
{
    const char *word = notice_word(affair->task, false);
    const struct way way = {HY_NO_ACTION, then, "it is under way"};
    for (size_t i = 0; i < c->units.count && affair->due; i++)
        for (uint32_t n = 0; n < c->g->s->node_count; n++)
            if (c->g->s->nodes[n].member && hy_sched_inflight(&c->units.items[i]->past[n], word, 0))
                call(c, affair, instance_at(c, c->units.items[i], n), n, false, &way);
}

/* What is not to be done after all will be told of again, should it be. */
static void withdraw(struct circle *c, const struct affair *affair)
{
    struct hy_decision *decision = c->g->s->decision;
    for (size_t i = 0; i < c->leaves.count; i++) {
        const struct hy_srsc *leaf = c->leaves.items[i];
        for (size_t a = 0; a < leaf->active.count; a++) {
            uint32_t node = leaf->active.items[a];
            const struct hy_result *notice = standing_notice(affair, &leaf->unit->past[node]);
            if (notice && can_hear(c, leaf, node))
                hy_arena_vec_push(
                    &decision->arena, &decision->void_notices,
                    ((struct hy_void_notice){hy_arena_strdup(&decision->arena, notice->rsc), c->g->s->nodes[node].name,
                                             notice_word(affair->task, false)}));
        }
    }
}

/* ---------------------------------------------------------------- in which order */

static uint32_t mark_stone(struct circle *c)
{
    return hy_graph_step(c->g, c->clone, HY_TASK_NOTIFY, HY_NO_NODE, HY_RUNNABLE | HY_PSEUDO);
}

/* The agent is told with what is done, too. */
static void link_events(struct circle *c, const struct affair *affair, uint32_t over)
{
    for (size_t i = 0; i < affair->events.count; i++) {
        const struct event *event = &affair->events.items[i];
        uint32_t at = event->done ? HY_NO_ACTION : hy_graph_find(c->g, event->leaf, affair->task, event->node);
        if (at == HY_NO_ACTION)
            continue;
        hy_graph_link(c->g, at, over, HY_LINK_WEAK);
        hy_step_at(c->g, at)->meta = c->lists;
        hy_step_at(c->g, at)->meta_count = c->list_count;
    }
}

static void arrange(struct circle *c, struct affair *affair, uint32_t before)
{
    const struct hy_course *course = hy_course_of(c->g, c->clone);
    uint32_t over = mark_stone(c);
    affair->told = mark_stone(c);
    hy_graph_link(c->g, before, course->begin[affair->task], HY_LINK_WEAK);
    if (!affair->events.count)
        withdraw(c, affair);
    if (affair->events.count) {
        make_digest(c, affair);
        make_meta(c, affair, false);
        make_meta(c, affair, true);
        wait_for_calls(c, affair, course->begin[affair->task]);
        call_all(c, affair, false, before, course->begin[affair->task]);
        link_events(c, affair, over);
        call_all(c, affair, true, over, affair->told);
    }
    hy_graph_link(c->g, before, over, HY_LINK_WEAK);
    hy_graph_link(c->g, over, affair->told, HY_LINK_WEAK);
    /* What is ordered behind the clone waits until all have been told. */
    hy_graph_link(c->g, affair->told, course->done[affair->task], HY_LINK_WEAK);
}

static void tell_clone(struct hy_graph *g, struct hy_srsc *clone)
{
    struct circle c = {.g = g, .clone = clone};
    add_leaves(&c, clone);
    add_units(&c);
    for (size_t i = 0; i < TASKS; i++) {
        c.affairs[sequence[i]].task = sequence[i];
        gather_steps(&c, &c.affairs[sequence[i]]);
    }
    for (size_t i = 0; i < TASKS; i++)
        gather_done(&c, &c.affairs[i]);
    make_lists(&c);
    uint32_t before = HY_NO_ACTION;
    for (size_t i = 0; i < TASKS; i++) {
        arrange(&c, &c.affairs[sequence[i]], before);
        before = c.affairs[sequence[i]].told;
    }
}

/* Begins and dones of a clone are stones that all of an order pass; once all has been settled, so that nothing here
 * calls for anything or forbids it. */
void hy_graph_notices(struct hy_graph *g)
{
    const struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->rscs.count; i++)
        if (s->rscs.items[i]->kind == HY_RSC_CLONE && s->rscs.items[i]->notify)
            tell_clone(g, s->rscs.items[i]);
}
