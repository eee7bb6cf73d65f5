/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/alloc.h"
#include "base/format.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 2 * 1024, BLOCK_SIZE = 64 * 1024 }; /* each block is twice the one before, up to the largest */

struct hy_arena_block {
    struct hy_arena_block *next;
    size_t used;
    size_t size;
    max_align_t data[];
};

static struct hy_arena_block *new_block(size_t size)
{
    struct hy_arena_block *block = hy_alloc(sizeof *block + size);
    block->size = size;
    return block;
}

void *hy_arena_alloc(struct hy_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        hy_out_of_memory(size);
    size_t align = _Alignof(max_align_t);
    size_t rounded = (size + align - 1) / align * align;
    struct hy_arena_block *block = arena->blocks;
    if (!block || block->size - block->used < rounded) {
        size_t next = !block ? FIRST_BLOCK : block->size < BLOCK_SIZE / 2 ? block->size * 2 : BLOCK_SIZE;
        block = new_block(rounded > next ? rounded : next);
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = (char *)block->data + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *hy_arena_array(struct hy_arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        hy_out_of_memory(SIZE_MAX);
    return hy_arena_alloc(arena, count * size);
}

char *hy_arena_strdup(struct hy_arena *arena, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(hy_arena_alloc(arena, size), text, size);
}

char *hy_arena_printf(struct hy_arena *arena, const char *format, ...)
{
    char usual[256]; /* what is longer is made twice */
    va_list args;
    va_start(args, format);
    int length = hy_vformat(usual, sizeof usual, format, args);
    va_end(args);
    char *text = hy_arena_alloc(arena, length < 0 ? 1 : (size_t)length + 1);
    if (length > 0 && (size_t)length < sizeof usual) {
        memcpy(text, usual, (size_t)length + 1);
    } else if (length > 0) {
        va_start(args, format);
        hy_vformat(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    return text;
}

void hy_arena_free(struct hy_arena *arena)
{
    while (arena->blocks) {
        struct hy_arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->used = 0;
}
