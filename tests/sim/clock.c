/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/internal.h"

enum { MILLION = 1000000 };

hy_time sim_clock_local(const struct sim_clock *clock, hy_time at)
{
    hy_time passed = at - clock->true_base;
    return clock->local_base + passed + passed * clock->ppm / MILLION;
}

hy_time sim_clock_true(const struct sim_clock *clock, hy_time local)
{
    if (local == HY_NEVER)
        return HY_NEVER;
    hy_time passed = local - clock->local_base;
    hy_time at = clock->true_base + passed - passed * clock->ppm / (MILLION + clock->ppm);
    while (sim_clock_local(clock, at) >= local)
        at--;
    while (sim_clock_local(clock, at) < local)
        at++;
    return at;
}

void sim_clock_set_rate(struct sim_clock *clock, hy_time now, int64_t ppm)
{
    clock->local_base = sim_clock_local(clock, now);
    clock->true_base = now;
    clock->ppm = ppm;
}
