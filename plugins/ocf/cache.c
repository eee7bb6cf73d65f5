/* SPDX-License-Identifier: Apache-2.0 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MOST = 2 << 20, HELPER_SECONDS = 25 };

extern char **environ;

/* ---- files */

/* The caller's; NULL: it cannot be read, or is too long. */
static char *read_text(int fd)
{
    size_t size = 0, room = 16384;
    char *text = malloc(room + 1);
    while (text) {
        ssize_t got = read(fd, text + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || size + (size_t)got > TEXT_MOST) {
            text[size] = '\0';
            if (got == 0)
                return text;
            break;
        }
        size += (size_t)got;
        char *more = size == room ? realloc(text, (room *= 2) + 1) : text;
        if (!more)
            break;
        text = more;
    }
    free(text);
    return NULL;
}

static bool cache_path(const struct halyard_site *site, const struct ocf_script *script, char path[PATH_MAX])
{
    int size =
        site->cache_dir ? snprintf(path, PATH_MAX, "%s/%s:%s", site->cache_dir, script->provider, script->type) : 0;
    return size > 0 && size < PATH_MAX;
}

/* The first line of what is kept. */
static void write_key(const struct ocf_script *script, char key[512])
{
    const struct stat *file = &script->file;
    snprintf(key, 512, "halyard-ocf 1 %ju:%ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)file->st_dev,
             (uintmax_t)file->st_ino, (intmax_t)file->st_size, (intmax_t)file->st_mtim.tv_sec, file->st_mtim.tv_nsec,
             (intmax_t)file->st_ctim.tv_sec, file->st_ctim.tv_nsec);
}

/* What somebody else may have written is not believed. */
static bool is_ours(int fd)
{
    struct stat file;
    return fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && (file.st_uid == 0 || file.st_uid == geteuid()) &&
           !(file.st_mode & (S_IWGRP | S_IWOTH));
}

static bool load(const struct halyard_site *site, const struct ocf_script *script, struct ocf_meta *meta)
{
    char path[PATH_MAX], key[512];
    int fd = cache_path(site, script, path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (fd < 0)
        return false;
    char *text = is_ours(fd) ? read_text(fd) : NULL;
    close(fd);
    write_key(script, key);
    bool good = text && strncmp(text, key, strlen(key)) == 0 && ocf_meta_parse(text + strlen(key), meta);
    free(text);
    return good;
}

/* The file is there whole or not at all. Where it cannot be kept, it is asked for each time: slower, no worse. */
static void keep(const struct halyard_site *site, const struct ocf_script *script, const char *text)
{
    char path[PATH_MAX], fresh[PATH_MAX + 32], key[512];
    if (!cache_path(site, script, path))
        return;
    (void)mkdir(site->cache_dir, 0700);
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    write_key(script, key);
    bool written = dprintf(fd, "%s%s", key, text) == (int)(strlen(key) + strlen(text));
    if (close(fd) || !written || rename(fresh, path))
        (void)unlink(fresh);
}

/* ---- asking */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that comes, until its end; NULL: it did not come to one. */
static char *collect(int fd)
{
    int64_t until = now_ms() + HELPER_SECONDS * 1000;
    size_t size = 0;
    char *text = malloc(TEXT_MOST + 1);
    while (text && size < TEXT_MOST) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_ms();
        if (left <= 0)
            break;
        if (poll(&ready, 1, (int)left) <= 0)
            continue;
        ssize_t got = read(fd, text + size, TEXT_MOST - size);
        if (got > 0)
            size += (size_t)got;
        text[size] = '\0';
        if (got == 0)
            return text;
    }
    free(text);
    return NULL;
}

static char *ask(const struct halyard_site *site, const struct ocf_script *script, char *why, size_t why_size)
{
    char program[PATH_MAX];
    int output[2], status = 0;
    snprintf(program, sizeof program, "%s/halyard-ocf-meta-data", site->ocf_tools);
    if (pipe2(output, O_CLOEXEC)) {
        snprintf(why, why_size, "no pipe: %s", strerror(errno));
        return NULL;
    }
    const char *const argv[] = {program, site->ocf_root, script->provider, script->path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    pid_t pid;
    int rc = posix_spawn(&pid, program, &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(output[1]);
    char *text = rc ? NULL : collect(output[0]);
    close(output[0]);
    if (rc) {
        snprintf(why, why_size, "%s cannot be run: %s", program, strerror(rc));
        return NULL;
    }
    if (!text)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (text && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return text;
    free(text);
    snprintf(why, why_size, "%s did not come to an answer", program);
    return NULL;
}

static void have_problem(struct ocf_meta *meta, const char *why)
{
    ocf_meta_parse("", meta);
    meta->problem = strdup(why);
    if (!meta->problem)
        abort();
}

void ocf_meta_of(const struct halyard_site *site, const struct ocf_script *script, struct ocf_meta *meta)
{
    char why[PATH_MAX + 128];
    if (load(site, script, meta))
        return;
    char *text = ask(site, script, why, sizeof why);
    if (!text) {
        have_problem(meta, why);
        return;
    }
    if (ocf_meta_parse(text, meta))
        keep(site, script, text);
    else
        have_problem(meta, "what its meta-data say cannot be understood");
    free(text);
}
