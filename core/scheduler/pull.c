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
    int *score;     /* by node: what is pulled at */
    uint32_t *live; /* the nodes that are not out of the question from the beginning: no wish bears on the others */
    uint32_t live_count;
    int *next;          /* by place in `live`: what the scores would become */
    bool only_positive; /* no wish makes a score negative */
    bool forward;       /* what it goes with is asked, not what goes with it */
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

static int with_wish(const struct pull *pull, int score, int wanted, float factor)
{
    float exact = factor * (float)wanted;
    int delta = (int)(exact < 0 ? (double)exact - 0.5 : (double)exact + 0.5);
    if (!delta && (factor > 0 || factor < 0))
        delta = factor > 0 ? 1 : -1;
    int sum = hy_score_add(delta, score);
    if (!pull->only_positive || sum >= 0)
        return sum;
    return score > 0 ? PULLED_OUT : score == 0 ? score : sum;
}

/* Answers whether any node would be left; else all is as if it had not been asked. */
static bool add_wishes(const struct pull *pull, const struct hy_srsc *source, const struct hy_scoloc *colocation,
                       float factor)
{
    const int *missing = missing_scores(source, colocation);
    bool usable = false;
    for (uint32_t i = 0; i < pull->live_count; i++) {
        uint32_t n = pull->live[i];
        int *next = &pull->next[i];
        *next = pull->score[n];
        int wanted = *next > -HY_INFINITY ? wish(pull->s, source, colocation, missing, n) : 0;
        if (wanted && !is_void(pull->s, colocation, wanted, factor))
            *next = with_wish(pull, *next, wanted, factor);
        usable = usable || (*next >= 0 && pull->s->nodes[n].usable);
    }
    for (uint32_t i = 0; i < pull->live_count && usable; i++)
        pull->score[pull->live[i]] = pull->next[i];
    return usable;
}

/* ---------------------------------------------------------------- and those that go with it */

static void pull_from(const struct pull *pull, struct hy_srsc *source, const struct hy_scoloc *colocation,
                      float factor);

static float factor_of(const struct hy_scoloc *colocation)
{
    return (float)colocation->score / (float)HY_INFINITY;
}

static void pull_from_all(const struct pull *pull, struct hy_srsc *source, float factor)
{
    const hy_scoloc_list *list = pull->forward ? hy_sched_with(pull->s, source) : hy_sched_dependents(pull->s, source);
    for (size_t i = 0; i < list->count; i++) {
        const struct hy_scoloc *next = list->items[i];
        if (pull->forward)
            pull_from(pull, next->primary, next, factor * factor_of(next));
        else if (hy_sched_has_influence(next))
            pull_from(pull, next->dependent, next, factor * factor_of(next));
    }
}

/* Of a group the end is asked that the chain inside begins with. */
static struct hy_srsc *asked_first(const struct pull *pull, const struct hy_srsc *group)
{
    return group->children.items[pull->forward ? group->children.count - 1 : 0];
}

static void take_back_in(const struct pull *pull)
{
    for (uint32_t i = 0; i < pull->live_count; i++)
        if (pull->score[pull->live[i]] == PULLED_OUT)
            pull->score[pull->live[i]] = 1;
}

static void pull_from(const struct pull *pull, struct hy_srsc *source, const struct hy_scoloc *colocation, float factor)
{
    if (source->pulling)
        return;
    source->pulling = true;
    if (source->kind == HY_RSC_GROUP) {
        if (source->children.count)
            pull_from(pull, asked_first(pull, source), colocation, factor);
    } else if (add_wishes(pull, source, colocation, factor)) {
        pull_from_all(pull, source, factor);
        if (pull->only_positive)
            take_back_in(pull);
    }
    source->pulling = false;
}

/* ---------------------------------------------------------------- who asks */

/* What a pull works with is there once a decision: there are very many of them, and one at a time. */
static int *pulled_score(struct hy_sched *s)
{
    if (!s->pull_score) {
        s->pull_score = hy_arena_array(&s->scratch, s->node_count, sizeof *s->pull_score);
        s->pull_next = hy_arena_array(&s->scratch, s->node_count, sizeof *s->pull_next);
        s->pull_live = hy_arena_array(&s->scratch, s->node_count, sizeof *s->pull_live);
    }
    return s->pull_score;
}

/* `score` is written to. */
static struct pull begin_pull(struct hy_sched *s, int *score)
{
    (void)pulled_score(s);
    struct pull pull = {.s = s, .score = score, .live = s->pull_live, .next = s->pull_next};
    for (uint32_t n = 0; n < s->node_count; n++)
        if (score[n] > -HY_INFINITY)
            pull.live[pull.live_count++] = n;
    return pull;
}

/* In a loop of colocations the target is asked, too: for what it was before. */
static void pull_at(struct hy_sched *s, struct hy_srsc *target, bool only_positive, struct hy_srsc *source,
                    const struct hy_scoloc *colocation)
{
    size_t size = s->node_count * sizeof *target->score;
    struct pull pull = begin_pull(s, memcpy(pulled_score(s), target->score, size));
    pull.only_positive = only_positive;
    pull_from(&pull, source, colocation, factor_of(colocation));
    memcpy(target->score, pull.score, size);
}

void hy_sched_pull(struct hy_sched *s, struct hy_srsc *target, const struct hy_scoloc *colocation)
{
    if (!hy_sched_has_influence(colocation))
        return;
    pull_at(s, target, target->kind == HY_RSC_CLONE, colocation->dependent, colocation);
    hy_sched_book_colocation(s, target, colocation, colocation->dependent);
}

/* What those would like that the clone's promoted instances go with. */
void hy_sched_pull_primary(struct hy_sched *s, struct hy_srsc *clone, const struct hy_scoloc *colocation)
{
    pull_at(s, clone, false, colocation->primary, colocation);
}

/* A resource's scores with those of all that it goes with: how much it is worth to place it soon. Fresh. */
const int *hy_sched_outlook(struct hy_sched *s, struct hy_srsc *rsc)
{
    struct hy_srsc *source = rsc;
    while (source->kind == HY_RSC_GROUP && source->children.count)
        source = source->children.items[source->children.count - 1];
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    memcpy(score, source->score, s->node_count * sizeof *score);
    struct pull pull = begin_pull(s, score);
    pull.forward = true;
    source->pulling = true;
    if (hy_sched_any_node(s, score))
        pull_from_all(&pull, source, 1);
    source->pulling = false;
    return score;
}

/* What is said for and against the node where an instance runs by those that the clone is colocated with. */
int hy_sched_worth_here(struct hy_sched *s, struct hy_srsc *clone, uint32_t node)
{
    int *score = pulled_score(s);
    for (uint32_t n = 0; n < s->node_count; n++)
        score[n] = n == node ? 0 : HY_ABSENT;
    struct pull pull = begin_pull(s, score);
    bool was = clone->pulling;
    clone->pulling = true;
    const hy_scoloc_list *with = hy_sched_with(s, clone);
    for (size_t i = 0; i < with->count; i++)
        pull_from(&pull, with->items[i]->primary, with->items[i], factor_of(with->items[i]));
    pull.only_positive = true;
    const hy_scoloc_list *dependents = hy_sched_dependents(s, clone);
    for (size_t i = 0; i < dependents->count; i++)
        if (hy_sched_has_influence(dependents->items[i]))
            pull_from(&pull, dependents->items[i]->dependent, dependents->items[i], factor_of(dependents->items[i]));
    clone->pulling = was;
    return score[node];
}
