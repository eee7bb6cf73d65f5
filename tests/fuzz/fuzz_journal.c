/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes at all as a log, a snapshot, and (with checksums that are right) as the content of both: nothing may crash or
 * leak, what is refused has a reason, and what is accepted comes back from what is written. `make check` feeds it bytes
 * at random (test_journal); to go on from there with libFuzzer, from a build folder:
 *
 *   clang -g -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I SRC/core SRC/tests/fuzz/fuzz_journal.c \
 *         SRC/core/journal/[a-z]*.c SRC/core/consensus/config.c SRC/core/base/[a-z]*.c -o fuzz_journal
 *   ./fuzz_journal
 */
#include "journal/sectors.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hy_journal_owner owner = {.folder = "/disk", .cluster = "ships", .node = 7};

static void must(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_journal: %s\n", what);
    abort();
}

static void same(const struct hy_journal_image *a, const struct hy_journal_image *b)
{
    must(a->term == b->term && a->vote == b->vote && a->base == b->base && a->incarnation == b->incarnation &&
             a->servers.count == b->servers.count && a->entries.count == b->entries.count,
         "another log");
    for (size_t i = 0; i < a->entries.count; i++)
        must(a->entries.items[i].size == b->entries.items[i].size &&
                 memcmp(a->entries.items[i].data, b->entries.items[i].data, a->entries.items[i].size) == 0,
             "another entry");
}

static void try_log(const struct hy_buf *file)
{
    struct hy_journal_image image, again;
    struct hy_buf anew = {0};
    struct hy_err err = {{0}};
    if (hy_journal_log_read(&owner, file, &image, &err) == 0) {
        hy_journal_log_write(&owner, 1, 0, &image, &anew);
        must(hy_journal_log_read(&owner, &anew, &again, &err) == 0, "not readable when written anew");
        same(&image, &again);
        hy_journal_image_free(&again);
    } else {
        must(err.text[0] != '\0', "refused without a reason");
    }
    hy_journal_image_free(&image);
    hy_buf_free(&anew);
}

static void try_snapshot(const struct hy_buf *file)
{
    struct hy_journal_snapshot snapshot;
    struct hy_buf anew = {0};
    struct hy_err err = {{0}};
    uint64_t disk;
    if (hy_journal_snapshot_read(&owner, file, &disk, &snapshot, &err) == 0) {
        hy_journal_snapshot_write(&owner, disk, 1000, &snapshot, &anew);
        must(anew.size == file->size && memcmp(anew.data, file->data, anew.size) == 0, "another snapshot");
    } else {
        must(err.text[0] != '\0', "refused without a reason");
    }
    hy_buf_free(&snapshot.data);
    hy_buf_free(&anew);
}

/* A file that is right but for what its frame holds. */
static struct hy_buf wrapped(const char *magic, const uint8_t *data, size_t size, size_t free_sectors)
{
    static const char zeros[HY_JOURNAL_SECTOR];
    struct hy_buf file = {0};
    struct hy_journal_header header = {.disk = 77, .created = 1000};
    header.length = HY_JOURNAL_SECTOR * (1 + free_sectors) + hy_journal_frame_size(size);
    uint32_t seed = hy_journal_header_write(&owner, magic, &header, &file);
    hy_journal_frame_write(seed, file.size, data, size, &file);
    for (size_t i = 0; i < free_sectors; i++)
        hy_buf_add(&file, zeros, sizeof zeros);
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hy_buf raw = {0};
    hy_buf_add(&raw, data, size);
    try_log(&raw);
    try_snapshot(&raw);
    hy_buf_free(&raw);
    struct hy_buf log = wrapped(hy_journal_log_magic, data, size, 1);
    try_log(&log);
    hy_buf_free(&log);
    struct hy_buf snapshot = wrapped(hy_journal_snapshot_magic, data, size, 0);
    try_snapshot(&snapshot);
    hy_buf_free(&snapshot);
    return 0;
}
