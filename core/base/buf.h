/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes, always followed by a NUL that is not counted, so that `data` is a C string when what was
 * added is text. A zeroed struct is an empty buffer. Owner calls hy_buf_free().
 */
#ifndef HY_BASE_BUF_H
#define HY_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hy_buf {
    char *data; /* NULL while nothing was ever added; use hy_buf_text() for a string in any case */
    size_t size;
    size_t capacity;
};

/* Makes room for so many bytes more, of one who knows how many will come. */
void hy_buf_reserve(struct hy_buf *buf, size_t more);

/* Makes it longer by so many bytes, which the caller writes. */
static inline char *hy_buf_extend(struct hy_buf *buf, size_t size)
{
    if (buf->capacity - buf->size <= size)
        hy_buf_reserve(buf, size);
    char *at = buf->data + buf->size;
    buf->size += size;
    buf->data[buf->size] = '\0';
    return at;
}

void hy_buf_add(struct hy_buf *buf, const void *data, size_t size);

/* Here, so that the length of a literal is known where it is added. */
static inline void hy_buf_adds(struct hy_buf *buf, const char *text)
{
    hy_buf_add(buf, text, strlen(text));
}

static inline void hy_buf_addc(struct hy_buf *buf, char c)
{
    *hy_buf_extend(buf, 1) = c;
}
/* In decimal. */
void hy_buf_addu(struct hy_buf *buf, uint64_t value);
void hy_buf_addi(struct hy_buf *buf, int64_t value);

void hy_buf_addf(struct hy_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void hy_buf_vaddf(struct hy_buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* The content as a string, "" when empty. Valid until the next change. */
const char *hy_buf_text(const struct hy_buf *buf);

/* Hands the content over as a string (never NULL) and leaves the buffer empty. Caller frees. */
char *hy_buf_take(struct hy_buf *buf);

/* Empties; keeps the memory. */
void hy_buf_clear(struct hy_buf *buf);

/* Cuts the content to `size` bytes (no-op when it is shorter). */
void hy_buf_truncate(struct hy_buf *buf, size_t size);

/* Releases; the buffer is empty and usable again. */
void hy_buf_free(struct hy_buf *buf);

#endif
