/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/wire.h"
#include "executor/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HIGHEST_ANSWER_FD = 1023,
    HEADER_BYTES = 4,
    READ_AT_ONCE = 4096,
    READS_PER_TURN = 16, /* a child that floods its pipe must not keep the others waiting */
    GRACE_SECONDS = 5
};

struct hy_child {
    struct hy_loop *loop;
    pid_t pid;
    hy_time started;
    struct hy_watched exit;
    struct hy_watched output;
    struct hy_watched answer;
    struct hy_timer timer;
    struct hy_leftover leftover; /* once ended() has been called and it is not gone yet */
    bool timed_out;
    bool killed;
    bool done; /* what it was there for */
    struct hy_buf tail;
    struct hy_buf frames;
    void (*message)(void *context, const void *data, size_t size);
    void (*ended)(void *context, const struct hy_child_end *end);
    void *context;
};

/* ---- in the child */

int hy_child_send(int answer_fd, const void *data, size_t size)
{
    if (size > HY_CHILD_MESSAGE_MAX)
        return -EMSGSIZE;
    struct hy_buf frame = {0};
    hy_wr_bytes(&frame, data, size);
    int rc = 0;
    for (size_t at = 0; at < frame.size && !rc;) {
        ssize_t done = write(answer_fd, frame.data + at, frame.size - at);
        if (done >= 0)
            at += (size_t)done;
        else if (errno != EINTR)
            rc = -errno;
    }
    hy_buf_free(&frame);
    return rc;
}

/*
 * The end of this pipe tells that the process runs no line any more, and it tells so early only when it is the first
 * descriptor to be closed: a packet socket takes the kernel some 10 ms. A process that ends closes its descriptors from
 * the highest down (Linux: deferred work, last in first out; were it otherwise, the end would be seen later, no more).
 */
static int place_descriptors(int answer, int lent)
{
    struct rlimit files;
    int place = HIGHEST_ANSWER_FD;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur <= (rlim_t)place)
        place = (int)files.rlim_cur - 1;
    if (answer != place && dup3(answer, place, O_CLOEXEC) < 0)
        _exit(1);
    if (lent && lent != HY_CHILD_LENT_FD && dup3(lent, HY_CHILD_LENT_FD, O_CLOEXEC) < 0)
        _exit(1);
    int first = lent ? HY_CHILD_LENT_FD + 1 : STDERR_FILENO + 1;
    if (place > first)
        close_range((unsigned)first, (unsigned)place - 1, 0);
    close_range((unsigned)place + 1, ~0u, 0);
    return place;
}

static _Noreturn void be_child(const struct hy_child_spec *spec, pid_t executor, int output, int answer)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != executor)
        _exit(1);
    hy_process_reset(spec->origin, spec->realtime);
    int input = spec->input_fd ? spec->input_fd : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(1);
    _exit(spec->body(spec->argument, place_descriptors(answer, spec->lent_fd)));
}

/* ---- what comes through the pipes */

static void keep_tail(struct hy_buf *tail, const char *bytes, size_t size)
{
    hy_buf_add(tail, bytes, size);
    if (tail->size <= 2 * HY_CHILD_OUTPUT_KEPT)
        return;
    memmove(tail->data, tail->data + tail->size - HY_CHILD_OUTPUT_KEPT, HY_CHILD_OUTPUT_KEPT);
    hy_buf_truncate(tail, HY_CHILD_OUTPUT_KEPT);
}

static void hand_out(struct hy_child *child)
{
    size_t at = 0;
    while (child->frames.size - at >= HEADER_BYTES) {
        struct hy_rd rd = hy_rd_from(child->frames.data + at, child->frames.size - at);
        size_t size = hy_rd_u32(&rd);
        if (size > HY_CHILD_MESSAGE_MAX) { /* nothing of ours writes this: what follows cannot be told apart */
            hy_buf_clear(&child->frames);
            return;
        }
        if (child->frames.size - at - HEADER_BYTES < size)
            break;
        child->message(child->context, child->frames.data + at + HEADER_BYTES, size);
        at += HEADER_BYTES + size;
    }
    if (!at)
        return;
    memmove(child->frames.data, child->frames.data + at, child->frames.size - at);
    hy_buf_truncate(&child->frames, child->frames.size - at);
}

static void close_watched(struct hy_child *child, struct hy_watched *watched)
{
    int fd = watched->fd;
    hy_loop_unwatch(child->loop, watched);
    if (fd >= 0)
        close(fd);
}

/* Reads up to `turns` pieces; false when the pipe is at its end. */
static bool read_pipe(struct hy_child *child, struct hy_watched *pipe, int turns)
{
    char bytes[READ_AT_ONCE];
    for (int i = 0; i < turns && pipe->fd >= 0; i++) {
        ssize_t got = read(pipe->fd, bytes, sizeof bytes);
        if (got < 0)
            return errno == EAGAIN || errno == EINTR;
        if (got == 0)
            return false;
        if (pipe == &child->output) {
            keep_tail(&child->tail, bytes, (size_t)got);
        } else {
            hy_buf_add(&child->frames, bytes, (size_t)got);
            hand_out(child);
        }
    }
    return true;
}

static void output_ready(void *context)
{
    struct hy_child *child = context;
    if (!read_pipe(child, &child->output, READS_PER_TURN))
        close_watched(child, &child->output);
}

static void begin_to_end(struct hy_child *child);

static void answer_ready(void *context)
{
    struct hy_child *child = context;
    if (read_pipe(child, &child->answer, READS_PER_TURN))
        return;
    close_watched(child, &child->answer);
    if (child->done || child->killed)
        begin_to_end(child);
}

/* ---- its end */

/* A process that the operation left behind has the pipe as its standard output. Were the reading end shut, its next line would kill it. */
struct drain {
    struct hy_loop *loop;
    struct hy_watched pipe;
    struct hy_leftover leftover;
};

static void free_drain(void *context)
{
    struct drain *drain = context;
    int fd = drain->pipe.fd;
    hy_loop_unwatch(drain->loop, &drain->pipe);
    close(fd);
    free(drain);
}

static void drain_ready(void *context)
{
    struct drain *drain = context;
    char bytes[READ_AT_ONCE];
    for (int i = 0; i < READS_PER_TURN; i++) {
        ssize_t got = read(drain->pipe.fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got > 0)
            continue;
        hy_loop_collect(drain->loop, &drain->leftover);
        free_drain(drain);
        return;
    }
}

static void leave_output_to_drain(struct hy_child *child)
{
    int fd = child->output.fd;
    if (fd < 0)
        return;
    hy_loop_unwatch(child->loop, &child->output);
    struct drain *drain = hy_alloc(sizeof *drain);
    drain->loop = child->loop;
    if (hy_loop_watch(child->loop, &drain->pipe, fd, drain_ready, drain)) {
        close(fd);
        free(drain);
        return;
    }
    hy_loop_leave(child->loop, &drain->leftover, free_drain, drain);
}

static void conclude(struct hy_child *child, int status)
{
    /* What it has written is in the pipes by now. Of the output only as much as can matter: others may write on. */
    enum { LAST_READS = 64 };
    if (!read_pipe(child, &child->output, LAST_READS))
        close_watched(child, &child->output);
    read_pipe(child, &child->answer, LAST_READS);
    size_t skip = child->tail.size > HY_CHILD_OUTPUT_KEPT ? child->tail.size - HY_CHILD_OUTPUT_KEPT : 0;
    struct hy_child_end end = {.status = status,
                               .timed_out = child->timed_out,
                               .killed = child->killed,
                               .took = hy_loop_now() - child->started,
                               .output = hy_buf_text(&child->tail) + skip,
                               .output_size = child->tail.size - skip};
    leave_output_to_drain(child);
    close_watched(child, &child->answer);
    hy_loop_unset(child->loop, &child->timer);
    child->ended(child->context, &end);
    hy_buf_free(&child->tail);
    hy_buf_free(&child->frames);
}

/* As long as the leader is not reaped, its number, and so that of the group, cannot be another's. */
static int reap(struct hy_child *child, bool with_group)
{
    int status = 0;
    if (with_group)
        kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close_watched(child, &child->exit);
    return status;
}

static bool has_exited(const struct hy_child *child, siginfo_t *info)
{
    *info = (siginfo_t){0};
    return waitid(P_PID, (id_t)child->pid, info, WEXITED | WNOHANG | WNOWAIT) == 0 && info->si_pid == child->pid;
}

static void exit_ready(void *context)
{
    struct hy_child *child = context;
    siginfo_t info;
    if (!has_exited(child, &info))
        return;
    conclude(child, reap(child, child->timed_out || child->killed || info.si_code != CLD_EXITED));
    free(child);
}

static void free_ending(void *context)
{
    struct hy_child *child = context;
    reap(child, child->timed_out || child->killed);
    free(child);
}

static void ending_ready(void *context)
{
    struct hy_child *child = context;
    siginfo_t info;
    if (!has_exited(child, &info))
        return;
    hy_loop_collect(child->loop, &child->leftover);
    child->killed |= info.si_code != CLD_EXITED;
    free_ending(child);
}

/* It has done what it was there for, or was killed, and its pipe is at its end: it runs no line any more. What it holds
 * still takes the kernel its time, and nobody need wait for that. */
static void begin_to_end(struct hy_child *child)
{
    if (child->timed_out || child->killed)
        kill(-child->pid, SIGKILL);
    child->exit.ready = ending_ready;
    hy_loop_leave(child->loop, &child->leftover, free_ending, child);
    conclude(child, 0);
}

static void grace_is_over(void *context)
{
    struct hy_child *child = context;
    kill(-child->pid, SIGKILL);
}

static void deadline_is_over(void *context)
{
    struct hy_child *child = context;
    child->timed_out = true;
    kill(-child->pid, SIGTERM);
    hy_loop_at(child->loop, &child->timer, hy_loop_now() + GRACE_SECONDS * HY_SECOND, grace_is_over, child);
}

void hy_child_done(struct hy_child *child)
{
    child->done = true;
}

void hy_child_terminate(struct hy_child *child, hy_time grace)
{
    if (child->killed)
        return;
    child->killed = true;
    kill(-child->pid, SIGTERM);
    hy_loop_at(child->loop, &child->timer, hy_loop_now() + grace, grace_is_over, child);
}

void hy_child_kill(struct hy_child *child)
{
    child->killed = true;
    kill(-child->pid, SIGKILL);
}

pid_t hy_child_pid(const struct hy_child *child)
{
    return child->pid;
}

/* ---- its beginning */

static void close_pair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static int make_pipes(int output[2], int answer[2])
{
    if (pipe2(output, O_CLOEXEC))
        return -errno;
    if (pipe2(answer, O_CLOEXEC)) {
        int rc = -errno;
        close_pair(output);
        return rc;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    fcntl(answer[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static int watch_it(struct hy_child *child, int output, int answer)
{
    int pidfd = pidfd_open(child->pid, 0);
    if (pidfd < 0)
        return -errno;
    int rc = hy_loop_watch(child->loop, &child->exit, pidfd, exit_ready, child);
    if (rc)
        close(pidfd);
    if (!rc)
        rc = hy_loop_watch(child->loop, &child->output, output, output_ready, child);
    if (!rc)
        rc = hy_loop_watch(child->loop, &child->answer, answer, answer_ready, child);
    return rc;
}

void hy_child_assign(struct hy_child *child, const struct hy_child_spec *spec)
{
    child->started = hy_loop_now();
    child->message = spec->message;
    child->ended = spec->ended;
    child->context = spec->context;
    hy_loop_at(child->loop, &child->timer, spec->deadline, deadline_is_over, child);
}

void hy_child_discard(struct hy_child *child)
{
    reap(child, true);
    close_watched(child, &child->output);
    close_watched(child, &child->answer);
    hy_loop_unset(child->loop, &child->timer);
    hy_buf_free(&child->tail);
    hy_buf_free(&child->frames);
    free(child);
}

/* It runs already but cannot be watched over: so it may not run. */
static int give_up(struct hy_child *child, int rc, int output, int answer, struct hy_err *err)
{
    kill(-child->pid, SIGKILL);
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close_watched(child, &child->exit);
    hy_loop_unwatch(child->loop, &child->output);
    hy_loop_unwatch(child->loop, &child->answer);
    close(output);
    close(answer);
    free(child);
    return hy_fail(err, -rc, "cannot watch over a child process: %s", strerror(-rc));
}

int hy_child_start(struct hy_loop *loop, const struct hy_child_spec *spec, struct hy_child **child, struct hy_err *err)
{
    int output[2], answer[2];
    int rc = make_pipes(output, answer);
    if (rc)
        return hy_fail(err, -rc, "no pipes for a child process: %s", strerror(-rc));
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0)
        be_child(spec, self, output[1], answer[1]);
    int error = errno;
    close(output[1]);
    close(answer[1]);
    if (pid < 0) {
        close(output[0]);
        close(answer[0]);
        return hy_fail(err, error, "cannot make a child process: %s", strerror(error));
    }
    setpgid(pid, pid); /* here too: whoever is first, the group exists before anybody signals it */
    struct hy_child *made = hy_alloc(sizeof *made);
    *made = (struct hy_child){.loop = loop,
                              .pid = pid,
                              .started = hy_loop_now(),
                              .exit.fd = -1,
                              .output.fd = -1,
                              .answer.fd = -1,
                              .message = spec->message,
                              .ended = spec->ended,
                              .context = spec->context};
    rc = watch_it(made, output[0], answer[0]);
    if (rc)
        return give_up(made, rc, output[0], answer[0], err);
    hy_loop_at(loop, &made->timer, spec->deadline, deadline_is_over, made);
    *child = made;
    return 0;
}
