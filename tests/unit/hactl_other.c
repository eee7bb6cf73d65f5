/* SPDX-License-Identifier: Apache-2.0 */
/* Resources and nodes by hand, waiting, wrong usage, no connection, a new cluster. */
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

START_TEST(waiting)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    fake_core_steer(&core, "slow", 1);
    expect_ok(&core, "hactl resource stop A --wait", "");
    expect_ok(&core, "hactl resource status A", "resource A is NOT running\n");
    expect_ok(&core, "hactl resource start A --wait", "");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test1\n");
    expect_ok(&core, "hactl resource restart A", "");
    expect_ok(&core, "hactl node standby --wait", "");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test3\n");
    expect_in(&core, "hactl status", "Node test1: standby\nOnline: [ test3 test5 ]\n");
    expect_ok(&core, "hactl node online test1", "");
    fake_core_steer(&core, "idle", 1);
    expect_error(&core, "hactl --timeout 0.1 --wait resource stop A", 1,
                 "hactl: not done after 0.1 s: stop of A on test3 is still to be done\n");
}
END_TEST

START_TEST(moving)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_ok(&core, "hactl resource move A --wait",
              "INFO: Ban constraint created for A on test1: it stays until `hactl resource unmove A`\n");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test3\n");
    expect_ok(&core, "hactl resource migrate A test1 --wait", "INFO: Move constraint created for A to test1\n");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test1\n");
    expect_not_in(&core, "hactl configure show", "cli-ban");
    expect_ok(&core, "hactl resource ban A test5",
              "INFO: Ban constraint created for A on test5: it stays until `hactl resource unmove A`\n");
    expect_in(&core, "hactl configure show cli-ban-A-on-test5",
              "location cli-ban-A-on-test5 A role=Started -inf: test5\n");
    expect_ok(&core, "hactl resource unmove A", "INFO: Removed migration constraints for A\n");
    expect_not_in(&core, "hactl configure show", "location");
    expect_ok(&core, "hactl resource unban A", "INFO: There were no migration constraints for A\n");
    expect_error(&core, "hactl resource move A test7", 1,
                 "hactl: there is no node test7: `hactl node list` shows which there are\n");
}
END_TEST

START_TEST(roles_of_a_clone)
{
    expect_ok(&core, "hactl configure primitive M lsb:m meta target-role=Started", "");
    expect_ok(&core, "hactl configure clone C M", "");
    expect_in(&core, "hactl status", "3 nodes and 3 resources configured, 3 expected votes\n");
    expect_ok(&core, "hactl resource stop M --wait",
              "INFO: target-role of M was Started: it is taken out, what C says counts\n");
    expect_in(&core, "hactl status", " Clone Set: C [M]\n     Stopped: [ test1 test3 test5 ]\n");
    expect_ok(&core, "hactl configure show C", "clone C M \\\n\tmeta target-role=Stopped\n");
    expect_ok(&core, "hactl resource start M --wait", "");
    expect_ok(&core, "hactl resource unmanage M", "");
    expect_in(&core, "hactl status", "     M\t(lsb:m):\tStarted test1 (unmanaged)\n");
    expect_ok(&core, "hactl resource manage M", "");
    expect_in(&core, "hactl status", "     Started: [ test1 test3 test5 ]\n");
}
END_TEST

START_TEST(nodes)
{
    expect_ok(&core, "hactl node standby test3", "");
    expect_ok(&core, "hactl node maintenance test5", "");
    expect_ok(&core, "hactl node show",
              "test1: online\ntest3: online\n\ttest3 is standby\n\tstandby=on\n"
              "test5: online\n\ttest5 is in maintenance\n\tmaintenance=on\n");
    expect_in(&core, "hactl status", "Node test3: standby\nNode test5: maintenance\nOnline: [ test1 ]\n");
    expect_ok(&core, "hactl node ready test5", "");
    expect_ok(&core, "hactl node list test5", "test5: online\n\tmaintenance=off\n");
    expect_error(&core, "hactl node standby nowhere", 1,
                 "hactl: there is no node nowhere: `hactl node list` shows which there are\n");
}
END_TEST

START_TEST(wrong_usage)
{
    expect_error(&core, "hactl resource stop", 2, "usage: hactl resource stop RSC\n");
    expect_error(&core, "hactl resource stop a b", 2, "usage: hactl resource stop RSC\n");
    expect_error(&core, "hactl status now", 2, "usage: hactl status [--links]\n");
    expect_error(&core, "hactl verify -X", 2, "usage: hactl verify [-L]\n");
    expect_error(&core, "hactl resorce", 2, "hactl: 'resorce' is no command: did you mean 'resource'?\n");
    expect_error(&core, "hactl resource stp x", 2, "hactl: 'stp' is no command of resource: did you mean 'stop'?\n");
    expect_error(&core, "hactl cluster join -c test1", 2,
                 "hactl: there is no `cluster join`: type `hactl cluster add NODE=ADDRESS` on a node that is in the "
                 "cluster\n");
    expect_error(&core, "hactl xyzzy", 2, "hactl: 'xyzzy' is no command: `hactl help` tells which there are\n");
    expect_error(&core, "hactl configure frobnicate", 2,
                 "hactl: 'frobnicate' is no command of configure: `hactl help configure` tells which there are\n");
    expect_error(&core, "hactl --timeout soon status", 2, "hactl: --timeout 'soon': expected seconds, 0.1 to 86400\n");
    expect_error(&core, "printf 'resource\\nstop\\nstatus\\n' | hactl", 2, "usage: hactl resource stop RSC\n");
    expect_error(&core, "hactl configure load sideways /dev/null", 2,
                 "usage: hactl configure load [push|update|replace] FILE|-\n");
    expect_ok(&core, "hactl help resource move",
              "usage: hactl resource move RSC [NODE]\n"
              "prefer a node from now on; without NODE: away from where it is\n");
    expect_in(&core, "hactl cluster --help", "  remove       take a node out: it gives up its resources first\n");
    expect_in(&core, "hactl --version", "hactl 0.1.0 (halyard)\n");
}
END_TEST

START_TEST(no_connection)
{
    char line[256], expected[256];
    snprintf(line, sizeof line, "rm %s/core/halyard.sock; hactl status", core.folder);
    snprintf(
        expected, sizeof expected,
        "hactl: no connection: halyardd does not run on this host (%s/core/halyard.sock: No such file or directory)\n",
        core.folder);
    expect_error(&core, line, 3, expected);
    expect_error(&core, "hactl -c /nowhere status", 1,
                 "hactl: /nowhere: No such file or directory: `hactl cluster init` writes one for each node\n");
}
END_TEST

START_TEST(somebody_was_faster)
{
    expect_ok(&core, "hactl configure property cluster-delay=60s", "");
    char line[512];
    snprintf(line, sizeof line,
             "TMPDIR=%s; export TMPDIR; cat >$TMPDIR/editor <<'END'\n"
             "%s/hactl -c %s/halyard.conf configure property cluster-delay=7s\nsed -i s/60s/5s/ \"$1\"\nEND\n"
             "EDITOR=\"sh $TMPDIR/editor\" hactl configure edit >/dev/null",
             core.folder, HY_BUILDDIR, core.folder);
    expect_error(&core, line, 1,
                 "hactl: cib-bootstrap-options has been changed by someone else since you read it (version 3, yours is "
                 "based on 2); nothing was changed\n"
                 "the configuration was last changed Tue Jan 10 11:25:10 2017 by root via hactl on test1; what is "
                 "different now:\n"
                 "property cib-bootstrap-options: \\\n\tcluster-delay=7s\n");
}
END_TEST

START_TEST(a_new_cluster)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && mkdir sub && cd sub && ", core.folder);
    char *at = line + strlen(line);
    strcpy(at, "hactl cluster init --name seed --user root --witness test5 test1=172.100.102.151 "
               "test3=172.100.102.155 test5=172.100.102.160");
    expect_golden(&core, line, "init.out");
    snprintf(line, sizeof line,
             "cd %s/sub && stat -c '%%a %%n' seed/*/halyard.key && cmp seed/test1/halyard.key seed/test3/halyard.key "
             "&& wc -c <seed/test1/halyard.key",
             core.folder);
    expect_ok(&core, line, "600 seed/test1/halyard.key\n600 seed/test3/halyard.key\n600 seed/test5/halyard.key\n65\n");
    snprintf(line, sizeof line, "cat %s/sub/seed/test3/halyard.conf", core.folder);
    expect_golden(&core, line, "init.conf");
    snprintf(line, sizeof line, "cd %s/sub && hactl cluster init --name seed test1=172.100.102.151", core.folder);
    expect_error(&core, line, 1, "hactl: seed/test1/halyard.conf: is there already: it is not overwritten\n");
    snprintf(line, sizeof line, "cd %s/sub && hactl cluster init --name bad test1=172.100.102.151 test3=here",
             core.folder);
    expect_error(&core, line, 1,
                 "hactl: bad/test1/halyard.conf:13: address 'here' is no address: expected a numeric one, as "
                 "172.100.102.151 or fd00::151\n");
    snprintf(line, sizeof line, "cd %s/sub && ls && rm -r %s/sub", core.folder, core.folder);
    expect_ok(&core, line, "seed\n");
    expect_error(&core, "hactl cluster init --name x test1", 1,
                 "hactl: 'test1': expected NODE=ADDRESS, as test1=172.100.102.151\n");
    expect_error(&core, "hactl cluster init --port 5405 test1=1.2.3.4", 2,
                 "usage: hactl cluster init --name NAME [--out DIR] [--transport NAME] [--port N] [--bus-port N] "
                 "[--profile NAME] [--user USER] [--witness NODE] NODE=ADDRESS...\n");
    expect_error(&core, "hactl cluster init --name x --witness test9 test1=1.2.3.4", 1,
                 "hactl: --witness test9: it is none of the nodes: expected --witness NODE NODE=ADDRESS...\n");
    expect_error(&core, "hactl cluster init --name x --profile quick test1=1.2.3.4", 1,
                 "hactl: --profile 'quick': expected fast, lan or wan\n");
}
END_TEST

static const char *in_folder(const char *line)
{
    static char text[1024];
    snprintf(text, sizeof text, "cd %s && %s", core.folder, line);
    return text;
}

START_TEST(a_node_comes)
{
    expect_ok(&core,
              in_folder("printf '%064d\\n' 7 >key && chmod 600 key && echo \"key = \\\"$PWD/key\\\";\" >>halyard.conf"),
              "");
    expect_golden(&core, in_folder("mkdir sub; cd sub; hactl cluster add test4=172.100.102.154 --witness"), "add.out");
    expect_golden(&core, in_folder("sed \"s#$PWD#FOLDER#g\" sub/seed/test4/halyard.conf"), "add.conf");
    expect_ok(&core, in_folder("cmp key sub/seed/test4/halyard.key && stat -c %a sub/seed/test4/halyard.key"), "600\n");
    expect_in(&core, "hactl cluster status", "id 4     epoch 1     not in yet, not heard, not a member\n");
    expect_in(&core, "hactl cluster status",
              "test4 is to be taken in: this waits for test4 to be heard: is halyardd started there?\n");
    expect_in(&core, "hactl status", "Node test4: OFFLINE (witness)\n");
    expect_error(&core, in_folder("cd sub; hactl cluster add --witness test4=172.100.102.154"), 1,
                 "hactl: seed/test4/halyard.conf: is there already: it is not overwritten\n");
    expect_in(&core, in_folder("cd sub; rm -r seed; hactl cluster add --witness test4=172.100.102.154"),
              "test4 (id 4, a witness) is enrolled already. Its files were made again, in seed/test4.");
    expect_in(&core, in_folder("cd sub; hactl cluster add test7=fd00::7 --out new"), "root@[fd00::7]:/etc/halyard/");
    expect_in(&core, in_folder("cat sub/new/test7/halyard.conf"),
              "    { name = \"test4\"; id = 4; address = \"172.100.102.154\"; witness = true; },\n"
              "    { name = \"test7\"; id = 5; address = \"fd00::7\"; }\n");
    expect_error(&core, in_folder("cd sub; hactl cluster add test8=172.100.102.154 --out new"), 1,
                 "hactl: address 172.100.102.154 is that of node test4: each node needs its own\n");
    expect_error(&core, in_folder("cd sub; hactl cluster add test3=172.100.102.152"), 1,
                 "hactl: test3 is in the cluster already\n");
    expect_error(
        &core, "hactl cluster add test3=10.0.0.1", 1,
        "hactl: test3 is in the cluster already, otherwise (address 172.100.102.152): stop halyardd there first\n");
    expect_error(&core, "hactl cluster add test9=here", 1,
                 "hactl: address 'here' is no address: expected a numeric one, as 172.100.102.151 or fd00::151\n");
    expect_error(&core, "hactl cluster add a=1.2.3.4 b=1.2.3.5", 1,
                 "hactl: 'b=1.2.3.5': one node at a time: a comes first\n");
    expect_error(&core, "hactl cluster add test9=1.2.3.4 --link 2=1.2.3.4", 1,
                 "hactl: --link '2=1.2.3.4': expected N=ADDRESS, N from 1 to 1 as the links stand in the "
                 "configuration\n");
    expect_error(&core, "hactl cluster add --witness", 2,
                 "usage: hactl cluster add NODE=ADDRESS [--link N=ADDRESS]... [--witness] [--out DIR]\n");
    fake_core_steer(&core, "no-quorum", 1);
    expect_error(&core, "hactl cluster add test9=1.2.3.4", 1,
                 "hactl: no quorum: test1 does not hear a majority of the nodes\n");
}
END_TEST

static void expect_warnings(const char *line, const char *warnings)
{
    struct ran ran = run_line(&core, line);
    ck_assert_int_eq(ran.status, 0);
    ck_assert_str_eq(ran.err, warnings);
    ran_free(&ran);
}

START_TEST(what_agents_know)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && mkdir agents && cp %s/.libs/ipaddr2.so %s/.libs/lsb.so agents", core.folder,
             HY_BUILDDIR, HY_BUILDDIR);
    expect_ok(&core, line, "");
    expect_ok(&core, "hactl configure primitive Good ocf:heartbeat:IPaddr2 params ip=10.0.0.1", "");
    expect_ok(&core, "hactl configure primitive Script lsb:anything", "");
    snprintf(line, sizeof line,
             "warning: primitive Odd: ocf:heartbeat:IPaddr2 knows no parameter 'ipp'\n"
             "warning: primitive Odd: ocf:heartbeat:IPaddr2 must have the parameter 'ip'\n");
    struct ran ran = run_line(&core, "hactl configure primitive Odd IPaddr2 params ipp=10.0.0.2");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_str_eq(ran.err, line);
    ran_free(&ran);
    expect_warnings("hactl configure primitive Wrong IPaddr2 params ip=10.0.0.3 guard=maybe cidr_netmask=24",
                    "warning: primitive Wrong: ocf:heartbeat:IPaddr2: parameter guard: \"maybe\" must be one of "
                    "auto|ebpf|lifetime\n");
    expect_ok(&core, "hactl --force configure delete Wrong", "");
    ran = run_line(&core, "hactl configure primitive None ocf:heartbeat:apache");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_int_eq(strncmp(ran.err, "warning: primitive None: this host has no agent ocf:heartbeat:apache (", 69), 0);
    ran_free(&ran);
    ran = run_line(&core, "hactl configure verify");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_int_eq(strncmp(ran.err, line, strlen(line)), 0);
    ran_free(&ran);
    expect_warnings("hactl configure primitive Hasty IPaddr2 params ip=10.0.0.3 op start interval=0 timeout=5s op "
                    "monitor interval=1s timeout=20s timout=3 OCF_CHECK_LEVEL=10",
                    "warning: primitive Hasty: op start: timeout=5s is less than the 20s that ocf:heartbeat:IPaddr2 "
                    "advises\n"
                    "warning: primitive Hasty: op monitor: 'timout' is neither an option of operations nor a parameter "
                    "of ocf:heartbeat:IPaddr2\n");
    expect_warnings("hactl configure primitive Quick lsb:quick op start interval=0 timeout=1s", "");
    ran = run_line(&core, "hactl configure op_defaults timeout=10s timout=3");
    ck_assert_ptr_nonnull(strstr(ran.err, "warning: op_defaults op-options: unknown operation option 'timout'\n"));
    ck_assert_ptr_nonnull(strstr(ran.err, "warning: primitive Good: op stop: the default timeout=10s is less than the "
                                          "20s that ocf:heartbeat:IPaddr2 advises\n"));
    ck_assert_ptr_null(strstr(ran.err, "Script"));
    ran_free(&ran);
    expect_warnings("hactl configure primitive Plain IPaddr2 params ip=10.0.0.4 op stop interval=0 op_meta "
                    "timeout=1min",
                    "warning: primitive Plain: op start: the default timeout=10s is less than the 20s that "
                    "ocf:heartbeat:IPaddr2 advises\n"
                    "warning: primitive Plain: op monitor: the default timeout=10s is less than the 20s that "
                    "ocf:heartbeat:IPaddr2 advises\n");
    expect_warnings("hactl configure location far Plain 100000000: test1",
                    "warning: a score of 100000000 is beyond INFINITY (1000000), and counts as that\n");
    expect_warnings("hactl configure location near Plain inf: test7",
                    "warning: location near: there is no node 'test7'\n");
    expect_warnings("hactl configure location other /nobody.*/ 5: test1",
                    "warning: location other: there is no resource that /nobody.*/ means\n");
}
END_TEST

START_TEST(a_node_goes)
{
    expect_error(&core, "hactl configure delete test5 --force", 1,
                 "hactl: test5 is a node of the cluster: `hactl cluster remove test5` takes it out\n");
    expect_ok(&core, "hactl configure node test9", "");
    expect_ok(&core, "hactl cluster remove test9",
              "INFO: test9 was never in the cluster: it is out of the configuration\n");
    expect_not_in(&core, "hactl configure show", "test9");
    expect_error(&core, "hactl cluster remove test9", 1,
                 "hactl: there is no node test9: `hactl node list` shows which there are\n");
    expect_error(
        &core, "hactl node delete test5", 1,
        "hactl: test5 is online: stop halyardd there first, or use `hactl cluster remove test5`, which moves its "
        "resources away\n");
    fake_core_steer(&core, "idle", 1);
    expect_error(&core, "hactl --timeout 0.1 cluster remove test5", 1,
                 "hactl: not done after 0.1 s: it goes on, and waits for test5 to take its leave\n");
    expect_in(&core, "hactl status", "Node test5: being taken out\nOnline: [ test1 test3 ]\n");
    expect_in(&core, "hactl cluster status", "test5 is being taken out: this waits for test5 to take its leave\n");
    expect_error(&core, "hactl cluster add test5=172.100.102.153", 1,
                 "hactl: test5 is being taken out: `hactl cluster status` tells what that waits for\n");
    fake_core_steer(&core, "idle", 0);
    expect_in(&core, "hactl cluster remove test3",
              "INFO: test3 is out. Before it may be added again: stop halyardd there, and empty its state folder (");
    expect_in(&core, "hactl status", "Online: [ test1 ]\n");
    expect_error(&core, "hactl --force cluster remove test1", 1,
                 "hactl: no node would be left: at least one node that may run something has to stay\n");
    expect_error(&core, "hactl cluster found", 1, "hactl: test1 has a cluster already: there is nothing to found\n");
}
END_TEST

TCase *hactl_other_case(void)
{
    TCase *tests = tcase_create("other");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, waiting);
    tcase_add_test(tests, moving);
    tcase_add_test(tests, roles_of_a_clone);
    tcase_add_test(tests, nodes);
    tcase_add_test(tests, wrong_usage);
    tcase_add_test(tests, no_connection);
    tcase_add_test(tests, somebody_was_faster);
    tcase_add_test(tests, a_new_cluster);
    tcase_add_test(tests, a_node_comes);
    tcase_add_test(tests, what_agents_know);
    tcase_add_test(tests, a_node_goes);
    return tests;
}
