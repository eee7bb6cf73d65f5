/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor: the process that runs operations, and holds the lease. It is the parent of the core and starts before
 * any ZeroMQ exists. Single-threaded, real-time, memory-locked, root; loads no agent into itself, parses no byte from
 * the network.
 *
 *   core --(socketpair, SOCK_SEQPACKET)--> executor --fork--> child: dlopen(agent), one operation, answer, _exit
 *        --(shared page: lease deadline)->
 *
 * ORDER. Per resource instance operations run one after the other in the order they came; different resources run side
 * by side, up to `max_children`. A `stop` uses the agent and parameters of the last start (so its order may leave them
 * out), ends the resource's recurring operations, and succeeds at once where the agent was never called (its parameters
 * were refused, or there is no such plug-in). An order that comes twice is run once, and answered twice. A change of
 * state whose id is lower than one already taken for the resource is CANCELLED: within a resource, ids must be given in
 * the order in which things are to be done.
 *
 * RECURRING. The first run is in the order of the resource; the next one is `interval` after the end of the last, only
 * the second one sooner, by a hash, so that they spread. None runs while start, stop and the like run or wait: it is
 * left out. The first answer is reported, then each that differs in exec, rc or reason. A cancel waits for a running
 * one.
 *
 * LEASE. When the deadline in the shared page has come (whatever became of the core), everything active that was
 * ordered with `lease` is stopped: operations under way are killed first, agents with HALYARD_CAP_FAST_RELEASE go
 * first, what fails is tried again every 5 s. Until the lease is renewed, orders that would start something under it
 * end with HY_EXEC_CANCELLED, "this node's lease has ended". What a monitor finds running counts as active too: probes
 * must carry `lease` as starts do.
 *
 * DEATHS. The core is started again, with services untouched. Should the executor itself be killed, "halyard-guard" (a
 * process that does nothing else) kills what is under way and stops everything under the lease. For this both must be
 * left alone by whoever ends the service: with systemd, KillMode=process.
 *
 * OUTCOMES. DONE: the agent (or, before it, the check of its parameters) has answered. DIED, TIMEOUT, ERROR, CANCELLED:
 * rc says nothing. `reason` is the agent's last word, or made from how it ended. `output` is there when it failed.
 *
 * SECRETS. The values of parameters are in memory that executor and guard share; they are written to no log.
 */
#ifndef HY_EXECUTOR_EXECUTOR_H
#define HY_EXECUTOR_EXECUTOR_H

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "cluster/operation.h"
#include "halyard/agent.h"

#include <stdatomic.h>
#include <stdint.h>

#define HY_LEASE_PAGE_MAGIC HALYARD_LEASE_MAGIC
#define HY_LEASE_PAGE_VERSION HALYARD_LEASE_VERSION

/* Shared by core (writes), executor, operations' children and programs in the kernel (read): the value of a BPF map, or
 * where the kernel refuses that, a page of a sealed memfd. What it is to agents is struct halyard_lease. */
struct hy_lease_page {
    uint32_t magic;
    uint32_t version;
    /* CLOCK_BOOTTIME in us; work under the lease goes on only until then. 0: no lease. HY_NEVER: none is required. */
    _Atomic int64_t deadline;
    /* The epoch since which no verdict on this node stands between: what was started under an earlier one must be let
     * go, though the deadline lie ahead. An executor that was frozen across a verdict and an admission sees only
     * this. */
    _Atomic uint32_t since;
};

struct hy_executor_options {
    const char *node;         /* this host's name in the cluster */
    const char *agent_folder; /* plug-ins */
    const char *state_folder; /* below it a folder for each resource */
    const char *lsb_folder;   /* "/etc/init.d" */
    char *const *core_argv;   /* the core's program and arguments; "--executor-fd=N" and "--lease-fd=N" are added */
    int max_children;         /* default 64 */
    bool trust_any_owner;     /* plug-ins need not be root's (tests as an ordinary user); a warning says so */
    const struct hy_log *log;
    int log_fd; /* what the log writes to, for the guard to keep; -1: nothing */
    /* On SIGHUP, before the core gets it: the log is to be opened anew. NULL: nothing to do. */
    void (*hung_up)(void *context);
    void *context;
};

/* Runs until SIGTERM or SIGINT, or until the core has ended for good: with status 0, or 78 (EX_CONFIG). SIGTERM goes on
 * to the core, which has a minute to stop what it wants stopped; what is then still active under the lease is stopped
 * here; the rest is left running. Core deaths: started again at once, when it has lived for less than 10 s after 50 ms,
 * 100 ms, ... 5 s. To be called in a process without threads; it changes signals, priority and limits for good. Returns
 * the exit status: the core's, or 1 when something could not be stopped. */
int hy_executor_run(const struct hy_executor_options *options);

/* ---- the core's side */

struct hy_executor_link; /* opaque */

/* What the executor says to the core. */
enum hy_executor_news_type {
    HY_EXECUTOR_OUTCOME, /* outcome */
    /* answer to hy_executor_query(): one message for each resource that is active or may be: outcome.rsc, .op = the
     * last state-changing operation ("monitor": was found running), .exec = PENDING while it runs, .id, .digest */
    HY_EXECUTOR_ACTIVE,
    HY_EXECUTOR_ACTIVE_END,
    /* the lease ended and everything under it has been stopped; `clean` tells whether all stops succeeded (if not, it
     * is tried again, and reported again). outcome.reason says what; outcome.rsc and .op are NULL, as with
     * ACTIVE_END */
    HY_EXECUTOR_RELEASED,
    /* op "watch": a watcher called changed(), outcome.reason says why, and the monitor runs now; it reports as ever. op
     * "monitor": no monitor is ordered, the executor has looked by itself, and this (rc, exec, reason) is wrong */
    HY_EXECUTOR_EVENT
};

struct hy_executor_news {
    enum hy_executor_news_type type;
    bool clean;
    struct hy_outcome outcome;
};

/* Takes over the descriptors that were passed on the command line (on success). For a new core the executor has ended
 * all recurring operations of the core before and dropped its orders that had not begun; it finishes what runs, and
 * keeps what is active. */
int hy_executor_link_open(int socket_fd, int lease_fd, struct hy_executor_link **link, struct hy_err *err);
void hy_executor_link_close(struct hy_executor_link **link);
int hy_executor_link_fd(const struct hy_executor_link *link);
/* -EAGAIN: cannot take it now (try again when the descriptor is writable); -EPIPE: the executor is gone; -EMSGSIZE:
 * more than a MiB. */
int hy_executor_order(struct hy_executor_link *link, const struct hy_operation *operation);
int hy_executor_query(struct hy_executor_link *link);
/* The next message: 1 and *news (free its outcome), 0 none now, -EPIPE the executor is gone, -EBADMSG. */
int hy_executor_next(struct hy_executor_link *link, struct hy_executor_news *news, struct hy_err *err);
/* One store to memory when `deadline` is later than the one before; a sooner one also sends a message, and takes effect
 * as fast. */
void hy_executor_set_lease(struct hy_executor_link *link, hy_time deadline, uint32_t since);

/* Describes an agent without loading it into this process: forks children (so: from a process without threads). For
 * hactl, and how verify knows agents. Lines of "KEY VALUE" (a text of several lines repeats its key): file, name,
 * version, brief, doc, capability, operation, start-timeout, stop-timeout, monitor-timeout, monitor-interval (as
 * "20000ms"); for each parameter
 *     param NAME TYPE [required] [unique] [secret]      TYPE: string, integer, boolean, duration, choice
 *     param-range NAME RANGE, param-default NAME TEXT, param-brief NAME TEXT, param-doc NAME TEXT
 * -ENOENT, -EBADMSG. */
int hy_agent_describe(const char *agent_folder, const char *agent, bool trust_any_owner, struct hy_buf *out,
                      struct hy_err *err);
int hy_agent_describe_file(const char *file, bool trust_any_owner, struct hy_buf *out, struct hy_err *err);

#endif
