/* SPDX-License-Identifier: Apache-2.0 */
#include "ipaddr2_case.h"

#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

START_TEST(descriptor_is_sound)
{
    const struct halyard_agent *agent = host.agent;
    ck_assert_uint_eq(agent->magic, HALYARD_AGENT_MAGIC);
    ck_assert_uint_eq(agent->size, sizeof *agent);
    ck_assert_uint_eq(agent->param_size, sizeof(struct halyard_param));
    ck_assert_uint_eq(agent->caps, HALYARD_CAP_FAST_RELEASE);
    ck_assert_str_eq(agent->cls, "ocf");
    ck_assert_str_eq(agent->provider, "heartbeat");
    ck_assert_str_eq(agent->type, "IPaddr2");
    for (const struct halyard_param *param = agent->params; param->name; param++)
        ck_assert_ptr_nonnull(param->brief);
}
END_TEST

START_TEST(starts_runs_and_stops)
{
    use_example();
    expect_reason(agent_host_call(&host, host.agent->probe), HALYARD_NOT_RUNNING, VIP " is not on eth0");
    expect(stop(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    ck_assert(
        address_here("eth0...inet " VIP "/24 brd 172.100.102.255...eth0:0...valid_lft forever preferred_lft forever"));
    expect(monitor(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP));
    ck_assert(address_here("172.100.102.151/24"));
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect(stop(), HALYARD_OK);
}
END_TEST

struct parameter_case {
    const char *params[8]; /* name, value, ... */
    enum halyard_rc rc;
    const char *reason;
};

static const struct parameter_case parameter_cases[] = {
    {{"ip", "172.100.102.300"}, HALYARD_ERR_CONFIGURED, "ip=172.100.102.300 is not an IPv4 or IPv6 address"},
    {{"ip", "172.100.102.110/24"}, HALYARD_ERR_CONFIGURED, "the prefix belongs into cidr_netmask"},
    {{"ip", "2001:db8::1::2"}, HALYARD_ERR_CONFIGURED, "is not an IPv4 or IPv6 address"},
    {{"ip", "0.0.0.0"}, HALYARD_ERR_CONFIGURED, "is not the address of a host"},
    {{"ip", "224.0.0.1"}, HALYARD_ERR_CONFIGURED, "is not the address of a host"},
    {{"ip", "255.255.255.255"}, HALYARD_ERR_CONFIGURED, "is not the address of a host"},
    {{"ip", "ff02::1"}, HALYARD_ERR_CONFIGURED, "is not the address of a host"},
    {{"nic", "eth0"}, HALYARD_ERR_CONFIGURED, "the parameter ip is missing"},
    {{"ip", "fe80::110"}, HALYARD_ERR_CONFIGURED, "nic must say where"},
    {{"ip", VIP, "cidr_netmask", "33"}, HALYARD_ERR_CONFIGURED, "cidr_netmask=33"},
    {{"ip", VIP, "cidr_netmask", "0"}, HALYARD_ERR_CONFIGURED, "cidr_netmask=0"},
    {{"ip", VIP, "cidr_netmask", "24x"}, HALYARD_ERR_CONFIGURED, "cidr_netmask=24x"},
    {{"ip", VIP, "cidr_netmask", "-1"}, HALYARD_ERR_CONFIGURED, "cidr_netmask=-1"},
    {{"ip", VIP, "cidr_netmask", "255.0.255.0"}, HALYARD_ERR_CONFIGURED, "cidr_netmask=255.0.255.0"},
    {{"ip", VIP6, "cidr_netmask", "129"}, HALYARD_ERR_CONFIGURED, "from 1 to 128"},
    {{"ip", VIP6, "cidr_netmask", "255.255.255.0"}, HALYARD_ERR_CONFIGURED, "from 1 to 128"},
    {{"ip", VIP, "nic", "an-interface-too-long"}, HALYARD_ERR_CONFIGURED, "is not the name of an interface"},
    {{"ip", VIP, "nic", ":0"}, HALYARD_ERR_CONFIGURED, "is not the name of an interface"},
    {{"ip", VIP, "nic", "eth0:abcdefghijk"}, HALYARD_ERR_CONFIGURED, "eth0:abcdefghijk has 16 characters"},
    {{"ip", VIP, "nic", "eth0", "iflabel", "abcdefghijk"}, HALYARD_ERR_CONFIGURED, "choose a shorter iflabel"},
    {{"ip", VIP, "broadcast", "everyone"}, HALYARD_ERR_CONFIGURED, "broadcast=everyone is not"},
    {{"ip", VIP, "preferred_lft", "long"}, HALYARD_ERR_CONFIGURED, "preferred_lft=long"},
    {{"ip", VIP, "lvs_support", "true"}, HALYARD_ERR_CONFIGURED, "lvs_support=true is not supported"},
    {{"ip", VIP, "lvs_ipv6_addrlabel", "yes"}, HALYARD_ERR_CONFIGURED, "lvs_ipv6_addrlabel=true is not supported"},
    {{"ip", VIP, "unique_clone_address", "1"}, HALYARD_ERR_CONFIGURED, "unique_clone_address=true is not supported"},
    {{"ip", VIP, "clusterip_hash", "sourceip"}, HALYARD_ERR_CONFIGURED, "clusterip_hash is not supported"},
    {{"ip", VIP, "routes", "default via"}, HALYARD_ERR_CONFIGURED, "routes: \"default via\": a word is missing"},
    {{"ip", VIP, "routes", "2001:db8::/32"}, HALYARD_ERR_CONFIGURED, "nor a net or address of the same kind as ip"},
    {{"ip", VIP, "routes", "10.0.0.1/8"}, HALYARD_ERR_CONFIGURED, "of a net the bits after the prefix are 0"},
    {{"ip", VIP, "routes", "10.0.0.0/33"}, HALYARD_ERR_CONFIGURED, "\"10.0.0.0/33\": the destination"},
    {{"ip", VIP, "routes", "default via ::1"}, HALYARD_ERR_CONFIGURED, "the gateway is not an address"},
    {{"ip", VIP, "routes", "default, default via 172.100.102.1"}, HALYARD_ERR_CONFIGURED, "is there twice"},
    {{"ip", VIP, "routes", "default metric 5"}, HALYARD_ERR_CONFIGURED, "it follows the route that is there"},
    {{"ip", VIP, "routes", "default via 172.100.102.1 metric x"}, HALYARD_ERR_CONFIGURED, "the metric is no number"},
    {{"ip", VIP, "routes", "default src 172.100.102.1"}, HALYARD_ERR_CONFIGURED, "leave src out"},
    {{"ip", VIP, "routes", "default mtu 1400"}, HALYARD_ERR_CONFIGURED, "a word is not understood"},
    {{"ip", VIP, "routes", " , default ,"}, HALYARD_OK, ""},
    {{"ip", VIP, "network_namespace", "../x"}, HALYARD_ERR_CONFIGURED, "is not a name"},
    {{"ip", VIP, "network_namespace", "nowhere-at-all"}, HALYARD_ERR_INSTALLED, "/var/run/netns/nowhere-at-all"},
    {{"ip", VIP, "nic", "eth9"}, HALYARD_ERR_INSTALLED, "no interface eth9 on this host: nic must be one of lo, eth0"},
    {{"ip", "10.9.8.7"}, HALYARD_ERR_INSTALLED, "no interface of this host is in the net of 10.9.8.7"},
    {{"ip", VIP, "lvs_support", "false", "clusterip_hash", ""}, HALYARD_OK, ""},
    {{"ip", VIP, "nic", "eth0:abcdefghij", "arp_sender", "send_arp", "mac", "auto"}, HALYARD_OK, ""},
    {{"ip", VIP, "cidr_netmask", "255.255.255.255"}, HALYARD_OK, ""},
};

START_TEST(parameters_are_checked)
{
    const struct parameter_case *it = &parameter_cases[_i];
    ip_here("address add 172.100.102.151/24 dev eth0");
    for (int i = 0; i < 8 && it->params[i]; i += 2)
        agent_host_set(&host, it->params[i], it->params[i + 1]);
    expect_reason(agent_host_call(&host, host.agent->validate), it->rc, it->reason);
    expect_reason(start(), it->rc, it->reason);
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here("inet " VIP));
}
END_TEST

struct form_case {
    const char *params[8];
    const char *address; /* how it then looks */
};

static const struct form_case form_cases[] = {
    {{"nic", "eth0"}, "eth0...inet " VIP "/24 brd 172.100.102.255 "},
    {{NULL}, "eth0...inet " VIP "/24 brd 172.100.102.255 "},
    {{"cidr_netmask", "255.255.0.0"}, "eth0...inet " VIP "/16 brd 172.100.255.255 "},
    {{"cidr_netmask", "20", "broadcast", "-"}, "inet " VIP "/20 brd 172.100.96.0 "},
    {{"cidr_netmask", "20", "broadcast", "+"}, "inet " VIP "/20 brd 172.100.111.255 "},
    {{"broadcast", "172.100.102.7"}, "inet " VIP "/24 brd 172.100.102.7 "},
    {{"cidr_netmask", "32"}, "inet " VIP "/32 scope global"},
    {{"iflabel", "vip"}, "inet " VIP "/24...eth0:vip"},
    {{"nic", "eth0", "iflabel", "eth0:vip"}, "inet " VIP "/24...eth0:vip"},
    {{"nic", "eth0:0", "iflabel", "vip"}, "inet " VIP "/24...eth0:vip"},
    {{"preferred_lft", "0"}, "inet " VIP "/24...deprecated"},
    {{"noprefixroute", "true"}, "inet " VIP "/24...noprefixroute"},
};

START_TEST(every_form_of_a_parameter_works)
{
    const struct form_case *it = &form_cases[_i];
    ip_here("address add 172.100.102.151/24 dev eth0");
    agent_host_set(&host, "ip", VIP);
    for (int i = 0; i < 8 && it->params[i]; i += 2)
        agent_host_set(&host, it->params[i], it->params[i + 1]);
    expect(start(), HALYARD_OK);
    ck_assert_msg(address_here(it->address), "%s", it->address);
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP));
}
END_TEST

START_TEST(interface_is_found_by_its_net)
{
    agent_host_set(&host, "ip", VIP);
    ip_here("link add eth1 type veth peer name far1");
    ip_here("link set eth1 up");
    ip_here("link set far1 up");
    ip_here("address add 172.100.0.1/16 dev eth0");
    ip_here("address add 172.100.102.1/25 dev eth1");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth1...inet " VIP "/25"));
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    /* Without a route, by the address: also on a link that is down, so that the answer can say so. */
    ip_here("address flush dev eth1");
    ip_here("address add 172.100.102.1/25 dev eth1 noprefixroute");
    ip_here("address flush dev eth0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth1...inet " VIP "/25"));
    expect(stop(), HALYARD_OK);
    ip_here("link set eth1 down");
    expect_reason(start(), HALYARD_ERR_GENERIC, "eth1 is down");
    /* By a route without an address; a default route says nothing about where the address belongs. */
    ip_here("address flush dev eth1");
    ip_here("route add 172.100.102.0/24 dev eth0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth0...inet " VIP "/24"));
    expect(stop(), HALYARD_OK);
    ip_here("route flush dev eth0");
    ip_here("address add 10.0.0.1/24 dev eth0");
    ip_here("route add default via 10.0.0.254");
    expect(start(), HALYARD_ERR_INSTALLED);
    agent_host_set(&host, "nic", "eth0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth0...inet " VIP "/32"));
}
END_TEST

START_TEST(missing_interface)
{
    use_example();
    agent_host_set(&host, "nic", "bond0:0");
    expect_reason(start(), HALYARD_ERR_INSTALLED,
                  "there is no interface bond0 on this host: nic must be one of lo, eth0");
    expect(agent_host_call(&host, host.agent->probe), HALYARD_ERR_INSTALLED);
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(link_that_is_down_is_a_failure)
{
    use_example();
    ip_here("link set eth0 down");
    expect_reason(start(), HALYARD_ERR_GENERIC, "eth0 is down");
    ck_assert(!address_here(VIP));
    ip_here("link set eth0 up");
    expect(start(), HALYARD_OK);
    ip_there("link set far0 down");
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "but eth0 has no carrier");
    agent_host_set(&host, "check_link_status", "false");
    expect(monitor(), HALYARD_OK);
    agent_host_set(&host, "check_link_status", NULL);
    ip_here("link set eth0 down");
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "but eth0 is down");
    expect(stop(), HALYARD_OK);
    ip_here("link set eth0 up");
    expect_reason(start(), HALYARD_ERR_GENERIC, "eth0 has no carrier");
    agent_host_set(&host, "check_link_status", "no");
    expect(start(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(adopts_what_is_there)
{
    use_example();
    ip_here("address add " VIP "/24 dev eth0");
    ip_there("address add " VIP "/24 dev far0"); /* nobody is asked: it is ours already */
    expect(monitor(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP "/24...eth0:0"));
    expect(stop(), HALYARD_OK);
    ip_there("address del " VIP "/24 dev far0");
    ip_here("address add " VIP "/32 dev eth0");
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "with the prefix /32, not /24");
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP "/24...eth0:0"));
    ck_assert(!address_here(VIP "/32"));
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    ck_assert(!address_here(VIP "/24...forever"));
    host.shared->lease_ms = INT64_MAX;
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP "/24...valid_lft forever preferred_lft forever"));
    ip_here("address add " VIP "/32 dev eth0");
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP));
}
END_TEST

START_TEST(conflict_that_stays)
{
    use_example();
    ip_there("address add " VIP "/24 dev far0");
    agent_host_set(&host, "conflict_wait_ms", "300");
    expect_reason(start(), HALYARD_ERR_GENERIC, VIP " is in use by 02:00:00:00:00:02 on eth0: ");
    ck_assert(!address_here(VIP));
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect(stop(), HALYARD_OK);
    /* The time for start ends before the time for waiting. */
    agent_host_set(&host, "conflict_wait_ms", "600000");
    agent_host_time_left(&host, 500);
    expect_reason(start(), HALYARD_ERR_GENERIC, "is in use by 02:00:00:00:00:02");
    host.deadline = INT64_MAX;
    agent_host_set(&host, "conflict_check_ms", "0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP));
}
END_TEST

START_TEST(conflict_that_ends)
{
    use_example();
    /* As on a node whose processes have all been killed. */
    ip_there("address add " VIP "/24 dev far0 valid_lft 1 preferred_lft 1");
    agent_host_set(&host, "conflict_wait_ms", "30000");
    expect(start(), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(host.log, "was answered by 02:00:00:00:00:02"));
    ck_assert(address_here(VIP));
    ck_assert(!address_there(VIP));
}
END_TEST

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_answer(int fd, const uint8_t question[42])
{
    static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x02};
    uint8_t frame[42];
    memcpy(frame, question, sizeof frame);
    memcpy(frame, question + 6, 6);
    memcpy(frame + 6, mac, 6);
    frame[21] = 2; /* reply */
    memcpy(frame + 22, mac, 6);
    memcpy(frame + 28, question + 38, 4);
    memcpy(frame + 32, question + 22, 10);
    ck_assert_int_eq(send(fd, frame, sizeof frame, 0), sizeof frame);
}

/* Answers each question there, after `ms`, for as long as `lasts`; then says when the last answer went out. */
static _Noreturn void answer_slowly(int ms, int64_t lasts, int report)
{
    static const uint8_t vip[4] = {VIP_BYTES};
    uint8_t frame[42];
    int fd = listen_there();
    int64_t end = now_ms() + lasts, last = 0;
    if (write(report, "", 1) != 1)
        _exit(1);
    while (now_ms() < end) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, 1) != 1 || recv(fd, frame, sizeof frame, 0) < (ssize_t)sizeof frame)
            continue;
        if (memcmp(frame + 12, "\x08\x06", 2) != 0 || frame[21] != 1 || memcmp(frame + 38, vip, 4) != 0)
            continue;
        poll(NULL, 0, ms);
        send_answer(fd, frame);
        last = now_ms();
    }
    if (write(report, &last, sizeof last) != sizeof last)
        _exit(1);
    _exit(0);
}

/* From the last answer to the address being taken it takes little, and yet longer than any answer has taken. */
START_TEST(a_conflict_that_ends_is_seen_at_once)
{
    static const struct {
        int answer_ms;
        int64_t least;
    } cases[] = {{0, 20}, {20, 45}};
    use_example();
    agent_host_set(&host, "conflict_wait_ms", "30000");
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        answer_slowly(cases[_i].answer_ms, 700, ends[1]);
    ck_assert_int_gt(child, 0);
    char ready;
    ck_assert_int_eq(read(ends[0], &ready, 1), 1);
    expect(start(), HALYARD_OK);
    int64_t taken = now_ms(), last = 0;
    ck_assert_int_eq(read(ends[0], &last, sizeof last), sizeof last);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_ptr_nonnull(strstr(host.log, "was answered by 02:00:00:00:00:02"));
    ck_assert_int_ge(taken - last, cases[_i].least);
    ck_assert(address_here(VIP));
}
END_TEST

START_TEST(own_second_link_is_no_conflict)
{
    use_example();
    ip_here("link add br0 type bridge");
    ip_here("link add eth1 type veth peer name port1");
    ip_here("link set port1 master br0 up");
    ip_here("link set br0 up");
    ip_here("link set eth1 up");
    ip_here("address add " VIP "/32 dev lo"); /* answered by the bridge's own side, as by any link of this host */
    agent_host_set(&host, "nic", "eth1");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth1...inet " VIP "/24"));
    expect(stop(), HALYARD_OK);
    ck_assert(address_here("lo...inet " VIP "/32"));
}
END_TEST

START_TEST(runs_on_a_bridge)
{
    ip_here("link add br0 type bridge");
    ip_here("link set eth0 master br0");
    ip_here("link set br0 up");
    ip_here("address add 172.100.102.151/24 dev br0");
    agent_host_set(&host, "ip", VIP);
    agent_host_set(&host, "iflabel", "0");
    ip_there("address add " VIP "/24 dev far0");
    agent_host_set(&host, "conflict_wait_ms", "200");
    expect_reason(start(), HALYARD_ERR_GENERIC, "02:00:00:00:00:02 on br0");
    ip_there("address del " VIP "/24 dev far0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("br0...inet " VIP "/24...br0:0"));
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(two_addresses_on_one_interface)
{
    /* No address of the host's own: the first is primary, and the second must outlive it. */
    use_example();
    ip_here("address flush dev eth0");
    expect(start(), HALYARD_OK);
    agent_host_set(&host, "ip", "172.100.102.111");
    agent_host_set(&host, "nic", "eth0:1");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("172.100.102.111/24...eth0:1"));
    agent_host_set(&host, "ip", VIP);
    agent_host_set(&host, "nic", "eth0:0");
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP));
    ck_assert(address_here("172.100.102.111/24...eth0:1"));
}
END_TEST

START_TEST(no_lease_no_start)
{
    use_example();
    host.shared->lease_ms = 0;
    expect_reason(start(), HALYARD_ERR_GENERIC, "lease has ended");
    ck_assert(!address_here(VIP));
}
END_TEST

START_TEST(no_clones_but_on_loopback)
{
    use_example();
    agent_host_set_meta(&host, "clone_max", "3");
    expect_reason(start(), HALYARD_ERR_CONFIGURED, "cannot be cloned");
    agent_host_set(&host, "nic", "lo");
    agent_host_set(&host, "cidr_netmask", "32");
    expect(start(), HALYARD_OK);
    ck_assert(address_here("lo...inet " VIP "/32"));
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(stop_with_other_parameters_does_not_lie)
{
    use_example();
    expect(start(), HALYARD_OK);
    agent_host_set(&host, "ip", "nonsense");
    expect(stop(), HALYARD_ERR_CONFIGURED);
    agent_host_set(&host, "ip", VIP);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(works_in_a_named_namespace)
{
    use_example();
    ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
    ck_assert_int_eq(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("none", "/run", "tmpfs", 0, NULL), 0);
    ck_assert_int_eq(mkdir("/run/netns", 0755), 0);
    netns_there();
    ck_assert_int_eq(fclose(fopen("/run/netns/blue", "w")), 0);
    ck_assert_int_eq(mount("/proc/self/ns/net", "/run/netns/blue", "none", MS_BIND, NULL), 0);
    netns_here();
    agent_host_set(&host, "nic", "far0:0");
    agent_host_set(&host, "network_namespace", "blue");
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    netns_here();
    ck_assert(!address_here(VIP));
    ck_assert(address_there("far0...inet " VIP "/24...far0:0"));
    expect(stop(), HALYARD_OK);
    netns_here();
    ck_assert(!address_there(VIP));
}
END_TEST

/* ---- on the wire */

START_TEST(announces_by_request_and_reply)
{
    use_example();
    int fd = listen_there();
    expect(start(), HALYARD_OK);
    await_arp(fd, arp_probe);
    await_arp(fd, arp_probe);
    await_arp(fd, arp_request);
    await_arp(fd, arp_reply);
    close(fd);
    /* All of the burst within start. */
    fd = listen_there();
    agent_host_set(&host, "arp_bg", "false");
    agent_host_set(&host, "arp_count", "3");
    agent_host_set(&host, "arp_interval", "5");
    expect(start(), HALYARD_OK);
    for (int i = 0; i < 3; i++) {
        await_arp(fd, arp_request);
        await_arp(fd, arp_reply);
    }
    close(fd);
}
END_TEST

START_TEST(ipv6_starts_at_once_and_is_advertised)
{
    use_ipv6();
    int fd = listen_there();
    expect(start(), HALYARD_OK);
    ck_assert(address_here("eth0...inet6 " VIP6 "/64 scope global nodad"));
    ck_assert(!address_here(VIP6 "...tentative"));
    await_advertisement(fd, false);
    close(fd);
    expect(monitor(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP6));
    expect(stop(), HALYARD_OK);
    FILE *forwarding = fopen("/proc/sys/net/ipv6/conf/eth0/forwarding", "w");
    if (!forwarding)
        return; /* where /proc/sys is read-only a router cannot be made; the rest has been checked */
    fputs("1", forwarding);
    ck_assert_int_eq(fclose(forwarding), 0);
    fd = listen_there();
    expect(start(), HALYARD_OK);
    await_advertisement(fd, true);
    close(fd);
}
END_TEST

START_TEST(ipv6_conflict_is_found)
{
    use_ipv6();
    ip_there("address add " VIP6 "/64 dev far0 nodad");
    agent_host_set(&host, "conflict_wait_ms", "300");
    expect_reason(start(), HALYARD_ERR_GENERIC, VIP6 " is in use by 02:00:00:00:00:02 on eth0: ");
    ck_assert(!address_here(VIP6));
    /* Left to the kernel. */
    agent_host_set(&host, "conflict_check_ms", "0");
    expect_reason(start(), HALYARD_ERR_GENERIC, "(dadfailed)");
    ck_assert(!address_here(VIP6));
    ip_there("address del " VIP6 "/64 dev far0");
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP6));
    ck_assert(!address_here(VIP6 "...tentative"));
    expect(stop(), HALYARD_OK);
    agent_host_time_left(&host, 300); /* detection takes longer */
    expect_reason(start(), HALYARD_ERR_GENERIC, "tentative");
    ck_assert(!address_here(VIP6));
}
END_TEST

START_TEST(ipv6_detection_by_choice)
{
    use_ipv6();
    agent_host_set(&host, "dad", "wait");
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP6 "/64"));
    ck_assert(!address_here(VIP6 "...nodad"));
    ck_assert(!address_here(VIP6 "...tentative"));
    expect(stop(), HALYARD_OK);
    agent_host_time_left(&host, 300);
    expect_reason(start(), HALYARD_ERR_GENERIC, "tentative");
    host.deadline = INT64_MAX;
    agent_host_set(&host, "nodad", "true");
    expect_reason(start(), HALYARD_ERR_CONFIGURED, "nodad=true and dad=wait contradict each other");
    agent_host_set(&host, "dad", "off");
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP6 "...nodad"));
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(ipv6_detection_that_fails_under_a_lease)
{
    use_ipv6();
    host.shared->lease_ms = 60000; /* with a lifetime the kernel removes what it refuses */
    ip_there("address add " VIP6 "/64 dev far0 nodad");
    agent_host_set(&host, "dad", "wait");
    agent_host_set(&host, "conflict_check_ms", "0");
    expect_reason(start(), HALYARD_ERR_GENERIC, VIP6 " is in use by 02:00:00:00:00:02 on eth0: duplicate");
    ck_assert(!address_here(VIP6));
    expect(monitor(), HALYARD_NOT_RUNNING);
}
END_TEST

static bool write_sysctl(const char *path, const char *value)
{
    FILE *file = fopen(path, "w");
    return file && fputs(value, file) >= 0 && fclose(file) == 0;
}

START_TEST(ipv6_optimistic)
{
    use_ipv6();
    agent_host_set(&host, "dad", "optimistic");
    expect(start(), HALYARD_OK); /* the kernel has not been told that it may: as "wait" */
    ck_assert(!address_here(VIP6 "...tentative"));
    ck_assert_ptr_nonnull(strstr(host.log, "net.ipv6.conf.eth0.optimistic_dad is 0"));
    expect(stop(), HALYARD_OK);
    if (!write_sysctl("/proc/sys/net/ipv6/conf/eth0/optimistic_dad", "1"))
        return; /* where /proc/sys is read-only */
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP6 "...optimistic"));
    expect(stop(), HALYARD_OK);
    /* Refused after start: the watch tells, and does not insist. The kernel asks often enough for us to come in between. */
    ck_assert(write_sysctl("/proc/sys/net/ipv6/conf/eth0/dad_transmits", "20"));
    agent_host_set(&host, "conflict_check_ms", "0");
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ip_there("address add " VIP6 "/64 dev far0 nodad");
    ck_assert(agent_host_hears(&host, VIP6 " is in use by another host on eth0: duplicate"));
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "(dadfailed)");
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP6));
    agent_host_end_watch(&host, SIGTERM);
    ip_there("address del " VIP6 "/64 dev far0");
    /* The same under a lease: the kernel removes it. */
    host.shared->lease_ms = 60000;
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ip_there("address add " VIP6 "/64 dev far0 nodad");
    ck_assert(await_address(VIP6, false));
    expect(monitor(), HALYARD_NOT_RUNNING);
}
END_TEST

START_TEST(ipv6_lifetime_spares_the_route_of_the_net)
{
    use_ipv6();
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP6 "/64...noprefixroute"));
    ck_assert(!address_here(VIP6 "/64...forever"));
    FILE *routes = popen("ip -6 route show 2001:db8::/64", "r");
    char line[256] = "";
    ck_assert_ptr_nonnull(fgets(line, sizeof line, routes));
    pclose(routes);
    ck_assert_msg(strstr(line, "expires") == NULL, "%s", line);
}
END_TEST

START_TEST(says_when_it_may_not)
{
    use_example();
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    ck_assert_int_eq(syscall(SYS_capset, &header, none), 0);
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect_reason(start(), HALYARD_ERR_PERM, "not permitted");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ipaddr2");
    TCase *tests = ipaddr2_tests(suite);
    tcase_add_test(tests, descriptor_is_sound);
    tcase_add_test(tests, starts_runs_and_stops);
    tcase_add_loop_test(tests, parameters_are_checked, 0, sizeof parameter_cases / sizeof *parameter_cases);
    tcase_add_loop_test(tests, every_form_of_a_parameter_works, 0, sizeof form_cases / sizeof *form_cases);
    tcase_add_test(tests, interface_is_found_by_its_net);
    tcase_add_test(tests, missing_interface);
    tcase_add_test(tests, link_that_is_down_is_a_failure);
    tcase_add_test(tests, adopts_what_is_there);
    tcase_add_test(tests, conflict_that_stays);
    tcase_add_test(tests, conflict_that_ends);
    tcase_add_loop_test(tests, a_conflict_that_ends_is_seen_at_once, 0, 2);
    tcase_add_test(tests, own_second_link_is_no_conflict);
    tcase_add_test(tests, runs_on_a_bridge);
    tcase_add_test(tests, two_addresses_on_one_interface);
    tcase_add_test(tests, no_lease_no_start);
    tcase_add_test(tests, no_clones_but_on_loopback);
    tcase_add_test(tests, stop_with_other_parameters_does_not_lie);
    tcase_add_test(tests, works_in_a_named_namespace);
    tcase_add_test(tests, announces_by_request_and_reply);
    tcase_add_test(tests, ipv6_starts_at_once_and_is_advertised);
    tcase_add_test(tests, ipv6_conflict_is_found);
    tcase_add_test(tests, ipv6_detection_by_choice);
    tcase_add_test(tests, ipv6_detection_that_fails_under_a_lease);
    tcase_add_test(tests, ipv6_optimistic);
    tcase_add_test(tests, ipv6_lifetime_spares_the_route_of_the_net);
    tcase_add_test(tests, says_when_it_may_not);
    return run_suite(suite);
}
