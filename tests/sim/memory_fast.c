/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc() for long runs, in place of memory.c: one thread, and nearly all that is asked for is small and soon given back.
 * A list of free blocks for each size, nothing is joined or split. In front of each block stands what it is: what is freed
 * twice, or was written over by its neighbour, ends the run, as with the C library's.
 *
 * The interface is the C library's ("Replacing malloc" in its manual), without the aligned ones, which nobody here calls.
 */
#include "sim/memory.h"

#include <errno.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LIKELY(condition) __builtin_expect(!!(condition), 1)

enum {
    STEP = 16,
    SMALL = 64 * STEP,            /* up to here one class for every step, then one for every power of two */
    SMALL_CLASSES = SMALL / STEP, /* class n holds (n + 1) steps */
    LARGEST_SHIFT = 20,           /* beyond it each block is a mapping of its own */
    CLASSES = SMALL_CLASSES + LARGEST_SHIFT - 10,
    OWN_MAPPING = CLASSES,
    CHUNK = 4 << LARGEST_SHIFT
};

enum { USED = 0x51c0ffee, FREE = 0x0ff1ce00 };

struct block {
    uint32_t state;
    uint32_t class;
    size_t capacity;
    union {
        struct block *next; /* free */
        max_align_t start;
    };
};
#define HEADER offsetof(struct block, start)

static struct {
    struct block *free[CLASSES];
    char *chunk;
    size_t left;
    size_t used;
} heap;

size_t sim_memory_used(void)
{
    return heap.used;
}

static _Noreturn void broken(void)
{
    static const char words[] = "halyard-sim: memory was freed twice, or what stands in front of it was written over\n";
    fwrite(words, 1, sizeof words - 1, stderr);
    abort();
}

static struct block *block_of(void *memory)
{
    struct block *block = (struct block *)(void *)((char *)memory - HEADER);
    if (!LIKELY(block->state == USED))
        broken();
    return block;
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static uint32_t class_of(size_t size)
{
    if (LIKELY(size <= SMALL))
        return size ? (uint32_t)((size - 1) / STEP) : 0;
    if (size > (size_t)1 << LARGEST_SHIFT)
        return OWN_MAPPING;
    return SMALL_CLASSES + (uint32_t)(63 - __builtin_clzll(size - 1)) - 10;
}

static size_t capacity_of(uint32_t class)
{
    return class < SMALL_CLASSES ? (size_t)(class + 1) * STEP : (size_t)2 << (class - SMALL_CLASSES + 10);
}

static struct block *carve(uint32_t class)
{
    size_t capacity = capacity_of(class), whole = HEADER + capacity;
    if (heap.left < whole) { /* what is left of the last one is lost */
        heap.chunk = map(CHUNK);
        heap.left = heap.chunk ? CHUNK : 0;
        if (!heap.chunk)
            return NULL;
    }
    struct block *block = (struct block *)(void *)heap.chunk;
    heap.chunk += whole;
    heap.left -= whole;
    block->class = class;
    block->capacity = capacity;
    return block;
}

static struct block *own_mapping(size_t size)
{
    struct block *block = size < SIZE_MAX - HEADER ? map(HEADER + size) : NULL;
    if (block)
        *block = (struct block){.class = OWN_MAPPING, .capacity = size};
    return block;
}

/* Not malloc() itself: a compiler that knows what that is makes calloc() of it and a memset(), also within calloc(). */
static inline void *take(size_t size)
{
    uint32_t class = class_of(size);
    struct block *block;
    if (!LIKELY(class != OWN_MAPPING)) {
        block = own_mapping(size);
    } else if (LIKELY((block = heap.free[class]) != NULL)) {
        if (block->state != FREE)
            broken();
        heap.free[class] = block->next;
    } else {
        block = carve(class);
    }
    if (!block) {
        errno = ENOMEM;
        return NULL;
    }
    block->state = USED;
    heap.used += block->capacity;
    return &block->start;
}

void *malloc(size_t size)
{
    return take(size);
}

void free(void *memory)
{
    if (!memory)
        return;
    struct block *block = block_of(memory);
    heap.used -= block->capacity;
    if (block->class == OWN_MAPPING) {
        munmap(block, HEADER + block->capacity);
        return;
    }
    if (block->class >= CLASSES)
        broken();
    block->state = FREE;
    block->next = heap.free[block->class];
    heap.free[block->class] = block;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *memory = take(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

void *realloc(void *old, size_t size)
{
    if (!old)
        return take(size);
    size_t before = block_of(old)->capacity;
    if (size <= before && size >= before / 4)
        return old;
    void *memory = take(size);
    if (!memory)
        return NULL;
    memcpy(memory, old, size < before ? size : before);
    free(old);
    return memory;
}
