/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel knows of this host's own troubles, so that the node can doubt itself before it accuses others: how long the
 * hypervisor had taken a processor away (steal, /proc/stat), and how long something on the host had to wait for a processor, or
 * everything for memory (PSI, /proc/pressure). What the kernel does not have is 0; that is no error.
 */
#ifndef HY_PULSE_HOST_WATCH_H
#define HY_PULSE_HOST_WATCH_H

#include "base/time.h"

#include <stdint.h>

enum { HY_HOST_WATCH_CPUS = 1024 /* of more the first so many are looked at */ };

struct hy_host_watch {
    int stat, cpu, memory; /* descriptors; -1: not there */
    long ticks;            /* a second, in which steal is told */
    uint64_t steal[HY_HOST_WATCH_CPUS];
    uint64_t cpu_some, memory_full; /* us */
    char *text;                     /* room for what is read: whoever looks may have no time to find memory */
};

/* `proc`: "/proc". Opened once, and read again and again. */
void hy_host_watch_open(struct hy_host_watch *watch, const char *proc);
void hy_host_watch_close(struct hy_host_watch *watch);

/* Since the last look, or the opening: `*stolen` from the processor that was robbed most; `*pressure`. */
void hy_host_watch_look(struct hy_host_watch *watch, hy_time *stolen, hy_time *pressure);

#endif
