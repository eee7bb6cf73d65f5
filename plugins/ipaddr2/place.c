/* SPDX-License-Identifier: Apache-2.0 */
/* Which link, and which prefix, when the operator has not said: those of the net that the address is in. */
#include "vip.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

struct neighbour {
    const struct hy_ip_target *target;
    int index;
    int prefix;
};

static void compare_net(const struct hy_ip_entry *entry, void *context)
{
    struct neighbour *best = context;
    bool loopback = entry->index == HY_IP_LOOPBACK && strcmp(best->target->nic, "lo") != 0;
    if (loopback || entry->prefix <= best->prefix || hy_ip_addr_equal(&entry->addr, &best->target->addr))
        return;
    if (!hy_ip_addr_same_net(&entry->addr, &best->target->addr, entry->prefix))
        return;
    best->index = entry->index;
    best->prefix = entry->prefix;
}

/* By the route, which knows about metrics, else by an address: a link that is down has no routes. Index 0: none. */
static int find_net(struct hy_ip_nl *nl, const struct hy_ip_target *target, int index, struct neighbour *net)
{
    struct hy_ip_route route;
    *net = (struct neighbour){.target = target};
    int rc = hy_ip_nl_route(nl, &target->addr, index, &route);
    if (rc == 0 && route.direct && route.prefix > 0 && (!index || route.index == index) &&
        route.index != HY_IP_LOOPBACK) {
        net->index = route.index;
        net->prefix = route.prefix;
        return 0;
    }
    return hy_ip_nl_entries(nl, target->addr.family, index, compare_net, net);
}

enum halyard_rc hy_ip_place(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                            const struct hy_ip_target *target, struct hy_ip_link *link, int *prefix)
{
    struct neighbour net;
    int index = 0;
    if (target->nic[0]) {
        int rc = hy_ip_nl_link(nl, target->nic, link);
        if (rc == -ENODEV) {
            hy_ip_reason_no_nic(host, op, nl, target->nic);
            return HALYARD_ERR_INSTALLED;
        }
        if (rc)
            return hy_ip_failed(host, op, rc, "the interface cannot be looked up");
        if (*prefix >= 0)
            return HALYARD_OK;
        index = link->index;
    }
    int rc = find_net(nl, target, index, &net);
    if (rc)
        return hy_ip_failed(host, op, rc, "the addresses of this host cannot be listed");
    if (!index && !net.index) {
        host->reason(op,
                     "no interface of this host is in the net of %s: set nic, or give an interface an address there",
                     target->text);
        return HALYARD_ERR_INSTALLED;
    }
    if (*prefix < 0)
        *prefix = net.prefix;
    if (*prefix == 0) {
        *prefix = (int)target->addr.size * 8;
        host->log(op, LOG_NOTICE,
                  "%s has no net that contains %s: its prefix will be /%d. cidr_netmask can say otherwise", link->name,
                  target->text, *prefix);
    }
    if (index)
        return HALYARD_OK;
    rc = hy_ip_nl_link_at(nl, net.index, link);
    return rc ? hy_ip_failed(host, op, rc, "the interface cannot be looked up") : HALYARD_OK;
}
