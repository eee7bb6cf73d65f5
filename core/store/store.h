/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must outlive the process: term and vote, log entries, the latest snapshot; in one folder that belongs to one
 * node.
 *
 *   log        append-only; a header (magic, version, node id, cluster name), then frames: CRC-32C, length, what one
 *              sync made durable. After a snapshot a new one is written beside it and renamed over it
 *   snapshot   the state machine as of one index, with its term and servers; replaced by atomic rename
 *   lock       held with flock(): two cores never share a folder
 *
 * Writes go through one writer thread, in order, many requests under one fdatasync (group commit); what was asked is
 * durable when its number comes back from hy_store_completed(). Any error of the disk ends the process: a line that
 * says what, where, and then abort. A node that cannot write must not go on as if it had.
 *
 * At open a torn frame at the very end is cut off (a crash during a write that was never acknowledged), with a warning;
 * a bad frame with good ones behind it, a foreign node's folder, a file of a later version, or a bad snapshot is an
 * error that names file and offset. A flipped bit in the very last frame cannot be told from a torn one.
 */
#ifndef HY_STORE_STORE_H
#define HY_STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "consensus/raft.h"

struct hy_store;

struct hy_store_loaded {
    struct hy_raft_state
        raft; /* owned by this struct; without a snapshot `servers` is empty: the first set is the caller's */
    struct hy_buf snapshot; /* the state machine's bytes; empty when there is none */
    uint64_t
        incarnation; /* fresh for this run: larger than any before on this disk, and not below the wall clock in us */
    bool fresh;      /* the folder was empty */
    struct hy_buf memory; /* what raft.entries point into */
};

/* Opens (creates, 0700; its parent must exist) the folder and loads. `log` is used from the writer thread too and must
 * outlive the store. Errors: -EWOULDBLOCK another core runs here, -EBADMSG bad content, -EXDEV of another node or
 * cluster, -ENOTSUP of a later version, other -errno. */
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

/* An eventfd that becomes readable when something was completed. */
int hy_store_fd(const struct hy_store *store);
/* The number of the last PERSIST that is durable; clears the eventfd. */
uint64_t hy_store_completed(struct hy_store *store);
uint64_t hy_store_snapshot_done(struct hy_store *store); /* index of the last durable own snapshot */

/* Waits for all that is queued, then closes. */
void hy_store_close(struct hy_store **store);

#endif
