/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/agent_host.h"
#include "lib/run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_TIMEOUT_S 60

static struct agent_host host;
static char path[128];

/* The scripts lie in the state folder, which ends with the test. */
static void open_host(void)
{
    agent_host_open(&host, "lsb");
    host.type = "maxscale";
    agent_host_set_meta(&host, "lsb_folder", host.state_dir);
    snprintf(path, sizeof path, "%s/maxscale", host.state_dir);
}

static void close_host(void)
{
    agent_host_close(&host);
}

static void write_script(const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
}

static enum halyard_rc start(void)
{
    return agent_host_call(&host, host.agent->start);
}

static enum halyard_rc stop(void)
{
    return agent_host_call(&host, host.agent->stop);
}

static enum halyard_rc monitor(void)
{
    return agent_host_call(&host, host.agent->monitor);
}

static void expect_reason(enum halyard_rc rc, enum halyard_rc wanted, const char *words)
{
    ck_assert_msg(rc == wanted, "%d instead of %d: %s", (int)rc, (int)wanted, host.reason);
    ck_assert_msg(strstr(host.reason, words) != NULL, "\"%s\" is not in: %s", words, host.reason);
}

static void expect_quietly(enum halyard_rc rc, enum halyard_rc wanted)
{
    expect_reason(rc, wanted, "");
    ck_assert_str_eq(host.reason, "");
}

START_TEST(descriptor_is_sound)
{
    ck_assert_uint_eq(host.agent->magic, HALYARD_AGENT_MAGIC);
    ck_assert_uint_eq(host.agent->size, sizeof *host.agent);
    ck_assert_uint_eq(host.agent->param_size, sizeof(struct halyard_param));
    ck_assert_str_eq(host.agent->cls, "lsb");
    ck_assert_ptr_null(host.agent->provider);
    ck_assert_str_eq(host.agent->type, "*");
    ck_assert_ptr_nonnull(host.agent->params);
    ck_assert_str_eq(host.agent->params[0].name, "pidfile");
    ck_assert_uint_eq(host.agent->params[0].flags, 0); /* the class has none elsewhere */
    ck_assert_ptr_null(host.agent->params[1].name);
}
END_TEST

START_TEST(a_good_script_lives)
{
    write_script("#!/bin/sh\n"
                 "cd \"${0%/*}\" || exit 1\n"
                 "case $1 in\n"
                 "start) : > running;;\n"
                 "stop) rm -f running;;\n"
                 "status) test -e running || exit 3;;\n"
                 "*) exit 2;;\n"
                 "esac\n");
    expect_quietly(agent_host_call(&host, host.agent->validate), HALYARD_OK);
    expect_reason(monitor(), HALYARD_NOT_RUNNING, "maxscale status ended with 3: it is not running");
    expect_quietly(stop(), HALYARD_OK);
    for (int i = 0; i < 2; i++) {
        expect_quietly(start(), HALYARD_OK);
        expect_quietly(monitor(), HALYARD_OK);
    }
    expect_quietly(stop(), HALYARD_OK);
    expect_reason(monitor(), HALYARD_NOT_RUNNING, "");
}
END_TEST

/* LSB Core, "Init Script Actions", and Pacemaker's reading of it. */
static const struct {
    int status;
    enum halyard_rc monitor, start, stop;
} codes[] = {
    {0, HALYARD_OK, HALYARD_OK, HALYARD_OK},
    {1, HALYARD_NOT_RUNNING, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
    {2, HALYARD_NOT_RUNNING, HALYARD_ERR_ARGS, HALYARD_ERR_ARGS},
    {3, HALYARD_NOT_RUNNING, HALYARD_ERR_UNIMPLEMENTED, HALYARD_ERR_UNIMPLEMENTED},
    {4, HALYARD_ERR_GENERIC, HALYARD_ERR_PERM, HALYARD_ERR_PERM},
    {5, HALYARD_ERR_GENERIC, HALYARD_ERR_INSTALLED, HALYARD_ERR_INSTALLED},
    {6, HALYARD_ERR_GENERIC, HALYARD_ERR_CONFIGURED, HALYARD_ERR_CONFIGURED},
    {7, HALYARD_ERR_GENERIC, HALYARD_NOT_RUNNING, HALYARD_OK},
    {8, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
    {99, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
    {150, HALYARD_ERR_INSTALLED, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
    {151, HALYARD_ERR_PERM, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
    {255, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC, HALYARD_ERR_GENERIC},
};

START_TEST(exit_codes_are_read_as_the_lsb_has_them)
{
    char text[64];
    int status = codes[_i].status;
    snprintf(text, sizeof text, "#!/bin/sh\nexit %d\n", status);
    write_script(text);
    expect_reason(monitor(), codes[_i].monitor, status ? "maxscale status ended with " : "");
    expect_reason(start(), codes[_i].start, status ? "maxscale start ended with status " : "");
    expect_reason(stop(), codes[_i].stop, status && status != 7 ? "maxscale stop ended with status " : "");
}
END_TEST

START_TEST(start_that_only_claims_to_have_worked)
{
    write_script("#!/bin/sh\ntest $1 = status && exit 3\nexit 0\n");
    expect_reason(start(), HALYARD_ERR_GENERIC, "but status says at once that the program is not running");
    /* One that has no status: whether it runs is for monitor to say. */
    write_script("#!/bin/sh\ntest $1 = status && exit 64\nexit 0\n");
    expect_quietly(start(), HALYARD_OK);
}
END_TEST

START_TEST(script_that_is_not_there)
{
    expect_reason(agent_host_call(&host, host.agent->validate), HALYARD_ERR_INSTALLED, "there is no script /tmp/");
    expect_reason(monitor(), HALYARD_ERR_INSTALLED, "there is no script /tmp/");
    expect_reason(stop(), HALYARD_ERR_INSTALLED, "its service may still run");
    expect_reason(start(), HALYARD_ERR_INSTALLED, "there is no script /tmp/");
    expect_reason(stop(), HALYARD_OK, ""); /* start has found nothing, so there is nothing to stop */
    /* Once it has run, its disappearance is no longer harmless. */
    write_script("#!/bin/sh\nexit 0\n");
    expect_quietly(start(), HALYARD_OK);
    ck_assert_int_eq(unlink(path), 0);
    expect_reason(stop(), HALYARD_ERR_INSTALLED, "its service may still run");
    ck_assert_int_eq(mkdir(path, 0755), 0);
    expect_reason(monitor(), HALYARD_ERR_INSTALLED, "is not a regular file");
}
END_TEST

START_TEST(script_that_cannot_be_run)
{
    write_script("#!/bin/sh\nexit 0\n");
    ck_assert_int_eq(chmod(path, 0644), 0);
    expect_reason(monitor(), HALYARD_ERR_INSTALLED, "is not executable: chmod 755");
    expect_reason(start(), HALYARD_ERR_INSTALLED, "is not executable: chmod 755");
    write_script("#!/no/such/interpreter\nexit 0\n");
    expect_reason(start(), HALYARD_ERR_INSTALLED, "its interpreter, in the first line, is not on this host");
    write_script("exit 0\n"); /* what a shell would run */
    expect_quietly(start(), HALYARD_OK);
}
END_TEST

START_TEST(name_is_that_of_a_file_in_the_folder)
{
    static const char *const names[] = {"", "../../bin/true", "/bin/true", "a/b", ".", "..", ".hidden"};
    host.type = names[_i];
    expect_reason(monitor(), HALYARD_ERR_CONFIGURED, "is not the name of a script");
    expect_reason(start(), HALYARD_ERR_CONFIGURED, "is not the name of a script");
    expect_reason(stop(), HALYARD_OK, "");
}
END_TEST

START_TEST(default_folder)
{
    agent_host_set_meta(&host, "lsb_folder", NULL);
    host.type = "no-such-script-in-the-whole-world";
    expect_reason(monitor(), HALYARD_ERR_INSTALLED, "/etc/init.d/no-such-script-in-the-whole-world");
}
END_TEST

START_TEST(script_that_talks_and_leaves_children)
{
    write_script("#!/bin/sh\n"
                 "i=0; while test $i -lt 20000; do echo \"line $i of very many\"; i=$((i + 1)); done\n"
                 "test $1 = start && { sleep 600 & echo $! > \"${0%/*}/child\"; }\n" /* keeps stdout open */
                 "exit 0\n");
    expect_quietly(start(), HALYARD_OK);
    char name[160];
    int child = 0;
    snprintf(name, sizeof name, "%s/child", host.state_dir);
    FILE *file = fopen(name, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d", &child), 1);
    fclose(file);
    ck_assert_int_eq(kill(child, 0), 0); /* start did not wait for it */
    kill(child, SIGKILL);
    expect_quietly(monitor(), HALYARD_OK);
}
END_TEST

START_TEST(script_that_hangs)
{
    write_script("#!/bin/sh\nsleep 600\n");
    agent_host_time_left(&host, 100);
    expect_reason(start(), HALYARD_ERR_GENERIC, "start did not end in time");
    agent_host_time_left(&host, 100);
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "status did not end in time");
    agent_host_time_left(&host, 100);
    expect_reason(stop(), HALYARD_ERR_GENERIC, "stop did not end in time");
}
END_TEST

START_TEST(script_that_dies)
{
    write_script("#!/bin/sh\nkill -SEGV $$\n");
    expect_reason(start(), HALYARD_ERR_GENERIC, "start was killed");
    expect_reason(monitor(), HALYARD_ERR_GENERIC, "status was killed");
    expect_reason(stop(), HALYARD_ERR_GENERIC, "stop was killed");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsb");
    TCase *tests = tcase_create("lsb");
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host, close_host);
    tcase_set_timeout(tests, TEST_TIMEOUT_S);
    tcase_add_test(tests, descriptor_is_sound);
    tcase_add_test(tests, a_good_script_lives);
    tcase_add_loop_test(tests, exit_codes_are_read_as_the_lsb_has_them, 0, sizeof codes / sizeof *codes);
    tcase_add_test(tests, start_that_only_claims_to_have_worked);
    tcase_add_test(tests, script_that_is_not_there);
    tcase_add_test(tests, script_that_cannot_be_run);
    tcase_add_loop_test(tests, name_is_that_of_a_file_in_the_folder, 0, 7);
    tcase_add_test(tests, default_folder);
    tcase_add_test(tests, script_that_talks_and_leaves_children);
    tcase_add_test(tests, script_that_hangs);
    tcase_add_test(tests, script_that_dies);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
