/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plug-in is looked at in a child process: its constructors, and its crashes, stay there. The report comes back through a
 * pipe as one framed message, so that a process which the plug-in leaves behind with the pipe open holds nobody up.
 */
#include "plugin/plugin.h"

#include "base/alloc.h"
#include "base/time.h"
#include "base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT_SECONDS = 5, ANSWER_FD = 3, HEADER_BYTES = 4, MAX_ANSWER = 1 << 20 };

struct look {
    struct hy_probe *probe;
    pid_t pid;
    int pidfd;
    int pipe;
    struct hy_buf answer;
    bool over;
};

static hy_time now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * HY_SECOND + time.tv_nsec / 1000;
}

/* ---- in the child */

static void write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t done = write(fd, data, size);
        if (done < 0 && errno != EINTR)
            _exit(1);
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
}

static void become_plain(int answer)
{
    setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
        _exit(1);
    if (answer != ANSWER_FD && dup2(answer, ANSWER_FD) < 0)
        _exit(1);
    close_range(ANSWER_FD + 1, ~0u, 0);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void report_and_end(const struct hy_probe *probe, int answer, bool trust_any_owner,
                                     hy_probe_fn *report)
{
    become_plain(answer);
    struct hy_plugin *plugin;
    struct halyard_agent agent;
    struct hy_err err = {{0}};
    struct hy_buf text = {0};
    int rc = hy_plugin_open_agent(probe->path, trust_any_owner, &plugin, &agent, &err);
    enum halyard_rc refusal;
    if (!rc && probe->agent)
        rc = hy_plugin_describe(plugin, probe->site, probe->agent, &agent, &refusal, &err);
    if (!rc)
        report(&agent, probe->context, &text);
    struct hy_buf body = {0};
    hy_wr_i64(&body, rc);
    hy_wr_bytes(&body, err.text, strlen(err.text));
    hy_wr_bytes(&body, text.data, text.size);
    struct hy_buf frame = {0};
    hy_wr_bytes(&frame, body.data, body.size);
    write_all(ANSWER_FD, frame.data, frame.size);
    _exit(0);
}

/* ---- in the caller */

static int start(struct look *look, bool trust_any_owner, hy_probe_fn *report, struct hy_err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
        return hy_fail(err, errno, "%s: no pipe to look at it: %s", look->probe->path, strerror(errno));
    int flags = fcntl(ends[1], F_GETFL);
    fcntl(ends[1], F_SETFL, flags & ~O_NONBLOCK);
    look->pid = fork();
    if (look->pid == 0)
        report_and_end(look->probe, ends[1], trust_any_owner, report);
    int error = errno;
    close(ends[1]);
    if (look->pid < 0) {
        close(ends[0]);
        return hy_fail(err, error, "%s: no process to look at it: %s", look->probe->path, strerror(error));
    }
    setpgid(look->pid, look->pid);
    look->pipe = ends[0];
    look->pidfd = pidfd_open(look->pid, 0);
    if (look->pidfd >= 0)
        return 0;
    error = errno;
    kill(look->pid, SIGKILL);
    waitpid(look->pid, NULL, 0);
    close(look->pipe);
    return hy_fail(err, error, "%s: no descriptor of the process that looks at it: %s", look->probe->path,
                   strerror(error));
}

static size_t wanted(const struct hy_buf *answer)
{
    struct hy_rd rd = hy_rd_from(answer->data, answer->size);
    return answer->size < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + (size_t)hy_rd_u32(&rd);
}

static bool whole(const struct look *look)
{
    return look->answer.size >= wanted(&look->answer) || look->answer.size > MAX_ANSWER;
}

/* Takes what is there. A pipe that was shut early is not looked at again: how the child ends then tells the rest. */
static void take(struct look *look)
{
    char bytes[4096];
    while (look->pipe >= 0 && !whole(look)) {
        ssize_t got = read(look->pipe, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close(look->pipe);
            look->pipe = -1;
            return;
        }
        hy_buf_add(&look->answer, bytes, (size_t)got);
    }
}

static void describe_end(struct look *look, int status, bool late)
{
    struct hy_probe *probe = look->probe;
    if (late)
        probe->rc = hy_fail(&probe->err, EBADMSG, "%s: does not come back from being loaded within %d s", probe->path,
                            LIMIT_SECONDS);
    else if (WIFSIGNALED(status))
        probe->rc = hy_fail(&probe->err, EBADMSG, "%s: crashes when it is loaded (SIG%s)", probe->path,
                            sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        probe->rc = hy_fail(&probe->err, EBADMSG, "%s: ends the process when it is loaded (exit status %d)",
                            probe->path, WEXITSTATUS(status));
}

static bool parse_answer(struct look *look)
{
    struct hy_rd frame = hy_rd_from(look->answer.data, look->answer.size);
    size_t size, error_size, report_size;
    const void *body = hy_rd_bytes(&frame, &size);
    struct hy_rd rd = hy_rd_from(body, size);
    int64_t rc = hy_rd_i64(&rd);
    const char *error = hy_rd_bytes(&rd, &error_size);
    const void *report = hy_rd_bytes(&rd, &report_size);
    if (!hy_rd_done(&frame) || !hy_rd_done(&rd) || rc > 0 || rc < -4095)
        return false;
    look->probe->rc = (int)rc;
    if (rc)
        hy_fail(&look->probe->err, 0, "%.*s", (int)error_size, error);
    hy_buf_add(&look->probe->report, report, report_size);
    return true;
}

/* Takes what came, ends what is left of the child and its group, and says how it went. */
static void finish(struct look *look, bool late)
{
    bool answered = parse_answer(look);
    int status = 0;
    bool ended = waitpid(look->pid, &status, WNOHANG) == look->pid;
    kill(-look->pid, SIGKILL);
    if (!ended) {
        kill(look->pid, SIGKILL);
        while (waitpid(look->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (!answered)
        describe_end(look, status, late);
    if (look->pipe >= 0)
        close(look->pipe);
    close(look->pidfd);
    hy_buf_free(&look->answer);
    look->over = true;
}

/* Waits for any of them; false when none is left. */
static bool wait_for_some(struct look *looks, size_t count, struct pollfd *fds, hy_time deadline)
{
    bool open = false;
    for (size_t i = 0; i < count; i++) {
        fds[2 * i] = (struct pollfd){.fd = looks[i].over ? -1 : looks[i].pipe, .events = POLLIN};
        fds[2 * i + 1] = (struct pollfd){.fd = looks[i].over ? -1 : looks[i].pidfd, .events = POLLIN};
        open = open || !looks[i].over;
    }
    if (!open)
        return false;
    hy_time left = deadline - now();
    if (poll(fds, 2 * count, left > 0 ? (int)(left / HY_MS) + 1 : 0) < 0 && errno != EINTR)
        hy_out_of_memory(0);
    for (size_t i = 0; i < count; i++) {
        if (looks[i].over)
            continue;
        bool ended = fds[2 * i + 1].revents != 0;
        take(&looks[i]);
        if (whole(&looks[i]) || ended)
            finish(&looks[i], false);
        else if (now() >= deadline)
            finish(&looks[i], true);
    }
    return true;
}

static void look_at(struct hy_probe *probes, size_t count, bool trust_any_owner, hy_probe_fn *report)
{
    struct look *looks = hy_alloc_array(count, sizeof *looks);
    struct pollfd *fds = hy_alloc_array(count, 2 * sizeof *fds);
    for (size_t i = 0; i < count; i++) {
        looks[i].probe = &probes[i];
        probes[i].rc = start(&looks[i], trust_any_owner, report, &probes[i].err);
        looks[i].over = probes[i].rc != 0;
    }
    hy_time deadline = now() + LIMIT_SECONDS * HY_SECOND;
    while (wait_for_some(looks, count, fds, deadline))
        continue;
    free(fds);
    free(looks);
}

void hy_plugin_probe(struct hy_probe *probes, size_t count, bool trust_any_owner, hy_probe_fn *report)
{
    /* A few dozen at a time: a folder of hundreds must not take all processes and descriptors there are. */
    enum { AT_ONCE = 32 };
    for (size_t at = 0; at < count; at += AT_ONCE)
        look_at(probes + at, count - at < AT_ONCE ? count - at : AT_ONCE, trust_any_owner, report);
}
