/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leader and its followers. A heartbeat is an APPEND without entries, placed behind all that was sent: whoever has lost
 * one of those messages cannot place it and says so, and gets what it lacks at once. An entry of an older term is
 * never committed by counting (Figure 8); the leader's NOOP brings those along.
 */
#include "consensus/server.h"

#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

enum { ENTRY_OVERHEAD = 16 };

struct hy_raft_peer *hy_raft_peer(const struct hy_raft *raft, uint32_t id)
{
    for (size_t i = 0; i < raft->lead.peers.count; i++)
        if (raft->lead.peers.items[i].id == id)
            return &raft->lead.peers.items[i];
    return NULL;
}

bool hy_raft_peer_silent(const struct hy_raft *raft, const struct hy_raft_peer *peer)
{
    return raft->now - peer->heard >= raft->options.election_timeout;
}

static void free_peer(struct hy_raft_peer *peer)
{
    hy_raft_snapshot_end(peer);
    free(peer->inflight);
}

/* The peers follow the servers in force. */
static void sync_peers(struct hy_raft *raft)
{
    const struct hy_raft_servers *servers = hy_raft_in_force(raft);
    for (size_t i = raft->lead.peers.count; i-- > 0;) {
        if (!hy_raft_find(servers, raft->lead.peers.items[i].id, raft->lead.peers.items[i].disk)) {
            free_peer(&raft->lead.peers.items[i]);
            hy_vec_remove(&raft->lead.peers, i);
        }
    }
    for (size_t i = 0; i < servers->count; i++) {
        const struct hy_raft_server *server = &servers->list[i];
        struct hy_raft_peer *peer = hy_raft_peer(raft, server->id);
        if (server->id == raft->options.self)
            continue;
        if (!peer) {
            peer = hy_vec_add(&raft->lead.peers);
            *peer = (struct hy_raft_peer){
                .id = server->id,
                .disk = server->disk,
                .next = (server->voter ? hy_raft_log_last(&raft->log) : raft->commit) + 1,
                .heard = raft->now,
                .inflight = hy_alloc_array(raft->options.max_inflight, sizeof(uint64_t)),
            };
        }
        peer->voter = server->voter;
    }
}

static void clear_inflight(struct hy_raft_peer *peer)
{
    peer->inflight_first = peer->inflight_count = 0;
}

void hy_raft_probe(struct hy_raft_peer *peer, uint64_t next)
{
    peer->state = HY_RAFT_PEER_PROBE;
    peer->next = next;
    peer->asked = false;
    clear_inflight(peer);
}

static void replicate(struct hy_raft_peer *peer, uint64_t next)
{
    peer->state = HY_RAFT_PEER_REPLICATE;
    peer->next = next;
    clear_inflight(peer);
}

/* How far the log is for this one. A learner gets what is committed: then its log is never newer than that of the voters
 * who can win an election. Otherwise, when it is made a voter and the leader fails for good, the set that needs its vote
 * might not get it, and it could not campaign itself. */
static uint64_t last_for(const struct hy_raft *raft, const struct hy_raft_peer *peer)
{
    return peer->voter ? hy_raft_log_last(&raft->log) : raft->commit;
}

static size_t entries_for(const struct hy_raft *raft, const struct hy_raft_peer *peer)
{
    uint64_t last = last_for(raft, peer);
    size_t bytes = 0;
    uint64_t index = peer->next;
    for (; index <= last; index++) {
        bytes += hy_raft_log_at(&raft->log, index)->size + ENTRY_OVERHEAD;
        if (index > peer->next && bytes > raft->options.max_message)
            break;
    }
    return (size_t)(index - peer->next);
}

static void send_append(struct hy_raft *raft, struct hy_raft_peer *peer, uint64_t prev, size_t count, bool quiet)
{
    struct hy_raft_message message = {
        .type = HY_RAFT_APPEND,
        .term = raft->term,
        .servers = prev == 0 ? hy_raft_servers_at(raft, 0) : NULL,
        .append = {.prev_index = prev,
                   .prev_term = hy_raft_log_term(&raft->log, prev),
                   .commit = raft->commit,
                   .round = raft->lead.round,
                   .quiet = quiet,
                   .entries = count ? hy_raft_log_at(&raft->log, prev + 1) : NULL,
                   .entry_count = count},
    };
    peer->told_commit = raft->commit;
    hy_raft_send(raft, &message, peer->id);
}

static bool lacks_compacted(const struct hy_raft *raft, const struct hy_raft_peer *peer)
{
    return peer->next <= raft->log.base;
}

static bool begin_snapshot_if_needed(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (!lacks_compacted(raft, peer))
        return false;
    hy_raft_probe(peer, peer->next);
    if (!hy_raft_peer_silent(raft, peer))
        hy_raft_snapshot_begin(raft, peer);
    return true;
}

/* Sends what there is to send and may be sent now. */
static void pump(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (peer->state == HY_RAFT_PEER_SNAPSHOT || (peer->state == HY_RAFT_PEER_PROBE && peer->asked))
        return;
    if (begin_snapshot_if_needed(raft, peer))
        return;
    if (peer->state == HY_RAFT_PEER_PROBE) {
        peer->asked = true;
        send_append(raft, peer, peer->next - 1, entries_for(raft, peer), false);
        return;
    }
    while (peer->next <= last_for(raft, peer) && peer->inflight_count < raft->options.max_inflight) {
        size_t count = entries_for(raft, peer);
        send_append(raft, peer, peer->next - 1, count, false);
        peer->next += count;
        peer->inflight[(peer->inflight_first + peer->inflight_count++) % raft->options.max_inflight] = peer->next - 1;
    }
}

static void release_inflight(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    while (peer->inflight_count && peer->inflight[peer->inflight_first] <= peer->match) {
        peer->inflight_first = (peer->inflight_first + 1) % raft->options.max_inflight;
        peer->inflight_count--;
    }
}

/* A follower applies what it knows to be committed: an idle one is told at once, a busy one by the next entries. */
static void tell_commit(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (peer->state == HY_RAFT_PEER_REPLICATE && !peer->inflight_count && peer->told_commit < raft->commit &&
        !lacks_compacted(raft, peer))
        send_append(raft, peer, peer->next - 1, 0, true);
}

/* Whoever is too far behind hears at least that there is a leader. */
void hy_raft_send_heartbeat(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    send_append(raft, peer, lacks_compacted(raft, peer) ? raft->log.base : peer->next - 1, 0, false);
}

static void remind(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (peer->state == HY_RAFT_PEER_SNAPSHOT && hy_raft_snapshot_heartbeat(raft, peer))
        return;
    if (hy_raft_peer_silent(raft, peer) && peer->state == HY_RAFT_PEER_REPLICATE)
        hy_raft_probe(peer, peer->match + 1);
    hy_raft_send_heartbeat(raft, peer);
    begin_snapshot_if_needed(raft, peer);
}

static bool has_quorum(const struct hy_raft *raft)
{
    size_t heard = hy_raft_self_votes(raft);
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        heard += peer->voter && !hy_raft_peer_silent(raft, peer);
    }
    return heard > hy_raft_voter_count(hy_raft_in_force(raft)) / 2;
}

/* Nothing is under way that a lost message could hold up. Whoever is silent is no concern: he is told when he is heard. */
static bool is_idle(const struct hy_raft *raft)
{
    uint64_t last = hy_raft_log_last(&raft->log);
    if (raft->commit < last || raft->lead.transfer_to || raft->lead.reads.count)
        return false;
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        bool has_all =
            peer->state == HY_RAFT_PEER_REPLICATE && peer->match == last && peer->told_commit == raft->commit;
        if (!has_all && !hy_raft_peer_silent(raft, peer))
            return false;
    }
    return true;
}

hy_time hy_raft_lead_deadline(const struct hy_raft *raft)
{
    hy_time longer = raft->options.idle_heartbeat - raft->options.heartbeat;
    return raft->lead.heartbeat + (longer && is_idle(raft) ? longer : 0);
}

void hy_raft_lead_busy(struct hy_raft *raft)
{
    if (raft->lead.heartbeat < raft->now)
        raft->lead.heartbeat = raft->now + raft->options.heartbeat;
}

void hy_raft_lead_tick(struct hy_raft *raft)
{
    if (!has_quorum(raft)) {
        hy_raft_become_follower(raft, raft->term, 0);
        return;
    }
    if (raft->now < hy_raft_lead_deadline(raft))
        return;
    raft->lead.heartbeat = raft->now + raft->options.heartbeat;
    hy_raft_transfer_check(raft, true);
    hy_raft_read_heartbeat(raft);
    for (size_t i = 0; i < raft->lead.peers.count; i++)
        remind(raft, &raft->lead.peers.items[i]);
    hy_raft_snapshot_tidy(raft);
    hy_raft_read_answered(raft);
}

void hy_raft_become_leader(struct hy_raft *raft)
{
    raft->role = HY_RAFT_LEADER;
    raft->leader = raft->options.self;
    raft->lead.first = hy_raft_log_last(&raft->log) + 1;
    raft->lead.heartbeat = raft->now + raft->options.heartbeat;
    for (uint64_t index = raft->commit + 1; index < raft->lead.first; index++)
        raft->lead.uncommitted += hy_raft_log_at(&raft->log, index)->size;
    sync_peers(raft);
    hy_raft_lead_append(raft, HY_RAFT_ENTRY_NOOP, NULL, 0);
}

void hy_raft_stop_leading(struct hy_raft *raft)
{
    for (size_t i = 0; i < raft->lead.peers.count; i++)
        free_peer(&raft->lead.peers.items[i]);
    hy_vec_free(&raft->lead.peers);
    hy_raft_read_fail(raft);
    hy_raft_snapshot_withdraw(raft);
    raft->lead = (struct hy_raft_lead){0};
}

void hy_raft_lead_append(struct hy_raft *raft, enum hy_raft_entry_type type, const void *data, size_t size)
{
    uint64_t index = hy_raft_log_last(&raft->log) + 1;
    hy_raft_add_entry(raft, raft->term, type, hy_raft_payload(data, size), size);
    raft->lead.uncommitted += size;
    if (type == HY_RAFT_ENTRY_CONFIG)
        sync_peers(raft);
    hy_raft_lead_busy(raft);
    hy_raft_disk_append(raft, index, false);
    for (size_t i = 0; i < raft->lead.peers.count; i++)
        pump(raft, &raft->lead.peers.items[i]);
}

uint64_t hy_raft_majority(const struct hy_raft *raft, uint64_t own,
                          uint64_t (*reached)(const struct hy_raft_peer *peer))
{
    uint64_t numbers[HY_RAFT_MAX_NODES];
    size_t count = 0;
    if (hy_raft_self_votes(raft))
        numbers[count++] = own;
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        if (peer->voter)
            numbers[count++] = reached(peer);
    }
    uint64_t best = 0;
    for (size_t i = 0; i < count; i++) {
        size_t there = 0;
        for (size_t k = 0; k < count; k++)
            there += numbers[k] >= numbers[i];
        if (there > (HY_MUTANT(HALF_IS_ENOUGH) ? (count - 1) / 2 : count / 2) && numbers[i] > best)
            best = numbers[i];
    }
    return best;
}

static uint64_t on_disk(const struct hy_raft_peer *peer)
{
    return peer->match;
}

void hy_raft_lead_commit(struct hy_raft *raft)
{
    uint64_t own = hy_raft_state_durable(raft) ? raft->disk.last_index : 0;
    if (HY_MUTANT(LEADER_COUNTS_UNSYNCED))
        own = hy_raft_log_last(&raft->log);
    uint64_t index = hy_raft_majority(raft, own, on_disk);
    if (index <= raft->commit ||
        (hy_raft_log_term(&raft->log, index) != raft->term && !HY_MUTANT(OLD_TERM_BY_COUNTING)))
        return;
    while (raft->commit < index)
        raft->lead.uncommitted -= hy_raft_log_at(&raft->log, ++raft->commit)->size;
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        if (!peer->voter)
            pump(raft, peer);
        tell_commit(raft, peer);
    }
    if (hy_raft_configs_last(&raft->configs)->index <= raft->commit && !hy_raft_self_votes(raft))
        hy_raft_transfer_leave(raft);
}

static void on_accepted(struct hy_raft *raft, struct hy_raft_peer *peer, const struct hy_raft_message *message)
{
    uint64_t index = message->append_answer.index;
    bool advanced = index > peer->match;
    if (advanced)
        peer->match = index;
    uint64_t next = peer->next > peer->match ? peer->next : peer->match + 1;
    switch (peer->state) {
    case HY_RAFT_PEER_PROBE:
        if (message->append_answer.prev_index + 1 == peer->next || peer->match + 1 >= peer->next)
            replicate(peer, next);
        break;
    case HY_RAFT_PEER_REPLICATE:
        peer->next = next;
        release_inflight(raft, peer);
        break;
    case HY_RAFT_PEER_SNAPSHOT:
        if (peer->match >= hy_raft_snapshot_index(peer)) {
            hy_raft_snapshot_end(peer);
            replicate(peer, peer->match + 1);
        }
        break;
    }
    if (advanced)
        hy_raft_lead_commit(raft);
}

/* Messages overtake each other, so a refusal counts only when it is about what we believe now. It may be about what the
 * follower had acknowledged, if its disk has not kept what it said to have: it is filled again then. */
static void on_refused(struct hy_raft *raft, struct hy_raft_peer *peer, const struct hy_raft_message *message)
{
    uint64_t prev = message->append_answer.prev_index;
    if (peer->state == HY_RAFT_PEER_SNAPSHOT || prev == 0 || prev < peer->match ||
        (peer->state == HY_RAFT_PEER_PROBE && prev + 1 != peer->next))
        return;
    uint64_t at = hy_raft_log_agree(&raft->log, message->append_answer.index, message->append_answer.hint_term);
    hy_raft_probe(peer, (at < prev ? at : prev - 1) + 1);
}

int hy_raft_peer_back(struct hy_raft *raft, uint32_t id)
{
    struct hy_raft_peer *peer = hy_raft_peer(raft, id);
    if (raft->role != HY_RAFT_LEADER) {
        hy_raft_election_peer_back(raft);
    } else if (peer && peer->state == HY_RAFT_PEER_SNAPSHOT) {
        hy_raft_snapshot_resume(raft, peer);
    } else if (peer) {
        hy_raft_probe(peer, peer->state == HY_RAFT_PEER_PROBE ? peer->next : peer->match + 1);
        if (lacks_compacted(raft, peer))
            hy_raft_send_heartbeat(raft, peer); /* its answer shows that it is there */
        pump(raft, peer);
    }
    return 0;
}

int hy_raft_on_append_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                             struct hy_err *err)
{
    if (!hy_raft_find(hy_raft_in_force(raft), from, message->disk))
        return hy_fail(err, EPERM, "server %" PRIu32 " answers and is no member, or not with this disk", from);
    if (message->term > raft->term) {
        hy_raft_become_follower(raft, message->term, 0);
        return 0;
    }
    struct hy_raft_peer *peer = hy_raft_peer(raft, from);
    if (raft->role != HY_RAFT_LEADER || message->term < raft->term || !peer)
        return 0;
    if (message->append_answer.ok && message->append_answer.index > hy_raft_log_last(&raft->log))
        return hy_fail(err, EBADMSG, "server %" PRIu32 " acknowledges entry %" PRIu64 ", the log ends at %" PRIu64,
                       from, message->append_answer.index, hy_raft_log_last(&raft->log));
    if (message->append_answer.round > raft->lead.round)
        return hy_fail(err, EBADMSG, "server %" PRIu32 " answers round %" PRIu64 ", the last one is %" PRIu64, from,
                       message->append_answer.round, raft->lead.round);
    peer->heard = raft->now;
    if (message->append_answer.round > peer->round) {
        peer->round = message->append_answer.round;
        hy_raft_read_answered(raft);
    }
    if (message->append_answer.ok)
        on_accepted(raft, peer, message);
    else
        on_refused(raft, peer, message);
    if (raft->role != HY_RAFT_LEADER) /* its own removal was committed just now */
        return 0;
    hy_raft_transfer_check(raft, false);
    pump(raft, peer);
    tell_commit(raft, peer);
    return 0;
}
