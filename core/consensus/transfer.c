/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handing over the lead (dissertation, 3.10), and changing the set of servers (chapter 4). When the leader removes itself, the
 * one ends in the other.
 */
#include "consensus/server.h"

#include <errno.h>
#include <inttypes.h>

enum { NEARLY = 128 }; /* entries */

static void say_take_over(struct hy_raft *raft, uint32_t to)
{
    struct hy_raft_message message = {.type = HY_RAFT_TIMEOUT_NOW, .term = raft->term};
    hy_raft_send(raft, &message, to);
}

/* The voter that has most of the log; 0 when none was heard lately. */
static uint32_t best_voter(const struct hy_raft *raft)
{
    const struct hy_raft_peer *best = NULL;
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        const struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        if (peer->voter && !hy_raft_peer_silent(raft, peer) && (!best || peer->match > best->match))
            best = peer;
    }
    return best ? best->id : 0;
}

int hy_raft_transfer(struct hy_raft *raft, uint32_t to, struct hy_err *err)
{
    if (raft->role != HY_RAFT_LEADER)
        return hy_fail(err, EPERM, "not the leader");
    if (raft->lead.transfer_to)
        return hy_fail(err, EBUSY, "the lead is being handed over to %" PRIu32, raft->lead.transfer_to);
    if (to == 0)
        to = best_voter(raft);
    const struct hy_raft_peer *peer = hy_raft_peer(raft, to);
    if (!peer || !hy_raft_is_voter(hy_raft_in_force(raft), to, peer->disk))
        return hy_fail(err, EINVAL, "server %" PRIu32 " cannot take the lead: it must be another voter", to);
    if (hy_raft_peer_silent(raft, peer))
        return hy_fail(err, EBUSY, "server %" PRIu32 " was not heard lately", to);
    raft->lead.transfer_to = to;
    raft->lead.transfer_until = raft->now + raft->options.election_timeout;
    raft->lead.transfer_said = false;
    hy_raft_transfer_check(raft, false);
    return 0;
}

void hy_raft_transfer_check(struct hy_raft *raft, bool again)
{
    if (!raft->lead.transfer_to)
        return;
    const struct hy_raft_peer *peer = hy_raft_peer(raft, raft->lead.transfer_to);
    if (!peer || raft->now >= raft->lead.transfer_until) {
        raft->lead.transfer_to = 0; /* it did not take over: this leader goes on */
        return;
    }
    if (peer->match < hy_raft_log_last(&raft->log) || (raft->lead.transfer_said && !again))
        return;
    raft->lead.transfer_said = true;
    say_take_over(raft, peer->id);
}

void hy_raft_transfer_leave(struct hy_raft *raft)
{
    uint32_t next = best_voter(raft);
    if (next)
        say_take_over(raft, next);
    hy_raft_become_follower(raft, raft->term, 0);
}

int hy_raft_on_timeout_now(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err)
{
    if (message->term != raft->term || raft->role != HY_RAFT_FOLLOWER)
        return 0; /* late: that term is over */
    if (from != raft->leader || !hy_raft_may_lead(raft))
        return hy_fail(err, EPERM, "server %" PRIu32 " hands over the lead of term %" PRIu64 ", which it has not", from,
                       message->term);
    hy_raft_campaign(raft, true);
    return 0;
}

bool hy_raft_caught_up(const struct hy_raft *raft, uint32_t id)
{
    const struct hy_raft_peer *peer = hy_raft_peer(raft, id);
    if (id == raft->options.self)
        return raft->role == HY_RAFT_LEADER;
    return peer && peer->state == HY_RAFT_PEER_REPLICATE && !hy_raft_peer_silent(raft, peer) &&
           peer->match >= raft->lead.first && peer->match + NEARLY >= raft->commit;
}

/* A learner becomes a voter only once it keeps up, or the cluster would wait for it to commit anything. */
static int check_learners(struct hy_raft *raft, const struct hy_raft_servers *servers, struct hy_err *err)
{
    for (size_t i = 0; i < servers->count; i++) {
        uint32_t id = servers->list[i].id;
        const struct hy_raft_peer *peer = hy_raft_peer(raft, id);
        if (!servers->list[i].voter || id == raft->options.self ||
            hy_raft_is_voter(hy_raft_in_force(raft), id, servers->list[i].disk))
            continue;
        if (!peer)
            return hy_fail(err, EINVAL, "server %" PRIu32 " is new: it must be a learner first", id);
        if (!hy_raft_caught_up(raft, id))
            return hy_fail(err, EBUSY,
                           "server %" PRIu32 " has not caught up yet (it has entry %" PRIu64 " of %" PRIu64 ")", id,
                           peer->match, raft->commit);
    }
    return 0;
}

int hy_raft_configure(struct hy_raft *raft, const struct hy_raft_servers *servers, struct hy_err *err)
{
    if (raft->role != HY_RAFT_LEADER)
        return hy_fail(err, EPERM, "not the leader");
    /* Ongaro, "bug in single-server membership changes" (raft-dev, 2015): a leader must have committed in its own
     * term first, or two sets without a common majority can both be in force. */
    if (!hy_raft_leads(raft))
        return hy_fail(err, EBUSY, "this leader has committed nothing in its term yet");
    if (hy_raft_config_pending(raft) || raft->lead.transfer_to)
        return hy_fail(err, EBUSY, "another change of the servers, or of the lead, is under way");
    if (!servers || hy_raft_servers_check(servers, err) < 0)
        return -EINVAL;
    int rc = hy_raft_one_change(hy_raft_in_force(raft), servers, err);
    if (rc == 0)
        rc = check_learners(raft, servers, err);
    if (rc < 0)
        return rc;
    struct hy_buf buf = {0};
    hy_raft_servers_write(servers, &buf);
    hy_raft_lead_append(raft, HY_RAFT_ENTRY_CONFIG, buf.data, buf.size);
    hy_buf_free(&buf);
    return 0;
}
