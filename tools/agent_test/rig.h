/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The production executor, in a process of its own, with one agent and folders of its own; and this program in the place of the
 * core: it gives the orders, holds the lease, and hears what comes of them.
 */
#ifndef AGENT_TEST_RIG_H
#define AGENT_TEST_RIG_H

#include "agent_test/processes.h"
#include "executor/executor.h"

struct rig {
    char *folder; /* all of it; removed at the end */
    char *self;   /* this program's file */
    char *agent;  /* CLASS[:PROVIDER]:TYPE, as orders name it */
    bool beside;  /* orders are not under the lease: what they find running is not the executor's to stop */
    bool verbose; /* the executor's log goes to stderr */
    int listener;
    pid_t executor; /* 0: none */
    pid_t core;
    struct hy_executor_link *link;
    uint64_t next_id;
    HY_VEC(struct hy_outcome) kept; /* came, and was not what was waited for */
    bool released;                  /* the executor has said that the lease's end was seen to */
};

/* Makes the folders, and copies the plug-in FILE to where the executor looks. 0 or -errno with the reason. */
int rig_open(struct rig *rig, const char *file, bool verbose, struct hy_err *err);
/* Ends what runs, and removes the folders. */
void rig_close(struct rig *rig);

/* Starts the executor, and gives it a lease without an end. */
int rig_start(struct rig *rig, struct hy_err *err);
/* Its orderly end; the exit status, or -errno. */
int rig_stop(struct rig *rig);
/* kill -9 of the executor. What its guard then does is over when this returns: 0; -ETIMEDOUT: it has not ended. */
int rig_kill(struct rig *rig);

/* An order; its id, or 0 when the executor is gone. `timeout` 0: 20 s. */
uint64_t rig_order(struct rig *rig, const char *rsc, const char *op, const struct hy_attrs *params, hy_time timeout);
/* What came of it; the caller frees. -ETIMEDOUT: nothing for so long. -EPIPE: the executor is gone. */
int rig_outcome(struct rig *rig, uint64_t id, hy_time patience, struct hy_outcome *outcome);
/* The lease ends now; 0 when all has been released, or as above. Then it is given again. */
int rig_end_lease(struct rig *rig, hy_time patience);

/* The process in which the order runs that was given last, the one that is not in `before`; 0: none (any more). */
pid_t rig_operation(const struct rig *rig, const process_list *before);
/* What is there beside the executor, its guard and its core: what operations have left. */
void rig_left(const struct rig *rig, process_list *left);

hy_time rig_now(void);

#endif
