/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has let go of a resource just now, in good order: whoever takes it over need not ask the network whether somebody
 * still has it. This DC itself has ordered the stop, and has ordered no start since: after one the resource may be with
 * a node that is lost meanwhile, and of that the state says nothing any more.
 */
#include "cluster/internal.h"

#include <stdlib.h>
#include <string.h>

static const hy_time FRESH = 2 * HY_SECOND; /* later others may have taken what lies free */

static void drop(handover_list *handovers, size_t at)
{
    free(handovers->items[at].rsc);
    free(handovers->items[at].node);
    hy_vec_remove(handovers, at);
}

void hy_handover_reset(handover_list *handovers)
{
    while (handovers->count)
        drop(handovers, handovers->count - 1);
    hy_vec_free(handovers);
}

void hy_handover_stopped(handover_list *handovers, const char *rsc, const char *node, hy_time now)
{
    for (size_t i = handovers->count; i-- > 0;)
        if (now - handovers->items[i].at >= FRESH || strcmp(handovers->items[i].rsc, rsc) == 0)
            drop(handovers, i);
    hy_vec_push(handovers, ((struct handover){.rsc = hy_strdup(rsc), .node = hy_strdup(node), .at = now}));
}

static bool succeeded(const struct hy_result *result)
{
    return result && result->exec == HY_EXEC_DONE && result->rc == 0;
}

/* Its start there had found nobody else (or had it handed over), and its stop has said that it is gone. A start that failed
 * may have failed because of somebody who has it all the time. */
static bool in_good_order(const struct hy_node_status *status, const char *rsc)
{
    const struct hy_result *start = status ? hy_cib_result(status, rsc, "start", 0) : NULL;
    const struct hy_result *stop = status ? hy_cib_result(status, rsc, "stop", 0) : NULL;
    return succeeded(start) && succeeded(stop) && start->call < stop->call && status->state == HY_MEMBER_IN;
}

const char *hy_handover_take(handover_list *handovers, const struct hy_cib *cib, const char *rsc, hy_time now)
{
    const char *from = NULL;
    for (size_t i = handovers->count; i-- > 0;) {
        if (strcmp(handovers->items[i].rsc, rsc) != 0)
            continue;
        const struct hy_node_status *status = hy_cib_node(cib, handovers->items[i].node);
        if (now - handovers->items[i].at < FRESH && in_good_order(status, rsc))
            from = status->node;
        drop(handovers, i);
    }
    return from;
}
