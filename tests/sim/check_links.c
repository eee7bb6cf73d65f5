/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of links (core/meter), against what is true of them. `dead` is the time after which a link is called dead, twice
 * dead-after; a moment is some heartbeats.
 *
 *   link-dead-too-early  said to be dead before it was silent for `dead`
 *   link-dead-though-calm  said to be dead, or not to hear, though nothing was wrong with link and hosts for so long
 *   link-death-untold    it is cut, and not said to be dead `dead` and a moment after the last datagram
 *   link-healing-untold  nothing has been wrong with link and hosts for `dead` and a moment, and it is not said to be up; or
 *                        said to be bad when all that was lost is forgotten
 *   one-way-untold       it is cut one way only, and the end that is not heard does not say so (two seconds more: a link that
 *                        comes up seldom does so both ways at once); or the end that does not hear says "dead", though
 *                        another link works over which it is told that it is heard
 */
#include "sim/checks.h"

#include <inttypes.h>
#include <stdlib.h>

static const hy_time LOOK = 70 * HY_MS, SETTLING = 2 * HY_SECOND, JITTER = 3 * HY_MS;

struct links {
    struct sim_world *world;
    hy_time next;
    hy_time dead, moment, forgotten;
};

static void *open_check(struct sim_world *world)
{
    struct links *links = hy_alloc(sizeof *links);
    const struct sim_settings *s = sim_settings(world);
    links->world = world;
    links->dead = sim_link_dead_after(world);
    links->moment = 4 * s->heartbeat + 2 * sim_longest_delay(world) + links->dead / 500 + JITTER;
    links->forgotten = (HY_METER_WINDOW + 8) * s->heartbeat * 101 / 100 + links->dead + links->moment;
    return links;
}

static hy_time later(hy_time a, hy_time b)
{
    return a > b ? a : b;
}

/* Since when both cores have run without a stop, and know each other. */
static hy_time hosts_since(const struct sim_world *world, size_t a, size_t b)
{
    if (!sim_knows(world, a, b) || !sim_knows(world, b, a))
        return HY_NEVER;
    hy_time hosts = later(sim_steady_since(world, a), sim_steady_since(world, b));
    return later(hosts, later(sim_peers_since(world, a), sim_peers_since(world, b)));
}

static bool is_over(hy_time since, hy_time for_so_long, hy_time now)
{
    return since != HY_NEVER && now - since > for_so_long;
}

static bool is_silent(enum hy_meter_state state)
{
    return state == HY_METER_DOWN || state == HY_METER_DEAF;
}

/* ---- what is said too early */

static void metered(void *context, size_t link, size_t node, size_t peer, enum hy_meter_state was,
                    enum hy_meter_state is)
{
    (void)was;
    struct links *links = context;
    struct sim_world *world = links->world;
    hy_time now = sim_now(world), hosts = hosts_since(world, node, peer);
    struct sim_way in = sim_way(world, link, peer, node), out = sim_way(world, link, node, peer);
    const struct sim_way *silent = is_silent(is) ? &in : is == HY_METER_UNHEARD ? &out : NULL;
    if (!silent)
        return;
    if (silent == &in && in.heard >= 0 && now - in.heard < links->dead - links->dead / 500)
        sim_violation(world, "link-dead-too-early", "%s says of link %zu to %s: %s, %" PRId64 " us after a datagram",
                      sim_name(world, node), link + 1, sim_name(world, peer), hy_meter_word(is), now - in.heard);
    if (is_over(hosts, links->dead + links->moment, now) &&
        is_over(silent->calm_since, links->dead + links->moment, now) &&
        (silent == &in || is_over(in.calm_since, links->dead + links->moment, now)))
        sim_violation(world, "link-dead-though-calm", "%s says of link %zu to %s: %s, nothing is wrong with it",
                      sim_name(world, node), link + 1, sim_name(world, peer), hy_meter_word(is));
}

/* ---- what is said too late, or not at all */

static void untold(struct links *links, const char *invariant, size_t link, size_t node, size_t peer, const char *truth)
{
    sim_violation(links->world, invariant, "%s says of link %zu to %s: %s. It %s", sim_name(links->world, node),
                  link + 1, sim_name(links->world, peer), hy_meter_word(sim_meter(links->world, link, node, peer)),
                  truth);
}

static bool another_works(const struct links *links, size_t but, size_t a, size_t b, hy_time for_so_long)
{
    hy_time now = sim_now(links->world);
    for (size_t link = 0; link < sim_links(links->world); link++)
        if (link != but && is_over(sim_way(links->world, link, a, b).calm_since, for_so_long, now) &&
            is_over(sim_way(links->world, link, b, a).calm_since, for_so_long, now))
            return true;
    return false;
}

/* Nothing goes out; all that is sent from there comes. */
static void look_one_way(struct links *links, size_t link, size_t node, size_t peer, hy_time hosts)
{
    const struct sim_world *world = links->world;
    struct sim_way in = sim_way(world, link, peer, node), out = sim_way(world, link, node, peer);
    hy_time now = sim_now(world), within = links->dead + links->moment + SETTLING;
    hy_time since = later(later(out.cut_since, out.heard), later(in.calm_since, hosts));
    if (!out.cut || in.calm_since == HY_NEVER || !is_over(since, within, now))
        return;
    if (sim_meter(world, link, node, peer) != HY_METER_UNHEARD)
        untold(links, "one-way-untold", link, node, peer, "is cut one way: it is not heard there");
    if (another_works(links, link, node, peer, within) && sim_meter(world, link, peer, node) != HY_METER_DEAF)
        untold(links, "one-way-untold", link, peer, node, "is cut one way: it does not hear");
}

static void look_at(struct links *links, size_t link, size_t node, size_t peer)
{
    const struct sim_world *world = links->world;
    hy_time now = sim_now(world), hosts = hosts_since(world, node, peer);
    if (hosts == HY_NEVER)
        return;
    struct sim_way in = sim_way(world, link, peer, node), out = sim_way(world, link, node, peer);
    enum hy_meter_state state = sim_meter(world, link, node, peer);
    bool told = is_silent(state) || state == HY_METER_NEW;
    if (in.cut && !told && is_over(later(later(in.cut_since, in.heard), hosts), links->dead + links->moment, now))
        untold(links, "link-death-untold", link, node, peer, "is cut");
    hy_time calm = later(later(in.calm_since, out.calm_since), hosts);
    bool up = state == HY_METER_UP || (state == HY_METER_LOSSY && !is_over(calm, links->forgotten, now));
    if (is_over(calm, links->dead + links->moment, now) && !up)
        untold(links, "link-healing-untold", link, node, peer, "works");
    look_one_way(links, link, node, peer, hosts);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)node;
    (void)event;
    (void)rc;
    (void)effects;
    struct links *links = context;
    if (sim_now(links->world) < links->next || sim_settings(links->world)->noise)
        return;
    links->next = sim_now(links->world) + LOOK;
    for (size_t link = 0; link < sim_links(links->world); link++)
        for (size_t a = 0; a < sim_node_count(links->world); a++)
            for (size_t b = 0; b < sim_node_count(links->world); b++)
                if (a != b)
                    look_at(links, link, a, b);
}

const struct sim_observer sim_check_links = {
    .name = "links", .open = open_check, .close = free, .stepped = stepped, .metered = metered};
