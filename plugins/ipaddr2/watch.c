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
#include "watch.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <syslog.h>

#define RENEW_MS 400
#define ROUTES_GAP_MS 20 /* between two looks at the routes */
#define EVENTS_SIZE 32768
#define EVENTS_BUFFER (1 << 20)
#define PRIORITY 1 /* the least of the real-time ones */
#define CPU_AT_A_TIME_US 3000000

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void hy_ip_watch_say(const struct hy_ip_watch *watch, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    watch->host->changed(watch->op, text);
}

bool hy_ip_watch_may_act(const struct hy_ip_watch *watch)
{
    return watch->present && watch->host->lease_ms(watch->op) > 0;
}

/* ---- announcements */

void hy_ip_watch_begin_burst(struct hy_ip_watch *watch, int64_t count, int64_t now)
{
    watch->announcements = count;
    watch->announce_at = now;
}

/* What is left of the burst comes soon, the next refresh later. */
static void schedule(struct hy_ip_watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    if (watch->announcements > 0) {
        watch->announce_at = now + config->announce_interval_ms;
    } else if (config->refresh_count > 0 && config->refresh_ms > 0) {
        watch->announcements = config->refresh_count;
        watch->announce_at = now + config->refresh_ms;
    } else {
        watch->announce_at = HY_IP_NEVER;
    }
}

static void announce(struct hy_ip_watch *watch, int64_t now)
{
    const struct hy_ip_config *config = &watch->config;
    watch->announcements--;
    if (hy_ip_watch_may_act(watch) && !watch->trouble) {
        int rc = hy_ip_announce(&watch->packets, &watch->link, &config->target.addr);
        if (rc)
            watch->host->log(watch->op, LOG_WARNING, "%s cannot be announced on %s: %s", config->target.text,
                             watch->link.name, strerror(-rc));
        hy_ip_defend_ask(watch);
    }
    schedule(watch, now);
}

/* ---- events */

static int note_event(const struct nlmsghdr *message, void *context)
{
    struct hy_ip_watch *watch = context;
    struct hy_ip_entry entry;
    struct hy_ip_link link;
    if (hy_ip_nl_parse_entry(message, &entry)) {
        if (!hy_ip_addr_equal(&entry.addr, &watch->config.target.addr))
            return MNL_CB_OK;
        watch->relevant = true;
        if (message->nlmsg_type != RTM_DELADDR || entry.index != watch->entry.index)
            return MNL_CB_OK;
        watch->rerouted = true; /* routes go with the address, and with the link; not at each renewal */
        watch->removed |= entry.prefix == watch->entry.prefix;
        watch->dad_failed |= (entry.flags & IFA_F_DADFAILED) != 0;
    } else if (hy_ip_nl_parse_link(message, &link)) {
        bool ours = link.index == watch->link.index || strcmp(link.name, watch->config.target.nic) == 0;
        watch->relevant |= ours;
        watch->rerouted |= ours;
    } else {
        watch->rerouted |= hy_ip_routes_concerned(&watch->config.routes, message);
    }
    return MNL_CB_OK;
}

/* All that has come in, then one look at how things are now. */
static int hear(struct hy_ip_watch *watch)
{
    _Alignas(struct nlmsghdr) char events[EVENTS_SIZE];
    int fd = mnl_socket_get_fd(watch->hears.socket);
    watch->relevant = watch->rerouted = false;
    for (;;) {
        ssize_t size = recv(fd, events, sizeof events, MSG_DONTWAIT);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == ENOBUFS) { /* some were lost */
            watch->relevant = watch->rerouted = true;
            continue;
        }
        if (size < 0)
            break;
        if (mnl_cb_run(events, (size_t)size, 0, 0, note_event, watch) < 0)
            watch->relevant = true; /* one that is not understood */
    }
    if (errno != EAGAIN)
        return -errno;
    int rc = watch->relevant ? hy_ip_care_look(watch) : 0;
    if (watch->rerouted)
        watch->routes_at = sooner(watch->routes_at, watch->routes_looked + ROUTES_GAP_MS);
    return rc;
}

/* SIGTERM ends it here and nowhere else: not between a renewal and the look that follows it. */
static int wait_for_events(struct hy_ip_watch *watch, int64_t until)
{
    int64_t now = hy_ip_now_ms();
    int64_t again_at;
    struct pollfd ready[] = {{.fd = mnl_socket_get_fd(watch->hears.socket), .events = POLLIN},
                             {.fd = hy_ip_defend_listen(watch, now, &again_at), .events = POLLIN}};
    until = sooner(until, again_at);
    int64_t left = until == HY_IP_NEVER ? 0 : until - now;
    if (left < 0)
        left = 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / 1000), .tv_nsec = (long)(left % 1000) * 1000000};
    int rc = ppoll(ready, 2, until == HY_IP_NEVER ? NULL : &timeout, &watch->waiting);
    if (rc < 0)
        return errno == EINTR ? 0 : -errno;
    if (ready[1].revents)
        hy_ip_defend_hear(watch, hy_ip_now_ms());
    return ready[0].revents ? hear(watch) : 0;
}

static int run(struct hy_ip_watch *watch)
{
    bool lease = watch->host->lease_ms(watch->op) != INT64_MAX;
    /* start has sent the first one, or all. */
    watch->announcements = watch->config.announce_in_background ? watch->config.announce_count - 1 : 0;
    schedule(watch, hy_ip_now_ms());
    int rc = hy_ip_care_first_look(watch);
    if (rc == 0 && lease && watch->present && !hy_ip_held(watch->host, watch->op))
        watch->host->log(watch->op, LOG_NOTICE,
                         "%s on %s was not added by start: its lifetime is left as it is, and it would stay if all of "
                         "this node's processes were killed",
                         watch->config.target.text, watch->link.name);
    while (rc == 0) {
        int64_t now = hy_ip_now_ms();
        if (watch->renew_at <= now) {
            hy_ip_care_renew(watch);
            hy_ip_guard_keep(watch->host, watch->op, &watch->asks, &watch->config.target, &watch->link);
            watch->renew_at = now + RENEW_MS;
        }
        if (watch->routes_at <= now)
            hy_ip_care_routes(watch, now);
        if (watch->announce_at <= now)
            announce(watch, now);
        rc = wait_for_events(watch, sooner(watch->renew_at, sooner(watch->routes_at, watch->announce_at)));
    }
    return rc;
}

/* What is due within milliseconds must not wait for what keeps the host busy. Where it is not allowed it is done without;
 * if it ever ran on and on, the kernel would end it. */
static void go_first(void)
{
    struct sched_param priority = {.sched_priority = PRIORITY};
    struct rlimit limit = {.rlim_cur = CPU_AT_A_TIME_US, .rlim_max = CPU_AT_A_TIME_US};
    if (setrlimit(RLIMIT_RTTIME, &limit) == 0)
        (void)sched_setscheduler(0, SCHED_RR, &priority);
}

static int open_sockets(struct hy_ip_watch *watch)
{
    unsigned groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (watch->config.routes.count) /* a host may have a million of them, and changes all the time */
        groups |= watch->config.target.addr.family == AF_INET ? RTMGRP_IPV4_ROUTE : RTMGRP_IPV6_ROUTE;
    int rc = hy_ip_nl_open(&watch->hears, groups);
    if (rc)
        return rc;
    int size = EVENTS_BUFFER;
    int fd = mnl_socket_get_fd(watch->hears.socket);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return hy_ip_nl_open(&watch->asks, 0);
}

static void hold_back_signals(struct hy_ip_watch *watch)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, &watch->waiting);
    sigdelset(&watch->waiting, SIGTERM);
}

enum halyard_rc hy_ip_watch(const struct halyard_host *host, const struct halyard_op *op)
{
    struct hy_ip_watch watch = {.host = host, .op = op, .packets = -1};
    enum halyard_rc answer = hy_ip_config_read(host, op, &watch.config);
    if (answer != HALYARD_OK)
        return answer;
    const char *managed = host->meta(op, "managed");
    watch.hands_off = managed && strcmp(managed, "false") == 0;
    hold_back_signals(&watch);
    go_first();
    int rc = open_sockets(&watch);
    if (rc == 0)
        rc = run(&watch);
    hy_ip_nl_close(&watch.hears);
    hy_ip_nl_close(&watch.asks);
    return hy_ip_failed(host, op, rc, "netlink has failed");
}
