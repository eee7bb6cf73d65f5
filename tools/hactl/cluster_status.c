/* SPDX-License-Identifier: Apache-2.0 */
/* Below the resources: who hears whom, who decides, how long the lease lasts. */
#include "hactl/commands.h"
#include "hactl/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_node(const json_t *node, const char *self)
{
    const char *name = json_string_value(json_object_get(node, "name"));
    const json_t *trip = json_object_get(node, "round_trip_us");
    const json_t *silent = json_object_get(node, "last_heard_ms");
    bool is_self = name && strcmp(name, self) == 0;
    printf("  %-16s %-16s id %-5lld epoch %-5lld %s", name, json_string_value(json_object_get(node, "address")),
           (long long)json_integer_value(json_object_get(node, "id")),
           (long long)json_integer_value(json_object_get(node, "epoch")),
           is_self                                        ? "this node"
           : json_is_true(json_object_get(node, "heard")) ? "heard"
                                                          : "not heard");
    if (!is_self && json_is_integer(silent))
        printf(", %lld ms ago", (long long)json_integer_value(silent));
    if (!is_self && json_is_integer(trip))
        printf(", round trip %.2f ms", (double)json_integer_value(trip) / 1000);
    printf("%s\n", json_is_true(json_object_get(node, "admitted")) ? "" : ", not a member");
}

static void print_report(const struct hactl_state *state)
{
    const char *dc = hactl_state_text(state, "dc");
    const char *waiting = hactl_state_text(state, "waiting");
    printf("Cluster: %s, as node %s sees it\n", hactl_state_text(state, "cluster"), hactl_state_text(state, "node"));
    printf("DC: %s%s\n", *dc ? dc : "NONE", hactl_state_flag(state, "is_dc") ? " (this node)" : "");
    if (*waiting)
        printf("The DC does not act yet: it waits for %s\n", waiting);
    printf("Quorum: %s\n", hactl_state_flag(state, "quorum") ? "yes" : "NO");
    if (json_is_null(json_object_get(state->report, "lease_ms")))
        printf("Lease: none is required (no-quorum-policy)\n");
    else
        printf("Lease: %" PRId64 " ms left\n", hactl_state_number(state, "lease_ms"));
    printf("Term: %" PRId64 ", committed %" PRId64 ", applied %" PRId64 "\n", hactl_state_number(state, "term"),
           hactl_state_number(state, "commit"), hactl_state_number(state, "applied"));
    printf("Detection: profile %s; a node that dies is acted upon after %" PRId64 " ms at the latest\n",
           hactl_state_text(state, "profile"), hactl_state_number(state, "worst_case_ms"));
    printf("Nodes:\n");
    size_t at;
    json_t *node;
    json_array_foreach(json_object_get(state->report, "nodes"), at, node)
        print_node(node, hactl_state_text(state, "node"));
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
