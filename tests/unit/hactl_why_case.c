/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked about states that are hard to come by, from .case files of tests/golden/hactl: after "--- commands" one
 * command a line that makes the state, after "--- session" what is typed, each behind "$ ", and what comes of it: what is
 * printed, then what is said on stderr, then the exit status when it is not 0. With HALYARD_GOLDEN=write what comes is
 * written there.
 */
#include "cib/command.h"
#include "cib/grammar.h"
#include "hactl_run.h"

#include <stdio.h>
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

static void apply(struct hy_cib *cib, const char *path, const char *line)
{
    const struct hy_command_head head = {.at = INT64_C(1484047510) * HY_SECOND, .by = "root@test3", .via = "hactl"};
    struct hy_buf command = {0};
    struct hy_answer answer = {0};
    hy_command_begin(&command, &head);
    hy_buf_adds(&command, line);
    hy_cib_apply(cib, cib->index + 1, hy_buf_text(&command), command.size, &answer);
    ck_assert_msg(answer.code == 0, "%s: %s: %s", path, line, answer.err.text);
    hy_buf_free(&command);
}

static void save(const struct hy_cib *cib)
{
    char path[128];
    struct hy_buf text = {0};
    snprintf(path, sizeof path, "%s/state", core.folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    hy_cib_save(cib, &text);
    ck_assert_uint_eq(fwrite(text.data, 1, text.size, file), text.size);
    ck_assert_int_eq(fclose(file), 0);
    hy_buf_free(&text);
}

/* One line typed, with what comes of it. */
static void type_line(const char *typed, struct hy_buf *session)
{
    char line[512];
    snprintf(line, sizeof line, "hactl %.*s --state %s/state --at 1484047520", (int)strcspn(typed, "\n"), typed,
             core.folder);
    struct ran ran = run_line(&core, line);
    hy_buf_addf(session, "$ %s%s%s", typed, ran.out, ran.err);
    if (ran.status)
        hy_buf_addf(session, "= %d\n", ran.status);
    ran_free(&ran);
}

static void check_case(const char *name)
{
    char path[512], *line = NULL;
    size_t capacity = 0;
    snprintf(path, sizeof path, "%s/tests/golden/hactl/%s.case", HY_SRCDIR, name);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    struct hy_cib *cib = hy_cib_new();
    struct hy_buf whole = {0};
    bool in_session = false;
    while (getline(&line, &capacity, file) >= 0) {
        if (!in_session)
            hy_buf_adds(&whole, line);
        if (strcmp(line, "--- session\n") == 0) {
            in_session = true;
            save(cib);
        } else if (in_session && strncmp(line, "$ ", 2) == 0) {
            type_line(line + 2, &whole);
        } else if (!in_session && strncmp(line, "--- ", 4) != 0) {
            apply(cib, path, line);
        }
    }
    free(line);
    fclose(file);
    hy_cib_free(&cib);
    snprintf(path, sizeof path, "%s.case", name);
    text_is_golden(hy_buf_text(&whole), path);
    hy_buf_free(&whole);
}

static const char *const names[] = {"why-failed", "why-places", "why-stopped", "why-clones", "what-if"};

START_TEST(a_session)
{
    check_case(names[_i]);
}
END_TEST

/* ---------------------------------------------------------------- before a change is sent */

START_TEST(losses_are_refused)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_ok(&core, "hactl configure primitive B lsb:b --wait", "");
    expect_ok(&core, "hactl configure location far A -inf: test1 --wait", "");
    expect_ok(&core, "hactl configure location farther A -inf: test3 --wait", "");
    expect_ok(&core, "hactl resource locate A", "resource A is running on: test5\n");
    expect_error(
        &core, "hactl configure location farthest A -inf: test5", 1,
        "hactl: nothing was changed: this would stop what has a place now, and --force does it all the same\n"
        "  A would not run; it has a place on test5: no node may run it: location far forbids test1 (-INFINITY); "
        "location farther forbids test3 (-INFINITY); location farthest forbids test5 (-INFINITY)\n");
    expect_not_in(&core, "hactl configure show", "farthest");
    expect_error(
        &core, "hactl node standby test5", 1,
        "hactl: nothing was changed: this would stop what has a place now, and --force does it all the same\n"
        "  A would not run; it has a place on test5: no node may run it: location far forbids test1 (-INFINITY); "
        "location farther forbids test3 (-INFINITY); test5 is standby\n");
    expect_error(&core, "hactl configure property stop-all-resources=true symmetric-cluster=false", 0, "");
    expect_ok(&core, "hactl configure property stop-all-resources=false symmetric-cluster=true", "");
    expect_error(&core, "hactl cluster remove test5", 1,
                 "hactl: nothing was changed: this would stop what has a place now, and --force does it all the same\n"
                 "  A would not run; it has a place on test5: no node may run it: location far forbids test1 "
                 "(-INFINITY); location farther forbids test3 (-INFINITY); test5 is being taken out of the cluster\n");
    expect_ok(&core, "hactl -F configure location farthest A -inf: test5 --wait", "");
    expect_ok(&core, "hactl resource locate A", "resource A is NOT running\n");
    expect_ok(&core, "hactl configure location more A -inf: test5", "");
}
END_TEST

START_TEST(wishes_are_no_losses)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_ok(&core, "hactl configure primitive B lsb:b --wait", "");
    expect_ok(&core, "hactl configure group G A B --wait", "");
    expect_ok(&core, "hactl resource stop G --wait", "");
    expect_ok(&core, "hactl resource start G --wait", "");
    expect_ok(&core, "hactl resource unmanage G", "");
    expect_ok(&core, "hactl resource manage G", "");
    expect_ok(&core, "hactl node standby test1", "");
    expect_ok(&core, "hactl node maintenance test3", "");
    expect_ok(&core, "hactl node ready test3 --wait", "");
    expect_ok(&core, "hactl configure property stop-all-resources=true --wait", "");
    expect_ok(&core, "hactl configure property stop-all-resources=false --wait", "");
    expect_ok(&core, "hactl -F configure delete G A B", NULL);
}
END_TEST

/* What was not asked for goes with what was. */
START_TEST(what_goes_with_it)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_ok(&core, "hactl configure primitive B lsb:b --wait", "");
    expect_ok(&core, "hactl configure order o Mandatory: A B --wait", "");
    expect_error(&core, "hactl resource stop A", 1,
                 "hactl: nothing was changed: this would stop what has a place now, and --force does it all the same\n"
                 "  B would not run; it has a place on test3: A, which comes before it, does not run\n");
    expect_ok(&core, "hactl resource restart A", "");
    expect_ok(&core, "hactl resource locate B", "resource B is running on: test3\n");
    expect_ok(&core, "hactl resource stop A --force --wait", "");
    expect_ok(&core, "hactl resource locate B", "resource B is NOT running\n");
}
END_TEST

START_TEST(moving_in_vain)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_ok(&core, "hactl configure location here A inf: test1", "");
    expect_ok(
        &core, "hactl resource move A test5",
        "INFO: Move constraint created for A to test5\n"
        "INFO: nothing moves: A is to be on test1: location here (INFINITY) speaks for it no less than the new one "
        "does for test5. `hactl configure delete here` lets it go; `hactl resource unmove A` takes the new one "
        "back\n");
    expect_ok(&core, "hactl resource unmove A", "INFO: Removed migration constraints for A\n");
    expect_ok(&core, "hactl node standby test3", "");
    expect_ok(&core, "hactl resource move A test3",
              "INFO: Move constraint created for A to test3\nINFO: A cannot go to test3: test3 is standby\n");
}
END_TEST

START_TEST(of_the_running_cluster)
{
    expect_ok(&core, "hactl configure primitive A lsb:a --wait", "");
    expect_in(&core, "hactl why A", "A runs on test1, and stays there\n");
    expect_in(&core, "hactl resource scores", "Resource  Node       Score  Made of\n");
    expect_in(&core, "hactl what-if any-node-down", "\nEvery single failure is survived by everything.\n");
    expect_in(&core, "hactl why A --json", "\"verdict\": \"here\"");
    expect_in(&core, "hactl resource scores A --json", "\"kind\": \"placement\"");
    fake_core_steer(&core, "idle", 1);
    expect_ok(&core, "hactl resource stop A", "");
    expect_ok(&core, "hactl why A",
              "A runs on test1, and is to stop\n"
              "  because: target-role=Stopped of A: `hactl resource start A` lets it run\n"
              "  to be done: stop of A on test1\n");
}
END_TEST

TCase *hactl_why_case(void)
{
    TCase *tests = tcase_create("why");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_loop_test(tests, a_session, 0, (int)(sizeof names / sizeof *names));
    tcase_add_test(tests, losses_are_refused);
    tcase_add_test(tests, wishes_are_no_losses);
    tcase_add_test(tests, what_goes_with_it);
    tcase_add_test(tests, moving_in_vain);
    tcase_add_test(tests, of_the_running_cluster);
    return tests;
}
