/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole CIB as text, and back. Statements of the same make as everywhere:
 *
 *   halyard-cib 1                                   the form's version: another one is refused
 *   index 214
 *   lineage 1885667171979196545                     which cluster it is
 *   servers-index 200                               log index of the set of servers
 *   last-id 5                                       the highest id a node was ever enrolled with
 *   changed at=1484018696.123456 by=root@test3 via=hactl
 *   session origin=3 incarnation=17 seq=214
 *   forgotten index=170                             of the client sessions that had to make room, the last one's
 *   client session=9f86d081884c7d65 request=4 index=211 code=-17 text="..."     the last answer of a client's session
 *   object 12 primitive ClusterIP IPaddr2 ...       version, then the object as `configure show` has it; in order of creation
 *   status test3 id=3 state=in epoch=5 incarnation=17 synced=yes since=...       one a node, then what belongs to it
 *   enrolled test3 address=172.100.102.153 striking=no
 *   transient test3 name=value
 *   result test3 MaxScale op=start ... at=... failed=no
 *   failure test3 MaxScale op=start ... at=... failed=yes former=yes
 *   failcount test3 MaxScale op=start interval=0 count=1000000 last=...
 *   lock test3 MaxScale since=...
 *   ticket site-A granted=yes standby=no last-granted=...        and each further attribute of it:
 *   ticket-attribute site-A owner=3
 *   end                                             so that half a file is not taken for a whole one
 */
#include "cib/grammar.h"
#include "base/mutant.h"

#include "cib/clients.h"
#include "cib/enrol.h"
#include "cib/fields.h"
#include "cib/kinds.h"
#include "cib/object.h"
#include "cib/tickets.h"
#include "cib/wish.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FORM = 1 };

/* ------------------------------------------------------------- save */

/* snprintf() costs more than all the rest of a save. */
static void save_number(const char *name, uint64_t value, struct hy_buf *out)
{
    hy_buf_adds(out, name);
    hy_buf_addu(out, value);
}

static void save_result(const char *verb, const struct hy_node_status *status, const struct hy_result *result,
                        struct hy_buf *out)
{
    hy_buf_adds(out, verb);
    hy_buf_adds(out, status->node);
    hy_buf_addc(out, ' ');
    hy_buf_adds(out, result->rsc);
    hy_result_fields_print(result, true, out);
    hy_buf_addc(out, '\n');
}

void hy_cib_save_result(const struct hy_node_status *status, const struct hy_result *result, struct hy_buf *out)
{
    save_result("result ", status, result, out);
}

void hy_cib_save_failure(const struct hy_node_status *status, const struct hy_result *failure, struct hy_buf *out)
{
    save_result("failure ", status, failure, out);
}

void hy_cib_save_node(const struct hy_node_status *status, struct hy_buf *out)
{
    hy_buf_adds(out, "status ");
    hy_buf_adds(out, status->node);
    save_number(" id=", status->id, out);
    hy_buf_adds(out, " state=");
    hy_buf_adds(out, hy_member_state_word(status->state));
    save_number(" epoch=", status->epoch, out);
    save_number(" incarnation=", status->incarnation, out);
    hy_buf_adds(out, status->synced ? " synced=yes since=" : " synced=no since=");
    hy_wall_print(status->since, out);
    if (status->unclean)
        hy_buf_adds(out, " unclean=yes");
    if (status->pending)
        hy_buf_adds(out, " pending=yes");
    hy_buf_addc(out, '\n');
    if (status->enrolled.address) {
        hy_buf_adds(out, "enrolled ");
        hy_buf_adds(out, status->node);
        hy_enrolment_print(&status->enrolled, true, out);
        hy_buf_addc(out, '\n');
    }
    if (status->wish.dead_after) {
        hy_buf_adds(out, "detection ");
        hy_buf_adds(out, status->node);
        hy_wish_print(&status->wish, out);
        hy_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < status->transient.list.count; i++) {
        hy_buf_adds(out, "transient ");
        hy_buf_adds(out, status->node);
        hy_attr_print(status->transient.list.items[i].name, status->transient.list.items[i].value, out);
        hy_buf_addc(out, '\n');
    }
}

void hy_cib_save_counts(const struct hy_node_status *status, struct hy_buf *out)
{
    for (size_t i = 0; i < status->failcounts.count; i++) {
        const struct hy_failcount *count = &status->failcounts.items[i];
        hy_buf_addf(out, "failcount %s %s op=%s interval=", status->node, count->rsc, count->op);
        hy_duration_print(count->interval, out);
        hy_buf_addf(out, " count=%d last=", count->count);
        hy_wall_print(count->last, out);
        hy_buf_addc(out, '\n');
    }
    for (size_t i = 0; i < status->locks.count; i++) {
        hy_buf_addf(out, "lock %s %s since=", status->node, status->locks.items[i].rsc);
        hy_wall_print(status->locks.items[i].since, out);
        hy_buf_addc(out, '\n');
    }
}

static void save_status(const struct hy_node_status *status, struct hy_buf *out)
{
    hy_cib_save_node(status, out);
    for (size_t i = 0; i < status->results.count; i++)
        hy_cib_save_result(status, &status->results.items[i], out);
    for (size_t i = 0; i < status->failures.count; i++)
        hy_cib_save_failure(status, &status->failures.items[i], out);
    hy_cib_save_counts(status, out);
}

static void save_session(const struct hy_session *session, struct hy_buf *out)
{
    save_number("session origin=", session->origin, out);
    save_number(" incarnation=", session->incarnation, out);
    save_number(" seq=", session->seq, out);
    hy_buf_addc(out, '\n');
}

static void save_head(const struct hy_cib *cib, bool clients, struct hy_buf *out)
{
    save_number("halyard-cib ", FORM, out);
    save_number("\nindex ", cib->index, out);
    hy_buf_adds(out, "\nchanged at=");
    hy_wall_print(cib->changed, out);
    if (cib->changed_by)
        hy_attr_print("by", cib->changed_by, out);
    if (cib->changed_via)
        hy_attr_print("via", cib->changed_via, out);
    hy_buf_addc(out, '\n');
    if (cib->lineage)
        hy_buf_addf(out, "lineage %" PRIu64 "\n", cib->lineage);
    if (cib->servers_index)
        hy_buf_addf(out, "servers-index %" PRIu64 "\n", cib->servers_index);
    if (cib->last_id)
        hy_buf_addf(out, "last-id %" PRIu32 "\n", cib->last_id);
    for (size_t i = 0; i < cib->sessions.count && !HY_MUTANT(SNAPSHOT_WITHOUT_SESSIONS); i++)
        save_session(&cib->sessions.items[i], out);
    if (clients)
        hy_clients_save(cib, out);
}

void hy_cib_save_head(const struct hy_cib *cib, struct hy_buf *out)
{
    save_head(cib, true, out);
}

void hy_cib_save_object(const struct hy_object *object, struct hy_buf *out)
{
    hy_buf_adds(out, "object ");
    hy_buf_addu(out, object->version);
    hy_buf_addc(out, ' ');
    hy_object_print(object, out);
}

void hy_cib_save_tail(const struct hy_cib *cib, struct hy_buf *out)
{
    hy_tickets_save(cib, out);
    hy_buf_adds(out, "end\n");
}

static void save(const struct hy_cib *cib, bool clients, struct hy_buf *out)
{
    save_head(cib, clients, out);
    for (size_t i = 0; i < cib->objects.count; i++)
        hy_cib_save_object(cib->objects.items[i], out);
    for (size_t i = 0; i < cib->nodes.count; i++)
        save_status(cib->nodes.items[i], out);
    hy_cib_save_tail(cib, out);
}

void hy_cib_save(const struct hy_cib *cib, struct hy_buf *out)
{
    save(cib, true, out);
}

void hy_cib_save_to_show(const struct hy_cib *cib, struct hy_buf *out)
{
    save(cib, false, out);
}

/* ------------------------------------------------------------- restore */

static int read_number(struct hy_cursor *cursor, uint64_t *number)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    if (!word || !hy_uint_parse(word->text, UINT64_MAX, number))
        return hy_word_fail(cursor, word, "expected a whole number");
    return 0;
}

static int restore_index(struct hy_cib *cib, struct hy_cursor *cursor)
{
    int rc = read_number(cursor, &cib->index);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static int restore_changed(struct hy_cib *cib, struct hy_cursor *cursor)
{
    const char *by = NULL, *via = NULL;
    const struct hy_field fields[] = {{"at", HY_FIELD_WALL, &cib->changed, true},
                                      {"by", HY_FIELD_TEXT, &by, false},
                                      {"via", HY_FIELD_TEXT, &via, false}};
    int rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (!rc && (cib->changed_by || cib->changed_via))
        rc = hy_word_fail(cursor, NULL, "expected 'changed' once");
    if (rc)
        return rc;
    cib->changed_by = hy_strdup(by);
    cib->changed_via = hy_strdup(via);
    return 0;
}

static int restore_session(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_session session = {0};
    const struct hy_field fields[] = {{"origin", HY_FIELD_U32, &session.origin, true},
                                      {"incarnation", HY_FIELD_U64, &session.incarnation, true},
                                      {"seq", HY_FIELD_U64, &session.seq, true}};
    int rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (!rc)
        hy_vec_push(&cib->sessions, session);
    return rc;
}

static int restore_object(struct hy_cib *cib, struct hy_cursor *cursor)
{
    uint64_t version = 0;
    struct hy_object *object = NULL;
    int rc = read_number(cursor, &version);
    if (!rc && !hy_cursor_peek(cursor))
        rc = hy_cursor_fail(cursor, "expected an object");
    if (!rc)
        rc = hy_statement_parse(cursor, &object);
    if (rc)
        return rc;
    if (hy_cib_find(cib, object->id) || cib->objects.count >= HY_OBJECTS_MAX) {
        rc = hy_word_fail(cursor, &cursor->words[0], "object %s: expected each id once, and at most %d objects",
                          object->id, HY_OBJECTS_MAX);
        hy_object_free(&object);
        return rc;
    }
    object->version = version;
    hy_cib_add(cib, object);
    return 0;
}

/* The node whose status a statement belongs to. */
static int read_owner(struct hy_cib *cib, struct hy_cursor *cursor, struct hy_node_status **status)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    *status = word ? hy_cib_node(cib, word->text) : NULL;
    return *status ? 0 : hy_word_fail(cursor, word, "expected the name of a node that stands above");
}

static int restore_status(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = read_owner(cib, cursor, &status);
    if (rc)
        return rc;
    const struct hy_field fields[] = {
        {"id", HY_FIELD_U32, &status->id, true},
        {"state", HY_FIELD_STATE, &status->state, true},
        {"epoch", HY_FIELD_U32, &status->epoch, true},
        {"incarnation", HY_FIELD_U64, &status->incarnation, true},
        {"synced", HY_FIELD_YES_NO, &status->synced, true},
        {"since", HY_FIELD_WALL, &status->since, true},
        {"unclean", HY_FIELD_YES_NO, &status->unclean, false},
        {"pending", HY_FIELD_YES_NO, &status->pending, false},
    };
    return hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
}

static int restore_lineage(struct hy_cib *cib, struct hy_cursor *cursor)
{
    int rc = read_number(cursor, &cib->lineage);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static int restore_servers_index(struct hy_cib *cib, struct hy_cursor *cursor)
{
    int rc = read_number(cursor, &cib->servers_index);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static int restore_last_id(struct hy_cib *cib, struct hy_cursor *cursor)
{
    uint64_t id = 0;
    int rc = read_number(cursor, &id);
    if (!rc && id > UINT32_MAX)
        rc = hy_word_fail(cursor, NULL, "expected an id of 32 bits");
    cib->last_id = (uint32_t)id;
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static int restore_enrolled(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_enrolment given;
    int rc = read_owner(cib, cursor, &status);
    if (!rc)
        rc = hy_enrolment_read(cursor, true, NULL, &given);
    if (rc)
        return rc;
    hy_enrolment_free(&status->enrolled);
    status->enrolled = hy_enrolment_copy(&given);
    return 0;
}

static int restore_detection(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_wish wish;
    int rc = read_owner(cib, cursor, &status);
    if (!rc)
        rc = hy_wish_read(cursor, NULL, &wish);
    if (rc)
        return rc;
    hy_wish_free(&status->wish);
    status->wish = hy_wish_copy(&wish);
    return 0;
}

static int restore_transient(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    int rc = read_owner(cib, cursor, &status);
    if (!rc)
        rc = hy_cursor_read_attr(cursor, &status->transient);
    return rc ? rc : hy_cursor_end(cursor, "the end of the statement");
}

static int read_stored(struct hy_cib *cib, struct hy_cursor *cursor, struct hy_node_status **status,
                       struct hy_result *result)
{
    int rc = read_owner(cib, cursor, status);
    return rc ? rc : hy_result_read(cursor, result, true);
}

static int restore_result(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_result result;
    int rc = read_stored(cib, cursor, &status, &result);
    if (!rc)
        hy_vec_push(&status->results, hy_result_copy(&result));
    return rc;
}

static int restore_failure(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_result result;
    int rc = read_stored(cib, cursor, &status, &result);
    if (!rc)
        hy_vec_push(&status->failures, hy_result_copy(&result));
    return rc;
}

static int restore_failcount(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_failcount count = {0};
    const char *rsc = NULL, *op = NULL;
    const struct hy_field fields[] = {
        {"op", HY_FIELD_OP, &op, true},
        {"interval", HY_FIELD_DURATION, &count.interval, true},
        {"count", HY_FIELD_INT, &count.count, true},
        {"last", HY_FIELD_WALL, &count.last, true},
    };
    int rc = read_owner(cib, cursor, &status);
    if (!rc)
        rc = hy_cursor_read_instance(cursor, &rsc);
    if (!rc)
        rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (rc)
        return rc;
    count.rsc = hy_strdup(rsc);
    count.op = hy_strdup(op);
    hy_vec_push(&status->failcounts, count);
    return 0;
}

static int restore_lock(struct hy_cib *cib, struct hy_cursor *cursor)
{
    struct hy_node_status *status = NULL;
    struct hy_rsc_lock lock = {0};
    const char *rsc = NULL;
    const struct hy_field fields[] = {{"since", HY_FIELD_WALL, &lock.since, true}};
    int rc = read_owner(cib, cursor, &status);
    if (!rc)
        rc = hy_cursor_read_instance(cursor, &rsc);
    if (!rc)
        rc = hy_fields_read(cursor, fields, 1);
    if (rc)
        return rc;
    lock.rsc = hy_strdup(rsc);
    hy_vec_push(&status->locks, lock);
    return 0;
}

static int restore_statement(struct hy_cib *cib, struct hy_cursor *cursor)
{
    static const struct {
        const char *verb;
        int (*restore)(struct hy_cib *cib, struct hy_cursor *cursor);
    } verbs[] = {
        {"index", restore_index},           {"changed", restore_changed},
        {"session", restore_session},       {"forgotten", hy_clients_restore_forgotten},
        {"client", hy_clients_restore_one}, {"object", restore_object},
        {"status", restore_status},         {"transient", restore_transient},
        {"result", restore_result},         {"failure", restore_failure},
        {"failcount", restore_failcount},   {"last-id", restore_last_id},
        {"lineage", restore_lineage},       {"servers-index", restore_servers_index},
        {"enrolled", restore_enrolled},     {"lock", restore_lock},
        {"ticket", hy_ticket_restore},      {"ticket-attribute", hy_ticket_restore_attribute},
        {"detection", restore_detection},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (hy_cursor_accept(cursor, verbs[i].verb))
            return verbs[i].restore(cib, cursor);
    return hy_cursor_fail(cursor, "expected index, object, status, end, or another statement of a saved CIB");
}

static int check_frame(const struct hy_words *text, struct hy_err *err)
{
    if (text->statements.count == 0)
        return hy_fail(err, EINVAL, "this is no saved CIB: expected 'halyard-cib %d' as its first line", FORM);
    struct hy_cursor first = hy_cursor_on(text, 0, err);
    uint64_t form = 0;
    if (!hy_cursor_accept(&first, "halyard-cib"))
        return hy_cursor_fail(&first, "expected 'halyard-cib %d' as the first line", FORM);
    int rc = read_number(&first, &form);
    if (rc)
        return rc;
    if (form != FORM)
        return hy_fail(err, EINVAL, "a saved CIB of form %" PRIu64 ": this program reads form %d", form, FORM);
    struct hy_cursor last = hy_cursor_on(text, text->statements.count - 1, err);
    if (!hy_cursor_at(&last, "end"))
        return hy_cursor_fail(&last, "expected 'end' as the last line: the saved CIB is cut off");
    return 0;
}

int hy_cib_restore(struct hy_cib *cib, const char *text, size_t size, struct hy_err *err)
{
    if (cib->objects.count || cib->sessions.count || cib->index)
        return hy_fail(err, EINVAL, "expected an empty CIB to restore into");
    struct hy_words words;
    int rc = hy_words_read(&words, text, size, HY_SAVED_MAX, err);
    if (rc)
        return rc;
    struct hy_cib *fresh = hy_cib_new();
    rc = check_frame(&words, err);
    for (size_t i = 1; !rc && i + 1 < words.statements.count; i++) {
        struct hy_cursor cursor = hy_cursor_on(&words, i, err);
        rc = restore_statement(fresh, &cursor);
    }
    if (!rc) {
        struct hy_cib empty = *cib;
        *cib = *fresh;
        *fresh = empty;
    }
    hy_cib_free(&fresh);
    hy_words_free(&words);
    return rc;
}
