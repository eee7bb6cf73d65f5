/* SPDX-License-Identifier: Apache-2.0 */
/* CIBs in XML that somebody has spoilt. The seeds are fixed, so that a failure comes back. */
#include "lib/cib.h"
#include "lib/mutants.h"
#include "lib/run.h"

#include <glob.h>
#include <stdint.h>

enum { ROUNDS = 150 };

static glob_t corpus;

/* The place behind the n-th `mark`, n drawn; 0: there is none. */
static size_t some_place(uint64_t *seed, const char *text, const char *mark)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, mark)); at++)
        count++;
    if (!count)
        return 0;
    size_t wanted = below(seed, (uint32_t)count);
    const char *at = text - 1;
    do
        at = strstr(at + 1, mark);
    while (wanted--);
    return (size_t)(at - text) + strlen(mark);
}

static void replace(struct hy_buf *text, size_t at, size_t span, const char *with)
{
    char *rest = hy_strdup(hy_buf_text(text) + at + span);
    hy_buf_truncate(text, at);
    hy_buf_adds(text, with);
    hy_buf_adds(text, rest);
    free(rest);
}

/* Another value: an odd one, or one from elsewhere in the file. */
static void another_value(uint64_t *seed, struct hy_buf *text)
{
    static const char *const odd[] = {"",
                                      "-1",
                                      "0",
                                      "1",
                                      "999999999999999999999",
                                      "INFINITY",
                                      "-INFINITY",
                                      "true",
                                      "Promoted",
                                      "P1Y2M3DT4H",
                                      "10ms",
                                      "4294967296",
                                      "2023-13-45",
                                      "monitor",
                                      "stop",
                                      "a b",
                                      "&amp;",
                                      "\xe4\xb8\xad",
                                      "#uname",
                                      ":",
                                      "x:1",
                                      "xx:99999",
                                      "0:0;1:1:0:u",
                                      "n1",
                                      ".Dummy",
                                      "_rsc_set_",
                                      "params",
                                      "&#10;",
                                      "a{99}{99}{99}"};
    size_t at = some_place(seed, hy_buf_text(text), "=\"");
    if (!at)
        return;
    size_t span = strcspn(hy_buf_text(text) + at, "\"");
    if (below(seed, 2)) {
        replace(text, at, span, odd[below(seed, (uint32_t)(sizeof odd / sizeof *odd))]);
        return;
    }
    size_t from = some_place(seed, hy_buf_text(text), "=\"");
    char value[128];
    snprintf(value, sizeof value, "%.*s", (int)strcspn(hy_buf_text(text) + from, "\"<&"), hy_buf_text(text) + from);
    replace(text, at, span, value);
}

/* An element in a line of its own goes, or stands twice. */
static void another_line(uint64_t *seed, struct hy_buf *text)
{
    size_t at = some_place(seed, hy_buf_text(text), "\n");
    if (!at)
        return;
    size_t span = strcspn(hy_buf_text(text) + at, "\n") + 1;
    char *line = hy_strdup(hy_buf_text(text) + at);
    if (strlen(line) > span)
        line[span] = '\0';
    bool whole = strstr(line, "/>") != NULL;
    if (whole && below(seed, 2))
        replace(text, at, strlen(line), "");
    else if (whole)
        replace(text, at, 0, line);
    free(line);
}

static void mutate(uint64_t *seed, struct hy_buf *text)
{
    uint32_t kind = below(seed, 20);
    if (kind < 12) {
        another_value(seed, text);
    } else if (kind < 18) {
        another_line(seed, text);
    } else {
        size_t at = below(seed, (uint32_t)text->size), span = 1 + below(seed, 8);
        replace(text, at, span < text->size - at ? span : text->size - at, kind == 18 ? "" : "<");
    }
}

START_TEST(spoilt_files_break_nothing)
{
    char *text = read_file(corpus.gl_pathv[_i] + strlen(HY_SRCDIR) + 1);
    try_mutants(text, (uint64_t)_i + 7, ROUNDS, 4, mutate);
    free(text);
}
END_TEST

START_TEST(there_is_a_corpus)
{
    ck_assert_uint_ge(corpus.gl_pathc, 10);
}
END_TEST

int main(void)
{
    glob(HY_SRCDIR "/tests/fuzz/decide/*.xml", 0, NULL, &corpus);
    Suite *suite = suite_create("decisions about spoilt CIBs");
    TCase *tcase = tcase_create("mutations");
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, there_is_a_corpus);
    tcase_add_loop_test(tcase, spoilt_files_break_nothing, 0, (int)corpus.gl_pathc);
    suite_add_tcase(suite, tcase);
    int status = run_suite(suite);
    globfree(&corpus);
    return status;
}
