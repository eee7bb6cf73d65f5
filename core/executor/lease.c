/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/lease.h"

#include "base/mutant.h"

#include <string.h>

enum { TRY_AGAIN_SECONDS = 5 };

bool hy_lease_page_allows(const struct hy_lease_page *page, const struct hy_operation *operation)
{
    if (!operation->lease || !hy_changes_state(operation->op) || strcmp(operation->op, "stop") == 0 ||
        strcmp(operation->op, "demote") == 0)
        return true;
    bool older = operation->epoch && operation->epoch < atomic_load(&page->since);
    return !older && hy_loop_now() < atomic_load(&page->deadline);
}

/* What is active from now on begins with the lease as it is. */
static void begin(struct hy_lease *lease)
{
    lease->since = atomic_load(&lease->page->since);
    lease->begun = true;
}

bool hy_lease_holds(struct hy_lease *lease, uint32_t epoch)
{
    if (!hy_actives_any_leased(lease->actives))
        begin(lease);
    if (epoch && epoch < atomic_load(&lease->page->since))
        return false; /* a verdict came between the order and now: it has been given to others */
    return hy_loop_now() < atomic_load(&lease->page->deadline) && lease->since == atomic_load(&lease->page->since);
}

static void look(void *context);

static void released(void *context, bool clean, const char *report)
{
    struct hy_lease *lease = context;
    hy_log_line(lease->log, clean ? HY_LOG_WARNING : HY_LOG_ERROR, "the lease had ended: %s", report);
    if (clean)
        lease->since = atomic_load(&lease->page->since);
    lease->released(lease->context, clean, report);
    if (!hy_actives_any_leased(lease->actives))
        return;
    if (clean || hy_lease_holds(lease, 0))
        hy_lease_look(lease); /* it was started under a lease that began meanwhile, and may have ended by now */
    else
        hy_loop_at(lease->loop, &lease->timer, hy_loop_now() + TRY_AGAIN_SECONDS * HY_SECOND, look, lease);
}

static void look(void *context)
{
    struct hy_lease *lease = context;
    if (!hy_actives_any_leased(lease->actives) || HY_MUTANT(LEASE_NOT_WATCHED))
        return;
    if (hy_lease_holds(lease, 0))
        hy_lease_look(lease);
    else
        hy_queue_release(lease->queue, "this node's lease has ended", released, lease);
}

void hy_lease_look(struct hy_lease *lease)
{
    if (!hy_actives_any_leased(lease->actives)) {
        lease->begun = false;
        return;
    }
    if (!lease->begun) /* nobody asked: it was found active, or what nobody knew of is being stopped */
        begin(lease);
    hy_time at = lease->since == atomic_load(&lease->page->since) ? atomic_load(&lease->page->deadline) : hy_loop_now();
    hy_loop_at(lease->loop, &lease->timer, at, look, lease);
}
