/* SPDX-License-Identifier: Apache-2.0 */
/*
 * udpu: datagrams by UDP unicast, over IPv4 or IPv6, one copy to each peer.
 *
 * It says at once what the kernel knows: an ICMP error for a datagram that was sent ("connection refused": the host
 * lives, the daemon does not), and the loss of the carrier or of the address on the interface that holds this node's
 * own address.
 */
#include "udp.h"

#include <errno.h>

static const struct halyard_tp_param params[] = {
    UDP_PARAMS_BEFORE,
    {"interface", NULL, "interface to keep to, whatever the routes say"},
    {"ttl", NULL, "TTL or hop limit, 1..255; the system's own when not set"},
    UDP_PARAMS_AFTER,
};

static int udpu_options(struct halyard_tp *tp)
{
    bool v6 = tp->own.address.ss_family == AF_INET6;
    return udp_number_to_option(tp, "ttl", v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_UNICAST_HOPS : IP_TTL);
}

/* A socket that keeps to an interface keeps to its number, which is another one when it is made again. */
static int udpu_returned(struct halyard_tp *tp)
{
    return *tp->device ? udp_open_socket(tp) : 0;
}

static const struct udp_kind kind = {.options = udpu_options, .returned = udpu_returned};

static int udpu_send(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    if (size > tp->max_payload)
        return -EMSGSIZE;
    if (node != HALYARD_ALL)
        return udp_send_one(tp, node, data, size);
    /* One peer's trouble must not keep the others from hearing; a reported one may change the list under this walk. */
    int first_error = 0;
    size_t sent = 0;
    for (size_t i = 0; i < tp->peer_count; i++) {
        int rc = udp_send_one(tp, tp->peers[i].node, data, size);
        if (!rc)
            sent++;
        else if (!first_error)
            first_error = rc;
    }
    return sent ? 0 : first_error;
}

static int udpu_open(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, struct halyard_tp **handle)
{
    struct halyard_tp *tp;
    int rc = udp_new(host, ctx, &kind, &tp);
    if (!rc)
        rc = udp_open_socket(tp);
    if (!rc)
        rc = udp_watch_holder(tp);
    if (rc)
        udp_free(&tp);
    *handle = tp;
    return rc;
}

static int udpu_check(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx)
{
    struct halyard_tp *tp;
    int rc = udp_new(host, ctx, &kind, &tp);
    if (!rc)
        rc = udp_check_numbers(tp);
    udp_free(&tp);
    return rc;
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
    .close = udp_free,
    .peer_add = udp_peer_add,
    .peer_del = udp_peer_del,
    .send = udpu_send,
    .max_payload = udp_max_payload,
    .stats = udp_stats,
    .check = udpu_check,
};
