/* SPDX-License-Identifier: Apache-2.0 */
/*
 * halyard-core: the part of a node that talks. Started by halyardd, the executor, which hands it a socket and the lease
 * page; not meant to be started by hand.
 */
#include "base/alloc.h"
#include "bus/quiet.h"
#include "daemon/config.h"
#include "daemon/logger.h"
#include "daemon/node.h"
#include "pulse/thread.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

struct arguments {
    const char *config;
    int executor_fd;
    int lease_fd;
    const char *watchdog;
    bool foreground;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"executor-fd", required_argument, NULL, 'e'},
                                            {"lease-fd", required_argument, NULL, 'l'},
                                            {"watchdog", required_argument, NULL, 'w'},
                                            {NULL, 0, NULL, 0}};
    *arguments = (struct arguments){.config = HY_CONFIG_FILE, .executor_fd = -1, .lease_fd = -1};
    int option;
    while ((option = getopt_long(argc, argv, "c:f", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->config = optarg;
            break;
        case 'f':
            arguments->foreground = true;
            break;
        case 'e':
            arguments->executor_fd = atoi(optarg);
            break;
        case 'w':
            arguments->watchdog = optarg;
            break;
        case 'l':
            arguments->lease_fd = atoi(optarg);
            break;
        default:
            return -EINVAL;
        }
    }
    return arguments->executor_fd < 0 || arguments->lease_fd < 0 ? -EINVAL : 0;
}

/* Signals come through the loop; czmq's own handlers would turn SIGTERM into a flag nobody looks at. */
static void take_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    hy_czmq_quiet();
}

/* Heartbeats must go out on time, on a busy host too; and so must votes and what is to be committed, so the threads of
 * ZeroMQ and of the store inherit it. The thread of heartbeats is begun when the core is root no more, and goes above it; memory is
 * locked then, too: under a limit that only root may pass, later allocations would fail.
 * Not permitted (a container, an ordinary user): it works, less surely. */
static void be_real_time(const struct hy_log *log)
{
    const struct sched_param param = {.sched_priority = HY_PRIORITY_MAIN};
    const struct rlimit highest = {HY_PRIORITY_PULSE, HY_PRIORITY_PULSE}, any = {RLIM_INFINITY, RLIM_INFINITY};
    if (sched_setscheduler(0, SCHED_RR, &param))
        hy_warning(log, "no real-time priority for the core (%s): a busy host may make it late", strerror(errno));
    /* Refused: then so is what they are for, and that is said there. */
    setrlimit(RLIMIT_RTPRIO, &highest);
    setrlimit(RLIMIT_MEMLOCK, &any);
}

/* What may be over when the core is started again, without anybody touching the configuration. */
static int exit_status(int rc)
{
    switch (rc) {
    case -EADDRNOTAVAIL:
    case -EADDRINUSE:
    case -EWOULDBLOCK:
    case -ENOSPC:
    case -EDQUOT:
    case -EIO:
    case -EROFS:
        return EX_TEMPFAIL;
    default:
        return EX_CONFIG;
    }
}

static int run(const struct arguments *arguments, const struct hy_config *config, struct hy_logger *logger)
{
    const struct hy_log *log = hy_logger_log(logger);
    struct hy_node *node;
    struct hy_err err = {{0}};
    hy_notice(log, "halyard %s, node %s of cluster %s", HY_VERSION, config->node, config->cluster);
    be_real_time(log);
    int rc = hy_node_open(config, logger, arguments->executor_fd, arguments->lease_fd, &node, &err);
    if (rc) {
        hy_error(log, "%s", err.text);
        return exit_status(rc);
    }
    rc = hy_node_run(node);
    hy_node_close(&node);
    hy_notice(log, "the core ends%s%s", rc ? ": " : " in good order", rc ? strerror(-rc) : "");
    return rc ? EX_SOFTWARE : EX_OK;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (parse(argc, argv, &arguments)) {
        fprintf(stderr, "halyard-core: it is started by halyardd, not by hand\n");
        return EX_USAGE;
    }
    prctl(PR_SET_NAME, "halyard-core");
    take_signals();
    struct hy_config *config;
    struct hy_err err = {{0}};
    if (hy_config_read(arguments.config, &config, &err)) {
        fprintf(stderr, "halyard-core: %s\n", err.text);
        return EX_CONFIG;
    }
    config->watchdog.in_force = arguments.watchdog ? hy_strdup(arguments.watchdog) : NULL;
    struct hy_logger *logger;
    if (hy_logger_open(config, "core", &logger, &err)) {
        fprintf(stderr, "halyard-core: %s\n", err.text);
        hy_config_free(&config);
        return EX_CONFIG;
    }
    if (arguments.foreground)
        hy_logger_to_stderr(logger);
    int status = run(&arguments, config, logger);
    hy_logger_close(&logger);
    hy_config_free(&config);
    return status;
}
