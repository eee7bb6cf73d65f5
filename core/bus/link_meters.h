/* SPDX-License-Identifier: Apache-2.0 */
/* The meters of all links to all peers: what they say in the headers of datagrams, and in the log when a link dies or
 * heals. */
#ifndef HY_BUS_LINK_METERS_H
#define HY_BUS_LINK_METERS_H

#include "bus/link_header.h"
#include "bus/link_host.h"

struct hy_link_meters {
    uint32_t self;
    uint64_t incarnation;
    struct halyard_tp_ctx *links;
    size_t count;
    const struct hy_log *log;
    size_t turn; /* where the next datagram's reports begin */
    hy_time last_step;
};

/* A peer is on the link from now on; `name` NULL: "node N". One that was there before goes on with what was measured. */
void hy_link_meters_add(struct halyard_tp_ctx *link, uint32_t node, const char *name);
/* It is not; what was measured is kept, of so many that have left. */
void hy_link_meters_leave(struct halyard_tp_ctx *link, uint32_t node);
void hy_link_meters_free(struct halyard_tp_ctx *link);

/* The header of a datagram to `to`, with as many reports as `room` bytes hold. */
void hy_link_meters_write(struct hy_link_meters *meters, struct halyard_tp_ctx *link, uint32_t to, size_t room,
                          struct hy_buf *out);
/* A datagram of a peer has come over the link. */
void hy_link_meters_take(struct hy_link_meters *meters, struct halyard_tp_ctx *link, uint32_t from,
                         const struct hy_link_header *header);
/* Finds out what has changed, and says so in the log. */
void hy_link_meters_step(struct hy_link_meters *meters);

#endif
