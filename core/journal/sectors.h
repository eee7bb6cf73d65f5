/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of sectors, whatever is in its frames.
 *
 *   header   magic 8 bytes, version u32, node u32, disk u64, created u64, length u64, cluster's name as bytes, zeros up
 *            to byte 504, CRC-32C u32 of those, mark u32
 *   sector   number within its frame u32, bytes used u16, last of its frame u8, 497 bytes, CRC-32C u32, mark u32
 *
 * The checksum of a sector starts from the header's, and covers the sector's offset and its first 504 bytes. At this
 * length CRC-32C finds every change of up to five bits (Koopman, "32-Bit Cyclic Redundancy Codes for Internet
 * Applications", 2002). The mark is 32 bits away from what an unwritten sector has there, and what is neither is damage.
 * (A write that was cut within the mark itself looks like damage too. That errs on the safe side, and hardly is: the
 * kernel takes whole pages.)
 */
#ifndef HY_JOURNAL_SECTORS_H
#define HY_JOURNAL_SECTORS_H

#include "journal/journal.h"

enum { HY_JOURNAL_PAYLOAD = 497 };

extern const char hy_journal_log_magic[];
extern const char hy_journal_snapshot_magic[];

struct hy_journal_header {
    uint64_t disk;
    uint64_t created;
    uint64_t length; /* of the file: exactly of a snapshot, at least of a log */
};

/* What is done to a file by name, for its messages. */
struct hy_journal_file {
    const struct hy_journal_owner *owner;
    const char *name;
    const struct hy_buf *bytes;
};

/* Appends the first sector. Its checksum, from which the others start. */
uint32_t hy_journal_header_write(const struct hy_journal_owner *owner, const char *magic,
                                 const struct hy_journal_header *header, struct hy_buf *file);
int hy_journal_header_read(const struct hy_journal_file *file, const char *magic, struct hy_journal_header *header,
                           uint32_t *seed, struct hy_err *err);

/* Bytes on disk of a frame that holds so many. */
uint64_t hy_journal_frame_size(size_t payload);
/* Appends a frame that will be at `offset` of its file. */
void hy_journal_frame_write(uint32_t seed, uint64_t offset, const void *payload, size_t size, struct hy_buf *out);

/* Adds the frame at *at to `payload` and moves *at behind it. -ENODATA: it was never completed (*at stays, and nothing
 * is added), -EBADMSG damaged. */
int hy_journal_frame_read(const struct hy_journal_file *file, uint32_t seed, uint64_t *at, struct hy_buf *payload,
                          struct hy_err *err);
/* What is behind the last complete frame: -EBADMSG unless it is what a crash can leave there. *torn: bytes that are not
 * zero any more. */
int hy_journal_tail_read(const struct hy_journal_file *file, uint32_t seed, uint64_t end, size_t *torn,
                         struct hy_err *err);

/* -EBADMSG with "FOLDER/NAME: damaged at byte AT: " and what. */
int hy_journal_damaged(const struct hy_journal_file *file, uint64_t at, struct hy_err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
