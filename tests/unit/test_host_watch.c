/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a host's own troubles, from files that look like the kernel's; and what is said where there are none. */
#include "pulse/host_watch.h"

#include "lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w"); /* the same file, which is open already */
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void set_up(void)
{
    char path[128];
    strcpy(folder, "/tmp/halyard-test-host-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pressure", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void tear_down(void)
{
    static const char *const names[] = {"stat", "pressure/cpu", "pressure/memory"};
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/pressure", folder);
    rmdir(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void stat_file(unsigned long first, unsigned long second)
{
    char text[512];
    snprintf(text, sizeof text,
             "cpu  9 9 9 9 9 9 9 %lu 0 0\ncpu0 1 2 3 4 5 6 7 %lu 0 0\ncpu1 1 2 3 4 5 6 7 %lu 0 0\nintr 5 99 99\n",
             first + second, first, second);
    write_file("stat", text);
}

static void pressure_file(const char *name, unsigned long some, unsigned long full)
{
    char text[512];
    snprintf(text, sizeof text,
             "some avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=%lu\n",
             some, full);
    write_file(name, text);
}

static void expect(struct hy_host_watch *watch, hy_time stolen, hy_time pressure)
{
    hy_time s, p;
    hy_host_watch_look(watch, &s, &p);
    ck_assert_int_eq(s, stolen);
    ck_assert_int_eq(p, pressure);
}

START_TEST(what_has_come_since_the_last_look)
{
    struct hy_host_watch watch;
    hy_time tick = HY_SECOND / sysconf(_SC_CLK_TCK);
    stat_file(100, 200);
    pressure_file("pressure/cpu", 1000, 0);
    pressure_file("pressure/memory", 5000, 7000);
    hy_host_watch_open(&watch, folder);
    expect(&watch, 0, 0);
    stat_file(103, 208); /* the one that was robbed most */
    expect(&watch, 8 * tick, 0);
    expect(&watch, 0, 0);
    stat_file(103, 207); /* it may go back a little */
    expect(&watch, 0, 0);
    pressure_file("pressure/cpu", 61000, 99); /* of the processors: some; of memory: full */
    pressure_file("pressure/memory", 9000, 7500);
    expect(&watch, 0, 60500);
    expect(&watch, 0, 0);
    hy_host_watch_close(&watch);
    hy_host_watch_close(&watch);
    expect(&watch, 0, 0);
}
END_TEST

START_TEST(what_is_not_there_is_no_trouble)
{
    struct hy_host_watch watch;
    hy_host_watch_open(&watch, folder);
    expect(&watch, 0, 0);
    hy_host_watch_close(&watch);
    /* An old kernel, that tells no steal; and files that say nothing. */
    write_file("stat", "cpu  9 9 9 9 9\ncpu0 1 2 3 4 5\n");
    write_file("pressure/cpu", "");
    write_file("pressure/memory", "some avg10=0.00");
    hy_host_watch_open(&watch, folder);
    write_file("stat", "cpu  9 9 9 9 99999\ncpu0 1 2 3 4 99999\ncpu");
    expect(&watch, 0, 0);
    hy_host_watch_close(&watch);
}
END_TEST

START_TEST(many_processors)
{
    struct hy_host_watch watch;
    hy_time tick = HY_SECOND / sysconf(_SC_CLK_TCK);
    char *text = NULL;
    size_t size = 0;
    for (int robbed = 0; robbed < 2; robbed++) {
        FILE *file = open_memstream(&text, &size);
        for (int cpu = 0; cpu < HY_HOST_WATCH_CPUS + 50; cpu++)
            fprintf(file, "cpu%d 1 2 3 4 5 6 7 %d 0 0\n", cpu, cpu == HY_HOST_WATCH_CPUS - 1 ? 5 + robbed : 5);
        fclose(file);
        write_file("stat", text);
        free(text);
        if (!robbed)
            hy_host_watch_open(&watch, folder);
    }
    expect(&watch, tick, 0);
    hy_host_watch_close(&watch);
}
END_TEST

/* Whatever this host is: it can be asked, and says nothing absurd. */
START_TEST(the_real_ones)
{
    struct hy_host_watch watch;
    hy_host_watch_open(&watch, "/proc");
    for (int i = 0; i < 10; i++) {
        hy_time stolen, pressure;
        hy_host_watch_look(&watch, &stolen, &pressure);
        ck_assert_int_ge(stolen, 0);
        ck_assert_int_ge(pressure, 0);
    }
    hy_host_watch_close(&watch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("host watch");
    TCase *tcase = tcase_create("host");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, what_has_come_since_the_last_look);
    tcase_add_test(tcase, what_is_not_there_is_no_trouble);
    tcase_add_test(tcase, many_processors);
    tcase_add_test(tcase, the_real_ones);
    return run_suite(suite);
}
