/* SPDX-License-Identifier: Apache-2.0 */
/* shutdown-lock in whole clusters: what ran on a node that was shut down waits for it; and what the DC's log says. */
#include "lib/cluster_case.h"
#include "lib/run.h"

#include <stdio.h>

static const char LOCK[] = "put * property cib-bootstrap-options: stonith-enabled=false shutdown-lock=true\n";
static size_t home = 1; /* where the VIP wants to be */

static struct sim *locking_cluster(uint64_t seed)
{
    struct sim *sim = seed_cluster(seed);
    edit(sim, 0, LOCK);
    return sim;
}

static void shut_home_down(struct sim *sim)
{
    sim_shut_down(sim, home);
    ck_assert(sim_run_until(sim, 10 * HY_SECOND, down, &home));
    ck_assert(!sim_active(sim, home, "ClusterIP"));
    must_have_dc(sim);
}

static void must_wait(struct sim *sim, hy_time duration)
{
    ck_assert_msg(!sim_run_until(sim, duration, runs_somewhere, "ClusterIP"), "it did not wait for its node");
}

static void come_home(struct sim *sim)
{
    sim_power_off(sim, home);
    sim_boot(sim, home);
    must_run(sim, home, "ClusterIP", 10 * HY_SECOND);
}

START_TEST(it_waits_for_its_node)
{
    struct sim *sim = locking_cluster((uint64_t)_i + 1);
    shut_home_down(sim);
    must_wait(sim, 60 * HY_SECOND);
    ck_assert(sim_logged(sim, "ClusterIP is locked to test2"));
    ck_assert(!sim_logged(sim, "MaxScale is locked")); /* a clone runs elsewhere, too */
    come_home(sim);
    must_be_quiet(sim);
    ck_assert(sim_logged(sim, "ClusterIP is not locked to test2 any more"));
    sim_power_off(sim, home); /* that is no shutdown */
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

/* The lock is in the log before the stop is ordered: whoever decides next knows of it. */
START_TEST(a_dc_that_dies_meanwhile_does_not_unlock_it)
{
    struct sim *sim = locking_cluster((uint64_t)_i / 40 + 1);
    struct where where = {home, "ClusterIP"};
    sim_shut_down(sim, home);
    sim_lose(sim, 40); /* the order may come, and not what is in the log before it */
    sim_run(sim, (hy_time)(_i % 40) * HY_MS / 2);
    size_t dc = sim_dc(sim);
    if (dc < SIM_MAX_NODES && dc != home)
        sim_power_off(sim, dc);
    sim_lose(sim, 0);
    ck_assert(sim_run_until(sim, 60 * HY_SECOND, holds_nothing, &where));
    ck_assert(sim_run_until(sim, 60 * HY_SECOND, down, &home) || sim_is_up(sim, home));
    if (dc < SIM_MAX_NODES && dc != home)
        sim_boot(sim, dc);
    must_have_dc(sim);
    must_wait(sim, 20 * HY_SECOND);
    come_home(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(whoever_dies_is_not_waited_for)
{
    struct sim *sim = locking_cluster((uint64_t)_i + 1);
    sim_power_off(sim, home);
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    ck_assert(!sim_logged(sim, "is locked to"));
    sim_free(&sim);
}
END_TEST

START_TEST(it_waits_so_long_and_no_longer)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    edit(sim, 0,
         "put * property cib-bootstrap-options: stonith-enabled=false shutdown-lock=true shutdown-lock-limit=30s\n");
    shut_home_down(sim);
    must_wait(sim, 25 * HY_SECOND);
    must_run(sim, 0, "ClusterIP", 10 * HY_SECOND);
    come_home(sim);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(an_operator_lets_it_go_elsewhere)
{
    struct sim *sim = locking_cluster((uint64_t)_i + 1);
    shut_home_down(sim);
    must_wait(sim, 5 * HY_SECOND);
    edit(sim, 0, "cleanup ClusterIP\nunlock test2 ClusterIP\n");
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    come_home(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(without_the_option_locks_end)
{
    struct sim *sim = locking_cluster((uint64_t)_i + 1);
    shut_home_down(sim);
    must_wait(sim, 5 * HY_SECOND);
    edit(sim, 0, "put * property cib-bootstrap-options: stonith-enabled=false\n");
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    ck_assert(sim_logged(sim, "ClusterIP is not locked to test2 any more"));
    sim_free(&sim);
}
END_TEST

START_TEST(who_is_taken_out_is_not_waited_for)
{
    struct sim *sim = locking_cluster((uint64_t)_i + 1);
    edit(sim, 0, "strike test2\n");
    must_run(sim, 0, "ClusterIP", 20 * HY_SECOND);
    ck_assert(!sim_logged(sim, "is locked to"));
    sim_free(&sim);
}
END_TEST

/* ---------------------------------------------------------------- the DC's log */

START_TEST(the_log_says_who_changed_what)
{
    struct sim *sim = seed_cluster(1);
    ck_assert(sim_logged(sim, "primitive ClusterIP made, primitive MaxScale made, clone clone_max made, "
                              "location clusterIP-preffer made, property cib-bootstrap-options: "));
    ck_assert(!sim_logged(sim, "172.100.102.110")); /* a value may be a secret */
    edit(sim, 0, "put * location clusterIP-preffer ClusterIP 100: test2\ncleanup *\nticket tA granted=yes\n");
    ck_assert(sim_logged(sim, "location clusterIP-preffer changed, cleanup of all, ticket tA granted=yes"));
    edit(sim, 0, "remove * clusterIP-preffer\n");
    ck_assert(sim_logged(sim, ": clusterIP-preffer removed"));
    sim_free(&sim);
}
END_TEST

START_TEST(the_log_says_that_a_stop_failed_elsewhere)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t dc = sim_dc(sim), other = dc == home ? 0 : home;
    char name[16], line[80];
    snprintf(name, sizeof name, "test%zu", other + 1);
    snprintf(line, sizeof line, "put * node %s attributes standby=on\n", name);
    sim_break(sim, other, "MaxScale", "stop", 1);
    edit(sim, 0, line);
    sim_run(sim, HY_SECOND);
    snprintf(line, sizeof line, "stop of MaxScale failed on %s: rc 1", name);
    ck_assert_uint_eq(sim_logged(sim, line), 1);
    sim_free(&sim);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster_locks");
    TCase *tcase = tcase_create("locks");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, it_waits_for_its_node, 0, 10);
    tcase_add_loop_test(tcase, a_dc_that_dies_meanwhile_does_not_unlock_it, 0, 240);
    tcase_add_loop_test(tcase, whoever_dies_is_not_waited_for, 0, 5);
    tcase_add_loop_test(tcase, it_waits_so_long_and_no_longer, 0, 5);
    tcase_add_loop_test(tcase, an_operator_lets_it_go_elsewhere, 0, 5);
    tcase_add_loop_test(tcase, without_the_option_locks_end, 0, 5);
    tcase_add_loop_test(tcase, who_is_taken_out_is_not_waited_for, 0, 5);
    tcase_add_test(tcase, the_log_says_who_changed_what);
    tcase_add_loop_test(tcase, the_log_says_that_a_stop_failed_elsewhere, 0, 5);
    return run_suite(suite);
}
