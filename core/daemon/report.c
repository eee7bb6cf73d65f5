/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report.h"

#include "daemon/report_links.h"
#include "scheduler/scheduler.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *number(int64_t value)
{
    return json_integer((json_int_t)value);
}

static const char *name_of(const struct hy_cluster *cluster, uint32_t id)
{
    const struct hy_cluster_node *list;
    size_t count = hy_cluster_nodes(cluster, &list);
    for (size_t i = 0; i < count; i++)
        if (list[i].id == id)
            return list[i].name;
    return NULL;
}

/* Its part in consensus: a server is an id with a disk, so another disk is no server. */
static const char *part_of(const struct hy_cluster *cluster, uint32_t id)
{
    const struct hy_raft_servers *servers = hy_raft_servers(hy_cluster_raft(cluster));
    for (size_t i = 0; servers && i < servers->count; i++)
        if (servers->list[i].id == id)
            return servers->list[i].voter ? "voter" : "learner";
    return "none";
}

static json_t *addresses(const struct hy_cluster_node *node, size_t link_count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < link_count && i < HY_LINKS_MAX; i++)
        json_array_append_new(list, json_string(node->links[i] ? node->links[i] : node->address));
    return list;
}

static json_t *nodes(const struct hy_cluster *cluster, const struct hy_config *config, bool blank, hy_time now)
{
    json_t *list = json_array();
    const struct hy_cluster_node *known;
    size_t count = hy_cluster_nodes(cluster, &known);
    uint32_t self = config->nodes.items[config->self].id;
    for (size_t i = 0; i < count; i++) {
        struct hy_membership_view view = {0};
        hy_cluster_view(cluster, known[i].id, now, &view);
        json_t *node = json_object();
        json_object_set_new(node, "name", json_string(known[i].name));
        json_object_set_new(node, "id", number(known[i].id));
        json_object_set_new(node, "address", json_string(known[i].address));
        json_object_set_new(node, "links", addresses(&known[i], config->links.count));
        json_object_set_new(node, "part", json_string(part_of(cluster, known[i].id)));
        json_object_set_new(node, "witness", json_boolean(known[i].witness));
        json_object_set_new(node, "blank", json_boolean(known[i].id == self ? blank : view.heard && view.blank));
        json_object_set_new(node, "heard", json_boolean(view.heard || known[i].id == self));
        json_object_set_new(node, "admitted", json_boolean(view.admitted));
        json_object_set_new(node, "epoch", number(view.epoch));
        json_object_set_new(node, "last_heard_ms",
                            view.last_heard ? number((now - view.last_heard) / HY_MS) : json_null());
        json_object_set_new(node, "round_trip_us", view.round_trip ? number(view.round_trip) : json_null());
        json_array_append_new(list, node);
    }
    return list;
}

static json_t *in_flight(const struct hy_cluster *cluster)
{
    json_t *list = json_array();
    const struct hy_inflight *items;
    size_t count = hy_cluster_in_flight(cluster, &items);
    for (size_t i = 0; i < count; i++) {
        json_t *operation = json_object();
        json_object_set_new(operation, "node", json_string(items[i].node));
        json_object_set_new(operation, "resource", json_string(items[i].rsc));
        json_object_set_new(operation, "operation", json_string(items[i].op));
        json_object_set_new(operation, "interval_ms", number(items[i].interval / HY_MS));
        json_array_append_new(list, operation);
    }
    return list;
}

/* Null: none is required (no-quorum-policy). */
static json_t *lease_left(hy_time lease, hy_time now)
{
    if (lease == HY_NEVER)
        return json_null();
    return number(lease > now ? (lease - now) / HY_MS : 0);
}

/* Who has raised dead-after, and what for; null: nobody. */
static json_t *wish(const struct hy_cib *cib)
{
    const struct hy_node_status *wisher = hy_cib_wisher(cib);
    if (!wisher)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "node", json_string(wisher->node));
    json_object_set_new(object, "dead_after_ms", number(wisher->wish.dead_after / HY_MS));
    json_object_set_new(object, "of", text_or_null(wisher->wish.of));
    json_object_set_new(object, "gap_ms", number(wisher->wish.gap / HY_MS));
    json_object_set_new(object, "by", json_string(wisher->wish.promises ? "promises" : "heartbeats"));
    return object;
}

static json_t *detection(const struct hy_cluster *cluster, const struct hy_config *config,
                         const struct hy_cluster_detection *now)
{
    json_t *object = json_object();
    json_object_set_new(object, "profile", json_string(config->detection.profile));
    json_object_set_new(object, "heartbeat_ms", number(now->heartbeat / HY_MS));
    json_object_set_new(object, "dead_after_ms", number(now->dead_after / HY_MS));
    json_object_set_new(object, "least_ms", number(now->least / HY_MS));
    json_object_set_new(object, "most_ms", number(now->most / HY_MS));
    json_object_set_new(object, "adapts", json_boolean(now->adapts));
    json_object_set_new(object, "wish", wish(hy_cluster_cib(cluster)));
    return object;
}

void hy_report_write(const struct hy_cluster *cluster, const struct hy_config *config,
                     const struct hy_links_copy *links, hy_time now, hy_wall wall, struct hy_buf *out)
{
    struct hy_cluster_report report;
    hy_cluster_report(cluster, now, &report);
    json_t *root = json_object();
    json_object_set_new(root, "version", number(1));
    json_object_set_new(root, "halyard", json_string(HY_VERSION));
    json_object_set_new(root, "cluster", json_string(config->cluster));
    json_object_set_new(root, "node", json_string(config->node));
    json_object_set_new(root, "wall_us", number(wall));
    json_object_set_new(root, "dc", text_or_null(report.dc ? name_of(cluster, report.dc) : NULL));
    json_object_set_new(root, "is_dc", json_boolean(report.is_dc));
    json_object_set_new(root, "quorum", json_boolean(report.quorum));
    json_object_set_new(root, "acting", json_boolean(report.acting));
    json_object_set_new(root, "blank", json_boolean(report.blank));
    json_object_set_new(root, "out", json_boolean(report.out));
    json_object_set_new(root, "change", text_or_null(report.change));
    json_object_set_new(root, "waiting", text_or_null(report.waiting));
    json_object_set_new(root, "lease_ms", lease_left(report.lease, now));
    json_object_set_new(root, "age_ms", number(report.age / HY_MS));
    json_object_set_new(root, "term", number((int64_t)report.term));
    json_object_set_new(root, "commit", number((int64_t)report.commit));
    json_object_set_new(root, "applied", number((int64_t)report.applied));
    json_object_set_new(root, "profile", json_string(config->detection.profile));
    json_object_set_new(root, "worst_case_ms", number(report.worst_case / HY_MS));
    json_object_set_new(root, "detection", detection(cluster, config, &report.detection));
    json_object_set_new(root, "watchdog", text_or_null(config->watchdog.in_force));
    json_object_set_new(root, "nodes", nodes(cluster, config, report.blank, now));
    json_object_set_new(root, "links", hy_report_links(config, links, now, wall));
    json_object_set_new(root, "in_flight", in_flight(cluster));
    char *text = json_dumps(root, JSON_COMPACT);
    if (!text)
        hy_out_of_memory(0);
    hy_buf_adds(out, text);
    free(text);
    json_decref(root);
}
