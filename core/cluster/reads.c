/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that contain all that was acknowledged before them, anywhere. This node asks the DC for an index; consensus there
 * makes sure by a round to a majority that nobody else leads by now, and says how far the log is committed; when this node
 * has applied that much, the reader is answered from its own state. (Ongaro, dissertation, 6.4.)
 *
 * One question is under way at a time, for all readers that were there when it was put; whoever comes later waits for the
 * next one. So any answer to a question, however often it was put and whoever led meanwhile, is good for all its readers.
 */
#include "base/mutant.h"
#include "base/wire.h"
#include "cluster/internal.h"

#include <errno.h>

static const hy_time ASK_AGAIN = 50 * HY_MS;
static const hy_time PATIENCE = 3 * HY_SECOND;
static const hy_time BEGINNING = HY_SECOND; /* of a core: the others are heard only in a moment */

void hy_reads_init(struct reads *reads, hy_time now)
{
    reads->hopeful_until = now + BEGINNING;
    reads->ask_again = HY_NEVER;
}

void hy_reads_free(struct reads *reads)
{
    hy_vec_free(&reads->fresh);
    hy_vec_free(&reads->asking);
    hy_vec_free(&reads->known);
    hy_vec_free(&reads->questions);
}

static int no_quorum(const struct hy_cluster *c, struct hy_err *err)
{
    return hy_fail(err, EHOSTUNREACH,
                   "no quorum: %s does not hear a majority of the nodes, so it cannot know the cluster's present state",
                   c->name);
}

void hy_reads_add(struct hy_cluster *c, uint64_t client)
{
    if (HY_MUTANT(READ_ANSWERED_LOCALLY)) {
        hy_cluster_answer(c, client, 0, "");
        return;
    }
    if (hy_pulse_quorum(c->pulse, c->now) || c->now < c->reads.hopeful_until) {
        hy_vec_push(&c->reads.fresh, ((struct reader){.client = client, .since = c->now}));
        return;
    }
    struct hy_err err;
    int code = no_quorum(c, &err);
    hy_cluster_answer(c, client, code, err.text);
}

/* ---- at the DC */

static struct question *find_question(struct reads *reads, uint64_t number)
{
    for (size_t i = 0; i < reads->questions.count; i++)
        if (reads->questions.items[i].number == number)
            return &reads->questions.items[i];
    return NULL;
}

static void drop_question(struct reads *reads, struct question *question)
{
    hy_vec_remove(&reads->questions, (size_t)(question - reads->questions.items));
}

/* Of each node the newest question counts: it asks the next one when it has the answer, or is another core. */
static void note_question(struct hy_cluster *c, uint32_t from, uint64_t life, uint64_t token)
{
    struct reads *reads = &c->reads;
    const struct question question = {.from = from, .life = life, .token = token};
    for (size_t i = 0; i < reads->questions.count; i++) {
        struct question *known = &reads->questions.items[i];
        if (known->from != from)
            continue;
        if (known->life != life || known->token != token)
            *known = question;
        return;
    }
    hy_vec_push(&reads->questions, question);
}

/* Hands questions to consensus, as soon as it takes them: a new DC first commits an entry of its own. */
static void put_questions(struct hy_cluster *c)
{
    struct reads *reads = &c->reads;
    if (hy_raft_role(c->replica.raft) != HY_RAFT_LEADER)
        reads->questions.count = 0; /* who asked learns who leads, and asks there */
    for (struct question *question; hy_raft_leads(c->replica.raft) && (question = find_question(reads, 0));) {
        const struct hy_raft_event event = {.type = HY_RAFT_READ, .number = ++reads->last_number};
        question->number = event.number;
        if (!hy_replica_step(c, &event, NULL))
            continue;
        if ((question = find_question(reads, event.number)))
            question->number = 0;
        return; /* not now: it is tried again with the next event */
    }
}

/* ---- at the node that reads */

static void learn(struct hy_cluster *c, uint64_t token, uint64_t index)
{
    struct reads *reads = &c->reads;
    if (!reads->token || token != reads->token)
        return;
    if (!index) {
        reads->ask_again = c->now + ASK_AGAIN; /* or as soon as another one leads */
        return;
    }
    for (size_t i = 0; i < reads->asking.count; i++) {
        struct reader reader = reads->asking.items[i];
        reader.index = index;
        hy_vec_push(&reads->known, reader);
    }
    reads->asking.count = 0;
    reads->token = 0;
    reads->ask_again = HY_NEVER;
}

void hy_reads_ready(struct hy_cluster *c, uint64_t number, uint64_t index)
{
    struct question *found = number ? find_question(&c->reads, number) : NULL;
    if (!found)
        return;
    const struct question question = *found;
    drop_question(&c->reads, found);
    if (question.from == c->self) {
        learn(c, question.token, index);
        return;
    }
    struct hy_buf bytes = {0};
    hy_wr_u64(&bytes, index);
    const struct hy_message message = {.kind = HY_MESSAGE_READ_INDEX,
                                       .term = question.life,
                                       .seq = question.token,
                                       .data = bytes.data,
                                       .size = bytes.size};
    hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, question.from, &message);
    hy_buf_free(&bytes);
}

int hy_reads_message(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    if (message->kind == HY_MESSAGE_READ) {
        note_question(c, from, message->term, message->seq);
        return 0;
    }
    struct hy_rd rd = hy_rd_from(message->data, message->size);
    uint64_t index = hy_rd_u64(&rd);
    if (!hy_rd_done(&rd))
        return hy_fail(err, EBADMSG, "answer to a read from %s: expected an index", hy_cluster_name_of(c, from));
    if (message->term == c->outbox.incarnation)
        learn(c, message->seq, index);
    return 0;
}

static void ask(struct hy_cluster *c)
{
    struct reads *reads = &c->reads;
    uint32_t leader = hy_raft_leader(c->replica.raft);
    uint64_t term = hy_raft_term(c->replica.raft);
    if (!reads->token)
        return;
    if (!leader) {
        reads->asked = 0;
        reads->ask_again = HY_NEVER; /* as soon as one leads */
        return;
    }
    if (leader == reads->asked && term == reads->asked_term && c->now < reads->ask_again)
        return;
    reads->asked = leader;
    reads->asked_term = term;
    reads->ask_again = c->now + ASK_AGAIN;
    if (leader == c->self) {
        note_question(c, c->self, c->outbox.incarnation, reads->token);
        return;
    }
    const struct hy_message message = {.kind = HY_MESSAGE_READ, .term = c->outbox.incarnation, .seq = reads->token};
    hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, leader, &message);
}

static void begin(struct reads *reads)
{
    if (reads->token || !reads->fresh.count)
        return;
    for (size_t i = 0; i < reads->fresh.count; i++)
        hy_vec_push(&reads->asking, reads->fresh.items[i]);
    reads->fresh.count = 0;
    reads->token = ++reads->last_token;
    reads->asked = 0;
}

static void answer_known(struct hy_cluster *c)
{
    struct reads *reads = &c->reads;
    size_t kept = 0;
    for (size_t i = 0; i < reads->known.count; i++) {
        const struct reader reader = reads->known.items[i];
        if (reader.index <= c->replica.applied)
            hy_cluster_answer(c, reader.client, 0, NULL);
        else
            reads->known.items[kept++] = reader;
    }
    reads->known.count = kept;
}

/* Those who have waited long enough, or all. */
static void refuse(struct hy_cluster *c, struct readers *readers, bool all, int code, const char *text)
{
    size_t kept = 0;
    for (size_t i = 0; i < readers->count; i++) {
        const struct reader reader = readers->items[i];
        if (all || c->now - reader.since >= PATIENCE)
            hy_cluster_answer(c, reader.client, code, text);
        else
            readers->items[kept++] = reader;
    }
    readers->count = kept;
}

/* When the first of them has waited long enough. */
static hy_time patience_of(const struct readers *readers)
{
    return readers->count ? readers->items[0].since + PATIENCE : HY_NEVER;
}

static void give_up(struct hy_cluster *c)
{
    struct reads *reads = &c->reads;
    bool quorum = hy_pulse_quorum(c->pulse, c->now);
    bool hopeless = !quorum && c->now >= reads->hopeful_until;
    if (!hopeless && c->now < patience_of(&reads->fresh) && c->now < patience_of(&reads->asking) &&
        c->now < patience_of(&reads->known))
        return;
    struct hy_err err;
    int code = quorum ? hy_fail(&err, ETIMEDOUT, "no DC has said to %s within %d s what the cluster's present state is",
                                c->name, (int)(PATIENCE / HY_SECOND))
                      : no_quorum(c, &err);
    refuse(c, &reads->fresh, hopeless, code, err.text);
    refuse(c, &reads->asking, hopeless, code, err.text);
    refuse(c, &reads->known, hopeless, code, err.text);
    if (!reads->asking.count) {
        reads->token = 0;
        reads->ask_again = HY_NEVER;
    }
}

void hy_reads_run(struct hy_cluster *c)
{
    struct reads *reads = &c->reads;
    put_questions(c);
    if (!reads->fresh.count && !reads->asking.count && !reads->known.count)
        return;
    begin(reads);
    ask(c);
    put_questions(c);
    begin(reads); /* a cluster of one has answered by now */
    answer_known(c);
    give_up(c);
}

void hy_reads_again(struct hy_cluster *c)
{
    c->reads.asked = 0;
}

hy_time hy_reads_deadline(const struct reads *reads)
{
    hy_time at = reads->ask_again;
    const struct readers *const all[] = {&reads->fresh, &reads->asking, &reads->known};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        hy_time end = patience_of(all[i]);
        at = end < at ? end : at;
    }
    return at;
}
