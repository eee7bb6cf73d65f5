/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local socket: how hactl talks to this node's core. A ZeroMQ ROUTER on ipc://RUN/core/halyard.sock; who may open the
 * socket (the folder's mode) may command the cluster.
 *
 *   request   "halyard-ipc 1", verb, arguments
 *   reply     "halyard-ipc 1", code (decimal: 0 or -errno), text (of the error, or ""), payload
 *
 *   state    payload: report as JSON, the CIB as text (cib/grammar.h: hy_cib_save_to_show), as this node has them now
 *   read     the same, but the state contains every change that was acknowledged anywhere in the cluster before the
 *            request was made; -EHOSTUNREACH without quorum (no payload then)
 *   command  statements, by, via, session, number, repeat
 *            statements of cib/command.h; replied to when committed and applied, or refused. The last three may lack:
 *            the client's session (hexadecimal), the number of the request in it, and, when the same request was sent
 *            before, the log index that the client knew then (at least 1). See "Client sessions" in cib/command.h
 *   found    this node, which is blank, forms a cluster with the blank nodes it hears; replied to when that is done, or
 *            refused
 */
#ifndef HY_DAEMON_IPC_H
#define HY_DAEMON_IPC_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "loop/loop.h"

#include <stddef.h>
#include <stdint.h>

#define HY_IPC_HELLO "halyard-ipc 1"

struct hy_ipc;

struct hy_ipc_command {
    const char *statements;
    size_t size;
    const char *by;
    const char *via;
    uint64_t session; /* 0: none */
    uint64_t number;
    uint64_t repeat;
};

struct hy_ipc_handlers {
    void *context;
    /* Fills the two payloads of `state`. */
    void (*state)(void *context, struct hy_buf *report, struct hy_buf *cib);
    /* Takes a command; the answer comes later by hy_ipc_answer(client). */
    void (*command)(void *context, uint64_t client, const struct hy_ipc_command *command);
    /* The state is to be made certain; the answer comes later by hy_ipc_answer(client), and `state` is asked then. */
    void (*read)(void *context, uint64_t client);
    /* The answer comes later by hy_ipc_answer(client). */
    void (*found)(void *context, uint64_t client);
};

/* The socket gets mode 0660. -EADDRINUSE, -EACCES. */
int hy_ipc_open(const char *path, const struct hy_ipc_handlers *handlers, struct hy_loop *loop,
                const struct hy_log *log, struct hy_ipc **ipc, struct hy_err *err);
void hy_ipc_answer(struct hy_ipc *ipc, uint64_t client, int code, const char *text);
void hy_ipc_close(struct hy_ipc **ipc);

#endif
