/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lease rests upon, looked at where it is kept on both sides, in true time (docs/decisions/lease.md):
 *
 *   refused-yet-counted       a voter refuses a node that still counts a promise of it
 *   lease-miscounted          a lease is longer than a majority of the voters has promised, for the epoch it is for
 *   promise-before-admission  a core promises that is not admitted: what it said before it restarted, it does not know
 *   promise-after-verdict     a core promises to a node whose verdict is in its log
 *   half-told                 the thread of heartbeats sees a snapshot's servers without its verdicts
 *   released-too-early        a node is said to have let go, and its executor holds a lease from before the verdict
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "membership/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct seen {
    uint64_t incarnation;
    hy_time lease_said;
    uint64_t applied;
    uint64_t last_index;              /* of the log, after the last step */
    uint64_t snapshot, servers;       /* likewise, of the state */
    uint32_t released[SIM_MAX_NODES]; /* the epoch of which that was said last */
};

struct promises {
    struct sim_world *world;
    struct seen seen[SIM_MAX_NODES];
    uint32_t lease_epoch[SIM_MAX_NODES]; /* that the page is for */
};

static void *open_check(struct sim_world *world)
{
    struct promises *promises = hy_alloc(sizeof *promises);
    promises->world = world;
    return promises;
}

static const struct hy_membership *membership_of(const struct promises *promises, size_t node)
{
    const struct hy_cluster *c = node < SIM_MAX_NODES ? sim_cluster(promises->world, node) : NULL;
    return c ? c->pulse->membership : NULL;
}

static const struct hy_membership_node *find(const struct hy_membership *m, size_t node)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->nodes[i].id == node + 1)
            return &m->nodes[i];
    return NULL;
}

/* ---- refusals */

static void check_refusal(struct promises *promises, size_t voter, const struct hy_membership_node *refused)
{
    size_t node = refused->id - 1;
    const struct hy_membership *m = membership_of(promises, node);
    const struct hy_membership_node *promise = m ? find(m, voter) : NULL;
    if (!promise || m->incarnation != refused->incarnation ||
        promise->promise_epoch != m->nodes[m->self].applied.epoch || !hy_membership_has_say(promise) ||
        promise->promise_until <= sim_local(promises->world, node))
        return;
    sim_violation(promises->world, "refused-yet-counted",
                  "%s refuses %s, which counts its promise for %" PRId64 " us more", sim_name(promises->world, voter),
                  sim_name(promises->world, node), promise->promise_until - sim_local(promises->world, node));
}

/* ---- the lease */

static void check_count(struct promises *promises, size_t node, const struct hy_membership *m)
{
    const struct hy_membership_node *self = &m->nodes[m->self];
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *other = &m->nodes[i];
        count += other->voter && (other == self || (other->promise_epoch == self->applied.epoch &&
                                                    other->promise_until - m->release_margin >= m->lease_said));
    }
    if (count < m->majority)
        sim_violation(promises->world, "lease-miscounted",
                      "%s holds a lease for its epoch %" PRIu32 ", and %zu of %zu voters have promised that long",
                      sim_name(promises->world, node), self->applied.epoch, count, m->voters);
}

static void lease(void *context, size_t node, hy_time local_deadline, uint32_t since)
{
    (void)local_deadline;
    (void)since;
    struct promises *promises = context;
    const struct hy_membership *m = membership_of(promises, node);
    if (m)
        promises->lease_epoch[node] = m->lease_epoch;
}

static void check_released(struct promises *promises, size_t by, const struct hy_membership_node *gone)
{
    size_t node = gone->id - 1;
    hy_time deadline = sim_lease(promises->world, node, NULL);
    promises->seen[by].released[node] = gone->applied.epoch;
    if (deadline != HY_NEVER && sim_lease_holds(promises->world, node) &&
        promises->lease_epoch[node] < gone->applied.epoch)
        sim_violation(promises->world, "released-too-early",
                      "%s takes %s as released at epoch %" PRIu32 ", and it holds a lease of epoch %" PRIu32
                      " for %" PRId64 " us more",
                      sim_name(promises->world, by), sim_name(promises->world, node), gone->applied.epoch,
                      promises->lease_epoch[node], deadline - sim_local(promises->world, node));
}

/* ---- what a heartbeat says */

static bool is_admitted(const struct hy_cluster *c, const struct hy_membership *m)
{
    const struct hy_node_status *own = hy_cib_node_by_id(c->replica.cib, c->self);
    return own && own->state == HY_MEMBER_IN && own->incarnation == m->incarnation;
}

/* A verdict on the node that was in the log before this step, and is not applied. */
static bool has_verdict(const struct hy_cluster *c, uint32_t id, uint64_t last)
{
    const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, id);
    struct hy_raft_entry entry;
    char words[HY_ID_MAX + 64];
    if (!status || status->state != HY_MEMBER_IN)
        return false;
    int size = snprintf(words, sizeof words, "member %s id=%" PRIu32 " state=gone epoch=%" PRIu32 " ", status->node, id,
                        status->epoch + 1);
    for (uint64_t index = c->replica.applied + 1; index <= last; index++)
        if (hy_raft_entry_at(c->replica.raft, index, &entry) && entry.type == HY_RAFT_ENTRY_COMMAND &&
            memmem(entry.data, entry.size, words, (size_t)size))
            return true;
    return false;
}

/* Whether a step has spoken before or after it took something in cannot be told from outside: in doubt it was in time. */
static void check_heartbeat(struct promises *promises, size_t node, const struct hy_cluster_effect *effect,
                            const struct hy_cluster *c, const struct seen *before)
{
    bool admitted = before->applied != c->replica.applied || is_admitted(c, c->pulse->membership);
    uint64_t last = before->last_index;
    struct hy_heartbeat heartbeat;
    if ((admitted && last <= c->replica.applied) || hy_heartbeat_decode(effect->data, effect->size, &heartbeat, NULL))
        return;
    for (size_t i = 0; i < heartbeat.count; i++) {
        const struct hy_heartbeat_about *about = &heartbeat.about[i];
        if (about->promised && !admitted)
            sim_violation(promises->world, "promise-before-admission",
                          "%s promises to test%" PRIu32 ", and is not admitted", sim_name(promises->world, node),
                          about->node);
        if (about->promised && has_verdict(c, about->node, last))
            sim_violation(promises->world, "promise-after-verdict",
                          "%s promises to test%" PRIu32 ", and has a verdict on it in its log",
                          sim_name(promises->world, node), about->node);
    }
}

/* ---- each step */

static void look_at_nodes(struct promises *promises, size_t node, const struct hy_membership *m)
{
    struct seen *seen = &promises->seen[node];
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_membership_node *other = &m->nodes[i];
        if (other->refused_until > m->now && i != m->self)
            check_refusal(promises, node, other);
        if (other->released && other->id <= SIM_MAX_NODES && seen->released[other->id - 1] != other->applied.epoch)
            check_released(promises, node, other);
    }
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct promises *promises = context;
    const struct hy_cluster *c = sim_cluster(promises->world, node);
    const struct hy_membership *m = c->pulse->membership;
    struct seen *seen = &promises->seen[node];
    if (seen->incarnation != m->incarnation)
        *seen = (struct seen){.incarnation = m->incarnation};
    if (effects->list.count ||
        seen->applied != c->replica.applied) /* who refuses says so at once; most steps say nothing */
        look_at_nodes(promises, node, m);
    if (m->lease_said != seen->lease_said && m->lease_said > m->now && m->lease_said != HY_NEVER)
        check_count(promises, node, m);
    seen->lease_said = m->lease_said;
    for (size_t i = 0; sim_says(promises->world, HY_CLUSTER_SEND_HEARTBEAT) && i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_SEND_HEARTBEAT)
            check_heartbeat(promises, node, &effects->list.items[i], c, seen);
    seen->applied = c->replica.applied;
    seen->last_index = hy_raft_last_index(c->replica.raft);
    seen->snapshot = c->replica.snapshot_index;
    seen->servers = m->servers_index;
}

/* A snapshot brings a set of servers and verdicts, of which either alone would be a state that never was. */
static void check_whole(struct promises *promises, size_t node, const struct hy_cluster *c, const struct seen *before)
{
    const struct hy_membership *m = c->pulse->membership;
    if (c->replica.snapshot_index == before->snapshot || c->replica.applied != c->replica.snapshot_index ||
        m->servers_index == before->servers || m->servers_index != c->replica.cib->servers_index)
        return;
    for (size_t i = 0; i < m->count; i++) {
        const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, m->nodes[i].id);
        if (status && m->nodes[i].applied.epoch < status->epoch)
            sim_violation(promises->world, "half-told",
                          "%s counts by the servers of a snapshot, and does not know its verdicts on test%" PRIu32
                          " yet",
                          sim_name(promises->world, node), m->nodes[i].id);
    }
}

static void between(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct promises *promises = context;
    const struct hy_cluster *c = sim_cluster(promises->world, node);
    struct seen *seen = &promises->seen[node];
    if (seen->incarnation != c->pulse->membership->incarnation)
        return;
    check_whole(promises, node, c, seen);
    for (size_t i = 0; i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_SEND_HEARTBEAT)
            check_heartbeat(promises, node, &effects->list.items[i], c, seen);
}

const struct sim_observer sim_check_promises = {
    .name = "promises", .open = open_check, .close = free, .stepped = stepped, .between = between, .lease = lease};
