/* SPDX-License-Identifier: Apache-2.0 */
#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILE_MOST = 1 << 20, FILES_MOST = 512, WORD_MOST = 256, VALUE_MOST = 2048 };

struct reading {
    struct sv_conf *conf;
    const char *group, *process;
    char here[PATH_MAX];       /* the folder of the first file */
    char files[VALUE_MOST];    /* [include] files */
    char programs[VALUE_MOST]; /* [group:GROUP] programs, with a comma before and behind each */
    char socket[108], port[160];
    char own_user[128], own_password[128]; /* of the servers' sections */
    bool in_programs;                      /* the second time */
};

/* ---- lines */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t size = strlen(text);
    while (size && isspace((unsigned char)text[size - 1]))
        text[--size] = '\0';
    return text;
}

/* A comment begins at ; or # at the line's beginning, or behind a blank. */
static void cut_comment(char *line)
{
    for (char *at = line; *at; at++) {
        if ((*at == ';' || *at == '#') && (at == line || isspace((unsigned char)at[-1]))) {
            *at = '\0';
            return;
        }
    }
}

static void copy(char *to, size_t room, const char *value)
{
    if (strlen(value) < room)
        memcpy(to, value, strlen(value) + 1);
}

/* %(here)s; what else supervisord would put in is its own environment. */
static void expand(const struct reading *reading, const char *value, char *out, size_t room)
{
    static const char mark[] = "%(here)s";
    size_t used = 0;
    out[0] = '\0';
    while (*value && used + 1 < room) {
        const char *word = value;
        size_t size = 1;
        if (strncmp(value, mark, sizeof mark - 1) == 0) {
            word = reading->here;
            size = strlen(word);
            value += sizeof mark - 2;
        }
        if (used + size >= room)
            return;
        memcpy(out + used, word, size);
        used += size;
        out[used] = '\0';
        value++;
    }
}

/* ---- sections */

struct entry {
    const char *section, *key;
    char *to;
    size_t room;
};

static bool is_listed(const char *list, const char *word)
{
    char wanted[WORD_MOST + 3];
    snprintf(wanted, sizeof wanted, ",%s,", word);
    return strstr(list, wanted) != NULL;
}

/* Is NAME the program whose process is asked for? One of several has its number behind: web_00. */
static bool is_program(const struct reading *reading, const char *name)
{
    size_t length = strlen(name);
    bool numbered = strncmp(reading->process, name, length) == 0 && reading->process[length] == '_';
    if (reading->programs[0])
        return is_listed(reading->programs, name) && (strcmp(reading->process, name) == 0 || numbered);
    return strcmp(reading->group, name) == 0;
}

static void take_programs(struct reading *reading, const char *value)
{
    size_t used = 0;
    for (const char *at = value; *at && used + 2 < sizeof reading->programs; at++) {
        if (!used)
            reading->programs[used++] = ',';
        if (!isspace((unsigned char)*at))
            reading->programs[used++] = *at;
    }
    if (used) {
        reading->programs[used++] = ',';
        reading->programs[used < sizeof reading->programs ? used : sizeof reading->programs - 1] = '\0';
    }
}

static void take_program(struct reading *reading, const char *name, const char *key, const char *value)
{
    if (!is_program(reading, name))
        return;
    reading->conf->has_program = true;
    if (strcmp(key, "autostart") == 0)
        copy(reading->conf->autostart, sizeof reading->conf->autostart, value);
    else if (strcmp(key, "autorestart") == 0)
        copy(reading->conf->autorestart, sizeof reading->conf->autorestart, value);
}

static void take_setting(struct reading *reading, const char *section, const char *key, const char *value)
{
    struct sv_conf *conf = reading->conf;
    const struct entry entries[] = {
        {"supervisorctl", "serverurl", conf->url, sizeof conf->url},
        {"supervisorctl", "username", conf->user, sizeof conf->user},
        {"supervisorctl", "password", conf->password, sizeof conf->password},
        {"unix_http_server", "file", reading->socket, sizeof reading->socket},
        {"unix_http_server", "username", reading->own_user, sizeof reading->own_user},
        {"unix_http_server", "password", reading->own_password, sizeof reading->own_password},
        {"inet_http_server", "port", reading->port, sizeof reading->port},
        {"inet_http_server", "username", reading->own_user, sizeof reading->own_user},
        {"inet_http_server", "password", reading->own_password, sizeof reading->own_password},
        {"include", "files", reading->files, sizeof reading->files},
    };
    char expanded[VALUE_MOST];
    expand(reading, value, expanded, sizeof expanded);
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (strcmp(entries[i].section, section) == 0 && strcmp(entries[i].key, key) == 0)
            copy(entries[i].to, entries[i].room, expanded);
    if (reading->process && strncmp(section, "group:", 6) == 0 && strcmp(section + 6, reading->group) == 0 &&
        strcmp(key, "programs") == 0)
        take_programs(reading, value);
}

static void take(struct reading *reading, const char *section, const char *key, const char *value)
{
    static const char *const kinds[] = {"program:", "fcgi-program:", "eventlistener:"};
    if (!reading->in_programs) {
        take_setting(reading, section, key, value);
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(section, kinds[i], strlen(kinds[i])) == 0)
            take_program(reading, section + strlen(kinds[i]), key, value);
}

/* ---- files */

struct place {
    char section[WORD_MOST], key[WORD_MOST], value[VALUE_MOST];
};

static void flush_value(struct reading *reading, struct place *place)
{
    if (place->key[0])
        take(reading, place->section, place->key, trim(place->value));
    place->key[0] = place->value[0] = '\0';
}

static void take_line(struct reading *reading, struct place *place, char *line)
{
    bool goes_on = isspace((unsigned char)*line) && place->key[0];
    cut_comment(line);
    char *text = trim(line);
    if (!*text)
        return;
    if (goes_on) {
        size_t used = strlen(place->value);
        snprintf(place->value + used, sizeof place->value - used, " %s", text);
        return;
    }
    flush_value(reading, place);
    char *end = *text == '[' ? strchr(text, ']') : NULL;
    if (end) {
        *end = '\0';
        copy(place->section, sizeof place->section, trim(text + 1));
        if (reading->in_programs)
            take(reading, place->section, "", "");
        return;
    }
    end = strpbrk(text, "=:");
    if (!end)
        return;
    *end = '\0';
    copy(place->key, sizeof place->key, trim(text));
    for (char *at = place->key; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    snprintf(place->value, sizeof place->value, "%s", trim(end + 1));
}

static int read_file(struct reading *reading, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    struct place place = {.section = ""};
    char *line = NULL;
    size_t room = 0, total = 0;
    ssize_t size;
    while ((size = getline(&line, &room, file)) >= 0 && (total += (size_t)size) <= FILE_MOST)
        take_line(reading, &place, line);
    flush_value(reading, &place);
    int rc = ferror(file) ? -EIO : 0;
    free(line);
    fclose(file);
    return rc;
}

/* Patterns with blanks between; a relative one begins in the folder of the first file. */
static void read_included(struct reading *reading)
{
    char patterns[VALUE_MOST], *save = NULL;
    snprintf(patterns, sizeof patterns, "%s", reading->files);
    for (char *word = strtok_r(patterns, " \t\r\n", &save); word; word = strtok_r(NULL, " \t\r\n", &save)) {
        char pattern[PATH_MAX + VALUE_MOST];
        glob_t found = {0};
        snprintf(pattern, sizeof pattern, "%s%s%s", *word == '/' ? "" : reading->here, *word == '/' ? "" : "/", word);
        if (glob(pattern, 0, NULL, &found) == 0)
            for (size_t i = 0; i < found.gl_pathc && i < FILES_MOST; i++)
                (void)read_file(reading, found.gl_pathv[i]);
        globfree(&found);
    }
}

/* What supervisorctl would be told; without its section the servers' own say where they listen. */
static void fill_in(struct reading *reading)
{
    struct sv_conf *conf = reading->conf;
    const char *port = reading->port;
    if (!conf->url[0] && reading->socket[0]) {
        snprintf(conf->url, sizeof conf->url, "unix://%s", reading->socket);
    } else if (!conf->url[0] && *port) {
        if (*port == '*')
            port++;
        snprintf(conf->url, sizeof conf->url, "http://%s%s",
                 *port == ':'        ? "127.0.0.1"
                 : strchr(port, ':') ? ""
                                     : "127.0.0.1:",
                 port);
    }
    /* {SHA}... is not the password, but what it is compared with. */
    if (!conf->user[0] && reading->own_user[0] && reading->own_password[0] != '{') {
        memcpy(conf->user, reading->own_user, sizeof conf->user);
        memcpy(conf->password, reading->own_password, sizeof conf->password);
    }
}

bool sv_conf_read(const char *path, const char *group, const char *process, struct sv_conf *conf, char *why,
                  size_t room)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        abort();
    *conf = (struct sv_conf){0};
    reading->conf = conf;
    reading->group = group;
    reading->process = process;
    const char *slash = strrchr(path, '/');
    snprintf(reading->here, sizeof reading->here, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int rc = read_file(reading, path);
    if (rc) {
        snprintf(why, room, "%s: %s", path, strerror(-rc));
    } else {
        read_included(reading);
        fill_in(reading);
        reading->in_programs = true;
        if (process) {
            (void)read_file(reading, path);
            read_included(reading);
        }
    }
    explicit_bzero(reading, sizeof *reading);
    free(reading);
    return rc == 0;
}
