/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node of the cluster as a pure step: an event goes in, effects come out, and the caller (core/daemon, or the
 * simulator) carries them out in the order given. It composes consensus, membership, the CIB and the scheduler:
 *
 *   replica     consensus entries -> the CIB; snapshots                                     every node
 *   outbox      this node's commands, numbered, sent to the DC until they are applied       every node
 *   reads       states that contain all that was acknowledged before them                 every node
 *   orders      operations from the DC -> executor; outcomes -> outbox                      every node
 *   pulse       heartbeats, promises, the lease: a step of its own, pulse.h                  every node
 *   admission   what membership says -> admissions, verdicts, elections                     every node, mostly the DC
 *   detection   how long a silence is borne: wished, agreed                                 every node
 *   controller  the CIB -> decision -> orders                                               the DC
 *   members     who there is, with what the other parts keep of each                        every node
 *   hints       whom to connect to, before it is known for sure                             every node
 *   forming     blank nodes -> the first set of servers                                     blank nodes
 *   servers     who is enrolled -> the servers of consensus, one change at a time           the DC
 *   leave       a shutdown, or a strike: in good order                                      every node
 *
 * The DC is the consensus leader once it has committed an entry of its own term; it acts only under its own lease, and
 * only when every member has said, in this term, what runs there (or has been declared gone and has let go).
 *
 * Times: `now` is the boot clock, `wall` is UTC; both come in with each step.
 */
#ifndef HY_CLUSTER_CLUSTER_H
#define HY_CLUSTER_CLUSTER_H

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "cib/cib.h"
#include "cluster/operation.h"
#include "cluster/pulse.h"
#include "consensus/raft.h"
#include "membership/membership.h"

struct hy_cluster; /* opaque */

/* A node, and where it is reached. */
struct hy_cluster_node {
    uint32_t id;
    const char *name;
    const char *address;
    const char *links[HY_LINKS_MAX]; /* on link 1, 2, ...; NULL: `address` */
    bool witness;
};

struct hy_cluster_options {
    const char *name; /* this node's */
    uint64_t disk;    /* id of the disk that holds its state, not 0; also that of `raft` and `membership` */
    /* As in the configuration file, self among them: whom a blank node waits for, and whom it knows until the cluster's
     * own list of nodes (the enrolled ones, in the CIB) has reached it. */
    const struct hy_cluster_node *nodes;
    size_t node_count;
    struct hy_raft_options raft;
    struct hy_membership_options membership;
    struct hy_pulse_gate gate;
    size_t snapshot_after; /* applied entries between two snapshots; default 2000 */
    const struct hy_log *log;
};

enum hy_cluster_event_type {
    HY_CLUSTER_TICK,           /* a deadline was reached */
    HY_CLUSTER_HEARTBEAT,      /* from, data, size: opened and authenticated. For hy_pulse_step() alone */
    HY_CLUSTER_NEWS,           /* hy_pulse_wakes() has said so */
    HY_CLUSTER_RAFT,           /* from, data, size: topic "raft" */
    HY_CLUSTER_COMMANDS,       /* from, data, size: topic "cmnd" */
    HY_CLUSTER_ORDERS,         /* from, data, size: topic "ordr" */
    HY_CLUSTER_PEER_CONNECTED, /* from: it hears this node now, and is heard; what was sent either way may be lost */
    HY_CLUSTER_PERSISTED,      /* number */
    HY_CLUSTER_SNAPSHOT_SAVED, /* number: index of the snapshot that is durable */
    HY_CLUSTER_OUTCOME,        /* outcome: from the executor */
    HY_CLUSTER_ACTIVE,         /* outcome: one line of the executor's table; PENDING while an operation runs */
    HY_CLUSTER_ACTIVE_END,     /* the table is complete */
    HY_CLUSTER_LEASE_RELEASED, /* the executor has let go of what was under the lease */
    /* client, data/size: statements of a command, by, via: to be committed and answered. With a session (cib/command.h),
     * number and repeat: answered once, however often it is asked */
    HY_CLUSTER_REQUEST,
    /* client: answered with code 0 once the applied state contains every change that was acknowledged anywhere before
     * this event; -EHOSTUNREACH: without quorum nobody can know */
    HY_CLUSTER_READ,
    HY_CLUSTER_LINKS_DOWN, /* every link has lost its carrier. For hy_pulse_step() alone */
    /* at, hint: what is known of this host's own trouble, as in membership's event of that name. Told now and then, and
     * whenever hy_pulse_accuses(). For hy_pulse_step() alone */
    HY_CLUSTER_HELD_UP,
    HY_CLUSTER_SHUTDOWN, /* this node is to leave in good order */
    /* client: this blank node is to form a cluster with the blank ones that it hears, though others of its configuration
     * are not there; answered */
    HY_CLUSTER_FOUND
};

struct hy_cluster_event {
    enum hy_cluster_event_type type;
    uint32_t from;
    const void *data; /* borrowed for the call */
    size_t size;
    uint64_t number;
    const struct hy_outcome *outcome;
    uint64_t client;
    const char *by;
    const char *via;
    uint64_t session; /* REQUEST: the client's, chosen by it at random; 0: none. `number` is the request's in it */
    uint64_t repeat;  /* REQUEST: asked before: the index the client knew then, at least 1; 0: never asked before */
    hy_time at, hint; /* HELD_UP: durations */
};

enum hy_cluster_effect_type {
    HY_CLUSTER_SEND_HEARTBEAT, /* to (0: all), data: seal and send over every link. Of hy_pulse_step() alone */
    HY_CLUSTER_SEND_RAFT,      /* to, data: topic "raft" */
    HY_CLUSTER_SEND_COMMANDS,  /* to, data: topic "cmnd" */
    HY_CLUSTER_SEND_ORDERS,    /* to, data: topic "ordr" */
    HY_CLUSTER_PUBLISH_CHANGE, /* data: a committed command, for followers: topic "chng", to all */
    HY_CLUSTER_PERSIST,        /* persist: to the store; then PERSISTED */
    HY_CLUSTER_SAVE_SNAPSHOT,  /* number (index), term, servers, data, first_kept: to the store; then SNAPSHOT_SAVED */
    HY_CLUSTER_EXECUTE,        /* operation: to the executor */
    HY_CLUSTER_QUERY_ACTIVE,   /* ask the executor for its table */
    HY_CLUSTER_ANSWER,         /* client, code, data: text of the error, or empty */
    HY_CLUSTER_PEER_BACK,      /* to, number (incarnation): heard under a new incarnation: reconnect the bus to it */
    HY_CLUSTER_BROKEN, /* the state sent by the DC cannot be read: the process must end at once, and start afresh */
    HY_CLUSTER_GONE,   /* SHUTDOWN is complete: the process may end */
    /* number: the others know a later life of this node, which is blank: its disk is new, and its clock behind. The caller
     * writes down that incarnations are above `number`, ends at once, and starts afresh */
    HY_CLUSTER_OUTLIVED,
    HY_CLUSTER_NODES_CHANGED /* peers of bus and links are those of hy_cluster_nodes() from now on */
};

struct hy_cluster_effect {
    enum hy_cluster_effect_type type;
    uint32_t to;
    void *data; /* owned by the effects */
    size_t size;
    struct hy_raft_effect persist; /* PERSIST: owned by the effects */
    uint64_t number;
    uint64_t term;
    uint64_t first_kept;
    struct hy_raft_servers *servers; /* SAVE_SNAPSHOT: owned by the effects */
    struct hy_operation operation;   /* EXECUTE: owned by the effects */
    uint64_t client;
    int code;
};

struct hy_cluster_effects {
    HY_VEC(struct hy_cluster_effect) list;
};

/* A node from what was on disk: consensus state, and the CIB's snapshot as text (size 0: none). */
int hy_cluster_new(const struct hy_cluster_options *options, const struct hy_raft_state *state, const void *snapshot,
                   size_t snapshot_size, hy_time now, struct hy_cluster **cluster, struct hy_err *err);
void hy_cluster_free(struct hy_cluster **cluster);

/* The step. 0, or -EBADMSG for a message that makes no sense (dropped, nothing changed, err says what). */
int hy_cluster_step(struct hy_cluster *cluster, const struct hy_cluster_event *event, hy_time now, hy_wall wall,
                    struct hy_cluster_effects *effects, struct hy_err *err);
void hy_cluster_effects_free(struct hy_cluster_effects *effects);
void hy_cluster_effects_clear(struct hy_cluster_effects *effects); /* keeps the list's memory for the next step */

/* Its other half, for the thread of heartbeats; lives as long as the cluster. */
struct hy_pulse *hy_cluster_pulse(const struct hy_cluster *cluster);

/* When a TICK is due at the latest; the pulse's deadline is another. */
hy_time hy_cluster_deadline(const struct hy_cluster *cluster);

/* The replicated state as this node has applied it; valid until the next step. */
const struct hy_cib *hy_cluster_cib(const struct hy_cluster *cluster);

/* The nodes that this one deals with, itself among them, by id; valid until the next step. */
size_t hy_cluster_nodes(const struct hy_cluster *cluster, const struct hy_cluster_node **list);

/* For observers: who is server, voter or learner, with which disk. */
const struct hy_raft *hy_cluster_raft(const struct hy_cluster *cluster);

/* The failure detector's settings. What has raised dead_after stands in the CIB: hy_cib_wisher(). */
struct hy_cluster_detection {
    hy_time heartbeat, dead_after;
    hy_time least, most; /* bounds of dead_after */
    bool adapts;         /* it moves between them; else it is fixed by this node's file */
};

/* How things stand, as this node sees them. */
struct hy_cluster_report {
    uint32_t dc;         /* node id; 0: none known */
    bool is_dc;          /* this node, with an entry of its own term committed */
    bool quorum;         /* this node hears a majority, and they it */
    bool acting;         /* is_dc, under its lease, and every member has reported: actions go out */
    bool blank;          /* it has no set of servers: it waits for the others, or to be taken in */
    bool out;            /* it was taken out of the cluster, and runs nothing */
    const char *change;  /* is_dc: why a change of the servers that is due is not made yet, in words; NULL */
    const char *waiting; /* is_dc and not acting, or blank, or out: what for or why, in words; NULL */
    hy_time lease;       /* end, as the executor was told; <= now: none; HY_NEVER: none is required */
    hy_time age;         /* since this node last knew that what it shows is the cluster's present state */
    uint64_t term;
    uint64_t commit;
    uint64_t applied;
    size_t in_flight;   /* operations ordered and not answered (DC only) */
    hy_time worst_case; /* from the death of a node to the right to act on it, without the commit */
    struct hy_cluster_detection detection;
};
void hy_cluster_report(const struct hy_cluster *cluster, hy_time now, struct hy_cluster_report *report);

/* What this node's failure detector says of a node. False: no such node. */
bool hy_cluster_view(const struct hy_cluster *cluster, uint32_t node, hy_time now, struct hy_membership_view *view);

/* Operations under way, as the DC knows them: for `status`. */
struct hy_inflight;
size_t hy_cluster_in_flight(const struct hy_cluster *cluster, const struct hy_inflight **list);

#endif
