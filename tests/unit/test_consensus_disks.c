/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of one server, on: disks that are lost, the first set, reads, who is back, and snapshots for others. */
#include "lib/raft_server.h"
#include "lib/run.h"

#include <errno.h>
#include <string.h>

/* --- a server is an id with a disk -------------------------------------------------------------------------------- */

START_TEST(a_vote_is_asked_of_one_disk)
{
    start(3, 4, 0, "4");
    struct hy_raft_message ask = vote_for(5, false, 1, 4);
    ask.vote.disk = 99; /* the one this node had before */
    ck_assert_int_eq(receive(2, ask), -EPERM);
    ask.vote.pre = true;
    ck_assert_int_eq(receive(2, ask), -EPERM);
    ck_assert_str_eq(sent(), "");
    ck_assert_ptr_null(persist_effect());
    ck_assert_uint_eq(hy_raft_term(raft), 4);
}
END_TEST

START_TEST(a_vote_is_given_to_one_disk)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(receive(2, vote_for(5, false, 1, 4)), 0);
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 5: vote: yes\n");
    struct hy_raft_message other = vote_for(5, false, 1, 4);
    other.disk = 99; /* server 2 with another disk, which an entry may have added that has not come here */
    ck_assert_int_eq(receive(2, other), 0);
    ck_assert_str_eq(sent(), "2: term 5: vote: no, voted for another\n");
    ck_assert_int_eq(receive(2, vote_for(5, false, 1, 4)), 0);
    ck_assert_str_eq(sent(), "2: term 5: vote: yes\n");
}
END_TEST

/* The grant that was on its way when a disk was lost. */
START_TEST(votes_of_and_for_another_disk_do_not_count)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    struct hy_raft_message grant = granted(5);
    grant.disk = 99;
    ck_assert_int_eq(receive(2, grant), -EPERM);
    grant.disk = 12;
    grant.vote_answer.disk = 99;
    ck_assert_int_eq(receive(2, grant), -EPERM);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_CANDIDATE);
    ck_assert_int_eq(receive(2, granted(5)), 0);
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_LEADER);
}
END_TEST

START_TEST(acknowledgements_of_another_disk_do_not_count)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    struct hy_raft_message answer = accepted(1, 0, 1);
    answer.disk = 99;
    ck_assert_int_eq(receive(2, answer), -EPERM);
    answer.term = 50; /* nor does it say that a term is over */
    ck_assert_int_eq(receive(2, answer), -EPERM);
    ck_assert_uint_eq(hy_raft_term(raft), 1);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 0);
    for (hy_time at = 30 * HY_MS; at <= 600 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        answer.term = 1;
        ck_assert_int_eq(receive(2, answer), -EPERM);
    }
    ck_assert_int_eq(hy_raft_role(raft), HY_RAFT_FOLLOWER); /* and it is no part of a majority */
}
END_TEST

START_TEST(with_another_disk_one_has_no_say)
{
    struct hy_raft_servers servers = voters(3);
    servers.list[0].disk = 99; /* ours, before */
    start_with(&servers, 4, 0, "4");
    ck_assert_int_eq(hy_raft_deadline(raft), HY_NEVER);
    ck_assert_int_eq(campaign(), -EPERM);
    ck_assert_int_eq(receive_entries(2, 4, 1, 4, "4", 2), 0); /* but it learns */
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 4: have all up to 2\n");
    ck_assert_uint_eq(hy_raft_commit_index(raft), 2);
    ck_assert_int_eq(receive(2, (struct hy_raft_message){.type = HY_RAFT_TIMEOUT_NOW, .term = 4}), -EPERM);
}
END_TEST

/* Its own set may be older than the candidate's, and the election may need its vote. */
START_TEST(a_learner_votes_for_whom_it_votes_with)
{
    struct hy_raft_servers servers = voters(3);
    servers.list[0].voter = false;
    start_with(&servers, 4, 0, "4");
    ck_assert_int_eq(receive(2, vote_for(5, false, 2, 4)), 0);
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 5: vote: yes\n");
}
END_TEST

START_TEST(another_disk_is_another_server)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    struct hy_raft_servers wanted = voters(3);
    wanted.list[2].disk = 99;
    ck_assert_int_eq(configure(&wanted), -EINVAL); /* one would go and one come */
    ck_assert_ptr_nonnull(strstr(error.text, "2 servers would change"));
    wanted.list[2].disk = 0;
    ck_assert_int_eq(configure(&wanted), -EINVAL);
    wanted.count = 2;
    ck_assert_int_eq(configure(&wanted), 0);
    ck_assert(hy_raft_config_pending(raft));
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 1, 2)), 0);
    ck_assert(!hy_raft_config_pending(raft));
    wanted.list[wanted.count++] = (struct hy_raft_server){.id = 3, .disk = 99};
    ck_assert_int_eq(configure(&wanted), 0);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 2, 3)), 0);
    wanted.list[2].voter = true;
    ck_assert(!hy_raft_caught_up(raft, 3));
    ck_assert_int_eq(configure(&wanted), -EBUSY);
    ck_assert_int_eq(receive(3, accepted(1, 0, 3)), -EPERM); /* what the lost disk had said */
    struct hy_raft_message answer = accepted(1, 2, 3);
    answer.disk = 99;
    ck_assert_int_eq(receive(3, answer), 0);
    ck_assert(hy_raft_caught_up(raft, 3));
    ck_assert_int_eq(configure(&wanted), 0);
}
END_TEST

/* --- the first set ------------------------------------------------------------------------------------------------ */

START_TEST(a_blank_server_is_told_the_first_set)
{
    struct hy_raft_servers none = {0};
    struct hy_raft_servers three = voters(3);
    struct hy_raft_event form = {.type = HY_RAFT_FORM, .servers = &three};
    start_with(&none, 0, 0, "");
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 0);
    ck_assert_int_eq(hy_raft_deadline(raft), HY_NEVER);
    ck_assert_int_eq(campaign(), -EPERM);
    three.list[0].disk = 99; /* not this server's: a message from before the disk was lost */
    ck_assert_int_eq(step(&form), -EINVAL);
    three.list[0].disk = 0;
    ck_assert_int_eq(step(&form), -EINVAL);
    three.list[0].disk = 11;
    ck_assert_int_eq(step(&form), 0);
    ck_assert(persist_effect()->form);
    ck_assert_uint_eq(persist_effect()->servers->count, 3);
    ck_assert_int_ne(hy_raft_deadline(raft), HY_NEVER);
    ck_assert_int_eq(step(&form), -EEXIST);
    uint64_t formed = asked;
    ck_assert_int_eq(campaign(), 0);
    persisted(formed);
    ck_assert_str_eq(sent(), "");
    persisted(asked);
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 1: vote? (forced), my log ends at 0/0\n"));
}
END_TEST

START_TEST(a_blank_server_takes_the_first_set_from_a_leader)
{
    struct hy_raft_servers none = {0};
    struct hy_raft_servers three = voters(3);
    start_with(&none, 0, 0, "");
    ck_assert_int_eq(receive(2, heartbeat(1, 7, 1, 3)), 0); /* of the middle of its log: that is not taken */
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 0);
    ck_assert_str_eq(sent(), "2: term 1: lack 7, try after 0/0\n");
    struct hy_raft_message message = heartbeat(1, 0, 0, 0);
    struct hy_raft_entry entry = {1, 1, HY_RAFT_ENTRY_NOOP, "", 0};
    message.servers = &three;
    message.append.entries = &entry;
    message.append.entry_count = 1;
    ck_assert_int_eq(receive(2, message), 0);
    ck_assert(persist_effect()->form); /* with the entry, so it is never on disk without */
    ck_assert_uint_eq(persist_effect()->entry_count, 1);
    ck_assert_uint_eq(hy_raft_servers(raft)->count, 3);
    three.list[2].disk = 99;
    ck_assert_int_eq(receive(2, message), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(error.text, "two clusters have met"));
}
END_TEST

START_TEST(a_blank_server_votes_when_its_disk_is_asked)
{
    struct hy_raft_servers none = {0};
    start_with(&none, 0, 0, "");
    struct hy_raft_message ask = vote_for(1, false, 0, 0);
    ask.vote.disk = 99;
    ck_assert_int_eq(receive(2, ask), -EPERM);
    ask.vote.disk = 11;
    ck_assert_int_eq(receive(2, ask), 0);
    persisted(asked);
    ck_assert_str_eq(sent(), "2: term 1: vote: yes\n");
}
END_TEST

/* --- reads ---------------------------------------------------------------------------------------------------------- */

static int read_index(uint64_t number)
{
    return step(&(struct hy_raft_event){.type = HY_RAFT_READ, .number = number});
}

/* What the last step has said of reads, as "number at index". */
static const char *ready(void)
{
    static struct hy_buf text;
    hy_buf_clear(&text);
    for (size_t i = 0; i < effects.list.count; i++)
        if (effects.list.items[i].type == HY_RAFT_READY_READ)
            hy_buf_addf(&text, "%d at %d ", (int)effects.list.items[i].number, (int)effects.list.items[i].index);
    return hy_buf_text(&text);
}

static struct hy_raft_message answers_round(uint64_t round, uint64_t prev)
{
    struct hy_raft_message answer = accepted(hy_raft_term(raft), prev, 0);
    answer.append_answer.round = round;
    return answer;
}

START_TEST(the_only_voter_reads_at_once)
{
    start(1, 0, 0, "");
    ck_assert_int_eq(read_index(1), -EPERM);
    ck_assert_int_eq(campaign(), 0);
    persisted(asked);
    ck_assert_int_eq(read_index(2), -EAGAIN);
    ck_assert_int_eq(propose("x"), 0);
    persisted(asked);
    ck_assert_int_eq(read_index(3), 0);
    ck_assert_str_eq(ready(), "3 at 2 ");
    ck_assert_int_eq(read_index(4), 0);
    ck_assert_str_eq(ready(), "4 at 2 ");
}
END_TEST

static void lead_five_and_commit(void)
{
    struct hy_raft_servers servers = voters(5);
    servers.list[servers.count++] = (struct hy_raft_server){.id = 6, .disk = 16};
    start_with(&servers, 0, 0, "");
    lead(5);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    ck_assert(hy_raft_leads(raft));
}

START_TEST(a_read_waits_for_a_majority)
{
    lead_five_and_commit();
    ck_assert_int_eq(read_index(7), 0);
    ck_assert_str_eq(ready(), "");
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 1: heartbeat at 1/1 commit 1 round 1\n"));
    ck_assert_ptr_nonnull(strstr(sent(), "5: term 1: heartbeat at 0/0 commit 1 round 1\n"));
    ck_assert_ptr_null(strstr(sent(), "6: ")); /* a learner has no say */
    ck_assert_int_eq(read_index(8), 0);        /* shares the next round */
    ck_assert_int_eq(read_index(9), 0);
    ck_assert_str_eq(sent(), "");
    ck_assert_int_eq(propose("meanwhile"), 0);
    ck_assert_int_eq(receive(2, accepted(1, 1, 1)), 0); /* says nothing of the round */
    ck_assert_int_eq(receive(6, answers_round(1, 0)), 0);
    ck_assert_int_eq(receive(2, answers_round(1, 1)), 0);
    ck_assert_int_eq(receive(2, answers_round(1, 1)), 0); /* doubled */
    ck_assert_str_eq(ready(), "");
    ck_assert_int_eq(receive(3, answers_round(2, 1)), -EBADMSG); /* was not asked */
    ck_assert_int_eq(receive(3, answers_round(1, 1)), 0);
    ck_assert_str_eq(ready(), "7 at 1 ");
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 1: heartbeat at 2/1 commit 1 round 2\n"));
    ck_assert_int_eq(receive(4, answers_round(2, 0)), 0);
    ck_assert_int_eq(receive(5, answers_round(2, 0)), 0);
    ck_assert_str_eq(ready(), "8 at 1 9 at 1 ");
}
END_TEST

START_TEST(a_lost_round_is_asked_again)
{
    lead_five_and_commit();
    ck_assert_int_eq(read_index(7), 0);
    ck_assert_int_eq(read_index(8), 0);
    tick_at(40 * HY_MS); /* the next round, with the heartbeat, is good for both */
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 1: heartbeat at 1/1 commit 1 round 2\n"));
    ck_assert_int_eq(receive(2, answers_round(2, 1)), 0);
    ck_assert_int_eq(receive(3, answers_round(2, 1)), 0);
    ck_assert_str_eq(ready(), "7 at 1 8 at 1 ");
}
END_TEST

START_TEST(reads_end_with_the_lead)
{
    lead_five_and_commit();
    ck_assert_int_eq(read_index(7), 0);
    ck_assert_int_eq(read_index(8), 0);
    ck_assert_int_eq(receive(2, heartbeat(2, 1, 1, 0)), 0);
    ck_assert_str_eq(ready(), "7 at 0 8 at 0 ");
    ck_assert_int_eq(read_index(9), -EPERM);
}
END_TEST

START_TEST(a_follower_repeats_the_round)
{
    start(3, 1, 0, "1");
    struct hy_raft_message message = heartbeat(1, 1, 1, 0);
    message.append.round = 5;
    ck_assert_int_eq(receive(2, message), 0);
    ck_assert_str_eq(sent(), "2: term 1: have all up to 1 round 5\n");
    message.append.round = 4; /* late */
    ck_assert_int_eq(receive(2, message), 0);
    ck_assert_str_eq(sent(), "2: term 1: have all up to 1 round 5\n");
    message = heartbeat(2, 9, 2, 0); /* another leader counts anew */
    message.append.round = 1;
    ck_assert_int_eq(receive(3, message), 0);
    ck_assert_str_eq(sent(), "3: term 2: lack 9, try after 1/1 round 1\n");
}
END_TEST

/* --- who is back ------------------------------------------------------------------------------------------------------ */

static int back(uint32_t id)
{
    return step(&(struct hy_raft_event){.type = HY_RAFT_PEER_BACK, .from = id});
}

START_TEST(a_follower_that_is_back_gets_what_it_lacks)
{
    start(3, 0, 0, "");
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
    ck_assert_int_eq(propose("lost"), 0);
    ck_assert_int_eq(propose("lost too"), 0);
    tick_at(2 * HY_SECOND / 10);
    ck_assert_int_eq(back(2), 0);
    ck_assert_str_eq(sent(), "2: term 1: append 2..3 after 1/1 commit 1\n");
    ck_assert_int_eq(back(3), 0); /* where its log ends is not known yet: the same question again */
    ck_assert_str_eq(sent(), "3: term 1: append 1..3 after 0/0 commit 1\n");
    ck_assert_int_eq(back(9), 0);
    ck_assert_str_eq(sent(), "");
}
END_TEST

START_TEST(a_candidate_asks_who_is_back)
{
    start(3, 4, 0, "4");
    ck_assert_int_eq(campaign(), 0);
    ck_assert_int_eq(back(2), 0);
    ck_assert_str_eq(sent(), ""); /* not before its own vote is on disk */
    persisted(asked);
    ck_assert_int_eq(back(2), 0);
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 5: vote? (forced), my log ends at 1/4\n"));
}
END_TEST

START_TEST(the_lead_is_not_handed_to_a_silent_one)
{
    start(5, 0, 0, "");
    lead(5);
    persisted(asked);
    for (hy_time at = 30 * HY_MS; at <= 330 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        ck_assert_int_eq(receive(2, accepted(1, 0, 1)), 0);
        ck_assert_int_eq(receive(3, accepted(1, 0, 1)), 0);
    }
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_TRANSFER, .to = 4}), -EBUSY);
    ck_assert_int_eq(step(&(struct hy_raft_event){.type = HY_RAFT_TRANSFER, .to = 0}), 0);
    ck_assert_ptr_nonnull(strstr(sent(), ": take over\n"));
}
END_TEST

START_TEST(what_is_only_told_needs_no_answer)
{
    start(3, 1, 0, "11");
    struct hy_raft_message told = heartbeat(1, 2, 1, 2);
    told.append.quiet = true;
    ck_assert_int_eq(receive(2, told), 0);
    ck_assert_str_eq(sent(), "");
    ck_assert_uint_eq(hy_raft_commit_index(raft), 2);
    told = heartbeat(1, 3, 1, 3); /* but that something is missing is said */
    told.append.quiet = true;
    ck_assert_int_eq(receive(2, told), 0);
    ck_assert_str_eq(sent(), "2: term 1: lack 3, try after 2/1\n");
}
END_TEST

/* --- snapshots for others -------------------------------------------------------------------------------------------- */

enum { CHUNK = 10, WINDOW = 4 };

/* A leader of three whose log begins behind 3; server 3 keeps up, server 2 lacks what is gone. 100 bytes are offered. */
static void start_sending(void)
{
    struct hy_raft_options options = {.self = 1, .disk = 11, .seed = 42, .max_message = CHUNK, .max_inflight = WINDOW};
    struct hy_raft_state state = {.term = 1, .snapshot_index = 3, .snapshot_term = 1, .servers = voters(3)};
    char bytes[100];
    memset(bytes, 's', sizeof bytes);
    now = 0;
    ck_assert_int_eq(hy_raft_new(&options, &state, now, &raft, &error), 0);
    lead(3);
    persisted(asked);
    ck_assert_int_eq(receive(3, accepted(2, 3, 4)), 0);
    struct hy_raft_message lack = {
        .type = HY_RAFT_APPEND_ANSWER, .term = 2, .append_answer = {.prev_index = 3, .index = 1, .hint_term = 1}};
    ck_assert_int_eq(receive(2, lack), 0);
    ck_assert_uint_eq(count_effects(HY_RAFT_NEED_SNAPSHOT), 1);
    hy_raft_offer_snapshot(raft, 4, bytes, sizeof bytes);
    ck_assert_int_eq(hy_raft_deadline(raft), now);
    tick_at(now);
}

static struct hy_raft_message got(uint64_t received, uint64_t number)
{
    return (struct hy_raft_message){
        .type = HY_RAFT_SNAPSHOT_ANSWER,
        .term = 2,
        .snapshot_answer = {.index = 4, .received = received, .number = number, .offset = (number - 1) * CHUNK}};
}

/* The offsets of the chunks for server 2 in the last step. */
static const char *chunks(void)
{
    static struct hy_buf text;
    hy_buf_clear(&text);
    for (size_t i = 0; i < effects.list.count; i++) {
        struct hy_raft_message message;
        const struct hy_raft_effect *effect = &effects.list.items[i];
        if (effect->type != HY_RAFT_SEND || effect->to != 2)
            continue;
        ck_assert_int_eq(hy_raft_message_decode(effect->data, effect->size, &message, &error), 0);
        if (message.type == HY_RAFT_SNAPSHOT)
            hy_buf_addf(&text, "%d+%zu ", (int)message.snapshot.offset, message.snapshot.size);
        hy_raft_message_release(&message);
    }
    return hy_buf_text(&text);
}

START_TEST(chunks_follow_each_other_in_a_window)
{
    start_sending();
    ck_assert_str_eq(chunks(), "0+10 10+10 20+10 30+10 ");
    ck_assert_int_eq(receive(2, got(10, 1)), 0);
    ck_assert_str_eq(chunks(), "40+10 ");
    ck_assert_int_eq(receive(2, got(30, 3)), 0);
    ck_assert_str_eq(chunks(), "50+10 60+10 ");
    ck_assert_int_eq(receive(2, got(20, 2)), 0); /* late */
    ck_assert_str_eq(chunks(), "");
    ck_assert_int_eq(receive(2, got(200, 3)), -EBADMSG);
    ck_assert_int_eq(propose("new"), 0); /* not for server 2 yet */
    ck_assert_str_eq(sent(), "3: term 2: append 5..5 after 4/2 commit 4\n");
}
END_TEST

START_TEST(holes_are_filled_at_once_and_once)
{
    start_sending(); /* chunks 1 and 3 get lost */
    ck_assert_int_eq(receive(2, got(0, 2)), 0);
    ck_assert_str_eq(chunks(), "0+10 ");
    ck_assert_int_eq(receive(2, got(0, 4)), 0);
    ck_assert_str_eq(chunks(), "");
    ck_assert_int_eq(receive(2, got(20, 1)), 0); /* the hole is filled, the next one known */
    ck_assert_str_eq(chunks(), "20+10 40+10 50+10 ");
    ck_assert_int_eq(receive(2, got(40, 3)), 0);
    ck_assert_str_eq(chunks(), "60+10 70+10 ");
}
END_TEST

START_TEST(a_slow_receiver_is_not_flooded)
{
    start_sending();
    for (hy_time at = 30 * HY_MS; at < 300 * HY_MS; at += 30 * HY_MS) {
        tick_at(at);
        ck_assert_str_eq(chunks(), "0+10 "); /* the first one that is missing, once a heartbeat */
        ck_assert_int_eq(receive(3, accepted(2, 4, 4)), 0);
    }
    tick_at(330 * HY_MS);
    ck_assert_str_eq(chunks(), "0+0 "); /* not heard for long: is it there? */
    ck_assert_int_eq(receive(2, got(0, 1)), 0);
    ck_assert_str_eq(chunks(), "0+10 10+10 20+10 30+10 ");
}
END_TEST

START_TEST(a_receiver_that_restarts_gets_all_again)
{
    start_sending();
    ck_assert_int_eq(receive(2, got(40, 4)), 0);
    ck_assert_str_eq(chunks(), "40+10 50+10 60+10 70+10 "); /* 5 to 8 */
    ck_assert_int_eq(receive(2, got(30, 3)), 0);            /* late: of before */
    ck_assert_str_eq(chunks(), "");
    ck_assert_int_eq(back(2), 0);
    ck_assert_str_eq(chunks(), "40+10 ");
    ck_assert_int_eq(receive(2, got(0, 5)), 0);
    ck_assert_str_eq(chunks(), "0+10 10+10 20+10 30+10 ");
}
END_TEST

START_TEST(the_log_behind_a_snapshot_on_its_way_is_kept)
{
    start_sending();
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(propose("x"), 0);
    persisted(asked);
    ck_assert_int_eq(receive(3, accepted(2, 4, 10)), 0);
    ck_assert_uint_eq(hy_raft_commit_index(raft), 10);
    struct hy_raft_event taken = {.type = HY_RAFT_SNAPSHOT_TAKEN, .number = 10};
    ck_assert_int_eq(step(&taken), 0);
    ck_assert_uint_eq(hy_raft_first_index(raft), 5);
    ck_assert_int_eq(receive(2, got(100, 4)), 0);
    ck_assert_int_eq(receive(2, accepted(2, 4, 4)), 0); /* has it on disk: goes on with entries */
    ck_assert_ptr_nonnull(strstr(sent(), "2: term 2: append 5..5 after 4/2 commit 10\n"));
    tick_at(30 * HY_MS); /* nobody needs what was offered any more */
    ck_assert_int_eq(step(&taken), 0);
    ck_assert_uint_eq(hy_raft_first_index(raft), 11);
}
END_TEST

START_TEST(a_newer_snapshot_replaces_the_one_on_its_way)
{
    struct hy_raft_servers servers = voters(3);
    struct hy_raft_message chunk = {.type = HY_RAFT_SNAPSHOT,
                                    .term = 5,
                                    .servers = &servers,
                                    .snapshot = {.index = 7, .term = 4, .total = 6, .data = "abc", .size = 3}};
    start(3, 5, 0, "113");
    ck_assert_int_eq(receive(2, chunk), 0);
    ck_assert_str_eq(sent(), "2: term 5: snapshot 7, got 3 bytes\n");
    chunk.snapshot.index = 9;
    chunk.snapshot.data = "xyz";
    ck_assert_int_eq(receive(2, chunk), 0);
    ck_assert_str_eq(sent(), "2: term 5: snapshot 9, got 3 bytes\n");
    chunk.snapshot.index = 7; /* late: it does not undo the newer one */
    chunk.snapshot.offset = 3;
    ck_assert_int_eq(receive(2, chunk), 0);
    ck_assert_str_eq(sent(), "");
    chunk.snapshot.index = 9;
    chunk.snapshot.data = "uvw";
    ck_assert_int_eq(receive(2, chunk), 0);
    ck_assert_mem_eq(persist_effect()->data, "xyzuvw", 6);
    ck_assert_uint_eq(count_effects(HY_RAFT_RESTORE), 1);
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
    Suite *suite = suite_create("consensus: disks, reads, snapshots");
    TCase *disks = rules(suite, "disks");
    tcase_add_test(disks, a_vote_is_asked_of_one_disk);
    tcase_add_test(disks, a_vote_is_given_to_one_disk);
    tcase_add_test(disks, votes_of_and_for_another_disk_do_not_count);
    tcase_add_test(disks, acknowledgements_of_another_disk_do_not_count);
    tcase_add_test(disks, with_another_disk_one_has_no_say);
    tcase_add_test(disks, a_learner_votes_for_whom_it_votes_with);
    tcase_add_test(disks, another_disk_is_another_server);
    TCase *first = rules(suite, "the first set");
    tcase_add_test(first, a_blank_server_is_told_the_first_set);
    tcase_add_test(first, a_blank_server_takes_the_first_set_from_a_leader);
    tcase_add_test(first, a_blank_server_votes_when_its_disk_is_asked);
    TCase *reads = rules(suite, "reads");
    tcase_add_test(reads, the_only_voter_reads_at_once);
    tcase_add_test(reads, a_read_waits_for_a_majority);
    tcase_add_test(reads, a_lost_round_is_asked_again);
    tcase_add_test(reads, reads_end_with_the_lead);
    tcase_add_test(reads, a_follower_repeats_the_round);
    TCase *again = rules(suite, "who is back");
    tcase_add_test(again, a_follower_that_is_back_gets_what_it_lacks);
    tcase_add_test(again, a_candidate_asks_who_is_back);
    tcase_add_test(again, the_lead_is_not_handed_to_a_silent_one);
    tcase_add_test(again, what_is_only_told_needs_no_answer);
    TCase *snapshots = rules(suite, "snapshots");
    tcase_add_test(snapshots, chunks_follow_each_other_in_a_window);
    tcase_add_test(snapshots, holes_are_filled_at_once_and_once);
    tcase_add_test(snapshots, a_slow_receiver_is_not_flooded);
    tcase_add_test(snapshots, a_receiver_that_restarts_gets_all_again);
    tcase_add_test(snapshots, the_log_behind_a_snapshot_on_its_way_is_kept);
    tcase_add_test(snapshots, a_newer_snapshot_replaces_the_one_on_its_way);
    return run_suite(suite);
}
