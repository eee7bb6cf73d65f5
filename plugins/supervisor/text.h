/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that grow. */
#ifndef SUPERVISOR_TEXT_H
#define SUPERVISOR_TEXT_H

#include <stddef.h>

struct sv_text {
    char *data; /* ends with a NUL behind `size` bytes; NULL while empty */
    size_t size, room;
};

void sv_text_add(struct sv_text *text, const char *bytes, size_t size);
void sv_text_adds(struct sv_text *text, const char *words);
void sv_text_addf(struct sv_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sv_text_clear(struct sv_text *text);
void sv_text_free(struct sv_text *text);

/* Fits what may be of any length and hold any byte into one printable line: blanks for what does not print, cut at the
 * end with "...", the last words kept when `tail`. */
void sv_one_line(const char *text, size_t size, char *line, size_t room, int tail);

#endif
