/* SPDX-License-Identifier: Apache-2.0 */
/* A timer that comes again and again. */
#ifndef HY_BUS_TICKER_H
#define HY_BUS_TICKER_H

#include "base/err.h"
#include "loop/loop.h"

struct hy_ticker;

/* Calls due(context) every `ms` milliseconds (at least 1). A loop that was late gets one call for all it missed. */
int hy_ticker_start(struct hy_loop *loop, int64_t ms, void (*due)(void *context), void *context,
                    struct hy_ticker **timer, struct hy_err *err);
/* Also from within due(). Sets *timer to NULL; does nothing when it is NULL. */
void hy_ticker_stop(struct hy_ticker **timer);

#endif
