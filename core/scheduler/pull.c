/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of colocation, other half: what is to be placed first asks those that will go with it where they would
 * like to be, and those that go with these.
 */
#include "scheduler/model.h"

/* A node whose score a pull would have made negative: out of the pull's reach, and 1 at its end. */
#define PULLED_OUT (HY_INFINITY * -100)

struct pull {
    struct hy_sched *s;
    bool only_positive;
    bool forward; /* what it goes with is asked, not what goes with it */
};

static bool in_play(int score)
{
    return score != HY_ABSENT;
}

bool hy_sched_has_influence(const struct hy_scoloc *colocation)
{
    return colocation->influence || !colocation->primary->active.count;
}

/* ---------------------------------------------------------------- what one of them would like */

/* A member behind the first has not got the group's own locations: those to be added; NULL: none. */
static const int *missing_scores(const struct hy_srsc *source, const struct hy_scoloc *colocation)
{
    const struct hy_srsc *group = hy_sched_group_of(source);
    bool missing = group && colocation && !colocation->internal && colocation->dependent == source &&
                   source != group->children.items[0];
    return missing ? group->score : NULL;
}

static int own_score(const struct hy_srsc *source, const int *missing, uint32_t n)
{
    int score = source->score[n];
    return missing && in_play(score) && in_play(missing[n]) ? hy_score_add(score, missing[n]) : score;
}

static int wish(const struct hy_sched *s, const struct hy_srsc *source, const struct hy_scoloc *colocation,
                const int *missing, uint32_t node)
{
    if (!colocation || !colocation->attribute) {
        int score = own_score(source, missing, node);
        return in_play(score) && s->nodes[node].usable ? score : -HY_INFINITY;
    }
    int best = -HY_INFINITY;
    for (uint32_t n = 0; n < s->node_count; n++) {
        int score = own_score(source, missing, n);
        if (score > best && in_play(score) && s->nodes[n].usable && hy_sched_same_place(s, colocation, n, node))
            best = score;
    }
    return best;
}

static bool allowed_on_one(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    uint32_t allowed = 0;
    for (uint32_t n = 0; n < s->node_count; n++)
        allowed += in_play(rsc->score[n]) && rsc->score[n] >= 0;
    return allowed == 1;
}

/* Not liking a place does not make it a place to send others to; unless it has no other one left, and they can move. */
static bool is_void(const struct hy_sched *s, const struct hy_scoloc *colocation, int wanted, float factor)
{
    if (factor >= 0 || wanted >= 0)
        return false;
    return !colocation || colocation->primary->meta.stickiness >= -wanted || !hy_sched_has_influence(colocation) ||
           !allowed_on_one(s, colocation->dependent);
}

static void add_wishes(const struct pull *pull, int *score, const struct hy_srsc *source,
                       const struct hy_scoloc *colocation, float factor)
{
    const int *missing = missing_scores(source, colocation);
    for (uint32_t n = 0; n < pull->s->node_count; n++) {
        if (!in_play(score[n]) || score[n] == PULLED_OUT)
            continue;
        int wanted = wish(pull->s, source, colocation, missing, n);
        if (!wanted || is_void(pull->s, colocation, wanted, factor))
            continue;
        float exact = factor * (float)wanted;
        int delta = (int)(exact < 0 ? (double)exact - 0.5 : (double)exact + 0.5);
        if (!delta && wanted && (factor > 0 || factor < 0))
            delta = factor > 0 ? 1 : -1;
        int sum = hy_score_add(delta, score[n]);
        if (pull->only_positive && sum < 0 && score[n] > 0)
            score[n] = PULLED_OUT;
        else if (!(pull->only_positive && sum < 0 && score[n] == 0))
            score[n] = sum;
    }
}

/* ---------------------------------------------------------------- and those that go with it */

/* `nodes` NULL: begins with the source's own scores. Answers the new scores, or `nodes` itself. */
static int *pull_from(const struct pull *pull, struct hy_srsc *source, int *nodes, const struct hy_scoloc *colocation,
                      float factor)
{
    if (source->pulling)
        return nodes;
    if (source->kind == HY_RSC_GROUP) {
        if (!source->children.count)
            return nodes;
        source->pulling = true;
        nodes = pull_from(pull, source->children.items[pull->forward ? source->children.count - 1 : 0], nodes,
                          colocation, factor);
        source->pulling = false;
        return nodes;
    }
    source->pulling = true;
    struct hy_sched *s = pull->s;
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    memcpy(score, nodes ? nodes : source->score, s->node_count * sizeof *score);
    if (nodes)
        add_wishes(pull, score, source, colocation, factor);
    bool usable = hy_sched_any_node(s, score);
    const hy_scoloc_list *list = pull->forward ? hy_sched_with(s, source) : hy_sched_dependents(s, source);
    for (size_t i = 0; usable && i < list->count; i++) {
        const struct hy_scoloc *next = list->items[i];
        if (!pull->forward && !hy_sched_has_influence(next))
            continue;
        score = pull_from(pull, pull->forward ? next->primary : next->dependent, score, next,
                          factor * (float)next->score / (float)HY_INFINITY);
    }
    source->pulling = false;
    if (!usable && nodes)
        return nodes; /* nothing would be left: do as if it had not been asked */
    for (uint32_t n = 0; n < s->node_count && pull->only_positive; n++)
        if (score[n] == PULLED_OUT)
            score[n] = 1;
    return score;
}

void hy_sched_pull(struct hy_sched *s, struct hy_srsc *target, const struct hy_scoloc *colocation)
{
    if (!hy_sched_has_influence(colocation))
        return;
    struct pull pull = {.s = s, .only_positive = target->kind == HY_RSC_CLONE};
    float factor = (float)colocation->score / (float)HY_INFINITY;
    target->score = pull_from(&pull, colocation->dependent, target->score, colocation, factor);
    hy_sched_book_colocation(s, target, colocation, colocation->dependent);
}

/* What those would like that the clone's promoted instances go with. */
void hy_sched_pull_primary(struct hy_sched *s, struct hy_srsc *clone, const struct hy_scoloc *colocation)
{
    struct pull pull = {.s = s};
    float factor = (float)colocation->score / (float)HY_INFINITY;
    clone->score = pull_from(&pull, colocation->primary, clone->score, colocation, factor);
}

/* A resource's scores with those of all that it goes with: how much it is worth to place it soon. Fresh. */
const int *hy_sched_outlook(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct pull pull = {.s = s, .forward = true};
    const int *score = pull_from(&pull, rsc, NULL, NULL, 1);
    return score ? score : rsc->score;
}

/* What is said for and against the node where an instance runs by those that the clone is colocated with. */
int hy_sched_worth_here(struct hy_sched *s, struct hy_srsc *clone, uint32_t node)
{
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    for (uint32_t n = 0; n < s->node_count; n++)
        score[n] = n == node ? 0 : HY_ABSENT;
    struct pull pull = {.s = s};
    bool was = clone->pulling;
    clone->pulling = true;
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++)
        score = pull_from(&pull, with->items[i]->primary, score, with->items[i],
                          (float)with->items[i]->score / (float)HY_INFINITY);
    pull.only_positive = true;
    const hy_scoloc_list *dependents = hy_sched_dependents(s, clone);
    for (size_t i = 0; i < dependents->count; i++)
        if (hy_sched_has_influence(dependents->items[i]))
            score = pull_from(&pull, dependents->items[i]->dependent, score, dependents->items[i],
                              (float)dependents->items[i]->score / (float)HY_INFINITY);
    clone->pulling = was;
    return score[node];
}
