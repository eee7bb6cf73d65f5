/* SPDX-License-Identifier: Apache-2.0 */
/* What `state` answers beside the CIB: how things stand as this node sees them, as JSON (docs/protocol.md lists the
 * keys). */
#ifndef HY_DAEMON_REPORT_H
#define HY_DAEMON_REPORT_H

#include "base/buf.h"
#include "base/time.h"
#include "cluster/cluster.h"
#include "daemon/config.h"
#include "pulse/links_copy.h"

void hy_report_write(const struct hy_cluster *cluster, const struct hy_config *config,
                     const struct hy_links_copy *links, hy_time now, hy_wall wall, struct hy_buf *out);

#endif
