/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving in good order, at a shutdown or because the cluster has struck this node: it says that it is going, the
 * cluster moves what it runs, the lead is handed over, and its last command declares it gone, so that nobody has to wait
 * for its silence. Whatever goes wrong, it ends: the executor stops what is left. After a shutdown the process ends; a
 * node that was struck goes on without a lease, and says what it is.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <stdio.h>
#include <string.h>

static const hy_time PATIENCE = 45 * HY_SECOND;
static const hy_time HAND_OVER = 2 * HY_SECOND;
static const hy_time TELL_AGAIN = HY_SECOND;

bool hy_leave_is_out(const struct hy_cluster *c)
{
    return c->leave.state == LEAVING_GONE && !c->leave.shutdown;
}

/* It is another node then, with another id, whatever its name: so with another configuration. */
static const char taken_out[] =
    "this node was taken out of the cluster: `hactl cluster add` on a member takes it in again, "
    "with the files that it writes";

static void gone(struct hy_cluster *c, const char *how)
{
    c->leave.state = LEAVING_GONE;
    c->leave.deadline = c->now;
    if (c->leave.shutdown) {
        hy_notice(&c->log, "this node leaves: %s", how);
        hy_cluster_emit(c, HY_CLUSTER_GONE);
        return;
    }
    snprintf(c->leave.waiting, sizeof c->leave.waiting, "%s", taken_out);
    hy_warning(&c->log, "%s (%s)", c->leave.waiting, how);
    hy_replica_tell_lease(c);
}

static void ask(struct hy_cluster *c)
{
    struct hy_buf statements = {0};
    hy_command_transient(&statements, c->name, "shutdown", "true");
    hy_outbox_add(c, statements.data, statements.size);
    hy_buf_free(&statements);
    c->leave.asked_at = c->now;
}

static void begin(struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    bool quorum = hy_membership_quorum(c->admission.membership, c->now);
    if (!own || own->state != HY_MEMBER_IN || (c->leave.shutdown && !quorum)) {
        gone(c, "it is not in a cluster with quorum; the executor stops what runs here");
        return;
    }
    if (!c->leave.shutdown)
        hy_notice(&c->log, "the cluster takes this node out: it gives up what it runs");
    ask(c);
    c->leave.state = LEAVING_ASKED;
    c->leave.deadline = c->now + PATIENCE;
}

void hy_leave_start(struct hy_cluster *c)
{
    if (c->leave.shutdown)
        return;
    c->leave.shutdown = true;
    if (c->leave.state == LEAVING_GONE)
        gone(c, "it is in no cluster");
    else if (c->leave.state == STAYING)
        begin(c);
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

/* A voter that stays. */
static uint32_t heir(const struct hy_cluster *c)
{
    const struct hy_raft_servers *servers = hy_raft_servers(c->replica.raft);
    for (size_t i = 0; i < servers->count; i++) {
        struct hy_membership_view view;
        uint32_t id = servers->list[i].id;
        const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, id);
        if (servers->list[i].voter && id != c->self && hy_membership_view(c->admission.membership, id, c->now, &view) &&
            view.heard && view.admitted && !(status && status->enrolled.striking))
            return id;
    }
    return 0;
}

static bool leads(const struct hy_cluster *c)
{
    return hy_raft_role(c->replica.raft) == HY_RAFT_LEADER;
}

static void hand_over(struct hy_cluster *c)
{
    uint32_t to = heir(c);
    const struct hy_raft_event event = {.type = HY_RAFT_TRANSFER, .to = to};
    if (leads(c) && to && !hy_replica_step(c, &event, NULL))
        hy_notice(&c->log, "hands the lead over to %s", hy_cluster_name_of(c, to));
    c->leave.deadline = c->now + HAND_OVER;
}

static void say_goodbye(struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    c->leave.state = LEAVING_SAID;
    struct hy_buf statements = {0};
    hy_command_member(&statements, c->name, c->self, HY_MEMBER_GONE, own->epoch + 1, own->incarnation);
    hy_outbox_add(c, statements.data, statements.size);
    hy_buf_free(&statements);
    c->leave.deadline = c->now + HAND_OVER;
}

static bool votes(const struct hy_cluster *c)
{
    const struct hy_raft_server *own = hy_servers_find(&c->replica.servers, c->self);
    return own && own->voter;
}

/* The others must miss neither its lead nor its vote: the DC takes the vote away first. A shutdown is not for ever, and
 * does not wait for that. */
static bool may_say_goodbye(const struct hy_cluster *c, bool late)
{
    if (!c->leave.shutdown)
        return !leads(c) && !votes(c);
    return late || (leads(c) ? !heir(c) : hy_raft_leader(c->replica.raft) != 0);
}

/* Judged gone and admitted again meanwhile: with the verdict went what it had said. */
static bool is_forgotten(const struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    return own && !hy_attrs_get(&own->transient, "shutdown") && c->now - c->leave.asked_at >= TELL_AGAIN;
}

static void go_on(struct hy_cluster *c)
{
    bool late = c->now >= c->leave.deadline;
    switch (c->leave.state) {
    case LEAVING_ASKED:
        if (is_forgotten(c))
            ask(c);
        if (late || !holds_something(c)) {
            c->leave.state = LEAVING_HANDING_OVER;
            hand_over(c);
        }
        break;
    case LEAVING_HANDING_OVER:
        if (may_say_goodbye(c, late))
            say_goodbye(c);
        else if (late)
            hand_over(c);
        break;
    case LEAVING_SAID:
        if (late && c->leave.shutdown)
            gone(c, "no answer to its goodbye");
        else if (late)
            say_goodbye(c);
        break;
    default:
        break;
    }
}

void hy_leave_run(struct hy_cluster *c)
{
    if (!c->leave.struck && c->leave.state == STAYING)
        return;
    const struct hy_node_status *own = hy_cluster_own_status(c);
    bool in = own && own->state == HY_MEMBER_IN;
    /* An admission that was on its way may come behind the strike, and this node may only see it now. */
    bool back = hy_leave_is_out(c) && in && own->incarnation == c->outbox.incarnation;
    if (c->leave.struck && (back || c->leave.state == STAYING))
        begin(c);
    if (hy_leave_is_out(c) && leads(c) && c->now >= c->leave.deadline)
        hand_over(c); /* elected all the same: it has no lease, and nobody acts meanwhile */
    if (c->leave.state == STAYING || c->leave.state == LEAVING_GONE)
        return;
    if (!in)
        gone(c, "the cluster knows");
    else
        go_on(c);
}

/* ---- nodes that are in no cluster, and do not know */

void hy_leave_stranger(struct hy_cluster *c, uint32_t from)
{
    struct told *told = &c->leave.told[from % HY_NODES_MAX]; /* each in its own time */
    if (c->now - told->at < TELL_AGAIN)
        return;
    if (told->id != from)
        hy_info(&c->log, "node %u is heard, and is not enrolled in this cluster: it is told so", from);
    *told = (struct told){from, c->now};
    const struct hy_message message = {.kind = HY_MESSAGE_STRANGER, .term = hy_raft_term(c->replica.raft)};
    hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, from, &message);
}

/* It changes nothing but what this node says of itself. One that has a lease, by the word of a majority, knows better;
 * the others hear of it by a change of the state, if it was wrong. */
void hy_leave_told(struct hy_cluster *c, uint32_t from)
{
    if (c->replica.lease > c->now || c->leave.stranger || c->leave.state == LEAVING_GONE)
        return;
    c->leave.stranger = true;
    snprintf(c->leave.waiting, sizeof c->leave.waiting, "%s",
             hy_cluster_blank(c) ? "this node is not in the cluster yet: `hactl cluster add` on a member takes it in"
                                 : taken_out);
    hy_warning(&c->log, "%s (so says %s)", c->leave.waiting, hy_cluster_name_of(c, from));
}
