/* SPDX-License-Identifier: Apache-2.0 */
#include "store/load.h"

#include "base/alloc.h"
#include "store/aside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

uint64_t hy_store_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int read_files(const struct hy_store_folder *folder, struct hy_journal_image *image,
                      struct hy_journal_snapshot *snapshot, struct hy_err *err)
{
    struct hy_buf log = {0};
    struct hy_buf file = {0};
    int has_log = hy_store_read(folder, HY_STORE_LOG, &log, err);
    int has_snapshot = -ENOENT;
    int rc = has_log == -ENOENT ? 0 : has_log;
    if (rc == 0) {
        has_snapshot = hy_store_read(folder, HY_STORE_SNAPSHOT, &file, err);
        rc = has_snapshot == -ENOENT ? 0 : has_snapshot;
    }
    if (rc == 0)
        rc = hy_journal_load(&folder->owner, has_log ? NULL : &log, has_snapshot ? NULL : &file, image, snapshot, err);
    hy_buf_free(&log);
    hy_buf_free(&file);
    return rc;
}

/* What is there is no longer what was written: by its checksums, or by what the disk or its file system says. */
static bool is_damage(int rc)
{
    return rc == -EBADMSG || rc == -EIO || rc == -EUCLEAN;
}

static int set_aside(const struct hy_store_folder *folder, const struct hy_err *why, char **text, struct hy_err *err)
{
    char *name;
    int rc = hy_store_set_aside(folder, (time_t)(hy_store_wall_clock() / 1000000), &name, err);
    if (rc < 0)
        return hy_fail_in(err, rc, "%s", why->text);
    *text = hy_asprintf("%s. The files are in %s/%s now, and this node begins anew with an empty disk", why->text,
                        folder->path, name);
    free(name);
    return 0;
}

static int begin_anew(struct hy_journal_image *image, struct hy_journal_snapshot *snapshot, struct hy_err *err)
{
    hy_journal_image_free(image);
    hy_buf_free(&snapshot->data);
    *snapshot = (struct hy_journal_snapshot){0};
    return hy_store_random(&image->disk, err);
}

static uint64_t next_incarnation(uint64_t last)
{
    uint64_t now = hy_store_wall_clock();
    return last + 1 > now ? last + 1 : now;
}

static void tell(const struct hy_store_folder *folder, const struct hy_log *words, const struct hy_journal_image *image)
{
    if (image->torn)
        hy_warning(words, "%s/%s: %zu bytes at byte %" PRIu64 " were never completed, cut off", folder->path,
                   HY_STORE_LOG, image->torn, image->tail.end);
}

int hy_store_load(struct hy_store_log *log, const struct hy_log *words, struct hy_store_loaded *loaded,
                  struct hy_err *err)
{
    struct hy_journal_image *image = &loaded->image;
    struct hy_journal_snapshot snapshot = {0};
    struct hy_err why = {{0}};
    int rc = read_files(log->folder, image, &snapshot, &why);
    loaded->fresh = rc == -ENOENT || is_damage(rc);
    if (is_damage(rc))
        rc = set_aside(log->folder, &why, &loaded->set_aside, err);
    else if (rc < 0 && !loaded->fresh)
        rc = hy_fail(err, -rc, "%s", why.text);
    else
        rc = 0;
    if (rc == 0 && loaded->fresh)
        rc = begin_anew(image, &snapshot, err);
    if (rc == 0) {
        tell(log->folder, words, image);
        image->incarnation = next_incarnation(image->incarnation);
        rc = hy_store_log_replace(log, image, err);
    }
    loaded->snapshot = snapshot.data;
    loaded->disk = image->disk;
    loaded->incarnation = image->incarnation;
    loaded->raft = hy_journal_state(image, &snapshot);
    return rc;
}
