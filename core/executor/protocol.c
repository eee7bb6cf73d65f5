/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/protocol.h"

#include "base/wire.h"

#include <errno.h>
#include <sys/socket.h>

void hy_packet_begin(struct hy_buf *out, enum hy_packet type, bool flag)
{
    hy_buf_clear(out);
    hy_wr_u32(out, HY_PROTOCOL_MAGIC);
    hy_wr_u16(out, HY_PROTOCOL_VERSION);
    hy_wr_u8(out, (uint8_t)type);
    hy_wr_u8(out, flag);
}

static bool is_type(uint8_t type)
{
    return (type >= HY_PACKET_ORDER && type <= HY_PACKET_HANDS_OFF) ||
           (type >= HY_PACKET_OUTCOME && type <= HY_PACKET_EVENT);
}

int hy_packet_open(const void *data, size_t size, enum hy_packet *type, bool *flag, const void **body,
                   size_t *body_size, struct hy_err *err)
{
    struct hy_rd rd = hy_rd_from(data, size);
    uint32_t magic = hy_rd_u32(&rd);
    uint16_t version = hy_rd_u16(&rd);
    uint8_t kind = hy_rd_u8(&rd);
    uint8_t flags = hy_rd_u8(&rd);
    if (rd.bad || magic != HY_PROTOCOL_MAGIC)
        return hy_fail(err, EBADMSG, "core and executor: %zu bytes that are no message", size);
    if (version != HY_PROTOCOL_VERSION)
        return hy_fail(err, EBADMSG,
                       "core and executor are of different versions: %u is spoken there, %u here; restart halyard",
                       version, HY_PROTOCOL_VERSION);
    if (!is_type(kind) || flags > 1)
        return hy_fail(err, EBADMSG, "core and executor: a message of unknown type %u, flags %u", kind, flags);
    *type = (enum hy_packet)kind;
    *flag = flags == 1;
    *body = rd.at;
    *body_size = hy_rd_left(&rd);
    return 0;
}

int hy_packet_receive(int fd, struct hy_buf *packet)
{
    hy_buf_clear(packet);
    ssize_t size = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
    if (size == 0)
        return -EPIPE;
    char *room = hy_alloc((size_t)size);
    ssize_t got = recv(fd, room, (size_t)size, MSG_DONTWAIT);
    if (got > 0)
        hy_buf_add(packet, room, (size_t)got);
    int rc = got > 0 ? 1 : got == 0 ? -EPIPE : errno == EAGAIN || errno == EINTR ? 0 : -errno;
    free(room);
    return rc;
}

int hy_packet_send(int fd, const struct hy_buf *packet)
{
    if (packet->size > HY_PROTOCOL_MAX)
        return -EMSGSIZE;
    for (;;) {
        if (send(fd, packet->data, packet->size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
            return 0;
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == ENOBUFS)
            return -EAGAIN;
        return errno == ECONNRESET || errno == ECONNREFUSED || errno == ENOTCONN ? -EPIPE : -errno;
    }
}

void hy_packet_socket(int fd)
{
    int size = 2 * HY_PROTOCOL_MAX;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}
