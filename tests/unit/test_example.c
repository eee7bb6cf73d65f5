/* SPDX-License-Identifier: Apache-2.0 */
/* What docs/writing-an-agent.md shows does what the page says. */
#include "lib/agent_host.h"
#include "lib/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct agent_host host;
static char path[128];

static void open_host(void)
{
    agent_host_open(&host, "docs/examples/.libs/flagfile");
    snprintf(path, sizeof path, "%s/flag", host.state_dir);
    agent_host_set(&host, "path", path);
}

static void close_host(void)
{
    agent_host_close(&host);
}

static enum halyard_rc call(halyard_op_fn *operation)
{
    return agent_host_call(&host, operation);
}

START_TEST(six_lines_of_the_page)
{
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(call(host.agent->start), HALYARD_OK);
    ck_assert_int_eq(call(host.agent->monitor), HALYARD_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(call(host.agent->stop), HALYARD_OK);
    ck_assert_int_eq(call(host.agent->monitor), HALYARD_NOT_RUNNING);
}
END_TEST

/* proc_pid_fdinfo(5): it waits for what happens to the file. */
static bool waits_for_file(void)
{
    for (int fd = 0; fd < 64; fd++) {
        char name[64], line[256];
        snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", (int)host.watch, fd);
        FILE *file = fopen(name, "r");
        bool found = false;
        while (file && !found && fgets(line, sizeof line, file))
            found = strncmp(line, "inotify wd:", 11) == 0;
        if (file)
            fclose(file);
        if (found)
            return true;
    }
    return false;
}

START_TEST(watch_tells)
{
    char other[160];
    snprintf(other, sizeof other, "%s.link", path);
    ck_assert_int_eq(call(host.agent->start), HALYARD_OK);
    agent_host_watch(&host);
    while (!waits_for_file()) /* the test's own timeout is the end of it */
        usleep(1000);
    ck_assert_int_eq(link(path, other), 0); /* a change that is none */
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(agent_host_hears(&host, "the file has gone"));
    ck_assert_int_eq(unlink(other), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("example");
    TCase *tests = tcase_create("example");
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host, close_host);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, six_lines_of_the_page);
    tcase_add_test(tests, watch_tells);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
