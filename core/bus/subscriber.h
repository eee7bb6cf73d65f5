/* SPDX-License-Identifier: Apache-2.0 */
/* What this node hears of one peer at one of its addresses: a SUB socket connected to the peer's PUB, and what ZeroMQ says
 * of that connection. */
#ifndef HY_BUS_SUBSCRIBER_H
#define HY_BUS_SUBSCRIBER_H

#include "bus/frames.h"
#include "bus/socket.h"

struct hy_subscriber;

struct hy_subscriber_options {
    void *zmq;
    struct hy_loop *loop;
    const struct hy_bus_keys *keys; /* lives as long as the subscriber */
    uint32_t self;
    uint64_t incarnation; /* own: peers greet it */
    uint32_t peer;
    const char *address;
    uint16_t port;
    unsigned connection; /* which of those to this peer: it is greeted by that */
    uint64_t *number;    /* counted up with each connection of all subscribers: makes names in the context unique */
    void (*received)(void *context, const struct hy_message *message); /* also greetings */
    void (*bad)(void *context, uint32_t peer, const char *why);
    void *context;
    const struct hy_log *log;
};

int hy_subscriber_open(const struct hy_subscriber_options *options, struct hy_subscriber **subscriber,
                       struct hy_err *err);
/* Also from within received(). */
void hy_subscriber_close(struct hy_subscriber **subscriber);

/* Connects anew, unless the peer in its last message is of this incarnation already, or a first attempt has only just
 * begun. */
void hy_subscriber_reconnect(struct hy_subscriber *subscriber, uint64_t incarnation);

/* To be called about once a second: connects anew where ZeroMQ has given up, as it does after a refused handshake. */
void hy_subscriber_check(struct hy_subscriber *subscriber);

struct hy_subscriber_stats {
    bool connected;       /* keys agreed */
    bool greeted;         /* and the peer knows of all subscriptions: what it sends comes */
    uint64_t connections; /* how often it was */
    uint64_t incarnation; /* in the last message; 0: none yet */
};
void hy_subscriber_stats(const struct hy_subscriber *subscriber, struct hy_subscriber_stats *stats);

#endif
