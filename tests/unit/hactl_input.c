/* SPDX-License-Identifier: Apache-2.0 */
/* What was typed is done, or refused in words: nothing of it is lost, and nothing is half done. */
#include "hactl_run.h"

#include "base/buf.h"
#include "cib/cib.h"

#include <stdlib.h>
#include <string.h>

static struct fake_core core;

static void start(void)
{
    fake_core_start(&core);
}

static void stop(void)
{
    fake_core_stop(&core);
}

START_TEST(what_is_no_text_is_refused)
{
    expect_ok(&core, "hactl configure primitive A lsb:a", "");
    expect_error(&core, "hactl configure primitive B lsb:b params x=\"$(printf 'a\\nb')\"", 1,
                 "hactl: 'x=a...': byte 4 (0x0a) is a control character: expected text on one line\n");
    expect_error(&core, "hactl configure primitive B lsb:b params x=\"$(printf 'Gr\\366\\337e')\"", 1,
                 "hactl: 'x=Gr...': byte 5 (0xf6) is not UTF-8: expected text\n");
    expect_error(&core, "hactl resource param A set x \"$(printf 'a\\001')\"", 1,
                 "hactl: 'a...': byte 2 (0x01) is a control character: expected text on one line\n");
    expect_ok(&core, "hactl configure show A", "primitive A lsb:a\n");
    expect_ok(&core, "hactl resource param A set x 'Größe'", "");
    expect_ok(&core, "hactl resource param A show x", "Größe\n");
}
END_TEST

START_TEST(a_node_keeps_what_is_said_of_it)
{
    expect_ok(&core, "hactl configure node 7: test3 description='left rack' attributes a=1", "");
    expect_ok(&core, "hactl configure node test3 attributes b=2", "");
    expect_ok(&core, "hactl configure show test3",
              "node 7: test3 \\\n\tdescription=\"left rack\" \\\n\tattributes a=1 b=2\n");
}
END_TEST

START_TEST(a_set_keeps_its_rule)
{
    expect_ok(&core, "hactl configure rsc_defaults night: 5: resource-stickiness=0 priority=1", "");
    expect_ok(&core, "hactl configure rsc_defaults night: 5: priority=2", "");
    expect_error(&core, "hactl configure rsc_defaults night: 6: priority=2", 1,
                 "hactl: rsc_defaults night is there already, with another rule or score: expected another id ($id=ID "
                 "in front), or `hactl configure edit`\n");
    expect_ok(&core, "hactl configure show night",
              "rsc_defaults night: \\\n\t5: \\\n\tresource-stickiness=0 \\\n\tpriority=2\n");
}
END_TEST

/* The constraint of a move is named after the resource, and ids have an end. */
START_TEST(a_move_that_cannot_be_made_is_none)
{
    struct hy_buf line = {0};
    char id[HY_ID_MAX];
    memset(id, 'a', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    hy_buf_addf(&line, "hactl configure primitive %s lsb:a --wait", id);
    expect_ok(&core, hy_buf_text(&line), "");
    static const char *const verbs[] = {"ban", "move"};
    for (size_t i = 0; i < 2; i++) {
        hy_buf_clear(&line);
        hy_buf_addf(&line, "hactl resource %s %s test3", verbs[i], id);
        struct ran ran = run_line(&core, hy_buf_text(&line));
        ck_assert_int_eq(ran.status, 1);
        ck_assert_str_eq(ran.out, "");
        ck_assert_msg(strncmp(ran.err, "hactl: the constraint cannot be made: line 1, column 10: 'cli-", 62) == 0, "%s",
                      ran.err);
        ran_free(&ran);
    }
    hy_buf_free(&line);
}
END_TEST

START_TEST(the_failures_of_instances_count)
{
    fake_core_steer(&core, "broken-test3", 1);
    expect_ok(&core, "hactl configure primitive MaxScale lsb:maxscale", "");
    expect_ok(&core, "hactl --force configure clone K MaxScale meta globally-unique=true --wait", "");
    expect_ok(&core, "hactl resource failcount MaxScale show test3",
              "scope=status  name=fail-count-MaxScale value=INFINITY\n");
    expect_ok(&core, "hactl resource failcount K show test3", "scope=status  name=fail-count-K value=INFINITY\n");
    expect_ok(&core, "hactl resource failcount K show test1", "scope=status  name=fail-count-K value=0\n");
}
END_TEST

START_TEST(a_restart_that_is_not_over_is_told)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    fake_core_steer(&core, "idle", 1);
    expect_error(&core, "hactl --timeout 1 resource restart A", 1,
                 "hactl: not done after 1 s: stop of A on test1 is still to be done\n"
                 "hactl: A is left to be stopped: `hactl resource start A` lets it run again\n");
}
END_TEST

/* ---------------------------------------------------------------- a session of several lines */

START_TEST(options_are_those_of_one_line)
{
    expect_error(
        &core, "printf 'node list\\n-c /nonexistent/halyard.conf node list\\nnode list\\n' | hactl", 1,
        "hactl: /nonexistent/halyard.conf: No such file or directory: `hactl cluster init` writes one for each "
        "node\n");
    fake_core_steer(&core, "mute", 1);
    expect_error(&core, "printf -- '--timeout 1 help\\nconfigure primitive A lsb:a\\n' | hactl --timeout 2", 1,
                 "hactl: outcome unknown: no answer in 2 s; the change may have been made, or may still be: look with "
                 "`hactl configure show`\n");
}
END_TEST

START_TEST(a_comment_ends_with_its_line)
{
    expect_ok(&core, "printf '# as it was: \\\\\\nconfigure primitive A \\\\\\n lsb:a\\n' | hactl", "");
    expect_ok(&core, "hactl configure show A", "primitive A lsb:a\n");
}
END_TEST

TCase *hactl_input_case(void)
{
    TCase *tests = tcase_create("input");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, what_is_no_text_is_refused);
    tcase_add_test(tests, a_node_keeps_what_is_said_of_it);
    tcase_add_test(tests, a_set_keeps_its_rule);
    tcase_add_test(tests, a_move_that_cannot_be_made_is_none);
    tcase_add_test(tests, the_failures_of_instances_count);
    tcase_add_test(tests, a_restart_that_is_not_over_is_told);
    tcase_add_test(tests, options_are_those_of_one_line);
    tcase_add_test(tests, a_comment_ends_with_its_line);
    return tests;
}
