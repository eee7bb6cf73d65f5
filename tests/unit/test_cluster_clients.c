/* SPDX-License-Identifier: Apache-2.0 */
/* What clients are promised: an edit is made once however often it is asked for, a read misses nothing that was acknowledged,
 * and a slow disk makes them slow, not wrong. In virtual time. */
#include "lib/cluster_sim.h"
#include "lib/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS = 40, CLIENTS = 64, EDITS = 8 };

static bool has_dc(struct sim *sim, void *context)
{
    (void)context;
    return sim_dc(sim) < SIM_MAX_NODES;
}

static bool answered(struct sim *sim, void *context)
{
    return sim_answer(sim, *(uint64_t *)context, NULL, NULL);
}

static struct sim *cluster(uint64_t seed)
{
    struct sim *sim = sim_new(3, seed);
    for (size_t i = 0; i < 3; i++)
        sim_boot(sim, i);
    ck_assert(sim_run_until(sim, 10 * HY_SECOND, has_dc, NULL));
    sim_run(sim, HY_SECOND);
    return sim;
}

static bool wait_for(struct sim *sim, uint64_t request, hy_time at_most, int *code)
{
    bool there = sim_run_until(sim, at_most, answered, &request);
    sim_answer(sim, request, code, NULL);
    return there;
}

static unsigned pick(uint64_t *random, unsigned range)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*random >> 33) % range;
}

/* Asks again at the same node until there is an answer, as hactl does. */
static int persist(struct sim *sim, size_t node, const char *statements, uint64_t session, uint64_t number,
                   uint64_t known)
{
    int code = 0;
    for (int attempt = 0; attempt < 200; attempt++) {
        if (sim_is_up(sim, node)) {
            uint64_t request = sim_ask(sim, node, statements, session, number, known);
            if (wait_for(sim, request, 500 * HY_MS, &code) && code != -EHOSTUNREACH)
                return code;
        }
        sim_run(sim, 20 * HY_MS);
    }
    ck_abort_msg("no answer to the end: %s", statements);
}

/* A second `put 0` of the same id would be refused, so an edit that is made twice shows. */
START_TEST(an_edit_is_made_once_though_the_core_dies)
{
    uint64_t random = (uint64_t)_i + 1;
    struct sim *sim = cluster(random);
    for (uint64_t number = 1; number <= 12; number++) {
        size_t node = pick(&random, 3), dc = sim_dc(sim);
        size_t victim = pick(&random, 2) ? node : dc < SIM_MAX_NODES ? dc : node;
        char statements[64];
        snprintf(statements, sizeof statements, "put 0 node n%u\n", (unsigned)number);
        uint64_t known = hy_cluster_cib(sim_cluster(sim, node))->index;
        uint64_t request = sim_ask(sim, node, statements, 77, number, 0);
        sim_run(sim, pick(&random, 8000)); /* up to 8 ms: before, while and after it is committed */
        int code = 0;
        if (sim_answer(sim, request, &code, NULL) && code != -EHOSTUNREACH) /* it hears nobody yet */
            ck_assert_int_eq(code, 0);
        sim_kill_core(sim, victim);
        sim_run(sim, pick(&random, 300000));
        sim_start_core(sim, victim);
        ck_assert_int_eq(persist(sim, node, statements, 77, number, known), 0);
        ck_assert_int_eq(persist(sim, pick(&random, 3), statements, 77, number, known), 0);
    }
    sim_run(sim, 2 * HY_SECOND);
    for (size_t node = 0; node < 3; node++)
        ck_assert_ptr_nonnull(hy_cib_find(hy_cluster_cib(sim_cluster(sim, node)), "n12"));
    sim_free(&sim);
}
END_TEST

/* Acknowledged at one node, read at another: under cuts, losses and dying cores. Those reads that are answered at all must
 * have it; in the end one is. */
START_TEST(a_read_misses_nothing_that_was_acknowledged)
{
    uint64_t random = (uint64_t)_i + 1000;
    struct sim *sim = cluster(random);
    sim_lose(sim, 10);
    unsigned good = 0;
    for (uint64_t number = 1; number <= 15; number++) {
        size_t writer = pick(&random, 3), reader = pick(&random, 3), alone = pick(&random, 3);
        int code = -1;
        char id[16], statements[64];
        snprintf(id, sizeof id, "n%u", (unsigned)number);
        snprintf(statements, sizeof statements, "put 0 node %s\n", id);
        /* One of them hears little or nothing, and may think for a while that it leads. */
        bool one_way = pick(&random, 2);
        for (size_t other = 0; other < 3; other++)
            if (other != alone)
                one_way ? sim_cut_one_way(sim, other, alone, true) : sim_cut(sim, other, alone, true);
        sim_run(sim, pick(&random, 400000));
        uint64_t request = sim_ask(sim, writer, statements, 78, number, 0);
        bool acknowledged = wait_for(sim, request, 2 * HY_SECOND, &code) && !code;
        uint64_t least = acknowledged ? hy_cluster_cib(sim_cluster(sim, writer))->index : 0;
        uint64_t read = sim_read(sim, reader);
        if (pick(&random, 2))
            sim_run(sim, pick(&random, 3000));
        for (size_t other = 0; other < 3; other++)
            if (other != alone)
                sim_cut(sim, other, alone, false);
        ck_assert_msg(wait_for(sim, read, 4 * HY_SECOND, &code), "a read is never answered");
        if (!code) {
            good++;
            ck_assert_uint_ge(sim_read_index(sim, read), least);
            if (acknowledged)
                ck_assert_ptr_nonnull(hy_cib_find(hy_cluster_cib(sim_cluster(sim, reader)), id));
        }
    }
    ck_assert_uint_gt(good, 3);
    sim_free(&sim);
}
END_TEST

START_TEST(without_quorum_a_read_is_refused)
{
    struct sim *sim = cluster(5);
    int code = 0;
    for (size_t other = 1; other < 3; other++)
        sim_cut(sim, 0, other, true);
    uint64_t early = sim_read(sim, 0); /* nobody has noticed yet */
    ck_assert(wait_for(sim, early, 4 * HY_SECOND, &code));
    ck_assert_int_eq(code, -EHOSTUNREACH);
    uint64_t late = sim_read(sim, 0);
    ck_assert(sim_answer(sim, late, &code, NULL));
    ck_assert_int_eq(code, -EHOSTUNREACH);
    uint64_t there = sim_read(sim, 1);
    ck_assert(wait_for(sim, there, 2 * HY_SECOND, &code));
    ck_assert_int_eq(code, 0);
    sim_free(&sim);
}
END_TEST

/* All readers of one moment share a round to a majority; nobody waits for a heartbeat. */
START_TEST(reads_are_quick)
{
    struct sim *sim = cluster(6);
    uint64_t reads[50];
    int code;
    hy_time began = sim_now(sim);
    for (size_t i = 0; i < 50; i++)
        reads[i] = sim_read(sim, i % 3);
    for (size_t i = 0; i < 50; i++) {
        ck_assert(wait_for(sim, reads[i], HY_SECOND, &code));
        ck_assert_int_eq(code, 0);
    }
    /* Three times there and back, twice: those who came while a question was under way wait for the next. */
    ck_assert_int_le(sim_now(sim) - began, 6 * HY_MS);
    sim_free(&sim);
}
END_TEST

/* Each sync takes 50 ms, and the commands together are far more than may wait for a disk: every client is answered in turn,
 * nobody is judged dead, the DC stays. */
START_TEST(a_disk_slower_than_the_load_slows_the_clients_down)
{
    struct sim *sim = cluster((uint64_t)_i + 20);
    static char statements[CLIENTS][200 * 1024];
    uint64_t requests[CLIENTS];
    unsigned done[CLIENTS] = {0}, total = 0;
    size_t dc = sim_dc(sim);
    sim_slow_disks(sim, 50 * HY_MS);
    for (size_t i = 0; i < CLIENTS; i++) {
        int head = snprintf(statements[i], sizeof statements[i], "put * property p%zu: v=", i);
        memset(statements[i] + head, 'x', 60000);
        strcpy(statements[i] + head + 60000, " w=1\n");
        requests[i] = sim_request(sim, i % 3, statements[i]);
    }
    hy_time longest = 0, since = sim_now(sim);
    while (total < CLIENTS * EDITS) {
        sim_run(sim, HY_MS);
        for (size_t i = 0; i < CLIENTS; i++) {
            int code;
            if (done[i] == EDITS || !sim_answer(sim, requests[i], &code, NULL))
                continue;
            ck_assert_int_eq(code, 0);
            longest = sim_now(sim) - since > longest ? sim_now(sim) - since : longest;
            since = sim_now(sim);
            total++;
            if (++done[i] < EDITS)
                requests[i] = sim_request(sim, i % 3, statements[i]);
        }
        ck_assert_msg(sim_now(sim) - since < HY_SECOND, "nothing was committed for a second (%u were)", total);
    }
    ck_assert_uint_eq(sim_dc(sim), dc);
    for (size_t node = 0; node < 3; node++)
        ck_assert_uint_eq(hy_cluster_cib(sim_cluster(sim, dc))->nodes.items[node]->epoch, 1);
    sim_free(&sim);
}
END_TEST

static bool runs_somewhere(struct sim *sim, void *context)
{
    for (size_t node = 0; node < 3; node++)
        if (sim_active(sim, node, context))
            return true;
    return false;
}

/* Puts a resource: its probes come first, then its start, each a reaction to results. How long until it runs; edits come
 * in at each millisecond meanwhile, if wanted. */
static hy_time time_to_react(struct sim *sim, char *rsc, bool stream)
{
    char statements[64];
    snprintf(statements, sizeof statements, "put 0 primitive %s IPaddr2\n", rsc);
    sim_request(sim, 0, statements);
    hy_time began = sim_now(sim);
    while (!runs_somewhere(sim, rsc)) {
        char edit[64];
        snprintf(edit, sizeof edit, "put * property p: v=%lld\n", (long long)sim_now(sim));
        if (stream)
            sim_request(sim, 1, edit);
        sim_run(sim, HY_MS);
        ck_assert_msg(sim_now(sim) - began < 2 * HY_SECOND, "%s does not run", rsc);
    }
    return sim_now(sim) - began;
}

/* The DC decides when it may, not for each edit; and what comes of operations it takes up at once all the same. */
START_TEST(a_stream_of_edits_holds_nothing_up)
{
    struct sim *sim = cluster((uint64_t)_i + 30);
    hy_time quiet = time_to_react(sim, (char[]){"A"}, false);
    sim_run(sim, HY_SECOND);
    hy_time busy = time_to_react(sim, (char[]){"B"}, true);
    /* The edit itself may wait 10 ms; the disks and the log have more to do. */
    ck_assert_msg(busy <= quiet + 25 * HY_MS, "%lld ms, and %lld ms while edits stream in", (long long)(quiet / HY_MS),
                  (long long)(busy / HY_MS));
    sim_free(&sim);
}
END_TEST

/* A node may be a day behind: what it says happened by the DC's clock, less the time it waited on its way. */
START_TEST(the_record_goes_by_the_clock_of_the_dc)
{
    struct sim *sim = cluster(60);
    size_t dc = sim_dc(sim), other = (dc + 1) % 3;
    sim_set_clock(sim, other, -86400 * HY_SECOND);
    for (size_t node = 0; node < 3; node++)
        if (node != other)
            sim_cut(sim, other, node, true);
    hy_wall said = sim_wall(sim, dc);
    uint64_t request = sim_ask(sim, other, "put 0 node late\n", 79, 1, 0);
    sim_run(sim, 300 * HY_MS);
    for (size_t node = 0; node < 3; node++)
        sim_cut(sim, other, node, false);
    int code = -1;
    ck_assert(wait_for(sim, request, 4 * HY_SECOND, &code));
    ck_assert_int_eq(code, 0);
    hy_time off = hy_cluster_cib(sim_cluster(sim, dc))->changed - said;
    ck_assert_msg(off >= -HY_MS && off <= 20 * HY_MS, "said %lld ms off", (long long)(off / HY_MS));
    sim_free(&sim);
}
END_TEST

static bool has_applied(struct sim *sim, void *context)
{
    const size_t *node = context;
    return hy_cluster_cib(sim_cluster(sim, node[0]))->index == hy_cluster_cib(sim_cluster(sim, node[1]))->index;
}

/* What was lost while a connection was away is said again at once when it is back, and not when a timer comes. */
START_TEST(who_is_connected_again_lacks_nothing)
{
    for (int way = 0; way < 2; way++) {
        struct sim *sim = cluster(70);
        size_t dc = sim_dc(sim), other = (dc + 1) % 3, pair[] = {other, dc};
        uint64_t requests[3];
        int code;
        sim_run_until(sim, HY_SECOND, has_applied, pair);
        sim_cut(sim, other, dc, true);
        requests[0] = sim_ask(sim, other, "put 0 node one\n", 80, 1, 0);
        requests[1] = sim_ask(sim, dc, "put 0 node two\n", 81, 1, 0);
        requests[2] = sim_read(sim, other);
        ck_assert(wait_for(sim, requests[1], 5 * HY_MS, &code));
        ck_assert_int_eq(code, 0);
        sim_run(sim, 3 * HY_MS);
        ck_assert(!has_applied(sim, pair) && !answered(sim, &requests[0]) && !answered(sim, &requests[2]));
        sim_cut(sim, other, dc, false);
        /* The one is told what is new, the other says again what it wants. */
        if (way == 0) {
            sim_connected(sim, dc, other);
            ck_assert(sim_run_until(sim, 4 * HY_MS, has_applied, pair));
        } else {
            sim_connected(sim, other, dc);
            ck_assert(wait_for(sim, requests[0], 8 * HY_MS, &code));
            ck_assert_int_eq(code, 0);
            ck_assert(wait_for(sim, requests[2], 8 * HY_MS, &code));
            ck_assert_int_eq(code, 0);
        }
        sim_free(&sim);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster: clients");
    TCase *tcase = tcase_create("clients");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, an_edit_is_made_once_though_the_core_dies, 0, SEEDS);
    tcase_add_loop_test(tcase, a_read_misses_nothing_that_was_acknowledged, 0, SEEDS);
    tcase_add_test(tcase, without_quorum_a_read_is_refused);
    tcase_add_test(tcase, reads_are_quick);
    tcase_add_loop_test(tcase, a_disk_slower_than_the_load_slows_the_clients_down, 0, 3);
    tcase_add_loop_test(tcase, a_stream_of_edits_holds_nothing_up, 0, 10);
    tcase_add_test(tcase, the_record_goes_by_the_clock_of_the_dc);
    tcase_add_test(tcase, who_is_connected_again_lacks_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
