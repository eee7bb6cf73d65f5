/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing of binary messages: little-endian fixed-width integers, and byte runs with a 32-bit length in
 * front. A reader never runs past its end: the first read that would sets `bad`, and it and all later ones give zeros,
 * so a decoder reads everything and asks hy_rd_done() once.
 */
#ifndef HY_BASE_WIRE_H
#define HY_BASE_WIRE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hy_rd {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

struct hy_rd hy_rd_from(const void *data, size_t size);

/* The next so many bytes; zeros when they are not there. */
static inline const uint8_t *hy_rd_take(struct hy_rd *rd, size_t width)
{
    static const uint8_t zeros[8];
    if (rd->bad || (size_t)(rd->end - rd->at) < width) {
        rd->bad = true;
        return zeros;
    }
    const uint8_t *at = rd->at;
    rd->at += width;
    return at;
}

/* The next so many bytes, of one who takes them apart himself; NULL when they are not there. */
static inline const uint8_t *hy_rd_run(struct hy_rd *rd, size_t width)
{
    const uint8_t *at = hy_rd_take(rd, width);
    return rd->bad ? NULL : at;
}

/* Here, and written out, these become one load each: heartbeats are made of such fields. */
static inline uint32_t hy_load32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t hy_load64(const uint8_t *at)
{
    return hy_load32(at) | (uint64_t)hy_load32(at + 4) << 32;
}

static inline uint8_t hy_rd_u8(struct hy_rd *rd)
{
    return *hy_rd_take(rd, 1);
}

static inline uint16_t hy_rd_u16(struct hy_rd *rd)
{
    const uint8_t *at = hy_rd_take(rd, 2);
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t hy_rd_u32(struct hy_rd *rd)
{
    return hy_load32(hy_rd_take(rd, 4));
}

static inline uint64_t hy_rd_u64(struct hy_rd *rd)
{
    return hy_load64(hy_rd_take(rd, 8));
}

static inline int64_t hy_rd_i64(struct hy_rd *rd)
{
    return (int64_t)hy_rd_u64(rd);
}

/* A byte run; borrowed from the message. *size = 0 and a non-NULL pointer when bad. */
const void *hy_rd_bytes(struct hy_rd *rd, size_t *size);

size_t hy_rd_left(const struct hy_rd *rd);

/* True when every read was within bounds and nothing is left over. */
bool hy_rd_done(const struct hy_rd *rd);

/* Written out, it becomes one store. */
static inline void hy_store32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
}

static inline void hy_store64(uint8_t *at, uint64_t value)
{
    hy_store32(at, (uint32_t)value);
    hy_store32(at + 4, (uint32_t)(value >> 32));
}

static inline void hy_wr_u8(struct hy_buf *buf, uint8_t value)
{
    hy_buf_addc(buf, (char)value);
}

static inline void hy_wr_u16(struct hy_buf *buf, uint16_t value)
{
    uint8_t *at = (uint8_t *)hy_buf_extend(buf, 2);
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void hy_wr_u32(struct hy_buf *buf, uint32_t value)
{
    hy_store32((uint8_t *)hy_buf_extend(buf, 4), value);
}

static inline void hy_wr_u64(struct hy_buf *buf, uint64_t value)
{
    hy_store64((uint8_t *)hy_buf_extend(buf, 8), value);
}

static inline void hy_wr_i64(struct hy_buf *buf, int64_t value)
{
    hy_wr_u64(buf, (uint64_t)value);
}

void hy_wr_bytes(struct hy_buf *buf, const void *data, size_t size);

#endif
