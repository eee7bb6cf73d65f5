/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of ZMTP 3.0 (rfc.zeromq.org/spec/23) as a DEALER on a local socket needs. The library hides that the other side
 * has gone and comes back, which whoever waits for an answer must know; and without it hactl starts in a third of the
 * time. Whoever waits for an answer has nothing else on its way.
 */
#ifndef HACTL_ZMTP_H
#define HACTL_ZMTP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZMTP_FRAMES = 12 };

/* A zeroed struct with fd = -1 is closed. */
struct zmtp {
    int fd;
    struct hy_buf in;
    bool greeted; /* the other side has said hello */
};

struct zmtp_frame {
    const void *data;
    size_t size;
};

/* Connects and says hello, and waits for the other side's for `timeout_ms` at most; so long may a write take, too.
 * -errno: -ECONNREFUSED or -ENOENT nobody there, -ETIMEDOUT, ... */
int zmtp_open(struct zmtp *zmtp, const char *path, int timeout_ms);
void zmtp_close(struct zmtp *zmtp);
int zmtp_send(struct zmtp *zmtp, const struct zmtp_frame *frames, size_t count);

/* Reads what has come, without waiting: the number of frames of a message; -EAGAIN: it is not whole yet; or another
 * -errno. The frames hold until the next call; what follows the message is lost, since nothing may follow it. */
int zmtp_receive(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES]);
/* The same, and waits until there is one, for `timeout_ms` at most: -ETIMEDOUT. */
int zmtp_await(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES], int timeout_ms);

#endif
