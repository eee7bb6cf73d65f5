/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not managed (is-managed=false, maintenance) is told to this node's executor, so that no watch touches it. Each node
 * finds that out by itself, from the configuration that it has applied: the DC need not be there for it.
 */
#ifndef HY_DAEMON_HANDS_OFF_H
#define HY_DAEMON_HANDS_OFF_H

#include "base/buf.h"
#include "cib/cib.h"
#include "executor/executor.h"

struct hy_hands_off {
    char *said; /* to the executor; NULL: nothing yet */
    hy_wall changed;
    uint64_t index;
    hy_time looked;
};

/* Asked after each step: costs next to nothing. */
bool hy_hands_off_is_due(const struct hy_hands_off *hands_off, const struct hy_cib *cib, hy_time now);
/* With a CIB that is known to be the present one: an older one would let watches loose. 0, or what hy_executor_hands_off()
 * says. */
int hy_hands_off_look(struct hy_hands_off *hands_off, const struct hy_cib *cib, const char *node, hy_time now,
                      hy_wall wall, struct hy_executor_link *executor);
void hy_hands_off_free(struct hy_hands_off *hands_off);

#endif
