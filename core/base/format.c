/* SPDX-License-Identifier: Apache-2.0 */
#include "base/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct target {
    char *to;
    size_t room;
    size_t size; /* of the whole text, also of what had no room */
};

static void put(struct target *target, const char *text, size_t size)
{
    if (target->size < target->room) {
        size_t fits = target->room - target->size;
        memcpy(target->to + target->size, text, size < fits ? size : fits);
    }
    target->size += size;
}

static void put_decimal(struct target *target, uint64_t value, bool negative)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + value % 10);
    while (value /= 10);
    if (negative)
        digits[--at] = '-';
    put(target, digits + at, sizeof digits - at);
}

static void put_hex(struct target *target, uint64_t value)
{
    char digits[16];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdef"[value & 15];
    while (value >>= 4);
    put(target, digits + at, sizeof digits - at);
}

enum width { INT, LONG, LONG_LONG, SIZE };

static enum width read_width(const char **format)
{
    if (**format == 'z') {
        ++*format;
        return SIZE;
    }
    if (**format != 'l')
        return INT;
    ++*format;
    if (**format != 'l')
        return LONG;
    ++*format;
    return LONG_LONG;
}

/* va_list may be an array: it is passed on in a struct. */
struct arguments {
    va_list list;
};

static uint64_t take_unsigned(struct arguments *args, enum width width)
{
    switch (width) {
    case LONG:
        return va_arg(args->list, unsigned long);
    case LONG_LONG:
        return va_arg(args->list, unsigned long long);
    case SIZE:
        return va_arg(args->list, size_t);
    case INT:
        break;
    }
    return va_arg(args->list, unsigned);
}

static int64_t take_signed(struct arguments *args, enum width width)
{
    switch (width) {
    case LONG:
        return va_arg(args->list, long);
    case LONG_LONG:
    case SIZE: /* not with a sign: see take() */
        return va_arg(args->list, long long);
    case INT:
        break;
    }
    return va_arg(args->list, int);
}

static bool take_text(struct target *target, struct arguments *args)
{
    const char *text = va_arg(args->list, const char *);
    if (text)
        put(target, text, strlen(text));
    return text;
}

/* One conversion, behind its '%'. False: it is one for the C library. */
static bool take(struct target *target, const char **format, struct arguments *args)
{
    if (**format == 's') {
        ++*format;
        return take_text(target, args);
    }
    if (strncmp(*format, ".*s", 3) == 0) {
        *format += 3;
        int most = va_arg(args->list, int);
        const char *text = va_arg(args->list, const char *);
        if (most < 0 || !text)
            return false;
        put(target, text, strnlen(text, (size_t)most));
        return true;
    }
    enum width width = read_width(format);
    char kind = *(*format)++;
    if (kind == 'u') {
        put_decimal(target, take_unsigned(args, width), false);
    } else if (kind == 'x') {
        put_hex(target, take_unsigned(args, width));
    } else if (kind == 'd' && width != SIZE) {
        int64_t value = take_signed(args, width);
        put_decimal(target, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
    } else {
        return false;
    }
    return true;
}

int hy_vformat(char *to, size_t room, const char *format, va_list args)
{
    struct target target = {.to = to, .room = room ? room - 1 : 0};
    struct arguments own;
    va_copy(own.list, args);
    bool known = true;
    for (const char *at = format; known && *at;) {
        size_t plain = strcspn(at, "%");
        put(&target, at, plain);
        at += plain;
        if (*at) {
            at++;
            known = take(&target, &at, &own);
        }
    }
    va_end(own.list);
    if (!known || target.size > INT32_MAX)
        return vsnprintf(to, room, format, args);
    if (room)
        to[target.size < room ? target.size : room - 1] = '\0';
    return (int)target.size;
}
