/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node keeps on its disk, as bytes: a log and a snapshot. Pure: bytes in, bytes out; core/store has the files,
 * and a simulator may keep them in memory.
 *
 * Both files are made of sectors of 512 bytes, the least that a disk writes whole. Each carries a checksum, which
 * covers its place and the file's header as well (bytes that were copied there, or are left from an older file, are no
 * sector), and at its end a mark. The first sector is the header: whose file it is, and the disk id. Then follow
 * frames, each a whole number of sectors:
 *
 *   log       the header, frames of items, zeros. A frame is what one sync makes durable; the next one is written only
 *             after that. It is written over zeros that are durable already, never over anything else, and the file
 *             never grows by it
 *   snapshot  the header, one frame, nothing else; it came by renaming a file that was durable
 *
 * So what a crash leaves is known exactly: each sector of the last frame of a log is the zeros from before, or what was
 * written, or (the process was killed within its write) the beginning of that with zeros behind it. In all of these but
 * the second the mark is zero. A sector with another mark, or with the mark and a wrong checksum, was not left by a
 * crash: that is damage, in the very last frame too. See docs/decisions/disk-identity-and-damage.md.
 */
#ifndef HY_JOURNAL_JOURNAL_H
#define HY_JOURNAL_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "consensus/raft.h"

enum { HY_JOURNAL_VERSION = 2, HY_JOURNAL_SECTOR = 512 };

/* Whose files they are. Files of another node or cluster are refused (-EXDEV). */
struct hy_journal_owner {
    const char *folder; /* for messages only: "FOLDER/log: damaged at byte ..." */
    const char *cluster;
    uint32_t node;
};

/* Where the next frame goes. */
struct hy_journal_tail {
    uint32_t seed; /* the header's, for the checksums */
    uint64_t end;  /* of the frames */
    uint64_t size; /* of the file; zeros from `end` on */
    uint64_t said; /* how large the file is by what is in it: a shorter one has been cut */
};

/* What a log, or a log and a snapshot, come to. Entries point into `memory`. */
struct hy_journal_image {
    uint64_t disk;
    uint64_t incarnation; /* the last one that was saved */
    uint64_t term;
    uint32_t vote;
    uint64_t base;                  /* the log is of no use without a snapshot from there on; 0: it needs none */
    struct hy_raft_servers servers; /* the first set, when one was saved */
    HY_VEC(struct hy_raft_entry) entries;
    struct hy_buf memory;
    struct hy_journal_tail tail;
    size_t torn; /* bytes at tail.end that were never completed; they are in the way of the next frame: write the log
                    anew */
};

struct hy_journal_snapshot {
    uint64_t index;
    uint64_t term;
    struct hy_raft_servers servers;
    struct hy_buf data; /* the state machine */
};

/* --- items: what goes into a frame, one behind the other, carried out in order -------------------------------------- */

/* Of a PERSIST effect: what comes before its snapshot, and what comes after. Without a snapshot both go into one frame.
 * (The snapshot: the file first, then the log is pruned and written anew.) */
void hy_journal_persist_first(struct hy_buf *items, const struct hy_raft_effect *effect);
void hy_journal_persist_rest(struct hy_buf *items, const struct hy_raft_effect *effect);

/* From now on each life that is begun on this disk is a later one than `incarnation`. */
void hy_journal_persist_incarnation(struct hy_buf *items, uint64_t incarnation);

/* --- the log -------------------------------------------------------------------------------------------------------- */

/* A log file that comes to `image` (of a fresh disk: zeroed, but for `disk`), with at least `room` bytes of zeros
 * behind it. `created` tells two files of one name apart: random. Sets image->tail, and torn to 0. A caller makes the
 * file durable under another name, and then renames it. */
void hy_journal_log_write(const struct hy_journal_owner *owner, uint64_t created, uint64_t room,
                          struct hy_journal_image *image, struct hy_buf *file);

/* 0 when a frame of so many bytes of items fits, else the size that the file must have first: filled with zeros, and
 * durable, and then told to tail->size. */
uint64_t hy_journal_log_lacks(const struct hy_journal_tail *tail, size_t items);
/* A frame of `items`, to be written at tail->end as it is before the call. */
void hy_journal_frame(struct hy_journal_tail *tail, const struct hy_buf *items, struct hy_buf *out);

/* -EBADMSG damaged, with file, offset and what is wrong; -EXDEV of another node or cluster; -ENOTSUP of another
 * version. */
int hy_journal_log_read(const struct hy_journal_owner *owner, const struct hy_buf *file, struct hy_journal_image *image,
                        struct hy_err *err);
void hy_journal_image_free(struct hy_journal_image *image);

/* Drops what a snapshot at index/term makes needless, and all of it when the log is not the one that led there. From
 * now on the log needs that snapshot. */
void hy_journal_image_prune(struct hy_journal_image *image, uint64_t index, uint64_t term, uint64_t first_kept);

/* --- the snapshot --------------------------------------------------------------------------------------------------- */

void hy_journal_snapshot_write(const struct hy_journal_owner *owner, uint64_t disk, uint64_t created,
                               const struct hy_journal_snapshot *snapshot, struct hy_buf *file);
/* Errors as hy_journal_log_read(). `disk` is whose the file is. Free snapshot->data in any case. */
int hy_journal_snapshot_read(const struct hy_journal_owner *owner, const struct hy_buf *file, uint64_t *disk,
                             struct hy_journal_snapshot *snapshot, struct hy_err *err);

/* --- both, at a start ----------------------------------------------------------------------------------------------- */

/* The files of a folder (NULL: there is none) as one: -ENOENT there are none, a fresh disk; else as the two above, and
 * -EBADMSG too when they do not belong together (of two disks, a snapshot without a log, a log that needs a newer
 * snapshot). A crash may have left a newer snapshot beside a log that was not written anew yet: then the log is pruned
 * here. The caller frees both in any case. */
int hy_journal_load(const struct hy_journal_owner *owner, const struct hy_buf *log, const struct hy_buf *snapshot_file,
                    struct hy_journal_image *image, struct hy_journal_snapshot *snapshot, struct hy_err *err);
/* The same for a server. Points into both. */
struct hy_raft_state hy_journal_state(const struct hy_journal_image *image, const struct hy_journal_snapshot *snapshot);

#endif
