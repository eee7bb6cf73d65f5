/* SPDX-License-Identifier: Apache-2.0 */
#include "store/format.h"

#include "consensus/config.h"
#include "store/crc32c.h"

#include <errno.h>
#include <inttypes.h>

static const char log_magic[] = "HALYARDL";
static const char snapshot_magic[] = "HALYARDS";

enum { CRC_SIZE = 4, FRAME_HEADER = CRC_SIZE + 4, FRAME_TARGET = 1024 * 1024 };
enum { ITEM_STATE = 1, ITEM_TRUNCATE = 2, ITEM_ENTRY = 3, ITEM_INCARNATION = 4, ITEM_BASE = 5, ITEM_SERVERS = 6 };

void hy_store_item_state(struct hy_buf *items, uint64_t term, uint32_t vote)
{
    hy_wr_u8(items, ITEM_STATE);
    hy_wr_u64(items, term);
    hy_wr_u32(items, vote);
}

void hy_store_item_truncate(struct hy_buf *items, uint64_t from)
{
    hy_wr_u8(items, ITEM_TRUNCATE);
    hy_wr_u64(items, from);
}

void hy_store_item_entry(struct hy_buf *items, const struct hy_raft_entry *entry)
{
    hy_wr_u8(items, ITEM_ENTRY);
    hy_wr_u64(items, entry->index);
    hy_wr_u64(items, entry->term);
    hy_wr_u8(items, (uint8_t)entry->type);
    hy_wr_bytes(items, entry->data, entry->size);
}

void hy_store_item_servers(struct hy_buf *items, const struct hy_raft_servers *servers)
{
    hy_wr_u8(items, ITEM_SERVERS);
    hy_raft_servers_write(servers, items);
}

void hy_store_item_incarnation(struct hy_buf *items, uint64_t incarnation)
{
    hy_wr_u8(items, ITEM_INCARNATION);
    hy_wr_u64(items, incarnation);
}

void hy_store_item_base(struct hy_buf *items, uint64_t index)
{
    hy_wr_u8(items, ITEM_BASE);
    hy_wr_u64(items, index);
}

static uint32_t frame_crc(uint32_t seed, uint64_t offset, const void *from_length_on, size_t size)
{
    uint8_t place[8];
    for (size_t i = 0; i < sizeof place; i++)
        place[i] = (uint8_t)(offset >> (8 * i));
    return hy_crc32c(hy_crc32c(seed, place, sizeof place), from_length_on, size);
}

uint32_t hy_store_log_begin(const struct hy_store_folder *folder, uint64_t created, struct hy_buf *file)
{
    hy_store_header_write(folder, log_magic, created, file);
    return hy_crc32c(0, file->data, file->size);
}

void hy_store_frame(uint32_t seed, uint64_t offset, const struct hy_buf *items, struct hy_buf *out)
{
    struct hy_buf body = {0};
    hy_wr_bytes(&body, items->data, items->size);
    hy_wr_u32(out, frame_crc(seed, offset, body.data, body.size));
    hy_buf_add(out, body.data, body.size);
    hy_buf_free(&body);
}

/* The size of the good frame at `offset`, 0 when there is none. */
static size_t frame_at(const struct hy_buf *file, uint32_t seed, size_t offset)
{
    struct hy_rd rd = hy_rd_from(file->data + offset, file->size - offset);
    uint32_t crc = hy_rd_u32(&rd);
    size_t length = hy_rd_u32(&rd);
    if (rd.bad || length == 0 || length > hy_rd_left(&rd))
        return 0;
    size_t covered = length + FRAME_HEADER - CRC_SIZE;
    return crc == frame_crc(seed, offset, file->data + offset + CRC_SIZE, covered) ? length + FRAME_HEADER : 0;
}

static const char *apply_entry(struct hy_store_image *image, struct hy_rd *rd)
{
    struct hy_raft_entry entry = {.index = hy_rd_u64(rd), .term = hy_rd_u64(rd)};
    entry.type = (enum hy_raft_entry_type)hy_rd_u8(rd);
    entry.data = hy_rd_bytes(rd, &entry.size);
    size_t count = image->entries.count;
    if (count && entry.index != image->entries.items[count - 1].index + 1)
        return "an entry that does not follow the one before it";
    hy_vec_push(&image->entries, entry);
    return NULL;
}

/* NULL, or what is wrong. */
static const char *apply_item(struct hy_store_image *image, struct hy_rd *rd)
{
    uint64_t from;
    switch (hy_rd_u8(rd)) {
    case ITEM_STATE:
        image->term = hy_rd_u64(rd);
        image->vote = hy_rd_u32(rd);
        return NULL;
    case ITEM_TRUNCATE:
        from = hy_rd_u64(rd);
        while (image->entries.count && image->entries.items[image->entries.count - 1].index >= from)
            image->entries.count--;
        return NULL;
    case ITEM_ENTRY:
        return apply_entry(image, rd);
    case ITEM_INCARNATION:
        image->incarnation = hy_rd_u64(rd);
        return NULL;
    case ITEM_BASE:
        image->base = hy_rd_u64(rd);
        return NULL;
    case ITEM_SERVERS:
        hy_raft_servers_read(rd, &image->servers);
        return NULL;
    default:
        return "an item of unknown type";
    }
}

static int apply_frame(const struct hy_store_folder *folder, struct hy_store_image *image, const char *frame,
                       size_t size, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(frame + FRAME_HEADER, size - FRAME_HEADER);
    while (hy_rd_left(&rd)) {
        const char *wrong = apply_item(image, &rd);
        if (!wrong && rd.bad)
            wrong = "an item that is cut off";
        if (wrong)
            return hy_fail(err, EBADMSG, "%s/%s: the frame at byte %" PRIu64 " holds %s", folder->path, HY_STORE_LOG,
                           image->end, wrong);
    }
    return 0;
}

int hy_store_log_read(const struct hy_store_folder *folder, const struct hy_buf *file, struct hy_store_image *image,
                      struct hy_err *err)
{
    struct hy_rd rd;
    *image = (struct hy_store_image){0};
    int rc = hy_store_header_read(folder, HY_STORE_LOG, log_magic, file, &rd, err);
    if (rc < 0)
        return rc;
    size_t at = (size_t)((const char *)rd.at - file->data);
    image->seed = hy_crc32c(0, file->data, at);
    image->end = at;
    for (size_t size; rc == 0 && (size = frame_at(file, image->seed, at)) > 0; at += size, image->end = at)
        rc = apply_frame(folder, image, file->data + at, size, err);
    for (size_t later = at + 1; rc == 0 && later < file->size; later++)
        if (frame_at(file, image->seed, later))
            rc = hy_fail(err, EBADMSG,
                         "%s/%s: damaged at byte %zu: what is there cannot be read, and good records follow at byte "
                         "%zu. Restore the disk, or empty the folder and add the node to the cluster anew",
                         folder->path, HY_STORE_LOG, at, later);
    if (rc < 0)
        hy_vec_free(&image->entries);
    return rc;
}

void hy_store_image_prune(struct hy_store_image *image, uint64_t index, uint64_t term, uint64_t first_kept)
{
    size_t count = image->entries.count;
    image->base = index;
    if (count == 0)
        return;
    uint64_t first = image->entries.items[0].index;
    bool leads_there = first == index + 1;
    if (first <= index && index - first < count)
        leads_there = image->entries.items[index - first].term == term;
    if (!leads_there) {
        image->entries.count = 0;
        return;
    }
    size_t gone = first_kept > first ? (size_t)(first_kept - first) : 0;
    if (gone > count)
        gone = count;
    memmove(image->entries.items, image->entries.items + gone, (count - gone) * sizeof *image->entries.items);
    image->entries.count -= gone;
}

void hy_store_log_write(const struct hy_store_folder *folder, uint64_t created, struct hy_store_image *image,
                        struct hy_buf *file)
{
    struct hy_buf items = {0};
    image->seed = hy_store_log_begin(folder, created, file);
    hy_store_item_incarnation(&items, image->incarnation);
    hy_store_item_base(&items, image->base);
    hy_store_item_state(&items, image->term, image->vote);
    for (size_t i = 0; i < image->entries.count; i++) {
        hy_store_item_entry(&items, &image->entries.items[i]);
        if (items.size >= FRAME_TARGET) {
            hy_store_frame(image->seed, file->size, &items, file);
            hy_buf_clear(&items);
        }
    }
    if (items.size)
        hy_store_frame(image->seed, file->size, &items, file);
    hy_buf_free(&items);
    image->end = file->size;
}

void hy_store_snapshot_write(const struct hy_store_folder *folder, const struct hy_store_snapshot_head *head,
                             const void *data, size_t size, struct hy_buf *file)
{
    hy_store_header_write(folder, snapshot_magic, head->index, file);
    hy_wr_u64(file, head->index);
    hy_wr_u64(file, head->term);
    hy_raft_servers_write(&head->servers, file);
    hy_wr_bytes(file, data, size);
    hy_wr_u32(file, hy_crc32c(0, file->data, file->size));
}

int hy_store_snapshot_read(const struct hy_store_folder *folder, const struct hy_buf *file,
                           struct hy_store_snapshot_head *head, struct hy_buf *data, struct hy_err *err)
{
    struct hy_rd rd;
    int rc = hy_store_header_read(folder, HY_STORE_SNAPSHOT, snapshot_magic, file, &rd, err);
    if (rc < 0)
        return rc;
    size_t start = (size_t)((const char *)rd.at - file->data);
    head->index = hy_rd_u64(&rd);
    head->term = hy_rd_u64(&rd);
    hy_raft_servers_read(&rd, &head->servers);
    size_t size;
    const void *bytes = hy_rd_bytes(&rd, &size);
    uint32_t crc = hy_rd_u32(&rd);
    if (!hy_rd_done(&rd) || crc != hy_crc32c(0, file->data, file->size - CRC_SIZE))
        return hy_fail(err, EBADMSG,
                       "%s/%s: damaged, somewhere from byte %zu to %zu. Restore the disk, or empty the folder and add "
                       "the node to the cluster anew",
                       folder->path, HY_STORE_SNAPSHOT, start, file->size);
    hy_buf_add(data, bytes, size);
    return 0;
}
