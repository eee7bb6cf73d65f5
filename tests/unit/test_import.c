/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pacemaker CIBs and what becomes of them. For each tests/import/NAME.xml there is NAME.out: the report, a line "----",
 * and the configuration (with "status" in front of the name: the whole state); or what is refused and why.
 * HALYARD_GOLDEN=write writes them.
 */
#include "hactl/import.h"
#include "lib/cib.h"
#include "lib/run.h"

#include <errno.h>

static void is_golden(const char *text, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/import/%s.out", name);
    const char *mode = getenv("HALYARD_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        char whole[2048];
        snprintf(whole, sizeof whole, "%s/%s", HY_SRCDIR, path);
        FILE *file = fopen(whole, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    char *expected = read_file(path);
    ck_assert_str_eq(text, expected);
    free(expected);
}

static void import_text(struct hactl_import *import, const char *text, size_t size, struct hy_buf *out)
{
    struct hy_err err;
    int rc = hactl_import_read(import, text, size, &err);
    if (rc) {
        ck_assert_int_eq(rc, -EINVAL);
        hy_buf_addf(out, "%s%s%s", err.text, err.text[0] ? "\n" : "", err.text[0] ? "" : hy_buf_text(&import->refused));
        return;
    }
    hy_buf_addf(out, "%s----\n", hy_buf_text(&import->report));
    if (import->with_status)
        hy_cib_save_to_show(import->cib, out);
    else
        hy_cib_print(import->cib, out);
}

/* What is printed of it is read, and makes the same; so does what is saved. */
static void must_be_read(const struct hy_cib *cib)
{
    struct hy_cib *again = hy_cib_new();
    struct hy_err err = {{0}};
    char *first = printed(cib);
    ck_assert_msg(hy_cib_parse(again, first, strlen(first), &err) == 0, "%s\n%s", err.text, first);
    char *second = printed(again);
    ck_assert_str_eq(second, first);
    must_come_back_when_saved(cib);
    free(first);
    free(second);
    hy_cib_free(&again);
}

static void check_case(const char *name, bool with_status)
{
    char path[256];
    snprintf(path, sizeof path, "tests/import/%s.xml", name);
    char *text = read_file(path);
    struct hactl_import import = {.with_status = with_status};
    struct hy_buf out = {0};
    import_text(&import, text, strlen(text), &out);
    is_golden(hy_buf_text(&out), name);
    if (!import.refused_count && strncmp(hy_buf_text(&out), "line ", 5) != 0)
        must_be_read(import.cib);
    hactl_import_free(&import);
    hy_buf_free(&out);
    free(text);
}

static const char *const configurations[] = {"modern", "old", "unsaid", "plain", "odd"};
static const char *const refused[] = {"refused",      "no-cib",   "broken",       "bomb",
                                      "status-first", "headless", "refused-words"};
static const char *const states[] = {"status", "status-plain", "status-odd"};

START_TEST(a_configuration_becomes_ours)
{
    check_case(configurations[_i], false);
}
END_TEST

START_TEST(what_cannot_be_taken_is_refused)
{
    check_case(refused[_i], false);
}
END_TEST

START_TEST(a_state_becomes_ours)
{
    check_case(states[_i], true);
}
END_TEST

/* ---------------------------------------------------------------- hostile */

static void must_fail(const struct hy_buf *text, const char *reason)
{
    struct hactl_import import = {0};
    struct hy_err err;
    ck_assert_int_eq(hactl_import_read(&import, hy_buf_text(text), text->size, &err), -EINVAL);
    ck_assert_str_eq(err.text, reason);
    hactl_import_free(&import);
}

START_TEST(what_is_nested_too_deep_is_refused)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration><resources>\n");
    for (int i = 0; i < 100; i++)
        hy_buf_adds(&text, "<primitive id='a'>");
    must_fail(&text, "line 2: elements are nested deeper than a CIB's are");
    hy_buf_free(&text);
}
END_TEST

START_TEST(rules_within_rules_have_an_end)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration><constraints><rsc_location id='l' rsc='a'>");
    for (int i = 0; i < 30; i++)
        hy_buf_addf(&text, "<rule id='r%d'>", i);
    for (int i = 0; i < 30; i++)
        hy_buf_adds(&text, "</rule>");
    hy_buf_adds(&text, "</rsc_location></constraints></configuration></cib>");
    struct hactl_import import = {0};
    struct hy_err err;
    ck_assert_int_eq(hactl_import_read(&import, hy_buf_text(&text), text.size, &err), -EINVAL);
    ck_assert_str_eq(err.text, "");
    ck_assert_str_eq(hy_buf_text(&import.refused), "line 1: rule r0: rules are nested deeper than 13\n");
    hactl_import_free(&import);
    hy_buf_free(&text);
}
END_TEST

START_TEST(what_has_too_many_attributes_is_refused)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration>\n<nodes a0='1'");
    for (int i = 1; i < 400; i++)
        hy_buf_addf(&text, " a%d = \"1\"", i);
    hy_buf_adds(&text, "/></configuration></cib>");
    must_fail(&text, "line 2: an element with more than 200 attributes");
    hy_buf_free(&text);
}
END_TEST

/* Longer than a word of the grammar may be: it could be printed, but not read again. */
START_TEST(what_has_too_long_a_value_is_refused)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration><resources>\n<primitive id='a' class='lsb' type='a' description='");
    for (int i = 0; i < HY_VALUE_MAX; i++)
        hy_buf_addc(&text, 'x');
    hy_buf_adds(&text, "'/></resources></configuration></cib>");
    must_fail(&text, "line 2: primitive: its description has 65536 bytes: expected at most 65280");
    hy_buf_free(&text);
}
END_TEST

START_TEST(what_is_too_much_at_once_is_refused)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration><resources><primitive id='a'>\n");
    for (int i = 0; i < 250000; i++)
        hy_buf_adds(&text, "<x/>");
    hy_buf_adds(&text, "</primitive></resources></configuration></cib>");
    must_fail(&text, "line 2: an element with more in it than a CIB's have");
    hy_buf_free(&text);
}
END_TEST

START_TEST(what_is_no_xml_is_named)
{
    static const struct {
        const char *text;
        size_t size;
        const char *reason;
    } cases[] = {
        {"", 0, "the file is empty: expected a CIB in XML, as `cibadmin --query` prints it"},
        {" \n ", 3, "the file is empty: expected a CIB in XML, as `cibadmin --query` prints it"},
        {"node 1: a\n", 10, "this is no XML: expected a CIB, as `cibadmin --query` prints it"},
        {"BZh91AY", 7, "this is compressed: unpack it with bunzip2 first"},
        {"\x1f\x8b\x08", 3, "this is compressed: unpack it with gunzip first"},
        {"<!-- <!DOCTYPE x> --><a/>", 25, "line 1: the root is 'a': expected a 'cib'"},
        {"<cib>\n<!DOCTYPE x></cib>", 24,
         "line 2: a document type or an entity: no CIB has them, and they are not read"},
        {"<cib>\n&x;</cib>", 15, "line 2: broken XML: Entity 'x' not defined"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hy_buf text = {0};
        hy_buf_add(&text, cases[i].text, cases[i].size);
        must_fail(&text, cases[i].reason);
        hy_buf_free(&text);
    }
}
END_TEST

/* A start that waited for its answer when the stop was ordered is over; one that was ordered after the stop is not. */
START_TEST(what_waited_is_over_once_something_later_was_done)
{
    static const char *const text =
        "<cib><configuration><nodes><node id='1' uname='one'/></nodes></configuration>"
        "<status><node_state id='1' uname='one'><lrm><lrm_resources>"
        "<lrm_resource id='over'>"
        "<lrm_rsc_op operation='start' call-id='3' rc-code='193' op-status='-1' interval='0' transition-key='1:1:0:x'/>"
        "<lrm_rsc_op operation='stop' call-id='9' rc-code='0' op-status='0' interval='0' transition-key='1:2:0:x'/>"
        "</lrm_resource><lrm_resource id='waits'>"
        "<lrm_rsc_op operation='stop' call-id='9' rc-code='0' op-status='0' interval='0' transition-key='1:2:0:x'/>"
        "<lrm_rsc_op operation='start' call-id='-1' rc-code='193' op-status='-1' interval='0' "
        "transition-key='1:3:0:x'/>"
        "</lrm_resource></lrm_resources></lrm></node_state></status></cib>";
    struct hactl_import import = {.with_status = true};
    struct hy_err err;
    ck_assert_int_eq(hactl_import_read(&import, text, strlen(text), &err), 0);
    const struct hy_node_status *status = import.cib->nodes.items[0];
    ck_assert_uint_eq(status->results.count, 3);
    for (size_t i = 0; i < status->results.count; i++)
        if (status->results.items[i].exec == HY_EXEC_PENDING)
            ck_assert_str_eq(status->results.items[i].rsc, "waits");
    hactl_import_free(&import);
}
END_TEST

/* So long that what is quadratic would not end. */
START_TEST(a_large_history_is_read)
{
    struct hy_buf text = {0};
    hy_buf_adds(&text, "<cib><configuration><nodes><node id='1' uname='one'/></nodes></configuration>\n"
                       "<status><node_state id='1' uname='one'><lrm><lrm_resources>");
    for (int i = 0; i < 40000; i++)
        hy_buf_addf(&text,
                    "<lrm_resource id='r%d'><lrm_rsc_op operation='start' call-id='%d' rc-code='1' op-status='0' "
                    "interval='0' transition-key='1:1:0:x'/></lrm_resource>",
                    i, i);
    hy_buf_adds(&text, "</lrm_resources></lrm></node_state></status></cib>");
    struct hactl_import import = {.with_status = true};
    struct hy_err err;
    ck_assert_int_eq(hactl_import_read(&import, hy_buf_text(&text), text.size, &err), 0);
    ck_assert_uint_eq(import.cib->nodes.items[0]->results.count, 40000);
    ck_assert_uint_eq(import.cib->nodes.items[0]->failures.count, 40000);
    hactl_import_free(&import);
    hy_buf_free(&text);
}
END_TEST

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tcase = tcase_create("import");
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, a_configuration_becomes_ours, 0, COUNT(configurations));
    tcase_add_loop_test(tcase, what_cannot_be_taken_is_refused, 0, COUNT(refused));
    tcase_add_loop_test(tcase, a_state_becomes_ours, 0, COUNT(states));
    tcase_add_test(tcase, what_is_nested_too_deep_is_refused);
    tcase_add_test(tcase, what_waited_is_over_once_something_later_was_done);
    tcase_add_test(tcase, rules_within_rules_have_an_end);
    tcase_add_test(tcase, what_has_too_many_attributes_is_refused);
    tcase_add_test(tcase, what_has_too_long_a_value_is_refused);
    tcase_add_test(tcase, what_is_too_much_at_once_is_refused);
    tcase_add_test(tcase, what_is_no_xml_is_named);
    tcase_add_test(tcase, a_large_history_is_read);
    return run_suite(suite);
}
