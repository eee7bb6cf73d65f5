/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the kernel, at the interface: once the node's lease is over, nothing that belongs to one address passes any more.
 * It asks no process, so it holds when all of them stand still or are dead.
 *
 * What is dropped is what a holder of the address does: on the way in what is sent to it, or asks for it; on the way out
 * what is sent from it, or answers for it. What this host does as a client of the address, which somebody else may have
 * by now, passes.
 *
 * Compiled without libbpf: the constants below are searched for by who loads it (program.c), and replaced.
 */
#include "program.h"

#include "halyard/agent.h"

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

enum { ETHERNET_HEADER = 14, VLAN_TAG = 4, VLAN_TAGS = 2, ICMPV6 = 58, SOLICITATION = 135, ADVERTISEMENT = 136 };

#define BE16(number) ((__u16)__builtin_bswap16(number))
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#undef BE16
#define BE16(number) ((__u16)(number))
#endif

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
/* A constant of 64 bits as an instruction of its own, whatever the compiler would rather have. */
#define PLACE(number)                                                                                                  \
    ({                                                                                                                 \
        __u64 value_;                                                                                                  \
        __asm__("%0 = " TEXT(number) " ll" : "=r"(value_));                                                            \
        value_;                                                                                                        \
    })

static __u64 (*const ktime_get_boot_ns)(void) = (void *)BPF_FUNC_ktime_get_boot_ns;
static long (*const skb_load_bytes)(const void *skb, __u32 offset, void *to,
                                    __u32 size) = (void *)BPF_FUNC_skb_load_bytes;
static long (*const skb_load_bytes_relative)(const void *skb, __u32 offset, void *to, __u32 size,
                                             __u32 start) = (void *)BPF_FUNC_skb_load_bytes_relative;

struct address {
    __u64 high, low;
};

/* What concerns this packet: where it goes, and where the headers of its network layer begin. */
struct packet {
    struct __sk_buff *skb;
    __u64 rules;
    __u32 at;
    __u16 type;
};

static __attribute__((always_inline)) long load(const struct packet *packet, __u32 offset, void *to, __u32 size)
{
    if (packet->rules & HY_IP_RULE_ETHERNET)
        return skb_load_bytes(packet->skb, packet->at + offset, to, size);
    return skb_load_bytes_relative(packet->skb, offset, to, size, BPF_HDR_START_NET);
}

/* Tags are looked through: on this interface the address is not to be heard of in any VLAN. */
static __attribute__((always_inline)) int find_network(struct packet *packet)
{
    packet->type = (__u16)packet->skb->protocol;
    if (!(packet->rules & HY_IP_RULE_ETHERNET))
        return 1;
    packet->at = ETHERNET_HEADER;
    if (skb_load_bytes(packet->skb, ETHERNET_HEADER - 2, &packet->type, sizeof packet->type))
        return 0;
#pragma unroll
    for (int i = 0; i < VLAN_TAGS; i++) {
        if (packet->type != BE16(0x8100) && packet->type != BE16(0x88a8))
            break;
        if (skb_load_bytes(packet->skb, packet->at + 2, &packet->type, sizeof packet->type))
            return 0;
        packet->at += VLAN_TAG;
    }
    return 1;
}

static __attribute__((always_inline)) int is_v4(const struct packet *packet, __u32 offset)
{
    __u32 found;
    return load(packet, offset, &found, sizeof found) == 0 && found == (__u32)PLACE(HY_IP_PLACE_HIGH);
}

static __attribute__((always_inline)) int is_v6(const struct packet *packet, __u32 offset)
{
    struct address found;
    return load(packet, offset, &found, sizeof found) == 0 && found.high == PLACE(HY_IP_PLACE_HIGH) &&
           found.low == PLACE(HY_IP_PLACE_LOW);
}

/* RFC 826; the length of the hardware's address is the packet's own. */
static __attribute__((always_inline)) int arp_concerns(const struct packet *packet, int out)
{
    struct {
        __u16 hardware, protocol;
        __u8 hardware_size, protocol_size;
        __u16 operation;
    } arp;
    if (load(packet, 0, &arp, sizeof arp) || arp.protocol != BE16(0x0800) || arp.protocol_size != 4)
        return 0;
    __u32 sender = sizeof arp + arp.hardware_size;
    return is_v4(packet, out ? sender : sender + 4 + arp.hardware_size);
}

/* RFC 8200, and for neighbour discovery RFC 4861: its target is at the same place in a solicitation and in an advertisement. */
static __attribute__((always_inline)) int v6_concerns(const struct packet *packet, int out)
{
    __u8 next, type;
    if (is_v6(packet, out ? 8 : 24))
        return 1;
    if (load(packet, 6, &next, sizeof next) || next != ICMPV6 || load(packet, 40, &type, sizeof type))
        return 0;
    return type == (out ? ADVERTISEMENT : SOLICITATION) && is_v6(packet, 48);
}

static __attribute__((always_inline)) int is_over(__u64 rules)
{
    const volatile struct halyard_lease *lease = (const volatile struct halyard_lease *)PLACE(HY_IP_PLACE_LEASE);
    return (__s64)(ktime_get_boot_ns() / 1000) >= lease->deadline || lease->since != (__u32)rules;
}

__attribute__((section(HY_IP_PROGRAM_SECTION), used)) int guard(struct __sk_buff *skb)
{
    struct packet packet = {.skb = skb, .rules = PLACE(HY_IP_PLACE_RULES)};
    if (!is_over(packet.rules) || !find_network(&packet))
        return TC_ACT_UNSPEC;
    int out = (packet.rules & HY_IP_RULE_OUT) != 0, concerns = 0;
    if (packet.rules & HY_IP_RULE_V6)
        concerns = packet.type == BE16(0x86dd) && v6_concerns(&packet, out);
    else if (packet.type == BE16(0x0800))
        concerns = is_v4(&packet, out ? 12 : 16);
    else if (packet.type == BE16(0x0806))
        concerns = arp_concerns(&packet, out);
    return concerns ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}
