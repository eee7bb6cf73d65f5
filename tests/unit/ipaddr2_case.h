/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of IPaddr2 share: the agent under test on a host of two networks, and what the other side hears. */
#ifndef TESTS_UNIT_IPADDR2_CASE_H
#define TESTS_UNIT_IPADDR2_CASE_H

#include "lib/agent_host.h"
#include "lib/run.h"
#include "lib/two_nets.h"

#define VIP "172.100.102.110"
#define VIP6 "2001:db8::110"

#define MAC_HERE 0x02, 0, 0, 0, 0, 0x01
#define VIP_BYTES 172, 100, 102, 110
#define ALL4 0xff, 0xff, 0xff, 0xff
#define ALL6 ALL4, 0xff, 0xff

extern struct agent_host host; /* of this test; each is a process of its own */

/* A suite of these tests. */
TCase *ipaddr2_tests(Suite *suite);

/* The example that everybody has: ip=172.100.102.110 nic="eth0:0" cidr_netmask=24 */
void use_example(void);
void use_ipv6(void);

enum halyard_rc start(void);
enum halyard_rc stop(void);
enum halyard_rc monitor(void);
void expect(enum halyard_rc rc, enum halyard_rc wanted);
void expect_reason(enum halyard_rc rc, enum halyard_rc wanted, const char *words);

/* Everything that comes to the other side. */
int listen_there(void);
/* ARP over Ethernet, as far as the target's MAC: what it is of is left open. */
extern const uint8_t arp_probe[28], arp_request[28], arp_reply[28];
void await_arp(int fd, const uint8_t pattern[28]);
/* RFC 4861, 7.2.6 and 4.4: to all nodes, hop limit 255, Override, target, our link-layer address, a right checksum. */
void await_advertisement(int fd, bool router);
/* Its first announcement has come. */
void watch_until_it_is_up(int fd);

#endif
