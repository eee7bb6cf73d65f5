/* SPDX-License-Identifier: Apache-2.0 */
/* The executor's loop (core/executor/loop.h) in virtual time: timers only, the rest comes as events of the world. */
#include "sim/internal.h"

/* hy_loop_now() has no argument: whose clock it is, is set before any of the executor's code is entered. */
static const struct hy_loop *present;

void sim_loop_enter(struct hy_loop *loop)
{
    present = loop;
    loop->world->trace.logging = loop->node;
}

hy_time hy_loop_now(void)
{
    return sim_local(present->world, present->node);
}

void hy_loop_unset(struct hy_loop *loop, struct hy_timer *timer)
{
    if (!timer->place)
        return;
    size_t at = timer->place - 1;
    timer->place = 0;
    hy_vec_remove(&loop->heap, at);
    for (; at < loop->heap.count; at++)
        loop->heap.items[at]->place = at + 1;
}

/* A node has a dozen of them: kept in order of time, the first set first. */
void hy_loop_at(struct hy_loop *loop, struct hy_timer *timer, hy_time at, void (*due)(void *context), void *context)
{
    hy_loop_unset(loop, timer);
    if (at == HY_NEVER)
        return;
    timer->at = at;
    timer->due = due;
    timer->context = context;
    size_t place = loop->heap.count;
    hy_vec_push(&loop->heap, timer);
    for (; place && loop->heap.items[place - 1]->at > at; place--) {
        loop->heap.items[place] = loop->heap.items[place - 1];
        loop->heap.items[place]->place = place + 1;
    }
    loop->heap.items[place] = timer;
    timer->place = place + 1;
}
