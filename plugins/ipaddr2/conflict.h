/* SPDX-License-Identifier: Apache-2.0 */
/* Before an address is taken: does somebody else on the link have it? */
#ifndef IPADDR2_CONFLICT_H
#define IPADDR2_CONFLICT_H

#include "netlink.h"

struct hy_ip_conflict {
    int64_t check_ms; /* two questions within this time */
    int64_t wait_ms;  /* when somebody answers: how long to go on asking */
    uint8_t owner[6]; /* who answered last */
    int64_t waited_ms;
};

/* 1: taken, still so after wait_ms. 0: free, or nobody can be asked on this link; waited_ms > 0: it was taken at first. -errno.
 * *fd becomes the packet socket it has asked by, for the caller to go on with. */
int hy_ip_conflict_check(struct hy_ip_nl *nl, int *fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr,
                         struct hy_ip_conflict *conflict);
/* With two links into one segment a host hears itself. */
bool hy_ip_is_own_mac(struct hy_ip_nl *nl, const uint8_t mac[6]);

#endif
