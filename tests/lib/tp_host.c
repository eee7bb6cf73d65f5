/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/tp_host.h"

#include "base/alloc.h"

#include <check.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct halyard_transport *transport;
static void *object;

static const char *host_get(struct halyard_tp_ctx *ctx, const char *name)
{
    for (size_t i = 0; ctx->settings[i]; i += 2)
        if (!strcmp(ctx->settings[i], name))
            return ctx->settings[i + 1];
    for (const struct halyard_tp_param *p = transport->params; p->name; p++)
        if (!strcmp(p->name, name))
            return p->def;
    ck_abort_msg("it asks for a setting that is not in its table: %s", name);
    return NULL;
}

static void host_log(struct halyard_tp_ctx *ctx, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void host_log(struct halyard_tp_ctx *ctx, int priority, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hy_buf_addf(&ctx->log, "%d:", priority);
    hy_buf_vaddf(&ctx->log, format, args);
    hy_buf_addc(&ctx->log, '\n');
    va_end(args);
}

int64_t tp_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t host_now_ms(struct halyard_tp_ctx *ctx)
{
    (void)ctx;
    return tp_now_ms();
}

static int host_watch(struct halyard_tp_ctx *ctx, int fd, uint32_t events,
                      void (*ready)(struct halyard_tp *, int, uint32_t), struct halyard_tp_watch **watch)
{
    ck_assert_uint_eq(events, HALYARD_READABLE);
    for (size_t i = 0; i < MAX_WATCHES; i++)
        if (!ctx->watches[i].ready) {
            ctx->watches[i] = (struct halyard_tp_watch){fd, ready};
            *watch = &ctx->watches[i];
            return 0;
        }
    return -ENOSPC;
}

static int host_timer(struct halyard_tp_ctx *ctx, int64_t ms, void (*due)(struct halyard_tp *),
                      struct halyard_tp_watch **watch)
{
    (void)ctx, (void)ms, (void)due, (void)watch;
    ck_abort_msg("it needs no timer");
    return -ENOSYS;
}

static void host_unwatch(struct halyard_tp_ctx *ctx, struct halyard_tp_watch **watch)
{
    (void)ctx;
    (*watch)->ready = NULL;
    *watch = NULL;
}

static void host_received(struct halyard_tp_ctx *ctx, uint32_t from, const void *data, size_t size)
{
    char *copy = hy_memdup(data, size);
    hy_vec_push(&ctx->datagrams, ((struct datagram){from, copy, size}));
}

static void host_link(struct halyard_tp_ctx *ctx, uint32_t node, int up, const char *why)
{
    hy_buf_addf(&ctx->links, "%u %d %s\n", node, up, why);
}

static const struct halyard_tp_host host = {
    .size = sizeof host,
    .get = host_get,
    .log = host_log,
    .now_ms = host_now_ms,
    .watch = host_watch,
    .timer = host_timer,
    .unwatch = host_unwatch,
    .received = host_received,
    .link = host_link,
};

/* ---- steps ---- */

bool tp_load(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/.libs/%s.so", HY_BUILDDIR, name);
    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    transport = object ? dlsym(object, "halyard_transport_plugin") : NULL;
    if (!transport)
        fprintf(stderr, "%s\n", dlerror());
    return transport;
}

void tp_unload(void)
{
    dlclose(object);
}

static void enter(const struct halyard_tp_ctx *ctx)
{
    if (ctx->enter)
        ctx->enter();
}

static void leave(const struct halyard_tp_ctx *ctx)
{
    if (ctx->leave)
        ctx->leave();
}

void tp_set(struct halyard_tp_ctx *ctx, const char *name, const char *value)
{
    size_t i = 0;
    while (ctx->settings[i])
        i += 2;
    ctx->settings[i] = name;
    ctx->settings[i + 1] = value;
}

void tp_start(struct halyard_tp_ctx *ctx, const char *address, uint16_t port, char text[8])
{
    snprintf(text, 8, "%u", port);
    tp_set(ctx, "address", address);
    tp_set(ctx, "port", text);
    enter(ctx);
    int rc = transport->open(&host, ctx, &ctx->tp);
    leave(ctx);
    ck_assert_msg(rc == 0, "open: %d, %s", rc, hy_buf_text(&ctx->log));
    ck_assert_ptr_nonnull(ctx->tp);
}

int tp_add_peer(struct halyard_tp_ctx *ctx, uint32_t node, const char *address, uint16_t port)
{
    struct halyard_tp_peer peer = {sizeof peer, node, address, port};
    return transport->peer_add(ctx->tp, &peer);
}

static void forget(struct halyard_tp_ctx *ctx)
{
    for (size_t i = 0; i < ctx->datagrams.count; i++)
        free(ctx->datagrams.items[i].data);
    hy_vec_free(&ctx->datagrams);
    hy_buf_free(&ctx->log);
    hy_buf_free(&ctx->links);
}

void tp_stop(struct halyard_tp_ctx *ctx)
{
    transport->close(&ctx->tp);
    ck_assert_ptr_null(ctx->tp);
    for (size_t i = 0; i < MAX_WATCHES; i++)
        ck_assert_msg(!ctx->watches[i].ready, "a watch is left after close");
    forget(ctx);
}

void tp_turn(struct halyard_tp_ctx *ctx, int ms)
{
    struct pollfd fds[MAX_WATCHES];
    struct halyard_tp_watch *watches[MAX_WATCHES];
    nfds_t count = 0;
    for (size_t i = 0; i < MAX_WATCHES; i++)
        if (ctx->watches[i].ready) {
            fds[count] = (struct pollfd){.fd = ctx->watches[i].fd, .events = POLLIN};
            watches[count++] = &ctx->watches[i];
        }
    ck_assert_int_ge(poll(fds, count, ms), 0);
    enter(ctx);
    /* One may end another's watch. */
    for (nfds_t i = 0; i < count; i++)
        if (fds[i].revents && watches[i]->ready && watches[i]->fd == fds[i].fd)
            watches[i]->ready(ctx->tp, fds[i].fd, HALYARD_READABLE);
    leave(ctx);
}

void tp_wait_datagrams(struct halyard_tp_ctx *ctx, size_t count)
{
    for (int64_t end = tp_now_ms() + PATIENCE_MS; ctx->datagrams.count < count;) {
        ck_assert_msg(tp_now_ms() < end, "%zu datagrams of %zu came", ctx->datagrams.count, count);
        tp_turn(ctx, 20);
    }
    ck_assert_uint_eq(ctx->datagrams.count, count);
}

void tp_wait_links(struct halyard_tp_ctx *ctx, const char *expected)
{
    for (int64_t end = tp_now_ms() + PATIENCE_MS; strlen(hy_buf_text(&ctx->links)) < strlen(expected);) {
        ck_assert_msg(tp_now_ms() < end, "expected \"%s\", got \"%s\"", expected, hy_buf_text(&ctx->links));
        tp_turn(ctx, 20);
    }
    ck_assert_str_eq(hy_buf_text(&ctx->links), expected);
}

void tp_expect(const struct halyard_tp_ctx *ctx, size_t at, uint32_t from, const char *text)
{
    ck_assert_uint_lt(at, ctx->datagrams.count);
    const struct datagram *datagram = &ctx->datagrams.items[at];
    ck_assert_uint_eq(datagram->from, from);
    ck_assert_uint_eq(datagram->size, strlen(text));
    ck_assert_mem_eq(datagram->data, text, datagram->size);
}

struct halyard_tp_stats tp_stats(const struct halyard_tp_ctx *ctx)
{
    struct halyard_tp_stats stats = {.size = sizeof stats};
    transport->stats(ctx->tp, &stats);
    ck_assert_uint_eq(stats.size, sizeof stats);
    return stats;
}

int tp_open_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

void tp_refuse(const char *const settings[], int code, const char *log)
{
    struct halyard_tp_ctx ctx = {0};
    for (size_t i = 0; settings[i]; i += 2)
        tp_set(&ctx, settings[i], settings[i + 1]);
    int before = tp_open_fds();
    ck_assert_int_eq(transport->open(&host, &ctx, &ctx.tp), code);
    ck_assert_ptr_null(ctx.tp);
    ck_assert_str_eq(hy_buf_text(&ctx.log), log);
    ck_assert_int_eq(tp_open_fds(), before);
    for (size_t i = 0; i < MAX_WATCHES; i++)
        ck_assert(!ctx.watches[i].ready);
    forget(&ctx);
}
