/* SPDX-License-Identifier: Apache-2.0 */
/* Locations become scores; what else bears on where things may be, too. */
#include "scheduler/model.h"

#include <regex.h>

enum { PARTS = 10 }; /* of a pattern's match: all of it, and up to nine in parentheses */

struct hy_cause *hy_sched_cause(struct hy_sched *s, struct hy_srsc *rsc, enum hy_cause_kind kind, uint32_t node,
                                int score)
{
    struct hy_cause *cause = hy_arena_alloc(&s->scratch, sizeof *cause);
    *cause = (struct hy_cause){.kind = kind, .node = node, .score = score, .next = rsc->causes};
    rsc->causes = cause;
    hy_sched_book_cause(s, rsc, cause);
    return cause;
}

static void add_to(struct hy_srsc *rsc, uint32_t node, int score)
{
    rsc->score[node] = rsc->score[node] == HY_ABSENT ? score : hy_score_add(rsc->score[node], score);
}

void hy_sched_add_score(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int score)
{
    add_to(rsc, node, score);
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_add_score(s, rsc->children.items[i], node, score);
}

/* Of a group only the first member has the group's locations; the others have its nodes, and follow it. */
void hy_sched_add_location(struct hy_sched *s, struct hy_srsc *rsc, uint32_t node, int score)
{
    add_to(rsc, node, score);
    for (size_t i = 0; i < rsc->children.count; i++)
        hy_sched_add_location(s, rsc->children.items[i], node, rsc->kind == HY_RSC_GROUP && i > 0 ? 0 : score);
}

/* ---------------------------------------------------------------- whom an id means */

/* A constraint that names what a clone is of means the clone. */
static struct hy_srsc *constrained(struct hy_sched *s, const char *id)
{
    struct hy_srsc *rsc = id ? hy_map_get(&s->rsc_index, id) : NULL;
    return rsc && rsc->in_clone ? hy_sched_top(rsc) : rsc;
}

static void add_rsc(struct hy_sched *s, hy_srsc_list *list, struct hy_srsc *rsc)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == rsc)
            return;
    hy_arena_vec_push(&s->scratch, list, rsc);
}

/* A resource; or all that a tag or template stands for. */
void hy_sched_resolve(struct hy_sched *s, const char *id, hy_srsc_list *list)
{
    struct hy_srsc *rsc = id ? constrained(s, id) : NULL;
    if (rsc) {
        hy_arena_vec_push(&s->scratch, list, rsc);
        return;
    }
    struct hy_objects objects = {0};
    if (id)
        hy_cib_resolve(s->input->cib, id, &objects);
    for (size_t i = 0; i < objects.list.count; i++)
        if ((rsc = constrained(s, objects.list.items[i]->id)))
            add_rsc(s, list, rsc);
    hy_vec_free(&objects.list);
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
    /* What is to be promoted must have been started before: any other role is every role. */
    if (role != HY_ROLE_PROMOTED) {
        hy_sched_add_location(s, rsc, node, score);
        hy_sched_cause(s, rsc, HY_CAUSE_LOCATION, node, score)->id = object->id;
        return;
    }
    if (!rsc->promote_score)
        rsc->promote_score = hy_arena_array(&s->scratch, s->node_count, sizeof *rsc->promote_score);
    rsc->promote_score[node] = hy_score_add(rsc->promote_score[node], score);
    hy_sched_book_promotion(s, rsc, object->id, node, score);
}

struct asked {
    struct hy_sched *s;
    struct hy_srsc *rsc;
    uint32_t node;
};

static const char *param_of(const void *from, const char *name)
{
    const struct asked *asked = from;
    const struct hy_srsc *leaf = hy_sched_first_leaf(asked->rsc);
    const struct hy_params *params = leaf->unit ? hy_sched_params(asked->s, leaf->unit->prim, asked->node) : NULL;
    for (size_t i = 0; params && i < params->count; i++)
        if (!strcmp(params->list[i].name, name))
            return params->list[i].value;
    return NULL;
}

static const char *meta_of(const void *from, const char *name)
{
    const struct asked *asked = from;
    return hy_values_get(hy_sched_collect_meta(asked->s, asked->rsc), name);
}

enum discovery { ALWAYS, NEVER, EXCLUSIVE };

static void make_exclusive(struct hy_sched *s, struct hy_srsc *rsc)
{
    if (rsc->exclusive)
        return;
    rsc->exclusive = hy_arena_array(&s->scratch, s->node_count, 1);
    hy_arena_vec_push(&s->scratch, &s->exclusives, rsc);
}

static void discover(struct hy_sched *s, struct hy_srsc *rsc, enum discovery discovery, uint32_t node)
{
    if (discovery == NEVER)
        forbid_probe(s, rsc, node);
    if (discovery != EXCLUSIVE)
        return;
    make_exclusive(s, rsc);
    rsc->exclusive[node] = 1;
}

static bool apply_rules(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_object *object, enum hy_role role,
                        uint32_t n, const struct hy_rule_context *with)
{
    const struct hy_location *location = &object->u.location;
    struct asked asked = {.s = s, .rsc = rsc, .node = n};
    bool concerned = false;
    for (size_t r = 0; r < location->rules.count; r++) {
        struct hy_rule_context context = hy_sched_context(s, &s->nodes[n]);
        context.param = param_of;
        context.meta = meta_of;
        context.rsc = &asked;
        context.matches = with->matches;
        context.match_count = with->match_count;
        const struct hy_rule *rule = hy_rule_meant(s->input->cib, &location->rules.items[r]);
        if (!rule || !hy_rule_holds(rule, &context))
            continue;
        concerned = true;
        enum hy_role own = rule->role == HY_ROLE_ANY ? role : rule->role;
        locate(s, rsc, object, own, n, hy_rule_score(rule, &context));
    }
    return concerned;
}

static enum discovery read_discovery(const struct hy_location *location)
{
    const char *text = hy_attrs_get(&location->options, "resource-discovery");
    return !text ? ALWAYS : !strcmp(text, "never") ? NEVER : !strcmp(text, "exclusive") ? EXCLUSIVE : ALWAYS;
}

/* `context`: what the pattern has matched. */
static void apply_location(struct hy_sched *s, struct hy_srsc *rsc, const struct hy_object *object, enum hy_role role,
                           const struct hy_rule_context *context)
{
    const struct hy_location *location = &object->u.location;
    enum discovery discovery = read_discovery(location);
    if (discovery == EXCLUSIVE && !location->node)
        make_exclusive(s, rsc); /* rules that hold for no node leave it none */
    for (uint32_t n = 0; n < s->node_count; n++) {
        bool concerned = location->node && !strcasecmp(location->node, s->nodes[n].name);
        if (concerned)
            locate(s, rsc, object, role, n, location->score);
        else if (!location->node)
            concerned = apply_rules(s, rsc, object, role, n, context);
        if (concerned)
            discover(s, rsc, discovery, n);
    }
}

static bool matches(const regex_t *regex, const char *id, struct hy_rule_context *context, struct hy_match *into)
{
    regmatch_t found[PARTS];
    if (regexec(regex, id, PARTS, found, 0) != 0)
        return false;
    for (size_t i = 0; i < PARTS; i++) {
        bool there = found[i].rm_so >= 0;
        into[i] = (struct hy_match){.text = there ? id + found[i].rm_so : "",
                                    .size = there ? (size_t)(found[i].rm_eo - found[i].rm_so) : 0};
    }
    context->matches = into;
    context->match_count = regex->re_nsub + 1 < PARTS ? regex->re_nsub + 1 : PARTS;
    return true;
}

/* "db-.*", "!db-.*": of what is not inside of anything. */
static void apply_pattern(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_location *location = &object->u.location;
    bool invert = location->pattern[0] == '!';
    regex_t regex;
    if (regcomp(&regex, location->pattern + invert, REG_EXTENDED) != 0)
        return;
    for (size_t i = 0; i < s->tops.count; i++) {
        struct hy_match found[PARTS];
        struct hy_rule_context context = {0};
        if (s->tops.items[i]->object && matches(&regex, s->tops.items[i]->id, &context, found) != invert)
            apply_location(s, s->tops.items[i], object, location->role, &context);
    }
    regfree(&regex);
}

static void unpack_location(struct hy_sched *s, const struct hy_object *object)
{
    const struct hy_location *location = &object->u.location;
    const struct hy_rule_context context = {0};
    hy_srsc_list list = {0};
    if (location->pattern) {
        apply_pattern(s, object);
        return;
    }
    hy_sched_resolve(s, location->rsc, &list);
    for (size_t i = 0; i < list.count; i++)
        apply_location(s, list.items[i], object, location->role, &context);
    for (size_t i = 0; i < location->sets.list.count; i++) {
        const struct hy_rsc_set *set = &location->sets.list.items[i];
        hy_srsc_list members = {0};
        hy_sched_set_members(s, set, &members);
        for (size_t m = 0; m < members.count; m++)
            apply_location(s, members.items[m], object, set->role == HY_ROLE_ANY ? location->role : set->role,
                           &context);
    }
}

/* Where an `exclusive` location does not name the node it may not run, nor is it looked for there. */
static void apply_exclusives(struct hy_sched *s)
{
    for (size_t i = 0; i < s->exclusives.count; i++) {
        struct hy_srsc *rsc = s->exclusives.items[i];
        for (uint32_t n = 0; n < s->node_count; n++) {
            if (rsc->exclusive[n])
                continue;
            forbid_probe(s, rsc, n);
            if (rsc->score[n] == HY_ABSENT)
                continue;
            hy_sched_add_score(s, rsc, n, -HY_INFINITY);
            hy_sched_cause(s, rsc, HY_CAUSE_OTHER, n, -HY_INFINITY)->id =
                "a location with resource-discovery=exclusive";
        }
    }
}

/* ---------------------------------------------------------------- stickiness */

/* A node that may be running it for all we know. An anonymous clone with an instance for each node need not care. */
static uint32_t unheard_node(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    const struct hy_unit *unit = leaf->unit;
    for (size_t i = 0; i < s->unheard.count && !unit->everywhere; i++) {
        uint32_t n = s->unheard.items[i];
        if (!unit->past[n].known && !(unit->no_probe && unit->no_probe[n]))
            return n;
    }
    return HY_NO_NODE;
}

/* Single ones only: which instance of a clone returns is nobody's business. */
static uint32_t node_to_return_to(const struct hy_sched *s, const struct hy_srsc *leaf)
{
    const struct hy_returns *returns = s->input->returns;
    if (!returns || !returns->nodes.count || leaf->in_clone)
        return HY_NO_NODE;
    return hy_sched_node_named(s, hy_map_get(&returns->nodes, leaf->id));
}

/* What is active in one place sticks there; where it is active several times there is no place to stick to. What
 * could not start elsewhere, before a node has said what runs there, had better stay, whatever its stickiness. */
static void apply_stickiness(struct hy_sched *s)
{
    for (size_t i = 0; i < s->leaves.count; i++) {
        struct hy_srsc *leaf = s->leaves.items[i];
        if (!leaf->managed || (leaf->orphan && !leaf->parent))
            continue;
        leaf->waits_for = unheard_node(s, leaf);
        uint32_t node = leaf->active.count == 1 ? leaf->active.items[0] : HY_NO_NODE;
        if (!leaf->active.count)
            node = node_to_return_to(s, leaf);
        bool holds = leaf->active.count && leaf->waits_for != HY_NO_NODE && !leaf->failed;
        int score = holds ? HY_INFINITY : leaf->meta.stickiness;
        if (node == HY_NO_NODE || leaf->score[node] == HY_ABSENT || !score)
            continue;
        hy_sched_add_score(s, leaf, node, score);
        hy_sched_cause(s, leaf, HY_CAUSE_STICKINESS, node, score);
    }
}

/* ---------------------------------------------------------------- all of them */

void hy_sched_unpack_constraints(struct hy_sched *s)
{
    const struct hy_cib *cib = s->input->cib;
    for (uint32_t n = 0; n < s->node_count; n++)
        if (s->nodes[n].awaited)
            hy_arena_vec_push(&s->scratch, &s->unheard, n);
    hy_sched_apply_health(s);
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_LOCATION)
            unpack_location(s, object);
        else if (object->kind == HY_COLOCATION)
            hy_sched_unpack_colocation(s, object);
        else if (object->kind == HY_ORDER)
            hy_sched_unpack_order(s, object);
        else if (object->kind == HY_RSC_TICKET)
            hy_sched_unpack_ticket(s, object);
    }
    hy_sched_chain_groups(s);
    apply_stickiness(s);
    hy_sched_apply_failures(s);
    apply_exclusives(s);
    hy_sched_apply_locks(s);
}
