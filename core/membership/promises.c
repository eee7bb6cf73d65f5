/* SPDX-License-Identifier: Apache-2.0 */
/* Promises to others, promises of others, and the lease that these add up to. */
#include "membership/internal.h"

#include "base/mutant.h"

/* Rounded to the safe side. With rho the bound on a clock's rate error, a duration made shorter on one clock is over, in true time,
 * before the same duration on any other: (1 - 2 rho) / (1 - rho) <= 1 / (1 + rho). */
hy_time hy_membership_shorter(const struct hy_membership *m, hy_time duration)
{
    if (HY_MUTANT(CLOCKS_ARE_EXACT))
        return duration;
    return duration - (duration * 2 * m->rho_ppm + 999999) / 1000000;
}

hy_time hy_membership_longer(const struct hy_membership *m, hy_time duration)
{
    return duration + (duration * 2 * m->rho_ppm + 999999) / 1000000;
}

/* A core that restarted has forgotten what it promised, until the log admits its new incarnation it promises nothing. */
bool hy_membership_may_promise(const struct hy_membership *m)
{
    const struct hy_membership_node *self = &m->nodes[m->self];
    return hy_membership_has_say(self) && self->applied.in && self->applied.incarnation == m->incarnation;
}

bool hy_membership_supports(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    if ((!hy_membership_may_promise(m) && !HY_MUTANT(PROMISES_BEFORE_ADMISSION)) || hy_membership_verdict_logged(node))
        return false;
    if (node == &m->nodes[m->self])
        return true;
    /* A promise to one that does not hear it is none, and would only keep us from turning. */
    return node->applied.in && node->applied.incarnation == node->incarnation && node->hears_us && !node->turned &&
           node->refused_until <= now;
}

bool hy_membership_sent_at(const struct hy_membership *m, uint64_t number, hy_time *at)
{
    if (number == 0 || number > m->number || m->number - number >= HY_MEMBERSHIP_SENT)
        return false;
    *at = m->sent[number % HY_MEMBERSHIP_SENT];
    return true;
}

static void measure_round_trip(struct hy_membership_node *from, hy_time sample)
{
    if (sample < 0)
        return; /* clocks of two rates, and a round trip below a microsecond */
    if (from->round_trip == 0)
        from->round_trip = sample;
    else
        from->round_trip += (sample - from->round_trip) / 8; /* RFC 6298's SRTT */
    if (from->round_trip == 0)
        from->round_trip = 1;
}

void hy_membership_take_promise(struct hy_membership *m, struct hy_membership_node *from,
                                const struct hy_heartbeat_about *about, hy_time now)
{
    hy_time sent;
    if (about->incarnation != m->incarnation || !hy_membership_sent_at(m, about->number, &sent))
        return;
    measure_round_trip(from, now - sent - about->held);
    if (!hy_membership_has_say(from) || about->promised == 0 || about->number < m->count_echo)
        return;
    if (about->epoch < from->promise_epoch)
        return;
    if (about->epoch == from->promise_epoch && from->promise_sent && sent > from->promise_sent)
        hy_membership_note_age(m, from, now - from->promise_sent);
    from->promise_sent = sent;
    hy_time until = (HY_MUTANT(LEASE_FROM_RECEIPT) ? now : sent) + hy_membership_shorter(m, about->promised);
    if (about->epoch > from->promise_epoch || until > from->promise_until)
        from->promise_until = until;
    from->promise_epoch = about->epoch;
}

void hy_membership_give_promises(struct hy_membership *m, struct hy_heartbeat *heartbeat, hy_time now)
{
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        if (i == m->self)
            continue;
        bool later = hy_membership_latest(node) > node->incarnation; /* than what was heard: that is not to be echoed */
        struct hy_heartbeat_about *about = &heartbeat->about[heartbeat->count++];
        *about = (struct hy_heartbeat_about){.node = node->id,
                                             .hears = !later && hy_membership_heard(m, node, now),
                                             .epoch = node->applied.epoch,
                                             .incarnation = hy_membership_latest(node),
                                             .number = later ? 0 : node->number};
        if (!later && node->incarnation != 0)
            about->held = now - node->heard_at;
        if (node->refused_until > now) {
            about->refused = node->refused_until - now;
        } else if (node->incarnation != 0 && hy_membership_supports(m, node, now)) {
            about->promised = HY_MUTANT(PROMISE_TOLD_SHORTER) ? m->dead_after * 3 / 4 : m->dead_after;
            if (node->promised_until < node->heard_at + m->dead_after)
                node->promised_until = node->heard_at + m->dead_after;
        }
    }
}

void hy_membership_drop_promises(struct hy_membership *m)
{
    for (size_t i = 0; i < m->count; i++)
        m->nodes[i].promise_until = m->nodes[i].promise_sent = 0;
    m->count_echo = m->number + 1;
}

/* The `rank`th latest, from 1. They come in any order: compared without a branch, that costs nothing. */
static hy_time nth_latest(const hy_time *times, size_t count, size_t rank)
{
    hy_time found = HY_NEVER;
    for (size_t i = 0; i < count; i++) {
        size_t later = 0;
        for (size_t k = 0; k < count; k++)
            later += times[k] > times[i];
        found = later < rank && times[i] < found ? times[i] : found;
    }
    return found;
}

/* When fewer than a majority still promise; 0: they do not now. */
static hy_time majority_until(const struct hy_membership *m)
{
    hy_time until[HY_MEMBERSHIP_MAX_NODES];
    size_t count = 0;
    const struct hy_membership_node *self = &m->nodes[m->self];
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *node = &m->nodes[i];
        hy_time value = 0;
        if (!node->voter)
            continue;
        if (node == self)
            value = hy_membership_supports(m, self, m->now) ? HY_NEVER : 0;
        else if (node->promise_epoch == self->applied.epoch || HY_MUTANT(PROMISE_OF_ANY_EPOCH))
            value = node->promise_until;
        until[count++] = value;
    }
    return count >= m->majority ? nth_latest(until, count, m->majority) : 0;
}

/* The only voter needs nobody's promise. Yet its lease outlives its core, and when there are others it may not always be
 * the only one: then what it hands out is over within D_max, like any promise. Said again when half of that is left. */
static hy_time own_word(const struct hy_membership *m)
{
    if (m->count == 1)
        return HY_NEVER;
    bool fresh = m->lease_epoch == m->nodes[m->self].applied.epoch && m->lease_said != HY_NEVER &&
                 m->lease_said - m->now > m->dead_after_max / 2;
    return fresh ? m->lease_said : m->now + hy_membership_shorter(m, m->dead_after_max) - m->release_margin;
}

hy_time hy_membership_lease_end(const struct hy_membership *m)
{
    const struct hy_membership_node *self = &m->nodes[m->self];
    if (!self->applied.in || self->applied.incarnation != m->incarnation)
        return 0;
    hy_time until = majority_until(m);
    if (until == HY_NEVER)
        return own_word(m);
    return until > m->release_margin ? until - m->release_margin : 0;
}

static void say_lease(struct hy_membership *m, hy_time at, struct hy_membership_effects *effects)
{
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_LEASE);
    effect->node = m->nodes[m->self].id;
    effect->epoch = m->nodes[m->self].applied.epoch;
    effect->since = m->nodes[m->self].since;
    effect->incarnation = m->incarnation;
    effect->at = at;
    m->lease_said = at;
    m->lease_epoch = effect->epoch;
}

void hy_membership_renew_lease(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    hy_time at = hy_membership_lease_end(m);
    if (at <= now)
        at = 0;
    if ((m->lease_said != 0 && m->lease_said <= now) || (m->withdraw && at == 0))
        say_lease(m, 0, effects);
    if (at != m->lease_said || (at != 0 && m->lease_epoch != m->nodes[m->self].applied.epoch))
        say_lease(m, at, effects);
    m->withdraw = false;
}

hy_time hy_membership_lease(const struct hy_membership *membership, hy_time now)
{
    hy_time at = hy_membership_lease_end(membership);
    return at > now ? at : 0;
}
