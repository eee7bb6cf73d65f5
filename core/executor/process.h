/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of process this is: priority, memory, limits, name; and how a child of it becomes an ordinary one again. */
#ifndef HY_EXECUTOR_PROCESS_H
#define HY_EXECUTOR_PROCESS_H

#include "base/log.h"

#include <stdbool.h>
#include <sys/resource.h>

/* How the process was started, and what it became: what its children need to be ordinary again. Kept from start to
 * end. */
struct hy_origin {
    bool realtime;    /* was permitted */
    bool oom_changed; /* was permitted */
    struct rlimit files;
    struct rlimit memlock;
    char oom_score[16];
};

/* Real-time (SCHED_RR, low), memory-locked, not to be chosen when memory runs out, as many descriptors as allowed. One
 * warning says what was not permitted. */
void hy_process_raise(struct hy_origin *origin, const struct hy_log *log);

/* Locks do not go over to forked processes: the guard takes its own. */
bool hy_process_lock_memory(void);

/* In a forked child: what it has in memory now stays there, and is its own. Its limits are then those of the origin again;
 * what it will have later is not locked. */
void hy_process_lock_present(const struct hy_origin *origin);
/* In a forked child: the real-time priority of an operation, if that was permitted. */
void hy_process_realtime(const struct hy_origin *origin);

/* In a forked child: ordinary policy (or, with `realtime`, one below the executor's if that was permitted), limits, OOM
 * score and signals as the executor itself was started with. */
void hy_process_reset(const struct hy_origin *origin, bool realtime);

/* What there is now, and what is to come once it has been used: for a process with threads, of whose stacks and heaps most
 * is never touched. */
bool hy_process_lock_memory_in_use(void);

void hy_process_name(const char *name); /* as `ps -o comm` shows it */

#endif
