/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the transports over UDP have in common: addresses, peers, what the kernel knows of them, datagrams in batches, and
 * the interface that holds this node's own address. Each is a shared object of its own, and has a copy of this in it.
 */
#ifndef TRANSPORTS_UDP_H
#define TRANSPORTS_UDP_H

#include <halyard/transport.h>

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    UDP_BATCH = 32, /* datagrams, or errors, taken at one readiness: what is left makes the socket ready again */
    UDP_TEXT = INET6_ADDRSTRLEN + IF_NAMESIZE + 8,
    UDP_WHY = 256
};

struct endpoint {
    struct sockaddr_storage address;
    socklen_t size;
};

struct peer {
    uint32_t node;
    struct endpoint at;
    int trouble; /* the errno last reported for it; 0: none known */
};

/* The interface that holds our address. */
struct holder {
    bool known; /* false: the address is on none that says so (127.0.0.2 is local, and on no interface's list) */
    bool works;
    unsigned index, flags;
    char name[IF_NAMESIZE];
};

/* What differs between the transports. */
struct udp_kind {
    /* Options of the socket, before it is bound. */
    int (*options)(struct halyard_tp *tp);
    /* The interface is there again, perhaps as another one of the same name: before that is told. An error: it is not
     * told, and asked again with the next notice. NULL: nothing to do. */
    int (*returned)(struct halyard_tp *tp);
};

struct halyard_tp {
    const struct halyard_tp_host *host;
    struct halyard_tp_ctx *ctx;
    const struct udp_kind *kind;
    int socket, netlink;
    struct halyard_tp_watch *socket_watch, *netlink_watch;
    struct endpoint own;
    char own_text[UDP_TEXT];  /* the address alone */
    char device[IF_NAMESIZE]; /* to keep to; empty: any */
    struct holder holder;
    size_t max_payload;
    struct peer *peers;
    size_t peer_count;
    struct halyard_tp_stats stats;
    uint8_t *slots;      /* UDP_BATCH times max_payload + 1 bytes: one more, so that what is too long shows */
    struct group *group; /* multicast's; NULL: none */
};

/* The rows of the table of settings that all have; between them stand each one's own. */
#define UDP_PARAMS_BEFORE                                                                                              \
    {"address", NULL, "this node's own address on the link, numeric, IPv4 or IPv6; required"},                         \
    {                                                                                                                  \
        "port", "5405", "UDP port, 1..65535; the peers' too, where they name none"                                     \
    }
#define UDP_PARAMS_AFTER                                                                                               \
    {"tos", "192", "TOS or traffic class, 0..255; 192 is CS6, network control (RFC 4594)"},                            \
        {"priority", "6", "priority in this host's queues, 0..6"},                                                     \
        {"receive_buffer", NULL, "bytes, 4096..67108864; the system's own when not set"},                              \
        {"send_buffer", NULL, "bytes, 4096..67108864; the system's own when not set"},                                 \
        {"max_payload", "1400", "largest datagram, 1200..65000 bytes; the same on every node"},                        \
    {                                                                                                                  \
        NULL, NULL, NULL                                                                                               \
    }

/* ---- udp_endpoint.c ---- */

/* A numeric address; "fe80::1%eth0" too. -EINVAL. */
int udp_parse(const char *text, uint16_t port, struct endpoint *endpoint);
uint16_t udp_port(const struct endpoint *endpoint);
bool udp_same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
bool udp_same(const struct endpoint *a, const struct endpoint *b);
void udp_address_text(const struct sockaddr *address, socklen_t size, char text[UDP_TEXT]);

/* ---- udp_peers.c ---- */

int udp_peer_add(struct halyard_tp *tp, const struct halyard_tp_peer *peer);
int udp_peer_del(struct halyard_tp *tp, uint32_t node);
struct peer *udp_peer_at(struct halyard_tp *tp, const struct endpoint *at);
/* It has been heard: ends what was reported of it. */
void udp_heard(struct halyard_tp *tp, struct peer *peer);
/* Takes what ICMP errors are queued. */
void udp_take_errors(struct halyard_tp *tp);
/* Sends to where it says; -EAGAIN or another -errno, after the queued errors of others have been taken. */
int udp_send_to(struct halyard_tp *tp, const struct endpoint *to, const void *data, size_t size);
int udp_send_one(struct halyard_tp *tp, uint32_t node, const void *data, size_t size);

/* ---- udp_socket.c ---- */

/* An instance with what is configured, and nothing open yet. */
int udp_new(const struct halyard_tp_host *host, struct halyard_tp_ctx *ctx, const struct udp_kind *kind,
            struct halyard_tp **tp);
/* A setting that is a number. -ENOENT: not set. -EINVAL: it is wrong, and said so. */
int udp_number(struct halyard_tp *tp, const char *name, int *value);
/* All those that are. */
int udp_check_numbers(struct halyard_tp *tp);
int udp_option(struct halyard_tp *tp, int fd, int level, int option, int value, const char *name);
/* A setting that is a number and becomes an option of the socket as it is; left alone when not set. */
int udp_number_to_option(struct halyard_tp *tp, const char *name, int level, int option);
/* The socket for datagrams to and from this node's own address: opened, bound, watched. Opened already: opened anew. */
int udp_open_socket(struct halyard_tp *tp);
int udp_bind_device(struct halyard_tp *tp, int fd);
/* Takes a batch of datagrams from `fd`; as the watch calls it. */
void udp_readable(struct halyard_tp *tp, int fd, uint32_t events);
size_t udp_max_payload(const struct halyard_tp *tp);
void udp_stats(const struct halyard_tp *tp, struct halyard_tp_stats *stats);
/* Closes and frees all but the group. */
void udp_free(struct halyard_tp **handle);

/* ---- udp_holder.c ---- */

/* Looks who holds our address, and watches it from then on. */
int udp_watch_holder(struct halyard_tp *tp);

#endif
