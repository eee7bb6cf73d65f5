/* SPDX-License-Identifier: Apache-2.0 */
#include "executor_bench.h"

#include "agent_test/handover.h"
#include "executor/lease.h"
#include "lib/folder.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

/* ---- the executor's process */

static void write_log(void *context, enum hy_log_level level, const char *line)
{
    const char *path = context;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
        dprintf(fd, "%d %s\n", (int)level, line);
    close(fd);
}

/* Takes the privileges that bpf(2) asks for away from this process. */
static void lose_bpf(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data))
        _exit(9);
    const int lost[] = {CAP_SYS_ADMIN, CAP_BPF};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        uint32_t mask = ~CAP_TO_MASK(lost[i]);
        data[CAP_TO_INDEX(lost[i])].effective &= mask;
        data[CAP_TO_INDEX(lost[i])].permitted &= mask;
        data[CAP_TO_INDEX(lost[i])].inheritable &= mask;
    }
    if (syscall(SYS_capset, &header, data))
        _exit(9);
}

static _Noreturn void be_executor(const struct bench *bench, int max_children)
{
    char *log_path = hy_asprintf("%s/executor.log", bench->folder);
    char *state = hy_asprintf("%s/state", bench->folder);
    char *socket_path = hy_asprintf("%s/core", bench->folder);
    char self[512] = {0};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        _exit(9);
    char role[] = "core";
    char *const argv[] = {self, role, socket_path, NULL};
    struct hy_log log = {.write = write_log, .context = log_path, .level = HY_LOG_DEBUG};
    struct hy_executor_options options = {.node = "node1",
                                          .agent_folder = bench->agents,
                                          .state_folder = state,
                                          .lsb_folder = "/etc/init.d",
                                          .core_argv = argv,
                                          .max_children = max_children,
                                          .trust_any_owner = true,
                                          .log = &log};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(bench->listener);
    if (bench->no_bpf)
        lose_bpf();
    int status = hy_executor_run(&options);
    free(log_path);
    free(state);
    free(socket_path);
    _exit(status);
}

bool bench_may_bpf(void)
{
    struct hy_lease lease = {0};
    struct hy_err err;
    ck_assert_msg(hy_lease_make_page(&lease, true, &err) == 0, "%s", err.text);
    bool may = lease.no_map == 0;
    hy_lease_close(&lease);
    return may;
}

static void open_bench(struct bench *bench, int max_children, bool no_bpf)
{
    *bench = (struct bench){.no_bpf = no_bpf, .folder = folder_make(), .next_id = UINT64_C(0x100000001)};
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    bench->agents = hy_asprintf("%s/agents", bench->folder);
    ck_assert_int_eq(mkdir(bench->agents, 0755), 0);
    free(agent_copy("good", bench->agents, "good"));
    free(agent_copy("fast", bench->agents, "fast"));
    free(agent_copy("late", bench->agents, "late"));
    free(agent_copy("nasty", bench->agents, "nasty"));
    free(agent_copy("aware", bench->agents, "aware"));
    free(agent_copy("newminor", bench->agents, "newminor"));
    free(agent_copy("oldminor", bench->agents, "oldminor"));
    char *path = hy_asprintf("%s/core", bench->folder);
    bench->listener = handover_listen(path);
    ck_assert_int_ge(bench->listener, 0);
    free(path);
    bench->executor = fork();
    if (bench->executor == 0)
        be_executor(bench, max_children);
    ck_assert_int_gt(bench->executor, 0);
    bench_accept_core(bench);
}

void bench_open(struct bench *bench, int max_children)
{
    open_bench(bench, max_children, false);
}

void bench_open_without_bpf(struct bench *bench)
{
    open_bench(bench, 0, true);
}

void bench_accept_core(struct bench *bench)
{
    int fds[2];
    ck_assert_msg(handover_accept(bench->listener, 60000, &bench->core, fds) == 0, "no core was started");
    bench_drop_link(bench);
    struct hy_err err;
    ck_assert_msg(hy_executor_link_open(fds[0], fds[1], &bench->link, &err) == 0, "%s", err.text);
}

static void reap_all(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

void bench_drop_link(struct bench *bench)
{
    for (size_t i = 0; i < bench->kept.count; i++)
        hy_outcome_free(&bench->kept.items[i].outcome);
    hy_vec_free(&bench->kept);
    hy_executor_link_close(&bench->link);
}

void bench_clean(struct bench *bench)
{
    reap_all();
    bench_drop_link(bench);
    close(bench->listener);
    free(bench->agents);
    folder_remove(bench->folder);
}

void bench_close(struct bench *bench)
{
    ck_assert_int_eq(kill(bench->executor, SIGTERM), 0);
    int status;
    ck_assert_int_eq(waitpid(bench->executor, &status, 0), bench->executor);
    char *path = hy_asprintf("%s/executor.log", bench->folder);
    size_t size;
    char *log = file_read(path, &size);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the executor ended with 0x%x; its log:\n%s",
                  (unsigned)status, log ? log : "none");
    free(log);
    free(path);
    bench_clean(bench);
}

/* ---- orders and news */

static void add_params(struct hy_attrs *attrs, const char *params)
{
    char *text = hy_strdup(params ? params : ""), *rest = text;
    for (char *word; (word = strsep(&rest, " "));) {
        char *equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        hy_attrs_set(attrs, word, equals + 1);
    }
    free(text);
}

uint64_t bench_order_full(struct bench *bench, struct hy_operation *operation, const char *params)
{
    if (!operation->id)
        operation->id = bench->next_id++;
    if (strstr(operation->agent, ":test:") && !strstr(operation->agent, "nasty"))
        hy_attrs_set(&operation->params, "dir", bench->folder);
    add_params(&operation->params, params);
    BENCH_UNTIL(hy_executor_order(bench->link, operation) == 0);
    hy_attrs_free(&operation->params);
    return operation->id;
}

uint64_t bench_order(struct bench *bench, const char *rsc, const char *agent, const char *op, const char *params)
{
    struct hy_operation operation = {.rsc = hy_strdup(rsc), .agent = hy_strdup(agent), .op = hy_strdup(op)};
    operation.timeout = 30 * HY_SECOND;
    uint64_t id = bench_order_full(bench, &operation, params);
    hy_operation_free(&operation);
    return id;
}

static bool is_wanted(const struct hy_executor_news *news, enum hy_executor_news_type type, uint64_t id)
{
    return news->type == type && (!id || news->outcome.id == id);
}

static bool receive(struct bench *bench)
{
    struct hy_executor_news news;
    struct hy_err err;
    int rc = hy_executor_next(bench->link, &news, &err);
    ck_assert_msg(rc >= 0, "%s", err.text);
    if (rc)
        hy_vec_push(&bench->kept, news);
    return rc == 1;
}

static struct hy_executor_news wait_for(struct bench *bench, enum hy_executor_news_type type, uint64_t id)
{
    hy_time end = bench_now() + 60 * HY_SECOND;
    for (size_t i = 0;;) {
        for (; i < bench->kept.count; i++) {
            if (!is_wanted(&bench->kept.items[i], type, id))
                continue;
            struct hy_executor_news news = bench->kept.items[i];
            hy_vec_remove(&bench->kept, i);
            return news;
        }
        if (receive(bench))
            continue;
        ck_assert_msg(bench_now() < end, "waited in vain for news %d of order %llu", (int)type, (unsigned long long)id);
        struct pollfd ready = {.fd = hy_executor_link_fd(bench->link), .events = POLLIN};
        poll(&ready, 1, 1000);
    }
}

static struct hy_operation monitor_of(const char *rsc, hy_time interval)
{
    return (struct hy_operation){.rsc = hy_strdup(rsc),
                                 .agent = hy_strdup("ocf:test:good"),
                                 .op = hy_strdup("monitor"),
                                 .interval = interval,
                                 .timeout = 20 * HY_SECOND};
}

uint64_t bench_order_monitor(struct bench *bench, const char *rsc, hy_time interval, const char *params)
{
    struct hy_operation operation = monitor_of(rsc, interval);
    uint64_t id = bench_order_full(bench, &operation, params);
    hy_operation_free(&operation);
    return id;
}

uint64_t bench_order_cancel(struct bench *bench, const char *rsc, hy_time interval)
{
    struct hy_operation operation = monitor_of(rsc, interval);
    free(operation.op);
    operation.op = hy_strdup("cancel");
    operation.cancels = hy_strdup("monitor");
    uint64_t id = bench_order_full(bench, &operation, NULL);
    hy_operation_free(&operation);
    return id;
}

uint64_t bench_order_leased(struct bench *bench, const char *rsc, const char *agent, const char *op, const char *params)
{
    struct hy_operation operation = {.rsc = hy_strdup(rsc),
                                     .agent = hy_strdup(agent),
                                     .op = hy_strdup(op),
                                     .timeout = 20 * HY_SECOND,
                                     .lease = true};
    uint64_t id = bench_order_full(bench, &operation, params);
    hy_operation_free(&operation);
    return id;
}

void bench_expect_start(struct bench *bench, const char *rsc, const char *agent)
{
    bench_expect(bench, bench_order(bench, rsc, agent, "start", NULL), HY_EXEC_DONE, 0, NULL);
}

struct hy_outcome bench_outcome(struct bench *bench, uint64_t id)
{
    return wait_for(bench, HY_EXECUTOR_OUTCOME, id).outcome;
}

struct hy_executor_news bench_news(struct bench *bench, enum hy_executor_news_type type)
{
    return wait_for(bench, type, 0);
}

void bench_expect(struct bench *bench, uint64_t id, enum hy_exec exec, int rc, const char *reason)
{
    struct hy_outcome outcome = bench_outcome(bench, id);
    ck_assert_msg(outcome.exec == exec && (exec != HY_EXEC_DONE || outcome.rc == rc), "%s of %s: exec %d, rc %d: %s",
                  outcome.op, outcome.rsc, (int)outcome.exec, outcome.rc, outcome.reason ? outcome.reason : "-");
    if (!reason || *reason)
        ck_assert_pstr_eq(outcome.reason, reason);
    hy_outcome_free(&outcome);
}

size_t bench_kept(struct bench *bench, uint64_t id)
{
    while (receive(bench))
        continue;
    size_t count = 0;
    for (size_t i = 0; i < bench->kept.count; i++)
        count += is_wanted(&bench->kept.items[i], HY_EXECUTOR_OUTCOME, id);
    return count;
}

/* ---- files */

static char *path_of(const struct bench *bench, const char *name)
{
    return hy_asprintf("%s/%s", bench->folder, name);
}

/* There all at once: the watch and the monitor look at any time. */
void bench_touch(struct bench *bench, const char *name, const char *text)
{
    char *path = path_of(bench, name);
    char *other = hy_asprintf("%s.new", path);
    file_write(other, text, strlen(text), 0600);
    ck_assert_int_eq(rename(other, path), 0);
    free(other);
    free(path);
}

void bench_remove(struct bench *bench, const char *name)
{
    char *path = path_of(bench, name);
    ck_assert_int_eq(unlink(path), 0);
    free(path);
}

int bench_has(struct bench *bench, const char *name)
{
    char *path = path_of(bench, name);
    int has = access(path, F_OK) == 0;
    free(path);
    return has;
}

char *bench_log(struct bench *bench)
{
    char *path = path_of(bench, "log");
    size_t size;
    char *text = file_read(path, &size);
    free(path);
    return text ? text : hy_strdup("");
}

size_t bench_count_lines(struct bench *bench, const char *line)
{
    char *text = bench_log(bench), *rest = text;
    size_t count = 0;
    for (char *one; (one = strsep(&rest, "\n"));)
        count += strcmp(one, line) == 0;
    free(text);
    return count;
}

/* ---- time and processes */

hy_time bench_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (hy_time)time.tv_sec * HY_SECOND + time.tv_nsec / 1000;
}

void bench_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
}
