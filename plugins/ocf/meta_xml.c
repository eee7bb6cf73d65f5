/* SPDX-License-Identifier: Apache-2.0 */
#include "meta_xml.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_LONGEST = 127, TEXT_LONGEST = 8192, OPTIONS_MOST = 64 };

/* ---- text */

static void write_value(FILE *out, const char *key, const char *value)
{
    fprintf(out, "%s ", key);
    for (size_t i = 0; value[i] && i < TEXT_LONGEST; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c == '\n')
            fputs("\\n", out);
        else if (c == '\\')
            fputs("\\\\", out);
        else if (c == '\t' || c >= ' ')
            fputc(c == '\t' ? ' ' : c, out);
    }
    fputc('\n', out);
}

void ocf_meta_problem(FILE *out, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_value(out, "problem", text);
}

/* In place: without blanks at the beginning and the end, and at the beginning of its lines. */
static char *trim(char *text)
{
    char *to = text;
    bool fresh = true;
    for (const char *from = text; *from; from++) {
        if (fresh && isspace((unsigned char)*from) && *from != '\n')
            continue;
        if (*from == '\n' && to == text)
            continue;
        fresh = *from == '\n';
        *to++ = *from;
    }
    while (to > text && isspace((unsigned char)to[-1]))
        to--;
    *to = '\0';
    return text;
}

/* ---- elements */

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const xmlNode *child(const xmlNode *node, const char *name)
{
    for (const xmlNode *at = node->children; at; at = at->next)
        if (is(at, name))
            return at;
    return NULL;
}

/* The caller's, to be freed; NULL: it has none. */
static char *attribute(const xmlNode *node, const char *name)
{
    return (char *)xmlGetProp((xmlNode *)(uintptr_t)node, (const xmlChar *)name);
}

static bool is_true(const char *text)
{
    static const char *const words[] = {"1", "true", "yes", "on", "y"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], text) == 0)
            return true;
    return false;
}

static bool flag(const xmlNode *node, const char *name)
{
    char *text = attribute(node, name);
    bool set = is_true(text);
    xmlFree(text);
    return set;
}

static void write_text(FILE *out, const char *key, const xmlNode *parent, const char *name)
{
    const xmlNode *node = child(parent, name);
    char *text = node ? (char *)xmlNodeGetContent(node) : NULL;
    if (text && *trim(text))
        write_value(out, key, text);
    xmlFree(text);
}

/* "20", "20s", "500ms", "2min": milliseconds; 0: not said, or nonsense. */
static uint32_t read_ms(const xmlNode *node, const char *name)
{
    static const struct {
        const char *word;
        uint64_t ms;
    } units[] = {{"", 1000},   {"s", 1000},    {"sec", 1000},  {"ms", 1},      {"msec", 1},
                 {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"hr", 3600000}};
    char *text = attribute(node, name), *unit;
    uint64_t ms = 0;
    if (text && isdigit((unsigned char)*trim(text))) {
        uint64_t number = strtoull(text, &unit, 10);
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strcasecmp(units[i].word, unit) == 0 && number <= UINT32_MAX / units[i].ms)
                ms = number * units[i].ms;
    }
    xmlFree(text);
    return (uint32_t)ms;
}

static bool is_name(const char *name)
{
    size_t length = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") : 0;
    return length && length <= NAME_LONGEST && !name[length];
}

/* ---- actions */

static bool has_action(const xmlNode *agent, const char *wanted)
{
    const xmlNode *actions = child(agent, "actions");
    bool found = false;
    for (const xmlNode *at = actions ? actions->children : NULL; at && !found; at = at->next) {
        char *name = is(at, "action") ? attribute(at, "name") : NULL;
        found = name && strcmp(name, wanted) == 0;
        xmlFree(name);
    }
    return found;
}

static void write_actions(FILE *out, const xmlNode *agent)
{
    const xmlNode *actions = child(agent, "actions");
    for (const xmlNode *at = actions ? actions->children : NULL; at; at = at->next) {
        char *name = is(at, "action") ? attribute(at, "name") : NULL;
        if (is_name(name))
            fprintf(out, "action %s %" PRIu32 " %" PRIu32 "\n", name, read_ms(at, "timeout"), read_ms(at, "interval"));
        xmlFree(name);
    }
}

/* ---- parameters */

/* What a change of a parameter does: meta.h, ocf_meta_reload(). */
enum reload { RELOAD_NONE, RELOAD_MARKED, RELOAD_NOT_UNIQUE };

static enum reload reload_of(const xmlNode *agent, const char *api)
{
    if (has_action(agent, "reload-agent"))
        return RELOAD_MARKED;
    int major = 1, minor = 0;
    sscanf(api, "%d.%d", &major, &minor);
    bool old = major < 1 || (major == 1 && minor < 1);
    return old && has_action(agent, "reload") ? RELOAD_NOT_UNIQUE : RELOAD_NONE;
}

/* Several parameters of one group are unique together only: no single one of them is. */
static bool is_alone_in_group(const xmlNode *param, const char *group)
{
    for (const xmlNode *at = param->parent->children; at; at = at->next) {
        char *other = at != param && is(at, "parameter") ? attribute(at, "unique-group") : NULL;
        bool same = other && strcmp(other, group) == 0;
        xmlFree(other);
        if (same)
            return false;
    }
    return true;
}

static bool is_unique(const xmlNode *param)
{
    char *group = attribute(param, "unique-group");
    bool unique = group ? is_alone_in_group(param, group) : flag(param, "unique");
    xmlFree(group);
    return unique;
}

/* Pacemaker takes these names for secrets, too, whatever the meta-data say. */
static bool is_secret(const xmlNode *param, const char *name)
{
    return flag(param, "private") || strcmp(name, "password") == 0 || strcmp(name, "passwd") == 0;
}

static bool is_integer(const char *text)
{
    char *end;
    errno = 0;
    (void)strtoll(text, &end, 10);
    return *text && !*end && !errno;
}

static bool is_boolean(const char *text)
{
    static const char *const words[] = {"0", "false", "no", "off", "n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(words[i], text) == 0)
            return true;
    return is_true(text);
}

/* "a|b|c", the caller's; NULL: it is no choice. */
static char *options_of(const xmlNode *content)
{
    char *text = NULL;
    size_t size = 0, count = 0;
    FILE *out = open_memstream(&text, &size);
    for (const xmlNode *at = content->children; out && at && count < OPTIONS_MOST; at = at->next) {
        char *value = is(at, "option") ? attribute(at, "value") : NULL;
        if (value && *value && !strpbrk(value, "|\n"))
            fprintf(out, "%s%s", count++ ? "|" : "", value);
        xmlFree(value);
    }
    if (!out || fclose(out) || !count) {
        free(text);
        return NULL;
    }
    return text;
}

static bool is_option(const char *options, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = options; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || !at[length]))
            return true;
    return false;
}

/* What a value must be, as far as the default keeps to it: a type that its own author breaks says nothing. */
static const char *type_of(const char *type, const char *options, const char *def)
{
    if (type && strcasecmp(type, "integer") == 0 && (!def || is_integer(def)))
        return "integer";
    if (type && strcasecmp(type, "boolean") == 0 && (!def || is_boolean(def)))
        return "boolean";
    if (options && (!def || is_option(options, def)))
        return "choice";
    return "string";
}

static void write_param(FILE *out, const xmlNode *param, const char *name, enum reload reload)
{
    const xmlNode *content = child(param, "content");
    char *type = content ? attribute(content, "type") : NULL;
    char *def = content ? attribute(content, "default") : NULL;
    char *options = content ? options_of(content) : NULL;
    if (def && !*def) {
        xmlFree(def);
        def = NULL; /* an empty default is none */
    }
    bool unique = is_unique(param);
    bool reloads =
        reload == RELOAD_MARKED ? flag(param, "reloadable") : reload == RELOAD_NOT_UNIQUE && !flag(param, "unique");
    const char *word = type_of(type, options, def);
    fprintf(out, "param %s %s -%s%s%s%s\n", name, word, flag(param, "required") ? "r" : "", unique ? "u" : "",
            reloads ? "l" : "", is_secret(param, name) ? "s" : "");
    if (strcmp(word, "choice") == 0)
        write_value(out, "range", options);
    if (def)
        write_value(out, "default", def);
    write_text(out, "param-brief", param, "shortdesc");
    write_text(out, "param-doc", param, "longdesc");
    xmlFree(type);
    xmlFree(def);
    free(options);
}

static bool is_repeated(const xmlNode *param, const char *name)
{
    for (const xmlNode *at = param->prev; at; at = at->prev) {
        char *other = is(at, "parameter") ? attribute(at, "name") : NULL;
        bool same = other && strcmp(other, name) == 0;
        xmlFree(other);
        if (same)
            return true;
    }
    return false;
}

static void write_params(FILE *out, const xmlNode *agent, enum reload reload)
{
    const xmlNode *params = child(agent, "parameters");
    for (const xmlNode *at = params ? params->children : NULL; at; at = at->next) {
        char *name = is(at, "parameter") ? attribute(at, "name") : NULL;
        if (is_name(name) && !is_repeated(at, name))
            write_param(out, at, name, reload);
        xmlFree(name);
    }
}

/* ---- the whole */

static void write_agent(FILE *out, const xmlNode *agent)
{
    const xmlNode *element = child(agent, "version");
    char *api = element ? (char *)xmlNodeGetContent(element) : NULL;
    char *version = attribute(agent, "version");
    const char *keeps_to = api && *trim(api) ? api : "1.0";
    write_value(out, "api", keeps_to);
    if (version && *version)
        write_value(out, "version", version);
    write_text(out, "brief", agent, "shortdesc");
    write_text(out, "doc", agent, "longdesc");
    write_actions(out, agent);
    write_params(out, agent, reload_of(agent, keeps_to));
    xmlFree(api);
    xmlFree(version);
}

static void write_parse_error(FILE *out)
{
    const xmlError *error = xmlGetLastError();
    char text[256] = "";
    if (error && error->message)
        snprintf(text, sizeof text, "%.*s", (int)strcspn(error->message, "\n"), error->message);
    ocf_meta_problem(out, "its meta-data are no XML: line %d: %s", error ? error->line : 0, *text ? text : "unknown");
}

void ocf_meta_from_xml(const char *xml, size_t size, FILE *out)
{
    if (size > INT32_MAX) {
        ocf_meta_problem(out, "its meta-data are too long");
        return;
    }
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA;
    xmlDoc *document = xmlReadMemory(xml, (int)size, "meta-data", NULL, options);
    const xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
    if (!document)
        write_parse_error(out);
    else if (!root || !is(root, "resource-agent"))
        ocf_meta_problem(out, "its meta-data begin with <%.60s>: <resource-agent> would be right",
                         root ? (const char *)root->name : "");
    else
        write_agent(out, root);
    xmlFreeDoc(document);
}
