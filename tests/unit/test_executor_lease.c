/* SPDX-License-Identifier: Apache-2.0 */
/* What is under the lease: released at its end, by the executor or, when that is gone, by the guard; and cores that die. */
#include "executor_bench.h"

#include "agent_test/handover.h"
#include "executor/lease.h"
#include "lib/folder.h"
#include "lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

static const char good[] = "ocf:test:good", fast[] = "ocf:test:fast";

START_TEST(without_a_lease_nothing_starts_under_it)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_CANCELLED, 0,
                 "this node\'s lease has ended");
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, 0, 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    ck_assert_str_eq(news.outcome.reason, "a stopped");
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

/* It is under the lease from when it was seen, and that did not end. */
START_TEST(what_is_found_active_is_not_released)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, HY_NEVER, 7);
    bench_expect(&bench, bench_order_leased(&bench, "unknown", good, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    bench_touch(&bench, "found.active", "");
    bench_expect(&bench, bench_order_leased(&bench, "found", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "other", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    ck_assert(bench_has(&bench, "found.active"));
    hy_executor_set_lease(bench.link, 0, 7);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert_ptr_nonnull(strstr(news.outcome.reason, "found stopped"));
    ck_assert_ptr_nonnull(strstr(news.outcome.reason, "other stopped"));
    ck_assert_ptr_null(strstr(news.outcome.reason, "unknown"));
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "found.active"));
    bench_close(&bench);
}
END_TEST

START_TEST(at_the_end_of_the_lease_all_is_released)
{
    struct bench bench;
    bench_open(&bench, 0);
    hy_executor_set_lease(bench.link, bench_now() + 3600 * HY_SECOND, 1);
    bench_expect(&bench, bench_order_leased(&bench, "slow", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect_start(&bench, "free", good);
    uint64_t monitor = bench_order_monitor(&bench, "slow", 20 * HY_MS, NULL);
    bench_expect(&bench, monitor, HY_EXEC_DONE, 0, NULL);
    uint64_t under_way = bench_order_leased(&bench, "late", good, "start", "delay=1h");
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
    bench_expect(&bench, bench_order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_CANCELLED, 0,
                 "this node\'s lease has ended");
    hy_executor_set_lease(bench.link, bench_now() + 3600 * HY_SECOND, 1);
    bench_expect(&bench, bench_order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
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
    uint64_t order = bench_order_leased(&bench, "a", late, "start", NULL);
    pid_t child = 0;
    BENCH_UNTIL(process_children(bench.executor, "halyard-op", &child) == 1 && process_state(child) == 'T');
    ck_assert_int_eq(kill(bench.executor, SIGSTOP), 0);
    BENCH_UNTIL(process_state(bench.executor) == 'T');
    hy_executor_set_lease(bench.link, bench_now() - 1, 1);
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    BENCH_UNTIL(process_state(child) == 'Z');
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, HY_NEVER, 3);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert_uint_eq(bench_count_lines(&bench, "a stop begin"), 1);
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
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
    uint64_t under_way = bench_order_leased(&bench, "a", good, "start", "delay=1h");
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
    bench_expect(&bench, bench_order_leased(&bench, "slow", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "slow stop begin") == 1);
    hy_executor_set_lease(bench.link, HY_NEVER, 1);
    bench_expect(&bench, bench_order_leased(&bench, "quick", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "other", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    BENCH_UNTIL(bench_count_lines(&bench, "a stop begin") == 1);
    uint64_t late = bench_order_monitor(&bench, "a", 20 * HY_MS, NULL);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0, NULL);
    hy_executor_set_lease(bench.link, bench_now(), 1);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_RELEASED);
    ck_assert(news.clean);
    hy_outcome_free(&news.outcome);
    ck_assert(!bench_has(&bench, "a.active"));
    bench_close(&bench);
}
END_TEST

/* ---- the page */

/* Both kinds hold what was written, for whoever maps the descriptor, and after a fork. */
START_TEST(the_page_is_a_map_or_memory)
{
    bool map = _i == 1;
    struct hy_lease lease = {0};
    struct hy_err err;
    ck_assert_msg(hy_lease_make_page(&lease, map, &err) == 0, "%s", err.text);
    if (!map)
        ck_assert_int_eq(lease.no_map, -EOPNOTSUPP);
    else if (lease.no_map)
        printf("the kernel refuses a BPF map (%s): plain memory is tested twice\n", strerror(-lease.no_map));
    ck_assert_int_eq(fcntl(lease.page_fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(atomic_load(&lease.page->deadline), 0);
    struct hy_executor_link *link;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_msg(hy_executor_link_open(pair[0], dup(lease.page_fd), &link, &err) == 0, "%s", err.text);
    hy_executor_set_lease(link, 4711, 3);
    pid_t child = fork();
    if (child == 0)
        _exit(atomic_load(&lease.page->deadline) == 4711 && atomic_load(&lease.page->since) == 3 ? 0 : 1);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    struct halyard_lease *public = mmap(NULL, sizeof *public, PROT_READ, MAP_SHARED, lease.page_fd, 0);
    ck_assert_ptr_ne(public, MAP_FAILED);
    ck_assert_int_eq(public->deadline, 4711);
    ck_assert_uint_eq(public->since, 3);
    munmap(public, sizeof *public);
    hy_executor_link_close(&link);
    close(pair[1]);
    hy_lease_close(&lease);
}
END_TEST

/* What an agent is shown of the lease, and that nothing of it is left to the programs that it runs. */
START_TEST(agents_are_lent_the_map)
{
    struct bench bench;
    bool map = _i == 1 && bench_may_bpf();
    if (_i == 1 && !map)
        printf("the kernel refuses a BPF map: that there is none is tested twice\n");
    if (_i == 1)
        bench_open(&bench, 0);
    else
        bench_open_without_bpf(&bench);
    hy_executor_set_lease(bench.link, HY_NEVER, 7);
    bench_touch(&bench, "a.tell", "");
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "monitor", NULL), HY_EXEC_DONE, 0,
                 map ? "closed on exec, deadline 9223372036854775807, since 7" : "no map: Operation not permitted");
    bench_expect(&bench, bench_order(&bench, "b", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_touch(&bench, "b.tell", "");
    bench_expect(&bench, bench_order(&bench, "b", good, "monitor", NULL), HY_EXEC_DONE, 0, "no map: No data available");
    char *path = hy_asprintf("%s/executor.log", bench.folder);
    char *log = file_read(path, &(size_t){0});
    ck_assert_int_eq(strstr(log, "(bpf: Operation not permitted)") == NULL, map);
    free(log);
    free(path);
    bench_close(&bench);
}
END_TEST

/* ---- what is active */

START_TEST(a_query_tells_what_is_active)
{
    struct bench bench;
    bench_open(&bench, 0);
    bench_expect_start(&bench, "a", good);
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

/* A new DC that did not hear of it would start the resource elsewhere, and this start would begin all the same. */
START_TEST(a_query_tells_what_has_been_ordered_and_has_not_begun)
{
    struct bench bench;
    bench_open(&bench, 0);
    struct hy_operation start = {
        .rsc = hy_strdup("a"), .agent = hy_strdup(good), .op = hy_strdup("start"), .start_delay = 3600 * HY_SECOND};
    uint64_t id = bench_order_full(&bench, &start, NULL);
    hy_operation_free(&start);
    ck_assert_int_eq(hy_executor_query(bench.link), 0);
    struct hy_executor_news news = bench_news(&bench, HY_EXECUTOR_ACTIVE);
    ck_assert_str_eq(news.outcome.rsc, "a");
    ck_assert_str_eq(news.outcome.op, "start");
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    uint64_t monitor = bench_order_monitor(&bench, "a", 20 * HY_MS, NULL);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect_start(&bench, "free", good);
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
    bench_expect(&bench, bench_order_leased(&bench, "a", good, "start", "word=will"), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "q", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "gone", fast, "start", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect(&bench, bench_order_leased(&bench, "gone", fast, "stop", NULL), HY_EXEC_DONE, 0, NULL);
    bench_expect_start(&bench, "free", good);
    bench_order_leased(&bench, "late", good, "start", "delay=1h");
    BENCH_UNTIL(bench_count_lines(&bench, "late start begin") == 1);
    BENCH_UNTIL(bench_count_lines(&bench, "q watch begin") == 1 && bench_count_lines(&bench, "a watch begin") == 1);
    pid_t guard = 0;
    ck_assert_int_eq(process_children(bench.executor, "halyard-guard", &guard), 1);
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
    BENCH_UNTIL((waitpid(-1, NULL, WNOHANG), process_children(getpid(), "halyard-op", NULL) == 0));
    bench_clean(&bench);
}
END_TEST

START_TEST(a_dead_guard_is_followed_by_another)
{
    struct bench bench;
    bench_open(&bench, 0);
    pid_t first = 0, second = 0;
    BENCH_UNTIL(process_children(bench.executor, "halyard-guard", &first) == 1);
    ck_assert_int_eq(kill(first, SIGKILL), 0);
    BENCH_UNTIL(process_children(bench.executor, "halyard-guard", &second) == 1 && second != first);
    bench_close(&bench);
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "core") == 0)
        return handover_core_main(argc, argv);
    Suite *suite = suite_create("executor: lease");
    TCase *tcase = tcase_create("guarding");
    tcase_set_timeout(tcase, 180);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, without_a_lease_nothing_starts_under_it);
    tcase_add_test(tcase, what_is_found_active_is_not_released);
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
    tcase_add_loop_test(tcase, the_page_is_a_map_or_memory, 0, 2);
    tcase_add_loop_test(tcase, agents_are_lent_the_map, 0, 2);
    tcase_add_test(tcase, a_query_tells_what_is_active);
    tcase_add_test(tcase, a_query_tells_what_has_been_ordered_and_has_not_begun);
    tcase_add_test(tcase, a_dead_core_is_followed_by_another);
    tcase_add_loop_test(tcase, the_executor_ends_with_a_core_that_has_ended_for_good, 0, 2);
    tcase_add_test(tcase, the_guard_releases_when_the_executor_is_killed);
    tcase_add_test(tcase, a_dead_guard_is_followed_by_another);
    return run_suite(suite);
}
