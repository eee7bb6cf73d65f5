/* SPDX-License-Identifier: Apache-2.0 */
#include "pidfile.h"

#include "shell.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- where */

static bool same_file(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0)
        return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool lsb_pidfile_is_path(const char *text)
{
    size_t length = strlen(text);
    return text[0] == '/' && length > 1 && length < LSB_PIDFILE_PATH && text[length - 1] != '/' &&
           !strpbrk(text, " \t\r\n");
}

static void add_path(struct lsb_pidfiles *files, const char *path)
{
    if (!lsb_pidfile_is_path(path) || files->count == LSB_PIDFILES)
        return;
    for (int i = 0; i < files->count; i++)
        if (same_file(files->paths[i], path))
            return;
    snprintf(files->paths[files->count++], LSB_PIDFILE_PATH, "%s", path);
}

/* chkconfig(8): "# pidfile: /run/foo.pid". */
static void add_commented(struct lsb_pidfiles *files, const char *script)
{
    char *text = lsb_text_read(script), *rest = text, *line;
    while (rest && (line = strsep(&rest, "\n"))) {
        if (*line != '#')
            continue;
        line += strspn(line, "# \t");
        if (strncasecmp(line, "pidfile:", 8) != 0)
            continue;
        line += 8;
        line += strspn(line, " \t");
        line[strcspn(line, " \t\r")] = '\0';
        add_path(files, line);
    }
    free(text);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), most = strlen(end);
    return length >= most && strcasecmp(text + length - most, end) == 0;
}

/* Those of the script. What is assigned later is likelier: it replaces a default. */
static void note_assignment(void *context, const char *name, const char *value)
{
    struct lsb_pidfiles *found = context;
    if (!(ends_with(name, "pidfile") || ends_with(name, "pid_file")) || !lsb_pidfile_is_path(value))
        return;
    if (found->count == LSB_PIDFILES)
        memmove(found->paths[0], found->paths[1], sizeof found->paths[0] * (size_t)--found->count);
    snprintf(found->paths[found->count++], LSB_PIDFILE_PATH, "%s", value);
}

static void add_assigned(struct lsb_pidfiles *files, const char *script, const char *name)
{
    struct lsb_pidfiles found = {0};
    lsb_shell_read(script, name, note_assignment, &found);
    while (found.count)
        add_path(files, found.paths[--found.count]);
}

static void add_usual(struct lsb_pidfiles *files, const char *name)
{
    static const char *const folders[] = {"/run", "/var/run"};
    struct stat run, var_run;
    bool one = stat(folders[0], &run) == 0 && stat(folders[1], &var_run) == 0 && run.st_dev == var_run.st_dev &&
               run.st_ino == var_run.st_ino;
    for (int i = 0; i < (one ? 1 : 2); i++) {
        char path[LSB_PIDFILE_PATH];
        if (snprintf(path, sizeof path, "%s/%s.pid", folders[i], name) < (int)sizeof path)
            add_path(files, path);
        if (snprintf(path, sizeof path, "%s/%s/%s.pid", folders[i], name, name) < (int)sizeof path)
            add_path(files, path);
    }
}

void lsb_pidfiles_find(const char *script, const char *name, const char *given, struct lsb_pidfiles *files)
{
    *files = (struct lsb_pidfiles){0};
    if (given && *given) {
        add_path(files, given);
        return;
    }
    add_commented(files, script);
    add_assigned(files, script, name);
    add_usual(files, name);
}

/* ---- what is in there */

static void add_pid(struct lsb_pids *pids, long number)
{
    if (number <= 1 || number > INT_MAX || pids->count == LSB_PIDS)
        return;
    for (int i = 0; i < pids->count; i++)
        if (pids->pids[i] == (pid_t)number)
            return;
    pids->pids[pids->count++] = (pid_t)number;
}

/* Numbers with these characters between; gives what is behind them. */
static const char *take_numbers(const char *at, const char *between, struct lsb_pids *pids)
{
    while (isdigit((unsigned char)*at)) {
        char *end;
        errno = 0;
        long number = strtol(at, &end, 10);
        if (isalpha((unsigned char)*end) || errno)
            return end;
        add_pid(pids, number);
        at = end + strspn(end, between);
    }
    return at;
}

bool lsb_pidfile_read(const char *path, struct lsb_pids *pids)
{
    char text[4096];
    struct stat info;
    *pids = (struct lsb_pids){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    ssize_t size = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? read(fd, text, sizeof text - 1) : -1;
    close(fd);
    if (size <= 0)
        return false;
    text[size] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    take_numbers(text + strspn(text, " \t"), " \t", pids);
    pids->written = info.st_mtim;
    return pids->count > 0;
}

static bool begins_word(const char *text, const char *at)
{
    return at == text || !isalnum((unsigned char)at[-1]);
}

void lsb_pids_in_text(const char *text, struct lsb_pids *pids)
{
    static const char *const words[] = {"pids", "pid", "process"};
    *pids = (struct lsb_pids){0};
    for (const char *at = text; *at;) {
        const char *next = at + 1;
        for (size_t i = 0; i < sizeof words / sizeof *words && begins_word(text, at); i++) {
            size_t length = strlen(words[i]);
            if (strncasecmp(at, words[i], length) != 0 || isalnum((unsigned char)at[length]))
                continue;
            /* "process 12, 3 connections" is one number. */
            next = take_numbers(at + length + strspn(at + length, " \t:=(#[\"'"), i ? " \t" : " \t,", pids);
            break;
        }
        at = next;
    }
}
