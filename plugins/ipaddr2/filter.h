/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tc(8)'s classifiers at an interface, by rtnetlink: clsact and the BPF filters below it. All return 0 or -errno.
 *
 * A filter of ours is known by its name, "halyard/ADDRESS/WHAT", with "/clsact" behind it when clsact was made by one of
 * us. So everything that is to be known later is in the kernel, with what it is about, and goes with it.
 */
#ifndef IPADDR2_FILTER_H
#define IPADDR2_FILTER_H

#include "netlink.h"

#define HY_IP_FILTER_NAME 128
#define HY_IP_FILTER_MADE "/clsact"
#define HY_IP_FILTERS_MAX 8

enum hy_ip_side { HY_IP_IN, HY_IP_OUT };

struct hy_ip_filter {
    uint32_t info; /* priority and protocol, as tc has them */
    uint32_t handle;
    char name[HY_IP_FILTER_NAME]; /* without "/clsact" */
};

/* What is there on one side of an interface. */
struct hy_ip_filters {
    struct hy_ip_filter own[HY_IP_FILTERS_MAX]; /* of the address that was asked for */
    int count;
    int ours;              /* of ours altogether */
    int others;            /* of anybody else */
    bool made;             /* clsact is ours */
    uint64_t taken;        /* priorities below 64 that others have, as bits */
    uint16_t first_others; /* the lowest priority among them; 0: none */
};

int hy_ip_filters_read(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_target *target,
                       struct hy_ip_filters *filters);
/* Before all others where there is room. `made`: the name says that clsact is ours. */
int hy_ip_filter_add(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_filters *there,
                     const char *name, bool made, int program);
int hy_ip_filter_delete(struct hy_ip_nl *nl, int index, enum hy_ip_side side, const struct hy_ip_filter *filter);

/* -EEXIST: it is there; -EBUSY: the older `ingress` is in its place, which has one side only. */
int hy_ip_clsact_add(struct hy_ip_nl *nl, int index);
int hy_ip_clsact_delete(struct hy_ip_nl *nl, int index);

#endif
