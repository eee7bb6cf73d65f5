/* SPDX-License-Identifier: Apache-2.0 */
#include "store/file.h"

#include "base/alloc.h"
#include "journal/crc32c.h"

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

enum { MAGIC_SIZE = 8 };

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
        return " (the disk fails: replace it, and add the node to the cluster anew)";
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

/* What a crash has left of a hy_store_replace(). */
static void remove_unfinished(const struct hy_store_folder *folder)
{
    (void)unlinkat(folder->dir, "log.new", 0);
    (void)unlinkat(folder->dir, "snapshot.new", 0);
}

int hy_store_folder_open(struct hy_store_folder *folder, const char *path, const char *cluster, uint32_t node,
                         struct hy_err *err)
{
    *folder = (struct hy_store_folder){.dir = -1, .lock = -1, .node = node};
    folder->path = hy_strdup(path);
    folder->cluster = hy_strdup(cluster);
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

int hy_store_sync(const struct hy_store_folder *folder, const char *name, int fd, struct hy_err *err)
{
    /* Never tried again: after a failed sync the kernel may have dropped what was to be written. */
    return fdatasync(fd) < 0
               ? hy_fail(err, errno, "%s/%s: cannot sync: %s%s", folder->path, name, strerror(errno), advice(errno))
               : 0;
}

static int rename_over(const struct hy_store_folder *folder, const char *from, const char *to, struct hy_err *err)
{
    if (renameat(folder->dir, from, folder->dir, to) < 0)
        return hy_fail(err, errno, "%s/%s: cannot rename to '%s': %s%s", folder->path, from, to, strerror(errno),
                       advice(errno));
    if (fsync(folder->dir) < 0)
        return hy_fail(err, errno, "%s: cannot sync the folder: %s%s", folder->path, strerror(errno), advice(errno));
    return 0;
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
    if (rc == 0 && fd)
        *fd = file;
    else
        close(file);
    return rc;
}

void hy_store_header_write(const struct hy_store_folder *folder, const char *magic, uint64_t created,
                           struct hy_buf *buf)
{
    size_t start = buf->size;
    hy_buf_add(buf, magic, MAGIC_SIZE);
    hy_wr_u32(buf, HY_STORE_VERSION);
    hy_wr_u32(buf, folder->node);
    hy_wr_u64(buf, created);
    hy_wr_bytes(buf, folder->cluster, strlen(folder->cluster));
    hy_wr_u32(buf, hy_crc32c(0, buf->data + start, buf->size - start));
}

int hy_store_header_read(const struct hy_store_folder *folder, const char *name, const char *magic,
                         const struct hy_buf *file, struct hy_rd *rd, struct hy_err *err)
{
    if (file->size < MAGIC_SIZE || memcmp(file->data, magic, MAGIC_SIZE) != 0)
        return hy_fail(err, EBADMSG, "%s/%s: no file of a node at byte 0, it must begin with '%s'", folder->path, name,
                       magic);
    *rd = hy_rd_from(file->data + MAGIC_SIZE, file->size - MAGIC_SIZE);
    uint32_t version = hy_rd_u32(rd);
    if (!rd->bad && version != HY_STORE_VERSION)
        return hy_fail(err, ENOTSUP, "%s/%s: of format version %" PRIu32 ", this program knows version %d only",
                       folder->path, name, version, HY_STORE_VERSION);
    uint32_t node = hy_rd_u32(rd);
    hy_rd_u64(rd);
    size_t length;
    const char *cluster = hy_rd_bytes(rd, &length);
    size_t end = rd->bad ? 0 : (size_t)((const char *)rd->at - file->data);
    uint32_t crc = hy_rd_u32(rd);
    if (rd->bad || crc != hy_crc32c(0, file->data, end))
        return hy_fail(err, EBADMSG, "%s/%s: the header at byte 0 is damaged", folder->path, name);
    if (node != folder->node)
        return hy_fail(err, EXDEV, "%s/%s: belongs to node %" PRIu32 ", this is node %" PRIu32, folder->path, name,
                       node, folder->node);
    if (length != strlen(folder->cluster) || memcmp(cluster, folder->cluster, length) != 0)
        return hy_fail(err, EXDEV, "%s/%s: belongs to cluster '%.*s', this is '%s'", folder->path, name, (int)length,
                       cluster, folder->cluster);
    return 0;
}
