/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent that has every operation, for tests of what the cluster asks for and when. A resource is a file, DIR/RSC.active.
 * What is done is recorded in DIR/aware.log, a line each: milliseconds of the monotonic clock, resource, operation, and what
 * it was told. DIR/aware.deaf makes notify fail, DIR/aware.stubborn reload.
 */
#include <halyard/agent.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void path_of(const struct halyard_host *host, const struct halyard_op *op, const char *name, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/%s", host->get(op, "dir"), name);
}

static int is_there(const struct halyard_host *host, const struct halyard_op *op, const char *name)
{
    char path[512];
    path_of(host, op, name, path, sizeof path);
    return access(path, F_OK) == 0;
}

static void active_name(const struct halyard_host *host, const struct halyard_op *op, char *name, size_t size)
{
    snprintf(name, size, "%s.active", host->resource(op));
}

__attribute__((format(printf, 3, 4))) static void record(const struct halyard_host *host, const struct halyard_op *op,
                                                         const char *format, ...)
{
    char path[512], words[1024], line[1400];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    int length = snprintf(line, sizeof line, "%" PRId64 " %s %s\n", (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                          host->resource(op), words);
    path_of(host, op, "aware.log", path, sizeof path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)length) != length)
        abort();
    close(fd);
}

/* The resource's file holds its role. */
static enum halyard_rc become(const struct halyard_host *host, const struct halyard_op *op, const char *role)
{
    char name[300], path[512];
    active_name(host, op, name, sizeof name);
    path_of(host, op, name, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return HALYARD_ERR_GENERIC;
    dprintf(fd, "%s", role);
    close(fd);
    return HALYARD_OK;
}

static enum halyard_rc start(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "start speed=%s place=%s", host->get(op, "speed"), host->get(op, "place"));
    return become(host, op, "unpromoted");
}

static enum halyard_rc stop(const struct halyard_host *host, const struct halyard_op *op)
{
    char name[300], path[512];
    record(host, op, "stop speed=%s", host->get(op, "speed"));
    long long pause = host->get(op, "pause") ? atoll(host->get(op, "pause")) : 0;
    if (pause)
        nanosleep(&(struct timespec){.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000}, NULL);
    active_name(host, op, name, sizeof name);
    path_of(host, op, name, path, sizeof path);
    unlink(path);
    if (pause)
        record(host, op, "gone");
    return HALYARD_OK;
}

static enum halyard_rc monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    char name[300], path[512], role[32] = "";
    active_name(host, op, name, sizeof name);
    path_of(host, op, name, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return HALYARD_NOT_RUNNING;
    ssize_t got = read(fd, role, sizeof role - 1);
    close(fd);
    return got > 0 && strcmp(role, "promoted") == 0 ? HALYARD_RUNNING_PROMOTED : HALYARD_OK;
}

static enum halyard_rc promote(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "promote");
    return become(host, op, "promoted");
}

static enum halyard_rc demote(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "demote");
    return become(host, op, "unpromoted");
}

static const char *told(const struct halyard_host *host, const struct halyard_op *op, const char *name)
{
    const char *text = host->meta(op, name);
    return text ? text : "?";
}

static enum halyard_rc notify(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "notify %s %s start=[%s] stop=[%s] promote=[%s] demote=[%s] active=[%s] promoted=[%s]",
           told(host, op, "notify_type"), told(host, op, "notify_operation"), told(host, op, "notify_start_uname"),
           told(host, op, "notify_stop_uname"), told(host, op, "notify_promote_uname"),
           told(host, op, "notify_demote_uname"), told(host, op, "notify_active_uname"),
           told(host, op, "notify_promoted_uname"));
    if (!is_there(host, op, "aware.deaf"))
        return HALYARD_OK;
    host->reason(op, "it does not listen");
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc reload(const struct halyard_host *host, const struct halyard_op *op)
{
    record(host, op, "reload speed=%s", host->get(op, "speed"));
    if (!is_there(host, op, "aware.stubborn"))
        return HALYARD_OK;
    host->reason(op, "it stays as it is");
    return HALYARD_ERR_GENERIC;
}

static const struct halyard_param params[] = {
    {"dir", HALYARD_STRING, 0, "/run", NULL, "where it records", NULL},
    {"speed", HALYARD_INTEGER, HALYARD_RELOADABLE, "1", NULL, "can be changed while it runs", NULL},
    {"password", HALYARD_STRING, HALYARD_RELOADABLE | HALYARD_SECRET, NULL, NULL, "can, too", NULL},
    {"pause", HALYARD_DURATION, HALYARD_RELOADABLE, NULL, NULL,
     "how long a stop takes; when it is over, \"gone\" is recorded", NULL},
    {"place", HALYARD_STRING, 0, "here", NULL, "cannot", NULL},
    {0},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "ocf",
    .provider = "test",
    .type = "aware",
    .version = "1.0",
    .brief = "a file that is there or not, and a record of what was asked",
    .params = params,
    .start = start,
    .stop = stop,
    .monitor = monitor,
    .promote = promote,
    .demote = demote,
    .notify = notify,
    .reload = reload,
};
