/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read index (dissertation, 6.4). Whether this server still leads is asked with a numbered round of APPENDs; when a
 * majority of the voters has answered it in this term, no later leader had been elected when the round began: one of
 * those who elected it would be among them, and would have refused. So all that was acknowledged before the READ was committed by
 * this leader, or one before it, and is at or below the commit index of that moment.
 *
 * One round is under way at a time; what is asked meanwhile shares the next one, or the next heartbeat if that is sooner.
 */
#include "consensus/server.h"

#include "base/mutant.h"

#include <errno.h>

static uint64_t answered(const struct hy_raft_peer *peer)
{
    return peer->round;
}

static void begin_round(struct hy_raft *raft)
{
    raft->lead.round++;
    hy_raft_lead_busy(raft);
    for (size_t i = 0; i < raft->lead.peers.count; i++) {
        struct hy_raft_peer *peer = &raft->lead.peers.items[i];
        if (peer->voter)
            hy_raft_send_heartbeat(raft, peer);
    }
}

static void say(struct hy_raft *raft, const struct hy_raft_pending_read *read, uint64_t index)
{
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_READY_READ);
    effect->number = read->number;
    effect->index = index;
}

void hy_raft_read_answered(struct hy_raft *raft)
{
    struct hy_raft_lead *lead = &raft->lead;
    if (!lead->reads.count)
        return;
    uint64_t round = hy_raft_majority(raft, lead->round, answered);
    size_t done = 0;
    while (done < lead->reads.count && (lead->reads.items[done].round <= round || HY_MUTANT(READ_WITHOUT_ROUND)))
        say(raft, &lead->reads.items[done], lead->reads.items[done].index), done++;
    if (!done)
        return;
    lead->reads.count -= done;
    memmove(lead->reads.items, lead->reads.items + done, lead->reads.count * sizeof *lead->reads.items);
    if (lead->reads.count && lead->reads.items[0].round > lead->round)
        begin_round(raft);
}

int hy_raft_read(struct hy_raft *raft, uint64_t number, struct hy_err *err)
{
    struct hy_raft_lead *lead = &raft->lead;
    if (raft->role != HY_RAFT_LEADER)
        return hy_fail(err, EPERM, "not the leader");
    if (!hy_raft_leads(raft))
        return hy_fail(err, EAGAIN, "this leader has committed nothing in its term yet");
    bool under_way = lead->reads.count > 0;
    hy_vec_push(&lead->reads,
                ((struct hy_raft_pending_read){.number = number, .index = raft->commit, .round = lead->round + 1}));
    if (!under_way || HY_MUTANT(READ_WITHOUT_ROUND)) {
        begin_round(raft);
        hy_raft_read_answered(raft); /* the only voter asks nobody */
    }
    return 0;
}

void hy_raft_read_heartbeat(struct hy_raft *raft)
{
    struct hy_raft_lead *lead = &raft->lead;
    if (lead->reads.count && lead->reads.items[lead->reads.count - 1].round > lead->round)
        lead->round++;
}

void hy_raft_read_fail(struct hy_raft *raft)
{
    for (size_t i = 0; raft->effects && i < raft->lead.reads.count; i++)
        say(raft, &raft->lead.reads.items[i], 0);
    hy_vec_free(&raft->lead.reads);
}
