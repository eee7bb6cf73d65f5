/* SPDX-License-Identifier: Apache-2.0 */
#include "executor_bench.h"

#include "agent_test/handover.h"
#include "cib/digest.h"
#include "lib/folder.h"
#include "lib/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static const char good[] = "ocf:test:good", fast[] = "ocf:test:fast", nasty[] = "ocf:test:nasty";

/* ---- operations */

START_TEST(an_agent_starts_answers_and_stops)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect(&bench, bench_order(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 7, NULL);
    bench_expect_start(&bench, "a", good);
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
    bench_expect(&bench, bench_order_leased(&bench, "m", nasty, "monitor", NULL), HY_EXEC_DONE, 6, "");
    bench_expect(&bench, bench_order_leased(&bench, "m", nasty, "stop", NULL), HY_EXEC_DONE, 0, NULL);
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

static struct hy_outcome answered(struct bench *bench, const char *agent, const char *op, const char *params)
{
    struct hy_operation operation = {.rsc = hy_strdup("a"),
                                     .agent = hy_strdup(agent),
                                     .op = hy_strdup(op),
                                     .timeout = 20 * HY_SECOND,
                                     .digest = hy_strdup("all")};
    hy_attrs_set(&operation.meta, "notify", "true");
    hy_attrs_set(&operation.meta, "notify_type", "pre");
    struct hy_outcome outcome = bench_outcome(bench, bench_order_full(bench, &operation, params));
    hy_operation_free(&operation);
    ck_assert_int_eq(outcome.exec, HY_EXEC_DONE);
    ck_assert_int_eq(outcome.rc, 0);
    ck_assert(outcome.notify);
    return outcome;
}

/* Of all parameters, of those that only a restart can change, and of those that are no secret. */
START_TEST(an_answer_has_digests_by_what_the_agent_says_of_its_parameters)
{
    struct bench bench;
    bench_open(&bench, 0);
    char restart[HY_DIGEST_TEXT], secure[HY_DIGEST_TEXT];
    const struct hy_value fixed[] = {{"dir", bench.folder}, {"place", "x"}};
    const struct hy_value open[] = {{"dir", bench.folder}, {"place", "x"}, {"speed", "5"}};
    hy_params_digest(fixed, 2, restart);
    hy_params_digest(open, 3, secure);
    struct hy_outcome first = answered(&bench, "ocf:test:aware", "start", "speed=5 place=x password=old");
    ck_assert_str_eq(first.restart_params, " dir place ");
    ck_assert_str_eq(first.restart_digest, restart);
    ck_assert_str_eq(first.secure_params, " password ");
    ck_assert_str_eq(first.secure_digest, secure);
    struct hy_outcome second = answered(&bench, "ocf:test:aware", "reload", "speed=6 place=x password=new");
    ck_assert_str_eq(second.restart_digest, restart);
    ck_assert_str_ne(second.secure_digest, secure);
    struct hy_outcome third = answered(&bench, "ocf:test:aware", "pre_notify_start", "speed=6 place=x");
    ck_assert_ptr_null(third.restart_digest);
    ck_assert_str_eq(third.digest, "all");
    hy_outcome_free(&first);
    hy_outcome_free(&second);
    hy_outcome_free(&third);
    first = answered(&bench, good, "start", "word=w"); /* has a secret, and cannot reload */
    ck_assert_ptr_null(first.restart_params);
    ck_assert_str_eq(first.secure_params, " password ");
    hy_outcome_free(&first);
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
    bench_expect_start(&bench, "a", good);
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
    bench_expect_start(&bench, "a", good);
    ck_assert_uint_eq(bench_kept(&bench, id), 0);
    bench_expect(&bench, id, HY_EXEC_TIMEOUT, 0, "timed out after 0.5 s");
    hy_operation_free(&operation);
    /* Its own child, an orphan, came to us: dead. */
    BENCH_UNTIL(process_children(getpid(), "halyard-op", NULL) == 1);
    pid_t orphan = 0;
    process_children(getpid(), "halyard-op", &orphan);
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
    ck_assert(process_state(daemon) != 0 && process_state(daemon) != 'Z');
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
    bench_expect_start(&bench, "first", good);
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", NULL) == 1); /* its watch */
    int fds = process_count_fds(bench.executor);
    uint64_t ids[200];
    char name[16];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "r%d", i);
        ids[i] = bench_order(&bench, name, good, "monitor", NULL);
    }
    for (int i = 199; i >= 0; i--)
        bench_expect(&bench, ids[i], HY_EXEC_DONE, 7, NULL);
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", NULL) == 1);
    ck_assert_int_eq(process_count_fds(bench.executor), fds);
    /* The core, the guard, the watch. */
    ck_assert_int_eq(process_children(bench.executor, NULL, NULL), 3);
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
    bench_expect_start(&bench, "a", good);
    uint64_t id = bench_order_monitor(&bench, "a", 20 * HY_MS, NULL);
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
    bench_expect(&bench, bench_order_cancel(&bench, "a", 20 * HY_MS), HY_EXEC_DONE, 0, NULL);
    size_t runs = bench_count_lines(&bench, "a monitor begin");
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor end"), runs);
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000 * 1000}, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a monitor begin"), runs);
    bench_expect(&bench, bench_order_cancel(&bench, "a", 20 * HY_MS), HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(a_cancel_waits_for_what_runs)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect_start(&bench, "a", good);
    uint64_t id = bench_order_monitor(&bench, "a", HY_SECOND, "monitor_delay=300ms");
    BENCH_UNTIL(bench_count_lines(&bench, "a monitor begin") == 1);
    uint64_t cancel = bench_order_cancel(&bench, "a", HY_SECOND);
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
    bench_expect_start(&bench, "a", good);
    uint64_t id = bench_order_monitor(&bench, "a", 5 * HY_MS, NULL);
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
    bench_expect_start(&bench, "a", good);
    uint64_t first = bench_order_monitor(&bench, "a", 30 * HY_MS, NULL);
    bench_expect(&bench, first, HY_EXEC_DONE, 0, NULL);
    uint64_t second = bench_order_monitor(&bench, "a", 30 * HY_MS, NULL);
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
    bench_expect_start(&bench, "a", good);
    uint64_t id = bench_order_monitor(&bench, "a", 3600 * HY_SECOND, NULL);
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
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", NULL) == 0);
    bench_close(&bench);
}
END_TEST

START_TEST(without_a_monitor_the_executor_looks_itself)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect_start(&bench, "a", good);
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
    bench_expect_start(&bench, "a", good);
    pid_t watch = 0;
    BENCH_UNTIL(bench_count_lines(&bench, "a watch begin") == 1);
    ck_assert_int_eq(process_children(bench.executor, "halyard-op", &watch), 1);
    ck_assert_int_eq(kill(watch, SIGKILL), 0);
    BENCH_UNTIL(bench_count_lines(&bench, "a watch begin") == 2);
    bench_close(&bench);
}
END_TEST

/* ---- the lease */

START_TEST(an_agent_built_for_version_1_0_works)
{
    const char *old = "ocf:example:flagfile";
    struct bench bench;
    bench_open(&bench, 0);
    char *path = hy_asprintf("path=%s/flag", bench.folder);
    bench_expect(&bench, bench_order(&bench, "f", old, "monitor", path), HY_EXEC_DONE, 7, NULL);
    bench_expect(&bench, bench_order(&bench, "f", old, "start", path), HY_EXEC_DONE, 0, NULL);
    ck_assert(bench_has(&bench, "flag"));
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", NULL) == 1); /* its watch */
    bench_expect(&bench, bench_order(&bench, "f", old, "monitor", path), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order(&bench, "f", old, "stop", path), HY_EXEC_DONE, 0, NULL);
    ck_assert(!bench_has(&bench, "flag"));
    free(path);
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
    bench_expect_start(&bench, "q", fast);
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
    tcase_add_test(tcase, an_answer_has_digests_by_what_the_agent_says_of_its_parameters);
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
    tcase_add_test(tcase, an_agent_built_for_version_1_0_works);
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

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "core") == 0)
        return handover_core_main(argc, argv);
    Suite *suite = suite_create("executor");
    add_running(suite);
    add_looking(suite);
    return run_suite(suite);
}
