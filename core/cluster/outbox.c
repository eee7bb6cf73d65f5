/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This node's commands on their way into the log: each exactly once, in order.
 *
 * They are numbered by session (this core's incarnation, seq). The member sends all that is not applied to whoever leads,
 * and again after a silence; the leader proposes only the one that follows what it has applied or proposed for that
 * session, so nothing overtakes; the CIB passes over what it has seen. A new leader starts from what is applied.
 *
 * When something was is told by the leader's clock, whoever it comes from: a failure is forgotten some time after it was,
 * and no two nodes need agree on what time it is.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 256,
    WINDOW_BYTES = 1024 * 1024,
    HEAD_MAX = 128
}; /* what is on its way at once: at least one command */

/* The first silence after which all is said again; each further one is twice as long, for a slow disk is no loss. */
static const hy_time RESEND = 100 * HY_MS;
static const hy_time LONGEST_RESEND = 800 * HY_MS;

void hy_outbox_init(struct hy_cluster *c, uint64_t incarnation)
{
    c->outbox.incarnation = incarnation;
    c->outbox.resend = HY_NEVER;
    c->outbox.silence = RESEND;
}

static struct outgoing *first_of(struct outbox *outbox)
{
    return outbox->first < outbox->queue.count ? &outbox->queue.items[outbox->first] : NULL;
}

static void drop_first(struct outbox *outbox)
{
    hy_buf_free(&first_of(outbox)->text);
    outbox->first++;
    if (outbox->first < outbox->queue.count && outbox->first < 64)
        return;
    /* Seldom enough that a long queue costs no more than a short one. */
    if (outbox->first * 2 >= outbox->queue.count) {
        outbox->queue.count -= outbox->first;
        memmove(outbox->queue.items, outbox->queue.items + outbox->first,
                outbox->queue.count * sizeof *outbox->queue.items);
        outbox->first = 0;
    }
}

bool hy_outbox_holds(const struct hy_cluster *c, uint64_t seq)
{
    const struct outbox *outbox = &c->outbox;
    return outbox->first < outbox->queue.count && outbox->queue.items[outbox->first].seq <= seq;
}

void hy_outbox_free(struct outbox *outbox)
{
    while (first_of(outbox))
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
    *command = (struct outgoing){
        .seq = head->seq, .since = c->now, .client = client, .session = head->client, .request = head->request};
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

/* The last command of a session that has been applied. */
static uint64_t session_seq(const struct hy_cib *cib, uint32_t origin, uint64_t incarnation)
{
    for (size_t i = 0; i < cib->sessions.count; i++)
        if (cib->sessions.items[i].origin == origin && cib->sessions.items[i].incarnation == incarnation)
            return cib->sessions.items[i].seq;
    return 0;
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
    uint64_t taken = session_seq(c->replica.cib, origin, incarnation);
    if (accepted->incarnation == incarnation && accepted->seq > taken)
        taken = accepted->seq;
    return taken;
}

/* Leader: proposes one command of a session if it is the next. 0 when it is in the log (now or before), else -errno. */
static int accept(struct hy_cluster *c, uint32_t origin, uint64_t incarnation, uint64_t seq, hy_time age,
                  const void *data, size_t size)
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
    int rc = hy_command_restamp(&command, data, size, c->wall - age);
    if (!rc)
        rc = hy_replica_propose(c, &command);
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
    /* As hy_command_begin() writes it: the log holds nothing in a member's name that it did not send. */
    char head[HEAD_MAX];
    int length = snprintf(head, sizeof head, "command origin=%" PRIu32 " incarnation=%" PRIu64 " seq=%" PRIu64 " ",
                          from, message->term, message->seq);
    if (message->size < (size_t)length || memcmp(message->data, head, (size_t)length) != 0)
        return hy_fail(err, EBADMSG, "command from %s does not begin with '%s'", hy_cluster_name_of(c, from), head);
    hy_time age = (hy_time)message->epoch * HY_MS;
    if (accept(c, from, message->term, message->seq, age, message->data, message->size) == -EINVAL)
        return hy_fail(err, EBADMSG, "command from %s does not say when it was given (at=)",
                       hy_cluster_name_of(c, from));
    return 0;
}

static void progressed(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    outbox->silence = RESEND;
    outbox->resend = first_of(outbox) ? c->now + RESEND : HY_NEVER;
}

void hy_outbox_applied(struct hy_cluster *c, uint64_t seq, int code, const char *text)
{
    struct outbox *outbox = &c->outbox;
    for (struct outgoing *first; (first = first_of(outbox)) && first->seq <= seq;) {
        if (first->client)
            hy_cluster_answer(c, first->client, code, text);
        drop_first(outbox);
    }
    progressed(c);
}

static const struct hy_client *kept_answer(const struct hy_cib *cib, const struct outgoing *command)
{
    for (size_t i = cib->clients.count; command->session && i-- > 0;)
        if (cib->clients.items[i].session == command->session && cib->clients.items[i].request == command->request)
            return &cib->clients.items[i];
    return NULL;
}

/* A snapshot has replaced the state: what it took in of ours was applied. The answers to clients' sessions are in it. */
void hy_outbox_restored(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    const struct hy_cib *cib = c->replica.cib;
    uint64_t taken = session_seq(cib, c->self, outbox->incarnation);
    for (struct outgoing *first; (first = first_of(outbox)) && first->seq <= taken;) {
        const struct hy_client *kept = kept_answer(cib, first);
        if (first->client && kept)
            hy_cluster_answer(c, first->client, kept->code, kept->text ? kept->text : "");
        else if (first->client)
            hy_cluster_answer(c, first->client, -ENODATA,
                              "the change was taken, but whether it was accepted is not known any more");
        drop_first(outbox);
    }
    progressed(c);
}

static void note_sent(struct hy_cluster *c, uint64_t seq)
{
    c->outbox.sent_seq = seq;
    if (c->outbox.resend == HY_NEVER)
        c->outbox.resend = c->now + c->outbox.silence;
}

static void propose_some(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    for (size_t i = outbox->first; i < outbox->queue.count; i++) {
        const struct outgoing *command = &outbox->queue.items[i];
        uint64_t seq = command->seq;
        if (seq <= outbox->sent_seq)
            continue;
        if (accept(c, c->self, outbox->incarnation, seq, c->now - command->since, command->text.data,
                   command->text.size))
            break; /* too much is on its way: again with the next event */
        note_sent(c, seq);
        if (!first_of(outbox) || first_of(outbox)->seq > seq)
            break; /* it was applied at once, and the queue has moved */
    }
    if (outbox->resend == HY_NEVER && first_of(outbox))
        outbox->resend = c->now + outbox->silence;
}

static uint32_t age_in_ms(const struct hy_cluster *c, const struct outgoing *command)
{
    hy_time age = (c->now - command->since) / HY_MS;
    return age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
}

static void send_some(struct hy_cluster *c, uint32_t leader)
{
    struct outbox *outbox = &c->outbox;
    size_t bytes = 0;
    for (size_t i = outbox->first; i < outbox->queue.count && i - outbox->first < WINDOW; i++) {
        const struct outgoing *command = &outbox->queue.items[i];
        bytes += command->text.size;
        if (bytes > WINDOW_BYTES && i > outbox->first)
            break;
        if (command->seq <= outbox->sent_seq)
            continue;
        const struct hy_message message = {.kind = HY_MESSAGE_SUBMIT,
                                           .term = outbox->incarnation,
                                           .epoch = age_in_ms(c, command),
                                           .seq = command->seq,
                                           .data = command->text.data,
                                           .size = command->text.size};
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, leader, &message);
        note_sent(c, command->seq);
    }
}

void hy_outbox_again(struct hy_cluster *c)
{
    c->outbox.sent_to = 0;
}

void hy_outbox_flush(struct hy_cluster *c)
{
    struct outbox *outbox = &c->outbox;
    uint32_t leader = hy_raft_leader(c->replica.raft);
    if (!first_of(outbox) || !leader) {
        outbox->resend = HY_NEVER; /* the flush after the election sends all, at once */
        if (!leader)
            outbox->sent_to = 0;
        return;
    }
    uint64_t term = hy_raft_term(c->replica.raft);
    bool other = leader != outbox->sent_to || term != outbox->sent_term;
    if (other || c->now >= outbox->resend) {
        outbox->silence = other ? RESEND : outbox->silence * 2 < LONGEST_RESEND ? outbox->silence * 2 : LONGEST_RESEND;
        outbox->sent_to = leader;
        outbox->sent_term = term;
        outbox->sent_seq = 0;
        outbox->resend = HY_NEVER;
    }
    if (leader == c->self)
        propose_some(c);
    else
        send_some(c, leader);
}
