/* SPDX-License-Identifier: Apache-2.0 */
/* `configure delete`: objects go together with what would name them in vain. */
#include "cib/grammar.h"
#include "cib/names.h"
#include "cib/object.h"
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

struct search {
    const struct removal *removal;
    const char *found;
};

static void match(void *context, enum hy_name_kind kind, char **name)
{
    struct search *search = context;
    bool alone = kind == HY_NAME_RSC || kind == HY_NAME_CHILD;
    if (alone && !search->found && goes(search->removal, *name))
        search->found = *name;
}

/* The name without which the object cannot be: of a pair, or a clone's child. What holds several may lose one. */
static const char *named_in_vain(const struct removal *removal, const struct hy_object *object)
{
    const struct hy_rsc_sets *sets = hy_object_rsc_sets(object);
    struct search search = {.removal = removal};
    if (object->kind == HY_CLONE || (sets && !sets->list.count))
        hy_object_visit_names((struct hy_object *)object, match, &search);
    return search.found;
}

/* How many stay of those that a group, a tag or sets of resources hold. */
static size_t count_staying(const struct removal *removal, const struct hy_names *names)
{
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        count += !goes(removal, names->items[i]);
    return count;
}

static size_t count_in_sets(const struct removal *removal, const struct hy_rsc_sets *sets, bool *reference)
{
    size_t count = 0;
    for (size_t i = 0; i < sets->list.count; i++) {
        count += count_staying(removal, &sets->list.items[i].members);
        *reference = *reference || sets->list.items[i].ref;
    }
    return count;
}

/* Nothing would be left of it, or too little to mean anything. */
static bool is_left_empty(const struct removal *removal, struct hy_object *object)
{
    const struct hy_rsc_sets *sets = hy_object_rsc_sets(object);
    bool reference = false;
    if (object->kind == HY_GROUP)
        return count_staying(removal, &object->u.group.members) == 0;
    if (object->kind == HY_TAG)
        return count_staying(removal, &object->u.tag.members) == 0;
    if (object->kind == HY_TOPOLOGY) {
        for (size_t i = 0; i < object->u.topology.levels.count; i++)
            if (count_staying(removal, &object->u.topology.levels.items[i].devices))
                return false;
        return object->u.topology.levels.count > 0;
    }
    if (!sets || !sets->list.count)
        return false;
    size_t least = object->kind == HY_COLOCATION || object->kind == HY_ORDER ? 2 : 1;
    return count_in_sets(removal, sets, &reference) < least && !reference;
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
            if (!named && !is_left_empty(removal, cib->objects.items[i]))
                continue;
            hactl_info("%s %s goes too: %s%s", hy_kind_word(object->kind), object->id,
                       named                                 ? "it names "
                       : hy_kind_is_constraint(object->kind) ? "too little would be left of it"
                                                             : "it would be empty",
                       named ? named : "");
            hy_vec_push(&removal->list, object);
            more = true;
        }
    }
}

static void shrink_names(const struct removal *removal, const struct hy_object *object, struct hy_names *names)
{
    for (size_t m = names->count; m > 0; m--) {
        char *member = names->items[m - 1];
        if (!goes(removal, member))
            continue;
        bool has_id = object->kind != HY_TOPOLOGY;
        hactl_info("%s leaves %s%s%s", member, hy_kind_word(object->kind), has_id ? " " : "", has_id ? object->id : "");
        hy_vec_remove(names, m - 1);
        free(member);
    }
}

static void shrink_sets(const struct removal *removal, const struct hy_object *object, struct hy_rsc_sets *sets)
{
    for (size_t i = sets->list.count; i > 0; i--) {
        struct hy_rsc_set *set = &sets->list.items[i - 1];
        shrink_names(removal, object, &set->members);
        if (set->members.count || set->ref)
            continue;
        hy_rsc_set_free(set);
        hy_vec_remove(&sets->list, i - 1);
    }
}

static void shrink_topology(const struct removal *removal, const struct hy_object *object, struct hy_topology *topology)
{
    for (size_t i = topology->levels.count; i > 0; i--) {
        struct hy_level *level = &topology->levels.items[i - 1];
        shrink_names(removal, object, &level->devices);
        if (level->devices.count)
            continue;
        free(level->target);
        free(level->value);
        hy_vec_free(&level->devices);
        hy_vec_remove(&topology->levels, i - 1);
    }
}

/* What loses some of its members and keeps others. */
static void shrink_rest(const struct removal *removal, struct hactl_edit *edit)
{
    const struct hy_cib *cib = removal->state->cib;
    for (size_t i = 0; i < cib->objects.count; i++) {
        enum hy_kind kind = cib->objects.items[i]->kind;
        if (goes(removal, cib->objects.items[i]->id))
            continue;
        struct hy_object *object = hy_object_copy(cib->objects.items[i]);
        if (kind == HY_GROUP)
            shrink_names(removal, object, &object->u.group.members);
        else if (kind == HY_TAG)
            shrink_names(removal, object, &object->u.tag.members);
        else if (kind == HY_TOPOLOGY)
            shrink_topology(removal, object, &object->u.topology);
        else if (hy_object_edit_rsc_sets(object))
            shrink_sets(removal, object, hy_object_edit_rsc_sets(object));
        hactl_edit_put(edit, object); /* which passes over what has not changed */
        hy_object_free(&object);
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
        shrink_rest(&removal, &edit);
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
