/* SPDX-License-Identifier: Apache-2.0 */
/* What scores are made of: the parts add up, each says where it comes from, and asking for it changes no decision. */
#include "lib/run.h"
#include "sched_random.h"
#include "sched_world.h"

#include <string.h>

enum { SEEDS = 300 };

static struct hy_decision *decide(const struct world *world, bool explain)
{
    const struct hy_sched_input input = {
        .cib = world->cib, .now = world->now, .quorum = world->quorum, .explain = explain};
    return hy_schedule(&input);
}

static void check_score(uint64_t seed, const struct hy_score *score)
{
    int sum = 0;
    for (size_t i = 0; i < score->part_count; i++) {
        sum = hy_score_add(sum, score->parts[i].score);
        ck_assert_msg(score->parts[i].why && *score->parts[i].why, "seed %llu: %s on %s: a part without a word",
                      (unsigned long long)seed, score->rsc, score->node);
    }
    ck_assert_msg(sum == score->score, "seed %llu: %s on %s is %d, its parts add up to %d", (unsigned long long)seed,
                  score->rsc, score->node, score->score, sum);
    ck_assert(score->part_count || !score->score);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_same(uint64_t seed, const struct hy_decision *plain, const struct hy_decision *explained)
{
    ck_assert_uint_eq(plain->placement_count, explained->placement_count);
    for (size_t i = 0; i < plain->placement_count; i++)
        ck_assert_msg(same(plain->placements[i].node, explained->placements[i].node) &&
                          plain->placements[i].role == explained->placements[i].role,
                      "seed %llu: %s is placed otherwise when it is explained", (unsigned long long)seed,
                      plain->placements[i].instance);
    ck_assert_uint_eq(plain->action_count, explained->action_count);
    for (size_t i = 0; i < plain->action_count; i++)
        ck_assert(same(plain->actions[i].reason, explained->actions[i].reason));
    ck_assert_uint_eq(plain->score_count, 0);
}

static void check_decision(uint64_t seed, const struct world *world)
{
    struct hy_decision *plain = decide(world, false), *explained = decide(world, true);
    check_same(seed, plain, explained);
    for (size_t i = 0; i < explained->score_count; i++)
        check_score(seed, &explained->scores[i]);
    hy_decision_free(&plain);
    hy_decision_free(&explained);
}

START_TEST(parts_add_up)
{
    for (uint64_t seed = 1 + (uint64_t)_i * SEEDS; seed <= (uint64_t)(_i + 1) * SEEDS; seed++) {
        struct hy_buf configuration = {0};
        struct world world;
        random_configuration(seed, &configuration);
        world_init(&world, hy_buf_text(&configuration));
        for (size_t i = 0; i < world.cib->nodes.count; i++)
            if ((seed + i) % 4)
                world_member(&world, world.cib->nodes.items[i]->node, HY_MEMBER_IN, true);
        check_decision(seed, &world);
        world_settle(&world, false);
        check_decision(seed, &world);
        world_free(&world);
        hy_buf_free(&configuration);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scores");
    TCase *random = tcase_create("random clusters");
    tcase_set_timeout(random, 300);
    tcase_add_loop_test(random, parts_add_up, 0, 4);
    suite_add_tcase(suite, random);
    return run_suite(suite);
}
