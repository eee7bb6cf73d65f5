/* SPDX-License-Identifier: Apache-2.0 */
/* What must be left alone on a node: it is what the decision says of what is active there. */
#include "base/alloc.h"
#include "lib/run.h"
#include "sched_world.h"

#include <string.h>

static const char CONFIGURATION[] = "node n1\nnode n2\nnode n3\n"
                                    "primitive vip ocf:test:good\n"
                                    "primitive a ocf:test:good\nprimitive b ocf:test:good\ngroup g a b\n"
                                    "primitive c ocf:test:good\nclone c-clone c\n"
                                    "primitive u ocf:test:good\nclone u-clone u meta globally-unique=true clone-max=3\n"
                                    "property stonith-enabled=false\n";

static char *hands_off(const struct world *world, const char *node)
{
    struct hy_buf out = {0};
    const struct hy_sched_input input = {.cib = world->cib, .now = world->now, .quorum = true};
    hy_sched_hands_off(&input, node, &out);
    return hy_buf_take(&out);
}

static bool is_named(const char *names, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at++)
        if ((at == names || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

static void compare_with_decision(const struct world *world)
{
    struct hy_decision *decision = world_decide(world);
    ck_assert_uint_ge(decision->active_count, 9);
    for (size_t i = 0; i < decision->active_count; i++) {
        const struct hy_active *active = &decision->active[i];
        char *names = hands_off(world, active->node);
        bool off = is_named(names, "*") || is_named(names, active->primitive);
        ck_assert_msg(off == active->unmanaged, "%s on %s: %s, and \"%s\" is to be left alone", active->rsc,
                      active->node, active->unmanaged ? "unmanaged" : "managed", names);
        free(names);
    }
    hy_decision_free(&decision);
}

static const struct {
    const char *line, *becomes; /* a line of the configuration, and what it becomes */
    const char *on_n1, *on_n2;
} cases[] = {
    {"node n1\n", "node n1\n", "", ""},
    {"node n1\n", "node n1\nproperty maintenance-mode=true\n", "*\n", "*\n"},
    {"node n1\n", "node n1\nproperty is-managed-default=false\n", "vip\na\nb\nc\nu\n", "vip\na\nb\nc\nu\n"},
    {"node n2\n", "node n2 attributes maintenance=on\n", "", "*\n"},
    {"primitive vip ocf:test:good\n", "primitive vip ocf:test:good meta is-managed=false\n", "vip\n", "vip\n"},
    {"primitive vip ocf:test:good\n", "primitive vip ocf:test:good meta maintenance=true\n", "vip\n", "vip\n"},
    {"group g a b\n", "group g a b meta is-managed=false\n", "a\nb\n", "a\nb\n"},
    {"primitive b ocf:test:good\n", "primitive b ocf:test:good meta maintenance=true\n", "b\n", "b\n"},
    {"clone c-clone c\n", "clone c-clone c meta is-managed=false\n", "c\n", "c\n"},
    {"clone u-clone u meta globally-unique=true clone-max=3\n",
     "clone u-clone u meta globally-unique=true clone-max=3 maintenance=true\n", "u\n", "u\n"},
    {"node n1\n", "node n1\nrsc_defaults is-managed=false\n", "vip\na\nb\nc\nu\n", "vip\na\nb\nc\nu\n"},
};

START_TEST(it_is_what_the_decision_says)
{
    struct world world;
    world_init(&world, CONFIGURATION);
    for (size_t i = 0; i < world.cib->nodes.count; i++)
        world_member(&world, world.cib->nodes.items[i]->node, HY_MEMBER_IN, true);
    world_settle(&world, false);
    const char *line = strstr(CONFIGURATION, cases[_i].line);
    ck_assert_ptr_nonnull(line);
    char *changed = hy_asprintf("%.*s%s%s", (int)(line - CONFIGURATION), CONFIGURATION, cases[_i].becomes,
                                line + strlen(cases[_i].line));
    world_configure(&world, changed);
    free(changed);
    char *one = hands_off(&world, "n1"), *two = hands_off(&world, "n2");
    ck_assert_str_eq(one, cases[_i].on_n1);
    ck_assert_str_eq(two, cases[_i].on_n2);
    free(one);
    free(two);
    compare_with_decision(&world);
    world_free(&world);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hands off");
    TCase *tcase = tcase_create("unmanaged");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, it_is_what_the_decision_says, 0, (int)(sizeof cases / sizeof *cases));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
