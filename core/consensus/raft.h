/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consensus: Raft as a pure step. No clock, no I/O, no callback: an event goes in, effects come out, and the caller
 * carries them out in the order given. Sources: Ongaro, Ousterhout, "In Search of an Understandable Consensus
 * Algorithm" (2014), Figure 2; Ongaro, "Consensus: Bridging Theory and Practice" (2014), sections 3.10 (leadership
 * transfer), 4 (membership changes), 5 (compaction), 6.4 (read index), 9.6 (pre-vote).
 *
 * Persistence is asynchronous and in order: a HY_RAFT_PERSIST effect carries a number; when it is on disk the caller
 * feeds HY_RAFT_PERSISTED with it. Everything that must not be said before something is on disk (a vote, the
 * acknowledgement of entries, the leader's own count for a commit) is held back inside until then. So a slow disk makes
 * commits slow and nothing else: heartbeats and votes for others go on.
 *
 * Messages may be lost, doubled, delayed and reordered. A message is encoded bytes, versioned, checked when decoded.
 */
#ifndef HY_CONSENSUS_RAFT_H
#define HY_CONSENSUS_RAFT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/time.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HY_RAFT_MAX_NODES = 32,
    HY_RAFT_MAX_ENTRY = 16 * 1024 * 1024,    /* bytes of one command */
    HY_RAFT_MAX_SNAPSHOT = 256 * 1024 * 1024 /* bytes; a larger one that is offered by a peer is refused */
};

struct hy_raft; /* one server; opaque */

enum hy_raft_role { HY_RAFT_FOLLOWER, HY_RAFT_PRECANDIDATE, HY_RAFT_CANDIDATE, HY_RAFT_LEADER };

/* ENTRY_COMMAND carries the state machine's bytes; ENTRY_CONFIG a set of servers; ENTRY_NOOP is a new leader's
 * first. */
enum hy_raft_entry_type { HY_RAFT_ENTRY_COMMAND = 1, HY_RAFT_ENTRY_CONFIG = 2, HY_RAFT_ENTRY_NOOP = 3 };

struct hy_raft_entry {
    uint64_t index;
    uint64_t term;
    enum hy_raft_entry_type type;
    const void *data; /* borrowed */
    size_t size;
};

/* A server is one id with one disk: what it has voted and acknowledged is on that disk. With another disk it is another
 * server, which has promised nothing, so it has no say until the set of servers names it. */
struct hy_raft_server {
    uint32_t id;
    bool voter;    /* else a learner: gets entries, does not vote */
    uint64_t disk; /* never 0; the id of its state folder */
};

struct hy_raft_servers {
    struct hy_raft_server list[HY_RAFT_MAX_NODES];
    size_t count;
};

struct hy_raft_options {
    uint32_t self;
    uint64_t disk;            /* this server's own */
    uint64_t seed;            /* of the election timer's jitter */
    hy_time election_timeout; /* T: elections after T..2T of silence; default 300 ms */
    hy_time heartbeat;        /* default 30 ms */
    hy_time idle_heartbeat;   /* while all have all that the leader has; default: heartbeat */
    size_t max_message;       /* bytes of entries or snapshot in one message; default 64 KiB */
    size_t max_inflight;      /* messages with entries on their way to one follower; default 16 */
    size_t max_pending;       /* bytes of commands that may wait for the disk or for a majority; default 8 MiB */
};

/* What was on disk. A fresh node is blank: term 0, no entries, no servers. It waits to be told them, by HY_RAFT_FORM or
 * by a leader. */
struct hy_raft_state {
    uint64_t term;
    uint32_t vote; /* 0: none in this term */
    uint64_t snapshot_index;
    uint64_t snapshot_term;
    struct hy_raft_servers servers; /* as of the snapshot, or the first set (PERSIST with `form`) */
    const struct hy_raft_entry
        *entries; /* contiguous; they may begin before the snapshot's end, with no gap after it */
    size_t entry_count;
};

enum hy_raft_event_type {
    HY_RAFT_TICK,      /* a deadline was reached (early is harmless) */
    HY_RAFT_MESSAGE,   /* from, data, size */
    HY_RAFT_PROPOSE,   /* data, size: a command; only for the leader */
    HY_RAFT_PERSISTED, /* number: this and all earlier PERSIST effects are on disk */
    /* the failure detector has declared the leader dead: campaign at once (LEASE: the lowest live voter) */
    HY_RAFT_CAMPAIGN,
    HY_RAFT_TRANSFER, /* to: hand the lead over; 0: to whoever has most of the log */
    /* number = index: the caller has a snapshot of the state at `index` on disk: compact the log up to `index -
     * keep` */
    HY_RAFT_SNAPSHOT_TAKEN,
    /* servers: the wanted set, which differs in one server; a new one is a learner first; only for the leader */
    HY_RAFT_CONFIGURE,
    /* servers: the first set, this server with its disk among them; the same on every server that is told; only for a
     * blank one (hy_raft_servers() is empty) */
    HY_RAFT_FORM,
    /* number: the caller's token. READY_READ will say which index the state must have reached to contain all that was
     * acknowledged before now; only for the leader */
    HY_RAFT_READ,
    /* from: is to be heard again, or has begun a new life: it may lack what was sent lately. What it needs is sent at
     * once */
    HY_RAFT_PEER_BACK
};

struct hy_raft_event {
    enum hy_raft_event_type type;
    uint32_t from; /* MESSAGE: the sender, as authenticated by the bus; PEER_BACK */
    uint32_t to;   /* TRANSFER */
    uint64_t number;
    uint64_t keep;
    const void *data; /* borrowed for the call */
    size_t size;
    const struct hy_raft_servers *servers;
};

enum hy_raft_effect_type {
    /* all or nothing and in order, in this order: save term and vote; form: `servers` is the first set, at index 0; cut
     * the log from truncate_from on; the snapshot replaces all up to `index`; append entries. Then feed
     * PERSISTED(number) */
    HY_RAFT_PERSIST,
    HY_RAFT_SEND,  /* to, data, size; may be lost */
    HY_RAFT_APPLY, /* a committed entry of any type, in order of index, each once a run */
    /* a snapshot came from the leader: the state machine becomes data/size as of index/term. Persisting it is a PERSIST
     * effect with snapshot set, before it */
    HY_RAFT_RESTORE,
    /* a follower is behind the log: take a snapshot now if you can, and give it with hy_raft_offer_snapshot() */
    HY_RAFT_NEED_SNAPSHOT,
    HY_RAFT_ROLE, /* role, term or leader have changed */
    /* number of the READ; index: the state there, or later, contains all that was acknowledged before the READ. Index
     * 0: leadership was lost, ask again elsewhere */
    HY_RAFT_READY_READ
};

struct hy_raft_effect {
    enum hy_raft_effect_type type;
    uint32_t to;
    uint64_t number; /* PERSIST, READY_READ */
    bool save_vote;  /* PERSIST: term and vote below are to be saved */
    uint64_t term;   /* PERSIST, ROLE, RESTORE */
    uint32_t vote;
    bool form;     /* PERSIST: `servers` is the first set */
    bool truncate; /* PERSIST: entries from truncate_from on are dropped first */
    uint64_t truncate_from;
    struct hy_raft_entry *entries; /* PERSIST: to append; owned by the effects */
    size_t entry_count;
    bool snapshot;                         /* PERSIST: replaces everything up to index by data/size */
    uint64_t snapshot_term;                /* of the entry at `index` */
    struct hy_raft_entry entry;            /* APPLY */
    uint64_t index;                        /* RESTORE, PERSIST with snapshot, READY_READ */
    const struct hy_raft_servers *servers; /* RESTORE, PERSIST with snapshot or form; owned by the effects; else NULL */
    void *data;
    size_t size;
    enum hy_raft_role role; /* ROLE */
    uint32_t leader;        /* ROLE; 0: unknown */
};

/* Entries' bytes and snapshots are shared with the server and counted without a lock: effects stay with its thread.
 * They hold until hy_raft_effects_free(), whatever becomes of the server. */
struct hy_raft_effects {
    HY_VEC(struct hy_raft_effect) list;
};

/* A server from what was on disk. -EINVAL with a reason when that makes no sense (a gap in the entries). */
int hy_raft_new(const struct hy_raft_options *options, const struct hy_raft_state *state, hy_time now,
                struct hy_raft **raft, struct hy_err *err);
void hy_raft_free(struct hy_raft **raft);

/* The step. Appends to `effects` (caller releases with hy_raft_effects_free()). 0, or an error that leaves the server
 * as it was:
 *   PROPOSE, TRANSFER, CONFIGURE  -EPERM not the leader; -EBUSY too much on its way, or a change under way: try again
 *                                 later; -EINVAL; -EMSGSIZE
 *   READ                          -EPERM not the leader; -EAGAIN nothing of its own term is committed yet
 *   FORM                          -EEXIST not blank; -EINVAL
 *   CAMPAIGN                      -EPERM this server has no vote
 *   MESSAGE                       -EBADMSG makes no sense; -EPERM from somebody who has no say (removed, for example)
 *   PERSISTED, SNAPSHOT_TAKEN     -EINVAL never asked for, not applied */
int hy_raft_step(struct hy_raft *raft, const struct hy_raft_event *event, hy_time now, struct hy_raft_effects *effects,
                 struct hy_err *err);
void hy_raft_effects_free(struct hy_raft_effects *effects);

/* When a TICK is due at the latest. */
hy_time hy_raft_deadline(const struct hy_raft *raft);

/* The caller's latest snapshot, for followers that are behind; copied, and kept only while one needs it. Ignored unless
 * this server leads and `index` is applied and still in the log. Sent from the next TICK on, which is due at once. */
void hy_raft_offer_snapshot(struct hy_raft *raft, uint64_t index, const void *data, size_t size);

enum hy_raft_role hy_raft_role(const struct hy_raft *raft);
uint64_t hy_raft_term(const struct hy_raft *raft);
uint32_t hy_raft_leader(const struct hy_raft *raft); /* 0: unknown */
uint64_t hy_raft_commit_index(const struct hy_raft *raft);
uint64_t hy_raft_last_index(const struct hy_raft *raft);
uint64_t hy_raft_first_index(const struct hy_raft *raft); /* of the entries still in the log; last + 1 when none */
/* The index of PROPOSE's entry, right after the step: hy_raft_last_index(). The leader has committed an entry of its
 * own term: */
bool hy_raft_leads(const struct hy_raft *raft);
/* Leader: this server of the set in force has nearly all of the log, so a learner may become a voter. */
bool hy_raft_caught_up(const struct hy_raft *raft, uint32_t id);
/* The set in force is not committed yet: CONFIGURE would be -EBUSY. */
bool hy_raft_config_pending(const struct hy_raft *raft);
/* The servers in force: the newest set in the log, committed or not; none while this server is blank. */
const struct hy_raft_servers *hy_raft_servers(const struct hy_raft *raft);
/* As of an index, for a snapshot of it; and the term there, 0 when that is compacted away. */
const struct hy_raft_servers *hy_raft_servers_at(const struct hy_raft *raft, uint64_t index);
uint64_t hy_raft_term_at(const struct hy_raft *raft, uint64_t index);
/* An entry that is in the log, committed or not; false when it is not there. `entry->data` is borrowed until the next
 * step. */
bool hy_raft_entry_at(const struct hy_raft *raft, uint64_t index, struct hy_raft_entry *entry);

/* A message in words, one line, for logs and traces. */
void hy_raft_message_print(const void *data, size_t size, struct hy_buf *out);

#endif
