/* SPDX-License-Identifier: Apache-2.0 */
/* The executor's main: wires its parts, starts guard and core, and ends in order. */
#include "executor/executor.h"

#include "executor/active.h"
#include "executor/core_process.h"
#include "executor/guard.h"
#include "executor/lease.h"
#include "executor/port.h"
#include "executor/queue.h"
#include "executor/sound.h"
#include "executor/warm.h"
#include "executor/watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { END_GRACE_SECONDS = 5 };

/* The parts, and nothing else: each knows only what it is handed. */
struct executor {
    const struct hy_executor_options *options;
    const struct hy_log *log;
    struct hy_exec_env env;
    char *cache_dir; /* what plug-ins have found out of agents */
    struct hy_loop *loop;
    struct hy_agent_table *agents;
    struct hy_actives actives;
    struct hy_warm *warm;
    struct hy_queue *queue;
    struct hy_lease lease;
    struct hy_sound sound;
    struct hy_watchdog *watchdog;
    struct hy_guard *guard;
    struct hy_port port;
    struct hy_core core;
    struct hy_watched signals;
    int status;
};

/* ---- between core and queue */

static void take_order(void *context, struct hy_operation *operation)
{
    struct executor *executor = context;
    hy_queue_order(executor->queue, operation);
}

static void send_active(void *context, const struct hy_outcome *active)
{
    struct executor *executor = context;
    hy_port_send_outcome(&executor->port, HY_PACKET_ACTIVE, active);
}

static void answer_query(void *context)
{
    struct executor *executor = context;
    hy_queue_report(executor->queue, send_active, executor);
    hy_port_send_text(&executor->port, HY_PACKET_ACTIVE_END, false, "");
}

static void look_at_lease(void *context)
{
    struct executor *executor = context;
    hy_lease_look(&executor->lease);
}

static void take_hands_off(void *context, const char *names)
{
    struct executor *executor = context;
    hy_queue_hands_off(executor->queue, names);
}

static void send_outcome(void *context, const struct hy_outcome *outcome)
{
    struct executor *executor = context;
    hy_port_send_outcome(&executor->port, HY_PACKET_OUTCOME, outcome);
}

static void send_event(void *context, const struct hy_outcome *event)
{
    struct executor *executor = context;
    hy_port_send_outcome(&executor->port, HY_PACKET_EVENT, event);
}

static void send_released(void *context, bool clean, const char *report)
{
    struct executor *executor = context;
    hy_sound_released(&executor->sound, clean);
    hy_port_send_text(&executor->port, HY_PACKET_RELEASED, clean, report);
}

static bool is_sound(void *context, struct hy_err *why)
{
    struct executor *executor = context;
    return hy_sound_is(&executor->sound, why);
}

static bool lease_holds(void *context, uint32_t epoch)
{
    struct executor *executor = context;
    return hy_lease_holds(&executor->lease, epoch);
}

static int note_actives(void *context, const struct hy_actives *actives)
{
    struct executor *executor = context;
    int rc = hy_guard_note(executor->guard, actives);
    hy_lease_look(&executor->lease);
    return rc;
}

/* ---- the core's life */

static void core_begun(void *context, int socket)
{
    struct executor *executor = context;
    hy_queue_forget_orders(executor->queue);
    int rc = hy_port_open(&executor->port, socket);
    if (!rc)
        return;
    hy_error(executor->log, "no link to the core: %s", strerror(-rc));
    hy_core_kill(&executor->core);
}

static void core_died(void *context)
{
    struct executor *executor = context;
    hy_port_close(&executor->port);
}

static void core_is_stuck(void *context)
{
    struct executor *executor = context;
    hy_error(executor->log, "the core does not take its messages: it is ended, to start afresh");
    hy_core_kill(&executor->core);
}

/* ---- the end */

static void nothing_runs(void *context)
{
    struct executor *executor = context;
    hy_loop_stop(executor->loop);
}

static void end_queue(struct executor *executor)
{
    hy_queue_end(executor->queue, END_GRACE_SECONDS * HY_SECOND, nothing_runs, executor);
}

static void released_at_end(void *context, bool clean, const char *report)
{
    struct executor *executor = context;
    if (*report)
        hy_log_line(executor->log, clean ? HY_LOG_NOTICE : HY_LOG_ERROR, "at the end: %s", report);
    if (!clean)
        executor->status = EXIT_FAILURE;
    end_queue(executor);
}

static void try_release_at_end(void *context)
{
    struct executor *executor = context;
    if (hy_queue_release(executor->queue, "the executor is ending", released_at_end, executor))
        return;
    /* The lease has ended just now: when that release is through, ours finds what it has left. */
    hy_loop_at(executor->loop, &executor->core.timer, hy_loop_now() + 50 * HY_MS, try_release_at_end, executor);
}

static void core_ended(void *context, int status)
{
    struct executor *executor = context;
    executor->status = status;
    hy_port_close(&executor->port);
    hy_queue_forget_orders(executor->queue);
    try_release_at_end(executor);
}

static void signal_ready(void *context)
{
    struct executor *executor = context;
    struct signalfd_siginfo info;
    while (read(executor->signals.fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
            hy_core_stop(&executor->core);
        } else if (info.ssi_signo == SIGHUP) {
            if (executor->options->hung_up)
                executor->options->hung_up(executor->options->context);
            hy_core_hang_up(&executor->core);
        }
    }
}

/* ---- the beginning */

static int take_signals(struct executor *executor, struct hy_err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    int fd = sigprocmask(SIG_BLOCK, &set, NULL) ? -1 : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return hy_fail(err, errno, "signals: %s", strerror(errno));
    int rc = hy_loop_watch(executor->loop, &executor->signals, fd, signal_ready, executor);
    return rc ? hy_fail(err, -rc, "signals: %s", strerror(-rc)) : 0;
}

/* A descriptor that lands on 0, 1 or 2 would be taken for what it is not. */
static void fill_standard_descriptors(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 0)
        close(fd);
}

static int scan_agents(struct executor *executor, struct hy_err *err)
{
    struct hy_buf problems = {0};
    int rc = hy_agent_table_scan(executor->env.agent_folder, executor->env.trust_any_owner, &executor->agents,
                                 &problems, err);
    for (char *line = problems.data, *end; line && (end = strchr(line, '\n')); line = end + 1)
        hy_warning(executor->log, "%.*s", (int)(end - line), line);
    hy_buf_free(&problems);
    executor->env.agents = executor->agents;
    return rc;
}

/* Names of resources do not begin with a dot. */
static void take_site(struct executor *executor, const struct hy_executor_options *options)
{
    struct hy_site site = {0};
    hy_site_init(&site, NULL);
    executor->cache_dir = hy_asprintf("%s/.meta-data", options->state_folder);
    site.site.ocf_root = options->ocf_root;
    site.site.ocf_tools = options->ocf_tools;
    site.site.config_file = options->config_file;
    site.site.cache_dir = executor->cache_dir;
    executor->env.site = site.site;
}

static int make_state_folder(const char *path, struct hy_err *err)
{
    if (mkdir(path, 0711) == 0 || errno == EEXIST)
        return 0;
    return hy_fail(err, errno, "state folder %s: %s", path, strerror(errno));
}

static void wire_queue(struct executor *executor, int max_children)
{
    if (!executor->warm)
        executor->warm = hy_warm_new(executor->loop, &executor->env, &executor->actives);
    struct hy_queue_spec spec = {.loop = executor->loop,
                                 .env = &executor->env,
                                 .actives = &executor->actives,
                                 .warm = executor->warm,
                                 .max_children = max_children,
                                 .outcome = send_outcome,
                                 .event = send_event,
                                 .lease_holds = lease_holds,
                                 .context = executor};
    executor->queue = hy_queue_new(&spec);
    executor->lease.loop = executor->loop;
    executor->lease.log = executor->log;
    executor->lease.actives = &executor->actives;
    executor->lease.queue = executor->queue;
    executor->lease.released = send_released;
    executor->lease.context = executor;
    executor->sound.lease = &executor->lease;
    executor->actives.changed = note_actives;
    executor->actives.context = executor;
}

static void wire_core(struct executor *executor, char *const *argv)
{
    executor->port = (struct hy_port){.loop = executor->loop,
                                      .log = executor->log,
                                      .socket.fd = -1,
                                      .order = take_order,
                                      .query = answer_query,
                                      .look = look_at_lease,
                                      .hands_off = take_hands_off,
                                      .stuck = core_is_stuck,
                                      .context = executor};
    executor->core = (struct hy_core){.loop = executor->loop,
                                      .log = executor->log,
                                      .origin = &executor->env.origin,
                                      .argv = argv,
                                      .lease_fd = executor->lease.page_fd,
                                      .exit.fd = -1,
                                      .begun = core_begun,
                                      .died = core_died,
                                      .ended = core_ended,
                                      .context = executor};
}

/* Below Linux 5.11 a map counts as locked memory: so after the limit of that has gone. */
static int make_lease_page(struct executor *executor, struct hy_err *err)
{
    int rc = hy_lease_make_page(&executor->lease, true, err);
    if (rc)
        return rc;
    int no_map = executor->lease.no_map;
    executor->env.page = executor->lease.page;
    executor->env.lease_map = no_map ? no_map : executor->lease.page_fd;
    if (no_map)
        hy_notice(executor->log,
                  "the lease cannot be shown to programs in the kernel (bpf: %s): addresses are bound to it by their "
                  "lifetime alone",
                  strerror(-no_map));
    return 0;
}

static int prepare(struct executor *executor, const struct hy_executor_options *options, struct hy_err *err)
{
    int rc = make_state_folder(options->state_folder, err);
    if (!rc)
        rc = scan_agents(executor, err);
    if (!rc)
        rc = hy_loop_new(&executor->loop, err);
    if (!rc)
        rc = take_signals(executor, err);
    if (rc)
        return rc;
    if (options->trust_any_owner)
        hy_warning(executor->log, "plug-ins need not belong to root: whoever may write one runs code as this user");
    hy_process_raise(&executor->env.origin, executor->log);
    rc = make_lease_page(executor, err);
    if (rc)
        return rc;
    wire_queue(executor, options->max_children);
    wire_core(executor, options->core_argv);
    if (executor->watchdog)
        hy_watchdog_begin(executor->watchdog, executor->loop, is_sound, executor);
    return hy_guard_start(executor->loop, &executor->env, &executor->guard, err);
}

/* It is stopped when nothing is left that may not run on. */
static void release_parts(struct executor *executor)
{
    hy_watchdog_close(&executor->watchdog, !hy_actives_any_leased(&executor->actives));
    hy_guard_dismiss(&executor->guard);
    hy_warm_free(&executor->warm);
    hy_queue_free(&executor->queue);
    executor->actives.changed = NULL;
    hy_actives_free(&executor->actives);
    hy_lease_close(&executor->lease);
    if (executor->signals.fd >= 0)
        close(executor->signals.fd);
    hy_loop_free(&executor->loop);
    hy_agent_table_free(&executor->agents);
    free(executor->cache_dir);
}

int hy_executor_run(const struct hy_executor_options *options)
{
    struct executor executor = {.options = options,
                                .log = options->log,
                                .watchdog = options->watchdog,
                                .env = {.node = options->node,
                                        .agent_folder = options->agent_folder,
                                        .state_folder = options->state_folder,
                                        .lsb_folder = options->lsb_folder,
                                        .trust_any_owner = options->trust_any_owner,
                                        .log = options->log,
                                        .log_fd = options->log_fd},
                                .signals.fd = -1,
                                .port.socket.fd = -1};
    struct hy_err err;
    fill_standard_descriptors();
    hy_process_name("halyard-exec");
    take_site(&executor, options);
    int rc = prepare(&executor, options, &err);
    if (!rc) {
        hy_core_start(&executor.core);
        rc = hy_loop_run(executor.loop, &err);
    }
    if (rc) {
        hy_error(options->log, "%s", err.text);
        executor.status = EX_OSERR;
    }
    release_parts(&executor);
    return executor.status;
}
