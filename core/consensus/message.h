/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What servers say to each other. On the wire: version, type, receiver, the sender's disk, term, then what the type has;
 * little-endian.
 * A decoded message is within bounds and makes sense by itself; whether it fits the server's state is not decided here.
 */
#ifndef HY_CONSENSUS_MESSAGE_H
#define HY_CONSENSUS_MESSAGE_H

#include "base/buf.h"
#include "consensus/raft.h"

enum { HY_RAFT_WIRE_VERSION = 2 };

enum hy_raft_message_type {
    HY_RAFT_VOTE = 1,
    HY_RAFT_VOTE_ANSWER = 2,
    HY_RAFT_APPEND = 3, /* without entries: a heartbeat */
    HY_RAFT_APPEND_ANSWER = 4,
    HY_RAFT_SNAPSHOT = 5,
    HY_RAFT_SNAPSHOT_ANSWER = 6,
    HY_RAFT_TIMEOUT_NOW = 7
};

enum hy_raft_verdict {
    HY_RAFT_GRANTED = 1,
    HY_RAFT_HEARS_LEADER = 2,
    HY_RAFT_OLD_LOG = 3, /* the candidate's, as seen by the voter */
    HY_RAFT_VOTED = 4,   /* for somebody else in this term */
    HY_RAFT_OLD_TERM = 5
};

struct hy_raft_message {
    enum hy_raft_message_type type;
    uint32_t to;
    uint64_t disk; /* the sender's */
    uint64_t term; /* the sender's; of a pre-vote and of its grant: the term the candidate would take */
    /* SNAPSHOT: as of it; APPEND behind index 0: the first set; else NULL. Decoded: owned by the message */
    const struct hy_raft_servers *servers;
    union {
        struct {
            uint64_t disk; /* the voter's, in the candidate's set: another disk there has no vote */
            bool pre;
            bool forced; /* a leader known to be dead, or one that hands over: do not wait for its silence */
            uint64_t last_index;
            uint64_t last_term;
        } vote;
        struct {
            uint64_t disk; /* of the candidate that is answered */
            bool pre;
            enum hy_raft_verdict verdict;
        } vote_answer;
        struct {
            uint64_t prev_index;
            uint64_t prev_term;
            uint64_t commit;
            uint64_t round;                      /* of questions whether this is the leader; the answer repeats it */
            bool quiet;                          /* needs an answer only if it cannot be placed */
            const struct hy_raft_entry *entries; /* decoded: owned by the message, their data borrowed */
            size_t entry_count;
        } append;
        struct {
            bool ok;
            uint64_t prev_index; /* of the message that is answered */
            uint64_t index;      /* ok: durable up to here and the same as the leader's; else: where we might agree */
            uint64_t hint_term;  /* not ok: the term of the entry at `index` */
            uint64_t round;      /* the latest that was heard in this term */
        } append_answer;
        struct {
            uint64_t index;
            uint64_t term;
            uint64_t total;
            uint64_t number; /* counts the leader's chunks */
            uint64_t offset;
            const void *data;
            size_t size;
        } snapshot;
        struct {
            uint64_t index;
            uint64_t received; /* bytes, without a gap, from the beginning on */
            uint64_t number;   /* of the chunk that is answered, */
            uint64_t offset;   /* and its place */
        } snapshot_answer;
    };
};

/* At least so many bytes as encoding takes, and one. */
size_t hy_raft_message_room(const struct hy_raft_message *message);
void hy_raft_message_encode(const struct hy_raft_message *message, struct hy_buf *buf);

/* 0 or -EBADMSG. On success the caller releases with hy_raft_message_release(). `data` is borrowed by the message. */
int hy_raft_message_decode(const void *data, size_t size, struct hy_raft_message *message, struct hy_err *err);
void hy_raft_message_release(struct hy_raft_message *message);

#endif
