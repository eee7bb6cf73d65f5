/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udpu: datagrams by UDP unicast, over IPv4 or IPv6, one copy to each peer.
 *
 * It says at once what the kernel knows: an ICMP error for a datagram that was sent ("connection refused": the host
 * lives, the daemon does not), and the loss of the carrier or of the address on the interface that holds this node's
 * own address.
 */
#include <halyard/transport.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/errqueue.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

enum {
    BATCH = 32, /* datagrams, or errors, taken at one readiness: what is left makes the socket ready again */
    DEFAULT_PORT = 5405,
    DEFAULT_PAYLOAD = 1400, /* fits Ethernet with a tunnel's or two headers more */
    ENDPOINT_TEXT = INET6_ADDRSTRLEN + IF_NAMESIZE + 8,
    WHY_TEXT = 256
};

struct endpoint {
    struct sockaddr_storage address;
    socklen_t size;
};

struct peer {
    uint32_t node;
    struct endpoint at;
    int trouble; /* the errno last reported for it; 0: none known */
};

/* The interface that holds our address. */
struct holder {
    bool known; /* false: the address is on none that says so (127.0.0.2 is local, and on no interface's list) */
    bool works;
    unsigned index;
    char name[IF_NAMESIZE];
};

struct halyard_tp {
    const struct halyard_tp_host *host;
    struct halyard_tp_ctx *ctx;
    int socket, netlink;
    struct halyard_tp_watch *socket_watch, *netlink_watch;
    struct endpoint own;
    char own_text[ENDPOINT_TEXT]; /* the address alone */
    char device[IF_NAMESIZE];     /* to keep to; empty: any */
    struct holder holder;
    size_t max_payload;
    struct peer *peers;
    size_t peer_count;
    struct halyard_tp_stats stats;
    uint8_t *slots; /* BATCH times max_payload + 1 bytes: one more, so that what is too long shows */
};

static const struct halyard_tp_param params[] = {
    {"address", NULL, "this node's own address on the link, numeric, IPv4 or IPv6; required"},
    {"port", "5405", "UDP port, 1..65535; the peers' too, where they name none"},
    {"interface", NULL, "interface to keep to, whatever the routes say"},
    {"ttl", NULL, "TTL or hop limit, 1..255; the system's own when not set"},
    {"tos", "192", "TOS or traffic class, 0..255; 192 is CS6, network control (RFC 4594)"},
    {"priority", "6", "priority in this host's queues, 0..6"},
    {"receive_buffer", NULL, "bytes, 4096..67108864; the system's own when not set"},
    {"send_buffer", NULL, "bytes, 4096..67108864; the system's own when not set"},
    {"max_payload", "1400", "largest datagram, 1200..65000 bytes; the same on every node"},
    {NULL, NULL, NULL},
};

/* ---- settings ---- */

/* -ENOENT: not set. */
static int number(struct halyard_tp *tp, const char *name, unsigned long min, unsigned long max, int *value)
{
    const char *text = tp->host->get(tp->ctx, name);
    if (!text)
        return -ENOENT;
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || end == text || *end || *text < '0' || *text > '9' || n < min || n > max) {
        tp->host->log(tp->ctx, LOG_ERR, "%s = \"%s\" is wrong: it must be a number from %lu to %lu", name, text, min,
                      max);
        return -EINVAL;
    }
    *value = (int)n;
    return 0;
}

/* A numeric address; "fe80::1%eth0" too. */
static int parse_address(const char *text, uint16_t port, struct endpoint *endpoint)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    if (getaddrinfo(text, NULL, &hints, &found))
        return -EINVAL;
    memset(endpoint, 0, sizeof *endpoint);
    memcpy(&endpoint->address, found->ai_addr, found->ai_addrlen);
    endpoint->size = found->ai_addrlen;
    freeaddrinfo(found);
    if (endpoint->address.ss_family == AF_INET)
        ((struct sockaddr_in *)&endpoint->address)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)&endpoint->address)->sin6_port = htons(port);
    return 0;
}

static uint16_t port_of(const struct endpoint *endpoint)
{
    return endpoint->address.ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port)
                                                  : ntohs(((const struct sockaddr_in6 *)&endpoint->address)->sin6_port);
}

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;
    bool same_scope = !a6->sin6_scope_id || !b6->sin6_scope_id || a6->sin6_scope_id == b6->sin6_scope_id;
    return same_scope && !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr);
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
    return same_address(&a->address, &b->address) && port_of(a) == port_of(b);
}

static void address_text(const struct sockaddr *address, socklen_t size, char text[ENDPOINT_TEXT])
{
    if (getnameinfo(address, size, text, ENDPOINT_TEXT, NULL, 0, NI_NUMERICHOST))
        snprintf(text, ENDPOINT_TEXT, "unknown");
}

/* ---- peers ---- */

static struct peer *peer_by_node(struct halyard_tp *tp, uint32_t node)
{
    for (size_t i = 0; i < tp->peer_count; i++)
        if (tp->peers[i].node == node)
            return &tp->peers[i];
    return NULL;
}

static struct peer *peer_by_endpoint(struct halyard_tp *tp, const struct endpoint *at)
{
    for (size_t i = 0; i < tp->peer_count; i++)
        if (same_endpoint(&tp->peers[i].at, at))
            return &tp->peers[i];
    return NULL;
}

static int udpu_peer_add(struct halyard_tp *tp, const struct halyard_tp_peer *peer)
{
    const struct halyard_tp_host *host = tp->host;
    struct peer new = {.node = peer->node};
    const char *shown = peer->address ? peer->address : "";
    if (peer->node == HALYARD_ALL) {
        host->log(tp->ctx, LOG_ERR, "a peer cannot have the node id 0: ids start at 1");
        return -EINVAL;
    }
    if (parse_address(shown, peer->port ? peer->port : port_of(&tp->own), &new.at)) {
        host->log(tp->ctx, LOG_ERR, "node %u: '%s' is no numeric IPv4 or IPv6 address", peer->node, shown);
        return -EINVAL;
    }
    if (new.at.address.ss_family != tp->own.address.ss_family) {
        host->log(tp->ctx, LOG_ERR, "node %u: %s and this node's own %s are not of one kind: a link is IPv4 or IPv6",
                  peer->node, shown, tp->own_text);
        return -EINVAL;
    }
    if (same_endpoint(&new.at, &tp->own)) {
        host->log(tp->ctx, LOG_ERR, "node %u: %s port %u is this node's own", peer->node, shown, port_of(&new.at));
        return -EINVAL;
    }
    const struct peer *known = peer_by_node(tp, peer->node);
    if (!known)
        known = peer_by_endpoint(tp, &new.at);
    if (known) {
        host->log(tp->ctx, LOG_ERR, "node %u at %s port %u: node %u is there already", peer->node, shown,
                  port_of(&new.at), known->node);
        return -EEXIST;
    }
    struct peer *peers = realloc(tp->peers, (tp->peer_count + 1) * sizeof *peers);
    if (!peers)
        return -ENOMEM;
    tp->peers = peers;
    tp->peers[tp->peer_count++] = new;
    return 0;
}

static int udpu_peer_del(struct halyard_tp *tp, uint32_t node)
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
    char why[WHY_TEXT], by[ENDPOINT_TEXT];
    struct sockaddr_storage from = {0};
    if (reporter)
        memcpy(&from, reporter,
               reporter->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    if (reporter && !same_address(&from, &peer->at.address)) {
        address_text(reporter,
                     reporter->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6), by);
        snprintf(why, sizeof why, "%s (says %s)", trouble_text(error), by);
    } else {
        snprintf(why, sizeof why, "%s", trouble_text(error));
    }
    tp->host->link(tp->ctx, peer->node, 0, why);
}

static void report_traffic(struct halyard_tp *tp, struct peer *peer)
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
    struct peer *peer = peer_by_endpoint(tp, &to);
    const struct sockaddr *reporter = SO_EE_OFFENDER(error);
    bool known = reporter->sa_family == AF_INET || reporter->sa_family == AF_INET6;
    if (peer)
        report_trouble(tp, peer, (int)error->ee_errno, known ? reporter : NULL);
    return true;
}

static void take_errors(struct halyard_tp *tp)
{
    for (int i = 0; i < BATCH; i++)
        if (!take_error(tp))
            return;
}

/* ---- datagrams ---- */

/*
 * A queued ICMP error about one peer makes the next send fail, to whichever peer it goes: so the queue is read and the
 * send done again. What fails then is about this peer.
 */
static int send_one(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    for (int attempt = 0;; attempt++) {
        struct peer *peer = peer_by_node(tp, node);
        if (!peer)
            return -ENOENT;
        if (sendto(tp->socket, data, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&peer->at.address,
                   peer->at.size) >= 0) {
            tp->stats.sent++;
            return 0;
        }
        int error = errno;
        if (error == EAGAIN || error == ENOBUFS || error == ENOMEM) {
            tp->stats.send_dropped++;
            return -EAGAIN;
        }
        if (attempt < 2) {
            take_errors(tp);
            continue;
        }
        tp->stats.send_dropped++;
        report_trouble(tp, peer, error, NULL);
        return -error;
    }
}

static int udpu_send(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    if (size > tp->max_payload)
        return -EMSGSIZE;
    if (node != HALYARD_ALL)
        return send_one(tp, node, data, size);
    /* One peer's trouble must not keep the others from hearing; a reported one may change the list under this walk. */
    int first_error = 0;
    size_t sent = 0;
    for (size_t i = 0; i < tp->peer_count; i++) {
        int rc = send_one(tp, tp->peers[i].node, data, size);
        if (!rc)
            sent++;
        else if (!first_error)
            first_error = rc;
    }
    return sent ? 0 : first_error;
}

static void deliver(struct halyard_tp *tp, const struct mmsghdr *message, const struct endpoint *from)
{
    if (!message->msg_len || message->msg_len > tp->max_payload || (message->msg_hdr.msg_flags & MSG_TRUNC)) {
        tp->stats.receive_bad++;
        return;
    }
    struct peer *peer = peer_by_endpoint(tp, from);
    uint32_t node = peer ? peer->node : 0;
    if (peer) {
        tp->stats.received++;
        report_traffic(tp, peer);
    } else {
        tp->stats.receive_bad++;
    }
    tp->host->received(tp->ctx, node, message->msg_hdr.msg_iov->iov_base, message->msg_len);
}

static void socket_ready(struct halyard_tp *tp, int fd, uint32_t events)
{
    (void)events;
    struct mmsghdr messages[BATCH];
    struct iovec iov[BATCH];
    struct endpoint from[BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){tp->slots + i * (tp->max_payload + 1), tp->max_payload + 1};
        from[i].size = sizeof from[i].address;
        messages[i].msg_hdr.msg_name = &from[i].address;
        messages[i].msg_hdr.msg_namelen = from[i].size;
        messages[i].msg_hdr.msg_iov = &iov[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    /* A queued error fails the receive, or leaves nothing to it: the socket stays ready until the queue is empty. */
    int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        take_errors(tp);
        count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    }
    for (int i = 0; i < count; i++)
        deliver(tp, &messages[i], &from[i]);
}

/* ---- the interface that holds our address ---- */

static bool flags_work(unsigned flags)
{
    return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

static void report_holder(struct halyard_tp *tp, bool works, const char *what)
{
    if (tp->holder.works == works)
        return;
    tp->holder.works = works;
    char why[WHY_TEXT];
    snprintf(why, sizeof why, "%s %s", tp->holder.name, what);
    tp->host->link(tp->ctx, HALYARD_ALL, works, why);
}

static void report_flags(struct halyard_tp *tp, unsigned flags)
{
    if (flags_work(flags))
        report_holder(tp, true, "works again");
    else
        report_holder(tp, false, flags & IFF_UP ? "has lost its carrier" : "has been set down");
}

/* Looks the holder up anew: at the start, when our address came or went, and when notices were lost. */
static void look_up_holder(struct halyard_tp *tp)
{
    struct ifaddrs *all;
    if (getifaddrs(&all)) {
        tp->host->log(tp->ctx, LOG_WARNING, "cannot list the interfaces: %s", strerror(errno));
        return;
    }
    const struct ifaddrs *found = NULL;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != tp->own.address.ss_family)
            continue;
        struct sockaddr_storage address = {0};
        memcpy(&address, i->ifa_addr, tp->own.size);
        if (same_address(&address, &tp->own.address) && (!*tp->device || !strcmp(tp->device, i->ifa_name)))
            found = i;
    }
    struct holder *holder = &tp->holder;
    if (found) {
        if (!holder->known)
            holder->works = true;
        holder->known = true;
        holder->index = if_nametoindex(found->ifa_name);
        snprintf(holder->name, sizeof holder->name, "%s", found->ifa_name);
        report_flags(tp, found->ifa_flags);
    } else if (holder->known) {
        char what[WHY_TEXT / 2];
        snprintf(what, sizeof what, "has lost the address %s", tp->own_text);
        report_holder(tp, false, if_nametoindex(holder->name) ? what : "is gone");
    }
    freeifaddrs(all);
}

struct sought {
    const void *address;
    size_t size;
    bool found;
};

static int match_attribute(const struct nlattr *attribute, void *data)
{
    struct sought *sought = data;
    uint16_t type = mnl_attr_get_type(attribute);
    if ((type == IFA_LOCAL || type == IFA_ADDRESS) && mnl_attr_get_payload_len(attribute) == sought->size &&
        !memcmp(mnl_attr_get_payload(attribute), sought->address, sought->size))
        sought->found = true;
    return MNL_CB_OK;
}

static bool is_own_address(const struct halyard_tp *tp, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *message = mnl_nlmsg_get_payload(header);
    struct sought sought = {&((const struct sockaddr_in6 *)&tp->own.address)->sin6_addr, sizeof(struct in6_addr),
                            false};
    if (message->ifa_family != tp->own.address.ss_family)
        return false;
    if (message->ifa_family == AF_INET)
        sought =
            (struct sought){&((const struct sockaddr_in *)&tp->own.address)->sin_addr, sizeof(struct in_addr), false};
    mnl_attr_parse(header, sizeof *message, match_attribute, &sought);
    return sought.found;
}

static void take_notice(struct halyard_tp *tp, const struct nlmsghdr *header)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
    switch (header->nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof(struct ifaddrmsg) && is_own_address(tp, header))
            look_up_holder(tp);
        break;
    case RTM_NEWLINK:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof *link && tp->holder.known &&
            (unsigned)link->ifi_index == tp->holder.index)
            look_up_holder(tp);
        break;
    case RTM_DELLINK:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof *link && tp->holder.known &&
            (unsigned)link->ifi_index == tp->holder.index)
            report_holder(tp, false, "is gone");
        break;
    default:
        break; /* the groups bring nothing else that matters here */
    }
}

static void netlink_ready(struct halyard_tp *tp, int fd, uint32_t events)
{
    (void)events;
    union {
        char bytes[16384];
        struct nlmsghdr align;
    } buffer;
    for (int i = 0; i < BATCH; i++) {
        ssize_t size = recv(fd, &buffer, sizeof buffer, MSG_DONTWAIT);
        if (size < 0 && errno == ENOBUFS) { /* the kernel had to drop notices */
            look_up_holder(tp);
            continue;
        }
        if (size <= 0)
            return;
        int left = (int)size;
        for (const struct nlmsghdr *header = &buffer.align; mnl_nlmsg_ok(header, left);
             header = mnl_nlmsg_next(header, &left))
            take_notice(tp, header);
    }
}

static int open_netlink(struct halyard_tp *tp)
{
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | (tp->own.address.ss_family == AF_INET ? RTMGRP_IPV4_IFADDR : RTMGRP_IPV6_IFADDR)};
    tp->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (tp->netlink < 0 || bind(tp->netlink, (const struct sockaddr *)&groups, sizeof groups)) {
        int error = errno;
        tp->host->log(tp->ctx, LOG_ERR, "cannot watch the interfaces (rtnetlink): %s", strerror(error));
        return -error;
    }
    /* Subscribed first, then looked: nothing falls in between. */
    look_up_holder(tp);
    return tp->host->watch(tp->ctx, tp->netlink, HALYARD_READABLE, netlink_ready, &tp->netlink_watch);
}

/* ---- opening ---- */

static int set_option(struct halyard_tp *tp, int level, int option, int value, const char *name)
{
    if (!setsockopt(tp->socket, level, option, &value, sizeof value))
        return 0;
    int error = errno;
    tp->host->log(tp->ctx, LOG_ERR, "%s = %d: the system refuses it: %s", name, value, strerror(error));
    return -error;
}

/* A setting that is a number and becomes a socket option as it is; left alone when not set. */
static int number_to_option(struct halyard_tp *tp, const char *name, unsigned long min, unsigned long max, int level,
                            int option)
{
    int value;
    int rc = number(tp, name, min, max, &value);
    if (rc == -ENOENT)
        return 0;
    return rc ? rc : set_option(tp, level, option, value, name);
}

/* The kernel cuts a buffer to net.core.[rw]mem_max without a word; it reports double of what is usable. */
static int buffer_to_option(struct halyard_tp *tp, const char *name, int option, const char *limit)
{
    int wanted, given = 0;
    socklen_t size = sizeof given;
    int rc = number(tp, name, 4096, 64 << 20, &wanted);
    if (rc == -ENOENT)
        return 0;
    if (!rc)
        rc = set_option(tp, SOL_SOCKET, option, wanted, name);
    if (!rc && !getsockopt(tp->socket, SOL_SOCKET, option, &given, &size) && given / 2 < wanted)
        tp->host->log(tp->ctx, LOG_WARNING, "%s = %d: the system gives %d bytes; raise %s", name, wanted, given / 2,
                      limit);
    return rc;
}

static int set_options(struct halyard_tp *tp)
{
    bool v6 = tp->own.address.ss_family == AF_INET6;
    int ip = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int rc = set_option(tp, ip, v6 ? IPV6_RECVERR : IP_RECVERR, 1, "error queue");
    /* A datagram larger than the path's MTU is better sent in fragments than not at all. */
    if (!rc)
        rc = set_option(tp, ip, v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, v6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT,
                        "fragments");
    if (!rc && v6)
        rc = set_option(tp, ip, IPV6_V6ONLY, 1, "IPv6 only");
    if (!rc)
        rc = number_to_option(tp, "ttl", 1, 255, ip, v6 ? IPV6_UNICAST_HOPS : IP_TTL);
    if (!rc)
        rc = number_to_option(tp, "tos", 0, 255, ip, v6 ? IPV6_TCLASS : IP_TOS);
    /* After the TOS, which sets a priority of its own (socket(7), SO_PRIORITY). */
    if (!rc)
        rc = number_to_option(tp, "priority", 0, 6, SOL_SOCKET, SO_PRIORITY);
    if (!rc)
        rc = buffer_to_option(tp, "receive_buffer", SO_RCVBUF, "net.core.rmem_max");
    if (!rc)
        rc = buffer_to_option(tp, "send_buffer", SO_SNDBUF, "net.core.wmem_max");
    return rc;
}

static int bind_device(struct halyard_tp *tp)
{
    if (!*tp->device ||
        !setsockopt(tp->socket, SOL_SOCKET, SO_BINDTODEVICE, tp->device, (socklen_t)strlen(tp->device) + 1))
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
    unsigned port = port_of(&tp->own);
    if (error == EADDRNOTAVAIL)
        tp->host->log(tp->ctx, LOG_ERR, "no interface of this host has the address %s (yet)", tp->own_text);
    else if (error == EADDRINUSE)
        tp->host->log(tp->ctx, LOG_ERR, "%s port %u is taken: another program listens there", tp->own_text, port);
    else
        tp->host->log(tp->ctx, LOG_ERR, "cannot bind %s port %u: %s", tp->own_text, port, strerror(error));
    return -error;
}

static int open_socket(struct halyard_tp *tp)
{
    tp->socket = socket(tp->own.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (tp->socket < 0) {
        int error = errno;
        tp->host->log(tp->ctx, LOG_ERR, "cannot open a UDP socket for %s: %s", tp->own_text, strerror(error));
        return -error;
    }
    int rc = set_options(tp);
    if (!rc)
        rc = bind_device(tp);
    if (!rc)
        rc = bind_address(tp);
    if (!rc)
        rc = tp->host->watch(tp->ctx, tp->socket, HALYARD_READABLE, socket_ready, &tp->socket_watch);
    return rc;
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
    int rc = number(tp, "port", 1, 65535, &port);
    if (rc && rc != -ENOENT)
        return rc;
    rc = number(tp, "max_payload", 1200, 65000, &payload);
    if (rc && rc != -ENOENT)
        return rc;
    if (parse_address(address, (uint16_t)port, &tp->own)) {
        tp->host->log(tp->ctx, LOG_ERR, "address = \"%s\" is no numeric IPv4 or IPv6 address", address);
        return -EINVAL;
    }
    address_text((const struct sockaddr *)&tp->own.address, tp->own.size, tp->own_text);
    tp->max_payload = (size_t)payload;
    const char *device = tp->host->get(tp->ctx, "interface");
    if (device && (!*device || strlen(device) >= sizeof tp->device)) {
        tp->host->log(tp->ctx, LOG_ERR, "interface = \"%s\" cannot be an interface's name: 1 to %d characters", device,
                      IF_NAMESIZE - 1);
        return -EINVAL;
    }
    if (device)
        memcpy(tp->device, device, strlen(device) + 1);
    tp->slots = malloc(BATCH * (tp->max_payload + 1));
    return tp->slots ? 0 : -ENOMEM;
}

static void udpu_close(struct halyard_tp **handle)
{
    struct halyard_tp *tp = *handle;
    *handle = NULL;
    if (!tp)
        return;
    if (tp->socket_watch)
        tp->host->unwatch(tp->ctx, &tp->socket_watch);
    if (tp->netlink_watch)
        tp->host->unwatch(tp->ctx, &tp->netlink_watch);
    if (tp->socket >= 0)
        close(tp->socket);
    if (tp->netlink >= 0)
        close(tp->netlink);
    free(tp->slots);
    free(tp->peers);
    free(tp);
}

static int udpu_open(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, struct halyard_tp **handle)
{
    struct halyard_tp *tp = calloc(1, sizeof *tp);
    *handle = NULL;
    if (!tp)
        return -ENOMEM;
    *tp = (struct halyard_tp){.host = host, .ctx = ctx, .socket = -1, .netlink = -1};
    int rc = read_settings(tp);
    if (!rc)
        rc = open_socket(tp);
    if (!rc)
        rc = open_netlink(tp);
    if (rc)
        udpu_close(&tp);
    *handle = tp;
    return rc;
}

static size_t udpu_max_payload(const struct halyard_tp *tp)
{
    return tp->max_payload;
}

static void udpu_stats(const struct halyard_tp *tp, struct halyard_tp_stats *stats)
{
    uint32_t room = stats->size < sizeof *stats ? stats->size : (uint32_t)sizeof *stats;
    memcpy(stats, &tp->stats, room);
    stats->size = room;
}

const struct halyard_transport halyard_transport_plugin = {
    .magic = HALYARD_TRANSPORT_MAGIC,
    .major = HALYARD_TRANSPORT_MAJOR,
    .minor = HALYARD_TRANSPORT_MINOR,
    .size = sizeof(struct halyard_transport),
    .param_size = sizeof(struct halyard_tp_param),
    .name = "udpu",
    .version = "1.0",
    .brief = "UDP unicast over IPv4 or IPv6",
    .params = params,
    .open = udpu_open,
    .close = udpu_close,
    .peer_add = udpu_peer_add,
    .peer_del = udpu_peer_del,
    .send = udpu_send,
    .max_payload = udpu_max_payload,
    .stats = udpu_stats,
};
