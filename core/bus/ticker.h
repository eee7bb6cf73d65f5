/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A periodic timer as a descriptor (timerfd) in a zloop. zloop's own timers do not serve here: one that is ended in
 * its loop's callback may still fire once more, and one that is ended before the loop has ever run makes
 * zloop_destroy() fail an assertion.
 */
#ifndef HY_BUS_TICKER_H
#define HY_BUS_TICKER_H

#include "base/err.h"

#include <czmq.h>
#include <stdint.h>

struct hy_ticker;

/* Calls due(context) every `ms` milliseconds (at least 1). A loop that was late gets one call for all it missed. */
int hy_ticker_start(zloop_t *loop, int64_t ms, void (*due)(void *context), void *context, struct hy_ticker **timer,
                    struct hy_err *err);
/* Also from within due(). Sets *timer to NULL; does nothing when it is NULL. */
void hy_ticker_stop(struct hy_ticker **timer);

#endif
