/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raft's election safety, and what it rests on (paper, figure 3 and section 5.2):
 *
 *   one-leader-a-term     two servers never lead in one term
 *   one-vote-a-term       a server, that is a disk, never votes for two in one term, whatever lives its core has had
 *   vote-not-durable      a vote is not said before it is on disk
 *   vote-went-back        the term on a disk never gets smaller, and the vote in it stays
 *   stands-unasked        nobody stands before a majority has said that it could win (pre-vote, dissertation 9.6), unless it
 *                         is forced or the only voter: so who was cut off does not come back with a high term
 *   leads-without-votes   who leads was given the votes of a majority of the voters of its own set, each by the disk that the
 *                         set names: so neither a removed server nor one with an emptied disk counts
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "consensus/message.h"
#include "consensus/server.h"
#include "sim/table.h"

#include <inttypes.h>

struct saved {
    uint64_t number;
    uint64_t term;
    uint32_t vote;
};

/* What is known of the disk in a node. */
struct ballot {
    uint64_t disk;
    uint64_t term;
    uint32_t vote;
    HY_VEC(struct saved) under_way;
};

struct elections {
    struct sim_world *world;
    struct table leaders; /* term -> node + 1 */
    struct table votes;   /* disk, term -> voted for */
    struct ballot ballots[SIM_MAX_NODES];
    struct {
        enum hy_raft_role role;
        uint64_t term;
    } last[SIM_MAX_NODES];
};

static void *open_check(struct sim_world *world)
{
    struct elections *e = hy_alloc(sizeof *e);
    e->world = world;
    return e;
}

static void close_check(void *context)
{
    struct elections *e = context;
    table_free(&e->leaders);
    table_free(&e->votes);
    for (size_t i = 0; i < SIM_MAX_NODES; i++)
        hy_vec_free(&e->ballots[i].under_way);
    free(e);
}

static void voted(struct elections *e, size_t node, uint64_t term, uint32_t candidate)
{
    bool is_new;
    struct table_row *row = table_row(&e->votes, e->ballots[node].disk, term, &is_new);
    if (is_new)
        row->value[0] = candidate;
    else if (row->value[0] != candidate)
        sim_violation(e->world, "one-vote-a-term", "%s voted for node %" PRIu64 " and for node %u in term %" PRIu64,
                      sim_name(e->world, node), row->value[0], candidate, term);
}

static void count_votes(struct elections *e, size_t node, const struct hy_raft *raft)
{
    const struct hy_raft_servers *servers = hy_raft_servers(raft);
    size_t voters = 0, votes = 0;
    for (size_t i = 0; i < servers->count; i++) {
        if (!servers->list[i].voter)
            continue;
        const struct table_row *row = table_find(&e->votes, servers->list[i].disk, hy_raft_term(raft));
        voters++;
        votes += row && row->value[0] == node + 1;
    }
    if (2 * votes <= voters)
        sim_violation(e->world, "leads-without-votes", "%s leads in term %" PRIu64 " by %zu votes of %zu",
                      sim_name(e->world, node), hy_raft_term(raft), votes, voters);
}

static void leads(struct elections *e, size_t node, const struct hy_raft *raft)
{
    uint64_t term = hy_raft_term(raft);
    count_votes(e, node, raft);
    bool is_new;
    struct table_row *row = table_row(&e->leaders, term, 0, &is_new);
    if (is_new)
        row->value[0] = node;
    else if (row->value[0] != node)
        sim_violation(e->world, "one-leader-a-term", "%s and %s both lead in term %" PRIu64,
                      sim_name(e->world, row->value[0]), sim_name(e->world, node), term);
}

static void role_changed(struct elections *e, size_t node, const struct hy_raft *raft)
{
    uint64_t term = hy_raft_term(raft);
    enum hy_raft_role role = hy_raft_role(raft);
    e->last[node].role = role;
    e->last[node].term = term;
    if (role == HY_RAFT_LEADER)
        leads(e, node, raft);
}

static void persisted(struct elections *e, size_t node, uint64_t number)
{
    struct ballot *ballot = &e->ballots[node];
    while (ballot->under_way.count && ballot->under_way.items[0].number <= number) {
        ballot->term = ballot->under_way.items[0].term;
        ballot->vote = ballot->under_way.items[0].vote;
        hy_vec_remove(&ballot->under_way, 0);
        if (ballot->vote == node + 1) /* a vote for itself is said to nobody: it counts once it is on disk */
            voted(e, node, ballot->term, ballot->vote);
    }
}

static void saves(struct elections *e, size_t node, const struct hy_raft_effect *persist)
{
    struct ballot *ballot = &e->ballots[node];
    const struct saved last = ballot->under_way.count ? ballot->under_way.items[ballot->under_way.count - 1]
                                                      : (struct saved){0, ballot->term, ballot->vote};
    if (persist->term < last.term || (persist->term == last.term && last.vote && persist->vote != last.vote))
        sim_violation(e->world, "vote-went-back", "%s saves term %" PRIu64 " vote %u after term %" PRIu64 " vote %u",
                      sim_name(e->world, node), persist->term, persist->vote, last.term, last.vote);
    const struct saved saved = {persist->number, persist->term, persist->vote};
    hy_vec_push(&ballot->under_way, saved);
}

static void says_vote(struct elections *e, size_t node, const struct hy_cluster_effect *effect)
{
    struct hy_raft_message message;
    if (hy_raft_message_decode(effect->data, effect->size, &message, NULL))
        return;
    if (message.type == HY_RAFT_VOTE_ANSWER && message.vote_answer.verdict == HY_RAFT_GRANTED) {
        const struct ballot *ballot = &e->ballots[node];
        if (!message.vote_answer.pre) {
            voted(e, node, message.term, effect->to);
            if (ballot->term != message.term || ballot->vote != effect->to)
                sim_violation(e->world, "vote-not-durable",
                              "%s votes for node %u in term %" PRIu64 ", its disk says node %u in term %" PRIu64,
                              sim_name(e->world, node), effect->to, message.term, ballot->vote, ballot->term);
        }
    }
    hy_raft_message_release(&message);
}

static size_t voters(const struct hy_raft *raft)
{
    const struct hy_raft_servers *servers = hy_raft_servers(raft);
    size_t count = 0;
    for (size_t i = 0; i < servers->count; i++)
        count += servers->list[i].voter;
    return count;
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)rc;
    struct elections *e = context;
    const struct hy_raft *raft = sim_cluster(e->world, node)->replica.raft;
    if (event->type == HY_CLUSTER_PERSISTED)
        persisted(e, node, event->number);
    if (hy_raft_role(raft) == HY_RAFT_CANDIDATE && hy_raft_term(raft) != e->last[node].term &&
        event->type != HY_CLUSTER_RAFT && !raft->election.forced && voters(raft) > 1)
        sim_violation(e->world, "stands-unasked", "%s stands in term %" PRIu64 " and has asked nobody",
                      sim_name(e->world, node), hy_raft_term(raft));
    if (hy_raft_role(raft) != e->last[node].role || hy_raft_term(raft) != e->last[node].term)
        role_changed(e, node, raft);
    if (!sim_says(e->world, HY_CLUSTER_PERSIST) && !sim_says(e->world, HY_CLUSTER_SEND_RAFT))
        return;
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_cluster_effect *effect = &effects->list.items[i];
        if (effect->type == HY_CLUSTER_PERSIST && effect->persist.save_vote)
            saves(e, node, &effect->persist);
        else if (effect->type == HY_CLUSTER_SEND_RAFT && effect->size > 1 &&
                 ((const uint8_t *)effect->data)[1] == HY_RAFT_VOTE_ANSWER)
            says_vote(e, node, effect);
    }
}

/* What the core has found on its disk: at least what was known to be there. What was under way may be there or not. */
static void core_started(void *context, size_t node)
{
    struct elections *e = context;
    const struct hy_raft *raft = sim_cluster(e->world, node)->replica.raft;
    struct ballot *ballot = &e->ballots[node];
    ballot->under_way.count = 0;
    e->last[node].role = HY_RAFT_FOLLOWER;
    e->last[node].term = hy_raft_term(raft);
    if (ballot->disk == sim_disk(e->world, node) &&
        (raft->term < ballot->term || (raft->term == ballot->term && ballot->vote && raft->vote != ballot->vote)))
        sim_violation(e->world, "vote-went-back",
                      "%s finds term %" PRIu64 " vote %u on its disk, where term %" PRIu64 " vote %u was",
                      sim_name(e->world, node), raft->term, raft->vote, ballot->term, ballot->vote);
    ballot->disk = sim_disk(e->world, node);
    ballot->term = raft->term;
    ballot->vote = raft->vote;
}

const struct sim_observer sim_check_elections = {
    .name = "elections", .open = open_check, .close = close_check, .stepped = stepped, .core_started = core_started};
