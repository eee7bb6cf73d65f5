/* SPDX-License-Identifier: Apache-2.0 */
/* Where a service writes down its process: what is read out of scripts of all kinds, with nothing executed. */
#include "../../plugins/lsb/pidfile.h"
#include "../../plugins/lsb/shell.h"
#include "lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char script[96];

static void make_folder(void)
{
    strcpy(folder, "/tmp/halyard-pidfile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(script, sizeof script, "%s/maxscale", folder);
}

static void remove_folder(void)
{
    static const char *const names[] = {"maxscale", "defaults", "pid", "ran"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void write_to(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* The first one found must be this; "" stands for the usual place. */
static void expect_first(const char *text, const char *wanted)
{
    struct lsb_pidfiles files;
    write_to("maxscale", text);
    lsb_pidfiles_find(script, "maxscale", NULL, &files);
    ck_assert_int_ge(files.count, 2);
    const char *first = *wanted ? wanted : "/run/maxscale.pid";
    ck_assert_msg(strcmp(files.paths[0], first) == 0, "%s instead of %s out of:\n%s", files.paths[0], first, text);
}

static const struct {
    const char *text, *first;
} scripts[] = {
    {"#!/bin/sh\nexit 0\n", ""},
    {"# pidfile: /srv/a.pid\n", "/srv/a.pid"},
    {"#!/bin/sh\n#  PidFile:\t/srv/a.pid \r\nPIDFILE=/srv/b.pid\n", "/srv/a.pid"},
    {"PIDFILE=/srv/b.pid\n", "/srv/b.pid"},
    {"pidfile=/srv/b.pid; lockfile=/srv/lock\n", "/srv/b.pid"},
    {"export PID_FILE='/srv/b.pid' # the pid\n", "/srv/b.pid"},
    {"MAXSCALE_PIDFILE=\"/srv/b.pid\"\n", "/srv/b.pid"},
    {"NAME=maxscale\nPIDFILE=/srv/$NAME.pid\n", "/srv/maxscale.pid"},
    {"NAME=max; D=scale\nPIDFILE=/srv/${NAME}${D}/\"$NAME\"'$'.pid\n", "/srv/maxscale/max$.pid"},
    {"PIDFILE=${PIDFILE:-/srv/b.pid}\n", "/srv/b.pid"},
    {"PIDFILE=/srv/c.pid\nPIDFILE=${PIDFILE-/srv/b.pid}\n", "/srv/c.pid"},
    {"D=/srv\nPIDFILE=\"${PIDFILE:-$D/${X:-x}.pid}\"\n", "/srv/x.pid"},
    {": ${PIDFILE:=/srv/b.pid}\n", "/srv/b.pid"},
    {"PIDFILE=/srv/`basename $0`.pid\n", "/srv/maxscale.pid"},
    {"prog=${0##*/}\npidfile=/srv/$prog/$(basename \"$0\").pid\n", "/srv/maxscale/maxscale.pid"},
    {"start() {\n\tlocal pidfile=/srv/b.pid\n}\n", "/srv/b.pid"},
    {"[ -n \"$X\" ] || PIDFILE=/srv/b.pid\n", "/srv/b.pid"},
    {"if true; then PIDFILE=/srv/b.pid; fi\n", "/srv/b.pid"},
    {"PIDFILE=\\\n/srv/b.pid\n", ""},
    /* Not known without executing something, or not of a file. */
    {"PIDFILE=$(find_it)\n", ""},
    {"PIDFILE=`cat /srv/where`\n", ""},
    {"PIDFILE=$UNKNOWN/b.pid\n", ""},
    {"PIDFILE=${X%%y}/b.pid\n", ""},
    {"PIDFILE=/srv/*.pid\n", ""},
    {"PIDFILE=b.pid\n", ""},
    {"PIDFILE=/srv/\n", ""},
    {"PIDFILE=\"/srv/a b.pid\"\n", ""},
    {"PIDFILE=\"/srv/b.pid\n\n", ""},
    {"PIDFILE=$$.pid\n", ""},
    {"PIDFILE=${\n", ""},
    {"PIDFILE=$\n", ""},
    {"PIDFILE=`\n", ""},
    {"PIDFILE=${A:-${B:-${C\n", ""},
    {"#PIDFILE=/srv/b.pid\n", ""},
    {"echo PIDFILE=/srv/b.pid\n", ""},
};

START_TEST(scripts_of_all_kinds)
{
    expect_first(scripts[_i].text, scripts[_i].first);
}
END_TEST

START_TEST(a_file_that_is_read_in)
{
    char text[256];
    snprintf(text, sizeof text, "DIR=/srv\nPIDFILE=/srv/a.pid\n[ -r %s/defaults ] && . %s/defaults\n", folder, folder);
    write_to("defaults", "DIR=/opt\nPIDFILE=\"$DIR/b.pid\"\n");
    expect_first(text, "/opt/b.pid");
    snprintf(text, sizeof text, "F=%s/defaults\nif [ -f $F ]; then\n  . \"$F\"\nfi\nPIDFILE=$DIR/c.pid\n", folder);
    expect_first(text, "/opt/c.pid");
    /* One that reads in itself. */
    snprintf(text, sizeof text, ". %s\nPIDFILE=/srv/d.pid\n", script);
    expect_first(text, "/srv/d.pid");
    expect_first(". /no/such/file\n. /dev/zero\n. /tmp\nsource relative\nPIDFILE=/srv/e.pid\n", "/srv/e.pid");
}
END_TEST

START_TEST(nothing_is_executed)
{
    char text[1024], ran[128];
    snprintf(ran, sizeof ran, "%s/ran", folder);
    snprintf(text, sizeof text, "touch %s\nX=$(touch %s)\nPIDFILE=`touch %s`/srv\nPIDFILE=${X:-$(touch %s)}\n", ran,
             ran, ran, ran);
    expect_first(text, "");
    ck_assert_int_ne(access(ran, F_OK), 0);
}
END_TEST

START_TEST(what_is_given_stands_alone)
{
    struct lsb_pidfiles files;
    write_to("maxscale", "# pidfile: /srv/a.pid\nPIDFILE=/srv/b.pid\n");
    lsb_pidfiles_find(script, "maxscale", "/srv/c.pid", &files);
    ck_assert_int_eq(files.count, 1);
    ck_assert_str_eq(files.paths[0], "/srv/c.pid");
    lsb_pidfiles_find(script, "maxscale", "c.pid", &files);
    ck_assert_int_eq(files.count, 0);
    lsb_pidfiles_find(script, "maxscale", "", &files);
    ck_assert_int_ge(files.count, 3);
}
END_TEST

START_TEST(the_likeliest_first_and_each_once)
{
    static const char *const wanted[] = {"/srv/a.pid", "/srv/c.pid", "/srv/b.pid", "/run/maxscale.pid",
                                         "/run/maxscale/maxscale.pid"};
    struct lsb_pidfiles files;
    write_to("maxscale", "# pidfile: /srv/a.pid\nPIDFILE=/srv/b.pid\nPIDFILE=/srv/a.pid\nPIDFILE=/srv/c.pid\n"
                         "OTHER_PID_FILE=/run/maxscale.pid\nPIDFILE=/srv/c.pid\n");
    lsb_pidfiles_find(script, "maxscale", NULL, &files);
    ck_assert_int_ge(files.count, 5);
    ck_assert_str_eq(files.paths[0], wanted[0]);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int seen = 0;
        for (int k = 0; k < files.count; k++)
            seen += strcmp(files.paths[k], wanted[i]) == 0;
        ck_assert_msg(seen == 1, "%s is there %d times", wanted[i], seen);
    }
}
END_TEST

START_TEST(very_many_assignments)
{
    struct lsb_pidfiles files;
    char path[128];
    snprintf(path, sizeof path, "%s/maxscale", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 5000; i++)
        fprintf(file, "V%d=%d\nA%d_PIDFILE=/srv/%d.pid\n", i, i, i % 100, i);
    fprintf(file, "LONG=");
    for (int i = 0; i < 3000; i++)
        fputc('x', file);
    fprintf(file, "\nA1_PIDFILE=/srv/$LONG.pid\n");
    ck_assert_int_eq(fclose(file), 0);
    lsb_pidfiles_find(script, "maxscale", NULL, &files);
    ck_assert_int_eq(files.count, LSB_PIDFILES);
    for (int i = 0; i < files.count; i++)
        ck_assert_ptr_null(strchr(files.paths[i], '$'));
}
END_TEST

/* Whatever bytes there are, it comes to an end and stays within its bounds. */
START_TEST(any_bytes)
{
    static const char alphabet[] = "PIDFILE=${}:-\"'`()\\ \n;&|./#ax$";
    char text[600];
    struct lsb_pidfiles files;
    uint64_t state = 88172645463325252u + (uint64_t)_i;
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        text[i] = alphabet[state % (sizeof alphabet - 1)];
    }
    text[sizeof text - 1] = '\0';
    write_to("maxscale", text);
    lsb_pidfiles_find(script, "maxscale", NULL, &files);
    for (int i = 0; i < files.count; i++)
        ck_assert(lsb_pidfile_is_path(files.paths[i]));
}
END_TEST

static const struct {
    const char *text;
    int count;
    int pids[3];
} contents[] = {
    {"123\n", 1, {123}},    {" 123", 1, {123}},     {"12 34 56\n78\n", 3, {12, 34, 56}},
    {"123\r\n", 1, {123}},  {"12 12\n", 1, {12}},   {"", 0, {0}},
    {"\n12\n", 0, {0}},     {"maxscale\n", 0, {0}}, {"0\n", 0, {0}},
    {"1\n", 0, {0}},        {"-5\n", 0, {0}},       {"99999999999999999999\n", 0, {0}},
    {"4294967298", 0, {0}}, {"12abc\n", 0, {0}},    {"12 abc 34\n", 1, {12}},
};

START_TEST(contents_of_a_pid_file)
{
    char path[128];
    struct lsb_pids pids;
    write_to("pid", contents[_i].text);
    snprintf(path, sizeof path, "%s/pid", folder);
    ck_assert(lsb_pidfile_read(path, &pids) == (contents[_i].count > 0));
    ck_assert_int_eq(pids.count, contents[_i].count);
    for (int i = 0; i < pids.count; i++)
        ck_assert_int_eq(pids.pids[i], contents[_i].pids[i]);
}
END_TEST

START_TEST(no_pid_file)
{
    struct lsb_pids pids;
    char path[128];
    ck_assert(!lsb_pidfile_read("/no/such/file", &pids));
    ck_assert(!lsb_pidfile_read("/tmp", &pids));
    ck_assert(!lsb_pidfile_read("/dev/zero", &pids));
    snprintf(path, sizeof path, "%s/pid", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody writes to it: that must not hold us up */
    ck_assert(!lsb_pidfile_read(path, &pids));
}
END_TEST

static const struct {
    const char *text;
    int count;
    int pids[3];
} statuses[] = {
    {"maxscale (pid  12 34) is running...\n", 2, {12, 34}},
    {"maxscale is running (PID: 12).\n", 1, {12}},
    {"Checking...\nrunning, process 12, 3 connections\n", 1, {12}},
    {"pids: 12, 34,56\n", 3, {12, 34, 56}},
    {"pid=12 pid=34\n", 2, {12, 34}},
    {"pid file /run/12.pid\n", 0, {0}},
    {"stupid 12, pidfile 34, processes 56\n", 0, {0}},
    {"maxscale is running, 12 clients\n", 0, {0}},
    {"", 0, {0}},
    {"pid", 0, {0}},
};

START_TEST(pids_in_what_status_prints)
{
    struct lsb_pids pids;
    lsb_pids_in_text(statuses[_i].text, &pids);
    ck_assert_msg(pids.count == statuses[_i].count, "%d in %s", pids.count, statuses[_i].text);
    for (int i = 0; i < pids.count; i++)
        ck_assert_int_eq(pids.pids[i], statuses[_i].pids[i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lsb_pidfile");
    TCase *tests = tcase_create("lsb_pidfile");
    tcase_add_checked_fixture(tests, make_folder, remove_folder);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, scripts_of_all_kinds, 0, sizeof scripts / sizeof *scripts);
    tcase_add_test(tests, a_file_that_is_read_in);
    tcase_add_test(tests, nothing_is_executed);
    tcase_add_test(tests, what_is_given_stands_alone);
    tcase_add_test(tests, the_likeliest_first_and_each_once);
    tcase_add_test(tests, very_many_assignments);
    tcase_add_loop_test(tests, any_bytes, 0, 300);
    tcase_add_loop_test(tests, contents_of_a_pid_file, 0, sizeof contents / sizeof *contents);
    tcase_add_test(tests, no_pid_file);
    tcase_add_loop_test(tests, pids_in_what_status_prints, 0, sizeof statuses / sizeof *statuses);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
