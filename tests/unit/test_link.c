/* SPDX-License-Identifier: Apache-2.0 */
/* The host of transports, with the real udpu.so and with one that misbehaves. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/vec.h"
#include "bus/link.h"
#include "bus/link_header.h"
#include "lib/netns.h"
#include "lib/run.h"
#include "lib/zwait.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER HY_BUILDDIR "/.libs"

enum { NODES = 3, LINKS = 2, OVERHEAD = HY_SEAL_OVERHEAD + HY_LINK_HEADER_SIZE };

struct node {
    struct hy_links *links;
    struct hy_buf received; /* "FROM LINK TEXT\n" */
    struct hy_buf events;   /* "LINK NODE UP WHY\n" */
    struct hy_buf lines;
    uint32_t answer_events_to; /* send from within event() */
    uint32_t remove;           /* within received() or event(), once */
    struct hy_log log;
    struct hy_links_options options;
    struct hy_link_config configs[LINKS];
    struct hy_link_setting settings[LINKS][4];
    struct hy_link_peer peers[LINKS][NODES];
    char ports[LINKS][8];
};

static const uint8_t key[HY_KEY_SIZE] = {1, 2, 3}, other_key[HY_KEY_SIZE] = {3};
static struct zwait waiter;
static struct node nodes[NODES];
static struct hy_seal seal;
static uint16_t port;
static bool own_network;

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    hy_buf_addf(context, "%d:%s\n", (int)level, line);
}

static void remove_once(struct node *node)
{
    uint32_t id = node->remove;
    node->remove = 0;
    if (id)
        ck_assert_int_eq(hy_links_peer_remove(node->links, id), 0);
}

static void keep(void *context, uint32_t from, size_t link, const void *data, size_t size)
{
    struct node *node = context;
    hy_buf_addf(&node->received, "%u %zu %.*s\n", from, link, (int)size, (const char *)data);
    remove_once(node);
}

static void keep_event(void *context, size_t link, uint32_t about, bool up, const char *why)
{
    struct node *node = context;
    hy_buf_addf(&node->events, "%zu %u %d %s\n", link, about, up, why);
    uint32_t to = node->answer_events_to;
    node->answer_events_to = 0;
    if (to)
        hy_links_send(node->links, to, "from within an event, and longer than the other", 47);
    remove_once(node);
}

/* Node `self` of three, on two links: 127.0.1.N and 127.0.2.N. */
static void prepare(struct node *node, uint32_t self)
{
    static char addresses[LINKS][NODES][16];
    node->log = (struct hy_log){keep_line, &node->lines, HY_LOG_NOTICE};
    node->options = (struct hy_links_options){.self = self,
                                              .incarnation = 1000 + self,
                                              .links = node->configs,
                                              .link_count = LINKS,
                                              .folder = FOLDER,
                                              .trust_any_owner = true,
                                              .seal = &seal,
                                              .received = keep,
                                              .event = keep_event,
                                              .context = node,
                                              .log = &node->log};
    for (uint32_t l = 0; l < LINKS; l++) {
        struct hy_link_config *config = &node->configs[l];
        *config = (struct hy_link_config){
            .transport = "udpu", .settings = node->settings[l], .setting_count = 2, .peers = node->peers[l]};
        snprintf(node->ports[l], sizeof node->ports[l], "%u", port);
        for (uint32_t n = 0; n < NODES; n++) {
            snprintf(addresses[l][n], sizeof addresses[l][n], "127.0.%u.%u", l + 1, n + 1);
            if (n + 1 != self)
                node->peers[l][config->peer_count++] = (struct hy_link_peer){n + 1, addresses[l][n], 0, NULL};
        }
        node->settings[l][0] = (struct hy_link_setting){"address", addresses[l][self - 1]};
        node->settings[l][1] = (struct hy_link_setting){"port", node->ports[l]};
    }
}

/* One link only, of the contrary transport. */
static void prepare_contrary(struct node *node, const char *mode)
{
    prepare(node, 1);
    node->options.link_count = 1;
    node->configs[0].transport = "tp_contrary";
    node->configs[0].setting_count = 1;
    node->settings[0][0] = (struct hy_link_setting){"mode", mode};
}

static void open_node(struct node *node)
{
    struct hy_err err = {{0}};
    int rc = hy_links_open(&node->options, waiter.loop, &node->links, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    ck_assert_ptr_nonnull(node->links);
}

static int open_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static void open_refused(struct node *node, int code, const char *text)
{
    struct hy_err err = {{0}};
    int before = open_fds();
    ck_assert_int_eq(hy_links_open(&node->options, waiter.loop, &node->links, &err), code);
    ck_assert_str_eq(err.text, text);
    ck_assert_ptr_null(node->links);
    ck_assert_int_eq(hy_links_open(&node->options, waiter.loop, &node->links, NULL), code);
    ck_assert_int_eq(open_fds(), before);
}

static struct hy_link_stats stats_of(const struct node *node, size_t link)
{
    struct hy_link_stats stats;
    hy_links_stats(node->links, link, &stats);
    return stats;
}

static void set_up(void)
{
    struct hy_err err = {{0}};
    zwait_open(&waiter);
    zwait_turn(&waiter); /* what the loop itself opens is there before descriptors are counted */
    do
        port = netns_free_port(SOCK_DGRAM);
    while (port < 10000); /* five digits in messages */
    ck_assert_int_eq(hy_seal_init(&seal, key, "harbour", &err), 0);
}

static void tear_down(void)
{
    for (size_t i = 0; i < NODES; i++) {
        hy_links_close(&nodes[i].links);
        hy_links_close(&nodes[i].links);
        hy_buf_free(&nodes[i].received);
        hy_buf_free(&nodes[i].events);
        hy_buf_free(&nodes[i].lines);
        nodes[i] = (struct node){0};
    }
    zwait_close(&waiter);
}

struct text_wait {
    const struct hy_buf *buf;
    const char *text;
};

static bool has_text(void *arg)
{
    const struct text_wait *text = arg;
    return strstr(hy_buf_text(text->buf), text->text) != NULL;
}

static void wait_text(const struct hy_buf *buf, const char *text)
{
    zwait_until(&waiter, has_text, &(struct text_wait){buf, text}, text);
}

static void has_exactly(struct hy_buf *buf, const char *text)
{
    ck_assert_str_eq(hy_buf_text(buf), text);
    hy_buf_clear(buf);
}

/* ---- tests ---- */

START_TEST(everything_goes_over_every_link)
{
    for (uint32_t i = 0; i < NODES; i++) {
        prepare(&nodes[i], i + 1);
        open_node(&nodes[i]);
        ck_assert_uint_eq(hy_links_count(nodes[i].links), 2);
        ck_assert_uint_eq(hy_links_max_size(nodes[i].links), 1400 - OVERHEAD);
    }
    ck_assert_int_eq(hy_links_send(nodes[0].links, HALYARD_ALL, "to all", 6), 0);
    ck_assert_int_eq(hy_links_send(nodes[0].links, 3, "to 3", 4), 0);
    ck_assert_int_eq(hy_links_send(nodes[0].links, 3, "", 0), 0);
    wait_text(&nodes[1].received, "1 1 to all\n");
    wait_text(&nodes[1].received, "1 2 to all\n");
    wait_text(&nodes[2].received, "1 1 \n");
    wait_text(&nodes[2].received, "1 2 \n");
    ck_assert_uint_eq(nodes[1].received.size, 22);
    ck_assert_uint_eq(nodes[2].received.size, 22 + 18 + 10);
    ck_assert_uint_eq(stats_of(&nodes[0], 1).sent, 3);
    ck_assert_uint_eq(stats_of(&nodes[0], 2).wire.sent, 4);
    ck_assert_uint_eq(stats_of(&nodes[2], 2).received, 3);
    ck_assert_str_eq(stats_of(&nodes[2], 2).transport, "udpu");
    ck_assert(stats_of(&nodes[2], 2).open && stats_of(&nodes[2], 2).up);
    ck_assert_str_eq(stats_of(&nodes[2], 0).why, "no such link");
    ck_assert_str_eq(stats_of(&nodes[2], 3).why, "no such link");
    static const char large[1400 - OVERHEAD + 1];
    ck_assert_int_eq(hy_links_send(nodes[0].links, 3, large, sizeof large), -EMSGSIZE);
    ck_assert_int_eq(hy_links_send(nodes[0].links, 3, large, sizeof large - 1), 0);
    ck_assert_int_eq(hy_links_send(nodes[0].links, 9, "x", 1), -ENOENT);
    ck_assert_uint_eq(stats_of(&nodes[0], 1).send_failed, 2);
    for (uint32_t i = 0; i < NODES; i++)
        ck_assert_str_eq(hy_buf_text(&nodes[i].lines), "");
}
END_TEST

START_TEST(wrong_configuration_is_explained)
{
    struct node *node = &nodes[0];
    char *text;
    prepare(node, 1);
    node->configs[1].setting_count = 3;
    node->settings[1][2] = (struct hy_link_setting){"prot", "5405"};
    open_refused(node, -EINVAL,
                 "link 2 (udpu): unknown setting 'prot': udpu knows address, port, interface, ttl, tos, priority, "
                 "receive_buffer, send_buffer, max_payload");
    node->settings[1][2] = (struct hy_link_setting){"port", "5406"};
    open_refused(node, -EINVAL, "link 2 (udpu): the setting 'port' is there twice");
    node->settings[1][2] = (struct hy_link_setting){"ttl", "many"};
    open_refused(node, -EINVAL, "link 2 (udpu): ttl = \"many\" is wrong: it must be a number from 1 to 255");
    node->configs[1].setting_count = 2;
    node->settings[1][0].value = node->settings[0][0].value;
    text = hy_asprintf("link 2 (udpu): 127.0.1.1 port %u is taken: another program listens there", port);
    open_refused(node, -EADDRINUSE, text);
    free(text);
    prepare(node, 1);
    node->peers[0][1].address = "node3";
    open_refused(node, -EINVAL, "link 1 (udpu): node 3: 'node3' is no numeric IPv4 or IPv6 address");
    prepare(node, 1);
    node->configs[0].transport = "../udpu";
    open_refused(node, -EINVAL,
                 "link 1 (../udpu): '../udpu' cannot be a transport's name: it is that of a file in " FOLDER
                 ", without its .so");
    /* In the loader's words, with the link in front. */
    struct hy_err err = {{0}};
    node->configs[0].transport = "nosuch";
    ck_assert_int_eq(hy_links_open(&node->options, waiter.loop, &node->links, &err), -ENOENT);
    ck_assert_int_eq(strncmp(err.text, "link 1 (nosuch): ", 17), 0);
    ck_assert_ptr_nonnull(strstr(err.text, FOLDER "/nosuch.so"));
    ck_assert_str_eq(hy_buf_text(&node->lines), "");
}
END_TEST

static int stranger(const char *address)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, address, &at.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void throw_at(int fd, const char *address, const void *data, size_t size)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, address, &to.sin_addr), 1);
    ck_assert_int_eq(sendto(fd, data, size, 0, (struct sockaddr *)&to, sizeof to), (ssize_t)size);
}

static void throw_sealed(int fd, const uint8_t *with, uint32_t from)
{
    struct hy_seal its;
    struct hy_buf sealed = {0};
    ck_assert_int_eq(hy_seal_init(&its, with, "harbour", NULL), 0);
    const struct hy_link_header header = {.link = 1, .mark = {.incarnation = 1, .number = 1}};
    struct hy_buf content = {0};
    hy_link_header_write(&header, &content);
    hy_buf_adds(&content, "x");
    hy_seal_close(&its, from, content.data, content.size, &sealed);
    hy_buf_free(&content);
    throw_at(fd, "127.0.1.1", sealed.data, sealed.size);
    hy_buf_free(&sealed);
}

static bool all_refused(void *arg)
{
    return stats_of(&nodes[0], 1).refused == *(uint64_t *)arg;
}

/* A fresh node refuses what `throws` brings, and says this of the first of them. */
static void refused(const char *from_address, const uint8_t *with, uint32_t sealed_by, const char *why)
{
    prepare(&nodes[0], 1);
    open_node(&nodes[0]);
    int fd = stranger(from_address);
    for (int i = 0; i < 5; i++) {
        if (with)
            throw_sealed(fd, with, sealed_by);
        else
            throw_at(fd, "127.0.1.1", "hello", 5);
    }
    zwait_until(&waiter, all_refused, &(uint64_t){5}, "all are refused");
    char *line = hy_asprintf("4:link 1 (udpu): dropped a datagram from %s (0 more before that)\n", why);
    has_exactly(&nodes[0].lines, line);
    ck_assert_str_eq(hy_buf_text(&nodes[0].received), "");
    ck_assert_uint_eq(stats_of(&nodes[0], 2).refused, 0);
    free(line);
    close(fd);
    hy_links_close(&nodes[0].links);
}

START_TEST(forged_and_foreign_datagrams_are_dropped)
{
    refused("127.0.1.2", NULL, 0, "the address of node 2: not a sealed datagram: it does not start with \"HYHB\"");
    refused("127.0.1.9", NULL, 0,
            "an address that is no peer's: not a sealed datagram: it does not start with \"HYHB\"");
    refused("127.0.1.2", other_key, 2,
            "the address of node 2: forged or damaged, or sealed with the key or the name of another cluster");
    refused("127.0.1.2", key, 3,
            "the address of node 2: it is sealed by node 3: the addresses of the two are mixed up");
    refused("127.0.1.2", key, 1,
            "the address of node 2: it is sealed by node 1, which is this one: another node has the same id, or it was "
            "sent back");
    refused("127.0.1.2", key, 9, "the address of node 2: it is sealed by node 9, which is no peer on this link");
}
END_TEST

static void keep_stranger(void *context, uint32_t from, const void *data, size_t size)
{
    struct node *node = context;
    hy_buf_addf(&node->received, "stranger %u %.*s\n", from, (int)size, (const char *)data);
}

START_TEST(a_stranger_with_the_key_is_told_of)
{
    prepare(&nodes[0], 1);
    nodes[0].options.stranger = keep_stranger;
    open_node(&nodes[0]);
    int fd = stranger("127.0.1.9");
    throw_sealed(fd, other_key, 9);
    throw_sealed(fd, key, 1);
    throw_sealed(fd, key, 9);
    throw_sealed(fd, key, 2);
    wait_text(&nodes[0].received, "2 1 x\n");
    ck_assert_str_eq(hy_buf_text(&nodes[0].received), "stranger 9 x\n2 1 x\n");
    ck_assert_uint_eq(stats_of(&nodes[0], 1).refused, 2);
    close(fd);
    hy_links_close(&nodes[0].links);
}
END_TEST

START_TEST(a_right_seal_is_enough_from_any_address)
{
    prepare(&nodes[0], 1);
    open_node(&nodes[0]);
    int fd = stranger("127.0.1.77");
    throw_sealed(fd, key, 2);
    wait_text(&nodes[0].received, "2 1 x\n");
    ck_assert_uint_eq(stats_of(&nodes[0], 1).refused, 0);
    close(fd);
}
END_TEST

START_TEST(what_a_transport_knows_is_handed_on)
{
    const char *why;
    for (uint32_t i = 0; i < 2; i++)
        prepare(&nodes[i], i + 1);
    open_node(&nodes[0]);
    ck_assert(hy_links_node_up(nodes[0].links, 2, 2, &why));
    ck_assert_str_eq(why, "");
    hy_links_send(nodes[0].links, 2, "x", 1);
    wait_text(&nodes[0].events, "1 2 0 connection refused\n");
    wait_text(&nodes[0].events, "2 2 0 connection refused\n");
    ck_assert(!hy_links_node_up(nodes[0].links, 2, 2, &why));
    ck_assert_str_eq(why, "connection refused");
    ck_assert(hy_links_node_up(nodes[0].links, 2, 3, &why));
    ck_assert(!hy_links_node_up(nodes[0].links, 2, 9, &why));
    ck_assert(!hy_links_node_up(nodes[0].links, 3, 2, &why));
    ck_assert_str_eq(why, "no such link or node");
    open_node(&nodes[1]);
    hy_links_send(nodes[1].links, 1, "back", 4);
    wait_text(&nodes[0].events, "1 2 1 heard again\n");
    wait_text(&nodes[0].events, "2 2 1 heard again\n");
    ck_assert(hy_links_node_up(nodes[0].links, 2, 2, &why));
}
END_TEST

START_TEST(peers_come_and_go)
{
    const char *addresses[NODES][LINKS] = {{"127.0.1.1", "127.0.2.1"}, {"127.0.1.2", "127.0.2.2"}, {"127.0.1.3", NULL}},
               *wrong[LINKS] = {"127.0.1.9", "x"};
    struct hy_err err = {{0}};
    for (uint32_t i = 0; i < NODES; i++) {
        prepare(&nodes[i], i + 1);
        nodes[i].configs[0].peer_count = nodes[i].configs[1].peer_count = 0;
        open_node(&nodes[i]);
        for (uint32_t j = 0; j < NODES; j++)
            if (i != j)
                ck_assert_msg(hy_links_peer_add(nodes[i].links, j + 1, NULL, addresses[j], &err) == 0, "%s", err.text);
    }
    ck_assert_int_eq(hy_links_send(nodes[0].links, HALYARD_ALL, "all", 3), 0);
    ck_assert_int_eq(hy_links_send(nodes[1].links, 3, "3", 1), 0);
    wait_text(&nodes[1].received, "1 1 all\n");
    wait_text(&nodes[1].received, "1 2 all\n");
    wait_text(&nodes[2].received, "1 1 all\n");
    wait_text(&nodes[2].received, "2 1 3\n");
    ck_assert_uint_eq(stats_of(&nodes[0], 1).wire.sent, 2);
    ck_assert_uint_eq(stats_of(&nodes[0], 2).wire.sent, 1);
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 3, NULL, addresses[2], &err), -EEXIST);
    ck_assert_str_eq(err.text, "link 1 (udpu): node 3 is a peer already");
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 1, NULL, addresses[0], &err), -EINVAL);
    /* What one link takes and another does not is on none. */
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 9, NULL, wrong, &err), -EINVAL);
    ck_assert_str_eq(err.text, "link 2 (udpu): node 9: 'x' is no numeric IPv4 or IPv6 address");
    ck_assert_int_eq(hy_links_send(nodes[0].links, 9, "x", 1), -ENOENT);
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 9), -ENOENT);
    /* In received(): the other datagrams of the same batch are a stranger's. */
    nodes[0].remove = 2;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hy_links_send(nodes[1].links, 1, "go", 2), 0);
    ck_assert_int_eq(hy_links_send(nodes[2].links, 1, "end", 3), 0);
    wait_text(&nodes[0].received, "3 1 end\n");
    ck_assert_ptr_nonnull(
        strstr(hy_buf_text(&nodes[0].lines), "it is sealed by node 2, which is no peer on this link"));
    const char *why;
    ck_assert(!hy_links_node_up(nodes[0].links, 1, 2, &why));
    ck_assert_int_eq(hy_links_send(nodes[0].links, 2, "x", 1), -ENOENT);
    /* In event(), from within a send to all. */
    hy_links_close(&nodes[1].links);
    hy_links_close(&nodes[2].links);
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 2, NULL, addresses[1], &err), 0);
    nodes[0].remove = 2;
    hy_links_send(nodes[0].links, 2, "x", 1);
    wait_text(&nodes[0].events, " 2 0 connection refused\n");
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 2), -ENOENT);
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 3), 0);
}
END_TEST

START_TEST(a_link_waits_for_its_address)
{
    prepare(&nodes[0], 1);
    nodes[0].settings[1][0].value = "10.11.12.1";
    nodes[0].peers[1][0].address = "10.11.12.2";
    nodes[0].peers[1][1].address = "10.11.12.3";
    open_node(&nodes[0]);
    has_exactly(&nodes[0].events, "2 0 0 no interface of this host has the address 10.11.12.1 (yet)\n");
    ck_assert(!stats_of(&nodes[0], 2).open && !stats_of(&nodes[0], 2).up);
    ck_assert_str_eq(stats_of(&nodes[0], 2).why, "no interface of this host has the address 10.11.12.1 (yet)");
    ck_assert_int_eq(hy_links_send(nodes[0].links, 2, "x", 1), 0); /* over link 1 */
    ck_assert_uint_eq(hy_links_max_size(nodes[0].links), 1200 - OVERHEAD);
    /* Peers that come meanwhile are on it when it opens. */
    const char *const addresses[LINKS] = {"127.0.1.3", "10.11.12.3"};
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 3), 0);
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 3, NULL, addresses, NULL), 0);
    for (hy_time end = hy_loop_now() + 2500 * HY_MS; hy_loop_now() < end;) /* two attempts: said once */
        zwait_turn(&waiter);
    has_exactly(&nodes[0].lines, "4:link 2 (udpu): no interface of this host has the address 10.11.12.1 (yet); trying "
                                 "again each second\n");
    ck_assert_str_eq(stats_of(&nodes[0], 2).why, "no interface of this host has the address 10.11.12.1 (yet)");
    if (own_network) {
        hy_buf_clear(&nodes[0].events);
        ck_assert_int_eq(system("ip address add 10.11.12.1/24 dev lo"), 0);
        wait_text(&nodes[0].events, "2 0 1 open now\n");
        has_exactly(&nodes[0].lines, "5:link 2 (udpu): open now\n");
        ck_assert(stats_of(&nodes[0], 2).open && stats_of(&nodes[0], 2).up);
        ck_assert_str_eq(stats_of(&nodes[0], 2).why, "");
        ck_assert_int_eq(system("ip address delete 10.11.12.1/24 dev lo"), 0);
        wait_text(&nodes[0].events, "2 0 0 lo has lost the address 10.11.12.1\n");
    }
}
END_TEST

START_TEST(no_link_open_is_an_error_to_send)
{
    prepare(&nodes[0], 1);
    nodes[0].options.link_count = 1;
    nodes[0].settings[0][0].value = "192.0.2.99";
    nodes[0].configs[0].peer_count = 0;
    open_node(&nodes[0]);
    ck_assert_int_eq(hy_links_send(nodes[0].links, HALYARD_ALL, "x", 1), -ENETDOWN);
}
END_TEST

/* ---- with the contrary one ---- */

START_TEST(watches_and_timers_serve)
{
    prepare_contrary(&nodes[0], "plain");
    open_node(&nodes[0]);
    wait_text(&nodes[0].lines, "4:link 1 (tp_contrary): ticked\n");
    wait_text(&nodes[0].events, "1 0 1 writable\n");
    /* It gives back what is sent: which is sealed by this node. */
    ck_assert_int_eq(hy_links_send(nodes[0].links, 2, "x", 1), 0);
    wait_text(&nodes[0].lines, "it is sealed by node 1, which is this one");
    ck_assert_uint_eq(stats_of(&nodes[0], 1).refused, 1);
    ck_assert_uint_eq(stats_of(&nodes[0], 1).wire.sent, 0); /* it keeps no numbers */
    has_exactly(&nodes[0].events, "1 0 1 writable\n");
}
END_TEST

START_TEST(failures_to_open_are_explained)
{
    prepare_contrary(&nodes[0], "silent failure");
    open_refused(&nodes[0], -EPROTO, "link 1 (tp_contrary): Protocol error");
    prepare_contrary(&nodes[0], "wordy failure");
    open_refused(&nodes[0], -EINVAL, "link 1 (tp_contrary): this is wrong; and that too");
    prepare_contrary(&nodes[0], "bad timer");
    open_refused(&nodes[0], -EINVAL, "link 1 (tp_contrary): a timer of 0 ms: it must be 1 or more");
    prepare_contrary(&nodes[0], "no peers");
    open_refused(&nodes[0], -EEXIST, "link 1 (tp_contrary): File exists");
}
END_TEST

START_TEST(watches_that_were_left_are_ended)
{
    int before = open_fds();
    for (int i = 0; i < 3; i++) {
        prepare_contrary(&nodes[0], "leave watches");
        open_node(&nodes[0]);
        hy_links_close(&nodes[0].links);
        for (int turn = 0; turn < 5; turn++)
            zwait_turn(&waiter);
        ck_assert_int_eq(open_fds(), before);
    }
}
END_TEST

START_TEST(a_link_may_be_down_from_the_start)
{
    prepare_contrary(&nodes[0], "down");
    open_node(&nodes[0]);
    ck_assert_str_eq(hy_buf_text(&nodes[0].events), "1 0 0 down from the start\n");
    ck_assert(stats_of(&nodes[0], 1).open && !stats_of(&nodes[0], 1).up);
}
END_TEST

START_TEST(an_event_in_send_may_send)
{
    prepare_contrary(&nodes[0], "event in send");
    open_node(&nodes[0]);
    nodes[0].answer_events_to = 3;
    ck_assert_int_eq(hy_links_send(nodes[0].links, 2, "x", 1), 0);
    has_exactly(&nodes[0].events, "1 2 0 said while sending\n1 3 0 said while sending\n");
    ck_assert_uint_eq(stats_of(&nodes[0], 1).sent, 2);
}
END_TEST

START_TEST(a_peer_that_is_refused_is_explained)
{
    const char *const addresses[LINKS] = {"anything", NULL};
    struct hy_err err = {{0}};
    prepare_contrary(&nodes[0], "no peers");
    nodes[0].configs[0].peer_count = 0;
    open_node(&nodes[0]);
    ck_assert_int_eq(hy_links_peer_add(nodes[0].links, 7, NULL, addresses, &err), -EEXIST);
    ck_assert_str_eq(err.text, "link 1 (tp_contrary): File exists");
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 7), -ENOENT);
}
END_TEST

START_TEST(a_file_has_the_name_of_its_transport)
{
    char folder[] = "/tmp/halyard-test-link-XXXXXX", text[256];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(text, sizeof text, "cp '%s/tp_contrary.so' '%s/renamed.so'", FOLDER, folder);
    ck_assert_int_eq(system(text), 0);
    prepare_contrary(&nodes[0], "plain");
    nodes[0].options.folder = folder;
    nodes[0].configs[0].transport = "renamed";
    snprintf(text, sizeof text,
             "link 1 (renamed): %s/renamed.so calls itself 'tp_contrary': its file would be right as tp_contrary.so",
             folder);
    open_refused(&nodes[0], -EBADMSG, text);
    snprintf(text, sizeof text, "%s/renamed.so", folder);
    ck_assert_int_eq(unlink(text), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* ---- what is measured ---- */

/* All that are open send to all, until the condition holds. */
struct exchange {
    bool (*done)(void);
    const char *what;
};

static void exchange_until(const struct exchange *exchange)
{
    hy_time end = hy_loop_now() + 20 * HY_SECOND;
    while (!exchange->done()) {
        ck_assert_msg(hy_loop_now() < end, "%s; lines:\n%s%s", exchange->what, hy_buf_text(&nodes[0].lines),
                      hy_buf_text(&nodes[1].lines));
        for (size_t i = 0; i < NODES; i++)
            if (nodes[i].links)
                hy_links_send(nodes[i].links, HALYARD_ALL, "x", 1);
        for (hy_time next = hy_loop_now() + 5 * HY_MS; hy_loop_now() < next;)
            zwait_turn(&waiter);
    }
}

static struct hy_link_peer_stats measured(const struct node *node, size_t link, uint32_t of)
{
    struct hy_link_peer_stats peer;
    for (size_t at = 0; hy_links_peer_stats(node->links, link, at, &peer); at++)
        if (peer.node == of)
            return peer;
    ck_abort_msg("link %zu has no node %u", link, of);
    return peer;
}

static enum hy_meter_state state_of(size_t node, size_t link, uint32_t of)
{
    return measured(&nodes[node], link, of).figures.state;
}

/* Nodes 1 and 2, and nobody else; what node 1 (or both) says over the second link goes astray. */
static void open_pair(bool first_astray, bool second_astray)
{
    for (uint32_t i = 0; i < 2; i++) {
        prepare(&nodes[i], i + 1);
        for (size_t l = 0; l < LINKS; l++) {
            nodes[i].configs[l].peer_count = 1; /* the first in the list is the other one */
            nodes[i].peers[l][0].name = i ? "alpha" : "beta";
            nodes[i].configs[l].limits = (struct hy_meter_limits){200 * HY_MS, 5};
        }
    }
    if (first_astray)
        nodes[0].peers[1][0].address = "127.0.2.77";
    if (second_astray)
        nodes[1].peers[1][0].address = "127.0.2.77";
    open_node(&nodes[0]);
    open_node(&nodes[1]);
}

/* As with a cable that is plugged in: from now on all reaches whom it is for. */
static void mend(size_t node)
{
    const char *const addresses[2][LINKS] = {{"127.0.1.2", "127.0.2.2"}, {"127.0.1.1", "127.0.2.1"}};
    uint32_t other = node ? 1 : 2;
    ck_assert_int_eq(hy_links_peer_remove(nodes[node].links, other), 0);
    ck_assert(measured(&nodes[node], 2, other).left); /* and kept */
    ck_assert_int_eq(hy_links_peer_add(nodes[node].links, other, node ? "alpha" : "beta", addresses[node], NULL), 0);
    ck_assert(!measured(&nodes[node], 2, other).left);
}

static bool all_up(void)
{
    return state_of(0, 1, 2) == HY_METER_UP && state_of(0, 2, 2) == HY_METER_UP && state_of(1, 1, 1) == HY_METER_UP &&
           state_of(1, 2, 1) == HY_METER_UP && measured(&nodes[0], 2, 2).figures.window == HY_METER_WINDOW;
}

START_TEST(links_are_measured)
{
    open_pair(false, false);
    exchange_until(&(struct exchange){all_up, "both links work"});
    for (size_t link = 1; link <= LINKS; link++) {
        struct hy_link_peer_stats peer = measured(&nodes[0], link, 2);
        ck_assert_str_eq(peer.name, "beta");
        ck_assert_uint_eq(peer.figures.lost, 0);
        ck_assert_uint_eq(peer.figures.loss_ppm, 0);
        ck_assert_uint_eq(peer.figures.loss_out_ppm, 0);
        ck_assert(peer.figures.hears_us && peer.figures.has_round_trip);
        ck_assert_int_gt(peer.figures.round_trip, 0);
        ck_assert_int_lt(peer.figures.round_trip, HY_SECOND);
        ck_assert_int_le(peer.figures.round_trip_least, peer.figures.round_trip_most);
    }
    ck_assert_str_eq(hy_buf_text(&nodes[0].lines), "");
}
END_TEST

static bool is_one_way(void)
{
    return state_of(0, 2, 2) == HY_METER_DEAF && state_of(1, 2, 1) == HY_METER_UNHEARD;
}

START_TEST(a_link_that_works_one_way_is_told)
{
    open_pair(false, true);
    exchange_until(&(struct exchange){is_one_way, "link 2 works one way"});
    ck_assert(state_of(0, 1, 2) == HY_METER_UP && state_of(1, 1, 1) == HY_METER_UP);
    ck_assert_str_eq(hy_buf_text(&nodes[0].lines),
                     "4:link 2 (udpu) to beta works one way: beta hears this node, and is "
                     "not heard; link 1 carries on\n");
    ck_assert_str_eq(hy_buf_text(&nodes[1].lines),
                     "4:link 2 (udpu) to alpha works one way: alpha is heard, and does not "
                     "hear this node; link 1 carries on\n");
    hy_buf_clear(&nodes[0].lines);
    mend(1);
    exchange_until(&(struct exchange){all_up, "both links work"});
    const char *line = hy_buf_text(&nodes[0].lines);
    static const char expected[] = "5:link 2 (udpu) to beta works again; it was one way: is not heard since ";
    ck_assert_msg(!strncmp(line, expected, strlen(expected)), "%s", line);
}
END_TEST

static bool second_is_down(void)
{
    return state_of(0, 2, 2) == HY_METER_DOWN && state_of(1, 2, 1) == HY_METER_DOWN;
}

START_TEST(a_link_that_dies_and_heals_is_told_once)
{
    open_pair(true, true);
    exchange_until(&(struct exchange){second_is_down, "link 2 is down"});
    has_exactly(&nodes[0].lines, "4:link 2 (udpu) to beta is down: nothing is heard; link 1 carries on\n");
    has_exactly(&nodes[1].lines, "4:link 2 (udpu) to alpha is down: nothing is heard; link 1 carries on\n");
    mend(0);
    mend(1);
    exchange_until(&(struct exchange){all_up, "both links work"});
    for (size_t i = 0; i < 2; i++) {
        const char *line = hy_buf_text(&nodes[i].lines);
        ck_assert_msg(strstr(line, " works again; it was down since ") && strchr(line, '\n')[1] == '\0', "%s", line);
    }
}
END_TEST

static bool first_knows_all_down(void)
{
    return state_of(0, 1, 2) == HY_METER_DOWN && state_of(0, 2, 2) == HY_METER_DOWN;
}

START_TEST(a_node_that_goes_leaves_its_figures)
{
    open_pair(false, false);
    exchange_until(&(struct exchange){all_up, "both links work"});
    hy_links_close(&nodes[1].links);
    exchange_until(&(struct exchange){first_knows_all_down, "both links are down"});
    const char *lines = hy_buf_text(&nodes[0].lines);
    ck_assert_msg(strstr(lines, "5:link 1 (udpu) to beta is down: nothing is heard since ") &&
                      strstr(lines, "5:link 2 (udpu) to beta is down: nothing is heard since ") &&
                      !strstr(lines, "carries on") && strstr(lines, " ms); no other link to it works\n"),
                  "%s", lines);
    ck_assert_int_eq(hy_links_peer_remove(nodes[0].links, 2), 0);
    struct hy_link_peer_stats peer = measured(&nodes[0], 2, 2);
    ck_assert(peer.left && peer.figures.received >= HY_METER_WINDOW && peer.figures.outages == 1);
}
END_TEST

START_TEST(headers_are_read_as_they_were_written)
{
    struct hy_link_header header;
    struct hy_buf content = {0};
    size_t size;
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_link_header_read("\1\1\1", 3, &header, &size, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "its link header is cut");
    struct hy_link_header full = {.link = 3, .mark = {7, 8, 9}, .report_count = HY_LINK_REPORTS_MAX};
    for (uint32_t i = 0; i < HY_LINK_REPORTS_MAX; i++)
        full.reports[i] = (struct hy_link_report){
            i + 1, 2, {.heard = i != 3, .sent = i == 3 ? 0 : i, .ago = i == 3 ? UINT32_MAX : i * 1000, .lost = 0}};
    hy_link_header_write(&full, &content);
    ck_assert_uint_eq(content.size, HY_LINK_HEADER_SIZE + HY_LINK_REPORTS_MAX * HY_LINK_REPORT_SIZE);
    ck_assert_int_eq(hy_link_header_read(content.data, content.size, &header, &size, &err), 0);
    ck_assert_uint_eq(size, content.size);
    ck_assert_uint_eq(header.mark.incarnation, 7);
    ck_assert(!header.reports[3].report.heard && header.reports[4].report.heard);
    ck_assert_int_eq(header.reports[7].report.ago, 7000);
    for (size_t cut = 0; cut < content.size; cut++)
        ck_assert_int_eq(hy_link_header_read(content.data, cut, &header, &size, &err), -EBADMSG);
    content.data[2] = HY_LINK_REPORTS_MAX + 1;
    ck_assert_int_eq(hy_link_header_read(content.data, content.size, &header, &size, &err), -EBADMSG);
    content.data[0] = 2;
    ck_assert_int_eq(hy_link_header_read(content.data, content.size, &header, &size, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "its link header is of version 2, this node speaks version 1");
    hy_buf_free(&content);
    /* The largest content of all still goes out: without any report. */
    static const char large[1400 - OVERHEAD];
    open_pair(false, false);
    ck_assert_int_eq(hy_links_send(nodes[0].links, HALYARD_ALL, large, sizeof large), 0);
}
END_TEST

START_TEST(links_in_another_order_are_told)
{
    open_pair(false, false);
    hy_links_close(&nodes[1].links);
    struct hy_link_config first = nodes[1].configs[0];
    nodes[1].configs[0] = nodes[1].configs[1];
    nodes[1].configs[1] = first;
    open_node(&nodes[1]);
    hy_links_send(nodes[1].links, HALYARD_ALL, "x", 1);
    wait_text(&nodes[0].lines,
              "4:link 1 (udpu): what comes from beta says that it goes over link 2, and is not measured: "
              "links must stand in the same order in the configuration of all nodes\n");
    wait_text(&nodes[0].received, "2 1 x\n"); /* and yet it is taken */
    ck_assert_uint_eq(measured(&nodes[0], 1, 2).figures.received, 0);
}
END_TEST

int main(void)
{
    own_network = netns_enter();
    Suite *suite = suite_create("link");
    TCase *tcase = tcase_create("link");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, everything_goes_over_every_link);
    tcase_add_test(tcase, wrong_configuration_is_explained);
    tcase_add_test(tcase, forged_and_foreign_datagrams_are_dropped);
    tcase_add_test(tcase, a_right_seal_is_enough_from_any_address);
    tcase_add_test(tcase, a_stranger_with_the_key_is_told_of);
    tcase_add_test(tcase, what_a_transport_knows_is_handed_on);
    tcase_add_test(tcase, peers_come_and_go);
    tcase_add_test(tcase, a_peer_that_is_refused_is_explained);
    tcase_add_test(tcase, a_link_waits_for_its_address);
    tcase_add_test(tcase, no_link_open_is_an_error_to_send);
    tcase_add_test(tcase, watches_and_timers_serve);
    tcase_add_test(tcase, failures_to_open_are_explained);
    tcase_add_test(tcase, watches_that_were_left_are_ended);
    tcase_add_test(tcase, a_link_may_be_down_from_the_start);
    tcase_add_test(tcase, an_event_in_send_may_send);
    tcase_add_test(tcase, a_file_has_the_name_of_its_transport);
    tcase_add_test(tcase, links_are_measured);
    tcase_add_test(tcase, a_link_that_works_one_way_is_told);
    tcase_add_test(tcase, a_link_that_dies_and_heals_is_told_once);
    tcase_add_test(tcase, a_node_that_goes_leaves_its_figures);
    tcase_add_test(tcase, headers_are_read_as_they_were_written);
    tcase_add_test(tcase, links_in_another_order_are_told);
    int status = run_suite(suite);
    if (status == EXIT_SUCCESS && !own_network) {
        fprintf(stderr, "not all was tested: no network namespace of our own, so no address could be added\n");
        return 77; /* automake: SKIP */
    }
    return status;
}
