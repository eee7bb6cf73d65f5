/* SPDX-License-Identifier: Apache-2.0 */
#include "consensus/log.h"

#include <stdalign.h>

struct payload {
    size_t references;
    alignas(max_align_t) unsigned char bytes[];
};

static struct payload *payload_of(const void *bytes)
{
    return (struct payload *)(void *)((uintptr_t)bytes - offsetof(struct payload, bytes));
}

void *hy_raft_payload_blank(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct payload))
        hy_out_of_memory(size);
    struct payload *payload = hy_alloc(sizeof *payload + size);
    payload->references = 1;
    return payload->bytes;
}

void *hy_raft_payload(const void *data, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct payload))
        hy_out_of_memory(size);
    struct payload *payload = hy_realloc_array(NULL, 1, sizeof *payload + size); /* zeroing it would be in vain */
    payload->references = 1;
    if (size)
        memcpy(payload->bytes, data, size);
    return payload->bytes;
}

void *hy_raft_payload_ref(const void *payload)
{
    payload_of(payload)->references++;
    return payload_of(payload)->bytes;
}

void hy_raft_payload_unref(const void *payload)
{
    if (payload && --payload_of(payload)->references == 0)
        free(payload_of(payload));
}

static void release(struct hy_raft_log *log, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        log->bytes -= log->items[log->start + i].size;
        hy_raft_payload_unref(log->items[log->start + i].data);
    }
}

void hy_raft_log_reset(struct hy_raft_log *log, uint64_t base, uint64_t base_term)
{
    release(log, 0, log->count);
    log->start = log->count = 0;
    log->base = base;
    log->base_term = base_term;
}

void hy_raft_log_free(struct hy_raft_log *log)
{
    hy_raft_log_reset(log, 0, 0);
    free(log->items);
    *log = (struct hy_raft_log){0};
}

uint64_t hy_raft_log_last(const struct hy_raft_log *log)
{
    return log->base + log->count;
}

uint64_t hy_raft_log_last_term(const struct hy_raft_log *log)
{
    return hy_raft_log_term(log, hy_raft_log_last(log));
}

const struct hy_raft_entry *hy_raft_log_at(const struct hy_raft_log *log, uint64_t index)
{
    if (index <= log->base || index > hy_raft_log_last(log))
        return NULL;
    return &log->items[log->start + (size_t)(index - log->base - 1)];
}

uint64_t hy_raft_log_term(const struct hy_raft_log *log, uint64_t index)
{
    if (index == log->base)
        return log->base_term;
    const struct hy_raft_entry *entry = hy_raft_log_at(log, index);
    return entry ? entry->term : 0;
}

bool hy_raft_log_matches(const struct hy_raft_log *log, uint64_t index, uint64_t term)
{
    return index >= log->base && index <= hy_raft_log_last(log) && hy_raft_log_term(log, index) == term;
}

/* Room for one more behind the window; what compaction has freed in front of it is used again first. */
static void make_room(struct hy_raft_log *log)
{
    if (log->start + log->count < log->capacity)
        return;
    if (log->start > log->count) {
        memmove(log->items, log->items + log->start, log->count * sizeof *log->items);
        log->start = 0;
        return;
    }
    log->capacity = log->capacity ? log->capacity * 2 : 16;
    log->items = hy_realloc_array(log->items, log->capacity, sizeof *log->items);
}

void hy_raft_log_append(struct hy_raft_log *log, uint64_t term, enum hy_raft_entry_type type, void *payload,
                        size_t size)
{
    make_room(log);
    log->count++;
    log->bytes += size;
    log->items[log->start + log->count - 1] = (struct hy_raft_entry){
        .index = log->base + log->count,
        .term = term,
        .type = type,
        .data = payload,
        .size = size,
    };
}

void hy_raft_log_truncate(struct hy_raft_log *log, uint64_t from)
{
    if (from > hy_raft_log_last(log))
        return;
    size_t keep = from > log->base ? (size_t)(from - log->base - 1) : 0;
    release(log, keep, log->count);
    log->count = keep;
}

void hy_raft_log_compact(struct hy_raft_log *log, uint64_t to)
{
    const struct hy_raft_entry *entry = hy_raft_log_at(log, to);
    if (!entry)
        return;
    log->base_term = entry->term;
    size_t gone = (size_t)(to - log->base);
    release(log, 0, gone);
    log->start += gone;
    log->count -= gone;
    log->base = to;
}

uint64_t hy_raft_log_agree(const struct hy_raft_log *log, uint64_t index, uint64_t term)
{
    uint64_t low = log->base; /* terms never fall along a log, so the place can be searched for by halves */
    uint64_t high = index < hy_raft_log_last(log) ? index : hy_raft_log_last(log);
    while (low < high) {
        uint64_t middle = high - (high - low) / 2;
        if (hy_raft_log_term(log, middle) > term)
            high = middle - 1;
        else
            low = middle;
    }
    return high;
}
