/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/table.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 31);
}

uint64_t hash_bytes(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t hash = mix(UINT64_C(0x2545f4914f6cdd1d), size), word;
    for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (size)
        memcpy(&word, at, size);
    return mix(hash, word);
}

/* The row, or the free one where it would be. */
static struct table_row *place(const struct table *table, uint64_t a, uint64_t b)
{
    size_t at = (size_t)mix(a, b) & (table->capacity - 1);
    for (;; at = (at + 1) & (table->capacity - 1)) {
        struct table_row *row = &table->rows[at];
        if ((!row->a && !row->b) || (row->a == a && row->b == b))
            return row;
    }
}

struct table_row *table_find(const struct table *table, uint64_t a, uint64_t b)
{
    if (!table->capacity)
        return NULL;
    struct table_row *row = place(table, a, b);
    return row->a || row->b ? row : NULL;
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->capacity = old.capacity ? old.capacity * 2 : 256;
    table->rows = hy_alloc_array(table->capacity, sizeof *table->rows);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.rows[i].a || old.rows[i].b)
            *place(table, old.rows[i].a, old.rows[i].b) = old.rows[i];
    free(old.rows);
}

struct table_row *table_row(struct table *table, uint64_t a, uint64_t b, bool *is_new)
{
    if (2 * (table->count + 1) > table->capacity)
        grow(table);
    struct table_row *row = place(table, a, b);
    *is_new = !row->a && !row->b;
    if (*is_new) {
        *row = (struct table_row){.a = a, .b = b};
        table->count++;
    }
    return row;
}

void table_free(struct table *table)
{
    free(table->rows);
    *table = (struct table){0};
}
