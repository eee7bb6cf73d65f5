/* SPDX-License-Identifier: Apache-2.0 */
#include "conflict.h"

#include "clock.h"
#include "packet.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define PROBE_GAP_MS 10
#define ASK_AGAIN_MS 50
#define QUIET_ROUNDS 2 /* one lost packet must not look like a free address */

struct own_mac {
    const uint8_t *mac;
    bool found;
};

static void compare_mac(const struct hy_ip_link *link, void *context)
{
    struct own_mac *own = context;
    own->found |= memcmp(link->mac, own->mac, sizeof link->mac) == 0;
}

bool hy_ip_is_own_mac(struct hy_ip_nl *nl, const uint8_t mac[6])
{
    struct own_mac own = {.mac = mac};
    return hy_ip_nl_links(nl, compare_mac, &own) == 0 && own.found;
}

struct inquiry {
    struct hy_ip_nl *nl;
    const struct hy_ip_link *link;
    const struct hy_ip_addr *addr;
    int fd;
    uint8_t *owner;
};

/* Listens until `until`, or until the first answer. 1: a foreign owner has answered. */
static int listen_until(const struct inquiry *inquiry, int64_t until, bool to_the_end)
{
    int heard = 0;
    for (int64_t left; (left = until - hy_ip_now_ms()) > 0;) {
        struct pollfd ready = {.fd = inquiry->fd, .events = POLLIN};
        int rc = poll(&ready, 1, (int)left);
        if (rc < 0 && errno != EINTR)
            return -errno;
        if (rc <= 0)
            continue;
        uint8_t mac[6];
        rc = hy_ip_packet_take(inquiry->fd, inquiry->addr, mac);
        if (rc < 0 && rc != -EAGAIN)
            return rc;
        if (rc != 1 || hy_ip_is_own_mac(inquiry->nl, mac))
            continue;
        memcpy(inquiry->owner, mac, sizeof mac);
        heard = 1;
        if (!to_the_end)
            break;
    }
    return heard;
}

static int ask_for(const struct inquiry *inquiry, int64_t until, bool to_the_end)
{
    int rc = hy_ip_packet_ask(inquiry->fd, inquiry->link, inquiry->addr);
    return rc ? rc : listen_until(inquiry, until, to_the_end);
}

/* A host whose daemons were all killed answers until the lifetime of its address ends. */
static int wait_until_free(const struct inquiry *inquiry, int64_t until)
{
    int quiet = 0;
    while (quiet < QUIET_ROUNDS && hy_ip_now_ms() < until) {
        int rc = ask_for(inquiry, hy_ip_now_ms() + ASK_AGAIN_MS, true);
        if (rc < 0)
            return rc;
        quiet = rc ? 0 : quiet + 1;
    }
    return quiet < QUIET_ROUNDS;
}

static int inquire(const struct inquiry *inquiry, struct hy_ip_conflict *conflict)
{
    int64_t begin = hy_ip_now_ms();
    int64_t gap = conflict->check_ms / 2 < PROBE_GAP_MS ? conflict->check_ms / 2 : PROBE_GAP_MS;
    int rc = ask_for(inquiry, begin + gap, false);
    if (rc == 0)
        rc = ask_for(inquiry, begin + conflict->check_ms, false);
    if (rc == 1) {
        rc = wait_until_free(inquiry, begin + conflict->wait_ms);
        conflict->waited_ms = hy_ip_now_ms() - begin + 1;
    }
    return rc;
}

int hy_ip_conflict_check(struct hy_ip_nl *nl, int *fd, const struct hy_ip_link *link, const struct hy_ip_addr *addr,
                         struct hy_ip_conflict *conflict)
{
    conflict->waited_ms = 0;
    if (!link->ethernet || conflict->check_ms <= 0)
        return 0;
    *fd = hy_ip_packet_listener(link, addr);
    if (*fd < 0)
        return *fd;
    struct inquiry inquiry = {.nl = nl, .link = link, .addr = addr, .fd = *fd, .owner = conflict->owner};
    return inquire(&inquiry, conflict);
}
