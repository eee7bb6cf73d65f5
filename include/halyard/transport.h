/* SPDX-License-Identifier: Apache-2.0 */
/*
 * halyard/transport.h - the transport ABI, version 1.0
 *
 * A transport carries small datagrams (heartbeats) between the nodes of one link. It is a shared object that exports
 * exactly one symbol:
 *
 *     const struct halyard_transport halyard_transport_plugin;
 *
 * HOW IT IS RUN. Inside the core, in its thread of heartbeats: it may not block, sleep, fork or start threads. It opens
 * its sockets non-blocking in open() and has the host watch them. The host calls one function of an instance at a
 * time, except that from within received() and link() it may call send(), peer_add() and peer_del(): a transport that
 * walks its list of peers must reckon with that.
 *
 * WHAT IT NEED NOT DO. The host authenticates, numbers and encrypts what it sends, drops what is forged, doubled or
 * late, and repeats what matters. A transport may lose, double and reorder; it never alters and never invents who
 * sent what: the `from` it reports is a hint that the host verifies.
 *
 * WHO OWNS WHAT. Bytes and strings handed over are borrowed for the time of the call, in both directions. An
 * instance is the plugin's, from open() to close(); after close() the host calls nothing of it and it calls nothing
 * of the host's.
 *
 * VERSIONS. As in halyard/agent.h: magic, major (equal), minor (not newer than the host's), size (at least that of
 * 1.0); structs grow only at their end.
 *
 * ERRORS. Functions return 0 or -errno; a reason in words goes to host->log before that.
 */
#ifndef HALYARD_TRANSPORT_H
#define HALYARD_TRANSPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HALYARD_TRANSPORT_MAGIC UINT32_C(0x48415450) /* "HATP" */
#define HALYARD_TRANSPORT_MAJOR UINT32_C(1)
#define HALYARD_TRANSPORT_MINOR UINT32_C(1)

#define HALYARD_ALL UINT32_C(0) /* as a destination: every peer of the link. Node ids start at 1 */

struct halyard_tp;       /* the plugin's instance: one link */
struct halyard_tp_ctx;   /* the host's side of it; handed back with every call to the host */
struct halyard_tp_watch; /* one watched descriptor or timer */

enum { HALYARD_READABLE = 1, HALYARD_WRITABLE = 2 };

/* A setting of the link, from its block in the node's configuration file. The host refuses unknown ones. */
struct halyard_tp_param {
    const char *name; /* NULL ends the array */
    const char *def;  /* default, as text; NULL: none */
    const char *brief;
};

/* What the host offers. Only ever grows at its end. */
struct halyard_tp_host {
    uint32_t size;
    uint32_t minor;
    /* A setting ("port", "address": this node's own on the link, ...), default filled in; NULL: not set. */
    const char *(*get)(struct halyard_tp_ctx *ctx, const char *name);
    /* One line to the log; `priority` as in syslog(3). */
    void (*log)(struct halyard_tp_ctx *ctx, int priority, const char *format, ...)
#if defined(__GNUC__)
        __attribute__((format(printf, 3, 4)))
#endif
        ;
    /* Milliseconds of a clock that never jumps. Tests inject their own. */
    int64_t (*now_ms)(struct halyard_tp_ctx *ctx);
    /* Calls back when `fd` is ready for `events`; a pending error counts as readable. One watch a descriptor:
     * -EEXIST. */
    int (*watch)(struct halyard_tp_ctx *ctx, int fd, uint32_t events,
                 void (*ready)(struct halyard_tp *tp, int fd, uint32_t events), struct halyard_tp_watch **watch);
    /* Calls back every `ms` milliseconds. */
    int (*timer)(struct halyard_tp_ctx *ctx, int64_t ms, void (*due)(struct halyard_tp *tp),
                 struct halyard_tp_watch **watch);
    /* Ends either; sets *watch to NULL. */
    void (*unwatch)(struct halyard_tp_ctx *ctx, struct halyard_tp_watch **watch);
    /* A datagram has come in. `from`: the node it seems to be from, by its address; 0 when that is no peer's. */
    void (*received)(struct halyard_tp_ctx *ctx, uint32_t from, const void *data, size_t size);
    /* The link to `node` (HALYARD_ALL: the whole link) is known to work (up = 1) or not (0), and why: loss of carrier,
     * "connection refused". Only what the transport knows at once; silence is the host's business. Only changes. May
     * be called from open() on. A hint: whoever can forge an ICMP message can forge this. */
    void (*link)(struct halyard_tp_ctx *ctx, uint32_t node, int up, const char *why);
};

struct halyard_tp_peer {
    uint32_t size;
    uint32_t node;
    const char *address; /* as configured: a numeric IPv4 or IPv6 address, or what the transport documents */
    uint16_t port;       /* 0: the link's own */
};

struct halyard_tp_stats {
    uint32_t size;
    uint64_t sent, received; /* datagrams */
    uint64_t send_dropped;   /* the kernel did not take them */
    uint64_t receive_bad;    /* not from a peer's address, cut, empty */
};

enum {
    HALYARD_TP_MULTICAST = 1u << 0 /* a send to HALYARD_ALL is one datagram on the wire */
};

struct halyard_transport {
    uint32_t magic, major, minor, size; /* guard the rest */
    uint32_t param_size;                /* stride of `params` */
    uint32_t caps;
    const char *name; /* as in the configuration: `transport = "udpu"` */
    const char *version;
    const char *brief;
    const struct halyard_tp_param *params; /* never NULL; ends with name == NULL */

    /* Opens the link; *tp is the instance, NULL on an error. After -EADDRNOTAVAIL and -ENODEV (its address or
     * interface is not there yet) the host tries again; after any other error it does not start. */
    int (*open)(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, struct halyard_tp **tp);
    /* Ends it, sets *tp to NULL. No call to the host after it returns. */
    void (*close)(struct halyard_tp **tp);
    int (*peer_add)(struct halyard_tp *tp, const struct halyard_tp_peer *peer); /* copies; -EEXIST when known */
    int (*peer_del)(struct halyard_tp *tp, uint32_t node);                      /* -ENOENT when unknown */
    /* Sends one datagram to `node` or to HALYARD_ALL (0 when it went to one of them at least). -EAGAIN: dropped for
     * want of room (the host goes on), -EMSGSIZE: larger than max_payload, -ENOENT: no such peer. */
    int (*send)(struct halyard_tp *tp, uint32_t node, const void *data, size_t size);
    /* The largest datagram, in bytes; at least 1200. */
    size_t (*max_payload)(const struct halyard_tp *tp);
    /* Fills what fits in stats->size. NULL: none kept. */
    void (*stats)(const struct halyard_tp *tp, struct halyard_tp_stats *stats);

    /* Since 1.1. NULL: only open() knows. What is wrong with the settings, whatever this host has at the moment: opens nothing,
     * and calls get() and log() alone. 0, or -EINVAL after one line at LOG_ERR that names the setting. */
    int (*check)(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx);
};

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct halyard_transport halyard_transport_plugin;

#ifdef __cplusplus
}
#endif

#endif
