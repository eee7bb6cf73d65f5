/* SPDX-License-Identifier: Apache-2.0 */
/* The list of resources, as the reference's status has it. */
#include "hactl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- where instances are */

static const char *doing_word(const char *op)
{
    static const char *const words[][2] = {
        {"start", "Starting"}, {"stop", "Stopping"}, {"promote", "Promoting"}, {"demote", "Demoting"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], op) == 0)
            return words[i][1];
    return NULL;
}

static bool is_instance(const char *rsc, const char *primitive)
{
    size_t length = strlen(primitive);
    return strncmp(rsc, primitive, length) == 0 && (!rsc[length] || rsc[length] == ':');
}

static struct hactl_spot *spot_of(struct hactl_spots *spots, const char *rsc, const char *node)
{
    for (size_t i = 0; i < spots->list.count; i++)
        if (strcmp(spots->list.items[i].rsc, rsc) == 0 && strcmp(spots->list.items[i].node, node) == 0)
            return &spots->list.items[i];
    return NULL;
}

static int compare_spots(const void *left, const void *right)
{
    const struct hactl_spot *a = left, *b = right;
    int order = strcmp(a->rsc, b->rsc);
    return order ? order : strcmp(a->node, b->node);
}

void hactl_spots_find(const struct hactl_state *state, const char *primitive, struct hactl_spots *spots)
{
    *spots = (struct hactl_spots){0};
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        if (strcmp(active->primitive, primitive) != 0)
            continue;
        const struct hactl_spot spot = {.rsc = active->rsc,
                                        .node = active->node,
                                        .role = active->role,
                                        .failed = active->failed,
                                        .blocked = active->blocked,
                                        .unmanaged = active->unmanaged,
                                        .orphan = active->orphan};
        hy_vec_push(&spots->list, spot);
    }
    for (size_t i = 0; i < state->inflight.count; i++) {
        const struct hy_inflight *operation = &state->inflight.items[i];
        const char *doing = doing_word(operation->op);
        if (!doing || !is_instance(operation->rsc, primitive))
            continue;
        struct hactl_spot *there = spot_of(spots, operation->rsc, operation->node);
        const struct hactl_spot coming = {.rsc = operation->rsc, .node = operation->node};
        if (!there) {
            hy_vec_push(&spots->list, coming);
            there = &spots->list.items[spots->list.count - 1];
        }
        there->doing = doing;
    }
    if (spots->list.count)
        qsort(spots->list.items, spots->list.count, sizeof *spots->list.items, compare_spots);
}

void hactl_spots_free(struct hactl_spots *spots)
{
    hy_vec_free(&spots->list);
}

/* ---------------------------------------------------------------- primitives */

void hactl_agent_print(const struct hactl_state *state, const struct hy_primitive *primitive, struct hy_buf *out)
{
    const struct hy_primitive *agent = hy_cib_agent(state->cib, primitive);
    if (!agent)
        hy_buf_addf(out, "@%s", primitive->tmpl);
    else if (agent->provider)
        hy_buf_addf(out, "%s::%s:%s", agent->cls, agent->provider, agent->type);
    else
        hy_buf_addf(out, "%s:%s", agent->cls, agent->type);
}

/* What is said of one instance on one node: "Started test3", "FAILED test3 (blocked)". */
static void print_spot(const struct hactl_spot *spot, struct hy_buf *out)
{
    const char *word = spot->doing ? spot->doing : spot->failed ? NULL : hy_role_word(spot->role);
    if (spot->orphan)
        hy_buf_adds(out, "ORPHANED ");
    if (spot->failed)
        hy_buf_adds(out, "FAILED ");
    if (word)
        hy_buf_addf(out, "%s ", word);
    hy_buf_adds(out, spot->node);
    if (spot->blocked)
        hy_buf_adds(out, " (blocked)");
    if (spot->unmanaged)
        hy_buf_adds(out, " (unmanaged)");
}

static void print_head(const struct hactl_state *state, const char *indent, const char *name,
                       const struct hy_object *primitive, struct hy_buf *out)
{
    hy_buf_addf(out, "%s%s\t(", indent, name);
    if (primitive)
        hactl_agent_print(state, &primitive->u.primitive, out);
    else
        hy_buf_adds(out, "not configured");
    hy_buf_adds(out, "):\t");
}

static bool is_disabled(const struct hactl_state *state, const struct hy_object *resource)
{
    for (; resource; resource = hy_cib_parent(state->cib, resource->id)) {
        const struct hy_attrs *meta = hy_sets_plain(hactl_state_meta((struct hy_object *)resource));
        const char *role = hy_attrs_get(meta, "target-role");
        const struct hy_primitive *tmpl =
            resource->kind == HY_PRIMITIVE ? hy_cib_template(state->cib, &resource->u.primitive) : NULL;
        if (!role && tmpl)
            role = hy_sets_get(&tmpl->meta, "target-role");
        enum hy_role wanted = HY_ROLE_ANY;
        if (role && hy_role_parse(role, &wanted))
            return wanted == HY_ROLE_STOPPED;
    }
    return false;
}

/* The node that it waits for. */
static const char *locked_to(const struct hactl_state *state, const char *primitive)
{
    for (size_t i = 0; i < state->decision->placement_count; i++)
        if (strcmp(state->decision->placements[i].primitive, primitive) == 0)
            return state->decision->placements[i].locked_to;
    return NULL;
}

static void print_stopped(const struct hactl_state *state, const struct hy_object *primitive, struct hy_buf *out)
{
    const char *node = locked_to(state, primitive->id);
    if (node)
        hy_buf_addf(out, "Stopped %s (LOCKED)\n", node);
    else
        hy_buf_addf(out, "Stopped%s\n", is_disabled(state, primitive) ? " (disabled)" : "");
}

static void print_primitive(const struct hactl_state *state, const struct hy_object *primitive, const char *indent,
                            struct hy_buf *out)
{
    struct hactl_spots spots;
    hactl_spots_find(state, primitive->id, &spots);
    if (!spots.list.count) {
        print_head(state, indent, primitive->id, primitive, out);
        print_stopped(state, primitive, out);
    }
    for (size_t i = 0; i < spots.list.count; i++) {
        print_head(state, indent, spots.list.items[i].rsc, primitive, out);
        print_spot(&spots.list.items[i], out);
        hy_buf_addc(out, '\n');
    }
    hactl_spots_free(&spots);
}

/* ---------------------------------------------------------------- groups */

static void print_group(const struct hactl_state *state, const struct hy_object *group, struct hy_buf *out)
{
    hy_buf_addf(out, " Resource Group: %s\n", group->id);
    for (size_t i = 0; i < group->u.group.members.count; i++) {
        const struct hy_object *member = hy_cib_find(state->cib, group->u.group.members.items[i]);
        if (member)
            print_primitive(state, member, "     ", out);
    }
}

/* ---------------------------------------------------------------- clones */

static bool flag_of(const struct hy_attrs *attrs, const char *name)
{
    bool set = false;
    const char *text = hy_attrs_get(attrs, name);
    return text && hy_parse_bool(text, &set) && set;
}

bool hactl_clone_is_unique(const struct hy_object *clone)
{
    return flag_of(hy_sets_plain(&clone->u.clone.meta), "globally-unique");
}

bool hactl_clone_is_promotable(const struct hy_object *clone)
{
    return clone->u.clone.ms || flag_of(hy_sets_plain(&clone->u.clone.meta), "promotable");
}

int hactl_clone_max(const struct hactl_state *state, const struct hy_object *clone)
{
    struct hy_object *child = hy_cib_find(state->cib, clone->u.clone.child);
    const char *text = hy_sets_get(&clone->u.clone.meta, "clone-max");
    if (!text && child)
        text = hy_sets_get(hactl_state_meta(child), "clone-max");
    return text ? atoi(text) : (int)state->decision->node_count;
}

/* How a clone's instance stands on a node, all its members taken together. */
enum standing { NOTHING, STARTED, UNPROMOTED, PROMOTED, TO_BE_TOLD };

static enum standing standing_of(const struct hactl_spot *spot)
{
    if (!spot)
        return NOTHING;
    if (spot->doing || spot->failed || spot->blocked || spot->unmanaged || spot->orphan)
        return TO_BE_TOLD;
    return spot->role == HY_ROLE_PROMOTED ? PROMOTED : spot->role == HY_ROLE_UNPROMOTED ? UNPROMOTED : STARTED;
}

static enum standing primitive_on(const struct hactl_state *state, const char *primitive, const char *node)
{
    struct hactl_spots spots;
    hactl_spots_find(state, primitive, &spots);
    enum standing standing = NOTHING;
    for (size_t i = 0; i < spots.list.count; i++)
        if (strcmp(spots.list.items[i].node, node) == 0)
            standing = standing == NOTHING ? standing_of(&spots.list.items[i]) : TO_BE_TOLD;
    hactl_spots_free(&spots);
    return standing;
}

static enum standing child_on(const struct hactl_state *state, const struct hy_object *child, const char *node)
{
    if (child->kind != HY_GROUP)
        return primitive_on(state, child->id, node);
    enum standing all = NOTHING;
    for (size_t i = 0; i < child->u.group.members.count; i++) {
        enum standing one = primitive_on(state, child->u.group.members.items[i], node);
        if (i && one != all)
            return TO_BE_TOLD;
        all = one;
    }
    return all;
}

static void tell_primitive(const struct hactl_state *state, const char *id, const char *node, const char *indent,
                           struct hy_buf *out)
{
    const struct hy_object *primitive = hy_cib_find(state->cib, id);
    struct hactl_spots spots;
    hactl_spots_find(state, id, &spots);
    bool any = false;
    for (size_t i = 0; i < spots.list.count; i++) {
        if (strcmp(spots.list.items[i].node, node) != 0)
            continue;
        print_head(state, indent, spots.list.items[i].rsc, primitive, out);
        print_spot(&spots.list.items[i], out);
        hy_buf_addc(out, '\n');
        any = true;
    }
    if (!any) {
        print_head(state, indent, id, primitive, out);
        hy_buf_addf(out, "Stopped %s\n", node);
    }
    hactl_spots_free(&spots);
}

static void tell_child(const struct hactl_state *state, const struct hy_object *child, const char *node,
                       struct hy_buf *out)
{
    if (child->kind != HY_GROUP) {
        tell_primitive(state, child->id, node, "     ", out);
        return;
    }
    hy_buf_addf(out, "     Resource Group: %s\n", child->id);
    for (size_t i = 0; i < child->u.group.members.count; i++)
        tell_primitive(state, child->u.group.members.items[i], node, "         ", out);
}

static void print_list(const char *word, const struct hy_buf *names, struct hy_buf *out)
{
    if (names->size)
        hy_buf_addf(out, "     %s: [%s ]\n", word, hy_buf_text(names));
}

static void print_instances(const struct hactl_state *state, const struct hy_object *clone,
                            const struct hy_object *child, struct hy_buf *out)
{
    struct hy_buf names[TO_BE_TOLD] = {{0}};
    int active = 0;
    size_t *sorted = hactl_nodes_sorted(state);
    for (size_t i = 0; i < state->decision->node_count; i++) {
        const char *node = state->decision->nodes[sorted[i]].node;
        enum standing standing = child_on(state, child, node);
        active += standing != NOTHING;
        if (standing == TO_BE_TOLD)
            tell_child(state, child, node, out);
        else
            hy_buf_addf(&names[standing], " %s", node);
    }
    print_list("Promoted", &names[PROMOTED], out);
    print_list("Unpromoted", &names[UNPROMOTED], out);
    print_list("Started", &names[STARTED], out);
    if (active < hactl_clone_max(state, clone))
        print_list("Stopped", &names[NOTHING], out);
    for (size_t i = 0; i < TO_BE_TOLD; i++)
        hy_buf_free(&names[i]);
    free(sorted);
}

static void print_unique(const struct hactl_state *state, const struct hy_object *clone, const struct hy_object *child,
                         struct hy_buf *out)
{
    struct hactl_spots spots;
    hactl_spots_find(state, child->id, &spots);
    for (int number = 0; number < hactl_clone_max(state, clone); number++) {
        char name[HY_ID_MAX + 16];
        snprintf(name, sizeof name, "%s:%d", child->id, number);
        print_head(state, "     ", name, child, out);
        const struct hactl_spot *spot = NULL;
        for (size_t i = 0; i < spots.list.count && !spot; i++)
            if (strcmp(spots.list.items[i].rsc, name) == 0)
                spot = &spots.list.items[i];
        if (spot) {
            print_spot(spot, out);
            hy_buf_addc(out, '\n');
        } else {
            print_stopped(state, child, out);
        }
    }
    hactl_spots_free(&spots);
}

static void print_clone(const struct hactl_state *state, const struct hy_object *clone, struct hy_buf *out)
{
    const struct hy_object *child = hy_cib_find(state->cib, clone->u.clone.child);
    bool unique = hactl_clone_is_unique(clone);
    hy_buf_addf(out, " Clone Set: %s [%s]%s%s\n", clone->id, clone->u.clone.child,
                hactl_clone_is_promotable(clone) ? " (promotable)" : "", unique ? " (unique)" : "");
    if (child && unique && child->kind == HY_PRIMITIVE)
        print_unique(state, clone, child, out);
    else if (child)
        print_instances(state, clone, child, out);
}

/* ---------------------------------------------------------------- all */

void hactl_status_resource(const struct hactl_state *state, const struct hy_object *resource, struct hy_buf *out)
{
    if (resource->kind == HY_CLONE)
        print_clone(state, resource, out);
    else if (resource->kind == HY_GROUP)
        print_group(state, resource, out);
    else
        print_primitive(state, resource, " ", out);
}

const char *hactl_status_orphan(const struct hactl_state *state, const char *after)
{
    const char *next = NULL;
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        if (active->orphan && (!after || strcmp(active->primitive, after) > 0) &&
            !hy_cib_find_kind(state->cib, HY_PRIMITIVE, active->primitive) &&
            (!next || strcmp(active->primitive, next) < 0))
            next = active->primitive;
    }
    return next;
}

static void print_orphans(const struct hactl_state *state, struct hy_buf *out)
{
    for (const char *id = NULL; (id = hactl_status_orphan(state, id));) {
        struct hactl_spots spots;
        hactl_spots_find(state, id, &spots);
        for (size_t i = 0; i < spots.list.count; i++) {
            print_head(state, " ", spots.list.items[i].rsc, NULL, out);
            print_spot(&spots.list.items[i], out);
            hy_buf_addc(out, '\n');
        }
        hactl_spots_free(&spots);
    }
}

void hactl_status_resources(const struct hactl_state *state, struct hy_buf *out)
{
    for (size_t i = 0; i < state->cib->objects.count; i++) {
        const struct hy_object *object = state->cib->objects.items[i];
        if (hy_kind_is_resource(object->kind) && !hy_cib_parent(state->cib, object->id))
            hactl_status_resource(state, object, out);
    }
    print_orphans(state, out);
}

static int primitives_in(const struct hy_cib *cib, const char *id)
{
    const struct hy_object *object = hy_cib_find(cib, id);
    return object && object->kind == HY_GROUP ? (int)object->u.group.members.count : 1;
}

int hactl_status_count(const struct hactl_state *state)
{
    int count = 0;
    for (size_t i = 0; i < state->cib->objects.count; i++) {
        const struct hy_object *object = state->cib->objects.items[i];
        if (!hy_kind_is_resource(object->kind) || hy_cib_parent(state->cib, object->id))
            continue;
        if (object->kind == HY_CLONE)
            count += hactl_clone_max(state, object) * primitives_in(state->cib, object->u.clone.child);
        else
            count += primitives_in(state->cib, object->id);
    }
    return count;
}
