/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of heartbeats, "halyard-pulse": it has the links, and makes the pulse's steps (cluster/pulse.h). Its priority
 * is one above the main thread's, its stack is in memory, and it waits for nothing but the pulse's gate, which the main
 * thread holds for microseconds, and with this thread's priority while it does. It writes no log, and no file.
 *
 * Order: hy_pulse_thread_new(), a cluster with its gate, hy_pulse_thread_open(), hy_pulse_thread_start(); back likewise.
 * All functions are for the main thread.
 */
#ifndef HY_PULSE_THREAD_H
#define HY_PULSE_THREAD_H

#include "bus/link.h"
#include "cluster/cluster.h"
#include "loop/loop.h"
#include "pulse/links_copy.h"

/* Of the two threads of the core, where real time is permitted; what else the core has, has the main thread's. */
enum { HY_PRIORITY_MAIN = 1, HY_PRIORITY_PULSE = 2 };

struct hy_pulse_thread; /* opaque */

/* `lease`: see cluster/pulse.h; called in either thread. */
int hy_pulse_thread_new(void (*lease)(void *context, hy_time at, uint32_t since), void *context,
                        const struct hy_log *log, struct hy_pulse_thread **thread, struct hy_err *err);
struct hy_pulse_gate hy_pulse_thread_gate(struct hy_pulse_thread *thread);
/* Opens the links; of the options received, stranger, event, context and log are set here. `pulse` outlives the links. */
int hy_pulse_thread_open(struct hy_pulse_thread *thread, struct hy_pulse *pulse, const struct hy_links_options *links,
                         struct hy_err *err);
int hy_pulse_thread_start(struct hy_pulse_thread *thread, struct hy_err *err);
/* Ends the thread; then nothing calls the gate any more but who uses the cluster. */
void hy_pulse_thread_stop(struct hy_pulse_thread *thread);
/* Stops it, closes the links, writes what is left of the log. */
void hy_pulse_thread_close(struct hy_pulse_thread *thread);
void hy_pulse_thread_free(struct hy_pulse_thread **thread); /* when nobody uses the gate any more */

/* Can be read when there is news. Then hy_pulse_thread_attend(), which writes log lines, and a step of the cluster. */
int hy_pulse_thread_fd(const struct hy_pulse_thread *thread);
int hy_pulse_thread_attend(struct hy_pulse_thread *thread); /* -errno: the thread has ended by itself */

/* As of bus/link.h, done by the thread. */
int hy_pulse_thread_peer_add(struct hy_pulse_thread *thread, uint32_t id, const char *name,
                             const char *const addresses[], struct hy_err *err);
int hy_pulse_thread_peer_remove(struct hy_pulse_thread *thread, uint32_t id);
void hy_pulse_thread_links(struct hy_pulse_thread *thread, struct hy_links_copy *copy);

#endif
