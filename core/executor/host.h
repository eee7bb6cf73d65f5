/* SPDX-License-Identifier: Apache-2.0 */
/* The host functions of halyard/agent.h, and what stands behind the opaque `struct halyard_op`. In the child only. */
#ifndef HY_EXECUTOR_HOST_H
#define HY_EXECUTOR_HOST_H

#include "executor/op_child.h"

struct halyard_op {
    const struct hy_op_request *request;
    int answer_fd;
    struct hy_attrs values; /* checked, defaults filled in */
    struct hy_attrs meta;
    char *state_dir;
    struct hy_buf reason;
};

const struct halyard_host *hy_host(void);

/* Checks the order's parameters against what the agent declares, and fills `values`. -EINVAL: see err. */
int hy_host_take_params(struct halyard_op *op, const struct halyard_agent *agent, struct hy_err *err);

void hy_host_send_text(int answer_fd, enum hy_op_message kind, const char *text);

/* run() and capture() */
int hy_program_run(const struct halyard_op *op, const char *const argv[]);
int hy_program_capture(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size);
hy_time hy_host_left(const struct halyard_op *op); /* until the deadline; HY_NEVER: none */

#endif
