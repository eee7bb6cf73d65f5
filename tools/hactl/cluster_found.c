/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster found`: the first start of a cluster of which not all nodes can be brought up. */
#include "hactl/commands.h"
#include "hactl/connection.h"
#include "hactl/state.h"

#include <stdio.h>
#include <string.h>

/* The names of the nodes that are blank and heard, or of those that are not. */
static size_t print_nodes(const struct hactl_state *state, bool blank, struct hy_buf *out)
{
    size_t count = 0;
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node)
    {
        bool is = json_is_true(json_object_get(node, "heard")) && json_is_true(json_object_get(node, "blank"));
        if (is != blank)
            continue;
        hy_buf_addf(out, "%s%s", count ? ", " : "", json_string_value(json_object_get(node, "name")));
        count++;
    }
    return count;
}

static int found(struct hactl *h, const struct hactl_state *state)
{
    struct hy_buf there = {0}, missing = {0};
    int status = HACTL_OK;
    int code = 0;
    struct hy_err refusal = {{0}};
    print_nodes(state, true, &there);
    size_t away = print_nodes(state, false, &missing);
    if (!hactl_state_flag(state, "blank"))
        status = hactl_fail("%s has a cluster already: there is nothing to found", hactl_state_text(state, "node"));
    else if (away && !h->force)
        status = hactl_fail("not heard: %s. To found the cluster with %s alone is safe only if none of the missing "
                            "nodes runs, and each "
                            "has an empty state folder when it is started: what they hold would be a second cluster, "
                            "and both would run "
                            "the same resources. If that is so: `hactl cluster found --force`",
                            hy_buf_text(&missing), hy_buf_text(&there));
    if (!status)
        status = hactl_send_found(h, &code, &refusal);
    if (!status && code)
        status = hactl_fail("%s", refusal.text);
    else if (!status)
        hactl_info("founded by %s%s%s", hy_buf_text(&there), away ? "; let in as they come, with empty disks: " : "",
                   hy_buf_text(&missing));
    hy_buf_free(&there);
    hy_buf_free(&missing);
    return status;
}

int hactl_cluster_found(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct hactl_state state;
    int status = hactl_state_glance(h, &state);
    if (status)
        return status;
    status = found(h, &state);
    hactl_state_free(&state);
    return status;
}
