/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one operation of an agent by hand, without a cluster:
 *
 *     try-agent ./flagfile.so start path=/tmp/flag
 *
 * and prints the answer. It checks nothing: the executor does. Parameters that are not given have their default. Under a
 * debugger, valgrind or a sanitizer this is the program to run.
 */
#include <halyard/agent.h>

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct halyard_op {
    const struct halyard_agent *agent;
    char **given; /* name=value, NULL at the end */
};

static const char *get(const struct halyard_op *op, const char *name)
{
    size_t length = strlen(name);
    for (char **at = op->given; *at; at++)
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
            return *at + length + 1;
    for (const struct halyard_param *param = op->agent->params; param->name; param++)
        if (strcmp(param->name, name) == 0)
            return param->def;
    return NULL;
}

static const char *meta(const struct halyard_op *op, const char *name)
{
    (void)op;
    return strcmp(name, "timeout") == 0 ? "20000" : NULL;
}

static const char *resource(const struct halyard_op *op)
{
    (void)op;
    return "tried";
}

static const char *type(const struct halyard_op *op)
{
    return op->agent->type;
}

static const char *node(const struct halyard_op *op)
{
    (void)op;
    return "here";
}

static const char *state_dir(const struct halyard_op *op)
{
    (void)op;
    return "/tmp";
}

static int64_t for_ever(const struct halyard_op *op)
{
    (void)op;
    return INT64_MAX;
}

__attribute__((format(printf, 2, 0))) static void say(const char *what, const char *format, va_list args)
{
    printf("%s: ", what);
    vprintf(format, args);
    printf("\n");
}

#define SAY(what)                                                                                                      \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        say(what, format, args);                                                                                       \
        va_end(args);                                                                                                  \
    } while (0)

__attribute__((format(printf, 3, 4))) static void write_log(const struct halyard_op *op, int priority,
                                                            const char *format, ...)
{
    (void)op;
    (void)priority;
    SAY("log");
}

__attribute__((format(printf, 2, 3))) static void reason(const struct halyard_op *op, const char *format, ...)
{
    (void)op;
    SAY("reason");
}

static void changed(const struct halyard_op *op, const char *why)
{
    (void)op;
    printf("changed: %s\n", why);
}

static int run(const struct halyard_op *op, const char *const argv[])
{
    (void)op;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int capture(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size)
{
    (void)size;
    *out = '\0';
    printf("capture: is not offered here; the program runs, and gives nothing\n");
    return run(op, argv);
}

static int no_map(const struct halyard_op *op)
{
    (void)op;
    return -ENODATA;
}

static halyard_op_fn *find(const struct halyard_agent *agent, const char *name)
{
    const struct {
        const char *name;
        halyard_op_fn *function;
    } all[] = {{"start", agent->start},   {"stop", agent->stop},         {"monitor", agent->monitor},
               {"probe", agent->probe},   {"validate", agent->validate}, {"promote", agent->promote},
               {"demote", agent->demote}, {"notify", agent->notify},     {"reload", agent->reload},
               {"watch", agent->watch}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].name, name) == 0)
            return all[i].function;
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s ./AGENT.so OPERATION [NAME=VALUE]...\n", argv[0]);
        return 2;
    }
    void *handle = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    const struct halyard_agent *agent = handle ? dlsym(handle, "halyard_agent_plugin") : NULL;
    if (!agent) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    halyard_op_fn *function = find(agent, argv[2]);
    if (!function) {
        fprintf(stderr, "it has no operation %s\n", argv[2]);
        return 2;
    }
    /* A host of version 1.2: a plug-in that stands for many agents needs more. */
    const struct halyard_host host = {.size = offsetof(struct halyard_host, param_at),
                                      .minor = 2,
                                      .get = get,
                                      .meta = meta,
                                      .resource = resource,
                                      .type = type,
                                      .node = node,
                                      .state_dir = state_dir,
                                      .ms_left = for_ever,
                                      .lease_ms = for_ever,
                                      .log = write_log,
                                      .reason = reason,
                                      .changed = changed,
                                      .run = run,
                                      .capture = capture,
                                      .lease_map = no_map};
    struct halyard_op op = {.agent = agent, .given = argv + 3};
    int answer = (int)function(&host, &op);
    printf("answer: %d\n", answer);
    return answer;
}
