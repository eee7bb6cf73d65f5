/* SPDX-License-Identifier: Apache-2.0 */
/* One link, and the host that its transport sees (struct halyard_tp_host). link.c makes links of it. */
#ifndef HY_BUS_LINK_HOST_H
#define HY_BUS_LINK_HOST_H

#include "base/buf.h"
#include "base/vec.h"
#include "bus/link.h"
#include "bus/rare.h"
#include "meter/meter.h"
#include "plugin/plugin.h"

struct hy_link_setting_copy {
    char *name, *value;
};

struct hy_link_node {
    uint32_t id;
    char *address;
    uint16_t port;
    bool up;
    struct hy_buf why;
};

/* What is measured of a peer; kept when it has left the link. */
struct hy_link_meter {
    uint32_t node;
    char *name;
    bool left;
    struct hy_meter meter;
};

/* The host's side of an instance. */
struct halyard_tp_ctx {
    size_t number;
    char *name;
    struct hy_loop *loop;
    const struct hy_log *log;
    void (*datagram)(struct halyard_tp_ctx *link, uint32_t hint, const void *data, size_t size);
    void (*event)(struct halyard_tp_ctx *link, uint32_t node, bool up, const char *why);
    void *owner;

    struct hy_plugin *plugin;
    struct halyard_transport transport;
    struct halyard_tp *tp; /* NULL: not open */
    HY_VEC(struct hy_link_setting_copy) settings;
    HY_VEC(struct hy_link_node) nodes;
    HY_VEC(struct halyard_tp_watch *) watches;
    bool opening;              /* or taking a peer */
    struct hy_buf reason;      /* the errors that the transport logged meanwhile */
    struct hy_buf waiting_for; /* the same of the last attempt that is to be repeated */

    bool up;
    struct hy_buf why;
    uint64_t sent, send_failed, received, refused;
    struct hy_rare refused_line, order_line;

    struct hy_meter_limits limits;
    uint32_t last_number; /* of what went to all */
    HY_VEC(struct hy_link_meter) meters;
};

/* Loads the transport, and copies and checks the settings. The link is not open yet. */
int hy_link_load(struct halyard_tp_ctx *link, const struct hy_link_config *config, const char *folder,
                 bool trust_any_owner, struct hy_err *err);
/* -EADDRNOTAVAIL and -ENODEV: may be tried again. */
int hy_link_start(struct halyard_tp_ctx *link, struct hy_err *err);
/* Adds a peer, to an open link or for when it opens. -EEXIST, or what the transport says. */
int hy_link_add(struct halyard_tp_ctx *link, const struct hy_link_peer *peer, struct hy_err *err);
int hy_link_remove(struct halyard_tp_ctx *link, uint32_t id);
/* Closes it, unloads the transport and frees what the link holds. */
void hy_link_stop(struct halyard_tp_ctx *link);

struct hy_link_node *hy_link_node(struct halyard_tp_ctx *link, uint32_t id);

#endif
