/* SPDX-License-Identifier: Apache-2.0 */
/* ZeroMQ sockets as the bus wants them: encrypted, never lingering, quick to see a dead connection. */
#ifndef HY_BUS_SOCKET_H
#define HY_BUS_SOCKET_H

#include "base/err.h"

#include "loop/loop.h"

#include <stdint.h>
#include <zmq.h>

enum { HY_CURVE_KEY_SIZE = 32, HY_ENDPOINT_SIZE = 128 };

/* Both pairs are the same on every node: who has the cluster's key has them, and nobody else. */
struct hy_bus_keys {
    uint8_t server_public[HY_CURVE_KEY_SIZE], server_secret[HY_CURVE_KEY_SIZE]; /* of every PUB */
    uint8_t client_public[HY_CURVE_KEY_SIZE], client_secret[HY_CURVE_KEY_SIZE]; /* of every SUB */
};

/* -ENOSYS when libsodium cannot be initialised, or libzmq was built without CURVE. */
int hy_bus_keys_derive(struct hy_bus_keys *keys, const uint8_t *cluster_key, struct hy_err *err);

/* "tcp://[::1]:5406". -EINVAL when `address` is no numeric IPv4 or IPv6 address, or the port is 0. */
int hy_endpoint_text(const char *address, uint16_t port, char text[HY_ENDPOINT_SIZE], struct hy_err *err);

/* An XPUB or SUB socket with all options set, but neither bound nor connected. */
int hy_socket_open(void *zmq, int type, const struct hy_bus_keys *keys, bool ipv6, void **socket, struct hy_err *err);
/* Sets *socket to NULL; does nothing when it is NULL. */
void hy_socket_close(void **socket);

/*
 * Into the loop. What zmq_getsockopt(3) says of ZMQ_FD holds here: the descriptor tells that something may have come,
 * and any call on the socket may take that sign away. So
 *   - `receive` must receive, without waiting, until there is nothing more (EAGAIN), or else call hy_loop_again();
 *   - whoever does anything else with the socket (sends, subscribes, connects) calls hy_loop_again() after it.
 * ZMQ_EVENTS need not be asked: a receive that finds nothing has taken all signs, and what comes later gives another.
 */
int hy_socket_watch(struct hy_loop *loop, struct hy_watched *watched, void *socket, void (*receive)(void *context),
                    void *context, struct hy_err *err);

#endif
