/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's PUB socket, who is let in to it, and a contact to each peer. The sockets are libzmq's own, in a
 * context of the bus, and not czmq's zsock: these all live in one global context, which would hold one ZAP handler a
 * process, and end only with the process.
 */
#include "bus/bus.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/vec.h"
#include "bus/contact.h"
#include "bus/frames.h"
#include "bus/rare.h"
#include "bus/socket.h"
#include "bus/ticker.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_EVERY_MS = 1000, ADMISSIONS_A_TURN = 16, SUBSCRIPTIONS_A_TURN = 64 };

/* An own address. */
struct door {
    char *address;
    char endpoint[HY_ENDPOINT_SIZE];
    bool open;
};

struct hy_bus {
    struct hy_loop *loop;
    const struct hy_log *log;
    uint32_t self;
    uint16_t port;
    uint64_t incarnation;
    struct hy_bus_keys keys;
    void *zmq, *pub, *zap;
    struct hy_watched zap_watch, pub_watch;
    struct hy_ticker *check;
    HY_VEC(struct door) doors;
    HY_VEC(struct hy_contact *) contacts;
    void (*received)(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data,
                     size_t size);
    void (*connected)(void *context, uint32_t peer);
    void *context;
    struct hy_buf header; /* of the message that is sent */
    uint64_t last_number;
    uint64_t connections; /* that were ever begun */
    struct hy_rare bad_line, refused_line;
    struct hy_bus_stats stats;
};

/* ---- who is let in: ZAP (ZeroMQ RFC 27) ---- */

/*
 * The handler runs in the loop and knows one rule: the client's key is the one that is derived from the cluster's.
 */
static void answer(struct hy_bus *bus, struct hy_frames *request, bool admitted)
{
    zmq_msg_t *id = &request->parts[1];
    hy_frame_send(bus->zap, "1.0", 3, true);
    hy_frame_send(bus->zap, zmq_msg_data(id), zmq_msg_size(id), true);
    hy_frame_send(bus->zap, admitted ? "200" : "400", 3, true);
    hy_frame_send(bus->zap, "", 0, true);  /* status text */
    hy_frame_send(bus->zap, "", 0, true);  /* user id */
    hy_frame_send(bus->zap, "", 0, false); /* metadata */
}

static bool has_text(zmq_msg_t *part, const char *text)
{
    return zmq_msg_size(part) == strlen(text) && !memcmp(zmq_msg_data(part), text, strlen(text));
}

/* The request: version, id, domain, address, routing id, mechanism, and for CURVE the client's public key. */
static bool is_admitted(const struct hy_bus *bus, struct hy_frames *request)
{
    zmq_msg_t *key = &request->parts[6];
    return request->total == 7 && has_text(&request->parts[0], "1.0") && has_text(&request->parts[5], "CURVE") &&
           zmq_msg_size(key) == HY_CURVE_KEY_SIZE &&
           !sodium_memcmp(zmq_msg_data(key), bus->keys.client_public, HY_CURVE_KEY_SIZE);
}

static void zap_ready(void *context)
{
    struct hy_bus *bus = context;
    struct hy_frames request;
    int taken = 0;
    for (; taken < ADMISSIONS_A_TURN && hy_frames_receive(bus->zap, &request); taken++) {
        uint64_t left_out;
        bool admitted = is_admitted(bus, &request);
        if (!admitted)
            bus->stats.refused++;
        if (!admitted && request.total == 7 && hy_rare_allows(&bus->refused_line, HY_SECOND, &left_out))
            hy_warning(bus->log, "bus: %.*s is not let in: its key is not this cluster's (%llu more before that)",
                       (int)zmq_msg_size(&request.parts[3]), (const char *)zmq_msg_data(&request.parts[3]),
                       (unsigned long long)left_out);
        if (request.count >= 2)
            answer(bus, &request, admitted);
        hy_frames_free(&request);
    }
    if (taken)
        hy_loop_again(bus->loop, &bus->zap_watch); /* the answers may have hidden that another has come */
}

/* ---- messages ---- */

static void on_received(void *context, const struct hy_message *message)
{
    struct hy_bus *bus = context;
    bus->stats.received++;
    bus->received(bus->context, message->topic, message->from, message->incarnation, message->data, message->size);
}

static void on_bad(void *context, uint32_t peer, const char *why)
{
    struct hy_bus *bus = context;
    uint64_t left_out;
    bus->stats.bad++;
    if (hy_rare_allows(&bus->bad_line, HY_SECOND, &left_out))
        hy_warning(bus->log, "bus: dropped a message from node %u: %s (%llu more before that)", peer, why,
                   (unsigned long long)left_out);
}

static void on_connected(void *context, uint32_t peer)
{
    struct hy_bus *bus = context;
    hy_debug(bus->log, "bus: node %u and this one hear each other", peer);
    if (bus->connected)
        bus->connected(bus->context, peer);
}

/* A PUB socket never blocks and never says EAGAIN: what a subscriber's queue does not take is dropped. */
static bool publish(struct hy_bus *bus, const char *topic, size_t topic_size, uint64_t number, const void *data,
                    size_t size)
{
    hy_buf_clear(&bus->header);
    hy_header_write(&bus->header, bus->self, bus->incarnation, number);
    bool sent = !hy_frame_send(bus->pub, topic, topic_size, true) &&
                !hy_frame_send(bus->pub, bus->header.data, bus->header.size, true) &&
                !hy_frame_send(bus->pub, data, size, false);
    hy_loop_again(bus->loop, &bus->pub_watch);
    return sent;
}

void hy_bus_send(struct hy_bus *bus, enum hy_topic topic, uint32_t to, const void *data, size_t size)
{
    char text[HY_TOPIC_SIZE + 1];
    if (size > HY_BUS_MESSAGE_MAX) {
        uint64_t left_out;
        bus->stats.bad++;
        if (hy_rare_allows(&bus->bad_line, HY_SECOND, &left_out))
            hy_error(bus->log, "bus: a message of %zu bytes is not sent: the limit is %d", size, HY_BUS_MESSAGE_MAX);
        return;
    }
    hy_topic_text(topic, to, text);
    bus->stats.sent += publish(bus, text, HY_TOPIC_SIZE, ++bus->last_number, data, size);
}

/* ---- peers ---- */

static struct hy_contact *find(const struct hy_bus *bus, uint32_t peer)
{
    for (size_t i = 0; i < bus->contacts.count; i++)
        if (hy_contact_peer(bus->contacts.items[i]) == peer)
            return bus->contacts.items[i];
    return NULL;
}

/* A subscription is a byte 1 and its text (ZeroMQ RFC 29); what ends begins with 0. */
static void take_subscription(struct hy_bus *bus, zmq_msg_t *part)
{
    const char *text = zmq_msg_data(part);
    size_t size = zmq_msg_size(part);
    uint32_t id;
    uint64_t incarnation;
    if (!size || text[0] != 1 || !hy_greeting_read(text + 1, size - 1, &id, &incarnation))
        return;
    publish(bus, text + 1, size - 1, 0, "", 0);
    struct hy_contact *contact = find(bus, id);
    if (contact)
        hy_contact_subscribed(contact, incarnation);
}

static void pub_ready(void *context)
{
    struct hy_bus *bus = context;
    struct hy_frames frames;
    int taken = 0;
    for (; taken < SUBSCRIPTIONS_A_TURN && hy_frames_receive(bus->pub, &frames); taken++) {
        if (frames.total == 1)
            take_subscription(bus, &frames.parts[0]);
        hy_frames_free(&frames);
    }
    if (taken == SUBSCRIPTIONS_A_TURN)
        hy_loop_again(bus->loop, &bus->pub_watch);
}

int hy_bus_reconnect(struct hy_bus *bus, uint32_t peer, uint64_t incarnation)
{
    struct hy_contact *contact = find(bus, peer);
    if (!contact)
        return -ENOENT;
    hy_contact_reconnect(contact, incarnation);
    return 0;
}

/* ---- opening and closing ---- */

/* Before the PUB socket is bound, so that nobody comes to a door without a keeper. */
static int open_zap(struct hy_bus *bus, struct hy_err *err)
{
    bus->zap = zmq_socket(bus->zmq, ZMQ_REP);
    if (!bus->zap || zmq_setsockopt(bus->zap, ZMQ_LINGER, &(int){0}, sizeof(int)) ||
        zmq_bind(bus->zap, "inproc://zeromq.zap.01"))
        return hy_fail(err, zmq_errno(), "cannot open the ZAP handler: %s", zmq_strerror(zmq_errno()));
    return hy_socket_watch(bus->loop, &bus->zap_watch, bus->zap, zap_ready, bus, err);
}

static int open_door(struct hy_bus *bus, struct door *door, struct hy_err *err)
{
    int ipv6 = strchr(door->endpoint, '[') != NULL;
    door->open = !zmq_setsockopt(bus->pub, ZMQ_IPV6, &ipv6, sizeof ipv6) && !zmq_bind(bus->pub, door->endpoint);
    if (door->open)
        return 0;
    int error = zmq_errno();
    if (error == EADDRINUSE)
        return hy_fail(err, error, "%s port %u is taken: another program listens there", door->address, bus->port);
    if (error == EADDRNOTAVAIL || error == ENODEV)
        return hy_fail(err, EADDRNOTAVAIL, "no interface of this host has the address %s (yet)", door->address);
    return hy_fail(err, error, "cannot bind %s port %u: %s", door->address, bus->port, zmq_strerror(error));
}

/* With one of its addresses a node can be reached: it waits for the others. */
static int open_doors(struct hy_bus *bus, struct hy_err *err)
{
    size_t open = 0;
    for (size_t i = 0; i < bus->doors.count; i++) {
        int rc = open_door(bus, &bus->doors.items[i], err);
        if (rc && rc != -EADDRNOTAVAIL)
            return rc;
        open += !rc;
    }
    if (!open)
        return -EADDRNOTAVAIL;
    for (size_t i = 0; i < bus->doors.count; i++)
        if (!bus->doors.items[i].open)
            hy_warning(bus->log, "bus: no interface of this host has the address %s (yet); trying again each second",
                       bus->doors.items[i].address);
    return 0;
}

static int open_pub(struct hy_bus *bus, const struct hy_bus_options *options, struct hy_err *err)
{
    int rc = options->addresses[0] ? 0 : hy_fail(err, EINVAL, "this node has no address");
    bus->port = options->port;
    for (size_t i = 0; !rc && i < HY_BUS_ADDRESSES_MAX && options->addresses[i]; i++) {
        struct door *door = hy_vec_add(&bus->doors);
        *door = (struct door){.address = hy_strdup(options->addresses[i])};
        rc = hy_endpoint_text(door->address, bus->port, door->endpoint, err);
    }
    if (!rc)
        rc = hy_socket_open(bus->zmq, ZMQ_XPUB, &bus->keys, false, &bus->pub, err);
    if (!rc)
        rc = open_doors(bus, err);
    return rc ? rc : hy_socket_watch(bus->loop, &bus->pub_watch, bus->pub, pub_ready, bus, err);
}

static void check(void *context)
{
    struct hy_bus *bus = context;
    struct hy_err err;
    for (size_t i = 0; i < bus->contacts.count; i++)
        hy_contact_check(bus->contacts.items[i]);
    for (size_t i = 0; i < bus->doors.count; i++)
        if (!bus->doors.items[i].open && !open_door(bus, &bus->doors.items[i], &err))
            hy_notice(bus->log, "bus: it listens at %s now", bus->doors.items[i].address);
    hy_loop_again(bus->loop, &bus->pub_watch);
}

static int add_peer(struct hy_bus *bus, const struct hy_bus_peer *peer, struct hy_err *err)
{
    if (peer->id == 0 || peer->id >= HY_BUS_ALL || peer->id == bus->self)
        return hy_fail(err, EINVAL, "a peer cannot have the id %u: ids are 1 to 65534, and each is one node's",
                       peer->id);
    if (find(bus, peer->id))
        return hy_fail(err, EEXIST, "node %u is a peer already", peer->id);
    const struct hy_contact_options options = {.zmq = bus->zmq,
                                               .loop = bus->loop,
                                               .keys = &bus->keys,
                                               .self = bus->self,
                                               .incarnation = bus->incarnation,
                                               .peer = peer,
                                               .number = &bus->connections,
                                               .received = on_received,
                                               .connected = on_connected,
                                               .bad = on_bad,
                                               .context = bus,
                                               .log = bus->log};
    struct hy_contact *contact;
    int rc = hy_contact_open(&options, &contact, err);
    if (!rc)
        hy_vec_push(&bus->contacts, contact);
    return rc;
}

int hy_bus_peer_add(struct hy_bus *bus, const struct hy_bus_peer *peer, struct hy_err *err)
{
    int rc = add_peer(bus, peer, err);
    return rc ? hy_fail_in(err, rc, "bus") : 0;
}

int hy_bus_peer_remove(struct hy_bus *bus, uint32_t id)
{
    for (size_t i = 0; i < bus->contacts.count; i++)
        if (hy_contact_peer(bus->contacts.items[i]) == id) {
            struct hy_contact *contact = bus->contacts.items[i];
            hy_vec_remove(&bus->contacts, i);
            hy_contact_close(&contact);
            return 0;
        }
    return -ENOENT;
}

static int add_peers(struct hy_bus *bus, const struct hy_bus_options *options, struct hy_err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < options->peer_count; i++)
        rc = add_peer(bus, &options->peers[i], err);
    return rc;
}

static int open_all(struct hy_bus *bus, const struct hy_bus_options *options, struct hy_err *err)
{
    if (bus->self == 0 || bus->self >= HY_BUS_ALL)
        return hy_fail(err, EINVAL, "a node cannot have the id %u: ids are 1 to 65534", bus->self);
    int rc = hy_bus_keys_derive(&bus->keys, options->key, err);
    if (rc)
        return rc;
    bus->zmq = zmq_ctx_new();
    if (!bus->zmq)
        return hy_fail(err, zmq_errno(), "cannot start ZeroMQ: %s", zmq_strerror(zmq_errno()));
    rc = open_zap(bus, err);
    if (!rc)
        rc = open_pub(bus, options, err);
    if (!rc)
        rc = add_peers(bus, options, err);
    if (!rc)
        rc = hy_ticker_start(bus->loop, CHECK_EVERY_MS, check, bus, &bus->check, err);
    return rc;
}

int hy_bus_open(const struct hy_bus_options *options, struct hy_loop *loop, struct hy_bus **bus, struct hy_err *err)
{
    struct hy_bus *self = hy_alloc(sizeof *self);
    self->loop = loop;
    self->log = options->log;
    self->self = options->self;
    self->incarnation = options->incarnation;
    self->received = options->received;
    self->connected = options->connected;
    self->context = options->context;
    self->zap_watch.fd = self->pub_watch.fd = -1;
    int rc = open_all(self, options, err);
    if (rc)
        hy_bus_close(&self);
    *bus = self;
    return rc ? hy_fail_in(err, rc, "bus") : 0;
}

void hy_bus_close(struct hy_bus **bus)
{
    struct hy_bus *self = *bus;
    if (!self)
        return;
    *bus = NULL;
    hy_ticker_stop(&self->check);
    for (size_t i = 0; i < self->contacts.count; i++)
        hy_contact_close(&self->contacts.items[i]);
    hy_vec_free(&self->contacts);
    for (size_t i = 0; i < self->doors.count; i++)
        free(self->doors.items[i].address);
    hy_vec_free(&self->doors);
    hy_loop_unwatch(self->loop, &self->pub_watch);
    hy_socket_close(&self->pub);
    hy_loop_unwatch(self->loop, &self->zap_watch);
    hy_socket_close(&self->zap);
    /* Returns at once: no socket is left, and none lingers. */
    while (self->zmq && zmq_ctx_term(self->zmq) && zmq_errno() == EINTR)
        ;
    hy_buf_free(&self->header);
    sodium_memzero(&self->keys, sizeof self->keys);
    free(self);
}

void hy_bus_stats(const struct hy_bus *bus, struct hy_bus_stats *stats)
{
    *stats = bus->stats;
}

int hy_bus_peer_stats(const struct hy_bus *bus, uint32_t peer, struct hy_bus_peer_stats *stats)
{
    const struct hy_contact *contact = find(bus, peer);
    if (!contact)
        return -ENOENT;
    hy_contact_stats(contact, stats);
    return 0;
}
