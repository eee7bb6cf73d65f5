/* SPDX-License-Identifier: Apache-2.0 */
/* Golden cases of the scheduler: see tests/golden/scheduler/README.md for what is in a file. */
#ifndef TESTS_UNIT_SCHED_CASE_H
#define TESTS_UNIT_SCHED_CASE_H

#include "base/buf.h"

/* Runs one case file; writes what is not as expected, readable, into `difference` (empty: all as expected). */
void sched_case_run(const char *path, struct hy_buf *difference);

#endif
