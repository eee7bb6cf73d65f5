/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consensus servers in one process, with virtual time: their network loses, doubles, delays and reorders, their disks take
 * their time, and a crash takes what was not on disk yet. After every step the promises of Raft are checked (paper, Figure
 * 3), and so is that nothing was said before it was on disk; the first breach is kept in `broken`. A run is a function of
 * its options.
 */
#ifndef TESTS_LIB_RAFT_CLUSTER_H
#define TESTS_LIB_RAFT_CLUSTER_H

#include "base/buf.h"
#include "consensus/raft.h"

enum { CLUSTER_MAX = 8 }; /* ids 1 to 7 */

struct cluster_options {
    uint64_t seed;
    size_t voters;                /* 1..n at the start */
    size_t joiners;               /* more servers, running, in no set yet */
    bool blank;                   /* the voters do not know the first set yet: cluster_form() */
    struct hy_raft_options raft;  /* self and seed are filled in */
    hy_time delay_min, delay_max; /* of a message */
    hy_time disk_min, disk_max;   /* of a write */
    bool disk_serial;             /* it writes one after the other */
    unsigned loss, doubled;       /* per mille */
    size_t snapshot_size;         /* bytes, at least 16 */
    bool trace;
};

struct cluster_disk {
    uint64_t id;
    uint64_t term;
    uint32_t vote;
    uint64_t snapshot_index, snapshot_term;
    struct hy_raft_servers servers;
    struct hy_buf snapshot;
    HY_VEC(struct hy_raft_entry) entries; /* own their data */
};

struct cluster_read {
    uint64_t number;
    uint64_t least; /* what was committed anywhere when it began */
};

struct cluster_write {
    hy_time done_at;
    struct hy_raft_effect effect; /* a deep copy */
};

struct cluster_node {
    uint32_t id;
    unsigned lives;
    struct hy_raft *raft; /* NULL: down */
    struct cluster_disk disk;
    HY_VEC(struct cluster_write) writes;
    uint64_t applied;
    uint64_t hash; /* of all that was applied: the state machine */
    uint64_t configs_applied;
    hy_time stalled_until;             /* the disk answers nothing before */
    unsigned group;                    /* talks to servers of the same group */
    HY_VEC(struct cluster_read) reads; /* not answered yet */
};

struct cluster_message {
    hy_time at;
    uint64_t number;
    uint32_t from, to;
    void *data;
    size_t size;
};

struct cluster_fact { /* what is known of an (index, term), or of a committed index */
    uint64_t index, term, before, hash;
};

struct cluster_set { /* of servers, in somebody's log */
    uint64_t index;
    struct hy_raft_servers servers;
};

struct cluster {
    struct cluster_options options;
    hy_time now;
    uint64_t random;
    uint64_t sent;
    struct cluster_node nodes[CLUSTER_MAX]; /* [0] is not used */
    HY_VEC(struct cluster_message) wire;    /* a heap */
    HY_VEC(struct cluster_fact) committed;  /* by index - 1; before: the term it was committed in; hash: the state */
    struct cluster_fact *entries;           /* a hash table over (index, term) */
    size_t entry_count, entry_slots;
    HY_VEC(struct cluster_set) sets; /* that are or may yet come into force: the newest committed one, and later ones */
    uint64_t disks;                  /* that were ever made */
    uint64_t reads, reads_answered;
    struct {
        uint64_t term;
        uint32_t id;
        unsigned life;
    } leaders[512];
    size_t leader_count;
    bool (*drop)(struct cluster *cluster, uint32_t from, uint32_t to, const void *data, size_t size); /* NULL: none */
    void *context;
    size_t steps;
    struct hy_buf trace;
    char broken[512]; /* "" while all is well */
};

void cluster_start(struct cluster *cluster, const struct cluster_options *options);
void cluster_free(struct cluster *cluster);

uint64_t cluster_random(struct cluster *cluster, uint64_t below);

/* Runs the next thing that happens, if it happens before `until`. */
bool cluster_next(struct cluster *cluster, hy_time until);
void cluster_run(struct cluster *cluster, hy_time duration);
/* Runs until `done` or the time is over; whether it was done. */
bool cluster_run_until(struct cluster *cluster, hy_time duration, bool (*done)(struct cluster *cluster));

int cluster_step(struct cluster *cluster, uint32_t id, const struct hy_raft_event *event);
int cluster_propose(struct cluster *cluster, uint32_t id, const char *text);
int cluster_campaign(struct cluster *cluster, uint32_t id);
int cluster_transfer(struct cluster *cluster, uint32_t id, uint32_t to);
int cluster_configure(struct cluster *cluster, uint32_t id, const struct hy_raft_servers *servers);
/* A snapshot of what is applied, on disk at once; the log keeps `keep` entries. */
void cluster_snapshot(struct cluster *cluster, uint32_t id, uint64_t keep);
int cluster_form(struct cluster *cluster, uint32_t id); /* tells it the first set */
int cluster_read(struct cluster *cluster, uint32_t id);
void cluster_peer_back(struct cluster *cluster, uint32_t id, uint32_t who);
void cluster_crash(struct cluster *cluster, uint32_t id);
/* Of one that is down. The new one is empty, and has another id. */
void cluster_replace_disk(struct cluster *cluster, uint32_t id);
/* Whether most voters of every set that is or may come into force have their disks, if `lost` (0: nobody) loses its. */
bool cluster_viable(const struct cluster *cluster, uint32_t lost);
bool cluster_set_viable(const struct cluster *cluster, const struct hy_raft_servers *servers, uint32_t lost);
void cluster_restart(struct cluster *cluster, uint32_t id);
void cluster_isolate(struct cluster *cluster, uint32_t id);
void cluster_heal(struct cluster *cluster);
void cluster_note(struct cluster *cluster, const char *text); /* into the trace */

/* The server that leads and has committed in its term, of the highest term; 0 when there is none. */
uint32_t cluster_leader(const struct cluster *cluster);
uint64_t cluster_highest_term(const struct cluster *cluster);

#endif
