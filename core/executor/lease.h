/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease's guard: a page that the core writes and this process reads, and what happens when the time written there
 * has come. A renewal is one store in the core and wakes nobody: the timer is set to a deadline that was read, and when
 * it fires and finds a later one, it is set to that.
 */
#ifndef HY_EXECUTOR_LEASE_H
#define HY_EXECUTOR_LEASE_H

#include "executor/executor.h"
#include "executor/queue.h"

struct hy_lease {
    struct hy_loop *loop;
    const struct hy_log *log;
    struct hy_lease_page *page;
    int page_fd; /* what the core maps */
    int no_map;  /* 0: page_fd is a BPF map; else -errno, why it is plain memory */
    struct hy_actives *actives;
    struct hy_queue *queue;
    struct hy_timer timer;
    uint32_t since; /* the page's when what is active under the lease began */
    bool begun;     /* `since` is that; else nothing is active */
    void (*released)(void *context, bool clean, const char *report);
    void *context;
};

/* Does the page allow this operation to begin now? Asked once more in the operation's own process, right before the agent is
 * called: all processes of a host may have been frozen after the executor asked. */
bool hy_lease_page_allows(const struct hy_lease_page *page, const struct hy_operation *operation);

/* Fills `page`, `page_fd` and `no_map`; needs nothing else of the struct. `map`: a BPF map where it can be had. */
int hy_lease_make_page(struct hy_lease *lease, bool map, struct hy_err *err);
void hy_lease_close(struct hy_lease *lease);

/* May anything be started under the lease, and what was go on? */
/* `epoch`: in which it was ordered; 0: whichever. */
bool hy_lease_holds(struct hy_lease *lease, uint32_t epoch);

/* Reads the page, and sets the timer to what is written there; what is due happens from the loop, not from within this
 * call. To be called when something under the lease begins or ends, or the core says so. */
void hy_lease_look(struct hy_lease *lease);

#endif
