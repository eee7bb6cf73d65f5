/* SPDX-License-Identifier: Apache-2.0 */
/* Random clusters: made from a seed, run with failures and comings and goings, and watched all the while. */
#ifndef TESTS_UNIT_SCHED_RANDOM_H
#define TESTS_UNIT_SCHED_RANDOM_H

#include "base/buf.h"

#include <stdint.h>

/* A configuration in the grammar of `crm configure`. */
void random_configuration(uint64_t seed, struct hy_buf *out);

/* Ends the test with the seed and the configuration when something that must hold does not. */
void random_run(uint64_t seed);

#endif
