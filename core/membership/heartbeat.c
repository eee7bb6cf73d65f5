/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one message of this module, the same to all: magic u16, version u8, number of entries u8, D_max u32, incarnation
 * u64, number u64, disk u64, index of the applied set of servers u64, lineage u64, flags u8; then an entry for each other
 * node: id u32, epoch u32, incarnation u64 and number u64 of the newest heartbeat heard of it, how long that was held
 * u32, promise u32, refusal u32, flags u8; then the introduction, with its size u32 before it. Durations in microseconds.
 *
 * 49 + 31 * 37 + 4 = 1200 bytes with 32 nodes, and at most 240 more: one datagram on any Ethernet.
 */
#include "membership/internal.h"

#include "base/buf.h"
#include "base/wire.h"

#include <errno.h>
#include <inttypes.h>

enum { MAGIC = 0x4862, VERSION = 3, FLAG_BLANK = 1, FLAG_HEARS = 1, HEADER_SIZE = 49, ENTRY_SIZE = 37 };

static uint32_t duration(hy_time value)
{
    if (value <= 0)
        return 0;
    return value > HY_HEARTBEAT_LONGEST ? UINT32_MAX : (uint32_t)value;
}

void hy_heartbeat_encode(const struct hy_heartbeat *heartbeat, struct hy_buf *out)
{
    hy_buf_reserve(out, HEADER_SIZE + heartbeat->count * ENTRY_SIZE + sizeof(uint32_t) + heartbeat->introduction_size);
    hy_wr_u16(out, MAGIC);
    hy_wr_u8(out, VERSION);
    hy_wr_u8(out, (uint8_t)heartbeat->count);
    hy_wr_u32(out, duration(heartbeat->dead_after_max));
    hy_wr_u64(out, heartbeat->incarnation);
    hy_wr_u64(out, heartbeat->number);
    hy_wr_u64(out, heartbeat->disk);
    hy_wr_u64(out, heartbeat->servers_index);
    hy_wr_u64(out, heartbeat->lineage);
    hy_wr_u8(out, heartbeat->blank ? FLAG_BLANK : 0);
    for (size_t i = 0; i < heartbeat->count; i++) {
        const struct hy_heartbeat_about *about = &heartbeat->about[i];
        uint8_t *at = (uint8_t *)hy_buf_extend(out, ENTRY_SIZE);
        hy_store32(at, about->node);
        hy_store32(at + 4, about->epoch);
        hy_store64(at + 8, about->incarnation);
        hy_store64(at + 16, about->number);
        hy_store32(at + 24, duration(about->held));
        hy_store32(at + 28, duration(about->promised));
        hy_store32(at + 32, duration(about->refused));
        at[36] = about->hears ? FLAG_HEARS : 0;
    }
    hy_wr_bytes(out, heartbeat->introduction, heartbeat->introduction_size);
}

/* Nodes say their entries in order of id: then the one before is all that there is to compare with. `*ordered`: so far. */
static bool speaks_twice(const struct hy_heartbeat *heartbeat, uint32_t node, bool *ordered)
{
    if (*ordered && (heartbeat->count == 0 || heartbeat->about[heartbeat->count - 1].node < node))
        return false;
    *ordered = false;
    for (size_t i = 0; i < heartbeat->count; i++) {
        if (heartbeat->about[i].node == node)
            return true;
    }
    return false;
}

static int decode_about(const uint8_t *at, struct hy_heartbeat *heartbeat, bool *ordered, struct hy_err *err)
{
    struct hy_heartbeat_about *about = &heartbeat->about[heartbeat->count];
    about->node = hy_load32(at);
    about->epoch = hy_load32(at + 4);
    about->incarnation = hy_load64(at + 8);
    about->number = hy_load64(at + 16);
    about->held = hy_load32(at + 24);
    about->promised = hy_load32(at + 28);
    about->refused = hy_load32(at + 32);
    uint8_t flags = at[36];
    about->hears = flags & FLAG_HEARS;
    if (about->node == 0 || flags & ~FLAG_HEARS)
        return hy_fail(err, EBADMSG, "heartbeat: entry %zu is no entry (node %" PRIu32 ", flags %u)", heartbeat->count,
                       about->node, flags);
    if (about->promised > heartbeat->dead_after_max)
        return hy_fail(err, EBADMSG, "heartbeat: promises node %" PRIu32 " more than the longest that is allowed",
                       about->node);
    if (about->promised > 0 && about->refused > 0)
        return hy_fail(err, EBADMSG, "heartbeat: both promises and refuses node %" PRIu32, about->node);
    if (speaks_twice(heartbeat, about->node, ordered))
        return hy_fail(err, EBADMSG, "heartbeat: speaks twice of node %" PRIu32, about->node);
    heartbeat->count++;
    return 0;
}

int hy_heartbeat_decode(const void *data, size_t size, struct hy_heartbeat *heartbeat, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(data, size);
    uint16_t magic = hy_rd_u16(&rd);
    uint8_t version = hy_rd_u8(&rd);
    uint8_t count = hy_rd_u8(&rd);
    if (rd.bad || magic != MAGIC)
        return hy_fail(err, EBADMSG, "heartbeat: %zu bytes that are no heartbeat", size);
    if (version != VERSION)
        return hy_fail(err, EBADMSG, "heartbeat: version %u, this node knows %d", version, VERSION);
    if (count > HY_MEMBERSHIP_MAX_NODES || size < HEADER_SIZE + (size_t)count * ENTRY_SIZE + sizeof(uint32_t))
        return hy_fail(err, EBADMSG, "heartbeat: %u entries do not fit %zu bytes", count, size);
    heartbeat->count = 0; /* of `about` no more is looked at than is there */
    heartbeat->dead_after_max = hy_rd_u32(&rd);
    heartbeat->incarnation = hy_rd_u64(&rd);
    heartbeat->number = hy_rd_u64(&rd);
    heartbeat->disk = hy_rd_u64(&rd);
    heartbeat->servers_index = hy_rd_u64(&rd);
    heartbeat->lineage = hy_rd_u64(&rd);
    uint8_t flags = hy_rd_u8(&rd);
    heartbeat->blank = flags & FLAG_BLANK;
    if (heartbeat->incarnation == 0 || heartbeat->number == 0 || flags & ~FLAG_BLANK)
        return hy_fail(err, EBADMSG, "heartbeat: without incarnation or number, or of unknown flags (%u)", flags);
    bool ordered = true;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *entry = hy_rd_run(&rd, ENTRY_SIZE);
        int rc = entry ? decode_about(entry, heartbeat, &ordered, err) : 0; /* NULL: hy_rd_done() says so below */
        if (rc < 0)
            return rc;
    }
    heartbeat->introduction = hy_rd_bytes(&rd, &heartbeat->introduction_size);
    if (heartbeat->introduction_size > HY_MEMBERSHIP_INTRODUCTION_MAX)
        return hy_fail(err, EBADMSG, "heartbeat: an introduction of %zu bytes, at most %d are allowed",
                       heartbeat->introduction_size, HY_MEMBERSHIP_INTRODUCTION_MAX);
    return hy_rd_done(&rd) ? 0 : hy_fail(err, EBADMSG, "heartbeat: cut short");
}
