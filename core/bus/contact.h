/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One peer on the bus: a connection to each of its addresses, what has come of it already, and whether each of the two
 * hears the other.
 *
 * A PUB socket drops what nobody has subscribed to yet, so after a connection something may have been lost in either
 * direction until each has seen the other's subscription. This node sees the peer's itself; that the peer has seen ours, its
 * greeting says.
 */
#ifndef HY_BUS_CONTACT_H
#define HY_BUS_CONTACT_H

#include "bus/subscriber.h"

struct hy_contact;

struct hy_contact_options {
    void *zmq;
    struct hy_loop *loop;
    const struct hy_bus_keys *keys; /* lives as long as the contact */
    uint32_t self;
    uint64_t incarnation;
    const struct hy_bus_peer *peer; /* copied */
    uint64_t *number;               /* see struct hy_subscriber_options */
    void (*received)(void *context, const struct hy_message *message);
    void (*connected)(void *context, uint32_t peer);
    void (*bad)(void *context, uint32_t peer, const char *why);
    void *context;
    const struct hy_log *log;
};

int hy_contact_open(const struct hy_contact_options *options, struct hy_contact **contact, struct hy_err *err);
/* Also from within the callbacks. */
void hy_contact_close(struct hy_contact **contact);

uint32_t hy_contact_peer(const struct hy_contact *contact);

/* The peer's core of this incarnation has subscribed here, and is being greeted. */
void hy_contact_subscribed(struct hy_contact *contact, uint64_t incarnation);

/* See hy_bus_reconnect(). */
void hy_contact_reconnect(struct hy_contact *contact, uint64_t incarnation);

/* To be called about once a second. */
void hy_contact_check(struct hy_contact *contact);

void hy_contact_stats(const struct hy_contact *contact, struct hy_bus_peer_stats *stats);

#endif
