/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the log that is in memory: a window that ends with the newest entry and begins behind `base`, the last
 * index that was compacted away. Entries share their bytes with the effects that carry them, so a payload is counted.
 */
#ifndef HY_CONSENSUS_LOG_H
#define HY_CONSENSUS_LOG_H

#include "consensus/raft.h"

struct hy_raft_log {
    struct hy_raft_entry *items; /* a contiguous run in a larger array: [start, start + count) */
    size_t start;
    size_t count;
    size_t capacity;
    size_t bytes; /* of all payloads */
    uint64_t base;
    uint64_t base_term;
};

/* A counted copy of bytes, with one reference. Not thread-safe: it stays with the thread of its server. */
void *hy_raft_payload(const void *data, size_t size);
void *hy_raft_payload_blank(size_t size); /* zeroed, to be filled by the one who made it */
void *hy_raft_payload_ref(const void *payload);
void hy_raft_payload_unref(const void *payload); /* NULL is allowed */

void hy_raft_log_reset(struct hy_raft_log *log, uint64_t base, uint64_t base_term);
void hy_raft_log_free(struct hy_raft_log *log);

uint64_t hy_raft_log_last(const struct hy_raft_log *log);
uint64_t hy_raft_log_last_term(const struct hy_raft_log *log);

/* Whether the log holds this entry, or ends its compacted part with it. */
bool hy_raft_log_matches(const struct hy_raft_log *log, uint64_t index, uint64_t term);

/* The term of an entry; 0 when it is not known here. */
uint64_t hy_raft_log_term(const struct hy_raft_log *log, uint64_t index);

/* NULL when the entry is not here. The address holds until the log changes. */
const struct hy_raft_entry *hy_raft_log_at(const struct hy_raft_log *log, uint64_t index);

/* Takes over the caller's reference to `payload`. */
void hy_raft_log_append(struct hy_raft_log *log, uint64_t term, enum hy_raft_entry_type type, void *payload,
                        size_t size);

/* Drops `from` and all behind it. */
void hy_raft_log_truncate(struct hy_raft_log *log, uint64_t from);

/* Drops all up to and with `to`, which must be in the log. */
void hy_raft_log_compact(struct hy_raft_log *log, uint64_t to);

/* The last index, not behind `index`, whose term is not above `term`. Two logs that differ can agree there at the
 * earliest: this skips a whole term of conflicting entries with one message. */
uint64_t hy_raft_log_agree(const struct hy_raft_log *log, uint64_t index, uint64_t term);

#endif
