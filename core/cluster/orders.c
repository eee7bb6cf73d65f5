/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the DC asks of this node. An order counts only when it is of the newest term that has spoken, and for the epoch
 * this node is in: one from a DC that was replaced, or for a life of this node that the cluster has declared over, is
 * dropped. An order may come twice; it is executed once.
 */
#include "base/mutant.h"
#include "cib/command.h"
#include "cluster/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In the cluster, in this life of this core. */
static const struct hy_node_status *own_membership(const struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    if (!own || own->state != HY_MEMBER_IN || own->incarnation != c->outbox.incarnation)
        return NULL;
    return own;
}

static bool seen_before(const struct orders *orders, uint64_t id)
{
    for (size_t i = 0; i < REMEMBERED_ORDERS; i++)
        if (orders->done[i] == id)
            return !HY_MUTANT(ORDER_TAKEN_TWICE);
    return false;
}

static void remember(struct orders *orders, uint64_t id)
{
    orders->done[orders->done_at++ % REMEMBERED_ORDERS] = id;
}

static int take_order(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    const struct hy_node_status *own = own_membership(c);
    bool replaced = message->term < c->orders.term && !HY_MUTANT(STALE_ORDER_OBEYED);
    if (replaced || !own || own->epoch != message->epoch) {
        hy_debug(&c->log, "order from %s dropped: term %llu (newest %llu), epoch %u (own %u)",
                 hy_cluster_name_of(c, from), (unsigned long long)message->term, (unsigned long long)c->orders.term,
                 message->epoch, own ? own->epoch : 0);
        return 0;
    }
    c->orders.term = message->term;
    struct hy_operation operation;
    int rc = hy_operation_decode(message->data, message->size, &operation, err);
    if (rc)
        return hy_fail_in(err, rc, "order from %s", hy_cluster_name_of(c, from));
    const struct hy_message ack = {.kind = HY_MESSAGE_ORDER_ACK, .term = message->term, .seq = operation.id};
    if (seen_before(&c->orders, operation.id)) {
        hy_operation_free(&operation);
    } else {
        remember(&c->orders, operation.id);
        operation.epoch = message->epoch;
        hy_cluster_emit(c, HY_CLUSTER_EXECUTE)->operation = operation;
    }
    if (from == c->self)
        hy_controller_ack(c, ack.seq);
    else
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_ORDERS, from, &ack);
    return 0;
}

static void say_synced(struct hy_cluster *c, uint32_t epoch)
{
    const struct orders *orders = &c->orders;
    const struct hy_message done = {
        .kind = HY_MESSAGE_SYNC_DONE, .term = orders->synced_term, .epoch = epoch, .seq = orders->synced_seq};
    if (orders->sync_from == c->self)
        hy_controller_sync_done(c, c->self, &done);
    else
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_ORDERS, orders->sync_from, &done);
}

/* A DC of a newer term wants to know what runs here: the executor's own table says it, not the log. */
static void take_sync(struct hy_cluster *c, uint32_t from, const struct hy_message *message)
{
    struct orders *orders = &c->orders;
    const struct hy_node_status *own = own_membership(c);
    if (message->term < orders->term || !own || own->epoch != message->epoch)
        return;
    orders->term = message->term;
    orders->sync_from = from;
    if (orders->synced_term == message->term && own->synced) {
        say_synced(c, own->epoch);
        return;
    }
    orders->sync_term = message->term;
    if (orders->syncing)
        return;
    orders->syncing = true;
    orders->sync_epoch = own->epoch;
    hy_buf_clear(&orders->sync_statements);
    hy_cluster_emit(c, HY_CLUSTER_QUERY_ACTIVE);
}

int hy_orders_message(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    switch (message->kind) {
    case HY_MESSAGE_ORDER:
        return take_order(c, from, message, err);
    case HY_MESSAGE_SYNC:
        take_sync(c, from, message);
        return 0;
    case HY_MESSAGE_ORDER_ACK:
        hy_controller_ack(c, message->seq);
        return 0;
    case HY_MESSAGE_SYNC_DONE:
        hy_controller_sync_done(c, from, message);
        return 0;
    default:
        return hy_fail(err, EBADMSG, "message of kind %d does not belong among orders", (int)message->kind);
    }
}

static void add_result(struct hy_cluster *c, const struct hy_outcome *outcome, uint32_t epoch, struct hy_buf *out)
{
    const struct hy_result result = {.rsc = outcome->rsc,
                                     .order = outcome->id,
                                     .op = outcome->op,
                                     .interval = outcome->interval,
                                     .rc = outcome->rc,
                                     .exec = outcome->exec,
                                     .call = ++c->orders.call,
                                     .at = c->wall,
                                     .took = outcome->took,
                                     .queued = outcome->queued,
                                     .reason = outcome->reason,
                                     .agent = outcome->agent && *outcome->agent ? outcome->agent : NULL,
                                     .digest = outcome->digest,
                                     .restart_digest = outcome->restart_digest,
                                     .restart_params = outcome->restart_params,
                                     .secure_digest = outcome->secure_digest,
                                     .secure_params = outcome->secure_params,
                                     .migrate_from = outcome->migrate_from,
                                     .migrate_to = outcome->migrate_to,
                                     .notify = outcome->notify};
    hy_command_result(out, c->name, epoch, &result);
}

enum { ANSWER_UNIMPLEMENTED = 3, ANSWER_PROMOTED = 8 };

static void log_outcome(const struct hy_cluster *c, const struct hy_outcome *outcome)
{
    double seconds = (double)outcome->took / (double)HY_SECOND;
    if (hy_op_is_notice(outcome->op, NULL, NULL) && outcome->exec == HY_EXEC_DONE &&
        outcome->rc == ANSWER_UNIMPLEMENTED) {
        hy_debug(&c->log, "%s %s: its agent does not care to be told", outcome->rsc, outcome->op);
        return;
    }
    bool probe = strcmp(outcome->op, "monitor") == 0 && outcome->interval == 0;
    bool promoted = strcmp(outcome->op, "monitor") == 0 && outcome->rc == ANSWER_PROMOTED;
    if (outcome->exec == HY_EXEC_DONE && (outcome->rc == 0 || promoted || (probe && outcome->rc == 7))) {
        enum hy_log_level level = probe ? HY_LOG_DEBUG : HY_LOG_INFO;
        hy_log_line(&c->log, level, "%s %s: %s in %.3f s", outcome->rsc, probe ? "probe" : outcome->op,
                    promoted      ? "ok, promoted"
                    : outcome->rc ? "not running"
                                  : "ok",
                    seconds);
        return;
    }
    if (outcome->exec == HY_EXEC_CANCELLED) {
        hy_info(&c->log, "%s %s: not run%s%s", outcome->rsc, outcome->op, outcome->reason ? ": " : "",
                outcome->reason ? outcome->reason : "");
        return;
    }
    hy_warning(&c->log, "%s %s%s failed: rc %d, %s, %.3f s%s%s", outcome->rsc, probe ? "probe" : outcome->op,
               outcome->interval ? " (recurring)" : "", outcome->rc, hy_exec_word(outcome->exec), seconds,
               outcome->reason ? ": " : "", outcome->reason ? outcome->reason : "");
    if (outcome->output && outcome->output[0])
        hy_warning(&c->log, "%s %s printed: %s", outcome->rsc, outcome->op, outcome->output);
}

void hy_orders_outcome(struct hy_cluster *c, const struct hy_outcome *outcome)
{
    log_outcome(c, outcome);
    const struct hy_node_status *own = own_membership(c);
    if (!own)
        return; /* nothing of this life counts any more; an admission begins with probes */
    struct hy_buf statements = {0};
    if (strcmp(outcome->op, "cancel") == 0)
        hy_command_forget(&statements, c->name, outcome->rsc, outcome->cancels ? outcome->cancels : "monitor",
                          outcome->interval);
    else
        add_result(c, outcome, own->epoch, &statements);
    hy_outbox_add(c, statements.data, statements.size);
    hy_buf_free(&statements);
}

void hy_orders_active(struct hy_cluster *c, const struct hy_outcome *outcome)
{
    const struct hy_node_status *own = own_membership(c);
    if (!c->orders.syncing || !own || outcome->exec != HY_EXEC_PENDING)
        return; /* what merely runs is found by probes, or known */
    add_result(c, outcome, own->epoch, &c->orders.sync_statements);
}

void hy_orders_active_end(struct hy_cluster *c)
{
    struct orders *orders = &c->orders;
    if (!orders->syncing)
        return;
    orders->syncing = false;
    const struct hy_node_status *own = own_membership(c);
    if (!own || own->epoch != orders->sync_epoch)
        return; /* the table was for an epoch that is over: the DC asks again for the present one */
    if (!own->synced)
        hy_command_synced(&orders->sync_statements, c->name, own->epoch);
    if (orders->sync_statements.size)
        hy_outbox_add(c, orders->sync_statements.data, orders->sync_statements.size);
    hy_buf_clear(&orders->sync_statements);
    orders->synced_term = orders->sync_term;
    orders->synced_seq = c->outbox.last_seq;
    say_synced(c, own->epoch);
}
