/* SPDX-License-Identifier: Apache-2.0 */
/* Bus and links know the nodes that the cluster knows: peers are added and removed as its list of nodes changes. */
#ifndef HY_DAEMON_PEERS_H
#define HY_DAEMON_PEERS_H

#include "bus/bus.h"
#include "cluster/cluster.h"
#include "daemon/config.h"
#include "pulse/thread.h"

struct hy_peers;

/* The options' objects live as long as the peers. */
struct hy_peers *hy_peers_new(const struct hy_config *config, struct hy_bus *bus, struct hy_pulse_thread *links,
                              const struct hy_log *log);
void hy_peers_free(struct hy_peers **peers);

/* Where the bus reaches a node: its own address, and those it has on the links. Borrowed of `node`; NULL behind the last. */
void hy_bus_addresses(const struct hy_config *config, const struct hy_cluster_node *node,
                      const char *addresses[HY_BUS_ADDRESSES_MAX]);

/* After HY_CLUSTER_NODES_CHANGED, and once at the start. A peer that cannot be added is said, and tried again next time. */
void hy_peers_update(struct hy_peers *peers, const struct hy_cluster *cluster);

#endif
