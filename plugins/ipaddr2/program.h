/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that drops what belongs to an address once the lease is over (guard.bpf.c), and how it gets into the kernel.
 *
 * Not by libbpf: to load that library and its own took 0.5 ms at best, and 18 ms when nobody had used it lately, in the
 * moment in which an address is taken over. There is one program, with one map, so what is left of a loader's work is to
 * put a few constants into their places.
 */
#ifndef IPADDR2_PROGRAM_H
#define IPADDR2_PROGRAM_H

#define HY_IP_PROGRAM_SECTION "classifier"

/* Constants in the code as it is compiled, which the loader replaces: by where the lease is in memory, the address as it
 * is on the wire (of IPv4 in the first four bytes), and the rules. */
#define HY_IP_PLACE_LEASE 0x48594c5000000001
#define HY_IP_PLACE_HIGH 0x48594c5000000002
#define HY_IP_PLACE_LOW 0x48594c5000000003
#define HY_IP_PLACE_RULES 0x48594c5000000004

/* The rules; the lower half is the lease's `since` when the address was started. */
#define HY_IP_RULE_V6 (1ULL << 32)
#define HY_IP_RULE_OUT (1ULL << 33)
#define HY_IP_RULE_ETHERNET (1ULL << 34) /* frames begin with an Ethernet header */

#ifndef __bpf__
#include "config.h"

/* The program's descriptor, or -errno; -ENOPKG: the agent was built without it. `rules` without HY_IP_RULE_V6 and since. */
int hy_ip_program_load(const struct hy_ip_addr *addr, int lease_map, uint32_t since, uint64_t rules);
/* The number by which the kernel knows a map, or -errno. Never 0. */
int64_t hy_ip_map_id(int map);
#endif

#endif
