/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus as core/bus makes it of ZeroMQ over TCP: from each publisher to each subscriber one connection, first in, first
 * out, nothing lost while it lives. It ends when a process ends, when nothing was heard for about three seconds (cut, frozen,
 * powered off), or when its socket is renewed; what was on its way is lost then, and so is what is sent before it is back. It goes
 * over one link, any that works when it is made; when that link dies it ends as any other, and the next is made over another.
 */
#include "sim/internal.h"

enum { QUEUE = 10000 };

static const hy_time SHORTEST_END = 2 * HY_SECOND, LONGEST_END = 3500 * HY_MS;
static const hy_time MADE_JUST_NOW = 100 * HY_MS;

static struct sim_pipe *pipe_of(struct sim_world *world, size_t publisher, size_t subscriber)
{
    return &world->pipes[publisher][subscriber];
}

static void next_step(struct sim_world *world, size_t publisher, size_t subscriber, hy_time after)
{
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    struct sim_event *event = sim_agenda_add(world, world->now + after, SIM_EV_PIPE, subscriber);
    event->from = (uint8_t)publisher;
    event->generation = ++pipe->step;
}

static void drop_stalled(struct sim_world *world, struct sim_pipe *pipe)
{
    while (pipe->stalled) {
        struct sim_event *event = pipe->stalled;
        pipe->stalled = event->next;
        sim_agenda_free_event(world, event);
    }
    pipe->stalled_end = &pipe->stalled;
    pipe->stalled_count = 0;
}

static void close_pipe(struct sim_world *world, size_t publisher, size_t subscriber)
{
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    drop_stalled(world, pipe);
    pipe->state = SIM_PIPE_NONE;
    pipe->ending = false;
    pipe->step++;
}

/* The socket tries: at once, or after the pause between two attempts. */
static void connect_pipe(struct sim_world *world, size_t publisher, size_t subscriber, bool at_once)
{
    close_pipe(world, publisher, subscriber);
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    pipe->state = SIM_PIPE_CONNECTING;
    pipe->fresh_since = at_once ? world->now : 0;
    next_step(world, publisher, subscriber,
              at_once ? sim_draw_time(&world->net, 500, 3 * HY_MS)
                      : sim_draw_time(&world->net, 50 * HY_MS, 600 * HY_MS));
}

static bool can_talk(const struct sim_world *world, size_t publisher, size_t subscriber)
{
    const struct sim_host *p = &world->hosts[publisher], *s = &world->hosts[subscriber];
    return p->core.cluster && !p->core_frozen && !p->host_frozen && !s->core_frozen && !s->host_frozen &&
           sim_net_works(world, world->pipes[publisher][subscriber].link, publisher, subscriber);
}

static void choose_link(struct sim_world *world, size_t publisher, size_t subscriber)
{
    size_t working[SIM_MAX_LINKS], count = 0;
    for (size_t link = 0; link < world->links; link++)
        if (sim_net_works(world, link, publisher, subscriber))
            working[count++] = link;
    if (world->links > 1 && count)
        pipe_of(world, publisher, subscriber)->link = (uint8_t)working[sim_draw_below(&world->net, count)];
}

static void send_one(struct sim_world *world, enum sim_topic topic, size_t from, size_t to, struct sim_packet *packet)
{
    struct sim_pipe *pipe = pipe_of(world, from, to);
    struct sim_path *path = &world->paths[pipe->link][from][to];
    if (pipe->state != SIM_PIPE_UP || pipe->publisher != world->hosts[from].core.generation ||
        pipe->stalled_count >= QUEUE)
        return;
    world->bus_messages++;
    struct sim_event *event = sim_agenda_make(world, SIM_EV_BUS, to);
    event->from = (uint8_t)from;
    event->topic = (uint8_t)topic;
    event->generation = pipe->generation;
    event->incarnation = world->hosts[from].core.incarnation;
    event->packet = packet;
    packet->refs++;
    if (path->cuts) {
        *pipe->stalled_end = event;
        pipe->stalled_end = &event->next;
        pipe->stalled_count++;
        return;
    }
    hy_time delay = sim_net_delay(world, path, packet->size);
    if (path->loss && sim_draw_chance(&world->net, path->loss))
        delay += sim_draw_time(&world->net, 200 * HY_MS, 800 * HY_MS); /* a repetition of TCP's */
    hy_time at = world->now + delay;
    pipe->last = at > pipe->last ? at : pipe->last + 1;
    sim_agenda_again(world, event, pipe->last);
}

/* ---- who hears whom */

static void say_connected(struct sim_world *world, size_t node, size_t peer)
{
    struct sim_contact *contact = &world->contacts[node][peer];
    contact->untold = world->hosts[node].main_frozen != 0;
    if (contact->untold)
        return;
    if (!contact->hears_us || contact->hears_us != contact->greeted_by || !(world->hosts[node].core.peers >> peer & 1))
        return;
    const struct hy_cluster_event event = {.type = HY_CLUSTER_PEER_CONNECTED, .from = (uint32_t)peer + 1};
    sim_core_step(world, node, &event);
}

void sim_bus_thawed(struct sim_world *world, size_t node)
{
    for (size_t peer = 0; peer < world->count; peer++)
        if (world->contacts[node][peer].untold && world->hosts[node].core.cluster)
            say_connected(world, node, peer);
}

void sim_bus_greeted(struct sim_world *world, size_t node, size_t by, uint64_t incarnation)
{
    world->contacts[node][by].greeted_by = incarnation;
    say_connected(world, node, by);
}

/*
 * Half of the greetings come to nothing: the event is for speed alone, and the bus may lose anything. With all of them
 * a leader would send what is lacking so soon that hardly a heartbeat came before it, and what goes wrong only then
 * would not be looked at.
 */
static void subscribed(struct sim_world *world, size_t publisher, size_t subscriber)
{
    if (sim_draw_below(&world->net, 2))
        return;
    struct sim_packet *nothing = sim_packet_take(NULL, 0);
    send_one(world, SIM_GREETING, publisher, subscriber, nothing);
    sim_packet_unref(nothing);
    world->contacts[publisher][subscriber].hears_us = world->hosts[subscriber].core.incarnation;
    sim_bus_reconnect(world, publisher, subscriber, world->hosts[subscriber].core.incarnation);
    say_connected(world, publisher, subscriber);
}

/* ---- */

/* Nothing was heard for long; or an attempt to connect. */
void sim_bus_pipe_event(struct sim_world *world, const struct sim_event *event)
{
    size_t publisher = event->from, subscriber = event->node;
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    if (event->generation != pipe->step || !world->hosts[subscriber].core.cluster ||
        !(world->hosts[subscriber].core.peers >> publisher & 1))
        return;
    if (pipe->state == SIM_PIPE_UP) {
        pipe->ending = false;
        if (!can_talk(world, publisher, subscriber) || pipe->publisher != world->hosts[publisher].core.generation)
            connect_pipe(world, publisher, subscriber, false);
        return;
    }
    choose_link(world, publisher, subscriber);
    if (!can_talk(world, publisher, subscriber)) {
        connect_pipe(world, publisher, subscriber, false);
        return;
    }
    pipe->state = SIM_PIPE_UP;
    pipe->publisher = world->hosts[publisher].core.generation;
    pipe->last = world->now;
    /* The handshake and the subscription are round trips that have begun long before; what is sent from now on comes. */
    subscribed(world, publisher, subscriber);
}

static void stalls(struct sim_world *world, size_t publisher, size_t subscriber)
{
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    if (pipe->state != SIM_PIPE_UP || pipe->ending)
        return;
    pipe->ending = true;
    next_step(world, publisher, subscriber, sim_draw_time(&world->net, SHORTEST_END, LONGEST_END));
}

static void flush(struct sim_world *world, size_t publisher, size_t subscriber)
{
    struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
    hy_time cut = world->now - world->paths[pipe->link][publisher][subscriber].cut_since;
    /* TCP finds out with its next repetition, whose pauses have doubled since. */
    hy_time at = world->now + (hy_time)sim_draw_below(&world->net, (uint64_t)(cut < HY_SECOND ? cut : HY_SECOND) + 1);
    at = at > pipe->last ? at : pipe->last;
    while (pipe->stalled) {
        struct sim_event *event = pipe->stalled;
        pipe->stalled = event->next;
        at += 5;
        sim_agenda_again(world, event, at);
    }
    pipe->last = at;
    pipe->stalled_end = &pipe->stalled;
    pipe->stalled_count = 0;
}

void sim_bus_path_changed(struct sim_world *world, size_t link, size_t from, size_t to)
{
    bool data = pipe_of(world, from, to)->link == link, acknowledgements = pipe_of(world, to, from)->link == link;
    bool cut = sim_net_is_cut(world, link, from, to);
    if (cut && data)
        stalls(world, from, to);
    if (cut && acknowledgements)
        stalls(world, to, from);
    if (!cut && data)
        flush(world, from, to);
}

void sim_bus_frozen(struct sim_world *world, size_t node)
{
    for (size_t peer = 0; peer < world->count; peer++)
        if (peer != node) {
            stalls(world, node, peer);
            stalls(world, peer, node);
        }
}

void sim_bus_core_started(struct sim_world *world, size_t node)
{
    for (size_t peer = 0; peer < world->count; peer++)
        if (peer != node) {
            pipe_of(world, peer, node)->generation++;
            pipe_of(world, peer, node)->heard = pipe_of(world, peer, node)->wanted = 0;
            world->contacts[node][peer] = (struct sim_contact){0};
        }
}

void sim_bus_peers_changed(struct sim_world *world, size_t node, uint32_t before)
{
    uint32_t peers = world->hosts[node].core.peers;
    for (size_t peer = 0; peer < world->count; peer++) {
        if (!((before ^ peers) >> peer & 1)) /* two bits compared with == come out wrong with GCC 12.2 -O2 */
            continue;
        pipe_of(world, peer, node)->generation++;
        if (peers >> peer & 1)
            connect_pipe(world, peer, node, true);
        else
            close_pipe(world, peer, node);
    }
}

/* Its own sockets are gone. Its subscribers see the connection end, or (no power) find out by themselves. */
void sim_bus_core_ended(struct sim_world *world, size_t node, bool silently)
{
    for (size_t peer = 0; peer < world->count; peer++) {
        if (peer == node)
            continue;
        pipe_of(world, peer, node)->generation++;
        close_pipe(world, peer, node);
        drop_stalled(world, pipe_of(world, node, peer));
        if (silently)
            stalls(world, node, peer);
        else if (world->hosts[peer].core.cluster && world->hosts[peer].core.peers >> node & 1)
            connect_pipe(world, node, peer, false);
    }
}

void sim_bus_reset(struct sim_world *world, size_t a, size_t b)
{
    for (int way = 0; way < 2; way++) {
        size_t publisher = way ? b : a, subscriber = way ? a : b;
        struct sim_pipe *pipe = pipe_of(world, publisher, subscriber);
        if (pipe->state != SIM_PIPE_UP)
            continue;
        pipe->generation++; /* what is on its way is lost */
        connect_pipe(world, publisher, subscriber, false);
    }
}

/* hy_bus_reconnect(): unless that incarnation has sent something already, or the first attempt has only just begun. */
void sim_bus_reconnect(struct sim_world *world, size_t node, size_t peer, uint64_t incarnation)
{
    struct sim_pipe *pipe = pipe_of(world, peer, node);
    if (pipe->heard == incarnation || pipe->wanted == incarnation || !(world->hosts[node].core.peers >> peer & 1))
        return;
    pipe->wanted = incarnation;
    if (pipe->fresh_since && world->now - pipe->fresh_since < MADE_JUST_NOW)
        return;
    pipe->generation++;
    connect_pipe(world, peer, node, true);
}

void sim_bus_send(struct sim_world *world, enum sim_topic topic, size_t from, uint32_t to, struct sim_packet *packet)
{
    for (size_t node = 0; node < world->count; node++)
        if (node != from && (!to || to == node + 1))
            send_one(world, topic, from, node, packet);
}
