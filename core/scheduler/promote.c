/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which instances of a promotable clone are promoted: those with the highest promotion score, which agents set as the node attribute
 * master-RSC, and to which locations and colocations with role=Promoted add.
 */
#include "scheduler/model.h"

#include <stdio.h>

static struct hy_srsc *speaker(struct hy_srsc *instance)
{
    return instance->kind == HY_RSC_GROUP && instance->children.count ? instance->children.items[0] : instance;
}

static int attribute_score(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    char name[512];
    int score = -1;
    snprintf(name, sizeof name, "master-%s", leaf->unit->name);
    const char *text = hy_sched_node_attr(&s->nodes[node], name);
    if (text)
        hy_score_parse(text, &score);
    return score;
}

static int promotion_score(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *leaf)
{
    uint32_t node = leaf->node;
    int score = attribute_score(s, leaf, node);
    if (clone->promote_score && clone->promote_score[node])
        score = score < 0 ? clone->promote_score[node] : hy_score_add(score, clone->promote_score[node]);
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++) {
        const struct hy_scoloc *colocation = with->items[i];
        const struct hy_srsc *primary = colocation->primary;
        if (colocation->dependent_role != HY_ROLE_PROMOTED || primary->kind == HY_RSC_CLONE || !primary->assigned)
            continue;
        bool together = hy_sched_same_place(s, colocation, node, primary->node);
        if (together && colocation->score < HY_INFINITY)
            score = hy_score_add(score, colocation->score);
        else if (!together && colocation->score >= HY_INFINITY)
            score = -HY_INFINITY;
    }
    return score;
}

static bool may_promote(const struct hy_srsc *leaf)
{
    return leaf->managed && leaf->node != HY_NO_NODE && leaf->meta.target_role != HY_ROLE_UNPROMOTED;
}

static void set_next(struct hy_srsc *rsc, enum hy_role role)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        set_next(rsc->children.items[i], role);
    if (rsc->kind == HY_RSC_PRIMITIVE && rsc->node != HY_NO_NODE && rsc->managed)
        rsc->next = role;
}

void hy_sched_set_roles(struct hy_sched *s, struct hy_srsc *clone)
{
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *leaf = speaker(clone->children.items[i]);
        leaf->promotion = may_promote(leaf) ? promotion_score(s, clone, leaf) : -1;
    }
    for (uint32_t done = 0; done < clone->promoted_max; done++) {
        struct hy_srsc *best = NULL;
        struct hy_srsc *chosen = NULL;
        for (size_t i = 0; i < clone->children.count; i++) {
            struct hy_srsc *leaf = speaker(clone->children.items[i]);
            if (leaf->promotion < 0 || leaf->next == HY_ROLE_PROMOTED)
                continue;
            if (!best || leaf->promotion > best->promotion ||
                (leaf->promotion == best->promotion && leaf->role == HY_ROLE_PROMOTED &&
                 best->role != HY_ROLE_PROMOTED)) {
                best = leaf;
                chosen = clone->children.items[i];
            }
        }
        if (!best)
            return;
        set_next(chosen, HY_ROLE_PROMOTED);
    }
}
