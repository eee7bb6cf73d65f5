/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/edits.h"

#include "sim/table.h"

#include <errno.h>
#include <inttypes.h>

/* What a row of the table holds. */
enum { TAKEN, CODE, FLAGS };
enum { ASKED = 1, SENT_BACK = 2, ANSWERED = 4, ASKED_AGAIN = 8 };

struct edits {
    struct sim_world *world;
    struct table rows;     /* session, number -> index where it was taken, the code there, flags */
    struct table sessions; /* incarnation, node -> the last of its commands that was taken */
};

struct edits *edits_new(struct sim_world *world)
{
    struct edits *edits = hy_alloc(sizeof *edits);
    edits->world = world;
    return edits;
}

void edits_free(struct edits *edits)
{
    table_free(&edits->rows);
    table_free(&edits->sessions);
    free(edits);
}

void edits_called(struct edits *edits, const struct sim_call *call)
{
    if (!call->session || call->read)
        return;
    bool is_new;
    struct table_row *row = table_row(&edits->rows, call->session, call->in_session, &is_new);
    row->value[FLAGS] |= row->value[FLAGS] & ASKED ? ASKED_AGAIN : ASKED;
}

static bool was_sent_back(int code)
{
    return code == -ECONNREFUSED || code == -EHOSTUNREACH;
}

static bool says_nothing(int code)
{
    return code == -ECONNRESET || code == -EIO || code == -ENODATA || code == -EALREADY;
}

void edits_answered(struct edits *edits, const struct sim_call *call)
{
    if (!call->session || call->read)
        return;
    bool is_new;
    struct table_row *row = table_row(&edits->rows, call->session, call->in_session, &is_new);
    if (says_nothing(call->code))
        return;
    if (was_sent_back(call->code)) {
        row->value[FLAGS] |= SENT_BACK;
        if (row->value[TAKEN] && !(row->value[FLAGS] & ASKED_AGAIN))
            sim_violation(edits->world, "edit-unasked",
                          "request %" PRIx64 "/%" PRIu64 " was sent back (%d), and taken at %" PRIu64, call->session,
                          call->in_session, call->code, row->value[TAKEN]);
        return;
    }
    row->value[FLAGS] |= ANSWERED;
    if (!row->value[TAKEN])
        sim_violation(edits->world, call->code ? "edit-misanswered" : "edit-lost",
                      "request %" PRIx64 "/%" PRIu64 " was answered with %d, and is not in the log", call->session,
                      call->in_session, call->code);
    else if ((int)(int64_t)row->value[CODE] != call->code)
        sim_violation(edits->world, "edit-misanswered",
                      "request %" PRIx64 "/%" PRIu64 " was answered with %d, the log at %" PRIu64 " says %d",
                      call->session, call->in_session, call->code, row->value[TAKEN], (int)(int64_t)row->value[CODE]);
}

/* What nodes send to the DC is numbered by the life of their core, and sent again to whoever leads. */
static void check_command(struct edits *edits, uint64_t index, const struct hy_answer *answer)
{
    const struct hy_command_head *head = &answer->head;
    if (!head->origin || answer->code == -EALREADY)
        return;
    bool is_new;
    struct table_row *row = table_row(&edits->sessions, head->incarnation, head->origin, &is_new);
    if (head->seq <= row->value[TAKEN])
        sim_violation(edits->world, "command-twice",
                      "command %" PRIu64 " of test%" PRIu32 " is taken at %" PRIu64 ", and was taken before", head->seq,
                      head->origin, index);
    if (head->seq == row->value[TAKEN] + 1)
        row->value[TAKEN] = head->seq;
}

void edits_committed(struct edits *edits, uint64_t index, const struct hy_answer *answer)
{
    const struct hy_command_head *head = &answer->head;
    check_command(edits, index, answer);
    if (!head->client || answer->repeated || answer->code == -EALREADY || answer->code == -ENODATA)
        return;
    bool is_new;
    struct table_row *row = table_row(&edits->rows, head->client, head->request, &is_new);
    if (row->value[TAKEN])
        sim_violation(edits->world, "edit-twice",
                      "request %" PRIx64 "/%" PRIu64 " was taken at %" PRIu64 " and at %" PRIu64, head->client,
                      head->request, row->value[TAKEN], index);
    if (!(row->value[FLAGS] & ASKED))
        sim_violation(edits->world, "edit-unasked", "request %" PRIx64 "/%" PRIu64 " at %" PRIu64 " was never asked",
                      head->client, head->request, index);
    if (row->value[FLAGS] == (ASKED | SENT_BACK))
        sim_note(edits->world, "request %" PRIx64 "/%" PRIu64 " was sent back and asked again", head->client,
                 head->request);
    row->value[TAKEN] = index;
    row->value[CODE] = (uint64_t)(int64_t)answer->code;
}
