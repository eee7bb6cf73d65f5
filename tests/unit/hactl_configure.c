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

#define SETS                                                                                                           \
    "printf 'primitive A lsb:a\\nprimitive B lsb:b\\nprimitive C lsb:c\\nprimitive F lsb:f\\ntag T A B\\n"             \
    "colocation K inf: A ( B C )\\norder O A B\\nrsc_ticket R site-A: A B\\nlocation L { C } 5: test1\\n"              \
    "fencing_topology F,C A\\n' | hactl configure load update -"

START_TEST(sets_shrink)
{
    struct ran ran = run_line(&core, SETS);
    ck_assert_int_eq(ran.status, 0);
    ran_free(&ran);
    expect_ok(&core, "hactl resource stop C --wait", "");
    ran = run_line(&core, "hactl configure delete C");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_str_eq(ran.out, "INFO: location L goes too: too little would be left of it\n"
                              "INFO: C leaves colocation K\nINFO: C leaves fencing_topology\n");
    ran_free(&ran);
    expect_ok(&core, "hactl configure show K fencing_topology T",
              "colocation K inf: A ( B )\nfencing_topology \\\n\tF A\ntag T A B\n");
    expect_ok(&core, "hactl resource stop B --wait", "");
    ran = run_line(&core, "hactl configure delete B");
    ck_assert_str_eq(ran.out,
                     "INFO: colocation K goes too: too little would be left of it\n"
                     "INFO: order O goes too: it names B\nINFO: B leaves tag T\nINFO: B leaves rsc_ticket R\n");
    ran_free(&ran);
    expect_ok(&core, "hactl configure show T R", "tag T A\nrsc_ticket R site-A: _rsc_set_ A\n");
}
END_TEST

START_TEST(shown_by_type_and_tag)
{
    struct ran ran = run_line(&core, SETS);
    ran_free(&ran);
    expect_ok(&core, "hactl configure show tag:T type:rsc_ticket",
              "primitive A lsb:a\nprimitive B lsb:b\nrsc_ticket R site-A: A B\n");
    expect_error(&core, "hactl configure show tag:A", 1, "hactl: there is no tag A\n");
    expect_error(&core, "hactl configure show type:A", 1, "hactl: there is no type of object A\n");
    expect_ok(&core, "hactl configure show type:ms", "");
}
END_TEST

START_TEST(a_template_gives_its_agent)
{
    expect_ok(&core,
              "printf 'rsc_template T lsb:a meta target-role=Stopped\\nprimitive A @T\\n' | hactl configure load -",
              "");
    expect_in(&core, "hactl resource status", "A\t(lsb:a):\tStopped (disabled)\n");
    expect_in(&core, "hactl --json resource status", "\"agent\": \"lsb:a\"");
}
END_TEST

START_TEST(renamed)
{
    struct ran ran = run_line(&core, "hactl site ticket grant site-A");
    ran_free(&ran);
    ran = run_line(&core, SETS);
    ran_free(&ran);
    expect_error(&core, "hactl configure rename A A2", 1,
                 "hactl: resource A is running, can't rename it: stop it first (hactl resource stop A)\n");
    expect_error(&core, "hactl configure rename nothing A2", 1, "hactl: there is no object nothing\n");
    expect_error(&core, "hactl configure rename K O", 1, "hactl: there is a order O already\n");
    expect_error(&core, "hactl configure rename K 2", 1,
                 "hactl: line 1, column 12: '2': expected the id of the constraint: a letter or '_', then letters, "
                 "digits, '_', '-', '.', at most 255 in all\n");
    ran = run_line(&core, "hactl --force resource stop A --wait");
    ck_assert_int_eq(ran.status, 0);
    ran_free(&ran);
    ran = run_line(&core, "hactl configure rename A A2");
    ck_assert_int_eq(ran.status, 0);
    ran_free(&ran);
    expect_ok(&core, "hactl configure show T K O R fencing_topology",
              "tag T A2 B\ncolocation K inf: A2 ( B C )\norder O Mandatory: A2 B\nrsc_ticket R site-A: A2 B\n"
              "fencing_topology \\\n\tF,C A2\n");
    expect_ok(&core, "hactl configure rename T T2", "");
    expect_ok(&core, "hactl configure show T2", "tag T2 A2 B\n");
}
END_TEST

START_TEST(groups_are_modified)
{
    expect_ok(&core,
              "printf 'primitive A lsb:a\\nprimitive B lsb:b\\nprimitive C lsb:c\\ngroup G A\\n' | "
              "hactl configure load -",
              "");
    expect_ok(&core, "hactl configure modgroup G add C", "");
    expect_ok(&core, "hactl configure modgroup G add B before C", "");
    expect_ok(&core, "hactl configure show G", "group G A B C\n");
    expect_ok(&core, "hactl configure modgroup G remove A", "");
    expect_ok(&core, "hactl configure modgroup G add A after B", "");
    expect_ok(&core, "hactl configure show G", "group G B A C\n");
    expect_error(&core, "hactl configure modgroup G add A", 1, "hactl: A is in group G already\n");
    expect_error(&core, "hactl configure modgroup G remove X", 1, "hactl: X is not in group G\n");
    expect_error(&core, "hactl configure modgroup A remove X", 1, "hactl: there is no group A\n");
}
END_TEST

START_TEST(rules_keep_what_always_holds)
{
    expect_ok(&core, "hactl configure property stonith-enabled=false", "");
    expect_ok(&core, "hactl configure property rule date spec hours=1-2 maintenance-mode=true", "");
    expect_ok(&core,
              "hactl configure rsc_defaults night: 5: rule date in start='2026-01-01 00:00:00Z' days=3 "
              "resource-stickiness=0",
              "");
    expect_ok(&core, "hactl configure show cib-bootstrap-options cib-rule-options night",
              "property cib-bootstrap-options: \\\n\tstonith-enabled=false\n"
              "property cib-rule-options: \\\n\trule date spec hours=1-2 \\\n\tmaintenance-mode=true\n"
              "rsc_defaults night: \\\n\t5: rule date in start=\"2026-01-01 00:00:00Z\" days=3 \\\n"
              "\tresource-stickiness=0\n");
}
END_TEST

START_TEST(single_attributes)
{
    expect_ok(&core, "hactl configure primitive A lsb:a", "");
    expect_ok(&core, "hactl resource meta A set priority 5", "");
    expect_ok(&core, "hactl resource meta A show priority", "5\n");
    expect_ok(&core, "hactl resource utilization A set cpu 2", "");
    expect_ok(&core, "hactl configure show A", "primitive A lsb:a \\\n\tmeta priority=5 \\\n\tutilization cpu=2\n");
    expect_ok(&core, "hactl resource meta A delete priority", "");
    expect_error(&core, "hactl resource meta A show priority", 1, "hactl: A has no meta priority\n");
    expect_error(&core, "hactl resource meta A delete priority", 1, "hactl: A has no meta priority\n");
    expect_error(&core, "hactl resource meta A set 'a b' 1", 1,
                 "hactl: 'a b' is no name of an attribute: expected letters, digits, '_', '-', '.' and the like\n");
    expect_ok(&core, "hactl node attribute test3 set rack 'a b'", "");
    expect_ok(&core, "hactl node attribute test3 show rack", "a b\n");
    expect_ok(&core, "hactl node utilization test3 set cpu 8", "");
    expect_ok(&core, "hactl configure show test3",
              "node test3 \\\n\tattributes rack=\"a b\" \\\n\tutilization cpu=8\n");
    expect_ok(&core, "hactl configure clone K A", "");
    expect_error(&core, "hactl resource utilization K set cpu 2", 1, "hactl: K is a clone, which has no utilization\n");
    expect_error(&core, "hactl node attribute nobody set a 1", 1,
                 "hactl: there is no node nobody: `hactl node list` shows which there are\n");
}
END_TEST

START_TEST(tickets)
{
    expect_ok(&core, "hactl configure primitive A lsb:a", "");
    expect_ok(&core, "hactl --force configure rsc_ticket R site-A: A", "");
    expect_ok(&core, "hactl site ticket show", "site-A\trevoked\n"); /* somebody asks for it */
    expect_in(&core, "hactl status", "\n\nTickets:\n* site-A:\trevoked\n");
    expect_ok(&core, "hactl ticket grant site-A", "");
    expect_in(&core, "hactl status", "* site-A:\tgranted\tlast-granted='Tue Jan 10 11:25:10 2017'\n");
    expect_ok(&core, "hactl site ticket show site-A", "site-A\tgranted last-granted=Tue Jan 10 11:25:10 2017\n");
    expect_ok(&core, "hactl site ticket standby site-A", "");
    expect_in(&core, "hactl status", "* site-A:\tgranted standby\tlast-granted='Tue Jan 10 11:25:10 2017'\n");
    expect_in(&core, "hactl --json status", "\"last_granted_us\": 1484047510000000");
    expect_ok(&core, "hactl site ticket revoke site-A", "");
    expect_ok(&core, "hactl site ticket time site-A",
              "site-A\trevoked standby last-granted=Tue Jan 10 11:25:10 2017\n");
    expect_ok(&core, "hactl site ticket activate site-A", "");
    expect_ok(&core, "hactl site ticket grant other", "INFO: no rsc_ticket names other: nothing depends on it yet\n");
    expect_in(&core, "hactl --json site ticket show", "\"ticket\": \"other\"");
    expect_ok(&core, "hactl site ticket delete other", "");
    expect_error(&core, "hactl site ticket delete other", 1, "hactl: there is no ticket other\n");
    expect_error(&core, "hactl site ticket show other", 1, "hactl: there is no ticket other\n");
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
    tcase_add_test(tests, sets_shrink);
    tcase_add_test(tests, shown_by_type_and_tag);
    tcase_add_test(tests, a_template_gives_its_agent);
    tcase_add_test(tests, renamed);
    tcase_add_test(tests, groups_are_modified);
    tcase_add_test(tests, rules_keep_what_always_holds);
    tcase_add_test(tests, single_attributes);
    tcase_add_test(tests, tickets);
    tcase_add_test(tests, edited);
    tcase_add_test(tests, what_makes_no_sense);
    return tests;
}
