/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of ZMTP 3.0 (rfc.zeromq.org/spec/23) as a DEALER on a local socket needs: so that hundreds of clients cost the
 * measuring program next to nothing. One that waits for its answer has nothing else on its way.
 */
#ifndef BENCH_ZMTP_H
#define BENCH_ZMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ZMTP_FRAMES = 8 };

struct zmtp {
    int fd;
    bool ready; /* the peer's READY has come */
    unsigned char *in;
    size_t in_size, in_room;
};

struct zmtp_frame {
    const void *data;
    size_t size;
};

/* Connects and says hello; -errno. Blocking writes: what is sent is small beside the socket's buffer. */
int zmtp_open(struct zmtp *zmtp, const char *path);
void zmtp_close(struct zmtp *zmtp);
int zmtp_send(struct zmtp *zmtp, const struct zmtp_frame *frames, size_t count);

/* Reads what has come; -EAGAIN: nothing whole yet; the number of frames of a message, or -errno. The frames hold until
 * the next call; whatever follows the message is lost, since nothing may follow it. */
int zmtp_receive(struct zmtp *zmtp, struct zmtp_frame frames[ZMTP_FRAMES]);

#endif
