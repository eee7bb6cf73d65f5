/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/connection.h"

#include "base/alloc.h"
#include "daemon/ipc.h"
#include "hactl/dealer.h"
#include "hactl/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    STATE_TIMEOUT_MS = 2000,
    READ_TIMEOUT_MS = 5000, /* an election and a slow disk are over by then */
    SILENCE_MS = 5000,      /* after that the question is put again, over a new connection */
    PAUSE_MS = 20,
    RESTART_MS = 1000 /* a core that was killed is mostly back by then */
};

struct hactl_connection {
    struct dealer dealer;
    uint64_t session; /* cib/command.h, "Client sessions" */
    uint64_t number;  /* of the last request in it */
    uint64_t known;   /* the log index that the core has told last */
};

/* A question on its way to an answer. */
struct exchange {
    zmsg_t *question; /* but for the last frame, `repeat`, when there is one */
    bool is_command;
    bool is_glance; /* whoever asks wants no waiting */
    bool sent;      /* it may have been taken */
    int code;       /* of the answer */
    struct hy_err text;
    zmsg_t *payload; /* what else the answer has */
};

bool hactl_is_reachable(struct hactl *h)
{
    if (!h->config && hy_config_read(h->config_file, &h->config, NULL))
        return false;
    char *path = hy_config_socket(h->config);
    bool is_there = dealer_probe(path) == 0;
    free(path);
    return is_there;
}

static int no_connection(const char *path, int rc)
{
    if (rc == -EACCES)
        hactl_fail("no connection: %s may not be opened by this user: become root", path);
    else if (rc == -ECONNREFUSED || rc == -ENOENT)
        hactl_fail("no connection: halyardd does not run on this host (%s: %s)", path, strerror(-rc));
    else
        hactl_fail("no connection to %s: %s", path, strerror(-rc));
    return HACTL_NO_CONNECTION;
}

static int open_session(struct hactl *h)
{
    if (h->connection)
        return HACTL_OK;
    uint64_t session = 0;
    while (!session)
        if (getrandom(&session, sizeof session, 0) != sizeof session)
            return hactl_fail("no random number to be had: %s", strerror(errno));
    h->connection = hy_alloc(sizeof *h->connection);
    h->connection->session = session;
    return HACTL_OK;
}

void hactl_hang_up(struct hactl *h)
{
    if (!h->connection)
        return;
    dealer_close(&h->connection->dealer);
    zsys_shutdown();
}

void hactl_disconnect(struct hactl *h)
{
    if (!h->connection)
        return;
    hactl_hang_up(h);
    free(h->connection);
    h->connection = NULL;
}

void hactl_note_index(struct hactl *h, uint64_t index)
{
    if (h->connection && index > h->connection->known)
        h->connection->known = index;
}

/* Hello, code, text, and what belongs to them. The answer is taken. */
static int read_answer(struct exchange *exchange, zmsg_t *answer)
{
    char *hello = zmsg_popstr(answer), *code = zmsg_popstr(answer), *text = zmsg_popstr(answer);
    bool is_known = hello && code && text && strcmp(hello, HY_IPC_HELLO) == 0;
    if (is_known) {
        exchange->code = atoi(code);
        snprintf(exchange->text.text, sizeof exchange->text.text, "%s", text);
    }
    zstr_free(&hello);
    zstr_free(&code);
    zstr_free(&text);
    zmsg_destroy(&exchange->payload);
    exchange->payload = answer;
    return is_known ? 0 : -EPROTO;
}

static int send_question(struct hactl_connection *connection, struct exchange *exchange)
{
    zmsg_t *message = zmsg_dup(exchange->question);
    uint64_t known = connection->known ? connection->known : 1;
    if (exchange->is_command)
        zmsg_addstrf(message, "%" PRIu64, exchange->sent ? known : 0);
    exchange->sent = true;
    return dealer_send(&connection->dealer, &message);
}

/* One attempt: 0 and an answer, or -errno: there is none so far. */
static int try_exchange(struct hactl *h, const char *path, struct exchange *exchange, int64_t deadline)
{
    struct dealer *dealer = &h->connection->dealer;
    int64_t left = deadline - hactl_now_ms();
    int patience = left < 1 ? 1 : left < SILENCE_MS ? (int)left : SILENCE_MS;
    zmsg_t *answer = NULL;
    int rc = dealer->socket ? 0 : dealer_open(dealer, path, patience);
    if (!rc)
        rc = send_question(h->connection, exchange);
    if (!rc)
        rc = dealer_await(dealer, &answer, patience);
    if (!rc)
        rc = read_answer(exchange, answer);
    if (rc)
        dealer_close(dealer); /* a late answer must not be taken for that of the next question */
    return rc;
}

/* An answer that leaves the matter open: it may be another one in a moment. */
static bool is_final(const struct exchange *exchange, bool repeated)
{
    if (!exchange->is_command)
        return true;
    if (exchange->code == -EBUSY)
        return false; /* the core has too much to do: not taken */
    /* What was sent before may have been taken all the same. */
    return !repeated || exchange->code != -EHOSTUNREACH;
}

static int tell_no_answer(const struct exchange *exchange, int patience_ms, const char *late)
{
    if (!exchange->is_command)
        return hactl_fail("no answer in %g s: %s", patience_ms / 1000.0, late);
    if (!exchange->sent)
        return hactl_fail("no connection in %g s: the change was not made", patience_ms / 1000.0);
    return hactl_fail(
        "outcome unknown: no answer in %g s%s%s; the change may have been made, or may still be: look with "
        "`hactl configure show`",
        patience_ms / 1000.0, exchange->text.text[0] ? ": " : "", exchange->text.text);
}

/* Nobody behind the socket, or no more: a core was killed a moment ago, or there is no daemon. */
static bool may_be_back(const struct exchange *exchange, int rc, int64_t waited_ms)
{
    bool nobody = rc == -ECONNREFUSED || rc == -ECONNRESET || rc == -EPIPE;
    return rc == -ETIMEDOUT || rc == -EAGAIN || (nobody && !exchange->is_glance && waited_ms < RESTART_MS);
}

/*
 * Asks until there is an answer, or patience ends. The core may go away and come back meanwhile: the session and the
 * number of a command see to it that it is taken once. Who finds nobody there at the very first is told so.
 */
static int ask(struct hactl *h, struct exchange *exchange, int patience_ms, const char *late)
{
    const struct hy_config *config = hactl_config(h);
    if (!config || open_session(h))
        return HACTL_FAILED;
    char *path = hy_config_socket(config);
    int64_t began = hactl_now_ms(), deadline = began + patience_ms;
    bool fresh = !h->connection->dealer.socket;
    int status = -1;
    while (status < 0) {
        bool repeated = exchange->sent;
        int rc = try_exchange(h, path, exchange, deadline);
        if (!rc && is_final(exchange, repeated))
            status = HACTL_OK;
        else if (rc == -EPROTO)
            status = hactl_fail("the daemon of this host speaks another language: use the hactl that belongs to it");
        else if (rc && fresh && !exchange->sent && !may_be_back(exchange, rc, hactl_now_ms() - began))
            status = no_connection(path, rc);
        else if (hactl_now_ms() + PAUSE_MS >= deadline)
            status = tell_no_answer(exchange, patience_ms, late);
        else
            hactl_pause_ms(PAUSE_MS);
    }
    free(path);
    return status;
}

static zmsg_t *question_of(const char *verb)
{
    zmsg_t *question = zmsg_new();
    zmsg_addstr(question, HY_IPC_HELLO);
    zmsg_addstr(question, verb);
    return question;
}

static void end_exchange(struct exchange *exchange)
{
    zmsg_destroy(&exchange->question);
    zmsg_destroy(&exchange->payload);
}

static void take_payload(struct exchange *exchange, struct hy_buf *out)
{
    zframe_t *frame = zmsg_pop(exchange->payload);
    if (frame)
        hy_buf_add(out, zframe_data(frame), zframe_size(frame));
    zframe_destroy(&frame);
}

static int ask_for_state(struct hactl *h, const char *verb, int patience_ms, struct hy_buf *report, struct hy_buf *cib,
                         int *code, struct hy_err *refusal)
{
    struct exchange exchange = {.question = question_of(verb), .is_glance = strcmp(verb, "state") == 0};
    int status = ask(h, &exchange, patience_ms, "the core of this host does not react");
    *code = exchange.code;
    *refusal = exchange.text;
    if (!status && !exchange.code) {
        take_payload(&exchange, report);
        take_payload(&exchange, cib);
    }
    end_exchange(&exchange);
    return status;
}

int hactl_ask_state(struct hactl *h, struct hy_buf *report, struct hy_buf *cib)
{
    int code;
    struct hy_err refusal;
    int status = ask_for_state(h, "state", STATE_TIMEOUT_MS, report, cib, &code, &refusal);
    return !status && code ? hactl_fail("%s", refusal.text) : status;
}

int hactl_ask_read(struct hactl *h, struct hy_buf *report, struct hy_buf *cib, int *code, struct hy_err *refusal)
{
    return ask_for_state(h, "read", READ_TIMEOUT_MS, report, cib, code, refusal);
}

int hactl_send_found(struct hactl *h, int *code, struct hy_err *refusal)
{
    struct exchange exchange = {.question = question_of("found")};
    int status = ask(h, &exchange, h->timeout_ms, "look with `hactl cluster status` whether there is a cluster");
    *code = exchange.code;
    *refusal = exchange.text;
    end_exchange(&exchange);
    return status;
}

int hactl_send_command(struct hactl *h, const struct hy_buf *statements, int *code, struct hy_err *refusal)
{
    const struct hy_config *config = hactl_config(h);
    if (!config || open_session(h))
        return HACTL_FAILED;
    struct exchange exchange = {.question = question_of("command"), .is_command = true};
    zmsg_addmem(exchange.question, hy_buf_text(statements), statements->size);
    zmsg_addstrf(exchange.question, "%s@%s", h->user, config->node);
    zmsg_addstr(exchange.question, "hactl");
    zmsg_addstrf(exchange.question, "%016" PRIx64, h->connection->session);
    zmsg_addstrf(exchange.question, "%" PRIu64, ++h->connection->number);
    int status = ask(h, &exchange, h->timeout_ms, "");
    *code = exchange.code;
    *refusal = exchange.text;
    if (!status && *code == -ENODATA)
        status = hactl_fail("outcome unknown: %s; look with `hactl configure show`", refusal->text);
    end_exchange(&exchange);
    return status;
}
