/* SPDX-License-Identifier: Apache-2.0 */
#include "consensus/message.h"

#include "base/wire.h"
#include "consensus/config.h"

#include <errno.h>
#include <inttypes.h>

enum { PRE = 1, FORCED = 2 };      /* flags of votes */
enum { QUIET = 1 };                /* of an append */
enum { ENTRY_HEADER = 8 + 1 + 4 }; /* term, type, length */
enum { SERVER_SIZE = 4 + 1 + 8 };  /* id, voter, disk */
enum { FIXED_MOST = 96 };          /* bytes of a message without entries, servers and data, and one */
#define MAX_INDEX (UINT64_MAX / 2) /* so that no sum of an index and a count can wrap */

static void write_entries(const struct hy_raft_message *message, struct hy_buf *buf)
{
    hy_wr_u32(buf, (uint32_t)message->append.entry_count);
    for (size_t i = 0; i < message->append.entry_count; i++) {
        const struct hy_raft_entry *entry = &message->append.entries[i];
        hy_wr_u64(buf, entry->term);
        hy_wr_u8(buf, (uint8_t)entry->type);
        hy_wr_bytes(buf, entry->data, entry->size);
    }
}

static void write_snapshot(const struct hy_raft_message *message, struct hy_buf *buf)
{
    hy_wr_u64(buf, message->snapshot.index);
    hy_wr_u64(buf, message->snapshot.term);
    hy_raft_servers_write(message->servers, buf);
    hy_wr_u64(buf, message->snapshot.total);
    hy_wr_u64(buf, message->snapshot.number);
    hy_wr_u64(buf, message->snapshot.offset);
    hy_wr_bytes(buf, message->snapshot.data, message->snapshot.size);
}

size_t hy_raft_message_room(const struct hy_raft_message *message)
{
    size_t room = FIXED_MOST;
    if (message->servers)
        room += message->servers->count * SERVER_SIZE;
    if (message->type == HY_RAFT_SNAPSHOT)
        room += message->snapshot.size;
    for (size_t i = 0; message->type == HY_RAFT_APPEND && i < message->append.entry_count; i++)
        room += ENTRY_HEADER + message->append.entries[i].size;
    return room;
}

void hy_raft_message_encode(const struct hy_raft_message *message, struct hy_buf *buf)
{
    hy_wr_u8(buf, HY_RAFT_WIRE_VERSION);
    hy_wr_u8(buf, (uint8_t)message->type);
    hy_wr_u32(buf, message->to);
    hy_wr_u64(buf, message->disk);
    hy_wr_u64(buf, message->term);
    switch (message->type) {
    case HY_RAFT_VOTE:
        hy_wr_u64(buf, message->vote.disk);
        hy_wr_u8(buf, (uint8_t)((message->vote.pre ? PRE : 0) | (message->vote.forced ? FORCED : 0)));
        hy_wr_u64(buf, message->vote.last_index);
        hy_wr_u64(buf, message->vote.last_term);
        break;
    case HY_RAFT_VOTE_ANSWER:
        hy_wr_u64(buf, message->vote_answer.disk);
        hy_wr_u8(buf, message->vote_answer.pre ? PRE : 0);
        hy_wr_u8(buf, (uint8_t)message->vote_answer.verdict);
        break;
    case HY_RAFT_APPEND:
        hy_wr_u64(buf, message->append.prev_index);
        hy_wr_u64(buf, message->append.prev_term);
        hy_wr_u64(buf, message->append.commit);
        hy_wr_u64(buf, message->append.round);
        hy_wr_u8(buf, message->append.quiet ? QUIET : 0);
        if (message->append.prev_index == 0)
            hy_raft_servers_write(message->servers, buf);
        write_entries(message, buf);
        break;
    case HY_RAFT_APPEND_ANSWER:
        hy_wr_u8(buf, message->append_answer.ok);
        hy_wr_u64(buf, message->append_answer.prev_index);
        hy_wr_u64(buf, message->append_answer.index);
        hy_wr_u64(buf, message->append_answer.hint_term);
        hy_wr_u64(buf, message->append_answer.round);
        break;
    case HY_RAFT_SNAPSHOT:
        write_snapshot(message, buf);
        break;
    case HY_RAFT_SNAPSHOT_ANSWER:
        hy_wr_u64(buf, message->snapshot_answer.index);
        hy_wr_u64(buf, message->snapshot_answer.received);
        hy_wr_u64(buf, message->snapshot_answer.number);
        hy_wr_u64(buf, message->snapshot_answer.offset);
        break;
    case HY_RAFT_TIMEOUT_NOW:
        break;
    }
}

static bool entry_makes_sense(const struct hy_raft_entry *entry, uint64_t least_term, uint64_t most_term)
{
    struct hy_raft_servers servers;
    if (entry->term == 0 || entry->term < least_term || entry->term > most_term)
        return false;
    switch (entry->type) {
    case HY_RAFT_ENTRY_COMMAND:
        return true;
    case HY_RAFT_ENTRY_NOOP:
        return entry->size == 0;
    case HY_RAFT_ENTRY_CONFIG:
        return hy_raft_servers_decode(entry->data, entry->size, &servers, NULL) == 0;
    }
    return false;
}

static void read_entries(struct hy_rd *rd, struct hy_raft_message *message)
{
    size_t count = hy_rd_u32(rd);
    if (count > hy_rd_left(rd) / ENTRY_HEADER)
        rd->bad = true;
    if (rd->bad || count == 0)
        return;
    struct hy_raft_entry *entries = hy_alloc_array(count, sizeof *entries);
    uint64_t term = message->append.prev_term;
    for (size_t i = 0; i < count && !rd->bad; i++) {
        struct hy_raft_entry *entry = &entries[i];
        entry->index = message->append.prev_index + 1 + i;
        entry->term = hy_rd_u64(rd);
        entry->type = (enum hy_raft_entry_type)hy_rd_u8(rd);
        entry->data = hy_rd_bytes(rd, &entry->size);
        if (!rd->bad && !entry_makes_sense(entry, term, message->term))
            rd->bad = true;
        term = entry->term;
    }
    message->append.entries = entries;
    message->append.entry_count = count;
}

static void read_servers(struct hy_rd *rd, struct hy_raft_message *message)
{
    struct hy_raft_servers servers;
    hy_raft_servers_read(rd, &servers);
    if (!rd->bad)
        message->servers = hy_memdup(&servers, sizeof servers);
}

static void read_append(struct hy_rd *rd, struct hy_raft_message *message)
{
    message->append.prev_index = hy_rd_u64(rd);
    message->append.prev_term = hy_rd_u64(rd);
    message->append.commit = hy_rd_u64(rd);
    message->append.round = hy_rd_u64(rd);
    uint8_t flags = hy_rd_u8(rd);
    message->append.quiet = flags & QUIET;
    if (flags > QUIET || message->append.prev_index > MAX_INDEX || message->append.prev_term > message->term ||
        (message->append.prev_index == 0) != (message->append.prev_term == 0))
        rd->bad = true;
    if (message->append.prev_index == 0)
        read_servers(rd, message);
    read_entries(rd, message);
}

static void read_snapshot(struct hy_rd *rd, struct hy_raft_message *message)
{
    message->snapshot.index = hy_rd_u64(rd);
    message->snapshot.term = hy_rd_u64(rd);
    read_servers(rd, message);
    message->snapshot.total = hy_rd_u64(rd);
    message->snapshot.number = hy_rd_u64(rd);
    message->snapshot.offset = hy_rd_u64(rd);
    message->snapshot.data = hy_rd_bytes(rd, &message->snapshot.size);
    if (message->snapshot.index == 0 || message->snapshot.index > MAX_INDEX || message->snapshot.term == 0 ||
        message->snapshot.term > message->term || message->snapshot.total > HY_RAFT_MAX_SNAPSHOT ||
        message->snapshot.offset > message->snapshot.total ||
        message->snapshot.size > message->snapshot.total - message->snapshot.offset)
        rd->bad = true;
}

static void read_vote(struct hy_rd *rd, struct hy_raft_message *message)
{
    message->vote.disk = hy_rd_u64(rd);
    uint8_t flags = hy_rd_u8(rd);
    if (flags > (PRE | FORCED))
        rd->bad = true;
    message->vote.pre = flags & PRE;
    message->vote.forced = flags & FORCED;
    message->vote.last_index = hy_rd_u64(rd);
    message->vote.last_term = hy_rd_u64(rd);
    if (message->vote.last_term >= message->term) /* a campaign begins a term that nothing is of yet */
        rd->bad = true;
}

static void read_vote_answer(struct hy_rd *rd, struct hy_raft_message *message)
{
    message->vote_answer.disk = hy_rd_u64(rd);
    uint8_t flags = hy_rd_u8(rd);
    uint8_t verdict = hy_rd_u8(rd);
    if (flags > PRE || verdict < HY_RAFT_GRANTED || verdict > HY_RAFT_OLD_TERM)
        rd->bad = true;
    message->vote_answer.pre = flags & PRE;
    message->vote_answer.verdict = (enum hy_raft_verdict)verdict;
}

static void read_append_answer(struct hy_rd *rd, struct hy_raft_message *message)
{
    uint8_t ok = hy_rd_u8(rd);
    if (ok > 1)
        rd->bad = true;
    message->append_answer.ok = ok == 1;
    message->append_answer.prev_index = hy_rd_u64(rd);
    message->append_answer.index = hy_rd_u64(rd);
    message->append_answer.hint_term = hy_rd_u64(rd);
    message->append_answer.round = hy_rd_u64(rd);
}

static void read_body(struct hy_rd *rd, struct hy_raft_message *message)
{
    switch (message->type) {
    case HY_RAFT_VOTE:
        read_vote(rd, message);
        return;
    case HY_RAFT_VOTE_ANSWER:
        read_vote_answer(rd, message);
        return;
    case HY_RAFT_APPEND:
        read_append(rd, message);
        return;
    case HY_RAFT_APPEND_ANSWER:
        read_append_answer(rd, message);
        return;
    case HY_RAFT_SNAPSHOT:
        read_snapshot(rd, message);
        return;
    case HY_RAFT_SNAPSHOT_ANSWER:
        message->snapshot_answer.index = hy_rd_u64(rd);
        message->snapshot_answer.received = hy_rd_u64(rd);
        message->snapshot_answer.number = hy_rd_u64(rd);
        message->snapshot_answer.offset = hy_rd_u64(rd);
        return;
    case HY_RAFT_TIMEOUT_NOW:
        return;
    }
    rd->bad = true;
}

int hy_raft_message_decode(const void *data, size_t size, struct hy_raft_message *message, struct hy_err *err)
{
    *message = (struct hy_raft_message){0};
    struct hy_rd rd = hy_rd_from(data, size);
    uint8_t version = hy_rd_u8(&rd);
    if (version != HY_RAFT_WIRE_VERSION)
        return hy_fail(err, EBADMSG, "a consensus message of version %u, this server speaks %d", version,
                       HY_RAFT_WIRE_VERSION);
    uint8_t type = hy_rd_u8(&rd);
    message->type = (enum hy_raft_message_type)type;
    message->to = hy_rd_u32(&rd);
    message->disk = hy_rd_u64(&rd);
    message->term = hy_rd_u64(&rd);
    if (message->term > MAX_INDEX || message->disk == 0)
        rd.bad = true;
    read_body(&rd, message);
    if (hy_rd_done(&rd))
        return 0;
    hy_raft_message_release(message);
    return hy_fail(err, EBADMSG, "a consensus message of type %u and %zu bytes makes no sense", type, size);
}

void hy_raft_message_release(struct hy_raft_message *message)
{
    free((void *)(uintptr_t)message->servers);
    message->servers = NULL;
    if (message->type == HY_RAFT_APPEND) {
        free((void *)(uintptr_t)message->append.entries);
        message->append.entries = NULL;
        message->append.entry_count = 0;
    }
}

static void print_append(const struct hy_raft_message *message, struct hy_buf *out)
{
    uint64_t prev = message->append.prev_index;
    size_t count = message->append.entry_count;
    if (count == 0)
        hy_buf_addf(out, "%s at %" PRIu64 "/%" PRIu64, message->append.quiet ? "committed" : "heartbeat", prev,
                    message->append.prev_term);
    else
        hy_buf_addf(out, "append %" PRIu64 "..%" PRIu64 " after %" PRIu64 "/%" PRIu64, prev + 1, prev + count, prev,
                    message->append.prev_term);
    hy_buf_addf(out, " commit %" PRIu64, message->append.commit);
    if (message->append.round)
        hy_buf_addf(out, " round %" PRIu64, message->append.round);
}

static void print_append_answer(const struct hy_raft_message *message, struct hy_buf *out)
{
    if (message->append_answer.ok)
        hy_buf_addf(out, "have all up to %" PRIu64, message->append_answer.index);
    else
        hy_buf_addf(out, "lack %" PRIu64 ", try after %" PRIu64 "/%" PRIu64, message->append_answer.prev_index,
                    message->append_answer.index, message->append_answer.hint_term);
    if (message->append_answer.round)
        hy_buf_addf(out, " round %" PRIu64, message->append_answer.round);
}

static const char *verdict_text(enum hy_raft_verdict verdict)
{
    switch (verdict) {
    case HY_RAFT_GRANTED:
        return "yes";
    case HY_RAFT_HEARS_LEADER:
        return "no, the leader is there";
    case HY_RAFT_OLD_LOG:
        return "no, my log is newer";
    case HY_RAFT_VOTED:
        return "no, voted for another";
    case HY_RAFT_OLD_TERM:
        return "no, my term is newer";
    }
    return "?";
}

static void print_body(const struct hy_raft_message *message, struct hy_buf *out)
{
    switch (message->type) {
    case HY_RAFT_VOTE:
        hy_buf_addf(out, "%s%s, my log ends at %" PRIu64 "/%" PRIu64, message->vote.pre ? "pre-vote?" : "vote?",
                    message->vote.forced ? " (forced)" : "", message->vote.last_index, message->vote.last_term);
        return;
    case HY_RAFT_VOTE_ANSWER:
        hy_buf_addf(out, "%s: %s", message->vote_answer.pre ? "pre-vote" : "vote",
                    verdict_text(message->vote_answer.verdict));
        return;
    case HY_RAFT_APPEND:
        print_append(message, out);
        return;
    case HY_RAFT_APPEND_ANSWER:
        print_append_answer(message, out);
        return;
    case HY_RAFT_SNAPSHOT:
        hy_buf_addf(out, "snapshot %" PRIu64 "/%" PRIu64 ", bytes %" PRIu64 "+%zu of %" PRIu64, message->snapshot.index,
                    message->snapshot.term, message->snapshot.offset, message->snapshot.size, message->snapshot.total);
        return;
    case HY_RAFT_SNAPSHOT_ANSWER:
        hy_buf_addf(out, "snapshot %" PRIu64 ", got %" PRIu64 " bytes", message->snapshot_answer.index,
                    message->snapshot_answer.received);
        return;
    case HY_RAFT_TIMEOUT_NOW:
        hy_buf_adds(out, "take over");
        return;
    }
}

void hy_raft_message_print(const void *data, size_t size, struct hy_buf *out)
{
    struct hy_raft_message message;
    struct hy_err err;
    if (hy_raft_message_decode(data, size, &message, &err) < 0) {
        hy_buf_adds(out, err.text);
        return;
    }
    hy_buf_addf(out, "term %" PRIu64 ": ", message.term);
    print_body(&message, out);
    hy_raft_message_release(&message);
}
