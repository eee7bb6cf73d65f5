/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/digest.h"

#include "base/md5.h"

#include <string.h>

static void add_text(struct hy_md5 *md5, const char *text)
{
    hy_md5_add(md5, text, strlen(text));
}

static void add_escaped(struct hy_md5 *md5, const char *text)
{
    static const struct {
        char c;
        const char *escape;
    } escapes[] = {{'<', "&lt;"},    {'>', "&gt;"},  {'&', "&amp;"}, {'"', "&quot;"},
                   {'\'', "&apos;"}, {'\t', "    "}, {'\n', "\\n"},  {'\r', "\\r"}};
    while (*text) {
        size_t plain = strcspn(text, "<>&\"'\t\n\r");
        hy_md5_add(md5, text, plain);
        text += plain;
        for (size_t i = 0; *text && i < sizeof escapes / sizeof *escapes; i++)
            if (escapes[i].c == *text)
                add_text(md5, escapes[i].escape);
        text += *text != '\0';
    }
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct hy_value *)left)->name, ((const struct hy_value *)right)->name);
}

static bool is_sorted(const struct hy_value *params, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (by_name(&params[i - 1], &params[i]) > 0)
            return false;
    return true;
}

static void add_params(struct hy_md5 *md5, const struct hy_value *params, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_text(md5, " ");
        add_text(md5, params[i].name);
        add_text(md5, "=\"");
        add_escaped(md5, params[i].value);
        add_text(md5, "\"");
    }
}

void hy_params_digest(const struct hy_value *params, size_t count, char text[HY_DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    struct hy_md5 md5;
    uint8_t digest[HY_MD5_SIZE];
    hy_md5_begin(&md5);
    add_text(&md5, " <parameters");
    if (is_sorted(params, count)) {
        add_params(&md5, params, count);
    } else {
        struct hy_value *sorted = hy_memdup(params, count * sizeof *params);
        qsort(sorted, count, sizeof *sorted, by_name);
        add_params(&md5, sorted, count);
        free(sorted);
    }
    add_text(&md5, "/>\n");
    hy_md5_end(&md5, digest);
    for (size_t i = 0; i < HY_MD5_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * HY_MD5_SIZE] = '\0';
}
