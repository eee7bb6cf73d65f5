/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a zloop until a condition holds; fails the test after a time that is no measure of anything. */
#ifndef TESTS_LIB_ZWAIT_H
#define TESTS_LIB_ZWAIT_H

#include <check.h>
#include <czmq.h>

enum { ZWAIT_PATIENCE_MS = 60000 };

struct zwait {
    zloop_t *loop;
    bool (*condition)(void *arg);
    void *arg;
    int64_t end;
};

static inline int zwait_look(zloop_t *loop, int id, void *arg)
{
    (void)loop, (void)id;
    struct zwait *wait = arg;
    return !wait->condition || wait->condition(wait->arg) || zclock_mono() > wait->end ? -1 : 0;
}

static inline void zwait_open(struct zwait *wait)
{
    *wait = (struct zwait){.loop = zloop_new()};
    zloop_timer(wait->loop, 5, 0, zwait_look, wait);
}

static inline void zwait_close(struct zwait *wait)
{
    zloop_destroy(&wait->loop);
}

/* One short run of the loop. */
static inline void zwait_turn(struct zwait *wait)
{
    wait->condition = NULL;
    zloop_start(wait->loop);
}

static inline void zwait_until(struct zwait *wait, bool (*condition)(void *arg), void *arg, const char *what)
{
    wait->condition = condition;
    wait->arg = arg;
    wait->end = zclock_mono() + ZWAIT_PATIENCE_MS;
    while (!condition(arg)) {
        ck_assert_msg(zclock_mono() <= wait->end, "waited in vain until %s", what);
        zloop_start(wait->loop);
    }
}

#endif
