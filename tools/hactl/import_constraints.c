/* SPDX-License-Identifier: Apache-2.0 */
/* Locations, colocations, orders, tickets; the fencing topology. */
#include "hactl/import.h"

#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <string.h>

/* ---------------------------------------------------------------- sets of resources */

static bool read_member(struct hactl_import *import, const struct hactl_xml *at, const char *attribute, char **out)
{
    const char *id = hactl_xml_get(at, attribute);
    if (!id) {
        hactl_import_note(import, at, "names no resource (%s): left out", attribute);
        return false;
    }
    if (!hactl_import_id(import, at, id))
        return false;
    *out = hy_strdup(id);
    return true;
}

static char *read_action(struct hactl_import *import, const struct hactl_xml *at, const char *attribute)
{
    static const char *const actions[] = {"start", "stop", "promote", "demote"};
    const char *text = hactl_xml_get(at, attribute);
    for (size_t i = 0; text && i < sizeof actions / sizeof *actions; i++)
        if (strcmp(actions[i], text) == 0)
            return hy_strdup(text);
    if (text)
        hactl_import_note(import, at, "%s='%.100s' is unknown: read as if it was not there", attribute, text);
    return NULL;
}

/* The members of an order have actions, those of any other constraint roles: the other says nothing there. */
static void read_what_of_members(struct hactl_import *import, const struct hactl_xml *at, bool ordered,
                                 struct hy_rsc_set *set)
{
    const char *vain = ordered ? "role" : "action";
    if (hactl_xml_get(at, vain))
        hactl_import_note(import, at, "%s='%.100s' means nothing here: left out", vain, hactl_xml_get(at, vain));
    if (ordered)
        set->action = read_action(import, at, "action");
    else
        set->role = hactl_import_role(import, at, "role");
}

static void read_set(struct hactl_import *import, const struct hactl_xml *at, bool ordered, struct hy_rsc_set *set)
{
    static const char *const own[] = {"score", "kind", "ordering", NULL};
    static const char *const known[] = {"id",          "id-ref", "sequential", "require-all", "role", "action",
                                        "description", "score",  "kind",       "ordering",    NULL};
    *set = (struct hy_rsc_set){.sequential = true, .require_all = true};
    const char *ref = hactl_xml_get(at, "id-ref"), *id = hactl_xml_get(at, "id");
    hactl_import_unknown(import, at, known);
    if (ref) {
        if (hactl_import_id(import, at, ref))
            set->ref = hy_strdup(ref);
        return;
    }
    if (id && hy_map_get(&import->wanted, id) && hactl_import_id(import, at, id))
        set->id = hy_strdup(id);
    set->sequential = hactl_import_bool(import, at, "sequential", true);
    set->require_all = hactl_import_bool(import, at, "require-all", true);
    read_what_of_members(import, at, ordered, set);
    for (const char *const *name = own; *name; name++)
        if (hactl_xml_get(at, *name))
            hy_attrs_set(&set->options, *name, hactl_xml_get(at, *name));
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        char *member = NULL;
        if (hactl_xml_is(child, "resource_ref") && read_member(import, child, "id", &member))
            hy_vec_push(&set->members, member);
    }
}

static void free_set(struct hy_rsc_set *set)
{
    free(set->action);
    free(set->id);
    hy_attrs_free(&set->options);
    hy_vec_free(&set->members);
}

static void read_resource_sets(struct hactl_import *import, const struct hactl_xml *at, struct hy_rsc_sets *sets)
{
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        if (!hactl_xml_is(child, "resource_set"))
            continue;
        struct hy_rsc_set set;
        read_set(import, child, hactl_xml_is(at, "rsc_order"), &set);
        if (set.ref || set.members.count) {
            hy_vec_push(&sets->list, set);
            continue;
        }
        hactl_import_note(import, child, "is a set of nothing: left out");
        free_set(&set);
    }
}

/* ---------------------------------------------------------------- what all have in common */

static struct hy_object *begin(struct hactl_import *import, const struct hactl_xml *at, enum hy_kind kind)
{
    const char *id = hactl_xml_get(at, "id");
    if (!hactl_import_id(import, at, id))
        return NULL;
    struct hy_object *object = hy_object_new(kind);
    object->id = hy_strdup(id);
    return object;
}

static void drop(struct hactl_import *import, const struct hactl_xml *at, struct hy_object *object, const char *why)
{
    hactl_import_note(import, at, "%s: left out", why);
    hy_object_free(&object);
}

static void take_options(const struct hactl_xml *at, const char *const *names, struct hy_attrs *options)
{
    for (; *names; names++)
        if (hactl_xml_get(at, *names))
            hy_attrs_set(options, *names, hactl_xml_get(at, *names));
}

/* ---------------------------------------------------------------- location */

static struct hy_expression on_node(const char *node)
{
    return (struct hy_expression){
        .kind = HY_EXPR_ATTRIBUTE, .attribute = hy_strdup("#uname"), .op = HY_EQ, .value = hy_strdup(node)};
}

/* Takes the rule over, as what decides and not as what gives a score. */
static struct hy_expression inner_rule(struct hy_rule *rule)
{
    struct hy_expression e = {.kind = HY_EXPR_RULE, .rule = hy_alloc(sizeof *e.rule)};
    *e.rule = *rule;
    free(e.rule->id);
    free(e.rule->score_attribute);
    e.rule->id = e.rule->score_attribute = NULL;
    e.rule->score = 0;
    e.rule->role = HY_ROLE_ANY;
    return e;
}

/* One of its rules must hold. */
static struct hy_expression while_it_lasts(struct hactl_import *import, const struct hactl_xml *lifetime)
{
    struct hy_rule any = {.any = true};
    for (const struct hactl_xml *child = lifetime->child; child; child = child->next) {
        if (!hactl_xml_is(child, "rule"))
            continue;
        struct hy_rule rule = hactl_import_rule(import, child);
        hy_vec_push(&any.expressions, inner_rule(&rule));
    }
    if (any.expressions.count > 1)
        return inner_rule(&any);
    struct hy_expression only = any.expressions.items[0];
    hy_vec_free(&any.expressions);
    return only;
}

/* The rule, while the lifetime lasts. */
static void limit_rule(struct hactl_import *import, const struct hactl_xml *lifetime, struct hy_rule *rule)
{
    struct hy_rule limited = {
        .score = rule->score, .score_attribute = hy_strdup(rule->score_attribute), .role = rule->role};
    hy_vec_push(&limited.expressions, inner_rule(rule));
    hy_vec_push(&limited.expressions, while_it_lasts(import, lifetime));
    *rule = limited;
}

/* The constraint holds only while one of the rules of its lifetime does: here that is part of its own rules. */
static void read_lifetime(struct hactl_import *import, const struct hactl_xml *at, struct hy_location *location)
{
    const struct hactl_xml *lifetime = hactl_xml_child(at, "lifetime");
    if (!lifetime && !hactl_xml_get(at, "lifetime"))
        return;
    if (!lifetime || !hactl_xml_child(lifetime, "rule")) {
        hactl_import_note(import, at, "its lifetime has no rule: left out");
        return;
    }
    for (size_t i = 0; i < location->rules.count; i++) {
        if (location->rules.items[i].ref)
            hactl_import_note(import, at, "its lifetime does not count for the rule '%s' it refers to",
                              location->rules.items[i].ref);
        else
            limit_rule(import, lifetime, &location->rules.items[i]);
    }
    if (location->node) {
        struct hy_rule rule = {.score = location->score};
        hy_vec_push(&rule.expressions, on_node(location->node));
        hy_vec_push(&rule.expressions, while_it_lasts(import, lifetime));
        hy_vec_push(&location->rules, rule);
        free(location->node);
        location->node = NULL;
        location->score = 0;
    }
    hactl_import_note(import, at, "lifetime: made a part of its rules");
}

static void read_location(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id",    "rsc",         "rsc-pattern",        "role",     "node",
                                        "score", "description", "resource-discovery", "lifetime", NULL};
    static const char *const options[] = {"resource-discovery", NULL};
    struct hy_object *object = begin(import, at, HY_LOCATION);
    if (!object)
        return;
    struct hy_location *location = &object->u.location;
    const char *pattern = hactl_xml_get(at, "rsc-pattern"), *node = hactl_xml_get(at, "node");
    hactl_import_unknown(import, at, known);
    take_options(at, options, &location->options);
    location->role = hactl_import_role(import, at, "role");
    location->score = hactl_import_score(import, at, "score", 0);
    read_resource_sets(import, at, &location->sets);
    if (location->sets.list.count && (hactl_xml_get(at, "rsc") || pattern))
        hactl_import_note(import, at,
                          "names sets of resources: rsc and rsc-pattern mean nothing beside them: left out");
    else if (hactl_xml_get(at, "rsc"))
        (void)read_member(import, at, "rsc", &location->rsc);
    else if (pattern && !hy_pattern_is_modest(pattern))
        hactl_import_refuse(import, at,
                            "rsc-pattern='%.100s': expected a pattern of at most %d bytes and %d repetitions", pattern,
                            HY_PATTERN_MAX, HY_PATTERN_REPEATS_MAX);
    else if (pattern && *pattern)
        location->pattern = hy_strdup(pattern);
    if (node && hy_node_name_is_valid(node))
        location->node = hy_strdup(node);
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        if (hactl_xml_is(child, "rule") && location->node)
            hactl_import_note(import, child, "a rule beside a node: left out");
        else if (hactl_xml_is(child, "rule"))
            hy_vec_push(&location->rules, hactl_import_rule(import, child));
    }
    read_lifetime(import, at, location);
    if (!location->rsc && !location->pattern && !location->sets.list.count)
        drop(import, at, object, "names no resource");
    else if (!location->node && !location->rules.count)
        drop(import, at, object, "has neither a node nor a rule");
    else
        hactl_import_add(import, at, object);
}

/* ---------------------------------------------------------------- colocation, order, ticket */

static void no_lifetime(struct hactl_import *import, const struct hactl_xml *at)
{
    if (hactl_xml_child(at, "lifetime"))
        hactl_import_note(import, at, "its lifetime has no counterpart: it holds always");
}

static void read_colocation(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {
        "id",        "rsc",         "with-rsc", "score", "rsc-role", "with-rsc-role", "node-attribute",
        "influence", "description", NULL};
    static const char *const options[] = {"node-attribute", "influence", NULL};
    struct hy_object *object = begin(import, at, HY_COLOCATION);
    if (!object)
        return;
    struct hy_colocation *colocation = &object->u.colocation;
    hactl_import_unknown(import, at, known);
    no_lifetime(import, at);
    take_options(at, options, &colocation->options);
    colocation->score = hactl_import_score(import, at, "score", 0);
    read_resource_sets(import, at, &colocation->sets);
    if (!colocation->sets.list.count) {
        (void)(read_member(import, at, "rsc", &colocation->rsc.rsc) &&
               read_member(import, at, "with-rsc", &colocation->with.rsc));
        colocation->rsc.role = hactl_import_role(import, at, "rsc-role");
        colocation->with.role = hactl_import_role(import, at, "with-rsc-role");
    }
    if (!colocation->with.rsc && !colocation->sets.list.count)
        drop(import, at, object, "does not name two resources");
    else
        hactl_import_add(import, at, object);
}

static void read_order_kind(struct hactl_import *import, const struct hactl_xml *at, struct hy_order *order)
{
    const char *kind = hactl_xml_get(at, "kind");
    order->kind = HY_ORDER_MANDATORY;
    if (kind && strcasecmp(kind, "Optional") == 0)
        order->kind = HY_ORDER_OPTIONAL;
    else if (kind && strcasecmp(kind, "Serialize") == 0)
        order->kind = HY_ORDER_SERIALIZE;
    else if (kind && strcasecmp(kind, "Mandatory") != 0)
        hactl_import_note(import, at, "kind='%.100s' is unknown: read as Mandatory", kind);
    if (kind || !hactl_xml_get(at, "score"))
        return;
    order->has_score = true;
    order->score = hactl_import_score(import, at, "score", 0);
    order->kind = order->score ? HY_ORDER_MANDATORY : HY_ORDER_OPTIONAL;
}

static void read_order(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id",    "first",       "then",        "first-action", "then-action", "kind",
                                        "score", "symmetrical", "require-all", "description",  NULL};
    static const char *const options[] = {"require-all", NULL};
    struct hy_object *object = begin(import, at, HY_ORDER);
    if (!object)
        return;
    struct hy_order *order = &object->u.order;
    hactl_import_unknown(import, at, known);
    no_lifetime(import, at);
    take_options(at, options, &order->options);
    read_order_kind(import, at, order);
    order->has_symmetrical = hactl_xml_get(at, "symmetrical") != NULL;
    order->symmetrical = hactl_import_bool(import, at, "symmetrical", true);
    read_resource_sets(import, at, &order->sets);
    if (!order->sets.list.count) {
        (void)(read_member(import, at, "first", &order->first.rsc) &&
               read_member(import, at, "then", &order->then.rsc));
        order->first.action = read_action(import, at, "first-action");
        order->then.action = read_action(import, at, "then-action");
    }
    if (!order->then.rsc && !order->sets.list.count)
        drop(import, at, object, "does not name two resources");
    else
        hactl_import_add(import, at, object);
}

static enum hy_loss_policy read_loss(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const words[] = {
        [HY_LOSS_STOP] = "stop", [HY_LOSS_DEMOTE] = "demote", [HY_LOSS_FREEZE] = "freeze", [HY_LOSS_FENCE] = "fence"};
    const char *text = hactl_xml_get(at, "loss-policy");
    for (size_t i = HY_LOSS_STOP; text && i <= HY_LOSS_FENCE; i++)
        if (strcasecmp(words[i], text) == 0)
            return (enum hy_loss_policy)i;
    if (text)
        hactl_import_note(import, at, "loss-policy='%.100s' is unknown: read as if it was not there", text);
    return HY_LOSS_DEFAULT;
}

static void read_ticket(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id", "rsc", "rsc-role", "ticket", "loss-policy", "description", NULL};
    struct hy_object *object = begin(import, at, HY_RSC_TICKET);
    if (!object)
        return;
    struct hy_rsc_ticket *ticket = &object->u.rsc_ticket;
    hactl_import_unknown(import, at, known);
    const char *name = hactl_xml_get(at, "ticket");
    if (name && hy_ticket_name_is_valid(name))
        ticket->ticket = hy_strdup(name);
    ticket->loss = read_loss(import, at);
    read_resource_sets(import, at, &ticket->sets);
    if (!ticket->sets.list.count) {
        (void)read_member(import, at, "rsc", &ticket->rsc.rsc);
        ticket->rsc.role = hactl_import_role(import, at, "rsc-role");
    }
    if (!ticket->ticket || (!ticket->rsc.rsc && !ticket->sets.list.count))
        drop(import, at, object, "names no ticket or no resource");
    else
        hactl_import_add(import, at, object);
}

void hactl_import_constraint(struct hactl_import *import, const struct hactl_xml *at)
{
    static const struct {
        const char *element;
        void (*read)(struct hactl_import *import, const struct hactl_xml *at);
    } readers[] = {{"rsc_location", read_location},
                   {"rsc_colocation", read_colocation},
                   {"rsc_order", read_order},
                   {"rsc_ticket", read_ticket}};
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (hactl_xml_is(at, readers[i].element)) {
            readers[i].read(import, at);
            return;
        }
    }
    hactl_import_note(import, at, "is no kind of constraint that is known: left out");
}

/* ---------------------------------------------------------------- fencing topology */

static void split_devices(struct hactl_import *import, const struct hactl_xml *at, const char *text,
                          struct hy_level *level)
{
    while (*text) {
        size_t length = strcspn(text, ", \t\n");
        char *device = hy_strndup(text, length);
        if (length && hy_id_is_valid(device)) {
            hy_vec_push(&level->devices, device);
        } else {
            if (length)
                hactl_import_note(import, at, "device '%.100s' is no id of a resource: left out", device);
            free(device);
        }
        text += length + (text[length] != '\0');
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of two levels with one index the reference makes one. The topology takes the level's strings. */
static void add_level(struct hy_topology *topology, struct hy_level *level)
{
    for (size_t i = 0; i < topology->levels.count; i++) {
        struct hy_level *known = &topology->levels.items[i];
        if (known->index != level->index || known->kind != level->kind || !same_text(known->target, level->target) ||
            !same_text(known->value, level->value))
            continue;
        for (size_t d = 0; d < level->devices.count; d++)
            hy_vec_push(&known->devices, level->devices.items[d]);
        hy_vec_free(&level->devices);
        free(level->target);
        free(level->value);
        return;
    }
    hy_vec_push(&topology->levels, *level);
}

static void read_level(struct hactl_import *import, const struct hactl_xml *at, struct hy_topology *topology)
{
    const char *index = hactl_xml_get(at, "index"), *devices = hactl_xml_get(at, "devices");
    const char *target = hactl_xml_get(at, "target"), *pattern = hactl_xml_get(at, "target-pattern");
    const char *attribute = hactl_xml_get(at, "target-attribute"), *value = hactl_xml_get(at, "target-value");
    uint64_t number = 0;
    struct hy_level level = {.kind = HY_LEVEL_NODE};
    if (!index || !hy_uint_parse(index, HY_LEVELS_MAX, &number) || !number) {
        hactl_import_note(import, at, "its index is not within 1 to %d: left out", HY_LEVELS_MAX);
        return;
    }
    bool sound = target    ? hy_node_name_is_valid(target)
                 : pattern ? *pattern != '\0'
                           : attribute && value && hactl_import_is_attribute(attribute);
    if (!sound) {
        hactl_import_note(import, at, "has no target, or none that can be taken: left out");
        return;
    }
    split_devices(import, at, devices ? devices : "", &level);
    if (!level.devices.count) {
        hactl_import_note(import, at, "names no device: left out");
        return;
    }
    level.index = (int)number;
    level.kind = target ? HY_LEVEL_NODE : pattern ? HY_LEVEL_PATTERN : HY_LEVEL_ATTRIBUTE;
    level.target = hy_strdup(target ? target : pattern ? pattern : attribute);
    level.value = level.kind == HY_LEVEL_ATTRIBUTE ? hy_strdup(value) : NULL;
    add_level(topology, &level);
}

void hactl_import_topology(struct hactl_import *import, const struct hactl_xml *at)
{
    struct hy_object *object = hy_object_new(HY_TOPOLOGY);
    object->id = hy_strdup("fencing_topology");
    for (const struct hactl_xml *child = at->child; child; child = child->next)
        if (hactl_xml_is(child, "fencing-level"))
            read_level(import, child, &object->u.topology);
    if (object->u.topology.levels.count)
        hactl_import_add(import, at, object);
    else
        hy_object_free(&object);
}
