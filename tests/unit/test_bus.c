/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/vec.h"
#include "bus/bus.h"
#include "bus/frames.h"
#include "bus/quiet.h"
#include "bus/socket.h"
#include "lib/netns.h"
#include "lib/run.h"
#include "lib/tsan.h"
#include "lib/zwait.h"

#include <czmq.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

enum { NODES = 3 };

static const uint8_t right_key[32] = {1, 2, 3}, wrong_key[32] = {3, 2, 1};

struct item {
    enum hy_topic topic;
    uint32_t from;
    uint64_t incarnation;
    char *text;
};

struct node {
    struct hy_bus *bus;
    struct hy_bus_peer peers[NODES - 1];
    struct hy_bus_options options;
    struct hy_log log;
    HY_VEC(struct item) items;
    struct hy_buf lines;
    uint32_t reconnect_to; /* in received(): as membership would */
    uint64_t reconnect_incarnation;
    uint32_t remove; /* in received(), once */
    bool asks;       /* in connected(): whether it is so; the other answers in received() */
    size_t asked, answered;
};

static struct zwait waiter;
static struct node nodes[NODES + 1];
static uint16_t ports[NODES];
static bool own_network;

/* ---- nodes ---- */

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    hy_buf_addf(context, "%d:%s\n", (int)level, line);
}

static void keep(void *context, enum hy_topic topic, uint32_t from, uint64_t incarnation, const void *data, size_t size)
{
    struct node *node = context;
    char *text = hy_strndup(data, size);
    hy_vec_push(&node->items, ((struct item){topic, from, incarnation, text}));
    if (size == 4 && !memcmp(data, "here", size))
        hy_bus_send(node->bus, HY_TOPIC_RAFT, from, "yes", 3);
    node->answered += size == 3 && !memcmp(data, "yes", size);
    if (node->reconnect_to)
        ck_assert_int_eq(hy_bus_reconnect(node->bus, node->reconnect_to, node->reconnect_incarnation), 0);
    if (node->remove) {
        ck_assert_int_eq(hy_bus_peer_remove(node->bus, node->remove), 0);
        node->remove = 0;
    }
}

static void meet(void *context, uint32_t peer)
{
    struct node *node = context;
    if (!node->asks)
        return;
    hy_bus_send(node->bus, HY_TOPIC_COMMAND, peer, "here", 4);
    node->asked++;
}

static void forget(struct node *node)
{
    for (size_t i = 0; i < node->items.count; i++)
        free(node->items.items[i].text);
    hy_vec_free(&node->items);
}

static void prepare(struct node *node, uint32_t self, const char *address, uint16_t port, const uint8_t *key)
{
    node->log = (struct hy_log){keep_line, &node->lines, HY_LOG_WARNING};
    node->options = (struct hy_bus_options){.self = self,
                                            .incarnation = 100 + self,
                                            .addresses = {address},
                                            .port = port,
                                            .peers = node->peers,
                                            .key = key,
                                            .received = keep,
                                            .connected = meet,
                                            .context = node,
                                            .log = &node->log};
}

static void open_node(struct node *node)
{
    struct hy_err err = {{0}};
    ck_assert_msg(hy_bus_open(&node->options, waiter.loop, &node->bus, &err) == 0, "%s", err.text);
}

static void add_peer(struct node *node, uint32_t id, const char *address, uint16_t port)
{
    node->peers[node->options.peer_count++] = (struct hy_bus_peer){.id = id, .port = port, .addresses = {address}};
}

/* Nodes 1, 2 and 3, each with the others as peers; none open yet. */
static void prepare_three(const char *address)
{
    for (uint32_t i = 0; i < NODES; i++) {
        prepare(&nodes[i], i + 1, address, ports[i], right_key);
        for (uint32_t j = 0; j < NODES; j++)
            if (i != j)
                add_peer(&nodes[i], j + 1, address, ports[j]);
    }
}

static void set_up(void)
{
    zwait_open(&waiter);
    for (size_t i = 0; i < NODES; i++) {
        ports[i] = netns_free_port(SOCK_STREAM);
        for (size_t j = 0; j < i; j++)
            if (ports[i] == ports[j])
                i--;
    }
}

static void tear_down(void)
{
    for (size_t i = 0; i < NODES + 1; i++) {
        hy_bus_close(&nodes[i].bus);
        hy_bus_close(&nodes[i].bus); /* closed already: nothing happens */
        forget(&nodes[i]);
        hy_buf_free(&nodes[i].lines);
        nodes[i] = (struct node){0};
    }
    zwait_close(&waiter);
}

static struct hy_bus_peer_stats peer_stats(const struct node *node, uint32_t peer)
{
    struct hy_bus_peer_stats stats;
    ck_assert_int_eq(hy_bus_peer_stats(node->bus, peer, &stats), 0);
    return stats;
}

static struct hy_bus_stats stats_of(const struct node *node)
{
    struct hy_bus_stats stats;
    hy_bus_stats(node->bus, &stats);
    return stats;
}

static bool is_open(uint32_t id)
{
    return nodes[id - 1].bus != NULL;
}

/* A subscription takes effect some time after the connection: so each sends until each has been heard by each. */
static bool all_heard(void *arg)
{
    (void)arg;
    bool all = true;
    for (size_t i = 0; i < NODES; i++) {
        if (!nodes[i].bus)
            continue;
        hy_bus_send(nodes[i].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "hello", 5);
        for (size_t j = 0; j < nodes[i].options.peer_count; j++) {
            uint32_t peer = nodes[i].peers[j].id;
            struct hy_bus_peer_stats stats = peer_stats(&nodes[i], peer);
            if (is_open(peer) && stats.incarnation != nodes[peer - 1].options.incarnation)
                all = false;
        }
    }
    return all;
}

static size_t count_text(const struct node *node, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < node->items.count; i++)
        count += !strcmp(node->items.items[i].text, text);
    return count;
}

static char end_text[32]; /* of this round: late ones of earlier rounds mean nothing */

static void forget_ends(struct node *node)
{
    for (size_t i = node->items.count; i-- > 0;)
        if (!strncmp(node->items.items[i].text, "end ", 4)) {
            free(node->items.items[i].text);
            hy_vec_remove(&node->items, i);
        }
}

static size_t senders_of_ends(const struct node *node)
{
    size_t count = 0;
    for (size_t j = 0; j < node->options.peer_count; j++) {
        bool sent = false;
        for (size_t i = 0; i < node->items.count && !sent; i++)
            sent = node->items.items[i].from == node->peers[j].id && !strcmp(node->items.items[i].text, end_text);
        count += sent;
    }
    return count;
}

static bool all_got_end(void *arg)
{
    (void)arg;
    bool all = true;
    for (size_t i = 0; i < NODES; i++) {
        size_t senders = 0;
        for (size_t j = 0; j < nodes[i].options.peer_count; j++)
            senders += is_open(nodes[i].peers[j].id);
        if (nodes[i].bus && senders_of_ends(&nodes[i]) < senders)
            all = false;
        if (nodes[i].bus)
            hy_bus_send(nodes[i].bus, HY_TOPIC_CHANGE, HY_BUS_ALL, end_text, strlen(end_text));
    }
    return all;
}

/* What one sender sends comes in order: when an "end" of each is there, nothing of before is on its way. It is sent
 * again and again, since it too may be lost, to a queue that is full or a connection that is new. */
static void settle(void)
{
    static unsigned round;
    snprintf(end_text, sizeof end_text, "end %u", ++round);
    zwait_until(&waiter, all_got_end, NULL, "all that was sent has come");
    for (size_t i = 0; i < NODES; i++)
        forget_ends(&nodes[i]);
}

static void connect_all(void)
{
    zwait_until(&waiter, all_heard, NULL, "all have heard all");
    settle();
    for (size_t i = 0; i < NODES; i++)
        forget(&nodes[i]);
}

static void expect(struct node *node, const char *const texts[])
{
    size_t at = 0;
    for (size_t i = 0; i < node->items.count; i++) {
        if (!strncmp(node->items.items[i].text, "end ", 4))
            continue;
        ck_assert_msg(texts[at] != NULL, "'%s' came, which was not awaited", node->items.items[i].text);
        ck_assert_str_eq(node->items.items[i].text, texts[at]);
        at++;
    }
    ck_assert_msg(texts[at] == NULL, "'%s' did not come", texts[at]);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- tests ---- */

static void topics_over(const char *address)
{
    prepare_three(address);
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    connect_all();
    struct hy_bus *one = nodes[0].bus;
    hy_bus_send(one, HY_TOPIC_RAFT, 2, "raft to 2", 9);
    hy_bus_send(one, HY_TOPIC_COMMAND, 3, "command to 3", 12);
    hy_bus_send(one, HY_TOPIC_ORDER, HY_BUS_ALL, "order to all", 12);
    hy_bus_send(one, HY_TOPIC_EVENT, 2, "", 0);
    hy_bus_send(one, HY_TOPIC_EVENT, 17, "to nobody", 9);
    settle();
    expect(&nodes[0], (const char *const[]){NULL});
    expect(&nodes[1], TEXTS("raft to 2", "order to all", ""));
    expect(&nodes[2], TEXTS("command to 3", "order to all"));
    const struct item *item = &nodes[1].items.items[0];
    while (strcmp(item->text, "raft to 2") != 0)
        item++;
    ck_assert_int_eq(item->topic, HY_TOPIC_RAFT);
    ck_assert_uint_eq(item->from, 1);
    ck_assert_uint_eq(item->incarnation, 101);
    for (size_t i = 0; i < NODES; i++) {
        ck_assert_str_eq(hy_buf_text(&nodes[i].lines), "");
        ck_assert_uint_eq(stats_of(&nodes[i]).bad, 0);
        ck_assert_uint_eq(stats_of(&nodes[i]).refused, 0);
    }
}

START_TEST(topics_reach_whom_they_name_ipv4)
{
    topics_over("127.0.0.1");
}
END_TEST

START_TEST(topics_reach_whom_they_name_ipv6)
{
    topics_over("::1");
}
END_TEST

START_TEST(a_large_message_comes_whole)
{
    prepare_three("127.0.0.1");
    open_node(&nodes[0]);
    open_node(&nodes[1]);
    connect_all();
    size_t size = HY_BUS_MESSAGE_MAX;
    char *large = hy_alloc(size + 1);
    memset(large, 'x', size);
    hy_bus_send(nodes[0].bus, HY_TOPIC_RAFT, 2, large, size + 1); /* too large: said, and not sent */
    hy_bus_send(nodes[0].bus, HY_TOPIC_RAFT, 2, large, size);
    settle();
    ck_assert_str_eq(hy_buf_text(&nodes[0].lines),
                     "3:bus: a message of 16777217 bytes is not sent: the limit is 16777216\n");
    ck_assert_uint_eq(nodes[1].items.count, 1);
    ck_assert(!strcmp(nodes[1].items.items[0].text, large)); /* 16 MiB are no text for a failure's message */
    ck_assert_str_eq(hy_buf_text(&nodes[1].lines), "");
    free(large);
}
END_TEST

static bool each_tells(void *arg)
{
    (void)arg;
    hy_bus_send(nodes[0].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "secret", 6);
    hy_bus_send(nodes[1].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "false", 5);
    char *lines[2];
    bool told = true;
    for (size_t i = 0; i < 2; i++) {
        lines[i] = hy_asprintf(
            "4:bus: node %zu at tcp://127.0.0.1:%u breaks off each handshake: its cluster key may be another, "
            "or another program listens there\n",
            2 - i, ports[1 - i]);
        told = told && strstr(hy_buf_text(&nodes[i].lines), lines[i]);
        free(lines[i]);
    }
    return told;
}

START_TEST(another_key_is_not_let_in)
{
    prepare_three("127.0.0.1");
    nodes[1].options.key = wrong_key;
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    /* A key that differs, differs in the server's part too: the handshake ends before anybody is asked. */
    zwait_until(&waiter, each_tells, NULL, "each has told what is wrong");
    ck_assert_uint_eq(nodes[1].items.count, 0);
    ck_assert(!peer_stats(&nodes[1], 1).connected);
    ck_assert(!peer_stats(&nodes[0], 2).connected);
    ck_assert_uint_eq(count_text(&nodes[0], "false") + count_text(&nodes[2], "false"), 0);
    /* The others are none the worse. */
    hy_bus_close(&nodes[1].bus);
    connect_all();
}
END_TEST

START_TEST(a_right_server_key_alone_does_not_let_in)
{
    struct hy_err err = {{0}};
    struct hy_bus_keys keys;
    prepare_three("127.0.0.1");
    open_node(&nodes[0]);
    ck_assert_int_eq(hy_bus_keys_derive(&keys, right_key, &err), 0);
    /* Knows where to knock, but has another's client key: the ZAP handler decides. */
    char public_text[41], secret_text[41];
    ck_assert_int_eq(zmq_curve_keypair(public_text, secret_text), 0);
    zmq_z85_decode(keys.client_public, public_text);
    zmq_z85_decode(keys.client_secret, secret_text);
    void *zmq = zmq_ctx_new(), *stranger;
    char endpoint[HY_ENDPOINT_SIZE];
    ck_assert_int_eq(hy_socket_open(zmq, ZMQ_SUB, &keys, false, &stranger, &err), 0);
    ck_assert_int_eq(hy_endpoint_text("127.0.0.1", ports[0], endpoint, &err), 0);
    ck_assert_int_eq(zmq_setsockopt(stranger, ZMQ_SUBSCRIBE, "", 0), 0);
    /* And one who does without encryption. */
    void *plain = zmq_socket(zmq, ZMQ_SUB);
    zmq_setsockopt(plain, ZMQ_LINGER, &(int){0}, sizeof(int));
    ck_assert_int_eq(zmq_setsockopt(plain, ZMQ_SUBSCRIBE, "", 0), 0);
    ck_assert_int_eq(zmq_connect(plain, endpoint), 0);
    for (int i = 0; i < 3; i++) { /* ZeroMQ gives up after a refusal */
        uint64_t before = stats_of(&nodes[0]).refused;
        ck_assert_int_eq(zmq_connect(stranger, endpoint), 0);
        while (stats_of(&nodes[0]).refused == before) {
            zwait_turn(&waiter);
            ck_assert_msg(stats_of(&nodes[0]).refused < 100, "unbounded");
        }
        zmq_disconnect(stranger, endpoint);
    }
    hy_bus_send(nodes[0].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "secret", 6);
    char got[64];
    ck_assert_int_eq(zmq_setsockopt(stranger, ZMQ_RCVTIMEO, &(int){300}, sizeof(int)), 0);
    ck_assert_int_eq(zmq_setsockopt(plain, ZMQ_RCVTIMEO, &(int){300}, sizeof(int)), 0);
    ck_assert_int_lt(zmq_recv(stranger, got, sizeof got, 0), 0);
    ck_assert_int_lt(zmq_recv(plain, got, sizeof got, 0), 0);
    const char *line = "4:bus: 127.0.0.1 is not let in: its key is not this cluster's (0 more before that)\n";
    ck_assert_int_eq(strncmp(hy_buf_text(&nodes[0].lines), line, strlen(line)), 0);
    zmq_close(plain);
    hy_socket_close(&stranger);
    zmq_ctx_term(zmq);
}
END_TEST

static void restart(struct node *node)
{
    hy_bus_close(&node->bus);
    forget(node);
    node->options.incarnation += 1000;
    open_node(node);
}

START_TEST(a_peer_that_dies_is_found_again)
{
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    connect_all();
    for (int i = 0; i < 3; i++) {
        restart(&nodes[1]);
        connect_all(); /* nobody was told to reconnect */
    }
    ck_assert_uint_eq(peer_stats(&nodes[0], 2).incarnation, 3102);
    ck_assert_uint_ge(peer_stats(&nodes[0], 2).connections, 2);
}
END_TEST

static bool all_answered(void *arg)
{
    size_t least = *(size_t *)arg;
    for (size_t i = 0; i < NODES; i++)
        if (nodes[i].asked < least || nodes[i].answered < nodes[i].asked)
            return false;
    return true;
}

/* Nothing is said twice here: what is sent, and answered, once it is said that a peer is connected, is not lost. */
START_TEST(connected_means_both_ways)
{
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].asks = true;
        open_node(&nodes[i]);
    }
    size_t least = NODES - 1;
    zwait_until(&waiter, all_answered, &least, "each has had an answer of each");
    for (int i = 0; i < 5; i++) {
        for (size_t j = 0; j < NODES; j++)
            nodes[j].asked = nodes[j].answered = 0;
        restart(&nodes[1]);
        least = 1;
        zwait_until(&waiter, all_answered, &least, "the one that is new has had an answer of each, and they of it");
    }
}
END_TEST

START_TEST(reconnect_is_done_once_an_incarnation)
{
    prepare_three("127.0.0.1");
    open_node(&nodes[0]);
    open_node(&nodes[1]);
    connect_all();
    ck_assert_int_eq(hy_bus_reconnect(nodes[0].bus, 9, 1), -ENOENT);
    uint64_t connections = peer_stats(&nodes[0], 2).connections;
    /* What is heard already needs no new connection. */
    ck_assert_int_eq(hy_bus_reconnect(nodes[0].bus, 2, 102), 0);
    ck_assert(peer_stats(&nodes[0], 2).connected);
    ck_assert_int_eq(hy_bus_reconnect(nodes[0].bus, 2, 555), 0);
    ck_assert(!peer_stats(&nodes[0], 2).connected);
    nodes[1].options.incarnation = 555;
    hy_bus_close(&nodes[1].bus);
    open_node(&nodes[1]);
    connect_all();
    ck_assert_uint_gt(peer_stats(&nodes[0], 2).connections, connections);
    ck_assert_int_eq(hy_bus_reconnect(nodes[0].bus, 2, 555), 0);
    ck_assert(peer_stats(&nodes[0], 2).connected);
    /* From within received(), for the very connection that the message came by. */
    nodes[0].reconnect_to = 2;
    nodes[0].reconnect_incarnation = 777;
    connections = peer_stats(&nodes[0], 2).connections;
    hy_bus_send(nodes[1].bus, HY_TOPIC_EVENT, 1, "x", 1);
    while (peer_stats(&nodes[0], 2).connections == connections)
        settle();
    ck_assert_uint_eq(peer_stats(&nodes[0], 2).connections, connections + 1);
}
END_TEST

static bool is_removed(void *arg)
{
    struct hy_bus_peer_stats stats;
    hy_bus_send(nodes[1].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "x", 1);
    return hy_bus_peer_stats(nodes[0].bus, *(uint32_t *)arg, &stats) == -ENOENT;
}

START_TEST(peers_come_and_go)
{
    struct hy_err err = {{0}};
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].options.peer_count = 0;
        open_node(&nodes[i]);
        nodes[i].options.peer_count = NODES - 1;
        for (size_t j = 0; j < NODES - 1; j++)
            ck_assert_msg(hy_bus_peer_add(nodes[i].bus, &nodes[i].peers[j], &err) == 0, "%s", err.text);
    }
    connect_all();
    ck_assert_int_eq(hy_bus_peer_add(nodes[0].bus, &nodes[0].peers[0], &err), -EEXIST);
    ck_assert_str_eq(err.text, "bus: node 2 is a peer already");
    struct hy_bus_peer wrong = {.id = 9, .port = 5406, .addresses = {"node9"}};
    ck_assert_int_eq(hy_bus_peer_add(nodes[0].bus, &wrong, &err), -EINVAL);
    wrong.id = 1;
    ck_assert_int_eq(hy_bus_peer_add(nodes[0].bus, &wrong, &err), -EINVAL);
    ck_assert_int_eq(hy_bus_peer_remove(nodes[0].bus, 9), -ENOENT);
    /* The one whose message it is, and another. */
    for (uint32_t gone = 2; gone <= 3; gone++) {
        nodes[0].remove = gone;
        for (int i = 0; i < 10; i++) /* those behind the first are on their way */
            hy_bus_send(nodes[1].bus, HY_TOPIC_EVENT, HY_BUS_ALL, "go", 2);
        zwait_until(&waiter, is_removed, &gone, "it is removed");
        ck_assert_int_eq(hy_bus_reconnect(nodes[0].bus, gone, 1), -ENOENT);
        ck_assert_int_eq(hy_bus_peer_add(nodes[0].bus, &nodes[0].peers[gone - 2], &err), 0);
        connect_all();
    }
    ck_assert_int_eq(hy_bus_peer_remove(nodes[0].bus, 2), 0);
    ck_assert_int_eq(hy_bus_peer_remove(nodes[0].bus, 2), -ENOENT);
    hy_bus_send(nodes[1].bus, HY_TOPIC_EVENT, 1, "unheard", 7);
    nodes[0].peers[0] = nodes[0].peers[1];
    nodes[0].options.peer_count = 1;
    connect_all();
    ck_assert_uint_eq(count_text(&nodes[0], "unheard"), 0);
    for (size_t i = 0; i < NODES; i++)
        ck_assert_str_eq(hy_buf_text(&nodes[i].lines), "");
}
END_TEST

static bool has_bad_and_good(void *arg)
{
    (void)arg;
    return count_text(&nodes[0], "good") > 0 && stats_of(&nodes[0]).bad >= 8;
}

struct forger {
    void *pub;
    uint64_t number;
};

static void forge(void *pub, const char *topic, const void *header, size_t header_size, int frames)
{
    hy_frame_send(pub, topic, strlen(topic), frames > 1);
    for (int i = 2; i < frames; i++)
        hy_frame_send(pub, header, header_size, true);
    if (frames > 1)
        hy_frame_send(pub, "forged", 6, false);
}

static bool forge_all(void *arg)
{
    struct forger *forger = arg;
    struct hy_buf right = {0}, sender = {0};
    hy_header_write(&right, 2, 7, ++forger->number);
    hy_header_write(&sender, 3, 7, forger->number);
    char *version = hy_memdup(right.data, right.size), *zeros = hy_memdup(right.data, right.size);
    version[0] = 9;
    zeros[2] = 1;
    forge(forger->pub, "raft0001", right.data, right.size, 1);
    forge(forger->pub, "raft0001", right.data, right.size, 2);
    forge(forger->pub, "raft0001", right.data, right.size, 4);
    forge(forger->pub, "raft0001", right.data, right.size, 20);
    forge(forger->pub, "raft0001x", right.data, right.size, 3);
    forge(forger->pub, "raft0001", right.data, right.size - 1, 3);
    forge(forger->pub, "raft0001", right.data, 0, 3);
    forge(forger->pub, "raft0001", version, right.size, 3);
    forge(forger->pub, "raft0001", zeros, right.size, 3);
    forge(forger->pub, "raft0001", sender.data, sender.size, 3);
    hy_frame_send(forger->pub, "raft0001", 8, true);
    hy_frame_send(forger->pub, right.data, right.size, true);
    hy_frame_send(forger->pub, "good", 4, false);
    free(version);
    free(zeros);
    hy_buf_free(&right);
    hy_buf_free(&sender);
    return has_bad_and_good(NULL);
}

START_TEST(malformed_messages_are_dropped)
{
    struct hy_err err = {{0}};
    prepare_three("127.0.0.1");
    open_node(&nodes[0]);
    /* Node 2 has the key, and speaks nonsense. It has no ZAP handler: CURVE without one lets all clients in that
     * know its key. */
    struct hy_bus_keys keys;
    struct forger forger = {0};
    char endpoint[HY_ENDPOINT_SIZE];
    void *zmq = zmq_ctx_new();
    ck_assert_int_eq(hy_bus_keys_derive(&keys, right_key, &err), 0);
    ck_assert_int_eq(hy_socket_open(zmq, ZMQ_XPUB, &keys, false, &forger.pub, &err), 0);
    ck_assert_int_eq(hy_endpoint_text("127.0.0.1", ports[1], endpoint, &err), 0);
    ck_assert_int_eq(zmq_bind(forger.pub, endpoint), 0);
    zwait_until(&waiter, forge_all, &forger, "both the forged and the good have come");
    for (size_t i = 0; i < nodes[0].items.count; i++)
        ck_assert_str_eq(nodes[0].items.items[i].text, "good");
    /* One line a second, though each round brings ten. */
    const char *first = "4:bus: dropped a message from node 2: 1 frames: a message has 3 (0 more before that)\n";
    ck_assert_msg(strstr(hy_buf_text(&nodes[0].lines), "bus: dropped a message from node 2: ") != NULL, "%s, not %s",
                  hy_buf_text(&nodes[0].lines), first);
    size_t lines = 0;
    for (const char *at = nodes[0].lines.data; (at = strchr(at, '\n')); at++)
        lines++;
    ck_assert_uint_lt(lines, stats_of(&nodes[0]).bad);
    hy_socket_close(&forger.pub);
    zmq_ctx_term(zmq);
}
END_TEST

/* ---- several addresses ---- */

static void prepare_networks(const char *second, const char *third)
{
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++) {
        nodes[i].options.addresses[1] = second;
        nodes[i].options.addresses[2] = third;
        for (size_t j = 0; j < NODES - 1; j++) {
            nodes[i].peers[j].addresses[1] = second;
            nodes[i].peers[j].addresses[2] = third;
        }
    }
}

static bool all_connections(void *arg)
{
    const size_t *wanted = arg;
    for (size_t i = 0; i < NODES; i++)
        for (size_t j = 0; j < NODES - 1; j++)
            if (peer_stats(&nodes[i], nodes[i].peers[j].id).connected != *wanted)
                return false;
    return true;
}

enum { STREAM = 2000 };

static void send_stream(struct node *node)
{
    char text[32];
    for (int i = 0; i < STREAM; i++) {
        snprintf(text, sizeof text, "%d", i);
        hy_bus_send(node->bus, HY_TOPIC_RAFT, (uint32_t)(2 + i % 2), text, strlen(text));
    }
}

static void expect_stream(const struct node *node, int first)
{
    int next = first;
    for (size_t i = 0; i < node->items.count; i++)
        if (strncmp(node->items.items[i].text, "end ", 4) != 0) {
            ck_assert_int_eq(atoi(node->items.items[i].text), next);
            next += 2;
        }
    ck_assert_int_eq(next, STREAM + first);
}

START_TEST(what_comes_several_times_is_taken_once)
{
    prepare_networks("127.0.0.2", "::1");
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    size_t three = 3;
    zwait_until(&waiter, all_connections, &three, "all are connected at all addresses");
    send_stream(&nodes[0]);
    settle();
    expect_stream(&nodes[1], 0);
    expect_stream(&nodes[2], 1);
    ck_assert_uint_ge(peer_stats(&nodes[1], 1).doubled, STREAM / 2);
    /* The numbers begin anew with each life. */
    restart(&nodes[0]);
    zwait_until(&waiter, all_connections, &three, "and again");
    for (size_t i = 0; i < NODES; i++)
        forget(&nodes[i]);
    send_stream(&nodes[0]);
    settle();
    expect_stream(&nodes[1], 0);
    expect_stream(&nodes[2], 1);
}
END_TEST

START_TEST(an_address_may_come_later)
{
    prepare_networks("198.51.100.8", NULL);
    open_node(&nodes[0]);
    const char *line =
        "4:bus: no interface of this host has the address 198.51.100.8 (yet); trying again each second\n";
    ck_assert_str_eq(hy_buf_text(&nodes[0].lines), line);
    open_node(&nodes[1]);
    open_node(&nodes[2]);
    connect_all();
    if (!own_network)
        return; /* where there is none, it is seen that it waits */
    ck_assert(netns_address("lo:1", "198.51.100.8"));
    size_t two = 2;
    zwait_until(&waiter, all_connections, &two, "the second address is used too");
    send_stream(&nodes[0]);
    settle();
    expect_stream(&nodes[1], 0);
}
END_TEST

/* An event that is always ready runs once a turn of the loop: so it counts what a turn brings. */
struct turns {
    struct node *node;
    uint64_t before, most;
};

static void count_turn(void *context)
{
    struct turns *turns = context;
    uint64_t received = peer_stats(turns->node, 1).received;
    if (received - turns->before > turns->most)
        turns->most = received - turns->before;
    turns->before = received;
}

static bool third_got_through(void *arg)
{
    return count_text(arg, "calm") == 1;
}

START_TEST(a_flood_blocks_nobody)
{
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    connect_all();
    char content[1000];
    memset(content, 'x', sizeof content);
    /* Far above what the queues hold, to peers in this very thread, which take nothing meanwhile. */
    for (int i = 0; i < 100000; i++)
        hy_bus_send(nodes[0].bus, HY_TOPIC_EVENT, HY_BUS_ALL, content, sizeof content);
    ck_assert_uint_ge(stats_of(&nodes[0]).sent, 100000);
    int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    struct turns turns = {&nodes[1], peer_stats(&nodes[1], 1).received, 0};
    struct hy_watched watched;
    ck_assert_int_eq(hy_loop_watch(waiter.loop, &watched, fd, count_turn, &turns), 0);
    hy_bus_send(nodes[2].bus, HY_TOPIC_EVENT, 2, "calm", 4);
    zwait_until(&waiter, third_got_through, &nodes[1], "the third node is heard through the flood");
    ck_assert_uint_gt(turns.most, 0);
    ck_assert_uint_le(turns.most, 64);
    hy_loop_unwatch(waiter.loop, &watched);
    close(fd);
    ck_assert_str_eq(hy_buf_text(&nodes[1].lines), "");
    /* Dropped is dropped, but the connection goes on. */
    connect_all();
}
END_TEST

static void open_refused(int code, const char *text)
{
    struct hy_err err = {{0}};
    struct hy_bus *bus = (struct hy_bus *)&err;
    ck_assert_int_eq(hy_bus_open(&nodes[0].options, waiter.loop, &bus, &err), code);
    ck_assert_str_eq(err.text, text);
    ck_assert_ptr_null(bus);
}

START_TEST(bad_options_are_explained)
{
    char *text;
    prepare_three("127.0.0.1");
    open_node(&nodes[1]);
    nodes[0].options.port = ports[1];
    text = hy_asprintf("bus: 127.0.0.1 port %u is taken: another program listens there", ports[1]);
    open_refused(-EADDRINUSE, text);
    free(text);
    nodes[0].options.port = ports[0];
    nodes[0].options.addresses[0] = "192.0.2.7";
    open_refused(-EADDRNOTAVAIL, "bus: no interface of this host has the address 192.0.2.7 (yet)");
    nodes[0].options.addresses[0] = "node1";
    open_refused(-EINVAL, "bus: 'node1' is no numeric IPv4 or IPv6 address");
    nodes[0].options.addresses[0] = "127.0.0.1";
    nodes[0].options.port = 0;
    open_refused(-EINVAL, "bus: 127.0.0.1: port 0 is none: it must be 1 to 65535");
    nodes[0].options.port = ports[0];
    nodes[0].peers[1].addresses[0] = "10.0.0";
    open_refused(-EINVAL, "bus: node 3: '10.0.0' is no numeric IPv4 or IPv6 address");
    nodes[0].peers[1].id = 2;
    open_refused(-EEXIST, "bus: node 2 is a peer already");
    nodes[0].peers[1].id = 1;
    open_refused(-EINVAL, "bus: a peer cannot have the id 1: ids are 1 to 65534, and each is one node's");
    nodes[0].options.self = 0xFFFF;
    open_refused(-EINVAL, "bus: a node cannot have the id 65535: ids are 1 to 65534");
}
END_TEST

START_TEST(signals_stay_as_they_are)
{
    struct sigaction interrupt, terminate;
    /* Check has handlers of its own. */
    ck_assert(signal(SIGINT, SIG_DFL) != SIG_ERR && signal(SIGTERM, SIG_DFL) != SIG_ERR);
    set_up();
    prepare_three("127.0.0.1");
    for (size_t i = 0; i < NODES; i++)
        open_node(&nodes[i]);
    connect_all();
    ck_assert_int_eq(sigaction(SIGINT, NULL, &interrupt), 0);
    ck_assert_int_eq(sigaction(SIGTERM, NULL, &terminate), 0);
    ck_assert(interrupt.sa_handler == SIG_DFL);
    ck_assert(terminate.sa_handler == SIG_DFL);
    tear_down();
}
END_TEST

/* Twice: zsys_shutdown() forgets it. */
START_TEST(czmq_is_quiet)
{
    char path[] = "/tmp/test_bus-XXXXXX";
    int out = mkstemp(path);
    ck_assert_int_ge(out, 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
    ck_assert(signal(SIGINT, SIG_DFL) != SIG_ERR && signal(SIGTERM, SIG_DFL) != SIG_ERR);
    for (int i = 0; i < 2; i++) {
        struct sigaction interrupt, terminate;
        hy_czmq_quiet();
        zsock_t *router = zsock_new(ZMQ_ROUTER);
        ck_assert_ptr_nonnull(router);
        zsys_error("nobody shall see this");
        ck_assert_int_eq(sigaction(SIGINT, NULL, &interrupt), 0);
        ck_assert_int_eq(sigaction(SIGTERM, NULL, &terminate), 0);
        ck_assert(interrupt.sa_handler == SIG_DFL);
        ck_assert(terminate.sa_handler == SIG_DFL);
        zsock_destroy(&router);
        zsys_shutdown();
    }
    ck_assert_int_eq(fflush(stdout), 0);
    ck_assert_int_eq(lseek(out, 0, SEEK_END), 0);
    close(out);
}
END_TEST

int main(void)
{
    own_network = netns_enter(); /* where it cannot: ports that are free at the moment */
    Suite *suite = suite_create("bus");
    TCase *tcase = tcase_create("bus");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, topics_reach_whom_they_name_ipv4);
    tcase_add_test(tcase, topics_reach_whom_they_name_ipv6);
    tcase_add_test(tcase, a_large_message_comes_whole);
    tcase_add_test(tcase, another_key_is_not_let_in);
    tcase_add_test(tcase, a_right_server_key_alone_does_not_let_in);
    tcase_add_test(tcase, a_peer_that_dies_is_found_again);
    tcase_add_test(tcase, connected_means_both_ways);
    tcase_add_test(tcase, reconnect_is_done_once_an_incarnation);
    tcase_add_test(tcase, peers_come_and_go);
    tcase_add_test(tcase, malformed_messages_are_dropped);
    tcase_add_test(tcase, what_comes_several_times_is_taken_once);
    tcase_add_test(tcase, an_address_may_come_later);
    tcase_add_test(tcase, a_flood_blocks_nobody);
    tcase_add_test(tcase, bad_options_are_explained);
    tcase = tcase_create("signals");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, signals_stay_as_they_are);
    tcase_add_test(tcase, czmq_is_quiet);
    return run_suite(suite);
}
