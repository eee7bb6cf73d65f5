/* SPDX-License-Identifier: Apache-2.0 */
/* Colocations and orders, those of sets unfolded into pairs ("Pacemaker Explained", chapter "Constraints"). */
#include "scheduler/model.h"

/* Only `ref` is written: the set of that id, in whatever constraint, is meant. */
static const struct hy_rsc_set *meant(struct hy_sched *s, const struct hy_rsc_set *set)
{
    const struct hy_object *object = set->ref ? hy_map_get(&s->input->cib->by_inner, set->ref) : NULL;
    if (!object)
        return set;
    const struct hy_rsc_sets *sets = object->kind == HY_LOCATION     ? &object->u.location.sets
                                     : object->kind == HY_COLOCATION ? &object->u.colocation.sets
                                     : object->kind == HY_ORDER      ? &object->u.order.sets
                                     : object->kind == HY_RSC_TICKET ? &object->u.rsc_ticket.sets
                                                                     : NULL;
    for (size_t i = 0; sets && i < sets->list.count; i++)
        if (sets->list.items[i].id && !strcmp(sets->list.items[i].id, set->ref))
            return &sets->list.items[i];
    return set;
}

void hy_sched_set_members(struct hy_sched *s, const struct hy_rsc_set *set, hy_srsc_list *list)
{
    set = meant(s, set);
    for (size_t i = 0; i < set->members.count; i++)
        hy_sched_resolve(s, set->members.items[i], list);
}

/* A set with its members found. */
struct set {
    const struct hy_rsc_set *config;
    hy_srsc_list members;
    bool sequential;
};

static struct set read_set(struct hy_sched *s, const struct hy_rsc_set *config)
{
    struct set set = {.config = meant(s, config)};
    hy_sched_set_members(s, config, &set.members);
    set.sequential = set.config->sequential;
    return set;
}

/* ---------------------------------------------------------------- colocation */

static enum hy_role any_if_started(enum hy_role role)
{
    return role == HY_ROLE_STARTED ? HY_ROLE_ANY : role;
}

static struct hy_scoloc *new_colocation(struct hy_sched *s, struct hy_srsc *dependent, struct hy_srsc *primary,
                                        int score)
{
    struct hy_scoloc *colocation = hy_arena_alloc(&s->scratch, sizeof *colocation);
    colocation->number = (uint32_t)s->colocations.count;
    colocation->dependent = dependent;
    colocation->primary = primary;
    colocation->score = score;
    colocation->influence = dependent->meta.critical;
    hy_arena_vec_push(&s->scratch, &dependent->with, colocation);
    hy_arena_vec_push(&s->scratch, &primary->dependents, colocation);
    hy_arena_vec_push(&s->scratch, &s->colocations, colocation);
    return colocation;
}

/* What the pairs of one constraint have in common. */
struct common {
    struct hy_sched *s;
    const struct hy_object *object;
    const char *key; /* NULL: the constraint's id */
    int score;
    enum hy_role dependent_role, primary_role;
};

static void colocate(const struct common *common, struct hy_srsc *dependent, struct hy_srsc *primary)
{
    if (dependent == primary || !common->score)
        return;
    const struct hy_attrs *options = &common->object->u.colocation.options;
    struct hy_scoloc *colocation = new_colocation(common->s, dependent, primary, common->score);
    colocation->id = common->object->id;
    colocation->key = common->key ? common->key : common->object->id;
    colocation->dependent_role = any_if_started(common->dependent_role);
    colocation->primary_role = any_if_started(common->primary_role);
    const char *attribute = hy_attrs_get(options, "node-attribute");
    colocation->attribute = attribute && strcmp(attribute, "#uname") ? attribute : NULL;
    const char *influence = hy_attrs_get(options, "influence");
    if (influence)
        hy_parse_bool(influence, &colocation->influence);
}

static int set_score(const struct set *set, int otherwise)
{
    const char *text = hy_attrs_get(&set->config->options, "score");
    if (text)
        hy_score_parse(text, &otherwise);
    return otherwise;
}

/* Each with the one in front of it; apart from each other they must be kept in pairs. */
static void colocate_within(struct common common, const struct set *set)
{
    common.score = set_score(set, common.score);
    common.key = set->config->id;
    common.dependent_role = common.primary_role = set->config->role;
    const char *ordering = hy_attrs_get(&set->config->options, "ordering");
    bool listed = ordering && strcmp(ordering, "group") != 0;
    for (size_t i = 1; i < set->members.count && set->sequential; i++) {
        if (common.score >= 0 && listed)
            colocate(&common, set->members.items[i - 1], set->members.items[i]);
        else if (common.score >= 0)
            colocate(&common, set->members.items[i], set->members.items[i - 1]);
        for (size_t k = 0; k < i && common.score < 0; k++)
            colocate(&common, set->members.items[i], set->members.items[k]);
    }
}

/* The first of a set that is a chain depends on the last of the next one; the rest follows. */
static void colocate_sets(struct common common, const struct set *dependents, const struct set *primaries)
{
    size_t count = dependents->sequential && dependents->members.count ? 1 : dependents->members.count;
    size_t from = primaries->sequential && primaries->members.count ? primaries->members.count - 1 : 0;
    common.dependent_role = dependents->config->role;
    common.primary_role = primaries->config->role;
    for (size_t i = 0; i < count; i++)
        for (size_t k = from; k < primaries->members.count; k++)
            colocate(&common, dependents->members.items[i], primaries->members.items[k]);
}

void hy_sched_unpack_colocation(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_colocation *config = &object->u.colocation;
    struct common common = {.s = s, .object = object, .score = config->score};
    if (config->rsc.rsc) {
        hy_srsc_list dependents = {0}, primaries = {0};
        hy_sched_resolve(s, config->rsc.rsc, &dependents);
        hy_sched_resolve(s, config->with.rsc, &primaries);
        common.dependent_role = config->rsc.role;
        common.primary_role = config->with.role;
        for (size_t i = 0; i < dependents.count; i++)
            for (size_t k = 0; k < primaries.count; k++)
                colocate(&common, dependents.items[i], primaries.items[k]);
        return;
    }
    struct set last = {0};
    for (size_t i = 0; i < config->sets.list.count; i++) {
        struct set set = read_set(s, &config->sets.list.items[i]);
        colocate_within(common, &set);
        if (i > 0)
            colocate_sets(common, &last, &set);
        last = set;
    }
}

/* Each member goes with the one before it. */
void hy_sched_chain_groups(struct hy_sched *s)
{
    for (size_t i = 0; i < s->rscs.count; i++) {
        const struct hy_srsc *group = s->rscs.items[i];
        for (size_t m = 1; group->kind == HY_RSC_GROUP && m < group->children.count; m++) {
            struct hy_scoloc *link =
                new_colocation(s, group->children.items[m], group->children.items[m - 1], HY_INFINITY);
            link->id = link->key = "#group-members";
            link->internal = true;
        }
    }
}

/* ---------------------------------------------------------------- order */

static enum hy_action_kind read_action(const char *word, enum hy_action_kind otherwise)
{
    if (!word)
        return otherwise;
    if (!strcmp(word, "stop"))
        return HY_ACT_STOP;
    if (!strcmp(word, "promote"))
        return HY_ACT_PROMOTE;
    if (!strcmp(word, "demote"))
        return HY_ACT_DEMOTE;
    return HY_ACT_START;
}

static enum hy_action_kind inverse(enum hy_action_kind kind)
{
    switch (kind) {
    case HY_ACT_STOP:
        return HY_ACT_START;
    case HY_ACT_PROMOTE:
        return HY_ACT_DEMOTE;
    case HY_ACT_DEMOTE:
        return HY_ACT_PROMOTE;
    default:
        return HY_ACT_STOP;
    }
}

static bool is_symmetrical(const struct hy_order *config, enum hy_order_kind kind)
{
    return kind != HY_ORDER_SERIALIZE && (!config->has_symmetrical || config->symmetrical);
}

static struct hy_sorder *add_order(struct hy_sched *s, const struct hy_object *object, struct hy_srsc *first,
                                   struct hy_srsc *then, enum hy_action_kind first_action,
                                   enum hy_action_kind then_action)
{
    const struct hy_order *config = &object->u.order;
    if (first == then)
        return NULL;
    struct hy_sorder *order = hy_arena_alloc(&s->scratch, sizeof *order);
    order->object = object;
    order->kind = config->kind;
    order->symmetrical = is_symmetrical(config, config->kind);
    order->first = first;
    order->then = then;
    order->first_action = first_action;
    order->then_action = then_action;
    hy_arena_vec_push(&s->scratch, &s->orders, order);
    return order;
}

/* A kind of the set's own counts within it, and nowhere else. */
static enum hy_order_kind kind_within(const struct hy_order *config, const struct set *set)
{
    const char *text = hy_attrs_get(&set->config->options, "kind");
    enum hy_order_kind kind = config->kind;
    if (text)
        hy_order_kind_parse(text, &kind);
    return kind;
}

static void order_within(struct hy_sched *s, const struct hy_object *object, const struct set *set)
{
    enum hy_action_kind action = read_action(set->config->action, HY_ACT_START);
    enum hy_order_kind kind = kind_within(&object->u.order, set);
    for (size_t i = 1; i < set->members.count && set->sequential; i++) {
        struct hy_sorder *order =
            add_order(s, object, set->members.items[i - 1], set->members.items[i], action, action);
        if (!order)
            continue;
        order->kind = kind;
        order->symmetrical = is_symmetrical(&object->u.order, kind);
    }
}

/* The other way round it is a plain order: all that waited goes before what it waited for. */
static void gate_sets(struct hy_sched *s, const struct hy_object *object, const struct set *firsts,
                      const struct set *thens)
{
    struct hy_sgate *gate = hy_arena_alloc(&s->scratch, sizeof *gate);
    gate->object = object;
    gate->kind = object->u.order.kind;
    gate->first_action = read_action(firsts->config->action, HY_ACT_START);
    gate->then_action = read_action(thens->config->action, HY_ACT_START);
    for (size_t i = 0; i < firsts->members.count; i++)
        hy_arena_vec_push(&s->scratch, &gate->firsts, firsts->members.items[i]);
    for (size_t i = 0; i < thens->members.count; i++)
        hy_arena_vec_push(&s->scratch, &gate->thens, thens->members.items[i]);
    hy_arena_vec_push(&s->scratch, &s->gates, gate);
    const struct hy_order *config = &object->u.order;
    if (config->kind == HY_ORDER_SERIALIZE || (config->has_symmetrical && !config->symmetrical))
        return;
    size_t count = thens->sequential && thens->members.count ? 1 : thens->members.count;
    size_t from = firsts->sequential && firsts->members.count ? firsts->members.count - 1 : 0;
    for (size_t t = 0; t < count; t++)
        for (size_t f = from; f < firsts->members.count; f++) {
            struct hy_sorder *back = add_order(s, object, thens->members.items[t], firsts->members.items[f],
                                               inverse(gate->then_action), inverse(gate->first_action));
            if (back)
                back->symmetrical = false;
        }
}

/* The last of a set that is a chain comes before the first of the next one; the rest follows. */
static void order_sets(struct hy_sched *s, const struct hy_object *object, const struct set *firsts,
                       const struct set *thens)
{
    if (!firsts->config->require_all) {
        gate_sets(s, object, firsts, thens);
        return;
    }
    enum hy_action_kind first_action = read_action(firsts->config->action, HY_ACT_START);
    enum hy_action_kind then_action = read_action(thens->config->action, HY_ACT_START);
    size_t from = firsts->sequential && firsts->members.count ? firsts->members.count - 1 : 0;
    size_t count = thens->sequential && thens->members.count ? 1 : thens->members.count;
    for (size_t f = from; f < firsts->members.count; f++)
        for (size_t t = 0; t < count; t++)
            add_order(s, object, firsts->members.items[f], thens->members.items[t], first_action, then_action);
}

void hy_sched_unpack_order(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_order *config = &object->u.order;
    if (config->first.rsc) {
        hy_srsc_list firsts = {0}, thens = {0};
        enum hy_action_kind action = read_action(config->first.action, HY_ACT_START);
        hy_sched_resolve(s, config->first.rsc, &firsts);
        hy_sched_resolve(s, config->then.rsc, &thens);
        for (size_t f = 0; f < firsts.count; f++)
            for (size_t t = 0; t < thens.count; t++)
                add_order(s, object, firsts.items[f], thens.items[t], action, read_action(config->then.action, action));
        return;
    }
    struct set last = {0};
    for (size_t i = 0; i < config->sets.list.count; i++) {
        struct set set = read_set(s, &config->sets.list.items[i]);
        order_within(s, object, &set);
        if (i > 0)
            order_sets(s, object, &last, &set);
        last = set;
    }
}
