/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/guard.h"

#include "base/vec.h"
#include "base/wire.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOTE_BYTES = 1 << 20, ATTEMPTS = 5, RESTART_SECONDS = 1 };

/* Two notes: the one that is not current is written, then made current. An end in the middle of writing loses nothing. */
struct note {
    uint32_t size;
    uint8_t bytes[NOTE_BYTES];
};

struct shared {
    _Atomic uint32_t dismissed;
    _Atomic uint32_t current;
    struct note notes[2];
};

struct hy_guard {
    struct hy_loop *loop;
    const struct hy_exec_env *env;
    struct shared *shared;
    pid_t pid;
    struct hy_watched exit;
    struct hy_timer restart;
};

/* ---- the notes */

int hy_guard_note(struct hy_guard *guard, const struct hy_actives *actives)
{
    struct hy_buf text = {0};
    size_t at = 0;
    void *value;
    while (hy_map_next(&actives->entries, &at, NULL, &value)) {
        const struct hy_active_entry *entry = value;
        if (!entry->kept.lease)
            continue;
        struct hy_operation stop = hy_active_stop_order(entry);
        struct hy_buf order = {0};
        hy_operation_encode(&stop, &order);
        hy_wr_u32(&text, entry->caps);
        hy_wr_i64(&text, entry->group);
        hy_wr_bytes(&text, order.data, order.size);
        hy_buf_free(&order);
        hy_operation_free(&stop);
    }
    int rc = text.size > NOTE_BYTES ? -ENOSPC : 0;
    if (!rc) {
        uint32_t other = 1 - atomic_load(&guard->shared->current);
        struct note *note = &guard->shared->notes[other];
        note->size = (uint32_t)text.size;
        if (text.size)
            memcpy(note->bytes, text.data, text.size);
        atomic_store(&guard->shared->current, other);
    }
    hy_buf_free(&text);
    return rc;
}

/* ---- what the guard does */

struct testament;

struct legacy {
    struct testament *of;
    struct hy_operation stop;
    uint32_t caps;
    pid_t group;
    int attempts;
    struct hy_run *run;
    struct hy_timer again;
};

struct testament {
    struct hy_loop *loop;
    const struct hy_exec_env *env;
    HY_VEC(struct legacy *) items;
    size_t left;
};

static void read_note(struct testament *testament, const struct note *note)
{
    struct hy_rd rd = hy_rd_from(note->bytes, note->size);
    while (hy_rd_left(&rd)) {
        struct legacy *item = hy_alloc(sizeof *item);
        item->of = testament;
        item->caps = hy_rd_u32(&rd);
        item->group = (pid_t)hy_rd_i64(&rd);
        size_t size;
        const void *order = hy_rd_bytes(&rd, &size);
        struct hy_err err;
        if (rd.bad || hy_operation_decode(order, size, &item->stop, &err)) {
            hy_error(testament->env->log, "guard: an entry of the executor's list cannot be read");
            free(item);
            continue;
        }
        hy_vec_push(&testament->items, item);
    }
}

static void one_less(struct testament *testament)
{
    if (--testament->left == 0)
        hy_loop_stop(testament->loop);
}

static void attempt(void *context);

static void stop_ended(void *context, const struct hy_run_result *result)
{
    struct legacy *item = context;
    const struct hy_log *log = item->of->env->log;
    if (result->exec == HY_EXEC_DONE && result->rc == HALYARD_OK) {
        hy_warning(log, "guard: the executor is gone; %s stopped", item->stop.rsc);
        one_less(item->of);
        return;
    }
    hy_error(log, "guard: the executor is gone; %s could not be stopped: %s", item->stop.rsc,
             result->reason ? result->reason : "no reason given");
    if (item->attempts >= ATTEMPTS)
        one_less(item->of);
    else
        hy_loop_at(item->of->loop, &item->again, hy_loop_now() + HY_SECOND, attempt, item);
}

static void attempt(void *context)
{
    struct legacy *item = context;
    item->attempts++;
    struct hy_run_spec spec = {.env = item->of->env,
                               .operation = &item->stop,
                               .deadline = hy_loop_now() + item->stop.timeout,
                               .realtime = item->caps & HALYARD_CAP_FAST_RELEASE,
                               .ended = stop_ended,
                               .context = item};
    struct hy_err err;
    if (hy_run_start(item->of->loop, &spec, &item->run, &err))
        stop_ended(item, &(struct hy_run_result){.exec = HY_EXEC_ERROR, .reason = err.text});
}

static void begin(struct testament *testament, bool fast)
{
    for (size_t i = 0; i < testament->items.count; i++) {
        struct legacy *item = testament->items.items[i];
        if (!!(item->caps & HALYARD_CAP_FAST_RELEASE) == fast)
            attempt(item);
    }
}

static void execute_will(const struct hy_exec_env *of, const struct shared *shared)
{
    struct hy_exec_env env = *of;
    env.lease_map = -ENODATA; /* closed, with all else; no stop needs it */
    struct testament testament = {.env = &env};
    struct hy_err err;
    if (hy_loop_new(&testament.loop, &err))
        return;
    read_note(&testament, &shared->notes[atomic_load(&shared->current) & 1]);
    for (size_t i = 0; i < testament.items.count; i++)
        if (testament.items.items[i]->group > 1)
            kill(-testament.items.items[i]->group, SIGKILL);
    testament.left = testament.items.count;
    begin(&testament, true);
    begin(&testament, false);
    while (testament.left)
        if (hy_loop_run(testament.loop, &err))
            return;
}

static _Noreturn void be_guard(const struct hy_exec_env *env, const struct shared *shared, pid_t executor)
{
    hy_process_name("halyard-guard");
    setsid();
    /* Whatever ends the executor in order sends the same signal here: only the executor's end counts. */
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    /* What the guard does is what an operator looks for afterwards: the log stays open. */
    unsigned kept = env->log_fd > 2 ? (unsigned)env->log_fd : 3;
    if (kept > 3)
        close_range(3, kept - 1, 0);
    close_range(env->log_fd > 2 ? kept + 1 : 3, ~0u, 0);
    hy_process_lock_memory();
    int pidfd = pidfd_open(executor, 0);
    struct pollfd end = {.fd = pidfd, .events = POLLIN};
    while (pidfd >= 0 && getppid() == executor)
        if (poll(&end, 1, -1) > 0)
            break;
    if (!atomic_load(&shared->dismissed))
        execute_will(env, shared);
    _exit(0);
}

/* ---- the executor's side */

static int fork_guard(struct hy_guard *guard, struct hy_err *err);

static void try_again(void *context)
{
    struct hy_guard *guard = context;
    struct hy_err err;
    if (fork_guard(guard, &err) == 0)
        return;
    hy_error(guard->env->log, "no guard: %s", err.text);
    hy_loop_at(guard->loop, &guard->restart, hy_loop_now() + RESTART_SECONDS * HY_SECOND, try_again, guard);
}

static void guard_ended(void *context)
{
    struct hy_guard *guard = context;
    int fd = guard->exit.fd;
    hy_loop_unwatch(guard->loop, &guard->exit);
    close(fd);
    while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    guard->pid = 0;
    hy_error(guard->env->log, "the guard has ended, which it should not; starting another");
    hy_loop_at(guard->loop, &guard->restart, hy_loop_now() + RESTART_SECONDS * HY_SECOND, try_again, guard);
}

static int fork_guard(struct hy_guard *guard, struct hy_err *err)
{
    pid_t self = getpid();
    pid_t pid = fork();
    if (pid == 0)
        be_guard(guard->env, guard->shared, self);
    if (pid < 0)
        return hy_fail(err, errno, "cannot make the guard's process: %s", strerror(errno));
    guard->pid = pid;
    int fd = pidfd_open(pid, 0);
    int rc = fd < 0 ? -errno : hy_loop_watch(guard->loop, &guard->exit, fd, guard_ended, guard);
    if (!rc)
        return 0;
    if (fd >= 0)
        close(fd);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    guard->pid = 0;
    return hy_fail(err, -rc, "cannot watch over the guard: %s", strerror(-rc));
}

int hy_guard_start(struct hy_loop *loop, const struct hy_exec_env *env, struct hy_guard **guard, struct hy_err *err)
{
    struct hy_guard *made = hy_alloc(sizeof *made);
    *made = (struct hy_guard){.loop = loop, .env = env, .exit.fd = -1};
    made->shared = mmap(NULL, sizeof *made->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int rc = made->shared == MAP_FAILED ? hy_fail(err, errno, "no memory to share with the guard: %s", strerror(errno))
                                        : fork_guard(made, err);
    if (rc) {
        if (made->shared != MAP_FAILED)
            munmap(made->shared, sizeof *made->shared);
        free(made);
        return rc;
    }
    *guard = made;
    return 0;
}

void hy_guard_dismiss(struct hy_guard **guard)
{
    if (!*guard)
        return;
    atomic_store(&(*guard)->shared->dismissed, 1);
    hy_loop_unset((*guard)->loop, &(*guard)->restart);
    int fd = (*guard)->exit.fd;
    hy_loop_unwatch((*guard)->loop, &(*guard)->exit);
    if (fd >= 0)
        close(fd);
    if ((*guard)->pid > 0) {
        kill((*guard)->pid, SIGKILL);
        waitpid((*guard)->pid, NULL, 0);
    }
    munmap((*guard)->shared, sizeof *(*guard)->shared);
    free(*guard);
    *guard = NULL;
}
