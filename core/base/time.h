/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two kinds of time, both in microseconds, never mixed:
 *   hy_time  a duration, or a point on this host's CLOCK_BOOTTIME. Leases, timers, deadlines. Never leaves the host.
 *   hy_wall  a point in UTC since 1970. For people, and for what must survive a restart (failure-timeout). The DC
 *            stamps entries with it, so that every node computes with the same one.
 */
#ifndef HY_BASE_TIME_H
#define HY_BASE_TIME_H

#include <stdint.h>

typedef int64_t hy_time;
typedef int64_t hy_wall;

#define HY_MS INT64_C(1000)
#define HY_SECOND INT64_C(1000000)
#define HY_NEVER INT64_MAX /* later than any deadline */

#endif
