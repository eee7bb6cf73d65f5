/* SPDX-License-Identifier: Apache-2.0 */
/* A pid file that is locked as long as its process lives, so that two daemons of one node are told apart from a stale
 * file. */
#ifndef HY_DAEMON_PIDFILE_H
#define HY_DAEMON_PIDFILE_H

#include "base/err.h"

/* Creates and locks; *fd stays open as long as the lock shall hold. -EWOULDBLOCK: another process holds it; err says
 * which. */
int hy_pidfile_lock(const char *path, int *fd, struct hy_err *err);
/* Writes this process's number. */
int hy_pidfile_write(int fd, const char *path, struct hy_err *err);

#endif
