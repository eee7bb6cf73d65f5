/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots for followers that need what is compacted away (dissertation, 5.3): in numbered chunks, so many at a time as
 * messages with entries may be, each one answered with what has come without a gap. A hole is filled as soon as an answer
 * shows it, and then the next one below what had been sent by then (as TCP does, RFC 6582); a heartbeat without an answer
 * sends the first missing chunk again. The leader holds one copy for all followers, only while one of them needs it, and
 * keeps the log behind it meanwhile, or a follower slower than compaction would never be done.
 */
#include "consensus/server.h"

#include <errno.h>
#include <inttypes.h>

enum {
    HOLD_MAX = 64 * 1024 * 1024, /* bytes of log that a snapshot on its way may hold back from compaction */
    RANGES_MAX = 64              /* gaps of an incoming snapshot; more of it is dropped */
};

struct hy_raft_blob {
    size_t references;
    uint64_t index;
    uint64_t term;
    struct hy_raft_servers servers;
    size_t size;
    unsigned char data[];
};

static void unref(struct hy_raft_blob *blob)
{
    if (blob && --blob->references == 0)
        free(blob);
}

void hy_raft_snapshot_withdraw(struct hy_raft *raft)
{
    unref(raft->lead.offered);
    raft->lead.offered = NULL;
}

void hy_raft_offer_snapshot(struct hy_raft *raft, uint64_t index, const void *data, size_t size)
{
    if (raft->role != HY_RAFT_LEADER || index < raft->log.base || index == 0 || index > raft->applied ||
        size > HY_RAFT_MAX_SNAPSHOT || (raft->lead.offered && raft->lead.offered->index >= index))
        return;
    struct hy_raft_blob *blob = hy_alloc(sizeof *blob + size);
    blob->references = 1;
    blob->index = index;
    blob->term = hy_raft_log_term(&raft->log, index);
    blob->servers = *hy_raft_servers_at(raft, index);
    blob->size = size;
    if (size)
        memcpy(blob->data, data, size);
    hy_raft_snapshot_withdraw(raft);
    raft->lead.offered = blob;
    raft->lead.heartbeat = raft->now; /* sending begins with the next tick, which is due now */
}

uint64_t hy_raft_snapshot_index(const struct hy_raft_peer *peer)
{
    return peer->snapshot.blob ? peer->snapshot.blob->index : 0;
}

void hy_raft_snapshot_end(struct hy_raft_peer *peer)
{
    unref(peer->snapshot.blob);
    peer->snapshot.blob = NULL;
}

static size_t send_chunk(struct hy_raft *raft, struct hy_raft_peer *peer, uint64_t offset)
{
    const struct hy_raft_blob *blob = peer->snapshot.blob;
    size_t left = blob->size - (size_t)offset;
    size_t size = left < raft->options.max_message ? left : raft->options.max_message;
    if (hy_raft_peer_silent(raft, peer))
        size = 0; /* ask first whether it is back */
    struct hy_raft_message message = {
        .type = HY_RAFT_SNAPSHOT,
        .term = raft->term,
        .servers = &blob->servers,
        .snapshot = {.index = blob->index,
                     .term = blob->term,
                     .total = blob->size,
                     .number = ++raft->lead.chunk,
                     .offset = offset,
                     .data = blob->data + offset,
                     .size = size},
    };
    peer->snapshot.moved = raft->now;
    hy_raft_send(raft, &message, peer->id);
    return size;
}

static void send_more(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    uint64_t window = (uint64_t)raft->options.max_inflight * raft->options.max_message;
    while (peer->snapshot.offset < peer->snapshot.blob->size &&
           peer->snapshot.offset - peer->snapshot.received < window && !hy_raft_peer_silent(raft, peer))
        peer->snapshot.offset += send_chunk(raft, peer, peer->snapshot.offset);
}

/* All that was sent before is taken for lost. */
static void go_on_from(struct hy_raft *raft, struct hy_raft_peer *peer, uint64_t received)
{
    peer->snapshot.received = peer->snapshot.offset = received;
    peer->snapshot.recover = 0;
    peer->snapshot.known = raft->lead.chunk + 1;
}

static bool offer_is_of_use(const struct hy_raft *raft)
{
    return raft->lead.offered && raft->lead.offered->index >= raft->log.base;
}

void hy_raft_snapshot_begin(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (!offer_is_of_use(raft)) {
        hy_raft_snapshot_withdraw(raft);
        if (raft->now < raft->lead.snapshot_wanted)
            return;
        raft->lead.snapshot_wanted = raft->now + raft->options.election_timeout;
        hy_raft_effect(raft, HY_RAFT_NEED_SNAPSHOT)->to = peer->id;
        return;
    }
    raft->lead.offered->references++;
    peer->state = HY_RAFT_PEER_SNAPSHOT;
    peer->snapshot.blob = raft->lead.offered;
    go_on_from(raft, peer, 0);
    if (peer->snapshot.blob->size == 0 || hy_raft_peer_silent(raft, peer))
        send_chunk(raft, peer, 0);
    else
        send_more(raft, peer);
}

void hy_raft_snapshot_resume(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    peer->snapshot.recover = peer->snapshot.offset;
    send_chunk(raft, peer, peer->snapshot.received);
}

/* It will need a newer one. */
static void give_up(struct hy_raft_peer *peer)
{
    hy_raft_snapshot_end(peer);
    hy_raft_probe(peer, peer->match + 1);
}

bool hy_raft_snapshot_heartbeat(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (hy_raft_peer_silent(raft, peer) && peer->snapshot.blob->index < raft->log.base) {
        give_up(peer);
        return false;
    }
    if (raft->now - peer->snapshot.moved >= raft->options.heartbeat / 2)
        hy_raft_snapshot_resume(raft, peer);
    /* else chunks and answers are on their way, and are as good as a heartbeat */
    return true;
}

uint64_t hy_raft_snapshot_hold(const struct hy_raft *raft, uint64_t to)
{
    if (raft->role != HY_RAFT_LEADER || raft->log.bytes > HOLD_MAX)
        return to;
    if (offer_is_of_use(raft) && raft->lead.offered->index < to)
        to = raft->lead.offered->index;
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        if (peer->state == HY_RAFT_PEER_SNAPSHOT && !hy_raft_peer_silent(raft, peer) && peer->snapshot.blob->index < to)
            to = peer->snapshot.blob->index;
    }
    return to;
}

void hy_raft_snapshot_tidy(struct hy_raft *raft)
{
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        bool needs = peer->state == HY_RAFT_PEER_SNAPSHOT || peer->next <= raft->log.base;
        if (needs && !hy_raft_peer_silent(raft, peer))
            return;
    }
    hy_raft_snapshot_withdraw(raft);
}

static void take_answer(struct hy_raft *raft, struct hy_raft_peer *peer, const struct hy_raft_message *message)
{
    uint64_t received = message->snapshot_answer.received;
    if (received > peer->snapshot.received) {
        peer->snapshot.received = received;
        peer->snapshot.known = raft->lead.chunk + 1;
        if (peer->snapshot.offset < received)
            peer->snapshot.offset = received;
        if (received < peer->snapshot.recover)
            send_chunk(raft, peer, received);
    } else if (received < peer->snapshot.received && message->snapshot_answer.number >= peer->snapshot.known) {
        go_on_from(raft, peer, received); /* it had more when this chunk was sent: it has begun a new life */
    } else if (received == peer->snapshot.received && received < message->snapshot_answer.offset &&
               received >= peer->snapshot.recover) {
        peer->snapshot.recover = peer->snapshot.offset;
        send_chunk(raft, peer, received);
    }
    send_more(raft, peer);
}

int hy_raft_on_snapshot_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
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
    bool was_silent = hy_raft_peer_silent(raft, peer);
    uint64_t received = message->snapshot_answer.received;
    bool ours = peer->state == HY_RAFT_PEER_SNAPSHOT && message->snapshot_answer.index == peer->snapshot.blob->index;
    if (ours && received > peer->snapshot.blob->size)
        return hy_fail(err, EBADMSG, "server %" PRIu32 " has %" PRIu64 " bytes of a snapshot of %zu", from, received,
                       peer->snapshot.blob->size);
    peer->heard = raft->now;
    if (!ours)
        return 0;
    peer->snapshot.moved = raft->now;
    if (was_silent && peer->snapshot.blob->index < raft->log.base) {
        give_up(peer);
        hy_raft_snapshot_begin(raft, peer);
        return 0;
    }
    if (was_silent)
        go_on_from(raft, peer, received);
    take_answer(raft, peer, message);
    return 0;
}

void hy_raft_snapshot_forget(struct hy_raft *raft)
{
    hy_raft_payload_unref(raft->incoming.payload);
    hy_vec_free(&raft->incoming.have);
    raft->incoming = (struct hy_raft_incoming){0};
}

/* The snapshot is complete: log, servers and state machine become what it says (paper, Figure 13, 5 to 8). */
static void install(struct hy_raft *raft, const struct hy_raft_servers *servers)
{
    struct hy_raft_incoming *incoming = &raft->incoming;
    bool keep_rest = hy_raft_log_matches(&raft->log, incoming->index, incoming->term);
    uint64_t same = raft->commit;
    if (keep_rest) {
        hy_raft_configs_compact(&raft->configs, incoming->index);
        hy_raft_log_compact(&raft->log, incoming->index);
    } else {
        hy_raft_log_reset(&raft->log, incoming->index, incoming->term);
        raft->configs.list.count = 0;
        hy_raft_configs_push(&raft->configs, incoming->index, servers);
    }
    hy_raft_disk_snapshot(raft, incoming->payload, (size_t)incoming->total, same, !keep_rest);
    raft->commit = raft->applied = incoming->index;
    raft->copy.matched = incoming->index > raft->copy.matched ? incoming->index : raft->copy.matched;
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_RESTORE);
    effect->index = incoming->index;
    effect->term = effect->snapshot_term = incoming->term;
    effect->servers = hy_raft_payload(servers, sizeof *servers);
    effect->data = incoming->payload;
    effect->size = (size_t)incoming->total;
    incoming->payload = NULL;
    hy_raft_snapshot_forget(raft);
}

static uint64_t received_so_far(const struct hy_raft_incoming *incoming)
{
    return incoming->have.count && incoming->have.items[0].from == 0 ? incoming->have.items[0].to : 0;
}

/* Notes that [from, to) is there, and joins what touches. */
static bool note_range(struct hy_raft_incoming *incoming, uint64_t from, uint64_t to)
{
    size_t at = 0;
    while (at < incoming->have.count && incoming->have.items[at].to < from)
        at++;
    if (at == incoming->have.count || incoming->have.items[at].from > to) {
        if (incoming->have.count == RANGES_MAX)
            return false;
        hy_vec_push(&incoming->have, ((struct hy_raft_range){0}));
        struct hy_raft_range *items = incoming->have.items;
        memmove(&items[at + 1], &items[at], (incoming->have.count - 1 - at) * sizeof *items);
        items[at] = (struct hy_raft_range){from, to};
        return true;
    }
    struct hy_raft_range *range = &incoming->have.items[at];
    range->from = from < range->from ? from : range->from;
    range->to = to > range->to ? to : range->to;
    while (at + 1 < incoming->have.count && incoming->have.items[at + 1].from <= range->to) {
        if (incoming->have.items[at + 1].to > range->to)
            range->to = incoming->have.items[at + 1].to;
        hy_vec_remove(&incoming->have, at + 1);
    }
    return true;
}

static void receive(struct hy_raft *raft, const struct hy_raft_message *message)
{
    struct hy_raft_incoming *incoming = &raft->incoming;
    if (!incoming->payload || incoming->index != message->snapshot.index || incoming->term != message->snapshot.term ||
        incoming->total != message->snapshot.total) {
        hy_raft_snapshot_forget(raft);
        incoming->index = message->snapshot.index;
        incoming->term = message->snapshot.term;
        incoming->total = message->snapshot.total;
        incoming->payload = hy_raft_payload_blank((size_t)incoming->total);
    }
    uint64_t from = message->snapshot.offset;
    if (message->snapshot.size && note_range(incoming, from, from + message->snapshot.size))
        memcpy(incoming->payload + from, message->snapshot.data, message->snapshot.size);
}

int hy_raft_on_snapshot(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err)
{
    int rc = hy_raft_hear_leader(raft, from, message, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (message->snapshot.index <= raft->commit) {
        if (raft->copy.matched < raft->commit)
            raft->copy.matched = raft->commit;
        hy_raft_acknowledge(raft, message->snapshot.index);
        return 0;
    }
    if (message->snapshot.index < raft->incoming.index)
        return 0; /* late: the leader sends a newer one by now */
    receive(raft, message);
    uint64_t received = received_so_far(&raft->incoming);
    struct hy_raft_message answer = {
        .type = HY_RAFT_SNAPSHOT_ANSWER,
        .term = raft->term,
        .snapshot_answer = {.index = message->snapshot.index,
                            .received = received,
                            .number = message->snapshot.number,
                            .offset = message->snapshot.offset},
    };
    if (received == raft->incoming.total)
        install(raft, message->servers);
    hy_raft_send(raft, &answer, from);
    return 0;
}
