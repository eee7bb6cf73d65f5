/* SPDX-License-Identifier: Apache-2.0 */
#include "conflict.h"

#include "clock.h"
#include "packet.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define PROBE_GAP_MS 10
/* While somebody answers he is asked each 5 ms, later each 20th part of the time that it has taken so far. */
#define ASK_AGAIN_MS 5
#define ASK_AGAIN_MOST_MS 20
#define WAITED_PARTS 20
#define QUIET_QUESTIONS 3 /* one lost packet must not look like a free address */
#define QUIET_ANSWERS 3   /* nor one answer that takes three times as long as the slowest before */

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
    int64_t *heard; /* when an answer came last */
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
        *inquiry->heard = hy_ip_now_ms();
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

/* What has been heard since the last answer: questions, and nothing. */
struct silence {
    int64_t since; /* when the first of them was asked */
    int questions;
    int64_t slowest; /* answer so far: the time from the first question that was not answered before it */
};

static int64_t next_gap(const struct silence *silence, int64_t waited)
{
    int64_t gap = silence->questions ? ASK_AGAIN_MS : waited / WAITED_PARTS;
    return gap < ASK_AGAIN_MS ? ASK_AGAIN_MS : gap > ASK_AGAIN_MOST_MS ? ASK_AGAIN_MOST_MS : gap;
}

/* At least as long as is listened before an address that nobody answered for at all is taken. */
static bool lasts(const struct silence *silence, int64_t check_ms, int64_t now)
{
    int64_t needed = silence->slowest * QUIET_ANSWERS > check_ms ? silence->slowest * QUIET_ANSWERS : check_ms;
    return silence->questions >= QUIET_QUESTIONS && now - silence->since >= needed;
}

/* A host whose daemons were all killed answers until the lifetime of its address ends. 0: it answers no more; 1: it still does. */
static int wait_until_free(const struct inquiry *inquiry, int64_t begin, const struct hy_ip_conflict *conflict)
{
    struct silence silence = {.slowest = *inquiry->heard - begin};
    for (;;) {
        int64_t now = hy_ip_now_ms();
        if (lasts(&silence, conflict->check_ms, now))
            return 0;
        if (now >= begin + conflict->wait_ms)
            return 1;
        if (!silence.questions)
            silence.since = now;
        int rc = ask_for(inquiry, now + next_gap(&silence, now - begin), true);
        if (rc < 0)
            return rc;
        silence.questions++;
        if (!rc)
            continue;
        int64_t took = *inquiry->heard - silence.since;
        silence.slowest = took > silence.slowest ? took : silence.slowest;
        silence.questions = 0;
    }
}

static int inquire(const struct inquiry *inquiry, struct hy_ip_conflict *conflict)
{
    int64_t begin = hy_ip_now_ms();
    int64_t gap = conflict->check_ms / 2 < PROBE_GAP_MS ? conflict->check_ms / 2 : PROBE_GAP_MS;
    int rc = ask_for(inquiry, begin + gap, false);
    if (rc == 0)
        rc = ask_for(inquiry, begin + conflict->check_ms, false);
    if (rc == 1) {
        rc = wait_until_free(inquiry, begin, conflict);
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
    int64_t heard = 0;
    struct inquiry inquiry = {
        .nl = nl, .link = link, .addr = addr, .fd = *fd, .owner = conflict->owner, .heard = &heard};
    return inquire(&inquiry, conflict);
}
