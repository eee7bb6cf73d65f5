/* SPDX-License-Identifier: Apache-2.0 */
/* Drives udpu.so as the core does. */
#include "base/alloc.h"
#include "lib/netns.h"
#include "lib/run.h"
#include "lib/tp_host.h"

#include <errno.h>
#include <stdlib.h>

/* A socket that is no transport, for what a stranger may send. */
static int stranger(const char *address, uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, address, &at.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void throw_at(int fd, const char *address, uint16_t port, const void *data, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, address, &to.sin_addr), 1);
    ck_assert_int_eq(sendto(fd, data, size, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)size);
}

/* ---- tests ---- */

START_TEST(descriptor_is_whole)
{
    ck_assert_uint_eq(transport->magic, HALYARD_TRANSPORT_MAGIC);
    ck_assert_uint_eq(transport->major, HALYARD_TRANSPORT_MAJOR);
    ck_assert_uint_eq(transport->size, sizeof *transport);
    ck_assert_uint_eq(transport->param_size, sizeof(struct halyard_tp_param));
    ck_assert_str_eq(transport->name, "udpu");
}
END_TEST

static void three_nodes(const char *const addresses[3], const uint16_t ports[3])
{
    struct halyard_tp_ctx node[3] = {0};
    char text[3][8];
    for (uint32_t i = 0; i < 3; i++)
        tp_start(&node[i], addresses[i], ports[i], text[i]);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t j = 0; j < 3; j++)
            if (i != j)
                ck_assert_int_eq(tp_add_peer(&node[i], j + 1, addresses[j], ports[j]), 0);
    ck_assert_int_eq(transport->send(node[0].tp, HALYARD_ALL, "to all", 6), 0);
    ck_assert_int_eq(transport->send(node[0].tp, 3, "to 3", 4), 0);
    ck_assert_int_eq(transport->send(node[1].tp, 1, "to 1", 4), 0);
    tp_wait_datagrams(&node[1], 1);
    tp_wait_datagrams(&node[2], 2);
    tp_wait_datagrams(&node[0], 1);
    tp_expect(&node[1], 0, 1, "to all");
    tp_expect(&node[2], 0, 1, "to all");
    tp_expect(&node[2], 1, 1, "to 3");
    tp_expect(&node[0], 0, 2, "to 1");
    ck_assert_uint_eq(tp_stats(&node[0]).sent, 3);
    ck_assert_uint_eq(tp_stats(&node[2]).received, 2);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_str_eq(hy_buf_text(&node[i].links), "");
        ck_assert_str_eq(hy_buf_text(&node[i].log), "");
        tp_stop(&node[i]);
    }
}

START_TEST(ipv4_to_one_and_to_all)
{
    uint16_t port = netns_free_port(SOCK_DGRAM);
    three_nodes((const char *const[]){"127.0.0.1", "127.0.0.2", "127.0.0.3"}, (const uint16_t[]){port, port, port});
}
END_TEST

START_TEST(ipv6_to_one_and_to_all)
{
    uint16_t ports[3];
    for (size_t i = 0; i < 3; i++) {
        ports[i] = netns_free_port(SOCK_DGRAM);
        for (size_t j = 0; j < i; j++)
            if (ports[i] == ports[j])
                i--;
    }
    three_nodes((const char *const[]){"::1", "::1", "::1"}, ports);
}
END_TEST

START_TEST(port_of_the_link_is_the_peers_default)
{
    struct halyard_tp_ctx a = {0}, b = {0};
    char text[2][8];
    uint16_t port = netns_free_port(SOCK_DGRAM);
    tp_start(&a, "127.0.0.1", port, text[0]);
    tp_start(&b, "127.0.0.2", port, text[1]);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", 0), 0);
    ck_assert_int_eq(tp_add_peer(&b, 1, "127.0.0.1", 0), 0);
    ck_assert_int_eq(transport->send(a.tp, 2, "x", 1), 0);
    tp_wait_datagrams(&b, 1);
    tp_expect(&b, 0, 1, "x");
    tp_stop(&a);
    tp_stop(&b);
}
END_TEST

static void refused_and_back(const char *own, uint16_t own_port, const char *dead, uint16_t dead_port, const char *live,
                             uint16_t live_port)
{
    struct halyard_tp_ctx a = {0}, b = {0}, c = {0};
    char text[3][8];
    tp_start(&a, own, own_port, text[0]);
    tp_start(&c, live, live_port, text[2]);
    ck_assert_int_eq(tp_add_peer(&a, 2, dead, dead_port), 0);
    ck_assert_int_eq(tp_add_peer(&a, 3, live, live_port), 0);
    ck_assert_int_eq(tp_add_peer(&c, 1, own, own_port), 0);
    /* Nobody listens at 2. Its refusal fails no send to 3, and is said once, however often it comes. */
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(transport->send(a.tp, HALYARD_ALL, "x", 1), 0);
    tp_wait_links(&a, "2 0 connection refused\n");
    tp_wait_datagrams(&c, 20);
    ck_assert_int_eq(transport->send(a.tp, 2, "x", 1), 0);
    tp_turn(&a, 50);
    ck_assert_str_eq(hy_buf_text(&a.links), "2 0 connection refused\n");
    tp_start(&b, dead, dead_port, text[1]);
    ck_assert_int_eq(tp_add_peer(&b, 1, own, own_port), 0);
    ck_assert_int_eq(transport->send(b.tp, 1, "back", 4), 0);
    tp_wait_links(&a, "2 0 connection refused\n2 1 heard again\n");
    tp_expect(&a, 0, 2, "back");
    tp_stop(&a);
    tp_stop(&b);
    tp_stop(&c);
}

START_TEST(refusal_is_told_and_taken_back_ipv4)
{
    uint16_t port = netns_free_port(SOCK_DGRAM);
    refused_and_back("127.0.0.1", port, "127.0.0.2", port, "127.0.0.3", port);
}
END_TEST

START_TEST(refusal_is_told_and_taken_back_ipv6)
{
    uint16_t own = netns_free_port(SOCK_DGRAM), dead = own, live = own;
    while (dead == own)
        dead = netns_free_port(SOCK_DGRAM);
    while (live == own || live == dead)
        live = netns_free_port(SOCK_DGRAM);
    refused_and_back("::1", own, "::1", dead, "::1", live);
}
END_TEST

START_TEST(size_limits_hold)
{
    struct halyard_tp_ctx a = {0}, b = {0};
    char text[2][8];
    static char big[3000];
    uint16_t port = netns_free_port(SOCK_DGRAM);
    tp_set(&b, "max_payload", "1400");
    tp_start(&a, "127.0.0.1", port, text[0]);
    tp_start(&b, "127.0.0.2", port, text[1]);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", port), 0);
    ck_assert_int_eq(tp_add_peer(&b, 1, "127.0.0.1", port), 0);
    ck_assert_uint_eq(transport->max_payload(a.tp), 1400);
    ck_assert_int_eq(transport->send(a.tp, 2, big, 1401), -EMSGSIZE);
    ck_assert_int_eq(transport->send(a.tp, HALYARD_ALL, big, 1401), -EMSGSIZE);
    ck_assert_int_eq(transport->send(a.tp, 2, big, 1400), 0);
    tp_wait_datagrams(&b, 1);
    ck_assert_uint_eq(b.datagrams.items[0].size, 1400);
    int fd = stranger("127.0.0.3", port);
    throw_at(fd, "127.0.0.2", port, big, 1401);
    throw_at(fd, "127.0.0.2", port, big, sizeof big);
    throw_at(fd, "127.0.0.2", port, big, 0);
    ck_assert_int_eq(transport->send(a.tp, 2, "after", 5), 0);
    tp_wait_datagrams(&b, 2);
    tp_expect(&b, 1, 1, "after");
    ck_assert_uint_eq(tp_stats(&b).receive_bad, 3);
    close(fd);
    tp_stop(&a);
    tp_stop(&b);
}
END_TEST

START_TEST(strangers_have_no_name)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    uint16_t port = netns_free_port(SOCK_DGRAM), other = port;
    while (other == port)
        other = netns_free_port(SOCK_DGRAM);
    tp_start(&a, "127.0.0.1", port, text);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", port), 0);
    ck_assert_int_eq(transport->send(a.tp, 9, "x", 1), -ENOENT);
    int wrong_address = stranger("127.0.0.3", port), wrong_port = stranger("127.0.0.2", other);
    throw_at(wrong_address, "127.0.0.1", port, "a", 1);
    throw_at(wrong_port, "127.0.0.1", port, "b", 1);
    tp_wait_datagrams(&a, 2);
    tp_expect(&a, 0, 0, "a");
    tp_expect(&a, 1, 0, "b");
    ck_assert_uint_eq(tp_stats(&a).receive_bad, 2);
    ck_assert_uint_eq(tp_stats(&a).received, 0);
    close(wrong_address);
    close(wrong_port);
    tp_stop(&a);
}
END_TEST

START_TEST(peers_are_checked)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    uint16_t port = 0;
    while (port < 10000) /* five digits in the messages below */
        port = netns_free_port(SOCK_DGRAM);
    tp_start(&a, "127.0.0.1", port, text);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", 0), 0);
    ck_assert_int_eq(tp_add_peer(&a, 0, "127.0.0.4", 0), -EINVAL);
    ck_assert_int_eq(tp_add_peer(&a, 3, "localhost", 0), -EINVAL);
    ck_assert_int_eq(tp_add_peer(&a, 3, "::1", 0), -EINVAL);
    ck_assert_int_eq(tp_add_peer(&a, 3, "127.0.0.1", 0), -EINVAL);
    ck_assert_int_eq(tp_add_peer(&a, 3, "127.0.0.2", 0), -EEXIST);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.3", 7), -EEXIST);
    char *expected =
        hy_asprintf("3:a peer cannot have the node id 0: ids start at 1\n"
                    "3:node 3: 'localhost' is no numeric IPv4 or IPv6 address\n"
                    "3:node 3: ::1 and this node's own 127.0.0.1 are not of one kind: a link is IPv4 or IPv6\n"
                    "3:node 3: 127.0.0.1 port %u is this node's own\n"
                    "3:node 3 at 127.0.0.2 port %u: node 2 is there already\n"
                    "3:node 2 at 127.0.0.3 port 7: node 2 is there already\n",
                    port, port);
    ck_assert_str_eq(hy_buf_text(&a.log), expected);
    free(expected);
    ck_assert_int_eq(tp_add_peer(&a, 3, "127.0.0.3", 0), 0);
    ck_assert_int_eq(transport->peer_del(a.tp, 2), 0);
    ck_assert_int_eq(transport->peer_del(a.tp, 2), -ENOENT);
    ck_assert_int_eq(transport->send(a.tp, 2, "x", 1), -ENOENT);
    ck_assert_int_eq(transport->send(a.tp, 3, "x", 1), 0);
    tp_stop(&a);
}
END_TEST

START_TEST(bad_settings_are_explained)
{
    tp_refuse((const char *const[]){NULL}, -EINVAL,
              "3:'address' is missing: this node's own address on the link, such as \"10.0.0.1\"\n");
    tp_refuse(SETTINGS("address", "node1"), -EINVAL, "3:address = \"node1\" is no numeric IPv4 or IPv6 address\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "port", "0"), -EINVAL,
              "3:port = \"0\" is wrong: it must be a number from 1 to 65535\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "port", "-1"), -EINVAL,
              "3:port = \"-1\" is wrong: it must be a number from 1 to 65535\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "ttl", "64s"), -EINVAL,
              "3:ttl = \"64s\" is wrong: it must be a number from 1 to 255\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "max_payload", "1199"), -EINVAL,
              "3:max_payload = \"1199\" is wrong: it must be a number from 1200 to 65000\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "interface", "an-interface-of-24-bytes"), -EINVAL,
              "3:interface = \"an-interface-of-24-bytes\" cannot be an interface's name: 1 to 15 characters\n");
    tp_refuse(SETTINGS("address", "127.0.0.1", "interface", "nosuch0"), -ENODEV,
              "3:this host has no interface 'nosuch0' (yet)\n");
    tp_refuse(SETTINGS("address", "192.0.2.77"), -EADDRNOTAVAIL,
              "3:no interface of this host has the address 192.0.2.77 (yet)\n");
}
END_TEST

START_TEST(two_do_not_share_a_port)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    uint16_t port = netns_free_port(SOCK_DGRAM);
    tp_start(&a, "127.0.0.1", port, text);
    char *log = hy_asprintf("3:127.0.0.1 port %u is taken: another program listens there\n", port);
    tp_refuse(SETTINGS("address", "127.0.0.1", "port", text), -EADDRINUSE, log);
    free(log);
    tp_stop(&a);
}
END_TEST

START_TEST(settings_reach_the_socket)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    tp_set(&a, "ttl", "7");
    tp_set(&a, "tos", "184");
    tp_set(&a, "priority", "5");
    tp_set(&a, "interface", "lo");
    tp_set(&a, "receive_buffer", "40000");
    tp_set(&a, "send_buffer", "67108864");
    tp_set(&a, "max_payload", "65000");
    tp_start(&a, "127.0.0.1", netns_free_port(SOCK_DGRAM), text);
    int fd = a.watches[0].fd, value;
    socklen_t size = sizeof value;
    ck_assert(!getsockopt(fd, IPPROTO_IP, IP_TTL, &value, &size) && value == 7);
    ck_assert(!getsockopt(fd, IPPROTO_IP, IP_TOS, &value, &size) && value == 184);
    ck_assert(!getsockopt(fd, SOL_SOCKET, SO_PRIORITY, &value, &size) && value == 5);
    ck_assert(!getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &size) && value == 80000);
    char device[IF_NAMESIZE];
    size = sizeof device;
    ck_assert(!getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, &size));
    ck_assert_str_eq(device, "lo");
    /* More than the system grants is no error, but it is said. */
    ck_assert_int_eq(strncmp(hy_buf_text(&a.log), "4:send_buffer = 67108864: the system gives ", 43), 0);
    ck_assert_uint_eq(transport->max_payload(a.tp), 65000);
    tp_stop(&a);
}
END_TEST

START_TEST(close_leaves_no_descriptor)
{
    int before = tp_open_fds();
    for (int i = 0; i < 20; i++) {
        struct halyard_tp_ctx a = {0};
        char text[8];
        tp_start(&a, "127.0.0.1", netns_free_port(SOCK_DGRAM), text);
        ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", 0), 0);
        ck_assert_int_gt(tp_open_fds(), before);
        tp_stop(&a);
        ck_assert_int_eq(tp_open_fds(), before);
    }
}
END_TEST

START_TEST(a_burst_is_taken_in_turns)
{
    struct halyard_tp_ctx a = {0}, b = {0};
    char text[2][8];
    uint16_t port = netns_free_port(SOCK_DGRAM);
    tp_start(&a, "127.0.0.1", port, text[0]);
    tp_start(&b, "127.0.0.2", port, text[1]);
    ck_assert_int_eq(tp_add_peer(&a, 2, "127.0.0.2", 0), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(transport->send(a.tp, 2, "x", 1), 0);
    tp_turn(&b, 5000);
    ck_assert_uint_gt(b.datagrams.count, 0);
    ck_assert_uint_le(b.datagrams.count, 32);
    tp_wait_datagrams(&b, 100);
    tp_stop(&a);
    tp_stop(&b);
}
END_TEST

/* ---- with interfaces of our own ---- */

static void run(const char *command)
{
    int status = system(command);
    ck_assert_msg(status == 0, "'%s' ended with %d", command, status);
}

START_TEST(loss_of_the_interface_is_told)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    run("ip link add ha0 type veth peer name ha1 && ip address add 10.9.8.1/24 dev ha0"
        " && ip link set ha0 up && ip link set ha1 up");
    tp_start(&a, "10.9.8.1", 5405, text);
    /* A carrier comes some moments after `up`; whatever open() saw, it works now. */
    for (int64_t end = tp_now_ms() + PATIENCE_MS; a.links.size && !strstr(a.links.data, "0 1 ");) {
        ck_assert(tp_now_ms() < end);
        tp_turn(&a, 20);
    }
    hy_buf_clear(&a.links);
    run("ip link set ha1 down");
    tp_wait_links(&a, "0 0 ha0 has lost its carrier\n");
    run("ip link set ha1 up");
    tp_wait_links(&a, "0 0 ha0 has lost its carrier\n0 1 ha0 works again\n");
    hy_buf_clear(&a.links);
    run("ip address delete 10.9.8.1/24 dev ha0");
    tp_wait_links(&a, "0 0 ha0 has lost the address 10.9.8.1\n");
    run("ip address add 10.9.8.2/24 dev ha0 && ip address add 10.9.8.1/24 dev ha0");
    tp_wait_links(&a, "0 0 ha0 has lost the address 10.9.8.1\n0 1 ha0 works again\n");
    hy_buf_clear(&a.links);
    run("ip link delete ha0");
    tp_wait_links(&a, "0 0 ha0 is gone\n");
    tp_stop(&a);
}
END_TEST

START_TEST(no_route_is_told)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    tp_start(&a, "127.0.0.1", 5405, text);
    ck_assert_int_eq(tp_add_peer(&a, 2, "192.0.2.1", 0), 0);
    ck_assert_int_eq(tp_add_peer(&a, 3, "127.0.0.3", 0), 0);
    ck_assert_int_lt(transport->send(a.tp, 2, "x", 1), 0);
    ck_assert_int_eq(transport->send(a.tp, HALYARD_ALL, "x", 1), 0);
    ck_assert_int_eq(strncmp(hy_buf_text(&a.links), "2 0 ", 4), 0);
    ck_assert_uint_eq(tp_stats(&a).send_dropped, 2);
    tp_stop(&a);
}
END_TEST

START_TEST(an_interface_set_down_is_told)
{
    struct halyard_tp_ctx a = {0};
    char text[8];
    tp_start(&a, "127.0.0.1", 5405, text);
    ck_assert(netns_flag("lo", IFF_UP, false));
    tp_wait_links(&a, "0 0 lo has been set down\n");
    ck_assert(netns_flag("lo", IFF_UP, true));
    tp_wait_links(&a, "0 0 lo has been set down\n0 1 lo works again\n");
    tp_stop(&a);
}
END_TEST

static bool have_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool have = fd >= 0 && !bind(fd, (struct sockaddr *)&loopback, sizeof loopback);
    if (fd >= 0)
        close(fd);
    return have;
}

int main(void)
{
    bool own_network = netns_enter(), ipv6 = have_ipv6();
    if (!tp_load("udpu"))
        return EXIT_FAILURE;
    Suite *suite = suite_create("udpu");
    TCase *tcase = tcase_create("udpu");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, descriptor_is_whole);
    tcase_add_test(tcase, ipv4_to_one_and_to_all);
    tcase_add_test(tcase, port_of_the_link_is_the_peers_default);
    tcase_add_test(tcase, refusal_is_told_and_taken_back_ipv4);
    tcase_add_test(tcase, size_limits_hold);
    tcase_add_test(tcase, strangers_have_no_name);
    tcase_add_test(tcase, peers_are_checked);
    tcase_add_test(tcase, bad_settings_are_explained);
    tcase_add_test(tcase, two_do_not_share_a_port);
    tcase_add_test(tcase, settings_reach_the_socket);
    tcase_add_test(tcase, close_leaves_no_descriptor);
    tcase_add_test(tcase, a_burst_is_taken_in_turns);
    if (ipv6) {
        tcase_add_test(tcase, ipv6_to_one_and_to_all);
        tcase_add_test(tcase, refusal_is_told_and_taken_back_ipv6);
    }
    if (own_network) {
        tcase_add_test(tcase, no_route_is_told);
        tcase_add_test(tcase, loss_of_the_interface_is_told);
        tcase_add_test(tcase, an_interface_set_down_is_told);
    }
    int status = run_suite(suite);
    tp_unload();
    if (status == EXIT_SUCCESS && !(own_network && ipv6)) {
        fprintf(stderr, "not all was tested: %s%s\n", ipv6 ? "" : "no IPv6 here; ",
                own_network ? "" : "no network namespace of our own, so no interface could be taken down");
        return 77; /* automake: SKIP */
    }
    return status;
}
