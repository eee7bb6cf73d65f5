/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread of heartbeats, with the real udpu.so: three of them, on 127.0.3.1 to 127.0.3.3. This program is the main
 * thread of each, and does what that may not do: nothing, for long.
 */
#include "base/alloc.h"
#include "cluster/internal.h"
#include "lib/netns.h"
#include "lib/run.h"
#include "pulse/lines.h"
#include "pulse/thread.h"

#include <check.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define FOLDER HY_BUILDDIR "/.libs"
#define HEARTBEAT (50 * HY_MS)
#define D (2 * HY_SECOND) /* of a busy machine */

enum { NODES = 3 };

static const hy_time patience = 60 * HY_SECOND; /* of the test; a measure of nothing */

struct node {
    uint32_t id;
    struct hy_pulse_thread *thread;
    struct hy_pulse *pulse;
    struct hy_pulse_news news;
    atomic_int inside; /* lease() */
    _Atomic hy_time lease;
    size_t news_count[HY_MEMBERSHIP_LATE + 1];
    hy_time hung;
    bool away; /* its main thread does nothing */
    struct hy_buf lines;
    struct hy_log log;
};

static struct node nodes[NODES];
static struct hy_seal seal;
static char port[8];
static char addresses[NODES][16];

static void keep_line(void *context, enum hy_log_level level, const char *line)
{
    hy_buf_addf(context, "%d:%s\n", (int)level, line);
}

static void tell_lease(void *context, hy_time at, uint32_t since)
{
    struct node *node = context;
    (void)since;
    ck_assert_int_eq(atomic_fetch_add(&node->inside, 1), 0); /* else an older one might come behind a newer one */
    atomic_store(&node->lease, at);
    atomic_fetch_sub(&node->inside, 1);
}

static void feed(struct node *node, enum hy_membership_event_type type, uint32_t about, bool in, uint32_t epoch)
{
    const struct hy_membership_event event = {
        .type = type, .node = about, .in = in, .epoch = epoch, .incarnation = 70 + about};
    ck_assert_int_eq(hy_pulse_feed(node->pulse, &event, hy_loop_now(), NULL), 0);
}

static void open_pulse(struct node *node)
{
    struct hy_membership_options options = {.self = node->id,
                                            .incarnation = 70 + node->id,
                                            .node_count = NODES,
                                            .heartbeat = HEARTBEAT,
                                            .dead_after = D,
                                            .dead_after_max = D,
                                            .release_margin = HEARTBEAT,
                                            .gather = HEARTBEAT / 2,
                                            .rho_ppm = 1000};
    for (uint32_t n = 0; n < NODES; n++)
        options.nodes[n] = (struct hy_membership_peer){.id = n + 1, .voter = true};
    const struct hy_pulse_gate gate = hy_pulse_thread_gate(node->thread);
    ck_assert_int_eq(hy_pulse_new(&options, &gate, hy_loop_now(), &node->pulse, NULL), 0);
}

static void open_links(struct node *node)
{
    const struct hy_link_setting settings[] = {{"address", addresses[node->id - 1]}, {"port", port}};
    const struct hy_link_config link = {
        .transport = "udpu", .settings = settings, .setting_count = 2, .limits = {.dead_after = 2 * D, .lossy = 50}};
    const struct hy_links_options options = {.self = node->id,
                                             .incarnation = 70 + node->id,
                                             .links = &link,
                                             .link_count = 1,
                                             .folder = FOLDER,
                                             .trust_any_owner = true,
                                             .seal = &seal};
    struct hy_err err = {{0}};
    ck_assert_msg(!hy_pulse_thread_open(node->thread, node->pulse, &options, &err), "%s", err.text);
}

static void add_peer(struct node *node, uint32_t id)
{
    struct hy_err err = {{0}};
    const char *const on[] = {addresses[id - 1]};
    ck_assert_msg(!hy_pulse_thread_peer_add(node->thread, id, NULL, on, &err), "%s", err.text);
}

static void set_up(void)
{
    static const uint8_t key[HY_KEY_SIZE] = {5};
    struct hy_err err = {{0}};
    ck_assert_int_eq(hy_seal_init(&seal, key, "test", &err), 0);
    snprintf(port, sizeof port, "%u", netns_free_port(SOCK_DGRAM));
    for (uint32_t i = 0; i < NODES; i++)
        snprintf(addresses[i], sizeof addresses[i], "127.0.3.%u", i + 1);
    for (uint32_t i = 0; i < NODES; i++) {
        struct node *node = &nodes[i];
        node->id = i + 1;
        node->log = (struct hy_log){keep_line, &node->lines, HY_LOG_NOTICE};
        ck_assert_msg(!hy_pulse_thread_new(tell_lease, node, &node->log, &node->thread, &err), "%s", err.text);
        open_pulse(node);
        open_links(node);
        for (uint32_t n = 1; n <= NODES; n++)
            if (n != node->id)
                add_peer(node, n);
        ck_assert_msg(!hy_pulse_thread_start(node->thread, &err), "%s", err.text);
    }
}

static void tear_down(void)
{
    for (size_t i = 0; i < NODES; i++) {
        hy_pulse_thread_close(nodes[i].thread);
        hy_pulse_free(&nodes[i].pulse);
        hy_pulse_thread_free(&nodes[i].thread);
        hy_pulse_news_free(&nodes[i].news);
        hy_buf_free(&nodes[i].lines);
    }
}

/* What a main thread does when it is woken. */
static void attend(struct node *node)
{
    ck_assert_int_eq(hy_pulse_thread_attend(node->thread), 0);
    if (hy_pulse_take(node->pulse, &node->news)) {
        for (size_t i = 0; i < node->news.effects.list.count; i++)
            node->news_count[node->news.effects.list.items[i].type]++;
        node->hung = node->news.hung ? node->news.hung : node->hung;
        hy_membership_effects_clear(&node->news.effects);
    }
    hy_pulse_alive(node->pulse, hy_loop_now());
}

static void turn(void)
{
    struct pollfd fds[NODES];
    for (size_t i = 0; i < NODES; i++)
        fds[i] = (struct pollfd){.fd = nodes[i].away ? -1 : hy_pulse_thread_fd(nodes[i].thread), .events = POLLIN};
    poll(fds, NODES, 5);
    for (size_t i = 0; i < NODES; i++)
        if (fds[i].revents)
            attend(&nodes[i]);
}

static void turn_until(bool (*condition)(void), const char *what)
{
    hy_time end = hy_loop_now() + patience;
    while (!condition()) {
        ck_assert_msg(hy_loop_now() < end, "waited in vain until %s", what);
        turn();
    }
}

static bool all_hear_all(void)
{
    for (size_t i = 0; i < NODES; i++)
        for (uint32_t n = 1; n <= NODES; n++) {
            struct hy_membership_view view;
            if (!hy_pulse_view(nodes[i].pulse, n, hy_loop_now(), &view) || !view.heard || !view.hears_us)
                return false;
        }
    return true;
}

static bool all_have_a_lease(void)
{
    for (size_t i = 0; i < NODES; i++)
        if (atomic_load(&nodes[i].lease) <= hy_loop_now())
            return false;
    return true;
}

static void begin(void)
{
    turn_until(all_hear_all, "all hear all");
    for (size_t i = 0; i < NODES; i++)
        for (uint32_t n = 1; n <= NODES; n++)
            feed(&nodes[i], HY_MEMBERSHIP_COMMITTED, n, true, 1);
    turn_until(all_have_a_lease, "all have a lease");
}

static uint64_t received_from_first(void)
{
    struct hy_links_copy copy = {0};
    uint64_t received = 0;
    hy_pulse_thread_links(nodes[1].thread, &copy);
    for (size_t i = 0; i < copy.list.items[0].peers.count; i++)
        if (copy.list.items[0].peers.items[i].node == 1)
            received = copy.list.items[0].peers.items[i].figures.received;
    hy_links_copy_free(&copy);
    return received;
}

static uint64_t received_before;

static bool twenty_more(void)
{
    return received_from_first() >= received_before + 20;
}

START_TEST(heartbeats_go_on_while_the_main_thread_is_busy)
{
    begin();
    nodes[0].away = true;
    received_before = received_from_first();
    turn_until(twenty_more, "twenty more heartbeats have come of a node whose main thread does nothing");
    ck_assert(all_have_a_lease());
    nodes[0].away = false;
}
END_TEST

static bool first_is_suspected(void)
{
    return nodes[1].news_count[HY_MEMBERSHIP_SUSPECT] && nodes[2].news_count[HY_MEMBERSHIP_SUSPECT];
}

static bool first_was_hung(void)
{
    return nodes[0].hung;
}

START_TEST(one_that_hangs_is_found_by_the_others)
{
    begin();
    nodes[0].away = true;
    turn_until(first_is_suspected, "the others turn on a node whose main thread hangs");
    ck_assert_int_le(atomic_load(&nodes[0].lease), hy_loop_now());
    nodes[0].away = false;
    attend(&nodes[0]);
    turn_until(first_was_hung, "it says that it was held up");
    ck_assert_int_gt(nodes[0].hung, hy_pulse_patience(D));
    received_before = received_from_first();
    turn_until(twenty_more, "it is heard again");
}
END_TEST

/* Under the thread sanitizer this is where it would find something. */
START_TEST(both_threads_at_once)
{
    begin();
    hy_time end = hy_loop_now() + HY_SECOND;
    uint32_t epoch = 1;
    while (hy_loop_now() < end) {
        for (size_t i = 0; i < NODES; i++) {
            struct node *node = &nodes[i];
            struct hy_membership_view view;
            struct hy_links_copy copy = {0};
            feed(node, HY_MEMBERSHIP_LOGGED, node->id, false, epoch + 1);
            feed(node, HY_MEMBERSHIP_UNLOGGED, node->id, false, epoch + 1);
            ck_assert(hy_pulse_view(node->pulse, 1, hy_loop_now(), &view));
            hy_pulse_quorum(node->pulse, hy_loop_now());
            hy_pulse_set_rule(node->pulse, HY_PULSE_REFUSED);
            ck_assert_int_eq(atomic_load(&node->lease), 0); /* at once, whatever the other thread is at */
            hy_pulse_set_rule(node->pulse, HY_PULSE_COUNTS);
            hy_pulse_thread_links(node->thread, &copy);
            ck_assert_uint_eq(copy.list.count, 1);
            hy_links_copy_free(&copy);
            uint32_t other = node->id % NODES + 1;
            ck_assert_int_eq(hy_pulse_thread_peer_remove(node->thread, other), 0);
            add_peer(node, other);
            attend(node);
        }
    }
    turn_until(all_hear_all, "all hear all again");
    turn_until(all_have_a_lease, "all have a lease again");
}
END_TEST

START_TEST(it_ends_while_much_is_under_way)
{
    begin();
    for (size_t i = 0; i < NODES; i++) {
        hy_pulse_thread_stop(nodes[i].thread);
        hy_pulse_thread_stop(nodes[i].thread); /* twice does no harm */
    }
    feed(&nodes[0], HY_MEMBERSHIP_LOGGED, 2, false, 2);
    ck_assert_int_eq(hy_pulse_thread_peer_remove(nodes[0].thread, 2), 0);
}
END_TEST

static void count_call(void *context)
{
    ++*(size_t *)context;
}

START_TEST(lines_are_kept_in_order_and_not_without_end)
{
    struct hy_buf out = {0};
    const struct hy_log log = {keep_line, &out, HY_LOG_NOTICE};
    size_t calls = 0;
    struct hy_lines *lines = hy_lines_new(&log, count_call, &calls);
    hy_notice(hy_lines_log(lines), "one %d", 1);
    hy_debug(hy_lines_log(lines), "too fine");
    hy_error(hy_lines_log(lines), "two");
    ck_assert_uint_eq(out.size, 0);
    ck_assert_uint_eq(calls, 2);
    hy_lines_flush(lines);
    ck_assert_str_eq(hy_buf_text(&out), "5:one 1\n3:two\n");
    hy_buf_clear(&out);
    for (size_t i = 0; i < 1005; i++)
        hy_notice(hy_lines_log(lines), "x");
    hy_lines_flush(lines);
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&out), "4:5 more lines of the links were left out\n"));
    hy_buf_clear(&out);
    hy_notice(hy_lines_log(lines), "last");
    hy_lines_free(&lines);
    ck_assert_str_eq(hy_buf_text(&out), "5:last\n");
    hy_buf_free(&out);
}
END_TEST

int main(void)
{
    netns_enter();
    Suite *suite = suite_create("pulse thread");
    TCase *tcase = tcase_create("thread");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 180);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, heartbeats_go_on_while_the_main_thread_is_busy);
    tcase_add_test(tcase, one_that_hangs_is_found_by_the_others);
    tcase_add_test(tcase, both_threads_at_once);
    tcase_add_test(tcase, it_ends_while_much_is_under_way);
    TCase *log = tcase_create("lines");
    suite_add_tcase(suite, log);
    tcase_add_test(log, lines_are_kept_in_order_and_not_without_end);
    return run_suite(suite);
}
