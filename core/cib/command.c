/* SPDX-License-Identifier: Apache-2.0 */
/* Writing commands, and reading their heads. */
#include "cib/command.h"

#include "cib/enrol.h"
#include "cib/fields.h"
#include "cib/grammar.h"
#include "cib/head.h"
#include "cib/lexer.h"
#include "cib/wish.h"
#include "cib/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { REASON_MAX = 1000 }; /* bytes; a reason is a line for a human, and every one is kept on every node */

static void print_named(const char *name, const char *value, struct hy_buf *out)
{
    if (!value)
        return;
    hy_buf_addf(out, " %s=", name);
    hy_word_print(value, out);
}

void hy_command_begin(struct hy_buf *out, const struct hy_command_head *head)
{
    hy_buf_addf(out, "command origin=%" PRIu32, head->origin);
    if (head->origin)
        hy_buf_addf(out, " incarnation=%" PRIu64 " seq=%" PRIu64, head->incarnation, head->seq);
    hy_buf_adds(out, " at=");
    hy_wall_print(head->at > 0 ? head->at : 0, out);
    print_named("by", head->by, out);
    print_named("via", head->via, out);
    if (head->client)
        hy_buf_addf(out, " client=%016" PRIx64 " request=%" PRIu64, head->client, head->request);
    if (head->client && head->repeat)
        hy_buf_addf(out, " repeat=%" PRIu64, head->repeat);
    hy_buf_addc(out, '\n');
}

int hy_command_restamp(struct hy_buf *out, const char *text, size_t size, hy_wall at)
{
    static const char key[] = " at=";
    const char *line = size ? memchr(text, '\n', size) : NULL;
    /* Only numbers stand before it: the first one is the right one. */
    const char *stamp = line ? memmem(text, (size_t)(line - text), key, sizeof key - 1) : NULL;
    if (!stamp)
        return -EINVAL;
    const char *begin = stamp + sizeof key - 1, *end = begin;
    while (end < line && *end != ' ')
        end++;
    hy_buf_add(out, text, (size_t)(begin - text));
    hy_wall_print(at > 0 ? at : 0, out);
    hy_buf_add(out, end, size - (size_t)(end - text));
    return 0;
}

void hy_command_put(struct hy_buf *out, const char *base, const struct hy_object *object)
{
    hy_buf_addf(out, "put %s ", base);
    hy_object_print(object, out);
}

void hy_command_remove(struct hy_buf *out, const char *base, const char *id)
{
    hy_buf_addf(out, "remove %s ", base);
    hy_word_print(id, out);
    hy_buf_addc(out, '\n');
}

void hy_command_member(struct hy_buf *out, const char *node, uint32_t id, enum hy_member_state state, uint32_t epoch,
                       uint64_t incarnation)
{
    hy_buf_adds(out, "member ");
    hy_word_print(node, out);
    hy_buf_addf(out, " id=%" PRIu32 " state=%s epoch=%" PRIu32 " incarnation=%" PRIu64 "\n", id,
                hy_member_state_word(state), epoch, incarnation);
}

void hy_command_lineage(struct hy_buf *out, uint64_t lineage)
{
    hy_buf_addf(out, "lineage %" PRIu64 "\n", lineage);
}

void hy_command_enrol(struct hy_buf *out, const char *node, uint32_t id, const struct hy_enrolment *enrolled)
{
    hy_buf_adds(out, "enrol ");
    hy_word_print(node, out);
    hy_buf_addf(out, " id=%" PRIu32, id);
    hy_enrolment_print(enrolled, false, out);
    hy_buf_addc(out, '\n');
}

static void print_verb(const char *verb, const char *node, struct hy_buf *out)
{
    hy_buf_addf(out, "%s ", verb);
    hy_word_print(node, out);
    hy_buf_addc(out, '\n');
}

void hy_command_strike(struct hy_buf *out, const char *node)
{
    print_verb("strike", node, out);
}

void hy_command_struck(struct hy_buf *out, const char *node)
{
    print_verb("struck", node, out);
}

void hy_command_synced(struct hy_buf *out, const char *node, uint32_t epoch)
{
    hy_buf_adds(out, "synced ");
    hy_word_print(node, out);
    hy_buf_addf(out, " epoch=%" PRIu32 "\n", epoch);
}

void hy_command_detection(struct hy_buf *out, const char *node, uint32_t epoch, const struct hy_wish *wish)
{
    hy_buf_adds(out, "detection ");
    hy_word_print(node, out);
    hy_buf_addf(out, " epoch=%" PRIu32, epoch);
    hy_wish_print(wish, out);
    hy_buf_addc(out, '\n');
}

void hy_command_transient(struct hy_buf *out, const char *node, const char *name, const char *value)
{
    hy_buf_adds(out, "transient ");
    hy_word_print(node, out);
    if (value) {
        hy_attr_print(name, value, out);
    } else {
        hy_buf_addc(out, ' ');
        hy_word_print(name, out);
    }
    hy_buf_addc(out, '\n');
}

static hy_time bounded(hy_time duration)
{
    const hy_time most = INT64_C(86400) * 365 * HY_SECOND;
    return duration < 0 ? 0 : duration > most ? most : duration;
}

void hy_command_result(struct hy_buf *out, const char *node, uint32_t epoch, const struct hy_result *result)
{
    struct hy_result line = *result;
    line.took = bounded(result->took);
    line.queued = bounded(result->queued);
    char *reason = line.reason = result->reason ? hy_strndup(result->reason, REASON_MAX) : NULL;
    hy_buf_adds(out, "result ");
    hy_word_print(node, out);
    hy_buf_addf(out, " epoch=%" PRIu32 " ", epoch);
    hy_word_print(result->rsc, out);
    hy_result_fields_print(&line, false, out);
    hy_buf_addc(out, '\n');
    free(reason);
}

void hy_command_forget(struct hy_buf *out, const char *node, const char *rsc, const char *op, hy_time interval)
{
    hy_buf_adds(out, "forget ");
    hy_word_print(node, out);
    hy_buf_addc(out, ' ');
    hy_word_print(rsc, out);
    print_named("op", op, out);
    hy_buf_adds(out, " interval=");
    hy_duration_print(interval, out);
    hy_buf_addc(out, '\n');
}

static void print_with_node(const char *verb, const char *rsc, const char *node, struct hy_buf *out)
{
    hy_buf_addf(out, "%s ", verb);
    hy_word_print(rsc, out);
    print_named("node", node, out);
    hy_buf_addc(out, '\n');
}

void hy_command_cleanup(struct hy_buf *out, const char *rsc, const char *node)
{
    print_with_node("cleanup", rsc, node, out);
}

void hy_command_expire(struct hy_buf *out, const char *rsc, const char *node)
{
    print_with_node("expire", rsc, node, out);
}

void hy_command_ticket(struct hy_buf *out, const char *name, const char *attr, const char *value)
{
    hy_buf_addf(out, "ticket %s", name);
    hy_attr_print(attr, value, out);
    hy_buf_addc(out, '\n');
}

void hy_command_unticket(struct hy_buf *out, const char *name)
{
    hy_buf_addf(out, "unticket %s\n", name);
}

void hy_command_lock(struct hy_buf *out, const char *node, const char *rsc, bool locked)
{
    hy_buf_addf(out, "%s %s %s\n", locked ? "lock" : "unlock", node, rsc);
}

void hy_command_noop(struct hy_buf *out)
{
    hy_buf_adds(out, "noop\n");
}

int hy_command_head_read(struct hy_cursor *cursor, struct hy_command_head *head)
{
    *head = (struct hy_command_head){0};
    if (!hy_cursor_accept(cursor, "command"))
        return hy_cursor_fail(cursor, "expected 'command origin=... at=...' as the first line of a command");
    const struct hy_field fields[] = {
        {"origin", HY_FIELD_U32, &head->origin, true},  {"incarnation", HY_FIELD_U64, &head->incarnation, false},
        {"seq", HY_FIELD_U64, &head->seq, false},       {"at", HY_FIELD_WALL, &head->at, true},
        {"by", HY_FIELD_TEXT, &head->by, false},        {"via", HY_FIELD_TEXT, &head->via, false},
        {"client", HY_FIELD_HEX, &head->client, false}, {"request", HY_FIELD_U64, &head->request, false},
        {"repeat", HY_FIELD_U64, &head->repeat, false},
    };
    int rc = hy_fields_read(cursor, fields, sizeof fields / sizeof *fields);
    if (!rc && head->origin && !head->seq)
        rc = hy_word_fail(cursor, NULL, "expected seq= from 1 on, as the command has an origin");
    if (!rc && (!head->client != !head->request || (head->repeat && !head->client)))
        rc = hy_word_fail(cursor, NULL,
                          "expected client= and request= (from 1 on) together, and repeat= only with them");
    return rc;
}

int hy_command_head_parse(const char *text, size_t size, struct hy_command_head *head, struct hy_err *err)
{
    *head = (struct hy_command_head){0};
    const char *end = size ? memchr(text, '\n', size) : NULL;
    struct hy_words words;
    int rc = hy_words_read(&words, text, end ? (size_t)(end - text) : size, HY_TEXT_MAX, err);
    if (rc)
        return rc;
    if (words.statements.count != 1) {
        rc = hy_fail(err, EINVAL, "line 1: expected 'command origin=... at=...' as the first line of a command");
    } else {
        struct hy_cursor cursor = hy_cursor_on(&words, 0, err);
        rc = hy_command_head_read(&cursor, head);
        head->by = head->via = NULL;
    }
    hy_words_free(&words);
    return rc;
}
