/* SPDX-License-Identifier: Apache-2.0 */
#include "routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define METRIC6 1024 /* what the kernel takes when none is said */
#define REMOVE_AT_ONCE 32
#define REMOVE_ROUNDS 8
#define ATTR_HEADER sizeof(struct nlattr)

/* ---- reading the kernel's */

struct route {
    struct hy_ip_addr dest;
    int prefix;
    uint32_t table;
    uint8_t protocol, tos;
    bool has_source;
    struct hy_ip_addr source;
    struct hy_ip_fib fib;
};

static bool says_where(uint16_t type, bool by_object)
{
    switch (type) {
    case RTA_METRICS:
    case RTA_NH_ID:
        return true;
    case RTA_OIF:
    case RTA_GATEWAY:
    case RTA_VIA:
    case RTA_MULTIPATH:
    case RTA_ENCAP_TYPE:
    case RTA_ENCAP:
    case RTA_FLOW:
    case RTA_PREF:
        return !by_object; /* then the kernel shows where the object leads, but does not want to be told */
    default:
        return false;
    }
}

/* Attributes and hops alike begin at multiples of four. */
static size_t aligned(size_t size)
{
    return (size + 3) & ~(size_t)3;
}

/* The kernel shows the state of each hop in its flags, and refuses to be told it. */
static void forget_hop_state(uint8_t *attr)
{
    struct nlattr head;
    memcpy(&head, attr, sizeof head);
    size_t at = ATTR_HEADER;
    while ((head.nla_type & NLA_TYPE_MASK) == RTA_MULTIPATH && at + sizeof(struct rtnexthop) <= head.nla_len) {
        struct rtnexthop hop;
        memcpy(&hop, attr + at, sizeof hop);
        if (hop.rtnh_len < sizeof hop)
            return;
        hop.rtnh_flags &= RTNH_F_ONLINK;
        memcpy(attr + at, &hop, sizeof hop);
        at += aligned(hop.rtnh_len);
    }
}

static bool keep_attr(struct hy_ip_fib *fib, const struct nlattr *attr)
{
    size_t size = aligned(attr->nla_len);
    if (fib->size + size > sizeof fib->attrs)
        return false;
    memset(fib->attrs + fib->size, 0, size);
    memcpy(fib->attrs + fib->size, attr, attr->nla_len);
    forget_hop_state(fib->attrs + fib->size);
    fib->size += size;
    return true;
}

static void take_addr(struct hy_ip_addr *addr, const struct nlattr *attr)
{
    if (mnl_attr_get_payload_len(attr) == addr->size)
        memcpy(addr->bytes, mnl_attr_get_payload(attr), addr->size);
}

static void take_attr(struct route *route, const struct nlattr *attr)
{
    switch (mnl_attr_get_type(attr)) {
    case RTA_DST:
        take_addr(&route->dest, attr);
        break;
    case RTA_TABLE:
        route->table = mnl_attr_get_u32(attr);
        break;
    case RTA_PRIORITY:
        route->fib.metric = mnl_attr_get_u32(attr);
        break;
    case RTA_PREFSRC:
        route->has_source = true;
        take_addr(&route->source, attr);
        break;
    default: /* of those, says_where() picks */
        break;
    }
}

static bool has_object(const struct nlmsghdr *message)
{
    const struct nlattr *attr = mnl_nlmsg_get_payload_offset(message, sizeof(struct rtmsg));
    for (; hy_ip_nl_attr_before(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr))
        if (mnl_attr_get_type(attr) == RTA_NH_ID)
            return true;
    return false;
}

/* False: not a route, or one that leads nowhere, or with more hops than there is room for. */
static bool parse(const struct nlmsghdr *message, struct route *route)
{
    if (message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE)
        return false;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
        return false;
    const struct rtmsg *info = mnl_nlmsg_get_payload(message);
    if (info->rtm_type != RTN_UNICAST || (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
        return false;
    struct hy_ip_addr none = {.family = info->rtm_family, .size = info->rtm_family == AF_INET ? 4 : 16};
    *route = (struct route){
        .dest = none,
        .source = none,
        .prefix = info->rtm_dst_len,
        .table = info->rtm_table,
        .protocol = info->rtm_protocol,
        .tos = info->rtm_tos,
        .fib = {
            .found = true, .type = info->rtm_type, .scope = info->rtm_scope, .flags = info->rtm_flags & RTNH_F_ONLINK}};
    bool by_object = has_object(message);
    const struct nlattr *attr = mnl_nlmsg_get_payload_offset(message, sizeof *info);
    for (; hy_ip_nl_attr_before(attr, mnl_nlmsg_get_payload_tail(message)); attr = mnl_attr_next(attr)) {
        take_attr(route, attr);
        if (says_where(mnl_attr_get_type(attr), by_object) && !keep_attr(&route->fib, attr))
            return false;
    }
    return route->table == RT_TABLE_MAIN && route->tos == 0;
}

static bool leads_to(const struct route *route, const struct hy_ip_route_spec *spec)
{
    return route->prefix == spec->prefix && hy_ip_addr_equal(&route->dest, &spec->dest);
}

/* An IPv6 route stays when its source goes, and forgets it. */
static bool is_of(const struct route *route, const struct hy_ip_addr *source)
{
    if (route->protocol != HY_IP_ROUTE_PROTOCOL)
        return false;
    return route->has_source ? hy_ip_addr_equal(&route->source, source)
                             : source->family == AF_INET6 && route->dest.family == AF_INET6;
}

static int dump(struct hy_ip_nl *nl, int family, uint8_t protocol, mnl_cb_t callback, void *context)
{
    struct hy_ip_request request;
    struct nlmsghdr *message = hy_ip_nl_request(&request, RTM_GETROUTE, NLM_F_DUMP);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->rtm_family = (uint8_t)family;
    info->rtm_table = RT_TABLE_MAIN;
    info->rtm_protocol = protocol; /* 0: all */
    int rc = hy_ip_nl_ask(nl, message, callback, context);
    if (rc != -EAGAIN)
        return rc == -ENOENT ? 0 : rc; /* no route was ever made */
    hy_ip_nl_close(nl);
    return hy_ip_nl_open(nl, 0) < 0 ? -EIO : -EAGAIN;
}

/* What there is for each of the specs. */
struct found {
    struct hy_ip_fib foreign, ours; /* the first in order */
    bool sourceless;                /* ours has lost its source */
};

struct survey {
    const struct hy_ip_routes *routes;
    const struct hy_ip_addr *source;
    struct found found[HY_IP_ROUTES_MAX];
};

static int note_route(const struct nlmsghdr *message, void *context)
{
    struct survey *survey = context;
    struct route route;
    if (!parse(message, &route))
        return MNL_CB_OK;
    for (int i = 0; i < survey->routes->count; i++) {
        struct found *found = &survey->found[i];
        bool ours = is_of(&route, survey->source);
        if (!leads_to(&route, &survey->routes->items[i]) || (!ours && route.protocol == HY_IP_ROUTE_PROTOCOL))
            continue;
        struct hy_ip_fib *best = ours ? &found->ours : &found->foreign;
        if (best->found && best->metric <= route.fib.metric)
            continue;
        *best = route.fib;
        if (ours)
            found->sourceless = !route.has_source;
    }
    return MNL_CB_OK;
}

static int survey_now(struct hy_ip_nl *nl, struct survey *survey)
{
    int rc = -EAGAIN;
    for (int i = 0; i < REMOVE_ROUNDS && rc == -EAGAIN; i++) {
        memset(survey->found, 0, sizeof survey->found);
        rc = dump(nl, survey->source->family, 0, note_route, survey);
    }
    return rc;
}

/* ---- changing */

static struct nlmsghdr *compose(struct hy_ip_request *request, uint16_t type, unsigned flags,
                                const struct hy_ip_addr *dest, int prefix, const struct hy_ip_fib *fib)
{
    struct nlmsghdr *message = hy_ip_nl_request(request, type, NLM_F_ACK | flags);
    struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    info->rtm_family = (uint8_t)dest->family;
    info->rtm_dst_len = (uint8_t)prefix;
    info->rtm_table = RT_TABLE_MAIN;
    info->rtm_protocol = HY_IP_ROUTE_PROTOCOL;
    info->rtm_scope = fib->scope;
    info->rtm_type = fib->type;
    info->rtm_flags = fib->flags;
    if (prefix > 0)
        mnl_attr_put(message, RTA_DST, dest->size, dest->bytes);
    if (fib->metric)
        mnl_attr_put_u32(message, RTA_PRIORITY, fib->metric);
    memcpy(mnl_nlmsg_get_payload_tail(message), fib->attrs, fib->size);
    message->nlmsg_len += (uint32_t)fib->size;
    return message;
}

/* IPv4 puts a new one before those of the same metric; IPv6 would make it one hop more of the one that is there. */
static int add(struct hy_ip_nl *nl, const struct hy_ip_route_spec *spec, const struct hy_ip_routes_order *order,
               const struct hy_ip_fib *fib, bool replaces)
{
    struct hy_ip_request request;
    bool version6 = spec->dest.family == AF_INET6;
    unsigned flags = NLM_F_CREATE | (!version6 ? 0u : replaces ? NLM_F_REPLACE : NLM_F_EXCL);
    struct nlmsghdr *message = compose(&request, RTM_NEWROUTE, flags, &spec->dest, spec->prefix, fib);
    mnl_attr_put(message, RTA_PREFSRC, order->source->size, order->source->bytes);
    if (version6 && order->ends)
        mnl_attr_put_u32(message, RTA_EXPIRES, HY_IP_ROUTE_LIFETIME_S);
    return hy_ip_nl_ask(nl, message, NULL, NULL);
}

static int take_away(struct hy_ip_nl *nl, const struct hy_ip_addr *dest, int prefix, const struct hy_ip_fib *fib,
                     const struct hy_ip_addr *source)
{
    struct hy_ip_request request;
    struct nlmsghdr *message = compose(&request, RTM_DELROUTE, 0, dest, prefix, fib);
    if (source)
        mnl_attr_put(message, RTA_PREFSRC, source->size, source->bytes);
    int rc = hy_ip_nl_ask(nl, message, NULL, NULL);
    return rc == -ESRCH || rc == -ENODEV ? 0 : rc;
}

/* ---- what is wanted */

static void put_attr(struct hy_ip_fib *fib, uint16_t type, const void *data, size_t size)
{
    struct nlattr attr = {.nla_len = (uint16_t)(ATTR_HEADER + size), .nla_type = type};
    memcpy(fib->attrs + fib->size, &attr, sizeof attr);
    memcpy(fib->attrs + fib->size + ATTR_HEADER, data, size);
    fib->size += aligned(attr.nla_len);
}

/* As the operator has written it. Where no interface is said the kernel finds it by the gateway; it cannot for one that
 * any link may have. */
static int want_own(struct hy_ip_nl *nl, const struct hy_ip_route_spec *spec, const struct hy_ip_routes_order *order,
                    struct hy_ip_fib *wanted)
{
    bool version6 = spec->dest.family == AF_INET6;
    int index = 0;
    *wanted = (struct hy_ip_fib){.found = true, .type = RTN_UNICAST, .scope = RT_SCOPE_UNIVERSE};
    wanted->metric = spec->has_metric ? spec->metric : version6 ? METRIC6 : 0;
    if (spec->dev[0]) {
        struct hy_ip_link link;
        int rc = hy_ip_nl_link(nl, spec->dev, &link);
        if (rc)
            return rc;
        index = link.index;
    } else if (version6 && spec->via.bytes[0] == 0xfe && (spec->via.bytes[1] & 0xc0) == 0x80) {
        index = order->index;
    }
    if (index)
        put_attr(wanted, RTA_OIF, &index, sizeof index);
    if (spec->via.size)
        put_attr(wanted, RTA_GATEWAY, spec->via.bytes, spec->via.size);
    else if (!version6)
        wanted->scope = RT_SCOPE_LINK;
    return 0;
}

/* As the one that is there, but before it. In IPv4 nothing comes before metric 0, but ours is put in front of it. */
static int want_like(const struct hy_ip_fib *foreign, int family, struct hy_ip_fib *wanted)
{
    *wanted = *foreign;
    if (!foreign->found)
        return 0;
    if (family == AF_INET6 && foreign->metric <= 1)
        return -ERANGE;
    if (wanted->metric > 0)
        wanted->metric--;
    return 0;
}

/* Each attribute of `wanted` is in `is` too: the kernel adds what it has found out by itself. */
static bool fulfils(const struct hy_ip_fib *is, const struct hy_ip_fib *wanted)
{
    if (!is->found || is->metric != wanted->metric)
        return false;
    for (size_t at = 0; at < wanted->size;) {
        struct nlattr attr;
        memcpy(&attr, wanted->attrs + at, sizeof attr);
        size_t size = aligned(attr.nla_len);
        bool there = false;
        for (size_t other = 0; other < is->size && !there;) {
            struct nlattr own;
            memcpy(&own, is->attrs + other, sizeof own);
            there = own.nla_len == attr.nla_len && memcmp(is->attrs + other, wanted->attrs + at, attr.nla_len) == 0;
            other += aligned(own.nla_len);
        }
        if (!there)
            return false;
        at += size;
    }
    return true;
}

static bool same(const struct hy_ip_fib *a, const struct hy_ip_fib *b)
{
    return a->found == b->found && a->metric == b->metric && a->flags == b->flags && a->size == b->size &&
           memcmp(a->attrs, b->attrs, a->size) == 0;
}

struct change {
    struct hy_ip_nl *nl;
    const struct hy_ip_route_spec *spec;
    const struct hy_ip_routes_order *order;
    const struct found *found;
    struct hy_ip_fib *followed; /* NULL: not kept */
};

static int put_one(const struct change *change)
{
    const struct found *found = change->found;
    const struct hy_ip_route_spec *spec = change->spec;
    struct hy_ip_fib wanted;
    int rc = spec->follows ? want_like(&found->foreign, spec->dest.family, &wanted)
                           : want_own(change->nl, spec, change->order, &wanted);
    if (rc)
        return rc;
    const struct hy_ip_addr *old_source = found->sourceless ? NULL : change->order->source;
    if (!wanted.found)
        return found->ours.found ? take_away(change->nl, &spec->dest, spec->prefix, &found->ours, old_source) : 0;
    /* Seen and done: what the kernel shows of it need not be what it was told, byte for byte. */
    bool done = change->followed && spec->follows && same(change->followed, &found->foreign);
    bool good = found->ours.found && !found->sourceless && (done || fulfils(&found->ours, &wanted));
    if (good && !change->order->renew)
        return 0;
    bool replaces = found->ours.found && found->ours.metric == wanted.metric;
    rc = add(change->nl, spec, change->order, &wanted, replaces);
    if (rc == -EEXIST && spec->dest.family == AF_INET) /* the very same */
        rc = 0;
    else if (rc == 0 && !good && found->ours.found && (!replaces || spec->dest.family == AF_INET))
        rc = take_away(change->nl, &spec->dest, spec->prefix, &found->ours, old_source);
    if (rc == 0 && change->followed)
        *change->followed = found->foreign;
    return rc;
}

int hy_ip_routes_put(struct hy_ip_nl *nl, const struct hy_ip_routes *routes, const struct hy_ip_routes_order *order,
                     struct hy_ip_route_state *state, char text[HY_IP_ROUTE_TEXT], int *waiting)
{
    struct survey survey = {.routes = routes, .source = order->source};
    int answer = survey_now(nl, &survey);
    *waiting = 0;
    memcpy(text, "routes", sizeof "routes");
    for (int i = 0; i < routes->count && (answer == 0 || i > 0); i++) {
        const struct found *found = &survey.found[i];
        struct change change = {.nl = nl,
                                .spec = &routes->items[i],
                                .order = order,
                                .found = found,
                                .followed = state ? &state->followed[i] : NULL};
        *waiting += routes->items[i].follows && !found->foreign.found;
        int rc = put_one(&change);
        if (rc == 0 || answer)
            continue;
        answer = rc;
        hy_ip_route_text(&routes->items[i], text, HY_IP_ROUTE_TEXT);
    }
    return answer;
}

const char *hy_ip_routes_why(int rc)
{
    switch (rc) {
    case -EEXIST:
        return "there is a route to it with this metric already: choose another metric";
    case -ERANGE:
        return "the one that is there has the metric 1, and none can come before it";
    case -ENETUNREACH:
    case -EHOSTUNREACH:
        return "its gateway cannot be reached from any interface of this host";
    case -ENODEV:
        return "there is no such interface";
    case -ENETDOWN:
        return "its interface is down";
    default:
        return strerror(-rc);
    }
}

void hy_ip_routes_reason(const struct halyard_host *host, const struct halyard_op *op,
                         const struct hy_ip_target *target, const char *text, int rc)
{
    host->reason(op, "the route %s with the source %s cannot be added: %s", text, target->text, hy_ip_routes_why(rc));
}

int hy_ip_routes_missing(struct hy_ip_nl *nl, const struct hy_ip_routes *routes, const struct hy_ip_addr *source,
                         char text[HY_IP_ROUTE_TEXT])
{
    struct survey survey = {.routes = routes, .source = source};
    int rc = routes->count ? survey_now(nl, &survey) : 0;
    for (int i = 0; i < routes->count && rc == 0; i++) {
        const struct found *found = &survey.found[i];
        bool wanted = !routes->items[i].follows || found->foreign.found;
        if (!wanted || (found->ours.found && !found->sourceless))
            continue;
        hy_ip_route_text(&routes->items[i], text, HY_IP_ROUTE_TEXT);
        return 1;
    }
    return rc;
}

struct removal {
    const struct hy_ip_addr *source;
    int count;
    struct route routes[REMOVE_AT_ONCE];
};

static int note_removal(const struct nlmsghdr *message, void *context)
{
    struct removal *removal = context;
    if (removal->count < REMOVE_AT_ONCE && parse(message, &removal->routes[removal->count]))
        removal->count += is_of(&removal->routes[removal->count], removal->source);
    return MNL_CB_OK;
}

int hy_ip_routes_remove(struct hy_ip_nl *nl, const struct hy_ip_addr *source)
{
    struct removal removal = {.source = source, .count = 1};
    int rc = 0;
    for (int round = 0; round < REMOVE_ROUNDS && (rc == -EAGAIN || removal.count > 0); round++) {
        removal.count = 0;
        rc = dump(nl, source->family, HY_IP_ROUTE_PROTOCOL, note_removal, &removal);
        for (int i = 0; i < removal.count; i++) {
            const struct route *route = &removal.routes[i];
            int failed = take_away(nl, &route->dest, route->prefix, &route->fib, route->has_source ? source : NULL);
            if (failed)
                return failed;
        }
    }
    return rc;
}

bool hy_ip_routes_concerned(const struct hy_ip_routes *routes, const struct nlmsghdr *message)
{
    struct route route;
    if (!parse(message, &route))
        return false;
    if (route.protocol == HY_IP_ROUTE_PROTOCOL && message->nlmsg_type == RTM_NEWROUTE)
        return false; /* our own doing */
    for (int i = 0; i < routes->count; i++)
        if (leads_to(&route, &routes->items[i]))
            return true;
    return false;
}
