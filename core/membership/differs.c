/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes whose file has other settings of the detection than this one's: seen from what they say, and told once. */
#include "membership/internal.h"

/* An agreed change is with all members after a commit, and with one that catches up a little later. */
static const hy_time PATIENCE = 10 * HY_SECOND;

static void say(struct hy_membership_node *from, uint64_t incarnation, hy_time its, hy_time ours, const char *which,
                struct hy_membership_effects *effects)
{
    if (from->differs == incarnation)
        return;
    from->differs = incarnation;
    struct hy_membership_effect *effect = hy_membership_emit(effects, HY_MEMBERSHIP_DIFFERS);
    effect->node = from->id;
    effect->incarnation = incarnation;
    effect->at = its;
    effect->by = ours;
    effect->why = which;
}

void hy_membership_other_bound(struct hy_membership *m, struct hy_membership_node *from,
                               const struct hy_heartbeat *heartbeat, struct hy_membership_effects *effects)
{
    say(from, heartbeat->incarnation, heartbeat->dead_after_max, m->dead_after_max, "dead-after-max", effects);
}

void hy_membership_compare_promise(struct hy_membership *m, struct hy_membership_node *from,
                                   const struct hy_heartbeat *heartbeat, hy_time now,
                                   struct hy_membership_effects *effects)
{
    hy_time promised = 0;
    for (size_t i = 0; i < heartbeat->count && !promised; i++)
        promised = heartbeat->about[i].promised;
    if (!promised)
        return;
    if (promised == m->dead_after)
        from->differs_since = 0;
    else if (!from->differs_since)
        from->differs_since = now;
    else if (now - from->differs_since > PATIENCE)
        say(from, heartbeat->incarnation, promised, m->dead_after, "dead-after", effects);
}
