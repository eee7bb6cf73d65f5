/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of colocation, one half: what is placed tells those that go with it where they may be, and which of
 * their instances are to be promoted. The other half is pull.c.
 */
#include "scheduler/model.h"

bool hy_sched_same_place(const struct hy_sched *s, const struct hy_scoloc *colocation, uint32_t a, uint32_t b)
{
    if (a == HY_NO_NODE || b == HY_NO_NODE)
        return false;
    if (!colocation->attribute)
        return a == b;
    const char *x = hy_sched_node_attr(&s->nodes[a], colocation->attribute);
    const char *y = hy_sched_node_attr(&s->nodes[b], colocation->attribute);
    return x && y ? !strcasecmp(x, y) : x == y;
}

bool hy_sched_any_node(const struct hy_sched *s, const int *score)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (score[n] >= 0 && s->nodes[n].usable)
            return true;
    return false;
}

enum hy_role hy_sched_next_role(const struct hy_srsc *rsc)
{
    enum hy_role role = rsc->kind == HY_RSC_PRIMITIVE ? rsc->next : HY_ROLE_ANY;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (hy_sched_next_role(rsc->children.items[i]) > role)
            role = hy_sched_next_role(rsc->children.items[i]);
    return role;
}

static void note(struct hy_sched *s, struct hy_srsc *dependent, const struct hy_scoloc *colocation,
                 const struct hy_srsc *primary, uint32_t node, int score, const uint8_t *ruled_out)
{
    struct hy_cause *cause = hy_sched_cause(s, dependent, HY_CAUSE_COLOCATION, node, score);
    cause->id = colocation->id;
    cause->other = primary;
    cause->colocation = colocation;
    cause->ruled_out = ruled_out;
}

/* ---------------------------------------------------------------- with a primitive */

static int *copy_scores(struct hy_sched *s, const int *score)
{
    int *copy = hy_arena_array(&s->scratch, s->node_count, sizeof *copy);
    memcpy(copy, score, s->node_count * sizeof *copy);
    return copy;
}

static void apply_to_place(struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *primary,
                           const struct hy_scoloc *colocation)
{
    int weight = colocation->score;
    if (primary->node == HY_NO_NODE && weight < 0)
        return;
    bool mandatory = weight >= HY_INFINITY || weight <= -HY_INFINITY;
    int *score = copy_scores(s, dependent->score);
    uint8_t *ruled_out = mandatory ? hy_arena_array(&s->scratch, s->node_count, 1) : NULL;
    for (uint32_t n = 0; n < s->node_count; n++) {
        bool together = hy_sched_same_place(s, colocation, n, primary->node);
        if (mandatory)
            ruled_out[n] = together == (weight < 0);
        if (score[n] == HY_ABSENT)
            continue;
        if (primary->node == HY_NO_NODE)
            score[n] = hy_score_add(score[n], -weight);
        else if (!together)
            score[n] = weight >= HY_INFINITY ? -HY_INFINITY : score[n];
        else if (weight < HY_INFINITY)
            score[n] = hy_score_add(score[n], weight);
    }
    if (!mandatory && !hy_sched_any_node(s, score))
        return;
    dependent->score = score;
    note(s, dependent, colocation, primary, primary->node, weight, ruled_out);
}

/* Once instances have their nodes, it is about which of them are promoted. */
static void apply_to_promotion(const struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *primary,
                               const struct hy_scoloc *colocation)
{
    if (primary->node == HY_NO_NODE || dependent->node == HY_NO_NODE)
        return;
    if (!hy_sched_same_place(s, colocation, dependent->node, primary->node)) {
        if (colocation->score >= HY_INFINITY && colocation->dependent_role == HY_ROLE_PROMOTED)
            dependent->promotion = -HY_INFINITY;
        return;
    }
    if (colocation->primary_role != HY_ROLE_ANY && colocation->primary_role != primary->next)
        return;
    int sign = colocation->dependent_role == HY_ROLE_UNPROMOTED ? -1 : 1;
    dependent->promotion = hy_score_add(dependent->promotion, sign * colocation->score);
}

static void apply_to_primitive(struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *primary,
                               const struct hy_scoloc *colocation)
{
    if (!primary->assigned)
        return;
    bool by_role = colocation->dependent_role >= HY_ROLE_UNPROMOTED;
    if (by_role && dependent->parent && dependent->parent->promotable && dependent->assigned) {
        apply_to_promotion(s, dependent, primary, colocation);
        return;
    }
    if (dependent->assigned)
        return;
    if (colocation->dependent_role != HY_ROLE_ANY && colocation->dependent_role != dependent->next)
        return;
    if (colocation->primary_role != HY_ROLE_ANY && colocation->primary_role != primary->next)
        return;
    apply_to_place(s, dependent, primary, colocation);
}

/* ---------------------------------------------------------------- with a clone */

static bool any_blocked(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (any_blocked(rsc->children.items[i]))
            return true;
    return rsc->blocked;
}

static struct hy_srsc *instance_at(const struct hy_srsc *clone, uint32_t node, enum hy_role role)
{
    for (struct hy_srsc *at = clone->first_at[node]; at; at = at->next_at)
        if (!any_blocked(at) && (role == HY_ROLE_ANY || hy_sched_next_role(at) == role))
            return at;
    return NULL;
}

/* The instance it would best be with. */
static struct hy_srsc *counterpart(struct hy_sched *s, const struct hy_srsc *dependent, const struct hy_srsc *clone,
                                   enum hy_role role)
{
    if (dependent->node != HY_NO_NODE)
        return instance_at(clone, dependent->node, role);
    uint32_t best = HY_NO_NODE;
    for (uint32_t n = 0; n < s->node_count; n++)
        if (dependent->score[n] != HY_ABSENT && clone->first_at[n] && instance_at(clone, n, role) &&
            (best == HY_NO_NODE || hy_sched_compare_nodes(s, dependent->score, HY_NO_NODE, n, best) < 0))
            best = n;
    return best == HY_NO_NODE ? NULL : instance_at(clone, best, role);
}

/* Whether instances of the two go in pairs. Whoever keeps apart keeps apart from all of them. */
static bool is_interleaved(const struct hy_scoloc *colocation)
{
    const struct hy_srsc *dependent = colocation->dependent, *primary = colocation->primary;
    return dependent->kind == HY_RSC_CLONE && dependent->interleave && colocation->score > 0 &&
           dependent->clone_node_max == primary->clone_node_max;
}

/* Only where the marked nodes are, or nodes with the same attribute as one of them. `worth`: what the instance there was
 * worth adds up; NULL: it does not. */
static void confine(struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *clone,
                    const struct hy_scoloc *colocation, const uint8_t *marked, const int *worth)
{
    uint8_t *ruled_out = hy_arena_array(&s->scratch, s->node_count, 1);
    for (uint32_t n = 0; n < s->node_count; n++) {
        uint32_t match = marked[n] ? n : HY_NO_NODE;
        for (uint32_t m = 0; m < s->node_count && match == HY_NO_NODE && colocation->attribute; m++)
            if (marked[m] && hy_sched_same_place(s, colocation, n, m))
                match = m;
        ruled_out[n] = match == HY_NO_NODE;
        if (dependent->score[n] == HY_ABSENT)
            continue;
        if (match == HY_NO_NODE)
            dependent->score[n] = -HY_INFINITY;
        else if (worth)
            dependent->score[n] = hy_score_add(dependent->score[n], worth[match]);
    }
    note(s, dependent, colocation, clone, HY_NO_NODE, HY_INFINITY, ruled_out);
}

/* With the instances in a role: promoted ones, mostly. */
static void apply_to_role(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *clone,
                          const struct hy_scoloc *colocation)
{
    uint8_t *marked = hy_arena_array(&s->scratch, s->node_count, 1);
    int *worth = hy_arena_array(&s->scratch, s->node_count, sizeof *worth);
    for (size_t i = 0; i < clone->children.count; i++) {
        const struct hy_srsc *instance = clone->children.items[i];
        if (instance->node == HY_NO_NODE || hy_sched_next_role(instance) != colocation->primary_role)
            continue;
        const struct hy_srsc *leaf = hy_sched_first_leaf(instance);
        marked[instance->node] = 1;
        worth[instance->node] = leaf->score[instance->node];
        for (uint32_t n = 0; n < s->node_count && colocation->score < HY_INFINITY; n++)
            if (dependent->score[n] != HY_ABSENT && hy_sched_same_place(s, colocation, n, instance->node))
                dependent->score[n] = hy_score_add(dependent->score[n], colocation->score);
    }
    if (colocation->score < HY_INFINITY)
        return;
    /* Instances that are not to be promoted could not even start otherwise. */
    if (colocation->dependent_role != HY_ROLE_PROMOTED || colocation->primary_role != HY_ROLE_PROMOTED)
        confine(s, dependent, clone, colocation, marked, worth);
}

static bool is_beside(const struct hy_sched *s, const struct hy_srsc *dependent, const struct hy_srsc *clone,
                      const struct hy_scoloc *colocation)
{
    if (!colocation->attribute && dependent->node != HY_NO_NODE)
        return instance_at(clone, dependent->node, colocation->primary_role);
    for (uint32_t n = 0; n < s->node_count; n++)
        if (hy_sched_same_place(s, colocation, n, dependent->node) && instance_at(clone, n, colocation->primary_role))
            return true;
    return false;
}

/* Where it is placed already, it is not promoted but beside an instance. */
static void forbid_promotion(const struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *clone,
                             const struct hy_scoloc *colocation)
{
    if (dependent->assigned && colocation->dependent_role == HY_ROLE_PROMOTED && colocation->score >= HY_INFINITY &&
        !is_beside(s, dependent, clone, colocation))
        dependent->promotion = -HY_INFINITY;
}

static void promote_with(const struct hy_sched *s, struct hy_srsc *dependent, const struct hy_srsc *clone,
                         const struct hy_scoloc *colocation)
{
    if (is_beside(s, dependent, clone, colocation))
        dependent->promotion = hy_score_add(dependent->promotion, colocation->score);
    else
        forbid_promotion(s, dependent, clone, colocation);
}

static void apply_to_pair(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *clone,
                          const struct hy_scoloc *colocation)
{
    struct hy_srsc *instance = counterpart(s, dependent, clone, HY_ROLE_ANY);
    if (instance)
        hy_sched_apply_colocation(s, dependent, instance, colocation);
    else if (colocation->score >= HY_INFINITY && !dependent->assigned) {
        note(s, dependent, colocation, clone, HY_NO_NODE, HY_INFINITY, NULL);
        hy_sched_settle(s, dependent, HY_NO_NODE, true);
    }
    forbid_promotion(s, dependent, clone, colocation);
}

static void apply_to_clone(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *clone,
                           const struct hy_scoloc *colocation)
{
    if (!clone->assigned)
        return;
    if (clone->promotable && colocation->primary_role != HY_ROLE_ANY) {
        if (!dependent->assigned)
            apply_to_role(s, dependent, clone, colocation);
        else if (colocation->dependent_role == HY_ROLE_PROMOTED)
            promote_with(s, dependent, clone, colocation);
        return;
    }
    if (is_interleaved(colocation)) {
        apply_to_pair(s, dependent, clone, colocation);
        return;
    }
    if (colocation->score >= HY_INFINITY) {
        uint8_t *marked = hy_arena_array(&s->scratch, s->node_count, 1);
        for (uint32_t n = 0; n < s->node_count; n++)
            marked[n] = instance_at(clone, n, HY_ROLE_ANY) != NULL;
        if (!dependent->assigned)
            confine(s, dependent, clone, colocation, marked, NULL);
        forbid_promotion(s, dependent, clone, colocation);
        return;
    }
    /* The first in the order of placement, or of promotion, come first: what would leave no node is left out. */
    for (size_t i = 0; i < clone->children.count; i++)
        hy_sched_apply_colocation(s, dependent, clone->sorted[i], colocation);
}

void hy_sched_apply_colocation(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *primary,
                               const struct hy_scoloc *colocation)
{
    bool by_role = dependent->kind == HY_RSC_GROUP && dependent->assigned && dependent->parent &&
                   dependent->parent->promotable && colocation->dependent_role >= HY_ROLE_UNPROMOTED;
    if (dependent->kind == HY_RSC_GROUP && !by_role) {
        if (dependent->children.count)
            hy_sched_apply_colocation(s, dependent->children.items[0], primary, colocation);
        return;
    }
    if (primary->kind == HY_RSC_CLONE) {
        apply_to_clone(s, dependent, primary, colocation);
        hy_sched_book_colocation(s, dependent, colocation, primary);
    } else if (primary->kind == HY_RSC_GROUP) {
        /* To be with the whole of a group is to be with its last member; to be near it, with its first. */
        size_t count = primary->children.count;
        if (count && primary->assigned)
            apply_to_primitive(s, dependent, primary->children.items[colocation->score >= HY_INFINITY ? count - 1 : 0],
                               colocation);
    } else {
        apply_to_primitive(s, dependent, primary, colocation);
    }
}
