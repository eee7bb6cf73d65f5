/* SPDX-License-Identifier: Apache-2.0 */
/* The store on a disk that is full, fails, or has damaged what was written; and crashes at each call that changes it. */
#include "base/alloc.h"
#include "lib/bad_disk.h"
#include "lib/run.h"
#include "lib/store_folder.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct hy_raft_servers servers = {.list = {{1, true, 11}, {2, true, 12}, {3, false, 13}}, .count = 3};

/* --- damage --------------------------------------------------------------------------------------------------------- */

/* A folder with a log and a snapshot, as bytes, and ways to damage it. */
struct good {
    uint64_t disk;
    struct hy_buf log, snapshot;
    struct hy_buf long_log; /* as it was before it was shortened */
};

static struct good make_good(void)
{
    struct hy_store_loaded loaded;
    empty_folder();
    save_six();
    struct hy_store *store = open_store(&loaded);
    struct good good = {.disk = loaded.disk, .long_log = file_content("log")};
    hy_store_loaded_free(&loaded);
    hy_store_snapshot(store, 3, 2, &servers, "a bb ccc", 8, 3);
    wait_for_snapshot(store, 3);
    save_entry(store, 1, 5, 2, "eeeee");
    hy_store_close(&store);
    good.log = file_content("log");
    good.snapshot = file_content("snapshot");
    return good;
}

static void free_good(struct good *good)
{
    hy_buf_free(&good->log);
    hy_buf_free(&good->snapshot);
    hy_buf_free(&good->long_log);
}

enum damage {
    LAST_RECORD,
    FIRST_RECORD,
    HEADER,
    SNAPSHOT,
    LONG_LOG,
    NO_SNAPSHOT,
    NO_LOG,
    EMPTY_LOG,
    FOREIGN_SNAPSHOT,
    DAMAGES
};

static void put_flipped(const char *name, const struct hy_buf *file, size_t at)
{
    char *data = hy_memdup(file->data, file->size);
    data[at] = (char)(data[at] ^ 4);
    put_file(name, data, file->size);
    free(data);
}

/* Where the last record begins: two sectors, the header and all that was written anew, come before. */
enum { SECTOR = 512, LAST_AT = 2 * SECTOR };

/* The folder as it was, but for this. What is to be said of it. */
static const char *put_damaged(const struct good *good, enum damage damage)
{
    empty_folder();
    put_file("log", good->log.data, good->log.size);
    put_file("snapshot", good->snapshot.data, good->snapshot.size);
    switch (damage) {
    case LAST_RECORD:
        put_flipped("log", &good->log, LAST_AT + 20);
        return "/log: damaged at byte 1024: the checksum is wrong. The files are in ";
    case FIRST_RECORD:
        put_flipped("log", &good->log, SECTOR + 300);
        return "/log: damaged at byte 512: the checksum is wrong. The files are in ";
    case HEADER:
        put_flipped("log", &good->log, 40);
        return "/log: damaged at byte 0: the header's checksum is wrong. The files are in ";
    case SNAPSHOT:
        put_flipped("snapshot", &good->snapshot, SECTOR + 30);
        return "/snapshot: damaged at byte 512: the checksum is wrong. The files are in ";
    case LONG_LOG: /* it would load without the snapshot */
        put_file("log", good->long_log.data, good->long_log.size);
        put_flipped("snapshot", &good->snapshot, SECTOR + 30);
        return "/snapshot: damaged at byte 512: the checksum is wrong. The files are in ";
    case NO_SNAPSHOT:
        unlink(path_of("snapshot"));
        return "/snapshot: missing or too old: it is of entry 0, the log begins behind entry 3. The files are in ";
    case NO_LOG:
        unlink(path_of("log"));
        return "/log: missing, and there is a snapshot. The files are in ";
    case EMPTY_LOG:
        put_file("log", "", 0);
        return "/log: damaged at byte 0: it does not begin with 'HALYARDL', as the file of a node must. The files are ";
    default:
        ck_assert_int_eq(damage, FOREIGN_SNAPSHOT);
        struct good other = make_good();
        put_file("log", good->log.data, good->log.size);
        free_good(&other);
        return "/snapshot: damaged at byte 16: it is of disk ";
    }
}

static struct hy_buf set_aside_names(size_t *count)
{
    struct hy_buf names = {0};
    DIR *list = opendir(store_folder);
    ck_assert_ptr_nonnull(list);
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(list));)
        if (strncmp(entry->d_name, "set-aside-", 10) == 0) {
            hy_buf_addf(&names, "%s\n", entry->d_name);
            (*count)++;
        }
    closedir(list);
    return names;
}

/* Some set-aside folder has a file of this name with this content. */
static bool is_kept(const char *name, const struct hy_buf *content)
{
    size_t count;
    struct hy_buf names = set_aside_names(&count);
    bool found = false;
    char *rest = NULL;
    for (char *line = count ? strtok_r(names.data, "\n", &rest) : NULL; line && !found;
         line = strtok_r(NULL, "\n", &rest)) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", line, name);
        if (access(path_of(path), F_OK) != 0)
            continue;
        struct hy_buf file = file_content(path);
        found = file.size == content->size && (file.size == 0 || memcmp(file.data, content->data, file.size) == 0);
        hy_buf_free(&file);
    }
    hy_buf_free(&names);
    return found;
}

/* What the folder has now, to be found again later. */
static struct good take(void)
{
    struct good now = {0};
    if (access(path_of("log"), F_OK) == 0)
        now.log = file_content("log");
    if (access(path_of("snapshot"), F_OK) == 0)
        now.snapshot = file_content("snapshot");
    return now;
}

static void remove_set_aside(void)
{
    size_t count;
    struct hy_buf names = set_aside_names(&count);
    char *rest = NULL;
    for (char *line = count ? strtok_r(names.data, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest)) {
        char path[128];
        snprintf(path, sizeof path, "%s/log", line);
        unlink(path_of(path));
        snprintf(path, sizeof path, "%s/snapshot", line);
        unlink(path_of(path));
        ck_assert_int_eq(rmdir(path_of(line)), 0);
    }
    hy_buf_free(&names);
}

/* An empty disk that is none of `old`, and stays itself. */
static void assert_begins_anew(uint64_t old)
{
    struct hy_store_loaded loaded;
    uint64_t disk = 0;
    for (int i = 0; i < 2; i++) {
        struct hy_store *store = open_store(&loaded);
        char *text = describe(&loaded);
        ck_assert_str_eq(text, "term 0 vote 0");
        ck_assert_uint_ne(loaded.disk, 0);
        ck_assert_uint_ne(loaded.disk, old);
        ck_assert(i == 0 || (loaded.disk == disk && !loaded.fresh && !loaded.set_aside));
        disk = loaded.disk;
        free(text);
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    }
}

START_TEST(damage_is_set_aside)
{
    struct good good = make_good();
    struct hy_store_loaded loaded;
    const char *said = put_damaged(&good, (enum damage)_i);
    struct good before = take();
    struct hy_store *store = open_store(&loaded);
    ck_assert(loaded.fresh);
    ck_assert_ptr_nonnull(loaded.set_aside);
    ck_assert_msg(strncmp(loaded.set_aside, store_folder, strlen(store_folder)) == 0 &&
                      strncmp(loaded.set_aside + strlen(store_folder), said, strlen(said)) == 0,
                  "%s, not %s", loaded.set_aside, said);
    ck_assert_ptr_nonnull(strstr(loaded.set_aside, "/set-aside-20"));
    ck_assert_ptr_nonnull(strstr(loaded.set_aside, "this node begins anew with an empty disk"));
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    ck_assert_int_ne(access(path_of("snapshot"), F_OK), 0);
    if (before.log.data)
        ck_assert(is_kept("log", &before.log));
    if (before.snapshot.data)
        ck_assert(is_kept("snapshot", &before.snapshot));
    assert_begins_anew(good.disk);
    free_good(&good);
    free_good(&before);
}
END_TEST

START_TEST(an_unreadable_file_is_set_aside)
{
    static const char *const names[] = {"log", "snapshot"};
    struct good good = make_good();
    struct hy_store_loaded loaded;
    char said[200];
    bad_disk.unreadable = names[_i];
    struct hy_store *store = open_store(&loaded);
    bad_disk.unreadable = NULL;
    snprintf(said, sizeof said, "%s/%s: cannot read at byte 0: Input/output error", store_folder, names[_i]);
    ck_assert_ptr_nonnull(loaded.set_aside);
    ck_assert_msg(strncmp(loaded.set_aside, said, strlen(said)) == 0, "%s", loaded.set_aside);
    ck_assert_uint_ne(loaded.disk, good.disk);
    ck_assert_uint_eq(loaded.raft.entry_count, 0);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    ck_assert(is_kept("log", &good.log));
    ck_assert(is_kept("snapshot", &good.snapshot));
    assert_begins_anew(good.disk);
    free_good(&good);
}
END_TEST

/* Twice in a second, and not for ever. */
START_TEST(set_aside_many_times)
{
    struct good good = make_good();
    struct hy_err err;
    size_t count;
    bad_disk.clock_stands = true;
    for (size_t i = 1; i <= 16; i++) {
        put_damaged(&good, FIRST_RECORD);
        assert_begins_anew(good.disk);
        struct hy_buf names = set_aside_names(&count);
        ck_assert_uint_eq(count, i);
        hy_buf_free(&names);
    }
    struct hy_buf names = set_aside_names(&count);
    ck_assert_ptr_nonnull(strstr(names.data, "-2\n"));
    ck_assert_ptr_nonnull(strstr(names.data, "-16\n"));
    put_damaged(&good, FIRST_RECORD);
    ck_assert_int_eq(try_open("ships", 7, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "/log: damaged at byte 512: the checksum is wrong: "));
    ck_assert_ptr_nonnull(strstr(err.text, "16 times were damaged files set aside here"));
    struct hy_buf log = file_content("log");
    ck_assert_uint_eq(log.size, good.log.size); /* nothing was touched */
    hy_buf_free(&log);
    hy_buf_free(&names);
    free_good(&good);
}
END_TEST

/* A torn tail is not damage. */
START_TEST(a_torn_tail_is_cut)
{
    struct good good = make_good();
    static const char expected[] = "term 2 vote 0 snapshot 3/2 'a bb ccc' of 3 3/2:ccc 4/2:dddd";
    for (size_t size = 0; size <= SECTOR - 4; size += 127) {
        empty_folder();
        put_file("snapshot", good.snapshot.data, good.snapshot.size);
        char *data = hy_memdup(good.log.data, good.log.size);
        memset(data + LAST_AT + size, 0, SECTOR - size);
        put_file("log", data, good.log.size);
        free(data);
        hy_buf_clear(&store_lines);
        assert_loads(expected);
        const char *line = strstr(hy_buf_text(&store_lines), "were never completed, cut off");
        ck_assert_int_eq(line != NULL, size > 0);
        assert_loads(expected);
    }
    free_good(&good);
}
END_TEST

/* --- crashes -------------------------------------------------------------------------------------------------------- */

/* In a child that ends at the so manieth call that changes the disk. False: it came to its end without. */
static bool crashes_at(int call, bool host, uint64_t seed, void (*run)(int out), int out)
{
    fflush(NULL);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        bad_disk.calls = 0;
        bad_disk.crash_at = call;
        bad_disk.host_crashes = host;
        bad_disk.seed = seed;
        run(out);
        _exit(EXIT_SUCCESS);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == EXIT_SUCCESS || WEXITSTATUS(status) == BAD_DISK_CRASHED),
                  "status %x", (unsigned)status);
    return WEXITSTATUS(status) == BAD_DISK_CRASHED;
}

static void just_open(int out)
{
    struct hy_store_loaded loaded;
    (void)out;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
}

/* Wherever the setting aside is cut off: never a half-old disk, and no byte is lost. */
START_TEST(a_crash_within_the_setting_aside)
{
    struct good good = make_good();
    for (uint64_t seed = 0; seed < 4; seed++) { /* 0: only the process ends */
        int call = 1;
        for (bool crashed = true; crashed; call++) {
            put_damaged(&good, (enum damage)_i);
            struct good before = take();
            crashed = crashes_at(call, seed > 0, seed, just_open, -1);
            assert_begins_anew(good.disk);
            if (before.log.data)
                ck_assert(is_kept("log", &before.log));
            if (before.snapshot.data)
                ck_assert(is_kept("snapshot", &before.snapshot));
            remove_set_aside();
            free_good(&before);
        }
        ck_assert_int_gt(call, 10);
    }
    free_good(&good);
}
END_TEST

/* Wherever it fails: the error is told, nothing is lost, and the next try comes to its end. */
START_TEST(a_failure_within_the_setting_aside)
{
    static const int failures[] = {EIO, ENOSPC, EROFS};
    struct good good = make_good();
    struct hy_err err;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        int rc = -1;
        for (int call = 1; rc < 0; call++) {
            put_damaged(&good, (enum damage)_i);
            struct good before = take();
            bad_disk.calls = 0;
            bad_disk.failure = failures[i];
            bad_disk.fail_at = call;
            rc = try_open("ships", 7, &err);
            ck_assert_int_eq(rc, call <= bad_disk.calls && bad_disk.calls == call ? -failures[i] : 0);
            bad_disk.fail_at = 0;
            assert_begins_anew(good.disk);
            if (before.log.data)
                ck_assert(is_kept("log", &before.log));
            if (before.snapshot.data)
                ck_assert(is_kept("snapshot", &before.snapshot));
            remove_set_aside();
            free_good(&before);
        }
    }
    free_good(&good);
}
END_TEST

/* Opens, writes, takes a snapshot, writes; says what is acknowledged. */
static void write_and_say(int out)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    for (int write = 1; write <= WRITES; write++) {
        save_one(store, write);
        dprintf(out, "%d\n", write);
        if (write == 5)
            hy_store_snapshot(store, 3, 2, &servers, "a bb ccc", 8, 3);
    }
    hy_store_close(&store);
}

/* Term, vote and last entry: what is the same with a snapshot and without. */
static char *gist(const char *text)
{
    const char *entry = strrchr(text, ' ');
    return hy_asprintf("%.13s%s", text, strchr(entry, ':') ? entry : "");
}

static struct hy_buf read_all(int from)
{
    struct hy_buf said = {0};
    char chunk[4096];
    hy_buf_adds(&said, "");
    for (ssize_t got; (got = read(from, chunk, sizeof chunk)) > 0;)
        hy_buf_add(&said, chunk, (size_t)got);
    close(from);
    return said;
}

/* The last number in `said`. */
static uint64_t last_number(const char *said)
{
    uint64_t last = 0;
    for (const char *line = said; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (*line >= '0' && *line <= '9')
            last = strtoull(line, NULL, 10);
    return last;
}

static uint64_t acknowledged_before_crash(int call, bool host, uint64_t seed, void (*run)(int out), bool *crashed)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    *crashed = crashes_at(call, host, seed, run, ends[1]);
    close(ends[1]);
    struct hy_buf said = read_all(ends[0]);
    uint64_t last = last_number(said.data);
    hy_buf_free(&said);
    return last;
}

/* Wherever it crashes: what was acknowledged is there, and at most the write that was under way; and it never looks like
 * damage. */
START_TEST(a_crash_within_writing)
{
    int call = 1;
    for (bool crashed = true; crashed; call++) {
        struct hy_store_loaded loaded;
        empty_folder();
        uint64_t acknowledged = acknowledged_before_crash(call, _i > 0, (uint64_t)_i, write_and_say, &crashed);
        struct hy_store *store = open_store(&loaded);
        char *text = describe(&loaded);
        char *is = gist(text);
        char *was = gist(after_write[acknowledged]);
        char *next = gist(after_write[acknowledged < WRITES ? acknowledged + 1 : WRITES]);
        ck_assert_msg(strcmp(is, was) == 0 || strcmp(is, next) == 0, "call %d: %s, %" PRIu64 " acknowledged", call,
                      text, acknowledged);
        ck_assert_ptr_null(loaded.set_aside);
        ck_assert(acknowledged == 0 || !loaded.fresh);
        free(text);
        free(is);
        free(was);
        free(next);
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    }
    ck_assert_int_gt(call, 20);
}
END_TEST

enum { MUCH = 400000 };

static void write_much_and_say(int out)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    char *text = hy_alloc(MUCH + 1);
    for (uint64_t i = 1; i <= 4; i++) {
        memset(text, (int)('a' + i), MUCH);
        save_entry(store, i, i, 1, text);
        dprintf(out, "%" PRIu64 "\n", i);
    }
    free(text);
    hy_store_close(&store);
}

START_TEST(a_crash_while_the_log_grows)
{
    int call = 8;
    for (bool crashed = true; crashed; call++) {
        struct hy_store_loaded loaded;
        empty_folder();
        uint64_t acknowledged = acknowledged_before_crash(call, _i > 0, (uint64_t)_i, write_much_and_say, &crashed);
        struct hy_store *store = open_store(&loaded);
        ck_assert_ptr_null(loaded.set_aside);
        ck_assert(loaded.raft.entry_count == acknowledged || loaded.raft.entry_count == acknowledged + 1);
        for (size_t i = 0; i < loaded.raft.entry_count; i++) {
            const char *data = loaded.raft.entries[i].data;
            ck_assert_uint_eq(loaded.raft.entries[i].size, MUCH);
            ck_assert(data[0] == (char)('b' + i) && memcmp(data, data + 1, MUCH - 1) == 0);
        }
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    }
    ck_assert_int_gt(call, 20);
}
END_TEST

/* --- the disk fails ------------------------------------------------------------------------------------------------- */

enum failure { FILE_TOO_LARGE, SYNC_FAILS };
enum { FEW_MB = 3 * 1024 * 1024 + 5 };

/* In the child: writes until the disk fails; says after each write what is acknowledged. */
static _Noreturn void write_until_it_fails(enum failure failure, int out)
{
    struct rlimit none = {0, 0};
    struct rlimit small = {FEW_MB, FEW_MB};
    struct hy_store_loaded loaded;
    char text[4001] = {0};
    setrlimit(RLIMIT_CORE, &none);
    dup2(out, STDERR_FILENO);
    store_lines_to = out;
    memset(text, 'x', sizeof text - 1);
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    if (failure == FILE_TOO_LARGE) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &small);
    }
    for (uint64_t i = 1; i < 10000; i++) {
        if (failure == SYNC_FAILS && i == 150) {
            bad_disk.failure = EIO;
            bad_disk.fail_at = bad_disk.calls + 6;
        }
        save_entry(store, i, i, 1, text);
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
    struct hy_buf said = read_all(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    return said;
}

static uint64_t assert_stops(enum failure failure, const char *what, const char *advice, const char *before)
{
    struct hy_buf said = output_of_failing_child(failure);
    char *line = strstr(said.data, "halyard: ");
    ck_assert_msg(line && strstr(line, what) && strstr(line, advice) && strstr(line, "this node stops"), "%s",
                  said.data);
    ck_assert_ptr_nonnull(strstr(said.data, before));
    *line = '\0';
    uint64_t acknowledged = last_number(said.data);
    ck_assert_uint_gt(acknowledged, 100);
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    ck_assert_uint_ge(loaded.raft.entry_count, acknowledged);
    ck_assert_ptr_null(loaded.set_aside);
    hy_store_loaded_free(&loaded);
    hy_store_close(&store);
    hy_buf_free(&said);
    return acknowledged;
}

/* It writes on for as long as there is room in its file. */
START_TEST(a_full_disk_stops_the_node_and_loses_nothing)
{
    uint64_t acknowledged = assert_stops(FILE_TOO_LARGE, "/log: cannot write at byte ",
                                         "the file size limit of this process must be higher",
                                         "(the file size limit of this process must be higher); the log has room for ");
    ck_assert_uint_gt(acknowledged * 4000, FEW_MB / 2);
}
END_TEST

START_TEST(a_failed_write_stops_the_node)
{
    assert_stops(SYNC_FAILS, "/log: cannot ", "the disk fails: replace it", "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store on a bad disk");
    TCase *tcase = tcase_create("store on a bad disk");
    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, damage_is_set_aside, 0, DAMAGES);
    tcase_add_loop_test(tcase, an_unreadable_file_is_set_aside, 0, 2);
    tcase_add_test(tcase, set_aside_many_times);
    tcase_add_test(tcase, a_torn_tail_is_cut);
    tcase_add_loop_test(tcase, a_crash_within_the_setting_aside, 0, DAMAGES);
    tcase_add_loop_test(tcase, a_failure_within_the_setting_aside, 0, DAMAGES);
    tcase_add_loop_test(tcase, a_crash_within_writing, 0, 4);
    tcase_add_loop_test(tcase, a_crash_while_the_log_grows, 0, 4);
    tcase_add_test(tcase, a_full_disk_stops_the_node_and_loses_nothing);
    tcase_add_test(tcase, a_failed_write_stops_the_node);
    return run_suite(suite);
}
