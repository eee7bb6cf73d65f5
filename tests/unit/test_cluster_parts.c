/* SPDX-License-Identifier: Apache-2.0 */
#include "cib/command.h"
#include "cluster/internal.h"
#include "cluster/message.h"
#include "cluster/statement.h"
#include "lib/cluster_case.h"
#include "lib/run.h"

#include <errno.h>
#include <string.h>

START_TEST(message_round_trip)
{
    const struct hy_message message = {
        .kind = HY_MESSAGE_ORDER, .term = 7, .epoch = 5, .seq = 214, .data = "payload", .size = 7};
    struct hy_buf bytes = {0};
    hy_message_encode(&message, &bytes);
    struct hy_message read;
    ck_assert_int_eq(hy_message_decode(bytes.data, bytes.size, &read, NULL), 0);
    ck_assert_int_eq(read.kind, message.kind);
    ck_assert_uint_eq(read.term, 7);
    ck_assert_uint_eq(read.epoch, 5);
    ck_assert_uint_eq(read.seq, 214);
    ck_assert_uint_eq(read.size, 7);
    ck_assert_mem_eq(read.data, "payload", 7);
    hy_buf_free(&bytes);
}
END_TEST

START_TEST(message_refuses_what_is_cut_or_foreign)
{
    const struct hy_message message = {.kind = HY_MESSAGE_SYNC, .term = 7, .epoch = 5};
    struct hy_buf bytes = {0};
    hy_message_encode(&message, &bytes);
    struct hy_message read;
    struct hy_err err = {{0}};
    for (size_t size = 0; size < bytes.size; size++)
        ck_assert_int_eq(hy_message_decode(bytes.data, size, &read, &err), -EBADMSG);
    bytes.data[0] = 9;
    ck_assert_int_eq(hy_message_decode(bytes.data, bytes.size, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "message of wire version 9: this node speaks 1");
    bytes.data[0] = HY_MESSAGE_VERSION;
    bytes.data[1] = 77;
    ck_assert_int_eq(hy_message_decode(bytes.data, bytes.size, &read, &err), -EBADMSG);
    ck_assert_str_eq(err.text, "message of unknown kind 77");
    hy_buf_free(&bytes);
}
END_TEST

/* The light look must see what the writers of cib/command.h write. */
START_TEST(statements_are_seen_as_they_are_written)
{
    struct hy_buf text = {0};
    const struct hy_command_head head = {.origin = 3, .incarnation = 17, .seq = 1, .at = 1484018696123456};
    char rsc[] = "MaxScale", op[] = "monitor", reason[] = "epoch=99 op=start \"quoted\" state=in";
    const struct hy_result result = {
        .rsc = rsc, .op = op, .interval = 30 * HY_SECOND, .rc = 7, .call = 5, .at = 1484018696123456, .reason = reason};
    struct hy_result pending = result;
    pending.exec = HY_EXEC_PENDING;
    struct hy_result cancelled = result;
    cancelled.exec = HY_EXEC_CANCELLED;
    cancelled.order = UINT64_C(7) << 32 | 13;
    hy_command_begin(&text, &head);
    hy_command_member(&text, "BJ-MariaDB-01", 3, HY_MEMBER_IN, 5, 1484018696000000);
    hy_command_member(&text, "test3", 3, HY_MEMBER_GONE, 6, 18);
    hy_command_result(&text, "test3", 5, &result);
    hy_command_result(&text, "test3", 5, &pending);
    hy_command_result(&text, "test3", 5, &cancelled);
    hy_command_forget(&text, "test3", "ClusterIP", "monitor", 30 * HY_SECOND);
    struct hy_statement s[8];
    size_t at = 0, count = 0;
    struct hy_statement statement;
    while (hy_statement_next(text.data, text.size, &at, &statement))
        if (statement.kind != HY_STATEMENT_OTHER && count < 8)
            s[count++] = statement;
    ck_assert_uint_eq(count, 6);
    ck_assert_int_eq(s[0].kind, HY_STATEMENT_MEMBER);
    ck_assert_str_eq(s[0].node, "BJ-MariaDB-01");
    ck_assert(s[0].in);
    ck_assert_uint_eq(s[0].epoch, 5);
    ck_assert_uint_eq(s[0].incarnation, 1484018696000000);
    ck_assert(!s[1].in);
    ck_assert_uint_eq(s[1].epoch, 6);
    ck_assert_int_eq(s[2].kind, HY_STATEMENT_RESULT);
    ck_assert_str_eq(s[2].rsc, "MaxScale");
    ck_assert_str_eq(s[2].op, "monitor");
    ck_assert_int_eq(s[2].interval, 30 * HY_SECOND);
    ck_assert(!s[2].pending && !s[2].cancelled);
    ck_assert(s[3].pending);
    ck_assert(s[4].cancelled);
    ck_assert_uint_eq(s[3].order, 0);
    ck_assert_uint_eq(s[4].order, UINT64_C(7) << 32 | 13);
    ck_assert_int_eq(s[5].kind, HY_STATEMENT_FORGET);
    ck_assert_str_eq(s[5].rsc, "ClusterIP");
    ck_assert_str_eq(s[5].op, "monitor");
    ck_assert_int_eq(s[5].interval, 30 * HY_SECOND);
    hy_buf_free(&text);
}
END_TEST

static void say_synced(struct hy_cluster *dc, struct sim *sim, uint32_t from, uint32_t epoch, uint64_t seq)
{
    const struct hy_message message = {
        .kind = HY_MESSAGE_SYNC_DONE, .term = dc->controller.term, .epoch = epoch, .seq = seq};
    struct hy_buf bytes = {0};
    hy_message_encode(&message, &bytes);
    const struct hy_cluster_event event = {
        .type = HY_CLUSTER_ORDERS, .from = from, .data = bytes.data, .size = bytes.size};
    struct hy_cluster_effects effects = {0};
    ck_assert_int_eq(hy_cluster_step(dc, &event, sim_now(sim), 0, &effects, NULL), 0);
    hy_cluster_effects_free(&effects);
    hy_buf_free(&bytes);
}

/* A report of what ran before a verdict says nothing of what runs after the next admission. */
START_TEST(a_report_for_an_epoch_that_is_over_is_none)
{
    struct sim *sim = seed_cluster(1);
    size_t node = (sim_dc(sim) + 1) % 3;
    sim_power_off(sim, node);
    sim_run(sim, 2 * HY_SECOND);
    sim_boot(sim, node);
    must_run(sim, node, "MaxScale", 10 * HY_SECOND);
    struct hy_cluster *dc = (struct hy_cluster *)(uintptr_t)sim_cluster(sim, sim_dc(sim));
    struct member *member = hy_member(dc, (uint32_t)node + 1);
    const struct hy_node_status *status = hy_cib_node_by_id(hy_cluster_cib(dc), (uint32_t)node + 1);
    ck_assert_uint_eq(status->epoch, 3); /* in, gone, in */
    member->sync = (struct sync){.ask_again = HY_NEVER};
    say_synced(dc, sim, status->id, status->epoch - 2, 7);
    ck_assert_uint_eq(member->sync.answer_seq, 0);
    ck_assert(!member->sync.done);
    say_synced(dc, sim, status->id, status->epoch, 7);
    ck_assert_uint_eq(member->sync.answer_seq, 7);
    sim_free(&sim);
}
END_TEST

struct let_go {
    struct hy_cib cib;
    struct hy_node_status node, *nodes[1];
    struct hy_result results[2]; /* of start and stop */
    handover_list handovers;
};

static char node_name[] = "test3", rsc_name[] = "ClusterIP", start_name[] = "start", stop_name[] = "stop";

/* Started, and stopped by order at 100 s, both well. */
static void let_go(struct let_go *l)
{
    handover_list kept = l->handovers;
    *l = (struct let_go){.node = {.node = node_name, .state = HY_MEMBER_IN}, .nodes = {&l->node}, .handovers = kept};
    l->results[0] = (struct hy_result){.rsc = rsc_name, .op = start_name, .call = 7};
    l->results[1] = (struct hy_result){.rsc = rsc_name, .op = stop_name, .call = 9};
    l->node.results.items = l->results;
    l->node.results.count = 2;
    l->cib.nodes.items = l->nodes;
    l->cib.nodes.count = 1;
    hy_handover_stopped(&l->handovers, "ClusterIP", "test3", 100 * HY_SECOND);
}

static const char *take(struct let_go *l, const char *rsc, hy_time after)
{
    return hy_handover_take(&l->handovers, &l->cib, rsc, 100 * HY_SECOND + after);
}

START_TEST(handed_over_is_what_was_let_go_of_in_good_order)
{
    struct let_go l = {.handovers = {0}};
    let_go(&l);
    ck_assert_ptr_null(take(&l, "MaxScale", HY_MS));
    ck_assert_pstr_eq(take(&l, "ClusterIP", HY_MS), "test3");
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS)); /* whoever was to start it may be lost, and have it */
    let_go(&l);
    ck_assert_ptr_null(take(&l, "ClusterIP", 2 * HY_SECOND)); /* long ago */
    let_go(&l);
    l.results[1].rc = 1; /* the stop failed */
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS));
    let_go(&l);
    l.results[0].rc = 1; /* the start had failed: somebody else may have it */
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS));
    let_go(&l);
    l.results[0].call = 10; /* started again since */
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS));
    let_go(&l);
    l.node.state = HY_MEMBER_GONE;
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS));
    let_go(&l);
    l.node.results.items = &l.results[1]; /* found running by a probe: nobody here has asked around for it */
    l.node.results.count = 1;
    ck_assert_ptr_null(take(&l, "ClusterIP", HY_MS));
    hy_handover_reset(&l.handovers);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cluster parts");
    TCase *tcase = tcase_create("parts");
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, message_round_trip);
    tcase_add_test(tcase, message_refuses_what_is_cut_or_foreign);
    tcase_add_test(tcase, statements_are_seen_as_they_are_written);
    tcase_add_test(tcase, a_report_for_an_epoch_that_is_over_is_none);
    tcase_add_test(tcase, handed_over_is_what_was_let_go_of_in_good_order);
    return run_suite(suite);
}
