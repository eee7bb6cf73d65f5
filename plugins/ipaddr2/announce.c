/* SPDX-License-Identifier: Apache-2.0 */
#include "announce.h"

#include "packet.h"

#include <unistd.h>

int hy_ip_announce(const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    if (!link->ethernet)
        return 0;
    int fd = hy_ip_packet_open(link, addr->family, false);
    if (fd < 0)
        return fd;
    int rc = hy_ip_packet_tell(fd, link, addr);
    close(fd);
    return rc;
}
