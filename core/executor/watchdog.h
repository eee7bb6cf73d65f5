/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watchdog device (watchdog(4) of Linux: hardware, or softdog): it resets the host when it has not been fed for a while.
 * It is fed as long as the executor is sound, and by nobody else. docs/decisions/watchdog.md.
 */
#ifndef HY_EXECUTOR_WATCHDOG_H
#define HY_EXECUTOR_WATCHDOG_H

#include "base/log.h"
#include "loop/loop.h"

struct hy_buf;
struct hy_watchdog; /* opaque */

/* Opens the device, and so sets it going. -ENOENT and such: it is not there, in use, or no watchdog. The log is told what
 * it is, and what it does not do as it should. */
int hy_watchdog_open(const char *device, hy_time timeout, const struct hy_log *log, struct hy_watchdog **watchdog,
                     struct hy_err *err);
/* What can be told of it without opening it: that would set it going. */
int hy_watchdog_check(const char *device, struct hy_err *err);
/* "/dev/watchdog0 (softdog), 10 s" */
void hy_watchdog_describe(const struct hy_watchdog *watchdog, struct hy_buf *out);

/* From now on it is fed by the loop, as long as sound() says yes; it says why not in `why`. */
typedef bool hy_sound_fn(void *context, struct hy_err *why);
void hy_watchdog_begin(struct hy_watchdog *watchdog, struct hy_loop *loop, hy_sound_fn *sound, void *context);

/* `stop`: it is not to go on. Else it resets the host when its time is over, unless the next life of the daemon opens it
 * before that. */
void hy_watchdog_close(struct hy_watchdog **watchdog, bool stop);

#endif
