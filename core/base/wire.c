/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wire.h"

struct hy_rd hy_rd_from(const void *data, size_t size)
{
    const uint8_t *at = data ? data : (const uint8_t *)"";
    return (struct hy_rd){.at = at, .end = at + (data ? size : 0)};
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

void hy_wr_bytes(struct hy_buf *buf, const void *data, size_t size)
{
    if (size > UINT32_MAX) {
        size = 0;
    }
    hy_wr_u32(buf, (uint32_t)size);
    hy_buf_add(buf, data, size);
}
