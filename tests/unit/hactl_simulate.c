/* SPDX-License-Identifier: Apache-2.0 */
/* `simulate` and `import`, typed as an operator types them. */
#include "hactl/simulate.h"
#include "hactl_run.h"

#include <stdio.h>
#include <string.h>

#define FAILOVER "hactl simulate --xml " HY_SRCDIR "/tests/import/failover.xml "
#define PLAIN HY_SRCDIR "/tests/import/plain.xml"

static struct fake_core core;
static const struct fake_core nobody = {.folder = "/nonexistent"};

static void start(void)
{
    fake_core_start(&core);
}

static void stop(void)
{
    fake_core_stop(&core);
}

/* ---------------------------------------------------------------- without a daemon */

/* Of the JSON, how it would be in the end and what for; the whole of it but its blanks. */
static void expect_json(const char *line, const char *pieces[])
{
    struct ran ran = run_line(&nobody, line);
    ck_assert_msg(ran.status == 0 && !*ran.err, "%s: status %d: %s", line, ran.status, ran.err);
    char *to = ran.out;
    for (const char *from = ran.out; *from; from++)
        if (*from != ' ' && *from != '\n')
            *to++ = *from;
    *to = '\0';
    for (; *pieces; pieces++)
        ck_assert_msg(strstr(ran.out, *pieces) != NULL, "%s:\n%s\nexpected in it:\n%s", line, ran.out, *pieces);
    ran_free(&ran);
}

START_TEST(nothing_is_to_be_done)
{
    expect_json(FAILOVER "--json", (const char *[]){"\"actions\":[]", "\"after\":{\"vip\":[\"left\"]}", NULL});
    expect_in(&nobody, FAILOVER, "As it stands, Tue Jan 10 11:25:10 2017, with quorum:\n\nOnline: [ left right ]\n");
    expect_in(&nobody, FAILOVER, "\nWhat would be done:\n\n nothing\n\nAfterwards:\n");
}
END_TEST

START_TEST(a_node_goes)
{
    expect_json(FAILOVER "--json --standby left",
                (const char *[]){"\"action\":\"move\"", "\"from\":\"left\"", "\"to\":\"right\"",
                                 "\"after\":{\"vip\":[\"right\"]}", NULL});
    expect_json(FAILOVER "--node-down left --json",
                (const char *[]){"\"action\":\"start\"", "\"to\":\"right\"", "\"after\":{\"vip\":[\"right\"]}", NULL});
    expect_json(FAILOVER "--node-down left --node-down right --json",
                (const char *[]){"\"actions\":[]", "\"after\":{}", NULL});
    expect_in(&nobody, FAILOVER "--standby left", "Node left: standby\nOnline: [ right ]\n");
    expect_in(&nobody, FAILOVER "--node-down left", "Online: [ right ]\nOFFLINE: [ left ]\n");
}
END_TEST

START_TEST(a_resource_fails)
{
    expect_json(FAILOVER "--fail vip@left --json",
                (const char *[]){"\"action\":\"recover\"", "\"after\":{\"vip\":[\"left\"]}", NULL});
    expect_error(&nobody, FAILOVER "--fail vap@left", 1,
                 "hactl: nothing is known of vap on left: it cannot fail there\n");
    expect_error(&nobody, FAILOVER "--fail vip@middle", 1, "hactl: there is no node middle in it\n");
}
END_TEST

START_TEST(quorum_goes)
{
    expect_json(FAILOVER "--quorum no --json", (const char *[]){"\"action\":\"stop\"", "\"after\":{}", NULL});
    expect_json(FAILOVER "--quorum yes --json", (const char *[]){"\"actions\":[]", NULL});
    expect_in(&nobody, FAILOVER "--quorum no", ", WITHOUT quorum:\n");
}
END_TEST

START_TEST(another_time)
{
    expect_in(&nobody, FAILOVER "--at 2026-11-22T18:30:00Z", "As it stands, Sun Nov 22 18:30:00 2026, ");
    expect_in(&nobody, FAILOVER "--at 1484047511", "As it stands, Tue Jan 10 11:25:11 2017, ");
    expect_in(&nobody, FAILOVER "--at ''", "As it stands, Tue Jan 10 11:25:10 2017, ");
    expect_in(&nobody, FAILOVER "--at", "As it stands, Tue Jan 10 11:25:10 2017, ");
}
END_TEST

START_TEST(wrong_usage)
{
    static const struct {
        const char *line;
        const char *reason;
    } cases[] = {
        {FAILOVER "--at soon", "--at 'soon': expected seconds since 1970, or a time as 2026-11-22T18:30:00Z"},
        {FAILOVER "--quorum maybe", "--quorum 'maybe': expected yes or no"},
        {FAILOVER "--fail vip", "--fail 'vip': expected RESOURCE@NODE"},
        {FAILOVER "--standby", "--standby: a value must follow"},
        {FAILOVER "--node-up left",
         "'--node-up' is no option of simulate: `hactl help simulate` tells which there are"},
        {FAILOVER "left", "'left': expected an option of simulate"},
        {FAILOVER "--state x", "expected either --xml or --state"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char reason[256];
        snprintf(reason, sizeof reason, "hactl: %s\n", cases[i].reason);
        expect_error(&nobody, cases[i].line, 2, reason);
    }
    expect_error(&nobody, "hactl simulate --xml /nonexistent", 1, "hactl: /nonexistent: No such file or directory\n");
    expect_error(&nobody, "echo '<cib' | hactl simulate --xml -", 1, NULL);
}
END_TEST

START_TEST(a_state_that_no_cluster_makes_is_refused)
{
    expect_error(&nobody,
                 "printf 'halyard-cib 1\\nobject 1 clone a b\\nobject 1 clone b a\\nend\\n' | hactl simulate --state -",
                 1, "hactl: -: clone a: 'b' is a clone: only a primitive or a group can be cloned\n");
}
END_TEST

/* As many as the scheduler makes of it, not as many as a machine could read out of it. */
START_TEST(a_strange_clone_max_is_the_default)
{
    expect_in(
        &nobody,
        "echo '<cib><configuration><crm_config/><nodes><node id=\"1\" uname=\"n1\"/><node id=\"2\" uname=\"n2\"/>"
        "</nodes><resources><clone id=\"c\"><meta_attributes id=\"m\"><nvpair id=\"m1\" name=\"globally-unique\" "
        "value=\"true\"/><nvpair id=\"m2\" name=\"clone-max\" value=\"many\"/></meta_attributes><primitive id=\"A\" "
        "class=\"lsb\" type=\"a\"/></clone></resources><constraints/></configuration></cib>' | "
        "hactl simulate --xml -",
        "     A:0\t(lsb:a):\tStopped\n     A:1\t(lsb:a):\tStopped\n");
}
END_TEST

START_TEST(importing)
{
    expect_in(&nobody, "hactl import " PLAIN, "colocation together inf: ClusterIP everywhere\n");
    expect_in(&nobody, "cat " PLAIN " | hactl import - 2>&1", "has no use here: left out\n");
    expect_in(&nobody, "hactl import --json " PLAIN, "\"report\": [\n    \"line 5: cluster_property_set ");
    expect_error(&nobody, "hactl import " HY_SRCDIR "/tests/import/no-cib.xml", 1,
                 "hactl: " HY_SRCDIR "/tests/import/no-cib.xml: line 1: the root is 'html': expected a 'cib'\n");
    expect_error(&nobody, "hactl import --into x", 2, NULL);
    expect_error(&nobody, "hactl import", 2, NULL);
}
END_TEST

/* ---------------------------------------------------------------- with one */

START_TEST(the_running_cluster)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_in(&core, "hactl simulate", " nothing\n");
    expect_in(&core, "hactl simulate --node-down test1", "OFFLINE: [ test1 ]\n");
    expect_in(&core, "hactl simulate --node-down test1",
              "Afterwards:\n\nOnline: [ test3 test5 ]\nOFFLINE: [ test1 ]\n\n A\t(lsb:a):\tStarted test3\n");
    expect_in(&core, "hactl simulate --standby test1 --json", "\"action\": \"move\"");
    expect_in(&core, "hactl simulate --save - | hactl simulate --state - --node-down test1",
              "Afterwards:\n\nOnline: [ test3 test5 ]\nOFFLINE: [ test1 ]\n\n A\t(lsb:a):\tStarted test3\n");
    expect_not_in(&core, "hactl simulate --standby test1", "told");
    expect_ok(&core, "hactl configure primitive B lsb:b --wait", "");
    expect_ok(&core, "hactl configure clone cb B meta notify=true --wait", "");
    expect_in(
        &core, "hactl simulate --standby test1",
        "\nWho would be told of it:\n\n notify    B on test1                            before the stop of B:0 on "
        "test1\n");
    expect_in(&core, "hactl simulate --standby test1",
              "\n notify    B on test3                            after the stop of B:0 on test1\n");
    expect_error(&core, "hactl simulate --standby test7", 1, "hactl: there is no node test7 in it\n");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test1\n");
    expect_not_in(&core, "hactl configure show", "standby");
}
END_TEST

START_TEST(importing_into_it)
{
    struct ran ran = run_line(&core, "hactl import --commit " PLAIN);
    ck_assert_msg(ran.status == 0, "%s", ran.err);
    ck_assert_str_eq(ran.out, "INFO: the configuration is loaded\n");
    ran_free(&ran);
    expect_in(&core, "hactl configure show", "\nclone everywhere proxy\n");
    expect_not_in(&core, "hactl configure show", "dc-version");
    ran = run_line(&core, "sed s/test3/test4/ " PLAIN " | hactl import --commit -");
    ck_assert_int_eq(ran.status, 0);
    ck_assert_ptr_nonnull(
        strstr(ran.err, "node test4: is not in this cluster: left out (`hactl cluster add` takes it in)\n"));
    ran_free(&ran);
    expect_not_in(&core, "hactl configure show", "test4");
}
END_TEST

/* ---------------------------------------------------------------- times */

START_TEST(times)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: none */
    } cases[] = {
        {"0", 0},
        {"1484047510", 1484047510},
        {"2017-01-10T11:25:10Z", 1484047510},
        {"2017-01-10 11:25:10Z", 1484047510},
        {"2017-01-10T12:25:10+01:00", 1484047510},
        {"2017-01-10T09:55:10-0130", 1484047510},
        {"20170110T112510Z", 1484047510},
        {"2017-010T11:25:10Z", 1484047510},
        {"2017-W02-2T11:25:10Z", 1484047510},
        {"2017-01-10Z", 1484006400},
        {"2017-01-10T11Z", 1484046000},
        {"2005-020T12:30Z", 1106224200},
        {"2026-W47-7Z", 1795305600},
        {"2017-13-10", -1},
        {"2017-01-32", -1},
        {"2017-01-10T25:00Z", -1},
        {"2017-01-10T11:61Z", -1},
        {"2017-01-10T11:25:10X", -1},
        {"2017-W54Z", -1},
        {"tomorrow", -1},
        {"", -1},
        {"-5", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_wall wall = 0;
        bool good = hactl_parse_time(cases[i].text, &wall);
        ck_assert_msg(good == (cases[i].seconds >= 0), "%s", cases[i].text);
        if (good)
            ck_assert_msg(wall == cases[i].seconds * HY_SECOND, "%s: %lld", cases[i].text, (long long)wall);
    }
}
END_TEST

TCase *hactl_simulate_case(void)
{
    TCase *tcase = tcase_create("simulate");
    tcase_add_test(tcase, nothing_is_to_be_done);
    tcase_add_test(tcase, a_node_goes);
    tcase_add_test(tcase, a_resource_fails);
    tcase_add_test(tcase, quorum_goes);
    tcase_add_test(tcase, another_time);
    tcase_add_test(tcase, wrong_usage);
    tcase_add_test(tcase, a_state_that_no_cluster_makes_is_refused);
    tcase_add_test(tcase, a_strange_clone_max_is_the_default);
    tcase_add_test(tcase, importing);
    tcase_add_test(tcase, times);
    return tcase;
}

TCase *hactl_simulate_live_case(void)
{
    TCase *tcase = tcase_create("simulate the running cluster");
    tcase_add_checked_fixture(tcase, start, stop);
    tcase_add_test(tcase, the_running_cluster);
    tcase_add_test(tcase, importing_into_it);
    return tcase;
}
