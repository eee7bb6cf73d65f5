/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/state.h"

#include "cib/grammar.h"
#include "hactl/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse_report(const struct hy_buf *text, struct hactl_state *state)
{
    json_error_t error;
    state->report = json_loadb(hy_buf_text(text), text->size, 0, &error);
    if (!state->report)
        return hactl_fail("the daemon's report cannot be read: %s", error.text);
    if (hactl_state_number(state, "version") != 1)
        return hactl_fail("the daemon's report is of version %lld: use the hactl that belongs to it",
                          (long long)hactl_state_number(state, "version"));
    size_t at;
    json_t *entry;
    json_array_foreach(json_object_get(state->report, "in_flight"), at, entry)
    {
        const struct hy_inflight operation = {json_string_value(json_object_get(entry, "node")),
                                              json_string_value(json_object_get(entry, "resource")),
                                              json_string_value(json_object_get(entry, "operation")),
                                              json_integer_value(json_object_get(entry, "interval_ms")) * HY_MS};
        if (operation.node && operation.rsc && operation.op)
            hy_vec_push(&state->inflight, operation);
    }
    return HACTL_OK;
}

int hactl_state_make(const struct hy_buf *report, struct hy_cib *cib, struct hactl_state *state)
{
    *state = (struct hactl_state){.cib = cib};
    int status = parse_report(report, state);
    if (status) {
        hactl_state_free(state);
        return status;
    }
    const struct hy_sched_input input = {.cib = cib,
                                         .now = hactl_state_number(state, "wall_us"),
                                         .quorum = hactl_state_flag(state, "quorum"),
                                         .inflight = state->inflight.items,
                                         .inflight_count = state->inflight.count};
    state->decision = hy_schedule(&input);
    return HACTL_OK;
}

static int take_state(struct hactl *h, const struct hy_buf *report, const struct hy_buf *text,
                      struct hactl_state *state)
{
    struct hy_err err = {{0}};
    struct hy_cib *cib = hy_cib_new();
    if (hy_cib_restore(cib, hy_buf_text(text), text->size, &err)) {
        hy_cib_free(&cib);
        return hactl_fail("the cluster's state cannot be read: %s", err.text);
    }
    hactl_note_index(h, cib->index);
    return hactl_state_make(report, cib, state);
}

int hactl_state_glance(struct hactl *h, struct hactl_state *state)
{
    *state = (struct hactl_state){0};
    struct hy_buf report = {0}, text = {0};
    int status = hactl_ask_state(h, &report, &text);
    if (!status)
        status = take_state(h, &report, &text, state);
    hy_buf_free(&report);
    hy_buf_free(&text);
    return status;
}

/* Who has no cluster is told that, and not that a majority is missing. */
static int refuse(struct hactl *h, const struct hy_err *refusal)
{
    struct hactl_state state;
    int status = hactl_state_glance(h, &state);
    if (status)
        return status;
    const char *node = hactl_state_text(&state, "node");
    if (hactl_state_flag(&state, "out"))
        hactl_fail("%s is out of the cluster: ask a node that is in it", node);
    else if (hactl_state_flag(&state, "blank"))
        hactl_fail("%s has no cluster yet: `hactl cluster status` tells what it waits for", node);
    else
        hactl_fail("%s", refusal->text);
    hactl_state_free(&state);
    return HACTL_FAILED;
}

int hactl_state_fetch(struct hactl *h, struct hactl_state *state)
{
    *state = (struct hactl_state){0};
    struct hy_buf report = {0}, text = {0};
    struct hy_err refusal;
    int code;
    int status = hactl_ask_read(h, &report, &text, &code, &refusal);
    if (!status && code)
        status = refuse(h, &refusal);
    else if (!status)
        status = take_state(h, &report, &text, state);
    hy_buf_free(&report);
    hy_buf_free(&text);
    return status;
}

int hactl_state_show(struct hactl *h, struct hactl_state *state)
{
    *state = (struct hactl_state){0};
    struct hy_buf report = {0}, text = {0};
    struct hy_err refusal;
    int code;
    int status = hactl_ask_read(h, &report, &text, &code, &refusal);
    if (!status && code) {
        status = hactl_state_glance(h, state);
        if (!status && hactl_state_flag(state, "blank"))
            fprintf(stderr, "hactl: warning: %s has no cluster yet\n", hactl_state_text(state, "node"));
        else if (!status && hactl_state_flag(state, "out"))
            fprintf(stderr, "hactl: warning: %s is out of the cluster; this is what it knew when it was in it\n",
                    hactl_state_text(state, "node"));
        else if (!status)
            fprintf(stderr, "hactl: warning: %s; this is what it knew %.1f s ago\n", refusal.text,
                    (double)hactl_state_number(state, "age_ms") / 1000);
    } else if (!status) {
        status = take_state(h, &report, &text, state);
    }
    hy_buf_free(&report);
    hy_buf_free(&text);
    return status;
}

void hactl_state_free(struct hactl_state *state)
{
    json_decref(state->report);
    hy_vec_free(&state->inflight);
    hy_decision_free(&state->decision);
    hy_cib_free(&state->cib);
    *state = (struct hactl_state){0};
}

const char *hactl_state_text(const struct hactl_state *state, const char *key)
{
    const char *text = json_string_value(json_object_get(state->report, key));
    return text ? text : "";
}

int64_t hactl_state_number(const struct hactl_state *state, const char *key)
{
    return json_integer_value(json_object_get(state->report, key));
}

bool hactl_state_flag(const struct hactl_state *state, const char *key)
{
    return json_is_true(json_object_get(state->report, key));
}

const json_t *hactl_state_node(const struct hactl_state *state, const char *node)
{
    size_t at;
    json_t *entry;
    json_array_foreach(json_object_get(state->report, "nodes"), at, entry)
    {
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (name && strcmp(name, node) == 0)
            return entry;
    }
    return NULL;
}

bool hactl_state_online(const struct hactl_state *state, const char *node)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node);
    if (!status || status->state != HY_MEMBER_IN)
        return false;
    const json_t *entry = hactl_state_node(state, node);
    if (hactl_state_flag(state, "quorum"))
        return true;
    return entry && json_is_true(json_object_get(entry, "heard")) && !json_is_true(json_object_get(entry, "blank"));
}

struct hy_object *hactl_state_resource(const struct hactl_state *state, const char *id)
{
    struct hy_object *object = hy_cib_find(state->cib, id);
    if (object && hy_kind_is_resource(object->kind))
        return object;
    if (object)
        hactl_fail("%s is a %s, not a resource", id, hy_kind_word(object->kind));
    else
        hactl_fail("there is no resource %s: `hactl resource list` shows what there is", id);
    return NULL;
}

struct hy_object *hactl_state_top(const struct hactl_state *state, struct hy_object *resource)
{
    struct hy_object *parent;
    while ((parent = hy_cib_parent(state->cib, resource->id)))
        resource = parent;
    return resource;
}

bool hactl_state_contains(const struct hactl_state *state, const struct hy_object *resource, const char *primitive)
{
    for (const struct hy_object *object = hy_cib_find(state->cib, primitive); object;
         object = hy_cib_parent(state->cib, object->id))
        if (object == resource)
            return true;
    return false;
}

struct hy_attr_sets *hactl_state_meta(struct hy_object *resource)
{
    if (resource->kind == HY_CLONE)
        return &resource->u.clone.meta;
    return resource->kind == HY_GROUP ? &resource->u.group.meta : &resource->u.primitive.meta;
}

void hactl_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(value);
}

bool hactl_state_is_node(const struct hactl_state *state, const char *node)
{
    if (hy_cib_find_kind(state->cib, HY_NODE, node))
        return true;
    hactl_fail("there is no node %s: `hactl node list` shows which there are", node);
    return false;
}
