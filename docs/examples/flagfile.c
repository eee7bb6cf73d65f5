/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest agent that does something: the resource is a file, which is there (running) or not (stopped). */
#include <halyard/agent.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static enum halyard_rc monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    return access(host->get(op, "path"), F_OK) == 0 ? HALYARD_OK : HALYARD_NOT_RUNNING;
}

static enum halyard_rc start(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *path = host->get(op, "path");
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) {
        host->reason(op, "%s cannot be made: %s", path, strerror(errno));
        return HALYARD_ERR_GENERIC;
    }
    close(fd);
    return HALYARD_OK;
}

static enum halyard_rc stop(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *path = host->get(op, "path");
    if (unlink(path) == 0 || errno == ENOENT)
        return HALYARD_OK;
    host->reason(op, "%s cannot be removed: %s", path, strerror(errno));
    return HALYARD_ERR_GENERIC;
}

/* Blocks until the file goes, and tells; the monitor decides what that means. SIGTERM ends it. */
static enum halyard_rc watch(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *path = host->get(op, "path");
    char events[4096];
    int fd = inotify_init1(IN_CLOEXEC);
    /* The file first, then the look at it: what happens in between is an event, and not missed. */
    while (fd >= 0 && inotify_add_watch(fd, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) >= 0) {
        if (read(fd, events, sizeof events) < 0)
            break;
        if (access(path, F_OK) < 0)
            host->changed(op, "the file has gone");
    }
    host->reason(op, "%s cannot be watched: %s", path, strerror(errno));
    return HALYARD_ERR_GENERIC;
}

static const struct halyard_param params[] = {
    {.name = "path",
     .type = HALYARD_STRING,
     .flags = HALYARD_REQUIRED | HALYARD_UNIQUE,
     .brief = "the file's full name"},
    {0},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "ocf",
    .provider = "example",
    .type = "flagfile",
    .version = "1.0",
    .brief = "a file that is there or not",
    .params = params,
    .start_ms = 5000,
    .stop_ms = 5000,
    .monitor_ms = 5000,
    .interval_ms = 10000,
    .start = start,
    .stop = stop,
    .monitor = monitor,
    .watch = watch,
};
