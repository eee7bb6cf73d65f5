/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HACTL_FILES_H
#define HACTL_FILES_H

#include "base/buf.h"

#include <sys/types.h>

/* A file, or standard input for "-"; of what is longer than `most` bytes not much more than those. An exit status. */
int hactl_read_file(const char *name, size_t most, struct hy_buf *text);
/* "-": standard output. */
int hactl_write_file(const char *name, const struct hy_buf *text);
/* A new one; what is there already is not overwritten. */
int hactl_create_file(const char *path, const struct hy_buf *text, mode_t mode);

#endif
