/* SPDX-License-Identifier: Apache-2.0 */
/* host->run() and host->capture(): a program's end is what is waited for, not the end of what it prints. */
#include "executor/host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct capture {
    int fd; /* -1: at its end, or none wanted */
    char *out;
    size_t room; /* without the NUL */
};

static void read_some(struct capture *capture)
{
    char bytes[4096];
    while (capture->fd >= 0) {
        ssize_t got = read(capture->fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close(capture->fd);
            capture->fd = -1;
            return;
        }
        size_t kept = (size_t)got < capture->room ? (size_t)got : capture->room;
        memcpy(capture->out, bytes, kept);
        capture->out += kept;
        capture->room -= kept;
        *capture->out = '\0';
    }
}

/* poll() takes milliseconds: rounded up, or it would be asked again and again in the last one. */
static int wait_for(const struct halyard_op *op, int pidfd, struct capture *capture)
{
    for (;;) {
        hy_time left = hy_host_left(op);
        if (left == 0)
            return -ETIMEDOUT;
        hy_time ms = left == HY_NEVER ? -1 : (left + HY_MS - 1) / HY_MS;
        struct pollfd fds[2] = {{.fd = pidfd, .events = POLLIN}, {.fd = capture->fd, .events = POLLIN}};
        if (poll(fds, 2, ms > INT32_MAX ? INT32_MAX : (int)ms) < 0 && errno != EINTR)
            return -errno;
        if (fds[1].revents || fds[0].revents)
            read_some(capture);
        if (fds[0].revents)
            return 0;
    }
}

static int collect(const struct halyard_op *op, pid_t pid, struct capture *capture)
{
    int pidfd = pidfd_open(pid, 0);
    int rc = pidfd < 0 ? -errno : wait_for(op, pidfd, capture);
    if (pidfd >= 0)
        close(pidfd);
    if (rc)
        kill(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    if (rc)
        return rc;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int spawn(const struct halyard_op *op, const char *const argv[], int output, struct capture *capture)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    /* The agent may have handled or blocked signals for itself: its programs start with none of that. */
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    pid_t pid;
    /* posix_spawn() takes char *const[] and changes nothing of it. */
    int rc = posix_spawnp(&pid, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (output >= 0)
        close(output);
    return rc ? -rc : collect(op, pid, capture);
}

int hy_program_run(const struct halyard_op *op, const char *const argv[])
{
    if (!argv || !argv[0])
        return -EINVAL;
    return spawn(op, argv, -1, &(struct capture){.fd = -1});
}

int hy_program_capture(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size)
{
    if (!argv || !argv[0] || !out || !size)
        return -EINVAL;
    *out = '\0';
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    struct capture capture = {.fd = ends[0], .out = out, .room = size - 1};
    int rc = spawn(op, argv, ends[1], &capture);
    if (capture.fd >= 0)
        close(capture.fd);
    return rc;
}
