/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HACTL_READ_FILE_H
#define HACTL_READ_FILE_H

#include "base/buf.h"

/* A file, or standard input for "-"; not much more than HY_TEXT_MAX of it. An exit status. */
int hactl_read_file(const char *name, struct hy_buf *text);

#endif
