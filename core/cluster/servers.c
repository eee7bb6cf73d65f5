/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DC brings the servers of consensus in line with who is enrolled: level-triggered, one change at a time, the most
 * urgent first.
 *
 *   demoted   a voter that was struck and is still there: its vote goes before it does, so that nobody misses it
 *   out       a server that was struck, or is heard with another disk, once it is gone and has let go
 *   promoted  a learner that keeps up, while there are fewer voters than HY_VOTERS_MAX
 *   in        an enrolled node that is heard and is no server yet, as a learner, with the disk it has now
 *
 * Between two changes every member must have applied the set there is: why leases stay safe then is in
 * docs/decisions/lease.md.
 */
#include "cib/command.h"
#include "cluster/internal.h"
#include "consensus/config.h"

#include <stdio.h>
#include <string.h>

static const hy_time LOOK_AGAIN = 100 * HY_MS;

const struct hy_raft_server *hy_servers_find(const struct hy_raft_servers *servers, uint32_t id)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].id == id)
            return &servers->list[i];
    return NULL;
}

static bool wait_for(struct servers *servers, const char *node, const char *what)
{
    snprintf(servers->waiting, sizeof servers->waiting, "%.60s %.130s", node, what);
    return false;
}

static bool see(const struct hy_cluster *c, uint32_t id, struct hy_membership_view *view)
{
    return hy_pulse_view(c->pulse, id, c->now, view);
}

/* Heard, and hears this node. */
static bool is_live(const struct hy_cluster *c, uint32_t id)
{
    struct hy_membership_view view;
    return id == c->self || (see(c, id, &view) && view.heard && view.hears_us);
}

static const struct hy_node_status *enrolled(const struct hy_cluster *c, uint32_t id)
{
    const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, id);
    return status && status->enrolled.address ? status : NULL;
}

/* Nothing runs there under a lease of this cluster, and nothing will. */
static bool has_ended(const struct hy_cluster *c, const struct hy_node_status *status)
{
    return status->state == HY_MEMBER_NEVER || (status->state == HY_MEMBER_GONE && hy_controller_has_let_go(c, status));
}

/* ---- may there be a change now? */

/* Members have said by heartbeat, in the life in which they were admitted, that they have applied the present set; and
 * they have lived long enough for the leases of former lives to be over, which were counted by who knows what set. */
static bool all_know_the_present(struct hy_cluster *c)
{
    for (size_t i = 0; i < c->replica.cib->nodes.count; i++) {
        const struct hy_node_status *status = c->replica.cib->nodes.items[i];
        struct hy_membership_view view;
        if (status->state == HY_MEMBER_GONE && !hy_controller_has_let_go(c, status))
            return wait_for(&c->servers, status->node, "is gone, and its lease has not ended yet");
        if (status->state != HY_MEMBER_IN)
            continue;
        if (!see(c, status->id, &view) || view.incarnation != status->incarnation || !view.settled ||
            view.servers_index < c->replica.cib->servers_index)
            return wait_for(&c->servers, status->node, "has not said yet that it knows the present set of servers");
    }
    return true;
}

/* It is there, and with the disk that the set names: with another it neither votes nor acknowledges. */
static bool has_its_say(const struct hy_cluster *c, const struct hy_raft_server *server)
{
    struct hy_membership_view view;
    return is_live(c, server->id) &&
           (server->id == c->self || (see(c, server->id, &view) && view.disk == server->disk));
}

/* A set that could not commit itself would be the last thing that this cluster does. */
static bool can_commit(struct hy_cluster *c, const struct hy_raft_servers *servers)
{
    size_t voters = 0, live = 0;
    for (size_t i = 0; i < servers->count; i++) {
        voters += servers->list[i].voter;
        live += servers->list[i].voter && has_its_say(c, &servers->list[i]);
    }
    return live > voters / 2;
}

/* ---- what is to be changed? */

struct change {
    struct hy_raft_servers servers; /* as they shall be */
    uint32_t node;
    const char *what;
};

/* One that cannot be made now does not stand in the way of another that can, and that may be what makes it possible. */
static bool take(struct hy_cluster *c, const struct change *wanted, struct change *change)
{
    if (!can_commit(c, &wanted->servers))
        return wait_for(&c->servers, hy_cluster_name_of(c, wanted->node),
                        "cannot be dealt with: with it changed, too few of the voters would be alive");
    *change = *wanted;
    return true;
}

static bool take_out(struct hy_cluster *c, size_t at, const char *what, struct change *change)
{
    struct change without = {.servers = change->servers, .node = change->servers.list[at].id, .what = what};
    without.servers.count--;
    memmove(&without.servers.list[at], &without.servers.list[at + 1],
            (without.servers.count - at) * sizeof without.servers.list[0]);
    return take(c, &without, change);
}

static bool choose_one_to_lose_its_vote(struct hy_cluster *c, struct change *change)
{
    for (size_t i = 0; i < change->servers.count; i++) {
        const struct hy_raft_server *server = &change->servers.list[i];
        const struct hy_node_status *status = enrolled(c, server->id);
        if (!server->voter || server->id == c->self || !status || !status->enrolled.striking ||
            status->state != HY_MEMBER_IN || !is_live(c, server->id))
            continue;
        struct change without = {
            .servers = change->servers, .node = server->id, .what = "is to be taken out, and votes no more"};
        without.servers.list[i].voter = false;
        if (take(c, &without, change))
            return true;
    }
    return false;
}

static bool choose_one_to_go(struct hy_cluster *c, struct change *change)
{
    for (size_t i = 0; i < change->servers.count; i++) {
        const struct hy_raft_server *server = &change->servers.list[i];
        const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, server->id);
        struct hy_membership_view view = {0};
        if (server->id == c->self || (status && !has_ended(c, status)))
            continue;
        bool struck = !status || !status->enrolled.address || status->enrolled.striking;
        bool replaced = see(c, server->id, &view) && view.disk && view.disk != server->disk;
        if (struck && take_out(c, i, "is taken out of the servers", change))
            return true;
        if (!struck && replaced && take_out(c, i, "has another disk: the old one is taken out of the servers", change))
            return true;
    }
    return false;
}

/* Witnesses are there to vote; the others by their id. */
static bool choose_one_to_vote(struct hy_cluster *c, struct change *change)
{
    const struct hy_raft_server *chosen = NULL;
    bool chosen_is_witness = false;
    if (hy_raft_voter_count(&change->servers) >= HY_VOTERS_MAX)
        return false;
    for (size_t i = 0; i < change->servers.count; i++) {
        const struct hy_raft_server *server = &change->servers.list[i];
        const struct hy_node_status *status = enrolled(c, server->id);
        if (server->voter || !status || status->enrolled.striking || status->state != HY_MEMBER_IN ||
            !is_live(c, server->id) || !hy_raft_caught_up(c->replica.raft, server->id))
            continue;
        bool better = !chosen || (status->enrolled.witness && !chosen_is_witness) ||
                      (status->enrolled.witness == chosen_is_witness && server->id < chosen->id);
        if (better) {
            chosen = server;
            chosen_is_witness = status->enrolled.witness;
        }
    }
    if (!chosen)
        return false;
    struct change with = {.servers = change->servers, .node = chosen->id};
    with.what = "has caught up: it votes from now on";
    with.servers.list[chosen - change->servers.list].voter = true;
    return take(c, &with, change);
}

/* What is left of another cluster must not be taken for a part of this one's log. */
static bool is_ours(struct hy_cluster *c, const char *name, const struct hy_membership_view *view)
{
    if (view->blank || view->lineage == hy_members_lineage(c))
        return true;
    return wait_for(&c->servers, name,
                    view->lineage ? "has the state of a cluster that was formed apart from this one: to be taken in "
                                    "here it must begin with an empty state folder"
                                  : "has a state, and has not said yet of which cluster");
}

static bool choose_one_to_come(struct hy_cluster *c, struct change *change)
{
    for (size_t i = 0; i < c->members.list.count && change->servers.count < HY_RAFT_MAX_NODES; i++) {
        const struct hy_cluster_node *node = &c->members.list.items[i]->node;
        const struct hy_node_status *status = enrolled(c, node->id);
        struct hy_membership_view view;
        if (hy_servers_find(&change->servers, node->id) || !status || status->enrolled.striking ||
            !has_ended(c, status) || !is_live(c, node->id) || !see(c, node->id, &view) || !view.disk ||
            !is_ours(c, node->name, &view))
            continue;
        struct change with = {.servers = change->servers, .node = node->id};
        with.what = "is taken into the servers, as a learner";
        with.servers.list[with.servers.count++] = (struct hy_raft_server){.id = node->id, .disk = view.disk};
        return take(c, &with, change);
    }
    return false;
}

static void make(struct hy_cluster *c, const struct change *change)
{
    const char *name = hy_cluster_name_of(c, change->node);
    struct hy_err err = {{0}};
    const struct hy_raft_event event = {.type = HY_RAFT_CONFIGURE, .servers = &change->servers};
    if (hy_replica_step(c, &event, &err))
        wait_for(&c->servers, name, err.text);
    else
        hy_notice(&c->log, "%s %s", name, change->what);
}

/* ---- forgetting */

/* Whoever was struck and is out of everything: its name may be given again, its id may not. */
static void forget_struck(struct hy_cluster *c)
{
    const struct hy_cib *cib = c->replica.cib;
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        if (!status->enrolled.striking || !has_ended(c, status) ||
            hy_servers_find(hy_raft_servers(c->replica.raft), status->id))
            continue;
        struct hy_buf statements = {0};
        hy_command_struck(&statements, status->node);
        if (!hy_replica_propose_own(c, hy_buf_text(&statements)))
            c->servers.again = c->now + HY_SECOND; /* it may be under way for a while; saying it twice does no harm */
        hy_buf_free(&statements);
        return;
    }
}

static void say_waiting(struct hy_cluster *c, const char *before)
{
    struct servers *servers = &c->servers;
    bool same = strcmp(before, servers->waiting) == 0;
    if (!servers->waiting[0] || (same && c->now - servers->logged_at < 60 * HY_SECOND))
        return;
    servers->logged_at = c->now;
    hy_info(&c->log, "the next change of the servers waits: %s", servers->waiting);
}

void hy_servers_run(struct hy_cluster *c)
{
    struct servers *servers = &c->servers;
    if (!hy_raft_leads(c->replica.raft)) {
        servers->due = false;
        servers->again = HY_NEVER;
        servers->waiting[0] = '\0';
        return;
    }
    if (!servers->due && c->now < servers->again)
        return;
    servers->due = false;
    servers->again = c->now + LOOK_AGAIN;
    if (!c->replica.cib->last_id || hy_raft_config_pending(c->replica.raft))
        return;
    char before[sizeof servers->waiting];
    memcpy(before, servers->waiting, sizeof before);
    servers->waiting[0] = '\0';
    struct change change = {.servers = *hy_raft_servers(c->replica.raft)};
    if (choose_one_to_go(c, &change) || choose_one_to_lose_its_vote(c, &change) || choose_one_to_vote(c, &change) ||
        choose_one_to_come(c, &change)) {
        servers->waiting[0] = '\0';
        if (all_know_the_present(c))
            make(c, &change);
    } else {
        forget_struck(c);
    }
    say_waiting(c, before);
}
