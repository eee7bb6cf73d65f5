/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes go out numbered and come back in order. `disk.last_index` says how far the log on disk is the one in memory;
 * when the log is cut, that goes back at once, and so does what writes still on their way can bring: an old write that
 * completes late never vouches for entries that have been replaced since.
 */
#include "consensus/server.h"

#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

bool hy_raft_state_durable(const struct hy_raft *raft)
{
    return !raft->disk.state_unsaved && raft->disk.done >= raft->disk.state_number;
}

void hy_raft_disk_state(struct hy_raft *raft)
{
    raft->disk.state_unsaved = true;
}

void hy_raft_disk_form(struct hy_raft *raft)
{
    raft->disk.form_unsaved = true;
}

static struct hy_raft_effect *begin_write(struct hy_raft *raft)
{
    struct hy_raft_disk *disk = &raft->disk;
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_PERSIST);
    effect->number = ++disk->issued;
    effect->term = raft->term;
    effect->vote = raft->vote;
    if (disk->state_unsaved) {
        effect->save_vote = true;
        disk->state_unsaved = false;
        disk->state_number = disk->issued;
    }
    if (disk->form_unsaved) {
        effect->form = true;
        effect->servers = hy_raft_payload(&hy_raft_configs_at(&raft->configs, 0)->servers, sizeof *effect->servers);
        disk->form_unsaved = false;
    }
    return effect;
}

static void note_write(struct hy_raft *raft, uint64_t last_index, size_t bytes)
{
    struct hy_raft_disk *disk = &raft->disk;
    hy_vec_push(&disk->writes,
                ((struct hy_raft_write){.number = disk->issued, .last_index = last_index, .bytes = bytes}));
    disk->bytes += bytes;
}

/* Nothing that is or will be on disk vouches for more than `last_index`. */
static void limit(struct hy_raft_disk *disk, uint64_t last_index)
{
    if (disk->last_index > last_index)
        disk->last_index = last_index;
    for (size_t i = disk->first; i < disk->writes.count; i++)
        if (disk->writes.items[i].last_index > last_index)
            disk->writes.items[i].last_index = last_index;
}

void hy_raft_disk_append(struct hy_raft *raft, uint64_t first, bool truncate)
{
    uint64_t last = hy_raft_log_last(&raft->log);
    struct hy_raft_effect *effect = begin_write(raft);
    if (truncate) {
        effect->truncate = !HY_MUTANT(TRUNCATION_NOT_WRITTEN);
        effect->truncate_from = first;
        limit(&raft->disk, first - 1);
    }
    size_t count = (size_t)(last + 1 - first);
    size_t bytes = 0;
    effect->entries = hy_alloc_array(count, sizeof *effect->entries);
    effect->entry_count = count;
    for (size_t i = 0; i < count; i++) {
        effect->entries[i] = *hy_raft_log_at(&raft->log, first + i);
        hy_raft_payload_ref(effect->entries[i].data);
        bytes += effect->entries[i].size;
    }
    note_write(raft, last, bytes);
}

void hy_raft_disk_snapshot(struct hy_raft *raft, const void *payload, size_t size, uint64_t same, bool drop_rest)
{
    struct hy_raft_effect *effect = begin_write(raft);
    effect->snapshot = true;
    effect->index = raft->incoming.index;
    effect->snapshot_term = raft->incoming.term;
    effect->servers =
        hy_raft_payload(&hy_raft_configs_at(&raft->configs, effect->index)->servers, sizeof *effect->servers);
    effect->data = hy_raft_payload_ref(payload);
    effect->size = size;
    if (drop_rest) {
        effect->truncate = true;
        effect->truncate_from = effect->index + 1;
        limit(&raft->disk, same);
    }
    note_write(raft, effect->index, size);
}

void hy_raft_disk_flush(struct hy_raft *raft)
{
    if (!raft->disk.state_unsaved && !raft->disk.form_unsaved)
        return;
    begin_write(raft);
    note_write(raft, 0, 0);
}

/* What has become possible now that more is on disk. */
static void moved_on(struct hy_raft *raft)
{
    hy_raft_election_durable(raft);
    if (raft->role == HY_RAFT_LEADER)
        hy_raft_lead_commit(raft);
    else
        hy_raft_follow_durable(raft);
}

int hy_raft_disk_done(struct hy_raft *raft, uint64_t number, struct hy_err *err)
{
    struct hy_raft_disk *disk = &raft->disk;
    if (number > disk->issued)
        return hy_fail(err, EINVAL, "write %" PRIu64 " is said to be done, the last one asked for is %" PRIu64, number,
                       disk->issued);
    if (number <= disk->done)
        return 0;
    disk->done = number;
    while (disk->first < disk->writes.count && disk->writes.items[disk->first].number <= number) {
        const struct hy_raft_write *write = &disk->writes.items[disk->first++];
        disk->bytes -= write->bytes;
        if (write->last_index > disk->last_index)
            disk->last_index = write->last_index;
    }
    if (disk->first > disk->writes.count / 2) {
        disk->writes.count -= disk->first;
        memmove(disk->writes.items, disk->writes.items + disk->first, disk->writes.count * sizeof *disk->writes.items);
        disk->first = 0;
    }
    moved_on(raft);
    return 0;
}
