/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent that behaves. A resource is a file, DIR/RSC.active; what is done is recorded in DIR/log, a line at the beginning
 * and one at the end of each operation, so that a test can see what ran beside what. DIR/RSC.sick makes the monitor fail
 * with its text; DIR/RSC.poke makes the watch call changed(); with DIR/RSC.tell the
 * monitor says what it sees of the lease. Compiled with TYPE="fast" it lets go fast; with
 * LATE, an operation's process stops itself (SIGSTOP) after it has loaded the agent and before it calls it.
 */
#include <halyard/agent.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef TYPE
#define TYPE "good"
#define CAPS 0
#endif

#ifdef LATE
#include <signal.h>
#include <sys/prctl.h>

__attribute__((constructor)) static void stop_before_the_call(void)
{
    char name[16] = "";
    if (prctl(PR_GET_NAME, name) == 0 && strcmp(name, "halyard-op") == 0)
        raise(SIGSTOP);
}
#endif

static void path_of(const struct halyard_host *host, const struct halyard_op *op, const char *suffix, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/%s.%s", host->get(op, "dir"), host->resource(op), suffix);
}

static int is_there(const struct halyard_host *host, const struct halyard_op *op, const char *suffix)
{
    char path[512];
    path_of(host, op, suffix, path, sizeof path);
    return access(path, F_OK) == 0;
}

static void record(const struct halyard_host *host, const struct halyard_op *op, const char *what, const char *when)
{
    char path[512], line[256];
    snprintf(path, sizeof path, "%s/log", host->get(op, "dir"));
    int length = snprintf(line, sizeof line, "%s %s %s\n", host->resource(op), what, when);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

static void pause_ms(const char *ms)
{
    long long number = ms ? atoll(ms) : 0;
    nanosleep(&(struct timespec){.tv_sec = number / 1000, .tv_nsec = number % 1000 * 1000000}, NULL);
}

static enum halyard_rc start(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "start", "begin");
    pause_ms(host->get(op, "delay"));
    char path[512];
    path_of(host, op, "active", path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return HALYARD_ERR_GENERIC;
    dprintf(fd, "%s", host->get(op, "word"));
    close(fd);
    record(host, op, "start", "end");
    return HALYARD_OK;
}

static enum halyard_rc stop(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "stop", "begin");
    if (is_there(host, op, "stuck")) {
        host->reason(op, "first");
        host->reason(op, "stuck at %s", "the last");
        return HALYARD_ERR_GENERIC;
    }
    while (is_there(host, op, "slow"))
        pause_ms("5");
    char path[512];
    path_of(host, op, "active", path, sizeof path);
    unlink(path);
    record(host, op, "stop", host->get(op, "word"));
    return HALYARD_OK;
}

static enum halyard_rc tell_lease(const struct halyard_host *host, const struct halyard_op *op)
{
    int map = host->lease_map(op);
    if (map < 0) {
        host->reason(op, "no map: %s", strerror(-map));
        return HALYARD_OK;
    }
    const struct halyard_lease *lease = mmap(NULL, sizeof *lease, PROT_READ, MAP_SHARED, map, 0);
    if (lease == MAP_FAILED) {
        host->reason(op, "descriptor %d: %s", map, strerror(errno));
        return HALYARD_ERR_GENERIC;
    }
    host->reason(op, "%s, deadline %" PRId64 ", since %" PRIu32,
                 fcntl(map, F_GETFD) == FD_CLOEXEC ? "closed on exec" : "handed on", lease->deadline, lease->since);
    return lease->magic == HALYARD_LEASE_MAGIC && lease->version == HALYARD_LEASE_VERSION ? HALYARD_OK
                                                                                          : HALYARD_ERR_GENERIC;
}

static enum halyard_rc monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "monitor", "begin");
    pause_ms(host->get(op, "monitor_delay"));
    record(host, op, "monitor", "end");
    if (is_there(host, op, "sick")) {
        char path[512], text[100] = "";
        path_of(host, op, "sick", path, sizeof path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
            abort();
        close(fd);
        host->reason(op, "%s", text);
        printf("output of a sick monitor\n");
        fflush(stdout);
        return HALYARD_ERR_GENERIC;
    }
    if (is_there(host, op, "tell"))
        return tell_lease(host, op);
    return is_there(host, op, "active") ? HALYARD_OK : HALYARD_NOT_RUNNING;
}

static enum halyard_rc watch(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *managed = host->meta(op, "managed");
    record(host, op, "watch", "begin");
    if (managed && strcmp(managed, "false") == 0)
        record(host, op, "watch", "unmanaged");
    if (is_there(host, op, "watchless"))
        return HALYARD_ERR_GENERIC;
    for (;;) {
        pause_ms("10");
        char path[512];
        path_of(host, op, "poke", path, sizeof path);
        if (unlink(path) == 0)
            host->changed(op, "poked");
    }
}

static enum halyard_rc promote(const struct halyard_host *host, const struct halyard_op *op)
{
    char out[16], line[400];
    const char *const echo[] = {"sh", "-c", "echo 0123456789abcdefghij; sleep 300 & exit 3", NULL};
    const char *const none[] = {"/nonexistent/program", NULL};
    const char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
    int status = host->capture(op, echo, out, sizeof out);
    struct stat state;
    int state_ok = stat(host->state_dir(op), &state) == 0 && S_ISDIR(state.st_mode) && (state.st_mode & 0777) == 0700;
    snprintf(line, sizeof line, "%d %s %d %d %s %s %s %s %s %d %d %d", status, out, host->run(op, none),
             host->run(op, killed), host->type(op), host->node(op), host->meta(op, "clone_max"),
             host->meta(op, "timeout"), host->get(op, "limit"), state_ok, host->ms_left(op) > 0,
             host->get(op, "nothing") == NULL);
    host->log(op, 5, "promoting %s", host->resource(op));
    host->reason(op, "%s", line);
    return HALYARD_ERR_GENERIC;
}

static const struct halyard_param params[] = {
    {"dir", HALYARD_STRING, HALYARD_REQUIRED, NULL, NULL, "where it records", "Line one.\nLine two."},
    {"delay", HALYARD_DURATION, 0, NULL, NULL, "how long a start takes", NULL},
    {"monitor_delay", HALYARD_DURATION, 0, NULL, NULL, "how long a monitor takes", NULL},
    {"word", HALYARD_STRING, HALYARD_UNIQUE, "default", NULL, "what the stop records", NULL},
    {"limit", HALYARD_INTEGER, 0, "007", "1..65535", "a number", NULL},
    {"flag", HALYARD_BOOLEAN, 0, NULL, NULL, "yes or no", NULL},
    {"kind", HALYARD_CHOICE, 0, "a", "a|bb|c", "one of three", NULL},
    {"password", HALYARD_INTEGER, HALYARD_SECRET, NULL, NULL, "not shown", NULL},
    {0},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .caps = CAPS,
    .cls = "ocf",
    .provider = "test",
    .type = TYPE,
    .version = "1.2",
    .brief = "a file that is there or not",
    .params = params,
    .start_ms = 20000,
    .start = start,
    .stop = stop,
    .monitor = monitor,
    .promote = promote,
    .watch = watch,
};
