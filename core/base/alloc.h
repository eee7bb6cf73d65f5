/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is there or ends the process.
 *
 * A node that cannot allocate cannot keep its promises either, and dying is the one failure every other part is
 * built to survive: nothing is acknowledged before it is on disk, and the executor restarts the core. So these never
 * return NULL; when memory is exhausted they print one line to stderr and abort(). See docs/decisions/out-of-memory.md.
 * That goes for the executor too: its guard, a process of its own, then releases what it held.
 *
 * All memory is released with free().
 */
#ifndef HY_BASE_ALLOC_H
#define HY_BASE_ALLOC_H

#include <stddef.h>

/* Zeroed memory of `size` bytes (size 0: a unique pointer). Caller frees. */
void *hy_alloc(size_t size);

/* Zeroed array; aborts as for exhaustion when count * size overflows. Caller frees. */
void *hy_alloc_array(size_t count, size_t size);

/* As realloc(): moves `old` (NULL: allocates) to `count * size` bytes; the new part is not zeroed. */
void *hy_realloc_array(void *old, size_t count, size_t size);

/* Copies; NULL gives NULL. Caller frees. */
char *hy_strdup(const char *text);
char *hy_strndup(const char *text, size_t length);
void *hy_memdup(const void *data, size_t size);

/* A formatted string. Caller frees. */
char *hy_asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void hy_out_of_memory(size_t size);

#endif
