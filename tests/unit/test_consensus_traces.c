/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden traces: what a whole cluster says and writes, line by line, in situations that matter. A change of behaviour shows
 * as a change of a trace. HALYARD_GOLDEN=update writes them anew: read the difference before you keep it.
 */
#include "consensus/message.h"
#include "lib/raft_cluster.h"
#include "lib/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct cluster cluster;

static void begin(size_t voters, size_t joiners)
{
    struct cluster_options options = {
        .seed = 5,
        .voters = voters,
        .joiners = joiners,
        .raft = {.election_timeout = 300 * HY_MS, .heartbeat = 100 * HY_MS, .max_message = 200},
        .delay_min = 1 * HY_MS,
        .delay_max = 1 * HY_MS,
        .disk_min = 2 * HY_MS,
        .disk_max = 2 * HY_MS,
        .snapshot_size = 300,
        .trace = true,
    };
    cluster_start(&cluster, &options);
}

static bool has_leader(struct cluster *all)
{
    return cluster_leader(all) != 0;
}

/* A leader that has committed its NOOP and told everybody; none of that is in the trace. */
static uint32_t settle(void)
{
    ck_assert(cluster_run_until(&cluster, 10 * HY_SECOND, has_leader));
    cluster_run(&cluster, 50 * HY_MS);
    hy_buf_clear(&cluster.trace);
    return cluster_leader(&cluster);
}

static char *read_file(const char *path)
{
    struct hy_buf buf = {0};
    char chunk[4096];
    FILE *file = fopen(path, "r");
    for (size_t got; file && (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        hy_buf_add(&buf, chunk, got);
    if (file)
        fclose(file);
    return hy_buf_take(&buf);
}

static void compare(const char *name)
{
    char path[512];
    const char *update = getenv("HALYARD_GOLDEN");
    ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
    snprintf(path, sizeof path, "%s/tests/golden/consensus/%s.trace", HY_SRCDIR, name);
    if (update && strcmp(update, "update") == 0) {
        FILE *file = fopen(path, "w");
        ck_assert_msg(file != NULL, "%s cannot be written", path);
        fputs(hy_buf_text(&cluster.trace), file);
        ck_assert_int_eq(fclose(file), 0);
    }
    char *wanted = read_file(path);
    if (strcmp(wanted, hy_buf_text(&cluster.trace)) != 0)
        fprintf(stderr, "--- %s should be\n%s--- is\n%s", name, wanted, hy_buf_text(&cluster.trace));
    ck_assert_msg(strcmp(wanted, hy_buf_text(&cluster.trace)) == 0, "%s differs", path);
    free(wanted);
    cluster_free(&cluster);
}

START_TEST(first_election)
{
    begin(3, 0);
    ck_assert(cluster_run_until(&cluster, 10 * HY_SECOND, has_leader));
    cluster_note(&cluster, "a command");
    ck_assert_int_eq(cluster_propose(&cluster, cluster_leader(&cluster), "standby off"), 0);
    cluster_run(&cluster, 20 * HY_MS);
    compare("first-election");
}
END_TEST

START_TEST(leader_dies)
{
    begin(3, 0);
    uint32_t old = settle();
    uint32_t next = old == 1 ? 2 : 1;
    cluster_crash(&cluster, old);
    cluster_run(&cluster, 20 * HY_MS);
    cluster_note(&cluster,
                 "the failure detector knows: campaign at once, though the other one still believes in the leader");
    hy_time at = cluster.now;
    ck_assert_int_eq(cluster_campaign(&cluster, next), 0);
    ck_assert(cluster_run_until(&cluster, HY_SECOND, has_leader));
    ck_assert_int_le(cluster.now - at, 15 * HY_MS);
    cluster_note(&cluster, "the old one comes back and follows");
    cluster_restart(&cluster, old);
    cluster_run(&cluster, 110 * HY_MS);
    ck_assert_uint_eq(cluster_leader(&cluster), next);
    compare("leader-dies");
}
END_TEST

static unsigned lose;
static uint32_t lose_to;

static bool drop_some(struct cluster *all, uint32_t from, uint32_t to, const void *data, size_t size)
{
    (void)all;
    (void)from;
    (void)data;
    (void)size;
    return to == lose_to && lose && lose--;
}

START_TEST(lost_message)
{
    begin(3, 0);
    uint32_t leader = settle();
    lose_to = leader == 1 ? 2 : 1;
    lose = 1;
    cluster.drop = drop_some;
    ck_assert_int_eq(cluster_propose(&cluster, leader, "first"), 0);
    cluster_run(&cluster, 1 * HY_MS);
    cluster_note(&cluster, "the next message shows the gap");
    ck_assert_int_eq(cluster_propose(&cluster, leader, "second"), 0);
    cluster_run(&cluster, 20 * HY_MS);
    cluster_note(&cluster, "the last message: the heartbeat shows it");
    lose = 1;
    ck_assert_int_eq(cluster_propose(&cluster, leader, "third"), 0);
    cluster_run(&cluster, 110 * HY_MS);
    for (uint32_t id = 1; id <= 3; id++)
        ck_assert_uint_eq(cluster.nodes[id].applied, 4);
    compare("lost-message");
}
END_TEST

static bool drop_second_chunk(struct cluster *all, uint32_t from, uint32_t to, const void *data, size_t size)
{
    struct hy_raft_message message;
    (void)all;
    (void)from;
    (void)to;
    ck_assert_int_eq(hy_raft_message_decode(data, size, &message, NULL), 0);
    bool second = message.type == HY_RAFT_SNAPSHOT && message.snapshot.offset == 200;
    hy_raft_message_release(&message);
    return second && lose && lose--;
}

START_TEST(snapshot)
{
    begin(3, 0);
    cluster.options.snapshot_size = 900;
    uint32_t leader = settle();
    uint32_t behind = leader == 1 ? 2 : 1;
    cluster_crash(&cluster, behind);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(cluster_propose(&cluster, leader, "while it is away"), 0);
    cluster_run(&cluster, 400 * HY_MS);
    cluster_snapshot(&cluster, leader, 0);
    hy_buf_clear(&cluster.trace);
    cluster_note(&cluster, "the leader has compacted its log; the second of the chunks gets lost");
    cluster.drop = drop_second_chunk;
    lose = 1;
    cluster_restart(&cluster, behind);
    cluster_peer_back(&cluster, leader, behind);
    while (cluster.nodes[behind].applied < 4)
        ck_assert(cluster_next(&cluster, cluster.now + HY_SECOND));
    cluster_run(&cluster, 20 * HY_MS);
    compare("snapshot");
}
END_TEST

START_TEST(take_over)
{
    begin(3, 0);
    uint32_t leader = settle();
    uint32_t next = leader == 3 ? 2 : 3;
    ck_assert_int_eq(cluster_transfer(&cluster, leader, next), 0);
    cluster_run(&cluster, 30 * HY_MS);
    ck_assert_uint_eq(cluster_leader(&cluster), next);
    compare("take-over");
}
END_TEST

START_TEST(new_server)
{
    begin(1, 1);
    uint32_t leader = settle();
    struct hy_raft_servers servers = {.list = {{1, true, 11}, {2, false, 12}}, .count = 2};
    cluster_note(&cluster, "server 2 learns");
    ck_assert_int_eq(cluster_configure(&cluster, leader, &servers), 0);
    cluster_run(&cluster, 20 * HY_MS);
    cluster_note(&cluster, "and votes");
    servers.list[1].voter = true;
    ck_assert_int_eq(cluster_configure(&cluster, leader, &servers), 0);
    cluster_run(&cluster, 20 * HY_MS);
    cluster_note(&cluster, "server 1 leaves");
    servers = (struct hy_raft_servers){.list = {{2, true, 12}}, .count = 1};
    ck_assert_int_eq(cluster_configure(&cluster, leader, &servers), 0);
    cluster_run(&cluster, 30 * HY_MS);
    ck_assert_uint_eq(cluster_leader(&cluster), 2);
    compare("new-server");
}
END_TEST

/* --- not traces, but whole clusters as well --------------------------------------------------------------------- */

static bool all_have_applied(struct cluster *all)
{
    for (uint32_t id = 1; id < CLUSTER_MAX; id++)
        if (all->nodes[id].id && (!all->nodes[id].raft || all->nodes[id].applied < (uint64_t)(uintptr_t)all->context))
            return false;
    return true;
}

/* A fifth of all messages is lost, and a snapshot of a hundred chunks still arrives. */
START_TEST(a_snapshot_over_lossy_links)
{
    begin(3, 0);
    cluster.options.trace = false;
    uint32_t leader = settle();
    uint32_t behind = leader == 1 ? 2 : 1;
    cluster.options.snapshot_size = 20000;
    cluster_crash(&cluster, behind);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(cluster_propose(&cluster, leader, "while it is away"), 0);
    cluster_run(&cluster, 300 * HY_MS);
    for (uint32_t id = 1; id <= 3; id++) /* whoever leads next has no entries to give */
        if (id != behind)
            cluster_snapshot(&cluster, id, 0);
    cluster.options.loss = 200;
    cluster.context = (void *)(uintptr_t)51;
    cluster_restart(&cluster, behind);
    ck_assert(cluster_run_until(&cluster, 120 * HY_SECOND, all_have_applied));
    cluster_run(&cluster, 10 * HY_MS); /* the disk */
    ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
    ck_assert_uint_gt(cluster.nodes[behind].disk.snapshot_index, 0);
    cluster_free(&cluster);
}
END_TEST

START_TEST(one_cut_off_comes_back_quietly)
{
    begin(3, 0);
    cluster.options.trace = false;
    uint32_t leader = settle();
    uint64_t term = cluster_highest_term(&cluster);
    cluster_isolate(&cluster, leader == 1 ? 2 : 1);
    cluster_run(&cluster, 5 * HY_SECOND);
    ck_assert_uint_eq(cluster_highest_term(&cluster), term);
    cluster_heal(&cluster);
    cluster_run(&cluster, HY_SECOND);
    ck_assert_uint_eq(cluster_leader(&cluster), leader);
    ck_assert_uint_eq(cluster_highest_term(&cluster), term);
    cluster_free(&cluster);
}
END_TEST

START_TEST(a_slow_disk_keeps_the_leader)
{
    begin(3, 0);
    cluster.options.trace = false;
    uint32_t leader = settle();
    for (uint32_t id = 1; id <= 3; id++)
        cluster.nodes[id].stalled_until = cluster.now + 5 * HY_SECOND;
    ck_assert_int_eq(cluster_propose(&cluster, leader, "waits"), 0);
    cluster_run(&cluster, 4 * HY_SECOND);
    ck_assert_uint_eq(cluster_leader(&cluster), leader);
    ck_assert_uint_eq(cluster.nodes[leader].applied, 1);
    cluster_run(&cluster, 2 * HY_SECOND);
    ck_assert_uint_eq(cluster_leader(&cluster), leader);
    ck_assert_uint_eq(cluster.nodes[leader].applied, 2);
    cluster_free(&cluster);
}
END_TEST

/* Disks that write ten commands in the time in which thirty are offered: clients are told to wait, and all that was
 * taken is committed, steadily. */
START_TEST(slow_disks_slow_the_clients)
{
    struct cluster_options options = {
        .seed = 5,
        .voters = 3,
        .raft = {.election_timeout = 300 * HY_MS, .heartbeat = 100 * HY_MS, .max_pending = 100},
        .delay_min = 1 * HY_MS,
        .delay_max = 1 * HY_MS,
        .disk_min = 3 * HY_MS,
        .disk_max = 3 * HY_MS,
        .disk_serial = true,
        .snapshot_size = 16,
    };
    cluster_start(&cluster, &options);
    uint32_t leader = settle();
    size_t refused = 0;
    uint64_t committed = 0;
    for (int i = 0; i < 2000; i++) {
        int rc = cluster_propose(&cluster, leader, "ten bytes.");
        ck_assert(rc == 0 || rc == -EBUSY);
        refused += rc == -EBUSY;
        cluster_run(&cluster, 1 * HY_MS);
        if (i % 200 == 199) {
            ck_assert_uint_gt(hy_raft_commit_index(cluster.nodes[leader].raft), committed + 50);
            committed = hy_raft_commit_index(cluster.nodes[leader].raft);
        }
    }
    ck_assert_uint_gt(refused, 1000);
    ck_assert_uint_eq(cluster_leader(&cluster), leader);
    ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
    cluster_free(&cluster);
}
END_TEST

/* Only the leader's disk stands still: the others commit. */
START_TEST(a_leader_without_a_disk_commits_by_the_others)
{
    begin(3, 0);
    cluster.options.trace = false;
    uint32_t leader = settle();
    cluster.nodes[leader].stalled_until = cluster.now + 5 * HY_SECOND;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(cluster_propose(&cluster, leader, "goes on"), 0);
        cluster_run(&cluster, 10 * HY_MS);
        ck_assert_uint_ge(cluster.nodes[leader].applied + 1, (uint64_t)i + 2);
    }
    ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
    cluster_free(&cluster);
}
END_TEST

START_TEST(a_learner_that_is_away_holds_up_nobody)
{
    begin(3, 1);
    cluster.options.trace = false;
    uint32_t leader = settle();
    struct hy_raft_servers servers = *hy_raft_servers(cluster.nodes[leader].raft);
    servers.list[servers.count++] = (struct hy_raft_server){4, false, 14};
    ck_assert_int_eq(cluster_configure(&cluster, leader, &servers), 0);
    cluster_run(&cluster, 100 * HY_MS);
    ck_assert(hy_raft_caught_up(cluster.nodes[leader].raft, 4));
    cluster_isolate(&cluster, 4);
    for (int i = 0; i < 300; i++) {
        ck_assert_int_eq(cluster_propose(&cluster, leader, "without it"), 0);
        cluster_run(&cluster, 5 * HY_MS);
        if (i % 20 == 19)
            cluster_snapshot(&cluster, leader, 5);
    }
    const struct hy_raft *raft = cluster.nodes[leader].raft;
    ck_assert(!hy_raft_caught_up(raft, 4));
    ck_assert_uint_ge(cluster.nodes[leader].applied, 300);
    ck_assert_uint_ge(hy_raft_first_index(raft) + 30, hy_raft_last_index(raft)); /* nor is the log kept for it */
    cluster_heal(&cluster);
    cluster.context = (void *)(uintptr_t)302;
    ck_assert(cluster_run_until(&cluster, 10 * HY_SECOND, all_have_applied));
    ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
    cluster_free(&cluster);
}
END_TEST

/* A core that starts again within its failure detection: the leader need not wait for a heartbeat to bring it up. */
START_TEST(one_that_is_back_is_brought_up_at_once)
{
    begin(3, 0);
    cluster.options.trace = false;
    uint32_t leader = settle();
    uint32_t behind = leader == 1 ? 2 : 1;
    cluster_crash(&cluster, behind);
    cluster.context = (void *)(uintptr_t)51;
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(cluster_propose(&cluster, leader, "while it is away"), 0);
    cluster_run(&cluster, 40 * HY_MS);
    cluster_restart(&cluster, behind);
    cluster_peer_back(&cluster, leader, behind);
    ck_assert(cluster_run_until(&cluster, 20 * HY_MS, all_have_applied)); /* a heartbeat is 100 ms */
    cluster_free(&cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consensus traces");
    TCase *tcase = tcase_create("traces");
    tcase_set_timeout(tcase, 120);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, first_election);
    tcase_add_test(tcase, leader_dies);
    tcase_add_test(tcase, lost_message);
    tcase_add_test(tcase, snapshot);
    tcase_add_test(tcase, take_over);
    tcase_add_test(tcase, new_server);
    tcase_add_test(tcase, a_snapshot_over_lossy_links);
    tcase_add_test(tcase, one_cut_off_comes_back_quietly);
    tcase_add_test(tcase, a_slow_disk_keeps_the_leader);
    tcase_add_test(tcase, slow_disks_slow_the_clients);
    tcase_add_test(tcase, a_leader_without_a_disk_commits_by_the_others);
    tcase_add_test(tcase, a_learner_that_is_away_holds_up_nobody);
    tcase_add_test(tcase, one_that_is_back_is_brought_up_at_once);
    return run_suite(suite);
}
