/* SPDX-License-Identifier: Apache-2.0 */
/* The import over mutations of the files in tests/import; the seeds are fixed, so that a failure comes back. */
#include "lib/cib.h"
#include "lib/mutants.h"
#include "lib/run.h"

#include <stdint.h>

static const char *const corpus[] = {
    "tests/import/modern.xml", "tests/import/old.xml",          "tests/import/plain.xml",
    "tests/import/status.xml", "tests/import/status-plain.xml", "tests/import/refused.xml",
};

enum { CORPUS = (int)(sizeof corpus / sizeof *corpus), ROUNDS = 1000 };

/* Swaps, drops, doubles and bends pieces: mostly within the marks of XML, so that more than its parser is tried. */
static void mutate(uint64_t *seed, struct hy_buf *text)
{
    static const char *const words[] = {"<rule id=\"x\">",
                                        "</rule>",
                                        "<nvpair id=\"n\" name=\"a b\" value=\"&#10;&quot;\"/>",
                                        " id-ref=\"vip-params\"",
                                        "<primitive id=\"p\" class=\"ocf\" type=\"x\"/>",
                                        "\"",
                                        ">",
                                        "/>",
                                        "&lt;",
                                        "&#9;",
                                        "&#233;",
                                        "-INFINITY",
                                        "999999999999999999999",
                                        "#",
                                        ":0",
                                        " ",
                                        "'"};
    uint32_t at = below(seed, (uint32_t)text->size), span = 1 + below(seed, 40);
    if (span > text->size - at)
        span = (uint32_t)text->size - at;
    char *rest = hy_strdup(text->data + at);
    switch (below(seed, 6)) {
    case 0:
        text->data[at] = (char)(1 + below(seed, 255));
        break;
    case 1:
        hy_buf_truncate(text, at);
        hy_buf_adds(text, rest + span);
        break;
    case 2:
    case 3: { /* at the border of a value or an element */
        size_t to = strcspn(rest, below(seed, 2) ? "\"" : ">");
        if (to < strlen(rest))
            to++;
        hy_buf_truncate(text, at + to);
        hy_buf_adds(text, PICK(seed, words));
        hy_buf_adds(text, rest + to);
        break;
    }
    case 4: { /* a whole line twice, or not at all */
        size_t begin = strcspn(rest, "\n"), length = begin < strlen(rest) ? strcspn(rest + begin + 1, "\n") + 1 : 0;
        bool twice = below(seed, 2);
        hy_buf_truncate(text, at + begin + (twice ? length : 0));
        hy_buf_adds(text, rest + begin + (twice ? 0 : length));
        break;
    }
    default:
        text->data[at] = (char)('0' + below(seed, 10));
        break;
    }
    free(rest);
}

START_TEST(mutated_cibs_break_nothing)
{
    char *text = read_file(corpus[_i]);
    try_mutants(text, (uint64_t)_i + 4711, ROUNDS, 3, mutate);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import: random");
    TCase *tcase = tcase_create("random");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, mutated_cibs_break_nothing, 0, CORPUS);
    return run_suite(suite);
}
