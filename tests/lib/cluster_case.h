/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of whole clusters ask and demand of the simulated one. */
#ifndef TESTS_LIB_CLUSTER_CASE_H
#define TESTS_LIB_CLUSTER_CASE_H

#include "lib/cluster_sim.h"

/* Conditions for sim_run_until(). */
struct where {
    size_t node;
    const char *rsc;
};
sim_condition has_dc, answered /* uint64_t */, runs /* struct where */, holds_nothing /* likewise */, down /* size_t */,
    runs_somewhere /* char */;

/* These end the test when it does not come to that. */
void must_have_dc(struct sim *sim);
void must_run(struct sim *sim, size_t node, const char *rsc, hy_time within);
void must_be_quiet(struct sim *sim);
void edit(struct sim *sim, size_t node, const char *statements); /* a command that must be taken */

/* All hosts are started; a VIP that prefers test2, and a clone everywhere. */
struct sim *start_cluster(struct sim *sim);
struct sim *seed_cluster(uint64_t seed); /* three nodes */

#endif
