/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is released all at once: one decision, one parse, one message. A zeroed struct is an empty arena.
 */
#ifndef HY_BASE_ARENA_H
#define HY_BASE_ARENA_H

#include <stddef.h>

struct hy_arena_block;

struct hy_arena {
    struct hy_arena_block *blocks;
    size_t used; /* bytes handed out since the last reset */
};

/* Zeroed, aligned for any type. Lives until hy_arena_free(). Never NULL. */
void *hy_arena_alloc(struct hy_arena *arena, size_t size);
void *hy_arena_array(struct hy_arena *arena, size_t count, size_t size);
char *hy_arena_strdup(struct hy_arena *arena, const char *text); /* NULL gives NULL */
char *hy_arena_printf(struct hy_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void hy_arena_free(struct hy_arena *arena);

#endif
