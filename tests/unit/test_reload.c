/* SPDX-License-Identifier: Apache-2.0 */
/* Changed parameters of what runs: taken over while it runs where the agent can, else by a restart. */
#include "cib/digest.h"
#include "lib/run.h"
#include "sched_world.h"

#include <string.h>

#define WITH(speed, place)                                                                                             \
    "node test1\n"                                                                                                     \
    "primitive a ocf:test:aware params speed=" speed " place=" place " op monitor interval=10s\n"                      \
    "primitive b ocf:test:aware\n"                                                                                     \
    "order o Mandatory: a b\n"

/* All that is to be done, on one line. */
static const char *decided(const struct world *world, struct hy_buf *out)
{
    struct hy_decision *decision = world_decide(world);
    struct hy_buf wrong = {0};
    ck_assert_str_eq(world_check(world, decision, &wrong), "");
    hy_buf_free(&wrong);
    hy_buf_clear(out);
    for (size_t i = 0; i < decision->action_count; i++) {
        hy_buf_adds(out, out->size ? ", " : "");
        world_print_action(&decision->actions[i], out);
    }
    hy_decision_free(&decision);
    return hy_buf_text(out);
}

/* As the executor answers for an agent that can reload its speed. */
static void answer(struct world *world, const char *op, const char *speed, const char *place, int rc)
{
    char digest[HY_DIGEST_TEXT], restart[HY_DIGEST_TEXT];
    const struct hy_value params[] = {{"place", place}, {"speed", speed}};
    hy_params_digest(params, 2, digest);
    hy_params_digest(params, 1, restart);
    world_result(world, "test1",
                 &(struct hy_result){.rsc = (char *)(uintptr_t) "a",
                                     .op = (char *)(uintptr_t)op,
                                     .rc = rc,
                                     .agent = (char *)(uintptr_t) "ocf:test:aware",
                                     .digest = digest,
                                     .restart_digest = restart,
                                     .restart_params = (char *)(uintptr_t) " place "});
}

static void begin(struct world *world)
{
    world_init(world, WITH("1", "x"));
    world_member(world, "test1", HY_MEMBER_IN, true);
    ck_assert(world_settle(world, false));
    answer(world, "start", "1", "x", 0);
    ck_assert(world_settle(world, false));
}

START_TEST(what_can_be_reloaded_is)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world);
    ck_assert_str_eq(decided(&world, &text), "");
    for (int i = 0; i < 2; i++) { /* and again: the start is older than the reload, and says nothing any more */
        const char *speed = i ? "3" : "2";
        world_configure(&world, i ? WITH("3", "x") : WITH("2", "x"));
        ck_assert_str_eq(decided(&world, &text), "reload a test1, monitor a test1 10s");
        answer(&world, "reload", speed, "x", 0);
        ck_assert_str_eq(decided(&world, &text), "monitor a test1 10s"); /* its parameters are others, too */
        ck_assert(world_settle(&world, false));
        ck_assert_str_eq(decided(&world, &text), "");
    }
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(back_to_what_it_was_is_a_change_too)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world);
    world_configure(&world, WITH("2", "x"));
    answer(&world, "reload", "2", "x", 0);
    ck_assert(world_settle(&world, false));
    world_configure(&world, WITH("1", "x"));
    ck_assert_str_eq(decided(&world, &text), "reload a test1, monitor a test1 10s");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(what_cannot_be_reloaded_restarts)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world);
    world_configure(&world, WITH("2", "y"));
    const char *restart = "stop b test1, stop a test1, start a test1, start b test1, monitor a test1 10s";
    const char *same = "stop b test1, stop a test1, start a test1, monitor a test1 10s, start b test1";
    decided(&world, &text);
    ck_assert(!strcmp(hy_buf_text(&text), restart) || !strcmp(hy_buf_text(&text), same));
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(an_agent_that_cannot_reload_restarts)
{
    struct world world;
    struct hy_buf text = {0};
    world_init(&world, WITH("1", "x"));
    world_member(&world, "test1", HY_MEMBER_IN, true);
    ck_assert(world_settle(&world, false));
    world_configure(&world, WITH("2", "x"));
    ck_assert_ptr_nonnull(strstr(decided(&world, &text), "stop a test1"));
    ck_assert_ptr_null(strstr(hy_buf_text(&text), "reload"));
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(what_fails_to_reload_restarts)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world);
    world_configure(&world, WITH("2", "x"));
    answer(&world, "reload", "2", "x", 1);
    ck_assert_ptr_nonnull(strstr(decided(&world, &text), "stop a test1"));
    ck_assert_ptr_null(strstr(hy_buf_text(&text), "reload"));
    ck_assert(world_settle(&world, true));
    ck_assert_str_eq(decided(&world, &text), "");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

START_TEST(a_reload_under_way_is_waited_for)
{
    struct world world;
    struct hy_buf text = {0};
    begin(&world);
    world_configure(&world, WITH("2", "x"));
    hy_vec_push(&world.inflight, ((struct hy_inflight){.node = "test1", .rsc = "a", .op = "reload"}));
    ck_assert_str_eq(decided(&world, &text), "reload a test1 pending, monitor a test1 10s");
    hy_buf_free(&text);
    world_free(&world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reload");
    TCase *cases = tcase_create("reload");
    tcase_add_test(cases, what_can_be_reloaded_is);
    tcase_add_test(cases, back_to_what_it_was_is_a_change_too);
    tcase_add_test(cases, what_cannot_be_reloaded_restarts);
    tcase_add_test(cases, an_agent_that_cannot_reload_restarts);
    tcase_add_test(cases, what_fails_to_reload_restarts);
    tcase_add_test(cases, a_reload_under_way_is_waited_for);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
