/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of colocation. Two movements: what is placed tells those that go with it where they may be (apply); and
 * what is to be placed first asks those that will go with it where they would like to be (pull).
 */
#include "scheduler/model.h"

/* A node whose score a pull would have made negative: out of the pull's reach, and 1 at its end. */
#define PULLED_OUT (HY_INFINITY * -100)

/* ---------------------------------------------------------------- which colocations bear on a resource */

/* By the other one's priority, then clones, groups, primitives, then the constraint's id. */
static int weigh(const struct hy_scoloc *a, const struct hy_scoloc *b, bool as_dependent)
{
    const struct hy_srsc *x = as_dependent ? a->primary : a->dependent;
    const struct hy_srsc *y = as_dependent ? b->primary : b->dependent;
    if (x->meta.priority != y->meta.priority)
        return x->meta.priority > y->meta.priority ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind > y->kind ? -1 : 1;
    if (x->promotable != y->promotable)
        return x->promotable ? -1 : 1;
    return strcmp(a->id, b->id);
}

static void insert(struct hy_sched *s, hy_scoloc_list *list, struct hy_scoloc *colocation, bool as_dependent)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == colocation)
            return;
    hy_arena_vec_push(&s->scratch, list, colocation);
    size_t at = list->count - 1;
    while (at > 0 && weigh(colocation, list->items[at - 1], as_dependent) < 0) {
        list->items[at] = list->items[at - 1];
        at--;
    }
    list->items[at] = colocation;
}

static void insert_own(struct hy_sched *s, struct hy_srsc *rsc, bool as_dependent, bool internal, hy_scoloc_list *list)
{
    const hy_scoloc_list *own = as_dependent ? &rsc->with : &rsc->dependents;
    for (size_t i = 0; i < own->count; i++)
        if (internal || !own->items[i]->internal)
            insert(s, list, own->items[i], as_dependent);
}

static void gather(struct hy_sched *s, struct hy_srsc *rsc, struct hy_srsc *asker, bool as_dependent,
                   hy_scoloc_list *list);

/* A group follows others through its first member, and is followed through its last: the chain inside does the rest. */
static void gather_group(struct hy_sched *s, struct hy_srsc *group, struct hy_srsc *asker, bool as_dependent,
                         hy_scoloc_list *list)
{
    const struct hy_srsc *end = group->children.items[as_dependent ? 0 : group->children.count - 1];
    if (asker != group && asker != end)
        return;
    insert_own(s, group, as_dependent, true, list);
    if (group->parent)
        gather(s, group->parent, asker, as_dependent, list);
    for (size_t i = 0; i < group->children.count; i++)
        if (group->children.items[i] != asker)
            insert_own(s, group->children.items[i], as_dependent, false, list);
}

static void gather(struct hy_sched *s, struct hy_srsc *rsc, struct hy_srsc *asker, bool as_dependent,
                   hy_scoloc_list *list)
{
    if (rsc->kind == HY_RSC_GROUP) {
        if (rsc->children.count)
            gather_group(s, rsc, asker, as_dependent, list);
        return;
    }
    insert_own(s, rsc, as_dependent, true, list);
    if (rsc->parent)
        gather(s, rsc->parent, asker, as_dependent, list);
}

static hy_scoloc_list *gathered(struct hy_sched *s, struct hy_srsc *rsc, bool as_dependent)
{
    hy_scoloc_list *list = hy_arena_alloc(&s->scratch, sizeof *list);
    gather(s, rsc, rsc, as_dependent, list);
    return list;
}

const hy_scoloc_list *hy_sched_with(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (!rsc->all_with)
        rsc->all_with = gathered(s, rsc, true);
    return rsc->all_with;
}

const hy_scoloc_list *hy_sched_dependents(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (!rsc->all_dependents)
        rsc->all_dependents = gathered(s, rsc, false);
    return rsc->all_dependents;
}

/* ---------------------------------------------------------------- apply */

bool hy_sched_same_place(const struct hy_sched *s, const struct hy_scoloc *colocation, uint32_t a, uint32_t b)
{
    if (a == HY_NO_NODE || b == HY_NO_NODE)
        return false;
    if (!colocation->attribute)
        return a == b;
    const char *x = hy_sched_node_attr(&s->nodes[a], colocation->attribute);
    const char *y = hy_sched_node_attr(&s->nodes[b], colocation->attribute);
    return x && y && !strcasecmp(x, y);
}

bool hy_sched_any_node(const struct hy_sched *s, const int *score)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (score[n] != HY_ABSENT && score[n] >= 0 && s->nodes[n].usable)
            return true;
    return false;
}

static void note(struct hy_sched *s, struct hy_srsc *dependent, const struct hy_scoloc *colocation,
                 const struct hy_srsc *primary, uint32_t node, int score)
{
    struct hy_cause *cause = hy_sched_cause(s, dependent, HY_CAUSE_COLOCATION, node, score);
    cause->id = colocation->id;
    cause->other = primary;
}

static void apply_to_primitive(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *primary,
                               const struct hy_scoloc *colocation)
{
    int weight = colocation->score;
    if (!primary->assigned || dependent->assigned)
        return;
    if (colocation->primary_role != HY_ROLE_ANY && primary->node != HY_NO_NODE &&
        colocation->primary_role != primary->next)
        return;
    if (primary->node == HY_NO_NODE && weight < 0)
        return;
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    memcpy(score, dependent->score, s->node_count * sizeof *score);
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (score[n] == HY_ABSENT)
            continue;
        if (primary->node == HY_NO_NODE)
            score[n] = hy_score_add(score[n], -weight);
        else if (!hy_sched_same_place(s, colocation, n, primary->node))
            score[n] = weight >= HY_INFINITY ? -HY_INFINITY : score[n];
        else if (weight < HY_INFINITY)
            score[n] = hy_score_add(score[n], weight);
    }
    bool mandatory = weight >= HY_INFINITY || weight <= -HY_INFINITY;
    if (mandatory || hy_sched_any_node(s, score)) {
        dependent->score = score;
        note(s, dependent, colocation, primary, primary->node, weight);
    }
}

static bool is_at(const struct hy_srsc *rsc, const struct hy_scoloc *colocation)
{
    if (rsc->kind == HY_RSC_GROUP && rsc->children.count)
        rsc = rsc->children.items[rsc->children.count - 1];
    return rsc->node != HY_NO_NODE &&
           (colocation->primary_role == HY_ROLE_ANY || colocation->primary_role == rsc->next);
}

static const struct hy_srsc *representative(const struct hy_srsc *instance)
{
    return instance->kind == HY_RSC_GROUP && instance->children.count
               ? instance->children.items[instance->children.count - 1]
               : instance;
}

static bool any_blocked(const struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        if (any_blocked(rsc->children.items[i]))
            return true;
    return rsc->blocked;
}

/* Only where an instance of the clone is to be, and one that nobody has had to leave alone. */
static void confine(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *clone,
                    const struct hy_scoloc *colocation)
{
    for (uint32_t n = 0; n < s->node_count; n++) {
        bool found = false;
        for (size_t i = 0; i < clone->children.count && !found; i++) {
            const struct hy_srsc *instance = clone->children.items[i];
            found = is_at(instance, colocation) && !any_blocked(instance) &&
                    hy_sched_same_place(s, colocation, n, representative(instance)->node);
        }
        if (!found && dependent->score[n] != HY_ABSENT)
            dependent->score[n] = -HY_INFINITY;
    }
    note(s, dependent, colocation, clone, HY_NO_NODE, HY_INFINITY);
}

/* Interleaved clones: the instance of the one goes with that of the other which is on a node where both may be. */
static struct hy_srsc *counterpart(struct hy_sched *s, const struct hy_srsc *dependent, struct hy_srsc *clone,
                                   const struct hy_scoloc *colocation)
{
    struct hy_srsc *best = NULL;
    int best_score = INT_MIN;
    for (size_t i = 0; i < clone->children.count; i++) {
        struct hy_srsc *instance = clone->children.items[i];
        if (!is_at(instance, colocation))
            continue;
        uint32_t node = representative(instance)->node;
        int score = dependent->score[node];
        if (score < 0 || !s->nodes[node].usable)
            continue;
        for (size_t a = 0; a < dependent->active.count; a++)
            if (dependent->active.items[a] == node)
                return instance;
        if (score > best_score) {
            best = instance;
            best_score = score;
        }
    }
    return best;
}

static void apply_to_clone(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *clone,
                           const struct hy_scoloc *colocation)
{
    if (!clone->assigned)
        return;
    const struct hy_srsc *own = hy_sched_clone_of(dependent);
    if (own && own->interleave && colocation->score > 0) {
        struct hy_srsc *instance = counterpart(s, dependent, clone, colocation);
        if (instance)
            hy_sched_apply_colocation(s, dependent, instance, colocation);
        else if (colocation->score >= HY_INFINITY)
            confine(s, dependent, clone, colocation);
        return;
    }
    if (colocation->score >= HY_INFINITY) {
        confine(s, dependent, clone, colocation);
        return;
    }
    for (size_t i = 0; i < clone->children.count; i++)
        if (is_at(clone->children.items[i], colocation))
            hy_sched_apply_colocation(s, dependent, clone->children.items[i], colocation);
}

void hy_sched_apply_colocation(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *primary,
                               const struct hy_scoloc *colocation)
{
    if (primary->kind == HY_RSC_CLONE) {
        apply_to_clone(s, dependent, primary, colocation);
    } else if (primary->kind == HY_RSC_GROUP) {
        /* To be with the whole of a group is to be with its last member; to be near it, with its first. */
        size_t count = primary->children.count;
        if (count)
            apply_to_primitive(s, dependent, primary->children.items[colocation->score >= HY_INFINITY ? count - 1 : 0],
                               colocation);
    } else {
        apply_to_primitive(s, dependent, primary, colocation);
    }
}

/* ---------------------------------------------------------------- pull */

struct pull {
    struct hy_sched *s;
    const struct hy_srsc *target;
    bool only_positive;
};

static bool in_play(int score)
{
    return score != HY_ABSENT;
}

static int wish(const struct hy_sched *s, const struct hy_srsc *source, const struct hy_scoloc *colocation,
                uint32_t node)
{
    int best = -HY_INFINITY;
    for (uint32_t n = 0; n < s->node_count; n++) {
        if (colocation->attribute ? !hy_sched_same_place(s, colocation, n, node) : n != node)
            continue;
        int score = source->score[n];
        /* A member behind the first has not got the group's own scores. */
        const struct hy_srsc *group = hy_sched_group_of(source);
        if (group && !colocation->internal && colocation->dependent == source && source != group->children.items[0] &&
            in_play(score) && in_play(group->score[n]))
            score = hy_score_add(score, group->score[n]);
        if (in_play(score) && score > best && s->nodes[n].usable)
            best = score;
    }
    return best;
}

static void add_wishes(const struct pull *pull, int *score, const struct hy_srsc *source,
                       const struct hy_scoloc *colocation, float factor)
{
    for (uint32_t n = 0; n < pull->s->node_count; n++) {
        if (!in_play(score[n]) || score[n] == PULLED_OUT)
            continue;
        int wanted = wish(pull->s, source, colocation, n);
        if (factor < 0 && wanted < 0)
            continue; /* not liking a place does not make it a place to send others to */
        float exact = factor * (float)wanted;
        int delta = (int)(exact < 0 ? exact - 0.5F : exact + 0.5F);
        if (!delta && wanted && factor != 0)
            delta = factor > 0 ? 1 : -1;
        int sum = hy_score_add(delta, score[n]);
        if (pull->only_positive && sum < 0 && score[n] > 0)
            score[n] = PULLED_OUT;
        else if (!(pull->only_positive && sum < 0 && score[n] == 0))
            score[n] = sum;
    }
}

static bool has_influence(const struct hy_scoloc *colocation)
{
    const struct hy_srsc *primary = colocation->primary;
    if (colocation->influence)
        return true;
    if (primary->kind == HY_RSC_PRIMITIVE)
        return !primary->active.count;
    for (size_t i = 0; i < primary->children.count; i++)
        if (primary->children.items[i]->active.count)
            return false;
    return true;
}

static bool any_pulled_node(const struct pull *pull, const int *score)
{
    return hy_sched_any_node(pull->s, score);
}

static int *pull_from(const struct pull *pull, struct hy_srsc *source, int *nodes, const struct hy_scoloc *colocation,
                      float factor)
{
    if (source->kind == HY_RSC_GROUP) {
        if (source->pulling || !source->children.count)
            return nodes;
        source->pulling = true;
        nodes = pull_from(pull, source->children.items[0], nodes, colocation, factor);
        source->pulling = false;
        return nodes;
    }
    if (source->pulling)
        return nodes;
    source->pulling = true;
    struct hy_sched *s = pull->s;
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    memcpy(score, nodes, s->node_count * sizeof *score);
    add_wishes(pull, score, source, colocation, factor);
    bool usable = any_pulled_node(pull, score);
    const hy_scoloc_list *list = hy_sched_dependents(s, source);
    for (size_t i = 0; usable && i < list->count; i++) {
        const struct hy_scoloc *next = list->items[i];
        if (has_influence(next))
            score = pull_from(pull, next->dependent, score, next, factor * (float)next->score / (float)HY_INFINITY);
    }
    source->pulling = false;
    if (!usable)
        return nodes; /* nothing would be left: do as if it had not been asked */
    for (uint32_t n = 0; n < s->node_count; n++)
        if (score[n] == PULLED_OUT)
            score[n] = 1;
    return score;
}

void hy_sched_pull(struct hy_sched *s, struct hy_srsc *target, const struct hy_scoloc *colocation)
{
    if (!has_influence(colocation) || colocation->dependent->assigned)
        return;
    struct pull pull = {.s = s, .target = target, .only_positive = target->kind == HY_RSC_CLONE};
    float factor = (float)colocation->score / (float)HY_INFINITY;
    target->score = pull_from(&pull, colocation->dependent, target->score, colocation, factor);
}
