/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CIB: the cluster's one replicated state, as data. Two halves:
 *
 *   configuration  what operators want: nodes, resources, constraints, properties. Objects with an id, each with the
 *                  version (log index) at which it was last changed.
 *   status         what is: members and their epochs, the last result of each operation by resource and node, fail
 *                  counts, transient node attributes, and how far each node's commands have been taken.
 *
 * Both have one text form, the `crm configure` grammar (status as statements of the same make); see cib/grammar.h to
 * read and print it, and cib/command.h for the only way to change a replicated CIB. Everything here is deterministic:
 * the same commands in the same order give the same CIB, byte for byte when saved, on every node.
 *
 * Ownership: the CIB owns all it holds. Pointers handed out live until the next change of the CIB. Strings in these
 * structs are never NULL unless said so.
 *
 * Source of the terms: "Pacemaker Explained", and crmsh's manual for the grammar.
 */
#ifndef HY_CIB_CIB_H
#define HY_CIB_CIB_H

#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "cib/score.h"

#include <stdbool.h>
#include <stdint.h>

/* Limits; what is beyond them is refused by the grammar. */
enum {
    HY_ID_MAX = 255,          /* bytes of an id or a name */
    HY_VALUE_MAX = 64 * 1024, /* bytes of a value */
    HY_OBJECTS_MAX = 20000,   /* objects of a CIB; members of a group or a tag */
    HY_ATTRS_MAX = 1000,      /* attributes that are written into one set */
    HY_NODES_MAX = 32,        /* enrolled nodes */
    HY_CIB_NODES_MAX = 256,   /* nodes of a configuration that is only simulated */
    HY_NESTING_MAX = 16,      /* rules within rules */
    HY_RULE_MAX = 10000,      /* expressions of a rule, with those of the rules within it and those it refers to */
    HY_LEVELS_MAX = 9,        /* of a fencing topology, for one target */
    HY_TOPOLOGY_MAX = 2304,   /* of a fencing topology, for all targets: as if each node had one of its own */
    HY_LINKS_MAX = 8,         /* addresses of a node beside its own */
    HY_TEXT_MAX = 64 << 20,   /* bytes of a configuration or a command */
    HY_SAVED_MAX =
        256 << 20,           /* bytes of a saved CIB: 32 nodes with 5,000 resources, each with a long reason; as much as
                                 consensus takes as a snapshot (HY_RAFT_MAX_SNAPSHOT) */
    HY_CLIENTS_MAX = 1024,   /* client sessions whose last answer is kept */
    HY_CLIENT_TEXT_MAX = 300 /* bytes of such an answer */
};

/* Longer durations cannot be meant, and sums of them must not overflow: a hundred years. */
#define HY_DURATION_MAX (INT64_C(100) * 366 * 24 * 3600 * HY_SECOND)

/* The latest time that is told, in seconds since 1970: as many digits as hy_wall_parse() reads. */
#define HY_WALL_SECONDS_MAX INT64_C(999999999999)

/* ---------------------------------------------------------------- configuration */

struct hy_attr {
    char *name;
    char *value;
};

/* name=value pairs in the order they were written; a name stands once. */
struct hy_attrs {
    HY_VEC(struct hy_attr) list;
};

/* Names, as HY_VEC(char *) has them, and with a name of its own so that it can be handed on. */
struct hy_names {
    char **items;
    size_t count;
    size_t capacity;
};

enum hy_role { HY_ROLE_ANY, HY_ROLE_STOPPED, HY_ROLE_STARTED, HY_ROLE_UNPROMOTED, HY_ROLE_PROMOTED };

enum hy_kind {
    HY_NODE,
    HY_TEMPLATE,
    HY_PRIMITIVE,
    HY_GROUP,
    HY_CLONE,
    HY_TAG,
    HY_LOCATION,
    HY_COLOCATION,
    HY_ORDER,
    HY_RSC_TICKET,
    HY_TOPOLOGY,
    HY_PROPERTY,
    HY_RSC_DEFAULTS,
    HY_OP_DEFAULTS,
    HY_KIND_COUNT
};

/* ------------------------------------------------------------- rules and sets of attributes */

enum hy_rule_op { HY_EQ, HY_NE, HY_LT, HY_LTE, HY_GT, HY_GTE, HY_DEFINED, HY_NOT_DEFINED };

enum hy_expression_kind {
    HY_EXPR_ATTRIBUTE, /* `#uname eq test1` */
    HY_EXPR_DATE,      /* `date gt 2026-11-01` */
    HY_EXPR_RSC,       /* `rsc_type ocf:heartbeat:IPaddr2`: what the attributes are for */
    HY_EXPR_OP,        /* `op_type monitor interval=10s` */
    HY_EXPR_RULE       /* `( ... )`: a rule within the rule */
};

enum hy_value_source { HY_VALUE_LITERAL, HY_VALUE_PARAM, HY_VALUE_META };

enum hy_date_op { HY_DATE_GT, HY_DATE_LT, HY_DATE_IN_RANGE, HY_DATE_SPEC };

/* A tagged union in spirit: what does not belong to the kind is zero. */
struct hy_expression {
    enum hy_expression_kind kind;
    /* ATTRIBUTE */
    char *attribute; /* "#uname" is the node's name */
    enum hy_rule_op op;
    char *type; /* "string" | "integer" | "number" | "version"; NULL: not written */
    enum hy_value_source source;
    char *value; /* NULL with defined and not_defined; source PARAM and META: the name of what holds the value */
    /* DATE; texts as written, ISO 8601 */
    enum hy_date_op date_op;
    char *start;              /* GT, IN_RANGE; NULL: none */
    char *end;                /* LT, IN_RANGE; NULL: none */
    struct hy_attrs duration; /* IN_RANGE without end: years=1 months=2 ... */
    struct hy_attrs spec;     /* SPEC: hours=9-16 weekdays=1-5 ... */
    /* RSC; NULL: any */
    char *cls;
    char *provider;
    char *agent_type;
    /* OP */
    char *op_name;
    bool has_interval;
    hy_time interval;
    /* RULE */
    struct hy_rule *rule;
};

struct hy_rule {
    char *id;  /* `$id=`; NULL: not written */
    char *ref; /* `$id-ref=`: the rule of that id is meant, and nothing else is written; NULL */
    int score;
    char *score_attribute; /* the score is this node attribute's value; NULL: `score` is it */
    enum hy_role role;     /* `$role=`; ANY: not written */
    bool any;              /* expressions joined by `or`; else by `and` */
    HY_VEC(struct hy_expression) expressions;
};

/* One set of attributes. Of several that give a name a value the one with the highest score is taken; see
 * cib/rule_eval.h. */
struct hy_attr_set {
    char *id;  /* `$id=`; NULL: not written */
    char *ref; /* `$id-ref=`: the set of that id is meant, and nothing else is written; NULL */
    int score;
    struct hy_rule *rule; /* NULL: it always counts */
    struct hy_attrs attrs;
};

struct hy_attr_sets {
    HY_VEC(struct hy_attr_set) list;
};

/* ------------------------------------------------------------- objects */

struct hy_node_config {
    char *nodeid; /* the number in `node 1: test1`; kept and given back, used for nothing. NULL: not written */
    struct hy_attr_sets attributes;  /* `attributes standby=on` */
    struct hy_attr_sets utilization; /* `utilization cpu=4` */
};

/* `op monitor interval=30s timeout=15s` */
struct hy_op_config {
    char *name;                 /* "monitor" */
    struct hy_attrs attrs;      /* as written behind the name, interval among them (`interval=0` too) */
    struct hy_attr_sets params; /* `op_params`: the operation's own, above the resource's */
    struct hy_attr_sets meta;   /* `op_meta`: below `attrs`, above op_defaults */
    hy_time interval;           /* read from attrs; 0 when absent or unreadable (an error to hy_cib_verify()) */
};

/* A primitive, or a template (`rsc_template`), which is written alike. */
struct hy_primitive {
    char *tmpl;     /* `@TEMPLATE` in place of an agent: NULL: none, and cls and type are never NULL */
    char *cls;      /* "ocf", "lsb"; NULL with a template */
    char *provider; /* "heartbeat"; NULL where the class has none. A bare `IPaddr2` reads as ocf:heartbeat:IPaddr2 */
    char *type;     /* "IPaddr2"; NULL with a template */
    struct hy_attr_sets params;
    struct hy_attr_sets meta;
    struct hy_attr_sets utilization;
    char *operations_id;  /* `operations $id=...`: kept and given back. NULL: not written */
    char *operations_ref; /* `operations $id-ref=...`: those of another resource are meant. NULL: not written */
    HY_VEC(struct hy_op_config) ops;
};

struct hy_group {
    struct hy_names members;
    struct hy_attr_sets params;
    struct hy_attr_sets meta;
};

struct hy_clone {
    char *child; /* id of a primitive or group */
    bool ms;     /* written with the old word `ms`: promotable */
    struct hy_attr_sets params;
    struct hy_attr_sets meta;
};

/* `tag ID: A B`: a name for several objects; where a resource's id may stand in a constraint, a tag's or a template's
 * may: see hy_cib_resolve(). */
struct hy_tag {
    struct hy_names members;
};

/* One of the sets of a constraint: `A B`, `( A B )`, `[ A B ]`. */
struct hy_rsc_set {
    char *id;          /* `$id=`; NULL: not written */
    char *ref;         /* `$id-ref=`: the set of that id is meant; NULL */
    bool sequential;   /* default true; false: `( A B )` */
    bool require_all;  /* default true; false: `[ A B ]` */
    enum hy_role role; /* of all members; ANY: not written */
    char *action;      /* order: of all members; NULL: not written */
    struct hy_names members;
    struct hy_attrs options; /* score=..., kind=..., ordering=...: the set's own */
};

struct hy_rsc_sets {
    HY_VEC(struct hy_rsc_set) list;
};

/* `location ID RSC [role=Started] SCORE: NODE` (node != NULL, one score), or `location ID RSC rule ...` (rules). One of
 * rsc, pattern and sets says for which resources. */
struct hy_location {
    char *rsc; /* a resource, tag or template; NULL: pattern or sets */
    char *
        pattern; /* `/REGEX/`: extended, on the whole configuration's ids; "!" in front: those that do not match. NULL */
    struct hy_rsc_sets sets;
    enum hy_role role;
    char *node; /* NULL: rules */
    int score;
    HY_VEC(struct hy_rule) rules;
    struct hy_attrs options; /* resource-discovery=... */
};

struct hy_ref {
    char *rsc;         /* NULL: the constraint is of sets */
    enum hy_role role; /* colocation, ticket: `rsc:Started`; ANY: not written */
    char *action;      /* order: `rsc:promote`; NULL: start */
};

/* `colocation ID SCORE: A[:role] B[:role]`: A is placed where B is. With sets: as in the reference, each member with
 * the one in front of it, and each set with the next one. */
struct hy_colocation {
    int score;
    struct hy_ref rsc;
    struct hy_ref with;
    struct hy_rsc_sets sets;
    struct hy_attrs options; /* node-attribute=..., influence=... */
};

enum hy_order_kind { HY_ORDER_MANDATORY, HY_ORDER_OPTIONAL, HY_ORDER_SERIALIZE };

/* `order ID Mandatory: A[:action] B[:action] [symmetrical=true]`; the old form with a score: 0 is Optional, else
 * Mandatory, and is printed as it was written. */
struct hy_order {
    enum hy_order_kind kind;
    bool has_score;
    int score;
    struct hy_ref first;
    struct hy_ref then;
    struct hy_rsc_sets sets;
    bool has_symmetrical;
    bool symmetrical; /* default true */
    struct hy_attrs options;
};

enum hy_loss_policy { HY_LOSS_DEFAULT, HY_LOSS_STOP, HY_LOSS_DEMOTE, HY_LOSS_FREEZE, HY_LOSS_FENCE };

/* `rsc_ticket ID TICKET: A[:role] ... [loss-policy=stop]` */
struct hy_rsc_ticket {
    char *ticket;
    struct hy_ref rsc; /* one resource; rsc.rsc NULL: sets */
    struct hy_rsc_sets sets;
    enum hy_loss_policy loss; /* DEFAULT: not written; demote with role Promoted, else stop */
};

enum hy_level_target { HY_LEVEL_NODE, HY_LEVEL_PATTERN, HY_LEVEL_ATTRIBUTE };

/* The devices that are used together, as one attempt. */
struct hy_level {
    enum hy_level_target kind;
    char *target; /* NODE: its name; PATTERN: the expression; ATTRIBUTE: the attribute's name. NULL: every node */
    char *value;  /* ATTRIBUTE: its value; else NULL */
    int index;    /* 1, 2, ...: attempts go from 1 on, for each target */
    struct hy_names devices;
};

/* `fencing_topology TARGET: A,B C`: at most one object, with the id "fencing_topology". */
struct hy_topology {
    HY_VEC(struct hy_level) levels;
};

struct hy_object {
    enum hy_kind kind;
    char *id;
    char *description; /* `description="..."`, of nodes and resources; NULL: not written */
    uint64_t version;  /* log index of the last change; 0 in a CIB that was only parsed */
    union {
        struct hy_node_config node;
        struct hy_primitive primitive; /* template too */
        struct hy_group group;
        struct hy_clone clone;
        struct hy_tag tag;
        struct hy_location location;
        struct hy_colocation colocation;
        struct hy_order order;
        struct hy_rsc_ticket rsc_ticket;
        struct hy_topology topology;
        /* property, rsc_defaults, op_defaults: one set each, whose id is the object's ("cib-bootstrap-options",
         * "rsc-options", "op-options": may be left out when written) */
        struct hy_attr_set set;
    } u;
};

/* ---------------------------------------------------------------- status */

/* How an operation ended, apart from what the agent said ("Pacemaker Administration": execution status). */
enum hy_exec {
    HY_EXEC_DONE,      /* the agent answered: see rc */
    HY_EXEC_TIMEOUT,   /* its deadline passed */
    HY_EXEC_DIED,      /* killed by a signal, or ended without an answer */
    HY_EXEC_ERROR,     /* could not be run at all: no such agent, plug-in refused, no memory */
    HY_EXEC_CANCELLED, /* taken back before it ran */
    HY_EXEC_PENDING    /* ordered, no answer yet */
};

struct hy_result {
    char *rsc;        /* instance name as the executor knows it: "MaxScale", "db:1" */
    char *op;         /* "start", "stop", "monitor", ... */
    hy_time interval; /* 0: once (a monitor at interval 0 is a probe) */
    int rc;           /* enum halyard_rc; meaningful with HY_EXEC_DONE */
    enum hy_exec exec;
    uint64_t call; /* grows with each operation of the node: the later result wins */
    hy_wall at;    /* when it ended (recurring: when the answer last changed) */
    hy_time took;
    hy_time queued;
    char *reason;   /* in words; NULL: none */
    uint64_t order; /* the order it answers, 0: none; said in the command, kept in the CIB only with `notify` */
    bool notify;    /* of a clone with notify=true: the others are told of it, and by the orders it is known of what */
    char *agent;    /* "ocf:heartbeat:IPaddr2": what it was when it ran; NULL: not known */
    char *digest;   /* of the parameters it ran with (cib/digest.h); NULL: none */
    char *restart_digest; /* of those among them that only a restart can change; NULL: the agent cannot reload */
    char *restart_params; /* their names, with blanks around each; NULL: none */
    char *secure_digest; /* of those that are no secret, where the secrets may have been blotted out; NULL: not known */
    char *secure_params; /* the names of the secret ones, with blanks around each; NULL: none */
    char *migrate_from;  /* migrate_to, migrate_from: the node it left; NULL: no migration */
    char *migrate_to;    /* the node it went to */
    bool has_expected;   /* `expected` is known; else it follows from the operation alone */
    int expected;        /* the rc that would have been right */
    bool failed;         /* it is a failure; a later success of the same operation replaces it (see `failures`) */
    bool former;         /* of `failures`: from before the node was admitted the last time: it is held against the
                          * resource still, and says nothing of what runs there now */
};

/* A resource that waits for its node, which was shut down (shutdown-lock). */
struct hy_rsc_lock {
    char *rsc;
    hy_wall since;
};

struct hy_failcount {
    char *rsc;
    char *op;
    hy_time interval;
    int count; /* up to HY_INFINITY */
    hy_wall last;
};

enum hy_member_state {
    HY_MEMBER_NEVER, /* configured, not seen since the cluster was made */
    HY_MEMBER_IN,    /* admitted in `epoch` */
    HY_MEMBER_GONE   /* declared gone in `epoch` */
};

/* Who shall be in the cluster, and where it is reached; see `enrol` and `strike` in cib/command.h. */
struct hy_enrolment {
    char *address;             /* numeric; NULL: not enrolled, the node object was only written */
    char *links[HY_LINKS_MAX]; /* on link 1, 2, ...; NULL: `address` */
    bool witness;              /* it votes, and runs nothing */
    bool striking;             /* it is to be taken out */
};

/* What a member asks of the failure detector, from what it has seen: docs/decisions/adaptive-detection.md. */
struct hy_wish {
    hy_time dead_after; /* 0: nothing beyond what the files say */
    hy_time gap;        /* for it has seen one as long as this... */
    char *of;           /* ...in what came of this node: */
    bool promises;      /* in its promises, else in its heartbeats */
};

/* What the cluster knows of one node. Each configured node has exactly one, in the order of the node objects; it comes
 * and goes with the node object and is changed by commands only. */
struct hy_node_status {
    char *node;
    uint32_t id; /* the wire's number, given by its enrolment; 0: none yet */
    struct hy_enrolment enrolled;
    enum hy_member_state state;
    uint32_t epoch;       /* grows with each admission and each verdict */
    uint64_t incarnation; /* of the core that was admitted */
    bool synced;          /* since its admission the node has said what runs there (its probes may still be out) */
    bool unclean;         /* simulated only: lost, and nobody vouches that it let go */
    bool pending;         /* simulated only: it is joining: in the membership, and takes no orders yet */
    hy_wall since;
    struct hy_attrs transient;        /* attributes that a reboot forgets */
    HY_VEC(struct hy_result) results; /* history: the last of each (rsc, op, interval); `call` orders them */
    /* The last failure of each (rsc, op, interval), kept until it is cleaned up or expires, whatever came after:
     * "Failed Actions" of `status` (the reference keeps its "last failure" entries likewise). The scheduler reads
     * on-fail and bans from it, since a failed monitor's own result goes with the stop that follows. */
    HY_VEC(struct hy_result) failures;
    HY_VEC(struct hy_failcount) failcounts;
    HY_VEC(struct hy_rsc_lock) locks;
    struct hy_wish wish; /* ends with the verdict on the node */
};

/* What may run in which site: granted from outside, by an operator or a booth. */
struct hy_ticket {
    char *name;
    bool granted;
    bool standby;         /* granted, but what depends on it shall stop for now */
    hy_wall last_granted; /* 0: never */
    struct hy_attrs attrs;
};

/* How far the commands of one node have been taken, so that each is taken once. */
struct hy_session {
    uint32_t origin;      /* node id */
    uint64_t incarnation; /* of the core that numbers them */
    uint64_t seq;         /* the last one applied */
};

/* The last answer that a client's session was given, for when it asks again (cib/command.h). */
struct hy_client {
    uint64_t session;
    uint64_t request;
    uint64_t index; /* of the command */
    int code;
    char *text; /* NULL: nothing to say */
};

struct hy_cib {
    HY_VEC(struct hy_object *) objects; /* in order of creation; kinds are grouped only when printed */
    struct hy_map by_id;                /* id -> struct hy_object *; for finding only, walk `objects` */
    struct hy_map by_inner;             /* the written id of a set or rule -> the object it is in */
    struct hy_map by_child;             /* a group's member or a clone's child -> the first object that has it */
    HY_VEC(struct hy_node_status *) nodes;
    HY_VEC(struct hy_ticket) tickets; /* in order of name */
    HY_VEC(struct hy_session) sessions;
    HY_VEC(struct hy_client) clients; /* in order of index */
    uint64_t clients_forgotten;       /* the highest index among those that had to make room */
    uint64_t index;                   /* of the last command applied */
    uint64_t lineage; /* drawn once, when the cluster is formed: tells it from one that was formed apart; 0: none yet */
    uint64_t servers_index; /* of the set of servers that is in force here: consensus entries, not commands, move it */
    uint32_t last_id;       /* the highest that a node was ever enrolled with: ids are not used again; 0: none yet */
    hy_wall changed;        /* when the configuration last changed, and who did it: "Last change" in `hactl status` */
    char *changed_by;       /* NULL: nobody yet */
    char *changed_via;
};

struct hy_cib *hy_cib_new(void);
void hy_cib_free(struct hy_cib **cib);
struct hy_cib *hy_cib_copy(const struct hy_cib *cib);

/* NULL when absent. */
struct hy_object *hy_cib_find(const struct hy_cib *cib, const char *id);
struct hy_object *hy_cib_find_kind(const struct hy_cib *cib, enum hy_kind kind, const char *id);

struct hy_node_status *hy_cib_node(const struct hy_cib *cib, const char *name);
struct hy_node_status *hy_cib_node_by_id(const struct hy_cib *cib, uint32_t id);

/* The member whose wish is the greatest, the first of several; NULL: none has any. */
const struct hy_node_status *hy_cib_wisher(const struct hy_cib *cib);

/* The result of one operation on one node; NULL when absent. */
struct hy_result *hy_cib_result(const struct hy_node_status *node, const char *rsc, const char *op, hy_time interval);
/* "pre_notify_start", "post_notify_stop", ...: it tells an instance of a clone what is done to the instances. `post` and
 * `task` (which of the four): may be NULL. */
bool hy_op_is_notice(const char *op, bool *post, const char **task);

/* Sum of a resource's fail counts on a node (capped), and when the last one was; rsc without ":N" matches as stored. */
int hy_cib_failcount(const struct hy_node_status *node, const char *rsc, hy_wall *last);

/* Is it a primitive, group or clone? */
bool hy_kind_is_resource(enum hy_kind kind);

/* Is it a location, colocation, order or ticket constraint? */
bool hy_kind_is_constraint(enum hy_kind kind);

/* NULL when nothing was ever said of it. */
struct hy_ticket *hy_cib_ticket(const struct hy_cib *cib, const char *name);

/* The set of attributes with this id: a written one, or that which the plain set of an object goes by when none is
 * written (ID-instance_attributes, ID-meta_attributes, ID-utilization; of a node nodes-ID). NULL when absent. */
const struct hy_attr_set *hy_cib_find_set(const struct hy_cib *cib, const char *id);

/* The template of a primitive; NULL: it has none, or one that is not there. */
const struct hy_primitive *hy_cib_template(const struct hy_cib *cib, const struct hy_primitive *primitive);

/* The one of the two that names class, provider and type; NULL: the template is not there. */
const struct hy_primitive *hy_cib_agent(const struct hy_cib *cib, const struct hy_primitive *primitive);

/* The resources an id stands for in a constraint, added to `out`: itself; of a template the primitives made from it; of
 * a tag its members. In order of the configuration, of a tag in its own order. False: nothing of that name is there. */
struct hy_objects {
    HY_VEC(const struct hy_object *) list;
};
bool hy_cib_resolve(const struct hy_cib *cib, const char *id, struct hy_objects *out);

/* The group or clone that `id` is directly in; NULL: none. */
struct hy_object *hy_cib_parent(const struct hy_cib *cib, const char *id);

/* A cluster property, from any property set (cib-bootstrap-options first); NULL when not set. */
const char *hy_cib_property(const struct hy_cib *cib, const char *name);

/* ---------------------------------------------------------------- attributes */

const char *hy_attrs_get(const struct hy_attrs *attrs, const char *name); /* NULL when absent */
void hy_attrs_set(struct hy_attrs *attrs, const char *name, const char *value);
bool hy_attrs_remove(struct hy_attrs *attrs, const char *name);
void hy_attrs_free(struct hy_attrs *attrs);

/* The plain attributes among sets, which are all there is in most configurations: those of the first set that has
 * neither rule nor reference. Of none: an empty list. What counts when rules are about is hy_values_collect()'s. */
const struct hy_attrs *hy_sets_plain(const struct hy_attr_sets *sets);

/* The same to write into; put in front of the other sets when it is not there. */
struct hy_attrs *hy_sets_edit(struct hy_attr_sets *sets);

const char *hy_sets_get(const struct hy_attr_sets *sets, const char *name); /* from the plain ones; NULL when absent */
void hy_sets_set(struct hy_attr_sets *sets, const char *name, const char *value);
bool hy_sets_remove(struct hy_attr_sets *sets, const char *name);            /* from every set without reference */
void hy_sets_copy(struct hy_attr_sets *to, const struct hy_attr_sets *from); /* `to` is overwritten */
void hy_sets_free(struct hy_attr_sets *sets);

/* Pacemaker's readings of values. False: not one; *out is untouched. */
bool hy_parse_bool(const char *text, bool *out); /* true|on|yes|y|1, false|off|no|n|0, any case */
bool hy_parse_duration(const char *text,
                       hy_time *out); /* "30" = 30s, ms, us, s, sec, m, min, h, hr, or PT30S; never negative */

const char *hy_kind_word(enum hy_kind kind);              /* "primitive" */
const char *hy_role_word(enum hy_role role);              /* "Started"; NULL for ANY */
bool hy_role_parse(const char *word, enum hy_role *role); /* Master and Slave too */
const char *hy_rc_word(int rc);                           /* "not running"; NULL: 0 to 9 have words */
bool hy_order_kind_parse(const char *word, enum hy_order_kind *kind);
const char *hy_exec_word(enum hy_exec exec); /* "complete", "Timed Out", "died", "Error", "Cancelled", "pending" */

#endif
