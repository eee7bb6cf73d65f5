/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running node: the pure core/cluster, and around it everything that does I/O. One loop, in the main thread; each thing
 * that happens becomes an event of the cluster, each effect is carried out at once, in order.
 *
 *   bus, store, executor, ipc, news --event--> hy_cluster_step() --effects--> bus, store, executor, ipc
 *
 * The links have a thread and a loop of their own (core/pulse), so that heartbeats and the lease wait for none of that.
 */
#ifndef HY_DAEMON_NODE_H
#define HY_DAEMON_NODE_H

#include "base/err.h"
#include "daemon/config.h"
#include "daemon/logger.h"

struct hy_node;

/* Opens everything, as root where that is needed, then becomes the configured user. -errno with a reason. */
int hy_node_open(const struct hy_config *config, struct hy_logger *logger, int executor_fd, int lease_fd,
                 struct hy_node **node, struct hy_err *err);
/* Runs until the node has left in good order (0), or must end (-errno, said in the log). */
int hy_node_run(struct hy_node *node);
void hy_node_close(struct hy_node **node);

#endif
