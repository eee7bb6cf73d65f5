/* SPDX-License-Identifier: Apache-2.0 */
/* `configure delete`: objects go together with what would name them in vain. */
#include "cib/grammar.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <string.h>

/* What goes, in the order in which it was found that it must. */
struct removal {
    const struct hactl_state *state;
    HY_VEC(const struct hy_object *) list;
};

static bool goes(const struct removal *removal, const char *id)
{
    for (size_t i = 0; i < removal->list.count; i++)
        if (strcmp(removal->list.items[i]->id, id) == 0)
            return true;
    return false;
}

/* ---------------------------------------------------------------- running resources */

static const struct hy_active *running(const struct hactl_state *state, const struct hy_object *resource)
{
    for (size_t i = 0; i < state->decision->active_count; i++)
        if (hactl_state_contains(state, resource, state->decision->active[i].primitive))
            return &state->decision->active[i];
    return NULL;
}

/* Is it on its way down, so that waiting helps? */
static bool is_stopping(const struct hactl_state *state, const struct hy_object *resource)
{
    if (!hactl_state_flag(state, "quorum"))
        return false;
    for (size_t i = 0; i < state->decision->action_count; i++) {
        const struct hy_action *action = &state->decision->actions[i];
        if (action->kind == HY_ACT_START && hactl_state_contains(state, resource, action->primitive))
            return false;
    }
    for (size_t i = 0; i < state->decision->action_count; i++) {
        const struct hy_action *action = &state->decision->actions[i];
        if (action->kind == HY_ACT_STOP && !action->blocked && hactl_state_contains(state, resource, action->primitive))
            return true;
    }
    return false;
}

struct ids {
    int count;
    char **items;
};

/* True as soon as none of them is on its way down any more. */
static bool have_come_down(const struct hactl_state *state, const void *context, struct hy_buf *what)
{
    const struct ids *ids = context;
    for (int i = 0; i < ids->count; i++) {
        const struct hy_object *object = hy_cib_find(state->cib, ids->items[i]);
        if (!object || !hy_kind_is_resource(object->kind) || !is_stopping(state, object))
            continue;
        hy_buf_addf(what, "resource %s is still being stopped", object->id);
        return false;
    }
    return true;
}

static int check_stopped(const struct hactl *h, const struct hactl_state *state, const struct hy_object *object)
{
    const struct hy_node_status *node = object->kind == HY_NODE ? hy_cib_node(state->cib, object->id) : NULL;
    if (node && node->enrolled.address)
        return hactl_fail("%s is a node of the cluster: `hactl cluster remove %s` takes it out", object->id,
                          object->id);
    if (h->force || !hy_kind_is_resource(object->kind) || !running(state, object))
        return HACTL_OK;
    return hactl_fail("resource %s is running, can't delete it: stop it first (hactl resource stop %s)", object->id,
                      object->id);
}

/* ---------------------------------------------------------------- what else goes */

static const char *named_in_vain(const struct removal *removal, const struct hy_object *object)
{
    const char *names[2] = {NULL, NULL};
    switch (object->kind) {
    case HY_LOCATION:
        names[0] = object->u.location.rsc;
        break;
    case HY_COLOCATION:
        names[0] = object->u.colocation.rsc.rsc;
        names[1] = object->u.colocation.with.rsc;
        break;
    case HY_ORDER:
        names[0] = object->u.order.first.rsc;
        names[1] = object->u.order.then.rsc;
        break;
    case HY_CLONE:
        names[0] = object->u.clone.child;
        break;
    default:
        break;
    }
    for (int i = 0; i < 2; i++)
        if (names[i] && goes(removal, names[i]))
            return names[i];
    return NULL;
}

static bool is_empty_group(const struct removal *removal, const struct hy_object *object)
{
    if (object->kind != HY_GROUP)
        return false;
    for (size_t i = 0; i < object->u.group.members.count; i++)
        if (!goes(removal, object->u.group.members.items[i]))
            return false;
    return true;
}

/* Until nothing more is named in vain. */
static void find_rest(struct removal *removal)
{
    const struct hy_cib *cib = removal->state->cib;
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < cib->objects.count; i++) {
            const struct hy_object *object = cib->objects.items[i];
            if (goes(removal, object->id))
                continue;
            const char *named = named_in_vain(removal, object);
            if (!named && !is_empty_group(removal, object))
                continue;
            hactl_info("%s %s goes too: %s%s", hy_kind_word(object->kind), object->id,
                       named ? "it names " : "it would be empty", named ? named : "");
            hy_vec_push(&removal->list, object);
            more = true;
        }
    }
}

/* Groups that lose members and keep others. */
static void shrink_groups(const struct removal *removal, struct hactl_edit *edit)
{
    const struct hy_cib *cib = removal->state->cib;
    for (size_t i = 0; i < cib->objects.count; i++) {
        if (cib->objects.items[i]->kind != HY_GROUP || goes(removal, cib->objects.items[i]->id))
            continue;
        struct hy_object *group = hy_object_copy(cib->objects.items[i]);
        for (size_t m = group->u.group.members.count; m > 0; m--) {
            char *member = group->u.group.members.items[m - 1];
            if (!goes(removal, member))
                continue;
            hactl_info("%s leaves group %s", member, group->id);
            hy_vec_remove(&group->u.group.members, m - 1);
            free(member);
        }
        hactl_edit_put(edit, group);
        hy_object_free(&group);
    }
}

/* ---------------------------------------------------------------- delete */

static int gather(const struct hactl *h, struct removal *removal, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const struct hy_object *object = hy_cib_find(removal->state->cib, argv[i]);
        if (!object)
            return hactl_fail("there is no object %s", argv[i]);
        int status = check_stopped(h, removal->state, object);
        if (status)
            return status;
        if (!goes(removal, object->id))
            hy_vec_push(&removal->list, object);
    }
    return HACTL_OK;
}

static int remove_all(struct hactl *h, const struct hactl_state *state, int argc, char **argv)
{
    struct removal removal = {.state = state};
    int status = gather(h, &removal, argc, argv);
    if (!status) {
        struct hactl_edit edit;
        hactl_edit_begin(&edit, h, state);
        find_rest(&removal);
        shrink_groups(&removal, &edit);
        for (size_t i = 0; i < removal.list.count; i++)
            hactl_edit_remove(&edit, removal.list.items[i]->id);
        status = hactl_edit_send(&edit);
    }
    hy_vec_free(&removal.list);
    return status;
}

int hactl_configure_delete(struct hactl *h, int argc, char **argv)
{
    const struct ids ids = {argc - 1, argv + 1};
    struct hactl_state state;
    int status = h->force ? HACTL_OK : hactl_wait_until(h, have_come_down, &ids);
    if (!status)
        status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = remove_all(h, &state, argc, argv);
    hactl_state_free(&state);
    return status;
}
