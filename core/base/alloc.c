/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void hy_out_of_memory(size_t size)
{
    fprintf(stderr, "halyard: out of memory: %zu bytes could not be had; ending rather than going on half done\n",
            size);
    abort();
}

void *hy_alloc(size_t size)
{
    void *memory = calloc(1, size ? size : 1);
    if (!memory)
        hy_out_of_memory(size);
    return memory;
}

void *hy_alloc_array(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        hy_out_of_memory(SIZE_MAX);
    return hy_alloc(count * size);
}

void *hy_realloc_array(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        hy_out_of_memory(SIZE_MAX);
    size_t bytes = count * size;
    void *memory = realloc(old, bytes ? bytes : 1);
    if (!memory)
        hy_out_of_memory(bytes);
    return memory;
}

char *hy_strdup(const char *text)
{
    return text ? hy_memdup(text, strlen(text) + 1) : NULL;
}

char *hy_strndup(const char *text, size_t length)
{
    if (!text)
        return NULL;
    size_t used = strnlen(text, length);
    char *copy = hy_alloc(used + 1);
    memcpy(copy, text, used);
    return copy;
}

void *hy_memdup(const void *data, size_t size)
{
    if (!data)
        return NULL;
    void *copy = hy_alloc(size);
    memcpy(copy, data, size);
    return copy;
}

char *hy_asprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        hy_out_of_memory(0);
    return text;
}
