/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the executor sound? Its loop comes round, or nobody would ask. Beyond that: the page that says how long the lease lasts
 * is what it should be, and nothing that is under the lease is still active after its end, unless it is being stopped.
 */
#ifndef HY_EXECUTOR_SOUND_H
#define HY_EXECUTOR_SOUND_H

#include "executor/lease.h"

struct hy_sound {
    struct hy_lease *lease;
    bool failed;        /* the last release could not stop all of it */
    hy_time over_since; /* the lease is over, something is active, and nothing is done about it; 0: it is not so */
};

/* Of each release that has ended. */
void hy_sound_released(struct hy_sound *sound, bool clean);

bool hy_sound_is(struct hy_sound *sound, struct hy_err *why);

#endif
