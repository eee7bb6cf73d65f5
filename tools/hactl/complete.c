/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/complete.h"

#include "hactl/connection.h"
#include "hactl/split.h"
#include "hactl/state.h"

#include <stdlib.h>
#include <string.h>

static void offer(const char *word, const char *prefix, struct hy_buf *out)
{
    if (strncmp(word, prefix, strlen(prefix)) == 0)
        hy_buf_addf(out, "%s\n", word);
}

static void offer_commands(const char *level, const char *prefix, struct hy_buf *out)
{
    for (const struct hactl_command *command = hactl_commands; command->word; command++)
        if (strcmp(command->level, level) == 0)
            offer(command->word, prefix, out);
}

static void offer_words(const char *level, const char *prefix, struct hy_buf *out)
{
    static const char *const about[] = {"cd", "exit", NULL};
    offer_commands(level, prefix, out);
    for (const char *const *name = hactl_levels; !*level && *name; name++)
        if (**name)
            offer(*name, prefix, out);
    for (const char *const *word = about; *word; word++)
        offer(*word, prefix, out);
    if (*level) {
        offer("up", prefix, out);
        offer("help", prefix, out);
    }
}

/* The words of the usage that are typed as they stand there: "any-node-down", "show|set|delete". */
static void offer_choices(const struct hactl_command *command, const char *prefix, struct hy_buf *out)
{
    static const char *const letters = "abcdefghijklmnopqrstuvwxyz-";
    for (const char *at = command->usage; *at;) {
        size_t length = strcspn(at, " |[]"), plain = strspn(at, letters);
        if (length && plain == length && *at != '-') {
            char *word = hy_strndup(at, length);
            offer(word, prefix, out);
            free(word);
        }
        at += length;
        at += strspn(at, " |[]");
    }
}

/* Ids that the usage of the command asks for. */
static void offer_ids(struct hactl *h, const struct hactl_command *command, const char *prefix, struct hy_buf *out)
{
    struct hactl_state state;
    bool resources = strstr(command->usage, "RSC"), nodes = strstr(command->usage, "NODE"),
         all = strstr(command->usage, "ID...");
    if ((!resources && !nodes && !all) || !hactl_is_reachable(h) || hactl_state_glance(h, &state))
        return;
    for (size_t i = 0; i < state.cib->objects.count; i++) {
        const struct hy_object *object = state.cib->objects.items[i];
        if (all || (resources && hy_kind_is_resource(object->kind)) || (nodes && object->kind == HY_NODE))
            offer(object->id, prefix, out);
    }
    hactl_state_free(&state);
}

void hactl_complete(struct hactl *h, const char *level, const char *line, struct hy_buf *out)
{
    struct hactl_words words;
    struct hy_err err;
    if (hactl_split(line, &words, &err))
        return;
    size_t length = strlen(line);
    bool fresh = !length || line[length - 1] == ' ';
    const char *prefix = fresh || !words.list.count ? "" : words.list.items[words.list.count - 1];
    size_t before = words.list.count - (fresh || !words.list.count ? 0 : 1); /* words that are complete */
    size_t at = 0;
    if (before > at && !hactl_find(level, words.list.items[0]) && hactl_is_level(words.list.items[0]))
        level = hactl_level(words.list.items[at++]);
    const struct hactl_command *command = before > at ? hactl_find(level, words.list.items[at]) : NULL;
    if (before == at && at == 0) {
        offer_words(level, prefix, out);
    } else if (before == at) {
        offer_commands(level, prefix, out);
    } else if (command) {
        offer_choices(command, prefix, out);
        offer_ids(h, command, prefix, out);
    }
    hactl_words_free(&words);
}
