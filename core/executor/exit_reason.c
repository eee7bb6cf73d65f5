/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/exit_reason.h"

#include <string.h>

static const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    return text;
}

const char *hy_exit_reason(const char *output, size_t output_size, size_t *size)
{
    const size_t prefix = strlen(HY_EXIT_REASON_PREFIX);
    const char *found = "", *end = output + output_size;
    *size = 0;
    for (const char *line = output; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        if ((size_t)(stop - line) >= prefix && memcmp(line, HY_EXIT_REASON_PREFIX, prefix) == 0) {
            found = skip_blanks(line + prefix, stop);
            while (stop > found && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
                stop--;
            *size = (size_t)(stop - found);
        }
        line = newline ? newline + 1 : end;
    }
    return found;
}
