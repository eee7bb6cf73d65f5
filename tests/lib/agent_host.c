/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/agent_host.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HEARS_MS 20000
#define SOON_MS 20

#define FOLDER "/tmp/halyard-agent-XXXXXX"
static char folder[] = FOLDER;

/* The ABI leaves this one to the host. */
struct halyard_op {
    struct agent_host *host;
    char duration[32];
    bool watching;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct agent_host *host_of(const struct halyard_op *op)
{
    return op->host;
}

static struct agent_value *find_value(struct agent_value *values, const char *name)
{
    for (int i = 0; i < AGENT_HOST_VALUES; i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    return NULL;
}

static void set_value(struct agent_value *values, const char *name, const char *text)
{
    struct agent_value *value = find_value(values, name);
    if (!value)
        value = find_value(values, "");
    ck_assert_ptr_nonnull(value);
    snprintf(value->name, sizeof value->name, "%s", text ? name : "");
    snprintf(value->text, sizeof value->text, "%s", text ? text : "");
}

void agent_host_set(struct agent_host *host, const char *name, const char *text)
{
    set_value(host->params, name, text);
}

void agent_host_set_meta(struct agent_host *host, const char *name, const char *text)
{
    set_value(host->metas, name, text);
}

void agent_host_time_left(struct agent_host *host, int64_t ms)
{
    host->deadline = now_ms() + ms;
}

/* "60s" and "500ms" are all that the tests need. */
static const char *in_ms(const struct halyard_op *op, const char *text)
{
    char *unit;
    struct halyard_op *writable = (struct halyard_op *)(uintptr_t)op;
    intmax_t number = strtoimax(text, &unit, 10);
    if (strcmp(unit, "ms") != 0)
        number *= 1000;
    snprintf(writable->duration, sizeof writable->duration, "%jd", number);
    return writable->duration;
}

static const char *get(const struct halyard_op *op, const char *name)
{
    const struct agent_value *value = find_value(host_of(op)->params, name);
    for (const struct halyard_param *param = host_of(op)->agent->params; param->name; param++) {
        if (strcmp(param->name, name) != 0)
            continue;
        const char *text = value ? value->text : param->def;
        return text && param->type == HALYARD_DURATION ? in_ms(op, text) : text;
    }
    ck_abort_msg("the agent asks for the parameter %s, which it does not describe", name);
    return NULL;
}

static const char *meta(const struct halyard_op *op, const char *name)
{
    const struct agent_value *value = find_value(host_of(op)->metas, name);
    return value ? value->text : NULL;
}

static const char *resource(const struct halyard_op *op)
{
    (void)op;
    return "under-test";
}

static const char *type(const struct halyard_op *op)
{
    return host_of(op)->type;
}

static const char *node(const struct halyard_op *op)
{
    (void)op;
    return "test1";
}

static const char *state_dir(const struct halyard_op *op)
{
    return host_of(op)->state_dir;
}

static int64_t ms_left(const struct halyard_op *op)
{
    if (op->watching || host_of(op)->deadline == INT64_MAX)
        return INT64_MAX;
    int64_t left = host_of(op)->deadline - now_ms();
    return left > 0 ? left : 0;
}

static int64_t boot_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int make_map(void)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = sizeof(uint32_t);
    attr.value_size = sizeof(struct halyard_lease);
    attr.max_entries = 1;
    attr.map_flags = BPF_F_MMAPABLE;
    return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
}

bool agent_host_may_map(void)
{
    int map = make_map();
    if (map < 0)
        printf("the kernel refuses this user a BPF map (%s): what is in the kernel is not tested here\n",
               strerror(errno));
    else
        close(map);
    return map >= 0;
}

void agent_host_use_map(struct agent_host *host)
{
    if (host->lease)
        munmap(host->lease, sizeof *host->lease);
    if (host->lease_map >= 0)
        close(host->lease_map);
    host->lease_map = make_map();
    ck_assert_int_ge(host->lease_map, 0);
    host->lease = mmap(NULL, sizeof *host->lease, PROT_READ | PROT_WRITE, MAP_SHARED, host->lease_map, 0);
    ck_assert_ptr_ne(host->lease, MAP_FAILED);
    host->lease->magic = HALYARD_LEASE_MAGIC;
    host->lease->version = HALYARD_LEASE_VERSION;
    host->lease->since = 1;
}

void agent_host_lease(struct agent_host *host, int64_t ms)
{
    int64_t deadline = ms == INT64_MAX ? INT64_MAX : boot_us() + ms * 1000;
    if (host->lease)
        *(volatile int64_t *)&host->lease->deadline = deadline;
    atomic_store(&host->shared->lease_ms, ms);
}

static int lease_map(const struct halyard_op *op)
{
    return host_of(op)->lease ? host_of(op)->lease_map : -EPERM;
}

static int64_t lease_ms(const struct halyard_op *op)
{
    const struct agent_host *host = host_of(op);
    if (host->lease && host->lease->deadline != INT64_MAX) {
        int64_t left = *(volatile int64_t *)&host->lease->deadline - boot_us();
        return left > 0 ? left / 1000 : 0;
    }
    return atomic_load(&host_of(op)->shared->lease_ms);
}

__attribute__((format(printf, 3, 4))) static void add_log(const struct halyard_op *op, int priority, const char *format,
                                                          ...)
{
    struct agent_host *host = host_of(op);
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t used = strlen(host->log);
    snprintf(host->log + used, sizeof host->log - used, "%d:%s\n", priority, line);
    if (op->watching && dprintf(host->logs, "%d:%s\n", priority, line) < 0)
        abort();
}

__attribute__((format(printf, 2, 3))) static void set_reason(const struct halyard_op *op, const char *format, ...)
{
    struct agent_host *host = host_of(op);
    va_list args;
    va_start(args, format);
    vsnprintf(host->reason, sizeof host->reason, format, args);
    va_end(args);
    ck_assert_ptr_null(strchr(host->reason, '\n'));
}

static void changed(const struct halyard_op *op, const char *why)
{
    char line[600];
    int size = snprintf(line, sizeof line, "%s\n", why);
    if (write(host_of(op)->changes, line, (size_t)size) != size)
        abort();
}

static void keep_output(struct agent_host *host, const char *bytes, size_t size)
{
    size_t used = strlen(host->output);
    size_t room = sizeof host->output - 1 - used;
    if (size > room)
        size = room;
    memcpy(host->output + used, bytes, size);
    host->output[used + size] = '\0';
}

static void drain(struct agent_host *host, int fd)
{
    char bytes[4096];
    ssize_t size;
    while ((size = read(fd, bytes, sizeof bytes)) > 0)
        keep_output(host, bytes, (size_t)size);
}

static void exec_child(const char *const argv[], int output, int failure)
{
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    int error = errno;
    if (write(failure, &error, sizeof error) != (ssize_t)sizeof error)
        _exit(126);
    _exit(127);
}

/* Until the program itself has ended, whatever its children do; or the deadline has passed. */
static int await_child(const struct halyard_op *op, pid_t child, int output)
{
    int status;
    for (;;) {
        drain(host_of(op), output);
        if (waitpid(child, &status, WNOHANG) == child)
            break;
        if (ms_left(op) == 0) {
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            return -ETIMEDOUT;
        }
        struct pollfd ready = {.fd = output, .events = POLLIN};
        poll(&ready, 1, 5);
    }
    drain(host_of(op), output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int run(const struct halyard_op *op, const char *const argv[])
{
    int output[2], failure[2], error = 0;
    ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(failure, O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        exec_child(argv, output[1], failure[1]);
    close(output[1]);
    close(failure[1]);
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    bool failed = read(failure[0], &error, sizeof error) == (ssize_t)sizeof error;
    int rc = await_child(op, child, output[0]);
    close(output[0]);
    close(failure[0]);
    return failed ? -error : rc;
}

static int capture(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size)
{
    host_of(op)->output[0] = '\0';
    int rc = run(op, argv);
    snprintf(out, size, "%s", host_of(op)->output);
    return rc;
}

static int value_at(const struct agent_value *values, uint32_t number, const char **name, const char **text)
{
    for (int i = 0; i < AGENT_HOST_VALUES; i++)
        if (values[i].name[0] && !number--) {
            *name = values[i].name;
            *text = values[i].text;
            return 1;
        }
    return 0;
}

static int param_at(const struct halyard_op *op, uint32_t number, const char **name, const char **value)
{
    return value_at(host_of(op)->params, number, name, value);
}

static int meta_at(const struct halyard_op *op, uint32_t number, const char **name, const char **value)
{
    return value_at(host_of(op)->metas, number, name, value);
}

static const struct halyard_site *site(const struct halyard_op *op)
{
    return &host_of(op)->site;
}

static const struct halyard_host offers = {
    .size = sizeof(struct halyard_host),
    .minor = HALYARD_AGENT_MINOR,
    .get = get,
    .meta = meta,
    .resource = resource,
    .type = type,
    .node = node,
    .state_dir = state_dir,
    .ms_left = ms_left,
    .lease_ms = lease_ms,
    .log = add_log,
    .reason = set_reason,
    .changed = changed,
    .run = run,
    .capture = capture,
    .lease_map = lease_map,
    .param_at = param_at,
    .meta_at = meta_at,
    .site = site,
};

enum halyard_rc agent_host_call(struct agent_host *host, halyard_op_fn *operation)
{
    struct halyard_op op = {.host = host};
    host->reason[0] = host->log[0] = host->output[0] = '\0';
    return operation(&offers, &op);
}

static struct agent_host *describing;

__attribute__((format(printf, 2, 3))) static void keep_why(const struct halyard_site *of, const char *format, ...)
{
    (void)of;
    va_list args;
    va_start(args, format);
    vsnprintf(describing->reason, sizeof describing->reason, format, args);
    va_end(args);
}

enum halyard_rc agent_host_describe(struct agent_host *host, const char *provider, const char *type_name)
{
    const struct halyard_agent *plugin = dlsym(host->library, "halyard_agent_plugin");
    enum halyard_rc answer = HALYARD_OK;
    describing = host;
    host->reason[0] = '\0';
    host->site.size = sizeof host->site;
    host->site.minor = HALYARD_AGENT_MINOR;
    host->site.reason = keep_why;
    host->agent = plugin->describe(&host->site, provider, type_name, &answer);
    return answer;
}

void agent_host_watch(struct agent_host *host)
{
    int changes[2], logs[2];
    ck_assert_int_eq(pipe2(changes, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(logs, O_CLOEXEC), 0);
    host->watch = fork();
    ck_assert_int_ge(host->watch, 0);
    if (host->watch == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGTERM, SIG_DFL); /* Check has one that ends the whole group */
        close(changes[0]);
        close(logs[0]);
        host->changes = changes[1];
        host->logs = logs[1];
        struct halyard_op op = {.host = host, .watching = true};
        _exit((int)host->agent->watch(&offers, &op));
    }
    close(changes[1]);
    close(logs[1]);
    host->changes = changes[0];
    host->logs = logs[0];
    host->heard[0] = host->story[0] = host->logged[0] = '\0';
}

/* Reads on until the words are there. */
static bool read_until(int fd, char *heard, size_t room, const char *words, int64_t wait_ms)
{
    int64_t until = now_ms() + wait_ms;
    while (!strstr(heard, words)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = until - now_ms();
        if (poll(&ready, 1, left > 0 ? (int)left : 0) <= 0)
            return false;
        size_t used = strlen(heard);
        ssize_t size = read(fd, heard + used, room - 1 - used);
        if (size <= 0)
            return false;
        heard[used + (size_t)size] = '\0';
    }
    return true;
}

static bool hears(struct agent_host *host, const char *words, int64_t wait_ms)
{
    if (!read_until(host->changes, host->heard, sizeof host->heard, words, wait_ms))
        return false;
    size_t told = strlen(host->story);
    snprintf(host->story + told, sizeof host->story - told, "%s", host->heard);
    host->heard[0] = '\0';
    return true;
}

bool agent_host_hears(struct agent_host *host, const char *words)
{
    return hears(host, words, HEARS_MS);
}

bool agent_host_hears_soon(struct agent_host *host, const char *words)
{
    return hears(host, words, SOON_MS);
}

bool agent_host_next_change(struct agent_host *host, char *line, size_t size)
{
    if (!read_until(host->changes, host->heard, sizeof host->heard, "\n", HEARS_MS))
        return false;
    char *end = strchr(host->heard, '\n');
    *end++ = '\0';
    snprintf(line, size, "%s", host->heard);
    memmove(host->heard, end, strlen(end) + 1);
    return true;
}

bool agent_host_logs(struct agent_host *host, const char *words)
{
    if (!read_until(host->logs, host->logged, sizeof host->logged, words, HEARS_MS))
        return false;
    char *behind = strstr(host->logged, words) + strlen(words);
    memmove(host->logged, behind, strlen(behind) + 1);
    return true;
}

int agent_host_end_watch(struct agent_host *host, int signal_number)
{
    int status = 0;
    kill(host->watch, signal_number);
    ck_assert_int_eq(waitpid(host->watch, &status, 0), host->watch);
    host->watch = 0;
    close(host->changes);
    close(host->logs);
    return status;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

void agent_host_make_folder(void)
{
    memcpy(folder, FOLDER, sizeof folder);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

const char *agent_host_folder(void)
{
    return folder;
}

void agent_host_remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void agent_host_open(struct agent_host *host, const char *name)
{
    char path[512];
    *host = (struct agent_host){.type = "", .deadline = INT64_MAX, .lease_map = -1};
    snprintf(path, sizeof path, "%s/%s%s.so", HY_BUILDDIR, strchr(name, '/') ? "" : ".libs/", name);
    host->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(host->library != NULL, "%s", host->library ? "" : dlerror());
    host->agent = dlsym(host->library, "halyard_agent_plugin");
    ck_assert_ptr_nonnull(host->agent);
    snprintf(host->state_dir, sizeof host->state_dir, "%s/XXXXXX", folder);
    ck_assert_ptr_nonnull(mkdtemp(host->state_dir));
    host->shared = mmap(NULL, sizeof *host->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(host->shared, MAP_FAILED);
    host->shared->lease_ms = INT64_MAX;
}

void agent_host_close(struct agent_host *host)
{
    if (host->watch > 0)
        agent_host_end_watch(host, SIGKILL);
    if (host->lease)
        munmap(host->lease, sizeof *host->lease);
    if (host->lease_map >= 0)
        close(host->lease_map);
    munmap(host->shared, sizeof *host->shared);
    dlclose(host->library);
}
