/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one folder. Every error names file, place and what to do. */
#ifndef HY_STORE_FILE_H
#define HY_STORE_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "journal/journal.h"

#include <sys/types.h>

#define HY_STORE_LOG "log"
#define HY_STORE_SNAPSHOT "snapshot"

struct hy_store_folder {
    int dir;
    int lock;
    char *path;
    char *cluster;
    struct hy_journal_owner owner; /* of both */
};

/* Opens (creates) and locks it, and removes what a crash has left of a hy_store_replace(). */
int hy_store_folder_open(struct hy_store_folder *folder, const char *path, const char *cluster, uint32_t node,
                         struct hy_err *err);
void hy_store_folder_close(struct hy_store_folder *folder);

/* -errno with "FOLDER/NAME: WHAT at byte OFFSET: reason". */
int hy_store_fail(const struct hy_store_folder *folder, const char *name, const char *what, uint64_t offset, int errnum,
                  struct hy_err *err);

/* The whole file, -ENOENT (without words) when there is none. */
int hy_store_read(const struct hy_store_folder *folder, const char *name, struct hy_buf *buf, struct hy_err *err);
int hy_store_write(const struct hy_store_folder *folder, const char *name, int fd, const void *data, size_t size,
                   uint64_t offset, struct hy_err *err);
/* So many zeros. */
int hy_store_write_zeros(const struct hy_store_folder *folder, const char *name, int fd, uint64_t size, uint64_t offset,
                         struct hy_err *err);
/* `name` of `dir` within the folder, "" for itself. */
int hy_store_sync_folder(const struct hy_store_folder *folder, int dir, const char *name, struct hy_err *err);
int hy_store_sync(const struct hy_store_folder *folder, const char *name, int fd, struct hy_err *err);

/* The file becomes `data`, or stays what it was: written beside, synced, renamed, the folder synced. When `fd` is not
 * NULL the new file stays open for writing there. */
int hy_store_replace(const struct hy_store_folder *folder, const char *name, const struct hy_buf *data, int *fd,
                     struct hy_err *err);

#endif
