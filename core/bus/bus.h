/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus: ZeroMQ PUB/SUB between the nodes, CURVE-encrypted. Each node binds one PUB socket and has one SUB socket connected to every peer's. A
 * message has three frames: a topic of fixed width, a header (wire version, sender, sender's incarnation), and bytes. Best effort: a
 * message may be lost at any time, and the protocols above do not care. Addressed messages carry their destination in the topic, so others never get them.
 *
 *   topic = 4 letters, 4 hex digits: "raft0003" to node 3, "evntFFFF" to all
 */
#ifndef HY_BUS_BUS_H
#define HY_BUS_BUS_H

#include "base/err.h"
#include "base/log.h"

#include <czmq.h>
#include <stdint.h>

enum hy_topic {
    HY_TOPIC_RAFT,    /* consensus messages */
    HY_TOPIC_COMMAND, /* commands on their way to the DC, and how far it has taken them */
    HY_TOPIC_ORDER,   /* operations from the DC, and asking what runs */
    HY_TOPIC_CHANGE,  /* committed commands, for followers of the cluster */
    HY_TOPIC_EVENT,   /* what happened, for followers of the cluster */
    HY_TOPIC_COUNT
};

#define HY_BUS_ALL UINT32_C(0xFFFF)

struct hy_bus_peer {
    uint32_t id;
    const char *address;
    uint16_t port;
};

struct hy_bus_options {
    uint32_t self;
    uint64_t incarnation;
    const char *address; /* to bind: a numeric IPv4 or IPv6 address */
    uint16_t port;
    const struct hy_bus_peer *peers;
    size_t peer_count;
    const uint8_t *key; /* the cluster's shared key, 32 bytes; the CURVE keys are derived from it */
    void (*received)(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data, size_t size);
    void *context;
    const struct hy_log *log;
};

struct hy_bus;

/* Opens sockets and registers them with the loop. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL. */
int hy_bus_open(const struct hy_bus_options *options, zloop_t *loop, struct hy_bus **bus, struct hy_err *err);
/* `to`: a node or HY_BUS_ALL. Never blocks; what does not fit in the peer's queue is dropped. */
void hy_bus_send(struct hy_bus *bus, enum hy_topic topic, uint32_t to, const void *data, size_t size);
void hy_bus_close(struct hy_bus **bus);

#endif
