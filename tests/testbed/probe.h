/* SPDX-License-Identifier: Apache-2.0 */
/* What the two kinds of probe share: the loop in vip-probe.c calls them, they keep their counters and print them. */
#ifndef TESTS_TESTBED_PROBE_H
#define TESTS_TESTBED_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#define NS_PER_MS 1000000

struct probe_options {
    const char *address;
    const char *interface; /* NULL: the one of the route to the address */
    int64_t interval;      /* ns */
    int64_t gap;           /* ns; longer gaps are listed one by one */
    bool plain;            /* who: ask as an ordinary host does */
};

/* A probe: open() once, then tick() each interval, receive() when its socket has something, report() when asked. */
struct probe {
    int (*open)(struct probe *probe, const struct probe_options *options);
    void (*tick)(struct probe *probe, int64_t now);
    void (*receive)(struct probe *probe);
    /* The counters as members of a JSON object, without braces; `final`: nothing more will come. */
    void (*report)(struct probe *probe, int64_t now, bool final);
    void (*reset)(struct probe *probe, int64_t now);
    void (*close)(struct probe *probe);
    int64_t settle; /* ns; how long an answer may take and still count */
    int fd;
};

struct probe *ping_new(void);
struct probe *who_new(void);

/* CLOCK_MONOTONIC in ns: also Python's time.monotonic(), so that times of both can be compared. */
int64_t probe_now(void);
int64_t probe_realtime(void);

static inline double probe_ms(int64_t ns)
{
    return (double)ns / NS_PER_MS;
}

/* One packet, with the moment at which the kernel got it (on the clock of probe_now()): what this process did at that time does
 * not matter. Returns its size; 0: nothing there, or an error of the network, which is counted. */
size_t probe_receive(int fd, void *data, size_t size, int64_t *arrived, uint64_t *errors);
int probe_want_timestamps(int fd);

#endif
