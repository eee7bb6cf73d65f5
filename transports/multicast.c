/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multicast: datagrams by UDP, over IPv4 or IPv6. What is for all goes to a group, as one datagram on the wire; what is
 * for one node goes to its address.
 *
 * Two sockets: one bound to this node's own address, which sends everything and hears what is for this node alone; and one
 * bound to the group's, which hears what is for all. So a peer is known by where a datagram comes from, as with udpu.
 */
#include "udp.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define GROUP_IPV4 "239.192.54.5" /* organisation-local scope (RFC 2365) */
#define GROUP_IPV6 "ff15::5405"   /* transient, site-local scope (RFC 4291, 2.7) */

struct group {
    struct endpoint at;
    char text[UDP_TEXT];
    int socket;
    struct halyard_tp_watch *watch;
    int trouble; /* the errno that a send to it has had last; 0: none */
};

static const struct halyard_tp_param params[] = {
    UDP_PARAMS_BEFORE,
    {"group", NULL, "address of the group; " GROUP_IPV4 " when not set, or " GROUP_IPV6 " with IPv6"},
    {"interface", NULL, "interface to keep to; the one that has the address when not set"},
    {"ttl", "1", "TTL or hop limit of what goes to the group, 1..255: how many routers it may pass, and one"},
    UDP_PARAMS_AFTER,
};

static bool is_ipv6(const struct halyard_tp *tp)
{
    return tp->own.address.ss_family == AF_INET6;
}

/* ---- settings ---- */

static bool is_multicast(const struct endpoint *at)
{
    if (at->address.ss_family == AF_INET)
        return IN_MULTICAST(ntohl(((const struct sockaddr_in *)&at->address)->sin_addr.s_addr));
    return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)&at->address)->sin6_addr);
}

static int read_group(struct halyard_tp *tp)
{
    const char *text = tp->host->get(tp->ctx, "group");
    struct group *group = calloc(1, sizeof *group);
    if (!group)
        return -ENOMEM;
    tp->group = group;
    group->socket = -1;
    if (!text)
        text = is_ipv6(tp) ? GROUP_IPV6 : GROUP_IPV4;
    if (udp_parse(text, udp_port(&tp->own), &group->at) || !is_multicast(&group->at)) {
        tp->host->log(tp->ctx, LOG_ERR,
                      "group = \"%s\" is no group's address: it must be one from 224.0.0.0 to 239.255.255.255, or of "
                      "ff00::/8",
                      text);
        return -EINVAL;
    }
    if (group->at.address.ss_family != tp->own.address.ss_family) {
        tp->host->log(tp->ctx, LOG_ERR,
                      "group = \"%s\" and this node's own %s are not of one kind: a link is IPv4 or IPv6", text,
                      tp->own_text);
        return -EINVAL;
    }
    udp_address_text((const struct sockaddr *)&group->at.address, group->at.size, group->text);
    return 0;
}

/* What goes to a group goes out where it is told to, and is heard where one has joined: so the interface must be known. */
static int check_interface(struct halyard_tp *tp)
{
    const struct holder *holder = &tp->holder;
    if (*tp->device && !if_nametoindex(tp->device)) {
        tp->host->log(tp->ctx, LOG_ERR, "this host has no interface '%s' (yet)", tp->device);
        return -ENODEV;
    }
    if (!holder->known && *tp->device) {
        tp->host->log(tp->ctx, LOG_ERR, "the interface '%s' has not the address %s (yet)", tp->device, tp->own_text);
        return -EADDRNOTAVAIL;
    }
    if (!holder->known) {
        tp->host->log(tp->ctx, LOG_ERR, "no interface of this host has the address %s (yet)", tp->own_text);
        return -EADDRNOTAVAIL;
    }
    if (!(holder->flags & IFF_MULTICAST)) {
        tp->host->log(tp->ctx, LOG_ERR,
                      "the interface '%s', which has the address %s, does no multicast: udpu would be right there",
                      holder->name, tp->own_text);
        return -EINVAL;
    }
    return 0;
}

/* ---- the two sockets ---- */

static int cannot_go_out(struct halyard_tp *tp, int error)
{
    tp->host->log(tp->ctx, LOG_ERR, "what goes to the group cannot go out on %s: %s", tp->holder.name, strerror(error));
    return -error;
}

static int set_ipv4(struct halyard_tp *tp)
{
    const struct ip_mreqn out = {.imr_ifindex = (int)tp->holder.index};
    int rc = udp_number_to_option(tp, "ttl", IPPROTO_IP, IP_MULTICAST_TTL);
    if (!rc)
        rc = udp_option(tp, tp->socket, IPPROTO_IP, IP_MULTICAST_LOOP, 0, "own datagrams back");
    if (!rc && setsockopt(tp->socket, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out))
        rc = cannot_go_out(tp, errno);
    return rc;
}

static int set_ipv6(struct halyard_tp *tp)
{
    int index = (int)tp->holder.index;
    int rc = udp_number_to_option(tp, "ttl", IPPROTO_IPV6, IPV6_MULTICAST_HOPS);
    if (!rc)
        rc = udp_option(tp, tp->socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, "own datagrams back");
    if (!rc && setsockopt(tp->socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index))
        rc = cannot_go_out(tp, errno);
    return rc;
}

static int multicast_options(struct halyard_tp *tp)
{
    return is_ipv6(tp) ? set_ipv6(tp) : set_ipv4(tp);
}

static int join(struct halyard_tp *tp)
{
    const struct group *group = tp->group;
    if (is_ipv6(tp)) {
        const struct ipv6_mreq request = {((const struct sockaddr_in6 *)&group->at.address)->sin6_addr,
                                          tp->holder.index};
        return setsockopt(group->socket, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request) ? -errno : 0;
    }
    const struct ip_mreqn request = {.imr_multiaddr = ((const struct sockaddr_in *)&group->at.address)->sin_addr,
                                     .imr_ifindex = (int)tp->holder.index};
    return setsockopt(group->socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) ? -errno : 0;
}

static void close_group(struct halyard_tp *tp)
{
    struct group *group = tp->group;
    if (group->watch)
        tp->host->unwatch(tp->ctx, &group->watch);
    if (group->socket >= 0)
        close(group->socket);
    group->socket = -1;
}

/*
 * Each program that has joined a group gets its own copy of a datagram, so here the port may be shared: with another link
 * of this node, on another interface. What others have joined elsewhere is not for this socket (ip(7),
 * IP_MULTICAST_ALL).
 */
static int set_group_options(struct halyard_tp *tp)
{
    bool v6 = is_ipv6(tp);
    int fd = tp->group->socket;
    int rc = udp_option(tp, fd, SOL_SOCKET, SO_REUSEADDR, 1, "shared port");
    if (!rc && v6)
        rc = udp_option(tp, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPv6 only");
    if (!rc)
        rc = udp_option(tp, fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_MULTICAST_ALL : IP_MULTICAST_ALL, 0,
                        "only what was joined");
    return rc ? rc : udp_bind_device(tp, fd);
}

static int open_group(struct halyard_tp *tp)
{
    struct group *group = tp->group;
    close_group(tp);
    if (is_ipv6(tp)) /* of a group of link-local scope, the number is part of the address */
        ((struct sockaddr_in6 *)&group->at.address)->sin6_scope_id = tp->holder.index;
    group->socket = socket(group->at.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    int rc = group->socket < 0 ? -errno : set_group_options(tp);
    if (!rc && bind(group->socket, (const struct sockaddr *)&group->at.address, group->at.size))
        rc = -errno;
    if (!rc)
        rc = join(tp);
    if (rc) {
        tp->host->log(tp->ctx, LOG_ERR, "cannot join the group %s port %u on %s: %s", group->text, udp_port(&group->at),
                      tp->holder.name, strerror(-rc));
        return rc;
    }
    return tp->host->watch(tp->ctx, group->socket, HALYARD_READABLE, udp_readable, &group->watch);
}

static int open_sockets(struct halyard_tp *tp)
{
    int rc = check_interface(tp);
    if (!rc)
        rc = udp_open_socket(tp);
    return rc ? rc : open_group(tp);
}

/* A membership goes with the interface, so it is begun anew with each return of it. */
static const struct udp_kind kind = {.options = multicast_options, .returned = open_sockets};

/* ---- datagrams ---- */

/* Only changes are said. */
static void note_trouble(struct halyard_tp *tp, int error)
{
    if (tp->group->trouble == error)
        return;
    tp->group->trouble = error;
    if (error)
        tp->host->log(tp->ctx, LOG_WARNING, "what is for all cannot be sent to the group %s: %s", tp->group->text,
                      strerror(error));
    else
        tp->host->log(tp->ctx, LOG_NOTICE, "what is for all goes out to the group %s again", tp->group->text);
}

static int multicast_send(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    if (size > tp->max_payload)
        return -EMSGSIZE;
    if (node != HALYARD_ALL)
        return udp_send_one(tp, node, data, size);
    if (!tp->peer_count)
        return 0;
    int rc = udp_send_to(tp, &tp->group->at, data, size);
    if (rc != -EAGAIN && tp->holder.works) /* else it is known why */
        note_trouble(tp, -rc);
    return rc;
}

/* ---- opening ---- */

static void multicast_close(struct halyard_tp **handle)
{
    struct halyard_tp *tp = *handle;
    struct group *group = tp ? tp->group : NULL;
    if (group)
        close_group(tp);
    udp_free(handle);
    free(group);
}

static int multicast_open(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, struct halyard_tp **handle)
{
    struct halyard_tp *tp;
    int rc = udp_new(host, ctx, &kind, &tp);
    if (!rc)
        rc = read_group(tp);
    if (!rc)
        rc = udp_watch_holder(tp);
    if (!rc)
        rc = open_sockets(tp);
    if (rc)
        multicast_close(&tp);
    *handle = tp;
    return rc;
}

static int multicast_check(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx)
{
    struct halyard_tp *tp;
    int rc = udp_new(host, ctx, &kind, &tp);
    if (!rc)
        rc = read_group(tp);
    if (!rc)
        rc = udp_check_numbers(tp);
    multicast_close(&tp);
    return rc;
}

const struct halyard_transport halyard_transport_plugin = {
    .magic = HALYARD_TRANSPORT_MAGIC,
    .major = HALYARD_TRANSPORT_MAJOR,
    .minor = HALYARD_TRANSPORT_MINOR,
    .size = sizeof(struct halyard_transport),
    .param_size = sizeof(struct halyard_tp_param),
    .caps = HALYARD_TP_MULTICAST,
    .name = "multicast",
    .version = "1.0",
    .brief = "UDP multicast over IPv4 or IPv6",
    .params = params,
    .open = multicast_open,
    .close = multicast_close,
    .peer_add = udp_peer_add,
    .peer_del = udp_peer_del,
    .send = multicast_send,
    .max_payload = udp_max_payload,
    .stats = udp_stats,
    .check = multicast_check,
};
