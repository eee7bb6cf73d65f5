/* SPDX-License-Identifier: Apache-2.0 */
#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

static int mark_path(const struct halyard_host *host, const struct halyard_op *op, char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/held", host->state_dir(op));
    return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int hy_ip_held_set(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_MAX];
    int rc = mark_path(host, op, path);
    if (rc)
        return rc;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

void hy_ip_held_clear(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_MAX];
    int rc = mark_path(host, op, path);
    if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
        rc = -errno;
    if (rc)
        host->log(op, LOG_WARNING, "the file \"held\" in %s cannot be removed (error %d)", host->state_dir(op), -rc);
}

bool hy_ip_held(const struct halyard_host *host, const struct halyard_op *op)
{
    char path[PATH_MAX];
    return mark_path(host, op, path) == 0 && access(path, F_OK) == 0;
}
