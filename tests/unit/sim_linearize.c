/* SPDX-License-Identifier: Apache-2.0 */
/* Histories known to be good and known to be bad, and random ones against a search without any cleverness. */
#include "lib/run.h"
#include "sim/history.h"

#include <string.h>

enum { BUDGET = 1000000 };

/* One line an operation, its time as a row of marks: client, what, then '[' where it is called and ']' where it is
 * answered; no ']' means no answer. */
struct line {
    const char *what; /* "r3": read 3; "w3": write 3; "3>4": compare and set; "3>4!": refused */
    const char *when;
};

static struct lin_op op_of(const struct line *line, uint32_t client)
{
    struct lin_op op = {.client = client, .outcome = LIN_DONE};
    const char *what = line->what;
    if (*what == 'r' || *what == 'w') {
        op.kind = *what == 'r' ? LIN_READ : LIN_WRITE;
        op.value = (uint64_t)(what[1] - '0');
    } else {
        op.kind = LIN_CAS;
        op.expected = (uint64_t)(what[0] - '0');
        op.value = (uint64_t)(what[2] - '0');
        if (what[3] == '!')
            op.outcome = LIN_REFUSED;
    }
    const char *call = strchr(line->when, '['), *answer = strchr(line->when, ']');
    ck_assert_ptr_nonnull(call);
    op.called = 100 * (uint64_t)(call - line->when) + client;
    if (answer)
        op.answered = 100 * (uint64_t)(answer - line->when) + client;
    else
        op.outcome = LIN_UNKNOWN;
    return op;
}

static enum lin_verdict verdict_of(const struct line *lines, size_t count)
{
    struct lin_op ops[16];
    ck_assert_uint_le(count, 16);
    for (size_t i = 0; i < count; i++)
        ops[i] = op_of(&lines[i], (uint32_t)i);
    return lin_check(ops, count, BUDGET, NULL);
}

#define must_be(verdict, ...)                                                                                          \
    do {                                                                                                               \
        const struct line lines[] = {__VA_ARGS__};                                                                     \
        ck_assert_int_eq(verdict_of(lines, sizeof lines / sizeof *lines), verdict);                                    \
    } while (0)

START_TEST(one_after_the_other)
{
    must_be(LIN_YES, {"r0", "[]"});
    must_be(LIN_NO, {"r1", "[]"});
    must_be(LIN_YES, {"w1", "[]"}, {"r1", "  []"});
    must_be(LIN_NO, {"w1", "[]"}, {"r0", "  []"});
    must_be(LIN_YES, {"w1", "[]"}, {"1>2", "  []"}, {"r2", "    []"});
    must_be(LIN_NO, {"w1", "[]"}, {"0>2", "  []"});
    must_be(LIN_YES, {"w1", "[]"}, {"0>2!", "  []"}, {"r1", "    []"});
    must_be(LIN_NO, {"w1", "[]"}, {"1>2!", "  []"});
    must_be(LIN_NO, {"w1", "[]"}, {"w2", "  []"}, {"r1", "    []"});
}
END_TEST

START_TEST(what_overlaps_may_be_in_any_order)
{
    must_be(LIN_YES, {"w1", "[   ]"}, {"r0", " [] "});
    must_be(LIN_YES, {"w1", "[   ]"}, {"r1", " [] "});
    must_be(LIN_YES, {"w1", "[ ]"}, {"w2", " [ ]"}, {"r1", "     []"});
    must_be(LIN_YES, {"w1", "[ ]"}, {"w2", " [ ]"}, {"r2", "     []"});
    /* but a reader that has seen the new value cannot be followed by one that sees the old */
    must_be(LIN_NO, {"w1", "[      ]"}, {"r1", " [] "}, {"r0", "   []"});
    must_be(LIN_YES, {"w1", "[      ]"}, {"r1", " [  ] "}, {"r0", "   []"});
}
END_TEST

START_TEST(a_write_that_was_lost)
{
    must_be(LIN_NO, {"w1", "[]"}, {"w2", "  []"}, {"1>3", "    []"});
    /* two compare-and-sets from one value: one of them was lost, or the other was taken twice */
    must_be(LIN_NO, {"w1", "[]"}, {"1>2", "  [  ]"}, {"1>3", "   [  ]"});
    must_be(LIN_YES, {"w1", "[]"}, {"1>2", "  [  ]"}, {"1>3!", "   [  ]"});
}
END_TEST

START_TEST(an_operation_without_an_answer)
{
    must_be(LIN_YES, {"w1", "["}, {"r0", "  []"}, {"r0", "    []"});
    must_be(LIN_YES, {"w1", "["}, {"r0", "  []"}, {"r1", "    []"});
    must_be(LIN_NO, {"w1", "["}, {"r1", "  []"}, {"r0", "    []"});
    must_be(LIN_NO, {"r1", "[]"}, {"w1", "  ["}); /* seen before it was asked */
    must_be(LIN_YES, {"0>1", "["}, {"w2", " []"}, {"r2", "   []"});
    must_be(LIN_NO, {"0>1", "["}, {"w2", " []"}, {"r1", "   []"});
    must_be(LIN_YES, {"0>1", "["}, {"w2", " [ ]"}, {"r1", "  []"}, {"r2", "      []"});
    /* taken twice: 1 is there again after 2 */
    must_be(LIN_NO, {"w1", "["}, {"r1", " []"}, {"w2", "   []"}, {"r1", "     []"});
    must_be(LIN_YES, {"r5", "["}, {"r0", " []"}); /* a read without an answer says nothing */
}
END_TEST

/* Herlihy and Wing's own examples, with registers (1990, figure 1 and 4.2: H1 to H4 in spirit). */
START_TEST(three_clients)
{
    must_be(LIN_YES, {"w1", "[          ]"}, {"w2", "  [  ]"}, {"r2", "       []"}, {"r1", "         [ ]"});
    must_be(LIN_NO, {"w1", "[          ]"}, {"w2", "  [  ]"}, {"r1", "       []"}, {"r2", "         [ ]"});
    must_be(LIN_YES, {"w1", "[          ]"}, {"w2", "  [         ]"}, {"r1", "       []"}, {"r2", "         [ ]"});
}
END_TEST

START_TEST(registers_are_by_themselves)
{
    struct history history = {0};
    size_t a = history_call(&history, 1, 1, LIN_WRITE, 0, 7);
    history_done(&history, a);
    size_t b = history_call(&history, 2, 1, LIN_READ, 0, 0);
    history_read(&history, b, 0);
    ck_assert_int_eq(history_check(&history, BUDGET, NULL), LIN_YES);
    size_t c = history_call(&history, 2, 2, LIN_READ, 0, 0);
    history_read(&history, c, 7);
    struct hy_buf why = {0};
    ck_assert_int_eq(history_check(&history, BUDGET, &why), LIN_NO);
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&why), "register 2: no order explains these answers"));
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&why), "this has no place: [5, 6] client 2: read 7, done"));
    ck_assert_ptr_null(strstr(hy_buf_text(&why), "register 1"));
    hy_buf_free(&why);
    history_free(&history);
}
END_TEST

START_TEST(what_was_sent_back_has_not_happened)
{
    struct history history = {0};
    size_t never = history_call(&history, 1, 1, LIN_CAS, 0, 7);
    history_never(&history, never);
    size_t read = history_call(&history, 1, 1, LIN_READ, 0, 0);
    history_read(&history, read, 0);
    ck_assert_int_eq(history_check(&history, BUDGET, NULL), LIN_YES);
    read = history_call(&history, 1, 2, LIN_READ, 0, 0);
    history_read(&history, read, 7);
    ck_assert_int_eq(history_check(&history, BUDGET, NULL), LIN_NO);
    history_free(&history);
}
END_TEST

/* ---- against trying everything */

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool place(const struct lin_op *ops, size_t count, unsigned done, uint64_t state)
{
    bool all = true;
    uint64_t first_answer = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        if (done & 1u << i || ops[i].outcome == LIN_UNKNOWN)
            continue;
        all = false;
        first_answer = ops[i].answered < first_answer ? ops[i].answered : first_answer;
    }
    if (all)
        return true;
    for (size_t i = 0; i < count; i++) {
        const struct lin_op *op = &ops[i];
        if (done & 1u << i || op->called > first_answer)
            continue;
        bool equal = state == op->expected;
        uint64_t next = op->kind == LIN_READ || op->outcome == LIN_REFUSED ? state : op->value;
        bool fits = op->kind == LIN_READ  ? op->outcome == LIN_UNKNOWN || state == op->value
                    : op->kind == LIN_CAS ? (op->outcome == LIN_REFUSED ? !equal : equal)
                                          : true;
        if (fits && place(ops, count, done | 1u << i, next))
            return true;
    }
    return false;
}

static size_t random_history(uint64_t *r, struct lin_op *ops)
{
    size_t count = 1 + draw(r, 7);
    uint64_t moments[16];
    for (size_t i = 0; i < 16; i++)
        moments[i] = i + 1;
    for (size_t i = 15; i > 0; i--) {
        size_t j = draw(r, i + 1);
        uint64_t kept = moments[i];
        moments[i] = moments[j];
        moments[j] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t a = moments[2 * i], b = moments[2 * i + 1];
        ops[i] = (struct lin_op){.client = (uint32_t)i,
                                 .kind = (enum lin_kind)draw(r, 3),
                                 .expected = draw(r, 3),
                                 .value = draw(r, 3),
                                 .called = a < b ? a : b,
                                 .answered = a < b ? b : a};
        uint64_t luck = draw(r, 8);
        if (luck == 0)
            ops[i].outcome = LIN_UNKNOWN;
        else if (luck < 3 && ops[i].kind == LIN_CAS)
            ops[i].outcome = LIN_REFUSED;
    }
    return count;
}

START_TEST(as_trying_everything_says)
{
    uint64_t r = 88172645463325252u;
    size_t good = 0, bad = 0;
    for (int i = 0; i < 100000; i++) {
        struct lin_op ops[8];
        size_t count = random_history(&r, ops);
        bool expected = place(ops, count, 0, 0);
        enum lin_verdict verdict = lin_check(ops, count, BUDGET, NULL);
        ck_assert_int_eq(verdict, expected ? LIN_YES : LIN_NO);
        *(expected ? &good : &bad) += 1;
    }
    ck_assert_uint_gt(good, 10000);
    ck_assert_uint_gt(bad, 10000);
}
END_TEST

/* ---- long ones: made by a register that works, then spoilt */

struct real_register {
    struct history history;
    uint64_t state, value;
    size_t open[8];
    uint64_t seen[8]; /* what each client read last */
};

static void one_move(struct real_register *real, uint64_t *r)
{
    struct history *history = &real->history;
    size_t client = draw(r, 8);
    if (real->open[client] == SIZE_MAX) {
        enum lin_kind kind = (enum lin_kind)draw(r, 3);
        uint64_t value = kind == LIN_READ ? 0 : ++real->value;
        real->open[client] = history_call(history, 1, (uint32_t)client, kind, real->seen[client], value);
        return;
    }
    size_t number = real->open[client];
    const struct lin_op op = history->ops.items[number];
    bool fits = op.kind != LIN_CAS || real->state == op.expected;
    bool silent = draw(r, 60) == 0;
    if (op.kind != LIN_READ && fits && !(silent && draw(r, 2)))
        real->state = op.value;
    real->seen[client] = real->state;
    real->open[client] = SIZE_MAX;
    if (silent)
        return;
    if (op.kind == LIN_READ)
        history_read(history, number, real->state);
    else if (fits)
        history_done(history, number);
    else
        history_refused(history, number);
}

START_TEST(a_long_history)
{
    uint64_t r = (uint64_t)_i * 2654435761u + 88172645463325252u;
    struct real_register real = {0};
    for (size_t i = 0; i < 8; i++)
        real.open[i] = SIZE_MAX;
    for (int i = 0; i < 400; i++)
        one_move(&real, &r);
    struct hy_buf why = {0};
    enum lin_verdict verdict = history_check(&real.history, BUDGET, &why);
    ck_assert_msg(verdict == LIN_YES, "%s", hy_buf_text(&why));
    /* the last that was written, and before it one that nobody can have found any more */
    size_t last = history_call(&real.history, 1, 9, LIN_WRITE, 0, ++real.value);
    history_done(&real.history, last);
    size_t read = history_call(&real.history, 1, 9, LIN_READ, 0, 0);
    history_read(&real.history, read, 0);
    ck_assert_int_eq(history_check(&real.history, BUDGET, NULL), LIN_NO);
    hy_buf_free(&why);
    history_free(&real.history);
}
END_TEST

START_TEST(giving_up_is_no_yes)
{
    struct history history = {0};
    for (uint64_t i = 0; i < 24; i++)
        history_call(&history, 1, (uint32_t)i, LIN_WRITE, 0, i + 1);
    size_t read = history_call(&history, 1, 99, LIN_READ, 0, 0);
    history_read(&history, read, 1000);
    struct hy_buf why = {0};
    ck_assert_int_eq(history_check(&history, 1000, &why), LIN_UNDECIDED);
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&why), "given up"));
    hy_buf_free(&why);
    history_free(&history);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("linearizability");
    TCase *tcase = tcase_create("histories");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, one_after_the_other);
    tcase_add_test(tcase, what_overlaps_may_be_in_any_order);
    tcase_add_test(tcase, a_write_that_was_lost);
    tcase_add_test(tcase, an_operation_without_an_answer);
    tcase_add_test(tcase, three_clients);
    tcase_add_test(tcase, registers_are_by_themselves);
    tcase_add_test(tcase, what_was_sent_back_has_not_happened);
    tcase_add_test(tcase, as_trying_everything_says);
    tcase_add_loop_test(tcase, a_long_history, 0, 50);
    tcase_add_test(tcase, giving_up_is_no_yes);
    return run_suite(suite);
}
