/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's disk, and the thread that writes to it: what core/store does, with core/journal's bytes in memory. Jobs go one
 * after the other, writes that come while one is under way gather in the next. What was not acknowledged may be there
 * after a crash, or not, or in part.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "cluster/cluster.h"
#include "journal/journal.h"

struct sim_world;

struct sim_disk_snapshot {
    struct hy_journal_snapshot content;
    uint64_t first_kept;
    bool drop_log; /* it comes from the leader and the log does not lead there */
    bool own;
};

struct sim_disk_job {
    struct hy_buf items; /* written first */
    struct sim_disk_snapshot *snapshot;
    uint64_t number; /* of the last PERSIST in it; 0: none */
    bool last;       /* the core ends when it is through */
};

struct sim_disk {
    uint64_t id;                 /* as last loaded */
    uint64_t first;              /* what the first one will be called */
    struct hy_buf log, snapshot; /* the files; empty: not there */
    struct hy_journal_tail tail;
    uint64_t snapshot_index;
    struct hy_journal_image image; /* what a core that begins has loaded */
    struct hy_journal_snapshot loaded;
    HY_VEC(struct sim_disk_job) jobs;
    bool busy;
    uint64_t generation; /* of the writer */
};

void sim_disk_persist(struct sim_world *world, size_t node, const struct hy_raft_effect *effect);
void sim_disk_snapshot(struct sim_world *world, size_t node, const struct hy_cluster_effect *effect);
void sim_disk_begin_above(struct sim_world *world, size_t node, uint64_t incarnation); /* then the core ends */
void sim_disk_event(struct sim_world *world, size_t node);                             /* a job is through */
/* The process is gone. `power`: of what was being written any sectors are there, else its beginning. */
void sim_disk_crash(struct sim_world *world, size_t node, bool power);
void sim_disk_replace(struct sim_world *world, size_t node);
void sim_disk_flip(struct sim_world *world, size_t node, int64_t bit);
int sim_disk_load(struct sim_world *world, size_t node, struct hy_raft_state *state, uint64_t *incarnation,
                  struct hy_err *err);
void sim_disk_loaded_free(struct sim_world *world, size_t node);
void sim_disk_free(struct sim_world *world, size_t node);

#endif
