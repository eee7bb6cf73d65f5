/* SPDX-License-Identifier: Apache-2.0 */
#include "hactl/change.h"

#include <string.h>

enum { MOST_VOTERS = 7 }; /* more are kept as learners: core/cluster/servers.c */

static bool flag_of(const json_t *node, const char *key)
{
    return json_is_true(json_object_get(node, key));
}

static bool has_part(const json_t *node, const char *part)
{
    const char *text = json_string_value(json_object_get(node, "part"));
    return text && strcmp(text, part) == 0;
}

size_t hactl_voters(const struct hactl_state *state)
{
    size_t count = 0;
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node) count += has_part(node, "voter");
    return count;
}

static const struct hy_enrolment *enrolment(const struct hactl_state *state, const char *node)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node);
    return status && status->enrolled.address ? &status->enrolled : NULL;
}

void hactl_part_print(const struct hactl_state *state, const char *node, struct hy_buf *out)
{
    const json_t *entry = hactl_state_node(state, node);
    const struct hy_enrolment *enrolled = enrolment(state, node);
    bool witness = flag_of(entry, "witness");
    bool own = strcmp(node, hactl_state_text(state, "node")) == 0;
    if (own && hactl_state_flag(state, "out"))
        hy_buf_adds(out, "out");
    else if (enrolled && enrolled->striking)
        hy_buf_adds(out, "being taken out");
    else if (flag_of(entry, "blank"))
        hy_buf_adds(out, "blank"); /* of a voter: with another disk than the one that votes */
    else if (has_part(entry, "voter"))
        hy_buf_adds(out, witness ? "witness" : "voter");
    else if (has_part(entry, "learner"))
        hy_buf_adds(out, witness ? "learner, to be a witness" : "learner");
    else
        hy_buf_adds(out, "not in yet");
}

/* The resources that still run there, as a list. */
static size_t print_active(const struct hactl_state *state, const char *node, struct hy_buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < state->decision->active_count; i++) {
        if (strcmp(state->decision->active[i].node, node) != 0)
            continue;
        hy_buf_addf(out, "%s%s", count ? ", " : "", state->decision->active[i].rsc);
        count++;
    }
    return count;
}

static void leaving_waits(const struct hactl_state *state, const char *node, struct hy_buf *what)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node);
    const json_t *entry = hactl_state_node(state, node);
    bool heard = flag_of(entry, "heard");
    if (status->state == HY_MEMBER_IN && !heard)
        hy_buf_addf(what, "a majority to declare %s gone", node);
    else if (status->state == HY_MEMBER_IN && print_active(state, node, what))
        hy_buf_addf(what, " to be stopped on %s", node);
    else if (status->state == HY_MEMBER_IN)
        hy_buf_addf(what, "%s to take its leave", node);
    else if (has_part(entry, "none"))
        hy_buf_addf(what, "%s to be struck off the list", node);
    else
        hy_buf_addf(what, "the other nodes to go on without %s", node);
}

bool hactl_change_waits(const struct hactl_state *state, const char *node, struct hy_buf *what)
{
    const struct hy_enrolment *enrolled = enrolment(state, node);
    const json_t *entry = hactl_state_node(state, node);
    if (!enrolled || !entry)
        return false;
    if (enrolled->striking) {
        leaving_waits(state, node, what);
        return true;
    }
    if (flag_of(entry, "blank")) {
        hy_buf_addf(what, "the DC to let %s in, with its new disk", node);
        return true;
    }
    if (has_part(entry, "voter") || (has_part(entry, "learner") && hactl_voters(state) >= MOST_VOTERS))
        return false;
    if (!flag_of(entry, "heard") && strcmp(node, hactl_state_text(state, "node")) != 0)
        hy_buf_addf(what, "%s to be heard: is halyardd started there?", node);
    else if (has_part(entry, "learner"))
        hy_buf_addf(what, "%s to catch up with the log", node);
    else
        hy_buf_addf(what, "the DC to let %s in", node);
    return true;
}

/* Voters that have come back with empty disks: so many that the others cannot go on without them? */
static bool majority_is_blank(const struct hactl_state *state)
{
    size_t blank = 0;
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node) blank +=
        has_part(node, "voter") && flag_of(node, "blank");
    return 2 * blank >= hactl_voters(state) && blank;
}

void hactl_waiting_print(const struct hactl_state *state, struct hy_buf *out)
{
    const char *node = hactl_state_text(state, "node");
    const char *waiting = hactl_state_text(state, "waiting");
    if (hactl_state_flag(state, "out"))
        hy_buf_addf(out, "%s is out: %s\n", node, waiting);
    else if (hactl_state_flag(state, "blank"))
        hy_buf_addf(out, "%s has no cluster yet: %s\n", node, waiting);
    else if (!hactl_state_flag(state, "quorum") && majority_is_blank(state))
        hy_buf_adds(
            out, "The disks of a majority are lost, and what they had acknowledged: start all nodes with empty state "
                 "folders, then load the configuration from your backup\n");
    else if (*waiting)
        hy_buf_addf(out, "The DC does not act yet: it waits for %s\n", waiting);
}
