/* SPDX-License-Identifier: Apache-2.0 */
#include "shell.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 256 * 1024, VALUE_MAX = 512, NAME_MAX_HERE = 64, VARIABLES_MAX = 256, DEPTH_MAX = 3 };

struct variable {
    char name[NAME_MAX_HERE];
    char value[VALUE_MAX];
    bool known; /* false: it is set, and nobody knows to what */
};

struct shell {
    struct variable *variables;
    int count;
    int depth; /* of files read in by files */
    const char *script;
    lsb_assigned_fn *assigned;
    void *context;
};

/* A word as it is put together. */
struct word {
    char text[VALUE_MAX];
    size_t size;
    bool known;
};

/* ---- files */

char *lsb_text_read(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return NULL;
    char *text = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? malloc(TEXT_MAX + 1) : NULL;
    size_t size = 0;
    while (text && size < TEXT_MAX) {
        ssize_t got = read(fd, text + size, TEXT_MAX - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    close(fd);
    if (text)
        text[size] = '\0';
    return text;
}

/* ---- variables */

static struct variable *find_variable(const struct shell *shell, const char *name, size_t length)
{
    for (int i = 0; i < shell->count; i++)
        if (strncmp(shell->variables[i].name, name, length) == 0 && !shell->variables[i].name[length])
            return &shell->variables[i];
    return NULL;
}

/* One in a branch that may not be taken does not replace what is known. */
static void assign(struct shell *shell, const char *name, size_t length, const struct word *word, bool perhaps)
{
    if (length >= NAME_MAX_HERE)
        return;
    struct variable *variable = find_variable(shell, name, length);
    bool replaces = !variable || !perhaps || !variable->known;
    if (!variable) {
        if (shell->count == VARIABLES_MAX)
            return;
        variable = &shell->variables[shell->count++];
        memcpy(variable->name, name, length);
        variable->name[length] = '\0';
    }
    if (replaces) {
        memcpy(variable->value, word->text, word->size + 1);
        variable->known = word->known;
    }
    if (word->known)
        shell->assigned(shell->context, variable->name, word->text);
}

/* ---- words */

static void add(struct word *word, const char *text, size_t length)
{
    if (word->size + length >= sizeof word->text) {
        word->known = false;
        return;
    }
    memcpy(word->text + word->size, text, length);
    word->size += length;
    word->text[word->size] = '\0';
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    if (isdigit((unsigned char)*text))
        return 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

static const char *starts_with(const char *text, const char *with)
{
    size_t length = strlen(with);
    return strncmp(text, with, length) == 0 ? text + length : NULL;
}

static const char *take_word(const struct shell *shell, const char *at, bool in_braces, struct word *word);

static void add_variable(const struct shell *shell, const char *name, size_t length, struct word *word)
{
    const struct variable *variable = find_variable(shell, name, length);
    if (variable && variable->known)
        add(word, variable->value, strlen(variable->value));
    else
        word->known = false;
}

/* Up to and with `close`, on this line. */
static const char *skip_unknown(const char *at, char close, struct word *word)
{
    word->known = false;
    while (*at && *at != '\n' && *at != close)
        at++;
    return *at == close ? at + 1 : at;
}

/* What stands between the braces of ${...}; `at` behind the first one. */
static const char *take_braces(const struct shell *shell, const char *at, struct word *word)
{
    size_t length = name_length(at);
    const char *behind = at + length;
    if (length && *behind == '}') {
        add_variable(shell, at, length, word);
        return behind + 1;
    }
    if (length && *behind == ':')
        behind++;
    if (!length || (*behind != '-' && *behind != '='))
        return skip_unknown(behind, '}', word);
    const struct variable *variable = find_variable(shell, at, length);
    struct word other = {.known = true};
    const char *end = take_word(shell, behind + 1, true, &other);
    if (*end != '}')
        word->known = false;
    if (variable && (!variable->known || *variable->value))
        add_variable(shell, at, length, word);
    else if (other.known)
        add(word, other.text, other.size);
    else
        word->known = false;
    return *end == '}' ? end + 1 : end;
}

/* A "$" or "`" and what belongs to it. */
static const char *take_expansion(const struct shell *shell, const char *at, struct word *word)
{
    static const char *const own_name[] = {"$(basename $0)", "$(basename \"$0\")", "`basename $0`", "`basename \"$0\"`",
                                           "${0##*/}"};
    for (size_t i = 0; i < sizeof own_name / sizeof *own_name; i++) {
        const char *behind = starts_with(at, own_name[i]);
        if (behind) {
            add(word, shell->script, strlen(shell->script));
            return behind;
        }
    }
    if (*at == '`')
        return skip_unknown(at + 1, '`', word);
    if (at[1] == '(')
        return skip_unknown(at + 2, ')', word);
    if (at[1] == '{')
        return take_braces(shell, at + 2, word);
    size_t length = name_length(at + 1);
    if (length)
        add_variable(shell, at + 1, length, word);
    else
        word->known = false; /* $$, $1 */
    return at + 1 + (length ? length : at[1] && at[1] != '\n');
}

static bool ends_word(char c, bool in_braces)
{
    return in_braces ? c == '}' : strchr(" \t;&|()<>", c) != NULL;
}

/* No word that is of use here goes beyond its line: a quote that is not closed in it is somebody else's. */
static const char *take_word(const struct shell *shell, const char *at, bool in_braces, struct word *word)
{
    char quote = '\0';
    while (*at && *at != '\n' && (quote || !ends_word(*at, in_braces))) {
        if (quote != '\'' && (*at == '$' || *at == '`')) {
            at = take_expansion(shell, at, word);
        } else if (quote ? *at == quote : *at == '\'' || *at == '"') {
            quote = quote ? '\0' : *at;
            at++;
        } else {
            if (*at == '\\' && quote != '\'' && at[1] && at[1] != '\n')
                at++;
            else if (!quote && strchr("*?[~", *at))
                word->known = false;
            add(word, at++, 1);
        }
    }
    if (quote)
        word->known = false;
    return at;
}

/* ---- statements */

static void read_file(struct shell *shell, const char *path);

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

/* Words that stand before an assignment. */
static const char *skip_prefixes(const char *at, bool *perhaps)
{
    static const char *const words[] = {"export", "readonly", "local", "declare", "typeset", "then", "else", "do"};
    for (size_t i = 0; i < sizeof words / sizeof *words;) {
        const char *behind = starts_with(at, words[i]);
        if (behind && (*behind == ' ' || *behind == '\t')) {
            *perhaps = *perhaps || i >= 5;
            at = skip_blanks(behind);
            i = 0;
        } else {
            i++;
        }
    }
    return at;
}

/* To the next command of the line, or to its end. */
static const char *skip_command(const char *at)
{
    char quote = '\0';
    for (; *at && *at != '\n'; at++) {
        if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? '\0' : *at;
        else if (*at == '\\' && quote != '\'' && at[1] && at[1] != '\n')
            at++;
        else if (!quote && (strchr(";&|{", *at)))
            break;
    }
    return at;
}

static const char *behind_source(const char *at)
{
    const char *behind = starts_with(at, "source");
    if (!behind)
        behind = starts_with(at, ".");
    return behind && (*behind == ' ' || *behind == '\t') ? skip_blanks(behind) : NULL;
}

/* One command; gives what is behind it. */
static const char *read_command(struct shell *shell, const char *at, bool perhaps)
{
    struct word word = {.known = true};
    at = skip_prefixes(at, &perhaps);
    const char *file = behind_source(at);
    if (file) {
        at = take_word(shell, file, false, &word);
        if (word.known && word.text[0] == '/')
            read_file(shell, word.text);
        return skip_command(at);
    }
    size_t length = name_length(at);
    bool default_only = length && at[length] == ':'; /* : ${NAME:=value} */
    if (!length || at[length + default_only] != '=')
        return skip_command(at);
    const char *end = take_word(shell, at + length + default_only + 1, default_only, &word);
    assign(shell, at, length, &word, perhaps || default_only);
    return end;
}

static void read_line(struct shell *shell, const char *at)
{
    bool perhaps = *at == ' ' || *at == '\t'; /* indented: in a branch or a function */
    for (;;) {
        at = skip_blanks(at);
        if (!*at || *at == '\n' || *at == '#')
            return;
        const char *end = read_command(shell, at, perhaps);
        perhaps = perhaps || *end == '&' || *end == '|';
        at = end > at ? end : at + 1;
        while (*at && strchr(";&|{()<>", *at))
            at++;
    }
}

static void read_file(struct shell *shell, const char *path)
{
    if (shell->depth == DEPTH_MAX)
        return;
    char *text = lsb_text_read(path);
    shell->depth++;
    for (const char *line = text; line && *line;) {
        read_line(shell, line);
        const char *end = strchr(line, '\n');
        line = end ? end + 1 : NULL;
    }
    shell->depth--;
    free(text);
}

void lsb_shell_read(const char *path, const char *name, lsb_assigned_fn *assigned, void *context)
{
    struct shell shell = {.script = name, .assigned = assigned, .context = context};
    shell.variables = calloc(VARIABLES_MAX, sizeof *shell.variables);
    if (shell.variables)
        read_file(&shell, path);
    free(shell.variables);
}
