/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { ROOM = 1024 * 1024 };

int hy_store_random(uint64_t *value, struct hy_err *err)
{
    do {
        ssize_t got = getrandom(value, sizeof *value, 0);
        if (got < 0 && errno == EINTR)
            *value = 0;
        else if (got != (ssize_t)sizeof *value)
            return hy_fail(err, got < 0 ? errno : EIO, "getrandom: no random bits: %s", strerror(errno));
    } while (*value == 0);
    return 0;
}

int hy_store_log_replace(struct hy_store_log *log, struct hy_journal_image *image, struct hy_err *err)
{
    struct hy_buf bytes = {0};
    uint64_t created;
    int fd = -1;
    int rc = hy_store_random(&created, err);
    if (rc == 0) {
        hy_journal_log_write(&log->folder->owner, created, ROOM, image, &bytes);
        rc = hy_store_replace(log->folder, HY_STORE_LOG, &bytes, &fd, err);
    }
    if (rc == 0) {
        if (log->fd >= 0)
            close(log->fd);
        log->fd = fd;
        log->tail = image->tail;
    }
    hy_buf_free(&bytes);
    return rc;
}

bool hy_store_log_is_short(const struct hy_store_log *log)
{
    return log->tail.size - log->tail.end < ROOM / 2;
}

int hy_store_log_grow(struct hy_store_log *log, uint64_t least, struct hy_err *err)
{
    uint64_t more = (least / ROOM + 1) * ROOM;
    int rc = hy_store_write_zeros(log->folder, HY_STORE_LOG, log->fd, more, log->tail.size, err);
    if (rc == 0)
        rc = hy_store_sync(log->folder, HY_STORE_LOG, log->fd, err);
    if (rc == 0)
        log->tail.size += more;
    return rc;
}

int hy_store_log_append(struct hy_store_log *log, const struct hy_buf *items, struct hy_err *err)
{
    struct hy_buf frame = {0};
    uint64_t needed = hy_journal_log_lacks(&log->tail, items->size);
    int rc = needed ? hy_store_log_grow(log, needed - log->tail.size, err) : 0;
    if (rc < 0)
        return rc;
    uint64_t at = log->tail.end;
    hy_journal_frame(&log->tail, items, &frame);
    rc = hy_store_write(log->folder, HY_STORE_LOG, log->fd, frame.data, frame.size, at, err);
    if (rc == 0)
        rc = hy_store_sync(log->folder, HY_STORE_LOG, log->fd, err);
    hy_buf_free(&frame);
    return rc;
}

int hy_store_log_read_back(const struct hy_store_log *log, struct hy_journal_image *image, struct hy_err *err)
{
    struct hy_buf bytes = {0};
    *image = (struct hy_journal_image){0};
    int rc = hy_store_read(log->folder, HY_STORE_LOG, &bytes, err);
    if (rc == -ENOENT)
        rc = hy_store_fail(log->folder, HY_STORE_LOG, "was removed while in use", 0, ENOENT, err);
    if (rc == 0)
        rc = hy_journal_log_read(&log->folder->owner, &bytes, image, err);
    if (rc == 0 && (image->tail.end != log->tail.end || image->tail.seed != log->tail.seed))
        rc = hy_store_fail(log->folder, HY_STORE_LOG, "not what was written", image->tail.end, EIO, err);
    hy_buf_free(&bytes);
    return rc;
}
