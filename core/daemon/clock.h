/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks of base/time.h, read. */
#ifndef HY_DAEMON_CLOCK_H
#define HY_DAEMON_CLOCK_H

#include "base/time.h"

hy_time hy_clock_now(void);
hy_wall hy_clock_wall(void);

#endif
