/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines of the thread of heartbeats. It writes none itself: a log may block. They are kept for the main thread. */
#ifndef HY_PULSE_LINES_H
#define HY_PULSE_LINES_H

#include "base/log.h"

struct hy_lines;

/* `added` is called when there is one, in the thread that said it; more than once for several. */
struct hy_lines *hy_lines_new(const struct hy_log *to, void (*added)(void *context), void *context);
/* What is written to this is kept; from any thread. Of more than a thousand the rest is counted. */
const struct hy_log *hy_lines_log(const struct hy_lines *lines);
/* Writes what was kept, in order. */
void hy_lines_flush(struct hy_lines *lines);
/* Flushes. */
void hy_lines_free(struct hy_lines **lines);

#endif
