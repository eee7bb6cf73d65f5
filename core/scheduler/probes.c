/* SPDX-License-Identifier: Apache-2.0 */
/* Before anything is started, it is asked on every node whether it runs there already. */
#include "base/mutant.h"
#include "scheduler/model.h"

static bool needs_probe(const struct hy_sched *s, const struct hy_unit *unit, uint32_t node)
{
    const struct hy_past *past = &unit->past[node];
    if (past->probing)
        return true; /* it is under way: what waits for it must see it */
    if (!s->nodes[node].member || s->nodes[node].pending || s->nodes[node].witness || past->known || past->flights)
        return false;
    return !(unit->no_probe && unit->no_probe[node]) && !HY_MUTANT(PROBES_LEFT_OUT);
}

void hy_sched_make_probes(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_unit *unit = s->leaves.items[i]->unit;
        for (uint32_t n = 0; n < s->node_count && unit->prim->object && !unit->orphan; n++) {
            if (unit->past[n].probe_action != HY_NO_ACTION || !needs_probe(s, unit, n))
                continue;
            unit->past[n].probe_action =
                hy_sched_draft(s, HY_ACT_PROBE, unit, s->leaves.items[i], n, hy_sched_probe_op(unit->prim));
            s->drafts.items[unit->past[n].probe_action].out.reason = "it is not known yet whether it runs there";
        }
    }
}
