/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links as core/bus makes them: what goes out goes over all of them, and each way to a peer is measured by the real
 * core/meter. What is here is what core/bus/link_meters.c does: it feeds the meters, and looks at them with each
 * heartbeat that goes out.
 */
#include "sim/internal.h"

static const struct hy_meter_limits usual = {.lossy = 5};

struct sim_meters {
    struct hy_meter_limits limits;
    hy_time last_step; /* local */
    uint32_t last_number[SIM_MAX_LINKS];
    uint32_t begun; /* peers that have meters; those that have left keep them */
    struct hy_meter meters[SIM_MAX_LINKS][SIM_MAX_NODES];
    hy_time heard[SIM_MAX_LINKS][SIM_MAX_NODES]; /* in true time; -1: never */
};

hy_time sim_link_dead_after(const struct sim_world *world)
{
    return 2 * world->settings.dead_after; /* hy_config_link_dead_after() */
}

void sim_links_begin(struct sim_world *world, size_t node)
{
    struct sim_meters *made = hy_alloc(sizeof *made);
    made->limits = usual;
    made->limits.dead_after = sim_link_dead_after(world);
    made->last_step = sim_local(world, node);
    for (size_t link = 0; link < world->links; link++)
        for (size_t peer = 0; peer < SIM_MAX_NODES; peer++)
            made->heard[link][peer] = -1;
    world->hosts[node].core.meters = made;
}

void sim_links_end(struct sim_world *world, size_t node)
{
    free(world->hosts[node].core.meters);
    world->hosts[node].core.meters = NULL;
}

void sim_links_peers(struct sim_world *world, size_t node, uint32_t before)
{
    struct sim_core *core = &world->hosts[node].core;
    struct sim_meters *meters = core->meters;
    if (core->peers != before)
        core->peers_since = world->now;
    for (size_t peer = 0; peer < world->count; peer++) {
        if (!(core->peers >> peer & 1) || meters->begun >> peer & 1)
            continue;
        meters->begun |= 1u << peer;
        for (size_t link = 0; link < world->links; link++)
            hy_meter_begin(&meters->meters[link][peer], &meters->limits, sim_local(world, node));
    }
}

struct sim_marks *sim_links_write(struct sim_world *world, size_t node)
{
    struct sim_core *core = &world->hosts[node].core;
    struct sim_meters *meters = core->meters;
    hy_time now = sim_local(world, node);
    struct sim_marks *marks = malloc(sizeof *marks); /* of the reports only those of `peers` are looked at */
    if (!marks)
        abort();
    marks->incarnation = core->incarnation;
    marks->sent = hy_meter_stamp(now);
    marks->peers = core->peers & meters->begun;
    for (size_t link = 0; link < world->links; link++) {
        if (!++meters->last_number[link]) /* 0 is no number */
            ++meters->last_number[link];
        marks->numbers[link] = meters->last_number[link];
        for (size_t peer = 0; peer < world->count; peer++)
            if (marks->peers >> peer & 1)
                hy_meter_say(&meters->meters[link][peer], now, &marks->reports[link][peer]);
    }
    return marks;
}

void sim_links_take(struct sim_world *world, const struct sim_event *event)
{
    const struct sim_marks *marks = event->packet->marks;
    struct sim_meters *meters = world->hosts[event->node].core.meters;
    if (!meters || !marks || !(meters->begun >> event->from & 1))
        return;
    hy_time now = sim_local(world, event->node);
    const struct hy_meter_mark mark = {
        .incarnation = marks->incarnation, .number = marks->numbers[event->link], .sent = marks->sent};
    if (!hy_meter_heard(&meters->meters[event->link][event->from], &mark, now))
        return;
    meters->heard[event->link][event->from] = world->now;
    if (!(marks->peers >> event->node & 1))
        return;
    for (size_t link = 0; link < world->links; link++) {
        struct hy_meter *about = &meters->meters[link][event->from];
        hy_meter_told(about, &mark, &marks->reports[link][event->node], now);
        if (link == event->link)
            hy_meter_answered(about, &marks->reports[link][event->node], now);
    }
}

/* Who could not listen for a while accuses nobody. */
static void excuse(struct sim_world *world, struct sim_meters *meters, hy_time now)
{
    if (now - meters->last_step <= meters->limits.dead_after / 2)
        return;
    for (size_t link = 0; link < world->links; link++)
        for (size_t peer = 0; peer < world->count; peer++)
            if (meters->begun >> peer & 1)
                hy_meter_was_late(&meters->meters[link][peer], now);
}

void sim_links_step(struct sim_world *world, size_t node)
{
    struct sim_core *core = &world->hosts[node].core;
    struct sim_meters *meters = core->meters;
    hy_time now = sim_local(world, node);
    excuse(world, meters, now);
    meters->last_step = now;
    for (size_t link = 0; link < world->links; link++)
        for (size_t peer = 0; peer < world->count; peer++) {
            enum hy_meter_state was;
            struct hy_meter *meter = &meters->meters[link][peer];
            if (!(meters->begun & core->peers) || !((meters->begun & core->peers) >> peer & 1) ||
                !hy_meter_step(meter, now, &was))
                continue;
            sim_note(world, "%s: link %zu to %s: %s, was: %s", world->hosts[node].name, link + 1,
                     world->hosts[peer].name, hy_meter_word(meter->state), hy_meter_word(was));
            SIM_OBSERVE(world, metered, (seer, link, node, peer, was, meter->state));
        }
}

/* ---- what may be asked */

size_t sim_links(const struct sim_world *world)
{
    return world->links;
}

struct sim_way sim_way(const struct sim_world *world, size_t link, size_t from, size_t to)
{
    const struct sim_path *path = &world->paths[link][from][to];
    const struct sim_meters *meters = world->hosts[to].core.meters;
    return (struct sim_way){.cut = path->cuts > 0,
                            .cut_since = path->cut_since,
                            .calm_since = path->calm_since,
                            .heard = meters ? meters->heard[link][from] : -1};
}

hy_time sim_longest_delay(const struct sim_world *world)
{
    return 2 * world->longest_base + 60;
}

hy_time sim_steady_since(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    if (sim_core_since(world, node) == HY_NEVER || host->core_frozen || host->host_frozen ||
        sim_host_may_be_silent(world, node))
        return HY_NEVER;
    return host->steady_since > host->core.since ? host->steady_since : host->core.since;
}

hy_time sim_core_since(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    bool outlived = host->core.outlived || host->core.incarnation < host->latest; /* nobody listens to it */
    return host->core.cluster && !outlived ? host->core.since : HY_NEVER;
}

hy_time sim_frozen_since(const struct sim_world *world, size_t node)
{
    const struct sim_host *host = &world->hosts[node];
    return host->frozen_since >= host->core.since ? host->frozen_since : -1;
}

hy_time sim_peers_since(const struct sim_world *world, size_t node)
{
    return world->hosts[node].core.peers_since;
}

bool sim_knows(const struct sim_world *world, size_t node, size_t peer)
{
    return world->hosts[node].core.cluster && world->hosts[node].core.peers >> peer & 1;
}

enum hy_meter_state sim_meter(const struct sim_world *world, size_t link, size_t node, size_t peer)
{
    const struct sim_meters *meters = world->hosts[node].core.meters;
    return meters && meters->begun >> peer & 1 ? meters->meters[link][peer].state : HY_METER_NEW;
}
