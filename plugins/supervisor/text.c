/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An operation without memory ends here: the host answers for it. */
static void make_room(struct sv_text *text, size_t more)
{
    if (text->room - text->size > more)
        return;
    size_t room = text->room ? text->room : 256;
    while (room - text->size <= more)
        room *= 2;
    char *data = realloc(text->data, room);
    if (!data)
        abort();
    text->data = data;
    text->room = room;
}

void sv_text_add(struct sv_text *text, const char *bytes, size_t size)
{
    make_room(text, size);
    if (size)
        memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void sv_text_adds(struct sv_text *text, const char *words)
{
    sv_text_add(text, words, strlen(words));
}

void sv_text_addf(struct sv_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        abort();
    make_room(text, (size_t)size + 1);
    va_start(args, format);
    vsnprintf(text->data + text->size, (size_t)size + 1, format, args);
    va_end(args);
    text->size += (size_t)size;
}

void sv_text_clear(struct sv_text *text)
{
    text->size = 0;
    if (text->data)
        text->data[0] = '\0';
}

void sv_text_free(struct sv_text *text)
{
    free(text->data);
    *text = (struct sv_text){0};
}

static int is_plain(char c)
{
    return (unsigned char)c >= ' ' && c != 0x7f;
}

void sv_one_line(const char *text, size_t size, char *line, size_t room, int tail)
{
    static const char dots[] = "...";
    enum { DOTS = sizeof dots - 1 };
    while (size && (!is_plain(*text) || *text == ' '))
        text++, size--;
    while (size && (!is_plain(text[size - 1]) || text[size - 1] == ' '))
        size--;
    size_t most = room - 1, used = 0;
    const char *end = text + size;
    if (size > most && tail) {
        memcpy(line, dots, DOTS);
        used = DOTS;
        text = end - (most - DOTS);
    }
    for (; text < end && used < most; text++)
        line[used++] = is_plain(*text) ? *text : ' ';
    if (text < end)
        memcpy(line + most - DOTS, dots, DOTS);
    line[used] = '\0';
}
