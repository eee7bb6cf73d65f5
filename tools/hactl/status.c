/* SPDX-License-Identifier: Apache-2.0 */
/* `status`, laid out as operators know it from crm_mon of Pacemaker 1.1. */
#include "hactl/status.h"

#include "hactl/change.h"
#include "hactl/commands.h"

#include <halyard/agent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---------------------------------------------------------------- small readings */

void hactl_wall_print(hy_wall wall, struct hy_buf *out)
{
    time_t seconds = (time_t)(wall / HY_SECOND);
    struct tm parts;
    char text[64];
    localtime_r(&seconds, &parts);
    strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts);
    hy_buf_adds(out, text);
}

bool hactl_author_print(const struct hy_cib *cib, struct hy_buf *out)
{
    if (!cib->changed_by)
        return false;
    const char *at = strchr(cib->changed_by, '@'); /* "root@test3" */
    int length = at ? (int)(at - cib->changed_by) : (int)strlen(cib->changed_by);
    hy_buf_addf(out, "%.*s", length, cib->changed_by);
    if (cib->changed_via)
        hy_buf_addf(out, " via %s", cib->changed_via);
    if (at)
        hy_buf_addf(out, " on %s", at + 1);
    return true;
}

int hactl_rc_shown(const struct hy_result *result)
{
    return result->exec == HY_EXEC_DONE ? result->rc : HALYARD_ERR_GENERIC;
}

/* In the words of crm_mon of Pacemaker 1.1. */
const char *hactl_rc_word(const struct hy_result *result)
{
    int rc = hactl_rc_shown(result);
    switch (rc) {
    case HALYARD_RUNNING_PROMOTED:
        return "master";
    case HALYARD_FAILED_PROMOTED:
        return "master (failed)";
    case HALYARD_DEGRADED:
        return "degraded";
    case HALYARD_DEGRADED_PROMOTED:
        return "degraded master";
    default:
        return hy_rc_word(rc) ? hy_rc_word(rc) : "unknown";
    }
}

size_t *hactl_nodes_sorted(const struct hactl_state *state)
{
    const struct hy_decision *decision = state->decision;
    size_t *sorted = hy_alloc_array(decision->node_count + 1, sizeof *sorted);
    for (size_t i = 0; i < decision->node_count; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(decision->nodes[i].node, decision->nodes[sorted[at - 1]].node) < 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = i;
    }
    return sorted;
}

/* ---------------------------------------------------------------- the head */

static void print_age(const struct hactl_state *state, struct hy_buf *out)
{
    if (hactl_state_flag(state, "quorum") || hactl_state_flag(state, "blank") || hactl_state_flag(state, "out"))
        return;
    double age = (double)hactl_state_number(state, "age_ms") / 1000;
    const json_t *lease = json_object_get(state->report, "lease_ms");
    bool released = json_is_integer(lease) && json_integer_value(lease) == 0;
    hy_buf_addf(out, "%s has no quorum%s: shown is the cluster as this node last knew it, %.*f s ago\n",
                hactl_state_text(state, "node"), released ? " and has stopped what it ran" : "", age < 10 ? 1 : 0, age);
}

static void print_times(const struct hactl_state *state, struct hy_buf *out)
{
    hy_buf_adds(out, "Last updated: ");
    hactl_wall_print(hactl_state_number(state, "wall_us"), out);
    hy_buf_adds(out, "\t\tLast change: ");
    if (!state->cib->changed) {
        hy_buf_adds(out, "none yet\n");
        return;
    }
    hactl_wall_print(state->cib->changed, out);
    struct hy_buf author = {0};
    if (hactl_author_print(state->cib, &author))
        hy_buf_addf(out, " by %s", hy_buf_text(&author));
    hy_buf_free(&author);
    hy_buf_addc(out, '\n');
}

static void print_dc(const struct hactl_state *state, struct hy_buf *out)
{
    const char *dc = hactl_state_text(state, "dc");
    bool quorum = hactl_state_flag(state, "quorum");
    hy_buf_adds(out, "Current DC: ");
    if (quorum && *dc)
        hy_buf_addf(out, "%s (version %s)", dc, hactl_state_text(state, "halyard"));
    else
        hy_buf_adds(out, "NONE");
    hy_buf_addf(out, " - partition %s quorum\n", quorum ? "with" : "WITHOUT");
    hactl_waiting_print(state, out);
}

static void print_counts(const struct hactl_state *state, struct hy_buf *out)
{
    int resources = hactl_status_count(state);
    size_t nodes = state->decision->node_count;
    size_t votes = hactl_voters(state);
    hy_buf_addf(out, "%zu node%s and %d resource%s configured, %zu expected votes\n", nodes, nodes == 1 ? "" : "s",
                resources, resources == 1 ? "" : "s", votes);
}

/* ---------------------------------------------------------------- nodes */

/* What keeps a node from being one of the plain ones; NULL: it is online, or offline, and nothing else. */
static const char *node_word(const struct hactl_state *state, const struct hy_node_view *node)
{
    const struct hy_node_status *status = hy_cib_node(state->cib, node->node);
    bool leaving = status && status->enrolled.striking;
    bool witness = status && status->enrolled.witness;
    if (node->unclean)
        return node->member ? "UNCLEAN (online)" : "UNCLEAN (offline)";
    if (!hactl_state_online(state, node->node))
        return leaving             ? "OFFLINE (being taken out)"
               : witness           ? "OFFLINE (witness)"
               : node->standby     ? "OFFLINE (standby)"
               : node->maintenance ? "OFFLINE (maintenance)"
                                   : NULL;
    if (leaving)
        return "being taken out";
    if (witness)
        return "witness";
    if (node->pending)
        return "pending";
    if (node->standby_onfail)
        return "standby (on-fail)";
    if (node->standby)
        return "standby";
    return node->maintenance ? "maintenance" : NULL;
}

/* Before there is a cluster: of whom it is to be made. */
static void print_expected(const struct hactl_state *state, struct hy_buf *out)
{
    struct hy_buf heard = {0};
    struct hy_buf missing = {0};
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node)
        hy_buf_addf(json_is_true(json_object_get(node, "heard")) ? &heard : &missing, " %s",
                    json_string_value(json_object_get(node, "name")));
    hy_buf_addf(out, "Heard: [%s ]\n", hy_buf_text(&heard));
    if (missing.size)
        hy_buf_addf(out, "Not heard: [%s ]\n", hy_buf_text(&missing));
    hy_buf_free(&heard);
    hy_buf_free(&missing);
}

void hactl_status_nodes(const struct hactl_state *state, struct hy_buf *out)
{
    struct hy_buf online = {0};
    struct hy_buf offline = {0};
    size_t *sorted = hactl_nodes_sorted(state);
    for (size_t i = 0; i < state->decision->node_count; i++) {
        const struct hy_node_view *node = &state->decision->nodes[sorted[i]];
        const char *word = node_word(state, node);
        if (word)
            hy_buf_addf(out, "Node %s: %s\n", node->node, word);
        else
            hy_buf_addf(hactl_state_online(state, node->node) ? &online : &offline, " %s", node->node);
    }
    if (online.size)
        hy_buf_addf(out, "Online: [%s ]\n", hy_buf_text(&online));
    if (offline.size)
        hy_buf_addf(out, "OFFLINE: [%s ]\n", hy_buf_text(&offline));
    hy_buf_free(&online);
    hy_buf_free(&offline);
    free(sorted);
}

/* ---------------------------------------------------------------- failures */

static void print_failure(const struct hy_result *failure, const char *node, struct hy_buf *out)
{
    hy_buf_addf(out, "* %s_%s_%" PRId64 " on %s '%s' (%d): call=%" PRIu64 ", status=%s, exitreason='%s',\n",
                failure->rsc, failure->op, failure->interval / HY_MS, node, hactl_rc_word(failure),
                hactl_rc_shown(failure), failure->call, hy_exec_word(failure->exec),
                failure->reason ? failure->reason : "none");
    hy_buf_adds(out, "    last-rc-change='");
    hactl_wall_print(failure->at, out);
    hy_buf_addf(out, "', queued=%" PRId64 "ms, exec=%" PRId64 "ms\n", failure->queued / HY_MS, failure->took / HY_MS);
}

/* Of what failed of a resource on a node only the last is shown: what went before has led to it. */
static bool is_last(const struct hy_node_status *status, const struct hy_result *failure)
{
    for (size_t i = 0; i < status->failures.count; i++) {
        const struct hy_result *other = &status->failures.items[i];
        if (strcmp(other->rsc, failure->rsc) == 0 && other->call > failure->call)
            return false;
    }
    return true;
}

void hactl_status_failures(const struct hactl_state *state, struct hy_buf *out)
{
    struct hy_buf failures = {0};
    size_t *sorted = hactl_nodes_sorted(state);
    for (size_t n = 0; n < state->decision->node_count; n++) {
        const struct hy_node_status *status = hy_cib_node(state->cib, state->decision->nodes[sorted[n]].node);
        for (size_t i = 0; status && i < status->failures.count; i++)
            if (is_last(status, &status->failures.items[i]))
                print_failure(&status->failures.items[i], status->node, &failures);
    }
    if (failures.size)
        hy_buf_addf(out, "\nFailed Actions:\n%s\n", hy_buf_text(&failures));
    hy_buf_free(&failures);
    free(sorted);
}

/* ---------------------------------------------------------------- all */

void hactl_paragraph(struct hy_buf *out)
{
    if (out->size < 2 || out->data[out->size - 2] != '\n')
        hy_buf_addc(out, '\n');
}

void hactl_status_print(const struct hactl_state *state, struct hy_buf *out)
{
    print_age(state, out);
    print_times(state, out);
    hy_buf_adds(out, "Stack: halyard\n");
    print_dc(state, out);
    if (!hactl_state_flag(state, "blank") && !hactl_state_flag(state, "out"))
        print_counts(state, out);
    hy_buf_addc(out, '\n');
    if (hactl_state_flag(state, "blank"))
        print_expected(state, out);
    if (hactl_state_flag(state, "blank") || hactl_state_flag(state, "out"))
        return;
    hactl_status_nodes(state, out);
    hy_buf_adds(out, "\nFull list of resources:\n\n");
    hactl_status_resources(state, out);
    hactl_tickets_print(state->cib, out);
    hactl_status_failures(state, out);
    hactl_status_notes(state, out);
    struct hy_buf detection = {0};
    hactl_detection_print(state, "Failure detection: ", &detection);
    if (detection.size)
        hactl_paragraph(out);
    hy_buf_add(out, detection.data, detection.size);
    hy_buf_free(&detection);
}

static void show(const struct hactl *h, const struct hactl_state *state, bool links)
{
    struct hy_buf out = {0};
    if (h->json) {
        hactl_print_json(links ? hactl_links_json(state) : hactl_status_json(state));
        return;
    }
    if (links)
        hactl_links_print(state, &out);
    else
        hactl_status_print(state, &out);
    fputs(hy_buf_text(&out), stdout);
    hy_buf_free(&out);
}

int hactl_status(struct hactl *h, int argc, char **argv)
{
    bool links = argc > 1;
    if (links && strcmp(argv[1], "--links") != 0)
        return hactl_usage(hactl_find("", "status"));
    struct hactl_state state;
    int status = hactl_state_glance(h, &state);
    if (status)
        return status;
    show(h, &state, links);
    hactl_state_free(&state);
    return HACTL_OK;
}
