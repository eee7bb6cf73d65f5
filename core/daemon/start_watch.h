/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal is told of a daemon that has just gone to the background. */
#ifndef HY_DAEMON_START_WATCH_H
#define HY_DAEMON_START_WATCH_H

#include "daemon/config.h"

#include <sys/types.h>

/* How far the log file has been written; 0: there is none. To be asked before the daemon is forked. */
off_t hy_start_log_size(const struct hy_config *config);

/* Waits until the core answers on its socket (0), or the daemon has ended: then its exit status, with what the log says of errors
 * since `log_size` on stderr. A core that takes too long is left alone (0), and so said. */
int hy_start_watch(const struct hy_config *config, pid_t daemon, off_t log_size);

#endif
