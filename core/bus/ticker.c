/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/ticker.h"

#include "base/alloc.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct hy_ticker {
    zloop_t *loop;
    int fd;
    void (*due)(void *context);
    void *context;
};

static int expired(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    (void)loop;
    struct hy_ticker *timer = arg;
    uint64_t times;
    if (read(item->fd, &times, sizeof times) == sizeof times)
        timer->due(timer->context);
    return 0;
}

int hy_ticker_start(zloop_t *loop, int64_t ms, void (*due)(void *context), void *context, struct hy_ticker **timer,
                    struct hy_err *err)
{
    if (ms < 1)
        return hy_fail(err, EINVAL, "a timer of %lld ms: it must be 1 or more", (long long)ms);
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return hy_fail(err, errno, "cannot create a timer: %s", strerror(errno));
    struct timespec period = {ms / 1000, (long)(ms % 1000) * 1000000};
    struct itimerspec spec = {period, period};
    if (timerfd_settime(fd, 0, &spec, NULL)) {
        int error = errno;
        close(fd);
        return hy_fail(err, error, "cannot set a timer of %lld ms: %s", (long long)ms, strerror(error));
    }
    struct hy_ticker *self = hy_alloc(sizeof *self);
    *self = (struct hy_ticker){loop, fd, due, context};
    zmq_pollitem_t item = {.fd = fd, .events = ZMQ_POLLIN};
    if (zloop_poller(loop, &item, expired, self))
        hy_out_of_memory(sizeof item);
    *timer = self;
    return 0;
}

void hy_ticker_stop(struct hy_ticker **timer)
{
    struct hy_ticker *self = *timer;
    if (!self)
        return;
    *timer = NULL;
    zmq_pollitem_t item = {.fd = self->fd};
    zloop_poller_end(self->loop, &item);
    close(self->fd);
    free(self);
}
