/* SPDX-License-Identifier: Apache-2.0 */
/* A core that goes away in the middle of a change, or does not answer; and what is shown without quorum. */
#include "hactl_run.h"

static struct fake_core core;

static void start(void)
{
    fake_core_start(&core);
}

static void stop(void)
{
    fake_core_stop(&core);
}

/* The second put of a new object would be refused. */
START_TEST(a_change_is_made_once)
{
    fake_core_steer(&core, "dies-before", 1);
    expect_ok(&core, "hactl configure primitive A lsb:a", "");
    fake_core_steer(&core, "dies-after", 1);
    expect_ok(&core, "hactl configure primitive B lsb:b", "");
    expect_in(&core, "hactl configure show", "primitive A lsb:a");
    expect_in(&core, "hactl configure show", "primitive B lsb:b");
}
END_TEST

START_TEST(an_outcome_that_is_not_known_is_called_so)
{
    fake_core_steer(&core, "dies-after", 1);
    fake_core_steer(&core, "forgets", 1);
    expect_error(&core, "hactl configure primitive A lsb:a", 1,
                 "hactl: outcome unknown: the request was taken before, or not: too much has happened since, and its "
                 "answer is not kept any more; look with `hactl configure show`\n");
    fake_core_steer(&core, "mute", 1);
    expect_error(&core, "hactl --timeout 1 configure primitive B lsb:b", 1,
                 "hactl: outcome unknown: no answer in 1 s; the change may have been made, or may still be: look with "
                 "`hactl configure show`\n");
    fake_core_steer(&core, "mute", 0);
    fake_core_steer(&core, "dies-before", 1);
    fake_core_steer(&core, "alone-after", 1);
    expect_error(
        &core, "hactl --timeout 1 configure primitive C lsb:c", 1,
        "hactl: outcome unknown: no answer in 1 s: no quorum; the change may have been made, or may still be: look "
        "with `hactl configure show`\n");
}
END_TEST

START_TEST(without_quorum_the_node_shows_what_it_knows)
{
    static const char warning[] =
        "hactl: warning: no quorum: test1 does not hear a majority of the nodes; this is what "
        "it knew 12.3 s ago\n";
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    fake_core_steer(&core, "no-quorum", 1);
    expect_error(&core, "hactl resource locate A", 0, warning);
    expect_error(&core, "hactl configure show A", 0, warning);
    expect_in(&core, "hactl configure show A", "primitive A lsb:a");
    expect_error(&core, "hactl node list", 0, warning);
    expect_error(&core, "hactl configure primitive B lsb:b", 1,
                 "hactl: no quorum: test1 does not hear a majority of the nodes\n");
    expect_error(&core, "hactl status", 0, "");
}
END_TEST

TCase *hactl_session_case(void)
{
    TCase *tests = tcase_create("session");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, a_change_is_made_once);
    tcase_add_test(tests, an_outcome_that_is_not_known_is_called_so);
    tcase_add_test(tests, without_quorum_the_node_shows_what_it_knows);
    return tests;
}
