/* SPDX-License-Identifier: Apache-2.0 */
/* Was it this host? What is known of its troubles is told before it accuses others. */
#include "membership_fixture.h"

static void held_up(struct fixture *f, hy_time by, hy_time hint)
{
    step(f, &(struct hy_membership_event){.type = HY_MEMBERSHIP_HELD_UP, .at = by, .hint = hint});
}

static void begin(struct fixture *f)
{
    struct hy_membership_options options = options_of(1, 3, 3);
    set_up(f, &options);
    admit_all(f, 3);
    for (hy_time until = f->now + HY_SECOND; f->now < until;) {
        run_until(f, f->now + HEARTBEAT_INTERVAL);
        say(f, 2, 0, (struct hy_heartbeat_about){0});
        say(f, 3, 0, (struct hy_heartbeat_about){0});
    }
    held_up(f, 0, 0);
}

/* Told of nothing but what the test says, it turns on 2 and 3 then, and not before. */
static void turns_at(struct fixture *f, hy_time at)
{
    run_until(f, at - 1);
    ck_assert_int_eq(sent_about(f, 2)->refused, 0);
    ck_assert(!hy_membership_accuses(f->membership, f->now));
    ck_assert(hy_membership_accuses(f->membership, at));
    run_until(f, at);
    ck_assert_int_gt(sent_about(f, 2)->refused, 0);
}

/* To the instant before; what is then told counts before the accusation. */
static hy_time almost(struct fixture *f)
{
    hy_time heard = f->now;
    run_until(f, heard + D - 1);
    f->now = heard + D;
    ck_assert(hy_membership_accuses(f->membership, f->now));
    return heard;
}

START_TEST(what_was_stolen_is_given_to_the_silent)
{
    struct fixture f;
    begin(&f);
    hy_time heard = almost(&f);
    held_up(&f, 60 * HY_MS, 0);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_DOUBT)->by, 60 * HY_MS);
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_SUSPECT));
    turns_at(&f, heard + D + 60 * HY_MS);
    tear_down(&f);
}
END_TEST

START_TEST(nothing_stolen_nothing_given)
{
    struct fixture f;
    begin(&f);
    almost(&f);
    held_up(&f, HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL); /* no more than anybody's loop may be late */
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_DOUBT));
    must_say(&f, HY_MEMBERSHIP_SUSPECT);
    tear_down(&f);
}
END_TEST

START_TEST(there_is_an_end_to_it)
{
    struct fixture f;
    begin(&f);
    hy_time heard = f.now;
    /* A host from which all is taken, all the time. */
    for (int i = 0; i < 1000 && !sent_about(&f, 2)->refused; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL - 1);
        f.now += 1;
        held_up(&f, HY_SECOND, HY_SECOND);
    }
    ck_assert_int_ge(f.now, heard + D_MAX + D);
    ck_assert_int_le(f.now, heard + D_MAX + D + HEARTBEAT_INTERVAL);
    tear_down(&f);
}
END_TEST

START_TEST(pressure_is_worth_a_quarter_once)
{
    struct fixture f;
    begin(&f);
    hy_time heard = almost(&f);
    held_up(&f, 0, 100 * HY_MS);
    ck_assert_int_eq(must_say(&f, HY_MEMBERSHIP_DOUBT)->by, D / 4);
    run_until(&f, heard + D + D / 4 - 1);
    f.now += 1;
    ck_assert(hy_membership_accuses(f.membership, f.now));
    held_up(&f, 0, 100 * HY_MS);
    must_say(&f, HY_MEMBERSHIP_SUSPECT);
    tear_down(&f);
}
END_TEST

START_TEST(pressure_counts_where_it_falls_into_the_silence)
{
    struct fixture f;
    begin(&f);
    for (int i = 0; i < 10; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        say(&f, 2, 0, (struct hy_heartbeat_about){0});
        say(&f, 3, 0, (struct hy_heartbeat_about){0});
    }
    almost(&f);
    held_up(&f, 0, 60 * HY_MS); /* in 370 ms: 19 in the last 120 */
    must_say(&f, HY_MEMBERSHIP_SUSPECT);
    tear_down(&f);
}
END_TEST

START_TEST(what_the_loop_has_felt_is_not_given_twice)
{
    struct fixture f;
    begin(&f);
    hy_time heard = f.now, deadline = hy_membership_deadline(f.membership);
    f.now = deadline + 60 * HY_MS;
    tick(&f);
    hy_time late = must_say(&f, HY_MEMBERSHIP_LATE)->by;
    held_up(&f, late, late);
    turns_at(&f, heard + D + late);
    tear_down(&f);
}
END_TEST

START_TEST(who_is_deaf_is_not_borne_for_ever)
{
    struct fixture f;
    begin(&f);
    hy_time contact = f.now;
    f.deaf = true;
    for (int i = 0; i < 1000 && !sent_about(&f, 2)->refused; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL - 1);
        say(&f, 2, 0, (struct hy_heartbeat_about){0});
        say(&f, 3, 0, (struct hy_heartbeat_about){0});
        f.now += 1;
        held_up(&f, HY_SECOND, HY_SECOND);
    }
    ck_assert_int_le(f.now, contact + D_MAX + D + HEARTBEAT_INTERVAL);
    tear_down(&f);
}
END_TEST

void membership_doubt_tests(TCase *tcase)
{
    tcase_add_test(tcase, what_was_stolen_is_given_to_the_silent);
    tcase_add_test(tcase, nothing_stolen_nothing_given);
    tcase_add_test(tcase, there_is_an_end_to_it);
    tcase_add_test(tcase, pressure_is_worth_a_quarter_once);
    tcase_add_test(tcase, pressure_counts_where_it_falls_into_the_silence);
    tcase_add_test(tcase, what_the_loop_has_felt_is_not_given_twice);
    tcase_add_test(tcase, who_is_deaf_is_not_borne_for_ever);
}
