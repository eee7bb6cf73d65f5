/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator asked for. Two steps: the target (which address, where) is all that stop and monitor need, and they
 * must work even when some other parameter is nonsense; start, validate and watch read the rest too.
 */
#ifndef IPADDR2_CONFIG_H
#define IPADDR2_CONFIG_H

#include "halyard/agent.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HY_IP_FOREVER UINT32_MAX /* the kernel's INFINITY_LIFE_TIME */

struct hy_ip_addr {
    int family; /* AF_INET or AF_INET6 */
    size_t size;
    uint8_t bytes[16];
};

struct hy_ip_target {
    struct hy_ip_addr addr;
    char text[INET6_ADDRSTRLEN];
    char nic[IFNAMSIZ];    /* "": to be found */
    char suffix[IFNAMSIZ]; /* of the label, what follows "nic:"; "": none */
    int prefix;            /* -1: to be found */
    bool check_carrier;    /* a link without carrier is a failure */
};

#define HY_IP_ROUTES_MAX 16

/* A route that goes with the address. */
struct hy_ip_route_spec {
    struct hy_ip_addr dest;
    int prefix;
    bool follows;          /* leads where the route to the same destination leads that is there */
    struct hy_ip_addr via; /* size 0: none */
    char dev[IFNAMSIZ];    /* "": not said */
    bool has_metric;
    uint32_t metric;
};

struct hy_ip_routes {
    int count;
    struct hy_ip_route_spec items[HY_IP_ROUTES_MAX];
};

enum hy_ip_broadcast { HY_IP_BROADCAST_ONES, HY_IP_BROADCAST_ZEROES, HY_IP_BROADCAST_GIVEN };

/* Of IPv6: what the kernel does about duplicates, and whether the address serves meanwhile. */
enum hy_ip_dad {
    HY_IP_DAD_OFF,       /* nothing: serves at once */
    HY_IP_DAD_WAIT,      /* detection; serves after it */
    HY_IP_DAD_OPTIMISTIC /* detection; serves meanwhile (RFC 4429) */
};

/* What holds the address to the lease beside the executor, see guard.h. */
enum hy_ip_guard { HY_IP_GUARD_AUTO, HY_IP_GUARD_EBPF, HY_IP_GUARD_LIFETIME };

struct hy_ip_config {
    struct hy_ip_target target;
    enum hy_ip_broadcast broadcast_kind;
    struct hy_ip_addr broadcast;
    struct hy_ip_routes routes;
    uint32_t preferred_s; /* HY_IP_FOREVER */
    bool noprefixroute;
    enum hy_ip_dad dad;
    bool announce_in_background;
    int64_t announce_count;
    int64_t announce_interval_ms;
    int64_t refresh_count;
    int64_t refresh_ms;
    int64_t conflict_check_ms; /* 0: off */
    int64_t conflict_wait_ms;
    int64_t conflict_defend_ms; /* 0: off */
    enum hy_ip_guard guard;
};

/* Both give HALYARD_OK, or set the reason. Enters the network namespace, if one is named: the operation is alone in its process. */
enum halyard_rc hy_ip_target_read(const struct halyard_host *host, const struct halyard_op *op,
                                  struct hy_ip_target *target);
enum halyard_rc hy_ip_config_read(const struct halyard_host *host, const struct halyard_op *op,
                                  struct hy_ip_config *config);

/* "eth0:0", or "" when no label is asked for. ERR_ARGS when it does not fit. */
enum halyard_rc hy_ip_label(const struct halyard_host *host, const struct halyard_op *op,
                            const struct hy_ip_target *target, const char *interface, char label[IFNAMSIZ]);

bool hy_ip_addr_parse(const char *text, struct hy_ip_addr *addr);
bool hy_ip_addr_equal(const struct hy_ip_addr *a, const struct hy_ip_addr *b);
/* Do the first `prefix` bits agree? */
bool hy_ip_addr_same_net(const struct hy_ip_addr *a, const struct hy_ip_addr *b, int prefix);
/* The broadcast address to set; false: none (IPv6, or a net of one or two hosts: RFC 3021). */
bool hy_ip_broadcast(const struct hy_ip_config *config, int prefix, struct hy_ip_addr *out);

#endif
