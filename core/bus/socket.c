/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/socket.h"

#include "base/alloc.h"
#include "bus/bus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    QUEUE = 10000,          /* messages in each direction and for each peer, beyond which they are dropped */
    MESSAGE_SLACK = 4096,   /* of the encryption, in what counts as a message's size */
    SUBSCRIPTION_MAX = 4096 /* what a subscriber may send to a publisher in one frame */
};

_Static_assert(HY_CURVE_KEY_SIZE == crypto_box_PUBLICKEYBYTES && HY_CURVE_KEY_SIZE == crypto_box_SECRETKEYBYTES &&
                   HY_CURVE_KEY_SIZE == crypto_kdf_KEYBYTES,
               "CURVE's keys are Curve25519's");

/*
 * When a host loses power its connections stay open at the other side, and TCP finds out only after minutes; worse,
 * its retries grow ever rarer, so that the host is back for long before one of them meets it. So:
 *   - a PING each second, and three seconds without any answer to one end the connection; likewise two seconds in which
 *     no data is acknowledged. Not less: an answer waits behind the message that is under way, so the time must do for
 *     the largest (16 MiB, with 45 Mbit/s). Not more often: each PING and each PONG wakes a thread on either side, for
 *     every connection, and where a process is gone the kernel says so, while a host that is gone is not missed here but
 *     by the heartbeats of membership;
 *   - an attempt to connect ends after half a second, that is after one SYN: the kernel's second would come after a
 *     second, its third after three;
 *   - the next attempt comes 50 ms later, growing to half a second;
 *   - a peer whose kernel accepts but whose process does not answer is given a second (the default: 30).
 * A host that was away for long, or is a new one to the old connections (its kernel resets them), is thus connected
 * within a second of its return; with hy_bus_reconnect(), in milliseconds and in any case. ZMQ_HEARTBEAT_TTL is not
 * needed: both sides ping.
 */
struct option {
    int name;
    int value;
};

static const struct option common_options[] = {
    {ZMQ_LINGER, 0},
    {ZMQ_SNDHWM, QUEUE},
    {ZMQ_RCVHWM, QUEUE},
    {ZMQ_HEARTBEAT_IVL, 1000},
    {ZMQ_HEARTBEAT_TIMEOUT, 3000},
    {ZMQ_TCP_MAXRT, 2000},
    {ZMQ_HANDSHAKE_IVL, 1000},
    {ZMQ_CONNECT_TIMEOUT, 500},
    {ZMQ_RECONNECT_IVL, 50},
    {ZMQ_RECONNECT_IVL_MAX, 500},
};

int hy_bus_keys_derive(struct hy_bus_keys *keys, const uint8_t *cluster_key, struct hy_err *err)
{
    static const char context[crypto_kdf_CONTEXTBYTES] = {'h', 'y', '-', 'c', 'u', 'r', 'v', 'e'};
    if (sodium_init() < 0)
        return hy_fail(err, ENOSYS, "libsodium cannot be initialised: no source of random numbers");
    if (!zmq_has("curve"))
        return hy_fail(err, ENOSYS, "this libzmq was built without CURVE: the bus would not be encrypted");
    crypto_kdf_derive_from_key(keys->server_secret, sizeof keys->server_secret, 1, context, cluster_key);
    crypto_kdf_derive_from_key(keys->client_secret, sizeof keys->client_secret, 2, context, cluster_key);
    crypto_scalarmult_base(keys->server_public, keys->server_secret);
    crypto_scalarmult_base(keys->client_public, keys->client_secret);
    return 0;
}

int hy_endpoint_text(const char *address, uint16_t port, char text[HY_ENDPOINT_SIZE], struct hy_err *err)
{
    struct in6_addr binary;
    char v6[INET6_ADDRSTRLEN];
    const char *shown = address ? address : "";
    size_t bare = strcspn(shown, "%"); /* a scope may follow: fe80::1%eth0 */
    if (!port)
        return hy_fail(err, EINVAL, "%s: port 0 is none: it must be 1 to 65535", shown);
    if (inet_pton(AF_INET, shown, &binary) == 1) {
        snprintf(text, HY_ENDPOINT_SIZE, "tcp://%s:%u", shown, port);
        return 0;
    }
    if (bare < sizeof v6 && strlen(shown) < HY_ENDPOINT_SIZE - sizeof "tcp://[]:65535") {
        memcpy(v6, shown, bare);
        v6[bare] = '\0';
        if (inet_pton(AF_INET6, v6, &binary) == 1) {
            snprintf(text, HY_ENDPOINT_SIZE, "tcp://[%s]:%u", shown, port);
            return 0;
        }
    }
    return hy_fail(err, EINVAL, "'%s' is no numeric IPv4 or IPv6 address", shown);
}

static int set_option(void *socket, int option, const void *value, size_t size)
{
    return zmq_setsockopt(socket, option, value, size) ? -zmq_errno() : 0;
}

static int set_number(void *socket, int option, int value)
{
    return set_option(socket, option, &value, sizeof value);
}

static int set_publisher(void *socket, const struct hy_bus_keys *keys)
{
    int64_t largest = SUBSCRIPTION_MAX;
    int rc = set_number(socket, ZMQ_CURVE_SERVER, 1);
    if (!rc)
        rc = set_number(socket, ZMQ_XPUB_VERBOSE, 1); /* each subscription is told, also one that is there already */
    if (!rc)
        rc = set_option(socket, ZMQ_CURVE_SECRETKEY, keys->server_secret, sizeof keys->server_secret);
    /* Asks the ZAP handler of the bus about everybody: it is there before the socket is bound, and until it is
     * closed. */
    if (!rc)
        rc = set_option(socket, ZMQ_ZAP_DOMAIN, "halyard", strlen("halyard"));
    if (!rc)
        rc = set_option(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    return rc;
}

static int set_subscriber(void *socket, const struct hy_bus_keys *keys)
{
    int64_t largest = HY_BUS_MESSAGE_MAX + MESSAGE_SLACK;
    int rc = set_option(socket, ZMQ_CURVE_SERVERKEY, keys->server_public, sizeof keys->server_public);
    if (!rc)
        rc = set_option(socket, ZMQ_CURVE_PUBLICKEY, keys->client_public, sizeof keys->client_public);
    if (!rc)
        rc = set_option(socket, ZMQ_CURVE_SECRETKEY, keys->client_secret, sizeof keys->client_secret);
    if (!rc)
        rc = set_option(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    return rc;
}

int hy_socket_open(void *zmq, int type, const struct hy_bus_keys *keys, bool ipv6, void **socket, struct hy_err *err)
{
    *socket = zmq_socket(zmq, type);
    if (!*socket)
        return hy_fail(err, zmq_errno(), "cannot open a ZeroMQ socket: %s", zmq_strerror(zmq_errno()));
    int rc = set_number(*socket, ZMQ_IPV6, ipv6);
    for (size_t i = 0; !rc && i < sizeof common_options / sizeof *common_options; i++)
        rc = set_number(*socket, common_options[i].name, common_options[i].value);
    if (!rc)
        rc = type == ZMQ_XPUB ? set_publisher(*socket, keys) : set_subscriber(*socket, keys);
    if (rc) {
        hy_socket_close(socket);
        return hy_fail(err, -rc, "ZeroMQ refuses an option: %s", zmq_strerror(-rc));
    }
    return 0;
}

void hy_socket_close(void **socket)
{
    if (*socket)
        zmq_close(*socket);
    *socket = NULL;
}

int hy_socket_watch(struct hy_loop *loop, struct hy_watched *watched, void *socket, void (*receive)(void *context),
                    void *context, struct hy_err *err)
{
    int fd;
    size_t size = sizeof fd;
    if (zmq_getsockopt(socket, ZMQ_FD, &fd, &size))
        return hy_fail(err, zmq_errno(), "a ZeroMQ socket has no descriptor: %s", zmq_strerror(zmq_errno()));
    int rc = hy_loop_watch(loop, watched, fd, receive, context);
    if (rc)
        return hy_fail(err, -rc, "a ZeroMQ socket cannot be watched: %s", strerror(-rc));
    hy_loop_again(loop, watched); /* for what has come already */
    return 0;
}
