/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/frames.h"

#include "base/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WIRE_VERSION = 2, HEADER_SIZE = 1 + 3 + 4 + 8 + 8, INCARNATION_DIGITS = 16 };

enum { LETTERS = 4 };

static const char greeting_letters[] = "subs";
static const char topic_letters[HY_TOPIC_COUNT][LETTERS + 1] = {
    [HY_TOPIC_RAFT] = "raft",   [HY_TOPIC_COMMAND] = "cmnd", [HY_TOPIC_ORDER] = "ordr",
    [HY_TOPIC_CHANGE] = "chng", [HY_TOPIC_EVENT] = "evnt",
};

bool hy_frames_receive(void *socket, struct hy_frames *frames)
{
    *frames = (struct hy_frames){.count = 0};
    for (bool more = true; more; frames->total++) {
        bool held = frames->count < HY_FRAMES_MAX;
        zmq_msg_t rest, *part = held ? &frames->parts[frames->count] : &rest;
        zmq_msg_init(part);
        /* The parts of one message come all at once (zmq_msg_recv(3)): only the first may not be there. */
        if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(part);
            break;
        }
        more = zmq_msg_more(part);
        if (held)
            frames->count++;
        else
            zmq_msg_close(part);
    }
    return frames->total > 0;
}

void hy_frames_free(struct hy_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        zmq_msg_close(&frames->parts[i]);
    *frames = (struct hy_frames){.count = 0};
}

int hy_frame_send(void *socket, const void *data, size_t size, bool more)
{
    return zmq_send(socket, data, size, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0 ? -zmq_errno() : 0;
}

void hy_topic_text(enum hy_topic topic, uint32_t to, char text[HY_TOPIC_SIZE + 1])
{
    snprintf(text, HY_TOPIC_SIZE + 1, "%s%04X", topic_letters[topic], to & 0xFFFFu);
}

void hy_header_write(struct hy_buf *buf, uint32_t from, uint64_t incarnation, uint64_t number)
{
    hy_wr_u8(buf, WIRE_VERSION);
    hy_buf_add(buf, "\0\0", 3);
    hy_wr_u32(buf, from);
    hy_wr_u64(buf, incarnation);
    hy_wr_u64(buf, number);
}

static bool hex_read(const char *text, size_t digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char *all = "0123456789ABCDEF", *at = text[i] ? strchr(all, text[i]) : NULL;
        if (!at)
            return false;
        *value = *value << 4 | (uint64_t)(at - all);
    }
    return true;
}

void hy_greeting_text(uint32_t subscriber, uint64_t incarnation, unsigned connection, char text[HY_GREETING_SIZE + 1])
{
    snprintf(text, HY_GREETING_SIZE + 1, "%s%04X%016" PRIX64 "%X", greeting_letters, subscriber & 0xFFFFu, incarnation,
             connection & 0xFu);
}

bool hy_greeting_read(const void *text, size_t size, uint32_t *subscriber, uint64_t *incarnation)
{
    uint64_t id;
    const char *at = text;
    if (size != HY_GREETING_SIZE || memcmp(at, greeting_letters, LETTERS) ||
        !hex_read(at + LETTERS, HY_TOPIC_SIZE - LETTERS, &id) ||
        !hex_read(at + HY_TOPIC_SIZE, INCARNATION_DIGITS, incarnation))
        return false;
    *subscriber = (uint32_t)id;
    return *incarnation != 0;
}

static int topic_read(const char *text, size_t size, struct hy_message *message)
{
    if (hy_greeting_read(text, size, &message->to, &message->greeted))
        return 0;
    message->greeted = 0;
    uint64_t to;
    if (size != HY_TOPIC_SIZE || !hex_read(text + LETTERS, HY_TOPIC_SIZE - LETTERS, &to))
        return -EBADMSG;
    message->to = (uint32_t)to;
    for (int topic = 0; topic < HY_TOPIC_COUNT; topic++)
        if (!memcmp(text, topic_letters[topic], LETTERS)) {
            message->topic = (enum hy_topic)topic;
            return 0;
        }
    return -EBADMSG;
}

int hy_message_read(struct hy_frames *frames, struct hy_message *message, struct hy_err *err)
{
    if (frames->total != 3)
        return hy_fail(err, EBADMSG, "%zu frames: a message has 3", frames->total);
    zmq_msg_t *topic = &frames->parts[0], *header = &frames->parts[1], *content = &frames->parts[2];
    if (topic_read(zmq_msg_data(topic), zmq_msg_size(topic), message))
        return hy_fail(err, EBADMSG, "unknown topic, or none");
    struct hy_rd rd = hy_rd_from(zmq_msg_data(header), zmq_msg_size(header));
    uint8_t version = hy_rd_u8(&rd);
    if (version != WIRE_VERSION)
        return hy_fail(err, EBADMSG, "bus version %u, this node speaks version %d", version, WIRE_VERSION);
    uint32_t zeros = hy_rd_u8(&rd);
    zeros |= hy_rd_u16(&rd);
    message->from = hy_rd_u32(&rd);
    message->incarnation = hy_rd_u64(&rd);
    message->number = hy_rd_u64(&rd);
    if (!hy_rd_done(&rd) || zeros)
        return hy_fail(err, EBADMSG, "its header is not the %d bytes it should be", HEADER_SIZE);
    message->data = zmq_msg_data(content);
    message->size = zmq_msg_size(content);
    return 0;
}
