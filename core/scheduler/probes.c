/* SPDX-License-Identifier: Apache-2.0 */
/* Before anything is started, it is asked on every node whether it runs there already. */
#include "scheduler/graph.h"

#include "base/mutant.h"

/* A recurring monitor that has not answered yet says nothing: what was known may have been cleaned up under it. */
static bool is_being_changed(const struct hy_past *past)
{
    for (const struct hy_flight *flight = past->flights; flight; flight = flight->next)
        if (strcmp(flight->op, "monitor") != 0)
            return true;
    return false;
}

static bool needs_probe(const struct hy_sched *s, const struct hy_unit *unit, uint32_t node)
{
    const struct hy_past *past = &unit->past[node];
    const struct hy_snode *at = &s->nodes[node];
    if (past->probing)
        return true; /* it is under way: what waits for it must see it */
    if (!at->member || at->unclean || at->awaited || at->witness || past->known || is_being_changed(past))
        return false;
    return !(unit->no_probe && unit->no_probe[node]) && !HY_MUTANT(PROBES_LEFT_OUT);
}

static uint32_t probe(struct hy_graph *g, struct hy_srsc *leaf, uint32_t node)
{
    struct hy_past *past = &leaf->unit->past[node];
    bool joining = g->s->nodes[node].pending; /* it takes no orders yet */
    if (past->probe_action == HY_NO_ACTION) {
        past->probe_action = hy_graph_step(g, leaf, HY_TASK_PROBE, node, joining ? 0 : HY_RUNNABLE);
        struct hy_step *step = hy_step_at(g, past->probe_action);
        step->sop = hy_sched_probe_op(leaf->unit->prim);
        step->reason =
            joining ? "its node is joining and takes no orders yet" : "it is not known yet whether it runs there";
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
        hy_course_of(g, leaf)->asked = true;
        /* Who cannot be asked holds up a start, and does not end what runs. */
        uint32_t kind = g->s->nodes[n].pending && !leaf->active.count ? HY_LINK_NEEDS : HY_LINK_ORDER;
        for (uint32_t start = hy_graph_first(g, leaf, HY_TASK_START); start != HY_NO_ACTION;
             start = hy_graph_next(g, start))
            if (!unit->everywhere || n == hy_step_at(g, start)->node || g->s->nodes[n].pending)
                hy_graph_link(g, asked, start, kind);
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

/* ---------------------------------------------------------------- what is in doubt */

/* `rsc`: what is called for, or a group or clone of which a member is. */
static void wait_for_word(struct hy_graph *g, const struct hy_srsc *rsc, uint32_t stop)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        wait_for_word(g, rsc->children.items[i], stop);
    if (rsc->kind != HY_RSC_PRIMITIVE || !hy_course_of(g, rsc)->unheard)
        return;
    for (uint32_t n = 0; n < g->s->node_count; n++)
        hy_graph_link(g, rsc->unit->past[n].probe_action, stop, HY_LINK_NEEDS);
    if (hy_course_of(g, rsc)->waits_for != HY_NO_NODE) {
        hy_course_of(g, hy_step_at(g, stop)->rsc)->waits_for = hy_course_of(g, rsc)->waits_for;
        hy_step_at(g, stop)->marks |= HY_WAITING;
    }
}

/* What runs is not stopped for the start of something that may have run all the time, as after the restart of a core: it
 * waits for the word of that one's probes. */
void hy_graph_doubts(struct hy_graph *g)
{
    uint32_t count = (uint32_t)g->steps.count;
    for (uint32_t i = 0; i < count; i++) {
        const struct hy_step *step = hy_step_at(g, i);
        if ((step->task != HY_TASK_STOP && step->task != HY_TASK_DEMOTE) || !(step->marks & HY_DOUBTFUL))
            continue;
        uint32_t cause = step->called_by;
        for (uint32_t most = count; most && hy_step_is(g, cause, HY_DOUBTFUL); most--) {
            if (hy_step_at(g, cause)->called_by == HY_NO_ACTION)
                break;
            cause = hy_step_at(g, cause)->called_by; /* orders that contradict each other may make a circle */
        }
        if (hy_step_at(g, cause)->rsc)
            wait_for_word(g, hy_step_at(g, cause)->rsc, i);
    }
}
