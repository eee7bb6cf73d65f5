/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to a core's local socket, as a ZeroMQ DEALER. ZeroMQ alone would wait for a core that is not there, and
 * hide that it has gone: a plain connect() tells the first, and a monitor of the socket the second. It never connects
 * again by itself, so what is sent goes to that core or to none.
 */
#ifndef HACTL_DEALER_H
#define HACTL_DEALER_H

#include <czmq.h>

/* A zeroed struct is closed. */
struct dealer {
    zsock_t *socket;
    zsock_t *monitor;
    zpoller_t *poller; /* of the two */
};

/* A plain connect(): 0 or -errno, -ECONNREFUSED and -ENOENT: nobody there. */
int dealer_probe(const char *path);

/* Connects, and waits for the core's hello for `timeout_ms` at most: -ETIMEDOUT; -EAGAIN: not now. */
int dealer_open(struct dealer *dealer, const char *path, int timeout_ms);
void dealer_close(struct dealer *dealer);
/* The message is taken in any case. */
int dealer_send(struct dealer *dealer, zmsg_t **message);
/* What has come, without waiting; or NULL. */
zmsg_t *dealer_receive(struct dealer *dealer);
/* Waits for a message, for `timeout_ms` at most: -ETIMEDOUT, -ECONNRESET: the core has gone. */
int dealer_await(struct dealer *dealer, zmsg_t **message, int timeout_ms);

#endif
