/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands, and mutated texts; the seeds are fixed, so that a failure comes back. */
#include "cib/clients.h"
#include "lib/cib.h"
#include "lib/mutants.h"
#include "lib/run.h"

#include <stdint.h>

/* An expression of a rule, with others within. */
static void add_expression(uint64_t *seed, int depth, struct hy_buf *out)
{
    static const char *const plain[] = {"#uname eq test1",
                                        "defined x",
                                        "not_defined \"date\"",
                                        "x number:gte:param 5",
                                        "y ne:meta z",
                                        "v version:lt 1.2",
                                        "date gt 2026-11-22",
                                        "date lt \"2026-11-22 10:00:00 +01:00\"",
                                        "date in start=2026-01-01 years=1 days=2",
                                        "date in end=2026-W47-1",
                                        "date spec hours=9-16 weekdays=1-5 moon=4",
                                        "rsc_type ocf::Dummy",
                                        "op_type monitor:10s",
                                        "op_type start"};
    if (depth < 4 && below(seed, 4) == 0) {
        const char *join = below(seed, 2) ? "and" : "or";
        hy_buf_adds(out, "( ");
        for (uint32_t more = 1 + below(seed, 3); more; more--) {
            add_expression(seed, depth + 1, out);
            hy_buf_addf(out, " %s ", more > 1 ? join : ")");
        }
        return;
    }
    hy_buf_adds(out, PICK(seed, plain));
}

static void add_set(uint64_t *seed, const char *value, struct hy_buf *out)
{
    static const char *const heads[] = {"", "", "$id=set1", "$id=set2", "5:", "-inf:", "$id=set3 7:"};
    static const char *const names[] = {"v", "hours", "start", "days", "priority"};
    if (below(seed, 8) == 0) {
        hy_buf_addf(out, " $id-ref=%s", below(seed, 2) ? "set1" : "p1-instance_attributes");
        return;
    }
    hy_buf_addf(out, " %s", PICK(seed, heads));
    if (below(seed, 2)) {
        hy_buf_adds(out, below(seed, 4) ? " rule " : " rule $id=rule1 3: ");
        add_expression(seed, 0, out);
    }
    hy_buf_addf(out, " \"%s\"=\"%s\" w=1", PICK(seed, names), value);
}

static void add_rsc_sets(uint64_t *seed, const char *a, const char *b, struct hy_buf *out)
{
    static const char *const shapes[] = {"%s %s p3",
                                         "( %s %s )",
                                         "[ %s p3 ] %s",
                                         "%s ( %s $id=rs1 )",
                                         "_rsc_set_ %s %s",
                                         "( %s sequential=true score=5 ) %s",
                                         "%s %s ( $id-ref=rs1 )"};
    const char *shape = PICK(seed, shapes);
    for (const char *next = a; *shape; shape++) {
        if (shape[0] == '%' && shape[1] == 's') {
            hy_buf_adds(out, next);
            next = b;
            shape++;
        } else {
            hy_buf_addc(out, *shape);
        }
    }
}

/* What crmsh can say of templates, tags, tickets, sets and rules. */
static void add_newer_object(uint64_t *seed, const char *a, const char *b, const char *value, struct hy_buf *out)
{
    switch (below(seed, 9)) {
    case 0:
        hy_buf_addf(out, "rsc_template t%u Dummy params", below(seed, 2));
        add_set(seed, value, out);
        hy_buf_adds(out, " operations $id=ops1 op monitor interval=5 OCF_CHECK_LEVEL=1 op_meta");
        add_set(seed, value, out);
        break;
    case 1:
        hy_buf_addf(out, "primitive p%u @t%u description=\"%s\" meta", below(seed, 4), below(seed, 2), value);
        add_set(seed, value, out);
        if (below(seed, 3) == 0)
            hy_buf_adds(out, " operations $id-ref=ops1");
        break;
    case 2:
        hy_buf_addf(out, "tag tag%u %s%s%s", below(seed, 2), a, strcmp(a, b) ? " " : "", strcmp(a, b) ? b : "");
        break;
    case 3:
        hy_buf_addf(out, "rsc_ticket r%u T%u: ", below(seed, 2), below(seed, 2));
        add_rsc_sets(seed, a, b, out);
        hy_buf_adds(out, below(seed, 2) ? " loss-policy=freeze" : "");
        break;
    case 4:
        hy_buf_addf(out, "%s ", below(seed, 2) ? "colocation k0 inf:" : "order o0 Optional:");
        add_rsc_sets(seed, a, b, out);
        break;
    case 5:
        hy_buf_addf(out, "location l%u %s rule $role=Promoted %u: ", below(seed, 3),
                    below(seed, 2) ? "{ p1 ( p2 p3 ) }" : "/p.*/", below(seed, 99));
        add_expression(seed, 0, out);
        break;
    case 6:
        hy_buf_addf(out, "fencing_topology test1: %s,%s p1 pattern:\"a b\" p2", a, b);
        break;
    case 7:
        hy_buf_addf(out, "rsc_defaults d%u:", below(seed, 2));
        hy_buf_adds(out, below(seed, 2) ? " 5: rule " : " rule ");
        add_expression(seed, 0, out);
        hy_buf_addf(out, " \"hours\"=\"%s\"", value);
        break;
    default:
        hy_buf_addf(out, "node test%u utilization", below(seed, 4));
        add_set(seed, "5", out);
    }
    hy_buf_addc(out, '\n');
}

static void add_object(uint64_t *seed, struct hy_buf *out)
{
    static const char *const ids[] = {"p1", "p2", "p3", "g1", "c1", "test1", "test3", "l1", "o1"};
    static const char *const values[] = {"1", "a b", "x\\\\", "say \\\"no\\\"", "", "30s", "负载", "#x", "inf"};
    const char *a = PICK(seed, ids), *b = PICK(seed, ids), *v = PICK(seed, values);
    if (below(seed, 3) == 0) {
        add_newer_object(seed, a, b, v, out);
        return;
    }
    switch (below(seed, 9)) {
    case 0:
    case 1:
        hy_buf_addf(out, "primitive p%u Dummy params v=\"%s\" op monitor interval=%us\n", below(seed, 4), v,
                    below(seed, 60));
        break;
    case 2:
        hy_buf_addf(out, "node test%u attributes standby=%s\n", below(seed, 4), "off");
        break;
    case 3:
        hy_buf_addf(out, "group g%u %s %s\n", below(seed, 2), a, strcmp(a, b) ? b : "p9");
        break;
    case 4:
        hy_buf_addf(out, "clone c%u %s meta v=\"%s\"\n", below(seed, 2), a, v);
        break;
    case 5:
        hy_buf_addf(out, "location l%u %s rule %u: #uname eq \"%s\" or defined %s\n", below(seed, 3), a,
                    below(seed, 2000000), v, b);
        break;
    case 6:
        hy_buf_addf(out, "order o%u %s %s:stop\n", below(seed, 2), a, b);
        break;
    case 7:
        hy_buf_addf(out, "colocation k%u -inf: %s %s:Started\n", below(seed, 2), a, b);
        break;
    default:
        hy_buf_addf(out, "property a%u=\"%s\"\n", below(seed, 3), v);
    }
}

/* The node's epoch, or now and then another one. */
static uint32_t epoch_of(uint64_t *seed, const struct hy_cib *cib, uint32_t node)
{
    char name[16];
    snprintf(name, sizeof name, "test%u", node);
    const struct hy_node_status *status = hy_cib_node(cib, name);
    return status && below(seed, 12) ? status->epoch : below(seed, 6);
}

static void add_statement(uint64_t *seed, const struct hy_cib *cib, struct hy_buf *out)
{
    static const char *const rscs[] = {"p1", "p2", "p3", "p1:0", "p1:1", "g1", "c1"};
    static const char *const ops[] = {"start", "stop", "monitor", "promote", "demote"};
    static const char *const execs[] = {"done", "done", "done", "timeout", "died", "cancelled", "pending"};
    static const char *const bases[] = {"*", "*", "*", "*", "0", "3"};
    const char *rsc = PICK(seed, rscs);
    uint32_t node = below(seed, 4);
    switch (below(seed, 12)) {
    case 10:
        hy_buf_addf(out, below(seed, 4) ? "ticket T%u granted=%s x=1\n" : "unticket T%u\n", below(seed, 3),
                    below(seed, 2) ? "yes" : "no");
        break;
    case 11:
        hy_buf_addf(out, "%s test%u %s\n", below(seed, 2) ? "lock" : "unlock", node, rsc);
        break;
    case 0:
    case 1:
    case 2:
        hy_buf_addf(out, "put %s ", PICK(seed, bases));
        add_object(seed, out);
        break;
    case 3:
        hy_buf_addf(out, "remove %s %s\n", PICK(seed, bases), rsc);
        break;
    case 4:
        hy_buf_addf(out, "member test%u id=%u state=%s epoch=%u incarnation=%u\n", node, node + 1,
                    below(seed, 4) ? "in" : "gone", epoch_of(seed, cib, node) + 1, below(seed, 3));
        break;
    case 5:
        hy_buf_addf(out, "transient test%u a%u%s\n", node, below(seed, 3), below(seed, 2) ? "=\"b c\"" : "");
        break;
    case 6:
        hy_buf_addf(out, "cleanup %s\n", below(seed, 3) ? rsc : "*");
        break;
    case 7:
        hy_buf_addf(out, below(seed, 4) ? "put * node test%u\n" : "remove * test%u\n", node);
        break;
    default:
        hy_buf_addf(out, "result test%u epoch=%u %s op=%s interval=%us rc=%u exec=%s call=%u reason=\"r %u\"\n", node,
                    epoch_of(seed, cib, node), rsc, PICK(seed, ops), below(seed, 2) * 10, below(seed, 9),
                    PICK(seed, execs), below(seed, 1000), below(seed, 5));
    }
}

static void add_command(uint64_t *seed, const struct hy_cib *cib, struct hy_buf *out)
{
    struct hy_command_head head = {.at = (hy_wall)below(seed, 1000000) * 1000, .by = "a b"};
    if (below(seed, 3) == 0) {
        head.origin = 1 + below(seed, 3);
        head.incarnation = 1 + below(seed, 2);
        head.seq = 1 + below(seed, 3);
        for (size_t i = 0; i < cib->sessions.count && below(seed, 8); i++) {
            if (cib->sessions.items[i].origin == head.origin) {
                head.incarnation = cib->sessions.items[i].incarnation;
                head.seq = cib->sessions.items[i].seq + 1;
            }
        }
    }
    if (below(seed, 4) == 0) {
        head.client = 1 + below(seed, 3);
        head.request = 1 + below(seed, 9);
        head.repeat = below(seed, 2);
    }
    hy_command_begin(out, &head);
    for (uint32_t more = 1 + below(seed, 4) * below(seed, 2); more; more--)
        add_statement(seed, cib, out);
}

/* Each configured node has its status, and in the same order. */
static void check_nodes(const struct hy_cib *cib)
{
    size_t node = 0;
    for (size_t i = 0; i < cib->objects.count; i++) {
        ck_assert_ptr_eq(hy_cib_find(cib, cib->objects.items[i]->id), cib->objects.items[i]);
        if (cib->objects.items[i]->kind == HY_NODE)
            ck_assert_str_eq(cib->nodes.items[node++]->node, cib->objects.items[i]->id);
    }
    ck_assert_uint_eq(node, cib->nodes.count);
    ck_assert_uint_eq(cib->by_id.count, cib->objects.count);
}

static struct hy_cib *restored(const char *text)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_err err = {{0}};
    int rc = hy_cib_restore(cib, text, strlen(text), &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    return cib;
}

/* The index of inner ids is the same, whether it was kept up to date or made anew. */
static void check_inner(const struct hy_cib *left, const struct hy_cib *right)
{
    static const char *const ids[] = {"set1", "set2", "set3", "rule1", "rs1", "ops1"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const struct hy_object *a = hy_map_get(&left->by_inner, ids[i]), *b = hy_map_get(&right->by_inner, ids[i]);
        ck_assert_str_eq(a ? a->id : "-", b ? b->id : "-");
    }
}

/* Two CIBs take the same commands; one of them is saved and restored, or copied, after each. They answer alike and stay
 * alike, and what is refused changes nothing. */
START_TEST(random_commands_give_the_same_everywhere)
{
    uint64_t seed = (uint64_t)_i + 1;
    struct hy_cib *left = hy_cib_new(), *right = hy_cib_new();
    size_t taken = 0;
    static const char base[] = "put 0 node test1\nput 0 node test2\nput 0 node test3\nput 0 primitive p1 Dummy\n"
                               "put 0 primitive p2 Dummy\nput 0 primitive p3 Dummy\n";
    must_apply(left, base);
    must_apply(right, base);
    for (uint64_t index = 2; index <= 250; index++) {
        struct hy_buf text = {0};
        struct hy_answer a, b;
        struct hy_cib *before = hy_cib_copy(left);
        add_command(&seed, left, &text);
        hy_cib_apply(left, index, hy_buf_text(&text), text.size, &a);
        hy_cib_apply(right, index, hy_buf_text(&text), text.size, &b);
        ck_assert_int_eq(a.code, b.code);
        ck_assert_str_eq(a.err.text, b.err.text);
        taken += a.code == 0;
        char *left_text = saved(left), *right_text = saved(right);
        ck_assert_str_eq(left_text, right_text);
        if (a.code) {
            before->index = index;
            before->sessions.count = 0;
            for (size_t i = 0; i < left->sessions.count; i++)
                hy_vec_push(&before->sessions, left->sessions.items[i]);
            hy_clients_free(before);
            hy_clients_copy(before, left);
            char *before_text = saved(before);
            ck_assert_str_eq(left_text, before_text);
            free(before_text);
        }
        check_nodes(left);
        struct hy_cib *next = index % 2 ? restored(left_text) : hy_cib_copy(right);
        check_inner(left, next);
        hy_cib_free(&right);
        right = next;
        free(left_text);
        free(right_text);
        hy_cib_free(&before);
        hy_buf_free(&text);
    }
    ck_assert_uint_gt(taken, 40);
    ck_assert_uint_lt(taken, 240);
    hy_cib_free(&left);
    hy_cib_free(&right);
}
END_TEST

static const char *const corpus[] = {
    "tests/golden/cib/all-kinds.conf", "tests/golden/cib/maxscale-vip.conf",
    "tests/golden/cib/sets.conf",      "tests/golden/cib/typed.in",
    "tests/golden/cib/verify.conf",    "tests/fuzz/cib/command-edit",
    "tests/fuzz/cib/command-status",   "tests/fuzz/cib/saved",
};

enum { CORPUS = (int)(sizeof corpus / sizeof *corpus) };

static void mutate(uint64_t *seed, struct hy_buf *text)
{
    static const char *const words[] = {"\"",
                                        "'",
                                        "\\",
                                        "\n",
                                        " \\\n\t",
                                        "rule ",
                                        ":",
                                        "=",
                                        "inf:",
                                        " ",
                                        "#",
                                        "*",
                                        "$id=",
                                        "\t",
                                        "999999999999999999999",
                                        "(",
                                        "中",
                                        ")",
                                        "[",
                                        "] ",
                                        "and ",
                                        " or ( ",
                                        " date in start=",
                                        " days=3",
                                        "$id-ref=",
                                        "property $id=INFINITY ",
                                        " _rsc_set_ ",
                                        " params ",
                                        " meta ",
                                        "@",
                                        "/",
                                        "{ ",
                                        " }",
                                        "_rsc_set_ "};
    uint32_t at = below(seed, (uint32_t)text->size), span = 1 + below(seed, 20);
    if (span > text->size - at)
        span = (uint32_t)text->size - at;
    char *rest = hy_strdup(text->data + at); /* which ends at a NUL that was put there */
    if (span > strlen(rest))
        span = (uint32_t)strlen(rest);
    switch (below(seed, 5)) {
    case 0:
        text->data[at] = (char)(below(seed, 256));
        break;
    case 1:
        hy_buf_truncate(text, at);
        hy_buf_adds(text, rest + span);
        break;
    case 2:
        hy_buf_truncate(text, at);
        hy_buf_adds(text, PICK(seed, words));
        hy_buf_adds(text, rest);
        break;
    case 3:
        hy_buf_truncate(text, at + span);
        hy_buf_adds(text, rest);
        break;
    default:
        hy_buf_truncate(text, at + 1);
        break;
    }
    free(rest);
}

START_TEST(mutated_texts_break_nothing)
{
    char *text = read_file(corpus[_i]);
    ck_assert_uint_gt(strlen(text), 0);
    try_mutants(text, (uint64_t)_i + 77, 600, 4, mutate);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib: random");
    TCase *tcase = tcase_create("random");
    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, random_commands_give_the_same_everywhere, 0, 10);
    tcase_add_loop_test(tcase, mutated_texts_break_nothing, 0, CORPUS);
    return run_suite(suite);
}
