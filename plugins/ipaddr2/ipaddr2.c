/* SPDX-License-Identifier: Apache-2.0 */
/* ocf:heartbeat:IPaddr2: a virtual IPv4 or IPv6 address, by netlink: no program is run. */
#include "guard.h"
#include "held.h"
#include "vip.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

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
    rc = hy_ip_look(&nl, &target, &view);
    if (rc == 0)
        answer = judge(host, op, &target, &view);
    else if (rc != -ENODEV)
        answer = hy_ip_failed(host, op, rc, "the addresses of this host cannot be listed");
    else {
        /* A link that has gone took the address with it; one that never was is this node's shortcoming. */
        answer = probe ? HALYARD_ERR_INSTALLED : HALYARD_NOT_RUNNING;
        hy_ip_reason_no_nic(host, op, &nl, target.nic);
    }
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
           "ARP probes (RFC 5227) or neighbour solicitations (RFC 4862). 0 for IPv6: the kernel's own detection, of "
           "about a "
           "second, unless nodad is set."),
    NUMBER("conflict_wait_ms", "3000", "0..600000", "how long start waits for somebody else to give the address up",
           "A node whose processes were all killed goes on answering until the lifetime of its address ends, after at "
           "most "
           "about 2 s."),
    {.name = "guard",
     .type = HALYARD_CHOICE,
     .def = "auto",
     .range = "auto|ebpf|lifetime",
     .brief = "what makes the node let go when none of its processes can: auto, ebpf, lifetime",
     .doc = "ebpf: a filter in the kernel (clsact) drops what belongs to the address from the end of the node's lease "
            "on; where it cannot be had, start fails. lifetime: only the address's lifetime of 2 s. auto: the filter "
            "where it can be had. `hactl status` says which one is in force."},
    SWITCH("check_link_status", "true", "an interface without carrier is a failure", NULL),
    TEXT("preferred_lft", 0, "forever", "seconds until the address is deprecated as a source; \"forever\"", NULL),
    SWITCH("noprefixroute", "false", "no route to the address's net is made", NULL),
    SWITCH("nodad", "false", "IPv6: without the kernel's duplicate address detection", NULL),
    TEXT("network_namespace", 0, NULL, "the network namespace, as `ip netns` names it", NULL),
    TEXT("arp_sender", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("send_arp_opts", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("mac", 0, NULL, "accepted, has no meaning here", NULL),
    SWITCH("run_arping", NULL, "accepted, has no meaning here: see conflict_check_ms", NULL),
    SWITCH("flush_routes", NULL, "accepted, has no meaning here: the kernel has no route cache any more", NULL),
    NUMBER("monitor_retries", NULL, NULL, "accepted, has no meaning here", NULL),
    SWITCH("lvs_support", NULL, "not supported", NULL),
    SWITCH("lvs_ipv6_addrlabel", NULL, "not supported", NULL),
    TEXT("lvs_ipv6_addrlabel_value", 0, NULL, "accepted, has no meaning here", NULL),
    TEXT("clusterip_hash", 0, NULL, "not supported", NULL),
    SWITCH("unique_clone_address", NULL, "not supported", NULL),
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
        "whether another host has it. While it runs, its removal by somebody else and the loss of the link are seen "
        "at once. Under a lease the address has a lifetime of 2 s, which is renewed all the time: when all of the "
        "cluster's processes on a node are killed, the kernel removes it. `ip address` shows that as valid_lft. A "
        "filter in "
        "the kernel drops what belongs to it from the end of the lease on, see `guard`; `tc filter show dev eth0 "
        "egress` "
        "has it.",
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
