/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise within the stated bounds (docs/decisions/noise-bounds.md): what a cluster must bear without anything being taken for
 * dead, or let go of. Between two hosts, on a link that is to carry on,
 *
 *      2 (h + x) + m h + s  <=  D (1 - 2 rho) - R - slack
 *
 * h: heartbeat; x: no datagram takes longer; m: so many heartbeats are lost, both ways together, and s: for so long the two
 * hosts stand still, in any time D (dead-after). R: release margin.
 */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "sim/fault.h"

/* Faults of a schedule with `noise`: all within the bounds; and where there are several links, whatever may happen to those that
 * need not carry on. Sets `kinds`. */
void sim_noise_generate(struct sim_schedule *schedule);

#endif
