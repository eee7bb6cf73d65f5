/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/facts.h"

#include <stdio.h>
#include <string.h>

const struct hy_cib *fact_newest(const struct sim_world *world)
{
    const struct hy_cib *best = NULL;
    for (size_t node = 0; node < sim_node_count(world); node++) {
        const struct hy_cluster *cluster = sim_cluster(world, node);
        if (cluster && (!best || hy_cluster_cib(cluster)->index > best->index))
            best = hy_cluster_cib(cluster);
    }
    return best;
}

const char *fact_primitive_id(const char *rsc, char *id)
{
    snprintf(id, HY_ID_MAX + 1, "%.*s", (int)strcspn(rsc, ":"), rsc);
    return id;
}

/* ---- from a primitive upwards */

static const struct hy_object *above(const struct hy_cib *cib, const struct hy_object *object)
{
    return hy_cib_parent(cib, object->id);
}

static const struct hy_object *primitive_of(const struct hy_cib *cib, const char *rsc)
{
    char id[HY_ID_MAX + 1];
    return hy_cib_find_kind(cib, HY_PRIMITIVE, fact_primitive_id(rsc, id));
}

const struct hy_object *fact_clone_of(const struct hy_cib *cib, const char *rsc)
{
    const struct hy_object *object = primitive_of(cib, rsc);
    while (object && object->kind != HY_CLONE)
        object = above(cib, object);
    return object;
}

bool fact_is_single(const struct hy_cib *cib, const char *rsc)
{
    const struct hy_object *clone = fact_clone_of(cib, rsc);
    if (!clone)
        return true;
    /* an instance of a unique clone has a number, and is one of its kind */
    return strchr(rsc, ':') && fact_is_true(hy_sets_get(&clone->u.clone.meta, "globally-unique"), false);
}

static const struct hy_attrs *meta_of(const struct hy_object *object)
{
    switch (object->kind) {
    case HY_PRIMITIVE:
        return hy_sets_plain(&object->u.primitive.meta);
    case HY_GROUP:
        return hy_sets_plain(&object->u.group.meta);
    case HY_CLONE:
        return hy_sets_plain(&object->u.clone.meta);
    default:
        return NULL;
    }
}

const char *fact_meta(const struct hy_cib *cib, const char *rsc, const char *name)
{
    for (const struct hy_object *object = primitive_of(cib, rsc); object; object = above(cib, object)) {
        const char *value = hy_attrs_get(meta_of(object), name);
        if (value)
            return value;
    }
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        const char *value = object->kind == HY_RSC_DEFAULTS ? hy_attrs_get(&object->u.set.attrs, name) : NULL;
        if (value)
            return value;
    }
    return NULL;
}

bool fact_is_true(const char *value, bool unset)
{
    bool is = unset;
    if (value)
        hy_parse_bool(value, &is);
    return is;
}

static const char *node_attribute(const struct hy_cib *cib, const char *node, const char *name)
{
    const struct hy_node_status *status = hy_cib_node(cib, node);
    const struct hy_object *object = hy_cib_find_kind(cib, HY_NODE, node);
    const char *value = object ? hy_sets_get(&object->u.node.attributes, name) : NULL;
    return value || !status ? value : hy_attrs_get(&status->transient, name);
}

const char *fact_node_unfit(const struct hy_cib *cib, const char *node)
{
    const struct hy_node_status *status = hy_cib_node(cib, node);
    if (!status || status->state != HY_MEMBER_IN)
        return "it is no member";
    if (status->enrolled.witness)
        return "it is a witness";
    if (fact_is_true(node_attribute(cib, node, "standby"), false))
        return "it is standby";
    if (fact_is_true(hy_attrs_get(&status->transient, "shutdown"), false))
        return "it is leaving";
    return NULL;
}

/* Where a group may be says where its first member may be; the others go where that is, also when that is left alone there. */
static const struct hy_object *bound_with(const struct hy_cib *cib, const struct hy_object *object)
{
    const struct hy_object *group = above(cib, object);
    bool follows = group && group->kind == HY_GROUP && strcmp(group->u.group.members.items[0], object->id) != 0;
    return follows ? NULL : group;
}

const char *fact_ban(const struct hy_cib *cib, const char *rsc, const char *node)
{
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *location = cib->objects.items[i];
        if (location->kind != HY_LOCATION || !location->u.location.node || location->u.location.score > -HY_INFINITY ||
            location->u.location.role == HY_ROLE_PROMOTED || strcmp(location->u.location.node, node) != 0)
            continue;
        for (const struct hy_object *object = primitive_of(cib, rsc); object; object = bound_with(cib, object))
            if (location->u.location.rsc && strcmp(object->id, location->u.location.rsc) == 0)
                return location->id;
    }
    return NULL;
}

/* ---- the record */

static bool changes_state(const char *op)
{
    return strcmp(op, "start") == 0 || strcmp(op, "stop") == 0 || strcmp(op, "promote") == 0 ||
           strcmp(op, "demote") == 0;
}

static enum fact_belief by_monitor(const struct hy_result *result)
{
    if (result->exec == HY_EXEC_PENDING)
        return result->interval ? FACT_ACTIVE : FACT_UNKNOWN;
    if (result->exec != HY_EXEC_DONE)
        return FACT_UNCERTAIN;
    switch (result->rc) {
    case 0:
    case 8:
    case 190:
    case 191:
        return FACT_ACTIVE;
    case 5: /* not installed: so it does not run */
    case 7:
        return result->interval ? FACT_UNCERTAIN : FACT_INACTIVE;
    default:
        return FACT_UNCERTAIN;
    }
}

static enum fact_belief by_change(const struct hy_result *result)
{
    bool good = result->exec == HY_EXEC_DONE && result->rc == 0;
    if (strcmp(result->op, "stop") == 0 && good)
        return FACT_INACTIVE;
    return good ? FACT_ACTIVE : FACT_UNCERTAIN;
}

/* The last word counts. What was taken back before it ran says nothing. */
static const struct hy_result *last_word(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = NULL;
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        bool counts = changes_state(result->op) || strcmp(result->op, "monitor") == 0;
        if (!counts || result->exec == HY_EXEC_CANCELLED || strcmp(result->rsc, rsc) != 0)
            continue;
        if (!last || result->call > last->call)
            last = result;
    }
    return last;
}

static enum fact_belief belief_by(const struct hy_result *result)
{
    return changes_state(result->op) ? by_change(result) : by_monitor(result);
}

enum fact_belief fact_belief(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = last_word(status, rsc);
    return last ? belief_by(last) : FACT_UNKNOWN;
}

bool fact_failed_stop(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *stop = hy_cib_result(status, rsc, "stop", 0);
    return stop && stop->exec != HY_EXEC_PENDING && stop->exec != HY_EXEC_CANCELLED &&
           (stop->exec != HY_EXEC_DONE || stop->rc != 0);
}

static const char *on_fail_of(const struct hy_cib *cib, const struct hy_result *result)
{
    const struct hy_object *object = primitive_of(cib, result->rsc);
    const char *on_fail = NULL;
    for (size_t i = 0; object && i < object->u.primitive.ops.count; i++) {
        const struct hy_op_config *op = &object->u.primitive.ops.items[i];
        if (strcmp(op->name, result->op) == 0 && op->interval == result->interval)
            on_fail = hy_attrs_get(&op->attrs, "on-fail");
    }
    return on_fail;
}

static bool blocks_on_failure(const struct hy_cib *cib, const struct hy_result *result)
{
    const char *on_fail = on_fail_of(cib, result);
    return on_fail ? strcmp(on_fail, "block") == 0 : strcmp(result->op, "stop") == 0;
}

/* Its last failure is failure-timeout ago, and none of them asks for an operator in so many words. */
static bool has_expired(const struct fact_view *view, const struct hy_node_status *status, const char *rsc)
{
    hy_time timeout = 0;
    const char *text = fact_meta(view->cib, rsc, "failure-timeout");
    if (!text || !hy_parse_duration(text, &timeout) || timeout <= 0)
        return false;
    for (size_t i = 0; i < status->failures.count; i++) {
        const struct hy_result *failure = &status->failures.items[i];
        if (strcmp(failure->rsc, rsc) != 0)
            continue;
        const char *on_fail = on_fail_of(view->cib, failure);
        if (failure->at + timeout > view->now || (on_fail && strcmp(on_fail, "block") == 0))
            return false;
    }
    return true;
}

/* Whether it runs there is asked again. What a recurring monitor has found outlasts its time. */
static bool is_open_again(const struct fact_view *view, const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = last_word(status, rsc);
    bool recurring = last && strcmp(last->op, "monitor") == 0 && last->interval;
    return last && belief_by(last) == FACT_UNCERTAIN && !recurring && has_expired(view, status, rsc);
}

static bool is_managed_itself(const struct hy_cib *cib, const char *rsc)
{
    if (!primitive_of(cib, rsc))
        return true; /* what is configured no more is stopped */
    return fact_is_true(fact_meta(cib, rsc, "is-managed"), true) &&
           !fact_is_true(fact_meta(cib, rsc, "maintenance"), false);
}

static bool is_in_maintenance(const struct hy_cib *cib, const char *node)
{
    return fact_is_true(hy_cib_property(cib, "maintenance-mode"), false) ||
           fact_is_true(node_attribute(cib, node, "maintenance"), false);
}

/* What there may be one of is managed or not as a whole, though it runs in several places. */
static bool is_held_in_maintenance(const struct fact_view *view, const char *rsc)
{
    for (size_t i = 0; i < view->cib->nodes.count; i++) {
        const struct hy_node_status *status = view->cib->nodes.items[i];
        enum fact_belief belief = fact_belief(status, rsc);
        if (status->state == HY_MEMBER_IN && (belief == FACT_ACTIVE || belief == FACT_UNCERTAIN) &&
            is_in_maintenance(view->cib, status->node) && !is_open_again(view, status, rsc))
            return true;
    }
    return false;
}

bool fact_is_managed(const struct fact_view *view, const char *rsc, const char *node)
{
    if (is_in_maintenance(view->cib, node) || (fact_is_single(view->cib, rsc) && is_held_in_maintenance(view, rsc)))
        return false;
    return is_managed_itself(view->cib, rsc);
}

/* A failure that blocks is on record, and nothing since then has shown that it does not run; or, once it has expired, what
 * it does. */
static bool is_blocked(const struct fact_view *view, const struct hy_node_status *status, const char *rsc)
{
    bool expired = has_expired(view, status, rsc);
    uint64_t failed = 0, settled = 0;
    for (size_t i = 0; i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        bool counts = changes_state(result->op) || strcmp(result->op, "monitor") == 0;
        if (!counts || result->exec == HY_EXEC_CANCELLED || result->exec == HY_EXEC_PENDING ||
            strcmp(result->rsc, rsc) != 0)
            continue;
        enum fact_belief belief = belief_by(result);
        bool told = belief == FACT_INACTIVE || (expired && strcmp(result->op, "monitor") == 0 && !result->interval);
        if (told && result->call > settled)
            settled = result->call;
        if (belief == FACT_UNCERTAIN && blocks_on_failure(view->cib, result) && result->call > failed)
            failed = result->call;
    }
    return failed > settled;
}

/* Its recurring monitor has found that it does not run, and nobody is to start it again. */
static bool is_gone(const struct hy_cib *cib, const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *last = last_word(status, rsc);
    return !is_managed_itself(cib, rsc) && last && strcmp(last->op, "monitor") == 0 && last->exec == HY_EXEC_DONE &&
           last->rc == 7;
}

bool fact_is_up(const struct fact_view *view, const struct hy_node_status *status, const char *rsc)
{
    enum fact_belief belief = fact_belief(status, rsc);
    if (status->state != HY_MEMBER_IN || is_blocked(view, status, rsc))
        return false;
    return belief == FACT_ACTIVE ||
           (belief == FACT_UNCERTAIN && !fact_is_managed(view, rsc, status->node) && !is_gone(view->cib, status, rsc));
}

bool fact_is_trusted(const struct fact_view *view, const char *rsc)
{
    const struct hy_cib *cib = view->cib;
    for (size_t i = 0; i < cib->nodes.count; i++)
        if (fact_belief(cib->nodes.items[i], rsc) == FACT_UNCERTAIN && fact_is_up(view, cib->nodes.items[i], rsc))
            return true;
    return false;
}

/* ---- orders */

static bool is_start(const char *action)
{
    return !action || strcmp(action, "start") == 0;
}

/* Mandatory, and of starts: those of promotions are another matter. */
static bool is_plain_order(const struct hy_object *object)
{
    return object->kind == HY_ORDER && object->u.order.first.rsc && object->u.order.kind == HY_ORDER_MANDATORY &&
           is_start(object->u.order.first.action) && is_start(object->u.order.then.action);
}

static bool contains(const struct hy_cib *cib, const char *id, const char *primitive)
{
    const char *list[FACT_MANY];
    size_t count = fact_primitives(cib, id, list, FACT_MANY);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], primitive) == 0)
            return true;
    return false;
}

/* Its instances have names of their own, so none is on record by this one. */
static bool is_of_unique_clone(const struct hy_cib *cib, const char *primitive)
{
    const struct hy_object *clone = fact_clone_of(cib, primitive);
    return clone && fact_is_true(hy_sets_get(&clone->u.clone.meta, "globally-unique"), false);
}

static size_t add_all(const struct hy_cib *cib, const char *id, const char **list, size_t count)
{
    const char *more[FACT_MANY];
    size_t found = fact_primitives(cib, id, more, FACT_MANY);
    for (size_t i = 0; i < found && count < FACT_MANY; i++)
        if (!is_of_unique_clone(cib, more[i]))
            list[count++] = more[i];
    return count;
}

size_t fact_firsts(const struct hy_cib *cib, const char *primitive, const char *list[FACT_MANY])
{
    size_t count = 0;
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (is_plain_order(object) && contains(cib, object->u.order.then.rsc, primitive))
            count = add_all(cib, object->u.order.first.rsc, list, count);
    }
    return count;
}

size_t fact_thens(const struct hy_cib *cib, const char *primitive, const char *list[FACT_MANY])
{
    size_t count = 0;
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (is_plain_order(object) && contains(cib, object->u.order.first.rsc, primitive) &&
            !(object->u.order.has_symmetrical && !object->u.order.symmetrical))
            count = add_all(cib, object->u.order.then.rsc, list, count);
    }
    return count;
}

const char *fact_group_neighbour(const struct hy_cib *cib, const char *primitive, int step)
{
    const struct hy_object *group = hy_cib_parent(cib, primitive);
    for (size_t i = 0; group && group->kind == HY_GROUP && i < group->u.group.members.count; i++)
        if (strcmp(group->u.group.members.items[i], primitive) == 0)
            return (step < 0 && i == 0) || (step > 0 && i + 1 == group->u.group.members.count)
                       ? NULL
                       : group->u.group.members.items[step < 0 ? i - 1 : i + 1];
    return NULL;
}

/* ---- downwards */

static void collect(const struct hy_cib *cib, const char *id, const char **list, size_t most, size_t *count)
{
    const struct hy_object *object = hy_cib_find(cib, id);
    if (!object)
        return;
    if (object->kind == HY_CLONE)
        collect(cib, object->u.clone.child, list, most, count);
    else if (object->kind == HY_PRIMITIVE && *count < most)
        list[(*count)++] = object->id;
    for (size_t i = 0; object->kind == HY_GROUP && i < object->u.group.members.count; i++)
        collect(cib, object->u.group.members.items[i], list, most, count);
}

size_t fact_primitives(const struct hy_cib *cib, const char *id, const char **list, size_t most)
{
    size_t count = 0;
    collect(cib, id, list, most, &count);
    return count;
}
