/* SPDX-License-Identifier: Apache-2.0 */
#include "process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- /proc */

static ssize_t read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    if (got >= 0)
        text[got] = '\0';
    return got;
}

/* proc_pid_stat(5): pid (name) state ppid ... starttime; the name may have blanks and parentheses of its own. */
static bool read_stat(pid_t pid, struct lsb_process *process)
{
    enum { FROM_STATE_TO_START = 19 };
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (read_file(path, text, sizeof text) <= 0)
        return false;
    char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end || end < name)
        return false;
    *end = '\0';
    snprintf(process->name, sizeof process->name, "%s", name + 1);
    process->pid = pid;
    char *save = NULL, *field = strtok_r(end + 1, " ", &save);
    for (int i = 0; field && i < FROM_STATE_TO_START; i++) {
        if (i == 1)
            process->parent = (pid_t)strtol(field, NULL, 10);
        field = strtok_r(NULL, " ", &save);
    }
    if (!field)
        return false;
    process->started = strtoull(field, NULL, 10);
    return true;
}

/* ---- one process */

int lsb_process_open(pid_t pid, struct lsb_process *process)
{
    *process = (struct lsb_process){.fd = pidfd_open(pid, 0)};
    if (process->fd < 0)
        return -errno;
    /* What was read is about this one only when it is there still. */
    if (read_stat(pid, process) && !lsb_process_has_ended(process))
        return 0;
    lsb_process_close(process);
    return -ESRCH;
}

void lsb_process_close(struct lsb_process *process)
{
    if (process->fd >= 0)
        close(process->fd);
    process->fd = -1;
}

bool lsb_process_has_ended(const struct lsb_process *process)
{
    struct pollfd ready = {.fd = process->fd, .events = POLLIN};
    return poll(&ready, 1, 0) == 1;
}

bool lsb_process_is_gone(const struct lsb_process *process)
{
    return pidfd_send_signal(process->fd, 0, NULL, 0) < 0 && errno == ESRCH;
}

bool lsb_process_is_same(const struct lsb_process *a, const struct lsb_process *b)
{
    return a->pid == b->pid && a->started == b->started;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool lsb_process_started_after(const struct lsb_process *process, struct timespec when, int seconds)
{
    int64_t booted = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME);
    int64_t started = booted + (int64_t)(process->started * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
    int64_t limit = (int64_t)when.tv_sec * 1000 + when.tv_nsec / 1000000 + (int64_t)seconds * 1000;
    return started > limit;
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

const char *lsb_process_how(const struct lsb_process *process, char *text, size_t size)
{
    struct pidfd_exit_info info = {.mask = PIDFD_WANTS_EXIT};
    if (ioctl(process->fd, PIDFD_ASKS_INFO, &info) < 0 || !(info.mask & PIDFD_WANTS_EXIT))
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

/* ---- somebody's call of a script */

static bool changes_things(const char *action)
{
    static const char *const actions[] = {"start",         "stop",        "restart",          "reload",
                                          "force-reload",  "try-restart", "condrestart",      "force-stop",
                                          "force-restart", "force-start", "reload-or-restart"};
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(action, actions[i]) == 0)
            return true;
    return false;
}

/* /etc/init.d/NAME, and /etc/rc3.d/S20NAME that points to it. */
static bool is_script(const char *word, const char *name)
{
    const char *slash = strrchr(word, '/');
    const char *base = slash ? slash + 1 : word;
    if (strcmp(base, name) == 0)
        return true;
    return (*base == 'S' || *base == 'K') && isdigit((unsigned char)base[1]) && isdigit((unsigned char)base[2]) &&
           strcmp(base + 3, name) == 0;
}

/* "/bin/sh /etc/init.d/NAME restart": an interpreter with an option or two may stand before. */
static bool calls_script(const char *arguments, size_t size, const char *name)
{
    enum { WORDS_BEFORE = 4 };
    const char *word = arguments, *end = arguments + size;
    for (int i = 0; i < WORDS_BEFORE && word < end; i++) {
        const char *next = word + strlen(word) + 1;
        if (next < end && is_script(word, name) && changes_things(next))
            return true;
        word = next;
    }
    return false;
}

static bool is_ours(const char *folder)
{
    struct stat info;
    return stat(folder, &info) == 0 && (info.st_uid == 0 || info.st_uid == geteuid());
}

static bool is_call(pid_t pid, const char *name)
{
    char path[64], arguments[1024];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    ssize_t size = read_file(path, arguments, sizeof arguments);
    if (size <= 0 || !calls_script(arguments, (size_t)size, name))
        return false;
    snprintf(path, sizeof path, "/proc/%d", (int)pid);
    return is_ours(path);
}

int lsb_process_find_script(const char *name, uint64_t since, struct lsb_process *process)
{
    DIR *proc = opendir("/proc");
    int rc = -ESRCH;
    if (!proc)
        return -errno;
    for (struct dirent *entry; rc && (entry = readdir(proc));) {
        pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? (pid_t)atoi(entry->d_name) : 0;
        if (pid <= 1 || pid == getpid() || !is_call(pid, name))
            continue;
        rc = lsb_process_open(pid, process);
        if (rc == 0 && process->started <= since) {
            lsb_process_close(process);
            rc = -ESRCH;
        }
    }
    closedir(proc);
    return rc;
}
