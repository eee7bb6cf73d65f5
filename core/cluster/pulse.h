/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a node that nothing may hold up: heartbeats in and out, the promises in them, and the lease. It is a step of
 * its own, so that a thread of its own can make it, while hy_cluster_step() decides, prints or reads something large:
 *
 *     datagrams, time --> hy_pulse_step() --> heartbeats, the lease        the thread of heartbeats
 *                              |
 *                    news of the nodes, in order
 *                              v
 *                       hy_cluster_step() --> all else                     the main thread
 *
 * What the log says of members goes the other way, by functions that the cluster's other parts call, and is known here
 * when they return: a verdict is, before its entry is acknowledged.
 *
 * Each function below is one whole: between enter() and leave() of the gate nobody else is inside. A caller with one
 * thread has no need of the two. Whoever changes the lease tells it within the gate, so an older one never comes behind a
 * newer one. Why all this is safe: docs/decisions/pulse-thread.md.
 */
#ifndef HY_CLUSTER_PULSE_H
#define HY_CLUSTER_PULSE_H

#include "membership/membership.h"

struct hy_cluster_event;
struct hy_cluster_effects;
struct hy_pulse; /* opaque */

struct hy_pulse_gate {
    void (*enter)(void *context); /* NULL: there is one thread only; leave() likewise */
    void (*leave)(void *context);
    /* From within. The lease ends at `at` (0: there is none, HY_NEVER: none is required); what was started before epoch
     * `since` must be let go. It is to be in force when this returns. */
    void (*lease)(void *context, hy_time at, uint32_t since);
    /* From within, of the main thread: hy_pulse_deadline() may be earlier now. NULL: it is asked after each step. */
    void (*sooner)(void *context);
    void *context;
};

/* What becomes of the lease that was promised. */
enum hy_pulse_rule {
    HY_PULSE_COUNTS, /* it is the lease */
    HY_PULSE_WAIVED, /* none is required */
    HY_PULSE_REFUSED /* this node is out: it has none, whatever was promised */
};

/* ---- for the thread of heartbeats */

/* TICK, HEARTBEAT (then -EBADMSG is as from hy_membership_step), LINKS_DOWN or HELD_UP; of effects there is SEND_HEARTBEAT alone. Silent
 * while the main thread hangs. */
int hy_pulse_step(struct hy_pulse *pulse, const struct hy_cluster_event *event, hy_time now,
                  struct hy_cluster_effects *effects, struct hy_err *err);
/* Is a node about to be turned on, in the next step? See HELD_UP. */
bool hy_pulse_accuses(const struct hy_pulse *pulse, hy_time now);
/* When a TICK is due. */
hy_time hy_pulse_deadline(const struct hy_pulse *pulse);
/* Is the main thread to be woken, for an event NEWS? True once for what has come since it was last there. */
bool hy_pulse_wakes(struct hy_pulse *pulse);

/* ---- for the main thread */

/* It has come round: it does not hang. To be called after each event, and when it begins to run. */
void hy_pulse_alive(struct hy_pulse *pulse, hy_time now);
/* How long it may not come round before the pulse falls silent: longer than any work that is sound. */
hy_time hy_pulse_patience(hy_time dead_after_max);

/* For status. */
bool hy_pulse_view(const struct hy_pulse *pulse, uint32_t node, hy_time now, struct hy_membership_view *view);

#endif
