/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three frames of a bus message, and multi-part messages of ZeroMQ in general.
 *
 *   topic   4 letters, 4 hex digits: kind and destination
 *   header  wire version (u8), 3 zero bytes, sender (u32), its incarnation (u64), the message's number (u64)
 *   content bytes of the protocol above
 */
#ifndef HY_BUS_FRAMES_H
#define HY_BUS_FRAMES_H

#include "base/buf.h"
#include "bus/bus.h"

#include <zmq.h>

enum { HY_TOPIC_SIZE = 8, HY_GREETING_SIZE = 25, HY_FRAMES_MAX = 9 };

/* One received message; zeroed: none. */
struct hy_frames {
    zmq_msg_t parts[HY_FRAMES_MAX];
    size_t count; /* parts that are held here */
    size_t total; /* parts that came; more than are held when it was longer */
};

/* Takes one whole message, without waiting: false when there is none. To be freed whenever it was true. */
bool hy_frames_receive(void *socket, struct hy_frames *frames);
void hy_frames_free(struct hy_frames *frames);

/* Sends one part by copy, without waiting. 0 or -errno. */
int hy_frame_send(void *socket, const void *data, size_t size, bool more);

/* The topic of `topic` for `to`, and a NUL. */
void hy_topic_text(enum hy_topic topic, uint32_t to, char text[HY_TOPIC_SIZE + 1]);

/*
 * What a node subscribes to last, "subs", its id, its incarnation and which connection it is: who publishes sees by it that this core hears him
 * from now on, and says so in a message with that topic and without content, the greeting. A publisher passes on first in,
 * first out, and ZeroMQ says the subscriptions of a connection in the order of their bytes, where "subs" comes last: so what
 * is sent after this one was seen is not lost for want of another.
 */
void hy_greeting_text(uint32_t subscriber, uint64_t incarnation, unsigned connection, char text[HY_GREETING_SIZE + 1]);
/* Of a subscription's text, or a message's topic. False: it is none. */
bool hy_greeting_read(const void *text, size_t size, uint32_t *subscriber, uint64_t *incarnation);

/* The header frame; appended. */
void hy_header_write(struct hy_buf *buf, uint32_t from, uint64_t incarnation, uint64_t number);

struct hy_message {
    enum hy_topic topic;
    uint32_t to, from;
    uint64_t incarnation;
    uint64_t number;  /* of the sender's incarnation, growing; the same in all copies; 0: of a greeting */
    uint64_t greeted; /* of a greeting: the incarnation of the one it is for; 0: it is a message */
    const void *data; /* borrowed from the frames */
    size_t size;
};

/* -EBADMSG, and why. */
int hy_message_read(struct hy_frames *frames, struct hy_message *message, struct hy_err *err);

#endif
