/* SPDX-License-Identifier: Apache-2.0 */
/* The history of operations on a node: recording results, counting failures, forgetting. Internal to core/cib. */
#ifndef HY_CIB_HISTORY_H
#define HY_CIB_HISTORY_H

#include "cib/cib.h"

/* Is `rsc` the primitive `id`, or an instance of it ("db" or "db:1" of "db")? */
bool hy_rsc_is_instance_of(const char *rsc, const char *id);

/* Takes a result in, by the rules of cib/command.h; it is copied. `at` is when. */
void hy_history_record(const struct hy_cib *cib, struct hy_node_status *status, const struct hy_result *result,
                       hy_wall at);

/* Which resources an action on the history means; `context` is the caller's. */
typedef bool hy_history_match_fn(const void *context, const char *rsc);

/* Of those that match and have failed on the node: all that is known of them there goes. Returns whether any had. */
bool hy_history_cleanup(struct hy_node_status *status, hy_history_match_fn *match, const void *context);

/* Of those that match: fail counts, failures and failed results go. Returns whether there were any. */
bool hy_history_expire(struct hy_node_status *status, hy_history_match_fn *match, const void *context);

/* Takes out the result of one operation. */
void hy_history_forget(struct hy_node_status *status, const char *rsc, const char *op, hy_time interval);

/* What is known of primitives that are neither configured any more nor running goes: nobody would ever clean it up. */
void hy_history_prune(struct hy_cib *cib);

#endif
