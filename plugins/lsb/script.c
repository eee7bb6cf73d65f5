/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_FOLDER "/etc/init.d"

enum halyard_rc lsb_script_name(const struct halyard_host *host, const struct halyard_op *op, struct lsb_script *script)
{
    const char *name = host->type(op);
    const char *folder = host->meta(op, "lsb_folder");
    *script = (struct lsb_script){.host = host, .op = op};
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

enum halyard_rc lsb_script_check(const struct lsb_script *script)
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

enum halyard_rc lsb_script_find(const struct halyard_host *host, const struct halyard_op *op, struct lsb_script *script)
{
    enum halyard_rc answer = lsb_script_name(host, op, script);
    return answer == HALYARD_OK ? lsb_script_check(script) : answer;
}

/* A script without "#!" is one for the shell: what execvp(3) does as well. */
int lsb_script_call(const struct lsb_script *script, const char *action)
{
    const char *const argv[] = {script->path, action, NULL};
    const char *const shell[] = {"/bin/sh", script->path, action, NULL};
    int rc = script->host->run(script->op, argv);
    return rc == -ENOEXEC ? script->host->run(script->op, shell) : rc;
}

int lsb_script_capture(const struct lsb_script *script, const char *action, char *out, uint32_t size)
{
    const char *const argv[] = {script->path, action, NULL};
    const char *const shell[] = {"/bin/sh", script->path, action, NULL};
    int rc = script->host->capture(script->op, argv, out, size);
    return rc == -ENOEXEC ? script->host->capture(script->op, shell, out, size) : rc;
}
