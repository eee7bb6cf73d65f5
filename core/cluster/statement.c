/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next word of a line; blanks part words. What is quoted (a reason) stands behind all that is looked at here. */
static const char *next_word(const char **at, const char *end, size_t *length)
{
    const char *start = *at;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    const char *stop = start;
    while (stop < end && *stop != ' ' && *stop != '\t')
        stop++;
    *at = stop;
    *length = (size_t)(stop - start);
    return *length ? start : NULL;
}

static void copy_word(char *to, size_t room, const char *word, size_t length)
{
    if (length >= room)
        length = room - 1;
    memcpy(to, word, length);
    to[length] = '\0';
}

static enum hy_statement_kind kind_of(const char *word, size_t length)
{
    static const struct {
        const char *word;
        enum hy_statement_kind kind;
    } kinds[] = {{"member", HY_STATEMENT_MEMBER}, {"result", HY_STATEMENT_RESULT}, {"forget", HY_STATEMENT_FORGET}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].word) == length && memcmp(word, kinds[i].word, length) == 0)
            return kinds[i].kind;
    return HY_STATEMENT_OTHER;
}

static void read_pair(struct hy_statement *statement, const char *name, const char *value)
{
    if (strcmp(name, "op") == 0)
        copy_word(statement->op, sizeof statement->op, value, strlen(value));
    else if (strcmp(name, "interval") == 0)
        hy_parse_duration(value, &statement->interval);
    else if (strcmp(name, "exec") == 0) {
        statement->pending = strcmp(value, "pending") == 0;
        statement->cancelled = strcmp(value, "cancelled") == 0;
    } else if (strcmp(name, "order") == 0)
        statement->order = strtoull(value, NULL, 10);
    else if (strcmp(name, "state") == 0)
        statement->in = strcmp(value, "in") == 0;
    else if (strcmp(name, "id") == 0)
        statement->id = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "epoch") == 0)
        statement->epoch = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "incarnation") == 0)
        statement->incarnation = strtoull(value, NULL, 10);
}

static void read_line(const char *line, const char *end, struct hy_statement *statement)
{
    size_t length;
    const char *word = next_word(&line, end, &length);
    statement->kind = word ? kind_of(word, length) : HY_STATEMENT_OTHER;
    if (statement->kind == HY_STATEMENT_OTHER)
        return;
    word = next_word(&line, end, &length);
    if (word)
        copy_word(statement->node, sizeof statement->node, word, length);
    while ((word = next_word(&line, end, &length))) {
        char pair[256];
        copy_word(pair, sizeof pair, word, length);
        char *equals = strchr(pair, '=');
        if (!equals) {
            if (!statement->rsc[0])
                copy_word(statement->rsc, sizeof statement->rsc, word, length);
            continue;
        }
        *equals = '\0';
        if (strcmp(pair, "reason") == 0)
            return; /* free text from here on */
        read_pair(statement, pair, equals + 1);
    }
}

bool hy_statement_next(const char *text, size_t size, size_t *at, struct hy_statement *statement)
{
    if (*at >= size)
        return false;
    const char *line = text + *at;
    const char *end = memchr(line, '\n', size - *at);
    if (!end)
        end = text + size;
    *at = (size_t)(end - text) + 1;
    *statement = (struct hy_statement){0};
    read_line(line, end, statement);
    return true;
}
