/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/bad_disk.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { SECTOR = 512 };

struct bad_disk bad_disk;

/* What was done and not synced, with what was there before. */
struct change {
    bool rename;
    int fd; /* of the file; or the folder it came from */
    off_t offset;
    off_t size_before; /* of the file */
    struct hy_buf before;
    int to_dir;
    char *from;
    char *to;
    bool replaced;
    bool from_synced, to_synced;
};

static HY_VEC(struct change) changes;
static int unreadable_fd = -1;

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

/* --- the host crashes ---------------------------------------------------------------------------------------- */

static bool chance(uint32_t one_in)
{
    bad_disk.seed = bad_disk.seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (bad_disk.seed >> 33) % one_in == 0;
}

static struct hy_buf content(int fd, off_t offset, size_t size)
{
    struct hy_buf buf = {0};
    char chunk[4096] = {0};
    while (buf.size < size)
        hy_buf_add(&buf, chunk, size - buf.size < sizeof chunk ? size - buf.size : sizeof chunk);
    for (size_t at = 0; at < size;) {
        ssize_t got = pread(fd, buf.data + at, size - at, offset + (off_t)at);
        if (got <= 0)
            break; /* behind the end: zeros */
        at += (size_t)got;
    }
    return buf;
}

static struct change *note(struct change change)
{
    hy_vec_push(&changes, change);
    return &changes.items[changes.count - 1];
}

static off_t size_of(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? info.st_size : 0;
}

static void note_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    struct change *change = note((struct change){
        .rename = true, .fd = from_dir, .to_dir = to_dir, .from = hy_strdup(from), .to = hy_strdup(to)});
    int old = __real_openat(to_dir, to, O_RDONLY);
    if (old < 0)
        return;
    change->replaced = true;
    change->before = content(old, 0, (size_t)size_of(old));
    close(old);
}

static void note_sync(int fd)
{
    for (size_t i = changes.count; i-- > 0;) {
        struct change *change = &changes.items[i];
        change->from_synced |= change->fd == fd;
        change->to_synced |= change->rename ? change->to_dir == fd : change->fd == fd;
        if (change->from_synced && change->to_synced)
            hy_vec_remove(&changes, i);
    }
}

/* A sector is there as a whole or not at all, however many writes it took. With some seeds all are there, and only the
 * file is shorter. */
static bool sector_lost(uint64_t seed, off_t offset)
{
    if (seed % 4 == 3)
        return false;
    uint64_t mixed =
        ((seed * UINT64_C(0x9e3779b97f4a7c15)) ^ (uint64_t)(offset / SECTOR)) * UINT64_C(6364136223846793005);
    return mixed >> 63;
}

static void undo_write(const struct change *change, uint64_t seed)
{
    for (size_t at = 0; at < change->before.size;) {
        off_t offset = change->offset + (off_t)at;
        size_t size = SECTOR - (size_t)(offset % SECTOR);
        if (size > change->before.size - at)
            size = change->before.size - at;
        if (sector_lost(seed, offset))
            (void)!__real_pwrite(change->fd, change->before.data + at, size, offset);
        at += size;
    }
    if (seed & 1 && size_of(change->fd) > change->size_before)
        (void)!ftruncate(change->fd, change->size_before);
}

static void undo_rename(const struct change *change)
{
    if (faccessat(change->fd, change->from, F_OK, 0) == 0)
        return; /* something that came later is there, so this was before it */
    __real_renameat(change->to_dir, change->to, change->fd, change->from);
    int old = change->replaced ? __real_openat(change->to_dir, change->to, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (old >= 0)
        (void)!__real_pwrite(old, change->before.data, change->before.size, 0);
}

static _Noreturn void crash(void)
{
    uint64_t seed = bad_disk.seed;
    for (size_t i = changes.count; bad_disk.host_crashes && i-- > 0;) {
        const struct change *change = &changes.items[i];
        if (!change->rename)
            undo_write(change, seed);
        else if (chance(2))
            undo_rename(change);
    }
    _exit(BAD_DISK_CRASHED);
}

/* -1 with errno when this call is to fail. */
static int call(void)
{
    int number = ++bad_disk.calls;
    if (number == bad_disk.crash_at)
        crash();
    if (number != bad_disk.fail_at)
        return 0;
    errno = bad_disk.failure;
    return -1;
}

/* --- the functions ------------------------------------------------------------------------------------------- */

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    if (call() < 0)
        return -1;
    bad_disk.unsynced++;
    if (size > 1000 && bad_disk.calls % 3 == 0) /* large writes may be short */
        size /= 2;
    if (bad_disk.crash_at)
        note((struct change){
            .fd = fd, .offset = offset, .size_before = size_of(fd), .before = content(fd, offset, size)});
    return __real_pwrite(fd, data, size, offset);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    if (fd != unreadable_fd)
        return __real_read(fd, data, size);
    errno = EIO;
    return -1;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    int fd = __real_openat(dir, name, flags, mode);
    if (bad_disk.unreadable)
        unreadable_fd = strcmp(name, bad_disk.unreadable) == 0 ? fd : -1;
    return fd;
}

int __wrap_fdatasync(int fd)
{
    if (call() < 0)
        return -1;
    int rc = __real_fdatasync(fd);
    bad_disk.unsynced = 0;
    note_sync(fd);
    return rc;
}

int __wrap_fsync(int fd)
{
    if (call() < 0)
        return -1;
    bad_disk.renames = 0;
    note_sync(fd);
    return __real_fsync(fd);
}

int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    return call() < 0 ? -1 : __real_mkdirat(dir, name, mode);
}

int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    if (call() < 0)
        return -1;
    bad_disk.rash_renames += bad_disk.unsynced != 0;
    bad_disk.renames++;
    if (bad_disk.crash_at)
        note_rename(from_dir, from, to_dir, to);
    return __real_renameat(from_dir, from, to_dir, to);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int rc = __real_clock_gettime(clock, time);
    if (clock != CLOCK_REALTIME)
        return rc;
    time->tv_sec -= bad_disk.clock_behind;
    if (bad_disk.clock_stands)
        *time = (struct timespec){.tv_sec = 1700000000};
    return rc;
}
