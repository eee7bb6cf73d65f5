/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_PLAIN_H
#define SIM_PLAIN_H

#include "sim/observer.h"

extern const struct sim_workload sim_plain_workload;
extern const struct sim_observer sim_plain_check;

#endif
