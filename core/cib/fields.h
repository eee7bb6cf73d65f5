/* SPDX-License-Identifier: Apache-2.0 */
/* name=value fields of commands and of the saved form, read by a table and printed one by one. Internal to core/cib. */
#ifndef HY_CIB_FIELDS_H
#define HY_CIB_FIELDS_H

#include "base/buf.h"
#include "cib/cursor.h"

enum hy_field_type {
    HY_FIELD_U32,
    HY_FIELD_U64,
    HY_FIELD_HEX, /* uint64_t, not 0, up to 16 hexadecimal digits in lower case */
    HY_FIELD_INT, /* may be negative */
    HY_FIELD_YES_NO,
    HY_FIELD_DURATION,
    HY_FIELD_WALL,
    HY_FIELD_TEXT, /* const char *, points into the words */
    HY_FIELD_OP,   /* the same, an operation's name */
    HY_FIELD_EXEC, /* done, timeout, died, error, cancelled, pending */
    HY_FIELD_STATE /* never, in, gone */
};

struct hy_field {
    const char *name;
    enum hy_field_type type;
    void *out;
    bool required;
};

/* Reads fields in any order, each at most once, to the end of the statement. What is absent is left as it is.
 * -EINVAL. */
int hy_fields_read(struct hy_cursor *cursor, const struct hy_field *fields, size_t count);

/* The name of a resource instance: "MaxScale", "db:1". Points into the words. */
int hy_cursor_read_instance(struct hy_cursor *cursor, const char **name);

/* A result: the instance, then its fields; `stored`: `at` and `failed` too. Strings point into the words: copy the
 * result to keep it. */
int hy_result_read(struct hy_cursor *cursor, struct hy_result *result, bool stored);

/* The same fields, each with a blank in front. `stored`: `at` and `failed` too. */
void hy_result_fields_print(const struct hy_result *result, bool stored, struct hy_buf *out);

const char *hy_member_state_word(enum hy_member_state state);

#endif
