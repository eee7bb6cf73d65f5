/* SPDX-License-Identifier: Apache-2.0 */
/* Init scripts that do what a cluster relies on, and such that do not. */
#include "hactl_run.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fake_core core;

static void start(void)
{
    char folder[128];
    fake_core_start(&core);
    snprintf(folder, sizeof folder, "%s/init.d", core.folder);
    ck_assert_int_eq(mkdir(folder, 0755), 0);
}

static void stop(void)
{
    fake_core_stop(&core);
}

/* Its service is the file `core.folder`/svc. The three are shell commands. */
static void write_script(const char *on_start, const char *on_stop, const char *on_status)
{
    char path[128];
    snprintf(path, sizeof path, "%s/init.d/svc", core.folder);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fprintf(file,
            "#!/bin/sh\nS=%s/svc\ncase $1 in\nstart) %s;;\nstop) %s;;\nstatus) %s;;\n*) echo usage; exit 2;;\nesac\n",
            core.folder, on_start, on_stop, on_status);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
}

static const char good_start[] = "touch $S", good_stop[] = "rm -f $S", good_status[] = "test -e $S || exit 3";

static void touch(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", core.folder, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
}

static bool runs(void)
{
    char path[128];
    snprintf(path, sizeof path, "%s/svc", core.folder);
    return access(path, F_OK) == 0;
}

/* What it prints, without times and without this test's folder; the exit status must be that. */
static char *checked(const char *options, int status)
{
    char line[256];
    snprintf(
        line, sizeof line,
        "hactl lsb-check svc %s > out; s=$?; sed 's/ ([0-9]* ms)//; s,^/tmp/[^ ]*/init.d,/etc/init.d,' out; exit $s",
        options);
    struct ran ran = run_line(&core, line);
    ck_assert_msg(ran.status == status, "exit status %d: %s%s", ran.status, ran.out, ran.err);
    ck_assert_str_eq(ran.err, "");
    free(ran.err);
    return ran.out;
}

static const char all_good[] = "ok       status of the stopped service\n"
                               "ok       stop when it is stopped already\n"
                               "ok       start\n"
                               "ok       status of the running service\n"
                               "ok       start when it runs already\n"
                               "ok       status after a second start\n"
                               "ok       frobnicate which is no action\n"
                               "ok       stop\n"
                               "ok       status of the service, stopped again\n"
                               "ok       stop a second time\n";

START_TEST(a_good_script)
{
    write_script(good_start, good_stop, good_status);
    char *out = checked("", 0);
    ck_assert_int_eq(strncmp(out, all_good, strlen(all_good)), 0);
    ck_assert_str_eq(out + strlen(all_good), "/etc/init.d/svc does what the cluster relies on.\n");
    ck_assert(!runs());
    free(out);
}
END_TEST

static const struct {
    const char *start, *stop, *status;
    const char *line; /* among what is printed */
    const char *failed;
} wrong[] = {
    {good_start, good_stop, "exit 0", NULL, NULL},
    {good_start, good_stop, "test -e $S || exit 1",
     "FAILED   status of the stopped service: it exits with 1, and must with 3: the cluster would find it running, or "
     "broken, "
     "where it was never started\n",
     ": 2 of these are wrong:"},
    {good_start, "rm $S 2>&1", good_status,
     "FAILED   stop when it is stopped already: it exits with 1, and must with 0: a stop that fails blocks the "
     "resource\n"
     "         | rm: cannot remove",
     ": 2 of these are wrong:"},
    {"test -e $S && echo runs already && echo as it was && exit 1; touch $S", good_stop, good_status,
     "FAILED   start when it runs already: it exits with 1, and must with 0: a start that is repeated would count as a "
     "failure\n         | runs already\n         | as it was\nok       status after",
     ": 1 of these is wrong: with lsb:svc in a cluster this will show when it is least wanted.\n"},
    {"if test -e $S; then rm $S; else touch $S; fi", good_stop, good_status,
     "FAILED   status after a second start: it exits with 3, and must with 0: ", ": 1 of these is wrong"},
    {"touch $S; sleep 1000 & sleep 1000", good_stop, good_status,
     "FAILED   start: it did not end in 1 s, and was killed: no start would count\n", ": 2 of these are wrong"},
    {"touch $S; kill -9 $$", good_stop, good_status,
     "FAILED   start: it was killed by a signal: no start would count\n", ": 2 of these are wrong"},
    {"exit 0;; frobnicate) exit 0", good_stop, good_status,
     "FAILED   frobnicate which is no action: it exits with 0, and must not: what the script does not know it would "
     "seem to "
     "have done\n",
     ": 3 of these are wrong"},
};

START_TEST(what_is_wrong_is_named)
{
    write_script(wrong[_i].start, wrong[_i].stop, wrong[_i].status);
    if (!wrong[_i].line) {
        expect_error(
            &core, "hactl lsb-check svc", 1,
            "hactl: svc says that it runs, and would be stopped and started: stop it first; --force does it all the "
            "same, and starts it again at the end\n");
        return;
    }
    char *out = checked("--timeout 1", 1);
    ck_assert_msg(strstr(out, wrong[_i].line) != NULL, "%s", out);
    ck_assert_msg(strstr(out, wrong[_i].failed) != NULL, "%s", out);
    free(out);
}
END_TEST

START_TEST(what_runs_runs_again)
{
    write_script(good_start, good_stop, good_status);
    touch("svc");
    expect_error(&core, "hactl lsb-check svc", 1, NULL);
    char *out = checked("--force", 0);
    ck_assert_int_eq(strncmp(out, "ok       stop of what ran\nok       status of the stopped", 50), 0);
    ck_assert_ptr_nonnull(strstr(out, "ok       start of what ran\n"));
    ck_assert(runs());
    free(out);
}
END_TEST

START_TEST(what_is_not_tried)
{
    char line[256];
    write_script(good_start, good_stop, good_status);
    snprintf(line, sizeof line, "hactl: %s/init.d/none: No such file or directory\n", core.folder);
    expect_error(&core, "hactl lsb-check none", 1, line);
    expect_error(&core, "hactl lsb-check ../svc", 1,
                 "hactl: '../svc': expected the name of a script, as in lsb:NAME\n");
    snprintf(line, sizeof line, "hactl: %s/init.d/plain: not executable: `chmod +x` makes it so\n", core.folder);
    touch("init.d/plain");
    expect_error(&core, "hactl lsb-check plain", 1, line);
    expect_ok(&core, "hactl configure primitive Svc lsb:svc", NULL);
    expect_error(&core, "hactl lsb-check svc", 1,
                 "hactl: svc is resource Svc of the cluster, which would see it fail: stop that first, or `hactl node "
                 "maintenance`; --force does it all the same\n");
    free(checked("--force", 0));
}
END_TEST

TCase *hactl_lsb_case(void)
{
    TCase *tests = tcase_create("init scripts");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_add_test(tests, a_good_script);
    tcase_add_loop_test(tests, what_is_wrong_is_named, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(tests, what_runs_runs_again);
    tcase_add_test(tests, what_is_not_tried);
    return tests;
}
