/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes come and go at random, with faults between: no single resource ever runs twice (checked at each moment by the
 * simulated cluster), and when the faults end the cluster is what the operators asked for. HY_NODES_SEEDS=N runs N
 * seeds, HY_NODES_SEED=S begins with S.
 */
#include "lib/cluster_case.h"
#include "lib/run.h"

#include "cib/grammar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HOSTS = 12 };

struct run {
    struct sim *sim;
    uint64_t seed;
    uint64_t random;
    bool struck[SIM_MAX_NODES];   /* asked for, and not refused */
    size_t added, strikes, disks; /* what the run has come to */
    hy_time patience;
};

static uint64_t dice(struct run *run, uint64_t below)
{
    run->random = run->random * 6364136223846793005u + 1442695040888963407u;
    return (run->random >> 33) % below;
}

static const struct hy_raft_servers *servers(struct sim *sim)
{
    size_t dc = sim_dc(sim);
    return dc == SIM_MAX_NODES ? NULL : hy_raft_servers(hy_cluster_raft(sim_cluster(sim, dc)));
}

static const struct hy_raft_server *server_of(struct sim *sim, size_t node)
{
    const struct hy_raft_servers *list = servers(sim);
    for (size_t i = 0; list && i < list->count; i++)
        if (list->list[i].id == node + 1)
            return &list->list[i];
    return NULL;
}

/* Every server has the disk that the set names, and is there: one disk may be lost now. */
static bool is_whole(struct sim *sim)
{
    const struct hy_raft_servers *list = servers(sim);
    for (size_t i = 0; list && i < list->count; i++)
        if (list->list[i].disk != sim_disk(sim, list->list[i].id - 1) || !sim_is_up(sim, list->list[i].id - 1))
            return false;
    return list && !hy_raft_config_pending(hy_cluster_raft(sim_cluster(sim, sim_dc(sim))));
}

/* ---- what operators do */

/* 0: it is done. -1: no answer yet, it may come to pass later, or never. */
static int ask(struct run *run, const char *statements)
{
    struct sim *sim = run->sim;
    size_t node = dice(run, sim_count(sim));
    for (size_t n = 0; n < sim_count(sim) && !sim_is_up(sim, node); n++)
        node = (node + 1) % sim_count(sim);
    int code = -1;
    uint64_t request = sim_request(sim, node, statements);
    sim_run_until(sim, (hy_time)dice(run, 500) * HY_MS, answered, &request);
    return sim_answer(sim, request, &code, NULL) ? code : -1;
}

static void add_one(struct run *run)
{
    struct sim *sim = run->sim;
    size_t node = sim_count(sim);
    if (node == MOST_HOSTS)
        return;
    sim_add_host(sim);
    if (dice(run, 3))
        sim_boot(sim, node);
    char text[128];
    snprintf(text, sizeof text, "enrol test%zu id=%zu address=10.0.0.%zu%s\n", node + 1, node + 1, node + 1,
             dice(run, 6) ? "" : " witness=true");
    run->added += ask(run, text) == 0;
}

static void strike_one(struct run *run)
{
    char text[64];
    size_t node = dice(run, sim_count(run->sim));
    snprintf(text, sizeof text, "strike test%zu\n", node + 1);
    if (node == 1) /* whom the VIP prefers */
        return;
    int code = ask(run, text);
    run->strikes += code == 0;
    run->struck[node] = run->struck[node] || code == 0 || code == -1;
}

/* ---- what befalls them */

static void lose_disk(struct run *run)
{
    struct sim *sim = run->sim;
    size_t node = dice(run, sim_count(sim));
    const struct hy_raft_server *server = server_of(sim, node);
    const struct hy_raft_servers *list = servers(sim);
    size_t voters = 0;
    for (size_t i = 0; list && i < list->count; i++)
        voters += list->list[i].voter && !run->struck[list->list[i].id - 1];
    if (!is_whole(sim) || (server && voters < 3))
        return; /* the log would be lost with it, for all: a learner may be given a vote at this very moment, and one that is
                   struck may leave before anybody has noticed that the disk is lost: then two are left, and one is empty */
    if (dice(run, 2)) {
        sim_power_off(sim, node);
        sim_replace_disk(sim, node);
        sim_run(sim, (hy_time)dice(run, 300) * HY_MS);
        sim_boot(sim, node);
    } else if (sim_is_up(sim, node)) {
        sim_kill_core(sim, node);
        sim_replace_disk(sim, node);
        sim_run(sim, (hy_time)dice(run, 100) * HY_MS);
        sim_start_core(sim, node);
    }
    run->disks++;
}

static void uncut(struct sim *sim)
{
    sim_lose(sim, 0);
    for (size_t i = 0; i < sim_count(sim); i++)
        for (size_t j = 0; j < sim_count(sim); j++)
            sim_cut_one_way(sim, i, j, false);
}

static void split(struct run *run)
{
    struct sim *sim = run->sim;
    bool side[SIM_MAX_NODES];
    for (size_t i = 0; i < sim_count(sim); i++)
        side[i] = dice(run, 2);
    for (size_t i = 0; i < sim_count(sim); i++)
        for (size_t j = 0; j < sim_count(sim); j++)
            if (side[i] != side[j])
                sim_cut_one_way(sim, i, j, true);
}

static void revive(struct sim *sim, size_t node)
{
    if (sim_is_up(sim, node))
        return;
    sim_power_off(sim, node);
    sim_boot(sim, node);
}

static void heal(struct sim *sim)
{
    uncut(sim);
    for (size_t i = 0; i < sim_count(sim); i++)
        revive(sim, i);
}

static void one_event(struct run *run)
{
    struct sim *sim = run->sim;
    size_t node = dice(run, sim_count(sim)), other = dice(run, sim_count(sim));
    switch (dice(run, 19)) {
    case 0:
    case 1:
    case 16:
        add_one(run);
        break;
    case 2:
    case 17:
        strike_one(run);
        break;
    case 3:
    case 4:
        lose_disk(run);
        break;
    case 5:
        sim_power_off(sim, node);
        break;
    case 6:
        if (sim_is_up(sim, node))
            sim_kill_core(sim, node);
        break;
    case 7:
        if (sim_dc(sim) != SIM_MAX_NODES)
            sim_power_off(sim, sim_dc(sim));
        break;
    case 8:
        sim_cut(sim, node, other, node != other);
        break;
    case 9:
        sim_cut_one_way(sim, node, other, node != other);
        break;
    case 10:
        split(run);
        break;
    case 18:
        sim_lose(sim, (unsigned)dice(run, 25));
        break;
    case 11:
    case 12:
        uncut(sim);
        break;
    default:
        revive(sim, node);
        break;
    }
}

/* ---- what must come of it */

static bool settled(struct sim *sim, void *context)
{
    (void)context;
    size_t dc = sim_dc(sim), voters = 0, wanted = 0;
    if (dc == SIM_MAX_NODES || !is_whole(sim))
        return false;
    const struct hy_cib *cib = hy_cluster_cib(sim_cluster(sim, dc));
    for (size_t i = 0; i < cib->nodes.count; i++) {
        const struct hy_node_status *status = cib->nodes.items[i];
        const struct hy_raft_server *server = server_of(sim, status->id - 1);
        if (!server || status->enrolled.striking || status->state != HY_MEMBER_IN)
            return false;
        wanted++;
        voters += server->voter;
        if (!status->enrolled.witness && !sim_active(sim, status->id - 1, "MaxScale"))
            return false;
    }
    return wanted == servers(sim)->count && voters == (wanted < 7 ? wanted : 7) &&
           runs_somewhere(sim, (char[]){"ClusterIP"});
}

static void say_state(const struct run *run, struct hy_buf *out)
{
    struct sim *sim = run->sim;
    size_t dc = sim_dc(sim);
    hy_buf_addf(out, "seed %" PRIu64 ": it does not settle: DC %zu;", run->seed, dc + 1);
    for (size_t i = 0; i < sim_count(sim); i++) {
        struct hy_cluster_report report = {0};
        if (sim_is_up(sim, i))
            hy_cluster_report(sim_cluster(sim, i), sim_now(sim), &report);
        hy_buf_addf(out, "\n test%zu %s%s%s leader %u %s %s", i + 1, sim_is_up(sim, i) ? "up" : "down",
                    report.blank ? " blank" : "", report.out ? " out" : "", report.dc,
                    report.waiting ? report.waiting : "", report.change ? report.change : "");
    }
    if (dc == SIM_MAX_NODES)
        return;
    hy_buf_addc(out, '\n');
    hy_cib_save(hy_cluster_cib(sim_cluster(sim, dc)), out);
}

/* All members have the same state, and who is no member runs nothing. */
static void check_members(const struct run *run)
{
    struct sim *sim = run->sim;
    const struct hy_cib *cib = hy_cluster_cib(sim_cluster(sim, sim_dc(sim)));
    struct hy_buf first = {0};
    hy_cib_save(cib, &first);
    for (size_t i = 0; i < sim_count(sim); i++) {
        if (!hy_cib_node_by_id(cib, (uint32_t)i + 1)) {
            ck_assert_msg(!sim_active(sim, i, "MaxScale") && !sim_active(sim, i, "ClusterIP"),
                          "seed %" PRIu64 ": test%zu is in no cluster and runs something", run->seed, i + 1);
            continue;
        }
        struct hy_buf own = {0};
        hy_cib_save(hy_cluster_cib(sim_cluster(sim, i)), &own);
        ck_assert_msg(own.size == first.size && !memcmp(own.data, first.data, own.size),
                      "seed %" PRIu64 ": test%zu has another state than the DC", run->seed, i + 1);
        hy_buf_free(&own);
    }
    hy_buf_free(&first);
}

static void run_seed(uint64_t seed, struct run *totals)
{
    struct run run = {.seed = seed, .random = seed * 7919 + 12345};
    size_t begin = 2 + dice(&run, 4);
    run.sim = start_cluster(sim_new(begin, seed));
    size_t events = 20 + dice(&run, 40);
    hy_time pause = (hy_time)(50 + dice(&run, dice(&run, 2) ? 3000 : 400)) * HY_MS;
    for (size_t n = 0; n < events; n++) {
        one_event(&run);
        sim_run(run.sim, (hy_time)dice(&run, (uint64_t)pause));
        if (!dice(&run, 12)) /* else there would soon be no quorum to ask anything of */
            heal(run.sim);
    }
    heal(run.sim);
    if (!sim_run_until(run.sim, 180 * HY_SECOND, settled, NULL)) {
        struct hy_buf text = {0};
        say_state(&run, &text);
        fprintf(stderr, "%s", hy_buf_text(&text));
        hy_buf_free(&text);
        ck_abort_msg("seed %" PRIu64 ": it does not settle", seed);
    }
    sim_run(run.sim, 2 * HY_SECOND);
    check_members(&run);
    totals->added += run.added;
    totals->strikes += run.strikes;
    totals->disks += run.disks;
    sim_free(&run.sim);
}

static uint64_t number_from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

enum { PARTS = 4, SEEDS = 120 }; /* in a few seeds less happens now and then: nothing does while there is no quorum */

START_TEST(the_cluster_is_what_was_asked_for)
{
    struct run totals = {0};
    uint64_t first = number_from_env("HY_NODES_SEED", 1), count = number_from_env("HY_NODES_SEEDS", SEEDS);
    for (uint64_t seed = first + (uint64_t)_i; seed < first + count; seed += PARTS)
        run_seed(seed, &totals);
    if (count < SEEDS)
        return; /* a single seed run by hand need not show everything */
    ck_assert_uint_gt(totals.added, count / PARTS);
    ck_assert_uint_gt(totals.strikes, count / PARTS / 2);
    ck_assert_uint_gt(totals.disks, count / PARTS / 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster: nodes come and go at random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 36000);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, the_cluster_is_what_was_asked_for, 0, PARTS);
    return run_suite(suite);
}
