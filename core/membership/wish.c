/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What D should be here: docs/decisions/adaptive-detection.md. What is looked at is the longest gap of some minutes, in
 * pieces that are forgotten one by one. Not a mean, nor a deviation from one: it is the rare long gap that accuses the
 * innocent, and on hosts that share their processors it is far beyond all that the many short ones foretell.
 */
#include "membership/internal.h"

#include <errno.h>
#include <inttypes.h>

enum { STEPS = 5 /* from the least to the most: a change of D is an entry in the log */ };

static const hy_time usual_calm = 300 * HY_SECOND;

void hy_membership_wish_begin(struct hy_membership *m, const struct hy_membership_options *options, hy_time now)
{
    struct hy_membership_wishing *wishing = &m->wishing;
    hy_time calm = options->calm > 0 ? options->calm : usual_calm;
    wishing->adapts = options->adapts && options->dead_after_max > options->dead_after;
    wishing->least = options->dead_after;
    wishing->piece = (calm + HY_MEMBERSHIP_PIECES - 1) / HY_MEMBERSHIP_PIECES;
    wishing->piece_ends = now + wishing->piece;
}

/* D that has room for such a gap: silence is to fill no more than 60 % of it, and promises, with the margin that a release
 * takes, no more than 90 %. One heartbeat that is lost asks for nothing, in any profile. */
static hy_time need(const struct hy_membership *m, hy_time gap, bool promises)
{
    return promises ? (gap + m->release_margin) * 10 / 9 : gap * 5 / 3;
}

/* 0: the least will do. */
static hy_time round_up(const struct hy_membership *m, hy_time needed)
{
    hy_time least = m->wishing.least, room = m->dead_after_max - least;
    if (needed <= least)
        return 0;
    for (hy_time step = 1; step < STEPS; step++)
        if (needed <= least + room * step / STEPS)
            return least + room * step / STEPS;
    return m->dead_after_max;
}

static void note(struct hy_membership *m, const struct hy_membership_node *from, hy_time gap, bool promises)
{
    struct hy_membership_wishing *wishing = &m->wishing;
    /* No setting would have borne more: that was no jitter, it was an outage. */
    if (!wishing->adapts || gap > m->dead_after_max)
        return;
    hy_time needed = need(m, gap, promises);
    struct hy_membership_wish *piece = &wishing->pieces[wishing->at];
    if (needed <= piece->dead_after)
        return;
    *piece = (struct hy_membership_wish){.dead_after = needed, .gap = gap, .node = from->id, .promises = promises};
    hy_time wished = round_up(m, needed);
    if (wished <= wishing->wish.dead_after)
        return;
    wishing->wish = *piece;
    wishing->wish.dead_after = wished;
    wishing->changed = true;
}

/* Where this node was late itself, `count_from` has moved: only what is left was the other's, or the network's. */
void hy_membership_note_silence(struct hy_membership *m, const struct hy_membership_node *from, hy_time now)
{
    if (from->applied.incarnation == from->incarnation)
        note(m, from, now - from->count_from, false);
}

/* Here its own lateness counts: it ends its lease like anybody's. */
void hy_membership_note_age(struct hy_membership *m, const struct hy_membership_node *from, hy_time age)
{
    note(m, from, age, true);
}

/* A fifth more room than what raises it: else it would go up and down at the border of two steps. */
static void lower(struct hy_membership *m)
{
    struct hy_membership_wishing *wishing = &m->wishing;
    const struct hy_membership_wish *worst = &wishing->pieces[0];
    for (size_t i = 1; i < HY_MEMBERSHIP_PIECES; i++)
        if (wishing->pieces[i].dead_after > worst->dead_after)
            worst = &wishing->pieces[i];
    hy_time wished = round_up(m, worst->dead_after * 6 / 5);
    if (wished >= wishing->wish.dead_after)
        return;
    wishing->wish = wished ? *worst : (struct hy_membership_wish){0};
    wishing->wish.dead_after = wished;
    wishing->changed = true;
}

void hy_membership_say_wish(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    struct hy_membership_wishing *wishing = &m->wishing;
    /* A node that slept over several pieces forgets all of them the sooner: it has seen nothing meanwhile. */
    if (now >= wishing->piece_ends && wishing->adapts) {
        wishing->at = (wishing->at + 1) % HY_MEMBERSHIP_PIECES;
        wishing->pieces[wishing->at] = (struct hy_membership_wish){0};
        wishing->piece_ends = now + wishing->piece;
        lower(m);
    }
    if (!wishing->changed)
        return;
    wishing->changed = false;
    hy_membership_emit(effects, HY_MEMBERSHIP_WISH);
}

struct hy_membership_wish hy_membership_wish(const struct hy_membership *membership)
{
    return membership->wishing.wish;
}

int hy_membership_take_settings(struct hy_membership *m, const struct hy_membership_event *event, struct hy_err *err)
{
    if (!m->wishing.adapts)
        return 0;
    if (event->at < m->wishing.least || event->at > m->dead_after_max)
        return hy_fail(err, EINVAL, "dead-after of %" PRId64 " us is not within %" PRId64 " and %" PRId64 " us",
                       event->at, m->wishing.least, m->dead_after_max);
    m->dead_after = event->at;
    return 0;
}
