/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ipc.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "bus/frames.h"
#include "bus/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_WAITING = 4096, MAX_MESSAGE = 16 * 1024 * 1024, REQUESTS_PER_TURN = 32, MAX_WORD = 255 };

/* Whom a ROUTER sends to; the bytes are ZeroMQ's. */
struct waiting {
    uint64_t client;
    struct hy_buf identity;
    bool reads; /* the state is to be sent, not only a word */
};

struct hy_ipc {
    void *zmq, *router;
    struct hy_loop *loop;
    struct hy_watched watched;
    struct hy_ipc_handlers handlers;
    struct hy_log log;
    HY_VEC(struct waiting) waiting; /* for the answer to a command or a read */
    uint64_t last_client;
};

/* Each part of a request; `identity` first, which ROUTER puts there. */
enum { IDENTITY, HELLO, VERB, STATEMENTS, BY, VIA, SESSION, NUMBER, REPEAT };

struct part {
    const void *data;
    size_t size;
};

static struct part part_of(struct hy_frames *request, size_t number)
{
    if (number >= request->count)
        return (struct part){NULL, 0};
    zmq_msg_t *part = &request->parts[number];
    return (struct part){zmq_msg_data(part), zmq_msg_size(part)};
}

static bool is_text(struct part part, const char *text)
{
    return part.size == strlen(text) && !memcmp(part.data, text, part.size);
}

/* A client that is gone gets nothing: ROUTER drops it. */
static void reply(struct hy_ipc *ipc, struct part identity, int code, const char *text, const struct part *payload,
                  size_t count)
{
    char number[16];
    int digits = snprintf(number, sizeof number, "%d", code);
    const struct part head[] = {
        identity, {HY_IPC_HELLO, strlen(HY_IPC_HELLO)}, {number, (size_t)digits}, {text, strlen(text)}};
    enum { HEAD = sizeof head / sizeof *head };
    int rc = 0;
    for (size_t i = 0; !rc && i < HEAD + count; i++) {
        const struct part *part = i < HEAD ? &head[i] : &payload[i - HEAD];
        rc = hy_frame_send(ipc->router, part->data, part->size, i + 1 < HEAD + count);
    }
    hy_loop_again(ipc->loop, &ipc->watched);
}

static void reply_plain(struct hy_ipc *ipc, struct part identity, int code, const char *text)
{
    reply(ipc, identity, code, text ? text : "", NULL, 0);
}

static void serve_state(struct hy_ipc *ipc, struct part identity)
{
    struct hy_buf report = {0};
    struct hy_buf cib = {0};
    ipc->handlers.state(ipc->handlers.context, &report, &cib);
    reply(ipc, identity, 0, "",
          (const struct part[]){{hy_buf_text(&report), report.size}, {hy_buf_text(&cib), cib.size}}, 2);
    hy_buf_free(&report);
    hy_buf_free(&cib);
}

/* A word that goes into the head of a command must be one: a copy of it, or NULL. */
static char *word(struct part part)
{
    if (!part.size || part.size > MAX_WORD)
        return NULL;
    const unsigned char *text = part.data;
    for (size_t i = 0; i < part.size; i++)
        if (text[i] <= ' ' || text[i] >= 127 || strchr("\"\\'", text[i]))
            return NULL;
    return hy_strndup(part.data, part.size);
}

/* Takes whoever asks into the list of those who wait; 0 when there are too many. */
static uint64_t await_answer(struct hy_ipc *ipc, struct part identity, bool reads)
{
    if (ipc->waiting.count >= MAX_WAITING) {
        reply_plain(ipc, identity, -EBUSY, "too many are waiting for their answer here; try again later");
        return 0;
    }
    struct waiting waiting = {.client = ++ipc->last_client, .reads = reads};
    hy_buf_add(&waiting.identity, identity.data, identity.size);
    hy_vec_push(&ipc->waiting, waiting);
    return waiting.client;
}

/* A number; one that is not there is 0. */
static bool is_number(struct part part, int base, uint64_t *number)
{
    char text[24] = "";
    char *end = text;
    if (part.size >= sizeof text)
        return false;
    if (part.size)
        memcpy(text, part.data, part.size);
    errno = 0;
    *number = strtoull(text, &end, base);
    return !part.size || (text[0] >= '0' && end == text + part.size && !errno);
}

/* A request without a session has no number, one with a session has. */
static bool read_session(struct hy_frames *request, struct hy_ipc_command *command)
{
    return is_number(part_of(request, SESSION), 16, &command->session) &&
           is_number(part_of(request, NUMBER), 10, &command->number) &&
           is_number(part_of(request, REPEAT), 10, &command->repeat) && !command->session == !command->number &&
           (command->session || !command->repeat);
}

static void serve_command(struct hy_ipc *ipc, struct part identity, struct hy_frames *request)
{
    struct part statements = part_of(request, STATEMENTS);
    char *by = word(part_of(request, BY)), *via = word(part_of(request, VIA));
    struct hy_ipc_command command = {.statements = statements.data, .size = statements.size, .by = by, .via = via};
    uint64_t client;
    if (!by || !via)
        reply_plain(ipc, identity, -EINVAL, "command: expected statements, who sends them, and by what");
    else if (!read_session(request, &command))
        reply_plain(ipc, identity, -EINVAL,
                    "command: expected a session (hexadecimal), the number of the request in it (from 1 on), and 0 or "
                    "the index of an earlier attempt");
    else if (statements.size > MAX_MESSAGE / 4)
        reply_plain(ipc, identity, -EMSGSIZE, "command: larger than 4 MiB");
    else if ((client = await_answer(ipc, identity, false)))
        ipc->handlers.command(ipc->handlers.context, client, &command);
    free(by);
    free(via);
}

static void serve_read(struct hy_ipc *ipc, struct part identity)
{
    uint64_t client = await_answer(ipc, identity, true);
    if (client)
        ipc->handlers.read(ipc->handlers.context, client);
}

static void serve_found(struct hy_ipc *ipc, struct part identity)
{
    uint64_t client = await_answer(ipc, identity, false);
    if (client)
        ipc->handlers.found(ipc->handlers.context, client);
}

static void serve(struct hy_ipc *ipc, struct hy_frames *request)
{
    struct part identity = part_of(request, IDENTITY), verb = part_of(request, VERB);
    if (!is_text(part_of(request, HELLO), HY_IPC_HELLO))
        reply_plain(ipc, identity, -EPROTO,
                    "the core of this node speaks '" HY_IPC_HELLO "': use the hactl that belongs to it");
    else if (is_text(verb, "state"))
        serve_state(ipc, identity);
    else if (is_text(verb, "read"))
        serve_read(ipc, identity);
    else if (is_text(verb, "command"))
        serve_command(ipc, identity, request);
    else if (is_text(verb, "found"))
        serve_found(ipc, identity);
    else
        reply_plain(ipc, identity, -ENOSYS, "unknown verb: expected state, read, command or found");
}

static void readable(void *context)
{
    struct hy_ipc *ipc = context;
    struct hy_frames request;
    int served = 0;
    while (served < REQUESTS_PER_TURN && hy_frames_receive(ipc->router, &request)) {
        serve(ipc, &request);
        hy_frames_free(&request);
        served++;
    }
    if (served == REQUESTS_PER_TURN)
        hy_loop_again(ipc->loop, &ipc->watched);
}

static int open_router(struct hy_ipc *ipc, const char *path, struct hy_err *err)
{
    int64_t largest = MAX_MESSAGE;
    ipc->zmq = zmq_ctx_new();
    ipc->router = ipc->zmq ? zmq_socket(ipc->zmq, ZMQ_ROUTER) : NULL;
    if (!ipc->router || zmq_setsockopt(ipc->router, ZMQ_LINGER, &(int){0}, sizeof(int)) ||
        zmq_setsockopt(ipc->router, ZMQ_MAXMSGSIZE, &largest, sizeof largest) ||
        zmq_setsockopt(ipc->router, ZMQ_SNDHWM, &(int){1000}, sizeof(int)) ||
        zmq_setsockopt(ipc->router, ZMQ_RCVHWM, &(int){10000}, sizeof(int)))
        return hy_fail(err, zmq_errno(), "local socket: cannot be made: %s", zmq_strerror(zmq_errno()));
    char *endpoint = hy_asprintf("ipc://%s", path);
    int rc = zmq_bind(ipc->router, endpoint)
                 ? hy_fail(err, zmq_errno(), "local socket %s: %s", path, zmq_strerror(zmq_errno()))
                 : 0;
    free(endpoint);
    return rc ? rc : hy_socket_watch(ipc->loop, &ipc->watched, ipc->router, readable, ipc, err);
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
        struct part identity = {waiting.identity.data, waiting.identity.size};
        hy_vec_remove(&ipc->waiting, i);
        if (waiting.reads && !code)
            serve_state(ipc, identity);
        else
            reply_plain(ipc, identity, code, text);
        hy_buf_free(&waiting.identity);
        return;
    }
}

void hy_ipc_close(struct hy_ipc **ipc)
{
    struct hy_ipc *closed = *ipc;
    if (!closed)
        return;
    hy_loop_unwatch(closed->loop, &closed->watched);
    hy_socket_close(&closed->router);
    while (closed->zmq && zmq_ctx_term(closed->zmq) && zmq_errno() == EINTR)
        ;
    for (size_t i = 0; i < closed->waiting.count; i++)
        hy_buf_free(&closed->waiting.items[i].identity);
    hy_vec_free(&closed->waiting);
    free(closed);
    *ipc = NULL;
}
