/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7): links, addresses and routes of this network namespace. All return 0 or -errno. */
#ifndef IPADDR2_NETLINK_H
#define IPADDR2_NETLINK_H

#include "config.h"

#include <libmnl/libmnl.h>

#define HY_IP_LOOPBACK 1 /* the index of `lo`, in every network namespace */

struct hy_ip_nl {
    struct mnl_socket *socket;
    uint32_t sequence;
};

#define HY_IP_REQUEST_SIZE 2048

struct hy_ip_request {
    _Alignas(struct nlmsghdr) char bytes[HY_IP_REQUEST_SIZE];
};

struct hy_ip_link {
    int index;
    char name[IFNAMSIZ];
    unsigned flags; /* IFF_* */
    uint16_t type;  /* ARPHRD_* */
    uint8_t mac[6];
    bool ethernet; /* has a MAC and speaks ARP or ND: can be asked and told */
    bool router6;  /* forwards IPv6 */
};

/* An address that is there. */
struct hy_ip_entry {
    int index;
    struct hy_ip_addr addr;
    struct hy_ip_addr peer; /* the other end's on a point-to-point link, else the same */
    int prefix;
    uint32_t flags; /* IFA_F_* */
    char label[IFNAMSIZ];
    uint32_t preferred_s, valid_s;
    uint32_t created_cs; /* hundredths of a second since boot */
};

/* An address to be. */
struct hy_ip_new {
    int index;
    struct hy_ip_addr addr;
    int prefix;
    uint32_t flags;
    const char *label; /* "": none */
    bool has_broadcast;
    struct hy_ip_addr broadcast;
    uint32_t preferred_s, valid_s;
};

struct hy_ip_route {
    int index;
    int prefix;
    bool direct; /* without a gateway */
};

typedef void hy_ip_link_fn(const struct hy_ip_link *link, void *context);
typedef void hy_ip_entry_fn(const struct hy_ip_entry *entry, void *context);

/* `groups`: RTMGRP_* to listen to; 0: only asks. */
int hy_ip_nl_open(struct hy_ip_nl *nl, unsigned groups);
void hy_ip_nl_close(struct hy_ip_nl *nl);

int hy_ip_nl_link(struct hy_ip_nl *nl, const char *name, struct hy_ip_link *link); /* -ENODEV */
int hy_ip_nl_link_at(struct hy_ip_nl *nl, int index, struct hy_ip_link *link);     /* -ENODEV */
int hy_ip_nl_links(struct hy_ip_nl *nl, hy_ip_link_fn *found, void *context);
/* `index` 0: of all links. */
int hy_ip_nl_entries(struct hy_ip_nl *nl, int family, int index, hy_ip_entry_fn *found, void *context);
/* The route that covers the address; `index` 0: by any link. -ENETUNREACH and the like: none. */
int hy_ip_nl_route(struct hy_ip_nl *nl, const struct hy_ip_addr *addr, int index, struct hy_ip_route *route);
/* Adds it, or when it is there sets its lifetimes. The kernel keeps the old label. */
int hy_ip_nl_put(struct hy_ip_nl *nl, const struct hy_ip_new *entry);
int hy_ip_nl_delete(struct hy_ip_nl *nl, const struct hy_ip_entry *entry); /* -EADDRNOTAVAIL: was not there */
/* When a primary IPv4 address of this link goes, its secondaries stay (promote_secondaries in ip-sysctl). */
int hy_ip_nl_keep_secondaries(struct hy_ip_nl *nl, int index);

/* Requests by hand. Begins one; sends one, and takes answers up to the acknowledgement or the end of the dump. -EAGAIN:
 * what was dumped has changed meanwhile, the rest of the answer may still be on its way. */
struct nlmsghdr *hy_ip_nl_request(struct hy_ip_request *request, uint16_t type, unsigned flags);
int hy_ip_nl_ask(struct hy_ip_nl *nl, struct nlmsghdr *message, mnl_cb_t callback, void *context);
bool hy_ip_nl_attr_before(const struct nlattr *attr, const void *end);

/* Events: false when the message is of another kind. */
bool hy_ip_nl_parse_link(const struct nlmsghdr *message, struct hy_ip_link *link);
bool hy_ip_nl_parse_entry(const struct nlmsghdr *message, struct hy_ip_entry *entry);

#endif
