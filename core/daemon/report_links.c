/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report_links.h"

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *number_if(bool is_known, hy_time value)
{
    return is_known ? json_integer((json_int_t)value) : json_null();
}

static const char *state_word(enum hy_meter_state state)
{
    static const char *const words[] = {
        [HY_METER_NEW] = "new",         [HY_METER_UP] = "up",     [HY_METER_LOSSY] = "bad",
        [HY_METER_UNHEARD] = "unheard", [HY_METER_DEAF] = "deaf", [HY_METER_DOWN] = "down"};
    return words[state];
}

/* Null: it is not known. */
static json_t *hears_us(const struct hy_meter_figures *figures)
{
    bool known = figures->told && figures->state != HY_METER_DOWN && figures->state != HY_METER_NEW;
    return known ? json_boolean(figures->hears_us && figures->state != HY_METER_UNHEARD) : json_null();
}

static json_t *peer_entry(const struct hy_link_peer_stats *peer, hy_time now, hy_wall wall)
{
    const struct hy_meter_figures *figures = &peer->figures;
    json_t *entry = json_object();
    json_object_set_new(entry, "node", json_string(peer->name));
    json_object_set_new(entry, "id", number(peer->node));
    json_object_set_new(entry, "left", json_boolean(peer->left));
    json_object_set_new(entry, "state", json_string(state_word(figures->state)));
    json_object_set_new(entry, "since_us", json_integer((json_int_t)(wall - (now - figures->state_since))));
    json_object_set_new(entry, "last_heard_ms", number_if(figures->heard, (now - figures->last_heard) / HY_MS));
    json_object_set_new(entry, "hears_us", hears_us(figures));
    json_object_set_new(entry, "received", number(figures->received));
    json_object_set_new(entry, "lost", number(figures->lost));
    json_object_set_new(entry, "doubled", number(figures->doubled));
    json_object_set_new(entry, "disordered", number(figures->disordered));
    json_object_set_new(entry, "outages", number(figures->outages));
    json_object_set_new(entry, "window", number(figures->window));
    json_object_set_new(entry, "loss_in_ppm", number_if(figures->window > 0, figures->loss_ppm));
    json_object_set_new(entry, "loss_out_ppm", number_if(figures->hears_us, figures->loss_out_ppm));
    json_object_set_new(entry, "jitter_us", number_if(figures->received > 1, figures->jitter));
    json_object_set_new(entry, "round_trip_us", number_if(figures->has_round_trip, figures->round_trip));
    json_object_set_new(entry, "round_trip_min_us", number_if(figures->has_round_trip, figures->round_trip_least));
    json_object_set_new(entry, "round_trip_max_us", number_if(figures->has_round_trip, figures->round_trip_most));
    return entry;
}

static json_t *peers(const struct hy_link_copy *link, hy_time now, hy_wall wall)
{
    json_t *list = json_array();
    for (size_t at = 0; at < link->peers.count; at++)
        json_array_append_new(list, peer_entry(&link->peers.items[at], now, wall));
    return list;
}

json_t *hy_report_links(const struct hy_config *config, const struct hy_links_copy *links, hy_time now, hy_wall wall)
{
    json_t *list = json_array();
    for (size_t link = 1; link <= links->list.count; link++) {
        const struct hy_link_stats stats = links->list.items[link - 1].stats;
        json_t *entry = json_object();
        json_object_set_new(entry, "link", number(link));
        json_object_set_new(entry, "transport", json_string(stats.transport));
        json_object_set_new(entry, "address", json_string(config->links.items[link - 1].addresses[config->self]));
        json_object_set_new(entry, "open", json_boolean(stats.open));
        json_object_set_new(entry, "up", json_boolean(stats.open && stats.up));
        json_object_set_new(entry, "why", json_string(stats.why));
        json_object_set_new(entry, "dead_after_ms", number((uint64_t)(stats.limits.dead_after / HY_MS)));
        json_object_set_new(entry, "loss_percent", number(stats.limits.lossy));
        json_object_set_new(entry, "sent", number(stats.sent));
        json_object_set_new(entry, "send_failed", number(stats.send_failed));
        json_object_set_new(entry, "received", number(stats.received));
        json_object_set_new(entry, "refused", number(stats.refused));
        json_object_set_new(entry, "peers", peers(&links->list.items[link - 1], now, wall));
        json_array_append_new(list, entry);
    }
    return list;
}
