/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

bool hy_ip_addr_parse(const char *text, struct hy_ip_addr *addr)
{
    *addr = (struct hy_ip_addr){.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    addr->size = addr->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    return inet_pton(addr->family, text, addr->bytes) == 1;
}

bool hy_ip_addr_equal(const struct hy_ip_addr *a, const struct hy_ip_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, a->size) == 0;
}

bool hy_ip_addr_same_net(const struct hy_ip_addr *a, const struct hy_ip_addr *b, int prefix)
{
    if (a->family != b->family || prefix < 0 || (size_t)prefix > a->size * 8)
        return false;
    size_t whole = (size_t)prefix / 8;
    unsigned rest = (unsigned)prefix % 8;
    if (memcmp(a->bytes, b->bytes, whole) != 0)
        return false;
    return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool hy_ip_broadcast(const struct hy_ip_config *config, int prefix, struct hy_ip_addr *out)
{
    if (config->target.addr.family != AF_INET)
        return false;
    if (config->broadcast_kind == HY_IP_BROADCAST_GIVEN) {
        *out = config->broadcast;
        return true;
    }
    if (prefix > 30)
        return false;
    *out = config->target.addr;
    for (int bit = prefix; bit < 32; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> (bit % 8));
        if (config->broadcast_kind == HY_IP_BROADCAST_ONES)
            out->bytes[bit / 8] |= mask;
        else
            out->bytes[bit / 8] &= (uint8_t)~mask;
    }
    return true;
}
