/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus: ZeroMQ PUB/SUB between the nodes, CURVE-encrypted. Each node binds one XPUB socket (a PUB that sees who
 * subscribes) to each of its addresses, and has, for each address of each peer, one SUB socket connected to that peer's
 * XPUB: so each has a queue of its own, a message that names another sender than the one it came from is seen, and to
 * connect anew is to close a socket and open one.
 *
 * Where nodes have several addresses, each message goes over all networks, and what comes first is taken: a network that
 * dies is not noticed here, and nothing has to be decided. What is numbered below the last one taken has come already.
 *
 * A message has three frames: a topic of fixed width, a header (wire version, sender, sender's incarnation, number), and
 * bytes. Best effort: a message may be lost at any time, and the protocols above do not care. It is never doubled, and what
 * comes of one sender comes in order. Addressed messages carry their destination in the topic, so others never get them.
 *
 *   topic = 4 letters, 4 hex digits: "raft0003" to node 3, "evntFFFF" to all
 */
#ifndef HY_BUS_BUS_H
#define HY_BUS_BUS_H

#include "base/err.h"
#include "base/log.h"
#include "loop/loop.h"

#include <stdint.h>

enum hy_topic {
    HY_TOPIC_RAFT,    /* consensus messages */
    HY_TOPIC_COMMAND, /* commands on their way to the DC, and how far it has taken them */
    HY_TOPIC_ORDER,   /* operations from the DC, and asking what runs */
    HY_TOPIC_CHANGE,  /* committed commands, for followers of the cluster */
    HY_TOPIC_EVENT,   /* what happened, for followers of the cluster */
    HY_TOPIC_COUNT
};

#define HY_BUS_ALL UINT32_C(0xFFFF) /* node ids are 1..0xFFFE */

enum {
    HY_BUS_MESSAGE_MAX = 16 << 20, /* bytes of content */
    HY_BUS_ADDRESSES_MAX = 9       /* of one node: its own, and one on each link */
};

struct hy_bus_peer {
    uint32_t id;
    uint16_t port;
    const char *addresses[HY_BUS_ADDRESSES_MAX]; /* numeric IPv4 or IPv6, each one once; at least one, then NULL */
};

struct hy_bus_options {
    uint32_t self;
    uint64_t incarnation;
    uint16_t port;
    const char *addresses[HY_BUS_ADDRESSES_MAX]; /* to bind; as those of a peer */
    const struct hy_bus_peer *peers;
    size_t peer_count;
    const uint8_t *key; /* the cluster's shared key, 32 bytes; the CURVE keys are derived from it */
    /* `from` is the peer whose socket the message came by. In here any function but hy_bus_close() may be called. */
    void (*received)(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data,
                     size_t size);
    /* From now on `peer` hears this node and this node hears it: what either has sent before may be lost. Said with each new
     * connection, also more than once. The same holds as for received(). */
    void (*connected)(void *context, uint32_t peer);
    void *context;
    const struct hy_log *log; /* lives as long as the bus */
};

struct hy_bus;

/* Opens sockets and registers them with the loop; copies what it needs of the options. An address that is not there yet is
 * tried again each second, if another one is. -EADDRINUSE, -EADDRNOTAVAIL (of all), -EINVAL, -EEXIST. */
int hy_bus_open(const struct hy_bus_options *options, struct hy_loop *loop, struct hy_bus **bus, struct hy_err *err);
/* Peers come and go at any time, also from within received(). -EINVAL, -EEXIST (also for other addresses: the old ones are
 * to be removed first); -ENOENT. What a removed one still had on the way is lost. */
int hy_bus_peer_add(struct hy_bus *bus, const struct hy_bus_peer *peer, struct hy_err *err);
int hy_bus_peer_remove(struct hy_bus *bus, uint32_t id);
/* `to`: a node or HY_BUS_ALL. Never blocks; what does not fit in the peer's queue is dropped. */
void hy_bus_send(struct hy_bus *bus, enum hy_topic topic, uint32_t to, const void *data, size_t size);
/* To be called when membership hears `peer` under a new incarnation: connects anew and at once, unless that
 * incarnation has sent something already, or the connection is quite new. What the old connection still held is lost.
 * -ENOENT: no such peer. */
int hy_bus_reconnect(struct hy_bus *bus, uint32_t peer, uint64_t incarnation);
/* Not from within received(). Sets *bus to NULL; does nothing when it is NULL. */
void hy_bus_close(struct hy_bus **bus);

struct hy_bus_stats {
    uint64_t sent;     /* messages handed to ZeroMQ: it does not say which of them a peer's full queue dropped */
    uint64_t received; /* handed to received() */
    uint64_t bad;      /* malformed, too large, or of a false sender: dropped */
    uint64_t refused;  /* connections without the cluster's key */
};
void hy_bus_stats(const struct hy_bus *bus, struct hy_bus_stats *stats);

struct hy_bus_peer_stats {
    size_t connected;     /* to how many of its addresses this node is: what it sends comes by these */
    uint64_t received;    /* messages from it */
    uint64_t doubled;     /* copies of them, which came over another network */
    uint64_t connections; /* how often one was connected */
    uint64_t incarnation; /* in its last message; 0: none yet */
};
/* -ENOENT: no such peer. */
int hy_bus_peer_stats(const struct hy_bus *bus, uint32_t peer, struct hy_bus_peer_stats *stats);

#endif
