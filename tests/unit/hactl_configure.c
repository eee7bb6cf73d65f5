/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the configuration, and what is said when they cannot be made. */
#include "hactl_run.h"

#include <stdio.h>
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

START_TEST(a_configuration_from_a_file)
{
    expect_ok(&core, "hactl configure load update " HY_SRCDIR "/tests/golden/hactl/production.in", "");
    expect_golden(&core, "hactl configure show", "production.conf");
    expect_ok(&core, "hactl configure load update " HY_SRCDIR "/tests/golden/hactl/production.in", "");
    expect_ok(&core, "hactl configure save - | hactl configure load replace -", "");
    expect_golden(&core, "hactl configure show", "production.conf");
    expect_ok(&core, "hactl verify", "");
}
END_TEST

START_TEST(a_file_replaces)
{
    expect_ok(&core, "hactl configure load update " HY_SRCDIR "/tests/golden/hactl/production.in", "");
    expect_ok(&core, "echo 'property stonith-enabled=false' | hactl configure load replace -", "");
    expect_ok(&core, "hactl configure show",
              "node db1\nnode db2\nnode db3\nnode test1\nnode test3\nnode test5\n"
              "property cib-bootstrap-options: \\\n\tstonith-enabled=false\n");
}
END_TEST

START_TEST(nothing_of_a_bad_file)
{
    expect_error(&core, "printf 'primitive A lsb:a\\nprimitive B lsb:b monitr\\n' | hactl configure load update -", 1,
                 "hactl: standard input: line 2, column 19: 'monitr': expected name=value, params, op, meta, "
                 "utilization or operations\n");
    expect_error(&core, "printf 'primitive A lsb:a\\nclone C B\\n' | hactl configure load update -", 1,
                 "hactl: clone C: there is no resource 'B'\n");
    expect_error(&core, "hactl configure load update /nowhere", 1, "hactl: /nowhere: No such file or directory\n");
    expect_ok(&core, "hactl configure show", "node test1\nnode test3\nnode test5\n");
}
END_TEST

START_TEST(sets_are_added_to)
{
    expect_ok(&core, "hactl configure property stonith-enabled=false", "");
    expect_ok(&core, "hactl configure property cluster-delay=5s no-quorum-policy=freeze", "");
    expect_ok(&core, "hactl configure rsc_defaults resource-stickiness=100", "");
    expect_ok(&core, "hactl configure op_defaults timeout=30s", "");
    expect_ok(&core, "hactl configure show cib-bootstrap-options rsc-options op-options",
              "property cib-bootstrap-options: \\\n\tstonith-enabled=false \\\n\tcluster-delay=5s "
              "\\\n\tno-quorum-policy=freeze\n"
              "rsc_defaults rsc-options: \\\n\tresource-stickiness=100\n"
              "op_defaults op-options: \\\n\ttimeout=30s\n");
}
END_TEST

START_TEST(quotes_survive)
{
    expect_ok(&core,
              "hactl configure primitive M ocf:heartbeat:Dummy params fake=\"-E /bin/x y\" state='it'\\''s \"so\"'",
              "");
    expect_ok(&core, "hactl configure show M",
              "primitive M Dummy \\\n\tparams fake=\"-E /bin/x y\" state=\"it's \\\"so\\\"\"\n");
    expect_ok(&core, "hactl configure location L M rule 100: '#uname' eq test1 or rack eq \"a b\"", "");
    expect_in(&core, "hactl configure show L", "rule 100: #uname eq test1 or rack eq \"a b\"\n");
}
END_TEST

START_TEST(what_cannot_be_made)
{
    expect_ok(&core, "hactl configure primitive A lsb:a", "");
    expect_error(&core, "hactl configure primitive A lsb:a", 1,
                 "hactl: there is a primitive A already: change it with `hactl configure edit`, or delete it first\n");
    expect_error(&core, "hactl configure clone C nothing", 1, "hactl: clone C: there is no resource 'nothing'\n");
    expect_error(&core, "hactl configure delete nothing", 1, "hactl: there is no object nothing\n");
    expect_error(&core, "hactl configure show nothing", 1, "hactl: there is no object nothing\n");
    expect_error(&core, "hactl configure delete A", 1,
                 "hactl: resource A is running, can't delete it: stop it first (hactl resource stop A)\n");
    expect_ok(&core, "hactl --force configure delete A", "");
    expect_error(&core, "hactl resource start A", 1,
                 "hactl: there is no resource A: `hactl resource list` shows what there is\n");
    expect_error(&core, "hactl resource stop test1", 1, "hactl: test1 is a node, not a resource\n");
}
END_TEST

START_TEST(groups_and_clones_shrink)
{
    expect_ok(&core,
              "printf 'primitive A lsb:a\\nprimitive B lsb:b\\ngroup G A B\\nclone C G\\n' | hactl configure load -",
              "");
    expect_golden(&core, "hactl resource status", "group.resources");
    expect_ok(&core, "hactl resource stop C --wait", "");
    expect_ok(&core, "hactl configure delete A", "INFO: A leaves group G\n");
    expect_ok(&core, "hactl configure delete B",
              "INFO: group G goes too: it would be empty\nINFO: clone C goes too: it names G\n");
    expect_ok(&core, "hactl configure show", "node test1\nnode test3\nnode test5\n");
}
END_TEST

START_TEST(edited)
{
    expect_ok(&core, "hactl configure property cluster-delay=60s", "");
    expect_ok(&core, "EDITOR='sed -i s/60s/5s/' hactl configure edit", "");
    expect_in(&core, "hactl configure show", "cluster-delay=5s\n");
    expect_ok(&core, "EDITOR=true hactl configure edit", "");
    expect_ok(&core, "hactl configure commit", "");
    char line[256];
    snprintf(line, sizeof line, "TMPDIR=%s EDITOR=false hactl configure edit", core.folder);
    struct ran ran = run_line(&core, line);
    ck_assert_int_eq(ran.status, 1);
    ck_assert_msg(strstr(ran.err, "hactl: the editor ended with an error: nothing was changed") == ran.err, "%s",
                  ran.err);
    ran_free(&ran);
}
END_TEST

START_TEST(what_makes_no_sense)
{
    expect_error(&core, "hactl configure property cluster-delay=soon", 1,
                 "hactl: property cib-bootstrap-options: cluster-delay='soon': expected a duration, such as 30s, 500ms "
                 "or 2min\n");
    struct ran ran = run_line(&core, "hactl configure property stonith-enabled=true");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_str_eq(ran.err, "warning: property cib-bootstrap-options: stonith-enabled=true: fencing is not supported "
                              "yet\n");
    ran_free(&ran);
    expect_ok(&core, "hactl configure property cluster-delay=5s", "");
}
END_TEST

TCase *hactl_configure_case(void)
{
    TCase *tests = tcase_create("configure");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, a_configuration_from_a_file);
    tcase_add_test(tests, a_file_replaces);
    tcase_add_test(tests, nothing_of_a_bad_file);
    tcase_add_test(tests, sets_are_added_to);
    tcase_add_test(tests, quotes_survive);
    tcase_add_test(tests, what_cannot_be_made);
    tcase_add_test(tests, groups_and_clones_shrink);
    tcase_add_test(tests, edited);
    tcase_add_test(tests, what_makes_no_sense);
    return tests;
}
