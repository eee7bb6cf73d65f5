/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/connection.h"

#include "base/alloc.h"
#include "daemon/ipc.h"
#include "hactl/wait.h"
#include "hactl/zmtp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    STATE_TIMEOUT_MS = 2000,
    READ_TIMEOUT_MS = 5000, /* an election and a slow disk are over by then */
    SILENCE_MS = 5000,      /* after that the question is put again, over a new connection */
    PAUSE_MS = 20,
    RESTART_MS = 2000 /* a core that was killed is mostly back by then */
};

struct hactl_connection {
    struct zmtp zmtp;
    uint64_t session; /* cib/command.h, "Client sessions" */
    uint64_t number;  /* of the last request in it */
    uint64_t known;   /* the log index that the core has told last */
};

/* A question on its way to an answer. */
struct exchange {
    const struct zmtp_frame *frames; /* but for the last, `repeat`, when there is one */
    size_t count;
    bool is_command;
    bool is_glance; /* whoever asks wants no waiting */
    bool sent;      /* it may have been taken */
    int code;       /* of the answer */
    struct hy_err text;
    struct zmtp_frame answer[ZMTP_FRAMES];
    size_t answer_count;
};

/* A plain connect(): 0 or errno. */
static int try_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int why = connect(fd, (const struct sockaddr *)&address, sizeof address) && errno != EAGAIN ? errno : 0;
    close(fd);
    return why;
}

bool hactl_is_reachable(struct hactl *h)
{
    if (!h->config && hy_config_read(h->config_file, &h->config, NULL))
        return false;
    char *path = hy_config_socket(h->config);
    bool is_there = try_socket(path) == 0;
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
    h->connection->zmtp.fd = -1;
    return HACTL_OK;
}

void hactl_disconnect(struct hactl *h)
{
    if (!h->connection)
        return;
    zmtp_close(&h->connection->zmtp);
    free(h->connection);
    h->connection = NULL;
}

void hactl_note_index(struct hactl *h, uint64_t index)
{
    if (h->connection && index > h->connection->known)
        h->connection->known = index;
}

/* Hello, code, text, and what belongs to them. */
static int read_answer(struct exchange *exchange, int count)
{
    const struct zmtp_frame *frames = exchange->answer;
    char code[16] = "";
    exchange->answer_count = (size_t)count;
    if (count < 3 || frames[0].size != strlen(HY_IPC_HELLO) || memcmp(frames[0].data, HY_IPC_HELLO, frames[0].size) ||
        frames[1].size >= sizeof code)
        return -EPROTO;
    memcpy(code, frames[1].data, frames[1].size);
    exchange->code = atoi(code);
    snprintf(exchange->text.text, sizeof exchange->text.text, "%.*s", (int)frames[2].size,
             (const char *)frames[2].data);
    return 0;
}

static int send_question(struct hactl_connection *connection, struct exchange *exchange)
{
    struct zmtp_frame frames[ZMTP_FRAMES];
    char repeat[24];
    size_t count = exchange->count;
    memcpy(frames, exchange->frames, count * sizeof *frames);
    if (exchange->is_command) {
        uint64_t known = connection->known ? connection->known : 1;
        snprintf(repeat, sizeof repeat, "%" PRIu64, exchange->sent ? known : 0);
        frames[count++] = (struct zmtp_frame){repeat, strlen(repeat)};
    }
    exchange->sent = true; /* of a broken write the core may still have read all */
    return zmtp_send(&connection->zmtp, frames, count);
}

/* One attempt: 0 and an answer, or -errno: there is none so far. */
static int try_exchange(struct hactl *h, const char *path, struct exchange *exchange, int64_t deadline)
{
    struct zmtp *zmtp = &h->connection->zmtp;
    int64_t left = deadline - hactl_now_ms();
    int patience = left < 1 ? 1 : left < SILENCE_MS ? (int)left : SILENCE_MS;
    int rc = zmtp->fd < 0 ? zmtp_open(zmtp, path, patience) : 0;
    if (!rc)
        rc = send_question(h->connection, exchange);
    if (!rc)
        rc = zmtp_await(zmtp, exchange->answer, patience);
    if (rc >= 0)
        rc = read_answer(exchange, rc);
    if (rc)
        zmtp_close(zmtp);
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
    return rc == -ETIMEDOUT || (nobody && !exchange->is_glance && waited_ms < RESTART_MS);
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
    bool fresh = h->connection->zmtp.fd < 0;
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

static void take_payload(const struct exchange *exchange, size_t at, struct hy_buf *out)
{
    if (at < exchange->answer_count)
        hy_buf_add(out, exchange->answer[at].data, exchange->answer[at].size);
}

static int ask_for_state(struct hactl *h, const char *verb, int patience_ms, struct hy_buf *report, struct hy_buf *cib,
                         int *code, struct hy_err *refusal)
{
    const struct zmtp_frame frames[] = {{HY_IPC_HELLO, strlen(HY_IPC_HELLO)}, {verb, strlen(verb)}};
    struct exchange exchange = {.frames = frames, .count = 2, .is_glance = strcmp(verb, "state") == 0};
    int status = ask(h, &exchange, patience_ms, "the core of this host does not react");
    *code = exchange.code;
    *refusal = exchange.text;
    if (!status && !exchange.code) {
        take_payload(&exchange, 3, report);
        take_payload(&exchange, 4, cib);
    }
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
    const struct zmtp_frame frames[] = {{HY_IPC_HELLO, strlen(HY_IPC_HELLO)}, {"found", strlen("found")}};
    struct exchange exchange = {.frames = frames, .count = 2};
    int status = ask(h, &exchange, h->timeout_ms, "look with `hactl cluster status` whether there is a cluster");
    *code = exchange.code;
    *refusal = exchange.text;
    return status;
}

int hactl_send_command(struct hactl *h, const struct hy_buf *statements, int *code, struct hy_err *refusal)
{
    const struct hy_config *config = hactl_config(h);
    if (!config || open_session(h))
        return HACTL_FAILED;
    char *by = hy_asprintf("%s@%s", h->user, config->node);
    char *session = hy_asprintf("%016" PRIx64, h->connection->session);
    char *number = hy_asprintf("%" PRIu64, ++h->connection->number);
    const struct zmtp_frame frames[] = {{HY_IPC_HELLO, strlen(HY_IPC_HELLO)},
                                        {"command", strlen("command")},
                                        {hy_buf_text(statements), statements->size},
                                        {by, strlen(by)},
                                        {"hactl", strlen("hactl")},
                                        {session, strlen(session)},
                                        {number, strlen(number)}};
    struct exchange exchange = {.frames = frames, .count = sizeof frames / sizeof *frames, .is_command = true};
    int status = ask(h, &exchange, h->timeout_ms, "");
    *code = exchange.code;
    *refusal = exchange.text;
    if (!status && *code == -ENODATA)
        status = hactl_fail("outcome unknown: %s; look with `hactl configure show`", refusal->text);
    free(by);
    free(session);
    free(number);
    return status;
}
