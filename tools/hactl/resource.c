/* SPDX-License-Identifier: Apache-2.0 */
/* What runs where, and whether it shall. */
#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/status.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- status, locate */

static int show_all(const struct hactl *h, const struct hactl_state *state)
{
    if (h->json) {
        json_t *root = hactl_status_json(state);
        json_t *part = json_object();
        json_object_set(part, "version", json_object_get(root, "version"));
        json_object_set(part, "resources", json_object_get(root, "resources"));
        hactl_print_json(part);
        json_decref(root);
        return HACTL_OK;
    }
    struct hy_buf out = {0};
    hactl_status_resources(state, &out);
    fputs(out.size ? hy_buf_text(&out) : "no resources are configured\n", stdout);
    hy_buf_free(&out);
    return HACTL_OK;
}

/* "resource ClusterIP is running on: test3", a line for each instance. */
static void print_location(const struct hactl_state *state, const struct hy_object *resource)
{
    bool any = false;
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        if (!hactl_state_contains(state, resource, active->primitive))
            continue;
        printf("resource %s is running on: %s%s\n", active->rsc, active->node,
               active->role == HY_ROLE_PROMOTED ? " Promoted" : "");
        any = true;
    }
    if (!any)
        printf("resource %s is NOT running\n", resource->id);
}

static json_t *location_json(const struct hactl_state *state, const struct hy_object *resource)
{
    json_t *list = json_array();
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        if (!hactl_state_contains(state, resource, active->primitive))
            continue;
        json_t *entry = json_object();
        json_object_set_new(entry, "instance", json_string(active->rsc));
        json_object_set_new(entry, "node", json_string(active->node));
        json_object_set_new(entry, "role", json_string(hy_role_word(active->role)));
        json_array_append_new(list, entry);
    }
    json_t *root = json_object();
    json_object_set_new(root, "version", json_integer(1));
    json_object_set_new(root, "resource", json_string(resource->id));
    json_object_set_new(root, "active", list);
    return root;
}

static int show_location(const struct hactl *h, const struct hactl_state *state, const char *id)
{
    const struct hy_object *resource = hactl_state_resource(state, id);
    if (!resource)
        return HACTL_FAILED;
    if (h->json)
        hactl_print_json(location_json(state, resource));
    else
        print_location(state, resource);
    return HACTL_OK;
}

int hactl_resource_status(struct hactl *h, int argc, char **argv)
{
    struct hactl_state state;
    int status = hactl_state_show(h, &state);
    if (status)
        return status;
    status = argc == 1 ? show_all(h, &state) : show_location(h, &state, argv[1]);
    hactl_state_free(&state);
    return status;
}

int hactl_resource_locate(struct hactl *h, int argc, char **argv)
{
    return hactl_resource_status(h, argc, argv);
}

/* ---------------------------------------------------------------- meta attributes */

/* One meta attribute of a resource, and what stands against it below. */
struct wish {
    const char *id;
    const char *name;
    const char *value;
};

/* Where a meta attribute of the resource belongs: on the clone, for what is cloned. */
static struct hy_object *bearer(const struct hactl_state *state, struct hy_object *resource)
{
    struct hy_object *top = hactl_state_top(state, resource);
    return top->kind == HY_CLONE ? top : resource;
}

/* What is in it and says otherwise would win: its own value goes. */
static void clear_below(struct hactl_edit *edit, const struct hy_object *resource, const struct wish *wish)
{
    const struct hy_cib *cib = edit->state->cib;
    for (size_t i = 0; i < cib->objects.count; i++) {
        struct hy_object *object = cib->objects.items[i];
        if (object == resource || !hy_kind_is_resource(object->kind) ||
            !hactl_state_contains(edit->state, resource, object->id))
            continue;
        const char *value = hy_sets_get(hactl_state_meta(object), wish->name);
        if (!value || strcasecmp(value, wish->value) == 0)
            continue;
        hactl_info("%s of %s was %s: it is taken out, what %s says counts", wish->name, object->id, value,
                   resource->id);
        struct hy_object *changed = hy_object_copy(object);
        hy_sets_remove(hactl_state_meta(changed), wish->name);
        hactl_edit_put(edit, changed);
        hy_object_free(&changed);
    }
}

static int set_meta(struct hactl *h, const struct wish *wish)
{
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    struct hy_object *resource = hactl_state_resource(&state, wish->id);
    if (resource) {
        resource = bearer(&state, resource);
        struct hactl_edit edit;
        struct hy_object *changed = hy_object_copy(resource);
        hactl_edit_begin(&edit, h, &state);
        hy_sets_set(hactl_state_meta(changed), wish->name, wish->value);
        hactl_edit_put(&edit, changed);
        clear_below(&edit, resource, wish);
        status = hactl_edit_send(&edit);
        hy_object_free(&changed);
    } else {
        status = HACTL_FAILED;
    }
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

int hactl_resource_start(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    const struct wish wish = {argv[1], "target-role", "Started"};
    return set_meta(h, &wish);
}

int hactl_resource_stop(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    const struct wish wish = {argv[1], "target-role", "Stopped"};
    return set_meta(h, &wish);
}

/* As far as can be told. */
static bool stop_was_asked_for(struct hactl *h, const char *id)
{
    struct hactl_state state;
    if (hactl_state_glance(h, &state))
        return false;
    struct hy_object *resource = hy_cib_find(state.cib, id);
    bool is = resource && hy_kind_is_resource(resource->kind);
    const char *role = is ? hy_sets_get(hactl_state_meta(bearer(&state, resource)), "target-role") : NULL;
    bool stopped = role && strcasecmp(role, "Stopped") == 0;
    hactl_state_free(&state);
    return stopped;
}

/* Only a restart that was waited for is one. What stops with it comes back with it: nobody need be asked. */
int hactl_resource_restart(struct hactl *h, int argc, char **argv)
{
    bool wait = h->wait, force = h->force;
    h->wait = h->force = true;
    int status = hactl_resource_stop(h, argc, argv);
    h->force = force;
    if (!status)
        status = hactl_resource_start(h, argc, argv);
    else if (stop_was_asked_for(h, argv[1]))
        hactl_fail("%s is left to be stopped: `hactl resource start %s` lets it run again", argv[1], argv[1]);
    h->wait = wait;
    return status;
}

int hactl_resource_manage(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    const struct wish wish = {argv[1], "is-managed", strcmp(argv[0], "manage") == 0 ? "true" : "false"};
    return set_meta(h, &wish);
}
