/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must outlive the process: term and vote, log entries, the latest snapshot; in one folder that belongs to one
 * node. What the files hold is core/journal's; here are the files, their thread and their failures.
 *
 *   log          append-only, preallocated; written anew beside it and renamed over it at each start and after a
 *                snapshot
 *   snapshot     the state machine as of one index, with its term and servers; replaced by atomic rename
 *   lock         held with flock(): two cores never share a folder
 *   set-aside-*  what was found damaged: kept, never deleted, never read again
 *
 * Writes go through one writer thread, in order, many requests under one fdatasync (group commit); what was asked is
 * durable when its number comes back from hy_store_completed(). Any error of the disk ends the process: a line that
 * says what, where, and then abort. A node that cannot write must not go on as if it had.
 *
 * A folder that is empty is a new disk and gets a random id. At open a torn frame at the very end is dropped (a crash
 * during a write that was never acknowledged), with a warning. What is damaged, or cannot be read, is set aside as a
 * whole, and the folder begins anew with another disk id: this server has forgotten what it has promised, so it has no
 * say until the others have taken the new disk in. A foreign node's folder and a file of another version are refused.
 */
#ifndef HY_STORE_STORE_H
#define HY_STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "consensus/raft.h"
#include "journal/journal.h"

struct hy_store;

struct hy_store_loaded {
    uint64_t disk; /* never 0; the same as long as the folder keeps what was acknowledged */
    /* owned by this struct; without a snapshot `servers` is the first set, when one was saved */
    struct hy_raft_state raft;
    struct hy_buf snapshot; /* the state machine's bytes; empty when there is none */
    /* fresh for this run: larger than any before on this disk, and not below the wall clock in us */
    uint64_t incarnation;
    bool fresh; /* the folder was empty, or is after what was in it was set aside */
    /* NULL, or a line for the operator: what was damaged, where and why, and where the files are now */
    char *set_aside;
    struct hy_journal_image image; /* what raft.entries point into */
};

/* Opens (creates, 0700; its parent must exist) the folder and loads. `log` is used from the writer thread too and must
 * outlive the store. Errors: -EWOULDBLOCK another core runs here, -EXDEV of another node or cluster, -ENOTSUP of
 * another version, -EBADMSG damaged again although so much was set aside before, other -errno. */
int hy_store_open(const char *folder, const char *cluster, uint32_t node, const struct hy_log *log,
                  struct hy_store **store, struct hy_store_loaded *loaded, struct hy_err *err);
void hy_store_loaded_free(struct hy_store_loaded *loaded);

/* Queues one PERSIST effect (copied). */
void hy_store_persist(struct hy_store *store, const struct hy_raft_effect *effect);

/* Queues a snapshot of the own state machine at index/term (copied; never waits for the disk), and the dropping of
 * entries before `first_kept`. Reported by hy_store_snapshot_done(). What was applied must have been queued by
 * hy_store_persist() before. */
void hy_store_snapshot(struct hy_store *store, uint64_t index, uint64_t term, const struct hy_raft_servers *servers,
                       const void *data, size_t size, uint64_t first_kept);

/* Queues: from the next open on, incarnations are above this one. The caller ends its run: durable when hy_store_close()
 * returns. */
void hy_store_begin_above(struct hy_store *store, uint64_t incarnation);

/* An eventfd that becomes readable when something was completed. */
int hy_store_fd(const struct hy_store *store);
/* The number of the last PERSIST that is durable; clears the eventfd. */
uint64_t hy_store_completed(struct hy_store *store);
uint64_t hy_store_snapshot_done(struct hy_store *store); /* index of the last durable own snapshot */

/* Waits for all that is queued, then closes. */
void hy_store_close(struct hy_store **store);

#endif
