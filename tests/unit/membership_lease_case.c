/* SPDX-License-Identifier: Apache-2.0 */
/* What a node promises, and how long it has its lease. */
#include "membership_fixture.h"

START_TEST(lease_counts_from_sending_and_shorter)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    hy_time sent = f.now;
    uint64_t number = f.sent.number;
    f.now += 40 * HY_MS;
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 2, number, 1);
    ck_assert_int_eq(lease(&f), sent + D - D * 2 / 1000 - R);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, lease(&f));
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->epoch, 1);
    promise(&f, 2, number - 1, 1); /* an older echo takes nothing back */
    ck_assert_int_eq(lease(&f), sent + D - D * 2 / 1000 - R);
    run_until(&f, lease(&f));
    ck_assert_int_eq(lease(&f), 0);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_LEASE));
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    tear_down(&f);
}
END_TEST

START_TEST(promises_for_another_incarnation_epoch_or_number_are_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number + 1, 1); /* never sent */
    promise(&f, 2, f.sent.number, 2);     /* of an epoch this node is not in yet */
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, 0, 1);
    ck_assert_int_eq(lease(&f), 0);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, false, 2, false);
    ck_assert_int_eq(lease(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(majority_of_an_even_number_is_more_than_half)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 4, 4);
    set_up(&f, &options);
    admit_all(&f, 4);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    tear_down(&f);
}
END_TEST

START_TEST(one_node_has_a_lease_while_it_is_admitted)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 1, 1);
    set_up(&f, &options);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert(view(&f, 1).admissible);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_ALIVE));
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 1, true);
    ck_assert_int_eq(lease(&f), HY_NEVER);
    ck_assert(!view(&f, 1).admissible);
    member(&f, HY_MEMBERSHIP_LOGGED, 1, false, 2, true);
    ck_assert_int_eq(lease(&f), 0);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 1, false, 2, true);
    ck_assert_int_eq(lease(&f), HY_NEVER);
    tear_down(&f);
}
END_TEST

START_TEST(a_learner_needs_a_majority_and_promises_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 4, 4);
    options.nodes[0].voter = false;
    set_up(&f, &options);
    admit_all(&f, 4);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_eq(lease(&f), 0);
    promise(&f, 3, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    run_until(&f, f.now + 10 * D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(promise_is_kept_then_turns_at_once)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    /* As long as an earlier incarnation's promises may last, and more. */
    for (hy_time at = T0 + 1; at <= T0 + D_MAX + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        promise(&f, 3, f.sent.number, 1);
    }
    hy_time heard = f.now;
    run_until(&f, heard + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D);
    for (hy_time at = heard + 2 * HEARTBEAT_INTERVAL; at < heard + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
    }
    run_until(&f, heard + D - 1);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    run_until(&f, heard + D);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SUSPECT));
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SEND));
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_SUSPECT)->node, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, H);
    ck_assert_int_eq(sent_about(&f, 3)->promised, 0);
    tear_down(&f);
}
END_TEST

START_TEST(turns_on_nobody_for_d_max_after_its_start)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX - 1);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    run_until(&f, T0 + D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, H);
    ck_assert_ptr_nonnull(strstr(must_say(&f, HY_MEMBERSHIP_SUSPECT)->why, "it may be this node"));
    tear_down(&f);
}
END_TEST

START_TEST(refusal_stands_for_h_even_when_the_node_is_heard)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX);
    hy_time refused = f.now;
    promise(&f, 3, f.sent.number, 1);
    for (hy_time at = refused + HEARTBEAT_INTERVAL; at < refused + H; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 3, f.sent.number, 1);
        ck_assert_int_gt(sent_about(&f, 3)->refused, 0);
        ck_assert_int_eq(sent_about(&f, 3)->promised, 0);
    }
    run_until(&f, refused + H + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    ck_assert_int_eq(sent_about(&f, 3)->promised, D);
    tear_down(&f);
}
END_TEST

START_TEST(turns_on_one_that_is_heard_but_deaf)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    hy_time at = T0 + 1;
    for (; at < T0 + D_MAX; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        promise(&f, 3, f.sent.number, 1);
    }
    hy_time contact = f.now;
    for (; at < contact + D; at += HEARTBEAT_INTERVAL) {
        run_until(&f, at);
        promise(&f, 2, f.sent.number, 1);
        f.deaf = true;
        promise(&f, 3, f.sent.number, 1);
        f.deaf = false;
        ck_assert(view(&f, 3).heard && !view(&f, 3).hears_us && !view(&f, 3).supported);
        ck_assert_uint_eq(hy_membership_lowest_live(f.membership, 1, f.now), 2);
    }
    run_until(&f, contact + D - 1);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    run_until(&f, contact + D);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_SUSPECT)->node, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, H);
    tear_down(&f);
}
END_TEST

START_TEST(new_admission_ends_a_refusal_at_once)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX);
    promise(&f, 3, f.sent.number, 1);
    member(&f, HY_MEMBERSHIP_COMMITTED, 3, false, 2, false);
    member(&f, HY_MEMBERSHIP_COMMITTED, 3, true, 3, false);
    ck_assert_int_eq(hy_membership_deadline(f.membership), f.now);
    run_until(&f, f.now);
    ck_assert_ptr_nonnull(said(&f, HY_MEMBERSHIP_SEND));
    ck_assert_int_eq(sent_about(&f, 3)->promised, D);
    ck_assert_uint_eq(sent_about(&f, 3)->epoch, 3);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(logged_verdict_ends_support_until_it_is_cut_off)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number, 1);
    member(&f, HY_MEMBERSHIP_LOGGED, 2, false, 2, false);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    member(&f, HY_MEMBERSHIP_UNLOGGED, 2, false, 2, false);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D);
    /* One that the state machine will refuse is nothing. */
    member(&f, HY_MEMBERSHIP_LOGGED, 2, false, 1, false);
    ck_assert(view(&f, 2).supported);
    member(&f, HY_MEMBERSHIP_COMMITTED, 2, false, 1, false);
    ck_assert(view(&f, 2).supported && view(&f, 2).admitted);
    tear_down(&f);
}
END_TEST

START_TEST(unadmitted_incarnation_promises_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    options.incarnation = INCARNATION + 50; /* restarted: the log still has the one before */
    set_up(&f, &options);
    admit_all(&f, 3);
    say(&f, 2, 0, (struct hy_heartbeat_about){0});
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, 0);
    run_until(&f, f.now + 10 * D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    ck_assert_int_eq(sent_about(&f, 3)->refused, 0);
    ck_assert(view(&f, 1).admissible);
    tear_down(&f);
}
END_TEST

START_TEST(a_late_node_restarts_its_count)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    run_until(&f, T0 + D_MAX - 10 * HY_MS);
    promise(&f, 2, f.sent.number, 1);
    promise(&f, 3, f.sent.number, 1);
    hy_time late = hy_membership_deadline(f.membership);
    f.now = late + 400 * HY_MS;
    tick(&f);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LATE)->by, 400 * HY_MS);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_SUSPECT));
    ck_assert(view(&f, 2).heard);
    ck_assert_int_eq(lease(&f), 0); /* its own lease knows no excuse */
    hy_time due = late + 400 * HY_MS + D - HEARTBEAT_INTERVAL;
    run_until(&f, due - HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    run_until(&f, due + HEARTBEAT_INTERVAL);
    ck_assert_int_gt(sent_about(&f, 2)->refused, 0);
    tear_down(&f);
}
END_TEST

START_TEST(link_down_gives_the_lease_up_until_new_heartbeats_are_echoed)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    admit_all(&f, 3);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), 0);
    step(&f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_LINK_DOWN});
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    promise(&f, 2, f.sent.number, 1); /* was on its way */
    ck_assert_int_eq(lease(&f), 0);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    promise(&f, 2, f.sent.number, 1);
    ck_assert_int_gt(lease(&f), f.now);
    tear_down(&f);
}
END_TEST

START_TEST(restarted_node_with_a_verdict_in_its_log_withdraws_the_old_lease)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(&f, &options);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_LEASE)); /* an old one may still be good */
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 4, false);
    member(&f, HY_MEMBERSHIP_LOGGED, 1, false, 5, false);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->at, 0);
    tear_down(&f);
}
END_TEST

START_TEST(lease_says_since_when_there_was_no_verdict)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 1, 1);
    set_up(&f, &options);
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 4, false);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 4);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 5, true); /* a core restarted */
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->epoch, 5);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 4);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, false, 6, true);
    member(&f, HY_MEMBERSHIP_COMMITTED, 1, true, 7, true);
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 7);
    member(&f, HY_MEMBERSHIP_RESTORED, 1, true, 9, false); /* perhaps there was one in 8 */
    ck_assert_uint_eq(must_say(&f, HY_MEMBERSHIP_LEASE)->since, 9);
    tear_down(&f);
}
END_TEST

void membership_lease_tests(TCase *tcase)
{
    tcase_add_test(tcase, lease_counts_from_sending_and_shorter);
    tcase_add_test(tcase, promises_for_another_incarnation_epoch_or_number_are_nothing);
    tcase_add_test(tcase, majority_of_an_even_number_is_more_than_half);
    tcase_add_test(tcase, one_node_has_a_lease_while_it_is_admitted);
    tcase_add_test(tcase, a_learner_needs_a_majority_and_promises_nothing);
    tcase_add_test(tcase, promise_is_kept_then_turns_at_once);
    tcase_add_test(tcase, turns_on_nobody_for_d_max_after_its_start);
    tcase_add_test(tcase, refusal_stands_for_h_even_when_the_node_is_heard);
    tcase_add_test(tcase, turns_on_one_that_is_heard_but_deaf);
    tcase_add_test(tcase, new_admission_ends_a_refusal_at_once);
    tcase_add_test(tcase, logged_verdict_ends_support_until_it_is_cut_off);
    tcase_add_test(tcase, unadmitted_incarnation_promises_nothing);
    tcase_add_test(tcase, a_late_node_restarts_its_count);
    tcase_add_test(tcase, link_down_gives_the_lease_up_until_new_heartbeats_are_echoed);
    tcase_add_test(tcase, restarted_node_with_a_verdict_in_its_log_withdraws_the_old_lease);
    tcase_add_test(tcase, lease_says_since_when_there_was_no_verdict);
}
