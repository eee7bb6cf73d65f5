/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes: standby and maintenance. */
#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>

static const struct hy_node_view *view_of(const struct hactl_state *state, const char *node)
{
    for (size_t i = 0; i < state->decision->node_count; i++)
        if (strcmp(state->decision->nodes[i].node, node) == 0)
            return &state->decision->nodes[i];
    return NULL;
}

/* Taking `standby` away does not take away what failed. */
static void hint_at_failures(const struct hactl_state *state, const char *node)
{
    const struct hy_node_view *view = view_of(state, node);
    if (view && view->standby_onfail && view->reason)
        hactl_info("%s", view->reason);
}

static int put_attribute(struct hactl *h, const struct hactl_state *state, const char *node, const char *const attr[2])
{
    struct hactl_edit edit;
    struct hy_object *changed = hy_object_copy(hy_cib_find_kind(state->cib, HY_NODE, node));
    hactl_edit_begin(&edit, h, state);
    hy_sets_set(&changed->u.node.attributes, attr[0], attr[1]);
    hactl_edit_put(&edit, changed);
    hy_object_free(&changed);
    return hactl_edit_send(&edit);
}

static int set_attribute(struct hactl *h, int argc, char **argv, const char *const attr[2])
{
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const char *node = argc == 2 ? argv[1] : hactl_state_text(&state, "node");
    status = hactl_state_is_node(&state, node) ? put_attribute(h, &state, node, attr) : HACTL_FAILED;
    if (!status && strcmp(argv[0], "online") == 0)
        hint_at_failures(&state, node);
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

int hactl_node_standby(struct hactl *h, int argc, char **argv)
{
    return set_attribute(h, argc, argv, (const char *const[2]){"standby", "on"});
}

int hactl_node_online(struct hactl *h, int argc, char **argv)
{
    return set_attribute(h, argc, argv, (const char *const[2]){"standby", "off"});
}

int hactl_node_maintenance(struct hactl *h, int argc, char **argv)
{
    return set_attribute(h, argc, argv, (const char *const[2]){"maintenance", "on"});
}

int hactl_node_ready(struct hactl *h, int argc, char **argv)
{
    return set_attribute(h, argc, argv, (const char *const[2]){"maintenance", "off"});
}

/* ---------------------------------------------------------------- show */

static void show_node(const struct hactl_state *state, const struct hy_object *node)
{
    const struct hy_attrs *attributes = hy_sets_plain(&node->u.node.attributes);
    const struct hy_node_view *view = view_of(state, node->id);
    printf("%s: %s\n", node->id, hactl_state_online(state, node->id) ? "online" : "offline");
    if (view && view->reason)
        printf("\t%s\n", view->reason);
    for (size_t i = 0; i < attributes->list.count; i++)
        printf("\t%s=%s\n", attributes->list.items[i].name, attributes->list.items[i].value);
}

static json_t *node_json(const struct hactl_state *state, const struct hy_object *node)
{
    const struct hy_attrs *attributes = hy_sets_plain(&node->u.node.attributes);
    const struct hy_node_view *view = view_of(state, node->id);
    json_t *entry = json_object();
    json_t *values = json_object();
    for (size_t i = 0; i < attributes->list.count; i++)
        json_object_set_new(values, attributes->list.items[i].name, json_string(attributes->list.items[i].value));
    json_object_set_new(entry, "name", json_string(node->id));
    json_object_set_new(entry, "online", json_boolean(hactl_state_online(state, node->id)));
    json_object_set_new(entry, "reason", view && view->reason ? json_string(view->reason) : json_null());
    json_object_set_new(entry, "attributes", values);
    return entry;
}

int hactl_node_show(struct hactl *h, int argc, char **argv)
{
    struct hactl_state state;
    int status = hactl_state_show(h, &state);
    if (status)
        return status;
    json_t *list = json_array();
    if (argc == 2 && !hactl_state_is_node(&state, argv[1]))
        status = HACTL_FAILED;
    for (size_t i = 0; i < state.cib->objects.count && !status; i++) {
        const struct hy_object *object = state.cib->objects.items[i];
        if (object->kind != HY_NODE || (argc == 2 && strcmp(object->id, argv[1]) != 0))
            continue;
        if (h->json)
            json_array_append_new(list, node_json(&state, object));
        else
            show_node(&state, object);
    }
    if (h->json && !status) {
        json_t *root = json_object();
        json_object_set_new(root, "version", json_integer(1));
        json_object_set(root, "nodes", list);
        hactl_print_json(root);
    }
    json_decref(list);
    hactl_state_free(&state);
    return status;
}
