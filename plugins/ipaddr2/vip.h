/* SPDX-License-Identifier: Apache-2.0 */
/* The address as it is on this host, and what the operations share. */
#ifndef IPADDR2_VIP_H
#define IPADDR2_VIP_H

#include "netlink.h"

#include <stdbool.h>

#define HY_IP_FOUND_MAX 16
#define HY_IP_START_LIFETIME_S 10 /* until watch takes over */
#define HY_IP_LIFETIME_S 2

/* Where it is. With nic: there; without: on any link but the loopback. */
struct hy_ip_found {
    int count;
    struct hy_ip_entry entries[HY_IP_FOUND_MAX];
};

/* What one look says about the address. */
struct hy_ip_view {
    struct hy_ip_link link; /* of nic, else of the address; index 0: none */
    struct hy_ip_found found;
    const struct hy_ip_entry *entry; /* with the right prefix; NULL: none */
};

/* 0 or -errno; -ENODEV: no such nic. */
int hy_ip_look(struct hy_ip_nl *nl, const struct hy_ip_target *target, struct hy_ip_view *view);
/* NULL, or why the link cannot serve: "is down", "has no carrier". */
const char *hy_ip_link_trouble(const struct hy_ip_link *link, bool check_carrier);

/* The lifetimes for an address of this age, when the node may keep it for `lease_ms`. */
void hy_ip_lifetimes(const struct hy_ip_config *config, int64_t lease_ms, uint32_t valid_s, uint32_t age_s,
                     struct hy_ip_new *entry);
uint32_t hy_ip_age_s(const struct hy_ip_entry *entry);
/* All of what is to be added but the lifetimes. */
void hy_ip_compose(const struct hy_ip_config *config, const struct hy_ip_link *link, int prefix, const char *label,
                   struct hy_ip_new *entry);

/* "-ENODEV" for people: names the interfaces there are. */
void hy_ip_reason_no_nic(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                         const char *nic);
/* A failed call: ERR_PERM or ERR_GENERIC, and the reason. */
enum halyard_rc hy_ip_failed(const struct halyard_host *host, const struct halyard_op *op, int rc, const char *what);

/* Without a lease the host ends this operation in a moment, and that is no failure; an answer would be one. So there is none
 * for a while. False, with the reason: nobody has ended it. */
bool hy_ip_has_lease(const struct halyard_host *host, const struct halyard_op *op, const char *address);

/* Finds link and prefix of an address that is not there yet. `*prefix`: in, what is asked for or -1; out, what to use. */
enum halyard_rc hy_ip_place(const struct halyard_host *host, const struct halyard_op *op, struct hy_ip_nl *nl,
                            const struct hy_ip_target *target, struct hy_ip_link *link, int *prefix);

halyard_op_fn hy_ip_start, hy_ip_watch;

#endif
