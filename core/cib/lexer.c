/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/lexer.h"

#include "base/buf.h"
#include "cib/cib.h"

#include <errno.h>
#include <string.h>

struct lexer {
    const char *at;
    const char *end;
    uint32_t line;
    uint32_t column;
    struct hy_words *text;
    struct hy_buf word; /* the one being read */
    struct hy_err *err;
};

static int fail_at(const struct lexer *lexer, uint32_t line, uint32_t column, const char *what)
{
    return hy_fail(lexer->err, EINVAL, "line %u, column %u: %s", line, column, what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

size_t hy_utf8_length(const unsigned char *at, size_t left)
{
    unsigned char c = at[0];
    size_t length = c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (!length || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

/* Refuses what no text holds, before anything looks at it. */
static int check_characters(struct lexer *lexer)
{
    uint32_t line = 1, column = 1;
    for (const char *at = lexer->at; at < lexer->end;) {
        unsigned char c = (unsigned char)*at;
        if (c >= ' ' && c < 0x7f) { /* nearly all */
            column++;
            at++;
            continue;
        }
        size_t length = hy_utf8_length((const unsigned char *)at, (size_t)(lexer->end - at));
        if (!length)
            return hy_fail(lexer->err, EINVAL, "line %u, column %u: byte 0x%02x is not UTF-8: expected text", line,
                           column, c);
        bool line_end = c == '\n' || (c == '\r' && at + 1 < lexer->end && at[1] == '\n');
        if ((c < 0x20 && c != '\t' && !line_end) || c == 0x7f)
            return hy_fail(lexer->err, EINVAL, "line %u, column %u: control character 0x%02x: expected text", line,
                           column, c);
        column++;
        if (c == '\n') {
            line++;
            column = 1;
        }
        at += length;
    }
    return 0;
}

/* One byte on; the bytes of one character count as one column. */
static void advance(struct lexer *lexer)
{
    char c = *lexer->at++;
    if (c == '\n') {
        lexer->line++;
        lexer->column = 1;
    } else if (((unsigned char)c & 0xc0) != 0x80) {
        lexer->column++;
    }
}

static void take(struct lexer *lexer)
{
    hy_buf_addc(&lexer->word, *lexer->at);
    advance(lexer);
}

/* As many as are themselves and nothing else: a word is seldom made of anything but these. */
static void take_plain(struct lexer *lexer, bool quoted)
{
    const char *start = lexer->at;
    while (lexer->at < lexer->end && *lexer->at >= (quoted ? ' ' : '!') && *lexer->at < 0x7f && *lexer->at != '"' &&
           *lexer->at != '\'' && *lexer->at != '\\')
        lexer->at++;
    size_t length = (size_t)(lexer->at - start);
    if (!length) {
        take(lexer);
        return;
    }
    hy_buf_add(&lexer->word, start, length);
    lexer->column += (uint32_t)length;
}

/* Is this backslash the last thing on its line? Blanks behind it are forgiven: nobody sees them. */
static bool continues_line(const struct lexer *lexer)
{
    const char *at = lexer->at + 1;
    while (at < lexer->end && is_blank(*at))
        at++;
    return at == lexer->end || *at == '\n';
}

static void skip_line(struct lexer *lexer)
{
    while (lexer->at < lexer->end && *lexer->at != '\n')
        advance(lexer);
}

static int read_quoted(struct lexer *lexer)
{
    uint32_t line = lexer->line, column = lexer->column;
    char quote = *lexer->at;
    advance(lexer);
    while (lexer->at < lexer->end && *lexer->at != '\n') {
        if (*lexer->at == quote) {
            advance(lexer);
            return 0;
        }
        bool escape = quote == '"' && *lexer->at == '\\' && lexer->at + 1 < lexer->end &&
                      (lexer->at[1] == '"' || lexer->at[1] == '\\');
        if (escape) {
            advance(lexer);
            take(lexer);
        } else {
            take_plain(lexer, true);
        }
    }
    return fail_at(lexer, line, column, "this quote has no end on its line: expected a closing one");
}

static int read_word(struct lexer *lexer)
{
    struct hy_word word = {.line = lexer->line, .column = lexer->column};
    word.quoted_head = *lexer->at == '"' || *lexer->at == '\'';
    hy_buf_clear(&lexer->word);
    while (lexer->at < lexer->end && *lexer->at != '\n' && !is_blank(*lexer->at)) {
        if (*lexer->at == '"' || *lexer->at == '\'') {
            word.quoted = true;
            int rc = read_quoted(lexer);
            if (rc)
                return rc;
        } else if (*lexer->at == '\\') {
            if (continues_line(lexer))
                break;
            advance(lexer);
            do
                take(lexer);
            while (lexer->at < lexer->end && ((unsigned char)*lexer->at & 0xc0) == 0x80);
        } else {
            take_plain(lexer, false);
        }
    }
    if (lexer->word.size > HY_VALUE_MAX)
        return hy_fail(lexer->err, EINVAL, "line %u, column %u: a word of %zu bytes: expected at most %d", word.line,
                       word.column, lexer->word.size, HY_VALUE_MAX);
    char *copy = hy_arena_alloc(&lexer->text->arena, lexer->word.size + 1);
    memcpy(copy, hy_buf_text(&lexer->word), lexer->word.size + 1);
    word.text = copy;
    hy_vec_push(&lexer->text->words, word);
    return 0;
}

bool hy_word_is_builtin_attribute(const char *word, size_t length)
{
    static const char *const names[] = {"#uname", "#id",   "#kind",       "#site-name", "#cluster-name",
                                        "#is_dc", "#role", "#ra-version", "#health"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return true;
    return false;
}

/* A `#` at the beginning of a line; but a rule may be continued with `#uname` there. */
static bool begins_comment(const struct lexer *lexer, bool continued)
{
    if (*lexer->at != '#')
        return false;
    const char *end = lexer->at;
    while (end < lexer->end && *end != '\n' && !is_blank(*end))
        end++;
    return !continued || !hy_word_is_builtin_attribute(lexer->at, (size_t)(end - lexer->at));
}

/* Reads up to the end of one statement; it may turn out to have no words. */
static int read_statement(struct lexer *lexer)
{
    size_t first = lexer->text->words.count;
    bool fresh_line = true, continued = false;
    while (lexer->at < lexer->end) {
        char c = *lexer->at;
        if (is_blank(c)) {
            advance(lexer);
        } else if (c == '\n') {
            advance(lexer);
            break;
        } else if (fresh_line && begins_comment(lexer, continued)) {
            /* A line commented out in the midst of a statement does not end it. */
            skip_line(lexer);
            if (continued && lexer->at < lexer->end)
                advance(lexer);
        } else if (c == '\\' && continues_line(lexer)) {
            skip_line(lexer);
            if (lexer->at < lexer->end)
                advance(lexer);
            fresh_line = continued = true;
        } else {
            fresh_line = false;
            int rc = read_word(lexer);
            if (rc)
                return rc;
        }
    }
    struct hy_statement statement = {.first = first, .count = lexer->text->words.count - first};
    if (statement.count)
        hy_vec_push(&lexer->text->statements, statement);
    return 0;
}

int hy_words_read(struct hy_words *text, const char *data, size_t size, size_t most, struct hy_err *err)
{
    *text = (struct hy_words){0};
    if (size == 0)
        return 0;
    if (size > most)
        return hy_fail(err, EINVAL, "a text of %zu bytes: expected at most %zu", size, most);
    struct lexer lexer = {.at = data, .end = data + size, .line = 1, .column = 1, .text = text, .err = err};
    int rc = check_characters(&lexer);
    while (!rc && lexer.at < lexer.end)
        rc = read_statement(&lexer);
    hy_buf_free(&lexer.word);
    if (rc)
        hy_words_free(text);
    return rc;
}

void hy_words_free(struct hy_words *text)
{
    hy_arena_free(&text->arena);
    hy_vec_free(&text->words);
    hy_vec_free(&text->statements);
}
