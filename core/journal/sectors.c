/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/sectors.h"

#include "base/wire.h"
#include "journal/crc32c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ADVICE "put the right disk here, or empty the folder"

const char hy_journal_log_magic[] = "HALYARDL";
const char hy_journal_snapshot_magic[] = "HALYARDS";

enum { MAGIC_SIZE = 8, CRC_AT = 504, MARK_AT = 508, MAX_NAME = 256 };

static const uint32_t mark_of_written = UINT32_MAX;

enum condition { BLANK, GOOD, BAD };

struct sector {
    enum condition condition;
    uint32_t number;
    size_t used;
    bool last;
    const char *payload;
    const char *wrong; /* BAD */
};

int hy_journal_damaged(const struct hy_journal_file *file, uint64_t at, struct hy_err *err, const char *format, ...)
{
    char what[256];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return hy_fail(err, EBADMSG, "%s/%s: damaged at byte %" PRIu64 ": %s", file->owner->folder, file->name, at, what);
}

/* --- the header ------------------------------------------------------------------------------------------------- */

static size_t name_size(const struct hy_journal_owner *owner)
{
    size_t size = strlen(owner->cluster);
    return size > MAX_NAME ? MAX_NAME : size;
}

static void fill(struct hy_buf *buf, size_t size)
{
    static const char zeros[HY_JOURNAL_SECTOR];
    if (buf->size < size)
        hy_buf_add(buf, zeros, size - buf->size);
}

static void seal(struct hy_buf *sector, uint32_t crc, struct hy_buf *out)
{
    hy_wr_u32(sector, crc);
    hy_wr_u32(sector, mark_of_written);
    hy_buf_add(out, sector->data, sector->size);
}

uint32_t hy_journal_header_write(const struct hy_journal_owner *owner, const char *magic,
                                 const struct hy_journal_header *header, struct hy_buf *file)
{
    struct hy_buf sector = {0};
    hy_buf_add(&sector, magic, MAGIC_SIZE);
    hy_wr_u32(&sector, HY_JOURNAL_VERSION);
    hy_wr_u32(&sector, owner->node);
    hy_wr_u64(&sector, header->disk);
    hy_wr_u64(&sector, header->created);
    hy_wr_u64(&sector, header->length);
    hy_wr_bytes(&sector, owner->cluster, name_size(owner));
    fill(&sector, CRC_AT);
    uint32_t crc = hy_crc32c(0, sector.data, CRC_AT);
    seal(&sector, crc, file);
    hy_buf_free(&sector);
    return crc;
}

static uint32_t number_at(const char *bytes)
{
    struct hy_rd rd = hy_rd_from(bytes, 4);
    return hy_rd_u32(&rd);
}

static int check_owner(const struct hy_journal_file *file, struct hy_rd *rd, uint32_t node, struct hy_err *err)
{
    const struct hy_journal_owner *owner = file->owner;
    size_t size;
    const char *cluster = hy_rd_bytes(rd, &size);
    if (rd->bad)
        return hy_journal_damaged(file, 0, err, "the header makes no sense");
    if (node != owner->node)
        return hy_fail(err, EXDEV, "%s/%s: belongs to node %" PRIu32 ", this is node %" PRIu32 ": " ADVICE,
                       owner->folder, file->name, node, owner->node);
    if (size != name_size(owner) || memcmp(cluster, owner->cluster, size) != 0)
        return hy_fail(err, EXDEV, "%s/%s: belongs to cluster '%.*s', this is '%s': " ADVICE, owner->folder, file->name,
                       (int)size, cluster, owner->cluster);
    return 0;
}

static int other_version(const struct hy_journal_file *file, uint32_t version, struct hy_err *err)
{
    return hy_fail(err, ENOTSUP, "%s/%s: of format version %" PRIu32 ", this program knows version %d only",
                   file->owner->folder, file->name, version, HY_JOURNAL_VERSION);
}

int hy_journal_header_read(const struct hy_journal_file *file, const char *magic, struct hy_journal_header *header,
                           uint32_t *seed, struct hy_err *err)
{
    const struct hy_buf *bytes = file->bytes;
    if (bytes->size < MAGIC_SIZE + 4 || memcmp(bytes->data, magic, MAGIC_SIZE) != 0)
        return hy_journal_damaged(file, 0, err, "it does not begin with '%s', as the file of a node must", magic);
    struct hy_rd rd = hy_rd_from(bytes->data + MAGIC_SIZE, bytes->size - MAGIC_SIZE);
    uint32_t version = hy_rd_u32(&rd);
    if (version == 1) /* it had its checksum elsewhere; two bits of version 2 must turn over to look like it */
        return other_version(file, version, err);
    if (bytes->size < HY_JOURNAL_SECTOR)
        return hy_journal_damaged(file, bytes->size, err, "it ends within its header");
    if (number_at(bytes->data + MARK_AT) != mark_of_written ||
        number_at(bytes->data + CRC_AT) != hy_crc32c(0, bytes->data, CRC_AT))
        return hy_journal_damaged(file, 0, err, "the header's checksum is wrong");
    if (version != HY_JOURNAL_VERSION)
        return other_version(file, version, err);
    uint32_t node = hy_rd_u32(&rd);
    header->disk = hy_rd_u64(&rd);
    header->created = hy_rd_u64(&rd);
    header->length = hy_rd_u64(&rd);
    *seed = number_at(bytes->data + CRC_AT);
    return check_owner(file, &rd, node, err);
}

/* --- frames ----------------------------------------------------------------------------------------------------- */

static uint32_t sector_crc(uint32_t seed, uint64_t offset, const char *sector)
{
    uint8_t place[8];
    for (size_t i = 0; i < sizeof place; i++)
        place[i] = (uint8_t)(offset >> (8 * i));
    return hy_crc32c(hy_crc32c(seed, place, sizeof place), sector, CRC_AT);
}

uint64_t hy_journal_frame_size(size_t payload)
{
    return ((uint64_t)payload + HY_JOURNAL_PAYLOAD - 1) / HY_JOURNAL_PAYLOAD * HY_JOURNAL_SECTOR;
}

void hy_journal_frame_write(uint32_t seed, uint64_t offset, const void *payload, size_t size, struct hy_buf *out)
{
    struct hy_buf sector = {0};
    const char *bytes = payload;
    for (uint32_t number = 0; size; number++, offset += HY_JOURNAL_SECTOR) {
        size_t used = size < HY_JOURNAL_PAYLOAD ? size : HY_JOURNAL_PAYLOAD;
        hy_buf_clear(&sector);
        hy_wr_u32(&sector, number);
        hy_wr_u16(&sector, (uint16_t)used);
        hy_wr_u8(&sector, used == size);
        hy_buf_add(&sector, bytes, used);
        fill(&sector, CRC_AT);
        seal(&sector, sector_crc(seed, offset, sector.data), out);
        bytes += used;
        size -= used;
    }
    hy_buf_free(&sector);
}

static bool all_zero(const char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static struct sector bad(const char *wrong)
{
    return (struct sector){.condition = BAD, .wrong = wrong};
}

/* `at` is within the file. */
static struct sector look_at(const struct hy_buf *file, uint32_t seed, uint64_t at)
{
    const char *bytes = file->data + at;
    size_t left = file->size - (size_t)at;
    if (left < HY_JOURNAL_SECTOR) /* the file was being made larger */
        return all_zero(bytes, left) ? (struct sector){.condition = BLANK} : bad("the file ends within a record");
    uint32_t mark = number_at(bytes + MARK_AT);
    if (mark == 0)
        return (struct sector){.condition = BLANK};
    if (mark != mark_of_written || number_at(bytes + CRC_AT) != sector_crc(seed, at, bytes))
        return bad("the checksum is wrong");
    struct hy_rd rd = hy_rd_from(bytes, HY_JOURNAL_SECTOR);
    struct sector sector = {.condition = GOOD, .number = hy_rd_u32(&rd), .used = hy_rd_u16(&rd)};
    sector.last = hy_rd_u8(&rd) != 0;
    sector.payload = bytes + (HY_JOURNAL_SECTOR - hy_rd_left(&rd));
    if (sector.used == 0 || sector.used > HY_JOURNAL_PAYLOAD || (!sector.last && sector.used < HY_JOURNAL_PAYLOAD))
        return bad("it makes no sense");
    return sector;
}

int hy_journal_frame_read(const struct hy_journal_file *file, uint32_t seed, uint64_t *at, struct hy_buf *payload,
                          struct hy_err *err)
{
    size_t before = payload->size;
    uint64_t place = *at;
    for (uint32_t number = 0;; number++, place += HY_JOURNAL_SECTOR) {
        if (place >= file->bytes->size)
            return hy_journal_damaged(file, place, err, "it ends there, and must not");
        struct sector sector = look_at(file->bytes, seed, place);
        if (sector.condition == BAD)
            return hy_journal_damaged(file, place, err, "%s", sector.wrong);
        if (sector.condition == BLANK) {
            hy_buf_truncate(payload, before);
            return hy_fail(err, ENODATA, "%s/%s: at byte %" PRIu64 " nothing was written", file->owner->folder,
                           file->name, place);
        }
        if (sector.number != number)
            return hy_journal_damaged(file, place, err, "record %" PRIu32 " is where %" PRIu32 " should be",
                                      sector.number, number);
        hy_buf_add(payload, sector.payload, sector.used);
        if (sector.last)
            break;
    }
    *at = place + HY_JOURNAL_SECTOR;
    return 0;
}

int hy_journal_tail_read(const struct hy_journal_file *file, uint32_t seed, uint64_t end, size_t *torn,
                         struct hy_err *err)
{
    const struct hy_buf *bytes = file->bytes;
    *torn = 0;
    for (uint64_t at = end; at < bytes->size; at += HY_JOURNAL_SECTOR) {
        struct sector sector = look_at(bytes, seed, at);
        size_t left = bytes->size - (size_t)at;
        size_t size = left < HY_JOURNAL_SECTOR ? left : HY_JOURNAL_SECTOR;
        if (sector.condition == BAD)
            return hy_journal_damaged(file, at, err, "%s", sector.wrong);
        if (sector.condition == GOOD && at - (uint64_t)sector.number * HY_JOURNAL_SECTOR != end)
            return hy_journal_damaged(file, end, err,
                                      "a record is missing that was complete, since one that was written after it is "
                                      "at byte %" PRIu64,
                                      at);
        if (sector.condition == GOOD || !all_zero(bytes->data + at, size))
            *torn = (size_t)(at + size - end);
    }
    return 0;
}
