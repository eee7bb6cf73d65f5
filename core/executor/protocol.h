/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between core and executor, one to a packet of the SOCK_SEQPACKET pair: magic, version, type, flags, body.
 * Checked on both sides.
 */
#ifndef HY_EXECUTOR_PROTOCOL_H
#define HY_EXECUTOR_PROTOCOL_H

#include "executor/executor.h"

#define HY_PROTOCOL_MAGIC UINT32_C(0x48594558) /* "HYEX" */
enum { HY_PROTOCOL_VERSION = 1, HY_PROTOCOL_MAX = 1 << 20 };

enum hy_packet {
    HY_PACKET_ORDER = 1, /* core: an operation */
    HY_PACKET_QUERY,     /* core: what is active? */
    HY_PACKET_LOOK,      /* core: the lease has become shorter, look at the page */
    HY_PACKET_HANDS_OFF, /* core: what is not managed now; body: text */
    HY_PACKET_OUTCOME = 16,
    HY_PACKET_ACTIVE,
    HY_PACKET_ACTIVE_END,
    HY_PACKET_RELEASED, /* flag: clean; body: report */
    HY_PACKET_EVENT
};

void hy_packet_begin(struct hy_buf *out, enum hy_packet type, bool flag);

/* Takes the frame off: *body and *size are what is behind it. -EBADMSG. */
int hy_packet_open(const void *data, size_t size, enum hy_packet *type, bool *flag, const void **body,
                   size_t *body_size, struct hy_err *err);

/* One packet, whatever its size: 1, 0 none now, -EPIPE at the end, -errno. *packet is emptied first. */
int hy_packet_receive(int fd, struct hy_buf *packet);
/* 0, -EAGAIN, -EMSGSIZE, -EPIPE. */
int hy_packet_send(int fd, const struct hy_buf *packet);

/* Both ends as large as packets may be, as far as it is permitted. */
void hy_packet_socket(int fd);

#endif
