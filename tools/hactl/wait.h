/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting until the cluster has done what was asked, by asking again. */
#ifndef HACTL_WAIT_H
#define HACTL_WAIT_H

#include "hactl/state.h"

/* Is it so in this state? `what` is filled with what is still missing, when it is not. */
typedef bool hactl_until_fn(const struct hactl_state *state, const void *context, struct hy_buf *what);

/* Asks until it is so, at most h->patience_ms; says what was still missing then, and returns an exit status. */
int hactl_wait_until(struct hactl *h, hactl_until_fn *until, const void *context);

int64_t hactl_now_ms(void); /* CLOCK_MONOTONIC */
void hactl_pause_ms(int ms);

/* Until the cluster has nothing left to do that it can do. */
int hactl_wait_settled(struct hactl *h);

#endif
