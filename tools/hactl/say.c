/* SPDX-License-Identifier: Apache-2.0 */
/* What hactl tells beside the answer itself. */
#include "hactl/hactl.h"

#include <stdarg.h>
#include <stdio.h>

int hactl_fail(const char *format, ...)
{
    va_list args;
    fflush(stdout); /* what was said before stands before */
    fputs("hactl: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return HACTL_FAILED;
}

void hactl_info(const char *format, ...)
{
    va_list args;
    fputs("INFO: ", stdout);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fputc('\n', stdout);
}

const char *hactl_version(void)
{
    return HACTL_VERSION;
}
