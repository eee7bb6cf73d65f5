/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/syslog_socket.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

struct hy_syslog {
    char *path;
    char *program;
    int fd; /* -1: not connected */
};

struct hy_syslog *hy_syslog_open(const char *path, const char *program)
{
    struct hy_syslog *made = hy_alloc(sizeof *made);
    made->path = hy_strdup(path ? path : _PATH_LOG);
    made->program = hy_strdup(program);
    made->fd = -1;
    return made;
}

static void disconnect(struct hy_syslog *log)
{
    if (log->fd >= 0)
        close(log->fd);
    log->fd = -1;
}

void hy_syslog_close(struct hy_syslog **log)
{
    if (!*log)
        return;
    disconnect(*log);
    free((*log)->path);
    free((*log)->program);
    free(*log);
    *log = NULL;
}

static int connect_to(struct hy_syslog *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(log->path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, log->path, strlen(log->path) + 1);
    log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (log->fd >= 0 && connect(log->fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return 0;
    int rc = -errno;
    disconnect(log);
    return rc;
}

/* RFC 3164, as syslog(3) sends it to the host's own: without the host's name. */
static void format(const struct hy_syslog *log, enum hy_log_level level, const char *line, struct hy_buf *out)
{
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    localtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", &tm); /* in the C locale: no program here sets another */
    hy_buf_addf(out, "<%d>%s %s[%ld]: %s", (int)LOG_DAEMON | (int)level, stamp, log->program, (long)getpid(), line);
}

int hy_syslog_write(struct hy_syslog *log, enum hy_log_level level, const char *line)
{
    struct hy_buf out = {0};
    int rc = 0;
    format(log, level, line, &out);
    for (int attempt = 0; attempt < 2; attempt++) { /* the second time with a new connection: it was made anew */
        rc = log->fd >= 0 ? 0 : connect_to(log);
        if (rc || send(log->fd, out.data, out.size, MSG_NOSIGNAL) >= 0)
            break;
        rc = -errno;
        if (rc == -EAGAIN || rc == -EMSGSIZE)
            break;
        disconnect(log);
    }
    hy_buf_free(&out);
    return rc;
}
