/* SPDX-License-Identifier: Apache-2.0 */
/* Hands over what was decided and seen, apart from the actions. */
#include "scheduler/model.h"

static void report_nodes(struct hy_sched *s)
{
    struct hy_decision *decision = s->decision;
    decision->nodes = hy_arena_array(&decision->arena, s->node_count, sizeof *decision->nodes);
    decision->node_count = s->node_count;
    for (uint32_t n = 0; n < s->node_count; n++) {
        const struct hy_snode *node = &s->nodes[n];
        decision->nodes[n] = (struct hy_node_view){.node = node->name,
                                                   .member = node->member,
                                                   .usable = node->usable,
                                                   .standby = node->standby,
                                                   .standby_onfail = node->standby_onfail,
                                                   .maintenance = node->maintenance,
                                                   .pending = node->pending,
                                                   .unclean = node->unclean,
                                                   .reason = node->reason};
    }
}

const char *hy_sched_instance_name(struct hy_sched *s, struct hy_srsc *leaf)
{
    if (!leaf->in_clone || leaf->unique || leaf->orphan)
        return leaf->unit->name;
    if (!leaf->shown)
        leaf->shown = hy_arena_printf(&s->decision->arena, "%s:%u", leaf->unit->name, leaf->instance);
    return leaf->shown;
}

static enum hy_role shown_role(const struct hy_srsc *leaf, int level)
{
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    if (level == 0)
        return HY_ROLE_STOPPED;
    if (level == 2)
        return HY_ROLE_PROMOTED;
    return clone && clone->promotable ? HY_ROLE_UNPROMOTED : HY_ROLE_STARTED;
}

static bool is_surplus(const struct hy_srsc *leaf)
{
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    return leaf->final == 0 && (leaf->orphan || (clone && leaf->instance >= clone->clone_max));
}

/* A clone's own instance, or a member of the same group, is known by its primitive. */
static const char *behind(struct hy_sched *s, const struct hy_srsc *leaf)
{
    const struct hy_srsc *other = leaf->halt_by;
    bool waits = leaf->halt == HY_HALT_ORDER || leaf->halt == HY_HALT_COLOCATION;
    return waits && other && other != leaf ? hy_arena_strdup(&s->decision->arena, other->id) : NULL;
}

static void report_leaf(struct hy_sched *s, struct hy_srsc *leaf)
{
    struct hy_decision *decision = s->decision;
    bool nowhere = !leaf->final && leaf->managed;
    if (!is_surplus(leaf))
        decision->placements[decision->placement_count++] = (struct hy_placement){
            .rsc = leaf->unit->name,
            .primitive = leaf->unit->prim->id,
            .node = leaf->final && leaf->node != HY_NO_NODE ? s->nodes[leaf->node].name : NULL,
            .role = shown_role(leaf, leaf->final),
            .reason = hy_sched_why_here(s, leaf),
            .instance = hy_sched_instance_name(s, leaf),
            .wanted = leaf->node != HY_NO_NODE ? s->nodes[leaf->node].name : NULL,
            .behind = behind(s, leaf),
            .locked_to = nowhere && leaf->lock_node != HY_NO_NODE ? s->nodes[leaf->lock_node].name : NULL,
            .no_place = nowhere && leaf->halt == HY_HALT_NO_NODE,
            .stopped_by_wish = nowhere && (leaf->halt == HY_HALT_TARGET_ROLE || leaf->halt == HY_HALT_ORPHAN ||
                                           leaf->halt == HY_HALT_STOP_ALL),
            .unmanaged = !leaf->managed,
            .blocked = leaf->blocked};
    for (size_t i = 0; i < leaf->active.count; i++) {
        uint32_t node = leaf->active.items[i];
        const struct hy_past *past = &leaf->unit->past[node];
        if (past->arriving && leaf->managed)
            continue;
        decision->active[decision->active_count++] =
            (struct hy_active){.rsc = leaf->unit->name,
                               .primitive = leaf->unit->prim->id,
                               .node = s->nodes[node].name,
                               .role = shown_role(leaf, past->role == HY_ROLE_PROMOTED ? 2 : 1),
                               .failed = past->failed,
                               .blocked = leaf->blocked,
                               .unmanaged = !leaf->managed && !leaf->blocked,
                               .orphan = leaf->orphan};
    }
}

static void report_tree(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        report_leaf(s, rsc);
    for (size_t i = 0; i < rsc->children.count; i++)
        report_tree(s, rsc->children.items[i]);
}

void hy_sched_report(struct hy_sched *s)
{
    struct hy_decision *decision = s->decision;
    size_t active = 0;
    for (size_t i = 0; i < s->leaves.count; i++)
        active += s->leaves.items[i]->active.count;
    decision->placements = hy_arena_array(&decision->arena, s->leaves.count, sizeof *decision->placements);
    decision->active = hy_arena_array(&decision->arena, active, sizeof *decision->active);
    for (size_t i = 0; i < s->tops.count; i++)
        report_tree(s, s->tops.items[i]);
    hy_sched_report_scores(s);
    report_nodes(s);
}
