/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of the configuration: put and remove. */
#include "cib/apply.h"

#include "cib/enrol.h"
#include "cib/grammar.h"
#include "cib/kinds.h"
#include "cib/object.h"
#include "cib/refs.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The version an edit is based on. */
struct base {
    bool any; /* * */
    uint64_t version;
};

static int read_base(struct hy_cursor *cursor, struct base *base)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    base->any = hy_word_is(word, "*");
    if (!base->any && (!word || !hy_uint_parse(word->text, UINT64_MAX, &base->version)))
        return hy_word_fail(cursor, word, "expected the version that was edited, 0 for a new object, or *");
    return 0;
}

/* May an edit based on `base` change what is there (NULL: nothing)? */
static int check_base(struct hy_apply *apply, const struct base *base, const struct hy_object *before, const char *id)
{
    if (base->any)
        return 0;
    if (!before && base->version)
        return hy_fail(apply->err, ESTALE,
                       "%s has been removed by someone else since you read it (yours is based on %" PRIu64 ")", id,
                       base->version);
    if (before && !base->version)
        return hy_fail(apply->err, EEXIST, "there is a %s %s already (version %" PRIu64 ")", hy_kind_word(before->kind),
                       id, before->version);
    if (before && before->version != base->version)
        return hy_fail(apply->err, ESTALE,
                       "%s has been changed by someone else since you read it (version %" PRIu64
                       ", yours is based on %" PRIu64 ")",
                       id, before->version, base->version);
    return 0;
}

static int check_put(struct hy_apply *apply, const struct base *base, const struct hy_object *object,
                     const struct hy_object *before)
{
    if (before && before->kind != object->kind)
        return hy_fail(apply->err, EEXIST,
                       "there is a %s %s already: expected another id for the %s, or its removal first",
                       hy_kind_word(before->kind), object->id, hy_kind_word(object->kind));
    if (!before && apply->cib->objects.count >= HY_OBJECTS_MAX)
        return hy_fail(apply->err, EINVAL, "%s is one object too many: expected at most %d", object->id,
                       HY_OBJECTS_MAX);
    return check_base(apply, base, before, object->id);
}

int hy_apply_put(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct base base = {0};
    struct hy_object *object = NULL;
    int rc = read_base(cursor, &base);
    if (rc)
        return rc;
    if (!hy_cursor_peek(cursor))
        return hy_cursor_fail(cursor, "expected the object, as a statement");
    rc = hy_statement_parse(cursor, &object);
    if (rc)
        return rc;
    struct hy_object *before = hy_cib_find(apply->cib, object->id);
    rc = check_put(apply, &base, object, before);
    if (rc) {
        hy_object_free(&object);
        return rc;
    }
    object->version = apply->index;
    struct hy_undo undo = {.kind = HY_UNDO_ADDED, .position = apply->cib->objects.count};
    if (before) {
        undo = (struct hy_undo){.kind = HY_UNDO_REPLACED, .position = hy_cib_position(apply->cib, before)};
        undo.object = hy_cib_replace(apply->cib, undo.position, object);
    } else {
        hy_cib_add(apply->cib, object);
    }
    hy_vec_push(&apply->undo, undo);
    apply->config_changed = true;
    return 0;
}

int hy_apply_remove(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct base base = {0};
    int rc = read_base(cursor, &base);
    if (rc)
        return rc;
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected the id of an object");
    rc = hy_cursor_end(cursor, "the end of the statement");
    if (rc)
        return rc;
    const char *id = word->text;
    struct hy_object *before = hy_cib_find(apply->cib, id);
    if (!before && (base.any || !base.version))
        return hy_fail(apply->err, ENOENT, "there is no object '%s'", id);
    rc = check_base(apply, &base, before, id);
    if (rc)
        return rc;
    const struct hy_node_status *status = before->kind == HY_NODE ? hy_cib_node(apply->cib, id) : NULL;
    if (status && status->enrolled.address)
        return hy_fail(apply->err, EBUSY,
                       "node %s cannot be removed: it is enrolled: strike takes it out of the cluster", id);
    if (status && status->state == HY_MEMBER_IN)
        return hy_fail(apply->err, EBUSY, "node %s cannot be removed: it is a member: stop its cluster service first",
                       id);
    struct hy_undo undo = {.kind = HY_UNDO_REMOVED, .position = hy_cib_position(apply->cib, before)};
    if (status)
        undo.status_position = hy_cib_node_position(apply->cib, status);
    undo.object = hy_cib_take(apply->cib, undo.position, &undo.status);
    hy_vec_push(&apply->undo, undo);
    apply->config_changed = true;
    return 0;
}

static bool was_removed(const struct hy_apply *apply, const char *id)
{
    for (size_t i = 0; i < apply->undo.count; i++)
        if (apply->undo.items[i].kind == HY_UNDO_REMOVED && !apply->undo.items[i].struck &&
            strcmp(apply->undo.items[i].object->id, id) == 0)
            return true;
    return false;
}

struct verdict {
    struct hy_apply *apply;
    int rc; /* the first problem decides */
};

static void judge(void *context, const struct hy_ref_problem *problem)
{
    struct verdict *verdict = context;
    struct hy_apply *apply = verdict->apply;
    bool clash = problem->fault == HY_REF_TWO_IDS, endless = problem->fault == HY_REF_ENDLESS;
    bool missing = !clash && !endless && problem->fault != HY_REF_TWO_PARENTS && problem->fault != HY_REF_BAD_MEMBER &&
                   problem->fault != HY_REF_BAD_CHILD;
    /* Earlier versions let two rules have one id: that must not stand in the way of anything else. */
    if (clash && problem->object->version != apply->index && problem->other->version != apply->index)
        return;
    if (endless && problem->object->version != apply->index)
        return; /* likewise */
    if (verdict->rc)
        return;
    if (missing && was_removed(apply, problem->id)) {
        verdict->rc = hy_fail(apply->err, EBUSY, "%s cannot be removed: %s %s refers to it", problem->id,
                              hy_kind_word(problem->object->kind), problem->object->id);
        return;
    }
    if (problem->fault == HY_REF_NO_NODE)
        return;
    struct hy_buf text = {0};
    hy_ref_problem_print(problem, &text);
    verdict->rc = hy_fail(apply->err, missing ? ENOENT : clash ? EEXIST : EINVAL, "%s", hy_buf_text(&text));
    hy_buf_free(&text);
}

int hy_apply_check(struct hy_apply *apply)
{
    struct verdict verdict = {.apply = apply};
    hy_refs_check(apply->cib, judge, &verdict);
    return verdict.rc ? verdict.rc : hy_enrol_check(apply);
}
