/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines that anybody on the network can cause: one in a while, with the number of those that were left out
 * before it. */
#ifndef HY_BUS_RARE_H
#define HY_BUS_RARE_H

#include "base/time.h"

#include <stdbool.h>
#include <stdint.h>

struct hy_rare {
    hy_time next;
    uint64_t left_out;
};

/* May a line be written now? Then *left_out is how many were not since the last; else this one is counted. */
bool hy_rare_allows(struct hy_rare *rare, hy_time period, uint64_t *left_out);

/* This host's clock, as base/time.h has it. */
hy_time hy_bus_now(void);

#endif
