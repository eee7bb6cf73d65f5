/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elections. A follower that hears nothing asks first whether it could win (pre-vote, dissertation 9.6), so a server that was cut
 * off does not come back with a high term. Whoever hears a leader neither votes nor learns a newer term from a
 * candidate (4.2.3), unless the candidate is forced: it knows the leader dead, or was told by it to take over.
 *
 * A vote is asked for and given only once term and vote are on disk. As writes are in order, a candidate's log is then on
 * disk as well, so a grant that comes after its crash and restart is still about the log it has.
 */
#include "consensus/server.h"

#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014) */
static uint64_t next_random(struct hy_raft *raft)
{
    uint64_t z = raft->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static hy_time random_below(struct hy_raft *raft, hy_time limit)
{
    return (hy_time)(next_random(raft) % (uint64_t)limit);
}

void hy_raft_restart_timer(struct hy_raft *raft)
{
    hy_time timeout = raft->options.election_timeout;
    raft->election.deadline = raft->now + timeout + random_below(raft, timeout);
}

void hy_raft_become_follower(struct hy_raft *raft, uint64_t term, uint32_t leader)
{
    if (term > raft->term) {
        raft->term = term;
        raft->vote = 0;
        raft->vote_disk = 0;
        raft->copy = (struct hy_raft_copy){0};
        raft->election.answer_due = false;
        hy_raft_snapshot_forget(raft);
        hy_raft_disk_state(raft);
    }
    if (raft->role == HY_RAFT_LEADER)
        hy_raft_stop_leading(raft);
    if (raft->role != HY_RAFT_FOLLOWER || leader != raft->leader)
        hy_raft_restart_timer(raft);
    raft->role = HY_RAFT_FOLLOWER;
    raft->leader = leader;
    raft->election.forced = false;
}

static bool hears_leader(const struct hy_raft *raft)
{
    if (raft->role == HY_RAFT_LEADER)
        return true;
    return raft->leader && raft->now - raft->election.leader_heard < raft->options.election_timeout;
}

static size_t count_answers(const struct hy_raft *raft, bool granted)
{
    size_t count = 0;
    for (size_t i = 0; i < raft->election.answer_count; i++)
        if (hy_raft_is_voter(hy_raft_in_force(raft), raft->election.answers[i].id, raft->election.answers[i].disk))
            count += (raft->election.answers[i].verdict == HY_RAFT_GRANTED) == granted;
    return count;
}

static bool has_answered(const struct hy_raft *raft, uint32_t id)
{
    for (size_t i = 0; i < raft->election.answer_count; i++)
        if (raft->election.answers[i].id == id)
            return true;
    return false;
}

/* A pre-vote's refusal may turn into a grant a little later, so the last answer counts; a vote's grant never turns. */
static void note_answer(struct hy_raft *raft, uint32_t id, uint64_t disk, enum hy_raft_verdict verdict)
{
    struct hy_raft_election *election = &raft->election;
    for (size_t i = 0; i < election->answer_count; i++) {
        if (election->answers[i].id == id) {
            if (election->answers[i].verdict != HY_RAFT_GRANTED)
                election->answers[i].verdict = verdict;
            return;
        }
    }
    if (election->answer_count < HY_RAFT_MAX_NODES) {
        election->answers[election->answer_count].id = id;
        election->answers[election->answer_count].disk = disk;
        election->answers[election->answer_count++].verdict = verdict;
    }
}

/* Asks all voters whose grant is missing. */
static void ask(struct hy_raft *raft)
{
    const struct hy_raft_servers *servers = hy_raft_in_force(raft);
    bool pre = raft->role == HY_RAFT_PRECANDIDATE;
    struct hy_raft_message message = {
        .type = HY_RAFT_VOTE,
        .term = raft->term + pre,
        .vote = {.pre = pre,
                 .forced = raft->election.forced,
                 .last_index = hy_raft_log_last(&raft->log),
                 .last_term = hy_raft_log_last_term(&raft->log)},
    };
    raft->election.repeat = raft->now + raft->options.heartbeat;
    for (size_t i = 0; i < servers->count; i++) {
        uint32_t id = servers->list[i].id;
        if (id != raft->options.self && servers->list[i].voter && (pre || !has_answered(raft, id))) {
            message.vote.disk = servers->list[i].disk;
            hy_raft_send(raft, &message, id);
        }
    }
}

void hy_raft_election_peer_back(struct hy_raft *raft)
{
    bool asks = raft->role == HY_RAFT_PRECANDIDATE || raft->role == HY_RAFT_CANDIDATE;
    if (asks && raft->election.repeat != HY_NEVER)
        ask(raft);
}

static bool won(const struct hy_raft *raft)
{
    return count_answers(raft, true) > hy_raft_voter_count(hy_raft_in_force(raft)) / 2;
}

void hy_raft_campaign(struct hy_raft *raft, bool forced)
{
    hy_raft_become_follower(raft, raft->term + 1, 0);
    raft->role = HY_RAFT_CANDIDATE;
    raft->vote = raft->options.self;
    raft->vote_disk = raft->options.disk;
    raft->election.forced = forced;
    raft->election.split = false;
    raft->election.answer_count = 0;
    raft->election.repeat = HY_NEVER; /* until the own vote is on disk */
    hy_raft_restart_timer(raft);
}

static void precampaign(struct hy_raft *raft)
{
    raft->role = HY_RAFT_PRECANDIDATE;
    raft->leader = 0;
    raft->election.forced = false;
    raft->election.answer_count = 0;
    hy_raft_restart_timer(raft);
    note_answer(raft, raft->options.self, raft->options.disk, HY_RAFT_GRANTED);
    if (won(raft) || HY_MUTANT(NO_PREVOTE))
        hy_raft_campaign(raft, false);
    else
        ask(raft);
}

void hy_raft_election_tick(struct hy_raft *raft)
{
    struct hy_raft_election *election = &raft->election;
    if (!hy_raft_may_lead(raft)) {
        if (raft->role != HY_RAFT_FOLLOWER)
            hy_raft_become_follower(raft, raft->term, 0);
        return;
    }
    if (raft->now >= election->deadline) {
        if (raft->role == HY_RAFT_CANDIDATE && election->forced && election->split)
            hy_raft_campaign(raft, true);
        else
            precampaign(raft);
    } else if (raft->role != HY_RAFT_FOLLOWER && raft->now >= election->repeat) {
        ask(raft);
    }
}

static void give_vote(struct hy_raft *raft, uint32_t to)
{
    struct hy_raft_message answer = {
        .type = HY_RAFT_VOTE_ANSWER,
        .term = raft->term,
        .vote_answer = {.disk = raft->vote_disk, .verdict = HY_RAFT_GRANTED},
    };
    raft->election.answer_due = false;
    hy_raft_send(raft, &answer, to);
}

void hy_raft_election_durable(struct hy_raft *raft)
{
    if (!hy_raft_state_durable(raft) && !HY_MUTANT(VOTE_NOT_SYNCED))
        return;
    if (raft->role == HY_RAFT_FOLLOWER && raft->election.answer_due)
        give_vote(raft, raft->vote);
    if (raft->role != HY_RAFT_CANDIDATE || has_answered(raft, raft->options.self))
        return;
    note_answer(raft, raft->options.self, raft->options.disk, HY_RAFT_GRANTED);
    if (won(raft))
        hy_raft_become_leader(raft);
    else
        ask(raft);
}

static bool log_is_old(const struct hy_raft *raft, const struct hy_raft_message *message)
{
    uint64_t term = hy_raft_log_last_term(&raft->log);
    if (HY_MUTANT(VOTE_FOR_OLD_LOG))
        return false;
    return message->vote.last_term < term ||
           (message->vote.last_term == term && message->vote.last_index < hy_raft_log_last(&raft->log));
}

static void answer_vote(struct hy_raft *raft, uint32_t to, const struct hy_raft_message *request, uint64_t term,
                        enum hy_raft_verdict verdict)
{
    struct hy_raft_message answer = {
        .type = HY_RAFT_VOTE_ANSWER,
        .term = term,
        .vote_answer = {.disk = request->disk, .pre = request->vote.pre, .verdict = verdict},
    };
    hy_raft_send(raft, &answer, to);
}

static void on_prevote(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, bool hears)
{
    if (message->term <= raft->term)
        answer_vote(raft, from, message, raft->term, HY_RAFT_OLD_TERM);
    else if (hears)
        answer_vote(raft, from, message, raft->term, HY_RAFT_HEARS_LEADER);
    else if (log_is_old(raft, message))
        answer_vote(raft, from, message, raft->term, HY_RAFT_OLD_LOG);
    else
        answer_vote(raft, from, message, message->term, HY_RAFT_GRANTED);
}

/* A vote is asked of a server, which is an id with a disk: what the disk before has promised is not known here.
 * That the candidate's set names us as a voter is enough, ours may be older: the election may need our vote (4.2.2). A
 * candidate we do not know may have been added by an entry that has not come here. But whoever has been removed must
 * disturb nobody (4.2.3): so it gets no answer and teaches us no term while there is a leader or when its log is old, and
 * it cannot force us. */
static int check_candidate(const struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err)
{
    if (message->vote.disk != raft->options.disk)
        return hy_fail(err, EPERM, "server %" PRIu32 " asks another disk of this server for its vote", from);
    if (hy_raft_is_voter(hy_raft_in_force(raft), from, message->disk) ||
        (!hears_leader(raft) && !log_is_old(raft, message)))
        return 0;
    return hy_fail(err, EPERM, "server %" PRIu32 " asks for a vote and is no voter, or not with this disk", from);
}

static void vote_for(struct hy_raft *raft, uint32_t id, uint64_t disk)
{
    if (raft->vote != id) {
        raft->vote = id;
        raft->vote_disk = disk;
        hy_raft_disk_state(raft);
    }
    if (raft->role == HY_RAFT_PRECANDIDATE)
        hy_raft_become_follower(raft, raft->term, 0);
    hy_raft_restart_timer(raft);
    raft->election.answer_due = true;
    hy_raft_election_durable(raft);
}

int hy_raft_on_vote(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err)
{
    int rc = check_candidate(raft, from, message, err);
    if (rc < 0)
        return rc;
    bool hears = hears_leader(raft) && !message->vote.forced;
    if (message->vote.pre) {
        on_prevote(raft, from, message, hears);
        return 0;
    }
    if (message->term < raft->term) {
        answer_vote(raft, from, message, raft->term, HY_RAFT_OLD_TERM);
        return 0;
    }
    if (message->term > raft->term) {
        if (hears)
            return 0;
        hy_raft_become_follower(raft, message->term, 0);
    }
    if (raft->vote && (raft->vote != from || raft->vote_disk != message->disk) && !HY_MUTANT(TWO_VOTES))
        answer_vote(raft, from, message, raft->term, HY_RAFT_VOTED);
    else if (log_is_old(raft, message))
        answer_vote(raft, from, message, raft->term, HY_RAFT_OLD_LOG);
    else
        vote_for(raft, from, message->disk);
    return 0;
}

/* Two candidates have split the votes, or one is too many: nobody can win this term any more. Waiting out a whole
 * timeout would only help the dead leader. */
static void retry_soon(struct hy_raft *raft)
{
    raft->election.split = true;
    hy_time soon = raft->now + raft->options.heartbeat / 2 + random_below(raft, raft->options.heartbeat);
    if (soon < raft->election.deadline)
        raft->election.deadline = soon;
}

static bool is_split(const struct hy_raft *raft)
{
    size_t voters = hy_raft_voter_count(hy_raft_in_force(raft));
    for (size_t i = 0; i < raft->election.answer_count; i++)
        if (raft->election.answers[i].verdict == HY_RAFT_OLD_LOG)
            return false;
    return voters - count_answers(raft, false) <= voters / 2;
}

int hy_raft_on_vote_answer(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err)
{
    if (!hy_raft_is_voter(hy_raft_in_force(raft), from, message->disk))
        return hy_fail(err, EPERM, "server %" PRIu32 " answers with a vote and is no voter, or not with this disk",
                       from);
    if (message->vote_answer.disk != raft->options.disk)
        return hy_fail(err, EPERM, "server %" PRIu32 " answers with a vote for another disk of this server", from);
    bool pre = message->vote_answer.pre;
    enum hy_raft_verdict verdict = message->vote_answer.verdict;
    bool granted_pre = pre && verdict == HY_RAFT_GRANTED;
    if (message->term > raft->term && !granted_pre) {
        hy_raft_become_follower(raft, message->term, 0);
        return 0;
    }
    if (pre && raft->role == HY_RAFT_PRECANDIDATE && (!granted_pre || message->term == raft->term + 1)) {
        note_answer(raft, from, message->disk, verdict);
        if (won(raft))
            hy_raft_campaign(raft, false);
    } else if (!pre && raft->role == HY_RAFT_CANDIDATE && message->term == raft->term) {
        note_answer(raft, from, message->disk, verdict);
        if (won(raft) && has_answered(raft, raft->options.self))
            hy_raft_become_leader(raft);
        else if (!raft->election.split && is_split(raft))
            retry_soon(raft);
    }
    return 0;
}
