/* SPDX-License-Identifier: Apache-2.0 */
/* Steps and links: how they are made and found. */
#include "scheduler/graph.h"

void hy_graph_begin(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    g->courses = hy_arena_array(g->arena, s->rscs.count, sizeof *g->courses);
    for (size_t i = 0; i < s->rscs.count; i++) {
        struct hy_course *course = &g->courses[i];
        course->steps = HY_NO_ACTION;
        course->waits_for = HY_NO_NODE;
        for (int t = 0; t < 4; t++)
            course->begin[t] = course->done[t] = HY_NO_ACTION;
    }
}

void hy_graph_end(struct hy_graph *g)
{
    hy_vec_free(&g->steps);
    hy_vec_free(&g->links);
    hy_vec_free(&g->queue);
}

int hy_level_of(enum hy_role role)
{
    return role == HY_ROLE_PROMOTED ? 2 : role == HY_ROLE_STOPPED ? 0 : 1;
}

bool hy_sched_is_active_on(const struct hy_srsc *rsc, uint32_t node)
{
    for (size_t i = 0; i < rsc->active.count; i++)
        if (rsc->active.items[i] == node)
            return true;
    return false;
}

/* Of the others there may be very many, and nobody asks. */
static bool is_looked_for(enum hy_task task)
{
    return task != HY_TASK_PROBE && task != HY_TASK_MONITOR && task != HY_TASK_CANCEL && task != HY_TASK_NOTIFY;
}

uint32_t hy_graph_step(struct hy_graph *g, struct hy_srsc *rsc, enum hy_task task, uint32_t node, uint32_t marks)
{
    struct hy_step *step = hy_vec_add(&g->steps);
    uint32_t number = (uint32_t)g->steps.count - 1;
    *step = (struct hy_step){.rsc = rsc,
                             .node = node,
                             .task = task,
                             .marks = marks,
                             .next_of_rsc = HY_NO_ACTION,
                             .out = HY_NO_ACTION,
                             .in = HY_NO_ACTION,
                             .called_by = HY_NO_ACTION,
                             .forbidden_by = HY_NO_ACTION};
    if (!rsc || rsc->kind != HY_RSC_PRIMITIVE)
        return number;
    step->unit = rsc->unit;
    if (!is_looked_for(task))
        return number;
    struct hy_course *course = hy_course_of(g, rsc);
    step->next_of_rsc = course->steps;
    course->steps = number;
    return number;
}

static uint32_t next_match(const struct hy_graph *g, uint32_t at, enum hy_task task)
{
    while (at != HY_NO_ACTION && hy_step_at(g, at)->task != task)
        at = hy_step_at(g, at)->next_of_rsc;
    return at;
}

uint32_t hy_graph_first(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task)
{
    return next_match(g, hy_course_of(g, leaf)->steps, task);
}

uint32_t hy_graph_next(const struct hy_graph *g, uint32_t step)
{
    return next_match(g, hy_step_at(g, step)->next_of_rsc, hy_step_at(g, step)->task);
}

uint32_t hy_graph_find(const struct hy_graph *g, const struct hy_srsc *leaf, enum hy_task task, uint32_t node)
{
    uint32_t at = hy_graph_first(g, leaf, task);
    while (at != HY_NO_ACTION && node != HY_NO_NODE && hy_step_at(g, at)->node != node)
        at = hy_graph_next(g, at);
    return at;
}

void hy_graph_link(struct hy_graph *g, uint32_t first, uint32_t then, uint32_t marks)
{
    if (first == HY_NO_ACTION || then == HY_NO_ACTION || first == then)
        return;
    struct hy_link *link = hy_vec_add(&g->links);
    uint32_t number = (uint32_t)g->links.count - 1;
    *link = (struct hy_link){.first = first,
                             .then = then,
                             .marks = marks,
                             .next_out = hy_step_at(g, first)->out,
                             .next_in = hy_step_at(g, then)->in};
    hy_step_at(g, first)->out = number;
    hy_step_at(g, then)->in = number;
}

void hy_graph_call(struct hy_graph *g, uint32_t step)
{
    if (step != HY_NO_ACTION)
        hy_step_at(g, step)->marks &= ~(uint32_t)HY_OPTIONAL;
}

uint32_t hy_graph_undo(struct hy_graph *g, uint32_t number)
{
    struct hy_step *step = hy_step_at(g, number);
    step->marks &= ~(uint32_t)HY_RUNNABLE;
    uint32_t stop = step->task == HY_TASK_START ? hy_graph_find(g, step->rsc, HY_TASK_STOP, step->node) : HY_NO_ACTION;
    if (stop == HY_NO_ACTION || !hy_step_is(g, stop, HY_RUNNABLE))
        return HY_NO_ACTION;
    if (hy_step_is(g, stop, HY_OPTIONAL))
        hy_step_at(g, stop)->called_by = number;
    hy_graph_call(g, stop);
    return stop;
}
