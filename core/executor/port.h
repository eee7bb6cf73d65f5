/* SPDX-License-Identifier: Apache-2.0 */
/* The executor's end of the link to the core: what it says waits here when the core is slow to take it. */
#ifndef HY_EXECUTOR_PORT_H
#define HY_EXECUTOR_PORT_H

#include "base/vec.h"
#include "loop/loop.h"
#include "executor/protocol.h"

struct hy_port {
    struct hy_loop *loop;
    const struct hy_log *log;
    struct hy_watched socket; /* fd -1: there is no core */
    HY_VEC(struct hy_buf) waiting;
    size_t waiting_size;
    /* From the core. The operation is handed over. */
    void (*order)(void *context, struct hy_operation *operation);
    void (*query)(void *context);
    void (*look)(void *context);
    void (*hands_off)(void *context, const char *names);
    void (*stuck)(void *context); /* the core takes nothing any more */
    void *context;
};

int hy_port_open(struct hy_port *port, int fd); /* takes over `fd` */
void hy_port_close(struct hy_port *port);

/* Dropped when there is no core: the next one asks. */
void hy_port_send_outcome(struct hy_port *port, enum hy_packet type, const struct hy_outcome *outcome);
void hy_port_send_text(struct hy_port *port, enum hy_packet type, bool flag, const char *text);

#endif
