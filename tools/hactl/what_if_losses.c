/* SPDX-License-Identifier: Apache-2.0 */
/* Where things come to rest, and what has been lost on the way. */
#include "hactl/what_if.h"

#include "hactl/why.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 4 }; /* what is not at rest then, goes on like that */

static bool is(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* ---------------------------------------------------------------- coming to rest */

static bool anything_to_do(const struct hy_decision *decision)
{
    for (size_t i = 0; i < decision->action_count; i++)
        if (!decision->actions[i].blocked && decision->actions[i].kind != HY_ACT_MONITOR &&
            decision->actions[i].kind != HY_ACT_CANCEL)
            return true;
    return false;
}

void hactl_future_make(struct hy_cib *cib, const struct hactl_setting *setting, const struct hactl_state *live,
                       struct hactl_future *future)
{
    *future = (struct hactl_future){0};
    hactl_decide(&future->rest, cib, setting, live, false);
    for (int round = 0; round < MOST_ROUNDS && anything_to_do(future->rest.decision); round++) {
        struct hy_decision *decision = future->rest.decision;
        hy_foresee(cib, decision, setting->now);
        json_decref(future->rest.report);
        hactl_decide(&future->rest, cib, setting, NULL, false);
        if (future->first)
            hy_decision_free(&decision);
        else
            future->first = decision;
    }
}

void hactl_future_free(struct hactl_future *future)
{
    hy_decision_free(&future->first);
    hactl_state_free(&future->rest);
}

static const struct hy_decision *first_of(const struct hactl_future *future)
{
    return future->first ? future->first : future->rest.decision;
}

/* ---------------------------------------------------------------- what is where */

/* All instances of a primitive: one, unless it is cloned. */
struct presence {
    const char *primitive;
    const struct hy_placement *any; /* one of them */
    const char *node, *promoted;    /* where the first one is */
    size_t count, promotions;
    bool cloned;
};

typedef HY_VEC(struct presence) presence_list;

static bool is_cloned(const struct hy_cib *cib, const char *primitive)
{
    for (const struct hy_object *object = hy_cib_find(cib, primitive); object; object = hy_cib_parent(cib, object->id))
        if (object->kind == HY_CLONE)
            return true;
    return false;
}

/* What nobody manages is left where it is, even on a node that is gone: it does not run there. */
static bool is_member(const struct hy_decision *decision, const char *node)
{
    for (size_t i = 0; i < decision->node_count; i++)
        if (is(decision->nodes[i].node, node))
            return decision->nodes[i].member;
    return false;
}

/* Instances of a primitive stand side by side, unless their clone is one of groups. */
static void find_presences(const struct hactl_future *future, presence_list *list, struct hy_map *index)
{
    const struct hy_decision *decision = future->rest.decision;
    for (size_t i = 0; i < decision->placement_count; i++) {
        const struct hy_placement *placement = &decision->placements[i];
        const char *number = hy_map_get(index, placement->primitive);
        if (!number) {
            hy_vec_push(list, ((struct presence){.primitive = placement->primitive,
                                                 .any = placement,
                                                 .cloned = is_cloned(future->rest.cib, placement->primitive)}));
            number = (char *)NULL + list->count;
            hy_map_put(index, placement->primitive, (void *)(uintptr_t)number);
        }
        struct presence *presence = &list->items[(size_t)(number - (char *)NULL) - 1];
        if (!placement->node || !is_member(decision, placement->node))
            continue;
        presence->node = presence->count ? presence->node : placement->node;
        presence->count++;
        if (placement->role != HY_ROLE_PROMOTED)
            continue;
        presence->promoted = presence->promotions ? presence->promoted : placement->node;
        presence->promotions++;
    }
}

static const struct hy_placement *one_without(const struct hactl_future *future, const char *primitive)
{
    const struct hy_decision *decision = future->rest.decision;
    for (size_t i = 0; i < decision->placement_count; i++)
        if (is(decision->placements[i].primitive, primitive) && !decision->placements[i].node)
            return &decision->placements[i];
    return NULL;
}

/* ---------------------------------------------------------------- what has become of it */

static const struct hy_change *change_of(const struct hactl_future *future, const char *primitive,
                                         enum hy_change_kind kind)
{
    const struct hy_decision *decision = first_of(future);
    for (size_t i = 0; i < decision->change_count; i++)
        if (is(decision->changes[i].primitive, primitive) && decision->changes[i].kind == kind)
            return &decision->changes[i];
    return NULL;
}

static const char *why_moved(const struct hactl_future *after, const struct presence *now)
{
    static const enum hy_change_kind kinds[] = {HY_CHANGE_MOVE, HY_CHANGE_MIGRATE, HY_CHANGE_RECOVER, HY_CHANGE_START,
                                                HY_CHANGE_PROMOTE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct hy_change *change = change_of(after, now->primitive, kinds[i]);
        if (change)
            return hactl_change_reason(change);
    }
    return NULL;
}

static void add(struct hactl_effects *effects, enum hactl_effect_kind kind, const struct presence *was,
                const struct presence *now, const char *why)
{
    bool promoted = kind == HACTL_DEMOTED || (kind == HACTL_MOVED && was->cloned);
    struct hactl_effect effect = {.kind = kind,
                                  .rsc = was->primitive,
                                  .from = promoted ? was->promoted : was->node,
                                  .before = was->count,
                                  .why = why};
    if (now) {
        effect.to = promoted ? now->promoted : now->node;
        effect.after = now->count;
        effect.placement = now->any;
    }
    hy_vec_push(&effects->list, effect);
    effects->lost += kind == HACTL_LOST || kind == HACTL_DEMOTED;
}

static void compare(const struct hactl_future *after, const struct presence *was, const struct presence *now,
                    struct hactl_effects *effects)
{
    if (!was->count)
        return;
    if (!now || !now->count) {
        const struct hy_placement *without = now ? one_without(after, was->primitive) : NULL;
        add(effects, HACTL_LOST, was, now, without ? without->reason : NULL);
        if (without)
            effects->list.items[effects->list.count - 1].placement = without;
        return;
    }
    if (was->promotions && !now->promotions) {
        add(effects, HACTL_DEMOTED, was, now, NULL);
    } else if (was->promotions && !is(was->promoted, now->promoted)) {
        add(effects, HACTL_MOVED, was, now, why_moved(after, now));
    } else if (!was->cloned && !is(was->node, now->node)) {
        add(effects, HACTL_MOVED, was, now, why_moved(after, now));
    } else if (now->count < was->count) {
        add(effects, HACTL_FEWER, was, now, NULL);
    }
    const struct hy_change *again = change_of(after, was->primitive, HY_CHANGE_RESTART);
    if (!again)
        again = change_of(after, was->primitive, HY_CHANGE_RECOVER);
    if (again && is(again->from, again->to)) {
        struct presence there = *was;
        there.node = again->from;
        there.cloned = false;
        add(effects, HACTL_RESTARTED, &there, &there, hactl_change_reason(again));
    }
}

static int worse(const void *left, const void *right)
{
    const struct hactl_effect *a = left, *b = right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->rsc, b->rsc);
}

void hactl_effects_find(const struct hactl_future *before, const struct hactl_future *after,
                        struct hactl_effects *effects)
{
    presence_list was = {0}, now = {0};
    struct hy_map was_index = {0}, now_index = {0};
    *effects = (struct hactl_effects){0};
    find_presences(before, &was, &was_index);
    find_presences(after, &now, &now_index);
    for (size_t i = 0; i < was.count; i++) {
        const char *number = hy_map_get(&now_index, was.items[i].primitive);
        const struct presence *same = number ? &now.items[(size_t)(number - (char *)NULL) - 1] : NULL;
        compare(after, &was.items[i], same, effects);
    }
    if (effects->list.count > 1)
        qsort(effects->list.items, effects->list.count, sizeof *effects->list.items, worse);
    hy_map_free(&was_index);
    hy_map_free(&now_index);
    hy_vec_free(&was);
    hy_vec_free(&now);
}

void hactl_effects_free(struct hactl_effects *effects)
{
    hy_vec_free(&effects->list);
}
