/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as processes of their own, so that a crash or an endless loop of the product is a finding like others; and from a
 * schedule that fails, a smaller one that fails in the same way. */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "sim/fault.h"

#include <stdio.h>

struct sim_result {
    char violation[64]; /* "": none */
    char text[1024];
    hy_time at;
    uint64_t hash, steps, events;
    hy_time simulated;
    double seconds;
};

struct sim_view {
    FILE *out;       /* lines go here as they come; NULL */
    bool everything; /* heartbeats too */
    bool last_lines; /* the last ones are printed after a violation */
    hy_time from;
};

void sim_run_here(struct sim_schedule *schedule, const struct sim_view *view, struct sim_result *result);
/* In a child, ended after `limit` seconds. What ends it is a violation: "crashed", "hangs". */
void sim_run_apart(struct sim_schedule *schedule, const struct sim_view *view, unsigned limit,
                   struct sim_result *result);

/* Makes `schedule`, which has failed as `result` says, smaller as long as there are `seconds`. */
void sim_shrink(struct sim_schedule *schedule, struct sim_result *result, unsigned seconds);

#endif
