/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/edit.h"

#include "cib/command.h"
#include "cib/grammar.h"
#include "cib/syntax.h"
#include "hactl/agents.h"
#include "hactl/connection.h"
#include "hactl/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hactl_edit_begin(struct hactl_edit *edit, struct hactl *h, const struct hactl_state *state)
{
    *edit = (struct hactl_edit){.h = h, .state = state};
}

static void base_of(const struct hactl_edit *edit, const char *id, char *base, size_t size)
{
    const struct hy_object *known = hy_cib_find(edit->state->cib, id);
    snprintf(base, size, "%" PRIu64, known ? known->version : 0);
}

static void merge_attrs(struct hy_attrs *into, const struct hy_attrs *from)
{
    for (size_t i = 0; i < from->list.count; i++)
        hy_attrs_set(into, from->list.items[i].name, from->list.items[i].value);
}

/* Plain attributes are set one by one; what has a rule or an id replaces all of its kind that is there. */
static void merge_sets(struct hy_attr_sets *into, const struct hy_attr_sets *from)
{
    bool plain = from->list.count == 1 && hy_sets_plain(from) == &from->list.items[0].attrs &&
                 !from->list.items[0].id && !from->list.items[0].score;
    if (plain) {
        merge_attrs(hy_sets_edit(into), hy_sets_plain(from));
    } else if (from->list.count) {
        hy_sets_free(into);
        hy_sets_copy(into, from);
    }
}

/* What is not said stays. */
static void replace_text(char **text, const char *said)
{
    if (!said)
        return;
    free(*text);
    *text = hy_strdup(said);
}

static bool is_same(const struct hy_object *a, const struct hy_object *b)
{
    struct hy_buf left = {0};
    struct hy_buf right = {0};
    hy_object_print(a, &left);
    hy_object_print(b, &right);
    bool same = left.size == right.size && memcmp(hy_buf_text(&left), hy_buf_text(&right), left.size) == 0;
    hy_buf_free(&left);
    hy_buf_free(&right);
    return same;
}

void hactl_edit_put(struct hactl_edit *edit, const struct hy_object *object)
{
    const struct hy_object *known = hy_cib_find(edit->state->cib, object->id);
    if (known && known->kind != object->kind) {
        hactl_edit_remove(edit, object->id);
        hy_command_put(&edit->statements, "0", object);
        return;
    }
    if (known && is_same(known, object))
        return;
    char base[32];
    base_of(edit, object->id, base, sizeof base);
    hy_command_put(&edit->statements, base, object);
}

void hactl_edit_merge(struct hactl_edit *edit, const struct hy_object *object)
{
    const struct hy_object *known = hy_cib_find_kind(edit->state->cib, object->kind, object->id);
    bool is_set = object->kind == HY_PROPERTY || object->kind == HY_RSC_DEFAULTS || object->kind == HY_OP_DEFAULTS;
    struct hy_object *merged = hy_object_copy(known && (is_set || object->kind == HY_NODE) ? known : object);
    if (known && is_set && (object->u.set.rule || object->u.set.score) &&
        !hy_attr_set_same_head(&known->u.set, &object->u.set)) {
        hy_object_free(&merged);
        merged = hy_object_copy(object);
    } else if (known && is_set) {
        merge_attrs(&merged->u.set.attrs, &object->u.set.attrs);
    } else if (known && object->kind == HY_NODE) {
        replace_text(&merged->description, object->description);
        replace_text(&merged->u.node.nodeid, object->u.node.nodeid);
        merge_sets(&merged->u.node.attributes, &object->u.node.attributes);
        merge_sets(&merged->u.node.utilization, &object->u.node.utilization);
    }
    hactl_edit_put(edit, merged);
    hy_object_free(&merged);
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

/* Prints the lines of `now` that are not in `before`, each behind `prefix` and without its first `skip` bytes. */
static size_t print_new(const struct hy_buf *before, const struct hy_buf *now, const char *prefix, size_t skip)
{
    size_t count = 0;
    for (const char *line = hy_buf_text(now); *line; line += strcspn(line, "\n") + 1) {
        char *whole = hy_strndup(line, strcspn(line, "\n") + 1);
        const char *found = strstr(hy_buf_text(before), whole);
        if (!found || (found != before->data && found[-1] != '\n')) {
            fprintf(stderr, "%s%s", prefix, whole + skip);
            count++;
        }
        free(whole);
    }
    return count;
}

static bool concerns_agents(const char *statements)
{
    return strstr(statements, " primitive ") || strstr(statements, " rsc_template ") ||
           strstr(statements, " op_defaults ");
}

/* Errors that were there before do not stand in the way of mending something else. */
static int judge(const struct hactl_edit *edit, const struct hy_cib *after)
{
    const struct hy_cib *before = edit->state->cib;
    struct hy_buf errors[2] = {{0}};
    struct hy_buf warnings[2] = {{0}};
    hy_cib_verify(before, &errors[0], &warnings[0]);
    hy_cib_verify(after, &errors[1], &warnings[1]);
    if (concerns_agents(hy_buf_text(&edit->statements))) {
        hactl_hang_up(edit->h);
        hactl_agents_check(edit->h->config, before, &warnings[0]);
        hactl_agents_check(edit->h->config, after, &warnings[1]);
    }
    size_t count = print_new(&errors[0], &errors[1], "hactl: ", strlen("error: "));
    print_new(&warnings[0], &warnings[1], "", 0);
    for (int i = 0; i < 2; i++) {
        hy_buf_free(&errors[i]);
        hy_buf_free(&warnings[i]);
    }
    return count ? HACTL_FAILED : HACTL_OK;
}

/* What the cluster will make of it, tried on a copy: a mistake is told here, with all its lines, and nothing is sent. */
static int rehearse(const struct hactl_edit *edit)
{
    struct hy_cib *copy = hy_cib_copy(edit->state->cib);
    struct hy_buf command = {0};
    const struct hy_command_head head = {
        .at = hactl_state_number(edit->state, "wall_us"), .by = edit->h->user, .via = "hactl"};
    hy_command_begin(&command, &head);
    hy_buf_add(&command, hy_buf_text(&edit->statements), edit->statements.size);
    struct hy_answer answer = {0};
    hy_cib_apply(copy, copy->index + 1, hy_buf_text(&command), command.size, &answer);
    int status = HACTL_OK;
    if (answer.code) {
        status = hactl_fail("%s", answer.err.text);
    } else if (answer.config_changed) {
        status = judge(edit, copy);
        if (!status)
            status = hactl_edit_check(edit, copy);
    } else if (strncmp(hy_buf_text(&edit->statements), "strike ", 7) == 0) {
        status = hactl_edit_check(edit, copy);
    }
    hy_buf_free(&command);
    hy_cib_free(&copy);
    return status;
}

/* Somebody was faster: says who, and what there is now. */
static int tell_change(const struct hactl_edit *edit, const struct hy_err *refusal)
{
    struct hactl_state now;
    hactl_fail("%s; nothing was changed", refusal->text);
    if (hactl_state_fetch(edit->h, &now))
        return HACTL_FAILED;
    struct hy_buf text = {0};
    hy_buf_adds(&text, "the configuration was last changed ");
    hactl_wall_print(now.cib->changed, &text);
    hy_buf_adds(&text, " by ");
    if (!hactl_author_print(now.cib, &text))
        hy_buf_adds(&text, "the cluster itself");
    fprintf(stderr, "%s; what is different now:\n", hy_buf_text(&text));
    hy_buf_clear(&text);
    for (size_t i = 0; i < now.cib->objects.count; i++) {
        const struct hy_object *object = now.cib->objects.items[i];
        const struct hy_object *before = hy_cib_find(edit->state->cib, object->id);
        if (!before || before->version != object->version)
            hy_object_print(object, &text);
    }
    for (size_t i = 0; i < edit->state->cib->objects.count; i++) {
        const char *id = edit->state->cib->objects.items[i]->id;
        if (!hy_cib_find(now.cib, id))
            hy_buf_addf(&text, "%s was removed\n", id);
    }
    fputs(hy_buf_text(&text), stderr);
    hy_buf_free(&text);
    hactl_state_free(&now);
    return HACTL_FAILED;
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
        if (!status && code == -ESTALE)
            status = tell_change(edit, &refusal);
        else if (!status && code)
            status = hactl_fail("%s", refusal.text);
    }
    hactl_edit_free(edit);
    return status;
}

void hactl_edit_free(struct hactl_edit *edit)
{
    hy_buf_free(&edit->statements);
}
