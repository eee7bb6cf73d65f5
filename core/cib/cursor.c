/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/cursor.h"

#include "cib/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 64 }; /* bytes of a word that an error repeats */

struct hy_cursor hy_cursor_on(const struct hy_words *text, size_t statement, struct hy_err *err)
{
    const struct hy_statement *s = &text->statements.items[statement];
    return (struct hy_cursor){.words = &text->words.items[s->first], .count = s->count, .err = err};
}

const struct hy_word *hy_cursor_peek(const struct hy_cursor *cursor)
{
    return cursor->at < cursor->count ? &cursor->words[cursor->at] : NULL;
}

const struct hy_word *hy_cursor_next(struct hy_cursor *cursor)
{
    return cursor->at < cursor->count ? &cursor->words[cursor->at++] : NULL;
}

bool hy_word_is(const struct hy_word *word, const char *keyword)
{
    return word && !word->quoted && strcmp(word->text, keyword) == 0;
}

bool hy_cursor_at(const struct hy_cursor *cursor, const char *keyword)
{
    return hy_word_is(hy_cursor_peek(cursor), keyword);
}

bool hy_cursor_accept(struct hy_cursor *cursor, const char *keyword)
{
    if (!hy_cursor_at(cursor, keyword))
        return false;
    cursor->at++;
    return true;
}

/* How much of a long word to show, without cutting a character in two. */
static int shown_length(const char *text)
{
    size_t length = strlen(text);
    if (length > SHOWN) {
        length = SHOWN;
        while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    return (int)length;
}

int hy_word_fail(const struct hy_cursor *cursor, const struct hy_word *word, const char *format, ...)
{
    if (!cursor->err)
        return -EINVAL;
    char what[384];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (word)
        return hy_fail(cursor->err, EINVAL, "line %u, column %u: '%.*s%s': %s", word->line, word->column,
                       shown_length(word->text), word->text, strlen(word->text) > SHOWN ? "..." : "", what);
    const struct hy_word *last = &cursor->words[cursor->count - 1];
    return hy_fail(cursor->err, EINVAL, "line %u: the statement ends after '%.*s%s': %s", last->line,
                   shown_length(last->text), last->text, strlen(last->text) > SHOWN ? "..." : "", what);
}

int hy_cursor_end(const struct hy_cursor *cursor, const char *expected)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    return word ? hy_word_fail(cursor, word, "expected %s", expected) : 0;
}

bool hy_word_is_attr(const struct hy_word *word)
{
    const char *equals = word ? strchr(word->text, '=') : NULL;
    return equals && equals != word->text;
}

int hy_cursor_read_id(struct hy_cursor *cursor, const char *what, char **out)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!word || !hy_id_is_valid(word->text))
        return hy_word_fail(cursor, word,
                            "expected %s: a letter or '_', then letters, digits, '_', '-', '.', at most %d in all",
                            what, HY_ID_MAX);
    *out = hy_strdup(word->text);
    cursor->at++;
    return 0;
}

int hy_cursor_read_node_name(struct hy_cursor *cursor, char **out)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!word || !hy_node_name_is_valid(word->text))
        return hy_word_fail(cursor, word, "expected a node's name: letters, digits, '_', '-', '.', at most %d in all",
                            HY_ID_MAX);
    *out = hy_strdup(word->text);
    cursor->at++;
    return 0;
}

int hy_cursor_read_attr(struct hy_cursor *cursor, struct hy_attrs *attrs)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    if (!hy_word_is_attr(word))
        return hy_word_fail(cursor, word, "expected name=value");
    if (word->text[0] == '$')
        return hy_word_fail(cursor, word,
                            "an id stands in front of all else in a set, and single attributes have none: expected "
                            "name=value");
    size_t length = strcspn(word->text, "=");
    char name[HY_ID_MAX + 1] = "";
    if (length <= HY_ID_MAX)
        memcpy(name, word->text, length);
    if (!hy_attr_name_is_valid(name))
        return hy_word_fail(cursor, word, "expected name=value with a name of printable ASCII, at most %d", HY_ID_MAX);
    if (hy_attrs_get(attrs, name))
        return hy_word_fail(cursor, word, "%s is given twice: expected it once", name);
    hy_attrs_set(attrs, name, word->text + length + 1);
    cursor->at++;
    return 0;
}

int hy_cursor_read_attrs(struct hy_cursor *cursor, struct hy_attrs *attrs)
{
    while (hy_word_is_attr(hy_cursor_peek(cursor))) {
        int rc = hy_cursor_read_attr(cursor, attrs);
        if (rc)
            return rc;
    }
    return 0;
}

const char *hy_cursor_accept_attr(struct hy_cursor *cursor, const char *name)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = strlen(name);
    if (!word || strncmp(word->text, name, length) != 0 || word->text[length] != '=')
        return NULL;
    cursor->at++;
    return word->text + length + 1;
}
