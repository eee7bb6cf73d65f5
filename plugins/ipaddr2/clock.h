/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IPADDR2_CLOCK_H
#define IPADDR2_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t hy_ip_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void hy_ip_sleep_ms(int64_t ms)
{
    struct timespec left = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    while (ms > 0 && nanosleep(&left, &left) < 0)
        ;
}

#endif
