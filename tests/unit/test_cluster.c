/* SPDX-License-Identifier: Apache-2.0 */
/* Whole clusters in virtual time: what an operator would see, and what must never happen. */
#include "lib/cluster_case.h"
#include "lib/run.h"

#include "cib/cib.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

START_TEST(the_seed_runs_and_then_nothing_more_happens)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    must_be_quiet(sim);
    ck_assert(sim_active(sim, 1, "ClusterIP"));
    sim_free(&sim);
}
END_TEST

START_TEST(power_off_moves_the_vip_and_power_on_brings_it_back)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_power_off(sim, 1);
    struct where first = {0, "ClusterIP"};
    hy_time start = sim_now(sim);
    must_run(sim, 0, "ClusterIP", 2 * HY_SECOND);
    ck_assert(runs(sim, &first));
    ck_assert_int_lt(sim_now(sim) - start, 600 * HY_MS); /* virtual time: the protocol's own, not this machine's */
    sim_run(sim, 5 * HY_SECOND);
    sim_boot(sim, 1);
    must_run(sim, 1, "MaxScale", 10 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(the_dc_dies_and_another_takes_over)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t dc = sim_dc(sim);
    sim_power_off(sim, dc);
    must_have_dc(sim);
    size_t next = sim_dc(sim);
    ck_assert_uint_ne(next, dc);
    must_run(sim, dc == 1 ? 0 : 1, "ClusterIP", 3 * HY_SECOND);
    edit(sim, next, "put * property cib-bootstrap-options: cluster-delay=5s\n");
    sim_boot(sim, dc);
    must_run(sim, dc, "MaxScale", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_core_that_dies_and_returns_within_the_lease_costs_nothing)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t operations = sim_operations(sim);
    sim_kill_core(sim, 1);
    sim_run(sim, 20 * HY_MS);
    sim_start_core(sim, 1);
    sim_run(sim, 10 * HY_SECOND);
    ck_assert(sim_active(sim, 1, "ClusterIP"));
    ck_assert_uint_eq(sim_operations(sim), operations);
    sim_free(&sim);
}
END_TEST

START_TEST(a_core_that_stays_dead_loses_the_vip_and_its_host_lets_go_first)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_kill_core(sim, 1);
    must_run(sim, 0, "ClusterIP", 3 * HY_SECOND);
    ck_assert(!sim_active(sim, 1, "ClusterIP"));
    sim_start_core(sim, 1);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_partition_leaves_the_vip_with_the_majority)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_cut(sim, 1, 0, true);
    sim_cut(sim, 1, 2, true);
    must_run(sim, 0, "ClusterIP", 3 * HY_SECOND);
    ck_assert(!sim_active(sim, 1, "ClusterIP"));
    int code = 0;
    uint64_t request = sim_request(sim, 1, "put * property cib-bootstrap-options: cluster-delay=7s\n");
    ck_assert(sim_answer(sim, request, &code, NULL));
    ck_assert_int_eq(code, -EHOSTUNREACH);
    sim_cut(sim, 1, 0, false);
    sim_cut(sim, 1, 2, false);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_one_way_cut_is_a_cut)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_cut_one_way(sim, 1, 0, true);
    sim_cut_one_way(sim, 1, 2, true);
    must_run(sim, 0, "ClusterIP", 3 * HY_SECOND);
    sim_cut_one_way(sim, 1, 0, false);
    sim_cut_one_way(sim, 1, 2, false);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(one_broken_link_of_three_moves_nothing)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t dc = sim_dc(sim);
    size_t a = (dc + 1) % 3, b = (dc + 2) % 3;
    size_t operations = sim_operations(sim);
    sim_cut(sim, a, b, true);
    sim_run(sim, 10 * HY_SECOND);
    ck_assert_uint_eq(sim_operations(sim), operations);
    ck_assert(sim_active(sim, 1, "ClusterIP"));
    sim_free(&sim);
}
END_TEST

START_TEST(no_quorum_stops_everything_and_all_comes_back)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_power_off(sim, 0);
    sim_power_off(sim, 2);
    struct where vip = {1, "ClusterIP"}, service = {1, "MaxScale"};
    ck_assert(sim_run_until(sim, 2 * HY_SECOND, holds_nothing, &vip));
    ck_assert(sim_run_until(sim, 2 * HY_SECOND, holds_nothing, &service));
    sim_boot(sim, 0);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_run(sim, 0, "MaxScale", 10 * HY_SECOND);
    sim_boot(sim, 2);
    must_run(sim, 2, "MaxScale", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(all_killed_at_once_lose_nothing_that_was_acknowledged)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    edit(sim, 2, "put 0 primitive Late ocf:heartbeat:Dummy\n");
    for (size_t i = 0; i < 3; i++)
        sim_power_off(sim, i);
    sim_run(sim, HY_SECOND);
    for (size_t i = 0; i < 3; i++)
        sim_boot(sim, i);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    for (size_t i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(hy_cib_find(hy_cluster_cib(sim_cluster(sim, i)), "Late"));
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_service_that_cannot_be_started_puts_its_node_on_standby)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_break(sim, 1, "MaxScale", "monitor", 1);
    sim_break(sim, 1, "MaxScale", "start", 1);
    edit(sim, 0, "cleanup MaxScale node=test2\n"); /* nothing to clean yet, and no harm */
    /* what a watcher or the next recurring monitor would report */
    sim_kill_core(sim, 1);
    sim_run(sim, 10 * HY_MS);
    sim_start_core(sim, 1);
    must_run(sim, 0, "ClusterIP", 10 * HY_SECOND);
    sim_run(sim, 2 * HY_SECOND);
    ck_assert(!sim_active(sim, 1, "ClusterIP"));
    ck_assert(!sim_active(sim, 1, "MaxScale"));
    sim_break(sim, 1, "MaxScale", "monitor", 0);
    sim_break(sim, 1, "MaxScale", "start", 0);
    edit(sim, 2, "cleanup clone_max\n");
    must_run(sim, 1, "MaxScale", 5 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 5 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(standby_moves_and_online_brings_back)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    edit(sim, 0, "put * node test2 attributes standby=on\n");
    must_run(sim, 0, "ClusterIP", 2 * HY_SECOND);
    edit(sim, 0, "put * node test2 attributes standby=off\n");
    must_run(sim, 1, "ClusterIP", 2 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_node_leaves_in_good_order)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t leaving = _i % 2 ? sim_dc(sim) : 1;
    sim_shut_down(sim, leaving);
    ck_assert(sim_run_until(sim, 10 * HY_SECOND, down, &leaving));
    ck_assert(!sim_active(sim, leaving, "ClusterIP"));
    ck_assert(!sim_active(sim, leaving, "MaxScale"));
    must_have_dc(sim);
    must_run(sim, leaving == 1 ? 0 : 1, "ClusterIP", 2 * HY_SECOND);
    must_be_quiet(sim);
    sim_power_off(sim, leaving);
    sim_boot(sim, leaving);
    must_run(sim, leaving, "MaxScale", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* Snapshots are taken every 50 entries here: a node that was away long enough gets one. */
START_TEST(a_node_that_was_away_catches_up_by_snapshot)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_power_off(sim, 2);
    for (int i = 0; i < 700; i++) {
        char text[128];
        snprintf(text, sizeof text, "put * property cib-bootstrap-options: cluster-delay=%ds\n", i + 1);
        edit(sim, 0, text);
    }
    sim_boot(sim, 2);
    must_run(sim, 2, "MaxScale", 20 * HY_SECOND);
    sim_run(sim, HY_SECOND);
    ck_assert_str_eq(hy_cib_property(hy_cluster_cib(sim_cluster(sim, 2)), "cluster-delay"), "700s");
    sim_free(&sim);
}
END_TEST

START_TEST(lost_messages_only_cost_time)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_lose(sim, 10);
    for (int i = 0; i < 20; i++) {
        char text[128];
        snprintf(text, sizeof text, "put * property cib-bootstrap-options: cluster-delay=%ds\n", i + 1);
        edit(sim, (size_t)i % 3, text);
    }
    sim_lose(sim, 0);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* Faults at random, one after the other; the VIP never runs twice (checked at each moment), and at the end all is well. */
START_TEST(random_faults_never_make_two_holders)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    uint64_t random = (uint64_t)_i * 7919 + 12345;
    for (int fault = 0; fault < 40; fault++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t node = (random >> 33) % 3, other = (node + 1 + (random >> 40) % 2) % 3;
        switch ((random >> 50) % 7) {
        case 0:
            sim_power_off(sim, node);
            break;
        case 1:
            if (sim_is_up(sim, node))
                sim_kill_core(sim, node);
            break;
        case 2:
            sim_cut(sim, node, other, true);
            break;
        case 3:
            sim_cut_one_way(sim, node, other, true);
            break;
        case 4:
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++)
                    sim_cut_one_way(sim, i, j, false);
            break;
        default:
            if (!sim_is_up(sim, node)) {
                sim_power_off(sim, node);
                sim_boot(sim, node);
            }
            break;
        }
        sim_run(sim, (hy_time)((random >> 20) % 900) * HY_MS);
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++)
            sim_cut_one_way(sim, i, j, false);
        if (!sim_is_up(sim, i)) {
            sim_power_off(sim, i);
            sim_boot(sim, i);
        }
    }
    must_run(sim, 1, "ClusterIP", 20 * HY_SECOND);
    for (size_t i = 0; i < 3; i++)
        must_run(sim, i, "MaxScale", 20 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster");
    TCase *tcase = tcase_create("cluster");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, the_seed_runs_and_then_nothing_more_happens, 0, 5);
    tcase_add_loop_test(tcase, power_off_moves_the_vip_and_power_on_brings_it_back, 0, 5);
    tcase_add_loop_test(tcase, the_dc_dies_and_another_takes_over, 0, 5);
    tcase_add_loop_test(tcase, a_core_that_dies_and_returns_within_the_lease_costs_nothing, 0, 5);
    tcase_add_loop_test(tcase, a_core_that_stays_dead_loses_the_vip_and_its_host_lets_go_first, 0, 5);
    tcase_add_loop_test(tcase, a_partition_leaves_the_vip_with_the_majority, 0, 5);
    tcase_add_loop_test(tcase, a_one_way_cut_is_a_cut, 0, 5);
    tcase_add_loop_test(tcase, one_broken_link_of_three_moves_nothing, 0, 5);
    tcase_add_loop_test(tcase, no_quorum_stops_everything_and_all_comes_back, 0, 5);
    tcase_add_loop_test(tcase, all_killed_at_once_lose_nothing_that_was_acknowledged, 0, 5);
    tcase_add_loop_test(tcase, a_service_that_cannot_be_started_puts_its_node_on_standby, 0, 5);
    tcase_add_loop_test(tcase, standby_moves_and_online_brings_back, 0, 5);
    tcase_add_loop_test(tcase, a_node_leaves_in_good_order, 0, 6);
    tcase_add_loop_test(tcase, a_node_that_was_away_catches_up_by_snapshot, 0, 2);
    tcase_add_loop_test(tcase, lost_messages_only_cost_time, 0, 5);
    tcase_add_loop_test(tcase, random_faults_never_make_two_holders, 0, 30);
    return run_suite(suite);
}
