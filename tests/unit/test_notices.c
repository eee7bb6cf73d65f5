/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of clones in a cluster that lives: each decision stands alone, and nobody is told twice or not at all. */
#include "cib/command.h"
#include "lib/run.h"
#include "sched_world.h"

#include <string.h>

#define NODES "node test1\nnode test2\nnode test3\n"
#define CLONE                                                                                                          \
    "primitive db ocf:pacemaker:Dummy\n"                                                                               \
    "clone c db meta notify=true\n"
#define NOT_ON_3 "location l c -inf: test3\n"

/* All that could be ordered now, on one line; and it is done. */
static const char *wave(struct world *world, struct hy_buf *out)
{
    struct hy_decision *decision = world_decide(world);
    struct hy_buf wrong = {0};
    ck_assert_str_eq(world_check(world, decision, &wrong), "");
    hy_buf_free(&wrong);
    hy_buf_clear(out);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (action->after_count || action->blocked || action->pending)
            continue;
        hy_buf_adds(out, out->size ? ", " : "");
        world_print_action(action, out);
        world_do(world, action);
    }
    hy_decision_free(&decision);
    return hy_buf_text(out);
}

static void begin(struct world *world, const char *configuration)
{
    world_init(world, configuration);
    world_member(world, "test1", HY_MEMBER_IN, true);
    world_member(world, "test2", HY_MEMBER_IN, true);
    world_member(world, "test3", HY_MEMBER_IN, true);
    ck_assert(world_settle(world, false));
}

static const char *meta_of(const struct hy_decision *decision, const char *op, const char *node, const char *name)
{
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (strcmp(action->op, op) != 0 || strcmp(action->node, node) != 0)
            continue;
        for (size_t m = 0; m < action->meta_count; m++)
            if (!strcmp(action->meta[m].name, name))
                return action->meta[m].value;
    }
    return NULL;
}

START_TEST(a_start_is_announced_and_told_of_once)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE NOT_ON_3);
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    ck_assert_str_eq(wave(&world, &text), "start db test3");
    ck_assert_str_eq(wave(&world, &text),
                     "post_notify_start db test1, post_notify_start db test2, post_notify_start db test3");
    ck_assert_str_eq(wave(&world, &text), "");
    world_configure(&world, NODES CLONE NOT_ON_3);
    ck_assert_str_eq(wave(&world, &text),
                     "pre_notify_stop db test1, pre_notify_stop db test2, pre_notify_stop db test3");
    ck_assert_str_eq(wave(&world, &text), "stop db test3");
    ck_assert_str_eq(wave(&world, &text), "post_notify_stop db test1, post_notify_stop db test2");
    ck_assert_str_eq(wave(&world, &text), "");
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

/* The first start of all: there is nobody to announce it to. */
START_TEST(the_first_start_is_told_to_those_that_started)
{
    struct world world;
    struct hy_buf text = {0};
    world_init(&world, NODES CLONE);
    world_member(&world, "test1", HY_MEMBER_IN, true);
    world_member(&world, "test2", HY_MEMBER_IN, true);
    ck_assert_str_eq(wave(&world, &text), "probe db test1, probe db test2");
    ck_assert_str_eq(wave(&world, &text), "start db test1, start db test2");
    ck_assert_str_eq(wave(&world, &text), "post_notify_start db test1, post_notify_start db test2");
    ck_assert_str_eq(wave(&world, &text), "");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(what_was_not_told_of_at_the_time_is_no_news)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES "primitive db ocf:pacemaker:Dummy\nclone c db\n");
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

/* Half of the others have been told when another instance is to start as well: all are told of both. */
START_TEST(what_comes_on_top_is_announced_too)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE "location l c -inf: test3\nlocation m c -inf: test2\n");
    world_configure(&world, NODES CLONE NOT_ON_3);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1");
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1");
    ck_assert_str_eq(wave(&world, &text), "start db test2, start db test3");
    ck_assert_str_eq(wave(&world, &text),
                     "post_notify_start db test1, post_notify_start db test2, post_notify_start db test3");
    ck_assert_str_eq(wave(&world, &text), "");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(what_was_given_up_is_announced_afresh)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE NOT_ON_3);
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    world_configure(&world, NODES CLONE NOT_ON_3);
    struct hy_decision *decision = world_decide(&world);
    ck_assert_uint_eq(decision->action_count, 0);
    ck_assert_uint_eq(decision->void_notices.count, 2);
    ck_assert_str_eq(decision->void_notices.items[0].op, "pre_notify_start");
    world_forget(&world, decision);
    hy_decision_free(&decision);
    decision = world_decide(&world);
    ck_assert_uint_eq(decision->void_notices.count, 0);
    hy_decision_free(&decision);
    world_configure(&world, NODES CLONE);
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

static void answer(struct world *world, const char *node, const char *op, int rc)
{
    world_result(world, node,
                 &(struct hy_result){.rsc = (char *)(uintptr_t) "db",
                                     .op = (char *)(uintptr_t)op,
                                     .rc = rc,
                                     .notify = true,
                                     .order = world->call + 1});
}

START_TEST(a_failed_start_is_announced_again)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE NOT_ON_3 "property start-failure-is-fatal=false\n");
    world_configure(&world, NODES CLONE "property start-failure-is-fatal=false\n");
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    answer(&world, "test3", "start", 1);
    ck_assert_str_eq(wave(&world, &text),
                     "pre_notify_stop db test1, pre_notify_stop db test2, pre_notify_stop db test3");
    ck_assert_str_eq(wave(&world, &text), "stop db test3");
    ck_assert_str_eq(wave(&world, &text), "post_notify_stop db test1, post_notify_stop db test2");
    ck_assert_str_eq(wave(&world, &text), "pre_notify_start db test1, pre_notify_start db test2");
    ck_assert_str_eq(wave(&world, &text), "start db test3");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

/* What a call answers harms nobody: that it was made is all that counts. */
START_TEST(a_failed_call_counts_as_made)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE NOT_ON_3);
    world_configure(&world, NODES CLONE);
    struct hy_decision *decision = world_decide(&world);
    for (size_t i = 0; i < decision->action_count; i++) {
        const struct hy_action *action = &decision->actions[i];
        if (strcmp(action->op, "pre_notify_start") != 0)
            continue;
        world_result(&world, action->node,
                     &(struct hy_result){.rsc = (char *)(uintptr_t) "db",
                                         .op = (char *)(uintptr_t) "pre_notify_start",
                                         .rc = 1,
                                         .digest = (char *)(uintptr_t)action->digest,
                                         .notify = true,
                                         .order = world.call + 1});
    }
    hy_decision_free(&decision);
    for (size_t n = 0; n < world.cib->nodes.count; n++) {
        ck_assert_uint_eq(world.cib->nodes.items[n]->failcounts.count, 0);
        ck_assert_uint_eq(world.cib->nodes.items[n]->failures.count, 0);
    }
    ck_assert_str_eq(wave(&world, &text), "start db test3");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(the_lists_say_who_is_what_and_who_becomes_what)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world, NODES CLONE NOT_ON_3);
    world_configure(&world, NODES CLONE);
    for (int after = 0; after < 2; after++) {
        struct hy_decision *decision = world_decide(&world);
        const char *op = after ? "post_notify_start" : "pre_notify_start";
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_type"), after ? "post" : "pre");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_operation"), "start");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_start_resource"), "db:2");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_start_uname"), "test3");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_stop_resource"), "");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_active_resource"), "db:0 db:1");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_active_uname"), "test1 test2");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_inactive_resource"), "db:2");
        ck_assert_str_eq(meta_of(decision, op, "test1", "notify_promoted_uname"), "");
        hy_decision_free(&decision);
        wave(&world, &text);
        decision = world_decide(&world);
        if (!after)
            ck_assert_str_eq(meta_of(decision, "start", "test3", "notify_active_uname"), "test1 test2");
        hy_decision_free(&decision);
        wave(&world, &text);
    }
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("notices");
    TCase *cases = tcase_create("notices");
    tcase_add_test(cases, a_start_is_announced_and_told_of_once);
    tcase_add_test(cases, the_first_start_is_told_to_those_that_started);
    tcase_add_test(cases, what_was_not_told_of_at_the_time_is_no_news);
    tcase_add_test(cases, what_comes_on_top_is_announced_too);
    tcase_add_test(cases, what_was_given_up_is_announced_afresh);
    tcase_add_test(cases, a_failed_start_is_announced_again);
    tcase_add_test(cases, a_failed_call_counts_as_made);
    tcase_add_test(cases, the_lists_say_who_is_what_and_who_becomes_what);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
