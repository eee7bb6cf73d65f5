/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots for followers that need what is compacted away (dissertation, 5.3): chunk by chunk, each one asked for by the
 * answer to the one before. What got lost is sent again with the next heartbeat, from where the follower says it is. The
 * leader holds one copy for all followers, and only while one of them needs it.
 */
#include "consensus/server.h"

#include <errno.h>
#include <inttypes.h>

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

static void send_chunk(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    const struct hy_raft_blob *blob = peer->snapshot.blob;
    size_t left = blob->size - (size_t)peer->snapshot.offset;
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
                     .offset = peer->snapshot.offset,
                     .data = blob->data + peer->snapshot.offset,
                     .size = size},
    };
    peer->snapshot.sent = raft->now;
    hy_raft_send(raft, &message, peer->id);
}

void hy_raft_snapshot_begin(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    struct hy_raft_blob *blob = raft->lead.offered;
    if (!blob || blob->index < raft->log.base) {
        hy_raft_snapshot_withdraw(raft);
        if (raft->now < raft->lead.snapshot_wanted)
            return;
        raft->lead.snapshot_wanted = raft->now + raft->options.election_timeout;
        hy_raft_effect(raft, HY_RAFT_NEED_SNAPSHOT)->to = peer->id;
        return;
    }
    blob->references++;
    peer->state = HY_RAFT_PEER_SNAPSHOT;
    peer->snapshot.blob = blob;
    peer->snapshot.offset = peer->snapshot.received = 0;
    send_chunk(raft, peer);
}

void hy_raft_snapshot_heartbeat(struct hy_raft *raft, struct hy_raft_peer *peer)
{
    if (raft->now - peer->snapshot.sent < raft->options.heartbeat / 2)
        return; /* a chunk is on its way, and is as good as a heartbeat */
    peer->snapshot.offset = peer->snapshot.received;
    send_chunk(raft, peer);
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
    peer->snapshot.received = received;
    if (received > peer->snapshot.offset || was_silent) {
        peer->snapshot.offset = received;
        send_chunk(raft, peer);
    }
    return 0;
}

void hy_raft_snapshot_forget(struct hy_raft *raft)
{
    hy_buf_free(&raft->incoming.data);
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
    void *payload = hy_raft_payload(incoming->data.data, incoming->data.size);
    hy_raft_disk_snapshot(raft, payload, incoming->data.size, same, !keep_rest);
    raft->commit = raft->applied = incoming->index;
    raft->copy.matched = incoming->index > raft->copy.matched ? incoming->index : raft->copy.matched;
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_RESTORE);
    effect->index = incoming->index;
    effect->term = effect->snapshot_term = incoming->term;
    effect->servers = hy_raft_payload(servers, sizeof *servers);
    effect->data = payload;
    effect->size = incoming->data.size;
    hy_raft_snapshot_forget(raft);
}

static void receive(struct hy_raft *raft, const struct hy_raft_message *message)
{
    struct hy_raft_incoming *incoming = &raft->incoming;
    if (incoming->index != message->snapshot.index || incoming->term != message->snapshot.term ||
        incoming->total != message->snapshot.total) {
        hy_raft_snapshot_forget(raft);
        incoming->index = message->snapshot.index;
        incoming->term = message->snapshot.term;
        incoming->total = message->snapshot.total;
    }
    if (message->snapshot.offset == incoming->data.size)
        hy_buf_add(&incoming->data, message->snapshot.data, message->snapshot.size);
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
    receive(raft, message);
    struct hy_raft_message answer = {
        .type = HY_RAFT_SNAPSHOT_ANSWER,
        .term = raft->term,
        .snapshot_answer = {.index = message->snapshot.index, .received = raft->incoming.data.size},
    };
    if (raft->incoming.data.size == raft->incoming.total)
        install(raft, message->servers);
    hy_raft_send(raft, &answer, from);
    return 0;
}
