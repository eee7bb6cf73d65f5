/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/read_file.h"

#include "cib/cib.h"
#include "hactl/hactl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int read_all(FILE *stream, const char *name, struct hy_buf *text)
{
    char chunk[16384];
    size_t size;
    while ((size = fread(chunk, 1, sizeof chunk, stream)) > 0 && text->size <= HY_TEXT_MAX)
        hy_buf_add(text, chunk, size);
    return ferror(stream) ? hactl_fail("%s: %s", name, strerror(errno)) : HACTL_OK;
}

int hactl_read_file(const char *name, struct hy_buf *text)
{
    if (strcmp(name, "-") == 0)
        return read_all(stdin, "standard input", text);
    FILE *stream = fopen(name, "re");
    if (!stream)
        return hactl_fail("%s: %s", name, strerror(errno));
    int status = read_all(stream, name, text);
    fclose(stream);
    return status;
}
