/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/message.h"

#include "base/wire.h"

#include <errno.h>

void hy_message_encode(const struct hy_message *message, struct hy_buf *out)
{
    hy_wr_u8(out, HY_MESSAGE_VERSION);
    hy_wr_u8(out, (uint8_t)message->kind);
    hy_wr_u64(out, message->term);
    hy_wr_u32(out, message->epoch);
    hy_wr_u64(out, message->seq);
    hy_wr_bytes(out, message->data, message->size);
}

int hy_message_decode(const void *data, size_t size, struct hy_message *message, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(data, size);
    uint8_t version = hy_rd_u8(&rd);
    if (version != HY_MESSAGE_VERSION)
        return hy_fail(err, EBADMSG, "message of wire version %u: this node speaks %d", version, HY_MESSAGE_VERSION);
    uint8_t kind = hy_rd_u8(&rd);
    if (kind < HY_MESSAGE_SUBMIT || kind > HY_MESSAGE_NODES)
        return hy_fail(err, EBADMSG, "message of unknown kind %u", kind);
    struct hy_message read = {.kind = (enum hy_message_kind)kind};
    read.term = hy_rd_u64(&rd);
    read.epoch = hy_rd_u32(&rd);
    read.seq = hy_rd_u64(&rd);
    read.data = hy_rd_bytes(&rd, &read.size);
    if (!hy_rd_done(&rd))
        return hy_fail(err, EBADMSG, "message of kind %u is cut or too long: %zu bytes", kind, size);
    *message = read;
    return 0;
}
