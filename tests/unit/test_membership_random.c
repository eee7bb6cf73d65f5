/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Safety and liveness under random faults, many seeds. HY_LEASE_SEEDS=N runs N seeds instead of the usual number, HY_LEASE_SEED=S
 * starts with S (a failure names its seed).
 */
#include "lib/lease_cluster.h"
#include "lib/run.h"

#include <inttypes.h>
#include <stdlib.h>

static uint64_t number_from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static const struct lease_options LAN = {.nodes = 3,
                                         .voters = 3,
                                         .heartbeat = 25 * HY_MS,
                                         .gather = 12 * HY_MS,
                                         .dead_after = 120 * HY_MS,
                                         .dead_after_max = 200 * HY_MS,
                                         .commit_wait = 500 * HY_MS,
                                         .release_margin = 5 * HY_MS,
                                         .delay_min = 100,
                                         .delay_max = 2 * HY_MS,
                                         .rate_ppm = 1000};

static struct lease_cluster *random_cluster(uint64_t seed)
{
    struct lease_cluster dice = {.random = seed ^ UINT64_C(0x5eed)};
    struct lease_options options = LAN;
    static const size_t SIZES[][2] = {{3, 3}, {5, 5}, {3, 3}, {4, 3}, {2, 2}, {4, 4}, {1, 1}, {5, 4}, {7, 7}, {3, 1}};
    size_t size = lease_random(&dice, sizeof SIZES / sizeof SIZES[0]);
    options.nodes = SIZES[size][0];
    options.voters = SIZES[size][1];
    options.seed = seed;
    options.gather = seed % 2 ? options.heartbeat / 2 : 0;
    options.dead_after_max = options.dead_after + (hy_time)lease_random(&dice, 150 * HY_MS);
    options.commit_wait = (hy_time)lease_random(&dice, 800) * HY_MS + 1;
    options.release_margin = (hy_time)lease_random(&dice, 20 * HY_MS);
    options.delay_max = options.delay_min + (hy_time)lease_random(&dice, lease_random(&dice, 2) ? 60 * HY_MS : HY_MS);
    options.loss = (unsigned)lease_random(&dice, lease_random(&dice, 2) ? 300 : 10);
    options.twice = (unsigned)lease_random(&dice, 100);
    options.log_delay =
        (hy_time)(lease_random(&dice, 3) ? 0 : lease_random(&dice, lease_random(&dice, 2) ? 200 : 1500)) * HY_MS;
    options.late = (unsigned)lease_random(&dice, 100);
    options.adapts = seed % 3 != 0 && options.dead_after_max > options.dead_after;
    options.calm = HY_SECOND;
    return lease_cluster_new(&options, NULL);
}

static uint32_t any_node(struct lease_cluster *cluster)
{
    return 1 + (uint32_t)lease_random(cluster, cluster->options.nodes);
}

static void cut_some(struct lease_cluster *cluster)
{
    uint32_t id = any_node(cluster);
    uint64_t how = lease_random(cluster, 4);
    if (lease_random(cluster, 2)) {
        uint32_t other = any_node(cluster);
        for (uint32_t from = 1; from <= cluster->options.nodes; from++)
            cluster->cut_log[from][id] = from == other || how < 2;
        return;
    }
    for (uint32_t other = 1; other <= cluster->options.nodes; other++) {
        if (other == id || (how == 3 && lease_random(cluster, 2)))
            continue;
        if (how != 1)
            lease_cluster_cut(cluster, id, other, true);
        if (how != 2)
            lease_cluster_cut(cluster, other, id, true);
    }
}

static void uncut(struct lease_cluster *cluster)
{
    memset(cluster->cut, 0, sizeof cluster->cut);
    if (lease_random(cluster, 2))
        memset(cluster->cut_log, 0, sizeof cluster->cut_log);
}

/* A verdict nobody has a reason for, and a leader nobody waited for: both are allowed, and must be safe. */
static void meddle(struct lease_cluster *cluster)
{
    uint32_t leader = lease_log_leader(cluster);
    uint32_t id = 1 + (uint32_t)lease_random(cluster, cluster->options.voters);
    if (leader != 0 && lease_random(cluster, 2)) {
        if (cluster->nodes[leader].membership && cluster->nodes[leader].frozen_until <= cluster->now)
            lease_log_propose(cluster, leader, any_node(cluster), false);
    } else if (cluster->nodes[id].membership && cluster->nodes[id].frozen_until <= cluster->now) {
        lease_log_campaign(cluster, id);
    }
}

static void one_fault(struct lease_cluster *cluster)
{
    uint32_t id = any_node(cluster);
    switch (lease_random(cluster, 12)) {
    case 0:
    case 1:
        lease_cluster_freeze(cluster, id, (hy_time)lease_random(cluster, 400) * HY_MS);
        break;
    case 2:
        lease_cluster_freeze(cluster, id, (hy_time)lease_random(cluster, 3000) * HY_MS);
        break;
    case 3:
    case 4:
        if (cluster->nodes[id].frozen_until <= cluster->now) {
            lease_cluster_stop(cluster, id);
            if (lease_random(cluster, 2))
                lease_cluster_start(cluster, id);
        }
        break;
    case 5:
        if (lease_random(cluster, 2))
            lease_cluster_reboot(cluster, id);
        break;
    case 6:
        for (uint32_t i = 1; i <= cluster->options.nodes; i++)
            lease_cluster_start(cluster, i);
        break;
    case 7:
        cut_some(cluster);
        break;
    case 8:
    case 9:
        uncut(cluster);
        break;
    case 10:
        lease_cluster_change_rate(cluster, id, (int64_t)lease_random(cluster, 2001) - 1000);
        break;
    default:
        meddle(cluster);
        break;
    }
    id = any_node(cluster);
    if (lease_random(cluster, 30) == 0 && cluster->nodes[id].membership &&
        cluster->nodes[id].frozen_until <= cluster->now)
        lease_cluster_link_down(cluster, id);
}

/* dead_after moves at any time and on each node apart, as it does where one lags behind the log; and a node is told that it was
 * held up, which may be so or not. */
static void unsettle(struct lease_cluster *cluster)
{
    const struct lease_options *o = &cluster->options;
    uint32_t id = any_node(cluster);
    const struct lease_node *node = &cluster->nodes[id];
    if (!o->adapts || !node->membership || node->frozen_until > cluster->now)
        return;
    if (lease_random(cluster, 8) == 0)
        lease_cluster_held_up(cluster, id, (hy_time)lease_random(cluster, 300) * HY_MS,
                              (hy_time)lease_random(cluster, 300) * HY_MS);
    else if (lease_random(cluster, 4) == 0)
        lease_cluster_agree(cluster);
    else
        lease_cluster_settings(
            cluster, id, o->dead_after + (hy_time)lease_random(cluster, (uint64_t)(o->dead_after_max - o->dead_after)));
}

/* The set of voters changes, too; a node without a vote is like any other. */
static void change_voters(struct lease_cluster *cluster)
{
    uint32_t leader = lease_log_leader(cluster);
    if (leader != 0 && cluster->nodes[leader].membership && cluster->nodes[leader].frozen_until <= cluster->now)
        lease_log_change(cluster, leader, any_node(cluster));
}

static void expect_no_violation(const struct lease_cluster *cluster)
{
    if (cluster->violation.size > 0)
        ck_abort_msg("seed %" PRIu64 ", %zu nodes: %s", cluster->options.seed, cluster->options.nodes,
                     hy_buf_text(&cluster->violation));
}

static void thaw_all(struct lease_cluster *cluster)
{
    lease_cluster_run(cluster, cluster->now + 4 * HY_SECOND); /* longer than any freeze */
}

/* After the last fault: an election, perhaps a verdict, H, an admission; then all have a lease. */
static void expect_leases(struct lease_cluster *cluster)
{
    const struct lease_options *o = &cluster->options;
    lease_cluster_heal(cluster);
    cluster->options.delay_max = 2 * HY_MS;
    hy_time bound = cluster->now + 2 * HY_SECOND + 3 * (2 * o->dead_after_max + o->commit_wait);
    lease_cluster_run(cluster, bound);
    for (uint32_t id = 1; id <= o->nodes; id++) {
        if (!lease_cluster_has_lease(cluster, id))
            ck_abort_msg("seed %" PRIu64 ": node %u of %zu has no lease, long after all faults ended", o->seed, id,
                         o->nodes);
    }
}

struct totals {
    size_t sets, violations, releases, fast_releases, leases_lost, truncations, condemns, wishes, doubts;
};

static void add_totals(struct totals *totals, const struct lease_cluster *cluster)
{
    totals->sets += cluster->sets;
    totals->violations += cluster->violation.size > 0;
    totals->releases += cluster->releases;
    totals->fast_releases += cluster->fast_releases;
    totals->leases_lost += cluster->leases_lost;
    totals->truncations += cluster->truncations;
    totals->condemns += cluster->condemns;
    totals->wishes += cluster->wishes;
    totals->doubts += cluster->doubts;
}

static void run_seed(uint64_t seed, struct totals *totals)
{
    struct lease_cluster *cluster = random_cluster(seed);
    for (uint32_t id = 1; id <= cluster->options.nodes; id++)
        lease_cluster_start(cluster, id);
    lease_cluster_run(cluster, HY_SECOND);
    hy_time pause = (hy_time)(20 + lease_random(cluster, 600)) * HY_MS;
    for (int i = 0; i < 60; i++) {
        lease_cluster_run(cluster, cluster->now + (hy_time)lease_random(cluster, (uint64_t)pause));
        for (uint64_t n = lease_random(cluster, 4); n > 0; n--) {
            unsettle(cluster);
            lease_cluster_run(cluster, cluster->now + (hy_time)lease_random(cluster, 60 * HY_MS));
        }
        one_fault(cluster);
        expect_no_violation(cluster);
    }
    thaw_all(cluster);
    expect_leases(cluster);
    expect_no_violation(cluster);
    add_totals(totals, cluster);
    lease_cluster_free(&cluster);
}

START_TEST(no_lease_is_left_where_others_may_act)
{
    struct totals totals = {0};
    uint64_t first = number_from_env("HY_LEASE_SEED", 1);
    uint64_t count = number_from_env("HY_LEASE_SEEDS", 400);
    for (uint64_t seed = first; seed < first + count; seed++)
        run_seed(seed, &totals);
    if (count < 400)
        return; /* a single seed run by hand need not show everything */
    ck_assert_uint_gt(totals.releases, count);
    ck_assert_uint_gt(totals.fast_releases, count / 4);
    ck_assert_uint_gt(totals.condemns, count);
    ck_assert_uint_gt(totals.leases_lost, count);
    ck_assert_uint_gt(totals.truncations, 0);
    ck_assert_uint_gt(totals.wishes, count);
    ck_assert_uint_gt(totals.doubts, 0);
}
END_TEST

/* Voters come and go all the time, most often when something else has just happened. */
static void run_changing_seed(uint64_t seed, bool careless, struct totals *totals)
{
    struct lease_cluster *cluster = random_cluster(seed);
    cluster->options.careless = careless;
    for (uint32_t id = 1; id <= cluster->options.nodes; id++)
        lease_cluster_start(cluster, id);
    lease_cluster_run(cluster, HY_SECOND);
    hy_time pause = (hy_time)(20 + lease_random(cluster, 600)) * HY_MS;
    for (int i = 0; i < 80 && !cluster->violation.size; i++) {
        for (uint64_t n = lease_random(cluster, 4); n > 0; n--) {
            change_voters(cluster);
            lease_cluster_run(cluster, cluster->now + (hy_time)lease_random(cluster, 80 * HY_MS));
        }
        lease_cluster_run(cluster, cluster->now + (hy_time)lease_random(cluster, (uint64_t)pause));
        for (uint64_t n = lease_random(cluster, 4); n > 0; n--) {
            unsettle(cluster);
            lease_cluster_run(cluster, cluster->now + (hy_time)lease_random(cluster, 60 * HY_MS));
        }
        one_fault(cluster);
        if (!careless)
            expect_no_violation(cluster);
    }
    if (!careless) {
        thaw_all(cluster);
        expect_leases(cluster);
        expect_no_violation(cluster);
    }
    add_totals(totals, cluster);
    lease_cluster_free(&cluster);
}

START_TEST(leases_stay_safe_while_the_voters_change)
{
    struct totals totals = {0};
    uint64_t first = number_from_env("HY_LEASE_SEED", 1);
    uint64_t count = number_from_env("HY_LEASE_SEEDS", 400);
    for (uint64_t seed = first; seed < first + count; seed++)
        run_changing_seed(seed, false, &totals);
    if (count < 400)
        return;
    ck_assert_uint_gt(totals.sets, 5 * count);
    ck_assert_uint_gt(totals.releases, count);
    ck_assert_uint_gt(totals.fast_releases, count / 4);
    ck_assert_uint_gt(totals.condemns, count);
}
END_TEST

/* The same, where nobody is waited for: if nothing went wrong then, the test above would prove nothing. */
START_TEST(to_wait_for_everybody_is_what_makes_it_safe)
{
    struct totals totals = {0};
    for (uint64_t seed = 1; seed <= 4000 && !totals.violations; seed++)
        run_changing_seed(seed, true, &totals);
    ck_assert_uint_gt(totals.violations, 0);
}
END_TEST

static void run_jitter(uint64_t seed, hy_time jitter, bool lease_too)
{
    struct lease_options options = LAN;
    options.seed = seed;
    options.nodes = options.voters = seed % 2 ? 3 : 5;
    options.delay_max = jitter;
    struct lease_cluster *cluster = lease_cluster_new(&options, NULL);
    for (uint32_t id = 1; id <= options.nodes; id++)
        lease_cluster_start(cluster, id);
    lease_cluster_run(cluster, 60 * HY_SECOND);
    ck_assert_uint_eq(cluster->suspects, 0);
    ck_assert_uint_gt(cluster->heartbeats, 0);
    expect_no_violation(cluster);
    for (uint32_t id = 1; lease_too && id <= options.nodes; id++)
        ck_assert(lease_cluster_has_lease(cluster, id));
    if (lease_too)
        ck_assert_uint_eq(cluster->leases_lost, 0);
    lease_cluster_free(&cluster);
}

/* Suspicion needs one way, the lease a round trip: it stands while 2 (delay + heartbeat) + R stays below D. */
START_TEST(jitter_below_60_ms_is_not_suspected)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        run_jitter(seed, 58 * HY_MS, false);
        run_jitter(seed, 30 * HY_MS, true);
    }
}
END_TEST

struct noise {
    size_t suspects, leases_lost; /* within a minute, after the first five seconds */
    hy_time most;                 /* dead_after */
};

static struct noise run_noise(uint64_t seed, hy_time jitter, bool adapts)
{
    struct lease_options options = LAN;
    options.seed = seed;
    options.nodes = options.voters = seed % 2 ? 3 : 5;
    options.delay_max = jitter;
    options.dead_after_max = 240 * HY_MS;
    options.adapts = adapts;
    struct lease_cluster *cluster = lease_cluster_new(&options, NULL);
    for (uint32_t id = 1; id <= options.nodes; id++)
        lease_cluster_start(cluster, id);
    struct noise noise = {0};
    for (hy_time at = 0; at < 65 * HY_SECOND; at += 20 * HY_MS) {
        lease_cluster_run(cluster, at);
        if (at == 5 * HY_SECOND)
            noise = (struct noise){.suspects = cluster->suspects, .leases_lost = cluster->leases_lost};
        hy_time agreed = lease_cluster_agree(cluster);
        noise.most = agreed > noise.most ? agreed : noise.most;
    }
    expect_no_violation(cluster);
    noise.suspects = cluster->suspects - noise.suspects;
    noise.leases_lost = cluster->leases_lost - noise.leases_lost;
    lease_cluster_free(&cluster);
    return noise;
}

/* Noise that would accuse the innocent, or end leases, without need: for some seconds at most. */
START_TEST(dead_after_grows_until_noise_does_no_harm)
{
    struct noise fixed = {0}, adapted = {0}, calm = {0};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        fixed.suspects += run_noise(seed, 105 * HY_MS, false).suspects;
        fixed.leases_lost += run_noise(seed, 65 * HY_MS, false).leases_lost;
        adapted.suspects += run_noise(seed, 105 * HY_MS, true).suspects;
        adapted.leases_lost += run_noise(seed, 65 * HY_MS, true).leases_lost;
        hy_time most = run_noise(seed, 5 * HY_MS, true).most;
        calm.most = most > calm.most ? most : calm.most;
    }
    ck_assert_uint_gt(fixed.suspects, 0);
    ck_assert_uint_gt(fixed.leases_lost, 0);
    ck_assert_uint_eq(adapted.suspects, 0);
    ck_assert_uint_eq(adapted.leases_lost, 0);
    ck_assert_int_eq(calm.most, LAN.dead_after);
}
END_TEST

START_TEST(traffic_is_one_broadcast_a_heartbeat)
{
    for (int gathered = 0; gathered < 2; gathered++) {
        struct lease_options options = LAN;
        options.gather = gathered ? options.heartbeat / 2 : 0;
        struct lease_cluster *cluster = lease_cluster_new(&options, NULL);
        for (uint32_t id = 1; id <= 3; id++)
            lease_cluster_start(cluster, id);
        lease_cluster_run(cluster, 5 * HY_SECOND);
        size_t before = cluster->heartbeats;
        lease_cluster_run(cluster, 6 * HY_SECOND);
        ck_assert_uint_le(cluster->heartbeats - before, 3 * 41);
        ck_assert_uint_ge(cluster->heartbeats - before, 3 * 38);
        ck_assert_uint_eq(cluster->heartbeat_size, 49 + 2 * 37 + 4);
        lease_cluster_free(&cluster);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("membership, random faults");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, no_lease_is_left_where_others_may_act);
    tcase_add_test(tcase, leases_stay_safe_while_the_voters_change);
    tcase_add_test(tcase, to_wait_for_everybody_is_what_makes_it_safe);
    tcase_add_test(tcase, jitter_below_60_ms_is_not_suspected);
    tcase_add_test(tcase, dead_after_grows_until_noise_does_no_harm);
    tcase_add_test(tcase, traffic_is_one_broadcast_a_heartbeat);
    return run_suite(suite);
}
