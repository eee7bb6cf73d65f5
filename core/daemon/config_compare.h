/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HY_DAEMON_CONFIG_COMPARE_H
#define HY_DAEMON_CONFIG_COMPARE_H

#include "base/buf.h"
#include "cib/cib.h"
#include "daemon/config.h"

/* How the list of nodes in the configuration file differs from the cluster's own: "" when it does not, or while there is
 * none yet. */
void hy_config_compare(const struct hy_config *config, const struct hy_cib *cib, struct hy_buf *out);

#endif
