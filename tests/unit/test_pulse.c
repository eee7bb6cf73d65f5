/* SPDX-License-Identifier: Apache-2.0 */
/* The half of a node's step that nothing may hold up: three of them, and all that the other half would say, by hand. */
#include "cluster/cluster.h"
#include "cluster/internal.h"
#include "lib/run.h"

#include <check.h>

#define HEARTBEAT (25 * HY_MS)
#define D (120 * HY_MS)
#define D_MAX (240 * HY_MS)
#define T0 (10 * HY_SECOND)

enum { NODES = 3 };

struct node {
    struct hy_pulse *pulse;
    struct hy_pulse_news news;
    size_t inside; /* the gate */
    size_t entered, sooner, told;
    hy_time lease;
    uint32_t since;
    bool main_hangs;
    bool cut; /* nothing goes out */
    size_t sent, wakes, news_count[HY_MEMBERSHIP_LATE + 1], heard;
    hy_time hung;
    hy_time late; /* its next step comes so late */
};

static struct node nodes[NODES];
static hy_time now;

static void enter(void *context)
{
    struct node *node = context;
    ck_assert_uint_eq(node->inside++, 0);
    node->entered++;
}

static void leave(void *context)
{
    struct node *node = context;
    ck_assert_uint_eq(--node->inside, 0);
}

static void tell_lease(void *context, hy_time at, uint32_t since)
{
    struct node *node = context;
    ck_assert_uint_eq(node->inside, 1);
    node->lease = at;
    node->since = since;
    node->told++;
}

static void sooner(void *context)
{
    struct node *node = context;
    ck_assert_uint_eq(node->inside, 1);
    node->sooner++;
}

static void feed(size_t at, enum hy_membership_event_type type, uint32_t about, bool in, uint32_t epoch)
{
    const struct hy_membership_event event = {
        .type = type, .node = about, .in = in, .epoch = epoch, .incarnation = 70 + about};
    ck_assert_int_eq(hy_pulse_feed(nodes[at].pulse, &event, now, NULL), 0);
}

static void take_news(struct node *node)
{
    if (!hy_pulse_take(node->pulse, &node->news))
        return;
    for (size_t i = 0; i < node->news.effects.list.count; i++)
        node->news_count[node->news.effects.list.items[i].type]++;
    node->heard += node->news.heard_count;
    node->hung = node->news.hung ? node->news.hung : node->hung;
    hy_membership_effects_clear(&node->news.effects);
}

static void step(size_t at, const struct hy_cluster_event *event);

static void send(size_t from, const struct hy_cluster_effect *effect)
{
    const struct hy_cluster_event event = {
        .type = HY_CLUSTER_HEARTBEAT, .from = (uint32_t)from + 1, .data = effect->data, .size = effect->size};
    nodes[from].sent++;
    for (size_t to = 0; to < NODES; to++)
        if (to != from && !nodes[from].cut && !nodes[to].late)
            step(to, &event);
}

static void step(size_t at, const struct hy_cluster_event *event)
{
    struct node *node = &nodes[at];
    struct hy_cluster_effects effects = {0};
    ck_assert_int_eq(hy_pulse_step(node->pulse, event, now, &effects, NULL), 0);
    if (hy_pulse_wakes(node->pulse)) {
        node->wakes++;
        ck_assert(!hy_pulse_wakes(node->pulse)); /* once is enough */
    }
    if (!node->main_hangs) {
        take_news(node);
        hy_pulse_alive(node->pulse, now);
    }
    for (size_t i = 0; i < effects.list.count; i++)
        send(at, &effects.list.items[i]);
    hy_cluster_effects_free(&effects);
}

static hy_time due(const struct node *node)
{
    hy_time at = hy_pulse_deadline(node->pulse);
    return at == HY_NEVER ? at : at + node->late;
}

static void run_for(hy_time time)
{
    static const struct hy_cluster_event tick = {.type = HY_CLUSTER_TICK};
    hy_time end = now + time;
    for (;;) {
        size_t first = 0;
        for (size_t i = 1; i < NODES; i++)
            first = due(&nodes[i]) < due(&nodes[first]) ? i : first;
        if (due(&nodes[first]) > end)
            break;
        now = due(&nodes[first]) > now ? due(&nodes[first]) : now;
        nodes[first].late = 0;
        step(first, &tick);
    }
    now = end;
}

static void set_up(void)
{
    memset(nodes, 0, sizeof nodes); /* without a process for each test */
    now = T0;
    for (uint32_t i = 0; i < NODES; i++) {
        struct hy_membership_options options = {.self = i + 1,
                                                .incarnation = 71 + i,
                                                .node_count = NODES,
                                                .heartbeat = HEARTBEAT,
                                                .dead_after = D,
                                                .dead_after_max = D_MAX,
                                                .release_margin = 30 * HY_MS,
                                                .rho_ppm = 1000};
        for (uint32_t n = 0; n < NODES; n++)
            options.nodes[n] = (struct hy_membership_peer){.id = n + 1, .voter = true};
        const struct hy_pulse_gate gate = {
            .enter = enter, .leave = leave, .lease = tell_lease, .sooner = sooner, .context = &nodes[i]};
        ck_assert_int_eq(hy_pulse_new(&options, &gate, now, &nodes[i].pulse, NULL), 0);
    }
    run_for(HY_SECOND);
    for (size_t i = 0; i < NODES; i++)
        for (uint32_t n = 1; n <= NODES; n++)
            feed(i, HY_MEMBERSHIP_COMMITTED, n, true, 1);
    run_for(HY_SECOND);
    for (size_t i = 0; i < NODES; i++)
        ck_assert(nodes[i].lease > now);
}

static void tear_down(void)
{
    for (size_t i = 0; i < NODES; i++) {
        hy_pulse_free(&nodes[i].pulse);
        hy_pulse_news_free(&nodes[i].news);
    }
}

static size_t suspicions(void)
{
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++)
        count += nodes[i].news_count[HY_MEMBERSHIP_SUSPECT];
    return count;
}

START_TEST(long_work_of_the_main_thread_costs_nobody_anything)
{
    hy_time patience = hy_pulse_patience(D_MAX);
    ck_assert_int_ge(patience, 4 * D_MAX);
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < NODES; i++)
            nodes[i].main_hangs = true;
        for (hy_time at = 0; at < patience * 7 / 10; at += HEARTBEAT) {
            run_for(HEARTBEAT);
            for (size_t i = 0; i < NODES; i++)
                ck_assert(nodes[i].lease > now);
        }
        for (size_t i = 0; i < NODES; i++)
            nodes[i].main_hangs = false;
        run_for(10 * HEARTBEAT); /* it is asked whether it is there, and says so */
    }
    ck_assert_uint_eq(suspicions(), 0);
    for (size_t i = 0; i < NODES; i++) {
        ck_assert_uint_eq(nodes[i].news_count[HY_MEMBERSHIP_LATE], 0);
        ck_assert_int_eq(nodes[i].hung, 0);
    }
}
END_TEST

START_TEST(one_that_hangs_falls_silent_until_it_is_back)
{
    nodes[0].main_hangs = true;
    hy_time began = now;
    run_for(hy_pulse_patience(D_MAX) - HEARTBEAT);
    ck_assert(nodes[0].lease > now);
    ck_assert_uint_eq(suspicions(), 0);
    run_for(2 * HEARTBEAT);
    size_t sent = nodes[0].sent;
    run_for(2 * D);
    ck_assert_uint_eq(nodes[0].sent, sent);
    ck_assert_int_eq(hy_pulse_deadline(nodes[0].pulse), HY_NEVER);
    ck_assert(nodes[0].lease <= now); /* nothing renews it, and the executor looks at the clock */
    ck_assert_uint_ge(nodes[1].news_count[HY_MEMBERSHIP_SUSPECT], 1);
    ck_assert_uint_ge(nodes[2].news_count[HY_MEMBERSHIP_SUSPECT], 1);
    ck_assert_uint_ge(nodes[1].news_count[HY_MEMBERSHIP_CONDEMN], 1);
    run_for(20 * HY_SECOND);
    ck_assert_uint_eq(nodes[0].sent, sent);
    size_t called = nodes[0].sooner;
    nodes[0].main_hangs = false;
    hy_pulse_alive(nodes[0].pulse, now);
    ck_assert_uint_eq(nodes[0].sooner, called + 1);
    ck_assert_int_le(hy_pulse_deadline(nodes[0].pulse), now);
    ck_assert(hy_pulse_wakes(nodes[0].pulse));
    run_for(HEARTBEAT);
    ck_assert_uint_gt(nodes[0].sent, sent);
    ck_assert_int_ge(nodes[0].hung, now - began - 2 * HEARTBEAT);
    ck_assert_int_le(nodes[0].hung, now - began);
    ck_assert_uint_eq(nodes[0].news_count[HY_MEMBERSHIP_LATE], 1); /* and gives the others the time that it was away */
    ck_assert_uint_eq(nodes[0].news_count[HY_MEMBERSHIP_SUSPECT], 0);
}
END_TEST

START_TEST(who_was_late_itself_does_not_accuse_the_main_thread)
{
    nodes[0].late = 30 * HY_SECOND; /* all of the process stood still */
    run_for(30 * HY_SECOND + 2 * HEARTBEAT);
    ck_assert_int_eq(nodes[0].hung, 0);
    ck_assert_uint_eq(nodes[0].news_count[HY_MEMBERSHIP_LATE], 1);
    size_t sent = nodes[0].sent;
    run_for(4 * HEARTBEAT);
    ck_assert_uint_gt(nodes[0].sent, sent);
}
END_TEST

START_TEST(a_verdict_ends_the_lease_before_it_is_acknowledged)
{
    nodes[1].cut = true;
    run_for(2 * D); /* by the promises of this node and of the third */
    ck_assert(nodes[0].lease > now);
    size_t told = nodes[0].told;
    feed(0, HY_MEMBERSHIP_LOGGED, 1, false, 2); /* it counts for itself no more */
    ck_assert_int_eq(nodes[0].lease, 0);
    ck_assert_uint_eq(nodes[0].told, told + 1);
    run_for(HY_SECOND); /* what the other goes on promising changes nothing */
    ck_assert_int_eq(nodes[0].lease, 0);
    ck_assert_uint_eq(nodes[0].told, told + 1);
    feed(0, HY_MEMBERSHIP_UNLOGGED, 1, false, 2);
    run_for(4 * HEARTBEAT);
    ck_assert(nodes[0].lease > now);
    ck_assert_uint_eq(nodes[0].since, 1);
}
END_TEST

START_TEST(an_admission_brings_a_lease_with_what_it_covers)
{
    for (size_t i = 0; i < NODES; i++) {
        feed(i, HY_MEMBERSHIP_COMMITTED, 1, false, 2);
        feed(i, HY_MEMBERSHIP_COMMITTED, 1, true, 3);
    }
    ck_assert_int_eq(nodes[0].lease, 0);
    run_for(4 * HEARTBEAT);
    ck_assert(nodes[0].lease > now);
    ck_assert_uint_eq(nodes[0].since, 3);
}
END_TEST

START_TEST(what_is_said_together_gives_no_lease_by_halves)
{
    struct hy_pulse *pulse = nodes[0].pulse;
    hy_pulse_begin(pulse);
    size_t entered = nodes[0].entered;
    feed(0, HY_MEMBERSHIP_RESTORED, 1, false, 2);
    ck_assert_int_eq(nodes[0].lease, 0); /* at once */
    size_t told = nodes[0].told;
    hy_pulse_begin(pulse);
    hy_pulse_set_rule(pulse, HY_PULSE_WAIVED);
    hy_pulse_end(pulse);
    ck_assert_uint_eq(nodes[0].told, told);
    ck_assert_int_eq(nodes[0].lease, 0);
    feed(0, HY_MEMBERSHIP_RESTORED, 1, true, 3);
    ck_assert(hy_pulse_quorum(pulse, now));
    ck_assert_uint_eq(nodes[0].entered, entered); /* all of it one visit */
    ck_assert_uint_eq(nodes[0].inside, 1);
    hy_pulse_end(pulse);
    ck_assert_uint_eq(nodes[0].inside, 0);
    ck_assert(nodes[0].lease == HY_NEVER);
    ck_assert_uint_eq(nodes[0].told, told + 1);
}
END_TEST

START_TEST(rules_of_the_state_stand_above_what_is_promised)
{
    hy_pulse_set_rule(nodes[0].pulse, HY_PULSE_REFUSED);
    ck_assert_int_eq(nodes[0].lease, 0);
    run_for(HY_SECOND);
    ck_assert_int_eq(nodes[0].lease, 0);
    ck_assert_int_eq(hy_pulse_lease_told(nodes[0].pulse), 0);
    ck_assert(hy_pulse_lease(nodes[0].pulse) > now);
    hy_pulse_set_rule(nodes[0].pulse, HY_PULSE_WAIVED);
    ck_assert(nodes[0].lease == HY_NEVER);
    hy_pulse_set_rule(nodes[0].pulse, HY_PULSE_COUNTS);
    ck_assert(nodes[0].lease > now && nodes[0].lease < now + D);
}
END_TEST

START_TEST(news_comes_in_order_whoever_has_seen_it)
{
    struct hy_pulse *pulse = nodes[0].pulse;
    nodes[0].main_hangs = true;
    nodes[1].cut = true;
    run_for(D + D_MAX); /* seen by the thread of heartbeats: 2 is silent, and condemned */
    feed(0, HY_MEMBERSHIP_LOGGED, 2, false, 2);
    feed(0, HY_MEMBERSHIP_COMMITTED, 2, false, 2);
    run_for(D_MAX + D_MAX / 10); /* it has let go, by the clock */
    struct hy_pulse_news news = {0};
    ck_assert(hy_pulse_take(pulse, &news));
    static const enum hy_membership_effect_type order[] = {HY_MEMBERSHIP_SUSPECT, HY_MEMBERSHIP_CONDEMN,
                                                           HY_MEMBERSHIP_RELEASED};
    size_t next = 0;
    for (size_t i = 0; i < news.effects.list.count && next < 3; i++) {
        ck_assert_int_ne(news.effects.list.items[i].type, HY_MEMBERSHIP_SEND);
        next += news.effects.list.items[i].type == order[next];
    }
    ck_assert_uint_eq(next, 3);
    ck_assert(!hy_pulse_take(pulse, &news)); /* once */
    ck_assert_uint_eq(news.effects.list.count + news.heard_count, 0);
    hy_pulse_news_free(&news);
}
END_TEST

START_TEST(nothing_is_sent_by_what_the_main_thread_says)
{
    size_t sent = nodes[0].sent, called = nodes[0].sooner;
    feed(0, HY_MEMBERSHIP_COMMITTED, 3, true, 2); /* the others are to hear of it at once */
    ck_assert_uint_eq(nodes[0].sent, sent);
    ck_assert_uint_eq(nodes[0].sooner, called + 1);
    ck_assert_int_eq(hy_pulse_deadline(nodes[0].pulse), now);
    run_for(0);
    ck_assert_uint_eq(nodes[0].sent, sent + 1);
}
END_TEST

START_TEST(the_main_thread_sleeps_while_nothing_happens)
{
    for (size_t i = 0; i < NODES; i++)
        nodes[i].wakes = 0;
    run_for(10 * HY_SECOND);
    /* Each of two senders is told of five times a second; heartbeats and renewals, 120 times a second, are not. */
    for (size_t i = 0; i < NODES; i++) {
        ck_assert_uint_le(nodes[i].wakes, 2 * 5 * 10 + 10);
        ck_assert_uint_ge(nodes[i].wakes, 2);
    }
}
END_TEST

START_TEST(a_clock_read_before_the_gate_does_no_harm)
{
    struct hy_membership_view before, after;
    ck_assert(hy_pulse_view(nodes[0].pulse, 2, now, &before));
    ck_assert(hy_pulse_view(nodes[0].pulse, 2, now - 30 * HY_SECOND, &after));
    ck_assert(after.heard && after.heard == before.heard && after.last_heard == before.last_heard);
    nodes[1].cut = true;
    run_for(2 * D);
    ck_assert(hy_pulse_view(nodes[0].pulse, 2, now - 30 * HY_SECOND, &after));
    ck_assert(!after.heard);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pulse");
    TCase *tcase = tcase_create("pulse");
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, long_work_of_the_main_thread_costs_nobody_anything);
    tcase_add_test(tcase, one_that_hangs_falls_silent_until_it_is_back);
    tcase_add_test(tcase, who_was_late_itself_does_not_accuse_the_main_thread);
    tcase_add_test(tcase, a_verdict_ends_the_lease_before_it_is_acknowledged);
    tcase_add_test(tcase, an_admission_brings_a_lease_with_what_it_covers);
    tcase_add_test(tcase, what_is_said_together_gives_no_lease_by_halves);
    tcase_add_test(tcase, rules_of_the_state_stand_above_what_is_promised);
    tcase_add_test(tcase, news_comes_in_order_whoever_has_seen_it);
    tcase_add_test(tcase, nothing_is_sent_by_what_the_main_thread_says);
    tcase_add_test(tcase, the_main_thread_sleeps_while_nothing_happens);
    tcase_add_test(tcase, a_clock_read_before_the_gate_does_no_harm);
    return run_suite(suite);
}
