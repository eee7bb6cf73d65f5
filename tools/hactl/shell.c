/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/shell.h"

#include "hactl/help.h"
#include "hactl/reader.h"
#include "hactl/split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shell {
    struct hactl *h;
    const char *level;
    bool interactive;
    bool ended;
    int status;
};

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* The words that move about; false: it is none of them. */
static bool move_about(struct shell *shell, const struct hactl_words *words)
{
    static const char *const leave[] = {"exit", "quit", "bye", NULL};
    static const char *const up[] = {"up", "back", "end", NULL};
    const char *word = words->list.items[0];
    const char *next = words->list.count > 1 ? words->list.items[1] : "";
    if (words->list.count == 1 && is_one_of(word, leave)) {
        shell->ended = true;
    } else if (words->list.count == 1 && is_one_of(word, up)) {
        shell->level = "";
    } else if (strcmp(word, "cd") == 0 && (!*next || strcmp(next, "..") == 0)) {
        shell->level = "";
    } else if (strcmp(word, "cd") == 0 && hactl_is_level(next)) {
        shell->level = hactl_level(next);
    } else if (words->list.count == 1 && hactl_is_level(word) && !hactl_find(shell->level, word)) {
        shell->level = hactl_level(word);
    } else if (words->list.count == 1 &&
               (strcmp(word, "ls") == 0 || strcmp(word, "?") == 0 || (*shell->level && strcmp(word, "help") == 0))) {
        hactl_help_level(shell->level);
    } else {
        return false;
    }
    return true;
}

static int run_words(struct shell *shell, const struct hactl_words *words)
{
    struct hactl *h = shell->h;
    const struct hactl before = *h;
    int argc = (int)words->list.count;
    char **argv = hy_memdup(words->list.items, (size_t)(argc + 1) * sizeof(char *));
    int status = hactl_take_options(h, &argc, argv);
    bool elsewhere = h->config_file != before.config_file;
    if (elsewhere) /* another cluster than the one that was read and connected to */
        hactl_close(h);
    if (!status && argc)
        status = hactl_run(h, shell->level, argc, argv);
    /* The options were those of one line. */
    if (elsewhere) {
        hactl_close(h);
        h->config_file = before.config_file;
    }
    h->json = before.json;
    h->wait = before.wait;
    h->force = before.force;
    h->patience_ms = before.patience_ms;
    h->timeout_ms = before.timeout_ms;
    free(argv);
    fflush(stdout);
    return status;
}

static void run_line(struct shell *shell, const char *line)
{
    struct hactl_words words;
    struct hy_err err = {{0}};
    if (hactl_split(line, &words, &err)) {
        shell->status = hactl_fail("%s", err.text);
    } else {
        shell->status = HACTL_OK;
        if (words.list.count && !move_about(shell, &words))
            shell->status = run_words(shell, &words);
        hactl_words_free(&words);
    }
    if (shell->status && !shell->interactive)
        shell->ended = true;
}

/* Takes a backslash at the end off: the statement goes on in the next line. A comment does not. */
static bool goes_on(struct hy_buf *line)
{
    size_t size = line->size;
    if (hy_buf_text(line)[strspn(hy_buf_text(line), " \t")] == '#')
        return false;
    while (size && strchr("\r\n", line->data[size - 1]))
        size--;
    hy_buf_truncate(line, size);
    if (!size || line->data[size - 1] != '\\')
        return false;
    line->data[size - 1] = ' ';
    return true;
}

static void run_piped(struct shell *shell)
{
    char *text = NULL;
    size_t capacity = 0;
    struct hy_buf line = {0};
    while (!shell->ended && getline(&text, &capacity, stdin) >= 0) {
        hy_buf_adds(&line, text);
        if (goes_on(&line))
            continue;
        run_line(shell, hy_buf_text(&line));
        hy_buf_clear(&line);
    }
    if (!shell->ended && line.size)
        run_line(shell, hy_buf_text(&line));
    hy_buf_free(&line);
    free(text);
}

static char *prompt_of(const struct shell *shell)
{
    const char *cluster = shell->h->config ? shell->h->config->cluster : "";
    return hy_asprintf("hactl(%s)%s# ", cluster, shell->level);
}

static void run_typed(struct shell *shell)
{
    struct hy_buf line = {0};
    struct hactl_reader *reader = hactl_reader_open(shell->h);
    while (!shell->ended) {
        char *prompt = line.size ? hy_strdup("   > ") : prompt_of(shell);
        char *typed = hactl_reader_line(reader, prompt, shell->level);
        free(prompt);
        if (!typed) {
            putchar('\n');
            break;
        }
        hy_buf_adds(&line, typed);
        free(typed);
        if (goes_on(&line))
            continue;
        run_line(shell, hy_buf_text(&line));
        hy_buf_clear(&line);
    }
    puts("bye");
    hactl_reader_close(&reader);
    hy_buf_free(&line);
}

int hactl_shell(struct hactl *h, const char *level)
{
    struct shell shell = {.h = h, .level = hactl_level(level), .interactive = isatty(STDIN_FILENO)};
    if (!shell.interactive) {
        run_piped(&shell);
        return shell.status;
    }
    if (!hactl_config(h))
        hactl_info("commands that ask the cluster will not work until that is mended");
    h->asks = true;
    run_typed(&shell);
    h->asks = false;
    return HACTL_OK;
}
