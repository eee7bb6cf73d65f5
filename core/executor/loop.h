/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor's one loop: descriptors by epoll, points in time by a timerfd on CLOCK_BOOTTIME (exact to what the
 * kernel can do, and going on while the host sleeps, as a lease does). Watches and timers live in their owners'
 * structs.
 */
#ifndef HY_EXECUTOR_LOOP_H
#define HY_EXECUTOR_LOOP_H

#include "base/err.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hy_loop;

struct hy_watched {
    int fd; /* -1: not watched. The owner closes it, after hy_loop_unwatch() */
    void (*ready)(void *context);
    void *context;
};

struct hy_timer {
    hy_time at;
    void (*due)(void *context);
    void *context;
    size_t place; /* in the heap, from 1; 0: not set. A zeroed struct is a timer that is not set */
};

hy_time hy_loop_now(void); /* CLOCK_BOOTTIME */

int hy_loop_new(struct hy_loop **loop, struct hy_err *err);
void hy_loop_free(struct hy_loop **loop);

/* Calls ready() when `fd` can be read (and at its end). It is told again and again as long as there is something. */
int hy_loop_watch(struct hy_loop *loop, struct hy_watched *watched, int fd, void (*ready)(void *context),
                  void *context);
int hy_loop_watch_writable(struct hy_loop *loop, struct hy_watched *watched, bool wanted);
void hy_loop_unwatch(struct hy_loop *loop, struct hy_watched *watched);

/* Calls due() once at `at`; moves the timer when it is set already. HY_NEVER unsets it. */
void hy_loop_at(struct hy_loop *loop, struct hy_timer *timer, hy_time at, void (*due)(void *context), void *context);
void hy_loop_unset(struct hy_loop *loop, struct hy_timer *timer);

/* Until hy_loop_stop(). */
int hy_loop_run(struct hy_loop *loop, struct hy_err *err);
void hy_loop_stop(struct hy_loop *loop);

#endif
