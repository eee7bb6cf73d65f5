/* SPDX-License-Identifier: Apache-2.0 */
/* As little of an agent as there can be: what it is compiled to describes every type of the interface. */
#include <halyard/agent.h>

static enum halyard_rc operation(const struct halyard_host *host, const struct halyard_op *op)
{
    host->log(op, 7, "nothing is done");
    return HALYARD_OK;
}

static const struct halyard_param params[] = {{0}};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "test",
    .type = "abi",
    .params = params,
    .start = operation,
    .stop = operation,
    .monitor = operation,
};
