/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/grammar.h"
#include "cluster/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLE_ROUNDS = 64 };

struct hy_cluster_effect *hy_cluster_emit(struct hy_cluster *c, enum hy_cluster_effect_type type)
{
    struct hy_cluster_effect *effect = hy_vec_add(&c->out->list);
    *effect = (struct hy_cluster_effect){.type = type};
    return effect;
}

void hy_cluster_emit_bytes(struct hy_cluster *c, enum hy_cluster_effect_type type, uint32_t to, struct hy_buf *bytes)
{
    struct hy_cluster_effect *effect = hy_cluster_emit(c, type);
    effect->to = to;
    effect->size = bytes->size;
    effect->data = hy_buf_take(bytes);
}

void hy_cluster_emit_message(struct hy_cluster *c, enum hy_cluster_effect_type type, uint32_t to,
                             const struct hy_message *message)
{
    struct hy_buf bytes = {0};
    hy_message_encode(message, &bytes);
    hy_cluster_emit_bytes(c, type, to, &bytes);
}

void hy_cluster_answer(struct hy_cluster *c, uint64_t client, int code, const char *text)
{
    struct hy_buf bytes = {0};
    hy_buf_adds(&bytes, code ? text : "");
    hy_cluster_emit_bytes(c, HY_CLUSTER_ANSWER, 0, &bytes);
    struct hy_cluster_effect *effect = &c->out->list.items[c->out->list.count - 1];
    effect->client = client;
    effect->code = code;
}

const char *hy_cluster_name_of(const struct hy_cluster *c, uint32_t id)
{
    const struct member *member = hy_member(c, id);
    return member ? member->node.name : "?";
}

struct hy_node_status *hy_cluster_own_status(const struct hy_cluster *c)
{
    return hy_cib_node(c->replica.cib, c->name);
}

static int check_options(const struct hy_cluster_options *options, struct hy_err *err)
{
    bool self_is_there = false;
    for (size_t i = 0; i < options->node_count; i++)
        if (options->nodes[i].id == options->raft.self && strcmp(options->nodes[i].name, options->name) == 0)
            self_is_there = true;
    if (!self_is_there)
        return hy_fail(err, EINVAL, "node %s (id %u) is not in the list of nodes", options->name, options->raft.self);
    if (options->membership.self != options->raft.self)
        return hy_fail(err, EINVAL, "membership and consensus were given different ids for this node");
    return 0;
}

/* Who votes is not the caller's to say: the state does, and membership counts by what has been applied of it. */
static int open_membership(struct hy_cluster *c, const struct hy_cluster_options *options, hy_time now,
                           struct hy_err *err)
{
    struct hy_membership_options membership = options->membership;
    membership.disk = c->disk;
    membership.servers_index = c->replica.cib->servers_index;
    membership.lineage = hy_members_lineage(c);
    membership.node_count = hy_members_peers(c, membership.nodes);
    struct hy_buf own = {0};
    hy_members_introduction(c, &own);
    membership.introduction = own.data;
    membership.introduction_size = own.size;
    int rc = hy_pulse_new(&membership, &options->gate, now, &c->pulse, err);
    hy_buf_free(&own);
    return rc;
}

static int open_state(struct hy_cluster *c, const struct hy_cluster_options *options, const struct hy_raft_state *state,
                      const void *snapshot, size_t snapshot_size, hy_time now, struct hy_err *err)
{
    c->replica.cib = hy_cib_new();
    c->replica.servers = state->servers;
    int rc = 0;
    if (snapshot_size) {
        rc = hy_cib_restore(c->replica.cib, snapshot, snapshot_size, err);
        if (rc)
            return hy_fail_in(err, rc, "snapshot of the cluster's state");
    }
    struct hy_raft_options raft = options->raft;
    raft.disk = c->disk;
    rc = hy_raft_new(&raft, state, now, &c->replica.raft, err);
    if (rc)
        return rc;
    hy_members_init(c, options);
    rc = open_membership(c, options, now, err);
    if (rc)
        return rc;
    hy_replica_init(c, state, now);
    return 0;
}

int hy_cluster_new(const struct hy_cluster_options *options, const struct hy_raft_state *state, const void *snapshot,
                   size_t snapshot_size, hy_time now, struct hy_cluster **cluster, struct hy_err *err)
{
    int rc = check_options(options, err);
    if (rc)
        return rc;
    struct hy_cluster *c = hy_alloc(sizeof *c);
    c->name = hy_strdup(options->name);
    c->self = options->raft.self;
    c->disk = options->disk ? options->disk : options->raft.disk;
    if (options->log)
        c->log = *options->log;
    c->now = now;
    c->replica.snapshot_after = options->snapshot_after ? options->snapshot_after : 2000;
    c->admission.campaign = c->admission.again = HY_NEVER;
    c->servers.again = HY_NEVER;
    hy_reads_init(&c->reads, now);
    hy_outbox_init(c, options->membership.incarnation);
    hy_controller_reset(c);
    hy_detection_init(c, &options->membership, now);
    rc = open_state(c, options, state, snapshot, snapshot_size, now, err);
    if (rc) {
        hy_cluster_free(&c);
        return rc;
    }
    *cluster = c;
    return 0;
}

void hy_cluster_free(struct hy_cluster **cluster)
{
    struct hy_cluster *c = *cluster;
    if (!c)
        return;
    hy_controller_free(&c->controller);
    hy_outbox_free(&c->outbox);
    hy_reads_free(&c->reads);
    hy_buf_free(&c->orders.sync_statements);
    hy_pulse_free(&c->pulse);
    hy_pulse_news_free(&c->admission.news);
    hy_replica_free(&c->replica);
    hy_members_free(&c->members);
    free(c->name);
    free(c);
    *cluster = NULL;
}

/* Ticks whatever is due; each part looks at the time itself, so a tick that comes early is harmless. */
static void tick(struct hy_cluster *c)
{
    if (c->now >= hy_raft_deadline(c->replica.raft))
        hy_replica_step(c, &(struct hy_raft_event){.type = HY_RAFT_TICK}, NULL);
    if (c->now >= hy_controller_deadline(c))
        c->controller.due = true;
}

static int take_message(struct hy_cluster *c, const struct hy_cluster_event *event, struct hy_err *err)
{
    struct hy_message message;
    int rc = hy_message_decode(event->data, event->size, &message, err);
    if (rc)
        return rc;
    switch (message.kind) {
    case HY_MESSAGE_SUBMIT:
        return hy_outbox_receive(c, event->from, &message, err);
    case HY_MESSAGE_FORM:
        return hy_forming_receive(c, event->from, &message, err);
    case HY_MESSAGE_STRANGER:
        hy_leave_told(c, event->from);
        return 0;
    case HY_MESSAGE_READ:
    case HY_MESSAGE_READ_INDEX:
        return hy_reads_message(c, event->from, &message, err);
    case HY_MESSAGE_NODES:
        return hy_hints_receive(c, event->from, &message, err);
    default:
        break;
    }
    return hy_orders_message(c, event->from, &message, err);
}

static int take_raft(struct hy_cluster *c, const struct hy_cluster_event *event, struct hy_err *err)
{
    const struct hy_raft_event raft = {
        .type = HY_RAFT_MESSAGE, .from = event->from, .data = event->data, .size = event->size};
    int rc = hy_replica_step(c, &raft, err);
    if (!rc && event->from == hy_raft_leader(c->replica.raft))
        c->replica.confirmed = c->now;
    return rc;
}

/* Each says again at once what the other may lack: else that would wait for a timer. */
static void take_connected(struct hy_cluster *c, uint32_t peer)
{
    hy_replica_step(c, &(struct hy_raft_event){.type = HY_RAFT_PEER_BACK, .from = peer}, NULL);
    if (peer == hy_raft_leader(c->replica.raft)) {
        hy_outbox_again(c);
        hy_reads_again(c);
    }
    hy_controller_connected(c, peer);
    c->forming.again = c->now;
}

/* A request is refused at once where it could only wait: without quorum nothing can be committed. */
static void take_request(struct hy_cluster *c, const struct hy_cluster_event *event)
{
    if (hy_pulse_quorum(c->pulse, c->now)) {
        hy_outbox_add_request(c, event);
        return;
    }
    struct hy_err why;
    int code = hy_fail(&why, EHOSTUNREACH,
                       "no quorum: %s does not hear a majority of the nodes, so nothing can be changed here", c->name);
    hy_cluster_answer(c, event->client, code, why.text);
}

static int dispatch(struct hy_cluster *c, const struct hy_cluster_event *event, struct hy_err *err)
{
    switch (event->type) {
    case HY_CLUSTER_TICK:
        tick(c);
        return 0;
    case HY_CLUSTER_NEWS:
        return 0; /* they are taken below, as after every event */
    case HY_CLUSTER_RAFT:
        return take_raft(c, event, err);
    case HY_CLUSTER_COMMANDS:
    case HY_CLUSTER_ORDERS:
        return take_message(c, event, err);
    case HY_CLUSTER_PEER_CONNECTED:
        take_connected(c, event->from);
        return 0;
    case HY_CLUSTER_PERSISTED:
        return hy_replica_step(c, &(struct hy_raft_event){.type = HY_RAFT_PERSISTED, .number = event->number}, err);
    case HY_CLUSTER_SNAPSHOT_SAVED:
        hy_replica_snapshot_saved(c, event->number);
        return 0;
    case HY_CLUSTER_OUTCOME:
        hy_orders_outcome(c, event->outcome);
        return 0;
    case HY_CLUSTER_ACTIVE:
        hy_orders_active(c, event->outcome);
        return 0;
    case HY_CLUSTER_ACTIVE_END:
        hy_orders_active_end(c);
        return 0;
    case HY_CLUSTER_LEASE_RELEASED:
        hy_warning(&c->log, "this node's lease ended: the executor has stopped what ran under it");
        return 0;
    case HY_CLUSTER_REQUEST:
        take_request(c, event);
        return 0;
    case HY_CLUSTER_READ:
        hy_reads_add(c, event->client);
        return 0;
    case HY_CLUSTER_SHUTDOWN:
        hy_leave_start(c);
        return 0;
    case HY_CLUSTER_FOUND:
        hy_forming_found(c, event->client);
        return 0;
    default:
        return hy_fail(err, EINVAL, "event of unknown type %d", (int)event->type);
    }
}

static bool is_due(const struct hy_cluster *c)
{
    return c->admission.fed || c->admission.due || c->controller.due || c->servers.due;
}

/* What the event has made due, until nothing is: a commit may admit a node, which makes a decision, which gives orders. */
static void settle(struct hy_cluster *c)
{
    for (int round = 0; round < SETTLE_ROUNDS; round++) {
        bool idle = !hy_admission_take_news(c) && !is_due(c);
        hy_forming_run(c);
        hy_admission_run(c);
        hy_servers_run(c);
        hy_detection_run(c);
        hy_outbox_flush(c);
        hy_reads_run(c);
        hy_controller_run(c);
        hy_leave_run(c);
        if (idle && !is_due(c))
            return;
    }
    hy_error(&c->log, "a step did not come to rest after %d rounds; going on with the next event", SETTLE_ROUNDS);
}

int hy_cluster_step(struct hy_cluster *c, const struct hy_cluster_event *event, hy_time now, hy_wall wall,
                    struct hy_cluster_effects *effects, struct hy_err *err)
{
    c->now = now;
    c->wall = wall;
    c->out = effects;
    int rc = dispatch(c, event, err);
    settle(c);
    c->out = NULL;
    return rc;
}

static void free_persist(struct hy_raft_effect *persist)
{
    struct hy_raft_effects one = {0};
    hy_vec_push(&one.list, *persist);
    hy_raft_effects_free(&one);
}

void hy_cluster_effects_clear(struct hy_cluster_effects *effects)
{
    for (size_t i = 0; i < effects->list.count; i++) {
        struct hy_cluster_effect *effect = &effects->list.items[i];
        free(effect->data);
        free(effect->servers);
        if (effect->type == HY_CLUSTER_PERSIST)
            free_persist(&effect->persist);
        if (effect->type == HY_CLUSTER_EXECUTE)
            hy_operation_free(&effect->operation);
    }
    effects->list.count = 0;
}

void hy_cluster_effects_free(struct hy_cluster_effects *effects)
{
    hy_cluster_effects_clear(effects);
    hy_vec_free(&effects->list);
}

static hy_time earlier(hy_time a, hy_time b)
{
    return a < b ? a : b;
}

hy_time hy_cluster_deadline(const struct hy_cluster *c)
{
    hy_time at = earlier(hy_raft_deadline(c->replica.raft), c->outbox.resend);
    at = earlier(at, hy_reads_deadline(&c->reads));
    at = earlier(at, c->admission.campaign);
    at = earlier(at, c->admission.again);
    at = earlier(at, c->servers.again);
    at = earlier(at, hy_forming_deadline(c));
    at = earlier(at, hy_controller_deadline(c));
    if (c->leave.state != STAYING && c->leave.state != LEAVING_GONE)
        at = earlier(at, c->leave.deadline);
    return at;
}

const struct hy_cib *hy_cluster_cib(const struct hy_cluster *c)
{
    return c->replica.cib;
}

struct hy_pulse *hy_cluster_pulse(const struct hy_cluster *c)
{
    return c->pulse;
}

const struct hy_raft *hy_cluster_raft(const struct hy_cluster *c)
{
    return c->replica.raft;
}

size_t hy_cluster_nodes(const struct hy_cluster *c, const struct hy_cluster_node **list)
{
    *list = c->members.shown.items;
    return c->members.shown.count;
}

void hy_cluster_report(const struct hy_cluster *c, hy_time now, struct hy_cluster_report *report)
{
    const struct hy_raft *raft = c->replica.raft;
    *report = (struct hy_cluster_report){
        .dc = hy_raft_leader(raft),
        .is_dc = hy_raft_leads(raft),
        .quorum = hy_pulse_quorum(c->pulse, now),
        .acting = c->controller.acting,
        .lease = hy_pulse_lease_told(c->pulse),
        .term = hy_raft_term(raft),
        .commit = hy_raft_commit_index(raft),
        .applied = c->replica.applied,
        .in_flight = c->controller.orders.count,
        .worst_case = hy_pulse_worst_case(c->pulse),
    };
    hy_detection_report(c, &report->detection);
    if (!report->quorum)
        report->dc = 0;
    bool current = report->quorum && report->is_dc;
    report->age = current ? 0 : now - c->replica.confirmed;
    report->blank = hy_cluster_blank(c);
    report->out = hy_leave_is_out(c) || (c->leave.stranger && !report->blank);
    report->change = c->servers.waiting[0] ? c->servers.waiting : NULL;
    if (hy_leave_is_out(c) || c->leave.stranger)
        report->waiting = c->leave.waiting;
    else if (report->blank)
        report->waiting = c->forming.waiting;
    else if (report->is_dc && !report->acting && c->controller.waiting[0])
        report->waiting = c->controller.waiting;
}

bool hy_cluster_view(const struct hy_cluster *c, uint32_t node, hy_time now, struct hy_membership_view *view)
{
    return hy_pulse_view(c->pulse, node, now, view);
}

size_t hy_cluster_in_flight(const struct hy_cluster *c, const struct hy_inflight **list)
{
    *list = c->controller.listed.items;
    return c->controller.listed.count;
}
