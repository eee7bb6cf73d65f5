/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The working data of one decision: the CIB unpacked once into numbered nodes and resources, so that nothing after it
 * looks anything up by name. It lives in a scratch arena and dies with the call of hy_schedule().
 *
 * The order of work, and the files:
 *   nodes.c       nodes, properties; rules.c their attributes   -> struct hy_snode
 *   resources.c   the tree of clones, groups and primitives    -> struct hy_srsc, struct hy_prim, struct hy_unit
 *   meta.c operations.c params.c                               what is written about them, inherited, and by default
 *   history.c     what the results of operations say           -> struct hy_past; replay.c migration.c failures.c
 *   attach.c      which instance is active where
 *   constraints.c locations, and what else becomes a score     tickets.c locks.c health.c
 *   sets.c        colocations and orders                       -> struct hy_scoloc, struct hy_sorder, struct hy_sgate
 *   gather.c colocate.c pull.c                                 the arithmetic of colocation
 *   assign.c      a node for each primitive; instances.c for groups' and clones' members; promote.c roles;
 *                 utilization.c capacities
 *   graph.h       from there on: what is to be done, and after what
 *   ledger.c    what each score is made of, when that is asked for
 *   reasons.c report.c                                         -> the decision, in words
 */
#ifndef HY_SCHEDULER_MODEL_H
#define HY_SCHEDULER_MODEL_H

#include "base/buf.h"
#include "cib/digest.h"
#include "cib/rule_eval.h"
#include "scheduler/scheduler.h"

#include <limits.h>

/* A node that is not in a resource's list of nodes at all (symmetric-cluster=false): no score makes it worse. */
#define HY_ABSENT INT_MIN
#define HY_NO_NODE UINT32_MAX
#define HY_NO_ACTION UINT32_MAX
#define HY_DEFAULT_TIMEOUT (20 * HY_SECOND)

/* Adds to an HY_VEC whose memory is an arena's. */
#define hy_arena_vec_add(arena, vec)                                                                                   \
    ((vec)->count == (vec)->capacity                                                                                   \
         ? ((vec)->items = hy_sched_grow(arena, (vec)->items, (vec)->count, &(vec)->capacity, sizeof *(vec)->items),   \
            &(vec)->items[(vec)->count++])                                                                             \
         : &(vec)->items[(vec)->count++])
#define hy_arena_vec_push(arena, vec, value) (*hy_arena_vec_add(arena, vec) = (value))

void *hy_sched_grow(struct hy_arena *arena, const void *old, size_t count, size_t *capacity, size_t size);

/* A capacity of a node, or what a resource takes of it. */
struct hy_amount {
    const char *name;
    int value;
};

struct hy_snode {
    uint32_t number;
    uint32_t rank; /* its place among the names in strcmp()'s order */
    const char *name;
    const struct hy_object *config;
    const struct hy_node_status *status; /* NULL: never heard of */
    struct hy_value *attrs;              /* transient and configured ones, by name */
    size_t attr_count;
    bool member;              /* in the cluster: what is ordered there is done */
    bool unclean;             /* it may run something and cannot be asked, or must not go on: to be fenced */
    const char *fence_reason; /* why, when something beside its state asks for it; NULL */
    bool is_dc;
    bool unseen;  /* nothing was ever heard of it */
    bool awaited; /* it has not yet said what runs there, and will: what it may be running is not started elsewhere */
    bool pending; /* admitted, has not yet said what runs there */
    bool standby;
    bool witness;  /* votes and runs nothing: nothing is placed there, nor looked for */
    bool shutdown; /* it has said that it is leaving, or is being taken out of the cluster */
    bool maintenance;
    bool usable;
    const struct hy_result *standby_onfail; /* the failure that made it so; NULL: none */
    uint32_t load;                          /* primitives assigned to it so far in this run */
    int health;                             /* the sum of its "#health..." attributes, read by the strategy */
    struct hy_amount *free;                 /* capacities, less what is assigned so far, by name */
    size_t free_count;
    const char *reason; /* why it is not usable */
};

/* ---------------------------------------------------------------- resources */

/* What follows from a failure; the graver comes later. */
enum hy_on_fail {
    HY_ONFAIL_IGNORE,
    HY_ONFAIL_DEMOTE,
    HY_ONFAIL_RESTART,
    HY_ONFAIL_MIGRATE,
    HY_ONFAIL_BLOCK,
    HY_ONFAIL_STOP,
    HY_ONFAIL_STANDBY,
    HY_ONFAIL_FENCE /* without fencing: as stop */
};

/* What must be there before it may start (meta attribute `requires`). */
enum hy_requires { HY_REQUIRES_NOTHING, HY_REQUIRES_QUORUM, HY_REQUIRES_FENCING, HY_REQUIRES_UNFENCING };

enum hy_multiple_active {
    HY_MULTIPLE_STOP_START,
    HY_MULTIPLE_STOP_ONLY,
    HY_MULTIPLE_BLOCK,
    HY_MULTIPLE_STOP_UNEXPECTED
};

struct hy_sop {
    const struct hy_op_config *config; /* NULL: it is not written, and has the defaults */
    const char *name;
    hy_time interval;
    enum hy_role role; /* role=Promoted: the operation belongs to that role; ANY: not written */
    enum hy_on_fail on_fail;
    hy_time timeout;
    hy_time start_delay;
    bool enabled;
};

struct hy_meta {
    enum hy_role target_role; /* ANY: not written, or nothing that asks for anything: Started, Promoted */
    bool managed;
    bool maintenance;
    bool critical;
    int priority;
    int stickiness;
    bool has_stickiness;
    int migration_threshold;
    hy_time failure_timeout; /* 0: none */
    enum hy_multiple_active multiple_active;
    enum hy_requires requires;
    bool allow_migrate;
    bool allow_unhealthy;
    bool chained; /* groups: the members start one after the other (`ordered`) */
};

struct hy_params {
    struct hy_attr *list; /* inherited ones and its own, sorted by name; the decision's */
    size_t count;
    const char *digest; /* the decision's, too */
};

/* What the instances of one primitive share. */
struct hy_prim {
    const struct hy_object *object; /* NULL: removed from the configuration */
    const char *id;
    const char *agent;
    bool is_fencing; /* class stonith */
    bool unfences;   /* it lets nodes in again, too (provides=unfencing) */
    struct hy_amount *utilization;
    size_t utilization_count;
    struct hy_params own;            /* by no node's rules; ask hy_sched_params() */
    const struct hy_srsc *params_of; /* whose parameters have rules, and may be others on each node; NULL: none */
    struct hy_params **by_node;
    struct hy_unit *unit; /* that of the first instance */
    struct hy_sop *ops;
    size_t op_count;
    const struct hy_sop *implied; /* the defaults of those that are not written */
    struct hy_meta meta;
};

/* What the results of operations say of one unit on one node. */
struct hy_past {
    struct hy_trace *trace;            /* its results, the oldest first */
    struct hy_trace *failures;         /* its failures since it was last cleaned up */
    struct hy_trace *notices;          /* what it was told of its clone */
    const struct hy_flight *flights;   /* under way */
    const struct hy_result *failure;   /* the last one that counts */
    const struct hy_result *stop_here; /* one with on-fail=stop */
    const struct hy_result *hard;      /* an answer that bans the node (rc 2, 4, 5), or the cluster (rc 6) */
    const struct hy_result *pending_migration;
    const char *known_as; /* the name that the history has for it, where that is not the unit's; NULL */
    uint64_t since;       /* call of the last start, stop, promote or demote: recurring results before it are void */
    hy_wall fail_last;
    int fail_count;
    uint32_t stop_step;      /* number of its stop among the steps of the graph; HY_NO_ACTION */
    uint32_t probe_action;   /* number among the actions; HY_NO_ACTION */
    uint32_t adds;           /* a migration may have left it there, too; HY_NO_NODE */
    uint32_t stop_on_target; /* a migration from here, of which nobody will ever hear: to be stopped there */
    enum hy_role role;       /* STOPPED, STARTED or PROMOTED */
    enum hy_on_fail on_fail; /* the gravest that is still to be seen to */
    bool known : 1;          /* an operation has answered: no probe is needed */
    bool failed : 1;         /* it is active, and on_fail is not to be ignored */
    bool blocked : 1;
    bool changed : 1; /* it runs with other parameters than are configured now: restart */
    bool reload : 1;  /* the same, and the agent can take them over while it runs (`changed` is not set then) */
    bool expired : 1; /* its failures are older than failure-timeout */
    bool forget : 1;  /* its failures are of a definition that is no more: the fail count is to be cleared */
    bool ignored : 1; /* a failure of it is ignored (on-fail=ignore): nor does it count towards the threshold */
    bool idle : 1;    /* it was looked for and not found, and nothing else was ever done */
    bool starting : 1, stopping : 1, promoting : 1, demoting : 1, probing : 1; /* under way */
    bool migrating_to : 1, migrating_from : 1;
    bool arriving : 1;   /* active only in so far as its start is under way */
    bool leaving : 1;    /* active only in so far as its stop is under way */
    bool stop_all : 1;   /* a failure with on-fail=stop: it may run nowhere */
    bool unpromoted : 1; /* its promotion has failed, and nothing was done about that yet: it is not to be promoted */
    bool stop_failed : 1;
    bool no_expiry : 1; /* failures are not forgotten by time, or not yet */
    bool presumed : 1;  /* it may have arrived here, and is nowhere else: it is started, whether it has or not */
    bool came_from : 1; /* it failed to arrive there, and is thought to be here first of all */
    bool partial : 1;   /* ... migrate_from is still to come */
    bool migration_failed : 1;
    bool dangling : 1; /* a migration left something here that is to be stopped */
};

struct hy_trace {
    const struct hy_result *result;
    struct hy_trace *next;
    bool stale; /* a recurring operation that was set up with other parameters: to be set up anew */
};

/* An operation under way, by unit and node. */
struct hy_flight {
    const char *op;
    hy_time interval;
    const struct hy_flight *next;
};

/* A name that the executor and the history know: a plain primitive, the primitive of an anonymous clone (once a node),
 * or one numbered instance of a unique clone. */
struct hy_unit {
    uint32_t number;
    struct hy_unit *next_seen; /* whose results came after its own on the last node: a guess for the next one */
    const char *name;
    struct hy_prim *prim;
    struct hy_past *past;     /* by node */
    struct hy_unit *alias_of; /* "db:1" in the history of what is "db": an instance of an anonymous clone; NULL */
    int *said;                /* promotion scores by node; NULL: not looked up yet */
    bool anonymous;           /* of an anonymous clone: on several nodes by nature */
    bool everywhere;          /* ... with an instance for each node: no node need wait for what another one says */
    bool orphan;
    uint8_t *no_probe; /* by node: resource-discovery=never; NULL: none */
};

enum hy_srsc_kind { HY_RSC_PRIMITIVE, HY_RSC_GROUP, HY_RSC_CLONE };

struct hy_srsc;

/* Why a resource has a score on a node: for the reasons. */
enum hy_cause_kind {
    HY_CAUSE_OTHER, /* `id` is a word for it: "ticket-a is not granted here" */
    HY_CAUSE_LOCATION,
    HY_CAUSE_STICKINESS,
    HY_CAUSE_FAILCOUNT,
    HY_CAUSE_HARD,
    HY_CAUSE_STOP_FAILED,
    HY_CAUSE_ONFAIL_STOP,
    HY_CAUSE_ONFAIL_MIGRATE,
    HY_CAUSE_COLOCATION,
    HY_CAUSE_CLONE_MAX,
    HY_CAUSE_CLONE_NODE_MAX,
};

struct hy_cause {
    enum hy_cause_kind kind;
    uint32_t node; /* HY_NO_NODE: all */
    int score;
    const char *id;                     /* the constraint's */
    const struct hy_srsc *other;        /* the resource it is colocated with; the one that failed */
    const struct hy_scoloc *colocation; /* NULL: it is of another kind */
    const uint8_t *ruled_out; /* a byte a node: 1 where a mandatory colocation rules it out. NULL: by `node` */
    const struct hy_result *result;
    uint32_t failed_on; /* where `result` is from */
    struct hy_cause *next;
};

/* One change of a resource's score on a node: what it was, and what it became. Only with `explain`. */
struct hy_entry {
    uint32_t node;
    uint32_t serial;
    int before, after;
    const struct hy_cause *cause; /* NULL: a colocation's, or something without a name */
    const struct hy_srsc *at;     /* whose cause it is: itself, or what it is in */
    const struct hy_scoloc *colocation;
    const struct hy_srsc *other; /* whose wish or place it was */
    const char *word;            /* NULL: one of the above */
    struct hy_entry *next;       /* the one before it */
};

struct hy_scoloc {
    const char *id;
    struct hy_srsc *dependent;
    struct hy_srsc *primary;
    enum hy_role dependent_role;
    enum hy_role primary_role;
    int score;
    const char *key; /* what they are sorted by: the id of the constraint, or of the set in it */
    uint32_t number; /* in the order in which they were read */
    uint32_t stamp;
    bool internal;         /* a group's own */
    bool influence;        /* the dependent's wishes count for the primary even when that is active */
    const char *attribute; /* NULL: the same node; else: a node with the same value of it */
};

typedef HY_VEC(struct hy_scoloc *) hy_scoloc_list;
typedef HY_VEC(struct hy_srsc *) hy_srsc_list;

/* Why nothing is done, or not what is configured. */
enum hy_halt {
    HY_HALT_NONE,
    HY_HALT_TARGET_ROLE,
    HY_HALT_NO_QUORUM,
    HY_HALT_STOP_ALL,
    HY_HALT_ONFAIL_STOP,
    HY_HALT_NO_NODE,
    HY_HALT_ORPHAN,
    HY_HALT_MULTIPLE,
    HY_HALT_FREEZE,
    HY_HALT_ORDER,      /* what it comes after does not run */
    HY_HALT_COLOCATION, /* what it must be with does not run */
    HY_HALT_STUCK,      /* it cannot be stopped where it is */
    HY_HALT_UNMANAGED
};

/* Why something that stays where it is must stop and start. */
enum hy_restart {
    HY_RESTART_NONE,
    HY_RESTART_FAILED,
    HY_RESTART_CHANGED,
    HY_RESTART_ORDER,
    HY_RESTART_MULTIPLE,
    HY_RESTART_STOPPING
};

struct hy_srsc {
    uint32_t number;
    enum hy_srsc_kind kind;
    const struct hy_object *object; /* NULL: removed */
    const char *id;
    struct hy_srsc *parent;
    HY_VEC(struct hy_srsc *) children;
    uint32_t instance; /* its number when it is a clone's child, or below one */
    bool in_clone;
    bool is_fencing;
    bool unique; /* clones, and what is below: globally unique */
    uint32_t clone_max, clone_node_max;
    uint32_t promoted_max, promoted_node_max;
    uint32_t clone_min; /* this many must run before what is ordered after the clone may; 0: one for each that waits */
    bool interleave, ordered, promotable, notify;
    struct hy_unit *unit; /* primitives */
    const char *shown;    /* its name with its number; NULL: nobody has asked yet */
    struct hy_meta meta;

    int *score;                /* by node; HY_ABSENT */
    uint32_t *count;           /* clones: instances by node */
    struct hy_srsc **sorted;   /* ... the instances, the ones best left alone or promoted first */
    struct hy_srsc **first_at; /* ... the first of the instances on each node; then next_at */
    struct hy_srsc *next_at;
    bool everywhere;               /* ... each node that can have an instance gets one */
    uint32_t node_limit;           /* ... how many nodes there are */
    struct hy_cause *causes;       /* the latest first */
    struct hy_entry *ledger;       /* the same; what the scores are made of */
    const struct hy_entry *closed; /* the ledger, and the scores, when its place was chosen; NULL: none was */
    const int *closing;
    int *booked;                               /* by node: what the ledger accounts for; NULL: nothing is booked */
    hy_scoloc_list with;                       /* its own colocations in which it is the dependent */
    hy_scoloc_list dependents;                 /* ... the primary */
    hy_scoloc_list *all_with, *all_dependents; /* NULL: not gathered yet */
    struct hy_cause *promote_causes;           /* with `explain`: the locations that make it */
    int *promote_score;                        /* locations with role=Promoted; NULL: none */
    struct hy_sticket *tickets;                /* those that bear on the promoted role, not granted; NULL: none */
    uint8_t *exclusive;                        /* by node: an `exclusive` location names it; NULL: there is none */

    /* now; the role on each node is unit->past[node].role */
    HY_VEC(uint32_t) active; /* nodes, as they were found: of groups and clones, too */
    enum hy_role role;       /* the highest of all; of instances of promotable clones UNPROMOTED or PROMOTED */
    bool failed;             /* something failed that asks for more than to be ignored */
    bool known_somewhere;    /* instances of anonymous clones: something was ever asked of it */
    const char *known_as;    /* ... the name that the history has for it, where that is another one */
    bool must_stop;          /* ... to stop it: start it afresh wherever it is to be (on-fail=restart and graver) */
    bool must_demote;        /* ... to demote it (on-fail=demote) */
    bool blocked, managed, orphan;
    bool maintenance;          /* unmanaged because of maintenance: not monitored either */
    bool start_pending;        /* active only in so far as its start is under way */
    bool allow_migrate;        /* the meta attribute, unless a migration failed */
    uint32_t migrate_from;     /* migrate_to succeeded, migrate_from is still to come; both nodes are in `active` */
    uint32_t migrate_to;       /* HY_NO_NODE: none */
    HY_VEC(uint32_t) dangling; /* nodes that a failed or half-done migration left something on: to be stopped there */
    uint32_t lock_node;        /* shutdown-lock: it runs there or nowhere; HY_NO_NODE */

    /* wanted */
    bool assigned; /* the question has been answered, with `node` or with nowhere */
    bool assigning;
    bool pulling;
    uint32_t node;
    enum hy_role next; /* ANY until it is assigned (STOPPED, UNPROMOTED: a target-role asks for that) */
    enum hy_halt halt;
    const struct hy_srsc *halt_by;
    enum hy_role asked; /* `next` as it was before */
    uint32_t stamp;
    int promotion;  /* how much it is to be promoted; below 0: not. Once roles are set, what it was sorted by */
    int rating;     /* ... with all that others say: the highest are promoted; below 0: not */
    int said;       /* what its agent says of it, or what it is asked to be */
    int priority;   /* among its clone's instances: meta attribute, or the promotion score if that is higher */
    uint32_t order; /* its place among the clone's instances, sorted by promotion */

    /* what comes of it (hy_graph_settle()) */
    int final; /* 0 stopped, 1 started, 2 promoted */
    enum hy_restart restart;
    const struct hy_srsc *stuck_by; /* it comes after, and cannot be stopped */
    uint32_t waits_for;             /* a node that has not said yet whether it runs there; HY_NO_NODE */
    const struct hy_srsc *restart_by;
};

/* `then_action` of each of `thens` needs `first_action` of at least one of `firsts` (require-all=false). */
struct hy_sgate {
    const struct hy_object *object;
    enum hy_order_kind kind;
    HY_VEC(struct hy_srsc *) firsts;
    HY_VEC(struct hy_srsc *) thens;
    enum hy_action_kind first_action, then_action;
};

/* A ticket that is asked for. */
struct hy_sticket {
    const struct hy_ticket *ticket; /* NULL: never heard of, not granted */
    const char *name;
    struct hy_sticket *next;
};

struct hy_sorder {
    const struct hy_object *object; /* NULL: none, it is the scheduler's own */
    enum hy_order_kind kind;
    bool symmetrical;
    struct hy_srsc *first;
    struct hy_srsc *then;
    enum hy_action_kind first_action;
    enum hy_action_kind then_action;
};

enum hy_no_quorum {
    HY_QUORUM_THERE,
    HY_NO_QUORUM_STOP,
    HY_NO_QUORUM_FREEZE,
    HY_NO_QUORUM_DEMOTE,
    HY_NO_QUORUM_SUICIDE
};
enum hy_placement_strategy { HY_PLACE_DEFAULT, HY_PLACE_UTILIZATION, HY_PLACE_BALANCED, HY_PLACE_MINIMAL };

struct hy_properties {
    enum hy_no_quorum no_quorum; /* THERE: there is one, or it does not matter (ignore) */
    bool fencing;                /* stonith-enabled, fencing-enabled */
    bool fencing_device;         /* something can do it: a resource of class stonith, or the watchdog */
    const char *fence_op;        /* "reboot", "off" */
    bool stop_orphan_actions;
    bool shutdown_lock;
    hy_time shutdown_lock_limit; /* 0: none */
    enum hy_placement_strategy placement;
    bool symmetric;
    bool stop_all;
    bool stop_orphans;
    bool maintenance;
    bool managed_default;
    bool start_failure_fatal;
    bool quorum_ignored; /* no-quorum-policy=ignore */
};

struct hy_sched {
    const struct hy_sched_input *input;
    struct hy_arena scratch;
    struct hy_decision *decision;
    struct hy_properties properties;
    struct hy_values options;         /* cluster properties */
    struct hy_attr_sets rsc_defaults; /* shallow copies */
    struct hy_attr_sets op_defaults;
    struct hy_values values;         /* for use and forget */
    struct hy_op_configs op_configs; /* likewise */
    const struct hy_sop *implied;    /* when there are no op_defaults */
    const char *empty_digest;        /* of no parameters */
    bool unfencing;                  /* a device can do it: it is what everything requires by default */
    uint32_t stamp;                  /* counts up: what bears the latest has been seen */
    uint32_t ledger_serial;          /* counts up: when something was booked */
    int *pull_score, *pull_next;     /* for use and forget (pull.c); NULL: nobody has asked yet */
    uint32_t *pull_live;

    struct hy_snode *nodes;
    uint32_t node_count;
    uint32_t runner_count;    /* of those that are no witnesses */
    uint32_t *by_load;        /* for placing by capacity: in the order in which they would be chosen */
    HY_VEC(uint32_t) unheard; /* those that have not said yet what runs there */
    hy_srsc_list exclusives;

    HY_VEC(struct hy_unit *) units;
    struct hy_map unit_index;
    struct hy_map prim_index;

    HY_VEC(struct hy_srsc *) rscs; /* all */
    HY_VEC(struct hy_srsc *) tops; /* those without a parent, in order of configuration, removed ones last */
    HY_VEC(struct hy_srsc *) leaves;
    struct hy_map rsc_index; /* id -> struct hy_srsc *; the original of a clone's child is its first instance */

    HY_VEC(struct hy_sorder *) orders; /* sets are unfolded into pairs */
    HY_VEC(struct hy_sgate *) gates;
    HY_VEC(struct hy_scoloc *) colocations;
};

/* rules.c */
struct hy_rule_context hy_sched_context(struct hy_sched *s, const struct hy_snode *node);
void hy_sched_read_node_attrs(struct hy_sched *s, struct hy_snode *node);
/* Transient ones before configured ones; "#uname". NULL: not there. */
const char *hy_sched_node_attr(const struct hy_snode *node, const char *name);
uint32_t hy_sched_node_named(const struct hy_sched *s, const char *name); /* HY_NO_NODE: none, also for NULL */

/* nodes.c */
void hy_sched_unpack_properties(struct hy_sched *s);
void hy_sched_unpack_nodes(struct hy_sched *s);
void hy_sched_judge_nodes(struct hy_sched *s); /* once the history is known */
void hy_sched_fence(struct hy_sched *s, uint32_t node, const char *reason);

/* health.c, locks.c, tickets.c */
void hy_sched_read_health(struct hy_sched *s, const struct hy_values *options);
void hy_sched_apply_health(struct hy_sched *s);
void hy_sched_apply_locks(struct hy_sched *s);
void hy_sched_unpack_ticket(struct hy_sched *s, const struct hy_object *object);

/* meta.c, operations.c, params.c */
const struct hy_values *hy_sched_collect_meta(struct hy_sched *s, const struct hy_srsc *rsc);
void hy_sched_read_meta(const struct hy_sched *s, const struct hy_srsc *rsc, const struct hy_values *values,
                        struct hy_meta *meta);
void hy_sched_read_clone(const struct hy_sched *s, struct hy_srsc *clone, const struct hy_values *values);
void hy_sched_read_ops(struct hy_sched *s, struct hy_prim *prim);
/* The configured operation, else the defaults of one of that name. */
const struct hy_sop *hy_sched_op(const struct hy_prim *prim, const char *name, hy_time interval);
const struct hy_sop *hy_sched_probe_op(const struct hy_prim *prim);
void hy_sched_read_params(struct hy_sched *s, struct hy_prim *prim, const struct hy_srsc *rsc);
/* With rules they may differ from node to node. HY_NO_NODE: by no node's rules. */
const struct hy_params *hy_sched_params(struct hy_sched *s, struct hy_prim *prim, uint32_t node);
/* Of what an operation runs with; the decision's string. */
const char *hy_sched_digest(struct hy_sched *s, struct hy_prim *prim, uint32_t node, const char *name,
                            hy_time interval);
/* Whether what a result ran with is what is configured now. AGAIN: a recurring operation is to be set up anew. */
enum hy_changed { HY_CHANGED_NOT, HY_CHANGED_RESTART, HY_CHANGED_RELOAD, HY_CHANGED_AGAIN };
enum hy_changed hy_sched_changed(struct hy_sched *s, struct hy_prim *prim, uint32_t node,
                                 const struct hy_result *result);

/* resources.c */
void hy_sched_unpack_resources(struct hy_sched *s);
struct hy_unit *hy_sched_unit(struct hy_sched *s, const char *name, struct hy_prim *prim);
struct hy_srsc *hy_sched_add_instance(struct hy_sched *s, struct hy_srsc *clone);
struct hy_srsc *hy_sched_add_orphan(struct hy_sched *s, struct hy_unit *unit);
struct hy_prim *hy_sched_orphan_prim(struct hy_sched *s, const char *id);
void hy_sched_mark_orphan(struct hy_srsc *rsc);
/* The outermost clone or group (or itself). */
struct hy_srsc *hy_sched_top(struct hy_srsc *rsc);
/* The clone it is in; NULL. */
struct hy_srsc *hy_sched_clone_of(const struct hy_srsc *rsc);
struct hy_srsc *hy_sched_group_of(const struct hy_srsc *rsc);
const struct hy_srsc *hy_sched_first_leaf(const struct hy_srsc *rsc);

/* history.c, replay.c, migration.c, failures.c, attach.c */
static inline bool hy_result_is(const struct hy_result *result, const char *op)
{
    return result->op[0] == op[0] && !strcmp(result->op, op);
}

static inline bool hy_result_is_probe(const struct hy_result *result)
{
    return !result->interval && hy_result_is(result, "monitor");
}

void hy_sched_read_history(struct hy_sched *s);
void hy_sched_replay(struct hy_sched *s, struct hy_unit *unit, struct hy_snode *node);
enum hy_role hy_sched_migrated(struct hy_sched *s, struct hy_unit *unit, uint32_t node, const struct hy_result *result,
                               enum hy_role role);
void hy_sched_migration_failed(struct hy_sched *s, struct hy_unit *unit, uint32_t node, const struct hy_result *result);
void hy_sched_migration_pending(struct hy_sched *s, struct hy_unit *unit, uint32_t node,
                                const struct hy_result *result);
enum hy_on_fail hy_sched_on_fail(const struct hy_prim *prim, const struct hy_result *result);
bool hy_sched_is_failure(const struct hy_prim *prim, const struct hy_result *result, enum hy_role role);
void hy_sched_expire(struct hy_sched *s, struct hy_unit *unit, uint32_t node);
bool hy_sched_has_expired(const struct hy_sched *s, const struct hy_unit *unit, uint32_t node,
                          const struct hy_result *result);
void hy_sched_forget(struct hy_sched *s, struct hy_unit *unit, uint32_t node);
void hy_sched_apply_failures(struct hy_sched *s);
void hy_sched_attach(struct hy_sched *s);
bool hy_sched_is_active_on(const struct hy_srsc *rsc, uint32_t node);

/* constraints.c, sets.c */
void hy_sched_unpack_constraints(struct hy_sched *s);
void hy_sched_resolve(struct hy_sched *s, const char *id, hy_srsc_list *list);
void hy_sched_set_members(struct hy_sched *s, const struct hy_rsc_set *set, hy_srsc_list *list);
void hy_sched_unpack_colocation(struct hy_sched *s, const struct hy_object *object);
void hy_sched_unpack_order(struct hy_sched *s, const struct hy_object *object);
void hy_sched_chain_groups(struct hy_sched *s);
/* To it and all below; a location of a group goes to its first member only. */
void hy_sched_add_score(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int score);
void hy_sched_add_location(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int score);
struct hy_cause *hy_sched_cause(struct hy_sched *s, struct hy_srsc *rsc, enum hy_cause_kind kind, uint32_t node,
                                int score);

/* ledger.c: nothing is done without `explain` */
void hy_sched_book_cause(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_cause *cause);
void hy_sched_book_colocation(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_scoloc *colocation,
                              const struct hy_srsc *other);
void hy_sched_book_word(struct hy_sched *s, struct hy_srsc *rsc, const char *word);
/* Its place has been chosen: what comes later is about something else. */
void hy_sched_ledger_close(struct hy_sched *s, struct hy_srsc *leaf);
/* A location that is about promotion alone. */
void hy_sched_book_promotion(struct hy_sched *s, struct hy_srsc *clone, const char *id, uint32_t node, int score);
/* An attempt that is taken back: nothing booked since the mark was ever there. */
uint32_t hy_sched_ledger_mark(struct hy_sched *s);
void hy_sched_ledger_undo(struct hy_sched *s, struct hy_srsc *rsc, uint32_t mark);
void hy_sched_report_scores(struct hy_sched *s);

/* utilization.c */
void hy_sched_read_capacity(struct hy_sched *s, struct hy_snode *node);
void hy_sched_read_utilization(struct hy_sched *s, struct hy_prim *prim);
void hy_sched_consume(struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node, bool back);
int hy_sched_compare_free(const struct hy_snode *a, const struct hy_snode *b);
uint32_t hy_sched_ban_full(struct hy_sched *s, struct hy_srsc *leaf);

/* gather.c, colocate.c, pull.c */
/* All colocations that bear on it, those of what it is in among them, the weightiest first. */
const hy_scoloc_list *hy_sched_with(struct hy_sched *s, struct hy_srsc *rsc);
const hy_scoloc_list *hy_sched_dependents(struct hy_sched *s, struct hy_srsc *rsc);
void hy_sched_apply_colocation(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *primary,
                               const struct hy_scoloc *colocation);
bool hy_sched_same_place(const struct hy_sched *s, const struct hy_scoloc *colocation, uint32_t a, uint32_t b);
bool hy_sched_any_node(const struct hy_sched *s, const int *score);
enum hy_role hy_sched_next_role(const struct hy_srsc *rsc);
bool hy_sched_has_influence(const struct hy_scoloc *colocation);
void hy_sched_pull(struct hy_sched *s, struct hy_srsc *target, const struct hy_scoloc *colocation);
void hy_sched_pull_primary(struct hy_sched *s, struct hy_srsc *clone, const struct hy_scoloc *colocation);
const int *hy_sched_outlook(struct hy_sched *s, struct hy_srsc *rsc);
int hy_sched_worth_here(struct hy_sched *s, struct hy_srsc *clone, uint32_t node);

/* assign.c, instances.c, promote.c */
void hy_sched_assign_all(struct hy_sched *s);
uint32_t hy_sched_assign(struct hy_sched *s, struct hy_srsc *rsc, uint32_t prefer, bool firmly);
void hy_sched_settle(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, bool force);
/* What was left open where it was tried whether it could be on one node: it is nowhere. */
void hy_sched_settle_rest(struct hy_sched *s, struct hy_srsc *rsc);
void hy_sched_unassign(struct hy_sched *s, struct hy_srsc *rsc);
uint32_t hy_sched_current(const struct hy_sched *s, const struct hy_srsc *rsc);
int hy_sched_compare_nodes(const struct hy_sched *s, const int *score, uint32_t current, uint32_t a, uint32_t b);
uint32_t hy_sched_assign_group(struct hy_sched *s, struct hy_srsc *group, uint32_t prefer, bool firmly);
uint32_t hy_sched_assign_clone(struct hy_sched *s, struct hy_srsc *clone);
void hy_sched_add_promotion_scores(struct hy_sched *s, struct hy_srsc *clone);
void hy_sched_set_roles(struct hy_sched *s, struct hy_srsc *clone);

bool hy_sched_inflight(const struct hy_past *past, const char *op, hy_time interval);

/* graph.h and what it names: what is to be done */
void hy_sched_act(struct hy_sched *s);

/* reasons.c, report.c: text in the decision's arena */
const char *hy_sched_failure_text(struct hy_sched *s, struct hy_arena *arena, const struct hy_result *result,
                                  const char *node);
const char *hy_sched_why_here(struct hy_sched *s, struct hy_srsc *rsc);
const char *hy_sched_why_stop(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node);
const char *hy_sched_why_start(struct hy_sched *s, struct hy_srsc *rsc);
const char *hy_sched_cause_text(struct hy_sched *s, const struct hy_cause *cause, uint32_t node);
bool hy_sched_forbids(const struct hy_cause *cause, uint32_t node);
/* Why it may not run on a node; NULL: nothing speaks against it. */
const char *hy_sched_why_not(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node);
/* With the instance's number when it is a clone's. */
const char *hy_sched_instance_name(struct hy_sched *s, struct hy_srsc *leaf);
const char *hy_sched_why_demote(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node);
const char *hy_sched_why_promote(struct hy_sched *s, struct hy_srsc *rsc);
void hy_sched_report(struct hy_sched *s);

#endif
