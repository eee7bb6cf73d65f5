/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/internal.h"

#include <errno.h>

enum { ROOM = 16 * 1024 };

static struct hy_journal_owner owner_of(const struct sim_world *world, size_t node)
{
    return (struct hy_journal_owner){.folder = world->hosts[node].name, .cluster = "sim", .node = (uint32_t)node + 1};
}

static uint64_t random_number(struct sim_world *world)
{
    return sim_draw(&world->hosts_stream) | 1;
}

/* ---- jobs, as core/store/store.c has them */

static void begin(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (disk->busy || !disk->jobs.count)
        return;
    const struct sim_disk_job *job = &disk->jobs.items[0];
    size_t bytes = job->items.size + (job->snapshot ? job->snapshot->content.data.size + disk->log.size : 0);
    disk->busy = true;
    hy_time takes =
        sim_draw_time(&world->hosts_stream, 200, 1500) + (hy_time)(bytes / 100) + sim_inject_disk_delay(world, node);
    sim_agenda_add(world, world->now + takes, SIM_EV_DISK, node)->generation = disk->generation;
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

static struct sim_disk_snapshot *copy_snapshot(uint64_t index, uint64_t term, const struct hy_raft_servers *servers,
                                               const void *data, size_t size)
{
    struct sim_disk_snapshot *snapshot = hy_alloc(sizeof *snapshot);
    snapshot->content = (struct hy_journal_snapshot){.index = index, .term = term, .servers = *servers};
    hy_buf_add(&snapshot->content.data, data, size);
    return snapshot;
}

void sim_disk_persist(struct sim_world *world, size_t node, const struct hy_raft_effect *effect)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct sim_disk_job *job = open_job(disk);
    hy_journal_persist_first(&job->items, effect);
    if (effect->snapshot) {
        job->snapshot =
            copy_snapshot(effect->index, effect->snapshot_term, effect->servers, effect->data, effect->size);
        job->snapshot->drop_log = effect->truncate;
        job->snapshot->first_kept = effect->index + 1;
        if (effect->entry_count)
            job = open_job(disk);
    }
    hy_journal_persist_rest(&job->items, effect);
    job->number = effect->number;
    begin(world, node);
}

void sim_disk_begin_above(struct sim_world *world, size_t node, uint64_t incarnation)
{
    struct sim_disk_job *job = open_job(&world->hosts[node].disk);
    hy_journal_persist_incarnation(&job->items, incarnation);
    job->last = true;
    begin(world, node);
}

void sim_disk_snapshot(struct sim_world *world, size_t node, const struct hy_cluster_effect *effect)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct sim_disk_snapshot *snapshot =
        copy_snapshot(effect->number, effect->term, effect->servers, effect->data, effect->size);
    snapshot->first_kept = effect->first_kept;
    snapshot->own = true;
    hy_vec_push(&disk->jobs, ((struct sim_disk_job){.snapshot = snapshot}));
    begin(world, node);
}

static void free_job(struct sim_disk_job *job)
{
    hy_buf_free(&job->items);
    if (job->snapshot)
        hy_buf_free(&job->snapshot->content.data);
    free(job->snapshot);
}

/* ---- files */

static void grow(struct sim_disk *disk, size_t items)
{
    static const char zeros[ROOM];
    uint64_t needed = hy_journal_log_lacks(&disk->tail, items);
    while (disk->tail.size < needed) {
        hy_buf_add(&disk->log, zeros, sizeof zeros);
        disk->tail.size += sizeof zeros;
    }
}

static void make_frame(struct sim_disk *disk, const struct hy_buf *items, uint64_t *at, struct hy_buf *frame)
{
    grow(disk, items->size);
    *at = disk->tail.end;
    hy_journal_frame(&disk->tail, items, frame);
}

static void append(struct sim_disk *disk, const struct hy_buf *items)
{
    struct hy_buf frame = {0};
    uint64_t at;
    make_frame(disk, items, &at, &frame);
    memcpy(disk->log.data + at, frame.data, frame.size);
    hy_buf_free(&frame);
}

/* What was promised on it is lost, though nobody knows yet: as long as it cannot be read that way, no other may be lost. */
static void lose(struct sim_disk *disk)
{
    disk->id = 0;
}

/* A write that is cut within the mark of a sector counts as damage (core/journal takes the worse), and costs the disk: so
 * only where one may be lost. No kernel cuts there, but nothing promises that. */
static size_t cut(struct sim_world *world, size_t node, size_t size, bool power)
{
    size_t prefix = sim_draw_below(&world->hosts_stream, size + 1), mark = 3;
    bool within_mark = prefix % HY_JOURNAL_SECTOR + mark >= HY_JOURNAL_SECTOR;
    if (!within_mark || power)
        return prefix; /* without power it is not this that is left */
    if (!sim_inject_may_lose_disk(world, node))
        return prefix - mark;
    lose(&world->hosts[node].disk);
    return prefix;
}

/* What a crash within the write leaves: the beginning of it, or (no power) any of its sectors. */
static void append_torn(struct sim_world *world, size_t node, const struct hy_buf *items, bool power)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_buf frame = {0};
    uint64_t at;
    make_frame(disk, items, &at, &frame);
    size_t prefix = cut(world, node, frame.size, power);
    for (size_t i = 0; i < frame.size; i += HY_JOURNAL_SECTOR)
        if (power && sim_draw_chance(&world->hosts_stream, 500))
            memcpy(disk->log.data + at + i, frame.data + i, HY_JOURNAL_SECTOR);
    if (!power)
        memcpy(disk->log.data + at, frame.data, prefix);
    hy_buf_free(&frame);
}

static void replace_snapshot(struct sim_world *world, size_t node, const struct sim_disk_snapshot *snapshot)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_journal_owner owner = owner_of(world, node);
    hy_buf_clear(&disk->snapshot);
    hy_journal_snapshot_write(&owner, disk->id, random_number(world), &snapshot->content, &disk->snapshot);
}

static void replace_log(struct sim_world *world, size_t node, struct hy_journal_image *image)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_journal_owner owner = owner_of(world, node);
    hy_buf_clear(&disk->log);
    hy_journal_log_write(&owner, random_number(world), ROOM, image, &disk->log);
    disk->tail = image->tail;
}

static void shorten_log(struct sim_world *world, size_t node, const struct sim_disk_snapshot *snapshot)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_journal_owner owner = owner_of(world, node);
    struct hy_journal_image image = {0};
    struct hy_err err = {{0}};
    if (hy_journal_log_read(&owner, &disk->log, &image, &err)) {
        sim_violation(world, "log-read-back", "%s: %s", world->hosts[node].name, err.text);
    } else {
        hy_journal_image_prune(&image, snapshot->content.index, snapshot->content.term, snapshot->first_kept);
        if (snapshot->drop_log)
            image.entries.count = 0;
        replace_log(world, node, &image);
    }
    hy_journal_image_free(&image);
}

/* How far the job under way has come at a crash; else all of it. */
enum { NOTHING, TORN, APPENDED, SNAPSHOT_THERE, ALL };

static void run_job(struct sim_world *world, size_t node, const struct sim_disk_job *job, int until, bool power)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (job->items.size && until == TORN)
        append_torn(world, node, &job->items, power);
    if (job->items.size && until >= APPENDED)
        append(disk, &job->items);
    const struct sim_disk_snapshot *snapshot = job->snapshot;
    if (!snapshot || snapshot->content.index <= disk->snapshot_index)
        return;
    if (until >= SNAPSHOT_THERE)
        replace_snapshot(world, node, snapshot);
    if (until == ALL) {
        shorten_log(world, node, snapshot);
        disk->snapshot_index = snapshot->content.index;
    }
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
    run_job(world, node, &job, ALL, false);
    bool own = job.snapshot && job.snapshot->own;
    struct hy_cluster_event event = {.type = HY_CLUSTER_PERSISTED, .number = job.number};
    if (own)
        event = (struct hy_cluster_event){.type = HY_CLUSTER_SNAPSHOT_SAVED, .number = job.snapshot->content.index};
    free_job(&job);
    begin(world, node);
    if (job.last)
        sim_core_end(world, node, "the others know a later life of it", false);
    else if (event.number)
        sim_core_step(world, node, &event);
}

/* ---- crashes */

void sim_disk_crash(struct sim_world *world, size_t node, bool power)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    if (disk->busy)
        run_job(world, node, &disk->jobs.items[0], (int)sim_draw_below(&world->hosts_stream, ALL + 1), power);
    for (size_t i = 0; i < disk->jobs.count; i++)
        free_job(&disk->jobs.items[i]);
    disk->jobs.count = 0;
    disk->busy = false;
    disk->generation++;
}

void sim_disk_replace(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    hy_buf_clear(&disk->log);
    hy_buf_clear(&disk->snapshot);
    SIM_OBSERVE(world, disk_lost, (seer, node));
}

void sim_disk_flip(struct sim_world *world, size_t node, int64_t bit)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    size_t bytes = disk->log.size + disk->snapshot.size;
    if (!bytes)
        return;
    lose(disk);
    size_t at = (size_t)(bit / 8) % bytes;
    struct hy_buf *file = at < disk->log.size ? &disk->log : &disk->snapshot;
    at -= file == &disk->log ? 0 : disk->log.size;
    file->data[at] = (char)((unsigned char)file->data[at] ^ (1u << bit % 8));
}

/* ---- a core begins: core/store/load.c */

static int read_files(struct sim_world *world, size_t node, struct hy_err *err)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_journal_owner owner = owner_of(world, node);
    return hy_journal_load(&owner, disk->log.size ? &disk->log : NULL, disk->snapshot.size ? &disk->snapshot : NULL,
                           &disk->image, &disk->loaded, err);
}

static void begin_anew(struct sim_world *world, size_t node, bool damaged, const char *why)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    hy_journal_image_free(&disk->image);
    hy_buf_free(&disk->loaded.data);
    disk->image = (struct hy_journal_image){.disk = random_number(world)};
    disk->loaded = (struct hy_journal_snapshot){0};
    hy_buf_clear(&disk->snapshot);
    /* Whoever puts in another disk sees to the configuration file, too: its nodes may all be gone by now. */
    for (size_t i = 0; i < world->count; i++)
        if (!world->hosts[i].retired)
            world->hosts[node].config |= 1u << i;
    sim_note(world, "%s: the disk is empty: %s", world->hosts[node].name, why);
    if (damaged)
        SIM_OBSERVE(world, disk_lost, (seer, node));
}

int sim_disk_load(struct sim_world *world, size_t node, struct hy_raft_state *state, uint64_t *incarnation,
                  struct hy_err *err)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    struct hy_err why = {{0}};
    if (sim_inject_disk_fails(world, node))
        return hy_fail(err, ENOSPC, "the disk takes nothing");
    int rc = read_files(world, node, &why);
    if (rc == -ENOENT || rc == -EBADMSG)
        begin_anew(world, node, rc == -EBADMSG, why.text);
    else if (rc)
        return hy_fail(err, -rc, "%s", why.text);
    uint64_t wall = (uint64_t)sim_wall(world, node);
    disk->image.incarnation = disk->image.incarnation + 1 > wall ? disk->image.incarnation + 1 : wall;
    disk->id = disk->image.disk;
    disk->snapshot_index = disk->loaded.index;
    replace_log(world, node, &disk->image);
    *incarnation = disk->image.incarnation;
    *state = hy_journal_state(&disk->image, &disk->loaded);
    return 0;
}

void sim_disk_loaded_free(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    hy_journal_image_free(&disk->image);
    hy_buf_free(&disk->loaded.data);
    disk->image = (struct hy_journal_image){0};
    disk->loaded = (struct hy_journal_snapshot){0};
}

void sim_disk_free(struct sim_world *world, size_t node)
{
    struct sim_disk *disk = &world->hosts[node].disk;
    sim_disk_crash(world, node, true);
    hy_vec_free(&disk->jobs);
    hy_buf_free(&disk->log);
    hy_buf_free(&disk->snapshot);
}
