/* SPDX-License-Identifier: Apache-2.0 */
/* The orders that a DC gives in a step, each once, however often it is sent. */
#ifndef SIM_DECISIONS_H
#define SIM_DECISIONS_H

#include "sim/world.h"

struct decisions {
    uint64_t last[SIM_MAX_NODES][SIM_MAX_NODES]; /* DC, target -> the highest id seen */
};

typedef void decided_fn(void *context, size_t dc, size_t target, const struct hy_operation *operation);
void decisions_see(struct decisions *decisions, const struct sim_world *world, size_t node,
                   const struct hy_cluster_effects *effects, decided_fn *decided, void *context);

#endif
