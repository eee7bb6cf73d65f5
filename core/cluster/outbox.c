/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This node's commands on their way into the log: each exactly once, in order.
 *
 * They are numbered by session (this core's incarnation, seq). The member sends all that is not applied to whoever leads,
 * and again after a silence; the leader proposes only the one that follows what it has applied or proposed for that
 * session, so nothing overtakes; the CIB passes over what it has seen. A new leader starts from what is applied.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 64 }; /* commands on their way at once */

static const hy_time RESEND = 100 * HY_MS;

void hy_outbox_init(struct hy_cluster *c, uint64_t incarnation)
{
    c->outbox.incarnation = incarnation;
    c->outbox.resend = HY_NEVER;
}

static void drop_first(struct outbox *outbox)
{
    hy_buf_free(&outbox->queue.items[0].text);
    hy_vec_remove(&outbox->queue, 0);
}

void hy_outbox_free(struct outbox *outbox)
{
    while (outbox->queue.count)
        drop_first(outbox);
    hy_vec_free(&outbox->queue);
}

static void add(struct hy_cluster *c, struct hy_command_head *head, const char *statements, size_t size,
                uint64_t client)
{
    struct outbox *outbox = &c->outbox;
    head->origin = c->self;
    head->incarnation = outbox->incarnation;
    head->seq = ++outbox->last_seq;
    head->at = c->wall;
    struct outgoing *command = hy_vec_add(&outbox->queue);
    *command = (struct outgoing){.seq = head->seq, .client = client};
    hy_command_begin(&command->text, head);
    hy_buf_add(&command->text, statements, size);
}

void hy_outbox_add(struct hy_cluster *c, const char *statements, size_t size)
{
    struct hy_command_head head = {0};
    add(c, &head, statements, size, 0);
}

void hy_outbox_add_request(struct hy_cluster *c, const struct hy_cluster_event *event)
{
    struct hy_command_head head = {.by = event->by,
                                   .via = event->via,
                                   .client = event->session,
                                   .request = event->number,
                                   .repeat = event->repeat};
    add(c, &head, event->data, event->size, event->client);
}

/* The last command of this session that the log is known to hold or has been offered. */
static uint64_t taken_seq(struct hy_cluster *c, const struct accepted *accepted, uint32_t origin, uint64_t incarnation)
{
    struct outbox *outbox = &c->outbox;
    uint64_t term = hy_raft_term(c->replica.raft);
    if (outbox->accepted_term != term) {
        for (size_t i = 0; i < c->members.list.count; i++)
            c->members.list.items[i]->accepted = (struct accepted){0};
        outbox->accepted_term = term;
    }
    uint64_t taken = 0;
    const struct hy_cib *cib = c->replica.cib;
    for (size_t i = 0; i < cib->sessions.count; i++)
        if (cib->sessions.items[i].origin == origin && cib->sessions.items[i].incarnation == incarnation)
            taken = cib->sessions.items[i].seq;
    if (accepted->incarnation == incarnation && accepted->seq > taken)
        taken = accepted->seq;
    return taken;
}

/* Leader: proposes one command of a session if it is the next. 0 when it is in the log (now or before), else -errno. */
static int accept(struct hy_cluster *c, uint32_t origin, uint64_t incarnation, uint64_t seq, const void *data,
                  size_t size)
{
    const struct member *member = hy_member(c, origin);
    if (!member)
        return -ENOENT;
    uint64_t taken = taken_seq(c, &member->accepted, origin, incarnation);
    if (seq <= taken)
        return 0;
    if (seq != taken + 1)
        return -EAGAIN;
    if (incarnation < member->accepted.incarnation)
        return 0; /* of a core that is no more */
    struct hy_buf command = {0};
    hy_buf_add(&command, data, size);
    int rc = hy_replica_propose(c, &command);
    hy_buf_free(&command);
    struct member *after = rc ? NULL : hy_member(c, origin); /* the table may have moved meanwhile */
    if (after)
        after->accepted = (struct accepted){.incarnation = incarnation, .seq = seq};
    return rc;
}

int hy_outbox_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    if (hy_raft_role(c->replica.raft) != HY_RAFT_LEADER)
        return 0; /* the sender will learn who leads, and say it there */
    struct hy_command_head head;
    int rc = hy_command_head_parse(message->data, message->size, &head, err);
    if (rc)
        return hy_fail_in(err, -EBADMSG, "command from %s", hy_cluster_name_of(c, from));
    if (head.origin != from)
        return hy_fail(err, EBADMSG, "command from %s claims to be from node %u", hy_cluster_name_of(c, from),
                       head.origin);
    accept(c, from, head.incarnation, head.seq, message->data, message->size);
    return 0;
}

void hy_outbox_applied(struct hy_cluster *c, uint64_t seq, int code, const char *text)
{
    struct outbox *outbox = &c->outbox;
    while (outbox->queue.count && outbox->queue.items[0].seq <= seq) {
        if (outbox->queue.items[0].client)
            hy_cluster_answer(c, outbox->queue.items[0].client, code, text);
        drop_first(outbox);
    }
    outbox->resend = outbox->queue.count ? c->now + RESEND : HY_NEVER;
}

/* A snapshot has replaced the state: what it took in of ours was applied, with an answer nobody kept. */
void hy_outbox_restored(struct hy_cluster *c)
{
    const struct hy_cib *cib = c->replica.cib;
    for (size_t i = 0; i < cib->sessions.count; i++) {
        const struct hy_session *session = &cib->sessions.items[i];
        if (session->origin == c->self && session->incarnation == c->outbox.incarnation)
            hy_outbox_applied(
                c, session->seq, -EIO,
                "the change was taken, but whether it was accepted is not known: look at the configuration");
    }
}

static void propose_all(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    for (size_t i = 0; i < outbox->queue.count; i++) {
        const struct outgoing *command = &outbox->queue.items[i];
        uint64_t seq = command->seq;
        if (accept(c, c->self, outbox->incarnation, seq, command->text.data, command->text.size) ||
            !outbox->queue.count || outbox->queue.items[0].seq > seq)
            break; /* too much on its way, or it was applied at once and the queue has moved */
    }
    outbox->resend = outbox->queue.count ? c->now + RESEND : HY_NEVER;
}

static void send_some(struct hy_cluster *c, uint32_t leader)
{
    struct outbox *outbox = &c->outbox;
    for (size_t i = 0; i < outbox->queue.count && i < WINDOW; i++) {
        const struct outgoing *command = &outbox->queue.items[i];
        if (command->seq <= outbox->sent_seq)
            continue;
        const struct hy_message message = {
            .kind = HY_MESSAGE_SUBMIT, .seq = command->seq, .data = command->text.data, .size = command->text.size};
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, leader, &message);
        outbox->sent_seq = command->seq;
        if (outbox->resend == HY_NEVER)
            outbox->resend = c->now + RESEND;
    }
}

void hy_outbox_flush(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    if (!outbox->queue.count) {
        outbox->resend = HY_NEVER;
        return;
    }
    uint32_t leader = hy_raft_leader(c->replica.raft);
    if (!leader) {
        outbox->resend = HY_NEVER; /* the flush after the election sends all */
        outbox->sent_to = 0;
        return;
    }
    if (leader == c->self) {
        propose_all(c);
        return;
    }
    uint64_t term = hy_raft_term(c->replica.raft);
    if (leader != outbox->sent_to || term != outbox->sent_term || c->now >= outbox->resend) {
        outbox->sent_to = leader;
        outbox->sent_term = term;
        outbox->sent_seq = 0;
        outbox->resend = HY_NEVER;
    }
    send_some(c, leader);
}
