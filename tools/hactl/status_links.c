/* SPDX-License-Identifier: Apache-2.0 */
/* `status --links`: how each link works to each other node, as this node measures it. */
#include "hactl/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 1, CELL = 40 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_number(const json_t *object, const char *key)
{
    return json_is_integer(json_object_get(object, key));
}

/* ---- cells ---- */

static const char *state_text(const json_t *peer)
{
    static const struct {
        const char *state, *text;
    } texts[] = {
        {"new", "not heard yet"},          {"up", "up"},    {"bad", "bad"}, {"unheard", "ONE WAY: does not hear us"},
        {"deaf", "ONE WAY: is not heard"}, {"down", "DOWN"}};
    const char *state = text_of(peer, "state");
    if (json_is_true(json_object_get(peer, "left")))
        return "left";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(texts[i].state, state) == 0)
            return texts[i].text;
    return state;
}

/* "3 d 4 h", "12 min", "8.3 s", "40 ms". */
static void duration(int64_t us, char text[CELL])
{
    int64_t seconds = us / HY_SECOND, minutes = seconds / 60, hours = minutes / 60;
    if (us < HY_SECOND)
        snprintf(text, CELL, "%" PRId64 " ms", us > 0 ? us / HY_MS : 0);
    else if (seconds < 60)
        snprintf(text, CELL, "%.1f s", (double)us / HY_SECOND);
    else if (minutes < 60)
        snprintf(text, CELL, "%" PRId64 " min", minutes);
    else if (hours < 24)
        snprintf(text, CELL, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else
        snprintf(text, CELL, "%" PRId64 " d %" PRId64 " h", hours / 24, hours % 24);
}

/* Of a link that is silent, the last figure is no news. */
static bool is_silent(const json_t *peer)
{
    return strcmp(text_of(peer, "state"), "down") == 0 || strcmp(text_of(peer, "state"), "deaf") == 0;
}

static void loss(const json_t *peer, const char *key, char text[CELL])
{
    if (is_number(peer, key) && !is_silent(peer))
        snprintf(text, CELL, "%.1f %%", (double)number_of(peer, key) / 1e4);
    else
        snprintf(text, CELL, "-");
}

static void milliseconds(const json_t *peer, const char *key, char text[CELL])
{
    if (is_number(peer, key))
        snprintf(text, CELL, "%.2f ms", (double)number_of(peer, key) / 1e3);
    else
        snprintf(text, CELL, "-");
}

static void last_heard(const json_t *peer, char text[CELL])
{
    if (is_number(peer, "last_heard_ms"))
        duration(number_of(peer, "last_heard_ms") * HY_MS, text);
    else
        snprintf(text, CELL, "never");
}

/* ---- lines ---- */

static void print_head(struct hy_buf *out)
{
    hy_buf_addf(out, "  %-16s %-26s %-11s %-8s %-8s %-10s %-10s %-11s %s\n", "node", "state", "for", "loss in",
                "loss out", "round trip", "jitter", "last heard", "outages");
}

static void print_peer(const struct hactl_state *state, const json_t *peer, struct hy_buf *out)
{
    char since[CELL], in[CELL], back[CELL], trip[CELL], jitter[CELL], heard[CELL];
    duration(hactl_state_number(state, "wall_us") - number_of(peer, "since_us"), since);
    loss(peer, "loss_in_ppm", in);
    loss(peer, "loss_out_ppm", back);
    milliseconds(peer, "round_trip_us", trip);
    milliseconds(peer, "jitter_us", jitter);
    last_heard(peer, heard);
    hy_buf_addf(out, "  %-16s %-26s %-11s %-8s %-8s %-10s %-10s %-11s %" PRId64 "\n", text_of(peer, "node"),
                state_text(peer), since, in, back, trip, jitter, heard, number_of(peer, "outages"));
}

static void print_link(const struct hactl_state *state, const json_t *link, struct hy_buf *out)
{
    const char *why = text_of(link, "why");
    bool open = json_is_true(json_object_get(link, "open")), up = json_is_true(json_object_get(link, "up"));
    hy_buf_addf(out, "link %" PRId64 " (%s) at %s: %s", number_of(link, "link"), text_of(link, "transport"),
                text_of(link, "address"),
                !open ? "WAITING"
                : up  ? "up"
                      : "DOWN");
    if (*why && !up)
        hy_buf_addf(out, ", %s", why);
    hy_buf_addf(out, "; dead after %" PRId64 " ms, bad from %" PRId64 " %% loss on", number_of(link, "dead_after_ms"),
                number_of(link, "loss_percent"));
    if (number_of(link, "refused"))
        hy_buf_addf(out, "; refused: %" PRId64, number_of(link, "refused"));
    hy_buf_addc(out, '\n');
    size_t at;
    json_t *peer;
    const json_t *peers = json_object_get(link, "peers");
    if (json_array_size(peers))
        print_head(out);
    json_array_foreach(peers, at, peer) print_peer(state, peer, out);
}

void hactl_links_print(const struct hactl_state *state, struct hy_buf *out)
{
    size_t at;
    json_t *link;
    hy_buf_addf(out, "Links, as %s measures them; \"in\" is what it hears, \"out\" what the others hear of it\n",
                hactl_state_text(state, "node"));
    json_array_foreach(json_object_get(state->report, "links"), at, link) print_link(state, link, out);
}

json_t *hactl_links_json(const struct hactl_state *state)
{
    json_t *root = json_object();
    json_t *links = json_object_get(state->report, "links");
    json_object_set_new(root, "version", json_integer(VERSION));
    json_object_set_new(root, "halyard", json_string(hactl_state_text(state, "halyard")));
    json_object_set_new(root, "cluster", json_string(hactl_state_text(state, "cluster")));
    json_object_set_new(root, "seen_from", json_string(hactl_state_text(state, "node")));
    json_object_set_new(root, "updated_us", json_integer((json_int_t)hactl_state_number(state, "wall_us")));
    json_object_set_new(root, "links", links ? json_deep_copy(links) : json_array());
    return root;
}
