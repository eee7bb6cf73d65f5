/* SPDX-License-Identifier: Apache-2.0 */
/* Below the resources: who hears whom, who decides, how long the lease lasts. */
#include "hactl/change.h"
#include "hactl/commands.h"
#include "hactl/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *node, const char *key)
{
    const char *text = json_string_value(json_object_get(node, key));
    return text ? text : "";
}

static void print_hearing(const json_t *node)
{
    const json_t *trip = json_object_get(node, "round_trip_us");
    const json_t *silent = json_object_get(node, "last_heard_ms");
    printf(", %s", json_is_true(json_object_get(node, "heard")) ? "heard" : "not heard");
    if (json_is_integer(silent))
        printf(", %lld ms ago", (long long)json_integer_value(silent));
    if (json_is_integer(trip))
        printf(", round trip %.2f ms", (double)json_integer_value(trip) / 1000);
}

static void print_node(const struct hactl_state *state, const json_t *node)
{
    const char *name = text_of(node, "name");
    struct hy_buf part = {0};
    hactl_part_print(state, name, &part);
    printf("  %-16s %-16s id %-5lld epoch %-5lld %s", name, text_of(node, "address"),
           (long long)json_integer_value(json_object_get(node, "id")),
           (long long)json_integer_value(json_object_get(node, "epoch")), hy_buf_text(&part));
    if (strcmp(name, hactl_state_text(state, "node")) == 0)
        printf(", this node");
    else
        print_hearing(node);
    printf("%s\n", json_is_true(json_object_get(node, "admitted")) ? "" : ", not a member");
    hy_buf_free(&part);
}

/* What nodes that come or go are waited for with. */
static void print_changes(const struct hactl_state *state)
{
    struct hy_buf what = {0};
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node)
    {
        const char *name = text_of(node, "name");
        const struct hy_node_status *status = hy_cib_node(state->cib, name);
        hy_buf_clear(&what);
        if (hactl_change_waits(state, name, &what))
            printf("%s is %s: this waits for %s\n", name,
                   status->enrolled.striking ? "being taken out" : "to be taken in", hy_buf_text(&what));
    }
    hy_buf_free(&what);
    const char *change = hactl_state_text(state, "change"); /* the DC knows more than can be seen */
    if (*change)
        printf("The next change of the servers waits: %s\n", change);
}

static void print_dc(const struct hactl_state *state)
{
    const char *dc = hactl_state_text(state, "dc");
    printf("DC: %s%s\n", *dc ? dc : "NONE", hactl_state_flag(state, "is_dc") ? " (this node)" : "");
    struct hy_buf waiting = {0};
    hactl_waiting_print(state, &waiting);
    fputs(hy_buf_text(&waiting), stdout);
    hy_buf_free(&waiting);
}

static void print_report(const struct hactl_state *state)
{
    printf("Cluster: %s, as node %s sees it\n", hactl_state_text(state, "cluster"), hactl_state_text(state, "node"));
    print_dc(state);
    printf("Quorum: %s\n", hactl_state_flag(state, "quorum") ? "yes" : "NO");
    if (json_is_null(json_object_get(state->report, "lease_ms")))
        printf("Lease: none is required (no-quorum-policy)\n");
    else
        printf("Lease: %" PRId64 " ms left\n", hactl_state_number(state, "lease_ms"));
    printf("Term: %" PRId64 ", committed %" PRId64 ", applied %" PRId64 "\n", hactl_state_number(state, "term"),
           hactl_state_number(state, "commit"), hactl_state_number(state, "applied"));
    if (json_is_string(json_object_get(state->report, "watchdog")))
        printf("Watchdog: %s\n", hactl_state_text(state, "watchdog"));
    struct hy_buf detection = {0};
    hactl_detection_print(state, "Detection: ", &detection);
    fputs(hy_buf_text(&detection), stdout);
    hy_buf_free(&detection);
    printf("Nodes:\n");
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node) print_node(state, node);
    if (!hactl_state_flag(state, "out"))
        print_changes(state);
}

int hactl_cluster_status(struct hactl *h, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct hactl_state state;
    int status = hactl_state_glance(h, &state);
    if (status)
        return status;
    if (h->json)
        hactl_print_json(json_deep_copy(state.report));
    else
        print_report(&state);
    hactl_state_free(&state);
    return HACTL_OK;
}
