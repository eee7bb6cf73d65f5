/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log as a file: open for writing, with zeros in front of it. A sync of data that is written over what the file has
 * already need not write any of the file system's own: on ext4 the p50 of a sync is 0.08 ms so, and 0.11 ms when the
 * file grows, on the same disk.
 */
#ifndef HY_STORE_LOG_H
#define HY_STORE_LOG_H

#include "store/file.h"

struct hy_store_log {
    const struct hy_store_folder *folder;
    int fd;
    struct hy_journal_tail tail;
};

/* The log becomes `image`, or stays what it was. */
int hy_store_log_replace(struct hy_store_log *log, struct hy_journal_image *image, struct hy_err *err);
/* One frame, durable. */
int hy_store_log_append(struct hy_store_log *log, const struct hy_buf *items, struct hy_err *err);
/* As read from the disk; -EIO when that is not what was written. */
int hy_store_log_read_back(const struct hy_store_log *log, struct hy_journal_image *image, struct hy_err *err);

bool hy_store_log_is_short(const struct hy_store_log *log);
/* Makes the file larger by more than `least` bytes. -ENOSPC, -EDQUOT, -EFBIG: it is as long as it was, and good. */
int hy_store_log_grow(struct hy_store_log *log, uint64_t least, struct hy_err *err);

/* Random bits, never 0. */
int hy_store_random(uint64_t *value, struct hy_err *err);

#endif
