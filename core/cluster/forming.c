/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first set of servers. Nobody takes it from a file: a disk that was lost is as empty as a new one, and must not
 * begin the cluster's life again beside the others'. A blank node says in its heartbeats that it is, and with which
 * disk. When the lowest of the configured nodes hears all others as blank, both ways, it forms the set of all, and tells
 * them; one writer, so that there is one set. See docs/decisions/nodes-come-and-go.md.
 */
#include "cluster/internal.h"
#include "consensus/config.h"

#include <errno.h>
#include <stdio.h>

static const hy_time SAY_AGAIN = 100 * HY_MS;

bool hy_cluster_blank(const struct hy_cluster *c)
{
    return c->replica.servers.count == 0;
}

static bool see(const struct hy_cluster *c, uint32_t id, struct hy_membership_view *view)
{
    return hy_pulse_view(c->pulse, id, c->now, view);
}

/* Blank, and heard both ways. */
static bool is_ready(const struct hy_cluster *c, uint32_t id, uint64_t *disk)
{
    struct hy_membership_view view;
    *disk = c->disk;
    if (id == c->self)
        return true;
    if (!see(c, id, &view) || !view.heard || !view.hears_us || !view.blank || !view.disk)
        return false;
    *disk = view.disk;
    return true;
}

static void add_ready(const struct hy_cluster *c, bool witnesses, struct hy_raft_servers *servers)
{
    for (size_t i = 0; i < c->members.configured_count; i++) {
        const struct hy_cluster_node *node = &c->members.configured[i];
        uint64_t disk = 0;
        if (node->witness == witnesses && is_ready(c, node->id, &disk) && servers->count < HY_RAFT_MAX_NODES)
            servers->list[servers->count++] = (struct hy_raft_server){
                .id = node->id, .voter = hy_raft_voter_count(servers) < HY_VOTERS_MAX, .disk = disk};
    }
}

/* Those that are ready; where they are more than can vote, witnesses come first: they are there for it. */
static struct hy_raft_servers first_set(const struct hy_cluster *c)
{
    struct hy_raft_servers servers = {0};
    add_ready(c, true, &servers);
    add_ready(c, false, &servers);
    return servers;
}

static int form(struct hy_cluster *c, const struct hy_raft_servers *servers, struct hy_err *err)
{
    const struct hy_raft_event event = {.type = HY_RAFT_FORM, .servers = servers};
    int rc = hy_replica_step(c, &event, err);
    if (!rc)
        hy_notice(&c->log, "the cluster is formed: %zu server%s", servers->count, servers->count == 1 ? "" : "s");
    return rc;
}

/* ---- a blank node */

static void explain(struct hy_cluster *c)
{
    struct hy_buf text = {0};
    size_t missing = 0;
    for (size_t i = 0; i < c->members.configured_count; i++) {
        const struct hy_cluster_node *node = &c->members.configured[i];
        struct hy_membership_view view;
        uint64_t disk;
        if (node->id != c->self && see(c, node->id, &view) && view.heard && !view.blank) {
            hy_buf_clear(&text);
            hy_buf_addf(&text, "%s is in a cluster already: this node waits to be taken in there", node->name);
            missing = 0;
            break;
        }
        if (is_ready(c, node->id, &disk))
            continue;
        hy_buf_addf(&text, "%s%s",
                    missing++ ? ", " : "a new cluster begins when all of its nodes are there; missing: ", node->name);
    }
    if (!text.size)
        hy_buf_addf(&text, "all nodes are there; %s forms the cluster", c->members.configured[0].name);
    snprintf(c->forming.waiting, sizeof c->forming.waiting, "%s", hy_buf_text(&text));
    hy_buf_free(&text);
}

static void form_when_all_are_there(struct hy_cluster *c)
{
    explain(c);
    if (c->members.configured[0].id != c->self)
        return;
    const struct hy_raft_servers servers = first_set(c);
    if (servers.count == c->members.configured_count)
        form(c, &servers, NULL);
}

/* The operator knows that the others are not there, and never were in a cluster with this node. */
void hy_forming_found(struct hy_cluster *c, uint64_t client)
{
    struct hy_err err = {{0}};
    int rc = 0;
    if (!hy_cluster_blank(c))
        rc = hy_fail(&err, EEXIST, "%s is in a cluster already", c->name);
    for (size_t i = 0; !rc && i < c->members.configured_count; i++) {
        const struct hy_cluster_node *node = &c->members.configured[i];
        struct hy_membership_view view;
        if (node->id != c->self && see(c, node->id, &view) && view.heard && !view.blank)
            rc = hy_fail(&err, EEXIST,
                         "%s is in a cluster already: this node is to be taken in there (hactl cluster add)",
                         node->name);
    }
    const struct hy_raft_servers servers = first_set(c);
    if (!rc)
        rc = form(c, &servers, &err);
    hy_cluster_answer(c, client, rc, err.text);
}

int hy_forming_receive(struct hy_cluster *c, uint32_t from, const struct hy_message *message, struct hy_err *err)
{
    struct hy_raft_servers servers;
    int rc = hy_raft_servers_decode(message->data, message->size, &servers, err);
    if (rc)
        return rc;
    if (!hy_cluster_blank(c))
        return 0; /* said again */
    const struct hy_raft_server *own = hy_servers_find(&servers, c->self);
    if (!own || own->disk != c->disk || !hy_servers_find(&servers, from))
        return hy_fail(err, EBADMSG, "%s forms a cluster in which this node, with its disk, is not",
                       hy_cluster_name_of(c, from));
    return form(c, &servers, err);
}

/* ---- a formed one, until the first DC has enrolled the nodes */

static void tell_the_blank(struct hy_cluster *c)
{
    struct hy_buf bytes = {0};
    for (size_t i = 0; i < c->replica.servers.count; i++) {
        const struct hy_raft_server *server = &c->replica.servers.list[i];
        uint64_t disk;
        if (server->id == c->self || !is_ready(c, server->id, &disk) || disk != server->disk)
            continue;
        if (!bytes.size)
            hy_raft_servers_write(&c->replica.servers, &bytes);
        const struct hy_message message = {.kind = HY_MESSAGE_FORM, .data = bytes.data, .size = bytes.size};
        hy_cluster_emit_message(c, HY_CLUSTER_SEND_COMMANDS, server->id, &message);
    }
    hy_buf_free(&bytes);
}

void hy_forming_run(struct hy_cluster *c)
{
    if (hy_cluster_blank(c)) {
        form_when_all_are_there(c);
        if (hy_cluster_blank(c))
            return;
        c->forming.again = c->now;
    }
    /* Only the first set may be told so; from when it has enrolled the nodes, a leader has it from a majority. */
    if (c->replica.cib->last_id || c->replica.cib->servers_index || c->now < c->forming.again)
        return;
    c->forming.waiting[0] = '\0';
    c->forming.again = c->now + SAY_AGAIN;
    tell_the_blank(c);
}

hy_time hy_forming_deadline(const struct hy_cluster *c)
{
    return hy_cluster_blank(c) || c->replica.cib->last_id ? HY_NEVER : c->forming.again;
}
