/* SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

enum { DEFAULT_PORT = 5405, DEFAULT_PAYLOAD = 1400 /* fits Ethernet with a tunnel's or two headers more */ };

/* ---- settings ---- */

struct range {
    const char *name;
    int min, max;
};

static const struct range ranges[] = {
    {"port", 1, 65535}, {"max_payload", 1200, 65000},       {"ttl", 1, 255},
    {"tos", 0, 255},    {"receive_buffer", 4096, 64 << 20}, {"send_buffer", 4096, 64 << 20},
    {"priority", 0, 6},
};

static int number_in(struct halyard_tp *tp, const struct range *range, int *value)
{
    const char *text = tp->host->get(tp->ctx, range->name);
    if (!text)
        return -ENOENT;
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || *text < '0' || *text > '9' || n < range->min || n > range->max) {
        tp->host->log(tp->ctx, LOG_ERR, "%s = \"%s\" is wrong: it must be a number from %d to %d", range->name, text,
                      range->min, range->max);
        return -EINVAL;
    }
    *value = (int)n;
    return 0;
}

int udp_number(struct halyard_tp *tp, const char *name, int *value)
{
    const struct range *range = ranges;
    while (strcmp(range->name, name) != 0)
        range++;
    return number_in(tp, range, value);
}

int udp_check_numbers(struct halyard_tp *tp)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        int value, rc = number_in(tp, &ranges[i], &value);
        if (rc && rc != -ENOENT)
            return rc;
    }
    return 0;
}

static int read_settings(struct halyard_tp *tp)
{
    int port = DEFAULT_PORT, payload = DEFAULT_PAYLOAD;
    const char *address = tp->host->get(tp->ctx, "address");
    if (!address) {
        tp->host->log(tp->ctx, LOG_ERR,
                      "'address' is missing: this node's own address on the link, such as \"10.0.0.1\"");
        return -EINVAL;
    }
    int rc = udp_number(tp, "port", &port);
    if (rc && rc != -ENOENT)
        return rc;
    rc = udp_number(tp, "max_payload", &payload);
    if (rc && rc != -ENOENT)
        return rc;
    if (udp_parse(address, (uint16_t)port, &tp->own)) {
        tp->host->log(tp->ctx, LOG_ERR, "address = \"%s\" is no numeric IPv4 or IPv6 address", address);
        return -EINVAL;
    }
    udp_address_text((const struct sockaddr *)&tp->own.address, tp->own.size, tp->own_text);
    tp->max_payload = (size_t)payload;
    const char *device = tp->host->get(tp->ctx, "interface");
    if (device && (!*device || strlen(device) >= sizeof tp->device)) {
        tp->host->log(tp->ctx, LOG_ERR, "interface = \"%s\" cannot be an interface's name: 1 to %d characters", device,
                      IF_NAMESIZE - 1);
        return -EINVAL;
    }
    if (device)
        memcpy(tp->device, device, strlen(device) + 1);
    tp->slots = malloc(UDP_BATCH * (tp->max_payload + 1));
    return tp->slots ? 0 : -ENOMEM;
}

/* ---- datagrams ---- */

static void deliver(struct halyard_tp *tp, const struct mmsghdr *message, const struct endpoint *from)
{
    if (!message->msg_len || message->msg_len > tp->max_payload || (message->msg_hdr.msg_flags & MSG_TRUNC)) {
        tp->stats.receive_bad++;
        return;
    }
    if (udp_same(from, &tp->own)) /* what went to a group may come back */
        return;
    struct peer *peer = udp_peer_at(tp, from);
    uint32_t node = peer ? peer->node : 0;
    if (peer) {
        tp->stats.received++;
        udp_heard(tp, peer);
    } else {
        tp->stats.receive_bad++;
    }
    tp->host->received(tp->ctx, node, message->msg_hdr.msg_iov->iov_base, message->msg_len);
}

void udp_readable(struct halyard_tp *tp, int fd, uint32_t events)
{
    (void)events;
    struct mmsghdr messages[UDP_BATCH];
    struct iovec iov[UDP_BATCH];
    struct endpoint from[UDP_BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < UDP_BATCH; i++) {
        iov[i] = (struct iovec){tp->slots + i * (tp->max_payload + 1), tp->max_payload + 1};
        from[i].size = sizeof from[i].address;
        messages[i].msg_hdr.msg_name = &from[i].address;
        messages[i].msg_hdr.msg_namelen = from[i].size;
        messages[i].msg_hdr.msg_iov = &iov[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    /* A queued error fails the receive, or leaves nothing to it: the socket stays ready until the queue is empty. */
    int count = recvmmsg(fd, messages, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        udp_take_errors(tp);
        count = recvmmsg(fd, messages, UDP_BATCH, MSG_DONTWAIT, NULL);
    }
    for (int i = 0; i < count; i++)
        deliver(tp, &messages[i], &from[i]);
}

/* ---- opening ---- */

int udp_option(struct halyard_tp *tp, int fd, int level, int option, int value, const char *name)
{
    if (!setsockopt(fd, level, option, &value, sizeof value))
        return 0;
    int error = errno;
    tp->host->log(tp->ctx, LOG_ERR, "%s = %d: the system refuses it: %s", name, value, strerror(error));
    return -error;
}

/* A setting that is a number and becomes a socket option as it is; left alone when not set. */
int udp_number_to_option(struct halyard_tp *tp, const char *name, int level, int option)
{
    int value;
    int rc = udp_number(tp, name, &value);
    if (rc == -ENOENT)
        return 0;
    return rc ? rc : udp_option(tp, tp->socket, level, option, value, name);
}

/* The kernel cuts a buffer to net.core.[rw]mem_max without a word; it reports double of what is usable. */
static int buffer_to_option(struct halyard_tp *tp, const char *name, int option, const char *limit)
{
    int wanted, given = 0;
    socklen_t size = sizeof given;
    int rc = udp_number(tp, name, &wanted);
    if (rc == -ENOENT)
        return 0;
    if (!rc)
        rc = udp_option(tp, tp->socket, SOL_SOCKET, option, wanted, name);
    if (!rc && !getsockopt(tp->socket, SOL_SOCKET, option, &given, &size) && given / 2 < wanted)
        tp->host->log(tp->ctx, LOG_WARNING, "%s = %d: the system gives %d bytes; raise %s", name, wanted, given / 2,
                      limit);
    return rc;
}

static int set_options(struct halyard_tp *tp)
{
    bool v6 = tp->own.address.ss_family == AF_INET6;
    int ip = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int rc = udp_option(tp, tp->socket, ip, v6 ? IPV6_RECVERR : IP_RECVERR, 1, "error queue");
    /* A datagram larger than the path's MTU is better sent in fragments than not at all. */
    if (!rc)
        rc = udp_option(tp, tp->socket, ip, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
                        v6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT, "fragments");
    if (!rc && v6)
        rc = udp_option(tp, tp->socket, ip, IPV6_V6ONLY, 1, "IPv6 only");
    if (!rc && tp->kind->options)
        rc = tp->kind->options(tp);
    if (!rc)
        rc = udp_number_to_option(tp, "tos", ip, v6 ? IPV6_TCLASS : IP_TOS);
    /* After the TOS, which sets a priority of its own (socket(7), SO_PRIORITY). */
    if (!rc)
        rc = udp_number_to_option(tp, "priority", SOL_SOCKET, SO_PRIORITY);
    if (!rc)
        rc = buffer_to_option(tp, "receive_buffer", SO_RCVBUF, "net.core.rmem_max");
    if (!rc)
        rc = buffer_to_option(tp, "send_buffer", SO_SNDBUF, "net.core.wmem_max");
    return rc;
}

int udp_bind_device(struct halyard_tp *tp, int fd)
{
    if (!*tp->device || !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, tp->device, (socklen_t)strlen(tp->device) + 1))
        return 0;
    int error = errno;
    if (error == ENODEV)
        tp->host->log(tp->ctx, LOG_ERR, "this host has no interface '%s' (yet)", tp->device);
    else
        tp->host->log(tp->ctx, LOG_ERR, "cannot keep to the interface '%s': %s", tp->device, strerror(error));
    return -error;
}

/* No SO_REUSEADDR: with UDP it would let a second daemon take the port, and half of the datagrams. */
static int bind_address(struct halyard_tp *tp)
{
    if (!bind(tp->socket, (const struct sockaddr *)&tp->own.address, tp->own.size))
        return 0;
    int error = errno;
    unsigned port = udp_port(&tp->own);
    if (error == EADDRNOTAVAIL)
        tp->host->log(tp->ctx, LOG_ERR, "no interface of this host has the address %s (yet)", tp->own_text);
    else if (error == EADDRINUSE)
        tp->host->log(tp->ctx, LOG_ERR, "%s port %u is taken: another program listens there", tp->own_text, port);
    else
        tp->host->log(tp->ctx, LOG_ERR, "cannot bind %s port %u: %s", tp->own_text, port, strerror(error));
    return -error;
}

static void close_socket(struct halyard_tp *tp)
{
    if (tp->socket_watch)
        tp->host->unwatch(tp->ctx, &tp->socket_watch);
    if (tp->socket >= 0)
        close(tp->socket);
    tp->socket = -1;
}

int udp_open_socket(struct halyard_tp *tp)
{
    close_socket(tp);
    tp->socket = socket(tp->own.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (tp->socket < 0) {
        int error = errno;
        tp->host->log(tp->ctx, LOG_ERR, "cannot open a UDP socket for %s: %s", tp->own_text, strerror(error));
        return -error;
    }
    int rc = set_options(tp);
    if (!rc)
        rc = udp_bind_device(tp, tp->socket);
    if (!rc)
        rc = bind_address(tp);
    if (!rc)
        rc = tp->host->watch(tp->ctx, tp->socket, HALYARD_READABLE, udp_readable, &tp->socket_watch);
    return rc;
}

void udp_free(struct halyard_tp **handle)
{
    struct halyard_tp *tp = *handle;
    *handle = NULL;
    if (!tp)
        return;
    close_socket(tp);
    if (tp->netlink_watch)
        tp->host->unwatch(tp->ctx, &tp->netlink_watch);
    if (tp->netlink >= 0)
        close(tp->netlink);
    free(tp->slots);
    free(tp->peers);
    free(tp);
}

int udp_new(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, const struct udp_kind *kind,
            struct halyard_tp **tp)
{
    struct halyard_tp *new = calloc(1, sizeof *new);
    *tp = NULL;
    if (!new)
        return -ENOMEM;
    *new = (struct halyard_tp){.host = host, .ctx = ctx, .kind = kind, .socket = -1, .netlink = -1};
    int rc = read_settings(new);
    if (rc)
        udp_free(&new);
    *tp = new;
    return rc;
}

size_t udp_max_payload(const struct halyard_tp *tp)
{
    return tp->max_payload;
}

void udp_stats(const struct halyard_tp *tp, struct halyard_tp_stats *stats)
{
    uint32_t room = stats->size < sizeof *stats ? stats->size : (uint32_t)sizeof *stats;
    memcpy(stats, &tp->stats, room);
    stats->size = room;
}
