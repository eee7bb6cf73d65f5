/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which instances of a promotable clone are promoted: those with the highest promotion score, which agents set as the node
 * attribute master-RSC, and to which locations, colocations and the wishes of what goes with them add.
 */
#include "scheduler/model.h"

#include <stdio.h>

/* ---------------------------------------------------------------- what agents say */

static bool attribute_of(const struct hy_sched *s, const char *name, uint32_t node, int *score)
{
    char attribute[512];
    snprintf(attribute, sizeof attribute, "master-%s", name);
    const char *text = hy_sched_node_attr(&s->nodes[node], attribute);
    return text && hy_score_parse(text, score);
}

enum { NOT_SAID = INT_MIN };

/* By the name that the history has for it, else by that of the primitive. */
static int said_of(struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    int score = NOT_SAID;
    const char *known_as = leaf->known_as;
    if (known_as && attribute_of(s, known_as, node, &score))
        return score;
    struct hy_unit *unit = leaf->unit;
    if (!unit->said) {
        unit->said = hy_arena_array(&s->scratch, s->node_count, sizeof *unit->said);
        for (uint32_t n = 0; n < s->node_count; n++)
            if (!attribute_of(s, unit->name, n, &unit->said[n]) &&
                !(leaf->unique && attribute_of(s, leaf->id, n, &unit->said[n])))
                unit->said[n] = NOT_SAID;
    }
    return unit->said[node];
}

/* Whether what is said of a node is said of this instance: it is the one there; or there is none, and it has been looked
 * for; or nothing is known of it at all, as when the cluster starts. */
static bool applies(const struct hy_srsc *leaf, uint32_t node)
{
    if (leaf->score[node] == HY_ABSENT || leaf->score[node] < 0)
        return false;
    if (hy_sched_is_active_on(leaf, node))
        return true;
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    bool known = leaf->unit->past[node].known;
    if (!leaf->unique && !hy_sched_is_active_on(clone, node) && known)
        return true;
    if (!leaf->unique)
        return !leaf->active.count && !leaf->known_somewhere;
    bool anywhere = leaf->active.count;
    for (uint32_t n = 0; n < clone->node_limit && !anywhere; n++)
        anywhere = leaf->unit->past[n].known;
    return known || !anywhere;
}

/* Beyond INFINITY it is still told who wants it more. */
static int more_wish(int a, int b)
{
    if (a <= 0 || b <= 0)
        return hy_score_add(a, b);
    return a > INT_MAX - b ? INT_MAX : a + b;
}

/* A group has the sum of what is said of its members. NOT_SAID: nothing is, of any of them. */
static int promotion_score(struct hy_sched *s, const struct hy_srsc *rsc, uint32_t node)
{
    if (rsc->kind == HY_RSC_PRIMITIVE)
        return applies(rsc, node) ? said_of(s, rsc, node) : NOT_SAID;
    int score = NOT_SAID;
    for (size_t i = 0; i < rsc->children.count; i++) {
        int said = promotion_score(s, rsc->children.items[i], node);
        if (said != NOT_SAID)
            score = score == NOT_SAID ? said : more_wish(score, said);
    }
    return score;
}

/* Instances are put where they could be promoted. */
void hy_sched_add_promotion_scores(struct hy_sched *s, struct hy_srsc *clone)
{
    clone->node_limit = s->node_count;
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *instance = clone->children.items[i];
        for (uint32_t n = 0; n < s->node_count; n++) {
            if (instance->score[n] == HY_ABSENT || !s->nodes[n].usable)
                continue;
            int score = promotion_score(s, instance, n);
            if (score > 0)
                instance->score[n] = hy_score_add(instance->score[n], score);
            if (score > instance->priority)
                instance->priority = score;
        }
        hy_sched_book_word(s, instance, "how much its agent wants to be promoted there");
    }
}

/* ---------------------------------------------------------------- by itself */

/* The highest that is asked of it or its members; ANY is the lowest. */
static enum hy_role asked(const struct hy_srsc *rsc)
{
    enum hy_role role = rsc->kind != HY_RSC_PRIMITIVE ? HY_ROLE_ANY : rsc->managed ? rsc->asked : rsc->next;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (asked(rsc->children.items[i]) > role)
            role = asked(rsc->children.items[i]);
    return role;
}

static void rate(struct hy_sched *s, struct hy_srsc *clone, struct hy_srsc *instance)
{
    enum hy_role wanted = asked(instance);
    uint32_t node = instance->node;
    instance->promotion = -HY_INFINITY;
    if (node == HY_NO_NODE || wanted == HY_ROLE_STOPPED || wanted == HY_ROLE_UNPROMOTED)
        return;
    instance->promotion = wanted == HY_ROLE_PROMOTED ? instance->priority : promotion_score(s, instance, node);
    if (instance->promotion == NOT_SAID)
        instance->promotion = -1; /* a location alone can make it 0 or more */
    instance->said = instance->promotion;
    if (clone->promote_score)
        instance->promotion = hy_score_add(instance->promotion, clone->promote_score[node]);
    const hy_scoloc_list *with = hy_sched_with(s, instance);
    for (size_t i = 0; i < with->count; i++)
        hy_sched_apply_colocation(s, instance, with->items[i]->primary, with->items[i]);
    instance->rating = wanted == HY_ROLE_PROMOTED ? HY_INFINITY : instance->promotion;
}

/* ---------------------------------------------------------------- with others */

static bool is_rated(const struct hy_srsc *instance)
{
    return instance->node != HY_NO_NODE && instance->rating >= 0;
}

static bool is_forced(const struct hy_srsc *instance)
{
    return asked(instance) == HY_ROLE_PROMOTED;
}

/* What goes with the promoted one, or what that one must go with, has wishes of its own. */
static void add_wishes(struct hy_sched *s, struct hy_srsc *clone)
{
    for (size_t i = 0; i < clone->children.count; i++) {
        const struct hy_srsc *instance = clone->children.items[i];
        if (is_rated(instance) && clone->score[instance->node] != HY_ABSENT)
            clone->score[instance->node] = hy_score_add(instance->rating, clone->score[instance->node]);
    }
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++)
        if (with->items[i]->dependent_role == HY_ROLE_PROMOTED && with->items[i]->score >= HY_INFINITY)
            hy_sched_pull_primary(s, clone, with->items[i]);
    const hy_scoloc_list *dependents = hy_sched_dependents(s, clone);
    for (size_t i = 0; i < dependents->count; i++)
        if (dependents->items[i]->primary_role == HY_ROLE_PROMOTED)
            hy_sched_pull(s, clone, dependents->items[i]);
    for (uint32_t n = 0; n < s->node_count && clone->tickets; n++)
        hy_sched_add_score(s, clone, n, -HY_INFINITY);
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *instance = clone->children.items[i];
        if (is_forced(instance))
            instance->rating = HY_INFINITY;
        else if (is_rated(instance))
            instance->rating = clone->score[instance->node];
    }
}

static enum hy_role current_role(const struct hy_srsc *rsc)
{
    enum hy_role role = rsc->kind == HY_RSC_PRIMITIVE ? rsc->role : HY_ROLE_STOPPED;
    for (size_t i = 0; i < rsc->children.count; i++)
        if (current_role(rsc->children.items[i]) > role)
            role = current_role(rsc->children.items[i]);
    return role;
}

static int by_rating(const void *one, const void *other)
{
    const struct hy_srsc *a = *(struct hy_srsc *const *)one, *b = *(struct hy_srsc *const *)other;
    if (a->rating != b->rating)
        return a->rating > b->rating ? -1 : 1;
    enum hy_role x = current_role(a), y = current_role(b);
    if (x != y)
        return x > y ? -1 : 1;
    if (a->promotion != b->promotion) /* where the sum is INFINITY anyway */
        return a->promotion > b->promotion ? -1 : 1;
    return a->order < b->order ? -1 : 1;
}

/* ---------------------------------------------------------------- choosing */

/* A group is promoted as a whole: none of its members may be against it. */
static bool all_ready(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!all_ready(rsc->children.items[i]) || rsc->children.items[i]->priority < 0)
            return false;
    return rsc->node != HY_NO_NODE;
}

static bool is_managed(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (!is_managed(rsc->children.items[i]))
            return false;
    return rsc->kind != HY_RSC_PRIMITIVE || rsc->managed;
}

static bool may_promote(const struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *instance,
                        const uint32_t *promoted)
{
    if (instance->rating < 0 || !all_ready(instance))
        return false;
    if (!is_managed(instance))
        return current_role(instance) == HY_ROLE_PROMOTED;
    uint32_t node = instance->node;
    if (instance->promotion < 0 || !s->nodes[node].usable || clone->score[node] == HY_ABSENT ||
        promoted[node] >= clone->promoted_node_max)
        return false;
    if (s->properties.no_quorum == HY_NO_QUORUM_DEMOTE)
        return false;
    return s->properties.no_quorum != HY_NO_QUORUM_FREEZE || current_role(instance) == HY_ROLE_PROMOTED;
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
    size_t count = clone->children.count;
    for (size_t i = 0; i < count; i++) {
        clone->sorted[i]->order = (uint32_t)i;
        clone->sorted[i]->rating = -HY_INFINITY;
        rate(s, clone, clone->sorted[i]);
    }
    add_wishes(s, clone);
    if (count > 1)
        qsort(clone->sorted, count, sizeof(struct hy_srsc *), by_rating);
    uint32_t *promoted = hy_arena_array(&s->scratch, s->node_count, sizeof *promoted);
    uint32_t done = 0;
    for (size_t i = 0; i < count; i++) {
        struct hy_srsc *instance = clone->sorted[i];
        instance->order = (uint32_t)i;
        if ((done >= clone->promoted_max && clone->meta.managed) || !may_promote(s, clone, instance, promoted)) {
            set_next(instance, HY_ROLE_UNPROMOTED);
            continue;
        }
        set_next(instance, HY_ROLE_PROMOTED);
        promoted[instance->node]++;
        done++;
    }
}
