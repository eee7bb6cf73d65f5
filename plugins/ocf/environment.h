/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment of a script: OCF Resource Agent API 1.1, and what Pacemaker adds to it ("Pacemaker Administration",
 * "Resource agents", "Environment variables").
 */
#ifndef OCF_ENVIRONMENT_H
#define OCF_ENVIRONMENT_H

#include "script.h"

/* A list for execve(), on top of this process's own. */
char **ocf_environment(const struct halyard_host *host, const struct halyard_op *op, const struct ocf_agent *agent,
                       const char *action);
void ocf_environment_free(char **list);

#endif
