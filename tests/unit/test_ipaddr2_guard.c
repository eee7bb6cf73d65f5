/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel drops of an address when the lease is over, seen from the other end of the cable; and that what others
 * have at the interface stays. Silence is shown without a clock: a question for the address, then one for another of the
 * same host; when that one is answered, the first one will not be.
 */
#include "lib/agent_host.h"
#include "lib/two_nets.h"
#include "lib/run.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VIP "172.100.102.110"
#define VIP6 "2001:db8::110"
#define HERE "172.100.102.151"
#define HERE6 "2001:db8::151"
#define THERE "172.100.102.152"
#define THERE6 "2001:db8::152"
#define HEAR_MS 20000
#define HOUR_MS 3600000

static struct agent_host host;

static void open_host(void)
{
    netns_open();
    agent_host_open(&host, "ipaddr2");
    ip_here("address add " HERE "/24 dev eth0");
    ip_there("address add " THERE "/24 dev far0");
    ip_here("address add " HERE6 "/64 dev eth0 nodad");
    ip_there("address add " THERE6 "/64 dev far0 nodad");
    agent_host_set(&host, "ip", VIP);
    agent_host_set(&host, "nic", "eth0");
    agent_host_set(&host, "conflict_check_ms", "0");
}

static void open_host_with_map(void)
{
    open_host();
    agent_host_use_map(&host);
    agent_host_lease(&host, HOUR_MS);
}

static void close_host(void)
{
    agent_host_close(&host);
}

static void use_ipv6(void)
{
    agent_host_set(&host, "ip", VIP6);
    agent_host_set(&host, "nodad", "true");
}

static void run(halyard_op_fn *operation, enum halyard_rc wanted)
{
    enum halyard_rc rc = agent_host_call(&host, operation);
    ck_assert_msg(rc == wanted, "%d instead of %d: %s", (int)rc, (int)wanted, host.reason);
}

static void start(void)
{
    run(host.agent->start, HALYARD_OK);
}

static void stop(void)
{
    run(host.agent->stop, HALYARD_OK);
}

/* ---- tc */

__attribute__((format(printf, 1, 2))) static void tc(const char *format, ...)
{
    char words[400], command[420];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    snprintf(command, sizeof command, "tc %s", words);
    ck_assert_msg(system(command) == 0, "%s", command);
}

/* Lines of the output of `tc SHOW` with these words. */
static int count_lines(const char *show, const char *words)
{
    char command[200], line[1024];
    int count = 0;
    snprintf(command, sizeof command, "tc %s", show);
    FILE *list = popen(command, "r");
    ck_assert_ptr_nonnull(list);
    while (fgets(line, sizeof line, list))
        count += strstr(line, words) != NULL;
    ck_assert_int_eq(pclose(list), 0);
    return count;
}

/* On both sides of eth0. */
static int filters_of(const char *words)
{
    int in = count_lines("filter show dev eth0 ingress", words),
        out = count_lines("filter show dev eth0 egress", words);
    ck_assert_int_eq(in, out);
    return in;
}

static bool has_clsact(void)
{
    return count_lines("qdisc show dev eth0", "clsact") > 0;
}

/* ---- questions from the other end */

enum kind { ARP, ECHO, ECHO6, SOLICITATION, KINDS };

struct frame {
    uint8_t bytes[128];
    size_t size;
};

static void add(struct frame *frame, const void *bytes, size_t size)
{
    ck_assert_uint_le(frame->size + size, sizeof frame->bytes);
    memcpy(frame->bytes + frame->size, bytes, size);
    frame->size += size;
}

static void add_ip(struct frame *frame, const char *text)
{
    uint8_t bytes[16];
    int family = strchr(text, ':') ? AF_INET6 : AF_INET;
    ck_assert_int_eq(inet_pton(family, text, bytes), 1);
    add(frame, bytes, family == AF_INET6 ? 16 : 4);
}

static const uint8_t mac_here[6] = {2, 0, 0, 0, 0, 1}, mac_there[6] = {2, 0, 0, 0, 0, 2};

static struct frame begin_frame(enum kind kind)
{
    struct frame frame = {.size = 0};
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t types[KINDS][2] = {{8, 6}, {8, 0}, {0x86, 0xdd}, {0x86, 0xdd}};
    add(&frame, kind == ARP ? everybody : mac_here, 6);
    add(&frame, mac_there, 6);
    add(&frame, types[kind], 2);
    return frame;
}

/* RFC 1071 */
static void put_sum(struct frame *frame, size_t from, size_t at, uint32_t sum)
{
    for (size_t i = from; i < frame->size; i += 2)
        sum += (uint32_t)(frame->bytes[i] << 8 | frame->bytes[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = 0xffff ^ ((sum & 0xffff) + (sum >> 16));
    frame->bytes[at] = (uint8_t)(sum >> 8);
    frame->bytes[at + 1] = (uint8_t)sum;
}

static void fill_arp(struct frame *frame, const char *address)
{
    static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 1}, none[6];
    add(frame, head, sizeof head);
    add(frame, mac_there, 6);
    add_ip(frame, THERE);
    add(frame, none, 6);
    add_ip(frame, address);
}

static void fill_echo(struct frame *frame, const char *address)
{
    static const uint8_t head[12] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0}, echo[8] = {8, 0, 0, 0, 1, 2, 0, 1};
    size_t at = frame->size;
    add(frame, head, sizeof head);
    add_ip(frame, THERE);
    add_ip(frame, address);
    put_sum(frame, at, at + 10, 0);
    add(frame, echo, sizeof echo);
    put_sum(frame, at + 20, at + 22, 0);
}

static void fill_v6(struct frame *frame, enum kind kind, const char *address)
{
    static const uint8_t head[8] = {0x60, 0, 0, 0, 0, 8, 58, 255}, echo[8] = {128, 0, 0, 0, 1, 2, 0, 1};
    static const uint8_t ask[8] = {135}, option[2] = {1, 1};
    size_t at = frame->size;
    add(frame, head, sizeof head);
    add_ip(frame, THERE6);
    add_ip(frame, address);
    if (kind == SOLICITATION) {
        /* As the kernel asks: of all that have such an address (RFC 4291, 2.7.1). */
        uint8_t *to = frame->bytes + at + 24, group[16] = {0xff, 2, [11] = 1, [12] = 0xff};
        memcpy(group + 13, to + 13, 3);
        memcpy(frame->bytes, (const uint8_t[]){0x33, 0x33, 0xff, to[13], to[14], to[15]}, 6);
        memcpy(to, group, sizeof group);
        add(frame, ask, sizeof ask);
        add_ip(frame, address);
        add(frame, option, sizeof option);
        add(frame, mac_there, 6);
    } else {
        add(frame, echo, sizeof echo);
    }
    frame->bytes[at + 5] = (uint8_t)(frame->size - at - 40);
    put_sum(frame, at + 8, at + 42, (uint32_t)(frame->size - at - 40) + 58);
}

static void ask(int fd, enum kind kind, const char *address)
{
    struct frame frame = begin_frame(kind);
    if (kind == ARP)
        fill_arp(&frame, address);
    else if (kind == ECHO)
        fill_echo(&frame, address);
    else
        fill_v6(&frame, kind, address);
    ck_assert_int_eq((int)send(fd, frame.bytes, frame.size, 0), (int)frame.size);
}

/* Is this frame the answer, and for which address? */
static bool answers_for(enum kind kind, const uint8_t *frame, size_t size, const char *address)
{
    static const struct {
        uint8_t type[2];
        size_t mark; /* where this byte */
        uint8_t value;
        size_t from; /* and where the address is */
    } shape[KINDS] = {{{8, 6}, 7, 2, 14}, {{8, 0}, 20, 0, 12}, {{0x86, 0xdd}, 40, 129, 8}, {{0x86, 0xdd}, 40, 136, 48}};
    uint8_t bytes[16];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;
    ck_assert_int_eq(inet_pton(family, address, bytes), 1);
    size_t length = family == AF_INET6 ? 16 : 4;
    if (memcmp(frame + 6, mac_here, 6) != 0 || memcmp(frame + 12, shape[kind].type, 2) != 0 ||
        size < 14 + shape[kind].from + length)
        return false;
    return frame[14 + shape[kind].mark] == shape[kind].value &&
           memcmp(frame + 14 + shape[kind].from, bytes, length) == 0;
}

static int open_there(void)
{
    netns_there();
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    ck_assert_int_ge(fd, 0);
    struct sockaddr_ll where = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex("far0")};
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&where, sizeof where), 0);
    netns_here();
    return fd;
}

/* Does the VIP answer? Asks for it, then for the host's own address. */
static bool answers(enum kind kind)
{
    bool v6 = kind == ECHO6 || kind == SOLICITATION, heard = false;
    const char *vip = v6 ? VIP6 : VIP, *own = v6 ? HERE6 : HERE;
    int fd = open_there();
    ask(fd, kind, vip);
    ask(fd, kind, own);
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint8_t frame[2048];
        ck_assert_msg(poll(&ready, 1, HEAR_MS) == 1, "the host's own address does not answer");
        ssize_t size = recv(fd, frame, sizeof frame, 0);
        ck_assert_int_ge(size, 14);
        heard |= answers_for(kind, frame, (size_t)size, vip);
        if (answers_for(kind, frame, (size_t)size, own))
            break;
    }
    close(fd);
    return heard;
}

static void expect_answers(bool v6, bool wanted)
{
    static const enum kind v4_kinds[] = {ARP, ECHO}, v6_kinds[] = {SOLICITATION, ECHO6};
    for (int i = 0; i < 2; i++) {
        enum kind kind = v6 ? v6_kinds[i] : v4_kinds[i];
        ck_assert_msg(answers(kind) == wanted, "question of kind %d: %s", (int)kind, wanted ? "no answer" : "answered");
    }
}

/* ---- what is dropped */

START_TEST(from_the_deadline_on_nothing_answers)
{
    bool v6 = _i == 1;
    if (v6)
        use_ipv6();
    start();
    ck_assert_str_eq(host.reason, "guard: eBPF");
    expect_answers(v6, true);
    agent_host_lease(&host, 0);
    ck_assert(address_here(v6 ? VIP6 : VIP)); /* nobody has taken it away */
    expect_answers(v6, false);
    agent_host_lease(&host, HOUR_MS);
    expect_answers(v6, true);
    agent_host_lease(&host, INT64_MAX);
    expect_answers(v6, true);
    agent_host_lease(&host, 0);
    stop();
    ck_assert_int_eq(filters_of("halyard"), 0);
    ck_assert(!has_clsact());
}
END_TEST

/* As on a host that stood still while the others judged it gone, and was taken back: the deadline lies ahead again. */
START_TEST(a_lease_of_another_life_is_none)
{
    start();
    expect_answers(false, true);
    host.lease->since++;
    expect_answers(false, false);
}
END_TEST

static void answer_from_here(int tags, const char *address)
{
    static const uint8_t head[8] = {0, 1, 8, 0, 6, 4, 0, 2}, vlan[4] = {0x81, 0, 0, 10}, type[2] = {8, 6};
    struct frame frame = {.size = 0};
    struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0")};
    add(&frame, mac_there, 6);
    add(&frame, mac_here, 6);
    for (int i = 0; i < tags; i++)
        add(&frame, vlan, sizeof vlan);
    add(&frame, type, sizeof type);
    add(&frame, head, sizeof head);
    add(&frame, mac_here, 6);
    add_ip(&frame, address);
    add(&frame, mac_there, 6);
    add_ip(&frame, THERE);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    ssize_t sent = sendto(fd, frame.bytes, frame.size, 0, (struct sockaddr *)&where, sizeof where);
    ck_assert(sent == (ssize_t)frame.size || errno == ENOBUFS); /* dropped on its way out */
    close(fd);
}

static bool has_bytes(const uint8_t *frame, size_t size, const void *bytes, size_t length)
{
    return memmem(frame, size, bytes, length) != NULL;
}

/* What is sent past the kernel's own ARP, in VLANs: one answer for the VIP, and one for the host's own address. */
static bool answer_in_vlan_is_heard(int tags)
{
    static const uint8_t vip[] = {2, 0, 0, 0, 0, 1, 172, 100, 102, 110}, own[] = {2, 0, 0, 0, 0, 1, 172, 100, 102, 151};
    int fd = open_there();
    bool heard = false;
    answer_from_here(tags, VIP);
    answer_from_here(tags, HERE);
    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint8_t frame[2048];
        ck_assert_msg(poll(&ready, 1, HEAR_MS) == 1, "the answer for the host's own address has not come");
        ssize_t size = recv(fd, frame, sizeof frame, 0);
        heard |= has_bytes(frame, (size_t)size, vip, sizeof vip);
        if (has_bytes(frame, (size_t)size, own, sizeof own))
            break;
    }
    close(fd);
    return heard;
}

START_TEST(tags_do_not_hide_it)
{
    start();
    ck_assert(answer_in_vlan_is_heard(_i));
    agent_host_lease(&host, 0);
    ck_assert(!answer_in_vlan_is_heard(_i));
}
END_TEST

static void say_something(const char *from)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in source = {.sin_family = AF_INET}, there = {.sin_family = AF_INET, .sin_port = htons(9)};
    inet_pton(AF_INET, from, &source.sin_addr);
    inet_pton(AF_INET, THERE, &there.sin_addr);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&source, sizeof source), 0);
    ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (struct sockaddr *)&there, sizeof there), 1);
    close(fd);
}

/* One datagram from the VIP, one from the host's own address: is the first one seen there? */
static bool is_heard_from(void)
{
    int fd = open_there();
    bool heard = false;
    say_something(VIP);
    say_something(HERE);
    for (;;) {
        static const uint8_t vip[4] = {172, 100, 102, 110}, own[4] = {172, 100, 102, 151};
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        uint8_t frame[2048];
        ck_assert_msg(poll(&ready, 1, HEAR_MS) == 1, "nothing is heard of the host's own address");
        ssize_t size = recv(fd, frame, sizeof frame, 0);
        bool datagram = size >= 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17;
        heard |= datagram && memcmp(frame + 26, vip, 4) == 0;
        if (datagram && memcmp(frame + 26, own, 4) == 0)
            break;
    }
    close(fd);
    return heard;
}

START_TEST(what_it_sends_is_dropped_too)
{
    start();
    ck_assert(is_heard_from());
    agent_host_lease(&host, 0);
    ck_assert(!is_heard_from());
}
END_TEST

/* The others have it by then, and this host wants to be served as well. */
START_TEST(the_next_holder_is_reached_from_here)
{
    start();
    agent_host_lease(&host, 0);
    ip_here("address del " VIP "/24 dev eth0");
    ip_there("address add " VIP "/24 dev far0");
    ck_assert_int_eq(filters_of("halyard/" VIP "/"), 1);
    ck_assert_int_eq(system("ping -q -c 1 -W 20 " VIP " >/dev/null"), 0);
}
END_TEST

/* ---- who is beside whom */

START_TEST(several_addresses_have_one_each)
{
    start();
    agent_host_set(&host, "ip", "172.100.102.111");
    start();
    start(); /* again changes nothing */
    ck_assert_int_eq(filters_of("halyard/" VIP "/"), 1);
    ck_assert_int_eq(filters_of("halyard/172.100.102.111/"), 1);
    agent_host_set(&host, "ip", VIP);
    stop();
    ck_assert_int_eq(filters_of("halyard/" VIP "/"), 0);
    ck_assert_int_eq(filters_of("halyard/172.100.102.111/"), 1);
    agent_host_set(&host, "ip", "172.100.102.111");
    stop();
    ck_assert(!has_clsact());
}
END_TEST

START_TEST(what_others_have_is_left_alone)
{
    bool before = _i == 0;
    const char *side = _i == 2 ? "egress" : "ingress";
    if (before)
        tc("qdisc add dev eth0 clsact");
    else
        start(); /* makes clsact, which another one then uses */
    tc("filter add dev eth0 %s prio 1%s bpf bytecode \"1,6 0 0 0\"", side, before ? "" : "7");
    if (before)
        start();
    ck_assert(!before || strstr(host.log, "comes before the guard"));
    expect_answers(false, true);
    agent_host_lease(&host, 0);
    expect_answers(false, false);
    stop();
    char show[60];
    snprintf(show, sizeof show, "filter show dev eth0 %s", side);
    ck_assert_int_eq(filters_of("halyard"), 0);
    ck_assert_int_ge(count_lines(show, "bytecode"), 1);
    ck_assert(has_clsact());
    tc("filter del dev eth0 %s", side);
    agent_host_lease(&host, HOUR_MS);
    start();
    stop();
    ck_assert(has_clsact()); /* this one was there before */
}
END_TEST

START_TEST(an_ingress_qdisc_is_in_the_way)
{
    tc("qdisc add dev eth0 ingress");
    start();
    ck_assert_ptr_nonnull(
        strstr(host.reason, "guard: address lifetime of 2 s, eBPF refused: an ingress qdisc on eth0 is "));
    ck_assert_int_eq(count_lines("filter show dev eth0 ingress", "halyard"), 0);
    stop();
    ck_assert_int_eq(count_lines("qdisc show dev eth0", "ingress"), 1);
}
END_TEST

/* ---- lives */

/* Everything was killed: the guard drops until the next life has looked after it. */
START_TEST(what_a_dead_life_has_left_is_cleared)
{
    static const char *const who[] = {"start", "probe", "stop"};
    start();
    agent_host_use_map(&host); /* nobody renews the old one now; it had an hour left, so end it */
    agent_host_lease(&host, HOUR_MS);
    ck_assert_int_eq(filters_of("halyard/" VIP "/"), 1);
    if (_i == 0) {
        start();
        ck_assert_int_eq(filters_of("halyard/" VIP "/"), 1);
        expect_answers(false, true);
        agent_host_lease(&host, 0);
        expect_answers(false, false);
        return;
    }
    ip_here("address del " VIP "/24 dev eth0");
    if (_i == 3)
        agent_host_set(&host, "nic", NULL);
    run(_i == 2 ? host.agent->stop : host.agent->probe, _i == 2 ? HALYARD_OK : HALYARD_NOT_RUNNING);
    ck_assert_msg(filters_of("halyard") == 0, "%s has left it", who[_i % 3]);
    ck_assert(!has_clsact());
}
END_TEST

static bool await_filters(int wanted)
{
    for (int i = 0; i < 2000; i++) {
        if (count_lines("filter show dev eth0 ingress", "halyard") == wanted &&
            count_lines("filter show dev eth0 egress", "halyard") == wanted)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return false;
}

START_TEST(watch_puts_it_back)
{
    start();
    if (_i == 0)
        tc("filter del dev eth0 egress");
    else
        tc("qdisc del dev eth0 clsact");
    run(host.agent->monitor, HALYARD_OK);
    ck_assert_str_eq(host.reason, "guard: address lifetime of 2 s, the eBPF filter on eth0 is gone");
    agent_host_watch(&host);
    ck_assert(await_filters(1));
    run(host.agent->monitor, HALYARD_OK);
    ck_assert_str_eq(host.reason, "guard: eBPF");
    agent_host_end_watch(&host, SIGTERM);
    agent_host_lease(&host, 0);
    expect_answers(false, false);
    stop();
    ck_assert(!has_clsact());
}
END_TEST

/* The executor stands still, and has not let go of what it had before the verdict; its watch must not open it again. */
START_TEST(watch_does_not_follow_into_another_life)
{
    start();
    host.lease->since++;
    tc("filter del dev eth0 ingress");
    agent_host_watch(&host);
    ck_assert(await_filters(1));
    agent_host_end_watch(&host, SIGTERM);
    expect_answers(false, false);
}
END_TEST

START_TEST(a_start_that_fails_leaves_nothing)
{
    agent_host_lease(&host, 0);
    run(host.agent->start, HALYARD_ERR_GENERIC);
    agent_host_lease(&host, HOUR_MS);
    agent_host_set(&host, "nic", "eth0:with-a-label-that-is-long");
    run(host.agent->start, HALYARD_ERR_CONFIGURED);
    agent_host_set(&host, "nic", "eth0");
    ck_assert_int_eq(filters_of("halyard"), 0);
    ck_assert(!has_clsact());
}
END_TEST

START_TEST(not_where_it_is_not_wanted)
{
    start();
    agent_host_set(&host, "guard", "lifetime");
    start();
    ck_assert_str_eq(host.reason, "guard: address lifetime of 2 s");
    ck_assert_int_eq(filters_of("halyard"), 0);
    run(host.agent->monitor, HALYARD_OK);
    ck_assert_str_eq(host.reason, "guard: address lifetime of 2 s");
}
END_TEST

/* ---- where it cannot be had */

START_TEST(without_a_map_it_says_so_and_goes_on)
{
    agent_host_lease(&host, HOUR_MS);
    start();
    ck_assert_ptr_nonnull(strstr(host.reason, "guard: address lifetime of 2 s, eBPF refused: "));
    ck_assert_ptr_nonnull(strstr(host.log, "5:" VIP ": guard: address lifetime of 2 s, eBPF refused: "));
    ck_assert(address_here(VIP "/24...valid_lft"));
    ck_assert(!address_here(VIP "/24...forever"));
    char reason[sizeof host.reason];
    memcpy(reason, host.reason, sizeof reason);
    run(host.agent->monitor, HALYARD_OK);
    ck_assert_str_eq(host.reason, reason);
    stop();
}
END_TEST

START_TEST(without_a_map_it_fails_where_it_must_be)
{
    agent_host_lease(&host, HOUR_MS);
    agent_host_set(&host, "guard", "ebpf");
    run(host.agent->start, HALYARD_ERR_INSTALLED);
    ck_assert_ptr_nonnull(strstr(host.reason, "guard=ebpf cannot be had on this node: "));
    ck_assert(!address_here(VIP));
}
END_TEST

static void add_kernel_tests(Suite *suite)
{
    TCase *tests = tcase_create("in the kernel");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host_with_map, close_host);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, from_the_deadline_on_nothing_answers, 0, 2);
    tcase_add_test(tests, a_lease_of_another_life_is_none);
    tcase_add_loop_test(tests, tags_do_not_hide_it, 0, 3);
    tcase_add_test(tests, what_it_sends_is_dropped_too);
    tcase_add_test(tests, the_next_holder_is_reached_from_here);
    tcase_add_test(tests, several_addresses_have_one_each);
    tcase_add_loop_test(tests, what_others_have_is_left_alone, 0, 3);
    tcase_add_test(tests, an_ingress_qdisc_is_in_the_way);
    tcase_add_loop_test(tests, what_a_dead_life_has_left_is_cleared, 0, 4);
    tcase_add_loop_test(tests, watch_puts_it_back, 0, 2);
    tcase_add_test(tests, watch_does_not_follow_into_another_life);
    tcase_add_test(tests, a_start_that_fails_leaves_nothing);
    tcase_add_test(tests, not_where_it_is_not_wanted);
}

int main(void)
{
    Suite *suite = suite_create("ipaddr2: guard");
    TCase *tests = tcase_create("refused");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host, close_host);
    suite_add_tcase(suite, tests);
    tcase_add_test(tests, without_a_map_it_says_so_and_goes_on);
    tcase_add_test(tests, without_a_map_it_fails_where_it_must_be);
#ifdef HAVE_GUARD
    if (agent_host_may_map())
        add_kernel_tests(suite);
#else
    printf("the agent was built without its guard in the kernel: that it says so is all that is tested here\n");
    (void)add_kernel_tests;
#endif
    return run_suite(suite);
}
