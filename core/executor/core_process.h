/* SPDX-License-Identifier: Apache-2.0 */
/* The core's process: started, watched, started again. */
#ifndef HY_EXECUTOR_CORE_PROCESS_H
#define HY_EXECUTOR_CORE_PROCESS_H

#include "loop/loop.h"
#include "executor/process.h"

#include <sys/types.h>

struct hy_core {
    struct hy_loop *loop;
    const struct hy_log *log;
    const struct hy_origin *origin;
    char *const *argv;
    int lease_fd;
    pid_t pid; /* 0: not running */
    bool stopping;
    struct hy_watched exit;
    struct hy_timer timer;
    hy_time started;
    hy_time pause;
    /* A core runs: `socket` is our end of the link to it, handed over. */
    void (*begun)(void *context, int socket);
    void (*died)(void *context); /* it will be started again */
    /* It has ended and will not be started again: status 0, 78, or it was asked to. */
    void (*ended)(void *context, int status);
    void *context;
};

void hy_core_start(struct hy_core *core);
/* SIGTERM, a minute, SIGKILL; then ended(). */
void hy_core_stop(struct hy_core *core);
/* SIGHUP: it opens its log anew. */
void hy_core_hang_up(struct hy_core *core);
/* It is of no use any more: killed, and started again. */
void hy_core_kill(struct hy_core *core);

#endif
