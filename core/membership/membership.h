/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Membership and lease: who is alive, and how long this node may run what is its. A pure step over heartbeats. The protocol, and the proof
 * that two nodes never hold the right to run the same thing, are in docs/decisions/lease.md; in short:
 *
 *   - Each node sends numbered heartbeats. A voter j that supports i promises, with each answer, "I do not turn on you before D has
 *     passed since I got your heartbeat q"; i counts the promise from when it SENT q, shortened by (1 - 2 rho).
 *     i's lease lasts until the k-th latest of its promises ends, k = majority of voters, itself included.
 *   - A voter that has heard nothing of i for D turns: a negative promise "I do not support i for H", to all voters, counted by
 *     each receiver from when IT sent the heartbeat that is echoed.
 *   - "i is gone, epoch e" and "i is admitted, epoch e+1, incarnation n" are log entries. From when gone is in j's log, j does not support i until the
 *     admission is applied.
 *   - The DC may act on a verdict (give away what i ran) when it is committed and either a majority's negative promises have at least D_max
 *     left at the commit (fast), or D_max (1 + 2 rho) has passed since it knew of the commit (slow).
 *   - A node that was late itself restarts its count for everybody by that much.
 *
 * Times are of the host's boot clock; none of them ever leaves the host but as a duration.
 */
#ifndef HY_MEMBERSHIP_MEMBERSHIP_H
#define HY_MEMBERSHIP_MEMBERSHIP_H

#include "base/err.h"
#include "base/time.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HY_MEMBERSHIP_MAX_NODES = 32 };

struct hy_membership; /* opaque */

struct hy_membership_peer {
    uint32_t id;
    bool voter;
};

struct hy_membership_options {
    uint32_t self;
    uint64_t incarnation;
    struct hy_membership_peer nodes[HY_MEMBERSHIP_MAX_NODES]; /* self among them */
    size_t node_count;
    hy_time heartbeat;     /* interval; lan: 25 ms */
    hy_time dead_after;    /* D; lan: 120 ms */
    hy_time dead_after_max; /* D_max over all nodes and times: the profile's upper bound */
    hy_time release_margin; /* R: the lease that is handed out ends this much before the real one; covers the time a release takes */
    int64_t rho_ppm;       /* bound on the clocks' rate error; 1000 */
};

enum hy_membership_event_type {
    HY_MEMBERSHIP_TICK,      /* a deadline was reached */
    HY_MEMBERSHIP_MESSAGE,   /* from (authenticated), data, size */
    HY_MEMBERSHIP_LOGGED,    /* a `member` command for `node` was appended to this node's log (not committed yet): state, epoch, incarnation */
    HY_MEMBERSHIP_UNLOGGED,  /* it was truncated again */
    HY_MEMBERSHIP_COMMITTED, /* it was applied */
    HY_MEMBERSHIP_LINK_DOWN  /* carrier lost on every link: this node cannot renew its lease */
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
};

enum hy_membership_effect_type {
    HY_MEMBERSHIP_SEND,   /* to (0: all), data, size: over every link */
    HY_MEMBERSHIP_LEASE,  /* the lease's end (after R is taken off) has moved: `at`; 0: there is none */
    HY_MEMBERSHIP_ALIVE,  /* node is heard (again), with `incarnation` */
    HY_MEMBERSHIP_SUSPECT, /* this node has turned on `node`: silent for D; `why` */
    HY_MEMBERSHIP_CONDEMN, /* a majority has turned on `node`, for long enough: its verdict may be proposed now (by a DC), or: if node is the DC, the lowest live voter may campaign */
    HY_MEMBERSHIP_RELEASED, /* the verdict on `node`, `epoch`, allows action from now on: nothing runs there under its lease any more */
    HY_MEMBERSHIP_LATE    /* this node's loop was late by `by`: it doubts itself */
};

struct hy_membership_effect {
    enum hy_membership_effect_type type;
    uint32_t to;
    void *data; /* SEND: owned by the effects */
    size_t size;
    uint32_t node;
    uint32_t epoch;
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

/* The step. 0, or -EBADMSG for a message that does not decode (dropped; nothing changed). */
int hy_membership_step(struct hy_membership *membership, const struct hy_membership_event *event, hy_time now,
                       struct hy_membership_effects *effects, struct hy_err *err);
void hy_membership_effects_free(struct hy_membership_effects *effects);

hy_time hy_membership_deadline(const struct hy_membership *membership);

/* What this node sees of another, for status and for decisions. */
struct hy_membership_view {
    uint32_t node;
    bool heard;          /* within D */
    bool supported;      /* this node promises to it */
    uint64_t incarnation; /* heard last; 0: never heard */
    bool admitted;       /* by the log */
    uint32_t epoch;
    hy_time last_heard;  /* 0: never */
    hy_time round_trip;  /* 0: not measured */
    size_t against;      /* voters whose negative promises about it hold now */
};
bool hy_membership_view(const struct hy_membership *membership, uint32_t node, hy_time now,
                        struct hy_membership_view *view);

/* The lease (after R is taken off); <= now: none. */
hy_time hy_membership_lease(const struct hy_membership *membership, hy_time now);

/* Does a majority of voters (self included) hear each other with this node now? */
bool hy_membership_quorum(const struct hy_membership *membership, hy_time now);

/* The lowest voter that is heard (self included), other than `except`. */
uint32_t hy_membership_lowest_live(const struct hy_membership *membership, uint32_t except, hy_time now);

/* Worst time, by the present settings, from the death of a node to the right to act on it, without the commit. */
hy_time hy_membership_worst_case(const struct hy_membership *membership);

#endif
