/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char DEFAULT_USER[] = "halyard";

int hy_identity_find(const struct hy_config *config, const struct hy_log *log, struct hy_identity *identity,
                     struct hy_err *err)
{
    *identity = (struct hy_identity){0};
    if (geteuid() != 0)
        return 0; /* started by an ordinary user: there is nothing to give up */
    const char *name = config->user ? config->user : DEFAULT_USER;
    const struct passwd *entry = getpwnam(name);
    if (!entry && config->user)
        return hy_fail(err, ENOENT, "%s: user '%s' does not exist: make it with `useradd --system %s`", config->file,
                       name, name);
    if (!entry) {
        hy_warning(log, "there is no user %s: the core stays root (make it with `useradd --system %s`)", name, name);
        return 0;
    }
    if (entry->pw_uid == 0)
        return 0;
    identity->change = true;
    identity->uid = entry->pw_uid;
    identity->gid = entry->pw_gid;
    snprintf(identity->name, sizeof identity->name, "%s", name);
    return 0;
}

static int make_parents(const char *folder, struct hy_err *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s", folder) >= (int)sizeof path)
        return hy_fail(err, ENAMETOOLONG, "folder %.100s...: name too long", folder);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) && errno != EEXIST)
            return hy_fail(err, errno, "folder %s: %s", path, strerror(errno));
        *slash = '/';
    }
    return 0;
}

int hy_identity_folder(const struct hy_identity *identity, const char *folder, struct hy_err *err)
{
    int rc = make_parents(folder, err);
    if (rc)
        return rc;
    if (mkdir(folder, 0750) && errno != EEXIST)
        return hy_fail(err, errno, "folder %s: %s", folder, strerror(errno));
    struct stat status;
    if (stat(folder, &status))
        return hy_fail(err, errno, "folder %s: %s", folder, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return hy_fail(err, ENOTDIR, "%s is no folder", folder);
    if (identity->change && (status.st_uid != identity->uid || status.st_gid != identity->gid) &&
        chown(folder, identity->uid, identity->gid))
        return hy_fail(err, errno, "folder %s: cannot be given to user %s: %s", folder, identity->name,
                       strerror(errno));
    return 0;
}

int hy_identity_assume(const struct hy_identity *identity, struct hy_err *err)
{
    if (!identity->change)
        return 0;
    if (setgroups(0, NULL) || setresgid(identity->gid, identity->gid, identity->gid) ||
        setresuid(identity->uid, identity->uid, identity->uid))
        return hy_fail(err, errno, "cannot become user %s: %s", identity->name, strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return hy_fail(err, errno, "cannot give up privileges for good: %s", strerror(errno));
    /* The kernel drops this at a change of user: without the executor the core must end. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return hy_fail(err, errno, "cannot be told of the executor's end: %s", strerror(errno));
    return 0;
}
