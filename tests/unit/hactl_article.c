/* SPDX-License-Identifier: Apache-2.0 */
/* The main job, line by line as operators type it: a virtual address pinned to one node, a service cloned on all. */
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

static void configure(const char *address_id)
{
    char line[512];
    expect_ok(&core, "hactl configure property 'stonith-enabled'='false'", "");
    snprintf(
        line, sizeof line,
        "hactl configure primitive %s ocf:heartbeat:IPaddr2 params ip=172.100.102.110 nic=\"eth0:0\" cidr_netmask=24 "
        "op monitor interval=30s meta target-role=Started",
        address_id);
    expect_ok(&core, line, "");
}

START_TEST(an_address)
{
    configure("test_resource");
    expect_ok(&core, "hactl verify -L", "");
    expect_golden(&core, "hactl configure show", "address.conf");
    expect_golden(&core, "hactl status", "address.status");
    expect_ok(&core, "hactl resource move test_resource test3",
              "INFO: Move constraint created for test_resource to test3\n");
    expect_ok(&core, "hactl resource status", " test_resource\t(ocf::heartbeat:IPaddr2):\tStarted test3\n");
    expect_in(&core, "hactl configure show",
              "location cli-prefer-test_resource test_resource role=Started inf: test3\n");
    expect_ok(&core, "hactl node online test1", "");
    expect_ok(&core, "hactl node online test3", "");
    expect_in(&core, "hactl configure show", "node test3 \\\n\tattributes standby=off\n");
    expect_ok(&core, "hactl resource stop test_resource", "");
    expect_ok(&core, "hactl configure delete test_resource",
              "INFO: location cli-prefer-test_resource goes too: it names test_resource\n");
    expect_not_in(&core, "hactl configure show", "test_resource");
}
END_TEST

START_TEST(a_session)
{
    configure("test_resource");
    expect_ok(&core, "printf 'resource\\nmove test_resource test3\\nstatus\\nexit\\n' | hactl",
              "INFO: Move constraint created for test_resource to test3\n"
              " test_resource\t(ocf::heartbeat:IPaddr2):\tStarted test3\n");
    expect_ok(&core, "printf 'node\\nonline test1\\nonline test3\\nup\\nverify -L\\n' | hactl", "");
    expect_ok(&core, "printf 'primitive P lsb:p \\\\\\n\\top monitor interval=30s\\ncommit\\n' | hactl configure", "");
    expect_in(&core, "hactl configure show P", "primitive P lsb:p \\\n\top monitor interval=30s\n");
}
END_TEST

static void configure_service(void)
{
    expect_ok(&core,
              "hactl configure primitive MaxScale lsb:maxscale op monitor interval=30s timeout=15s "
              "op start interval=0 timeout=15s on-fail=standby op stop interval=0 timeout=30s "
              "meta migration-threshold=3",
              "");
    expect_ok(&core, "hactl configure location clusterIP-preffer ClusterIP inf: test3", "");
    expect_ok(&core, "hactl configure clone clone_max MaxScale", "");
}

START_TEST(a_service_breaks_and_is_mended)
{
    configure("ClusterIP");
    configure_service();
    expect_golden(&core, "hactl status", "service.status");
    expect_golden(&core, "hactl configure show", "service.conf");
    fake_core_steer(&core, "broken-test3", 1);
    expect_golden(&core, "hactl status", "broken.status");
    expect_golden(&core, "hactl status --json", "broken.json");
    expect_in(&core, "hactl node online test3", "INFO: test3 is standby (on-fail)");
    expect_in(&core, "hactl resource failcount MaxScale show test3",
              "scope=status  name=fail-count-MaxScale value=INFINITY\n");
    fake_core_steer(&core, "broken-test3", 0);
    fake_core_steer(&core, "slow", 1);
    expect_ok(&core, "hactl resource cleanup clone_max",
              "Cleaning up MaxScale:0 on test1, removing fail-count-MaxScale\n"
              "Cleaning up MaxScale:0 on test3, removing fail-count-MaxScale\n"
              "Cleaning up MaxScale:0 on test5, removing fail-count-MaxScale\n"
              "Waiting for 3 replies ... OK\n");
    fake_core_steer(&core, "slow", 0);
    expect_in(&core, "hactl status", "Online: [ test1 test3 test5 ]\n");
    expect_in(&core, "hactl status", " ClusterIP\t(ocf::heartbeat:IPaddr2):\tStarted test3\n");
    expect_in(&core, "hactl status", "     Started: [ test1 test3 test5 ]\n");
    expect_not_in(&core, "hactl status", "Failed Actions");
}
END_TEST

START_TEST(alone)
{
    configure("ClusterIP");
    expect_ok(&core, "hactl status", NULL);
    fake_core_steer(&core, "no-quorum", 1);
    expect_golden(&core, "hactl status", "alone.status");
    expect_golden(&core, "hactl cluster status", "alone.cluster");
}
END_TEST

TCase *hactl_article_case(void)
{
    TCase *tests = tcase_create("article");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, an_address);
    tcase_add_test(tests, a_session);
    tcase_add_test(tests, a_service_breaks_and_is_mended);
    tcase_add_test(tests, alone);
    return tests;
}
