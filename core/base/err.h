/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error in words. Functions return 0 or -errno and, beside it, say in one line what is wrong, where, and what would
 * be right. The text is for the operator; code looks at the number only.
 */
#ifndef HY_BASE_ERR_H
#define HY_BASE_ERR_H

struct hy_err {
    char text[512]; /* one line, no newline at its end; cut, never overrun */
};

/* Writes the text (err may be NULL: nobody wants it) and returns -errnum, so `return hy_fail(err, EINVAL, "...")`. */
int hy_fail(struct hy_err *err, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "what: " in front of the text that is there, so that each level can add where it happened. Returns `code`. */
int hy_fail_in(struct hy_err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
