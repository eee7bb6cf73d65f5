/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk as core/store sees it: the linker puts these functions in front of the C library's (--wrap, see store.mk).
 * They count, and on request they fail, or end the process in the place of a call, as a crash would. After a crash of
 * the host, what was not synced may be there or not: each sector that was written, how long the file is, each rename.
 */
#ifndef TESTS_LIB_BAD_DISK_H
#define TESTS_LIB_BAD_DISK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { BAD_DISK_CRASHED = 99 }; /* exit status */

struct bad_disk {
    atomic_int unsynced;     /* writes since the last sync */
    atomic_int renames;      /* not followed by a sync of the folder yet */
    atomic_int rash_renames; /* of files that were not synced */
    atomic_int calls;        /* that change something on the disk */
    int crash_at;            /* the process ends instead of this call; 0: never. Set when no other thread runs */
    bool host_crashes;       /* and what was not synced is lost in part */
    uint64_t seed;           /* which part */
    atomic_int fail_at;      /* this call fails; 0: never */
    int failure;             /* errno */
    const char *unreadable;  /* a read of this file fails */
    atomic_int clock_behind; /* seconds */
    atomic_bool clock_stands;
};

extern struct bad_disk bad_disk;

#endif
