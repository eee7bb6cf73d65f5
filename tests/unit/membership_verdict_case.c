/* SPDX-License-Identifier: Apache-2.0 */
/* When a node is condemned, when it is released, and whose later life ends an earlier one. */
#include "membership_fixture.h"

/* Nodes 2 and 3 of five refuse node 5, as this one does; H as `left` says. */
static void three_refuse(struct fixture *f, hy_time left)
{
    struct hy_membership_options options = options_of(1, 5, 5);
    set_up(f, &options);
    admit_all(f, 5);
    for (hy_time at = T0 + 15 * HY_MS; at < T0 + D_MAX; at += HEARTBEAT_INTERVAL) {
        run_until(f, at);
        for (uint32_t node = 2; node <= 4; node++)
            promise(f, node, f->sent.number, 1);
    }
    run_until(f, T0 + D_MAX);
    ck_assert_uint_eq(must_say(f, HY_MEMBERSHIP_SUSPECT)->node, 5);
    refuse(f, 2, 5, 1, left);
    ck_assert_ptr_null(said(f, HY_MEMBERSHIP_CONDEMN));
    refuse(f, 3, 5, 1, left);
}

START_TEST(condemns_with_a_majority_that_has_time_left)
{
    struct fixture f;
    three_refuse(&f, H);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->node, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->epoch, 1);
    ck_assert(view(&f, 5).condemned);
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tick(&f);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN)); /* once */
    member(&f, HY_MEMBERSHIP_LOGGED, 5, false, 2, false);
    ck_assert(!view(&f, 5).condemned);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 5, false, 2, false);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_CONDEMN)->node, 5); /* anew */
    tear_down(&f);
    three_refuse(&f, D_MAX + COMMIT_WAIT); /* not more than that */
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN));
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(refusal_counts_from_sending)
{
    struct fixture f;
    /* What would condemn, did it not echo so old a heartbeat that too little is left. */
    struct hy_membership_options options = options_of(1, 1 + 4, 5);
    set_up(&f, &options);
    admit_all(&f, 5);
    uint64_t first = f.sent.number;
    run_until(&f, T0 + D_MAX);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SUSPECT));
    for (uint32_t node = 2; node <= 3; node++) {
        say(&f, node, first, (struct hy_heartbeat_about){.node = 5, .refused = H, .epoch = 1});
        ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_CONDEMN));
    }
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(leader_releases_at_the_commit_when_a_majority_refuses)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_LOGGED, 5, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_RELEASED)->node, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_RELEASED)->epoch, 2);
    ck_assert(view(&f, 5).released);
    tear_down(&f);
}
END_TEST

static void expect_slow_release(struct fixture *f)
{
    hy_time committed = f->now;
    ck_assert_ptr_null(said(f, HY_MEMBERSHIP_RELEASED));
    run_until(f, committed + D_MAX + D_MAX * 2 / 1000 - 1);
    ck_assert(!view(f, 5).released);
    run_until(f, committed + D_MAX + D_MAX * 2 / 1000);
    ck_assert_ptr_nonnull(said(f, HY_MEMBERSHIP_RELEASED));
    ck_assert(view(f, 5).released);
}

START_TEST(others_and_those_with_too_little_left_wait)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, false); /* did not lead */
    expect_slow_release(&f);
    tear_down(&f);
    three_refuse(&f, D_MAX); /* not more than D_max */
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    expect_slow_release(&f);
    tear_down(&f);
    three_refuse(&f, H); /* but for an epoch that has passed */
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, true, 2, true);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 3, true);
    expect_slow_release(&f);
    tear_down(&f);
}
END_TEST

START_TEST(admission_of_a_restarted_voter_forgets_what_it_refused)
{
    struct fixture f;
    three_refuse(&f, H);
    step(&f, &(struct hy_membership_event){
                 .type = HY_MEMBERSHIP_LOGGED, .node = 3, .in = true, .epoch = 2, .incarnation = INCARNATION + 40});
    ck_assert_uint_eq(view(&f, 5).against, 2);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, true);
    expect_slow_release(&f);
    tear_down(&f);
}
END_TEST

START_TEST(a_restarted_voter_has_to_refuse_anew)
{
    struct fixture f;
    three_refuse(&f, H);
    f.newer = 40;
    promise(&f, 3, f.sent.number, 1);
    ck_assert_uint_eq(view(&f, 5).against, 2);
    step(&f, &(struct hy_membership_event){
                 .type = HY_MEMBERSHIP_LOGGED, .node = 3, .in = true, .epoch = 2, .incarnation = INCARNATION + 42});
    ck_assert_uint_eq(view(&f, 5).against, 2);
    refuse(&f, 3, 5, 1, H);
    ck_assert_uint_eq(view(&f, 5).against, 3);
    tear_down(&f);
}
END_TEST

START_TEST(what_was_heard_before_is_not_heard_again)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    f.newer = 1;
    promise(&f, 2, f.sent.number, 1);
    promise(&f, 2, f.sent.number, 1);
    hy_time heard = f.now;
    f.now += 10 * HY_MS;
    f.numbers[2] = 0; /* the same number once more */
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    f.newer = 0; /* an incarnation that has passed */
    f.numbers[2] = 100;
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    ck_assert_uint_eq(view(&f, 2).incarnation, INCARNATION + 2);
    tear_down(&f);
}
END_TEST

/* The highest that anybody says is what counts; and a node that has only begun lets all have their say. */
START_TEST(a_later_life_that_others_know_is_said)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 0);
    set_up(&f, &options);
    f.now = T0 + HY_SECOND - 1;
    f.own_known = INCARNATION + 9;
    promise(&f, 2, 3, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.now = T0 + HY_SECOND;
    f.own_known = INCARNATION + 7;
    promise(&f, 3, 3, 0);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_OUTLIVED)->incarnation, INCARNATION + 9);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_OUTLIVED)->node, 1);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert(!view(&f, 2).hears_us); /* it is another life that they hear */
    f.now = T0 + 11 * HY_SECOND - 1;
    promise(&f, 3, 3, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.now = T0 + 11 * HY_SECOND;
    promise(&f, 3, 3, 0);
    must_say(&f, HY_MEMBERSHIP_OUTLIVED);
    tear_down(&f);
}
END_TEST

START_TEST(an_earlier_or_the_present_life_outlives_nobody)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 0);
    set_up(&f, &options);
    f.now = T0 + 2 * HY_SECOND;
    f.own_known = INCARNATION - 1;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.own_known = INCARNATION;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    f.own_known = INCARNATION + 1; /* in a heartbeat that is old itself */
    f.numbers[2] = 0;
    promise(&f, 2, 1, 0);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_OUTLIVED));
    promise(&f, 3, 1, 0);
    must_say(&f, HY_MEMBERSHIP_OUTLIVED);
    tear_down(&f);
}
END_TEST

/* All others were restarted and have heard nothing of it, or an earlier life first: the log knows. */
START_TEST(the_log_knows_of_a_later_life)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    promise(&f, 2, f.sent.number, 0);
    hy_time heard = f.now;
    for (int gone = 0; gone < 2; gone++) {
        step(&f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_RESTORED,
                                               .node = 2 + (uint32_t)gone,
                                               .in = !gone,
                                               .epoch = 5,
                                               .incarnation = INCARNATION + 50});
    }
    f.now += HEARTBEAT_INTERVAL;
    promise(&f, 2, f.sent.number, 0);
    promise(&f, 3, f.sent.number, 0);
    ck_assert_int_eq(view(&f, 2).last_heard, heard);
    ck_assert_uint_eq(view(&f, 3).incarnation, 0);
    tick(&f);
    for (uint32_t node = 2; node <= 3; node++) {
        ck_assert_uint_eq(sent_about(&f, node)->incarnation, INCARNATION + 50);
        ck_assert_uint_eq(sent_about(&f, node)->number, 0);
        ck_assert(!sent_about(&f, node)->hears);
        ck_assert_int_eq(sent_about(&f, node)->promised, 0);
        ck_assert_int_eq(sent_about(&f, node)->held, 0);
    }
    f.newer = 49; /* node 2 comes up to 70 + 1 + 49 */
    promise(&f, 2, f.sent.number, 0);
    ck_assert_uint_eq(view(&f, 2).incarnation, INCARNATION + 50);
    f.now += HEARTBEAT_INTERVAL;
    tick(&f);
    ck_assert_uint_eq(sent_about(&f, 2)->number, f.numbers[2]);
    ck_assert(sent_about(&f, 2)->hears);
    tear_down(&f);
}
END_TEST

START_TEST(admission_before_the_release_calls_it_off)
{
    struct fixture f;
    three_refuse(&f, H);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 5, true, 3, false);
    for (int i = 0; i < 100; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_RELEASED));
    }
    tear_down(&f);
}
END_TEST

void membership_verdict_tests(TCase *tcase)
{
    tcase_add_test(tcase, condemns_with_a_majority_that_has_time_left);
    tcase_add_test(tcase, refusal_counts_from_sending);
    tcase_add_test(tcase, leader_releases_at_the_commit_when_a_majority_refuses);
    tcase_add_test(tcase, others_and_those_with_too_little_left_wait);
    tcase_add_test(tcase, admission_of_a_restarted_voter_forgets_what_it_refused);
    tcase_add_test(tcase, a_restarted_voter_has_to_refuse_anew);
    tcase_add_test(tcase, what_was_heard_before_is_not_heard_again);
    tcase_add_test(tcase, a_later_life_that_others_know_is_said);
    tcase_add_test(tcase, an_earlier_or_the_present_life_outlives_nobody);
    tcase_add_test(tcase, the_log_knows_of_a_later_life);
    tcase_add_test(tcase, admission_before_the_release_calls_it_off);
}
