/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/internal.h"

#include <errno.h>

static void free_write(struct hy_raft_effect *write)
{
    struct hy_raft_effects one = {0};
    hy_vec_push(&one.list, *write);
    hy_raft_effects_free(&one);
}

static void free_job(struct sim_disk_job *job)
{
    for (size_t i = 0; i < job->writes.count; i++)
        free_write(&job->writes.items[i]);
    hy_vec_free(&job->writes);
    free(job->data);
}

static void begin(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (disk->busy || !disk->jobs.count)
        return;
    disk->busy = true;
    hy_time takes = sim_draw_time(&world->hosts_stream, 200, 1500) + (hy_time)(disk->jobs.items[0].bytes / 100) +
                    sim_inject_disk_delay(world, node);
    sim_agenda_add(world, world->now + takes, SIM_EV_DISK, node)->generation = disk->generation;
}

static size_t bytes_of(const struct hy_raft_effect *write)
{
    size_t bytes = write->snapshot ? write->size : 0;
    for (size_t i = 0; i < write->entry_count; i++)
        bytes += write->entries[i].size;
    return bytes;
}

/* The job that more may still join. */
static struct sim_disk_job *open_job(struct sim_disk *disk)
{
    size_t last = disk->jobs.count - 1;
    if (disk->jobs.count > (disk->busy ? 1u : 0u) && !disk->jobs.items[last].snapshot)
        return &disk->jobs.items[last];
    hy_vec_push(&disk->jobs, (struct sim_disk_job){0});
    return &disk->jobs.items[disk->jobs.count - 1];
}

void sim_disk_persist(struct sim_world *world, size_t node, struct hy_cluster_effect *effect)
{
    struct sim_disk_job *job = open_job(&world->hosts[node].disk);
    job->bytes += bytes_of(&effect->persist);
    hy_vec_push(&job->writes, effect->persist);
    effect->persist = (struct hy_raft_effect){0};
    effect->type = HY_CLUSTER_GONE; /* what it owned has moved */
    begin(world, node);
}

void sim_disk_snapshot(struct sim_world *world, size_t node, struct hy_cluster_effect *effect)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    hy_vec_push(&disk->jobs, ((struct sim_disk_job){.snapshot = true,
                                                    .index = effect->number,
                                                    .term = effect->term,
                                                    .first_kept = effect->first_kept,
                                                    .servers = effect->servers,
                                                    .data = effect->data,
                                                    .size = effect->size,
                                                    .bytes = effect->size}));
    effect->data = NULL;
    begin(world, node);
}

/* ---- what becomes durable */

static void drop_last(struct sim_disk *disk)
{
    free((void *)(uintptr_t)disk->entries.items[--disk->entries.count].data);
}

static void write_one(struct sim_disk *disk, const struct hy_raft_effect *write, size_t entries)
{
    if (write->save_vote) {
        disk->term = write->term;
        disk->vote = write->vote;
    }
    if (write->snapshot) {
        while (disk->entries.count)
            drop_last(disk);
        disk->snapshot_index = write->index;
        disk->snapshot_term = write->snapshot_term;
        disk->servers = write->servers;
        hy_buf_clear(&disk->snapshot);
        hy_buf_add(&disk->snapshot, write->data, write->size);
    }
    while (write->truncate && disk->entries.count &&
           disk->entries.items[disk->entries.count - 1].index >= write->truncate_from)
        drop_last(disk);
    for (size_t i = 0; i < write->entry_count && i < entries; i++) {
        struct hy_raft_entry entry = write->entries[i];
        entry.data = hy_memdup(entry.data ? entry.data : "", entry.size);
        hy_vec_push(&disk->entries, entry);
    }
}

static void write_snapshot(struct sim_disk *disk, const struct sim_disk_job *job)
{
    if (job->index <= disk->snapshot_index)
        return;
    disk->snapshot_index = job->index;
    disk->snapshot_term = job->term;
    disk->servers = job->servers;
    hy_buf_clear(&disk->snapshot);
    hy_buf_add(&disk->snapshot, job->data, job->size);
    size_t drop = 0;
    while (drop < disk->entries.count && disk->entries.items[drop].index < job->first_kept &&
           disk->entries.items[drop].index <= job->index)
        free((void *)(uintptr_t)disk->entries.items[drop++].data);
    memmove(disk->entries.items, disk->entries.items + drop,
            (disk->entries.count - drop) * sizeof *disk->entries.items);
    disk->entries.count -= drop;
}

static void write_job(struct sim_disk *disk, const struct sim_disk_job *job)
{
    for (size_t i = 0; i < job->writes.count; i++)
        write_one(disk, &job->writes.items[i], SIZE_MAX);
    if (job->snapshot)
        write_snapshot(disk, job);
}

void sim_disk_event(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (sim_inject_disk_fails(world, node)) {
        sim_core_end(world, node, "its disk has failed", false);
        return;
    }
    struct sim_disk_job job = disk->jobs.items[0];
    hy_vec_remove(&disk->jobs, 0);
    disk->busy = false;
    write_job(disk, &job);
    struct hy_cluster_event event = {.type = HY_CLUSTER_PERSISTED};
    if (job.writes.count)
        event.number = job.writes.items[job.writes.count - 1].number;
    else
        event = (struct hy_cluster_event){.type = HY_CLUSTER_SNAPSHOT_SAVED, .number = job.index};
    free_job(&job);
    begin(world, node);
    sim_core_step(world, node, &event);
}

/* ---- crashes */

void sim_disk_crash(struct sim_world *world, size_t node, int64_t tear, bool power)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    (void)power;
    /* one frame is under one checksum: it is there, or it is not */
    if (disk->busy && tear % 3 == 1)
        write_job(disk, &disk->jobs.items[0]);
    for (size_t i = 0; i < disk->jobs.count; i++)
        free_job(&disk->jobs.items[i]);
    disk->jobs.count = 0;
    disk->busy = false;
    disk->generation++;
}

void sim_disk_replace(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    while (disk->entries.count)
        drop_last(disk);
    hy_buf_clear(&disk->snapshot);
    disk->term = disk->snapshot_index = disk->snapshot_term = disk->incarnation = 0;
    disk->vote = 0;
    disk->servers.count = 0;
    disk->id = sim_draw(&world->hosts_stream) | 1;
    SIM_OBSERVE(world, disk_lost, (seer, node));
}

void sim_disk_flip(struct sim_world *world, size_t node, int64_t bit)
{
    (void)bit;
    sim_disk_replace(world, node);
}

int sim_disk_load(struct sim_world *world, size_t node, struct hy_raft_state *state, struct hy_buf *snapshot,
                  uint64_t *incarnation, struct hy_err *err)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (sim_inject_disk_fails(world, node))
        return hy_fail(err, ENOSPC, "the disk takes nothing");
    uint64_t wall = (uint64_t)sim_wall(world, node);
    disk->incarnation = disk->incarnation + 1 > wall ? disk->incarnation + 1 : wall;
    *incarnation = disk->incarnation;
    *state = (struct hy_raft_state){.term = disk->term,
                                    .vote = disk->vote,
                                    .snapshot_index = disk->snapshot_index,
                                    .snapshot_term = disk->snapshot_term,
                                    .servers = disk->servers,
                                    .entries = disk->entries.items,
                                    .entry_count = disk->entries.count};
    *snapshot = (struct hy_buf){0};
    if (disk->snapshot.size)
        hy_buf_add(snapshot, disk->snapshot.data, disk->snapshot.size);
    return 0;
}

void sim_disk_loaded_free(struct sim_world *world, size_t node, struct hy_raft_state *state, struct hy_buf *snapshot)
{
    (void)world;
    (void)node;
    (void)state;
    hy_buf_free(snapshot);
}

void sim_disk_free(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    sim_disk_crash(world, node, 0, true);
    while (disk->entries.count)
        drop_last(disk);
    hy_vec_free(&disk->entries);
    hy_vec_free(&disk->jobs);
    hy_buf_free(&disk->snapshot);
}
