/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of one node, for the files of this folder only. Each part keeps its own state and offers what the others
 * may ask of it; what must wait until the present event has been taken in is marked `due` and done by
 * hy_cluster_settle(), so that no part is entered twice at once.
 */
#ifndef HY_CLUSTER_INTERNAL_H
#define HY_CLUSTER_INTERNAL_H

#include "cluster/cluster.h"
#include "cluster/message.h"
#include "scheduler/scheduler.h"

/* ---- replica: consensus entries -> the CIB */

struct logged_member { /* a `member` statement in the log, not applied yet */
    uint64_t index;
    uint32_t node;
    bool in;
    uint32_t epoch;
    uint64_t incarnation;
};

struct replica {
    struct hy_raft *raft;
    struct hy_cib *cib;
    uint64_t applied;
    uint64_t applied_term;
    uint64_t snapshot_index; /* of the last snapshot that was asked for */
    bool snapshot_saving;
    size_t snapshot_after;
    hy_time confirmed; /* when this node last heard from the leader that it follows */
    HY_VEC(struct logged_member) logged;
    struct hy_raft_servers servers; /* applied: by these membership counts; none: blank */
    bool lease_waived;              /* no-quorum-policy is freeze or ignore: the executor keeps what runs */
};

/* ---- outbox: this node's commands on their way into the log */

struct outgoing {
    uint64_t seq;
    hy_time since;
    struct hy_buf text;
    uint64_t client;  /* 0: nobody waits */
    uint64_t session; /* the client's; 0: none */
    uint64_t request;
};

struct accepted { /* what the leader has proposed for an origin in its term */
    uint64_t incarnation;
    uint64_t seq;
};

struct outbox {
    uint64_t incarnation;
    uint64_t last_seq;
    HY_VEC(struct outgoing) queue; /* in order; the first ones have been applied */
    size_t first;                  /* not applied yet */
    uint64_t sent_seq;             /* the last one sent to `sent_to` in `sent_term` */
    uint32_t sent_to;
    uint64_t sent_term;
    hy_time silence; /* after which it is said again */
    hy_time resend;  /* when to say it again; HY_NEVER: nothing is out */
    uint64_t accepted_term;
};

/* ---- reads: states that contain all that was acknowledged before */

struct reader {
    uint64_t client;
    hy_time since;
    uint64_t index; /* what must be applied; 0: not known yet */
};

struct readers {
    struct reader *items;
    size_t count, capacity;
};

struct question { /* at the DC */
    uint32_t from;
    uint64_t life; /* incarnation of the core that asks */
    uint64_t token;
    uint64_t number; /* under which consensus answers it; 0: not put to it yet */
};

struct reads {
    struct readers fresh;  /* not asked for yet */
    struct readers asking; /* the question `token` is theirs */
    struct readers known;  /* wait until their index is applied */
    uint64_t token;        /* under way; 0: none */
    uint64_t last_token;
    uint32_t asked; /* whom, and in which term */
    uint64_t asked_term;
    hy_time ask_again;
    hy_time hopeful_until; /* a core that has only begun waits for quorum, before it refuses */
    HY_VEC(struct question) questions;
    uint64_t last_number;
};

/* ---- orders: what the DC asks of this node */

enum { REMEMBERED_ORDERS = 4096 };

struct orders {
    uint64_t term;                    /* the newest that has ordered anything */
    uint64_t done[REMEMBERED_ORDERS]; /* ids taken, as a ring */
    size_t done_at;
    uint64_t call; /* numbers results */
    bool syncing;  /* the executor was asked for its table */
    uint32_t sync_from;
    uint64_t sync_term;
    uint32_t sync_epoch;
    uint64_t synced_term; /* for which the answer is complete, with... */
    uint64_t synced_seq;  /* ...this command */
    struct hy_buf sync_statements;
};

/* ---- pulse: heartbeats and the lease; by two threads, through its gate */

enum { PULSE_SENDERS = 64 }; /* remembered; with more than that some are told of more often */

struct pulse_sender {
    uint32_t id;
    uint64_t sight; /* what was last told of it, in short */
    hy_time said;
};

struct hy_pulse_news {
    bool any;
    struct hy_membership_effects effects; /* in order; no SEND, and LEASE when one begins or ends */
    uint32_t heard[PULSE_SENDERS];        /* whose heartbeats have come */
    size_t heard_count;
    hy_time hung; /* so long the main thread did not come round, and this node was silent */
};

struct hy_pulse {
    struct hy_membership *membership;
    struct hy_pulse_gate gate;
    struct hy_membership_effects said; /* empty: memory of the last step's */
    struct hy_pulse_news news;         /* for the main thread */
    struct pulse_sender senders[PULSE_SENDERS];
    size_t next_sender;
    bool quorum;
    bool woken;     /* the main thread was, and has not come round since */
    unsigned begun; /* the main thread is inside; its own, nobody else looks at it from without */
    hy_time now;

    hy_time lease; /* what membership said last */
    uint32_t lease_epoch;
    uint32_t since; /* what was started before this epoch must be let go, though the lease be valid */
    enum hy_pulse_rule rule;
    /* What the executor was told last. A core that starts says nothing before it has a lease: what its forerunner was
     * promised holds, and ends by itself. */
    hy_time told;

    hy_time alive_at; /* when the main thread last came round */
    hy_time patience;
    bool silent;
};

/* ---- admission: who is in */

struct candidate {
    uint64_t incarnation;    /* heard last; 0: never */
    uint32_t proposed_epoch; /* of the `member` command that is on its way */
    uint64_t proposed_term;
    uint64_t left_incarnation; /* it has said goodbye in this life: not admitted again before its next */
};

struct admission {
    struct hy_pulse_news news; /* empty: memory of the last */
    bool fed;                  /* since they were taken: there may be more */
    hy_time campaign;          /* when to stand for election, after the leader was condemned; HY_NEVER: not */
    uint32_t campaign_against;
    hy_time again; /* leader: when to look at everybody without being told to */
    bool due;
};

/* ---- controller: the DC */

struct ordered {
    struct hy_inflight key; /* strings below */
    char *node, *rsc, *op;
    uint32_t node_id;
    uint64_t id;
    struct hy_buf message; /* to say it again until it is acknowledged */
    bool acknowledged;
    hy_time resend;
    hy_time cooling; /* answered, but could not be run: not ordered again before this; 0: under way */
};

struct sync {
    bool done;
    uint64_t answer_seq; /* what must have been applied; 0: not answered yet */
    hy_time ask_again;
};

/* Stopped by order of this DC, and not ordered to start since. */
struct handover {
    char *rsc, *node;
    hy_time at;
};
typedef HY_VEC(struct handover) handover_list;

struct controller {
    uint64_t term; /* in which it leads; 0: it does not */
    uint32_t counter;
    HY_VEC(struct ordered) orders;
    HY_VEC(struct hy_inflight) listed; /* for hy_cluster_in_flight() */
    handover_list handovers;
    struct hy_returns returns;
    hy_time recheck;
    hy_time rest_until; /* when the next decision may be made that nothing urgent asks for */
    hy_time later;      /* and one is to be made then; HY_NEVER: not */
    bool enrolled;      /* the configuration file's nodes are on their way into the state */
    bool acting;
    char waiting[160];
    bool due;
};

/* ---- members: who there is, with what each part keeps of each node */

struct member {
    struct hy_cluster_node node; /* strings are owned */
    struct candidate candidate;
    struct accepted accepted;
    struct sync sync;
    /* of the command that is being applied: */
    uint32_t epoch_before;
    bool leaving_before; /* had said that it is shutting down */
    hy_time told_at;     /* when it was last told who there is */
};

struct members {
    HY_VEC(struct member *) list;         /* by id, this node among them */
    HY_VEC(struct hy_cluster_node) shown; /* the same, for the caller */
    struct hy_cluster_node *configured;   /* by id; strings are owned */
    size_t configured_count;
    uint64_t lineage;     /* that membership was told */
    bool kept;            /* some are in the list that the state does not name */
    struct hy_cib *hints; /* who there may be: hints.c; NULL: nobody said */
};

/* ---- servers: who takes part in consensus (the DC) */

enum { HY_VOTERS_MAX = 7 }; /* more make each commit slower, and the cluster no safer */

struct servers {
    bool due;
    hy_time again;
    hy_time logged_at; /* when `waiting` was said last */
    char waiting[200]; /* why a change that is needed is not made yet */
};

/* ---- forming the first set of servers */

struct forming {
    hy_time again; /* when to look, or to say FORM, again */
    char waiting[300];
};

/* ---- leaving: in good order at a shutdown, or because the cluster has struck this node */

enum leaving { STAYING, LEAVING_ASKED, LEAVING_HANDING_OVER, LEAVING_SAID, LEAVING_GONE };

struct leave {
    enum leaving state;
    hy_time deadline;
    bool shutdown;    /* asked for by this host's operator: the process ends */
    bool struck;      /* by the applied state */
    bool stranger;    /* a member has said that this node is not in the cluster */
    hy_time asked_at; /* when it last said that it is going */
    struct told {
        uint32_t id;
        hy_time at;
    } told[HY_NODES_MAX]; /* whom this node last told so, by id modulo its length */
    char waiting[160];
};

/* ---- detection: dead-after, as it is wished and as it is agreed */

struct detection {
    bool adapts;
    hy_time heartbeat, least, most;
    hy_time agreed;      /* as membership was told */
    uint64_t asked;      /* this node's command that said its wish last */
    hy_time again;       /* not said again before this */
    hy_time young_until; /* before this it has not seen enough to wish for less than its forerunner */
    bool due;
};

struct hy_cluster {
    char *name;
    uint32_t self;
    uint64_t disk;
    struct members members;
    struct hy_log log;
    struct hy_pulse *pulse;
    struct replica replica;
    struct outbox outbox;
    struct reads reads;
    struct orders orders;
    struct admission admission;
    struct detection detection;
    struct controller controller;
    struct servers servers;
    struct forming forming;
    struct leave leave;
    /* of the step that is running */
    hy_time now;
    hy_wall wall;
    struct hy_cluster_effects *out;
};

/* cluster.c */
void hy_cluster_answer(struct hy_cluster *c, uint64_t client, int code, const char *text); /* ANSWER to a client */
struct hy_cluster_effect *hy_cluster_emit(struct hy_cluster *c, enum hy_cluster_effect_type type);
void hy_cluster_emit_bytes(struct hy_cluster *c, enum hy_cluster_effect_type type, uint32_t to, struct hy_buf *bytes);
void hy_cluster_emit_message(struct hy_cluster *c, enum hy_cluster_effect_type type, uint32_t to,
                             const struct hy_message *message);
const char *hy_cluster_name_of(const struct hy_cluster *c, uint32_t id);  /* "?" */
struct hy_node_status *hy_cluster_own_status(const struct hy_cluster *c); /* NULL: not known yet */

/* pulse.c: within a step of the cluster */
int hy_pulse_new(const struct hy_membership_options *options, const struct hy_pulse_gate *gate, hy_time now,
                 struct hy_pulse **pulse, struct hy_err *err);
void hy_pulse_free(struct hy_pulse **pulse);
/* What the log says: all types but TICK, MESSAGE and LINK_DOWN. What comes of it is among the news. */
int hy_pulse_feed(struct hy_pulse *pulse, const struct hy_membership_event *event, hy_time now, struct hy_err *err);
/* What is said between these two is one whole for the thread of heartbeats: it sees all of it or nothing, and so do those who
 * hear it, and the executor. They may be nested. */
void hy_pulse_begin(struct hy_pulse *pulse);
void hy_pulse_end(struct hy_pulse *pulse);
void hy_pulse_set_rule(struct hy_pulse *pulse, enum hy_pulse_rule rule);
/* What has come since, in order; false: nothing. `news` is an empty one, or the last. */
bool hy_pulse_take(struct hy_pulse *pulse, struct hy_pulse_news *news);
void hy_pulse_news_free(struct hy_pulse_news *news);
hy_time hy_pulse_lease(const struct hy_pulse *pulse);      /* as promised; 0: none now */
hy_time hy_pulse_lease_told(const struct hy_pulse *pulse); /* as the executor was told */
bool hy_pulse_quorum(const struct hy_pulse *pulse, hy_time now);
hy_time hy_pulse_worst_case(const struct hy_pulse *pulse);
struct hy_membership_wish hy_pulse_wish(const struct hy_pulse *pulse);
hy_time hy_pulse_dead_after(const struct hy_pulse *pulse);

/* members.c */
void hy_members_init(struct hy_cluster *c, const struct hy_cluster_options *options);
void hy_members_free(struct members *members);
struct member *hy_member(const struct hy_cluster *c, uint32_t id);            /* NULL: unknown */
struct member *hy_member_named(const struct hy_cluster *c, const char *name); /* likewise */
/* Who membership is to know, and who votes: room for HY_MEMBERSHIP_MAX_NODES. */
size_t hy_members_peers(const struct hy_cluster *c, struct hy_membership_peer *peers);
/* The configuration has changed; or `servers`: the applied set of them has, too. */
void hy_members_refresh(struct hy_cluster *c, bool servers);
/* The configuration file's nodes as statements, for a cluster that has enrolled nobody yet. */
uint64_t hy_members_lineage(const struct hy_cluster *c); /* which cluster's state this node has; 0: none */
/* How this node introduces itself to one that does not know it: a statement; nothing while it is not enrolled. */
void hy_members_introduction(const struct hy_cluster *c, struct hy_buf *out);
void hy_members_enrol(const struct hy_cluster *c, struct hy_buf *statements);

/* hints.c */
void hy_hints_heard(struct hy_cluster *c, uint32_t from); /* a heartbeat */
/* What a node that is not known says of itself: an `enrol` statement, as hy_members_introduction() makes one. */
void hy_hints_stranger(struct hy_cluster *c, uint32_t from, const char *statement, size_t size);
int hy_hints_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err);
void hy_hints_from_log(struct hy_cluster *c, const struct hy_raft_state *state);
void hy_hints_drop(struct hy_cluster *c);

/* servers.c */
const struct hy_raft_server *hy_servers_find(const struct hy_raft_servers *servers, uint32_t id); /* whatever disk */
void hy_servers_run(struct hy_cluster *c);

/* forming.c */
bool hy_cluster_blank(const struct hy_cluster *c);
void hy_forming_run(struct hy_cluster *c);
int hy_forming_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err);
void hy_forming_found(struct hy_cluster *c, uint64_t client);
hy_time hy_forming_deadline(const struct hy_cluster *c);

/* replica.c */
void hy_replica_init(struct hy_cluster *c, const struct hy_raft_state *state, hy_time now);
void hy_replica_free(struct replica *replica);
int hy_replica_step(struct hy_cluster *c, const struct hy_raft_event *event, struct hy_err *err);
int hy_replica_propose(struct hy_cluster *c, const struct hy_buf *command);
int hy_replica_propose_own(struct hy_cluster *c, const char *statements); /* origin 0: the DC itself */
void hy_replica_snapshot_saved(struct hy_cluster *c, uint64_t index);
void hy_replica_tell_lease(struct hy_cluster *c);

/* outbox.c */
void hy_outbox_init(struct hy_cluster *c, uint64_t incarnation);
void hy_outbox_free(struct outbox *outbox);
void hy_outbox_add(struct hy_cluster *c, const char *statements, size_t size);
void hy_outbox_add_request(struct hy_cluster *c, const struct hy_cluster_event *event);
int hy_outbox_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err);
void hy_outbox_applied(struct hy_cluster *c, uint64_t seq, int code, const char *text);
void hy_outbox_restored(struct hy_cluster *c);
bool hy_outbox_holds(const struct hy_cluster *c, uint64_t seq); /* it is not applied yet */
void hy_outbox_flush(struct hy_cluster *c);
void hy_outbox_again(struct hy_cluster *c); /* with the next flush: what was sent may be lost */

/* reads.c */
void hy_reads_init(struct reads *reads, hy_time now);
void hy_reads_free(struct reads *reads);
void hy_reads_add(struct hy_cluster *c, uint64_t client);
int hy_reads_message(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err);
void hy_reads_ready(struct hy_cluster *c, uint64_t number, uint64_t index); /* consensus: index 0: it leads no more */
void hy_reads_run(struct hy_cluster *c);
void hy_reads_again(struct hy_cluster *c); /* with the next run: the question may be lost */
hy_time hy_reads_deadline(const struct reads *reads);

/* orders.c */
int hy_orders_message(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err);
void hy_orders_outcome(struct hy_cluster *c, const struct hy_outcome *outcome);
void hy_orders_active(struct hy_cluster *c, const struct hy_outcome *outcome);
void hy_orders_active_end(struct hy_cluster *c);

/* admission.c */
void hy_admission_feed(struct hy_cluster *c, const struct hy_membership_event *event);
bool hy_admission_take_news(struct hy_cluster *c); /* of the pulse; false: there were none */
void hy_admission_member_applied(struct hy_cluster *c, const struct hy_node_status *status);
void hy_admission_run(struct hy_cluster *c);

/* detection.c */
void hy_detection_init(struct hy_cluster *c, const struct hy_membership_options *options, hy_time now);
void hy_detection_state_changed(struct hy_cluster *c);
void hy_detection_run(struct hy_cluster *c);
void hy_detection_report(const struct hy_cluster *c, struct hy_cluster_detection *report);

/* controller.c */
void hy_controller_reset(struct hy_cluster *c);
void hy_controller_free(struct controller *controller);
void hy_controller_ack(struct hy_cluster *c, uint64_t id);
void hy_controller_sync_done(struct hy_cluster *c, uint32_t from, const struct hy_message *message);
void hy_controller_command_applied(struct hy_cluster *c, const char *text, size_t size);
void hy_chronicle(struct hy_cluster *c, const char *text, size_t size); /* of what was applied, into the DC's log */
void hy_controller_edited(struct hy_cluster *c);
void hy_controller_connected(struct hy_cluster *c, uint32_t node); /* what was sent to it may be lost */
void hy_controller_run(struct hy_cluster *c);
bool hy_controller_has_let_go(const struct hy_cluster *c, const struct hy_node_status *status);
hy_time hy_controller_deadline(const struct hy_cluster *c);

/* handover.c */
void hy_handover_reset(handover_list *handovers);
void hy_handover_stopped(handover_list *handovers, const char *rsc, const char *node, hy_time now);
/* It is about to be started: the node that has let go of it a moment ago, in good order; NULL: none. Borrowed of the CIB.
 * Nobody has, from then on. */
const char *hy_handover_take(handover_list *handovers, const struct hy_cib *cib, const char *rsc, hy_time now);

/* leave.c */
void hy_leave_start(struct hy_cluster *c); /* a shutdown */
void hy_leave_run(struct hy_cluster *c);
bool hy_leave_is_out(const struct hy_cluster *c);            /* struck, and done with everything */
void hy_leave_stranger(struct hy_cluster *c, uint32_t from); /* a heartbeat of a node that is not known */
void hy_leave_told(struct hy_cluster *c, uint32_t from);     /* STRANGER */

#endif
