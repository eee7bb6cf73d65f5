/* SPDX-License-Identifier: Apache-2.0 */
/* Lines from a terminal, with history and completion (libedit). */
#ifndef HACTL_READER_H
#define HACTL_READER_H

#include "hactl/hactl.h"

struct hactl_reader;

struct hactl_reader *hactl_reader_open(struct hactl *h);
/* The next line, without its newline; NULL: there is none any more. Caller frees. */
char *hactl_reader_line(struct hactl_reader *reader, const char *prompt, const char *level);
void hactl_reader_close(struct hactl_reader **reader);

#endif
