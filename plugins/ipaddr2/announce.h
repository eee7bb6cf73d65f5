/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the link where the address is now: gratuitous ARP, request and reply; unsolicited neighbour advertisement. */
#ifndef IPADDR2_ANNOUNCE_H
#define IPADDR2_ANNOUNCE_H

#include "netlink.h"

/* Once, by a packet socket of any kind; *fd < 0: opens one that sends. 0 or -errno; 0 also where the link has nobody to
 * tell (loopback, a tunnel). */
int hy_ip_announce(int *fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr);

#endif
