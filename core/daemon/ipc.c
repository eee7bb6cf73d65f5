/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ipc.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "bus/socket.h"

#include <czmq.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_WAITING = 4096, MAX_MESSAGE = 16 * 1024 * 1024, REQUESTS_PER_TURN = 32, MAX_WORD = 255 };

struct waiting {
    uint64_t client;
    zframe_t *identity;
    bool reads; /* the state is to be sent, not only a word */
};

struct hy_ipc {
    zsock_t *router;
    struct hy_loop *loop;
    struct hy_watched watched;
    struct hy_ipc_handlers handlers;
    struct hy_log log;
    HY_VEC(struct waiting) waiting; /* for the answer to a command or a read */
    uint64_t last_client;
};

/* The functions that take an identity as zframe_t ** take it for good: *identity is NULL then. */

static zmsg_t *reply_to(zframe_t **identity, int code, const char *text)
{
    zmsg_t *reply = zmsg_new();
    zmsg_append(reply, identity);
    zmsg_addstr(reply, HY_IPC_HELLO);
    zmsg_addstrf(reply, "%d", code);
    zmsg_addstr(reply, text ? text : "");
    return reply;
}

static void send_reply(struct hy_ipc *ipc, zmsg_t **reply)
{
    if (zmsg_send(reply, ipc->router))
        zmsg_destroy(reply); /* whoever asked has gone */
    hy_loop_again(ipc->loop, &ipc->watched);
}

static void reply_plain(struct hy_ipc *ipc, zframe_t **identity, int code, const char *text)
{
    zmsg_t *reply = reply_to(identity, code, text);
    send_reply(ipc, &reply);
}

static void serve_state(struct hy_ipc *ipc, zframe_t **identity)
{
    struct hy_buf report = {0};
    struct hy_buf cib = {0};
    ipc->handlers.state(ipc->handlers.context, &report, &cib);
    zmsg_t *reply = reply_to(identity, 0, "");
    zmsg_addmem(reply, hy_buf_text(&report), report.size);
    zmsg_addmem(reply, hy_buf_text(&cib), cib.size);
    send_reply(ipc, &reply);
    hy_buf_free(&report);
    hy_buf_free(&cib);
}

/* A word that goes into the head of a command must be one: a copy of it, or NULL. */
static char *pop_word(zmsg_t *request)
{
    zframe_t *frame = zmsg_pop(request);
    const unsigned char *text = frame ? zframe_data(frame) : NULL;
    size_t size = frame ? zframe_size(frame) : 0;
    bool is_word = size && size <= MAX_WORD;
    for (size_t i = 0; is_word && i < size; i++)
        is_word = text[i] > ' ' && text[i] < 127 && !strchr("\"\\'", text[i]);
    char *word = is_word ? hy_strndup((const char *)text, size) : NULL;
    zframe_destroy(&frame);
    return word;
}

/* Takes whoever asks into the list of those who wait; 0 when there are too many. */
static uint64_t await_answer(struct hy_ipc *ipc, zframe_t **identity, bool reads)
{
    if (ipc->waiting.count >= MAX_WAITING) {
        reply_plain(ipc, identity, -EBUSY, "too many are waiting for their answer here; try again later");
        return 0;
    }
    const struct waiting waiting = {.client = ++ipc->last_client, .identity = *identity, .reads = reads};
    *identity = NULL;
    hy_vec_push(&ipc->waiting, waiting);
    return waiting.client;
}

/* A number; one that is not there is 0. */
static bool pop_number(zmsg_t *request, int base, uint64_t *number)
{
    char text[24] = "";
    char *end = text;
    zframe_t *frame = zmsg_pop(request);
    size_t size = frame ? zframe_size(frame) : 0;
    bool fits = size < sizeof text;
    if (size && fits)
        memcpy(text, zframe_data(frame), size);
    zframe_destroy(&frame);
    errno = 0;
    *number = strtoull(text, &end, base);
    return fits && (!size || (text[0] >= '0' && end == text + size && !errno));
}

/* A request without a session has no number, one with a session has. */
static bool read_session(zmsg_t *request, struct hy_ipc_command *command)
{
    return pop_number(request, 16, &command->session) && pop_number(request, 10, &command->number) &&
           pop_number(request, 10, &command->repeat) && !command->session == !command->number &&
           (command->session || !command->repeat);
}

static void serve_command(struct hy_ipc *ipc, zframe_t **identity, zmsg_t *request)
{
    zframe_t *statements = zmsg_pop(request);
    char *by = pop_word(request), *via = pop_word(request);
    struct hy_ipc_command command = {.by = by, .via = via};
    uint64_t client;
    if (statements) {
        command.statements = (const char *)zframe_data(statements);
        command.size = zframe_size(statements);
    }
    if (!by || !via)
        reply_plain(ipc, identity, -EINVAL, "command: expected statements, who sends them, and by what");
    else if (!read_session(request, &command))
        reply_plain(ipc, identity, -EINVAL,
                    "command: expected a session (hexadecimal), the number of the request in it (from 1 on), and 0 or "
                    "the index of an earlier attempt");
    else if (command.size > MAX_MESSAGE / 4)
        reply_plain(ipc, identity, -EMSGSIZE, "command: larger than 4 MiB");
    else if ((client = await_answer(ipc, identity, false)))
        ipc->handlers.command(ipc->handlers.context, client, &command);
    zframe_destroy(&statements);
    free(by);
    free(via);
}

static void serve_read(struct hy_ipc *ipc, zframe_t **identity)
{
    uint64_t client = await_answer(ipc, identity, true);
    if (client)
        ipc->handlers.read(ipc->handlers.context, client);
}

static void serve_found(struct hy_ipc *ipc, zframe_t **identity)
{
    uint64_t client = await_answer(ipc, identity, false);
    if (client)
        ipc->handlers.found(ipc->handlers.context, client);
}

static bool is_text(zframe_t *frame, const char *text)
{
    return frame && zframe_streq(frame, text);
}

static void serve(struct hy_ipc *ipc, zmsg_t *request)
{
    zframe_t *identity = zmsg_pop(request), *hello = zmsg_pop(request), *verb = zmsg_pop(request);
    if (!is_text(hello, HY_IPC_HELLO))
        reply_plain(ipc, &identity, -EPROTO,
                    "the core of this node speaks '" HY_IPC_HELLO "': use the hactl that belongs to it");
    else if (is_text(verb, "state"))
        serve_state(ipc, &identity);
    else if (is_text(verb, "read"))
        serve_read(ipc, &identity);
    else if (is_text(verb, "command"))
        serve_command(ipc, &identity, request);
    else if (is_text(verb, "found"))
        serve_found(ipc, &identity);
    else
        reply_plain(ipc, &identity, -ENOSYS, "unknown verb: expected state, read, command or found");
    zframe_destroy(&identity);
    zframe_destroy(&hello);
    zframe_destroy(&verb);
}

static void readable(void *context)
{
    struct hy_ipc *ipc = context;
    zmsg_t *request;
    int served = 0;
    while (served < REQUESTS_PER_TURN && (request = zmsg_recv(ipc->router))) {
        serve(ipc, request);
        zmsg_destroy(&request);
        served++;
    }
    if (served == REQUESTS_PER_TURN)
        hy_loop_again(ipc->loop, &ipc->watched);
}

static int open_router(struct hy_ipc *ipc, const char *path, struct hy_err *err)
{
    ipc->router = zsock_new(ZMQ_ROUTER);
    if (!ipc->router)
        return hy_fail(err, zmq_errno(), "local socket: cannot be made: %s", zmq_strerror(zmq_errno()));
    zsock_set_linger(ipc->router, 0);
    zsock_set_rcvtimeo(ipc->router, 0); /* zmsg_recv() does not wait */
    zsock_set_maxmsgsize(ipc->router, MAX_MESSAGE);
    zsock_set_sndhwm(ipc->router, 1000);
    zsock_set_rcvhwm(ipc->router, 10000);
    if (zsock_bind(ipc->router, "ipc://%s", path))
        return hy_fail(err, zmq_errno(), "local socket %s: %s", path, zmq_strerror(zmq_errno()));
    return hy_socket_watch(ipc->loop, &ipc->watched, zsock_resolve(ipc->router), readable, ipc, err);
}

int hy_ipc_open(const char *path, const struct hy_ipc_handlers *handlers, struct hy_loop *loop,
                const struct hy_log *log, struct hy_ipc **ipc, struct hy_err *err)
{
    struct hy_ipc *opened = hy_alloc(sizeof *opened);
    opened->loop = loop;
    opened->watched.fd = -1;
    opened->handlers = *handlers;
    opened->log = *log;
    int rc = open_router(opened, path, err);
    if (rc) {
        hy_ipc_close(&opened);
        return rc;
    }
    if (chmod(path, 0660))
        hy_warning(log, "local socket %s: its mode cannot be set: %s", path, strerror(errno));
    *ipc = opened;
    return 0;
}

void hy_ipc_answer(struct hy_ipc *ipc, uint64_t client, int code, const char *text)
{
    for (size_t i = 0; i < ipc->waiting.count; i++) {
        if (ipc->waiting.items[i].client != client)
            continue;
        struct waiting waiting = ipc->waiting.items[i];
        hy_vec_remove(&ipc->waiting, i);
        if (waiting.reads && !code)
            serve_state(ipc, &waiting.identity);
        else
            reply_plain(ipc, &waiting.identity, code, text);
        return;
    }
}

void hy_ipc_close(struct hy_ipc **ipc)
{
    struct hy_ipc *closed = *ipc;
    if (!closed)
        return;
    hy_loop_unwatch(closed->loop, &closed->watched);
    zsock_destroy(&closed->router);
    for (size_t i = 0; i < closed->waiting.count; i++)
        zframe_destroy(&closed->waiting.items[i].identity);
    hy_vec_free(&closed->waiting);
    free(closed);
    *ipc = NULL;
}
