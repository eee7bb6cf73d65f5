/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"
#include "consensus/config.h"
#include "journal/sectors.h"

#include <errno.h>
#include <inttypes.h>

void hy_journal_snapshot_write(const struct hy_journal_owner *owner, uint64_t disk, uint64_t created,
                               const struct hy_journal_snapshot *snapshot, struct hy_buf *file)
{
    struct hy_buf payload = {0};
    hy_wr_u64(&payload, snapshot->index);
    hy_wr_u64(&payload, snapshot->term);
    hy_raft_servers_write(&snapshot->servers, &payload);
    hy_wr_bytes(&payload, snapshot->data.data, snapshot->data.size);
    struct hy_journal_header header = {
        .disk = disk, .created = created, .length = HY_JOURNAL_SECTOR + hy_journal_frame_size(payload.size)};
    uint32_t seed = hy_journal_header_write(owner, hy_journal_snapshot_magic, &header, file);
    hy_journal_frame_write(seed, file->size, payload.data, payload.size, file);
    hy_buf_free(&payload);
}

static int read_payload(const struct hy_journal_file *file, const struct hy_buf *payload,
                        struct hy_journal_snapshot *snapshot, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(payload->data, payload->size);
    size_t size;
    snapshot->index = hy_rd_u64(&rd);
    snapshot->term = hy_rd_u64(&rd);
    hy_raft_servers_read(&rd, &snapshot->servers);
    const void *data = hy_rd_bytes(&rd, &size);
    if (!hy_rd_done(&rd))
        return hy_journal_damaged(file, HY_JOURNAL_SECTOR, err, "the record makes no sense");
    hy_buf_add(&snapshot->data, data, size);
    return 0;
}

int hy_journal_snapshot_read(const struct hy_journal_owner *owner, const struct hy_buf *bytes, uint64_t *disk,
                             struct hy_journal_snapshot *snapshot, struct hy_err *err)
{
    const struct hy_journal_file file = {.owner = owner, .name = "snapshot", .bytes = bytes};
    struct hy_journal_header header;
    uint32_t seed;
    uint64_t at = HY_JOURNAL_SECTOR;
    struct hy_buf payload = {0};
    *snapshot = (struct hy_journal_snapshot){0};
    int rc = hy_journal_header_read(&file, hy_journal_snapshot_magic, &header, &seed, err);
    if (rc < 0)
        return rc;
    *disk = header.disk;
    if (bytes->size != header.length)
        return hy_journal_damaged(&file, bytes->size, err, "it ends there, it was %" PRIu64 " bytes long",
                                  header.length);
    rc = hy_journal_frame_read(&file, seed, &at, &payload, err);
    if (rc == -ENODATA) /* it was complete before it got its name */
        rc = hy_journal_damaged(&file, at, err, "a record is missing");
    if (rc == 0 && at != bytes->size)
        rc = hy_journal_damaged(&file, at, err, "more follows than there was");
    if (rc == 0)
        rc = read_payload(&file, &payload, snapshot, err);
    hy_buf_free(&payload);
    return rc;
}
