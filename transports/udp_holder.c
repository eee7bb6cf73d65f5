/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interface that holds our address: its carrier, its flags, its coming and going, by rtnetlink.
 */
#include "udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static bool flags_work(unsigned flags)
{
    return (flags & IFF_UP) && (flags & IFF_RUNNING);
}

static void report_holder(struct halyard_tp *tp, bool works, const char *what)
{
    if (tp->holder.works == works)
        return;
    tp->holder.works = works;
    char why[UDP_WHY];
    snprintf(why, sizeof why, "%s %s", tp->holder.name, what);
    tp->host->link(tp->ctx, HALYARD_ALL, works, why);
}

static void report_flags(struct halyard_tp *tp, unsigned flags)
{
    if (flags_work(flags))
        report_holder(tp, true, "works again");
    else
        report_holder(tp, false, flags & IFF_UP ? "has lost its carrier" : "has been set down");
}

/* An interface that was deleted and made again has another number, and is not where our sockets are. */
static void take_holder(struct halyard_tp *tp, const char *name, unsigned flags)
{
    struct holder *holder = &tp->holder;
    unsigned index = if_nametoindex(name);
    bool returns = holder->known && (!holder->works || holder->index != index) && flags_work(flags);
    if (!holder->known)
        holder->works = true;
    holder->known = true;
    holder->index = index;
    holder->flags = flags;
    snprintf(holder->name, sizeof holder->name, "%s", name);
    if (returns && tp->kind->returned && tp->kind->returned(tp))
        report_holder(tp, false, "is back, and the link not yet");
    else
        report_flags(tp, flags);
}

/* Looks the holder up anew: at the start, when our address came or went, and when notices were lost. */
static void look_up_holder(struct halyard_tp *tp)
{
    struct ifaddrs *all;
    if (getifaddrs(&all)) {
        tp->host->log(tp->ctx, LOG_WARNING, "cannot list the interfaces: %s", strerror(errno));
        return;
    }
    const struct ifaddrs *found = NULL;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != tp->own.address.ss_family)
            continue;
        struct sockaddr_storage address = {0};
        memcpy(&address, i->ifa_addr, tp->own.size);
        if (udp_same_address(&address, &tp->own.address) && (!*tp->device || !strcmp(tp->device, i->ifa_name)))
            found = i;
    }
    const struct holder *holder = &tp->holder;
    if (found) {
        take_holder(tp, found->ifa_name, found->ifa_flags);
    } else if (holder->known) {
        char what[UDP_WHY / 2];
        snprintf(what, sizeof what, "has lost the address %s", tp->own_text);
        report_holder(tp, false, if_nametoindex(holder->name) ? what : "is gone");
    }
    freeifaddrs(all);
}

struct sought {
    const void *address;
    size_t size;
    bool found;
};

static int match_attribute(const struct nlattr *attribute, void *data)
{
    struct sought *sought = data;
    uint16_t type = mnl_attr_get_type(attribute);
    if ((type == IFA_LOCAL || type == IFA_ADDRESS) && mnl_attr_get_payload_len(attribute) == sought->size &&
        !memcmp(mnl_attr_get_payload(attribute), sought->address, sought->size))
        sought->found = true;
    return MNL_CB_OK;
}

static bool is_own_address(const struct halyard_tp *tp, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *message = mnl_nlmsg_get_payload(header);
    struct sought sought = {&((const struct sockaddr_in6 *)&tp->own.address)->sin6_addr, sizeof(struct in6_addr),
                            false};
    if (message->ifa_family != tp->own.address.ss_family)
        return false;
    if (message->ifa_family == AF_INET)
        sought =
            (struct sought){&((const struct sockaddr_in *)&tp->own.address)->sin_addr, sizeof(struct in_addr), false};
    mnl_attr_parse(header, sizeof *message, match_attribute, &sought);
    return sought.found;
}

static void take_notice(struct halyard_tp *tp, const struct nlmsghdr *header)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
    switch (header->nlmsg_type) {
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof(struct ifaddrmsg) && is_own_address(tp, header))
            look_up_holder(tp);
        break;
    case RTM_NEWLINK:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof *link && tp->holder.known &&
            (unsigned)link->ifi_index == tp->holder.index)
            look_up_holder(tp);
        break;
    case RTM_DELLINK:
        if (mnl_nlmsg_get_payload_len(header) >= sizeof *link && tp->holder.known &&
            (unsigned)link->ifi_index == tp->holder.index)
            report_holder(tp, false, "is gone");
        break;
    default:
        break; /* the groups bring nothing else that matters here */
    }
}

static void netlink_ready(struct halyard_tp *tp, int fd, uint32_t events)
{
    (void)events;
    union {
        char bytes[16384];
        struct nlmsghdr align;
    } buffer;
    for (int i = 0; i < UDP_BATCH; i++) {
        ssize_t size = recv(fd, &buffer, sizeof buffer, MSG_DONTWAIT);
        if (size < 0 && errno == ENOBUFS) { /* the kernel had to drop notices */
            look_up_holder(tp);
            continue;
        }
        if (size <= 0)
            return;
        int left = (int)size;
        for (const struct nlmsghdr *header = &buffer.align; mnl_nlmsg_ok(header, left);
             header = mnl_nlmsg_next(header, &left))
            take_notice(tp, header);
    }
}

int udp_watch_holder(struct halyard_tp *tp)
{
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | (tp->own.address.ss_family == AF_INET ? RTMGRP_IPV4_IFADDR : RTMGRP_IPV6_IFADDR)};
    tp->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (tp->netlink < 0 || bind(tp->netlink, (const struct sockaddr *)&groups, sizeof groups)) {
        int error = errno;
        tp->host->log(tp->ctx, LOG_ERR, "cannot watch the interfaces (rtnetlink): %s", strerror(error));
        return -error;
    }
    /* Subscribed first, then looked: nothing falls in between. */
    look_up_holder(tp);
    return tp->host->watch(tp->ctx, tp->netlink, HALYARD_READABLE, netlink_ready, &tp->netlink_watch);
}
