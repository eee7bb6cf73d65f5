/* SPDX-License-Identifier: Apache-2.0 */
#include "vip.h"

#include "clock.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000 /* <linux/if.h>, which does not go together with <net/if.h> */
#endif

#define ENDED_BY_HOST_MS 1000

struct search {
    const struct hy_ip_target *target;
    struct hy_ip_found *found;
};

static void keep_match(const struct hy_ip_entry *entry, void *context)
{
    const struct search *search = context;
    struct hy_ip_found *found = search->found;
    if (!hy_ip_addr_equal(&entry->addr, &search->target->addr) || found->count == HY_IP_FOUND_MAX)
        return;
    if (!search->target->nic[0] && entry->index == HY_IP_LOOPBACK)
        return; /* the real servers behind a director have the address there; that one is not ours */
    found->entries[found->count++] = *entry;
}

int hy_ip_look(struct hy_ip_nl *nl, const struct hy_ip_target *target, struct hy_ip_view *view)
{
    *view = (struct hy_ip_view){0};
    struct search search = {.target = target, .found = &view->found};
    int rc = 0;
    if (target->nic[0])
        rc = hy_ip_nl_link(nl, target->nic, &view->link);
    if (rc == 0)
        rc = hy_ip_nl_entries(nl, target->addr.family, view->link.index, keep_match, &search);
    if (rc)
        return rc;
    for (int i = view->found.count - 1; i >= 0; i--)
        if (target->prefix < 0 || view->found.entries[i].prefix == target->prefix)
            view->entry = &view->found.entries[i];
    if (!view->link.index && view->found.count) {
        const struct hy_ip_entry *entry = view->entry ? view->entry : view->found.entries;
        rc = hy_ip_nl_link_at(nl, entry->index, &view->link);
    }
    return rc;
}

const char *hy_ip_link_trouble(const struct hy_ip_link *link, bool check_carrier)
{
    if (!(link->flags & IFF_UP))
        return "is down";
    if (check_carrier && !(link->flags & IFF_LOWER_UP))
        return "has no carrier";
    return NULL;
}

uint32_t hy_ip_age_s(const struct hy_ip_entry *entry)
{
    int64_t age_ms = hy_ip_now_ms() - (int64_t)entry->created_cs * 10;
    return age_ms < 0 ? 0 : (uint32_t)(age_ms / 1000);
}

/* The kernel refuses a preferred lifetime above the valid one. One that is renewed together with the valid one never
 * runs out, so the address does not become deprecated; one that the operator has limited still ends when he said. */
void hy_ip_lifetimes(const struct hy_ip_config *config, int64_t lease_ms, uint32_t valid_s, uint32_t age_s,
                     struct hy_ip_new *entry)
{
    uint32_t preferred = config->preferred_s;
    if (preferred != HY_IP_FOREVER)
        preferred = preferred > age_s ? preferred - age_s : 0;
    entry->valid_s = lease_ms == INT64_MAX ? HY_IP_FOREVER : valid_s;
    entry->preferred_s = preferred < entry->valid_s ? preferred : entry->valid_s;
}

void hy_ip_compose(const struct hy_ip_config *config, const struct hy_ip_link *link, int prefix, const char *label,
                   struct hy_ip_new *entry)
{
    *entry = (struct hy_ip_new){
        .index = link->index, .addr = config->target.addr, .prefix = prefix, .label = label ? label : ""};
    entry->has_broadcast = hy_ip_broadcast(config, prefix, &entry->broadcast);
    if (config->noprefixroute)
        entry->flags |= IFA_F_NOPREFIXROUTE;
    if (config->target.addr.family != AF_INET6)
        return;
    if (config->dad == HY_IP_DAD_OFF)
        entry->flags |= IFA_F_NODAD;
    else if (config->dad == HY_IP_DAD_OPTIMISTIC)
        entry->flags |= IFA_F_OPTIMISTIC;
}

struct names {
    char *text;
    size_t size, used;
};

static void add_name(const struct hy_ip_link *link, void *context)
{
    struct names *names = context;
    int added =
        snprintf(names->text + names->used, names->size - names->used, "%s%s", names->used ? ", " : "", link->name);
    if (added > 0 && names->used + (size_t)added < names->size)
        names->used += (size_t)added;
    else
        names->text[names->used] = '\0';
}

void hy_ip_reason_no_nic(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                         const char *nic)
{
    char text[512] = "";
    struct names names = {.text = text, .size = sizeof text};
    (void)hy_ip_nl_links(nl, add_name, &names);
    host->reason(op, "there is no interface %s on this host: nic must be one of %s", nic, text);
}

enum halyard_rc hy_ip_failed(const struct halyard_host *host, const struct halyard_op *op, int rc, const char *what)
{
    host->reason(op, "%s: %s", what, strerror(-rc));
    return rc == -EPERM || rc == -EACCES ? HALYARD_ERR_PERM : HALYARD_ERR_GENERIC;
}

bool hy_ip_has_lease(const struct halyard_host *host, const struct halyard_op *op, const char *address)
{
    int64_t give_up = hy_ip_now_ms() + ENDED_BY_HOST_MS;
    while (host->lease_ms(op) <= 0) {
        if (hy_ip_now_ms() >= give_up || host->ms_left(op) <= 0) {
            host->reason(op, "this node's lease has ended: it may not take %s", address);
            return false;
        }
        poll(NULL, 0, 2);
    }
    return true;
}
