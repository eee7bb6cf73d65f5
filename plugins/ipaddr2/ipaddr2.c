/* SPDX-License-Identifier: Apache-2.0 */
/* ocf:heartbeat:IPaddr2: a virtual IPv4 or IPv6 address, by netlink: no program is run. */
#include "clock.h"
#include "guard.h"
#include "held.h"
#include "routes.h"
#include "vip.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <sched.h>
#include <string.h>

#define PATIENCE_MS 100
#define LOOK_AGAIN_MS 2

/* The state of the address, once it has been looked at. */
static enum halyard_rc judge(const struct halyard_host *host, const struct halyard_op *op,
                             const struct hy_ip_target *target, const struct hy_ip_view *view)
{
    if (view->found.count == 0) {
        host->reason(op, "%s is not on %s", target->text, target->nic[0] ? target->nic : "any interface");
        return HALYARD_NOT_RUNNING;
    }
    if (!view->entry) {
        host->reason(op, "%s is on %s with the prefix /%d, not /%d", target->text, view->link.name,
                     view->found.entries[0].prefix, target->prefix);
        return HALYARD_ERR_GENERIC;
    }
    if (view->entry->flags & IFA_F_DADFAILED) {
        host->reason(op, "%s is in use by another host on %s: duplicate address detection has failed (dadfailed)",
                     target->text, view->link.name);
        return HALYARD_ERR_GENERIC;
    }
    const char *trouble = hy_ip_link_trouble(&view->link, target->check_carrier);
    if (!trouble)
        return HALYARD_OK;
    host->reason(op, "%s is on %s, but %s %s", target->text, view->link.name, view->link.name, trouble);
    return HALYARD_ERR_GENERIC;
}

/* What somebody has removed, watch puts back: a look in between is no failure of the resource. */
static int look(const struct halyard_host *host, const struct halyard_op *op, const struct hy_ip_target *target,
                struct hy_ip_nl *nl, struct hy_ip_view *view)
{
    int rc = hy_ip_look(nl, target, view);
    for (int i = 0; i < PATIENCE_MS / LOOK_AGAIN_MS && rc == 0 && view->found.count == 0; i++) {
        if (!hy_ip_held(host, op) || host->lease_ms(op) <= 0)
            break;
        if (view->link.index && hy_ip_link_trouble(&view->link, target->check_carrier))
            break;
        hy_ip_sleep_ms(LOOK_AGAIN_MS);
        rc = hy_ip_look(nl, target, view);
    }
    return rc;
}

/* Likewise: watch puts a route back that has gone, and follows the one that is there when that one changes. */
static enum halyard_rc check_routes(const struct halyard_host *host, const struct halyard_op *op,
                                    const struct hy_ip_target *target, struct hy_ip_nl *nl)
{
    struct hy_ip_routes routes;
    char text[HY_IP_ROUTE_TEXT];
    enum halyard_rc answer = hy_ip_routes_read(host, op, target, &routes);
    if (answer != HALYARD_OK || !routes.count)
        return answer;
    int rc = hy_ip_routes_missing(nl, &routes, &target->addr, text);
    for (int i = 0; i < PATIENCE_MS / LOOK_AGAIN_MS && rc == 1; i++) {
        hy_ip_sleep_ms(LOOK_AGAIN_MS);
        rc = hy_ip_routes_missing(nl, &routes, &target->addr, text);
    }
    if (rc < 0)
        return hy_ip_failed(host, op, rc, "the routes of this host cannot be listed");
    if (rc == 0)
        return HALYARD_OK;
    host->reason(op, "the route %s with the source %s is not there", text, target->text);
    return HALYARD_ERR_GENERIC;
}

static enum halyard_rc check(const struct halyard_host *host, const struct halyard_op *op, bool probe)
{
    struct hy_ip_target target;
    struct hy_ip_view view;
    struct hy_ip_nl nl;
    enum halyard_rc answer = hy_ip_target_read(host, op, &target);
    if (answer != HALYARD_OK)
        return answer;
    int rc = hy_ip_nl_open(&nl, 0);
    if (rc)
        return hy_ip_failed(host, op, rc, "netlink cannot be opened");
    rc = probe ? hy_ip_look(&nl, &target, &view) : look(host, op, &target, &nl, &view);
    if (rc == 0)
        answer = judge(host, op, &target, &view);
    else if (rc != -ENODEV)
        answer = hy_ip_failed(host, op, rc, "the addresses of this host cannot be listed");
    else {
        /* A link that has gone took the address with it; one that never was is this node's shortcoming. */
        answer = probe ? HALYARD_ERR_INSTALLED : HALYARD_NOT_RUNNING;
        hy_ip_reason_no_nic(host, op, &nl, target.nic);
    }
    if (answer == HALYARD_OK && !probe)
        answer = check_routes(host, op, &target, &nl);
    if (rc == 0 && answer == HALYARD_OK)
        hy_ip_guard_tell(host, op, &nl, &target, &view.link);
    if (rc == 0 && probe && !view.found.count)
        hy_ip_guard_clear(host, op, &nl, &target, view.link.index); /* of a life that ended without a stop */
    hy_ip_nl_close(&nl);
    return answer;
}

static enum halyard_rc ip_monitor(const struct halyard_host *host, const struct halyard_op *op)
{
    return check(host, op, false);
}

static enum halyard_rc ip_probe(const struct halyard_host *host, const struct halyard_op *op)
{
    return check(host, op, true);
}

static enum halyard_rc remove_all(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                                  const struct hy_ip_view *view)
{
    enum halyard_rc answer = HALYARD_OK;
    for (int i = 0; i < view->found.count; i++) {
        int rc = hy_ip_nl_delete(nl, &view->found.entries[i]);
        if (rc && rc != -EADDRNOTAVAIL && rc != -ENODEV)
            answer = hy_ip_failed(host, op, rc, "the address cannot be removed");
    }
    return answer;
}

/* After the address: that one is what must not be in two places. */
static enum halyard_rc remove_routes(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                                     const struct hy_ip_target *target, enum halyard_rc answer)
{
    int rc = hy_ip_routes_remove(nl, &target->addr);
    if (rc)
        return hy_ip_failed(host, op, rc, "the routes of the address cannot be removed");
    hy_ip_mark_clear(host, op, HY_IP_ROUTED);
    return answer;
}

static enum halyard_rc release(const struct halyard_host *host, const struct halyard_op *op,
                               const struct hy_ip_target *target)
{
    struct hy_ip_view view;
    struct hy_ip_nl nl;
    enum halyard_rc answer = HALYARD_OK;
    int rc = hy_ip_nl_open(&nl, 0);
    if (rc)
        return hy_ip_failed(host, op, rc, "netlink cannot be opened");
    hy_ip_held_clear(host, op);
    rc = hy_ip_look(&nl, target, &view);
    if (rc == 0)
        answer = remove_all(host, op, &nl, &view);
    else if (rc != -ENODEV) /* no link, no address */
        answer = hy_ip_failed(host, op, rc, "the addresses of this host cannot be listed");
    (void)
        sched_yield(); /* at the end of the lease many are released at once: first all addresses, then what is left of them */
    if (hy_ip_mark(host, op, HY_IP_ROUTED))
        answer = remove_routes(host, op, &nl, target, answer);
    if (rc == 0 && answer == HALYARD_OK)
        hy_ip_guard_clear(host, op, &nl, target, view.link.index);
    hy_ip_nl_close(&nl);
    return answer;
}

static enum halyard_rc ip_stop(const struct halyard_host *host, const struct halyard_op *op)
{
    struct hy_ip_target target;
    enum halyard_rc answer = hy_ip_target_read(host, op, &target);
    if (answer == HALYARD_ERR_INSTALLED) /* its network namespace has gone, and the address with it */
        answer = HALYARD_OK;
    else if (answer == HALYARD_OK)
        answer = release(host, op, &target);
    else if (answer == HALYARD_ERR_CONFIGURED && !hy_ip_held(host, op))
        answer = HALYARD_OK; /* with these parameters nothing can have been started */
    return answer;
}

static enum halyard_rc ip_validate(const struct halyard_host *host, const struct halyard_op *op)
{
    struct hy_ip_config config;
    struct hy_ip_link link;
    struct hy_ip_nl nl;
    char label[IFNAMSIZ];
    enum halyard_rc answer = hy_ip_config_read(host, op, &config);
    if (answer != HALYARD_OK)
        return answer;
    int rc = hy_ip_nl_open(&nl, 0);
    if (rc)
        return hy_ip_failed(host, op, rc, "netlink cannot be opened");
    int prefix = config.target.prefix;
    answer = hy_ip_place(host, op, &nl, &config.target, &link, &prefix);
    if (answer == HALYARD_OK)
        answer = hy_ip_label(host, op, &config.target, link.name, label);
    hy_ip_nl_close(&nl);
    return answer;
}

#define TEXT(n, flags_, def_, brief_, doc_)                                                                            \
    {                                                                                                                  \
        .name = (n), .type = HALYARD_STRING, .flags = (flags_), .def = (def_), .brief = (brief_), .doc = (doc_)        \
    }
#define NUMBER(n, def_, range_, brief_, doc_)                                                                          \
    {                                                                                                                  \
        .name = (n), .type = HALYARD_INTEGER, .def = (def_), .range = (range_), .brief = (brief_), .doc = (doc_)       \
    }
#define SWITCH(n, def_, brief_, doc_)                                                                                  \
    {                                                                                                                  \
        .name = (n), .type = HALYARD_BOOLEAN, .def = (def_), .brief = (brief_), .doc = (doc_)                          \
    }

static const struct halyard_param params[] = {
    TEXT("ip", HALYARD_REQUIRED | HALYARD_UNIQUE, NULL, "the IPv4 or IPv6 address", NULL),
    TEXT("nic", 0, NULL, "the interface: \"eth0\", or with a label \"eth0:0\"",
         "Left out, the interface is the one whose net the address is in. What follows a colon becomes the address's "
         "label."),
    TEXT("cidr_netmask", 0, NULL, "prefix length (24) or netmask (255.255.255.0)",
         "Left out, it is that of the net the address is in."),
    TEXT("broadcast", 0, NULL, "broadcast address; + host part all ones (default), - all zeroes", NULL),
    TEXT("iflabel", 0, NULL, "label of an IPv4 address, without the interface's name",
         "Together with the interface's name and a colon at most 15 characters. Goes before the one in nic."),
    NUMBER("arp_interval", "200", "0..60000", "milliseconds between the announcements of a burst", NULL),
    NUMBER("arp_count", "5", "1..1000", "announcements after start: ARP request and reply, or neighbour advertisement",
           "Also sent when the link comes up again."),
    NUMBER("arp_count_refresh", "1", "0..1000", "announcements every arp_refresh; 0: none", NULL),
    {.name = "arp_refresh",
     .type = HALYARD_DURATION,
     .def = "60s",
     .brief = "how often the address is announced while it runs; 0: never"},
    SWITCH("arp_bg", "true", "start returns after the first announcement, the others follow", NULL),
    NUMBER("conflict_check_ms", "25", "0..60000",
           "how long start asks whether somebody else has the address; 0: not at all",
           "ARP probes (RFC 5227) or neighbour solicitations (RFC 4862). 0 for IPv6: see dad."),
    NUMBER("conflict_wait_ms", "3000", "0..600000", "how long start waits for somebody else to give the address up",
           "A node whose processes were all killed goes on answering until the lifetime of its address ends, after at "
           "most "
           "about 2 s."),
    {.name = "conflict_defend",
     .type = HALYARD_DURATION,
     .def = "10s",
     .brief = "how often at most the address is announced again while another host claims it; 0: not listened for",
     .doc = "A host that sends ARP or neighbour advertisements for the address while it runs here is told in the log, "
            "with its MAC. The address is announced again, at once and then at most this often (RFC 5227, 2.4 (c)), "
            "and never given up for it."},
    {.name = "guard",
     .type = HALYARD_CHOICE,
     .def = "auto",
     .range = "auto|ebpf|lifetime",
     .brief = "what makes the node let go when none of its processes can: auto, ebpf, lifetime",
     .doc = "ebpf: a filter in the kernel (clsact) drops what belongs to the address from the end of the node's lease "
            "on; where it cannot be had, start fails. lifetime: only the address's lifetime of 2 s. auto: the filter "
            "where it can be had. `hactl status` says which one is in force."},
    SWITCH("check_link_status", "true", "an interface without carrier is a failure", NULL),
    TEXT("routes", 0, NULL, "routes that prefer the address as their source: \"default, 10.20.0.0/16 via 192.168.1.1\"",
         "Separated by commas, each DESTINATION [via GATEWAY] [dev INTERFACE] [metric NUMBER]; DESTINATION is "
         "\"default\", a net or an address. Without via and dev it leads where the host's own route to the same "
         "destination leads, and follows it when that changes. They come and go with the address, stand before the "
         "host's own ones and change none of them (table main, protocol 72)."),
    TEXT("preferred_lft", 0, "forever", "seconds until the address is deprecated as a source; \"forever\"", NULL),
    SWITCH("noprefixroute", "false", "no route to the address's net is made", NULL),
    {.name = "dad",
     .type = HALYARD_CHOICE,
     .def = "auto",
     .range = "auto|wait|optimistic|off",
     .brief = "IPv6: the kernel's duplicate address detection",
     .doc = "wait: the address serves when detection has ended, after about a second. optimistic: it serves meanwhile "
            "(RFC 4429; takes the sysctl optimistic_dad of the interface). off: none. auto: off when start itself has "
            "asked (conflict_check_ms), else wait. An address that detection refuses (dadfailed) is a failure."},
    SWITCH("nodad", "false", "IPv6: without the kernel's duplicate address detection, as dad=off", NULL),
    TEXT("network_namespace", 0, NULL, "the network namespace, as `ip netns` names it", NULL),
    TEXT("arp_sender", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("send_arp_opts", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("mac", 0, NULL, "accepted, has no meaning here", NULL),
    SWITCH("run_arping", NULL, "accepted, has no meaning here: see conflict_check_ms", NULL),
    SWITCH("flush_routes", NULL, "accepted, has no meaning here: the kernel has no route cache any more", NULL),
    NUMBER("monitor_retries", NULL, NULL, "accepted, has no meaning here", NULL),
    SWITCH("lvs_support", NULL, "not supported: stop would leave the address on lo", NULL),
    SWITCH("lvs_ipv6_addrlabel", NULL, "not supported: see ip-addrlabel(8)", NULL),
    TEXT("lvs_ipv6_addrlabel_value", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("clusterip_hash", 0, NULL, "not supported: the kernel has no CLUSTERIP since 6.3", NULL),
    SWITCH("unique_clone_address", NULL, "not supported: one primitive for each address", NULL),
    {.name = NULL},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .caps = HALYARD_CAP_FAST_RELEASE,
    .cls = "ocf",
    .provider = "heartbeat",
    .type = "IPaddr2",
    .version = "1.0",
    .brief = "a virtual IPv4 or IPv6 address",
    .doc =
        "Adds the address to an interface and tells the link about it; takes the parameters of the agent of the same "
        "name in resource-agents. An address that is already there is kept. Before it is added the link is asked "
        "whether another host has it. While it runs, somebody else's removal of it is undone in the same moment and "
        "told in the log; the loss of the link is a failure at once; another host that claims it is told, with its "
        "MAC, and answered by announcing the address again. Routes may go with it that prefer it as their source. "
        "Under a lease the address has a lifetime of 2 s, which is renewed all the time: when all of the "
        "cluster's processes on a node are killed, the kernel removes it. `ip address` shows that as valid_lft. A "
        "filter in "
        "the kernel drops what belongs to it from the end of the lease on, see `guard`; `tc filter show dev eth0 "
        "egress` has it.",
    .params = params,
    .start_ms = 20000,
    .stop_ms = 20000,
    .monitor_ms = 20000,
    .interval_ms = 10000,
    .start = hy_ip_start,
    .stop = ip_stop,
    .monitor = ip_monitor,
    .probe = ip_probe,
    .validate = ip_validate,
    .watch = hy_ip_watch,
};
