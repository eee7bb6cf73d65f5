/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/dealer.h"

#include "bus/quiet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    ENDS = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH,
    EVENTS = ENDS | ZMQ_EVENT_HANDSHAKE_SUCCEEDED
};

int dealer_probe(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* EAGAIN: there is a queue, so there is somebody. */
    int rc = connect(fd, (const struct sockaddr *)&address, sizeof address) && errno != EAGAIN ? -errno : 0;
    close(fd);
    return rc;
}

/* zmq_socket_monitor(3): the first frame begins with the event's number; the second is an address. 0: none. */
static int take_event(zsock_t *monitor)
{
    uint16_t event = 0;
    zmsg_t *message = zmsg_recv(monitor);
    zframe_t *frame = message ? zmsg_first(message) : NULL;
    if (frame && zframe_size(frame) >= sizeof event)
        memcpy(&event, zframe_data(frame), sizeof event);
    zmsg_destroy(&message);
    return event;
}

/* Until `wanted` has something, or the connection ends. What came before its end is found before its end. */
static int await(struct dealer *dealer, const zsock_t *wanted, int timeout_ms)
{
    int64_t deadline = zclock_mono() + timeout_ms;
    for (;;) {
        int64_t left = deadline - zclock_mono();
        const void *ready = zpoller_wait(dealer->poller, left > 0 ? (int)left : 0);
        if (ready == dealer->socket && wanted == dealer->socket)
            return 0;
        int event = ready == dealer->monitor ? take_event(dealer->monitor) : 0;
        if (event & ENDS)
            return event == ZMQ_EVENT_CLOSED ? -EAGAIN : -ECONNRESET;
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED && wanted == dealer->monitor)
            return 0;
        if (left <= 0)
            return -ETIMEDOUT;
    }
}

static int watch(struct dealer *dealer)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://monitor-%p", (void *)dealer->socket);
    if (zmq_socket_monitor(zsock_resolve(dealer->socket), name, EVENTS))
        return -zmq_errno();
    dealer->monitor = zsock_new(ZMQ_PAIR);
    if (!dealer->monitor || zsock_connect(dealer->monitor, "%s", name))
        return -zmq_errno();
    zsock_set_rcvtimeo(dealer->monitor, 0);
    zsock_set_linger(dealer->monitor, 0);
    dealer->poller = zpoller_new(dealer->socket, dealer->monitor, NULL);
    return dealer->poller ? 0 : -ENOMEM;
}

int dealer_open(struct dealer *dealer, const char *path, int timeout_ms)
{
    int rc = dealer_probe(path);
    if (rc)
        return rc;
    hy_czmq_quiet();
    dealer->socket = zsock_new(ZMQ_DEALER);
    if (!dealer->socket)
        return -zmq_errno();
    zsock_set_linger(dealer->socket, 0);
    zsock_set_rcvtimeo(dealer->socket, 0);
    zsock_set_sndtimeo(dealer->socket, 0);
    zsock_set_reconnect_ivl(dealer->socket, -1);
    rc = watch(dealer);
    if (!rc && zsock_connect(dealer->socket, "ipc://%s", path))
        rc = -zmq_errno();
    if (!rc)
        rc = await(dealer, dealer->monitor, timeout_ms);
    if (rc)
        dealer_close(dealer);
    return rc;
}

void dealer_close(struct dealer *dealer)
{
    zpoller_destroy(&dealer->poller);
    zsock_destroy(&dealer->monitor);
    zsock_destroy(&dealer->socket);
}

int dealer_send(struct dealer *dealer, zmsg_t **message)
{
    int rc = zmsg_send(message, dealer->socket) ? -ECONNRESET : 0;
    zmsg_destroy(message);
    return rc;
}

zmsg_t *dealer_receive(struct dealer *dealer)
{
    return zmsg_recv(dealer->socket);
}

int dealer_await(struct dealer *dealer, zmsg_t **message, int timeout_ms)
{
    int rc = await(dealer, dealer->socket, timeout_ms);
    *message = rc ? NULL : zmsg_recv(dealer->socket);
    return rc ? rc : *message ? 0 : -ECONNRESET;
}
