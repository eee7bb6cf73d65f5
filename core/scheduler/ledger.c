/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each score is made of, with `explain`. Whoever has changed scores books it; what is booked is how they differ
 * from what was booked last, so that the parts add up to the score whatever the arithmetic was.
 */
#include "scheduler/model.h"

static int plain(int score)
{
    return score == HY_ABSENT ? 0 : score;
}

/* ---------------------------------------------------------------- booking */

static void book_node(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, const struct hy_entry *what)
{
    int after = plain(rsc->score[node]);
    if (after == rsc->booked[node])
        return;
    struct hy_entry *entry = hy_arena_alloc(&s->scratch, sizeof *entry);
    *entry = *what;
    entry->node = node;
    entry->serial = ++s->ledger_serial;
    entry->before = rsc->booked[node];
    entry->after = after;
    entry->next = rsc->ledger;
    rsc->ledger = entry;
    rsc->booked[node] = after;
}

static void book(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_entry *what, uint32_t node)
{
    if (!rsc->booked)
        rsc->booked = hy_arena_array(&s->scratch, s->node_count, sizeof *rsc->booked);
    for (uint32_t n = 0; n < s->node_count; n++)
        if (node == HY_NO_NODE || node == n)
            book_node(s, rsc, n, what);
}

static void book_below(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_entry *what, uint32_t node)
{
    book(s, rsc, what, node);
    for (size_t i = 0; i < rsc->children.count; i++)
        book_below(s, rsc->children.items[i], what, node);
}

/* A colocation bears on other nodes than the one that its cause names. */
void hy_sched_book_cause(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_cause *cause)
{
    const struct hy_entry what = {.cause = cause, .at = rsc};
    if (s->input->explain)
        book_below(s, rsc, &what, cause->kind == HY_CAUSE_COLOCATION ? HY_NO_NODE : cause->node);
}

void hy_sched_book_colocation(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_scoloc *colocation,
                              const struct hy_srsc *other)
{
    const struct hy_entry what = {.colocation = colocation, .other = other, .at = rsc};
    if (s->input->explain)
        book(s, rsc, &what, HY_NO_NODE);
}

void hy_sched_book_word(struct hy_sched *s, struct hy_srsc *rsc, const char *word)
{
    const struct hy_entry what = {.word = word, .at = rsc};
    if (s->input->explain)
        book_below(s, rsc, &what, HY_NO_NODE);
}

void hy_sched_book_promotion(struct hy_sched *s, struct hy_srsc *clone, const char *id, uint32_t node, int score)
{
    if (!s->input->explain)
        return;
    struct hy_cause *cause = hy_arena_alloc(&s->scratch, sizeof *cause);
    *cause = (struct hy_cause){
        .kind = HY_CAUSE_LOCATION, .node = node, .score = score, .id = id, .next = clone->promote_causes};
    clone->promote_causes = cause;
}

uint32_t hy_sched_ledger_mark(struct hy_sched *s)
{
    return s->ledger_serial;
}

void hy_sched_ledger_undo(struct hy_sched *s, struct hy_srsc *rsc, uint32_t mark)
{
    for (; rsc->ledger && rsc->ledger->serial > mark; rsc->ledger = rsc->ledger->next)
        rsc->booked[rsc->ledger->node] = rsc->ledger->before;
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_ledger_undo(s, rsc->children.items[i], mark);
}

void hy_sched_ledger_close(struct hy_sched *s, struct hy_srsc *leaf)
{
    if (!s->input->explain)
        return;
    hy_sched_book_word(s, leaf, NULL); /* what nobody has booked */
    int *closing = hy_arena_array(&s->scratch, s->node_count, sizeof *closing);
    memcpy(closing, leaf->score, s->node_count * sizeof *closing);
    leaf->closing = closing;
    leaf->closed = leaf->ledger;
}

/* ---------------------------------------------------------------- words */

static const char *of_what(struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_srsc *at)
{
    if (!at || at == leaf || at->kind == HY_RSC_PRIMITIVE)
        return "";
    return hy_arena_printf(&s->decision->arena, " (of %s %s)", at->kind == HY_RSC_CLONE ? "clone" : "group", at->id);
}

static const char *colocation_text(struct hy_sched *s, const struct hy_scoloc *colocation, const struct hy_srsc *other,
                                   uint32_t node, int score)
{
    struct hy_arena *arena = &s->decision->arena;
    if (colocation->internal)
        return hy_arena_printf(arena, "%s, which is with it in group %s", other->id, other->parent->id);
    if (other == colocation->primary)
        return hy_arena_printf(arena, "colocation %s with %s", colocation->id, other->id);
    if (score <= -HY_INFINITY) {
        const char *why = hy_sched_why_not(s, colocation->dependent, node);
        return hy_arena_printf(arena, "colocation %s: %s, which goes with it, may not run there%s%s", colocation->id,
                               other->id, why ? ": " : "", why ? why : "");
    }
    return hy_arena_printf(arena, "colocation %s: what %s, which goes with it, would like", colocation->id, other->id);
}

static const char *cause_text(struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_srsc *at,
                              const struct hy_cause *cause, uint32_t node, int score)
{
    struct hy_arena *arena = &s->decision->arena;
    const char *of = of_what(s, leaf, at);
    switch (cause->kind) {
    case HY_CAUSE_OTHER:
        return score <= -HY_INFINITY ? hy_sched_cause_text(s, cause, node) : cause->id;
    case HY_CAUSE_LOCATION:
        return hy_arena_printf(arena, "location %s%s%s", cause->id, of, score <= -HY_INFINITY ? " forbids it" : "");
    case HY_CAUSE_STICKINESS:
        if (leaf->waits_for == HY_NO_NODE || score < HY_INFINITY)
            return "stickiness: it runs there";
        return hy_arena_printf(arena, "it stays until %s has said what runs there", s->nodes[leaf->waits_for].name);
    case HY_CAUSE_COLOCATION:
        if (score > -HY_INFINITY)
            return hy_arena_printf(arena, "colocation %s with %s", cause->id, cause->other->id);
        return hy_sched_cause_text(s, cause, node);
    default:
        return hy_sched_cause_text(s, cause, node);
    }
}

static const struct hy_srsc *other_of(const struct hy_entry *entry)
{
    if (entry->other)
        return entry->other;
    return entry->cause && entry->cause->kind == HY_CAUSE_COLOCATION ? entry->cause->other : NULL;
}

/* ---------------------------------------------------------------- reporting */

static const char nameless[] = "it is in something that may not run there";

typedef HY_VEC(struct hy_score_part) part_list;

static void add_part(part_list *parts, int score, const char *why, const char *other, const char *constraint)
{
    for (size_t i = 0; i < parts->count; i++)
        if (score <= -HY_INFINITY && parts->items[i].score <= -HY_INFINITY && !strcmp(parts->items[i].why, why))
            return;
    hy_vec_push(parts, ((struct hy_score_part){score, why, other, constraint}));
}

/* A group's own colocation is none that anybody has written. */
static const char *constraint_of(struct hy_sched *s, const struct hy_cause *cause)
{
    bool written = cause->kind == HY_CAUSE_LOCATION || cause->kind == HY_CAUSE_COLOCATION;
    return written && cause->id && cause->id[0] != '#' ? hy_arena_strdup(&s->decision->arena, cause->id) : NULL;
}

static void add_entry(struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_entry *entry, part_list *parts)
{
    bool leaps = (entry->before >= HY_INFINITY || entry->before <= -HY_INFINITY) && entry->after < HY_INFINITY &&
                 entry->after > -HY_INFINITY;
    int score = leaps || entry->after >= HY_INFINITY || entry->after <= -HY_INFINITY ? entry->after
                                                                                     : entry->after - entry->before;
    const struct hy_srsc *other = other_of(entry);
    if (entry->colocation && score <= -HY_INFINITY && !s->nodes[entry->node].usable)
        return; /* nothing can run there, and no wish need be told */
    const char *why = entry->word ? entry->word : nameless;
    if (leaps)
        parts->count = 0; /* no sum leads from infinity to a number: it counts alone */
    if (entry->cause)
        why = cause_text(s, leaf, entry->at, entry->cause, entry->node, score);
    else if (entry->colocation)
        why = colocation_text(s, entry->colocation, other, entry->node, score);
    const char *constraint = entry->colocation && !entry->colocation->internal ? entry->colocation->id : NULL;
    if (entry->cause)
        constraint = constraint_of(s, entry->cause);
    add_part(parts, score, why, other ? hy_arena_strdup(&s->decision->arena, other->id) : NULL,
             hy_arena_strdup(&s->decision->arena, constraint));
}

/* The ledger has the latest first. */
static void add_entries(struct hy_sched *s, const struct hy_srsc *leaf, const struct hy_entry *entry, uint32_t node,
                        part_list *parts)
{
    HY_VEC(const struct hy_entry *) list = {0};
    for (; entry; entry = entry->next)
        if (entry->node == node)
            hy_vec_push(&list, entry);
    for (size_t i = list.count; i > 0; i--)
        add_entry(s, leaf, list.items[i - 1], parts);
    hy_vec_free(&list);
}

/* What forbids a node that is forbidden already changes no score, and is to be seen all the same. */
static void add_causes(struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node, part_list *parts)
{
    for (const struct hy_srsc *at = leaf; at; at = at->parent)
        for (const struct hy_cause *cause = at->causes; cause; cause = cause->next) {
            bool final = cause->score <= -HY_INFINITY || cause->kind == HY_CAUSE_COLOCATION;
            if (!final || !hy_sched_forbids(cause, node))
                continue;
            const struct hy_srsc *other = cause->kind == HY_CAUSE_COLOCATION ? cause->other : NULL;
            add_part(parts, -HY_INFINITY, cause_text(s, leaf, at, cause, node, -HY_INFINITY),
                     other ? hy_arena_strdup(&s->decision->arena, other->id) : NULL, constraint_of(s, cause));
        }
}

/* What has no name says nothing beside what has one. */
static void drop_nameless(part_list *parts)
{
    size_t named = 0, kept = 0;
    for (size_t i = 0; i < parts->count; i++)
        named += parts->items[i].score <= -HY_INFINITY && parts->items[i].why != nameless;
    for (size_t i = 0; i < parts->count; i++)
        if (!named || parts->items[i].score > -HY_INFINITY || parts->items[i].why != nameless)
            parts->items[kept++] = parts->items[i];
    parts->count = kept;
}

static struct hy_score *new_score(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    struct hy_score *score = &s->decision->scores[s->decision->score_count++];
    *score = (struct hy_score){
        .rsc = hy_sched_instance_name(s, leaf), .primitive = leaf->unit->prim->id, .node = s->nodes[node].name};
    return score;
}

static int shown_score(const struct hy_sched *s, const struct hy_srsc *leaf, uint32_t node)
{
    bool out = !s->nodes[node].usable || leaf->closing[node] == HY_ABSENT || leaf->closing[node] < -HY_INFINITY;
    return out ? -HY_INFINITY : leaf->closing[node];
}

static void keep_parts(struct hy_sched *s, struct hy_score *score, const part_list *parts)
{
    struct hy_score_part *kept = hy_arena_array(&s->decision->arena, parts->count, sizeof *kept);
    if (parts->count)
        memcpy(kept, parts->items, parts->count * sizeof *kept);
    score->parts = kept;
    score->part_count = parts->count;
}

static void report_node(struct hy_sched *s, struct hy_srsc *leaf, uint32_t node)
{
    part_list parts = {0};
    if (!leaf->closing)
        hy_sched_ledger_close(s, leaf);
    add_entries(s, leaf, leaf->closed, node, &parts);
    if (leaf->closing[node] == HY_ABSENT)
        add_part(&parts, -HY_INFINITY, "symmetric-cluster=false, and no location names the node", NULL, NULL);
    else if (leaf->closing[node] <= -HY_INFINITY)
        add_causes(s, leaf, node, &parts);
    if (!s->nodes[node].usable)
        add_part(&parts, -HY_INFINITY, s->nodes[node].reason, NULL, NULL);
    drop_nameless(&parts);
    struct hy_score *score = new_score(s, leaf, node);
    score->score = shown_score(s, leaf, node);
    keep_parts(s, score, &parts);
    hy_vec_free(&parts);
}

/* Below what there is of its own: what colocations, and the clone's score there, add to it. */
static void add_promotion_parts(struct hy_sched *s, const struct hy_srsc *clone, const struct hy_srsc *instance,
                                int whole, part_list *parts)
{
    struct hy_arena *arena = &s->decision->arena;
    int sum = instance->said;
    add_part(parts, sum, "what its agent says", NULL, NULL);
    for (const struct hy_cause *cause = clone->promote_causes; cause; cause = cause->next)
        if (cause->node == instance->node) {
            add_part(parts, cause->score, hy_arena_printf(arena, "location %s", cause->id), NULL,
                     hy_arena_strdup(arena, cause->id));
            sum = hy_score_add(sum, cause->score);
        }
    if (whole == sum)
        return;
    bool leaps = whole >= HY_INFINITY || whole <= -HY_INFINITY;
    if (!leaps && (sum >= HY_INFINITY || sum <= -HY_INFINITY)) {
        parts->count = 0;
        sum = 0;
    }
    add_part(parts, leaps ? whole : whole - sum, "what its clone's scores and colocations add", NULL, NULL);
}

static void report_promotion(struct hy_sched *s, struct hy_srsc *leaf)
{
    const struct hy_srsc *clone = hy_sched_clone_of(leaf);
    const struct hy_srsc *instance = leaf->parent == clone ? leaf : leaf->parent;
    if (!clone || !clone->promotable || leaf->node == HY_NO_NODE ||
        (instance != leaf && instance->children.items[0] != leaf))
        return;
    part_list parts = {0};
    struct hy_score *score = new_score(s, leaf, leaf->node);
    score->promotion = true;
    score->score = instance->rating;
    if (instance->promotion > -HY_INFINITY)
        add_promotion_parts(s, clone, instance, instance->rating, &parts);
    else
        add_part(&parts, -HY_INFINITY, "it must not be promoted there: its target-role, or what it must be with", NULL,
                 NULL);
    keep_parts(s, score, &parts);
    hy_vec_free(&parts);
}

static void report_below(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (rsc->kind == HY_RSC_PRIMITIVE && !rsc->orphan) {
        for (uint32_t n = 0; n < s->node_count; n++)
            if (!s->nodes[n].witness)
                report_node(s, rsc, n);
        report_promotion(s, rsc);
    }
    for (size_t i = 0; i < rsc->children.count; i++)
        report_below(s, rsc->children.items[i]);
}

void hy_sched_report_scores(struct hy_sched *s)
{
    if (!s->input->explain)
        return;
    s->decision->scores =
        hy_arena_array(&s->decision->arena, s->leaves.count * (s->node_count + 1), sizeof *s->decision->scores);
    for (size_t i = 0; i < s->tops.count; i++)
        report_below(s, s->tops.items[i]);
}
