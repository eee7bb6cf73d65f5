/* SPDX-License-Identifier: Apache-2.0 */
/*
 * halyard/agent.h - the resource-agent ABI, version 1.0
 *
 * A resource agent knows how to start, stop and check one kind of thing: an address, an init script, a supervised
 * program. It is a shared object that exports exactly one symbol:
 *
 *     const struct halyard_agent halyard_agent_plugin;
 *
 * HOW IT IS RUN. Each operation runs in a process of its own: the executor forks a child, the child (never the executor
 * or the core) loads the shared object, calls one function, and ends with its answer. So an operation
 *   - is synchronous and may block: it has until its deadline (host->ms_left), then its process group gets SIGTERM and,
 *     5 s later, SIGKILL, and the operation counts as timed out;
 *   - may crash, leak, exit() or print: that harms nobody, and becomes the operation's result ("killed by SIGSEGV");
 *   - may keep nothing in memory for the next one: state lives in the system (the address is there or not), or below
 *     host->state_dir;
 *   - runs as root with a clean environment (PATH, LANG=C), its own process group, stdin from /dev/null; what it writes
 *     to stdout and stderr is kept (the last 4 KiB) and shown to the operator, without an end to how much it may write;
 *   - is never run twice at once for one resource instance (except `watch`, which runs beside the others).
 *
 * WHAT IT ANSWERS. One of enum halyard_rc: the exit codes of the OCF Resource Agent API 1.1 (and Pacemaker's reading of
 * them: "Pacemaker Administration", chapter "Resource agents"). Whenever it is not HALYARD_OK, say why with
 * host->reason: one line for a tired operator: what is wrong, where, and what would be right.
 *
 * WHO OWNS WHAT. Everything in the descriptor is constant and lives as long as the shared object is loaded. Strings
 * from the host live until the operation returns; the host copies what it is handed. Neither side frees the other's
 * memory.
 *
 * VERSIONS. The host checks, in this order and before it touches anything else: magic, major (must be equal), minor
 * (must not be newer than the host's), size (at least that of version 1.0). Structs only ever grow at their end. The
 * host reads `size` bytes and takes what is missing as NULL; a plugin that uses something newer than 1.0 of the host's
 * asks host->size first. Removal or change of meaning raises the major.
 *
 * WHERE IT LIES. In the plugin folder (`/usr/lib/halyard/agents`), owned by root and writable by nobody else, or it is
 * refused: it is code that runs as root.
 */
#ifndef HALYARD_AGENT_H
#define HALYARD_AGENT_H

#include <stdarg.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HALYARD_AGENT_MAGIC UINT32_C(0x48414741) /* "HAGA": tells an agent from some other shared object */
#define HALYARD_AGENT_MAJOR UINT32_C(1)
#define HALYARD_AGENT_MINOR UINT32_C(0)

/* The answer of an operation. Numbers and meaning: OCF Resource Agent API 1.1, section "Exit codes". */
enum halyard_rc {
    HALYARD_OK = 0,                 /* done; monitor: runs (promotable: unpromoted) */
    HALYARD_ERR_GENERIC = 1,        /* failed; monitor: active but broken. Retried here, or moved */
    HALYARD_ERR_ARGS = 2,           /* a parameter makes no sense on this node: not tried here again */
    HALYARD_ERR_UNIMPLEMENTED = 3,  /* this agent has no such operation */
    HALYARD_ERR_PERM = 4,           /* not allowed to, on this node */
    HALYARD_ERR_INSTALLED = 5,      /* what it needs is not installed on this node */
    HALYARD_ERR_CONFIGURED = 6,     /* the parameters are wrong on every node: not tried anywhere */
    HALYARD_NOT_RUNNING = 7,        /* monitor, probe: cleanly stopped (not: broken) */
    HALYARD_RUNNING_PROMOTED = 8,   /* monitor: runs in the promoted role */
    HALYARD_FAILED_PROMOTED = 9,    /* monitor: broken in the promoted role */
    HALYARD_DEGRADED = 190,         /* monitor: runs, but trouble is near */
    HALYARD_DEGRADED_PROMOTED = 191 /* the same in the promoted role */
};

/* What a parameter's text must be. The host checks it before an operation sees it. */
enum halyard_type {
    HALYARD_STRING = 0,
    HALYARD_INTEGER = 1,  /* decimal; `range` "1..65535", "1.."; the agent gets it without "+" and leading zeros */
    HALYARD_BOOLEAN = 2,  /* as Pacemaker: true|yes|on|y|1, false|no|off|n|0; the agent gets "true" or "false" */
    HALYARD_DURATION = 3, /* "30", "30s", "500ms", "2min", "1h"; the agent gets milliseconds, in decimal */
    HALYARD_CHOICE = 4    /* one of `range` "a|b|c" */
};

enum {
    HALYARD_REQUIRED = 1u << 0,
    HALYARD_UNIQUE = 1u << 1, /* no two resources may have the same value */
    HALYARD_SECRET = 1u << 2  /* never logged, never shown */
};

struct halyard_param {
    const char *name; /* NULL ends the array */
    uint32_t type;    /* enum halyard_type */
    uint32_t flags;
    const char *def;   /* default, as text; NULL: none */
    const char *range; /* see the type; NULL: any */
    const char *brief; /* one line */
    const char *doc;   /* as long as it takes; NULL: the brief line says it all */
};

/* This one invocation; opaque, valid until the operation returns. */
struct halyard_op;

/* What the host offers to an operation. Only ever grows at its end. */
struct halyard_host {
    uint32_t size;  /* of this struct, in the host that runs you */
    uint32_t minor; /* of the host's ABI */

    /* The value of a parameter: checked, the default filled in; NULL when it is not set and has no default. */
    const char *(*get)(const struct halyard_op *op, const char *name);
    /* A meta attribute as OCF agents see it in CRM_meta_* ("timeout" and "interval" in ms, "clone_max", ...), and
     * "lsb_folder", where init scripts lie; NULL: not there. */
    const char *(*meta)(const struct halyard_op *op, const char *name);
    /* The resource: "ClusterIP", or with its number, "db:1", when it is an instance of a globally unique clone. */
    const char *(*resource)(const struct halyard_op *op);
    /* The last word of the agent's name as configured: the script's name in lsb:maxscale. */
    const char *(*type)(const struct halyard_op *op);
    const char *(*node)(const struct halyard_op *op); /* this host's name in the cluster */
    /* A directory for this resource's own files, present, 0700, empty after a reboot. */
    const char *(*state_dir)(const struct halyard_op *op);
    /* Milliseconds until the deadline; 0 when it has passed; INT64_MAX for `watch`. */
    int64_t (*ms_left)(const struct halyard_op *op);
    /* Milliseconds that this node may go on running what is its, as things stand: the lease. It is renewed all the
     * time; 0: it has ended, and what the resource holds must be let go. For `watch`. INT64_MAX: no lease is
     * required. */
    int64_t (*lease_ms)(const struct halyard_op *op);
    /* One line to the log. `priority` as syslog(3): LOG_ERR 3, LOG_WARNING 4, LOG_NOTICE 5, LOG_INFO 6, LOG_DEBUG 7. */
    void (*log)(const struct halyard_op *op, int priority, const char *format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 3, 4)))
#endif
        ;
    /* Why the answer is what it is: one line, kept with the result and shown by `hactl status`. The last call
     * counts. */
    void (*reason)(const struct halyard_op *op, const char *format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 2, 3)))
#endif
        ;
    /* For `watch`: something has changed, check at once. The host runs `monitor`. */
    void (*changed)(const struct halyard_op *op, const char *why);
    /* Runs a program with the operation's environment and waits for it: its exit status 0..255, or -errno when it could
     * not be run or was killed (-ETIMEDOUT: by the deadline, -EINTR: by a signal). Its output goes where the
     * operation's goes. Children it leaves behind in the background with stdout open hold nobody up. argv ends with
     * NULL. */
    int (*run)(const struct halyard_op *op, const char *const argv[]);
    /* Like run(), with what the program printed to stdout, up to `size` - 1 bytes and a NUL, copied to `out`. */
    int (*capture)(const struct halyard_op *op, const char *const argv[], char *out, uint32_t size);
};

typedef enum halyard_rc halyard_op_fn(const struct halyard_host *host, const struct halyard_op *op);

/* Capabilities. */
enum {
    /* `stop` lets go in well under a millisecond. At the end of the lease these are stopped first. */
    HALYARD_CAP_FAST_RELEASE = 1u << 0,
    /* `start` may be prepared while another node still holds the resource (reserved; the host does not use it yet). */
    HALYARD_CAP_PREPARE = 1u << 1
};

/*
 * The agent. The operations' contract:
 *   start    runs it. OK when it already runs. Returns when it serves, not when it has been asked to.
 *   stop     stops it, for certain. OK when it is not running. An error means that it may still be running somewhere:
 *            without fencing the cluster then leaves it alone until an operator has looked.
 *   monitor  OK when it runs and serves, NOT_RUNNING when cleanly stopped, else an error. Changes nothing.
 *   probe    as monitor, before anything has been started: must also answer where the software is not installed
 *            (then: NOT_RUNNING, or ERR_INSTALLED). NULL: monitor.
 *   validate the parameters fit together and to this node. Touches nothing. NULL: the types in `params` say it all.
 *   promote, demote, notify, reload, migrate_to, migrate_from: as OCF has them. NULL: cannot.
 *   watch    runs as long as the resource is started, beside the other operations, in a process of its own; calls
 *            host->changed() when something has happened to the resource, so that a failure is seen when it happens and
 *            not at the next monitor; may look after what it holds (announce an address again). Blocks in poll() or the
 *            like; ends by SIGTERM. When it returns or dies it is started again, after a pause that grows. NULL: none.
 */
struct halyard_agent {
    uint32_t magic; /* HALYARD_AGENT_MAGIC; these four guard the rest */
    uint32_t major; /* HALYARD_AGENT_MAJOR */
    uint32_t minor; /* HALYARD_AGENT_MINOR */
    uint32_t size;  /* sizeof(struct halyard_agent) */

    uint32_t param_size; /* sizeof(struct halyard_param): the stride of `params` */
    uint32_t caps;

    /* The name users type, CLASS[:PROVIDER]:TYPE. `ocf`, `heartbeat`, `IPaddr2`; `lsb`, NULL, `*` (serves any type). */
    const char *cls;
    const char *provider; /* NULL where the class has none */
    const char *type;

    const char *version; /* the plugin's own */
    const char *brief;   /* one line */
    const char *doc;
    const struct halyard_param *params; /* never NULL; ends with name == NULL */

    /* Advice, in milliseconds, for `hactl` and for operations that are not configured; 0: none. */
    uint32_t start_ms, stop_ms, monitor_ms, interval_ms;

    halyard_op_fn *start, *stop, *monitor; /* required */
    halyard_op_fn *probe, *validate;
    halyard_op_fn *promote, *demote, *notify, *reload;
    halyard_op_fn *migrate_to, *migrate_from;
    halyard_op_fn *watch;
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct halyard_agent halyard_agent_plugin;

#ifdef __cplusplus
}
#endif

#endif
