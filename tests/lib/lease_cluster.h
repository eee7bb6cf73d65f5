/* SPDX-License-Identifier: Apache-2.0 */
/*
 * N memberships in one process, in true time that none of them sees: each has a clock with its own offset and rate. Between
 * them a network that loses, delays, doubles and reorders; nodes freeze, cores restart, hosts reboot, links are cut one way.
 * Member commands go through a small replicated log (lease_log.c) with Raft's rules of voting, appending and committing.
 *
 * What is checked, at every instant of true time: once anybody has RELEASED (node i, epoch e), no lease of an epoch before e is
 * running on i, its release margin included. A lease changes only by the LEASE effect, and a release lasts for ever, so to
 * look at these two moments is to look at every one.
 */
#ifndef TESTS_LIB_LEASE_CLUSTER_H
#define TESTS_LIB_LEASE_CLUSTER_H

#include "base/buf.h"
#include "membership/membership.h"

enum { LEASE_NODES = 8, LEASE_LOG = 2048 };

struct lease_options {
    size_t nodes;
    size_t voters; /* the first so many */
    uint64_t seed;
    hy_time heartbeat, gather, dead_after, dead_after_max, commit_wait, release_margin;
    hy_time delay_min, delay_max; /* of a message, one way */
    hy_time log_delay;            /* up to so much more for one of the log */
    unsigned loss, twice;         /* per mille */
    unsigned late;                /* per mille of wake-ups that come up to 20 ms late */
    int64_t rate_ppm;             /* clocks differ by up to this */
    bool adapts;                  /* dead_after moves: lease_cluster_settings(), _agree() */
    hy_time calm;                 /* as of membership */
    bool careless;                /* voters change without waiting for anybody: to see that it must not be */
};

struct lease_entry {
    uint64_t term;
    uint32_t node;
    bool in;
    uint32_t epoch;
    uint64_t incarnation;
    uint32_t voters; /* not 0: a set of voters, a bit each */
};

struct lease_log {
    uint64_t term;
    bool leads;
    size_t count;
    size_t commit;
    size_t match[LEASE_NODES]; /* by the leader of this term */
    uint32_t leader;           /* heard last */
    hy_time leader_heard;      /* true time */
    struct lease_entry entries[LEASE_LOG];
};

struct lease_node {
    struct hy_membership *membership; /* NULL: the core is down */
    uint64_t incarnation;
    uint64_t timer; /* only the newest wake-up counts */
    hy_time frozen_until;
    hy_time clock_base, true_base; /* clock = clock_base + (true - true_base) (1 + rate) */
    int64_t rate_ppm;
    hy_time lease_at; /* the page shared with the executor: lives on when the core dies */
    uint32_t lease_epoch;
    uint32_t label;          /* epoch that what runs here counts as; released by no other rule than `since` */
    uint32_t released_epoch; /* somebody was told that leases of epochs before this one are over */
    struct lease_log log;
};

struct lease_event;

struct lease_cluster {
    struct lease_options options;
    hy_time now; /* true */
    uint64_t random;
    struct lease_node nodes[LEASE_NODES + 1];   /* by id, from 1 */
    bool cut[LEASE_NODES + 1][LEASE_NODES + 1]; /* from, to */
    HY_VEC(struct lease_event) queue;
    bool cut_log[LEASE_NODES + 1][LEASE_NODES + 1]; /* the log's messages only: they have another channel */
    uint64_t sequence;
    struct hy_buf *trace;    /* NULL: none */
    struct hy_buf violation; /* empty: none so far */
    size_t sets;             /* of voters, committed by their leader */
    size_t suspects, condemns, releases, fast_releases, leases_lost, truncations, heartbeats, heartbeat_size, wishes,
        doubts;
};

struct lease_cluster *lease_cluster_new(const struct lease_options *options, struct hy_buf *trace);
void lease_cluster_free(struct lease_cluster **cluster);
void lease_cluster_run(struct lease_cluster *cluster, hy_time until);

void lease_cluster_stop(struct lease_cluster *cluster, uint32_t id);  /* the core dies */
void lease_cluster_start(struct lease_cluster *cluster, uint32_t id); /* a new incarnation of it */
void lease_cluster_reboot(struct lease_cluster *cluster,
                          uint32_t id); /* the host: nothing runs, the clock begins anew */
void lease_cluster_freeze(struct lease_cluster *cluster, uint32_t id, hy_time duration);
void lease_cluster_cut(struct lease_cluster *cluster, uint32_t from, uint32_t to, bool cut);
void lease_cluster_link_down(struct lease_cluster *cluster,
                             uint32_t id); /* the event alone; cut what it shall not hear */
void lease_cluster_change_rate(struct lease_cluster *cluster, uint32_t id, int64_t rate_ppm);
/* dead_after on one node, between the bounds; and on all that run, as what the most of them wishes. */
void lease_cluster_settings(struct lease_cluster *cluster, uint32_t id, hy_time dead_after);
hy_time lease_cluster_agree(struct lease_cluster *cluster);
void lease_cluster_held_up(struct lease_cluster *cluster, uint32_t id, hy_time by, hy_time hint);
void lease_cluster_heal(struct lease_cluster *cluster); /* no cuts, no loss, all cores up */
bool lease_cluster_has_lease(const struct lease_cluster *cluster, uint32_t id);

uint64_t lease_random(struct lease_cluster *cluster, uint64_t below);
hy_time lease_clock(const struct lease_cluster *cluster, uint32_t id);
void lease_trace(struct lease_cluster *cluster, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For lease_log.c. */
void lease_feed(struct lease_cluster *cluster, uint32_t id, const struct hy_membership_event *event);
void lease_post(struct lease_cluster *cluster, uint32_t from, uint32_t to, struct hy_buf *message); /* takes it */

/* lease_log.c: the replicated log of member commands. */
void lease_log_start(struct lease_cluster *cluster, uint32_t id); /* after its membership: feeds what is in its log */
void lease_log_tick(struct lease_cluster *cluster, uint32_t id);
void lease_log_take(struct lease_cluster *cluster, uint32_t id, uint32_t from, const void *data, size_t size);
void lease_log_propose(struct lease_cluster *cluster, uint32_t id, uint32_t node, bool in);
void lease_log_change(struct lease_cluster *cluster, uint32_t id, uint32_t node); /* its vote is given, or taken */
void lease_log_campaign(struct lease_cluster *cluster, uint32_t id);
uint32_t lease_log_leader(const struct lease_cluster *cluster); /* of the highest term; 0: none */

#endif
