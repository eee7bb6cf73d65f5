/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's disk, and the thread that writes to it (core/store): jobs go one after the other, writes that come while one
 * is under way gather in the next. What was not acknowledged may be there after a crash, or not, or in part.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "cluster/cluster.h"

struct sim_world;

struct sim_disk_job {
    HY_VEC(struct hy_raft_effect) writes; /* owned */
    bool snapshot;                        /* an own one: the fields below */
    uint64_t index, term, first_kept;
    struct hy_raft_servers servers;
    void *data;
    size_t size;
    size_t bytes;
};

struct sim_disk {
    uint64_t id; /* of the disk */
    uint64_t incarnation;
    /* what is durable */
    uint64_t term;
    uint32_t vote;
    HY_VEC(struct hy_raft_entry) entries; /* data owned */
    uint64_t snapshot_index, snapshot_term;
    struct hy_raft_servers servers;
    struct hy_buf snapshot;
    /* what is to be */
    HY_VEC(struct sim_disk_job) jobs;
    bool busy;
    uint64_t generation; /* of the writer */
};

void sim_disk_persist(struct sim_world *world, size_t node, struct hy_cluster_effect *effect); /* takes what it owns */
void sim_disk_snapshot(struct sim_world *world, size_t node, struct hy_cluster_effect *effect);
void sim_disk_event(struct sim_world *world, size_t node); /* a job is through */
/* The process is gone. `tear` chooses what becomes of the job under way; `power`: nothing un-synced outlives it. */
void sim_disk_crash(struct sim_world *world, size_t node, int64_t tear, bool power);
void sim_disk_replace(struct sim_world *world, size_t node);
void sim_disk_flip(struct sim_world *world, size_t node, int64_t bit);
int sim_disk_load(struct sim_world *world, size_t node, struct hy_raft_state *state, struct hy_buf *snapshot,
                  uint64_t *incarnation, struct hy_err *err);
void sim_disk_loaded_free(struct sim_world *world, size_t node, struct hy_raft_state *state, struct hy_buf *snapshot);
void sim_disk_free(struct sim_world *world, size_t node);

#endif
