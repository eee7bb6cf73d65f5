/* SPDX-License-Identifier: Apache-2.0 */
/* `cluster remove` and `node delete`: a node is taken out for good. */
#include "cib/command.h"
#include "hactl/change.h"
#include "hactl/commands.h"
#include "hactl/edit.h"
#include "hactl/wait.h"

#include <stdio.h>
#include <string.h>

/* Without this node, would those that are left, and are heard, be a majority? */
static int check_majority(const struct hactl_state *state, const char *node)
{
    size_t left = 0, heard = 0;
    size_t at;
    json_t *entry;
    json_array_foreach(json_object_get(state->report, "nodes"), at, entry)
    {
        const char *part = json_string_value(json_object_get(entry, "part"));
        const char *name = json_string_value(json_object_get(entry, "name"));
        if (!part || !name || strcmp(part, "voter") != 0 || strcmp(name, node) == 0)
            continue;
        left++;
        heard += json_is_true(json_object_get(entry, "heard"));
    }
    if (2 * heard > left)
        return HACTL_OK;
    return hactl_fail(
        "without %s only %zu of the %zu voters left would be there, which is no majority: bring the others "
        "back, or remove them first (--force: do it nevertheless)",
        node, heard, left);
}

static int strike(struct hactl *h, const struct hactl_state *state, const char *node)
{
    struct hactl_edit edit;
    struct hy_buf statement = {0};
    hactl_edit_begin(&edit, h, state);
    if (hy_cib_node(state->cib, node)->enrolled.address)
        hy_command_strike(&statement, node);
    hactl_edit_add(&edit, &statement);
    if (!statement.size) /* it was only written, and has never been enrolled */
        hactl_edit_remove(&edit, node);
    hy_buf_free(&statement);
    return hactl_edit_send(&edit);
}

struct removal {
    const char *node;
    struct hy_buf *said; /* what was last told to be waited for */
};

static bool is_out(const struct hactl_state *state, const void *context, struct hy_buf *what)
{
    const struct removal *removal = context;
    if (!hy_cib_node(state->cib, removal->node) || hactl_state_flag(state, "out"))
        return true;
    if (!hactl_change_waits(state, removal->node, what))
        hy_buf_addf(what, "%s to be taken out", removal->node);
    if (strcmp(hy_buf_text(what), hy_buf_text(removal->said)) != 0) {
        hactl_info("waiting for %s", hy_buf_text(what));
        fflush(stdout);
        hy_buf_clear(removal->said);
        hy_buf_adds(removal->said, hy_buf_text(what));
    }
    struct hy_buf whole = {0};
    hy_buf_addf(&whole, "it goes on, and waits for %s", hy_buf_text(what));
    hy_buf_clear(what);
    hy_buf_adds(what, hy_buf_text(&whole));
    hy_buf_free(&whole);
    return false;
}

static int remove_node(struct hactl *h, const struct hactl_state *state, const char *node)
{
    int status = hactl_state_is_node(state, node) ? HACTL_OK : HACTL_FAILED;
    if (!status && !h->force)
        status = check_majority(state, node);
    if (!status)
        status = strike(h, state, node);
    if (status)
        return status;
    if (!hy_cib_node(state->cib, node)->enrolled.address) {
        hactl_info("%s was never in the cluster: it is out of the configuration", node);
        return HACTL_OK;
    }
    struct hy_buf said = {0};
    const struct removal removal = {node, &said};
    status = hactl_wait_until(h, is_out, &removal);
    hy_buf_free(&said);
    if (!status)
        hactl_info("%s is out. Before it may be added again: stop halyardd there, and empty its state folder (%s)",
                   node, h->config->paths.state);
    return status;
}

int hactl_cluster_remove(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    status = remove_node(h, &state, argv[1]);
    hactl_state_free(&state);
    return status;
}

/* As crm does: one that is there is not deleted by the way. */
int hactl_node_delete(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    struct hactl_state state;
    int status = hactl_state_fetch(h, &state);
    if (status)
        return status;
    if (hactl_state_online(&state, argv[1]) && !h->force)
        status =
            hactl_fail("%s is online: stop halyardd there first, or use `hactl cluster remove %s`, which moves its "
                       "resources away",
                       argv[1], argv[1]);
    else
        status = remove_node(h, &state, argv[1]);
    hactl_state_free(&state);
    return status;
}
