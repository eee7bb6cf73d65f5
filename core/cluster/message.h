/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nodes say to each other on the topics "cmnd" and "ordr". Each message: version (u8), kind (u8), then its fields.
 * Any of them may be lost or doubled: whoever needs an answer says it again.
 */
#ifndef HY_CLUSTER_MESSAGE_H
#define HY_CLUSTER_MESSAGE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { HY_MESSAGE_VERSION = 1 };

enum hy_message_kind {
    /* member -> DC: term: incarnation of its core, epoch: how long ago it was said, in ms, seq, data: the command */
    HY_MESSAGE_SUBMIT = 1,
    HY_MESSAGE_ORDER = 2,     /* DC -> member: term, epoch, data: the encoded operation */
    HY_MESSAGE_ORDER_ACK = 3, /* member -> DC: term, id: the executor has it */
    HY_MESSAGE_SYNC = 4,      /* DC -> member: term, epoch: say what runs there */
    HY_MESSAGE_SYNC_DONE =
        5, /* member -> DC: term, epoch, seq: the answer is complete with that command of the outbox */
    /* member -> DC: seq: its question's number, term: incarnation of its core: what must I have applied to know all that
     * was acknowledged so far? */
    HY_MESSAGE_READ = 6,
    /* DC -> member: seq and term of the READ, data: the index (u64); 0: leadership was lost, ask again */
    HY_MESSAGE_READ_INDEX = 7,
    /* 8 to 15 are free for commands and reads */
    HY_MESSAGE_FORM = 16,     /* formed -> blank node: data: the first set of servers */
    HY_MESSAGE_STRANGER = 17, /* member -> a node that is heard and not enrolled: you are not in this cluster */
    /* member -> a node that is enrolled and no member: data: a command that enrols who there is */
    HY_MESSAGE_NODES = 18
};

struct hy_message {
    enum hy_message_kind kind;
    uint64_t term;
    uint32_t epoch;
    uint64_t seq;     /* SUBMIT, SYNC_DONE: of the outbox; ORDER_ACK: the operation's id; READ: the question */
    const void *data; /* borrowed */
    size_t size;
};

void hy_message_encode(const struct hy_message *message, struct hy_buf *out);
int hy_message_decode(const void *data, size_t size, struct hy_message *message, struct hy_err *err); /* -EBADMSG */

#endif
