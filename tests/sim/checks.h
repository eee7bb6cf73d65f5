/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants, each in a file of its own; what must hold stands at the head of that file. */
#ifndef SIM_CHECKS_H
#define SIM_CHECKS_H

#include "sim/observer.h"

extern const struct sim_observer sim_check_elections;
extern const struct sim_observer sim_check_log;
extern const struct sim_observer sim_check_state;
extern const struct sim_observer sim_check_linear;
extern const struct sim_observer sim_check_lease;
extern const struct sim_observer sim_check_quorum;
extern const struct sim_observer sim_check_orders;
extern const struct sim_observer sim_check_stale;
extern const struct sim_observer sim_check_rules;
extern const struct sim_observer sim_check_memory;
extern const struct sim_observer sim_check_dc;
extern const struct sim_observer sim_check_once;
extern const struct sim_observer sim_check_promises;
extern const struct sim_observer sim_check_liveness;

extern const struct sim_workload sim_operator;

#endif
