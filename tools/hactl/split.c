/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/split.h"

#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What is between two quotes of a kind; `at` is behind the first and is put behind the second. */
static int quoted(const char **at, char quote, struct hy_buf *word, struct hy_err *err)
{
    const char *p = *at;
    for (; *p && *p != quote; p++) {
        if (quote == '"' && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        hy_buf_addc(word, *p);
    }
    if (!*p)
        return hy_fail(err, EINVAL, "a quote %c is not closed", quote);
    *at = p + 1;
    return 0;
}

static int read_word(const char **at, struct hy_buf *word, struct hy_err *err)
{
    int rc = 0;
    while (**at && !is_blank(**at) && !rc) {
        char c = *(*at)++;
        if (c == '\'' || c == '"') {
            rc = quoted(at, c, word, err);
        } else if (c == '\\') {
            if (!**at)
                return hy_fail(err, EINVAL, "a backslash stands at the end of the line");
            hy_buf_addc(word, *(*at)++);
        } else {
            hy_buf_addc(word, c);
        }
    }
    return rc;
}

int hactl_split(const char *line, struct hactl_words *words, struct hy_err *err)
{
    struct hy_buf word = {0};
    int rc = 0;
    *words = (struct hactl_words){0};
    for (;;) {
        while (is_blank(*line))
            line++;
        if (!*line || (*line == '#' && !words->list.count))
            break;
        rc = read_word(&line, &word, err);
        if (rc)
            break;
        hy_vec_push(&words->list, hy_buf_take(&word));
    }
    hy_vec_push(&words->list, NULL);
    words->list.count--;
    hy_buf_free(&word);
    if (rc)
        hactl_words_free(words);
    return rc;
}

void hactl_words_free(struct hactl_words *words)
{
    for (size_t i = 0; i < words->list.count; i++)
        free(words->list.items[i]);
    hy_vec_free(&words->list);
}
