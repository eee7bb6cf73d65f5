/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DC. Level-triggered: whenever something has changed, the scheduler says what is still to be done, and each action
 * whose predecessors are done and which is not under way is ordered. Nothing waits for a transition to end.
 *
 * Before a new DC acts it has heard, in its own term, from every member what runs there, and every node that was declared
 * gone has let go (membership tells when): a silent node is taken as running all it may have been given.
 */
#include "base/mutant.h"
#include "cib/command.h"
#include "cluster/internal.h"
#include "cluster/statement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const hy_time ASK_AGAIN = 100 * HY_MS;
static const hy_time REST = 10 * HY_MS;     /* between two decisions, while one edit follows the other */
static const hy_time COOLING = 200 * HY_MS; /* before an operation that could not be run is ordered again */

static void free_order(struct ordered *order)
{
    free(order->node);
    free(order->rsc);
    free(order->op);
    hy_buf_free(&order->message);
}

static void drop_order(struct controller *controller, size_t at)
{
    free_order(&controller->orders.items[at]);
    hy_vec_remove(&controller->orders, at);
}

static void reset(struct controller *controller)
{
    while (controller->orders.count)
        drop_order(controller, controller->orders.count - 1);
    hy_vec_free(&controller->listed);
    hy_handover_reset(&controller->handovers);
    hy_returns_free(&controller->returns);
    controller->term = 0;
    controller->counter = 0;
    controller->recheck = HY_NEVER;
    controller->later = HY_NEVER;
    controller->rest_until = 0;
    controller->enrolled = false;
    controller->acting = false;
    controller->waiting[0] = '\0';
}

void hy_controller_reset(struct hy_cluster *c)
{
    reset(&c->controller);
    for (size_t i = 0; i < c->members.list.count; i++)
        c->members.list.items[i]->sync = (struct sync){0};
}

void hy_controller_free(struct controller *controller)
{
    reset(controller);
    hy_vec_free(&controller->orders);
}

void hy_controller_ack(struct hy_cluster *c, uint64_t id)
{
    for (size_t i = 0; i < c->controller.orders.count; i++)
        if (c->controller.orders.items[i].id == id)
            c->controller.orders.items[i].acknowledged = true;
}

/* An answer for an epoch that is over says nothing of the present one: the member was judged gone and admitted since. */
void hy_controller_sync_done(struct hy_cluster *c, uint32_t from, const struct hy_message *message)
{
    struct member *member = hy_member(c, from);
    if (message->term != c->controller.term || !member)
        return;
    const struct hy_node_status *status = hy_cib_node(c->replica.cib, member->node.name);
    if (!status || status->epoch != message->epoch)
        return;
    member->sync.answer_seq = message->seq ? message->seq : 1;
    c->controller.due = true;
}

/* ---- what has been answered */

/* A result that names an order answers that one alone: the answer to one of a former DC may come while the same is under
 * way anew. What the executor did by itself, as at the end of a lease, names none. */
static bool same_key(const struct ordered *order, const struct hy_statement *statement)
{
    return strcmp(order->node, statement->node) == 0 && strcmp(order->rsc, statement->rsc) == 0 &&
           strcmp(order->op, statement->op) == 0 && order->key.interval == statement->interval &&
           (!statement->order || statement->order == order->id);
}

static void resolve(struct hy_cluster *c, const struct hy_statement *statement)
{
    struct controller *controller = &c->controller;
    for (size_t i = controller->orders.count; i-- > 0;) {
        struct ordered *order = &controller->orders.items[i];
        if (statement->kind == HY_STATEMENT_MEMBER ? strcmp(order->node, statement->node) != 0
                                                   : !same_key(order, statement))
            continue;
        if (statement->cancelled) {
            order->acknowledged = true;
            order->cooling = c->now + COOLING;
            continue;
        }
        if (statement->kind == HY_STATEMENT_RESULT && statement->order == order->id && strcmp(order->op, "stop") == 0)
            hy_handover_stopped(&controller->handovers, order->rsc, order->node, c->now);
        drop_order(controller, i);
    }
}

void hy_controller_command_applied(struct hy_cluster *c, const char *text, size_t size)
{
    if (!c->controller.orders.count)
        return;
    struct hy_statement statement;
    size_t at = 0;
    while (hy_statement_next(text, size, &at, &statement))
        if (statement.kind != HY_STATEMENT_OTHER && !statement.pending)
            resolve(c, &statement);
}

/* An edit, or a command that was refused: it may wait a moment. The first one is decided upon at once, those that follow
 * it closely together. Never so a result or a verdict: a failure is reacted to without delay. */
void hy_controller_edited(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    if (c->now >= controller->rest_until)
        controller->due = true;
    else
        controller->later = controller->rest_until;
}

/* ---- ready to act? */

static bool wait_for(struct controller *controller, const char *what, const char *node)
{
    snprintf(controller->waiting, sizeof controller->waiting, "%s%s%s", what, node ? " " : "", node ? node : "");
    return false;
}

static uint64_t session_seq(const struct hy_cluster *c, uint32_t origin, uint64_t incarnation)
{
    const struct hy_cib *cib = c->replica.cib;
    for (size_t i = 0; i < cib->sessions.count; i++)
        if (cib->sessions.items[i].origin == origin && cib->sessions.items[i].incarnation == incarnation)
            return cib->sessions.items[i].seq;
    return 0;
}

/* Has the member said, in this term, what runs there, and has what it said been applied? Asks when it has not. */
static bool member_synced(struct hy_cluster *c, struct sync *sync, const struct hy_node_status *status)
{
    if (sync->done)
        return true;
    if (sync->answer_seq) {
        sync->done = status->synced && session_seq(c, status->id, status->incarnation) >= sync->answer_seq;
        return sync->done;
    }
    if (c->now < sync->ask_again)
        return false;
    sync->ask_again = c->now + ASK_AGAIN;
    const struct hy_message ask = {.kind = HY_MESSAGE_SYNC, .term = c->controller.term, .epoch = status->epoch};
    if (status->id == c->self)
        hy_orders_message(c, c->self, &ask, NULL);
    else
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_ORDERS, status->id, &ask);
    return false;
}

/* The first DC of a new cluster enters the nodes of its configuration file: from then on the state says who there is. */
static bool nodes_enrolled(struct hy_cluster *c)
{
    if (c->replica.cib->last_id)
        return true;
    if (c->controller.enrolled)
        return false;
    struct hy_buf statements = {0};
    hy_members_enrol(c, &statements);
    c->controller.enrolled = !hy_replica_propose_own(c, hy_buf_text(&statements));
    hy_buf_free(&statements);
    return false;
}

bool hy_controller_has_let_go(const struct hy_cluster *c, const struct hy_node_status *status)
{
    struct hy_membership_view view;
    return hy_pulse_view(c->pulse, status->id, c->now, &view) && view.epoch == status->epoch && view.released;
}

static bool ready(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    if (!nodes_enrolled(c))
        return wait_for(controller, "the nodes to be enrolled", NULL);
    if (hy_pulse_lease(c->pulse) <= c->now && !HY_MUTANT(DC_WITHOUT_LEASE))
        return wait_for(controller, "this node's own lease", NULL);
    bool all = true;
    for (size_t i = 0; i < c->members.list.count; i++) {
        struct member *member = c->members.list.items[i];
        const struct hy_node_status *status = hy_cib_node(c->replica.cib, member->node.name);
        if (!status)
            continue;
        if (status->state == HY_MEMBER_GONE && !hy_controller_has_let_go(c, status) && !HY_MUTANT(GONE_IS_RELEASED))
            all = wait_for(controller, "the lease to end of", status->node);
        /* One that has just been admitted holds up only what it may be running: the scheduler sees to that. */
        if (status->state == HY_MEMBER_IN && !member_synced(c, &member->sync, status) && status->synced &&
            !HY_MUTANT(DC_DOES_NOT_LISTEN))
            all = wait_for(controller, "a report of what runs on", status->node);
    }
    if (all)
        controller->waiting[0] = '\0';
    return all;
}

/* ---- orders */

static bool under_way(const struct controller *controller, const struct hy_action *action, const char *op)
{
    for (size_t i = 0; i < controller->orders.count; i++) {
        const struct ordered *order = &controller->orders.items[i];
        if (strcmp(order->node, action->node) == 0 && strcmp(order->rsc, action->rsc) == 0 &&
            strcmp(order->op, op) == 0 && order->key.interval == action->interval)
            return true;
    }
    return false;
}

static void copy_attrs(struct hy_attrs *to, const struct hy_attr *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hy_attrs_set(to, from[i].name, from[i].value);
}

static void fill_operation(struct hy_operation *operation, const struct hy_action *action, uint64_t id)
{
    bool cancel = action->kind == HY_ACT_CANCEL;
    *operation = (struct hy_operation){.id = id,
                                       .rsc = hy_strdup(action->rsc),
                                       .agent = hy_strdup(action->agent ? action->agent : ""),
                                       .op = hy_strdup(cancel ? "cancel" : action->op),
                                       .cancels = cancel ? hy_strdup(action->op) : NULL,
                                       .interval = action->interval,
                                       .timeout = action->timeout,
                                       .start_delay = action->start_delay,
                                       .lease = true,
                                       .digest = hy_strdup(action->digest)};
    copy_attrs(&operation->params, action->params, action->param_count);
    copy_attrs(&operation->meta, action->meta, action->meta_count);
}

static void deliver(struct hy_cluster *c, struct ordered *order)
{
    order->resend = c->now + ASK_AGAIN;
    if (order->node_id == c->self) {
        struct hy_message message;
        if (!hy_message_decode(order->message.data, order->message.size, &message, NULL))
            hy_orders_message(c, c->self, &message, NULL);
        return;
    }
    struct hy_buf copy = {0};
    hy_buf_add(&copy, order->message.data, order->message.size);
    hy_cluster_emit_bytes(c, HY_CLUSTER_SEND_ORDERS, order->node_id, &copy);
}

static void give(struct hy_cluster *c, const struct hy_action *action)
{
    struct controller *controller = &c->controller;
    const struct hy_node_status *status = hy_cib_node(c->replica.cib, action->node);
    if (!status || status->state != HY_MEMBER_IN || under_way(controller, action, action->op))
        return;
    struct hy_operation operation;
    uint64_t id = (controller->term << 32) | ++controller->counter;
    fill_operation(&operation, action, id);
    struct hy_buf encoded = {0};
    const char *from = NULL;
    if (action->kind == HY_ACT_START)
        from = hy_handover_take(&controller->handovers, c->replica.cib, action->rsc, c->now);
    if (from)
        hy_attrs_set(&operation.meta, "handed_over", from);
    hy_operation_encode(&operation, &encoded);
    hy_operation_free(&operation);
    struct ordered *order = hy_vec_add(&controller->orders);
    *order = (struct ordered){.node = hy_strdup(action->node),
                              .rsc = hy_strdup(action->rsc),
                              .op = hy_strdup(action->op),
                              .node_id = status->id,
                              .id = id};
    order->key = (struct hy_inflight){order->node, order->rsc, order->op, action->interval};
    const struct hy_message message = {.kind = HY_MESSAGE_ORDER,
                                       .term = controller->term,
                                       .epoch = status->epoch,
                                       .data = encoded.data,
                                       .size = encoded.size};
    hy_message_encode(&message, &order->message);
    hy_buf_free(&encoded);
    enum hy_log_level level =
        action->kind == HY_ACT_PROBE || action->kind == HY_ACT_MONITOR || action->kind == HY_ACT_CANCEL ? HY_LOG_DEBUG
                                                                                                        : HY_LOG_NOTICE;
    hy_log_line(&c->log, level, "%s %s on %s: %s", hy_action_word(action->kind), action->rsc, action->node,
                action->reason ? action->reason : "");
    deliver(c, order);
}

/* ---- deciding */

static void list_in_flight(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    controller->listed.count = 0;
    for (size_t i = 0; i < controller->orders.count; i++)
        hy_vec_push(&controller->listed, controller->orders.items[i].key);
    for (size_t i = 0; i < c->replica.cib->nodes.count; i++) {
        const struct hy_node_status *status = c->replica.cib->nodes.items[i];
        for (size_t j = 0; status->state == HY_MEMBER_IN && j < status->results.count; j++) {
            const struct hy_result *result = &status->results.items[j];
            const struct hy_inflight pending = {status->node, result->rsc, result->op, result->interval};
            if (result->exec == HY_EXEC_PENDING)
                hy_vec_push(&controller->listed, pending);
        }
    }
}

static void propose_what_is_over(struct hy_cluster *c, const struct hy_decision *decision)
{
    if (!decision->expired.count && !decision->void_notices.count)
        return;
    struct hy_buf statements = {0};
    for (size_t i = 0; i < decision->expired.count; i++)
        hy_command_expire(&statements, decision->expired.items[i].rsc, decision->expired.items[i].node);
    for (size_t i = 0; i < decision->void_notices.count; i++) {
        const struct hy_void_notice *notice = &decision->void_notices.items[i];
        hy_command_forget(&statements, notice->node, notice->rsc, notice->op, 0);
    }
    hy_replica_propose_own(c, hy_buf_text(&statements));
    hy_buf_free(&statements);
}

static void propose_locks(struct hy_cluster *c, const struct hy_decision *decision)
{
    if (!decision->locks.count)
        return;
    struct hy_buf statements = {0};
    for (size_t i = 0; i < decision->locks.count; i++) {
        const struct hy_lock_change *change = &decision->locks.items[i];
        hy_command_lock(&statements, change->node, change->rsc, change->locked);
    }
    hy_replica_propose_own(c, hy_buf_text(&statements));
    hy_buf_free(&statements);
}

/* Once it is stopped nothing else says where it ran: should this DC be gone by then, the next one would start it
 * elsewhere. */
static bool waits_for_lock(const struct hy_decision *decision, const struct hy_action *action)
{
    for (size_t i = 0; i < decision->locks.count; i++)
        if (decision->locks.items[i].locked && strcmp(decision->locks.items[i].rsc, action->rsc) == 0 &&
            action->kind != HY_ACT_PROBE)
            return true;
    return false;
}

/* It failed there as it was defined before, and may have failed too often: nobody shall see it start there while that still
 * counts, and the command that ends it is not to meet the answer of that start. */
static bool waits_for_expiry(const struct hy_decision *decision, const struct hy_action *action)
{
    for (size_t i = 0; i < decision->expired.count && action->kind == HY_ACT_START; i++) {
        const struct hy_expired *expired = &decision->expired.items[i];
        if (expired->redefined && strcmp(expired->rsc, action->rsc) == 0 && strcmp(expired->node, action->node) == 0)
            return true;
    }
    return false;
}

static void decide(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    list_in_flight(c);
    const struct hy_sched_input input = {.cib = c->replica.cib,
                                         .now = c->wall,
                                         .quorum = true,
                                         .dc = c->name,
                                         .inflight = controller->listed.items,
                                         .inflight_count = controller->listed.count,
                                         .returns = &controller->returns};
    struct hy_decision *decision = hy_schedule(&input);
    hy_returns_decided(&controller->returns, decision);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (action->pending || action->blocked || action->after_count || waits_for_lock(decision, action) ||
            waits_for_expiry(decision, action))
            continue;
        give(c, action);
        hy_returns_ordered(&controller->returns, action);
    }
    propose_locks(c, decision);
    propose_what_is_over(c, decision);
    controller->recheck = decision->recheck == HY_NEVER
                              ? HY_NEVER
                              : c->now + (decision->recheck > c->wall ? decision->recheck - c->wall : ASK_AGAIN);
    hy_decision_free(&decision);
    list_in_flight(c);
}

/* Orders that were not acknowledged are said again; those that could not be run are free to be decided anew. */
static void chase(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    for (size_t i = controller->orders.count; i-- > 0;) {
        struct ordered *order = &controller->orders.items[i];
        if (order->cooling && c->now >= order->cooling) {
            drop_order(controller, i);
            controller->due = true;
        } else if (!order->acknowledged && c->now >= order->resend) {
            deliver(c, order);
        }
    }
}

void hy_controller_connected(struct hy_cluster *c, uint32_t node)
{
    struct controller *controller = &c->controller;
    struct member *member = hy_member(c, node);
    for (size_t i = 0; i < controller->orders.count; i++)
        if (controller->orders.items[i].node_id == node)
            controller->orders.items[i].resend = c->now;
    if (!controller->term || !member || member->sync.done || member->sync.answer_seq)
        return;
    member->sync.ask_again = c->now;
    controller->due = true;
}

void hy_controller_run(struct hy_cluster *c)
{
    struct controller *controller = &c->controller;
    if (!hy_raft_leads(c->replica.raft)) {
        if (controller->term)
            hy_controller_reset(c);
        controller->due = false;
        return;
    }
    if (controller->term != hy_raft_term(c->replica.raft)) {
        hy_controller_reset(c);
        controller->term = hy_raft_term(c->replica.raft);
        controller->due = true;
        hy_notice(&c->log, "this node is the DC (term %llu)", (unsigned long long)controller->term);
    }
    chase(c);
    if (!controller->due)
        return;
    controller->due = false;
    controller->later = HY_NEVER;
    controller->rest_until = c->now + REST;
    controller->acting = ready(c);
    if (controller->acting)
        decide(c);
    else
        controller->recheck = c->now + ASK_AGAIN; /* what it waits for may come without an event of its own */
}

hy_time hy_controller_deadline(const struct hy_cluster *c)
{
    const struct controller *controller = &c->controller;
    if (!controller->term)
        return HY_NEVER;
    hy_time at = controller->recheck < controller->later ? controller->recheck : controller->later;
    for (size_t i = 0; controller->acting && i < c->members.list.count; i++) {
        const struct sync *sync = &c->members.list.items[i]->sync;
        if (sync->ask_again && !sync->done && !sync->answer_seq && sync->ask_again < at)
            at = sync->ask_again;
    }
    for (size_t i = 0; i < controller->orders.count; i++) {
        const struct ordered *order = &controller->orders.items[i];
        hy_time due = order->cooling ? order->cooling : order->acknowledged ? HY_NEVER : order->resend;
        at = due < at ? due : at;
    }
    return at;
}
