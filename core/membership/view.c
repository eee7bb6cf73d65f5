/* SPDX-License-Identifier: Apache-2.0 */
/* What this node sees, for those who ask. */
#include "membership/internal.h"

bool hy_membership_heard(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    return node == &m->nodes[m->self] || (node->incarnation != 0 && now - node->count_from < m->dead_after);
}

/* Does `a` hear `b`, as far as this node knows? */
static bool hears(const struct hy_membership *m, const struct hy_membership_node *a, const struct hy_membership_node *b,
                  hy_time now)
{
    if (a == &m->nodes[m->self])
        return hy_membership_heard(m, b, now);
    return a == b || (hy_membership_heard(m, a, now) && a->opinions[b - m->nodes].hears);
}

bool hy_membership_reachable(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *other = &m->nodes[i];
        count += hy_membership_has_say(other) && hears(m, other, node, now) && hears(m, node, other, now);
    }
    return count >= m->majority;
}

bool hy_membership_admissible(const struct hy_membership *m, const struct hy_membership_node *node, hy_time now)
{
    if (!hy_membership_heard(m, node, now))
        return false;
    /* A core that restarted within its lease has no time for a second look. */
    return node->applied.in ? node->applied.incarnation != node->incarnation : hy_membership_reachable(m, node, now);
}

bool hy_membership_quorum(const struct hy_membership *membership, hy_time now)
{
    return hy_membership_reachable(membership, &membership->nodes[membership->self], now);
}

uint32_t hy_membership_lowest_live(const struct hy_membership *membership, uint32_t except, hy_time now)
{
    uint32_t lowest = 0;
    for (size_t i = 0; i < membership->count; i++) {
        const struct hy_membership_node *node = &membership->nodes[i];
        if (hy_membership_has_say(node) && node->id != except &&
            hears(membership, node, &membership->nodes[membership->self], now) && (lowest == 0 || node->id < lowest))
            lowest = node->id;
    }
    return lowest;
}

hy_time hy_membership_dead_after(const struct hy_membership *membership)
{
    return membership->dead_after;
}

bool hy_membership_accuses(const struct hy_membership *membership, hy_time now)
{
    for (size_t i = 0; i < membership->count; i++)
        if (!membership->nodes[i].turned && hy_membership_must_turn(membership, &membership->nodes[i], now))
            return true;
    return false;
}

hy_time hy_membership_worst_case(const struct hy_membership *membership)
{
    return hy_membership_longer(membership, membership->dead_after) + membership->heartbeat;
}

bool hy_membership_view(const struct hy_membership *membership, uint32_t node, hy_time now,
                        struct hy_membership_view *view)
{
    for (size_t i = 0; i < membership->count; i++) {
        const struct hy_membership_node *seen = &membership->nodes[i];
        if (seen->id != node)
            continue;
        *view = (struct hy_membership_view){
            .node = node,
            .heard = hy_membership_heard(membership, seen, now),
            .hears_us = hears(membership, seen, &membership->nodes[membership->self], now),
            .supported = hy_membership_supports(membership, seen, now),
            .incarnation = seen->incarnation,
            .admitted = seen->applied.in,
            .admitted_incarnation = seen->applied.incarnation,
            .epoch = seen->applied.epoch,
            .admissible = hy_membership_admissible(membership, seen, now),
            .condemned = seen->condemned,
            .released = seen->released,
            .last_heard = i == membership->self ? now : seen->heard_at,
            .round_trip = seen->round_trip,
            .against = hy_membership_against(membership, seen, now, 0),
            .disk = i == membership->self ? membership->disk : seen->disk,
            .servers_index = i == membership->self ? membership->servers_index : seen->servers_index,
            .lineage = i == membership->self ? membership->lineage : seen->lineage,
            .settled = seen->incarnation != 0 &&
                       now - seen->met_at >= hy_membership_longer(membership, membership->dead_after_max),
            .blank = i == membership->self ? membership->voters == 0 : seen->blank};
        return true;
    }
    return false;
}
