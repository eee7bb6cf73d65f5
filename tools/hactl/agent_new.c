/* SPDX-License-Identifier: Apache-2.0 */
/* A small agent that works, with what builds and tries it: the beginning of another one. */
#include "hactl/commands.h"
#include "hactl/files.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Line by line; @NAME@ and @PROVIDER@ stand for what they say. */
static const char *const source[] = {
#include "agent_source.inc"
    NULL};
static const char *const makefile[] = {
#include "agent_makefile.inc"
    NULL};

struct wish {
    const char *name, *provider, *folder;
};

/* As in ocf:PROVIDER:NAME; it becomes part of a file's name, too. */
static int check_name(const char *what, const char *name)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    if (*name && name[0] != '-' && !name[strspn(name, good)])
        return HACTL_OK;
    return hactl_fail("%s '%s': expected letters, digits, _ and -", what, name);
}

static int read_words(struct wish *wish, int argc, char **argv)
{
    int words = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--provider") == 0 && i + 1 < argc)
            wish->provider = argv[++i];
        else if (argv[i][0] == '-' || words == 2)
            return hactl_usage(hactl_find("agent", "new"));
        else if (words++ == 0)
            wish->name = argv[i];
        else
            wish->folder = argv[i];
    }
    if (words != 2)
        return hactl_usage(hactl_find("agent", "new"));
    int status = check_name("agent", wish->name);
    return status ? status : check_name("--provider", wish->provider);
}

static void add_line(struct hy_buf *out, const char *line, const struct wish *wish)
{
    const struct {
        const char *mark, *text;
    } marks[] = {{"@NAME@", wish->name}, {"@PROVIDER@", wish->provider}};
    while (*line) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof marks / sizeof *marks && !taken; i++) {
            if (strncmp(line, marks[i].mark, strlen(marks[i].mark)) != 0)
                continue;
            hy_buf_adds(out, marks[i].text);
            taken = strlen(marks[i].mark);
        }
        if (!taken)
            hy_buf_addc(out, *line);
        line += taken ? taken : 1;
    }
    hy_buf_addc(out, '\n');
}

static int write_one(const struct wish *wish, const char *file, const char *const *lines)
{
    struct hy_buf text = {0};
    char *path = hy_asprintf("%s/%s", wish->folder, file);
    for (; *lines; lines++)
        add_line(&text, *lines, wish);
    int status = hactl_create_file(path, &text, 0644);
    hy_buf_free(&text);
    free(path);
    return status;
}

static int write_both(const struct wish *wish)
{
    char *file = hy_asprintf("%s.c", wish->name);
    int status = write_one(wish, file, source);
    if (!status)
        status = write_one(wish, "Makefile", makefile);
    char *path = hy_asprintf("%s/%s", wish->folder, file);
    if (status == HACTL_OK)
        printf("ocf:%s:%s is in %s. It keeps a program running; make of it what you need:\n"
               "  cd %s\n"
               "  make                 # %s.so\n"
               "  make check           # tries it on this host\n"
               "  sudo make install    # for the cluster, on each host\n",
               wish->provider, wish->name, path, wish->folder, wish->name);
    free(path);
    free(file);
    return status;
}

/* Nothing that is there is to be lost, and nothing half made to stay. */
static int check_free(const struct wish *wish)
{
    char *paths[] = {hy_asprintf("%s/%s.c", wish->folder, wish->name), hy_asprintf("%s/Makefile", wish->folder)};
    int status = HACTL_OK;
    for (size_t i = 0; i < 2; i++) {
        if (!status && access(paths[i], F_OK) == 0)
            status = hactl_fail("%s: is there already: it is not overwritten", paths[i]);
        free(paths[i]);
    }
    return status;
}

int hactl_agent_new(struct hactl *h, int argc, char **argv)
{
    (void)h;
    struct wish wish = {.provider = "local"};
    int status = read_words(&wish, argc, argv);
    if (!status)
        status = check_free(&wish);
    if (!status && mkdir(wish.folder, 0755) && errno != EEXIST)
        status = hactl_fail("%s: %s", wish.folder, strerror(errno));
    return status ? status : write_both(&wish);
}
