/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to statements to words. A word is what the shell would make of it: bare and quoted parts joined, the quotes
 * gone. Internal to core/cib.
 */
#ifndef HY_CIB_LEXER_H
#define HY_CIB_LEXER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct hy_word {
    const char *text;
    uint32_t line;
    uint32_t column;  /* in characters, from 1 */
    bool quoted;      /* some of it stood in quotes, so it is no keyword */
    bool quoted_head; /* its first character did: a name that is meant as it is */
};

struct hy_statement {
    size_t first; /* in words */
    size_t count; /* never 0 */
};

struct hy_words {
    struct hy_arena arena; /* holds the words' texts */
    HY_VEC(struct hy_word) words;
    HY_VEC(struct hy_statement) statements;
};

/* Reads all of it, if it is no longer than `most` bytes. On error `text` is empty. Release with hy_words_free().
 * -EINVAL. */
int hy_words_read(struct hy_words *text, const char *data, size_t size, size_t most, struct hy_err *err);
void hy_words_free(struct hy_words *text);

/* Length of the UTF-8 sequence at `at` (RFC 3629: no surrogates, nothing overlong), 0 when it is none. */
size_t hy_utf8_length(const unsigned char *at, size_t left);

/* `#uname` and its like: attributes every node has by nature, which begin with what else begins a comment. */
bool hy_word_is_builtin_attribute(const char *word, size_t length);

#endif
