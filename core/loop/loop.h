/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of one thread, the executor's and the core's: descriptors by epoll, points in time by one timerfd on
 * CLOCK_BOOTTIME (exact to what the kernel can do, and going on while the host sleeps, as a lease does). Watches and
 * timers live in their owners' structs. In every callback any function but hy_loop_free() and hy_loop_run() may be
 * called, also on the watch or timer that is being called back, whose struct may be freed once it is out of the loop.
 */
#ifndef HY_LOOP_LOOP_H
#define HY_LOOP_LOOP_H

#include "base/err.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hy_loop;

enum { HY_LOOP_READ = 1, HY_LOOP_WRITE = 2 };

struct hy_watched {
    int fd;          /* -1: not watched. The owner closes it, after hy_loop_unwatch() */
    uint32_t events; /* for ready(): what it is ready for; 0: it is called by hy_loop_again() alone */
    void (*ready)(void *context);
    void *context;
    bool again; /* the loop's own */
};

struct hy_timer {
    hy_time at;
    void (*due)(void *context);
    void *context;
    size_t place; /* in the heap, from 1; 0: not set. A zeroed struct is a timer that is not set */
};

/* What goes on by itself, and belongs to nobody else any more: a process that is on its way out, a pipe that is read dry. */
struct hy_leftover {
    struct hy_leftover *next, *prev;
    void (*release)(void *context);
    void *context;
};

hy_time hy_loop_now(void); /* CLOCK_BOOTTIME */

int hy_loop_new(struct hy_loop **loop, struct hy_err *err);
void hy_loop_free(struct hy_loop **loop);

/* Calls ready() when `fd` can be read, and at its end or error. It is told again and again as long as there is
 * something. -EEXIST: it is watched already. */
int hy_loop_watch(struct hy_loop *loop, struct hy_watched *watched, int fd, void (*ready)(void *context),
                  void *context);
/* What it is watched for from now on: HY_LOOP_READ, HY_LOOP_WRITE or both; an end or an error is always told, as READ. */
int hy_loop_want(struct hy_loop *loop, struct hy_watched *watched, uint32_t events);
/* Calls ready() in the next turn whether or not there is something; the loop does not sleep before that. For whoever
 * stopped before he had taken all, and the descriptor does not say so. */
void hy_loop_again(struct hy_loop *loop, struct hy_watched *watched);
/* Does nothing when it is not watched. */
void hy_loop_unwatch(struct hy_loop *loop, struct hy_watched *watched);

/* Calls due() once at `at`; moves the timer when it is set already. HY_NEVER unsets it. */
void hy_loop_at(struct hy_loop *loop, struct hy_timer *timer, hy_time at, void (*due)(void *context), void *context);
void hy_loop_unset(struct hy_loop *loop, struct hy_timer *timer);

/* Calls release() when the loop is freed, if it is still left over then. Lives in its owner's struct. */
void hy_loop_leave(struct hy_loop *loop, struct hy_leftover *leftover, void (*release)(void *context), void *context);
void hy_loop_collect(struct hy_loop *loop, struct hy_leftover *leftover);

/* Until hy_loop_stop(): after that nothing is called any more. */
int hy_loop_run(struct hy_loop *loop, struct hy_err *err);
void hy_loop_stop(struct hy_loop *loop);

#endif
