/* SPDX-License-Identifier: Apache-2.0 */
/* dead-after that moves: what a node wishes it to be, and what becomes of promises when it is changed. */
#include "membership_fixture.h"

#include "base/buf.h"

#include <errno.h>

#define CALM (20 * HY_SECOND)
#define STEP ((D_MAX - D) / 5)

static struct hy_membership_options adapting(void)
{
    struct hy_membership_options options = options_of(1, 3, 3);
    options.adapts = true;
    options.calm = CALM;
    return options;
}

static void begin(struct fixture *f, const struct hy_membership_options *options)
{
    set_up(f, options);
    admit_all(f, 3);
}

/* After so long `from` is heard again, with a promise or without. The other one is heard all the time. */
static void heard_after(struct fixture *f, uint32_t from, hy_time gap, bool promises)
{
    hy_time until = f->now + gap;
    while (f->now < until) {
        run_until(f, f->now + HEARTBEAT_INTERVAL < until ? f->now + HEARTBEAT_INTERVAL : until);
        say(f, from == 2 ? 3 : 2, 0, (struct hy_heartbeat_about){0});
    }
    say(f, from, promises ? f->sent.number : 0,
        (struct hy_heartbeat_about){.node = 1, .promised = promises ? D : 0, .epoch = 1});
}

static void calm_for(struct fixture *f, hy_time duration)
{
    for (hy_time until = f->now + duration; f->now < until;) {
        run_until(f, f->now + HEARTBEAT_INTERVAL);
        say(f, 2, 0, (struct hy_heartbeat_about){0});
        say(f, 3, 0, (struct hy_heartbeat_about){0});
    }
}

static hy_time wished(const struct fixture *f)
{
    return hy_membership_wish(f->membership).dead_after;
}

static int settings(struct fixture *f, hy_time dead_after)
{
    hy_membership_effects_free(&f->effects);
    return hy_membership_step(f->membership,
                              &(struct hy_membership_event){.type = HY_MEMBERSHIP_SETTINGS, .at = dead_after}, f->now,
                              &f->effects, NULL);
}

/* ---- what is wished */

START_TEST(a_gap_of_three_fifths_raises_the_wish_at_once)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    heard_after(&f, 2, D * 3 / 5, false);
    ck_assert_int_eq(wished(&f), 0);
    heard_after(&f, 2, D * 3 / 5 + HY_MS, false);
    must_say(&f, HY_MEMBERSHIP_WISH);
    struct hy_membership_wish wish = hy_membership_wish(f.membership);
    ck_assert_int_eq(wish.dead_after, D + STEP);
    ck_assert_int_eq(wish.gap, D * 3 / 5 + HY_MS);
    ck_assert_uint_eq(wish.node, 2);
    ck_assert(!wish.promises);
    heard_after(&f, 3, 70 * HY_MS, false); /* a smaller one is no news */
    ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_WISH));
    heard_after(&f, 3, 119 * HY_MS, false); /* nearly a false accusation */
    ck_assert_int_eq(wished(&f), D_MAX);
    ck_assert_uint_eq(hy_membership_wish(f.membership).node, 3);
    ck_assert_int_eq(hy_membership_dead_after(f.membership), D); /* it is only a wish */
    tear_down(&f);
}
END_TEST

START_TEST(a_false_accusation_is_learned_from_and_an_outage_is_not)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, D_MAX);
    heard_after(&f, 2, D_MAX + HY_MS, false); /* no setting would have borne it */
    ck_assert_int_eq(wished(&f), 0);
    calm_for(&f, HY_SECOND);
    heard_after(&f, 2, D + 10 * HY_MS, false); /* D_max would have borne that one */
    ck_assert_int_eq(wished(&f), D_MAX);
    tear_down(&f);
}
END_TEST

START_TEST(another_life_and_one_that_is_not_in_say_nothing_of_jitter)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    for (int i = 0; i < 8; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        say(&f, 3, 0, (struct hy_heartbeat_about){0});
        f.newer = 7; /* its core was restarted; and later: that life is not admitted */
        if (i % 4 == 3)
            say(&f, 2, 0, (struct hy_heartbeat_about){0});
        f.newer = 0;
    }
    ck_assert_int_eq(wished(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(what_this_node_slept_through_was_not_the_others_silence)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    f.now += 110 * HY_MS;
    say(&f, 2, 0, (struct hy_heartbeat_about){0});
    must_say(&f, HY_MEMBERSHIP_LATE);
    ck_assert_int_eq(wished(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(promises_that_come_late_raise_it_too)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    heard_after(&f, 2, HEARTBEAT_INTERVAL, true);
    /* Heard often enough, but what it echoes is old. */
    uint64_t echo = f.sent.number;
    hy_time sent = f.now;
    calm_for(&f, 6 * HEARTBEAT_INTERVAL);
    promise(&f, 2, echo, 1);
    ck_assert_int_eq(wished(&f), 0); /* the first one still, which that one replaces, was younger */
    ck_assert_int_lt(f.now - sent, D_MAX);
    promise(&f, 2, f.sent.number, 1);
    struct hy_membership_wish wish = hy_membership_wish(f.membership);
    ck_assert_int_eq(wish.dead_after, D + 4 * STEP); /* (150 + 5) / 0.9 = 172 */
    ck_assert(wish.promises);
    ck_assert_int_eq(wish.gap, f.now - sent);
    tear_down(&f);
}
END_TEST

START_TEST(one_lost_heartbeat_asks_for_nothing)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    options.release_margin = 30 * HY_MS; /* as in the profile */
    begin(&f, &options);
    for (int i = 0; i < 100; i++) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        promise(&f, 3, f.sent.number - 1, 1);
        if (i % 10)
            promise(&f, 2, f.sent.number - 1, 1);
    }
    ck_assert_int_eq(wished(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(it_is_lowered_when_it_was_calm_for_long)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    heard_after(&f, 2, 100 * HY_MS, false); /* 167 */
    ck_assert_int_eq(wished(&f), D + 3 * STEP);
    calm_for(&f, CALM / 2);
    heard_after(&f, 2, 80 * HY_MS, false); /* 133: no news now */
    calm_for(&f, CALM / 2 - 2 * HY_SECOND);
    ck_assert_int_eq(wished(&f), D + 3 * STEP);
    calm_for(&f, 4 * HY_SECOND); /* what is left is the second gap, with more room than would raise it */
    ck_assert_int_eq(wished(&f), D + 3 * STEP);
    calm_for(&f, CALM / 2);
    ck_assert_int_eq(wished(&f), 0);
    tear_down(&f);
}
END_TEST

START_TEST(at_the_border_of_two_steps_it_stays_above)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    size_t changes = 0;
    for (hy_time i = 0, until = f.now + 10 * CALM; f.now < until; i++) {
        heard_after(&f, 2, (i % 400 ? 71 : 73) * HY_MS, false); /* once in 28 s */
        changes += said(&f, HY_MEMBERSHIP_WISH) != NULL;
    }
    ck_assert_uint_eq(changes, 1);
    ck_assert_int_eq(wished(&f), D + STEP);
    tear_down(&f);
}
END_TEST

START_TEST(a_fixed_one_wishes_for_nothing)
{
    struct fixture f;
    struct hy_membership_options options = options_of(1, 3, 3);
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    heard_after(&f, 2, 110 * HY_MS, true);
    heard_after(&f, 2, 110 * HY_MS, true);
    ck_assert_int_eq(wished(&f), 0);
    ck_assert_int_eq(settings(&f, D + STEP), 0);
    ck_assert_int_eq(hy_membership_dead_after(f.membership), D);
    tear_down(&f);
}
END_TEST

/* ---- what is agreed */

START_TEST(promises_are_of_the_dead_after_that_is_agreed)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D);
    ck_assert_int_eq(settings(&f, D_MAX), 0);
    ck_assert_int_eq(hy_membership_worst_case(f.membership), D_MAX + D_MAX * 2 / 1000 + HEARTBEAT_INTERVAL);
    calm_for(&f, HEARTBEAT_INTERVAL);
    ck_assert_int_eq(sent_about(&f, 2)->promised, D_MAX);
    ck_assert_int_eq(settings(&f, D_MAX + 1), -EINVAL);
    ck_assert_int_eq(settings(&f, D - 1), -EINVAL);
    ck_assert_int_eq(hy_membership_dead_after(f.membership), D_MAX);
    tear_down(&f);
}
END_TEST

START_TEST(what_was_promised_is_kept_when_it_becomes_shorter)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    ck_assert_int_eq(settings(&f, D_MAX), 0);
    calm_for(&f, HY_SECOND);
    hy_time heard = f.now;
    run_until(&f, heard + HEARTBEAT_INTERVAL); /* promised once more */
    ck_assert_int_eq(settings(&f, D), 0);
    run_until(&f, heard + D_MAX - 1);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    ck_assert(!hy_membership_accuses(f.membership, f.now));
    ck_assert(hy_membership_accuses(f.membership, heard + D_MAX));
    run_until(&f, heard + D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, H);
    tear_down(&f);
}
END_TEST

START_TEST(a_longer_one_holds_at_once_for_who_is_silent)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    calm_for(&f, HY_SECOND);
    hy_time heard = f.now;
    run_until(&f, heard + D - 1);
    ck_assert_int_eq(settings(&f, D_MAX), 0);
    run_until(&f, heard + D_MAX - 1);
    ck_assert_int_eq(sent_about(&f, 2)->refused, 0);
    run_until(&f, heard + D_MAX);
    ck_assert_int_eq(sent_about(&f, 2)->refused, H);
    tear_down(&f);
}
END_TEST

START_TEST(a_promise_counts_for_what_it_says)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    hy_time sent = f.now;
    say(&f, 2, f.sent.number, (struct hy_heartbeat_about){.node = 1, .promised = D_MAX, .epoch = 1});
    ck_assert_int_eq(lease(&f), sent + D_MAX - D_MAX * 2 / 1000 - R);
    run_until(&f, f.now + HEARTBEAT_INTERVAL);
    promise(&f, 2, f.sent.number, 1); /* a shorter one takes nothing back */
    ck_assert_int_eq(lease(&f), sent + D_MAX - D_MAX * 2 / 1000 - R);
    tear_down(&f);
}
END_TEST

/* ---- who goes by other settings */

START_TEST(another_bound_is_told_once)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    for (uint64_t life = 71; life <= 72; life++)
        for (uint64_t number = 1; number <= 3; number++) {
            struct hy_heartbeat heartbeat = {.incarnation = life, .number = number, .dead_after_max = 3 * HY_SECOND};
            struct hy_buf out = {0};
            hy_heartbeat_encode(&heartbeat, &out);
            hy_membership_effects_free(&f.effects);
            const struct hy_membership_event event = {
                .type = HY_MEMBERSHIP_MESSAGE, .from = 2, .data = out.data, .size = out.size};
            ck_assert_int_eq(hy_membership_step(f.membership, &event, f.now, &f.effects, NULL), -EBADMSG);
            hy_buf_free(&out);
            const struct hy_membership_effect *differs = said(&f, HY_MEMBERSHIP_DIFFERS);
            ck_assert((number == 1) == (differs != NULL));
            ck_assert(!differs || (differs->node == 2 && differs->at == 3 * HY_SECOND && differs->by == D_MAX));
        }
    tear_down(&f);
}
END_TEST

START_TEST(other_promises_are_told_when_they_stay_so)
{
    struct fixture f;
    struct hy_membership_options options = adapting();
    begin(&f, &options);
    size_t told = 0;
    hy_time first = 0;
    for (hy_time until = f.now + 30 * HY_SECOND; f.now < until;) {
        run_until(&f, f.now + HEARTBEAT_INTERVAL);
        say(&f, 3, 0, (struct hy_heartbeat_about){.node = 2, .promised = D, .epoch = 1});
        ck_assert_ptr_null(said(&f, HY_MEMBERSHIP_DIFFERS));
        say(&f, 2, 0, (struct hy_heartbeat_about){.node = 3, .promised = D - HY_MS, .epoch = 1});
        if (said(&f, HY_MEMBERSHIP_DIFFERS) && !told++)
            first = f.now;
    }
    ck_assert_uint_eq(told, 1);
    ck_assert_int_gt(first, T0 + 10 * HY_SECOND);
    tear_down(&f);
}
END_TEST

void membership_wish_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_gap_of_three_fifths_raises_the_wish_at_once);
    tcase_add_test(tcase, a_false_accusation_is_learned_from_and_an_outage_is_not);
    tcase_add_test(tcase, another_life_and_one_that_is_not_in_say_nothing_of_jitter);
    tcase_add_test(tcase, what_this_node_slept_through_was_not_the_others_silence);
    tcase_add_test(tcase, promises_that_come_late_raise_it_too);
    tcase_add_test(tcase, one_lost_heartbeat_asks_for_nothing);
    tcase_add_test(tcase, it_is_lowered_when_it_was_calm_for_long);
    tcase_add_test(tcase, at_the_border_of_two_steps_it_stays_above);
    tcase_add_test(tcase, a_fixed_one_wishes_for_nothing);
    tcase_add_test(tcase, promises_are_of_the_dead_after_that_is_agreed);
    tcase_add_test(tcase, what_was_promised_is_kept_when_it_becomes_shorter);
    tcase_add_test(tcase, a_longer_one_holds_at_once_for_who_is_silent);
    tcase_add_test(tcase, a_promise_counts_for_what_it_says);
    tcase_add_test(tcase, another_bound_is_told_once);
    tcase_add_test(tcase, other_promises_are_told_when_they_stay_so);
}
