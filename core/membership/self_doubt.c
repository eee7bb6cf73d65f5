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
    hy_membership_emit(effects, HY_MEMBERSHIP_LATE)->by = late;
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
