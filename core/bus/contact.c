/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/contact.h"

#include "base/alloc.h"

#include <stdlib.h>

struct hy_contact {
    uint32_t peer;
    struct hy_subscriber *subscriber;
    uint64_t hears_us;   /* incarnation of the peer's core that has subscribed here */
    uint64_t greeted_by; /* and of the one that has seen our subscription */
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
    hy_subscriber_reconnect(contact->subscriber, incarnation); /* it is there: no need to wait for its first heartbeat */
    say_connected(contact);
}

static void on_received(void *context, const struct hy_message *message)
{
    struct hy_contact *contact = context;
    if (!message->greeted) {
        contact->options.received(contact->options.context, message);
        return;
    }
    contact->greeted_by = message->incarnation;
    say_connected(contact);
}

static void on_bad(void *context, uint32_t peer, const char *why)
{
    struct hy_contact *contact = context;
    contact->options.bad(contact->options.context, peer, why);
}

int hy_contact_open(const struct hy_contact_options *options, struct hy_contact **contact, struct hy_err *err)
{
    struct hy_contact *new = hy_alloc(sizeof *new);
    *new = (struct hy_contact){.peer = options->peer->id, .options = *options};
    new->options.peer = NULL; /* the caller's */
    const struct hy_subscriber_options subscriber = {.zmq = options->zmq,
                                                     .loop = options->loop,
                                                     .keys = options->keys,
                                                     .self = options->self,
                                                     .incarnation = options->incarnation,
                                                     .peer = *options->peer,
                                                     .number = options->number,
                                                     .received = on_received,
                                                     .bad = on_bad,
                                                     .context = new,
                                                     .log = options->log};
    int rc = hy_subscriber_open(&subscriber, &new->subscriber, err);
    if (rc)
        free(new);
    else
        *contact = new;
    return rc;
}

void hy_contact_close(struct hy_contact **contact)
{
    struct hy_contact *old = *contact;
    if (!old)
        return;
    *contact = NULL;
    hy_subscriber_close(&old->subscriber);
    free(old);
}

uint32_t hy_contact_peer(const struct hy_contact *contact)
{
    return contact->peer;
}

void hy_contact_reconnect(struct hy_contact *contact, uint64_t incarnation)
{
    hy_subscriber_reconnect(contact->subscriber, incarnation);
}

void hy_contact_check(struct hy_contact *contact)
{
    hy_subscriber_check(contact->subscriber);
}

void hy_contact_stats(const struct hy_contact *contact, struct hy_bus_peer_stats *stats)
{
    hy_subscriber_stats(contact->subscriber, stats);
}
