/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/contact.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdlib.h>

struct hy_contact {
    uint32_t peer;
    struct hy_subscriber *subscribers[HY_BUS_ADDRESSES_MAX];
    size_t count;
    uint64_t hears_us;            /* incarnation of the peer's core that has subscribed here */
    uint64_t greeted_by;          /* and of the one that has seen our subscription */
    uint64_t incarnation, number; /* of the last message taken */
    uint64_t received, doubled;
    struct hy_contact_options options;
};

/* Said with each new connection: what was sent before it may be lost. */
static void say_connected(struct hy_contact *contact)
{
    if (contact->hears_us && contact->hears_us == contact->greeted_by)
        contact->options.connected(contact->options.context, contact->peer);
}

void hy_contact_subscribed(struct hy_contact *contact, uint64_t incarnation)
{
    if (incarnation < contact->hears_us)
        return; /* of a core that is no more */
    contact->hears_us = incarnation;
    hy_contact_reconnect(contact, incarnation); /* it is there: no need to wait for its first heartbeat */
    say_connected(contact);
}

/*
 * Each connection is first in, first out. So of several the one that is ahead counts, and the others repeat it: order
 * holds, and a number is all there is to remember. One that has just been made may be ahead of what the others still have
 * on the way, which is dropped then; it is said to be connected in that moment, and what was sent before is repeated.
 */
static bool is_news(struct hy_contact *contact, const struct hy_message *message)
{
    if (message->incarnation < contact->incarnation ||
        (message->incarnation == contact->incarnation && message->number <= contact->number)) {
        contact->doubled++;
        return false;
    }
    contact->incarnation = message->incarnation;
    contact->number = message->number;
    contact->received++;
    return true;
}

static void on_received(void *context, const struct hy_message *message)
{
    struct hy_contact *contact = context;
    if (message->greeted) {
        contact->greeted_by = message->incarnation;
        say_connected(contact);
    } else if (is_news(contact, message)) {
        contact->options.received(contact->options.context, message);
    }
}

static void on_bad(void *context, uint32_t peer, const char *why)
{
    struct hy_contact *contact = context;
    contact->options.bad(contact->options.context, peer, why);
}

static int connect_all(struct hy_contact *contact, const struct hy_bus_peer *peer, struct hy_err *err)
{
    const struct hy_contact_options *options = &contact->options;
    struct hy_subscriber_options subscriber = {.zmq = options->zmq,
                                               .loop = options->loop,
                                               .keys = options->keys,
                                               .self = options->self,
                                               .incarnation = options->incarnation,
                                               .peer = peer->id,
                                               .port = peer->port,
                                               .number = options->number,
                                               .received = on_received,
                                               .bad = on_bad,
                                               .context = contact,
                                               .log = options->log};
    int rc = peer->addresses[0] ? 0 : hy_fail(err, EINVAL, "node %u has no address", peer->id);
    while (!rc && contact->count < HY_BUS_ADDRESSES_MAX && peer->addresses[contact->count]) {
        subscriber.connection = (unsigned)contact->count;
        subscriber.address = peer->addresses[contact->count];
        rc = hy_subscriber_open(&subscriber, &contact->subscribers[contact->count], err);
        if (!rc)
            contact->count++;
    }
    return rc;
}

int hy_contact_open(const struct hy_contact_options *options, struct hy_contact **contact, struct hy_err *err)
{
    struct hy_contact *new = hy_alloc(sizeof *new);
    *new = (struct hy_contact){.peer = options->peer->id, .options = *options};
    new->options.peer = NULL; /* the caller's */
    int rc = connect_all(new, options->peer, err);
    if (rc)
        hy_contact_close(&new);
    *contact = new;
    return rc;
}

void hy_contact_close(struct hy_contact **contact)
{
    struct hy_contact *old = *contact;
    if (!old)
        return;
    *contact = NULL;
    for (size_t i = 0; i < old->count; i++)
        hy_subscriber_close(&old->subscribers[i]);
    free(old);
}

uint32_t hy_contact_peer(const struct hy_contact *contact)
{
    return contact->peer;
}

void hy_contact_reconnect(struct hy_contact *contact, uint64_t incarnation)
{
    for (size_t i = 0; i < contact->count; i++)
        hy_subscriber_reconnect(contact->subscribers[i], incarnation);
}

void hy_contact_check(struct hy_contact *contact)
{
    for (size_t i = 0; i < contact->count; i++)
        hy_subscriber_check(contact->subscribers[i]);
}

void hy_contact_stats(const struct hy_contact *contact, struct hy_bus_peer_stats *stats)
{
    *stats = (struct hy_bus_peer_stats){.received = contact->received, .doubled = contact->doubled};
    for (size_t i = 0; i < contact->count; i++) {
        struct hy_subscriber_stats one;
        hy_subscriber_stats(contact->subscribers[i], &one);
        stats->connected += one.greeted;
        stats->connections += one.connections;
        if (one.incarnation > stats->incarnation)
            stats->incarnation = one.incarnation;
    }
}
