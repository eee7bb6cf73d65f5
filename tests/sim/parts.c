/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of: the workload, and the checks. */
#include "sim/observer.h"

#include "sim/plain.h"

const struct sim_observer *const sim_observers[] = {&sim_plain_check, NULL};
const struct sim_workload *const sim_the_workload = &sim_plain_workload;
