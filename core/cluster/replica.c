/* SPDX-License-Identifier: Apache-2.0 */
/* Consensus entries -> the CIB: what every node does alike. */
#include "cib/command.h"
#include "cib/grammar.h"
#include "cluster/internal.h"
#include "cluster/statement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT_BEHIND_SNAPSHOT = 500 }; /* entries for members that are a little behind: cheaper than a snapshot */

static void feed_member(struct hy_cluster *c, enum hy_membership_event_type type, const struct logged_member *member,
                        bool led)
{
    const struct hy_membership_event event = {.type = type,
                                              .node = member->node,
                                              .in = member->in,
                                              .epoch = member->epoch,
                                              .incarnation = member->incarnation,
                                              .led = led};
    hy_admission_step(c, &event, NULL);
}

/* From the moment a verdict is in the log, committed or not, membership must know of it. */
static void scan_appended(struct hy_cluster *c, const struct hy_raft_entry *entry)
{
    if (entry->type != HY_RAFT_ENTRY_COMMAND)
        return;
    struct hy_statement statement;
    size_t at = 0;
    while (hy_statement_next(entry->data, entry->size, &at, &statement)) {
        if (statement.kind != HY_STATEMENT_MEMBER)
            continue;
        const struct logged_member member = {.index = entry->index,
                                             .node = statement.id,
                                             .in = statement.in,
                                             .epoch = statement.epoch,
                                             .incarnation = statement.incarnation};
        hy_vec_push(&c->replica.logged, member);
        feed_member(c, HY_MEMBERSHIP_LOGGED, &member, false); /* one it does not know yet is introduced with it later */
    }
}

/* What was logged of members up to `index` has been applied, or refused: membership judges by the epochs as the CIB does. */
static void members_applied(struct hy_cluster *c, uint64_t index, bool led)
{
    struct replica *replica = &c->replica;
    while (replica->logged.count && replica->logged.items[0].index <= index) {
        const struct logged_member member = replica->logged.items[0];
        hy_vec_remove(&replica->logged, 0);
        feed_member(c, HY_MEMBERSHIP_COMMITTED, &member, led);
    }
}

static void scan_truncated(struct hy_cluster *c, uint64_t from)
{
    struct replica *replica = &c->replica;
    while (replica->logged.count && replica->logged.items[replica->logged.count - 1].index >= from) {
        const struct logged_member member = replica->logged.items[replica->logged.count - 1];
        replica->logged.count--;
        feed_member(c, HY_MEMBERSHIP_UNLOGGED, &member, false);
    }
}

/* By this set membership counts from now on. Entries that are only in the log do not come here. */
static void servers_applied(struct hy_cluster *c, const struct hy_raft_servers *servers, uint64_t index)
{
    c->replica.servers = *servers;
    c->replica.cib->servers_index = index;
    hy_members_refresh(c, true);
}

static void take_persist(struct hy_cluster *c, struct hy_raft_effect *effect)
{
    if (effect->truncate)
        scan_truncated(c, effect->truncate_from);
    for (size_t i = 0; i < effect->entry_count; i++)
        scan_appended(c, &effect->entries[i]);
    struct hy_raft_servers formed = {0};
    if (effect->form)
        formed = *effect->servers;
    hy_cluster_emit(c, HY_CLUSTER_PERSIST)->persist = *effect;
    *effect = (struct hy_raft_effect){.type = HY_RAFT_ROLE}; /* what it owned has moved on */
    if (formed.count)
        servers_applied(c, &formed, 0);
}

/* What must be known of the members before a change of the state, to tell what it has changed. */
static void note_members(const struct hy_cluster *c)
{
    for (size_t i = 0; i < c->members.list.count; i++) {
        struct member *member = c->members.list.items[i];
        const struct hy_node_status *status = hy_cib_node(c->replica.cib, member->node.name);
        member->epoch_before = status ? status->epoch : 0;
        member->leaving_before = status && hy_attrs_get(&status->transient, "shutdown");
    }
}

/* Each node whose epoch has moved. */
static void note_changed_members(struct hy_cluster *c)
{
    for (size_t i = 0; i < c->members.list.count; i++) {
        struct member *member = c->members.list.items[i];
        const struct hy_node_status *status = hy_cib_node(c->replica.cib, member->node.name);
        if (!status || status->epoch == member->epoch_before)
            continue;
        if (status->state == HY_MEMBER_GONE && member->leaving_before)
            member->candidate.left_incarnation = status->incarnation;
        hy_admission_member_applied(c, status);
    }
}

/* With these policies a node without quorum keeps what runs: the operator has said so (docs/operations.md warns). */
static bool waived(const struct hy_cib *cib)
{
    const char *policy = hy_cib_property(cib, "no-quorum-policy");
    return policy && (strcmp(policy, "freeze") == 0 || strcmp(policy, "ignore") == 0);
}

/* In its present life. */
static bool is_admitted(const struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cluster_own_status(c);
    return own && own->state == HY_MEMBER_IN && own->incarnation == c->outbox.incarnation;
}

void hy_replica_tell_lease(struct hy_cluster *c)
{
    struct replica *replica = &c->replica;
    bool waived = replica->lease_waived && is_admitted(c);
    hy_time lease = hy_leave_is_out(c) ? 0 : waived ? HY_NEVER : replica->lease;
    if (lease == replica->lease_told)
        return;
    replica->lease_told = lease;
    struct hy_cluster_effect *effect = hy_cluster_emit(c, HY_CLUSTER_LEASE);
    effect->at = lease;
    effect->number = replica->since;
}

/* A member learns by the log who there is. */
static void drop_hints(struct hy_cluster *c)
{
    if (!is_admitted(c))
        return;
    hy_hints_drop(c);
    hy_members_refresh(c, false);
}

static void state_changed(struct hy_cluster *c, bool configuration)
{
    if (c->members.hints || c->members.kept)
        drop_hints(c);
    c->leave.stranger = false; /* what is in no cluster hears of no changes */
    if (configuration)
        c->replica.lease_waived = waived(c->replica.cib);
    hy_replica_tell_lease(c);
    c->admission.due = true;
    c->servers.due = true;
}

static void publish(struct hy_cluster *c, const struct hy_raft_entry *entry)
{
    if (hy_raft_role(c->replica.raft) != HY_RAFT_LEADER)
        return;
    struct hy_buf bytes = {0};
    hy_buf_addf(&bytes, "index %llu\n", (unsigned long long)entry->index);
    hy_buf_add(&bytes, entry->data, entry->size);
    hy_cluster_emit_bytes(c, HY_CLUSTER_PUBLISH_CHANGE, 0, &bytes);
}

static void maybe_snapshot(struct hy_cluster *c)
{
    struct replica *replica = &c->replica;
    if (replica->snapshot_saving || replica->applied - replica->snapshot_index < replica->snapshot_after)
        return;
    struct hy_buf text = {0};
    hy_cib_save(replica->cib, &text);
    hy_cluster_emit_bytes(c, HY_CLUSTER_SAVE_SNAPSHOT, 0, &text);
    struct hy_cluster_effect *effect = &c->out->list.items[c->out->list.count - 1];
    effect->number = replica->applied;
    effect->term = replica->applied_term;
    const struct hy_raft_servers *servers = hy_raft_servers_at(replica->raft, replica->applied);
    effect->servers = hy_memdup(servers ? servers : hy_raft_servers(replica->raft), sizeof *servers);
    uint64_t first = hy_raft_first_index(replica->raft);
    uint64_t kept = replica->applied > KEPT_BEHIND_SNAPSHOT ? replica->applied - KEPT_BEHIND_SNAPSHOT + 1 : 1;
    effect->first_kept = kept > first ? kept : first;
    replica->snapshot_saving = true;
    replica->snapshot_index = replica->applied;
}

/* Said as soon as the state has it: what follows from it may ask consensus for something, and be asked for a snapshot. */
static void applied(struct replica *replica, const struct hy_raft_entry *entry)
{
    replica->applied = entry->index;
    replica->applied_term = entry->term;
}

/* Has it changed the configuration? */
static bool apply_command(struct hy_cluster *c, const struct hy_raft_entry *entry)
{
    struct replica *replica = &c->replica;
    note_members(c);
    struct hy_answer answer = {0};
    hy_cib_apply(replica->cib, entry->index, entry->data, entry->size, &answer);
    applied(replica, entry);
    bool led = hy_raft_role(replica->raft) == HY_RAFT_LEADER && entry->term == hy_raft_term(replica->raft);
    if (answer.config_changed)
        hy_members_refresh(c, false);
    members_applied(c, entry->index, led);
    note_changed_members(c);
    if (answer.head.origin == c->self && answer.head.incarnation == c->outbox.incarnation && answer.code != -EALREADY)
        hy_outbox_applied(c, answer.head.seq, answer.code, answer.err.text);
    bool fault = answer.code == -EINVAL && !answer.head.origin && led; /* the DC's own never should be */
    if (answer.code && answer.code != -EALREADY)
        hy_log_line(&c->log, fault ? HY_LOG_ERROR : HY_LOG_DEBUG, "command %llu was refused: %s",
                    (unsigned long long)entry->index, answer.err.text);
    bool changed = !answer.code && !answer.repeated;
    if (changed)
        publish(c, entry);
    if (changed && led)
        hy_chronicle(c, entry->data, entry->size);
    if (changed)
        hy_controller_command_applied(c, entry->data, entry->size);
    if (!changed || answer.config_changed)
        hy_controller_edited(c);
    else
        c->controller.due = true;
    return answer.config_changed;
}

static void apply(struct hy_cluster *c, const struct hy_raft_entry *entry)
{
    bool configuration = false;
    if (entry->type == HY_RAFT_ENTRY_COMMAND) {
        configuration = apply_command(c, entry);
    } else {
        c->replica.cib->index = entry->index;
        applied(&c->replica, entry);
        c->controller.due = true;
    }
    if (entry->type == HY_RAFT_ENTRY_CONFIG)
        servers_applied(c, hy_raft_servers_at(c->replica.raft, entry->index), entry->index);
    state_changed(c, configuration);
    maybe_snapshot(c);
}

/* The state is a snapshot's: membership takes every node's from there. */
static void members_restored(struct hy_cluster *c)
{
    for (size_t i = 0; i < c->replica.cib->nodes.count; i++) {
        const struct hy_node_status *status = c->replica.cib->nodes.items[i];
        if (!status->id || !status->epoch)
            continue;
        const struct logged_member member = {.node = status->id,
                                             .in = status->state == HY_MEMBER_IN,
                                             .epoch = status->epoch,
                                             .incarnation = status->incarnation};
        feed_member(c, HY_MEMBERSHIP_RESTORED, &member, false);
    }
}

static void restore(struct hy_cluster *c, const struct hy_raft_effect *effect)
{
    struct replica *replica = &c->replica;
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    if (hy_cib_restore(cib, effect->data, effect->size, &err)) {
        /* Going on would be with a state that differs from all the others'. */
        hy_error(&c->log, "the snapshot that the DC sent cannot be read, so the core ends: %s", err.text);
        hy_cluster_emit(c, HY_CLUSTER_BROKEN);
        hy_cib_free(&cib);
        return;
    }
    note_members(c);
    hy_cib_free(&replica->cib);
    replica->cib = cib;
    replica->servers = *effect->servers;
    replica->applied = effect->index;
    replica->applied_term = effect->term;
    replica->snapshot_index = effect->index;
    hy_members_refresh(c, true);
    members_restored(c);
    /* Behind the snapshot the log goes on, and what it says of members still holds. */
    while (replica->logged.count && replica->logged.items[0].index <= effect->index) {
        const struct logged_member member = replica->logged.items[0];
        hy_vec_remove(&replica->logged, 0);
        feed_member(c, HY_MEMBERSHIP_UNLOGGED, &member, false);
    }
    note_changed_members(c);
    hy_outbox_restored(c);
    c->controller.due = true;
    state_changed(c, true);
}

static void role_changed(struct hy_cluster *c, const struct hy_raft_effect *effect)
{
    static const char *const roles[] = {"follower", "pre-candidate", "candidate", "leader"};
    if (effect->role == HY_RAFT_LEADER)
        hy_notice(&c->log, "this node leads in term %llu", (unsigned long long)effect->term);
    else if (effect->leader)
        hy_notice(&c->log, "%s leads in term %llu", hy_cluster_name_of(c, effect->leader),
                  (unsigned long long)effect->term);
    else
        hy_info(&c->log, "%s in term %llu, no leader known", roles[effect->role & 3], (unsigned long long)effect->term);
    if (effect->leader)
        c->replica.confirmed = c->now;
    c->admission.due = true;
    c->controller.due = true;
}

static void offer_snapshot(struct hy_cluster *c)
{
    struct hy_buf text = {0};
    hy_cib_save(c->replica.cib, &text);
    hy_raft_offer_snapshot(c->replica.raft, c->replica.applied, text.data, text.size);
    hy_buf_free(&text);
}

static void carry_out(struct hy_cluster *c, struct hy_raft_effect *effect)
{
    switch (effect->type) {
    case HY_RAFT_PERSIST:
        take_persist(c, effect);
        break;
    case HY_RAFT_SEND: {
        struct hy_cluster_effect *send = hy_cluster_emit(c, HY_CLUSTER_SEND_RAFT);
        send->to = effect->to;
        send->data = effect->data;
        send->size = effect->size;
        effect->data = NULL;
        break;
    }
    case HY_RAFT_APPLY:
        apply(c, &effect->entry);
        break;
    case HY_RAFT_RESTORE:
        restore(c, effect);
        break;
    case HY_RAFT_NEED_SNAPSHOT:
        offer_snapshot(c);
        break;
    case HY_RAFT_ROLE:
        role_changed(c, effect);
        break;
    case HY_RAFT_READY_READ:
        hy_reads_ready(c, effect->number, effect->index);
        break;
    default:
        hy_error(&c->log, "consensus asks for something unknown (%d)", (int)effect->type);
        break;
    }
}

int hy_replica_step(struct hy_cluster *c, const struct hy_raft_event *event, struct hy_err *err)
{
    struct hy_raft_effects effects = {0};
    int rc = hy_raft_step(c->replica.raft, event, c->now, &effects, err);
    for (size_t i = 0; i < effects.list.count; i++)
        carry_out(c, &effects.list.items[i]);
    hy_raft_effects_free(&effects);
    return rc;
}

int hy_replica_propose(struct hy_cluster *c, const struct hy_buf *command)
{
    const struct hy_raft_event event = {.type = HY_RAFT_PROPOSE, .data = command->data, .size = command->size};
    return hy_replica_step(c, &event, NULL);
}

int hy_replica_propose_own(struct hy_cluster *c, const char *statements)
{
    struct hy_buf command = {0};
    const struct hy_command_head head = {.at = c->wall, .by = c->name, .via = "halyard"};
    hy_command_begin(&command, &head);
    hy_buf_adds(&command, statements);
    int rc = hy_replica_propose(c, &command);
    hy_buf_free(&command);
    return rc;
}

void hy_replica_snapshot_saved(struct hy_cluster *c, uint64_t index)
{
    c->replica.snapshot_saving = false;
    const struct hy_raft_event event = {.type = HY_RAFT_SNAPSHOT_TAKEN, .number = index, .keep = KEPT_BEHIND_SNAPSHOT};
    hy_replica_step(c, &event, NULL);
}

/* What was on disk: members as of the snapshot, and `member` statements that wait in the log. No effects can come of it
 * yet: nobody has been heard. */
void hy_replica_init(struct hy_cluster *c, const struct hy_raft_state *state, hy_time now)
{
    struct hy_cluster_effects effects = {0};
    c->out = &effects;
    struct replica *replica = &c->replica;
    replica->applied = state->snapshot_index;
    replica->applied_term = state->snapshot_term;
    replica->snapshot_index = state->snapshot_index;
    replica->confirmed = now;
    replica->cib->index = state->snapshot_index;
    members_restored(c);
    for (size_t i = 0; i < state->entry_count; i++)
        scan_appended(c, &state->entries[i]);
    if (state->entry_count)
        hy_hints_from_log(c, state);
    /* The others wait for the first heartbeat of this life. All else is there to be asked for. */
    for (size_t i = 0; i < effects.list.count; i++)
        if (effects.list.items[i].type == HY_CLUSTER_SEND_HEARTBEAT) {
            hy_vec_push(&c->first.list, effects.list.items[i]);
            effects.list.items[i] = (struct hy_cluster_effect){.type = HY_CLUSTER_SEND_HEARTBEAT};
        }
    hy_cluster_effects_free(&effects);
    c->out = NULL;
}

void hy_replica_free(struct replica *replica)
{
    hy_raft_free(&replica->raft);
    hy_cib_free(&replica->cib);
    hy_vec_free(&replica->logged);
}
