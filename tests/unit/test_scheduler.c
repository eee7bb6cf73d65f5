/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/run.h"
#include "sched_case.h"
#include "sched_laws.h"
#include "sched_random.h"
#include "sched_world.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define GOLDEN HY_SRCDIR "/tests/golden/scheduler"

static glob_t golden;

START_TEST(golden_case)
{
    const char *path = golden.gl_pathv[_i];
    struct hy_buf difference = {0};
    sched_case_run(path, &difference);
    if (difference.size)
        ck_abort_msg("%s:\n%s", path + strlen(GOLDEN) + 1, hy_buf_text(&difference));
    hy_buf_free(&difference);
}
END_TEST

START_TEST(there_are_golden_cases)
{
    ck_assert_uint_ge(golden.gl_pathc, 250);
}
END_TEST

/* Fixed seeds, so that a failure can be had again. HY_SEED=N runs one; with HY_SEEDS=M, M of them from N on, each a test
 * of its own, so that all that fail are told. */
enum { RANDOM_TESTS = 20, SEEDS_A_TEST = 50 };

static bool asked_seed(int test, uint64_t *seed)
{
    const char *text = getenv("HY_SEED");
    if (text)
        *seed = strtoull(text, NULL, 10) + (unsigned)test;
    return text;
}

static int tests_of(int otherwise)
{
    const char *seeds = getenv("HY_SEEDS");
    if (!getenv("HY_SEED"))
        return otherwise;
    return seeds ? atoi(seeds) : 1;
}

START_TEST(random_cluster)
{
    uint64_t seed;
    if (asked_seed(_i, &seed)) {
        random_run(seed);
        return;
    }
    for (int i = 0; i < SEEDS_A_TEST; i++)
        random_run((uint64_t)_i * SEEDS_A_TEST + (uint64_t)i + 1);
}
END_TEST

/* Seeds beyond those that once broke something. */
START_TEST(kept_random_clusters)
{
    static const uint64_t kept[] = {
        34273, /* what was stopped for a move started again where it was, and was stopped for the same move again */
    };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        random_run(kept[i]);
}
END_TEST

enum { LAW_TESTS = 20, LAW_SEEDS_A_TEST = 50 };

START_TEST(law)
{
    uint64_t first = (uint64_t)_i * LAW_SEEDS_A_TEST + 1;
    bool one = asked_seed(_i, &first);
    unsigned again = 0;
    for (uint64_t i = first; i < first + (one ? 1 : LAW_SEEDS_A_TEST); i++) {
        again += laws_hold(i) > 0;
        names_do_not_matter(i);
    }
    ck_assert_uint_le(again, LAW_SEEDS_A_TEST / 10);
}
END_TEST

int main(void)
{
    const char *pattern = getenv("HY_CASE");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.case", GOLDEN, pattern ? pattern : "*/*");
    glob(path, 0, NULL, &golden);
    Suite *suite = suite_create("scheduler");
    TCase *cases = tcase_create("golden");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, golden_case, 0, (int)golden.gl_pathc);
    if (!pattern)
        tcase_add_test(cases, there_are_golden_cases);
    suite_add_tcase(suite, cases);
    if (!pattern) {
        TCase *random = tcase_create("random clusters");
        tcase_set_timeout(random, 300);
        tcase_add_loop_test(random, random_cluster, 0, tests_of(RANDOM_TESTS));
        tcase_add_test(random, kept_random_clusters);
        suite_add_tcase(suite, random);
        TCase *laws = tcase_create("laws");
        tcase_set_timeout(laws, 300);
        tcase_add_loop_test(laws, law, 0, tests_of(LAW_TESTS));
        suite_add_tcase(suite, laws);
    }
    int status = run_suite(suite);
    globfree(&golden);
    return status;
}
