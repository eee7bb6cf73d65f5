/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/core_process.h"

#include "base/alloc.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    SOCKET_FD = 3,
    LEASE_FD = 4,
    STOP_SECONDS = 60,
    SETTLED_SECONDS = 10,
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 5000
};

/* ---- in the child */

static _Noreturn void be_core(const struct hy_core *core, pid_t executor, int socket)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != executor)
        _exit(1);
    hy_process_reset(core->origin, false);
    /* Out of the way first: either may lie where the other one goes. */
    int link = fcntl(socket, F_DUPFD, LEASE_FD + 1);
    int lease = fcntl(core->lease_fd, F_DUPFD, LEASE_FD + 1);
    int null = open("/dev/null", O_RDONLY);
    if (link < 0 || lease < 0 || dup2(null, 0) < 0 || dup2(link, SOCKET_FD) < 0 || dup2(lease, LEASE_FD) < 0)
        _exit(EX_OSERR);
    close_range(LEASE_FD + 1, ~0u, 0);
    size_t count = 0;
    while (core->argv[count])
        count++;
    char **argv = hy_alloc_array(count + 3, sizeof *argv);
    memcpy(argv, core->argv, count * sizeof *argv);
    argv[count] = hy_asprintf("--executor-fd=%d", SOCKET_FD);
    argv[count + 1] = hy_asprintf("--lease-fd=%d", LEASE_FD);
    execvp(argv[0], argv);
    fprintf(stderr, "halyard: %s cannot be run: %s\n", argv[0], strerror(errno));
    _exit(EX_UNAVAILABLE);
}

/* ---- its end */

static void start(void *context)
{
    hy_core_start(context);
}

static void start_again(struct hy_core *core)
{
    hy_time now = hy_loop_now();
    hy_time pause = now - core->started >= SETTLED_SECONDS * HY_SECOND ? 0 : core->pause;
    hy_time next = pause ? pause * 2 : FIRST_PAUSE_MS * HY_MS;
    core->pause = next < LONGEST_PAUSE_MS * HY_MS ? next : LONGEST_PAUSE_MS * HY_MS;
    core->died(core->context);
    hy_loop_at(core->loop, &core->timer, now + pause, start, core);
}

static void describe_end(const struct hy_core *core, int status)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        hy_log_line(core->log, core->stopping ? HY_LOG_NOTICE : HY_LOG_ERROR, "the core was killed by SIG%s",
                    name ? name : "?");
    } else if (WEXITSTATUS(status)) {
        hy_error(core->log, "the core has ended with exit status %d", WEXITSTATUS(status));
    }
}

static void exit_ready(void *context)
{
    struct hy_core *core = context;
    int status = 0;
    if (waitpid(core->pid, &status, WNOHANG) != core->pid)
        return;
    int fd = core->exit.fd;
    hy_loop_unwatch(core->loop, &core->exit);
    close(fd);
    hy_loop_unset(core->loop, &core->timer);
    core->pid = 0;
    describe_end(core, status);
    bool for_good = WIFEXITED(status) && (WEXITSTATUS(status) == EX_OK || WEXITSTATUS(status) == EX_CONFIG);
    if (core->stopping || for_good)
        core->ended(core->context, WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
    else
        start_again(core);
}

static void stop_is_late(void *context)
{
    struct hy_core *core = context;
    hy_error(core->log, "the core does not end within %d s: killing it", STOP_SECONDS);
    kill(core->pid, SIGKILL);
}

void hy_core_stop(struct hy_core *core)
{
    if (core->stopping)
        return;
    core->stopping = true;
    hy_loop_unset(core->loop, &core->timer);
    if (!core->pid) {
        core->ended(core->context, EXIT_SUCCESS);
        return;
    }
    kill(core->pid, SIGTERM);
    hy_loop_at(core->loop, &core->timer, hy_loop_now() + STOP_SECONDS * HY_SECOND, stop_is_late, core);
}

void hy_core_hang_up(struct hy_core *core)
{
    if (core->pid)
        kill(core->pid, SIGHUP);
}

void hy_core_kill(struct hy_core *core)
{
    if (core->pid)
        kill(core->pid, SIGKILL);
}

/* ---- its beginning */

static int try_start(struct hy_core *core, int ends[2], struct hy_err *err)
{
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0)
        be_core(core, self, ends[1]);
    if (pid < 0)
        return hy_fail(err, errno, "cannot make the core's process: %s", strerror(errno));
    int fd = pidfd_open(pid, 0);
    int rc = fd < 0 ? -errno : hy_loop_watch(core->loop, &core->exit, fd, exit_ready, core);
    if (!rc) {
        core->pid = pid;
        return 0;
    }
    if (fd >= 0)
        close(fd);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return hy_fail(err, -rc, "cannot watch over the core: %s", strerror(-rc));
}

void hy_core_start(struct hy_core *core)
{
    int ends[2];
    struct hy_err err;
    core->started = hy_loop_now();
    int rc = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)
                 ? hy_fail(&err, errno, "no socket to the core: %s", strerror(errno))
                 : 0;
    if (!rc) {
        rc = try_start(core, ends, &err);
        close(ends[1]);
        if (rc)
            close(ends[0]);
    }
    if (rc) {
        hy_error(core->log, "%s", err.text);
        start_again(core);
        return;
    }
    core->begun(core->context, ends[0]);
}
