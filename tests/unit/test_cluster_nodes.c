/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes come and go: how a cluster begins, takes in, takes out, and what becomes of a node whose disk is lost. */
#include "lib/cluster_case.h"
#include "lib/run.h"

#include "cib/grammar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what is asked */

static struct hy_cluster_report report_of(struct sim *sim, size_t node)
{
    struct hy_cluster_report report;
    ck_assert(sim_is_up(sim, node));
    hy_cluster_report(sim_cluster(sim, node), sim_now(sim), &report);
    return report;
}

static const struct hy_raft_server *server_of(struct sim *sim, size_t node)
{
    size_t dc = sim_dc(sim);
    if (dc == SIM_MAX_NODES)
        return NULL;
    const struct hy_raft_servers *servers = hy_raft_servers(hy_cluster_raft(sim_cluster(sim, dc)));
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].id == node + 1)
            return &servers->list[i];
    return NULL;
}

static size_t voters(struct sim *sim)
{
    size_t count = 0;
    for (size_t i = 0; i < sim_count(sim); i++) {
        const struct hy_raft_server *server = server_of(sim, i);
        count += server && server->voter;
    }
    return count;
}

/* By a set that is committed: one that is only in the log could be lost with the next disk. */
static bool votes(struct sim *sim, void *context)
{
    size_t node = *(size_t *)context;
    const struct hy_raft_server *server = server_of(sim, node);
    return server && server->voter && server->disk == sim_disk(sim, node) &&
           !hy_raft_config_pending(hy_cluster_raft(sim_cluster(sim, sim_dc(sim))));
}

static bool has_seven_voters(struct sim *sim, void *context)
{
    (void)context;
    return voters(sim) == 7;
}

static bool is_forgotten(struct sim *sim, void *context)
{
    size_t node = *(size_t *)context, dc = sim_dc(sim);
    return dc != SIM_MAX_NODES && !server_of(sim, node) &&
           !hy_cib_node_by_id(hy_cluster_cib(sim_cluster(sim, dc)), (uint32_t)node + 1);
}

static bool is_out(struct sim *sim, void *context)
{
    size_t node = *(size_t *)context;
    return sim_is_up(sim, node) && report_of(sim, node).out;
}

#define MUST(condition, context, within)                                                                               \
    ck_assert_msg(sim_run_until(sim, (within), (condition), (context)), "it does not come to this: " #condition)

static void add(struct sim *sim, size_t asked, size_t node, const char *more)
{
    char text[128];
    snprintf(text, sizeof text, "enrol test%zu id=%zu address=10.0.0.%zu%s\n", node + 1, node + 1, node + 1, more);
    edit(sim, asked, text);
}

static void strike(struct sim *sim, size_t asked, size_t node)
{
    char text[64];
    snprintf(text, sizeof text, "strike test%zu\n", node + 1);
    edit(sim, asked, text);
}

static void must_refuse(struct sim *sim, const char *statements, int code, const char *words)
{
    const char *text = "";
    int answer = 0;
    uint64_t request = sim_request(sim, 0, statements);
    ck_assert(sim_run_until(sim, 5 * HY_SECOND, answered, &request));
    sim_answer(sim, request, &answer, &text);
    ck_assert_msg(answer == code && strstr(text, words), "%s: %d, %s", statements, answer, text);
}

/* ---- beginning */

START_TEST(blank_nodes_form_a_cluster)
{
    size_t count = (size_t)_i;
    struct sim *sim = sim_new(count, (uint64_t)_i);
    for (size_t i = 0; i < count; i++)
        sim_boot(sim, i);
    must_have_dc(sim);
    sim_run(sim, 3 * HY_SECOND);
    ck_assert_uint_eq(voters(sim), count < 7 ? count : 7);
    const struct hy_cib *cib = hy_cluster_cib(sim_cluster(sim, sim_dc(sim)));
    ck_assert_uint_ne(cib->lineage, 0);
    ck_assert_uint_eq(cib->last_id, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(server_of(sim, i));
        ck_assert_uint_eq(server_of(sim, i)->disk, sim_disk(sim, i));
        ck_assert(!report_of(sim, i).blank);
        ck_assert_int_eq(hy_cib_node_by_id(cib, (uint32_t)i + 1)->state, HY_MEMBER_IN);
    }
    sim_free(&sim);
}
END_TEST

START_TEST(nothing_is_formed_while_one_is_missing)
{
    struct sim *sim = sim_new(3, (uint64_t)_i + 1);
    sim_boot(sim, 0);
    sim_boot(sim, 1);
    sim_run(sim, 20 * HY_SECOND);
    struct hy_cluster_report report = report_of(sim, 0);
    ck_assert(report.blank && !report.out && !report.quorum);
    ck_assert_str_eq(report.waiting, "a new cluster begins when all of its nodes are there; missing: test3");
    sim_boot(sim, 2);
    sim_cut_one_way(sim, 2, 0, true); /* heard by one of them is not heard */
    sim_run(sim, 20 * HY_SECOND);
    ck_assert(report_of(sim, 0).blank && report_of(sim, 1).blank && report_of(sim, 2).blank);
    sim_cut_one_way(sim, 2, 0, false);
    must_have_dc(sim);
    sim_free(&sim);
}
END_TEST

/* Crashes at any moment of the beginning: there is one cluster in the end, of all. */
START_TEST(forming_survives_crashes)
{
    struct sim *sim = sim_new(3, (uint64_t)_i + 1);
    for (size_t i = 0; i < 3; i++)
        sim_boot(sim, i);
    sim_run(sim, (hy_time)_i * 5 * HY_MS);
    size_t victim = (size_t)_i % 3;
    sim_power_off(sim, victim);
    sim_run(sim, (hy_time)(_i * 37 % 500) * HY_MS);
    if (_i % 2) {
        sim_power_off(sim, (victim + 1) % 3);
        sim_boot(sim, (victim + 1) % 3);
    }
    sim_boot(sim, victim);
    must_have_dc(sim);
    for (size_t i = 0; i < 3; i++)
        MUST(votes, &i, 10 * HY_SECOND);
    sim_run(sim, 2 * HY_SECOND);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(hy_cluster_cib(sim_cluster(sim, i))->lineage, hy_cluster_cib(sim_cluster(sim, 0))->lineage);
    sim_free(&sim);
}
END_TEST

START_TEST(an_operator_may_begin_without_all)
{
    struct sim *sim = sim_new(3, (uint64_t)_i + 1);
    const char *text;
    int code;
    sim_boot(sim, 0);
    sim_boot(sim, 1);
    sim_run(sim, 2 * HY_SECOND);
    uint64_t request = sim_found(sim, 1);
    ck_assert(sim_answer(sim, request, &code, &text));
    ck_assert_msg(code == 0, "%s", text);
    must_have_dc(sim);
    request = sim_found(sim, 1);
    ck_assert(sim_answer(sim, request, &code, &text));
    ck_assert_int_eq(code, -EEXIST);
    ck_assert_str_eq(text, "test2 is in a cluster already");
    sim_boot(sim, 2); /* enrolled from the file with the others: it is taken in without more */
    size_t third = 2;
    MUST(votes, &third, 10 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(nobody_begins_beside_a_cluster_that_is_heard)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t fourth = sim_add_host(sim);
    const char *text;
    int code;
    sim_boot(sim, fourth);
    sim_run(sim, 5 * HY_SECOND);
    struct hy_cluster_report report = report_of(sim, fourth);
    ck_assert(report.blank && !report.out);
    ck_assert_str_eq(report.waiting,
                     "this node is not in the cluster yet: `hactl cluster add` on a member takes it in");
    uint64_t request = sim_found(sim, fourth);
    ck_assert(sim_answer(sim, request, &code, &text));
    ck_assert_msg(code == 0 || code == -EEXIST, "%s", text);
    sim_free(&sim);
}
END_TEST

/* ---- coming */

START_TEST(a_node_is_added)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t fourth = sim_add_host(sim);
    if (_i % 2)
        sim_boot(sim, fourth);
    sim_run(sim, HY_SECOND);
    add(sim, (size_t)_i % 3, fourth, "");
    if (!(_i % 2))
        sim_boot(sim, fourth);
    MUST(votes, &fourth, 10 * HY_SECOND);
    must_run(sim, fourth, "MaxScale", 5 * HY_SECOND);
    ck_assert_ptr_null(report_of(sim, fourth).waiting);
    must_be_quiet(sim);
    sim_power_off(sim, 1);
    sim_power_off(sim, (size_t)_i % 2 ? 0 : 2); /* two of four: no quorum */
    struct where where = {fourth, "MaxScale"};
    MUST(holds_nothing, &where, 2 * HY_SECOND);
    sim_boot(sim, 1);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(a_node_is_added_to_a_single_one)
{
    struct sim *sim = sim_new(1, (uint64_t)_i + 1);
    sim_boot(sim, 0);
    must_have_dc(sim);
    edit(sim, 0, "put 0 primitive Alone ocf:heartbeat:Dummy\n");
    must_run(sim, 0, "Alone", 5 * HY_SECOND);
    for (size_t n = 1; n < 4; n++) {
        size_t next = sim_add_host(sim);
        sim_boot(sim, next);
        add(sim, 0, next, "");
        MUST(votes, &next, 10 * HY_SECOND);
    }
    sim_single(sim, "Alone");
    ck_assert_uint_eq(voters(sim), 4);
    sim_free(&sim);
}
END_TEST

START_TEST(seven_vote_and_the_others_follow)
{
    struct sim *sim = start_cluster(sim_new(7, (uint64_t)_i + 1));
    for (int n = 0; n < 2; n++) {
        size_t next = sim_add_host(sim);
        sim_boot(sim, next);
        add(sim, 0, next, "");
        must_run(sim, next, "MaxScale", 10 * HY_SECOND);
        ck_assert_uint_eq(voters(sim), 7);
        ck_assert(!server_of(sim, next)->voter);
    }
    size_t struck = 3 + (size_t)_i % 4;
    if (_i % 2)
        sim_power_off(sim, struck);
    sim_run(sim, HY_SECOND);
    strike(sim, 0, struck);
    MUST(is_forgotten, &struck, 60 * HY_SECOND);
    MUST(has_seven_voters, NULL, 10 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 5 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused_in_words)
{
    struct sim *sim = seed_cluster(1);
    must_refuse(sim, "enrol test1 id=9 address=10.0.0.9\n", -EEXIST, "there is a node of that name, with id 1");
    must_refuse(sim, "enrol test9 id=2 address=10.0.0.9\n", -EEXIST, "id 2 has been used before: expected one above 3");
    must_refuse(sim, "enrol test9 id=9 address=10.0.0.2\n", -EEXIST, "address 10.0.0.2 is that of node test2");
    must_refuse(sim, "enrol test9 id=9 address=10.0.0.9 link2=10.0.0.2\n", -EEXIST, "10.0.0.2 is that of node test2");
    must_refuse(sim, "enrol test9 id=9 address=localhost\n", -EINVAL, "expected a numeric address");
    must_refuse(sim, "enrol test9 id=0 address=10.0.0.9\n", -EINVAL, "expected an id from 1 on");
    must_refuse(sim, "enrol MaxScale id=9 address=10.0.0.9\n", -EEXIST, "there is a primitive of that name");
    must_refuse(sim, "strike test9\n", -ENOENT, "there is no node 'test9'");
    must_refuse(sim, "struck test2\n", -EBUSY, "the DC alone says when a node is out");
    must_refuse(sim, "remove * test2\n", -EBUSY, "it is enrolled: strike takes it out");
    must_refuse(sim, "strike test1\nstrike test2\nstrike test3\n", -EINVAL, "no node would be left");
    must_refuse(sim, "enrol test1 id=1 address=10.0.0.1 witness=true\nstrike test2\nstrike test3\n", -EINVAL,
                "only witnesses would be left");
    must_refuse(sim, "lineage 7\n", -EEXIST, "lineage");
    /* Nothing of it was done. */
    must_run(sim, 1, "ClusterIP", HY_SECOND);
    ck_assert_uint_eq(hy_cluster_cib(sim_cluster(sim, 0))->last_id, 3);
    strike(sim, 0, 2);
    strike(sim, 0, 2); /* asked for twice is as good as once */
    must_refuse(sim, "enrol test3 id=3 address=10.0.0.3\n", -EBUSY, "is being taken out");
    size_t third = 2;
    MUST(is_forgotten, &third, 60 * HY_SECOND);
    must_refuse(sim, "enrol test3 id=3 address=10.0.0.3\n", -EEXIST, "id 3 has been used before");
    edit(sim, 0, "enrol test3 id=4 address=10.0.0.3\n"); /* its name and address are free again */
    sim_free(&sim);
}
END_TEST

START_TEST(addresses_change)
{
    struct sim *sim = seed_cluster(1);
    edit(sim, 0, "enrol test3 id=3 address=10.0.1.3 link1=10.0.2.3\n");
    sim_run(sim, HY_SECOND);
    for (size_t i = 0; i < 3; i++) {
        const struct hy_cluster_node *list;
        ck_assert_uint_eq(hy_cluster_nodes(sim_cluster(sim, i), &list), 3);
        ck_assert_str_eq(list[2].address, "10.0.1.3");
        ck_assert_str_eq(list[2].links[0], "10.0.2.3");
        ck_assert_ptr_null(list[2].links[1]);
    }
    sim_free(&sim);
}
END_TEST

/* ---- going */

START_TEST(a_live_node_is_struck)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t struck = (size_t)_i % 3, asked = (struck + 1) % 3; /* the DC among them, and the holder of the VIP */
    strike(sim, _i % 2 ? struck : asked, struck);
    MUST(is_forgotten, &struck, 20 * HY_SECOND);
    MUST(is_out, &struck, 10 * HY_SECOND);
    ck_assert(!sim_active(sim, struck, "ClusterIP"));
    ck_assert(!sim_active(sim, struck, "MaxScale"));
    ck_assert_str_eq(report_of(sim, struck).waiting,
                     "this node was taken out of the cluster: `hactl cluster add` on a member takes it in again, "
                     "with the files that it writes");
    must_run(sim, struck == 1 ? 0 : 1, "ClusterIP", 5 * HY_SECOND);
    ck_assert_uint_eq(voters(sim), 2);
    must_be_quiet(sim);
    sim_shut_down(sim, struck); /* its process ends as any other */
    MUST(down, &struck, HY_SECOND);
    sim_boot(sim, struck); /* and knows nothing when it comes back, but is told */
    MUST(is_out, &struck, 10 * HY_SECOND);
    sim_run(sim, 10 * HY_SECOND);
    ck_assert(!sim_active(sim, struck, "MaxScale"));
    ck_assert(sim_dc(sim) != struck);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_dead_node_is_struck_and_comes_back)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t struck = (size_t)_i % 3;
    sim_power_off(sim, struck);
    if (_i % 2)
        sim_run(sim, 2 * HY_SECOND);
    strike(sim, (struck + 1) % 3, struck);
    MUST(is_forgotten, &struck, 20 * HY_SECOND);
    must_run(sim, struck == 1 ? 0 : 1, "ClusterIP", 5 * HY_SECOND);
    sim_boot(sim, struck);
    MUST(is_out, &struck, 10 * HY_SECOND);
    sim_run(sim, 20 * HY_SECOND);
    ck_assert(!sim_active(sim, struck, "MaxScale") && !sim_active(sim, struck, "ClusterIP"));
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(all_but_one_go_one_after_the_other)
{
    struct sim *sim = start_cluster(sim_new(5, (uint64_t)_i + 1));
    for (size_t n = 0; n < 4; n++) {
        size_t struck = (n + (size_t)_i) % 5;
        strike(sim, (size_t)(4 + _i) % 5, struck);
        if (_i % 2)
            MUST(is_forgotten, &struck, 120 * HY_SECOND);
    }
    for (size_t n = 0; n < 4; n++) {
        size_t struck = (n + (size_t)_i) % 5;
        MUST(is_forgotten, &struck, 240 * HY_SECOND);
    }
    size_t last = (size_t)(4 + _i) % 5;
    must_run(sim, last, "ClusterIP", 5 * HY_SECOND);
    ck_assert_uint_eq(voters(sim), 1);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_node_that_is_away_while_it_is_struck_and_another_added_runs_nothing)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t struck = (size_t)_i % 3;
    sim_cut(sim, struck, (struck + 1) % 3, true); /* its power is on: it may believe what it likes */
    sim_cut(sim, struck, (struck + 2) % 3, true);
    size_t fourth = sim_add_host(sim);
    sim_cut(sim, struck, fourth, true);
    sim_boot(sim, fourth);
    strike(sim, (struck + 1) % 3, struck);
    add(sim, (struck + 2) % 3, fourth, "");
    MUST(is_forgotten, &struck, 20 * HY_SECOND);
    MUST(votes, &fourth, 20 * HY_SECOND);
    for (size_t i = 0; i < 4; i++)
        sim_cut(sim, struck, i, false);
    MUST(is_out, &struck, 10 * HY_SECOND);
    sim_run(sim, 10 * HY_SECOND);
    ck_assert(!sim_active(sim, struck, "MaxScale"));
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* ---- disks */

START_TEST(a_lost_disk_is_a_new_server)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t node = (size_t)_i % 3;
    sim_power_off(sim, node);
    sim_run(sim, (hy_time)(_i * 71 % 1000) * HY_MS);
    sim_replace_disk(sim, node);
    sim_boot(sim, node);
    MUST(votes, &node, 20 * HY_SECOND);
    must_run(sim, node, "MaxScale", 10 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    ck_assert_uint_eq(voters(sim), 3);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* The executor lives on and holds the old lease, while the core comes back with nothing on its disk. */
START_TEST(a_disk_is_lost_under_a_running_executor)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t node = (size_t)_i % 3;
    sim_kill_core(sim, node);
    sim_replace_disk(sim, node);
    sim_run(sim, (hy_time)(_i * 13 % 90) * HY_MS);
    sim_start_core(sim, node);
    sim_run(sim, (hy_time)(_i * 29 % 400) * HY_MS);
    if (_i % 2) { /* and once more */
        sim_kill_core(sim, node);
        sim_replace_disk(sim, node);
        sim_start_core(sim, node);
    }
    MUST(votes, &node, 20 * HY_SECOND);
    must_run(sim, node, "MaxScale", 10 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

static void lose_disk_and_time(struct sim *sim, size_t node)
{
    sim_power_off(sim, node);
    sim_replace_disk(sim, node);
    sim_set_back(sim, node, 3);
    sim_boot(sim, node);
}

static bool was_outlived(struct sim *sim, void *context)
{
    return sim_restarts(sim, *(size_t *)context) > 0;
}

static struct sim *cluster_after_restarts(uint64_t seed, size_t node)
{
    struct sim *sim = seed_cluster(seed);
    for (int life = 0; life < 10; life++) {
        sim_kill_core(sim, node);
        sim_start_core(sim, node);
        sim_run(sim, 300 * HY_MS);
    }
    return sim;
}

/* By its clock, its next life is earlier than its last. In half of the runs only the log knows that: all others were restarted. */
START_TEST(a_lost_disk_and_a_clock_that_is_behind)
{
    size_t node = (size_t)_i % 3;
    struct sim *sim = cluster_after_restarts((uint64_t)_i + 1, node);
    uint64_t last = sim_incarnation(sim, node);
    sim_power_off(sim, node);
    for (size_t i = 0; _i % 2 && i < 3; i++)
        if (i != node) {
            sim_power_off(sim, i);
            sim_boot(sim, i);
        }
    lose_disk_and_time(sim, node);
    MUST(votes, &node, 20 * HY_SECOND);
    ck_assert_uint_eq(sim_restarts(sim, node), 1);
    ck_assert_uint_gt(sim_incarnation(sim, node), last);
    must_run(sim, node, "MaxScale", 10 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* Before anybody has heard of its new life that disk is lost, too: the next one is told the same number. */
START_TEST(no_incarnation_is_used_twice)
{
    size_t node = (size_t)_i % 3;
    struct sim *sim = cluster_after_restarts((uint64_t)_i + 1, node);
    uint64_t last = sim_incarnation(sim, node), unheard;
    lose_disk_and_time(sim, node);
    MUST(was_outlived, &node, 5 * HY_SECOND);
    unheard = sim_incarnation(sim, node);
    lose_disk_and_time(sim, node);
    MUST(votes, &node, 20 * HY_SECOND);
    ck_assert_uint_eq(sim_restarts(sim, node), 2);
    ck_assert_uint_gt(sim_incarnation(sim, node), last);
    ck_assert_uint_ne(sim_incarnation(sim, node), unheard);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* Two hosts with one id: what knows a cluster never outbids. */
START_TEST(a_node_with_a_state_is_outlived_and_stays_so)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t node = (size_t)_i % 3;
    sim_kill_core(sim, node);
    sim_start_core(sim, node);
    sim_run(sim, 2 * HY_SECOND);
    sim_power_off(sim, node);
    sim_set_back(sim, node, 1);
    sim_boot(sim, node);
    sim_run(sim, 15 * HY_SECOND);
    ck_assert_uint_eq(sim_restarts(sim, node), 0);
    ck_assert_uint_eq(sim_incarnation(sim, node), 1);
    ck_assert(!report_of(sim, node).blank && !report_of(sim, node).quorum);
    sim_free(&sim);
}
END_TEST

START_TEST(disks_are_lost_one_after_the_other)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    edit(sim, 0, "put 0 primitive Late ocf:heartbeat:Dummy\n");
    for (size_t i = 0; i < 3; i++) {
        sim_power_off(sim, i);
        sim_replace_disk(sim, i);
        sim_boot(sim, i);
        MUST(votes, &i, 20 * HY_SECOND);
    }
    ck_assert_ptr_nonnull(hy_cib_find(hy_cluster_cib(sim_cluster(sim, 0)), "Late"));
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* Two lost disks of three are a lost cluster: nothing may begin anew beside the third, whatever it remembers. */
START_TEST(a_lost_majority_does_not_begin_anew_by_itself)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    for (size_t i = 0; i < 3; i++)
        sim_power_off(sim, i);
    for (size_t i = 0; i < 2; i++)
        sim_replace_disk(sim, (i + (size_t)_i) % 3);
    for (size_t i = 0; i < 3; i++)
        sim_boot(sim, i);
    sim_run(sim, 30 * HY_SECOND);
    ck_assert_uint_eq(sim_dc(sim), SIM_MAX_NODES);
    for (size_t i = 0; i < 3; i++)
        ck_assert(!sim_active(sim, i, "MaxScale"));
    ck_assert(report_of(sim, (size_t)_i % 3).blank);
    sim_free(&sim);
}
END_TEST

/* Snapshots are taken each 50 entries here. */
START_TEST(a_node_that_was_down_while_the_servers_changed_catches_up)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    sim_power_off(sim, 2);
    for (int i = 0; i < 300; i++) {
        char text[128];
        snprintf(text, sizeof text, "put * property cib-bootstrap-options: cluster-delay=%ds\n", i + 1);
        edit(sim, 0, text);
        if (i == 100 || i == 200) {
            size_t next = sim_add_host(sim);
            sim_boot(sim, next);
            add(sim, 0, next, "");
            MUST(votes, &next, 20 * HY_SECOND);
        }
    }
    sim_boot(sim, 2);
    must_run(sim, 2, "MaxScale", 20 * HY_SECOND);
    sim_run(sim, HY_SECOND);
    const struct hy_cluster_node *list;
    ck_assert_uint_eq(hy_cluster_nodes(sim_cluster(sim, 2), &list), 5);
    ck_assert_uint_eq(voters(sim), 5);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

/* ---- witnesses */

START_TEST(a_witness_votes_and_runs_nothing)
{
    struct sim *sim = sim_new(3, (uint64_t)_i + 1);
    sim_witness(sim, 2);
    start_cluster(sim);
    const struct hy_node_status *witness = hy_cib_node(hy_cluster_cib(sim_cluster(sim, 0)), "test3");
    ck_assert_uint_eq(witness->results.count, 0); /* not even probed */
    ck_assert_int_eq(witness->state, HY_MEMBER_IN);
    ck_assert_uint_eq(voters(sim), 3);
    sim_power_off(sim, 1);
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    sim_run(sim, 5 * HY_SECOND);
    ck_assert(!sim_active(sim, 2, "ClusterIP") && !sim_active(sim, 2, "MaxScale"));
    sim_power_off(sim, 2);
    struct where where = {0, "ClusterIP"};
    MUST(holds_nothing, &where, 2 * HY_SECOND); /* without it there is no majority */
    sim_boot(sim, 2);
    must_run(sim, 0, "ClusterIP", 10 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

START_TEST(a_member_becomes_a_witness)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    edit(sim, 0, "enrol test2 id=2 address=10.0.0.2 witness=true\n");
    must_run(sim, 0, "ClusterIP", 5 * HY_SECOND);
    struct where where = {1, "MaxScale"};
    MUST(holds_nothing, &where, 5 * HY_SECOND);
    must_be_quiet(sim);
    edit(sim, 0, "enrol test2 id=2 address=10.0.0.2\n");
    must_run(sim, 1, "ClusterIP", 5 * HY_SECOND);
    sim_free(&sim);
}
END_TEST

/* ---- at bad moments */

START_TEST(the_dc_dies_while_the_servers_change)
{
    struct sim *sim = seed_cluster((uint64_t)_i + 1);
    size_t fourth = sim_add_host(sim);
    sim_boot(sim, fourth);
    sim_run(sim, 500 * HY_MS);
    size_t dc = sim_dc(sim), asked = (dc + 1) % 3;
    add(sim, asked, fourth, "");
    sim_run(sim, (hy_time)(_i * 7 % 400) * HY_MS);
    sim_power_off(sim, dc);
    sim_run(sim, (hy_time)(_i * 53 % 2000) * HY_MS);
    if (_i % 3 == 0)
        sim_replace_disk(sim, dc);
    sim_boot(sim, dc);
    for (size_t i = 0; i < 4; i++)
        MUST(votes, &i, 30 * HY_SECOND);
    must_run(sim, 1, "ClusterIP", 10 * HY_SECOND);
    must_run(sim, fourth, "MaxScale", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

START_TEST(a_partition_while_one_comes_and_one_goes)
{
    struct sim *sim = start_cluster(sim_new(5, (uint64_t)_i + 1));
    size_t sixth = sim_add_host(sim), dc = sim_dc(sim), struck = (size_t)_i % 5;
    sim_boot(sim, sixth);
    size_t asked = (struck + 1) % 5;
    strike(sim, asked, struck);
    add(sim, asked, sixth, "");
    sim_run(sim, (hy_time)(_i * 11 % 300) * HY_MS);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            if ((i == dc || i == sixth) != (j == dc || j == sixth))
                sim_cut(sim, i, j, true);
    sim_run(sim, (hy_time)(_i * 131 % 5000) * HY_MS);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            sim_cut(sim, i, j, false);
    MUST(is_forgotten, &struck, 120 * HY_SECOND);
    MUST(votes, &sixth, 20 * HY_SECOND);
    MUST(runs_somewhere, "ClusterIP", 10 * HY_SECOND);
    must_be_quiet(sim);
    sim_free(&sim);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster: nodes come and go");
    TCase *tcase = tcase_create("nodes");
    tcase_set_timeout(tcase, 300);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, blank_nodes_form_a_cluster, 1, 11);
    tcase_add_loop_test(tcase, nothing_is_formed_while_one_is_missing, 0, 3);
    tcase_add_loop_test(tcase, forming_survives_crashes, 0, 60);
    tcase_add_loop_test(tcase, an_operator_may_begin_without_all, 0, 3);
    tcase_add_loop_test(tcase, nobody_begins_beside_a_cluster_that_is_heard, 0, 3);
    tcase_add_loop_test(tcase, a_node_is_added, 0, 6);
    tcase_add_loop_test(tcase, a_node_is_added_to_a_single_one, 0, 3);
    tcase_add_loop_test(tcase, seven_vote_and_the_others_follow, 0, 4);
    tcase_add_test(tcase, what_makes_no_sense_is_refused_in_words);
    tcase_add_test(tcase, addresses_change);
    tcase_add_loop_test(tcase, a_live_node_is_struck, 0, 12);
    tcase_add_loop_test(tcase, a_dead_node_is_struck_and_comes_back, 0, 6);
    tcase_add_loop_test(tcase, all_but_one_go_one_after_the_other, 0, 6);
    tcase_add_loop_test(tcase, a_node_that_is_away_while_it_is_struck_and_another_added_runs_nothing, 0, 6);
    tcase_add_loop_test(tcase, a_lost_disk_is_a_new_server, 0, 12);
    tcase_add_loop_test(tcase, a_disk_is_lost_under_a_running_executor, 0, 24);
    tcase_add_loop_test(tcase, a_lost_disk_and_a_clock_that_is_behind, 0, 12);
    tcase_add_loop_test(tcase, no_incarnation_is_used_twice, 0, 6);
    tcase_add_loop_test(tcase, a_node_with_a_state_is_outlived_and_stays_so, 0, 3);
    tcase_add_loop_test(tcase, disks_are_lost_one_after_the_other, 0, 3);
    tcase_add_loop_test(tcase, a_lost_majority_does_not_begin_anew_by_itself, 0, 6);
    tcase_add_loop_test(tcase, a_node_that_was_down_while_the_servers_changed_catches_up, 0, 3);
    tcase_add_loop_test(tcase, a_witness_votes_and_runs_nothing, 0, 4);
    tcase_add_loop_test(tcase, a_member_becomes_a_witness, 0, 3);
    tcase_add_loop_test(tcase, the_dc_dies_while_the_servers_change, 0, 60);
    tcase_add_loop_test(tcase, a_partition_while_one_comes_and_one_goes, 0, 30);
    return run_suite(suite);
}
