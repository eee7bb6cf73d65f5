/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal.h"

#include <errno.h>
#include <inttypes.h>

static int check_pair(const struct hy_journal_owner *owner, const struct hy_journal_image *image,
                      const struct hy_journal_snapshot *snapshot, uint64_t snapshot_disk, struct hy_err *err)
{
    if (snapshot_disk && snapshot_disk != image->disk)
        return hy_fail(err, EBADMSG,
                       "%s/snapshot: damaged at byte 16: it is of disk %016" PRIx64 ", the log of disk %016" PRIx64,
                       owner->folder, snapshot_disk, image->disk);
    if (image->base > snapshot->index)
        return hy_fail(err, EBADMSG,
                       "%s/snapshot: missing or too old: it is of entry %" PRIu64
                       ", the log begins behind entry %" PRIu64,
                       owner->folder, snapshot->index, image->base);
    return 0;
}

int hy_journal_load(const struct hy_journal_owner *owner, const struct hy_buf *log, const struct hy_buf *snapshot_file,
                    struct hy_journal_image *image, struct hy_journal_snapshot *snapshot, struct hy_err *err)
{
    uint64_t snapshot_disk = 0;
    int rc = 0;
    *image = (struct hy_journal_image){0};
    *snapshot = (struct hy_journal_snapshot){0};
    if (!log && !snapshot_file)
        return hy_fail(err, ENOENT, "%s: no files", owner->folder);
    if (log)
        rc = hy_journal_log_read(owner, log, image, err);
    if (rc == 0 && snapshot_file)
        rc = hy_journal_snapshot_read(owner, snapshot_file, &snapshot_disk, snapshot, err);
    if (rc == 0 && !log)
        rc = hy_fail(err, EBADMSG, "%s/log: missing, and there is a snapshot", owner->folder);
    if (rc == 0)
        rc = check_pair(owner, image, snapshot, snapshot_disk, err);
    if (rc == 0 && snapshot->index)
        hy_journal_image_prune(image, snapshot->index, snapshot->term, 0);
    return rc;
}

struct hy_raft_state hy_journal_state(const struct hy_journal_image *image, const struct hy_journal_snapshot *snapshot)
{
    struct hy_raft_state state = {.term = image->term,
                                  .vote = image->vote,
                                  .snapshot_index = snapshot->index,
                                  .snapshot_term = snapshot->term,
                                  .servers = snapshot->index ? snapshot->servers : image->servers,
                                  .entries = image->entries.items,
                                  .entry_count = image->entries.count};
    if (state.term < state.snapshot_term) { /* nothing was said in that term yet: it would be in the log */
        state.term = state.snapshot_term;
        state.vote = 0;
    }
    return state;
}
