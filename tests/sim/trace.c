/* SPDX-License-Identifier: Apache-2.0 */
/* What happened: as a hash always, as lines when somebody wants to read them. */
#include "sim/internal.h"

#include "consensus/message.h"

#include <stdio.h>

enum { RING = 64 };

void sim_trace_mix(struct sim_world *world, uint64_t value)
{
    world->trace.hash = sim_mix(world->trace.hash ^ (value + 0x9e3779b97f4a7c15u));
}

static uint64_t hash_bytes(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t hash = size;
    for (; size >= 8; size -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x9fb21c651e98df25u;
        hash ^= hash >> 35;
    }
    for (; size; size--, at++)
        hash = (hash ^ *at) * 0x100000001b3u;
    return hash;
}

void sim_trace_line(struct sim_world *world, const char *format, ...)
{
    struct sim_trace *trace = &world->trace;
    if (!trace->ring)
        trace->ring = hy_alloc(RING * sizeof *trace->ring);
    char *line = trace->ring[trace->ring_count++ % RING];
    int size = snprintf(line, sizeof *trace->ring, "%12.6f ", (double)world->now / 1e6);
    va_list args;
    va_start(args, format);
    vsnprintf(line + size, sizeof *trace->ring - (size_t)size, format, args);
    va_end(args);
    for (char *p = line; *p; p++)
        if (*p == '\n')
            *p = '|';
    if (trace->out)
        fprintf(trace->out, "%s\n", line);
}

void sim_note(struct sim_world *world, const char *format, ...)
{
    if (!sim_traced(world))
        return;
    struct hy_buf text = {0};
    va_list args;
    va_start(args, format);
    hy_buf_vaddf(&text, format, args);
    va_end(args);
    sim_trace_line(world, "%s", hy_buf_text(&text));
    hy_buf_free(&text);
}

bool sim_is_traced(const struct sim_world *world)
{
    return sim_traced(world);
}

static const char *const event_words[] = {
    [HY_CLUSTER_TICK] = "tick",
    [HY_CLUSTER_HEARTBEAT] = "heartbeat",
    [HY_CLUSTER_NEWS] = "news",
    [HY_CLUSTER_RAFT] = "raft",
    [HY_CLUSTER_COMMANDS] = "commands",
    [HY_CLUSTER_ORDERS] = "orders",
    [HY_CLUSTER_PEER_CONNECTED] = "peer connected",
    [HY_CLUSTER_PERSISTED] = "persisted",
    [HY_CLUSTER_SNAPSHOT_SAVED] = "snapshot saved",
    [HY_CLUSTER_OUTCOME] = "outcome",
    [HY_CLUSTER_ACTIVE] = "active",
    [HY_CLUSTER_ACTIVE_END] = "active end",
    [HY_CLUSTER_LEASE_RELEASED] = "lease released",
    [HY_CLUSTER_REQUEST] = "request",
    [HY_CLUSTER_LINKS_DOWN] = "links down",
    [HY_CLUSTER_SHUTDOWN] = "shutdown",
};

static const char *event_word(enum hy_cluster_event_type type)
{
    size_t known = sizeof event_words / sizeof *event_words;
    return (size_t)type < known && event_words[type] ? event_words[type] : "event";
}

static void describe_raft(const void *data, size_t size, struct hy_buf *out)
{
    hy_raft_message_print(data, size, out);
}

static void print_effect(struct sim_world *world, size_t node, const struct hy_cluster_effect *effect)
{
    const char *name = world->hosts[node].name;
    struct hy_buf text = {0};
    switch (effect->type) {
    case HY_CLUSTER_SEND_RAFT:
        describe_raft(effect->data, effect->size, &text);
        sim_trace_line(world, "%s   -> %u raft %s", name, effect->to, hy_buf_text(&text));
        break;
    case HY_CLUSTER_EXECUTE:
        sim_trace_line(world, "%s   executes %s %s id=%llx", name, effect->operation.rsc, effect->operation.op,
                       (unsigned long long)effect->operation.id);
        break;
    case HY_CLUSTER_PERSIST:
        sim_trace_line(world, "%s   persist %llu:%s term %llu vote %u, %zu entries%s%s", name,
                       (unsigned long long)effect->persist.number, effect->persist.save_vote ? " state" : "",
                       (unsigned long long)effect->persist.term, effect->persist.vote, effect->persist.entry_count,
                       effect->persist.truncate ? ", truncate" : "", effect->persist.snapshot ? ", snapshot" : "");
        for (size_t i = 0; i < effect->persist.entry_count; i++) {
            const struct hy_raft_entry *entry = &effect->persist.entries[i];
            sim_trace_line(world, "%s     entry %llu term %llu: %.*s", name, (unsigned long long)entry->index,
                           (unsigned long long)entry->term, entry->type == HY_RAFT_ENTRY_COMMAND ? (int)entry->size : 0,
                           entry->size ? (const char *)entry->data : "");
        }
        break;
    case HY_CLUSTER_SEND_HEARTBEAT:
    case HY_CLUSTER_PUBLISH_CHANGE:
        break;
    default:
        sim_trace_line(world, "%s   effect %d to %u, %zu bytes, number %llu", name, (int)effect->type, effect->to,
                       effect->size, (unsigned long long)effect->number);
        break;
    }
    hy_buf_free(&text);
}

static void print_step(struct sim_world *world, size_t node, const struct hy_cluster_event *event, int rc,
                       const struct hy_cluster_effects *effects, const char *why)
{
    const char *name = world->hosts[node].name;
    bool dull = event->type == HY_CLUSTER_TICK || event->type == HY_CLUSTER_HEARTBEAT || event->type == HY_CLUSTER_NEWS;
    if (!dull || world->trace.everything || rc) {
        struct hy_buf text = {0};
        if (event->type == HY_CLUSTER_RAFT)
            describe_raft(event->data, event->size, &text);
        else if (event->outcome && event->outcome->rsc)
            hy_buf_addf(&text, "%s %s exec=%d rc=%d id=%llx", event->outcome->rsc, event->outcome->op,
                        (int)event->outcome->exec, event->outcome->rc, (unsigned long long)event->outcome->id);
        else
            hy_buf_addf(&text, "number %llu, %zu bytes", (unsigned long long)event->number, event->size);
        sim_trace_line(world, "%s <- %u %s: %s%s%s", name, event->from, event_word(event->type), hy_buf_text(&text),
                       rc ? " REFUSED: " : "", rc ? why : "");
        hy_buf_free(&text);
    }
    for (size_t i = 0; i < effects->list.count; i++)
        print_effect(world, node, &effects->list.items[i]);
}

void sim_trace_step(struct sim_world *world, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects, const char *why)
{
    world->trace.steps++;
    uint64_t hash = (uint64_t)world->now * 64 + (uint64_t)event->type + ((uint64_t)node << 56) + (uint64_t)(int64_t)rc;
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_cluster_effect *effect = &effects->list.items[i];
        hash = hash * 0x9fb21c651e98df25u + ((uint64_t)effect->type << 32 | effect->to) +
               hash_bytes(effect->data, effect->size) + effect->number * 7;
    }
    sim_trace_mix(world, hash);
    if (sim_traced(world))
        print_step(world, node, event, rc, effects, why);
}
