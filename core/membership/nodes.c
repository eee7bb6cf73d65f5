/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who there is, and who votes. Nodes come and go while promises run: those of a node that stays are kept, whatever
 * becomes of its vote, and what was promised to it too. Why leases stay safe while the voters change is in
 * docs/decisions/lease.md; it needs the caller to wait for everybody between two changes.
 */
#include "membership/internal.h"

#include <errno.h>
#include <inttypes.h>

int hy_membership_check_nodes(const struct hy_membership_peer *nodes, size_t count, struct hy_err *err)
{
    /* Room is left for this node: it is known even when it is not among them. */
    if (count > HY_MEMBERSHIP_MAX_NODES)
        return hy_fail(err, EINVAL, "there must be at most %d nodes, not %zu", HY_MEMBERSHIP_MAX_NODES, count);
    for (size_t i = 0; i < count; i++) {
        if (nodes[i].id == 0)
            return hy_fail(err, EINVAL, "a node id must not be 0");
        for (size_t k = 0; k < i; k++) {
            if (nodes[k].id == nodes[i].id)
                return hy_fail(err, EINVAL, "node id %" PRIu32 " is given twice", nodes[i].id);
        }
    }
    return 0;
}

static const struct hy_membership_peer *find_peer(const struct hy_membership_peer *nodes, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++) {
        if (nodes[i].id == id)
            return &nodes[i];
    }
    return NULL;
}

/* The nodes behind it move up, and with them what others said of them. */
static void remove_node(struct hy_membership *m, size_t at)
{
    hy_vec_free(&m->nodes[at].logged);
    size_t behind = m->count - at - 1;
    memmove(&m->nodes[at], &m->nodes[at + 1], behind * sizeof m->nodes[0]);
    m->count--;
    memset(&m->nodes[m->count], 0, sizeof m->nodes[0]);
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_opinion *opinions = m->nodes[i].opinions;
        memmove(&opinions[at], &opinions[at + 1], behind * sizeof opinions[0]);
        opinions[m->count] = (struct hy_membership_opinion){0};
    }
    if (m->self > at)
        m->self--;
}

/* By id, so that what a node says does not depend on who came when. */
static void add_node(struct hy_membership *m, uint32_t id, hy_time now)
{
    size_t at = 0;
    while (at < m->count && m->nodes[at].id < id)
        at++;
    size_t behind = m->count - at;
    memmove(&m->nodes[at + 1], &m->nodes[at], behind * sizeof m->nodes[0]);
    m->nodes[at] =
        (struct hy_membership_node){.id = id, .count_from = now, .contact_from = now, .release_at = HY_NEVER};
    if (m->count > 0 && m->self >= at)
        m->self++;
    m->count++;
    for (size_t i = 0; i < m->count; i++) {
        struct hy_membership_opinion *opinions = m->nodes[i].opinions;
        memmove(&opinions[at + 1], &opinions[at], behind * sizeof opinions[0]);
        opinions[at] = (struct hy_membership_opinion){0};
    }
}

void hy_membership_set_nodes(struct hy_membership *m, const struct hy_membership_peer *nodes, size_t count, hy_time now)
{
    for (size_t i = m->count; i-- > 0;) {
        if (i != m->self && !find_peer(nodes, count, m->nodes[i].id))
            remove_node(m, i);
    }
    for (size_t i = 0; i < count && m->count < HY_MEMBERSHIP_MAX_NODES; i++) {
        if (!hy_membership_find(m, nodes[i].id))
            add_node(m, nodes[i].id, now);
    }
    m->voters = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_peer *peer = find_peer(nodes, count, m->nodes[i].id);
        m->nodes[i].voter = peer && peer->voter;
        m->nodes[i].voter_disk = peer && peer->voter ? peer->disk : 0;
        m->voters += m->nodes[i].voter;
    }
    m->majority = m->voters ? m->voters / 2 + 1 : HY_MEMBERSHIP_MAX_NODES + 1;
}
