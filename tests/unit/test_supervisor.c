/* SPDX-License-Identifier: Apache-2.0 */
/* The agent supervisor, with a real supervisord and real programs. */
#include "lib/agent_host.h"
#include "lib/run.h"
#include "lib/supervisord.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEST_TIMEOUT_S 100

static struct agent_host host;
static struct supervisord supervisord;
static struct stand_in stand_in;

#define ALONE "autostart=false\nautorestart=false\nstartsecs=0\n"
#define PROGRAMS                                                                                                       \
    "[program:sleeper]\ncommand=/bin/sleep 1000\n" ALONE                                                               \
    "[program:slow]\ncommand=/bin/sleep 1000\nautostart=false\nautorestart=false\nstartsecs=1\n"                       \
    "[program:eager]\ncommand=/bin/sleep 1000\nautostart=false\nautorestart=true\nstartsecs=0\n"                       \
    "[program:unexpected]\ncommand=/bin/sleep 1000\nautostart=false\nstartsecs=0\n"                                    \
    "[program:owned]\ncommand=/bin/sleep 1000\nstartsecs=0\n"                                                          \
    "[program:broken]\ncommand=/bin/sh -c \"echo no such table >&2; exit 3\"\nautostart=false\nstartretries=1\n"       \
    "[program:brief]\ncommand=/bin/sh -c \"exit 0\"\n" ALONE "[program:absent]\ncommand=@/nothing\n" ALONE             \
    "[program:locked]\ncommand=@/conf\n" ALONE                                                                         \
    "[program:late]\ncommand=/bin/sh -c \"test -e @/go && exec sleep 1000; touch @/go; exit 1\"\nautostart=false\n"    \
    "[program:wrapped]\ncommand=/bin/sh -c \"sleep 1000 & wait\"\n" ALONE                                              \
    "[program:stubborn]\ncommand=/bin/sh -c \"trap : TERM; while :; do sleep 0.05; done\"\nstopwaitsecs=60\n" ALONE    \
    "[program:api]\ncommand=/bin/sleep 1000\n" ALONE "[group:web]\nprograms=api\n"                                     \
    "[program:many]\ncommand=/bin/sleep 1000\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)02d\n" ALONE

static void set_up_with(bool with_port)
{
    agent_host_open(&host, "supervisor");
    host.type = "sleeper";
    supervisord_open(&supervisord, host.state_dir, PROGRAMS, with_port);
    supervisord_run(&supervisord);
    agent_host_set(&host, "conf", supervisord.conf);
    agent_host_time_left(&host, 30000);
}

static void set_up(void)
{
    set_up_with(false);
}

static void sweep(void)
{
    supervisord_sweep(agent_host_folder());
    agent_host_remove_folder();
}

static void tear_down(void)
{
    stand_in_end(&stand_in);
    supervisord_close(&supervisord);
    agent_host_close(&host);
}

static enum halyard_rc start(void)
{
    agent_host_time_left(&host, 30000);
    return agent_host_call(&host, host.agent->start);
}

static enum halyard_rc stop(void)
{
    agent_host_time_left(&host, 30000);
    return agent_host_call(&host, host.agent->stop);
}

static enum halyard_rc monitor(void)
{
    agent_host_time_left(&host, 30000);
    return agent_host_call(&host, host.agent->monitor);
}

static enum halyard_rc probe(void)
{
    agent_host_time_left(&host, 30000);
    return agent_host_call(&host, host.agent->probe);
}

#define expect(call, rc) ck_assert_msg((call) == (rc), "%s is not %d: %s", #call, (int)(rc), host.reason)
#define expect_reason(words) ck_assert_msg(strstr(host.reason, words), "\"%s\" is not in: %s", words, host.reason)
#define expect_log(words) ck_assert_msg(strstr(host.log, words), "\"%s\" is not in: %s", words, host.log)

static bool runs(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    return size && !strstr(text, ") Z ");
}

static pid_t pid_of(const char *name)
{
    pid_t pid = supervisord_pid_of(&supervisord, name);
    ck_assert_int_gt(pid, 0);
    return pid;
}

static void kill_program(const char *name)
{
    pid_t pid = pid_of(name);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    while (runs(pid))
        usleep(100);
}

/* ---- start, stop, monitor */

START_TEST(runs_and_stops)
{
    expect(probe(), HALYARD_NOT_RUNNING);
    expect(start(), HALYARD_OK);
    ck_assert_str_eq(host.reason, "");
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    pid_t pid = pid_of("sleeper");
    expect(stop(), HALYARD_OK);
    ck_assert(!runs(pid));
    expect(stop(), HALYARD_OK);
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect_reason("STOPPED");
}
END_TEST

START_TEST(start_waits_for_startsecs)
{
    host.type = "slow";
    expect(start(), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(supervisord_ctl(&supervisord, "status slow"), "RUNNING"));
    expect(stop(), HALYARD_OK);
    ck_assert_str_eq(strstr(supervisord_ctl(&supervisord, "start slow"), "slow: started"), "slow: started\n");
    expect(probe(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(killed_is_seen_at_once)
{
    expect(start(), HALYARD_OK);
    kill_program("sleeper");
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect_reason("killed by a signal");
    expect(stop(), HALYARD_OK);
    host.type = "brief";
    expect(start(), HALYARD_ERR_GENERIC);
    expect_reason("ended at once, with exit status 0");
}
END_TEST

START_TEST(groups_and_names)
{
    host.type = "web:api";
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    host.type = "many:many_01";
    expect(start(), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(supervisord_ctl(&supervisord, "status many:many_00"), "STOPPED"));
    expect(stop(), HALYARD_OK);
    host.type = "api";
    expect(probe(), HALYARD_ERR_INSTALLED);
    expect_reason("it has web:api");
    host.type = "many";
    expect(start(), HALYARD_ERR_INSTALLED);
    expect_reason("many:many_00, many:many_01");
    host.type = "nothing";
    expect(start(), HALYARD_ERR_INSTALLED);
    expect_reason("knows no program nothing:nothing");
    expect(monitor(), HALYARD_ERR_INSTALLED);
    expect(stop(), HALYARD_OK);
    host.type = "a:b:c";
    expect(start(), HALYARD_ERR_CONFIGURED);
    expect(stop(), HALYARD_OK);
}
END_TEST

START_TEST(failed_starts)
{
    host.type = "broken";
    expect(start(), HALYARD_ERR_GENERIC);
    expect_reason("FATAL");
    expect_reason("no such table");
    expect(monitor(), HALYARD_NOT_RUNNING);
    expect_reason("FATAL");
    expect(stop(), HALYARD_OK);
    host.type = "absent";
    expect(start(), HALYARD_ERR_INSTALLED);
    expect_reason("is not on this host");
    host.type = "locked";
    expect(start(), HALYARD_ERR_PERM);
    expect_reason("may not be executed");
    host.type = "late";
    expect(start(), HALYARD_OK);
}
END_TEST

START_TEST(a_start_that_takes_too_long)
{
    host.type = "broken";
    agent_host_time_left(&host, 600);
    expect(agent_host_call(&host, host.agent->start), HALYARD_ERR_GENERIC);
    expect_reason("still says");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("BACKOFF");
    expect(stop(), HALYARD_OK);
    ck_assert_ptr_nonnull(strstr(supervisord_ctl(&supervisord, "status broken"), "STOPPED"));
}
END_TEST

START_TEST(stubborn_is_killed_in_time)
{
    host.type = "stubborn";
    expect(start(), HALYARD_OK);
    pid_t pid = pid_of("stubborn");
    agent_host_time_left(&host, 4000);
    expect(agent_host_call(&host, host.agent->stop), HALYARD_OK);
    expect_log("SIGKILL");
    ck_assert(!runs(pid));
}
END_TEST

/* ---- restarts by supervisord */

START_TEST(restart_behind_the_back)
{
    host.type = "eager";
    expect(start(), HALYARD_OK);
    pid_t before = pid_of("eager");
    kill_program("eager");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("restarted without the cluster");
    ck_assert_int_ne(pid_of("eager"), before);
    expect(monitor(), HALYARD_OK); /* it has been told once */
    kill_program("eager");
    expect(stop(), HALYARD_OK); /* though supervisord was about to start it again */
    ck_assert_ptr_nonnull(strstr(supervisord_ctl(&supervisord, "status eager"), "STOPPED"));
    host.type = "unexpected";
    expect(start(), HALYARD_OK);
    kill_program("unexpected");
    expect(stop(), HALYARD_OK);
    ck_assert_ptr_null(strstr(supervisord_ctl(&supervisord, "status unexpected"), "RUNNING"));
}
END_TEST

START_TEST(restarts_that_are_tolerated)
{
    host.type = "eager";
    agent_host_set(&host, "restarts", "2");
    agent_host_set(&host, "restarts_within", "600s");
    expect(start(), HALYARD_OK);
    for (int i = 0; i < 2; i++) {
        kill_program("eager");
        expect(monitor(), HALYARD_OK);
    }
    kill_program("eager");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("it flaps: supervisord has started it again 3 times");
}
END_TEST

START_TEST(two_owners_are_told)
{
    host.type = "owned";
    supervisord_await(&supervisord, "owned", "RUNNING");
    expect(probe(), HALYARD_OK);
    expect(start(), HALYARD_OK);
    expect_log("autostart=false");
    expect_log("autorestart=false");
    expect_log("it is unexpected");
    expect(agent_host_call(&host, host.agent->advise), HALYARD_OK);
    expect_log("autostart=false");
    host.type = "sleeper";
    expect(start(), HALYARD_OK);
    ck_assert_str_eq(host.log, "");
}
END_TEST

/* ---- supervisord itself */

START_TEST(supervisord_is_killed)
{
    agent_host_set(&host, "patience", "200ms");
    expect(start(), HALYARD_OK);
    pid_t pid = pid_of("sleeper");
    supervisord_kill(&supervisord, SIGKILL);
    expect(monitor(), HALYARD_DEGRADED);
    expect_reason("runs on without supervisord");
    expect(probe(), HALYARD_OK);
    expect_reason("runs on without supervisord");
    agent_host_set(&host, "patience", "60s"); /* nothing is waited for when it has ended */
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    for (int i = 0; i < 1000 && runs(pid); i++)
        usleep(1000);
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("has ended, and supervisord does not run");
    expect(stop(), HALYARD_OK);
    expect(probe(), HALYARD_NOT_RUNNING);
    agent_host_set(&host, "patience", "200ms");
    expect(start(), HALYARD_ERR_GENERIC);
    expect_reason("supervisord does not run");
}
END_TEST

START_TEST(orphan_is_ended)
{
    expect(start(), HALYARD_OK);
    pid_t pid = pid_of("sleeper");
    supervisord_kill(&supervisord, SIGKILL);
    expect(stop(), HALYARD_OK);
    ck_assert(!runs(pid));
    expect_log("supervisord does not answer for process");
}
END_TEST

START_TEST(orphan_of_a_supervisord_before)
{
    expect(start(), HALYARD_OK);
    pid_t pid = pid_of("sleeper");
    supervisord_kill(&supervisord, SIGKILL);
    supervisord_run(&supervisord);
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("still runs");
    ck_assert(runs(pid));
    expect(start(), HALYARD_OK);
    ck_assert(!runs(pid));
    ck_assert_int_ne(pid_of("sleeper"), pid);
    expect(monitor(), HALYARD_OK);
}
END_TEST

START_TEST(supervisord_comes_back_meanwhile)
{
    char command[300];
    supervisord_kill(&supervisord, SIGKILL);
    snprintf(command, sizeof command,
             "(sleep 0.5; exec /usr/bin/supervisord -n -c %s) >/dev/null 2>&1 & echo $! >%s/sh.pid", supervisord.conf,
             supervisord.folder);
    ck_assert_int_eq(system(command), 0);
    agent_host_set(&host, "patience", "20s");
    expect(start(), HALYARD_OK);
    expect(stop(), HALYARD_OK);
    supervisord_ctl(&supervisord, "shutdown");
}
END_TEST

START_TEST(supervisord_is_frozen)
{
    agent_host_set(&host, "patience", "200ms");
    expect(start(), HALYARD_OK);
    pid_t pid = pid_of("sleeper");
    supervisord_kill(&supervisord, SIGSTOP);
    expect(monitor(), HALYARD_DEGRADED);
    expect_reason("does not answer in time");
    agent_host_time_left(&host, 1000);
    expect(agent_host_call(&host, host.agent->stop), HALYARD_ERR_GENERIC);
    expect_reason("may still run");
    ck_assert(runs(pid));
    supervisord_kill(&supervisord, SIGCONT);
    expect(stop(), HALYARD_OK);
    ck_assert(!runs(pid));
}
END_TEST

START_TEST(supervisord_shuts_down)
{
    host.type = "stubborn";
    expect(start(), HALYARD_OK);
    supervisord_kill(&supervisord, SIGTERM);
    agent_host_set(&host, "patience", "1s");
    for (int i = 0; i < 2000 && monitor() == HALYARD_OK; i++)
        usleep(1000);
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("shutting down");
}
END_TEST

/* ---- what is left */

START_TEST(wrapper_leaves_its_program)
{
    struct timespec pause = {.tv_nsec = 100000000};
    host.type = "wrapped";
    agent_host_set(&host, "leftovers", "leave");
    expect(start(), HALYARD_OK);
    nanosleep(&pause, NULL);
    expect(stop(), HALYARD_OK);
    ck_assert_str_eq(host.log, "");
    agent_host_set(&host, "leftovers", NULL);
    expect(stop(), HALYARD_OK);
    expect_log("(sleep)");
    expect_log("stopasgroup=true");
    expect(stop(), HALYARD_OK);
    ck_assert_str_eq(host.log, "");
}
END_TEST

/* ---- by http */

START_TEST(with_user_and_password)
{
    char url[100];
    tear_down();
    set_up_with(true);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", supervisord.port);
    agent_host_set(&host, "url", url);
    expect(start(), HALYARD_ERR_PERM);
    expect_reason("set username and password");
    agent_host_set(&host, "username", "halyard");
    agent_host_set(&host, "password", "wrong");
    expect(monitor(), HALYARD_ERR_PERM);
    expect_reason("does not accept this user and password");
    ck_assert_ptr_null(strstr(host.reason, "wrong"));
    agent_host_set(&host, "password", "se:cret<&>");
    expect(start(), HALYARD_OK);
    expect(monitor(), HALYARD_OK);
    supervisord_kill(&supervisord, SIGKILL);
    expect(stop(), HALYARD_OK); /* its processes are here */
}
END_TEST

/* ---- does it serve? */

static void use_port(const struct stand_in_turn *turns, int count)
{
    char text[16];
    stand_in_run_tcp(&stand_in, turns, count);
    snprintf(text, sizeof text, "%d", stand_in.port);
    agent_host_set(&host, "check_port", text);
}

static const char greeting[] = "\x4a\0\0\0\x0a"
                               "8.0.33-maxscale\0....12345678\0....................................12345678";

START_TEST(port_is_checked)
{
    char text[16];
    snprintf(text, sizeof text, "%d", free_port());
    agent_host_set(&host, "check_port", text);
    agent_host_time_left(&host, 1500);
    expect(agent_host_call(&host, host.agent->start), HALYARD_ERR_GENERIC);
    expect_reason("does not serve at 127.0.0.1 port ");
    use_port((struct stand_in_turn[]){{.raw = "hello"}}, 1);
    expect(start(), HALYARD_OK);
    agent_host_set(&host, "check_protocol", "mysql");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("no greeting of the MySQL protocol");
}
END_TEST

START_TEST(mysql_is_checked)
{
    static const char error[] = "\x17\0\0\0\xff\x10\x04Too many connections";
    static const char state[] = "\x0d\0\0\0\xff\x10\x04#08004Blow";
    const struct stand_in_turn turns[] = {{.raw = greeting, .size = sizeof greeting - 1},
                                          {.raw = error, .size = sizeof error - 1},
                                          {.raw = state, .size = sizeof state - 1},
                                          {.raw = "\x05\0\0\0\x09....", .size = 9},
                                          {.raw = greeting, .size = 20},
                                          {.stays = true}};
    const char *const reasons[] = {"error: Too many connections (1040)", "error: Blow (1040)", "protocol 9",
                                   "without a greeting", "does not send its greeting in time"};
    agent_host_set(&host, "check_protocol", "mysql");
    agent_host_set(&host, "check_timeout", "300ms");
    use_port(turns, 6);
    expect(start(), HALYARD_OK);
    for (int i = 0; i < 5; i++) {
        expect(monitor(), HALYARD_ERR_GENERIC);
        expect_reason(reasons[i]);
    }
}
END_TEST

START_TEST(command_is_checked)
{
    agent_host_set(&host, "check", "test -e $HOME");
    expect(start(), HALYARD_OK);
    agent_host_set(&host, "check", "echo the pool is empty; echo or so >&2; sleep 100 & exit 3");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("its check ended with status 3: the pool is empty or so");
    agent_host_set(&host, "check", "echo waiting; sleep 100");
    agent_host_set(&host, "check_timeout", "200ms");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("does not end in time: waiting");
    agent_host_set(&host, "check_timeout", "5s");
    agent_host_set(&host, "check", "kill -9 $$");
    expect(monitor(), HALYARD_ERR_GENERIC);
    expect_reason("killed by signal 9");
    if (geteuid() == 0) {
        agent_host_set(&host, "check", "test $(id -un):$HOME = nobody:/nonexistent");
        agent_host_set(&host, "check_user", "nobody");
        expect(monitor(), HALYARD_OK);
    }
    agent_host_set(&host, "check_user", "nobody-of-that-name");
    expect(agent_host_call(&host, host.agent->validate), HALYARD_ERR_ARGS);
    expect_reason("no user nobody-of-that-name");
}
END_TEST

/* ---- watch */

START_TEST(watch_tells_the_end)
{
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "(sleep) of supervisord"));
    kill_program("sleeper");
    ck_assert(agent_host_hears(&host, "(sleep) has ended"));
    supervisord_ctl(&supervisord, "start sleeper");
    ck_assert(agent_host_hears(&host, "has taken the place of"));
    supervisord_kill(&supervisord, SIGKILL);
    ck_assert(agent_host_hears(&host, "has ended, and the program runs on without it"));
    supervisord_run(&supervisord);
    ck_assert(agent_host_hears(&host, "supervisord answers again"));
}
END_TEST

START_TEST(watch_follows)
{
    host.type = "eager";
    expect(start(), HALYARD_OK);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "(sleep) of supervisord"));
    for (int i = 0; i < 3; i++) {
        kill_program("eager");
        /* Not its name: it may have been looked at before it was what it is. */
        ck_assert(agent_host_hears(&host, ") has ended"));
        ck_assert(agent_host_hears(&host, "has taken the place of"));
    }
}
END_TEST

START_TEST(watch_comes_too_late)
{
    expect(start(), HALYARD_OK);
    kill_program("sleeper");
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, "had ended before it could be watched"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("supervisor");
    TCase *tcase = tcase_create("real");
    tcase_add_unchecked_fixture(tcase, agent_host_make_folder, sweep);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, TEST_TIMEOUT_S);
    tcase_add_test(tcase, runs_and_stops);
    tcase_add_test(tcase, start_waits_for_startsecs);
    tcase_add_test(tcase, killed_is_seen_at_once);
    tcase_add_test(tcase, groups_and_names);
    tcase_add_test(tcase, failed_starts);
    tcase_add_test(tcase, a_start_that_takes_too_long);
    tcase_add_test(tcase, stubborn_is_killed_in_time);
    tcase_add_test(tcase, restart_behind_the_back);
    tcase_add_test(tcase, restarts_that_are_tolerated);
    tcase_add_test(tcase, two_owners_are_told);
    tcase_add_test(tcase, supervisord_is_killed);
    tcase_add_test(tcase, orphan_is_ended);
    tcase_add_test(tcase, orphan_of_a_supervisord_before);
    tcase_add_test(tcase, supervisord_comes_back_meanwhile);
    tcase_add_test(tcase, supervisord_is_frozen);
    tcase_add_test(tcase, supervisord_shuts_down);
    tcase_add_test(tcase, wrapper_leaves_its_program);
    tcase_add_test(tcase, with_user_and_password);
    tcase_add_test(tcase, port_is_checked);
    tcase_add_test(tcase, mysql_is_checked);
    tcase_add_test(tcase, command_is_checked);
    tcase_add_test(tcase, watch_tells_the_end);
    tcase_add_test(tcase, watch_follows);
    tcase_add_test(tcase, watch_comes_too_late);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
