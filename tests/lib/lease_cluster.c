/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/lease_cluster.h"

#include "base/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LOG_MESSAGE = 0, HEARTBEAT = 1 };

enum event_type { WAKE, LOG_TICK, ARRIVE };

struct lease_event {
    hy_time at;
    uint64_t sequence;
    enum event_type type;
    uint32_t to;
    uint32_t from;
    uint64_t timer;
    uint8_t kind;
    void *data;
    size_t size;
};

uint64_t lease_random(struct lease_cluster *cluster, uint64_t below)
{
    cluster->random += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = cluster->random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return below ? z % below : 0;
}

void lease_trace(struct lease_cluster *cluster, const char *format, ...)
{
    if (!cluster->trace)
        return;
    hy_buf_addf(cluster->trace, "[%8.1f] ", (double)cluster->now / (double)HY_MS);
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(cluster->trace, format, args);
    va_end(args);
    hy_buf_addc(cluster->trace, '\n');
}

static bool sooner(const struct lease_event *a, const struct lease_event *b)
{
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

static void enqueue(struct lease_cluster *cluster, struct lease_event event)
{
    event.sequence = ++cluster->sequence;
    hy_vec_push(&cluster->queue, event);
    struct lease_event *heap = cluster->queue.items;
    size_t at = cluster->queue.count - 1;
    for (; at > 0 && sooner(&event, &heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = event;
}

static struct lease_event dequeue(struct lease_cluster *cluster)
{
    struct lease_event *heap = cluster->queue.items;
    struct lease_event first = heap[0];
    struct lease_event last = heap[--cluster->queue.count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= cluster->queue.count)
            break;
        if (child + 1 < cluster->queue.count && sooner(&heap[child + 1], &heap[child]))
            child++;
        if (!sooner(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

static hy_time clock_at(const struct lease_node *node, hy_time true_now)
{
    hy_time passed = true_now - node->true_base;
    return node->clock_base + passed + passed * node->rate_ppm / 1000000;
}

hy_time lease_clock(const struct lease_cluster *cluster, uint32_t id)
{
    return clock_at(&cluster->nodes[id], cluster->now);
}

/* The true time at which the node's clock will have reached `at`. */
static hy_time true_time(const struct lease_node *node, hy_time at)
{
    hy_time passed = at - node->clock_base;
    hy_time guess = node->true_base + passed - passed * node->rate_ppm / 1000000;
    while (clock_at(node, guess) < at)
        guess++;
    return guess;
}

void lease_cluster_change_rate(struct lease_cluster *cluster, uint32_t id, int64_t rate_ppm)
{
    struct lease_node *node = &cluster->nodes[id];
    node->clock_base = lease_clock(cluster, id);
    node->true_base = cluster->now;
    node->rate_ppm = rate_ppm;
}

bool lease_cluster_has_lease(const struct lease_cluster *cluster, uint32_t id)
{
    const struct lease_node *node = &cluster->nodes[id];
    return node->membership && node->lease_at > lease_clock(cluster, id) &&
           hy_membership_lease(node->membership, lease_clock(cluster, id)) == node->lease_at;
}

/* The property. A host may still be releasing for as long as the margin. */
static void check_lease(struct lease_cluster *cluster, uint32_t id)
{
    const struct lease_node *node = &cluster->nodes[id];
    if (node->lease_at == 0 || node->lease_epoch >= node->released_epoch)
        return;
    hy_time left = node->lease_at == HY_NEVER
                       ? HY_NEVER
                       : node->lease_at + cluster->options.release_margin - lease_clock(cluster, id);
    if (left > 0 && cluster->violation.size == 0)
        hy_buf_addf(&cluster->violation,
                    "at %" PRId64 " us: node %u has a lease of epoch %u for %" PRId64
                    " us more, but what it ran before epoch %u was given away",
                    cluster->now, id, node->lease_epoch, left, node->released_epoch);
}

static void post(struct lease_cluster *cluster, uint32_t from, uint32_t to, uint8_t kind, const void *data, size_t size)
{
    if (cluster->cut[from][to] || (kind == LOG_MESSAGE && cluster->cut_log[from][to]) ||
        lease_random(cluster, 1000) < cluster->options.loss)
        return;
    int copies = lease_random(cluster, 1000) < cluster->options.twice ? 2 : 1;
    for (int i = 0; i < copies; i++) {
        hy_time spread = cluster->options.delay_max - cluster->options.delay_min;
        hy_time delay = cluster->options.delay_min + (hy_time)lease_random(cluster, (uint64_t)spread + 1);
        if (kind == LOG_MESSAGE && cluster->options.log_delay > 0)
            delay += (hy_time)lease_random(cluster, (uint64_t)cluster->options.log_delay);
        enqueue(cluster, (struct lease_event){.at = cluster->now + delay,
                                              .type = ARRIVE,
                                              .to = to,
                                              .from = from,
                                              .kind = kind,
                                              .data = hy_memdup(data, size),
                                              .size = size});
    }
}

void lease_post(struct lease_cluster *cluster, uint32_t from, uint32_t to, struct hy_buf *message)
{
    post(cluster, from, to, LOG_MESSAGE, message->data, message->size);
    hy_buf_free(message);
}

static void take_lease(struct lease_cluster *cluster, uint32_t id, const struct hy_membership_effect *effect)
{
    struct lease_node *node = &cluster->nodes[id];
    if (effect->at == 0 || node->lease_epoch != effect->epoch || node->lease_at == 0) {
        if (effect->at == 0 && node->lease_at != 0) {
            cluster->leases_lost++;
            lease_trace(cluster, "%u: lease lost", id);
        } else if (effect->at != 0) {
            lease_trace(cluster, "%u: lease, epoch %u, no verdict since %u", id, effect->epoch, effect->since);
        }
    }
    if (effect->at != 0 && node->label >= effect->since && node->label < node->released_epoch &&
        cluster->violation.size == 0)
        hy_buf_addf(&cluster->violation,
                    "at %" PRId64 " us: node %u keeps what it started in epoch %u, though it was given away",
                    cluster->now, id, node->label);
    if (effect->at != 0)
        node->label = effect->epoch;
    node->lease_at = effect->at;
    node->lease_epoch = effect->epoch;
    check_lease(cluster, id);
}

static void take_released(struct lease_cluster *cluster, uint32_t id, const struct hy_membership_effect *effect)
{
    struct lease_node *gone = &cluster->nodes[effect->node];
    lease_trace(cluster, "%u: released what ran on %u before epoch %u", id, effect->node, effect->epoch);
    cluster->releases++;
    if (effect->epoch > gone->released_epoch)
        gone->released_epoch = effect->epoch;
    check_lease(cluster, effect->node);
}

static void take_effect(struct lease_cluster *cluster, uint32_t id, const struct hy_membership_effect *effect)
{
    switch (effect->type) {
    case HY_MEMBERSHIP_SEND:
        cluster->heartbeats++;
        cluster->heartbeat_size = effect->size;
        for (uint32_t to = 1; to <= cluster->options.nodes; to++) {
            if (to != id)
                post(cluster, id, to, HEARTBEAT, effect->data, effect->size);
        }
        break;
    case HY_MEMBERSHIP_LEASE:
        take_lease(cluster, id, effect);
        break;
    case HY_MEMBERSHIP_ALIVE:
        lease_trace(cluster, "%u: %u is alive, incarnation %" PRIu64 ", epoch %u", id, effect->node,
                    effect->incarnation, effect->epoch);
        break;
    case HY_MEMBERSHIP_SUSPECT:
        cluster->suspects++;
        lease_trace(cluster, "%u: turns on %u: %s", id, effect->node, effect->why);
        break;
    case HY_MEMBERSHIP_CONDEMN:
        cluster->condemns++;
        lease_trace(cluster, "%u: %u is condemned, epoch %u", id, effect->node, effect->epoch);
        break;
    case HY_MEMBERSHIP_RELEASED:
        take_released(cluster, id, effect);
        break;
    case HY_MEMBERSHIP_STRANGER:
        lease_trace(cluster, "%u: %u introduces itself", id, effect->node);
        break;
    case HY_MEMBERSHIP_OUTLIVED:
        lease_trace(cluster, "%u: is outlived by its incarnation %" PRIu64, id, effect->incarnation);
        break;
    case HY_MEMBERSHIP_LATE:
        lease_trace(cluster, "%u: was late by %.1f ms", id, (double)effect->by / (double)HY_MS);
        break;
    case HY_MEMBERSHIP_DOUBT:
        cluster->doubts++;
        break;
    case HY_MEMBERSHIP_WISH:
        cluster->wishes++;
        break;
    case HY_MEMBERSHIP_DIFFERS:
        break;
    }
}

static void set_timer(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    hy_time at = true_time(node, hy_membership_deadline(node->membership));
    if (lease_random(cluster, 1000) < cluster->options.late)
        at += (hy_time)lease_random(cluster, 20 * HY_MS);
    enqueue(cluster, (struct lease_event){.at = at, .type = WAKE, .to = id, .timer = ++node->timer});
}

void lease_feed(struct lease_cluster *cluster, uint32_t id, const struct hy_membership_event *event)
{
    struct lease_node *node = &cluster->nodes[id];
    struct hy_membership_effects effects = {0};
    struct hy_err err;
    int rc = hy_membership_step(node->membership, event, lease_clock(cluster, id), &effects, &err);
    if (rc < 0 && cluster->violation.size == 0)
        hy_buf_addf(&cluster->violation, "node %u: %s", id, err.text);
    for (size_t i = 0; i < effects.list.count; i++)
        take_effect(cluster, id, &effects.list.items[i]);
    hy_membership_effects_free(&effects);
    set_timer(cluster, id);
}

static void handle(struct lease_cluster *cluster, const struct lease_event *event)
{
    struct lease_node *node = &cluster->nodes[event->to];
    if (node->frozen_until > cluster->now) {
        struct lease_event thawed = *event;
        thawed.at = node->frozen_until;
        thawed.data = event->data ? hy_memdup(event->data, event->size) : NULL;
        enqueue(cluster, thawed);
        return;
    }
    if (event->type == LOG_TICK) {
        if (node->membership)
            lease_log_tick(cluster, event->to);
        enqueue(cluster, (struct lease_event){.at = cluster->now + 10 * HY_MS, .type = LOG_TICK, .to = event->to});
        return;
    }
    if (!node->membership || (event->type == WAKE && event->timer != node->timer))
        return;
    if (event->type == WAKE) {
        lease_feed(cluster, event->to, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
    } else if (event->kind == HEARTBEAT) {
        lease_feed(cluster, event->to,
                   &(struct hy_membership_event){
                       .type = HY_MEMBERSHIP_MESSAGE, .from = event->from, .data = event->data, .size = event->size});
    } else {
        lease_log_take(cluster, event->to, event->from, event->data, event->size);
    }
}

void lease_cluster_run(struct lease_cluster *cluster, hy_time until)
{
    while (cluster->queue.count > 0 && cluster->queue.items[0].at <= until) {
        struct lease_event event = dequeue(cluster);
        if (event.at > cluster->now)
            cluster->now = event.at;
        handle(cluster, &event);
        free(event.data);
    }
    cluster->now = until;
}

static void open_membership(struct lease_cluster *cluster, uint32_t id)
{
    const struct lease_options *o = &cluster->options;
    struct lease_node *node = &cluster->nodes[id];
    struct hy_membership_options options = {.self = id,
                                            .incarnation = ++node->incarnation,
                                            .node_count = o->nodes,
                                            .heartbeat = o->heartbeat,
                                            .gather = o->gather,
                                            .dead_after = o->dead_after,
                                            .dead_after_max = o->dead_after_max,
                                            .adapts = o->adapts,
                                            .calm = o->calm,
                                            .commit_wait = o->commit_wait,
                                            .release_margin = o->release_margin,
                                            .rho_ppm = 1000};
    for (uint32_t i = 0; i < o->nodes; i++)
        options.nodes[i] = (struct hy_membership_peer){.id = i + 1, .voter = i < o->voters};
    struct hy_err err;
    if (hy_membership_new(&options, lease_clock(cluster, id), &node->membership, &err) < 0) {
        fprintf(stderr, "lease_cluster: %s\n", err.text);
        abort();
    }
}

void lease_cluster_start(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    if (node->membership)
        return;
    open_membership(cluster, id);
    lease_trace(cluster, "%u: core starts, incarnation %" PRIu64, id, node->incarnation);
    lease_log_start(cluster, id);
    lease_feed(cluster, id, &(struct hy_membership_event){.type = HY_MEMBERSHIP_TICK});
}

void lease_cluster_stop(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    if (!node->membership)
        return;
    lease_trace(cluster, "%u: core dies", id);
    hy_membership_free(&node->membership);
    node->log.leads = false;
}

void lease_cluster_reboot(struct lease_cluster *cluster, uint32_t id)
{
    struct lease_node *node = &cluster->nodes[id];
    lease_cluster_stop(cluster, id);
    lease_trace(cluster, "%u: host reboots", id);
    node->frozen_until = 0;
    node->lease_at = 0;
    node->clock_base = HY_SECOND;
    node->true_base = cluster->now;
}

void lease_cluster_freeze(struct lease_cluster *cluster, uint32_t id, hy_time duration)
{
    lease_trace(cluster, "%u: freezes for %.0f ms", id, (double)duration / (double)HY_MS);
    cluster->nodes[id].frozen_until = cluster->now + duration;
}

void lease_cluster_cut(struct lease_cluster *cluster, uint32_t from, uint32_t to, bool cut)
{
    cluster->cut[from][to] = cut;
}

void lease_cluster_settings(struct lease_cluster *cluster, uint32_t id, hy_time dead_after)
{
    lease_feed(cluster, id, &(struct hy_membership_event){.type = HY_MEMBERSHIP_SETTINGS, .at = dead_after});
}

hy_time lease_cluster_agree(struct lease_cluster *cluster)
{
    hy_time agreed = cluster->options.dead_after;
    for (uint32_t id = 1; id <= cluster->options.nodes; id++) {
        hy_time wished =
            cluster->nodes[id].membership ? hy_membership_wish(cluster->nodes[id].membership).dead_after : 0;
        agreed = wished > agreed ? wished : agreed;
    }
    for (uint32_t id = 1; id <= cluster->options.nodes; id++) {
        const struct lease_node *node = &cluster->nodes[id];
        if (node->membership && node->frozen_until <= cluster->now &&
            hy_membership_dead_after(node->membership) != agreed)
            lease_cluster_settings(cluster, id, agreed);
    }
    return agreed;
}

void lease_cluster_held_up(struct lease_cluster *cluster, uint32_t id, hy_time by, hy_time hint)
{
    lease_feed(cluster, id, &(struct hy_membership_event){.type = HY_MEMBERSHIP_HELD_UP, .at = by, .hint = hint});
}

void lease_cluster_link_down(struct lease_cluster *cluster, uint32_t id)
{
    lease_trace(cluster, "%u: carrier is lost on every link", id);
    lease_feed(cluster, id, &(struct hy_membership_event){.type = HY_MEMBERSHIP_LINK_DOWN});
}

void lease_cluster_heal(struct lease_cluster *cluster)
{
    memset(cluster->cut, 0, sizeof cluster->cut);
    memset(cluster->cut_log, 0, sizeof cluster->cut_log);
    cluster->options.log_delay = 0;
    cluster->options.loss = 0;
    for (uint32_t id = 1; id <= cluster->options.nodes; id++)
        lease_cluster_start(cluster, id);
}

struct lease_cluster *lease_cluster_new(const struct lease_options *options, struct hy_buf *trace)
{
    struct lease_cluster *cluster = hy_alloc(sizeof *cluster);
    cluster->options = *options;
    cluster->random = options->seed;
    cluster->trace = trace;
    uint64_t rates = (uint64_t)(2 * options->rate_ppm + 1);
    for (uint32_t id = 1; id <= options->nodes; id++) {
        struct lease_node *node = &cluster->nodes[id];
        node->clock_base = HY_SECOND + (hy_time)lease_random(cluster, 1000 * (uint64_t)HY_SECOND);
        node->rate_ppm = (int64_t)lease_random(cluster, rates) - options->rate_ppm;
        enqueue(cluster, (struct lease_event){.at = (hy_time)id * HY_MS, .type = LOG_TICK, .to = id});
    }
    return cluster;
}

void lease_cluster_free(struct lease_cluster **cluster)
{
    for (size_t i = 0; i < (*cluster)->queue.count; i++)
        free((*cluster)->queue.items[i].data);
    for (uint32_t id = 1; id <= (*cluster)->options.nodes; id++)
        hy_membership_free(&(*cluster)->nodes[id].membership);
    hy_vec_free(&(*cluster)->queue);
    hy_buf_free(&(*cluster)->violation);
    free(*cluster);
    *cluster = NULL;
}
