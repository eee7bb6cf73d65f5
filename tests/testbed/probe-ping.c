/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ICMP echo requests at a steady pace. A gap is the time between the arrivals of two answers that follow each other: when a
 * request was sent tells less, for the kernel keeps requests back while it asks for the neighbour's address, and sends them later.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define MAX_GAPS 256
#define RTT_STEP 10000 /* ns */
#define RTT_STEPS 4096
#define GAP_CLASSES 24
#define REMEMBERED 65536 /* a power of two */

#ifndef ICMP_FILTER
#define ICMP_FILTER 1 /* from <linux/icmp.h>, which cannot be included beside <netinet/ip_icmp.h> */
#endif

/* What an echo request carries, and the answer brings back. */
struct load {
    uint64_t magic;
    uint64_t sequence;
    int64_t sent;
};

struct gap {
    int64_t start;
    int64_t length;
};

struct ping_counters {
    uint64_t sent, answered, duplicates, send_errors, receive_errors;
    int64_t longest, longest_start;
    int64_t rtt_min, rtt_max;
    uint32_t rtt[RTT_STEPS + 1];
    uint64_t classes[GAP_CLASSES]; /* [n]: gaps below 2^n ms */
    struct gap gaps[MAX_GAPS];
    uint64_t gap_count;
};

struct ping {
    struct probe probe;
    struct ping_counters count;
    int64_t gap_limit;
    int64_t last_answer;
    uint64_t magic;
    uint64_t sequence;
    bool ipv6;
    uint64_t seen[REMEMBERED]; /* sequence + 1 of the last answer with this remainder */
};

static int open_socket(struct ping *ping, const struct addrinfo *target)
{
    ping->ipv6 = target->ai_family == AF_INET6;
    int fd =
        socket(target->ai_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, ping->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
    if (fd < 0) {
        perror("vip-probe: cannot open a raw socket (CAP_NET_RAW is needed)");
        return -1;
    }
    int done;
    if (ping->ipv6) {
        struct icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        done = setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
    } else {
        uint32_t filter = ~(1U << ICMP_ECHOREPLY);
        done = setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof filter);
    }
    if (done < 0 || probe_want_timestamps(fd) < 0 || connect(fd, target->ai_addr, target->ai_addrlen) < 0) {
        perror("vip-probe: cannot prepare the socket for ping");
        close(fd);
        return -1;
    }
    ping->probe.fd = fd;
    return 0;
}

static int ping_open(struct probe *probe, const struct probe_options *options)
{
    struct ping *ping = (struct ping *)probe;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_RAW};
    struct addrinfo *target;
    if (getaddrinfo(options->address, NULL, &hints, &target) != 0) {
        fprintf(stderr, "vip-probe: %s is not an IPv4 or IPv6 address\n", options->address);
        return -1;
    }
    ping->gap_limit = options->gap;
    int done = getrandom(&ping->magic, sizeof ping->magic, 0) == sizeof ping->magic ? open_socket(ping, target) : -1;
    freeaddrinfo(target);
    return done;
}

static uint16_t checksum(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < size; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

static void ping_tick(struct probe *probe, int64_t now)
{
    struct ping *ping = (struct ping *)probe;
    struct load load = {ping->magic, ping->sequence++, now};
    struct icmphdr header = {.type = ping->ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
    header.un.echo.id = htons((uint16_t)ping->magic);
    header.un.echo.sequence = htons((uint16_t)load.sequence);
    uint8_t packet[sizeof header + sizeof load];
    memcpy(packet, &header, sizeof header);
    memcpy(packet + sizeof header, &load, sizeof load);
    if (!ping->ipv6) { /* for ICMPv6 the kernel does it */
        header.checksum = checksum(packet, sizeof packet);
        memcpy(packet, &header, sizeof header);
    }
    ping->count.sent++;
    if (send(probe->fd, packet, sizeof packet, 0) < 0)
        ping->count.send_errors++;
}

static void count_gap(struct ping *ping, int64_t start, int64_t length)
{
    struct ping_counters *count = &ping->count;
    if (length > count->longest) {
        count->longest = length;
        count->longest_start = start;
    }
    int class = 0;
    while (class < GAP_CLASSES - 1 && length >= (INT64_C(1) << class) * NS_PER_MS)
        class ++;
    count->classes[class]++;
    if (length <= ping->gap_limit)
        return;
    if (count->gap_count < MAX_GAPS)
        count->gaps[count->gap_count] = (struct gap){start, length};
    count->gap_count++;
}

static void count_answer(struct ping *ping, const struct load *load, int64_t arrived)
{
    struct ping_counters *count = &ping->count;
    uint64_t *seen = &ping->seen[load->sequence % REMEMBERED];
    if (*seen == load->sequence + 1) {
        count->duplicates++;
        return;
    }
    *seen = load->sequence + 1;
    count->answered++;
    int64_t rtt = arrived > load->sent ? arrived - load->sent : 0;
    if (count->answered == 1 || rtt < count->rtt_min)
        count->rtt_min = rtt;
    if (rtt > count->rtt_max)
        count->rtt_max = rtt;
    count->rtt[rtt / RTT_STEP < RTT_STEPS ? rtt / RTT_STEP : RTT_STEPS]++;
    if (arrived > ping->last_answer) {
        count_gap(ping, ping->last_answer, arrived - ping->last_answer);
        ping->last_answer = arrived;
    }
}

static void ping_receive(struct probe *probe)
{
    struct ping *ping = (struct ping *)probe;
    uint8_t packet[512];
    int64_t arrived;
    for (size_t size;
         (size = probe_receive(probe->fd, packet, sizeof packet, &arrived, &ping->count.receive_errors)) > 0;) {
        /* A raw IPv4 socket gives the IP header too. */
        size_t at = ping->ipv6 ? 0 : (size_t)(packet[0] & 15) * 4;
        struct load load;
        if (size < at + sizeof(struct icmphdr) + sizeof load)
            continue;
        memcpy(&load, packet + at + sizeof(struct icmphdr), sizeof load);
        if (load.magic == ping->magic && load.sequence < ping->sequence)
            count_answer(ping, &load, arrived);
    }
}

static double rtt_quantile(const struct ping_counters *count, double share)
{
    uint64_t wanted = (uint64_t)((double)count->answered * share);
    uint64_t passed = 0;
    for (int i = 0; i < RTT_STEPS; i++) {
        passed += count->rtt[i];
        if (passed > wanted)
            return probe_ms((int64_t)i * RTT_STEP);
    }
    return probe_ms(count->rtt_max);
}

static void print_gaps(const struct ping_counters *count)
{
    fputs(",\"gap_classes\":{", stdout);
    const char *comma = "";
    for (int i = 0; i < GAP_CLASSES; i++) {
        if (!count->classes[i])
            continue;
        printf("%s\"%ld\":%llu", comma, 1L << i, (unsigned long long)count->classes[i]);
        comma = ",";
    }
    printf("},\"gap_count\":%llu,\"gaps\":[", (unsigned long long)count->gap_count);
    for (uint64_t i = 0; i < count->gap_count && i < MAX_GAPS; i++)
        printf("%s{\"start_ms\":%.3f,\"length_ms\":%.3f}", i ? "," : "", probe_ms(count->gaps[i].start),
               probe_ms(count->gaps[i].length));
    putchar(']');
}

static void ping_report(struct probe *probe, int64_t now, bool final)
{
    struct ping *ping = (struct ping *)probe;
    const struct ping_counters *count = &ping->count;
    (void) final;
    /* A gap which has not ended is one too: an address that never came back must not look well. */
    int64_t open = now > ping->last_answer ? now - ping->last_answer : 0;
    bool open_is_longest = open > count->longest;
    printf("\"sent\":%llu,\"answered\":%llu,\"duplicates\":%llu,\"send_errors\":%llu,\"receive_errors\":%llu,",
           (unsigned long long)count->sent, (unsigned long long)count->answered, (unsigned long long)count->duplicates,
           (unsigned long long)count->send_errors, (unsigned long long)count->receive_errors);
    printf("\"longest_gap_ms\":%.3f,\"longest_gap_start_ms\":%.3f,\"open_gap_ms\":%.3f,",
           probe_ms(open_is_longest ? open : count->longest),
           probe_ms(open_is_longest ? ping->last_answer : count->longest_start), probe_ms(open));
    printf("\"rtt_ms\":{\"min\":%.3f,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", probe_ms(count->rtt_min),
           rtt_quantile(count, 0.5), rtt_quantile(count, 0.99), probe_ms(count->rtt_max));
    print_gaps(count);
}

static void ping_reset(struct probe *probe, int64_t now)
{
    struct ping *ping = (struct ping *)probe;
    memset(&ping->count, 0, sizeof ping->count);
    /* A gap that goes on is counted whole, where it ends. */
    if (ping->last_answer == 0)
        ping->last_answer = now;
}

static void ping_close(struct probe *probe)
{
    close(probe->fd);
    free(probe);
}

struct probe *ping_new(void)
{
    struct ping *ping = calloc(1, sizeof *ping);
    if (!ping)
        return NULL;
    ping->probe = (struct probe){
        .open = ping_open,
        .tick = ping_tick,
        .receive = ping_receive,
        .report = ping_report,
        .reset = ping_reset,
        .close = ping_close,
        .settle = 50 * NS_PER_MS,
        .fd = -1,
    };
    return &ping->probe;
}
