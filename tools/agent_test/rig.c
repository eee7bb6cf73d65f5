/* SPDX-License-Identifier: Apache-2.0 */
#include "agent_test/rig.h"

#include "agent_test/handover.h"
#include "base/alloc.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CORE_COMES_MS = 10000, END_SECONDS = 60, PAUSE_MS = 2, REAP_MS = 20 };

hy_time rig_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (hy_time)now.tv_sec * HY_SECOND + now.tv_nsec / 1000;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000L}, NULL);
}

/* ---- folders */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *level)
{
    (void)status;
    (void)type;
    (void)level;
    return remove(path);
}

static int copy_bytes(int from, int to)
{
    char bytes[65536];
    for (;;) {
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got <= 0)
            return got ? -errno : 0;
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, bytes + done, (size_t)(got - done));
            if (put < 0)
                return -errno;
            done += put;
        }
    }
}

static int copy_file(const char *from, const char *to, struct hy_err *err)
{
    int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source < 0)
        return hy_fail(err, errno, "%s: %s", from, strerror(errno));
    int target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    int rc = target < 0 ? -errno : copy_bytes(source, target);
    if (target >= 0 && close(target) && !rc)
        rc = -errno;
    close(source);
    return rc ? hy_fail(err, -rc, "copying %s to %s: %s", from, to, strerror(-rc)) : 0;
}

static int make_folders(struct rig *rig, const char *file, struct hy_err *err)
{
    const char *base = getenv("TMPDIR");
    rig->folder = hy_asprintf("%s/ha-agent-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(rig->folder)) {
        int error = errno;
        free(rig->folder);
        rig->folder = NULL;
        return hy_fail(err, error, "no folder can be made in %s: %s", base && *base ? base : "/tmp", strerror(error));
    }
    char *agents = hy_asprintf("%s/agents", rig->folder);
    char *copy = hy_asprintf("%s/agent.so", agents);
    int rc = mkdir(agents, 0755) ? hy_fail(err, errno, "%s: %s", agents, strerror(errno)) : copy_file(file, copy, err);
    free(agents);
    free(copy);
    return rc;
}

int rig_open(struct rig *rig, const char *file, bool verbose, struct hy_err *err)
{
    *rig = (struct rig){.listener = -1, .verbose = verbose, .next_id = UINT64_C(0x100000001)};
    char self[4096] = {0};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return hy_fail(err, errno, "/proc/self/exe: %s", strerror(errno));
    rig->self = hy_strdup(self);
    /* What operations leave behind becomes a child of this process: nothing gets lost. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1))
        return hy_fail(err, errno, "prctl(PR_SET_CHILD_SUBREAPER): %s", strerror(errno));
    int rc = make_folders(rig, file, err);
    if (rc)
        return rc;
    char *path = hy_asprintf("%s/core", rig->folder);
    rig->listener = handover_listen(path);
    if (rig->listener < 0)
        rc = hy_fail(err, -rig->listener, "%s: %s", path, strerror(-rig->listener));
    free(path);
    return rc;
}

/* ---- the executor */

static void write_log(void *context, enum hy_log_level level, const char *line)
{
    const struct rig *rig = context;
    (void)level;
    if (rig->verbose)
        dprintf(STDERR_FILENO, "executor: %s\n", line);
}

static _Noreturn void be_executor(struct rig *rig)
{
    char *agents = hy_asprintf("%s/agents", rig->folder);
    char *state = hy_asprintf("%s/state", rig->folder);
    char *socket_path = hy_asprintf("%s/core", rig->folder);
    char role[] = "--as-core";
    char *const argv[] = {rig->self, role, socket_path, NULL};
    struct hy_log log = {.write = write_log, .context = rig, .level = HY_LOG_DEBUG};
    struct hy_executor_options options = {.node = "here",
                                          .agent_folder = agents,
                                          .state_folder = state,
                                          .lsb_folder = "/etc/init.d",
                                          .core_argv = argv,
                                          .trust_any_owner = true,
                                          .log = &log,
                                          .log_fd = -1};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(rig->listener);
    _exit(hy_executor_run(&options));
}

static int accept_core(struct rig *rig, struct hy_err *err)
{
    int fds[2];
    int rc = handover_accept(rig->listener, CORE_COMES_MS, &rig->core, fds);
    if (rc)
        return hy_fail(err, -rc, "the executor has started no core: %s (--verbose shows its log)", strerror(-rc));
    return hy_executor_link_open(fds[0], fds[1], &rig->link, err);
}

int rig_start(struct rig *rig, struct hy_err *err)
{
    fflush(NULL);
    rig->executor = fork();
    if (rig->executor < 0) {
        rig->executor = 0;
        return hy_fail(err, errno, "fork: %s", strerror(errno));
    }
    if (rig->executor == 0)
        be_executor(rig);
    int rc = accept_core(rig, err);
    if (!rc)
        hy_executor_set_lease(rig->link, HY_NEVER, 1);
    return rc;
}

/* Those that were left behind, and have ended since, as init does it: an agent may look whether they are gone. */
static void reap(const struct rig *rig)
{
    process_list left;
    rig_left(rig, &left);
    for (size_t i = 0; i < left.count; i++)
        if (left.items[i].parent == getpid() && left.items[i].state == 'Z')
            waitpid(left.items[i].pid, NULL, WNOHANG);
    hy_vec_free(&left);
}

static void drop_link(struct rig *rig)
{
    for (size_t i = 0; i < rig->kept.count; i++)
        hy_outcome_free(&rig->kept.items[i]);
    hy_vec_free(&rig->kept);
    hy_executor_link_close(&rig->link);
}

/* The status as wait(2) has it, or -errno. */
static int wait_for_executor(struct rig *rig)
{
    int status = 0;
    hy_time end = rig_now() + END_SECONDS * HY_SECOND;
    for (pid_t pid = 0; pid != rig->executor; pause_a_little()) {
        pid = waitpid(rig->executor, &status, WNOHANG);
        if (pid < 0)
            return -errno;
        if (rig_now() > end)
            return -ETIMEDOUT;
    }
    return status;
}

int rig_stop(struct rig *rig)
{
    if (!rig->executor)
        return 0;
    kill(rig->executor, SIGTERM);
    int status = wait_for_executor(rig);
    if (status < 0)
        kill(rig->executor, SIGKILL);
    drop_link(rig);
    rig->executor = 0;
    if (status < 0)
        return status;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* The guard, a child of the executor's, becomes one of ours, and so does the core. */
int rig_kill(struct rig *rig)
{
    hy_time end = rig_now() + END_SECONDS * HY_SECOND;
    pid_t guard = 0;
    process_children(rig->executor, "halyard-guard", &guard);
    kill(rig->executor, SIGKILL);
    waitpid(rig->executor, NULL, 0);
    kill(rig->core, SIGKILL);
    waitpid(rig->core, NULL, 0);
    drop_link(rig);
    rig->executor = 0;
    int rc = 0;
    for (char state; guard && (state = process_state(guard)) && state != 'Z'; pause_a_little()) {
        if (rig_now() < end)
            continue;
        rc = -ETIMEDOUT;
        kill(guard, SIGKILL);
    }
    reap(rig);
    return rc;
}

void rig_close(struct rig *rig)
{
    rig_stop(rig);
    process_list left;
    rig_left(rig, &left);
    for (size_t i = 0; i < left.count; i++) {
        kill(left.items[i].pid, SIGKILL);
        if (left.items[i].parent == getpid())
            waitpid(left.items[i].pid, NULL, 0);
    }
    hy_vec_free(&left);
    if (rig->listener >= 0)
        close(rig->listener);
    if (rig->folder)
        nftw(rig->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(rig->folder);
    free(rig->self);
    free(rig->agent);
}

/* ---- orders */

static void copy_params(struct hy_attrs *to, const struct hy_attrs *from)
{
    for (size_t i = 0; from && i < from->list.count; i++)
        hy_attrs_set(to, from->list.items[i].name, from->list.items[i].value);
}

uint64_t rig_order(struct rig *rig, const char *rsc, const char *op, const struct hy_attrs *params, hy_time timeout)
{
    struct hy_operation operation = {.id = rig->next_id++,
                                     .epoch = 1,
                                     .rsc = hy_strdup(rsc),
                                     .agent = hy_strdup(rig->agent),
                                     .op = hy_strdup(op),
                                     .timeout = timeout,
                                     .lease = !rig->beside};
    copy_params(&operation.params, params);
    uint64_t id = operation.id;
    int rc;
    while ((rc = hy_executor_order(rig->link, &operation)) == -EAGAIN)
        pause_a_little();
    hy_operation_free(&operation);
    return rc ? 0 : id;
}

/* 1: something came. */
static int receive(struct rig *rig)
{
    struct hy_executor_news news;
    struct hy_err err;
    int rc = hy_executor_next(rig->link, &news, &err);
    if (rc <= 0)
        return rc;
    if (news.type == HY_EXECUTOR_RELEASED)
        rig->released = news.clean;
    if (news.type == HY_EXECUTOR_OUTCOME)
        hy_vec_push(&rig->kept, news.outcome);
    else
        hy_outcome_free(&news.outcome);
    return 1;
}

/* 0: something may have come; -ETIMEDOUT: `end` has. */
static int wait_for_news(struct rig *rig, hy_time end)
{
    if (rig_now() >= end)
        return -ETIMEDOUT;
    struct pollfd ready = {.fd = hy_executor_link_fd(rig->link), .events = POLLIN};
    int count = poll(&ready, 1, REAP_MS);
    if (count == 0)
        reap(rig);
    return count < 0 && errno != EINTR ? -errno : 0;
}

int rig_outcome(struct rig *rig, uint64_t id, hy_time patience, struct hy_outcome *outcome)
{
    hy_time end = rig_now() + patience;
    for (int rc = id ? 0 : -EPIPE;;) {
        for (size_t i = 0; i < rig->kept.count; i++) {
            if (rig->kept.items[i].id != id)
                continue;
            *outcome = rig->kept.items[i];
            hy_vec_remove(&rig->kept, i);
            return 0;
        }
        if (rc < 0)
            return rc;
        rc = receive(rig);
        if (rc == 0)
            rc = wait_for_news(rig, end);
    }
}

int rig_end_lease(struct rig *rig, hy_time patience)
{
    hy_time end = rig_now() + patience;
    int rc = 0;
    rig->released = false;
    hy_executor_set_lease(rig->link, 0, 1);
    while (!rig->released && rc >= 0) {
        rc = receive(rig);
        if (rc == 0)
            rc = wait_for_news(rig, end);
    }
    hy_executor_set_lease(rig->link, HY_NEVER, 1);
    return rig->released ? 0 : rc;
}

/* ---- processes */

pid_t rig_operation(const struct rig *rig, const process_list *before)
{
    process_list all;
    pid_t found = 0;
    processes_list(&all);
    for (size_t i = 0; i < all.count && !found; i++) {
        bool old = false;
        for (size_t k = 0; k < before->count; k++)
            old = old || before->items[k].pid == all.items[i].pid;
        if (!old && all.items[i].parent == rig->executor && all.items[i].state != 'Z')
            found = all.items[i].pid;
    }
    hy_vec_free(&all);
    return found;
}

void rig_left(const struct rig *rig, process_list *left)
{
    pid_t known[3] = {rig->executor, rig->core, 0};
    size_t count = 2;
    if (rig->executor && process_children(rig->executor, "halyard-guard", &known[2]))
        count = 3;
    processes_below(getpid(), known, count, left);
}
