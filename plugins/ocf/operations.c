/* SPDX-License-Identifier: Apache-2.0 */
#include "environment.h"
#include "script.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

extern char **environ;

static bool is_answer(int status)
{
    return (status >= HALYARD_OK && status <= HALYARD_FAILED_PROMOTED) || status == HALYARD_DEGRADED ||
           status == HALYARD_DEGRADED_PROMOTED;
}

/* The script was not run to its end. */
static enum halyard_rc judge_failure(const struct halyard_host *host, const struct halyard_op *op, const char *path,
                                     const char *action, int rc)
{
    if (rc == -ENOENT || rc == -ENOEXEC) {
        host->reason(op, "%s cannot be run: its first line names no interpreter that is on this host", path);
        return HALYARD_ERR_INSTALLED;
    }
    if (rc == -EACCES || rc == -EPERM) {
        host->reason(op, "%s may not be run: %s", path, strerror(-rc));
        return HALYARD_ERR_PERM;
    }
    host->reason(op, "%s %s: %s", path, action,
                 rc == -ETIMEDOUT ? "did not end in time"
                 : rc == -EINTR   ? "was killed by a signal"
                                  : strerror(-rc));
    return HALYARD_ERR_GENERIC;
}

/* Whatever else is wrong with it, it is run: that is its owner's choice, and the log says so. */
static void warn(const struct halyard_host *host, const struct halyard_op *op, const struct ocf_agent *agent)
{
    const struct ocf_script *script = &agent->script;
    if (agent->meta.problem)
        host->log(op, LOG_WARNING, "%s: %s; so none of its parameters is known, and it is never reloaded", script->path,
                  agent->meta.problem);
    if (script->file.st_uid != 0 || script->file.st_mode & (S_IWGRP | S_IWOTH))
        host->log(op, LOG_WARNING, "%s may be written by others than root, and is run as root", script->path);
}

/* Where most scripts keep what they must know until a reboot; they take it for granted (in Debian systemd-tmpfiles makes it at
 * boot, if it runs). */
static void make_state_folder(void)
{
    (void)mkdir("/run/resource-agents", 01755);
}

static enum halyard_rc call(const struct halyard_host *host, const struct halyard_op *op, const char *action)
{
    const struct ocf_agent *agent = ocf_agent();
    if (!agent) {
        host->reason(op, "the agent was not found before it was called");
        return HALYARD_ERR_GENERIC;
    }
    const char *path = agent->script.path;
    const char *const argv[] = {path, action, NULL};
    if (strcmp(action, "start") == 0)
        warn(host, op, agent);
    make_state_folder();
    char **own = environ;
    environ = ocf_environment(host, op, agent, action);
    int rc = host->run(op, argv);
    ocf_environment_free(environ);
    environ = own;
    if (rc < 0)
        return judge_failure(host, op, path, action, rc);
    if (is_answer(rc))
        return (enum halyard_rc)rc;
    host->reason(op, "%s %s ended with status %d, which is no answer of the OCF API", path, action, rc);
    return HALYARD_ERR_GENERIC;
}

enum halyard_rc ocf_start(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "start");
}

enum halyard_rc ocf_stop(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "stop");
}

enum halyard_rc ocf_monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "monitor");
}

enum halyard_rc ocf_validate(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "validate-all");
}

enum halyard_rc ocf_promote(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "promote");
}

enum halyard_rc ocf_demote(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "demote");
}

enum halyard_rc ocf_notify(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "notify");
}

enum halyard_rc ocf_reload(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, ocf_agent() && ocf_agent()->reload ? ocf_agent()->reload : "reload-agent");
}

enum halyard_rc ocf_migrate_to(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "migrate_to");
}

enum halyard_rc ocf_migrate_from(const struct halyard_host *host, const struct halyard_op *op)
{
    return call(host, op, "migrate_from");
}
