/* SPDX-License-Identifier: Apache-2.0 */
/* Locations become scores; colocations and orders become links between resources. */
#include "scheduler/model.h"

struct hy_cause *hy_sched_cause(struct hy_sched *s, struct hy_srsc *rsc, enum hy_cause_kind kind, uint32_t node,
                                int score)
{
    struct hy_cause *cause = hy_arena_alloc(&s->scratch, sizeof *cause);
    *cause = (struct hy_cause){.kind = kind, .node = node, .score = score, .next = rsc->causes};
    return rsc->causes = cause;
}

static void add_to(struct hy_srsc *rsc, uint32_t node, int score)
{
    rsc->score[node] = rsc->score[node] == HY_ABSENT ? score : hy_score_add(rsc->score[node], score);
}

/* Of a group only the first member has the group's scores; the others have its nodes, and follow it. */
void hy_sched_add_score(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int score)
{
    add_to(rsc, node, score);
    for (size_t i = 0; i < rsc->children.count; i++) {
        bool follows = rsc->kind == HY_RSC_GROUP && i > 0;
        hy_sched_add_score(s, rsc->children.items[i], node, follows ? 0 : score);
    }
}

/* A constraint that names what a clone is of means the clone. */
static struct hy_srsc *constrained(struct hy_sched *s, const char *id)
{
    struct hy_srsc *rsc = id ? hy_map_get(&s->rsc_index, id) : NULL;
    return rsc && rsc->in_clone ? hy_sched_top(rsc) : rsc;
}

/* ---------------------------------------------------------------- location */

static void forbid_probe(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node)
{
    for (size_t i = 0; i < rsc->children.count; i++)
        forbid_probe(s, rsc->children.items[i], node);
    if (!rsc->unit)
        return;
    if (!rsc->unit->no_probe)
        rsc->unit->no_probe = hy_arena_array(&s->scratch, s->node_count, 1);
    rsc->unit->no_probe[node] = 1;
}

static void locate(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_object *object, enum hy_role role,
                   uint32_t node, int score)
{
    if (role == HY_ROLE_PROMOTED || role == HY_ROLE_UNPROMOTED) {
        if (role == HY_ROLE_UNPROMOTED || rsc->kind != HY_RSC_CLONE)
            return;
        if (!rsc->promote_score)
            rsc->promote_score = hy_arena_array(&s->scratch, s->node_count, sizeof *rsc->promote_score);
        rsc->promote_score[node] = hy_score_add(rsc->promote_score[node], score);
        return;
    }
    hy_sched_add_score(s, rsc, node, score);
    hy_sched_cause(s, rsc, HY_CAUSE_LOCATION, node, score)->id = object->id;
}

static int rule_score(const struct hy_rule *rule, const struct hy_snode *node)
{
    int score = rule->score;
    if (rule->score_attribute) {
        const char *text = hy_sched_node_attr(node, rule->score_attribute);
        score = 0;
        if (text)
            hy_score_parse(text, &score);
    }
    return score;
}

static void unpack_location(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_location *location = &object->u.location;
    struct hy_srsc *rsc = constrained(s, location->rsc);
    if (!rsc)
        return;
    const char *discovery = hy_attrs_get(&location->options, "resource-discovery");
    bool never = discovery && !strcmp(discovery, "never");
    bool exclusive = discovery && !strcmp(discovery, "exclusive");
    for (uint32_t n = 0; n < s->node_count; n++) {
        bool concerned = false;
        if (location->node && (concerned = !strcasecmp(location->node, s->nodes[n].name)))
            locate(s, rsc, object, location->role, n, location->score);
        for (size_t r = 0; !location->node && r < location->rules.count; r++) {
            const struct hy_rule *rule = &location->rules.items[r];
            if (!hy_sched_rule_matches(rule, &s->nodes[n]))
                continue;
            concerned = true;
            locate(s, rsc, object, rule->role == HY_ROLE_ANY ? location->role : rule->role, n,
                   rule_score(rule, &s->nodes[n]));
        }
        if ((never && concerned) || (exclusive && !concerned))
            forbid_probe(s, rsc, n);
        if (exclusive && !concerned)
            locate(s, rsc, object, HY_ROLE_ANY, n, -HY_INFINITY);
    }
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
    colocation->dependent = dependent;
    colocation->primary = primary;
    colocation->score = score;
    colocation->influence = dependent->meta.critical;
    hy_arena_vec_push(&s->scratch, &dependent->with, colocation);
    hy_arena_vec_push(&s->scratch, &primary->dependents, colocation);
    hy_arena_vec_push(&s->scratch, &s->colocations, colocation);
    return colocation;
}

static void unpack_colocation(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_colocation *config = &object->u.colocation;
    struct hy_srsc *dependent = constrained(s, config->rsc.rsc);
    struct hy_srsc *primary = constrained(s, config->with.rsc);
    if (!dependent || !primary || dependent == primary || !config->score)
        return;
    struct hy_scoloc *colocation = new_colocation(s, dependent, primary, config->score);
    colocation->id = object->id;
    colocation->dependent_role = any_if_started(config->rsc.role);
    colocation->primary_role = any_if_started(config->with.role);
    const char *attribute = hy_attrs_get(&config->options, "node-attribute");
    colocation->attribute = attribute && strcmp(attribute, "#uname") ? attribute : NULL;
    const char *influence = hy_attrs_get(&config->options, "influence");
    if (influence)
        hy_parse_bool(influence, &colocation->influence);
}

/* Each member goes with the one before it. */
static void chain_groups(struct hy_sched *s)
{
    for (size_t i = 0; i < s->rscs.count; i++) {
        const struct hy_srsc *group = s->rscs.items[i];
        for (size_t m = 1; group->kind == HY_RSC_GROUP && m < group->children.count; m++) {
            struct hy_scoloc *link =
                new_colocation(s, group->children.items[m], group->children.items[m - 1], HY_INFINITY);
            link->id = "#group-members";
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

static void unpack_order(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_order *config = &object->u.order;
    struct hy_srsc *first = constrained(s, config->first.rsc);
    struct hy_srsc *then = constrained(s, config->then.rsc);
    if (!first || !then || first == then)
        return;
    struct hy_sorder *order = hy_arena_alloc(&s->scratch, sizeof *order);
    order->object = object;
    order->kind = config->kind;
    order->symmetrical = config->kind != HY_ORDER_SERIALIZE && (!config->has_symmetrical || config->symmetrical);
    order->first = first;
    order->then = then;
    order->first_action = read_action(config->first.action, HY_ACT_START);
    order->then_action = read_action(config->then.action, order->first_action);
    hy_arena_vec_push(&s->scratch, &s->orders, order);
}

/* ---------------------------------------------------------------- stickiness */

/* A node that may be running it for all we know. An anonymous clone with an instance for each node need not care. */
static uint32_t unheard_node(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    const struct hy_unit *unit = leaf->unit;
    for (uint32_t n = 0; n < s->node_count && !unit->everywhere; n++)
        if (s->nodes[n].pending && !unit->past[n].known && !(unit->no_probe && unit->no_probe[n]))
            return n;
    return HY_NO_NODE;
}

/* What is active in one place sticks there; where it is active several times there is no place to stick to. What
 * could not start elsewhere, before a node has said what runs there, had better stay, whatever its stickiness. */
static void apply_stickiness(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (!leaf->managed || leaf->orphan)
            continue;
        leaf->waits_for = unheard_node(s, leaf);
        uint32_t node = leaf->active.count == 1 ? leaf->active.items[0] : HY_NO_NODE;
        bool holds = leaf->waits_for != HY_NO_NODE && !leaf->failed;
        int score = holds ? HY_INFINITY : leaf->meta.stickiness;
        if (node == HY_NO_NODE || leaf->score[node] == HY_ABSENT || !score)
            continue;
        hy_sched_add_score(s, leaf, node, score);
        hy_sched_cause(s, leaf, HY_CAUSE_STICKINESS, node, score);
    }
}

void hy_sched_unpack_constraints(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_LOCATION)
            unpack_location(s, object);
        else if (object->kind == HY_COLOCATION)
            unpack_colocation(s, object);
        else if (object->kind == HY_ORDER)
            unpack_order(s, object);
    }
    chain_groups(s);
    apply_stickiness(s);
}
