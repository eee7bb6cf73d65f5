/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/ticker.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>

struct hy_ticker {
    struct hy_loop *loop;
    struct hy_timer timer;
    hy_time period;
    void (*due)(void *context);
    void *context;
};

static void expired(void *context)
{
    struct hy_ticker *self = context;
    hy_time now = hy_loop_now(), next = self->timer.at + self->period;
    /* Set before the call, in which it may be stopped and be no more. */
    hy_loop_at(self->loop, &self->timer, next > now ? next : now + self->period, expired, self);
    self->due(self->context);
}

int hy_ticker_start(struct hy_loop *loop, int64_t ms, void (*due)(void *context), void *context,
                    struct hy_ticker **timer, struct hy_err *err)
{
    if (ms < 1)
        return hy_fail(err, EINVAL, "a timer of %lld ms: it must be 1 or more", (long long)ms);
    struct hy_ticker *self = hy_alloc(sizeof *self);
    *self = (struct hy_ticker){.loop = loop, .period = ms * HY_MS, .due = due, .context = context};
    hy_loop_at(loop, &self->timer, hy_loop_now() + self->period, expired, self);
    *timer = self;
    return 0;
}

void hy_ticker_stop(struct hy_ticker **timer)
{
    struct hy_ticker *self = *timer;
    if (!self)
        return;
    *timer = NULL;
    hy_loop_unset(self->loop, &self->timer);
    free(self);
}
