/* SPDX-License-Identifier: Apache-2.0 */
/* A state folder in /tmp and a store in it, for tests of core/store. */
#ifndef TESTS_LIB_STORE_FOLDER_H
#define TESTS_LIB_STORE_FOLDER_H

#include "store/store.h"

extern char *store_folder;
extern struct hy_buf store_lines; /* what the store has logged */
extern int store_lines_to;        /* above 0: there instead */

/* Check's fixture. */
void make_folder(void);
void remove_folder(void);

const char *path_of(const char *name); /* valid until the next call */
void empty_folder(void);               /* but for the set-aside ones */
struct hy_buf file_content(const char *name);
void put_file(const char *name, const void *data, size_t size);
size_t file_size(const char *name);

/* Node 7 of cluster "ships". */
struct hy_store *open_store(struct hy_store_loaded *loaded);
/* The code, with a text that names the folder. */
int try_open(const char *cluster, uint32_t node, struct hy_err *err);

void wait_for(struct hy_store *store, uint64_t number);
void wait_for_snapshot(struct hy_store *store, uint64_t index);
void queue_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text);
void save_entry(struct hy_store *store, uint64_t number, uint64_t index, uint64_t term, const char *text);
void save_vote(struct hy_store *store, uint64_t number, uint64_t term, uint32_t vote);

/* What was loaded, as a line to compare; caller frees. */
char *describe(const struct hy_store_loaded *loaded);
void assert_loads(const char *expected);

/* Six writes, each acknowledged before the next. */
enum { WRITES = 6 };
extern const char *const after_write[WRITES + 1];
void save_one(struct hy_store *store, int write); /* from 1 */
void save_six(void);

#endif
