/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/peers.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct peer {
    uint32_t id;
    char *address;
    char *links[HY_LINKS_MAX]; /* as many as there are links */
};

struct hy_peers {
    const struct hy_config *config;
    struct hy_bus *bus;
    struct hy_pulse_thread *links;
    struct hy_log log;
    HY_VEC(struct peer) list;
};

/* ---- one peer */

static const char *address_on(const struct hy_cluster_node *node, size_t link)
{
    return link < HY_LINKS_MAX && node->links[link] ? node->links[link] : node->address;
}

static size_t link_count(const struct hy_peers *peers)
{
    size_t count = peers->config->links.count;
    return count < HY_LINKS_MAX ? count : HY_LINKS_MAX;
}

static bool is_same(const struct hy_peers *peers, const struct peer *peer, const struct hy_cluster_node *node)
{
    bool same = strcmp(peer->address, node->address) == 0;
    for (size_t i = 0; i < link_count(peers) && same; i++)
        same = strcmp(peer->links[i], address_on(node, i)) == 0;
    return same;
}

static void release(struct peer *peer)
{
    free(peer->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        free(peer->links[i]);
}

void hy_bus_addresses(const struct hy_config *config, const struct hy_cluster_node *node,
                      const char *addresses[HY_BUS_ADDRESSES_MAX])
{
    size_t count = 0;
    addresses[count++] = node->address;
    for (size_t i = 0; i < config->links.count && i < HY_LINKS_MAX; i++) {
        bool is_new = node->links[i] != NULL;
        for (size_t k = 0; k < count && is_new; k++)
            is_new = strcmp(addresses[k], node->links[i]) != 0;
        if (is_new)
            addresses[count++] = node->links[i];
    }
    while (count < HY_BUS_ADDRESSES_MAX)
        addresses[count++] = NULL;
}

static void add(struct hy_peers *peers, const struct hy_cluster_node *node)
{
    struct hy_err err = {{0}};
    const char *addresses[HY_LINKS_MAX];
    for (size_t i = 0; i < link_count(peers); i++)
        addresses[i] = address_on(node, i);
    struct hy_bus_peer bus_peer = {.id = node->id, .port = peers->config->bus_port};
    hy_bus_addresses(peers->config, node, bus_peer.addresses);
    int rc = hy_bus_peer_add(peers->bus, &bus_peer, &err);
    if (!rc) {
        rc = hy_pulse_thread_peer_add(peers->links, node->id, node->name, addresses, &err);
        if (rc)
            (void)hy_bus_peer_remove(peers->bus, node->id);
    }
    if (rc) {
        hy_error(&peers->log, "node %s (id %" PRIu32 ") cannot be reached: %s", node->name, node->id, err.text);
        return;
    }
    struct peer *peer = hy_vec_add(&peers->list);
    *peer = (struct peer){.id = node->id, .address = hy_strdup(node->address)};
    for (size_t i = 0; i < link_count(peers); i++)
        peer->links[i] = hy_strdup(addresses[i]);
}

static void drop(struct hy_peers *peers, size_t at)
{
    uint32_t id = peers->list.items[at].id;
    /* Both know it: it was added to both. */
    (void)hy_bus_peer_remove(peers->bus, id);
    (void)hy_pulse_thread_peer_remove(peers->links, id);
    release(&peers->list.items[at]);
    hy_vec_remove(&peers->list, at);
}

/* ---- all of them */

struct hy_peers *hy_peers_new(const struct hy_config *config, struct hy_bus *bus, struct hy_pulse_thread *links,
                              const struct hy_log *log)
{
    struct hy_peers *peers = hy_alloc(sizeof *peers);
    *peers = (struct hy_peers){.config = config, .bus = bus, .links = links, .log = *log};
    return peers;
}

void hy_peers_free(struct hy_peers **peers)
{
    if (!*peers)
        return;
    for (size_t i = 0; i < (*peers)->list.count; i++)
        release(&(*peers)->list.items[i]);
    hy_vec_free(&(*peers)->list);
    free(*peers);
    *peers = NULL;
}

static const struct hy_cluster_node *find_node(const struct hy_cluster_node *nodes, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (nodes[i].id == id)
            return &nodes[i];
    return NULL;
}

static bool is_peer(const struct hy_peers *peers, uint32_t id)
{
    for (size_t i = 0; i < peers->list.count; i++)
        if (peers->list.items[i].id == id)
            return true;
    return false;
}

void hy_peers_update(struct hy_peers *peers, const struct hy_cluster *cluster)
{
    const struct hy_cluster_node *nodes;
    size_t count = hy_cluster_nodes(cluster, &nodes);
    uint32_t self = peers->config->nodes.items[peers->config->self].id;
    /* Those that go make room first: an address may be another node's now. */
    for (size_t i = peers->list.count; i-- > 0;) {
        const struct hy_cluster_node *node = find_node(nodes, count, peers->list.items[i].id);
        if (!node || !is_same(peers, &peers->list.items[i], node))
            drop(peers, i);
    }
    for (size_t i = 0; i < count; i++)
        if (nodes[i].id != self && !is_peer(peers, nodes[i].id))
            add(peers, &nodes[i]);
}
