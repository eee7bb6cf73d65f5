/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Raft promises of the log (paper, figure 3):
 *
 *   log-matching          entries of the same index and term are the same, and so is what stands before them
 *   leader-completeness   who comes to lead has every entry that was committed before
 *   committed-differs     what one server takes as committed, every other one takes too
 *   commit-not-durable    an entry is committed only when a majority of the voters in force has it on disk, each on the
 *                         disk that the set names: so neither a removed server nor one with an emptied disk counts
 *   old-term-counted      a leader commits by counting only entries of its own term (figure 8)
 *   entry-went-missing    what was said to be on a disk is there after a restart
 */
#include "sim/checks.h"

#include "cluster/internal.h"
#include "sim/table.h"

#include <inttypes.h>

/* What a write will make of the log on a disk. */
struct write {
    uint64_t number;
    uint64_t cut;      /* entries from here on go; 0: none do */
    uint64_t snapshot; /* the log begins behind this index; 0: none */
    uint64_t snapshot_term;
    uint64_t first; /* of the entries below */
    uint64_t *terms;
    size_t count;
};

/* The log on a disk: the term of each entry. What is covered by a snapshot is there without its terms. */
struct image {
    uint64_t disk;
    uint64_t base; /* entries up to here are in a snapshot */
    HY_VEC(uint64_t) terms;
    HY_VEC(struct write) under_way;
};

struct committed {
    uint64_t term;
    uint64_t counted; /* in this term */
    uint64_t hash;
};

struct logs {
    struct sim_world *world;
    uint64_t last_before;               /* the end of the log before what this step has appended */
    struct table entries;               /* index, term -> hash, term before */
    HY_VEC(struct committed) committed; /* by index - 1; term 0: seen by nobody */
    struct image images[SIM_MAX_NODES];
    struct image lost[SIM_MAX_NODES]; /* the disk that was there before: what it had, it had when it said so */
    uint64_t commit[SIM_MAX_NODES];   /* looked at so far */
    uint64_t led[SIM_MAX_NODES];      /* the last term in which the node was seen to lead */
};

static void *open_check(struct sim_world *world)
{
    struct logs *logs = hy_alloc(sizeof *logs);
    logs->world = world;
    return logs;
}

static void drop_first_write(struct image *image)
{
    free(image->under_way.items[0].terms);
    hy_vec_remove(&image->under_way, 0);
}

static void free_image(struct image *image)
{
    while (image->under_way.count)
        drop_first_write(image);
    hy_vec_free(&image->under_way);
    hy_vec_free(&image->terms);
}

static void close_check(void *context)
{
    struct logs *logs = context;
    table_free(&logs->entries);
    hy_vec_free(&logs->committed);
    for (size_t i = 0; i < SIM_MAX_NODES; i++) {
        free_image(&logs->images[i]);
        free_image(&logs->lost[i]);
    }
    free(logs);
}

static uint64_t hash_of(const struct hy_raft_entry *entry)
{
    return hash_bytes(entry->data ? entry->data : "", entry->size) + (uint64_t)entry->type;
}

/* ---- disks */

static uint64_t last_on(const struct image *image)
{
    return image->base + image->terms.count;
}

static bool has_on_disk(const struct image *image, uint64_t index, uint64_t term)
{
    return index <= image->base || (index <= last_on(image) && image->terms.items[index - image->base - 1] == term);
}

static void begin_behind(struct image *image, uint64_t index)
{
    if (index <= image->base)
        return;
    uint64_t gone = index - image->base;
    if (gone > image->terms.count)
        gone = image->terms.count;
    if (gone < image->terms.count)
        memmove(image->terms.items, image->terms.items + gone,
                (image->terms.count - gone) * sizeof *image->terms.items);
    image->terms.count -= gone;
    image->base = index;
}

static void carry_out(struct image *image, const struct write *write)
{
    if (write->cut && write->cut <= last_on(image))
        image->terms.count = write->cut > image->base ? write->cut - image->base - 1 : 0;
    if (write->snapshot) {
        if (!has_on_disk(image, write->snapshot, write->snapshot_term))
            image->terms.count = 0;
        begin_behind(image, write->snapshot);
    }
    for (size_t i = 0; i < write->count; i++) {
        uint64_t index = write->first + i;
        if (index <= image->base)
            continue;
        if (index <= last_on(image))
            image->terms.count = index - image->base - 1;
        if (index == last_on(image) + 1)
            hy_vec_push(&image->terms, write->terms[i]);
    }
}

static void persisted(struct image *image, uint64_t number)
{
    while (image->under_way.count && image->under_way.items[0].number <= number) {
        carry_out(image, &image->under_way.items[0]);
        drop_first_write(image);
    }
}

static void writes(struct image *image, const struct hy_raft_effect *persist)
{
    struct write write = {.number = persist->number,
                          .cut = persist->truncate ? persist->truncate_from : 0,
                          .snapshot = persist->snapshot ? persist->index : 0,
                          .snapshot_term = persist->snapshot_term,
                          .count = persist->entry_count};
    if (write.count) {
        write.first = persist->entries[0].index;
        write.terms = hy_alloc_array(write.count, sizeof *write.terms);
        for (size_t i = 0; i < write.count; i++)
            write.terms[i] = persist->entries[i].term;
    }
    hy_vec_push(&image->under_way, write);
}

/* ---- log matching */

static void appended(struct logs *logs, size_t node, const struct hy_raft *raft, const struct hy_raft_entry *entry)
{
    uint64_t before = entry->index > 1 ? hy_raft_term_at(raft, entry->index - 1) : 0;
    uint64_t hash = hash_of(entry);
    bool is_new;
    struct table_row *row = table_row(&logs->entries, entry->index, entry->term, &is_new);
    if (is_new) {
        row->value[0] = hash;
        row->value[1] = before;
        return;
    }
    if (row->value[0] != hash || (before && row->value[1] && row->value[1] != before))
        sim_violation(logs->world, "log-matching",
                      "entry %" PRIu64 " of term %" PRIu64 " on %s is not what it is elsewhere", entry->index,
                      entry->term, sim_name(logs->world, node));
    if (!row->value[1])
        row->value[1] = before;
}

/* ---- commits */

static size_t holders(const struct logs *logs, const struct hy_raft_servers *servers, uint64_t index, uint64_t term,
                      size_t *voters)
{
    size_t count = 0;
    *voters = 0;
    for (size_t i = 0; i < servers->count; i++) {
        const struct hy_raft_server *server = &servers->list[i];
        if (!server->voter)
            continue;
        ++*voters;
        size_t node = server->id - 1;
        if (node >= SIM_MAX_NODES)
            continue;
        const struct image *image = logs->lost[node].disk == server->disk ? &logs->lost[node] : &logs->images[node];
        if (image->disk == server->disk && has_on_disk(image, index, term))
            count++;
    }
    return count;
}

/* Nobody took it as committed before: this is the leader, who has counted. The set in force is the newest in
 * its log, as it was before this step: what is proposed because of the commit comes after it. */
static void first_committed(struct logs *logs, size_t node, const struct hy_raft *raft, uint64_t index, uint64_t term)
{
    const struct hy_raft_servers *servers = hy_raft_servers_at(raft, logs->last_before);
    size_t voters, count = holders(logs, servers ? servers : hy_raft_servers(raft), index, term, &voters);
    if (hy_raft_role(raft) == HY_RAFT_LEADER && term != hy_raft_term(raft))
        sim_violation(logs->world, "old-term-counted",
                      "%s leads in term %" PRIu64 " and counts for entry %" PRIu64 " of term %" PRIu64,
                      sim_name(logs->world, node), hy_raft_term(raft), index, term);
    if (2 * count <= voters)
        sim_violation(logs->world, "commit-not-durable",
                      "%s takes entry %" PRIu64 " of term %" PRIu64 " as committed: on disk at %zu of %zu voters",
                      sim_name(logs->world, node), index, term, count, voters);
}

static void committed(struct logs *logs, size_t node, const struct hy_raft *raft, uint64_t index)
{
    struct hy_raft_entry entry;
    if (!hy_raft_entry_at(raft, index, &entry))
        return; /* it came with a snapshot */
    while (logs->committed.count < index)
        hy_vec_push(&logs->committed, (struct committed){0});
    struct committed *known = &logs->committed.items[index - 1];
    uint64_t hash = hash_of(&entry);
    if (!known->term) {
        *known = (struct committed){.term = entry.term, .hash = hash, .counted = hy_raft_term(raft)};
        if (index == hy_raft_commit_index(raft))
            first_committed(logs, node, raft, index, entry.term);
    } else if (known->term != entry.term || known->hash != hash) {
        sim_violation(logs->world, "committed-differs",
                      "%s has entry %" PRIu64 " of term %" PRIu64 " as committed, others have one of term %" PRIu64,
                      sim_name(logs->world, node), index, entry.term, known->term);
    }
}

static void came_to_lead(struct logs *logs, size_t node, const struct hy_raft *raft)
{
    logs->led[node] = hy_raft_term(raft);
    uint64_t index = logs->committed.count;
    while (index &&
           (!logs->committed.items[index - 1].term || logs->committed.items[index - 1].counted >= hy_raft_term(raft)))
        index--; /* committed by a later leader: this one's votes came late */
    if (!index || index < hy_raft_first_index(raft))
        return;
    uint64_t term = logs->committed.items[index - 1].term;
    if (hy_raft_last_index(raft) < index || hy_raft_term_at(raft, index) != term)
        sim_violation(logs->world, "leader-completeness",
                      "%s leads in term %" PRIu64 " without entry %" PRIu64 " of term %" PRIu64 ", which is committed",
                      sim_name(logs->world, node), hy_raft_term(raft), index, term);
}

static void take_effects(struct logs *logs, size_t node, const struct hy_raft *raft,
                         const struct hy_cluster_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++) {
        const struct hy_cluster_effect *effect = &effects->list.items[i];
        if (effect->type != HY_CLUSTER_PERSIST)
            continue;
        writes(&logs->images[node], &effect->persist);
        for (size_t j = 0; j < effect->persist.entry_count; j++)
            appended(logs, node, raft, &effect->persist.entries[j]);
        if (effect->persist.entry_count && effect->persist.entries[0].index <= logs->last_before)
            logs->last_before = effect->persist.entries[0].index - 1;
    }
}

static void stepped(void *context, size_t node, const struct hy_cluster_event *event, int rc,
                    const struct hy_cluster_effects *effects)
{
    (void)rc;
    struct logs *logs = context;
    const struct hy_raft *raft = sim_cluster(logs->world, node)->replica.raft;
    if (event->type == HY_CLUSTER_PERSISTED)
        persisted(&logs->images[node], event->number);
    logs->last_before = hy_raft_last_index(raft);
    if (sim_says(logs->world, HY_CLUSTER_PERSIST))
        take_effects(logs, node, raft, effects);
    if (hy_raft_role(raft) == HY_RAFT_LEADER && hy_raft_term(raft) != logs->led[node])
        came_to_lead(logs, node, raft);
    for (uint64_t commit = hy_raft_commit_index(raft); logs->commit[node] < commit;)
        committed(logs, node, raft, ++logs->commit[node]);
}

static void core_started(void *context, size_t node)
{
    struct logs *logs = context;
    const struct hy_raft *raft = sim_cluster(logs->world, node)->replica.raft;
    struct image *image = &logs->images[node];
    uint64_t last = last_on(image), first = hy_raft_first_index(raft);
    if (image->disk == sim_disk(logs->world, node) && last >= first && !image->under_way.count &&
        !has_on_disk(image, last, hy_raft_term_at(raft, last)))
        sim_violation(logs->world, "entry-went-missing", "%s had entry %" PRIu64 " on its disk and does not find it",
                      sim_name(logs->world, node), last);
    while (image->under_way.count)
        drop_first_write(image);
    if (image->disk != sim_disk(logs->world, node)) {
        free_image(&logs->lost[node]);
        logs->lost[node] = *image;
        *image = (struct image){.disk = sim_disk(logs->world, node)};
    }
    image->base = first - 1;
    image->terms.count = 0;
    for (uint64_t index = first; index <= hy_raft_last_index(raft); index++)
        hy_vec_push(&image->terms, hy_raft_term_at(raft, index));
    logs->commit[node] = hy_raft_commit_index(raft);
    logs->led[node] = 0;
}

const struct sim_observer sim_check_log = {
    .name = "log", .open = open_check, .close = close_check, .stepped = stepped, .core_started = core_started};
