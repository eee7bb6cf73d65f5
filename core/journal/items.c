/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/items.h"

#include "base/wire.h"
#include "consensus/config.h"

enum {
    ITEM_STATE = 1,
    ITEM_TRUNCATE = 2,
    ITEM_ENTRY = 3,
    ITEM_INCARNATION = 4,
    ITEM_BASE = 5,
    ITEM_SERVERS = 6,
    ITEM_LENGTH = 7
};

void hy_journal_item_state(struct hy_buf *items, uint64_t term, uint32_t vote)
{
    hy_wr_u8(items, ITEM_STATE);
    hy_wr_u64(items, term);
    hy_wr_u32(items, vote);
}

void hy_journal_item_truncate(struct hy_buf *items, uint64_t from)
{
    hy_wr_u8(items, ITEM_TRUNCATE);
    hy_wr_u64(items, from);
}

void hy_journal_item_entry(struct hy_buf *items, const struct hy_raft_entry *entry)
{
    hy_wr_u8(items, ITEM_ENTRY);
    hy_wr_u64(items, entry->index);
    hy_wr_u64(items, entry->term);
    hy_wr_u8(items, (uint8_t)entry->type);
    hy_wr_bytes(items, entry->data, entry->size);
}

void hy_journal_item_incarnation(struct hy_buf *items, uint64_t incarnation)
{
    hy_wr_u8(items, ITEM_INCARNATION);
    hy_wr_u64(items, incarnation);
}

void hy_journal_item_base(struct hy_buf *items, uint64_t index)
{
    hy_wr_u8(items, ITEM_BASE);
    hy_wr_u64(items, index);
}

void hy_journal_item_servers(struct hy_buf *items, const struct hy_raft_servers *servers)
{
    hy_wr_u8(items, ITEM_SERVERS);
    hy_raft_servers_write(servers, items);
}

void hy_journal_item_length(struct hy_buf *items, uint64_t length)
{
    hy_wr_u8(items, ITEM_LENGTH);
    hy_wr_u64(items, length);
}

void hy_journal_persist_first(struct hy_buf *items, const struct hy_raft_effect *effect)
{
    if (effect->save_vote)
        hy_journal_item_state(items, effect->term, effect->vote);
    if (effect->form)
        hy_journal_item_servers(items, effect->servers);
}

void hy_journal_persist_rest(struct hy_buf *items, const struct hy_raft_effect *effect)
{
    if (effect->truncate && !effect->snapshot)
        hy_journal_item_truncate(items, effect->truncate_from);
    for (size_t i = 0; i < effect->entry_count; i++)
        hy_journal_item_entry(items, &effect->entries[i]);
}

void hy_journal_persist_incarnation(struct hy_buf *items, uint64_t incarnation)
{
    hy_journal_item_incarnation(items, incarnation);
}

static const char *apply_entry(struct hy_journal_image *image, struct hy_rd *rd)
{
    struct hy_raft_entry entry = {.index = hy_rd_u64(rd), .term = hy_rd_u64(rd)};
    uint8_t type = hy_rd_u8(rd);
    entry.type = (enum hy_raft_entry_type)type;
    entry.data = hy_rd_bytes(rd, &entry.size);
    size_t count = image->entries.count;
    if (type < HY_RAFT_ENTRY_COMMAND || type > HY_RAFT_ENTRY_NOOP)
        return "an entry of unknown type";
    if (count && entry.index != image->entries.items[count - 1].index + 1)
        return "an entry that does not follow the one before it";
    hy_vec_push(&image->entries, entry);
    return NULL;
}

static void apply_truncate(struct hy_journal_image *image, uint64_t from)
{
    while (image->entries.count && image->entries.items[image->entries.count - 1].index >= from)
        image->entries.count--;
}

static const char *apply_item(struct hy_journal_image *image, struct hy_rd *rd)
{
    switch (hy_rd_u8(rd)) {
    case ITEM_STATE:
        image->term = hy_rd_u64(rd);
        image->vote = hy_rd_u32(rd);
        return NULL;
    case ITEM_TRUNCATE:
        apply_truncate(image, hy_rd_u64(rd));
        return NULL;
    case ITEM_ENTRY:
        return apply_entry(image, rd);
    case ITEM_INCARNATION:
        image->incarnation = hy_rd_u64(rd);
        return NULL;
    case ITEM_BASE:
        image->base = hy_rd_u64(rd);
        return NULL;
    case ITEM_SERVERS:
        hy_raft_servers_read(rd, &image->servers);
        return NULL;
    case ITEM_LENGTH:
        image->tail.said = hy_rd_u64(rd);
        return NULL;
    default:
        return "an item of unknown type";
    }
}

const char *hy_journal_items_apply(struct hy_journal_image *image, const void *items, size_t size)
{
    struct hy_rd rd = hy_rd_from(items, size);
    while (hy_rd_left(&rd)) {
        const char *wrong = apply_item(image, &rd);
        if (!wrong && rd.bad)
            wrong = "an item that makes no sense";
        if (wrong)
            return wrong;
    }
    return NULL;
}
