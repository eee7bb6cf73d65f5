/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/edit.h"

#include "cib/command.h"
#include "cib/grammar.h"
#include "hactl/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void hactl_edit_begin(struct hactl_edit *edit, struct hactl *h, const struct hactl_state *state)
{
    *edit = (struct hactl_edit){.h = h, .state = state};
}

static void base_of(const struct hactl_edit *edit, const char *id, char *base, size_t size)
{
    const struct hy_object *known = hy_cib_find(edit->state->cib, id);
    snprintf(base, size, "%" PRIu64, known ? known->version : 0);
}

void hactl_edit_put(struct hactl_edit *edit, const struct hy_object *object)
{
    char base[32];
    base_of(edit, object->id, base, sizeof base);
    hy_command_put(&edit->statements, base, object);
}

void hactl_edit_remove(struct hactl_edit *edit, const char *id)
{
    char base[32];
    base_of(edit, id, base, sizeof base);
    hy_command_remove(&edit->statements, base, id);
}

void hactl_edit_add(struct hactl_edit *edit, const struct hy_buf *statements)
{
    hy_buf_add(&edit->statements, hy_buf_text(statements), statements->size);
}

/* What the cluster will make of it, tried on a copy: a mistake is told here, with all its lines, and nothing is sent. */
static int rehearse(const struct hactl_edit *edit)
{
    struct hy_cib *copy = hy_cib_copy(edit->state->cib);
    struct hy_buf command = {0};
    const struct hy_command_head head = {.at = hactl_state_number(edit->state, "wall_us"), .by = edit->h->user, .via = "hactl"};
    hy_command_begin(&command, &head);
    hy_buf_add(&command, hy_buf_text(&edit->statements), edit->statements.size);
    struct hy_answer answer = {0};
    hy_cib_apply(copy, copy->index + 1, hy_buf_text(&command), command.size, &answer);
    int status = HACTL_OK;
    if (answer.code) {
        status = hactl_fail("%s", answer.err.text);
    } else if (answer.config_changed) {
        struct hy_buf errors = {0};
        struct hy_buf warnings = {0};
        if (hy_cib_verify(copy, &errors, &warnings))
            status = HACTL_FAILED;
        fputs(hy_buf_text(&errors), stderr);
        fputs(hy_buf_text(&warnings), stderr);
        hy_buf_free(&errors);
        hy_buf_free(&warnings);
    }
    hy_buf_free(&command);
    hy_cib_free(&copy);
    return status;
}

int hactl_edit_send(struct hactl_edit *edit)
{
    int status = HACTL_OK;
    if (edit->statements.size)
        status = rehearse(edit);
    if (!status && edit->statements.size) {
        int code = 0;
        struct hy_err refusal = {{0}};
        status = hactl_send_command(edit->h, &edit->statements, &code, &refusal);
        if (!status && code)
            status = hactl_fail("%s", refusal.text);
    }
    hactl_edit_free(edit);
    return status;
}

void hactl_edit_free(struct hactl_edit *edit)
{
    hy_buf_free(&edit->statements);
}
