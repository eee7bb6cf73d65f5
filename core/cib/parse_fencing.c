/* SPDX-License-Identifier: Apache-2.0 */
/* Tags, and the fencing topology. */
#include "cib/grammar.h"
#include "cib/kinds.h"
#include "cib/words.h"

#include <string.h>

/* `tag ID A B`, and with a colon behind the id. */
int hy_parse_tag(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_names *members = &object->u.tag.members;
    const struct hy_word *word = hy_cursor_peek(cursor);
    size_t length = word ? strlen(word->text) : 0;
    if (length > 1 && word->text[length - 1] == ':') {
        object->id = hy_strndup(word->text, length - 1);
        if (!hy_id_is_valid(object->id))
            return hy_word_fail(cursor, word, "expected the id of the tag, with or without a colon");
        cursor->at++;
    }
    int rc = object->id ? 0 : hy_cursor_read_id(cursor, "the id of the tag", &object->id);
    while (!rc && (members->count == 0 || hy_cursor_peek(cursor))) {
        char *member = NULL;
        word = hy_cursor_peek(cursor);
        rc = members->count < HY_OBJECTS_MAX
                 ? hy_cursor_read_id(cursor, "the id of an object", &member)
                 : hy_word_fail(cursor, word, "is one too many: expected at most %d members", HY_OBJECTS_MAX);
        for (size_t i = 0; !rc && i < members->count; i++)
            if (strcmp(members->items[i], member) == 0)
                rc = hy_word_fail(cursor, word, "has the tag twice: expected it once");
        if (rc)
            free(member);
        else
            hy_vec_push(members, member);
    }
    return rc;
}

void hy_print_tag(const struct hy_object *object, struct hy_buf *out)
{
    hy_buf_adds(out, object->id);
    for (size_t i = 0; i < object->u.tag.members.count; i++)
        hy_buf_addf(out, " %s", object->u.tag.members.items[i]);
}

/* ------------------------------------------------------------- fencing topology */

#define LEVELS "NODE:, attr:NAME=VALUE or pattern:REGEX, and devices (A,B: both together; blanks between attempts)"

/* Whom the levels that follow are for. Fresh strings. */
struct target {
    enum hy_level_target kind;
    char *name;
    char *value;
};

static void target_free(struct target *target)
{
    free(target->name);
    free(target->value);
    *target = (struct target){0};
}

/* False: the word is no target. `target` is zeroed. */
static bool read_target(const struct hy_word *word, struct target *target)
{
    size_t length = strlen(word->text);
    if (strncmp(word->text, "pattern:", 8) == 0 && length > 8) {
        *target = (struct target){HY_LEVEL_PATTERN, hy_strdup(word->text + 8), NULL};
    } else if (strncmp(word->text, "attr:", 5) == 0 && strchr(word->text, '=')) {
        const char *equals = strchr(word->text, '=');
        *target = (struct target){HY_LEVEL_ATTRIBUTE, hy_strndup(word->text + 5, (size_t)(equals - word->text - 5)),
                                  hy_strdup(equals + 1)};
    } else if (length > 1 && word->text[length - 1] == ':') {
        *target = (struct target){HY_LEVEL_NODE, hy_strndup(word->text, length - 1), NULL};
    } else {
        return false;
    }
    return true;
}

static bool target_is_valid(const struct target *target)
{
    if (target->kind == HY_LEVEL_NODE)
        return hy_node_name_is_valid(target->name);
    return target->name[0] && strlen(target->name) <= HY_VALUE_MAX;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_for(const struct hy_level *level, const struct target *target)
{
    return level->kind == target->kind && same_text(level->target, target->name) &&
           same_text(level->value, target->value);
}

static int read_level(struct hy_cursor *cursor, const struct target *target, struct hy_topology *topology)
{
    const struct hy_word *word = hy_cursor_next(cursor);
    int index = 1;
    if (topology->levels.count >= HY_TOPOLOGY_MAX)
        return hy_word_fail(cursor, word, "is one too many: expected at most %d attempts in all", HY_TOPOLOGY_MAX);
    for (size_t i = 0; i < topology->levels.count; i++)
        index += is_for(&topology->levels.items[i], target);
    if (index > HY_LEVELS_MAX)
        return hy_word_fail(cursor, word, "expected at most %d attempts for one target", HY_LEVELS_MAX);
    struct hy_level *level = hy_vec_add(&topology->levels);
    *level = (struct hy_level){
        .kind = target->kind, .target = hy_strdup(target->name), .value = hy_strdup(target->value), .index = index};
    for (const char *at = word->text;; at++) {
        size_t length = strcspn(at, ",");
        char *device = hy_strndup(at, length);
        hy_vec_push(&level->devices, device);
        if (!hy_id_is_valid(device))
            return hy_word_fail(cursor, word, "expected " LEVELS);
        at += length;
        if (!*at)
            return 0;
    }
}

int hy_parse_topology(struct hy_cursor *cursor, struct hy_object *object)
{
    struct hy_topology *topology = &object->u.topology;
    struct target target = {0};
    object->id = hy_strdup("fencing_topology");
    int rc = 0;
    size_t count = 0; /* of levels, when the target was read, and one more: each target needs one */
    const struct hy_word *word;
    while (!rc && (word = hy_cursor_peek(cursor))) {
        struct target fresh = {0};
        if (!read_target(word, &fresh)) {
            rc = read_level(cursor, &target, topology);
            continue;
        }
        target_free(&target);
        target = fresh;
        cursor->at++;
        count = topology->levels.count + 1;
        if (!target_is_valid(&target))
            rc = hy_word_fail(cursor, word, "expected " LEVELS);
    }
    if (!rc && topology->levels.count < count)
        rc = hy_cursor_fail(cursor, "expected the devices of the target");
    target_free(&target);
    return rc;
}

static void print_target(const struct hy_level *level, struct hy_buf *out)
{
    struct hy_buf text = {0};
    if (level->kind == HY_LEVEL_NODE)
        hy_buf_addf(&text, "%s:", level->target);
    else if (level->kind == HY_LEVEL_PATTERN)
        hy_buf_addf(&text, "pattern:%s", level->target);
    else
        hy_buf_addf(&text, "attr:%s=%s", level->target, level->value);
    hy_word_print(hy_buf_text(&text), out);
    hy_buf_free(&text);
}

static void print_devices(const struct hy_level *level, struct hy_buf *out)
{
    for (size_t i = 0; i < level->devices.count; i++)
        hy_buf_addf(out, "%c%s", i ? ',' : ' ', level->devices.items[i]);
}

/* The one of the target that follows `index`; NULL: there is none. */
static const struct hy_level *next_level(const struct hy_topology *topology, const struct target *target, int index)
{
    const struct hy_level *next = NULL;
    for (size_t i = 0; i < topology->levels.count; i++) {
        const struct hy_level *level = &topology->levels.items[i];
        if (is_for(level, target) && level->index > index && (!next || level->index < next->index))
            next = level;
    }
    return next;
}

void hy_print_topology(const struct hy_object *object, struct hy_buf *out)
{
    const struct hy_topology *topology = &object->u.topology;
    /* What is for every node can only be told from the rest in front of it. */
    for (int named = 0; named < 2; named++) {
        for (size_t i = 0; i < topology->levels.count; i++) {
            const struct hy_level *level = &topology->levels.items[i];
            const struct target target = {level->kind, level->target, level->value};
            bool seen = (level->target != NULL) != (named == 1);
            for (size_t k = 0; k < i; k++)
                seen = seen || is_for(&topology->levels.items[k], &target);
            if (seen)
                continue;
            hy_print_continue(out);
            struct hy_buf line = {0};
            if (level->target)
                print_target(level, &line);
            for (level = next_level(topology, &target, 0); level; level = next_level(topology, &target, level->index))
                print_devices(level, &line);
            hy_buf_adds(out, hy_buf_text(&line) + (target.name ? 0 : 1));
            hy_buf_free(&line);
        }
    }
}
