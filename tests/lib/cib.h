/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the CIB share: reading files, texts to CIBs and back, applying commands. */
#ifndef TESTS_LIB_CIB_H
#define TESTS_LIB_CIB_H

#include "base/buf.h"
#include "cib/command.h"
#include "cib/grammar.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Caller frees. */
static inline char *read_file(const char *name)
{
    struct hy_buf text = {0};
    char path[1024], block[4096];
    snprintf(path, sizeof path, "%s/%s", HY_SRCDIR, name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;)
        hy_buf_add(&text, block, size);
    fclose(file);
    return hy_buf_take(&text);
}

/* A CIB of this text, which must be right. */
static inline struct hy_cib *cib_of(const char *text)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    int rc = hy_cib_parse(cib, text, strlen(text), &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    return cib;
}

/* Caller frees. */
static inline char *printed(const struct hy_cib *cib)
{
    struct hy_buf text = {0};
    hy_cib_print(cib, &text);
    return hy_buf_take(&text);
}

/* Caller frees. */
static inline char *saved(const struct hy_cib *cib)
{
    struct hy_buf text = {0};
    hy_cib_save(cib, &text);
    return hy_buf_take(&text);
}

/* restore(save(c)) = c, and so is the copy. */
static inline void must_come_back_when_saved(const struct hy_cib *cib)
{
    struct hy_cib *back = hy_cib_new(), *copy = hy_cib_copy(cib);
    struct hy_err err = {{0}};
    char *text = saved(cib), *copied = saved(copy);
    ck_assert_msg(hy_cib_restore(back, text, strlen(text), &err) == 0, "%s\n%s", err.text, text);
    char *restored = saved(back);
    ck_assert_str_eq(restored, text);
    ck_assert_str_eq(copied, text);
    free(text);
    free(copied);
    free(restored);
    hy_cib_free(&back);
    hy_cib_free(&copy);
}

/* Applies statements as the DC's own command, at the next index and at second `index` of the clock. */
static inline int apply_text(struct hy_cib *cib, const char *statements, struct hy_err *err)
{
    struct hy_buf text = {0};
    struct hy_command_head head = {.at = (hy_wall)(cib->index + 1) * HY_SECOND, .by = "root@test3", .via = "hactl"};
    struct hy_answer answer;
    hy_command_begin(&text, &head);
    hy_buf_adds(&text, statements);
    hy_cib_apply(cib, cib->index + 1, hy_buf_text(&text), text.size, &answer);
    hy_buf_free(&text);
    if (err)
        *err = answer.err;
    return answer.code;
}

static inline void must_apply(struct hy_cib *cib, const char *statements)
{
    struct hy_err err = {{0}};
    int rc = apply_text(cib, statements, &err);
    ck_assert_msg(rc == 0, "%s: %s", statements, err.text);
}

/* The command is refused with this code and text, and nothing has changed but the index. */
static inline void must_refuse(struct hy_cib *cib, const char *statements, int code, const char *reason)
{
    struct hy_err err = {{0}};
    char *before = saved(cib);
    uint64_t index = cib->index;
    int rc = apply_text(cib, statements, &err);
    ck_assert_str_eq(err.text, reason);
    ck_assert_int_eq(rc, code);
    ck_assert_uint_eq(cib->index, index + 1);
    cib->index = index;
    char *after = saved(cib);
    ck_assert_str_eq(after, before);
    cib->index = index + 1;
    free(before);
    free(after);
}

#endif
