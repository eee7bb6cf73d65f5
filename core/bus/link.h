/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links: each a loaded transport with its own addresses. Everything goes over all of them, sealed; what comes in is
 * opened, and handed on only when it is sealed by a peer. Each link to each peer is measured on the way, by a header under
 * the seal; that one dies or heals is a line in the log, and nothing else. Links are numbered from 1, in the order of the
 * configuration, which is the same on all nodes.
 */
#ifndef HY_BUS_LINK_H
#define HY_BUS_LINK_H

#include "base/err.h"
#include "base/log.h"
#include "bus/seal.h"
#include "halyard/transport.h"
#include "loop/loop.h"
#include "meter/meter.h"

struct hy_link_setting {
    const char *name, *value;
};

struct hy_link_peer {
    uint32_t id;
    const char *address;
    uint16_t port;    /* 0: the link's own */
    const char *name; /* for the log; NULL: "node N" */
};

struct hy_link_config {
    const char *transport; /* "udpu": FOLDER/udpu.so */
    const struct hy_link_setting *settings;
    size_t setting_count;
    const struct hy_link_peer *peers;
    size_t peer_count;
    struct hy_meter_limits limits; /* when it is called dead, and bad; dead_after 0: never looked at */
};

struct hy_links_options {
    uint32_t self;
    uint64_t incarnation; /* of this core: not 0, and greater than that of each earlier one */
    const struct hy_link_config *links;
    size_t link_count;
    const char *folder;
    bool trust_any_owner; /* of the plug-in files; for tests */
    const struct hy_seal *seal;
    /* `from` is the node whose seal it bears. In both any function but hy_links_close() may be called. */
    void (*received)(void *context, uint32_t from, size_t link, const void *data, size_t size);
    /* The same of a node that holds the key and is no peer on any link, as one does that has been removed and does not
     * know. NULL: refused. */
    void (*stranger)(void *context, uint32_t from, const void *data, size_t size);
    /* What a transport knows at once; `node` HALYARD_ALL: the whole link. Anybody on the network can forge what it
     * knows: good for a line in the status or a quicker question, never a proof that a node is dead. */
    void (*event)(void *context, size_t link, uint32_t node, bool up, const char *why);
    void *context;
    const struct hy_log *log; /* lives as long as the links */
};

struct hy_links;

/* Is what is configured for link `number` right, as far as can be said without opening it? As hy_links_open() would say it. */
int hy_link_check(const struct hy_link_config *config, size_t number, const char *folder, bool trust_any_owner,
                  struct hy_err *err);

/*
 * Loads the transports and opens all links; copies what it needs of the options. What is configured wrongly fails
 * the whole: -EINVAL, -ENOENT, -EPERM, ... A link whose address or interface is not there yet (-EADDRNOTAVAIL,
 * -ENODEV) is down, says so, and is tried again each second. Events may come before it returns; *links is set by
 * then.
 */
int hy_links_open(const struct hy_links_options *options, struct hy_loop *loop, struct hy_links **links,
                  struct hy_err *err);
/*
 * Peers come and go at any time, also from within received() and event(). `addresses`: one for each link, in their
 * order; NULL: it is not on that link. -EINVAL, -EEXIST (also for other addresses: the old ones are to be removed first),
 * or what a transport says: it is on no link then. -ENOENT.
 */
int hy_links_peer_add(struct hy_links *links, uint32_t id, const char *name, const char *const addresses[],
                      struct hy_err *err);
int hy_links_peer_remove(struct hy_links *links, uint32_t id);
/* Seals and sends, to a node or HALYARD_ALL, over every link; what goes to all is what links are measured by, and the
 * moment to look at them. 0 when one link at least has taken it, else the first
 * link's -errno (-ENETDOWN: none is open). */
int hy_links_send(struct hy_links *links, uint32_t to, const void *data, size_t size);
/* The largest content that every link carries: what a transport carries less seal and header. */
size_t hy_links_max_size(const struct hy_links *links);
/* Sets *links to NULL; does nothing when it is NULL. */
void hy_links_close(struct hy_links **links);

struct hy_link_stats {
    const char *transport; /* all text lives until the next turn of the loop */
    bool open;             /* false: waits for its address or interface */
    bool up;               /* as far as its transport knows */
    const char *why;       /* the last event of the whole link; "" when there was none */
    uint64_t sent;         /* calls of hy_links_send() that the transport took */
    uint64_t send_failed;
    uint64_t received;            /* handed on */
    uint64_t refused;             /* not sealed with our key, or not by a peer: dropped */
    struct halyard_tp_stats wire; /* the transport's own; zeros when it keeps none */
    struct hy_meter_limits limits;
};
size_t hy_links_count(const struct hy_links *links);
void hy_links_stats(const struct hy_links *links, size_t link, struct hy_link_stats *stats);
/* What is measured of the peers of a link, also of those that have left. `at` counts from 0; false: there is none. */
struct hy_link_peer_stats {
    uint32_t node;
    const char *name; /* lives until the next turn of the loop */
    bool left;
    struct hy_meter_figures figures;
};
bool hy_links_peer_stats(const struct hy_links *links, size_t link, size_t at, struct hy_link_peer_stats *stats);
/* What the transport of `link` last said of `node`; true and "" while it has said nothing. */
bool hy_links_node_up(const struct hy_links *links, size_t link, uint32_t node, const char **why);

#endif
