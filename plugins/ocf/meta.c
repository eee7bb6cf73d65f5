/* SPDX-License-Identifier: Apache-2.0 */
#include "meta.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *sure(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- values */

/* Up to the end of the line; "\n" and "\\" as they were. */
static char *read_value(const char *text)
{
    size_t size = strcspn(text, "\n"), out = 0;
    char *value = sure(malloc(size + 1));
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && i + 1 < size)
            value[out++] = text[++i] == 'n' ? '\n' : text[i];
        else
            value[out++] = text[i];
    }
    value[out] = '\0';
    return value;
}

static void set(char **field, const char *text)
{
    free(*field);
    *field = read_value(text);
}

/* The fields of a parameter are const for those who read them; here they are made. */
static void set_const(const char **field, const char *text)
{
    free((char *)(uintptr_t)*field);
    *field = read_value(text);
}

/* ---- lines */

static bool take_action(struct ocf_meta *meta, const char *text)
{
    char name[64];
    uint32_t timeout, interval;
    if (sscanf(text, "%63s %" SCNu32 " %" SCNu32, name, &timeout, &interval) != 3)
        return false;
    const struct {
        const char *name;
        uint32_t *ms;
    } times[] = {{"start", &meta->start_ms}, {"stop", &meta->stop_ms}, {"monitor", &meta->monitor_ms}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (strcmp(times[i].name, name) == 0 && timeout > *times[i].ms)
            *times[i].ms = timeout;
    if (strcmp(name, "monitor") == 0 && interval && (!meta->interval_ms || interval < meta->interval_ms))
        meta->interval_ms = interval;
    const struct {
        const char *name;
        bool *has;
    } others[] = {{"notify", &meta->has_notify},
                  {"validate-all", &meta->has_validate},
                  {"reload", &meta->has_reload},
                  {"reload-agent", &meta->has_reload_agent}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        *others[i].has |= strcmp(others[i].name, name) == 0;
    return true;
}

static uint32_t type_of(const char *word)
{
    static const struct {
        const char *word;
        uint32_t type;
    } types[] = {{"integer", HALYARD_INTEGER}, {"boolean", HALYARD_BOOLEAN}, {"choice", HALYARD_CHOICE}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].word, word) == 0)
            return types[i].type;
    return HALYARD_STRING;
}

static uint32_t flags_of(const char *letters)
{
    return (strchr(letters, 'r') ? (uint32_t)HALYARD_REQUIRED : 0) |
           (strchr(letters, 'u') ? (uint32_t)HALYARD_UNIQUE : 0) |
           (strchr(letters, 'l') ? (uint32_t)HALYARD_RELOADABLE : 0) |
           (strchr(letters, 's') ? (uint32_t)HALYARD_SECRET : 0);
}

static bool take_param(struct ocf_meta *meta, const char *text)
{
    char name[128], type[16], flags[8];
    if (sscanf(text, "%127s %15s %7s", name, type, flags) != 3)
        return false;
    size_t count = meta->param_count;
    meta->params = sure(reallocarray(meta->params, count + 2, sizeof *meta->params));
    memset(&meta->params[count], 0, 2 * sizeof *meta->params);
    meta->params[count].name = sure(strdup(name));
    meta->params[count].type = type_of(type);
    meta->params[count].flags = flags_of(flags);
    meta->param_count++;
    return true;
}

static const char *after(const char *line, const char *key)
{
    size_t length = strlen(key);
    return strncmp(line, key, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static bool take_of_param(struct ocf_meta *meta, const char *line)
{
    if (!meta->param_count)
        return false;
    struct halyard_param *param = &meta->params[meta->param_count - 1];
    const struct {
        const char *key;
        const char **field;
    } fields[] = {
        {"range", &param->range}, {"default", &param->def}, {"param-brief", &param->brief}, {"param-doc", &param->doc}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value = after(line, fields[i].key);
        if (value)
            set_const(fields[i].field, value);
        if (value)
            return true;
    }
    return false;
}

static bool take_line(struct ocf_meta *meta, const char *line)
{
    const struct {
        const char *key;
        char **field;
    } fields[] = {{"api", &meta->api},
                  {"version", &meta->version},
                  {"brief", &meta->brief},
                  {"doc", &meta->doc},
                  {"problem", &meta->problem}};
    const char *value;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((value = after(line, fields[i].key))) {
            set(fields[i].field, value);
            return true;
        }
    if ((value = after(line, "action")))
        return take_action(meta, value);
    if ((value = after(line, "param")))
        return take_param(meta, value);
    return take_of_param(meta, line);
}

bool ocf_meta_parse(const char *text, struct ocf_meta *meta)
{
    *meta = (struct ocf_meta){.params = sure(calloc(1, sizeof *meta->params))};
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        if (!end || !take_line(meta, line)) {
            ocf_meta_free(meta);
            meta->params = sure(calloc(1, sizeof *meta->params));
            return false;
        }
        line = end + 1;
    }
    return true;
}

void ocf_meta_free(struct ocf_meta *meta)
{
    for (size_t i = 0; i < meta->param_count; i++) {
        struct halyard_param *param = &meta->params[i];
        const char *texts[] = {param->name, param->def, param->range, param->brief, param->doc};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            free((char *)(uintptr_t)texts[k]);
    }
    free(meta->params);
    char *texts[] = {meta->api, meta->version, meta->brief, meta->doc, meta->problem};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *meta = (struct ocf_meta){0};
}

const char *ocf_meta_reload(const struct ocf_meta *meta)
{
    bool any = false;
    for (size_t i = 0; i < meta->param_count; i++)
        any = any || meta->params[i].flags & HALYARD_RELOADABLE;
    return !any ? NULL : meta->has_reload_agent ? "reload-agent" : meta->has_reload ? "reload" : NULL;
}
