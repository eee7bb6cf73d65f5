/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where log lines go. The pure modules know no file and no syslog: they are handed a sink. One line an event; what,
 * where and why; no newline. The sink adds time and program.
 */
#ifndef HY_BASE_LOG_H
#define HY_BASE_LOG_H

/* The numbers are syslog's (RFC 5424). */
enum hy_log_level { HY_LOG_ERROR = 3, HY_LOG_WARNING = 4, HY_LOG_NOTICE = 5, HY_LOG_INFO = 6, HY_LOG_DEBUG = 7 };

struct hy_log {
    void (*write)(void *context, enum hy_log_level level, const char *line); /* NULL: lines are dropped */
    void *context;
    enum hy_log_level level; /* lines above it are dropped before they are formatted */
};

void hy_log_line(const struct hy_log *log, enum hy_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define hy_error(log, ...) hy_log_line(log, HY_LOG_ERROR, __VA_ARGS__)
#define hy_warning(log, ...) hy_log_line(log, HY_LOG_WARNING, __VA_ARGS__)
#define hy_notice(log, ...) hy_log_line(log, HY_LOG_NOTICE, __VA_ARGS__)
#define hy_info(log, ...) hy_log_line(log, HY_LOG_INFO, __VA_ARGS__)
#define hy_debug(log, ...) hy_log_line(log, HY_LOG_DEBUG, __VA_ARGS__)

#endif
