/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_MAX = 4096 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In a process group of its own, so that what hangs can be killed with all that it has started. */
static int spawn(const char *const argv[], int output, pid_t *pid)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C";
    char *const environment[] = {path, lang, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    /* posix_spawn() takes char *const[] and changes nothing of it. */
    int rc = posix_spawn(pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -rc;
}

/* 0: it has ended. */
static int wait_for(pid_t pid, int timeout_ms)
{
    int64_t end = now_ms() + timeout_ms;
    int pidfd = pidfd_open(pid, 0);
    int rc = pidfd < 0 ? -errno : -ETIMEDOUT;
    for (int64_t left = timeout_ms; rc == -ETIMEDOUT && left > 0; left = end - now_ms()) {
        struct pollfd ended = {.fd = pidfd, .events = POLLIN};
        int ready = poll(&ended, 1, (int)left);
        if (ready < 0 && errno != EINTR)
            rc = -errno;
        else if (ready > 0)
            rc = 0;
    }
    if (pidfd >= 0)
        close(pidfd);
    return rc;
}

static int collect(pid_t pid, int timeout_ms)
{
    int rc = wait_for(pid, timeout_ms);
    if (rc)
        kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (rc)
        return rc;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* A file, not a pipe: what stays in the background holds a pipe open. */
void hactl_script_run(const char *const argv[], int timeout_ms, struct hactl_script_run *run)
{
    int64_t began = now_ms();
    *run = (struct hactl_script_run){0};
    int output = memfd_create("output", MFD_CLOEXEC);
    if (output < 0) {
        run->rc = -errno;
        return;
    }
    pid_t pid;
    run->rc = spawn(argv, output, &pid);
    if (!run->rc)
        run->rc = collect(pid, timeout_ms);
    run->ms = (int)(now_ms() - began);
    char bytes[OUTPUT_MAX];
    ssize_t got = pread(output, bytes, sizeof bytes, 0);
    if (got > 0)
        hy_buf_add(&run->output, bytes, (size_t)got);
    close(output);
}
