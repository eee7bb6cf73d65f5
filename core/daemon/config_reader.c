/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_reader.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hy_config_reader_open(struct hy_config_reader *r, const char *file, struct hy_err *err)
{
    *r = (struct hy_config_reader){.file = file, .err = err};
    FILE *stream = fopen(file, "re");
    if (!stream) {
        int why = errno;
        const char *hint = why == ENOENT ? ": `hactl cluster init` writes one for each node" : "";
        return hy_fail(err, why, "%s: %s%s", file, strerror(why), hint);
    }
    config_init(&r->config);
    int ok = config_read(&r->config, stream);
    fclose(stream);
    if (ok)
        return 0;
    int rc = hy_fail(err, EINVAL, "%s:%d: %s", file, config_error_line(&r->config), config_error_text(&r->config));
    config_destroy(&r->config);
    return rc;
}

void hy_config_reader_close(struct hy_config_reader *r)
{
    config_destroy(&r->config);
}

int hy_config_bad(struct hy_config_reader *r, const config_setting_t *at, const char *format, ...)
{
    struct hy_buf text = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&text, format, args);
    va_end(args);
    unsigned line = at ? config_setting_source_line(at) : 0;
    if (line)
        hy_fail(r->err, EINVAL, "%s:%u: %s", r->file, line, hy_buf_text(&text));
    else
        hy_fail(r->err, EINVAL, "%s: %s", r->file, hy_buf_text(&text));
    hy_buf_free(&text);
    return -EINVAL;
}

int hy_config_known(struct hy_config_reader *r, const config_setting_t *group, const char *what,
                    const char *const *keys)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);
        bool known = false;
        for (const char *const *key = keys; *key; key++)
            known = known || strcmp(*key, name) == 0;
        if (known)
            continue;
        struct hy_buf list = {0};
        for (const char *const *key = keys; *key; key++)
            hy_buf_addf(&list, "%s%s", key == keys ? "" : ", ", *key);
        int rc = hy_config_bad(r, member, "unknown setting '%s': %s may have %s", name, what, hy_buf_text(&list));
        hy_buf_free(&list);
        return rc;
    }
    return 0;
}

int hy_config_group(struct hy_config_reader *r, const config_setting_t *parent, const char *name,
                    const char *const *keys, const config_setting_t **group)
{
    *group = config_setting_get_member(parent, name);
    if (!*group)
        return 0;
    if (!config_setting_is_group(*group))
        return hy_config_bad(r, *group, "%s: expected a group, as %s = { ... };", name, name);
    return hy_config_known(r, *group, name, keys);
}

static int missing(struct hy_config_reader *r, const config_setting_t *group, const char *key, const char *kind)
{
    return hy_config_bad(r, group, "'%s' is missing: expected %s", key, kind);
}

int hy_config_string(struct hy_config_reader *r, const config_setting_t *group, const char *key, const char *def,
                     char **value)
{
    const config_setting_t *setting = group ? config_setting_get_member(group, key) : NULL;
    if (!setting && !def)
        return missing(r, group, key, "a text in quotes");
    if (setting && config_setting_type(setting) != CONFIG_TYPE_STRING)
        return hy_config_bad(r, setting, "'%s': expected a text in quotes", key);
    free(*value);
    *value = hy_strdup(setting ? config_setting_get_string(setting) : def);
    return 0;
}

int hy_config_path(struct hy_config_reader *r, const config_setting_t *group, const char *key, const char *def,
                   char **value)
{
    int rc = hy_config_string(r, group, key, def, value);
    if (!rc && (*value)[0] != '/')
        return hy_config_bad(r, config_setting_get_member(group, key), "'%s': '%s' is no absolute path", key, *value);
    return rc;
}

int hy_config_integer(struct hy_config_reader *r, const config_setting_t *group, const char *key,
                      struct hy_config_range range, int64_t *value)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (!setting) {
        if (range.def < range.least || range.def > range.most)
            return missing(r, group, key, "a number");
        *value = range.def;
        return 0;
    }
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        return hy_config_bad(r, setting, "'%s': expected a number without quotes", key);
    int64_t read = type == CONFIG_TYPE_INT ? config_setting_get_int(setting) : config_setting_get_int64(setting);
    if (read < range.least || read > range.most)
        return hy_config_bad(r, setting, "'%s': %lld is out of range: expected %lld to %lld", key, (long long)read,
                             (long long)range.least, (long long)range.most);
    *value = read;
    return 0;
}

int hy_config_boolean(struct hy_config_reader *r, const config_setting_t *group, const char *key, bool def, bool *value)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    if (setting && config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return hy_config_bad(r, setting, "'%s': expected true or false, without quotes", key);
    *value = setting ? config_setting_get_bool(setting) : def;
    return 0;
}

char *hy_config_text(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return hy_strdup(config_setting_get_string(setting));
    case CONFIG_TYPE_INT:
        return hy_asprintf("%d", config_setting_get_int(setting));
    case CONFIG_TYPE_INT64:
        return hy_asprintf("%lld", config_setting_get_int64(setting));
    case CONFIG_TYPE_BOOL:
        return hy_strdup(config_setting_get_bool(setting) ? "true" : "false");
    default:
        return NULL;
    }
}
