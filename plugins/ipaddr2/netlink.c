/* SPDX-License-Identifier: Apache-2.0 */
#include "netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_SIZE 32768 /* the most the kernel puts into one message of a dump */
#define DUMP_TRIES 5

int hy_ip_nl_open(struct hy_ip_nl *nl, unsigned groups)
{
    *nl = (struct hy_ip_nl){.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
    if (!nl->socket)
        return -errno;
    if (mnl_socket_bind(nl->socket, groups, MNL_SOCKET_AUTOPID) < 0) {
        int error = errno;
        hy_ip_nl_close(nl);
        return -error;
    }
    /* Lets the kernel pick the addresses of one link; an older one (before 4.20) sends all, and we pick. */
    int on = 1;
    (void)mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    return 0;
}

void hy_ip_nl_close(struct hy_ip_nl *nl)
{
    if (nl->socket)
        mnl_socket_close(nl->socket);
    nl->socket = NULL;
}

struct nlmsghdr *hy_ip_nl_request(struct hy_ip_request *request, uint16_t type, unsigned flags)
{
    memset(request, 0, sizeof *request);
    struct nlmsghdr *message = mnl_nlmsg_put_header(request->bytes);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    return message;
}

int hy_ip_nl_ask(struct hy_ip_nl *nl, struct nlmsghdr *message, mnl_cb_t callback, void *context)
{
    _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
    message->nlmsg_seq = ++nl->sequence;
    if (mnl_socket_sendto(nl->socket, message, message->nlmsg_len) < 0)
        return -errno;
    for (;;) {
        ssize_t size = mnl_socket_recvfrom(nl->socket, answer, sizeof answer);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return -errno;
        unsigned port = mnl_socket_get_portid(nl->socket);
        int left = mnl_cb_run(answer, (size_t)size, message->nlmsg_seq, port, callback, context);
        if (left < 0)
            return errno == EINTR ? -EAGAIN : -errno; /* EINTR: the table changed while it was dumped */
        if (left == MNL_CB_STOP)
            return 0;
    }
}

static void copy_name(char *to, const struct nlattr *attr)
{
    size_t size = strnlen(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
    if (size >= IFNAMSIZ)
        size = IFNAMSIZ - 1;
    memcpy(to, mnl_attr_get_payload(attr), size);
    to[size] = '\0';
}

/* libmnl's own loops convert without saying so, which -Wconversion does not let pass. */
bool hy_ip_nl_attr_before(const struct nlattr *attr, const void *end)
{
    return mnl_attr_ok(attr, (int)((const char *)end - (const char *)attr));
}

static const void *nest_end(const struct nlattr *nest)
{
    return (const char *)mnl_attr_get_payload(nest) + mnl_attr_get_payload_len(nest);
}

static const struct nlattr *find_nested(const struct nlattr *nest, uint16_t type)
{
    const struct nlattr *attr = mnl_attr_get_payload(nest);
    for (; hy_ip_nl_attr_before(attr, nest_end(nest)); attr = mnl_attr_next(attr))
        if (mnl_attr_get_type(attr) == type)
            return attr;
    return NULL;
}

static bool forwards6(const struct nlattr *families)
{
    const struct nlattr *family = find_nested(families, AF_INET6);
    const struct nlattr *conf = family ? find_nested(family, IFLA_INET6_CONF) : NULL;
    int32_t forwarding; /* the first of an array: DEVCONF_FORWARDING */
    if (!conf || mnl_attr_get_payload_len(conf) < sizeof forwarding)
        return false;
    memcpy(&forwarding, mnl_attr_get_payload(conf), sizeof forwarding);
    return forwarding != 0;
}

bool hy_ip_nl_parse_link(const struct nlmsghdr *message, struct hy_ip_link *link)
{
    if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
        return false;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
        return false;
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    *link = (struct hy_ip_link){.index = info->ifi_index, .flags = info->ifi_flags, .type = info->ifi_type};
    const struct nlattr *attr;
    bool has_mac = false;
    for (attr = mnl_nlmsg_get_payload_offset(message, sizeof *info);
         hy_ip_nl_attr_before(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr)) {
        switch (mnl_attr_get_type(attr)) {
        case IFLA_IFNAME:
            copy_name(link->name, attr);
            break;
        case IFLA_ADDRESS:
            has_mac = mnl_attr_get_payload_len(attr) == sizeof link->mac;
            if (has_mac)
                memcpy(link->mac, mnl_attr_get_payload(attr), sizeof link->mac);
            break;
        case IFLA_AF_SPEC:
            link->router6 = forwards6(attr);
            break;
        default: /* of no interest */
            break;
        }
    }
    link->ethernet = has_mac && link->type == ARPHRD_ETHER && !(link->flags & (IFF_NOARP | IFF_LOOPBACK));
    return true;
}

struct one_link {
    struct hy_ip_link *link;
    bool found;
};

static int take_link(const struct nlmsghdr *message, void *context)
{
    struct one_link *one = context;
    one->found = hy_ip_nl_parse_link(message, one->link);
    return MNL_CB_OK;
}

static int get_link(struct hy_ip_nl *nl, const char *name, int index, struct hy_ip_link *link)
{
    struct hy_ip_request request;
    struct one_link one = {.link = link};
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_GETLINK, NLM_F_ACK);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->ifi_index = index;
    mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if (name)
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
    int rc = hy_ip_nl_ask(nl, message, take_link, &one);
    if (rc == 0 && !one.found)
        return -ENODEV;
    return rc;
}

int hy_ip_nl_link(struct hy_ip_nl *nl, const char *name, struct hy_ip_link *link)
{
    return get_link(nl, name, 0, link);
}

int hy_ip_nl_link_at(struct hy_ip_nl *nl, int index, struct hy_ip_link *link)
{
    return get_link(nl, NULL, index, link);
}

/* A dump that was interrupted is asked for again, on a fresh socket: the rest of the old one may still be on its way. */
static int dump(struct hy_ip_nl *nl, struct nlmsghdr *message, mnl_cb_t callback, void *context)
{
    int rc = -EAGAIN;
    for (int i = 0; i < DUMP_TRIES && rc == -EAGAIN; i++) {
        rc = hy_ip_nl_ask(nl, message, callback, context);
        if (rc != -EAGAIN)
            break;
        hy_ip_nl_close(nl);
        if (hy_ip_nl_open(nl, 0) < 0)
            return -EIO;
    }
    return rc;
}

struct link_walk {
    hy_ip_link_fn *found;
    void *context;
};

static int walk_link(const struct nlmsghdr *message, void *context)
{
    struct link_walk *walk = context;
    struct hy_ip_link link;
    if (hy_ip_nl_parse_link(message, &link))
        walk->found(&link, walk->context);
    return MNL_CB_OK;
}

int hy_ip_nl_links(struct hy_ip_nl *nl, hy_ip_link_fn *found, void *context)
{
    struct hy_ip_request request;
    struct link_walk walk = {.found = found, .context = context};
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_GETLINK, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
    mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return dump(nl, message, walk_link, &walk);
}

static void take_addr(struct hy_ip_addr *addr, const struct nlattr *attr)
{
    if (mnl_attr_get_payload_len(attr) == addr->size)
        memcpy(addr->bytes, mnl_attr_get_payload(attr), addr->size);
}

bool hy_ip_nl_parse_entry(const struct nlmsghdr *message, struct hy_ip_entry *entry)
{
    if (message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR)
        return false;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct ifaddrmsg))
        return false;
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
        return false;
    *entry = (struct hy_ip_entry){.index = (int)info->ifa_index,
                                  .addr = {.family = info->ifa_family, .size = info->ifa_family == AF_INET ? 4 : 16},
                                  .prefix = info->ifa_prefixlen,
                                  .flags = info->ifa_flags,
                                  .preferred_s = HY_IP_FOREVER,
                                  .valid_s = HY_IP_FOREVER};
    const struct nlattr *attr, *local = NULL, *address = NULL;
    for (attr = mnl_nlmsg_get_payload_offset(message, sizeof *info);
         hy_ip_nl_attr_before(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr)) {
        switch (mnl_attr_get_type(attr)) {
        case IFA_LOCAL:
            local = attr;
            break;
        case IFA_ADDRESS:
            address = attr;
            break;
        case IFA_LABEL:
            copy_name(entry->label, attr);
            break;
        case IFA_FLAGS:
            entry->flags = mnl_attr_get_u32(attr);
            break;
        case IFA_CACHEINFO:
            if (mnl_attr_get_payload_len(attr) >= sizeof(struct ifa_cacheinfo)) {
                struct ifa_cacheinfo info_now;
                memcpy(&info_now, mnl_attr_get_payload(attr), sizeof info_now);
                entry->preferred_s = info_now.ifa_prefered;
                entry->valid_s = info_now.ifa_valid;
                entry->created_cs = info_now.cstamp;
            }
            break;
        default: /* of no interest */
            break;
        }
    }
    /* IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL is ours, where there is one. */
    if (!local && !address)
        return false;
    entry->peer = entry->addr;
    take_addr(&entry->addr, local ? local : address);
    take_addr(&entry->peer, address ? address : local);
    return true;
}

struct entry_walk {
    int index;
    hy_ip_entry_fn *found;
    void *context;
};

static int walk_entry(const struct nlmsghdr *message, void *context)
{
    struct entry_walk *walk = context;
    struct hy_ip_entry entry;
    if (hy_ip_nl_parse_entry(message, &entry) && (walk->index == 0 || walk->index == entry.index))
        walk->found(&entry, walk->context);
    return MNL_CB_OK;
}

int hy_ip_nl_entries(struct hy_ip_nl *nl, int family, int index, hy_ip_entry_fn *found, void *context)
{
    struct hy_ip_request request;
    struct entry_walk walk = {.index = index, .found = found, .context = context};
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_GETADDR, NLM_F_DUMP);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->ifa_family = (uint8_t)family;
    info->ifa_index = (uint32_t)index;
    return dump(nl, message, walk_entry, &walk);
}

static int take_route(const struct nlmsghdr *message, void *context)
{
    struct hy_ip_route *route = context;
    if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
        return MNL_CB_OK;
    const struct rtmsg *info = mnl_nlmsg_get_payload(message);
    *route = (struct hy_ip_route){.prefix = info->rtm_dst_len, .direct = info->rtm_type == RTN_UNICAST};
    const struct nlattr *attr;
    for (attr = mnl_nlmsg_get_payload_offset(message, sizeof *info);
         hy_ip_nl_attr_before(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr)) {
        uint16_t type = mnl_attr_get_type(attr);
        if (type == RTA_OIF)
            route->index = (int)mnl_attr_get_u32(attr);
        else if (type == RTA_GATEWAY || type == RTA_VIA || type == RTA_MULTIPATH)
            route->direct = false;
    }
    return MNL_CB_OK;
}

int hy_ip_nl_route(struct hy_ip_nl *nl, const struct hy_ip_addr *addr, int index, struct hy_ip_route *route)
{
    struct hy_ip_request request;
    *route = (struct hy_ip_route){0};
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_GETROUTE, NLM_F_ACK);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->rtm_family = (uint8_t)addr->family;
    info->rtm_dst_len = (uint8_t)(addr->size * 8);
    info->rtm_flags = RTM_F_FIB_MATCH; /* the route as configured, with its own prefix */
    mnl_attr_put(message, RTA_DST, addr->size, addr->bytes);
    if (index)
        mnl_attr_put_u32(message, RTA_OIF, (uint32_t)index);
    int rc = hy_ip_nl_ask(nl, message, take_route, route);
    return rc == 0 && route->index == 0 ? -ENETUNREACH : rc;
}

int hy_ip_nl_put(struct hy_ip_nl *nl, const struct hy_ip_new *entry)
{
    struct hy_ip_request request;
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->ifa_family = (uint8_t)entry->addr.family;
    info->ifa_prefixlen = (uint8_t)entry->prefix;
    info->ifa_flags = (uint8_t)entry->flags; /* the lower eight; IFA_FLAGS has all */
    info->ifa_index = (uint32_t)entry->index;
    mnl_attr_put(message, IFA_LOCAL, entry->addr.size, entry->addr.bytes);
    mnl_attr_put(message, IFA_ADDRESS, entry->addr.size, entry->addr.bytes);
    if (entry->has_broadcast)
        mnl_attr_put(message, IFA_BROADCAST, entry->broadcast.size, entry->broadcast.bytes);
    if (entry->label[0])
        mnl_attr_put_strz(message, IFA_LABEL, entry->label);
    mnl_attr_put_u32(message, IFA_FLAGS, entry->flags);
    struct ifa_cacheinfo lifetimes = {.ifa_prefered = entry->preferred_s, .ifa_valid = entry->valid_s};
    mnl_attr_put(message, IFA_CACHEINFO, sizeof lifetimes, &lifetimes);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}

int hy_ip_nl_delete(struct hy_ip_nl *nl, const struct hy_ip_entry *entry)
{
    struct hy_ip_request request;
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_DELADDR, NLM_F_ACK);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->ifa_family = (uint8_t)entry->addr.family;
    info->ifa_prefixlen = (uint8_t)entry->prefix;
    info->ifa_index = (uint32_t)entry->index;
    mnl_attr_put(message, IFA_LOCAL, entry->addr.size, entry->addr.bytes);
    mnl_attr_put(message, IFA_ADDRESS, entry->peer.size, entry->peer.bytes);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}

int hy_ip_nl_keep_secondaries(struct hy_ip_nl *nl, int index)
{
    struct hy_ip_request request;
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_SETLINK, NLM_F_ACK);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->ifi_index = index;
    struct nlattr *families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
    struct nlattr *family = mnl_attr_nest_start(message, AF_INET);
    struct nlattr *conf = mnl_attr_nest_start(message, IFLA_INET_CONF);
    mnl_attr_put_u32(message, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1);
    mnl_attr_nest_end(message, conf);
    mnl_attr_nest_end(message, family);
    mnl_attr_nest_end(message, families);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}
