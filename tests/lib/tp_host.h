/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for one transport after the other, which keeps what it is told: drives a plug-in as the core does, through its
 * descriptor alone.
 */
#ifndef TESTS_LIB_TP_HOST_H
#define TESTS_LIB_TP_HOST_H

#include "base/buf.h"
#include "base/vec.h"
#include "halyard/transport.h"

#include <stdbool.h>

enum { MAX_WATCHES = 4, PATIENCE_MS = 20000 };

struct halyard_tp_watch {
    int fd;
    void (*ready)(struct halyard_tp *tp, int fd, uint32_t events);
};

struct datagram {
    uint32_t from;
    char *data;
    size_t size;
};

struct halyard_tp_ctx {
    struct halyard_tp *tp;
    const char *settings[24]; /* name, value, ... */
    void (*enter)(void);      /* the network it lives in; NULL: this one */
    void (*leave)(void);
    struct halyard_tp_watch watches[MAX_WATCHES];
    HY_VEC(struct datagram) datagrams;
    struct hy_buf log;   /* "3:text\n" a line */
    struct hy_buf links; /* "node up why\n" a line */
};

/* The one under test. */
extern const struct halyard_transport *transport;
/* Loads it from the build; false: said why. */
bool tp_load(const char *name);
void tp_unload(void);

int64_t tp_now_ms(void);
void tp_set(struct halyard_tp_ctx *ctx, const char *name, const char *value);
/* The port is kept in `text`, which must live as long. */
void tp_start(struct halyard_tp_ctx *ctx, const char *address, uint16_t port, char text[8]);
void tp_stop(struct halyard_tp_ctx *ctx);
int tp_add_peer(struct halyard_tp_ctx *ctx, uint32_t node, const char *address, uint16_t port);
/* It does not open with these settings, says this, and leaves nothing behind. */
void tp_refuse(const char *const settings[], int code, const char *log);
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* One round of what the core's loop does; errors count as readable, as the header says. */
void tp_turn(struct halyard_tp_ctx *ctx, int ms);
void tp_wait_datagrams(struct halyard_tp_ctx *ctx, size_t count);
void tp_wait_links(struct halyard_tp_ctx *ctx, const char *expected);
void tp_expect(const struct halyard_tp_ctx *ctx, size_t at, uint32_t from, const char *text);
struct halyard_tp_stats tp_stats(const struct halyard_tp_ctx *ctx);
int tp_open_fds(void);

#endif
