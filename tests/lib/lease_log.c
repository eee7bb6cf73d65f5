/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replicated log of the lease tests: Raft's rules, without its details. An election is one instant, in which a majority that can be
 * reached takes the new term; appends carry the whole log and go through the same bad network as all else. Logs and terms outlive a
 * core. The leader does as the header of membership.h tells the caller to.
 */
#include "lib/lease_cluster.h"

#include "base/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { APPEND = 1, APPENDED = 2 };
#define ELECTION_TIMEOUT (300 * HY_MS)

static struct lease_log *log_of(struct lease_cluster *cluster, uint32_t id)
{
    return &cluster->nodes[id].log;
}

/* The newest set of voters among the first `count` entries. */
static uint32_t voters_at(const struct lease_cluster *cluster, const struct lease_log *log, size_t count)
{
    for (size_t at = count; at > 0; at--) {
        if (log->entries[at - 1].voters)
            return log->entries[at - 1].voters;
    }
    return (1u << cluster->options.voters) - 1;
}

/* As in Raft, it is in force from when it is in the log. */
static uint32_t voters_in_force(const struct lease_cluster *cluster, uint32_t id)
{
    const struct lease_log *log = &cluster->nodes[id].log;
    return voters_at(cluster, log, log->count);
}

static bool votes(uint32_t voters, uint32_t id)
{
    return voters >> (id - 1) & 1;
}

static size_t count_voters(uint32_t voters)
{
    size_t count = 0;
    for (; voters; voters >>= 1)
        count += voters & 1;
    return count;
}

static void feed_set(struct lease_cluster *cluster, uint32_t id, size_t index, bool led)
{
    uint32_t voters = log_of(cluster, id)->entries[index].voters;
    struct hy_membership_peer nodes[LEASE_NODES];
    for (uint32_t i = 0; i < cluster->options.nodes; i++)
        nodes[i] = (struct hy_membership_peer){.id = i + 1, .voter = votes(voters, i + 1)};
    cluster->sets += led;
    if (led)
        lease_trace(cluster, "%u: committed: set of voters %x", id, voters);
    lease_feed(cluster, id,
               &(struct hy_membership_event){
                   .type = HY_MEMBERSHIP_NODES, .nodes = nodes, .count = cluster->options.nodes, .number = index + 1});
}

static void feed_entry(struct lease_cluster *cluster, uint32_t id, enum hy_membership_event_type type, size_t index,
                       bool led)
{
    const struct lease_entry *entry = &log_of(cluster, id)->entries[index];
    struct hy_membership_event event = {.type = type,
                                        .node = entry->node,
                                        .in = entry->in,
                                        .epoch = entry->epoch,
                                        .incarnation = entry->incarnation,
                                        .led = led};
    if (type == HY_MEMBERSHIP_COMMITTED && led)
        lease_trace(cluster, "%u: committed: %u %s, epoch %u", id, entry->node, entry->in ? "in" : "gone",
                    entry->epoch);
    size_t before = cluster->releases;
    lease_feed(cluster, id, &event);
    cluster->fast_releases += led ? cluster->releases - before : 0;
}

static void append_entry(struct lease_cluster *cluster, uint32_t id, struct lease_entry entry)
{
    struct lease_log *log = log_of(cluster, id);
    if (log->count == LEASE_LOG) {
        fprintf(stderr, "lease_log: more than %d entries\n", LEASE_LOG);
        abort();
    }
    log->entries[log->count++] = entry;
    if (entry.node != 0)
        feed_entry(cluster, id, HY_MEMBERSHIP_LOGGED, log->count - 1, false);
}

static void cut_log(struct lease_cluster *cluster, uint32_t id, size_t count)
{
    struct lease_log *log = log_of(cluster, id);
    while (log->count > count) {
        cluster->truncations++;
        if (log->count <= log->commit) {
            fprintf(stderr, "lease_log: a committed entry would be cut\n");
            abort();
        }
        if (log->entries[log->count - 1].node != 0)
            feed_entry(cluster, id, HY_MEMBERSHIP_UNLOGGED, log->count - 1, false);
        log->count--;
    }
}

static void commit_to(struct lease_cluster *cluster, uint32_t id, size_t commit)
{
    struct lease_log *log = log_of(cluster, id);
    while (log->commit < commit && log->commit < log->count) {
        size_t index = log->commit++;
        bool led = log->leads && log->entries[index].term == log->term;
        if (log->entries[index].node != 0)
            feed_entry(cluster, id, HY_MEMBERSHIP_COMMITTED, index, led);
        else if (log->entries[index].voters)
            feed_set(cluster, id, index, led);
    }
}

static void send_appends(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_log *log = log_of(cluster, id);
    for (uint32_t to = 1; to <= cluster->options.nodes; to++) {
        if (to == id)
            continue;
        struct hy_buf message = {0};
        hy_wr_u8(&message, APPEND);
        hy_wr_u64(&message, log->term);
        hy_wr_u64(&message, log->commit);
        hy_wr_bytes(&message, log->entries, log->count * sizeof log->entries[0]);
        lease_post(cluster, id, to, &message);
    }
}

static void advance_commit(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_log *log = log_of(cluster, id);
    log->match[id - 1] = log->count;
    for (size_t at = log->count; at > log->commit; at--) {
        size_t have = 0;
        uint32_t voters = voters_in_force(cluster, id);
        for (uint32_t i = 0; i < cluster->options.nodes; i++)
            have += votes(voters, i + 1) && log->match[i] >= at;
        if (have > count_voters(voters) / 2 && log->entries[at - 1].term == log->term) {
            commit_to(cluster, id, at);
            send_appends(cluster, id);
            return;
        }
    }
}

static void see_term(struct lease_cluster *cluster, uint32_t id, uint64_t term)
{
    struct lease_log *log = log_of(cluster, id);
    if (term > log->term) {
        log->term = term;
        log->leads = false;
    }
}

static void take_append(struct lease_cluster *cluster, uint32_t id, uint32_t from, struct hy_rd *rd)
{
    uint64_t term = hy_rd_u64(rd);
    size_t commit = hy_rd_u64(rd);
    size_t size;
    const void *data = hy_rd_bytes(rd, &size);
    struct lease_log *log = log_of(cluster, id);
    see_term(cluster, id, term);
    if (term < log->term)
        return;
    log->leader = from;
    log->leader_heard = cluster->now;
    size_t count = size / sizeof log->entries[0];
    for (size_t i = 0; i < count; i++) {
        struct lease_entry entry;
        memcpy(&entry, (const char *)data + i * sizeof entry, sizeof entry);
        if (i < log->count && log->entries[i].term != entry.term)
            cut_log(cluster, id, i);
        if (i >= log->count)
            append_entry(cluster, id, entry);
    }
    commit_to(cluster, id, commit < count ? commit : count);
    struct hy_buf message = {0};
    hy_wr_u8(&message, APPENDED);
    hy_wr_u64(&message, term);
    hy_wr_u64(&message, count);
    lease_post(cluster, id, from, &message);
}

void lease_log_take(struct lease_cluster *cluster, uint32_t id, uint32_t from, const void *data, size_t size)
{
    struct hy_rd rd = hy_rd_from(data, size);
    struct lease_log *log = log_of(cluster, id);
    if (hy_rd_u8(&rd) == APPEND) {
        take_append(cluster, id, from, &rd);
        return;
    }
    uint64_t term = hy_rd_u64(&rd);
    size_t match = hy_rd_u64(&rd);
    see_term(cluster, id, term);
    if (!log->leads || term != log->term || match <= log->match[from - 1])
        return;
    log->match[from - 1] = match;
    advance_commit(cluster, id);
}

static bool pending(const struct lease_log *log, uint32_t node)
{
    for (size_t i = log->commit; i < log->count; i++) {
        if (log->entries[i].node == node)
            return true;
    }
    return false;
}

void lease_log_propose(struct lease_cluster *cluster, uint32_t id, uint32_t node, bool in)
{
    struct lease_node *leader = &cluster->nodes[id];
    struct hy_membership_view view;
    if (!leader->log.leads || pending(&leader->log, node) ||
        !hy_membership_view(leader->membership, node, lease_clock(cluster, id), &view))
        return;
    lease_trace(cluster, "%u: proposes: %u %s, epoch %u", id, node, in ? "in" : "gone", view.epoch + 1);
    append_entry(cluster, id,
                 (struct lease_entry){.term = leader->log.term,
                                      .node = node,
                                      .in = in,
                                      .epoch = view.epoch + 1,
                                      .incarnation = in ? view.incarnation : 0});
    send_appends(cluster, id);
    advance_commit(cluster, id);
}

/* As core/cluster/servers.c asks: has every member, in the life in which it was admitted, applied the present set? */
static bool all_know_the_present(struct lease_cluster *cluster, uint32_t id)
{
    const struct lease_log *log = log_of(cluster, id);
    size_t present = log->commit;
    while (present > 0 && !log->entries[present - 1].voters)
        present--;
    for (uint32_t i = 1; i <= cluster->options.nodes; i++) {
        struct hy_membership_view view;
        hy_membership_view(cluster->nodes[id].membership, i, lease_clock(cluster, id), &view);
        if (view.admitted
                ? view.incarnation != view.admitted_incarnation || !view.settled || view.servers_index < present
                : view.epoch != 0 && !view.released)
            return false;
    }
    return true;
}

void lease_log_change(struct lease_cluster *cluster, uint32_t id, uint32_t node)
{
    struct lease_log *log = log_of(cluster, id);
    uint32_t voters = voters_in_force(cluster, id) ^ 1u << (node - 1);
    bool pending = voters_in_force(cluster, id) != voters_at(cluster, log, log->commit);
    bool own_term = log->commit > 0 && log->entries[log->commit - 1].term == log->term;
    if (!log->leads || node == id || pending || !own_term || count_voters(voters) == 0)
        return;
    if (!cluster->options.careless && !all_know_the_present(cluster, id))
        return;
    lease_trace(cluster, "%u: proposes: set of voters %x", id, voters);
    append_entry(cluster, id, (struct lease_entry){.term = log->term, .voters = voters});
    send_appends(cluster, id);
    advance_commit(cluster, id);
}

static bool up_to_date(const struct lease_log *candidate, const struct lease_log *voter)
{
    uint64_t a = candidate->count ? candidate->entries[candidate->count - 1].term : 0;
    uint64_t b = voter->count ? voter->entries[voter->count - 1].term : 0;
    return a != b ? a > b : candidate->count >= voter->count;
}

void lease_log_campaign(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_log *log = log_of(cluster, id);
    bool grants[LEASE_NODES + 1] = {false};
    size_t granted = 0;
    uint64_t term = log->term;
    uint32_t voters = voters_in_force(cluster, id);
    for (uint32_t i = 1; i <= cluster->options.nodes; i++) {
        const struct lease_node *voter = &cluster->nodes[i];
        if (!votes(voters, i))
            continue;
        grants[i] = i == id || (voter->membership && voter->frozen_until <= cluster->now && !cluster->cut[id][i] &&
                                !cluster->cut[i][id] && up_to_date(log, &voter->log));
        granted += grants[i];
        if (grants[i] && voter->log.term > term)
            term = voter->log.term;
    }
    if (granted <= count_voters(voters) / 2)
        return;
    term++;
    for (uint32_t i = 1; i <= cluster->options.nodes; i++) {
        if (grants[i])
            see_term(cluster, i, term);
    }
    lease_trace(cluster, "%u: leads, term %u", id, (unsigned)term);
    log->leads = true;
    memset(log->match, 0, sizeof log->match);
    append_entry(cluster, id, (struct lease_entry){.term = term}); /* a new leader's no-op */
    send_appends(cluster, id);
    advance_commit(cluster, id);
}

uint32_t lease_log_leader(const struct lease_cluster *cluster)
{
    uint32_t leader = 0;
    uint64_t term = 0;
    for (uint32_t id = 1; id <= cluster->options.nodes; id++) {
        if (cluster->nodes[id].log.leads && cluster->nodes[id].log.term > term) {
            term = cluster->nodes[id].log.term;
            leader = id;
        }
    }
    return leader;
}

static void lead(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    for (uint32_t i = 1; i <= cluster->options.nodes && node->log.leads; i++) {
        struct hy_membership_view view;
        hy_membership_view(node->membership, i, lease_clock(cluster, id), &view);
        if (view.admissible)
            lease_log_propose(cluster, id, i, true);
        else if (view.condemned && i != id)
            lease_log_propose(cluster, id, i, false);
    }
    send_appends(cluster, id);
}

static bool wants_to_lead(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    uint32_t leader = node->log.leader;
    struct hy_membership_view view;
    hy_time now = lease_clock(cluster, id);
    if (leader != 0 && hy_membership_view(node->membership, leader, now, &view) && view.condemned)
        return hy_membership_lowest_live(node->membership, leader, now) == id;
    hy_time stagger = (hy_time)id * 20 * HY_MS;
    return cluster->now - node->log.leader_heard > ELECTION_TIMEOUT + stagger;
}

void lease_log_tick(struct lease_cluster *cluster, uint32_t id)
{
    if (!votes(voters_in_force(cluster, id), id)) {
        log_of(cluster, id)->leads = false;
        return;
    }
    if (log_of(cluster, id)->leads)
        lead(cluster, id);
    else if (wants_to_lead(cluster, id))
        lease_log_campaign(cluster, id);
}

void lease_log_start(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_log *log = log_of(cluster, id);
    log->commit = 0;
    log->leader_heard = cluster->now;
    for (size_t i = 0; i < log->count; i++) {
        if (log->entries[i].node != 0)
            feed_entry(cluster, id, HY_MEMBERSHIP_LOGGED, i, false);
    }
}
