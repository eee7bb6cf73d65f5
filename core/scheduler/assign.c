/* SPDX-License-Identifier: Apache-2.0 */
/* A node for each primitive, in order of priority and then of configuration. */
#include "scheduler/model.h"

void *hy_sched_grow(struct hy_arena *arena, const void *old, size_t count, size_t *capacity, size_t size)
{
    *capacity = *capacity ? *capacity * 2 : 4;
    void *items = hy_arena_array(arena, *capacity, size);
    if (count)
        memcpy(items, old, count * size);
    return items;
}

/* ---------------------------------------------------------------- settling */

static void halt(struct hy_srsc *rsc, enum hy_halt why)
{
    if (rsc->halt == HY_HALT_NONE)
        rsc->halt = why;
}

/* An instance beyond clone-max that cannot be stopped: it is no work that was given to its node. */
static bool is_surplus(const struct hy_srsc *rsc)
{
    return rsc->orphan && rsc->parent;
}

/* Answers where: `node`, if it may run there (or has to, with `force`), else nowhere. */
void hy_sched_settle(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, bool force)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_settle(s, rsc->children.items[i], node, force);
    if (node != HY_NO_NODE && !force &&
        (rsc->score[node] == HY_ABSENT || rsc->score[node] < 0 || !s->nodes[node].usable))
        node = HY_NO_NODE;
    rsc->assigned = true;
    rsc->node = node;
    if (rsc->kind != HY_RSC_PRIMITIVE)
        return;
    rsc->asked = rsc->next;
    hy_sched_ledger_close(s, rsc);
    if (node == HY_NO_NODE) {
        rsc->next = HY_ROLE_STOPPED;
        halt(rsc, HY_HALT_NO_NODE);
        return;
    }
    const struct hy_srsc *clone = hy_sched_clone_of(rsc);
    rsc->next = clone && clone->promotable ? HY_ROLE_UNPROMOTED : HY_ROLE_STARTED;
    if (is_surplus(rsc))
        return;
    s->nodes[node].load++;
    hy_sched_consume(s, rsc, node, false);
}

void hy_sched_unassign(struct hy_sched *s, struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_unassign(s, rsc->children.items[i]);
    if (rsc->assigned && rsc->kind == HY_RSC_PRIMITIVE) {
        rsc->next = rsc->asked;
        if (rsc->node != HY_NO_NODE && !is_surplus(rsc)) {
            s->nodes[rsc->node].load--;
            hy_sched_consume(s, rsc, rsc->node, true);
        }
    }
    rsc->assigned = false;
    rsc->node = HY_NO_NODE;
    rsc->halt = HY_HALT_NONE;
}

/* ---------------------------------------------------------------- the best node */

/* The one it is to be taken from, or to stay on: what migrates is still where it was; what needs no fencing is not on a
 * node that is lost. */
uint32_t hy_sched_current(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    if (rsc->migrate_from != HY_NO_NODE)
        return rsc->migrate_from;
    for (size_t i = 0; i < rsc->active.count && rsc->meta.requires < HY_REQUIRES_FENCING; i++) {
        const struct hy_snode *node = &s->nodes[rsc->active.items[i]];
        if (node->member && !node->unclean)
            return node->number;
    }
    return rsc->active.count ? rsc->active.items[0] : HY_NO_NODE;
}

/* Below 0: `a` first. Score; what is left of capacities; the fewest resources assigned so far; where it is; the name. */
int hy_sched_compare_nodes(const struct hy_sched *s, const int *score, uint32_t current, uint32_t a, uint32_t b)
{
    const struct hy_snode *x = &s->nodes[a], *y = &s->nodes[b];
    int x_score = x->usable ? score[a] : -HY_INFINITY, y_score = y->usable ? score[b] : -HY_INFINITY;
    if (x_score != y_score)
        return x_score > y_score ? -1 : 1;
    if (s->properties.placement != HY_PLACE_MINIMAL) {
        int more = s->properties.placement == HY_PLACE_BALANCED ? hy_sched_compare_free(x, y) : 0;
        if (more)
            return more;
        if (x->load != y->load)
            return x->load < y->load ? -1 : 1;
        if (a == current || b == current)
            return a == current ? -1 : 1;
    }
    return x->rank < y->rank ? -1 : 1;
}

static bool is_open(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t node)
{
    return rsc->score[node] != HY_ABSENT && rsc->score[node] >= 0 && s->nodes[node].usable;
}

static uint32_t best_node(const struct hy_sched *s, const struct hy_srsc *rsc, uint32_t prefer)
{
    uint32_t best = HY_NO_NODE, current = hy_sched_current(s, rsc);
    for (uint32_t n = 0; n < s->node_count; n++)
        if (rsc->score[n] != HY_ABSENT &&
            (best == HY_NO_NODE || hy_sched_compare_nodes(s, rsc->score, current, n, best) < 0))
            best = n;
    if (best == HY_NO_NODE)
        return best;
    if (prefer != HY_NO_NODE && is_open(s, rsc, prefer) && rsc->score[prefer] >= rsc->score[best])
        return prefer;
    /* With a score above 0 a tie is decided for the place it has, however busy that is. */
    bool numbered = rsc->parent && rsc->parent->kind == HY_RSC_CLONE && rsc->unique;
    if (!numbered && rsc->score[best] > 0 && s->nodes[best].usable && current != HY_NO_NODE &&
        s->nodes[current].usable && rsc->score[current] == rsc->score[best])
        return current;
    return best;
}

/* ---------------------------------------------------------------- one primitive */

static void apply_this_with(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_scoloc *colocation)
{
    bool may_fail =
        colocation->dependent_role >= HY_ROLE_PROMOTED || (colocation->score < 0 && colocation->score > -HY_INFINITY);
    int *saved = NULL;
    hy_sched_assign(s, colocation->primary, HY_NO_NODE, true);
    if (may_fail) {
        saved = hy_arena_array(&s->scratch, s->node_count, sizeof *saved);
        memcpy(saved, rsc->score, s->node_count * sizeof *saved);
    }
    uint32_t mark = hy_sched_ledger_mark(s);
    struct hy_cause *causes = rsc->causes;
    hy_sched_apply_colocation(s, rsc, colocation->primary, colocation);
    if (may_fail && !hy_sched_any_node(s, rsc->score)) {
        rsc->score = saved;
        rsc->causes = causes;
        hy_sched_ledger_undo(s, rsc, mark);
    }
}

static bool is_mandatory(const struct hy_scoloc *colocation)
{
    return colocation->score >= HY_INFINITY || colocation->score <= -HY_INFINITY;
}

/* Where each node gets its instance anyway, what would merely like to be near the clone says nothing about which. */
static bool is_idle(const struct hy_srsc *clone, const struct hy_scoloc *colocation)
{
    if (!clone || !clone->everywhere || colocation->score < 0)
        return false;
    return colocation->primary == clone || (colocation->dependent == clone && colocation->score < HY_INFINITY);
}

static void apply_colocations(struct hy_sched *s, struct hy_srsc *rsc, bool mandatory)
{
    const struct hy_srsc *clone = rsc->in_clone ? hy_sched_clone_of(rsc) : NULL;
    const hy_scoloc_list *list = hy_sched_with(s, rsc);
    for (size_t i = 0; i < list->count; i++)
        if (is_mandatory(list->items[i]) == mandatory && !is_idle(clone, list->items[i]))
            apply_this_with(s, rsc, list->items[i]);
    list = hy_sched_dependents(s, rsc);
    for (size_t i = 0; i < list->count; i++)
        if (is_mandatory(list->items[i]) == mandatory && !is_idle(clone, list->items[i]))
            hy_sched_pull(s, rsc, list->items[i]);
}

static bool stopped_by_failure(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    for (uint32_t n = 0; n < s->node_count; n++)
        if (rsc->unit->past[n].stop_here)
            return true;
    return false;
}

static enum hy_halt why_nowhere(const struct hy_sched *s, const struct hy_srsc *rsc)
{
    if (rsc->orphan && !rsc->parent)
        return s->properties.stop_orphans ? HY_HALT_ORPHAN : HY_HALT_NONE;
    if (s->properties.stop_all)
        return HY_HALT_STOP_ALL;
    if (rsc->meta.target_role == HY_ROLE_STOPPED)
        return HY_HALT_TARGET_ROLE;
    if (rsc->next == HY_ROLE_STOPPED || stopped_by_failure(s, rsc))
        return HY_HALT_ONFAIL_STOP;
    if (rsc->active.count > 1 && rsc->meta.multiple_active == HY_MULTIPLE_STOP_ONLY)
        return HY_HALT_MULTIPLE;
    return HY_HALT_NONE;
}

void hy_sched_settle_rest(struct hy_sched *s, struct hy_srsc *rsc)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_settle_rest(s, rsc->children.items[i]);
    if (rsc->assigned || rsc->kind != HY_RSC_PRIMITIVE)
        return;
    rsc->halt = why_nowhere(s, rsc);
    hy_sched_settle(s, rsc, HY_NO_NODE, false);
}

/* Of several places one that it is not leaving: it was ordered to stop there before it was left alone. */
static uint32_t place_of_unmanaged(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    for (size_t i = 0; i < leaf->active.count; i++)
        if (!leaf->unit->past[leaf->active.items[i]].stopping)
            return leaf->active.items[i];
    return hy_sched_current(s, leaf);
}

static void assign_unmanaged(struct hy_sched *s, struct hy_srsc *rsc)
{
    hy_sched_settle(s, rsc, place_of_unmanaged(s, rsc), true);
    if (rsc->node != HY_NO_NODE)
        rsc->next = rsc->role;
}

static uint32_t assign_primitive(struct hy_sched *s, struct hy_srsc *rsc, uint32_t prefer, bool firmly)
{
    rsc->assigning = true;
    apply_colocations(s, rsc, true);
    apply_colocations(s, rsc, false);
    rsc->assigning = false;
    if (rsc->assigned)
        return rsc->node; /* a loop of colocations has come here meanwhile */
    enum hy_halt why = why_nowhere(s, rsc);
    if (!rsc->managed) {
        assign_unmanaged(s, rsc);
        return rsc->node;
    }
    uint32_t node = HY_NO_NODE;
    if (why == HY_HALT_NONE) {
        uint32_t roomiest = hy_sched_ban_full(s, rsc);
        node = best_node(s, rsc, prefer == HY_NO_NODE ? roomiest : prefer);
    }
    if (!firmly && (node == HY_NO_NODE || !is_open(s, rsc, node)))
        return HY_NO_NODE;
    rsc->halt = why;
    hy_sched_settle(s, rsc, node, false);
    return rsc->node;
}

/* `firmly`: nowhere is an answer, too; else it stays open then. */
uint32_t hy_sched_assign(struct hy_sched *s, struct hy_srsc *rsc, uint32_t prefer, bool firmly)
{
    if (rsc->assigned)
        return rsc->node;
    if (rsc->assigning)
        return HY_NO_NODE; /* a loop of colocations: somebody has to be the first */
    if (rsc->parent && !rsc->parent->assigned && !rsc->parent->assigning) {
        hy_sched_assign(s, rsc->parent, prefer, firmly);
        return rsc->node;
    }
    switch (rsc->kind) {
    case HY_RSC_GROUP:
        return hy_sched_assign_group(s, rsc, prefer, firmly);
    case HY_RSC_CLONE:
        return hy_sched_assign_clone(s, rsc);
    default:
        return assign_primitive(s, rsc, prefer, firmly);
    }
}

/* ---------------------------------------------------------------- all of them */

struct turn {
    struct hy_sched *s;
    struct hy_srsc *rsc;
    size_t position;
    const int *outlook; /* NULL: capacities do not matter */
    int here;
};

/* With capacities it is the one that is worth most where it is, then anywhere, that is placed first. */
static int compare_outlook(const struct turn *a, const struct turn *b)
{
    if (!a->outlook)
        return 0;
    if (a->here != b->here)
        return a->here > b->here ? -1 : 1;
    for (uint32_t i = 0; i < a->s->node_count; i++) {
        uint32_t n = a->s->by_load[i];
        int x = a->outlook[n] == HY_ABSENT ? -HY_INFINITY : a->outlook[n];
        int y = b->outlook[n] == HY_ABSENT ? -HY_INFINITY : b->outlook[n];
        if (x != y)
            return x > y ? -1 : 1;
    }
    return 0;
}

static int compare_turns(const void *one, const void *other)
{
    const struct turn *a = one, *b = other;
    int x = a->rsc->orphan ? INT_MIN : a->rsc->meta.priority, y = b->rsc->orphan ? INT_MIN : b->rsc->meta.priority;
    if (!a->outlook && x != y)
        return x > y ? -1 : 1;
    if (a->outlook && a->rsc->meta.priority != b->rsc->meta.priority)
        return a->rsc->meta.priority > b->rsc->meta.priority ? -1 : 1;
    int order = compare_outlook(a, b);
    if (order)
        return order;
    if (x != y)
        return x > y ? -1 : 1;
    return a->position < b->position ? -1 : 1;
}

static void look_out(struct hy_sched *s, struct turn *turn)
{
    turn->outlook = hy_sched_outlook(s, turn->rsc);
    uint32_t current = hy_sched_current(s, turn->rsc);
    turn->here = current == HY_NO_NODE || turn->outlook[current] == HY_ABSENT ? -HY_INFINITY : turn->outlook[current];
}

/* As if each node's score were 0. */
static void sort_nodes(struct hy_sched *s)
{
    int *score = hy_arena_array(&s->scratch, s->node_count, sizeof *score);
    s->by_load = hy_arena_array(&s->scratch, s->node_count, sizeof *s->by_load);
    for (uint32_t n = 0; n < s->node_count; n++) {
        uint32_t at = n;
        for (; at > 0 && hy_sched_compare_nodes(s, score, HY_NO_NODE, n, s->by_load[at - 1]) < 0; at--)
            s->by_load[at] = s->by_load[at - 1];
        s->by_load[at] = n;
    }
}

void hy_sched_assign_all(struct hy_sched *s)
{
    struct turn *turns = hy_arena_array(&s->scratch, s->tops.count, sizeof *turns);
    /* Without anybody to do the fencing that is asked for nothing is touched. */
    for (size_t i = 0; i < s->leaves.count && s->properties.fencing && !s->properties.fencing_device; i++)
        s->leaves.items[i]->managed = false;
    bool by_outlook = s->properties.placement != HY_PLACE_DEFAULT;
    if (by_outlook)
        sort_nodes(s);
    for (size_t i = 0; i < s->tops.count; i++) {
        turns[i] = (struct turn){.s = s, .rsc = s->tops.items[i], .position = i};
        if (by_outlook)
            look_out(s, &turns[i]);
    }
    if (s->tops.count > 1)
        qsort(turns, s->tops.count, sizeof *turns, compare_turns);
    for (size_t i = 0; i < s->tops.count; i++)
        hy_sched_assign(s, turns[i].rsc, HY_NO_NODE, true);
}
