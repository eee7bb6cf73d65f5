/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsb:NAME: an init script, as the Linux Standard Base describes it ("Linux Standard Base Core Specification", chapter
 * "System Initialization", "Init Script Actions"). Exit codes are read as Pacemaker reads them ("Pacemaker
 * Administration", "LSB Resource Agents").
 */
#include "halyard/agent.h"
#include "pidfile.h"
#include "script.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* What status may end with. The two from the range for applications are what Pacemaker gives them. */
enum {
    STATUS_RUNNING = 0,
    STATUS_DEAD_PID_FILE = 1,
    STATUS_DEAD_LOCK_FILE = 2,
    STATUS_NOT_RUNNING = 3,
    STATUS_UNKNOWN = 4,
    STATUS_NOT_INSTALLED = 150,
    STATUS_NO_PERMISSION = 151
};

/* A node on which the script is not there at all: stop has nothing to do when start found nothing to start. The file says
 * that it was start that found so, because a script that is gone while its service runs is another matter. */
static bool mark_path(const struct lsb_script *script, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/never-started", script->host->state_dir(script->op));
    return size > 0 && size < PATH_MAX;
}

static void mark_never_started(const struct lsb_script *script)
{
    char path[PATH_MAX];
    int fd = mark_path(script, path) ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0)
        close(fd);
}

static void unmark_never_started(const struct lsb_script *script)
{
    char path[PATH_MAX];
    if (mark_path(script, path))
        (void)unlink(path);
}

static bool was_never_started(const struct lsb_script *script)
{
    char path[PATH_MAX];
    return mark_path(script, path) && access(path, F_OK) == 0;
}

static enum halyard_rc not_run(const struct lsb_script *script, const char *action, int rc)
{
    const struct halyard_host *host = script->host;
    switch (rc) {
    case -ENOENT:
        host->reason(script->op, "%s cannot be run: its interpreter, in the first line, is not on this host",
                     script->path);
        return HALYARD_ERR_INSTALLED;
    case -EACCES:
    case -EPERM:
        host->reason(script->op, "%s %s is not allowed: %s", script->path, action, strerror(-rc));
        return HALYARD_ERR_PERM;
    case -ETIMEDOUT:
        host->reason(script->op, "%s %s did not end in time", script->path, action);
        return HALYARD_ERR_GENERIC;
    case -EINTR:
        host->reason(script->op, "%s %s was killed", script->path, action);
        return HALYARD_ERR_GENERIC;
    default:
        host->reason(script->op, "%s %s did not end by itself: %s", script->path, action, strerror(-rc));
        return HALYARD_ERR_GENERIC;
    }
}

/* All actions but status: the LSB's first seven codes are OCF's. */
static enum halyard_rc read_action(const struct lsb_script *script, const char *action, int status)
{
    static const char *const meanings[] = {
        NULL,
        "it failed, and does not say how",
        "it was given arguments it does not take",
        "it does not know this action",
        "it lacks privileges",
        "the program is not installed",
        "the program is not configured",
        "the program is not running",
    };
    if (status == 0)
        return HALYARD_OK;
    if (status <= HALYARD_NOT_RUNNING) {
        script->host->reason(script->op, "%s %s ended with status %d: %s", script->path, action, status,
                             meanings[status]);
        return (enum halyard_rc)status;
    }
    script->host->reason(script->op, "%s %s ended with status %d", script->path, action, status);
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc read_status(const struct lsb_script *script, int status)
{
    static const char *const dead[] = {NULL, "it is dead, and its pid file is left",
                                       "it is dead, and its lock file is left", "it is not running"};
    const struct halyard_host *host = script->host;
    switch (status) {
    case STATUS_RUNNING:
        return HALYARD_OK;
    case STATUS_DEAD_PID_FILE:
    case STATUS_DEAD_LOCK_FILE:
    case STATUS_NOT_RUNNING:
        host->reason(script->op, "%s status ended with %d: %s", script->path, status, dead[status]);
        return HALYARD_NOT_RUNNING;
    case STATUS_UNKNOWN:
        host->reason(script->op, "%s status ended with 4: it does not know whether the program runs", script->path);
        return HALYARD_ERR_GENERIC;
    case STATUS_NOT_INSTALLED:
        host->reason(script->op, "%s status ended with 150: the program is not installed", script->path);
        return HALYARD_ERR_INSTALLED;
    case STATUS_NO_PERMISSION:
        host->reason(script->op, "%s status ended with 151: it lacks privileges", script->path);
        return HALYARD_ERR_PERM;
    default:
        host->reason(script->op,
                     "%s status ended with %d, which says nothing about the program: 0 is running, 3 is not",
                     script->path, status);
        return HALYARD_ERR_GENERIC;
    }
}

static enum halyard_rc ask_status(const struct lsb_script *script)
{
    int rc = lsb_script_call(script, "status");
    return rc < 0 ? not_run(script, "status", rc) : read_status(script, rc);
}

static enum halyard_rc lsb_monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    struct lsb_script script;
    enum halyard_rc answer = lsb_script_find(host, op, &script);
    return answer == HALYARD_OK ? ask_status(&script) : answer;
}

/* What is not the full name of a file would be looked for in vain, and nobody would notice. */
static enum halyard_rc check_params(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *pidfile = host->get(op, "pidfile");
    if (!pidfile || lsb_pidfile_is_path(pidfile))
        return HALYARD_OK;
    host->reason(op, "pidfile=\"%s\": not the full name of a file, like /run/%s.pid", pidfile, host->type(op));
    return HALYARD_ERR_CONFIGURED;
}

static enum halyard_rc lsb_start(const struct halyard_host *host, const struct halyard_op *op)
{
    struct lsb_script script;
    enum halyard_rc answer = lsb_script_find(host, op, &script);
    if (answer == HALYARD_OK)
        answer = check_params(host, op);
    if (answer == HALYARD_ERR_INSTALLED)
        mark_never_started(&script);
    if (answer != HALYARD_OK)
        return answer;
    unmark_never_started(&script);
    int rc = lsb_script_call(&script, "start");
    if (rc < 0)
        return not_run(&script, "start", rc);
    answer = read_action(&script, "start", rc);
    if (answer != HALYARD_OK)
        return answer;
    /* A start that only claims to have worked would be found out by the next monitor; say so now. What status cannot
     * tell (4 and above) does not count against it: many scripts know no status at all. */
    if (ask_status(&script) != HALYARD_NOT_RUNNING) {
        host->reason(op, "%s", "");
        return HALYARD_OK;
    }
    host->reason(op, "%s start ended with 0, but status says at once that the program is not running", script.path);
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc lsb_stop(const struct halyard_host *host, const struct halyard_op *op)
{
    struct lsb_script script;
    enum halyard_rc answer = lsb_script_name(host, op, &script);
    if (answer != HALYARD_OK)
        return HALYARD_OK; /* such a name has never started anything */
    answer = lsb_script_check(&script);
    if (answer == HALYARD_ERR_INSTALLED && was_never_started(&script))
        return HALYARD_OK;
    if (answer == HALYARD_ERR_INSTALLED) {
        host->reason(op, "there is no script %s to run any more: its service may still run, and cannot be stopped",
                     script.path);
        return answer;
    }
    if (answer != HALYARD_OK)
        return answer;
    int rc = lsb_script_call(&script, "stop");
    if (rc < 0)
        return not_run(&script, "stop", rc);
    if (rc == HALYARD_NOT_RUNNING) {
        host->log(op, LOG_NOTICE, "%s stop ended with 7, not running: taken as stopped, though the LSB asks for 0",
                  script.path);
        return HALYARD_OK;
    }
    return read_action(&script, "stop", rc);
}

static enum halyard_rc lsb_validate(const struct halyard_host *host, const struct halyard_op *op)
{
    struct lsb_script script;
    enum halyard_rc answer = lsb_script_find(host, op, &script);
    return answer == HALYARD_OK ? check_params(host, op) : answer;
}

static const struct halyard_param params[] = {
    {.name = "pidfile",
     .type = HALYARD_STRING,
     .brief = "the file that names the service's main process, if it cannot be found",
     .doc =
         "The end of the main process is seen when it happens, whatever the interval of the monitor. It is found by "
         "the "
         "script's \"# pidfile:\" comment, by what the script assigns to PIDFILE (or another variable that ends so), "
         "in "
         "/run/NAME.pid and /run/NAME/NAME.pid, or by what its status prints. Set this only where all of that fails: "
         "the class lsb of Pacemaker has no parameters, and a change of it restarts the service."},
    {.name = NULL},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "lsb",
    .type = "*",
    .version = "1.1",
    .brief = "an init script: lsb:NAME is /etc/init.d/NAME",
    .doc =
        "The script must keep to the LSB: start when it runs and stop when it is stopped end with 0; status ends with "
        "0 "
        "when the program runs and with 3 when it does not (1, 2: it has died, read as not running as well). A stop "
        "that "
        "ends with 7 (not running) counts as stopped. When the script itself is gone, stop fails: what it started may "
        "still run. The service's main process is watched where it is known (see pidfile): its end is followed by a "
        "monitor at once.",
    .params = params,
    .start_ms = 20000,
    .stop_ms = 20000,
    .monitor_ms = 20000,
    .interval_ms = 15000,
    .start = lsb_start,
    .stop = lsb_stop,
    .monitor = lsb_monitor,
    .validate = lsb_validate,
    .watch = lsb_watch,
};
