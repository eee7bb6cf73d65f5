/* SPDX-License-Identifier: Apache-2.0 */
#include "ipaddr2_case.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

START_TEST(watch_puts_back_what_somebody_removes)
{
    use_example();
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    ip_here("address add 10.0.0.1/24 dev eth0"); /* none of its business */
    ip_here("address del " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0, not by the cluster: it was put back at once\n"));
    ck_assert(address_here("eth0...inet " VIP "/24 brd 172.100.102.255...eth0:0...valid_lft forever"));
    await_arp(fd, arp_request);
    await_arp(fd, arp_reply);
    ip_here(
        "address del 172.100.102.151/24 dev eth0"); /* the primary one takes it along; it is the net's only one now */
    ck_assert(agent_host_hears(&host, "2 times within a minute"));
    ck_assert(address_here("eth0...inet " VIP "/24...eth0:0"));
    expect(monitor(), HALYARD_OK);
    int status = agent_host_end_watch(&host, SIGTERM);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    expect(stop(), HALYARD_OK);
    ck_assert(!address_here(VIP));
    close(fd);
}
END_TEST

/* What has no prefix configured is put back with the one it had; under the lease with its lifetime. */
START_TEST(watch_puts_back_as_it_was)
{
    ip_here("address add 172.100.102.151/20 dev eth0");
    agent_host_set(&host, "ip", VIP);
    agent_host_set(&host, "noprefixroute", "true");
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(await_address(VIP "...valid_lft 2sec", true));
    ip_here("address del " VIP "/20 dev eth0");
    ck_assert(agent_host_hears(&host, "put back at once"));
    ck_assert(address_here("eth0...inet " VIP "/20...noprefixroute"));
    ck_assert(!address_here(VIP "...forever"));
}
END_TEST

START_TEST(watch_puts_ipv6_back)
{
    use_ipv6();
    expect(start(), HALYARD_OK);
    agent_host_set(&host, "arp_count", "2");
    int fd = listen_there();
    agent_host_watch(&host);
    await_advertisement(fd, false);
    ip_here("address del " VIP6 "/64 dev eth0");
    ck_assert(agent_host_hears(&host, VIP6 " was removed from eth0, not by the cluster: it was put back at once"));
    ck_assert(address_here("eth0...inet6 " VIP6 "/64 scope global nodad"));
    await_advertisement(fd, false);
    close(fd);
}
END_TEST

/* A monitor that comes in between does not find a failure. */
START_TEST(monitor_waits_for_what_is_put_back)
{
    use_example();
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    for (int i = 0; i < 20; i++) {
        ip_here("address del " VIP "/24 dev eth0");
        expect(monitor(), HALYARD_OK);
    }
    agent_host_end_watch(&host, SIGTERM);
    ip_here("address del " VIP "/24 dev eth0");
    expect(monitor(), HALYARD_NOT_RUNNING);
    close(fd);
}
END_TEST

START_TEST(watch_puts_nothing_back_without_the_lease)
{
    use_example();
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    atomic_store(&host.shared->lease_ms, 0);
    ip_here("address del " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0\n"));
    ck_assert(!address_here(VIP));
    ip_here("address add " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, VIP " is back on eth0"));
    close(fd);
}
END_TEST

/* In maintenance somebody else decides. What was removed stays so; what another claims is told, and not answered. */
START_TEST(watch_touches_nothing_that_is_not_managed)
{
    use_example();
    expect(start(), HALYARD_OK);
    agent_host_set_meta(&host, "managed", "false");
    int fd = listen_there();
    watch_until_it_is_up(fd);
    ip_here("address del " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0\n"));
    ck_assert(!address_here(VIP));
    int status = agent_host_end_watch(&host, SIGTERM);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert(!address_here(VIP));
    agent_host_set_meta(&host, "managed", "true");
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, "put back at once"));
    ck_assert(address_here(VIP));
    close(fd);
}
END_TEST

START_TEST(watch_sees_the_end_of_the_interface)
{
    use_example();
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    ip_here("link del eth0");
    ck_assert(agent_host_hears(&host, "eth0, which held " VIP ", is gone"));
    expect(monitor(), HALYARD_NOT_RUNNING);
    ck_assert_ptr_null(strstr(host.story, "put back"));
    close(fd);
}
END_TEST

/* ---- others who claim the address */

static void send_there(const uint8_t *frame, size_t size)
{
    netns_there();
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("far0")};
    ck_assert_int_eq(sendto(fd, frame, size, 0, (struct sockaddr *)&to, sizeof to), (int)size);
    close(fd);
    netns_here();
}

/* An ARP reply of 02:00:00:00:00:`last`: the VIP is his. To nobody but us, so that nothing else follows from it. */
static void claim(uint8_t last)
{
    uint8_t frame[14 + 28] = {MAC_HERE, 2, 0, 0, 0, 0, last, 8, 6, 0,    1,         8,        0,
                              6,        4, 0, 2, 2, 0, 0,    0, 0, last, VIP_BYTES, MAC_HERE, VIP_BYTES};
    send_there(frame, sizeof frame);
}

/* Whether such a frame comes within some milliseconds. */
static bool arp_comes(int fd, const uint8_t pattern[28])
{
    uint8_t frame[256];
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    while (poll(&ready, 1, 20) == 1) {
        ssize_t got = recv(fd, frame, sizeof frame, 0);
        if (got >= 14 + 28 && frame[12] == 8 && frame[13] == 6 && memcmp(frame + 14, pattern, 18) == 0)
            return true;
    }
    return false;
}

START_TEST(claim_of_another_is_told_and_answered)
{
    use_example();
    agent_host_set(&host, "arp_refresh", "0ms");
    agent_host_set(&host, "arp_count", "2");
    agent_host_set(&host, "arp_interval", "1");
    agent_host_set(&host, "conflict_defend", "1s");
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd); /* nothing is left of the burst */
    await_arp(fd, arp_reply);
    claim(0x77);
    ck_assert(agent_host_hears(&host, VIP " is claimed by 02:00:00:00:00:77 on eth0 too"));
    await_arp(fd, arp_request);
    await_arp(fd, arp_reply);
    /* Not once for each claim. */
    int claims = 0;
    do {
        claim(0x77);
        claims++;
    } while (!arp_comes(fd, arp_request));
    ck_assert_int_gt(claims, 2);
    ck_assert(address_here(VIP));
    expect(monitor(), HALYARD_OK);
    claim(0x78); /* a new one is told at once when it is heard */
    while (!agent_host_hears_soon(&host, "02:00:00:00:00:78"))
        claim(0x78);
    close(fd);
}
END_TEST

START_TEST(probes_of_others_and_the_next_holder_are_no_claims)
{
    use_example();
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    watch_until_it_is_up(fd);
    uint8_t probe[14 + 28] = {ALL6, 2, 0, 0, 0, 0, 0x70, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 0x70};
    memcpy(probe + 14 + 24, (const uint8_t[]){VIP_BYTES}, 4);
    send_there(probe, sizeof probe);
    atomic_store(&host.shared->lease_ms, 0);
    claim(0x71);
    /* It has been taken: this, which comes after it, is seen. */
    ip_here("address add " VIP "/32 dev eth0");
    ip_here("address del " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0"));
    ip_here("address add " VIP "/24 dev eth0");
    ck_assert(agent_host_hears(&host, "is back"));
    atomic_store(&host.shared->lease_ms, INT64_MAX);
    claim(0x72);
    ck_assert(agent_host_hears(&host, "02:00:00:00:00:72"));
    ck_assert_ptr_null(strstr(host.story, "02:00:00:00:00:70"));
    ck_assert_ptr_null(strstr(host.story, "02:00:00:00:00:71"));
    close(fd);
}
END_TEST

/* He was given the address while it runs here, and says nothing: he is found when it is announced. */
START_TEST(silent_owner_is_found)
{
    bool version6 = _i == 1;
    version6 ? use_ipv6() : use_example();
    agent_host_set(&host, "arp_interval", "50");
    agent_host_set(&host, "arp_refresh", "100ms");
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    agent_host_watch(&host);
    version6 ? await_advertisement(fd, false) : await_arp(fd, arp_request);
    if (version6)
        ip_there("address add " VIP6 "/64 dev far0 nodad");
    else
        ip_there("address add " VIP "/24 dev far0");
    ck_assert(agent_host_hears(&host, "is claimed by 02:00:00:00:00:02 on eth0 too"));
    expect(monitor(), HALYARD_OK);
    close(fd);
}
END_TEST

START_TEST(ipv6_claim_is_told_and_answered)
{
    use_ipv6();
    agent_host_set(&host, "arp_count", "2");
    agent_host_set(&host, "arp_refresh", "0ms");
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    agent_host_watch(&host);
    await_advertisement(fd, false);
    uint8_t frame[14 + 72] = {MAC_HERE, 2, 0, 0, 0, 0, 0x77, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 32, 58, 255};
    inet_pton(AF_INET6, VIP6, frame + 14 + 8);
    inet_pton(AF_INET6, "ff02::1", frame + 14 + 24);
    inet_pton(AF_INET6, VIP6, frame + 14 + 48);
    frame[14 + 40] = 136;
    memcpy(frame + 14 + 64, (const uint8_t[]){2, 1, 2, 0, 0, 0, 0, 0x77}, 8);
    send_there(frame, sizeof frame);
    ck_assert(agent_host_hears(&host, VIP6 " is claimed by 02:00:00:00:00:77 on eth0 too"));
    await_advertisement(fd, false);
    close(fd);
}
END_TEST

/* ---- link, announcements, lifetime */

START_TEST(watch_tells_when_the_address_is_not_there)
{
    use_example();
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, VIP " is not on eth0"));
    expect(start(), HALYARD_OK);
    ck_assert(agent_host_hears(&host, VIP " is back on eth0"));
}
END_TEST

START_TEST(watch_sees_the_link)
{
    use_example();
    agent_host_set(&host, "arp_count", "1");
    agent_host_set(&host, "arp_refresh", "0ms");
    expect(start(), HALYARD_OK);
    ip_there("link set far0 down");
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, "eth0, which holds " VIP ", has no carrier"));
    int fd = listen_there();
    ip_there("link set far0 up");
    ck_assert(agent_host_hears(&host, "is up again"));
    await_arp(fd, arp_request); /* nobody else would have sent one */
    await_arp(fd, arp_reply);
    ip_here("link set eth0 down");
    ck_assert(agent_host_hears(&host, "is down"));
    close(fd);
}
END_TEST

START_TEST(watch_announces_again)
{
    use_example();
    agent_host_set(&host, "arp_count", "3");
    agent_host_set(&host, "arp_interval", "50");
    agent_host_set(&host, "arp_refresh", "300ms");
    agent_host_set(&host, "arp_count_refresh", "2");
    expect(start(), HALYARD_OK);
    int fd = listen_there();
    agent_host_watch(&host);
    for (int i = 0; i < 8; i++) { /* two of the burst, then refreshes */
        await_arp(fd, arp_request);
        await_arp(fd, arp_reply);
    }
    close(fd);
}
END_TEST

static void await_seconds(int seconds)
{
    struct timespec left = {.tv_sec = seconds};
    while (nanosleep(&left, &left) < 0)
        ;
}

START_TEST(lifetime_is_renewed_under_the_lease)
{
    use_example();
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    ck_assert(address_here(VIP "/24...eth0:0...valid_lft"));
    ck_assert(!address_here(VIP "/24...forever"));
    agent_host_watch(&host);
    ck_assert(await_address(VIP "...valid_lft 2sec preferred_lft 2sec", true));
    await_seconds(3); /* longer than the lifetime and what the kernel adds: it is there only because it is renewed */
    ck_assert(address_here(VIP "/24"));
    ck_assert(!address_here(VIP "...deprecated"));
    expect(monitor(), HALYARD_OK);
    atomic_store(&host.shared->lease_ms, 0);
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0"));
    ck_assert(!address_here(VIP));
}
END_TEST

START_TEST(lifetime_ends_when_all_are_killed)
{
    use_example();
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(await_address(VIP "...valid_lft 2sec", true));
    agent_host_end_watch(&host, SIGKILL);
    ck_assert(await_address(VIP, false));
    expect(monitor(), HALYARD_NOT_RUNNING);
}
END_TEST

START_TEST(ipv6_lifetime_is_renewed_too)
{
    use_ipv6();
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(await_address(VIP6 "...valid_lft 2sec preferred_lft 2sec", true));
    await_seconds(3);
    ck_assert(address_here(VIP6 "/64"));
    agent_host_end_watch(&host, SIGKILL);
    ck_assert(await_address(VIP6, false));
}
END_TEST

START_TEST(stop_is_not_undone_by_watch)
{
    use_example();
    host.shared->lease_ms = 5000;
    agent_host_set(&host, "conflict_check_ms", "0");
    for (int i = 0; i < 6; i++) {
        expect(start(), HALYARD_OK);
        agent_host_watch(&host);
        ck_assert(await_address(VIP "...valid_lft 2sec", true));
        expect(stop(), HALYARD_OK);
        ck_assert(agent_host_hears(&host, VIP " was removed from eth0"));
        agent_host_end_watch(&host, SIGTERM);
        ck_assert(!address_here(VIP));
    }
}
END_TEST

START_TEST(lifetime_is_not_renewed_without_the_mark)
{
    use_example();
    host.shared->lease_ms = 5000;
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(await_address(VIP "...valid_lft 2sec", true));
    char mark[128];
    snprintf(mark, sizeof mark, "%s/held", host.state_dir);
    ck_assert_int_eq(unlink(mark), 0); /* what stop does first */
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0"));
}
END_TEST

START_TEST(watch_leaves_alone_what_start_did_not_add)
{
    use_example();
    host.shared->lease_ms = 5000;
    ip_here("address add " VIP "/24 dev eth0 label eth0:0 valid_lft 3 preferred_lft 3");
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, VIP " was removed from eth0"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ipaddr2, watch");
    TCase *tests = ipaddr2_tests(suite);
    tcase_add_test(tests, watch_puts_back_what_somebody_removes);
    tcase_add_test(tests, watch_puts_back_as_it_was);
    tcase_add_test(tests, watch_puts_ipv6_back);
    tcase_add_test(tests, monitor_waits_for_what_is_put_back);
    tcase_add_test(tests, watch_touches_nothing_that_is_not_managed);
    tcase_add_test(tests, watch_puts_nothing_back_without_the_lease);
    tcase_add_test(tests, watch_sees_the_end_of_the_interface);
    tcase_add_test(tests, claim_of_another_is_told_and_answered);
    tcase_add_test(tests, probes_of_others_and_the_next_holder_are_no_claims);
    tcase_add_loop_test(tests, silent_owner_is_found, 0, 2);
    tcase_add_test(tests, ipv6_claim_is_told_and_answered);
    tcase_add_test(tests, watch_tells_when_the_address_is_not_there);
    tcase_add_test(tests, watch_sees_the_link);
    tcase_add_test(tests, watch_announces_again);
    tcase_add_test(tests, lifetime_is_renewed_under_the_lease);
    tcase_add_test(tests, lifetime_ends_when_all_are_killed);
    tcase_add_test(tests, ipv6_lifetime_is_renewed_too);
    tcase_add_test(tests, stop_is_not_undone_by_watch);
    tcase_add_test(tests, lifetime_is_not_renewed_without_the_mark);
    tcase_add_test(tests, watch_leaves_alone_what_start_did_not_add);
    return run_suite(suite);
}
