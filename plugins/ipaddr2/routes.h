/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes that go with the address and prefer it as their source. They are added beside what is there, before it in order,
 * and never instead of it: so there is nothing to restore, whoever dies. What is ours is known by its protocol number and
 * by the address as its source. All in the main table: from there the kernel itself takes an IPv4 route whose source has
 * gone (an IPv6 one has an end of its own).
 */
#ifndef IPADDR2_ROUTES_H
#define IPADDR2_ROUTES_H

#include "netlink.h"
#include "route_config.h"

#define HY_IP_ROUTE_PROTOCOL 72 /* not in use in rt_protos, and above those that the kernel has a meaning for */
#define HY_IP_ROUTE_TEXT 128
#define HY_IP_ROUTE_ATTRS 512
#define HY_IP_ROUTE_LIFETIME_S 60
#define HY_IP_ROUTE_RENEW_MS 20000

/* One of the kernel's, with all that says where it leads, as the kernel has written it. */
struct hy_ip_fib {
    bool found;
    uint8_t type, scope;
    uint32_t flags, metric;
    size_t size;
    _Alignas(4) uint8_t attrs[HY_IP_ROUTE_ATTRS];
};

/* What watch has seen and done, so that it does nothing again that has changed nothing. */
struct hy_ip_route_state {
    struct hy_ip_fib followed[HY_IP_ROUTES_MAX];
};

struct hy_ip_routes_order {
    const struct hy_ip_addr *source;
    int index;  /* of the address's link */
    bool ends;  /* IPv6: with an end, under the lease */
    bool renew; /* and that anew */
};

/* Adds what is missing, replaces what leads elsewhere now, takes away what has nothing to follow any more. `state` may be
 * NULL. 0, or -errno of the first that failed: `text` names it, "default via 10.0.0.1". *waiting: how many have no route
 * to follow. */
int hy_ip_routes_put(struct hy_ip_nl *nl, const struct hy_ip_routes *routes, const struct hy_ip_routes_order *order,
                     struct hy_ip_route_state *state, char text[HY_IP_ROUTE_TEXT], int *waiting);
/* Why that has failed, for people. */
const char *hy_ip_routes_why(int rc);
void hy_ip_routes_reason(const struct halyard_host *host, const struct halyard_op *op,
                         const struct hy_ip_target *target, const char *text, int rc);
/* 1: one is missing, `text` names it. 0: all are there. */
int hy_ip_routes_missing(struct hy_ip_nl *nl, const struct hy_ip_routes *routes, const struct hy_ip_addr *source,
                         char text[HY_IP_ROUTE_TEXT]);
/* All of this source, whatever the parameters say by now; of IPv6 also those that have lost their source. */
int hy_ip_routes_remove(struct hy_ip_nl *nl, const struct hy_ip_addr *source);

/* An event about a route that one of ours follows, or is. */
bool hy_ip_routes_concerned(const struct hy_ip_routes *routes, const struct nlmsghdr *message);

#endif
