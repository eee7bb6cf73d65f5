/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving in good order: this node says that it is going, the cluster moves what it runs, the lead is handed over, and
 * its last command declares itself gone, so that nobody has to wait for its silence. Whatever goes wrong, it ends: the
 * executor stops what is left.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <string.h>

static const hy_time PATIENCE = 45 * HY_SECOND;
static const hy_time HAND_OVER = 2 * HY_SECOND;

static void gone(struct hy_cluster *c, const char *how)
{
    c->leaving = LEAVING_GONE;
    c->leaving_deadline = HY_NEVER;
    hy_notice(&c->log, "this node leaves: %s", how);
    hy_cluster_emit(c, HY_CLUSTER_GONE);
}

void hy_leave_start(struct hy_cluster *c)
{
    if (c->leaving != STAYING)
        return;
    const struct hy_node_status *own = hy_cluster_own_status(c);
    if (!own || own->state != HY_MEMBER_IN || !hy_membership_quorum(c->admission.membership, c->now)) {
        gone(c, "it is not in a cluster with quorum; the executor stops what runs here");
        return;
    }
    struct hy_buf statements = {0};
    hy_command_transient(&statements, c->name, "shutdown", "true");
    hy_outbox_add(c, statements.data, statements.size);
    hy_buf_free(&statements);
    c->leaving = LEAVING_ASKED;
    c->leaving_deadline = c->now + PATIENCE;
}

/* Does anything run here that the cluster can and will still move away? */
static bool holds_something(const struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    if (!own || !hy_attrs_get(&own->transient, "shutdown"))
        return true; /* the cluster does not even know yet */
    const struct hy_sched_input input = {.cib = c->replica.cib, .now = c->wall, .quorum = true};
    struct hy_decision *decision = hy_schedule(&input);
    bool holds = false;
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        if (strcmp(active->node, c->name) == 0 && !active->blocked && !active->unmanaged)
            holds = true;
    }
    hy_decision_free(&decision);
    return holds;
}

static uint32_t heir(const struct hy_cluster *c)
{
    const struct hy_raft_servers *servers = hy_raft_servers(c->replica.raft);
    for (size_t i = 0; i < servers->count; i++) {
        struct hy_membership_view view;
        uint32_t id = servers->list[i].id;
        if (servers->list[i].voter && id != c->self && hy_membership_view(c->admission.membership, id, c->now, &view) &&
            view.heard && view.admitted)
            return id;
    }
    return 0;
}

static void hand_over(struct hy_cluster *c)
{
    c->leaving = LEAVING_HANDING_OVER;
    uint32_t to = heir(c);
    const struct hy_raft_event event = {.type = HY_RAFT_TRANSFER, .to = to};
    if (hy_raft_role(c->replica.raft) == HY_RAFT_LEADER && to && !hy_replica_step(c, &event, NULL))
        hy_notice(&c->log, "hands the lead over to %s", hy_cluster_name_of(c, to));
    c->leaving_deadline = c->now + HAND_OVER;
}

static void say_goodbye(struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    c->leaving = LEAVING_SAID;
    struct hy_buf statements = {0};
    hy_command_member(&statements, c->name, c->self, HY_MEMBER_GONE, own->epoch + 1, own->incarnation);
    hy_outbox_add(c, statements.data, statements.size);
    hy_buf_free(&statements);
}

void hy_leave_run(struct hy_cluster *c)
{
    if (c->leaving == STAYING || c->leaving == LEAVING_GONE)
        return;
    const struct hy_node_status *own = hy_cluster_own_status(c);
    bool in = own && own->state == HY_MEMBER_IN;
    if (!in) {
        gone(c, "the cluster knows");
        return;
    }
    bool late = c->now >= c->leaving_deadline;
    if (c->leaving == LEAVING_ASKED && (late || !holds_something(c))) {
        hand_over(c);
        return;
    }
    bool leads = hy_raft_role(c->replica.raft) == HY_RAFT_LEADER;
    bool handed_over = !leads && hy_raft_leader(c->replica.raft);
    if (c->leaving == LEAVING_HANDING_OVER && (handed_over || late || (leads && !heir(c)))) {
        say_goodbye(c);
        c->leaving_deadline = c->now + HAND_OVER;
        return;
    }
    if (c->leaving == LEAVING_SAID && late)
        gone(c, "no answer to its goodbye");
}
