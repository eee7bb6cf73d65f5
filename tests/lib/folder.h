/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, and plug-ins copied into it from the build folder. */
#ifndef TESTS_LIB_FOLDER_H
#define TESTS_LIB_FOLDER_H

#include "base/alloc.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static inline char *folder_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = hy_asprintf("%s/halyard-test-XXXXXX", base && *base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return path;
}

static inline int folder_remove_one(const char *path, const struct stat *status, int type, struct FTW *level)
{
    (void)status;
    (void)type;
    (void)level;
    return remove(path);
}

static inline void folder_remove(char *path)
{
    nftw(path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

static inline void file_write(const char *path, const void *data, size_t size, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
}

static inline char *file_read(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    struct stat status;
    ck_assert_int_eq(fstat(fd, &status), 0);
    char *data = hy_alloc((size_t)status.st_size + 1);
    ssize_t got = read(fd, data, (size_t)status.st_size);
    ck_assert_int_ge(got, 0);
    close(fd);
    *size = (size_t)got;
    return data;
}

/* Copies the test agent NAME to FOLDER/AS.so and gives its path. Caller frees. */
static inline char *agent_copy(const char *name, const char *folder, const char *as)
{
    char *from = hy_asprintf("%s/tests/agents/.libs/%s.so", HY_BUILDDIR, name);
    char *to = hy_asprintf("%s/%s.so", folder, as);
    size_t size;
    char *data = file_read(from, &size);
    ck_assert_msg(data != NULL, "%s is not there", from);
    file_write(to, data, size, 0755);
    free(data);
    free(from);
    return to;
}

#endif
