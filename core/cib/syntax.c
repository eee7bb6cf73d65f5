/* SPDX-License-Identifier: Apache-2.0 */
/* Scores, roles and inner ids. */
#include "cib/syntax.h"

#include "cib/words.h"

#include <string.h>

bool hy_accept_score(struct hy_cursor *cursor, int *score)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0;
    if (length < 2 || length > 64 || word->text[length - 1] != ':')
        return false;
    char text[65];
    memcpy(text, word->text, length - 1);
    text[length - 1] = '\0';
    if (!hy_score_parse(text, score))
        return false;
    cursor->at++;
    return true;
}

/* crmsh's spelling: inf, -inf. */
void hy_score_print(int score, struct hy_buf *out)
{
    if (score >= HY_INFINITY)
        hy_buf_adds(out, "inf");
    else if (score <= -HY_INFINITY)
        hy_buf_adds(out, "-inf");
    else
        hy_buf_addi(out, score);
    hy_buf_addc(out, ':');
}

int hy_read_role(struct hy_cursor *cursor, const struct hy_word *word, const char *text, enum hy_role *role)
{
    if (!hy_role_parse(text, role))
        return hy_word_fail(cursor, word, "expected a role: Started, Stopped, Promoted or Unpromoted");
    return 0;
}

int hy_read_inner_id(struct hy_cursor *cursor, const char *name, char **id)
{
    const struct hy_word *word = hy_cursor_peek(cursor);
    const char *text = hy_cursor_accept_attr(cursor, name);
    if (!text)
        return 0;
    if (*id || !hy_id_is_valid(text))
        return hy_word_fail(cursor, word, "expected %s=ID, once", name);
    *id = hy_strdup(text);
    return 0;
}
