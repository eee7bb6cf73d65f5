/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * HY_SECOND + now.tv_nsec / 1000;
}

hy_time hy_clock_now(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

hy_wall hy_clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}
