/* SPDX-License-Identifier: Apache-2.0 */
/* Statements about what is: members, results, failures, transient attributes. */
#include "cib/apply.h"

#include "cib/fields.h"
#include "cib/history.h"
#include "cib/object.h"
#include "cib/wish.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int hy_apply_node(struct hy_apply *apply, struct hy_cursor *cursor, struct hy_node_status **status)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word)
        return hy_word_fail(cursor, word, "expected a node's name");
    *status = hy_cib_node(apply->cib, word->text);
    return *status ? 0 : hy_fail(apply->err, ENOENT, "there is no node '%.*s'", HY_ID_MAX, word->text);
}

/* Is it what the node says now, or an echo of what it was before a verdict? */
static int check_epoch(struct hy_apply *apply, const struct hy_node_status *status, uint32_t epoch, const char *what)
{
    if (status->epoch != epoch)
        return hy_fail(apply->err, ESTALE, "%s of node %s is of its epoch %" PRIu32 ": the node is in epoch %" PRIu32,
                       what, status->node, epoch, status->epoch);
    if (status->state != HY_MEMBER_IN)
        return hy_fail(apply->err, ESTALE, "%s of node %s: the node is no member", what, status->node);
    return 0;
}

struct member {
    uint32_t id;
    enum hy_member_state state;
    uint32_t epoch;
    uint64_t incarnation;
};

static int check_member(struct hy_apply *apply, const struct hy_node_status *status, const struct member *member)
{
    if (member->state == HY_MEMBER_NEVER)
        return hy_fail(apply->err, EINVAL, "member %s: expected state=in or state=gone", status->node);
    if (member->id == 0)
        return hy_fail(apply->err, EINVAL, "member %s: expected an id from 1 on", status->node);
    if (member->epoch != (uint64_t)status->epoch + 1)
        return hy_fail(apply->err, ESTALE,
                       "member %s: epoch %" PRIu32 " is not the next: the node is in epoch %" PRIu32, status->node,
                       member->epoch, status->epoch);
    if (status->enrolled.address && member->id != status->id)
        return hy_fail(apply->err, EINVAL, "member %s: id %" PRIu32 " is not that of its enrolment, %" PRIu32,
                       status->node, member->id, status->id);
    const struct hy_node_status *other = hy_cib_node_by_id(apply->cib, member->id);
    if (other && other != status)
        return hy_fail(apply->err, EEXIST, "member %s: id %" PRIu32 " is that of node %s", status->node, member->id,
                       other->node);
    return 0;
}

int hy_apply_member(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct member member = {0};
    const struct hy_field fields[] = {{"id", HY_FIELD_U32, &member.id, true},
                                      {"state", HY_FIELD_STATE, &member.state, true},
                                      {"epoch", HY_FIELD_U32, &member.epoch, true},
                                      {"incarnation", HY_FIELD_U64, &member.incarnation, true}};
    int rc = hy_apply_node(apply, cursor, &status);
    if (!rc)
        rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (!rc)
        rc = check_member(apply, status, &member);
    if (rc)
        return rc;
    hy_apply_keep_status(apply, status);
    hy_status_clear_results(status);
    for (size_t i = 0; i < status->failures.count; i++)
        status->failures.items[i].former = true;
    hy_attrs_free(&status->transient);
    if (member.state == HY_MEMBER_IN) {
        if (member.incarnation != status->incarnation)
            hy_status_clear_failures(status);
        status->incarnation = member.incarnation;
    } else {
        hy_wish_free(&status->wish);
    }
    status->id = member.id;
    status->state = member.state;
    status->epoch = member.epoch;
    status->synced = false;
    status->since = apply->head->at;
    return 0;
}

int hy_apply_synced(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    uint32_t epoch = 0;
    const struct hy_field fields[] = {{"epoch", HY_FIELD_U32, &epoch, true}};
    int rc = hy_apply_node(apply, cursor, &status);
    if (!rc)
        rc = hy_fields_read(cursor, fields, 1);
    if (!rc)
        rc = check_epoch(apply, status, epoch, "the report");
    if (rc)
        return rc;
    hy_apply_keep_status(apply, status);
    status->synced = true;
    return 0;
}

int hy_apply_detection(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_wish wish;
    uint32_t epoch = 0;
    int rc = hy_apply_node(apply, cursor, &status);
    if (!rc)
        rc = hy_wish_read(cursor, &epoch, &wish);
    if (!rc)
        rc = check_epoch(apply, status, epoch, "what is asked of the detection");
    if (rc)
        return rc;
    hy_apply_keep_status(apply, status);
    hy_wish_free(&status->wish);
    status->wish = hy_wish_copy(&wish);
    return 0;
}

int hy_apply_transient(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = hy_apply_node(apply, cursor, &status);
    if (rc)
        return rc;
    const struct hy_word *word = hy_cursor_peek(cursor);
    struct hy_attrs given = {0};
    if (hy_word_is_attr(word))
        rc = hy_cursor_read_attr(cursor, &given);
    else if (!hy_cursor_next(cursor))
        rc = hy_word_fail(cursor, NULL, "expected name=value, or the name alone to unset it");
    if (!rc)
        rc = hy_cursor_end(cursor, "the end of the statement");
    if (!rc) {
        hy_apply_keep_status(apply, status);
        if (given.list.count)
            hy_attrs_set(&status->transient, given.list.items[0].name, given.list.items[0].value);
        else
            (void)hy_attrs_remove(&status->transient, word->text);
    }
    hy_attrs_free(&given);
    return rc;
}

int hy_apply_result(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = hy_apply_node(apply, cursor, &status);
    if (rc)
        return rc;
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *text = hy_cursor_accept_attr(cursor, "epoch");
    uint64_t epoch = 0;
    if (!text || !hy_uint_parse(text, UINT32_MAX, &epoch))
        return hy_word_fail(cursor, word, "expected epoch=NUMBER");
    struct hy_result result;
    rc = hy_result_read(cursor, &result, false);
    if (!rc)
        rc = check_epoch(apply, status, (uint32_t)epoch, "a result");
    if (rc)
        return rc;
    if (!result.notify)
        result.order = 0; /* for whoever gave it; the state does not keep it */
    hy_apply_keep_status(apply, status);
    hy_history_record(apply->cib, status, &result, apply->head->at);
    return 0;
}

int hy_apply_forget(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    const char *rsc = NULL, *op = NULL;
    hy_time interval = 0;
    const struct hy_field fields[] = {{"op", HY_FIELD_OP, &op, true}, {"interval", HY_FIELD_DURATION, &interval, true}};
    int rc = hy_apply_node(apply, cursor, &status);
    if (!rc)
        rc = hy_cursor_read_instance(cursor, &rsc);
    if (!rc)
        rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (rc)
        return rc;
    hy_apply_keep_status(apply, status);
    hy_history_forget(status, rsc, op, interval);
    return 0;
}

/* ------------------------------------------------------------- cleanup, expire */

/* The resources meant: every one, or those of `id`: the primitive or instance itself, a group's members, a clone's child. */
struct target {
    const struct hy_cib *cib;
    const char *id; /* NULL: every one */
};

static bool is_within(const struct hy_cib *cib, const char *rsc, const char *id, int depth)
{
    const struct hy_object *object = hy_cib_find(cib, id);
    if (!object || object->kind == HY_PRIMITIVE || depth > 2)
        return hy_rsc_is_instance_of(rsc, id);
    if (object->kind == HY_CLONE)
        return is_within(cib, rsc, object->u.clone.child, depth + 1);
    if (object->kind != HY_GROUP)
        return false;
    for (size_t i = 0; i < object->u.group.members.count; i++)
        if (hy_rsc_is_instance_of(rsc, object->u.group.members.items[i]))
            return true;
    return false;
}

static bool is_meant(const void *context, const char *rsc)
{
    const struct target *target = context;
    return !target->id || is_within(target->cib, rsc, target->id, 0);
}

/* Is anything of that name configured, or (not any more configured) known on some node? */
static bool is_known(const struct hy_cib *cib, const char *rsc)
{
    char *base = hy_strndup(rsc, strcspn(rsc, ":"));
    const struct hy_object *object = hy_cib_find(cib, base);
    bool known = object && hy_kind_is_resource(object->kind);
    for (size_t n = 0; !known && n < cib->nodes.count; n++)
        for (size_t i = 0; !known && i < cib->nodes.items[n]->results.count; i++)
            known = hy_rsc_is_instance_of(cib->nodes.items[n]->results.items[i].rsc, base);
    free(base);
    return known;
}

/* RSC|* [node=NAME] */
static int read_target(struct hy_apply *apply, struct hy_cursor *cursor, struct target *target,
                       struct hy_node_status **only)
{
    const char *node = NULL;
    const struct hy_field fields[] = {{"node", HY_FIELD_TEXT, &node, false}};
    target->cib = apply->cib;
    int rc = 0;
    if (!hy_cursor_accept(cursor, "*"))
        rc = hy_cursor_read_instance(cursor, &target->id);
    if (!rc)
        rc = hy_fields_read(cursor, fields, 1);
    if (rc)
        return rc;
    *only = node ? hy_cib_node(apply->cib, node) : NULL;
    if (node && !*only)
        return hy_fail(apply->err, ENOENT, "there is no node '%.*s'", HY_ID_MAX, node);
    return 0;
}

static void on_nodes(struct hy_apply *apply, const struct hy_node_status *only, const struct target *target,
                     bool (*act)(struct hy_node_status *, hy_history_match_fn *, const void *))
{
    for (size_t i = 0; i < apply->cib->nodes.count; i++) {
        struct hy_node_status *status = apply->cib->nodes.items[i];
        if (only && status != only)
            continue;
        hy_apply_keep_status(apply, status);
        (void)act(status, is_meant, target);
    }
}

int hy_apply_cleanup(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct target target = {0};
    struct hy_node_status *only = NULL;
    int rc = read_target(apply, cursor, &target, &only);
    if (rc)
        return rc;
    if (target.id && !is_known(apply->cib, target.id))
        return hy_fail(apply->err, ENOENT, "there is no resource '%s'", target.id);
    on_nodes(apply, only, &target, hy_history_cleanup);
    return 0;
}

int hy_apply_expire(struct hy_apply *apply, struct hy_cursor *cursor)
{
    struct target target = {0};
    struct hy_node_status *only = NULL;
    int rc = read_target(apply, cursor, &target, &only);
    if (rc)
        return rc;
    if (!only)
        return hy_word_fail(cursor, NULL, "expected node=NAME");
    on_nodes(apply, only, &target, hy_history_expire);
    return 0;
}

int hy_apply_noop(struct hy_apply *apply, struct hy_cursor *cursor)
{
    (void)apply;
    return hy_cursor_end(cursor, "the end of the statement");
}
