/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, cluster options, defaults, tags. */
#include "hactl/import.h"

#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <string.h>

/* ---------------------------------------------------------------- nodes */

static bool is_member(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *type = hactl_xml_get(at, "type");
    if (!type || strcmp(type, "member") == 0 || strcmp(type, "normal") == 0)
        return true;
    if (strcmp(type, "remote") == 0)
        hactl_import_refuse(import, at, "is a Pacemaker Remote node: Halyard has none, run a full node there");
    else
        hactl_import_note(import, at, "is of type %.100s, which runs nothing: left out", type);
    return false;
}

void hactl_import_node(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id", "uname", "type", "description", NULL};
    const char *id = hactl_xml_get(at, "id"), *name = hactl_xml_get(at, "uname");
    if (!name)
        name = id;
    if (!is_member(import, at))
        return;
    if (!name || !hy_node_name_is_valid(name)) {
        hactl_import_refuse(import, at, "has no name that can be taken: expected letters, digits, '_', '-', '.'");
        return;
    }
    if (import->cib->nodes.count >= HY_CIB_NODES_MAX) {
        hactl_import_refuse(import, at, "is one node too many: at most %d", HY_CIB_NODES_MAX);
        return;
    }
    hactl_import_unknown(import, at, known);
    struct hy_object *object = hy_object_new(HY_NODE);
    object->id = hy_strdup(name);
    if (hactl_xml_get(at, "description"))
        object->description = hy_strdup(hactl_xml_get(at, "description"));
    if (id && hy_word_is_plain(id) && strlen(id) <= HY_ID_MAX && strcmp(id, name) != 0)
        object->u.node.nodeid = hy_strdup(id);
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &object->u.node.attributes);
    hactl_import_sets(import, at, "utilization", HACTL_USE_OTHER, &object->u.node.utilization);
    if (id)
        hy_map_put(&import->names, id, hy_arena_strdup(&import->kept, name));
    hactl_import_add(import, at, object);
}

/* ---------------------------------------------------------------- options and defaults */

/* Cluster options that were moved to the defaults of resources and operations in 2.0. */
static const struct {
    const char *option;
    enum hy_kind kind;
    const char *id;
    const char *name;
} moved[] = {
    {"default-resource-stickiness", HY_RSC_DEFAULTS, "rsc-options", "resource-stickiness"},
    {"default-migration-threshold", HY_RSC_DEFAULTS, "rsc-options", "migration-threshold"},
    {"is-managed-default", HY_RSC_DEFAULTS, "rsc-options", "is-managed"},
    {"default-action-timeout", HY_OP_DEFAULTS, "op-options", "timeout"},
};

/* Notes of the reference's to itself, and what steers a machinery that is not ours. */
static const char *const without_use[] = {"cluster-infrastructure",
                                          "cluster-ipc-limit",
                                          "crmd-finalization-timeout",
                                          "crmd-integration-timeout",
                                          "crmd-transition-delay",
                                          "dc-deadtime",
                                          "dc-version",
                                          "election-timeout",
                                          "expected-quorum-votes",
                                          "join-finalization-timeout",
                                          "join-integration-timeout",
                                          "last-lrm-refresh",
                                          "notification-agent",
                                          "notification-recipient",
                                          "pe-error-series-max",
                                          "pe-input-series-max",
                                          "pe-warn-series-max",
                                          "shutdown-escalation",
                                          "transition-delay"};

static struct hy_object *defaults_of(struct hactl_import *import, enum hy_kind kind, const char *id)
{
    struct hy_object *object = hy_cib_find_kind(import->cib, kind, id);
    if (!object && !hy_cib_find(import->cib, id)) {
        object = hy_object_new(kind);
        object->id = hy_strdup(id);
        hy_cib_add(import->cib, object);
    }
    return object;
}

static void move_options(struct hactl_import *import, const struct hactl_xml *at, struct hy_attrs *attrs)
{
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++) {
        const char *value = hy_attrs_get(attrs, moved[i].option);
        struct hy_object *to = value && import->old ? defaults_of(import, moved[i].kind, moved[i].id) : NULL;
        if (!to)
            continue;
        hactl_import_note(import, at, "%s: moved to %s", moved[i].option, hy_kind_word(moved[i].kind));
        if (!hy_attrs_get(&to->u.set.attrs, moved[i].name))
            hy_attrs_set(&to->u.set.attrs, moved[i].name, value);
        (void)hy_attrs_remove(attrs, moved[i].option);
    }
    for (size_t i = 0; i < sizeof without_use / sizeof *without_use; i++) {
        const char *value = hy_attrs_get(attrs, without_use[i]);
        if (!value)
            continue;
        hactl_import_note(import, at, "%s='%.100s' has no use here: left out", without_use[i], value);
        (void)hy_attrs_remove(attrs, without_use[i]);
    }
}

static const char *free_id(struct hactl_import *import, const struct hactl_xml *at, const char *fallback)
{
    const char *id = hactl_xml_get(at, "id");
    if (id && hy_id_is_valid(id))
        return id;
    hactl_import_note(import, at, "has no id that can be taken: called %s", fallback);
    return fallback;
}

void hactl_import_options(struct hactl_import *import, const struct hactl_xml *at, enum hy_kind kind)
{
    static const char *const ids[HY_KIND_COUNT] = {
        [HY_PROPERTY] = "cib-bootstrap-options", [HY_RSC_DEFAULTS] = "rsc-options", [HY_OP_DEFAULTS] = "op-options"};
    enum hactl_import_use use = kind == HY_PROPERTY       ? HACTL_USE_PROPERTY
                                : kind == HY_RSC_DEFAULTS ? HACTL_USE_META
                                                          : HACTL_USE_OTHER;
    struct hy_object *object = hy_object_new(kind);
    object->id = hy_strdup(free_id(import, at, ids[kind]));
    hactl_import_set(import, at, use, &object->u.set);
    free(object->u.set.id);
    object->u.set.id = NULL;
    if (object->u.set.ref && !import->with_status)
        hactl_import_note(import, at, "refers to the set %s: that cannot be said of options and defaults: left out",
                          object->u.set.ref);
    if (kind == HY_PROPERTY) {
        const struct hy_attrs *attrs = &object->u.set.attrs;
        move_options(import, at, &object->u.set.attrs);
        if (hy_attrs_get(attrs, "stonith-enabled") || hy_attrs_get(attrs, "fencing-enabled"))
            import->fencing_is_set = true;
    }
    if (object->u.set.attrs.list.count || (object->u.set.ref && import->with_status)) {
        hactl_import_add(import, at, object);
        return;
    }
    hy_object_free(&object);
}

void hactl_import_defaults(struct hactl_import *import)
{
    if (import->fencing_is_set)
        return;
    struct hy_object *options = defaults_of(import, HY_PROPERTY, "cib-bootstrap-options");
    if (!options)
        return;
    hy_attrs_set(&options->u.set.attrs, "stonith-enabled", "true");
    hy_buf_adds(&import->report, "crm_config: says nothing of fencing, which is on by default there and off here: "
                                 "stonith-enabled=true is written out\n");
}

/* ---------------------------------------------------------------- tags */

static bool has_name(const struct hy_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->items[i], name))
            return true;
    return false;
}

void hactl_import_tag(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *id = hactl_xml_get(at, "id");
    if (!hactl_import_id(import, at, id))
        return;
    struct hy_object *object = hy_object_new(HY_TAG);
    object->id = hy_strdup(id);
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        const char *member = hactl_xml_get(child, "id");
        if (hactl_xml_is(child, "obj_ref") && hactl_import_id(import, child, member) &&
            !has_name(&object->u.tag.members, member))
            hy_vec_push(&object->u.tag.members, hy_strdup(member));
    }
    if (object->u.tag.members.count) {
        hactl_import_add(import, at, object);
        return;
    }
    hactl_import_note(import, at, "is a tag on nothing: left out");
    hy_object_free(&object);
}
