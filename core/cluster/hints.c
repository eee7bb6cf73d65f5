/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom to connect to, before it is known for sure. After a start nothing is known to be committed but the snapshot, so
 * the nodes that the log names are taken for there: to learn what is committed, one must reach them.
 *
 * A node that was away while others came cannot know them: the DC may be one that it is not connected to, so it would
 * never learn. Whoever is a member and hears a node that is none tells it who there is, or that it is not enrolled. When
 * all that such a node knows were replaced, it is heard by nobody: so, while one is missing, members introduce themselves in
 * their heartbeats.
 * What is told decides nothing: it only says whom to connect to. While nobody leads, nobody has a lease; then whoever has
 * applied a newer set of servers tells those that have not: the one whose log can win may be unknown to the one whose vote
 * it needs.
 */
#include "cib/command.h"
#include "cluster/internal.h"

#include <errno.h>
#include <string.h>

static const hy_time TELL_AGAIN = HY_SECOND;

/* One without a lease may be what is out of date itself. */
static bool may_tell(const struct hy_cluster *c)
{
    return c->replica.cib->last_id && hy_pulse_lease(c->pulse) > c->now;
}

/* The most that this node knows of who there is. */
static const struct hy_cib *known(const struct hy_cluster *c)
{
    return c->members.hints ? c->members.hints : c->replica.cib;
}

static void tell_nodes(struct hy_cluster *c, uint32_t to)
{
    struct hy_buf text = {0};
    const struct hy_command_head head = {.at = c->wall};
    hy_command_begin(&text, &head);
    for (size_t i = 0; i < known(c)->nodes.count; i++) {
        const struct hy_node_status *status = known(c)->nodes.items[i];
        if (status->enrolled.address)
            hy_command_enrol(&text, status->node, status->id, &status->enrolled);
    }
    const struct hy_message message = {.kind = HY_MESSAGE_NODES, .data = text.data, .size = text.size};
    hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, to, &message);
    hy_buf_free(&text);
}

void hy_hints_heard(struct hy_cluster *c, uint32_t from)
{
    struct member *member = hy_member(c, from);
    if (!member) {
        if (may_tell(c))
            hy_leave_stranger(c, from);
        return;
    }
    struct hy_membership_view view;
    if (c->now - member->told_at < TELL_AGAIN || !hy_pulse_view(c->pulse, from, c->now, &view))
        return;
    member->told_at = c->now;
    const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, from);
    bool no_member = status && (status->state != HY_MEMBER_IN || status->incarnation != view.incarnation);
    bool behind = status && c->replica.cib->last_id && view.servers_index < c->replica.cib->servers_index;
    /* Without a leader everybody says what he knows: a candidate may need the vote of one that does not know it yet. */
    bool leaderless = !hy_raft_leader(c->replica.raft) && hy_cib_node_by_id(known(c), from);
    if ((no_member && may_tell(c)) || behind || leaderless)
        tell_nodes(c, from);
}

void hy_hints_drop(struct hy_cluster *c)
{
    hy_cib_free(&c->members.hints);
}

static void use(struct hy_cluster *c, struct hy_cib *hints)
{
    hy_hints_drop(c);
    c->members.hints = hints;
    hy_members_refresh(c, false);
}

void hy_hints_from_log(struct hy_cluster *c, const struct hy_raft_state *state)
{
    struct hy_cib *hints = hy_cib_copy(c->replica.cib);
    for (size_t i = 0; i < state->entry_count; i++) {
        const struct hy_raft_entry *entry = &state->entries[i];
        struct hy_answer answer;
        if (entry->type == HY_RAFT_ENTRY_COMMAND && entry->index > state->snapshot_index)
            hy_cib_apply(hints, entry->index, entry->data, entry->size, &answer);
    }
    use(c, hints);
}

static int add(struct hy_cluster *c, uint32_t from, const void *command, size_t size, struct hy_err *err)
{
    struct hy_cib *hints = hy_cib_copy(known(c)); /* added to: two may each know of one that the other does not */
    struct hy_answer answer = {0};
    hy_cib_apply(hints, 1, command, size, &answer);
    if (answer.code) {
        hy_cib_free(&hints);
        hints = hy_cib_new();
        hy_cib_apply(hints, 1, command, size, &answer);
    }
    if (answer.code) {
        hy_cib_free(&hints);
        return hy_fail(err, EBADMSG, "list of nodes from %s: %s", hy_cluster_name_of(c, from), answer.err.text);
    }
    use(c, hints);
    return 0;
}

int hy_hints_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    return may_tell(c) ? 0 : add(c, from, message->data, message->size, err);
}

void hy_hints_stranger(struct hy_cluster *c, uint32_t from, const char *statement, size_t size)
{
    if (hy_pulse_lease(c->pulse) > c->now || hy_raft_leader(c->replica.raft) || hy_leave_is_out(c))
        return;
    struct hy_buf text = {0};
    const struct hy_command_head head = {.at = c->wall};
    hy_command_begin(&text, &head);
    hy_buf_add(&text, statement, size);
    struct hy_err err = {{0}};
    int rc = add(c, from, text.data, text.size, &err);
    hy_buf_free(&text);
    if (rc)
        hy_debug(&c->log, "node %u, which is not known here, introduces itself badly: %s", from, err.text);
    else
        hy_notice(&c->log, "node %u, which is not known here, introduces itself: it is listened to", from);
}
