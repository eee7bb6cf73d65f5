/* SPDX-License-Identifier: Apache-2.0 */
/* The report, and how the reference's values read. */
#include "hactl/import.h"

#include "cib/grammar.h"
#include "cib/object.h"
#include "cib/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---------------------------------------------------------------- lines */

const char *hactl_import_name(struct hactl_import *import, const struct hactl_xml *at)
{
    const char *id = hactl_xml_get(at, "id");
    const char *uname = hactl_xml_get(at, "uname");
    if (uname)
        id = uname;
    if (!id)
        return at->name;
    return hy_arena_printf(&import->arena, "%s %.*s", at->name, HY_ID_MAX, id);
}

static void __attribute__((format(printf, 4, 0)))
add_line(struct hactl_import *import, struct hy_buf *out, const struct hactl_xml *at, const char *format, va_list args)
{
    struct hy_buf line = {0};
    hy_buf_addf(&line, "line %d: %s: ", at->line, hactl_import_name(import, at));
    hy_buf_vaddf(&line, format, args);
    for (size_t i = 0; i < line.size; i++)
        if ((unsigned char)line.data[i] < ' ' || line.data[i] == 0x7f)
            line.data[i] = ' ';
    hy_buf_addf(out, "%s\n", hy_buf_text(&line));
    hy_buf_free(&line);
}

void hactl_import_note(struct hactl_import *import, const struct hactl_xml *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(import, &import->report, at, format, args);
    va_end(args);
}

void hactl_import_refuse(struct hactl_import *import, const struct hactl_xml *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_line(import, &import->refused, at, format, args);
    va_end(args);
    import->refused_count++;
}

void hactl_import_unknown(struct hactl_import *import, const struct hactl_xml *at, const char *const *known)
{
    for (size_t i = 0; i < at->attr_count; i++) {
        const char *const *name = known;
        while (*name && strcmp(*name, at->attrs[i].name) != 0)
            name++;
        if (!*name)
            hactl_import_note(import, at, "%s='%.100s' has no counterpart: left out", at->attrs[i].name,
                              at->attrs[i].value);
    }
}

/* ---------------------------------------------------------------- objects */

bool hactl_import_id(struct hactl_import *import, const struct hactl_xml *at, const char *id)
{
    if (id && hy_id_is_valid(id))
        return true;
    if (id)
        hactl_import_refuse(
            import, at,
            "the id '%.100s' cannot be taken: expected letters, digits, '_', '-', '.', a letter or '_' first", id);
    else
        hactl_import_refuse(import, at, "has no id");
    return false;
}

void hactl_import_add(struct hactl_import *import, const struct hactl_xml *at, struct hy_object *object)
{
    const struct hy_object *taken = hy_cib_find(import->cib, object->id);
    if (taken)
        hactl_import_refuse(import, at, "the id '%s' is that of a %s already", object->id, hy_kind_word(taken->kind));
    else if (import->cib->objects.count >= HY_OBJECTS_MAX)
        hactl_import_refuse(import, at, "is one object too many: at most %d", HY_OBJECTS_MAX);
    else {
        hy_cib_add(import->cib, object);
        return;
    }
    hy_object_free(&object);
}

/* ---------------------------------------------------------------- values */

int hactl_import_score(struct hactl_import *import, const struct hactl_xml *at, const char *attribute, int otherwise)
{
    const char *text = hactl_xml_get(at, attribute);
    int score = otherwise;
    if (text && !hy_score_parse(text, &score))
        hactl_import_note(import, at, "%s='%.100s' is no score: read as %d", attribute, text, score = 0);
    return score;
}

bool hactl_import_bool(struct hactl_import *import, const struct hactl_xml *at, const char *attribute, bool otherwise)
{
    const char *text = hactl_xml_get(at, attribute);
    bool value = otherwise;
    if (text && !hy_parse_bool(text, &value))
        hactl_import_note(import, at, "%s='%.100s' is neither true nor false: read as %s", attribute, text,
                          value ? "true" : "false");
    return value;
}

enum hy_role hactl_import_role(struct hactl_import *import, const struct hactl_xml *at, const char *attribute)
{
    const char *text = hactl_xml_get(at, attribute);
    enum hy_role role = HY_ROLE_ANY;
    if (text && !hy_role_parse(text, &role))
        hactl_import_note(import, at, "%s='%.100s' is no role: read as if it was not there", attribute, text);
    return role;
}

hy_wall hactl_import_epoch(const char *text)
{
    uint64_t seconds = 0;
    if (!text || !hy_uint_parse(text, HY_WALL_SECONDS_MAX, &seconds))
        return 0;
    return (hy_wall)seconds * HY_SECOND;
}
