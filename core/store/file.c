/* SPDX-License-Identifier: Apache-2.0 */
#include "store/file.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the operator can do about it. */
static const char *advice(int errnum)
{
    switch (errnum) {
    case ENOSPC:
    case EDQUOT:
        return " (make room on this disk, then start the node again)";
    case EFBIG:
        return " (the file size limit of this process must be higher)";
    case EROFS:
        return " (the folder must be on a disk that can be written)";
    case EIO:
        return " (the disk fails: replace it)";
    case EACCES:
    case EPERM:
        return " (the folder must belong to the user the core runs as)";
    default:
        return "";
    }
}

int hy_store_fail(const struct hy_store_folder *folder, const char *name, const char *what, uint64_t offset, int errnum,
                  struct hy_err *err)
{
    return hy_fail(err, errnum, "%s/%s: %s at byte %" PRIu64 ": %s%s", folder->path, name, what, offset,
                   strerror(errnum), advice(errnum));
}

static int sync_parent(const char *path, struct hy_err *err)
{
    char *copy = hy_strdup(path);
    char *slash = strrchr(copy, '/');
    if (slash)
        slash[slash == copy] = '\0';
    int dir = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dir < 0 || fsync(dir) < 0 ? hy_fail(err, errno, "%s: cannot sync: %s", copy, strerror(errno)) : 0;
    if (dir >= 0)
        close(dir);
    free(copy);
    return rc;
}

static int lock_folder(struct hy_store_folder *folder, struct hy_err *err)
{
    folder->lock = openat(folder->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock < 0)
        return hy_fail(err, errno, "%s/lock: cannot open: %s%s", folder->path, strerror(errno), advice(errno));
    if (flock(folder->lock, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return hy_fail(err, EWOULDBLOCK, "%s: another core runs with this folder, each node needs its own",
                       folder->path);
    return hy_fail(err, errno, "%s/lock: cannot lock: %s", folder->path, strerror(errno));
}

static void remove_unfinished(const struct hy_store_folder *folder)
{
    (void)unlinkat(folder->dir, "log.new", 0);
    (void)unlinkat(folder->dir, "snapshot.new", 0);
}

int hy_store_folder_open(struct hy_store_folder *folder, const char *path, const char *cluster, uint32_t node,
                         struct hy_err *err)
{
    *folder = (struct hy_store_folder){.dir = -1, .lock = -1};
    folder->path = hy_strdup(path);
    folder->cluster = hy_strdup(cluster);
    folder->owner = (struct hy_journal_owner){.folder = folder->path, .cluster = folder->cluster, .node = node};
    int rc = 0;
    if (mkdir(path, 0700) == 0)
        rc = sync_parent(path, err);
    else if (errno != EEXIST)
        rc = hy_fail(err, errno, "%s: cannot create the folder: %s%s", path, strerror(errno), advice(errno));
    if (rc == 0) {
        folder->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder->dir < 0)
            rc = hy_fail(err, errno, "%s: cannot open the folder: %s%s", path, strerror(errno), advice(errno));
    }
    if (rc == 0)
        rc = lock_folder(folder, err);
    if (rc == 0)
        remove_unfinished(folder);
    if (rc < 0)
        hy_store_folder_close(folder);
    return rc;
}

void hy_store_folder_close(struct hy_store_folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    if (folder->dir >= 0)
        close(folder->dir);
    free(folder->path);
    free(folder->cluster);
    *folder = (struct hy_store_folder){.dir = -1, .lock = -1};
}

static int read_all(int fd, struct hy_buf *buf)
{
    char chunk[64 * 1024];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            hy_buf_add(buf, chunk, (size_t)got);
        else if (got == 0)
            return 0;
        else if (errno != EINTR)
            return -errno;
    }
}

int hy_store_read(const struct hy_store_folder *folder, const char *name, struct hy_buf *buf, struct hy_err *err)
{
    int fd = openat(folder->dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ENOENT : hy_store_fail(folder, name, "cannot open", 0, errno, err);
    int rc = read_all(fd, buf);
    if (rc < 0)
        rc = hy_store_fail(folder, name, "cannot read", buf->size, -rc, err);
    close(fd);
    return rc;
}

int hy_store_write(const struct hy_store_folder *folder, const char *name, int fd, const void *data, size_t size,
                   uint64_t offset, struct hy_err *err)
{
    const char *bytes = data;
    while (size) {
        ssize_t put = pwrite(fd, bytes, size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return hy_store_fail(folder, name, "cannot write", offset, put < 0 ? errno : EIO, err);
        bytes += put;
        size -= (size_t)put;
        offset += (uint64_t)put;
    }
    return 0;
}

int hy_store_write_zeros(const struct hy_store_folder *folder, const char *name, int fd, uint64_t size, uint64_t offset,
                         struct hy_err *err)
{
    static const char zeros[64 * 1024];
    int rc = 0;
    while (rc == 0 && size) {
        size_t part = size < sizeof zeros ? (size_t)size : sizeof zeros;
        rc = hy_store_write(folder, name, fd, zeros, part, offset, err);
        offset += part;
        size -= part;
    }
    return rc;
}

int hy_store_sync(const struct hy_store_folder *folder, const char *name, int fd, struct hy_err *err)
{
    /* Never tried again: after a failed sync the kernel may have dropped what was to be written. */
    return fdatasync(fd) < 0
               ? hy_fail(err, errno, "%s/%s: cannot sync: %s%s", folder->path, name, strerror(errno), advice(errno))
               : 0;
}

int hy_store_sync_folder(const struct hy_store_folder *folder, int dir, const char *name, struct hy_err *err)
{
    if (fsync(dir) == 0)
        return 0;
    return hy_fail(err, errno, "%s%s%s: cannot sync the folder: %s%s", folder->path, *name ? "/" : "", name,
                   strerror(errno), advice(errno));
}

static int rename_over(const struct hy_store_folder *folder, const char *from, const char *to, struct hy_err *err)
{
    if (renameat(folder->dir, from, folder->dir, to) < 0)
        return hy_fail(err, errno, "%s/%s: cannot rename to '%s': %s%s", folder->path, from, to, strerror(errno),
                       advice(errno));
    return hy_store_sync_folder(folder, folder->dir, "", err);
}

int hy_store_replace(const struct hy_store_folder *folder, const char *name, const struct hy_buf *data, int *fd,
                     struct hy_err *err)
{
    char beside[NAME_MAX];
    snprintf(beside, sizeof beside, "%s.new", name);
    int file = openat(folder->dir, beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return hy_store_fail(folder, beside, "cannot create", 0, errno, err);
    int rc = hy_store_write(folder, beside, file, data->data, data->size, 0, err);
    if (rc == 0)
        rc = hy_store_sync(folder, beside, file, err);
    if (rc == 0)
        rc = rename_over(folder, beside, name, err);
    if (rc < 0)
        (void)unlinkat(folder->dir, beside, 0); /* it takes the room that a full disk lacks */
    if (rc == 0 && fd)
        *fd = file;
    else
        close(file);
    return rc;
}
