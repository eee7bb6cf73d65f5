/* SPDX-License-Identifier: Apache-2.0 */
/* A typed line to words, with the quoting of the shell that users type crm's lines in. */
#ifndef HACTL_SPLIT_H
#define HACTL_SPLIT_H

#include "base/err.h"
#include "base/vec.h"

struct hactl_words {
    HY_VEC(char *) list; /* of hactl_split(): ends with a NULL that is not counted */
};

/* 'single', "double" (\" and \\ in it), backslash; a line that begins with # is a comment. -EINVAL. */
int hactl_split(const char *line, struct hactl_words *words, struct hy_err *err);
void hactl_words_free(struct hactl_words *words);

#endif
