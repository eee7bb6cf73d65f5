/* SPDX-License-Identifier: Apache-2.0 */
/* The store in good times, and the states that a crash can leave. */
#include "base/alloc.h"
#include "lib/bad_disk.h"
#include "lib/run.h"
#include "lib/store_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct hy_raft_servers servers = {.list = {{1, true, 11}, {2, true, 12}, {3, false, 13}}, .count = 3};

static void assert_all_is_on_disk(void)
{
    ck_assert_int_eq(bad_disk.unsynced, 0);
    ck_assert_int_eq(bad_disk.renames, 0);
    ck_assert_int_eq(bad_disk.rash_renames, 0);
}

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
    bad_disk.clock_behind = 1000000; /* it was set back meanwhile */
    store = open_store(&loaded);
    char *text = describe(&loaded);
    ck_assert_str_eq(text, "term 4 vote 2 1/3:one 2/4:zwei 3/4:");
    ck_assert_int_eq(loaded.raft.entries[2].type, HY_RAFT_ENTRY_NOOP);
    ck_assert(!loaded.fresh);
    ck_assert_uint_gt(loaded.incarnation, first);
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
    ck_assert_int_eq(try_open("ships", 7, &err), -EWOULDBLOCK);
    ck_assert_ptr_nonnull(strstr(err.text, "another core runs"));
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    ck_assert_int_eq(try_open("ships", 7, &err), 0);
}
END_TEST

START_TEST(the_disk_id_stays)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    uint64_t disk = loaded.disk;
    ck_assert_uint_ne(disk, 0);
    hy_store_loaded_free(&loaded);
    save_entry(store, 1, 1, 1, "a");
    hy_store_snapshot(store, 1, 1, &servers, "a", 1, 2);
    hy_store_close(&store);
    for (int i = 0; i < 3; i++) {
        store = open_store(&loaded);
        ck_assert_uint_eq(loaded.disk, disk);
        ck_assert(!loaded.fresh);
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    }
    empty_folder();
    store = open_store(&loaded);
    ck_assert_uint_ne(loaded.disk, disk);
    ck_assert(loaded.fresh);
    ck_assert_ptr_null(loaded.set_aside);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}
END_TEST

/* With no write of consensus behind it, and in one frame with others; it outlives the log's being written anew. */
START_TEST(begins_above_what_it_is_told)
{
    struct hy_store_loaded loaded;
    bad_disk.clock_behind = 1000000000; /* seconds */
    struct hy_store *store = open_store(&loaded);
    uint64_t disk = loaded.disk, above = loaded.incarnation + 77000000;
    hy_store_loaded_free(&loaded);
    hy_store_begin_above(store, above);
    hy_store_close(&store);
    assert_all_is_on_disk();
    store = open_store(&loaded);
    ck_assert_uint_eq(loaded.incarnation, above + 1);
    ck_assert_uint_eq(loaded.disk, disk);
    ck_assert_uint_eq(loaded.raft.servers.count, 0);
    hy_store_loaded_free(&loaded);
    queue_entry(store, 1, 1, 1, "a");
    hy_store_begin_above(store, above + 5000000);
    queue_entry(store, 2, 2, 1, "b");
    wait_for(store, 2);
    hy_store_snapshot(store, 1, 1, &servers, "a", 1, 2);
    hy_store_close(&store);
    store = open_store(&loaded);
    ck_assert_uint_eq(loaded.incarnation, above + 5000001);
    ck_assert_uint_eq(loaded.raft.entry_count, 1);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}
END_TEST

START_TEST(the_first_set_of_servers_stays)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    ck_assert_uint_eq(loaded.raft.servers.count, 0);
    hy_store_loaded_free(&loaded);
    struct hy_raft_effect effect = {.type = HY_RAFT_PERSIST, .number = 1, .form = true, .servers = &servers};
    hy_store_persist(store, &effect);
    wait_for(store, 1);
    hy_store_close(&store);
    for (int i = 0; i < 2; i++) {
        store = open_store(&loaded);
        ck_assert_uint_eq(loaded.raft.servers.count, 3);
        ck_assert_uint_eq(loaded.raft.servers.list[2].disk, 13);
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    }
}
END_TEST

/* More than there is room for at first, and again. */
START_TEST(the_log_grows)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    size_t size = file_size("log");
    char *text = hy_alloc(700001);
    memset(text, 'x', 700000);
    for (uint64_t i = 1; i <= 7; i++)
        save_entry(store, i, i, 1, text);
    hy_store_close(&store);
    ck_assert_uint_gt(size, 1000000);
    ck_assert_uint_gt(file_size("log"), size + 3000000);
    store = open_store(&loaded);
    ck_assert_uint_eq(loaded.raft.entry_count, 7);
    for (size_t i = 0; i < 7; i++)
        ck_assert_mem_eq(loaded.raft.entries[i].data, text, 700000);
    free(text);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}
END_TEST

START_TEST(a_foreign_folder_is_refused)
{
    struct hy_err err;
    save_six();
    struct hy_buf log = file_content("log");
    ck_assert_int_eq(try_open("ships", 8, &err), -EXDEV);
    ck_assert_ptr_nonnull(strstr(err.text, "belongs to node 7, this is node 8"));
    ck_assert_int_eq(try_open("boats", 7, &err), -EXDEV);
    ck_assert_ptr_nonnull(strstr(err.text, "belongs to cluster 'ships', this is 'boats'"));
    log.data[8] = 1;
    put_file("log", log.data, log.size);
    ck_assert_int_eq(try_open("ships", 7, &err), -ENOTSUP);
    ck_assert_ptr_nonnull(strstr(err.text, "of format version 1, this program knows version 2 only"));
    struct hy_buf same = file_content("log");
    ck_assert_uint_eq(same.size, log.size); /* nothing was touched */
    ck_assert_mem_eq(same.data, log.data, log.size);
    hy_buf_free(&same);
    hy_buf_free(&log);
}
END_TEST

START_TEST(a_folder_that_cannot_be)
{
    struct hy_err err;
    char *real = store_folder;
    char cannot[] = "/proc/1/halyard";
    store_folder = cannot;
    ck_assert_int_lt(try_open("ships", 7, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot create the folder"));
    store_folder = real;
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
    for (size_t size = 0; size <= last->snapshot.size; size += last->snapshot.size / 20 + 1) {
        put_files(&first->log, old);
        put_file("snapshot.new", last->snapshot.data, size);
        assert_loads(loads_first);
        ck_assert_int_ne(access(path_of("snapshot.new"), F_OK), 0);
    }
    put_files(&first->log, &last->snapshot);
    assert_loads(loads_between);
    for (size_t size = 0; size <= last->log.size; size += last->log.size / 20 + 1) {
        put_files(&first->log, &last->snapshot);
        put_file("log.new", last->log.data, size);
        assert_loads(loads_between);
    }
    put_files(&last->log, &last->snapshot);
    assert_loads(loads_last);
}

START_TEST(an_own_snapshot_shortens_the_log)
{
    struct hy_store_loaded loaded;
    save_six();
    struct files first = take_files(false);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    hy_store_snapshot(store, 3, 2, &servers, "a bb ccc", 8, 3);
    wait_for_snapshot(store, 3);
    assert_all_is_on_disk();
    struct files last = take_files(true);
    save_entry(store, 1, 5, 2, "eeeee");
    hy_store_snapshot(store, 2, 1, &servers, "stale", 5, 1); /* older than what is there: changes nothing */
    wait_for_snapshot(store, 2);
    hy_store_close(&store);
    assert_loads("term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 3/2:ccc 4/2:dddd 5/2:eeeee");
    assert_crash_points(&first, &last, after_write[WRITES],
                        "term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 1/1:a 2/1:bb 3/2:ccc 4/2:dddd",
                        "term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 3/2:ccc 4/2:dddd");
    free_files(&first);
    free_files(&last);
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
        struct hy_store_loaded loaded;
        char expected[100];
        char between[100];
        empty_folder();
        save_six();
        struct files first = take_files(false);
        struct hy_store *store = open_store(&loaded);
        hy_store_loaded_free(&loaded);
        persist_snapshot(store, 1, index, 8, true);
        struct files last = take_files(true);
        save_entry(store, 2, index + 1, 9, "next");
        hy_store_close(&store);
        snprintf(expected, sizeof expected, "term 9 vote 0 snapshot %" PRIu64 "/8 'leader's' of 3 %" PRIu64 "/9:next",
                 index, index + 1);
        assert_loads(expected);
        *strrchr(expected, ' ') = '\0';
        snprintf(between, sizeof between, "term 8 vote 0 snapshot %" PRIu64 "/8 'leader's' of 3", index);
        assert_crash_points(&first, &last, after_write[WRITES], between, expected);
        free_files(&first);
        free_files(&last);
    }
}
END_TEST

START_TEST(a_leaders_snapshot_may_leave_the_rest)
{
    struct hy_store_loaded loaded;
    save_six();
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    persist_snapshot(store, 1, 3, 2, false);
    hy_store_close(&store);
    assert_loads("term 9 vote 0 snapshot 3/2 'leader's' of 3 4/2:dddd");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, loads_what_was_saved);
    tcase_add_test(tcase, many_writes_under_one_sync);
    tcase_add_test(tcase, one_core_a_folder);
    tcase_add_test(tcase, the_disk_id_stays);
    tcase_add_test(tcase, begins_above_what_it_is_told);
    tcase_add_test(tcase, the_first_set_of_servers_stays);
    tcase_add_test(tcase, the_log_grows);
    tcase_add_test(tcase, a_foreign_folder_is_refused);
    tcase_add_test(tcase, a_folder_that_cannot_be);
    tcase_add_test(tcase, an_own_snapshot_shortens_the_log);
    tcase_add_test(tcase, a_leaders_snapshot_replaces_the_log);
    tcase_add_test(tcase, a_leaders_snapshot_may_leave_the_rest);
    return run_suite(suite);
}
