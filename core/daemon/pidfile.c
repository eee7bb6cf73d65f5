/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int hy_pidfile_lock(const char *path, int *fd, struct hy_err *err)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (opened < 0)
        return hy_fail(err, errno, "pid file %s: %s", path, strerror(errno));
    if (flock(opened, LOCK_EX | LOCK_NB) == 0) {
        *fd = opened;
        return 0;
    }
    int why = errno;
    char text[32] = "";
    ssize_t length = read(opened, text, sizeof text - 1);
    text[length > 0 ? strcspn(text, "\n") : 0] = '\0';
    close(opened);
    if (why != EWOULDBLOCK)
        return hy_fail(err, why, "pid file %s: cannot be locked: %s", path, strerror(why));
    return hy_fail(err, why, "halyardd runs already%s%s (%s)", text[0] ? " as process " : "", text, path);
}

int hy_pidfile_write(int fd, const char *path, struct hy_err *err)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)length, 0) != length)
        return hy_fail(err, errno, "pid file %s: cannot be written: %s", path, strerror(errno));
    return 0;
}
