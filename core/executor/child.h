/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child process of the executor: forked, in a process group of its own, with nothing of the executor's but two pipes:
 * what it prints (the last 4 KiB are kept), and the messages that its body sends; and what it is lent. It ends, or its deadline ends it:
 * SIGTERM to the group, 5 s, SIGKILL.
 */
#ifndef HY_EXECUTOR_CHILD_H
#define HY_EXECUTOR_CHILD_H

#include "loop/loop.h"

#include <sys/types.h>

struct hy_child;
struct hy_origin;

enum { HY_CHILD_OUTPUT_KEPT = 4096, HY_CHILD_MESSAGE_MAX = 64 * 1024, HY_CHILD_LENT_FD = 3 };

/* How it ended. */
struct hy_child_end {
    int status; /* as from wait(2); 0 when hy_child_done() was called, or it was killed, and it had not quite ended */
    bool timed_out;
    bool killed; /* by hy_child_kill() or hy_child_terminate() */
    hy_time took;
    const char *output; /* what it printed last; may hold any byte */
    size_t output_size;
};

struct hy_child_spec {
    const struct hy_origin *origin;
    /* Runs in the child; the child ends with what it returns. `answer_fd`: for hy_child_send(). */
    int (*body)(const void *argument, int answer_fd);
    const void *argument;
    int lent_fd;      /* the body has it as HY_CHILD_LENT_FD, closed on exec; 0: none */
    int input_fd;     /* its standard input; 0: /dev/null */
    hy_time deadline; /* HY_NEVER: none */
    bool realtime;    /* keeps a real-time priority (below the executor's) */
    /* In the executor. message(): a whole message; borrowed. ended(): the last call; the child runs no line any more,
     * and neither does its group if it did not end by itself with a status. */
    void (*message)(void *context, const void *data, size_t size);
    void (*ended)(void *context, const struct hy_child_end *end);
    void *context;
};

int hy_child_start(struct hy_loop *loop, const struct hy_child_spec *spec, struct hy_child **child, struct hy_err *err);
/* To one that was started ahead, and has been told by its standard input what it is there for: from now on it is as if it
 * had been started just now, with the spec's deadline, message(), ended() and context. */
void hy_child_assign(struct hy_child *child, const struct hy_child_spec *spec);
/* Ends it at once and waits for its end, without ended(): for one that has not been given anything to do. */
void hy_child_discard(struct hy_child *child);
/* From message(): it has said all that it is there for. ended() comes when it runs no more, and does not wait until the
 * kernel has cleared up after it. */
void hy_child_done(struct hy_child *child);
pid_t hy_child_pid(const struct hy_child *child);
void hy_child_terminate(struct hy_child *child, hy_time grace); /* SIGTERM to the group, after `grace` SIGKILL */
void hy_child_kill(struct hy_child *child);                     /* SIGKILL to the group; ended() follows */

/* In the child: one message of at most HY_CHILD_MESSAGE_MAX bytes. */
int hy_child_send(int answer_fd, const void *data, size_t size);

#endif
