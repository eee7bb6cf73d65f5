/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/subscriber.h"

#include "base/alloc.h"
#include "bus/rare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN = 64,             /* messages from one peer in one turn of the loop, so that none keeps the others waiting */
    BROKEN_HANDSHAKES = 3, /* in a row, before it is said */
    WATCHED_EVENTS = ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CLOSED |
                     ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
};

/* ZeroMQ that is still trying lets hear of it each second at least (see the intervals in socket.c). */
static const hy_time given_up_after = 3 * HY_SECOND;

/* A core that ends closes its connections at once, and the next one takes some milliseconds to begin: so an attempt that is
 * as young as this, and has not failed, is on its way to the new one. */
static const hy_time made_just_now = 100 * HY_MS;

struct hy_subscriber {
    void *zmq;
    struct hy_loop *loop;
    const struct hy_bus_keys *keys;
    uint32_t self, peer;
    uint64_t incarnation;
    unsigned connection;
    bool ipv6;
    char endpoint[HY_ENDPOINT_SIZE];
    void (*received)(void *context, const struct hy_message *message);
    void (*bad)(void *context, uint32_t peer, const char *why);
    void *context;
    const struct hy_log *log;

    void *socket, *monitor; /* NULL: could not be opened, is tried again */
    struct hy_watched socket_watch, monitor_watch;
    uint64_t *number;
    hy_time last_event;
    hy_time fresh_since; /* the first attempt of a socket, of which nothing is known yet; 0: not so */
    bool refusal_told;
    unsigned broken_handshakes; /* since the last that succeeded */
    bool in_turn, renew, close; /* what to do at the end of the turn, which still uses the socket */
    uint64_t wanted_incarnation;
    struct hy_subscriber_stats stats;
};

static void disconnect(struct hy_subscriber *s)
{
    hy_loop_unwatch(s->loop, &s->socket_watch);
    hy_loop_unwatch(s->loop, &s->monitor_watch);
    if (s->socket)
        zmq_socket_monitor(s->socket, NULL, 0);
    hy_socket_close(&s->socket);
    hy_socket_close(&s->monitor);
    s->stats.connected = s->stats.greeted = false;
}

static void socket_ready(void *context);
static void monitor_ready(void *context);

static int subscribe(struct hy_subscriber *s)
{
    for (int topic = 0; topic < HY_TOPIC_COUNT; topic++) {
        char own[HY_TOPIC_SIZE + 1], all[HY_TOPIC_SIZE + 1];
        hy_topic_text((enum hy_topic)topic, s->self, own);
        hy_topic_text((enum hy_topic)topic, HY_BUS_ALL, all);
        if (zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, own, HY_TOPIC_SIZE) ||
            zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, all, HY_TOPIC_SIZE))
            return -1;
    }
    char greeting[HY_GREETING_SIZE + 1];
    hy_greeting_text(s->self, s->incarnation, s->connection, greeting);
    return zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, greeting, HY_GREETING_SIZE) ? -1 : 0;
}

/* Takes what happens to the connection; before there is one, so that nothing is missed. */
static int open_monitor(struct hy_subscriber *s)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://monitor-%llu", (unsigned long long)++*s->number);
    s->monitor = zmq_socket(s->zmq, ZMQ_PAIR);
    return !s->monitor || zmq_setsockopt(s->monitor, ZMQ_LINGER, &(int){0}, sizeof(int)) ||
                   zmq_socket_monitor(s->socket, name, WATCHED_EVENTS) || zmq_connect(s->monitor, name)
               ? -1
               : 0;
}

static int connect_peer(struct hy_subscriber *s, struct hy_err *err)
{
    s->last_event = s->fresh_since = hy_bus_now();
    int rc = hy_socket_open(s->zmq, ZMQ_SUB, s->keys, s->ipv6, &s->socket, err);
    if (rc)
        return rc;
    if (open_monitor(s) || subscribe(s) || zmq_connect(s->socket, s->endpoint))
        rc = hy_fail(err, zmq_errno(), "node %u at %s: cannot connect: %s", s->peer, s->endpoint,
                     zmq_strerror(zmq_errno()));
    if (!rc)
        rc = hy_socket_watch(s->loop, &s->socket_watch, s->socket, socket_ready, s, err);
    if (!rc)
        rc = hy_socket_watch(s->loop, &s->monitor_watch, s->monitor, monitor_ready, s, err);
    if (rc)
        disconnect(s);
    return rc;
}

static void connect_anew(struct hy_subscriber *s)
{
    struct hy_err err = {{0}};
    s->renew = false;
    disconnect(s);
    if (connect_peer(s, &err))
        hy_warning(s->log, "bus: %s; trying again", err.text);
}

/* ---- messages ---- */

static void take(struct hy_subscriber *s, struct hy_frames *frames)
{
    struct hy_message message = {.size = 0};
    struct hy_err err = {{0}};
    if (hy_message_read(frames, &message, &err)) {
        s->bad(s->context, s->peer, err.text);
        return;
    }
    if (message.to != s->self && message.to != HY_BUS_ALL) {
        hy_fail(&err, EBADMSG, "it is for node %u", message.to);
        s->bad(s->context, s->peer, err.text);
        return;
    }
    if (message.from != s->peer) {
        hy_fail(&err, EBADMSG, "it says to be from node %u", message.from);
        s->bad(s->context, s->peer, err.text);
        return;
    }
    if (message.greeted && message.greeted != s->incarnation) {
        s->bad(s->context, s->peer, "it greets another core than this one");
        return;
    }
    s->stats.incarnation = message.incarnation;
    s->stats.greeted |= message.greeted != 0;
    s->fresh_since = 0;
    s->received(s->context, &message);
}

static void socket_ready(void *context)
{
    struct hy_subscriber *s = context;
    struct hy_frames frames;
    int taken = 0;
    s->in_turn = true;
    while (taken < TURN && !s->renew && !s->close && hy_frames_receive(s->socket, &frames)) {
        take(s, &frames);
        hy_frames_free(&frames);
        taken++;
    }
    s->in_turn = false;
    if (s->close)
        hy_subscriber_close(&s);
    else if (s->renew)
        connect_anew(s);
    else if (taken == TURN)
        hy_loop_again(s->loop, &s->socket_watch);
}

/* ---- the connection ---- */

static void tell_refusal(struct hy_subscriber *s, const char *what)
{
    if (s->refusal_told)
        return;
    s->refusal_told = true;
    hy_warning(s->log, "bus: node %u at %s %s", s->peer, s->endpoint, what);
}

static void take_event(struct hy_subscriber *s, uint16_t event)
{
    s->last_event = hy_bus_now();
    switch (event) {
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_CONNECT_RETRIED:
        s->fresh_since = 0;
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        s->stats.connected = true;
        s->stats.connections++;
        s->refusal_told = false;
        s->broken_handshakes = 0;
        hy_info(s->log, "bus: connected to node %u at %s", s->peer, s->endpoint);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        if (s->stats.connected)
            hy_info(s->log, "bus: lost the connection to node %u at %s", s->peer, s->endpoint);
        s->stats.connected = s->stats.greeted = false;
        s->fresh_since = 0;
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        s->stats.connected = s->stats.greeted = false;
        tell_refusal(s, "does not let this node in: its cluster key is another");
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        s->stats.connected = s->stats.greeted = false;
        tell_refusal(s, "does not speak as a node of this cluster does: another program, or another cluster key");
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        /* Once or twice: it was ending. With another key it closes the connection each time, without a word
         * (CurveZMQ, RFC 26). */
        if (++s->broken_handshakes == BROKEN_HANDSHAKES)
            tell_refusal(s,
                         "breaks off each handshake: its cluster key may be another, or another program listens there");
        break;
    default: /* it is trying: that is all there is to know */
        break;
    }
}

static void monitor_ready(void *context)
{
    struct hy_subscriber *s = context;
    struct hy_frames frames;
    while (hy_frames_receive(s->monitor, &frames)) {
        uint16_t event; /* zmq_socket_monitor(3): 16 bits event, 32 bits value; then a frame with the endpoint */
        if (frames.count && zmq_msg_size(&frames.parts[0]) >= sizeof event) {
            memcpy(&event, zmq_msg_data(&frames.parts[0]), sizeof event);
            take_event(s, event);
        }
        hy_frames_free(&frames);
    }
}

void hy_subscriber_check(struct hy_subscriber *s)
{
    if (!s->socket || (!s->stats.connected && hy_bus_now() - s->last_event > given_up_after))
        connect_anew(s);
}

void hy_subscriber_reconnect(struct hy_subscriber *s, uint64_t incarnation)
{
    if (incarnation == s->wanted_incarnation || incarnation == s->stats.incarnation)
        return;
    s->wanted_incarnation = incarnation;
    if (s->monitor)
        monitor_ready(s); /* it may have ended, and nobody has looked */
    if (s->fresh_since && hy_bus_now() - s->fresh_since < made_just_now)
        return;
    if (s->in_turn)
        s->renew = true;
    else
        connect_anew(s);
}

/* ---- */

int hy_subscriber_open(const struct hy_subscriber_options *options, struct hy_subscriber **subscriber,
                       struct hy_err *err)
{
    struct hy_subscriber *s = hy_alloc(sizeof *s);
    s->zmq = options->zmq;
    s->loop = options->loop;
    s->keys = options->keys;
    s->number = options->number;
    s->self = options->self;
    s->incarnation = options->incarnation;
    s->connection = options->connection;
    s->peer = options->peer;
    s->received = options->received;
    s->bad = options->bad;
    s->context = options->context;
    s->log = options->log;
    s->socket_watch.fd = s->monitor_watch.fd = -1;
    int rc = hy_endpoint_text(options->address, options->port, s->endpoint, err);
    if (rc) {
        free(s);
        return hy_fail_in(err, rc, "node %u", options->peer);
    }
    s->ipv6 = strchr(s->endpoint, '[') != NULL;
    rc = connect_peer(s, err);
    if (rc) {
        free(s);
        return rc;
    }
    *subscriber = s;
    return 0;
}

void hy_subscriber_close(struct hy_subscriber **subscriber)
{
    struct hy_subscriber *s = *subscriber;
    if (!s)
        return;
    *subscriber = NULL;
    s->close = true;
    if (s->in_turn)
        return;
    disconnect(s);
    free(s);
}

void hy_subscriber_stats(const struct hy_subscriber *s, struct hy_subscriber_stats *stats)
{
    *stats = s->stats;
}
