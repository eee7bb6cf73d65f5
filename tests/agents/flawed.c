/* SPDX-License-Identifier: Apache-2.0 */
/* An agent with one flaw of those that agents have; what it manages is a file. Parameter `how` names the flaw. */
#include <halyard/agent.h>

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is(const struct halyard_host *host, const struct halyard_op *op, const char *how)
{
    return strcmp(host->get(op, "how"), how) == 0;
}

static int is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static enum halyard_rc make(const struct halyard_host *host, const struct halyard_op *op, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
    if (fd < 0)
        host->reason(op, "%s cannot be made", path);
    return fd < 0 ? HALYARD_ERR_GENERIC : HALYARD_OK;
}

/* In the background, for longer than anybody looks. */
static void litter(void)
{
    if (fork() == 0) {
        setsid();
        close(0);
        close(1);
        close(2);
        sleep(600);
        _exit(0);
    }
}

static enum halyard_rc start(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *path = host->get(op, "path");
    if (is(host, op, "mute"))
        return HALYARD_ERR_GENERIC;
    if (is(host, op, "early"))
        return HALYARD_OK;
    if (is_there(path) && is(host, op, "restart")) {
        host->reason(op, "it runs already");
        return HALYARD_ERR_GENERIC;
    }
    if (is(host, op, "litter") && !is_there(path))
        litter();
    if (is(host, op, "halfway")) {
        mkdir(host->get(op, "half"), 0700);
        usleep(100000);
        rmdir(host->get(op, "half"));
    }
    return make(host, op, path);
}

static enum halyard_rc stop(const struct halyard_host *host, const struct halyard_op *op)
{
    if (is(host, op, "halfway") && is_there(host->get(op, "half"))) {
        host->reason(op, "%s is there", host->get(op, "half"));
        return HALYARD_ERR_GENERIC;
    }
    if (unlink(host->get(op, "path")) && is(host, op, "restop")) {
        host->reason(op, "it does not run");
        return HALYARD_ERR_GENERIC;
    }
    return HALYARD_OK;
}

static enum halyard_rc monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    if (is_there(host->get(op, "path")))
        return HALYARD_OK;
    if (is(host, op, "probe")) {
        host->reason(op, "it does not run");
        return HALYARD_ERR_GENERIC;
    }
    return HALYARD_NOT_RUNNING;
}

static enum halyard_rc watch(const struct halyard_host *host, const struct halyard_op *op)
{
    if (is(host, op, "leaky"))
        while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
            usleep(1000);
    poll(NULL, 0, -1);
    return HALYARD_OK;
}

static const struct halyard_param params[] = {
    {"path", HALYARD_STRING, HALYARD_REQUIRED | HALYARD_UNIQUE, NULL, NULL, "the file", NULL},
    {"half", HALYARD_STRING, 0, "/nowhere", NULL, "a folder, of a start that is under way", NULL},
    {"how", HALYARD_CHOICE, HALYARD_REQUIRED, NULL, "mute|early|restart|restop|probe|litter|halfway|leaky", "the flaw",
     NULL},
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
    .type = "flawed",
    .version = "1",
    .params = params,
    .start = start,
    .stop = stop,
    .monitor = monitor,
    .watch = watch,
};
