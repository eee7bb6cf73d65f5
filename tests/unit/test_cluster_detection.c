/* SPDX-License-Identifier: Apache-2.0 */
/* dead-after as all agree on it: from a gap that one has seen, through the log, to the promises of all. In virtual time. */
#include "lib/cluster_sim.h"
#include "lib/run.h"

#include <string.h>

enum { NODES = 3 };

#define CALM (30 * HY_SECOND)

static bool has_dc(struct sim *sim, void *context)
{
    (void)context;
    return sim_dc(sim) < SIM_MAX_NODES;
}

static hy_time dead_after(const struct sim *sim, size_t node)
{
    struct hy_cluster_report report;
    hy_cluster_report(sim_cluster(sim, node), sim_now(sim), &report);
    ck_assert_int_eq(report.worst_case,
                     report.detection.dead_after + report.detection.dead_after * 2 / 1000 + 25 * HY_MS);
    return report.detection.dead_after;
}

/* All that run go by it. */
static bool all_have(struct sim *sim, void *context)
{
    for (size_t i = 0; i < sim_count(sim); i++)
        if (sim_is_up(sim, i) && dead_after(sim, i) != *(const hy_time *)context)
            return false;
    return true;
}

static void wait_for(struct sim *sim, hy_time wanted, hy_time at_most)
{
    ck_assert_msg(sim_run_until(sim, at_most, all_have, &wanted), "not %lld ms everywhere",
                  (long long)(wanted / HY_MS));
}

static struct sim *cluster(void)
{
    struct sim *sim = sim_new(NODES, 7);
    sim_adapt(sim, CALM);
    for (size_t i = 0; i < NODES; i++)
        sim_boot(sim, i);
    ck_assert(sim_run_until(sim, 10 * HY_SECOND, has_dc, NULL));
    sim_run(sim, 2 * HY_SECOND);
    return sim;
}

/* The two do not hear each other for so long. */
static void gap(struct sim *sim, size_t a, size_t b, hy_time length)
{
    sim_cut(sim, a, b, true);
    sim_run(sim, length);
    sim_cut(sim, a, b, false);
}

static size_t changes(const struct sim *sim)
{
    return sim_logged(sim, "dead-after is");
}

START_TEST(a_calm_cluster_goes_by_its_profile)
{
    struct sim *sim = cluster();
    sim_run(sim, 60 * HY_SECOND);
    ck_assert_uint_eq(changes(sim), 0);
    ck_assert_int_eq(dead_after(sim, 0), 120 * HY_MS);
    sim_free(&sim);
}
END_TEST

START_TEST(all_go_by_what_one_has_seen_and_back_when_it_is_calm)
{
    struct sim *sim = cluster();
    gap(sim, 0, 1, 60 * HY_MS); /* and one or two heartbeats */
    sim_run(sim, HY_SECOND);
    hy_time raised = dead_after(sim, 0);
    ck_assert_int_gt(raised, 120 * HY_MS);
    wait_for(sim, raised, HY_SECOND);
    ck_assert_uint_eq(sim_logged(sim, "is silent"), 0);
    const struct hy_node_status *wisher = hy_cib_wisher(hy_cluster_cib(sim_cluster(sim, 2)));
    ck_assert_ptr_nonnull(wisher);
    ck_assert_int_eq(wisher->wish.dead_after, raised);
    /* The same gap again asks for nothing new; a greater one, which was too much before, accuses nobody now. */
    size_t before = changes(sim);
    gap(sim, 0, 1, 60 * HY_MS); /* and one or two heartbeats */
    sim_run(sim, HY_SECOND);
    ck_assert_uint_eq(changes(sim), before);
    gap(sim, 0, 1, 110 * HY_MS);
    wait_for(sim, 240 * HY_MS, 2 * HY_SECOND);
    gap(sim, 0, 1, 180 * HY_MS);
    sim_run(sim, HY_SECOND);
    ck_assert_uint_eq(sim_logged(sim, "is silent"), 0);
    wait_for(sim, 120 * HY_MS, CALM + 20 * HY_SECOND);
    ck_assert_uint_ge(sim_logged(sim, "dead-after is lowered from"), NODES);
    sim_free(&sim);
}
END_TEST

START_TEST(it_is_no_slower_to_declare_the_dead_gone_than_it_says)
{
    struct sim *sim = cluster();
    gap(sim, 0, 1, 110 * HY_MS);
    wait_for(sim, 240 * HY_MS, 2 * HY_SECOND);
    sim_run(sim, HY_SECOND);
    size_t dead = sim_dc(sim) == 2 ? 1 : 2;
    sim_power_off(sim, dead);
    sim_run(sim, 239 * HY_MS - 50 * HY_MS); /* it was heard up to two heartbeats ago */
    ck_assert_uint_eq(sim_logged(sim, "is condemned"), 0);
    sim_run(sim, 100 * HY_MS);
    ck_assert_uint_gt(sim_logged(sim, "is condemned"), 0);
    sim_free(&sim);
}
END_TEST

START_TEST(what_the_dead_have_wished_is_over)
{
    struct sim *sim = cluster();
    /* 0 sees 2 badly: what it wishes ends with it. 2 wishes the same of 0. */
    gap(sim, 0, 2, 110 * HY_MS);
    wait_for(sim, 240 * HY_MS, 2 * HY_SECOND);
    sim_run(sim, HY_SECOND);
    sim_power_off(sim, 0);
    sim_run(sim, 2 * HY_SECOND);
    ck_assert_int_eq(dead_after(sim, 1), 240 * HY_MS);
    sim_boot(sim, 0);
    sim_run(sim, 3 * HY_SECOND);
    ck_assert_int_eq(dead_after(sim, 0), 240 * HY_MS); /* it was told by the log */
    sim_power_off(sim, 2);
    wait_for(sim, 120 * HY_MS, 2 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(a_core_that_restarts_does_not_forget_at_once)
{
    struct sim *sim = cluster();
    gap(sim, 0, 1, 110 * HY_MS);
    wait_for(sim, 240 * HY_MS, 2 * HY_SECOND);
    sim_run(sim, HY_SECOND);
    for (size_t i = 0; i < 2; i++) {
        sim_kill_core(sim, i);
        sim_start_core(sim, i);
        sim_run(sim, CALM / 3);
    }
    ck_assert_int_eq(dead_after(sim, 2), 240 * HY_MS);
    ck_assert_uint_eq(sim_logged(sim, "dead-after is lowered"), 0);
    wait_for(sim, 120 * HY_MS, 2 * CALM);
    sim_free(&sim);
}
END_TEST

/* A change is an entry in the log: noise without end must not be entries without end. */
START_TEST(noise_changes_it_seldom)
{
    struct sim *sim = cluster();
    uint64_t random = 12345;
    for (int i = 0; i < 300; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t a = random >> 40 & 1, b = 1 + a;
        gap(sim, a, b, (hy_time)(random >> 33 & 63) * HY_MS + 20 * HY_MS);
        sim_run(sim, HY_SECOND);
    }
    ck_assert_uint_gt(changes(sim), 0);
    ck_assert_uint_lt(changes(sim), 20 * NODES); /* of 300, on each node */
    ck_assert_uint_eq(sim_logged(sim, "is condemned"), 0);
    sim_free(&sim);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster, detection");
    TCase *tcase = tcase_create("detection");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_calm_cluster_goes_by_its_profile);
    tcase_add_test(tcase, all_go_by_what_one_has_seen_and_back_when_it_is_calm);
    tcase_add_test(tcase, it_is_no_slower_to_declare_the_dead_gone_than_it_says);
    tcase_add_test(tcase, what_the_dead_have_wished_is_over);
    tcase_add_test(tcase, a_core_that_restarts_does_not_forget_at_once);
    tcase_add_test(tcase, noise_changes_it_seldom);
    return run_suite(suite);
}
