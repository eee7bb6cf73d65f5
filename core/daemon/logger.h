/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where log lines end up: a file, syslog, stderr, or several of them; as text
 *
 *   2026-11-22 16:21:07.123 test3 core notice: start ClusterIP on test1: ...
 *
 * or as one JSON object a line: {"time":"...Z","node":"test3","program":"core","level":"notice","text":"..."}.
 *
 * Nobody waits for a reader that is stuck: what it does not take is left out, and counted.
 */
#ifndef HY_DAEMON_LOGGER_H
#define HY_DAEMON_LOGGER_H

#include "base/log.h"
#include "daemon/config.h"

struct hy_logger;

/* `program`: "core", "executor". A file that cannot be opened: -errno with a reason. */
int hy_logger_open(const struct hy_config *config, const char *program, struct hy_logger **logger, struct hy_err *err);
/* The sink; valid until hy_logger_close(). */
const struct hy_log *hy_logger_log(const struct hy_logger *logger);
/* Opens the file anew (after it was rotated); keeps the old one when that fails, and says so. */
void hy_logger_reopen(struct hy_logger *logger);
/* Also to stderr from now on: `halyardd -f`. */
void hy_logger_to_stderr(struct hy_logger *logger);
/* The file's descriptor; -1: there is none. */
int hy_logger_fd(const struct hy_logger *logger);
void hy_logger_close(struct hy_logger **logger);

#endif
