/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes on disk: whatever a crash or a bad disk makes of them, nothing acknowledged is lost without a word. */
#include "base/alloc.h"
#include "journal/crc32c.h"
#include "journal/journal.h"
#include "lib/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct hy_journal_owner owner = {.folder = "/disk", .cluster = "ships", .node = 7};
static const struct hy_raft_servers servers = {.list = {{1, true, 11}, {2, true, 12}, {3, false, 13}}, .count = 3};

enum { DISK = 77, SECTOR = HY_JOURNAL_SECTOR };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* tests/fuzz/fuzz_journal.c */

/* --- what files come to, as a line to compare ---------------------------------------------------------------------- */

static void describe(const struct hy_raft_state *state, struct hy_buf *text)
{
    hy_buf_addf(text, "term %" PRIu64 " vote %" PRIu32 " of %zu", state->term, state->vote, state->servers.count);
    if (state->snapshot_index)
        hy_buf_addf(text, " snapshot %" PRIu64 "/%" PRIu64, state->snapshot_index, state->snapshot_term);
    for (size_t i = 0; i < state->entry_count; i++) {
        const struct hy_raft_entry *entry = &state->entries[i];
        if (entry->size < 20)
            hy_buf_addf(text, " %" PRIu64 "/%" PRIu64 ":%.*s", entry->index, entry->term, (int)entry->size,
                        (const char *)entry->data);
        else
            hy_buf_addf(text, " %" PRIu64 "/%" PRIu64 ":%zu bytes %08" PRIx32, entry->index, entry->term, entry->size,
                        hy_crc32c(0, entry->data, entry->size));
    }
}

/* 0 and the line, or the error and its text. */
static int load(const struct hy_buf *log, const struct hy_buf *file, struct hy_buf *text)
{
    struct hy_journal_image image;
    struct hy_journal_snapshot snapshot;
    struct hy_err err = {{0}};
    hy_buf_clear(text);
    int rc = hy_journal_load(&owner, log, file, &image, &snapshot, &err);
    if (rc == 0) {
        struct hy_raft_state state = hy_journal_state(&image, &snapshot);
        ck_assert_uint_eq(image.disk, DISK);
        describe(&state, text);
        if (snapshot.index)
            hy_buf_addf(text, " '%s'", hy_buf_text(&snapshot.data));
    } else {
        hy_buf_adds(text, err.text);
    }
    hy_journal_image_free(&image);
    hy_buf_free(&snapshot.data);
    return rc;
}

static void assert_log(const struct hy_buf *log, const char *expected)
{
    struct hy_buf text = {0};
    int rc = load(log, NULL, &text);
    ck_assert_msg(rc == 0 && strcmp(hy_buf_text(&text), expected) == 0, "%d: %s, not %s", rc, hy_buf_text(&text),
                  expected);
    hy_buf_free(&text);
}

static void assert_damaged(const struct hy_buf *log, const struct hy_buf *snapshot, const char *where)
{
    struct hy_buf text = {0};
    int rc = load(log, snapshot, &text);
    ck_assert_msg(rc == -EBADMSG && strstr(hy_buf_text(&text), where), "%d: %s, not %s", rc, hy_buf_text(&text), where);
    hy_buf_free(&text);
}

/* --- a disk in memory ---------------------------------------------------------------------------------------------- */

struct disk {
    struct hy_buf log;
    struct hy_journal_tail tail;
};

static void zeros_up_to(struct hy_buf *file, uint64_t size)
{
    while (file->size < size)
        hy_buf_addc(file, 0);
}

static void begin(struct disk *disk, uint64_t room)
{
    struct hy_journal_image image = {.disk = DISK, .incarnation = 5};
    hy_journal_log_write(&owner, 1000, room, &image, &disk->log);
    disk->tail = image.tail;
    ck_assert_uint_eq(disk->log.size, disk->tail.size);
}

static void put(struct disk *disk, const struct hy_raft_effect *effect)
{
    struct hy_buf items = {0};
    struct hy_buf frame = {0};
    hy_journal_persist_first(&items, effect);
    hy_journal_persist_rest(&items, effect);
    uint64_t needed = hy_journal_log_lacks(&disk->tail, items.size);
    if (needed) {
        zeros_up_to(&disk->log, needed + 3 * SECTOR);
        disk->tail.size = disk->log.size;
    }
    uint64_t at = disk->tail.end;
    hy_journal_frame(&disk->tail, &items, &frame);
    ck_assert_uint_eq(frame.size % SECTOR, 0);
    ck_assert_uint_eq(at + frame.size, disk->tail.end);
    ck_assert_uint_lt(disk->tail.end, disk->log.size);
    memcpy(disk->log.data + at, frame.data, frame.size);
    hy_buf_free(&items);
    hy_buf_free(&frame);
}

static void put_entry(struct disk *disk, uint64_t index, uint64_t term, const void *data, size_t size)
{
    struct hy_raft_entry entry = {index, term, HY_RAFT_ENTRY_COMMAND, data, size};
    put(disk, &(struct hy_raft_effect){.entries = &entry, .entry_count = 1});
}

/* Four frames; the last one has three sectors. */
static const char before_last[] = "term 4 vote 2 of 3 1/1:one 2/4:zwei";
static const char after_last[] = "term 4 vote 2 of 3 1/1:one 2/4:zwei 3/4:1200 bytes 951a0e29";
enum { LONG_ENTRY = 1200 };

static struct disk small_disk(uint64_t *last)
{
    char data[LONG_ENTRY];
    struct disk disk = {0};
    struct hy_raft_entry zwei = {2, 4, HY_RAFT_ENTRY_COMMAND, "zwei", 4};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 7 + 1);
    begin(&disk, 6 * SECTOR);
    put(&disk, &(struct hy_raft_effect){.form = true, .servers = &servers, .save_vote = true, .term = 4, .vote = 2});
    put_entry(&disk, 1, 1, "one", 3);
    put_entry(&disk, 2, 1, "two", 3);
    put(&disk, &(struct hy_raft_effect){.truncate = true, .truncate_from = 2, .entries = &zwei, .entry_count = 1});
    *last = disk.tail.end;
    put_entry(&disk, 3, 4, data, sizeof data);
    ck_assert_uint_eq(disk.tail.end - *last, 3 * SECTOR);
    return disk;
}

/* --- tests --------------------------------------------------------------------------------------------------------- */

START_TEST(crc_is_the_same_with_and_without_help)
{
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + i / 7);
    for (size_t from = 0; from < 9; from++)
        for (size_t size = 0; from + size <= sizeof bytes; size++)
            ck_assert_uint_eq(hy_crc32c(7, bytes + from, size), hy_crc32c_plain(7, bytes + from, size));
}
END_TEST

START_TEST(crc_is_crc32c)
{
    ck_assert_uint_eq(hy_crc32c(0, "123456789", 9), 0xe3069283); /* RFC 3720 and the usual check value */
    ck_assert_uint_eq(hy_crc32c(hy_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
    static const unsigned char zeros[32];
    ck_assert_uint_eq(hy_crc32c(0, zeros, sizeof zeros), 0x8a9136aa); /* RFC 3720, B.4 */
}
END_TEST

START_TEST(comes_back_as_it_was)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    assert_log(&disk.log, after_last);
    hy_buf_free(&disk.log);
}
END_TEST

/* Frames of every size around the borders of sectors, with the file growing on the way; and all of it written anew. */
START_TEST(frames_of_every_size)
{
    struct disk disk = {0};
    struct hy_journal_image image;
    struct hy_buf data = {0};
    begin(&disk, 0);
    for (uint64_t i = 1; i <= 1100; i++) {
        put_entry(&disk, i, 1, data.data, data.size);
        hy_buf_addc(&data, (char)('a' + i % 26));
    }
    ck_assert_int_eq(hy_journal_log_read(&owner, &disk.log, &image, NULL), 0);
    for (int pass = 0; pass < 2; pass++) {
        ck_assert_uint_eq(image.entries.count, 1100);
        for (size_t i = 0; i < 1100; i++) {
            const struct hy_raft_entry *entry = &image.entries.items[i];
            ck_assert_uint_eq(entry->index, i + 1);
            ck_assert_uint_eq(entry->size, i);
            ck_assert(i == 0 || memcmp(entry->data, data.data, i) == 0);
        }
        ck_assert_uint_eq(image.disk, DISK);
        ck_assert_uint_eq(image.incarnation, 5);
        ck_assert_uint_eq(image.torn, 0);
        hy_buf_clear(&disk.log);
        hy_journal_log_write(&owner, 1001, 100000, &image, &disk.log);
        ck_assert_uint_ge(disk.log.size, image.tail.end + 100000);
        hy_journal_image_free(&image);
        ck_assert_int_eq(hy_journal_log_read(&owner, &disk.log, &image, NULL), 0);
    }
    hy_journal_image_free(&image);
    hy_buf_free(&disk.log);
    hy_buf_free(&data);
}
END_TEST

/* More than goes into one frame when the log is written anew. */
START_TEST(a_long_log_is_written_anew)
{
    struct disk disk = {0};
    struct hy_journal_image image;
    struct hy_journal_image again;
    size_t size = 300000;
    char *data = hy_alloc(size);
    begin(&disk, 0);
    for (uint64_t i = 1; i <= 20; i++) {
        memset(data, (int)i, size);
        put_entry(&disk, i, i, data, size);
    }
    ck_assert_int_eq(hy_journal_log_read(&owner, &disk.log, &image, NULL), 0);
    hy_buf_clear(&disk.log);
    hy_journal_log_write(&owner, 1001, 0, &image, &disk.log);
    ck_assert_int_eq(hy_journal_log_read(&owner, &disk.log, &again, NULL), 0);
    ck_assert_uint_eq(again.entries.count, 20);
    for (size_t i = 0; i < 20; i++)
        ck_assert_mem_eq(again.entries.items[i].data, image.entries.items[i].data, size);
    hy_journal_image_free(&image);
    hy_journal_image_free(&again);
    hy_buf_free(&disk.log);
    free(data);
}
END_TEST

/* The power fails while the last frame is on its way: each of its sectors has come, or has not. */
START_TEST(torn_by_sectors)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    for (unsigned set = 0; set < 8; set++) {
        struct hy_buf log = {0};
        hy_buf_add(&log, disk.log.data, disk.log.size);
        for (unsigned i = 0; i < 3; i++)
            if (!(set >> i & 1))
                memset(log.data + last + i * SECTOR, 0, SECTOR);
        assert_log(&log, set == 7 ? after_last : before_last);
        hy_buf_free(&log);
    }
    hy_buf_free(&disk.log);
}
END_TEST

/* The process is killed within its write: the beginning has come, up to any byte. */
START_TEST(torn_at_any_byte)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    for (uint64_t at = last; at <= disk.tail.end; at++) {
        struct hy_journal_image image;
        struct hy_buf log = {0};
        hy_buf_add(&log, disk.log.data, disk.log.size);
        memset(log.data + at, 0, disk.tail.end - at);
        if (at % SECTOR > SECTOR - 4) { /* within the mark: not known for certain, so the worse is taken */
            assert_damaged(&log, NULL, "/disk/log: damaged at byte ");
        } else {
            assert_log(&log, at == disk.tail.end ? after_last : before_last);
            ck_assert_int_eq(hy_journal_log_read(&owner, &log, &image, NULL), 0);
            ck_assert_int_eq(image.torn > 0, at > last + 4 && at < disk.tail.end); /* the first bytes are a zero */
            hy_journal_image_free(&image);
        }
        hy_buf_free(&log);
    }
    hy_buf_free(&disk.log);
}
END_TEST

/* Any change of any byte of what was acknowledged is damage, in the very last frame too; of what was not written yet it
 * is damage or nothing. A byte is at `at` of the file that is complained about, or in the sector that begins there. */
static void change_every_byte(struct hy_buf *file, uint64_t acknowledged, const char *same,
                              int (*check)(struct hy_buf *, struct hy_buf *))
{
    static const uint8_t changes[] = {1, 2, 4, 8, 16, 32, 64, 128, 255, 0x55, 0xaa, 3};
    struct hy_buf text = {0};
    size_t harmless = 0;
    for (size_t at = 0; at < file->size; at++) {
        for (size_t i = 0; i < sizeof changes; i++) {
            char was = file->data[at];
            char place[64];
            file->data[at] = (char)((uint8_t)was ^ changes[i]);
            int rc = check(file, &text);
            snprintf(place, sizeof place, "damaged at byte %zu:", at / SECTOR * SECTOR);
            bool noticed = rc == -EBADMSG && strstr(hy_buf_text(&text), place);
            bool other_version = rc == -ENOTSUP && at == 8 && changes[i] == 3; /* two bits make 1 of 2 */
            bool nothing = rc == 0 && at >= acknowledged && strcmp(hy_buf_text(&text), same) == 0;
            ck_assert_msg(noticed || other_version || nothing, "byte %zu ^ %d: %d %s", at, changes[i], rc,
                          hy_buf_text(&text));
            harmless += nothing;
            file->data[at] = was;
        }
    }
    ck_assert_uint_eq(harmless > 0, acknowledged < file->size);
    hy_buf_free(&text);
}

static int check_log(struct hy_buf *log, struct hy_buf *text)
{
    return load(log, NULL, text);
}

START_TEST(a_changed_byte_of_the_log_is_noticed)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    change_every_byte(&disk.log, disk.tail.end, after_last, check_log);
    hy_buf_free(&disk.log);
}
END_TEST

/* A file that has become shorter, whether it ever grew or not. */
START_TEST(a_cut_log_is_noticed)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    for (int grown = 0; grown < 2; grown++) {
        size_t size = disk.log.size;
        while (disk.log.size-- > 0)
            assert_damaged(&disk.log, NULL, "/disk/log: damaged at byte ");
        disk.log.size = size;
        for (uint64_t i = 4; grown == 0 && i < 30; i++)
            put_entry(&disk, i, 4, "x", 1);
        ck_assert(grown || disk.log.size > size);
    }
    hy_buf_free(&disk.log);
}
END_TEST

/* A crash while the file was made larger: nothing was written there yet, and it may have any length. */
START_TEST(a_log_that_was_growing_is_good)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    size_t size = disk.log.size;
    zeros_up_to(&disk.log, size + 3 * SECTOR);
    while (disk.log.size-- > size)
        assert_log(&disk.log, after_last);
    hy_buf_free(&disk.log);
}
END_TEST

/* Sectors that were lost, exchanged, or come from elsewhere. What was the last one cannot be missed, when it has gone
 * altogether: that is what docs/decisions/disk-identity-and-damage.md says. */
START_TEST(a_sector_counts_at_its_place_only)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    size_t sectors = (size_t)disk.tail.end / SECTOR;
    struct hy_buf log = {0};
    for (size_t from = 0; from < sectors; from++) {
        for (size_t to = 0; to < sectors + 2; to++) {
            if (from == to)
                continue;
            hy_buf_clear(&log);
            hy_buf_add(&log, disk.log.data, disk.log.size);
            memcpy(log.data + to * SECTOR, disk.log.data + from * SECTOR, SECTOR);
            assert_damaged(&log, NULL, "/disk/log: damaged at byte ");
        }
        if (from * SECTOR >= last)
            continue;
        hy_buf_clear(&log);
        hy_buf_add(&log, disk.log.data, disk.log.size);
        memset(log.data + from * SECTOR, 0, SECTOR);
        assert_damaged(&log, NULL, "/disk/log: damaged at byte ");
    }
    hy_buf_free(&log);
    hy_buf_free(&disk.log);
}
END_TEST

START_TEST(damage_is_named)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    disk.log.data[1540] ^= 1;
    assert_damaged(&disk.log, NULL, "/disk/log: damaged at byte 1536: the checksum is wrong");
    memset(disk.log.data + 1536, 0, SECTOR);
    assert_damaged(&disk.log, NULL,
                   "/disk/log: damaged at byte 1536: a record is missing that was complete, since one that was written "
                   "after it is at byte 2048");
    disk.log.data[0] = 'X';
    assert_damaged(&disk.log, NULL, "/disk/log: damaged at byte 0: it does not begin with 'HALYARDL'");
    disk.log.size = 0;
    assert_damaged(&disk.log, NULL, "/disk/log: damaged at byte 0: it does not begin with 'HALYARDL'");
    hy_buf_free(&disk.log);
}
END_TEST

static int load_as(const char *cluster, uint32_t node, const struct hy_buf *log, struct hy_err *err)
{
    struct hy_journal_owner other = {.folder = "/disk", .cluster = cluster, .node = node};
    struct hy_journal_image image;
    int rc = hy_journal_log_read(&other, log, &image, err);
    hy_journal_image_free(&image);
    return rc;
}

START_TEST(a_foreign_file_is_refused)
{
    uint64_t last;
    struct hy_err err;
    struct disk disk = small_disk(&last);
    ck_assert_int_eq(load_as("ships", 8, &disk.log, &err), -EXDEV);
    ck_assert_str_eq(err.text,
                     "/disk/log: belongs to node 7, this is node 8: put the right disk here, or empty the folder");
    ck_assert_int_eq(load_as("boats", 7, &disk.log, &err), -EXDEV);
    ck_assert_str_eq(
        err.text,
        "/disk/log: belongs to cluster 'ships', this is 'boats': put the right disk here, or empty the folder");
    disk.log.data[8] = 1;
    ck_assert_int_eq(load_as("ships", 7, &disk.log, &err), -ENOTSUP);
    ck_assert_str_eq(err.text, "/disk/log: of format version 1, this program knows version 2 only");
    disk.log.data[8] = 3;
    uint32_t crc = hy_crc32c(0, disk.log.data, 504);
    for (size_t i = 0; i < 4; i++)
        disk.log.data[504 + i] = (char)(crc >> (8 * i));
    ck_assert_int_eq(load_as("ships", 7, &disk.log, &err), -ENOTSUP);
    ck_assert_str_eq(err.text, "/disk/log: of format version 3, this program knows version 2 only");
    hy_buf_free(&disk.log);
}
END_TEST

/* --- snapshots ----------------------------------------------------------------------------------------------------- */

static struct hy_buf snapshot_file(uint64_t disk, uint64_t index, uint64_t term, const char *text)
{
    struct hy_buf file = {0};
    struct hy_journal_snapshot snapshot = {.index = index, .term = term, .servers = servers};
    hy_buf_adds(&snapshot.data, text);
    hy_journal_snapshot_write(&owner, disk, 2000, &snapshot, &file);
    hy_buf_free(&snapshot.data);
    return file;
}

static int check_snapshot(struct hy_buf *file, struct hy_buf *text)
{
    struct hy_journal_snapshot snapshot;
    struct hy_err err = {{0}};
    uint64_t disk;
    int rc = hy_journal_snapshot_read(&owner, file, &disk, &snapshot, &err);
    hy_buf_clear(text);
    hy_buf_adds(text, rc ? err.text : hy_buf_text(&snapshot.data));
    hy_buf_free(&snapshot.data);
    return rc;
}

START_TEST(a_changed_snapshot_is_noticed)
{
    struct hy_buf state = {0};
    struct hy_buf text = {0};
    for (size_t i = 0; i < 700; i++)
        hy_buf_addc(&state, (char)('a' + i % 26));
    struct hy_buf file = snapshot_file(DISK, 3, 2, hy_buf_text(&state));
    ck_assert_uint_eq(file.size, 3 * SECTOR);
    ck_assert_int_eq(check_snapshot(&file, &text), 0);
    ck_assert_str_eq(hy_buf_text(&text), hy_buf_text(&state));
    change_every_byte(&file, file.size, NULL, check_snapshot);
    zeros_up_to(&file, 4 * SECTOR);
    for (size_t size = 4 * SECTOR; size-- > 0;) {
        file.size = size;
        ck_assert_int_eq(check_snapshot(&file, &text), size == 3 * SECTOR ? 0 : -EBADMSG);
    }
    for (size_t lost = 0; lost < 3; lost++) {
        hy_buf_free(&file);
        file = snapshot_file(DISK, 3, 2, hy_buf_text(&state));
        memset(file.data + lost * SECTOR, 0, SECTOR);
        ck_assert_int_eq(check_snapshot(&file, &text), -EBADMSG);
    }
    hy_buf_free(&file);
    hy_buf_free(&state);
    hy_buf_free(&text);
}
END_TEST

static void assert_pair(const struct hy_buf *log, const struct hy_buf *file, const char *expected)
{
    struct hy_buf text = {0};
    int rc = load(log, file, &text);
    ck_assert_msg(rc == 0 && strcmp(hy_buf_text(&text), expected) == 0, "%d: %s, not %s", rc, hy_buf_text(&text),
                  expected);
    hy_buf_free(&text);
}

/* The log as it is after a snapshot at index/term. */
static struct hy_buf shortened(const struct hy_buf *log, uint64_t index, uint64_t term, uint64_t first_kept)
{
    struct hy_journal_image image;
    struct hy_buf file = {0};
    ck_assert_int_eq(hy_journal_log_read(&owner, log, &image, NULL), 0);
    hy_journal_image_prune(&image, index, term, first_kept);
    hy_journal_log_write(&owner, 1001, 0, &image, &file);
    hy_journal_image_free(&image);
    return file;
}

START_TEST(log_and_snapshot_belong_together)
{
    uint64_t last;
    struct disk disk = small_disk(&last);
    struct hy_buf own = snapshot_file(DISK, 2, 4, "one zwei");
    struct hy_buf later = snapshot_file(DISK, 9, 8, "leader's");
    struct hy_buf foreign = snapshot_file(DISK + 1, 2, 4, "one zwei");
    struct hy_buf log = shortened(&disk.log, 2, 4, 2);
    struct hy_err err;
    struct hy_journal_image image;
    struct hy_journal_snapshot snapshot;
    assert_pair(&disk.log, &own, "term 4 vote 2 of 3 snapshot 2/4 1/1:one 2/4:zwei 3/4:1200 bytes 951a0e29 'one zwei'");
    assert_pair(&log, &own, "term 4 vote 2 of 3 snapshot 2/4 2/4:zwei 3/4:1200 bytes 951a0e29 'one zwei'");
    assert_pair(&log, &later, "term 8 vote 0 of 3 snapshot 9/8 'leader's'");
    assert_damaged(&log, NULL, "/disk/snapshot: missing or too old: it is of entry 0, the log begins behind entry 2");
    assert_damaged(NULL, &own, "/disk/log: missing, and there is a snapshot");
    assert_damaged(&log, &foreign, "/disk/snapshot: damaged at byte 16: it is of disk 000000000000004e, the log of");
    ck_assert_int_eq(hy_journal_load(&owner, NULL, NULL, &image, &snapshot, &err), -ENOENT);
    hy_buf_free(&disk.log);
    hy_buf_free(&own);
    hy_buf_free(&later);
    hy_buf_free(&foreign);
    hy_buf_free(&log);
}
END_TEST

/* --- many crashes -------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}

/* One write more, of what a server might save. */
static void put_something(struct disk *disk, uint64_t *seed, uint64_t *last_index)
{
    char data[3000];
    struct hy_raft_entry entries[4];
    struct hy_raft_effect effect = {.entries = entries};
    size_t size = next_random(seed) % (next_random(seed) % 4 ? 40 : sizeof data);
    memset(data, (int)(next_random(seed) % 255 + 1), sizeof data);
    effect.save_vote = next_random(seed) % 3 == 0;
    effect.term = next_random(seed) % 1000;
    effect.vote = next_random(seed) % 5;
    effect.truncate = next_random(seed) % 5 == 0;
    effect.truncate_from = *last_index ? 1 + next_random(seed) % *last_index : 1;
    if (effect.truncate)
        *last_index = effect.truncate_from - 1;
    effect.entry_count = effect.save_vote ? next_random(seed) % 5 : 1 + next_random(seed) % 4;
    for (size_t i = 0; i < effect.entry_count; i++)
        entries[i] = (struct hy_raft_entry){++*last_index, effect.term, HY_RAFT_ENTRY_COMMAND, data, size};
    put(disk, &effect);
}

/* What a crash leaves of the bytes from `from` on. */
static void tear(struct hy_buf *log, uint64_t from, uint64_t end, uint64_t *seed)
{
    if (next_random(seed) % 2) {
        uint64_t at = from + next_random(seed) % (end - from + 1);
        if (at % SECTOR > SECTOR - 4)
            at -= 4;
        memset(log->data + at, 0, end - at);
        return;
    }
    for (uint64_t at = from; at < end; at += SECTOR)
        if (next_random(seed) % 3 == 0)
            memset(log->data + at, 0, SECTOR);
}

/* As a start does: what is there is written anew. */
static void restart(struct disk *disk, uint64_t created, uint64_t *last_index, struct hy_buf *text)
{
    struct hy_journal_image image;
    struct hy_journal_snapshot none = {0};
    struct hy_err err = {{0}};
    int rc = hy_journal_log_read(&owner, &disk->log, &image, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    struct hy_raft_state state = hy_journal_state(&image, &none);
    hy_buf_clear(text);
    describe(&state, text);
    *last_index = image.entries.count;
    hy_buf_clear(&disk->log);
    hy_journal_log_write(&owner, created, created % 3 * 2000, &image, &disk->log);
    disk->tail = image.tail;
    hy_journal_image_free(&image);
}

START_TEST(many_crashes_lose_nothing)
{
    uint64_t seed = (uint64_t)_i + 1;
    uint64_t last_index = 0;
    struct disk disk = {0};
    struct hy_buf acknowledged = {0};
    struct hy_buf written = {0};
    struct hy_buf text = {0};
    begin(&disk, 2000);
    for (uint64_t run = 0; run < 20; run++) {
        for (uint32_t writes = next_random(&seed) % 10; writes; writes--)
            put_something(&disk, &seed, &last_index);
        ck_assert_int_eq(load(&disk.log, NULL, &acknowledged), 0);
        uint64_t from = disk.tail.end;
        put_something(&disk, &seed, &last_index);
        ck_assert_int_eq(load(&disk.log, NULL, &written), 0);
        tear(&disk.log, from, disk.tail.end, &seed);
        restart(&disk, run, &last_index, &text);
        ck_assert_msg(strcmp(hy_buf_text(&text), hy_buf_text(&acknowledged)) == 0 ||
                          strcmp(hy_buf_text(&text), hy_buf_text(&written)) == 0,
                      "run %" PRIu64 ": %s\nnot %s\nnor %s", run, hy_buf_text(&text), hy_buf_text(&acknowledged),
                      hy_buf_text(&written));
        assert_log(&disk.log, hy_buf_text(&text));
    }
    hy_buf_free(&disk.log);
    hy_buf_free(&acknowledged);
    hy_buf_free(&written);
    hy_buf_free(&text);
}
END_TEST

/* Items that make sense, with some bytes changed. */
START_TEST(strange_content)
{
    uint64_t seed = (uint64_t)_i + 1;
    for (int round = 0; round < 300; round++) {
        struct hy_buf items = {0};
        struct hy_raft_entry entries[2] = {{1, 1, HY_RAFT_ENTRY_COMMAND, "one", 3}, {2, 1, HY_RAFT_ENTRY_NOOP, "", 0}};
        struct hy_raft_effect effect = {.save_vote = true,
                                        .term = 1,
                                        .form = true,
                                        .servers = &servers,
                                        .truncate = true,
                                        .truncate_from = 1,
                                        .entries = entries,
                                        .entry_count = 2};
        hy_journal_persist_first(&items, &effect);
        hy_journal_persist_rest(&items, &effect);
        for (uint32_t changes = next_random(&seed) % 4; changes; changes--)
            items.data[next_random(&seed) % items.size] = (char)next_random(&seed);
        items.size -= next_random(&seed) % 3 ? 0 : next_random(&seed) % items.size;
        LLVMFuzzerTestOneInput((const uint8_t *)items.data, items.size);
        hy_buf_free(&items);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tcase = tcase_create("journal");
    tcase_set_timeout(tcase, 300);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, crc_is_crc32c);
    tcase_add_test(tcase, crc_is_the_same_with_and_without_help);
    tcase_add_test(tcase, comes_back_as_it_was);
    tcase_add_test(tcase, frames_of_every_size);
    tcase_add_test(tcase, a_long_log_is_written_anew);
    tcase_add_test(tcase, torn_by_sectors);
    tcase_add_test(tcase, torn_at_any_byte);
    tcase_add_test(tcase, a_changed_byte_of_the_log_is_noticed);
    tcase_add_test(tcase, a_cut_log_is_noticed);
    tcase_add_test(tcase, a_log_that_was_growing_is_good);
    tcase_add_test(tcase, a_sector_counts_at_its_place_only);
    tcase_add_test(tcase, damage_is_named);
    tcase_add_test(tcase, a_foreign_file_is_refused);
    tcase_add_test(tcase, a_changed_snapshot_is_noticed);
    tcase_add_test(tcase, log_and_snapshot_belong_together);
    tcase_add_loop_test(tcase, many_crashes_lose_nothing, 0, 50);
    tcase_add_loop_test(tcase, strange_content, 0, 10);
    return run_suite(suite);
}
