/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An executor to test against: a process of its own with a folder of its own. The core that it starts is this test program
 * again, which hands its end of the link over to the test and waits to be told to end: so the test is the core, and can
 * lose one and get the next.
 */
#ifndef TESTS_UNIT_EXECUTOR_BENCH_H
#define TESTS_UNIT_EXECUTOR_BENCH_H

#include "agent_test/processes.h"
#include "base/vec.h"
#include "executor/executor.h"

#include <sys/types.h>

struct bench {
    bool no_bpf;  /* the kernel refuses the executor what has to do with BPF */
    char *folder; /* the agents record here */
    char *agents; /* plug-ins, below it */
    int listener; /* where cores come to */
    pid_t executor;
    pid_t core;
    struct hy_executor_link *link;
    uint64_t next_id;
    HY_VEC(struct hy_executor_news) kept; /* came, and was not what was waited for */
};

void bench_open(struct bench *bench, int max_children);
void bench_open_without_bpf(struct bench *bench);
/* Will the kernel give this user a BPF map? Where not, there is one kind of lease page only to test. */
bool bench_may_bpf(void);
void bench_accept_core(struct bench *bench); /* waits for the (next) core */
void bench_close(struct bench *bench);       /* orderly; checks the exit status, and that nothing is left behind */
void bench_drop_link(struct bench *bench);
void bench_clean(struct bench *bench); /* the executor is gone already */

/* An order, and its id. `params`: "name=value name=value"; "dir" is set. */
uint64_t bench_order(struct bench *bench, const char *rsc, const char *agent, const char *op, const char *params);
uint64_t bench_order_full(struct bench *bench, struct hy_operation *operation, const char *params);

/* Of ocf:test:good. */
uint64_t bench_order_monitor(struct bench *bench, const char *rsc, hy_time interval, const char *params);
uint64_t bench_order_cancel(struct bench *bench, const char *rsc, hy_time interval);
/* Under the lease. */
uint64_t bench_order_leased(struct bench *bench, const char *rsc, const char *agent, const char *op,
                            const char *params);
void bench_expect_start(struct bench *bench, const char *rsc, const char *agent); /* with success */

/* Waits for it, whatever else comes (which is kept). Free the outcome. */
struct hy_outcome bench_outcome(struct bench *bench, uint64_t id);
struct hy_executor_news bench_news(struct bench *bench, enum hy_executor_news_type type);
void bench_expect(struct bench *bench, uint64_t id, enum hy_exec exec, int rc,
                  const char *reason);               /* "": any, NULL: none */
size_t bench_kept(struct bench *bench, uint64_t id); /* outcomes of it that came and were not waited for */

/* Files in the folder. */
void bench_touch(struct bench *bench, const char *name, const char *text);
void bench_remove(struct bench *bench, const char *name);
int bench_has(struct bench *bench, const char *name);
char *bench_log(struct bench *bench);
size_t bench_count_lines(struct bench *bench, const char *line);

hy_time bench_now(void);
/* Waits until the condition is true; fails the test after a minute. */
#define BENCH_UNTIL(condition)                                                                                         \
    do {                                                                                                               \
        hy_time bench_end = bench_now() + 60 * HY_SECOND;                                                              \
        while (!(condition)) {                                                                                         \
            ck_assert_msg(bench_now() < bench_end, "waited in vain for: %s", #condition);                              \
            bench_pause();                                                                                             \
        }                                                                                                              \
    } while (0)
void bench_pause(void);

#endif
