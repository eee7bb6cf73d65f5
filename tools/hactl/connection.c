/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/connection.h"

#include "base/alloc.h"
#include "daemon/ipc.h"

#include <czmq.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATE_TIMEOUT_MS = 2000 };

struct hactl_connection {
    zsock_t *dealer;
};

/* ZeroMQ would wait for a daemon that is not there; a plain connect() tells at once. 0 or errno. */
static int try_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int why = connect(fd, (const struct sockaddr *)&address, sizeof address) ? errno : 0;
    close(fd);
    return why;
}

static int probe_socket(const char *path)
{
    int why = try_socket(path);
    if (!why)
        return HACTL_OK;
    if (why == EACCES)
        hactl_fail("no connection: %s may not be opened by this user: become root", path);
    else
        hactl_fail("no connection: halyardd does not run on this host (%s: %s)", path, strerror(why));
    return HACTL_NO_CONNECTION;
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

static int connect_core(struct hactl *h)
{
    if (h->connection)
        return HACTL_OK;
    const struct hy_config *config = hactl_config(h);
    if (!config)
        return HACTL_FAILED;
    char *path = hy_config_socket(config);
    int status = probe_socket(path);
    if (!status) {
        h->connection = hy_alloc(sizeof *h->connection);
        h->connection->dealer = zsock_new(ZMQ_DEALER);
        zsock_set_linger(h->connection->dealer, 0);
        if (zsock_connect(h->connection->dealer, "ipc://%s", path)) {
            status = hactl_fail("no connection to %s: %s", path, strerror(errno));
            hactl_disconnect(h);
        }
    }
    free(path);
    return status;
}

void hactl_disconnect(struct hactl *h)
{
    if (!h->connection)
        return;
    zsock_destroy(&h->connection->dealer);
    free(h->connection);
    h->connection = NULL;
}

/* One request, one reply; NULL and *status when there was none. The request is consumed. */
static zmsg_t *exchange(struct hactl *h, zmsg_t *request, int timeout_ms, const char *late, int *status)
{
    *status = connect_core(h);
    if (*status) {
        zmsg_destroy(&request);
        return NULL;
    }
    zsock_set_rcvtimeo(h->connection->dealer, timeout_ms);
    zmsg_t *reply = zmsg_send(&request, h->connection->dealer) ? NULL : zmsg_recv(h->connection->dealer);
    if (!reply) {
        zmsg_destroy(&request);
        hactl_disconnect(h); /* a late answer must not be taken for that of the next request */
        *status = hactl_fail("no answer in %g s: %s", timeout_ms / 1000.0, late);
    }
    return reply;
}

/* Takes the head of a reply off: hello, code, text. */
static int read_head(zmsg_t *reply, int *code, struct hy_err *text)
{
    char *hello = zmsg_popstr(reply);
    char *number = zmsg_popstr(reply);
    char *words = zmsg_popstr(reply);
    int status = HACTL_OK;
    if (!hello || !number || !words || strcmp(hello, HY_IPC_HELLO) != 0)
        status = hactl_fail("the daemon of this host speaks another language (%s): use the hactl that belongs to it",
                            hello ? hello : "nothing");
    *code = number ? atoi(number) : -EPROTO;
    snprintf(text->text, sizeof text->text, "%s", words ? words : "");
    zstr_free(&hello);
    zstr_free(&number);
    zstr_free(&words);
    return status;
}

static void take_payload(zmsg_t *reply, struct hy_buf *out)
{
    zframe_t *frame = zmsg_pop(reply);
    if (frame)
        hy_buf_add(out, zframe_data(frame), zframe_size(frame));
    zframe_destroy(&frame);
}

int hactl_ask_state(struct hactl *h, struct hy_buf *report, struct hy_buf *cib)
{
    zmsg_t *request = zmsg_new();
    zmsg_addstr(request, HY_IPC_HELLO);
    zmsg_addstr(request, "state");
    int status;
    zmsg_t *reply = exchange(h, request, STATE_TIMEOUT_MS, "the core of this host does not react", &status);
    if (!reply)
        return status;
    int code;
    struct hy_err text = {{0}};
    status = read_head(reply, &code, &text);
    if (!status && code)
        status = hactl_fail("%s", text.text);
    if (!status) {
        take_payload(reply, report);
        take_payload(reply, cib);
    }
    zmsg_destroy(&reply);
    return status;
}

int hactl_send_found(struct hactl *h, int *code, struct hy_err *refusal)
{
    zmsg_t *request = zmsg_new();
    zmsg_addstr(request, HY_IPC_HELLO);
    zmsg_addstr(request, "found");
    int status;
    zmsg_t *reply = exchange(h, request, h->timeout_ms,
                             "it may or may not have been founded: look with `hactl cluster status`", &status);
    if (!reply)
        return status;
    status = read_head(reply, code, refusal);
    zmsg_destroy(&reply);
    return status;
}

int hactl_send_command(struct hactl *h, const struct hy_buf *statements, int *code, struct hy_err *refusal)
{
    const struct hy_config *config = hactl_config(h);
    if (!config)
        return HACTL_FAILED;
    zmsg_t *request = zmsg_new();
    zmsg_addstr(request, HY_IPC_HELLO);
    zmsg_addstr(request, "command");
    zmsg_addmem(request, hy_buf_text(statements), statements->size);
    zmsg_addstrf(request, "%s@%s", h->user, config->node);
    zmsg_addstr(request, "hactl");
    int status;
    zmsg_t *reply = exchange(h, request, h->timeout_ms,
                             "the change may or may not have been made: look with `hactl configure show`", &status);
    if (!reply)
        return status;
    status = read_head(reply, code, refusal);
    zmsg_destroy(&reply);
    return status;
}
