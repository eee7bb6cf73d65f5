/* SPDX-License-Identifier: Apache-2.0 */
/* What a run is made of: the workload, and the checks. */
#include "sim/checks.h"

const struct sim_observer *const sim_observers[] = {
    &sim_check_elections, &sim_check_log,    &sim_check_state,    &sim_check_linear,   &sim_check_lease,
    &sim_check_quorum,    &sim_check_orders, &sim_check_rules,    &sim_check_memory,   &sim_check_stale,
    &sim_check_dc,        &sim_check_once,   &sim_check_promises, &sim_check_liveness, NULL};
const struct sim_workload *const sim_the_workload = &sim_operator;
