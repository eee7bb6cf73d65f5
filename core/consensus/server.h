/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One server from the inside. Each part of it belongs to one file, which is the only one to write it:
 *
 *   disk       disk.c       what is on its way to disk, what is there
 *   election   election.c   timers and votes of a follower and candidate
 *   copy       follow.c     how far a follower's log is known to be the leader's
 *   incoming   snapshot.c   a snapshot that is being received
 *   lead       replicate.c  what a leader knows of the others; snapshot.c, transfer.c and read.c have their parts of it
 */
#ifndef HY_CONSENSUS_SERVER_H
#define HY_CONSENSUS_SERVER_H

#include "consensus/config.h"
#include "consensus/log.h"
#include "consensus/message.h"
#include "consensus/raft.h"

/* One PERSIST effect that is not known to be on disk yet. */
struct hy_raft_write {
    uint64_t number;
    uint64_t last_index; /* the disk's log is the same as ours up to here once this is written */
    size_t bytes;
};

struct hy_raft_disk {
    uint64_t issued;
    uint64_t state_number; /* the write that has the present term and vote */
    bool form_unsaved;     /* the first set was told in this step */
    bool state_unsaved;    /* they have changed in this step, and no write has them yet */
    uint64_t done;
    uint64_t last_index; /* the log is on disk up to here, as it is in memory */
    size_t bytes;        /* of entries, on their way */
    HY_VEC(struct hy_raft_write) writes;
    size_t first; /* of `writes` that is still on its way */
};

struct hy_raft_election {
    hy_time deadline;     /* when to campaign */
    hy_time repeat;       /* when to ask again those who have not answered */
    hy_time leader_heard; /* when the leader's last message came */
    bool forced;
    bool split;      /* nobody can win this term: try again soon */
    bool answer_due; /* a vote was given and may be said once it is on disk */
    struct {
        uint32_t id;
        uint64_t disk;
        enum hy_raft_verdict verdict;
    } answers[HY_RAFT_MAX_NODES];
    size_t answer_count;
};

struct hy_raft_copy {
    uint64_t matched; /* our log is the present leader's up to here */
    uint64_t said;    /* what we have acknowledged of that */
    uint64_t round;   /* the latest question of the leader whether it is the leader */
};

/* Bytes [from, to). */
struct hy_raft_range {
    uint64_t from;
    uint64_t to;
};

struct hy_raft_incoming {
    uint64_t index;
    uint64_t term;
    uint64_t total;
    char *payload;                     /* of `total` bytes; NULL: none is being received */
    HY_VEC(struct hy_raft_range) have; /* in order, apart from each other */
};

/* How the leader deals with one other server (dissertation, 10.2.1: pipelining).
 * PROBE: where do the logs agree? One message at a time. REPLICATE: messages follow each other unanswered.
 * SNAPSHOT: what it needs is compacted away. */
enum hy_raft_peer_state { HY_RAFT_PEER_PROBE, HY_RAFT_PEER_REPLICATE, HY_RAFT_PEER_SNAPSHOT };

struct hy_raft_blob; /* the offered snapshot, counted */

struct hy_raft_peer {
    uint32_t id;
    uint64_t disk;
    bool voter; /* in the set in force */
    enum hy_raft_peer_state state;
    uint64_t match; /* it has acknowledged all up to here */
    uint64_t next;  /* the next entry to send */
    uint64_t told_commit;
    uint64_t round; /* the latest it has answered */
    hy_time heard;
    bool asked;         /* PROBE: entries are on their way; wait for an answer or the next heartbeat */
    uint64_t *inflight; /* the last index of each message with entries that is on its way; a ring */
    size_t inflight_first;
    size_t inflight_count;
    struct {
        struct hy_raft_blob *blob;
        uint64_t offset;   /* the next byte to send for the first time */
        uint64_t received; /* what it has without a gap */
        uint64_t recover;  /* what was sent below this may have holes, which are filled one after the other */
        uint64_t known;    /* chunks from this number on were sent when `received` was known */
        hy_time moved;     /* the last chunk or answer */
    } snapshot;
};

struct hy_raft_pending_read {
    uint64_t number; /* the caller's */
    uint64_t index;
    uint64_t round; /* once a majority has answered it */
};

struct hy_raft_lead {
    uint64_t first; /* the index of this leader's NOOP */
    hy_time heartbeat;
    size_t uncommitted;   /* bytes */
    uint32_t transfer_to; /* 0: none under way */
    hy_time transfer_until;
    bool transfer_said;
    hy_time snapshot_wanted;
    struct hy_raft_blob *offered;
    uint64_t chunk;                            /* the number of the last one */
    uint64_t round;                            /* the last one that was begun */
    HY_VEC(struct hy_raft_pending_read) reads; /* by round */
    HY_VEC(struct hy_raft_peer) peers;         /* by the order of the servers in force, without this one */
};

struct hy_raft {
    struct hy_raft_options options;
    uint64_t random;
    uint64_t term;
    uint32_t vote;
    uint64_t vote_disk; /* 0 after a restart: not known any more, so the vote is nobody's */
    uint32_t leader;
    enum hy_raft_role role;
    uint64_t commit;
    uint64_t applied;
    struct hy_raft_log log;
    struct hy_raft_configs configs;
    struct hy_raft_disk disk;
    struct hy_raft_election election;
    struct hy_raft_copy copy;
    struct hy_raft_incoming incoming;
    struct hy_raft_lead lead;
    struct {
        enum hy_raft_role role;
        uint64_t term;
        uint32_t leader;
    } reported;                      /* by the last ROLE effect */
    hy_time now;                     /* of the step under way */
    struct hy_raft_effects *effects; /* of the step under way */
};

/* raft.c */
const struct hy_raft_servers *hy_raft_in_force(const struct hy_raft *raft);
/* This server's id with its disk is a voter of the set in force. */
bool hy_raft_self_votes(const struct hy_raft *raft);
/* A voter, or one that an uncommitted entry takes the vote from: until that is committed its log may be the only one
 * that can win (dissertation, 4.2.2). It does not count itself. */
bool hy_raft_may_lead(const struct hy_raft *raft);
/* No set of servers is known: it was never told one. */
bool hy_raft_blank(const struct hy_raft *raft);
/* A blank server is told the first set. */
void hy_raft_take_form(struct hy_raft *raft, const struct hy_raft_servers *servers);
struct hy_raft_effect *hy_raft_effect(struct hy_raft *raft, enum hy_raft_effect_type type);
void hy_raft_send(struct hy_raft *raft, struct hy_raft_message *message, uint32_t to);
/* Appends to the log and keeps the sets of servers in step with it; takes over the reference to `payload`. */
void hy_raft_add_entry(struct hy_raft *raft, uint64_t term, enum hy_raft_entry_type type, void *payload, size_t size);

/* disk.c */
void hy_raft_disk_state(struct hy_raft *raft); /* term or vote have changed */
void hy_raft_disk_form(struct hy_raft *raft);  /* the first set was told */
void hy_raft_disk_append(struct hy_raft *raft, uint64_t first, bool truncate);
/* The log up to `index` is now the snapshot; what is known to be the same on disk ends at `same`. */
void hy_raft_disk_snapshot(struct hy_raft *raft, const void *payload, size_t size, uint64_t same, bool drop_rest);
void hy_raft_disk_flush(struct hy_raft *raft); /* at the end of a step */
int hy_raft_disk_done(struct hy_raft *raft, uint64_t number, struct hy_err *err);
bool hy_raft_state_durable(const struct hy_raft *raft);

/* election.c */
void hy_raft_become_follower(struct hy_raft *raft, uint64_t term, uint32_t leader);
void hy_raft_restart_timer(struct hy_raft *raft);
void hy_raft_election_tick(struct hy_raft *raft);
void hy_raft_campaign(struct hy_raft *raft, bool forced);
void hy_raft_election_durable(struct hy_raft *raft);
void hy_raft_election_peer_back(struct hy_raft *raft);
int hy_raft_on_vote(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err);
int hy_raft_on_vote_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err);

/* follow.c */
/* What APPEND and SNAPSHOT have in common. 0: go on; 1: was dealt with; else an error. */
int hy_raft_hear_leader(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err);
void hy_raft_acknowledge(struct hy_raft *raft, uint64_t prev_index);
void hy_raft_follow_durable(struct hy_raft *raft);
void hy_raft_follow_commit(struct hy_raft *raft, uint64_t index);
int hy_raft_on_append(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err);

/* replicate.c */
void hy_raft_become_leader(struct hy_raft *raft);
void hy_raft_stop_leading(struct hy_raft *raft);
void hy_raft_lead_tick(struct hy_raft *raft);
hy_time hy_raft_lead_deadline(const struct hy_raft *raft);
/* Something is sent to all now: that is as good as the heartbeat that is overdue when the leader was idle. */
void hy_raft_lead_busy(struct hy_raft *raft);
void hy_raft_lead_append(struct hy_raft *raft, enum hy_raft_entry_type type, const void *data, size_t size);
void hy_raft_lead_commit(struct hy_raft *raft);
struct hy_raft_peer *hy_raft_peer(const struct hy_raft *raft, uint32_t id);
bool hy_raft_peer_silent(const struct hy_raft *raft, const struct hy_raft_peer *peer);
void hy_raft_probe(struct hy_raft_peer *peer, uint64_t next);
/* An empty APPEND: who leads, what is committed, and the round. */
void hy_raft_send_heartbeat(struct hy_raft *raft, struct hy_raft_peer *peer);
/* The highest number that a majority of the voters has reached, when this server has reached `own`. */
uint64_t hy_raft_majority(const struct hy_raft *raft, uint64_t own,
                          uint64_t (*reached)(const struct hy_raft_peer *peer));
int hy_raft_peer_back(struct hy_raft *raft, uint32_t id);
int hy_raft_on_append_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                             struct hy_err *err);

/* snapshot.c */
void hy_raft_snapshot_begin(struct hy_raft *raft, struct hy_raft_peer *peer);
/* False when it has given up: the peer is silent, and the log has moved on meanwhile. */
bool hy_raft_snapshot_heartbeat(struct hy_raft *raft, struct hy_raft_peer *peer);
void hy_raft_snapshot_resume(struct hy_raft *raft, struct hy_raft_peer *peer); /* it is back */
void hy_raft_snapshot_end(struct hy_raft_peer *peer);
/* What may be compacted away at most, when it should be up to `to`. */
uint64_t hy_raft_snapshot_hold(const struct hy_raft *raft, uint64_t to);
void hy_raft_snapshot_tidy(struct hy_raft *raft);
void hy_raft_snapshot_withdraw(struct hy_raft *raft);
uint64_t hy_raft_snapshot_index(const struct hy_raft_peer *peer);
void hy_raft_snapshot_forget(struct hy_raft *raft); /* what was received so far */
int hy_raft_on_snapshot(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err);
int hy_raft_on_snapshot_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                               struct hy_err *err);

/* read.c */
int hy_raft_read(struct hy_raft *raft, uint64_t number, struct hy_err *err);
void hy_raft_read_answered(struct hy_raft *raft);
void hy_raft_read_heartbeat(struct hy_raft *raft);
void hy_raft_read_fail(struct hy_raft *raft);

/* transfer.c */
int hy_raft_transfer(struct hy_raft *raft, uint32_t to, struct hy_err *err);
void hy_raft_transfer_check(struct hy_raft *raft, bool again);
void hy_raft_transfer_leave(struct hy_raft *raft);
int hy_raft_on_timeout_now(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err);
int hy_raft_configure(struct hy_raft *raft, const struct hy_raft_servers *servers, struct hy_err *err);

#endif
