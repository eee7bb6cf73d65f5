/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transport that behaves as badly as its `mode` says, for the test of the host. It has no network: a pipe of its
 * own takes what is sent, and gives it back as received.
 */
#include <halyard/transport.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct halyard_tp {
    const struct halyard_tp_host *host;
    struct halyard_tp_ctx *ctx;
    char mode[32];
    int pipe[2];
    struct halyard_tp_watch *readable, *writable, *timer;
    unsigned ticks;
};

static const struct halyard_tp_param params[] = {
    {"mode", "plain", "what to do wrong"},
    {"unset", NULL, "never set"},
    {NULL, NULL, NULL},
};

static void readable(struct halyard_tp *tp, int fd, uint32_t events)
{
    char data[2048];
    ssize_t size = read(fd, data, sizeof data);
    if (size > 0 && events == HALYARD_READABLE)
        tp->host->received(tp->ctx, 0, data, (size_t)size);
}

/* A pipe with room is writable at each turn: once is enough. */
static void writable(struct halyard_tp *tp, int fd, uint32_t events)
{
    (void)fd;
    if (events == HALYARD_WRITABLE)
        tp->host->link(tp->ctx, HALYARD_ALL, 1, "writable");
    tp->host->unwatch(tp->ctx, &tp->writable);
}

static void tick(struct halyard_tp *tp)
{
    if (++tp->ticks < 3)
        return;
    tp->host->log(tp->ctx, 4, "ticked");
    tp->host->unwatch(tp->ctx, &tp->timer);
    if (tp->timer)
        abort();
}

static int watch_all(struct halyard_tp *tp)
{
    const struct halyard_tp_host *host = tp->host;
    struct halyard_tp_watch *second;
    int rc = host->watch(tp->ctx, tp->pipe[0], HALYARD_READABLE, readable, &tp->readable);
    if (!rc)
        rc = host->watch(tp->ctx, tp->pipe[1], HALYARD_WRITABLE, writable, &tp->writable);
    if (!rc)
        rc = host->timer(tp->ctx, 5, tick, &tp->timer);
    if (rc)
        return rc;
    if (host->watch(tp->ctx, tp->pipe[0], HALYARD_READABLE, readable, &second) != -EEXIST || second)
        abort();
    if (host->watch(tp->ctx, -1, HALYARD_READABLE, readable, &second) != -EINVAL)
        abort();
    if (host->watch(tp->ctx, tp->pipe[0], 0, readable, &second) != -EINVAL)
        abort();
    if (host->get(tp->ctx, "unset") || host->get(tp->ctx, "unheard of") || host->now_ms(tp->ctx) <= 0)
        abort();
    return 0;
}

static int contrary_open(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, struct halyard_tp **tp)
{
    const char *mode = host->get(ctx, "mode");
    *tp = NULL;
    if (!strcmp(mode, "silent failure"))
        return -EPROTO;
    if (!strcmp(mode, "wordy failure")) {
        host->log(ctx, 3, "this is wrong");
        host->log(ctx, 2, "and %s too", "that");
        return -EINVAL;
    }
    if (!strcmp(mode, "bad timer"))
        return host->timer(ctx, 0, tick, &(struct halyard_tp_watch *){NULL});
    struct halyard_tp *new = calloc(1, sizeof *new);
    if (!new || pipe(new->pipe))
        abort();
    new->host = host;
    new->ctx = ctx;
    strncpy(new->mode, mode, sizeof new->mode - 1); /* what get() gives is lent for the call */
    fcntl(new->pipe[0], F_SETFL, O_NONBLOCK);
    fcntl(new->pipe[1], F_SETFL, O_NONBLOCK);
    int rc = watch_all(new);
    if (!strcmp(mode, "down"))
        host->link(ctx, HALYARD_ALL, 0, "down from the start");
    *tp = new;
    return rc;
}

static void contrary_close(struct halyard_tp **tp)
{
    struct halyard_tp *old = *tp;
    *tp = NULL;
    close(old->pipe[0]);
    close(old->pipe[1]);
    if (strcmp(old->mode, "leave watches") != 0) {
        if (old->readable)
            old->host->unwatch(old->ctx, &old->readable);
        if (old->writable)
            old->host->unwatch(old->ctx, &old->writable);
        if (old->timer)
            old->host->unwatch(old->ctx, &old->timer);
    }
    free(old);
}

static int contrary_peer_add(struct halyard_tp *tp, const struct halyard_tp_peer *peer)
{
    (void)peer;
    return strcmp(tp->mode, "no peers") ? 0 : -EEXIST;
}

static int contrary_peer_del(struct halyard_tp *tp, uint32_t node)
{
    (void)tp, (void)node;
    return -ENOENT;
}

static int contrary_send(struct halyard_tp *tp, uint32_t node, const void *data, size_t size)
{
    if (!strcmp(tp->mode, "event in send"))
        tp->host->link(tp->ctx, node, 0, "said while sending");
    return write(tp->pipe[1], data, size) == (ssize_t)size ? 0 : -EAGAIN;
}

static size_t contrary_max_payload(const struct halyard_tp *tp)
{
    (void)tp;
    return 2000;
}

const struct halyard_transport halyard_transport_plugin = {
    .magic = HALYARD_TRANSPORT_MAGIC,
    .major = HALYARD_TRANSPORT_MAJOR,
    .minor = HALYARD_TRANSPORT_MINOR,
    .size = sizeof(struct halyard_transport),
    .param_size = sizeof(struct halyard_tp_param),
    .name = "tp_contrary",
    .version = "1",
    .brief = "for tests",
    .params = params,
    .open = contrary_open,
    .close = contrary_close,
    .peer_add = contrary_peer_add,
    .peer_del = contrary_peer_del,
    .send = contrary_send,
    .max_payload = contrary_max_payload,
};
