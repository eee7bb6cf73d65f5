/* SPDX-License-Identifier: Apache-2.0 */
/*
 * halyardd: starts a node. It is the executor: small, root, without ZeroMQ; the core is its child.
 */
#include "base/alloc.h"
#include "daemon/config.h"
#include "daemon/link_config.h"
#include "daemon/logger.h"
#include "daemon/pidfile.h"
#include "daemon/privileges.h"
#include "daemon/start_watch.h"
#include "executor/executor.h"
#include "executor/watchdog.h"
#include "plugin/plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct arguments {
    const char *config;
    bool foreground;
    bool test;
};

static void usage(FILE *stream)
{
    fputs("usage: halyardd [-c FILE] [-f] [-t]\n"
          "  -c FILE  configuration of this node (" HY_CONFIG_FILE ")\n"
          "  -f       stay in the foreground, log to stderr too\n"
          "  -t       check the configuration and the plug-ins, and end\n"
          "  -V       print the version\n",
          stream);
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    *arguments = (struct arguments){.config = HY_CONFIG_FILE};
    int option;
    static const struct option words[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0}};
    while ((option = getopt_long(argc, argv, "c:fthV", words, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'f':
            arguments->foreground = true;
            break;
        case 't':
            arguments->test = true;
            break;
        case 'h':
            usage(stdout);
            return EX_OK;
        case 'V':
            puts("halyardd " HY_VERSION);
            return EX_OK;
        default:
            usage(stderr);
            return 2;
        }
    }
    if (optind == argc)
        return -1;
    fprintf(stderr, "halyardd: unexpected word '%s'\n", argv[optind]);
    usage(stderr);
    return 2;
}

static int check_links(const struct hy_config *config, struct hy_err *err)
{
    for (size_t i = 0; i < config->links.count; i++) {
        struct hy_link_config link = hy_link_config_of(config, i);
        int rc = hy_link_check(&link, i + 1, config->paths.transports, geteuid() != 0, err);
        hy_link_config_free(&link);
        if (rc)
            return rc;
    }
    return 0;
}

/* What a start would trip over: the key, links, agents. */
static int check(const struct hy_config *config)
{
    struct hy_err err = {{0}};
    struct hy_buf problems = {0};
    struct hy_agent_table *table = NULL;
    int rc = access(config->key_file, R_OK) ? hy_fail(&err, errno, "key %s: %s", config->key_file, strerror(errno)) : 0;
    if (!rc)
        rc = check_links(config, &err);
    if (!rc && config->watchdog.device)
        rc = hy_watchdog_check(config->watchdog.device, &err);
    if (!rc)
        rc = hy_agent_table_scan(config->paths.agents, geteuid() != 0, &table, &problems, &err);
    if (rc)
        fprintf(stderr, "halyardd: %s: %s\n", config->file, err.text);
    if (problems.size)
        fprintf(stderr, "%s", problems.data);
    if (!rc && !problems.size)
        printf("%s: ok: node %s of cluster %s, %zu nodes, %zu link%s\n", config->file, config->node, config->cluster,
               config->nodes.count, config->links.count, config->links.count == 1 ? "" : "s");
    bool good = !rc && !problems.size;
    hy_agent_table_free(&table);
    hy_buf_free(&problems);
    return good ? EX_OK : 1;
}

/* Into the background. Who called stays until the core has begun, to tell if it cannot. */
static int go_to_background(const struct hy_config *config, struct hy_err *err)
{
    off_t log_size = hy_start_log_size(config);
    pid_t child = fork();
    if (child < 0)
        return hy_fail(err, errno, "cannot go to the background: %s", strerror(errno));
    if (child > 0)
        _exit(hy_start_watch(config, child, log_size));
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/") || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        return hy_fail(err, errno, "cannot let go of the terminal: %s", strerror(errno));
    close(null);
    return 0;
}

static void reopen_log(void *context)
{
    hy_logger_reopen(context);
}

static int run(const struct hy_config *config, struct hy_logger *logger, const struct arguments *arguments,
               const char *resources, struct hy_watchdog *watchdog)
{
    const struct hy_log *log = hy_logger_log(logger);
    char *config_file = realpath(config->file, NULL);
    int why = config_file ? 0 : errno;
    char program[] = HY_CORE_PROGRAM, c[] = "-c", f[] = "-f";
    struct hy_buf told = {0};
    if (watchdog) {
        hy_buf_adds(&told, "--watchdog=");
        hy_watchdog_describe(watchdog, &told);
    }
    char *core[] = {program, c, config_file, NULL, NULL, NULL};
    size_t words = 3;
    if (arguments->foreground)
        core[words++] = f;
    if (watchdog)
        core[words++] = told.data;
    const struct hy_executor_options options = {.node = config->node,
                                                .agent_folder = config->paths.agents,
                                                .state_folder = resources,
                                                .lsb_folder = config->paths.lsb,
                                                .ocf_root = config->paths.ocf,
                                                .ocf_tools = HY_OCF_TOOLS,
                                                .config_file = config_file,
                                                .core_argv = core,
                                                .trust_any_owner = geteuid() != 0,
                                                .watchdog = watchdog,
                                                .log = log,
                                                .log_fd = hy_logger_fd(logger),
                                                .hung_up = reopen_log,
                                                .context = logger};
    hy_notice(log, "halyard %s starts on node %s of cluster %s", HY_VERSION, config->node, config->cluster);
    if (!config_file)
        hy_error(log, "%s: %s", config->file, strerror(why));
    if (!config_file)
        hy_watchdog_close(&watchdog, true);
    int status = config_file ? hy_executor_run(&options) : EX_CONFIG;
    hy_buf_free(&told);
    free(config_file);
    return status;
}

/* Everything that can be told at the terminal is told before the terminal is let go. */
static int start(const struct hy_config *config, const struct arguments *arguments)
{
    struct hy_err err = {{0}};
    struct hy_logger *logger = NULL;
    const struct hy_identity nobody_else = {0};
    char *resources =
        hy_asprintf("%s/resources", config->paths.run); /* root's: agents keep what they must know there */
    char *pid_path = hy_asprintf("%s/halyardd.pid", config->paths.run);
    int pid_fd = -1;
    struct hy_watchdog *watchdog = NULL;
    int status = EX_CONFIG;
    int rc = hy_logger_open(config, "executor", &logger, &err);
    if (!rc)
        rc = hy_identity_folder(&nobody_else, resources, &err);
    if (!rc)
        rc = hy_pidfile_lock(pid_path, &pid_fd, &err);
    if (!rc && config->watchdog.device) /* who relies on it must not run without it */
        rc =
            hy_watchdog_open(config->watchdog.device, config->watchdog.timeout, hy_logger_log(logger), &watchdog, &err);
    if (!rc && !arguments->foreground)
        rc = go_to_background(config, &err);
    if (!rc)
        rc = hy_pidfile_write(pid_fd, pid_path, &err);
    if (rc) {
        fprintf(stderr, "halyardd: %s\n", err.text);
        hy_watchdog_close(&watchdog, true);
    } else {
        if (arguments->foreground)
            hy_logger_to_stderr(logger);
        status = run(config, logger, arguments, resources, watchdog);
        unlink(pid_path);
    }
    if (pid_fd >= 0)
        close(pid_fd);
    hy_logger_close(&logger);
    free(pid_path);
    free(resources);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int status = parse(argc, argv, &arguments);
    if (status >= 0)
        return status;
    struct hy_config *config;
    struct hy_err err = {{0}};
    if (hy_config_read(arguments.config, &config, &err)) {
        fprintf(stderr, "halyardd: %s\n", err.text);
        return arguments.test ? 1 : EX_CONFIG;
    }
    status = arguments.test ? check(config) : start(config, &arguments);
    hy_config_free(&config);
    return status;
}
