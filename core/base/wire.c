/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

struct hy_rd hy_rd_from(const void *data, size_t size)
{
    const uint8_t *at = data ? data : (const uint8_t *)"";
    return (struct hy_rd){.at = at, .end = at + (data ? size : 0)};
}

/* Written out, it becomes one store. */
static void store32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
    at[2] = (uint8_t)(value >> 16);
    at[3] = (uint8_t)(value >> 24);
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

void hy_wr_u8(struct hy_buf *buf, uint8_t value)
{
    hy_buf_add(buf, &value, 1);
}

void hy_wr_u16(struct hy_buf *buf, uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    hy_buf_add(buf, bytes, sizeof bytes);
}

void hy_wr_u32(struct hy_buf *buf, uint32_t value)
{
    uint8_t bytes[4];
    store32(bytes, value);
    hy_buf_add(buf, bytes, sizeof bytes);
}

void hy_wr_u64(struct hy_buf *buf, uint64_t value)
{
    uint8_t bytes[8];
    store32(bytes, (uint32_t)value);
    store32(bytes + 4, (uint32_t)(value >> 32));
    hy_buf_add(buf, bytes, sizeof bytes);
}

void hy_wr_i64(struct hy_buf *buf, int64_t value)
{
    hy_wr_u64(buf, (uint64_t)value);
}

void hy_wr_bytes(struct hy_buf *buf, const void *data, size_t size)
{
    if (size > UINT32_MAX) {
        size = 0;
    }
    hy_wr_u32(buf, (uint32_t)size);
    hy_buf_add(buf, data, size);
}
