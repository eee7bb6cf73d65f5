/* SPDX-License-Identifier: Apache-2.0 */
/* Primitives, templates, groups, clones. */
#include "hactl/import.h"

#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <string.h>

static bool text_is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

static void read_head(struct hactl_import *import, const struct hactl_xml *at, struct hy_object *object)
{
    object->id = hy_strdup(hactl_xml_get(at, "id"));
    const char *description = hactl_xml_get(at, "description");
    if (description && *description)
        object->description = hy_strdup(description);
    (void)import;
}

/* ---------------------------------------------------------------- operations */

/* `requires` stood with the start before it became the resource's. */
static void move_requires(struct hactl_import *import, const struct hactl_xml *at, struct hy_primitive *primitive,
                          const char *value)
{
    hactl_import_note(import, at, "requires='%.100s' belongs to the resource: moved to its meta attributes", value);
    if (!hactl_import_value(&primitive->meta, "requires"))
        hy_sets_set(&primitive->meta, "requires", value);
}

static bool is_op_attribute(const char *name)
{
    static const char *const names[] = {"interval",    "timeout",         "role",          "on-fail", "enabled",
                                        "start-delay", "interval-origin", "record-pending"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void read_op_attribute(struct hactl_import *import, const struct hactl_xml *at, struct hy_primitive *primitive,
                              struct hy_op_config *op, const struct hactl_xml_attr *attr)
{
    const char *name = attr->name, *value = attr->value;
    enum hy_role role;
    if (strcmp(name, "id") == 0 || strcmp(name, "name") == 0 || strcmp(name, "description") == 0)
        return;
    if (strcmp(name, "requires") == 0 || strcmp(name, "prereq") == 0) {
        move_requires(import, at, primitive, value);
        return;
    }
    if (strcmp(name, "on_fail") == 0)
        name = "on-fail";
    if (strcmp(name, "start_delay") == 0)
        name = "start-delay";
    if (strcmp(name, "disabled") == 0) {
        bool disabled = hactl_import_bool(import, at, "disabled", false);
        name = "enabled";
        value = disabled ? "false" : "true";
    }
    if (!is_op_attribute(name)) {
        hactl_import_note(import, at, "%.100s='%.100s' has no counterpart: left out", name, value);
        return;
    }
    if (strcmp(name, "role") == 0 && hy_role_parse(value, &role))
        value = hy_role_word(role);
    hy_attrs_set(&op->attrs, name, value);
}

static void read_op(struct hactl_import *import, const struct hactl_xml *at, struct hy_primitive *primitive)
{
    const char *name = hactl_xml_get(at, "name");
    if (!name || !hy_word_is_plain(name) || strlen(name) > HY_ID_MAX) {
        hactl_import_note(import, at, "has no name, or none that can be taken: left out");
        return;
    }
    struct hy_op_config *op = hy_vec_add(&primitive->ops);
    *op = (struct hy_op_config){.name = hy_strdup(name)};
    for (size_t i = 0; i < at->attr_count; i++)
        read_op_attribute(import, at, primitive, op, &at->attrs[i]);
    const char *interval = hy_attrs_get(&op->attrs, "interval");
    if (interval && !hy_parse_duration(interval, &op->interval))
        hactl_import_note(import, at, "interval='%.100s' is no duration: read as 0", interval);
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &op->params);
    hactl_import_sets(import, at, "meta_attributes", HACTL_USE_OTHER, &op->meta);
}

static void read_operations(struct hactl_import *import, const struct hactl_xml *at, struct hy_primitive *primitive)
{
    for (const struct hactl_xml *list = at->child; list; list = list->next) {
        if (!hactl_xml_is(list, "operations"))
            continue;
        const char *id = hactl_xml_get(list, "id"), *ref = hactl_xml_get(list, "id-ref");
        if (ref && hactl_import_id(import, list, ref) && !primitive->operations_ref)
            primitive->operations_ref = hy_strdup(ref);
        if (id && hy_map_get(&import->wanted, id) && hactl_import_id(import, list, id) && !primitive->operations_id)
            primitive->operations_id = hy_strdup(id);
        for (const struct hactl_xml *op = list->child; op; op = op->next)
            if (hactl_xml_is(op, "op"))
                read_op(import, op, primitive);
    }
}

/* ---------------------------------------------------------------- primitives */

static void read_agent(struct hactl_import *import, const struct hactl_xml *at, struct hy_primitive *primitive)
{
    const char *cls = hactl_xml_get(at, "class"), *type = hactl_xml_get(at, "type");
    const char *provider = hactl_xml_get(at, "provider"), *tmpl = hactl_xml_get(at, "template");
    if (tmpl) {
        if (hactl_import_id(import, at, tmpl))
            primitive->tmpl = hy_strdup(tmpl);
        return;
    }
    bool ocf = text_is(cls, "ocf");
    if (!cls || !type || !hy_agent_is_valid(cls, ocf ? (provider ? provider : "heartbeat") : NULL, type))
        hactl_import_refuse(import, at,
                            "its agent '%.60s:%.60s:%.60s' is none that is known: expected class, provider and type",
                            cls ? cls : "", provider ? provider : "", type ? type : "");
    if (ocf && !provider)
        hactl_import_note(import, at, "has no provider: read as heartbeat");
    primitive->cls = hy_strdup(cls ? cls : "");
    primitive->type = hy_strdup(type ? type : "");
    if (ocf)
        primitive->provider = hy_strdup(provider ? provider : "heartbeat");
}

static void refuse_container(struct hactl_import *import, const struct hactl_xml *at, const struct hy_attr_sets *meta)
{
    if (hactl_import_value(meta, "container"))
        hactl_import_refuse(import, at,
                            "meta attribute container puts it into another resource: Halyard has no such thing");
}

static void refuse_remote(struct hactl_import *import, const struct hactl_xml *at, const struct hy_primitive *primitive)
{
    const char *guest = hactl_import_value(&primitive->meta, "remote-node");
    if (text_is(primitive->cls, "ocf") && text_is(primitive->provider, "pacemaker") &&
        text_is(primitive->type, "remote"))
        hactl_import_refuse(import, at, "connects a Pacemaker Remote node: Halyard has none, run a full node there");
    else if (guest)
        hactl_import_refuse(
            import, at, "remote-node=%.100s makes a guest node of it: Halyard has none, run a full node there", guest);
    else
        refuse_container(import, at, &primitive->meta);
}

static void read_primitive(struct hactl_import *import, const struct hactl_xml *at, enum hy_kind kind)
{
    static const char *const known[] = {"id", "class", "provider", "type", "template", "description", NULL};
    if (!hactl_import_id(import, at, hactl_xml_get(at, "id")))
        return;
    struct hy_object *object = hy_object_new(kind);
    struct hy_primitive *primitive = &object->u.primitive;
    read_head(import, at, object);
    hactl_import_unknown(import, at, known);
    read_agent(import, at, primitive);
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &primitive->params);
    hactl_import_sets(import, at, "meta_attributes", HACTL_USE_META, &primitive->meta);
    hactl_import_sets(import, at, "utilization", HACTL_USE_OTHER, &primitive->utilization);
    read_operations(import, at, primitive);
    refuse_remote(import, at, primitive);
    hactl_import_add(import, at, object);
}

/* ---------------------------------------------------------------- groups and clones */

static void read_group(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id", "description", "ordered", "collocated", NULL};
    if (!hactl_import_id(import, at, hactl_xml_get(at, "id")))
        return;
    struct hy_object *object = hy_object_new(HY_GROUP);
    read_head(import, at, object);
    hactl_import_unknown(import, at, known);
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        if (!hactl_xml_is(child, "primitive"))
            continue;
        read_primitive(import, child, HY_PRIMITIVE);
        if (hactl_xml_get(child, "id") && hy_id_is_valid(hactl_xml_get(child, "id")))
            hy_vec_push(&object->u.group.members, hy_strdup(hactl_xml_get(child, "id")));
    }
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &object->u.group.params);
    hactl_import_sets(import, at, "meta_attributes", HACTL_USE_META, &object->u.group.meta);
    refuse_container(import, at, &object->u.group.meta);
    if (!object->u.group.members.count) {
        hactl_import_note(import, at, "is a group without members: left out");
        hy_object_free(&object);
        return;
    }
    hactl_import_add(import, at, object);
}

static void set_unless_set(struct hy_attr_sets *sets, const char *name, const char *value)
{
    if (!hactl_import_value(sets, name))
        hy_sets_set(sets, name, value);
}

/* A clone, or what was called `master` before 2.0. */
static void read_clone(struct hactl_import *import, const struct hactl_xml *at)
{
    static const char *const known[] = {"id",      "description",     "interleave", "notify",
                                        "ordered", "globally-unique", NULL};
    static const char *const old[] = {"interleave", "notify", "ordered", "globally-unique"};
    if (!hactl_import_id(import, at, hactl_xml_get(at, "id")))
        return;
    struct hy_object *object = hy_object_new(HY_CLONE);
    struct hy_clone *clone = &object->u.clone;
    read_head(import, at, object);
    hactl_import_unknown(import, at, known);
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        bool primitive = hactl_xml_is(child, "primitive"), group = hactl_xml_is(child, "group");
        const char *id = hactl_xml_get(child, "id");
        if (!primitive && !group)
            continue;
        if (clone->child) {
            hactl_import_refuse(import, child, "is the second resource in a clone: expected one");
            continue;
        }
        if (primitive)
            read_primitive(import, child, HY_PRIMITIVE);
        else
            read_group(import, child);
        clone->child = id && hy_id_is_valid(id) ? hy_strdup(id) : NULL;
    }
    hactl_import_sets(import, at, "instance_attributes", HACTL_USE_OTHER, &clone->params);
    hactl_import_sets(import, at, "meta_attributes", HACTL_USE_META, &clone->meta);
    for (size_t i = 0; i < sizeof old / sizeof *old; i++)
        if (hactl_xml_get(at, old[i]))
            set_unless_set(&clone->meta, old[i], hactl_xml_get(at, old[i]));
    if (hactl_xml_is(at, "master"))
        set_unless_set(&clone->meta, "promotable", "true");
    if (!clone->child) {
        hactl_import_note(import, at, "is a clone of nothing: left out");
        hy_object_free(&object);
        return;
    }
    hactl_import_add(import, at, object);
}

static void refuse_bundle(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_refuse(import, at,
                        "is a bundle: Halyard runs no containers; run its service as a plain resource or a clone");
}

void hactl_import_resource(struct hactl_import *import, const struct hactl_xml *at)
{
    static const struct {
        const char *element;
        void (*read)(struct hactl_import *import, const struct hactl_xml *at);
    } readers[] = {{"group", read_group},
                   {"clone", read_clone},
                   {"master", read_clone},
                   {"master_slave", read_clone},
                   {"bundle", refuse_bundle}};
    if (hactl_xml_is(at, "primitive") || hactl_xml_is(at, "template")) {
        read_primitive(import, at, hactl_xml_is(at, "template") ? HY_TEMPLATE : HY_PRIMITIVE);
        return;
    }
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (hactl_xml_is(at, readers[i].element)) {
            readers[i].read(import, at);
            return;
        }
    }
    hactl_import_refuse(import, at, "is no kind of resource that is known");
}
