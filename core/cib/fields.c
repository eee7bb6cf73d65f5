/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/fields.h"

#include "cib/grammar.h"
#include "cib/words.h"

#include <inttypes.h>
#include <string.h>

static const char *const exec_words[] = {"done", "timeout", "died", "error", "cancelled", "pending"};
static const char *const state_words[] = {"never", "in", "gone"};

/* The number of `text` in the list, or -1. */
static int number_of(const char *text, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return i;
    return -1;
}

bool hy_uint_parse(const char *text, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (most - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

static bool hex_parse(const char *text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t value = 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        const char *digit = strchr(digits, text[i]);
        if (!digit)
            return false;
        value = value << 4 | (uint64_t)(digit - digits);
    }
    *out = value;
    return value && length <= 16;
}

static bool int_parse(const char *text, int *out)
{
    uint64_t value;
    bool negative = *text == '-';
    if (!hy_uint_parse(text + negative, INT32_MAX, &value))
        return false;
    *out = negative ? -(int)value : (int)value;
    return true;
}

bool hy_wall_parse(const char *text, hy_wall *out)
{
    uint64_t seconds, micros;
    const char *dot = strchr(text, '.');
    if (!dot || dot == text || dot - text > 12 || strlen(dot + 1) != 6)
        return false;
    char whole[16];
    memcpy(whole, text, (size_t)(dot - text));
    whole[dot - text] = '\0';
    if (!hy_uint_parse(whole, HY_WALL_SECONDS_MAX, &seconds) || !hy_uint_parse(dot + 1, 999999, &micros))
        return false;
    *out = (hy_wall)seconds * HY_SECOND + (hy_wall)micros;
    return true;
}

/* Reads one value; NULL: done, else what was expected. */
static const char *read_value(const struct hy_field *field, const char *text)
{
    uint64_t number;
    int word;
    switch (field->type) {
    case HY_FIELD_U32:
        if (!hy_uint_parse(text, UINT32_MAX, &number))
            return "a whole number up to 4294967295";
        *(uint32_t *)field->out = (uint32_t)number;
        return NULL;
    case HY_FIELD_U64:
        return hy_uint_parse(text, UINT64_MAX, field->out) ? NULL : "a whole number";
    case HY_FIELD_HEX:
        return hex_parse(text, field->out) ? NULL : "up to 16 hexadecimal digits (0-9, a-f), not all 0";
    case HY_FIELD_INT:
        return int_parse(text, field->out) ? NULL : "a whole number";
    case HY_FIELD_YES_NO:
        word = number_of(text, (const char *const[]){"no", "yes"}, 2);
        if (word < 0)
            return "yes or no";
        *(bool *)field->out = word == 1;
        return NULL;
    case HY_FIELD_DURATION:
        return hy_parse_duration(text, field->out) ? NULL : "a duration, such as 30s or 381ms";
    case HY_FIELD_WALL:
        return hy_wall_parse(text, field->out) ? NULL : "seconds since 1970 with six decimals";
    case HY_FIELD_TEXT:
        *(const char **)field->out = text;
        return NULL;
    case HY_FIELD_OP:
        if (!hy_word_is_plain(text) || strlen(text) > HY_ID_MAX)
            return "the name of an operation";
        *(const char **)field->out = text;
        return NULL;
    case HY_FIELD_EXEC:
        word = number_of(text, exec_words, (int)(sizeof exec_words / sizeof *exec_words));
        if (word < 0)
            return "done, timeout, died, error, cancelled or pending";
        *(enum hy_exec *)field->out = (enum hy_exec)word;
        return NULL;
    case HY_FIELD_STATE:
        word = number_of(text, state_words, (int)(sizeof state_words / sizeof *state_words));
        if (word < 0)
            return "never, in or gone";
        *(enum hy_member_state *)field->out = (enum hy_member_state)word;
        return NULL;
    }
    return "another field";
}

static int fail_unknown(const struct hy_cursor *cursor, const struct hy_field *fields, size_t count)
{
    struct hy_buf names = {0};
    for (size_t i = 0; i < count; i++)
        hy_buf_addf(&names, "%s%s=", i == 0 ? "" : i + 1 == count ? " or " : ", ", fields[i].name);
    int rc = hy_cursor_fail(cursor, "expected %s", hy_buf_text(&names));
    hy_buf_free(&names);
    return rc;
}

int hy_fields_read(struct hy_cursor *cursor, const struct hy_field *fields, size_t count)
{
    uint32_t seen = 0;
    for (const struct hy_word *word; (word = hy_cursor_peek(cursor));) {
        size_t i = 0;
        const char *text = NULL;
        while (i < count && !(text = hy_cursor_accept_attr(cursor, fields[i].name)))
            i++;
        if (!text)
            return fail_unknown(cursor, fields, count);
        if (seen & (1u << i))
            return hy_word_fail(cursor, word, "%s is given twice: expected it once", fields[i].name);
        seen |= 1u << i;
        const char *expected = read_value(&fields[i], text);
        if (expected)
            return hy_word_fail(cursor, word, "expected %s", expected);
    }
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !(seen & (1u << i)))
            return hy_word_fail(cursor, NULL, "expected %s=", fields[i].name);
    return 0;
}

int hy_cursor_read_instance(struct hy_cursor *cursor, const char **name)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!word || !hy_instance_name_is_valid(word->text))
        return hy_word_fail(cursor, word, "expected a resource's id, or ID:NUMBER for an instance");
    *name = word->text;
    cursor->at++;
    return 0;
}

enum {
    NOT_GIVEN = INT32_MIN, /* no field is read as this */
    STORED_ONLY = 3        /* the last fields: what is kept with a result, and never said in a command */
};

/* A result owns its strings; one that was only read lends them, and is copied before anything keeps it. */
static char *borrowed(const char *text)
{
    return (char *)(uintptr_t)text;
}

int hy_result_read(struct hy_cursor *cursor, struct hy_result *result, bool stored)
{
    const char *rsc = NULL, *op = NULL, *reason = NULL, *agent = NULL, *digest = NULL, *restart_digest = NULL,
               *restart_params = NULL, *secure_digest = NULL, *secure_params = NULL, *migrate_from = NULL,
               *migrate_to = NULL;
    *result = (struct hy_result){0};
    const struct hy_field fields[] = {
        {"op", HY_FIELD_OP, &op, true},
        {"interval", HY_FIELD_DURATION, &result->interval, true},
        {"rc", HY_FIELD_INT, &result->rc, true},
        {"exec", HY_FIELD_EXEC, &result->exec, true},
        {"call", HY_FIELD_U64, &result->call, true},
        {"took", HY_FIELD_DURATION, &result->took, false},
        {"queued", HY_FIELD_DURATION, &result->queued, false},
        {"order", HY_FIELD_U64, &result->order, false},
        {"reason", HY_FIELD_TEXT, &reason, false},
        {"agent", HY_FIELD_TEXT, &agent, false},
        {"digest", HY_FIELD_TEXT, &digest, false},
        {"restart-digest", HY_FIELD_TEXT, &restart_digest, false},
        {"restart-params", HY_FIELD_TEXT, &restart_params, false},
        {"secure-digest", HY_FIELD_TEXT, &secure_digest, false},
        {"secure-params", HY_FIELD_TEXT, &secure_params, false},
        {"migrate-from", HY_FIELD_TEXT, &migrate_from, false},
        {"migrate-to", HY_FIELD_TEXT, &migrate_to, false},
        {"expected", HY_FIELD_INT, &result->expected, false},
        {"notify", HY_FIELD_YES_NO, &result->notify, false},
        {"at", HY_FIELD_WALL, &result->at, true},
        {"failed", HY_FIELD_YES_NO, &result->failed, true},
        {"former", HY_FIELD_YES_NO, &result->former, false},
    };
    size_t count = sizeof fields / sizeof *fields;
    int rc = hy_cursor_read_instance(cursor, &rsc);
    result->expected = NOT_GIVEN;
    if (!rc)
        rc = hy_fields_read(cursor, fields, stored ? count : count - STORED_ONLY);
    result->has_expected = result->expected != NOT_GIVEN;
    result->expected = result->has_expected ? result->expected : 0;
    result->rsc = borrowed(rsc);
    result->op = borrowed(op);
    result->reason = borrowed(reason);
    result->agent = borrowed(agent);
    result->digest = borrowed(digest);
    result->restart_digest = borrowed(restart_digest);
    result->restart_params = borrowed(restart_params);
    result->secure_digest = borrowed(secure_digest);
    result->secure_params = borrowed(secure_params);
    result->migrate_from = borrowed(migrate_from);
    result->migrate_to = borrowed(migrate_to);
    return rc;
}

static void print_duration(const char *name, hy_time duration, struct hy_buf *out)
{
    hy_buf_adds(out, name);
    hy_duration_print(duration, out);
}

void hy_result_fields_print(const struct hy_result *result, bool stored, struct hy_buf *out)
{
    hy_buf_adds(out, " op=");
    hy_word_print(result->op, out);
    print_duration(" interval=", result->interval, out);
    hy_buf_adds(out, " rc=");
    hy_buf_addi(out, result->rc);
    hy_buf_adds(out, " exec=");
    hy_buf_adds(out, exec_words[result->exec]);
    hy_buf_adds(out, " call=");
    hy_buf_addu(out, result->call);
    print_duration(" took=", result->took, out);
    print_duration(" queued=", result->queued, out);
    if (result->order && (!stored || result->notify)) {
        hy_buf_adds(out, " order=");
        hy_buf_addu(out, result->order);
    }
    if (result->notify)
        hy_buf_adds(out, " notify=yes");
    const struct {
        const char *name, *text;
    } texts[] = {{"reason", result->reason},
                 {"agent", result->agent},
                 {"digest", result->digest},
                 {"restart-digest", result->restart_digest},
                 {"restart-params", result->restart_params},
                 {"secure-digest", result->secure_digest},
                 {"secure-params", result->secure_params},
                 {"migrate-from", result->migrate_from},
                 {"migrate-to", result->migrate_to}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].text)
            hy_attr_print(texts[i].name, texts[i].text, out);
    if (result->has_expected)
        hy_buf_addf(out, " expected=%d", result->expected);
    if (!stored)
        return;
    hy_buf_adds(out, " at=");
    hy_wall_print(result->at, out);
    hy_buf_adds(out, result->failed ? " failed=yes" : " failed=no");
    if (result->former)
        hy_buf_adds(out, " former=yes");
}

const char *hy_member_state_word(enum hy_member_state state)
{
    return state_words[state];
}
