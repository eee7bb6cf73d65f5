/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a loop until a condition holds; fails the test after a time that is no measure of anything. */
#ifndef TESTS_LIB_ZWAIT_H
#define TESTS_LIB_ZWAIT_H

#include "loop/loop.h"

#include <check.h>

enum { ZWAIT_LOOK_MS = 5 };

static const hy_time zwait_patience = 60 * HY_SECOND;

struct zwait {
    struct hy_loop *loop;
    struct hy_timer look;
};

static inline void zwait_open(struct zwait *wait)
{
    struct hy_err err = {{0}};
    *wait = (struct zwait){.loop = NULL};
    ck_assert_msg(hy_loop_new(&wait->loop, &err) == 0, "%s", err.text);
}

static inline void zwait_close(struct zwait *wait)
{
    hy_loop_unset(wait->loop, &wait->look);
    hy_loop_free(&wait->loop);
}

static inline void zwait_look(void *context)
{
    struct zwait *wait = context;
    hy_loop_stop(wait->loop);
}

/* One short run of the loop. */
static inline void zwait_turn(struct zwait *wait)
{
    struct hy_err err = {{0}};
    hy_loop_at(wait->loop, &wait->look, hy_loop_now() + ZWAIT_LOOK_MS * HY_MS, zwait_look, wait);
    ck_assert_msg(hy_loop_run(wait->loop, &err) == 0, "%s", err.text);
}

static inline void zwait_until(struct zwait *wait, bool (*condition)(void *arg), void *arg, const char *what)
{
    hy_time end = hy_loop_now() + zwait_patience;
    while (!condition(arg)) {
        ck_assert_msg(hy_loop_now() <= end, "waited in vain until %s", what);
        zwait_turn(wait);
    }
}

#endif
