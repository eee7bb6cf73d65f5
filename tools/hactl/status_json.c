/* SPDX-License-Identifier: Apache-2.0 */
/* `status --json`: one object, whose keys docs/hactl.md lists; `version` grows when one of them changes its meaning. */
#include "hactl/change.h"
#include "hactl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1 };

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

static json_t *wall(hy_wall at)
{
    return at ? json_integer((json_int_t)at) : json_null();
}

static json_t *attributes(const struct hy_attrs *attrs)
{
    json_t *object = json_object();
    for (size_t i = 0; i < attrs->list.count; i++)
        set(object, attrs->list.items[i].name, json_string(attrs->list.items[i].value));
    return object;
}

static json_t *failcounts(const struct hy_node_status *status)
{
    json_t *list = json_array();
    for (size_t i = 0; status && i < status->failcounts.count; i++) {
        const struct hy_failcount *count = &status->failcounts.items[i];
        json_t *entry = json_object();
        set(entry, "resource", json_string(count->rsc));
        set(entry, "operation", json_string(count->op));
        set(entry, "interval_ms", json_integer(count->interval / HY_MS));
        set(entry, "count", json_integer(count->count));
        set(entry, "last_us", wall(count->last));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *node_entry(const struct hactl_state *state, const struct hy_node_view *node)
{
    const struct hy_object *object = hy_cib_find_kind(state->cib, HY_NODE, node->node);
    const struct hy_node_status *status = hy_cib_node(state->cib, node->node);
    struct hy_buf part = {0};
    struct hy_buf waiting = {0};
    bool waits = hactl_change_waits(state, node->node, &waiting);
    hactl_part_print(state, node->node, &part);
    json_t *entry = json_object();
    set(entry, "name", json_string(node->node));
    set(entry, "online", json_boolean(hactl_state_online(state, node->node)));
    set(entry, "member", json_boolean(node->member));
    set(entry, "pending", json_boolean(node->pending));
    set(entry, "standby", json_boolean(node->standby));
    set(entry, "standby_onfail", json_boolean(node->standby_onfail));
    set(entry, "maintenance", json_boolean(node->maintenance));
    set(entry, "usable", json_boolean(node->usable));
    set(entry, "witness", json_boolean(status && status->enrolled.witness));
    set(entry, "leaving", json_boolean(status && status->enrolled.striking));
    set(entry, "part", json_string(hy_buf_text(&part)));
    set(entry, "waits_for", waits ? json_string(hy_buf_text(&waiting)) : json_null());
    hy_buf_free(&part);
    hy_buf_free(&waiting);
    set(entry, "reason", text_or_null(node->reason));
    if (object)
        set(entry, "attributes", attributes(hy_sets_plain(&object->u.node.attributes)));
    set(entry, "failcounts", failcounts(status));
    return entry;
}

static json_t *nodes(const struct hactl_state *state)
{
    json_t *list = json_array();
    size_t *sorted = hactl_nodes_sorted(state);
    for (size_t i = 0; i < state->decision->node_count; i++)
        json_array_append_new(list, node_entry(state, &state->decision->nodes[sorted[i]]));
    free(sorted);
    return list;
}

static json_t *instances(const struct hactl_state *state, const char *primitive)
{
    json_t *list = json_array();
    struct hactl_spots spots;
    hactl_spots_find(state, primitive, &spots);
    for (size_t i = 0; i < spots.list.count; i++) {
        const struct hactl_spot *spot = &spots.list.items[i];
        json_t *entry = json_object();
        set(entry, "instance", json_string(spot->rsc));
        set(entry, "node", json_string(spot->node));
        set(entry, "role", text_or_null(hy_role_word(spot->role)));
        set(entry, "doing", text_or_null(spot->doing));
        set(entry, "failed", json_boolean(spot->failed));
        set(entry, "blocked", json_boolean(spot->blocked));
        set(entry, "unmanaged", json_boolean(spot->unmanaged));
        set(entry, "orphan", json_boolean(spot->orphan));
        set(entry, "note", text_or_null(hactl_note(state, spot->rsc, spot->node)));
        json_array_append_new(list, entry);
    }
    hactl_spots_free(&spots);
    return list;
}

/* Where the scheduler wants its instances, and why. */
static json_t *placements(const struct hactl_state *state, const char *primitive)
{
    json_t *list = json_array();
    for (size_t i = 0; i < state->decision->placement_count; i++) {
        const struct hy_placement *placement = &state->decision->placements[i];
        if (strcmp(placement->primitive, primitive) != 0)
            continue;
        json_t *entry = json_object();
        set(entry, "instance", json_string(placement->rsc));
        set(entry, "node", text_or_null(placement->node));
        set(entry, "role", text_or_null(hy_role_word(placement->role)));
        set(entry, "reason", text_or_null(placement->reason));
        set(entry, "locked_to", text_or_null(placement->locked_to));
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *primitive_entry(const struct hactl_state *state, const char *id, const struct hy_object *object)
{
    json_t *entry = json_object();
    set(entry, "id", json_string(id));
    set(entry, "kind", json_string("primitive"));
    struct hy_buf agent = {0};
    if (object)
        hactl_agent_print(state, &object->u.primitive, &agent);
    set(entry, "agent", text_or_null(hy_buf_text(&agent)));
    hy_buf_free(&agent);
    set(entry, "active", instances(state, id));
    set(entry, "wanted", placements(state, id));
    return entry;
}

static json_t *resource_entry(const struct hactl_state *state, const struct hy_object *object)
{
    if (object->kind == HY_PRIMITIVE)
        return primitive_entry(state, object->id, object);
    json_t *entry = json_object();
    set(entry, "id", json_string(object->id));
    set(entry, "kind", json_string(hy_kind_word(object->kind)));
    json_t *members = json_array();
    if (object->kind == HY_CLONE) {
        set(entry, "promotable", json_boolean(hactl_clone_is_promotable(object)));
        set(entry, "unique", json_boolean(hactl_clone_is_unique(object)));
        set(entry, "clone_max", json_integer(hactl_clone_max(state, object)));
        const struct hy_object *child = hy_cib_find(state->cib, object->u.clone.child);
        if (child)
            json_array_append_new(members, resource_entry(state, child));
    }
    for (size_t i = 0; object->kind == HY_GROUP && i < object->u.group.members.count; i++) {
        const struct hy_object *member = hy_cib_find(state->cib, object->u.group.members.items[i]);
        if (member)
            json_array_append_new(members, resource_entry(state, member));
    }
    set(entry, "members", members);
    return entry;
}

static json_t *resources(const struct hactl_state *state)
{
    json_t *list = json_array();
    for (size_t i = 0; i < state->cib->objects.count; i++) {
        const struct hy_object *object = state->cib->objects.items[i];
        if (hy_kind_is_resource(object->kind) && !hy_cib_parent(state->cib, object->id))
            json_array_append_new(list, resource_entry(state, object));
    }
    for (const char *id = NULL; (id = hactl_status_orphan(state, id));)
        json_array_append_new(list, primitive_entry(state, id, NULL));
    return list;
}

static void add_failures(const struct hy_node_status *status, json_t *list)
{
    for (size_t i = 0; i < status->failures.count; i++) {
        const struct hy_result *failure = &status->failures.items[i];
        json_t *entry = json_object();
        set(entry, "resource", json_string(failure->rsc));
        set(entry, "operation", json_string(failure->op));
        set(entry, "interval_ms", json_integer(failure->interval / HY_MS));
        set(entry, "node", json_string(status->node));
        set(entry, "rc", json_integer(hactl_rc_shown(failure)));
        set(entry, "rc_text", json_string(hactl_rc_word(failure)));
        set(entry, "status", json_string(hy_exec_word(failure->exec)));
        set(entry, "call", json_integer((json_int_t)failure->call));
        set(entry, "reason", text_or_null(failure->reason));
        set(entry, "at_us", wall(failure->at));
        set(entry, "queued_ms", json_integer(failure->queued / HY_MS));
        set(entry, "took_ms", json_integer(failure->took / HY_MS));
        json_array_append_new(list, entry);
    }
}

static json_t *failures(const struct hactl_state *state)
{
    json_t *list = json_array();
    size_t *sorted = hactl_nodes_sorted(state);
    for (size_t n = 0; n < state->decision->node_count; n++) {
        const struct hy_node_status *status = hy_cib_node(state->cib, state->decision->nodes[sorted[n]].node);
        if (status)
            add_failures(status, list);
    }
    free(sorted);
    return list;
}

static json_t *change(const struct hy_cib *cib)
{
    json_t *object = json_object();
    set(object, "at_us", wall(cib->changed));
    set(object, "by", text_or_null(cib->changed_by));
    set(object, "via", text_or_null(cib->changed_via));
    return object;
}

json_t *hactl_status_json(const struct hactl_state *state)
{
    json_t *root = json_object();
    bool quorum = hactl_state_flag(state, "quorum");
    set(root, "version", json_integer(VERSION));
    set(root, "halyard", json_string(hactl_state_text(state, "halyard")));
    set(root, "cluster", json_string(hactl_state_text(state, "cluster")));
    set(root, "seen_from", json_string(hactl_state_text(state, "node")));
    set(root, "updated_us", wall(hactl_state_number(state, "wall_us")));
    set(root, "age_ms", json_integer(hactl_state_number(state, "age_ms")));
    set(root, "last_change", change(state->cib));
    set(root, "dc", quorum ? text_or_null(hactl_state_text(state, "dc")) : json_null());
    set(root, "quorum", json_boolean(quorum));
    set(root, "blank", json_boolean(hactl_state_flag(state, "blank")));
    set(root, "out", json_boolean(hactl_state_flag(state, "out")));
    set(root, "waiting", text_or_null(hactl_state_text(state, "waiting")));
    set(root, "expected_votes", json_integer((json_int_t)hactl_voters(state)));
    set(root, "resources_configured", json_integer(hactl_status_count(state)));
    set(root, "nodes", nodes(state));
    set(root, "resources", resources(state));
    set(root, "tickets", hactl_tickets_json(state->cib));
    set(root, "failed_actions", failures(state));
    set(root, "detection", hactl_detection_json(state));
    json_t *in_flight = json_object_get(state->report, "in_flight");
    set(root, "in_flight", in_flight ? json_deep_copy(in_flight) : json_array());
    return root;
}
