/* SPDX-License-Identifier: Apache-2.0 */
/* What a warm child does: it loads the agent, says so, waits on its standard input for one order, and runs it. */
#ifndef HY_EXECUTOR_WARM_CHILD_H
#define HY_EXECUTOR_WARM_CHILD_H

#include "executor/op_child.h"

enum { HY_WARM_ORDER_MAX = 32 * 1024 }; /* fits into an empty pipe */

struct hy_warm_task {
    const struct hy_exec_env *env;
    const char *agent;
};

int hy_warm_child_body(const void *task, int answer_fd); /* for struct hy_child_spec */

/* The order, as it is written into the child's standard input. -EMSGSIZE: too long for that. */
int hy_warm_order_encode(const struct hy_op_request *request, struct hy_buf *out);

#endif
