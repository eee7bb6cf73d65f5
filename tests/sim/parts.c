/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of: the workload, and the checks. */
#include "sim/checks.h"

#define SIM_LISTED(name, number, ...) [number] = &sim_check_##name,
const struct sim_observer *const sim_observers[] = {SIM_CHECKS(SIM_LISTED, ) NULL};
const struct sim_workload *const sim_the_workload = &sim_operator;
