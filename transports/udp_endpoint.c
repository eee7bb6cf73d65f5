/* SPDX-License-Identifier: Apache-2.0 */
#include "udp.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

int udp_parse(const char *text, uint16_t port, struct endpoint *endpoint)
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

uint16_t udp_port(const struct endpoint *endpoint)
{
    return endpoint->address.ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)&endpoint->address)->sin_port)
                                                  : ntohs(((const struct sockaddr_in6 *)&endpoint->address)->sin6_port);
}

bool udp_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a, *b6 = (const struct sockaddr_in6 *)b;
    bool same_scope = !a6->sin6_scope_id || !b6->sin6_scope_id || a6->sin6_scope_id == b6->sin6_scope_id;
    return same_scope && !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof a6->sin6_addr);
}

bool udp_same(const struct endpoint *a, const struct endpoint *b)
{
    return udp_same_address(&a->address, &b->address) && udp_port(a) == udp_port(b);
}

void udp_address_text(const struct sockaddr *address, socklen_t size, char text[UDP_TEXT])
{
    if (getnameinfo(address, size, text, UDP_TEXT, NULL, 0, NI_NUMERICHOST))
        snprintf(text, UDP_TEXT, "unknown");
}
