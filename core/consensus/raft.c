/* SPDX-License-Identifier: Apache-2.0 */
#include "consensus/server.h"

#include <errno.h>
#include <inttypes.h>

enum { DEFAULT_MESSAGE = 64 * 1024, DEFAULT_INFLIGHT = 16, DEFAULT_PENDING = 8 * 1024 * 1024 };

const struct hy_raft_servers *hy_raft_in_force(const struct hy_raft *raft)
{
    return &hy_raft_configs_last(&raft->configs)->servers;
}

bool hy_raft_self_votes(const struct hy_raft *raft)
{
    return hy_raft_is_voter(hy_raft_in_force(raft), raft->options.self, raft->options.disk);
}

bool hy_raft_may_lead(const struct hy_raft *raft)
{
    const struct hy_raft_config *config = hy_raft_configs_last(&raft->configs);
    if (hy_raft_self_votes(raft))
        return true;
    return config->index > raft->commit && raft->configs.list.count > 1 &&
           hy_raft_is_voter(&config[-1].servers, raft->options.self, raft->options.disk);
}

bool hy_raft_blank(const struct hy_raft *raft)
{
    return hy_raft_in_force(raft)->count == 0;
}

void hy_raft_take_form(struct hy_raft *raft, const struct hy_raft_servers *servers)
{
    raft->configs.list.count = 0;
    hy_raft_configs_push(&raft->configs, 0, servers);
    hy_raft_disk_form(raft);
    hy_raft_restart_timer(raft);
}

struct hy_raft_effect *hy_raft_effect(struct hy_raft *raft, enum hy_raft_effect_type type)
{
    struct hy_raft_effect *effect = hy_vec_add(&raft->effects->list);
    *effect = (struct hy_raft_effect){.type = type};
    return effect;
}

void hy_raft_send(struct hy_raft *raft, struct hy_raft_message *message, uint32_t to)
{
    size_t room = hy_raft_message_room(message);
    struct hy_buf buf = {.data = hy_realloc_array(NULL, room, 1), .capacity = room};
    message->to = to;
    message->disk = raft->options.disk;
    hy_raft_message_encode(message, &buf);
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_SEND);
    effect->to = to;
    effect->size = buf.size;
    effect->data = hy_buf_take(&buf);
}

void hy_raft_add_entry(struct hy_raft *raft, uint64_t term, enum hy_raft_entry_type type, void *payload, size_t size)
{
    struct hy_raft_servers servers;
    hy_raft_log_append(&raft->log, term, type, payload, size);
    if (type == HY_RAFT_ENTRY_CONFIG && hy_raft_servers_decode(payload, size, &servers, NULL) == 0)
        hy_raft_configs_push(&raft->configs, hy_raft_log_last(&raft->log), &servers);
}

static int check_options(const struct hy_raft_options *given, struct hy_raft_options *options, struct hy_err *err)
{
    *options = *given;
    if (options->self == 0)
        return hy_fail(err, EINVAL, "the own server id is 0, ids start at 1");
    if (options->disk == 0)
        return hy_fail(err, EINVAL, "the own disk id is 0, that is none");
    if (!options->election_timeout)
        options->election_timeout = 300 * HY_MS;
    if (!options->heartbeat)
        options->heartbeat = options->election_timeout / 10;
    if (!options->idle_heartbeat)
        options->idle_heartbeat = options->heartbeat;
    if (!options->max_message)
        options->max_message = DEFAULT_MESSAGE;
    if (!options->max_inflight)
        options->max_inflight = DEFAULT_INFLIGHT;
    if (!options->max_pending)
        options->max_pending = DEFAULT_PENDING;
    if (options->heartbeat <= 0 || options->idle_heartbeat < options->heartbeat ||
        options->election_timeout < 3 * options->idle_heartbeat)
        return hy_fail(err, EINVAL,
                       "election timeout %" PRId64 " us and heartbeat %" PRId64 " to %" PRId64
                       " us: the timeout must be three heartbeats at least",
                       options->election_timeout, options->heartbeat, options->idle_heartbeat);
    return 0;
}

static int check_entry(const struct hy_raft_state *state, size_t at, struct hy_err *err)
{
    const struct hy_raft_entry *entry = &state->entries[at];
    struct hy_raft_servers servers;
    if (at == 0 && (entry->index == 0 || entry->index > state->snapshot_index + 1))
        return hy_fail(err, EINVAL, "the log begins with entry %" PRIu64 ", the snapshot ends with %" PRIu64,
                       entry->index, state->snapshot_index);
    if (at > 0 && entry->index != entry[-1].index + 1)
        return hy_fail(err, EINVAL, "entry %" PRIu64 " follows %" PRIu64, entry->index, entry[-1].index);
    if (entry->term == 0 || entry->term > state->term || (at > 0 && entry->term < entry[-1].term))
        return hy_fail(err, EINVAL, "entry %" PRIu64 " is of term %" PRIu64 ", that cannot be at this place",
                       entry->index, entry->term);
    if (entry->index == state->snapshot_index && entry->term != state->snapshot_term)
        return hy_fail(err, EINVAL, "entry %" PRIu64 " is of term %" PRIu64 ", the snapshot says %" PRIu64,
                       entry->index, entry->term, state->snapshot_term);
    if (entry->type == HY_RAFT_ENTRY_CONFIG && hy_raft_servers_decode(entry->data, entry->size, &servers, err) < 0)
        return hy_fail_in(err, -EINVAL, "entry %" PRIu64, entry->index);
    if (entry->type < HY_RAFT_ENTRY_COMMAND || entry->type > HY_RAFT_ENTRY_NOOP)
        return hy_fail(err, EINVAL, "entry %" PRIu64 " is of the unknown type %d", entry->index, (int)entry->type);
    return 0;
}

static int check_state(const struct hy_raft_state *state, struct hy_err *err)
{
    if (state->snapshot_term > state->term)
        return hy_fail(err, EINVAL, "the snapshot is of term %" PRIu64 ", the server of %" PRIu64, state->snapshot_term,
                       state->term);
    if (state->servers.count && hy_raft_servers_check(&state->servers, err) < 0)
        return -EINVAL;
    for (size_t i = 0; i < state->entry_count; i++)
        if (check_entry(state, i, err) < 0)
            return -EINVAL;
    return 0;
}

/* Entries from before the snapshot may have been kept for followers that are a little behind; the first of them tells
 * only where they begin. */
static void load_log(struct hy_raft *raft, const struct hy_raft_state *state)
{
    const struct hy_raft_entry *entries = state->entries;
    size_t count = state->entry_count;
    bool reaches = count && entries[count - 1].index >= state->snapshot_index;
    size_t at = 0;
    if (reaches && entries[0].index <= state->snapshot_index)
        hy_raft_log_reset(&raft->log, entries[0].index, entries[at++].term);
    else
        hy_raft_log_reset(&raft->log, state->snapshot_index, state->snapshot_term);
    for (; reaches && at < count; at++) {
        const struct hy_raft_entry *entry = &entries[at];
        void *payload = hy_raft_payload(entry->data, entry->size);
        if (entry->index > state->snapshot_index)
            hy_raft_add_entry(raft, entry->term, entry->type, payload, entry->size);
        else
            hy_raft_log_append(&raft->log, entry->term, entry->type, payload, entry->size);
    }
}

int hy_raft_new(const struct hy_raft_options *options, const struct hy_raft_state *state, hy_time now,
                struct hy_raft **raft, struct hy_err *err)
{
    struct hy_raft_options checked;
    *raft = NULL;
    if (check_options(options, &checked, err) < 0 || check_state(state, err) < 0)
        return -EINVAL;
    struct hy_raft *new = hy_alloc(sizeof *new);
    new->options = checked;
    new->random = options->seed ^ ((uint64_t)options->self << 32);
    new->term = state->term;
    new->vote = state->vote;
    new->role = HY_RAFT_FOLLOWER;
    new->commit = new->applied = state->snapshot_index;
    hy_raft_configs_push(&new->configs, state->snapshot_index, &state->servers);
    load_log(new, state);
    new->disk.last_index = hy_raft_log_last(&new->log);
    new->reported.term = new->term;
    new->now = now;
    hy_raft_restart_timer(new);
    *raft = new;
    return 0;
}

void hy_raft_free(struct hy_raft **raft)
{
    struct hy_raft *old = *raft;
    if (!old)
        return;
    hy_raft_stop_leading(old);
    hy_raft_snapshot_forget(old);
    hy_raft_log_free(&old->log);
    hy_vec_free(&old->configs.list);
    hy_vec_free(&old->disk.writes);
    free(old);
    *raft = NULL;
}

static int on_message(struct hy_raft *raft, const struct hy_raft_event *event, struct hy_err *err)
{
    static int (*const handlers[])(struct hy_raft *, uint32_t, const struct hy_raft_message *, struct hy_err *) = {
        [HY_RAFT_VOTE] = hy_raft_on_vote,
        [HY_RAFT_VOTE_ANSWER] = hy_raft_on_vote_answer,
        [HY_RAFT_APPEND] = hy_raft_on_append,
        [HY_RAFT_APPEND_ANSWER] = hy_raft_on_append_answer,
        [HY_RAFT_SNAPSHOT] = hy_raft_on_snapshot,
        [HY_RAFT_SNAPSHOT_ANSWER] = hy_raft_on_snapshot_answer,
        [HY_RAFT_TIMEOUT_NOW] = hy_raft_on_timeout_now,
    };
    struct hy_raft_message message;
    int rc = hy_raft_message_decode(event->data, event->size, &message, err);
    if (rc < 0)
        return rc;
    if (message.to != raft->options.self)
        rc = hy_fail(err, EBADMSG, "a message from %" PRIu32 " is for %" PRIu32 ", this is %" PRIu32, event->from,
                     message.to, raft->options.self);
    else if (event->from == 0 || event->from == raft->options.self)
        rc = hy_fail(err, EBADMSG, "a message says it is from %" PRIu32 ", that cannot be", event->from);
    else
        rc = handlers[message.type](raft, event->from, &message, err);
    hy_raft_message_release(&message);
    return rc;
}

static int propose(struct hy_raft *raft, const struct hy_raft_event *event, struct hy_err *err)
{
    if (raft->role != HY_RAFT_LEADER)
        return hy_fail(err, EPERM, "not the leader");
    if (raft->lead.transfer_to)
        return hy_fail(err, EBUSY, "the lead is being handed over to %" PRIu32, raft->lead.transfer_to);
    if (event->size > HY_RAFT_MAX_ENTRY)
        return hy_fail(err, EMSGSIZE, "a command of %zu bytes, the most is %d", event->size, HY_RAFT_MAX_ENTRY);
    if (raft->disk.bytes >= raft->options.max_pending || raft->lead.uncommitted >= raft->options.max_pending)
        return hy_fail(err, EBUSY, "%zu bytes wait for the disk and %zu for a majority", raft->disk.bytes,
                       raft->lead.uncommitted);
    hy_raft_lead_append(raft, HY_RAFT_ENTRY_COMMAND, event->data, event->size);
    return 0;
}

static int on_campaign(struct hy_raft *raft, struct hy_err *err)
{
    if (!hy_raft_may_lead(raft))
        return hy_fail(err, EPERM, "this server has no vote, so it cannot lead");
    if (raft->role == HY_RAFT_LEADER || (raft->role == HY_RAFT_CANDIDATE && raft->election.forced))
        return 0;
    hy_raft_campaign(raft, true);
    return 0;
}

static int on_form(struct hy_raft *raft, const struct hy_raft_servers *servers, struct hy_err *err)
{
    if (!hy_raft_blank(raft))
        return hy_fail(err, EEXIST, "this server has its set of servers already");
    if (!servers || hy_raft_servers_check(servers, err) < 0)
        return -EINVAL;
    if (!hy_raft_find(servers, raft->options.self, raft->options.disk))
        return hy_fail(err, EINVAL, "the first set of servers does not name this server with its disk");
    hy_raft_take_form(raft, servers);
    return 0;
}

static int on_snapshot_taken(struct hy_raft *raft, uint64_t index, uint64_t keep, struct hy_err *err)
{
    if (index > raft->applied)
        return hy_fail(err, EINVAL, "a snapshot at %" PRIu64 ", only %" PRIu64 " is applied", index, raft->applied);
    uint64_t to = index > keep ? hy_raft_snapshot_hold(raft, index - keep) : 0;
    if (to > raft->log.base) {
        hy_raft_configs_compact(&raft->configs, to);
        hy_raft_log_compact(&raft->log, to);
    }
    return 0;
}

static int dispatch(struct hy_raft *raft, const struct hy_raft_event *event, struct hy_err *err)
{
    switch (event->type) {
    case HY_RAFT_TICK:
        if (raft->role == HY_RAFT_LEADER)
            hy_raft_lead_tick(raft);
        else
            hy_raft_election_tick(raft);
        return 0;
    case HY_RAFT_MESSAGE:
        return on_message(raft, event, err);
    case HY_RAFT_PROPOSE:
        return propose(raft, event, err);
    case HY_RAFT_PERSISTED:
        return hy_raft_disk_done(raft, event->number, err);
    case HY_RAFT_CAMPAIGN:
        return on_campaign(raft, err);
    case HY_RAFT_TRANSFER:
        return hy_raft_transfer(raft, event->to, err);
    case HY_RAFT_SNAPSHOT_TAKEN:
        return on_snapshot_taken(raft, event->number, event->keep, err);
    case HY_RAFT_CONFIGURE:
        return hy_raft_configure(raft, event->servers, err);
    case HY_RAFT_FORM:
        return on_form(raft, event->servers, err);
    case HY_RAFT_READ:
        return hy_raft_read(raft, event->number, err);
    case HY_RAFT_PEER_BACK:
        return hy_raft_peer_back(raft, event->from);
    }
    return hy_fail(err, EINVAL, "unknown event %d", (int)event->type);
}

static void report_role(struct hy_raft *raft)
{
    if (raft->reported.role == raft->role && raft->reported.term == raft->term && raft->reported.leader == raft->leader)
        return;
    struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_ROLE);
    effect->role = raft->reported.role = raft->role;
    effect->term = raft->reported.term = raft->term;
    effect->leader = raft->reported.leader = raft->leader;
}

static void apply_committed(struct hy_raft *raft)
{
    while (raft->applied < raft->commit) {
        const struct hy_raft_entry *entry = hy_raft_log_at(&raft->log, ++raft->applied);
        struct hy_raft_effect *effect = hy_raft_effect(raft, HY_RAFT_APPLY);
        effect->entry = *entry;
        hy_raft_payload_ref(entry->data);
    }
}

int hy_raft_step(struct hy_raft *raft, const struct hy_raft_event *event, hy_time now, struct hy_raft_effects *effects,
                 struct hy_err *err)
{
    raft->now = now;
    raft->effects = effects;
    int rc = dispatch(raft, event, err);
    hy_raft_disk_flush(raft);
    report_role(raft);
    apply_committed(raft);
    raft->effects = NULL;
    return rc;
}

void hy_raft_effects_free(struct hy_raft_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++) {
        struct hy_raft_effect *effect = &effects->list.items[i];
        if (effect->type == HY_RAFT_SEND)
            free(effect->data);
        else
            hy_raft_payload_unref(effect->data);
        hy_raft_payload_unref(effect->servers);
        for (size_t k = 0; k < effect->entry_count; k++)
            hy_raft_payload_unref(effect->entries[k].data);
        free(effect->entries);
        if (effect->type == HY_RAFT_APPLY)
            hy_raft_payload_unref(effect->entry.data);
    }
    hy_vec_free(&effects->list);
}

hy_time hy_raft_deadline(const struct hy_raft *raft)
{
    switch (raft->role) {
    case HY_RAFT_LEADER:
        return hy_raft_lead_deadline(raft);
    case HY_RAFT_PRECANDIDATE:
    case HY_RAFT_CANDIDATE:
        return raft->election.repeat < raft->election.deadline ? raft->election.repeat : raft->election.deadline;
    case HY_RAFT_FOLLOWER:
        break;
    }
    return hy_raft_may_lead(raft) ? raft->election.deadline : HY_NEVER;
}

enum hy_raft_role hy_raft_role(const struct hy_raft *raft)
{
    return raft->role;
}

uint64_t hy_raft_term(const struct hy_raft *raft)
{
    return raft->term;
}

uint32_t hy_raft_leader(const struct hy_raft *raft)
{
    return raft->leader;
}

uint64_t hy_raft_commit_index(const struct hy_raft *raft)
{
    return raft->commit;
}

uint64_t hy_raft_last_index(const struct hy_raft *raft)
{
    return hy_raft_log_last(&raft->log);
}

uint64_t hy_raft_first_index(const struct hy_raft *raft)
{
    return raft->log.base + 1;
}

bool hy_raft_leads(const struct hy_raft *raft)
{
    return raft->role == HY_RAFT_LEADER && raft->commit >= raft->lead.first;
}

bool hy_raft_config_pending(const struct hy_raft *raft)
{
    return hy_raft_configs_last(&raft->configs)->index > raft->commit;
}

const struct hy_raft_servers *hy_raft_servers(const struct hy_raft *raft)
{
    return hy_raft_in_force(raft);
}

const struct hy_raft_servers *hy_raft_servers_at(const struct hy_raft *raft, uint64_t index)
{
    return &hy_raft_configs_at(&raft->configs, index)->servers;
}

uint64_t hy_raft_term_at(const struct hy_raft *raft, uint64_t index)
{
    return hy_raft_log_term(&raft->log, index);
}

bool hy_raft_entry_at(const struct hy_raft *raft, uint64_t index, struct hy_raft_entry *entry)
{
    const struct hy_raft_entry *found = hy_raft_log_at(&raft->log, index);
    if (found)
        *entry = *found;
    return found != NULL;
}
