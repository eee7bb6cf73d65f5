/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/loop.h"

#include "base/vec.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 32 };

struct hy_loop {
    int epoll;
    int timerfd;
    hy_time armed; /* what the timerfd is set to */
    bool fired;    /* it has, and is to be set anew */
    HY_VEC(struct hy_timer *) heap;
    HY_VEC(struct hy_watched *) again;         /* to be called in the next turn; NULL: unwatched since */
    struct epoll_event events[EVENTS_AT_ONCE]; /* being handled: an unwatched one is struck out */
    int event_count;
    struct hy_leftover *leftovers;
    bool stop;
};

hy_time hy_loop_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (hy_time)time.tv_sec * HY_SECOND + time.tv_nsec / 1000;
}

int hy_loop_new(struct hy_loop **loop, struct hy_err *err)
{
    struct hy_loop *made = hy_alloc(sizeof *made);
    made->armed = HY_NEVER;
    made->timerfd = -1;
    made->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (made->epoll >= 0)
        made->timerfd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (made->timerfd < 0 || epoll_ctl(made->epoll, EPOLL_CTL_ADD, made->timerfd, &event)) {
        int rc = hy_fail(err, errno, "cannot make an event loop: %s", strerror(errno));
        hy_loop_free(&made);
        return rc;
    }
    *loop = made;
    return 0;
}

void hy_loop_free(struct hy_loop **loop)
{
    if (!*loop)
        return;
    while ((*loop)->leftovers) {
        struct hy_leftover *leftover = (*loop)->leftovers;
        hy_loop_collect(*loop, leftover);
        leftover->release(leftover->context);
    }
    if ((*loop)->timerfd >= 0)
        close((*loop)->timerfd);
    if ((*loop)->epoll >= 0)
        close((*loop)->epoll);
    hy_vec_free(&(*loop)->heap);
    hy_vec_free(&(*loop)->again);
    free(*loop);
    *loop = NULL;
}

void hy_loop_leave(struct hy_loop *loop, struct hy_leftover *leftover, void (*release)(void *context), void *context)
{
    *leftover = (struct hy_leftover){.next = loop->leftovers, .release = release, .context = context};
    if (leftover->next)
        leftover->next->prev = leftover;
    loop->leftovers = leftover;
}

void hy_loop_collect(struct hy_loop *loop, struct hy_leftover *leftover)
{
    if (leftover->prev)
        leftover->prev->next = leftover->next;
    else
        loop->leftovers = leftover->next;
    if (leftover->next)
        leftover->next->prev = leftover->prev;
}

/* ---- descriptors */

int hy_loop_watch(struct hy_loop *loop, struct hy_watched *watched, int fd, void (*ready)(void *context), void *context)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};
    *watched = (struct hy_watched){.fd = -1};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event))
        return -errno;
    *watched = (struct hy_watched){.fd = fd, .ready = ready, .context = context};
    return 0;
}

int hy_loop_want(struct hy_loop *loop, struct hy_watched *watched, uint32_t events)
{
    struct epoll_event event = {.data.ptr = watched};
    if (events & HY_LOOP_READ)
        event.events |= EPOLLIN;
    if (events & HY_LOOP_WRITE)
        event.events |= EPOLLOUT;
    return epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watched->fd, &event) ? -errno : 0;
}

void hy_loop_again(struct hy_loop *loop, struct hy_watched *watched)
{
    if (watched->again || watched->fd < 0)
        return;
    watched->again = true;
    hy_vec_push(&loop->again, watched);
}

void hy_loop_unwatch(struct hy_loop *loop, struct hy_watched *watched)
{
    if (watched->fd < 0)
        return;
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watched->fd, NULL);
    watched->fd = -1;
    watched->again = false;
    for (int i = 0; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watched)
            loop->events[i].events = 0;
    for (size_t i = 0; i < loop->again.count; i++)
        if (loop->again.items[i] == watched)
            loop->again.items[i] = NULL;
}

/* ---- timers: a binary heap, the soonest at 1 */

static struct hy_timer **slot(struct hy_loop *loop, size_t place)
{
    return &loop->heap.items[place - 1];
}

static void put(struct hy_loop *loop, size_t place, struct hy_timer *timer)
{
    *slot(loop, place) = timer;
    timer->place = place;
}

static void sift(struct hy_loop *loop, size_t place)
{
    struct hy_timer *timer = *slot(loop, place);
    for (; place > 1 && (*slot(loop, place / 2))->at > timer->at; place /= 2)
        put(loop, place, *slot(loop, place / 2));
    for (;;) {
        size_t child = place * 2;
        if (child < loop->heap.count && (*slot(loop, child + 1))->at < (*slot(loop, child))->at)
            child++;
        if (child > loop->heap.count || (*slot(loop, child))->at >= timer->at)
            break;
        put(loop, place, *slot(loop, child));
        place = child;
    }
    put(loop, place, timer);
}

void hy_loop_unset(struct hy_loop *loop, struct hy_timer *timer)
{
    size_t place = timer->place;
    if (!place)
        return;
    timer->place = 0;
    struct hy_timer *last = loop->heap.items[--loop->heap.count];
    if (last == timer)
        return;
    put(loop, place, last);
    sift(loop, place);
}

void hy_loop_at(struct hy_loop *loop, struct hy_timer *timer, hy_time at, void (*due)(void *context), void *context)
{
    hy_loop_unset(loop, timer);
    if (at == HY_NEVER)
        return;
    timer->at = at;
    timer->due = due;
    timer->context = context;
    hy_vec_push(&loop->heap, timer);
    timer->place = loop->heap.count;
    sift(loop, timer->place);
}

/*
 * A time that is set already and comes before the next is left: it costs one wake-up at most, and most timers that are
 * moved to later are moved again before that. Setting it also takes back that it has fired, so it is never read.
 */
static void arm(struct hy_loop *loop)
{
    hy_time next = loop->heap.count ? loop->heap.items[0]->at : HY_NEVER;
    if (!loop->fired && next >= loop->armed)
        return;
    loop->fired = false;
    loop->armed = next;
    struct itimerspec when = {.it_value = {.tv_sec = 0}};
    if (next != HY_NEVER) {
        hy_time at = next > 0 ? next : 1; /* zero would disarm it */
        when.it_value.tv_sec = at / HY_SECOND;
        when.it_value.tv_nsec = (long)(at % HY_SECOND * 1000);
    }
    timerfd_settime(loop->timerfd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void run_due(struct hy_loop *loop)
{
    hy_time now = hy_loop_now();
    while (!loop->stop && loop->heap.count && loop->heap.items[0]->at <= now) {
        struct hy_timer *timer = loop->heap.items[0];
        hy_loop_unset(loop, timer);
        timer->due(timer->context);
    }
}

/* ---- running */

static uint32_t told(uint32_t events)
{
    uint32_t mine = events & ~(uint32_t)EPOLLOUT ? HY_LOOP_READ : 0;
    return events & EPOLLOUT ? mine | HY_LOOP_WRITE : mine;
}

static void call_ready(struct hy_loop *loop)
{
    for (int i = 0; i < loop->event_count && !loop->stop; i++) {
        const struct epoll_event *event = &loop->events[i];
        struct hy_watched *watched = event->data.ptr;
        if (!watched) {
            loop->fired = true;
        } else if (event->events && !watched->again) { /* else it is called below, once a turn being enough */
            watched->events = told(event->events);
            watched->ready(watched->context);
        }
    }
    loop->event_count = 0;
}

/* Those that were in the list when the turn began. */
static void call_again(struct hy_loop *loop, size_t count)
{
    for (size_t i = 0; i < count && !loop->stop; i++) {
        struct hy_watched *watched = loop->again.items[i];
        if (!watched)
            continue;
        loop->again.items[i] = NULL;
        watched->again = false;
        watched->events = 0;
        watched->ready(watched->context);
    }
    size_t kept = 0;
    for (size_t i = 0; i < loop->again.count; i++)
        if (loop->again.items[i])
            loop->again.items[kept++] = loop->again.items[i];
    loop->again.count = kept;
}

int hy_loop_run(struct hy_loop *loop, struct hy_err *err)
{
    loop->stop = false;
    while (!loop->stop) {
        size_t again = loop->again.count;
        arm(loop);
        loop->event_count = epoll_wait(loop->epoll, loop->events, EVENTS_AT_ONCE, again ? 0 : -1);
        if (loop->event_count < 0 && errno != EINTR)
            return hy_fail(err, errno, "the event loop: %s", strerror(errno));
        /* What is due goes first: a deadline must not wait for a child's chatter. */
        run_due(loop);
        call_ready(loop);
        call_again(loop, again);
    }
    return 0;
}

void hy_loop_stop(struct hy_loop *loop)
{
    loop->stop = true;
}
