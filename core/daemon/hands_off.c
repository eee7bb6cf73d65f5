/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/hands_off.h"

#include "base/alloc.h"
#include "scheduler/scheduler.h"

#include <stdlib.h>
#include <string.h>

enum { AGAIN_SECONDS = 1, AT_REST_SECONDS = 60 };

/* An edit of the configuration counts at once. Attributes of nodes, which are no edits, within a second; a rule that holds
 * from some time on within a minute. */
bool hy_hands_off_is_due(const struct hy_hands_off *hands_off, const struct hy_cib *cib, hy_time now)
{
    if (!hands_off->said || cib->changed != hands_off->changed)
        return true;
    hy_time least = cib->index == hands_off->index ? AT_REST_SECONDS : AGAIN_SECONDS;
    return now - hands_off->looked >= least * HY_SECOND;
}

int hy_hands_off_look(struct hy_hands_off *hands_off, const struct hy_cib *cib, const char *node, hy_time now,
                      hy_wall wall, struct hy_executor_link *executor)
{
    struct hy_buf names = {0};
    const struct hy_sched_input input = {.cib = cib, .now = wall, .quorum = true};
    hy_sched_hands_off(&input, node, &names);
    const char *text = hy_buf_text(&names);
    bool same = hands_off->said && strcmp(hands_off->said, text) == 0;
    int rc = same ? 0 : hy_executor_hands_off(executor, text);
    if (!rc) {
        free(hands_off->said);
        hands_off->said = hy_strdup(text);
        hands_off->changed = cib->changed;
        hands_off->index = cib->index;
        hands_off->looked = now;
    }
    hy_buf_free(&names);
    return rc;
}

void hy_hands_off_free(struct hy_hands_off *hands_off)
{
    free(hands_off->said);
    hands_off->said = NULL;
}
