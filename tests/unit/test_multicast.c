/* SPDX-License-Identifier: Apache-2.0 */
/* Drives multicast.so as the core does, in two networks joined by a cable: a host does not hear what itself sends. */
#include "base/alloc.h"
#include "lib/run.h"
#include "lib/tp_host.h"
#include "lib/two_nets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 5405 };

static struct halyard_tp_ctx here, there;
static char port_here[8], port_there[8];

static int plain_socket(int family, const char *address, struct sockaddr_storage *at, socklen_t *size)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    ck_assert_int_eq(inet_pton(family, address, family == AF_INET ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr), 1);
    *size = family == AF_INET ? sizeof v4 : sizeof v6;
    memcpy(at, family == AF_INET ? (void *)&v4 : (void *)&v6, *size);
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert(fd >= 0 && !bind(fd, (struct sockaddr *)at, *size));
    return fd;
}

/* The kernel takes a cable into use, and begins with IPv6 on it, some moments after it was put in: until then it drops what is
 * sent without a word, in both directions. */
static void wait_passage(int family, const char *address_here, const char *address_there)
{
    struct sockaddr_storage at_here, at_there;
    socklen_t size;
    char byte;
    int fd_here = plain_socket(family, address_here, &at_here, &size);
    netns_there();
    int fd_there = plain_socket(family, address_there, &at_there, &size);
    netns_here();
    bool passed_there = false, passed_here = false;
    for (int64_t end = tp_now_ms() + PATIENCE_MS; !passed_there || !passed_here; usleep(5000)) {
        ck_assert_msg(tp_now_ms() < end, "nothing passes between %s and %s", address_here, address_there);
        (void)sendto(fd_here, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&at_there, size);
        (void)sendto(fd_there, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&at_here, size);
        passed_there |= recv(fd_there, &byte, 1, MSG_DONTWAIT) == 1;
        passed_here |= recv(fd_here, &byte, 1, MSG_DONTWAIT) == 1;
    }
    close(fd_here);
    close(fd_there);
}

static void set_up(void)
{
    netns_open();
    ip_here("address add 10.9.8.1/24 dev eth0");
    ip_here("address add fd00::1/64 dev eth0 nodad");
    ip_there("address add 10.9.8.2/24 dev far0");
    ip_there("address add fd00::2/64 dev far0 nodad");
    wait_passage(AF_INET, "10.9.8.1", "10.9.8.2");
    wait_passage(AF_INET6, "fd00::1", "fd00::2");
    here = (struct halyard_tp_ctx){.enter = netns_here, .leave = netns_here};
    there = (struct halyard_tp_ctx){.enter = netns_there, .leave = netns_here};
}

/* Carriers come some moments after `up`: whatever open() saw, it works now. */
static void settle(struct halyard_tp_ctx *ctx)
{
    for (int64_t end = tp_now_ms() + PATIENCE_MS; ctx->links.size && !strstr(ctx->links.data, "0 1 ");) {
        ck_assert(tp_now_ms() < end);
        tp_turn(ctx, 20);
    }
    hy_buf_clear(&ctx->links);
}

static void start_both(const char *address_here, const char *address_there)
{
    tp_start(&here, address_here, PORT, port_here);
    tp_start(&there, address_there, PORT, port_there);
    ck_assert_int_eq(tp_add_peer(&here, 2, address_there, 0), 0);
    ck_assert_int_eq(tp_add_peer(&there, 1, address_here, 0), 0);
    settle(&here);
    settle(&there);
}

static void stop_both(void)
{
    tp_stop(&here);
    tp_stop(&there);
}

START_TEST(descriptor_is_whole)
{
    ck_assert_uint_eq(transport->magic, HALYARD_TRANSPORT_MAGIC);
    ck_assert_uint_eq(transport->major, HALYARD_TRANSPORT_MAJOR);
    ck_assert_uint_eq(transport->size, sizeof *transport);
    ck_assert_uint_eq(transport->param_size, sizeof(struct halyard_tp_param));
    ck_assert_uint_eq(transport->caps, HALYARD_TP_MULTICAST);
    ck_assert_str_eq(transport->name, "multicast");
}
END_TEST

static void to_one_and_to_all(const char *address_here, const char *address_there)
{
    start_both(address_here, address_there);
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "to all", 6), 0);
    ck_assert_int_eq(transport->send(here.tp, 2, "to 2", 4), 0);
    tp_wait_datagrams(&there, 2);
    bool in_order = !strncmp(there.datagrams.items[0].data, "to all", 6); /* they come over two sockets */
    tp_expect(&there, in_order ? 0 : 1, 1, "to all");
    tp_expect(&there, in_order ? 1 : 0, 1, "to 2");
    ck_assert_int_eq(transport->send(there.tp, HALYARD_ALL, "back", 4), 0);
    tp_wait_datagrams(&here, 1); /* and nothing of its own */
    tp_expect(&here, 0, 2, "back");
    ck_assert_uint_eq(tp_stats(&here).sent, 2);
    ck_assert_uint_eq(tp_stats(&here).received, 1);
    ck_assert_uint_eq(tp_stats(&here).receive_bad, 0);
    ck_assert_int_eq(transport->send(here.tp, 9, "x", 1), -ENOENT);
    ck_assert_str_eq(hy_buf_text(&here.log), "");
    ck_assert_str_eq(hy_buf_text(&there.log), "");
    stop_both();
}

START_TEST(ipv4_to_one_and_to_all)
{
    to_one_and_to_all("10.9.8.1", "10.9.8.2");
}
END_TEST

START_TEST(ipv6_to_one_and_to_all)
{
    to_one_and_to_all("fd00::1", "fd00::2");
}
END_TEST

START_TEST(ipv6_group_of_the_link)
{
    tp_set(&here, "group", "ff02::5405");
    tp_set(&there, "group", "ff02::5405");
    tp_set(&there, "interface", "far0");
    to_one_and_to_all("fd00::1", "fd00::2");
}
END_TEST

/* How many packets the interface here has sent: the tenth number in its line of /proc/net/dev. */
static unsigned long sent_packets(void)
{
    char line[512];
    unsigned long packets = 0;
    bool found = false;
    FILE *file = fopen("/proc/self/net/dev", "r");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        found |= sscanf(line, " eth0: %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu", &packets) == 1;
    fclose(file);
    ck_assert(found);
    return packets;
}

START_TEST(what_is_for_all_is_one_datagram)
{
    ip_here("link set eth0 addrgenmode none"); /* nobody else sends anything there */
    start_both("10.9.8.1", "10.9.8.2");
    ck_assert_int_eq(tp_add_peer(&here, 3, "10.9.8.3", 0), 0);
    ck_assert_int_eq(tp_add_peer(&here, 4, "10.9.8.4", 0), 0);
    unsigned long before = sent_packets();
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "x", 1), 0);
    unsigned long packets = sent_packets() - before;
    ck_assert_msg(packets >= 1000 && packets < 1100, "%lu packets", packets); /* beside, IGMP and MLD reports */
    ck_assert_uint_eq(tp_stats(&here).sent, 1000);
    stop_both();
}
END_TEST

START_TEST(another_group_or_port_is_not_heard)
{
    tp_set(&here, "group", "239.192.1.1");
    start_both("10.9.8.1", "10.9.8.2");
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "to another group", 16), 0);
    ck_assert_int_eq(transport->send(here.tp, 2, "to 2", 4), 0);
    tp_wait_datagrams(&there, 1);
    tp_expect(&there, 0, 1, "to 2");
    stop_both();
}
END_TEST

START_TEST(nothing_is_sent_without_peers)
{
    tp_start(&here, "10.9.8.1", PORT, port_here);
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "x", 1), 0);
    ck_assert_uint_eq(tp_stats(&here).sent, 0);
    tp_stop(&here);
}
END_TEST

START_TEST(two_links_share_group_and_port)
{
    struct halyard_tp_ctx second = {.enter = netns_here, .leave = netns_here};
    ip_here("link add eth1 type veth peer name far1");
    ip_here("address add 10.9.7.1/24 dev eth1");
    ip_here("link set eth1 up");
    ip_here("link set far1 up");
    start_both("10.9.8.1", "10.9.8.2");
    tp_start(&second, "10.9.7.1", PORT, port_here);
    ck_assert_int_eq(transport->send(there.tp, HALYARD_ALL, "x", 1), 0);
    tp_wait_datagrams(&here, 1);
    tp_turn(&second, 100);
    ck_assert_uint_eq(second.datagrams.count, 0); /* it was not on its interface */
    tp_stop(&second);
    stop_both();
}
END_TEST

START_TEST(joins_again_when_the_interface_was_down)
{
    start_both("10.9.8.1", "10.9.8.2");
    ip_here("link set eth0 down");
    tp_wait_links(&here, "0 0 eth0 has been set down\n");
    ip_here("link set eth0 up");
    tp_wait_links(&here, "0 0 eth0 has been set down\n0 1 eth0 works again\n");
    ck_assert_int_eq(transport->send(there.tp, HALYARD_ALL, "x", 1), 0);
    tp_wait_datagrams(&here, 1);
    stop_both();
}
END_TEST

START_TEST(joins_again_when_the_address_was_lost)
{
    start_both("10.9.8.1", "10.9.8.2");
    ip_here("address delete 10.9.8.1/24 dev eth0");
    tp_wait_links(&here, "0 0 eth0 has lost the address 10.9.8.1\n");
    ip_here("address add 10.9.8.1/24 dev eth0");
    tp_wait_links(&here, "0 0 eth0 has lost the address 10.9.8.1\n0 1 eth0 works again\n");
    ck_assert_int_eq(transport->send(there.tp, HALYARD_ALL, "x", 1), 0);
    tp_wait_datagrams(&here, 1);
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "y", 1), 0);
    tp_wait_datagrams(&there, 1);
    stop_both();
}
END_TEST

/* The cable and its ends are others then, of the same names: sockets that kept to the old one would be deaf for ever. */
static void make_cable_anew(const char *address, const char *prefix)
{
    ip_here("link delete eth0");
    ip_here("link add eth0 type veth peer name far9");
    ip_here("address add %s/%s dev eth0%s", address, prefix, strchr(address, ':') ? " nodad" : "");
    ip_here("link set far9 up");
    ip_here("link set eth0 up");
}

static void joins_a_new_interface(const char *address, const char *prefix, int family, const char *group)
{
    tp_start(&here, address, PORT, port_here);
    ck_assert_int_eq(tp_add_peer(&here, 2, family == AF_INET ? "10.9.8.2" : "fd00::2", 0), 0);
    settle(&here);
    make_cable_anew(address, prefix);
    char command[256]; /* whether all of that is seen as one change or as several is the kernel's business */
    snprintf(command, sizeof command, "ip maddress show dev eth0 | grep -q 'inet6* *%s'", group);
    for (int64_t end = tp_now_ms() + PATIENCE_MS; system(command) != 0;) {
        ck_assert_msg(tp_now_ms() < end, "links: %s, log: %s", hy_buf_text(&here.links), hy_buf_text(&here.log));
        tp_turn(&here, 20);
    }
    settle(&here);
    ck_assert_str_eq(hy_buf_text(&here.log), "");
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "x", 1), 0);
    ck_assert_uint_eq(tp_stats(&here).send_dropped, 0);
    tp_stop(&here);
}

START_TEST(joins_a_new_interface_ipv4)
{
    joins_a_new_interface("10.9.8.1", "24", AF_INET, "239.192.54.5");
}
END_TEST

START_TEST(joins_a_new_interface_ipv6)
{
    joins_a_new_interface("fd00::1", "64", AF_INET6, "ff15::5405");
}
END_TEST

START_TEST(keeps_to_a_new_interface)
{
    tp_set(&here, "interface", "eth0");
    joins_a_new_interface("10.9.8.1", "24", AF_INET, "239.192.54.5");
}
END_TEST

START_TEST(bad_settings_are_explained)
{
    tp_refuse((const char *const[]){NULL}, -EINVAL,
              "3:'address' is missing: this node's own address on the link, such as \"10.0.0.1\"\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "group", "10.0.0.1"), -EINVAL,
              "3:group = \"10.0.0.1\" is no group's address: it must be one from 224.0.0.0 to 239.255.255.255, or of "
              "ff00::/8\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "group", "all"), -EINVAL,
              "3:group = \"all\" is no group's address: it must be one from 224.0.0.0 to 239.255.255.255, or of "
              "ff00::/8\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "group", "ff15::1"), -EINVAL,
              "3:group = \"ff15::1\" and this node's own 10.9.8.1 are not of one kind: a link is IPv4 or IPv6\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "ttl", "0"), -EINVAL,
              "3:ttl = \"0\" is wrong: it must be a number from 1 to 255\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "port", "65536"), -EINVAL,
              "3:port = \"65536\" is wrong: it must be a number from 1 to 65535\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "interface", "nosuch0"), -ENODEV,
              "3:this host has no interface 'nosuch0' (yet)\n");
    tp_refuse(SETTINGS("address", "10.9.8.1", "interface", "lo"), -EADDRNOTAVAIL,
              "3:the interface 'lo' has not the address 10.9.8.1 (yet)\n");
    tp_refuse(SETTINGS("address", "192.0.2.77"), -EADDRNOTAVAIL,
              "3:no interface of this host has the address 192.0.2.77 (yet)\n");
    tp_refuse(SETTINGS("address", "127.0.0.1"), -EINVAL,
              "3:the interface 'lo', which has the address 127.0.0.1, does no multicast: udpu would be right there\n");
}
END_TEST

START_TEST(settings_reach_the_socket)
{
    tp_set(&here, "ttl", "7");
    tp_set(&here, "tos", "184");
    tp_start(&here, "10.9.8.1", PORT, port_here);
    bool found = false;
    for (size_t i = 0; i < MAX_WATCHES; i++) {
        struct sockaddr_in at = {0};
        socklen_t size = sizeof at;
        int fd = here.watches[i].fd, ttl, tos;
        if (!here.watches[i].ready || getsockname(fd, (struct sockaddr *)&at, &size) || at.sin_family != AF_INET ||
            at.sin_addr.s_addr != inet_addr("10.9.8.1"))
            continue;
        found = true;
        size = sizeof ttl;
        ck_assert(!getsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, &size) && ttl == 7);
        ck_assert(!getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &size) && tos == 184);
    }
    ck_assert(found);
    tp_stop(&here);
}
END_TEST

START_TEST(a_port_that_is_taken_is_told)
{
    tp_start(&here, "10.9.8.1", PORT, port_here);
    tp_refuse(SETTINGS("address", "10.9.8.1", "port", "5405"), -EADDRINUSE,
              "3:10.9.8.1 port 5405 is taken: another program listens there\n");
    tp_stop(&here);
}
END_TEST

START_TEST(refusal_is_told_and_taken_back)
{
    tp_start(&here, "10.9.8.1", PORT, port_here);
    settle(&here);
    ck_assert_int_eq(tp_add_peer(&here, 2, "10.9.8.2", 0), 0);
    for (int64_t end = tp_now_ms() + PATIENCE_MS; !here.links.size;) { /* what is for one goes to its address */
        ck_assert(tp_now_ms() < end);
        transport->send(here.tp, 2, "x", 1);
        tp_turn(&here, 50);
    }
    tp_wait_links(&here, "2 0 connection refused\n");
    ck_assert_int_eq(transport->send(here.tp, HALYARD_ALL, "x", 1), 0);
    tp_start(&there, "10.9.8.2", PORT, port_there);
    ck_assert_int_eq(tp_add_peer(&there, 1, "10.9.8.1", 0), 0);
    ck_assert_int_eq(transport->send(there.tp, HALYARD_ALL, "back", 4), 0);
    tp_wait_links(&here, "2 0 connection refused\n2 1 heard again\n");
    stop_both();
}
END_TEST

START_TEST(close_leaves_no_descriptor)
{
    int before = tp_open_fds();
    for (int i = 0; i < 20; i++) {
        struct halyard_tp_ctx one = {0};
        tp_start(&one, i % 2 ? "10.9.8.1" : "fd00::1", PORT, port_here);
        ck_assert_int_gt(tp_open_fds(), before);
        tp_stop(&one);
        ck_assert_int_eq(tp_open_fds(), before);
    }
}
END_TEST

int main(void)
{
    if (!tp_load("multicast"))
        return EXIT_FAILURE;
    Suite *suite = suite_create("multicast");
    TCase *tcase = tcase_create("multicast");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, NULL);
    tcase_add_test(tcase, descriptor_is_whole);
    tcase_add_test(tcase, ipv4_to_one_and_to_all);
    tcase_add_test(tcase, ipv6_to_one_and_to_all);
    tcase_add_test(tcase, ipv6_group_of_the_link);
    tcase_add_test(tcase, what_is_for_all_is_one_datagram);
    tcase_add_test(tcase, another_group_or_port_is_not_heard);
    tcase_add_test(tcase, nothing_is_sent_without_peers);
    tcase_add_test(tcase, two_links_share_group_and_port);
    tcase_add_test(tcase, joins_again_when_the_interface_was_down);
    tcase_add_test(tcase, joins_again_when_the_address_was_lost);
    tcase_add_test(tcase, joins_a_new_interface_ipv4);
    tcase_add_test(tcase, joins_a_new_interface_ipv6);
    tcase_add_test(tcase, keeps_to_a_new_interface);
    tcase_add_test(tcase, bad_settings_are_explained);
    tcase_add_test(tcase, settings_reach_the_socket);
    tcase_add_test(tcase, a_port_that_is_taken_is_told);
    tcase_add_test(tcase, refusal_is_told_and_taken_back);
    tcase_add_test(tcase, close_leaves_no_descriptor);
    int status = run_suite(suite);
    tp_unload();
    return status;
}
