/* SPDX-License-Identifier: Apache-2.0 */
#include "executor_bench.h"
#include "lib/folder.h"
#include "lib/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char good[] = "ocf:test:good", fast[] = "ocf:test:fast", nasty[] = "ocf:test:nasty";

static struct hy_operation monitor_of(const char *rsc, hy_time interval)
{
    return (struct hy_operation){.rsc = hy_strdup(rsc),
                                 .agent = hy_strdup(good),
                                 .op = hy_strdup("monitor"),
                                 .interval = interval,
                                 .timeout = 20 * HY_SECOND};
}

static uint64_t order_monitor(struct bench *bench, const char *rsc, hy_time interval, const char *params)
{
    struct hy_operation operation = monitor_of(rsc, interval);
    uint64_t id = bench_order_full(bench, &operation, params);
    hy_operation_free(&operation);
    return id;
}

static uint64_t order_cancel(struct bench *bench, const char *rsc, hy_time interval)
{
    struct hy_operation operation = monitor_of(rsc, interval);
    free(operation.op);
    operation.op = hy_strdup("cancel");
    operation.cancels = hy_strdup("monitor");
    uint64_t id = bench_order_full(bench, &operation, NULL);
    hy_operation_free(&operation);
    return id;
}

static uint64_t order_leased(struct bench *bench, const char *rsc, const char *agent, const char *op,
                             const char *params)
{
    struct hy_operation operation = {.rsc = hy_strdup(rsc),
                                     .agent = hy_strdup(agent),
                                     .op = hy_strdup(op),
                                     .timeout = 20 * HY_SECOND,
                                     .lease = true};
    uint64_t id = bench_order_full(bench, &operation, params);
    hy_operation_free(&operation);
    return id;
}

static void expect_start(struct bench *bench, const char *rsc, const char *agent)
{
    bench_expect(bench, bench_order(bench, rsc, agent, "start", NULL), HY_EXEC_DONE, 0, NULL);
}

/* ---- operations */

START_TEST(an_agent_starts_answers_and_stops)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 7, NULL);
    expect_start(&bench, "a", good);
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "a", good, "validate", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "a", good, "demote", NULL), HY_EXEC_DONE, 3,
                 "ocf:test:good has no operation demote");
    bench_touch(&bench, "a.stuck", "");
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 1, "stuck at the last");
    bench_remove(&bench, "a.stuck");
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

START_TEST(host_functions_do_what_they_say)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_operation operation = {
        .rsc = hy_strdup("db:1"), .agent = hy_strdup(good), .op = hy_strdup("promote"), .timeout = 20 * HY_SECOND};
    hy_attrs_set(&operation.meta, "clone_max", "2");
    bench_expect(&bench, bench_order_full(&bench, &operation, "limit=00042"), HY_EXEC_DONE, 1,
                 "3 0123456789abcde -2 -4 good node1 2 20000 42 1 1 1");
    hy_operation_free(&operation);
    char *path = hy_asprintf("%s/executor.log", bench.folder);
    size_t size;
    char *log = file_read(path, &size);
    ck_assert_ptr_nonnull(strstr(log, "5 db:1 promote: promoting db:1\n"));
    free(log);
    free(path);
    bench_close(&bench);
}
END_TEST

static const struct {
    const char *params;
    const char *reason;
} wrong[] = {
    {"limit=0", "parameter limit: \"0\" must be a whole number within 1..65535"},
    {"flag=maybe", "parameter flag: \"maybe\" must be true or false"},
    {"delay=soon", "parameter delay: \"soon\" must be a duration such as 30, 30s, 500ms, 2min or 1h"},
    {"kind=b", "parameter kind: \"b\" must be one of a|bb|c"},
    {"password=geheim", "parameter password: its value (secret, not shown) must be a whole number"},
    {"colour=red",
     "parameter colour: ocf:test:good has no such parameter; it has: dir, delay, monitor_delay, word, limit, "
     "flag, kind, password"},
};

START_TEST(wrong_parameters_are_named)
{
    struct bench bench;
    bench_open(&bench, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        bench_expect(&bench, bench_order(&bench, "a", good, "start", wrong[i].params), HY_EXEC_DONE, 6,
                     wrong[i].reason);
    bench_expect(&bench, bench_order(&bench, "n", nasty, "start", NULL), HY_EXEC_DONE, 6,
                 "parameter how is required by ocf:test:nasty and not set: what to do wrong");
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", "OCF_CHECK_LEVEL=10"), HY_EXEC_DONE, 7, NULL);
    /* Where nothing was ever called, there is nothing to stop, however wrong the parameters are. */
    bench_expect(&bench, bench_order(&bench, "n", nasty, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(a_stop_uses_what_was_started)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect(&bench, bench_order(&bench, "a", good, "start", "word=old"), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", "word=new limit=rubbish"), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop old"), 1);
    bench_expect(&bench, bench_order(&bench, "a", good, "start", "word=third"), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "a", "", "stop", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop third"), 1);
    bench_expect(&bench, bench_order(&bench, "b", "", "stop", NULL), HY_EXEC_ERROR, 0, "");
    bench_close(&bench);
}
END_TEST

static const struct {
    const char *how;
    enum hy_exec exec;
    int rc;
    const char *reason;
} nasties[] = {
    {"segv", HY_EXEC_DIED, 0, "killed by SIGSEGV"},
    {"abort", HY_EXEC_DIED, 0, "killed by SIGABRT"},
    {"exit", HY_EXEC_DIED, 0, "ended with exit status 0 and no answer"},
    {"closefds", HY_EXEC_DIED, 0, "ended with exit status 0 and no answer"},
    {"rubbish", HY_EXEC_DONE, 1, "answered 77, which is no answer of an agent"},
    {"none", HY_EXEC_DONE, 0, NULL},
};

START_TEST(nasty_agents_harm_nobody)
{
    struct bench bench;
    bench_open(&bench, 0);
    for (size_t i = 0; i < sizeof nasties / sizeof *nasties; i++) {
        char *params = hy_asprintf("how=%s", nasties[i].how);
        bench_expect(&bench, bench_order(&bench, "n", nasty, "start", params), nasties[i].exec, nasties[i].rc,
                     nasties[i].reason);
        free(params);
    }
    bench_expect(&bench, bench_order(&bench, "x", "ocf:test:bad", "start", NULL), HY_EXEC_ERROR, 0, "");
    bench_expect(&bench, bench_order(&bench, "x", "ocf:test:none", "start", NULL), HY_EXEC_ERROR, 0, "");
    bench_expect(&bench, bench_order(&bench, "x", "ocf:test:none", "stop", NULL), HY_EXEC_DONE, 0, NULL);
    expect_start(&bench, "a", good);
    bench_close(&bench);
}
END_TEST

START_TEST(a_hanging_agent_is_killed_with_its_group)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_operation operation = {
        .rsc = hy_strdup("n"), .agent = hy_strdup(nasty), .op = hy_strdup("start"), .timeout = 500 * HY_MS};
    uint64_t id = bench_order_full(&bench, &operation, "how=hang");
    /* Others do not wait for it. */
    expect_start(&bench, "a", good);
    ck_assert_uint_eq(bench_kept(&bench, id), 0);
    bench_expect(&bench, id, HY_EXEC_TIMEOUT, 0, "timed out after 0.5 s");
    hy_operation_free(&operation);
    /* Its own child, an orphan, came to us: dead. */
    BENCH_UNTIL(bench_children(getpid(), "halyard-op", NULL) == 1);
    pid_t orphan = 0;
    bench_children(getpid(), "halyard-op", &orphan);
    int status;
    ck_assert_int_eq(waitpid(orphan, &status, 0), orphan);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    bench_close(&bench);
}
END_TEST

START_TEST(what_is_left_behind_with_stdout_open_holds_nobody_up)
{
    struct bench bench;
    bench_open(&bench, 0);
    char *params = hy_asprintf("how=leave pidfile=%s/pid", bench.folder);
    bench_expect(&bench, bench_order(&bench, "n", nasty, "start", params), HY_EXEC_DONE, 0, NULL);
    free(params);
    char *path = hy_asprintf("%s/pid", bench.folder);
    size_t size;
    char *text = file_read(path, &size);
    pid_t daemon = (pid_t)atoi(text);
    ck_assert_int_gt(daemon, 1);
    ck_assert(bench_state(daemon) != 0 && bench_state(daemon) != 'Z');
    ck_assert_int_eq(kill(daemon, SIGKILL), 0);
    free(text);
    free(path);
    bench_close(&bench);
}
END_TEST

START_TEST(of_a_flood_the_last_lines_are_kept)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_outcome outcome = bench_outcome(&bench, bench_order(&bench, "n", nasty, "start", "how=flood"));
    ck_assert_int_eq(outcome.exec, HY_EXEC_DONE);
    ck_assert_int_eq(outcome.rc, 1);
    ck_assert_str_eq(outcome.reason, "answered 1 and gave no reason");
    size_t length = strlen(outcome.output);
    ck_assert_uint_le(length, 4096);
    ck_assert_uint_gt(length, 3900);
    ck_assert_str_eq(outcome.output + length - strlen("xx\nthe last line"), "xx\nthe last line");
    ck_assert_ptr_eq(strchr(outcome.output, '\n'), outcome.output + 99);
    hy_outcome_free(&outcome);
    bench_close(&bench);
}
END_TEST

/* ---- order */

START_TEST(one_resource_is_serial_and_several_are_parallel)
{
    struct bench bench;
    bench_open(&bench, 0);
    /* Each start waits for the other's to begin: they end only if they run side by side. */
    uint64_t first = bench_order(&bench, "a", good, "start", "delay=300ms");
    uint64_t second = bench_order(&bench, "a", good, "stop", NULL);
    uint64_t third = bench_order(&bench, "a", good, "start", NULL);
    uint64_t other = bench_order(&bench, "b", good, "start", NULL);
    bench_expect(&bench, other, HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_kept(&bench, first), 0);
    bench_expect(&bench, first, HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, second, HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, third, HY_EXEC_DONE, 0, NULL);
    char *log = bench_log(&bench), *rest = log, mine[500] = "";
    for (char *line; (line = strsep(&rest, "\n"));)
        if (strncmp(line, "a st", 4) == 0)
            strcat(strcat(mine, line), ",");
    ck_assert_str_eq(mine, "a start begin,a start end,a stop begin,a stop default,a start begin,a start end,");
    free(log);
    bench_close(&bench);
}
END_TEST

START_TEST(an_order_that_comes_twice_runs_once)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_operation start = {.id = 700, .rsc = hy_strdup("a"), .agent = hy_strdup(good), .op = hy_strdup("start")};
    bench_order_full(&bench, &start, "delay=100ms");
    bench_order_full(&bench, &start, "delay=100ms");
    bench_expect(&bench, 700, HY_EXEC_DONE, 0, NULL);
    bench_order_full(&bench, &start, "delay=100ms");
    bench_expect(&bench, 700, HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a start begin"), 1);
    /* One that is older than what has been done since is not done after it. */
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    start.id = 699;
    bench_order_full(&bench, &start, NULL);
    bench_expect(&bench, 699, HY_EXEC_CANCELLED, 0, "a later order for this resource has been taken already");
    hy_operation_free(&start);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

START_TEST(two_hundred_at_once_leave_nothing_behind)
{
    struct bench bench;
    bench_open(&bench, 16);
    expect_start(&bench, "first", good);
    BENCH_UNTIL(bench_children(bench.executor, "halyard-op", NULL) == 1); /* its watch */
    int fds = bench_count_fds(bench.executor);
    uint64_t ids[200];
    char name[16];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "r%d", i);
        ids[i] = bench_order(&bench, name, good, "monitor", NULL);
    }
    for (int i = 199; i >= 0; i--)
        bench_expect(&bench, ids[i], HY_EXEC_DONE, 7, NULL);
    BENCH_UNTIL(bench_children(bench.executor, "halyard-op", NULL) == 1);
    ck_assert_int_eq(bench_count_fds(bench.executor), fds);
    /* The core, the guard, the watch. */
    ck_assert_int_eq(bench_children(bench.executor, NULL, NULL), 3);
    bench_close(&bench);
}
END_TEST

START_TEST(a_delayed_start_waits)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_operation start = {
        .rsc = hy_strdup("a"), .agent = hy_strdup(good), .op = hy_strdup("start"), .start_delay = 300 * HY_MS};
    hy_time before = bench_now();
    uint64_t id = bench_order_full(&bench, &start, NULL);
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    ck_assert_int_ge(bench_now() - before, 300 * HY_MS);
    hy_operation_free(&start);
    bench_close(&bench);
}
END_TEST

/* ---- recurring operations */

START_TEST(a_recurring_monitor_reports_changes_only)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t id = order_monitor(&bench, "a", 20 * HY_MS, NULL);
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(bench_count_lines(&bench, "a monitor end") >= 5);
    ck_assert_uint_eq(bench_kept(&bench, id), 0);
    bench_touch(&bench, "a.sick", "feverish");
    struct hy_outcome sick = bench_outcome(&bench, id);
    ck_assert_int_eq(sick.rc, 1);
    ck_assert_str_eq(sick.reason, "feverish");
    ck_assert_str_eq(sick.output, "output of a sick monitor");
    ck_assert_int_eq(sick.interval, 20 * HY_MS);
    hy_outcome_free(&sick);
    bench_touch(&bench, "a.sick", "worse");
    bench_expect(&bench, id, HY_EXEC_DONE, 1, "worse");
    bench_remove(&bench, "a.sick");
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_cancel(&bench, "a", 20 * HY_MS), HY_EXEC_DONE, 0, NULL);
    size_t runs = bench_count_lines(&bench, "a monitor begin");
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor end"), runs);
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor begin"), runs);
    bench_expect(&bench, order_cancel(&bench, "a", 20 * HY_MS), HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(a_cancel_waits_for_what_runs)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t id = order_monitor(&bench, "a", HY_SECOND, "monitor_delay=300ms");
    BENCH_UNTIL(bench_count_lines(&bench, "a monitor begin") == 1);
    uint64_t cancel = order_cancel(&bench, "a", HY_SECOND);
    struct hy_outcome outcome = bench_outcome(&bench, cancel);
    ck_assert_str_eq(outcome.op, "cancel");
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor end"), 1);
    hy_outcome_free(&outcome);
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(a_monitor_gives_way_to_start_and_stop)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t id = order_monitor(&bench, "a", 5 * HY_MS, NULL);
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(bench_count_lines(&bench, "a monitor end") >= 3);
    bench_expect(&bench, bench_order(&bench, "a", good, "start", "delay=200ms"), HY_EXEC_DONE, 0, NULL);
    char *log = bench_log(&bench);
    char *begin = strstr(strstr(log, "a start end"), "a start begin");
    ck_assert_ptr_nonnull(begin);
    ck_assert_int_eq(strncmp(begin, "a start begin\na start end\n", 26), 0);
    free(log);
    /* A stop ends it: nothing is left that would report what is wanted. */
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_kept(&bench, id), 0);
    bench_close(&bench);
}
END_TEST

START_TEST(a_later_order_replaces_a_recurring_one)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t first = order_monitor(&bench, "a", 30 * HY_MS, NULL);
    bench_expect(&bench, first, HY_EXEC_DONE, 0, NULL);
    uint64_t second = order_monitor(&bench, "a", 30 * HY_MS, NULL);
    bench_expect(&bench, second, HY_EXEC_DONE, 0, NULL);
    bench_touch(&bench, "a.sick", "x");
    bench_expect(&bench, second, HY_EXEC_DONE, 1, "x");
    ck_assert_uint_eq(bench_kept(&bench, first), 0);
    bench_close(&bench);
}
END_TEST

/* ---- watching */

START_TEST(what_a_watch_sees_is_checked_at_once)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t id = order_monitor(&bench, "a", 3600 * HY_SECOND, NULL);
    bench_expect(&bench, id, HY_EXEC_DONE, 0, NULL);
    bench_touch(&bench, "a.sick", "seen");
    bench_touch(&bench, "a.poke", "");
    bench_expect(&bench, id, HY_EXEC_DONE, 1, "seen");
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_EVENT);
    ck_assert_str_eq(news.outcome.rsc, "a");
    ck_assert_str_eq(news.outcome.op, "watch");
    ck_assert_str_eq(news.outcome.reason, "poked");
    hy_outcome_free(&news.outcome);
    bench_expect(&bench, bench_order(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(bench_children(bench.executor, "halyard-op", NULL) == 0);
    bench_close(&bench);
}
END_TEST

START_TEST(without_a_monitor_the_executor_looks_itself)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    bench_remove(&bench, "a.active");
    bench_touch(&bench, "a.poke", "");
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_EVENT);
    ck_assert_str_eq(news.outcome.reason, "poked");
    hy_outcome_free(&news.outcome);
    news = bench_news(&bench, HY_EXECUTOR_EVENT);
    ck_assert_str_eq(news.outcome.op, "monitor");
    ck_assert_int_eq(news.outcome.rc, 7);
    hy_outcome_free(&news.outcome);
    bench_close(&bench);
}
END_TEST

START_TEST(a_watch_that_ends_is_started_again)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    pid_t watch = 0;
    BENCH_UNTIL(bench_count_lines(&bench, "a watch begin") == 1);
    ck_assert_int_eq(bench_children(bench.executor, "halyard-op", &watch), 1);
    ck_assert_int_eq(kill(watch, SIGKILL), 0);
    BENCH_UNTIL(bench_count_lines(&bench, "a watch begin") == 2);
    bench_close(&bench);
}
END_TEST

/* ---- the lease */

START_TEST(without_a_lease_nothing_starts_under_it)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_CANCELLED, 0,
                 "this node\'s lease has ended");
    bench_expect(&bench, order_leased(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, 0, 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    ck_assert_str_eq(news.outcome.reason, "a stopped");
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

START_TEST(at_the_end_of_the_lease_all_is_released)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, bench_now() + 3600 * HY_SECOND, 1);
    bench_expect(&bench, order_leased(&bench, "slow", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    expect_start(&bench, "free", good);
    uint64_t monitor = order_monitor(&bench, "slow", 20 * HY_MS, NULL);
    bench_expect(&bench, monitor, HY_EXEC_DONE, 0, NULL);
    uint64_t under_way = order_leased(&bench, "late", good, "start", "delay=1h");
    BENCH_UNTIL(bench_count_lines(&bench, "late start begin") == 1);
    /* A renewal is a store only; the one that counts is the last. */
    hy_executor_set_lease(bench.link, bench_now() + 50 * HY_MS, 1);
    hy_executor_set_lease(bench.link, bench_now() + 150 * HY_MS, 1);
    hy_time deadline = bench_now() + 400 * HY_MS;
    hy_executor_set_lease(bench.link, deadline, 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert_int_ge(bench_now(), deadline);
    ck_assert(news.clean);
    ck_assert_ptr_nonnull(strstr(news.outcome.reason, "quick stopped"));
    ck_assert_ptr_nonnull(strstr(news.outcome.reason, "slow stopped"));
    ck_assert_ptr_nonnull(strstr(news.outcome.reason, "late stopped"));
    ck_assert_ptr_null(strstr(news.outcome.reason, "free"));
    hy_outcome_free(&news.outcome);
    bench_expect(&bench, under_way, HY_EXEC_CANCELLED, 0, "killed: this node's lease has ended");
    ck_assert(!bench_has(&bench, "slow.active"));
    ck_assert(!bench_has(&bench, "quick.active"));
    ck_assert(bench_has(&bench, "free.active"));
    char *log = bench_log(&bench);
    ck_assert(strstr(log, "quick stop begin") < strstr(log, "slow stop begin"));
    free(log);
    ck_assert_uint_eq(bench_kept(&bench, monitor), 0);
    bench_expect(&bench, order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_CANCELLED, 0,
                 "this node\'s lease has ended");
    hy_executor_set_lease(bench.link, bench_now() + 3600 * HY_SECOND, 1);
    bench_expect(&bench, order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

/* All processes of a host stand still, and the lease ends meanwhile; the first to go on is the child that was about to
 * call the agent. */
START_TEST(a_child_that_was_frozen_looks_at_the_lease_before_it_calls)
{
    static const char late[] = "ocf:test:late";
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    uint64_t order = order_leased(&bench, "a", late, "start", NULL);
    pid_t child = 0;
    BENCH_UNTIL(bench_children(bench.executor, "halyard-op", &child) == 1 && bench_state(child) == 'T');
    ck_assert_int_eq(kill(bench.executor, SIGSTOP), 0);
    BENCH_UNTIL(bench_state(bench.executor) == 'T');
    hy_executor_set_lease(bench.link, bench_now() - 1, 1);
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    BENCH_UNTIL(bench_state(child) == 'Z');
    ck_assert_uint_eq(bench_count_lines(&bench, "a start begin"), 0);
    ck_assert_int_eq(kill(bench.executor, SIGCONT), 0);
    bench_expect(&bench, order, HY_EXEC_CANCELLED, 0, "");
    bench_close(&bench);
}
END_TEST

/* It lay in the socket while the node was judged gone and admitted again: others have been given what it would start. */
START_TEST(what_was_ordered_before_a_verdict_is_not_started_after_it)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 3);
    struct hy_operation operation = {.rsc = hy_strdup("a"),
                                     .agent = hy_strdup(good),
                                     .op = hy_strdup("start"),
                                     .timeout = 20 * HY_SECOND,
                                     .lease = true,
                                     .epoch = 2};
    bench_expect(&bench, bench_order_full(&bench, &operation, NULL), HY_EXEC_CANCELLED, 0,
                 "this node's lease has ended");
    operation.id = 0;
    operation.epoch = 3;
    bench_expect(&bench, bench_order_full(&bench, &operation, NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a start begin"), 1);
    hy_operation_free(&operation);
    bench_close(&bench);
}
END_TEST

/* As after a freeze that slept through a verdict and an admission: the deadline lies ahead, but it is another lease. */
START_TEST(what_was_started_before_a_verdict_is_released)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, HY_NEVER, 3);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop begin"), 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop begin"), 1);
    bench_close(&bench);
}
END_TEST

START_TEST(a_lease_that_is_renewed_goes_on)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_time length = 2 * HY_SECOND, first = bench_now() + length, deadline = first;
    hy_executor_set_lease(bench.link, deadline, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    while (bench_now() < first + length / 2) {
        ck_assert_msg(bench_now() < deadline, "this host is too busy: the test could not renew in time");
        deadline = bench_now() + length;
        hy_executor_set_lease(bench.link, deadline, 1);
        bench_pause();
    }
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop begin"), 0);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert_int_ge(bench_now(), deadline);
    hy_outcome_free(&news.outcome);
    bench_close(&bench);
}
END_TEST

START_TEST(a_release_that_fails_says_so_and_is_tried_again)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.stuck", "");
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(!news.clean);
    ck_assert_str_eq(news.outcome.reason, "a not stopped (stuck at the last)");
    hy_outcome_free(&news.outcome);
    bench_remove(&bench, "a.stuck");
    news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    bench_close(&bench);
}
END_TEST

/* "Cancelled" means to the cluster that nothing runs: of a start that was killed it is said when its stop is through. */
START_TEST(a_killed_start_is_answered_after_its_stop)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.slow", "");
    uint64_t under_way = order_leased(&bench, "a", good, "start", "delay=1h");
    BENCH_UNTIL(bench_count_lines(&bench, "a start begin") == 1);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "a stop begin") == 1);
    ck_assert_uint_eq(bench_kept(&bench, under_way), 0);
    bench_remove(&bench, "a.slow");
    bench_expect(&bench, under_way, HY_EXEC_CANCELLED, 0, "killed: this node's lease has ended");
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

/* The lease ends, comes back and ends again while a stop of the first end takes its time. */
START_TEST(a_slow_stop_holds_up_no_later_release)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "slow.slow", "");
    bench_expect(&bench, order_leased(&bench, "slow", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "slow stop begin") == 1);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_leased(&bench, "other", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(!bench_has(&bench, "quick.active") && !bench_has(&bench, "other.active"));
    ck_assert(bench_has(&bench, "slow.active"));
    bench_remove(&bench, "slow.slow");
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "slow.active"));
    bench_close(&bench);
}
END_TEST

/* It would watch what the cluster has been told is stopped, and report that as a failure. */
START_TEST(what_is_being_released_is_not_watched_any_more)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.slow", "");
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "a stop begin") == 1);
    uint64_t late = order_monitor(&bench, "a", 20 * HY_MS, NULL);
    bench_expect(&bench, late, HY_EXEC_CANCELLED, 0, "this node's lease has ended");
    bench_remove(&bench, "a.slow");
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor begin"), 0);
    bench_close(&bench);
}
END_TEST

START_TEST(what_a_probe_finds_is_under_the_lease)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_touch(&bench, "a.active", "");
    bench_expect(&bench, order_leased(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

/* ---- what is active */

START_TEST(a_query_tells_what_is_active)
{
    struct bench bench;
    bench_open(&bench, 0);
    expect_start(&bench, "a", good);
    uint64_t id = bench_order(&bench, "b", good, "start", "delay=1h");
    BENCH_UNTIL(bench_count_lines(&bench, "b start begin") == 1);
    bench_expect(&bench, bench_order(&bench, "c", good, "monitor", NULL), HY_EXEC_DONE, 7, NULL);
    ck_assert_int_eq(hy_executor_query(bench.link), 0);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_ACTIVE);
    ck_assert_str_eq(news.outcome.rsc, "a");
    ck_assert_str_eq(news.outcome.op, "start");
    ck_assert_int_eq(news.outcome.exec, HY_EXEC_DONE);
    hy_outcome_free(&news.outcome);
    news = bench_news(&bench, HY_EXECUTOR_ACTIVE);
    ck_assert_str_eq(news.outcome.rsc, "b");
    ck_assert_int_eq(news.outcome.exec, HY_EXEC_PENDING);
    ck_assert_uint_eq(news.outcome.id, id);
    hy_outcome_free(&news.outcome);
    news = bench_news(&bench, HY_EXECUTOR_ACTIVE_END);
    hy_outcome_free(&news.outcome);
    bench_close(&bench);
}
END_TEST

/* ---- deaths */

START_TEST(a_dead_core_is_followed_by_another)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    uint64_t monitor = order_monitor(&bench, "a", 20 * HY_MS, NULL);
    bench_expect(&bench, monitor, HY_EXEC_DONE, 0, NULL);
    struct hy_operation start = {.id = 900, .rsc = hy_strdup("b"), .agent = hy_strdup(good), .op = hy_strdup("start")};
    bench_order_full(&bench, &start, "delay=300ms");
    BENCH_UNTIL(bench_count_lines(&bench, "b start begin") == 1);
    pid_t first = bench.core;
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    bench_accept_core(&bench);
    ck_assert_int_ne(bench.core, first);
    ck_assert(bench_has(&bench, "a.active"));
    /* What ran is finished, and its answer is there for who asks again. */
    bench_order_full(&bench, &start, "delay=300ms");
    bench_expect(&bench, 900, HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "b start begin"), 1);
    hy_operation_free(&start);
    /* The first core's monitor is gone with it. */
    size_t runs = bench_count_lines(&bench, "a monitor begin");
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    ck_assert_uint_le(bench_count_lines(&bench, "a monitor begin"), runs + 2);
    /* Again and again, with a pause that grows. */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kill(bench.core, i % 2 ? SIGUSR2 : SIGABRT), 0);
        bench_accept_core(&bench);
    }
    bench_close(&bench);
}
END_TEST

START_TEST(the_executor_ends_with_a_core_that_has_ended_for_good)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    expect_start(&bench, "free", good);
    ck_assert_int_eq(kill(bench.core, _i ? SIGUSR1 : SIGTERM), 0);
    int status;
    ck_assert_int_eq(waitpid(bench.executor, &status, 0), bench.executor);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), _i ? 78 : 0);
    /* What is under the lease is not left without anybody who looks after it. */
    ck_assert(!bench_has(&bench, "a.active"));
    ck_assert(bench_has(&bench, "free.active"));
    bench_clean(&bench);
}
END_TEST

START_TEST(the_guard_releases_when_the_executor_is_killed)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, bench_now() + 3600 * HY_SECOND, 1);
    bench_expect(&bench, order_leased(&bench, "a", good, "start", "word=will"), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_leased(&bench, "q", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_leased(&bench, "gone", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, order_leased(&bench, "gone", fast, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    expect_start(&bench, "free", good);
    order_leased(&bench, "late", good, "start", "delay=1h");
    BENCH_UNTIL(bench_count_lines(&bench, "late start begin") == 1);
    BENCH_UNTIL(bench_count_lines(&bench, "q watch begin") == 1 && bench_count_lines(&bench, "a watch begin") == 1);
    pid_t guard = 0;
    ck_assert_int_eq(bench_children(bench.executor, "halyard-guard", &guard), 1);
    pid_t core = bench.core;
    ck_assert_int_eq(kill(bench.executor, SIGKILL), 0);
    int status;
    ck_assert_int_eq(waitpid(bench.executor, &status, 0), bench.executor);
    ck_assert_int_eq(waitpid(guard, &status, 0), guard);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert(!bench_has(&bench, "a.active"));
    ck_assert(!bench_has(&bench, "q.active"));
    ck_assert(bench_has(&bench, "free.active"));
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop will"), 1);
    ck_assert_uint_eq(bench_count_lines(&bench, "late stop begin"), 1);
    ck_assert_uint_eq(bench_count_lines(&bench, "gone stop begin"), 1);
    /* Nobody of it is left: the core, the start that was under way, the watches. */
    ck_assert_int_eq(waitpid(core, &status, 0), core);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    BENCH_UNTIL((waitpid(-1, NULL, WNOHANG), bench_children(getpid(), "halyard-op", NULL) == 0));
    bench_clean(&bench);
}
END_TEST

START_TEST(a_dead_guard_is_followed_by_another)
{
    struct bench bench;
    bench_open(&bench, 0);
    pid_t first = 0, second = 0;
    BENCH_UNTIL(bench_children(bench.executor, "halyard-guard", &first) == 1);
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    BENCH_UNTIL(bench_children(bench.executor, "halyard-guard", &second) == 1 && second != first);
    bench_close(&bench);
}
END_TEST

START_TEST(a_plugin_installed_later_is_found)
{
    struct bench bench;
    bench_open(&bench, 0);
    char *path = hy_asprintf("%s/fast.so", bench.agents);
    ck_assert_int_eq(unlink(path), 0);
    bench_expect(&bench, bench_order(&bench, "q", fast, "start", NULL), HY_EXEC_ERROR, 0, "");
    free(path);
    free(agent_copy("fast", bench.agents, "renamed"));
    expect_start(&bench, "q", fast);
    bench_close(&bench);
}
END_TEST

/* ---- describing */

START_TEST(an_agent_is_described_in_lines)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_buf out = {0};
    struct hy_err err;
    ck_assert_int_eq(hy_agent_describe(bench.agents, fast, true, &out, &err), 0);
    char *expected = hy_asprintf(
        "file %s/fast.so\nname ocf:test:fast\nversion 1.2\nbrief a file that is there or not\n"
        "capability fast-release\noperation start\noperation stop\noperation monitor\noperation promote\n"
        "operation watch\nstart-timeout 20000ms\nparam dir string required\nparam-brief dir where it records\n"
        "param-doc dir Line one.\nparam-doc dir Line two.\nparam delay duration\n",
        bench.agents);
    ck_assert_int_eq(strncmp(out.data, expected, strlen(expected)), 0);
    ck_assert_ptr_nonnull(
        strstr(out.data, "\nparam limit integer\nparam-range limit 1..65535\nparam-default limit 007\n"));
    ck_assert_ptr_nonnull(strstr(out.data, "\nparam password integer secret\n"));
    free(expected);
    hy_buf_free(&out);
    ck_assert_int_eq(hy_agent_describe(bench.agents, "ocf:test:none", true, &out, &err), -ENOENT);
    ck_assert_ptr_nonnull(strstr(err.text, "serves ocf:test:none; not all of them can be used: "));
    bench_close(&bench);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static void add_running(Suite *suite)
{
    TCase *tcase = add_case(suite, "running");
    tcase_add_test(tcase, an_agent_starts_answers_and_stops);
    tcase_add_test(tcase, host_functions_do_what_they_say);
    tcase_add_test(tcase, wrong_parameters_are_named);
    tcase_add_test(tcase, a_stop_uses_what_was_started);
    tcase_add_test(tcase, nasty_agents_harm_nobody);
    tcase_add_test(tcase, a_hanging_agent_is_killed_with_its_group);
    tcase_add_test(tcase, what_is_left_behind_with_stdout_open_holds_nobody_up);
    tcase_add_test(tcase, of_a_flood_the_last_lines_are_kept);
    tcase_add_test(tcase, one_resource_is_serial_and_several_are_parallel);
    tcase_add_test(tcase, an_order_that_comes_twice_runs_once);
    tcase_add_test(tcase, two_hundred_at_once_leave_nothing_behind);
    tcase_add_test(tcase, a_delayed_start_waits);
    tcase_add_test(tcase, a_plugin_installed_later_is_found);
    tcase_add_test(tcase, an_agent_is_described_in_lines);
}

static void add_looking(Suite *suite)
{
    TCase *tcase = add_case(suite, "looking");
    tcase_add_test(tcase, a_recurring_monitor_reports_changes_only);
    tcase_add_test(tcase, a_cancel_waits_for_what_runs);
    tcase_add_test(tcase, a_monitor_gives_way_to_start_and_stop);
    tcase_add_test(tcase, a_later_order_replaces_a_recurring_one);
    tcase_add_test(tcase, what_a_watch_sees_is_checked_at_once);
    tcase_add_test(tcase, without_a_monitor_the_executor_looks_itself);
    tcase_add_test(tcase, a_watch_that_ends_is_started_again);
}

static void add_guarding(Suite *suite)
{
    TCase *tcase = add_case(suite, "guarding");
    tcase_add_test(tcase, without_a_lease_nothing_starts_under_it);
    tcase_add_test(tcase, at_the_end_of_the_lease_all_is_released);
    tcase_add_test(tcase, a_lease_that_is_renewed_goes_on);
    tcase_add_test(tcase, what_was_ordered_before_a_verdict_is_not_started_after_it);
    tcase_add_test(tcase, a_child_that_was_frozen_looks_at_the_lease_before_it_calls);
    tcase_add_test(tcase, what_was_started_before_a_verdict_is_released);
    tcase_add_test(tcase, a_release_that_fails_says_so_and_is_tried_again);
    tcase_add_test(tcase, a_killed_start_is_answered_after_its_stop);
    tcase_add_test(tcase, a_slow_stop_holds_up_no_later_release);
    tcase_add_test(tcase, what_is_being_released_is_not_watched_any_more);
    tcase_add_test(tcase, what_a_probe_finds_is_under_the_lease);
    tcase_add_test(tcase, a_query_tells_what_is_active);
    tcase_add_test(tcase, a_dead_core_is_followed_by_another);
    tcase_add_loop_test(tcase, the_executor_ends_with_a_core_that_has_ended_for_good, 0, 2);
    tcase_add_test(tcase, the_guard_releases_when_the_executor_is_killed);
    tcase_add_test(tcase, a_dead_guard_is_followed_by_another);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "core") == 0)
        return bench_core_main(argc, argv);
    Suite *suite = suite_create("executor");
    add_running(suite);
    add_looking(suite);
    add_guarding(suite);
    return run_suite(suite);
}
