/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster found`: the first start of a cluster of which not all nodes can be brought up. */
#include "hactl/commands.h"
#include "hactl/connection.h"
#include "hactl/state.h"

#include <stdio.h>
#include <string.h>

enum kind { BLANK, SILENT, FORMED };

static enum kind kind_of(const json_t *node)
{
    if (!json_is_true(json_object_get(node, "heard")))
        return SILENT;
    return json_is_true(json_object_get(node, "blank")) ? BLANK : FORMED;
}

/* The names of the nodes of a kind. */
static size_t print_nodes(const struct hactl_state *state, enum kind kind, struct hy_buf *out)
{
    size_t count = 0;
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node)
    {
        if (kind_of(node) != kind)
            continue;
        hy_buf_addf(out, "%s%s", count ? ", " : "", json_string_value(json_object_get(node, "name")));
        count++;
    }
    return count;
}

static int found(struct hactl *h, const struct hactl_state *state)
{
    struct hy_buf there = {0}, missing = {0}, formed = {0};
    int status = HACTL_OK;
    int code = 0;
    struct hy_err refusal = {{0}};
    print_nodes(state, BLANK, &there);
    size_t away = print_nodes(state, SILENT, &missing);
    if (!hactl_state_flag(state, "blank"))
        status = hactl_fail("%s has a cluster already: there is nothing to found", hactl_state_text(state, "node"));
    else if (print_nodes(state, FORMED, &formed))
        status = hactl_fail(
            "in a cluster already: %s. This node is let in there; or everybody begins anew, with empty state "
            "folders",
            hy_buf_text(&formed));
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
    hy_buf_free(&formed);
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
