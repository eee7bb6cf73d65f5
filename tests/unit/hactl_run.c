/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl_run.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_stream(FILE *file)
{
    struct hy_buf text = {0};
    char chunk[4096];
    size_t size;
    rewind(file);
    while ((size = fread(chunk, 1, sizeof chunk, file)) > 0)
        hy_buf_add(&text, chunk, size);
    fclose(file);
    return hy_buf_take(&text);
}

struct ran run_line(const struct fake_core *core, const char *line)
{
    struct hy_buf script = {0};
    FILE *out = tmpfile();
    FILE *err = tmpfile();
    ck_assert(out && err);
    hy_buf_addf(&script, "hactl() { %s/hactl -c %s/halyard.conf \"$@\"; }\n%s\n", HY_BUILDDIR, core->folder, line);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        setenv("TZ", "UTC", 1);
        setenv("SUDO_USER", "root", 1);
        execl("/bin/sh", "sh", "-c", hy_buf_text(&script), (char *)NULL);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    hy_buf_free(&script);
    ck_assert_msg(WIFEXITED(status), "%s: ended by signal %d", line, WTERMSIG(status));
    return (struct ran){WEXITSTATUS(status), read_stream(out), read_stream(err)};
}

void ran_free(struct ran *ran)
{
    free(ran->out);
    free(ran->err);
}

void expect_ok(const struct fake_core *core, const char *line, const char *out)
{
    struct ran ran = run_line(core, line);
    ck_assert_msg(ran.status == 0, "%s: status %d: %s", line, ran.status, ran.err);
    ck_assert_msg(!*ran.err, "%s: said on stderr: %s", line, ran.err);
    if (out)
        ck_assert_msg(strcmp(ran.out, out) == 0, "%s:\n%s\nexpected:\n%s", line, ran.out, out);
    ran_free(&ran);
}

void expect_error(const struct fake_core *core, const char *line, int status, const char *err)
{
    struct ran ran = run_line(core, line);
    ck_assert_msg(ran.status == status, "%s: status %d, expected %d: %s", line, ran.status, status, ran.err);
    if (err)
        ck_assert_msg(strcmp(ran.err, err) == 0, "%s:\n%s\nexpected:\n%s", line, ran.err, err);
    ran_free(&ran);
}

void expect_in(const struct fake_core *core, const char *line, const char *text)
{
    struct ran ran = run_line(core, line);
    ck_assert_msg(ran.status == 0, "%s: status %d: %s", line, ran.status, ran.err);
    ck_assert_msg(strstr(ran.out, text) != NULL, "%s:\n%s\nexpected in it:\n%s", line, ran.out, text);
    ran_free(&ran);
}

void expect_not_in(const struct fake_core *core, const char *line, const char *text)
{
    struct ran ran = run_line(core, line);
    ck_assert_msg(ran.status == 0, "%s: status %d: %s", line, ran.status, ran.err);
    ck_assert_msg(strstr(ran.out, text) == NULL, "%s:\n%s\nexpected not in it:\n%s", line, ran.out, text);
    ran_free(&ran);
}

void text_is_golden(const char *text, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/golden/hactl/%s", HY_SRCDIR, name);
    const char *what = getenv("HALYARD_GOLDEN");
    if (what && strcmp(what, "write") == 0) {
        FILE *file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs(text, file);
        ck_assert_int_eq(fclose(file), 0);
        return;
    }
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    char *expected = read_stream(file);
    size_t same = 0; /* up to the line with the first difference; a message has a greatest length */
    for (size_t i = 0; text[i] && text[i] == expected[i]; i++)
        same = text[i] == '\n' ? i + 1 : same;
    ck_assert_msg(strcmp(text, expected) == 0, "%s: is\n%.2000s\nexpected:\n%.2000s", name, text + same,
                  expected + same);
    free(expected);
}

void expect_golden(const struct fake_core *core, const char *line, const char *name)
{
    struct ran ran = run_line(core, line);
    ck_assert_msg(ran.status == 0, "%s: status %d: %s", line, ran.status, ran.err);
    text_is_golden(ran.out, name);
    ran_free(&ran);
}
