/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/help.h"

#include "hactl/commands.h"

#include <stdio.h>
#include <string.h>

static const char *const options =
    "options, anywhere in the line:\n"
    "  -c FILE            this node's configuration (default " HY_CONFIG_FILE ")\n"
    "  --json             print one JSON object\n"
    "  --wait             return when the cluster has done it\n"
    "  --timeout SECONDS  for --wait and cleanup (default 60), and for the answer to a change (10)\n"
    "  --force            do it although it is not wise\n"
    "exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage, 3 no "
    "connection to this node's daemon,\n4 what-if: something would be left without a place\n";

static void print_row(const struct hactl_command *command)
{
    printf("  %-12s %s\n", command->word, command->brief);
}

static void print_usage(const struct hactl_command *command, FILE *out)
{
    fprintf(out, "usage: hactl %s%s%s%s%s\n", command->level, *command->level ? " " : "", command->word,
            *command->usage ? " " : "", command->usage);
}

void hactl_help_command(const struct hactl_command *command)
{
    print_usage(command, stdout);
    printf("%s\n", command->brief);
}

void hactl_help_level(const char *level)
{
    for (const struct hactl_command *command = hactl_commands; command->word; command++)
        if (strcmp(command->level, level) == 0)
            print_row(command);
}

void hactl_help_all(void)
{
    printf("usage: hactl [OPTIONS] [LEVEL] COMMAND ...     without a command: asks for commands (exit ends)\n");
    for (const char *const *level = hactl_levels; *level; level++) {
        printf("%s%s\n", **level ? *level : "commands", ":");
        hactl_help_level(*level);
    }
    fputs(options, stdout);
}

int hactl_help(struct hactl *h, int argc, char **argv)
{
    (void)h;
    if (argc == 1) {
        hactl_help_all();
        return HACTL_OK;
    }
    if (argc == 2 && hactl_is_level(argv[1])) {
        hactl_help_level(argv[1]);
        return HACTL_OK;
    }
    const char *level = argc == 3 ? argv[1] : "";
    const char *word = argv[argc - 1];
    const struct hactl_command *command = hactl_find(level, word);
    for (const char *const *any = hactl_levels; argc == 2 && !command && *any; any++)
        command = hactl_find(*any, word);
    if (!command)
        return hactl_unknown(level, word);
    hactl_help_command(command);
    return HACTL_OK;
}

int hactl_usage(const struct hactl_command *command)
{
    fflush(stdout);
    print_usage(command, stderr);
    return HACTL_USAGE;
}

enum { LONGEST_WORD = 32 };

/* How many letters must be changed, added or taken away: Levenshtein's distance. */
static size_t distance(const char *a, const char *b)
{
    size_t row[LONGEST_WORD + 1];
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST_WORD || n > LONGEST_WORD)
        return LONGEST_WORD;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[n];
}

static void consider(const char *candidate, const char *word, const char **best, size_t *least)
{
    size_t d = strlen(word) >= 2 && strncmp(candidate, word, strlen(word)) == 0 ? 0 : distance(candidate, word);
    if (d < *least) {
        *least = d;
        *best = candidate;
    }
}

const char *hactl_nearest(const char *level, const char *word)
{
    const char *best = NULL;
    size_t least = strlen(word) <= 3 ? 2 : 3; /* more letters wrong than that is another word */
    for (const struct hactl_command *command = hactl_commands; command->word; command++)
        if (strcmp(command->level, level) == 0)
            consider(command->word, word, &best, &least);
    for (const char *const *name = hactl_levels; !*level && *name; name++)
        if (**name)
            consider(*name, word, &best, &least);
    return best;
}

/* Words of crm that have no meaning here, and what was meant. */
static const char *crm_hint(const char *level, const char *word)
{
    static const struct {
        const char *level, *word, *hint;
    } hints[] = {
        {"cluster", "join", "type `hactl cluster add NODE=ADDRESS` on a node that is in the cluster"},
        {"cluster", "delete", "`hactl cluster remove NODE` takes a node out"},
        {"cluster", "start", "start halyardd on each host, as a service"},
        {"cluster", "stop", "stop halyardd on the host, as a service: what runs there moves away first"},
        {"cluster", "restart", "stop halyardd on one host after the other, and start it again"},
        {"cluster", "health", "`hactl status` and `hactl cluster status` tell how things stand"},
    };
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i].level, level) == 0 && strcmp(hints[i].word, word) == 0)
            return hints[i].hint;
    return NULL;
}

int hactl_unknown(const char *level, const char *word)
{
    const char *hint = crm_hint(level, word);
    if (hint) {
        hactl_fail("there is no `%s %s`: %s", level, word, hint);
        return HACTL_USAGE;
    }
    const char *nearest = hactl_nearest(level, word);
    const char *of = *level ? " of " : "";
    if (nearest)
        hactl_fail("'%s' is no command%s%s: did you mean '%s'?", word, of, level, nearest);
    else
        hactl_fail("'%s' is no command%s%s: `hactl help%s%s` tells which there are", word, of, level, *level ? " " : "",
                   level);
    return HACTL_USAGE;
}
