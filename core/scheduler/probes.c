/* SPDX-License-Identifier: Apache-2.0 */
/* Before anything is started, it is asked on every node whether it runs there already. */
#include "scheduler/graph.h"

#include "base/mutant.h"

static bool needs_probe(const struct hy_sched *s, const struct hy_unit *unit, uint32_t node)
{
    const struct hy_past *past = &unit->past[node];
    const struct hy_snode *at = &s->nodes[node];
    if (past->probing)
        return true; /* it is under way: what waits for it must see it */
    if (!at->member || at->unclean || at->pending || at->witness || past->known || past->flights)
        return false;
    return !(unit->no_probe && unit->no_probe[node]) && !HY_MUTANT(PROBES_LEFT_OUT);
}

static uint32_t probe(struct hy_graph *g, struct hy_srsc *leaf, uint32_t node)
{
    struct hy_past *past = &leaf->unit->past[node];
    if (past->probe_action == HY_NO_ACTION) {
        past->probe_action = hy_graph_step(g, leaf, HY_TASK_PROBE, node, HY_RUNNABLE);
        struct hy_step *step = hy_step_at(g, past->probe_action);
        step->sop = hy_sched_probe_op(leaf->unit->prim);
        step->reason = "it is not known yet whether it runs there";
        if (past->probing)
            step->marks |= HY_PENDING;
    }
    return past->probe_action;
}

/* The steps of all instances of an anonymous clone on a node are of one name: its probe there comes before the start of
 * whichever is to run there. */
static void probe_all(struct hy_graph *g, struct hy_srsc *leaf)
{
    struct hy_unit *unit = leaf->unit;
    for (uint32_t n = 0; n < g->s->node_count; n++) {
        if (!needs_probe(g->s, unit, n))
            continue;
        uint32_t asked = probe(g, leaf, n);
        for (uint32_t start = hy_graph_first(g, leaf, HY_TASK_START); start != HY_NO_ACTION;
             start = hy_graph_next(g, start))
            if (!unit->everywhere || n == hy_step_at(g, start)->node)
                hy_graph_link(g, asked, start, HY_LINK_ORDER);
        uint32_t go = hy_graph_first(g, leaf, HY_TASK_MIGRATE_TO);
        if (go != HY_NO_ACTION && n == leaf->node)
            hy_graph_link(g, asked, go, HY_LINK_ORDER);
    }
}

void hy_graph_probes(struct hy_graph *g)
{
    struct hy_sched *s = g->s;
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (leaf->unit->prim->object && !leaf->unit->orphan)
            probe_all(g, leaf);
    }
}
