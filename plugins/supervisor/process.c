/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- /proc */

static ssize_t read_all(pid_t pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t got = 0;
    while (used + 1 < size && (got = read(fd, text + used, size - 1 - used)) > 0)
        used += (size_t)got;
    close(fd);
    text[used] = '\0';
    return got < 0 ? -1 : (ssize_t)used;
}

/* proc_pid_stat(5): pid (name) state ppid ... starttime; the name may have blanks and parentheses of its own. */
bool sv_process_read(pid_t pid, struct sv_process *process)
{
    enum { FROM_STATE_TO_START = 19 };
    char text[1024];
    *process = (struct sv_process){0};
    if (pid <= 0 || read_all(pid, "stat", text, sizeof text) <= 0)
        return false;
    char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end || end < name)
        return false;
    *end = '\0';
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    char *save = NULL, *field = strtok_r(end + 1, " ", &save);
    for (int i = 0; field && i < FROM_STATE_TO_START; i++) {
        if (i == 0)
            process->is_dead = *field == 'Z' || *field == 'X';
        if (i == 1)
            process->parent = (pid_t)strtol(field, NULL, 10);
        field = strtok_r(NULL, " ", &save);
    }
    if (!field)
        return false;
    process->pid = pid;
    process->started = strtoull(field, NULL, 10);
    return true;
}

bool sv_process_runs(pid_t pid, uint64_t started)
{
    struct sv_process process;
    return sv_process_read(pid, &process) && process.started == started && !process.is_dead;
}

bool sv_process_is_supervised(const struct sv_process *process)
{
    char words[1024];
    ssize_t size = process->parent > 0 ? read_all(process->parent, "cmdline", words, sizeof words) : -1;
    for (ssize_t i = 0; i < size; i++)
        if (words[i] == '\0')
            words[i] = ' ';
    return size > 0 && strstr(words, "supervisord") != NULL;
}

int sv_process_open(const struct sv_process *process)
{
    int fd = pidfd_open(process->pid, 0);
    if (fd < 0)
        return -errno;
    if (sv_process_runs(process->pid, process->started))
        return fd;
    close(fd);
    return -ESRCH;
}

/* linux/pidfd.h as of 6.15, which the C library's headers need not have yet. */
struct pidfd_exit_info {
    uint64_t mask;
    uint64_t cgroup;
    uint32_t ids[11];
    int32_t exit_code;
};
#define PIDFD_WANTS_EXIT (UINT64_C(1) << 3)
#define PIDFD_ASKS_INFO _IOWR(0xFF, 11, struct pidfd_exit_info)

const char *sv_process_how(int fd, char *text, size_t size)
{
    struct pidfd_exit_info info = {.mask = PIDFD_WANTS_EXIT};
    if (ioctl(fd, PIDFD_ASKS_INFO, &info) < 0 || !(info.mask & PIDFD_WANTS_EXIT))
        return NULL;
    const char *name = WIFSIGNALED(info.exit_code) ? sigabbrev_np(WTERMSIG(info.exit_code)) : NULL;
    if (name)
        snprintf(text, size, "killed by SIG%s", name);
    else if (WIFSIGNALED(info.exit_code))
        snprintf(text, size, "killed by signal %d", WTERMSIG(info.exit_code));
    else
        snprintf(text, size, "with exit status %d", WEXITSTATUS(info.exit_code));
    return text;
}

/* ---- the marks */

static const char *find_variable(const char *environment, size_t size, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = environment; at < environment + size; at += strlen(at) + 1)
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
    return NULL;
}

/* /var/run/x and /run/x are the same socket; of a socket that is gone the folder still tells. */
static bool same_socket(const char *one, const char *other)
{
    char folders[2][PATH_MAX], real[2][PATH_MAX];
    const char *paths[2] = {one, other}, *slashes[2] = {strrchr(one, '/'), strrchr(other, '/')};
    if (!slashes[0] || !slashes[1] || strcmp(slashes[0], slashes[1]) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        snprintf(folders[i], sizeof folders[i], "%.*s", (int)(slashes[i] - paths[i]) + 1, paths[i]);
        if (!realpath(folders[i], real[i]))
            return strcmp(one, other) == 0;
    }
    return strcmp(real[0], real[1]) == 0;
}

static bool has_other_socket(const char *mark, const char *url)
{
    static const char unix_url[] = "unix://";
    enum { LENGTH = sizeof unix_url - 1 };
    return mark && strncmp(mark, unix_url, LENGTH) == 0 && strncmp(url, unix_url, LENGTH) == 0 &&
           !same_socket(mark + LENGTH, url + LENGTH);
}

static bool is_marked(pid_t pid, const char *group, const char *name, const char *url, char *room, size_t size)
{
    ssize_t got = read_all(pid, "environ", room, size);
    if (got <= 0)
        return false;
    const char *marked = find_variable(room, (size_t)got, "SUPERVISOR_PROCESS_NAME");
    const char *its_group = find_variable(room, (size_t)got, "SUPERVISOR_GROUP_NAME");
    return marked && its_group && strcmp(marked, name) == 0 && strcmp(its_group, group) == 0 &&
           !has_other_socket(find_variable(room, (size_t)got, "SUPERVISOR_SERVER_URL"), url);
}

bool sv_process_find_marked(const char *group, const char *name, const char *url, struct sv_found *found)
{
    enum { ENVIRONMENT_MOST = 256 * 1024 };
    char *environment = malloc(ENVIRONMENT_MOST);
    DIR *proc = opendir("/proc");
    if (!environment)
        abort();
    found->count = 0;
    for (struct dirent *entry; proc && found->count < SV_FOUND_MOST && (entry = readdir(proc));) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;
        struct sv_process process;
        if (pid <= 1 || pid == getpid() || !is_marked(pid, group, name, url, environment, ENVIRONMENT_MOST))
            continue;
        if (sv_process_read(pid, &process) && !process.is_dead)
            found->all[found->count++] = process;
    }
    if (proc)
        closedir(proc);
    free(environment);
    return proc != NULL;
}
