/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of links, from sequences of datagrams as they could have come. Times are in microseconds. */
#include "meter/meter.h"

#include "lib/run.h"

static const struct hy_meter_limits limits = {200 * HY_MS, 5};
static struct hy_meter meter;
static hy_time now;

static void begin(void)
{
    now = 1000 * HY_SECOND;
    hy_meter_begin(&meter, &limits, now);
}

static bool hear(uint64_t incarnation, uint32_t number, hy_time sent)
{
    const struct hy_meter_mark mark = {incarnation, number, (uint32_t)sent};
    return hy_meter_heard(&meter, &mark, now);
}

static struct hy_meter_figures figures(void)
{
    struct hy_meter_figures all;
    hy_meter_figures(&meter, &all);
    return all;
}

static enum hy_meter_state step(void)
{
    enum hy_meter_state was;
    hy_meter_step(&meter, now, &was);
    return figures().state;
}

static void told(bool heard, hy_time ago, uint8_t lost)
{
    const struct hy_meter_report report = {.heard = heard, .sent = 1, .ago = ago, .lost = lost};
    const struct hy_meter_mark mark = {.incarnation = 1, .number = 1, .sent = hy_meter_stamp(now)};
    hy_meter_told(&meter, &mark, &report, now);
}

/* Numbers from `number` on, one each 25 ms, of which each `lose`th is lost (0: none); the state is asked for each time. */
static uint32_t run(uint32_t number, uint32_t count, uint32_t lose)
{
    for (uint32_t i = 0; i < count; i++, number++) {
        now += 25 * HY_MS;
        if (!lose || i % lose)
            ck_assert(hear(1, number, now));
        step();
    }
    return number;
}

START_TEST(all_that_comes_is_counted)
{
    run(1, 1000, 0);
    ck_assert_uint_eq(figures().received, 1000);
    ck_assert_uint_eq(figures().lost, 0);
    ck_assert_uint_eq(figures().loss_ppm, 0);
    ck_assert_uint_eq(figures().window, HY_METER_WINDOW);
    ck_assert_int_eq(figures().state, HY_METER_UP);
}
END_TEST

START_TEST(loss_is_that_of_the_window)
{
    uint32_t number = run(1, 10, 0);
    number += 2; /* two are lost */
    ck_assert(hear(1, number, now));
    ck_assert_uint_eq(figures().window, 13);
    ck_assert_uint_eq(figures().loss_ppm, 2000000 / 13);
    ck_assert_uint_eq(figures().lost, 2);
    run(number + 1, HY_METER_WINDOW, 0);
    ck_assert_uint_eq(figures().loss_ppm, 0);
    ck_assert_uint_eq(figures().lost, 2);
    struct hy_meter_report report;
    run(number + 1 + HY_METER_WINDOW, HY_METER_WINDOW, 4);
    hy_meter_say(&meter, now, &report);
    ck_assert_uint_eq(report.lost, 64);
    ck_assert_uint_eq(figures().loss_ppm, 250000);
    /* The first of these was lost before what the window begins with. */
    ck_assert_uint_eq(figures().lost, 2 + HY_METER_WINDOW / 4);
}
END_TEST

START_TEST(any_gap_is_counted_as_it_is)
{
    /* A window kept the plain way, beside. */
    static bool came[100000];
    uint32_t number = 0;
    unsigned seed = 12345;
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1103515245 + 12345;
        number += 1 + ((seed >> 16) % 10 == 0 ? (seed >> 20) % 150 : 0);
        ck_assert_uint_lt(number, sizeof came);
        came[number] = true;
        ck_assert(hear(1, number, now));
        unsigned window = number < HY_METER_WINDOW ? number : HY_METER_WINDOW, lost = 0;
        static uint32_t first;
        if (i == 0)
            first = number;
        window = number - first + 1 < HY_METER_WINDOW ? number - first + 1 : HY_METER_WINDOW;
        for (uint32_t n = number - window + 1; n <= number; n++)
            lost += !came[n];
        ck_assert_uint_eq(figures().window, window);
        ck_assert_uint_eq(figures().loss_ppm, (unsigned)((uint64_t)lost * 1000000 / window));
    }
}
END_TEST

START_TEST(what_comes_late_is_not_lost)
{
    uint32_t number = run(1, 10, 0);
    ck_assert(hear(1, number + 2, now));
    ck_assert(hear(1, number + 1, now));
    ck_assert_uint_eq(figures().lost, 1);
    ck_assert(hear(1, number, now));
    ck_assert_uint_eq(figures().lost, 0);
    ck_assert_uint_eq(figures().loss_ppm, 0);
    ck_assert_uint_eq(figures().disordered, 2);
    ck_assert_uint_eq(figures().doubled, 0);
}
END_TEST

START_TEST(doubles_are_not_heard)
{
    uint32_t number = run(1, 300, 0);
    hy_time heard = figures().last_heard;
    now += HY_MS;
    ck_assert(!hear(1, number - 1, now));
    ck_assert(!hear(1, number - 200, now));
    ck_assert(!hear(1, 1, now));
    ck_assert(!hear(1, 0, now));
    ck_assert_uint_eq(figures().received, 300);
    ck_assert_uint_eq(figures().doubled, 3);
    ck_assert_int_eq(figures().last_heard, heard);
}
END_TEST

START_TEST(numbers_run_over)
{
    uint32_t number = UINT32_MAX - 20;
    for (int i = 0; i < 50; i++, number += number == UINT32_MAX ? 2 : 1)
        ck_assert(hear(1, number, now));
    ck_assert_uint_eq(figures().received, 50);
    ck_assert_uint_eq(figures().lost, 1); /* 0 is no number: one in 2^32 */
}
END_TEST

START_TEST(another_life_begins_anew)
{
    run(5000, 300, 2);
    uint64_t lost = figures().lost;
    ck_assert(hear(2, 1, now));
    ck_assert(hear(2, 2, now));
    ck_assert_uint_eq(figures().lost, lost);
    ck_assert_uint_eq(figures().window, 2);
    ck_assert_uint_eq(figures().loss_ppm, 0);
    ck_assert(!hear(1, 5300, now)); /* recorded then */
    ck_assert_uint_eq(figures().window, 2);
}
END_TEST

/* RFC 3550, A.8, as it stands there: D by D. The clocks are 700 s apart, and that is no jitter. */
START_TEST(jitter_is_that_of_rfc_3550)
{
    static const int delays[] = {100, 100, 300, 100, 2500, 120, 110, 90, 4000, 100, 100, 100};
    hy_time sent = 300 * HY_SECOND;
    double jitter = 0;
    for (size_t i = 0; i < sizeof delays / sizeof *delays; i++, sent += 25 * HY_MS) {
        now = sent + 700 * HY_SECOND + delays[i];
        ck_assert(hear(1, (uint32_t)i + 1, sent));
        if (i) {
            int d = delays[i] - delays[i - 1];
            jitter += ((d < 0 ? -d : d) - jitter) / 16;
        }
        ck_assert_int_le((int64_t)jitter - figures().jitter, 1);
        ck_assert_int_le(figures().jitter - (int64_t)jitter, 1);
    }
    ck_assert_int_gt(figures().jitter, 500);
}
END_TEST

START_TEST(jitter_outlives_the_clock_that_runs_over)
{
    now = UINT32_MAX - 40 * HY_MS;
    for (uint32_t i = 1; i < 10; i++, now += 25 * HY_MS)
        ck_assert(hear(1, i, now - 5 * HY_SECOND));
    ck_assert_int_eq(figures().jitter, 0);
}
END_TEST

static void answer(hy_time sent, hy_time ago)
{
    const struct hy_meter_report report = {.heard = true, .sent = hy_meter_stamp(sent), .ago = ago};
    hy_meter_answered(&meter, &report, now);
}

START_TEST(round_trip_is_without_the_time_at_the_other_end)
{
    now = UINT32_MAX + 1000; /* just run over */
    answer(now - 5300, 5000);
    ck_assert(figures().has_round_trip);
    ck_assert_int_eq(figures().round_trip, 300);
    answer(now - 5300, 4000); /* the same once more, on another way back: no news */
    ck_assert_int_eq(figures().round_trip, 300);
    now += 25 * HY_MS;
    answer(now - 6100, 5000);
    ck_assert_int_eq(figures().round_trip, 400); /* 300 + (1100 - 300) / 8 */
    ck_assert_int_eq(figures().round_trip_least, 300);
    ck_assert_int_eq(figures().round_trip_most, 1100);
    answer(now - 1000, 2000); /* it cannot have been there longer than it is away */
    answer(now - 100 * HY_SECOND, 0);
    ck_assert_int_eq(figures().round_trip_most, 1100);
}
END_TEST

START_TEST(silence_is_a_link_that_is_down)
{
    uint32_t number = run(1, 100, 0);
    hy_time heard = now;
    for (; now <= heard + limits.dead_after; now += 10 * HY_MS)
        ck_assert_int_eq(step(), HY_METER_UP);
    ck_assert_int_eq(step(), HY_METER_DOWN);
    ck_assert_int_eq(figures().state_since, now);
    ck_assert_int_eq(figures().last_heard, heard);
    ck_assert_uint_eq(figures().outages, 1);
    now += HY_SECOND;
    number += 48; /* those went astray meanwhile: lost, and not in the window that begins now */
    hy_time back = now + 25 * HY_MS;
    while (step() == HY_METER_DOWN)
        number = run(number, 1, 0);
    ck_assert_int_eq(figures().state, HY_METER_UP);
    ck_assert_int_ge(now - back, limits.dead_after); /* one datagram is not yet a link */
    ck_assert_uint_eq(figures().lost, 48);
    ck_assert_uint_eq(figures().loss_ppm, 0);
}
END_TEST

START_TEST(few_datagrams_heal_no_link)
{
    uint32_t number = run(1, 100, 0);
    now += HY_SECOND;
    ck_assert_int_eq(step(), HY_METER_DOWN);
    for (int i = 0; i < 100; i++, number += 7) {
        now += 7 * 25 * HY_MS; /* one of seven comes */
        hear(1, number, now);
        ck_assert_int_eq(step(), HY_METER_DOWN);
    }
}
END_TEST

START_TEST(who_was_late_himself_accuses_nobody)
{
    uint32_t number = run(1, 100, 0);
    told(true, 10 * HY_MS, 0);
    now += 3 * HY_SECOND; /* nothing was read meanwhile */
    hy_meter_was_late(&meter, now);
    ck_assert_int_eq(step(), HY_METER_UP);
    ck_assert(hear(1, number + 120, now));
    ck_assert_int_eq(step(), HY_METER_UP);
    now += 150 * HY_MS;
    ck_assert_int_eq(step(), HY_METER_UP);
    now += 100 * HY_MS;
    ck_assert_int_eq(step(), HY_METER_DOWN);
}
END_TEST

START_TEST(loss_makes_a_link_bad_and_it_heals_late)
{
    uint32_t number = run(1, 300, 0);
    number = run(number, 260, 20); /* 5 per cent */
    ck_assert_int_eq(figures().state, HY_METER_LOSSY);
    while (figures().loss_ppm >= 25000) {
        ck_assert_int_eq(figures().state, HY_METER_LOSSY);
        number = run(number, 1, 0);
    }
    ck_assert_int_eq(figures().state, HY_METER_UP);
    run(number, 300, 30); /* 3.3 per cent */
    ck_assert_int_eq(figures().state, HY_METER_UP);
    ck_assert_uint_eq(figures().outages, 0);
}
END_TEST

START_TEST(one_way_we_are_not_heard)
{
    uint32_t number = run(1, 100, 0);
    told(true, 20 * HY_MS, 0);
    ck_assert_int_eq(step(), HY_METER_UP);
    for (hy_time ago = 20 * HY_MS; ago <= limits.dead_after; ago += 25 * HY_MS) {
        number = run(number, 1, 0);
        told(true, ago, 0);
        ck_assert_int_eq(step(), HY_METER_UP);
    }
    told(true, limits.dead_after + 1, 0);
    ck_assert_int_eq(step(), HY_METER_UNHEARD);
    number = run(number, 1, 0);
    told(true, limits.dead_after / 2, 0); /* not clear yet */
    ck_assert_int_eq(step(), HY_METER_UNHEARD);
    told(true, 10 * HY_MS, 0);
    ck_assert_int_eq(step(), HY_METER_UP);
    ck_assert_uint_eq(figures().outages, 0); /* we hear it all the time */
}
END_TEST

START_TEST(one_way_we_were_never_heard)
{
    uint32_t number = 1;
    for (int i = 0; i < 8; i++) { /* it has only begun */
        number = run(number, 1, 0);
        told(false, 0, 0);
        ck_assert_int_eq(step(), HY_METER_NEW);
    }
    for (hy_time end = now + HY_SECOND; now < end;) { /* as long as addresses may have to be asked for */
        number = run(number, 1, 0);
        told(false, 0, 0);
        ck_assert_int_eq(step(), HY_METER_NEW);
    }
    for (hy_time end = now + 2 * HY_SECOND; now < end;) {
        number = run(number, 1, 0);
        told(false, 0, 0);
        step();
    }
    ck_assert_int_eq(step(), HY_METER_UNHEARD);
    ck_assert(figures().told && !figures().hears_us);
}
END_TEST

START_TEST(one_way_we_do_not_hear)
{
    run(1, 100, 0);
    hy_time heard = now;
    for (; now <= heard + limits.dead_after; now += 25 * HY_MS) { /* over another link */
        told(true, 15 * HY_MS, 0);
        ck_assert_int_eq(step(), HY_METER_UP);
    }
    told(true, 15 * HY_MS, 0);
    ck_assert_int_eq(step(), HY_METER_DEAF);
    told(true, limits.dead_after, 0); /* not clear yet */
    ck_assert_int_eq(step(), HY_METER_DEAF);
    told(true, limits.dead_after + 1, 0);
    ck_assert_int_eq(step(), HY_METER_DOWN);
    ck_assert_uint_eq(figures().outages, 1);
}
END_TEST

/* A datagram that a slow link has held up bears an old report: what was said since stays. */
START_TEST(what_was_said_earlier_does_not_count_again)
{
    const struct hy_meter_report old = {.heard = true, .sent = 1, .ago = 400 * HY_MS}, new = {.heard = true, .sent = 2};
    struct hy_meter_mark mark = {.incarnation = 1, .number = 1, .sent = UINT32_MAX - 1000};
    run(1, 100, 0);
    ck_assert_int_eq(step(), HY_METER_UP);
    mark.sent += 2000; /* the stamp runs over */
    hy_meter_told(&meter, &mark, &new, now);
    mark.sent -= 2000;
    hy_meter_told(&meter, &mark, &old, now);
    ck_assert_int_eq(step(), HY_METER_UP);
    mark = (struct hy_meter_mark){.incarnation = 2, .number = 1, .sent = 5}; /* another life has another clock */
    hy_meter_told(&meter, &mark, &old, now);
    ck_assert_int_eq(step(), HY_METER_UNHEARD);
}
END_TEST

START_TEST(one_way_while_it_comes_up_is_not_said)
{
    uint32_t number = run(1, 100, 0);
    now += HY_SECOND;
    ck_assert_int_eq(step(), HY_METER_DOWN);
    for (hy_time end = now + 1500 * HY_MS; now < end;) {
        number = run(number, 1, 0);
        told(true, HY_SECOND, 0);
        ck_assert_int_eq(step(), HY_METER_DOWN);
    }
    told(true, 10 * HY_MS, 0);
    ck_assert_int_eq(step(), HY_METER_UP);
}
END_TEST

/* Both ends fall silent at one time, but for the moments that it takes to say so: that is not "one way" to anybody. */
START_TEST(both_ways_at_once_is_down)
{
    run(1, 100, 0);
    hy_time heard = now;
    told(true, 10 * HY_MS, 0);
    while (step() == HY_METER_UP) {
        now += 5 * HY_MS;
        told(true, now - heard + 20 * HY_MS, 0); /* its last was our next to last */
    }
    ck_assert_int_eq(figures().state, HY_METER_DOWN);
    begin();
    run(1, 100, 0);
    heard = now;
    told(true, 10 * HY_MS, 0);
    while (step() == HY_METER_UP) {
        now += 5 * HY_MS;
        if (now - heard > 20 * HY_MS)
            told(true, now - heard - 20 * HY_MS, 0); /* its last came after */
    }
    ck_assert_int_eq(figures().state, HY_METER_DOWN);
}
END_TEST

START_TEST(never_heard_is_no_matter_until_the_peer_is)
{
    now += 60 * HY_SECOND;
    ck_assert_int_eq(step(), HY_METER_NEW);
    told(false, 0, 0); /* over another link */
    ck_assert_int_eq(step(), HY_METER_NEW);
    now += limits.dead_after + 1;
    ck_assert_int_eq(step(), HY_METER_DOWN);
    ck_assert(!figures().heard);
    ck_assert_uint_eq(figures().window, 0);
}
END_TEST

START_TEST(it_is_said_what_was_heard)
{
    struct hy_meter_report report;
    hy_meter_say(&meter, now, &report);
    ck_assert(!report.heard);
    ck_assert(hear(1, 1, 77));
    ck_assert(hear(1, 3, 99));
    ck_assert(hear(1, 2, 88)); /* the newest is what is given back */
    now += 1234;
    hy_meter_say(&meter, now, &report);
    ck_assert(report.heard);
    ck_assert_uint_eq(report.sent, 99);
    ck_assert_int_eq(report.ago, 1234);
    ck_assert_uint_eq(report.lost, 0);
}
END_TEST

START_TEST(only_what_is_fresh_carries_on)
{
    run(1, 100, 0);
    ck_assert(hy_meter_carries(&meter, now));
    now += limits.dead_after / 2;
    ck_assert(!hy_meter_carries(&meter, now));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("meter");
    TCase *tcase = tcase_create("meter");
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_add_test(tcase, all_that_comes_is_counted);
    tcase_add_test(tcase, loss_is_that_of_the_window);
    tcase_add_test(tcase, any_gap_is_counted_as_it_is);
    tcase_add_test(tcase, what_comes_late_is_not_lost);
    tcase_add_test(tcase, doubles_are_not_heard);
    tcase_add_test(tcase, numbers_run_over);
    tcase_add_test(tcase, another_life_begins_anew);
    tcase_add_test(tcase, jitter_is_that_of_rfc_3550);
    tcase_add_test(tcase, jitter_outlives_the_clock_that_runs_over);
    tcase_add_test(tcase, round_trip_is_without_the_time_at_the_other_end);
    tcase_add_test(tcase, silence_is_a_link_that_is_down);
    tcase_add_test(tcase, few_datagrams_heal_no_link);
    tcase_add_test(tcase, who_was_late_himself_accuses_nobody);
    tcase_add_test(tcase, loss_makes_a_link_bad_and_it_heals_late);
    tcase_add_test(tcase, one_way_we_are_not_heard);
    tcase_add_test(tcase, one_way_we_were_never_heard);
    tcase_add_test(tcase, one_way_we_do_not_hear);
    tcase_add_test(tcase, what_was_said_earlier_does_not_count_again);
    tcase_add_test(tcase, one_way_while_it_comes_up_is_not_said);
    tcase_add_test(tcase, both_ways_at_once_is_down);
    tcase_add_test(tcase, never_heard_is_no_matter_until_the_peer_is);
    tcase_add_test(tcase, it_is_said_what_was_heard);
    tcase_add_test(tcase, only_what_is_fresh_carries_on);
    return run_suite(suite);
}
