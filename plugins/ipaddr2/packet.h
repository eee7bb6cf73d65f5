/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARP (RFC 826, RFC 5227) and IPv6 neighbour discovery (RFC 4861, RFC 4862) on the wire, by packet(7) sockets: the
 * questions and announcements about one address. All return 0 or -errno.
 */
#ifndef IPADDR2_PACKET_H
#define IPADDR2_PACKET_H

#include "netlink.h"

#define HY_IP_MAC_TEXT 18 /* "02:00:00:00:00:01" and the NUL */

/* Sockets, or -errno. One that only sends, on any link; one that also takes what a link hears about an address. To close one takes the kernel ten milliseconds and more (it waits until no CPU uses it): keep it, and let the end
 * of the process close it. */
int hy_ip_packet_sender(void);
int hy_ip_packet_listener(const struct hy_ip_link *link, const struct hy_ip_addr *addr);

/* Asks who has it, without saying that we want it for ourselves: ARP probe, or neighbour solicitation from `::`. */
int hy_ip_packet_ask(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr);
/* Tells everybody on the link that it is here. */
int hy_ip_packet_tell(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr);
/* Takes one packet that has come in. 1: somebody says that the address is his, *owner is his MAC. 0: something else, -EAGAIN: nothing. */
int hy_ip_packet_take(int fd, const struct hy_ip_addr *addr, uint8_t owner[6]);

void hy_ip_mac_text(const uint8_t mac[6], char text[HY_IP_MAC_TEXT]);

#endif
