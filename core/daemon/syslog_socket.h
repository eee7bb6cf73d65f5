/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines for the system's log, which never wait: what syslogd or journald does not take at once is left out. syslog(3) would
 * wait for it, and with it whoever has something to say.
 */
#ifndef HY_DAEMON_SYSLOG_SOCKET_H
#define HY_DAEMON_SYSLOG_SOCKET_H

#include "base/log.h"

struct hy_syslog; /* opaque */

/* `path` NULL: /dev/log. It need not be there yet, and may be made anew at any time. */
struct hy_syslog *hy_syslog_open(const char *path, const char *program);
/* 0, or -errno: it was not taken. */
int hy_syslog_write(struct hy_syslog *syslog, enum hy_log_level level, const char *line);
void hy_syslog_close(struct hy_syslog **syslog);

#endif
