/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children that are ready before they are needed: for agents with HALYARD_CAP_FAST_RELEASE, whose operations are a matter
 * of a fraction of a millisecond, fork and dlopen would be most of the time. A warm child has loaded and checked the
 * agent, its memory is locked, and it waits for one order; it runs that one and ends, as any other does. Who is taken is
 * replaced in the background.
 *
 * How many: one for each active resource of the agent, to release it; and for what may come here one for each resource
 * that has been looked for here and is not active, up to HY_WARM_COMING. HY_WARM_MAX in all. Whoever finds none runs cold.
 */
#ifndef HY_EXECUTOR_WARM_H
#define HY_EXECUTOR_WARM_H

#include "executor/active.h"
#include "executor/child.h"
#include "executor/op_child.h"

enum { HY_WARM_COMING = 8, HY_WARM_MAX = 128 };

struct hy_warm; /* opaque */

struct hy_warm *hy_warm_new(struct hy_loop *loop, const struct hy_exec_env *env, const struct hy_actives *actives);
/* Those that wait end, and have ended. */
void hy_warm_free(struct hy_warm **warm);

/* An operation of this resource runs here: so it may be started here too. */
void hy_warm_expect(struct hy_warm *warm, const struct hy_operation *operation);

/* Has a warm child run this request. `spec`: as for hy_child_start(), of which body and argument do not matter. False:
 * there is none. The operation may still come to nothing without the agent having been called; see HY_OP_STALE. */
bool hy_warm_take(struct hy_warm *warm, const struct hy_op_request *request, const struct hy_child_spec *spec,
                  struct hy_child **child);

/* The plug-in's file has changed, or its child died as it began: those that wait for this agent are of no use. */
void hy_warm_discard(struct hy_warm *warm, const char *agent);

#endif
