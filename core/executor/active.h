/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is active on this node, or may be: each resource with the agent and parameters it was started with, so that it
 * can be stopped without the core. An entry is made before a start begins, and goes only when a stop has succeeded.
 */
#ifndef HY_EXECUTOR_ACTIVE_H
#define HY_EXECUTOR_ACTIVE_H

#include "base/map.h"
#include "executor/run.h"

#include <sys/types.h>

struct hy_active_entry {
    struct hy_operation
        kept; /* the order that made it so: agent, params, meta, lease. `op` and `id`: of the last change of state */
    bool pending; /* that change is under way */
    bool fresh;   /* the entry was made for it */
    uint32_t caps;
    bool has_watch;
    pid_t group; /* of the operation under way; 0: none */
};

struct hy_actives {
    struct hy_map entries; /* by name of the resource */
    /* Is told after each change that concerns what is under the lease; -ENOSPC: it could not be noted. */
    int (*changed)(void *context, const struct hy_actives *actives);
    void *context;
    bool held, owed; /* see hy_actives_hold() */
};

bool hy_changes_state(const char *op); /* start, stop, promote, ...: not monitor, validate, notify */

struct hy_active_entry *hy_actives_get(const struct hy_actives *actives, const char *rsc); /* NULL: not active */
bool hy_actives_any_leased(const struct hy_actives *actives);

/* A change of state begins: to be called before it does. -ENOSPC: it may not. */
int hy_actives_begin(struct hy_actives *actives, const struct hy_operation *operation);
void hy_actives_forked(struct hy_actives *actives, const char *rsc, pid_t group);
/* Many stops begin at once: changed() is told once, at the end of them. Of a stop nothing need be noted beforehand: what is
 * active is noted already, and its child ends with the executor. */
void hy_actives_hold(struct hy_actives *actives);
void hy_actives_let_go(struct hy_actives *actives);
/* It has ended. */
void hy_actives_end(struct hy_actives *actives, const struct hy_operation *operation,
                    const struct hy_run_result *result);
/* A monitor has ended: what it found running is active, whoever started it; what a probe found stopped is not. */
void hy_actives_saw(struct hy_actives *actives, const struct hy_operation *operation, bool probe,
                    const struct hy_run_result *result);

/* The order that would stop it: free with hy_operation_free(). */
struct hy_operation hy_active_stop_order(const struct hy_active_entry *entry);

void hy_actives_free(struct hy_actives *actives);

#endif
