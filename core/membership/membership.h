/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Membership and lease: who is alive, and how long this node may run what is its. A pure step over heartbeats. The
 * protocol, and the proof that two nodes never hold the right to run the same thing, are in docs/decisions/lease.md; in
 * short:
 *
 *   - Each node broadcasts numbered heartbeats. A voter j that supports i promises with every message, "I do not turn
 *     on you before D has passed since I got your heartbeat q"; i counts the promise from when it SENT q, shortened by
 *     (1 - 2 rho). i's lease lasts until the k-th latest of its promises ends, k = majority of voters, itself included.
 *   - A voter that for D has heard nothing of i, or only that i does not hear it, turns: a negative promise "I do not
 *     support i for H", to all, counted by each receiver from when IT sent the heartbeat that is echoed. It is never
 *     taken back.
 *   - "i is gone" and "i is admitted, incarnation n" are log entries, each one epoch above the last. From when gone is
 *     in j's log, committed or not, j does not support i, until an admission is applied.
 *   - Every promise, positive or negative, names the epoch of i that it is about, and is worth nothing for another. So
 *     a verdict and a new admission end a false suspicion at once, and nobody has to wait for H.
 *   - The DC may act on a verdict (give away what i ran) when it is committed and either a majority's negative promises
 *     have more than D_max left at the commit (fast), or D_max (1 + 2 rho) has passed since it knew of the commit
 *     (slow).
 *   - A node that was late itself restarts its count for everybody by that much.
 *
 * Who gets a lease: only nodes that the log has admitted in their present incarnation, and only such voters promise.
 * From a cold start nobody is admitted, and nobody needs to be: Raft elects its leader by its own votes, not under a
 * lease. The leader commits an admission for every node of which ALIVE speaks or `admissible` is true, itself among
 * them; with the first majority applied, leases begin. The same after all nodes were killed (the log then names old
 * incarnations), and for a single core that restarted: its new incarnation is heard, the leader admits it, the voters
 * support it. The caller:
 *   - on ALIVE, and for every node when it becomes leader: if the view says admissible, proposes the admission (epoch +
 *     1);
 *   - on CONDEMN, and for every node when it becomes leader: if the view says condemned, proposes the verdict (epoch +
 *     1). If the condemned one is the leader: the lowest live voter campaigns first;
 *   - on RELEASED, or once it leads and the view says released: may give away what ran there before that epoch;
 *   - on LEASE: hands `at`, `epoch` and `since` to the executor. What was started under an epoch before `since` is not
 *     allowed by this lease: a verdict came between, and others may run it. An executor that was frozen meanwhile must
 *     release it first, though the deadline is in the future. What was started under `since` or later goes on (the core
 *     only restarted) and counts as `epoch` from then on.
 *
 * Times are of the host's boot clock; none of them ever leaves the host but as a duration. `now` must be read AFTER
 * what the event tells of has happened (after the message was received, after the commit was known): a clock read
 * before a freeze and a message taken after it would make a promise that is too short.
 */
#ifndef HY_MEMBERSHIP_MEMBERSHIP_H
#define HY_MEMBERSHIP_MEMBERSHIP_H

#include "base/err.h"
#include "base/time.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HY_MEMBERSHIP_MAX_NODES = 32, HY_MEMBERSHIP_INTRODUCTION_MAX = 240 /* bytes */ };

struct hy_membership; /* opaque */

struct hy_membership_peer {
    uint32_t id;
    bool voter;
    uint64_t disk; /* of a voter, as the set of servers names it: one that is heard with another has no say; 0: any */
};

struct hy_membership_options {
    uint32_t self;
    uint64_t incarnation;                                     /* higher than any before of this node; not 0 */
    uint64_t disk;                                            /* told to the others; consensus knows what it means */
    struct hy_membership_peer nodes[HY_MEMBERSHIP_MAX_NODES]; /* self among them; no voter: this node is blank */
    size_t node_count;
    uint64_t servers_index;   /* log index of the set of servers that says who votes; 0: the first set, or none */
    uint64_t lineage;         /* told to the others, as `disk` is: which cluster's state this node has; 0: none yet */
    const void *introduction; /* as in an event NODES */
    size_t introduction_size;
    hy_time heartbeat;      /* interval; lan: 25 ms */
    hy_time dead_after;     /* D to begin with, and the least that it will ever be; lan: 120 ms */
    hy_time dead_after_max; /* D_max over all nodes and times, the same on all: messages with another are refused */
    bool adapts;         /* D follows SETTINGS, between these two, and this node says what it wishes; else D is fixed */
    hy_time calm;        /* for so long a gap is held against the network; 0: 5 min */
    hy_time commit_wait; /* longest commit a verdict may take the fast way; 0: 1 s. H = 2 D_max + commit_wait */
    /* R: the lease handed out ends this much before the real one; covers the time a release takes */
    hy_time release_margin;
    /* A heartbeat that is due within this time goes out at once when another's comes in; 0 to heartbeat / 2 */
    hy_time gather;
    int64_t rho_ppm; /* bound on the clocks' rate error; 1000 */
};

enum hy_membership_event_type {
    HY_MEMBERSHIP_TICK,    /* a deadline was reached */
    HY_MEMBERSHIP_MESSAGE, /* from (authenticated), data, size */
    /* A `member` command for `node` was appended to this node's log (not committed yet): in, epoch, incarnation. Fed
     * BEFORE the entry is acknowledged; at start for every entry of the log behind the snapshot. */
    HY_MEMBERSHIP_LOGGED,
    HY_MEMBERSHIP_UNLOGGED, /* it was truncated again */
    /* It was applied, or refused by the CIB: as there, it counts only when its epoch is the node's epoch + 1. */
    HY_MEMBERSHIP_COMMITTED,
    /* The state of `node` is this, by a snapshot; what was logged of it up to that epoch is dropped. Then UNLOGGED for
     * all that the snapshot has replaced. */
    HY_MEMBERSHIP_RESTORED,
    /* carrier lost on every link: promises so far are given up, only new ones make a lease again */
    HY_MEMBERSHIP_LINK_DOWN,
    /* nodes, count, number, lineage: who there is, and who votes, by the newest APPLIED set of servers, that of log index
     * `number`. What is known of nodes that stay is kept; this node is always known, in the list or not. No voter: this
     * node is blank. Not fed with what is only in the log. */
    HY_MEMBERSHIP_NODES,
    /* at: D is this from now on, as all have agreed; see docs/decisions/adaptive-detection.md. At any time, and up or down:
     * what was promised is kept. -EINVAL: it is not within the bounds. Nothing happens where D is fixed. */
    HY_MEMBERSHIP_SETTINGS,
    /* at, hint: since the last such event this host was held up by so much, or may have been: it doubts itself, and the silent
     * get that much longer. At any time; it is worth most just before this node accuses somebody. */
    HY_MEMBERSHIP_HELD_UP
};

struct hy_membership_event {
    enum hy_membership_event_type type;
    uint32_t from;
    const void *data;
    size_t size;
    uint32_t node;
    bool in; /* admission; else verdict */
    uint32_t epoch;
    uint64_t incarnation;
    bool led; /* COMMITTED: this node leads with an entry of its own term, and has itself proposed it in this term */
    const struct hy_membership_peer *nodes; /* NODES; borrowed for the call */
    size_t count;
    uint64_t number;
    uint64_t lineage;
    const void *introduction; /* NODES: what a node that does not know this one is to be told; copied */
    size_t introduction_size; /* up to HY_MEMBERSHIP_INTRODUCTION_MAX, longer ones are left out; 0: none */
    hy_time at;               /* SETTINGS: a duration; HELD_UP: measured */
    hy_time hint;             /* HELD_UP: not measured on this process, but on the whole host */
};

enum hy_membership_effect_type {
    /* to (0: all), data, size: over every link. Of TICK and MESSAGE only; what else makes one due makes a TICK due */
    HY_MEMBERSHIP_SEND,
    /* The lease's end (after R is taken off) has moved: `at`; 0: there is none. `epoch` of this node under which it
     * holds, `since`: no verdict since then. A lease that ran out is always said (0) before a new one is, even when
     * both come of one step. */
    HY_MEMBERSHIP_LEASE,
    /* `node` (perhaps this one) is heard (again), or in another incarnation: `incarnation`, `epoch` (its present one).
     * Of a node that is not admitted only when it and a majority of voters hear each other, so that a one-way cut does
     * not make it come and go. */
    HY_MEMBERSHIP_ALIVE,
    HY_MEMBERSHIP_SUSPECT, /* this node has turned on `node`: silent, or deaf to this node, for D; `why` */
    /* A majority has turned on `node`, with more than D_max + commit_wait left, and no verdict is in this node's log:
     * its verdict may be proposed now (by the DC), or: if node is the DC, the lowest live voter may campaign. Said when
     * this becomes true, and again when it does so anew. */
    HY_MEMBERSHIP_CONDEMN,
    /* The committed verdict `epoch` on `node` allows action from now on: no lease of an earlier epoch holds there, or
     * ever will. On every node (only the DC acts): at the commit on the node that led it (fast), else, and elsewhere,
     * D_max (1 + 2 rho) after. Not said when the node was admitted again before. */
    HY_MEMBERSHIP_RELEASED,
    /* A `node` that is not known here, of the same lineage, introduces itself: data, size. Nodes do so while one that
     * they know is not admitted: it may have been away while all those that it knows were replaced. */
    HY_MEMBERSHIP_STRANGER,
    /* Others know a later life of this node: `incarnation`, the highest that they say. They take nothing of what this one
     * says. First said a second after the start, when all have had their say; then every ten seconds. */
    HY_MEMBERSHIP_OUTLIVED,
    HY_MEMBERSHIP_LATE, /* this node's loop was late by `by`: it doubts itself */
    /* It was about to turn on somebody, and does not yet: the host was held up by `by` (HELD_UP) */
    HY_MEMBERSHIP_DOUBT,
    HY_MEMBERSHIP_WISH, /* what hy_membership_wish() says has changed */
    /* `node` goes by other settings, said once of each of its lives: `at` is what it has, `by` what this node has, `why`
     * which. With another D_max its heartbeats are not taken */
    HY_MEMBERSHIP_DIFFERS
};

struct hy_membership_effect {
    enum hy_membership_effect_type type;
    uint32_t to;
    void *data; /* SEND, STRANGER: owned by the effects */
    size_t size;
    uint32_t node;
    uint32_t epoch;
    uint32_t since;
    uint64_t incarnation;
    hy_time at;
    hy_time by;
    const char *why; /* constant text or NULL */
};

struct hy_membership_effects {
    HY_VEC(struct hy_membership_effect) list;
};

int hy_membership_new(const struct hy_membership_options *options, hy_time now, struct hy_membership **membership,
                      struct hy_err *err);
void hy_membership_free(struct hy_membership **membership);

/* The step. 0; -EBADMSG for a message that does not decode, is from no other known node, or counts with another D_max
 * (dropped; nothing changed); -EINVAL for an event about an unknown node. Effects are appended, also in these cases. */
int hy_membership_step(struct hy_membership *membership, const struct hy_membership_event *event, hy_time now,
                       struct hy_membership_effects *effects, struct hy_err *err);
void hy_membership_effects_free(struct hy_membership_effects *effects);
void hy_membership_effects_clear(struct hy_membership_effects *effects); /* keeps the list's memory for the next step */

hy_time hy_membership_deadline(const struct hy_membership *membership);

/* What this node sees of another, for status and for decisions. */
struct hy_membership_view {
    uint32_t node;
    bool heard;           /* within D */
    bool hears_us;        /* as it says itself; the other way of a one-way cut */
    bool supported;       /* this node promises to it */
    uint64_t incarnation; /* heard last; 0: never heard */
    bool admitted;        /* by the log, in `admitted_incarnation` */
    uint64_t admitted_incarnation;
    uint32_t epoch;     /* of the last member command applied, verdict or admission; 0: none yet */
    bool admissible;    /* heard, and not admitted in this incarnation: the leader proposes it */
    bool condemned;     /* what CONDEMN says holds now */
    bool released;      /* what RELEASED says holds now, for `epoch` */
    hy_time last_heard; /* 0: never */
    hy_time round_trip; /* 0: not measured */
    size_t against;     /* voters whose negative promises about it hold now */
    /* As its last heartbeat says; 0 when never heard: */
    uint64_t disk;
    uint64_t servers_index; /* of the set of servers that it has applied */
    uint64_t lineage;
    bool blank; /* it has no set of servers yet */
    /* It has been in this incarnation for so long (D_max) that no lease of an earlier one is left in its executor. */
    bool settled;
};
bool hy_membership_view(const struct hy_membership *membership, uint32_t node, hy_time now,
                        struct hy_membership_view *view);

/* The lease (after R is taken off); <= now: none. */
hy_time hy_membership_lease(const struct hy_membership *membership, hy_time now);

/* Does a majority of voters (self included) hear each other with this node now? */
bool hy_membership_quorum(const struct hy_membership *membership, hy_time now);

/* The lowest voter that is heard and hears this node (self included), other than `except`; 0: none. */
uint32_t hy_membership_lowest_live(const struct hy_membership *membership, uint32_t except, hy_time now);

/* D, as it is now. */
hy_time hy_membership_dead_after(const struct hy_membership *membership);

/* What this node wishes D to be, from what it has seen lately, so that it accuses nobody without need and keeps its lease. */
struct hy_membership_wish {
    hy_time dead_after; /* 0: the least will do */
    hy_time gap;        /* the longest that it has seen... */
    uint32_t node;      /* ...of this node's heartbeats... */
    bool promises;      /* ...or of its promises to this one */
};
struct hy_membership_wish hy_membership_wish(const struct hy_membership *membership);

/* Would the next step turn on somebody? What the caller knows of this host's own troubles it says before: HELD_UP. */
bool hy_membership_accuses(const struct hy_membership *membership, hy_time now);

/* Worst time, by the present settings, from the death of a node to the right to act on it, without the commit and the
 * network's delays: D, the clocks' error, and one heartbeat for a turn whose first message was lost. The slow way adds
 * D_max (1 + 2 rho). */
hy_time hy_membership_worst_case(const struct hy_membership *membership);

#endif
