/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/logger.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "daemon/syslog_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct hy_logger {
    struct hy_log log;
    char *file;
    char *node;
    char *program;
    int fd;
    struct hy_syslog *syslog; /* NULL: not there */
    unsigned long long left_out;
    bool to_stderr;
    bool json;
};

static const char *level_word(enum hy_log_level level)
{
    switch (level) {
    case HY_LOG_ERROR:
        return "error";
    case HY_LOG_WARNING:
        return "warning";
    case HY_LOG_NOTICE:
        return "notice";
    case HY_LOG_INFO:
        return "info";
    case HY_LOG_DEBUG:
        return "debug";
    default:
        return "?";
    }
}

static void text_line(const struct hy_logger *logger, enum hy_log_level level, const char *line, struct hy_buf *out)
{
    struct timespec now;
    struct tm tm;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
    hy_buf_addf(out, "%s.%03ld %s %s %s: ", stamp, now.tv_nsec / 1000000, logger->node, logger->program,
                level_word(level));
    for (const char *p = line; *p; p++)
        hy_buf_addc(out, (unsigned char)*p < ' ' ? ' ' : *p); /* one event, one line, whatever an agent has said */
    hy_buf_addc(out, '\n');
}

static void json_line(const struct hy_logger *logger, enum hy_log_level level, const char *line, struct hy_buf *out)
{
    struct timespec now;
    struct tm tm;
    char day[32];
    char stamp[48];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(stamp, sizeof stamp, "%s.%03ldZ", day, now.tv_nsec / 1000000);
    json_t *words = json_string(line);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "time", stamp, "node", logger->node, "program", logger->program, "level",
                  level_word(level), "text", words ? words : json_string("(a line that is no UTF-8)"));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (text)
        hy_buf_addf(out, "%s\n", text);
    free(text);
    json_decref(object);
}

/* A log that cannot be written must not stop what it tells of: one whose reader is stuck is passed over. (The log file does
 * not block. What stderr is belongs to others, too; where it can be written, there is room for a page: pipe(7).) */
static bool put(int fd, const struct hy_buf *line)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    return poll(&ready, 1, 0) == 1 && write(fd, line->data, line->size) == (ssize_t)line->size;
}

static bool put_everywhere(struct hy_logger *logger, enum hy_log_level level, const char *line)
{
    struct hy_buf out = {0};
    bool done = true;
    if (logger->json)
        json_line(logger, level, line, &out);
    else
        text_line(logger, level, line, &out);
    if (logger->fd >= 0 && out.size)
        done = put(logger->fd, &out);
    if (logger->to_stderr && out.size)
        done = put(STDERR_FILENO, &out) && done;
    if (logger->syslog)
        done = hy_syslog_write(logger->syslog, level, line) != -EAGAIN && done; /* that there is none is no news */
    hy_buf_free(&out);
    return done;
}

static void write_line(void *context, enum hy_log_level level, const char *line)
{
    struct hy_logger *logger = context;
    if (!put_everywhere(logger, level, line)) {
        logger->left_out++;
        return;
    }
    if (!logger->left_out)
        return;
    char *text = hy_asprintf("the log did not take %llu lines before this one", logger->left_out);
    logger->left_out = 0;
    put_everywhere(logger, HY_LOG_WARNING, text);
    free(text);
}

static int open_file(const char *file, struct hy_err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    return fd >= 0 ? fd : hy_fail(err, errno, "log file %s: %s", file, strerror(errno));
}

int hy_logger_open(const struct hy_config *config, const char *program, struct hy_logger **logger, struct hy_err *err)
{
    int fd = -1;
    if (config->log.file) {
        fd = open_file(config->log.file, err);
        if (fd < 0)
            return fd;
    }
    struct hy_logger *l = hy_alloc(sizeof *l);
    l->fd = fd;
    l->file = hy_strdup(config->log.file);
    l->node = hy_strdup(config->node);
    l->program = hy_strdup(program);
    l->to_stderr = config->log.to_stderr;
    l->json = config->log.json;
    l->log = (struct hy_log){.write = write_line, .context = l, .level = config->log.level};
    char *name = hy_asprintf("halyard-%s", program);
    l->syslog = config->log.syslog ? hy_syslog_open(NULL, name) : NULL;
    free(name);
    *logger = l;
    return 0;
}

const struct hy_log *hy_logger_log(const struct hy_logger *logger)
{
    return &logger->log;
}

void hy_logger_reopen(struct hy_logger *logger)
{
    if (!logger->file)
        return;
    struct hy_err err = {{0}};
    int fd = open_file(logger->file, &err);
    if (fd < 0) {
        hy_error(&logger->log, "%s; going on with the old one", err.text);
        return;
    }
    /* The number stays: whoever was told it keeps what it means. */
    if (dup3(fd, logger->fd, O_CLOEXEC) < 0)
        hy_error(&logger->log, "%s: %s; going on with the old one", logger->file, strerror(errno));
    close(fd);
    hy_notice(&logger->log, "log file opened anew");
}

void hy_logger_to_stderr(struct hy_logger *logger)
{
    logger->to_stderr = true;
}

int hy_logger_fd(const struct hy_logger *logger)
{
    return logger->fd;
}

void hy_logger_close(struct hy_logger **logger)
{
    struct hy_logger *l = *logger;
    if (!l)
        return;
    hy_syslog_close(&l->syslog);
    if (l->fd >= 0)
        close(l->fd);
    free(l->file);
    free(l->node);
    free(l->program);
    free(l);
    *logger = NULL;
}
