/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the files.
 *
 *   log       header, frames. A frame: CRC-32C u32, length u32, items. It is what one sync made durable, and the next
 *             one is written only after that; so of a power cut at most the last frame is torn, whatever the order
 *             in which the disk wrote its pages, and a good frame behind a bad one means damage.
 *             The CRC covers the frame's place and the file's header as well: bytes that were copied there, or are
 *             left from an older file, are no frame.
 *   snapshot  header, index u64, term u64, servers, state machine, CRC-32C u32 of all before it
 */
#ifndef HY_STORE_FORMAT_H
#define HY_STORE_FORMAT_H

#include "consensus/raft.h"
#include "store/file.h"

#define HY_STORE_LOG "log"
#define HY_STORE_SNAPSHOT "snapshot"

/* Items, one behind the other, carried out in order. */
void hy_store_item_state(struct hy_buf *items, uint64_t term, uint32_t vote);
void hy_store_item_truncate(struct hy_buf *items, uint64_t from);
void hy_store_item_entry(struct hy_buf *items, const struct hy_raft_entry *entry);
void hy_store_item_servers(struct hy_buf *items, const struct hy_raft_servers *servers); /* the first set */
void hy_store_item_incarnation(struct hy_buf *items, uint64_t incarnation);
void hy_store_item_base(struct hy_buf *items,
                        uint64_t index); /* the log is of no use without a snapshot from there on */

/* What a log comes to. Entries point into the file's bytes. */
struct hy_store_image {
    uint64_t term;
    uint32_t vote;
    uint64_t incarnation;
    uint64_t base;
    struct hy_raft_servers servers; /* the first set, at index 0; a snapshot has its own */
    HY_VEC(struct hy_raft_entry) entries;
    uint32_t seed; /* the header's, for the CRC of frames */
    uint64_t end;  /* behind the last good frame; less than the file's size: the tail is torn */
};

/* An empty log. */
uint32_t hy_store_log_begin(const struct hy_store_folder *folder, uint64_t created, struct hy_buf *file);
/* Appends a frame of `items` that will be at `offset` of the file. */
void hy_store_frame(uint32_t seed, uint64_t offset, const struct hy_buf *items, struct hy_buf *out);
int hy_store_log_read(const struct hy_store_folder *folder, const struct hy_buf *file, struct hy_store_image *image,
                      struct hy_err *err);

/* Drops what a snapshot at index/term makes needless, and all of it when the log is not the one that led there. From
 * now on the log needs that snapshot. */
void hy_store_image_prune(struct hy_store_image *image, uint64_t index, uint64_t term, uint64_t first_kept);
/* A log file that comes to `image`. Sets image->seed and end to what the new file has. */
void hy_store_log_write(const struct hy_store_folder *folder, uint64_t created, struct hy_store_image *image,
                        struct hy_buf *file);

struct hy_store_snapshot_head {
    uint64_t index;
    uint64_t term;
    struct hy_raft_servers servers;
};

void hy_store_snapshot_write(const struct hy_store_folder *folder, const struct hy_store_snapshot_head *head,
                             const void *data, size_t size, struct hy_buf *file);
int hy_store_snapshot_read(const struct hy_store_folder *folder, const struct hy_buf *file,
                           struct hy_store_snapshot_head *head, struct hy_buf *data, struct hy_err *err);

#endif
