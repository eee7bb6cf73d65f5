/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/cib.h"

#include "cib/clients.h"
#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <string.h>

/* Opens a gap at `at` and puts `value` there. */
#define VEC_INSERT(vec, at, value)                                                                                     \
    do {                                                                                                               \
        size_t place_ = (at);                                                                                          \
        (void)hy_vec_add(vec);                                                                                         \
        memmove(&(vec)->items[place_ + 1], &(vec)->items[place_], ((vec)->count - 1 - place_) * sizeof *(vec)->items); \
        (vec)->items[place_] = (value);                                                                                \
    } while (0)

struct hy_cib *hy_cib_new(void)
{
    return hy_alloc(sizeof(struct hy_cib));
}

struct inner {
    struct hy_cib *cib;
    struct hy_object *object;
};

static void add_inner(void *context, const char *id)
{
    const struct inner *inner = context;
    /* Of two with one id, which verification reports, the first is meant. */
    if (!hy_map_get(&inner->cib->by_inner, id))
        hy_map_put(&inner->cib->by_inner, id, inner->object);
}

static void drop_inner(void *context, const char *id)
{
    const struct inner *inner = context;
    if (hy_map_get(&inner->cib->by_inner, id) == inner->object)
        hy_map_remove(&inner->cib->by_inner, id);
}

/* Calls `visit` with each member of a group, the child of a clone. */
static void visit_children(struct hy_cib *cib, struct hy_object *object,
                           void (*visit)(struct hy_cib *cib, struct hy_object *parent, const char *child))
{
    if (object->kind == HY_CLONE)
        visit(cib, object, object->u.clone.child);
    for (size_t i = 0; object->kind == HY_GROUP && i < object->u.group.members.count; i++)
        visit(cib, object, object->u.group.members.items[i]);
}

static void add_child(struct hy_cib *cib, struct hy_object *parent, const char *child)
{
    if (!hy_map_get(&cib->by_child, child))
        hy_map_put(&cib->by_child, child, parent);
}

static bool has_child(const struct hy_object *object, const char *child)
{
    if (object->kind == HY_CLONE)
        return strcmp(object->u.clone.child, child) == 0;
    for (size_t i = 0; object->kind == HY_GROUP && i < object->u.group.members.count; i++)
        if (strcmp(object->u.group.members.items[i], child) == 0)
            return true;
    return false;
}

/* Of two parents, which no command leaves behind, the other one is left. The one that goes is not among the objects any
 * more. */
static void drop_child(struct hy_cib *cib, struct hy_object *parent, const char *child)
{
    if (hy_map_get(&cib->by_child, child) != parent)
        return;
    hy_map_remove(&cib->by_child, child);
    for (size_t i = 0; i < cib->objects.count; i++) {
        if (!has_child(cib->objects.items[i], child))
            continue;
        hy_map_put(&cib->by_child, child, cib->objects.items[i]);
        return;
    }
}

static void index_object(struct hy_cib *cib, struct hy_object *object)
{
    hy_map_put(&cib->by_id, object->id, object);
    hy_object_visit_inner(object, add_inner, &(struct inner){cib, object});
    visit_children(cib, object, add_child);
}

static void unindex_object(struct hy_cib *cib, struct hy_object *object)
{
    hy_map_remove(&cib->by_id, object->id);
    hy_object_visit_inner(object, drop_inner, &(struct inner){cib, object});
    visit_children(cib, object, drop_child);
}

void hy_cib_free(struct hy_cib **cib)
{
    struct hy_cib *c = *cib;
    if (!c)
        return;
    for (size_t i = 0; i < c->objects.count; i++)
        hy_object_free(&c->objects.items[i]);
    hy_vec_free(&c->objects);
    hy_map_free(&c->by_id);
    hy_map_free(&c->by_inner);
    hy_map_free(&c->by_child);
    for (size_t i = 0; i < c->tickets.count; i++)
        hy_ticket_free(&c->tickets.items[i]);
    hy_vec_free(&c->tickets);
    for (size_t i = 0; i < c->nodes.count; i++)
        hy_node_status_free(c->nodes.items[i]);
    hy_vec_free(&c->nodes);
    hy_vec_free(&c->sessions);
    hy_clients_free(c);
    free(c->changed_by);
    free(c->changed_via);
    free(c);
    *cib = NULL;
}

struct hy_cib *hy_cib_copy(const struct hy_cib *cib)
{
    struct hy_cib *copy = hy_cib_new();
    for (size_t i = 0; i < cib->objects.count; i++) {
        struct hy_object *object = hy_object_copy(cib->objects.items[i]);
        hy_vec_push(&copy->objects, object);
        index_object(copy, object);
    }
    for (size_t i = 0; i < cib->tickets.count; i++)
        hy_ticket_copy(hy_vec_add(&copy->tickets), &cib->tickets.items[i]);
    for (size_t i = 0; i < cib->nodes.count; i++)
        hy_vec_push(&copy->nodes, hy_node_status_copy(cib->nodes.items[i]));
    for (size_t i = 0; i < cib->sessions.count; i++)
        hy_vec_push(&copy->sessions, cib->sessions.items[i]);
    hy_clients_copy(copy, cib);
    copy->index = cib->index;
    copy->last_id = cib->last_id;
    copy->lineage = cib->lineage;
    copy->servers_index = cib->servers_index;
    copy->changed = cib->changed;
    copy->changed_by = hy_strdup(cib->changed_by);
    copy->changed_via = hy_strdup(cib->changed_via);
    return copy;
}

struct hy_object *hy_cib_find(const struct hy_cib *cib, const char *id)
{
    return hy_map_get(&cib->by_id, id);
}

struct hy_object *hy_cib_find_kind(const struct hy_cib *cib, enum hy_kind kind, const char *id)
{
    struct hy_object *object = hy_cib_find(cib, id);
    return object && object->kind == kind ? object : NULL;
}

size_t hy_cib_position(const struct hy_cib *cib, const struct hy_object *object)
{
    size_t at = 0;
    while (at < cib->objects.count && cib->objects.items[at] != object)
        at++;
    return at;
}

size_t hy_cib_node_position(const struct hy_cib *cib, const struct hy_node_status *status)
{
    size_t at = 0;
    while (at < cib->nodes.count && cib->nodes.items[at] != status)
        at++;
    return at;
}

void hy_cib_insert(struct hy_cib *cib, size_t position, struct hy_object *object, size_t status_position,
                   struct hy_node_status *status)
{
    VEC_INSERT(&cib->objects, position, object);
    index_object(cib, object);
    if (object->kind == HY_NODE)
        VEC_INSERT(&cib->nodes, status_position, status);
}

void hy_cib_add(struct hy_cib *cib, struct hy_object *object)
{
    hy_cib_insert(cib, cib->objects.count, object, cib->nodes.count,
                  object->kind == HY_NODE ? hy_node_status_new(object->id) : NULL);
}

struct hy_object *hy_cib_take(struct hy_cib *cib, size_t position, struct hy_node_status **status)
{
    struct hy_object *object = cib->objects.items[position];
    hy_vec_remove(&cib->objects, position);
    unindex_object(cib, object);
    *status = NULL;
    if (object->kind == HY_NODE) {
        *status = hy_cib_node(cib, object->id);
        hy_vec_remove(&cib->nodes, hy_cib_node_position(cib, *status));
    }
    return object;
}

struct hy_object *hy_cib_replace(struct hy_cib *cib, size_t position, struct hy_object *object)
{
    struct hy_object *before = cib->objects.items[position];
    cib->objects.items[position] = object;
    unindex_object(cib, before);
    index_object(cib, object);
    return before;
}

struct hy_node_status *hy_cib_node(const struct hy_cib *cib, const char *name)
{
    for (size_t i = 0; i < cib->nodes.count; i++)
        if (strcmp(cib->nodes.items[i]->node, name) == 0)
            return cib->nodes.items[i];
    return NULL;
}

struct hy_node_status *hy_cib_node_by_id(const struct hy_cib *cib, uint32_t id)
{
    for (size_t i = 0; id && i < cib->nodes.count; i++)
        if (cib->nodes.items[i]->id == id)
            return cib->nodes.items[i];
    return NULL;
}

struct hy_object *hy_cib_parent(const struct hy_cib *cib, const char *id)
{
    return hy_map_get(&cib->by_child, id);
}

struct set_search {
    const char *id;
    const struct hy_attr_set *set;
};

static void match_set(void *context, const struct hy_attr_set *set)
{
    struct set_search *search = context;
    if (!search->set && set->id && strcmp(set->id, search->id) == 0)
        search->set = set;
}

enum part { PARAMS, META, UTILIZATION };

/* NULL: the kind has no such sets. */
static const struct hy_attr_sets *sets_of(const struct hy_object *object, enum part part)
{
    switch (object->kind) {
    case HY_NODE:
        return part == UTILIZATION ? &object->u.node.utilization : part == PARAMS ? &object->u.node.attributes : NULL;
    case HY_TEMPLATE:
    case HY_PRIMITIVE:
        return part == PARAMS ? &object->u.primitive.params
               : part == META ? &object->u.primitive.meta
                              : &object->u.primitive.utilization;
    case HY_GROUP:
        return part == PARAMS ? &object->u.group.params : part == META ? &object->u.group.meta : NULL;
    case HY_CLONE:
        return part == PARAMS ? &object->u.clone.params : part == META ? &object->u.clone.meta : NULL;
    default:
        return NULL;
    }
}

static const struct hy_attr_set *first_unnamed(const struct hy_attr_sets *sets)
{
    for (size_t i = 0; sets && i < sets->list.count; i++)
        if (!sets->list.items[i].id && !sets->list.items[i].ref)
            return &sets->list.items[i];
    return NULL;
}

static const struct hy_attr_set *find_implied_set(const struct hy_cib *cib, const char *id)
{
    static const char *const suffixes[] = {"-instance_attributes", "-meta_attributes", "-utilization"};
    size_t length = strlen(id);
    const struct hy_attr_set *set = NULL;
    for (int part = PARAMS; part <= UTILIZATION && !set; part++) {
        size_t cut = strlen(suffixes[part]);
        if (length <= cut || strcmp(id + length - cut, suffixes[part]) != 0)
            continue;
        char *owner = hy_strndup(id, length - cut);
        const struct hy_object *object = hy_cib_find(cib, owner);
        set = object ? first_unnamed(sets_of(object, (enum part)part)) : NULL;
        free(owner);
    }
    const struct hy_object *node =
        !set && strncmp(id, "nodes-", 6) == 0 ? hy_cib_find_kind(cib, HY_NODE, id + 6) : NULL;
    return node ? first_unnamed(&node->u.node.attributes) : set;
}

const struct hy_attr_set *hy_cib_find_set(const struct hy_cib *cib, const char *id)
{
    const struct hy_object *object = hy_map_get(&cib->by_inner, id);
    struct set_search search = {.id = id};
    if (object)
        hy_object_visit_sets(object, match_set, &search);
    object = hy_cib_find(cib, id);
    if (!search.set && object && hy_kind_is_set(object->kind))
        return &object->u.set;
    return search.set ? search.set : find_implied_set(cib, id);
}

const struct hy_primitive *hy_cib_template(const struct hy_cib *cib, const struct hy_primitive *primitive)
{
    const struct hy_object *object = primitive->tmpl ? hy_cib_find_kind(cib, HY_TEMPLATE, primitive->tmpl) : NULL;
    return object ? &object->u.primitive : NULL;
}

const struct hy_primitive *hy_cib_agent(const struct hy_cib *cib, const struct hy_primitive *primitive)
{
    return primitive->tmpl ? hy_cib_template(cib, primitive) : primitive;
}

static void resolve_template(const struct hy_cib *cib, const char *id, struct hy_objects *out)
{
    for (size_t i = 0; i < cib->objects.count; i++) {
        const struct hy_object *object = cib->objects.items[i];
        if (object->kind == HY_PRIMITIVE && object->u.primitive.tmpl && strcmp(object->u.primitive.tmpl, id) == 0)
            hy_vec_push(&out->list, object);
    }
}

bool hy_cib_resolve(const struct hy_cib *cib, const char *id, struct hy_objects *out)
{
    const struct hy_object *object = hy_cib_find(cib, id);
    if (object && hy_kind_is_resource(object->kind)) {
        hy_vec_push(&out->list, object);
        return true;
    }
    if (object && object->kind == HY_TEMPLATE) {
        resolve_template(cib, id, out);
        return true;
    }
    if (!object || object->kind != HY_TAG)
        return false;
    for (size_t i = 0; i < object->u.tag.members.count; i++) {
        const struct hy_object *member = hy_cib_find(cib, object->u.tag.members.items[i]);
        if (member && hy_kind_is_resource(member->kind))
            hy_vec_push(&out->list, member);
        else if (member && member->kind == HY_TEMPLATE)
            resolve_template(cib, member->id, out);
    }
    return true;
}

const char *hy_cib_property(const struct hy_cib *cib, const char *name)
{
    /* The reference reads this set first, whatever else is there. */
    const struct hy_object *first = hy_cib_find_kind(cib, HY_PROPERTY, "cib-bootstrap-options");
    const char *value = first ? hy_attrs_get(&first->u.set.attrs, name) : NULL;
    for (size_t i = 0; !value && i < cib->objects.count; i++)
        if (cib->objects.items[i]->kind == HY_PROPERTY)
            value = hy_attrs_get(&cib->objects.items[i]->u.set.attrs, name);
    return value;
}
