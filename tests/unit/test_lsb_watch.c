/* SPDX-License-Identifier: Apache-2.0 */
/* The watch of an init script's service, with processes that really end. */
#include "lib/agent_host.h"
#include "lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEST_TIMEOUT_S 60

static struct agent_host host;

/* The script lies in the state folder, which ends with the test. */
static void open_host(void)
{
    agent_host_open(&host, "lsb");
    host.type = "maxscale";
    agent_host_set_meta(&host, "lsb_folder", host.state_dir);
}

static void close_host(void)
{
    agent_host_close(&host);
}

static const char *in_folder(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", host.state_dir, name);
    return path[turn];
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(in_folder(name), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* "@" stands for the folder. */
static void write_script(const char *text)
{
    char script[4096];
    size_t used = 0;
    for (; *text && used + sizeof host.state_dir < sizeof script; text++) {
        if (*text == '@')
            used += (size_t)snprintf(script + used, sizeof script - used, "%s", host.state_dir);
        else
            script[used++] = *text;
    }
    script[used] = '\0';
    write_text("maxscale", script);
    ck_assert_int_eq(chmod(in_folder("maxscale"), 0755), 0);
}

static void write_pids(const char *name, pid_t one, pid_t other)
{
    char text[64];
    snprintf(text, sizeof text, other ? "%d %d\n" : "%d\n", (int)one, (int)other);
    write_text(name, text);
}

static void write_pid(const char *name, pid_t pid)
{
    write_pids(name, pid, 0);
}

static pid_t read_pid(const char *name)
{
    int pid = 0;
    FILE *file = fopen(in_folder(name), "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
    fclose(file);
    return pid;
}

/* Something that runs until it is killed. */
static pid_t run_service(void)
{
    prctl(PR_SET_NAME, "service"); /* which it inherits */
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

static void kill_service(pid_t pid)
{
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void expect_watched(pid_t pid, const char *source)
{
    char words[256];
    snprintf(words, sizeof words, "process %d (service), named by %s, is watched", (int)pid, source);
    ck_assert_msg(agent_host_logs(&host, words), "\"%s\" is not in: %s", words, host.logged);
}

static void expect_next(pid_t pid, const char *words)
{
    char line[600], who[64];
    snprintf(who, sizeof who, "process %d (", (int)pid);
    ck_assert_msg(agent_host_next_change(&host, line, sizeof line), "nothing is heard of %d", (int)pid);
    ck_assert_msg(strncmp(line, who, strlen(who)) == 0 && strstr(line, words), "not \"%s...%s\": %s", who, words, line);
}

/* Nothing else has been heard before this: the next word is about a process that is killed now. */
static void expect_quiet_until_killed(const char *name)
{
    pid_t pid = run_service();
    write_pid(name, pid);
    expect_watched(pid, in_folder(name));
    kill_service(pid);
    expect_next(pid, "has ended");
}

#define SCRIPT_WITH_PIDFILE "#!/bin/sh\nPIDFILE=@/pid\nexit 0\n"

START_TEST(end_is_told_at_once)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    kill_service(pid);
    expect_next(pid, "/pid, has ended");
    expect_quiet_until_killed("pid");
}
END_TEST

START_TEST(pid_file_comes_later)
{
    write_script(SCRIPT_WITH_PIDFILE);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "no process of "));
    expect_quiet_until_killed("pid");
    /* The file is taken away, comes by another way, and its writer keeps it open. */
    ck_assert_int_eq(unlink(in_folder("pid")), 0);
    pid_t pid = run_service();
    int fd = open(in_folder("pid"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(dprintf(fd, "%d\n", (int)pid), 0);
    expect_watched(pid, in_folder("pid"));
    kill_service(pid);
    expect_next(pid, "has ended");
    close(fd);
}
END_TEST

START_TEST(folder_comes_later)
{
    write_script("#!/bin/sh\nPIDFILE=@/a/b/pid\nexit 0\n");
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "no process of "));
    ck_assert_int_eq(mkdir(in_folder("a"), 0755), 0);
    ck_assert_int_eq(mkdir(in_folder("a/b"), 0755), 0);
    expect_quiet_until_killed("a/b/pid");
}
END_TEST

START_TEST(pid_file_is_replaced)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t old = run_service(), new = run_service();
    write_pid("pid", old);
    agent_host_watch(&host);
    expect_watched(old, in_folder("pid"));
    write_pid("pid.new", new);
    ck_assert_int_eq(rename(in_folder("pid.new"), in_folder("pid")), 0);
    expect_watched(new, in_folder("pid"));
    kill_service(old); /* a daemon's first process, that has done its work */
    kill_service(new);
    expect_next(new, "has ended");
}
END_TEST

START_TEST(pid_file_goes_and_the_process_stays)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    write_text("pid", "");
    ck_assert_int_eq(unlink(in_folder("pid")), 0);
    kill_service(pid);
    expect_next(pid, "has ended");
}
END_TEST

START_TEST(another_is_in_its_place)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t old = run_service(), new = run_service();
    write_pid("pid", old);
    agent_host_watch(&host);
    expect_watched(old, in_folder("pid"));
    kill(host.watch, SIGSTOP); /* so that it sees both at once */
    write_pid("pid", new);
    kill_service(old);
    kill(host.watch, SIGCONT);
    expect_next(old, "is in its place");
    kill_service(new);
    expect_next(new, "has ended");
}
END_TEST

#define SCRIPT_THAT_RESTARTS                                                                                           \
    "#!/bin/sh\n"                                                                                                      \
    "PIDFILE=@/pid\n"                                                                                                  \
    "case $1 in\n"                                                                                                     \
    "restart) kill -9 $(cat @/pid); sleep 0.3; sleep 600 & echo $! >@/pid; sleep 0.1;;\n"                              \
    "stop) kill -9 $(cat @/pid); sleep 0.3; rm @/pid; echo >@/stopped;;\n"                                             \
    "start) sleep 600 & echo $! >@/pid;;\n"                                                                            \
    "esac\n"

/* Older than what comes next, by the clock ticks in which the kernel counts. */
static void let_a_tick_pass(void)
{
    usleep(50000);
}

START_TEST(restart_by_somebody)
{
    write_script(SCRIPT_THAT_RESTARTS);
    pid_t old = run_service();
    write_pid("pid", old);
    let_a_tick_pass();
    agent_host_watch(&host);
    expect_watched(old, in_folder("pid"));
    char command[160];
    snprintf(command, sizeof command, "%s restart", in_folder("maxscale"));
    ck_assert_int_eq(system(command), 0);
    expect_next(old, "is in its place");
    pid_t new = read_pid("pid");
    ck_assert_int_ne(new, old);
    ck_assert_int_eq(kill(new, SIGKILL), 0);
    expect_next(new, "has ended");
    ck_assert_int_eq(waitpid(old, NULL, 0), old);
}
END_TEST

START_TEST(stop_and_start_by_somebody)
{
    write_script(SCRIPT_THAT_RESTARTS);
    pid_t old = run_service();
    write_pid("pid", old);
    let_a_tick_pass();
    agent_host_watch(&host);
    expect_watched(old, in_folder("pid"));
    char command[320];
    snprintf(command, sizeof command, "%s stop; %s start", in_folder("maxscale"), in_folder("maxscale"));
    ck_assert_int_eq(system(command), 0);
    expect_next(old, "is in its place");
    ck_assert_int_eq(kill(read_pid("pid"), SIGKILL), 0);
    ck_assert_int_eq(waitpid(old, NULL, 0), old);
}
END_TEST

START_TEST(stop_by_somebody)
{
    write_script(SCRIPT_THAT_RESTARTS);
    pid_t old = run_service();
    write_pid("pid", old);
    let_a_tick_pass();
    agent_host_watch(&host);
    expect_watched(old, in_folder("pid"));
    char command[160];
    snprintf(command, sizeof command, "%s stop", in_folder("maxscale"));
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(waitpid(old, NULL, 0), old);
    char line[600];
    ck_assert(agent_host_next_change(&host, line, sizeof line));
    ck_assert_msg(strstr(line, "has ended") && !strstr(line, "in its place"), "%s", line);
    ck_assert_int_eq(access(in_folder("stopped"), F_OK), 0); /* the script had ended */
}
END_TEST

/* It was there before the service: not a restart, but its keeper, as some scripts leave one. */
START_TEST(script_that_stays)
{
    write_script("#!/bin/sh\nPIDFILE=@/pid\nmkfifo @/never && echo >@/runs\nread -r x <@/never\n");
    pid_t keeper = fork();
    ck_assert_int_ge(keeper, 0);
    if (keeper == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(in_folder("maxscale"), in_folder("maxscale"), "start", (char *)NULL);
        _exit(1);
    }
    while (access(in_folder("runs"), F_OK) < 0)
        usleep(1000);
    let_a_tick_pass();
    pid_t pid = run_service();
    write_pid("pid", pid);
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    kill_service(pid);
    expect_next(pid, "has ended");
    char logged[4096] = "";
    ck_assert_int_eq(fcntl(host.logs, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_lt(read(host.logs, logged, sizeof logged - 1), 0);
    ck_assert_msg(!logged[0] && !strstr(host.logged, "waiting for it"), "%s%s", host.logged, logged);
    kill_service(keeper);
}
END_TEST

START_TEST(script_without_a_process)
{
    write_script("#!/bin/sh\nexit 0\n");
    host.type = "maxscale";
    agent_host_set(&host, "pidfile", in_folder("pid"));
    write_pid("pid", 99999999); /* as long as there can be no such number */
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "no process of "));
    expect_quiet_until_killed("pid");
}
END_TEST

START_TEST(died_before_the_watch)
{
    write_script("#!/bin/sh\nPIDFILE=@/pid\ntest $1 = status && exit 1\nexit 0\n");
    pid_t pid = run_service();
    write_pid("pid", pid);
    kill_service(pid);
    agent_host_watch(&host);
    ck_assert(agent_host_hears(&host, "had ended before it could be watched"));
}
END_TEST

START_TEST(status_names_it)
{
    write_script("#!/bin/sh\ntest $1 = status && echo \"maxscale (pid $(cat @/list)) is running\"\nexit 0\n");
    pid_t pid = run_service(), other = run_service();
    write_pid("list", pid);
    agent_host_watch(&host);
    expect_watched(pid, "its status");
    write_pid("list", other);
    kill_service(pid);
    expect_next(pid, "named by its status, has ended");
    expect_watched(other, "its status"); /* asked again */
    kill_service(other);
    expect_next(other, "named by its status, has ended");
}
END_TEST

START_TEST(status_names_parent_and_child)
{
    write_script("#!/bin/sh\ntest $1 = status && echo \"pid $(cat @/list)\"\nexit 0\n");
    int ready[2];
    ck_assert_int_eq(pipe(ready), 0);
    prctl(PR_SET_NAME, "service");
    pid_t parent = fork();
    ck_assert_int_ge(parent, 0);
    if (parent == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        if (write(ready[1], &child, sizeof child) != (ssize_t)sizeof child)
            _exit(1);
        waitpid(child, NULL, 0);
        if (write(ready[1], &child, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    pid_t child;
    ck_assert_int_eq(read(ready[0], &child, sizeof child), sizeof child);
    write_pids("list", child, parent);
    agent_host_watch(&host);
    expect_watched(parent, "its status");
    char taken;
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(read(ready[0], &taken, 1), 1);
    kill_service(parent);
    expect_next(parent, "has ended");
}
END_TEST

START_TEST(several_in_one_file)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t one = run_service(), other = run_service();
    write_pids("pid", one, other);
    agent_host_watch(&host);
    expect_watched(one, in_folder("pid"));
    expect_watched(other, in_folder("pid"));
    kill_service(other);
    expect_next(other, "has ended");
    kill_service(one);
    expect_next(one, "has ended");
}
END_TEST

START_TEST(its_parent_takes_its_time)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    expect_next(pid, "has ended"); /* kill -0 says that it is alive */
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    expect_next(pid, "has ended"); /* now it does not */
}
END_TEST

START_TEST(file_of_long_ago)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    ck_assert_int_eq(utimensat(AT_FDCWD, in_folder("pid"), times, 0), 0);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "started long after the file was written"));
    ck_assert(agent_host_logs(&host, "no process of "));
    kill_service(pid);
    expect_quiet_until_killed("pid");
}
END_TEST

/* One with this number, which must be free. */
static void run_another_with(pid_t pid)
{
    struct clone_args args = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1};
    long made = syscall(SYS_clone3, &args, sizeof args);
    ck_assert_msg(made >= 0, "no process with the number %d can be made: %s", (int)pid, strerror(errno));
    if (made == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    ck_assert_int_eq(made, pid);
}

START_TEST(number_is_used_again)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    let_a_tick_pass();
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    kill(host.watch, SIGSTOP);
    kill_service(pid);
    run_another_with(pid);
    kill(host.watch, SIGCONT);
    char line[600];
    ck_assert(agent_host_next_change(&host, line, sizeof line));
    ck_assert_msg(strstr(line, "has ended") && !strstr(line, "in its place"), "%s", line);
    /* It would be the service if the file had been written for it. */
    write_pid("pid", pid);
    expect_watched(pid, in_folder("pid"));
    kill_service(pid);
    expect_next(pid, "has ended");
}
END_TEST

START_TEST(parameter)
{
    write_script("#!/bin/sh\nPIDFILE=@/other\nexit 0\n");
    agent_host_set(&host, "pidfile", "maxscale.pid");
    ck_assert_int_eq(agent_host_call(&host, host.agent->validate), HALYARD_ERR_CONFIGURED);
    ck_assert_ptr_nonnull(strstr(host.reason, "not the full name of a file, like /run/maxscale.pid"));
    ck_assert_int_eq(agent_host_call(&host, host.agent->start), HALYARD_ERR_CONFIGURED);
    ck_assert_int_eq(agent_host_call(&host, host.agent->stop), HALYARD_OK);
    agent_host_set(&host, "pidfile", in_folder("pid"));
    ck_assert_int_eq(agent_host_call(&host, host.agent->validate), HALYARD_OK);
    ck_assert_int_eq(agent_host_call(&host, host.agent->start), HALYARD_OK);
    pid_t other = run_service();
    write_pid("other", other);
    agent_host_watch(&host);
    ck_assert(agent_host_logs(&host, "no process of "));
    kill_service(other);
    expect_quiet_until_killed("pid");
}
END_TEST

START_TEST(ends_when_it_is_told_to)
{
    write_script(SCRIPT_WITH_PIDFILE);
    pid_t pid = run_service();
    write_pid("pid", pid);
    agent_host_watch(&host);
    expect_watched(pid, in_folder("pid"));
    int status = agent_host_end_watch(&host, SIGTERM);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_int_eq(kill(pid, 0), 0);
    kill_service(pid);
}
END_TEST

START_TEST(without_a_script)
{
    agent_host_watch(&host);
    int status;
    ck_assert_int_eq(waitpid(host.watch, &status, 0), host.watch);
    host.watch = 0;
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == HALYARD_ERR_INSTALLED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsb_watch");
    TCase *tests = tcase_create("lsb_watch");
    tcase_add_unchecked_fixture(tests, agent_host_make_folder, agent_host_remove_folder);
    tcase_add_checked_fixture(tests, open_host, close_host);
    tcase_set_timeout(tests, TEST_TIMEOUT_S);
    tcase_add_test(tests, end_is_told_at_once);
    tcase_add_test(tests, pid_file_comes_later);
    tcase_add_test(tests, folder_comes_later);
    tcase_add_test(tests, pid_file_is_replaced);
    tcase_add_test(tests, pid_file_goes_and_the_process_stays);
    tcase_add_test(tests, another_is_in_its_place);
    tcase_add_test(tests, restart_by_somebody);
    tcase_add_test(tests, stop_and_start_by_somebody);
    tcase_add_test(tests, stop_by_somebody);
    tcase_add_test(tests, script_that_stays);
    tcase_add_test(tests, script_without_a_process);
    tcase_add_test(tests, died_before_the_watch);
    tcase_add_test(tests, status_names_it);
    tcase_add_test(tests, status_names_parent_and_child);
    tcase_add_test(tests, several_in_one_file);
    tcase_add_test(tests, its_parent_takes_its_time);
    tcase_add_test(tests, file_of_long_ago);
    tcase_add_test(tests, number_is_used_again);
    tcase_add_test(tests, parameter);
    tcase_add_test(tests, ends_when_it_is_told_to);
    tcase_add_test(tests, without_a_script);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
