/* SPDX-License-Identifier: Apache-2.0 */
/* What every operation needs to know of where it runs. Made once, read by all; children have it by being forked. */
#ifndef HY_EXECUTOR_ENV_H
#define HY_EXECUTOR_ENV_H

#include "executor/executor.h"
#include "executor/process.h"
#include "plugin/plugin.h"

struct hy_exec_env {
    const char *node;
    const char *agent_folder;
    const char *state_folder;
    const char *lsb_folder;
    struct halyard_site site; /* reason() is filled in by who asks */
    bool trust_any_owner;
    const struct hy_log *log;
    int log_fd; /* -1: none */
    const struct hy_lease_page *page;
    int lease_map;                       /* the BPF map that holds the page; below 0: none, -errno says why */
    const struct hy_agent_table *agents; /* as of the start; a child looks again for what is not in it */
    struct hy_origin origin;
};

#endif
