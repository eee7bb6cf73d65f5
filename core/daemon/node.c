/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/node.h"

#include "base/alloc.h"
#include "bus/bus.h"
#include "bus/seal.h"
#include "cib/grammar.h"
#include "cluster/cluster.h"
#include "daemon/clock.h"
#include "daemon/config_compare.h"
#include "daemon/hands_off.h"
#include "daemon/ipc.h"
#include "daemon/link_config.h"
#include "daemon/peers.h"
#include "daemon/privileges.h"
#include "daemon/report.h"
#include "executor/executor.h"
#include "executor/process.h"
#include "pulse/thread.h"
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct hy_node {
    const struct hy_config *config;
    struct hy_logger *logger;
    const struct hy_log *log;
    struct hy_loop *loop;
    struct hy_cluster *cluster;
    struct hy_store *store;
    struct hy_pulse_thread *pulse;
    struct hy_seal seal;
    bool ordinary_user; /* plug-ins need not be root's then */
    struct hy_bus *bus;
    struct hy_peers *peers;
    bool blank; /* not in a cluster yet, as far as was seen */
    char *said; /* what it waited for */
    struct hy_hands_off hands_off;
    bool list_changed; /* the cluster's list of nodes: it is to be compared with the file's */
    struct hy_executor_link *executor;
    struct hy_ipc *ipc;
    HY_VEC(struct hy_operation) unsent; /* the executor could not take them yet */
    bool query_unsent;
    struct hy_watched signals, store_news, executor_news, pulse_news;
    struct hy_timer tick;
    int result; /* of the run */
    bool done;
};

enum { RETRY_MS = 5 };

static void take_event(struct hy_node *node, const struct hy_cluster_event *event);

static void end_run(struct hy_node *node, int result)
{
    node->result = result;
    node->done = true;
    hy_loop_stop(node->loop);
}

/* ---- effects */

static void flush_executor(struct hy_node *node)
{
    int rc = 0;
    if (node->query_unsent) {
        rc = hy_executor_query(node->executor);
        node->query_unsent = rc == -EAGAIN;
    }
    while (!rc && node->unsent.count) {
        rc = hy_executor_order(node->executor, &node->unsent.items[0]);
        if (rc == -EAGAIN)
            return;
        hy_operation_free(&node->unsent.items[0]);
        hy_vec_remove(&node->unsent, 0);
    }
    if (rc && rc != -EAGAIN) {
        hy_error(node->log, "the executor cannot be reached: %s", strerror(-rc));
        end_run(node, rc);
    }
}

static void execute(struct hy_node *node, struct hy_operation *operation)
{
    hy_vec_push(&node->unsent, *operation);
    *operation = (struct hy_operation){0};
    flush_executor(node);
}

static void send_bus(struct hy_node *node, enum hy_topic topic, const struct hy_cluster_effect *effect)
{
    hy_bus_send(node->bus, topic, effect->to ? effect->to : HY_BUS_ALL, effect->data, effect->size);
}

static void carry_out(struct hy_node *node, struct hy_cluster_effect *effect)
{
    switch (effect->type) {
    case HY_CLUSTER_SEND_RAFT:
        send_bus(node, HY_TOPIC_RAFT, effect);
        break;
    case HY_CLUSTER_SEND_COMMANDS:
        send_bus(node, HY_TOPIC_COMMAND, effect);
        break;
    case HY_CLUSTER_SEND_ORDERS:
        send_bus(node, HY_TOPIC_ORDER, effect);
        break;
    case HY_CLUSTER_PUBLISH_CHANGE:
        send_bus(node, HY_TOPIC_CHANGE, effect);
        break;
    case HY_CLUSTER_PERSIST:
        hy_store_persist(node->store, &effect->persist);
        break;
    case HY_CLUSTER_SAVE_SNAPSHOT:
        hy_store_snapshot(node->store, effect->number, effect->term, effect->servers, effect->data, effect->size,
                          effect->first_kept);
        break;
    case HY_CLUSTER_EXECUTE:
        execute(node, &effect->operation);
        break;
    case HY_CLUSTER_QUERY_ACTIVE:
        node->query_unsent = true;
        flush_executor(node);
        break;
    case HY_CLUSTER_ANSWER:
        hy_ipc_answer(node->ipc, effect->client, effect->code, effect->data);
        break;
    case HY_CLUSTER_PEER_BACK:
        if (hy_bus_reconnect(node->bus, effect->to, effect->number))
            hy_error(node->log, "node %u is heard but is no peer of the bus", effect->to);
        break;
    case HY_CLUSTER_NODES_CHANGED:
        hy_peers_update(node->peers, node->cluster);
        node->list_changed = true;
        break;
    case HY_CLUSTER_BROKEN:
        end_run(node, -EBADMSG);
        break;
    case HY_CLUSTER_OUTLIVED:
        hy_store_begin_above(node->store, effect->number); /* it is closed before the core ends */
        end_run(node, -ERESTART);
        break;
    case HY_CLUSTER_GONE:
        end_run(node, node->result);
        break;
    default:
        hy_error(node->log, "effect of unknown type %d", (int)effect->type);
        end_run(node, -EINVAL);
        break;
    }
}

static void on_time(void *context);

/* The next tick, exact to the microsecond; also the retry of what the executor had no room for. */
static void arm(struct hy_node *node)
{
    hy_time at = hy_cluster_deadline(node->cluster);
    if (node->unsent.count || node->query_unsent) {
        hy_time retry = hy_clock_now() + RETRY_MS * HY_MS;
        at = retry < at ? retry : at;
    }
    if (!node->tick.place || at != node->tick.at)
        hy_loop_at(node->loop, &node->tick, at, on_time, node);
}

/* Only what is known to be the present list is compared: not each of those that the log tells of at the start. */
static void compare_lists(struct hy_node *node)
{
    struct hy_cluster_report report;
    hy_cluster_report(node->cluster, hy_clock_now(), &report);
    if (!report.quorum || report.age > HY_SECOND)
        return;
    struct hy_buf difference = {0};
    node->list_changed = false;
    hy_config_compare(node->config, hy_cluster_cib(node->cluster), &difference);
    if (difference.size)
        hy_notice(node->log, "the nodes in %s are not the cluster's: %s", node->config->file, hy_buf_text(&difference));
    hy_buf_free(&difference);
}

static void follow_managed(struct hy_node *node)
{
    const struct hy_cib *cib = hy_cluster_cib(node->cluster);
    hy_time now = hy_clock_now();
    if (!hy_hands_off_is_due(&node->hands_off, cib, now))
        return;
    struct hy_cluster_report report;
    hy_cluster_report(node->cluster, now, &report);
    if (!report.quorum || report.age > HY_SECOND)
        return;
    int rc = hy_hands_off_look(&node->hands_off, cib, node->config->node, now, hy_clock_wall(), node->executor);
    if (rc && rc != -EAGAIN) {
        hy_error(node->log, "the executor cannot be reached: %s", strerror(-rc));
        end_run(node, rc);
    }
}

/* A node that waits to be let into a cluster says what for, each time when it is something else. */
static void say_waiting(struct hy_node *node)
{
    struct hy_cluster_report report;
    hy_cluster_report(node->cluster, hy_clock_now(), &report);
    node->blank = report.blank;
    if (!report.blank || !report.waiting || (node->said && strcmp(node->said, report.waiting) == 0))
        return;
    free(node->said);
    node->said = hy_strdup(report.waiting);
    hy_notice(node->log, "this node has no cluster yet: %s", report.waiting);
}

static void take_event(struct hy_node *node, const struct hy_cluster_event *event)
{
    struct hy_cluster_effects effects = {0};
    struct hy_err err = {{0}};
    if (node->done)
        return;
    int rc = hy_cluster_step(node->cluster, event, hy_clock_now(), hy_clock_wall(), &effects, &err);
    if (rc)
        hy_debug(node->log, "dropped: %s", err.text);
    for (size_t i = 0; i < effects.list.count; i++)
        carry_out(node, &effects.list.items[i]);
    hy_cluster_effects_free(&effects);
    if (node->list_changed)
        compare_lists(node);
    follow_managed(node);
    if (node->blank)
        say_waiting(node);
    hy_pulse_alive(hy_cluster_pulse(node->cluster), hy_clock_now());
    arm(node);
}

/* ---- what happens */

static void on_time(void *context)
{
    struct hy_node *node = context;
    flush_executor(node);
    const struct hy_cluster_event event = {.type = HY_CLUSTER_TICK};
    take_event(node, &event);
}

static void on_store(void *context)
{
    struct hy_node *node = context;
    struct hy_cluster_event event = {.type = HY_CLUSTER_PERSISTED, .number = hy_store_completed(node->store)};
    take_event(node, &event);
    uint64_t index = hy_store_snapshot_done(node->store);
    if (index) {
        event = (struct hy_cluster_event){.type = HY_CLUSTER_SNAPSHOT_SAVED, .number = index};
        take_event(node, &event);
    }
}

static void take_news(struct hy_node *node, const struct hy_executor_news *news)
{
    struct hy_cluster_event event = {.outcome = &news->outcome};
    switch (news->type) {
    case HY_EXECUTOR_OUTCOME:
        event.type = HY_CLUSTER_OUTCOME;
        break;
    case HY_EXECUTOR_ACTIVE:
        event.type = HY_CLUSTER_ACTIVE;
        break;
    case HY_EXECUTOR_ACTIVE_END:
        event.type = HY_CLUSTER_ACTIVE_END;
        break;
    case HY_EXECUTOR_RELEASED:
        event.type = HY_CLUSTER_LEASE_RELEASED;
        break;
    case HY_EXECUTOR_EVENT:
        hy_notice(node->log, "%s: %s; checking it now", news->outcome.rsc,
                  news->outcome.reason ? news->outcome.reason : "something has changed");
        return;
    default:
        hy_error(node->log, "the executor says something unknown (%d)", (int)news->type);
        return;
    }
    take_event(node, &event);
}

static void on_executor(void *context)
{
    struct hy_node *node = context;
    struct hy_executor_news news;
    struct hy_err err = {{0}};
    int rc;
    while ((rc = hy_executor_next(node->executor, &news, &err)) == 1) {
        take_news(node, &news);
        hy_outcome_free(&news.outcome);
    }
    if (rc < 0) {
        hy_error(node->log, "executor: %s", rc == -EPIPE ? "it is gone; the core ends too" : err.text);
        end_run(node, rc);
    }
}

static void on_signal(void *context)
{
    struct hy_node *node = context;
    struct signalfd_siginfo info;
    if (read(node->signals.fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGHUP) {
        hy_logger_reopen(node->logger);
        return;
    }
    hy_notice(node->log, "asked to end: this node leaves the cluster in good order");
    const struct hy_cluster_event event = {.type = HY_CLUSTER_SHUTDOWN};
    take_event(node, &event);
}

static void on_pulse(void *context)
{
    struct hy_node *node = context;
    int rc = hy_pulse_thread_attend(node->pulse);
    const struct hy_cluster_event event = {.type = HY_CLUSTER_NEWS};
    take_event(node, &event);
    if (rc)
        end_run(node, rc);
}

/* In either thread. */
static void set_lease(void *context, hy_time at, uint32_t since)
{
    const struct hy_node *node = context;
    hy_executor_set_lease(node->executor, at, since);
}

static void on_bus(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data,
                   size_t size)
{
    (void)incarnation;
    struct hy_cluster_event event = {.from = from, .data = data, .size = size};
    switch (topic) {
    case HY_TOPIC_RAFT:
        event.type = HY_CLUSTER_RAFT;
        break;
    case HY_TOPIC_COMMAND:
        event.type = HY_CLUSTER_COMMANDS;
        break;
    case HY_TOPIC_ORDER:
        event.type = HY_CLUSTER_ORDERS;
        break;
    default:
        return; /* changes and events are for followers of the cluster */
    }
    take_event(context, &event);
}

static void on_bus_connected(void *context, uint32_t peer)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_PEER_CONNECTED, .from = peer};
    take_event(context, &event);
}

static void on_state(void *context, struct hy_buf *report, struct hy_buf *cib)
{
    struct hy_node *node = context;
    struct hy_links_copy links = {0};
    hy_pulse_thread_links(node->pulse, &links);
    hy_report_write(node->cluster, node->config, &links, hy_clock_now(), hy_clock_wall(), report);
    hy_links_copy_free(&links);
    hy_cib_save_to_show(hy_cluster_cib(node->cluster), cib);
}

static void on_command(void *context, uint64_t client, const struct hy_ipc_command *command)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_REQUEST,
                                           .client = client,
                                           .data = command->statements,
                                           .size = command->size,
                                           .by = command->by,
                                           .via = command->via,
                                           .session = command->session,
                                           .number = command->number,
                                           .repeat = command->repeat};
    take_event(context, &event);
}

static void on_read(void *context, uint64_t client)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_READ, .client = client};
    take_event(context, &event);
}

static void on_found(void *context, uint64_t client)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_FOUND, .client = client};
    take_event(context, &event);
}

/* ---- opening */

static struct hy_cluster_node cluster_node(const struct hy_config *config, size_t at)
{
    const struct hy_config_node *from = &config->nodes.items[at];
    struct hy_cluster_node node = {
        .id = from->id, .name = from->name, .address = from->address, .witness = from->witness};
    for (size_t l = 0; l < config->links.count && l < HY_LINKS_MAX; l++) {
        const char *address = config->links.items[l].addresses[at];
        node.links[l] = strcmp(address, from->address) == 0 ? NULL : address;
    }
    return node;
}

static int open_cluster(struct hy_node *node, const struct hy_store_loaded *loaded, struct hy_err *err)
{
    const struct hy_config *config = node->config;
    struct hy_cluster_node *nodes = hy_alloc_array(config->nodes.count, sizeof *nodes);
    for (size_t i = 0; i < config->nodes.count; i++)
        nodes[i] = cluster_node(config, i);
    const struct hy_config_detection *detection = &config->detection;
    uint32_t self = config->nodes.items[config->self].id;
    const struct hy_cluster_options options = {.name = config->node,
                                               .disk = loaded->disk,
                                               .nodes = nodes,
                                               .node_count = config->nodes.count,
                                               .raft = {.self = self,
                                                        .disk = loaded->disk,
                                                        .seed = loaded->incarnation ^ ((uint64_t)self << 48),
                                                        .election_timeout = detection->election_timeout,
                                                        .heartbeat = detection->raft_heartbeat,
                                                        .idle_heartbeat = detection->raft_idle},
                                               .membership = {.self = self,
                                                              .incarnation = loaded->incarnation,
                                                              .disk = loaded->disk,
                                                              .heartbeat = detection->heartbeat,
                                                              .dead_after = detection->dead_after,
                                                              .dead_after_max = detection->dead_after_max,
                                                              .release_margin = detection->release_margin,
                                                              .adapts = !detection->fixed,
                                                              .gather = detection->heartbeat / 2,
                                                              .rho_ppm = 1000},
                                               .gate = hy_pulse_thread_gate(node->pulse),
                                               .log = node->log};
    int rc = hy_cluster_new(&options, &loaded->raft, loaded->snapshot.data, loaded->snapshot.size, hy_clock_now(),
                            &node->cluster, err);
    free(nodes);
    return rc;
}

/* Peers come after: hy_peers_update(). */
static int open_links(struct hy_node *node, uint64_t incarnation, struct hy_err *err)
{
    const struct hy_config *config = node->config;
    struct hy_link_config *links = hy_alloc_array(config->links.count, sizeof *links);
    for (size_t i = 0; i < config->links.count; i++)
        links[i] = hy_link_config_of(config, i);
    const struct hy_links_options options = {.self = config->nodes.items[config->self].id,
                                             .incarnation = incarnation,
                                             .links = links,
                                             .link_count = config->links.count,
                                             .folder = config->paths.transports,
                                             .trust_any_owner = node->ordinary_user,
                                             .seal = &node->seal};
    int rc = hy_pulse_thread_open(node->pulse, hy_cluster_pulse(node->cluster), &options, err);
    for (size_t i = 0; i < config->links.count; i++)
        hy_link_config_free(&links[i]);
    free(links);
    return rc;
}

static int open_bus(struct hy_node *node, const uint8_t *key, uint64_t incarnation, struct hy_err *err)
{
    const struct hy_config *config = node->config;
    const struct hy_cluster_node self = cluster_node(config, config->self);
    struct hy_bus_options options = {.self = self.id,
                                     .incarnation = incarnation,
                                     .port = config->bus_port,
                                     .key = key,
                                     .received = on_bus,
                                     .connected = on_bus_connected,
                                     .context = node,
                                     .log = node->log};
    hy_bus_addresses(config, &self, options.addresses);
    return hy_bus_open(&options, node->loop, &node->bus, err);
}

static void open_peers(struct hy_node *node)
{
    node->peers = hy_peers_new(node->config, node->bus, node->pulse, node->log);
    hy_peers_update(node->peers, node->cluster);
    node->list_changed = true;
}

static int open_ipc(struct hy_node *node, struct hy_err *err)
{
    const struct hy_ipc_handlers handlers = {
        .context = node, .state = on_state, .command = on_command, .read = on_read, .found = on_found};
    char *path = hy_config_socket(node->config);
    int rc = hy_ipc_open(path, &handlers, node->loop, node->log, &node->ipc, err);
    free(path);
    return rc;
}

static int open_signals(struct hy_node *node, struct hy_err *err)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    int rc = fd < 0 ? -errno : hy_loop_watch(node->loop, &node->signals, fd, on_signal, node);
    if (rc && fd >= 0)
        close(fd);
    return rc ? hy_fail(err, -rc, "signals cannot be watched: %s", strerror(-rc)) : 0;
}

static int open_descriptors(struct hy_node *node, struct hy_err *err)
{
    int rc = hy_loop_watch(node->loop, &node->store_news, hy_store_fd(node->store), on_store, node);
    if (!rc)
        rc = hy_loop_watch(node->loop, &node->executor_news, hy_executor_link_fd(node->executor), on_executor, node);
    if (!rc)
        rc = hy_loop_watch(node->loop, &node->pulse_news, hy_pulse_thread_fd(node->pulse), on_pulse, node);
    return rc ? hy_fail(err, -rc, "store, executor and heartbeats cannot be watched: %s", strerror(-rc))
              : open_signals(node, err);
}

/* Only the socket's folder is the core's: beside it lie the executor's, which trusts what it finds there. */
static int run_folder(const struct hy_config *config, const struct hy_identity *identity, struct hy_err *err)
{
    char *folder = hy_asprintf("%s/core", config->paths.run);
    int rc = hy_identity_folder(identity, folder, err);
    free(folder);
    return rc;
}

/* The folders and the key are root's business; what comes after is the core's own user's. */
static int prepare(struct hy_node *node, uint8_t key[HY_KEY_SIZE], struct hy_err *err)
{
    struct hy_identity identity;
    int rc = hy_key_read(node->config->key_file, key, err);
    if (!rc)
        rc = hy_identity_find(node->config, node->log, &identity, err);
    if (!rc)
        rc = hy_identity_folder(&identity, node->config->paths.state, err);
    if (!rc)
        rc = run_folder(node->config, &identity, err);
    if (!rc)
        rc = hy_identity_assume(&identity, err);
    if (!rc && identity.change)
        hy_info(node->log, "the core runs as user %s", identity.name);
    if (!rc && !hy_process_lock_memory_in_use())
        hy_warning(node->log, "the core's memory is not locked (%s): a host that swaps may make it late",
                   strerror(errno));
    return rc;
}

static int open_all(struct hy_node *node, int executor_fd, int lease_fd, struct hy_err *err)
{
    uint8_t key[HY_KEY_SIZE];
    struct hy_store_loaded loaded = {0};
    int rc = prepare(node, key, err);
    if (!rc)
        rc = hy_executor_link_open(executor_fd, lease_fd, &node->executor, err);
    if (!rc)
        rc = hy_store_open(node->config->paths.state, node->config->cluster,
                           node->config->nodes.items[node->config->self].id, node->log, &node->store, &loaded, err);
    if (!rc && loaded.set_aside)
        hy_error(node->log, "%s", loaded.set_aside);
    if (!rc)
        rc = hy_pulse_thread_new(set_lease, node, node->log, &node->pulse, err);
    if (!rc)
        rc = open_cluster(node, &loaded, err);
    if (!rc)
        rc = hy_seal_init(&node->seal, key, node->config->cluster, err);
    if (!rc)
        rc = open_links(node, loaded.incarnation, err);
    if (!rc)
        rc = open_bus(node, key, loaded.incarnation, err);
    if (!rc)
        open_peers(node);
    if (!rc)
        rc = open_ipc(node, err);
    if (!rc)
        rc = open_descriptors(node, err);
    hy_store_loaded_free(&loaded);
    sodium_memzero(key, sizeof key);
    return rc;
}

int hy_node_open(const struct hy_config *config, struct hy_logger *logger, int executor_fd, int lease_fd,
                 struct hy_node **node, struct hy_err *err)
{
    struct hy_node *n = hy_alloc(sizeof *n);
    n->config = config;
    n->logger = logger;
    n->log = hy_logger_log(logger);
    n->ordinary_user = geteuid() != 0;
    n->blank = true;
    n->signals.fd = n->store_news.fd = n->executor_news.fd = n->pulse_news.fd = -1;
    int rc = hy_loop_new(&n->loop, err);
    if (!rc)
        rc = open_all(n, executor_fd, lease_fd, err);
    if (rc) {
        hy_node_close(&n);
        return rc;
    }
    *node = n;
    return 0;
}

int hy_node_run(struct hy_node *node)
{
    const struct hy_cluster_event event = {.type = HY_CLUSTER_TICK};
    struct hy_err err = {{0}};
    int rc = hy_pulse_thread_start(node->pulse, &err);
    if (!rc)
        take_event(node, &event);
    if (!rc && !node->done)
        rc = hy_loop_run(node->loop, &err);
    hy_pulse_thread_stop(node->pulse);
    if (rc)
        hy_error(node->log, "%s", err.text);
    return rc ? rc : node->result;
}

void hy_node_close(struct hy_node **node)
{
    struct hy_node *n = *node;
    if (!n)
        return;
    hy_pulse_thread_stop(n->pulse);
    hy_ipc_close(&n->ipc);
    free(n->said);
    hy_hands_off_free(&n->hands_off);
    hy_peers_free(&n->peers);
    hy_bus_close(&n->bus);
    hy_pulse_thread_close(n->pulse);
    if (n->signals.fd >= 0)
        close(n->signals.fd);
    hy_loop_free(&n->loop);
    hy_cluster_free(&n->cluster);
    hy_pulse_thread_free(&n->pulse);
    hy_store_close(&n->store);
    hy_executor_link_close(&n->executor);
    for (size_t i = 0; i < n->unsent.count; i++)
        hy_operation_free(&n->unsent.items[i]);
    hy_vec_free(&n->unsent);
    free(n);
    *node = NULL;
}
