/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vsnprintf(), by the same rules and with the same result. Nearly all that is printed here is %s, %u and their like without
 * width: those cost a few instructions this way, and everything else is left to the C library.
 */
#ifndef HY_BASE_FORMAT_H
#define HY_BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

int hy_vformat(char *to, size_t room, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

#endif
