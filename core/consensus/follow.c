/* SPDX-License-Identifier: Apache-2.0 */
/* A follower: its log becomes the leader's, and it says so once what it says is on disk. */
#include "consensus/server.h"

#include "base/mutant.h"

#include <errno.h>
#include <inttypes.h>

int hy_raft_hear_leader(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err)
{
    if (message->term < raft->term) {
        /* Also when we do not know it: it may lead a set that has not come here, and must learn of our term to be able to
         * bring it. */
        struct hy_raft_message answer = {.type = HY_RAFT_APPEND_ANSWER, .term = raft->term};
        hy_raft_send(raft, &answer, from);
        return 1;
    }
    if (message->term == raft->term && (raft->role == HY_RAFT_LEADER || (raft->leader != 0 && raft->leader != from)))
        return hy_fail(err, EBADMSG, "server %" PRIu32 " leads in term %" PRIu64 ", so does %" PRIu32, from,
                       message->term, raft->leader);
    hy_raft_become_follower(raft, message->term, from);
    raft->election.leader_heard = raft->now;
    hy_raft_restart_timer(raft);
    return 0;
}

/* What may be acknowledged: the same as the leader's and on disk; and in this term only once the term itself is
 * there, or we could later accept an older leader's entries in its place. */
static uint64_t durable_match(const struct hy_raft *raft)
{
    if (HY_MUTANT(ACK_NOT_SYNCED))
        return raft->copy.matched;
    if (!hy_raft_state_durable(raft))
        return 0;
    return raft->copy.matched < raft->disk.last_index ? raft->copy.matched : raft->disk.last_index;
}

void hy_raft_acknowledge(struct hy_raft *raft, uint64_t prev_index)
{
    struct hy_raft_message answer = {
        .type = HY_RAFT_APPEND_ANSWER,
        .term = raft->term,
        .append_answer = {.ok = true,
                          .prev_index = prev_index,
                          .index = durable_match(raft),
                          .round = raft->copy.round},
    };
    raft->copy.said = answer.append_answer.index;
    hy_raft_send(raft, &answer, raft->leader);
}

void hy_raft_follow_durable(struct hy_raft *raft)
{
    if (raft->role == HY_RAFT_FOLLOWER && raft->leader && durable_match(raft) > raft->copy.said)
        hy_raft_acknowledge(raft, raft->copy.matched);
}

void hy_raft_follow_commit(struct hy_raft *raft, uint64_t index)
{
    if (index > raft->copy.matched)
        index = raft->copy.matched;
    if (index > raft->commit)
        raft->commit = index;
}

static void reject(struct hy_raft *raft, const struct hy_raft_message *message)
{
    uint64_t at = hy_raft_log_agree(&raft->log, message->append.prev_index - 1, message->append.prev_term);
    struct hy_raft_message answer = {
        .type = HY_RAFT_APPEND_ANSWER,
        .term = raft->term,
        .append_answer = {.prev_index = message->append.prev_index,
                          .index = at,
                          .hint_term = hy_raft_log_term(&raft->log, at),
                          .round = raft->copy.round},
    };
    hy_raft_send(raft, &answer, raft->leader);
}

/* The number of leading entries that are in the log already. */
static size_t known_entries(const struct hy_raft *raft, const struct hy_raft_message *message)
{
    size_t known = 0;
    while (known < message->append.entry_count) {
        const struct hy_raft_entry *entry = &message->append.entries[known];
        if (entry->index > raft->commit && !hy_raft_log_matches(&raft->log, entry->index, entry->term))
            break;
        known++;
    }
    return known;
}

/* A leader has all that is committed, with the same terms (Leader Completeness). One that has not is broken, or we are. */
static int check_committed(const struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                           struct hy_err *err)
{
    uint64_t bad = 0;
    if (message->append.prev_index == raft->commit &&
        message->append.prev_term != hy_raft_log_term(&raft->log, raft->commit))
        bad = raft->commit;
    for (size_t i = 0; i < message->append.entry_count && !bad; i++) {
        const struct hy_raft_entry *entry = &message->append.entries[i];
        if (entry->index <= raft->commit && entry->index > raft->log.base &&
            entry->term != hy_raft_log_term(&raft->log, entry->index))
            bad = entry->index;
    }
    if (!bad)
        return 0;
    return hy_fail(err, EBADMSG,
                   "server %" PRIu32 " leads in term %" PRIu64 " and has another entry at %" PRIu64
                   ", which is committed",
                   from, message->term, bad);
}

static void take_entries(struct hy_raft *raft, const struct hy_raft_message *message, size_t known)
{
    uint64_t first = message->append.entries[known].index;
    bool conflict = first <= hy_raft_log_last(&raft->log);
    if (conflict && HY_MUTANT(CONFLICT_KEPT))
        return;
    if (conflict) {
        hy_raft_log_truncate(&raft->log, first);
        hy_raft_configs_truncate(&raft->configs, first);
    }
    for (size_t i = known; i < message->append.entry_count; i++) {
        const struct hy_raft_entry *entry = &message->append.entries[i];
        hy_raft_add_entry(raft, entry->term, entry->type, hy_raft_payload(entry->data, entry->size), entry->size);
    }
    hy_raft_disk_append(raft, first, conflict);
}

static bool same_servers(const struct hy_raft_servers *a, const struct hy_raft_servers *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->list[i].id == b->list[i].id && a->list[i].disk == b->list[i].disk &&
               a->list[i].voter == b->list[i].voter;
    return same;
}

/* The log begins with the first set: whoever takes entry 1 must have that as well, and it must be the same. */
static int take_first_set(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message,
                          struct hy_err *err)
{
    if (message->append.prev_index > 0 || raft->log.base > 0)
        return 0;
    const struct hy_raft_servers *first = &hy_raft_configs_at(&raft->configs, 0)->servers;
    if (first->count == 0)
        hy_raft_take_form(raft, message->servers);
    else if (!same_servers(first, message->servers))
        return hy_fail(err, EBADMSG,
                       "server %" PRIu32 " leads servers that were formed from another first set: two clusters have "
                       "met",
                       from);
    return 0;
}

int hy_raft_on_append(struct hy_raft *raft, uint32_t from, const struct hy_raft_message *message, struct hy_err *err)
{
    if (message->term >= raft->term) {
        int bad = check_committed(raft, from, message, err);
        if (bad == 0)
            bad = take_first_set(raft, from, message, err);
        if (bad < 0)
            return bad;
    }
    int rc = hy_raft_hear_leader(raft, from, message, err);
    if (rc != 0)
        return rc < 0 ? rc : 0;
    if (message->append.round > raft->copy.round)
        raft->copy.round = message->append.round;
    uint64_t prev = message->append.prev_index;
    if (prev >= raft->commit && !hy_raft_log_matches(&raft->log, prev, message->append.prev_term)) {
        reject(raft, message);
        return 0;
    }
    size_t known = known_entries(raft, message);
    if (known < message->append.entry_count)
        take_entries(raft, message, known);
    uint64_t last = prev + message->append.entry_count;
    if (HY_MUTANT(ACK_BEYOND_WHAT_CAME))
        last = hy_raft_log_last(&raft->log);
    if (last < raft->commit)
        last = raft->commit; /* the leader has that too */
    if (raft->copy.matched < last)
        raft->copy.matched = last;
    hy_raft_follow_commit(raft, message->append.commit);
    if (!message->append.quiet && (known == message->append.entry_count || durable_match(raft) >= last))
        hy_raft_acknowledge(raft, prev);
    return 0;
}
