/* SPDX-License-Identifier: Apache-2.0 */
/* What the DC's log says of the commands that were applied: who changed what, what failed on which node, and which
 * failures were forgotten. Values are left out: a parameter may be a password. */
#include "cluster/internal.h"
#include "cluster/statement.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TOLD = 6, WORDS = 4, WORD_ROOM = 256 };

struct line {
    char words[WORDS][WORD_ROOM];
    size_t count;
};

static void read_words(const char *text, size_t size, struct line *line)
{
    line->count = 0;
    for (size_t at = 0; at < size && line->count < WORDS;) {
        size_t begin = at;
        while (at < size && text[at] != ' ')
            at++;
        if (at > begin)
            snprintf(line->words[line->count++], WORD_ROOM, "%.*s", (int)(at - begin), text + begin);
        at++;
    }
}

/* The next statement's first line; what is continued with a backslash is passed over. */
static bool next_line(const char *text, size_t size, size_t *at, struct line *line)
{
    if (*at >= size)
        return false;
    const char *begin = text + *at;
    const char *end = memchr(begin, '\n', size - *at);
    size_t length = end ? (size_t)(end - begin) : size - *at;
    *at += length + 1;
    bool goes_on = length && begin[length - 1] == '\\';
    read_words(begin, length - goes_on, line);
    while (goes_on && *at < size) {
        end = memchr(text + *at, '\n', size - *at);
        size_t next = end ? (size_t)(end - text) : size;
        goes_on = next > *at && text[next - 1] == '\\';
        *at = next + 1;
    }
    return true;
}

static bool is(const struct line *line, const char *verb)
{
    return line->count && strcmp(line->words[0], verb) == 0;
}

/* "location far changed", "test4 enrolled" */
static bool print_statement(const struct line *line, struct hy_buf *out)
{
    const char *verb = line->words[0];
    if (is(line, "put") && line->count > 2) {
        bool numbered = line->count > 3 && strcmp(line->words[2], "node") != 0;
        hy_buf_addf(out, "%s%s%s %s", line->words[2], line->count > 3 ? " " : "", line->count > 3 ? line->words[3] : "",
                    numbered && strcmp(line->words[1], "0") == 0 ? "made" : "changed");
        return true;
    }
    if (is(line, "remove") && line->count > 2)
        hy_buf_addf(out, "%s removed", line->words[2]);
    else if (is(line, "cleanup") && line->count > 1)
        hy_buf_addf(out, "cleanup of %s", strcmp(line->words[1], "*") == 0 ? "all" : line->words[1]);
    else if (is(line, "ticket") && line->count > 2)
        hy_buf_addf(out, "ticket %s %s", line->words[1], line->words[2]);
    else if ((is(line, "enrol") || is(line, "strike") || is(line, "unticket") || is(line, "transient") ||
              is(line, "unlock")) &&
             line->count > 1)
        hy_buf_addf(out, "%s %s", verb, line->words[1]);
    else
        return false;
    return true;
}

/* "by=" of the head; false: a daemon's own command. */
static bool read_author(const char *text, size_t size, char *by, size_t room)
{
    const char *end = memchr(text, '\n', size);
    size_t length = end ? (size_t)(end - text) : size;
    bool ours = true;
    *by = '\0';
    for (size_t at = 0; at < length; at++) {
        size_t stop = at;
        while (stop < length && text[stop] != ' ')
            stop++;
        if (stop - at > 3 && strncmp(text + at, "by=", 3) == 0)
            snprintf(by, room, "%.*s", (int)(stop - at - 3), text + at + 3);
        if (stop - at > 4 && strncmp(text + at, "via=", 4) == 0)
            ours = stop - at == strlen("via=halyard") && strncmp(text + at, "via=halyard", stop - at) == 0;
        at = stop;
    }
    return *by && !ours;
}

static void tell_edit(struct hy_cluster *c, const char *by, const char *text, size_t size)
{
    struct hy_buf what = {0}, one = {0};
    struct line line;
    size_t at = 0, count = 0;
    next_line(text, size, &at, &line); /* the head */
    while (next_line(text, size, &at, &line)) {
        hy_buf_truncate(&one, 0);
        if (!print_statement(&line, &one))
            continue;
        if (count++ < MOST_TOLD)
            hy_buf_addf(&what, "%s%s", count > 1 ? ", " : "", hy_buf_text(&one));
    }
    if (count > MOST_TOLD)
        hy_buf_addf(&what, ", and %zu more", count - MOST_TOLD);
    if (count)
        hy_notice(&c->log, "by %s: %s", by, hy_buf_text(&what));
    hy_buf_free(&what);
    hy_buf_free(&one);
}

/* What the node itself has in its log stands here, too: of a failed stop nothing else may come. */
static void tell_result(struct hy_cluster *c, const struct hy_statement *statement)
{
    const struct hy_node_status *status = hy_cib_node(c->replica.cib, statement->node);
    const struct hy_result *result =
        status ? hy_cib_result(status, statement->rsc, statement->op, statement->interval) : NULL;
    if (!result || strcmp(result->op, "monitor") == 0 || statement->pending || statement->cancelled ||
        (result->exec == HY_EXEC_DONE && result->rc == 0) || status->id == c->self)
        return;
    hy_warning(&c->log, "%s of %s failed on %s: rc %d%s%s", result->op, result->rsc, status->node, result->rc,
               result->reason ? ": " : "", result->reason ? result->reason : "");
}

static void tell_own(struct hy_cluster *c, const struct line *line)
{
    if (line->count < 3)
        return;
    const char *first = line->words[1], *second = line->words[2];
    if (is(line, "expire"))
        hy_notice(&c->log, "what failed of %s on %s is forgotten: its failure-timeout has passed", first,
                  strncmp(second, "node=", 5) == 0 ? second + 5 : second);
    else if (is(line, "lock"))
        hy_notice(&c->log, "%s is locked to %s, which is being shut down (shutdown-lock)", second, first);
    else if (is(line, "unlock"))
        hy_notice(&c->log, "%s is not locked to %s any more", second, first);
}

void hy_chronicle(struct hy_cluster *c, const char *text, size_t size)
{
    char by[WORD_ROOM];
    struct hy_statement statement;
    struct line line;
    size_t at = 0;
    if (read_author(text, size, by, sizeof by)) {
        tell_edit(c, by, text, size);
        return;
    }
    for (size_t next = 0; next_line(text, size, &next, &line);)
        tell_own(c, &line);
    while (hy_statement_next(text, size, &at, &statement))
        if (statement.kind == HY_STATEMENT_RESULT)
            tell_result(c, &statement);
}
