/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs inside an operation's child: loads the agent, checks the parameters, calls one function, sends the answer.
 * The messages to the executor, each with its kind in the first byte:
 *
 *   LOG     u8 priority, bytes text
 *   CALLED  u32 caps, u8 offers watch, u8 can reload, bytes names of the parameters that only a restart can change, bytes
 *           names of those that are secret, each with blanks around: all checks have passed, the agent's function is
 *           called now
 *   CHANGED bytes why: the agent called changed()
 *   ANSWER  u8 enum hy_exec (DONE, ERROR, or CANCELLED: the lease had ended before the call), i64 rc, bytes reason
 *   READY   bytes nothing: a warm child (warm.h) waits for its order
 *   STALE   bytes why: a warm child cannot be used; nothing has been called
 */
#ifndef HY_EXECUTOR_OP_CHILD_H
#define HY_EXECUTOR_OP_CHILD_H

#include "executor/env.h"

enum hy_op_message { HY_OP_LOG = 1, HY_OP_CALLED, HY_OP_CHANGED, HY_OP_ANSWER, HY_OP_READY, HY_OP_STALE };

struct hy_op_request {
    const struct hy_exec_env *env;
    const struct hy_operation *operation; /* op "watch": the agent's watch */
    bool probe;                           /* the agent's probe, if it has one, for "monitor" */
    hy_time deadline;
};

int hy_op_child_body(const void *request, int answer_fd); /* for struct hy_child_spec */

/* Its steps. */
struct hy_op_agent {
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    int rc;       /* not 0: there is none, and `why` */
    bool refused; /* its plug-in knows no such agent, and `why`: each operation answers `refusal` */
    enum halyard_rc refusal;
    struct hy_err why;
};

void hy_op_child_be_clean(const char *process_name);
void hy_op_child_open(const struct hy_exec_env *env, const char *name, struct hy_op_agent *agent);
int hy_op_child_serve(const struct hy_op_request *request, const struct hy_op_agent *agent, int answer_fd);

#endif
