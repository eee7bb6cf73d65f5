/* SPDX-License-Identifier: Apache-2.0 */
#include "announce.h"
#include "clock.h"
#include "conflict.h"
#include "guard.h"
#include "held.h"
#include "packet.h"
#include "routes.h"
#include "vip.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define DAD_POLL_MS 20
#define NAME_OWNER_MS 50
#define DEADLINE_MARGIN_MS 200 /* to say why, before the host ends us */

struct start {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct hy_ip_nl *nl;
    int packets; /* socket; -1: none yet. The end of this process closes it, see packet.h */
    struct hy_ip_config config;
    struct hy_ip_view view;
    struct hy_ip_link link;
    int prefix;
    char label[IFNAMSIZ];
};

static int64_t time_left(const struct start *start)
{
    int64_t left = start->host->ms_left(start->op);
    return left > DEADLINE_MARGIN_MS ? left - DEADLINE_MARGIN_MS : 0;
}

static enum halyard_rc check_lease(const struct start *start)
{
    bool lasts = hy_ip_has_lease(start->host, start->op, start->config.target.text);
    return lasts ? HALYARD_OK : HALYARD_ERR_GENERIC;
}

/* Where it is, or where it is to be. */
static enum halyard_rc locate(struct start *start)
{
    const struct hy_ip_target *target = &start->config.target;
    start->prefix = target->prefix;
    int rc = hy_ip_look(start->nl, target, &start->view);
    if (rc && rc != -ENODEV)
        return hy_ip_failed(start->host, start->op, rc, "the addresses of this host cannot be listed");
    if (rc == 0 && start->view.entry) {
        start->link = start->view.link;
        start->prefix = start->view.entry->prefix;
        return HALYARD_OK;
    }
    return hy_ip_place(start->host, start->op, start->nl, target, &start->link, &start->prefix);
}

static enum halyard_rc check_link(const struct start *start)
{
    const char *trouble = hy_ip_link_trouble(&start->link, start->config.target.check_carrier);
    if (!trouble)
        return HALYARD_OK;
    start->host->reason(start->op, "%s %s: %s would not be reached there", start->link.name, trouble,
                        start->config.target.text);
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc ask_around(struct start *start)
{
    const struct hy_ip_config *config = &start->config;
    if (start->host->meta(start->op, "handed_over"))
        return HALYARD_OK; /* it has been let go of a moment ago, and whoever had it had asked */
    int64_t left = time_left(start);
    struct hy_ip_conflict conflict = {.check_ms = config->conflict_check_ms,
                                      .wait_ms = config->conflict_wait_ms < left ? config->conflict_wait_ms : left};
    int rc = hy_ip_conflict_check(start->nl, &start->packets, &start->link, &config->target.addr, &conflict);
    if (rc < 0)
        return hy_ip_failed(start->host, start->op, rc, "nobody can be asked whether the address is in use");
    if (rc == 0 && conflict.waited_ms == 0)
        return HALYARD_OK;
    char mac[HY_IP_MAC_TEXT];
    hy_ip_mac_text(conflict.owner, mac);
    if (rc == 0) {
        start->host->log(start->op, LOG_NOTICE, "%s was answered by %s on %s for another %lld ms", config->target.text,
                         mac, start->link.name, (long long)conflict.waited_ms);
        return HALYARD_OK;
    }
    start->host->reason(start->op, "%s is in use by %s on %s: that host still answers after %lld ms",
                        config->target.text, mac, start->link.name, (long long)conflict.waited_ms);
    return HALYARD_ERR_GENERIC;
}

/* What is there with another prefix, with another label, or refused by the kernel's duplicate detection. */
static enum halyard_rc remove_what_is_wrong(struct start *start)
{
    for (int i = 0; i < start->view.found.count; i++) {
        const struct hy_ip_entry *entry = &start->view.found.entries[i];
        bool ours = entry->index == start->link.index;
        bool label = !start->label[0] || strcmp(entry->label, start->label) == 0;
        if (ours && label && entry->prefix == start->prefix && !(entry->flags & IFA_F_DADFAILED))
            continue;
        start->host->log(start->op, LOG_NOTICE, "%s/%d%s%s is taken away: it shall be %s/%d%s%s on %s",
                         start->config.target.text, entry->prefix, entry->label[0] ? " " : "", entry->label,
                         start->config.target.text, start->prefix, start->label[0] ? " " : "", start->label,
                         start->link.name);
        if (start->config.target.addr.family == AF_INET)
            (void)hy_ip_nl_keep_secondaries(start->nl, entry->index);
        int rc = hy_ip_nl_delete(start->nl, entry);
        if (rc && rc != -EADDRNOTAVAIL)
            return hy_ip_failed(start->host, start->op, rc, "the address that is there cannot be removed");
    }
    return HALYARD_OK;
}

struct net_search {
    const struct start *start;
    bool found;
};

static void same_net(const struct hy_ip_entry *entry, void *context)
{
    struct net_search *search = context;
    const struct hy_ip_addr *addr = &search->start->config.target.addr;
    search->found |= entry->prefix == search->start->prefix && !hy_ip_addr_equal(&entry->addr, addr) &&
                     hy_ip_addr_same_net(&entry->addr, addr, entry->prefix);
}

/* IPv6 has one route for all addresses of a net on a link, and our lifetime would become that route's: when ours ended,
 * the others would have lost their net. Whoever has one has a route for it already. */
static bool net_has_route(const struct start *start)
{
    struct net_search search = {.start = start};
    int rc = hy_ip_nl_entries(start->nl, AF_INET6, start->link.index, same_net, &search);
    return rc == 0 && search.found;
}

/* The only way to learn whether the kernel made it a primary one: then its end would take the secondaries with it,
 * among them perhaps other virtual addresses. */
static int look_again(struct start *start)
{
    struct hy_ip_target target = start->config.target;
    memcpy(target.nic, start->link.name, IFNAMSIZ);
    target.prefix = start->prefix;
    int rc = hy_ip_look(start->nl, &target, &start->view);
    return rc == 0 && !start->view.entry ? -EADDRNOTAVAIL : rc;
}

/* The kernel does not say who it was; whoever still answers is. */
static enum halyard_rc tell_duplicate(struct start *start)
{
    struct hy_ip_conflict conflict = {.check_ms = NAME_OWNER_MS};
    const char *text = start->config.target.text, *nic = start->link.name;
    if (hy_ip_conflict_check(start->nl, &start->packets, &start->link, &start->config.target.addr, &conflict) == 1) {
        char mac[HY_IP_MAC_TEXT];
        hy_ip_mac_text(conflict.owner, mac);
        start->host->reason(start->op, "%s is in use by %s on %s: duplicate address detection has failed (dadfailed)",
                            text, mac, nic);
    } else {
        start->host->reason(start->op, "%s is in use on %s: duplicate address detection has failed (dadfailed)", text,
                            nic);
    }
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc give_up_detection(struct start *start)
{
    start->host->reason(start->op,
                        "%s on %s is still tentative at the end of the time for start: duplicate "
                        "address detection has not ended. Give start more time",
                        start->config.target.text, start->link.name);
    (void)hy_ip_nl_delete(start->nl, start->view.entry);
    return HALYARD_ERR_GENERIC;
}

static void tell_not_optimistic(const struct start *start)
{
    start->host->log(start->op, LOG_NOTICE,
                     "%s serves only when duplicate address detection has ended: net.ipv6.conf.%s.optimistic_dad is 0",
                     start->config.target.text, start->link.name);
}

static enum halyard_rc await_dad(struct start *start)
{
    bool optimistic = start->config.dad == HY_IP_DAD_OPTIMISTIC;
    for (;;) {
        int rc = look_again(start);
        /* One with a lifetime is removed by the kernel itself when somebody else has it. */
        if (rc == -EADDRNOTAVAIL && start->config.dad != HY_IP_DAD_OFF && start->view.found.count == 0)
            return tell_duplicate(start);
        if (rc)
            return hy_ip_failed(start->host, start->op, rc, "the new address has gone again");
        uint32_t flags = start->view.entry->flags;
        if (flags & IFA_F_DADFAILED) {
            (void)hy_ip_nl_delete(start->nl, start->view.entry);
            return tell_duplicate(start);
        }
        if (!(flags & IFA_F_TENTATIVE) || flags & IFA_F_OPTIMISTIC)
            return HALYARD_OK;
        if (time_left(start) == 0)
            return give_up_detection(start);
        if (optimistic)
            tell_not_optimistic(start);
        optimistic = false;
        hy_ip_sleep_ms(DAD_POLL_MS);
    }
}

static enum halyard_rc put(struct start *start)
{
    struct hy_ip_new entry;
    const struct hy_ip_entry *old = start->view.entry;
    int64_t lease = start->host->lease_ms(start->op);
    hy_ip_compose(&start->config, &start->link, start->prefix, start->label, &entry);
    hy_ip_lifetimes(&start->config, lease, HY_IP_START_LIFETIME_S, old ? hy_ip_age_s(old) : 0, &entry);
    bool version6 = entry.addr.family == AF_INET6;
    if (version6 && entry.valid_s != HY_IP_FOREVER && net_has_route(start))
        entry.flags |= IFA_F_NOPREFIXROUTE;
    int rc = hy_ip_held_set(start->host, start->op);
    if (rc)
        return hy_ip_failed(start->host, start->op, rc, "the state folder cannot be written");
    rc = hy_ip_nl_put(start->nl, &entry);
    if (rc == 0 && !version6)
        rc = look_again(start);
    if (rc)
        return hy_ip_failed(start->host, start->op, rc, "the address cannot be added");
    if (version6)
        return await_dad(start);
    if (!(start->view.entry->flags & IFA_F_SECONDARY) && start->prefix < 32) {
        rc = hy_ip_nl_keep_secondaries(start->nl, start->link.index);
        if (rc)
            start->host->log(start->op, LOG_WARNING, "promote_secondaries cannot be set on %s: %s", start->link.name,
                             strerror(-rc));
    }
    return HALYARD_OK;
}

static void drop_routes(struct start *start)
{
    (void)hy_ip_routes_remove(start->nl, &start->config.target.addr);
    hy_ip_mark_clear(start->host, start->op, HY_IP_ROUTED);
}

/* The address is taken away again when they cannot be had: with another source than was ordered it would not serve. */
static enum halyard_rc put_routes(struct start *start)
{
    const struct hy_ip_config *config = &start->config;
    struct hy_ip_routes_order order = {.source = &config->target.addr,
                                       .index = start->link.index,
                                       .ends = start->host->lease_ms(start->op) != INT64_MAX,
                                       .renew = true};
    char text[HY_IP_ROUTE_TEXT];
    int waiting = 0;
    if (hy_ip_mark(start->host, start->op, HY_IP_ROUTED) && !config->routes.count)
        drop_routes(start); /* of before the parameter was changed */
    if (!config->routes.count)
        return HALYARD_OK;
    int rc = hy_ip_mark_set(start->host, start->op, HY_IP_ROUTED);
    if (rc)
        return hy_ip_failed(start->host, start->op, rc, "the state folder cannot be written");
    rc = hy_ip_routes_put(start->nl, &config->routes, &order, NULL, text, &waiting);
    if (rc) {
        hy_ip_routes_reason(start->host, start->op, &config->target, text, rc);
        (void)hy_ip_nl_delete(start->nl, start->view.entry);
        drop_routes(start);
        return HALYARD_ERR_GENERIC;
    }
    if (waiting)
        start->host->log(start->op, LOG_NOTICE,
                         "%d of the routes of %s have nothing to follow: the host has no route to there. They will "
                         "come with it",
                         waiting, config->target.text);
    return HALYARD_OK;
}

static void announce(struct start *start)
{
    int64_t count = start->config.announce_in_background ? 1 : start->config.announce_count;
    for (int64_t i = 0; i < count; i++) {
        if (i > 0) {
            if (time_left(start) <= start->config.announce_interval_ms)
                return;
            hy_ip_sleep_ms(start->config.announce_interval_ms);
        }
        int rc = hy_ip_announce(&start->packets, &start->link, &start->config.target.addr);
        if (rc)
            start->host->log(start->op, LOG_WARNING, "%s cannot be announced on %s: %s", start->config.target.text,
                             start->link.name, strerror(-rc));
    }
}

/* Then nobody else is asked: a restart of the cluster must not lose the address. */
static bool is_here(const struct start *start)
{
    for (int i = 0; i < start->view.found.count; i++)
        if (!(start->view.found.entries[i].flags & IFA_F_DADFAILED))
            return true;
    return false;
}

static enum halyard_rc take(struct start *start)
{
    bool here = is_here(start);
    enum halyard_rc rc = hy_ip_label(start->host, start->op, &start->config.target, start->link.name, start->label);
    if (rc == HALYARD_OK)
        rc = check_link(start);
    if (rc == HALYARD_OK && !here)
        rc = ask_around(start);
    if (rc == HALYARD_OK)
        rc = check_lease(start); /* asking may have taken seconds */
    if (rc == HALYARD_OK)
        rc = remove_what_is_wrong(start);
    if (rc != HALYARD_OK)
        return rc;
    rc = hy_ip_guard_set(start->host, start->op, start->nl, &start->config, &start->link);
    if (rc != HALYARD_OK && !here)
        hy_ip_guard_clear(start->host, start->op, start->nl, &start->config.target, start->link.index);
    if (rc == HALYARD_OK)
        rc = put(start);
    if (rc == HALYARD_OK)
        rc = put_routes(start);
    if (rc != HALYARD_OK) {
        hy_ip_held_clear(start->host, start->op);
        return rc;
    }
    announce(start);
    hy_ip_guard_tell(start->host, start->op, start->nl, &start->config.target, &start->link);
    return HALYARD_OK;
}

enum halyard_rc hy_ip_start(const struct halyard_host *host, const struct halyard_op *op)
{
    struct hy_ip_nl nl;
    struct start start = {.host = host, .op = op, .nl = &nl, .packets = -1};
    enum halyard_rc answer = hy_ip_config_read(host, op, &start.config);
    if (answer == HALYARD_OK)
        answer = check_lease(&start);
    if (answer != HALYARD_OK)
        return answer;
    int rc = hy_ip_nl_open(&nl, 0);
    if (rc)
        return hy_ip_failed(host, op, rc, "netlink cannot be opened");
    answer = locate(&start);
    if (answer == HALYARD_OK)
        answer = take(&start);
    hy_ip_nl_close(&nl);
    return answer;
}
