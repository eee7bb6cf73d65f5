/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/saved.h"

#include "base/alloc.h"
#include "cib/grammar.h"
#include "sim/table.h"

#include <stdlib.h>
#include <string.h>

/* Hash and weight of a run of lines: those of two runs one behind the other follow from theirs. */
struct lines {
    uint64_t hash;
    uint64_t weight; /* BASE to the power of how many there are */
};

static const uint64_t BASE = UINT64_C(0xd6e8feb86659fd93); /* odd, so that no line loses its weight */

enum { KEPT = 2048 };

struct kept {
    uint64_t key;
    const void *what; /* NULL: none */
    struct lines lines;
};

struct saved {
    struct kept kept[KEPT];
    struct hy_buf text;
};

static struct lines none(void)
{
    return (struct lines){.hash = 0, .weight = 1};
}

static void append(struct lines *lines, struct lines more)
{
    lines->hash = lines->hash * more.weight + more.hash;
    lines->weight *= more.weight;
}

static struct lines read_lines(const char *text, size_t size)
{
    struct lines lines = none();
    for (const char *end; size; size -= (size_t)(end - text), text = end) {
        const char *newline = memchr(text, '\n', size);
        end = newline ? newline + 1 : text + size;
        append(&lines, (struct lines){.hash = hash_bytes(text, (size_t)(end - text)), .weight = BASE});
    }
    return lines;
}

uint64_t saved_text_hash(const char *text, size_t size)
{
    return read_lines(text, size).hash;
}

struct saved *saved_new(void)
{
    return hy_alloc(sizeof(struct saved));
}

void saved_free(struct saved *saved)
{
    hy_buf_free(&saved->text);
    free(saved);
}

/* What was written into the buffer since it was emptied. */
static struct lines take_text(struct saved *saved)
{
    struct lines lines = read_lines(hy_buf_text(&saved->text), saved->text.size);
    hy_buf_clear(&saved->text);
    return lines;
}

static struct kept *find(struct saved *saved, const void *what, uint64_t key)
{
    return &saved->kept[(key ^ (uintptr_t)what >> 4) % KEPT];
}

/* A new version has a new number, that of the entry which made it. */
static struct lines object_lines(struct saved *saved, const struct hy_object *object)
{
    struct kept *kept = find(saved, object, object->version);
    if (kept->what != object || kept->key != object->version) {
        hy_cib_save_object(object, &saved->text);
        *kept = (struct kept){.key = object->version, .what = object, .lines = take_text(saved)};
    }
    return kept->lines;
}

/* Where its strings are, too: nobody writes into one, a new result has new ones. */
static uint64_t key_of(const struct hy_result *result)
{
    uint64_t key = hash_bytes(result, offsetof(struct hy_result, has_expected));
    uint64_t marks = (uint64_t)result->has_expected << 2 | (uint64_t)result->failed << 1 | result->former;
    uint64_t rest = (uint64_t)(uint32_t)result->expected << 3 | marks;
    return hash_bytes(&(uint64_t[]){key, rest}, 2 * sizeof key);
}

static struct lines result_lines(struct saved *saved, const struct hy_node_status *status,
                                 const struct hy_result *result, bool failure)
{
    const void *what = failure ? (const void *)&status->failures : status;
    uint64_t key = key_of(result);
    struct kept *kept = find(saved, what, key);
    if (kept->what != what || kept->key != key) {
        if (failure)
            hy_cib_save_failure(status, result, &saved->text);
        else
            hy_cib_save_result(status, result, &saved->text);
        *kept = (struct kept){.key = key, .what = what, .lines = take_text(saved)};
    }
    return kept->lines;
}

uint64_t saved_hash(struct saved *saved, const struct hy_cib *cib)
{
    hy_cib_save_head(cib, &saved->text);
    struct lines all = take_text(saved);
    for (size_t i = 0; i < cib->objects.count; i++)
        append(&all, object_lines(saved, cib->objects.items[i]));
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        hy_cib_save_node(status, &saved->text);
        append(&all, take_text(saved));
        for (size_t j = 0; j < status->results.count; j++)
            append(&all, result_lines(saved, status, &status->results.items[j], false));
        for (size_t j = 0; j < status->failures.count; j++)
            append(&all, result_lines(saved, status, &status->failures.items[j], true));
        hy_cib_save_counts(status, &saved->text);
        append(&all, take_text(saved));
    }
    hy_cib_save_tail(cib, &saved->text);
    append(&all, take_text(saved));
    return all.hash;
}
