/* SPDX-License-Identifier: Apache-2.0 */
/* What running resources have to say of themselves: the reason that came with the latest answer of each that was good. */
#include "hactl/status.h"

#include <halyard/agent.h>
#include <string.h>

static bool is_good(const struct hy_result *result)
{
    return result->exec == HY_EXEC_DONE && (result->rc == HALYARD_OK || result->rc == HALYARD_RUNNING_PROMOTED ||
                                            result->rc == HALYARD_DEGRADED || result->rc == HALYARD_DEGRADED_PROMOTED);
}

const char *hactl_note(const struct hactl_state *state, const char *rsc, const char *node)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node);
    const struct hy_result *latest = NULL;
    for (size_t i = 0; status && i < status->results.count; i++) {
        const struct hy_result *result = &status->results.items[i];
        if (strcmp(result->rsc, rsc) == 0 && is_good(result) && (!latest || result->call > latest->call))
            latest = result;
    }
    return latest && strcmp(latest->op, "stop") != 0 ? latest->reason : NULL;
}

void hactl_status_notes(const struct hactl_state *state, struct hy_buf *out)
{
    bool any = false;
    for (size_t i = 0; i < state->decision->active_count; i++) {
        const struct hy_active *active = &state->decision->active[i];
        const char *note = active->failed ? NULL : hactl_note(state, active->rsc, active->node);
        if (!note || !*note)
            continue;
        if (!any) {
            hactl_paragraph(out);
            hy_buf_adds(out, "Notes:\n");
        }
        any = true;
        hy_buf_addf(out, "* %s on %s: %s\n", active->rsc, active->node, note);
    }
}
