/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor: the process that runs operations, and holds the lease. It is the parent of the core and starts before any ZeroMQ
 * exists. Single-threaded, real-time, memory-locked, root; loads no agent into itself, parses no byte from the network.
 *
 *   core --(socketpair, SOCK_SEQPACKET)--> executor --fork--> operation child: dlopen(agent), one operation, answer, _exit
 *        --(shared page: lease deadline)->
 *
 * Per resource instance operations run one after the other in the order they came; different resources run side by side, up to
 * `max_children`. Recurring operations are spread over their interval. When the deadline in the shared page has passed, or the core has been
 * dead or silent that long, it stops by itself every active resource that is under the lease: those with HALYARD_CAP_FAST_RELEASE first.
 */
#ifndef HY_EXECUTOR_EXECUTOR_H
#define HY_EXECUTOR_EXECUTOR_H

#include "base/err.h"
#include "base/log.h"
#include "base/time.h"
#include "cluster/operation.h"

#include <stdatomic.h>
#include <stdint.h>

#define HY_LEASE_PAGE_MAGIC UINT32_C(0x48594c50)
#define HY_LEASE_PAGE_VERSION UINT32_C(1)

/* Shared by core (writes), executor and watch children (read): one page of a sealed memfd. */
struct hy_lease_page {
    uint32_t magic;
    uint32_t version;
    /* CLOCK_BOOTTIME in us; work under the lease goes on only until then. 0: no lease. HY_NEVER: none is required. */
    _Atomic int64_t deadline;
    /* The epoch since which no verdict on this node stands between: what was started under an earlier one must be let go,
     * though the deadline lie ahead. An executor that was frozen across a verdict and an admission sees only this. */
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
};

/* Runs until SIGTERM or SIGINT (or until the core has ended with status 0 for good), having stopped the core first. Core deaths: restarted at
 * once, later ones with a growing pause; exit status 0 ends the executor, status 78 (EX_CONFIG) ends it with an error. Returns the exit status. */
int hy_executor_run(const struct hy_executor_options *options);

/* ---- the core's side */

struct hy_executor_link; /* opaque */

/* What the executor says to the core. */
enum hy_executor_news_type {
    HY_EXECUTOR_OUTCOME, /* outcome */
    HY_EXECUTOR_ACTIVE, /* answer to hy_executor_query(): one message for each resource that is active or may be: outcome.rsc, .op = the
                             last state-changing operation, .exec = PENDING while it runs, .id */
    HY_EXECUTOR_ACTIVE_END,
    HY_EXECUTOR_RELEASED, /* the lease ended and everything under it has been stopped; `clean` tells whether all stops succeeded. outcome.reason says what */
    HY_EXECUTOR_EVENT     /* a watcher called changed(): outcome.rsc, outcome.reason */
};

struct hy_executor_news {
    enum hy_executor_news_type type;
    bool clean;
    struct hy_outcome outcome;
};

/* Takes over the descriptors that were passed on the command line. On a new link the executor cancels all recurring operations
 * of the core before, finishes what runs, and keeps what is active. */
int hy_executor_link_open(int socket_fd, int lease_fd, struct hy_executor_link **link, struct hy_err *err);
void hy_executor_link_close(struct hy_executor_link **link);
int hy_executor_link_fd(const struct hy_executor_link *link);
/* -EAGAIN: cannot take it now (try again when the descriptor is writable); -EPIPE: the executor is gone. */
int hy_executor_order(struct hy_executor_link *link, const struct hy_operation *operation);
int hy_executor_query(struct hy_executor_link *link);
/* The next message: 1 and *news (free its outcome), 0 none now, -EPIPE the executor is gone, -EBADMSG. */
int hy_executor_next(struct hy_executor_link *link, struct hy_executor_news *news, struct hy_err *err);
void hy_executor_set_lease(struct hy_executor_link *link, hy_time deadline, uint32_t since);

/* Describes an agent without loading it into this process: forks a child. Text lines for hactl; also how verify knows agents. -ENOENT, -EBADMSG. */
int hy_agent_describe(const char *agent_folder, const char *agent, bool trust_any_owner, struct hy_buf *out,
                      struct hy_err *err);

#endif
