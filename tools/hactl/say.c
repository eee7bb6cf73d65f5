/* SPDX-License-Identifier: Apache-2.0 */
/* What hactl tells beside the answer itself. */
#include "hactl/hactl.h"

#include "cib/lexer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

bool hactl_is_text(const char *word)
{
    for (const char *at = word; *at;) {
        unsigned char c = (unsigned char)*at;
        size_t length = hy_utf8_length((const unsigned char *)at, strlen(at));
        size_t column = (size_t)(at - word) + 1;
        if (!length)
            hactl_fail("'%.*s...': byte %zu (0x%02x) is not UTF-8: expected text", (int)(at - word), word, column, c);
        else if ((c < ' ' && c != '\t') || c == 0x7f)
            hactl_fail("'%.*s...': byte %zu (0x%02x) is a control character: expected text on one line",
                       (int)(at - word), word, column, c);
        if (!length || (c < ' ' && c != '\t') || c == 0x7f)
            return false;
        at += length;
    }
    return true;
}

const char *hactl_version(void)
{
    return HY_VERSION;
}
