/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/run.h"
#include "store/crc32c.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct hy_raft_servers servers = {.list = {{1, true, 11}, {2, true, 12}, {3, false, 13}}, .count = 3};

/* --- the disk, as the store sees it (the linker puts these in front of the C library's) ---------------------- */

static atomic_int unsynced;   /* writes since the last sync */
static atomic_int syncs_left; /* until one fails; 0: never */

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    unsynced++;
    return __real_pwrite(fd, data, size > 1000 ? size / 2 : size, offset); /* large writes may be short */
}

int __wrap_fdatasync(int fd)
{
    if (syncs_left && --syncs_left == 0) {
        errno = EIO;
        return -1;
    }
    int rc = __real_fdatasync(fd);
    unsynced = 0;
    return rc;
}

static atomic_int renames;      /* not followed by a sync of the folder yet */
static atomic_int rash_renames; /* of files that were not synced */

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    rash_renames += unsynced != 0;
    renames++;
    return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_fsync(int fd)
{
    renames = 0;
    return __real_fsync(fd);
}

static atomic_int clock_behind; /* seconds */

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int rc = __real_clock_gettime(clock, time);
    time->tv_sec -= clock_behind;
    return rc;
}

static void assert_all_is_on_disk(void)
{
    ck_assert_int_eq(unsynced, 0);
    ck_assert_int_eq(renames, 0);
    ck_assert_int_eq(rash_renames, 0);
}

/* --- a folder, its files ------------------------------------------------------------------------------------ */

static char folder[64];
static struct hy_buf log_lines;

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    (void)level;
    hy_buf_addf(context, "%s\n", line);
}

static const struct hy_log sink = {.write = keep_line, .context = &log_lines, .level = HY_LOG_DEBUG};

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/halyard-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void empty_folder(void)
{
    static const char *const names[] = {"log", "log.new", "snapshot", "snapshot.new", "lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
}

static void remove_folder(void)
{
    empty_folder();
    ck_assert_int_eq(rmdir(folder), 0);
    hy_buf_free(&log_lines);
}

static struct hy_buf file_content(const char *name)
{
    struct hy_buf buf = {0};
    char chunk[4096];
    int fd = open(path_of(name), O_RDONLY);
    ck_assert_int_ge(fd, 0);
    for (ssize_t got; (got = read(fd, chunk, sizeof chunk)) > 0;)
        hy_buf_add(&buf, chunk, (size_t)got);
    close(fd);
    return buf;
}

static void put_file(const char *name, const void *data, size_t size)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

static size_t file_size(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(path_of(name), &info), 0);
    return (size_t)info.st_size;
}

/* --- a store ------------------------------------------------------------------------------------------------ */

static struct hy_store *open_store(struct hy_store_loaded *loaded)
{
    struct hy_store *store;
    struct hy_err err = {{0}};
    int rc = hy_store_open(folder, "ships", 7, &sink, &store, loaded, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    return store;
}

static int open_fails(const char *cluster, uint32_t node, struct hy_err *err)
{
    struct hy_store *store;
    struct hy_store_loaded loaded;
    *err = (struct hy_err){{0}};
    int rc = hy_store_open(folder, cluster, node, &sink, &store, &loaded, err);
    if (rc == 0) {
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    } else {
        ck_assert_ptr_null(store);
        ck_assert_ptr_nonnull(strstr(err->text, folder));
    }
    return rc;
}

static void wait_for(struct hy_store *store, uint64_t number)
{
    while (hy_store_completed(store) < number) {
        struct pollfd poller = {.fd = hy_store_fd(store), .events = POLLIN};
        ck_assert_int_ge(poll(&poller, 1, 20000), 1);
    }
}

static void wait_for_snapshot(struct hy_store *store, uint64_t index)
{
    while (hy_store_snapshot_done(store) < index) {
        struct pollfd poller = {.fd = hy_store_fd(store), .events = POLLIN};
        ck_assert_int_ge(poll(&poller, 1, 20000), 1);
        (void)hy_store_completed(store);
    }
}

static void queue_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text)
{
    struct hy_raft_entry entry = {index, term, HY_RAFT_ENTRY_COMMAND, text, strlen(text)};
    struct hy_raft_effect effect = {.type = HY_RAFT_PERSIST, .number = number, .entries = &entry, .entry_count = 1};
    hy_store_persist(store, &effect);
}

static void save_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text)
{
    queue_entry(store, number, index, term, text);
    wait_for(store, number);
}

static void save_vote(struct hy_store *store, uint64_t number, uint64_t term, uint32_t vote)
{
    struct hy_raft_effect effect = {
        .type = HY_RAFT_PERSIST, .number = number, .save_vote = true, .term = term, .vote = vote};
    hy_store_persist(store, &effect);
    wait_for(store, number);
}

/* What was loaded, as a line to compare. */
static char *describe(const struct hy_store_loaded *loaded)
{
    struct hy_buf text = {0};
    hy_buf_addf(&text, "term %" PRIu64 " vote %" PRIu32, loaded->raft.term, loaded->raft.vote);
    if (loaded->raft.snapshot_index)
        hy_buf_addf(&text, " snapshot %" PRIu64 "/%" PRIu64 " '%s' of %zu", loaded->raft.snapshot_index,
                    loaded->raft.snapshot_term, hy_buf_text(&loaded->snapshot), loaded->raft.servers.count);
    for (size_t i = 0; i < loaded->raft.entry_count; i++) {
        const struct hy_raft_entry *entry = &loaded->raft.entries[i];
        hy_buf_addf(&text, " %" PRIu64 "/%" PRIu64 ":%.*s", entry->index, entry->term, (int)entry->size,
                    (const char *)entry->data);
    }
    return hy_buf_take(&text);
}

/* Whatever loads must be good for a server. */
static void assert_raft_starts(const struct hy_store_loaded *loaded)
{
    struct hy_raft_options options = {.self = 7, .disk = 1};
    struct hy_raft *raft;
    struct hy_err err;
    ck_assert_msg(hy_raft_new(&options, &loaded->raft, 0, &raft, &err) == 0, "%s", err.text);
    hy_raft_free(&raft);
}

static void assert_loads(const char *expected)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    char *text = describe(&loaded);
    ck_assert_str_eq(text, expected);
    assert_raft_starts(&loaded);
    free(text);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}

/* --- tests ---------------------------------------------------------------------------------------------------- */

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

START_TEST(loads_what_was_saved)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    ck_assert(loaded.fresh);
    uint64_t first = loaded.incarnation;
    ck_assert_uint_gt(first, UINT64_C(1600000000000000)); /* the clock, in us */
    hy_store_loaded_free(&loaded);
    assert_all_is_on_disk(); /* the incarnation */
    save_vote(store, 1, 4, 2);
    assert_all_is_on_disk();
    save_entry(store, 2, 1, 3, "one");
    assert_all_is_on_disk();
    save_entry(store, 3, 2, 3, "two");
    save_entry(store, 4, 3, 3, "three");
    struct hy_raft_entry entries[] = {{2, 4, HY_RAFT_ENTRY_COMMAND, "zwei", 4}, {3, 4, HY_RAFT_ENTRY_NOOP, "", 0}};
    struct hy_raft_effect effect = {.type = HY_RAFT_PERSIST,
                                    .number = 5,
                                    .truncate = true,
                                    .truncate_from = 2,
                                    .entries = entries,
                                    .entry_count = 2};
    hy_store_persist(store, &effect);
    hy_store_close(&store);
    clock_behind = 1000000; /* it was set back meanwhile */
    store = open_store(&loaded);
    char *text = describe(&loaded);
    ck_assert_str_eq(text, "term 4 vote 2 1/3:one 2/4:zwei 3/4:");
    ck_assert_int_eq(loaded.raft.entries[2].type, HY_RAFT_ENTRY_NOOP);
    ck_assert(!loaded.fresh);
    ck_assert_uint_gt(loaded.incarnation, first);
    assert_raft_starts(&loaded);
    free(text);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}
END_TEST

START_TEST(many_writes_under_one_sync)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    for (uint64_t i = 1; i <= 5000; i++)
        queue_entry(store, i, i, 1, "x");
    wait_for(store, 5000);
    hy_store_close(&store);
    store = open_store(&loaded);
    ck_assert_uint_eq(loaded.raft.entry_count, 5000);
    ck_assert_uint_eq(loaded.raft.entries[4999].index, 5000);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}
END_TEST

START_TEST(one_core_a_folder)
{
    struct hy_store_loaded loaded;
    struct hy_err err;
    struct hy_store *store = open_store(&loaded);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EWOULDBLOCK);
    ck_assert_ptr_nonnull(strstr(err.text, "another core runs"));
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    ck_assert_int_eq(open_fails("ships", 7, &err), 0);
}
END_TEST

/* Six writes, each acknowledged before the next; ends[i] is where the file ended after the i-th. */
enum { WRITES = 6 };
static const char *const after[WRITES + 1] = {
    "term 0 vote 0",
    "term 1 vote 3",
    "term 1 vote 3 1/1:a",
    "term 1 vote 3 1/1:a 2/1:bb",
    "term 2 vote 0 1/1:a 2/1:bb",
    "term 2 vote 0 1/1:a 2/1:bb 3/2:ccc",
    "term 2 vote 0 1/1:a 2/1:bb 3/2:ccc 4/2:dddd",
};

static struct hy_buf six_writes(size_t ends[WRITES + 1])
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    ends[0] = file_size("log");
    save_vote(store, 1, 1, 3);
    ends[1] = file_size("log");
    save_entry(store, 2, 1, 1, "a");
    ends[2] = file_size("log");
    save_entry(store, 3, 2, 1, "bb");
    ends[3] = file_size("log");
    save_vote(store, 4, 2, 0);
    ends[4] = file_size("log");
    save_entry(store, 5, 3, 2, "ccc");
    ends[5] = file_size("log");
    save_entry(store, 6, 4, 2, "dddd");
    ends[6] = file_size("log");
    hy_store_close(&store);
    return file_content("log");
}

static int writes_within(const size_t ends[WRITES + 1], size_t size)
{
    int writes = 0;
    while (writes < WRITES && ends[writes + 1] <= size)
        writes++;
    return writes;
}

/* Power fails at any byte: nothing that was acknowledged is lost, nothing else appears, and writing goes on. */
START_TEST(a_torn_tail_is_cut_at_any_byte)
{
    size_t ends[WRITES + 1];
    struct hy_buf whole = six_writes(ends);
    for (size_t size = ends[0]; size <= whole.size; size++) {
        const char *expected = after[writes_within(ends, size)];
        put_file("log", whole.data, size);
        assert_loads(expected);
        assert_loads(expected); /* and once more, with what the first time has written behind it */
    }
    hy_buf_free(&whole);
}
END_TEST

/* The disk wrote the last frame's pages in any order: the file has its full length, with holes or rubbish in it. */
START_TEST(a_torn_tail_may_hold_anything)
{
    size_t ends[WRITES + 1];
    struct hy_buf whole = six_writes(ends);
    for (size_t size = ends[WRITES - 1]; size < whole.size; size++) {
        char *data = hy_memdup(whole.data, whole.size);
        memset(data + size, 0, whole.size - size);
        put_file("log", data, whole.size);
        assert_loads(size == whole.size ? after[WRITES] : after[WRITES - 1]);
        for (size_t i = ends[WRITES - 1]; i < size; i++) /* the frame's beginning is what was lost */
            data[i] = (char)(i * 37);
        memcpy(data + size, whole.data + size, whole.size - size);
        if (size > ends[WRITES - 1]) {
            put_file("log", data, whole.size);
            assert_loads(after[WRITES - 1]);
        }
        free(data);
    }
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&log_lines), "were never completed, cut off"));
    hy_buf_free(&whole);
}
END_TEST

/* A copy of a good frame at another place is no frame: it must not make rubbish before it look like damage. */
START_TEST(a_frame_counts_at_its_place_only)
{
    size_t ends[WRITES + 1];
    struct hy_buf whole = six_writes(ends);
    hy_buf_adds(&whole, "rubbish");
    char *frame = hy_memdup(whole.data + ends[4], ends[5] - ends[4]);
    hy_buf_add(&whole, frame, ends[5] - ends[4]);
    put_file("log", whole.data, whole.size);
    assert_loads(after[WRITES]);
    free(frame);
    hy_buf_free(&whole);
}
END_TEST

START_TEST(a_flipped_bit_is_damage)
{
    size_t ends[WRITES + 1];
    struct hy_err err;
    struct hy_buf whole = six_writes(ends);
    for (size_t at = 0; at < ends[WRITES - 1]; at++) {
        whole.data[at] = (char)(whole.data[at] ^ (1 << (at % 8)));
        put_file("log", whole.data, whole.size);
        int rc = open_fails("ships", 7, &err);
        /* A bit of the version makes it another version; every other one breaks a checksum or the magic. */
        ck_assert_msg(rc == -EBADMSG || (rc == -ENOTSUP && at >= 8 && at < 12), "byte %zu: %d %s", at, rc, err.text);
        ck_assert_ptr_nonnull(strstr(err.text, "/log"));
        ck_assert_uint_eq(file_size("log"), whole.size); /* nothing was touched */
        whole.data[at] = (char)(whole.data[at] ^ (1 << (at % 8)));
    }
    char place[32];
    whole.data[ends[2] + 12] = (char)(whole.data[ends[2] + 12] ^ 4);
    put_file("log", whole.data, whole.size);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    snprintf(place, sizeof place, "damaged at byte %zu:", ends[2]);
    ck_assert_ptr_nonnull(strstr(err.text, place));
    hy_buf_free(&whole);
}
END_TEST

START_TEST(a_foreign_folder_is_refused)
{
    size_t ends[WRITES + 1];
    struct hy_err err;
    struct hy_buf whole = six_writes(ends);
    ck_assert_int_eq(open_fails("ships", 8, &err), -EXDEV);
    ck_assert_ptr_nonnull(strstr(err.text, "belongs to node 7, this is node 8"));
    ck_assert_int_eq(open_fails("boats", 7, &err), -EXDEV);
    ck_assert_ptr_nonnull(strstr(err.text, "belongs to cluster 'ships', this is 'boats'"));
    whole.data[8] = 2;
    put_file("log", whole.data, whole.size);
    ck_assert_int_eq(open_fails("ships", 7, &err), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(err.text, "of format version 2, this program knows version 1 only"));
    put_file("log", "[Unit]\nDescription=", 19);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    put_file("log", "", 0);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    hy_buf_free(&whole);
}
END_TEST

START_TEST(a_folder_that_cannot_be)
{
    struct hy_err err;
    char real[64];
    snprintf(real, sizeof real, "%s", folder);
    snprintf(folder, sizeof folder, "/proc/1/halyard");
    ck_assert_int_lt(open_fails("ships", 7, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot create the folder"));
    snprintf(folder, sizeof folder, "%s", real);
}
END_TEST

/* --- snapshots ------------------------------------------------------------------------------------------------ */

struct files {
    struct hy_buf log, snapshot;
};

static struct files take_files(bool with_snapshot)
{
    struct files files = {.log = file_content("log")};
    if (with_snapshot)
        files.snapshot = file_content("snapshot");
    return files;
}

static void put_files(const struct hy_buf *log, const struct hy_buf *snapshot)
{
    empty_folder();
    if (log)
        put_file("log", log->data, log->size);
    if (snapshot)
        put_file("snapshot", snapshot->data, snapshot->size);
}

static void free_files(struct files *files)
{
    hy_buf_free(&files->log);
    hy_buf_free(&files->snapshot);
}

/* The states a crash can leave between `before` and `after`: each must load, to the one or to the other. */
static void assert_crash_points(const struct files *first, const struct files *last, const char *loads_first,
                                const char *loads_between, const char *loads_last)
{
    const struct hy_buf *old = first->snapshot.size ? &first->snapshot : NULL;
    for (size_t size = 0; size <= last->snapshot.size; size += 7) {
        put_files(&first->log, old);
        put_file("snapshot.new", last->snapshot.data, size);
        assert_loads(loads_first);
        ck_assert_int_ne(access(path_of("snapshot.new"), F_OK), 0);
    }
    put_files(&first->log, &last->snapshot);
    assert_loads(loads_between);
    for (size_t size = 0; size <= last->log.size; size += 7) {
        put_files(&first->log, &last->snapshot);
        put_file("log.new", last->log.data, size);
        assert_loads(loads_between);
    }
    put_files(&last->log, &last->snapshot);
    assert_loads(loads_last);
}

START_TEST(an_own_snapshot_shortens_the_log)
{
    size_t ends[WRITES + 1];
    struct hy_store_loaded loaded;
    struct hy_buf whole = six_writes(ends);
    struct files first = take_files(false);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    hy_store_snapshot(store, 3, 2, &servers, "a bb ccc", 8, 3);
    wait_for_snapshot(store, 3);
    assert_all_is_on_disk();
    ck_assert_uint_lt(file_size("log"), whole.size);
    struct files last = take_files(true);
    save_entry(store, 1, 5, 2, "eeeee");
    hy_store_snapshot(store, 2, 1, &servers, "stale", 5, 1); /* older than what is there: changes nothing */
    wait_for_snapshot(store, 2);
    hy_store_close(&store);
    assert_loads("term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 3/2:ccc 4/2:dddd 5/2:eeeee");
    assert_crash_points(&first, &last, after[WRITES],
                        "term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 1/1:a 2/1:bb 3/2:ccc 4/2:dddd",
                        "term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 3/2:ccc 4/2:dddd");
    free_files(&first);
    free_files(&last);
    hy_buf_free(&whole);
}
END_TEST

static void persist_snapshot(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, bool drop)
{
    char text[] = "leader's";
    struct hy_raft_effect effect = {.type = HY_RAFT_PERSIST,
                                    .number = number,
                                    .save_vote = true,
                                    .term = 9,
                                    .vote = 0,
                                    .snapshot = true,
                                    .index = index,
                                    .snapshot_term = term,
                                    .servers = &servers,
                                    .truncate = drop,
                                    .truncate_from = index + 1,
                                    .data = text,
                                    .size = strlen(text)};
    hy_store_persist(store, &effect);
    wait_for(store, number);
}

/* What the leader sends replaces a log that had gone another way: whether that ends before it, or goes on behind it. */
START_TEST(a_leaders_snapshot_replaces_the_log)
{
    for (uint64_t index = 3; index <= 20; index += 17) {
        size_t ends[WRITES + 1];
        struct hy_store_loaded loaded;
        char expected[100];
        char between[100];
        empty_folder();
        struct hy_buf whole = six_writes(ends);
        struct hy_store *store = open_store(&loaded);
        hy_store_loaded_free(&loaded);
        persist_snapshot(store, 1, index, 8, true);
        struct files last = take_files(true);
        save_entry(store, 2, index + 1, 9, "next");
        hy_store_close(&store);
        snprintf(expected, sizeof expected, "term 9 vote 0 snapshot %" PRIu64 "/8 'leader's' of 3 %" PRIu64 "/9:next",
                 index, index + 1);
        assert_loads(expected);
        struct files first = {.log = whole};
        *strrchr(expected, ' ') = '\0';
        snprintf(between, sizeof between, "term 8 vote 0 snapshot %" PRIu64 "/8 'leader's' of 3", index);
        assert_crash_points(&first, &last, after[WRITES], between, expected);
        free_files(&first);
        free_files(&last);
    }
}
END_TEST

START_TEST(a_leaders_snapshot_may_leave_the_rest)
{
    size_t ends[WRITES + 1];
    struct hy_store_loaded loaded;
    struct hy_buf whole = six_writes(ends);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    persist_snapshot(store, 1, 3, 2, false);
    hy_store_close(&store);
    assert_loads("term 9 vote 0 snapshot 3/2 'leader's' of 3 4/2:dddd");
    hy_buf_free(&whole);
}
END_TEST

START_TEST(a_damaged_snapshot_is_refused)
{
    size_t ends[WRITES + 1];
    struct hy_store_loaded loaded;
    struct hy_err err;
    struct hy_buf whole = six_writes(ends);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    hy_store_snapshot(store, 4, 2, &servers, "state", 5, 5);
    hy_store_close(&store);
    struct files files = take_files(true);
    for (size_t at = 0; at < files.snapshot.size; at++) {
        files.snapshot.data[at] = (char)(files.snapshot.data[at] ^ 16);
        put_file("snapshot", files.snapshot.data, files.snapshot.size);
        int rc = open_fails("ships", 7, &err);
        ck_assert_msg(rc == -EBADMSG || rc == -ENOTSUP, "byte %zu: %d", at, rc);
        ck_assert_ptr_nonnull(strstr(err.text, "/snapshot: "));
        files.snapshot.data[at] = (char)(files.snapshot.data[at] ^ 16);
    }
    put_file("snapshot", files.snapshot.data, files.snapshot.size - 1);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    put_files(NULL, &files.snapshot);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "there is a snapshot and no log"));
    free_files(&files);
    hy_buf_free(&whole);
}
END_TEST

START_TEST(a_lost_snapshot_is_noticed)
{
    size_t ends[WRITES + 1];
    struct hy_store_loaded loaded;
    struct hy_err err;
    struct hy_buf whole = six_writes(ends);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    hy_store_snapshot(store, 3, 2, &servers, "state", 5, 4);
    wait_for_snapshot(store, 3);
    struct hy_buf old = file_content("snapshot");
    hy_store_snapshot(store, 4, 2, &servers, "state", 5, 5); /* now the log is empty */
    hy_store_close(&store);
    put_file("snapshot", old.data, old.size);
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    unlink(path_of("snapshot"));
    ck_assert_int_eq(open_fails("ships", 7, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "/snapshot: missing or too old, the log begins at entry 4"));
    hy_buf_free(&old);
    hy_buf_free(&whole);
}
END_TEST

/* --- the disk fails ------------------------------------------------------------------------------------------- */

enum failure { FILE_TOO_LARGE, SYNC_FAILS };

/* In the child: writes until the disk fails; says after each write what is acknowledged. */
static _Noreturn void write_until_it_fails(enum failure failure, int out)
{
    struct rlimit none = {0, 0};
    struct rlimit small = {20000, 20000};
    struct hy_store_loaded loaded;
    setrlimit(RLIMIT_CORE, &none);
    dup2(out, STDERR_FILENO);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    if (failure == SYNC_FAILS) {
        syncs_left = 150;
    } else {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
    }
    for (uint64_t i = 1; i < 10000; i++) {
        save_entry(store, i, i, 1, "0123456789012345678901234567890123456789");
        dprintf(out, "%" PRIu64 "\n", i);
    }
    _exit(EXIT_SUCCESS); /* it should not have come to this */
}

/* All that the child says until it dies, which it must do by abort(). */
static struct hy_buf output_of_failing_child(enum failure failure)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        write_until_it_fails(failure, ends[1]);
    close(ends[1]);
    struct hy_buf said = {0};
    char chunk[4096];
    for (ssize_t got; (got = read(ends[0], chunk, sizeof chunk)) > 0;)
        hy_buf_add(&said, chunk, (size_t)got);
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return said;
}

static void assert_stops(enum failure failure, const char *what, const char *advice)
{
    struct hy_buf said = output_of_failing_child(failure);
    char *line = strstr(said.data, "halyard: ");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_nonnull(strstr(line, what));
    ck_assert_ptr_nonnull(strstr(line, advice));
    ck_assert_ptr_nonnull(strstr(line, "this node stops"));
    *line = '\0';
    uint64_t acknowledged = 0;
    for (char *at = said.data; *at; at = strchr(at, '\n') + 1)
        acknowledged = strtoull(at, NULL, 10);
    ck_assert_uint_gt(acknowledged, 100);
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    ck_assert_uint_ge(loaded.raft.entry_count, acknowledged);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    hy_buf_free(&said);
}

START_TEST(a_full_disk_stops_the_node_and_loses_nothing)
{
    assert_stops(FILE_TOO_LARGE, "/log: cannot write at byte ", "the file size limit of this process must be higher");
}
END_TEST

START_TEST(a_failed_sync_stops_the_node)
{
    assert_stops(SYNC_FAILS, "/log: cannot sync: ", "the disk fails: replace it");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, crc_is_crc32c);
    tcase_add_test(tcase, crc_is_the_same_with_and_without_help);
    tcase_add_test(tcase, loads_what_was_saved);
    tcase_add_test(tcase, many_writes_under_one_sync);
    tcase_add_test(tcase, one_core_a_folder);
    tcase_add_test(tcase, a_torn_tail_is_cut_at_any_byte);
    tcase_add_test(tcase, a_torn_tail_may_hold_anything);
    tcase_add_test(tcase, a_frame_counts_at_its_place_only);
    tcase_add_test(tcase, a_flipped_bit_is_damage);
    tcase_add_test(tcase, a_foreign_folder_is_refused);
    tcase_add_test(tcase, a_folder_that_cannot_be);
    tcase_add_test(tcase, an_own_snapshot_shortens_the_log);
    tcase_add_test(tcase, a_leaders_snapshot_replaces_the_log);
    tcase_add_test(tcase, a_leaders_snapshot_may_leave_the_rest);
    tcase_add_test(tcase, a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, a_lost_snapshot_is_noticed);
    tcase_add_test(tcase, a_full_disk_stops_the_node_and_loses_nothing);
    tcase_add_test(tcase, a_failed_sync_stops_the_node);
    return run_suite(suite);
}
