/* SPDX-License-Identifier: Apache-2.0 */
#include "announce.h"

#include "packet.h"

int hy_ip_announce(int *fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    if (!link->ethernet)
        return 0;
    if (*fd < 0)
        *fd = hy_ip_packet_sender();
    return *fd < 0 ? *fd : hy_ip_packet_tell(*fd, link, addr);
}
