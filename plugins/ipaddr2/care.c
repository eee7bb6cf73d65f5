/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compares the address and its link with what they were. An address that somebody has removed (a person, a network
 * manager that takes it for a stranger's) is put back in the same moment: it is not the resource that has failed. The
 * loss of the link is the monitor's: it is called at once.
 */
#include "clock.h"
#include "held.h"
#include "watch.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define MINUTE_MS 60000

static const char *text(const struct hy_ip_watch *watch)
{
    return watch->config.target.text;
}

/* ---- putting it back */

static int64_t lease(const struct hy_ip_watch *watch)
{
    return watch->host->lease_ms(watch->op);
}

/* Somebody wants it managed, start has added it, stop has not begun, the node may have it, and where it was it would serve. */
static bool may_put_back(const struct hy_ip_watch *watch, const struct hy_ip_view *view)
{
    return !watch->hands_off && view->found.count == 0 && view->link.index && !watch->trouble && !watch->dad_failed &&
           lease(watch) > 0 && hy_ip_held(watch->host, watch->op);
}

/* Where watch has never seen it, as start would have placed it. */
static int find_place(struct hy_ip_watch *watch, const struct hy_ip_link *link, int *prefix, char label[IFNAMSIZ])
{
    const struct hy_ip_config *config = &watch->config;
    struct hy_ip_link place = *link;
    *prefix = watch->entry.index ? watch->entry.prefix : config->target.prefix;
    label[0] = '\0';
    if (*prefix < 0 && hy_ip_place(watch->host, watch->op, &watch->asks, &config->target, &place, prefix) != HALYARD_OK)
        return -EADDRNOTAVAIL;
    return hy_ip_label(watch->host, watch->op, &config->target, link->name, label) == HALYARD_OK ? 0 : -EINVAL;
}

/* Nobody is asked, and nothing is detected: it was here until a moment ago. See held.h for the second look at the mark. */
static int add_again(struct hy_ip_watch *watch, const struct hy_ip_link *link)
{
    struct hy_ip_new entry;
    int prefix;
    char label[IFNAMSIZ];
    int rc = find_place(watch, link, &prefix, label);
    if (rc)
        return rc;
    hy_ip_compose(&watch->config, link, prefix, label, &entry);
    hy_ip_lifetimes(&watch->config, lease(watch), HY_IP_LIFETIME_S, hy_ip_age_s(&watch->entry), &entry);
    entry.flags |= watch->entry.flags & IFA_F_NOPREFIXROUTE;
    if (entry.addr.family == AF_INET6)
        entry.flags = (entry.flags | IFA_F_NODAD) & ~(uint32_t)IFA_F_OPTIMISTIC;
    rc = hy_ip_nl_put(&watch->asks, &entry);
    if (rc == 0 && !hy_ip_held(watch->host, watch->op)) {
        struct hy_ip_entry added = {.index = link->index, .addr = entry.addr, .peer = entry.addr, .prefix = prefix};
        (void)hy_ip_nl_delete(&watch->asks, &added);
        rc = -ECANCELED;
    }
    return rc;
}

/* It may be the primary one of its net now. */
static void spare_secondaries(struct hy_ip_watch *watch)
{
    const struct hy_ip_entry *entry = &watch->entry;
    if (entry->addr.family == AF_INET && entry->prefix < 32 && !(entry->flags & IFA_F_SECONDARY))
        (void)hy_ip_nl_keep_secondaries(&watch->asks, entry->index);
}

static void tell_put_back(struct hy_ip_watch *watch, int64_t now)
{
    hy_ip_care_routes(watch, now); /* they went with it */
    if (!watch->put_back || now - watch->put_back_since > MINUTE_MS) {
        watch->put_back = 0;
        watch->put_back_since = now;
    }
    hy_ip_watch_begin_burst(watch, watch->config.announce_count, now);
    if (++watch->put_back == 1)
        hy_ip_watch_say(watch, "%s was removed from %s, not by the cluster: it was put back at once", text(watch),
                        watch->link.name);
    else
        hy_ip_watch_say(watch,
                        "%s was removed from %s, not by the cluster: it was put back at once, %d times within a "
                        "minute. Find out what removes it",
                        text(watch), watch->link.name, watch->put_back);
}

static int put_back(struct hy_ip_watch *watch, struct hy_ip_view *view, int64_t now)
{
    struct hy_ip_link link = view->link;
    int rc = add_again(watch, &link);
    int looked = hy_ip_look(&watch->asks, &watch->config.target, view);
    if (looked)
        return looked == -ENODEV ? 0 : looked;
    if (view->entry) {
        watch->present = true;
        watch->entry = *view->entry;
        watch->link = view->link;
        watch->removed = false;
        spare_secondaries(watch);
        tell_put_back(watch, now);
    } else if (rc && rc != -ECANCELED) {
        watch->host->log(watch->op, LOG_WARNING, "%s was removed from %s, and cannot be put back: %s", text(watch),
                         link.name, strerror(-rc));
    }
    return 0;
}

/* ---- comparing */

static void tell_duplicate(const struct hy_ip_watch *watch)
{
    hy_ip_watch_say(watch, "%s is in use by another host on %s: duplicate address detection has failed (dadfailed)",
                    text(watch), watch->link.name);
}

static void compare_detection(struct hy_ip_watch *watch, uint32_t before, uint32_t flags, int64_t now)
{
    if (flags & ~before & IFA_F_DADFAILED)
        tell_duplicate(watch);
    else if (before & ~flags & IFA_F_TENTATIVE)
        hy_ip_watch_begin_burst(watch, watch->config.announce_count, now); /* until now it did not serve */
}

static void compare_presence(struct hy_ip_watch *watch, const struct hy_ip_view *view, int64_t now)
{
    bool present = view->entry != NULL;
    bool was = watch->present;
    watch->present = present;
    if (present) {
        uint32_t before = watch->entry.flags;
        watch->entry = *view->entry;
        watch->dad_failed = view->entry->flags & IFA_F_DADFAILED;
        if (was)
            compare_detection(watch, before, view->entry->flags, now);
        if (was && watch->removed) /* and added again before we came to look, perhaps by a renewal */
            tell_put_back(watch, now);
    }
    watch->removed = false;
    if (present == was || watch->trouble) /* what the link's end took along is not told a second time */
        return;
    if (present) {
        hy_ip_watch_say(watch, "%s is back on %s", text(watch), watch->link.name);
        hy_ip_watch_begin_burst(watch, watch->config.announce_count, now);
    } else if (watch->dad_failed) { /* under a lifetime the kernel itself removes what it has refused */
        tell_duplicate(watch);
    } else {
        hy_ip_watch_say(watch, "%s was removed from %s", text(watch), watch->link.name);
    }
}

static void compare_link(struct hy_ip_watch *watch, const struct hy_ip_link *link, int64_t now)
{
    const char *trouble = hy_ip_link_trouble(link, watch->config.target.check_carrier);
    bool moved = link->index != watch->link.index || memcmp(link->mac, watch->link.mac, sizeof link->mac) != 0;
    bool changed = !trouble != !watch->trouble;
    watch->link = *link;
    watch->trouble = trouble;
    if (changed)
        hy_ip_watch_say(watch, "%s, which holds %s, %s", link->name, text(watch), trouble ? trouble : "is up again");
    /* Who is on the link may have changed, or our port of the switch: nobody knows the address any more. */
    if (!trouble && (changed || moved))
        hy_ip_watch_begin_burst(watch, watch->config.announce_count, now);
}

static void lose_link(struct hy_ip_watch *watch)
{
    if (watch->link_gone || !watch->link.index)
        return;
    watch->link_gone = true;
    watch->present = false;
    watch->trouble = "is gone";
    hy_ip_watch_say(watch, "%s, which held %s, is gone", watch->link.name, text(watch));
}

/* Also without `nic` and without the address: where it was. -ENODEV: the link has gone. */
static int view_now(struct hy_ip_watch *watch, struct hy_ip_view *view)
{
    int rc = hy_ip_look(&watch->asks, &watch->config.target, view);
    if (rc == 0 && !view->link.index && watch->link.index)
        rc = hy_ip_nl_link_at(&watch->asks, watch->link.index, &view->link);
    return rc;
}

int hy_ip_care_look(struct hy_ip_watch *watch)
{
    struct hy_ip_view view;
    int64_t now = hy_ip_now_ms();
    int rc = view_now(watch, &view);
    if (rc == -ENODEV) {
        lose_link(watch);
        return 0;
    }
    if (rc)
        return rc;
    if (view.link.index) {
        watch->link_gone = false;
        compare_link(watch, &view.link, now);
    }
    if (!view.entry && may_put_back(watch, &view)) {
        rc = put_back(watch, &view, now);
        if (rc || watch->present)
            return rc;
    }
    compare_presence(watch, &view, now);
    return 0;
}

int hy_ip_care_first_look(struct hy_ip_watch *watch)
{
    struct hy_ip_view view;
    const struct hy_ip_config *config = &watch->config;
    int rc = hy_ip_look(&watch->asks, &config->target, &view);
    if (rc && rc != -ENODEV)
        return rc;
    watch->link = view.link;
    if (!watch->link.index)
        snprintf(watch->link.name, IFNAMSIZ, "%s", config->target.nic[0] ? config->target.nic : "any interface");
    watch->trouble = view.link.index ? hy_ip_link_trouble(&view.link, config->target.check_carrier) : NULL;
    watch->present = view.entry != NULL;
    if (watch->present) {
        watch->entry = *view.entry;
        watch->dad_failed = view.entry->flags & IFA_F_DADFAILED;
        if (watch->dad_failed)
            tell_duplicate(watch);
    } else {
        watch->dad_failed = config->dad != HY_IP_DAD_OFF; /* perhaps: it may be the kernel that has taken it away */
        if (!may_put_back(watch, &view) || put_back(watch, &view, hy_ip_now_ms()) != 0 || !watch->present)
            hy_ip_watch_say(watch, "%s is not on %s", text(watch), watch->link.name);
    }
    if (watch->trouble)
        hy_ip_watch_say(watch, "%s, which holds %s, %s", watch->link.name, text(watch), watch->trouble);
    return 0;
}

/* ---- its lifetime */

/* See held.h for why it looks for the mark before and after. */
void hy_ip_care_renew(struct hy_ip_watch *watch)
{
    bool at_rest = lease(watch) == INT64_MAX && watch->entry.valid_s == HY_IP_FOREVER;
    if (!hy_ip_watch_may_act(watch) || at_rest || !hy_ip_held(watch->host, watch->op))
        return;
    if (hy_ip_care_look(watch) < 0 || !watch->present)
        return;
    struct hy_ip_new entry;
    hy_ip_compose(&watch->config, &watch->link, watch->entry.prefix, watch->entry.label, &entry);
    hy_ip_lifetimes(&watch->config, lease(watch), HY_IP_LIFETIME_S, hy_ip_age_s(&watch->entry), &entry);
    entry.flags |= watch->entry.flags & (IFA_F_NOPREFIXROUTE | IFA_F_NODAD);
    entry.flags &= ~(uint32_t)IFA_F_OPTIMISTIC;
    int rc = hy_ip_nl_put(&watch->asks, &entry);
    if (rc) {
        watch->host->log(watch->op, LOG_WARNING, "the lifetime of %s on %s cannot be renewed: %s", text(watch),
                         watch->link.name, strerror(-rc));
        return;
    }
    if (!hy_ip_held(watch->host, watch->op))
        (void)hy_ip_nl_delete(&watch->asks, &watch->entry);
}

/* ---- its routes */

static void tell_route_trouble(struct hy_ip_watch *watch, int rc, const char *which)
{
    if (rc && rc != watch->route_trouble)
        hy_ip_watch_say(watch, "the route %s with the source %s cannot be added: %s", which, text(watch),
                        hy_ip_routes_why(rc));
    watch->route_trouble = rc;
}

void hy_ip_care_routes(struct hy_ip_watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    watch->routes_at = HY_IP_NEVER;
    if (!config->routes.count)
        return;
    watch->routes_at = now + HY_IP_ROUTE_RENEW_MS;
    watch->routes_looked = now;
    if (watch->hands_off || watch->trouble || !hy_ip_watch_may_act(watch) || !hy_ip_held(watch->host, watch->op))
        return;
    bool ends = lease(watch) != INT64_MAX;
    struct hy_ip_routes_order order = {.source = &config->target.addr,
                                       .index = watch->link.index,
                                       .ends = ends,
                                       .renew = ends && config->target.addr.family == AF_INET6 &&
                                                now >= watch->renew_routes_at};
    char which[HY_IP_ROUTE_TEXT];
    int waiting;
    if (order.renew)
        watch->renew_routes_at = now + HY_IP_ROUTE_RENEW_MS;
    int rc = hy_ip_mark_set(watch->host, watch->op, HY_IP_ROUTED);
    if (rc == 0)
        rc = hy_ip_routes_put(&watch->asks, &config->routes, &order, &watch->route_state, which, &waiting);
    if (!hy_ip_held(watch->host, watch->op))
        (void)hy_ip_routes_remove(&watch->asks, &config->target.addr);
    else
        tell_route_trouble(watch, rc, which);
}
