/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler: what should run where, and what must be done about it. A pure function of the CIB, the operations that
 * are on their way, and the time. Its semantics are Pacemaker's, as documented ("Pacemaker Explained"); no code is
 * shared.
 *
 * Level-triggered: it is run afresh at each event, and says all that is still to be done to get from the present state
 * to the wanted one, each action with the actions that must be done first. Whoever carries it out (core/cluster) sends
 * each action whose predecessors are done and which is not already under way; there is no transition and no barrier. An
 * action that is under way appears with `pending` set, so that what must wait for it waits.
 *
 * Everything in a decision lives in its arena, as long as the decision. The CIB must not change or go away while the
 * decision is being made; afterwards the decision stands alone (all strings are copied).
 */
#ifndef HY_SCHEDULER_SCHEDULER_H
#define HY_SCHEDULER_SCHEDULER_H

#include "base/arena.h"
#include "cib/cib.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An operation that has been ordered and not yet answered. The caller takes a recurring operation out of the list, too,
 * when it is cancelled or its resource has been stopped: those never answer. */
struct hy_inflight {
    const char *node;
    const char *rsc; /* instance name */
    const char *op;  /* "start", ... */
    hy_time interval;
};

struct hy_sched_input {
    const struct hy_cib *cib;
    hy_wall now;
    bool quorum; /* a DC has it by nature; false for simulating without */
    const struct hy_inflight *inflight;
    size_t inflight_count;
};

enum hy_action_kind {
    HY_ACT_PROBE, /* monitor, interval 0, on a node where nothing is known of the resource */
    HY_ACT_START,
    HY_ACT_STOP,
    HY_ACT_PROMOTE,
    HY_ACT_DEMOTE,
    HY_ACT_MONITOR, /* starts a recurring operation on the node */
    HY_ACT_CANCEL   /* ends a recurring operation on the node */
};

struct hy_action {
    enum hy_action_kind kind;
    const char *rsc;       /* instance name, as in hy_result.rsc */
    const char *primitive; /* id of the primitive it is an instance of */
    const char *node;
    const char *op; /* what is executed: "monitor", "start", ... */
    hy_time interval;
    hy_time timeout; /* op's own, op_defaults', or 20 s */
    hy_time start_delay;
    const char *agent; /* "ocf:heartbeat:IPaddr2"; NULL: not configured any more, to be stopped "as you know it" */
    const struct hy_attr *params; /* resource parameters, then the op's own extra ones */
    size_t param_count;
    const struct hy_attr
        *meta; /* CRM_meta_* without the prefix: timeout, interval, name, on_node, clone, clone_max, ... */
    size_t meta_count;
    const char *digest; /* of agent and parameters, hex; what `result` keeps. NULL without an agent */
    const char
        *reason;  /* why: one line for a human, as a chain: "test3 is standby (on-fail: MaxScale start failed there)" */
    bool pending; /* under way already: not to be sent, but waited for */
    bool blocked; /* cannot be done (and what depends on it neither): `reason` says why */
    const uint32_t *after; /* numbers of the actions that must have been done first */
    size_t after_count;
};

/* Where one instance of a resource is to be, and why. */
struct hy_placement {
    const char *rsc;
    const char *primitive;
    const char *node;  /* NULL: nowhere */
    enum hy_role role; /* wanted: STOPPED, STARTED, UNPROMOTED, PROMOTED */
    const char *reason;
};

/* How an instance stands now, from the status: for `status` and for the decision alike. */
struct hy_active {
    const char *rsc;
    const char *primitive;
    const char *node;
    enum hy_role role;
    bool failed;  /* active, but its last operation failed */
    bool blocked; /* on-fail=block, or failed stop */
    bool unmanaged;
    bool orphan; /* its resource is not configured any more */
};

/* How a node stands. */
struct hy_node_view {
    const char *node;
    bool member;
    bool usable; /* may run resources */
    bool standby;
    bool standby_onfail; /* because of a failure with on-fail=standby */
    bool maintenance;
    bool pending;       /* admitted, not yet synced */
    const char *reason; /* why not usable; NULL when it is */
};

struct hy_decision {
    struct hy_arena arena;
    struct hy_action *actions; /* in an order in which they could be done one by one */
    size_t action_count;
    struct hy_placement *placements; /* by resource in order of configuration, instances in order of number */
    size_t placement_count;
    struct hy_active *active;
    size_t active_count;
    struct hy_node_view *nodes; /* in order of the CIB's node objects */
    size_t node_count;
    hy_wall recheck; /* the decision may change by time alone then (failure-timeout); HY_NEVER: not */
    HY_VEC(struct hy_expired {
        const char *rsc;
        const char *node;
    })
    expired; /* failure-timeout has passed: a command `expire` is due */
};

/* Decides. The decision is released with hy_decision_free(). Never fails: a configuration that makes no sense gives a
 * decision that does nothing about what makes no sense, with a reason. */
struct hy_decision *hy_schedule(const struct hy_sched_input *input);
void hy_decision_free(struct hy_decision **decision);

const char *hy_action_word(enum hy_action_kind kind);

#endif
