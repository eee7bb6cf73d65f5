/* SPDX-License-Identifier: Apache-2.0 */
#include "ipaddr2_case.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Does the output of `ip route show ...` here have a line with all of these words, separated by "..." ? */
static bool route_here(const char *what, const char *words)
{
    char command[128], line[512];
    bool found = false;
    bool version6 = strstr(what, "-6") != NULL;
    snprintf(command, sizeof command, "ip %s route show %.*s", version6 ? "-6" : "-4", (int)strcspn(what, "-"), what);
    netns_here();
    FILE *list = popen(command, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list))
        found |= has_words(line, words);
    pclose(list);
    return found;
}

static bool await_route(const char *what, const char *words, bool wanted)
{
    for (int i = 0; i < 2000; i++) {
        if (route_here(what, words) == wanted)
            return true;
        usleep(10000);
    }
    return false;
}

START_TEST(routes_come_and_go_with_the_address)
{
    use_example();
    ip_here("route add default via 172.100.102.1");
    ip_here("route add 10.9.0.0/16 via 172.100.102.2 metric 50");
    agent_host_set(&host, "routes",
                   "default, 10.9.0.0/16, 10.20.0.0/16 via 172.100.102.3 metric 7, 10.30.0.0/16 dev eth0");
    expect(start(), HALYARD_OK);
    ck_assert(route_here("default", "default via 172.100.102.1 dev eth0 proto 72 src " VIP));
    ck_assert(route_here("10.9.0.0/16", "via 172.100.102.2 dev eth0 proto 72 src " VIP " metric 49"));
    ck_assert(route_here("10.20.0.0/16", "via 172.100.102.3 dev eth0 proto 72 src " VIP " metric 7"));
    ck_assert(route_here("10.30.0.0/16", "dev eth0 proto 72 scope link src " VIP));
    ck_assert_int_eq(system("ip route get 9.9.9.9 | grep -q 'src " VIP "'"), 0);
    expect(monitor(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    ip_here("route del 10.20.0.0/16");
    expect_reason(monitor(), HALYARD_ERR_GENERIC,
                  "the route 10.20.0.0/16 via 172.100.102.3 with the source " VIP " is not");
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    agent_host_set(&host, "routes", NULL); /* stop does not need to be told */
    expect(stop(), HALYARD_OK);
    ck_assert(!route_here("", "proto 72"));
    ck_assert(route_here("default", "via 172.100.102.1"));
    ck_assert(route_here("10.9.0.0/16", "via 172.100.102.2 dev eth0 metric 50"));
}
END_TEST

/* Several hops, an object of the kernel's, a gateway of the other kind: what leads there is copied as it is. */
START_TEST(follows_any_kind_of_route)
{
    use_example();
    ip_here("link add eth1 type veth peer name far1");
    ip_here("link set eth1 up");
    ip_here("link set far1 up");
    ip_here("address add 10.1.1.1/24 dev eth1");
    ip_here("route add default metric 100 mtu lock 1400 nexthop via 172.100.102.1 dev eth0 weight 2 "
            "nexthop via 10.1.1.9 dev eth1");
    ip_here("nexthop add id 5 via 172.100.102.7 dev eth0");
    ip_here("route add 10.50.0.0/16 nhid 5 metric 30");
    ip_here("route add 10.60.0.0/16 via inet6 fe80::9 dev eth0");
    agent_host_set(&host, "routes", "default, 10.50.0.0/16, 10.60.0.0/16");
    expect(start(), HALYARD_OK);
    ck_assert(route_here("default", "proto 72 src " VIP " metric 99 mtu lock 1400"));
    ck_assert(route_here("default proto 72", "nexthop via 172.100.102.1 dev eth0 weight 2"));
    ck_assert(route_here("default proto 72", "nexthop via 10.1.1.9 dev eth1 weight 1"));
    ck_assert(route_here("10.50.0.0/16", "nhid 5 via 172.100.102.7 dev eth0 proto 72 src " VIP " metric 29"));
    ck_assert(route_here("10.60.0.0/16", "via inet6 fe80::9 dev eth0 proto 72 src " VIP));
    ip_here("link set far1 down"); /* the kernel shows the state of hops, and does not take it */
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    ck_assert(!route_here("", "proto 72"));
    ck_assert(route_here("default", "metric 100 mtu lock 1400"));
    ck_assert(route_here("10.50.0.0/16", "nhid 5"));
}
END_TEST

START_TEST(route_that_cannot_be)
{
    use_example();
    agent_host_set(&host, "routes", "10.20.0.0/16 via 192.168.77.1");
    expect_reason(start(), HALYARD_ERR_GENERIC,
                  "the route 10.20.0.0/16 via 192.168.77.1 with the source " VIP " cannot be added: its gateway");
    ck_assert(!address_here(VIP));
    agent_host_set(&host, "routes", "10.20.0.0/16 dev eth7");
    expect_reason(start(), HALYARD_ERR_GENERIC, "there is no such interface");
    ck_assert(!address_here(VIP));
    /* Nothing to follow yet is none. */
    agent_host_set(&host, "routes", "default");
    expect(start(), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(host.log, "nothing to follow"));
    expect(monitor(), HALYARD_OK);
    agent_host_watch(&host);
    ip_here("route add default via 172.100.102.1");
    ck_assert(await_route("default", "proto 72 src " VIP, true));
    expect(monitor(), HALYARD_OK);
}
END_TEST

START_TEST(watch_looks_after_routes)
{
    use_example();
    ip_here("route add default via 172.100.102.1 metric 20");
    agent_host_set(&host, "routes", "default, 10.20.0.0/16 via 172.100.102.3");
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    ip_here("address del " VIP "/24 dev eth0"); /* and the kernel takes the routes away */
    ck_assert(agent_host_hears(&host, "put back at once"));
    ck_assert(route_here("default", "via 172.100.102.1 dev eth0 proto 72 src " VIP " metric 19"));
    ck_assert(route_here("10.20.0.0/16", "proto 72 src " VIP));
    ip_here("route del 10.20.0.0/16");
    ck_assert(await_route("10.20.0.0/16", "proto 72 src " VIP, true));
    ip_here("route replace default via 172.100.102.9 metric 20");
    ck_assert(await_route("default", "via 172.100.102.9 dev eth0 proto 72 src " VIP " metric 19", true));
    ck_assert(!route_here("default", "via 172.100.102.1 "));
    ip_here("route del default via 172.100.102.9 metric 20");
    ck_assert(await_route("default", "proto 72", false));
    expect(monitor(), HALYARD_OK);
    agent_host_end_watch(&host, SIGTERM);
    expect(stop(), HALYARD_OK);
    ck_assert(!route_here("", "proto 72"));
    close(fd);
}
END_TEST

START_TEST(ipv6_routes)
{
    use_ipv6();
    ip_here("-6 route add default via 2001:db8::1 dev eth0");
    agent_host_set(&host, "routes", "default, 2001:db8:20::/48 via fe80::3");
    host.shared->lease_ms = 60000;
    expect(start(), HALYARD_OK);
    ck_assert(route_here("default -6", "default via 2001:db8::1 dev eth0 proto 72 src " VIP6 " metric 1023 expires"));
    ck_assert(route_here("2001:db8:20::/48 -6", "via fe80::3 dev eth0 proto 72 src " VIP6 "...expires"));
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(await_address(VIP6 "...valid_lft 2sec", true));
    ip_here("address del " VIP6 "/64 dev eth0"); /* the routes stay, and lose their source */
    ck_assert(agent_host_hears(&host, "put back at once"));
    ck_assert(route_here("default -6", "proto 72 src " VIP6));
    ck_assert(route_here("2001:db8:20::/48 -6", "proto 72 src " VIP6));
    agent_host_end_watch(&host, SIGTERM);
    expect(stop(), HALYARD_OK);
    ck_assert(!route_here("-6", "proto 72"));
    ck_assert(route_here("default -6", "via 2001:db8::1 dev eth0 metric 1024"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ipaddr2, routes");
    TCase *tests = ipaddr2_tests(suite);
    tcase_add_test(tests, routes_come_and_go_with_the_address);
    tcase_add_test(tests, follows_any_kind_of_route);
    tcase_add_test(tests, route_that_cannot_be);
    tcase_add_test(tests, watch_looks_after_routes);
    tcase_add_test(tests, ipv6_routes);
    return run_suite(suite);
}
