/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/format.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

static void grow(struct hy_buf *buf, size_t needed)
{
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    buf->data = hy_realloc_array(buf->data, capacity, 1);
    buf->capacity = capacity;
}

/* And for the NUL behind them. */
void hy_buf_reserve(struct hy_buf *buf, size_t more)
{
    if (more > SIZE_MAX / 2 - buf->size - 1)
        hy_out_of_memory(SIZE_MAX);
    if (buf->size + more + 1 > buf->capacity)
        grow(buf, buf->size + more + 1);
}

void hy_buf_add(struct hy_buf *buf, const void *data, size_t size)
{
    char *at = hy_buf_extend(buf, size);
    if (size)
        memcpy(at, data, size);
}

void hy_buf_addu(struct hy_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    hy_buf_add(buf, digits + at, sizeof digits - at);
}

void hy_buf_addi(struct hy_buf *buf, int64_t value)
{
    if (value < 0)
        hy_buf_addc(buf, '-');
    hy_buf_addu(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void hy_buf_vaddf(struct hy_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    hy_buf_reserve(buf, 0);
    size_t room = buf->capacity - buf->size;
    int length = hy_vformat(buf->data + buf->size, room, format, args);
    if (length >= 0 && (size_t)length >= room) {
        hy_buf_reserve(buf, (size_t)length);
        length = hy_vformat(buf->data + buf->size, (size_t)length + 1, format, again);
    }
    if (length >= 0)
        buf->size += (size_t)length;
    buf->data[buf->size] = '\0';
    va_end(again);
}

void hy_buf_addf(struct hy_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(buf, format, args);
    va_end(args);
}

const char *hy_buf_text(const struct hy_buf *buf)
{
    return buf->data ? buf->data : "";
}

char *hy_buf_take(struct hy_buf *buf)
{
    char *text = buf->data ? buf->data : hy_strdup("");
    *buf = (struct hy_buf){0};
    return text;
}

void hy_buf_clear(struct hy_buf *buf)
{
    hy_buf_truncate(buf, 0);
}

void hy_buf_truncate(struct hy_buf *buf, size_t size)
{
    if (size < buf->size) {
        buf->size = size;
        buf->data[size] = '\0';
    }
}

void hy_buf_free(struct hy_buf *buf)
{
    free(buf->data);
    *buf = (struct hy_buf){0};
}
