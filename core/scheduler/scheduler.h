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
#include "base/map.h"
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

/* Who has been stopped to be started again, here or elsewhere. A zeroed struct is empty. */
struct hy_returns {
    struct hy_map nodes;  /* resource -> char *: where it was */
    struct hy_map starts; /* what the last decision starts; the values are of no meaning */
};

struct hy_buf;

struct hy_sched_input {
    const struct hy_cib *cib;
    hy_wall now;
    bool quorum; /* a DC has it by nature; false for simulating without */
    bool
        blotted; /* secrets may have been blotted out of the configuration: one that was given away, to simulate with */
    const char *dc; /* who decides, for rules about "#is_dc"; NULL: not known */
    const struct hy_inflight *inflight;
    size_t inflight_count;
    const struct hy_returns *returns; /* they stick to where they were, as if they were there still; NULL: none */
    bool explain; /* keep what each score is made of (struct hy_score): for `why` and `scores`; costs time */
};

enum hy_action_kind {
    HY_ACT_PROBE, /* monitor, interval 0, on a node where nothing is known of the resource */
    HY_ACT_START,
    HY_ACT_STOP,
    HY_ACT_PROMOTE,
    HY_ACT_DEMOTE,
    HY_ACT_MONITOR,      /* starts a recurring operation on the node */
    HY_ACT_CANCEL,       /* ends a recurring operation on the node */
    HY_ACT_RELOAD,       /* new parameters that need no restart */
    HY_ACT_MIGRATE_TO,   /* on the node it leaves */
    HY_ACT_MIGRATE_FROM, /* on the node it comes to, after that */
    HY_ACT_NOTIFY, /* tells an instance of a clone what is done to the instances; `op` is "pre_notify_start", ... */
    HY_ACT_FENCE   /* `op` is "reboot", "off" or "on" (unfencing); `rsc` is the node, `primitive` empty */
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
    const char *digest; /* of agent and parameters, hex; what `result` keeps. NULL without an agent. Of a notification:
                         * of what it tells */
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
    const char *instance;  /* with its number when it is a clone's, as in hy_change */
    const char *wanted;    /* the node it was given, though it cannot start there yet, or at all; NULL: none */
    const char *behind;    /* the resource that keeps it from its place: what it comes after, or must be with; NULL */
    const char *locked_to; /* the node it waits for, which was shut down (shutdown-lock); NULL */
    bool no_place;         /* it is stopped because no node may run it */
    bool stopped_by_wish;  /* ... because of its target-role, or because it is not configured any more */
    bool unmanaged;
    bool blocked; /* it failed so that nobody may touch it before it has been seen to by hand */
};

/* What a human calls an action, one an instance of a resource; and the nodes that are fenced. What stays as it is, is
 * listed too (HY_CHANGE_LEAVE), for whoever wants the whole picture. */
enum hy_change_kind {
    HY_CHANGE_LEAVE,
    HY_CHANGE_START,
    HY_CHANGE_STOP,
    HY_CHANGE_MOVE,
    HY_CHANGE_MIGRATE,
    HY_CHANGE_RESTART,
    HY_CHANGE_RECOVER, /* it has failed: stop and start, here or elsewhere */
    HY_CHANGE_RELOAD,
    HY_CHANGE_PROMOTE, /* `from` NULL: started first */
    HY_CHANGE_DEMOTE,
    HY_CHANGE_REPROMOTE, /* demoted and promoted again */
    HY_CHANGE_FENCE      /* `op` says how; `to` is the node; no resource */
};

struct hy_change {
    enum hy_change_kind kind;
    const char *rsc;       /* with the instance's number when it is a clone's, unique or not: "db:0"; NULL: fence */
    const char *primitive; /* NULL: fence */
    const char *from;      /* NULL: it is not active */
    const char *to;        /* NULL: it will not be */
    enum hy_role role, next;
    const char *op; /* fence: "reboot", "off", "on"; else NULL */
    bool blocked;   /* it is called for and cannot be done: `reason` says why */
    const char *reason;
};

/* What the score of an instance on a node is made of. Only with `explain`. */
struct hy_score_part {
    int score;              /* hy_score_add() of all of them, in their order, is the whole */
    const char *why;        /* "location l1", "stickiness", "colocation c: web would like it there", ... */
    const char *other;      /* the resource that it comes from; NULL: it is its own */
    const char *constraint; /* the id of the constraint that it comes from; NULL: of none */
};

struct hy_score {
    const char *rsc; /* with its number, as in hy_change */
    const char *primitive;
    const char *node;
    int score;                         /* when its place was chosen; -INFINITY: it may not run there */
    bool promotion;                    /* how much it is to be promoted there, once it is there */
    const struct hy_score_part *parts; /* in the order in which they came about; what forbids the node stands even
                                        * behind another that does */
    size_t part_count;
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
    bool unclean;       /* it may be running something and cannot be asked: to be fenced */
    const char *reason; /* why not usable; NULL when it is */
};

struct hy_decision {
    struct hy_arena arena;
    struct hy_action *actions; /* in an order in which they could be done one by one */
    size_t action_count;
    struct hy_placement *placements; /* by resource in order of configuration, instances in order of number */
    size_t placement_count;
    struct hy_change *changes; /* fencing first; then by priority, in order of configuration, removed ones last */
    size_t change_count;
    struct hy_score *scores; /* with `explain`, else none */
    size_t score_count;
    struct hy_active *active;
    size_t active_count;
    struct hy_node_view *nodes; /* in order of the CIB's node objects */
    size_t node_count;
    hy_wall recheck; /* the decision may change by time alone then (failure-timeout); HY_NEVER: not */
    HY_VEC(struct hy_expired {
        const char *rsc;
        const char *node;
        bool redefined; /* what failed has another definition now: it starts there when the count is gone */
    })
    expired; /* failure-timeout has passed, or `redefined`: a command `expire` is due */
    HY_VEC(struct hy_lock_change {
        const char *rsc;
        const char *node;
        bool locked;
    })
    locks; /* shutdown-lock: a command `lock` or `unlock` is due; what is to be locked is not to be stopped before */
    HY_VEC(struct hy_expiring {
        const char *rsc;
        const char *node;
        hy_wall at;
    })
    expiring; /* with `explain`: its failures there will be forgotten then */
    HY_VEC(struct hy_void_notice {
        const char *rsc;
        const char *node;
        const char *op;
    })
    void_notices; /* told before something that is not to be done any more: a command `forget` is due, so that it is
                   * told again when it is */
};

/* Decides. The decision is released with hy_decision_free(). Never fails: a configuration that makes no sense gives a
 * decision that does nothing about what makes no sense, with a reason. */
struct hy_decision *hy_schedule(const struct hy_sched_input *input);
void hy_decision_free(struct hy_decision **decision);

/* What must be left alone on a node, whoever runs there: the names of primitives that are not managed (is-managed,
 * maintenance), each on a line of its own; "*" when the node or the cluster is in maintenance. */
void hy_sched_hands_off(const struct hy_sched_input *input, const char *node, struct hy_buf *out);

/* Who carries decisions out action by action, and decides anew between them, remembers what is on its way back, and hands it
 * in with each decision: _decided() with what has been decided, then _ordered() for each of its actions that is ordered. */
void hy_returns_decided(struct hy_returns *returns, const struct hy_decision *decision);
void hy_returns_ordered(struct hy_returns *returns, const struct hy_action *action);
void hy_returns_free(struct hy_returns *returns);

/* The state after all that the decision says has been done and has gone well, as Pacemaker's crm_simulate does it: one
 * round, nothing decided anew on the way. Recurring operations are begun, probes find what is known. The CIB is
 * changed; `now` is when the results are dated. */
void hy_foresee(struct hy_cib *cib, const struct hy_decision *decision, hy_wall now);

const char *hy_action_word(enum hy_action_kind kind);
const char *hy_change_word(enum hy_change_kind kind); /* "start", "repromote", ... */

#endif
