/* SPDX-License-Identifier: Apache-2.0 */
/* A table of numbers by two numbers, for checks that must cost next to nothing. A zeroed struct is empty. */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_row {
    uint64_t a, b; /* not both 0 */
    uint64_t value[3];
};

struct table {
    struct table_row *rows;
    size_t capacity;
    size_t count;
};

struct table_row *table_find(const struct table *table, uint64_t a, uint64_t b); /* NULL: none */
/* The row, made when there is none; `*is_new` tells. Lives until the next one is made. */
struct table_row *table_row(struct table *table, uint64_t a, uint64_t b, bool *is_new);
void table_free(struct table *table);

uint64_t hash_bytes(const void *data, size_t size);

#endif
