/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random runs: whatever the network, the disks and the operator do, Raft's promises hold; and once they leave the cluster
 * alone, it goes on. HALYARD_SEEDS says how many, HALYARD_FIRST_SEED where they begin: a failure names its seed.
 */
#include "lib/raft_cluster.h"
#include "lib/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS = 300 };

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static uint32_t any_node(struct cluster *cluster)
{
    return 1 + (uint32_t)cluster_random(cluster, cluster->options.voters + cluster->options.joiners);
}

static bool is_up(const struct cluster *cluster, uint32_t id)
{
    return cluster->nodes[id].raft != NULL;
}

static size_t count_up(const struct cluster *cluster)
{
    size_t up = 0;
    for (uint32_t id = 1; id < CLUSTER_MAX; id++)
        up += is_up(cluster, id);
    return up;
}

static void propose_some(struct cluster *cluster, uint32_t id)
{
    char text[64];
    for (uint64_t i = cluster_random(cluster, 8) + 1; i-- > 0;) {
        snprintf(text, sizeof text, "%zu at %" PRIu64, cluster->steps, i);
        cluster_propose(cluster, id, text);
    }
}

static const struct hy_raft_server *find(const struct hy_raft_servers *servers, uint32_t id)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].id == id)
            return &servers->list[i];
    return NULL;
}

static void set_place(struct hy_raft_servers *servers, struct hy_raft_server server)
{
    for (size_t i = 0; i < servers->count; i++) {
        if (servers->list[i].id == server.id) {
            servers->list[i] = server;
            return;
        }
    }
    servers->list[servers->count++] = server;
}

static void take_out(struct hy_raft_servers *servers, uint32_t id)
{
    for (size_t i = 0; i < servers->count; i++)
        if (servers->list[i].id == id)
            servers->list[i] = servers->list[--servers->count];
}

/* One server's place in the set changes: in, up, down or out. Nobody asks for a set that has lost most of its disks. */
static void change_servers(struct cluster *cluster, uint32_t id)
{
    struct hy_raft_servers servers = *hy_raft_servers(cluster->nodes[id].raft);
    uint32_t who = any_node(cluster);
    const struct hy_raft_server *present = find(&servers, who);
    if (!present)
        set_place(&servers, (struct hy_raft_server){.id = who, .disk = cluster->nodes[who].disk.id});
    else if (cluster_random(cluster, 3))
        set_place(&servers, (struct hy_raft_server){.id = who, .disk = present->disk, .voter = !present->voter});
    else
        take_out(&servers, who);
    if (cluster_set_viable(cluster, &servers, 0))
        cluster_configure(cluster, id, &servers);
}

/* What the operator of the servers does, step by step: who has lost its disk goes, whoever is not in comes back as a
 * learner, and votes when it has caught up. */
static void tend(struct cluster *cluster, uint32_t leader)
{
    const struct hy_raft *raft = cluster->nodes[leader].raft;
    struct hy_raft_servers servers = *hy_raft_servers(raft);
    if (hy_raft_config_pending(raft))
        return;
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        const struct hy_raft_server *present = find(&servers, id);
        uint64_t disk = cluster->nodes[id].disk.id;
        if (present && present->disk != disk)
            take_out(&servers, id);
        else if (!present && is_up(cluster, id))
            set_place(&servers, (struct hy_raft_server){.id = id, .disk = disk});
        else if (present && !present->voter && hy_raft_caught_up(raft, id))
            set_place(&servers, (struct hy_raft_server){.id = id, .disk = disk, .voter = true});
        else
            continue;
        if (cluster_set_viable(cluster, &servers, 0))
            cluster_configure(cluster, leader, &servers);
        return;
    }
}

static void restart(struct cluster *cluster, uint32_t id)
{
    cluster_restart(cluster, id);
    for (uint32_t other = 1; other < CLUSTER_MAX; other++)
        if (other != id && is_up(cluster, other) && cluster_random(cluster, 2))
            cluster_peer_back(cluster, other, id);
}

static void crash(struct cluster *cluster, uint32_t id)
{
    if (count_up(cluster) < 2)
        return;
    cluster_crash(cluster, id);
    if (cluster_random(cluster, 4) == 0 && cluster_viable(cluster, id))
        cluster_replace_disk(cluster, id);
}

/* A disk is replaced so quickly that messages of the old one are still on their way. */
static void lose_disk(struct cluster *cluster, uint32_t id)
{
    if (!is_up(cluster, id) || !cluster_viable(cluster, id))
        return;
    cluster_crash(cluster, id);
    cluster_replace_disk(cluster, id);
    restart(cluster, id);
}

/* Elections in which voters lose what they have promised, and are taken in anew. */
static void swap_disks(struct cluster *cluster)
{
    if (cluster_leader(cluster) && cluster_random(cluster, 3))
        tend(cluster, cluster_leader(cluster));
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        if (is_up(cluster, id) && cluster_random(cluster, 5) == 0)
            cluster_campaign(cluster, id);
        if (cluster_random(cluster, 8) == 0)
            lose_disk(cluster, id);
    }
}

/* How much of what happens is trouble: fewer kinds, less work. */
enum { FEW_KINDS = 17, SOME_KINDS = 42, MANY_KINDS = 62 };

/* What a cluster is for. */
static void work(struct cluster *cluster, uint32_t id)
{
    for (uint32_t any = 1; any < CLUSTER_MAX; any++)
        if (is_up(cluster, any) && cluster_random(cluster, 2))
            cluster_read(cluster, any);
    if (hy_raft_role(cluster->nodes[id].raft) == HY_RAFT_LEADER)
        propose_some(cluster, id);
    else if (cluster_leader(cluster))
        propose_some(cluster, cluster_leader(cluster));
}

static void act(struct cluster *cluster, unsigned kinds)
{
    uint32_t id = any_node(cluster);
    uint64_t what = cluster_random(cluster, kinds);
    if (!is_up(cluster, id)) {
        if (what < 10)
            restart(cluster, id);
        return;
    }
    switch (what) {
    case 0:
        crash(cluster, id);
        return;
    case 1:
        cluster->nodes[id].group = (unsigned)cluster_random(cluster, 2);
        return;
    case 2:
        cluster_heal(cluster);
        return;
    case 3:
        cluster->nodes[id].stalled_until = cluster->now + (hy_time)cluster_random(cluster, 200) * HY_MS;
        return;
    case 4:
    case 5:
    case 6:
        cluster_snapshot(cluster, id, cluster_random(cluster, 10));
        return;
    case 7:
        cluster_campaign(cluster, id);
        return;
    case 8:
        cluster_transfer(cluster, id, any_node(cluster));
        return;
    case 9:
    case 10:
        if (hy_raft_leads(cluster->nodes[id].raft))
            change_servers(cluster, id);
        return;
    case 11:
    case 12:
        if (hy_raft_leads(cluster->nodes[id].raft))
            tend(cluster, id);
        return;
    case 13:
        cluster_peer_back(cluster, id, any_node(cluster));
        return;
    case 14:
        if (cluster->options.blank && id <= cluster->options.voters &&
            hy_raft_servers(cluster->nodes[id].raft)->count == 0 && cluster->nodes[id].disk.id == 10 + id)
            cluster_form(cluster, id);
        return;
    default:
        work(cluster, id);
        return;
    }
}

static bool all_agree(struct cluster *cluster)
{
    uint32_t leader = cluster_leader(cluster);
    if (!leader)
        return false;
    const struct cluster_node *first = &cluster->nodes[leader];
    const struct hy_raft_servers *servers = hy_raft_servers(first->raft);
    for (size_t i = 0; i < servers->count; i++) {
        const struct cluster_node *node = &cluster->nodes[servers->list[i].id];
        if (node->disk.id != servers->list[i].disk || node->applied != hy_raft_last_index(first->raft) ||
            node->hash != first->hash)
            return false;
    }
    for (uint32_t id = 1; id < CLUSTER_MAX; id++)
        if (cluster->nodes[id].reads.count)
            return false;
    return true;
}

/* The faults end: the cluster must find a leader, and commit, and bring everybody there. */
static void recover(struct cluster *cluster)
{
    cluster->options.loss = cluster->options.loss ? 20 : 0;
    cluster_heal(cluster);
    for (uint32_t id = 1; id < CLUSTER_MAX; id++) {
        cluster->nodes[id].stalled_until = 0;
        if (cluster->nodes[id].id && !is_up(cluster, id))
            cluster_restart(cluster, id);
    }
    if (cluster->options.blank)
        for (uint32_t id = 1; id <= cluster->options.voters; id++)
            if (cluster->nodes[id].disk.id == 10 + id)
                cluster_form(cluster, id);
    hy_time until = cluster->now + 120 * HY_SECOND; /* one message of two entries in a round trip can be all there is */
    while (!cluster->broken[0] && cluster->now < until && !all_agree(cluster)) {
        cluster_run(cluster, 50 * HY_MS);
        if (cluster_leader(cluster))
            tend(cluster, cluster_leader(cluster));
    }
    if (!cluster->broken[0] && !all_agree(cluster))
        snprintf(cluster->broken, sizeof cluster->broken, "seed %" PRIu64 ": no agreement after the faults",
                 cluster->options.seed);
}

struct run {
    bool fifo;        /* links lose nothing and keep the order */
    bool disks;       /* are lost all the time */
    bool slow;        /* messages may take nearly an election timeout */
    unsigned kinds;   /* of actions */
    unsigned actions; /* in one run */
    unsigned pause;   /* ms between two of them, at most */
};

static struct cluster_options options_for(uint64_t seed, const struct run *run)
{
    bool fifo = run->fifo;
    return (struct cluster_options){
        .seed = seed,
        .voters = 1 + seed % 5,
        .joiners = seed % 3,
        .blank = seed % 2,
        .raft = {.election_timeout = 150 * HY_MS,
                 .heartbeat = 30 * HY_MS,
                 .idle_heartbeat = seed % 2 ? 50 * HY_MS : 0,
                 .max_message = seed % 7 ? 256 : 64,
                 .max_inflight = 1 + seed % 5},
        .delay_min = 1 * HY_MS,
        .delay_max = fifo ? 1 * HY_MS : (hy_time)(1 + seed % (run->slow ? 120 : 40)) * HY_MS,
        .disk_min = 0,
        .disk_max = (hy_time)(seed % 30) * HY_MS,
        .loss = fifo ? 0 : (unsigned)(seed % 11) * 20,
        .doubled = fifo ? 0 : 30,
        .snapshot_size = seed % 4 ? 16 : 1000,
    };
}

/* A blank voter is told the first set now, later, or by a leader. */
static void form_some(struct cluster *cluster)
{
    for (uint32_t id = 1; cluster->options.blank && id <= cluster->options.voters; id++)
        if (cluster_random(cluster, 4))
            cluster_form(cluster, id);
}

static void run_seeds(const struct run *run)
{
    uint64_t first = from_environment("HALYARD_FIRST_SEED", 1);
    uint64_t count = from_environment("HALYARD_SEEDS", SEEDS);
    size_t committed = 0;
    size_t leaders = 0;
    size_t steps = 0;
    size_t reads = 0;
    for (uint64_t seed = first; seed < first + count; seed++) {
        struct cluster cluster;
        struct cluster_options options = options_for(seed, run);
        options.trace = getenv("HALYARD_TRACE") != NULL;
        cluster_start(&cluster, &options);
        form_some(&cluster);
        for (unsigned i = 0; i < run->actions && !cluster.broken[0]; i++) {
            cluster_run(&cluster, (hy_time)cluster_random(&cluster, run->pause) * HY_MS);
            act(&cluster, run->kinds);
            if (run->disks)
                swap_disks(&cluster);
        }
        recover(&cluster);
        if (cluster.broken[0] && options.trace)
            fputs(hy_buf_text(&cluster.trace), stderr);
        ck_assert_msg(!cluster.broken[0], "%s", cluster.broken);
        committed += cluster.committed.count;
        leaders += cluster.leader_count;
        steps += cluster.steps;
        reads += cluster.reads_answered;
        cluster_free(&cluster);
    }
    /* A run in which nothing happens proves nothing. */
    ck_assert_uint_gt(committed, count * 10);
    ck_assert_uint_ge(leaders, count);
    ck_assert_uint_ge(reads, count);
    if (getenv("HALYARD_VERBOSE"))
        fprintf(stderr, "%" PRIu64 " seeds: %zu steps, %zu entries committed, %zu leaders, %zu reads\n", count, steps,
                committed, leaders, reads);
}

START_TEST(crashes_and_partitions)
{
    run_seeds(&(struct run){.fifo = true, .kinds = MANY_KINDS, .actions = 60, .pause = 50});
}
END_TEST

START_TEST(loss_delay_doubles_and_everything)
{
    run_seeds(&(struct run){.kinds = SOME_KINDS, .actions = 60, .pause = 50});
}
END_TEST

START_TEST(mostly_trouble)
{
    run_seeds(&(struct run){.kinds = FEW_KINDS, .actions = 100, .pause = 60});
}
END_TEST

START_TEST(long_lives)
{
    run_seeds(&(struct run){.kinds = SOME_KINDS, .actions = 400, .pause = 100});
}
END_TEST

START_TEST(slow_links)
{
    run_seeds(&(struct run){.slow = true, .kinds = FEW_KINDS, .actions = 200, .pause = 200});
}
END_TEST

START_TEST(lost_disks)
{
    run_seeds(&(struct run){.disks = true, .kinds = MANY_KINDS, .actions = 300, .pause = 40});
}
END_TEST

static bool drop_all(struct cluster *cluster, uint32_t from, uint32_t to, const void *data, size_t size)
{
    (void)cluster, (void)from, (void)to, (void)data, (void)size;
    return true;
}

static uint64_t sent_in_3_s(struct cluster *cluster)
{
    uint64_t before = cluster->sent;
    cluster_run(cluster, 3 * HY_SECOND);
    return cluster->sent - before;
}

/* Three servers: a heartbeat is two messages, and two answers. */
START_TEST(an_idle_leader_says_little_and_repeats_what_is_lost_no_later)
{
    struct cluster cluster;
    const struct cluster_options options = {
        .seed = 5,
        .voters = 3,
        .raft = {.election_timeout = 300 * HY_MS, .heartbeat = 20 * HY_MS, .idle_heartbeat = 100 * HY_MS},
        .delay_min = HY_MS,
        .delay_max = HY_MS,
        .snapshot_size = 16};
    cluster_start(&cluster, &options);
    cluster_run(&cluster, 2 * HY_SECOND);
    uint32_t leader = cluster_leader(&cluster);
    ck_assert_uint_ne(leader, 0);
    uint64_t sent = sent_in_3_s(&cluster);
    ck_assert_uint_ge(sent, 29 * 4);
    ck_assert_uint_le(sent, 31 * 4);
    /* An edit between two heartbeats costs no heartbeat of its own: the entry, the commit, and what is
     * said to each, to and from two. */
    sent = 0;
    for (int i = 0; i < 10; i++) {
        cluster_run(&cluster, 145 * HY_MS);
        uint64_t before = cluster.sent;
        ck_assert_int_eq(cluster_propose(&cluster, leader, "one"), 0);
        cluster_run(&cluster, 15 * HY_MS);
        sent += cluster.sent - before;
        ck_assert_uint_eq(cluster.committed.count, cluster.nodes[leader].applied);
    }
    ck_assert_uint_le(sent, 10 * 8 + 4);
    /* All of it is lost: it is said again after the short interval, not the long one. */
    cluster_run(&cluster, 70 * HY_MS);
    uint64_t applied = cluster.nodes[leader].applied;
    cluster.drop = drop_all;
    ck_assert_int_eq(cluster_propose(&cluster, leader, "two"), 0);
    cluster.drop = NULL;
    cluster_run(&cluster, 20 * HY_MS + 10 * HY_MS);
    ck_assert_uint_eq(cluster.nodes[leader].applied, applied + 1);
    ck_assert_str_eq(cluster.broken, "");
    cluster_free(&cluster);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consensus at random");
    TCase *tcase = tcase_create("random");
    tcase_set_timeout(tcase, 600);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, crashes_and_partitions);
    tcase_add_test(tcase, loss_delay_doubles_and_everything);
    tcase_add_test(tcase, mostly_trouble);
    tcase_add_test(tcase, long_lives);
    tcase_add_test(tcase, slow_links);
    tcase_add_test(tcase, lost_disks);
    tcase_add_test(tcase, an_idle_leader_says_little_and_repeats_what_is_lost_no_later);
    return run_suite(suite);
}
