/* SPDX-License-Identifier: Apache-2.0 */
/* The agent that does, in start or monitor, what agents should not: the parameter `how` says what. */
#include <halyard/agent.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void hang(void)
{
    signal(SIGTERM, SIG_IGN);
    if (fork() == 0) { /* its group must go as well */
        for (;;)
            pause();
    }
    for (;;)
        pause();
}

static void leave_a_daemon(const char *pidfile)
{
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        sleep(300);
        _exit(0);
    }
    FILE *file = fopen(pidfile, "w");
    if (!file)
        abort();
    fprintf(file, "%d", (int)pid);
    fclose(file);
}

static void flood(void)
{
    char line[100];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (int i = 0; i < 100 * 1000; i++)
        if (write(2, line, sizeof line) < 0)
            abort();
    if (write(2, "the last line\n", 14) < 0)
        abort();
}

static enum halyard_rc misbehave(const struct halyard_host *host, const struct halyard_op *op)
{
    const char *how = host->get(op, "how");
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    if (strcmp(how, "segv") == 0) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (strcmp(how, "abort") == 0) {
        signal(SIGABRT, SIG_DFL);
        abort();
    }
    if (strcmp(how, "hang") == 0)
        hang();
    if (strcmp(how, "exit") == 0)
        _exit(0);
    if (strcmp(how, "leave") == 0)
        leave_a_daemon(host->get(op, "pidfile"));
    if (strcmp(how, "flood") == 0)
        flood();
    if (strcmp(how, "closefds") == 0)
        close_range(0, ~0u, 0);
    if (strcmp(how, "rubbish") == 0)
        return (enum halyard_rc)77;
    return strcmp(how, "flood") == 0 ? HALYARD_ERR_GENERIC : HALYARD_OK;
}

static enum halyard_rc nothing(const struct halyard_host *host, const struct halyard_op *op)
{
    (void)host;
    (void)op;
    return HALYARD_OK;
}

static const struct halyard_param params[] = {
    {"how", HALYARD_STRING, HALYARD_REQUIRED, NULL, NULL, "what to do wrong", NULL},
    {"pidfile", HALYARD_STRING, 0, NULL, NULL, "of what is left behind", NULL},
    {0},
};

const struct halyard_agent halyard_agent_plugin = {
    .magic = HALYARD_AGENT_MAGIC,
    .major = HALYARD_AGENT_MAJOR,
    .minor = HALYARD_AGENT_MINOR,
    .size = sizeof(struct halyard_agent),
    .param_size = sizeof(struct halyard_param),
    .cls = "ocf",
    .provider = "test",
    .type = "nasty",
    .params = params,
    .start = misbehave,
    .stop = nothing,
    .monitor = misbehave,
};
