/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ipc.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_WAITING = 4096, MAX_MESSAGE = 16 * 1024 * 1024, REQUESTS_PER_TURN = 32 };

struct waiting {
    uint64_t client;
    zframe_t *identity;
    bool reads; /* the state is to be sent, not only a word */
};

struct hy_ipc {
    zsock_t *router;
    zloop_t *loop;
    struct hy_ipc_handlers handlers;
    struct hy_log log;
    HY_VEC(struct waiting) waiting; /* for the answer to a command or a read; clients grow */
    uint64_t last_client;
};

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
    zmsg_t *reply = reply_to(identity, 0, NULL);
    zmsg_addmem(reply, hy_buf_text(&report), report.size);
    zmsg_addmem(reply, hy_buf_text(&cib), cib.size);
    send_reply(ipc, &reply);
    hy_buf_free(&report);
    hy_buf_free(&cib);
}

/* A word that goes into the head of a command must be one. */
static bool is_word(const char *text)
{
    if (!text || !*text || strlen(text) > 255)
        return false;
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == '\'' || *p == 127)
            return false;
    return true;
}

/* Takes whoever asks into the list of those who wait; 0 when there are too many. */
static uint64_t wait_for_answer(struct hy_ipc *ipc, zframe_t **identity, bool reads)
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

/* The next frame as a number; one that is not there is 0. */
static bool pop_number(zmsg_t *request, int base, uint64_t *number)
{
    char *text = zmsg_popstr(request);
    char *end = text;
    errno = 0;
    *number = text ? strtoull(text, &end, base) : 0;
    bool right = !text || (*text >= '0' && !*end && !errno);
    zstr_free(&text);
    return right;
}

/* A request without a session has no number, one with a session has. */
static bool pop_session(zmsg_t *request, struct hy_ipc_command *command)
{
    return pop_number(request, 16, &command->session) && pop_number(request, 10, &command->number) &&
           pop_number(request, 10, &command->repeat) && !command->session == !command->number &&
           (command->session || !command->repeat);
}

static void serve_command(struct hy_ipc *ipc, zframe_t **identity, zmsg_t *request)
{
    zframe_t *statements = zmsg_pop(request);
    char *by = zmsg_popstr(request);
    char *via = zmsg_popstr(request);
    struct hy_ipc_command command = {.by = by, .via = via};
    uint64_t client;
    if (!statements || !is_word(by) || !is_word(via)) {
        reply_plain(ipc, identity, -EINVAL, "command: expected statements, who sends them, and by what");
    } else if (!pop_session(request, &command)) {
        reply_plain(ipc, identity, -EINVAL,
                    "command: expected a session (hexadecimal), the number of the request in it (from 1 on), and 0 or "
                    "the index of an earlier attempt");
    } else if (zframe_size(statements) > MAX_MESSAGE / 4) {
        reply_plain(ipc, identity, -EMSGSIZE, "command: larger than 4 MiB");
    } else if ((client = wait_for_answer(ipc, identity, false))) {
        command.statements = (const char *)zframe_data(statements);
        command.size = zframe_size(statements);
        ipc->handlers.command(ipc->handlers.context, client, &command);
    }
    zframe_destroy(&statements);
    zstr_free(&by);
    zstr_free(&via);
}

static void serve_read(struct hy_ipc *ipc, zframe_t **identity)
{
    uint64_t client = wait_for_answer(ipc, identity, true);
    if (client)
        ipc->handlers.read(ipc->handlers.context, client);
}

static void serve(struct hy_ipc *ipc, zmsg_t *request)
{
    zframe_t *identity = zmsg_pop(request);
    char *hello = zmsg_popstr(request);
    char *verb = zmsg_popstr(request);
    if (!hello || strcmp(hello, HY_IPC_HELLO) != 0)
        reply_plain(ipc, &identity, -EPROTO,
                    "the core of this node speaks '" HY_IPC_HELLO "': use the hactl that belongs to it");
    else if (verb && strcmp(verb, "state") == 0)
        serve_state(ipc, &identity);
    else if (verb && strcmp(verb, "read") == 0)
        serve_read(ipc, &identity);
    else if (verb && strcmp(verb, "command") == 0)
        serve_command(ipc, &identity, request);
    else
        reply_plain(ipc, &identity, -ENOSYS, "unknown verb: expected state, read or command");
    zframe_destroy(&identity);
    zstr_free(&hello);
    zstr_free(&verb);
}

static int readable(zloop_t *loop, zsock_t *reader, void *context)
{
    (void)loop;
    struct hy_ipc *ipc = context;
    for (int i = 0; i < REQUESTS_PER_TURN && (zsock_events(reader) & ZMQ_POLLIN); i++) {
        zmsg_t *request = zmsg_recv(reader);
        if (!request)
            break;
        serve(ipc, request);
        zmsg_destroy(&request);
    }
    return 0;
}

int hy_ipc_open(const char *path, const struct hy_ipc_handlers *handlers, zloop_t *loop, const struct hy_log *log,
                struct hy_ipc **ipc, struct hy_err *err)
{
    zsock_t *router = zsock_new(ZMQ_ROUTER);
    if (!router)
        return hy_fail(err, ENOMEM, "local socket: cannot be made");
    zsock_set_linger(router, 0);
    zsock_set_maxmsgsize(router, MAX_MESSAGE);
    zsock_set_sndhwm(router, 1000);
    zsock_set_rcvhwm(router, 10000);
    if (zsock_bind(router, "ipc://%s", path)) {
        int why = errno;
        zsock_destroy(&router);
        return hy_fail(err, why, "local socket %s: %s", path, strerror(why));
    }
    if (chmod(path, 0660))
        hy_warning(log, "local socket %s: its mode cannot be set: %s", path, strerror(errno));
    struct hy_ipc *opened = hy_alloc(sizeof *opened);
    opened->router = router;
    opened->loop = loop;
    opened->handlers = *handlers;
    opened->log = *log;
    zloop_reader(loop, router, readable, opened);
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
    zloop_reader_end(closed->loop, closed->router);
    zsock_destroy(&closed->router);
    for (size_t i = 0; i < closed->waiting.count; i++)
        zframe_destroy(&closed->waiting.items[i].identity);
    hy_vec_free(&closed->waiting);
    free(closed);
    *ipc = NULL;
}
