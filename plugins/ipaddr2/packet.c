/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ND_HOP_LIMIT 255 /* RFC 4861: whoever gets less knows that it comes from elsewhere */

/* ARP for IPv4 over Ethernet; all of it bytes, so there is no padding. */
struct arp {
    uint8_t hardware[2];
    uint8_t protocol[2];
    uint8_t hardware_size;
    uint8_t protocol_size;
    uint8_t operation[2];
    uint8_t sender_mac[6];
    uint8_t sender_ip[4];
    uint8_t target_mac[6];
    uint8_t target_ip[4];
};

/* A neighbour solicitation or advertisement with at most one option, the link-layer address. */
struct nd {
    struct ip6_hdr ip;
    struct icmp6_hdr icmp;
    uint8_t target[16];
    uint8_t option_type;
    uint8_t option_size; /* in units of 8 bytes */
    uint8_t option_mac[6];
};

_Static_assert(sizeof(struct arp) == 28, "ARP over Ethernet has 28 bytes");
_Static_assert(sizeof(struct nd) == 72, "IPv6 header, ICMPv6 header, target, option");

#define ND_SIZE_BARE (sizeof(struct nd) - 8)

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t nobody[6];

void hy_ip_mac_text(const uint8_t mac[6], char text[HY_IP_MAC_TEXT])
{
    snprintf(text, HY_IP_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static uint16_t ether_type(int family)
{
    return family == AF_INET ? ETH_P_ARP : ETH_P_IPV6;
}

static int attach(int fd, struct sock_filter *steps, size_t count)
{
    struct sock_fprog program = {.len = (unsigned short)count, .filter = steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static uint32_t last_four(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* A busy link must neither wake us nor fill the socket's buffer with what is not about our address. Jumps count the
 * steps to skip. */
static int only_from(int fd, const struct hy_ip_addr *addr)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct arp, sender_ip)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, last_four(addr->bytes), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, sizeof(struct arp)),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    return attach(fd, steps, sizeof steps / sizeof *steps);
}

/* Advertisements of it, and solicitations from it; all of the address is looked at later. */
static int only_about(int fd, const struct hy_ip_addr *addr)
{
    uint32_t end = last_four(addr->bytes + 12);
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct nd, ip.ip6_nxt)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 8),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, offsetof(struct nd, icmp.icmp6_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_ADVERT, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nd, target) + 12),
        BPF_JUMP(BPF_JMP | BPF_JA, 2, 0, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ND_NEIGHBOR_SOLICIT, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nd, ip.ip6_src) + 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, end, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, sizeof(struct nd)),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    return attach(fd, steps, sizeof steps / sizeof *steps);
}

int hy_ip_packet_sender(void)
{
    /* Protocol 0 hears nothing until it is bound to one. */
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return fd < 0 ? -errno : fd;
}

int hy_ip_packet_listener(const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    int fd = hy_ip_packet_sender();
    if (fd < 0)
        return fd;
    struct sockaddr_ll where = {
        .sll_family = AF_PACKET, .sll_ifindex = link->index, .sll_protocol = htons(ether_type(addr->family))};
    if ((addr->family == AF_INET ? only_from(fd, addr) : only_about(fd, addr)) < 0 ||
        bind(fd, (const struct sockaddr *)&where, sizeof where) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

static int send_to(int fd, const struct hy_ip_link *link, int family, const uint8_t mac[6], const void *packet,
                   size_t size)
{
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ether_type(family)), .sll_ifindex = link->index, .sll_halen = 6};
    memcpy(to.sll_addr, mac, 6);
    ssize_t sent = sendto(fd, packet, size, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof to);
    return sent < 0 ? -errno : 0;
}

static int send_arp(int fd, const struct hy_ip_link *link, uint8_t operation, const uint8_t sender_ip[4],
                    const uint8_t target_mac[6], const uint8_t target_ip[4])
{
    struct arp arp = {.hardware = {0, ARPHRD_ETHER},
                      .protocol = {ETH_P_IP >> 8, ETH_P_IP & 0xff},
                      .hardware_size = 6,
                      .protocol_size = 4,
                      .operation = {0, operation}};
    memcpy(arp.sender_mac, link->mac, 6);
    memcpy(arp.sender_ip, sender_ip, 4);
    memcpy(arp.target_mac, target_mac, 6);
    memcpy(arp.target_ip, target_ip, 4);
    return send_to(fd, link, AF_INET, everybody, &arp, sizeof arp);
}

static uint32_t sum16(uint32_t sum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    return sum;
}

/* RFC 8200, 8.1: over the addresses, length and next header of the IPv6 header, and all that follows it. */
static uint16_t nd_checksum(const struct nd *nd, size_t size)
{
    size_t body = size - sizeof nd->ip;
    uint32_t sum = sum16(0, &nd->ip.ip6_src, 32);
    sum += (uint32_t)body + IPPROTO_ICMPV6;
    sum = sum16(sum, &nd->icmp, body);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static int send_nd(int fd, const struct hy_ip_link *link, struct nd *nd, size_t size)
{
    nd->ip.ip6_flow = htonl(6u << 28);
    nd->ip.ip6_plen = htons((uint16_t)(size - sizeof nd->ip));
    nd->ip.ip6_nxt = IPPROTO_ICMPV6;
    nd->ip.ip6_hlim = ND_HOP_LIMIT;
    nd->icmp.icmp6_cksum = 0;
    nd->icmp.icmp6_cksum = nd_checksum(nd, size);
    const uint8_t *group = nd->ip.ip6_dst.s6_addr;
    uint8_t mac[6] = {0x33, 0x33, group[12], group[13], group[14], group[15]}; /* RFC 2464, 7 */
    return send_to(fd, link, AF_INET6, mac, nd, size);
}

/* RFC 4862, 5.4.2: from the unspecified address, to the solicited-node group, without the option. */
static int send_solicitation(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    struct nd nd = {.icmp = {.icmp6_type = ND_NEIGHBOR_SOLICIT}};
    static const uint8_t group[13] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff};
    memcpy(nd.ip.ip6_dst.s6_addr, group, sizeof group);
    memcpy(nd.ip.ip6_dst.s6_addr + 13, addr->bytes + 13, 3);
    memcpy(nd.target, addr->bytes, 16);
    return send_nd(fd, link, &nd, ND_SIZE_BARE);
}

/* RFC 4861, 7.2.6: unsolicited, to all nodes, overriding what they had. Says whether we are a router: who reads
 * otherwise would drop us from its default routers. */
static int send_advertisement(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    struct nd nd = {
        .icmp = {.icmp6_type = ND_NEIGHBOR_ADVERT}, .option_type = ND_OPT_TARGET_LINKADDR, .option_size = 1};
    nd.icmp.icmp6_data32[0] = ND_NA_FLAG_OVERRIDE | (link->router6 ? ND_NA_FLAG_ROUTER : 0);
    static const uint8_t group[16] = {0xff, 0x02, [15] = 0x01};
    memcpy(nd.ip.ip6_src.s6_addr, addr->bytes, 16);
    memcpy(nd.ip.ip6_dst.s6_addr, group, sizeof group);
    memcpy(nd.target, addr->bytes, 16);
    memcpy(nd.option_mac, link->mac, 6);
    return send_nd(fd, link, &nd, sizeof nd);
}

int hy_ip_packet_ask(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    static const uint8_t unknown[4];
    if (addr->family == AF_INET6)
        return send_solicitation(fd, link, addr);
    return send_arp(fd, link, ARPOP_REQUEST, unknown, nobody, addr->bytes); /* RFC 5227, 2.1.1 */
}

int hy_ip_packet_tell(int fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr)
{
    if (addr->family == AF_INET6)
        return send_advertisement(fd, link, addr);
    /* RFC 5227, 2.3, has the request; some switches and firewalls learn only from a reply. RFC 5944, 4.6, has both; in a
     * reply the target's MAC is ours too, or Linux takes it for an ordinary one, which it may ignore. */
    int rc = send_arp(fd, link, ARPOP_REQUEST, addr->bytes, nobody, addr->bytes);
    int rc_reply = send_arp(fd, link, ARPOP_REPLY, addr->bytes, link->mac, addr->bytes);
    return rc ? rc : rc_reply;
}

/*
 * RFC 5227, 2.1.1: a request or a reply whose sender has our address. It also has us yield to somebody's probe for it;
 * we do not: switches that track devices send such probes all the time, and the lease already settles who may have it.
 */
static bool arp_claims(const struct arp *arp, size_t size, const struct hy_ip_addr *addr, uint8_t owner[6])
{
    if (size < sizeof *arp || arp->hardware_size != 6 || arp->protocol_size != 4)
        return false;
    if (memcmp(arp->sender_ip, addr->bytes, 4) != 0)
        return false;
    memcpy(owner, arp->sender_mac, 6);
    return true;
}

/* An advertisement of it, or a solicitation that comes from it. One from `::` is a question such as our own: whoever
 * sends it will yield (RFC 4862, 5.4.3). */
static bool nd_claims(const struct nd *nd, size_t size, const struct hy_ip_addr *addr, const uint8_t sender[6],
                      uint8_t owner[6])
{
    if (size < ND_SIZE_BARE || nd->ip.ip6_nxt != IPPROTO_ICMPV6 || nd->ip.ip6_hlim != ND_HOP_LIMIT)
        return false;
    bool advert = nd->icmp.icmp6_type == ND_NEIGHBOR_ADVERT;
    if (!advert && nd->icmp.icmp6_type != ND_NEIGHBOR_SOLICIT)
        return false;
    if (memcmp(advert ? nd->target : nd->ip.ip6_src.s6_addr, addr->bytes, 16) != 0)
        return false;
    uint8_t type = advert ? ND_OPT_TARGET_LINKADDR : ND_OPT_SOURCE_LINKADDR;
    bool option = size >= sizeof *nd && nd->option_type == type && nd->option_size == 1;
    memcpy(owner, option ? nd->option_mac : sender, 6);
    return true;
}

int hy_ip_packet_take(int fd, const struct hy_ip_addr *addr, uint8_t owner[6])
{
    union {
        struct arp arp;
        struct nd nd;
    } packet;
    struct sockaddr_ll from = {0};
    socklen_t from_size = sizeof from;
    ssize_t size = recvfrom(fd, &packet, sizeof packet, 0, (struct sockaddr *)&from, &from_size);
    if (size < 0)
        return errno == EINTR ? 0 : -errno;
    if (addr->family == AF_INET)
        return arp_claims(&packet.arp, (size_t)size, addr, owner);
    return nd_claims(&packet.nd, (size_t)size, addr, from.sll_addr, owner);
}
