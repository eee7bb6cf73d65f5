/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/run.h"
#include "loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

static struct hy_loop *loop;

/* A pipe's end in the loop, and what its callback is to do. */
struct end {
    struct hy_watched watched;
    int calls, again_calls, again; /* again: how often it still wants to be called */
    uint32_t events;
    int stop_after;
    struct end *unwatch; /* may be itself */
    bool drain;
};

static struct end *freed;

static void ready(void *context)
{
    struct end *end = context;
    uint64_t count;
    end->calls++;
    end->events = end->watched.events;
    if (!end->watched.events)
        end->again_calls++;
    if (end->drain)
        ck_assert_int_ne(read(end->watched.fd, &count, sizeof count), 0);
    if (end->again) {
        end->again--;
        hy_loop_again(loop, &end->watched);
        hy_loop_again(loop, &end->watched); /* once is as good as twice */
    }
    if (end->stop_after && end->calls >= end->stop_after)
        hy_loop_stop(loop);
    struct end *gone = end->unwatch;
    if (gone) {
        end->unwatch = NULL;
        int fd = gone->watched.fd;
        hy_loop_unwatch(loop, &gone->watched);
        close(fd);
        hy_loop_unwatch(loop, &gone->watched); /* it is none any more: nothing happens */
        if (gone == freed)
            free(gone);
    }
}

static void open_end(struct end *end, unsigned value)
{
    int fd = eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(hy_loop_watch(loop, &end->watched, fd, ready, end), 0);
}

static void close_end(struct end *end)
{
    int fd = end->watched.fd;
    hy_loop_unwatch(loop, &end->watched);
    close(fd);
}

static void run(void)
{
    struct hy_err err = {{0}};
    ck_assert_msg(hy_loop_run(loop, &err) == 0, "%s", err.text);
}

static void set_up(void)
{
    struct hy_err err = {{0}};
    ck_assert_msg(hy_loop_new(&loop, &err) == 0, "%s", err.text);
}

static void tear_down(void)
{
    hy_loop_free(&loop);
    hy_loop_free(&loop);
}

/* ---- descriptors ---- */

START_TEST(what_is_ready_is_called_until_it_is_not)
{
    struct end one = {.stop_after = 3}, quiet = {.calls = 0};
    open_end(&one, 1);
    open_end(&quiet, 0);
    run();
    ck_assert_int_eq(one.calls, 3);
    ck_assert_uint_eq(one.events, HY_LOOP_READ);
    ck_assert_int_eq(quiet.calls, 0);
    struct hy_watched second;
    ck_assert_int_eq(hy_loop_watch(loop, &second, one.watched.fd, ready, &one), -EEXIST);
    ck_assert_int_eq(second.fd, -1);
    close_end(&one);
    close_end(&quiet);
}
END_TEST

START_TEST(write_and_both_are_told_apart)
{
    struct end one = {.stop_after = 1};
    open_end(&one, 1);
    ck_assert_int_eq(hy_loop_want(loop, &one.watched, HY_LOOP_WRITE), 0);
    run();
    ck_assert_uint_eq(one.events, HY_LOOP_WRITE);
    ck_assert_int_eq(hy_loop_want(loop, &one.watched, HY_LOOP_READ | HY_LOOP_WRITE), 0);
    run();
    ck_assert_uint_eq(one.events, HY_LOOP_READ | HY_LOOP_WRITE);
    close_end(&one);
    /* The end of a pipe that nobody reads is an error, told to whoever waits to write. */
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    one = (struct end){.stop_after = 1};
    ck_assert_int_eq(hy_loop_watch(loop, &one.watched, ends[1], ready, &one), 0);
    close(ends[0]);
    run();
    ck_assert(one.events & HY_LOOP_READ);
    close_end(&one);
}
END_TEST

/* Each is unwatched by the other or itself, in the very turn in which both are ready; memory that is gone is not
 * touched (the sanitizers look). */
START_TEST(who_is_out_is_not_called)
{
    struct end a = {.calls = 0}, b = {.calls = 0}, stop = {.stop_after = 4, .again = 100};
    open_end(&a, 1);
    open_end(&b, 1);
    a.unwatch = &b;
    b.unwatch = &a;
    open_end(&stop, 1);
    run();
    ck_assert_int_eq(a.calls && b.calls, 0);
    ck_assert_int_ge(a.calls + b.calls, 3);
    close_end(a.watched.fd >= 0 ? &a : &b);
    freed = calloc(1, sizeof *freed);
    freed->unwatch = freed;
    freed->again = 2;
    open_end(freed, 1);
    stop.calls = 0;
    run();
    close_end(&stop);
}
END_TEST

START_TEST(again_is_once_more_and_before_any_sleep)
{
    struct end one = {.drain = true, .again = 3, .stop_after = 4}, other = {.calls = 0};
    open_end(&one, 1);
    open_end(&other, 0);
    run(); /* would sleep for ever after the first call */
    ck_assert_int_eq(one.calls, 4);
    ck_assert_int_eq(one.again_calls, 3);
    /* From outside, and taken back. */
    one.stop_after = 5;
    hy_loop_again(loop, &one.watched);
    hy_loop_again(loop, &other.watched);
    hy_loop_unwatch(loop, &(struct hy_watched){.fd = -1});
    int fd = other.watched.fd;
    hy_loop_unwatch(loop, &other.watched);
    close(fd);
    run();
    ck_assert_int_eq(other.calls, 0);
    ck_assert_int_eq(one.calls, 5);
    close_end(&one);
}
END_TEST

START_TEST(who_comes_again_does_not_keep_the_others_waiting)
{
    struct end greedy = {.again = 1000000}, other = {.stop_after = 50};
    open_end(&greedy, 1);
    open_end(&other, 1);
    run();
    ck_assert_int_ge(greedy.calls, 45);
    ck_assert_int_le(greedy.calls, 55); /* once a turn, ready and again together */
    close_end(&greedy);
    close_end(&other);
}
END_TEST

/* ---- time ---- */

struct alarm {
    struct hy_timer timer;
    hy_time at[4];
    int count, stop_after;
};

static void ring(void *context)
{
    struct alarm *alarm = context;
    ck_assert_int_lt(alarm->count, 4);
    alarm->at[alarm->count++] = hy_loop_now();
    if (alarm->count == alarm->stop_after)
        hy_loop_stop(loop);
}

START_TEST(timers_come_in_order_and_not_too_soon)
{
    struct alarm first = {.count = 0}, never = {.count = 0}, last = {.stop_after = 1};
    hy_time now = hy_loop_now();
    hy_loop_at(loop, &last.timer, now + 30 * HY_MS, ring, &last);
    hy_loop_at(loop, &first.timer, now + 10 * HY_MS, ring, &first);
    hy_loop_at(loop, &never.timer, now + 5 * HY_MS, ring, &never);
    hy_loop_at(loop, &never.timer, HY_NEVER, ring, &never);
    run();
    ck_assert_int_eq(never.count, 0);
    ck_assert_int_eq(first.count, 1);
    ck_assert_int_ge(first.at[0], now + 10 * HY_MS);
    ck_assert_int_ge(last.at[0], now + 30 * HY_MS);
    ck_assert_int_le(first.at[0], last.at[0]);
}
END_TEST

/* The kernel's timer is left as it is when the next is later: it must still come, and at its own time. */
START_TEST(a_timer_that_is_moved_comes_at_its_new_time)
{
    struct alarm alarm = {.stop_after = 1};
    hy_time now = hy_loop_now();
    hy_loop_at(loop, &alarm.timer, now + 10 * HY_MS, ring, &alarm);
    hy_loop_at(loop, &alarm.timer, now + 60 * HY_MS, ring, &alarm);
    run();
    ck_assert_int_ge(alarm.at[0], now + 60 * HY_MS);
    /* Set in the past, it is due at once; and a longer wait behind it is one. */
    now = hy_loop_now();
    alarm.count = 0;
    hy_loop_at(loop, &alarm.timer, 0, ring, &alarm);
    run();
    hy_loop_at(loop, &alarm.timer, hy_loop_now() + 20 * HY_MS, ring, &alarm);
    alarm.stop_after = 2;
    run();
    ck_assert_int_ge(alarm.at[1], now + 20 * HY_MS);
}
END_TEST

static double cpu_seconds(void)
{
    struct rusage usage;
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* What has fired and is not set anew must not keep the loop awake. */
START_TEST(an_idle_loop_sleeps)
{
    struct alarm early = {.count = 0};
    struct end wake = {.stop_after = 1};
    open_end(&wake, 0);
    hy_loop_at(loop, &early.timer, hy_loop_now() + 5 * HY_MS, ring, &early);
    pid_t waker = fork();
    if (!waker) {
        usleep(500 * 1000);
        uint64_t one = 1;
        _exit(write(wake.watched.fd, &one, sizeof one) != sizeof one);
    }
    double before = cpu_seconds();
    run();
    ck_assert_double_lt(cpu_seconds() - before, 0.2);
    ck_assert_int_eq(early.count, 1);
    close_end(&wake);
}
END_TEST

START_TEST(stop_is_at_once)
{
    struct end a = {.stop_after = 1}, b = {.stop_after = 1};
    open_end(&a, 1);
    open_end(&b, 1);
    run();
    ck_assert_int_eq(a.calls + b.calls, 1);
    close_end(&a);
    close_end(&b);
}
END_TEST

static void count_release(void *context)
{
    ++*(int *)context;
}

START_TEST(what_is_left_over_is_released_with_the_loop)
{
    struct hy_leftover left[4];
    int released[4] = {0};
    for (size_t i = 0; i < 4; i++)
        hy_loop_leave(loop, &left[i], count_release, &released[i]);
    hy_loop_collect(loop, &left[3]); /* the newest, one in the middle, the oldest */
    hy_loop_collect(loop, &left[1]);
    hy_loop_collect(loop, &left[0]);
    hy_loop_free(&loop);
    ck_assert_int_eq(released[2], 1);
    ck_assert_int_eq(released[0] + released[1] + released[3], 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_is_ready_is_called_until_it_is_not);
    tcase_add_test(tcase, write_and_both_are_told_apart);
    tcase_add_test(tcase, who_is_out_is_not_called);
    tcase_add_test(tcase, again_is_once_more_and_before_any_sleep);
    tcase_add_test(tcase, who_comes_again_does_not_keep_the_others_waiting);
    tcase_add_test(tcase, timers_come_in_order_and_not_too_soon);
    tcase_add_test(tcase, a_timer_that_is_moved_comes_at_its_new_time);
    tcase_add_test(tcase, an_idle_loop_sleeps);
    tcase_add_test(tcase, stop_is_at_once);
    tcase_add_test(tcase, what_is_left_over_is_released_with_the_loop);
    return run_suite(suite);
}
