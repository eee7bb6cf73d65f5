/* SPDX-License-Identifier: Apache-2.0 */
#include "store/aside.h"

#include "base/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "set-aside-";

static int count_folders(const struct hy_store_folder *folder, size_t *count, struct hy_err *err)
{
    int fd = openat(folder->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    *count = 0;
    if (!list) {
        int rc = hy_store_fail(folder, ".", "cannot list", 0, errno, err);
        if (fd >= 0)
            close(fd);
        return rc;
    }
    for (const struct dirent *entry; (entry = readdir(list));)
        *count += strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0;
    closedir(list);
    return 0;
}

static char *name_of(time_t now, int attempt)
{
    struct tm local;
    char stamp[32];
    if (!localtime_r(&now, &local) || strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local) == 0)
        snprintf(stamp, sizeof stamp, "%lld", (long long)now);
    return attempt == 1 ? hy_asprintf("%s%s", prefix, stamp) : hy_asprintf("%s%s-%d", prefix, stamp, attempt);
}

static int make_folder(const struct hy_store_folder *folder, time_t now, char **name, int *dir, struct hy_err *err)
{
    for (int attempt = 1;; attempt++) {
        char *wanted = name_of(now, attempt);
        if (mkdirat(folder->dir, wanted, 0700) == 0) {
            *name = wanted;
            break;
        }
        int rc = errno == EEXIST ? 0 : hy_store_fail(folder, wanted, "cannot create the folder", 0, errno, err);
        free(wanted);
        if (rc < 0)
            return rc;
    }
    *dir = openat(folder->dir, *name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *dir < 0 ? hy_store_fail(folder, *name, "cannot open the folder", 0, errno, err) : 0;
}

/* Durable before the next step, as seen from both folders. */
static int move(const struct hy_store_folder *folder, const char *file, int dir, const char *name, struct hy_err *err)
{
    if (renameat(folder->dir, file, dir, file) < 0 && errno != ENOENT)
        return hy_store_fail(folder, file, "cannot set aside", 0, errno, err);
    int rc = hy_store_sync_folder(folder, dir, name, err);
    return rc < 0 ? rc : hy_store_sync_folder(folder, folder->dir, "", err);
}

int hy_store_set_aside(const struct hy_store_folder *folder, time_t now, char **name, struct hy_err *err)
{
    size_t count;
    int dir = -1;
    *name = NULL;
    int rc = count_folders(folder, &count, err);
    if (rc == 0 && count >= HY_STORE_MAX_ASIDE)
        rc = hy_fail(err, EBADMSG,
                     "%s: %zu times were damaged files set aside here, and not again: replace the disk, or remove the "
                     "folders %s* when it is good",
                     folder->path, count, prefix);
    if (rc == 0)
        rc = make_folder(folder, now, name, &dir, err);
    if (rc == 0)
        rc = hy_store_sync_folder(folder, folder->dir, "", err);
    if (rc == 0)
        rc = move(folder, HY_STORE_LOG, dir, *name, err);
    if (rc == 0)
        rc = move(folder, HY_STORE_SNAPSHOT, dir, *name, err);
    if (dir >= 0)
        close(dir);
    if (rc < 0) {
        free(*name);
        *name = NULL;
    }
    return rc;
}
