/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "sim/fault.h"

/* What a schedule asks for, with the times of its profile. */
void sim_settings_of(const struct sim_schedule *schedule, struct sim_settings *settings);

/* One way over a link of this profile, between two hosts, without any fault: how far they are apart, and what comes to it. */
hy_time sim_settings_nearest(const char *profile);
hy_time sim_settings_farthest(const char *profile);
hy_time sim_settings_longest_delay(const char *profile);

#endif
