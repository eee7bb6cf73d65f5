/* SPDX-License-Identifier: Apache-2.0 */
/* ha-agent-test, run as an integrator runs it: a good agent is found good, and each flaw is found. */
#include "lib/folder.h"
#include "lib/run.h"

#include <dirent.h>
#include <stdbool.h>
#include <sys/wait.h>

static char *folder;

static void start(void)
{
    folder = folder_make();
}

static void stop(void)
{
    folder_remove(folder);
}

/* What it prints; its folders go below this test's. The agent is a file of the build folder. */
static char *run_it(const char *options, const char *agent, const char *params, int *status)
{
    char *line = hy_asprintf("TMPDIR=%s '%s/ha-agent-test' %s '%s/%s' %s >%s/out 2>&1", folder, HY_BUILDDIR, options,
                             HY_BUILDDIR, agent, params, folder);
    int code = system(line);
    *status = WIFEXITED(code) ? WEXITSTATUS(code) : -1;
    free(line);
    char *path = hy_asprintf("%s/out", folder);
    size_t size;
    char *out = file_read(path, &size);
    ck_assert_ptr_nonnull(out);
    free(path);
    return out;
}

static char *tried(const char *options, const char *agent, const char *params, int expected)
{
    int status;
    char *out = run_it(options, agent, params, &status);
    ck_assert_msg(status == expected, "exit status %d, expected %d:\n%s", status, expected, out);
    return out;
}

/* All of its folders are gone again. */
static bool is_tidy(void)
{
    DIR *here = opendir(folder);
    bool tidy = true;
    for (struct dirent *entry; (entry = readdir(here));)
        tidy = tidy && strncmp(entry->d_name, "ha-agent-test", 13) != 0;
    closedir(here);
    return tidy;
}

START_TEST(a_good_agent)
{
    char *params = hy_asprintf("path=%s/flag --second path=%s/other", folder, folder);
    char *out = tried("", "docs/examples/.libs/flagfile.so", params, 0);
    ck_assert_ptr_null(strstr(out, "FAILED"));
    ck_assert_ptr_nonnull(strstr(out, "  ok      a second instance comes and goes beside the first\n"));
    ck_assert_ptr_nonnull(strstr(out, "  ok      kill -9 of the executor: its guard stops it, and monitor says so"));
    ck_assert_ptr_nonnull(strstr(out, " 0 failed; "));
    ck_assert(is_tidy());
    free(out);
    free(params);
}
END_TEST

START_TEST(for_machines)
{
    int plan = 0, rows = 0;
    char *params = hy_asprintf("path=%s/flag", folder);
    char *out = tried("--tap", "docs/examples/.libs/flagfile.so", params, 0);
    ck_assert_int_eq(
        strncmp(out, "TAP version 13\nok 1 - What it says of itself: its name: ocf:example:flagfile\n", 77), 0);
    for (const char *line = out; *line; line += strcspn(line, "\n") + 1) {
        rows += strncmp(line, "ok ", 3) == 0 || strncmp(line, "not ok ", 7) == 0;
        sscanf(line, "1..%d", &plan);
    }
    ck_assert_int_gt(rows, 20);
    ck_assert_int_eq(plan, rows);
    free(out);
    free(params);
}
END_TEST

static const struct {
    const char *how;
    const char *line; /* in the report */
} flaws[] = {
    {"mute", "  FAILED  it has failed without a word\n"},
    {"mute", "  FAILED  what it is is missing\n          set `brief`: one line\n"},
    {"early", "  FAILED  monitor right after the start: not running (7), and should be ok (0)\n"
              "          start must return when it serves, not when it has been asked to\n"},
    {"restart",
     "  FAILED  a second start: error (1), and should be ok (0)\n          what runs already is well started\n"
     "          it says: it runs already\n"},
    {"restop", "  FAILED  a second stop: error (1), and should be ok (0)\n"},
    {"probe", "  FAILED  a look where nothing was ever started: error (1), and should be not running (7)\n"},
    {"litter", "  FAILED  what is left behind: halyard-op ("},
    {"halfway", ": stop: error (1)\n          stop must undo whatever a start has left half done\n"},
    {"leaky", " descriptors open, and "},
};

START_TEST(a_flaw_is_found)
{
    char *params = hy_asprintf("how=%s path=%s/file half=%s/half", flaws[_i].how, folder, folder);
    char *out = tried("", "tests/agents/.libs/flawed.so", params, 1);
    ck_assert_msg(strstr(out, flaws[_i].line) != NULL, "%s", out);
    ck_assert(is_tidy());
    free(out);
    free(params);
}
END_TEST

START_TEST(what_is_left_alone)
{
    char *path = hy_asprintf("%s/file", folder);
    char *params = hy_asprintf("how=leaky path=%s", path);
    file_write(path, "", 0, 0600);
    char *out = tried("", "tests/agents/.libs/flawed.so", params, 1);
    ck_assert_ptr_nonnull(strstr(out, "  FAILED  it runs on this host already, before anything was started\n"));
    ck_assert_int_eq(access(path, F_OK), 0);
    free(out);
    free(params);
    free(path);
}
END_TEST

static const struct {
    const char *options, *agent, *params;
    const char *end; /* of the one line that it says */
} refused[] = {
    {"", "tests/agents/.libs/none.so", "", "No such file or directory\n"},
    {"", "tests/agents/.libs/crash.so", "", "crash.so: crashes when it is loaded (SIGSEGV)\n"},
    {"", ".libs/lsb.so", "", "ha-agent-test: lsb:* serves any type: say which, with --type WORD\n"},
    {"--type other", "docs/examples/.libs/flagfile.so", "",
     "ha-agent-test: ocf:example:flagfile serves one type: leave --type out\n"},
    {"", "docs/examples/.libs/flagfile.so", "path", "ha-agent-test: 'path': expected NAME=VALUE\n"},
};

START_TEST(what_cannot_be_tried)
{
    char *out = tried(refused[_i].options, refused[_i].agent, refused[_i].params, 2);
    size_t size = strlen(out), length = strlen(refused[_i].end);
    ck_assert_msg(size >= length && strcmp(out + size - length, refused[_i].end) == 0, "%s", out);
    ck_assert_ptr_eq(strchr(out, '\n'), out + size - 1);
    ck_assert(is_tidy());
    free(out);
}
END_TEST

/* What `hactl agent new` writes: built as its Makefile builds it, and tried as that tries it. */
START_TEST(a_new_one_works)
{
    char *line =
        hy_asprintf("cd %s && '%s/hactl' agent new keeper new --provider mine >said && cd new && "
                    "PATH='%s':$PATH make CFLAGS='-I%s/include -Werror -Wpedantic -Wconversion -Wshadow' check "
                    ">../tried 2>&1 || { cat ../said ../tried; exit 1; }",
                    folder, HY_BUILDDIR, HY_BUILDDIR, HY_SRCDIR);
    ck_assert_int_eq(system(line), 0);
    free(line);
    line = hy_asprintf("cd %s && grep -q '^./keeper.so: ocf:mine:keeper$' tried && ! '%s/hactl' agent new keeper new "
                       "2>refused && grep -q 'new/keeper.c: is there already: it is not overwritten$' refused",
                       folder, HY_BUILDDIR);
    ck_assert_int_eq(system(line), 0);
    free(line);
}
END_TEST

START_TEST(describe)
{
    char *out = tried("--describe", "docs/examples/.libs/flagfile.so", "", 0);
    ck_assert_ptr_nonnull(strstr(out, "\nname ocf:example:flagfile\nversion 1.0\n"));
    free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ha-agent-test");
    TCase *tests = tcase_create("ha-agent-test");
    tcase_add_checked_fixture(tests, start, stop);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, a_good_agent);
    tcase_add_test(tests, for_machines);
    tcase_add_loop_test(tests, a_flaw_is_found, 0, sizeof flaws / sizeof *flaws);
    tcase_add_test(tests, what_is_left_alone);
    tcase_add_loop_test(tests, what_cannot_be_tried, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tests, a_new_one_works);
    tcase_add_test(tests, describe);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
