/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lsb:NAME: an init script, as the Linux Standard Base describes it ("Linux Standard Base Core Specification", chapter
 * "System Initialization", "Init Script Actions"). Exit codes are read as Pacemaker reads them ("Pacemaker
 * Administration", "LSB Resource Agents").
 */
#include "halyard/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define DEFAULT_FOLDER "/etc/init.d"

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

struct script {
    const struct halyard_host *host;
    const struct halyard_op *op;
    char path[PATH_MAX];
};

/* A node on which the script is not there at all: stop has nothing to do when start found nothing to start. The file says
 * that it was start that found so, because a script that is gone while its service runs is another matter. */
static bool mark_path(const struct script *script, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/never-started", script->host->state_dir(script->op));
    return size > 0 && size < PATH_MAX;
}

static void mark_never_started(const struct script *script)
{
    char path[PATH_MAX];
    int fd = mark_path(script, path) ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0)
        close(fd);
}

static void unmark_never_started(const struct script *script)
{
    char path[PATH_MAX];
    if (mark_path(script, path))
        (void)unlink(path);
}

static bool was_never_started(const struct script *script)
{
    char path[PATH_MAX];
    return mark_path(script, path) && access(path, F_OK) == 0;
}

static enum halyard_rc name_script(const struct halyard_host *host, const struct halyard_op *op, struct script *script)
{
    const char *name = host->type(op);
    const char *folder = host->meta(op, "lsb_folder");
    *script = (struct script){.host = host, .op = op};
    if (!name || !*name || name[0] == '.' || strchr(name, '/')) {
        host->reason(op, "lsb:%s is not the name of a script: that is a file's name, without a folder",
                     name ? name : "");
        return HALYARD_ERR_CONFIGURED;
    }
    if (!folder || !*folder)
        folder = DEFAULT_FOLDER;
    int size = snprintf(script->path, sizeof script->path, "%s/%s", folder, name);
    if (size > 0 && (size_t)size < sizeof script->path)
        return HALYARD_OK;
    host->reason(op, "lsb:%s: the name is too long", name);
    return HALYARD_ERR_CONFIGURED;
}

static enum halyard_rc check_script(const struct script *script)
{
    struct stat info;
    const struct halyard_host *host = script->host;
    if (stat(script->path, &info) < 0) {
        if (errno == EACCES) {
            host->reason(script->op, "%s may not be looked at: %s", script->path, strerror(errno));
            return HALYARD_ERR_PERM;
        }
        host->reason(script->op, "there is no script %s: %s", script->path, strerror(errno));
        return HALYARD_ERR_INSTALLED;
    }
    if (!S_ISREG(info.st_mode)) {
        host->reason(script->op, "%s is not a regular file", script->path);
        return HALYARD_ERR_INSTALLED;
    }
    if (access(script->path, X_OK) < 0) {
        host->reason(script->op, "%s is not executable: chmod 755 %s", script->path, script->path);
        return HALYARD_ERR_INSTALLED;
    }
    return HALYARD_OK;
}

static enum halyard_rc find_script(const struct halyard_host *host, const struct halyard_op *op, struct script *script)
{
    enum halyard_rc answer = name_script(host, op, script);
    return answer == HALYARD_OK ? check_script(script) : answer;
}

/* The exit status, or -errno. A script without "#!" is one for the shell: what execvp(3) does as well. */
static int call(const struct script *script, const char *action)
{
    const char *const argv[] = {script->path, action, NULL};
    int rc = script->host->run(script->op, argv);
    if (rc != -ENOEXEC)
        return rc;
    const char *const shell[] = {"/bin/sh", script->path, action, NULL};
    return script->host->run(script->op, shell);
}

static enum halyard_rc not_run(const struct script *script, const char *action, int rc)
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
static enum halyard_rc read_action(const struct script *script, const char *action, int status)
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

static enum halyard_rc read_status(const struct script *script, int status)
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

static enum halyard_rc ask_status(const struct script *script)
{
    int rc = call(script, "status");
    return rc < 0 ? not_run(script, "status", rc) : read_status(script, rc);
}

static enum halyard_rc lsb_monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    struct script script;
    enum halyard_rc answer = find_script(host, op, &script);
    return answer == HALYARD_OK ? ask_status(&script) : answer;
}

static enum halyard_rc lsb_start(const struct halyard_host *host, const struct halyard_op *op)
{
    struct script script;
    enum halyard_rc answer = find_script(host, op, &script);
    if (answer == HALYARD_ERR_INSTALLED)
        mark_never_started(&script);
    if (answer != HALYARD_OK)
        return answer;
    unmark_never_started(&script);
    int rc = call(&script, "start");
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
    struct script script;
    enum halyard_rc answer = name_script(host, op, &script);
    if (answer != HALYARD_OK)
        return HALYARD_OK; /* such a name has never started anything */
    answer = check_script(&script);
    if (answer == HALYARD_ERR_INSTALLED && was_never_started(&script))
        return HALYARD_OK;
    if (answer == HALYARD_ERR_INSTALLED) {
        host->reason(op, "there is no script %s to run any more: its service may still run, and cannot be stopped",
                     script.path);
        return answer;
    }
    if (answer != HALYARD_OK)
        return answer;
    int rc = call(&script, "stop");
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
    struct script script;
    return find_script(host, op, &script);
}

static const struct halyard_param params[] = {{.name = NULL}};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "lsb",
    .type = "*",
    .version = "1.0",
    .brief = "an init script: lsb:NAME is /etc/init.d/NAME",
    .doc =
        "The script must keep to the LSB: start when it runs and stop when it is stopped end with 0; status ends with "
        "0 "
        "when the program runs and with 3 when it does not (1, 2: it has died, read as not running as well). A stop "
        "that "
        "ends with 7 (not running) counts as stopped. When the script itself is gone, stop fails: what it started may "
        "still run.",
    .params = params,
    .start_ms = 20000,
    .stop_ms = 20000,
    .monitor_ms = 20000,
    .interval_ms = 15000,
    .start = lsb_start,
    .stop = lsb_stop,
    .monitor = lsb_monitor,
    .validate = lsb_validate,
};
