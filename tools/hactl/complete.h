/* SPDX-License-Identifier: Apache-2.0 */
/* What may be typed next. */
#ifndef HACTL_COMPLETE_H
#define HACTL_COMPLETE_H

#include "hactl/hactl.h"

/* What may be the last word of `line`, typed in `level`: the words, one a line. The cluster is asked for the names of
 * resources and nodes; when it cannot be asked there are none. */
void hactl_complete(struct hactl *h, const char *level, const char *line, struct hy_buf *out);

#endif
