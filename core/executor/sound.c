/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/sound.h"

#include <string.h>

enum { LATE_MS = 1000 }; /* a release begins within a fraction of one */

void hy_sound_released(struct hy_sound *sound, bool clean)
{
    sound->failed = !clean;
}

static bool page_is_whole(const struct hy_lease_page *page)
{
    return page->magic == HY_LEASE_PAGE_MAGIC && page->version == HY_LEASE_PAGE_VERSION;
}

bool hy_sound_is(struct hy_sound *sound, struct hy_err *why)
{
    struct hy_lease *lease = sound->lease;
    hy_time now = hy_loop_now();
    if (!page_is_whole(lease->page)) {
        hy_fail(why, 0, "the lease page is damaged");
        return false;
    }
    if (!hy_actives_any_leased(lease->actives) || hy_lease_holds(lease, 0)) {
        sound->over_since = 0;
        sound->failed = false; /* what could not be stopped is this node's again, or gone */
        return true;
    }
    if (sound->failed) {
        hy_fail(why, 0, "the lease has ended, and what is under it cannot be stopped");
        return false;
    }
    if (hy_queue_is_releasing(lease->queue)) {
        sound->over_since = 0;
        return true;
    }
    if (!sound->over_since)
        sound->over_since = now;
    if (now - sound->over_since < LATE_MS * HY_MS)
        return true;
    hy_fail(why, 0, "the lease has ended, and what is under it is not being stopped");
    return false;
}
