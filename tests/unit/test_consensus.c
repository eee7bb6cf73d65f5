/* SPDX-License-Identifier: Apache-2.0 */
/* The rules one server keeps, one by one: messages go in, what it says is looked at. */
#include "lib/raft_server.h"
#include "lib/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- votes ------------------------------------------------------------------------------------------------------ */

START_TEST(a_vote_is_said_once_it_is_on_disk)
{
    start(3, 4, 0, "14");
    ck_assert_int_eq(receive(2, vote_for(5, false, 2, 4)), 0);
    ck_assert_str_eq(sent(), "");
    ck_assert(persist_effect()->save_vote);
    ck_assert_uint_eq(persist_effect()->term, 5);
    ck_assert_uint_eq(persist_effect()->vote, 2);
    ck_assert_int_eq(receive(2, vote_for(5, false, 2, 4)), 0); /* asked again meanwhile */
    ck_assert_str_eq(sent(), "");
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 5: vote: yes\n");
    ck_assert_int_eq(receive(3, vote_for(5, false, 9, 4)), 0);
    ck_assert_str_eq(sent(), "3: term 5: vote: no, voted for another\n");
}
END_TEST

START_TEST(a_vote_outlives_a_restart)
{
    start(3, 5, 2, "14");
    ck_assert_int_eq(receive(3, vote_for(5, false, 9, 4)), 0);
    ck_assert_str_eq(sent(), "3: term 5: vote: no, voted for another\n");
    /* Given to server 2, but with which disk is not known any more: so not again. */
    ck_assert_int_eq(receive(2, vote_for(5, false, 2, 4)), 0);
    ck_assert_str_eq(sent(), "2: term 5: vote: no, voted for another\n");
}
END_TEST

START_TEST(an_older_log_gets_no_vote)
{
    start(3, 4, 0, "144");
    ck_assert_int_eq(receive(2, vote_for(5, false, 2, 4)), 0);
    ck_assert_str_eq(sent(), "2: term 5: vote: no, my log is newer\n");
    ck_assert_int_eq(receive(2, vote_for(6, false, 9, 3)), 0);
    ck_assert_str_eq(sent(), "2: term 6: vote: no, my log is newer\n");
}
END_TEST

START_TEST(votes_are_asked_for_once_the_own_is_on_disk)
{
    start(5, 1, 0, "1");
    ck_assert_int_eq(campaign(), 0);
    ck_assert_str_eq(sent(), "");
    for (uint32_t id = 2; id <= 4; id++) /* for a life before the restart, and for the log it had */
        ck_assert_int_eq(receive(id, granted(2)), 0);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_CANDIDATE);
    persisted(asked);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_LEADER);
}
END_TEST

START_TEST(whoever_hears_a_leader_does_not_vote)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(receive(2, heartbeat(4, 1, 4, 1)), 0);
    now += 100 * HY_MS;
    ck_assert_int_eq(receive(3, vote_for(5, false, 1, 4)), 0);
    ck_assert_str_eq(sent(), "");
    ck_assert_uint_eq(hy_raft_term(raft), 4);
    struct hy_raft_message pre = vote_for(5, false, 1, 4);
    pre.vote.pre = true;
    ck_assert_int_eq(receive(3, pre), 0);
    ck_assert_str_eq(sent(), "3: term 4: pre-vote: no, the leader is there\n");
    ck_assert_int_eq(receive(3, vote_for(5, true, 1, 4)), 0); /* forced: it knows better */
    persisted(asked);
    ck_assert_str_eq(sent(), "3: term 5: vote: yes\n");
}
END_TEST

START_TEST(a_stranger_disturbs_nobody)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(receive(2, heartbeat(4, 1, 4, 1)), 0);
    ck_assert_int_eq(receive(9, vote_for(50, true, 9, 9)), -EPERM);
    ck_assert_int_eq(receive(9, vote_for(50, false, 9, 9)), -EPERM);
    ck_assert_int_eq(receive(9, granted(60)), -EPERM);
    ck_assert_int_eq(receive(9, accepted(60, 1, 1)), -EPERM);
    ck_assert_int_eq(receive(9, heartbeat(3, 1, 1, 1)), 0); /* it is told that its term is over, and that is all */
    ck_assert_str_eq(sent(), "9: term 4: lack 0, try after 0/0\n");
    ck_assert_int_eq(receive(9, (struct hy_raft_message){.type = HY_RAFT_TIMEOUT_NOW, .term = 4}), -EPERM);
    ck_assert_uint_eq(hy_raft_term(raft), 4);
    ck_assert_uint_eq(hy_raft_leader(raft), 2);
    now += HY_SECOND; /* no leader any more: still not with an older log */
    ck_assert_int_eq(receive(9, vote_for(50, false, 0, 0)), -EPERM);
    ck_assert_uint_eq(hy_raft_term(raft), 4);
    /* One that was added by an entry we have not got may need our vote. */
    ck_assert_int_eq(receive(9, vote_for(5, false, 2, 4)), 0);
    ck_assert_uint_eq(persist_effect()->vote, 9);
}
END_TEST

START_TEST(timeouts_ask_before_they_raise_the_term)
{
    start(3, 4, 0, "4");
    hy_time first = hy_raft_deadline(raft);
    ck_assert_int_ge(first, 300 * HY_MS);
    ck_assert_int_lt(first, 600 * HY_MS);
    tick_at(first - 1);
    ck_assert_uint_eq(effects.list.count, 0);
    for (int i = 0; i < 100; i++) {
        tick_at(hy_raft_deadline(raft));
        ck_assert_ptr_nonnull(strstr(sent(), "2: term 5: pre-vote?, my log ends at 1/4\n"));
        ck_assert_ptr_null(persist_effect());
    }
    ck_assert_uint_eq(hy_raft_term(raft), 4);
}
END_TEST

START_TEST(a_split_vote_is_tried_again_soon)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    struct hy_raft_message no = granted(5);
    no.vote_answer.verdict = HY_RAFT_VOTED;
    ck_assert_int_eq(receive(2, no), 0);
    ck_assert_int_eq(receive(3, no), 0);
    hy_time retry = hy_raft_deadline(raft);
    ck_assert_int_le(retry, 60 * HY_MS);
    while (hy_raft_term(raft) == 5)
        tick_at(hy_raft_deadline(raft));
    ck_assert_uint_eq(hy_raft_term(raft), 6);
    ck_assert_int_le(now, 60 * HY_MS);
    /* But a candidate that cannot win for its log does not force anything any more. */
    persisted(asked);
    no.term = 6;
    no.vote_answer.verdict = HY_RAFT_OLD_LOG;
    ck_assert_int_eq(receive(2, no), 0);
    ck_assert_int_eq(receive(3, no), 0);
    for (int i = 0; i < 50; i++)
        tick_at(hy_raft_deadline(raft));
    ck_assert_uint_eq(hy_raft_term(raft), 6);
}
END_TEST

START_TEST(take_over_comes_from_the_leader_only)
{
    struct hy_raft_message take_over = {.type = HY_RAFT_TIMEOUT_NOW, .term = 4};
    start(3, 4, 0, "4");
    ck_assert_int_eq(receive(2, heartbeat(4, 1, 4, 1)), 0);
    ck_assert_int_eq(receive(3, take_over), -EPERM);
    take_over.term = 3;
    ck_assert_int_eq(receive(2, take_over), 0); /* late */
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_FOLLOWER);
    take_over.term = 4;
    ck_assert_int_eq(receive(2, take_over), 0);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_CANDIDATE);
    persisted(asked);
    ck_assert_ptr_nonnull(strstr(sent(), "3: term 5: vote? (forced), my log ends at 1/4\n"));
}
END_TEST

/* --- the log ---------------------------------------------------------------------------------------------------- */

START_TEST(entries_are_acknowledged_once_they_are_on_disk)
{
    start(3, 1, 0, "");
    ck_assert_int_eq(receive_entries(2, 1, 0, 0, "11", 0), 0);
    ck_assert_str_eq(sent(), "");
    ck_assert_int_eq(receive_entries(2, 1, 2, 1, "1", 0), 0);
    uint64_t second = asked;
    ck_assert_int_eq(receive(2, heartbeat(1, 3, 1, 0)), 0); /* answered at once: it says that we live */
    ck_assert_str_eq(sent(), "2: term 1: have all up to 0\n");
    persisted(second - 1);
    ck_assert_str_eq(sent(), "2: term 1: have all up to 2\n");
    persisted(second);
    ck_assert_str_eq(sent(), "2: term 1: have all up to 3\n");
}
END_TEST

START_TEST(only_what_the_leader_has_shown_is_acknowledged)
{
    start(3, 1, 0, "11111");
    ck_assert_int_eq(receive(2, heartbeat(2, 2, 1, 0)), 0);
    persisted(asked); /* the new term */
    ck_assert_str_eq(sent(), "2: term 2: have all up to 2\n");
    ck_assert_int_eq(receive_entries(2, 2, 2, 1, "1", 0), 0);
    ck_assert_str_eq(sent(), "2: term 2: have all up to 3\n");
    ck_assert_uint_eq(hy_raft_last_index(raft), 5);
}
END_TEST

START_TEST(nothing_is_acknowledged_in_a_term_that_is_not_on_disk)
{
    start(3, 1, 0, "11");
    ck_assert_int_eq(receive(2, heartbeat(2, 2, 1, 0)), 0);
    ck_assert_str_eq(sent(), "2: term 2: have all up to 0\n");
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 2: have all up to 2\n");
}
END_TEST

/* Writes on their way when the log is cut: the old one, completing late, vouches for nothing. */
START_TEST(a_cut_log_is_not_acknowledged_by_an_old_write)
{
    start(5, 1, 0, "1");
    ck_assert_int_eq(receive_entries(2, 1, 1, 1, "111", 0), 0);
    ck_assert_int_eq(receive(3, heartbeat(2, 1, 1, 0)), 0);
    uint64_t old = asked; /* entries and the new term */
    ck_assert_int_eq(receive_entries(3, 2, 1, 1, "22", 0), 0);
    ck_assert(persist_effect()->truncate);
    ck_assert_uint_eq(persist_effect()->truncate_from, 2);
    ck_assert_uint_eq(persist_effect()->entry_count, 2);
    ck_assert_uint_eq(hy_raft_last_index(raft), 3);
    uint64_t new = asked;
    ck_assert_uint_gt(new, old);
    persisted(old);
    ck_assert_str_eq(sent(), "3: term 2: have all up to 1\n");
    persisted(new);
    ck_assert_str_eq(sent(), "3: term 2: have all up to 3\n");
}
END_TEST

START_TEST(a_refusal_skips_a_whole_term)
{
    start(3, 4, 0, "1133333");
    ck_assert_int_eq(receive(2, heartbeat(4, 7, 2, 0)), 0);
    ck_assert_str_eq(sent(), "2: term 4: lack 7, try after 2/1\n");
    ck_assert_int_eq(receive(2, heartbeat(4, 9, 4, 0)), 0);
    ck_assert_str_eq(sent(), "2: term 4: lack 9, try after 7/3\n");
}
END_TEST

START_TEST(doubled_and_late_entries_change_nothing)
{
    start(3, 2, 0, "");
    ck_assert_int_eq(receive_entries(2, 2, 0, 0, "112", 2), 0);
    persisted(asked);
    ck_assert_int_eq(receive_entries(2, 2, 0, 0, "1", 0), 0); /* a late one: no cut, no write */
    ck_assert_ptr_null(persist_effect());
    ck_assert_uint_eq(hy_raft_last_index(raft), 3);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 2);
    ck_assert_str_eq(sent(), "2: term 2: have all up to 3\n"); /* true, so it may be said */
}
END_TEST

START_TEST(what_is_committed_is_never_replaced)
{
    start(3, 2, 0, "");
    ck_assert_int_eq(receive_entries(2, 2, 0, 0, "112", 3), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 3);
    ck_assert_int_eq(receive_entries(3, 9, 1, 1, "9", 0), -EBADMSG);
    ck_assert_int_eq(receive(3, heartbeat(9, 3, 9, 0)), -EBADMSG);
    ck_assert_uint_eq(hy_raft_term(raft), 2); /* as it was */
    ck_assert_uint_eq(hy_raft_last_index(raft), 3);
    ck_assert_int_eq(receive(3, heartbeat(2, 3, 2, 0)), -EBADMSG); /* two leaders of one term */
}
END_TEST

/* --- leading ------------------------------------------------------------------------------------------------------ */

/* Figure 8: an entry of an old term that a majority has may still be replaced, so counting does not commit it. */
START_TEST(old_terms_are_not_committed_by_counting)
{
    start(5, 3, 0, "12");
    lead(5);
    ck_assert_uint_eq(hy_raft_term(raft), 4);
    for (uint32_t id = 2; id <= 5; id++)
        ck_assert_int_eq(receive(id, accepted(4, 2, 2)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
    ck_assert(!hy_raft_leads(raft));
    ck_assert_int_eq(receive(2, accepted(4, 2, 3)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
    ck_assert_int_eq(receive(3, accepted(4, 2, 3)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0); /* two others and this one's memory are no majority of disks */
    persisted(asked);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 3);
    ck_assert_uint_eq(count_effects(HY_RAFT_APPLY), 3);
    ck_assert(hy_raft_leads(raft));
}
END_TEST

START_TEST(others_may_commit_what_is_not_on_the_leaders_disk)
{
    start(3, 0, 0, "");
    lead(3);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
    ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 1);
}
END_TEST

START_TEST(an_acknowledgement_beyond_the_log_is_refused)
{
    start(3, 0, 0, "");
    lead(3);
    ck_assert_int_eq(receive(2, accepted(1, 0, 7)), -EBADMSG);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
}
END_TEST

START_TEST(messages_follow_each_other_unanswered)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(propose("go"), 0);
        ck_assert_int_eq(strstr(sent(), "2: term 1: append") != NULL, i < 16); /* as many as max_inflight */
        ck_assert_ptr_null(strstr(sent(), "3: ")); /* it has not answered the first one yet */
    }
    ck_assert_int_eq(receive(2, accepted(1, 1, 4)), 0); /* three have arrived: the rest goes, in one message */
    ck_assert_str_eq(sent(), "2: term 1: append 18..21 after 17/1 commit 1\n");
}
END_TEST

START_TEST(a_lost_message_is_sent_again)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(propose("go"), 0);
    struct hy_raft_message lack = {
        .type = HY_RAFT_APPEND_ANSWER, .term = 1, .append_answer = {.prev_index = 3, .index = 2, .hint_term = 1}};
    ck_assert_int_eq(receive(2, lack), 0);
    ck_assert_str_eq(sent(), "2: term 1: append 3..4 after 2/1 commit 1\n");
    ck_assert_int_eq(receive(2, lack), 0); /* of another lost one: it is on its way already */
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(a_leader_without_a_majority_steps_down)
{
    start(5, 0, 0, "");
    lead(5);
    for (hy_time at = 30 * HY_MS; at <= 600 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        ck_assert_int_eq(receive(2, accepted(1, 0, 0)), 0); /* one of four is not enough */
    }
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_FOLLOWER);
    ck_assert_uint_eq(hy_raft_term(raft), 1);
    ck_assert_int_eq(propose("no"), -EPERM);
    stop();
    start(5, 0, 0, "");
    lead(5);
    for (hy_time at = 30 * HY_MS; at <= 600 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        ck_assert_int_eq(receive(2, accepted(1, 0, 0)), 0);
        ck_assert_int_eq(receive(4, accepted(1, 0, 0)), 0);
    }
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_LEADER);
}
END_TEST

START_TEST(an_idle_leader_says_so_less_often)
{
    struct hy_raft_options options = {
        .self = 1, .disk = 11, .seed = 42, .heartbeat = 30 * HY_MS, .idle_heartbeat = 90 * HY_MS};
    struct hy_raft_state state = {.servers = voters(3)};
    now = 0;
    ck_assert_int_eq(hy_raft_new(&options, &state, now, &raft, &error), 0);
    lead(3);
    ck_assert_int_eq(hy_raft_deadline(raft), 30 * HY_MS);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    ck_assert_int_eq(hy_raft_deadline(raft), 30 * HY_MS); /* the third one has not got it yet */
    ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    ck_assert_int_eq(hy_raft_deadline(raft), 90 * HY_MS);
    tick_at(30 * HY_MS);
    ck_assert_str_eq(sent(), "");
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_READ, .number = 1}), 0); /* may get lost */
    ck_assert_int_eq(hy_raft_deadline(raft), 30 * HY_MS);
    tick_at(31 * HY_MS);
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 1: heartbeat at 1/1 commit 1 round 1\n"));
    ck_assert_int_eq(propose("x"), 0);
    ck_assert_int_eq(hy_raft_deadline(raft), 61 * HY_MS);
}
END_TEST

START_TEST(proposals_wait_for_the_disk_and_for_the_others)
{
    char kilobyte[501];
    memset(kilobyte, 'k', sizeof kilobyte);
    kilobyte[500] = '\0';
    start(1, 0, 0, "");
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_LEADER);
    ck_assert_int_eq(propose(kilobyte), 0);
    ck_assert_int_eq(propose(kilobyte), 0);
    ck_assert_int_eq(propose(kilobyte), -EBUSY);
    ck_assert_ptr_nonnull(strstr(error.text, "1000 bytes wait for the disk"));
    ck_assert_uint_eq(hy_raft_last_index(raft), 3);
    persisted(asked);
    ck_assert_int_eq(propose(kilobyte), 0);
    stop();
    start(3, 0, 0, "");
    lead(3);
    ck_assert_int_eq(propose(kilobyte), 0);
    ck_assert_int_eq(propose(kilobyte), 0);
    persisted(asked); /* the own disk is not what is slow now */
    ck_assert_int_eq(propose(kilobyte), -EBUSY);
    ck_assert_int_eq(receive(2, accepted(1, 0, 3)), 0);
    ck_assert_int_eq(propose(kilobyte), 0);
}
END_TEST

/* --- servers come and go ---------------------------------------------------------------------------------------- */

START_TEST(a_learner_neither_counts_nor_campaigns)
{
    struct hy_raft_servers servers = voters(3);
    servers.list[2].voter = false;
    start_with(&servers, 0, 0, "");
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    ck_assert_ptr_null(strstr(sent(), "3: "));        /* is not asked */
    ck_assert_int_eq(receive(3, granted(1)), -EPERM); /* and has no say */
    ck_assert_int_eq(receive(2, granted(1)), 0);
    ck_assert_ptr_nonnull(strstr(sent(), "3: term 1: heartbeat at 0/0")); /* but hears of the leader, */
    persisted(asked);
    ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
    ck_assert_int_eq(propose("x"), 0);
    ck_assert_ptr_null(strstr(sent(), "3: "));
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 2)), 0);
    ck_assert_ptr_nonnull(strstr(sent(), "3: term 1: append 2..2 after 1/1 commit 2")); /* and gets what is committed */
    stop();
    servers.list[0].voter = false;
    servers.list[2].voter = true;
    start_with(&servers, 0, 0, "");
    ck_assert_int_eq(hy_raft_deadline(raft), HY_NEVER);
    ck_assert_int_eq(campaign(), -EPERM);
}
END_TEST

START_TEST(servers_change_one_by_one)
{
    start(3, 0, 0, "");
    struct hy_raft_servers wanted = voters(3);
    ck_assert_int_eq(configure(&wanted), -EPERM);
    lead(3);
    wanted.list[wanted.count++] = (struct hy_raft_server){.id = 4, .voter = false, .disk = 14};
    ck_assert_int_eq(configure(&wanted), -EBUSY); /* nothing committed in this term */
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    wanted.list[3].voter = true;
    ck_assert_int_eq(configure(&wanted), -EINVAL); /* a learner first */
    wanted.list[3].voter = false;
    struct hy_raft_servers two = wanted;
    two.list[0].voter = false;
    ck_assert_int_eq(configure(&two), -EINVAL);
    ck_assert_int_eq(configure(&wanted), 0);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 4);
    wanted.list[3].voter = true;
    ck_assert_int_eq(configure(&wanted), -EBUSY); /* the first change is not committed */
    ck_assert_ptr_nonnull(strstr(error.text, "another change"));
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 1, 2)), 0);
    ck_assert_int_eq(configure(&wanted), -EBUSY); /* it has not caught up */
    ck_assert_int_eq(receive(4, accepted(1, 1, 2)), 0);
    ck_assert_int_eq(configure(&wanted), 0);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 2, 3)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 2); /* two of four are no majority */
    ck_assert_int_eq(receive(4, accepted(1, 2, 3)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 3);
    ck_assert_uint_eq(hy_raft_servers_at(raft, 1)->count, 3);
    ck_assert(!hy_raft_is_voter(hy_raft_servers_at(raft, 2), 4, 14));
    ck_assert(hy_raft_is_voter(hy_raft_servers_at(raft, 3), 4, 14));
}
END_TEST

START_TEST(a_cut_log_takes_the_servers_back)
{
    start(3, 1, 0, "1");
    struct hy_raft_servers four = voters(4);
    struct hy_buf bytes = {0};
    hy_raft_servers_write(&four, &bytes);
    struct hy_raft_entry entry = {2, 1, HY_RAFT_ENTRY_CONFIG, bytes.data, bytes.size};
    struct hy_raft_message message = heartbeat(1, 1, 1, 0);
    message.append.entries = &entry;
    message.append.entry_count = 1;
    ck_assert_int_eq(receive(2, message), 0);
    hy_buf_free(&bytes);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 4); /* in force though not committed */
    ck_assert_int_eq(receive_entries(3, 2, 1, 1, "2", 0), 0);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 3);
}
END_TEST

/* The set before the one that is cut away is known by the snapshot only. */
START_TEST(a_cut_log_takes_the_servers_back_to_the_snapshot)
{
    struct hy_raft_servers four = voters(4);
    struct hy_buf bytes = {0};
    hy_raft_servers_write(&four, &bytes);
    struct hy_raft_entry entry = {8, 3, HY_RAFT_ENTRY_CONFIG, bytes.data, bytes.size};
    struct hy_raft_options options = {.self = 1, .disk = 11};
    struct hy_raft_state state = {
        .term = 3, .snapshot_index = 7, .snapshot_term = 3, .servers = voters(3), .entries = &entry, .entry_count = 1};
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), 0);
    hy_buf_free(&bytes);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 4);
    ck_assert(hy_raft_config_pending(raft));
    ck_assert_int_eq(receive_entries(2, 4, 7, 3, "4", 0), 0);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 3);
    ck_assert(!hy_raft_config_pending(raft));
}
END_TEST

START_TEST(a_leader_that_removes_itself_hands_over)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    struct hy_raft_servers rest = {.list = {{2, true, 12}, {3, true, 13}}, .count = 2};
    ck_assert_int_eq(configure(&rest), 0);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 1, 2)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 1); /* its own disk does not count any more */
    ck_assert_int_eq(receive(3, accepted(1, 1, 2)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 2);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_FOLLOWER);
    ck_assert_ptr_nonnull(strstr(sent(), ": term 1: take over\n"));
    ck_assert_int_eq(hy_raft_deadline(raft), HY_NEVER);
}
END_TEST

START_TEST(while_handing_over_nothing_is_proposed)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_TRANSFER, .to = 9}), -EINVAL);
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_TRANSFER, .to = 3}), 0);
    ck_assert_ptr_null(strstr(sent(), "take over")); /* it lacks an entry yet */
    ck_assert_int_eq(propose("no"), -EBUSY);
    ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    ck_assert_ptr_nonnull(strstr(sent(), "3: term 1: take over\n"));
    for (hy_time at = 30 * HY_MS; at <= 330 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        ck_assert_int_eq(receive(2, accepted(1, 1, 1)), 0);
    }
    ck_assert_int_eq(propose("it did not come: on we go"), 0);
}
END_TEST

/* --- snapshots, starting, nonsense ---------------------------------------------------------------------------- */

START_TEST(compaction_keeps_what_was_asked)
{
    struct hy_raft_entry entry;
    start(1, 1, 0, "11111");
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_SNAPSHOT_TAKEN, .number = 3}), -EINVAL);
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    persisted(asked);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 6);
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_SNAPSHOT_TAKEN, .number = 5, .keep = 2}), 0);
    ck_assert_uint_eq(hy_raft_first_index(raft), 4);
    ck_assert(!hy_raft_entry_at(raft, 3, &entry));
    ck_assert(hy_raft_entry_at(raft, 4, &entry));
    ck_assert_uint_eq(entry.index, 4);
    ck_assert_uint_eq(hy_raft_term_at(raft, 3), 1);
    ck_assert_uint_eq(hy_raft_term_at(raft, 2), 0);
}
END_TEST

static struct hy_raft_servers four;

static struct hy_raft_message chunk(uint64_t offset, const char *data, uint64_t total)
{
    four = voters(4);
    return (struct hy_raft_message){
        .type = HY_RAFT_SNAPSHOT,
        .term = 5,
        .servers = &four,
        .snapshot = {.index = 9, .term = 4, .total = total, .offset = offset, .data = data, .size = strlen(data)}};
}

START_TEST(a_snapshot_comes_in_chunks)
{
    start(3, 5, 0, "113");
    ck_assert_int_eq(receive(2, chunk(0, "abc", 8)), 0);
    ck_assert_str_eq(sent(), "2: term 5: snapshot 9, got 3 bytes\n");
    ck_assert_int_eq(receive(2, chunk(6, "gh", 8)), 0); /* one between is lost */
    ck_assert_str_eq(sent(), "2: term 5: snapshot 9, got 3 bytes\n");
    ck_assert_int_eq(receive(2, chunk(0, "abc", 8)), 0); /* doubled */
    ck_assert_uint_eq(count_effects(HY_RAFT_RESTORE), 0);
    ck_assert_int_eq(receive(2, chunk(3, "def", 8)), 0); /* what came early was kept */
    const struct hy_raft_effect *write = persist_effect();
    ck_assert(write->snapshot);
    ck_assert(write->truncate); /* the log does not lead there */
    ck_assert_uint_eq(write->index, 9);
    ck_assert_uint_eq(write->snapshot_term, 4);
    ck_assert_uint_eq(write->servers->count, 4);
    ck_assert_mem_eq(write->data, "abcdefgh", 8);
    ck_assert_uint_eq(count_effects(HY_RAFT_RESTORE), 1);
    ck_assert_ptr_null(strstr(sent(), "have all")); /* not on disk yet */
    ck_assert_uint_eq(hy_raft_last_index(raft), 9);
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 5: have all up to 9\n");
    ck_assert_int_eq(receive(2, chunk(0, "abc", 8)), 0); /* late: we are past that */
    ck_assert_str_eq(sent(), "2: term 5: have all up to 9\n");
}
END_TEST

START_TEST(a_log_with_a_gap_is_refused)
{
    struct hy_raft_options options = {.self = 1, .disk = 11};
    struct hy_raft_entry entries[] = {{5, 2, HY_RAFT_ENTRY_COMMAND, "", 0}, {7, 2, HY_RAFT_ENTRY_COMMAND, "", 0}};
    struct hy_raft_state state = {.term = 2, .servers = voters(3), .entries = entries, .entry_count = 2};
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    state.snapshot_index = 4;
    state.snapshot_term = 1;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    entries[1].index = 6;
    entries[1].term = 1;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    entries[1].term = 3;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    entries[1].term = 2;
    entries[1].type = HY_RAFT_ENTRY_CONFIG;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    entries[1].type = HY_RAFT_ENTRY_NOOP;
    state.servers.list[1].id = 1;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    state.servers.list[1].id = 2;
    options.heartbeat = HY_SECOND;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), -EINVAL);
    options.heartbeat = 0;
    ck_assert_int_eq(hy_raft_new(&options, &state, 0, &raft, &error), 0);
    ck_assert_uint_eq(hy_raft_last_index(raft), 6);
}
END_TEST

START_TEST(nonsense_is_refused)
{
    struct hy_raft_message samples[] = {
        vote_for(5, true, 2, 4),
        granted(5),
        heartbeat(5, 2, 4, 1),
        accepted(5, 1, 2),
        chunk(0, "abcdef", 6),
        {.type = HY_RAFT_SNAPSHOT_ANSWER, .term = 5, .snapshot_answer = {.index = 3, .received = 4}},
        {.type = HY_RAFT_TIMEOUT_NOW, .term = 5},
    };
    struct hy_raft_entry entries[] = {{3, 4, HY_RAFT_ENTRY_COMMAND, "abc", 3}, {4, 5, HY_RAFT_ENTRY_NOOP, "", 0}};
    samples[2].append.entries = entries;
    samples[2].append.entry_count = 2;
    start(3, 4, 0, "1144");
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct hy_buf buf = {0};
        struct hy_raft_message decoded;
        samples[i].to = 1;
        samples[i].disk = 12;
        hy_raft_message_encode(&samples[i], &buf);
        ck_assert_int_eq(hy_raft_message_decode(buf.data, buf.size, &decoded, &error), 0);
        struct hy_buf again = {0};
        hy_raft_message_encode(&decoded, &again);
        ck_assert_uint_eq(again.size, buf.size);
        ck_assert_mem_eq(again.data, buf.data, buf.size);
        hy_raft_message_release(&decoded);
        for (size_t size = 0; size < buf.size; size++) { /* an exact copy, so that a sanitizer sees its end */
            char *part = hy_memdup(buf.data, size ? size : 1);
            ck_assert_int_eq(hy_raft_message_decode(part, size, &decoded, &error), -EBADMSG);
            free(part);
        }
        hy_buf_addc(&buf, 'x');
        ck_assert_int_eq(hy_raft_message_decode(buf.data, buf.size, &decoded, &error), -EBADMSG);
        hy_buf_free(&buf);
        hy_buf_free(&again);
    }
    ck_assert_int_eq(receive(1, granted(5)), -EBADMSG); /* from itself */
    ck_assert_int_eq(receive(0, granted(5)), -EBADMSG);
}
END_TEST

/* Bytes at random, most of them nearly a message: nothing crashes, and nothing makes the commit index move alone. */
START_TEST(rubbish_does_no_harm)
{
    uint64_t random = 1;
    start(3, 4, 0, "1144");
    for (int i = 0; i < 200000; i++) {
        unsigned char bytes[96];
        for (size_t k = 0; k < sizeof bytes; k++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[k] = (unsigned char)(random >> 56);
            if (k >= 2 && bytes[k] > 40)
                bytes[k] = k == 2 ? 1 : 0;
        }
        bytes[0] = HY_RAFT_WIRE_VERSION;
        bytes[1] = (unsigned char)(1 + bytes[1] % 8);
        now += 1000;
        (void)step(&(struct hy_raft_event){.type = HY_RAFT_MESSAGE,
                                           .from = 2 + (uint32_t)(random % 3),
                                           .data = bytes,
                                           .size = (size_t)(random >> 33) % sizeof bytes});
        if (i % 10 == 0)
            tick_at(now);
        ck_assert_uint_le(hy_raft_commit_index(raft), hy_raft_last_index(raft));
    }
}
END_TEST

static TCase *rules(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, NULL, stop);
    suite_add_tcase(suite, tcase);
    return tcase;
}

int main(void)
{
    Suite *suite = suite_create("consensus");
    TCase *votes = rules(suite, "votes");
    tcase_add_test(votes, a_vote_is_said_once_it_is_on_disk);
    tcase_add_test(votes, a_vote_outlives_a_restart);
    tcase_add_test(votes, an_older_log_gets_no_vote);
    tcase_add_test(votes, votes_are_asked_for_once_the_own_is_on_disk);
    tcase_add_test(votes, whoever_hears_a_leader_does_not_vote);
    tcase_add_test(votes, a_stranger_disturbs_nobody);
    tcase_add_test(votes, timeouts_ask_before_they_raise_the_term);
    tcase_add_test(votes, a_split_vote_is_tried_again_soon);
    tcase_add_test(votes, take_over_comes_from_the_leader_only);
    TCase *log = rules(suite, "log");
    tcase_add_test(log, entries_are_acknowledged_once_they_are_on_disk);
    tcase_add_test(log, only_what_the_leader_has_shown_is_acknowledged);
    tcase_add_test(log, nothing_is_acknowledged_in_a_term_that_is_not_on_disk);
    tcase_add_test(log, a_cut_log_is_not_acknowledged_by_an_old_write);
    tcase_add_test(log, a_refusal_skips_a_whole_term);
    tcase_add_test(log, doubled_and_late_entries_change_nothing);
    tcase_add_test(log, what_is_committed_is_never_replaced);
    TCase *leading = rules(suite, "leading");
    tcase_add_test(leading, old_terms_are_not_committed_by_counting);
    tcase_add_test(leading, others_may_commit_what_is_not_on_the_leaders_disk);
    tcase_add_test(leading, an_acknowledgement_beyond_the_log_is_refused);
    tcase_add_test(leading, messages_follow_each_other_unanswered);
    tcase_add_test(leading, a_lost_message_is_sent_again);
    tcase_add_test(leading, a_leader_without_a_majority_steps_down);
    tcase_add_test(leading, an_idle_leader_says_so_less_often);
    tcase_add_test(leading, proposals_wait_for_the_disk_and_for_the_others);
    TCase *servers = rules(suite, "servers");
    tcase_add_test(servers, a_learner_neither_counts_nor_campaigns);
    tcase_add_test(servers, servers_change_one_by_one);
    tcase_add_test(servers, a_cut_log_takes_the_servers_back);
    tcase_add_test(servers, a_cut_log_takes_the_servers_back_to_the_snapshot);
    tcase_add_test(servers, a_leader_that_removes_itself_hands_over);
    tcase_add_test(servers, while_handing_over_nothing_is_proposed);
    TCase *rest = rules(suite, "snapshots and nonsense");
    tcase_add_test(rest, compaction_keeps_what_was_asked);
    tcase_add_test(rest, a_snapshot_comes_in_chunks);
    tcase_add_test(rest, a_log_with_a_gap_is_refused);
    tcase_add_test(rest, nonsense_is_refused);
    tcase_add_test(rest, rubbish_does_no_harm);
    return run_suite(suite);
}
