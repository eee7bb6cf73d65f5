/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one statement, word by word, with errors that name the place. Internal to core/cib. */
#ifndef HY_CIB_CURSOR_H
#define HY_CIB_CURSOR_H

#include "base/err.h"
#include "cib/cib.h"
#include "cib/lexer.h"

struct hy_cursor {
    const struct hy_word *words;
    size_t count;
    size_t at;
    struct hy_err *err;
};

struct hy_cursor hy_cursor_on(const struct hy_words *text, size_t statement, struct hy_err *err);

/* The next word; NULL at the end of the statement. */
const struct hy_word *hy_cursor_peek(const struct hy_cursor *cursor);
const struct hy_word *hy_cursor_next(struct hy_cursor *cursor);

/* Is the next word this bare word? hy_cursor_accept() then moves past it. */
bool hy_cursor_at(const struct hy_cursor *cursor, const char *keyword);
bool hy_cursor_accept(struct hy_cursor *cursor, const char *keyword);
bool hy_word_is(const struct hy_word *word, const char *keyword);

/* "line 2, column 9: 'monitr': expected ...": about `word`; NULL: about the end of the statement. Returns -EINVAL. */
int hy_word_fail(const struct hy_cursor *cursor, const struct hy_word *word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* About the next word, whatever it is. */
#define hy_cursor_fail(cursor, ...) hy_word_fail((cursor), hy_cursor_peek(cursor), __VA_ARGS__)

/* All words must have been read. `expected` says what more could stand there. */
int hy_cursor_end(const struct hy_cursor *cursor, const char *expected);

/* Is it name=value? */
bool hy_word_is_attr(const struct hy_word *word);

/* An id, or a node's name; copied to *out. `what` is what it is the id of, for the error. */
int hy_cursor_read_id(struct hy_cursor *cursor, const char *what, char **out);
int hy_cursor_read_node_name(struct hy_cursor *cursor, char **out);

/* One name=value into `attrs`, where the name may not be yet. Moves past it. */
int hy_cursor_read_attr(struct hy_cursor *cursor, struct hy_attrs *attrs);

/* name=value pairs, as many as there are. */
int hy_cursor_read_attrs(struct hy_cursor *cursor, struct hy_attrs *attrs);

/* The value of `NAME=value` when the next word is that: moves past it. NULL: it is not. */
const char *hy_cursor_accept_attr(struct hy_cursor *cursor, const char *name);

#endif
