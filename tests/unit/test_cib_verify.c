/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cib.h"
#include "lib/run.h"

START_TEST(everything_wrong_is_said_in_a_line)
{
    char *text = read_file("tests/golden/cib/verify.conf"), *wanted = read_file("tests/golden/cib/verify.lines");
    struct hy_cib *cib = cib_of(text);
    struct hy_buf errors = {0}, warnings = {0};
    size_t count = hy_cib_verify(cib, &errors, &warnings), lines = 0;
    for (const char *at = hy_buf_text(&errors); *at; at++)
        lines += *at == '\n';
    ck_assert_uint_eq(count, lines);
    ck_assert_uint_eq(hy_cib_verify(cib, NULL, NULL), count);
    hy_buf_adds(&errors, hy_buf_text(&warnings));
    ck_assert_str_eq(hy_buf_text(&errors), wanted);
    hy_buf_free(&errors);
    hy_buf_free(&warnings);
    hy_cib_free(&cib);
    free(text);
    free(wanted);
}
END_TEST

START_TEST(nothing_wrong_is_silence)
{
    char *text = read_file("tests/golden/cib/maxscale-vip.conf");
    struct hy_cib *cib = cib_of(text), *empty = hy_cib_new();
    struct hy_buf lines = {0};
    ck_assert_uint_eq(hy_cib_verify(cib, &lines, &lines), 0);
    ck_assert_uint_eq(hy_cib_verify(empty, &lines, &lines), 0);
    ck_assert_str_eq(hy_buf_text(&lines), "");
    hy_buf_free(&lines);
    hy_cib_free(&cib);
    hy_cib_free(&empty);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib: verify");
    TCase *tcase = tcase_create("verify");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, everything_wrong_is_said_in_a_line);
    tcase_add_test(tcase, nothing_wrong_is_silence);
    return run_suite(suite);
}
