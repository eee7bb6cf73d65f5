/* SPDX-License-Identifier: Apache-2.0 */
/* Children that are ready before they are needed: that they are used, are like others, and are replaced. */
#include "executor_bench.h"

#include "agent_test/handover.h"
#include "executor/warm.h"
#include "lib/folder.h"
#include "lib/run.h"

#include <signal.h>
#include <sys/wait.h>

static const char good[] = "ocf:test:good", fast[] = "ocf:test:fast";

/* It is called so when it has said that it is ready. */
static int count_warm(const struct bench *bench, pid_t *one)
{
    return process_children(bench->executor, "halyard-warm", one);
}

/* One for what may come here, since the resource was looked for. */
static pid_t wait_for_one(struct bench *bench, const char *rsc)
{
    pid_t pid = 0;
    bench_expect(bench, bench_order_leased(bench, rsc, fast, "monitor", NULL), HY_EXEC_DONE, HALYARD_NOT_RUNNING, NULL);
    BENCH_UNTIL(count_warm(bench, &pid) == 1);
    return pid;
}

static void expect_done(struct bench *bench, const char *rsc, const char *op)
{
    bench_expect(bench, bench_order_leased(bench, rsc, fast, op, NULL), HY_EXEC_DONE, 0, NULL);
}

/* A stop that takes until the file is removed. */
static uint64_t begin_slow_stop(struct bench *bench, const char *rsc)
{
    char *slow = hy_asprintf("%s.slow", rsc);
    char *line = hy_asprintf("%s stop begin", rsc);
    bench_touch(bench, slow, "");
    uint64_t id = bench_order_leased(bench, rsc, fast, "stop", NULL);
    BENCH_UNTIL(bench_count_lines(bench, line) == 1);
    free(slow);
    free(line);
    return id;
}

static char *log_of(const struct bench *bench)
{
    char *path = hy_asprintf("%s/executor.log", bench->folder);
    char *log = file_read(path, &(size_t){0});
    free(path);
    return log;
}

START_TEST(who_is_ready_runs_the_operation_and_is_replaced)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t first = wait_for_one(&bench, "a");
    expect_done(&bench, "a", "start");
    BENCH_UNTIL(process_state(first) == 0);
    pid_t second = 0, running = 0;
    BENCH_UNTIL(count_warm(&bench, &second) == 1 && second != first);
    uint64_t stop = begin_slow_stop(&bench, "a");
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", &running) == 1);
    ck_assert_int_eq(running, second);
    bench_remove(&bench, "a.slow");
    bench_expect(&bench, stop, HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(process_state(second) == 0);
    bench_close(&bench);
}
END_TEST

START_TEST(there_is_one_for_each_that_is_active)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect_start(&bench, "other", good);
    for (int i = 0; i < 12; i++) {
        char *rsc = hy_asprintf("r%d", i);
        expect_done(&bench, rsc, "start");
        free(rsc);
    }
    BENCH_UNTIL(count_warm(&bench, NULL) == 12);
    for (int i = 0; i < 12; i++) {
        char *rsc = hy_asprintf("r%d", i);
        expect_done(&bench, rsc, "stop");
        free(rsc);
    }
    BENCH_UNTIL(count_warm(&bench, NULL) == HY_WARM_COMING);
    bench_close(&bench);
}
END_TEST

/* What an operation sees of its process is the same, whether that was ready or not. */
START_TEST(nothing_differs_for_the_agent)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t warm = wait_for_one(&bench, "a");
    bench_expect_start(&bench, "b", good);
    struct hy_outcome seen[2];
    const char *const agents[] = {fast, good}, *const names[] = {"a", "b"};
    for (int i = 0; i < 2; i++)
        seen[i] = bench_outcome(&bench, bench_order_leased(&bench, names[i], agents[i], "promote", NULL));
    BENCH_UNTIL(process_state(warm) == 0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(seen[i].rc, HALYARD_ERR_GENERIC);
        char *type = strstr(seen[i].reason, i ? "good" : "fast");
        ck_assert_msg(type != NULL, "%s", seen[i].reason);
        memcpy(type, "TYPE", 4);
    }
    ck_assert_str_eq(seen[0].reason, seen[1].reason);
    hy_outcome_free(&seen[0]);
    hy_outcome_free(&seen[1]);
    bench_close(&bench);
}
END_TEST

/* The standard ones, the lease where it is a map, and the pipe for its answer. */
START_TEST(it_holds_no_descriptor_but_its_own)
{
    struct bench bench;
    bool map = bench_may_bpf();
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    wait_for_one(&bench, "a");
    expect_done(&bench, "a", "start");
    pid_t warm = 0;
    BENCH_UNTIL(count_warm(&bench, &warm) == 1);
    BENCH_UNTIL(process_count_fds(warm) == (map ? 5 : 4));
    uint64_t stop = begin_slow_stop(&bench, "a");
    ck_assert_int_eq(process_count_fds(warm), map ? 5 : 4);
    char *path = hy_asprintf("/proc/%d/fd/0", (int)warm);
    char target[64] = "";
    ck_assert_int_gt(readlink(path, target, sizeof target - 1), 0);
    ck_assert_str_eq(target, "/dev/null");
    free(path);
    bench_remove(&bench, "a.slow");
    bench_expect(&bench, stop, HY_EXEC_DONE, 0, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(the_deadline_counts_from_the_order)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t warm = wait_for_one(&bench, "a");
    bench_touch(&bench, "a.slow", "");
    struct hy_operation operation = {.rsc = hy_strdup("a"),
                                     .agent = hy_strdup(fast),
                                     .op = hy_strdup("start"),
                                     .timeout = 200 * HY_MS,
                                     .lease = true};
    struct hy_outcome outcome = bench_outcome(&bench, bench_order_full(&bench, &operation, "delay=1h"));
    ck_assert_int_eq(outcome.exec, HY_EXEC_TIMEOUT);
    ck_assert_int_ge(outcome.took, 200 * HY_MS);
    ck_assert_int_lt(outcome.took, 20 * HY_SECOND);
    BENCH_UNTIL(process_state(warm) == 0);
    hy_outcome_free(&outcome);
    hy_operation_free(&operation);
    bench_remove(&bench, "a.slow");
    bench_close(&bench);
}
END_TEST

START_TEST(one_that_dies_is_replaced_and_not_missed)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t first = wait_for_one(&bench, "a"), second = 0;
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    expect_done(&bench, "a", "start");
    BENCH_UNTIL(count_warm(&bench, &second) == 1 && second != first);
    expect_done(&bench, "a", "stop");
    bench_close(&bench);
}
END_TEST

/* It has the order, and is gone before it has called the agent: somebody else does it. */
START_TEST(one_that_dies_with_the_order_is_followed_by_one_that_is_not_warm)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t first = wait_for_one(&bench, "a");
    ck_assert_int_eq(kill(first, SIGSTOP), 0);
    BENCH_UNTIL(process_state(first) == 'T');
    uint64_t start = bench_order_leased(&bench, "a", fast, "start", NULL);
    bench_expect(&bench, bench_order_leased(&bench, "b", good, "monitor", NULL), HY_EXEC_DONE, HALYARD_NOT_RUNNING,
                 NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a start begin"), 0);
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    bench_expect(&bench, start, HY_EXEC_DONE, 0, NULL);
    ck_assert_uint_eq(bench_count_lines(&bench, "a start begin"), 1);
    bench_close(&bench);
}
END_TEST

/* A new version was installed: what runs is what is on the disk. */
START_TEST(a_file_that_has_changed_is_loaded_anew)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t first = wait_for_one(&bench, "a"), second = 0;
    char *next = agent_copy("fast", bench.folder, "next");
    char *file = hy_asprintf("%s/fast.so", bench.agents);
    ck_assert_int_eq(rename(next, file), 0);
    uint64_t start = bench_order_leased(&bench, "a", fast, "start", "delay=300ms");
    BENCH_UNTIL(bench_count_lines(&bench, "a start begin") == 1);
    ck_assert_int_ne(process_state(first), 'S');
    bench_expect(&bench, start, HY_EXEC_DONE, 0, NULL);
    BENCH_UNTIL(count_warm(&bench, &second) == 1 && second != first);
    expect_done(&bench, "a", "stop");
    BENCH_UNTIL(process_state(second) == 0);
    free(next);
    free(file);
    bench_close(&bench);
}
END_TEST

/* One that cannot be loaded any more is not tried without end, and told of. */
START_TEST(a_file_that_is_gone_is_told_and_not_tried_all_the_time)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t warm = wait_for_one(&bench, "a");
    char *file = hy_asprintf("%s/fast.so", bench.agents);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(kill(warm, SIGKILL), 0);
    struct hy_outcome outcome = bench_outcome(&bench, bench_order_leased(&bench, "a", fast, "start", NULL));
    ck_assert_int_eq(outcome.rc, HALYARD_ERR_INSTALLED);
    hy_outcome_free(&outcome);
    char *log = NULL;
    BENCH_UNTIL((free(log), log = log_of(&bench), strstr(log, "no plug-in in ")) != NULL);
    ck_assert_ptr_nonnull(strstr(log, "ocf:test:fast: a child that was kept ready has ended ("));
    free(log);
    free(file);
    bench_close(&bench);
}
END_TEST

/* At the end of the lease: by those who are ready, each resource by its own. */
START_TEST(a_release_takes_them)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    for (int i = 0; i < 3; i++) {
        char *rsc = hy_asprintf("r%d", i);
        expect_done(&bench, rsc, "start");
        free(rsc);
    }
    pid_t one = 0;
    BENCH_UNTIL(count_warm(&bench, &one) == 3);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    BENCH_UNTIL(process_state(one) == 0);
    for (int i = 0; i < 3; i++) {
        char *file = hy_asprintf("r%d.active", i);
        ck_assert(!bench_has(&bench, file));
        free(file);
    }
    bench_close(&bench);
}
END_TEST

/* They do not outlive the executor. */
START_TEST(they_end_with_the_executor)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    pid_t warm = wait_for_one(&bench, "a");
    ck_assert_int_eq(kill(bench.executor, SIGKILL), 0);
    BENCH_UNTIL(process_state(warm) == 0 || process_state(warm) == 'Z');
    bench_clean(&bench);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "core") == 0)
        return handover_core_main(argc, argv);
    Suite *suite = suite_create("executor: warm children");
    TCase *tcase = tcase_create("ready");
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, who_is_ready_runs_the_operation_and_is_replaced);
    tcase_add_test(tcase, there_is_one_for_each_that_is_active);
    tcase_add_test(tcase, nothing_differs_for_the_agent);
    tcase_add_test(tcase, it_holds_no_descriptor_but_its_own);
    tcase_add_test(tcase, the_deadline_counts_from_the_order);
    tcase_add_test(tcase, one_that_dies_is_replaced_and_not_missed);
    tcase_add_test(tcase, one_that_dies_with_the_order_is_followed_by_one_that_is_not_warm);
    tcase_add_test(tcase, a_file_that_has_changed_is_loaded_anew);
    tcase_add_test(tcase, a_file_that_is_gone_is_told_and_not_tried_all_the_time);
    tcase_add_test(tcase, a_release_takes_them);
    tcase_add_test(tcase, they_end_with_the_executor);
    return run_suite(suite);
}
