/* SPDX-License-Identifier: Apache-2.0 */
/* A cluster without hosts: a CIB, the operations under way, and the making true of what the scheduler asks for. */
#ifndef TESTS_UNIT_SCHED_WORLD_H
#define TESTS_UNIT_SCHED_WORLD_H

#include "base/buf.h"
#include "scheduler/scheduler.h"

struct world {
    struct hy_cib *cib;
    hy_wall now;
    bool quorum;
    uint64_t call, index, seq;
    HY_VEC(struct hy_inflight) inflight;
    struct hy_returns returns;
};

/* Ends the test when the configuration cannot be read. */
void world_init(struct world *world, const char *configuration);
void world_free(struct world *world);

/* Takes the configuration anew; the status stays. */
void world_configure(struct world *world, const char *configuration);

void world_member(struct world *world, const char *node, enum hy_member_state state, bool synced);

/* Sets what is not NULL or 0 in `like`; call and time are given here. Counts the failure as the CIB does. */
void world_result(struct world *world, const char *node, const struct hy_result *like);
void world_fail(struct world *world, const char *node, const char *rsc, const char *op, hy_time interval, int count);
/* What the decision says was announced in vain is forgotten, as the DC does it. */
void world_forget(struct world *world, const struct hy_decision *decision);
void world_cleanup(struct world *world, const char *rsc);

struct hy_decision *world_decide(const struct world *world);

/* The action has been done, and well. A probe finds nothing. */
void world_do(struct world *world, const struct hy_action *action);

/* Decides and does, until there is nothing left to be done: true. False when it does not end. `one_by_one`: a new decision after each action. */
bool world_settle(struct world *world, bool one_by_one);

/* What is wrong with a decision by itself (actions on nodes that are away, circles, doubles, no reason); "" when nothing is. */
const char *world_check(const struct world *world, const struct hy_decision *decision, struct hy_buf *out);

void world_print_action(const struct hy_action *action, struct hy_buf *out);

#endif
