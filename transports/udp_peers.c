/* SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

static struct peer *peer_by_node(struct halyard_tp *tp, uint32_t node)
{
    for (size_t i = 0; i < tp->peer_count; i++)
        if (tp->peers[i].node == node)
            return &tp->peers[i];
    return NULL;
}

struct peer *udp_peer_at(struct halyard_tp *tp, const struct endpoint *at)
{
    for (size_t i = 0; i < tp->peer_count; i++)
        if (udp_same(&tp->peers[i].at, at))
            return &tp->peers[i];
    return NULL;
}

int udp_peer_add(struct halyard_tp *tp, const struct halyard_tp_peer *peer)
{
    const struct halyard_tp_host *host = tp->host;
    struct peer new = {.node = peer->node};
    const char *shown = peer->address ? peer->address : "";
    if (peer->node == HALYARD_ALL) {
        host->log(tp->ctx, LOG_ERR, "a peer cannot have the node id 0: ids start at 1");
        return -EINVAL;
    }
    if (udp_parse(shown, peer->port ? peer->port : udp_port(&tp->own), &new.at)) {
        host->log(tp->ctx, LOG_ERR, "node %u: '%s' is no numeric IPv4 or IPv6 address", peer->node, shown);
        return -EINVAL;
    }
    if (new.at.address.ss_family != tp->own.address.ss_family) {
        host->log(tp->ctx, LOG_ERR, "node %u: %s and this node's own %s are not of one kind: a link is IPv4 or IPv6",
                  peer->node, shown, tp->own_text);
        return -EINVAL;
    }
    if (udp_same(&new.at, &tp->own)) {
        host->log(tp->ctx, LOG_ERR, "node %u: %s port %u is this node's own", peer->node, shown, udp_port(&new.at));
        return -EINVAL;
    }
    const struct peer *known = peer_by_node(tp, peer->node);
    if (!known)
        known = udp_peer_at(tp, &new.at);
    if (known) {
        host->log(tp->ctx, LOG_ERR, "node %u at %s port %u: node %u is there already", peer->node, shown,
                  udp_port(&new.at), known->node);
        return -EEXIST;
    }
    struct peer *peers = realloc(tp->peers, (tp->peer_count + 1) * sizeof *peers);
    if (!peers)
        return -ENOMEM;
    tp->peers = peers;
    tp->peers[tp->peer_count++] = new;
    return 0;
}

int udp_peer_del(struct halyard_tp *tp, uint32_t node)
{
    struct peer *peer = peer_by_node(tp, node);
    if (!peer)
        return -ENOENT;
    size_t behind = tp->peer_count - (size_t)(peer - tp->peers) - 1;
    memmove(peer, peer + 1, behind * sizeof *peer);
    tp->peer_count--;
    return 0;
}

/* ---- what the kernel knows of a peer ---- */

static const char *trouble_text(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "connection refused";
    case EHOSTUNREACH:
        return "host unreachable";
    case ENETUNREACH:
        return "network unreachable";
    case EACCES:
        return "prohibited on the way";
    case EPERM:
        return "blocked by this host's packet filter";
    default:
        return strerror(error);
    }
}

/* Only changes are reported. The host may change the peers in its callback: `peer` is not used after it. */
static void report_trouble(struct halyard_tp *tp, struct peer *peer, int error, const struct sockaddr *reporter)
{
    if (peer->trouble == error)
        return;
    peer->trouble = error;
    char why[UDP_WHY], by[UDP_TEXT];
    struct sockaddr_storage from = {0};
    if (reporter)
        memcpy(&from, reporter,
               reporter->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    if (reporter && !udp_same_address(&from, &peer->at.address)) {
        udp_address_text(reporter,
                         reporter->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6), by);
        snprintf(why, sizeof why, "%s (says %s)", trouble_text(error), by);
    } else {
        snprintf(why, sizeof why, "%s", trouble_text(error));
    }
    tp->host->link(tp->ctx, peer->node, 0, why);
}

void udp_heard(struct halyard_tp *tp, struct peer *peer)
{
    if (!peer->trouble)
        return;
    peer->trouble = 0;
    tp->host->link(tp->ctx, peer->node, 1, "heard again");
}

static const struct sock_extended_err *extended_error(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
        if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
            (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
            return (const struct sock_extended_err *)CMSG_DATA(c);
    return NULL;
}

/* One queued ICMP error (ip(7), IP_RECVERR): the address in it is the one the datagram was sent to. False: no more. */
static bool take_error(struct halyard_tp *tp)
{
    union {
        char bytes[512];
        struct cmsghdr align;
    } control;
    char content;
    struct endpoint to = {.size = sizeof to.address};
    struct iovec iov = {&content, sizeof content};
    struct msghdr message = {.msg_name = &to.address,
                             .msg_namelen = to.size,
                             .msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(tp->socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    const struct sock_extended_err *error = extended_error(&message);
    bool icmp = error && (error->ee_origin == SO_EE_ORIGIN_ICMP || error->ee_origin == SO_EE_ORIGIN_ICMP6);
    /* EMSGSIZE is about one datagram's size, not about the peer. */
    if (!icmp || error->ee_errno == EMSGSIZE || !error->ee_errno)
        return true;
    struct peer *peer = udp_peer_at(tp, &to);
    const struct sockaddr *reporter = SO_EE_OFFENDER(error);
    bool known = reporter->sa_family == AF_INET || reporter->sa_family == AF_INET6;
    if (peer)
        report_trouble(tp, peer, (int)error->ee_errno, known ? reporter : NULL);
    return true;
}

void udp_take_errors(struct halyard_tp *tp)
{
    for (int i = 0; i < UDP_BATCH; i++)
        if (!take_error(tp))
            return;
}

/* ---- datagrams ---- */

/*
 * A queued ICMP error about one peer makes the next send fail, to whichever peer it goes: so the queue is read and the
 * send done again. What fails then is about this destination.
 */
int udp_send_to(struct halyard_tp *tp, const struct endpoint *to, const void *data, size_t size)
{
    int error = 0;
    for (int attempt = 0; attempt < 3; attempt++) {
        if (sendto(tp->socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to->address,
                   to->size) >= 0) {
            tp->stats.sent++;
            return 0;
        }
        error = errno;
        if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) {
            error = EAGAIN;
            break;
        }
        if (attempt < 2)
            udp_take_errors(tp);
    }
    tp->stats.send_dropped++;
    return -error;
}

int udp_send_one(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    struct peer *peer = peer_by_node(tp, node);
    if (!peer)
        return -ENOENT;
    const struct endpoint to = peer->at; /* what errors are reported meanwhile may change the list */
    int rc = udp_send_to(tp, &to, data, size);
    peer = rc && rc != -EAGAIN ? peer_by_node(tp, node) : NULL;
    if (peer)
        report_trouble(tp, peer, -rc, NULL);
    return rc;
}
