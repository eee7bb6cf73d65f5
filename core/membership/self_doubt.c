/* SPDX-License-Identifier: Apache-2.0 */
/* Was it me? A node that was late itself has no right to call others silent. */
#include "membership/internal.h"

#include "base/mutant.h"

static hy_time earlier(hy_time a, hy_time b)
{
    return a < b ? a : b;
}

void hy_membership_doubt_self(struct hy_membership *m, hy_time now, struct hy_membership_effects *effects)
{
    hy_time late = now - m->deadline;
    if (late <= m->heartbeat || HY_MUTANT(NO_SELF_DOUBT))
        return;
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        node->count_from = earlier(node->count_from + late, now);
        node->contact_from = earlier(node->contact_from + late, now);
    }
    m->excused += late;
    hy_membership_emit(effects, HY_MEMBERSHIP_LATE)->by = late;
}

/* `by` more, but not beyond the bound: for what only the host has felt, nobody is borne longer than by D_max and D. */
static hy_time given(hy_time from, hy_time by, hy_time bound, hy_time now)
{
    hy_time moved = earlier(from + by, earlier(bound, now));
    return moved > from ? moved : from;
}

/* Pressure on the host is no measure of what this process has waited for. For what of it falls into the silence, if it was
 * even since the last look, there is up to a quarter of D, once in a silence. */
static hy_time worth_of_hint(const struct hy_membership *m, struct hy_membership_node *node, hy_time hint, hy_time now)
{
    hy_time silence = now - node->contact_from, since = now - m->looked_at;
    if (silence < since)
        hint = hint * silence / since;
    hy_time worth = earlier(hint, m->dead_after / 4 - node->hinted);
    if (hint <= m->heartbeat || worth <= 0)
        return 0;
    node->hinted += worth;
    return worth;
}

void hy_membership_held_up(struct hy_membership *m, const struct hy_membership_event *event, hy_time now,
                           struct hy_membership_effects *effects)
{
    bool accuses = hy_membership_accuses(m, now);
    hy_time measured = event->at - m->excused; /* what the loop has felt of it is given already */
    hy_time hint = event->hint - m->excused - (measured > 0 ? measured : 0);
    hy_time most = 0;
    m->excused = 0;
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_node *node = &m->nodes[i];
        hy_time by = measured > m->heartbeat ? measured : 0;
        if (i == m->self || node->turned)
            continue;
        by += worth_of_hint(m, node, hint, now);
        most = by > most ? by : most;
        node->count_from = given(node->count_from, by, node->heard_at + m->dead_after_max, now);
        node->contact_from = given(node->contact_from, by, node->contact_at + m->dead_after_max, now);
    }
    m->looked_at = now;
    if (accuses && most > 0)
        hy_membership_emit(effects, HY_MEMBERSHIP_DOUBT)->by = most;
}

const char *hy_membership_why_silent(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    if (hy_membership_heard(m, node, now))
        return "it is heard, but has heard nothing of this node for the whole of dead-after";
    size_t heard = 0;
    for (size_t i = 0; i < m->count; i++)
        heard += i != m->self && hy_membership_heard(m, &m->nodes[i], now);
    if (heard > 0 || m->count == 2)
        return "silent for the whole of dead-after";
    return "silent for the whole of dead-after, as all others are: it may be this node that is cut off";
}
