/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cluster_sim.h"

#include "cib/command.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RESOURCES = 32, MAX_BREAKS = 16, MAX_REQUESTS = 256 };

struct disk {
    uint64_t id;
    uint64_t term;
    uint32_t vote;
    HY_VEC(struct hy_raft_entry) entries; /* data owned */
    uint64_t snapshot_index, snapshot_term;
    struct hy_raft_servers servers;
    struct hy_buf snapshot;
};

enum what {
    DELIVER_HEARTBEAT,
    DELIVER_RAFT,
    DELIVER_COMMANDS,
    DELIVER_ORDERS,
    SYNCED,
    SNAPSHOT_SYNCED,
    OPERATION_DONE
};

struct pending {
    hy_time at;
    uint64_t order; /* first come, first served at one instant */
    enum what what;
    size_t node, from;
    uint64_t life; /* of the core it belongs to; 0: whoever is there */
    struct hy_buf data;
    struct hy_raft_effect persist;
    struct hy_cluster_effect snapshot;
    struct hy_operation operation;
    uint64_t boot; /* of the executor */
};

struct running {
    char rsc[64];
    bool active;
};

struct sim_node {
    struct sim *sim;
    struct hy_log log;
    char name[32], address[32];
    bool witness;
    hy_time clock;                  /* what its wall clock is ahead by */
    bool configured[SIM_MAX_NODES]; /* whom its configuration file names */
    struct hy_cluster *cluster;
    uint64_t life;
    uint64_t boots;
    uint64_t incarnation; /* of its last life: on its disk, or by its clock */
    size_t restarts;      /* because it was outlived */
    struct disk disk;
    hy_time disk_busy; /* one write after the other; with slow disks the end of the sync that runs */
    hy_time next_sync; /* slow disks: the end of the one that takes in all that has come meanwhile */
    struct running resources[MAX_RESOURCES];
    size_t resource_count;
    hy_time lease;
    uint32_t lease_life, seen_life;
    bool executor_up;
    bool gone;
    bool outlived;
};

struct broken {
    size_t node;
    char rsc[64], op[32];
    int rc;
};

struct request {
    bool answered;
    int code;
    char text[512];
    uint64_t index; /* of the node's CIB, when it was answered */
};

struct sim {
    size_t count;
    hy_time now;
    uint64_t random;
    uint64_t order;
    struct sim_node nodes[SIM_MAX_NODES];
    bool cut[SIM_MAX_NODES][SIM_MAX_NODES];
    unsigned lose;
    hy_time sync; /* of slow disks; 0: they are not */
    hy_time calm; /* 0: dead-after is fixed */
    HY_VEC(struct pending) pending;
    struct broken broken[MAX_BREAKS];
    size_t broken_count;
    struct request requests[MAX_REQUESTS];
    uint64_t request_count;
    char single[8][64];
    size_t single_count;
    size_t operations;
    struct hy_buf notices; /* what all nodes have logged, but for details */
};

static const hy_wall EPOCH = INT64_C(1484018696000000);

static uint64_t next_random(struct sim *sim)
{
    sim->random ^= sim->random << 13;
    sim->random ^= sim->random >> 7;
    sim->random ^= sim->random << 17;
    return sim->random;
}

static void print_line(void *context, enum hy_log_level level, const char *line)
{
    struct sim_node *node = context;
    if (level <= HY_LOG_NOTICE)
        hy_buf_addf(&node->sim->notices, "%s: %s\n", node->name, line);
    if (getenv("SIM_TRACE"))
        fprintf(stderr, "[%8.3f] %-7s %d %s\n", (double)node->sim->now / 1e6, node->name, (int)level, line);
}

size_t sim_logged(const struct sim *sim, const char *text)
{
    size_t count = 0;
    for (const char *at = hy_buf_text(&sim->notices); (at = strstr(at, text)); at++)
        count++;
    return count;
}

struct sim *sim_new(size_t nodes, uint64_t seed)
{
    struct sim *sim = hy_alloc(sizeof *sim);
    sim->random = seed * 2654435761u + 88172645463325252u;
    sim->now = 10 * HY_SECOND;
    for (size_t i = 0; i < nodes; i++)
        sim_add_host(sim);
    for (size_t i = 0; i < nodes; i++)
        for (size_t j = 0; j < nodes; j++)
            sim->nodes[i].configured[j] = true;
    return sim;
}

size_t sim_add_host(struct sim *sim)
{
    size_t number = sim->count++;
    ck_assert_uint_lt(number, SIM_MAX_NODES);
    struct sim_node *node = &sim->nodes[number];
    snprintf(node->name, sizeof node->name, "test%zu", number + 1);
    snprintf(node->address, sizeof node->address, "10.0.0.%zu", number + 1);
    node->sim = sim;
    node->log = (struct hy_log){.context = node, .level = HY_LOG_DEBUG, .write = print_line};
    node->disk.id = next_random(sim);
    for (size_t i = 0; i <= number; i++)
        node->configured[i] = true;
    return number;
}

void sim_witness(struct sim *sim, size_t node)
{
    sim->nodes[node].witness = true;
}

static void free_pending(struct pending *pending)
{
    hy_buf_free(&pending->data);
    if (pending->what == SYNCED) {
        struct hy_raft_effects one = {0};
        hy_vec_push(&one.list, pending->persist);
        hy_raft_effects_free(&one);
    }
    if (pending->what == OPERATION_DONE)
        hy_operation_free(&pending->operation);
    if (pending->what == SNAPSHOT_SYNCED)
        free(pending->snapshot.data);
    free(pending->snapshot.servers);
}

static void free_disk(struct disk *disk)
{
    for (size_t i = 0; i < disk->entries.count; i++)
        free((void *)(uintptr_t)disk->entries.items[i].data);
    hy_vec_free(&disk->entries);
    hy_buf_free(&disk->snapshot);
}

void sim_free(struct sim **sim)
{
    struct sim *s = *sim;
    for (size_t i = 0; i < s->count; i++) {
        hy_cluster_free(&s->nodes[i].cluster);
        free_disk(&s->nodes[i].disk);
    }
    for (size_t i = 0; i < s->pending.count; i++)
        free_pending(&s->pending.items[i]);
    hy_vec_free(&s->pending);
    hy_buf_free(&s->notices);
    free(s);
    *sim = NULL;
}

/* ---- effects */

static struct pending *later(struct sim *sim, hy_time delay, enum what what, size_t node)
{
    struct pending *pending = hy_vec_add(&sim->pending);
    *pending = (struct pending){.at = sim->now + delay, .order = ++sim->order, .what = what, .node = node};
    return pending;
}

/* Is `other` a peer of the node's bus and links? */
static bool is_peer(const struct sim *sim, size_t number, size_t other)
{
    const struct hy_cluster_node *list;
    size_t count = sim->nodes[number].cluster ? hy_cluster_nodes(sim->nodes[number].cluster, &list) : 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].id == other + 1)
            return true;
    return false;
}

/* A datagram goes to the sender's peers, and is taken from anybody who has the key. The bus is subscribed to: it is the
 * receiver who must know the sender. */
static void transmit(struct sim *sim, size_t from, const struct hy_cluster_effect *effect, enum what what)
{
    for (size_t to = 0; to < sim->count; to++) {
        bool bus = what != DELIVER_HEARTBEAT;
        if (to == from || (effect->to && effect->to != to + 1) || sim->cut[from][to] ||
            (bus ? !is_peer(sim, to, from) : !is_peer(sim, from, to)))
            continue;
        if (sim->lose && next_random(sim) % 100 < sim->lose)
            continue;
        struct pending *pending = later(sim, 100 + (hy_time)(next_random(sim) % 400), what, to);
        pending->from = from;
        hy_buf_add(&pending->data, effect->data, effect->size);
    }
}

static void answer(struct sim *sim, size_t node, const struct hy_cluster_effect *effect)
{
    struct request *request = &sim->requests[effect->client % MAX_REQUESTS];
    request->answered = true;
    request->code = effect->code;
    request->index = hy_cluster_cib(sim->nodes[node].cluster)->index;
    snprintf(request->text, sizeof request->text, "%s", effect->data ? (const char *)effect->data : "");
}

static void step(struct sim *sim, size_t number, const struct hy_cluster_event *event);

static void send_table(struct sim *sim, size_t number)
{
    for (size_t i = 0; i < sim->pending.count; i++) {
        const struct pending *pending = &sim->pending.items[i];
        if (pending->what != OPERATION_DONE || pending->node != number)
            continue;
        struct hy_outcome outcome = {.rsc = pending->operation.rsc,
                                     .op = pending->operation.op,
                                     .interval = pending->operation.interval,
                                     .exec = HY_EXEC_PENDING};
        struct hy_outcome copy = outcome;
        copy.rsc = hy_strdup(outcome.rsc);
        copy.op = hy_strdup(outcome.op);
        const struct hy_cluster_event event = {.type = HY_CLUSTER_ACTIVE, .outcome = &copy};
        step(sim, number, &event);
        free(copy.rsc);
        free(copy.op);
    }
    const struct hy_cluster_event end = {.type = HY_CLUSTER_ACTIVE_END};
    step(sim, number, &end);
}

/* When what is written now will be on disk. */
static hy_time sync_end(struct sim *sim, struct sim_node *node)
{
    if (!sim->sync) {
        node->disk_busy =
            (node->disk_busy > sim->now ? node->disk_busy : sim->now) + 500 + (hy_time)(next_random(sim) % 1500);
        return node->disk_busy;
    }
    if (node->disk_busy <= sim->now && node->next_sync > sim->now)
        node->disk_busy = node->next_sync;
    if (node->disk_busy <= sim->now) {
        node->disk_busy = sim->now + sim->sync;
        return node->disk_busy;
    }
    node->next_sync = node->disk_busy + sim->sync;
    return node->next_sync;
}

static void carry_out(struct sim *sim, size_t number, struct hy_cluster_effect *effect)
{
    struct sim_node *node = &sim->nodes[number];
    struct pending *pending;
    switch (effect->type) {
    case HY_CLUSTER_SEND_HEARTBEAT:
        transmit(sim, number, effect, DELIVER_HEARTBEAT);
        break;
    case HY_CLUSTER_SEND_RAFT:
        transmit(sim, number, effect, DELIVER_RAFT);
        break;
    case HY_CLUSTER_SEND_COMMANDS:
        transmit(sim, number, effect, DELIVER_COMMANDS);
        break;
    case HY_CLUSTER_SEND_ORDERS:
        transmit(sim, number, effect, DELIVER_ORDERS);
        break;
    case HY_CLUSTER_PERSIST:
        pending = later(sim, sync_end(sim, node) - sim->now, SYNCED, number);
        pending->life = node->life;
        pending->persist = effect->persist;
        effect->type = HY_CLUSTER_GONE; /* what it owned has moved */
        effect->data = NULL;
        break;
    case HY_CLUSTER_SAVE_SNAPSHOT:
        pending = later(sim, 3000, SNAPSHOT_SYNCED, number);
        pending->life = node->life;
        pending->snapshot = *effect;
        effect->data = NULL;
        effect->servers = NULL;
        break;
    case HY_CLUSTER_EXECUTE:
        pending = later(sim, 3 * HY_MS + (hy_time)(next_random(sim) % 5000), OPERATION_DONE, number);
        pending->boot = node->boots;
        pending->operation = effect->operation;
        effect->operation = (struct hy_operation){0};
        break;
    case HY_CLUSTER_QUERY_ACTIVE:
        break; /* done by step(), when the effects of this one are through */
    case HY_CLUSTER_ANSWER:
        answer(sim, number, effect);
        break;
    case HY_CLUSTER_GONE:
        node->gone = true;
        break;
    case HY_CLUSTER_OUTLIVED:
        node->outlived = true;
        node->incarnation = effect->number;
        break;
    default:
        break;
    }
}

static void step(struct sim *sim, size_t number, const struct hy_cluster_event *event)
{
    struct sim_node *node = &sim->nodes[number];
    if (!node->cluster)
        return;
    struct hy_cluster_effects effects = {0};
    bool query = false;
    hy_cluster_step(node->cluster, event, sim->now, sim_wall(sim, number), &effects, NULL);
    for (size_t i = 0; i < effects.list.count; i++) {
        query = query || effects.list.items[i].type == HY_CLUSTER_QUERY_ACTIVE;
        carry_out(sim, number, &effects.list.items[i]);
    }
    hy_cluster_effects_free(&effects);
    if (query)
        send_table(sim, number);
    if (node->cluster)
        hy_pulse_alive(hy_cluster_pulse(node->cluster), sim->now);
}

static void pulse_step(struct sim *sim, size_t number, const struct hy_cluster_event *event)
{
    struct sim_node *node = &sim->nodes[number];
    if (!node->cluster)
        return;
    struct hy_pulse *pulse = hy_cluster_pulse(node->cluster);
    struct hy_cluster_effects effects = {0};
    (void)hy_pulse_step(pulse, event, sim->now, &effects, NULL);
    for (size_t i = 0; i < effects.list.count; i++)
        carry_out(sim, number, &effects.list.items[i]);
    hy_cluster_effects_free(&effects);
    const struct hy_cluster_event news = {.type = HY_CLUSTER_NEWS};
    if (hy_pulse_wakes(pulse))
        step(sim, number, &news);
}

static void lease_moved(void *context, hy_time at, uint32_t since)
{
    struct sim_node *node = context;
    node->lease = at;
    node->lease_life = since;
}

/* ---- disks */

static void write_disk(struct disk *disk, const struct hy_raft_effect *persist)
{
    if (persist->save_vote) {
        disk->term = persist->term;
        disk->vote = persist->vote;
    }
    if (persist->snapshot) {
        for (size_t i = 0; i < disk->entries.count; i++)
            free((void *)(uintptr_t)disk->entries.items[i].data);
        disk->entries.count = 0;
        disk->snapshot_index = persist->index;
        disk->snapshot_term = persist->snapshot_term;
        disk->servers = *persist->servers;
        hy_buf_clear(&disk->snapshot);
        hy_buf_add(&disk->snapshot, persist->data, persist->size);
    }
    if (persist->form)
        disk->servers = *persist->servers;
    while (persist->truncate && disk->entries.count &&
           disk->entries.items[disk->entries.count - 1].index >= persist->truncate_from)
        free((void *)(uintptr_t)disk->entries.items[--disk->entries.count].data);
    for (size_t i = 0; i < persist->entry_count; i++) {
        struct hy_raft_entry entry = persist->entries[i];
        entry.data = hy_memdup(entry.data ? entry.data : "", entry.size);
        hy_vec_push(&disk->entries, entry);
    }
}

static void write_snapshot(struct disk *disk, const struct hy_cluster_effect *snapshot)
{
    disk->snapshot_index = snapshot->number;
    disk->snapshot_term = snapshot->term;
    disk->servers = *snapshot->servers;
    hy_buf_clear(&disk->snapshot);
    hy_buf_add(&disk->snapshot, snapshot->data, snapshot->size);
    while (disk->entries.count && disk->entries.items[0].index <= snapshot->number) {
        free((void *)(uintptr_t)disk->entries.items[0].data);
        hy_vec_remove(&disk->entries, 0);
    }
}

/* ---- executors */

static struct running *resource(struct sim_node *node, const char *rsc)
{
    for (size_t i = 0; i < node->resource_count; i++)
        if (strcmp(node->resources[i].rsc, rsc) == 0)
            return &node->resources[i];
    ck_assert_uint_lt(node->resource_count, MAX_RESOURCES);
    struct running *running = &node->resources[node->resource_count++];
    snprintf(running->rsc, sizeof running->rsc, "%s", rsc);
    running->active = false;
    return running;
}

static int broken_rc(const struct sim *sim, size_t number, const struct hy_operation *operation)
{
    for (size_t i = 0; i < sim->broken_count; i++)
        if (sim->broken[i].node == number && strcmp(sim->broken[i].rsc, operation->rsc) == 0 &&
            strcmp(sim->broken[i].op, operation->op) == 0)
            return sim->broken[i].rc;
    return 0;
}

static void finish(struct sim *sim, size_t number, const struct hy_operation *operation)
{
    struct sim_node *node = &sim->nodes[number];
    struct running *running = resource(node, operation->rsc);
    bool start = strcmp(operation->op, "start") == 0;
    bool stop = strcmp(operation->op, "stop") == 0;
    struct hy_outcome outcome = {.id = operation->id,
                                 .rsc = operation->rsc,
                                 .op = operation->op,
                                 .interval = operation->interval,
                                 .agent = operation->agent,
                                 .digest = operation->digest,
                                 .took = 5 * HY_MS};
    char cancelled[] = "this node's lease has ended";
    outcome.rc = broken_rc(sim, number, operation);
    if (start || stop)
        sim->operations++;
    if (start && operation->lease && (node->lease <= sim->now || operation->epoch < node->lease_life)) {
        outcome.exec = HY_EXEC_CANCELLED;
        outcome.reason = cancelled;
    } else if (start && !outcome.rc) {
        running->active = true;
    } else if (stop && !outcome.rc) {
        running->active = false;
    } else if (strcmp(operation->op, "monitor") == 0 && !outcome.rc) {
        outcome.rc = running->active ? 0 : 7;
    } else if (strcmp(operation->op, "cancel") == 0) {
        outcome.cancels = operation->cancels;
    }
    const struct hy_cluster_event event = {.type = HY_CLUSTER_OUTCOME, .outcome = &outcome};
    step(sim, number, &event);
}

/* The executor's own duty: at the deadline, or when it learns of a life it has not seen, it lets go of everything. */
static void hold_lease(struct sim *sim, size_t number)
{
    struct sim_node *node = &sim->nodes[number];
    if (!node->executor_up || (node->lease > sim->now && node->lease_life == node->seen_life))
        return;
    node->seen_life = node->lease_life;
    bool released = false;
    for (size_t i = 0; i < node->resource_count; i++) {
        if (!node->resources[i].active)
            continue;
        node->resources[i].active = false;
        released = true;
        char op[] = "stop";
        const struct hy_outcome outcome = {.rsc = node->resources[i].rsc, .op = op};
        const struct hy_cluster_event event = {.type = HY_CLUSTER_OUTCOME, .outcome = &outcome};
        step(sim, number, &event);
    }
    const struct hy_cluster_event event = {.type = HY_CLUSTER_LEASE_RELEASED};
    if (released)
        step(sim, number, &event);
}

/* ---- time */

static void deliver(struct sim *sim, struct pending *pending)
{
    struct sim_node *node = &sim->nodes[pending->node];
    static const enum hy_cluster_event_type types[] = {[DELIVER_HEARTBEAT] = HY_CLUSTER_HEARTBEAT,
                                                       [DELIVER_RAFT] = HY_CLUSTER_RAFT,
                                                       [DELIVER_COMMANDS] = HY_CLUSTER_COMMANDS,
                                                       [DELIVER_ORDERS] = HY_CLUSTER_ORDERS};
    struct hy_cluster_event event = {0};
    switch (pending->what) {
    case SYNCED:
        if (node->life != pending->life)
            return;
        write_disk(&node->disk, &pending->persist);
        event = (struct hy_cluster_event){.type = HY_CLUSTER_PERSISTED, .number = pending->persist.number};
        break;
    case SNAPSHOT_SYNCED:
        if (node->life != pending->life)
            return;
        write_snapshot(&node->disk, &pending->snapshot);
        event = (struct hy_cluster_event){.type = HY_CLUSTER_SNAPSHOT_SAVED, .number = pending->snapshot.number};
        break;
    case OPERATION_DONE:
        if (node->executor_up && node->boots == pending->boot)
            finish(sim, pending->node, &pending->operation);
        return;
    default:
        if (sim->cut[pending->from][pending->node])
            return;
        event = (struct hy_cluster_event){.type = types[pending->what],
                                          .from = (uint32_t)pending->from + 1,
                                          .data = pending->data.data,
                                          .size = pending->data.size};
        break;
    }
    if (event.type == HY_CLUSTER_HEARTBEAT)
        pulse_step(sim, pending->node, &event);
    else
        step(sim, pending->node, &event);
}

static void check_single(const struct sim *sim)
{
    for (size_t s = 0; s < sim->single_count; s++) {
        size_t holders = 0;
        for (size_t i = 0; i < sim->count; i++)
            holders += sim_active(sim, i, sim->single[s]);
        ck_assert_msg(holders <= 1, "%s runs on %zu nodes at %.6f s", sim->single[s], holders, (double)sim->now / 1e6);
    }
}

/* Moves to the next thing that happens; false: not before `end`. */
static bool advance(struct sim *sim, hy_time end)
{
    hy_time at = HY_NEVER;
    size_t which = SIZE_MAX;
    for (size_t i = 0; i < sim->pending.count; i++) {
        const struct pending *pending = &sim->pending.items[i];
        if (pending->at < at ||
            (pending->at == at && which != SIZE_MAX && pending->order < sim->pending.items[which].order)) {
            at = pending->at;
            which = i;
        }
    }
    size_t ticking = SIZE_MAX;
    bool pulse = false;
    for (size_t i = 0; i < sim->count; i++) {
        const struct hy_cluster *cluster = sim->nodes[i].cluster;
        hy_time deadline = cluster ? hy_pulse_deadline(hy_cluster_pulse(cluster)) : HY_NEVER;
        if (deadline < at) {
            at = deadline;
            ticking = i;
            pulse = true;
        }
        deadline = cluster ? hy_cluster_deadline(cluster) : HY_NEVER;
        if (deadline < at) {
            at = deadline;
            ticking = i;
            pulse = false;
        }
    }
    for (size_t i = 0; i < sim->count; i++)
        if (sim->nodes[i].executor_up && sim->nodes[i].lease > sim->now && sim->nodes[i].lease < at) {
            at = sim->nodes[i].lease;
            ticking = SIM_MAX_NODES;
        }
    if (at > end) {
        sim->now = end;
        return false;
    }
    sim->now = at > sim->now ? at : sim->now;
    for (size_t i = 0; i < sim->count; i++)
        hold_lease(sim, i);
    if (ticking < SIM_MAX_NODES) {
        const struct hy_cluster_event tick = {.type = HY_CLUSTER_TICK};
        (pulse ? pulse_step : step)(sim, ticking, &tick);
    } else if (ticking == SIZE_MAX) {
        struct pending pending = sim->pending.items[which];
        hy_vec_remove(&sim->pending, which);
        deliver(sim, &pending);
        free_pending(&pending);
    }
    for (size_t i = 0; i < sim->count; i++)
        if (sim->nodes[i].gone) {
            hy_cluster_free(&sim->nodes[i].cluster);
            sim->nodes[i].gone = false;
            sim->nodes[i].life++;
        } else if (sim->nodes[i].outlived) {
            sim->nodes[i].outlived = false;
            sim->nodes[i].restarts++;
            sim_kill_core(sim, i);
            sim_start_core(sim, i);
        }
    check_single(sim);
    return true;
}

bool sim_run_until(struct sim *sim, hy_time at_most, sim_condition *condition, void *context)
{
    hy_time end = sim->now + at_most;
    while (!condition(sim, context))
        if (!advance(sim, end))
            return condition(sim, context);
    return true;
}

static bool never(struct sim *sim, void *context)
{
    (void)sim;
    (void)context;
    return false;
}

void sim_run(struct sim *sim, hy_time duration)
{
    sim_run_until(sim, duration, never, NULL);
}

/* ---- nodes */

void sim_adapt(struct sim *sim, hy_time calm)
{
    sim->calm = calm;
}

void sim_start_core(struct sim *sim, size_t number)
{
    struct sim_node *node = &sim->nodes[number];
    const struct disk *disk = &node->disk;
    struct hy_cluster_node nodes[SIM_MAX_NODES];
    node->incarnation++;
    node->life++;
    struct hy_cluster_options options = {
        .name = node->name, .disk = disk->id, .nodes = nodes, .snapshot_after = 50, .log = &node->log};
    for (size_t i = 0; i < sim->count; i++)
        if (node->configured[i])
            nodes[options.node_count++] = (struct hy_cluster_node){.id = (uint32_t)i + 1,
                                                                   .name = sim->nodes[i].name,
                                                                   .address = sim->nodes[i].address,
                                                                   .witness = sim->nodes[i].witness};
    uint32_t self = (uint32_t)number + 1;
    options.raft = (struct hy_raft_options){.self = self,
                                            .seed = next_random(sim),
                                            .election_timeout = 600 * HY_MS,
                                            .heartbeat = 60 * HY_MS,
                                            .idle_heartbeat = 200 * HY_MS};
    options.membership = (struct hy_membership_options){.self = self,
                                                        .incarnation = node->incarnation,
                                                        .heartbeat = 25 * HY_MS,
                                                        .gather = 12 * HY_MS,
                                                        .dead_after = 120 * HY_MS,
                                                        .dead_after_max = 240 * HY_MS,
                                                        .adapts = sim->calm > 0,
                                                        .calm = sim->calm,
                                                        .release_margin = 30 * HY_MS,
                                                        .rho_ppm = 1000};
    options.gate = (struct hy_pulse_gate){.lease = lease_moved, .context = node};
    const struct hy_raft_state state = {.term = disk->term,
                                        .vote = disk->vote,
                                        .snapshot_index = disk->snapshot_index,
                                        .snapshot_term = disk->snapshot_term,
                                        .servers = disk->servers,
                                        .entries = disk->entries.items,
                                        .entry_count = disk->entries.count};
    struct hy_err err = {{0}};
    int rc = hy_cluster_new(&options, &state, disk->snapshot.data, disk->snapshot.size, sim->now, &node->cluster, &err);
    ck_assert_msg(!rc, "%s: %s", node->name, err.text);
}

void sim_replace_disk(struct sim *sim, size_t number)
{
    struct sim_node *node = &sim->nodes[number];
    ck_assert_ptr_null(node->cluster);
    free_disk(&node->disk);
    node->disk = (struct disk){.id = next_random(sim)};
    node->disk_busy = 0;
    for (size_t i = 0; i < sim->count; i++)
        node->configured[i] = true;
}

void sim_set_back(struct sim *sim, size_t number, uint64_t incarnation)
{
    ck_assert_ptr_null(sim->nodes[number].cluster);
    sim->nodes[number].incarnation = incarnation - 1;
}

uint64_t sim_incarnation(const struct sim *sim, size_t number)
{
    return sim->nodes[number].incarnation;
}

size_t sim_restarts(const struct sim *sim, size_t number)
{
    return sim->nodes[number].restarts;
}

void sim_boot(struct sim *sim, size_t number)
{
    struct sim_node *node = &sim->nodes[number];
    node->executor_up = true;
    node->boots++;
    node->lease = 0;
    node->resource_count = 0;
    sim_start_core(sim, number);
}

void sim_kill_core(struct sim *sim, size_t number)
{
    hy_cluster_free(&sim->nodes[number].cluster);
    sim->nodes[number].life++;
}

void sim_power_off(struct sim *sim, size_t number)
{
    sim_kill_core(sim, number);
    sim->nodes[number].executor_up = false;
    sim->nodes[number].resource_count = 0;
}

void sim_shut_down(struct sim *sim, size_t number)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_SHUTDOWN};
    step(sim, number, &event);
}

bool sim_is_up(const struct sim *sim, size_t number)
{
    return sim->nodes[number].cluster != NULL;
}

void sim_cut_one_way(struct sim *sim, size_t from, size_t to, bool cut)
{
    sim->cut[from][to] = cut;
}

void sim_cut(struct sim *sim, size_t a, size_t b, bool cut)
{
    sim->cut[a][b] = sim->cut[b][a] = cut;
}

void sim_slow_disks(struct sim *sim, hy_time sync)
{
    sim->sync = sync;
}

void sim_lose(struct sim *sim, unsigned percent)
{
    sim->lose = percent;
}

void sim_break(struct sim *sim, size_t node, const char *rsc, const char *op, int rc)
{
    struct broken broken = {.node = node, .rc = rc};
    snprintf(broken.rsc, sizeof broken.rsc, "%s", rsc);
    snprintf(broken.op, sizeof broken.op, "%s", op);
    for (size_t i = 0; i < sim->broken_count; i++)
        if (sim->broken[i].node == node && strcmp(sim->broken[i].rsc, rsc) == 0 && strcmp(sim->broken[i].op, op) == 0) {
            sim->broken[i] = broken;
            return;
        }
    ck_assert_uint_lt(sim->broken_count, MAX_BREAKS);
    sim->broken[sim->broken_count++] = broken;
}

uint64_t sim_found(struct sim *sim, size_t node)
{
    uint64_t request = ++sim->request_count;
    sim->requests[request % MAX_REQUESTS] = (struct request){0};
    const struct hy_cluster_event event = {.type = HY_CLUSTER_FOUND, .client = request};
    step(sim, node, &event);
    return request;
}

static uint64_t new_request(struct sim *sim)
{
    uint64_t request = ++sim->request_count;
    sim->requests[request % MAX_REQUESTS] = (struct request){0};
    return request;
}

uint64_t sim_ask(struct sim *sim, size_t node, const char *statements, uint64_t session, uint64_t number,
                 uint64_t repeat)
{
    uint64_t request = new_request(sim);
    const struct hy_cluster_event event = {.type = HY_CLUSTER_REQUEST,
                                           .client = request,
                                           .data = statements,
                                           .size = strlen(statements),
                                           .by = "root",
                                           .via = "test",
                                           .session = session,
                                           .number = number,
                                           .repeat = repeat};
    step(sim, node, &event);
    return request;
}

void sim_connected(struct sim *sim, size_t node, size_t peer)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_PEER_CONNECTED, .from = (uint32_t)peer + 1};
    step(sim, node, &event);
}

uint64_t sim_request(struct sim *sim, size_t node, const char *statements)
{
    return sim_ask(sim, node, statements, 0, 0, 0);
}

uint64_t sim_read(struct sim *sim, size_t node)
{
    uint64_t request = new_request(sim);
    const struct hy_cluster_event event = {.type = HY_CLUSTER_READ, .client = request};
    step(sim, node, &event);
    return request;
}

uint64_t sim_read_index(const struct sim *sim, uint64_t request)
{
    return sim->requests[request % MAX_REQUESTS].index;
}

bool sim_answer(const struct sim *sim, uint64_t request, int *code, const char **text)
{
    const struct request *found = &sim->requests[request % MAX_REQUESTS];
    if (code)
        *code = found->code;
    if (text)
        *text = found->text;
    return found->answered;
}

void sim_single(struct sim *sim, const char *rsc)
{
    snprintf(sim->single[sim->single_count++], sizeof sim->single[0], "%s", rsc);
}

bool sim_active(const struct sim *sim, size_t number, const char *rsc)
{
    const struct sim_node *node = &sim->nodes[number];
    for (size_t i = 0; i < node->resource_count; i++)
        if (strcmp(node->resources[i].rsc, rsc) == 0)
            return node->executor_up && node->resources[i].active;
    return false;
}

const struct hy_cluster *sim_cluster(const struct sim *sim, size_t node)
{
    return sim->nodes[node].cluster;
}

size_t sim_dc(const struct sim *sim)
{
    for (size_t i = 0; i < sim->count; i++) {
        struct hy_cluster_report report;
        if (!sim->nodes[i].cluster)
            continue;
        hy_cluster_report(sim->nodes[i].cluster, sim->now, &report);
        if (report.acting)
            return i;
    }
    return SIM_MAX_NODES;
}

size_t sim_count(const struct sim *sim)
{
    return sim->count;
}

bool sim_is_witness(const struct sim *sim, size_t node)
{
    return sim->nodes[node].witness;
}

uint64_t sim_disk(const struct sim *sim, size_t node)
{
    return sim->nodes[node].disk.id;
}

void sim_set_clock(struct sim *sim, size_t node, hy_time ahead)
{
    sim->nodes[node].clock = ahead;
}

hy_wall sim_wall(const struct sim *sim, size_t node)
{
    return EPOCH + sim->now + sim->nodes[node].clock;
}

hy_time sim_now(const struct sim *sim)
{
    return sim->now;
}

size_t sim_operations(const struct sim *sim)
{
    return sim->operations;
}
