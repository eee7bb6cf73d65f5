/* SPDX-License-Identifier: Apache-2.0 */
/* `configure rename`: an object gets another id, and so does every mention of it. `configure modgroup`. */
#include "cib/grammar.h"
#include "cib/names.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdlib.h>
#include <string.h>

struct renaming {
    const char *from, *to;
};

static void rename_one(void *context, enum hy_name_kind kind, char **name)
{
    const struct renaming *renaming = context;
    bool of_inner = kind == HY_NAME_ATTR_SET || kind == HY_NAME_RULE || kind == HY_NAME_RSC_SET;
    if (of_inner || strcmp(*name, renaming->from) != 0)
        return;
    free(*name);
    *name = hy_strdup(renaming->to);
}

static bool is_running(const struct hactl_state *state, const struct hy_object *object)
{
    for (size_t i = 0; i < state->decision->active_count; i++)
        if (hactl_state_contains(state, object, state->decision->active[i].primitive))
            return true;
    return false;
}

/* The text of the object under its new id tells whether the id is one. */
static int check(const struct hactl_state *state, const struct hy_object *object, const struct hy_object *renamed)
{
    struct hy_buf text = {0};
    struct hy_err err = {{0}};
    struct hy_object *read = NULL;
    hy_object_print(renamed, &text);
    int rc = hy_object_parse(hy_buf_text(&text), text.size, &read, &err);
    hy_buf_free(&text);
    hy_object_free(&read);
    if (rc)
        return hactl_fail("%s", err.text);
    if (hy_cib_find(state->cib, renamed->id))
        return hactl_fail("there is a %s %s already", hy_kind_word(hy_cib_find(state->cib, renamed->id)->kind),
                          renamed->id);
    if (object->kind == HY_NODE || object->kind == HY_TOPOLOGY)
        return hactl_fail("a %s cannot be renamed", hy_kind_word(object->kind));
    if (hy_kind_is_resource(object->kind) && is_running(state, object))
        return hactl_fail("resource %s is running, can't rename it: stop it first (hactl resource stop %s)", object->id,
                          object->id);
    return HACTL_OK;
}

static int rename_object(struct hactl *h, const struct hactl_state *state, const char *from, const char *to)
{
    const struct hy_object *object = hy_cib_find(state->cib, from);
    if (!object)
        return hactl_fail("there is no object %s", from);
    struct hy_object *renamed = hy_object_copy(object);
    free(renamed->id);
    renamed->id = hy_strdup(to);
    int status = check(state, object, renamed);
    if (!status) {
        struct renaming renaming = {from, to};
        struct hactl_edit edit;
        hactl_edit_begin(&edit, h, state);
        hactl_edit_remove(&edit, from);
        hactl_edit_put(&edit, renamed);
        for (size_t i = 0; i < state->cib->objects.count; i++) {
            struct hy_object *other = state->cib->objects.items[i];
            if (other == object || !hy_object_names(other, from))
                continue;
            struct hy_object *changed = hy_object_copy(other);
            hy_object_visit_names(changed, rename_one, &renaming);
            hactl_edit_put(&edit, changed);
            hy_object_free(&changed);
        }
        status = hactl_edit_send(&edit);
    }
    hy_object_free(&renamed);
    return status;
}

int hactl_configure_rename(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = rename_object(h, &state, argv[1], argv[2]);
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}

/* ---------------------------------------------------------------- modgroup */

static size_t place_of(const struct hy_group *group, const char *member)
{
    size_t at = 0;
    while (at < group->members.count && strcmp(group->members.items[at], member) != 0)
        at++;
    return at;
}

/* MEMBER [after|before OTHER] */
static int add_member(struct hy_object *object, int argc, char **argv)
{
    struct hy_group *group = &object->u.group;
    size_t at = group->members.count;
    if (place_of(group, argv[0]) < group->members.count)
        return hactl_fail("%s is in group %s already", argv[0], object->id);
    if (argc == 3) {
        at = place_of(group, argv[2]);
        if (at == group->members.count)
            return hactl_fail("%s is not in group %s", argv[2], object->id);
        at += strcmp(argv[1], "after") == 0;
    }
    (void)hy_vec_add(&group->members);
    memmove(&group->members.items[at + 1], &group->members.items[at],
            (group->members.count - 1 - at) * sizeof *group->members.items);
    group->members.items[at] = hy_strdup(argv[0]);
    return HACTL_OK;
}

static int remove_member(struct hy_object *object, const char *member)
{
    struct hy_group *group = &object->u.group;
    size_t at = place_of(group, member);
    if (at == group->members.count)
        return hactl_fail("%s is not in group %s", member, object->id);
    if (group->members.count == 1)
        return hactl_fail("%s is the last member of group %s: delete the group", member, object->id);
    free(group->members.items[at]);
    hy_vec_remove(&group->members, at);
    return HACTL_OK;
}

int hactl_configure_modgroup(struct hactl *h, int argc, char **argv)
{
    bool adds = strcmp(argv[2], "add") == 0;
    bool placed = argc == 6 && (strcmp(argv[4], "after") == 0 || strcmp(argv[4], "before") == 0);
    if (!(adds ? argc == 4 || placed : strcmp(argv[2], "remove") == 0 && argc == 4))
        return hactl_usage(hactl_find("configure", "modgroup"));
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    const struct hy_object *group = hy_cib_find_kind(state.cib, HY_GROUP, argv[1]);
    if (group) {
        struct hy_object *changed = hy_object_copy(group);
        status = adds ? add_member(changed, argc - 3, argv + 3) : remove_member(changed, argv[3]);
        if (!status) {
            struct hactl_edit edit;
            hactl_edit_begin(&edit, h, &state);
            hactl_edit_put(&edit, changed);
            status = hactl_edit_send(&edit);
        }
        hy_object_free(&changed);
    } else {
        status = hactl_fail("there is no group %s", argv[1]);
    }
    hactl_state_free(&state);
    return !status && h->wait ? hactl_wait_settled(h) : status;
}
