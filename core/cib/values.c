/* SPDX-License-Identifier: Apache-2.0 */
/* Values and words of the field: booleans, durations, kinds, roles, execution status. */
#include "cib/cib.h"

#include "cib/iso8601.h"
#include "cib/words.h"

#include <string.h>
#include <strings.h>

bool hy_parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "on", "yes", "y", "1"};
    static const char *const no[] = {"false", "off", "no", "n", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcasecmp(text, yes[i]) == 0) {
            *out = true;
            return true;
        }
        if (strcasecmp(text, no[i]) == 0) {
            *out = false;
            return true;
        }
    }
    return false;
}

bool hy_parse_duration(const char *text, hy_time *out)
{
    static const struct {
        const char *name;
        hy_time size;
    } units[] = {
        {"", HY_SECOND},
        {"us", 1},
        {"usec", 1},
        {"ms", HY_MS},
        {"msec", HY_MS},
        {"s", HY_SECOND},
        {"sec", HY_SECOND},
        {"m", 60 * HY_SECOND},
        {"min", 60 * HY_SECOND},
        {"h", 3600 * HY_SECOND},
        {"hr", 3600 * HY_SECOND},
    };
    const char *at = text;
    int64_t number = 0;
    if (*text == 'P')
        return hy_iso_duration_parse(text, out);
    while (*at >= '0' && *at <= '9') {
        if (number > HY_DURATION_MAX)
            return false;
        number = number * 10 + (*at++ - '0');
    }
    if (at == text)
        return false;
    while (*at == ' ')
        at++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcasecmp(at, units[i].name) != 0)
            continue;
        if (number > HY_DURATION_MAX / units[i].size)
            return false;
        *out = number * units[i].size;
        return true;
    }
    return false;
}

const char *hy_kind_word(enum hy_kind kind)
{
    switch (kind) {
    case HY_NODE:
        return "node";
    case HY_TEMPLATE:
        return "rsc_template";
    case HY_PRIMITIVE:
        return "primitive";
    case HY_GROUP:
        return "group";
    case HY_CLONE:
        return "clone";
    case HY_TAG:
        return "tag";
    case HY_LOCATION:
        return "location";
    case HY_COLOCATION:
        return "colocation";
    case HY_ORDER:
        return "order";
    case HY_RSC_TICKET:
        return "rsc_ticket";
    case HY_TOPOLOGY:
        return "fencing_topology";
    case HY_PROPERTY:
        return "property";
    case HY_RSC_DEFAULTS:
        return "rsc_defaults";
    case HY_OP_DEFAULTS:
        return "op_defaults";
    case HY_KIND_COUNT:
        break;
    }
    return "?";
}

const char *hy_role_word(enum hy_role role)
{
    switch (role) {
    case HY_ROLE_ANY:
        return NULL;
    case HY_ROLE_STOPPED:
        return "Stopped";
    case HY_ROLE_STARTED:
        return "Started";
    case HY_ROLE_UNPROMOTED:
        return "Unpromoted";
    case HY_ROLE_PROMOTED:
        return "Promoted";
    }
    return NULL;
}

bool hy_order_kind_parse(const char *word, enum hy_order_kind *kind)
{
    static const char *const words[] = {"Mandatory", "Optional", "Serialize"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(word, words[i]) == 0) {
            *kind = (enum hy_order_kind)i;
            return true;
        }
    return false;
}

bool hy_role_parse(const char *word, enum hy_role *role)
{
    static const struct {
        const char *word;
        enum hy_role role;
    } roles[] = {
        {"Stopped", HY_ROLE_STOPPED},   {"Started", HY_ROLE_STARTED},  {"Unpromoted", HY_ROLE_UNPROMOTED},
        {"Promoted", HY_ROLE_PROMOTED}, {"Slave", HY_ROLE_UNPROMOTED}, {"Master", HY_ROLE_PROMOTED},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcasecmp(word, roles[i].word) == 0) {
            *role = roles[i].role;
            return true;
        }
    }
    return false;
}

const char *hy_rc_word(int rc)
{
    static const char *const words[] = {"ok",
                                        "unknown error",
                                        "invalid parameter",
                                        "unimplemented feature",
                                        "insufficient privileges",
                                        "not installed",
                                        "not configured",
                                        "not running",
                                        "promoted",
                                        "promoted, failed"};
    return rc >= 0 && rc < (int)(sizeof words / sizeof *words) ? words[rc] : NULL;
}

const char *hy_exec_word(enum hy_exec exec)
{
    switch (exec) {
    case HY_EXEC_DONE:
        return "complete";
    case HY_EXEC_TIMEOUT:
        return "Timed Out";
    case HY_EXEC_DIED:
        return "died";
    case HY_EXEC_ERROR:
        return "Error";
    case HY_EXEC_CANCELLED:
        return "Cancelled";
    case HY_EXEC_PENDING:
        return "pending";
    }
    return "?";
}

bool hy_kind_is_resource(enum hy_kind kind)
{
    return kind == HY_PRIMITIVE || kind == HY_GROUP || kind == HY_CLONE;
}

bool hy_kind_is_constraint(enum hy_kind kind)
{
    return kind == HY_LOCATION || kind == HY_COLOCATION || kind == HY_ORDER || kind == HY_RSC_TICKET;
}

bool hy_kind_is_set(enum hy_kind kind)
{
    return kind == HY_PROPERTY || kind == HY_RSC_DEFAULTS || kind == HY_OP_DEFAULTS;
}

bool hy_id_is_valid(const char *id)
{
    size_t length = strlen(id);
    if (!length || length > HY_ID_MAX)
        return false;
    if (!hy_char_is_letter(id[0]) && id[0] != '_')
        return false;
    return hy_word_is_plain(id);
}

bool hy_node_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    return length && length <= HY_ID_MAX && name[0] != '-' && name[0] != '.' && hy_word_is_plain(name);
}

bool hy_instance_name_is_valid(const char *name)
{
    char base[HY_ID_MAX + 1];
    size_t length = strcspn(name, ":");
    uint64_t number;
    if (length > HY_ID_MAX)
        return false;
    memcpy(base, name, length);
    base[length] = '\0';
    return hy_id_is_valid(base) && (!name[length] || hy_uint_parse(name + length + 1, UINT32_MAX, &number));
}

bool hy_attr_name_is_valid(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++)
        if (name[length] <= ' ' || name[length] > '~' || strchr("\"'\\=", name[length]))
            return false;
    return length && length <= HY_ID_MAX;
}

bool hy_agent_class_has_providers(const char *cls)
{
    return strcmp(cls, "ocf") == 0 || strcmp(cls, "ocf-script") == 0;
}

static bool is_agent_class(const char *name)
{
    static const char *const classes[] = {"ocf",     "ocf-script", "lsb",     "supervisor", "systemd",
                                          "service", "stonith",    "upstart", "nagios"};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(classes[i], name) == 0)
            return true;
    return false;
}

static bool is_agent_word(const char *name, const char *others)
{
    if (!*name || strlen(name) > HY_ID_MAX)
        return false;
    for (const char *at = name; *at; at++)
        if ((!hy_char_is_letter(*at) && !(*at >= '0' && *at <= '9') && !strchr(others, *at)) ||
            (*at == '.' && (at == name || at[-1] == '/')))
            return false;
    return true;
}

/* supervisord's own name of a process: PROGRAM, or GROUP:PROGRAM. */
static bool is_supervised(const char *type)
{
    const char *colon = strchr(type, ':');
    return is_agent_word(type, "_.-@:") && colon != type && !(colon && (!colon[1] || strchr(colon + 1, ':')));
}

bool hy_agent_is_valid(const char *cls, const char *provider, const char *type)
{
    bool ocf = hy_agent_class_has_providers(cls);
    if (strcmp(cls, "supervisor") == 0)
        return !provider && is_supervised(type);
    return is_agent_class(cls) && *type != '@' && is_agent_word(type, "_.-@/") && ocf == (provider != NULL) &&
           (!ocf || is_agent_word(provider, "_.-@"));
}

bool hy_pattern_is_modest(const char *pattern)
{
    uint64_t repeats = 1;
    for (const char *at = pattern; (at = strchr(at, '{')); at++) {
        char *end;
        unsigned long low = strtoul(at + 1, &end, 10), high = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;
        repeats *= high > low ? high : low ? low : 1;
        if (low > HY_PATTERN_REPEATS_MAX || high > HY_PATTERN_REPEATS_MAX || repeats > HY_PATTERN_REPEATS_MAX)
            return false;
    }
    return strlen(pattern) <= HY_PATTERN_MAX;
}

bool hy_ticket_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    for (const char *at = name; *at; at++)
        if (*at <= ' ' || *at > '~' || strchr("\"'\\=", *at))
            return false;
    return length && length <= HY_ID_MAX && name[length - 1] != ':' && name[0] != '#' && name[0] != '$';
}

bool hy_char_is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool hy_word_is_plain(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (!hy_char_is_letter(*text) && !(*text >= '0' && *text <= '9') && !strchr("_.-", *text))
            return false;
    return true;
}
