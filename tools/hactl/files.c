/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/files.h"

#include "hactl/hactl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_all(FILE *stream, const char *name, size_t most, struct hy_buf *text)
{
    char chunk[16384];
    size_t size;
    while ((size = fread(chunk, 1, sizeof chunk, stream)) > 0 && text->size <= most)
        hy_buf_add(text, chunk, size);
    return ferror(stream) ? hactl_fail("%s: %s", name, strerror(errno)) : HACTL_OK;
}

int hactl_read_file(const char *name, size_t most, struct hy_buf *text)
{
    if (strcmp(name, "-") == 0)
        return read_all(stdin, "standard input", most, text);
    FILE *stream = fopen(name, "re");
    if (!stream)
        return hactl_fail("%s: %s", name, strerror(errno));
    int status = read_all(stream, name, most, text);
    fclose(stream);
    return status;
}

int hactl_write_file(const char *name, const struct hy_buf *text)
{
    if (strcmp(name, "-") == 0)
        return fputs(hy_buf_text(text), stdout) < 0 ? hactl_fail("standard output: %s", strerror(errno)) : HACTL_OK;
    FILE *stream = fopen(name, "we");
    if (!stream)
        return hactl_fail("%s: %s", name, strerror(errno));
    size_t written = fwrite(hy_buf_text(text), 1, text->size, stream);
    if (fclose(stream) || written != text->size)
        return hactl_fail("%s: %s", name, strerror(errno));
    return HACTL_OK;
}

int hactl_create_file(const char *path, const struct hy_buf *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return hactl_fail("%s: %s", path,
                          errno == EEXIST ? "is there already: it is not overwritten" : strerror(errno));
    errno = ENOSPC; /* what a short write means */
    ssize_t written = write(fd, hy_buf_text(text), text->size);
    if (close(fd) || written != (ssize_t)text->size)
        return hactl_fail("%s: cannot be written: %s", path, strerror(errno));
    return HACTL_OK;
}
