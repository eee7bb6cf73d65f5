/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster/operation.h"
#include "lib/run.h"

#include <errno.h>
#include <string.h>

static void add(struct hy_attrs *attrs, const char *name, const char *value)
{
    hy_vec_push(&attrs->list, ((struct hy_attr){.name = hy_strdup(name), .value = hy_strdup(value)}));
}

static struct hy_operation sample(void)
{
    struct hy_operation operation = {.id = UINT64_C(0x300000007),
                                     .epoch = 12,
                                     .rsc = hy_strdup("db:1"),
                                     .agent = hy_strdup("ocf:heartbeat:IPaddr2"),
                                     .op = hy_strdup("monitor"),
                                     .interval = 30 * HY_SECOND,
                                     .timeout = 15 * HY_SECOND,
                                     .start_delay = 1,
                                     .lease = true,
                                     .digest = hy_strdup("abcdef")};
    add(&operation.params, "ip", "192.0.2.1");
    add(&operation.params, "text", "two\nlines \"and\" quotes");
    add(&operation.params, "empty", "");
    add(&operation.meta, "clone_max", "2");
    return operation;
}

static void check_same_attrs(const struct hy_attrs *a, const struct hy_attrs *b)
{
    ck_assert_uint_eq(a->list.count, b->list.count);
    for (size_t i = 0; i < a->list.count; i++) {
        ck_assert_str_eq(a->list.items[i].name, b->list.items[i].name);
        ck_assert_str_eq(a->list.items[i].value, b->list.items[i].value);
    }
}

static void check_same(const struct hy_operation *a, const struct hy_operation *b)
{
    ck_assert_uint_eq(a->id, b->id);
    ck_assert_uint_eq(a->epoch, b->epoch);
    ck_assert_str_eq(a->rsc, b->rsc);
    ck_assert_str_eq(a->agent, b->agent);
    ck_assert_str_eq(a->op, b->op);
    ck_assert_pstr_eq(a->cancels, b->cancels);
    ck_assert_int_eq(a->interval, b->interval);
    ck_assert_int_eq(a->timeout, b->timeout);
    ck_assert_int_eq(a->start_delay, b->start_delay);
    ck_assert(a->lease == b->lease);
    ck_assert_pstr_eq(a->digest, b->digest);
    check_same_attrs(&a->params, &b->params);
    check_same_attrs(&a->meta, &b->meta);
}

START_TEST(operations_come_back_as_they_were)
{
    struct hy_operation operation = sample(), copy = hy_operation_copy(&operation), read;
    struct hy_buf wire = {0};
    check_same(&operation, &copy);
    hy_operation_encode(&operation, &wire);
    ck_assert_int_eq(hy_operation_decode(wire.data, wire.size, &read, NULL), 0);
    check_same(&operation, &read);
    hy_operation_free(&copy);
    hy_operation_free(&read);
    hy_operation_free(&operation);
    hy_buf_free(&wire);
}
END_TEST

START_TEST(cancels_say_what_they_cancel)
{
    struct hy_operation operation = sample(), read;
    struct hy_buf wire = {0};
    struct hy_err err;
    strcpy(operation.op, "cancel");
    hy_operation_encode(&operation, &wire);
    ck_assert_int_eq(hy_operation_decode(wire.data, wire.size, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "cancel for db:1: does not say which operation");
    operation.cancels = hy_strdup("monitor");
    hy_buf_clear(&wire);
    hy_operation_encode(&operation, &wire);
    ck_assert_int_eq(hy_operation_decode(wire.data, wire.size, &read, &err), 0);
    check_same(&operation, &read);
    hy_operation_free(&read);
    hy_operation_free(&operation);
    hy_buf_free(&wire);
}
END_TEST

START_TEST(outcomes_come_back_as_they_were)
{
    struct hy_outcome outcome = {.id = 9,
                                 .rsc = hy_strdup("MaxScale"),
                                 .op = hy_strdup("start"),
                                 .exec = HY_EXEC_TIMEOUT,
                                 .rc = 191,
                                 .took = 5,
                                 .queued = 6,
                                 .reason = hy_strdup("timed out after 15 s"),
                                 .output = hy_strdup("a\nb"),
                                 .restart_digest = hy_strdup("r"),
                                 .restart_params = hy_strdup(" place "),
                                 .secure_digest = hy_strdup("s"),
                                 .secure_params = hy_strdup(" "),
                                 .notify = true},
                      read;
    struct hy_buf wire = {0};
    hy_outcome_encode(&outcome, &wire);
    ck_assert_int_eq(hy_outcome_decode(wire.data, wire.size, &read, NULL), 0);
    ck_assert_uint_eq(read.id, 9);
    ck_assert_str_eq(read.rsc, "MaxScale");
    ck_assert_str_eq(read.op, "start");
    ck_assert_int_eq(read.exec, HY_EXEC_TIMEOUT);
    ck_assert_int_eq(read.rc, 191);
    ck_assert_int_eq(read.took, 5);
    ck_assert_int_eq(read.queued, 6);
    ck_assert_str_eq(read.reason, "timed out after 15 s");
    ck_assert_str_eq(read.output, "a\nb");
    ck_assert_ptr_null(read.digest);
    ck_assert_str_eq(read.restart_digest, "r");
    ck_assert_str_eq(read.restart_params, " place ");
    ck_assert_str_eq(read.secure_digest, "s");
    ck_assert_str_eq(read.secure_params, " ");
    ck_assert(read.notify);
    hy_outcome_free(&read);

    outcome.rc = 256;
    hy_buf_clear(&wire);
    hy_outcome_encode(&outcome, &wire);
    struct hy_err err;
    ck_assert_int_eq(hy_outcome_decode(wire.data, wire.size, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "outcome of start of MaxScale: the answer 256 is not within 0..255");
    ck_assert_ptr_null(read.rsc);
    hy_outcome_free(&outcome);
    hy_buf_free(&wire);
}
END_TEST

START_TEST(names_that_lead_elsewhere_are_refused)
{
    static const char *const names[] = {"", ".", "..", "../etc", "a/b", "a b", "a\n", ".hidden", "\xc3\xa4"};
    struct hy_operation operation = sample(), read;
    struct hy_err err;
    struct hy_buf wire = {0};
    char *rsc = operation.rsc;
    operation.rsc = hy_strdup(names[_i]);
    hy_operation_encode(&operation, &wire);
    ck_assert_int_eq(hy_operation_decode(wire.data, wire.size, &read, &err), -EBADMSG);
    ck_assert_ptr_nonnull(strstr(err.text, "is not the name of a resource"));
    ck_assert_ptr_null(read.rsc);
    free(rsc);
    hy_operation_free(&operation);
    hy_buf_free(&wire);
}
END_TEST

START_TEST(other_formats_are_named)
{
    struct hy_operation read;
    struct hy_err err;
    ck_assert_int_eq(hy_operation_decode("\x07", 1, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "operation: format 7 is not known here; this version of halyard reads format 2");
    ck_assert_int_eq(hy_operation_decode("", 0, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "operation: empty message");
}
END_TEST

/* A message cut anywhere, or with any byte changed, is refused, or read as something that encodes to the same bytes. */
START_TEST(damaged_messages_do_no_harm)
{
    struct hy_operation operation = sample(), read;
    struct hy_buf wire = {0}, again = {0};
    hy_operation_encode(&operation, &wire);
    for (size_t size = 0; size < wire.size; size++) {
        char *cut = hy_memdup(wire.data, size);
        ck_assert_int_eq(hy_operation_decode(cut, size, &read, NULL), -EBADMSG);
        free(cut);
    }
    unsigned taken = 0, random = 12345;
    for (int round = 0; round < 20000; round++) {
        char *damaged = hy_memdup(wire.data, wire.size);
        random = random * 1103515245u + 12345u;
        damaged[(random >> 8) % wire.size] = (char)(random >> 24);
        if (hy_operation_decode(damaged, wire.size, &read, NULL) == 0) {
            taken++;
            hy_buf_clear(&again);
            hy_operation_encode(&read, &again);
            ck_assert_uint_eq(again.size, wire.size);
            ck_assert_mem_eq(again.data, damaged, wire.size);
            hy_operation_free(&read);
        }
        free(damaged);
    }
    ck_assert_uint_gt(taken, 0);
    ck_assert_uint_lt(taken, 20000);
    hy_operation_free(&operation);
    hy_buf_free(&wire);
    hy_buf_free(&again);
}
END_TEST

START_TEST(rubbish_does_no_harm)
{
    unsigned random = 1;
    char bytes[64];
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (char)((random = random * 1103515245u + 12345u) >> 16);
        bytes[0] = 1;
        struct hy_operation operation;
        struct hy_outcome outcome;
        if (hy_operation_decode(bytes, sizeof bytes, &operation, NULL) == 0)
            hy_operation_free(&operation);
        if (hy_outcome_decode(bytes, sizeof bytes, &outcome, NULL) == 0)
            hy_outcome_free(&outcome);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("operation");
    TCase *tcase = tcase_create("operation");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, operations_come_back_as_they_were);
    tcase_add_test(tcase, cancels_say_what_they_cancel);
    tcase_add_test(tcase, outcomes_come_back_as_they_were);
    tcase_add_loop_test(tcase, names_that_lead_elsewhere_are_refused, 0, 9);
    tcase_add_test(tcase, other_formats_are_named);
    tcase_add_test(tcase, damaged_messages_do_no_harm);
    tcase_add_test(tcase, rubbish_does_no_harm);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
