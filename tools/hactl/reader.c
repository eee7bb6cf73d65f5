/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/reader.h"

#include "hactl/complete.h"

#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_LINES = 500 };

struct hactl_reader {
    struct hactl *h;
    EditLine *edit;
    History *history;
    const char *prompt;
    const char *level;
};

static char *give_prompt(EditLine *edit)
{
    struct hactl_reader *reader = NULL;
    el_get(edit, EL_CLIENTDATA, &reader);
    return (char *)reader->prompt;
}

/* How many letters all words have in common. */
static size_t common_length(const char *words)
{
    size_t common = strcspn(words, "\n");
    for (const char *word = words; *word; word += strcspn(word, "\n") + 1) {
        size_t same = 0;
        while (same < common && word[same] == words[same])
            same++;
        common = same;
    }
    return common;
}

static unsigned char complete(EditLine *edit, int key)
{
    (void)key;
    struct hactl_reader *reader = NULL;
    el_get(edit, EL_CLIENTDATA, &reader);
    const LineInfo *info = el_line(edit);
    char *line = hy_strndup(info->buffer, (size_t)(info->cursor - info->buffer));
    const char *blank = strrchr(line, ' ');
    size_t typed = strlen(blank ? blank + 1 : line);
    struct hy_buf words = {0};
    if (!strpbrk(blank ? blank : line, "\\\"'")) /* else what was typed is not how the word begins */
        hactl_complete(reader->h, reader->level, line, &words);
    unsigned char what = CC_ERROR;
    if (words.size) {
        size_t common = common_length(words.data);
        bool only = strchr(words.data, '\n') == words.data + words.size - 1;
        if (common > typed || only) {
            char *rest = hy_strndup(words.data + typed, common - typed);
            el_insertstr(edit, rest);
            if (only)
                el_insertstr(edit, " ");
            free(rest);
            what = CC_REFRESH;
        } else {
            for (char *p = words.data; *p; p++)
                *p = *p == '\n' ? ' ' : *p;
            printf("\n%s\n", words.data);
            what = CC_REDISPLAY;
        }
    }
    hy_buf_free(&words);
    free(line);
    return what;
}

struct hactl_reader *hactl_reader_open(struct hactl *h)
{
    struct hactl_reader *reader = hy_alloc(sizeof *reader);
    HistEvent event;
    reader->h = h;
    reader->edit = el_init("hactl", stdin, stdout, stderr);
    reader->history = history_init();
    history(reader->history, &event, H_SETSIZE, HISTORY_LINES);
    el_set(reader->edit, EL_CLIENTDATA, reader);
    el_set(reader->edit, EL_PROMPT, give_prompt);
    el_set(reader->edit, EL_EDITOR, "emacs");
    el_set(reader->edit, EL_SIGNAL, 1);
    el_set(reader->edit, EL_HIST, history, reader->history);
    el_set(reader->edit, EL_ADDFN, "hactl-complete", "complete a word", complete);
    el_set(reader->edit, EL_BIND, "^I", "hactl-complete", NULL);
    return reader;
}

char *hactl_reader_line(struct hactl_reader *reader, const char *prompt, const char *level)
{
    int count = 0;
    HistEvent event;
    reader->prompt = prompt;
    reader->level = level;
    const char *line = el_gets(reader->edit, &count);
    if (!line || count <= 0)
        return NULL;
    if (line[strspn(line, " \t\r\n")])
        history(reader->history, &event, H_ENTER, line);
    return hy_strndup(line, strcspn(line, "\r\n"));
}

void hactl_reader_close(struct hactl_reader **reader)
{
    history_end((*reader)->history);
    el_end((*reader)->edit);
    free(*reader);
    *reader = NULL;
}
