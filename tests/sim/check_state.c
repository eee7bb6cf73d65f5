/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State machine safety: a state is kept here that takes each committed entry once, in order. It is the measure.
 *
 *   state-differs     at equal index every node's state is the same, byte for byte when saved: looked at now and then, at
 *                     every snapshot, after every restore and at the end
 *   snapshot-differs  a snapshot that is saved is that state
 *   measure-differs   what is kept of the measure's saved text is what would be saved: the check's own doing, looked at as
 *                     often as the nodes' states
 *   edit-...          see edits.h
 */
#include "sim/checks.h"

#include "cib/command.h"
#include "cib/grammar.h"
#include "cluster/internal.h"
#include "sim/edits.h"
#include "sim/saved.h"
#include "sim/table.h"

#include <inttypes.h>

enum { NOW_AND_THEN = 64 };

struct states {
    struct sim_world *world;
    struct hy_cib *measure;
    struct saved *kept; /* of the measure's text */
    struct table saved; /* index -> hash of the saved state */
    struct edits *edits;
    uint64_t looked[SIM_MAX_NODES]; /* the last index at which the node's state was compared */
};

static void *open_check(struct sim_world *world)
{
    struct states *states = hy_alloc(sizeof *states);
    states->world = world;
    states->measure = hy_cib_new();
    states->kept = saved_new();
    states->edits = edits_new(world);
    return states;
}

static void close_check(void *context)
{
    struct states *states = context;
    hy_cib_free(&states->measure);
    saved_free(states->kept);
    table_free(&states->saved);
    edits_free(states->edits);
    free(states);
}

static uint64_t hash_of(const struct hy_cib *cib)
{
    struct hy_buf text = {0};
    hy_cib_save(cib, &text);
    uint64_t hash = saved_text_hash(hy_buf_text(&text), text.size);
    hy_buf_free(&text);
    return hash;
}

/* The hash of the state at `index`, if it is known or can be had. */
static const struct table_row *measured(struct states *states, uint64_t index)
{
    const struct table_row *row = table_find(&states->saved, index, 0);
    if (row || states->measure->index != index)
        return row;
    bool is_new;
    struct table_row *made = table_row(&states->saved, index, 0, &is_new);
    made->value[0] = saved_hash(states->kept, states->measure);
    if (index % NOW_AND_THEN == 0 && made->value[0] != hash_of(states->measure))
        sim_violation(states->world, "measure-differs", "at %" PRIu64 " something has changed that is kept", index);
    return made;
}

static void keep_both(struct states *states, const struct hy_cib *other, uint64_t index)
{
    if (!sim_is_traced(states->world) || states->measure->index != index)
        return;
    struct hy_buf a = {0}, b = {0};
    hy_cib_save(states->measure, &a);
    hy_cib_save(other, &b);
    size_t at = 0;
    while (at < a.size && at < b.size && a.data[at] == b.data[at])
        at++;
    size_t from = at > 200 ? at - 200 : 0;
    sim_note(states->world, "expected ...%.400s", hy_buf_text(&a) + from);
    sim_note(states->world, "found    ...%.400s", hy_buf_text(&b) + from);
    hy_buf_free(&a);
    hy_buf_free(&b);
}

static void compare(struct states *states, size_t node, const struct hy_cib *cib, uint64_t applied)
{
    const struct table_row *row = measured(states, applied);
    states->looked[node] = applied;
    if (!row || row->value[0] == hash_of(cib))
        return;
    keep_both(states, cib, applied);
    sim_violation(states->world, "state-differs", "%s has another state than the log gives at %" PRIu64,
                  sim_name(states->world, node), applied);
}

static void take(struct states *states, const struct hy_raft *raft, uint64_t index)
{
    struct hy_raft_entry entry;
    if (!hy_raft_entry_at(raft, index, &entry)) {
        sim_violation(states->world, "state-differs", "entry %" PRIu64 " was applied and is in nobody's log", index);
        return;
    }
    if (entry.type != HY_RAFT_ENTRY_COMMAND) {
        states->measure->index = index;
        if (entry.type == HY_RAFT_ENTRY_CONFIG)
            states->measure->servers_index = index;
        return;
    }
    struct hy_answer answer = {0};
    hy_cib_apply(states->measure, index, entry.data, entry.size, &answer);
    edits_committed(states->edits, index, &answer);
}

static void check_snapshot(struct states *states, size_t node, const struct hy_cluster_effect *effect)
{
    const struct table_row *row = measured(states, effect->number);
    if (row && row->value[0] != saved_text_hash(effect->data, effect->size))
        sim_violation(states->world, "snapshot-differs",
                      "%s saves a snapshot at %" PRIu64 " that is not the state there", sim_name(states->world, node),
                      effect->number);
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)event;
    (void)rc;
    struct states *states = context;
    const struct hy_cluster *c = sim_cluster(states->world, node);
    uint64_t applied = c->replica.applied;
    while (states->measure->index < applied) {
        take(states, c->replica.raft, states->measure->index + 1);
        measured(states, states->measure->index); /* a node may be given a snapshot of any index */
    }
    bool restored = c->replica.snapshot_index == applied;
    if (applied != states->looked[node] && (restored || applied % NOW_AND_THEN == 0))
        compare(states, node, c->replica.cib, applied);
    for (size_t i = 0; sim_says(states->world, HY_CLUSTER_SAVE_SNAPSHOT) && i < effects->list.count; i++)
        if (effects->list.items[i].type == HY_CLUSTER_SAVE_SNAPSHOT)
            check_snapshot(states, node, &effects->list.items[i]);
}

static void core_started(void *context, size_t node)
{
    struct states *states = context;
    const struct hy_cluster *c = sim_cluster(states->world, node);
    states->looked[node] = 0;
    if (c->replica.applied)
        compare(states, node, c->replica.cib, c->replica.applied);
}

static void core_ended(void *context, size_t node, const char *why)
{
    (void)why;
    struct states *states = context;
    const struct hy_cluster *c = sim_cluster(states->world, node);
    if (c && c->replica.applied)
        compare(states, node, c->replica.cib, c->replica.applied);
}

static void finished(void *context)
{
    struct states *states = context;
    for (size_t node = 0; node < sim_node_count(states->world); node++)
        if (sim_cluster(states->world, node))
            core_ended(states, node, "");
}

static void called(void *context, const struct sim_call *call)
{
    edits_called(((struct states *)context)->edits, call);
}

static void answered(void *context, const struct sim_call *call)
{
    edits_answered(((struct states *)context)->edits, call);
}

const struct sim_observer sim_check_state = {.name = "state",
                                             .open = open_check,
                                             .close = close_check,
                                             .stepped = stepped,
                                             .core_started = core_started,
                                             .core_ended = core_ended,
                                             .called = called,
                                             .answered = answered,
                                             .finished = finished};
