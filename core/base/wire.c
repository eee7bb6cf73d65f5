/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

struct hy_rd hy_rd_from(const void *data, size_t size)
{
    const uint8_t *at = data ? data : (const uint8_t *)"";
    return (struct hy_rd){.at = at, .end = at + (data ? size : 0)};
}

static uint64_t read_uint(struct hy_rd *rd, size_t width)
{
    if (rd->bad || (size_t)(rd->end - rd->at) < width) {
        rd->bad = true;
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)rd->at[i] << (8 * i);
    rd->at += width;
    return value;
}

uint8_t hy_rd_u8(struct hy_rd *rd)
{
    return (uint8_t)read_uint(rd, 1);
}

uint16_t hy_rd_u16(struct hy_rd *rd)
{
    return (uint16_t)read_uint(rd, 2);
}

uint32_t hy_rd_u32(struct hy_rd *rd)
{
    return (uint32_t)read_uint(rd, 4);
}

uint64_t hy_rd_u64(struct hy_rd *rd)
{
    return read_uint(rd, 8);
}

int64_t hy_rd_i64(struct hy_rd *rd)
{
    return (int64_t)read_uint(rd, 8);
}

const void *hy_rd_bytes(struct hy_rd *rd, size_t *size)
{
    size_t length = hy_rd_u32(rd);
    if (rd->bad || (size_t)(rd->end - rd->at) < length) {
        rd->bad = true;
        *size = 0;
        return "";
    }
    const void *data = rd->at;
    rd->at += length;
    *size = length;
    return data;
}

size_t hy_rd_left(const struct hy_rd *rd)
{
    return rd->bad ? 0 : (size_t)(rd->end - rd->at);
}

bool hy_rd_done(const struct hy_rd *rd)
{
    return !rd->bad && rd->at == rd->end;
}

static void write_uint(struct hy_buf *buf, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    hy_buf_add(buf, bytes, width);
}

void hy_wr_u8(struct hy_buf *buf, uint8_t value)
{
    write_uint(buf, value, 1);
}

void hy_wr_u16(struct hy_buf *buf, uint16_t value)
{
    write_uint(buf, value, 2);
}

void hy_wr_u32(struct hy_buf *buf, uint32_t value)
{
    write_uint(buf, value, 4);
}

void hy_wr_u64(struct hy_buf *buf, uint64_t value)
{
    write_uint(buf, value, 8);
}

void hy_wr_i64(struct hy_buf *buf, int64_t value)
{
    write_uint(buf, (uint64_t)value, 8);
}

void hy_wr_bytes(struct hy_buf *buf, const void *data, size_t size)
{
    if (size > UINT32_MAX) {
        size = 0;
    }
    hy_wr_u32(buf, (uint32_t)size);
    hy_buf_add(buf, data, size);
}
