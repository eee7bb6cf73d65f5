/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one operation: a child, what it says, and what that amounts to. */
#ifndef HY_EXECUTOR_RUN_H
#define HY_EXECUTOR_RUN_H

#include "executor/child.h"
#include "executor/env.h"

struct hy_run;

struct hy_run_result {
    enum hy_exec exec;
    int rc;
    hy_time took;
    bool called;                /* the agent's function was called: else nothing has happened */
    uint32_t caps;              /* of the agent, when called */
    bool has_watch;             /* likewise */
    const char *restart_params; /* names of those that only a restart can change, with blanks around each; NULL: the
                                 * agent cannot reload, or was not called. Borrowed, as all that follows */
    const char *secret_params;  /* NULL: not known */
    const char *reason;         /* NULL: none */
    const char *output;         /* NULL: none */
};

struct hy_warm;

struct hy_run_spec {
    const struct hy_exec_env *env;
    struct hy_warm *warm;                 /* children that are ready; NULL: none */
    const struct hy_operation *operation; /* must live until ended() */
    hy_time deadline;
    bool probe;
    bool realtime;
    void (*called)(void *context, uint32_t caps, bool has_watch);     /* may be NULL */
    void (*begun_again)(void *context, pid_t pid);                    /* in another process; may be NULL */
    void (*changed)(void *context, const char *why);                  /* may be NULL */
    void (*ended)(void *context, const struct hy_run_result *result); /* the run is released after it */
    void *context;
};

/* ended() is called in any case but when this fails. */
int hy_run_start(struct hy_loop *loop, const struct hy_run_spec *spec, struct hy_run **run, struct hy_err *err);
pid_t hy_run_pid(const struct hy_run *run);
void hy_run_terminate(struct hy_run *run, hy_time grace);
/* Ends it at once, with its group; the result says DIED, and why (a literal). */
void hy_run_kill(struct hy_run *run, const char *why);

#endif
