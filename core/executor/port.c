/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/port.h"

#include "base/wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { WAITING_MAX = 8 << 20, PACKETS_PER_TURN = 64 };

static void take_order(struct hy_port *port, const void *body, size_t size)
{
    struct hy_operation operation;
    struct hy_err err;
    if (hy_operation_decode(body, size, &operation, &err))
        hy_error(port->log, "an order of the core cannot be understood: %s", err.text);
    else
        port->order(port->context, &operation);
}

static void take_hands_off(struct hy_port *port, const void *body, size_t size)
{
    struct hy_rd rd = hy_rd_from(body, size);
    size_t length;
    const char *text = hy_rd_bytes(&rd, &length);
    if (!hy_rd_done(&rd) || memchr(text, '\0', length)) {
        hy_error(port->log, "what the core says of what is not managed cannot be understood");
        return;
    }
    char *names = hy_strndup(text, length);
    port->hands_off(port->context, names);
    free(names);
}

static void take_packet(struct hy_port *port, const struct hy_buf *packet)
{
    enum hy_packet type;
    bool flag;
    const void *body;
    size_t size;
    struct hy_err err;
    if (hy_packet_open(packet->data, packet->size, &type, &flag, &body, &size, &err)) {
        hy_error(port->log, "%s", err.text);
        return;
    }
    switch (type) {
    case HY_PACKET_ORDER:
        take_order(port, body, size);
        break;
    case HY_PACKET_QUERY:
        port->query(port->context);
        break;
    case HY_PACKET_LOOK:
        port->look(port->context);
        break;
    case HY_PACKET_HANDS_OFF:
        take_hands_off(port, body, size);
        break;
    default:
        hy_error(port->log, "the core sent a message of type %u, which only the executor may send", (unsigned)type);
    }
}

/* ---- sending */

static void send_waiting(struct hy_port *port)
{
    size_t sent = 0;
    while (sent < port->waiting.count && port->socket.fd >= 0) {
        struct hy_buf *packet = &port->waiting.items[sent];
        int rc = hy_packet_send(port->socket.fd, packet);
        if (rc == -EAGAIN)
            break;
        if (rc)
            hy_error(port->log, "a message to the core is lost: %s", strerror(-rc));
        port->waiting_size -= packet->size;
        hy_buf_free(packet);
        sent++;
    }
    if (!sent)
        return;
    port->waiting.count -= sent;
    memmove(port->waiting.items, port->waiting.items + sent, port->waiting.count * sizeof *port->waiting.items);
    if (!port->waiting.count && port->socket.fd >= 0)
        hy_loop_want(port->loop, &port->socket, HY_LOOP_READ);
}

static void send_packet(struct hy_port *port, struct hy_buf *packet)
{
    int rc = port->waiting.count ? -EAGAIN : hy_packet_send(port->socket.fd, packet);
    if (rc == -EAGAIN) {
        hy_vec_push(&port->waiting, *packet);
        port->waiting_size += packet->size;
        hy_loop_want(port->loop, &port->socket, HY_LOOP_READ | HY_LOOP_WRITE);
        if (port->waiting_size > WAITING_MAX)
            port->stuck(port->context);
        return;
    }
    if (rc && rc != -EPIPE) /* -EPIPE: its end is about to be noticed */
        hy_error(port->log, "a message to the core is lost: %s", strerror(-rc));
    hy_buf_free(packet);
}

void hy_port_send_outcome(struct hy_port *port, enum hy_packet type, const struct hy_outcome *outcome)
{
    if (port->socket.fd < 0)
        return;
    struct hy_buf packet = {0};
    hy_packet_begin(&packet, type, false);
    hy_outcome_encode(outcome, &packet);
    send_packet(port, &packet);
}

void hy_port_send_text(struct hy_port *port, enum hy_packet type, bool flag, const char *text)
{
    if (port->socket.fd < 0)
        return;
    struct hy_buf packet = {0};
    hy_packet_begin(&packet, type, flag);
    hy_wr_bytes(&packet, text, strlen(text));
    send_packet(port, &packet);
}

/* ---- its life */

static void ready(void *context)
{
    struct hy_port *port = context;
    struct hy_buf packet = {0};
    send_waiting(port);
    for (int i = 0; i < PACKETS_PER_TURN && port->socket.fd >= 0; i++) {
        int rc = hy_packet_receive(port->socket.fd, &packet);
        if (rc == 0)
            break;
        if (rc < 0) {
            hy_port_close(port);
            break;
        }
        take_packet(port, &packet);
    }
    hy_buf_free(&packet);
}

int hy_port_open(struct hy_port *port, int fd)
{
    hy_packet_socket(fd);
    int rc = hy_loop_watch(port->loop, &port->socket, fd, ready, port);
    if (rc)
        close(fd);
    return rc;
}

void hy_port_close(struct hy_port *port)
{
    int fd = port->socket.fd;
    if (fd < 0)
        return;
    hy_loop_unwatch(port->loop, &port->socket);
    close(fd);
    for (size_t i = 0; i < port->waiting.count; i++)
        hy_buf_free(&port->waiting.items[i]);
    hy_vec_free(&port->waiting);
    port->waiting_size = 0;
}
