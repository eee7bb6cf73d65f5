/* SPDX-License-Identifier: Apache-2.0 */
/* Moments are milliseconds on CLOCK_MONOTONIC. */
#ifndef SUPERVISOR_CLOCK_H
#define SUPERVISOR_CLOCK_H

#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

static inline int64_t sv_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For poll(2). */
static inline int sv_until(int64_t moment)
{
    int64_t left = moment - sv_now();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static inline void sv_pause(int ms)
{
    poll(NULL, 0, ms);
}

#endif
