/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/rare.h"

#include <time.h>

hy_time hy_bus_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * HY_SECOND + time.tv_nsec / 1000;
}

bool hy_rare_allows(struct hy_rare *rare, hy_time period, uint64_t *left_out)
{
    hy_time now = hy_bus_now();
    if (now < rare->next) {
        rare->left_out++;
        return false;
    }
    *left_out = rare->left_out;
    *rare = (struct hy_rare){.next = now + period};
    return true;
}
