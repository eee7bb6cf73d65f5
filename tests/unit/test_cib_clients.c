/* SPDX-License-Identifier: Apache-2.0 */
/* Client sessions: the same request again gets the same answer and changes nothing. */
#include "lib/cib.h"
#include "lib/run.h"

#include <errno.h>

static int request(struct hy_cib *cib, uint64_t client, uint64_t number, uint64_t repeat, const char *statements,
                   struct hy_answer *answer)
{
    struct hy_buf text = {0};
    const struct hy_command_head head = {
        .origin = 0, .at = HY_SECOND, .by = "ops", .client = client, .request = number, .repeat = repeat};
    hy_command_begin(&text, &head);
    hy_buf_adds(&text, statements);
    hy_cib_apply(cib, cib->index + 1, hy_buf_text(&text), text.size, answer);
    ck_assert_uint_eq(answer->head.client, client);
    ck_assert_uint_eq(answer->head.request, number);
    ck_assert_uint_eq(answer->head.repeat, repeat);
    hy_buf_free(&text);
    return answer->code;
}

static struct hy_cib *restored(const struct hy_cib *cib)
{
    char *text = saved(cib);
    struct hy_cib *again = hy_cib_new();
    struct hy_err err = {{0}};
    ck_assert_msg(hy_cib_restore(again, text, strlen(text), &err) == 0, "%s", err.text);
    char *second = saved(again);
    ck_assert_str_eq(text, second);
    free(text);
    free(second);
    return again;
}

START_TEST(a_repeat_gets_the_same_answer_and_changes_nothing)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_answer answer;
    ck_assert_int_eq(request(cib, 7, 1, 0, "put 0 node a\n", &answer), 0);
    ck_assert(answer.config_changed && !answer.repeated);
    ck_assert_int_eq(request(cib, 7, 2, 0, "put 0 node a\n", &answer), -EEXIST);
    ck_assert(!answer.repeated);
    char *refusal = hy_strdup(answer.err.text);
    ck_assert_int_eq(request(cib, 8, 1, 0, "remove * a\n", &answer), 0);
    for (int round = 0; round < 3; round++) {
        /* It would be accepted by now. */
        ck_assert_int_eq(request(cib, 7, 2, 1, "put 0 node a\n", &answer), -EEXIST);
        ck_assert(answer.repeated && !answer.config_changed);
        ck_assert_str_eq(answer.err.text, refusal);
        ck_assert_int_eq(request(cib, 8, 1, 1, "remove * a\n", &answer), 0);
        ck_assert(answer.repeated && !answer.config_changed);
        ck_assert_str_eq(answer.err.text, "");
        ck_assert_ptr_null(hy_cib_find(cib, "a"));
        struct hy_cib *next = round ? restored(cib) : hy_cib_copy(cib);
        hy_cib_free(&cib);
        cib = next;
    }
    struct hy_buf shown = {0};
    hy_cib_save_to_show(cib, &shown);
    ck_assert_ptr_null(strstr(hy_buf_text(&shown), "\nclient session="));
    ck_assert_ptr_nonnull(strstr(hy_buf_text(&shown), "\nend\n"));
    hy_buf_free(&shown);
    /* Before its last one: what came of it is not kept. */
    ck_assert_int_eq(request(cib, 7, 1, 1, "put 0 node a\n", &answer), -ENODATA);
    ck_assert_ptr_null(hy_cib_find(cib, "a"));
    ck_assert_int_eq(request(cib, 7, 9, 0, "put 0 node a\n", &answer), 0);
    free(refusal);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(the_oldest_session_makes_room)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_answer answer;
    for (uint64_t client = 1; client <= HY_CLIENTS_MAX; client++)
        ck_assert_int_eq(request(cib, client, 1, 0, "noop\n", &answer), 0);
    ck_assert_int_eq(request(cib, 1, 2, 0, "put 0 node a\n", &answer), 0); /* in use again: 2 is the oldest now */
    uint64_t known = cib->index;
    ck_assert_uint_eq(cib->clients_forgotten, 0);
    ck_assert_int_eq(request(cib, 5000, 1, known, "noop\n", &answer), 0);
    ck_assert_uint_eq(cib->clients.count, HY_CLIENTS_MAX);
    ck_assert_uint_eq(cib->clients_forgotten, 2);
    struct hy_cib *again = restored(cib);
    hy_cib_free(&cib);
    cib = again;
    ck_assert_int_eq(request(cib, 1, 2, 1, "put 0 node a\n", &answer), 0);
    ck_assert(answer.repeated);
    /* Session 2 may be new or may be the forgotten one: who knew of index 2 when it began is new. */
    ck_assert_int_eq(request(cib, 2, 1, 1, "put 0 node b\n", &answer), -ENODATA);
    ck_assert(answer.repeated);
    ck_assert_ptr_null(hy_cib_find(cib, "b"));
    ck_assert_int_eq(request(cib, 2, 1, 2, "put 0 node b\n", &answer), 0);
    ck_assert(!answer.repeated);
    ck_assert_int_eq(request(cib, 6000, 1, 0, "put 0 node c\n", &answer), 0); /* never asked before */
    hy_cib_free(&cib);
}
END_TEST

START_TEST(a_long_refusal_is_cut_between_characters)
{
    struct hy_cib *cib = hy_cib_new();
    struct hy_answer answer;
    struct hy_buf text = {0};
    hy_buf_adds(&text, "remove * x");
    for (int i = 0; i < 100; i++)
        hy_buf_adds(&text, "\u20ac");
    hy_buf_adds(&text, "\n");
    ck_assert_int_eq(request(cib, 7, 1, 0, hy_buf_text(&text), &answer), -ENOENT);
    ck_assert_uint_gt(strlen(answer.err.text), HY_CLIENT_TEXT_MAX);
    struct hy_cib *again = restored(cib);
    ck_assert_int_eq(request(again, 7, 1, 1, hy_buf_text(&text), &answer), -ENOENT);
    ck_assert_uint_le(strlen(answer.err.text), HY_CLIENT_TEXT_MAX);
    ck_assert_uint_gt(strlen(answer.err.text), HY_CLIENT_TEXT_MAX - 4);
    ck_assert_str_eq(answer.err.text, again->clients.items[0].text);
    ck_assert_str_eq(answer.err.text, cib->clients.items[0].text);
    hy_buf_free(&text);
    hy_cib_free(&again);
    hy_cib_free(&cib);
}
END_TEST

START_TEST(heads_and_saved_sessions_are_checked)
{
    static const char *const heads[] = {"command origin=0 at=1.000000 client=7",
                                        "command origin=0 at=1.000000 request=7",
                                        "command origin=0 at=1.000000 client=0 request=1",
                                        "command origin=0 at=1.000000 client=7 request=0",
                                        "command origin=0 at=1.000000 client=X request=1",
                                        "command origin=0 at=1.000000 repeat=1",
                                        "command origin=0 at=1.000000 client=00000000000000001 request=1"};
    struct hy_command_head head;
    struct hy_err err;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        ck_assert_int_eq(hy_command_head_parse(heads[i], strlen(heads[i]), &head, &err), -EINVAL);
    static const char *const clients[] = {
        "client session=1 request=1 index=5 code=0\nclient session=1 request=1 index=6 code=0\n",
        "client session=1 request=1 index=5 code=0\nclient session=2 request=1 index=5 code=0\n",
        "forgotten index=5\nclient session=2 request=1 index=5 code=0\n",
        "client session=0 request=1 index=1 code=0\n"};
    for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
        struct hy_cib *cib = hy_cib_new();
        struct hy_buf text = {0};
        hy_buf_addf(&text, "halyard-cib 1\nindex 9\n%send\n", clients[i]);
        ck_assert_int_eq(hy_cib_restore(cib, hy_buf_text(&text), text.size, &err), -EINVAL);
        hy_buf_free(&text);
        hy_cib_free(&cib);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cib clients");
    TCase *tcase = tcase_create("clients");
    tcase_add_test(tcase, a_repeat_gets_the_same_answer_and_changes_nothing);
    tcase_add_test(tcase, the_oldest_session_makes_room);
    tcase_add_test(tcase, a_long_refusal_is_cut_between_characters);
    tcase_add_test(tcase, heads_and_saved_sessions_are_checked);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
