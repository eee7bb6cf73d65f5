/* SPDX-License-Identifier: Apache-2.0 */
#include "held.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

static int mark_path(const struct halyard_host *host, const struct halyard_op *op, const char *mark,
                     char path[PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s", host->state_dir(op), mark);
    return size < 0 || size >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int hy_ip_mark_set(const struct halyard_host *host, const struct halyard_op *op, const char *mark)
{
    char path[PATH_MAX];
    int rc = mark_path(host, op, mark, path);
    if (rc)
        return rc;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

void hy_ip_mark_clear(const struct halyard_host *host, const struct halyard_op *op, const char *mark)
{
    char path[PATH_MAX];
    int rc = mark_path(host, op, mark, path);
    if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
        rc = -errno;
    if (rc)
        host->log(op, LOG_WARNING, "the file \"%s\" in %s cannot be removed (error %d)", mark, host->state_dir(op),
                  -rc);
}

bool hy_ip_mark(const struct halyard_host *host, const struct halyard_op *op, const char *mark)
{
    char path[PATH_MAX];
    return mark_path(host, op, mark, path) == 0 && access(path, F_OK) == 0;
}

int hy_ip_held_set(const struct halyard_host *host, const struct halyard_op *op)
{
    return hy_ip_mark_set(host, op, HY_IP_HELD);
}

void hy_ip_held_clear(const struct halyard_host *host, const struct halyard_op *op)
{
    hy_ip_mark_clear(host, op, HY_IP_HELD);
}

bool hy_ip_held(const struct halyard_host *host, const struct halyard_op *op)
{
    return hy_ip_mark(host, op, HY_IP_HELD);
}
