/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who there is (a node that is no member may have been told more, see hints.c). Until the cluster has enrolled its nodes, those of the configuration file; from then on the enrolled
 * ones, and this node in any case. What the parts keep of a node (admission, outbox, controller) is in its entry here,
 * so that it comes and goes with the node.
 */
#include "base/mutant.h"
#include "cib/command.h"
#include "cluster/internal.h"

#include <stdlib.h>
#include <string.h>

static void free_node(struct hy_cluster_node *node)
{
    free((char *)(uintptr_t)node->name);
    free((char *)(uintptr_t)node->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        free((char *)(uintptr_t)node->links[i]);
    *node = (struct hy_cluster_node){0};
}

static struct hy_cluster_node copy_node(const struct hy_cluster_node *node)
{
    struct hy_cluster_node copy = *node;
    copy.name = hy_strdup(node->name);
    copy.address = hy_strdup(node->address);
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        copy.links[i] = hy_strdup(node->links[i]);
    return copy;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_node(const struct hy_cluster_node *a, const struct hy_cluster_node *b)
{
    bool same =
        a->id == b->id && a->witness == b->witness && same_text(a->name, b->name) && same_text(a->address, b->address);
    for (size_t i = 0; same && i < HY_LINKS_MAX; i++)
        same = same_text(a->links[i], b->links[i]);
    return same;
}

struct member *hy_member(const struct hy_cluster *c, uint32_t id)
{
    for (size_t i = 0; i < c->members.list.count; i++)
        if (c->members.list.items[i]->node.id == id)
            return c->members.list.items[i];
    return NULL;
}

struct member *hy_member_named(const struct hy_cluster *c, const char *name)
{
    for (size_t i = 0; i < c->members.list.count; i++)
        if (strcmp(c->members.list.items[i]->node.name, name) == 0)
            return c->members.list.items[i];
    return NULL;
}

static void add_member(struct hy_cluster *c, const struct hy_cluster_node *node)
{
    struct member *member = hy_alloc(sizeof *member);
    member->node = copy_node(node);
    (void)hy_vec_add(&c->members.list);
    size_t at = c->members.list.count - 1;
    for (; at > 0 && c->members.list.items[at - 1]->node.id > node->id; at--)
        c->members.list.items[at] = c->members.list.items[at - 1];
    c->members.list.items[at] = member;
}

static void drop_member(struct members *members, size_t at)
{
    free_node(&members->list.items[at]->node);
    free(members->list.items[at]);
    hy_vec_remove(&members->list, at);
}

static void show(struct members *members)
{
    members->shown.count = 0;
    for (size_t i = 0; i < members->list.count; i++)
        hy_vec_push(&members->shown, members->list.items[i]->node);
}

static int by_id(const void *a, const void *b)
{
    const struct hy_cluster_node *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

void hy_members_init(struct hy_cluster *c, const struct hy_cluster_options *options)
{
    struct members *members = &c->members;
    members->configured_count = options->node_count;
    members->configured = hy_alloc_array(options->node_count, sizeof *members->configured);
    for (size_t i = 0; i < options->node_count; i++)
        members->configured[i] = copy_node(&options->nodes[i]);
    qsort(members->configured, members->configured_count, sizeof *members->configured, by_id);
    c->members.lineage = hy_members_lineage(c);
    hy_members_refresh(c, true);
}

void hy_members_free(struct members *members)
{
    while (members->list.count)
        drop_member(members, members->list.count - 1);
    hy_vec_free(&members->list);
    hy_vec_free(&members->shown);
    hy_cib_free(&members->hints);
    for (size_t i = 0; i < members->configured_count; i++)
        free_node(&members->configured[i]);
    free(members->configured);
}

/* ---- what the applied state says */

/* Strings are borrowed. */
struct wanted {
    struct hy_cluster_node list[HY_NODES_MAX + 1];
    size_t count;
};

static const struct hy_cluster_node *find_wanted(const struct wanted *wanted, uint32_t id)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->list[i].id == id)
            return &wanted->list[i];
    return NULL;
}

static void want(struct wanted *wanted, const struct hy_cluster_node *node)
{
    if (wanted->count < sizeof wanted->list / sizeof *wanted->list && !find_wanted(wanted, node->id))
        wanted->list[wanted->count++] = *node;
}

static struct hy_cluster_node enrolled_node(const struct hy_node_status *status)
{
    struct hy_cluster_node node = {.id = status->id,
                                   .name = status->node,
                                   .address = status->enrolled.address,
                                   .witness = status->enrolled.witness};
    for (size_t i = 0; i < HY_LINKS_MAX; i++)
        node.links[i] = status->enrolled.links[i];
    return node;
}

static void want_enrolled(struct wanted *wanted, const struct hy_cib *cib)
{
    for (size_t i = 0; cib && i < cib->nodes.count; i++) {
        if (!cib->nodes.items[i]->enrolled.address)
            continue;
        const struct hy_cluster_node node = enrolled_node(cib->nodes.items[i]);
        want(wanted, &node);
    }
}

/* Whoever is taken in goes through old states first, some from before the present DC was enrolled: a node of its own file that is
 * newer than the state (ids only grow) stays, or nobody could tell it the rest. */
static void list_wanted(const struct hy_cluster *c, struct wanted *wanted)
{
    const struct hy_cib *cib = c->replica.cib;
    wanted->count = 0;
    want_enrolled(wanted, c->members.hints);
    want_enrolled(wanted, cib);
    for (size_t i = 0; i < c->members.configured_count; i++)
        if (c->members.configured[i].id > cib->last_id || c->members.configured[i].id == c->self)
            want(wanted, &c->members.configured[i]);
}

/* A node that is still taking in the log must not lose whom it has it from: what it has applied so far knows no later
 * ones. */
static bool may_drop(const struct hy_cluster *c)
{
    const struct hy_node_status *own = hy_cib_node_by_id(c->replica.cib, c->self);
    return own && own->state == HY_MEMBER_IN && own->incarnation == c->outbox.incarnation;
}

static bool update_list(struct hy_cluster *c, const struct wanted *wanted)
{
    struct members *members = &c->members;
    bool changed = false, drop = may_drop(c);
    members->kept = false;
    for (size_t i = members->list.count; i-- > 0;) {
        const struct hy_cluster_node *node = find_wanted(wanted, members->list.items[i]->node.id);
        if (node && same_node(node, &members->list.items[i]->node))
            continue;
        if (!node && !drop) {
            members->kept = true;
            continue;
        }
        changed = true;
        if (!node) {
            drop_member(members, i);
            continue;
        }
        free_node(&members->list.items[i]->node);
        members->list.items[i]->node = copy_node(node);
    }
    for (size_t i = 0; i < wanted->count; i++) {
        if (hy_member(c, wanted->list[i].id))
            continue;
        add_member(c, &wanted->list[i]);
        changed = true;
    }
    return changed;
}

/* ---- telling membership */

size_t hy_members_peers(const struct hy_cluster *c, struct hy_membership_peer *peers)
{
    const struct hy_raft_servers *servers = &c->replica.servers;
    size_t count = 0;
    for (size_t i = 0; i < servers->count; i++)
        peers[count++] = (struct hy_membership_peer){
            .id = servers->list[i].id, .voter = servers->list[i].voter, .disk = servers->list[i].disk};
    for (size_t i = 0; i < c->members.list.count && count < HY_MEMBERSHIP_MAX_NODES; i++)
        if (!hy_servers_find(servers, c->members.list.items[i]->node.id))
            peers[count++] = (struct hy_membership_peer){.id = c->members.list.items[i]->node.id};
    return count;
}

static bool is_known(const struct hy_cluster *c, uint32_t id)
{
    struct hy_membership_view view;
    return hy_pulse_view(c->pulse, id, c->now, &view);
}

static void feed(struct hy_cluster *c, enum hy_membership_event_type type, uint32_t node, bool in, uint32_t epoch,
                 uint64_t incarnation)
{
    const struct hy_membership_event event = {
        .type = type, .node = node, .in = in, .epoch = epoch, .incarnation = incarnation};
    hy_admission_feed(c, &event);
}

/* What the state and the log say of a node that membership has not known before. */
static void introduce(struct hy_cluster *c, uint32_t id)
{
    const struct hy_node_status *status = hy_cib_node_by_id(c->replica.cib, id);
    if (status && status->epoch)
        feed(c, HY_MEMBERSHIP_RESTORED, id, status->state == HY_MEMBER_IN, status->epoch, status->incarnation);
    for (size_t i = 0; i < c->replica.logged.count; i++) {
        const struct logged_member *logged = &c->replica.logged.items[i];
        if (logged->node == id)
            feed(c, HY_MEMBERSHIP_LOGGED, id, logged->in, logged->epoch, logged->incarnation);
    }
}

/* The first set of servers names the cluster: disk ids are drawn at random, so no two begin with the same. Whoever has any
 * of its log has that set too, and so can say where it belongs before it has applied anything. */
uint64_t hy_members_lineage(const struct hy_cluster *c)
{
    if (c->replica.cib->lineage)
        return c->replica.cib->lineage;
    const struct hy_raft_servers *first = hy_raft_servers_at(c->replica.raft, 0);
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; first && i < first->count; i++)
        for (int shift = 0; shift < 64; shift += 8)
            hash = (hash ^ (first->list[i].disk >> shift & 0xff)) * 1099511628211u;
    return first && first->count ? hash | 1 : 0;
}

/* Only the address that every node has: it is for heartbeats, which are to fit one datagram. */
void hy_members_introduction(const struct hy_cluster *c, struct hy_buf *out)
{
    const struct hy_node_status *own = hy_cib_node_by_id(c->replica.cib, c->self);
    if (!own || !own->enrolled.address)
        return;
    const struct hy_enrolment enrolled = {.address = own->enrolled.address, .witness = own->enrolled.witness};
    hy_command_enrol(out, own->node, own->id, &enrolled);
}

static void tell_membership(struct hy_cluster *c)
{
    struct hy_membership_peer peers[HY_MEMBERSHIP_MAX_NODES];
    size_t count = hy_members_peers(c, peers);
    uint32_t fresh[HY_MEMBERSHIP_MAX_NODES];
    size_t fresh_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_known(c, peers[i].id))
            fresh[fresh_count++] = peers[i].id;
    struct hy_buf own = {0};
    hy_members_introduction(c, &own);
    const struct hy_membership_event event = {.type = HY_MEMBERSHIP_NODES,
                                              .introduction = own.data,
                                              .introduction_size = own.size,
                                              .nodes = peers,
                                              .count = count,
                                              .number = c->replica.cib->servers_index,
                                              .lineage = hy_members_lineage(c)};
    hy_pulse_begin(c->pulse);
    hy_admission_feed(c, &event);
    for (size_t i = 0; i < fresh_count; i++)
        introduce(c, fresh[i]);
    hy_pulse_end(c->pulse);
    hy_buf_free(&own);
}

void hy_members_refresh(struct hy_cluster *c, bool servers)
{
    struct wanted wanted;
    list_wanted(c, &wanted);
    bool changed = update_list(c, &wanted);
    show(&c->members);
    const struct hy_node_status *own = hy_cib_node_by_id(c->replica.cib, c->self);
    c->leave.struck = own && own->enrolled.striking;
    if (!c->pulse)
        return; /* opening: it begins with what is here now */
    uint64_t lineage = hy_members_lineage(c);
    if (changed || servers || c->members.lineage != lineage) {
        c->members.lineage = lineage;
        tell_membership(c);
        c->admission.due = c->controller.due = c->servers.due = true;
    }
    if (changed)
        hy_cluster_emit(c, HY_CLUSTER_NODES_CHANGED);
}

void hy_members_enrol(const struct hy_cluster *c, struct hy_buf *statements)
{
    uint64_t lineage = hy_members_lineage(c);
    hy_command_lineage(statements, lineage ? lineage : c->disk); /* as good: drawn at random when the folder was made */
    for (size_t i = 0; i < c->members.configured_count; i++) {
        const struct hy_cluster_node *node = &c->members.configured[i];
        struct hy_enrolment enrolled = {.address = (char *)(uintptr_t)(node->address ? node->address : ""),
                                        .witness = node->witness && !HY_MUTANT(WITNESS_FORGOTTEN)};
        for (size_t link = 0; link < HY_LINKS_MAX; link++)
            enrolled.links[link] = (char *)(uintptr_t)node->links[link];
        hy_command_enrol(statements, node->name, node->id, &enrolled);
    }
}
