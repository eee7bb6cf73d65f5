/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>

void hy_log_line(const struct hy_log *log, enum hy_log_level level, const char *format, ...)
{
    if (!log || !log->write || level > log->level)
        return;
    struct hy_buf line = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&line, format, args);
    va_end(args);
    log->write(log->context, level, hy_buf_text(&line));
    hy_buf_free(&line);
}
