/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watchdog device, and an executor that feeds it. The device is a file here: what was written to it is what it was fed
 * with. This program is linked so that ioctl(2) on such a file is answered as a driver would (--wrap=ioctl); nothing else
 * differs from a real one. No host is reset.
 */
#include "executor_bench.h"

#include "agent_test/handover.h"
#include "executor/watchdog.h"
#include "lib/folder.h"
#include "lib/run.h"

#include <errno.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* ---- the driver */

static struct {
    int no_device;   /* it is some other device: what ioctl() fails with */
    int no_timeout;  /* the time cannot be set: what that fails with */
    int timeout;     /* 0: as it was asked for */
    uint32_t lacks;  /* of WDIOF_ */
    int boot_status; /* of WDIOF_ */
    int set;         /* what was asked for last */
} driver;

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

static bool is_device(int fd)
{
    char path[64], target[256] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(path, target, sizeof target - 1);
    return size > 9 && strcmp(target + size - 9, "/watchdog") == 0;
}

static int answer(unsigned long request, void *argument)
{
    if (driver.no_device) {
        errno = driver.no_device;
        return -1;
    }
    switch (request) {
    case WDIOC_GETSUPPORT: {
        struct watchdog_info info = {.options =
                                         (WDIOF_SETTIMEOUT | WDIOF_KEEPALIVEPING | WDIOF_MAGICCLOSE) & ~driver.lacks,
                                     .identity = "stand-in"};
        memcpy(argument, &info, sizeof info);
        return 0;
    }
    case WDIOC_SETTIMEOUT:
        errno = driver.no_timeout;
        memcpy(&driver.set, argument, sizeof driver.set);
        return driver.no_timeout ? -1 : 0;
    case WDIOC_GETTIMEOUT:
        memcpy(argument, driver.timeout ? &driver.timeout : &driver.set, sizeof(int));
        return 0;
    case WDIOC_GETBOOTSTATUS:
        memcpy(argument, &driver.boot_status, sizeof(int));
        return 0;
    default:
        errno = ENOTTY;
        return -1;
    }
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return is_device(fd) ? answer(request, argument) : __real_ioctl(fd, request, argument);
}

/* ---- what it was fed with */

static char *food(const struct bench *bench)
{
    char *path = hy_asprintf("%s/watchdog", bench->folder);
    char *text = file_read(path, &(size_t){0});
    ck_assert_ptr_nonnull(text);
    free(path);
    return text;
}

static size_t feeds(const struct bench *bench)
{
    char *text = food(bench);
    size_t count = strlen(text);
    free(text);
    return count;
}

static bool is_stopped(const struct bench *bench)
{
    char *text = food(bench);
    bool stopped = strchr(text, 'V') != NULL;
    if (stopped)
        ck_assert_str_eq(strchr(text, 'V'), "V"); /* nothing after it */
    free(text);
    return stopped;
}

static bool log_has(const struct bench *bench, const char *words)
{
    char *path = hy_asprintf("%s/executor.log", bench->folder);
    char *log = file_read(path, &(size_t){0});
    bool has = log && strstr(log, words);
    free(log);
    free(path);
    return has;
}

#define FED_AGAIN(bench)                                                                                               \
    do {                                                                                                               \
        size_t before = feeds(bench);                                                                                  \
        BENCH_UNTIL(feeds(bench) >= before + 3);                                                                       \
    } while (0)

/* Longer than the time that the device has: it would have bitten. */
static bool is_hungry(const struct bench *bench)
{
    size_t before = feeds(bench);
    hy_time end = bench_now() + 1200 * HY_MS;
    while (bench_now() < end)
        bench_pause();
    return feeds(bench) == before;
}

static void open_fed(struct bench *bench)
{
    driver.timeout = 1; /* so it is fed each 200 ms */
    bench_open_with_watchdog(bench);
    FED_AGAIN(bench);
}

/* ---- opening */

static void keep_log(void *context, enum hy_log_level level, const char *line)
{
    hy_buf_addf(context, "%d %s\n", (int)level, line);
}

struct opened {
    char *folder, *device;
    struct hy_buf log;
    struct hy_watchdog *watchdog;
    struct hy_err err;
    int rc;
};

static void open_alone(struct opened *opened, hy_time timeout)
{
    *opened = (struct opened){.folder = folder_make()};
    opened->device = hy_asprintf("%s/watchdog", opened->folder);
    file_write(opened->device, "", 0, 0600);
    const struct hy_log log = {.write = keep_log, .context = &opened->log, .level = HY_LOG_DEBUG};
    opened->rc = hy_watchdog_open(opened->device, timeout, &log, &opened->watchdog, &opened->err);
    if (opened->rc)
        return;
    struct hy_buf told = {0};
    hy_watchdog_describe(opened->watchdog, &told);
    hy_buf_addf(&opened->log, "described: %s\n", strstr(told.data, "/watchdog"));
    hy_watchdog_close(&opened->watchdog, true);
    hy_buf_free(&told);
}

static void close_alone(struct opened *opened)
{
    hy_buf_free(&opened->log);
    free(opened->device);
    folder_remove(opened->folder);
}

static void expect_words(const struct opened *opened, const char *words)
{
    ck_assert_msg(strstr(hy_buf_text(&opened->log), words) != NULL, "\"%s\" is not in:\n%s", words,
                  hy_buf_text(&opened->log));
}

START_TEST(it_is_told_what_it_is)
{
    struct opened opened;
    open_alone(&opened, 30 * HY_SECOND);
    ck_assert_int_eq(opened.rc, 0);
    ck_assert_int_eq(driver.set, 30);
    expect_words(&opened, "(stand-in): this host is reset 30 s after the executor has come to a stop");
    expect_words(&opened, "described: /watchdog (stand-in), 30 s\n");
    expect_words(&opened, "is stopped");
    ck_assert_ptr_null(strstr(opened.log.data, "nowayout"));
    close_alone(&opened);
}
END_TEST

START_TEST(what_it_does_not_do_is_told)
{
    struct opened opened;
    driver.timeout = 60;
    driver.lacks = WDIOF_MAGICCLOSE;
    driver.boot_status = WDIOF_CARDRESET;
    open_alone(&opened, 30 * HY_SECOND);
    expect_words(&opened, ": 30 s were asked for, it took 60 s");
    expect_words(&opened, "cannot be stopped (nowayout)");
    expect_words(&opened, "it was what reset this host the last time");
    expect_words(&opened, "described: /watchdog (stand-in), 60 s, cannot be stopped\n");
    expect_words(&opened, "goes on: this host is reset in 60 s");
    close_alone(&opened);
    driver.no_timeout = EOPNOTSUPP;
    open_alone(&opened, 30 * HY_SECOND);
    expect_words(&opened, "its time cannot be set (Operation not supported): it is 60 s\n");
    close_alone(&opened);
}
END_TEST

START_TEST(what_is_no_watchdog_is_refused)
{
    struct opened opened;
    struct hy_err err;
    driver.no_device = ENOTTY;
    open_alone(&opened, 30 * HY_SECOND);
    ck_assert_int_eq(opened.rc, -ENODEV);
    ck_assert_ptr_nonnull(strstr(opened.err.text, "/watchdog: this is no watchdog device (Inappropriate ioctl"));
    ck_assert_int_eq(hy_watchdog_check(opened.device, &err), -ENODEV);
    ck_assert_ptr_nonnull(strstr(err.text, "not a character device"));
    struct hy_watchdog *watchdog;
    ck_assert_int_eq(hy_watchdog_open("/nonexistent/watchdog", HY_SECOND, NULL, &watchdog, &err), -ENOENT);
    ck_assert_str_eq(err.text, "watchdog /nonexistent/watchdog: No such file or directory");
    ck_assert_int_eq(hy_watchdog_check("/nonexistent/watchdog", &err), -ENOENT);
    ck_assert_int_eq(hy_watchdog_check("/dev/null", &err), 0); /* more cannot be told without opening it */
    close_alone(&opened);
}
END_TEST

/* ---- feeding */

START_TEST(an_executor_that_stands_still_does_not_feed)
{
    struct bench bench;
    open_fed(&bench);
    ck_assert_int_eq(kill(bench.executor, SIGSTOP), 0);
    BENCH_UNTIL(process_state(bench.executor) == 'T');
    ck_assert(is_hungry(&bench));
    ck_assert_int_eq(kill(bench.executor, SIGCONT), 0);
    FED_AGAIN(&bench);
    ck_assert(!is_stopped(&bench));
    ck_assert_int_eq(kill(bench.executor, SIGTERM), 0);
    int status;
    ck_assert_int_eq(waitpid(bench.executor, &status, 0), bench.executor);
    ck_assert_int_eq(status, 0);
    ck_assert(is_stopped(&bench));
    bench_clean(&bench);
}
END_TEST

START_TEST(a_core_that_is_dead_or_stands_still_does_not_matter)
{
    struct bench bench;
    open_fed(&bench);
    ck_assert_int_eq(kill(bench.core, SIGSTOP), 0);
    FED_AGAIN(&bench);
    ck_assert_int_eq(kill(bench.core, SIGKILL), 0);
    bench_accept_core(&bench);
    FED_AGAIN(&bench);
    bench_close(&bench);
}
END_TEST

START_TEST(a_killed_executor_leaves_it_running)
{
    struct bench bench;
    open_fed(&bench);
    ck_assert_int_eq(kill(bench.executor, SIGKILL), 0);
    int status;
    ck_assert_int_eq(waitpid(bench.executor, &status, 0), bench.executor);
    ck_assert(!is_stopped(&bench));
    bench_clean(&bench);
}
END_TEST

/* Others have been given it, and here it cannot be stopped: only a reset helps. */
START_TEST(what_cannot_be_stopped_after_the_lease_lets_it_go_hungry)
{
    struct bench bench;
    open_fed(&bench);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.stuck", "");
    bench_expect(&bench, bench_order_leased(&bench, "a", "ocf:test:good", "start", NULL), HY_EXEC_DONE, 0, NULL);
    FED_AGAIN(&bench);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(!news.clean);
    hy_outcome_free(&news.outcome);
    BENCH_UNTIL(log_has(&bench,
                        "is not fed: the lease has ended, and what is under it cannot be stopped. If that does not "
                        "change this host is reset in 1 s"));
    ck_assert(is_hungry(&bench));
    bench_remove(&bench, "a.stuck");
    FED_AGAIN(&bench);
    ck_assert(log_has(&bench, "is fed again"));
    bench_close(&bench);
}
END_TEST

START_TEST(what_takes_its_time_to_stop_does_not)
{
    struct bench bench;
    open_fed(&bench);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.slow", "");
    bench_expect(&bench, bench_order_leased(&bench, "a", "ocf:test:good", "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "a stop begin") == 1);
    for (int i = 0; i < 3; i++)
        FED_AGAIN(&bench);
    ck_assert(!log_has(&bench, "is not fed"));
    bench_remove(&bench, "a.slow");
    bench_close(&bench);
}
END_TEST

/* Nor is it stopped when such a one is left at the end. */
START_TEST(an_end_that_leaves_something_behind_leaves_it_running)
{
    struct bench bench;
    open_fed(&bench);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.stuck", "");
    bench_expect(&bench, bench_order_leased(&bench, "a", "ocf:test:good", "start", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_int_eq(kill(bench.executor, SIGTERM), 0);
    int status;
    ck_assert_int_eq(waitpid(bench.executor, &status, 0), bench.executor);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    ck_assert(!is_stopped(&bench));
    ck_assert(log_has(&bench, "goes on: this host is reset in 1 s"));
    bench_clean(&bench);
}
END_TEST

/* A child that had it open would keep the next life of the daemon from opening it. */
START_TEST(nobody_else_has_it)
{
    struct bench bench;
    open_fed(&bench);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, bench_order_leased(&bench, "a", "ocf:test:fast", "start", NULL), HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(process_children(bench.executor, "halyard-warm", NULL) == 1);
    BENCH_UNTIL(bench_count_lines(&bench, "a watch begin") == 1);
    char *mine = hy_asprintf("test -z \"$(ls -l $(for p in $(grep -l '^PPid:[[:space:]]*%d$' /proc/[0-9]*/status "
                             "2>/dev/null); do echo ${p%%status}fd/; done) 2>/dev/null | grep '/watchdog$')\"",
                             (int)bench.executor);
    char *own = hy_asprintf("ls -l /proc/%d/fd | grep -q '/watchdog$'", (int)bench.executor);
    ck_assert_int_eq(system(mine), 0);
    ck_assert_int_eq(system(own), 0);
    free(mine);
    free(own);
    bench_close(&bench);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "core") == 0)
        return handover_core_main(argc, argv);
    Suite *suite = suite_create("watchdog");
    TCase *tcase = tcase_create("device");
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, it_is_told_what_it_is);
    tcase_add_test(tcase, what_it_does_not_do_is_told);
    tcase_add_test(tcase, what_is_no_watchdog_is_refused);
    tcase_add_test(tcase, an_executor_that_stands_still_does_not_feed);
    tcase_add_test(tcase, a_core_that_is_dead_or_stands_still_does_not_matter);
    tcase_add_test(tcase, a_killed_executor_leaves_it_running);
    tcase_add_test(tcase, what_cannot_be_stopped_after_the_lease_lets_it_go_hungry);
    tcase_add_test(tcase, what_takes_its_time_to_stop_does_not);
    tcase_add_test(tcase, an_end_that_leaves_something_behind_leaves_it_running);
    tcase_add_test(tcase, nobody_else_has_it);
    return run_suite(suite);
}
