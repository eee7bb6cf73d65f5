/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs beside the resource: sees in the kernel's events that the address or its link has gone, announces the address
 * again, and renews its short lifetime as long as the node has its lease. When every process of the cluster on this node
 * has been killed, the kernel then takes the address away by itself.
 */
#include "announce.h"
#include "clock.h"
#include "guard.h"
#include "held.h"
#include "vip.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#define RENEW_MS 400
#define EVENTS_SIZE 32768
#define EVENTS_BUFFER (1 << 20)
#define NEVER INT64_MAX

struct watch {
    const struct halyard_host *host;
    const struct halyard_op *op;
    struct hy_ip_config config;
    struct hy_ip_nl asks;
    struct hy_ip_nl hears;
    int packets;      /* socket; -1: none yet */
    sigset_t waiting; /* the signal mask while it waits */

    bool present;
    struct hy_ip_entry entry; /* as last seen */
    struct hy_ip_link link;   /* of the address; as last seen */
    const char *trouble;      /* with the link; NULL: none */

    int64_t announcements; /* still to come of this burst */
    int64_t announce_at;
    int64_t renew_at;
    bool relevant; /* an event that calls for a look */
};

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void begin_burst(struct watch *watch, int64_t count, int64_t now)
{
    watch->announcements = count;
    watch->announce_at = now;
}

static void say(const struct watch *watch, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "%s %s %s", watch->config.target.text, what, watch->link.name);
    watch->host->changed(watch->op, text);
}

static void say_link(const struct watch *watch, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "%s, which holds %s, %s", watch->link.name, watch->config.target.text, what);
    watch->host->changed(watch->op, text);
}

static void compare_presence(struct watch *watch, const struct hy_ip_view *view, int64_t now)
{
    bool present = view->entry != NULL;
    if (present)
        watch->entry = *view->entry;
    if (present == watch->present)
        return;
    watch->present = present;
    if (present) {
        say(watch, "is back on");
        begin_burst(watch, watch->config.announce_count, now);
    } else {
        say(watch, "was removed from");
    }
}

static void compare_link(struct watch *watch, const struct hy_ip_link *link, int64_t now)
{
    const char *trouble = hy_ip_link_trouble(link, watch->config.target.check_carrier);
    bool moved = memcmp(link->mac, watch->link.mac, sizeof link->mac) != 0;
    bool changed = !trouble != !watch->trouble;
    watch->link = *link;
    watch->trouble = trouble;
    if (changed)
        say_link(watch, trouble ? trouble : "is up again");
    /* Who is on the link may have changed, or our port of the switch: nobody knows the address any more. */
    if (!trouble && (changed || moved))
        begin_burst(watch, watch->config.announce_count, now);
}

static int look(struct watch *watch)
{
    struct hy_ip_view view;
    int64_t now = hy_ip_now_ms();
    int rc = hy_ip_look(&watch->asks, &watch->config.target, &view);
    if (rc && rc != -ENODEV)
        return rc;
    if (view.link.index)
        compare_link(watch, &view.link, now);
    compare_presence(watch, &view, now);
    return 0;
}

static int first_look(struct watch *watch)
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
    if (watch->present)
        watch->entry = *view.entry;
    else
        say(watch, "is not on");
    if (watch->trouble)
        say_link(watch, watch->trouble);
    /* start has sent the first one, or all. */
    watch->announcements = config->announce_in_background ? config->announce_count - 1 : 0;
    return 0;
}

static bool may_act(const struct watch *watch)
{
    return watch->present && watch->host->lease_ms(watch->op) > 0;
}

/* What is left of the burst comes soon, the next refresh later. */
static void schedule(struct watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    if (watch->announcements > 0) {
        watch->announce_at = now + config->announce_interval_ms;
    } else if (config->refresh_count > 0 && config->refresh_ms > 0) {
        watch->announcements = config->refresh_count;
        watch->announce_at = now + config->refresh_ms;
    } else {
        watch->announce_at = NEVER;
    }
}

static void announce(struct watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    watch->announcements--;
    if (may_act(watch) && !watch->trouble) {
        int rc = hy_ip_announce(&watch->packets, &watch->link, &config->target.addr);
        if (rc)
            watch->host->log(watch->op, LOG_WARNING, "%s cannot be announced on %s: %s", config->target.text,
                             watch->link.name, strerror(-rc));
    }
    schedule(watch, now);
}

/* See held.h for why it looks for the mark before and after. */
static void renew(struct watch *watch)
{
    int64_t lease = watch->host->lease_ms(watch->op);
    bool at_rest = lease == INT64_MAX && watch->entry.valid_s == HY_IP_FOREVER;
    if (!may_act(watch) || at_rest || !hy_ip_held(watch->host, watch->op))
        return;
    if (look(watch) < 0 || !watch->present)
        return;
    struct hy_ip_new entry;
    hy_ip_compose(&watch->config, &watch->link, watch->entry.prefix, NULL, &entry);
    hy_ip_lifetimes(&watch->config, lease, HY_IP_LIFETIME_S, hy_ip_age_s(&watch->entry), &entry);
    entry.flags |= watch->entry.flags & (IFA_F_NOPREFIXROUTE | IFA_F_NODAD);
    int rc = hy_ip_nl_put(&watch->asks, &entry);
    if (rc) {
        watch->host->log(watch->op, LOG_WARNING, "the lifetime of %s on %s cannot be renewed: %s",
                         watch->config.target.text, watch->link.name, strerror(-rc));
        return;
    }
    if (!hy_ip_held(watch->host, watch->op))
        (void)hy_ip_nl_delete(&watch->asks, &watch->entry);
}

static int note_event(const struct nlmsghdr *message, void *context)
{
    struct watch *watch = context;
    struct hy_ip_entry entry;
    struct hy_ip_link link;
    if (hy_ip_nl_parse_entry(message, &entry))
        watch->relevant |= hy_ip_addr_equal(&entry.addr, &watch->config.target.addr);
    else if (hy_ip_nl_parse_link(message, &link))
        watch->relevant |= link.index == watch->link.index || strcmp(link.name, watch->config.target.nic) == 0;
    return MNL_CB_OK;
}

/* All that has come in, then one look at how things are now. */
static int hear(struct watch *watch)
{
    _Alignas(struct nlmsghdr) char events[EVENTS_SIZE];
    int fd = mnl_socket_get_fd(watch->hears.socket);
    watch->relevant = false;
    for (;;) {
        ssize_t size = recv(fd, events, sizeof events, MSG_DONTWAIT);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == ENOBUFS) { /* some were lost */
            watch->relevant = true;
            continue;
        }
        if (size < 0)
            break;
        if (mnl_cb_run(events, (size_t)size, 0, 0, note_event, watch) < 0)
            watch->relevant = true; /* one that is not understood */
    }
    if (errno != EAGAIN)
        return -errno;
    return watch->relevant ? look(watch) : 0;
}

/* SIGTERM ends it here and nowhere else: not between a renewal and the look that follows it. */
static int wait_for_events(struct watch *watch, int64_t until)
{
    struct pollfd ready = {.fd = mnl_socket_get_fd(watch->hears.socket), .events = POLLIN};
    int64_t left = until == NEVER ? NEVER : until - hy_ip_now_ms();
    if (left < 0)
        left = 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / 1000), .tv_nsec = (long)(left % 1000) * 1000000};
    int rc = ppoll(&ready, 1, left == NEVER ? NULL : &timeout, &watch->waiting);
    if (rc < 0)
        return errno == EINTR ? 0 : -errno;
    return rc == 0 ? 0 : hear(watch);
}

static int run(struct watch *watch)
{
    bool lease = watch->host->lease_ms(watch->op) != INT64_MAX;
    int rc = first_look(watch);
    if (rc == 0 && lease && watch->present && !hy_ip_held(watch->host, watch->op))
        watch->host->log(watch->op, LOG_NOTICE,
                         "%s on %s was not added by start: its lifetime is left as it is, and it would stay if all of "
                         "this node's processes were killed",
                         watch->config.target.text, watch->link.name);
    schedule(watch, hy_ip_now_ms());
    while (rc == 0) {
        int64_t now = hy_ip_now_ms();
        if (watch->renew_at <= now) {
            renew(watch);
            hy_ip_guard_keep(watch->host, watch->op, &watch->asks, &watch->config.target, &watch->link);
            watch->renew_at = now + RENEW_MS;
        }
        if (watch->announce_at <= now)
            announce(watch, now);
        rc = wait_for_events(watch, sooner(watch->renew_at, watch->announce_at));
    }
    return rc;
}

static int open_sockets(struct watch *watch)
{
    int rc = hy_ip_nl_open(&watch->hears, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
    if (rc)
        return rc;
    int size = EVENTS_BUFFER;
    int fd = mnl_socket_get_fd(watch->hears.socket);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return hy_ip_nl_open(&watch->asks, 0);
}

static void hold_back_signals(struct watch *watch)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &watch->waiting);
    sigdelset(&watch->waiting, SIGTERM);
}

enum halyard_rc hy_ip_watch(const struct halyard_host *host, const struct halyard_op *op)
{
    struct watch watch = {.host = host, .op = op, .packets = -1};
    enum halyard_rc answer = hy_ip_config_read(host, op, &watch.config);
    if (answer != HALYARD_OK)
        return answer;
    hold_back_signals(&watch);
    int rc = open_sockets(&watch);
    if (rc == 0)
        rc = run(&watch);
    hy_ip_nl_close(&watch.hears);
    hy_ip_nl_close(&watch.asks);
    return hy_ip_failed(host, op, rc, "netlink has failed");
}
