/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders, lane by lane: a lane is one resource instance, and in it one operation runs after the other, in the order
 * they came. Lanes run side by side, `max_children` operations at once. Recurring operations belong to their lane.
 */
#ifndef HY_EXECUTOR_QUEUE_H
#define HY_EXECUTOR_QUEUE_H

#include "executor/active.h"

struct hy_queue;

struct hy_queue_spec {
    struct hy_loop *loop;
    const struct hy_exec_env *env;
    struct hy_actives *actives;
    struct hy_warm *warm; /* NULL: none */
    int max_children;
    void (*outcome)(void *context, const struct hy_outcome *outcome);
    void (*event)(void *context, const struct hy_outcome *event);
    bool (*lease_holds)(void *context, uint32_t epoch); /* for what was ordered in that epoch; 0: whichever */
    void *context;
};

struct hy_queue *hy_queue_new(const struct hy_queue_spec *spec);
void hy_queue_free(struct hy_queue **queue); /* nothing may be running */

/* Takes the order over. An order that has been taken before (its id) is answered again, not run again. */
void hy_queue_order(struct hy_queue *queue, struct hy_operation *operation);

/* All that is active here, or may be soon: what has been started (exec=done), what is being changed (pending), and what has been
 * ordered to change and has not begun (pending). For a DC that is new, and decides by this. Borrowed for the call. */
typedef void hy_active_fn(void *context, const struct hy_outcome *active);
void hy_queue_report(const struct hy_queue *queue, hy_active_fn *report, void *context);

/* What is not managed from now on: names, each on a line, without the number of an instance; "*": all. */
void hy_queue_hands_off(struct hy_queue *queue, const char *names);

/* There is a new core: recurring operations end, what only waits is dropped, what runs is finished. */
void hy_queue_forget_orders(struct hy_queue *queue);

/* Stops what is under the lease, at once: what runs there is killed (but for a stop), those that let go fast go first.
 * Calls done() when all have answered. False: such a release is under way. `why`: a literal, for people. */
typedef void hy_released_fn(void *context, bool clean, const char *report);
bool hy_queue_release(struct hy_queue *queue, const char *why, hy_released_fn *done, void *context);

bool hy_queue_is_releasing(const struct hy_queue *queue);

/* Ends all that runs, with `grace` between SIGTERM and SIGKILL, and takes nothing any more. idle() when nothing
 * runs. */
void hy_queue_end(struct hy_queue *queue, hy_time grace, void (*idle)(void *context), void *context);

#endif
