/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "daemon/logger.h"
#include "daemon/pidfile.h"
#include "daemon/syslog_socket.h"
#include "lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/halyard-test-logger-XXXXXX";
static char file[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/halyard-test-logger-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/log", folder);
}

static void remove_folder(void)
{
    char rotated[80];
    snprintf(rotated, sizeof rotated, "%s.1", file);
    unlink(rotated);
    unlink(file);
    rmdir(folder);
}

static void read_file(const char *name, char *text, size_t size)
{
    FILE *stream = fopen(name, "r");
    ck_assert_ptr_nonnull(stream);
    size_t length = fread(text, 1, size - 1, stream);
    text[length] = '\0';
    fclose(stream);
}

static struct hy_logger *open_logger(bool json)
{
    char node[] = "test3";
    struct hy_config config = {.node = node};
    config.log.file = file;
    config.log.json = json;
    config.log.level = HY_LOG_INFO;
    struct hy_logger *logger = NULL;
    struct hy_err err = {{0}};
    ck_assert_msg(hy_logger_open(&config, "core", &logger, &err) == 0, "%s", err.text);
    return logger;
}

START_TEST(text_lines_are_one_line_each)
{
    struct hy_logger *logger = open_logger(false);
    hy_warning(hy_logger_log(logger), "MaxScale printed: %s", "two\nlines\tand a tab");
    hy_debug(hy_logger_log(logger), "not this");
    hy_logger_close(&logger);
    char text[512];
    read_file(file, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, " test3 core warning: MaxScale printed: two lines and a tab\n"));
    ck_assert_ptr_null(strstr(text, "not this"));
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}
END_TEST

START_TEST(json_lines_are_objects)
{
    struct hy_logger *logger = open_logger(true);
    hy_notice(hy_logger_log(logger), "a \"quote\" and a \\ and a\nnewline");
    hy_notice(hy_logger_log(logger), "no UTF-8: \xff");
    hy_logger_close(&logger);
    char text[1024];
    read_file(file, text, sizeof text);
    char *second = strchr(text, '\n') + 1;
    json_t *object = json_loadb(text, (size_t)(second - text), 0, NULL);
    ck_assert_ptr_nonnull(object);
    ck_assert_str_eq(json_string_value(json_object_get(object, "text")), "a \"quote\" and a \\ and a\nnewline");
    ck_assert_str_eq(json_string_value(json_object_get(object, "level")), "notice");
    ck_assert_str_eq(json_string_value(json_object_get(object, "node")), "test3");
    json_decref(object);
    object = json_loads(second, 0, NULL);
    ck_assert_ptr_nonnull(object);
    json_decref(object);
}
END_TEST

START_TEST(a_rotated_file_is_left_alone)
{
    struct hy_logger *logger = open_logger(false);
    hy_notice(hy_logger_log(logger), "before");
    char rotated[80];
    snprintf(rotated, sizeof rotated, "%s.1", file);
    ck_assert_int_eq(rename(file, rotated), 0);
    hy_logger_reopen(logger);
    hy_notice(hy_logger_log(logger), "after");
    hy_logger_close(&logger);
    char text[512];
    read_file(rotated, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "before"));
    ck_assert_ptr_null(strstr(text, "after"));
    read_file(file, text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "after"));
}
END_TEST

/* Reads all there is; counts lines. */
static size_t drain(int fd, struct hy_buf *out)
{
    char bytes[4096];
    ssize_t got;
    size_t lines = 0;
    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        hy_buf_add(out, bytes, (size_t)got);
    for (size_t i = 0; i < out->size; i++)
        lines += out->data[i] == '\n';
    return lines;
}

START_TEST(a_reader_that_is_stuck_holds_up_nobody)
{
    enum { LINES = 5000 };
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    int reader = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    struct hy_logger *logger = open_logger(false);
    for (size_t i = 0; i < LINES; i++)
        hy_notice(hy_logger_log(logger), "a line of a hundred bytes or so, of which a pipe takes some hundreds: %zu",
                  i);
    struct hy_buf out = {0};
    size_t taken = drain(reader, &out);
    ck_assert_uint_gt(taken, 100);
    ck_assert_uint_lt(taken, LINES);
    hy_buf_clear(&out);
    hy_notice(hy_logger_log(logger), "after");
    hy_logger_close(&logger);
    ck_assert_uint_eq(drain(reader, &out), 2);
    char expected[80];
    snprintf(expected, sizeof expected, "warning: the log did not take %zu lines before this one\n", LINES - taken);
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&out), " notice: after\n"));
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&out), expected));
    hy_buf_free(&out);
    close(reader);
}
END_TEST

START_TEST(a_pipe_that_nobody_reads_is_refused)
{
    char node[] = "test3", expected[160];
    struct hy_config config = {.node = node};
    config.log.file = file;
    ck_assert_int_eq(mkfifo(file, 0600), 0);
    struct hy_logger *logger = NULL;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_logger_open(&config, "core", &logger, &err), -ENXIO);
    snprintf(expected, sizeof expected, "log file %s: No such device or address", file);
    ck_assert_str_eq(err.text, expected);
}
END_TEST

static int syslogd(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", file);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

START_TEST(the_system_log_is_not_waited_for)
{
    char bytes[256];
    struct hy_syslog *log = hy_syslog_open(file, "halyard-core");
    ck_assert_int_eq(hy_syslog_write(log, HY_LOG_NOTICE, "before it is there"), -ENOENT);
    int fd = syslogd();
    int rc = 0;
    for (size_t i = 0; i < 100000 && !rc; i++)
        rc = hy_syslog_write(log, HY_LOG_WARNING, "one");
    ck_assert_int_eq(rc, -EAGAIN);
    ssize_t got = recv(fd, bytes, sizeof bytes - 1, 0);
    ck_assert_int_gt(got, 0);
    bytes[got] = '\0';
    char tail[64];
    snprintf(tail, sizeof tail, " halyard-core[%ld]: one", (long)getpid());
    ck_assert_ptr_eq(strstr(bytes, "<28>"), bytes);
    ck_assert_str_eq(bytes + 4 + sizeof "Nov 23 08:00:00" - 1, tail);
    /* It is started anew. */
    close(fd);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(hy_syslog_write(log, HY_LOG_NOTICE, "lost"), -ENOENT);
    fd = syslogd();
    ck_assert_int_eq(hy_syslog_write(log, HY_LOG_NOTICE, "two"), 0);
    got = recv(fd, bytes, sizeof bytes - 1, 0);
    ck_assert_int_gt(got, 4);
    bytes[got] = '\0';
    ck_assert_ptr_nonnull(strstr(bytes, ": two"));
    close(fd);
    hy_syslog_close(&log);
}
END_TEST

START_TEST(a_file_that_cannot_be_opened)
{
    char node[] = "test3", bad[] = "/nowhere/log";
    struct hy_config config = {.node = node};
    config.log.file = bad;
    struct hy_logger *logger = NULL;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_logger_open(&config, "core", &logger, &err), -ENOENT);
    ck_assert_str_eq(err.text, "log file /nowhere/log: No such file or directory");
}
END_TEST

START_TEST(a_pid_file_is_one_daemons)
{
    int fd = -1, other = -1;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_pidfile_lock(file, &fd, &err), 0);
    ck_assert_int_eq(hy_pidfile_write(fd, file, &err), 0);
    ck_assert_int_eq(hy_pidfile_lock(file, &other, &err), -EWOULDBLOCK);
    char expected[256];
    snprintf(expected, sizeof expected, "halyardd runs already as process %ld (%s)", (long)getpid(), file);
    ck_assert_str_eq(err.text, expected);
    close(fd);
    ck_assert_int_eq(hy_pidfile_lock(file, &other, &err), 0); /* a stale file stops nobody */
    close(other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("logger");
    TCase *tcase = tcase_create("logger");
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, text_lines_are_one_line_each);
    tcase_add_test(tcase, json_lines_are_objects);
    tcase_add_test(tcase, a_rotated_file_is_left_alone);
    tcase_add_test(tcase, a_file_that_cannot_be_opened);
    tcase_add_test(tcase, a_reader_that_is_stuck_holds_up_nobody);
    tcase_add_test(tcase, a_pipe_that_nobody_reads_is_refused);
    tcase_add_test(tcase, the_system_log_is_not_waited_for);
    tcase_add_test(tcase, a_pid_file_is_one_daemons);
    return run_suite(suite);
}
