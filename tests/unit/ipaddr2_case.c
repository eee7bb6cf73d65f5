/* SPDX-License-Identifier: Apache-2.0 */
#include "ipaddr2_case.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define TEST_TIMEOUT_S 60
#define HEAR_MS 20000

struct agent_host host;

static void open_host(void)
{
    netns_open();
    agent_host_open(&host, "ipaddr2");
}

static void close_host(void)
{
    agent_host_close(&host);
}

void use_example(void)
{
    ip_here("address add 172.100.102.151/24 dev eth0");
    agent_host_set(&host, "ip", VIP);
    agent_host_set(&host, "nic", "eth0:0");
    agent_host_set(&host, "cidr_netmask", "24");
}

void use_ipv6(void)
{
    ip_here("address add 2001:db8::151/64 dev eth0 nodad");
    agent_host_set(&host, "ip", VIP6);
    agent_host_set(&host, "nic", "eth0");
}

enum halyard_rc start(void)
{
    return agent_host_call(&host, host.agent->start);
}

enum halyard_rc stop(void)
{
    return agent_host_call(&host, host.agent->stop);
}

enum halyard_rc monitor(void)
{
    return agent_host_call(&host, host.agent->monitor);
}

void expect(enum halyard_rc rc, enum halyard_rc wanted)
{
    ck_assert_msg(rc == wanted, "%d instead of %d: %s", (int)rc, (int)wanted, host.reason);
}

void expect_reason(enum halyard_rc rc, enum halyard_rc wanted, const char *words)
{
    expect(rc, wanted);
    ck_assert_msg(strstr(host.reason, words) != NULL, "\"%s\" is not in: %s", words, host.reason);
}

TCase *ipaddr2_tests(Suite *suite)
{
    TCase *tests = tcase_create("ipaddr2");
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host, close_host);
    tcase_set_timeout(tests, TEST_TIMEOUT_S);
    suite_add_tcase(suite, tests);
    return tests;
}

/* ---- on the wire */

int listen_there(void)
{
    netns_there();
    int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    ck_assert_int_ge(fd, 0);
    struct sockaddr_ll where = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("far0")};
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    netns_here();
    return fd;
}

/* The next frame of this type that begins (after the Ethernet header) like the pattern, where the mask is set. */
static void await_frame(int fd, uint16_t type, const uint8_t *pattern, const uint8_t *mask, size_t size, uint8_t *frame)
{
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ck_assert_msg(poll(&ready, 1, HEAR_MS) == 1, "the frame has not come");
        ssize_t got = recv(fd, frame, 256, 0);
        if (got < (ssize_t)(14 + size) || frame[12] != type >> 8 || frame[13] != (type & 0xff))
            continue;
        bool same = true;
        for (size_t i = 0; i < size; i++)
            same &= (frame[14 + i] & mask[i]) == (pattern[i] & mask[i]);
        if (same)
            return;
    }
}

static const uint8_t arp_mask[28] = {ALL6, ALL6, ALL6, ALL6, ALL4};
const uint8_t arp_probe[28] = {0, 1, 8, 0, 6, 4, 0, 1, MAC_HERE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, VIP_BYTES};
const uint8_t arp_request[28] = {0, 1, 8, 0, 6, 4, 0, 1, MAC_HERE, VIP_BYTES, 0, 0, 0, 0, 0, 0, VIP_BYTES};
const uint8_t arp_reply[28] = {0, 1, 8, 0, 6, 4, 0, 2, MAC_HERE, VIP_BYTES, MAC_HERE, VIP_BYTES};

void await_arp(int fd, const uint8_t pattern[28])
{
    static const uint8_t addresses[12] = {ALL6, MAC_HERE};
    uint8_t frame[256];
    await_frame(fd, ETH_P_ARP, pattern, arp_mask, 28, frame);
    ck_assert_mem_eq(frame, addresses, sizeof addresses);
}

static uint32_t sum_words(const uint8_t *bytes, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    return sum;
}

void await_advertisement(int fd, bool router)
{
    static const uint8_t addresses[12] = {0x33, 0x33, 0, 0, 0, 1, MAC_HERE};
    uint8_t pattern[72] = {0x60, 0, 0, 0, 0, 32, 58, 255};
    uint8_t mask[72], frame[256];
    memset(mask, 0xff, sizeof mask);
    mask[42] = mask[43] = 0;
    ck_assert_int_eq(inet_pton(AF_INET6, VIP6, pattern + 8), 1);
    ck_assert_int_eq(inet_pton(AF_INET6, "ff02::1", pattern + 24), 1);
    pattern[40] = 136;
    pattern[44] = router ? 0xa0 : 0x20;
    ck_assert_int_eq(inet_pton(AF_INET6, VIP6, pattern + 48), 1);
    memcpy(pattern + 64, (const uint8_t[]){2, 1, MAC_HERE}, 8);
    await_frame(fd, ETH_P_IPV6, pattern, mask, sizeof pattern, frame);
    ck_assert_mem_eq(frame, addresses, sizeof addresses);
    uint32_t sum = sum_words(frame + 14 + 8, 64) + 32 + 58;
    sum = (sum & 0xffff) + (sum >> 16);
    ck_assert_uint_eq((sum & 0xffff) + (sum >> 16), 0xffff);
}

void watch_until_it_is_up(int fd)
{
    agent_host_watch(&host);
    await_arp(fd, arp_request);
}
