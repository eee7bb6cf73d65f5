/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who answers for an address: ARP requests to everybody, past the kernel's neighbour cache.
 *
 * To know which request an answer belongs to, each asks in the name of another hardware address (02:50 and a number of four
 * bytes), which comes back in the answer. The sender's IP address is 0.0.0.0, as in the probes of RFC 5227, so nobody learns
 * that made-up address. With --plain it asks as an ordinary host, and an answer counts for the last request.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RING 4096 /* requests on their way; a power of two */
#define MAX_HOLDERS 8
#define MAX_TRANSITIONS 512
#define SETTLE (50 * NS_PER_MS)

struct frame {
    struct ether_header ethernet;
    struct ether_arp arp;
};

struct request {
    int64_t sent;
    uint32_t holders; /* bit n: holder n answered */
};

struct holder {
    uint8_t mac[ETH_ALEN];
    uint64_t answers, announcements;
    int64_t first, last;
};

/* For how long something was so: altogether, and at a stretch. */
struct spell {
    uint64_t requests;
    int64_t total, longest, current;
};

struct transition {
    int64_t at;
    uint32_t holders;
};

struct who_counters {
    uint64_t requests, send_errors, receive_errors, strangers;
    struct spell none, several;
    struct transition transitions[MAX_TRANSITIONS];
    uint64_t transition_count;
};

struct who {
    struct probe probe;
    struct who_counters count;
    struct request ring[RING];
    uint32_t next;  /* number of the next request */
    uint32_t first; /* the oldest which is not counted yet */
    struct holder holders[MAX_HOLDERS];
    unsigned holder_count;
    uint32_t state; /* the holders of the last counted request */
    bool has_state;
    bool plain;
    int64_t interval;
    int index;
    struct in_addr target, own_address;
    uint8_t own_mac[ETH_ALEN];
};

/* The interface whose network the address is in, unless one is named. */
static int find_interface(struct who *who, const char *wanted, char name[IFNAMSIZ])
{
    struct ifaddrs *all;
    if (getifaddrs(&all) < 0)
        return -1;
    int found = -1;
    for (struct ifaddrs *one = all; one && found < 0; one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !one->ifa_netmask || one->ifa_flags & IFF_LOOPBACK)
            continue;
        struct in_addr address = ((struct sockaddr_in *)(void *)one->ifa_addr)->sin_addr;
        struct in_addr mask = ((struct sockaddr_in *)(void *)one->ifa_netmask)->sin_addr;
        if (wanted ? strcmp(one->ifa_name, wanted) != 0 : ((address.s_addr ^ who->target.s_addr) & mask.s_addr) != 0)
            continue;
        snprintf(name, IFNAMSIZ, "%s", one->ifa_name);
        who->own_address = address;
        found = 0;
    }
    freeifaddrs(all);
    return found;
}

static int open_socket(struct who *who, const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP));
    if (fd < 0)
        return -1;
    who->probe.fd = fd;
    struct ifreq query = {0};
    snprintf(query.ifr_name, sizeof query.ifr_name, "%s", name);
    if (ioctl(fd, SIOCGIFHWADDR, &query) < 0)
        return -1;
    memcpy(who->own_mac, query.ifr_hwaddr.sa_data, ETH_ALEN);
    if (ioctl(fd, SIOCGIFINDEX, &query) < 0)
        return -1;
    who->index = query.ifr_ifindex;
    /* Answers go to the made-up addresses. */
    struct packet_mreq all = {.mr_ifindex = who->index, .mr_type = PACKET_MR_PROMISC};
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_ifindex = who->index};
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0 || probe_want_timestamps(fd) < 0)
        return -1;
    return bind(fd, (struct sockaddr *)&at, sizeof at);
}

static int who_open(struct probe *probe, const struct probe_options *options)
{
    struct who *who = (struct who *)probe;
    char name[IFNAMSIZ];
    who->plain = options->plain;
    who->interval = options->interval;
    if (inet_pton(AF_INET, options->address, &who->target) != 1) {
        fprintf(stderr, "vip-probe: %s is not an IPv4 address\n", options->address);
        return -1;
    }
    if (find_interface(who, options->interface, name) < 0) {
        fprintf(stderr, "vip-probe: no interface in the network of %s; name one with --interface\n", options->address);
        return -1;
    }
    if (open_socket(who, name) < 0) {
        fprintf(stderr, "vip-probe: cannot listen for ARP on %s: %s\n", name, strerror(errno));
        return -1;
    }
    return 0;
}

static void extend(struct spell *spell, bool holds, int64_t length)
{
    if (!holds) {
        spell->current = 0;
        return;
    }
    spell->requests++;
    spell->total += length;
    spell->current += length;
    if (spell->current > spell->longest)
        spell->longest = spell->current;
}

/* Count the requests for which no answer will come any more, in their order. */
static void count_settled(struct who *who, int64_t before)
{
    for (; who->first != who->next; who->first++) {
        const struct request *request = &who->ring[who->first % RING];
        if (request->sent > before)
            return;
        bool is_last = who->first + 1 == who->next;
        int64_t length = is_last ? who->interval : who->ring[(who->first + 1) % RING].sent - request->sent;
        who->count.requests++;
        extend(&who->count.none, request->holders == 0, length);
        extend(&who->count.several, (request->holders & (request->holders - 1)) != 0, length);
        if (who->has_state && request->holders == who->state)
            continue;
        if (who->count.transition_count < MAX_TRANSITIONS)
            who->count.transitions[who->count.transition_count] = (struct transition){request->sent, request->holders};
        who->count.transition_count++;
        who->state = request->holders;
        who->has_state = true;
    }
}

static void who_tick(struct probe *probe, int64_t now)
{
    struct who *who = (struct who *)probe;
    count_settled(who, now - SETTLE);
    if (who->next - who->first == RING)
        count_settled(who, INT64_MAX); /* only with an interval far below SETTLE / RING */
    uint32_t number = who->next++;
    who->ring[number % RING] = (struct request){.sent = now};
    struct frame frame = {0};
    memset(frame.ethernet.ether_dhost, 0xff, ETH_ALEN);
    memcpy(frame.ethernet.ether_shost, who->own_mac, ETH_ALEN);
    frame.ethernet.ether_type = htons(ETH_P_ARP);
    frame.arp.ea_hdr = (struct arphdr){htons(ARPHRD_ETHER), htons(ETH_P_IP), ETH_ALEN, 4, htons(ARPOP_REQUEST)};
    if (who->plain) {
        memcpy(frame.arp.arp_sha, who->own_mac, ETH_ALEN);
        memcpy(frame.arp.arp_spa, &who->own_address, 4);
    } else {
        uint32_t wire = htonl(number);
        frame.arp.arp_sha[0] = 0x02;
        frame.arp.arp_sha[1] = 0x50;
        memcpy(frame.arp.arp_sha + 2, &wire, 4);
    }
    memcpy(frame.arp.arp_tpa, &who->target, 4);
    if (send(probe->fd, &frame, sizeof frame, 0) < 0)
        who->count.send_errors++;
}

static struct holder *find_holder(struct who *who, const uint8_t mac[ETH_ALEN])
{
    for (unsigned i = 0; i < who->holder_count; i++) {
        if (memcmp(who->holders[i].mac, mac, ETH_ALEN) == 0)
            return &who->holders[i];
    }
    if (who->holder_count == MAX_HOLDERS) {
        who->count.strangers++;
        return NULL;
    }
    struct holder *holder = &who->holders[who->holder_count++];
    memcpy(holder->mac, mac, ETH_ALEN);
    return holder;
}

/* Which request the answer belongs to; false: to none of ours that is still open. */
static bool request_of(const struct who *who, const struct ether_arp *arp, uint32_t *number)
{
    if (who->plain) {
        *number = who->next - 1;
        return who->next != who->first && memcmp(arp->arp_tha, who->own_mac, ETH_ALEN) == 0;
    }
    uint32_t wire;
    memcpy(&wire, arp->arp_tha + 2, sizeof wire);
    *number = ntohl(wire);
    return arp->arp_tha[0] == 0x02 && arp->arp_tha[1] == 0x50 && *number - who->first < who->next - who->first;
}

static void take(struct who *who, const struct ether_arp *arp, int64_t arrived)
{
    if (memcmp(arp->arp_spa, &who->target, 4) != 0)
        return;
    struct holder *holder = find_holder(who, arp->arp_sha);
    uint32_t number;
    if (!holder)
        return;
    if (memcmp(arp->arp_tpa, &who->target, 4) == 0) {
        holder->announcements++;
    } else if (arp->ea_hdr.ar_op == htons(ARPOP_REPLY) && request_of(who, arp, &number)) {
        who->ring[number % RING].holders |= 1U << (holder - who->holders);
        if (holder->answers++ == 0)
            holder->first = arrived;
        holder->last = arrived;
    }
}

static void who_receive(struct probe *probe)
{
    struct who *who = (struct who *)probe;
    uint8_t packet[128];
    int64_t arrived;
    for (size_t size;
         (size = probe_receive(probe->fd, packet, sizeof packet, &arrived, &who->count.receive_errors)) > 0;) {
        struct frame frame;
        if (size < sizeof frame)
            continue;
        memcpy(&frame, packet, sizeof frame);
        take(who, &frame.arp, arrived);
    }
}

static void print_mac(const struct holder *holder)
{
    const uint8_t *mac = holder->mac;
    printf("\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void print_spell(const char *name, const struct spell *spell)
{
    printf("\"%s\":{\"requests\":%llu,\"total_ms\":%.3f,\"longest_ms\":%.3f},", name,
           (unsigned long long)spell->requests, probe_ms(spell->total), probe_ms(spell->longest));
}

static void print_set(const struct who *who, uint32_t set)
{
    putchar('[');
    const char *comma = "";
    for (unsigned i = 0; i < who->holder_count; i++) {
        if (!(set >> i & 1))
            continue;
        fputs(comma, stdout);
        print_mac(&who->holders[i]);
        comma = ",";
    }
    putchar(']');
}

static void who_report(struct probe *probe, int64_t now, bool final)
{
    struct who *who = (struct who *)probe;
    const struct who_counters *count = &who->count;
    count_settled(who, final ? INT64_MAX : now - SETTLE);
    printf("\"requests\":%llu,\"send_errors\":%llu,\"receive_errors\":%llu,\"strangers\":%llu,",
           (unsigned long long)count->requests, (unsigned long long)count->send_errors,
           (unsigned long long)count->receive_errors, (unsigned long long)count->strangers);
    print_spell("none", &count->none);
    print_spell("several", &count->several);
    fputs("\"now\":", stdout);
    print_set(who, who->state);
    fputs(",\"holders\":{", stdout);
    for (unsigned i = 0; i < who->holder_count; i++) {
        const struct holder *holder = &who->holders[i];
        fputs(i ? "," : "", stdout);
        print_mac(holder);
        printf(":{\"answers\":%llu,\"announcements\":%llu,\"first_ms\":%.3f,\"last_ms\":%.3f}",
               (unsigned long long)holder->answers, (unsigned long long)holder->announcements, probe_ms(holder->first),
               probe_ms(holder->last));
    }
    printf("},\"transition_count\":%llu,\"transitions\":[", (unsigned long long)count->transition_count);
    for (uint64_t i = 0; i < count->transition_count && i < MAX_TRANSITIONS; i++) {
        printf("%s{\"at_ms\":%.3f,\"holders\":", i ? "," : "", probe_ms(count->transitions[i].at));
        print_set(who, count->transitions[i].holders);
        putchar('}');
    }
    putchar(']');
}

static void who_reset(struct probe *probe, int64_t now)
{
    struct who *who = (struct who *)probe;
    (void)now;
    memset(&who->count, 0, sizeof who->count);
    /* Their numbers stay: requests that are not counted yet refer to them. */
    for (unsigned i = 0; i < who->holder_count; i++) {
        struct holder *holder = &who->holders[i];
        holder->answers = holder->announcements = 0;
        holder->first = holder->last = 0;
    }
}

static void who_close(struct probe *probe)
{
    close(probe->fd);
    free(probe);
}

struct probe *who_new(void)
{
    struct who *who = calloc(1, sizeof *who);
    if (!who)
        return NULL;
    who->probe = (struct probe){
        .open = who_open,
        .tick = who_tick,
        .receive = who_receive,
        .report = who_report,
        .reset = who_reset,
        .close = who_close,
        .settle = SETTLE,
        .fd = -1,
    };
    return &who->probe;
}
