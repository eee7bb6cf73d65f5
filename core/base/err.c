/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include "base/buf.h"
#include "base/format.h"

#include <stdarg.h>
#include <string.h>

int hy_fail(struct hy_err *err, int errnum, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        hy_vformat(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return -errnum;
}

int hy_fail_in(struct hy_err *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    struct hy_buf text = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&text, format, args);
    va_end(args);
    hy_buf_adds(&text, ": ");
    hy_buf_adds(&text, err->text);
    hy_buf_truncate(&text, sizeof err->text - 1);
    memcpy(err->text, text.data, text.size + 1);
    hy_buf_free(&text);
    return code;
}
