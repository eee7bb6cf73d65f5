/* SPDX-License-Identifier: Apache-2.0 */
/* A CIB from its root on: which part is read by whom. */
#include "hactl/import.h"

#include "cib/object.h"

#include <errno.h>
#include <string.h>

/* ---------------------------------------------------------------- references */

/* Notes what is referred to; with `pairs`, the nvpairs among it are kept. */
static int scan(struct hactl_import *import, const char *text, size_t size, bool pairs, struct hy_err *err)
{
    struct hactl_xml_reader reader;
    static const struct hactl_xml no_pair = {0};
    enum hactl_xml_event event = HACTL_XML_BAD;
    if (hactl_xml_open(&reader, text, size) == 0)
        while ((event = hactl_xml_step(&reader)) == HACTL_XML_START || event == HACTL_XML_END) {
            const char *ref = hactl_xml_get(&reader.at, "id-ref"), *id = hactl_xml_get(&reader.at, "id");
            if (event != HACTL_XML_START)
                continue;
            if (!pairs && ref && !hy_map_get(&import->wanted, ref))
                hy_map_put(&import->wanted, ref, (void *)&no_pair);
            if (!pairs || !id || ref || !hactl_xml_is(&reader.at, "nvpair") || !hy_map_get(&import->wanted, id))
                continue;
            struct hactl_xml *pair = hy_arena_alloc(&import->kept, sizeof *pair);
            *pair = hactl_xml_copy(&reader.at, &import->kept);
            hy_map_put(&import->wanted, id, pair);
        }
    if (event == HACTL_XML_BAD && err)
        *err = reader.err;
    hactl_xml_close(&reader);
    return event == HACTL_XML_DONE ? 0 : -EINVAL;
}

static bool contains(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= size; at++) {
        const char *found = memchr(text + at, *word, size - length - at + 1);
        if (!found)
            return false;
        if (memcmp(found, word, length) == 0)
            return true;
        at = (size_t)(found - text);
    }
    return false;
}

/* They may refer forward, so they are looked for first; most CIBs have none. */
static int find_references(struct hactl_import *import, const char *text, size_t size, struct hy_err *err)
{
    if (!contains(text, size, "id-ref"))
        return 0;
    int rc = scan(import, text, size, false, err);
    return rc ? rc : scan(import, text, size, true, err);
}

/* ---------------------------------------------------------------- sections */

static void read_acls(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_note(import, at, "access control lists have no counterpart: left out");
}

static void read_alert(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_note(import, at, "alerts have no counterpart: left out; `hactl status --json` can be watched instead");
}

static void read_property(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_options(import, at, HY_PROPERTY);
}

static void read_rsc_default(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_options(import, at, HY_RSC_DEFAULTS);
}

static void read_op_default(struct hactl_import *import, const struct hactl_xml *at)
{
    hactl_import_options(import, at, HY_OP_DEFAULTS);
}

/* What stands right in `parent`, and who reads it. "": any element. */
static const struct section {
    const char *parent;
    const char *element;
    void (*read)(struct hactl_import *import, const struct hactl_xml *at);
} sections[] = {
    {"crm_config", "cluster_property_set", read_property},
    {"nodes", "node", hactl_import_node},
    {"resources", "", hactl_import_resource},
    {"constraints", "", hactl_import_constraint},
    {"rsc_defaults", "meta_attributes", read_rsc_default},
    {"op_defaults", "meta_attributes", read_op_default},
    {"tags", "tag", hactl_import_tag},
    {"configuration", "fencing-topology", hactl_import_topology},
    {"acls", "", read_acls},
    {"alerts", "alert", read_alert},
    {"status", "tickets", hactl_import_tickets},
};

static const struct section *section_of(const char *parent, const char *element)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].parent, parent) == 0 &&
            (!*sections[i].element || strcmp(sections[i].element, element) == 0))
            return &sections[i];
    return NULL;
}

/* The word itself, which lives for ever; NULL: it is no section of the configuration. */
static const char *section_word(const char *name)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (strcmp(sections[i].parent, name) == 0)
            return sections[i].parent;
    return NULL;
}

static int read_element(struct hactl_import *import, const char *parent)
{
    struct hactl_xml_reader *reader = &import->reader;
    if (import->with_status && strcmp(parent, "status") == 0 && hactl_xml_is(&reader->at, "node_state"))
        return hactl_import_node_state(import);
    const struct section *section = section_of(parent, reader->at.name);
    if (!section || (!import->with_status && strcmp(parent, "status") == 0)) {
        if (strcmp(parent, "status") != 0)
            hactl_import_note(import, &reader->at, "has no counterpart: left out");
        return hactl_xml_skip(reader);
    }
    hy_arena_free(&import->arena);
    const struct hactl_xml *element = hactl_xml_take(reader, &import->arena);
    if (!element)
        return -EINVAL;
    section->read(import, element);
    return 0;
}

/* ---------------------------------------------------------------- the whole */

static void read_root(struct hactl_import *import, const struct hactl_xml *root)
{
    const char *schema = hactl_xml_get(root, "validate-with");
    import->quorum = hactl_import_bool(import, root, "have-quorum", false);
    import->panic = hactl_import_bool(import, root, "no-quorum-panic", false);
    import->dc = hy_arena_strdup(&import->kept, hactl_xml_get(root, "dc-uuid"));
    import->execution = hactl_import_epoch(hactl_xml_get(root, "execution-date"));
    static const char *const old[] = {"pacemaker-0", "pacemaker-1", "pacemaker-2", "transitional"};
    for (size_t i = 0; schema && i < sizeof old / sizeof *old; i++)
        import->old = import->old || strncmp(schema, old[i], strlen(old[i])) == 0;
}

/* Where the walk is: the element right below the root, and the one below that. */
struct place {
    const char *outer;
    const char *inner;
};

static int enter_outer(struct hactl_import *import, struct place *place)
{
    struct hactl_xml_reader *reader = &import->reader;
    bool status = hactl_xml_is(&reader->at, "status");
    if (status && !place->outer)
        return hactl_xml_fail(reader, reader->line, "the status stands in front of the configuration");
    if (!status && !hactl_xml_is(&reader->at, "configuration"))
        return read_element(import, "cib");
    place->outer = status ? "status" : "configuration";
    return 0;
}

static int enter_inner(struct hactl_import *import, struct place *place)
{
    const char *word = section_word(import->reader.at.name);
    if (strcmp(place->outer, "configuration") != 0 || !word)
        return read_element(import, place->outer);
    place->inner = word;
    return 0;
}

static int enter(struct hactl_import *import, struct place *place)
{
    struct hactl_xml_reader *reader = &import->reader;
    if (reader->depth == 1)
        return enter_outer(import, place);
    if (reader->depth == 2)
        return enter_inner(import, place);
    if (reader->depth == 3)
        return read_element(import, place->inner);
    if (!hactl_xml_is(&reader->at, "cib"))
        return hactl_xml_fail(reader, reader->line, "the root is '%.100s': expected a 'cib'", reader->at.name);
    read_root(import, &reader->at);
    return 0;
}

static int walk(struct hactl_import *import)
{
    struct hactl_xml_reader *reader = &import->reader;
    struct place place = {NULL, NULL};
    enum hactl_xml_event event;
    int rc = 0;
    while (!rc && ((event = hactl_xml_step(reader)) == HACTL_XML_START || event == HACTL_XML_END))
        if (event == HACTL_XML_START)
            rc = enter(import, &place);
    if (rc || event != HACTL_XML_DONE)
        return -EINVAL;
    return place.outer ? 0 : hactl_xml_fail(reader, reader->line, "there is no configuration in it");
}

int hactl_import_read(struct hactl_import *import, const char *text, size_t size, struct hy_err *err)
{
    err->text[0] = '\0';
    import->cib = hy_cib_new();
    int rc = hactl_xml_open(&import->reader, text, size);
    if (!rc)
        rc = find_references(import, text, size, &import->reader.err);
    if (!rc)
        rc = walk(import);
    if (rc) {
        *err = import->reader.err;
        return -EINVAL;
    }
    hactl_import_defaults(import);
    if (import->with_status)
        hactl_import_finish_status(import);
    return import->refused_count ? -EINVAL : 0;
}

void hactl_import_free(struct hactl_import *import)
{
    hactl_xml_close(&import->reader);
    hy_cib_free(&import->cib);
    hy_buf_free(&import->report);
    hy_buf_free(&import->refused);
    hy_map_free(&import->names);
    hy_map_free(&import->wanted);
    hy_map_free(&import->seen);
    hy_arena_free(&import->arena);
    hy_arena_free(&import->kept);
}
