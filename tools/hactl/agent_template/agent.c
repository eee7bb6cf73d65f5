/*
 * ocf:@PROVIDER@:@NAME@: keeps one program running.
 *
 * Made by `hactl agent new`. It works as it is: `make check` starts, stops and breaks it. Put in its place what your service
 * needs; the contract is in <halyard/agent.h>.
 */
#define _GNU_SOURCE
#include <halyard/agent.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 512, POLL_MS = 10, KILL_BEFORE_MS = 2000 };

/* ---- which process it is: its pid and when it began, so that another one with the same pid is not taken for it */

static void pid_path(const struct halyard_host *host, const struct halyard_op *op, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/pid", host->state_dir(op));
}

/* In ticks since the host began, as proc(5) has it. 0: no such process, or one that has ended and waits for its parent. */
static unsigned long long began(int pid)
{
    char path[64], state = 'Z';
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int found =
        fscanf(file, "%*d (%*[^)]) %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
               &state, &ticks);
    fclose(file);
    return found == 2 && state != 'Z' && state != 'X' ? ticks : 0;
}

/* 0: it does not run. */
static int running(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_SIZE];
    int pid = 0;
    unsigned long long ticks = 0;
    pid_path(host, op, path);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%d %llu", &pid, &ticks) != 2)
        pid = 0;
    fclose(file);
    return pid > 0 && ticks != 0 && ticks == began(pid) ? pid : 0;
}

/* Written whole, or not at all: a start may be killed at any moment. */
static int remember(const struct halyard_host *host, const struct halyard_op *op, int pid)
{
    char path[PATH_SIZE], other[PATH_SIZE + 8];
    pid_path(host, op, path);
    snprintf(other, sizeof other, "%s.new", path);
    FILE *file = fopen(other, "we");
    if (!file)
        return -errno;
    int good = fprintf(file, "%d %llu\n", pid, began(pid)) > 0;
    good = fclose(file) == 0 && good;
    return good && rename(other, path) == 0 ? 0 : -errno;
}

/* ---- the operations */

/* The program, told that it may begin once it is known who it is: so nothing ever runs that stop would not find. */
static _Noreturn void be_program(const struct halyard_host *host, const struct halyard_op *op, int go)
{
    char byte;
    if (read(go, &byte, 1) != 1)
        _exit(1);
    setsid();
    execl("/bin/sh", "sh", "-c", host->get(op, "command"), (char *)NULL);
    _exit(127);
}

static enum halyard_rc start(const struct halyard_host *host, const struct halyard_op *op)
{
    int go[2];
    if (running(host, op))
        return HALYARD_OK;
    if (pipe2(go, O_CLOEXEC)) {
        host->reason(op, "pipe: %s", strerror(errno));
        return HALYARD_ERR_GENERIC;
    }
    int pid = fork();
    if (pid == 0) {
        close(go[1]);
        be_program(host, op, go[0]);
    }
    int rc = pid < 0 ? -errno : remember(host, op, pid);
    if (!rc && write(go[1], "", 1) != 1)
        rc = -errno;
    close(go[0]);
    close(go[1]);
    if (rc) {
        host->reason(op, "the program cannot be started: %s", strerror(-rc));
        return HALYARD_ERR_GENERIC;
    }
    /* Here: wait until it serves, not only runs. */
    return HALYARD_OK;
}

static enum halyard_rc stop(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_SIZE];
    int number = SIGTERM;
    for (int pid; (pid = running(host, op)) != 0;) {
        if (host->ms_left(op) < KILL_BEFORE_MS)
            number = SIGKILL; /* it was asked, and had its time */
        if (kill(-pid, number) && kill(pid, number) && errno != ESRCH) {
            host->reason(op, "process %d cannot be ended: %s", pid, strerror(errno));
            return HALYARD_ERR_GENERIC;
        }
        poll(NULL, 0, POLL_MS);
    }
    pid_path(host, op, path);
    if (unlink(path) && errno != ENOENT) {
        host->reason(op, "%s cannot be removed: %s", path, strerror(errno));
        return HALYARD_ERR_GENERIC;
    }
    return HALYARD_OK;
}

static enum halyard_rc monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_SIZE];
    if (running(host, op))
        return HALYARD_OK; /* Here: ask whether it serves */
    pid_path(host, op, path);
    if (access(path, F_OK))
        return HALYARD_NOT_RUNNING;
    host->reason(op, "the program has ended, and was not stopped");
    return HALYARD_ERR_GENERIC;
}

/* Waits for the end of the process: the failure is seen when it happens, not at the next monitor. */
static enum halyard_rc watch(const struct halyard_host *host, const struct halyard_op *op)
{
    int pid = running(host, op);
    int fd = pid ? pidfd_open(pid, 0) : -1;
    if (fd < 0) {
        host->reason(op, "there is no process to watch");
        return HALYARD_ERR_GENERIC;
    }
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    while (poll(&ended, 1, -1) < 0 && errno == EINTR)
        continue;
    close(fd);
    host->changed(op, "the program has ended");
    poll(NULL, 0, -1); /* until it is ended: what comes now is not this watch's */
    return HALYARD_OK;
}

/* ---- what it is */

static const struct halyard_param params[] = {
    {.name = "command",
     .type = HALYARD_STRING,
     .flags = HALYARD_REQUIRED,
     .brief = "what is run, as the shell reads it; it must stay in the foreground"},
    {0},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "ocf",
    .provider = "@PROVIDER@",
    .type = "@NAME@",
    .version = "0.1",
    .brief = "a program that is kept running",
    .params = params,
    .start_ms = 20000,
    .stop_ms = 20000,
    .monitor_ms = 20000,
    .interval_ms = 10000,
    .start = start,
    .stop = stop,
    .monitor = monitor,
    .watch = watch,
};
