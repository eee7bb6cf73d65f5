/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last will. A second process, forked from the executor, that does nothing but wait for its end: should the
 * executor be killed, it stops what was under the lease, with the list that the executor keeps for it in shared memory.
 */
#ifndef HY_EXECUTOR_GUARD_H
#define HY_EXECUTOR_GUARD_H

#include "executor/active.h"

struct hy_guard;

/* `env` must live as long as the guard; its lease page too. */
int hy_guard_start(struct hy_loop *loop, const struct hy_exec_env *env, struct hy_guard **guard, struct hy_err *err);

/* Notes what is under the lease now. -ENOSPC: too much; then what was noted before stands. */
int hy_guard_note(struct hy_guard *guard, const struct hy_actives *actives);

/* The executor ends in order: nothing is to be done after it. Waits for the guard's end. */
void hy_guard_dismiss(struct hy_guard **guard);

#endif
