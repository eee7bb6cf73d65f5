/* SPDX-License-Identifier: Apache-2.0 */
#include "meter/meter.h"

#include "base/mutant.h"

#include <string.h>

enum { WORTH_JUDGING = 64 /* datagrams in the window, before its loss says anything */ };

static const hy_time longest_round_trip = 60 * HY_SECOND; /* what is longer is no answer */
/* A link that comes up seldom does so in both directions at once: addresses are asked for once a second (RFC 1122, 2.3.2.1). */
static const hy_time settling = 2 * HY_SECOND;

uint32_t hy_meter_stamp(hy_time now)
{
    return (uint32_t)(uint64_t)now;
}

void hy_meter_begin(struct hy_meter *meter, const struct hy_meter_limits *limits, hy_time now)
{
    *meter = (struct hy_meter){.limits = *limits, .state = HY_METER_NEW, .begun = now, .state_since = now};
}

/* ---- what is heard ---- */

/* A number that came is counted as expected only from here on: what a gap would hold is not in the window. */
static void begin_window(struct hy_meter *meter, uint32_t number)
{
    memset(meter->window, 0, sizeof meter->window);
    meter->window[0] = 1;
    meter->window_size = 1;
    meter->highest = number;
    meter->has_transit = false;
    meter->broken = false;
}

static void shift_window(struct hy_meter *meter, uint32_t by)
{
    enum { WORDS = HY_METER_WINDOW / 64 };
    uint64_t moved[WORDS] = {0};
    if (by < HY_METER_WINDOW) {
        unsigned words = by / 64, bits = by % 64;
        for (unsigned i = words; i < WORDS; i++) {
            moved[i] = meter->window[i - words] << bits;
            if (bits && i > words)
                moved[i] |= meter->window[i - words - 1] >> (64 - bits);
        }
    }
    memcpy(meter->window, moved, sizeof moved);
    meter->window[0] |= 1;
    meter->window_size = by < HY_METER_WINDOW - meter->window_size ? meter->window_size + by : HY_METER_WINDOW;
}

static unsigned window_count(const struct hy_meter *meter)
{
    unsigned count = 0;
    for (size_t i = 0; i < HY_METER_WINDOW / 64; i++)
        count += (unsigned)__builtin_popcountll(meter->window[i]);
    return count;
}

/* An earlier number that had not come yet. False: it had, or is too old to be known. */
static bool take_earlier(struct hy_meter *meter, uint32_t behind)
{
    uint64_t bit = UINT64_C(1) << behind % 64;
    if (behind >= meter->window_size || (meter->window[behind / 64] & bit)) {
        meter->doubled++;
        return false;
    }
    meter->window[behind / 64] |= bit;
    meter->disordered++;
    return true;
}

static void begin_session(struct hy_meter *meter, const struct hy_meter_mark *mark, hy_time now)
{
    meter->incarnation = mark->incarnation;
    meter->session_since = now;
    meter->told = false; /* it was said in another life */
    meter->expected++;
    begin_window(meter, mark->number);
}

/* RFC 3550, A.8; in the order of arrival. */
static void take_transit(struct hy_meter *meter, uint32_t transit)
{
    uint32_t difference = transit - meter->transit;
    if (difference > INT32_MAX)
        difference = 0 - difference;
    /* What would run over is none that anybody would call jitter. */
    if (meter->has_transit && difference < UINT32_MAX / 32)
        meter->jitter16 += difference - ((meter->jitter16 + 8) >> 4);
    meter->transit = transit;
    meter->has_transit = true;
}

bool hy_meter_heard(struct hy_meter *meter, const struct hy_meter_mark *mark, hy_time now)
{
    if (mark->incarnation < meter->incarnation || !mark->number)
        return false;
    uint32_t ahead = mark->number - meter->highest;
    bool first = meter->incarnation < mark->incarnation;
    if (!first && (!ahead || ahead > INT32_MAX) && !take_earlier(meter, 0 - ahead))
        return false;
    if (first) {
        begin_session(meter, mark, now);
        meter->newest_sent = mark->sent;
    } else if (ahead && ahead <= INT32_MAX) { /* serial numbers, RFC 1982 */
        meter->expected += ahead;
        if (meter->broken)
            begin_window(meter, mark->number);
        else
            shift_window(meter, ahead);
        meter->highest = mark->number;
        meter->newest_sent = mark->sent;
    }
    if (!meter->received || first || now - meter->last_heard > meter->limits.dead_after / 2)
        meter->steady_since = now;
    meter->received++;
    meter->last_heard = now;
    take_transit(meter, hy_meter_stamp(now) - mark->sent);
    return true;
}

void hy_meter_say(const struct hy_meter *meter, hy_time now, struct hy_meter_report *report)
{
    *report = (struct hy_meter_report){.heard = meter->incarnation != 0};
    if (!report->heard)
        return;
    unsigned lost = (meter->window_size - window_count(meter)) * 256 / meter->window_size;
    report->sent = meter->newest_sent;
    report->ago = now - meter->last_heard;
    report->lost = (uint8_t)(lost < UINT8_MAX ? lost : UINT8_MAX);
}

/* ---- what is said of us ---- */

void hy_meter_told(struct hy_meter *meter, const struct hy_meter_mark *mark, const struct hy_meter_report *report,
                   hy_time now)
{
    bool same_life = meter->told && mark->incarnation == meter->told_incarnation;
    if (same_life && mark->sent - meter->told_sent > INT32_MAX) /* serial numbers, RFC 1982 */
        return;
    meter->told_incarnation = mark->incarnation;
    meter->told_sent = mark->sent;
    if (!meter->told)
        meter->first_told = now;
    meter->told = true;
    meter->told_heard = report->heard;
    meter->told_ago = report->ago;
    meter->told_lost = report->lost;
    meter->last_told = now;
}

void hy_meter_answered(struct hy_meter *meter, const struct hy_meter_report *report, hy_time now)
{
    if (!report->heard || (meter->has_round_trip && report->sent == meter->echoed))
        return;
    uint32_t since = hy_meter_stamp(now) - report->sent;
    hy_time trip = (hy_time)since - report->ago;
    if (trip < 0 || trip > longest_round_trip)
        return;
    if (!meter->has_round_trip)
        meter->round_trip = meter->round_trip_least = meter->round_trip_most = trip;
    meter->round_trip += (trip - meter->round_trip) / 8;
    meter->round_trip_least = trip < meter->round_trip_least ? trip : meter->round_trip_least;
    meter->round_trip_most = trip > meter->round_trip_most ? trip : meter->round_trip_most;
    meter->echoed = report->sent;
    meter->has_round_trip = true;
}

/* ---- the state ---- */

static hy_time later(hy_time a, hy_time b)
{
    return a > b ? a : b;
}

static hy_time silence(const struct hy_meter *meter, hy_time now)
{
    hy_time since = meter->incarnation ? meter->last_heard : later(meter->begun, meter->first_told);
    return now - later(since, meter->late_until);
}

/* For how long the peer has not heard us, as of its last word; never longer than we know of it. */
static hy_time silence_there(const struct hy_meter *meter, hy_time now)
{
    hy_time known = now - later(meter->incarnation ? meter->session_since : meter->first_told, meter->late_until);
    hy_time since = now - later(meter->last_told, meter->late_until) + meter->told_ago;
    return meter->told_heard && since < known ? since : known;
}

static unsigned loss_ppm(const struct hy_meter *meter)
{
    unsigned size = meter->window_size;
    return size ? (unsigned)((uint64_t)(size - window_count(meter)) * 1000000 / size) : 0;
}

/* Bad from the limit on, and good again from half of it: in between nothing changes. */
static enum hy_meter_state judge_loss(const struct hy_meter *meter)
{
    unsigned ppm = loss_ppm(meter), limit = meter->limits.lossy * 10000;
    if (meter->state == HY_METER_LOSSY)
        return ppm * 2 < limit ? HY_METER_UP : HY_METER_LOSSY;
    return meter->window_size >= WORTH_JUDGING && ppm >= limit ? HY_METER_LOSSY : HY_METER_UP;
}

/*
 * Both ends fall silent within moments of each other, and each hears of it a little later than it happened. So what says
 * "one way" must be clear by half of the time in which a link dies; what is in between stays as it is.
 */
static enum hy_meter_state judge_silent(const struct hy_meter *meter, hy_time now)
{
    hy_time there = silence_there(meter, now), limit = meter->limits.dead_after;
    if (HY_MUTANT(METER_DEAF_TO_PEERS))
        return HY_METER_DOWN;
    if (meter->told && meter->told_heard && there < limit / 2)
        return HY_METER_DEAF;
    bool stays = meter->state == HY_METER_DEAF && meter->told && there <= limit;
    return stays ? HY_METER_DEAF : HY_METER_DOWN;
}

static enum hy_meter_state judge_heard(const struct hy_meter *meter, hy_time now)
{
    hy_time there = meter->told && !HY_MUTANT(METER_DEAF_TO_PEERS) ? silence_there(meter, now) : 0;
    hy_time limit = meter->limits.dead_after;
    if (there > limit)
        return HY_METER_UNHEARD;
    if (there >= limit / 2 || (meter->told && !meter->told_heard))
        return meter->state;
    return judge_loss(meter);
}

static enum hy_meter_state judge(const struct hy_meter *meter, hy_time now)
{
    hy_time silent = silence(meter, now), limit = meter->limits.dead_after / (HY_MUTANT(METER_HASTY) ? 8 : 1);
    if (!meter->incarnation && !meter->told)
        return meter->state;
    if ((meter->state == HY_METER_DOWN && HY_MUTANT(METER_STAYS_DEAD)) ||
        (silent > limit && HY_MUTANT(METER_NEVER_DEAD)))
        return meter->state;
    if (silent > limit)
        return judge_silent(meter, now);
    bool steady = meter->incarnation && now - meter->steady_since >= limit;
    return steady && silent < limit / 2 ? judge_heard(meter, now) : meter->state;
}

void hy_meter_was_late(struct hy_meter *meter, hy_time now)
{
    meter->late_until = now;
}

static bool comes_up_one_way(const struct hy_meter *meter)
{
    bool was_off = meter->state == HY_METER_DOWN || meter->state == HY_METER_NEW;
    return was_off && (meter->next == HY_METER_UNHEARD || meter->next == HY_METER_DEAF);
}

bool hy_meter_step(struct hy_meter *meter, hy_time now, enum hy_meter_state *was)
{
    enum hy_meter_state next = judge(meter, now);
    *was = meter->state;
    if (next != meter->next) {
        meter->next = next;
        meter->next_since = now;
    }
    if (next == *was || (comes_up_one_way(meter) && now - meter->next_since < settling))
        return false;
    bool silent = next == HY_METER_DOWN || next == HY_METER_DEAF;
    bool was_silent = *was == HY_METER_DOWN || *was == HY_METER_DEAF;
    if (silent && !was_silent) {
        meter->outages++;
        meter->broken = true;
    }
    meter->state = next;
    meter->state_since = now;
    return true;
}

bool hy_meter_carries(const struct hy_meter *meter, hy_time now)
{
    bool works = meter->state == HY_METER_UP || meter->state == HY_METER_LOSSY;
    return works && silence(meter, now) < meter->limits.dead_after / 2;
}

/* ---- to be shown ---- */

void hy_meter_figures(const struct hy_meter *meter, struct hy_meter_figures *figures)
{
    *figures = (struct hy_meter_figures){.state = meter->state,
                                         .state_since = meter->state_since,
                                         .heard = meter->incarnation != 0,
                                         .last_heard = meter->last_heard,
                                         .received = meter->received,
                                         .lost = meter->expected - meter->received,
                                         .doubled = meter->doubled,
                                         .disordered = meter->disordered,
                                         .outages = meter->outages,
                                         .window = meter->window_size,
                                         .loss_ppm = loss_ppm(meter),
                                         .told = meter->told,
                                         .hears_us = meter->told && meter->told_heard,
                                         .loss_out_ppm = meter->told_lost * 1000000u / 256,
                                         .jitter = meter->jitter16 / 16,
                                         .has_round_trip = meter->has_round_trip,
                                         .round_trip = meter->round_trip,
                                         .round_trip_least = meter->round_trip_least,
                                         .round_trip_most = meter->round_trip_most};
}

const char *hy_meter_word(enum hy_meter_state state)
{
    static const char *const words[] = {[HY_METER_NEW] = "not heard yet",
                                        [HY_METER_UP] = "up",
                                        [HY_METER_LOSSY] = "bad",
                                        [HY_METER_UNHEARD] = "one way: does not hear us",
                                        [HY_METER_DEAF] = "one way: is not heard",
                                        [HY_METER_DOWN] = "down"};
    return words[state];
}
