/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/store_folder.h"

#include "lib/folder.h"

#include <check.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *store_folder;
struct hy_buf store_lines;
int store_lines_to;

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    (void)level;
    if (store_lines_to > 0)
        dprintf(store_lines_to, "log: %s\n", line);
    else
        hy_buf_addf(context, "%s\n", line);
}

static const struct hy_log sink = {.write = keep_line, .context = &store_lines, .level = HY_LOG_DEBUG};

const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", store_folder, name);
    return path;
}

void make_folder(void)
{
    store_folder = folder_make();
}

void empty_folder(void)
{
    static const char *const names[] = {"log", "log.new", "snapshot", "snapshot.new", "lock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
}

void remove_folder(void)
{
    folder_remove(store_folder);
    hy_buf_free(&store_lines);
}

struct hy_buf file_content(const char *name)
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

void put_file(const char *name, const void *data, size_t size)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    close(fd);
}

size_t file_size(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(path_of(name), &info), 0);
    return (size_t)info.st_size;
}

/* --- a store ------------------------------------------------------------------------------------------------ */

struct hy_store *open_store(struct hy_store_loaded *loaded)
{
    struct hy_store *store;
    struct hy_err err = {{0}};
    int rc = hy_store_open(store_folder, "ships", 7, &sink, &store, loaded, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    return store;
}

int try_open(const char *cluster, uint32_t node, struct hy_err *err)
{
    struct hy_store *store;
    struct hy_store_loaded loaded;
    *err = (struct hy_err){{0}};
    int rc = hy_store_open(store_folder, cluster, node, &sink, &store, &loaded, err);
    if (rc == 0) {
        hy_store_loaded_free(&loaded);
        hy_store_close(&store);
    } else {
        ck_assert_ptr_null(store);
        ck_assert_ptr_nonnull(strstr(err->text, store_folder));
    }
    return rc;
}

void wait_for(struct hy_store *store, uint64_t number)
{
    while (hy_store_completed(store) < number) {
        struct pollfd poller = {.fd = hy_store_fd(store), .events = POLLIN};
        ck_assert_int_ge(poll(&poller, 1, 20000), 1);
    }
}

void wait_for_snapshot(struct hy_store *store, uint64_t index)
{
    while (hy_store_snapshot_done(store) < index) {
        struct pollfd poller = {.fd = hy_store_fd(store), .events = POLLIN};
        ck_assert_int_ge(poll(&poller, 1, 20000), 1);
        (void)hy_store_completed(store);
    }
}

void queue_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text)
{
    struct hy_raft_entry entry = {index, term, HY_RAFT_ENTRY_COMMAND, text, strlen(text)};
    struct hy_raft_effect effect = {.type = HY_RAFT_PERSIST, .number = number, .entries = &entry, .entry_count = 1};
    hy_store_persist(store, &effect);
}

void save_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text)
{
    queue_entry(store, number, index, term, text);
    wait_for(store, number);
}

void save_vote(struct hy_store *store, uint64_t number, uint64_t term, uint32_t vote)
{
    struct hy_raft_effect effect = {
        .type = HY_RAFT_PERSIST, .number = number, .save_vote = true, .term = term, .vote = vote};
    hy_store_persist(store, &effect);
    wait_for(store, number);
}

char *describe(const struct hy_store_loaded *loaded)
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
    struct hy_raft_options options = {.self = 7, .disk = loaded->disk};
    struct hy_raft *raft;
    struct hy_err err;
    ck_assert_msg(hy_raft_new(&options, &loaded->raft, 0, &raft, &err) == 0, "%s", err.text);
    hy_raft_free(&raft);
}

void assert_loads(const char *expected)
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

const char *const after_write[WRITES + 1] = {
    "term 0 vote 0",
    "term 1 vote 3",
    "term 1 vote 3 1/1:a",
    "term 1 vote 3 1/1:a 2/1:bb",
    "term 2 vote 0 1/1:a 2/1:bb",
    "term 2 vote 0 1/1:a 2/1:bb 3/2:ccc",
    "term 2 vote 0 1/1:a 2/1:bb 3/2:ccc 4/2:dddd",
};

void save_one(struct hy_store *store, int write)
{
    switch (write) {
    case 1:
        save_vote(store, 1, 1, 3);
        return;
    case 2:
        save_entry(store, 2, 1, 1, "a");
        return;
    case 3:
        save_entry(store, 3, 2, 1, "bb");
        return;
    case 4:
        save_vote(store, 4, 2, 0);
        return;
    case 5:
        save_entry(store, 5, 3, 2, "ccc");
        return;
    default:
        save_entry(store, 6, 4, 2, "dddd");
        return;
    }
}

void save_six(void)
{
    struct hy_store_loaded loaded;
    struct hy_store *store = open_store(&loaded);
    hy_store_loaded_free(&loaded);
    for (int write = 1; write <= WRITES; write++)
        save_one(store, write);
    hy_store_close(&store);
}
