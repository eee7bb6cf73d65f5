/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as a whole: sessions, all or nothing, dispatch. */
#include "base/mutant.h"
#include "cib/apply.h"
#include "cib/clients.h"
#include "cib/grammar.h"
#include "cib/head.h"
#include "cib/history.h"
#include "cib/object.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void hy_apply_keep_status(struct hy_apply *apply, const struct hy_node_status *status)
{
    if (apply->alone)
        return;
    for (size_t i = 0; i < apply->undo.count; i++)
        if (apply->undo.items[i].kind == HY_UNDO_STATUS && strcmp(apply->undo.items[i].status->node, status->node) == 0)
            return;
    struct hy_undo undo = {.kind = HY_UNDO_STATUS,
                           .position = hy_cib_node_position(apply->cib, status),
                           .status = hy_node_status_copy(status)};
    hy_vec_push(&apply->undo, undo);
}

void hy_apply_keep_tickets(struct hy_apply *apply)
{
    if (apply->alone)
        return;
    for (size_t i = 0; i < apply->undo.count; i++)
        if (apply->undo.items[i].kind == HY_UNDO_TICKETS)
            return;
    struct hy_undo undo = {.kind = HY_UNDO_TICKETS, .tickets = hy_cib_new()};
    for (size_t i = 0; i < apply->cib->tickets.count; i++)
        hy_ticket_copy(hy_vec_add(&undo.tickets->tickets), &apply->cib->tickets.items[i]);
    hy_vec_push(&apply->undo, undo);
}

static void swap_tickets(struct hy_cib *a, struct hy_cib *b)
{
    struct hy_cib kept = {.tickets = {a->tickets.items, a->tickets.count, a->tickets.capacity}};
    memcpy(&a->tickets, &b->tickets, sizeof a->tickets);
    memcpy(&b->tickets, &kept.tickets, sizeof b->tickets);
}

static void undo_one(struct hy_cib *cib, struct hy_undo *undo)
{
    struct hy_object *object = NULL;
    struct hy_node_status *status = NULL;
    switch (undo->kind) {
    case HY_UNDO_ADDED:
        object = hy_cib_take(cib, undo->position, &status);
        break;
    case HY_UNDO_REPLACED:
        object = hy_cib_replace(cib, undo->position, undo->object);
        break;
    case HY_UNDO_REMOVED:
        hy_cib_insert(cib, undo->position, undo->object, undo->status_position, undo->status);
        break;
    case HY_UNDO_STATUS:
        status = cib->nodes.items[undo->position];
        cib->nodes.items[undo->position] = undo->status;
        break;
    case HY_UNDO_TICKETS:
        swap_tickets(cib, undo->tickets);
        hy_cib_free(&undo->tickets);
        break;
    }
    hy_object_free(&object);
    hy_node_status_free(status);
}

void hy_apply_undo(struct hy_apply *apply)
{
    for (size_t i = apply->undo.count; i > 0; i--)
        undo_one(apply->cib, &apply->undo.items[i - 1]);
    hy_vec_free(&apply->undo);
    apply->cib->last_id = apply->last_id;
    apply->cib->lineage = apply->lineage;
}

void hy_apply_commit(struct hy_apply *apply)
{
    for (size_t i = 0; i < apply->undo.count; i++) {
        hy_object_free(&apply->undo.items[i].object);
        hy_node_status_free(apply->undo.items[i].status);
        hy_cib_free(&apply->undo.items[i].tickets);
    }
    hy_vec_free(&apply->undo);
}

static int apply_statement(struct hy_apply *apply, struct hy_cursor *cursor)
{
    static const struct {
        const char *verb;
        hy_apply_fn *apply;
    } verbs[] = {
        {"put", hy_apply_put},
        {"remove", hy_apply_remove},
        {"member", hy_apply_member},
        {"synced", hy_apply_synced},
        {"result", hy_apply_result},
        {"transient", hy_apply_transient},
        {"forget", hy_apply_forget},
        {"expire", hy_apply_expire},
        {"cleanup", hy_apply_cleanup},
        {"enrol", hy_apply_enrol},
        {"strike", hy_apply_strike},
        {"struck", hy_apply_struck},
        {"lineage", hy_apply_lineage},
        {"noop", hy_apply_noop},
        {"ticket", hy_apply_ticket},
        {"unticket", hy_apply_unticket},
        {"lock", hy_apply_lock},
        {"unlock", hy_apply_unlock},
        {"detection", hy_apply_detection},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (hy_cursor_accept(cursor, verbs[i].verb))
            return verbs[i].apply(apply, cursor);
    return hy_cursor_fail(cursor, "expected put, remove, member, enrol, strike, synced, detection, transient, result, "
                                  "forget, cleanup, expire, ticket, lock or noop");
}

static struct hy_session *find_session(struct hy_cib *cib, uint32_t origin)
{
    for (size_t i = 0; i < cib->sessions.count; i++)
        if (cib->sessions.items[i].origin == origin)
            return &cib->sessions.items[i];
    return NULL;
}

/* Is the command its session's next one? The session moves on then, whatever comes of the command: refused is an answer
 * too, and repeating the command must not get another. */
static int enter_session(struct hy_cib *cib, const struct hy_command_head *head, struct hy_err *err)
{
    if (!head->origin)
        return 0;
    struct hy_session *session = find_session(cib, head->origin);
    uint64_t incarnation = session ? session->incarnation : 0, last = session ? session->seq : 0;
    if (session && head->incarnation < incarnation)
        return hy_fail(err, EALREADY,
                       "command %" PRIu64 " of node %" PRIu32 " is of its incarnation %" PRIu64 ", which %" PRIu64
                       " has replaced",
                       head->seq, head->origin, head->incarnation, incarnation);
    if (head->incarnation > incarnation)
        last = 0;
    if (head->seq <= last && !HY_MUTANT(COMMAND_TWICE))
        return hy_fail(err, EALREADY, "command %" PRIu64 " of node %" PRIu32 " has been taken before", head->seq,
                       head->origin);
    if (head->seq != last + 1 && !HY_MUTANT(COMMAND_TWICE))
        return hy_fail(err, ESTALE, "command %" PRIu64 " of node %" PRIu32 " came too early: %" PRIu64 " is the next",
                       head->seq, head->origin, last + 1);
    if (!session) {
        session = hy_vec_add(&cib->sessions);
        *session = (struct hy_session){.origin = head->origin};
    }
    session->incarnation = head->incarnation;
    session->seq = head->seq;
    return 0;
}

static void note_change(struct hy_cib *cib, const struct hy_command_head *head)
{
    free(cib->changed_by);
    free(cib->changed_via);
    cib->changed = head->at;
    cib->changed_by = hy_strdup(head->by);
    cib->changed_via = hy_strdup(head->via);
}

static int apply_statements(struct hy_apply *apply, const struct hy_words *text)
{
    int rc = 0;
    if (text->statements.count < 2)
        rc = hy_fail(apply->err, EINVAL, "the command has a head only: expected statements, or noop");
    for (size_t i = 1; !rc && i < text->statements.count; i++) {
        struct hy_cursor cursor = hy_cursor_on(text, i, apply->err);
        rc = apply_statement(apply, &cursor);
    }
    return !rc && apply->config_changed ? hy_apply_check(apply) : rc;
}

/* The statements behind a head that was read, and taken. */
static int apply_body(struct hy_apply *apply, const struct hy_words *text)
{
    apply->alone = text->statements.count == 2;
    int rc = apply_statements(apply, text);
    if (rc) {
        hy_apply_undo(apply);
        return rc;
    }
    if (apply->config_changed) {
        note_change(apply->cib, apply->head);
        hy_history_prune(apply->cib);
    }
    hy_apply_commit(apply);
    return 0;
}

/* Of a text that cannot be read as a whole, the head alone: its session goes on all the same. */
static int read_head(const char *text, size_t size, const struct hy_words *words, struct hy_command_head *head,
                     struct hy_err *err)
{
    if (!words->words.count || words->words.items[0].line != 1)
        return hy_command_head_parse(text, size, head, err);
    struct hy_cursor cursor = hy_cursor_on(words, 0, err);
    return hy_command_head_read(&cursor, head);
}

void hy_cib_apply(struct hy_cib *cib, uint64_t index, const char *text, size_t size, struct hy_answer *answer)
{
    struct hy_words words;
    struct hy_err unreadable;
    struct hy_command_head head = {0};
    *answer = (struct hy_answer){0};
    cib->index = index;
    int broken = hy_words_read(&words, text, size, HY_TEXT_MAX, &unreadable);
    answer->code = read_head(text, size, &words, &head, &answer->err);
    answer->head = head;
    answer->head.by = answer->head.via = NULL;
    if (!answer->code)
        answer->code = enter_session(cib, &head, &answer->err);
    if (!answer->code && !hy_clients_answered(cib, &head, answer)) {
        struct hy_apply apply = {.cib = cib,
                                 .index = index,
                                 .head = &head,
                                 .err = &answer->err,
                                 .last_id = cib->last_id,
                                 .lineage = cib->lineage};
        if (broken)
            answer->err = unreadable;
        answer->code = broken ? broken : apply_body(&apply, &words);
        answer->config_changed = !answer->code && apply.config_changed;
        hy_clients_keep(cib, index, &head, answer);
    }
    hy_words_free(&words);
}
