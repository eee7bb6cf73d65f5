/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of attributes: parameters, meta attributes, utilization, properties, defaults. */
#include "hactl/import.h"

#include "cib/object.h"
#include "cib/words.h"

#include <string.h>

/* Names of before Pacemaker 2.0 as they are now. */
static const char *name_of(struct hactl_import *import, enum hactl_import_use use, const char *name)
{
    if (use == HACTL_USE_META && strcmp(name, "master-max") == 0)
        return "promoted-max";
    if (use == HACTL_USE_META && strcmp(name, "master-node-max") == 0)
        return "promoted-node-max";
    if (use == HACTL_USE_OTHER || !import->old || !strchr(name, '_'))
        return name;
    char *dashed = hy_arena_strdup(&import->arena, name);
    for (char *at = dashed; *at; at++)
        if (*at == '_')
            *at = '-';
    return dashed;
}

/* The pair an nvpair stands for: itself, or the one it refers to by id, under its own name when it has one. */
static bool read_pair(struct hactl_import *import, const struct hactl_xml *at, const char **name, const char **value)
{
    const char *ref = hactl_xml_get(at, "id-ref");
    const struct hactl_xml *meant = at;
    if (ref) {
        meant = hy_map_get(&import->wanted, ref);
        if (!meant || !meant->name) {
            hactl_import_note(import, at, "refers to the nvpair '%.100s', which is nowhere: left out", ref);
            return false;
        }
    }
    *name = hactl_xml_get(at, "name");
    if (!*name)
        *name = hactl_xml_get(meant, "name");
    *value = hactl_xml_get(meant, "value");
    if (*name && *value && strcasecmp(*value, "#default") != 0)
        return true;
    if (!*name)
        hactl_import_note(import, at, "has no name: left out");
    return false;
}

bool hactl_import_is_attribute(const char *name)
{
    return hy_attr_name_is_valid(name) && *name != '$';
}

static bool has_control_characters(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

static void add_pair(struct hactl_import *import, const struct hactl_xml *at, enum hactl_import_use use,
                     struct hy_attrs *attrs)
{
    const char *name, *value;
    if (!read_pair(import, at, &name, &value))
        return;
    name = name_of(import, use, name);
    if (!hactl_import_is_attribute(name))
        hactl_import_note(import, at, "'%.100s' is no name of an attribute here: left out", name);
    else if (!hy_attrs_get(attrs, name)) { /* of two of one name the first counts */
        hy_attrs_set(attrs, name, value);
        if (has_control_characters(value))
            hactl_import_note(import, at,
                              "the value of %s has line ends or other control characters: they become blanks", name);
    }
}

void hactl_import_set(struct hactl_import *import, const struct hactl_xml *at, enum hactl_import_use use,
                      struct hy_attr_set *set)
{
    static const char *const known[] = {"id", "id-ref", "score", NULL};
    *set = (struct hy_attr_set){.score = hactl_import_score(import, at, "score", 0)};
    const char *ref = hactl_xml_get(at, "id-ref");
    hactl_import_unknown(import, at, known);
    if (ref) {
        if (hactl_import_id(import, at, ref))
            set->ref = hy_strdup(ref);
        return;
    }
    const char *id = hactl_xml_get(at, "id");
    if (id && hy_map_get(&import->wanted, id) && hy_id_is_valid(id)) /* others are only noise */
        set->id = hy_strdup(id);
    for (const struct hactl_xml *child = at->child; child; child = child->next) {
        if (hactl_xml_is(child, "nvpair")) {
            add_pair(import, child, use, &set->attrs);
        } else if (hactl_xml_is(child, "rule") && !set->rule) {
            set->rule = hy_alloc(sizeof *set->rule);
            *set->rule = hactl_import_rule(import, child);
        } else if (hactl_xml_is(child, "attributes")) { /* as written before 1.0 */
            for (const struct hactl_xml *pair = child->child; pair; pair = pair->next)
                add_pair(import, pair, use, &set->attrs);
        } else {
            hactl_import_note(import, child, "is nothing that a set of attributes has: left out");
        }
    }
}

/* "A-meta_attributes-2", or, of an element that has no id which could be taken, with the line where it stands. */
static char *made_up_id(const struct hactl_xml *parent, const char *element, size_t number)
{
    const char *id = hactl_xml_get(parent, "id");
    if (id && hy_id_is_valid(id) && strlen(id) + strlen(element) + 24 <= HY_ID_MAX)
        return hy_asprintf("%s-%s-%zu", id, element, number);
    return hy_asprintf("%s-line%d-%zu", element, parent->line, number);
}

/* Of several each has its name, so that they stay apart: the second of two nameless ones would be read as more of the
 * first. */
static void name_sets(const struct hactl_xml *parent, const char *element, struct hy_attr_sets *sets)
{
    size_t number = 0;
    for (const struct hactl_xml *child = parent->child; child; child = child->next) {
        if (!hactl_xml_is(child, element))
            continue;
        struct hy_attr_set *set = &sets->list.items[number++];
        const char *id = hactl_xml_get(child, "id");
        if (!set->id && !set->ref)
            set->id = id && hy_id_is_valid(id) ? hy_strdup(id) : made_up_id(parent, element, number);
    }
}

void hactl_import_sets(struct hactl_import *import, const struct hactl_xml *parent, const char *element,
                       enum hactl_import_use use, struct hy_attr_sets *sets)
{
    for (const struct hactl_xml *child = parent->child; child; child = child->next) {
        if (!hactl_xml_is(child, element))
            continue;
        struct hy_attr_set set;
        hactl_import_set(import, child, use, &set);
        hy_vec_push(&sets->list, set);
    }
    if (sets->list.count > 1)
        name_sets(parent, element, sets);
}

const char *hactl_import_value(const struct hy_attr_sets *sets, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < sets->list.count; i++) {
        const char *here = sets->list.items[i].rule ? NULL : hy_attrs_get(&sets->list.items[i].attrs, name);
        if (here)
            value = here;
    }
    return value;
}
